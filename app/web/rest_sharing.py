"""Other machines, and who is there, over HTTP."""

from typing import Annotated

from fastapi import Body, Request
from pydantic import ConfigDict, StrictBool, with_config
from starlette.responses import Response
from typing_extensions import TypedDict

from app.sharing import PersonPresence, SharingInfo
from app.web.answers import answered
from app.web.desk import Desk, Table, demand_person

SHARING_ERRORS = (
    "sharing_needs_password", "sharing_failed", "sharing_no_address", "sharing_fixed",
)  # fmt: skip


@with_config(ConfigDict(extra="forbid"))
class Switch(TypedDict):
    """Whether other machines are let in."""

    on: StrictBool


def register(table: Table, desk: Desk) -> None:
    """Enter the routes."""
    routes = _Sharing(desk)
    add, tag = table.add, "sharing"
    add("GET", "/sharing", routes.get_sharing, tag=tag, answers=SharingInfo)
    add("PUT", "/sharing", routes.set_sharing, tag=tag, answers=SharingInfo, errors=SHARING_ERRORS)
    add("GET", "/presence", routes.list_presence, tag=tag, answers=list[PersonPresence])


class _Sharing:
    def __init__(self, desk: Desk) -> None:
        self._mine = desk.mine

    def get_sharing(self, request: Request) -> Response:
        """Whether other machines reach the studio, and how."""
        return answered(self._mine(request).get_sharing())

    def set_sharing(self, request: Request, switch: Annotated[Switch, Body()]) -> Response:
        """Let other machines in, or no more."""
        demand_person(request)
        return answered(self._mine(request).set_sharing(switch["on"]))

    def list_presence(self, request: Request) -> Response:
        """Who is there, and who has tasks in the queue."""
        return answered(self._mine(request).list_presence())

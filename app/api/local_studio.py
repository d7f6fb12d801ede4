"""What the parts of `LocalApi` share: the studio, the engine, who calls, and what they may."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from app.api.base_api import BaseApi
from app.api.models import ApiResponse
from app.auth.presence import Presence
from app.auth.roles import Reach, reach
from app.engine.engine import Engine
from app.engine.studio import Studio
from app.errors import NotAllowed
from app.models import LOCAL_ADMIN, MediaContent, UserInfo
from app.network.outside import Outside, Unserved
from app.store import audit, pictures
from app.store.audit import Deed
from app.store.database import Transaction
from app.store.people import People
from app.store.sight import Sight, sight_of
from app.store.tokens import StoredTokens
from app.store.workload import Workload

_NOTED = {"create_backup": "backup.create", "read_backup": "backup.read"}
"""Actions of admins that change no row: they are written down once they are done."""

_NOT_A_PERSONS = frozenset({"open", "close", "acting_as"})
"""Methods that the process calls, not a person."""

GUARDED = frozenset(BaseApi.__abstractmethods__) - _NOT_A_PERSONS
"""The methods that ask the table of `app/auth/roles.py` first."""


class LocalStudio:
    """A studio in this process, seen by one person.

    Every method of the contract that a part defines is guarded as the part is made, so that none
    can be forgotten: one that the table does not list is refused to everybody.
    """

    def __init__(self, studio: Studio, engine: Engine, people: People) -> None:
        self.studio = studio
        self.engine = engine
        self.people = people
        self.tokens = StoredTokens(studio.database)
        self.presence = Presence(studio.clock)
        self.workload = Workload()
        self.outside: Outside = Unserved()
        self.user: UserInfo = LOCAL_ADMIN
        self.address = ""
        """Where the request came from; empty where it was made in this process."""

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        for name in GUARDED & vars(cls).keys():
            setattr(cls, name, _guarded(vars(cls)[name]))

    def reaches_all(self, method: str) -> bool:
        """Whether the person may use a method on what belongs to others, private or not."""
        return reach(self.user.role, method) == Reach.ALL

    def sight(self, connection: Connection, method: str) -> Sight | None:
        """What a method must keep from this person's eyes; None where that is nothing."""
        return None if self.reaches_all(method) else sight_of(connection, self.user.id)

    def seen_references(self, connection: Connection, ids: Sequence[str]) -> dict[str, Row[Any]]:
        """The references of these ids that the person may see."""
        return pictures.references(
            connection,
            ids,
            self.user.id,
            only_seen=not self.reaches_all("get_references"),
            sight=self.sight(connection, "get_references"),
        )

    def note(
        self,
        tx: Transaction,
        action: str,
        kind: str,
        object_id: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Write down for good what this person does, in the transaction that does it."""
        audit.note(tx, self.deed(action, kind, object_id, details))

    def deed(
        self, action: str, kind: str, object_id: str, details: Mapping[str, Any] | None = None
    ) -> Deed:
        """What this person does, for the audit."""
        return Deed(self.user.id, action, kind, object_id, details or {}, self.address)


def _guarded(method: Callable[..., ApiResponse]) -> Callable[..., ApiResponse]:
    """The method behind a look at the table."""

    @functools.wraps(method)
    def guarded(self: LocalStudio, *args: Any, **kwargs: Any) -> ApiResponse:
        if reach(self.user.role, method.__name__) == Reach.NONE:
            return ApiResponse.refused(NotAllowed("not_allowed"))
        answer = method(self, *args, **kwargs)
        if answer.success and method.__name__ in _NOTED:
            with self.studio.database.write() as tx:
                self.note(tx, _NOTED[method.__name__], "backup", _backup_name(answer))
        return answer

    return guarded


def _backup_name(answer: ApiResponse) -> str:
    data: Any = answer.data
    return data.file_name if isinstance(data, MediaContent) else data["name"]

"""Who looks at a page, in which language, and the studio that answers them."""

from dataclasses import dataclass

from nicegui import ui

from app.api.base_api import BaseApi
from app.api.models import StudioSettings, UserInfo
from app.auth.roles import Reach, reach
from app.errors import NotAllowed
from app.window.machine import Machine
from app.words import Words
from pages.ask import ask
from pages.company import Company, company_of

RESPONSE_SECONDS = 20.0
"""How long a page may take to be built: a distant studio is asked a few questions first."""

UNKNOWN_SETTINGS = StudioSettings(
    output_folder="", naming_pattern="", concurrency=1, default_model=""
)


@dataclass
class Visit:
    """One page view.

    Attributes:
        api: Already acts as `user`.
        in_window: Whether the page is in the window of this server.
        machine: What such a page may use, where the window is in front of its own studio.
    """

    api: BaseApi
    user: UserInfo
    settings: StudioSettings
    words: Words
    company: Company
    in_window: bool = False
    machine: Machine | None = None


async def visit(api: BaseApi, machine: Machine | None = None) -> Visit:
    """The visit that the current request begins.

    The gate has put the person into the request's state before any page is built.

    Raises:
        NotAllowed: `not_allowed`: the page is none of this role's, or of nobody's.
    """
    client = ui.context.client
    request = client.request
    assert request is not None, "a page is always built for a request"
    user: UserInfo = request.state.user
    if reach(user.role, client.page.path) == Reach.NONE:
        raise NotAllowed("not_allowed")
    mine = api.acting_as(user, address=request.client.host if request.client else "")
    answer = await ask(mine.get_settings)
    # A distant studio may never have answered yet: the page is drawn all the same, and says so.
    settings = StudioSettings(**answer.data) if answer.data else UNKNOWN_SETTINGS
    company = company_of(api)
    await company.tick()
    principal = getattr(request.state, "principal", None)
    in_window = principal is not None and principal.kind == "native"
    usable = machine if in_window else None
    return Visit(mine, user, settings, Words(settings.language), company, in_window, usable)

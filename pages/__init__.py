"""The screens. `register` puts all of them onto a studio."""

from app.api.base_api import BaseApi
from app.window.machine import Machine
from pages import design, queue_page, settings_page
from pages.feed import Feeds


def register(api: BaseApi, machine: Machine | None = None) -> None:
    """Add every page; called once per process, before the server starts.

    `machine` is what pages in the window of this server may use besides.
    """
    design.load()
    queue_page.register(api, Feeds(api), machine)
    settings_page.register(api, machine)

"""The screens. `register` puts all of them onto a studio."""

from app.api.base_api import BaseApi
from pages import design, queue_page, settings_page
from pages.feed import QueueFeed


def register(api: BaseApi) -> None:
    """Add every page; called once per process, before the server starts."""
    design.load()
    queue_page.register(api, QueueFeed(api))
    settings_page.register(api)

"""Tells who has a page open: every page, from its first socket to its last."""

from nicegui import Client
from nicegui import app as nicegui_app

from app.auth.presence import Presence
from pages.ownership import principal_of


def count_open_pages(presence: Presence) -> None:
    """Count the pages of signed-in people from now on; called once per process."""

    def enter(client: Client) -> None:
        principal = principal_of(client)
        if principal is not None:
            came_from = client.request.client
            presence.enter(client.id, principal.user.id, came_from.host if came_from else "")

    def leave(client: Client) -> None:
        # Also called for an old socket of a page that has a new one already.
        if client.is_deleted or not client.has_socket_connection:
            presence.leave(client.id)

    nicegui_app.on_connect(enter)
    nicegui_app.on_disconnect(leave)
    nicegui_app.on_delete(leave)

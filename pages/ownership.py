"""Which session a page was made for; the gate asks before it lets anybody act on that page."""

from typing import Any

from nicegui import Client


def owns_client(client_id: str, principal: Any) -> bool:
    """Whether the page of this client id was rendered for the principal's session."""
    client = Client.instances.get(client_id)
    if client is None or client.request is None:
        return False
    owner = getattr(client.request.state, "principal", None)
    return owner is not None and owner.session_id == principal.session_id

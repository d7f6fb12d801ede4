"""Which session a page was made for; gate and socket guard ask before anybody acts on that page."""

from typing import Any

from nicegui import Client


def owns_client(client_id: str, principal: Any) -> bool:
    """Whether the page of this client id was rendered for the principal's session."""
    client = Client.instances.get(client_id)
    return client is not None and session_of(client) == principal.session_id


def session_of(client: Client) -> str | None:
    """Id of the session that a page was rendered for; None for one that no request asked for."""
    principal = principal_of(client)
    return principal.session_id if principal is not None else None


def principal_of(client: Client) -> Any:
    """Who asked for a page, as they were when it was made, or None."""
    # The public property raises where there is no request.
    request = client._request
    return getattr(request.state, "principal", None) if request is not None else None

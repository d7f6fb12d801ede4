"""Open tabs of a session that is over: sent to the login page, their sockets closed."""

import asyncio
from collections.abc import Collection
from functools import partial
from typing import Any

from nicegui import Client, background_tasks, core
from nicegui import app as nicegui_app

from app.auth.sessions import Principal, Sessions
from app.web.cookies import read_cookie
from pages.ownership import principal_of, session_of
from pages.socket_guard import expel

SECONDS_BETWEEN_LOOKS = 5.0
"""How late it is noticed that a session ended by itself, or that rights changed elsewhere."""

LEAVE = {"code": "location.replace('/login')"}
"""From there, whoever is signed in still is led back at once, to a page with the rights of now."""


def close_tabs_with_their_sessions(sessions: Sessions) -> None:
    """Keep open tabs only as long as their sessions and rights; called once per process."""
    sessions.on_end(_hear)
    nicegui_app.timer(SECONDS_BETWEEN_LOOKS, partial(_look, sessions))


def _hear(session_ids: Collection[str]) -> None:
    """Called from any thread."""
    if core.loop is not None and not core.loop.is_closed():
        core.loop.call_soon_threadsafe(_close_tabs_of, frozenset(session_ids))


def _close_tabs_of(session_ids: Collection[str]) -> None:
    for client in list(Client.instances.values()):
        if session_of(client) in session_ids:
            close_tab(client)


async def _look(sessions: Sessions) -> None:
    """Close the tabs whose session ended without a word, and those of a role that changed."""
    found: dict[str, Principal | None] = {}
    for client in list(Client.instances.values()):
        token = _token_of(client)
        if token and token not in found:
            found[token] = sessions.remembered(token) or await asyncio.to_thread(
                sessions.resolve, token
            )
        if token and not client.is_deleted and not _is_as_before(client, found[token]):
            close_tab(client)


def _is_as_before(client: Client, now: Principal | None) -> bool:
    before: Any = principal_of(client)
    return now is not None and (now.session_id, now.user.role) == (
        before.session_id,
        before.user.role,
    )


def _token_of(client: Client) -> str | None:
    return read_cookie(client.request.scope) if principal_of(client) is not None else None


def close_tab(client: Client) -> None:
    """Lead one tab away, close its sockets, and forget its page with all that it could do."""
    sockets = list(client._socket_to_document_id)
    client.delete()
    background_tasks.create(_lead_away(client.id, sockets), name=f"close tab {client.id}")


async def _lead_away(room: str, sockets: list[str]) -> None:
    # Past the page's own outbox, which empties itself too late: the socket closes right behind.
    await core.sio.emit("run_javascript", LEAVE, room=room)
    for socket_id in sockets:
        expel(socket_id)

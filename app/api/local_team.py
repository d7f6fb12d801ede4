"""Sessions and the audit of a local studio: see `BaseApi` for every promise."""

import re
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from app.api.local_studio import LocalStudio
from app.api.models import ApiResponse, answers
from app.auth.sessions import Session
from app.clock import iso
from app.engine.texts import check_text
from app.errors import InvalidInput, NotAllowed, NotFound
from app.models import MAX_PAGE, AuditEntry, SessionInfo
from app.store import audit
from app.store.people import SHOWN_OF_AN_ID

_CURSOR = re.compile(r"[0-9]{1,15}")


class LocalTeam(LocalStudio):
    """Who is signed in where, and what was done."""

    @answers
    def list_sessions(self, *, everybody: bool = False, this_session: str = "") -> ApiResponse:
        """See `BaseApi.list_sessions`."""
        if everybody and not self.reaches_all("list_sessions"):
            raise NotAllowed("not_allowed")
        names = self.people.names()
        found = [
            asdict(_told(session, names, this_session))
            for session in self.people.all_sessions(None if everybody else self.user.id)
        ]
        return ApiResponse(success=True, data=found, total=len(found))

    @answers
    def end_session(self, session_id: str) -> ApiResponse:
        """See `BaseApi.end_session`."""
        whose = None if self.reaches_all("end_session") else self.user.id
        deed = self.deed("session.end", "session", session_id[:SHOWN_OF_AN_ID])
        if not self.people.remove_named_session(session_id, whose, deed):
            raise NotFound("session_not_found")
        return ApiResponse(success=True, message="Ended", total=1)

    @answers
    def end_other_sessions(self, *, this_session: str = "") -> ApiResponse:
        """See `BaseApi.end_other_sessions`."""
        ended = self.people.remove_sessions(self.user.id, this_session or None)
        return ApiResponse(success=True, message=f"Ended {len(ended)}", total=len(ended))

    @answers
    def list_audit(
        self, *, after: str = "", limit: int = 50, user_id: str = "", action: str = ""
    ) -> ApiResponse:
        """See `BaseApi.list_audit`."""
        check_text("user_id", user_id)
        check_text("action", action)
        if after and not _CURSOR.fullmatch(after):
            raise InvalidInput("cursor_unknown", field="after")
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidInput("limit_range", field="limit", limit=MAX_PAGE)
        with self.studio.database.read() as connection:
            found = audit.entries(
                connection,
                before=int(after) if after else None,
                limit=limit + 1,
                user_id=user_id,
                action=action,
            )
        names = self.people.names()
        page = found[:limit]
        following = str(page[-1].id) if len(found) > limit else ""
        entries = [asdict(_entry(row, names)) for row in page]
        return ApiResponse(
            success=True, data={"entries": entries, "next": following}, total=len(entries)
        )


def _told(session: Session, names: dict[str, str], this_session: str) -> SessionInfo:
    return SessionInfo(
        id=session.id[:SHOWN_OF_AN_ID],
        kind=session.kind,
        owner=session.user_id,
        owner_name=names.get(session.user_id, ""),
        address=session.address,
        user_agent=session.user_agent,
        created_at=iso(session.created_at) or "",
        last_seen_at=iso(session.last_seen) or "",
        expires_at=iso(session.expires_at) or "",
        current=session.id == this_session,
    )


def _entry(row: Row[Any], names: dict[str, str]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=iso(row.at) or "",
        user=row.user_id,
        user_name=names.get(row.user_id, ""),
        action=row.action,
        object_kind=row.object_kind,
        object_id=row.object_id,
        details=row.details,
        address=row.address,
    )

"""Projects, sessions and the audit of a distant studio: see `BaseApi` for every promise."""

from collections.abc import Mapping
from typing import Any

from app.api.models import ApiResponse, answers
from app.api.real_studio import RealStudio
from app.errors import NotFound


class RealTeam(RealStudio):
    """What people share, and what is written down of them."""

    def list_projects(self) -> ApiResponse:
        """See `BaseApi.list_projects`."""
        return self.ask("GET", "/projects", again=True)

    def add_project(self, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.add_project`."""
        return self.ask("POST", "/projects", body=dict(data))

    @answers
    def update_project(self, project_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.update_project`."""
        if not self.is_id(project_id):
            raise NotFound("project_unknown")
        return self.ask("PATCH", f"/projects/{project_id}", again=True, body=dict(data))

    def list_sessions(self, *, everybody: bool = False, this_session: str = "") -> ApiResponse:
        """See `BaseApi.list_sessions`. Sessions here are not the server's: none is current."""
        wanted = {"everybody": "true"} if everybody else {}
        return self.ask("GET", "/sessions", again=True, params=wanted)

    @answers
    def end_session(self, session_id: str) -> ApiResponse:
        """See `BaseApi.end_session`."""
        if not self.is_id(session_id):
            raise NotFound("session_not_found")
        return self.ask("DELETE", f"/sessions/{session_id}")

    def end_other_sessions(self, *, this_session: str = "") -> ApiResponse:
        """See `BaseApi.end_other_sessions`. All sessions at the server end."""
        return self.ask("POST", "/sessions/end", again=True)

    def list_audit(
        self, *, after: str = "", limit: int = 50, user_id: str = "", action: str = ""
    ) -> ApiResponse:
        """See `BaseApi.list_audit`."""
        wanted = {"after": after, "limit": limit, "user_id": user_id, "action": action}
        return self.ask("GET", "/audit", again=True, params=wanted)

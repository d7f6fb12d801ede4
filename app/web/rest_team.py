"""Projects, sessions and the audit over HTTP."""

from typing import Annotated, Any, cast

from fastapi import Body, Query, Request
from starlette.responses import Response

from app.models import MAX_PAGE, ProjectInfo, SessionInfo
from app.web.answers import answered
from app.web.desk import Desk, Table, checked_id, demand_person
from app.web.shapes import AuditPage, NewProject, ProjectFields

PROJECT_ERRORS = ("name_empty", "name_too_long", "project_exists")


def register(table: Table, desk: Desk) -> None:
    """Enter the routes."""
    routes = _Team(desk)
    add = table.add
    tag = "projects"
    add("GET", "/projects", routes.list_projects, tag=tag, answers=list[ProjectInfo])
    add("POST", "/projects", routes.add_project, tag=tag, answers=ProjectInfo,
        errors=PROJECT_ERRORS)  # fmt: skip
    add("PATCH", "/projects/{project_id}", routes.update_project, tag=tag, answers=ProjectInfo,
        errors=(*PROJECT_ERRORS, "project_unknown", "not_yours"))  # fmt: skip
    tag = "people"
    add("GET", "/sessions", routes.list_sessions, tag=tag, answers=list[SessionInfo])
    add("POST", "/sessions/end", routes.end_other_sessions, tag=tag, answers=type(None))
    add("DELETE", "/sessions/{session_id}", routes.end_session, tag=tag, answers=type(None),
        errors=("session_not_found",))  # fmt: skip
    add("GET", "/audit", routes.list_audit, tag=tag, answers=AuditPage,
        errors=("cursor_unknown", "limit_range"))  # fmt: skip


class _Team:
    def __init__(self, desk: Desk) -> None:
        self._mine = desk.mine

    def list_projects(self, request: Request) -> Response:
        """The projects that this person may see."""
        return answered(self._mine(request).list_projects())

    def add_project(self, request: Request, new: Annotated[NewProject, Body()]) -> Response:
        """Make a project; a private one is for its owner and admins only."""
        return answered(self._mine(request).add_project(cast("dict[str, Any]", new)))

    def update_project(
        self, request: Request, project_id: str, fields: Annotated[ProjectFields, Body()]
    ) -> Response:
        """Rename a project, or make it private or open."""
        known = checked_id(project_id, "project_unknown")
        return answered(self._mine(request).update_project(known, cast("dict[str, Any]", fields)))

    def list_sessions(self, request: Request, everybody: bool = False) -> Response:
        """The signed-in browsers of this person, or for an admin of all people."""
        this_session = request.state.principal.session_id
        return answered(
            self._mine(request).list_sessions(everybody=everybody, this_session=this_session)
        )

    def end_session(self, request: Request, session_id: str) -> Response:
        """Sign one browser out, at once."""
        demand_person(request)
        known = checked_id(session_id, "session_not_found")
        return answered(self._mine(request).end_session(known))

    def end_other_sessions(self, request: Request) -> Response:
        """Sign this person out everywhere else."""
        demand_person(request)
        this_session = request.state.principal.session_id
        return answered(self._mine(request).end_other_sessions(this_session=this_session))

    def list_audit(
        self,
        request: Request,
        after: Annotated[str, Query(description="`next` of the page before.")] = "",
        limit: Annotated[int, Query(description=f"1 to {MAX_PAGE}.")] = 50,
        user_id: str = "",
        action: str = "",
    ) -> Response:
        """What admins did and what was spent, the newest first."""
        return answered(
            self._mine(request).list_audit(after=after, limit=limit, user_id=user_id, action=action)
        )

"""Projects of a local studio: see `BaseApi` for every promise."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from sqlalchemy import Row

from app.api.local_fields import flag, invalid, know, short_text
from app.api.local_studio import LocalStudio
from app.api.models import ApiResponse, answers
from app.clock import iso
from app.errors import InvalidInput, NotAllowed, NotFound
from app.models import ProjectInfo
from app.store import projects
from app.store.database import DEFAULT_PROJECT

_FIELDS = frozenset({"name", "private"})


class LocalProjects(LocalStudio):
    """Named groups of tasks."""

    @answers
    def list_projects(self) -> ApiResponse:
        """See `BaseApi.list_projects`."""
        with self.studio.database.read() as connection:
            sight = self.sight(connection, "list_projects")
            found = [_told(row) for row in projects.everything(connection, sight)]
        return ApiResponse(success=True, data=found, total=len(found))

    @answers
    def add_project(self, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.add_project`."""
        values: dict[str, Any] = {"name": "", "private": False, **_read(data)}
        if not values["name"]:
            raise InvalidInput("name_empty", field="name")
        with self.studio.database.write() as tx:
            made = projects.add(tx, uuid4().hex, owner_id=self.user.id, **values)
            self.note(tx, "project.add", "project", made.id, values)
        return ApiResponse(success=True, data=_told(made), message="Made", total=1)

    @answers
    def update_project(self, project_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.update_project`."""
        values = _read(data)
        with self.studio.database.write() as tx:
            project = projects.find(tx.connection, project_id)
            sight = self.sight(tx.connection, "list_projects")
            if project is None or (sight and project_id in sight.hidden):
                raise NotFound("project_unknown")
            mine = project.owner_id == self.user.id
            if not (mine or self.reaches_all("update_project")):
                raise NotAllowed("not_yours", count=1)
            if project_id == DEFAULT_PROJECT and values.get("private"):
                raise invalid("private", True)
            changed = projects.change(tx, project, values)
            self.note(tx, "project.change", "project", project_id, values)
        return ApiResponse(success=True, data=_told(changed), message="Saved", total=1)


def _read(data: Mapping[str, Any]) -> dict[str, Any]:
    know(data, _FIELDS)
    values: dict[str, Any] = {}
    if "name" in data:
        values["name"] = short_text(data, "name")
        if not values["name"]:
            raise InvalidInput("name_empty", field="name")
    if "private" in data:
        values["private"] = flag(data, "private")
    return values


def _told(row: Row[Any]) -> dict[str, Any]:
    return asdict(
        ProjectInfo(
            id=row.id,
            name=row.name,
            owner=row.owner_id,
            private=bool(row.private),
            created_at=iso(row.created_at) or "",
        )
    )

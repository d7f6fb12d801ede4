"""The part of the contract about projects: named groups of tasks, some of them private."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from app.api.models import ApiResponse


class ProjectsApi(ABC):
    """A task in a private project, its images and its changes are for the project's owner, for the
    task's own owner and for admins; to everybody else it does not exist."""

    @abstractmethod
    def list_projects(self) -> ApiResponse:
        """Answer the `ProjectInfo`s that this person may see as a list of dicts, oldest first."""

    @abstractmethod
    def add_project(self, data: Mapping[str, Any]) -> ApiResponse:
        """Make a project of this person's; answers the `ProjectInfo` as a dict.

        `data` holds `name`, and perhaps `private`. Errors: `name_empty`, `name_too_long`,
        `project_exists` (names are folders, so no two may be alike), `unknown_field`,
        `invalid_value`, `not_allowed`.
        """

    @abstractmethod
    def update_project(self, project_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """Change `name` or `private`; answers the `ProjectInfo` as a dict.

        For the project's owner and for admins. Images that are saved already stay in the folder
        of the old name. The default project is everybody's and cannot be private.
        Errors: `project_unknown`, `not_yours`, and those of `add_project`.
        """

"""Health and safety copies: see `BaseApi` for every promise."""

from dataclasses import asdict
from pathlib import Path

from app import version
from app.api.local_studio import LocalStudio
from app.api.models import ApiResponse, answers
from app.engine import backup, health
from app.errors import Conflict, NotFound
from app.models import Health, MediaContent


class LocalUpkeep(LocalStudio):
    """Is everything well, and would it survive the loss of the disk?"""

    @answers
    def check_health(self) -> ApiResponse:
        """See `BaseApi.check_health`."""
        checks = health.checks(self.studio, self.engine)
        found = Health(ready=all(one.ok for one in checks), version=version.VERSION, checks=checks)
        return ApiResponse(success=True, data=asdict(found), total=len(checks))

    @answers
    def create_backup(self, *, with_images: bool = False) -> ApiResponse:
        """See `BaseApi.create_backup`."""
        made = backup.create(self.studio, self._folder(), with_images=with_images)
        return ApiResponse(success=True, data=asdict(made), message="Made", total=1)

    @answers
    def list_backups(self) -> ApiResponse:
        """See `BaseApi.list_backups`."""
        found = [] if self.studio.in_memory else backup.listed(self._folder())
        return ApiResponse(success=True, data=[asdict(one) for one in found], total=len(found))

    @answers
    def read_backup(self, name: str) -> ApiResponse:
        """See `BaseApi.read_backup`."""
        if self.studio.in_memory:
            raise NotFound("backup_not_found")
        path = backup.located(self._folder(), name)
        try:
            digest = backup.hash_of(path)
        except OSError as error:
            raise NotFound("backup_not_found") from error
        content = MediaContent(
            mime_type="application/zip", file_name=path.name, sha256=digest, path=path
        )
        return ApiResponse(success=True, data=content, total=1)

    def _folder(self) -> Path:
        """The data folder. Raises `Conflict`: `not_kept_on_disk`."""
        if self.studio.database.path is None:
            raise Conflict("not_kept_on_disk")
        return self.studio.database.path.parent

"""Health and safety copies: see `BaseApi` for every promise."""

from app.api.local_studio import LocalStudio
from app.api.models import ApiResponse


class LocalUpkeep(LocalStudio):
    """Is everything well, and would it survive the loss of the disk?"""

    def check_health(self) -> ApiResponse:
        """See `BaseApi.check_health`."""
        raise NotImplementedError

    def create_backup(self, *, with_images: bool = False) -> ApiResponse:
        """See `BaseApi.create_backup`."""
        raise NotImplementedError

    def list_backups(self) -> ApiResponse:
        """See `BaseApi.list_backups`."""
        raise NotImplementedError

    def read_backup(self, name: str) -> ApiResponse:
        """See `BaseApi.read_backup`."""
        raise NotImplementedError

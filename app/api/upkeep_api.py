"""The part of the contract about the studio's own health and safety copies; for admins."""

from abc import ABC, abstractmethod

from app.api.models import ApiResponse


class UpkeepApi(ABC):
    """Is everything well, and would it survive the loss of the disk?"""

    @abstractmethod
    def check_health(self) -> ApiResponse:
        """Look at database, engine, disk, shelves and providers; answers a `Health` as a dict.

        Changes nothing and costs nothing. Errors: `not_allowed`.
        """

    @abstractmethod
    def get_figures(self) -> ApiResponse:
        """Answer the figures that monitoring collects, as a dict.

        `queue` is a `QueueState`; `attempts` a list of `{"provider", "state", "count", "cost"}`
        over all requests ever made, cost in dollars; `images` counts the saved ones, `bytes` adds
        up their files. Errors: `not_allowed`.
        """

    @abstractmethod
    def create_backup(self, *, with_images: bool = False) -> ApiResponse:
        """Copy the studio into one file while it works; answers the `BackupInfo` as a dict.

        The database as of one moment, the reference pictures and the edited catalogue, with a
        manifest of hashes; saved images only when asked for; provider keys never. The file is read
        back before it counts. Errors: `backup_failed`, `not_kept_on_disk`, `not_allowed`.
        """

    @abstractmethod
    def list_backups(self) -> ApiResponse:
        """Answer the `BackupInfo`s as a list of dicts, the newest first. Errors: `not_allowed`."""

    @abstractmethod
    def read_backup(self, name: str) -> ApiResponse:
        """Answer a backup file as a `MediaContent`. Errors: `backup_not_found`, `not_allowed`."""

"""The part of the contract about other machines, and who is there."""

from abc import ABC, abstractmethod

from app.api.models import ApiResponse


class SharingApi(ABC):
    """Closed to other machines unless an admin opens it."""

    @abstractmethod
    def get_sharing(self) -> ApiResponse:
        """Answer the `SharingInfo` as a dict; addresses and fingerprint for admins only."""

    @abstractmethod
    def set_sharing(self, on: bool) -> ApiResponse:
        """Let other machines in, or no more; answers the `SharingInfo` as a dict.

        The choice is kept for the next start. Switched off, what others have open is dropped; the
        second call for the same choice changes nothing.
        Errors: `sharing_needs_password` while no admin who may come in has one, `sharing_failed`,
        `sharing_no_address`, `sharing_fixed`, `invalid_value`, `not_allowed`.
        """

    @abstractmethod
    def list_presence(self) -> ApiResponse:
        """Answer a list of `PersonPresence` as dicts: who has a page open, the longest first, then
        who has tasks in the queue and is away.

        Tasks are counted as far as this person may see them; addresses are for admins only.
        """

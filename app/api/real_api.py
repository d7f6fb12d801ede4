"""`RealApi`: another Whisk server, through its REST interface and nothing else."""

import copy
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self

import httpx

from app.api.base_api import BaseApi
from app.api.models import ApiResponse, answers
from app.api.real_queue import RealQueue
from app.api.real_sharing import RealSharing
from app.api.real_team import RealTeam
from app.api.wire import Wire
from app.errors import InvalidInput, NotFound
from app.models import MAX_REFERENCE_MEGABYTES, UserInfo

MAX_REFERENCE_BYTES = MAX_REFERENCE_MEGABYTES * 1_000_000
BACKUP_SECONDS = 1_800.0

_BACKUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


class RealApi(RealQueue, RealSharing, RealTeam, BaseApi):
    """The studio of a server at `base_url`; what it may is what its token lends.

    While the server is away, calls answer `server_unreachable`, and those that read settings,
    models, providers or the queue carry what was last known as `data`.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        certificate: Path | None = None,
    ) -> None:
        """Only remembers; connections are made at the first call.

        Args:
            base_url: Where the server listens: `http://studio:8080`.
            token: From `whisk token create`.
            transport: Instead of the network, for tests.
            certificate: The only certificate that an https server may show, or that of its issuer;
                None trusts the issuers that everybody trusts.
        """
        super().__init__(Wire(base_url, token or "", transport, certificate))

    def open(self) -> None:
        """See `BaseApi.open`. The server need not be there yet.

        Raises:
            InvalidInput: `server_address_malformed`.
        """
        self.wire.open()

    def close(self) -> None:
        """See `BaseApi.close`. The server goes on with its work."""
        self.wire.close()

    def acting_as(self, user: UserInfo, *, address: str = "") -> Self:
        """See `BaseApi.acting_as`. The token's owner stays the owner of what is added; of the
        person here only the role counts, and it can only take rights away."""
        mine = copy.copy(self)
        mine.user = user
        return mine

    # --- pictures -----------------------------------------------------------------------------

    @answers
    def add_reference(self, file_name: str, content: bytes | BinaryIO) -> ApiResponse:
        """See `BaseApi.add_reference`."""
        if _size(content) > MAX_REFERENCE_BYTES:
            limit = f"{MAX_REFERENCE_MEGABYTES} MB"
            raise InvalidInput("picture_too_large", field="file", limit=limit)
        # The same bytes twice are the same reference, but an open file can be read only once.
        return self.ask(
            "POST",
            "/references",
            again=isinstance(content, bytes),
            data={"file_name": file_name},
            files={"file": ("file", content)},
        )

    def get_references(self, reference_ids: Sequence[str]) -> ApiResponse:
        """See `BaseApi.get_references`."""
        body = {"ids": list(reference_ids)}
        return self.ask("POST", "/references/lookup", again=True, body=body)

    @answers
    def read_reference(self, reference_id: str, *, thumbnail: bool = False) -> ApiResponse:
        """See `BaseApi.read_reference`."""
        if not self.is_id(reference_id):
            raise NotFound("reference_not_found")
        return self._picture(f"/references/{reference_id}", thumbnail)

    def get_images(self, image_ids: Sequence[str]) -> ApiResponse:
        """See `BaseApi.get_images`."""
        return self.ask("POST", "/images/lookup", again=True, body={"ids": list(image_ids)})

    @answers
    def read_image(self, image_id: str, *, thumbnail: bool = False) -> ApiResponse:
        """See `BaseApi.read_image`."""
        if not self.is_id(image_id):
            raise NotFound("image_not_found")
        return self._picture(f"/images/{image_id}", thumbnail)

    def _picture(self, path: str, thumbnail: bool) -> ApiResponse:
        if thumbnail:
            return self.wire.file(f"{path}/thumbnail", role=self.user.role, whole=True)
        return self.wire.file(path, role=self.user.role)

    # --- models, providers, settings ----------------------------------------------------------

    def list_models(self) -> ApiResponse:
        """See `BaseApi.list_models`."""
        return self.known.answer("models", self.ask("GET", "/models", again=True))

    def list_providers(self) -> ApiResponse:
        """See `BaseApi.list_providers`."""
        return self.known.answer("providers", self.ask("GET", "/providers", again=True))

    @answers
    def set_provider_key(self, provider: str, key: str) -> ApiResponse:
        """See `BaseApi.set_provider_key`."""
        if not self.is_id(provider):
            raise InvalidInput("provider_unknown", field="provider", provider=provider[:80])
        return self.ask("PUT", f"/providers/{provider}/key", again=True, body={"key": key})

    def get_settings(self) -> ApiResponse:
        """See `BaseApi.get_settings`."""
        return self.known.answer("settings", self.ask("GET", "/settings", again=True))

    def update_settings(self, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.update_settings`."""
        return self.ask("PATCH", "/settings", again=True, body=dict(data))

    # --- people -------------------------------------------------------------------------------

    def whoami(self) -> ApiResponse:
        """See `BaseApi.whoami`."""
        return self.known.answer("whoami", self.ask("GET", "/me", again=True))

    def set_password(self, password: str, *, this_session: str = "") -> ApiResponse:
        """See `BaseApi.set_password`. Sessions here are not the server's: all of those end."""
        return self.ask("PUT", "/me/password", again=True, body={"password": password})

    def list_users(self) -> ApiResponse:
        """See `BaseApi.list_users`."""
        return self.ask("GET", "/users", again=True)

    def add_user(self, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.add_user`."""
        return self.ask("POST", "/users", body=dict(data))

    @answers
    def update_user(self, user_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.update_user`."""
        if not self.is_id(user_id):
            raise NotFound("user_not_found")
        return self.ask("PATCH", f"/users/{user_id}", again=True, body=dict(data))

    def list_tokens(self) -> ApiResponse:
        """See `BaseApi.list_tokens`."""
        return self.ask("GET", "/tokens", again=True)

    def create_token(
        self, name: str, *, scope: str = "write", days: int | None = None
    ) -> ApiResponse:
        """See `BaseApi.create_token`."""
        return self.ask("POST", "/tokens", body={"name": name, "scope": scope, "days": days})

    @answers
    def revoke_token(self, token_id: str) -> ApiResponse:
        """See `BaseApi.revoke_token`."""
        if not self.is_id(token_id):
            raise NotFound("token_not_found")
        return self.ask("DELETE", f"/tokens/{token_id}")

    # --- upkeep -------------------------------------------------------------------------------

    def check_health(self) -> ApiResponse:
        """See `BaseApi.check_health`."""
        return self.ask("GET", "/health", again=True)

    def get_figures(self) -> ApiResponse:
        """See `BaseApi.get_figures`."""
        return self.ask("GET", "/figures", again=True)

    def create_backup(self, *, with_images: bool = False) -> ApiResponse:
        """See `BaseApi.create_backup`."""
        return self.ask(
            "POST", "/backups", body={"with_images": with_images}, wait_seconds=BACKUP_SECONDS
        )

    def list_backups(self) -> ApiResponse:
        """See `BaseApi.list_backups`."""
        return self.ask("GET", "/backups", again=True)

    @answers
    def read_backup(self, name: str) -> ApiResponse:
        """See `BaseApi.read_backup`."""
        if not _BACKUP.fullmatch(name):
            raise NotFound("backup_not_found")
        return self.wire.file(f"/backups/{name}", role=self.user.role)


def _size(content: bytes | BinaryIO) -> int:
    """Bytes of a file, from where it stands to its end; it is left as it was."""
    if isinstance(content, bytes):
        return len(content)
    here = content.tell()
    end = content.seek(0, io.SEEK_END)
    content.seek(here)
    return end - here

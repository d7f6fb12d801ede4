"""Models, providers, settings, people, tokens and upkeep over HTTP."""

from typing import Annotated, Any, cast

from fastapi import Body, Request
from starlette.responses import Response

from app.models import (
    BackupInfo,
    Health,
    ModelInfo,
    ProviderInfo,
    StudioSettings,
    TokenInfo,
    UserAccount,
)
from app.web.answers import answered
from app.web.desk import Desk, Table, checked_id, demand_person
from app.web.media import picture
from app.web.shapes import (
    Key,
    NewBackup,
    NewToken,
    NewTokenInfo,
    NewUser,
    Password,
    SettingsFields,
    UserFields,
    WhoAmI,
)

SETTINGS_ERRORS = (
    "concurrency_range", "folder_not_absolute", "folder_not_writable", "pattern_invalid",
    "model_unknown",
)  # fmt: skip
PASSWORD_ERRORS = ("password_too_short", "password_too_common")
USER_ERRORS = ("username_malformed", "username_taken", "name_too_long", *PASSWORD_ERRORS)
TOKEN_ERRORS = ("name_empty", "name_too_long", "scope_unknown", "days_range")
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {
        "application/zip": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The range that was asked for."},
    304: {"description": "You have it already."},
    400: {"description": "A Range header that is none."},
    416: {"description": "A range outside the file."},
}  # fmt: skip


def register(table: Table, desk: Desk) -> None:
    """Enter the routes."""
    routes = _Studio(desk)
    tag = "studio"
    add = table.add
    add("GET", "/models", routes.list_models, tag=tag, answers=list[ModelInfo])
    add("GET", "/providers", routes.list_providers, tag=tag, answers=list[ProviderInfo])
    add("PUT", "/providers/{provider}/key", routes.set_provider_key, tag=tag, answers=ProviderInfo,
        errors=("provider_unknown", "key_not_needed", "key_malformed", "keys_unreadable",
                "keyring_closed"))  # fmt: skip
    add("GET", "/settings", routes.get_settings, tag=tag, answers=StudioSettings)
    add("PATCH", "/settings", routes.update_settings, tag=tag, answers=StudioSettings,
        errors=SETTINGS_ERRORS)  # fmt: skip
    tag = "people"
    add("GET", "/me", routes.whoami, tag=tag, answers=WhoAmI)
    add("PUT", "/me/password", routes.set_password, tag=tag, answers=type(None),
        errors=PASSWORD_ERRORS)  # fmt: skip
    add("GET", "/users", routes.list_users, tag=tag, answers=list[UserAccount])
    add("POST", "/users", routes.add_user, tag=tag, answers=UserAccount, errors=USER_ERRORS)
    add("PATCH", "/users/{user_id}", routes.update_user, tag=tag, answers=UserAccount,
        errors=(*USER_ERRORS, "user_not_found", "last_admin"))  # fmt: skip
    add("GET", "/tokens", routes.list_tokens, tag=tag, answers=list[TokenInfo])
    add("POST", "/tokens", routes.create_token, tag=tag, answers=NewTokenInfo, errors=TOKEN_ERRORS)
    add("DELETE", "/tokens/{token_id}", routes.revoke_token, tag=tag, answers=type(None),
        errors=("token_not_found",))  # fmt: skip
    tag = "upkeep"
    add("GET", "/health", routes.check_health, tag=tag, answers=Health)
    add("GET", "/figures", routes.get_figures, tag=tag, answers=dict[str, Any])
    add("GET", "/backups", routes.list_backups, tag=tag, answers=list[BackupInfo])
    add("POST", "/backups", routes.create_backup, tag=tag, answers=BackupInfo,
        errors=("backup_failed", "not_kept_on_disk"))  # fmt: skip
    add("GET", "/backups/{name}", routes.read_backup, tag=tag, errors=("backup_not_found",),
        responses=_ZIP)  # fmt: skip


class _Studio:
    def __init__(self, desk: Desk) -> None:
        self._mine = desk.mine

    # --- models, providers, settings ----------------------------------------------------------

    def list_models(self, request: Request) -> Response:
        """What can paint, and what it can do; providers that work come first."""
        return answered(self._mine(request).list_models())

    def list_providers(self, request: Request) -> Response:
        """Who can paint, and whether a key is there; never the key."""
        return answered(self._mine(request).list_providers())

    def set_provider_key(
        self, request: Request, provider: str, key: Annotated[Key, Body()]
    ) -> Response:
        """Keep a key outside the database, or forget it."""
        return answered(self._mine(request).set_provider_key(provider, key["key"]))

    def get_settings(self, request: Request) -> Response:
        """The settings of this person."""
        return answered(self._mine(request).get_settings())

    def update_settings(
        self, request: Request, fields: Annotated[SettingsFields, Body()]
    ) -> Response:
        """Change settings by name."""
        return answered(self._mine(request).update_settings(cast("dict[str, Any]", fields)))

    # --- people -------------------------------------------------------------------------------

    def whoami(self, request: Request) -> Response:
        """Who calls, with the role that counts here."""
        return answered(self._mine(request).whoami())

    def set_password(self, request: Request, new: Annotated[Password, Body()]) -> Response:
        """Set the password of who calls; every other session of the person ends."""
        demand_person(request)
        this_session = request.state.principal.session_id
        return answered(
            self._mine(request).set_password(new["password"], this_session=this_session)
        )

    def list_users(self, request: Request) -> Response:
        """Everybody who may come in."""
        return answered(self._mine(request).list_users())

    def add_user(self, request: Request, new: Annotated[NewUser, Body()]) -> Response:
        """Let a person in."""
        return answered(self._mine(request).add_user(cast("dict[str, Any]", new)))

    def update_user(
        self, request: Request, user_id: str, fields: Annotated[UserFields, Body()]
    ) -> Response:
        """Change name, role or password of a person, or keep the person out."""
        known = checked_id(user_id, "user_not_found")
        return answered(self._mine(request).update_user(known, cast("dict[str, Any]", fields)))

    # --- tokens -------------------------------------------------------------------------------

    def list_tokens(self, request: Request) -> Response:
        """The tokens of who calls, without the tokens themselves; an admin sees all."""
        return answered(self._mine(request).list_tokens())

    def create_token(self, request: Request, new: Annotated[NewToken, Body()]) -> Response:
        """Make a token; it is shown this once."""
        demand_person(request)
        return answered(
            self._mine(request).create_token(new["name"], scope=new["scope"], days=new["days"])
        )

    def revoke_token(self, request: Request, token_id: str) -> Response:
        """Make a token worthless at once."""
        demand_person(request)
        return answered(self._mine(request).revoke_token(checked_id(token_id, "token_not_found")))

    # --- upkeep -------------------------------------------------------------------------------

    def check_health(self, request: Request) -> Response:
        """Whether the studio can do its work, and what that was judged by."""
        return answered(self._mine(request).check_health())

    def get_figures(self, request: Request) -> Response:
        """The figures that monitoring collects."""
        return answered(self._mine(request).get_figures())

    def list_backups(self, request: Request) -> Response:
        """The backups on the studio's disk, the newest first."""
        return answered(self._mine(request).list_backups())

    def create_backup(self, request: Request, what: Annotated[NewBackup, Body()]) -> Response:
        """Copy the studio into one file while it works."""
        return answered(self._mine(request).create_backup(with_images=what["with_images"]))

    def read_backup(self, request: Request, name: str) -> Response:
        """A backup file."""
        return picture(self._mine(request).read_backup(name), request.headers, download=True)

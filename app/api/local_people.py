"""People and tokens: see `BaseApi` for every promise."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from app.api.local_studio import LocalStudio
from app.api.models import ApiResponse, answers
from app.auth import tokens
from app.auth.passwords import check_password_rules, hash_password
from app.auth.tokens import Token
from app.clock import iso
from app.engine.texts import check_text
from app.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.models import MAX_NAME_CHARS, Role, Scope, TokenInfo, UserInfo

MAX_TOKEN_NAME_CHARS = 80
MAX_TOKEN_DAYS = 3_650

_USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")
_OF_A_NEW_USER = frozenset({"username", "password", "display_name", "role"})
_OF_A_USER = frozenset({"display_name", "role", "disabled", "password"})


class LocalPeople(LocalStudio):
    """Who may come in, and what they may."""

    @answers
    def whoami(self) -> ApiResponse:
        """See `BaseApi.whoami`."""
        return ApiResponse(success=True, data=asdict(self.user), total=1)

    @answers
    def set_password(self, password: str, *, this_session: str = "") -> ApiResponse:
        """See `BaseApi.set_password`."""
        check_password_rules(password)
        self.people.set_password_hash(self.user.id, hash_password(password))
        self.people.remove_sessions(self.user.id, this_session or None)
        return ApiResponse(success=True, message="Saved")

    # --- people -------------------------------------------------------------------------------

    @answers
    def list_users(self) -> ApiResponse:
        """See `BaseApi.list_users`."""
        self.demand("people")
        found = [asdict(account) for account in self.people.accounts()]
        return ApiResponse(success=True, data=found, total=len(found))

    @answers
    def add_user(self, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.add_user`."""
        self.demand("people")
        _know(data, _OF_A_NEW_USER)
        username = _text(data, "username").strip()
        if not _USERNAME.fullmatch(username):
            raise InvalidInput("username_malformed", field="username", username=username[:80])
        password = _text(data, "password")
        check_password_rules(password)
        user = UserInfo(
            id=uuid4().hex,
            username=username,
            display_name=_name(data) or username,
            role=_role(data.get("role", Role.MEMBER)),
        )
        account = self.people.add_account(user, hash_password(password))
        if account is None:
            raise Conflict("username_taken", field="username", username=username)
        return ApiResponse(success=True, data=asdict(account), message="Added", total=1)

    @answers
    def update_user(self, user_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.update_user`."""
        self.demand("people")
        _know(data, _OF_A_USER)
        changes: dict[str, Any] = {}
        if "display_name" in data:
            changes["display_name"] = _name(data)
        if "role" in data:
            changes["role"] = _role(data["role"])
        if "disabled" in data:
            changes["disabled"] = _flag(data, "disabled")
        if "password" in data:
            password = _text(data, "password")
            check_password_rules(password)
            changes["password_hash"] = hash_password(password)
        account = self.people.change_account(user_id, changes)
        if account is None:
            raise NotFound("user_not_found")
        return ApiResponse(success=True, data=asdict(account), message="Saved", total=1)

    # --- tokens -------------------------------------------------------------------------------

    @answers
    def list_tokens(self) -> ApiResponse:
        """See `BaseApi.list_tokens`."""
        found = [asdict(_told(token)) for token in self.tokens.all(self._whose())]
        return ApiResponse(success=True, data=found, total=len(found))

    @answers
    def create_token(
        self, name: str, *, scope: str = "write", days: int | None = None
    ) -> ApiResponse:
        """See `BaseApi.create_token`."""
        self.demand("tokens")
        check_text("name", name)
        if not name.strip():
            raise InvalidInput("name_empty", field="name")
        if len(name) > MAX_TOKEN_NAME_CHARS:
            raise InvalidInput(
                "name_too_long", field="name", length=len(name), limit=MAX_TOKEN_NAME_CHARS
            )
        if scope not in set(Scope):
            raise InvalidInput("scope_unknown", field="scope", scope=scope[:80])
        if days is not None and not 1 <= days <= MAX_TOKEN_DAYS:
            raise InvalidInput("days_range", field="days", limit=MAX_TOKEN_DAYS)
        if not tokens.may_lend(self.user.role, Scope(scope)):
            raise NotAllowed("not_allowed")
        secret = tokens.mint()
        now = self.studio.clock.now()
        token = Token(
            id=uuid4().hex,
            token_hash=tokens.digest(secret),
            user_id=self.user.id,
            name=name.strip(),
            scope=Scope(scope),
            prefix=secret[: tokens.SHOWN_CHARACTERS],
            created_at=now,
            expires_at=None if days is None else now + days * tokens.DAY,
        )
        self.tokens.add(token)
        shown = {**asdict(_told(token)), "token": secret}
        return ApiResponse(success=True, data=shown, message="Made", total=1)

    @answers
    def revoke_token(self, token_id: str) -> ApiResponse:
        """See `BaseApi.revoke_token`."""
        self.demand("tokens")
        if not self.tokens.remove(token_id, self._whose()):
            raise NotFound("token_not_found")
        return ApiResponse(success=True, message="Revoked", total=1)

    def _whose(self) -> str | None:
        """Whose tokens this person deals with; None for everybody's."""
        return None if self.user.role == Role.ADMIN else self.user.id


def _know(data: Mapping[str, Any], known: frozenset[str]) -> None:
    for name in data:
        if name not in known:
            raise InvalidInput("unknown_field", field=str(name)[:80], name=str(name)[:80])


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise _invalid(name, value)
    check_text(name, value)
    return value


def _name(data: Mapping[str, Any]) -> str:
    name = _text(data, "display_name").strip()
    if len(name) > MAX_NAME_CHARS:
        raise InvalidInput(
            "name_too_long", field="display_name", length=len(name), limit=MAX_NAME_CHARS
        )
    return name


def _role(value: Any) -> Role:
    if not isinstance(value, str) or value not in set(Role):
        raise _invalid("role", value)
    return Role(value)


def _flag(data: Mapping[str, Any], name: str) -> bool:
    if not isinstance(data[name], bool):
        raise _invalid(name, data[name])
    return data[name]


def _invalid(name: str, value: Any) -> InvalidInput:
    return InvalidInput("invalid_value", field=name, name=name, value=ascii(value)[:80])


def _told(token: Token) -> TokenInfo:
    return TokenInfo(
        id=token.id,
        name=token.name,
        scope=token.scope,
        prefix=token.prefix,
        owner=token.user_id,
        created_at=iso(token.created_at) or "",
        expires_at=iso(token.expires_at),
        last_used_at=iso(token.last_used_at),
    )

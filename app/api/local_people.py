"""People and tokens: see `BaseApi` for every promise."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from app.api.local_fields import flag, invalid, know, number, short_text, text
from app.api.local_studio import LocalStudio
from app.api.models import ApiResponse, answers
from app.auth import tokens
from app.auth.passwords import check_password_rules, hash_password
from app.auth.tokens import Token
from app.clock import iso
from app.engine.costs import micro
from app.engine.texts import check_text
from app.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.models import Role, Scope, TokenInfo, UserInfo

MAX_TOKEN_NAME_CHARS = 80
MAX_TOKEN_DAYS = 3_650
MOST_QUEUED = 1_000_000
MOST_DOLLARS = 1_000_000

_USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")
_LIMITS = frozenset({"max_queued", "daily_limit"})
_OF_A_NEW_USER = frozenset({"username", "password", "display_name", "role"}) | _LIMITS
_OF_A_USER = frozenset({"display_name", "role", "disabled", "password"}) | _LIMITS


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
        deed = self.deed("password.set", "user", self.user.id)
        self.people.set_password_hash(self.user.id, hash_password(password), deed)
        self.people.remove_sessions(self.user.id, this_session or None)
        return ApiResponse(success=True, message="Saved")

    # --- people -------------------------------------------------------------------------------

    @answers
    def list_users(self) -> ApiResponse:
        """See `BaseApi.list_users`."""
        found = [asdict(account) for account in self.people.accounts()]
        return ApiResponse(success=True, data=found, total=len(found))

    @answers
    def add_user(self, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.add_user`."""
        know(data, _OF_A_NEW_USER)
        username = text(data, "username").strip()
        if not _USERNAME.fullmatch(username):
            raise InvalidInput("username_malformed", field="username", username=username[:80])
        password = text(data, "password")
        check_password_rules(password)
        user = UserInfo(
            id=uuid4().hex,
            username=username,
            display_name=short_text(data, "display_name") or username,
            role=_role(data.get("role", Role.MEMBER)),
        )
        deed = self.deed("user.add", "user", user.id, _of_note(data))
        account = self.people.add_account(user, hash_password(password), _limits(data), deed)
        if account is None:
            raise Conflict("username_taken", field="username", username=username)
        return ApiResponse(success=True, data=asdict(account), message="Added", total=1)

    @answers
    def update_user(self, user_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """See `BaseApi.update_user`."""
        know(data, _OF_A_USER)
        changes: dict[str, Any] = {}
        if "display_name" in data:
            changes["display_name"] = short_text(data, "display_name")
        if "role" in data:
            changes["role"] = _role(data["role"])
        if "disabled" in data:
            changes["disabled"] = flag(data, "disabled")
        if "password" in data:
            password = text(data, "password")
            check_password_rules(password)
            changes["password_hash"] = hash_password(password)
        changes |= _limits(data)
        deed = self.deed("user.change", "user", user_id, _of_note(data))
        account = self.people.change_account(user_id, changes, deed)
        if account is None:
            raise NotFound("user_not_found")
        self.engine.wake()
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
        details = {"name": token.name, "scope": token.scope, "days": days}
        self.tokens.add(token, self.deed("token.create", "token", token.id, details))
        shown = {**asdict(_told(token)), "token": secret}
        return ApiResponse(success=True, data=shown, message="Made", total=1)

    @answers
    def revoke_token(self, token_id: str) -> ApiResponse:
        """See `BaseApi.revoke_token`."""
        deed = self.deed("token.revoke", "token", token_id)
        if not self.tokens.remove(token_id, self._whose(), deed):
            raise NotFound("token_not_found")
        return ApiResponse(success=True, message="Revoked", total=1)

    def _whose(self) -> str | None:
        """Whose tokens this person deals with; None for everybody's."""
        return None if self.reaches_all("list_tokens") else self.user.id


def _role(value: Any) -> Role:
    if not isinstance(value, str) or value not in set(Role):
        raise invalid("role", value)
    return Role(value)


def _limits(data: Mapping[str, Any]) -> dict[str, int | None]:
    """The limits that are named, as columns; None takes one away."""
    found: dict[str, int | None] = {}
    if "max_queued" in data:
        tasks = number(data, "max_queued", MOST_QUEUED)
        if isinstance(tasks, float):
            raise invalid("max_queued", tasks)
        found["max_queued"] = tasks
    if "daily_limit" in data:
        dollars = number(data, "daily_limit", MOST_DOLLARS)
        found["daily_limit"] = None if dollars is None else micro(dollars)
    return found


def _of_note(data: Mapping[str, Any]) -> dict[str, Any]:
    """What of a change is written down: a password only as one that was set."""
    return {name: True if name == "password" else value for name, value in data.items()}


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

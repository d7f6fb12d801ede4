"""The part of the contract about people: who calls, who may come in, and with which token."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from app.api.models import ApiResponse


class PeopleApi(ABC):
    """People have a role; programs come with a token that lends them a part of it."""

    @abstractmethod
    def whoami(self) -> ApiResponse:
        """Answer the `UserInfo` on whose behalf this call is made, as a dict."""

    @abstractmethod
    def set_password(self, password: str, *, this_session: str = "") -> ApiResponse:
        """Set the password with which this person signs in where no launch link is.

        At least 12 characters. Every session of the person ends, but `this_session` (its id).
        Errors: `password_too_short`, `password_too_common`.
        """

    # --- people -------------------------------------------------------------------------------

    @abstractmethod
    def list_users(self) -> ApiResponse:
        """Answer every `UserAccount` as a list of dicts, the oldest first.

        Errors: `not_allowed`.
        """

    @abstractmethod
    def add_user(self, data: Mapping[str, Any]) -> ApiResponse:
        """Let a person in; answers the `UserAccount` as a dict.

        `data` holds `username` (1 to 40 lower-case letters, digits, `.`, `-`, `_`), `password`,
        and perhaps `display_name`, `role` (`member` unless said otherwise), `max_queued` and
        `daily_limit`.
        Errors: `username_malformed`, `username_taken`, `password_too_short`,
        `password_too_common`, `unknown_field`, `invalid_value`, `not_allowed`.
        """

    @abstractmethod
    def update_user(self, user_id: str, data: Mapping[str, Any]) -> ApiResponse:
        """Change a person; answers the `UserAccount`.

        `data` may hold `display_name`, `role`, `disabled`, `password`, `max_queued` (pending and
        running tasks that the person may have) and `daily_limit` (US dollars from midnight to
        midnight of the studio's machine); None takes a limit away. Work beyond the limit of the
        day waits, and so does that of a disabled person.
        A new role or password and a disabled account end every session of that person; its tokens
        follow the role at once and are refused while it is disabled. The last admin who can act
        stays. Errors: `user_not_found`, `last_admin`, `password_too_short`,
        `password_too_common`, `unknown_field`, `invalid_value`, `not_allowed`.
        """

    # --- sessions -----------------------------------------------------------------------------

    @abstractmethod
    def list_sessions(self, *, everybody: bool = False, this_session: str = "") -> ApiResponse:
        """Answer the signed-in browsers of this person as `SessionInfo` dicts, last seen first.

        `everybody` answers those of all people, for admins. The one whose id begins
        `this_session` is marked as current. Errors: `not_allowed`.
        """

    @abstractmethod
    def end_session(self, session_id: str) -> ApiResponse:
        """Sign one browser out, at once; an admin anybody's. Errors: `session_not_found`."""

    @abstractmethod
    def end_other_sessions(self, *, this_session: str = "") -> ApiResponse:
        """Sign this person out everywhere but in `this_session`; `total` is how many ended."""

    # --- what was done ------------------------------------------------------------------------

    @abstractmethod
    def list_audit(
        self, *, after: str = "", limit: int = 50, user_id: str = "", action: str = ""
    ) -> ApiResponse:
        """Answer what admins did and what was spent, the newest first.

        Answers `{"entries", "next"}`: `entries` are dicts (`AuditEntry`), `next` is the cursor of
        the page behind this one, empty on the last. Nothing that was written down ever changes.

        Args:
            after: `next` of the page before.
            limit: Entries on a page, 1 to 1,000.
            user_id: Only what this person did or spent.
            action: Only this action: `spend`, `user.change`, ...

        Errors: `cursor_unknown`, `limit_range`, `not_allowed`.
        """

    # --- tokens -------------------------------------------------------------------------------

    @abstractmethod
    def list_tokens(self) -> ApiResponse:
        """Answer this person's `TokenInfo`s as dicts, the oldest first; an admin sees all."""

    @abstractmethod
    def create_token(
        self, name: str, *, scope: str = "write", days: int | None = None
    ) -> ApiResponse:
        """Make a token for a program; answers the `TokenInfo` as a dict, and under `token` the
        token itself, this once: only its hash is kept.

        Args:
            name: What it is for, 1 to 80 characters.
            scope: `read` (look), `write` (what a member may do) or `admin`; never more than the
                person's own role allows.
            days: How long it is good, 1 to 3,650; None means until it is revoked.

        Errors: `name_empty`, `name_too_long`, `scope_unknown`, `days_range`, `not_allowed`.
        """

    @abstractmethod
    def revoke_token(self, token_id: str) -> ApiResponse:
        """Make a token worthless at once. Errors: `token_not_found`, also the second time."""

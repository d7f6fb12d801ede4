"""People, their sessions and their failed sign-ins."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select, update

from app.auth.sessions import Account, Session
from app.auth.throttle import FORGOTTEN_AFTER
from app.clock import iso
from app.errors import Conflict
from app.models import Role, UserAccount, UserInfo
from app.store.database import Database, Transaction
from app.store.schema import login_failures, sessions, users

_ACCOUNT = (
    users.c.id,
    users.c.username,
    users.c.display_name,
    users.c.role,
    users.c.password_hash,
    users.c.disabled_at,
)
_SESSION = (
    sessions.c.user_id,
    sessions.c.kind,
    sessions.c.address,
    sessions.c.user_agent,
    sessions.c.created_at,
    sessions.c.last_seen,
    sessions.c.expires_at,
)


class People:
    """The tables `users`, `sessions` and `login_failures`; a `SessionStore`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # --- people -------------------------------------------------------------------------------

    def user(self, user_id: str) -> UserInfo | None:
        """The person of an id, disabled or not, or None."""
        with self._db.read() as connection:
            row = connection.execute(select(*_ACCOUNT).where(users.c.id == user_id)).first()
        return _account(row).user if row else None

    def account(self, username: str) -> Account | None:
        """See `SessionStore.account`."""
        with self._db.read() as connection:
            row = connection.execute(select(*_ACCOUNT).where(users.c.username == username)).first()
        return _account(row) if row else None

    def accounts(self) -> list[UserAccount]:
        """Everybody, the oldest first."""
        with self._db.read() as connection:
            rows = connection.execute(select(users).order_by(users.c.created_at, users.c.id)).all()
        return [_user_account(row) for row in rows]

    def add_account(self, user: UserInfo, password_hash: str) -> UserAccount | None:
        """Let a person in; None when somebody has that name."""
        with self._db.write() as work:
            taken = select(users.c.id).where(users.c.username == user.username)
            if work.connection.execute(taken).first():
                return None
            work.connection.execute(
                insert(users).values(
                    id=user.id,
                    username=user.username,
                    display_name=user.display_name,
                    role=user.role,
                    password_hash=password_hash,
                    preferences={},
                    created_at=work.now,
                )
            )
            return _user_account(_user(work, user.id))

    def change_account(self, user_id: str, changes: Mapping[str, Any]) -> UserAccount | None:
        """Change `display_name`, `role`, `disabled`, `password_hash`; None for an unknown id.

        Sessions of the person end unless only the name changes.

        Raises:
            Conflict: `last_admin`: nobody would be left who can let others in.
        """
        values = dict(changes)
        with self._db.write() as work:
            if (
                work.connection.execute(select(users.c.id).where(users.c.id == user_id)).first()
                is None
            ):
                return None
            if "disabled" in values:
                values["disabled_at"] = work.now if values.pop("disabled") else None
            if values:
                work.connection.execute(update(users).where(users.c.id == user_id).values(**values))
            admins = select(users.c.id).where(
                users.c.role == Role.ADMIN, users.c.disabled_at.is_(None)
            )
            if work.connection.execute(admins).first() is None:
                raise Conflict("last_admin")
            if values.keys() - {"display_name"}:
                work.connection.execute(delete(sessions).where(sessions.c.user_id == user_id))
            return _user_account(_user(work, user_id))

    def set_password_hash(self, user_id: str, password_hash: str | None) -> None:
        """Replace a person's password; None takes it away. An unknown id changes nothing."""
        with self._db.write() as work:
            work.connection.execute(
                update(users).where(users.c.id == user_id).values(password_hash=password_hash)
            )

    def any_password(self) -> bool:
        """See `SessionStore.any_password`."""
        usable = users.c.password_hash.is_not(None) & users.c.disabled_at.is_(None)
        with self._db.read() as connection:
            return connection.execute(select(exists().where(usable))).scalar_one()

    def preferences(self, user_id: str) -> dict[str, Any]:
        """What a person chose for themselves; empty for an unknown id."""
        with self._db.read() as connection:
            chosen = connection.execute(
                select(users.c.preferences).where(users.c.id == user_id)
            ).scalar_one_or_none()
        return dict(chosen or {})

    def set_preferences(self, user_id: str, preferences: dict[str, Any]) -> None:
        """Replace all that a person chose. An unknown id changes nothing."""
        with self._db.write() as work:
            work.connection.execute(
                update(users).where(users.c.id == user_id).values(preferences=preferences)
            )

    # --- sessions -----------------------------------------------------------------------------

    def add_session(self, session: Session) -> None:
        """See `SessionStore.add_session`."""
        values = asdict(session)
        values["token_hash"] = values.pop("id")
        with self._db.write() as work:
            work.connection.execute(insert(sessions).values(values))

    def find_session(self, session_id: str) -> tuple[Session, Account] | None:
        """See `SessionStore.find_session`."""
        query = (
            select(*_SESSION, *_ACCOUNT)
            .join_from(sessions, users)
            .where(sessions.c.token_hash == session_id)
        )
        with self._db.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        values = {column.name: row._mapping[column] for column in _SESSION}  # pyright: ignore[reportPrivateUsage] -- its documented name
        return Session(id=session_id, **values), _account(row)

    def see_session(self, session_id: str, now: int) -> None:
        """See `SessionStore.see_session`."""
        with self._db.write() as work:
            work.connection.execute(
                update(sessions).where(sessions.c.token_hash == session_id).values(last_seen=now)
            )

    def remove_session(self, session_id: str) -> None:
        """See `SessionStore.remove_session`."""
        with self._db.write() as work:
            work.connection.execute(delete(sessions).where(sessions.c.token_hash == session_id))

    def remove_sessions(self, user_id: str, but: str | None) -> list[str]:
        """See `SessionStore.remove_sessions`."""
        theirs = delete(sessions).where(sessions.c.user_id == user_id)
        if but is not None:
            theirs = theirs.where(sessions.c.token_hash != but)
        with self._db.write() as work:
            ended = work.connection.execute(theirs.returning(sessions.c.token_hash))
            return list(ended.scalars())

    def remove_stale_sessions(self, now: int, unseen_since: int) -> None:
        """See `SessionStore.remove_stale_sessions`."""
        stale = (sessions.c.expires_at <= now) | (sessions.c.last_seen <= unseen_since)
        with self._db.write() as work:
            work.connection.execute(delete(sessions).where(stale))

    # --- failed sign-ins ----------------------------------------------------------------------

    def admit(self, account: str, now: int, block_for: Callable[[int], int]) -> int:
        """See `SessionStore.admit`."""
        with self._db.write() as work:
            _forget_old_failures(work, now)
            row = work.connection.execute(
                select(login_failures.c.failures, login_failures.c.blocked_until).where(
                    login_failures.c.account == account
                )
            ).first()
            if row and row.blocked_until > now:
                return row.blocked_until
            _count(work, account, row.failures + 1 if row else 1, now, block_for)
        return 0

    def forgive(self, account: str) -> None:
        """See `SessionStore.forgive`."""
        with self._db.write() as work:
            work.connection.execute(
                delete(login_failures).where(login_failures.c.account == account)
            )


def _user(work: Transaction, user_id: str) -> Row[Any]:
    return work.connection.execute(select(users).where(users.c.id == user_id)).one()


def _user_account(row: Row[Any]) -> UserAccount:
    return UserAccount(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        role=Role(row.role),
        disabled=row.disabled_at is not None,
        has_password=row.password_hash is not None,
        created_at=iso(row.created_at) or "",
    )


def _account(row: Row[*tuple[Any, ...]]) -> Account:
    user = UserInfo(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        role=Role(row.role),
    )
    return Account(user, row.password_hash, row.disabled_at is not None)


def _forget_old_failures(work: Transaction, now: int) -> None:
    # Strangers choose the names that are counted here, so the table must not keep them for ever.
    work.connection.execute(
        delete(login_failures).where(login_failures.c.blocked_until <= now - FORGOTTEN_AFTER)
    )


def _count(
    work: Transaction, account: str, failures: int, now: int, block_for: Callable[[int], int]
) -> None:
    values = {"failures": failures, "blocked_until": now + block_for(failures)}
    if failures == 1:
        work.connection.execute(insert(login_failures).values(account=account, **values))
    else:
        work.connection.execute(
            update(login_failures).where(login_failures.c.account == account).values(**values)
        )

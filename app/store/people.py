"""People, their sessions and their tries to sign in."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from app.auth.sessions import Account, Session
from app.clock import iso, local_day
from app.errors import Conflict
from app.models import Role, UserAccount, UserInfo
from app.store import audit, logins, turns
from app.store.audit import Deed
from app.store.database import Database, Transaction
from app.store.schema import queue_state, sessions, spending, users
from app.store.spending import MICRO

SHOWN_OF_AN_ID = 32
"""Characters by which a session is named: enough to tell, and not what the table is keyed by."""

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


_RIGHTS = frozenset({"role", "disabled_at", "password_hash"})
"""Columns on which a person's sessions hang."""

_HOLD_BACK = frozenset({"disabled_at", "daily_limit"})
"""Columns that hold a person's work back, or let it go on."""


class People:
    """The tables `users` and `sessions`; a `SessionStore`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._listeners: list[Callable[[Collection[str]], None]] = []

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
            rows = connection.execute(
                _with_spending(self._db.clock.now()).order_by(users.c.created_at, users.c.id)
            ).all()
        return [_user_account(row) for row in rows]

    def names(self) -> dict[str, str]:
        """What people are called, by id."""
        with self._db.read() as connection:
            found = connection.execute(select(users.c.id, users.c.display_name)).all()
        return {row[0]: row[1] for row in found}

    def add_account(
        self,
        user: UserInfo,
        password_hash: str | None,
        limits: Mapping[str, int | None] | None = None,
        deed: Deed | None = None,
    ) -> UserAccount | None:
        """Let a person in, with `max_queued` and `daily_limit`; None when somebody has that name.

        `deed` is written down in the same transaction, here and below.
        """
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
                    **(limits or {}),
                )
            )
            _note(work, deed)
            return _user_account(_user(work, user.id))

    def change_account(
        self, user_id: str, changes: Mapping[str, Any], deed: Deed | None = None
    ) -> UserAccount | None:
        """Change columns, and `disabled`; None for an unknown id.

        Sessions of the person end when role, password or `disabled` change.

        Raises:
            Conflict: `last_admin`: nobody would be left who can let others in.
        """
        values, ended = dict(changes), list[str]()
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
            if values.keys() & _RIGHTS:
                ended = _end_sessions(work, sessions.c.user_id == user_id)
            if values.keys() & _HOLD_BACK:
                # Queues that are open somewhere show it.
                turns.release(work, user_id)
                work.connection.execute(update(queue_state).values(changed_seq=work.seq()))
            _note(work, deed)
            account = _user_account(_user(work, user_id))
        self._tell(ended)
        return account

    def set_password_hash(
        self, user_id: str, password_hash: str | None, deed: Deed | None = None
    ) -> None:
        """Replace a person's password; None takes it away. An unknown id changes nothing."""
        with self._db.write() as work:
            work.connection.execute(
                update(users).where(users.c.id == user_id).values(password_hash=password_hash)
            )
            _note(work, deed)

    def any_password(self) -> bool:
        """See `SessionStore.any_password`."""
        usable = users.c.password_hash.is_not(None) & users.c.disabled_at.is_(None)
        with self._db.read() as connection:
            return connection.execute(select(exists().where(usable))).scalar_one()

    def any_admin_password(self) -> bool:
        """Whether an admin who is not disabled has a password."""
        usable = users.c.password_hash.is_not(None) & users.c.disabled_at.is_(None)
        with self._db.read() as connection:
            query = select(exists().where(usable, users.c.role == Role.ADMIN))
            return connection.execute(query).scalar_one()

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

    def on_end(self, tell: Callable[[Collection[str]], None]) -> None:
        """See `SessionStore.on_end`."""
        self._listeners.append(tell)

    def _tell(self, ended: Collection[str]) -> None:
        for tell in self._listeners if ended else ():
            tell(ended)

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
        self._tell([session_id])

    def remove_sessions(self, user_id: str, but: str | None) -> list[str]:
        """See `SessionStore.remove_sessions`."""
        theirs = sessions.c.user_id == user_id
        with self._db.write() as work:
            ended = _end_sessions(
                work, theirs if but is None else theirs & (sessions.c.token_hash != but)
            )
        self._tell(ended)
        return ended

    def remove_named_session(self, begins: str, user_id: str | None, deed: Deed) -> bool:
        """End the session whose id begins so, only this person's where one is named.

        Answers whether there was one; `deed` is written down where it was somebody else's.
        """
        named = func.substr(sessions.c.token_hash, 1, SHOWN_OF_AN_ID) == begins
        with self._db.write() as work:
            found = work.connection.execute(
                select(sessions.c.token_hash, sessions.c.user_id).where(named)
            ).first()
            if found is None or user_id not in (None, found.user_id):
                return False
            _end_sessions(work, sessions.c.token_hash == found.token_hash)
            if found.user_id != deed.user_id:
                _note(work, deed)
        self._tell([found.token_hash])
        return True

    def all_sessions(self, user_id: str | None = None) -> Sequence[Session]:
        """The sessions of a person, or of everybody, the last seen first."""
        query = select(sessions).order_by(sessions.c.last_seen.desc(), sessions.c.token_hash)
        if user_id is not None:
            query = query.where(sessions.c.user_id == user_id)
        with self._db.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Session(id=row["token_hash"], **{column.name: row[column] for column in _SESSION})
            for row in rows
        ]

    def remove_stale_sessions(self, now: int, unseen_since: int) -> None:
        """See `SessionStore.remove_stale_sessions`."""
        stale = (sessions.c.expires_at <= now) | (sessions.c.last_seen <= unseen_since)
        with self._db.write() as work:
            ended = _end_sessions(work, stale)
        self._tell(ended)

    # --- tries to sign in ---------------------------------------------------------------------

    def admit(self, account: str, address: str, now: int, block_for: Callable[[int], int]) -> int:
        """See `SessionStore.admit`."""
        with self._db.write() as work:
            return logins.admit(work, account, address, now, block_for)

    def forgive(self, account: str, address: str) -> None:
        """See `SessionStore.forgive`."""
        with self._db.write() as work:
            logins.forgive(work, account, address)


def _end_sessions(work: Transaction, which: ColumnElement[bool]) -> list[str]:
    ended = work.connection.execute(delete(sessions).where(which).returning(sessions.c.token_hash))
    return list(ended.scalars())


def _note(work: Transaction, deed: Deed | None) -> None:
    if deed is not None:
        audit.note(work, deed)


def _with_spending(now: int) -> Select[Any]:
    day, _ = local_day(now)
    today = and_(spending.c.owner_id == users.c.id, spending.c.day == day)
    return select(users, spending.c.spent).outerjoin(spending, today)


def _user(work: Transaction, user_id: str) -> Row[Any]:
    return work.connection.execute(_with_spending(work.now).where(users.c.id == user_id)).one()


def _user_account(row: Row[Any]) -> UserAccount:
    return UserAccount(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        role=Role(row.role),
        disabled=row.disabled_at is not None,
        has_password=row.password_hash is not None,
        created_at=iso(row.created_at) or "",
        max_queued=row.max_queued,
        daily_limit=None if row.daily_limit is None else row.daily_limit / MICRO,
        spent_today=(row.spent or 0) / MICRO,
    )


def _account(row: Row[*tuple[Any, ...]]) -> Account:
    user = UserInfo(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        role=Role(row.role),
    )
    return Account(user, row.password_hash, row.disabled_at is not None)

"""Tokens of programs: a `TokenStore`, and what lists and revokes them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, insert, select, update

from app.auth.tokens import Token
from app.models import Role, Scope, UserInfo
from app.store import audit
from app.store.audit import Deed
from app.store.database import Database
from app.store.schema import tokens, users


class StoredTokens:
    """The table `tokens`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find_token(self, token_hash: str) -> tuple[Token, UserInfo] | None:
        """See `TokenStore.find_token`."""
        with self._db.read() as connection:
            row = connection.execute(
                select(tokens, users.c.username, users.c.display_name, users.c.role)
                .join_from(tokens, users)
                .where(tokens.c.token_hash == token_hash, users.c.disabled_at.is_(None))
            ).mappings().first()  # fmt: skip
        if row is None:
            return None
        owner = UserInfo(
            id=row["user_id"],
            username=row["username"],
            display_name=row["display_name"],
            role=Role(row["role"]),
        )
        return _token({column.name: row[column.name] for column in tokens.c}), owner

    def use_token(self, token_id: str, now: int) -> None:
        """See `TokenStore.use_token`."""
        with self._db.write() as work:
            work.connection.execute(
                update(tokens).where(tokens.c.id == token_id).values(last_used_at=now)
            )

    def add(self, token: Token, deed: Deed | None = None) -> None:
        """Keep a new token; `deed` is written down in the same transaction, here and below."""
        with self._db.write() as work:
            work.connection.execute(insert(tokens).values(asdict(token)))
            if deed is not None:
                audit.note(work, deed)

    def all(self, user_id: str | None = None) -> Sequence[Token]:
        """The tokens of a person, or of everybody, the oldest first."""
        query = select(tokens).order_by(tokens.c.created_at, tokens.c.id)
        if user_id is not None:
            query = query.where(tokens.c.user_id == user_id)
        with self._db.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [_token(dict(row)) for row in rows]

    def remove(self, token_id: str, user_id: str | None = None, deed: Deed | None = None) -> bool:
        """Forget a token, only this person's where one is named; answers whether it was there."""
        query = delete(tokens).where(tokens.c.id == token_id)
        if user_id is not None:
            query = query.where(tokens.c.user_id == user_id)
        with self._db.write() as work:
            removed = work.connection.execute(query).rowcount > 0
            if removed and deed is not None:
                audit.note(work, deed)
            return removed


def _token(values: dict[str, Any]) -> Token:
    values["scope"] = Scope(values["scope"])
    return Token(**values)

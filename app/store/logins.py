"""Tries to sign in, counted so that a restart forgets none: by account, by address, and all."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from app.auth.throttle import (
    ADDRESS_TRIES,
    ADDRESS_WINDOW,
    FORGOTTEN_AFTER,
    GLOBAL_TRIES,
    GLOBAL_WINDOW,
)
from app.store.database import Transaction
from app.store.schema import login_failures as failures
from app.store.schema import login_tries as tries

NO_ADDRESS = ""
"""Of tries that do not count for their address: it is unknown, or the password was right."""


def admit(
    work: Transaction, account: str, address: str, now: int, block_for: Callable[[int], int]
) -> int:
    """Count a try, unless something refuses it; answers until when, or 0."""
    _forget_old(work, now)
    known = work.connection.execute(
        select(failures.c.failures, failures.c.blocked_until).where(failures.c.account == account)
    ).first()
    if known and known.blocked_until > now:
        return known.blocked_until
    blocked_until = _full(work, GLOBAL_TRIES, GLOBAL_WINDOW, now, tries.c.id.is_not(None))
    if not blocked_until and address != NO_ADDRESS:
        here = tries.c.address == address
        blocked_until = _full(work, ADDRESS_TRIES, ADDRESS_WINDOW, now, here)
    if blocked_until:
        return blocked_until
    work.connection.execute(insert(tries).values(address=address, at=now))
    _count(work, account, known.failures + 1 if known else 1, now, block_for)
    return 0


def forgive(work: Transaction, account: str, address: str) -> None:
    """Forget the failures of an account; the try that was right was none of its address."""
    work.connection.execute(delete(failures).where(failures.c.account == account))
    latest = select(func.max(tries.c.id)).where(tries.c.address == address).scalar_subquery()
    work.connection.execute(update(tries).where(tries.c.id == latest).values(address=NO_ADDRESS))


def _full(work: Transaction, limit: int, window: int, now: int, which: ColumnElement[bool]) -> int:
    """When there is room for one more try in a window; 0 when there is room now."""
    oldest_that_counts = (
        select(tries.c.at)
        .where(which, tries.c.at > now - window)
        .order_by(tries.c.at.desc())
        .offset(limit - 1)
        .limit(1)
    )
    at = work.connection.execute(oldest_that_counts).scalar()
    return 0 if at is None else at + window


def _forget_old(work: Transaction, now: int) -> None:
    # Strangers choose the names that are counted here, so the tables must not keep them for ever.
    work.connection.execute(
        delete(failures).where(failures.c.blocked_until <= now - FORGOTTEN_AFTER)
    )
    work.connection.execute(delete(tries).where(tries.c.at <= now - ADDRESS_WINDOW))


def _count(
    work: Transaction, account: str, number: int, now: int, block_for: Callable[[int], int]
) -> None:
    values: dict[str, Any] = {"failures": number, "blocked_until": now + block_for(number)}
    if number == 1:
        work.connection.execute(insert(failures).values(account=account, **values))
    else:
        work.connection.execute(
            update(failures).where(failures.c.account == account).values(**values)
        )

"""Whose turn it is at a provider.

For each free place: whoever has the fewest requests out there, of these whoever was served longest
ago, of these whoever stands first in the queue. With one person that is the order of the queue.
People who are kept out, or whose limit of the day would be passed, are left out; their work waits.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    String,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from app.clock import local_day
from app.store import schema, spending
from app.store.database import Transaction
from app.store.states import SlotState

_slots = schema.slots
_tasks = schema.tasks
_turns = schema.turns
_users = schema.users
_links = schema.task_references
_gates = schema.provider_gates

Price = Callable[[str, str, int], int]
"""Micro-dollars that one image will probably cost: by model id, quality, number of references."""

_BEFORE_ALL = -1

# Spelled out, so that the database sees that the index of waiting slots will do.
PENDING = _slots.c.state == literal_column(f"'{SlotState.PENDING}'")


@dataclass(frozen=True)
class Chosen:
    """A slot whose turn it is, and what its image will probably cost."""

    slot: Row[Any]
    price: int


@dataclass
class _Person:
    """Somebody who waits at the provider.

    Attributes:
        out: Requests of this person that are out here.
        turn: When this person was last served here.
        position: Where their next slot stands.
        rows: Their next slots; None until it is their turn for the first time.
        limit: What they may spend in a day, micro-dollars, or None.
        left: What of it is left; None without a limit.
        claims: Places given to them here and now.
    """

    id: str
    out: int
    turn: int
    position: int
    held_until: int
    limit: int | None
    rows: deque[Row[Any]] | None = None
    left: int | None = None
    reserved: int = 0
    claims: int = 0


class Turns:
    """The people who wait at one provider, for one claim."""

    def __init__(self, tx: Transaction, provider: str, out: Mapping[str, int], places: int) -> None:
        """Look who waits.

        Args:
            tx: The write transaction of the claim; the provider's gate is held.
            provider: Whose slots.
            out: Requests of the provider that are out, by owner.
            places: How many may be given away at most.
        """
        self._tx = tx
        self._provider = provider
        self._places = places
        found = tx.connection.execute(_WAITING, {"provider": provider, "now": tx.now}).all()
        self._last = max((row.turn for row in found if row.turn is not None), default=0)
        self._people = [
            _Person(
                id=row.id,
                out=out.get(row.id, 0),
                turn=_BEFORE_ALL if row.turn is None else row.turn,
                position=row.head,
                held_until=row.held_until or 0,
                limit=row.daily_limit,
            )
            for row in found
            if row.head is not None
        ]
        self.due_at: int | None = None
        """When somebody who is held back may go on by themselves."""

    def take(self, places: int, price: Price) -> list[Chosen]:
        """The slots for so many free places, in the order in which they start."""
        chosen: list[Chosen] = []
        people = list(self._people)
        while len(chosen) < places and people:
            person = min(people, key=_rank)
            rows = self._rows(person)
            cost = price(rows[0].model, rows[0].quality, rows[0].references_count)
            if person.left is not None and 0 < cost > person.left:
                people.remove(person)
                self._hold(person)
                continue
            chosen.append(Chosen(rows.popleft(), cost))
            self._serve(person, cost)
            if rows:
                person.position = rows[0].position
            else:
                people.remove(person)
        for person in self._people:
            if person.claims:
                self._write(person, held_until=0)
        return chosen

    def _rows(self, person: _Person) -> deque[Row[Any]]:
        """A person's next slots; read, with what they have spent, when their turn comes."""
        if person.rows is None:
            wanted = {"provider": self._provider, "owner_id": person.id, "now": self._tx.now,
                      "places": self._places}  # fmt: skip
            person.rows = deque(self._tx.connection.execute(_READY, wanted))
            if person.limit is not None:
                spending.lock(self._tx, person.id)
                person.reserved = spending.reserved(self._tx.connection, person.id)
                spent = spending.spent_today(self._tx.connection, person.id, self._tx.now)
                person.left = person.limit - spent - person.reserved
        return person.rows

    def _serve(self, person: _Person, cost: int) -> None:
        self._last += 1
        person.turn = self._last
        person.out += 1
        person.claims += 1
        person.reserved += cost
        if person.left is not None:
            person.left -= cost

    def _hold(self, person: _Person) -> None:
        """Say that a person's work waits for tomorrow, unless what is out may leave room."""
        if person.reserved:
            return
        _, self.due_at = local_day(self._tx.now)
        self._write(person, held_until=self.due_at)

    def _write(self, person: _Person, *, held_until: int) -> None:
        """Keep when a person was served last, and until when their work is held back."""
        if held_until != person.held_until:
            news = {"changed_seq": self._tx.seq()}
            self._tx.connection.execute(update(schema.queue_state).values(news))
            person.held_until = held_until
        elif not person.claims:
            return
        here = {"at": self._provider, "owner": person.id}
        now = {"new_turn": person.turn, "until": held_until}
        if self._tx.connection.execute(_KEEP, {**here, **now}).rowcount == 0:
            self._tx.connection.execute(
                insert(_turns).values(
                    provider=self._provider,
                    owner_id=person.id,
                    turn=person.turn,
                    held_until=held_until,
                )
            )


def _rank(person: _Person) -> tuple[int, int, int, str]:
    return person.out, person.turn, person.position, person.id


_provider = bindparam("provider", type_=String)
_now = bindparam("now", type_=BigInteger)
_may_start = and_(_slots.c.provider == _provider, PENDING, _slots.c.not_before <= _now)

# Everybody who may come in, with the place of their first slot that may start, if any: a look into
# the index for each person, however many slots wait. Put together once: that costs more than
# running it.
_head = (
    select(_slots.c.position)
    .where(_may_start, _slots.c.owner_id == _users.c.id)
    .order_by(_slots.c.position, _slots.c.slot)
    .limit(1)
    .correlate(_users)
    .scalar_subquery()
)
_WAITING = (
    select(
        _users.c.id, _users.c.daily_limit, _turns.c.turn, _turns.c.held_until, _head.label("head")
    )
    .outerjoin(_turns, and_(_turns.c.provider == _provider, _turns.c.owner_id == _users.c.id))
    .where(_users.c.disabled_at.is_(None))
)

# A person's first slots that may start, with what their price hangs on.
_references = (
    select(func.count())
    .where(_links.c.task_id == _slots.c.task_id)
    .correlate(_slots)
    .scalar_subquery()
)
_READY = (
    select(_slots, _tasks.c.model, _tasks.c.quality, _references.label("references_count"))
    .join(_tasks, _tasks.c.id == _slots.c.task_id)
    .where(_may_start, _slots.c.owner_id == bindparam("owner_id", type_=String))
    .order_by(_slots.c.position, _slots.c.slot)
    .limit(bindparam("places", type_=BigInteger))
)


_KEEP = (
    update(_turns)
    .where(
        _turns.c.provider == bindparam("at", type_=String),
        _turns.c.owner_id == bindparam("owner", type_=String),
    )
    .values(
        turn=bindparam("new_turn", type_=BigInteger),
        held_until=bindparam("until", type_=BigInteger),
    )
)


def held_back(
    connection: Connection, now: int, owner_id: str | None
) -> Sequence[Row[Any, Any, Any, Any, Any, int]]:
    """People whose work waits though their providers take work: kept out, or at their limit.

    With how many of their tasks wait at which provider; only this person's where one is named.
    """
    tasks = func.count(_slots.c.task_id.distinct()).label("tasks")
    query = (
        select(
            _users.c.id,
            _users.c.display_name,
            _users.c.disabled_at,
            _gates.c.provider,
            _turns.c.held_until,
            tasks,
        )
        .select_from(_users)
        .join(_gates, literal_column("1 = 1"))
        .outerjoin(
            _turns,
            and_(_turns.c.provider == _gates.c.provider, _turns.c.owner_id == _users.c.id),
        )
        .join(
            _slots,
            and_(_slots.c.provider == _gates.c.provider, _slots.c.owner_id == _users.c.id, PENDING),
        )
        .where(or_(_users.c.disabled_at.is_not(None), _turns.c.held_until > now))
        .group_by(
            _users.c.id, _users.c.display_name, _users.c.disabled_at, _gates.c.provider,
            _turns.c.held_until,
        )
        .order_by(_gates.c.provider, _users.c.id)
    )  # fmt: skip
    if owner_id is not None:
        query = query.where(_users.c.id == owner_id)
    return connection.execute(query).all()


def release(tx: Transaction, owner_id: str) -> None:
    """Forget that a person's limit holds work back: the next claim looks anew."""
    held = and_(_turns.c.owner_id == owner_id, _turns.c.held_until > 0)
    freed = tx.connection.execute(update(_turns).where(held).values(held_until=0))
    if freed.rowcount:
        tx.connection.execute(update(schema.queue_state).values(changed_seq=tx.seq()))

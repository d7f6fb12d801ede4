import pytest

from app.auth.sessions import Sessions
from app.clock import SECOND, Clock
from app.store.database import Database
from app.store.people import People


class MovableClock(Clock):
    def __init__(self) -> None:
        self.microseconds = 1_800_000_000 * SECOND

    def now(self) -> int:
        return self.microseconds

    def pass_seconds(self, seconds: float) -> None:
        self.microseconds += int(seconds * SECOND)


@pytest.fixture
def clock():
    return MovableClock()


@pytest.fixture
def database(clock):
    database = Database(None, clock)
    database.open()
    yield database
    database.close()


@pytest.fixture
def people(database):
    return People(database)


@pytest.fixture
def sessions(people, clock):
    return Sessions(people, clock)

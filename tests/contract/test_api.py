"""What every `BaseApi` promises: one suite, run on every implementation.

Add an implementation: a kind in `tests/contract/stages.py` and a class here. The promises
themselves stand in the neighbouring files, a class for each part of the contract.
"""

from app.api.base_api import BaseApi
from tests.contract import stages
from tests.contract.cancelling import Cancelling
from tests.contract.intake import Export, Intake
from tests.contract.people import People, ProgramTokens, Roles
from tests.contract.pictures import Images, References
from tests.contract.promises import Promises
from tests.contract.reading import Changes, Paging, Reading
from tests.contract.running import Retrying, Running
from tests.contract.sharing import Sharing, WhoIsThere
from tests.contract.studio import Figures, Settings, Upkeep
from tests.contract.team import Limits, Owners, Projects, Watching
from tests.contract.waiting import Living, Waiting
from tests.contract.writing import Adding, Changing, Deleting, Moving


class ApiContract(
    Reading, Paging, Changes, Adding, Changing, Moving, Deleting, Running, Retrying, Cancelling,
    Waiting, Living, References, Images, Intake, Export, Settings, Figures, Upkeep, People,
    ProgramTokens, Roles, Owners, Projects, Limits, Watching, Sharing, WhoIsThere,
):  # fmt: skip
    """The promises, all parts of them."""


class TestMockApi(ApiContract):
    kind = stages.MOCK


class TestLocalApi(ApiContract):
    kind = stages.LOCAL


class TestRealApi(ApiContract):
    """The client, the gate and the routes together, without a network."""

    kind = stages.REAL_IN_PROCESS


class TestRealApiOverASocket(ApiContract):
    """The same over a real socket of this machine."""

    kind = stages.REAL_OVER_A_SOCKET


def _implementations(base: type[BaseApi]) -> set[str]:
    found = {base.__name__} - {"BaseApi"}
    return found.union(*(_implementations(child) for child in base.__subclasses__()))


def _promised(part: type[Promises]) -> set[str]:
    return {name for name in vars(part) if name.startswith("test_")}


def test_every_implementation_has_its_suite() -> None:
    suites = {suite.__name__.removeprefix("Test") for suite in ApiContract.__subclasses__()}

    assert suites - {"RealApiOverASocket"} == _implementations(BaseApi)


def test_no_suite_quietly_replaces_a_promise() -> None:
    for suite in ApiContract.__subclasses__():
        assert not _promised(suite)


def test_no_part_of_the_contract_is_left_out_or_hides_another() -> None:
    parts = Promises.__subclasses__()
    names = [name for part in parts for name in _promised(part)]

    assert set(parts) == set(ApiContract.__bases__)
    assert len(names) == len(set(names))

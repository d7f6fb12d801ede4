"""Every attack is first seen to work on a bare NiceGUI app, then refused by ours."""

import pytest

from tests.attacks import by_request, by_session, by_socket, by_weight
from tests.attacks.attack import Attack
from tests.attacks.targets import Bare, Ours

ATTACKS = [*by_request.ATTACKS, *by_socket.ATTACKS, *by_session.ATTACKS, *by_weight.ATTACKS]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.run.__name__)
def test_an_attack_that_works_on_a_bare_app_is_refused(
    attack: Attack, bare: Bare, ours: Ours
) -> None:
    on_bare = attack.run(bare)
    assert on_bare.worked is not attack.bare_withstands, on_bare

    on_ours = attack.run(ours)
    assert not on_ours.worked, on_ours


def test_the_owner_may_do_what_the_attackers_tried(ours: Ours) -> None:
    tab = ours.tab()
    with tab.connect() as wire:
        wire.emit("event", tab.event("Start"))
        wire.hear("update")
    assert ours.spent == 1

    ours.save_up()
    mine = {"origin": ours.url, "sec-fetch-site": "same-origin"}
    assert ours.ask(ours.spend_path, "POST", cookie=ours.victim, headers=mine).status_code == 200
    assert ours.spent == 1

    answer = ours.ask(
        tab.upload_path(), "POST", cookie=ours.victim, headers=mine,
        files={"file": ("prompts.txt", b"a fox", "text/plain")},
    )  # fmt: skip
    assert answer.status_code == 200


def test_a_page_that_is_fetched_again_by_its_session_is_a_new_page(ours: Ours) -> None:
    first, second = ours.tab(), ours.tab()

    assert first.client_id != second.client_id
    with first.connect(), second.connect():
        pass

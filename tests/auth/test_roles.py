import pytest

from app.auth.roles import Action, lesser, may
from app.models import Role

TABLE = {
    Role.ADMIN: {"look", "queue", "settings", "keys", "people", "tokens", "upkeep"},
    Role.MEMBER: {"look", "queue", "tokens"},
    Role.VIEWER: {"look"},
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", list(Action))
def test_a_role_may_what_its_line_says_and_nothing_else(role, action):
    assert may(role, action) is (action.value in TABLE[role])


@pytest.mark.parametrize("one", list(Role))
@pytest.mark.parametrize("other", list(Role))
def test_the_lesser_of_two_roles_may_only_what_both_may(one, other):
    allowed = {action for action in Action if may(one, action) and may(other, action)}

    assert {action for action in Action if may(lesser(one, other), action)} == allowed


def test_plain_words_serve_as_well():
    assert may("viewer", "look")
    assert not may("viewer", "queue")


@pytest.mark.parametrize(("role", "action"), [("admin", "fly"), ("ghost", "look"), ("", "")])
def test_an_unknown_role_or_action_may_nothing(role, action):
    assert not may(role, action)

import pytest

from app.auth.roles import Action, may
from app.models import Role

TABLE = {
    Role.ADMIN: {"look", "queue", "settings", "keys"},
    Role.MEMBER: {"look", "queue"},
    Role.VIEWER: {"look"},
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", list(Action))
def test_a_role_may_what_its_line_says_and_nothing_else(role, action):
    assert may(role, action) is (action.value in TABLE[role])


def test_plain_words_serve_as_well():
    assert may("viewer", "look")
    assert not may("viewer", "queue")


@pytest.mark.parametrize(("role", "action"), [("admin", "fly"), ("ghost", "look"), ("", "")])
def test_an_unknown_role_or_action_may_nothing(role, action):
    assert not may(role, action)

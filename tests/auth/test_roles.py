import pytest

from app.auth.roles import MATRIX, Reach, lesser, reach
from app.models import Role


def test_an_admin_reaches_at_least_as_far_as_a_member_and_a_member_as_a_viewer():
    for name, line in MATRIX.items():
        assert line[Role.ADMIN] >= line[Role.MEMBER] >= line[Role.VIEWER], name


def test_every_line_says_something_of_every_role():
    assert all(set(line) == set(Role) for line in MATRIX.values())


def test_a_viewer_changes_nothing_that_others_see():
    own = {name for name, line in MATRIX.items() if line[Role.VIEWER] == Reach.OWN}

    assert own == {
        "whoami", "set_password", "list_sessions", "end_session", "end_other_sessions",
        "list_tokens", "split_prompts", "get_settings", "update_settings",
    }  # fmt: skip


@pytest.mark.parametrize("one", list(Role))
@pytest.mark.parametrize("other", list(Role))
def test_the_lesser_of_two_roles_reaches_only_as_far_as_both_do(one, other):
    role = lesser(one, other)

    assert all(line[role] == min(line[one], line[other]) for line in MATRIX.values())


def test_plain_words_serve_as_well():
    assert reach("viewer", "get_queue") == Reach.SEEN
    assert reach("viewer", "start_queue") == Reach.NONE


@pytest.mark.parametrize(
    ("role", "name"), [("admin", "fly"), ("ghost", "get_queue"), ("", ""), ("admin", "open")]
)
def test_an_unknown_role_or_name_reaches_nowhere(role, name):
    assert reach(role, name) == Reach.NONE

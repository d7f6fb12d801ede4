import hashlib

import pytest
from sqlalchemy import insert, select, update

from app.auth.passwords import hash_password
from app.auth.sessions import Sessions
from app.clock import SECOND
from app.errors import NotAllowed, TryLater
from app.models import LOCAL_ADMIN, Role, UserInfo
from app.store.audit import Deed
from app.store.schema import login_failures, users
from app.store.schema import sessions as sessions_table

HOUR = 3600
DAY = 24 * HOUR
PASSWORD = "seven grey herons"


@pytest.fixture
def with_password(people):
    people.set_password_hash(LOCAL_ADMIN.id, hash_password(PASSWORD))


def rows(database, table):
    with database.read() as connection:
        return connection.execute(select(table)).all()


def change_user(database, **values):
    with database.write() as work:
        work.connection.execute(update(users).values(**values))


def failure(sessions, username="local", password="wrong wrong wrong"):
    with pytest.raises((NotAllowed, TryLater)) as refusal:
        sessions.sign_in(username, password)
    return refusal.value


# --- tokens -----------------------------------------------------------------------------------


def test_a_token_leads_to_its_person(sessions):
    token = sessions.open(LOCAL_ADMIN, "launch")

    principal = sessions.resolve(token)

    assert principal.user == LOCAL_ADMIN
    assert principal.kind == "launch"


def test_each_session_has_its_own_token_of_32_random_bytes(sessions):
    first, second = sessions.open(LOCAL_ADMIN), sessions.open(LOCAL_ADMIN)

    assert first != second
    assert len(first) >= 43


def test_the_database_holds_the_tokens_hash_and_never_the_token(sessions, database):
    token = sessions.open(LOCAL_ADMIN, "launch", "127.0.0.1", "Browser/1")

    [row] = rows(database, sessions_table)

    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(row)
    assert (row.address, row.user_agent) == ("127.0.0.1", "Browser/1")


@pytest.mark.parametrize("token", ["", "x" * 43, "\ud800"])
def test_a_token_that_was_never_given_leads_to_nobody(sessions, token):
    sessions.open(LOCAL_ADMIN)

    assert sessions.resolve(token) is None


def test_the_hash_out_of_a_stolen_database_signs_nobody_in(sessions, database):
    sessions.open(LOCAL_ADMIN)
    [row] = rows(database, sessions_table)

    assert sessions.resolve(row.token_hash) is None


def test_a_session_outlives_a_restart(sessions, people, clock):
    token = sessions.open(LOCAL_ADMIN)

    assert Sessions(people, clock).resolve(token).user == LOCAL_ADMIN


# --- ends -------------------------------------------------------------------------------------


def test_a_session_ends_twelve_hours_after_it_was_last_seen(sessions, clock):
    token = sessions.open(LOCAL_ADMIN)

    clock.pass_seconds(12 * HOUR - 1)
    assert sessions.resolve(token)
    clock.pass_seconds(12 * HOUR - 1)
    assert sessions.resolve(token)
    clock.pass_seconds(12 * HOUR)
    assert sessions.resolve(token) is None


def test_a_session_ends_thirty_days_after_it_was_opened_however_busy(sessions, clock):
    token = sessions.open(LOCAL_ADMIN)

    for _ in range(60):
        assert sessions.resolve(token)
        clock.pass_seconds(12 * HOUR - 10)
    assert sessions.resolve(token)
    clock.pass_seconds(600)

    assert sessions.resolve(token) is None


def test_an_ended_session_is_over_at_once(sessions):
    token = sessions.open(LOCAL_ADMIN)
    assert sessions.resolve(token)

    sessions.end(token)
    sessions.end(token)

    assert sessions.remembered(token) is None
    assert sessions.resolve(token) is None


def test_ending_all_but_one_leaves_that_one(sessions):
    mine, phone, tablet = (sessions.open(LOCAL_ADMIN) for _ in range(3))

    sessions.end_all(LOCAL_ADMIN.id, but=mine)

    assert [bool(sessions.resolve(token)) for token in (mine, phone, tablet)] == [
        True,
        False,
        False,
    ]
    sessions.end_all(LOCAL_ADMIN.id)
    assert sessions.resolve(mine) is None


def test_opening_a_session_sweeps_out_the_expired_ones(sessions, database, clock):
    sessions.open(LOCAL_ADMIN)
    clock.pass_seconds(13 * HOUR)

    sessions.open(LOCAL_ADMIN)

    assert len(rows(database, sessions_table)) == 1


def test_a_session_that_ends_while_it_is_being_read_is_not_remembered(sessions, people):
    token = sessions.open(LOCAL_ADMIN)
    found = people.find_session

    def found_then_ended(session_id):
        answer = found(session_id)
        sessions.end(token)
        return answer

    people.find_session = found_then_ended

    sessions.resolve(token)

    assert sessions.remembered(token) is None


# --- freshness and thrift ---------------------------------------------------------------------


def test_a_new_role_counts_within_five_seconds(sessions, database, clock):
    token = sessions.open(LOCAL_ADMIN)
    assert sessions.resolve(token).user.role is Role.ADMIN

    change_user(database, role="viewer")
    clock.pass_seconds(5)

    assert sessions.resolve(token).user.role is Role.VIEWER


def test_a_disabled_person_is_out_within_five_seconds(sessions, database, clock):
    token = sessions.open(LOCAL_ADMIN)
    assert sessions.resolve(token)

    change_user(database, disabled_at=clock.now())
    clock.pass_seconds(5)

    assert sessions.resolve(token) is None


def test_within_five_seconds_the_store_is_not_asked_again(sessions, people, clock):
    token = sessions.open(LOCAL_ADMIN)
    first = sessions.resolve(token)
    people.find_session = None

    clock.pass_seconds(4.9)

    assert sessions.resolve(token) == sessions.remembered(token) == first


def test_a_clock_that_jumps_back_does_not_keep_an_old_answer(sessions, clock):
    token = sessions.open(LOCAL_ADMIN)
    sessions.resolve(token)

    clock.pass_seconds(-DAY)

    assert sessions.remembered(token) is None


def test_last_seen_is_written_once_a_minute_at_most(sessions, people, clock):
    token, opened = sessions.open(LOCAL_ADMIN), clock.now()
    written, see_session = [], people.see_session

    def noted(session_id, now):
        written.append((now - opened) / SECOND)
        see_session(session_id, now)

    people.see_session = noted
    for _ in range(15):
        clock.pass_seconds(10)
        sessions.resolve(token)

    assert written == [60, 120]


# --- passwords --------------------------------------------------------------------------------


@pytest.mark.usefixtures("with_password")
def test_the_right_password_opens_a_session(sessions):
    token = sessions.sign_in("local", PASSWORD)

    assert sessions.resolve(token).user == LOCAL_ADMIN


@pytest.mark.usefixtures("with_password")
@pytest.mark.parametrize("typed", ["LOCAL", "  local ", "ｌｏｃａｌ"])
def test_a_user_name_is_known_in_any_case_and_width(sessions, typed):
    assert sessions.sign_in(typed, PASSWORD)


@pytest.mark.usefixtures("with_password")
def test_a_wrong_password_and_an_unknown_name_sound_the_same(sessions):
    wrong, unknown = failure(sessions), failure(sessions, "nobody", PASSWORD)

    assert (wrong.code, wrong.message, wrong.params) == (
        unknown.code,
        unknown.message,
        unknown.params,
    )
    assert wrong.code == "login_failed"


def test_where_no_password_is_set_none_is_right(sessions):
    assert not sessions.any_password()
    assert failure(sessions, "local", "").code == "login_failed"


@pytest.mark.usefixtures("with_password")
def test_a_disabled_person_cannot_sign_in(sessions, database):
    assert sessions.any_password()

    change_user(database, disabled_at=1)

    assert failure(sessions, "local", PASSWORD).code == "login_failed"
    assert not sessions.any_password()


# --- throttling -------------------------------------------------------------------------------


@pytest.mark.usefixtures("with_password")
def test_after_five_failures_even_the_right_password_waits_thirty_seconds(sessions, clock):
    for _ in range(5):
        assert failure(sessions).code == "login_failed"

    refusal = failure(sessions, password=PASSWORD)

    assert refusal.code == "login_throttled"
    assert refusal.retry_after == 30
    assert refusal.params == {"seconds": "30"}
    clock.pass_seconds(30)
    assert sessions.sign_in("local", PASSWORD)


def test_each_further_failure_doubles_the_wait_up_to_fifteen_minutes(sessions, clock):
    for _ in range(4):
        failure(sessions)
    waits = []

    for _ in range(7):
        assert failure(sessions).code == "login_failed"
        waits.append(failure(sessions).retry_after)
        clock.pass_seconds(waits[-1])

    assert waits == [30, 60, 120, 240, 480, 900, 900]


@pytest.mark.usefixtures("with_password")
def test_success_forgets_the_failures_before_it(sessions):
    for _ in range(4):
        failure(sessions)
    sessions.sign_in("local", PASSWORD)

    assert [failure(sessions).code for _ in range(5)] == ["login_failed"] * 5


def test_one_account_does_not_throttle_another(sessions):
    for _ in range(6):
        failure(sessions, "mallory")

    assert failure(sessions, "local").code == "login_failed"


def test_an_unknown_name_is_throttled_like_a_known_one(sessions):
    codes = [failure(sessions, "nobody").code for _ in range(6)]

    assert codes == ["login_failed"] * 5 + ["login_throttled"]


def test_a_try_counts_before_its_password_is_checked(sessions, database, monkeypatch):
    """A hundred guesses sent at once would otherwise all find a clean account."""
    counted = []

    def verify(stored, password):
        counted.extend(row.failures for row in rows(database, login_failures))
        return False

    monkeypatch.setattr("app.auth.sessions.verify_password", verify)

    failure(sessions)

    assert counted == [1]


def test_failures_outlive_a_restart(sessions, people, clock):
    for _ in range(5):
        failure(sessions)

    assert failure(Sessions(people, clock)).code == "login_throttled"


def test_failures_are_forgotten_after_a_day(sessions, database, clock):
    for name in ("local", *(f"stranger {number}" for number in range(5))):
        failure(sessions, name)
    clock.pass_seconds(DAY)

    failure(sessions)

    assert [row.account for row in rows(database, login_failures)] == ["local"]


# --- people -----------------------------------------------------------------------------------


def test_preferences_belong_to_one_person_and_are_replaced_whole(people, database):
    with database.write() as work:
        work.connection.execute(
            insert(users).values(
                id="u2", username="mai", display_name="Mai", role="member", preferences={},
                created_at=0,
            )
        )  # fmt: skip

    people.set_preferences("u2", {"theme": "dark", "language": "vi"})
    people.set_preferences("u2", {"theme": "light"})

    assert people.preferences("u2") == {"theme": "light"}
    assert people.preferences(LOCAL_ADMIN.id) == {}
    assert people.preferences("nobody") == {}


def test_a_person_is_found_by_id(people):
    assert people.user(LOCAL_ADMIN.id) == LOCAL_ADMIN
    assert people.user("nobody") is None


@pytest.mark.usefixtures("with_password")
def test_a_password_can_be_taken_away(people):
    people.set_password_hash(LOCAL_ADMIN.id, None)

    assert not people.any_password()


# --- who listens ------------------------------------------------------------------------------


def test_whoever_listens_hears_at_once_which_sessions_ended(sessions):
    heard = []
    sessions.on_end(lambda ids: heard.append(set(ids)))
    mine, phone, tablet = (sessions.open(LOCAL_ADMIN) for _ in range(3))
    ids = {token: sessions.resolve(token).session_id for token in (mine, phone, tablet)}

    sessions.end(phone)
    sessions.end_all(LOCAL_ADMIN.id, but=mine)

    assert heard == [{ids[phone]}, {ids[tablet]}]


def test_a_listener_finds_the_session_ended_already(sessions):
    token = sessions.open(LOCAL_ADMIN)
    found = []
    sessions.on_end(lambda ids: found.append(sessions.resolve(token)))

    sessions.end(token)

    assert found == [None]


# --- ended by others ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"role": Role.VIEWER}, {"disabled": True}, {"password_hash": "x"}]
)
def test_a_change_of_rights_ends_sessions_at_once_and_says_so(sessions, people, change):
    boss = UserInfo(id="boss", username="boss", role=Role.ADMIN)
    people.add_account(boss, None)
    heard = []
    sessions.on_end(heard.extend)
    token = sessions.open(LOCAL_ADMIN)
    session_id = sessions.resolve(token).session_id

    people.change_account(LOCAL_ADMIN.id, change)

    assert heard == [session_id]
    assert sessions.remembered(token) is None
    assert sessions.resolve(token) is None


@pytest.mark.parametrize("change", [{"display_name": "New"}, {"daily_limit": 1}, {}])
def test_a_change_of_other_things_leaves_sessions_alone(sessions, people, change):
    token = sessions.open(LOCAL_ADMIN)
    sessions.on_end(pytest.fail)

    people.change_account(LOCAL_ADMIN.id, change)

    assert sessions.resolve(token)


def test_whoever_ends_a_session_by_its_name_ends_it_at_once(sessions, people):
    token = sessions.open(LOCAL_ADMIN)
    session_id = sessions.resolve(token).session_id
    heard = []
    sessions.on_end(heard.extend)
    deed = Deed(LOCAL_ADMIN.id, "session.end", "session", "x")

    assert not people.remove_named_session(session_id[:32], "somebody else", deed)
    assert sessions.remembered(token)
    assert people.remove_named_session(session_id[:32], LOCAL_ADMIN.id, deed)

    assert heard == [session_id]
    assert sessions.resolve(token) is None

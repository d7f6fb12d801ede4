"""Several people in one studio: whose rows are whose, what is private, what one may spend."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest

from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.api.models import UserInfo
from app.api.real_api import RealApi
from app.auth import tokens
from app.auth.sessions import Session
from app.clock import SECOND
from app.errors import Rejected
from app.models import Role, Scope
from app.store.people import SHOWN_OF_AN_ID
from tests.contract.promises import PASSWORD, Promises, picture, task
from tests.contract.stages import Stage
from tests.puppet import MODEL, Puppet

LENDS = {Role.ADMIN: Scope.ADMIN, Role.MEMBER: Scope.WRITE, Role.VIEWER: Scope.READ}


class Team:
    """What the parts below share."""

    def person(self, stage: Stage, name: str, role: str = "member", **more: Any) -> BaseApi:
        """Somebody new, and the studio as they reach it."""
        user = UserInfo(id=name, username=name, display_name=name.title(), role=Role(role))
        assert stage.studio.people.add_account(user, None)
        if more:
            assert stage.studio.update_user(name, more).success
        if not isinstance(stage.api, RealApi):
            return stage.api.acting_as(user)
        secret = tokens.mint()
        stage.studio.tokens.add(
            tokens.Token(
                id=uuid4().hex, token_hash=tokens.digest(secret), user_id=name, name="x",
                scope=LENDS[user.role], prefix=secret[:14], created_at=1, expires_at=None,
            )
        )  # fmt: skip
        wire = stage.api.wire
        return self.doors.enter_context(RealApi(wire.server, secret, transport=wire._transport))

    @pytest.fixture(autouse=True)
    def _leave(self) -> Iterator[None]:
        with ExitStack() as self.doors:
            yield

    @pytest.fixture
    def mai(self, stage: Stage) -> BaseApi:
        return self.person(stage, "mai")

    @pytest.fixture
    def bao(self, stage: Stage) -> BaseApi:
        return self.person(stage, "bao")

    def prompts(self, api: BaseApi) -> list[str]:
        return [row["prompt"] for row in api.get_queue().data]


class Owners(Team, Promises):
    """A member changes their own rows, an admin all."""

    def test_rows_say_whose_they_are(self, mai: BaseApi, api: BaseApi) -> None:
        row = self.add(mai)

        assert (row["owner"], row["owner_name"]) == ("mai", "Mai")
        assert self.row(api, row["id"])["owner_name"] == "Mai"

    def test_everybody_sees_the_shared_queue(
        self, api: BaseApi, mai: BaseApi, bao: BaseApi
    ) -> None:
        for someone, prompt in ((api, "local"), (mai, "mai"), (bao, "bao")):
            self.add(someone, prompt)

        for someone in (api, mai, bao):
            assert self.prompts(someone) == ["local", "mai", "bao"]

    def changes(self, api: BaseApi, ids: Sequence[str]) -> dict[str, Any]:
        """Every way to change rows that belong to somebody."""
        return {
            "delete": lambda: api.delete_tasks(ids),
            "move": lambda: api.move_tasks(ids),
            "cancel": lambda: api.cancel_tasks(ids),
            "retry": lambda: api.retry_tasks(ids),
            "run": lambda: api.run_tasks(ids),
            "update": lambda: api.update_task(ids[-1], {"prompt": "changed"}),
        }

    @pytest.mark.parametrize("change", ["delete", "move", "cancel", "retry", "run", "update"])
    def test_one_row_of_somebody_else_among_them_and_nothing_changes(
        self, api: BaseApi, mai: BaseApi, bao: BaseApi, change: str
    ) -> None:
        mine, other, last = self.add(mai, "mine"), self.add(bao, "other"), self.add(api, "last")
        before = api.get_queue().data

        answer = self.changes(mai, [mine["id"], other["id"]])[change]()

        assert (answer.success, answer.code, answer.params) == (False, "not_yours", {"count": "1"})
        assert api.get_queue().data == before
        assert [row["id"] for row in before] == [mine["id"], other["id"], last["id"]]

    @pytest.mark.parametrize("change", ["delete", "move", "cancel", "retry", "run", "update"])
    def test_their_own_rows_people_may_change_and_an_admin_all(
        self, api: BaseApi, mai: BaseApi, change: str
    ) -> None:
        ids = [self.add(mai, str(number))["id"] for number in range(2)]

        assert self.changes(mai, ids[:1])[change]().success
        assert self.changes(api, ids[1:])[change]().success

    def test_a_row_may_be_put_in_front_of_somebody_else_s(self, mai: BaseApi, bao: BaseApi) -> None:
        other, mine = self.add(bao, "b"), self.add(mai, "m")

        assert mai.move_tasks([mine["id"]], before=other["id"]).success
        assert self.prompts(mai) == ["m", "b"]

    def test_retrying_everything_is_retrying_all_of_one_s_own(
        self, api: BaseApi, mai: BaseApi, bao: BaseApi, puppet: Puppet
    ) -> None:
        puppet.script.extend(Rejected("refused", provider="Puppet", reason="x") for _ in range(2))
        ids = [self.add(mai)["id"], self.add(bao)["id"]]
        self.finished(api)
        api.stop_queue()

        answer = mai.retry_tasks()

        assert answer.data["tasks"] == 1
        assert [self.row(api, task_id)["status"] for task_id in ids] == ["pending", "error"]
        assert api.retry_tasks().data["tasks"] == 1

    def test_a_name_for_repeating_belongs_to_the_person(self, mai: BaseApi, bao: BaseApi) -> None:
        ids = {self.add(someone, client_request_id="same")["id"] for someone in (mai, mai, bao)}

        assert len(ids) == 2

    def test_a_picture_is_seen_by_who_uploaded_it_and_who_sees_its_task(
        self, api: BaseApi, mai: BaseApi, bao: BaseApi
    ) -> None:
        one = mai.add_reference("mai.png", picture()).data["id"]

        assert mai.read_reference(one).success
        assert bao.get_references([one]).data == []
        assert bao.read_reference(one).code == "reference_not_found"
        assert bao.add_to_queue(task(reference_images=[one])).code == "reference_not_found"
        self.add(mai, reference_images=[one])
        assert bao.read_reference(one, thumbnail=True).success
        assert bao.add_to_queue(task(reference_images=[one])).success

    def test_the_same_bytes_are_one_picture_with_a_name_for_each(
        self, mai: BaseApi, bao: BaseApi
    ) -> None:
        one = mai.add_reference("secret plans.png", picture("gold")).data
        other = bao.add_reference("gold.png", picture("gold")).data

        assert other["id"] == one["id"]
        assert (one["file_name"], other["file_name"]) == ("secret plans.png", "gold.png")
        assert bao.read_reference(one["id"]).data.file_name == "gold.png"


class Projects(Team, Promises):
    """`list_projects`, `add_project`, `update_project`, and what is hidden."""

    def project(self, api: BaseApi, name: str = "Film", **more: Any) -> str:
        answer = api.add_project({"name": name, **more})
        assert answer.success, answer.message
        return answer.data["id"]

    def names(self, api: BaseApi) -> list[str]:
        return [project["name"] for project in api.list_projects().data]

    def test_at_first_there_is_the_default_project_of_everybody(
        self, api: BaseApi, mai: BaseApi
    ) -> None:
        (project,) = mai.list_projects().data

        assert (project["name"], project["owner"], project["private"]) == ("Default", "", False)
        refused = api.update_project(project["id"], {"private": True})
        assert (refused.code, refused.field) == ("invalid_value", "private")

    def test_an_open_project_is_everybody_s_to_use_and_its_owner_s_to_change(
        self, api: BaseApi, mai: BaseApi, bao: BaseApi
    ) -> None:
        film = self.project(mai)

        row = self.add(bao, project_id=film)

        assert bao.query_tasks(project_id=film).data["tasks"][0]["id"] == row["id"]
        assert bao.update_project(film, {"name": "Mine"}).code == "not_yours"
        assert mai.update_project(film, {"name": "Film 2"}).data["name"] == "Film 2"
        assert api.update_project(film, {"name": "Film 3"}).success
        assert self.names(bao) == ["Default", "Film 3"]

    @pytest.mark.parametrize(
        ("data", "code", "field"),
        [
            ({}, "name_empty", "name"),
            ({"name": "  "}, "name_empty", "name"),
            ({"name": "x" * 201}, "name_too_long", "name"),
            ({"name": "a\0b"}, "nul_character", "name"),
            ({"name": 7}, "invalid_value", "name"),
            ({"name": "x", "private": "yes"}, "invalid_value", "private"),
            ({"name": "x", "owner": "mai"}, "unknown_field", "owner"),
            ({"name": "default"}, "project_exists", "name"),
        ],
    )
    def test_a_project_that_cannot_be_is_refused(
        self, api: BaseApi, data: dict[str, Any], code: str, field: str
    ) -> None:
        answer = api.add_project(data)

        assert (answer.success, answer.code, answer.field) == (False, code, field)
        assert api.list_projects().total == 1

    @pytest.mark.parametrize("name", ["nobody", "", "a/b", "..", "ả"])
    def test_an_unknown_project_is_not_found(self, api: BaseApi, name: str) -> None:
        assert api.update_project(name, {"name": "x"}).code == "project_unknown"

    def seen(self, api: BaseApi, task_id: str, image: str, reference: str) -> dict[str, bool]:
        """By which ways a person comes upon a task and what belongs to it."""
        exported = json.loads(api.export_tasks("json").data.read())
        return {
            "queue": task_id in [row["id"] for row in api.get_queue().data],
            "page": task_id in [row["id"] for row in api.query_tasks().data["tasks"]],
            "search": api.query_tasks(search="secret").total > 0,
            "one": api.get_task(task_id).success,
            "changes": task_id in json.dumps(api.get_changes(0).data),
            "export": task_id in [row["id"] for row in exported],
            "image": api.read_image(image).success,
            "thumbnail": api.read_image(image, thumbnail=True).success,
            "images": api.get_images([image]).total > 0,
            "reference": api.read_reference(reference).success,
            "references": api.get_references([reference]).total > 0,
            "counts": sum(api.queue_state().data["counts"].values()) > 1,
            "cost": api.queue_state().data["cost"] > 0,
        }

    def test_what_is_private_is_seen_by_its_owner_and_admins_and_by_nobody_else(
        self, stage: Stage, mai: BaseApi, bao: BaseApi
    ) -> None:
        viewer = self.person(stage, "lan", "viewer")
        film = self.project(mai, private=True)
        reference = mai.add_reference("plan.png", picture("plum")).data["id"]
        hidden = self.add(mai, "a secret", project_id=film, reference_images=[reference])
        (finished,) = self.finished(stage.api)
        image = finished["output_images"][0]
        stage.api.stop_queue()
        self.add(bao, "open")

        seen = {
            who: set(self.seen(api, hidden["id"], image, reference).values())
            for who, api in (("local", stage.api), ("mai", mai), ("bao", bao), ("lan", viewer))
        }

        assert seen == {"local": {True}, "mai": {True}, "bao": {False}, "lan": {False}}
        assert (self.names(bao), self.names(mai)) == (["Default"], ["Default", "Film"])

    def test_nobody_else_can_do_anything_to_it(
        self, api: BaseApi, mai: BaseApi, bao: BaseApi
    ) -> None:
        film = self.project(mai, private=True)
        hidden, mine = self.add(mai, project_id=film), self.add(bao)
        ids = [hidden["id"], mine["id"]]

        assert bao.update_task(hidden["id"], {"prompt": "x"}).code == "task_not_found"
        assert bao.move_tasks([mine["id"]], before=hidden["id"]).code == "task_not_found"
        assert bao.cancel_tasks(ids).total == 1
        assert bao.run_tasks(ids).total == 1
        assert bao.delete_tasks(ids).total == 1
        assert bao.update_project(film, {"name": "x"}).code == "project_unknown"
        assert bao.add_to_queue(task(project_id=film)).code == "project_not_found"
        assert self.row(api, hidden["id"]) == {**hidden, "stt": 1}

    def test_rows_are_numbered_by_what_a_person_sees(
        self, mai: BaseApi, bao: BaseApi, api: BaseApi
    ) -> None:
        film = self.project(mai, private=True)
        ids = [self.add(mai, str(n), project_id=film if n % 2 else "")["id"] for n in range(4)]

        assert [row["stt"] for row in bao.get_queue().data] == [1, 2]
        assert [row["stt"] for row in bao.query_tasks(search="2").data["tasks"]] == [2]
        assert bao.get_task(ids[2]).data["stt"] == 2
        assert mai.get_task(ids[2]).data["stt"] == api.get_task(ids[2]).data["stt"] == 3

    def test_a_project_that_becomes_private_goes_out_of_sight_and_may_come_back(
        self, mai: BaseApi, bao: BaseApi
    ) -> None:
        film = self.project(mai)
        row = self.add(mai, project_id=film)
        cursors = {who: self.cursor(who) for who in (mai, bao)}

        mai.update_project(film, {"private": True})

        gone = bao.get_changes(cursors[bao]).data
        assert (gone["rows"], gone["removed"]) == ([], [row["id"]])
        assert mai.get_changes(cursors[mai]).data["removed"] == []
        assert self.prompts(bao) == []
        mai.update_project(film, {"private": False})
        back = bao.get_changes(gone["cursor"]).data
        assert ([found["id"] for found in back["rows"]], back["removed"]) == ([row["id"]], [])

    def test_a_task_that_is_moved_into_a_private_project_goes_out_of_sight(
        self, mai: BaseApi, bao: BaseApi
    ) -> None:
        film = self.project(mai, private=True)
        row = self.add(mai)
        cursor = self.cursor(bao)

        mai.update_task(row["id"], {"project_id": film})
        gone = bao.get_changes(cursor).data
        mai.update_task(row["id"], {"prompt": "hidden work"})
        mai.delete_tasks([row["id"]])
        silent = bao.get_changes(gone["cursor"]).data

        assert gone["removed"] == [row["id"]]
        assert (silent["rows"], silent["removed"]) == ([], [])

    def test_a_task_of_mine_stays_mine_in_a_project_that_is_closed_to_me(
        self, mai: BaseApi, bao: BaseApi
    ) -> None:
        film = self.project(mai)
        row = self.add(bao, project_id=film)

        mai.update_project(film, {"private": True})

        assert bao.get_task(row["id"]).success
        assert bao.update_task(row["id"], {"prompt": "still mine"}).success
        assert self.names(bao) == ["Default"]


class Limits(Team, Promises):
    """`max_queued` and `daily_limit`."""

    def test_who_may_have_so_many_tasks_is_told_how_many_are_left(self, stage: Stage) -> None:
        mai = self.person(stage, "mai", max_queued=3)
        self.add(mai)

        answer = mai.add_many([task(str(number)) for number in range(3)])

        assert (answer.code, answer.params) == ("queue_limit_reached", {"limit": "3", "left": "2"})
        assert mai.get_queue().total == 1
        assert mai.add_many([task("a"), task("b")]).success
        assert mai.import_tasks("a.txt", b"one", defaults={"model": MODEL}).code == answer.code
        assert mai.add_to_queue(task()).params["left"] == "0"
        assert stage.api.add_to_queue(task()).success

    def test_only_what_waits_or_runs_counts_and_asking_again_counts_too(self, stage: Stage) -> None:
        mai = self.person(stage, "mai", max_queued=1)
        first = self.add(mai)
        self.finished(stage.api)
        stage.api.stop_queue()

        assert mai.add_to_queue(task()).success
        assert mai.run_tasks([first["id"]]).code == "queue_limit_reached"
        assert self.row(mai, first["id"])["status"] == "completed"

    def test_adding_the_same_again_is_not_refused(self, stage: Stage) -> None:
        mai = self.person(stage, "mai", max_queued=1)
        row = self.add(mai, client_request_id="once")

        assert self.add(mai, client_request_id="once")["id"] == row["id"]

    def test_at_the_limit_of_the_day_work_waits_and_says_so(
        self, stage: Stage, puppet: Puppet
    ) -> None:
        mai = self.person(stage, "mai", daily_limit=0.2)
        ids = [self.add(mai)["id"] for _ in range(3)]
        stage.api.start_queue()
        self.until_status(stage.api, ids[0], "completed")
        self.until_state(stage.api, lambda state: bool(state["waiting"]))

        (told,) = mai.queue_state().data["waiting"]

        assert (told["code"], told["owner"], told["tasks"]) == ("daily_limit", "mai", 2)
        assert told["until"] > stage.api.list_audit().data["entries"][0]["at"]
        assert len(puppet.requests) == 1
        assert stage.api.update_user("mai", {"daily_limit": None}).success
        self.finished(stage.api)
        assert stage.api.queue_state().data["waiting"] == []

    def test_an_admin_hears_of_everybody_s_limits_others_of_their_own(self, stage: Stage) -> None:
        mai = self.person(stage, "mai", daily_limit=0.01)
        bao = self.person(stage, "bao")
        self.add(mai)
        stage.api.start_queue()
        self.until_state(stage.api, lambda state: bool(state["waiting"]))

        assert len(stage.api.queue_state().data["waiting"]) == 1
        assert len(mai.get_changes(0).data["queue"]["waiting"]) == 1
        assert bao.queue_state().data["waiting"] == []

    def test_an_account_tells_its_limits_and_what_was_spent(self, stage: Stage) -> None:
        mai = self.person(stage, "mai", max_queued=5, daily_limit=2.5)
        self.add(mai)
        self.finished(stage.api)

        account = stage.api.list_users().data[-1]

        assert (account["max_queued"], account["daily_limit"]) == (5, 2.5)
        assert account["spent_today"] == 0.25
        without = stage.api.update_user("mai", {"max_queued": None, "daily_limit": None}).data
        assert (without["max_queued"], without["daily_limit"]) == (None, None)

    @pytest.mark.parametrize(
        "change",
        [
            {"max_queued": -1}, {"max_queued": "5"}, {"max_queued": True}, {"max_queued": 1.5},
            {"daily_limit": -0.01}, {"daily_limit": "1"}, {"daily_limit": 2_000_000},
        ],
    )  # fmt: skip
    def test_a_limit_that_cannot_be_is_refused(self, stage: Stage, change: dict[str, Any]) -> None:
        self.person(stage, "mai")

        answer = stage.api.update_user("mai", change)

        assert (answer.code, answer.field) == ("invalid_value", next(iter(change)))


class Watching(Team, Promises):
    """`list_sessions`, `end_session`, `end_other_sessions`, `list_audit`."""

    def session(self, studio: LocalApi, owner: str, number: int) -> str:
        """A signed-in browser; answers its id."""
        now = studio.studio.clock.now()
        session_id = f"{number:064x}"[::-1]
        seen, end = now + number, now + 60 * SECOND
        browser = f"Browser/{number}"
        studio.people.add_session(
            Session(session_id, owner, "password", "192.0.2.7", browser, now, seen, end)
        )
        return session_id

    def test_people_see_and_end_their_own_sessions(self, stage: Stage, mai: BaseApi) -> None:
        ids = [self.session(stage.studio, "mai", number) for number in (1, 2)]
        self.session(stage.studio, "local", 3)

        sessions = mai.list_sessions().data

        assert [one["id"] for one in sessions] == [found[:SHOWN_OF_AN_ID] for found in ids[::-1]]
        assert (sessions[0]["address"], sessions[0]["user_agent"]) == ("192.0.2.7", "Browser/2")
        assert all(one["owner_name"] == "Mai" and not one["current"] for one in sessions)
        assert ids[0] not in json.dumps(sessions)
        if isinstance(mai, LocalApi):
            assert mai.list_sessions(this_session=ids[0]).data[1]["current"]
            assert mai.end_session(sessions[0]["id"]).success
            assert mai.end_session(sessions[0]["id"]).code == "session_not_found"
            assert mai.list_sessions().total == 1

    def test_nobody_but_an_admin_reaches_the_sessions_of_others(
        self, stage: Stage, mai: BaseApi
    ) -> None:
        other = self.session(stage.studio, "local", 1)[:SHOWN_OF_AN_ID]
        mine = self.session(stage.studio, "mai", 2)[:SHOWN_OF_AN_ID]

        assert mai.list_sessions(everybody=True).code == "not_allowed"
        # A program with less than all rights ends no session at all.
        assert mai.end_session(other).code in ("session_not_found", "not_allowed")
        assert stage.api.list_sessions(everybody=True).total == 2
        assert stage.api.list_sessions().total == 1
        assert stage.api.end_session(mine).success
        assert stage.api.list_audit().data["entries"][0]["action"] == "session.end"

    def test_signing_out_everywhere_ends_one_s_own_sessions(self, stage: Stage) -> None:
        for owner, number in (("local", 1), ("local", 2)):
            self.session(stage.studio, owner, number)
        self.person(stage, "mai")
        self.session(stage.studio, "mai", 3)

        assert stage.api.end_other_sessions().total == 2
        assert stage.api.list_sessions(everybody=True).total == 1

    @pytest.mark.parametrize("name", ["nobody", "", "a/b", "..", "ả", "x" * 1_000, "%"])
    def test_an_unknown_session_is_not_found(self, api: BaseApi, name: str) -> None:
        assert api.end_session(name).code == "session_not_found"

    def actions(self, api: BaseApi, **wanted: Any) -> list[str]:
        return [entry["action"] for entry in api.list_audit(**wanted).data["entries"]]

    def test_what_an_admin_does_is_written_down(self, api: BaseApi, puppet: Puppet) -> None:
        mai = api.add_user({"username": "mai", "password": PASSWORD}).data
        api.update_user(mai["id"], {"role": "viewer", "password": "eight grey herons"})
        token = api.create_token("ci").data
        api.revoke_token(token["id"])
        api.update_settings({"concurrency": 3})
        api.set_provider_key("gemini", "k" * 20)
        api.set_provider_key("gemini", "")
        film = api.add_project({"name": "Film"}).data
        api.update_project(film["id"], {"private": True})
        api.set_password("nine grey herons")

        entries = api.list_audit().data["entries"]

        assert [entry["action"] for entry in reversed(entries)] == [
            "user.add", "user.change", "token.create", "token.revoke", "studio.change",
            "key.set", "key.forget", "project.add", "project.change", "password.set",
        ]  # fmt: skip
        assert {entry["user"] for entry in entries} == {"local"}
        assert entries[-2]["details"] == {"role": "viewer", "password": True}
        assert (entries[-1]["object_kind"], entries[-1]["object_id"]) == ("user", mai["id"])
        written = json.dumps(entries)
        for secret in ("herons", "k" * 20, token["token"]):
            assert secret not in written

    def test_what_is_refused_is_not_written_down(self, api: BaseApi) -> None:
        api.add_user({"username": "mai", "password": "short"})
        api.update_user("nobody", {"role": "viewer"})
        api.update_user("local", {"disabled": True})
        api.update_settings({"concurrency": 99})

        assert self.actions(api) == []

    def test_what_was_spent_is_written_down_for_its_owner(self, stage: Stage, mai: BaseApi) -> None:
        row = self.add(mai)
        self.finished(stage.api)

        (entry,) = stage.api.list_audit(action="spend").data["entries"]

        assert (entry["user_name"], entry["object_id"]) == ("Mai", row["id"])
        assert entry["details"]["dollars"] == 0.25
        assert stage.api.list_audit(user_id="local", action="spend").total == 0

    def test_a_hand_on_somebody_else_s_rows_is_written_down(
        self, api: BaseApi, mai: BaseApi
    ) -> None:
        ids = [self.add(mai)["id"], self.add(mai)["id"], self.add(api)["id"]]

        api.delete_tasks(ids)

        (entry,) = api.list_audit().data["entries"]
        assert (entry["action"], entry["details"]["tasks"]) == ("delete_tasks", 2)

    def test_the_audit_is_read_page_by_page(self, api: BaseApi) -> None:
        for number in range(5):
            api.add_project({"name": f"Film {number}"})
        found: list[str] = []
        after = ""
        while True:
            page = api.list_audit(limit=2, after=after).data
            found += [entry["details"]["name"] for entry in page["entries"]]
            after = page["next"]
            if not after:
                break

        assert found == [f"Film {number}" for number in range(4, -1, -1)]

    @pytest.mark.parametrize("after", ["x", "-1", "1" * 16, "1.5"])
    def test_a_cursor_of_the_audit_that_we_never_gave_out_is_refused(
        self, api: BaseApi, after: str
    ) -> None:
        assert api.list_audit(after=after).code == "cursor_unknown"

    def test_the_audit_is_for_admins(self, mai: BaseApi) -> None:
        assert mai.list_audit().code == "not_allowed"

"""Who calls, people, tokens, and what a role may."""

from typing import Any

import pytest

from app.api.base_api import BaseApi
from tests.contract.promises import MEMBER, PASSWORD, VIEWER, Promises, picture, task


class People(Promises):
    """`whoami`, `set_password`, users."""

    def user(self, api: BaseApi, name: str = "mai", **more: Any) -> dict[str, Any]:
        answer = api.add_user({"username": name, "password": PASSWORD, **more})
        assert answer.success, answer.message
        return answer.data

    def test_it_says_on_whose_behalf_a_call_is_made(self, api: BaseApi) -> None:
        assert api.whoami().data == {
            "id": "local", "username": "local", "display_name": "Local", "role": "admin",
        }  # fmt: skip
        assert api.acting_as(VIEWER).whoami().data["role"] == "viewer"
        assert api.whoami().data["role"] == "admin"

    def test_a_password_that_is_guessed_first_is_refused(self, api: BaseApi) -> None:
        assert api.set_password("short").code == "password_too_short"
        assert api.set_password("password1234").code == "password_too_common"
        assert api.set_password("a long and rare sentence").success

    def test_at_first_there_is_the_local_admin_alone(self, api: BaseApi) -> None:
        (user,) = api.list_users().data

        assert (user["id"], user["role"], user["disabled"]) == ("local", "admin", False)
        assert user["has_password"] is False

    def test_a_person_is_let_in_as_a_member_unless_said_otherwise(self, api: BaseApi) -> None:
        mai = self.user(api)
        an = self.user(api, "an.nguyen-2", role="viewer", display_name=" An Nguyễn ")

        assert (mai["role"], mai["display_name"], mai["has_password"]) == ("member", "mai", True)
        assert (an["role"], an["display_name"]) == ("viewer", "An Nguyễn")
        assert [user["username"] for user in api.list_users().data] == [
            "local",
            "mai",
            an["username"],
        ]
        assert "password_hash" not in mai

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"username": "local"}, "username_taken", "username"),
            ({"username": ""}, "username_malformed", "username"),
            ({"username": "Mai"}, "username_malformed", "username"),
            ({"username": "mai "*20}, "username_malformed", "username"),
            ({"username": "-mai"}, "username_malformed", "username"),
            ({"username": "mài"}, "username_malformed", "username"),
            ({"username": None}, "invalid_value", "username"),
            ({"password": "short"}, "password_too_short", "password"),
            ({"password": ""}, "password_too_short", "password"),
            ({"password": "password1234"}, "password_too_common", "password"),
            ({"password": 7}, "invalid_value", "password"),
            ({"display_name": "x" * 201}, "name_too_long", "display_name"),
            ({"display_name": "a\0b"}, "nul_character", "display_name"),
            ({"display_name": "a\ud800"}, "invalid_value", "display_name"),
            ({"role": "emperor"}, "invalid_value", "role"),
            ({"role": None}, "invalid_value", "role"),
            ({"disabled": False}, "unknown_field", "disabled"),
        ],
    )  # fmt: skip
    def test_who_cannot_be_let_in_is_told_why(
        self, api: BaseApi, change: dict[str, Any], code: str, field: str
    ) -> None:
        answer = api.add_user({"username": "thu", "password": PASSWORD, **change})

        assert (answer.success, answer.code, answer.field) == (False, code, field)
        assert api.list_users().total == 1

    def test_nobody_comes_in_twice_under_one_name(self, api: BaseApi) -> None:
        self.user(api)

        answer = api.add_user({"username": "mai", "password": PASSWORD})

        assert (answer.code, answer.params["username"]) == ("username_taken", "mai")

    def test_a_person_can_be_changed(self, api: BaseApi) -> None:
        mai = self.user(api)

        changed = api.update_user(mai["id"], {"role": "admin", "display_name": "Mai Lê"}).data
        out = api.update_user(mai["id"], {"disabled": True}).data

        assert (changed["role"], changed["display_name"]) == ("admin", "Mai Lê")
        assert out["disabled"] is True
        assert api.update_user(mai["id"], {"disabled": False}).data == changed
        assert api.update_user(mai["id"], {}).data == changed

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"username": "new"}, "unknown_field"),
            ({"role": "emperor"}, "invalid_value"),
            ({"disabled": "yes"}, "invalid_value"),
            ({"disabled": 1}, "invalid_value"),
            ({"password": "short"}, "password_too_short"),
        ],
    )
    def test_a_change_that_cannot_be_is_refused(
        self, api: BaseApi, change: dict[str, Any], code: str
    ) -> None:
        mai = self.user(api)

        answer = api.update_user(mai["id"], {"display_name": "New", **change})

        assert (answer.code, answer.field) == (code, next(iter(change)))
        assert api.list_users().data[1] == mai

    @pytest.mark.parametrize("name", ["nobody", "", "a/b", "..", "ả"])
    def test_an_unknown_person_is_not_found(self, api: BaseApi, name: str) -> None:
        assert api.update_user(name, {"role": "viewer"}).code == "user_not_found"

    @pytest.mark.parametrize("change", [{"role": "member"}, {"disabled": True}])
    def test_the_last_admin_who_can_act_stays(self, api: BaseApi, change: dict[str, Any]) -> None:
        self.user(api, "an", role="member")
        bao = self.user(api, "bao", role="admin")
        api.update_user(bao["id"], {"disabled": True})

        answer = api.update_user("local", change)

        assert answer.code == "last_admin"
        assert api.list_users().data[0]["role"] == "admin"
        assert api.list_users().data[0]["disabled"] is False
        api.update_user(bao["id"], {"disabled": False})
        assert api.update_user("local", {"display_name": "Boss"}).success


class ProgramTokens(Promises):
    """`list_tokens`, `create_token`, `revoke_token`."""

    def test_a_token_is_shown_once(self, api: BaseApi) -> None:
        made = api.create_token(" nightly build ", scope="read", days=7).data

        (kept,) = api.list_tokens().data

        assert made.pop("token").startswith(kept["prefix"])
        assert made == kept
        assert (kept["name"], kept["scope"], kept["owner"]) == ("nightly build", "read", "local")
        assert kept["expires_at"] > kept["created_at"]
        assert kept["last_used_at"] is None

    def test_without_days_it_lasts_until_it_is_revoked(self, api: BaseApi) -> None:
        made = api.create_token("a program").data

        assert (made["scope"], made["expires_at"]) == ("write", None)
        assert api.revoke_token(made["id"]).success
        assert api.list_tokens().data == []
        assert api.revoke_token(made["id"]).code == "token_not_found"

    @pytest.mark.parametrize("name", ["nobody", "", "a/b", "..", "ả"])
    def test_an_unknown_token_is_not_found(self, api: BaseApi, name: str) -> None:
        assert api.revoke_token(name).code == "token_not_found"

    @pytest.mark.parametrize(
        ("name", "options", "code", "field"),
        [
            ("", {}, "name_empty", "name"),
            (" \n ", {}, "name_empty", "name"),
            ("x" * 81, {}, "name_too_long", "name"),
            ("a\0b", {}, "nul_character", "name"),
            ("a\ud800", {}, "invalid_value", "name"),
            ("x", {"scope": "all"}, "scope_unknown", "scope"),
            ("x", {"scope": ""}, "scope_unknown", "scope"),
            ("x", {"days": 0}, "days_range", "days"),
            ("x", {"days": -1}, "days_range", "days"),
            ("x", {"days": 3_651}, "days_range", "days"),
            ("x", {"days": 2**62}, "days_range", "days"),
        ],
    )
    def test_a_token_that_cannot_be_is_refused(
        self, api: BaseApi, name: str, options: dict[str, Any], code: str, field: str
    ) -> None:
        answer = api.create_token(name, **options)

        assert (answer.success, answer.code, answer.field) == (False, code, field)
        assert api.list_tokens().data == []

    def test_a_token_never_lends_more_than_its_maker_may(self, api: BaseApi) -> None:
        member = api.acting_as(MEMBER)

        assert api.create_token("x", scope="admin").success
        assert member.create_token("x", scope="admin").code == "not_allowed"
        assert api.acting_as(VIEWER).create_token("x", scope="read").code == "not_allowed"


class Roles(Promises):
    """What a role may."""

    def test_a_viewer_looks_and_changes_nothing(self, api: BaseApi) -> None:
        row = self.add(api)
        viewer = api.acting_as(VIEWER)

        looks = [
            viewer.get_queue(),
            viewer.query_tasks(),
            viewer.get_changes(0),
            viewer.queue_state(),
            viewer.export_tasks("json"),
            viewer.list_models(),
            viewer.list_providers(),
            viewer.get_settings(),
            viewer.list_tokens(),
        ]
        refusals = [
            viewer.add_to_queue(task()),
            viewer.add_many([task()]),
            viewer.update_task(row["id"], {"prompt": "x"}),
            viewer.move_tasks([row["id"]]),
            viewer.delete_tasks([row["id"]]),
            viewer.start_queue(),
            viewer.stop_queue(),
            viewer.cancel_tasks([row["id"]]),
            viewer.retry_tasks(),
            viewer.run_tasks([row["id"]]),
            viewer.import_tasks("a.txt", b"x"),
            viewer.add_reference("a.png", picture()),
            viewer.create_token("x", scope="read"),
            viewer.revoke_token("x"),
            *self.admin_only(viewer),
        ]

        assert all(answer.success for answer in looks)
        assert {answer.code for answer in refusals} == {"not_allowed"}
        assert self.row(api, row["id"]) == row

    def test_a_member_works_and_leaves_the_studio_as_it_is(self, api: BaseApi) -> None:
        member = api.acting_as(MEMBER)

        assert member.add_to_queue(task()).success
        assert member.start_queue().success
        assert member.update_settings({"theme": "dark"}).success
        assert {answer.code for answer in self.admin_only(member)} == {"not_allowed"}

    def admin_only(self, person: BaseApi) -> list[Any]:
        return [
            person.set_provider_key("gemini", "k" * 20),
            person.update_settings({"concurrency": 3}),
            person.list_users(),
            person.add_user({"username": "new", "password": PASSWORD}),
            person.update_user("local", {"display_name": "x"}),
            person.get_figures(),
            person.check_health(),
            person.create_backup(),
            person.list_backups(),
            person.read_backup("x"),
        ]

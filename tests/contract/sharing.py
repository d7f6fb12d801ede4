"""Other machines, and who is there."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.auth.presence import Presence
from app.errors import Conflict
from app.models import UserInfo
from app.network.outside import Unserved
from app.sharing import SharingInfo
from tests.contract.promises import MEMBER, PASSWORD, VIEWER, Promises, task

ADDRESS = "http://10.0.0.7:8080"


class Gateway:
    """A way in that only remembers whether it is open."""

    def __init__(self) -> None:
        self.is_open = False
        self.fixed = False
        self.failure: Conflict | None = None

    def state(self) -> SharingInfo:
        is_open = self.is_open or self.fixed
        addresses = [ADDRESS] if is_open else []
        return SharingInfo(on=is_open, fixed=self.fixed, addresses=addresses, fingerprint="AA:BB")

    def open(self) -> None:
        if self.failure:
            raise self.failure
        self.is_open = True

    def close(self) -> None:
        self.is_open = False


class Sharing(Promises):
    """`get_sharing`, `set_sharing`."""

    @pytest.fixture
    def gateway(self, studio: LocalApi) -> Iterator[Gateway]:
        studio.outside = gateway = Gateway()
        yield gateway
        studio.outside = Unserved()

    def let_in(self, api: BaseApi) -> None:
        assert api.set_password(PASSWORD).success

    def test_at_first_nobody_else_is_let_in(self, api: BaseApi, gateway: Gateway) -> None:
        sharing = api.get_sharing().data

        assert (sharing["on"], sharing["wanted"], sharing["addresses"]) == (False, False, [])
        assert sharing["needs_password"] is True

    def test_without_a_password_of_an_admin_nobody_is(self, api: BaseApi, gateway: Gateway) -> None:
        assert api.add_user({"username": "mai", "password": PASSWORD, "role": "member"}).success

        answer = api.set_sharing(True)

        assert (answer.code, answer.field) == ("sharing_needs_password", "on")
        assert gateway.is_open is False
        assert api.get_sharing().data["wanted"] is False

    def test_the_password_of_a_disabled_admin_does_not_count(
        self, api: BaseApi, gateway: Gateway
    ) -> None:
        bao = api.add_user({"username": "bao", "password": PASSWORD, "role": "admin"}).data
        assert api.get_sharing().data["needs_password"] is False
        assert api.update_user(bao["id"], {"disabled": True}).success

        assert api.set_sharing(True).code == "sharing_needs_password"
        assert gateway.is_open is False

    def test_with_one_others_are_let_in_until_it_is_switched_off(
        self, api: BaseApi, gateway: Gateway
    ) -> None:
        self.let_in(api)

        on = api.set_sharing(True).data
        again = api.set_sharing(True).data
        off = api.set_sharing(False).data

        assert (on["on"], on["wanted"], on["addresses"]) == (True, True, [ADDRESS])
        assert again == on
        assert (off["on"], off["wanted"], off["addresses"]) == (False, False, [])
        assert api.set_sharing(False).data == off

    def test_what_fails_is_not_kept(self, api: BaseApi, gateway: Gateway) -> None:
        self.let_in(api)
        gateway.failure = Conflict("sharing_failed", address="10.0.0.7", reason="no such address")

        answer = api.set_sharing(True)

        assert (answer.code, answer.params["address"]) == ("sharing_failed", "10.0.0.7")
        assert api.get_sharing().data["wanted"] is False

    def test_what_the_start_decided_stays(self, api: BaseApi, gateway: Gateway) -> None:
        gateway.fixed = True

        assert api.set_sharing(False).code == "sharing_fixed"
        sharing = api.get_sharing().data
        assert (sharing["on"], sharing["fixed"], sharing["wanted"]) == (True, True, True)

    def test_where_nobody_serves_it_counts_from_the_next_start(self, api: BaseApi) -> None:
        self.let_in(api)

        sharing = api.set_sharing(True).data

        assert (sharing["on"], sharing["wanted"]) == (False, True)
        assert api.get_settings().success

    @pytest.mark.parametrize("value", ["yes", 1, None])
    def test_it_is_on_or_off(self, api: BaseApi, gateway: Gateway, value: Any) -> None:
        answer = api.set_sharing(value)

        assert (answer.code, answer.field) == ("invalid_value", "on")

    def test_only_an_admin_switches_and_sees_addresses(
        self, api: BaseApi, gateway: Gateway
    ) -> None:
        self.let_in(api)
        api.set_sharing(True)

        for person in (MEMBER, VIEWER):
            seen = api.acting_as(person).get_sharing().data
            assert (seen["on"], seen["https"]) == (True, "off")
            assert (seen["addresses"], seen["fingerprint"]) == ([], "")
            assert api.acting_as(person).set_sharing(False).code == "not_allowed"
        assert gateway.is_open is True


class WhoIsThere(Promises):
    """`list_presence`."""

    @pytest.fixture
    def open_pages(self, studio: LocalApi) -> Presence:
        studio.presence = Presence(studio.studio.clock)
        return studio.presence

    def somebody(self, api: BaseApi, name: str) -> UserInfo:
        account = api.add_user({"username": name, "password": PASSWORD, "display_name": name})
        return UserInfo(id=account.data["id"], username=name)

    def test_at_first_nobody_is_there(self, api: BaseApi, open_pages: Presence) -> None:
        assert (api.list_presence().data, api.list_presence().total) == ([], 0)

    def test_it_says_who_has_a_page_open(self, api: BaseApi, open_pages: Presence) -> None:
        mai = self.somebody(api, "mai")
        open_pages.enter("a page", mai.id, "10.0.0.5")
        open_pages.enter("another page", "local")

        first, second = api.list_presence().data

        assert (first["user_id"], first["name"], first["online"]) == (mai.id, "mai", True)
        assert first["addresses"] == ["10.0.0.5"]
        assert first["since"] <= second["since"]
        assert first["tasks"] == {}
        assert second["name"] == "Local"

    def test_it_says_who_has_what_in_the_queue(
        self, api: BaseApi, studio: LocalApi, open_pages: Presence
    ) -> None:
        mai = self.somebody(api, "mai")
        studio.acting_as(mai).add_many([task("one"), task("two")])
        self.add(api)
        open_pages.enter("a page", "local")

        local, away = api.list_presence().data

        assert (local["online"], local["tasks"]) == (True, {"pending": 1})
        assert (away["name"], away["online"], away["since"]) == ("mai", False, None)
        assert away["tasks"] == {"pending": 2}
        api.delete_tasks([row["id"] for row in api.get_queue().data])
        assert [one["user_id"] for one in api.list_presence().data] == ["local"]

    def test_others_see_names_but_not_from_where(self, api: BaseApi, open_pages: Presence) -> None:
        open_pages.enter("a page", "local", "10.0.0.5")

        for person in (MEMBER, VIEWER):
            (seen,) = api.acting_as(person).list_presence().data
            assert (seen["name"], seen["addresses"]) == ("Local", [])

    def test_what_one_may_not_see_is_not_counted(
        self, api: BaseApi, studio: LocalApi, open_pages: Presence
    ) -> None:
        mai, an = self.somebody(api, "mai"), self.somebody(api, "an")
        project = studio.acting_as(mai).add_project({"name": "Secret", "private": True}).data
        studio.acting_as(mai).add_to_queue(task("a boat", project_id=project["id"]))

        assert studio.acting_as(an).list_presence().data == []
        assert studio.acting_as(mai).list_presence().data[0]["tasks"] == {"pending": 1}
        assert api.list_presence().data[0]["tasks"] == {"pending": 1}

    def test_somebody_who_was_there_and_is_unknown_now_is_left_out(
        self, api: BaseApi, open_pages: Presence
    ) -> None:
        open_pages.enter("a page", "nobody", "10.0.0.5")

        assert api.list_presence().data == []

"""Every cell of the table of `app/auth/roles.py`, tried: each role, with each method and route, on
what is theirs, on what is another's, and on what another keeps private.

What is expected is read off the table; what is not in it is expected to be refused.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from nicegui import Client
from starlette.testclient import TestClient

import pages
from app.api.base_api import BaseApi
from app.api.local_api import LocalApi
from app.api.local_studio import GUARDED
from app.api.mock_api import MockApi
from app.api.models import ApiResponse, UserInfo
from app.auth.roles import MATRIX, PUBLIC, Reach, reach
from app.auth.sessions import Session
from app.bootstrap import build_doors
from app.models import LOCAL_ADMIN, Role
from app.store.people import SHOWN_OF_AN_ID
from tests.contract.promises import PASSWORD, picture, task
from tests.serving import Face
from tests.waiting import until

HOST = "studio:8080"
MINE, OPEN, PRIVATE, NOTHING = "mine", "open", "private", ""
REFUSED = frozenset({
    "not_allowed", "not_yours", "task_not_found", "image_not_found", "reference_not_found",
    "project_unknown", "project_not_found", "session_not_found", "token_not_found",
})  # fmt: skip
"""Codes that say no without saying whether there is something."""

NOTHING_THERE = frozenset({"backup_not_found", "session_not_found", "not_found"})
"""Codes of somebody who may, where there is none of what the route is about."""


@dataclass
class Belongings:
    """What one person has, or what another keeps to themselves."""

    task: str
    image: str
    reference: str
    project: str
    token: str
    session: str


@dataclass
class House:
    """One studio with an admin, two members and a viewer, all of whom have something."""

    studio: LocalApi
    users: dict[str, UserInfo] = field(default_factory=dict[str, UserInfo])
    others: dict[str, UserInfo] = field(default_factory=dict[str, UserInfo])
    mine: dict[str, Belongings] = field(default_factory=dict[str, Belongings])
    private: Belongings | None = None

    def person(self, name: str, role: Role) -> None:
        user = UserInfo(id=name, username=name, display_name=name.title(), role=role)
        assert self.studio.people.add_account(user, None)
        self.users[name] = user
        other = UserInfo(id=f"{name}-2", username=f"{name}-2", role=role)
        assert self.studio.people.add_account(other, None)
        self.others[name] = other
        self.mine[name] = self.give(name, f"{name}'s project")

    def give(self, name: str, project: str, *, private: bool = False) -> Belongings:
        # Whatever the role is: an admin may have made a member a viewer since.
        user = UserInfo(id=name, username=name, role=Role.MEMBER)
        api = self.studio.acting_as(user)
        film = done(api.add_project({"name": project, "private": private}))["id"]
        reference = done(api.add_reference(f"{project}.png", picture_of(project)))["id"]
        row = done(api.add_to_queue(
            task(project_id=film, reference_images=[reference], client_request_id=project)
        ))  # fmt: skip
        self.studio.start_queue()
        (row,) = self.studio.wait_for([row["id"]], timeout_seconds=60).data
        self.studio.stop_queue()
        now = self.studio.studio.clock.now()
        session = uuid4().hex * 2
        self.studio.people.add_session(
            Session(session, name, "password", "", "", now, now, now + 10**12)
        )
        return Belongings(
            task=row["id"], image=row["output_images"][0], reference=reference, project=film,
            token=done(api.create_token("x"))["id"], session=session[:SHOWN_OF_AN_ID],
        )  # fmt: skip


_colours = iter(range(256))


def picture_of(_name: str) -> bytes:
    return picture(f"#{next(_colours):02x}8060")


def done(answer: ApiResponse) -> dict[str, Any]:
    assert answer.success, answer.message
    return answer.data


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with MockApi() as studio:
        house = House(studio)
        for name, role in (
            ("ada", Role.ADMIN), ("mai", Role.MEMBER), ("lan", Role.VIEWER), ("owner", Role.MEMBER)
        ):  # fmt: skip
            house.person(name, role)
        house.private = house.give("owner", "secret", private=True)
        yield house


WHO = {"admin": "ada", "member": "mai", "viewer": "lan"}
Call = Callable[[BaseApi, Belongings], ApiResponse]

# How each method is called about something that belongs to somebody.
ABOUT: dict[str, Call] = {
    "get_task": lambda api, its: api.get_task(its.task),
    "update_task": lambda api, its: api.update_task(its.task, {"task_name": "x"}),
    "move_tasks": lambda api, its: api.move_tasks([its.task]),
    "delete_tasks": lambda api, its: api.delete_tasks([its.task]),
    "cancel_tasks": lambda api, its: api.cancel_tasks([its.task]),
    "retry_tasks": lambda api, its: api.retry_tasks([its.task]),
    "run_tasks": lambda api, its: api.run_tasks([its.task]),
    "read_image": lambda api, its: api.read_image(its.image),
    "read_reference": lambda api, its: api.read_reference(its.reference),
    "update_project": lambda api, its: api.update_project(its.project, {}),
    "revoke_token": lambda api, its: api.revoke_token(its.token),
    "end_session": lambda api, its: api.end_session(its.session),
}

# How methods that answer lists are asked, and whether the thing is among them.
LISTED: dict[str, Callable[[BaseApi, Belongings], bool | ApiResponse]] = {
    "get_queue": lambda api, its: its.task in ids(api.get_queue()),
    "query_tasks": lambda api, its: its.task in ids(api.query_tasks(limit=1000), "tasks"),
    "get_changes": lambda api, its: its.task in ids(api.get_changes(0), "rows"),
    "export_tasks": lambda api, its: its.task in api.export_tasks("json").data.read().decode(),
    "get_images": lambda api, its: its.image in ids(api.get_images([its.image])),
    "get_references": lambda api, its: its.reference in ids(api.get_references([its.reference])),
    "list_projects": lambda api, its: its.project in ids(api.list_projects()),
    "list_tokens": lambda api, its: its.token in ids(api.list_tokens()),
    "queue_state": lambda api, its: api.queue_state(),
    "list_sessions": lambda api, its: api.list_sessions(),
}

# The rest: about nobody's, or about what the caller makes.
PLAIN: dict[str, Callable[[BaseApi], ApiResponse]] = {
    "whoami": lambda api: api.whoami(),
    "set_password": lambda api: api.set_password(PASSWORD),
    "end_other_sessions": lambda api: api.end_other_sessions(),
    "create_token": lambda api: api.create_token("x", scope="read"),
    "list_users": lambda api: api.list_users(),
    "add_user": lambda api: api.add_user({"username": "ada", "password": PASSWORD}),
    "update_user": lambda api: api.update_user("owner", {}),
    "list_audit": lambda api: api.list_audit(),
    "add_to_queue": lambda api: api.add_to_queue(task()),
    "add_many": lambda api: api.add_many([task()]),
    "import_tasks": lambda api: api.import_tasks("a.txt", b"one"),
    "split_prompts": lambda api: api.split_prompts("one"),
    "add_reference": lambda api: api.add_reference("a.png", picture()),
    "add_project": lambda api: api.add_project({"name": "secret"}),
    "start_queue": lambda api: api.start_queue(),
    "stop_queue": lambda api: api.stop_queue(),
    "list_models": lambda api: api.list_models(),
    "list_providers": lambda api: api.list_providers(),
    "get_settings": lambda api: api.get_settings(),
    "update_settings": lambda api: api.update_settings({"theme": "dark"}),
    "set_provider_key": lambda api: api.set_provider_key("nobody", "k"),
    "check_health": lambda api: api.check_health(),
    "get_figures": lambda api: api.get_figures(),
    "create_backup": lambda api: api.create_backup(),
    "list_backups": lambda api: api.list_backups(),
    "read_backup": lambda api: api.read_backup("x.zip"),
    "get_sharing": lambda api: api.get_sharing(),
    "set_sharing": lambda api: api.set_sharing(False),
    "list_presence": lambda api: api.list_presence(),
}


def ids(answer: ApiResponse, part: str = "") -> list[str]:
    assert answer.success, answer.message
    return [found["id"] for found in (answer.data[part] if part else answer.data)]


def methods() -> set[str]:
    return {name for name in MATRIX if not name.startswith("/")}


def paths() -> set[str]:
    return {name for name in MATRIX if name.startswith("/")}


# --- nothing is left out --------------------------------------------------------------------------


def test_every_method_of_the_contract_has_a_line_and_every_line_a_method() -> None:
    of_the_process = {"open", "close", "acting_as"}

    assert set(BaseApi.__abstractmethods__) - of_the_process == methods() == set(GUARDED)


def test_every_line_is_tried_below() -> None:
    assert set(ABOUT) | set(LISTED) | set(PLAIN) == methods()
    assert not set(ABOUT) & set(PLAIN) | set(LISTED) & set(PLAIN)


@pytest.fixture(scope="module")
def face(house: House) -> Face:
    face = Face(HOST)
    face.show(house.studio, build_doors(house.studio))
    return face


def routes(face: Face) -> Iterator[tuple[str, str, APIRoute]]:
    """Every route of the application, however deep: path, method, route."""
    found = list(routes_in(face.application.routes))
    assert len(found) > 60
    return iter(found)


def routes_in(among: Iterable[Any]) -> Iterator[tuple[str, str, APIRoute]]:
    for one in among:
        included = getattr(one, "original_router", None)
        if included is not None:
            yield from routes_in(included.routes)
        elif isinstance(one, APIRoute):
            for method in one.methods - {"HEAD", "OPTIONS"}:
                yield one.path, method, one
        else:
            # Of files that everybody may have; a new kind of route must be looked at.
            assert getattr(one, "path", "") == "/static", one


def method_of(route: APIRoute) -> str:
    """The method of the contract that a route of the REST interface calls."""
    return route.endpoint.__name__.removesuffix("_thumbnail")


def test_every_route_has_a_line(face: Face) -> None:
    lines = {
        path if path in paths() | PUBLIC else method_of(route) for path, _, route in routes(face)
    }

    assert lines - PUBLIC <= set(MATRIX)
    assert lines >= methods()


def test_every_page_has_a_line() -> None:
    known = set(Client.page_routes.values())
    pages.register(MockApi())
    added = set(Client.page_routes.values()) - known or set(Client.page_routes.values())

    assert added
    assert added <= set(MATRIX)


def test_a_method_without_a_line_is_refused_to_everybody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(MATRIX, "get_queue")  # pyright: ignore[reportArgumentType]

    assert house.studio.get_queue().code == "not_allowed"


# --- the contract, as each role -------------------------------------------------------------------


@pytest.mark.parametrize("role", list(WHO))
@pytest.mark.parametrize("name", sorted(PLAIN))
def test_a_role_calls_what_its_cell_allows(house: House, role: str, name: str) -> None:
    api = house.studio.acting_as(house.others[WHO[role]])

    answer = PLAIN[name](api)

    house.studio.stop_queue()
    until(lambda: house.studio.queue_state().data["in_flight"] == 0)
    allowed = reach(role, name) != Reach.NONE
    assert (answer.code != "not_allowed") is allowed, answer.message


@pytest.mark.parametrize("whose", [MINE, OPEN, PRIVATE])
@pytest.mark.parametrize("role", list(WHO))
@pytest.mark.parametrize("name", sorted({**ABOUT, **LISTED}))
def test_a_role_reaches_as_far_as_its_cell_says(
    house: House, role: str, name: str, whose: str
) -> None:
    who = WHO[role]
    api = house.studio.acting_as(house.users[who])
    assert house.private is not None
    its = {MINE: house.mine[who], OPEN: house.mine["owner"], PRIVATE: house.private}[whose]
    far = reach(role, name)
    expected = far >= {MINE: Reach.OWN, OPEN: Reach.SEEN, PRIVATE: Reach.ALL}[whose]

    found = came_upon(house, api, name, its)

    if name in ("queue_state", "list_sessions"):
        assert found is (far != Reach.NONE)
    else:
        assert found is expected
    assert still_there(house, its) or (found and expected)
    restore(house, who, its, whose)


def came_upon(house: House, api: BaseApi, name: str, its: Belongings) -> bool:
    if name in LISTED:
        found = LISTED[name](api, its)
        return found.success if isinstance(found, ApiResponse) else found
    before = house.studio.get_queue().data
    answer = ABOUT[name](api, its)
    if not answer.success:
        assert answer.code in REFUSED, answer.code
        assert house.studio.get_queue().data == before, "a refusal changes nothing"
        return False
    # Of rows that do not exist for the caller none is touched, and that is a success too.
    return answer.total > 0 or (name in ("retry_tasks", "cancel_tasks") and owns(house, api, its))


def owns(house: House, api: BaseApi, its: Belongings) -> bool:
    """Finished tasks cannot be cancelled or retried: then it counts that the call was let through
    for a row that the caller knows of."""
    return api.get_task(its.task).success and (
        api.user.role == Role.ADMIN or api.get_task(its.task).data["owner"] == api.user.id
    )


def still_there(house: House, its: Belongings) -> bool:
    return (
        house.studio.get_task(its.task).success
        and its.token in ids(house.studio.list_tokens())
        and its.session in [one["id"] for one in house.studio.list_sessions(everybody=True).data]
    )


def restore(house: House, who: str, its: Belongings, whose: str) -> None:
    """Give back what a call that was allowed has taken."""
    if still_there(house, its):
        return
    owner = who if whose == MINE else "owner"
    again = house.give(owner, f"again {next(_colours)}", private=whose == PRIVATE)
    for name in vars(again):
        setattr(its, name, getattr(again, name))


# --- the routes, as each role ---------------------------------------------------------------------


def client(face: Face, user: UserInfo | None) -> TestClient:
    found = TestClient(face.application, base_url=f"http://{HOST}", follow_redirects=False)
    if user is not None:
        found.cookies.set("whisk_session", face.sessions.open(user))
    return found


def filled(path: str, its: Belongings) -> str:
    values = {
        "task_id": its.task, "project_id": its.project, "token_id": its.token,
        "session_id": "0" * 32, "user_id": "owner", "provider": "nobody", "name": "x.zip",
    }  # fmt: skip
    picture_id = its.image if path.startswith("/api/v1/images") else its.reference
    return re.sub(r"{(\w+)}", lambda found: values.get(found[1], picture_id), path)


BODIES: dict[str, Any] = {
    "update_task": {"task_name": "x"},
    "add_to_queue": task(),
    "add_many": {"tasks": [task()]},
    "split_prompts": {"text": "x", "separator": "line"},
    "move_tasks": {"task_ids": [], "before": ""},
    "retry_tasks": {"task_ids": [], "include_uncertain": False},
    "export_tasks": {"file_type": "json", "task_ids": None},
    "set_password": {"password": PASSWORD},
    "add_user": {"username": "ada", "password": PASSWORD},
    "create_token": {"name": "x", "scope": "read", "days": 1},
    "add_project": {"name": "secret"},
    "set_provider_key": {"key": "k"},
    "create_backup": {"with_images": False},
    "set_sharing": {"on": False},
    "get_references": {"ids": []},
    "get_images": {"ids": []},
}
FILES = {"import_tasks": ("a.txt", b"one"), "add_reference": ("a.png", None)}


def sent(client: TestClient, path: str, method: str, name: str, its: Belongings) -> Any:
    more: dict[str, Any] = {}
    if name in FILES:
        file_name, content = FILES[name]
        more = {"files": {"file": (file_name, content or picture())}}
    elif method in ("POST", "PUT", "PATCH"):
        more = {"json": BODIES.get(name, {"task_ids": []} if "task" in path else {})}
    return client.request(method, filled(path, its), headers={"origin": f"http://{HOST}"}, **more)


def about_a_thing(path: str, name: str) -> bool:
    return "{" in path and name in ABOUT and name != "end_session"


@pytest.mark.parametrize("role", [*WHO, NOTHING])
def test_every_route_answers_a_role_as_its_cell_says(house: House, face: Face, role: str) -> None:
    """Asked for what belongs to another and is private, the furthest that there is."""
    user = house.others[WHO[role]] if role else None
    browser = client(face, user)
    assert house.private is not None
    wrong: list[tuple[str, str, int, str]] = []
    for path, method, route in routes(face):
        name = path if path in paths() else method_of(route)
        if path in PUBLIC or name in ("end_other_sessions", "set_password"):
            continue
        answer = sent(browser, path, method, name, house.private)
        needed = Reach.ALL if about_a_thing(path, name) else Reach.OWN
        allowed = bool(role) and reach(role, name) >= needed
        refused = answer.status_code in (401, 403, 404)
        if refused is allowed and code_of(answer) not in NOTHING_THERE:
            wrong.append((method, path, answer.status_code, code_of(answer)))
        restore(house, "owner", house.private, PRIVATE)

    assert wrong == []


def code_of(answer: Any) -> str:
    is_json = "json" in answer.headers.get("content-type", "")
    return answer.json().get("code", "") if is_json else ""


def test_a_page_is_opened_by_those_whose_cell_says_so() -> None:
    for role in Role:
        assert reach(role, "/") != Reach.NONE
        assert reach(role, "/nowhere") == Reach.NONE


# --- the first admin ------------------------------------------------------------------------------


def test_no_route_makes_or_becomes_the_first_admin(tmp_path: Path) -> None:
    """Only the launch link does, which is told on the machine itself."""
    with LocalApi(tmp_path / "data", tmp_path / "output", works=False) as studio:
        face, doors = Face(HOST), build_doors(studio)
        face.show(studio, doors)
        stranger = client(face, None)
        users = studio.list_users().data
        nothing = Belongings("x", "x", "x", "x", "x", "x")
        for path, method, route in routes(face):
            name = path if path in paths() else method_of(route)
            answer = sent(stranger, path, method, name, nothing)
            assert answer.status_code in (401, 403, 422, 200, 303, 405), path
            if path not in PUBLIC:
                assert answer.status_code == 401, path
            assert not any("whisk_session" in cookie for cookie in stranger.cookies), path
        # Nobody has a password: there is no form, and to send one all the same opens nothing.
        assert 'name="password"' not in stranger.get("/login").text
        for password in ("", "local", PASSWORD):
            data = {"username": "local", "password": password, "next": "",
                    "form_token": stranger.cookies["whisk_form"]}  # fmt: skip
            answer = stranger.post("/login", data=data, headers={"origin": f"http://{HOST}"})
            assert answer.status_code == 403
        assert stranger.get("/auth", params={"t": "x" * 43}).status_code == 403
        assert studio.list_users().data == users
        assert studio.people.all_sessions() == []

        assert stranger.get("/auth", params={"t": doors.launch.mint()}).status_code == 303
        assert studio.people.all_sessions()[0].user_id == LOCAL_ADMIN.id

"""Whether a window can be shown is said before anything is opened; one window is enough."""

import ssl
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from app.api.local_api import LocalApi
from app.errors import InvalidInput
from app.running_server import RunningServer, announce
from app.settings import Said, Settings, settle
from app.web.window import window_router
from app.window import demand
from app.window.building import build_window
from app.window.machine import Machine
from app.window.qt import is_shown_by
from app.window.second_start import FOCUS, focus_first
from tests.serving import URL, application

HERE = {"DISPLAY": ":0"}


def refusal(environment: dict[str, str]) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        demand.demand_window(environment)
    return refused.value


@pytest.mark.parametrize("absent", ["no_such_package", "no_such_package.inside"])
def test_a_missing_package_is_named_with_the_way_to_it(
    monkeypatch: pytest.MonkeyPatch, absent: str
) -> None:
    monkeypatch.setattr(demand, "NEEDED", ("json", absent))

    assert refusal(HERE).message.endswith('pip install -e ".[native]" -c constraints.txt')


def test_a_window_needs_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demand, "NEEDED", ("json",))
    monkeypatch.setattr("sys.platform", "linux")

    assert refusal({}).code == "display_missing"
    assert refusal({"DISPLAY": ""}).code == "display_missing"
    demand.demand_window(HERE)
    demand.demand_window({"WAYLAND_DISPLAY": "wayland-0"})


@pytest.mark.parametrize(
    ("said", "variable", "native"),
    [(None, "", False), (None, "1", True), (None, "0", False), (True, "", True),
     (False, "1", False)],
)  # fmt: skip
def test_an_option_goes_before_its_variable(said: bool | None, variable: str, native: bool) -> None:
    assert settle(Said(native=said), {"WHISK_NATIVE": variable}).native is native


def test_only_the_token_of_this_run_brings_the_window_to_the_front(local: LocalApi) -> None:
    served, doors = application(local)
    fronts: list[str] = []
    served.include_router(window_router(lambda: not fronts.append("front")))
    other = local.create_token("a program", scope="admin").data["token"]
    client = TestClient(served, base_url=URL)

    def ask(token: str) -> int:
        return client.post(FOCUS, headers={"Authorization": f"Bearer {token}"}).status_code

    assert ask("") == ask("whisk_nonsense") == 401
    assert ask(other) == 403
    client.cookies.set("whisk_session", doors.sessions.open(local.user, "native"))
    assert client.post(FOCUS, headers={"Origin": URL}).status_code == 403
    client.cookies.clear()
    assert fronts == []
    assert ask(doors.tokens.local()) == 200
    assert fronts == ["front"]


def test_without_a_server_there_is_no_window(tmp_path: Path) -> None:
    assert focus_first(tmp_path) == ""

    announce(tmp_path, RunningServer("http://127.0.0.1:9", 1, "whisk_old"))
    assert focus_first(tmp_path) == ""


def test_the_session_of_the_window_is_told_apart(local: LocalApi, tmp_path: Path) -> None:
    kinds: list[str] = []

    def mint(kind: str) -> str:
        kinds.append(kind)
        return "token"

    window = build_window(Settings(data=tmp_path), local, "http://here", mint, lambda: None)

    assert window._sign_in() == "http://here/auth?t=token"
    assert kinds == ["native"]


def test_folders_are_opened_by_the_id_of_an_image(
    local: LocalApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[list[str]] = []
    monkeypatch.setattr("app.window.machine.shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(
        "app.window.machine.subprocess.Popen", lambda words, **_: opened.append(words)
    )
    local.add_to_queue({"prompt": "a boat", "model": "painter:painter"})
    local.start_queue()
    (row,) = local.wait_for(timeout_seconds=30).data
    machine = Machine(None, local)  # type: ignore[arg-type]

    assert machine.show_image(row["output_image"]).success
    assert machine.show_output_folder().success
    output = local.get_settings().data["output_folder"]
    assert [words[1] for words in opened] == [f"{output}/Default", output]
    for wrong in ("../../etc", output, "/etc", ""):
        assert machine.show_image(wrong).code == "image_not_found"
    assert len(opened) == 2


def test_a_machine_without_a_file_manager_says_where_the_folder_is(
    local: LocalApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(None, local)  # type: ignore[arg-type]
    folder = Path(local.get_settings().data["output_folder"])

    assert machine.show_output_folder().code == "file_missing"

    folder.mkdir(parents=True)
    monkeypatch.setattr("app.window.machine.shutil.which", lambda _: None)
    answer = machine.show_output_folder()
    assert (answer.code, str(folder) in answer.message) == ("folder_not_shown", True)


def shown(*chain: bytes) -> SimpleNamespace:
    """What Qt tells about a certificate that it does not trust."""
    told = [
        SimpleNamespace(toDer=lambda one=one: SimpleNamespace(data=lambda: one)) for one in chain
    ]
    return SimpleNamespace(certificateChain=lambda: told)


def test_the_window_trusts_one_certificate_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "certificate.pem"
    file.write_text(ssl.DER_cert_to_PEM_cert(b"ours") + ssl.DER_cert_to_PEM_cert(b"the issuer"))

    assert is_shown_by(shown(b"ours", b"whoever"), file)
    assert not is_shown_by(shown(b"another", b"ours"), file)
    assert not is_shown_by(shown(b"the issuer"), file)
    assert not is_shown_by(shown(), file)

"""Twelve secrets through the whole product, with real processes and a real browser.

Afterwards everything that a stranger, a backup's reader or a log's reader could get hold of is
searched for them. Each may be found exactly where it belongs, and there it must be found: so the
search is known to work.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.server import FROM_PYTEST, ROOT, Server
from tests.providers.fake_gemini import FakeGemini, failure
from tests.secrets.recording import Recording, command_lines
from tests.secrets.searching import Hit, Searcher

pytestmark = pytest.mark.browser

ENVIRONMENT_KEY = "canary-environment-key-7Qh2xKp0"
SETTINGS_KEY = "canary-settings-key-Zt81mWc4"
ADMIN_PASSWORD = "canary admin password Lr55yVd9"
MEMBER_PASSWORD = "canary member password Bn03sXj6"
UPSTREAM = "canary-upstream-credential-Fg27kTq1"
ADDRESS_PASSWORD = "canary-address-password-Hw94pRz8"
WRONG_PASSWORD = "a wrong password, 1234"

PLAN = b"name,prompt,title\nfox,a fox on a bicycle,lan.png\nowl,an owl at a desk,lan.png\n"
GRID = "window.did_handshake && document.querySelector('.ag-root')"

PUBLIC = re.compile(r"GET /(?:static|_nicegui/[\d.]+/static)/")

WHERE_THEY_BELONG = {
    Hit("settings key", "data:provider-keys.json"),
    Hit("local token", "data:server.json"),
    Hit("launch token", "console of the studio, welcome"),
    Hit("form token", "GET /login"),
    Hit("form token", "POST /login"),
    Hit("form token", "page login"),
    Hit("API token", "POST /api/v1/tokens"),
    Hit("window's token", "console of whisk token create"),
}


WHERE_TO_LOOK = (
    "data:whisk.sqlite", "data:whisk.sqlite-wal", "data:logs/whisk.log", "data:backups/*.zip",
    "data:output/*.png", "data:references/*", "data:thumbnails/*", "window:logs/real-*.log",
    "socket", "GET /", "GET /settings", "GET /static/*.js", "GET /metrics", "GET /api/v1/*.json",
    "GET /api/v1/backups/*.zip", "POST /api/v1/tasks/export", "header of GET /auth",
    "page queue", "page of a member", "address of GET /", "console of command lines",
    "console of studio", "console of window", "console of whisk doctor",
    "console of a start that is refused",
)  # fmt: skip


@dataclass
class Scene:
    """The story so far: secrets by name, and what is to be searched."""

    folder: Path
    fake: FakeGemini
    browser: Browser
    secrets: dict[str, str]
    recording: Recording = field(default_factory=Recording)
    consoles: dict[str, bytes | str] = field(default_factory=dict)
    at_work: list[tuple[str, str, bytes]] = field(default_factory=list)
    open: ExitStack = field(default_factory=ExitStack)

    def start(self, name: str, *options: str, **environment: str) -> Server:
        server = Server(self.folder / name, *options, **environment)
        server.start()
        self.open.callback(server.stop)
        return server

    def tab(self) -> Page:
        """A tab of a new browser profile."""
        context = self.browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(20_000)
        self.recording.attach(context)
        self.open.callback(context.close)
        return context.new_page()

    def whisk(self, name: str, *words: str, text: str = "", **environment: str) -> str:
        """A command; answers what it wrote."""
        given = {**os.environ, **environment}
        for variable in FROM_PYTEST:
            given.pop(variable, None)
        done = subprocess.run(
            [sys.executable, "main.py", *words], cwd=ROOT, env=given, input=text,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.consoles[name] = done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def scene(tmp_path: Path, browser: Browser) -> Iterator[Scene]:
    with FakeGemini(key=SETTINGS_KEY) as fake:
        secrets = {
            "environment key": ENVIRONMENT_KEY,
            "settings key": SETTINGS_KEY,
            "admin's password": ADMIN_PASSWORD,
            "member's password": MEMBER_PASSWORD,
            "provider's credential": UPSTREAM,
            "password in an address": ADDRESS_PASSWORD,
        }
        found = Scene(tmp_path, fake, browser, secrets)
        with found.open:
            yield found


def test_twelve_secrets_are_found_nowhere_but_where_they_belong(scene: Scene) -> None:
    studio = scene.start("studio", WHISK_GEMINI_URL=scene.fake.url)
    scene.secrets["launch token"] = studio.link.partition("?t=")[2]
    page = scene.tab()
    enter_by_link(scene, page, studio)
    enter_key_and_password(scene, page, studio)
    import_and_paint(scene, page)
    ask_everything(scene, page)
    command(scene, studio)
    look_through_a_window(scene, studio)
    look_at_work(scene, studio.data)
    leave_and_come_back(scene, page, studio)
    member_comes_in(scene, studio)
    restart_with_a_key_of_the_environment(scene, studio)
    start_with_a_password_in_the_address(scene)
    scene.open.close()

    assert len(scene.secrets) == 12
    assert prove_that_each_is_found(scene)
    searcher = search(scene, studio)
    assert searcher.hits == WHERE_THEY_BELONG
    assert {place for place in WHERE_TO_LOOK if not seen(searcher, place)} == set()


# --- the story ------------------------------------------------------------------------------------


def enter_by_link(scene: Scene, page: Page, studio: Server) -> None:
    page.goto(studio.link)
    page.wait_for_function(GRID)
    scene.secrets["session cookie"] = cookie(page.context, "whisk_session")


def cookie(context: BrowserContext, name: str) -> str:
    (found,) = [one["value"] for one in context.cookies() if one["name"] == name]
    return found


def enter_key_and_password(scene: Scene, page: Page, studio: Server) -> None:
    page.goto(f"{studio.url}/settings")
    page.wait_for_function("window.did_handshake")
    page.get_by_label("New key").fill(SETTINGS_KEY)
    page.get_by_role("button", name="Save key").click()
    expect(page.get_by_text(f"it ends in {SETTINGS_KEY[-4:]}")).to_be_visible()
    page.get_by_label("New password").fill(ADMIN_PASSWORD)
    page.get_by_label("The same again").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_label("New password")).to_have_value("")
    scene.recording.shown("settings", page)


def import_and_paint(scene: Scene, page: Page) -> None:
    """The first request is refused by a server that repeats all it was sent, and more."""
    scene.fake.script.append(repeating(SETTINGS_KEY))
    page.get_by_role("link", name="Queue").click()
    page.wait_for_function(GRID)
    page.get_by_role("button", name="Import…").click()
    (scene.folder / "plan.csv").write_bytes(PLAN)
    picture = ROOT / "static" / "samples" / "refs" / "lan.png"
    page.locator(".q-dialog input.wd-file-input").set_input_files([
        scene.folder / "plan.csv", picture,
    ])  # fmt: skip
    page.get_by_role("button", name="Add all 2").click()
    expect(page.locator(".ag-row").first).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    wait_for(scene, page, {"completed": 1, "error": 1})
    page.locator('.ag-row [col-id="status"]').get_by_text("Error", exact=True).click()
    expect(page.get_by_role("alert").get_by_text("rejected the request")).to_be_visible()
    scene.recording.shown("queue", page)
    assert scene.fake.calls[0].headers["x-goog-api-key"] == SETTINGS_KEY


def repeating(key: str) -> Any:
    headers = {"x-goog-api-key": key, "Authorization": f"Bearer {UPSTREAM}"}
    return failure(400, "INVALID_ARGUMENT", f"You sent {json.dumps(headers)}, which is odd.")


def wait_for(scene: Scene, page: Page, wanted: dict[str, int]) -> None:
    for _ in range(240):
        counts = asked(scene, page, "GET", "/api/v1/queue")["data"]["counts"]
        if {status: count for status, count in counts.items() if count} == wanted:
            return
        page.wait_for_timeout(250)
    raise AssertionError(counts)


def asked(scene: Scene, page: Page, method: str, path: str, body: Any = None) -> Any:
    """What the studio answers a script of the page."""
    answer = scene.recording.fetched(page, method, path, body)
    assert answer["status"] < 300, (path, answer["text"][:500])
    return json.loads(answer["text"]) if answer["text"].startswith("{") else None


def ask_everything(scene: Scene, page: Page) -> None:
    new = {"name": "a program", "scope": "admin", "days": 1}
    token = asked(scene, page, "POST", "/api/v1/tokens", new)
    scene.secrets["API token"] = token["data"]["token"]
    for path in ("tasks/all", "changes?since=0", "providers", "settings", "users", "tokens", "me",
                 "models", "figures", "health", "openapi.json"):  # fmt: skip
        asked(scene, page, "GET", f"/api/v1/{path}")
    for path in ("/metrics", "/healthz", "/readyz"):
        asked(scene, page, "GET", path)
    for kind in ("csv", "json"):
        asked(scene, page, "POST", "/api/v1/tasks/export", {"file_type": kind, "task_ids": None})
    made = asked(scene, page, "POST", "/api/v1/backups", {"with_images": True})["data"]
    assert made["images"] == 1
    asked(scene, page, "GET", f"/api/v1/backups/{made['name']}")
    for wrong in ({"key": [SETTINGS_KEY]}, {"keys": SETTINGS_KEY}, {"key": f"{SETTINGS_KEY} x"}):
        path = "/api/v1/providers/gemini/key"
        answer = scene.recording.fetched(page, "PUT", path, wrong)
        assert answer["status"] in (400, 422)


def command(scene: Scene, studio: Server) -> None:
    scene.secrets["local token"] = json.loads((studio.data / "server.json").read_text())["token"]
    here = ("--data", str(studio.data), "--json")
    scene.whisk(
        "whisk user add", "user", "add", "mia", "--password-stdin", *here, text=MEMBER_PASSWORD
    )
    made = scene.whisk("whisk token create", "token", "create", "window", *here)
    scene.secrets["window's token"] = json.loads(made)["token"]
    examined = scene.whisk("whisk doctor", "doctor", *here, GEMINI_API_KEY=ENVIRONMENT_KEY)
    assert json.loads(examined)["checks"]
    there = {"WHISK_SERVER": studio.url, "WHISK_TOKEN": scene.secrets["API token"]}
    assert json.loads(scene.whisk("whisk list", "list", "--json", **there))
    program = httpx.Client(
        base_url=studio.url, headers={"Authorization": f"Bearer {scene.secrets['API token']}"}
    )
    with program:
        for path in ("/api/v1/tasks/all", "/api/v1/nothing", "/api/v1/changes?since=x"):
            scene.consoles[f"answer to {path}"] = program.get(path).text
        refused = program.get("/api/v1/me", headers={"Authorization": f"Bearer {UPSTREAM}"})
        assert refused.status_code == 401
        scene.consoles["refusal"] = refused.text


def look_through_a_window(scene: Scene, studio: Server) -> None:
    window = scene.start(
        "window", "--api", "real", "--server", studio.url,
        WHISK_TOKEN=scene.secrets["window's token"],
    )  # fmt: skip
    tab = scene.tab()
    tab.goto(window.link)
    tab.wait_for_function(GRID)
    expect(tab.locator(".ag-row").first).to_be_visible()
    scene.recording.shown("of a window", tab)
    look_at_work(scene, window.data)
    window.stop()
    scene.consoles["window"] = window.printed


def look_at_work(scene: Scene, data: Path) -> None:
    """Keep what is there only while a server works: its note, the database's log, its command."""
    scene.consoles["command lines"] = command_lines()
    assert "main.py" in scene.consoles["command lines"]
    for path in sorted(data.glob("*")):
        if path.is_file():
            scene.at_work.append((data.name, path.name, path.read_bytes()))


def leave_and_come_back(scene: Scene, page: Page, studio: Server) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{studio.url}/login")
    scene.secrets["form token"] = cookie(page.context, "whisk_form")
    scene.recording.shown("login", page)
    sign_in(page, "local", WRONG_PASSWORD)
    expect(page.get_by_role("alert")).to_be_visible()
    sign_in(page, "local", ADMIN_PASSWORD)
    page.wait_for_function(GRID)


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def member_comes_in(scene: Scene, studio: Server) -> None:
    page = scene.tab()
    page.goto(f"{studio.url}/login")
    sign_in(page, "mia", MEMBER_PASSWORD)
    page.wait_for_function(GRID)
    scene.recording.shown("of a member", page)


def restart_with_a_key_of_the_environment(scene: Scene, studio: Server) -> None:
    studio.stop()
    scene.consoles["studio"] = studio.printed
    scene.fake.key = ENVIRONMENT_KEY
    scene.fake.script.append(repeating(ENVIRONMENT_KEY))
    again = scene.start("studio", WHISK_GEMINI_URL=scene.fake.url, GEMINI_API_KEY=ENVIRONMENT_KEY)
    page = scene.tab()
    page.goto(again.link)
    page.wait_for_function(GRID)
    asked(scene, page, "POST", "/api/v1/tasks", {"prompt": "a heron", "model": "Nano Banana Pro"})
    asked(scene, page, "POST", "/api/v1/queue/start")
    wait_for(scene, page, {"completed": 1, "error": 2})
    page.goto(f"{again.url}/settings")
    expect(page.get_by_text("environment variable GEMINI_API_KEY")).to_be_visible()
    scene.recording.shown("settings again", page)
    assert scene.fake.calls[-1].headers["x-goog-api-key"] == ENVIRONMENT_KEY
    look_at_work(scene, again.data)
    again.stop()
    scene.consoles["studio again"] = again.printed


def start_with_a_password_in_the_address(scene: Scene) -> None:
    address = f"https://gateway:{ADDRESS_PASSWORD}@example.org"
    scene.whisk(
        "a start that is refused", "--no-browser", "--data", str(scene.folder / "refused"),
        WHISK_GEMINI_URL=address,
    )  # fmt: skip
    assert "WHISK_GEMINI_URL" in str(scene.consoles["a start that is refused"])


# --- the search -----------------------------------------------------------------------------------


def prove_that_each_is_found(scene: Scene) -> bool:
    planted = scene.folder / "planted"
    planted.mkdir()
    for number, secret in enumerate(scene.secrets.values()):
        (planted / f"{number}.txt").write_text(f"so {secret} it is", encoding="utf-8")
    searcher = Searcher(scene.secrets)
    searcher.look_into("planted", planted)
    return {hit.secret for hit in searcher.hits} == set(scene.secrets)


def search(scene: Scene, studio: Server) -> Searcher:
    searcher = Searcher(scene.secrets)
    for name in ("studio", "window", "refused"):
        searcher.look_into("data" if name == "studio" else name, scene.folder / name)
    for folder, name, content in scene.at_work:
        searcher.look(f"{'data' if folder == 'studio' else folder}:{name}", content)
    for name, console in scene.consoles.items():
        search_console(searcher, name, console)
    for one in scene.recording.received:
        searcher.look(one.place, one.content)
    for one in scene.recording.asked:
        if not one.place.startswith("GET /auth"):  # the launch link itself
            searcher.look(f"address of {one.place}", one.content)
    search_what_pages_sent(scene)
    # A browser may drop the body of a file that it has kept before; these are the same for all.
    assert [one for one in scene.recording.unread if not PUBLIC.match(one)] == []
    assert scene.recording.of("socket"), "no frame was seen"
    return searcher


def seen(searcher: Searcher, pattern: str) -> bool:
    return any(fnmatchcase(place, pattern) for place in searcher.places)


def search_console(searcher: Searcher, name: str, console: bytes | str) -> None:
    """A server's greeting holds its launch link; no other line may."""
    text = console.decode() if isinstance(console, bytes) else console
    greeting = re.compile(r"^Whisk Desktop is ready at .*$", re.MULTILINE)
    if name == "studio":
        for line in greeting.findall(text):
            searcher.look("console of the studio, welcome", line)
    searcher.look(f"console of {name}", greeting.sub("", text))


def search_what_pages_sent(scene: Scene) -> None:
    """What a person typed goes out once, of course; nothing else does."""
    searcher = Searcher(scene.secrets)
    for one in scene.recording.sent:
        searcher.look(one.place, one.content)
    assert {hit.secret for hit in searcher.hits} == {"settings key", "admin's password"}

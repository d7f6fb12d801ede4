"""Our own pages under their policy, and tabs whose session ends, in a real Chromium."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.attacks.chromium import chromium
from tests.browser.server import Server
from tests.browser.test_story import import_storyboard, sign_in

pytestmark = pytest.mark.browser

PASSWORD = "seven grey herons"
LATEST = 20_000
"""Milliseconds. At once where the end is told; the look that finds it otherwise takes 10 s."""

REPORT = """document.addEventListener("securitypolicyviolation", event =>
    console.error("policy", event.effectiveDirective, event.blockedURI, event.sourceFile))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path / "data")
    found.start()
    yield found
    found.stop()


@contextmanager
def person(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody with a browser of their own."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    yield context
    context.close()


def ready(tab: Page, address: str) -> Page:
    tab.goto(address)
    tab.wait_for_function("window.did_handshake")
    return tab


def sign_in_with_password(tab: Page, server: Server, name: str = "local") -> None:
    tab.goto(f"{server.url}/login")
    tab.get_by_label("User name").fill(name)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab).to_have_url(f"{server.url}/")


def call(tab: Page, server: Server, method: str, path: str, data: object) -> dict:
    """A call of the REST interface as a page makes it."""
    answer = tab.request.fetch(
        f"{server.url}/api/v1{path}", method=method, data=data, headers={"origin": server.url}
    )
    assert answer.ok, answer.text()
    return answer.json()


# --- under the policy -------------------------------------------------------------------------


def test_all_pages_work_under_the_policy_without_one_violation(
    browser: Browser, server: Server
) -> None:
    errors: list[str] = []
    with person(browser) as context:
        page = context.new_page()
        page.add_init_script(REPORT)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)

        sign_in(page, server)
        import_storyboard(page)
        paint_and_look(page)
        edit(page)
        choose_looks(page, server)
        leave_and_come_back(page, server)
    assert errors == []


def paint_and_look(page: Page) -> None:
    page.get_by_role("button", name="Start", exact=True).click()
    thumbnail = page.locator('.ag-row [col-id="output_images"] img').first
    expect(thumbnail).to_be_visible(timeout=60_000)
    thumbnail.click()
    large = page.locator(".wd-lightbox img").first
    expect(large).to_be_visible()
    page.wait_for_function("e => e.complete && e.naturalWidth > 0", arg=large.element_handle())
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()


def edit(page: Page) -> None:
    page.locator('.ag-row[row-index="0"] [col-id="status"]').first.click()
    prompt = page.get_by_label("Prompt", exact=True)
    expect(prompt).not_to_have_value("")
    page.get_by_role("button", name="Close the editor").click()
    cell = page.locator('.ag-row[row-index="1"] [col-id="task_name"]').first
    cell.dblclick()
    page.keyboard.press("Escape")


def choose_looks(page: Page, server: Server) -> None:
    ready(page, f"{server.url}/settings")
    for theme, is_dark in (("Dark", True), ("Light", False)):
        with page.expect_navigation():
            page.locator(".wd-toggle").get_by_text(theme, exact=True).click()
        page.wait_for_function("window.did_handshake")
        shown = "document.body.classList.contains('body--dark')"
        assert page.evaluate(shown) is is_dark
    call(page, server, "PUT", "/me/password", {"password": PASSWORD})


def leave_and_come_back(page: Page, server: Server) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{server.url}/login")
    sign_in_with_password(page, server)
    page.wait_for_function("window.did_handshake && document.querySelector('.ag-root')")


# --- tabs of a session that is over -----------------------------------------------------------


def test_signing_out_in_one_tab_closes_the_others(browser: Browser, server: Server) -> None:
    with person(browser) as context:
        first, second = context.new_page(), context.new_page()
        sign_in(first, server)
        ready(second, f"{server.url}/settings")

        first.get_by_role("button", name="Sign out").click()

        expect(second).to_have_url(f"{server.url}/login")
        expect(first).to_have_url(f"{server.url}/login")


def test_a_new_password_closes_the_tabs_of_other_browsers_only(
    browser: Browser, server: Server
) -> None:
    with person(browser) as here, person(browser) as elsewhere:
        mine, other = here.new_page(), elsewhere.new_page()
        sign_in(mine, server)
        call(mine, server, "PUT", "/me/password", {"password": PASSWORD})
        sign_in_with_password(other, server)

        call(mine, server, "PUT", "/me/password", {"password": "eight white herons"})

        expect(other).to_have_url(re.compile("/login$"), timeout=LATEST)
        expect(mine).to_have_url(f"{server.url}/")
        mine.get_by_role("button", name="Start", exact=True).click()
        expect(mine.get_by_role("button", name="Stop", exact=True)).to_be_enabled()


def test_another_role_takes_effect_in_tabs_that_are_open(browser: Browser, server: Server) -> None:
    with person(browser) as here, person(browser) as elsewhere:
        admin, tab = here.new_page(), elsewhere.new_page()
        sign_in(admin, server)
        user = {"username": "mai", "display_name": "Mai", "role": "admin", "password": PASSWORD}
        mai = call(admin, server, "POST", "/users", user)["data"]["id"]
        sign_in_with_password(tab, server, "mai")

        call(admin, server, "PATCH", f"/users/{mai}", {"role": "viewer"})

        expect(tab).to_have_url(re.compile("/login$"), timeout=LATEST)


def test_a_tab_whose_session_ended_while_it_was_away_finds_the_login(
    browser: Browser, server: Server
) -> None:
    with person(browser) as context:
        tab = context.new_page()
        sign_in(tab, server)
        server.kill()
        with closing(sqlite3.connect(server.data / "whisk.sqlite")) as database:
            database.execute("DELETE FROM sessions")
            database.commit()

        server.start()

        expect(tab).to_have_url(re.compile("/login$"), timeout=60_000)

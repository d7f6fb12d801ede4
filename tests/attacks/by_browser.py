"""Attacks that need a real browser: other pages, frames, scripts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Browser, Error, Page

from tests.attacks.attack import AnyTarget, Attack, Outcome
from tests.attacks.targets import PASSWORD, USER, Bare
from tests.puppet import small_picture
from tests.waiting import until

ELSEWHERE = "evil.test"
"""A name that the browser of these tests resolves to this machine."""

RAN = "window.ran = 1"
SCRIPT = "fetch('{path}', {{method: 'POST'}}).then(() => document.title = 'ran')"


@contextmanager
def stage(html: str) -> Iterator[int]:
    """A web server of the attacker on this machine, with one page; answers its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = html.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def victim(target: AnyTarget, browser: Browser) -> Iterator[Page]:
    """A tab of somebody who is signed in."""
    name, _, value = target.victim.partition("=")
    context = browser.new_context()
    context.set_default_timeout(20_000)
    for host in ("127.0.0.1", ELSEWHERE):
        # SameSite as both servers set it. That the other name has one too helps the attacker.
        context.add_cookies(
            [{"name": name, "value": value, "domain": host, "path": "/", "sameSite": "Lax"}]
        )
    target.save_up()
    try:
        yield context.new_page()
    finally:
        context.close()


def _gain(target: AnyTarget, before: int) -> Outcome:
    gain = target.spent - before
    return Outcome(gain > 0, f"spent +{gain}")


def rebinding(target: AnyTarget, browser: Browser) -> Outcome:
    """A name of the attacker now leads to this machine: read the page, press the button."""
    with victim(target, browser) as page:
        before = target.spent
        answer = page.goto(f"http://{ELSEWHERE}:{target.port}/")
        assert answer is not None
        if answer.status != 200:
            return Outcome(False, str(answer.status))
        page.wait_for_function("window.did_handshake")
        page.get_by_role("button", name="Start").click()
        until(lambda: target.spent > before)
        return _gain(target, before)


def form_of_another_site(target: AnyTarget, browser: Browser) -> Outcome:
    action = target.url + target.spend_path
    html = f"<form method=post action='{action}'></form><script>document.forms[0].submit()</script>"
    with victim(target, browser) as page, stage(html) as port:
        before = target.spent
        with page.expect_navigation(url=f"{action}*"):
            page.goto(f"http://{ELSEWHERE}:{port}/", wait_until="commit")
        return _gain(target, before)


def fetch_of_another_port(target: AnyTarget, browser: Browser) -> Outcome:
    """Same site, so that the cookie is sent; the answer cannot be read, but who needs it."""
    with victim(target, browser) as page, stage("") as port:
        before = target.spent
        page.goto(f"http://127.0.0.1:{port}/")
        page.evaluate(
            "url => fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include'})"
            ".catch(() => null)",
            target.url + target.spend_path,
        )
        return _gain(target, before)


def reading_of_another_port(target: AnyTarget, browser: Browser) -> Outcome:
    with victim(target, browser) as page, stage("") as port:
        page.goto(f"http://127.0.0.1:{port}/")
        read = page.evaluate(
            "url => fetch(url, {credentials: 'include'}).then(a => a.text()).catch(() => '')",
            f"{target.url}/",
        )
        return Outcome(bool(read), "read" if read else "blocked by the browser")


def frame(target: AnyTarget, browser: Browser) -> Outcome:
    """Our page, invisible, over something that one likes to click."""
    with victim(target, browser) as page, stage(f"<iframe src='{target.url}/'></iframe>") as port:
        before = target.spent
        page.goto(f"http://127.0.0.1:{port}/")
        framed = page.frames[1]
        if not framed.url.startswith(target.url):
            return Outcome(False, "not shown")
        framed.wait_for_function("window.did_handshake")
        framed.get_by_role("button", name="Start").click()
        until(lambda: target.spent > before)
        return _gain(target, before)


def script_in_a_file(target: AnyTarget, browser: Browser) -> Outcome:
    """A picture that is a page: opened by itself, its script acts for who looks."""
    script = SCRIPT.format(path=target.spend_path)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><script>{script}</script></svg>'.encode()
    html = f"<html><script>{script}</script></html>".encode()
    files = {"evil.svg": svg, "evil.html": html, "evil.png": small_picture() + html}
    addresses, refusals = _place(target, files)
    with victim(target, browser) as page:
        before = target.spent
        for address in addresses:
            try:
                page.goto(target.url + address)
                page.wait_for_function("document.title === 'ran'", timeout=2_000)
            except Error:
                continue
        gain = target.spent - before
    seen = f"spent +{gain}" if gain else f"{refusals} of {len(files)} not taken, no script ran"
    return Outcome(gain > 0, seen)


def _place(target: AnyTarget, files: dict[str, bytes]) -> tuple[list[str], int]:
    """Put files where the server gives them out; answers their addresses, and how many not."""
    if isinstance(target, Bare):
        for name, content in files.items():
            (target.files / name).write_bytes(content)
        return [f"/files/{name}" for name in files], 0
    addresses = []
    for name, content in files.items():
        answer = target.ask(
            "/api/v1/references", "POST", cookie=target.victim, headers={"origin": target.url},
            files={"file": (name, content, "image/png")},
        )  # fmt: skip
        if answer.status_code == 200:
            picture = answer.json()["data"]
            addresses.append(f"/api/v1/references/{picture['id']}")
    return addresses, len(files) - len(addresses)


def injected_markup(target: AnyTarget, browser: Browser) -> Outcome:
    """Markup that got into a page in spite of everything."""
    with victim(target, browser) as page:
        page.goto(target.url + "/")
        page.wait_for_function("window.did_handshake")
        ran = page.evaluate(
            """script => new Promise(resolve => {
                const blocked = [];
                document.addEventListener("securitypolicyviolation", event => {
                    blocked.push(event.effectiveDirective);
                    if (blocked.length === 2) resolve(window.ran === 1);
                });
                document.body.insertAdjacentHTML(
                    "beforeend", `<img src="data:," onerror="${script}">`);
                const element = document.createElement("script");
                element.textContent = script;
                document.body.append(element);
                const look = () => window.ran === 1 ? resolve(true) : requestAnimationFrame(look);
                look();
            })""",
            RAN,
        )
    return Outcome(ran, "ran" if ran else "blocked by the policy")


def script_after_login(target: AnyTarget, browser: Browser) -> Outcome:
    """A link to the login page that says where to go afterwards: to a script."""
    parameter = "redirect_to" if isinstance(target, Bare) else "next"
    context = browser.new_context()
    context.set_default_timeout(20_000)
    try:
        page = context.new_page()
        page.goto(f"{target.url}/login?{parameter}=javascript:{RAN.replace(' ', '')}")
        page.get_by_label("User").fill(USER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="in").click()
        page.wait_for_function("path => window.ran === 1 || location.pathname === path", arg="/")
        ran = page.evaluate("window.ran === 1")
    finally:
        context.close()
    return Outcome(ran, "ran" if ran else "led to the front page")


ATTACKS = (
    Attack("DNS rebinding, in the browser", rebinding, in_browser=True, without_password=True),
    Attack("Form of another site, in the browser", form_of_another_site, in_browser=True,
           without_password=True),
    Attack("`fetch` of another port, in the browser", fetch_of_another_port, in_browser=True),
    Attack("Reading our page from another port", reading_of_another_port, in_browser=True,
           bare_withstands=True),
    Attack("Framed by another port, clicked inside", frame, in_browser=True),
    Attack("Script in a served SVG, HTML, PNG", script_in_a_file, in_browser=True),
    Attack("Injected `onerror=` and inline script", injected_markup, in_browser=True),
    Attack("`javascript:` as the page after the login", script_after_login, in_browser=True),
)  # fmt: skip

"""Attacks by plain requests: other hosts, other origins, odd paths, forged headers."""

import httpx

from tests.attacks.attack import AnyTarget, Attack, Outcome, status
from tests.attacks.targets import Bare

PAGE = {"accept": "text/html"}
EVIL = "http://evil.example"
HOSTS = ("evil.example", "169.254.169.254", "x" * 300)


def foreign_host(target: AnyTarget) -> Outcome:
    """Where DNS rebinding ends: our page under a name of the attacker, cookie and all."""
    answers = [
        target.ask("/", cookie=target.victim, headers={**PAGE, "host": host}) for host in HOSTS
    ]
    worked = any(answer.status_code == 200 for answer in answers)
    return Outcome(worked, ", ".join(sorted({status(answer) for answer in answers})))


def _spends(target: AnyTarget, **request: object) -> Outcome:
    target.save_up()
    before = target.spent
    answer = target.ask(target.spend_path, "POST", cookie=target.victim, **request)
    gain = target.spent - before
    return Outcome(gain > 0, f"{status(answer)}, spent +{gain}")


def post_from_another_site(target: AnyTarget) -> Outcome:
    return _spends(target, headers={"origin": EVIL, "sec-fetch-site": "cross-site"})


def post_from_another_port(target: AnyTarget) -> Outcome:
    """Same site: SameSite does not see ports, so the cookie comes along."""
    headers = {"origin": "http://127.0.0.1:9999", "sec-fetch-site": "same-site"}
    return _spends(target, headers=headers)


def post_from_null(target: AnyTarget) -> Outcome:
    """A sandboxed frame says that its origin is `null`."""
    return _spends(target, headers={"origin": "null", "content-type": "text/plain"}, content="{}")


def post_without_origin(target: AnyTarget) -> Outcome:
    return _spends(target)


def form_post(target: AnyTarget) -> Outcome:
    headers = {"origin": EVIL, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate",
               "sec-fetch-dest": "document"}  # fmt: skip
    return _spends(target, headers=headers, data={"how_much": "all"})


def polling_from_another_site(target: AnyTarget) -> Outcome:
    """The handshake of socket.io needs no websocket, and its answer could be read."""
    answer = target.ask(
        "/_nicegui_ws/socket.io/?EIO=4&transport=polling",
        cookie=target.victim,
        headers={"origin": EVIL},
    )
    allowed = answer.headers.get("access-control-allow-origin", "")
    return Outcome(
        answer.status_code == 200, f"{status(answer)}{', may be read' if allowed else ''}"
    )


TRAVERSALS = (
    "../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "%2e%2e%2fsecret.txt",
    "..\\secret.txt", "..%5csecret.txt", "....//secret.txt", "%252e%252e%252fsecret.txt",
    "a/../../secret.txt", "/etc/passwd", "//etc/passwd", "secret.txt%00.png", "..;/secret.txt",
)  # fmt: skip


def traversal(target: AnyTarget) -> Outcome:
    """Thirteen spellings of a way out of the folder of files, on every route that serves files."""
    for folder in {target.folder, target.folder / "data"}:
        if folder.is_dir():
            (folder / "secret.txt").write_text("the secret", encoding="utf-8")
    routes = (
        ["/files/"]
        if isinstance(target, Bare)
        else ["/static/", "/api/v1/images/", "/api/v1/references/", "/api/v1/backups/"]
    )
    leaks, seen = [], set()
    with httpx.Client(base_url=target.url, headers={"cookie": target.victim}) as client:
        for route in routes:
            for spelling in TRAVERSALS:
                request = client.build_request("GET", "/")
                request.url = request.url.copy_with(raw_path=f"{route}{spelling}".encode())
                answer = client.send(request)
                seen.add(answer.status_code)
                if "the secret" in answer.text or "root:" in answer.text:
                    leaks.append(spelling)
    return Outcome(bool(leaks), f"{len(leaks)} leaks, {', '.join(map(str, sorted(seen)))}")


def forwarded_prefix(target: AnyTarget) -> Outcome:
    """A header of a proxy that is not there, reflected into script addresses and redirects."""
    lies = {"x-forwarded-prefix": "//evil.example", **PAGE}
    page = target.ask("/", cookie=target.victim, headers=lies)
    redirect = target.ask("/", headers=lies)
    found = "evil.example" in page.text, "evil.example" in redirect.headers.get("location", "")
    names = [name for name, is_so in zip(("scripts", "redirect"), found, strict=True) if is_so]
    return Outcome(any(found), f"in {' and '.join(names)}" if names else "ignored")


def api_document(target: AnyTarget) -> Outcome:
    paths = ("/docs", "/redoc", "/openapi.json", "/api/v1/openapi.json")
    answers = [target.ask(path) for path in paths]
    worked = any(answer.status_code == 200 for answer in answers)
    return Outcome(worked, ", ".join(sorted({str(answer.status_code) for answer in answers})))


def tampered_cookie(target: AnyTarget) -> Outcome:
    name, _, value = target.victim.partition("=")
    forged = [value[:-1] + ("A" if value[-1] != "A" else "B"), value[1:], f"{value}x", "admin"]
    worked = any(target.is_signed_in(f"{name}={one}") for one in forged)
    return Outcome(worked, "signed in" if worked else "not signed in")


def api_without_session(target: AnyTarget) -> Outcome:
    answer = target.ask(target.spend_path, "POST", headers={"origin": target.url})
    return Outcome(answer.status_code == 200, status(answer))


def files_of_sessions(target: AnyTarget) -> Outcome:
    """What another account of the machine can read."""
    readable = [
        path.name
        for path in target.folder.rglob("*")
        if path.is_file()
        and path.suffix in (".json", ".sqlite", ".sqlite-wal", ".txt", ".key")
        and path != target.log
        and path.name != "secret.txt"
        and path.stat().st_mode & 0o077
    ]
    return Outcome(bool(readable), f"{len(readable)} readable by others")


ATTACKS = (
    Attack("Host `evil.example`, `169.254.169.254`, 300 letters", foreign_host),
    Attack("POST of another site, cookie included", post_from_another_site),
    Attack("POST of another port, cookie included", post_from_another_port),
    Attack("POST with `Origin: null` and a text body", post_from_null),
    Attack("POST that names no origin", post_without_origin),
    Attack("Form POST of another site", form_post),
    Attack("Polling handshake of another site", polling_from_another_site),
    Attack("13 spellings of a way out of the served folder", traversal, bare_withstands=True),
    Attack("`X-Forwarded-Prefix: //evil.example`", forwarded_prefix),
    Attack("API documents without a session", api_document, bare_withstands=True),
    Attack("Tampered cookie", tampered_cookie, bare_withstands=True),
    Attack("Spending route without a session", api_without_session, bare_withstands=True),
    Attack("Session files that another account can read", files_of_sessions),
)

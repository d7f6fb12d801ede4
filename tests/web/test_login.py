import re

import pytest

from app.errors import WhiskError
from app.web.links import safe_next
from app.web.login_page import LoginPage
from app.words import Words

PASSWORD = "seven grey herons"
ORIGIN = "http://127.0.0.1:8080"


@pytest.fixture(autouse=True)
def password(house):
    house.set_password()


# --- the page ---------------------------------------------------------------------------------


def test_the_page_is_plain_html_without_any_script(house):
    answer = house.browser().get("/login")

    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["cache-control"] == "no-store"


def test_everything_the_page_loads_is_there_without_a_session(house):
    browser = house.browser()

    addresses = re.findall(r'(?:href|src)="([^"]+)"', browser.get("/login").text)

    assert len(addresses) == 3
    for address in addresses:
        assert browser.get(address).status_code == 200
        assert "immutable" in browser.get(address).headers["cache-control"]


def test_every_input_has_its_label_and_the_first_has_the_focus(house):
    html = house.browser().get("/login").text

    assert re.findall(r'<label for="(\w+)"', html) == ["username", "password"]
    assert re.findall(r'id="(\w+)"[^>]*autofocus', html) == ["username"]
    assert re.findall(r'autocomplete="([\w-]+)"', html) == ["username", "current-password"]


@pytest.mark.parametrize(
    ("accepted", "language", "button"),
    [
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi", "Đăng nhập"),
        ("en-GB,vi;q=0.9", "en", "Sign in"),
        ("fr, vi;q=0.4, en;q=0.2", "vi", "Đăng nhập"),
        ("fr", "en", "Sign in"),
        ("vi;q=nonsense, en;q=0.1", "en", "Sign in"),
        ("", "en", "Sign in"),
    ],
)
def test_the_page_speaks_the_browsers_language(house, accepted, language, button):
    html = house.browser().get("/login", headers={"accept-language": accepted}).text

    assert f'<html lang="{language}">' in html
    assert f">{button}</button>" in html


def test_where_nobody_has_a_password_the_page_says_how_to_get_in(house):
    house.people.set_password_hash("local", None)

    html = house.browser().get("/login").text

    assert "launch link" in html
    assert "<form" not in html


def test_whoever_is_signed_in_goes_straight_on(house):
    answer = house.signed_in().get("/login?next=/gallery")

    assert (answer.status_code, answer.headers["location"]) == (303, "/gallery")


def test_no_value_can_become_markup():
    evil = '"><script>alert(1)</script>'
    problem = WhiskError("login_throttled", seconds=evil)

    html = LoginPage(Words("en"), evil, evil, has_password=True, username=evil, problem=problem)

    assert "<script" not in html.html()
    assert html.html().count("&lt;script&gt;") == 4


# --- signing in -------------------------------------------------------------------------------


def test_the_right_password_opens_a_session_and_leads_on(house, sign_in):
    browser = house.browser()

    answer = sign_in(browser, wanted="/gallery")

    assert (answer.status_code, answer.headers["location"]) == (303, "/gallery")
    assert browser.get("/x").json()["user"] == "local"


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(house, sign_in):
    cookie = sign_in(house.browser()).headers.get_list("set-cookie")[0].lower()

    assert cookie.startswith("whisk_session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "max-age" not in cookie


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(house, sign_in):
    browser = house.browser("https://127.0.0.1:8080")

    cookie = sign_in(browser).headers.get_list("set-cookie")[0]

    assert cookie.startswith("__Host-whisk_session=")
    assert "Secure" in cookie


def test_a_wrong_password_shows_the_page_again_with_the_name_but_not_the_password(house, sign_in):
    answer = sign_in(house.browser(), username="mai & co", password="wrong wrong wrong")

    assert answer.status_code == 403
    assert '<p class="problem" role="alert">User name or password is wrong.' in answer.text
    assert 'value="mai &amp; co"' in answer.text
    assert "wrong wrong wrong" not in answer.text
    assert re.findall(r'id="(\w+)"[^>]*autofocus', answer.text) == ["password"]
    assert "whisk_session" not in str(answer.headers)


def test_a_wrong_password_and_an_unknown_name_get_the_same_page(house, sign_in):
    def page(username):
        html = sign_in(house.browser(), username=username, password="wrong wrong wrong").text
        return re.sub(
            r'name="form_token" value="[^"]*"', "", html.replace(f'value="{username}"', "")
        )

    assert page("local") == page("somebody")


def test_too_many_failures_are_told_with_the_time_to_wait(house, sign_in):
    browser = house.browser()
    for _ in range(5):
        sign_in(browser, password="wrong wrong wrong")

    answer = sign_in(browser)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "30"
    assert "Wait 30 seconds" in answer.text


def test_a_form_without_the_token_of_its_page_is_not_believed(house):
    answer = house.browser().post(
        "/login",
        data={"username": "local", "password": PASSWORD},
        headers={"origin": ORIGIN},
    )

    assert answer.status_code == 403
    assert "whisk_session" not in str(answer.headers)


def test_a_form_of_another_site_cannot_sign_anybody_in(house, sign_in):
    answer = sign_in(house.browser(), origin="http://evil.example")

    assert answer.status_code == 403
    assert answer.json()["code"] == "origin_refused"


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe=%ff%00&", b"username=a&username=b", b"&" * 5000, b"a=b&" * 3000]
)
def test_a_broken_form_is_refused_and_nothing_breaks(house, body):
    answer = house.browser().post(
        "/login",
        content=body,
        headers={"origin": ORIGIN, "content-type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 403


# --- sessions change hands --------------------------------------------------------------------


def test_a_token_planted_before_the_login_is_not_signed_in_by_it(house, sign_in):
    browser, planted = house.browser(), "p" * 43
    browser.cookies.set("whisk_session", planted)

    sign_in(browser)

    assert house.sessions.resolve(planted) is None
    thief = house.browser()
    assert thief.get("/x", headers={"cookie": f"whisk_session={planted}"}).status_code == 401


def test_signing_in_anew_by_link_ends_the_session_that_the_browser_had(house):
    browser = house.signed_in()
    old = browser.cookies["whisk_session"]

    browser.get("/auth", params={"t": house.launch.mint()})

    assert house.sessions.resolve(old) is None


def test_signing_in_anew_by_password_ends_the_session_that_the_browser_had(house):
    browser, form_token = house.browser(), "f" * 43
    old = house.sessions.open(house.people.user("local"))
    cookie = f"whisk_session={old}; whisk_form={form_token}"
    form = {"username": "local", "password": PASSWORD, "form_token": form_token}

    answer = browser.post("/login", data=form, headers={"origin": ORIGIN, "cookie": cookie})

    assert answer.status_code == 303
    assert house.sessions.resolve(old) is None


def test_logging_out_ends_the_session_on_the_server(house):
    browser = house.signed_in()
    old = browser.cookies["whisk_session"]
    assert browser.get("/x").status_code == 200

    answer = browser.post("/logout", headers={"origin": ORIGIN})

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    replayed = house.browser().get("/x", headers={"cookie": f"whisk_session={old}"})
    assert replayed.status_code == 401


def test_the_old_cookie_stays_dead_after_the_next_login(house, sign_in):
    browser = house.signed_in()
    old = browser.cookies["whisk_session"]
    browser.post("/logout", headers={"origin": ORIGIN})

    sign_in(house.browser())

    assert house.sessions.resolve(old) is None


def test_another_site_cannot_log_anybody_out(house):
    browser = house.signed_in()

    browser.post("/logout", headers={"origin": "http://evil.example"})
    browser.get("/logout")

    assert browser.get("/x").status_code == 200


def test_logging_out_twice_is_no_failure(house):
    browser = house.signed_in()

    for _ in range(2):
        assert browser.post("/logout", headers={"origin": ORIGIN}).status_code == 303


# --- launch links -----------------------------------------------------------------------------


def test_a_launch_link_signs_in_the_local_admin_and_leaves_a_clean_address(house):
    browser = house.browser()

    answer = browser.get("/auth", params={"t": house.launch.mint()})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "max-age=2592000" in answer.headers["set-cookie"].lower()
    assert browser.get("/x").json()["user"] == "local"


@pytest.mark.parametrize("wait", [0, 301], ids=["replayed", "stale"])
def test_a_used_or_stale_launch_link_says_what_to_do_instead(house, clock, wait):
    link = house.launch.mint()
    if wait:
        clock.pass_seconds(wait)
    else:
        house.browser().get("/auth", params={"t": link})

    answer = house.browser().get("/auth", params={"t": link})

    assert answer.status_code == 403
    assert "Copy the new link from the console, or sign in" in answer.text
    assert "whisk_session" not in str(answer.headers)


@pytest.mark.parametrize("query", ["", "?t=", "?t=guess", "?t=a&t=b", "?t=%00%ff"])
def test_an_invented_launch_link_opens_nothing(house, query):
    house.launch.mint()

    assert house.browser().get(f"/auth{query}").status_code == 403


def test_reloading_a_used_launch_link_while_signed_in_just_goes_on(house):
    answer = house.signed_in().get("/auth?t=used")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


# --- where it leads ---------------------------------------------------------------------------

ELSEWHERE = ["//evil.example", "https://evil.example", "javascript:alert(1)", "/\\evil.example",
             "\\evil.example", "/\t/evil.example", "/a\\b", "/a\r\nSet-Cookie: x=1", "", "gallery",
             "/ /evil.example", "/login", "/login?next=/x", "/logout", "/auth?t=x",
             "/" + "x" * 3000]  # fmt: skip


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_a_login_leads_to_a_path_of_this_server_or_to_the_front_page(house, sign_in, wanted):
    answer = sign_in(house.browser(), wanted=wanted)

    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("wanted", ["/", "/gallery", "/gallery?image=1&x=%20#top", "/logins"])
def test_paths_of_this_server_are_kept(wanted):
    assert safe_next(wanted) == wanted

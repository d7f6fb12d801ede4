"""How far a server can be reached, as the command line and the variables say it."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from app.api.local_api import LocalApi
from app.api.mock_api import MockApi
from app.api.real_api import RealApi
from app.bootstrap import check_exposure, shares_from_the_start
from app.errors import InvalidInput
from app.exposure import Exposure
from app.models import LOCAL_ADMIN
from app.settings import Said, Settings, settle
from tests.cli.conftest import Served, Whisk

PASSWORD = "seven grey herons"


def exposure(said: Said = Said(), **environment: str) -> Exposure:  # noqa: B008 -- frozen
    return settle(said, environment).exposure


def refusal(said: Said = Said(), **environment: str) -> InvalidInput:  # noqa: B008 -- frozen
    with pytest.raises(InvalidInput) as refused:
        settle(said, environment)
    return refused.value


def test_nothing_is_shared_or_encrypted_unless_it_is_said() -> None:
    assert exposure() == Exposure()
    assert settle(Said(), {}).url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("variable", "shares"), [("1", True), ("yes", True), ("0", False), ("", None)]
)
def test_a_variable_shares_or_not_and_an_option_goes_before_it(
    variable: str, shares: bool | None
) -> None:
    assert exposure(WHISK_SHARE=variable).share is shares
    assert exposure(Said(share=False), WHISK_SHARE=variable).share is False
    assert exposure(Said(share=True), WHISK_SHARE=variable).share is True


def test_addresses_to_share_can_be_chosen() -> None:
    chosen = exposure(WHISK_SHARE_ADDRESS="10.0.0.7, [fd00::5]").share_addresses

    assert chosen == ("10.0.0.7", "fd00::5")
    assert exposure(Said(share_address="127.0.0.2")).share_addresses == ("127.0.0.2",)


@pytest.mark.parametrize("address", ["studio", "0.0.0.0", "::", "10.0.0.7:8080", "224.0.0.1"])
def test_what_is_no_address_to_share_is_refused(address: str) -> None:
    assert refusal(Said(share_address=address)).params["name"] == "--share-address"


def test_https_is_asked_for_by_word_or_by_certificate() -> None:
    assert exposure(Said(https="auto")) == Exposure(https=True)
    assert exposure(WHISK_HTTPS="auto").https is True
    assert exposure(Said(https="off"), WHISK_HTTPS="auto").https is False
    own = exposure(Said(certificate=Path("a.pem")), WHISK_KEY="b.pem")
    assert (own.https, own.certificate) == (True, (Path("a.pem"), Path("b.pem")))
    assert settle(Said(https="auto"), {}).url == "https://127.0.0.1:8080"


def test_https_is_off_or_auto() -> None:
    assert refusal(WHISK_HTTPS="yes").params["name"] == "WHISK_HTTPS"


@pytest.mark.parametrize(
    ("said", "option", "other"),
    [
        (Said(certificate=Path("a.pem")), "--certificate", "--key"),
        (Said(key=Path("b.pem")), "--key", "--certificate"),
        (Said(public_url="https://whisk.example"), "--public-url", "--trusted-proxies"),
        (Said(trusted_proxies="10.0.0.1"), "--trusted-proxies", "--public-url"),
    ],
)
def test_what_belongs_together_names_what_is_missing(said: Said, option: str, other: str) -> None:
    refused = refusal(said)

    assert refused.code == "option_needs_other"
    assert (refused.params["option"], refused.params["other"]) == (option, other)


def test_two_certificates_at_once_are_refused() -> None:
    both = Said(https="auto", certificate=Path("a.pem"), key=Path("b.pem"))

    assert refusal(both).code == "options_exclude"


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://whisk.example", "https://whisk.example"),
        ("https://Whisk.Example/", "https://whisk.example"),
        ("https://whisk.example:443", "https://whisk.example"),
        ("https://whisk.example:8443", "https://whisk.example:8443"),
        ("http://[fd00::5]:80", "http://[fd00::5]"),
    ],
)
def test_a_public_address_is_written_as_a_browser_writes_it(typed: str, origin: str) -> None:
    found = exposure(Said(public_url=typed, trusted_proxies="10.0.0.0/24, fd00::1"))

    assert found.public_url == origin
    assert found.trusted_proxies == (ip_network("10.0.0.0/24"), ip_network("fd00::1/128"))


@pytest.mark.parametrize(
    "url",
    ["whisk.example", "ftp://whisk.example", "https://", "https://a@whisk.example",
     "https://whisk.example/whisk", "https://whisk.example?x", "https://whisk.example:port"],
)  # fmt: skip
def test_what_is_no_public_address_is_refused(url: str) -> None:
    refused = refusal(Said(public_url=url, trusted_proxies="10.0.0.1"))

    assert refused.params["name"] == "--public-url"


@pytest.mark.parametrize("proxies", ["0.0.0.0/0", "::/0", "proxy", "10.0.0.0/33"])
def test_who_is_no_proxy_is_not_trusted(proxies: str) -> None:
    refused = refusal(Said(public_url="https://whisk.example", trusted_proxies=proxies))

    assert refused.params["name"] == "--trusted-proxies"


def test_the_command_line_hands_all_of_it_on(whisk: Whisk, served: Served, tmp_path: Path) -> None:
    result = whisk(
        "--share", "serve", "--share-address", "127.0.0.2", "--https", "auto",
        "--server-certificate", str(tmp_path / "c.pem"),
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    (settings,) = served
    assert settings.exposure == Exposure(share=True, share_addresses=("127.0.0.2",), https=True)
    assert settings.server_certificate == tmp_path / "c.pem"


def test_sharing_belongs_to_serve(whisk: Whisk) -> None:
    result = whisk("--share", "list")

    assert result.exit_code == 2
    assert "--share belongs to serve" in result.stderr


# --- what a start needs ---------------------------------------------------------------------------

EXPOSED = [
    Settings(host="0.0.0.0"),
    Settings(host="studio"),
    Settings(exposure=Exposure(share=True)),
    Settings(exposure=Exposure(public_url="https://whisk.example")),
]


@pytest.mark.parametrize("settings", EXPOSED, ids=str)
def test_no_start_lets_others_in_without_the_password_of_an_admin(
    local: LocalApi, settings: Settings
) -> None:
    local.add_user({"username": "mai", "password": PASSWORD, "role": "member"})
    with pytest.raises(InvalidInput) as refused:
        check_exposure(settings, local)
    assert refused.value.code == "sharing_needs_password"

    local.set_password(PASSWORD)
    check_exposure(settings, local)


def test_on_this_machine_alone_no_password_is_needed(local: LocalApi) -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        check_exposure(Settings(host=host), local)
    check_exposure(Settings(exposure=Exposure(share=False)), local)


def test_a_window_on_a_distant_studio_is_never_shared() -> None:
    with RealApi("http://127.0.0.1:9") as window, pytest.raises(InvalidInput):
        check_exposure(Settings(api="real", exposure=Exposure(share=True)), window)


def test_what_was_chosen_last_counts_at_the_next_start(local: LocalApi) -> None:
    assert shares_from_the_start(Settings(), local) is False
    local.set_password(PASSWORD)
    local.set_sharing(True)

    assert shares_from_the_start(Settings(), local) is True
    assert shares_from_the_start(Settings(exposure=Exposure(share=False)), local) is False


def test_a_choice_of_before_is_void_once_no_admin_has_a_password(local: LocalApi) -> None:
    local.set_password(PASSWORD)
    local.set_sharing(True)
    local.people.set_password_hash(LOCAL_ADMIN.id, None)

    assert shares_from_the_start(Settings(), local) is False


def test_a_studio_in_memory_forgets_that_it_was_shared() -> None:
    with MockApi() as api:
        assert shares_from_the_start(Settings(api="mock"), api) is False

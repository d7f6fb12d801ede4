"""What the command line says goes before `WHISK_…`, and that before the defaults."""

from pathlib import Path

import pytest
from typer.testing import Result

from app.errors import InvalidInput
from app.settings import Said, Settings, settle
from tests.cli.conftest import Served, Whisk


def refusal(said: Said, environment: dict[str, str]) -> str:
    with pytest.raises(InvalidInput) as refused:
        settle(said, environment)
    return refused.value.code


def test_without_options_a_durable_queue_is_served_on_this_machine_alone() -> None:
    settings = settle(Said(), {})

    assert (settings.host, settings.port, settings.api) == ("127.0.0.1", 8080, "local")
    assert settings.browser is True


def test_an_option_goes_before_its_variable() -> None:
    settings = settle(Said(port=9001, data=Path("/a")), {"WHISK_PORT": "9002", "WHISK_DATA": "/b"})

    assert (settings.port, settings.data) == (9001, Path("/a"))


def test_a_variable_that_is_set_to_nothing_is_not_set() -> None:
    settings = settle(Said(), {"WHISK_HOST": "", "WHISK_PORT": "", "WHISK_NO_BROWSER": ""})

    assert (settings.host, settings.port, settings.browser) == ("127.0.0.1", 8080, True)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PORT", "abc"), ("PORT", "0"), ("PORT", "70000"), ("PORT", "٨٠"), ("API", "cloud"),
     ("PAINTER_LATENCY", "soon"), ("PAINTER_LATENCY", "nan"), ("PAINTER_LATENCY", "-1")],
)  # fmt: skip
def test_a_malformed_variable_is_named(variable: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"WHISK_{variable}"):
        settle(Said(), {f"WHISK_{variable}": value})


@pytest.mark.parametrize(("value", "opens"), [("1", False), ("yes", False), ("0", True)])
def test_any_value_but_0_keeps_the_browser_closed(value: str, opens: bool) -> None:
    assert settle(Said(), {"WHISK_NO_BROWSER": value}).browser is opens


def test_naming_a_server_means_it() -> None:
    assert settle(Said(server="http://studio:8080"), {"WHISK_API": "local"}).api == "real"
    assert settle(Said(), {"WHISK_SERVER": "http://studio:8080"}).api == "real"
    assert settle(Said(api="local"), {"WHISK_SERVER": "http://studio:8080"}).api == "local"


def test_the_real_api_needs_a_server_and_the_others_none() -> None:
    assert refusal(Said(api="real"), {}) == "server_missing"
    assert refusal(Said(api="mock", server="http://studio:8080"), {}) == "server_unused"


def test_the_token_file_goes_before_the_variable(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("whisk_from_the_file\n")

    settings = settle(Said(token_file=file), {"WHISK_TOKEN": "whisk_from_the_variable"})

    assert settings.token == "whisk_from_the_file"
    assert "whisk_from" not in repr(settings)


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"\xff\xfe\x00"])
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)

    assert refusal(Said(token_file=file), {}) == "token_file_unreadable"
    assert refusal(Said(token_file=tmp_path / "absent"), {}) == "token_file_unreadable"


@pytest.mark.parametrize("words", [(), ("serve",)])
def test_bare_whisk_and_whisk_serve_are_the_same(
    whisk: Whisk, served: Served, tmp_path: Path, words: tuple[str, ...]
) -> None:
    result: Result = whisk(*words, "--port", "9000", "--data", str(tmp_path), "--no-browser")

    assert result.exit_code == 0, result.output
    (settings,) = served
    assert settings.url == "http://127.0.0.1:9000"
    assert (settings.data, settings.browser) == (tmp_path, False)


def test_options_of_serve_may_stand_before_it(whisk: Whisk, served: Served) -> None:
    whisk("--port", "9000", "--host", "::1", "serve", "--port", "9001")

    assert served[0].url == "http://[::1]:9001"


def test_the_data_folder_may_be_named_before_the_command(whisk: Whisk, tmp_path: Path) -> None:
    whisk("--data", str(tmp_path / "other"), "add", "a boat")

    assert "a boat" in whisk("list", "--data", str(tmp_path / "other")).stdout
    assert "a boat" not in whisk("list").stdout


def test_an_option_that_would_do_nothing_is_refused(whisk: Whisk) -> None:
    result = whisk("--port", "9000", "list")

    assert result.exit_code == 2
    assert "--port belongs to serve" in result.stderr


def test_a_bad_variable_is_a_usage_error_of_every_command(whisk: Whisk) -> None:
    result = whisk("list", WHISK_PORT="abc")

    assert result.exit_code == 2
    assert result.stderr == "WHISK_PORT cannot be 'abc'.\n"


def test_a_server_that_cannot_start_ends_with_a_sentence(whisk: Whisk) -> None:
    assert whisk("serve", "--api", "real").exit_code == 2
    assert isinstance(settle(Said(), {}), Settings)

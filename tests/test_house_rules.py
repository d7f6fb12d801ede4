"""Rules for code that is not written yet."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app.cli.commands import command_line
from app.clock import Clock
from app.settings import Said, settle
from app.store import schema
from app.store.database import Database

ROOT = Path(__file__).resolve().parent.parent
CODE = [
    path
    for path in sorted([*ROOT.glob("app/**/*.py"), *ROOT.glob("pages/**/*.py"), ROOT / "main.py"])
    if "versions" not in path.parts
]
PAGES = sorted(ROOT.glob("pages/**/*.py"))
PATH = re.compile(r"`((?:app|pages|static|tests|docs|bench)/[\w./]*\w)/?`")
FORBIDDEN = re.compile(
    r"ui\.(html|markdown|image|restructured_text|interactive_image)\(|add_static_files"
    r"|add_media_files|\.(props|classes|style)\(\s*f[\"']|html=True|sanitize=False"
)


@pytest.mark.parametrize("paper", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_path_that_a_paper_names_exists(paper: str) -> None:
    text = (ROOT / paper).read_text(encoding="utf-8")

    assert {name for name in PATH.findall(text) if not (ROOT / name).exists()} == set()


def test_every_option_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    settings = "".join(
        (ROOT / "app" / name).read_text(encoding="utf-8") for name in ("settings.py", "exposure.py")
    )
    commands = typer.main.get_command(command_line(print))
    serve = commands.get_command(typer.Context(commands), "serve")
    assert serve is not None
    options = {option for parameter in serve.params for option in parameter.opts}
    named = options | set(re.findall(r"WHISK_[A-Z_]*[A-Z]", settings))

    assert {name for name in named if name not in readme} == set()


def test_the_options_have_the_defaults_of_the_readme() -> None:
    settings = settle(Said(), {})

    assert (settings.host, settings.port, settings.api) == ("127.0.0.1", 8080, "local")
    assert settings.browser is True


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_are_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 400
    assert list(_long_functions(ast.parse(text))) == []


def _long_functions(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.end_lineno or 0) - first.lineno + 1
            if length > 50:
                yield f"{node.name}: {length}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_never_turn_data_into_markup(path: Path) -> None:
    assert FORBIDDEN.findall(path.read_text(encoding="utf-8")) == []


def test_versions_are_pinned_by_name_and_nothing_else() -> None:
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split():
        assert re.fullmatch(r"[\w.-]+==[\w.]+", line), line


def test_the_migrations_lead_to_the_schema() -> None:
    database = Database(None, Clock())
    database.open()
    with database.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    database.close()

    assert found == []


def test_importing_main_does_nothing() -> None:
    code = "import sys, main; sys.exit('nicegui' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0

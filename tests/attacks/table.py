"""Prints the table of attacks: `python -m tests.attacks.table`, or `make attacks`."""

import datetime as dt
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import nicegui
from playwright.sync_api import Browser

from tests.attacks import by_browser, by_request, by_session, by_socket, by_weight
from tests.attacks.attack import Attack, Outcome
from tests.attacks.chromium import chromium
from tests.attacks.targets import Bare, Ours

ATTACKS = (
    *by_request.ATTACKS,
    *by_socket.ATTACKS,
    *by_session.ATTACKS,
    *by_browser.ATTACKS,
    *by_weight.ATTACKS,
)


def main() -> None:
    """Try everything on both servers and print what happened; 1 when an attack on ours worked."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        for part in ("bare", "open", "ours"):
            (folder / part).mkdir()
        with (
            Bare(folder / "bare") as bare,
            Bare(folder / "open", without_password=True) as open_bare,
            Ours(folder / "ours") as ours,
        ):
            rows = []
            for attack in ATTACKS:
                on_bare = _tried(attack, open_bare if attack.without_password else bare, browser)
                rows.append((attack, on_bare, _tried(attack, ours, browser)))
                print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(_heading(rows), _table(rows), sep="\n\n")
    sys.exit(any(ours.worked for _, _, ours in rows))


def _tried(attack: Attack, target: Bare | Ours, browser: Browser) -> Outcome:
    return attack.run(target, browser) if attack.in_browser else attack.run(target)


def _heading(rows: list[tuple[Attack, Outcome, Outcome]]) -> str:
    worked = sum(bare.worked for _, bare, _ in rows)
    refused = sum(not ours.worked for _, _, ours in rows)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return (
        f"`python -m tests.attacks.table`, {dt.datetime.now(dt.UTC):%Y-%m-%d}, "
        f"commit {commit or 'unknown'}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}: {worked} of {len(rows)} attacks work on a bare "
        f"NiceGUI app, {refused} of {len(rows)} are refused here."
    )


def _table(rows: list[tuple[Attack, Outcome, Outcome]]) -> str:
    lines = [
        f"| attack | bare NiceGUI {nicegui.__version__} | Whisk Desktop |",
        "| --- | --- | --- |",
    ]
    for attack, *outcomes in rows:
        cells = [f"**works**: {one.seen}" if one.worked else one.seen for one in outcomes]
        lines.append(f"| {attack.name} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

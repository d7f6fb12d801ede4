"""The look: colours that Quasar needs here, every other token is in `static/app.css`."""

from nicegui import ui

from app.web.assets import asset_address

THEMES = {"light": False, "dark": True, "system": None}
"""Values of `ui.dark_mode` by the name of the theme."""

STYLESHEETS = (
    "app.css",
    "widgets.css",
    "queue_grid.css",
    "queue.css",
    "forms.css",
    "settings.css",
    "sharing.css",
)
SCRIPTS = ("session.js", "queue_cells.js", "queue_grid.js", "forms.js", "references.js")


def load() -> None:
    """Put stylesheet and scripts into the head of every page; called once per process."""
    ui.add_head_html(f'<link rel="icon" href="{asset_address("favicon.svg")}">', shared=True)
    for name in STYLESHEETS:
        ui.add_head_html(f'<link rel="stylesheet" href="{asset_address(name)}">', shared=True)
    for name in SCRIPTS:
        ui.add_head_html(f'<script src="{asset_address(name)}"></script>', shared=True)


def load_here(script: str) -> None:
    """Put a script of `static/` into the head of this page only, behind those of `load`."""
    ui.add_head_html(f'<script src="{asset_address(script)}"></script>')


def colours() -> None:
    """The colours of Quasar's filled parts, on this page: all carry white letters."""
    ui.colors(
        primary="#6a3cc9",
        secondary="#0f8074",
        accent="#a86200",
        dark="#1a1a21",
        dark_page="#121217",
        positive="#0f7a6e",
        negative="#b3261e",
        info="#4b5bb5",
        warning="#9a5b00",
    )

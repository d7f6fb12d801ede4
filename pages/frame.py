"""The shell around every page: header, navigation, language, theme, sign out."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from nicegui import ui

from app.words import LANGUAGES
from pages import design
from pages.ask import ask
from pages.company import SECONDS_BETWEEN_QUESTIONS, Around
from pages.components.who_is_here import WhoIsHere
from pages.told import told
from pages.visit import Visit

PRODUCT = "Whisk Desktop"
NAVIGATION = (("/", "nav.queue", "view_list"), ("/settings", "nav.settings", "tune"))
LANG = {"en": "lang=en", "vi": "lang=vi"}
THEME_ICONS = {"light": "light_mode", "dark": "dark_mode", "system": "contrast"}


@contextmanager
def frame(visit: Visit, title_key: str, *, active: str) -> Iterator[None]:
    """Draw the shell; what is built inside becomes the page's main part.

    Args:
        visit: Who looks, and in which language.
        title_key: Key of the page's title.
        active: Path of the page in the navigation.
    """
    words = visit.words
    ui.page_title(f"{words(title_key)} · {PRODUCT}")
    ui.query("html").props(LANG[words.language])
    design.colours()
    with ui.header(wrap=False).classes("wd-header"):
        _brand()
        _navigation(visit, active)
        with ui.element("div").classes("wd-header-actions"):
            who = WhoIsHere(visit)
            who.build()
            _language_switch(visit)
            _theme_switch(visit)
            if not visit.in_window:  # it would only sign in again
                _sign_out(visit)
    _live_parts(visit, who)
    with ui.element("main").classes("wd-main") as main:
        yield
    ui.skip_link(words("nav.skip"), target=main)


def _live_parts(visit: Visit, who: WhoIsHere) -> None:
    """What changes without a click: who is here, and that the network may listen."""
    words = visit.words
    with ui.element("div").classes("wd-banner").props("role=status").mark("banner") as banner:
        ui.icon("no_encryption").props("aria-hidden=true")
        ui.label(words("sharing.plain_short"))
        ui.label(words("sharing.plain_how")).classes("wd-banner-more")

    def show(around: Around) -> None:
        who.show(around)
        banner.set_visibility(around.can_be_overheard)

    show(visit.company.around)
    visit.company.join(ui.context.client, show)
    ui.timer(SECONDS_BETWEEN_QUESTIONS, visit.company.tick)


def icon_button(icon: str, label: str) -> ui.button:
    """A button without words: its label is read aloud and shown while pointed at."""
    button = ui.button(icon=icon, color=None).props("flat").classes("wd-icon-button")
    button.props["aria-label"] = label
    return button.tooltip(label)


def _brand() -> None:
    with ui.element("a").props("href=/").classes("wd-brand"):
        ui.element("img").props('src=/static/favicon.svg alt=""')
        ui.label(PRODUCT).classes("wd-word")


def _navigation(visit: Visit, active: str) -> None:
    with ui.element("nav").classes("wd-nav") as nav:
        nav.props["aria-label"] = visit.words("nav.pages")
        for path, key, icon in NAVIGATION:
            with ui.element("a").classes("wd-nav-link") as link:
                link.props["href"] = path
                link.props["title"] = visit.words(key)
                if path == active:
                    link.props["aria-current"] = "page"
                ui.icon(icon).props("aria-hidden=true")
                ui.label(visit.words(key)).classes("wd-word")


def _language_switch(visit: Visit) -> None:
    async def choose(language: str) -> None:
        answer = await ask(visit.api.update_settings, {"language": language})
        if told(answer, visit.words):
            ui.navigate.reload()

    with icon_button("translate", visit.words("nav.language")).mark("language"), ui.menu():
        for language, name in LANGUAGES.items():
            item = ui.menu_item(name, partial(choose, language))
            _mark_chosen(item, language == visit.words.language)


def _theme_switch(visit: Visit) -> None:
    dark = ui.dark_mode(design.THEMES[visit.settings.theme])
    items: dict[str, ui.menu_item] = {}

    async def choose(theme: str) -> None:
        answer = await ask(visit.api.update_settings, {"theme": theme})
        if not told(answer, visit.words):
            return
        dark.value = design.THEMES[theme]
        for name, item in items.items():
            _mark_chosen(item, name == theme)

    with icon_button("contrast", visit.words("theme.label")).mark("theme"), ui.menu():
        for theme, icon in THEME_ICONS.items():
            with ui.menu_item(on_click=partial(choose, theme)) as item:
                with ui.item_section().props("avatar"):
                    ui.icon(icon, size="18px").props("aria-hidden=true")
                ui.item_section(visit.words(f"theme.{theme}"))
            items[theme] = item.mark(f"theme-{theme}")
            _mark_chosen(item, theme == visit.settings.theme)


def _mark_chosen(item: ui.menu_item, chosen: bool) -> None:
    item.classes(add="wd-chosen" if chosen else "", remove="" if chosen else "wd-chosen")
    item.props["aria-current"] = "true" if chosen else "false"


def _sign_out(visit: Visit) -> None:
    with ui.element("form").props("method=post action=/logout"):
        icon_button("logout", visit.words("nav.sign_out")).props("type=submit").mark("sign-out")

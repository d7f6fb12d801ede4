"""The card in Settings from which an admin lets other machines in."""

from typing import Any
from urllib.parse import quote

from nicegui import events, ui

from app.sharing import PersonPresence, SharingInfo
from app.web.share import CERTIFICATE, QR_CODE
from pages.ask import ask
from pages.company import Around
from pages.components.who_is_here import people
from pages.told import told
from pages.visit import Visit

ENCRYPTED = {"self_signed": "sharing.self_signed", "own": "sharing.own"}


class SharingCard:
    """Switch, addresses, QR code, fingerprint, and who is connected."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._sharing = SharingInfo()
        self._people: list[PersonPresence] = []

    async def load(self) -> None:
        """Ask for what the card shows."""
        sharing = await ask(self._visit.api.get_sharing)
        if sharing.success:
            self._sharing = SharingInfo(**sharing.data)
        presence = await ask(self._visit.api.list_presence)
        found: list[dict[str, Any]] = presence.data or []
        self._people = [PersonPresence(**one) for one in found if one["online"]]

    def build(self) -> None:
        """Draw it, and draw it anew whenever something changes."""
        ui.label(self._words("sharing.note")).classes("wd-note")
        self._switch = ui.switch(self._words("sharing.switch"), on_change=self._choose)
        self._switch.mark("share")
        self._shown = ui.element("div").classes("wd-sharing").mark("sharing")
        ui.label(self._words("sharing.connected")).classes("wd-subtitle")
        self._connected = ui.element("div").classes("wd-people-list").mark("connected")
        self._draw()
        self._visit.company.join(ui.context.client, self._changed)

    async def _changed(self, _around: Around) -> None:
        await self.load()
        self._draw()

    async def _choose(self, event: events.ValueChangeEventArguments) -> None:
        wanted = bool(event.value)
        if wanted == self._sharing.wanted:
            return  # drawn, not chosen
        answer = await ask(self._visit.api.set_sharing, wanted)
        told(answer, self._words, self._words("sharing.on" if wanted else "sharing.off"))
        await self._visit.company.look()
        await self.load()
        self._draw()

    # --- drawing ------------------------------------------------------------------------------

    def _draw(self) -> None:
        sharing = self._sharing
        self._switch.value = sharing.wanted
        locked = sharing.fixed or (sharing.needs_password and not sharing.wanted)
        self._switch.set_enabled(not locked)
        self._shown.clear()
        with self._shown:
            self._draw_state()
            if sharing.public_url:
                ui.label(self._words("sharing.proxy")).classes("wd-subtitle")
                _link(sharing.public_url)
            if sharing.addresses:
                self._draw_addresses()
            self._draw_encryption()
        self._connected.clear()
        with self._connected:
            people(self._visit, self._people)
            if not self._people:
                ui.label(self._words("sharing.nobody")).classes("wd-note")

    def _draw_state(self) -> None:
        sharing = self._sharing
        if sharing.fixed:
            key = "sharing.fixed"
        elif sharing.needs_password and not sharing.wanted:
            key = "sharing.needs_password"
        elif sharing.wanted and not sharing.on:
            key = "sharing.next_start"
        else:
            key = "sharing.on" if sharing.on else "sharing.off"
        ui.label(self._words(key)).classes("wd-note").mark("sharing-state")

    def _draw_addresses(self) -> None:
        words, addresses = self._words, self._sharing.addresses
        ui.label(words("sharing.addresses")).classes("wd-subtitle")
        with ui.element("div").classes("wd-shared"):
            with ui.element("div").classes("wd-shared-links"):
                for address in addresses:
                    _link(address)
            with ui.element("figure").classes("wd-qr"):
                picture = ui.element("img").mark("qr")
                # The query only makes a browser fetch it anew when the address is another.
                picture.props["src"] = f"{QR_CODE}?of={quote(addresses[0], safe='')}"
                picture.props["alt"] = words("sharing.qr", address=addresses[0])
                with ui.element("figcaption").classes("wd-note"):
                    ui.label(words("sharing.qr_note"))

    def _draw_encryption(self) -> None:
        words, sharing = self._words, self._sharing
        if sharing.https == "off":
            if sharing.can_be_overheard:
                ui.label(words("sharing.plain")).classes("wd-warning").mark("plain")
            return
        ui.label(words(ENCRYPTED[sharing.https])).classes("wd-note")
        ui.label(words("sharing.fingerprint")).classes("wd-subtitle")
        ui.label(sharing.fingerprint).classes("wd-fingerprint").mark("fingerprint")
        if sharing.https == "self_signed":
            with ui.element("a").classes("wd-link") as link:
                link.props.update({"href": CERTIFICATE, "download": "certificate.pem"})
                ui.label(words("sharing.certificate"))


def _link(address: str) -> None:
    with ui.element("a").classes("wd-link wd-address") as link:
        link.props.update({"href": address, "target": "_blank", "rel": "noopener"})
        ui.label(address)

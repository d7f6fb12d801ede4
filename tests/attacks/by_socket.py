"""Attacks by sockets: foreign ones, and those that speak for somebody else's page."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from tests.attacks.attack import AnyTarget, Attack, Outcome
from tests.attacks.wire import Refused, Tab, Wire, settle
from tests.waiting import until

EVIL = "http://evil.example"
MALFORMED: tuple[Any, ...] = (
    None, 7, "text", [], [[]], {}, {"client_id": 7}, {"client_id": []}, {"client_id": None},
    {"client_id": "nobody"}, {"client_id": {"$ne": 1}},
)  # fmt: skip
EVENTS = ("event", "javascript_response", "ack", "log", "handshake", "connect", "disconnect")


def _opens(target: AnyTarget, origin: str | None, cookie: str = "") -> str:
    try:
        with Wire(target.url, {}, origin=origin, cookie=cookie):
            return ""
    except Refused as refusal:
        return str(refusal)


def foreign_sockets(target: AnyTarget) -> Outcome:
    """With the victim's cookie, as a browser would send it for another port of the same machine."""
    origins = (EVIL, "null", "http://127.0.0.1:9999", "https://127.0.0.1:8080")
    refusals = [_opens(target, origin, target.victim) for origin in origins]
    opened = refusals.count("")
    return Outcome(opened > 0, f"{opened} of {len(origins)} opened")


def socket_without_session(target: AnyTarget) -> Outcome:
    refusal = _opens(target, target.url)
    return Outcome(not refusal, f"refused ({refusal})" if refusal else "opened")


def _presses(target: AnyTarget, tab: Tab, query: dict[str, str], **who: Any) -> Outcome:
    """Press the victim's button through a socket of the attacker."""
    target.save_up()
    before = target.spent
    try:
        with Wire(target.url, query, **who) as wire:
            wire.emit("event", tab.event("Start"))
            settle(wire, lambda: target.spent > before)
    except Refused as refusal:
        return Outcome(target.spent > before, f"refused ({refusal})")
    gain = target.spent - before
    return Outcome(gain > 0, f"spent +{gain}" if gain else "socket closed")


def stolen_page_without_cookie(target: AnyTarget) -> Outcome:
    """Whoever learns the id of a page acts as that page."""
    tab = target.tab()
    with tab.connect():
        return _presses(target, tab, {}, origin=EVIL)


def stolen_page_with_another_session(target: AnyTarget) -> Outcome:
    tab = target.tab()
    with tab.connect():
        return _presses(target, tab, {}, origin=target.url, cookie=target.other)


def socket_that_never_shook_hands(target: AnyTarget) -> Outcome:
    """The same session, but a socket that does not belong to the page."""
    tab = target.tab()
    with tab.connect():
        return _presses(target, tab, {}, origin=target.url, cookie=target.victim)


def join_with_wrong_tab(target: AnyTarget) -> Outcome:
    tab = target.tab()
    with tab.connect():
        return _joins(target, {**tab.query, "tab_id": "another"}, origin=EVIL)


def join_with_right_tab(target: AnyTarget) -> Outcome:
    tab = target.tab()
    with tab.connect():
        return _joins(target, tab.query, origin=EVIL)


def join_with_another_session(target: AnyTarget) -> Outcome:
    tab = target.tab()
    with tab.connect():
        return _joins(target, tab.query, origin=target.url, cookie=target.other)


def _joins(target: AnyTarget, query: dict[str, str], **who: Any) -> Outcome:
    try:
        with Wire(target.url, query, **who):
            return Outcome(True, "joined, hears all updates")
    except Refused as refusal:
        return Outcome(False, f"refused ({refusal})")


def join_with_two_ids(target: AnyTarget) -> Outcome:
    """The victim's page first and the attacker's own behind it: who reads which?"""
    tab, own = target.tab(), target.tab(target.other)
    with tab.connect():
        who = {"origin": target.url, "cookie": target.other}
        return _joins(target, tab.query, and_then={"client_id": own.client_id}, **who)


def polling_of_another(target: AnyTarget) -> Outcome:
    """Whoever learns the number of a connection goes on with it, by requests of their own."""
    tab = target.tab()
    address = "/_nicegui_ws/socket.io/?" + urlencode(
        {"EIO": "4", "transport": "polling", **tab.query}
    )
    ours = {"origin": target.url}
    opened = target.ask(address, cookie=target.victim, headers=ours)
    address += f"&sid={json.loads(opened.text[1:])['sid']}"
    target.ask(address, "POST", cookie=target.victim, headers=ours, content="40")
    before = target.spent
    press = "42" + json.dumps(["event", tab.event("Start")])
    answer = target.ask(address, "POST", cookie=target.other, headers=ours, content=press)
    if answer.status_code == 200:
        until(lambda: target.spent > before)
    gain = target.spent - before
    return Outcome(gain > 0, f"{answer.status_code}, spent +{gain}")


def join_by_forged_connect(target: AnyTarget) -> Outcome:
    """An open socket sends a message called `connect`, with an environment that it made up."""
    tab = target.tab()
    words = "&".join(f"{name}={value}" for name, value in tab.query.items())
    with (
        tab.connect() as owner,
        Wire(target.url, {}, origin=target.url, cookie=target.other) as spy,
    ):
        spy.emit("connect", {"QUERY_STRING": words})
        target.save_up()
        owner.emit("event", tab.event("Start"))
        owner.hear("update", "notify")
        # Where sockets are guarded this one is thrown out now, and has heard all it will hear.
        spy.emit("event", {**tab.event("Start"), "id": -1})
        try:
            spy.hear("update", "notify")
        except Refused as refusal:
            return Outcome(False, f"hears nothing ({refusal})")
        return Outcome(True, "joined, hears all updates")


def lock_out(target: AnyTarget) -> Outcome:
    """Connect before the victim does, so that the page belongs to the attacker's tab."""
    tab = target.tab()
    with suppress(Refused):
        Wire(target.url, {**tab.query, "tab_id": "mine"}, origin=EVIL, cookie=target.other).close()
    with suppress(Refused):
        Wire(
            target.url, {**tab.query, "tab_id": "mine"}, origin=target.url, cookie=target.other
        ).close()
    try:
        with tab.connect():
            return Outcome(False, "the victim connects")
    except Refused as refusal:
        return Outcome(True, f"the victim is locked out ({refusal})")


def _presses_own(target: AnyTarget, tab: Tab, wire: Wire) -> None:
    """Press the button as the page's owner: when that has worked, all before it was read."""
    target.save_up()
    before = target.spent
    wire.emit("event", tab.event("Start"))
    assert settle(wire, lambda: target.spent > before)


def forged_log(target: AnyTarget) -> Outcome:
    """What a page says lands in the server's log, line ends and colours included."""
    tab = target.tab()
    mark = f"mark-{tab.client_id}"
    with tab.connect() as wire:
        message = f"\x1b[31m{mark}\nINFO: all is well"
        wire.emit("log", {"client_id": tab.client_id, "level": "error", "message": message})
        _presses_own(target, tab, wire)
    worked = mark in target.said
    return Outcome(worked, "written as it is" if worked else "dropped")


def malformed_messages(target: AnyTarget) -> Outcome:
    """Messages that no page sends: each costs a page of the log."""
    tab, before = target.tab(), target.said.count("Traceback")
    own = [{"client_id": tab.client_id}, {"client_id": tab.client_id, "id": [], "args": 7}]
    for message in (*MALFORMED, *own):
        for event in EVENTS:
            try:
                with tab.connect() as wire:
                    wire.emit(event, message)
            except Refused:
                continue
    with tab.connect() as wire:
        _presses_own(target, tab, wire)
    written = target.said.count("Traceback") - before
    return Outcome(written > 0, f"{written} tracebacks")


ATTACKS = (
    Attack("Socket of a foreign origin, `null`, another port, cookie included", foreign_sockets),
    Attack("Socket without a session", socket_without_session),
    Attack("Button pressed by a socket without cookie that knows the page's id",
           stolen_page_without_cookie),
    Attack("The same with another good session", stolen_page_with_another_session),
    Attack("The same with the same session, without a handshake", socket_that_never_shook_hands),
    Attack("Joining a page's room with the wrong tab id", join_with_wrong_tab,
           bare_withstands=True),
    Attack("Joining a page's room with the right tab id", join_with_right_tab),
    Attack("The same with another good session", join_with_another_session),
    Attack("The same, naming an own page as well", join_with_two_ids),
    Attack("Going on with somebody's polling connection", polling_of_another),
    Attack("Joining by a forged `connect` message", join_by_forged_connect),
    Attack("Connecting before the victim does", lock_out),
    Attack("Lines for the server's log", forged_log),
    Attack("Malformed messages", malformed_messages),
)  # fmt: skip

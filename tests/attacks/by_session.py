"""Attacks on sessions: planted before the login, kept after the logout."""

from tests.attacks.attack import AnyTarget, Attack, Outcome
from tests.attacks.targets import Bare
from tests.attacks.wire import Refused, settle

SECONDS_TO_LEAVE = 3.0


def fixation(target: AnyTarget) -> Outcome:
    """Somebody who plants a cookie before the login holds a session after it."""
    planted = target.anonymous_cookie() if isinstance(target, Bare) else "whisk_session=" + "A" * 43
    target.sign_in(planted)
    worked = target.is_signed_in(planted)
    return Outcome(worked, "the planted cookie is signed in" if worked else "new token")


def old_cookie(target: AnyTarget) -> Outcome:
    """A cookie that was copied before the logout, after the victim's next login."""
    cookie = target.sign_in()
    target.sign_out(cookie)
    target.sign_in(cookie)
    worked = target.is_signed_in(cookie)
    return Outcome(worked, "good again after the next login" if worked else "refused for good")


def replayed_cookie(target: AnyTarget) -> Outcome:
    """The same where the framework keeps who it is in the cookie itself: `app.storage.browser`."""
    if not isinstance(target, Bare):
        cookie = target.sign_in()
        target.sign_out(cookie)
        worked = target.is_signed_in(cookie)
    else:
        probe = "/_nicegui_probe/browser"
        answer = target.ask(f"{probe}-login", "POST", cookie=target.anonymous_cookie())
        cookie = f"session={answer.cookies['session']}"
        target.ask(f"{probe}-logout", "POST", cookie=cookie)
        worked = target.ask(f"{probe}-admin", cookie=cookie).json()["admin"]
    return Outcome(worked, "still admin" if worked else "refused")


def tab_after_logout(target: AnyTarget) -> Outcome:
    """Another tab that was open when its owner signed out."""
    cookie = target.sign_in()
    tab = target.tab(cookie)
    with tab.connect() as wire:
        target.sign_out(cookie)
        target.save_up()
        before = target.spent
        wire.emit("event", tab.event("Start"))
        settle(wire, lambda: target.spent > before)
        gain = target.spent - before
    return Outcome(gain > 0, f"spent +{gain}" if gain else "sent to the login, socket closed")


def idle_tab_after_logout(target: AnyTarget) -> Outcome:
    """Another tab that is only looked at: it goes on to show what happens."""
    cookie = target.sign_in()
    with target.tab(cookie).connect() as wire:
        target.sign_out(cookie)
        told: dict[str, str] = {}
        try:
            while True:
                told = wire.hear("run_javascript", seconds=SECONDS_TO_LEAVE)
        except TimeoutError:
            return Outcome(True, f"still open after {SECONDS_TO_LEAVE:.0f} s")
        except Refused:
            assert "/login" in told["code"]
    return Outcome(False, "sent to the login, socket closed")


def cookie_of_everybody(target: AnyTarget) -> Outcome:
    """A name that every app of this kind on the machine uses: cookies do not see ports."""
    name = target.sign_in().partition("=")[0]
    return Outcome(name == "session", f"`{name}`")


ATTACKS = (
    Attack("Cookie planted before the login", fixation),
    Attack("Old cookie after logout and next login", old_cookie),
    Attack("Old signed cookie after logout", replayed_cookie),
    Attack("Button in another open tab after logout", tab_after_logout),
    Attack("Another open tab after logout, only looking", idle_tab_after_logout),
    Attack("Session cookie that a neighbour's app overwrites", cookie_of_everybody),
)

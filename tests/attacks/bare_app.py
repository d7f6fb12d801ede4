"""A plain NiceGUI app, protected as the official authentication example does it; for tests only.

The middleware and the login page are those of `examples/authentication`. Around them stands what
the attacks aim at: a button and a route that spend, an upload of 1 MB, a folder of files. The
addresses below `/_nicegui_probe` are open, so that the tests can look inside.
"""

import sys
from pathlib import Path

from fastapi import Request
from fastapi.responses import RedirectResponse
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.middleware.base import BaseHTTPMiddleware

passwords = {"local": "seven grey herons"}
unrestricted_page_routes = {"/login"}
WITHOUT_PASSWORD = "--open" in sys.argv
spent = 0

nicegui_app.add_static_files("/files", Path(sys.argv[2]))


@nicegui_app.add_middleware
class AuthMiddleware(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if (
            not WITHOUT_PASSWORD
            and not nicegui_app.storage.user.get("authenticated", False)
            and not request.url.path.startswith("/_nicegui")
            and request.url.path not in unrestricted_page_routes
        ):
            return RedirectResponse(f"/login?redirect_to={request.url.path}")
        return await call_next(request)


def spend():
    global spent
    spent += 1


@ui.page("/")
def main_page():
    def logout():
        nicegui_app.storage.user.clear()
        ui.navigate.to("/login")

    ui.label("Hello!")
    ui.button("Log out", on_click=logout)
    ui.button("Start", on_click=lambda: (spend(), ui.notify("Spent")))
    ui.upload(max_file_size=1_000_000, on_upload=lambda _: None)


@ui.page("/login")
def login(redirect_to: str = "/"):
    def try_login():
        if passwords.get(username.value) == password.value:
            nicegui_app.storage.user.update({"username": username.value, "authenticated": True})
            ui.navigate.to(redirect_to)
        else:
            ui.notify("Wrong username or password", color="negative")

    username = ui.input("Username").on("keydown.enter", try_login)
    password = ui.input("Password", password=True).on("keydown.enter", try_login)
    ui.button("Log in", on_click=try_login)


@nicegui_app.post("/spend")
def spend_route():
    spend()


@nicegui_app.get("/_nicegui_probe")
def probe():
    return {"spent": spent}


# The other kind of identity that the framework offers: signed, and kept by the browser.


@nicegui_app.post("/_nicegui_probe/browser-login")
def browser_login(request: Request):
    request.session["admin"] = True


@nicegui_app.post("/_nicegui_probe/browser-logout")
def browser_logout(request: Request):
    request.session.pop("admin", None)


@nicegui_app.get("/_nicegui_probe/browser-admin")
def browser_admin(request: Request):
    return {"admin": request.session.get("admin", False)}


ui.run(
    host="127.0.0.1",
    port=int(sys.argv[1]),
    reload=False,
    show=False,
    storage_secret="THIS_NEEDS_TO_BE_CHANGED",
)

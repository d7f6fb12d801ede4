"""How the login page looks: plain HTML without a script, so a stranger costs next to nothing."""

from dataclasses import dataclass
from html import escape

from app.errors import WhiskError
from app.web.assets import asset_address
from app.words import Words

_PAGE = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="{icon}">
<link rel="stylesheet" href="{style}">
</head>
<body>
<main class="card">
<header>
<img class="mark" src="{icon}" alt="" width="52" height="52">
<h1>{heading}</h1>
<p class="lead">{lead}</p>
</header>
{warning}{problem}{way_in}
</main>
</body>
</html>
"""

_FORM = """\
<form method="post" action="/login">
<input type="hidden" name="form_token" value="{form_token}">
<input type="hidden" name="next" value="{wanted}">
<div class="field">
<label for="username">{username_label}</label>
<input id="username" name="username" value="{username}" autocomplete="username" maxlength="200"
 autocapitalize="none" spellcheck="false" required aria-describedby="username-hint"{username_focus}>
<p class="hint" id="username-hint">{username_hint}</p>
</div>
<div class="field">
<label for="password">{password_label}</label>
<input id="password" name="password" type="password" autocomplete="current-password"
 maxlength="1000" required{password_focus}>
</div>
<button type="submit">{submit}</button>
</form>
"""

_WITHOUT_PASSWORD = """\
<section class="way">
<h2>{heading}</h2>
<ol>
<li>{open_link}</li>
<li>{set_password}</li>
</ol>
</section>
"""


@dataclass(frozen=True)
class LoginPage:
    """What the page says.

    Attributes:
        form_token: Goes into the form and into a cookie; both come back with a true submission.
        wanted: Where to go afterwards.
        has_password: Whether anybody can sign in with one; if not, the page says how to get in.
        problem: What went wrong, or None.
        can_be_overheard: Whether the password would travel over a network as it is typed.
    """

    words: Words
    form_token: str
    wanted: str
    has_password: bool
    username: str = ""
    problem: WhiskError | None = None
    can_be_overheard: bool = False

    def html(self) -> str:
        """The whole page; every value is escaped."""
        words = self.words
        return _PAGE.format(
            language=words.language,
            title=escape(words("login.title")),
            icon=asset_address("favicon.svg"),
            style=asset_address("login.css"),
            heading=escape(words("login.heading")),
            lead=escape(words("login.lead")),
            warning=self._warning(),
            problem=self._problem(),
            way_in=self._form() if self.has_password else self._without_password(),
        )

    def _warning(self) -> str:
        if not self.can_be_overheard:
            return ""
        sentence = self.words("sharing.plain_short")
        return f'<p class="warning" role="note">{escape(sentence)}</p>\n'

    def _problem(self) -> str:
        if self.problem is None:
            return ""
        sentence = self.words(f"error.{self.problem.code}", **self.problem.params)
        return f'<p class="problem" role="alert">{escape(sentence)}</p>\n'

    def _form(self) -> str:
        words = self.words
        return _FORM.format(
            form_token=escape(self.form_token),
            wanted=escape(self.wanted),
            username_label=escape(words("login.username")),
            username=escape(self.username),
            username_focus="" if self.username else " autofocus",
            username_hint=escape(words("login.username_hint")),
            password_label=escape(words("login.password")),
            password_focus=" autofocus" if self.username else "",
            submit=escape(words("login.submit")),
        )

    def _without_password(self) -> str:
        return _WITHOUT_PASSWORD.format(
            heading=escape(self.words("login.no_password_heading")),
            open_link=escape(self.words("login.open_launch_link")),
            set_password=escape(self.words("login.set_password")),
        )

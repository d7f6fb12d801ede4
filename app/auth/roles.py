"""What a role may: one table, and what is not in it may nobody.

Each line is a method of `BaseApi`, or the path of a page or route that is none. A word says how
far a role reaches with it:

    all     to everything
    seen    to all but the private projects of other people
    own     to what is this person's own: tasks, tokens, sessions, theme and language
    -       not at all

`app/api/local_studio.py` looks a method up at every call, `pages/visit.py` a page, and
`tests/auth/test_permissions.py` tries every cell.
"""

from collections.abc import Mapping
from enum import IntEnum

from app.models import Role


class Reach(IntEnum):
    """How far a role reaches; the larger, the further."""

    NONE = 0
    OWN = 1
    SEEN = 2
    ALL = 3


_TABLE = """
                            admin   member  viewer
    whoami                  own     own     own
    set_password            own     own     own
    list_sessions           all     own     own
    end_session             all     own     own
    end_other_sessions      own     own     own
    list_tokens             all     own     own
    create_token            own     own     -
    revoke_token            all     own     -
    list_users              all     -       -
    add_user                all     -       -
    update_user             all     -       -
    list_audit              all     -       -

    get_queue               all     seen    seen
    get_task                all     seen    seen
    query_tasks             all     seen    seen
    get_changes             all     seen    seen
    queue_state             all     seen    seen
    export_tasks            all     seen    seen
    get_images              all     seen    seen
    read_image              all     seen    seen
    get_references          all     seen    seen
    read_reference          all     seen    seen
    list_projects           all     seen    seen

    add_to_queue            own     own     -
    add_many                own     own     -
    import_tasks            own     own     -
    split_prompts           own     own     own
    add_reference           own     own     -
    add_project             own     own     -
    update_project          all     own     -
    update_task             all     own     -
    move_tasks              all     own     -
    delete_tasks            all     own     -
    cancel_tasks            all     own     -
    retry_tasks             all     own     -
    run_tasks               all     own     -
    start_queue             all     all     -
    stop_queue              all     all     -

    list_models             all     all     all
    list_providers          all     all     all
    get_settings            own     own     own
    update_settings         all     own     own
    set_provider_key        all     -       -

    get_sharing             all     seen    seen
    set_sharing             all     -       -
    list_presence           all     seen    seen

    check_health            all     -       -
    get_figures             all     -       -
    create_backup           all     -       -
    list_backups            all     -       -
    read_backup             all     -       -

    /                       all     all     all
    /settings               all     all     all
    /metrics                all     -       -
    /share/qr.svg           all     -       -
    /share/certificate.pem  all     -       -
    /api/v1/openapi.json    all     -       -
"""

PUBLIC = frozenset({"/login", "/logout", "/auth", "/healthz", "/readyz", "/favicon.ico"})
"""Paths that need no session; they tell nothing and change nothing but who is signed in."""


def _read(table: str) -> Mapping[str, Mapping[Role, Reach]]:
    words = {"all": Reach.ALL, "seen": Reach.SEEN, "own": Reach.OWN, "-": Reach.NONE}
    roles, *lines = [line.split() for line in table.splitlines() if line.strip()]
    found: dict[str, Mapping[Role, Reach]] = {}
    for name, *cells in lines:
        assert name not in found, f"{name} stands there twice"
        found[name] = {Role(role): words[cell] for role, cell in zip(roles, cells, strict=True)}
    return found


MATRIX = _read(_TABLE)
"""The table: reach by role, by method or path."""


def reach(role: Role | str, name: str) -> Reach:
    """How far a role reaches with a method or path; one that is not listed, nowhere."""
    line = MATRIX.get(name, {})
    return line.get(Role(role), Reach.NONE) if role in set(Role) else Reach.NONE


_BY_RIGHTS = (Role.VIEWER, Role.MEMBER, Role.ADMIN)


def lesser(one: Role, other: Role) -> Role:
    """The role with fewer rights."""
    return min(one, other, key=_BY_RIGHTS.index)

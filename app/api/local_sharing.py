"""Other machines, and who is there: see `BaseApi` for every promise."""

from dataclasses import asdict, replace

from app.api.local_studio import LocalStudio
from app.api.models import ApiResponse, answers
from app.clock import iso
from app.errors import Conflict, InvalidInput
from app.models import Role
from app.sharing import PersonPresence, SharingInfo
from app.store import preferences

SETTING = "sharing"
"""The name under which the choice is kept among the settings of the studio."""


class LocalSharing(LocalStudio):
    """Closed to other machines unless an admin opens it."""

    @answers
    def get_sharing(self) -> ApiResponse:
        """See `BaseApi.get_sharing`."""
        return ApiResponse(success=True, data=asdict(self._sharing()))

    @answers
    def set_sharing(self, on: bool) -> ApiResponse:
        """See `BaseApi.set_sharing`."""
        if not isinstance(on, bool):  # pyright: ignore[reportUnnecessaryIsInstance] -- not every caller is typed
            raise InvalidInput("invalid_value", field="on", name="on", value=ascii(on)[:80])
        if self.outside.state().fixed and not on:
            raise Conflict("sharing_fixed", field="on")
        if on:
            self.check_password_rule()
            self.outside.open()
        if on != self.wants_sharing():
            with self.studio.database.write() as tx:
                preferences.write(tx, {SETTING: on})
                self.note(tx, "sharing.on" if on else "sharing.off", "sharing", "")
        if not on:
            self.outside.close()
        return ApiResponse(success=True, data=asdict(self._sharing()), message="Saved")

    def check_password_rule(self) -> None:
        """Refuse to let others in while no admin could tell them from strangers.

        Raises:
            InvalidInput: `sharing_needs_password`.
        """
        if not self.people.any_admin_password():
            raise InvalidInput("sharing_needs_password", field="on")

    def wants_sharing(self) -> bool:
        """What was chosen last; no, where nothing ever was."""
        with self.studio.database.read() as connection:
            return preferences.read(connection).get(SETTING) is True

    def _sharing(self) -> SharingInfo:
        state = self.outside.state()
        state = replace(
            state,
            wanted=state.on or self.wants_sharing(),
            needs_password=not self.people.any_admin_password(),
        )
        if self.user.role == Role.ADMIN:
            return state
        return SharingInfo(
            on=state.on,
            wanted=state.wanted,
            fixed=state.fixed,
            public_url=state.public_url,
            https=state.https,
        )

    @answers
    def list_presence(self) -> ApiResponse:
        """See `BaseApi.list_presence`."""
        with self.studio.database.read() as connection:
            tasks = self.workload.by_owner(connection, self.sight(connection, "list_presence"))
        names = {account.id: account for account in self.people.accounts()}
        present = {one.user_id: one for one in self.presence.present()}
        found: list[PersonPresence] = []
        for user_id in dict.fromkeys([*present, *names]):
            account, here = names.get(user_id), present.get(user_id)
            if account is None or not (here or tasks.get(user_id)):
                continue
            person = PersonPresence(
                user_id=user_id,
                name=account.display_name or account.username,
                online=here is not None,
                since=iso(here.since) if here else None,
                addresses=list(here.addresses) if here and self.user.role == Role.ADMIN else [],
                tasks=dict(tasks.get(user_id, {})),
            )
            found.append(person)
        return ApiResponse(success=True, data=[asdict(one) for one in found], total=len(found))

"""What the parts of `LocalApi` share: the studio, the engine, and who calls."""

from app.auth.roles import may
from app.engine.engine import Engine
from app.engine.studio import Studio
from app.errors import NotAllowed
from app.models import LOCAL_ADMIN, UserInfo
from app.store.people import People
from app.store.tokens import StoredTokens


class LocalStudio:
    """A studio in this process, seen by one person."""

    def __init__(self, studio: Studio, engine: Engine, people: People) -> None:
        self.studio = studio
        self.engine = engine
        self.people = people
        self.tokens = StoredTokens(studio.database)
        self.user: UserInfo = LOCAL_ADMIN

    def demand(self, action: str) -> None:
        """Refuse unless the person may do this. Raises `NotAllowed`."""
        if not may(self.user.role, action):
            raise NotAllowed("not_allowed")

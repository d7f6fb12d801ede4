"""Other machines, and who is there, as the server sees it: see `BaseApi` for every promise."""

from app.api.models import ApiResponse
from app.api.real_studio import RealStudio


class RealSharing(RealStudio):
    """Whom the server lets in, and who is there."""

    def get_sharing(self) -> ApiResponse:
        """See `BaseApi.get_sharing`."""
        return self.ask("GET", "/sharing", again=True)

    def set_sharing(self, on: bool) -> ApiResponse:
        """See `BaseApi.set_sharing`."""
        return self.ask("PUT", "/sharing", again=True, body={"on": on})

    def list_presence(self) -> ApiResponse:
        """See `BaseApi.list_presence`."""
        return self.ask("GET", "/presence", again=True)

"""Figures for monitoring: see `BaseApi` for the promise."""

from dataclasses import asdict

from app.api.local_studio import LocalStudio
from app.api.models import ApiResponse, answers
from app.store import figures, queue


class LocalFigures(LocalStudio):
    """What a monitoring program collects."""

    @answers
    def get_figures(self) -> ApiResponse:
        """See `BaseApi.get_figures`."""
        with self.studio.database.read() as connection:
            images, size = figures.images(connection)
            found = {
                "queue": asdict(queue.state(connection, self.studio.clock.now())),
                "attempts": figures.attempts(connection),
                "images": images,
                "bytes": size,
            }
        return ApiResponse(success=True, data=found)

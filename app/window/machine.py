"""What a page inside the window may ask of the machine that it runs on.

No path comes from a page: an image is named by its id, a folder is chosen in a dialog.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from app.api.base_api import BaseApi
from app.api.models import ApiResponse, answers
from app.errors import NotFound, WhiskError
from app.window.window import NativeWindow


class Machine:
    """The machine, for pages of the window alone; the studio must be in this process."""

    def __init__(self, window: NativeWindow, api: BaseApi) -> None:
        self._window = window
        self._api = api

    @answers
    def choose_folder(self) -> ApiResponse:
        """Answer the folder that the person chooses, or nothing; waits for the person."""
        start = self._api.get_settings().data["output_folder"]
        return ApiResponse(success=True, data=self._window.choose_folder(start))

    @answers
    def show_output_folder(self) -> ApiResponse:
        """Open the folder of the images. Errors: `file_missing`, `folder_not_shown`."""
        return _show(Path(self._api.get_settings().data["output_folder"]))

    @answers
    def show_image(self, image_id: str) -> ApiResponse:
        """Open the folder of an image. Errors: `image_not_found` and those of the other."""
        found = self._api.get_images([image_id]).data
        if not found or not found[0]["file_path"]:
            raise NotFound("image_not_found")
        return _show(Path(found[0]["file_path"]).parent)


def _show(folder: Path) -> ApiResponse:
    if not folder.is_dir():
        raise NotFound("file_missing", name=folder)
    if sys.platform == "win32":
        os.startfile(folder)
        return ApiResponse(success=True)
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if opener is None:
        raise WhiskError("folder_not_shown", folder=folder)
    subprocess.Popen(
        [opener, str(folder)],
        env=_own_environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return ApiResponse(success=True)


def _own_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What the program was started with: a bundle looks for libraries where others must not."""
    own = dict(environment)
    if "LD_LIBRARY_PATH_ORIG" in own:
        own["LD_LIBRARY_PATH"] = own.pop("LD_LIBRARY_PATH_ORIG")
    elif getattr(sys, "frozen", False):
        own.pop("LD_LIBRARY_PATH", None)
    return own

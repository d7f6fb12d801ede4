"""Runs first in a bundle: whoever starts it by a double click has no browser in mind."""

import os

os.environ.setdefault("WHISK_NATIVE", "1")

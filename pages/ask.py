"""The one crossing from the screen into the contract."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec

from app.api.models import ApiResponse

_P = ParamSpec("_P")


async def ask(
    method: Callable[_P, ApiResponse], *args: _P.args, **kwargs: _P.kwargs
) -> ApiResponse:
    """Call a `BaseApi` method in a thread, so that a slow disk never freezes a browser."""
    return await asyncio.to_thread(method, *args, **kwargs)

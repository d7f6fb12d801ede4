"""`ApiResponse` and the nouns of the contract: one import serves whoever implements `BaseApi`."""

import functools
from collections.abc import Callable
from dataclasses import field as dataclass_field
from typing import Any, Concatenate, ParamSpec, TypeVar

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from app.errors import TryLater, WhiskError
from app.models import (
    LOCAL_ADMIN,
    AuditEntry,
    BackupInfo,
    Health,
    HealthCheck,
    ImageInfo,
    MediaContent,
    ModelInfo,
    ProjectInfo,
    ProviderInfo,
    QueueState,
    ReferenceImage,
    Role,
    Scope,
    SessionInfo,
    StudioSettings,
    TaskItem,
    TaskStatus,
    TokenInfo,
    UserAccount,
    UserInfo,
)

__all__ = [
    "LOCAL_ADMIN",
    "ApiResponse",
    "AuditEntry",
    "BackupInfo",
    "Health",
    "HealthCheck",
    "ImageInfo",
    "MediaContent",
    "ModelInfo",
    "ProjectInfo",
    "ProviderInfo",
    "QueueState",
    "ReferenceImage",
    "Role",
    "Scope",
    "SessionInfo",
    "StudioSettings",
    "TaskItem",
    "TaskStatus",
    "TokenInfo",
    "UserAccount",
    "UserInfo",
    "answers",
]


@dataclass(config=ConfigDict(arbitrary_types_allowed=True))
class ApiResponse:
    """The answer of every `BaseApi` method.

    Attributes:
        success: Whether it was done.
        data: What was asked for; None on failure.
        message: A sentence for people, in English.
        total: How many: rows of a list, rows touched.
        code: Stable code of the failure, empty on success.
        field: The field of the input that is wrong, where one is.
        params: What fills the placeholders of the sentence `error.<code>`, for translation.
        retry_after: Seconds after which another try may succeed.
    """

    success: bool
    data: Any = None
    message: str = ""
    total: int = 0
    code: str = ""
    field: str = ""
    params: dict[str, str] = dataclass_field(default_factory=dict[str, str])
    retry_after: float | None = None

    @classmethod
    def refused(cls, error: WhiskError, data: Any = None) -> "ApiResponse":
        """The answer that a failure becomes."""
        return cls(
            success=False,
            data=data,
            message=error.message,
            code=error.code,
            field=error.field,
            params=error.params,
            retry_after=error.retry_after if isinstance(error, TryLater) else None,
        )


_Self = TypeVar("_Self")
_P = ParamSpec("_P")


def answers(
    method: Callable[Concatenate[_Self, _P], ApiResponse],
) -> Callable[Concatenate[_Self, _P], ApiResponse]:
    """Let an API method raise a `WhiskError`; its caller always gets an `ApiResponse`.

    Only `WhiskError` is translated. Anything else is a bug and stays loud.
    """

    @functools.wraps(method)
    def answered(self: _Self, /, *args: _P.args, **kwargs: _P.kwargs) -> ApiResponse:
        try:
            return method(self, *args, **kwargs)
        except WhiskError as error:
            return ApiResponse.refused(error)

    return answered

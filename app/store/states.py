"""What a slot, an attempt and a task may be, and how a task follows from its slots.

slot     pending ──claim──► running ──saved────► done
            ▲                  ├──fails for good► error ──────┐
            │                  ├──no answer──────► uncertain ─┤
            ├──may try later───┘                              │
            └──────────── a person asks again ────────────────┘
         pending, error, uncertain ──task shrinks or goes──► removed

attempt  sent ──► saved | failed | uncertain | abandoned
         abandoned: cut off by a crash at a provider whose repeats are free

task     running when a slot runs, else pending when one waits, else error when one failed,
         else completed
"""

from collections.abc import Mapping
from enum import StrEnum

from app.models import TaskStatus


class SlotState(StrEnum):
    """What becomes of one wanted image."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"
    UNCERTAIN = "uncertain"
    REMOVED = "removed"


class AttemptState(StrEnum):
    """What became of one request."""

    SENT = "sent"
    SAVED = "saved"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    ABANDONED = "abandoned"


def task_status(slots: Mapping[str, int]) -> TaskStatus:
    """The status of a task whose current slots are in these states, counted by state."""
    if slots.get(SlotState.RUNNING):
        return TaskStatus.RUNNING
    if slots.get(SlotState.PENDING):
        return TaskStatus.PENDING
    if slots.get(SlotState.ERROR) or slots.get(SlotState.UNCERTAIN):
        return TaskStatus.ERROR
    return TaskStatus.COMPLETED


def may_finish(status: str) -> bool:
    """Whether a task of this status has come to an end."""
    return status in (TaskStatus.COMPLETED, TaskStatus.ERROR)

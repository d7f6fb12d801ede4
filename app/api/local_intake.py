"""Texts and files becoming tasks: see `BaseApi` for every promise."""

from collections.abc import Mapping
from typing import Any

from app.api.local_queue import LocalQueue
from app.api.models import ApiResponse, answers
from app.engine.drafts import read_draft
from app.errors import InvalidInput, WhiskError
from app.intake.drafts import Draft as FileDraft
from app.intake.drafts import Drafts, Problem, read_drafts
from app.intake.prompts import split_prompts


class LocalIntake(LocalQueue):
    """Pasted prompts and imported files."""

    @answers
    def split_prompts(self, text: str, separator: str = "line") -> ApiResponse:
        """See `BaseApi.split_prompts`."""
        prompts = split_prompts(text, separator)
        return ApiResponse(success=True, data=prompts, total=len(prompts))

    @answers
    def import_tasks(
        self,
        file_name: str,
        content: bytes,
        *,
        pictures: Mapping[str, str] | None = None,
        defaults: Mapping[str, Any] | None = None,
        separator: str = "blank",
        only_check: bool = False,
        only_right: bool = False,
    ) -> ApiResponse:
        """See `BaseApi.import_tasks`."""
        filled = {"model": self.studio.settings().default_model, **(defaults or {})}
        read = read_drafts(
            file_name, content, pictures=pictures or {}, defaults=filled, separator=separator
        )
        problems = read.problems + self._problems(read)
        wrong = {found.row for found in problems if found.severity == "error"}
        right = [draft for draft in read.drafts if draft.row not in wrong]
        rows = len({draft.row for draft in read.drafts} | wrong - {0})
        report: dict[str, Any] = {
            "rows": rows,
            "right": len(right),
            "wrong": rows - len(right),
            "added": 0,
            "problems": [_told(found) for found in sorted(problems, key=lambda found: found.row)],
            "pictures": read.wanted_pictures,
            "preview": [draft.data for draft in right[:20]],
            "tasks": [],
        }
        if only_check:
            report["tasks"] = [draft.data for draft in right]
            return ApiResponse(success=True, data=report)
        if wrong and not (only_right and right):
            refusal = InvalidInput("import_has_problems", wrong=report["wrong"], rows=rows)
            return ApiResponse.refused(refusal, report)
        added = self.add([draft.data for draft in right])
        report["added"] = len(added)
        left = f", left out {report['wrong']}" if wrong else ""
        message = f"Added {len(added)} task(s){left}"
        return ApiResponse(success=True, data=report, message=message, total=len(added))

    def _problems(self, read: Drafts) -> list[Problem]:
        """What the models, limits and references say about rows that could be read."""
        problems: list[Problem] = []
        for draft in read.drafts:
            try:
                self._check(draft)
            except WhiskError as error:
                problems.append(_problem(draft, error))
        return problems

    def _check(self, draft: FileDraft) -> None:
        checked = read_draft(draft.data)
        self.checked(checked, self.known([checked]))


def _problem(draft: FileDraft, error: WhiskError) -> Problem:
    return Problem(
        row=draft.row, field=error.field, code=error.code, params=error.params, severity="error"
    )


def _told(problem: Problem) -> dict[str, Any]:
    return {
        "row": problem.row,
        "field": problem.field,
        "code": problem.code,
        "params": problem.params,
        "severity": problem.severity,
        "message": problem.message,
    }

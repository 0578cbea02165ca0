"""What a person does with a translation, by the service of tasks."""

from __future__ import annotations

from typing import Any

from slmdesk.base.runtime.messages import Problem
from slmdesk.base.translation import SegmentRecord
from slmdesk.tasks.report import Edit
from slmdesk.tasks.translation.types import REWORD, TranslationRequest


def begin(recorder, **given) -> str:
    """Begin a translation; its id."""
    return recorder.calls.tasks.begin("translation", TranslationRequest(**given)).id


def segments(recorder, item: str) -> tuple[SegmentRecord, ...]:
    return recorder.calls.tasks.open(item).newest.segments


class Edits:
    """Changes of segments by their numbers, and how they are taken back, the last one first."""

    def __init__(self, recorder) -> None:
        self._recorder, self._tasks = recorder, recorder.calls.tasks
        self._done: list[tuple[str, Any]] = []

    def _edit(self, item: str, edit: Edit) -> SegmentRecord:
        self._done.append((item, self._tasks.edit(item, edit)))
        return segments(self._recorder, item)[int(edit.statement)]

    def edit(self, item: str, number: int, words: str) -> SegmentRecord:
        return self._edit(item, Edit(str(number), words))

    def approve(self, item: str, number: int, approved: bool = True) -> SegmentRecord:
        return self._edit(item, Edit(str(number), approved=approved))

    def reword(self, item: str, number: int, hint: str = "") -> SegmentRecord | Problem:
        former = self._tasks.ask(item, Edit(str(number), action=REWORD, value={"hint": hint}))
        if isinstance(former, Problem):
            return former
        self._done.append((item, former))
        return segments(self._recorder, item)[number]

    def undo(self) -> None:
        self._tasks.restore(*self._done.pop())

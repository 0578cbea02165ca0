"""Checks which models of the library can be used on this PC."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.gguf.read import check_file
from slmdesk.gguf.speed import Speed
from slmdesk.models.fit import Pc, fit_file
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service


class FitCheck(Record):
    fit: str
    """fits, tight, too_large; broken where `problem` says why."""
    needed_bytes: int = 0
    problem: Problem | None = None
    speed: Speed | None = None
    is_measured: bool = False
    """The speed is that of answers it wrote on this PC."""


class FitCheckService(Service):
    """On the service thread; files are read on another."""

    def __init__(self, runtime: Runtime, pc: Callable[[], Pc]) -> None:
        super().__init__(runtime)
        self._pc = pc

    def judge(self, models: Sequence[ModelRecord]) -> Pending[Mapping[str, FitCheck]]:
        context, pc = self._settings.current.context_tokens, self._pc()
        return pending_on_file_thread(
            self._service_thread, lambda: {one.id: _judge(one, context, pc) for one in models}, name="judge-models"
        )


def _judge(record: ModelRecord, context_tokens: int, pc: Pc) -> FitCheck:
    try:
        if not record.can_chat:
            check_file(Path(os.fsdecode(record.path)))
            return FitCheck("unknown", record.bytes)
        fit = fit_file(Path(os.fsdecode(record.path)), context_tokens, pc, sha256=record.sha256)
    except Exception as err:  # noqa: BLE001  a thread's inner frame: one file that is odd must not hide the others
        return FitCheck("broken", problem=problem_for(err))
    return FitCheck(fit.verdict, fit.memory.total, speed=fit.speed, is_measured=record.sha256 in pc.pace.measured)

"""The program as both sides of a measure: what it makes of a document, and one plain question to the same model.

Services over a home of their own with a real engine and reader; the model is linked in.  *Plain* is the document
attached to a chat with a short instruction, greedy, 600 tokens, the same context.
"""

from __future__ import annotations

import json
import os
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.program import link_model
from slmdesk.base.paths import find_paths, make_folders
from slmdesk.base.records import DocumentRecord
from slmdesk.base.runtime.events import Event, MessageEnded, MessageGrew
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.types import Sampling
from slmdesk.chat.types import AttachRequest, SendRequest
from slmdesk.services import open_services
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.questions.prompt import Answered
from slmdesk.tasks.questions.types import AskRequest, QuestionAnswered
from slmdesk.tasks.service import ReportGrew, ReportMade
from slmdesk.tasks.summaries.types import Summary, SummaryRequest
from slmdesk.tasks.tables.request import TableRequest
from slmdesk.tasks.tables.types import Column

CONTEXT_TOKENS = 8192
PLAIN_SUMMARY = (
    "Summarize this document in its own language, in ten bullet points of at most {words} words in all. "
    "Keep names, amounts and dates exact."
)
OUT_VARIABLE = "SLMDESK_QUALITY_OUT"
PLAIN_TOKENS = 600
TIMEOUT_S = 1800.0


@dataclass(frozen=True, slots=True)
class Made:
    """What one side made, and how long it took."""

    text: str
    seconds: float
    first_s: float
    """Until its first words could be seen."""
    result: Any = None
    """The Summary, Answered or Table of the program; None of the plain side."""
    marked: int = 0
    """How many of its statements carry a mark of doubt."""
    notes: str = ""


class Desk:
    """The program with one model, or with none."""

    def __init__(self, model: str = "", *, context_tokens: int = CONTEXT_TOKENS, threads: int = 0) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="slmdesk-quality-")
        paths = find_paths(Path(self._home.name))
        make_folders(paths)
        settings = {"context_tokens": context_tokens, **({"threads": threads} if threads else {})}
        Path(paths.settings_file).write_text(json.dumps(settings), encoding="utf-8")
        self._events: list[Event] = []
        self._times: list[float] = []
        self._more = threading.Condition()
        self.services = open_services(paths)
        self.services.on(Event, self._receive)
        if model:
            link_model(self.services, model)

    def close(self) -> None:
        """End the program and remove its home."""
        self.services.close()
        self._home.cleanup()

    def read(self, path: Path) -> DocumentRecord:
        """Have a document read.  Raises RuntimeError when it cannot be."""
        ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._call(lambda: self.services.documents.open(path).then(ended.put))
        document = ended.get(timeout=TIMEOUT_S)
        if isinstance(document, Problem):
            raise RuntimeError(document.sentence)
        return document  # type: ignore[no-any-return]

    def summary(self, document: DocumentRecord, **options: Any) -> Made:
        """Have a document summarized; as text, its sentences one a line."""
        began, start = time.perf_counter(), len(self._events)
        item = self._call(lambda: self.services.tasks.begin("summary", SummaryRequest((document.id,), **options)))
        __, at = self._wait(ReportMade, lambda event: event.item == item.id, start)
        first = (
            self._first(ReportGrew, lambda event: bool(event.growth.own.points or event.growth.writing), start) or at
        )
        summary: Summary = self._call(lambda: self.services.tasks.open(item.id)).result
        lines = "\n".join(f"- {sentence.text}" for sentence in summary.sentences)
        return Made(lines, at - began, first - began, summary)

    def answer(self, document: DocumentRecord, question: str) -> Made:
        """Ask a document."""
        began, start = time.perf_counter(), len(self._events)
        sent = self._call(lambda: self.services.questions.ask(AskRequest(question, (document.id,))))
        event, at = self._wait(QuestionAnswered, lambda event: event.message == sent.answer.id, start)
        answered: Answered = event.answered
        return Made(answered.answer if answered.found else "", at - began, at - began, answered)

    def table(self, documents: Sequence[DocumentRecord], columns: Sequence[Column]) -> Made:
        """Have a table made; `first_s` is until the first cell with a value."""
        began, start = time.perf_counter(), len(self._events)
        request = TableRequest(tuple(document.id for document in documents), tuple(columns))
        item = self._call(lambda: self.services.tasks.begin("extraction", request))
        __, at = self._wait(ReportMade, lambda event: event.item == item.id, start)

        def has_value(event: Any) -> bool:
            return event.item == item.id and any(cell.text for row in event.growth.sections for cell in row.statements)

        first = self._first(ReportGrew, has_value, start) or at
        return Made("", at - began, first - began, self._call(lambda: self.services.tasks.open(item.id)).result)

    def plain(self, document: DocumentRecord, words: str, tokens: int = PLAIN_TOKENS) -> Made:
        """Ask the model in a chat with the document attached, and nothing else."""
        began, start = time.perf_counter(), len(self._events)
        sampling = Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=tokens)
        attach = (AttachRequest(document.id, document.name),)
        sent = self._call(lambda: self.services.chats.send(SendRequest(words, sampling=sampling, attach=attach)))
        event, at = self._wait(MessageEnded, lambda event: event.message.id == sent.answer.id, start)
        first = self._first(MessageGrew, lambda event: event.message == sent.answer.id, start) or at
        return Made(event.message.text, at - began, first - began)

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- private

    def _receive(self, event: Event) -> None:
        with self._more:
            self._events.append(event)
            self._times.append(time.perf_counter())
            self._more.notify_all()

    def _call(self, work: Callable[[], Any]) -> Any:
        return self.services.service_thread.call(work)

    def _wait(self, kind: type, fits: Callable[[Any], bool], start: int) -> tuple[Any, float]:
        def shown() -> int | None:
            return next(
                (
                    at
                    for at in range(start, len(self._events))
                    if isinstance(self._events[at], kind) and fits(self._events[at])
                ),
                None,
            )

        def problem() -> Problem | None:
            some = [event for event in self._events[start:] if isinstance(event, JobChanged)]
            return next((event.problem for event in some if event.problem is not None), None)

        with self._more:
            if not self._more.wait_for(lambda: shown() is not None or problem() is not None, TIMEOUT_S):
                raise RuntimeError(f"no {kind.__name__}")
            at = shown()
            if at is None:
                failure = problem()
                raise RuntimeError(failure.sentence if failure else "it failed")
            return self._events[at], self._times[at]

    def _first(self, kind: type, fits: Callable[[Any], bool], start: int) -> float | None:
        with self._more:
            pairs = zip(self._events[start:], self._times[start:], strict=True)
            return next((at for event, at in pairs if isinstance(event, kind) and fits(event)), None)


def made_once(name: str, make: Callable[[], Made]) -> Made:
    """Return what was made under this name, without its `result`; make it where it is not in the folder yet.

    An interrupted run goes on so, and what was made can be judged anew.  Without a folder it is made each time.
    """
    folder = os.environ.get(OUT_VARIABLE)
    if not folder:
        return make()
    file = Path(folder, f"{name}.json")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        made = asdict(replace(make(), result=None))
        file.with_suffix(".new").write_text(json.dumps(made, ensure_ascii=False, indent=1), encoding="utf-8")
        file.with_suffix(".new").replace(file)
    return Made(**json.loads(file.read_text(encoding="utf-8")))

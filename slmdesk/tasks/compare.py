"""Compare two versions of a document: what changed, the most important first, and in a model's words where one may."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord, ModelRecord
from slmdesk.base.texts import N_, _, in_english
from slmdesk.base.types import Json
from slmdesk.jobs.runner import Batch, Plan, Question, StepValue, Yield
from slmdesk.library.types import Coverage, Unread, unread_parts
from slmdesk.models.abilities import FEWEST_THAT_WORD, Ability, is_smaller, may
from slmdesk.models.service import DefaultUse, able
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import problem_of
from slmdesk.runtime.service import on_file_thread, pending_on_file_thread
from slmdesk.tasks.report import Report
from slmdesk.tasks.shape import Documents, Field, FieldKind, Task, TaskContext, TaskRun, TaskView, Work, WrongUsage
from slmdesk.text.sentences import LANGUAGES, detect
from slmdesk.versions.remarks import chosen_of, digest_step, prompt_version, remarks_in
from slmdesk.versions.report import report_of
from slmdesk.versions.types import Comparison, Side, VersionRequest
from slmdesk.versions.words import json_of, text_of

LANGUAGE_CHARACTERS = 4000
PAGES_AT_ONCE = 50
MOST_PARAGRAPHS = 500
REST_EVERY_S, REST_S = 0.02, 0.001
"""While comparing, pause for REST_S seconds every REST_EVERY_S seconds. Otherwise pure Python blocks other threads."""
NOTHING = N_("{model} wrote nothing about the changes.")


class Compare(Task[VersionRequest, Comparison]):
    kind, name, prefix = "versions", N_("Compare"), "Compare"
    command, help = "compare", "Show what changed from OLD to NEW, in any two formats."
    request, result = VersionRequest, Comparison
    documents, most_documents = Documents.TWO, 2
    forms = ("docx", "pdf", "html", "md", "xlsx", "json")
    more_help = """Show what changed from OLD to NEW, in any two formats: each change with its clause and pages, duties,
    negations and amounts before mere wording.

    Differences in layout alone are ignored.  Removed words stand between [- and -], added words between {+ and +}.
    A model adds a sentence below a change, if it is large enough for that or -m names it, and if the sentence
    passes the check.
    """
    file_help = "A file: .md, .docx, .html, .pdf, .xlsx, .json."
    fields = (
        Field(
            "model", "", "Whose words are wanted: id or name, or its beginning.", FieldKind.MODEL, option="-m/--model"
        ),
        Field("no_model", "", "Ask no model; the changes speak for themselves.", FieldKind.FLAG),
    )

    @property
    def prompt_version(self) -> str:
        return prompt_version()

    def request_of(self, options: Mapping[str, Any]) -> VersionRequest:
        model, is_without = options.get("model"), bool(options["no_model"])
        if model and is_without:
            raise WrongUsage("--no-model and --model exclude each other.")
        return VersionRequest("", "", model, not is_without)

    def read(self, untrusted: Json) -> VersionRequest:
        request = lenient_from(VersionRequest, untrusted, old="", new="")
        was_named = not isinstance(untrusted, Mapping) or untrusted.get("named", True)
        return request if was_named else changed(request, model=None)  # an older program kept which one it would ask

    def documents_of(self, request: VersionRequest) -> tuple[str, ...]:
        return tuple(filter(None, (request.old, request.new)))

    def with_documents(self, request: VersionRequest, documents: tuple[str, ...]) -> VersionRequest:
        return changed(request, old=documents[0], new=documents[-1])

    def too_many(self) -> str:
        return _("two versions are needed")

    def title(self, request: VersionRequest, documents: Sequence[DocumentRecord]) -> str:
        return f"{documents[0].name} and {documents[-1].name}"

    def words(self, request: VersionRequest, documents: Sequence[DocumentRecord]) -> str:
        return f"Compare {documents[0].name} (old) with {documents[-1].name} (new)"

    def model(self, request: VersionRequest, context: TaskContext) -> ModelRecord | None:
        """Return None: comparing needs no model. One that is named must exist."""
        if request.model is not None:
            able(context.models.choose(request.model))
        return None

    def follow_up(self, view: TaskView[VersionRequest, Comparison], context: TaskContext) -> ModelRecord | None:
        """Return the model that describes the changes: one that is named, or one that may."""
        request = view.request
        if not request.with_words or view.result is None or not chosen_of(view.result.changes):
            return None
        try:
            if request.model is not None:
                return able(context.models.choose(request.model))
            record = context.uses.default(DefaultUse.SUMMARIZE) or context.models.choose(None)
        except KnownError:
            return None
        if may(record, Ability.ANSWER) and not is_smaller(record, FEWEST_THAT_WORD):
            return record
        return None

    def start(self, work: Work[VersionRequest]) -> TaskRun[Comparison]:
        return Comparing(work) if work.model is None else Describing(work)

    def shape(self, view: TaskView[VersionRequest, Comparison], context: TaskContext) -> dict[str, Json]:
        return json_of(view.result) if view.result is not None else {}

    def exported(self, view: TaskView[VersionRequest, Comparison]) -> dict[str, Json]:
        shape = json_of(view.result) if view.result is not None else {}
        return {"format": "slmdesk-versions", "version": 1, "id": view.item.id, **shape}

    def report(
        self, view: TaskView[VersionRequest, Comparison], context: TaskContext, *, is_exported: bool = False
    ) -> Report:
        assert view.result is not None  # it has no drafts
        return report_of(view.item.shown_title, view.result)

    def kept_words(self, view: TaskView[VersionRequest, Comparison], context: TaskContext) -> str:
        assert view.result is not None  # it is done
        return text_of(view.result)

    def paragraphs(
        self, context: TaskContext, document: str, first: tuple[int, int], last: tuple[int, int]
    ) -> Pending[tuple[str, ...]]:
        """Return the paragraphs from place `first` to place `last` (page, character), at most MOST_PARAGRAPHS.

        They are the unchanged paragraphs that the view has folded.
        """
        id = context.runtime.store.documents.get(document).id

        def read() -> tuple[str, ...]:
            from slmdesk.versions.difference.parts import units_of

            texts = (
                unit.text
                for page in _pages(context, id, threading.Event(), first[0], last[0])
                for unit in units_of([page])
                if first <= (page.number, unit.place.start) and (page.number, unit.place.end) <= last
            )
            return tuple(islice(texts, MOST_PARAGRAPHS))

        return pending_on_file_thread(context.runtime.service_thread, read, name="compare")


TASK = Compare()


class Comparing(TaskRun[Comparison]):
    """Compares two documents on a thread of its own."""

    def __init__(self, work: Work[VersionRequest]) -> None:
        self._work = work
        self._stop = threading.Event()

    def run(self) -> Plan:
        try:
            self.result = yield Question(self._ask)
        finally:
            self._stop.set()

    def _ask(self, answered: Callable[[Any], None]) -> None:
        on_file_thread(self._work.context.runtime.service_thread, self._compared, answered, name="compare")

    def _compared(self) -> Comparison:
        from slmdesk.versions.difference.compare import difference

        began = rested = time.monotonic()

        def checkpoint() -> None:
            nonlocal rested
            if self._stop.is_set():
                raise KnownError("versions.stopped")
            if time.monotonic() - rested > REST_EVERY_S:
                time.sleep(REST_S)
                rested = time.monotonic()

        context, (old, new) = self._work.context, _both(self._work.documents)
        before = list(_pages(context, old.id, self._stop))
        after = before if old.id == new.id else list(_pages(context, new.id, self._stop))
        language = _language_of(after) or _language_of(before)
        diff = difference(before, after, language=language, checkpoint=checkpoint)
        return Comparison(
            _side(old, before), _side(new, after), diff.changes, diff.rows, old.sha256 == new.sha256,
            seconds=round(time.monotonic() - began, 1), language=language,
        )  # fmt: skip


class Describing(TaskRun[Comparison]):
    """Adds a model's sentences to the changes that were found."""

    def __init__(self, work: Work[VersionRequest]) -> None:
        self._work = work

    def run(self) -> Plan:
        record, comparison = self._work.model, self._work.before
        if record is None or comparison is None:
            raise KnownError("model.unknown", wanted=self._work.job.title, known="none")
        changes, language = comparison.changes, comparison.language
        chosen = chosen_of(changes)
        values: list[StepValue] = yield Batch([digest_step(changes, chosen, language)], prompt_version(), 400.0)
        yield Yield()
        remarks = remarks_in(changes, chosen, values[0] or {}, language)
        note = "" if remarks else NOTHING.format(model=record.name)
        self.result = changed(comparison, sentences=tuple(remarks), model=record.name, note=note)


def _both(documents: Sequence[DocumentRecord]) -> tuple[DocumentRecord, DocumentRecord]:
    """Return the old and the new one, which may be the same."""
    return documents[0], documents[-1]


def _pages(
    context: TaskContext, document: str, stop: threading.Event, begin: int = 1, end: int | None = None
) -> list[Page]:
    """Return the pages of a document, which the service thread reads in portions. Any other thread."""
    runtime, pages = context.runtime, list[Page]()
    while not stop.is_set():
        at = pages[-1].number + 1 if pages else begin
        some = runtime.service_thread.call(
            partial(runtime.store.pages.of_document, document, begin=at, limit=PAGES_AT_ONCE)
        )
        pages += [page for page in some if end is None or page.number <= end]
        if not some or (end is not None and some[-1].number >= end):
            return pages
    raise KnownError("versions.stopped")


def _language_of(pages: Sequence[Page]) -> str:
    sample = ""
    for page in pages:
        sample += page.text[: LANGUAGE_CHARACTERS - len(sample)]
    return detect(sample, LANGUAGES)[0] or ""


def _side(record: DocumentRecord, pages: Sequence[Page]) -> Side:
    unread = tuple(
        Unread(page.number, page.reason or page.status.value, record.id)
        for page in pages
        if page.status is not PageStatus.READ
    )
    blocks = sum(page.block_count for page in pages)
    parts = unread_parts(record.info)
    coverage = Coverage(len(pages), len(pages) - len(unread), blocks, blocks, unread, parts)
    trouble = in_english(problem_of, record.error_code, record.error_args).sentence if record.error_code else ""
    return Side(record.id, record.name, str(record.info.get("page_kind") or "page"), coverage, trouble)

"""Compare two versions of a document.

What changed, the most important first, and in a model's words where one may.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord, ModelRecord
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import problem_of
from slmdesk.base.runtime.service import on_file_thread, pending_on_file_thread
from slmdesk.base.text.sentences import LANGUAGES, detect
from slmdesk.base.texts import N_, _, in_english
from slmdesk.base.types import Json
from slmdesk.documents.types import Coverage, Span, Unread, unread_parts
from slmdesk.models.abilities import Ability, may
from slmdesk.models.service import DefaultUse, able
from slmdesk.tasks.jobs.runner import Batch, Plan, Question, StepValue, Yield
from slmdesk.tasks.report import Layout, Report, Section, Statement
from slmdesk.tasks.shape import (
    Documents,
    Field,
    FieldKind,
    Task,
    TaskContext,
    TaskRun,
    TaskView,
    Work,
    WrongUsage,
)
from slmdesk.tasks.versions.remarks import (
    chosen_of,
    digest_step,
    prompt_version,
    remarks_in,
)
from slmdesk.tasks.versions.report import report_of
from slmdesk.tasks.versions.types import Comparison, Side, VersionRequest
from slmdesk.tasks.versions.words import json_of, text_of

LANGUAGE_CHARACTERS = 4000
PAGES_AT_ONCE = 50
MOST_PARAGRAPHS = 500
REST_EVERY_S, REST_S = 0.02, 0.001
"""While comparing, pause for REST_S seconds every REST_EVERY_S seconds.

Otherwise pure Python blocks other threads.
"""
NOTHING = N_("{model} wrote nothing about the changes.")


class Compare(Task[VersionRequest, Comparison]):
    kind = "versions"
    name = N_("Compare")
    prefix = "Compare"
    command = "compare"
    help = "Show what changed from OLD to NEW, in any two formats."
    verb = N_("Compare")
    request = VersionRequest
    result = Comparison
    documents = Documents.TWO
    most_documents = 2
    forms = ("docx", "pdf", "html", "md", "xlsx", "json")
    more_help = """Show what changed from OLD to NEW, in any two formats: each change
    with its clause and pages, duties, negations and amounts before mere wording.

    Removed words stand between [- and -], added words between {+ and +}. A model that
    is large enough, or that -m names, adds a sentence below a change.
    """
    file_help = "A file: .md, .docx, .html, .pdf, .xlsx, .json."
    fields = (
        Field(
            "model",
            "",
            "Whose words are wanted: id or name, or its beginning.",
            FieldKind.MODEL,
            option="-m/--model",
        ),
        Field(
            "no_model",
            "",
            "Ask no model; the changes speak for themselves.",
            FieldKind.FLAG,
        ),
    )

    @property
    def prompt_version(self) -> str:
        return prompt_version()

    def request_of(self, options: Mapping[str, Any]) -> VersionRequest:
        model = options.get("model")
        is_without = bool(options["no_model"])
        if model and is_without:
            raise WrongUsage("--no-model and --model exclude each other.")
        return VersionRequest("", "", model, not is_without)

    def read(self, untrusted: Json) -> VersionRequest:
        request = lenient_from(VersionRequest, untrusted, old="", new="")
        # an older program kept which one it would ask
        if isinstance(untrusted, Mapping) and not untrusted.get("named", True):
            return changed(request, model=None)
        return request

    def documents_of(self, request: VersionRequest) -> tuple[str, ...]:
        return tuple(filter(None, (request.old, request.new)))

    def with_documents(
        self, request: VersionRequest, documents: tuple[str, ...]
    ) -> VersionRequest:
        return changed(request, old=documents[0], new=documents[-1])

    def too_many(self) -> str:
        return _("two versions are needed")

    def title(
        self, request: VersionRequest, documents: Sequence[DocumentRecord]
    ) -> str:
        return f"{documents[0].name} and {documents[-1].name}"

    def words(
        self, request: VersionRequest, documents: Sequence[DocumentRecord]
    ) -> str:
        return f"Compare {documents[0].name} (old) with {documents[-1].name} (new)"

    def model(
        self, request: VersionRequest, context: TaskContext
    ) -> ModelRecord | None:
        """Return None: comparing needs no model. One that is named must exist."""
        if request.model is not None:
            able(context.models.choose(request.model))
        return None

    def follow_up(
        self, view: TaskView[VersionRequest, Comparison], context: TaskContext
    ) -> ModelRecord | None:
        """Return the model that describes the changes: one that is named, or may."""
        request = view.request
        if not request.with_words or view.result is None:
            return None
        if not chosen_of(view.result.changes):
            return None
        try:
            if request.model is not None:
                return able(context.models.choose(request.model))
            usual = context.uses.default(DefaultUse.SUMMARIZE)
            record = usual or context.models.choose(None)
        except KnownError:
            return None
        if not may(record, Ability.WRITE):
            return None
        return record

    def start(self, work: Work[VersionRequest]) -> TaskRun[Comparison]:
        if work.model is None:
            return Comparing(work)
        return Describing(work)

    def shape(
        self, view: TaskView[VersionRequest, Comparison], context: TaskContext
    ) -> dict[str, Json]:
        return _shape(view)

    def exported(self, view: TaskView[VersionRequest, Comparison]) -> dict[str, Json]:
        head: dict[str, Json] = {"format": "slmdesk-versions", "version": 1}
        return {**head, "id": view.item.id, **_shape(view)}

    def report(
        self,
        view: TaskView[VersionRequest, Comparison],
        context: TaskContext,
        *,
        is_exported: bool = False,
    ) -> Report:
        if view.result is None:
            return Report(self.kind, view.item.shown_title, layout=Layout.PAGES)
        return report_of(view.item.shown_title, view.result)

    def kept_words(
        self, view: TaskView[VersionRequest, Comparison], context: TaskContext
    ) -> str:
        assert view.result is not None  # it is done
        return text_of(view.result)

    def unfolded(
        self, section: Section, context: TaskContext
    ) -> Pending[Sequence[Statement]]:
        """Return paragraphs that stayed as they were.

        If the two formats split them differently, they are one.
        """
        known = section.statements[0]

        def read() -> Sequence[Statement]:
            old = _paragraphs(context, known.other_sources)
            new = _paragraphs(context, known.sources)
            if len(old) != len(new):
                old, new = ["\n".join(old)], ["\n".join(new)]
            pairs = zip(old, new, strict=True)
            return [Statement(after, other=before) for before, after in pairs]

        thread = context.runtime.service_thread
        return pending_on_file_thread(thread, read, name="compare")


def _shape(view: TaskView[VersionRequest, Comparison]) -> dict[str, Json]:
    if view.result is None:
        return {}
    return json_of(view.result)


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
        thread = self._work.context.runtime.service_thread
        on_file_thread(thread, self._compared, answered, name="compare")

    def _compared(self) -> Comparison:
        from slmdesk.tasks.versions.difference.compare import difference

        began = time.monotonic()
        rested = began

        def checkpoint() -> None:
            nonlocal rested
            if self._stop.is_set():
                raise KnownError("versions.stopped")
            if time.monotonic() - rested > REST_EVERY_S:
                time.sleep(REST_S)
                rested = time.monotonic()

        context = self._work.context
        old = self._work.documents[0]
        new = self._work.documents[-1]  # which may be the same
        before = _pages(context, old.id, self._stop)
        after = before
        if new.id != old.id:
            after = _pages(context, new.id, self._stop)
        language = _language_of(after) or _language_of(before)
        diff = difference(before, after, language=language, checkpoint=checkpoint)
        return Comparison(
            _side(old, before),
            _side(new, after),
            diff.changes,
            diff.rows,
            old.sha256 == new.sha256,
            seconds=round(time.monotonic() - began, 1),
            language=language,
        )


class Describing(TaskRun[Comparison]):
    """Adds a model's sentences to the changes that were found."""

    def __init__(self, work: Work[VersionRequest]) -> None:
        self._work = work

    def run(self) -> Plan:
        record = self._work.model
        comparison = self._work.before
        if record is None or comparison is None:
            raise KnownError("model.unknown", wanted=self._work.job.title, known="none")
        changes = comparison.changes
        language = comparison.language
        chosen = chosen_of(changes)
        step = digest_step(changes, chosen, language)
        values: list[StepValue] = yield Batch([step], prompt_version(), 400.0)
        yield Yield()
        remarks = remarks_in(changes, chosen, values[0] or {}, language)
        note = ""
        if not remarks:
            note = NOTHING.format(model=record.name)
        self.result = changed(
            comparison, sentences=tuple(remarks), model=record.name, note=note
        )


def _pages(
    context: TaskContext,
    document: str,
    stop: threading.Event,
    begin: int = 1,
    end: float = inf,
) -> list[Page]:
    """Return the pages of a document, which the service thread reads in portions.

    Any other thread.
    """
    runtime = context.runtime
    read = partial(runtime.store.pages.of_document, document, limit=PAGES_AT_ONCE)
    pages = list[Page]()
    while not stop.is_set():
        portion = runtime.service_thread.call(partial(read, begin=begin))
        pages += [page for page in portion if page.number <= end]
        if not portion or portion[-1].number >= end:
            return pages
        begin = portion[-1].number + 1
    raise KnownError("versions.stopped")


def _paragraphs(context: TaskContext, spans: Sequence[Span]) -> list[str]:
    """Return the paragraphs from the first to the last place. Any other thread.

    At most MOST_PARAGRAPHS.
    """
    from slmdesk.tasks.versions.difference.parts import units_of

    first = spans[0].page, spans[0].start
    last = spans[-1].page, spans[-1].end
    texts = list[str]()
    for page in _pages(
        context, spans[0].document, threading.Event(), first[0], last[0]
    ):
        for unit in units_of([page]):
            begin = page.number, unit.place.start
            end = page.number, unit.place.end
            if first <= begin and end <= last:
                texts.append(unit.text)
    return texts[:MOST_PARAGRAPHS]


def _language_of(pages: Sequence[Page]) -> str:
    sample = ""
    for page in pages:
        sample += page.text[: LANGUAGE_CHARACTERS - len(sample)]
    return detect(sample, LANGUAGES)[0] or ""


def _side(record: DocumentRecord, pages: Sequence[Page]) -> Side:
    unread = list[Unread]()
    for page in pages:
        if page.status is not PageStatus.READ:
            reason = page.reason or page.status.value
            unread.append(Unread(page.number, reason, record.id))
    blocks = sum(page.block_count for page in pages)
    coverage = Coverage(
        len(pages),
        len(pages) - len(unread),
        blocks,
        blocks,
        tuple(unread),
        unread_parts(record.info),
    )
    trouble = ""
    if record.error_code:
        problem = in_english(problem_of, record.error_code, record.error_args)
        trouble = problem.sentence
    page_kind = str(record.info.get("page_kind") or "page")
    return Side(record.id, record.name, page_kind, coverage, trouble)

"""The summary service: starts, repeats, opens and stores summaries with their coverage.  Service thread.

A summary is an item of kind `summary`, linked to its documents and made by a job of that kind (see `plan`).  The result
is stored with the item, and its text as a message, so that history, search, trash and export treat it like a chat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdesk.core.errors import KnownError
from slmdesk.core.records import DocumentRecord, Item, JobRecord, ModelRecord
from slmdesk.core.types import Json
from slmdesk.core.wire import to_json
from slmdesk.services.base.events import Event
from slmdesk.services.base.prompt_texts import texts
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.documents.inputs import able, count_texts, first_failure, model_of, read_documents
from slmdesk.services.documents.results import DocumentItems, names_of, title_of
from slmdesk.services.engine.load_spec import context_tokens
from slmdesk.services.engine.model_loader import ModelLoader
from slmdesk.services.evaluation.exams import ExamService
from slmdesk.services.jobs.plan import JobPlanner, Plan
from slmdesk.services.jobs.resumable import begun_before
from slmdesk.services.jobs.service import JobService
from slmdesk.services.models.defaults import Use, UseService
from slmdesk.services.models.library import ModelService
from slmdesk.services.summaries.events import SummaryEnded, SummaryGrew
from slmdesk.services.summaries.prompts import Kind, Length, prompt_version
from slmdesk.services.summaries.types import NotRead, Summary, ledger_words, summary_from, text_of
from slmdesk.settings import SettingsFile
from slmdesk.store import Store

if TYPE_CHECKING:
    from slmdesk.services.summaries.plan import Grown, SummaryInputs, SummaryPlan

KIND = "summary"
LEAST_WORDS, MOST_WORDS = 10, 5000
MOST_FOCUS, MOST_INSTRUCTION = 300, 2000
MOST_DOCUMENTS = 500


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """What to summarize, and how."""

    documents: tuple[str, ...]
    """Ids, or the only ones that begin so."""
    kind: Kind = Kind.BULLETS
    length: Length | int = Length.MEDIUM
    """Or a number of words."""
    language: str = ""
    """Code of ISO 639-1; empty: the document's own."""
    focus: str = ""
    """Words whose matter comes first."""
    instruction: str = ""
    """For the kind `own`; with others a request beside it."""
    model: str | None = None
    """None: the default for summaries, else the last used."""
    not_read: tuple[NotRead, ...] = ()
    """What was to be summarized with the documents and could not be read: the summary names it."""


@dataclass(frozen=True, slots=True)
class SummaryView:
    """An open summary."""

    item: Item
    request: SummaryRequest
    documents: tuple[DocumentRecord, ...]
    summary: Summary | None
    """None while it is made, or when that failed."""
    job: JobRecord | None
    """The newest that works for it."""

    @property
    def is_done(self) -> bool:
        """Whether it is finished."""
        return self.summary is not None


class SummaryService(JobPlanner):
    """Starts summaries and plans their jobs."""

    def __init__(
        self,
        service_thread: ServiceThread,
        store: Store,
        settings: SettingsFile,
        models: ModelService,
        uses: UseService,
        loader: ModelLoader,
        jobs: JobService,
        exams: ExamService,
        publish: Callable[[Event], None],
    ) -> None:
        self._service_thread, self._store, self._settings, self._models = service_thread, store, settings, models
        self._uses, self._loader, self._jobs, self._exams, self._publish = uses, loader, jobs, exams, publish
        self._items = DocumentItems(store, publish, KIND)
        self._live: dict[str, SummaryPlan] = {}
        jobs.plan_by(KIND, self)
        jobs.when_done(KIND, self._on_done)
        self._made: Callable[[str, Summary], None] | None = None

    # ---- wishes

    def begin(self, request: SummaryRequest) -> Item:
        """Add a summary and have it made in the background.

        SummaryGrew is published from its first part on, SummaryEnded at the end; its job (see `open`) can be paused,
        resumed and cancelled.  Raises KnownError `document.unknown`, `document.not_read`, the document's own error when
        it could not be read, `request.invalid`, `model.…`, `store.…`.
        """
        documents = self._documents(request)
        self._check(request)
        record = self._record(request.model)
        title = title_of(documents)
        settings = _shape(request, documents)
        asked = f"Summarize {names_of(documents)}{_asked_words(request)}"
        item = self._items.add(f"Summary: {title}", documents, settings, asked)
        self._add_job(item, title, record, settings)
        return self._store.item(item.id)

    def begun_before(self, request: SummaryRequest, *, unsaved: bool = False) -> JobRecord | None:
        """Return the unfinished job of the same request, which can be resumed, or None.  Raises KnownError as `begin`
        does.
        """
        shape, record = _shape(request, self._documents(request)), self._record(request.model)
        return begun_before(self._store, KIND, shape, record, unsaved=unsaved)

    def again(self, item: str, model: str | None = None) -> JobRecord:
        """Make a summary again from the current documents; only what changed is asked again.

        Raises KnownError as `begin` does, and `item.unknown`.
        """
        view = self.open(item)
        if view.job and not view.job.status.is_end:
            return self._jobs.resume(view.job.id)
        documents = self._documents(view.request)
        record = self._record(model or view.request.model)
        title = view.item.title.removeprefix("Summary: ")
        return self._add_job(view.item, title, record, _shape(view.request, documents))

    def open(self, item: str) -> SummaryView:
        """Return a summary, finished or not.  Raises KnownError `item.unknown`."""
        found = self._items.find(item)
        request = _request_from(found.settings.get("wish"))
        summary = summary_from(self._store.result(found.id))
        documents = tuple(self._store.documents_of_item(found.id))
        return SummaryView(found, request, documents, summary, self._items.newest_job(found.id))

    def when_made(self, handler: Callable[[str, Summary], None]) -> None:
        """Call `handler` with the item id of each summary finished in this instance."""
        self._made = handler

    def live(self, job: str) -> Grown | None:
        """Return the points so far of a summary this instance is making, or None."""
        plan = self._live.get(job)
        return plan.so_far() if plan else None

    # ---- making (see jobs)

    def plan(self, job: JobRecord) -> Plan:
        """Return the plan of a summary's job, from its beginning."""
        from slmdesk.services.summaries.plan import SummaryPlan  # with all checks of text: only who summarizes waits

        item = self._store.item(job.item or "")
        requested = _requested_from(job.settings)
        record = model_of(self._models, job)
        plan = self._live[job.id] = SummaryPlan(
            job,
            requested,
            record,
            [self._store.document(one) for one in requested.documents],
            pages=lambda document, begin, limit: self._store.pages(document, begin=begin, limit=limit),
            count=lambda some, answered: count_texts(self._loader, record, some, answered),
            exams=self._exams,
            pool_tokens=2 * context_tokens(record, self._settings.current),
            failure=lambda: first_failure(self._jobs, job.id),
            reported=lambda grown: self._on_grown(item.id, job.id, grown),
        )
        try:
            yield from plan.run()
            if plan.summary is not None:
                self._keep(item, record, plan.summary)
        finally:
            if self._live.get(job.id) is plan:
                del self._live[job.id]

    def on_step(self, job: str, key: str, value: Mapping[str, Json]) -> None:
        """Publish the first points as soon as the first part is done."""
        if plan := self._live.get(job):
            plan.received(key, value)

    def _keep(self, item: Item, record: ModelRecord, summary: Summary) -> None:
        """Store the result, and its text as a message."""
        words = text_of(summary.kind, summary.sentences, summary.page_kinds)
        words = "\n\n".join(one for one in (words, summary.note, ledger_words(summary)) if one)
        self._store.save_result(item.id, to_json(summary))
        self._items.keep_words(item.id, words, record, prompt_version())

    def _on_done(self, job: JobRecord) -> None:
        summary = summary_from(self._store.result(job.item)) if job.item else None
        if job.item and summary:
            self._publish(SummaryEnded(job.item, summary))
            if self._made is not None:
                self._made(job.item, summary)

    def _on_grown(self, item: str, job: str, grown: Grown) -> None:
        self._publish(SummaryGrew(item, job, grown.points, grown.pages_read, grown.pages_total, grown.page_kind))

    # ---- checking wishes

    def _add_job(self, item: Item, title: str, record: ModelRecord, settings: Mapping[str, Json]) -> JobRecord:
        return self._jobs.add(KIND, title, record, (), prompt_version=prompt_version(), settings=settings, item=item.id)

    def _documents(self, request: SummaryRequest) -> list[DocumentRecord]:
        refusal = f"1 to {MOST_DOCUMENTS} documents can be summarized at once"
        return read_documents(self._store, request.documents, MOST_DOCUMENTS, refusal)

    @staticmethod
    def _check(request: SummaryRequest) -> None:
        if request.language and request.language not in texts()["language"]:
            known = ", ".join(sorted(texts()["language"]))
            raise KnownError("request.invalid", what=f"no language {request.language[:20]}; known are {known}")
        if (
            isinstance(request.length, int)
            and not isinstance(request.length, bool)
            and not (LEAST_WORDS <= request.length <= MOST_WORDS)
        ):
            raise KnownError("request.invalid", what=f"a summary has {LEAST_WORDS} to {MOST_WORDS} words")
        if len(request.focus) > MOST_FOCUS or len(request.instruction) > MOST_INSTRUCTION:
            raise KnownError("request.invalid", what="the focus or the instruction is too long")
        if request.kind is Kind.OWN and not request.instruction.strip():
            raise KnownError("request.invalid", what="a summary of one's own kind wants an instruction")

    def _record(self, model: str | None) -> ModelRecord:
        default = None if model else self._uses.default(Use.SUMMARIZE)
        return able(default or self._models.choose(model))


def _shape(request: SummaryRequest, documents: Sequence[DocumentRecord]) -> dict[str, Json]:
    return to_json(request) | {"documents": [one.id for one in documents]}


def _requested_from(shape: Mapping[str, Json]) -> SummaryInputs:
    from slmdesk.services.summaries.plan import SummaryInputs

    request = _request_from(shape)
    return SummaryInputs(
        request.documents,
        request.kind,
        request.length,
        request.language,
        request.focus,
        request.instruction,
        request.not_read,
    )


def _request_from(shape: Json) -> SummaryRequest:
    """Read a stored request; unknown values become the defaults."""
    found = shape if isinstance(shape, Mapping) else {}
    documents, length = found.get("documents"), found.get("length")
    kind, model = str(found.get("kind")), found.get("model")
    return SummaryRequest(
        documents=tuple(map(str, documents)) if isinstance(documents, list | tuple) else (),
        kind=Kind(kind) if kind in tuple(Kind) else Kind.BULLETS,
        length=length if isinstance(length, int) else Length(length) if length in tuple(Length) else Length.MEDIUM,
        language=str(found.get("language") or ""),
        focus=str(found.get("focus") or ""),
        instruction=str(found.get("instruction") or ""),
        model=model if isinstance(model, str) else None,
        not_read=_not_read_from(found.get("not_read")),
    )


def _not_read_from(untrusted: Json) -> tuple[NotRead, ...]:
    some = untrusted if isinstance(untrusted, list | tuple) else ()
    return tuple(NotRead(str(one.get("name")), str(one.get("reason"))) for one in some if isinstance(one, Mapping))


def _asked_words(request: SummaryRequest) -> str:
    """Describe the request in words, for the history."""
    length = f"{request.length} words" if isinstance(request.length, int) else request.length.value
    parts = [f"as {request.kind.value}" if request.kind is not Kind.OWN else "", length]
    parts += [f"focus: {request.focus}" if request.focus else "", request.instruction]
    return " (" + ", ".join(one for one in parts if one) + ")"

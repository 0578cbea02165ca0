"""The base of services that make something from documents by a job: summaries, tables.  Service thread.

What is made is an item of a kind of its own, linked to its documents; its request is kept with the item and, as
settings, with each of its jobs.  The result is stored with the item, and its text as a message (see `results`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, Item, JobRecord, ModelRecord
from slmdesk.base.types import Json
from slmdesk.jobs.plan import JobPlanner, Plan
from slmdesk.jobs.resumable import begun_before, request_in
from slmdesk.jobs.service import JobService
from slmdesk.library.citations import Pages
from slmdesk.library.inputs import able, count_texts, first_failure, model_of, read_documents
from slmdesk.library.results import DocumentItems, title_of
from slmdesk.library.veiled_jobs import VeiledJob
from slmdesk.loader.load_spec import context_tokens
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService
from slmdesk.redaction.report import RedactionReport
from slmdesk.redaction.service import NOTHING_DECIDED, Decisions, RedactionService
from slmdesk.runtime.service import Runtime, Service

PAGES_AT_ONCE = 4


class DocumentRequest(Protocol):
    """What is to be made of which documents; a record."""

    __dataclass_fields__: ClassVar[dict[str, Any]]  # for mypy, which takes `changed` for dataclasses.replace
    __struct_fields__: ClassVar[tuple[str, ...]]

    @property
    def documents(self) -> tuple[str, ...]:
        """Ids, or the only ones that begin so."""

    @property
    def model(self) -> str | None: ...

    @property
    def redact(self) -> bool: ...


class DocumentPlan(Protocol):
    def run(self) -> Plan: ...

    def received(self, key: str, value: Mapping[str, Json]) -> None: ...


TokenCounter = Callable[[Sequence[str], Callable[[Any], None]], object]
"""Asks for the tokens of texts; answers with a list of counts, or a Problem."""


class PlanTools(Record):
    pages: Pages
    count: TokenCounter
    context_tokens: int
    failure: Callable[[], KnownError | None]


R = TypeVar("R", bound=DocumentRequest)
P = TypeVar("P", bound=DocumentPlan)


class DocumentJobService(Service, JobPlanner, Generic[R, P]):
    kind: ClassVar[str]
    """Of items and jobs; never changes."""
    title: ClassVar[str]
    most_documents: ClassVar[int]
    refusal: ClassVar[str]

    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        loader: ModelLoader,
        jobs: JobService,
        redaction: RedactionService,
    ) -> None:
        super().__init__(runtime)
        self._models, self._loader, self._jobs, self._redaction = models, loader, jobs, redaction
        self._items = DocumentItems(runtime.store, runtime.publish, self.kind)
        self._live: dict[str, P] = {}
        self._veiled: dict[str, VeiledJob] = {}
        jobs.plan_by(self.kind, self)
        jobs.when_done(self.kind, self._on_done)

    # ---- what is particular to a kind

    def _check(self, request: R) -> R:
        """Return the request as it is kept.  Raises KnownError `request.invalid`."""
        raise NotImplementedError

    def _words_of(self, request: R, documents: Sequence[DocumentRecord]) -> str:
        raise NotImplementedError

    def _request_from(self, untrusted: Json) -> R:
        """Read a stored request; unknown values become the defaults."""
        raise NotImplementedError

    def _prompt_version(self) -> str:
        raise NotImplementedError

    def _plan_of(self, job: JobRecord, item: Item, request: R, record: ModelRecord | None) -> P:
        raise NotImplementedError

    def _keep(self, item: Item, record: ModelRecord | None, plan: P, report: RedactionReport | None) -> None:
        raise NotImplementedError

    def _put_away(self, item: Item, plan: P) -> None: ...

    def _publish_end(self, item: str) -> None:
        raise NotImplementedError

    def _choose(self, request: R) -> ModelRecord | None:
        """Return the model for a request, or None where it needs none.  Raises KnownError `model.…`."""
        return able(self._models.choose(request.model))

    # ---- requests

    def begin(self, request: R, decisions: Decisions = NOTHING_DECIDED) -> Item:
        """Add an item and have it made in the background; its job (see `open`) can be paused, resumed and cancelled.

        `decisions`: what a person decided about what is redacted.  Events are published as it grows and at the end (see
        `events` of the package).  Raises KnownError `document.unknown`, `document.not_read`, the document's own error
        when it could not be read, `request.invalid`, `model.…`, `redaction.…`, `store.…`.
        """
        request, documents = self._with_documents(self._check(request))
        record = self._choose(request)
        title = title_of(documents)
        item = self._items.add(
            f"{self.title}: {title}", documents, to_json(request), self._words_of(request, documents)
        )
        if request.redact:
            self._redaction.decide(item.id, decisions)
        self._add_job(item, title, record, request)
        return self._store.items.get(item.id)

    def begun_before(self, request: R) -> JobRecord | None:
        """Return the unfinished job of the same request, which can be resumed, or None.  Raises KnownError as `begin`
        does.
        """
        request, _ = self._with_documents(self._check(request))
        record = self._choose(request)
        return begun_before(self._store, self.kind, to_json(request), record)

    def again(self, item: str, model: str | None = None) -> JobRecord:
        """Make an item again from the current documents; only what changed is asked again.

        Raises KnownError as `begin` does, and `item.unknown`.
        """
        return self._again(item, model)

    def plan(self, job: JobRecord) -> Plan:
        item, request = self._store.items.get(job.item or ""), self._request_from(job.settings)
        record = model_of(self._models, job)
        if request.redact and record:
            self._veiled[job.id] = VeiledJob(self._redaction.veil(item.id), job.model_sha256)
        veiled = self._veiled.get(job.id)
        plan = self._live[job.id] = self._plan_of(job, item, request, record)
        try:
            yield from (veiled.run(plan.run(), self._texts(request.documents)) if veiled else plan.run())
            self._keep(item, record, plan, veiled.tally.report() if veiled else None)
        finally:
            if self._live.get(job.id) is plan:
                del self._live[job.id]
                self._veiled.pop(job.id, None)
            self._put_away(item, plan)

    def on_step(self, job: str, key: str, value: Mapping[str, Json]) -> None:
        if plan := self._live.get(job):
            if veiled := self._veiled.get(job):
                key, value = veiled.result(key, value)
            plan.received(key, value)

    # ---- for the subclass

    def _again(self, item: str, model: str | None, before: Callable[[Item], object] = lambda _item: None) -> JobRecord:
        found = self._items.find(item)
        job = self._items.newest_job(found.id)
        if job is not None and not job.status.is_end:
            return self._jobs.resume(job.id)
        request, _ = self._with_documents(self._request_of(found))
        record = self._choose(changed(request, model=model or request.model))
        before(found)
        return self._add_job(found, found.title.removeprefix(f"{self.title}: "), record, request)

    def _request_of(self, item: Item) -> R:
        return self._request_from(request_in(item))

    def _texts(self, documents: Sequence[str]) -> Iterator[list[str]]:
        for id in documents:
            begin = 1
            while some := self._store.pages.of_document(id, begin=begin, limit=PAGES_AT_ONCE):
                yield [page.text for page in some]
                begin = some[-1].number + 1

    def _tools(self, job: JobRecord, record: ModelRecord | None) -> PlanTools:
        def count(some: Sequence[str], answered: Callable[[Any], None]) -> None:
            if record:  # else nothing is counted
                count_texts(self._loader, record, some, answered)

        veiled = self._veiled.get(job.id)
        return PlanTools(
            pages=lambda document, begin, limit: self._store.pages.of_document(document, begin=begin, limit=limit),
            count=veiled.counting(count) if veiled else count,
            context_tokens=context_tokens(record, self._settings.current) if record else 0,
            failure=lambda: first_failure(self._jobs, job.id),
        )

    def _with_documents(self, request: R) -> tuple[R, list[DocumentRecord]]:
        documents = read_documents(self._store, request.documents, self.most_documents, self.refusal)
        return changed(request, documents=tuple(one.id for one in documents)), documents

    def _add_job(self, item: Item, title: str, record: ModelRecord | None, request: R) -> JobRecord:
        version, settings = self._prompt_version(), to_json(request)
        return self._jobs.add(self.kind, title, record, (), prompt_version=version, settings=settings, item=item.id)

    def _on_done(self, job: JobRecord) -> None:
        if job.item:
            self._publish_end(job.item)

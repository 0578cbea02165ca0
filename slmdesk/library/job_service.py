"""Base of the services that make something from documents with a job, such as summaries and tables. Service thread.

The product is an item of its own kind, linked to its documents. Its request is stored with the item and in the settings
of each of its jobs. The result is stored with the item, and its text as a message.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, stored_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, DocumentStatus, Item, JobRecord, ModelRecord, Status
from slmdesk.base.texts import _
from slmdesk.base.types import Json, Origin, Role, TextPart
from slmdesk.jobs.runner import JobPlanner, Plan
from slmdesk.jobs.service import REQUEST, JobService, begun_before, request_in
from slmdesk.library.types import Pages
from slmdesk.loader.model_loader import ModelLoader, context_tokens
from slmdesk.models.service import ModelService
from slmdesk.runtime.events import Event, ItemChanged, MessageAdded
from slmdesk.runtime.messages import plain_args, problem_for, problem_of
from slmdesk.runtime.service import Runtime, Service
from slmdesk.store import Store


class DocumentRequest(Protocol):
    """Protocol of a request: a record that says what to make from which documents."""

    __dataclass_fields__: ClassVar[dict[str, Any]]  # for mypy, which takes `changed` for dataclasses.replace
    __struct_fields__: ClassVar[tuple[str, ...]]

    @property
    def documents(self) -> tuple[str, ...]:
        """Ids of the documents, or unique beginnings of ids."""

    @property
    def model(self) -> str | None: ...


class DocumentPlan(Protocol):
    def run(self) -> Plan: ...

    def received(self, key: str, value: Mapping[str, Json]) -> None: ...


TokenCounter = Callable[[Sequence[str], Callable[[Any], None]], object]
"""Function that counts the tokens of texts. It calls its second argument with a list of counts, or with a Problem."""


class PlanTools(Record):
    pages: Pages
    count: TokenCounter
    context_tokens: int
    failure: Callable[[], KnownError | None]


R = TypeVar("R", bound=DocumentRequest)
P = TypeVar("P", bound=DocumentPlan)


class DocumentJobService(Service, JobPlanner, Generic[R, P]):
    kind: ClassVar[str]
    """Kind of the items and jobs. Never changes, since it is stored."""
    title: ClassVar[str]
    most_documents: ClassVar[int]
    refusal: ClassVar[str]

    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        loader: ModelLoader,
        jobs: JobService,
    ) -> None:
        super().__init__(runtime)
        self._models, self._loader, self._jobs = models, loader, jobs
        self._items = DocumentItems(runtime.store, runtime.publish, self.kind)
        self._live: dict[str, P] = {}
        jobs.plan_by(self.kind, self)
        jobs.when_done(self.kind, self._on_done)

    # ---- defined by each subclass

    def _check(self, request: R) -> R:
        """Check the request, and return it as it is stored. Raises KnownError `request.invalid`."""
        raise NotImplementedError

    def _words_of(self, request: R, documents: Sequence[DocumentRecord]) -> str:
        raise NotImplementedError

    def _request_from(self, untrusted: Json) -> R:
        """Read a stored request. Unknown values are replaced by the defaults."""
        raise NotImplementedError

    def _prompt_version(self) -> str:
        raise NotImplementedError

    def _plan_of(self, job: JobRecord, item: Item, request: R, record: ModelRecord | None) -> P:
        raise NotImplementedError

    def _keep(self, item: Item, record: ModelRecord | None, plan: P) -> None:
        raise NotImplementedError

    def _put_away(self, item: Item, plan: P) -> None: ...

    def _publish_end(self, item: str) -> None:
        raise NotImplementedError

    def _choose(self, request: R) -> ModelRecord | None:
        """Return the model for a request, or None if the request needs no model. Raises KnownError `model.…`."""
        return able(self._models.choose(request.model))

    # ---- requests

    def begin(self, request: R) -> Item:
        """Add an item and make its content in the background. Its job (see `open`) can be paused, resumed and
        cancelled.

        Events are published while the result grows and at the end (see `events` of the package). Raises KnownError
        `document.unknown`, `document.not_read`, the document's own error when it could not be read, `request.invalid`,
        `model.…`, `store.…`.
        """
        request, documents = self._with_documents(self._check(request))
        record = self._choose(request)
        title = title_of(documents)
        item = self._items.add(
            f"{self.title}: {title}", documents, to_json(request), self._words_of(request, documents)
        )
        self._add_job(item, title, record, request)
        return self._store.items.get(item.id)

    def begun_before(self, request: R) -> JobRecord | None:
        """Return the unfinished job of the same request, which can be resumed, or None. Raises what `begin` raises."""
        request, __ = self._with_documents(self._check(request))
        record = self._choose(request)
        return begun_before(self._store, self.kind, to_json(request), record)

    def again(self, item: str, model: str | None = None) -> JobRecord:
        """Make an item again from the current documents. The model is only asked about what has changed.

        Raises the errors of `begin`, and `item.unknown`.
        """
        return self._again(item, model)

    def plan(self, job: JobRecord) -> Plan:
        item, request = self._store.items.get(job.item or ""), self._request_from(job.settings)
        record = model_of(self._models, job)
        plan = self._live[job.id] = self._plan_of(job, item, request, record)
        try:
            yield from plan.run()
            self._keep(item, record, plan)
        finally:
            if self._live.get(job.id) is plan:
                del self._live[job.id]
            self._put_away(item, plan)

    def on_step(self, job: str, key: str, value: Mapping[str, Json]) -> None:
        if plan := self._live.get(job):
            plan.received(key, value)

    # ---- for the subclass

    def _again(self, item: str, model: str | None, before: Callable[[Item], object] = lambda _item: None) -> JobRecord:
        found = self._items.find(item)
        job = self._items.newest_job(found.id)
        if job is not None and not job.status.is_end:
            return self._jobs.resume(job.id)
        request, __ = self._with_documents(self._request_of(found))
        record = self._choose(changed(request, model=model or request.model))
        before(found)
        return self._add_job(found, found.title.removeprefix(f"{self.title}: "), record, request)

    def _request_of(self, item: Item) -> R:
        return self._request_from(request_in(item))

    def _tools(self, job: JobRecord, record: ModelRecord | None) -> PlanTools:
        def count(some: Sequence[str], answered: Callable[[Any], None]) -> None:
            if record:  # without a model no tokens are counted
                count_texts(self._loader, record, some, answered)

        return PlanTools(
            pages=lambda document, begin, limit: self._store.pages.of_document(document, begin=begin, limit=limit),
            count=count,
            context_tokens=context_tokens(record, self._settings.current) if record else 0,
            failure=lambda: first_failure(self._jobs, job.id),
        )

    def _with_documents(self, request: R) -> tuple[R, list[DocumentRecord]]:
        documents = read_documents(self._store, request.documents, self.most_documents, self.refusal)
        return changed(request, documents=tuple(document.id for document in documents)), documents

    def _add_job(self, item: Item, title: str, record: ModelRecord | None, request: R) -> JobRecord:
        version, settings = self._prompt_version(), to_json(request)
        return self._jobs.add(self.kind, title, record, (), prompt_version=version, settings=settings, item=item.id)

    def _on_done(self, job: JobRecord) -> None:
        if job.item:
            self._publish_end(job.item)


# ---- helpers for services that make something from documents


def count_texts(loader: ModelLoader, record: ModelRecord, some: Sequence[str], answered: Callable[[Any], None]) -> None:
    """Count the tokens of each text for a model. `answered` is called with a list or a Problem, on any thread."""

    def counted(event: FromChild) -> None:
        if isinstance(event, Done):
            counts = stored_from(list[int], event.result.get("counts"))
            if counts is not None and len(counts) == len(some):
                answered(counts)
            else:
                answered(problem_for(KnownError("child.protocol", reason=_("counts"))))
        elif isinstance(event, Failed):
            answered(problem_of(event.code, event.args))
        elif isinstance(event, Cancelled):
            answered(problem_of("child.died", {"how": "asked"}))

    loader.client.count_tokens(some, counted, path=os.fsdecode(record.path))


def first_failure(jobs: JobService, job: str) -> KnownError | None:
    failed = jobs.failed_steps(job)
    if not failed:
        return None
    problem = problem_of(failed[0].error_code or "", failed[0].error_args)
    return KnownError(problem.code, **problem.args)


def read_documents(store: Store, ids: Sequence[str], most: int, refusal: str) -> list[DocumentRecord]:
    """Return documents that have been read, each once.

    Raises KnownError `request.invalid` with `refusal` if there are none or more than `most`, `document.unknown`,
    `document.not_read`, and a document's own error when it could not be read.
    """
    if not 1 <= len(ids) <= most:
        raise KnownError("request.invalid", what=refusal)
    return [read_document(store, id) for id in dict.fromkeys(ids)]


def read_document(store: Store, id: str) -> DocumentRecord:
    """Return a document that has been read.

    Raises KnownError `document.unknown`, `document.not_read`, and the document's own error.
    """
    found = store.documents.get(id)
    if found.status is DocumentStatus.READING:
        raise KnownError("document.not_read", path=found.name)
    if found.status is DocumentStatus.FAILED and not found.pages:
        raise KnownError(found.error_code or "document.unreadable", **plain_args(found.error_args))
    return found


def model_of(models: ModelService, job: JobRecord) -> ModelRecord | None:
    """Return the model that a job was started with, or None if it uses no model. Raises KnownError `model.unknown`."""
    record = models.by_sha256(job.model_sha256)
    if record is None and job.model_sha256:
        raise KnownError("model.unknown", wanted=job.title, known="none")
    return record


def able(record: ModelRecord) -> ModelRecord:
    """Return the model if it can generate text.  Raises KnownError `model.wrong_kind`."""
    if not record.can_chat:
        raise KnownError("model.wrong_kind", kind=record.kind)
    return record


# ---- items made from documents (summaries, tables …)
#
# This part adds and finds such items, and adds their messages. Service thread. To history, search and export such an
# item looks like a chat: the request is its first message, the result in words the second.


class DocumentItems:
    def __init__(self, store: Store, publish: Callable[[Event], None], kind: str) -> None:
        self._store, self._publish, self._kind = store, publish, kind

    def find(self, item: str) -> Item:
        """Return an item by its id or a unique start of it. Raises KnownError `item.unknown`, also for another kind."""
        found = self._store.items.get(item)
        if found.kind != self._kind:
            raise KnownError("item.unknown", id=item[:80])
        return found

    def newest_job(self, item: str) -> JobRecord | None:
        return next((job for job in self._store.jobs.of_item(item) if job.kind == self._kind), None)

    def add(self, title: str, documents: Sequence[DocumentRecord], request: Mapping[str, Json], asked: str) -> Item:
        """Add an item linked to its documents. `asked` is the request in words, stored as the first message."""
        item = self._store.items.add(self._kind, title, settings={REQUEST: request})
        self._store.documents.link(item.id, list(dict.fromkeys(document.id for document in documents)))
        message = self._store.messages.add(
            item.id, parent=None, role=Role.USER, status=Status.COMPLETE, parts=(TextPart(asked, Origin.PERSON),)
        )
        self._publish(ItemChanged(self._store.items.get(item.id)))
        self._publish(MessageAdded(message))
        return item

    def keep_words(
        self, item: str, words: str, record: ModelRecord | None = None, prompt_version: str | None = None
    ) -> None:
        """Store the result in words as a message. Calling it again (after a crash) changes nothing."""
        messages = self._store.messages.of_item(item)
        if not any(message.role is Role.ASSISTANT and message.text == words for message in messages):
            reported = self._store.messages.add(
                item,
                parent=next((message.id for message in messages if message.role is Role.USER), None),
                role=Role.ASSISTANT,
                text=words,
                status=Status.COMPLETE,
                model_sha256=record.sha256 if record else None,
                model_name=record.name if record else None,
                prompt_version=prompt_version,
            )
            self._store.items.change_settings(item, leaf=reported.id)
            self._publish(MessageAdded(reported))
        self._publish(ItemChanged(self._store.items.get(item)))


def title_of(documents: Sequence[DocumentRecord]) -> str:
    return documents[0].name if len(documents) == 1 else f"{documents[0].name} and {len(documents) - 1} more"


def names_of(documents: Sequence[DocumentRecord], most: int = 20) -> str:
    return ", ".join(document.name for document in documents[:most])

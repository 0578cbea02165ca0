"""Shared by the services for summaries, tables and comparisons: a job makes an item from documents. Service thread.

The product is an item of its own kind, linked to its documents. To history, search and export it looks like a chat: the
request in words is its first message, the result in words the second. The request itself is stored with the item and in
the settings of each of its jobs, the result with the item.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, stored_from
from slmdesk.base.record import Record, to_json
from slmdesk.base.records import DocumentRecord, DocumentStatus, Item, JobRecord, ModelRecord, Status
from slmdesk.base.texts import _
from slmdesk.base.types import Origin, Role, TextPart
from slmdesk.claims.einvoices import Finding
from slmdesk.jobs.einvoices import findings_of
from slmdesk.jobs.service import REQUEST, JobService, begun_before
from slmdesk.loader.model_loader import ModelLoader, context_tokens
from slmdesk.runtime.events import ItemChanged, MessageAdded
from slmdesk.runtime.messages import plain_args, problem_for, problem_of
from slmdesk.runtime.service import Runtime
from slmdesk.store import Store


class DocumentJobs:
    """Items of one kind that are made from documents, and their jobs."""

    def __init__(self, runtime: Runtime, jobs: JobService, kind: str, title: str) -> None:
        """Create it. `kind`: of the items and their jobs; it never changes, since it is stored. `title`: what stands
        before the names of the documents in an item's title.
        """
        self._store, self._publish, self._jobs = runtime.store, runtime.publish, jobs
        self._kind, self._prefix = kind, f"{title}: "

    def find(self, item: str) -> Item:
        """Return an item by its id or a unique start of it. Raises KnownError `item.unknown`, also for another kind."""
        record = self._store.items.get(item)
        if record.kind != self._kind:
            raise KnownError("item.unknown", id=item[:80])
        return record

    def newest_job(self, item: str) -> JobRecord | None:
        return next((job for job in self._store.jobs.of_item(item) if job.kind == self._kind), None)

    def begun_before(self, request: Record, record: ModelRecord | None) -> JobRecord | None:
        """Return the unfinished job of the same request and model, which can be resumed, or None."""
        return begun_before(self._store, self._kind, to_json(request), record)

    def add(self, documents: Sequence[DocumentRecord], title: str, request: Record, words: str) -> Item:
        """Add an item linked to its documents. `words` is the request as a person reads it, stored as a message."""
        item = self._store.items.add(self._kind, self._prefix + title, settings={REQUEST: to_json(request)})
        self._store.documents.link(item.id, list(dict.fromkeys(document.id for document in documents)))
        message = self._store.messages.add(
            item.id, parent=None, role=Role.USER, status=Status.COMPLETE, parts=(TextPart(words, Origin.PERSON),)
        )
        self._publish(ItemChanged(self._store.items.get(item.id)))
        self._publish(MessageAdded(message))
        return item

    def start(self, item: Item, record: ModelRecord | None, version: str, request: Record | None = None) -> JobRecord:
        """Add a job that makes an item, with `version` of the prompts. Raises KnownError `store.…`."""
        title, settings = item.title.removeprefix(self._prefix), to_json(request) if request else None
        return self._jobs.add(self._kind, title, record, (), prompt_version=version, settings=settings, item=item.id)

    def resume(self, item: Item) -> JobRecord | None:
        """Resume the unfinished job of an item and return it, or None if all have ended. Raises KnownError `job.…`."""
        job = self.newest_job(item.id)
        return None if job is None or job.status.is_end else self._jobs.resume(job.id)

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
    record = store.documents.get(id)
    if record.status is DocumentStatus.READING:
        raise KnownError("document.not_read", path=record.name)
    if record.status is DocumentStatus.FAILED and not record.pages:
        raise KnownError(record.error_code or "document.unreadable", **plain_args(record.error_args))
    return record


def title_of(documents: Sequence[DocumentRecord]) -> str:
    return documents[0].name if len(documents) == 1 else f"{documents[0].name} and {len(documents) - 1} more"


def names_of(documents: Sequence[DocumentRecord], most: int = 20) -> str:
    return ", ".join(document.name for document in documents[:most])


Pages = Callable[[str, int, int], Sequence[Page]]
"""Function that returns pages of a document: arguments are document, first number, most pages."""


class PlanTools(Record):
    """What the plan of a job on documents works with."""

    pages: Pages
    count: Callable[[Sequence[str], Callable[[Any], None]], object]
    """Counts the tokens of texts. It calls its second argument with a list of counts, or with a Problem, on any
    thread.
    """
    context_tokens: int
    failure: Callable[[], KnownError | None]
    """Returns why the first failed step of the job failed."""
    findings: Callable[[DocumentRecord], Sequence[Finding]]
    """Returns what is wrong with the e-invoices of a document."""


def plan_tools(
    runtime: Runtime, loader: ModelLoader, jobs: JobService, job: JobRecord, record: ModelRecord | None
) -> PlanTools:
    def count(texts: Sequence[str], answered: Callable[[Any], None]) -> None:
        def counted(event: FromChild) -> None:
            if isinstance(event, Done):
                counts = stored_from(list[int], event.result.get("counts"))
                is_whole = counts is not None and len(counts) == len(texts)
                answered(counts if is_whole else problem_for(KnownError("child.protocol", reason=_("counts"))))
            elif isinstance(event, Failed):
                answered(problem_of(event.code, event.args))
            elif isinstance(event, Cancelled):
                answered(problem_of("child.died", {"how": "asked"}))

        if record:  # without a model no tokens are counted
            loader.client.count_tokens(texts, counted, path=os.fsdecode(record.path))

    def failure() -> KnownError | None:
        failed = jobs.failed_steps(job.id)
        problem = problem_of(failed[0].error_code or "", failed[0].error_args) if failed else None
        return KnownError(problem.code, **problem.args) if problem else None

    return PlanTools(
        pages=lambda document, begin, limit: runtime.store.pages.of_document(document, begin=begin, limit=limit),
        count=count,
        context_tokens=context_tokens(record, runtime.settings.current) if record else 0,
        failure=failure,
        findings=partial(findings_of, runtime.store),
    )

"""What a job on documents begins with: the documents that were read, and what its plan works with. Service thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, stored_from
from slmdesk.base.record import Record
from slmdesk.base.records import DocumentRecord, DocumentStatus, JobRecord, ModelRecord
from slmdesk.base.runtime.messages import plain_args, problem_for, problem_of
from slmdesk.base.runtime.service import Runtime
from slmdesk.base.texts import _
from slmdesk.claims.einvoices import Finding
from slmdesk.history.store import Store
from slmdesk.models.loader.model_loader import ModelLoader, context_tokens
from slmdesk.tasks.jobs.einvoices import findings_of
from slmdesk.tasks.jobs.service import JobService


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

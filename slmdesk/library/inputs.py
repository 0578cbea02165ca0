"""Helpers for services that make something from documents: documents, model, token counts, reasons of failure.

Service thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild
from slmdesk.base.records import DocumentRecord, DocumentStatus, JobRecord, ModelRecord
from slmdesk.base.wire import stored_from
from slmdesk.jobs.service import JobService
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService
from slmdesk.runtime.messages import plain_args, problem_for, problem_of
from slmdesk.store import Store


def count_texts(loader: ModelLoader, record: ModelRecord, some: Sequence[str], answered: Callable[[Any], None]) -> None:
    """Count the tokens of each text for a model; `answered` gets a list or a Problem, on any thread."""

    def counted(event: FromChild) -> None:
        if isinstance(event, Done):
            counts = stored_from(list[int], event.result.get("counts"))
            if counts is not None and len(counts) == len(some):
                answered(counts)
            else:
                answered(problem_for(KnownError("child.protocol", reason="counts")))
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

    Raises KnownError `request.invalid` with `refusal` for none or more than `most`, `document.unknown`,
    `document.not_read`, and a document's own error when it could not be read.
    """
    if not 1 <= len(ids) <= most:
        raise KnownError("request.invalid", what=refusal)
    return [read_document(store, one) for one in dict.fromkeys(ids)]


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
    """Return the model a job was started with, None where with none.  Raises KnownError `model.unknown`."""
    record = models.by_sha256(job.model_sha256)
    if record is None and job.model_sha256:
        raise KnownError("model.unknown", wanted=job.title, known="none")
    return record


def able(record: ModelRecord) -> ModelRecord:
    """Return the model if it can generate text.  Raises KnownError `model.wrong_kind`."""
    if not record.can_chat:
        raise KnownError("model.wrong_kind", kind=record.kind)
    return record

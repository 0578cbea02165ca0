"""The items of one task and their jobs. Service thread.

To history, search and export an item looks like a chat: the request in words is its
first message, the result in words the second. The request itself is stored with the
item and in the settings of each of its jobs, the result with the item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, to_json
from slmdesk.base.records import (
    DocumentRecord,
    Item,
    JobRecord,
    Message,
    ModelRecord,
    Status,
)
from slmdesk.base.runtime.events import ItemChanged, MessageAdded
from slmdesk.base.runtime.service import Runtime
from slmdesk.base.types import Json, Origin, Role, TextPart
from slmdesk.tasks.jobs.runner import JobPlanner, Plan
from slmdesk.tasks.jobs.service import REQUEST, JobService, begun_before
from slmdesk.tasks.shape import Task, TaskRun


class TaskItems(JobPlanner):
    def __init__(
        self,
        runtime: Runtime,
        jobs: JobService,
        task: Task[Any, Any],
        steps_of: Callable[[JobRecord], Plan],
    ) -> None:
        self._store = runtime.store
        self._publish = runtime.publish
        self._jobs = jobs
        self.task = task
        self._steps_of = steps_of
        self.follows_words = task.follows_words
        self.live: dict[str, TaskRun[Any]] = {}
        """What runs, by the id of its job."""
        jobs.plan_by(task.kind, self)

    def find(self, item: str) -> Item:
        """Return an item by its id or a unique start of it.

        Raises KnownError `item.unknown`, also for another kind.
        """
        record = self._store.items.get(item)
        if record.kind != self.task.kind:
            raise KnownError("item.unknown", id=item[:80])
        return record

    def newest_job(self, item: str) -> JobRecord | None:
        for job in self._store.jobs.of_item(item):
            if job.kind == self.task.kind:
                return job
        return None

    def begun_before(
        self, request: Record, record: ModelRecord | None
    ) -> JobRecord | None:
        """Return the unfinished job of the same request and model, or None.

        It can be resumed.
        """
        path = self.task.file_of(request)
        kind = self.task.kind
        return begun_before(self._store, kind, to_json(request), record, path=path)

    def add(
        self,
        documents: Sequence[DocumentRecord],
        title: str,
        request: Record,
        words: str,
    ) -> Item:
        """Add an item linked to its documents.

        `words` is the request as a person reads it, stored as a message.
        """
        if self.task.prefix:
            title = f"{self.task.prefix}: {title}"
        item = self._store.items.add(
            self.task.kind, title, settings={REQUEST: to_json(request)}
        )
        ids = dict.fromkeys(document.id for document in documents)
        self._store.documents.link(item.id, list(ids))
        added = list[Message]()
        if words:
            message = self._store.messages.add(
                item.id,
                parent=None,
                role=Role.USER,
                status=Status.COMPLETE,
                parts=(TextPart(words, Origin.PERSON),),
            )
            added.append(message)
        self._publish(ItemChanged(self._store.items.get(item.id)))
        for message in added:
            self._publish(MessageAdded(message))
        return item

    def start(
        self, item: Item, record: ModelRecord | None, request: Record
    ) -> JobRecord:
        """Add a job that makes an item. Raises KnownError `store.…`."""
        return self._jobs.add(
            self.task.kind,
            item.title.removeprefix(f"{self.task.prefix}: "),
            record,
            (),
            prompt_version=self.task.prompt_version,
            settings=to_json(request),
            item=item.id,
        )

    def resume(self, item: Item) -> JobRecord | None:
        """Resume the unfinished job of an item and return it.

        None if all have ended. Raises KnownError `job.…`.
        """
        job = self.newest_job(item.id)
        if job is None or job.status.is_end:
            return None
        return self._jobs.resume(job.id)

    def keep_words(self, item: str, words: str, record: ModelRecord | None) -> None:
        """Store the result in words as a message.

        Calling it again (after a crash) changes nothing.
        """
        messages = self._store.messages.of_item(item)
        if words and not _has_answer(messages, words):
            message = self._add_answer(item, words, record, _question_in(messages))
            self._store.items.change_settings(item, leaf=message.id)
            self._publish(MessageAdded(message))
        self._publish(ItemChanged(self._store.items.get(item)))

    def _add_answer(
        self, item: str, words: str, record: ModelRecord | None, question: str | None
    ) -> Message:
        sha256: str | None = None
        name: str | None = None
        prompt_version: str | None = None
        if record is not None:
            sha256 = record.sha256
            name = record.name
            prompt_version = self.task.prompt_version
        return self._store.messages.add(
            item,
            parent=question,
            role=Role.ASSISTANT,
            text=words,
            status=Status.COMPLETE,
            model_sha256=sha256,
            model_name=name,
            prompt_version=prompt_version,
        )

    # ---- while a job runs

    def plan(self, job: JobRecord) -> Plan:
        yield from self._steps_of(job)

    def on_step(self, job: str, key: str, value: Mapping[str, Json]) -> None:
        run = self.live.get(job)
        if run is not None:
            run.received(key, value)

    def on_words(self, job: str, key: str, words: str) -> None:
        run = self.live.get(job)
        if run is not None:
            run.written(key, words)

    def on_model(self, job: str) -> None:
        run = self.live.get(job)
        if run is not None:
            run.restarted()


def _has_answer(messages: Sequence[Message], words: str) -> bool:
    return any(
        message.role is Role.ASSISTANT and message.text == words for message in messages
    )


def _question_in(messages: Sequence[Message]) -> str | None:
    questions = (message.id for message in messages if message.role is Role.USER)
    return next(questions, None)

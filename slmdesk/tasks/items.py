"""The items of one task and their jobs. Service thread.

To history, search and export an item looks like a chat: the request in words is its first message, the result in words
the second. The request itself is stored with the item and in the settings of each of its jobs, the result with the
item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, to_json
from slmdesk.base.records import DocumentRecord, Item, JobRecord, ModelRecord, Status
from slmdesk.base.types import Json, Origin, Role, TextPart
from slmdesk.jobs.runner import JobPlanner, Plan
from slmdesk.jobs.service import REQUEST, JobService, begun_before
from slmdesk.runtime.events import ItemChanged, MessageAdded
from slmdesk.runtime.service import Runtime
from slmdesk.tasks.shape import Task, TaskRun


class TaskItems(JobPlanner):
    def __init__(
        self, runtime: Runtime, jobs: JobService, task: Task[Any, Any], steps_of: Callable[[JobRecord], Plan]
    ) -> None:
        self._store, self._publish, self._jobs = runtime.store, runtime.publish, jobs
        self.task, self._steps_of = task, steps_of
        self.follows_words = task.follows_words
        self.live: dict[str, TaskRun[Any]] = {}
        """What runs, by the id of its job."""
        jobs.plan_by(task.kind, self)

    def find(self, item: str) -> Item:
        """Return an item by its id or a unique start of it. Raises KnownError `item.unknown`, also for another kind."""
        record = self._store.items.get(item)
        if record.kind != self.task.kind:
            raise KnownError("item.unknown", id=item[:80])
        return record

    def newest_job(self, item: str) -> JobRecord | None:
        return next((job for job in self._store.jobs.of_item(item) if job.kind == self.task.kind), None)

    def begun_before(self, request: Record, record: ModelRecord | None) -> JobRecord | None:
        """Return the unfinished job of the same request and model, which can be resumed, or None."""
        return begun_before(self._store, self.task.kind, to_json(request), record)

    def add(self, documents: Sequence[DocumentRecord], title: str, request: Record, words: str) -> Item:
        """Add an item linked to its documents. `words` is the request as a person reads it, stored as a message."""
        item = self._store.items.add(
            self.task.kind, f"{self.task.prefix}: {title}", settings={REQUEST: to_json(request)}
        )
        self._store.documents.link(item.id, list(dict.fromkeys(document.id for document in documents)))
        message = self._store.messages.add(
            item.id, parent=None, role=Role.USER, status=Status.COMPLETE, parts=(TextPart(words, Origin.PERSON),)
        )
        self._publish(ItemChanged(self._store.items.get(item.id)))
        self._publish(MessageAdded(message))
        return item

    def start(self, item: Item, record: ModelRecord | None, request: Record) -> JobRecord:
        """Add a job that makes an item. Raises KnownError `store.…`."""
        title, settings = item.title.removeprefix(f"{self.task.prefix}: "), to_json(request)
        return self._jobs.add(
            self.task.kind, title, record, (), prompt_version=self.task.prompt_version, settings=settings, item=item.id
        )

    def resume(self, item: Item) -> JobRecord | None:
        """Resume the unfinished job of an item and return it, or None if all have ended. Raises KnownError `job.…`."""
        job = self.newest_job(item.id)
        return None if job is None or job.status.is_end else self._jobs.resume(job.id)

    def keep_words(self, item: str, words: str, record: ModelRecord | None) -> None:
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
                prompt_version=self.task.prompt_version if record else None,
            )
            self._store.items.change_settings(item, leaf=reported.id)
            self._publish(MessageAdded(reported))
        self._publish(ItemChanged(self._store.items.get(item)))

    # ---- while a job runs

    def plan(self, job: JobRecord) -> Plan:
        yield from self._steps_of(job)

    def on_step(self, job: str, key: str, value: Mapping[str, Json]) -> None:
        if run := self.live.get(job):
            run.received(key, value)

    def on_words(self, job: str, key: str, words: str) -> None:
        if run := self.live.get(job):
            run.written(key, words)

    def on_model(self, job: str) -> None:
        if run := self.live.get(job):
            run.restarted()

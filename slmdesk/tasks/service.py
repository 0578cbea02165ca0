"""The service of all tasks: begins, repeats, opens and changes reports. Service thread.

A report is an item of its task's kind, linked to its documents and made by a job of
that kind. The request is stored with the item and in the settings of each of its jobs;
the result is stored with the item, and its text as a message, so that history, search,
trash and export treat it like a chat.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, Item, JobRecord, ModelRecord
from slmdesk.base.runtime.events import Event, FolderWritten, Pending
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import (
    Service,
    Slices,
    in_slices,
    on_file_thread,
    sliced,
)
from slmdesk.base.texts import _, in_english
from slmdesk.documents.service import DocumentService, FolderRead
from slmdesk.tasks.items import TaskItems
from slmdesk.tasks.jobs.documents import plan_tools, read_documents
from slmdesk.tasks.jobs.runner import Plan, Yield
from slmdesk.tasks.jobs.service import REQUEST, JobService, request_in
from slmdesk.tasks.report import Edit, NotRead, Report
from slmdesk.tasks.shape import (
    Documents,
    Growth,
    Task,
    TaskContext,
    TaskRun,
    TaskView,
    Work,
)

DRAFT_EVERY_S = 2.0
MOST_FOR_DRAFTS = 50
"""A draft is stored again after this many times what storing the last one took."""
TARGET = "write_to"
"""Key in the settings of an item: the folder into which its files are written."""


class ReportGrew(Event):
    """More of a report is known while it is made.

    The time left is in the JobChanged events of its job.
    """

    item: str
    job: str
    growth: Growth


class ReportMade(Event):
    """A report is finished, or was changed by a person. It is stored."""

    item: str


class AtOnce(Protocol):
    """A service that makes the results of a task itself, where no job makes them."""

    def begin(self, request: Any) -> Item:
        """Add an item, or go on with that of the request, and make its result."""

    def again(self, item: str, model: str | None) -> None:
        """Make the last result of an item once more."""

    def stop_item(self, item: str) -> None:
        """Stop what is made of an item. What there is of it stays."""

    def result(self, item: str) -> Any:
        """Return the result of an item, with what is not stored, or not yet."""


class OneTask:
    """The service of one task, as commands use it.

    They begin, go on with and open its items.
    """

    def __init__(self, service: TaskService, kind: str) -> None:
        self._service = service
        self._kind = kind

    def begin(self, request: Record) -> Item:
        return self._service.begin(self._kind, request)

    def begun_before(self, request: Record) -> JobRecord | None:
        return self._service.begun_before(self._kind, request)

    def open(self, item: str) -> TaskView[Any, Any]:
        return self._service.open(item)


class TaskService(Service):
    def __init__(
        self,
        context: TaskContext,
        documents: DocumentService,
        tasks: Mapping[str, Task[Any, Any]],
        at_once: Mapping[str, Callable[[], AtOnce]] = MappingProxyType({}),
    ) -> None:
        """`tasks`: by their kind. `at_once`: services of those that no job makes."""
        super().__init__(context.runtime)
        self._at_once = at_once
        self._context = context
        self._documents = documents
        self._tasks = tasks
        self._jobs: JobService = context.jobs
        self._items: dict[str, TaskItems] = {}
        self._runs: dict[str, TaskRun[Any]] = {}
        """What runs, by the id of its item."""
        self._draft_due = 0.0
        for kind, task in tasks.items():
            items = TaskItems(context.runtime, context.jobs, task, self._steps_of)
            self._items[kind] = items
            context.jobs.when_done(kind, self._on_done)

    def of(self, kind: str) -> OneTask:
        """Any thread."""
        return OneTask(self, kind)

    def task(self, kind: str) -> Task[Any, Any]:
        """Return the task of items of a kind. Raises KnownError `request.invalid`."""
        if kind not in self._tasks:
            what = _("no task {kind}").format(kind=kind[:80])
            raise KnownError("request.invalid", what=what)
        return self._tasks[kind]

    def begin(self, kind: str, request: Record) -> Item:
        """Add a report and make it in the background.

        Its job (see `open`) can be paused, resumed and cancelled. Publishes ReportGrew,
        and ReportMade at the end. Raises KnownError `document.unknown`,
        `document.not_read`, the document's own error when it could not be read,
        `request.invalid`, `model.…`, `store.…`.
        """
        task = self.task(kind)
        if kind in self._at_once:
            return self._at_once[kind]().begin(request)
        request, documents = self._with_documents(task, request)
        record = task.model(request, self._context)
        title = task.title(request, documents)
        words = task.words(request, documents)
        item = self._items[kind].add(documents, title, request, words)
        if task.made_key:
            for document in documents:
                facts = {**document.info, task.made_key: True}
                self._store.documents.change(document.id, info=facts)
        job = self._items[kind].start(item, record, request)
        if task.has_preview:
            thread = self._service_thread
            thread.post(lambda: in_slices(thread, self._preview(task, job)))
        return self._store.items.get(item.id)

    def begin_first(self, kind: str, request: Record) -> Item | None:
        """Begin the first report of a document, as `begin`.

        None if there was one, though it was deleted.
        """
        task = self.task(kind)
        id = task.documents_of(request)[0]
        document = self._store.documents.get(id)
        if document.info.get(task.made_key):
            return None
        if self._store.documents.is_used(document.id, kind):
            return None
        return self.begin(kind, request)

    def begin_folder(
        self, kind: str, folder: Path, target: Path, request: Record
    ) -> Pending[Item]:
        """Read the documents of a folder, and make a report of them.

        Its files are written into the other folder. Reports progress as (documents
        read, documents in total, name of the next). Ends with the item once all are
        read, or with a Problem: `document.stopped` after a cancel. A document that
        cannot be read does not stop the others. FolderWritten is published after the
        files were written, also where the program ended in between.
        """
        task = self.task(kind)

        def begin(read: FolderRead) -> Item:
            if not read.documents:
                what = _("there is no document in this folder that could be read")
                raise KnownError("request.invalid", what=what)
            failed = [NotRead(*file) for file in read.failed]
            asked = task.with_unread(
                task.with_documents(request, read.documents), failed
            )
            item = self.begin(kind, asked)
            settings = {TARGET: {"folder": str(target)}}
            return self._store.items.change_settings(item.id, **settings)

        return self._documents.read_folder(folder, task.most_documents).map(begin)

    def begun_before(self, kind: str, request: Record) -> JobRecord | None:
        """Return the unfinished job of the same request, which can be resumed, or None.

        Raises what `begin` raises.
        """
        task = self.task(kind)
        request, __ = self._with_documents(task, request)
        record = task.model(request, self._context)
        return self._items[kind].begun_before(request, record)

    def stop(self, item: str) -> None:
        """Stop what is made at once of an item. Raises KnownError `item.unknown`."""
        record_item, task = self._find(item)
        self._at_once[task.kind]().stop_item(record_item.id)

    def again(self, item: str, model: str | None = None) -> JobRecord | None:
        """Make a report again from the current documents.

        The model is only asked about what has changed, and what a person changed stays.
        Return its job; None where no job makes it. Raises the errors of `begin`, and
        `item.unknown`.
        """
        record_item, task = self._find(item)
        if task.kind in self._at_once:
            self._at_once[task.kind]().again(record_item.id, model)
            return None
        items = self._items[task.kind]
        job = items.resume(record_item)
        if job is not None:
            return job
        request = task.read(request_in(record_item))
        request, __ = self._with_documents(task, request)
        view = self._stored_view(record_item, task)
        request, result = task.renewed(view, request)
        if result is not None:
            self._keep_request(record_item.id, request)
            self._keep(task, record_item.id, result)
        record = task.model(task.with_model(request, model), self._context)
        return items.start(record_item, record, request)

    def change(self, item: str, request: Record, result: Any = None) -> Any:
        """Give a report another request, and as its result what stays of the old one.

        A job makes what is missing; one that still makes the report gives way to it.
        Return the result as it was, for `restore`. Raises what `begin` raises, and
        `item.unknown`.
        """
        view, task = self._live_view(item)
        request = task.checked(request)
        record: ModelRecord | None = None
        is_running = view.job is not None and not view.job.status.is_end
        is_started = is_running or not task.is_filled(view, request)
        if is_started:
            request, documents = self._with_documents(task, request)
            record = task.model(request, self._context)
            ids = [document.id for document in documents]
            self._store.documents.link(view.item.id, ids)
        if view.job is not None and is_running:
            self._jobs.cancel(view.job.id)
        self._keep_request(view.item.id, request)
        if result is not None:
            self._keep(task, view.item.id, result)
        if is_started:
            self._items[task.kind].start(view.item, record, request)
        else:
            self._publish(ReportMade(view.item.id))
        return view.newest

    def open(self, item: str) -> TaskView[Any, Any]:
        """Return a report's item with its request, documents, result and job.

        Raises KnownError `item.unknown`.
        """
        view, task = self._live_view(item)
        return task.shown(view, self._context)

    def view(self, item: str) -> TaskView[Any, Any]:
        """Return the same as it is stored, with what its job found by now.

        A change begins with it.
        """
        view, __ = self._live_view(item)
        return view

    def opened(self, item: str) -> tuple[TaskView[Any, Any], Report]:
        """Return a report's item, as `open` does, and what it says."""
        view = self.open(item)
        return view, self._tasks[view.item.kind].report(view, self._context)

    def report(self, item: str) -> Report:
        """Return what an item says. Raises KnownError `item.unknown`."""
        return self.opened(item)[1]

    def edit(self, item: str, edit: Edit) -> Any:
        """Change a statement, or what is asked, as a person wants it.

        Return the result as it was, for `restore` to undo it. Raises KnownError
        `item.unknown`, `request.invalid`, `store.…`; where it changes what is asked,
        what `begin` raises too.
        """
        view, task = self._live_view(item)
        asked = task.asked_by(view.request, view.newest, edit)
        if asked is not None:
            return self.change(item, *asked)
        former = task.former(view, edit, self._context)
        if view.item.id in self._runs:  # what it found is not stored yet
            view = self._stored_view(view.item, task)
        result = task.edited(view, edit, self._context)
        self._keep(task, view.item.id, result)
        self._publish(ReportMade(view.item.id))
        return former

    @sliced
    def ask(self, item: str, edit: Edit) -> Slices[Any]:
        """Change a statement as a model words it (see `Task.asking_actions`).

        Ends with the result as it was, for `restore`, or with a Problem of the task.
        """
        view, task = self._live_view(item)
        former = task.former(view, edit, self._context)
        result = yield task.asked_for(view, edit, self._context)
        self._keep(task, view.item.id, result)
        self._publish(ReportMade(view.item.id))
        return former

    def restore(self, item: str, result: Any) -> None:
        """Take back what `edit` or `change` did, which returned `result`.

        Raises what they raise.
        """
        view, task = self._live_view(item)
        request, restored = task.restored(view, result)
        if request != view.request:
            self.change(item, request, restored)
        else:
            self._keep(task, view.item.id, restored)
            self._publish(ReportMade(view.item.id))

    # ---- the job of a report

    def _steps_of(self, job: JobRecord) -> Plan:
        """Yield the steps of a job, and store what came of it."""
        item = self._store.items.get(job.item or "").id
        jobs = self._items[job.kind]
        task = jobs.task
        run = self._run_of(task, job)
        jobs.live[job.id] = run
        self._runs[item] = run
        try:
            yield from run.run()
            if run.result is not None:
                self._finish(task, item, job, run.result)
        finally:
            # a job that was begun again has a run of its own by now
            if jobs.live.get(job.id) is run:
                del jobs.live[job.id]
            if run.result is None:
                self._keep_draft(task, item, run)
            if self._runs.get(item) is run:
                del self._runs[item]

    def _run_of(self, task: Task[Any, Any], job: JobRecord) -> TaskRun[Any]:
        record = self._model_of(job)
        if record is None and job.model_sha256:
            raise KnownError("model.unknown", wanted=job.title, known="none")
        item = job.item or ""
        request = task.read(job.settings)
        if not task.documents_of(request):  # of a version whose jobs had no request
            request = self._request_of(task, item)
        documents = self._existing_documents(task, request)
        context = self._context
        tools = plan_tools(context.runtime, context.loader, context.jobs, job, record)
        work = Work(
            job,
            request,
            documents,
            record,
            tools,
            context,
            grew=lambda growth: self._on_grown(task, job, growth),
            keep=lambda result: self._keep_joined(task, item, result),
            before=self._newest(task, item),
        )
        return task.start(work)

    def _model_of(self, job: JobRecord) -> ModelRecord | None:
        if not job.model_sha256:
            return None
        return self._context.models.by_sha256(job.model_sha256)

    def _preview(self, task: Task[Any, Any], job: JobRecord) -> Slices[None]:
        """Show what is known without a model while a job waits for its turn."""
        if not self._jobs.is_queued(job.id):
            return
        run = self._run_of(task, job)
        for asked in run.run():
            if not isinstance(asked, Yield) or not self._jobs.is_queued(job.id):
                break
            yield
        self._keep_draft(task, job.item or "", run)

    def _finish(
        self, task: Task[Any, Any], item: str, job: JobRecord, result: Any
    ) -> None:
        self._keep_joined(task, item, result)
        view = self._stored_view(self._store.items.get(item), task)
        words = in_english(task.kept_words, view, self._context)
        self._items[task.kind].keep_words(item, words, self._model_of(job))

    def _on_done(self, job: JobRecord) -> None:
        if not job.item:
            return
        view = self.open(job.item)
        task = self._tasks[view.item.kind]
        if view.result is None:
            return
        if not job.model_sha256:
            record = task.follow_up(view, self._context)
            if record is not None:
                self._items[task.kind].start(view.item, record, view.request)
        self._publish(ReportMade(view.item.id))
        target = view.item.settings.get(TARGET)
        if isinstance(target, Mapping):
            self._write(task, view, Path(str(target.get("folder"))))

    def _write(
        self, task: Task[Any, Any], view: TaskView[Any, Any], folder: Path
    ) -> None:
        item = view.item.id
        failed = len(task.unread(view.request))
        write = task.writer(view, self._context)

        def written(files: list[Path] | Problem) -> None:
            if isinstance(files, Problem):
                self._publish(FolderWritten(item, str(folder), 0, failed, files))
                return
            self._store.items.change_settings(item, **{TARGET: None})
            self._publish(FolderWritten(item, str(folder), len(files), failed))

        thread = self._service_thread
        on_file_thread(thread, lambda: write(folder), written, name=task.kind)

    def _on_grown(self, task: Task[Any, Any], job: JobRecord, growth: Growth) -> None:
        item = job.item or ""
        run = self._items[task.kind].live.get(job.id)
        began = time.monotonic()
        if growth.sections and run is not None and began >= self._draft_due:
            self._keep_draft(task, item, run)
            ended = time.monotonic()
            rest = max(DRAFT_EVERY_S, MOST_FOR_DRAFTS * (ended - began))
            self._draft_due = ended + rest
        self._publish(ReportGrew(item, job.id, growth))

    # ---- what is stored

    def _keep_request(self, item: str, request: Record) -> None:
        self._store.items.change_settings(item, **{REQUEST: to_json(request)})

    def _keep(self, task: Task[Any, Any], item: str, result: Any) -> None:
        task.keep(item, result, self._context)
        facts = task.facts(result)
        if facts:
            self._store.items.change_settings(item, **facts)
        run = self._runs.get(item)
        if run is not None:
            run.changed(result)

    def _keep_joined(self, task: Task[Any, Any], item: str, result: Any) -> None:
        """Store a new result with what a person changed in the one before."""
        request = self._request_of(task, item)
        joined = task.joined(result, self._newest(task, item), request)
        self._keep(task, item, joined)

    def _keep_draft(self, task: Task[Any, Any], item: str, run: TaskRun[Any]) -> None:
        """Store what a run found so far.

        A failure loses the draft alone: the steps are stored anyway.
        """
        with suppress(KnownError):
            draft = run.draft
            if draft is None:
                return
            request = self._request_of(task, item)
            kept = task.draft_kept(draft, self._newest(task, item), request)
            if kept is not None:
                self._keep(task, item, kept)

    def _request_of(self, task: Task[Any, Any], item: str) -> Any:
        return task.read(request_in(self._store.items.get(item)))

    def _newest(self, task: Task[Any, Any], item: str) -> Any:
        """Return the stored result of an item, finished or not, or None."""
        if task.kind in self._at_once:
            return self._at_once[task.kind]().result(item)
        return task.stored(item, self._context)

    def _stored_view(
        self, record_item: Item, task: Task[Any, Any]
    ) -> TaskView[Any, Any]:
        result = self._newest(task, record_item.id)
        draft = None
        if result is not None and task.is_draft(result):
            draft = result
            result = None
        request = task.read(request_in(record_item))
        documents = tuple(self._store.documents.of_item(record_item.id))
        job = self._items[task.kind].newest_job(record_item.id)
        return TaskView(record_item, request, documents, result, job, draft)

    def _live_view(self, item: str) -> tuple[TaskView[Any, Any], Task[Any, Any]]:
        """Return a report's view with what its job found by now."""
        record_item, task = self._find(item)
        view = self._stored_view(record_item, task)
        if view.result is not None and not task.grows_in_place:
            return view, task
        if view.job is None:
            return view, task
        run = self._items[task.kind].live.get(view.job.id)
        if run is None:
            return view, task
        draft = run.draft
        if draft is None:
            return view, task
        joined = task.joined(draft, view.newest, view.request)
        return changed(view, result=None, draft=joined), task

    def _find(self, item: str) -> tuple[Item, Task[Any, Any]]:
        kind = self._store.items.get(item).kind
        if kind not in self._tasks:
            raise KnownError("item.unknown", id=item[:80])
        return self._items[kind].find(item), self._tasks[kind]

    def _with_documents(
        self, task: Task[Any, Any], request: Any
    ) -> tuple[Any, list[DocumentRecord]]:
        request = task.checked(request)
        documents = list[DocumentRecord]()
        if task.documents is not Documents.NONE:
            ids = task.documents_of(request)
            documents = read_documents(
                self._store, ids, task.most_documents, task.too_many()
            )
            ids = tuple(document.id for document in documents)
            request = task.with_documents(request, ids)
        return task.completed(request, documents, self._context), documents

    def _existing_documents(
        self, task: Task[Any, Any], request: Any
    ) -> list[DocumentRecord]:
        """Return the documents of a request that still exist.

        So a deleted one does not stop the others.
        """
        ids = task.documents_of(request)
        records = list[DocumentRecord]()
        for document in ids:
            with suppress(KnownError):
                records.append(self._store.documents.get(document))
        if not records and task.documents is not Documents.NONE:
            raise KnownError("document.unknown", id=next(iter(ids), ""))
        return records

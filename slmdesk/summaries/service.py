"""The summary service: starts, repeats, opens and stores summaries with their coverage. Service thread.

A summary is an item of kind `summary`, linked to its documents and made by a job of the same kind (see `plan`). The
result is stored with the item and its text as a message, so history, search, trash and export treat it like a chat.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_out
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, Item, JobRecord, ModelRecord
from slmdesk.base.texts import _, in_english, retold
from slmdesk.base.types import Json
from slmdesk.exports import phrases
from slmdesk.exports.writers import harmless_markdown
from slmdesk.jobs.documents import DocumentJobs, names_of, plan_tools, read_documents, title_of
from slmdesk.jobs.runner import JobPlanner, Plan, Yield
from slmdesk.jobs.service import JobService, request_in
from slmdesk.library.service import DocumentService, FolderRead
from slmdesk.library.types import RECEIPT
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.service import DefaultsService, DefaultUse, ModelService, able
from slmdesk.runtime.events import FolderWritten, Pending
from slmdesk.runtime.messages import Problem
from slmdesk.runtime.prompt_texts import texts
from slmdesk.runtime.service import Runtime, Service, Slices, in_slices, on_file_thread
from slmdesk.summaries.events import ReceiptChanged, SummaryEnded, SummaryGrew
from slmdesk.summaries.order import by_days, with_marks
from slmdesk.summaries.prompts import prompt_version
from slmdesk.summaries.types import (
    Deadline,
    Kind,
    PartialSummary,
    Summary,
    SummaryRequest,
    UnreadableDocument,
    coverage_words,
    more_words,
    note_words,
    omitted_words,
    request_from,
    text_of,
    whole_coverage_words,
    with_omitted,
    writer_words,
)
from slmdesk.text.markup import harmless_cell

if TYPE_CHECKING:
    from slmdesk.summaries.plan import SummaryPlan

KIND = "summary"
SUMMARIZED = "summarized"
"""Key in the facts of a document that was summarized, whether or not the summary was deleted since."""
LEAST_WORDS, MOST_WORDS = 10, 5000
MOST_FOCUS, MOST_INSTRUCTION = 300, 2000
MOST_DOCUMENTS = 500
DRAFT_EVERY_S = 2.0
MOST_FOR_DRAFTS = 50
"""Drafts are stored again only after this many times the duration that storing the last draft took."""


class SummaryView(Record):
    item: Item
    request: SummaryRequest
    documents: tuple[DocumentRecord, ...]
    summary: Summary | None
    """The finished summary; None while it is being made, or if it failed."""
    job: JobRecord | None
    draft: Summary | None = None

    @property
    def is_done(self) -> bool:
        return self.summary is not None


class SummaryService(Service, JobPlanner):
    follows_words = True

    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        uses: DefaultsService,
        loader: ModelLoader,
        jobs: JobService,
    ) -> None:
        super().__init__(runtime)
        self._runtime, self._models, self._uses, self._loader, self._jobs = runtime, models, uses, loader, jobs
        self._items = DocumentJobs(runtime, jobs, KIND, "Summary")
        self._live: dict[str, SummaryPlan] = {}
        self._draft_due = 0.0
        jobs.plan_by(KIND, self)
        jobs.when_done(KIND, self._on_done)

    def begin(self, request: SummaryRequest) -> Item:
        """Add a summary and make it in the background. Its job (see `open`) can be paused, resumed and cancelled.

        Publishes SummaryGrew, and SummaryEnded at the end. Raises KnownError `document.unknown`, `document.not_read`,
        the document's own error when it could not be read, `request.invalid`, `model.…`, `store.…`.
        """
        request, documents = self._with_documents(_checked(request))
        record = self._model(request)
        words = f"Summarize {names_of(documents)}{_request_words(request)}"
        item = self._items.add(documents, title_of(documents), request, words)
        for document in documents:
            self._store.documents.change(document.id, info={**document.info, SUMMARIZED: True})
        job = self._items.start(item, record, prompt_version(), request)
        self._service_thread.post(lambda: in_slices(self._service_thread, self._show_rules(job, documents)))
        return self._store.items.get(item.id)

    def _show_rules(self, job: JobRecord, documents: Sequence[DocumentRecord]) -> Slices[None]:
        """Show what the rules choose while a job waits for its turn, up to where its plan asks a model."""
        if self._jobs.is_queued(job.id):
            plan = self._plan_of(job, documents)
            for asked in plan.run():
                if not isinstance(asked, Yield) or not self._jobs.is_queued(job.id):
                    break
                yield
            self._keep_draft(job.item or "", plan)

    def begin_first(self, request: SummaryRequest) -> Item | None:
        """Begin the first summary of a document, as `begin`. None if there was one, though it was deleted."""
        document = self._store.documents.get(request.documents[0])
        was_made = document.info.get(SUMMARIZED) or self._store.documents.is_used(document.id, KIND)
        return None if was_made else self.begin(request)

    def begun_before(self, request: SummaryRequest) -> JobRecord | None:
        """Return the unfinished job of the same request, which can be resumed, or None. Raises what `begin` raises."""
        request, __ = self._with_documents(_checked(request))
        return self._items.begun_before(request, self._model(request))

    def again(self, item: str, model: str | None = None) -> JobRecord:
        """Make a summary again from the current documents. The model is only asked about what has changed.

        Raises the errors of `begin`, and `item.unknown`.
        """
        record_item = self._items.find(item)
        if job := self._items.resume(record_item):
            return job
        request, __ = self._with_documents(request_from(request_in(record_item)))
        record = self._model(changed(request, model=model or request.model))
        return self._items.start(record_item, record, prompt_version(), request)

    def open(self, item: str) -> SummaryView:
        """Return a summary with its request, documents and job. Raises KnownError `item.unknown`."""
        record_item = self._items.find(item)
        documents = tuple(self._store.documents.of_item(record_item.id))
        summary, draft = self._stored(record_item.id)
        job = self._items.newest_job(record_item.id)
        if summary is None and job is not None and (plan := self._live.get(job.id)):
            draft = plan.draft
        return SummaryView(record_item, request_from(request_in(record_item)), documents, summary, job, draft)

    def add(self, item: str, document: str, number: int) -> Summary:
        """Move omitted sentence number `number` of a document into the summary, and return the changed summary.

        Raises KnownError `item.unknown`, `request.invalid` when there is no such sentence, `store.…`.
        """
        record_item = self._items.find(item)
        summary, __ = self._stored(record_item.id)
        if summary is None:
            raise KnownError("request.invalid", what=_("this summary is not finished"))
        changed = with_omitted(summary, document, number)
        self._store.results.save(record_item.id, to_json(changed))
        self._publish(SummaryEnded(record_item.id, changed))
        return changed

    def deadlines(self, item: str) -> tuple[Deadline, ...]:
        """Return by when is to be done what a finished summary says. Raises KnownError `item.unknown`."""
        from slmdesk.summaries.deadlines import deadlines_of, page_words  # imported late: it brings all text checks

        record_item = self._items.find(item)
        summary, __ = self._stored(record_item.id)
        if summary is None:
            return ()
        records = {document.id: document for document in self._store.documents.of_item(record_item.id)}
        return tuple(deadlines_of(summary, records, page_words(self._store.pages.of_document)))

    def receive(self, document: str, day: str | None = None, place: str | None = None) -> None:
        """Remember when a document was received (ISO 8601, or empty), and whose law holds. None leaves it as it is.

        Raises KnownError `document.unknown`, `request.invalid`.
        """
        from slmdesk.summaries.deadlines import receipt_of
        from slmdesk.text.deadlines.places import PLACES

        if place not in (None, *PLACES):
            known = ", ".join(filter(None, PLACES))
            raise KnownError(
                "request.invalid", what=_("no place {place}; known are {known}").format(place=place, known=known)
            )
        record = self._store.documents.get(document)
        said = receipt_of(record)
        said = changed(said, day=said.day if day is None else day, place=said.place if place is None else place)
        self._store.documents.change(record.id, info={**record.info, RECEIPT: to_json(said)})
        self._publish(ReceiptChanged(record.id))

    def _with_documents(self, request: SummaryRequest) -> tuple[SummaryRequest, list[DocumentRecord]]:
        refusal = _("1 to {most_documents} documents can be summarized at once").format(most_documents=MOST_DOCUMENTS)
        documents = read_documents(self._store, request.documents, MOST_DOCUMENTS, refusal)
        return changed(request, documents=tuple(document.id for document in documents)), documents

    def _model(self, request: SummaryRequest) -> ModelRecord | None:
        """Return the model for a request, or None if the rules alone make it. Raises KnownError `model.…`.

        A model that may not write is used only where a person names it or asks for what needs one.
        """
        if request.own_words:
            return None
        from slmdesk.evaluation.exams import may_write

        default = None if request.model else self._uses.default(DefaultUse.SUMMARIZE)
        try:
            record = default or able(self._models.choose(request.model))
        except KnownError:
            if request.model or changed(request, language="").may_need_model or self._is_translated(request):
                raise
            return None
        return record if request.model or request.may_need_model or may_write(record) else None

    def _is_translated(self, request: SummaryRequest) -> bool:
        if not request.language:
            return False
        from slmdesk.text.sentences import LANGUAGES, detect

        pages = (page.text for id in request.documents for page in self._store.pages.of_document(id, limit=1))
        return any(detect(page, LANGUAGES)[0] != request.language for page in pages)

    def plan(self, job: JobRecord) -> Plan:
        item, request = self._store.items.get(job.item or "").id, request_from(job.settings)
        record = self._models.by_sha256(job.model_sha256)
        documents = [self._store.documents.get(document) for document in request.documents]
        plan = self._live[job.id] = self._plan_of(job, documents)
        try:
            yield from plan.run()
            if plan.summary is not None:
                self._store.results.save(item, to_json(plan.summary))
                self._items.keep_words(item, in_english(_kept_words, plan.summary), record, prompt_version())
        finally:
            if self._live.get(job.id) is plan:
                del self._live[job.id]
            if plan.summary is None:
                with suppress(KnownError):  # only the draft is lost
                    self._keep_draft(item, plan)

    def _plan_of(self, job: JobRecord, documents: Sequence[DocumentRecord]) -> SummaryPlan:
        from slmdesk.summaries.plan import SummaryPlan  # imported late: it brings all text checks

        record = self._models.by_sha256(job.model_sha256)
        return SummaryPlan(
            job, request_from(job.settings), record, documents,
            plan_tools(self._runtime, self._loader, self._jobs, job, record),
            reported=lambda grown: self._on_grown(job.item or "", job.id, grown),
        )  # fmt: skip

    def on_step(self, job: str, key: str, value: Mapping[str, Json]) -> None:
        if plan := self._live.get(job):
            plan.received(key, value)

    def on_words(self, job: str, key: str, words: str) -> None:
        if plan := self._live.get(job):
            plan.written(key, words)

    def on_model(self, job: str) -> None:
        if plan := self._live.get(job):
            plan.restarted()

    def _on_done(self, job: JobRecord) -> None:
        if job.item and (summary := self._stored(job.item)[0]):
            self._publish(SummaryEnded(job.item, summary))

    def _keep_draft(self, item: str, plan: SummaryPlan) -> None:
        if (draft := plan.draft) is not None and self._stored(item)[0] is None:
            self._store.results.save(item, to_json(draft))

    def _stored(self, item: str) -> tuple[Summary | None, Summary | None]:
        """Return the stored summary of an item as a pair (finished summary, draft), of which one or both are None."""
        summary = stored_from(Summary, self._store.results.get(item))
        return (None, summary) if summary is not None and summary.is_draft else (summary, None)

    def _on_grown(self, item: str, job: str, grown: PartialSummary) -> None:
        began = time.monotonic()
        if grown.points and began >= self._draft_due and (plan := self._live.get(job)):
            with suppress(KnownError):  # the next draft may be stored
                self._keep_draft(item, plan)
            ended = time.monotonic()
            self._draft_due = ended + max(DRAFT_EVERY_S, MOST_FOR_DRAFTS * (ended - began))
        self._publish(
            SummaryGrew(
                item,
                job,
                grown.points,
                grown.pages_read,
                grown.pages_total,
                grown.page_kind,
                grown.writing,
                grown.own_words,
            )
        )


def _checked(request: SummaryRequest) -> SummaryRequest:
    """Return a request that can be carried out. Raises KnownError `request.invalid`."""
    if request.language and request.language not in texts()["language"]:
        known = ", ".join(sorted(texts()["language"]))
        raise KnownError(
            "request.invalid",
            what=_("no language {language}; known are {known}").format(language=request.language[:20], known=known),
        )
    if (
        isinstance(request.length, int)
        and not isinstance(request.length, bool)
        and not (LEAST_WORDS <= request.length <= MOST_WORDS)
    ):
        raise KnownError(
            "request.invalid",
            what=_("a summary has {least_words} to {most_words} words").format(
                least_words=LEAST_WORDS, most_words=MOST_WORDS
            ),
        )
    if len(request.focus) > MOST_FOCUS or len(request.instruction) > MOST_INSTRUCTION:
        raise KnownError("request.invalid", what=_("the focus or the instruction is too long"))
    if request.kind is Kind.OWN and not request.instruction.strip():
        raise KnownError("request.invalid", what=_("a summary of one's own kind wants an instruction"))
    return request


def _request_words(request: SummaryRequest) -> str:
    length = f"{request.length} words" if isinstance(request.length, int) else request.length.value
    parts = [f"as {request.kind.value}" if request.kind is not Kind.OWN else "", length]
    parts += [f"focus: {request.focus}" if request.focus else "", request.instruction]
    return " (" + ", ".join(part for part in parts if part) + ")"


TARGET = "write_to"
"""Key in the settings of an item: the folder into which its files are written."""


class FolderSummaries(Service):
    """Summarizes the documents of a folder into files in another folder. Service thread.

    The target folder is stored with the summary, so that the files are written even if the program ends in between.
    """

    def __init__(self, runtime: Runtime, documents: DocumentService, summaries: SummaryService) -> None:
        super().__init__(runtime)
        self._documents, self._summaries = documents, summaries
        runtime.events.on(SummaryEnded, self._on_made)

    def begin(self, folder: Path, target: Path, request: SummaryRequest) -> Pending[Item]:
        """Summarize the documents of `folder` according to `request` and write the files into `target`.

        Reports progress as (documents read, documents in total, name of the next). Ends with the item of the summary
        once all documents are read, or with a Problem: `document.stopped` after a cancel. A document that cannot be
        read does not stop the others. FolderWritten is published after the files were written.
        """

        def begin(folder: FolderRead) -> Item:
            if not folder.documents:
                raise KnownError("request.invalid", what=_("there is no document in this folder that could be read"))
            not_read = tuple(UnreadableDocument(*file) for file in folder.failed)
            item = self._summaries.begin(changed(request, documents=folder.documents, not_read=not_read))
            return self._store.items.change_settings(item.id, **{TARGET: {"folder": str(target)}})

        return self._documents.read_folder(folder, MOST_DOCUMENTS).map(begin)

    def _on_made(self, event: SummaryEnded) -> None:
        if isinstance(kept := self._store.items.get(event.item).settings.get(TARGET), Mapping):
            self._write(event.item, event.summary, kept)

    def _write(self, item: str, summary: Summary, kept: Mapping[str, Json]) -> None:
        folder, failed = Path(str(kept.get("folder"))), len(summary.not_read)
        has_line = self._settings.current.model_line
        deadlines = self._summaries.deadlines(item)

        def written(files: list[Path] | Problem) -> None:
            if isinstance(files, Problem):
                self._publish(FolderWritten(item, str(folder), 0, failed, files))
                return
            self._store.items.change_settings(item, **{TARGET: None})
            self._publish(FolderWritten(item, str(folder), len(files), failed))

        on_file_thread(
            self._service_thread,
            lambda: write_summaries(folder, summary, deadlines, has_line=has_line),
            written,
            name="summaries",
        )


TABLE = "summaries.csv"
MOST_NAME = 100


def _kept_words(summary: Summary) -> str:
    words = text_of(summary.kind, summary.sentences, summary.page_kinds)
    return "\n\n".join(text for text in (words, summary.note, whole_coverage_words(summary)) if text)


def write_summaries(
    output: Path, summary: Summary, deadlines: Sequence[Deadline] = (), *, has_omitted: bool = False,
    has_line: bool = True,
) -> list[Path]:  # fmt: skip
    """Create a folder, write the summaries into it in order of the deadlines, and return the written files.

    Raises KnownError `file.unwritable`, `disk.full`.
    """
    from slmdesk.summaries.deadlines import shown_days_words  # imported late: it brings all text checks

    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise KnownError("file.unwritable", path=str(output), reason=err.strerror or type(err).__name__) from err
    used: set[str] = {TABLE}
    written: list[Path] = []

    def write(name: str, data: bytes) -> None:
        write_out(output / name, data)
        written.append(output / name)

    table = _table(by_days(summary, deadlines))
    summary = with_marks(by_days(summary, deadlines), deadlines)
    for document in summary.documents:
        own = [deadline for deadline in deadlines if deadline.document == document.document]
        words = text_of(summary.kind, document.sentences, document.page_kind)
        writer = writer_words(summary, [document]) if has_line else ""
        coverage = coverage_words(document.coverage, document.page_kind)
        rest = omitted_words(document) if has_omitted else more_words([document])
        title = f"# {' '.join(document.name.split())}"
        write(
            _free_name(document.name, used),
            _file_of((title, words, shown_days_words(own), writer, note_words(summary.note), rest, coverage)),
        )
    if len(summary.documents) > 1:
        together = text_of(summary.kind, summary.sentences, summary.page_kinds)
        writer = writer_words(summary) if has_line else ""
        title, coverage = f"# {_(phrases.TOGETHER)}", whole_coverage_words(summary)
        parts = (title, together, shown_days_words(deadlines), writer, note_words(summary.note), coverage)
        write(_free_name("together", used), _file_of(parts))
    write(TABLE, table.encode("utf-8-sig", "replace"))
    return written


def _file_of(parts: Sequence[str]) -> bytes:
    words = harmless_markdown("\n\n".join(part for part in parts if part))
    return f"{words}\n".encode("utf-8", "replace")


def _free_name(name: str, used: set[str]) -> str:
    """Return an unused file name based on the document's name, which is treated as a label and never as a path."""
    kept = "".join(letter if letter.isalnum() or letter in " ._-" else "_" for letter in name).strip(" .")
    stem = kept[:MOST_NAME] or "document"
    free, number = f"{stem}.md", 2
    while free.casefold() in used:
        free, number = f"{stem}-{number}.md", number + 1
    used.add(free.casefold())
    return free


def _table(summary: Summary) -> str:
    """Return a CSV table with a row for each document. No cell can be mistaken for a formula."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["file", "pages_total", "pages_read", "summary", "pages", "marked", "coverage"])
    for document in summary.documents:
        pages = sorted({page for each in document.sentences for page in each.pages})
        marked = sum(not each.supported for each in document.sentences)
        coverage = document.coverage
        cells: list[str | int] = [
            document.name,
            coverage.pages_total,
            coverage.pages_read,
            " ".join(each.text for each in document.sentences),
        ]
        cells += [", ".join(map(str, pages)), marked, coverage_words(coverage, document.page_kind)]
        rows.writerow([harmless_cell(str(each)) for each in cells])
    for missing in summary.not_read:
        words = (missing.name, "", "", "", "", "", _(phrases.NOT_READ_NAMED).format(name=retold(missing.reason)))
        rows.writerow([harmless_cell(each) for each in words])
    return out.getvalue()

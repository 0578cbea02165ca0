"""The table service: starts, repeats, opens and edits tables made from documents. Service thread.

A table is an item of kind `extraction`, linked to its documents and made by a job of that kind (see `plan`). The result
and a person's edits are stored with the item. Its words are stored as a message, so that a search finds them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from, stored_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, Item, JobRecord, Passage
from slmdesk.base.texts import N_, _, in_english
from slmdesk.base.types import Json, unlike_marks
from slmdesk.evaluation.exams import is_weak
from slmdesk.jobs.documents import DocumentJobs, PlanTools, names_of, plan_tools, read_documents, title_of
from slmdesk.jobs.runner import AskedQuestion, Batch, JobPlanner, Plan, Question, StepValue, Yield, step_key
from slmdesk.jobs.service import REQUEST, JobService, request_in
from slmdesk.library.search import RankedPassages, Retrieval
from slmdesk.library.types import CHARACTERS_PER_TOKEN, Coverage, Unread
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService, able, is_starter
from slmdesk.runtime.events import Noticed
from slmdesk.runtime.messages import Problem, problem_for
from slmdesk.runtime.service import Runtime, Service, Slices, sliced
from slmdesk.tables.beside import beside
from slmdesk.tables.cells import (
    CELL_TOKENS,
    COLUMN_TOKENS,
    COLUMNS_AT_ONCE,
    FRAME_TOKENS,
    PROMPT_VERSION,
    cells_in,
    cells_step,
    checked,
    text_for,
    verified,
    without_doubles,
)
from slmdesk.tables.guess import Guess
from slmdesk.tables.layout import PageTexts, is_quote, newest_text, quoted_part
from slmdesk.tables.rules import ByRule, Rules, target_of
from slmdesk.tables.types import (
    DOUBTFUL,
    Column,
    Edit,
    ExtractionEnded,
    ExtractionGrew,
    Flag,
    Table,
    TableCell,
    TableRow,
    doubts_of,
    place_words,
    reshaped,
    with_edits,
)
from slmdesk.text.checks.words import tongue

KIND = "extraction"
MOST_COLUMNS, MOST_DOCUMENTS = 40, 500
MOST_NAME, MOST_MEANING, MOST_CELL = 80, 300, 2000
WEAK = N_(
    "{model} is too weak for tables: it often names the wrong words, or none. Compare each cell with its document."
)


class TableRequest(Record):
    documents: tuple[str, ...]
    """Ids of documents, or unique prefixes of ids."""
    columns: tuple[Column, ...]
    model: str | None = None
    """Model to use. None means the model used last."""


FIRST_PAGES, GUESSED_FROM = 5, 12
"""Pages of a document, and documents, from which columns are guessed."""


class ExtractionView(Record):
    item: Item
    request: TableRequest
    documents: tuple[DocumentRecord, ...]
    table: Table | None
    """The table with a person's edits in its cells. None until the first rows are found."""
    job: JobRecord | None

    @property
    def is_done(self) -> bool:
        return self.table is not None and self.table.is_done


class ExtractionService(Service, JobPlanner):
    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        loader: ModelLoader,
        jobs: JobService,
        retrieval: Retrieval,
    ) -> None:
        super().__init__(runtime)
        self._runtime, self._models, self._loader, self._jobs = runtime, models, loader, jobs
        self._retrieval = retrieval
        self._items = DocumentJobs(runtime, jobs, KIND, "Table")
        self._live: dict[str, TablePlan] = {}
        jobs.plan_by(KIND, self)
        jobs.when_done(KIND, self._on_done)

    def begin(self, request: TableRequest) -> Item:
        """Add a table and make it in the background. Its job (see `open`) can be paused, resumed and cancelled.

        Publishes ExtractionGrew, and ExtractionEnded at the end. Raises KnownError `document.unknown`,
        `document.not_read`, the document's own error when it could not be read, `request.invalid`, `model.…`,
        `store.…`.
        """
        request, documents = self._with_documents(request)
        record = able(self._models.choose(request.model))
        words = f"{', '.join(column.name for column in request.columns)} of {names_of(documents)}"
        item = self._items.add(documents, title_of(documents), request, words)
        self._items.start(item, record, PROMPT_VERSION, request)
        return self._store.items.get(item.id)

    def begun_before(self, request: TableRequest) -> JobRecord | None:
        """Return the unfinished job of the same request, which can be resumed, or None. Raises what `begin` raises."""
        request, __ = self._with_documents(request)
        return self._items.begun_before(request, able(self._models.choose(request.model)))

    def again(self, item: str, model: str | None = None) -> JobRecord:
        """Make a table again from the current documents. The model is asked only about what changed.

        A person's edits stay. Raises KnownError as `begin` does, and `item.unknown`.
        """
        found = self._items.find(item)
        if job := self._items.resume(found):
            return job
        request, __ = self._with_documents(_request_from(request_in(found)))
        record = able(self._models.choose(model or request.model))
        return self._items.start(found, record, PROMPT_VERSION, request)

    def edit(self, item: str, document: str, column: int, value: str) -> Table:
        """Set a person's value for a cell. Return the table as it was, for `reshape` to undo it.

        Raises KnownError `item.unknown`, `request.invalid`, store.*.
        """
        found = self.open(item).item
        table = self._kept(found.id)
        if table is None or not 0 <= column < len(table.columns):
            raise KnownError("request.invalid", what=_("no such cell"))
        if all(row.document != document for row in table.rows):
            raise KnownError("request.invalid", what=_("no such row"))
        kept = [edit for edit in table.edits if (edit.document, edit.column) != (document, column)]
        edits = (*kept, Edit(document, column, value[:MOST_CELL]))
        self._store.results.save(found.id, to_json(changed(table, edits=edits)))
        return table

    @sliced
    def guess(self, documents: Sequence[str]) -> Slices[TableRequest]:
        """Return a table of documents with the columns that their first pages name. No model is asked. It has no
        columns if they name nothing.
        """
        guess = Guess()
        for document in documents[:GUESSED_FROM]:
            if pages := self._store.pages.of_document(document, limit=FIRST_PAGES):
                guess.feed(pages, _language_of(pages))
            yield
        return TableRequest(tuple(documents), guess.columns)

    def reshape(self, item: str, columns: Sequence[Column], edits: Sequence[Edit] | None = None) -> Table:
        """Give a table other columns; a job fills new ones. Return the table as it was, for undo.

        A job that still makes the table gives way to the new one. Columns that stay keep their cells. `edits` are a
        person's values; None: those that there are. Raises what `begin` raises, and KnownError `item.unknown`.
        """
        found = self._items.find(item)
        job = self._items.newest_job(found.id)
        old = self._so_far(found.id, job) or Table((), ())
        request = changed(_request_from(request_in(found)), columns=checked_columns(columns))
        unfinished = None if job is None or job.status.is_end else job
        record = None
        if unfinished or not set(request.columns) <= set(old.columns):
            request, __ = self._with_documents(request)
            record = able(self._models.choose(request.model))
        if unfinished:
            self._jobs.cancel(unfinished.id)
        self._store.items.change_settings(found.id, **{REQUEST: to_json(request)})
        self._store.results.save(found.id, to_json(reshaped(old, request.columns, edits)))
        if record is not None:
            self._items.start(found, record, PROMPT_VERSION, request)
        return old

    def open(self, item: str) -> ExtractionView:
        """Return a table with the progress of its job. Raises KnownError `item.unknown`."""
        found = self._items.find(item)
        job, request = self._items.newest_job(found.id), _request_from(request_in(found))
        table = self._so_far(found.id, job)
        documents = tuple(self._store.documents.of_item(found.id))
        return ExtractionView(found, request, documents, with_edits(table) if table else None, job)

    def _so_far(self, item: str, job: JobRecord | None) -> Table | None:
        table = self._kept(item)
        if job is not None and (plan := self._live.get(job.id)):
            return _joined(plan.so_far(), table, _request_from(job.settings).documents)
        return table

    def _with_documents(self, request: TableRequest) -> tuple[TableRequest, list[DocumentRecord]]:
        refusal = _("a table has 1 to {most_documents} documents").format(most_documents=MOST_DOCUMENTS)
        columns = checked_columns(request.columns)
        documents = read_documents(self._store, request.documents, MOST_DOCUMENTS, refusal)
        return changed(request, columns=columns, documents=tuple(document.id for document in documents)), documents

    def plan(self, job: JobRecord) -> Plan:
        item, request = self._store.items.get(job.item or "").id, _request_from(job.settings)
        record = self._models.by_sha256(job.model_sha256)
        if record is None:
            raise KnownError("model.unknown", wanted=job.title, known="none")
        plan = self._live[job.id] = TablePlan(
            job, request.columns, self._still_there(request),
            plan_tools(self._runtime, self._loader, self._jobs, job, record),
            model=record.name, is_asked=not is_starter(record),
            note=WEAK.format(model=record.name) if is_weak(record) and not is_starter(record) else "",
            passages=self._store.passages.of_document,
            rank=lambda words, document, answered: self._retrieval.rank(words, [document]).then(answered),
            reported=lambda row, is_complete: self._on_row(item, job.id, row, is_complete),
            kept=lambda table: self._keep(item, table),
            faulty=self._on_fault,
        )  # fmt: skip
        try:
            yield from plan.run()
            if plan.table is not None:
                self._keep(item, plan.table)
                self._items.keep_words(item, in_english(markdown_of, plan.table), record, PROMPT_VERSION)
        finally:
            if self._live.get(job.id) is plan:
                del self._live[job.id]
            if plan.table is None:
                self._keep_shown(item, plan.so_far())

    def on_step(self, job: str, key: str, value: Mapping[str, Json]) -> None:
        if plan := self._live.get(job):
            plan.received(key, value)

    def _on_done(self, job: JobRecord) -> None:
        if job.item and (table := self._kept(job.item)):
            self._publish(ExtractionEnded(job.item, with_edits(table)))

    def _kept(self, item: str) -> Table | None:
        return stored_from(Table, self._store.results.get(item))

    def _keep(self, item: str, table: Table) -> None:
        """Store what was found, with the person's edits made before and meanwhile."""
        documents = _request_from(request_in(self._store.items.get(item))).documents
        self._store.results.save(item, to_json(_joined(table, self._kept(item), documents)))

    def _keep_shown(self, item: str, table: Table) -> None:
        """Store what a job found that did not come to its end, unless its table has other columns by now."""
        rows = tuple(row for row in table.rows if any(cell.flag is not Flag.OPEN for cell in row.cells))
        with suppress(KnownError):  # the table was deleted, or trouble that is reported where steps are saved
            if _request_from(request_in(self._store.items.get(item))).columns == table.columns:
                self._keep(item, changed(table, rows=rows))

    def _on_row(self, item: str, job: str, row: TableRow, is_complete: bool) -> None:
        old = self._kept(item)
        if (
            old and not old.is_done and len(old.columns) == len(row.cells)
        ):  # what there is stays while a column is added
            row = _filled(row, next((known for known in old.rows if known.document == row.document), None))
        shown = with_edits(Table((), (row,), old.edits if old else ())).rows[0]
        self._publish(ExtractionGrew(item, job, shown, is_complete))

    def _on_fault(self, error: Exception, cell: str) -> None:
        """Report a bug that left a cell empty, with the cell and an error report."""
        problem = problem_for(error)
        sentence = _("{cell} was left empty. {sentence}").format(cell=cell, sentence=problem.sentence)
        self._publish(Noticed(changed(problem, sentence=sentence)))

    def _still_there(self, request: TableRequest) -> list[DocumentRecord]:
        """Return the documents of a job that still exist, so that a deleted document does not stop the others."""
        found: list[DocumentRecord] = []
        for document in request.documents:
            with suppress(KnownError):
                found.append(self._store.documents.get(document))
        if not found:
            raise KnownError("document.unknown", id=request.documents[0] if request.documents else "")
        return found


def _request_from(untrusted: Json) -> TableRequest:
    """Read a stored request. Unknown values are replaced by the defaults."""
    return lenient_from(TableRequest, untrusted, documents=(), columns=())


def checked_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns with clean names.

    Raises KnownError `request.invalid` for no columns, too many, or a name that is empty or used twice.
    """
    if not columns:
        raise KnownError("request.invalid", what=_("a table needs a column"))
    if len(columns) > MOST_COLUMNS:
        what = _("a table has at most {most_columns} columns").format(most_columns=MOST_COLUMNS)
        raise KnownError("request.invalid", what=what)
    clean = []
    for column in columns:
        name, meaning = (" ".join(words.split()) for words in (column.name, column.meaning))
        clean.append(changed(column, name=name[:MOST_NAME], meaning=meaning[:MOST_MEANING]))
    seen: set[str] = set()
    for column in clean:
        if not any(letter.isalnum() for letter in column.name):
            raise KnownError("request.invalid", what=_("a column without a name"))
        if column.name.casefold() in seen:
            raise KnownError("request.invalid", what=_("the column “{name}” is there twice").format(name=column.name))
        seen.add(column.name.casefold())
    return tuple(clean)


def markdown_of(table: Table) -> str:
    def words(text: str) -> str:
        return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")

    lines = ["| " + " | ".join(["Document", *(words(column.name) for column in table.columns)]) + " |"]
    lines.append("|" + " --- |" * (len(table.columns) + 1))
    for row in table.rows:
        lines.append("| " + " | ".join([words(row.name), *(_cell_text(cell, row, words) for cell in row.cells)]) + " |")
    doubts = [f"- ⚠ {words(name)}, {words(column)}: {why}" for name, column, why in doubts_of(table)]
    below = [*doubts, *(["", words(table.note)] if table.note else [])]
    return "\n".join([*lines, "", *below] if below else lines)


def _cell_text(cell: TableCell, row: TableRow, words: Callable[[str], str]) -> str:
    if not cell.value:
        return "–"
    place = place_words(cell, row.page_kind)
    return f"{words(unlike_marks(cell.value))}{f' [{place}]' if place else ''}{' ⚠' if cell.flag in DOUBTFUL else ''}"


def _joined(table: Table, old: Table | None, documents: Sequence[str]) -> Table:
    """Return a new table with a person's edits, in the order of its documents. Rows and cells that are not made again
    yet stay as they were.
    """
    if old is None or old.columns != table.columns:
        return table
    before = {} if table.is_done else {row.document: row for row in old.rows}
    made = {row.document: _filled(row, before.get(row.document)) for row in table.rows}
    places = {document: at for at, document in enumerate(documents)}
    rows = sorted((before | made).values(), key=lambda row: places.get(row.document, len(places)))
    return changed(table, rows=tuple(rows), edits=old.edits)


def _filled(row: TableRow, old: TableRow | None) -> TableRow:
    pairs = zip(row.cells, old.cells if old else row.cells, strict=True)
    return changed(row, cells=tuple(was if cell.flag is Flag.OPEN else cell for cell, was in pairs))


DOCUMENTS_AT_ONCE = 16
"""Number of documents whose steps share a batch. Their rows are saved before the next batch."""
PAGES_AT_ONCE = 50
READ_TOKENS = 1200
MOST_PASSAGES = 8

Rank = Callable[[str, str, Callable[[RankedPassages | Problem], None]], object]
"""Function that takes words and a document, and passes the document's passages to a callback, the best first."""


@dataclass(slots=True, eq=False)
class _Asked:
    row: int
    columns: tuple[int, ...]
    pages: PageTexts


@dataclass(slots=True, eq=False)
class _Row:
    record: DocumentRecord
    cells: dict[int, TableCell] = field(default_factory=dict)
    by_rule: ByRule = field(default_factory=ByRule)
    coverage: Coverage = field(default_factory=lambda: Coverage(0, 0, 0, 0))
    is_whole: bool = True
    open_steps: int = 0
    is_reported: bool = False


class TablePlan:
    """Plan of a table's job (see jobs.runner.Plan). Documents are read in groups, first by rules, then by the model.

    Values with labels or known words around them ("Invoice no: 17", "payment by 3 May") are read by rules and shown at
    once. If the document has no possible value, the cell stays empty without asking the model. For the rest, the model
    gets the whole document if it fits, else the passages that match a column best. Its answer must be found in the
    document to become a cell. At the end the cells of a row are checked against each other.
    """

    def __init__(
        self,
        job: JobRecord,
        columns: Sequence[Column],
        documents: Sequence[DocumentRecord],
        tools: PlanTools,
        *,
        model: str,
        is_asked: bool,
        note: str,
        passages: Callable[[str], Sequence[Passage]],
        rank: Rank,
        reported: Callable[[TableRow, bool], None],
        kept: Callable[[Table], None],
        faulty: Callable[[Exception, str], None],
    ) -> None:
        self._job, self._columns, self._model = job, tuple(columns), model
        self._targets = [target_of(column) for column in columns]
        self._tools, self._context = tools, tools.context_tokens
        self._passages, self._rank, self._reported, self._keep = passages, rank, reported, kept
        self._note, self._faulty, self._is_asked = note, faulty, is_asked
        self._rows = [_Row(document) for document in documents]
        self._at: dict[str, _Asked] = {}
        self._received: set[str] = set()
        self._answered = 0
        self._began = time.monotonic()
        self.table: Table | None = None

    def run(self) -> Plan:
        """Yield all batches. At the end, `table` is set to the result."""
        asked_for = 0
        for begin in range(0, len(self._rows), DOCUMENTS_AT_ONCE):
            some = range(begin, min(begin + DOCUMENTS_AT_ONCE, len(self._rows)))
            steps: list[dict[str, Json]] = []
            self._at, self._received = {}, set()
            for at in some:
                steps += yield from self._steps_of(at)
                yield Yield()
            asked_for += len(steps)
            if steps:
                later = float(len(self._rows) - some.stop) * max(1.0, len(steps) / len(some))
                values: list[StepValue] = yield Batch(steps, PROMPT_VERSION, 1.0, later)
                for step, value in zip(steps, values, strict=True):
                    self._receive(self._key(step), value)
            for at in some:
                self._publish(self._rows[at])
            self._keep(self._made(some.stop, is_done=False))
        if asked_for and not self._answered:
            raise self._tools.failure() or KnownError("request.invalid", what=_("no part could be read by the model"))
        self.table = self._made(len(self._rows), is_done=True)

    def received(self, key: str, value: StepValue) -> None:
        asked = self._at.get(key)
        if asked is not None:
            self._receive(key, value)
            row = self._rows[asked.row]
            if row.open_steps:
                self._reported(self._shape(row, Flag.OPEN), False)
            self._publish(row)

    def so_far(self) -> Table:
        return self._made(len(self._rows), is_done=False)

    def _steps_of(self, at: int) -> Generator[AskedQuestion, Any, list[dict[str, Json]]]:
        row = self._rows[at]
        pages = yield from self._read(row)
        missing = [column for column in range(len(self._columns)) if column not in row.cells]
        if not row.coverage.pages_read:
            row.cells |= {column: TableCell(flag=Flag.UNREAD) for column in missing}
            missing = []
        if not missing or not self._is_asked:
            row.cells = {column: TableCell() for column in missing} | row.cells
            self._publish(row)  # now, not when the model has answered about the other documents
            return []
        self._reported(self._shape(row, Flag.OPEN), False)
        return (yield from self._copied(at, missing, pages))

    def _copied(
        self, at: int, missing: Sequence[int], pages: Sequence[Page] | None
    ) -> Generator[AskedQuestion, Any, list[dict[str, Json]]]:
        row = self._rows[at]
        if pages is not None and (yield from self._fits(pages, len(missing))):
            language = _language_of(pages)
            whole = [page.text for page in pages], PageTexts(pages, language)
            parts = [quoted_part(page, is_quoted=False) for page in pages]
            newest = [newest_text(page) for page in pages], PageTexts(parts, language)
            groups = [missing[index : index + COLUMNS_AT_ONCE] for index in range(0, len(missing), COLUMNS_AT_ONCE)]
            steps = []
            for group in groups:
                words, texts = newest if all(row.by_rule.options.get(column) for column in group) else whole
                steps.append(self._step(at, group, [*filter(None, words)], texts))
            return steps
        row.is_whole = False
        steps = []
        for column in missing:
            passages = yield from self._best(row.record.id, self._columns[column])
            if passages:
                numbers = sorted({page for passage in passages for page in range(passage.page, passage.page_end + 1)})
                seen = [page for number in numbers for page in self._tools.pages(row.record.id, number, 1)]
                texts = PageTexts(seen, _language_of(seen))
                steps.append(self._step(at, [column], [passage.text for passage in passages], texts))
        return steps

    def _step(self, row: int, columns: Sequence[int], texts: Sequence[str], pages: PageTexts) -> dict[str, Json]:
        step = cells_step([self._columns[column] for column in columns], texts)
        return self._added(step, _Asked(row, tuple(columns), pages))

    def _added(self, step: dict[str, Json], asked: _Asked) -> dict[str, Json]:
        key = self._key(step)
        if key in self._at:  # two files with the same words are asked about once
            key = f"{key} {asked.row}"
        self._at[key] = asked
        self._rows[asked.row].open_steps += 1
        return step

    def _key(self, step: dict[str, Json]) -> str:
        return step_key(self._job.model_sha256, PROMPT_VERSION, step)

    def _read(self, row: _Row) -> Generator[AskedQuestion, Any, list[Page] | None]:
        pages: list[Page] = []
        size, total, blocks, read, read_blocks = 0, 0, 0, 0, 0
        unread: list[Unread] = []
        rules, of_quoted = Rules(self._columns), Rules(self._columns)
        most = self._context * CHARACTERS_PER_TOKEN
        begin = 1
        while some := self._tools.pages(row.record.id, begin, PAGES_AT_ONCE):
            language = _language_of(some)
            for page in some:
                total, blocks, size = total + 1, blocks + page.block_count, size + len(page.text)
                if page.status is PageStatus.READ:
                    read, read_blocks = read + 1, read_blocks + page.block_count
                else:
                    unread.append(Unread(page.number, page.reason or page.status.value, row.record.id))
                if any(map(is_quote, page.blocks)):
                    of_quoted.feed(quoted_part(page), language)
                    page = quoted_part(page, is_quoted=False)
                rules.feed(page, language)
            pages = [*pages, *some] if size <= most else []
            begin = some[-1].number + 1
            yield Yield()
        row.coverage = Coverage(total, read, blocks, read_blocks, tuple(unread))
        row.by_rule, earlier = rules.result(), of_quoted.result()
        options = row.by_rule.options
        empty = {
            column: TableCell()
            for column in (*options, *earlier.options)
            if not options.get(column) and not earlier.options.get(column)
        }
        quoted = {at: changed(cell, flag=Flag.EARLIER) for at, cell in earlier.cells.items() if not options.get(at)}
        row.cells = {**empty, **quoted, **row.by_rule.cells}
        return pages if size <= most else None

    def _fits(self, pages: Sequence[Page], columns: int) -> Generator[AskedQuestion, Any, bool]:
        columns = min(columns, COLUMNS_AT_ONCE)
        loader = self._context - FRAME_TOKENS - columns * (CELL_TOKENS + COLUMN_TOKENS)
        texts = [text_for(page.text) for page in pages if page.text]
        if sum(len(text.encode("utf-8", "replace")) + 2 for text in texts) <= loader:
            return True  # no text has more tokens than bytes
        counts: list[int] = yield Question(lambda answered: self._tools.count(texts, answered))
        return sum(counts) + 2 * len(counts) <= loader

    def _best(self, document: str, column: Column) -> Generator[AskedQuestion, Any, list[Passage]]:
        words = " ".join([column.name, column.meaning, *column.labels])
        ranked: RankedPassages = yield Question(lambda answered: self._rank(words, document, answered))
        best = list(ranked.passages[:MOST_PASSAGES]) or list(self._passages(document)[:MOST_PASSAGES])
        counts: list[int] = yield Question(
            lambda answered: self._tools.count([text_for(passage.text) for passage in best], answered)
        )
        loader = min(READ_TOKENS, self._context - FRAME_TOKENS - CELL_TOKENS - COLUMN_TOKENS)
        chosen: list[Passage] = []
        for passage, size in zip(best, counts, strict=True):
            if size <= loader:
                chosen.append(passage)
                loader -= size
        return sorted(chosen, key=lambda passage: passage.n)

    def _receive(self, key: str, value: StepValue) -> None:
        twins = [other for other in self._at if other == key or other.startswith(f"{key} ")]
        for twin in twins:
            if twin in self._received:
                continue
            self._received.add(twin)
            asked = self._at[twin]
            row = self._rows[asked.row]
            row.open_steps -= 1
            if value is None:
                row.cells |= {at: TableCell(flag=Flag.UNREAD) for at in asked.columns}
                continue
            self._answered += 1
            columns = [self._columns[at] for at in asked.columns]
            said = cells_in(str(value.get("text", "")), columns)
            for at, column, (quote, words) in zip(asked.columns, columns, said, strict=True):
                row.cells[at] = self._verified(row, column, quote, words, asked.pages)

    def _verified(self, row: _Row, column: Column, quote: str, words: str, pages: PageTexts) -> TableCell:
        try:
            cell = beside(self._columns, column, verified(column, quote, words, pages), pages)
            is_earlier = cell.flag is Flag.NONE and pages.is_quoted(cell.page, cell.start)
            return changed(cell, flag=Flag.EARLIER) if is_earlier else cell
        except Exception as err:  # noqa: BLE001  a bug that a cell brings out costs this cell, not a table of hundreds
            self._faulty(err, f"“{column.name}” of {row.record.name}")
            return TableCell(flag=Flag.UNREAD)

    def _publish(self, row: _Row) -> None:
        if not row.open_steps and not row.is_reported and (row.cells or row.coverage.pages_total):
            row.is_reported = True
            self._reported(self._shape(row), True)

    def _made(self, until: int, *, is_done: bool) -> Table:
        rows = tuple(
            self._shape(row, Flag.NOT_FOUND if is_done or row.is_reported else Flag.OPEN)
            for row in self._rows[:until]
            if is_done or row.is_reported or row.coverage.pages_total
        )
        seconds = round(time.monotonic() - self._began, 1)
        return Table(self._columns, rows, (), self._model, is_done, seconds, self._note)

    def _shape(self, row: _Row, missing: Flag = Flag.NOT_FOUND) -> TableRow:
        found = without_doubles(row.cells)
        if missing is Flag.NOT_FOUND:
            roles = {target.role: at for at, target in enumerate(self._targets) if target is not None and at in found}
            changed = checked({role: found[at] for role, at in roles.items()}, row.by_rule.amounts)
            found |= {roles[role]: cell for role, cell in changed.items()}
        cells = tuple(found.get(at, TableCell(flag=missing)) for at in range(len(self._columns)))
        kind = str(row.record.info.get("page_kind") or "page")
        return TableRow(row.record.id, row.record.name, kind, cells, row.coverage, row.is_whole)


def _language_of(pages: Sequence[Page]) -> str:
    return tongue(" ".join(page.text[:1000] for page in pages[:4]))

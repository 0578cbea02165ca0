"""The table service: starts, repeats, opens and edits tables made from documents. Service thread.

A table is an item of kind `extraction`, linked to its documents and made by a job of that kind (see `plan`). The result
and a person's edits are stored with the item. Its words are stored as a message, so that a search finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from, stored_from
from slmdesk.base.record import Record, changed, sparse, to_json
from slmdesk.base.records import DocumentRecord, Item, JobRecord, JobStatus, ModelRecord
from slmdesk.base.texts import N_, _, in_english
from slmdesk.base.types import Json, Sampling, unlike_marks
from slmdesk.evaluation.exams import is_weak
from slmdesk.jobs.documents import DocumentJobs, names_of, plan_tools, read_documents, title_of
from slmdesk.jobs.runner import JobPlanner, Plan, step_of
from slmdesk.jobs.service import REQUEST, JobService, request_in
from slmdesk.library.search import Retrieval
from slmdesk.loader.model_loader import ModelLoader, ask_once
from slmdesk.models.service import ModelService, able
from slmdesk.runtime.events import Noticed, Pending
from slmdesk.runtime.messages import Problem, problem_for
from slmdesk.runtime.service import Runtime, Service, Slices, pending_on_file_thread, sliced
from slmdesk.tables.guess import Guess
from slmdesk.tables.labels import MOST_LABELS, examples_of, fewest_to_judge
from slmdesk.tables.plan import FIRST_PAGES, TablePlan, language_of
from slmdesk.tables.prompts import PROMPT_VERSION
from slmdesk.tables.texts import TextTable, is_table, text_rows
from slmdesk.tables.types import (
    DOUBTFUL,
    DOUBTS,
    FACTS,
    LANGUAGE,
    Column,
    ColumnKind,
    Edit,
    ExtractionEnded,
    ExtractionGrew,
    Flag,
    Label,
    Table,
    TableCell,
    TableRow,
    doubts_of,
    example_of,
    in_order,
    place_words,
    reshaped,
    with_edits,
    with_rows_for,
)

KIND = "extraction"
MOST_COLUMNS, MOST_DOCUMENTS = 40, 500
MOST_NAME, MOST_MEANING, MOST_CELL = 80, 300, 2000
WEAK = N_(
    "{model} is too weak for tables: it often names the wrong words, or none. Compare each cell with its document."
)

LEAST_ASKED = 900_000_000
"""Fewest parameters of a model that is asked: those called 1B have from 0.95 to 1.3 billion."""

MOST_IN_WORDS = 500
"""Most rows of a table that its message has, by which a search finds it."""


class TableRequest(Record):
    documents: tuple[str, ...]
    """Ids of documents, or unique prefixes of ids."""
    columns: tuple[Column, ...]
    model: str | None = None
    """Model to use. None means the model used last."""
    text: str = ""
    """Of tables of texts, the column with the texts. Empty: the one with most words. If a column has labels, each row
    of a spreadsheet is a text.
    """


GUESSED_FROM = 12
"""Documents from whose first pages columns are guessed."""


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
        vectors: Callable[[Sequence[str]], Pending[list[bytes]]],
    ) -> None:
        super().__init__(runtime)
        self._runtime, self._models, self._loader, self._jobs = runtime, models, loader, jobs
        self._retrieval, self._vectors = retrieval, vectors
        self._items = DocumentJobs(runtime, jobs, KIND, "Table")
        self._live: dict[str, TablePlan] = {}
        self._stored: dict[str, tuple[Table, dict[str, TableRow]]] = {}
        """Item of a running job -> its table as it is stored, and the rows of it by their id."""
        jobs.plan_by(KIND, self)
        jobs.when_done(KIND, self._on_done)

    def begin(self, request: TableRequest) -> Item:
        """Add a table and make it in the background. Its job (see `open`) can be paused, resumed and cancelled.

        Publishes ExtractionGrew, and ExtractionEnded at the end. Raises KnownError `document.unknown`,
        `document.not_read`, the document's own error when it could not be read, `request.invalid`, `model.…`,
        `store.…`.
        """
        request, documents = self._with_documents(request)
        record = self._asked(request.model)
        words = f"{', '.join(column.name for column in request.columns)} of {names_of(documents)}"
        item = self._items.add(documents, title_of(documents), request, words)
        self._items.start(item, record, PROMPT_VERSION, request)
        return self._store.items.get(item.id)

    def begun_before(self, request: TableRequest) -> JobRecord | None:
        """Return the unfinished job of the same request, which can be resumed, or None. Raises what `begin` raises."""
        request, __ = self._with_documents(request)
        return self._items.begun_before(request, self._asked(request.model))

    def again(self, item: str, model: str | None = None) -> JobRecord:
        """Make a table again from the current documents. The model is asked only about what changed, and shown what a
        person wrote into columns of their own.

        A person's edits stay. Raises KnownError as `begin` does, and `item.unknown`.
        """
        stored = self._items.find(item)
        if job := self._items.resume(stored):
            return job
        request, __ = self._with_documents(_request_from(request_in(stored)))
        if (table := self._kept(stored.id)) and table.columns == request.columns:
            request = changed(request, columns=tuple(_taught(table, at) for at in range(len(table.columns))))
            self._store.items.change_settings(stored.id, **{REQUEST: to_json(request)})
            self._save(stored.id, reshaped(table, request.columns, table.edits))
        return self._items.start(stored, self._asked(model or request.model), PROMPT_VERSION, request)

    def join(self, item: str, documents: Sequence[str]) -> JobRecord:
        """Add documents to a table, such as the texts of the next month. The model is asked about what is new alone.

        Raises KnownError as `again` does.
        """
        stored = self._items.find(item)
        request = _request_from(request_in(stored))
        request, all_documents = self._with_documents(changed(request, documents=(*request.documents, *documents)))
        self._store.documents.link(stored.id, [document.id for document in all_documents])
        self._store.items.change_settings(stored.id, **{REQUEST: to_json(request)})
        return self.again(stored.id)

    def edit(self, item: str, document: str, column: int, value: str) -> Table:
        """Set a person's value for a cell. Return the table as it was, for `reshape` to undo it.

        Raises KnownError `item.unknown`, `request.invalid`, store.*.
        """
        id, table = self._editable(item, document, column)
        kept = [edit for edit in table.edits if (edit.document, edit.column) != (document, column)]
        edits = (*kept, Edit(document, column, value[:MOST_CELL]))
        self._save(id, changed(table, edits=edits))
        return table

    def _editable(self, item: str, document: str, column: int) -> tuple[str, Table]:
        stored = self._items.find(item)
        request = _request_from(request_in(stored))
        table = self._kept(stored.id) or Table(request.columns, ())
        table = with_rows_for(table, self._there_in(request), is_over=False)
        if not 0 <= column < len(table.columns) or all(row.document != document for row in table.rows):
            raise KnownError("request.invalid", what=_("no such cell"))
        return stored.id, table

    def check(self, item: str, document: str, column: int, label: str) -> Table:
        """Note which label a person finds right for a row of the sample (see `counts`), and make it the cell's value.
        Return the table as it is now. Raises what `edit` raises.
        """
        id, table = self._editable(item, document, column)
        current = next(row for row in table.rows if row.document == document).cells[column].value
        edits, checks = (
            tuple(edit for edit in some if (edit.document, edit.column) != (document, column))
            for some in (table.edits, table.checks)
        )
        here = Edit(document, column, label)
        table = changed(table, edits=edits if label == current else (*edits, here), checks=(*checks, here))
        self._save(id, table)
        return with_edits(table)

    def teach(self, item: str, column: int) -> Table:
        """Show the model what a person corrected in a column, and ask it again. Return what `reshape` returns, raise
        what it raises.
        """
        table = self._kept(self._items.find(item).id) or Table((), ())
        columns = [*table.columns]
        columns[column] = changed(_taught(table, column), examples=examples_of(table, column))
        return self.reshape(item, columns, table.edits)

    @sliced
    def guess(self, documents: Sequence[str]) -> Slices[TableRequest]:
        """Return a table of documents with the columns that their first pages name. No model is asked. It has no
        columns if they name nothing.
        """
        guess = Guess()
        for document in documents[:GUESSED_FROM]:
            if pages := self._store.pages.of_document(document, limit=FIRST_PAGES):
                guess.feed(pages, language_of(pages))
            yield
        return TableRequest(tuple(documents), guess.columns)

    @sliced
    def themes(self, documents: Sequence[str], text: str = "") -> Slices[tuple[Label, ...]]:
        """Look for themes in texts. Return them as labels, each with its telling words, the theme of most texts first.

        The model names them if one is here. Raises what `begin` raises about documents.
        """
        from slmdesk.tables import themes  # late: numpy

        texts: list[str] = []
        for document in read_documents(self._store, documents, MOST_DOCUMENTS, _("no document")):
            rows = text_rows(partial(self._pages_from, document.id), text)
            passages = [row.values[table.text].text for table, row in rows if table.text in row.values]
            pages = self._store.pages.of_document(document.id, limit=FIRST_PAGES) if not passages else ()
            texts += passages or ["\n".join(page.text for page in pages)]
            yield
        texts = [
            passage[: themes.MOST_LETTERS]
            for passage in texts[:: 1 + len(texts) // themes.MOST_TEXTS]
            if passage.strip()
        ]
        vectors: list[bytes] = yield self._vectors(texts)
        on_thread = partial(pending_on_file_thread, self._service_thread, name="themes")
        groups: list[themes.Theme] = yield on_thread(lambda: themes.themes_of(texts, vectors))
        if groups and (record := self._asked(None)):  # without a model their words are their names
            said = Pending[str]()
            step = step_of(themes.naming_turns(groups), Sampling(temperature=0.0, max_tokens=160))
            ask_once(self._loader, record, [step]).then(
                lambda outcome: said.end("" if isinstance(outcome, Problem) else outcome[0].text)
            )
            groups = themes.named(groups, (yield said))
        return tuple(Label(group.name, ", ".join(group.words)) for group in groups)

    def _pages_from(self, document: str, begin: int) -> Sequence[Page]:
        return self._store.pages.of_document(document, begin=begin, limit=FIRST_PAGES)

    def reshape(self, item: str, columns: Sequence[Column], edits: Sequence[Edit] | None = None) -> Table:
        """Give a table other columns; a job fills new ones. Return the table as it was, for undo.

        A job that still makes the table gives way to the new one. Columns that stay keep their cells. `edits` are a
        person's values; None: those that there are. Raises what `begin` raises, and KnownError `item.unknown`.
        """
        stored = self._items.find(item)
        job = self._items.newest_job(stored.id)
        old = self._so_far(stored.id, job) or Table((), ())
        request = changed(_request_from(request_in(stored)), columns=checked_columns(columns))
        unfinished = None if job is None or job.status.is_end else job
        record, is_started = None, False
        if unfinished or not set(request.columns) <= set(old.columns):
            request, __ = self._with_documents(request)
            record, is_started = self._asked(request.model), True
        if unfinished:
            self._jobs.cancel(unfinished.id)
        self._store.items.change_settings(stored.id, **{REQUEST: to_json(request)})
        self._save(stored.id, reshaped(old, request.columns, edits))
        if is_started:
            self._items.start(stored, record, PROMPT_VERSION, request)
        return old

    def open(self, item: str) -> ExtractionView:
        """Return a table with the progress of its job. Raises KnownError `item.unknown`."""
        stored = self._items.find(item)
        job, request = self._items.newest_job(stored.id), _request_from(request_in(stored))
        documents = tuple(self._store.documents.of_item(stored.id))
        is_over = job is None or job.status is JobStatus.PAUSED or job.status.is_end
        table = self._so_far(stored.id, job) or (Table(request.columns, ()) if is_over else None)
        if table is not None:
            table = with_edits(with_rows_for(table, self._there_in(request), is_over=is_over))
        return ExtractionView(stored, request, documents, table, job)

    def _there_in(self, request: TableRequest) -> list[DocumentRecord]:
        """Return the documents of a request that still exist."""
        records = list[DocumentRecord]()
        for document in request.documents:
            with suppress(KnownError):
                records.append(self._store.documents.get(document))
        return records

    def _so_far(self, item: str, job: JobRecord | None) -> Table | None:
        table = self._kept(item)
        if job is not None and (plan := self._live.get(job.id)):
            return _joined(plan.so_far(), table, _request_from(job.settings).documents)
        return table

    def _with_documents(self, request: TableRequest) -> tuple[TableRequest, list[DocumentRecord]]:
        refusal = _("a table has 1 to {most_documents} documents").format(most_documents=MOST_DOCUMENTS)
        columns = checked_columns(request.columns)
        documents = read_documents(self._store, request.documents, MOST_DOCUMENTS, refusal)
        kinds = {column.kind for column in columns}
        if ColumnKind.LABEL in kinds and ColumnKind.GIVEN not in kinds:
            columns = checked_columns(self._with_given(columns, documents, request.text))
        return changed(request, columns=columns, documents=tuple(document.id for document in documents)), documents

    def _with_given(self, columns: Sequence[Column], documents: Sequence[DocumentRecord], text: str) -> list[Column]:
        """Return columns of labels with what comes with the texts, by which they are counted."""
        first_pages = (self._store.pages.of_document(document.id, limit=1) for document in filter(is_table, documents))
        sources = (TextTable(pages[0], text) for pages in first_pages if pages)
        kept = next((source.kept for source in sources if source.text), ())
        facts = [Column(name, ColumnKind.GIVEN) for name in ([LANGUAGE] if kept else FACTS)]
        taken = {column.name.casefold() for column in columns}
        given = {column.name: column for column in (*kept, *facts) if column.name.casefold() not in taken}
        return [*kept[:1], *columns, *(column for column in given.values() if column not in kept[:1])]

    def _asked(self, model: str | None) -> ModelRecord | None:
        """Return the model that is asked. None: there is none that can be, so that rules fill what they prove."""
        try:
            record = able(self._models.choose(model))
        except KnownError as err:
            if err.code == "model.none":
                return None
            raise
        return None if is_weak(record, (), LEAST_ASKED) else record

    def has_model(self) -> bool:
        """Return whether there is a model that can be asked."""
        with suppress(KnownError):
            return self._asked(None) is not None
        return False

    def plan(self, job: JobRecord) -> Plan:
        item, request = self._store.items.get(job.item or "").id, _request_from(job.settings)
        record = self._models.by_sha256(job.model_sha256) if job.model_sha256 else None
        if record is None and job.model_sha256:
            raise KnownError("model.unknown", wanted=job.title, known="none")
        plan = self._live[job.id] = TablePlan(
            job, request.columns, self._still_there(request),
            plan_tools(self._runtime, self._loader, self._jobs, job, record),
            text=request.text, model=record.name if record else "", is_asked=record is not None,
            judges=lambda column: record is not None and _judges(record, column),
            note=WEAK.format(model=record.name) if record and is_weak(record) else "",
            passages=self._store.passages.of_document,
            rank=lambda words, document, answered: self._retrieval.rank(words, [document]).then(answered),
            reported=lambda row, is_complete: self._on_row(item, job.id, row, is_complete),
            kept=lambda table: self._keep(item, table),
            faulty=self._on_fault,
        )  # fmt: skip
        if (stored := self._kept(item)) is not None:
            self._remember(item, stored)
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
            self._stored.pop(item, None)

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
        self._save(item, _joined(table, self._kept(item), documents))

    def _save(self, item: str, table: Table) -> None:
        self._store.results.save(item, sparse(table))
        self._store.items.change_settings(item, **{DOUBTS: len(doubts_of(with_edits(table)))})
        self._remember(item, table)

    def _remember(self, item: str, table: Table) -> None:
        self._stored[item] = table, {row.document: row for row in table.rows}

    def _keep_shown(self, item: str, table: Table) -> None:
        """Store what a job found that did not come to its end, unless its table has other columns by now."""
        with suppress(KnownError):  # the table was deleted, or trouble that is reported where steps are saved
            if _request_from(request_in(self._store.items.get(item))).columns == table.columns:
                self._keep(item, table)

    def _on_row(self, item: str, job: str, row: TableRow, is_complete: bool) -> None:
        old, rows = self._stored.get(item, (None, {}))
        if old and not old.is_done and len(old.columns) == len(row.cells):  # what there is stays: a column is added
            row = _filled(row, rows.get(row.document))
        shown = with_edits(Table((), (row,), old.edits if old else ())).rows[0]
        self._publish(ExtractionGrew(item, job, shown, is_complete))

    def _on_fault(self, error: Exception, cell: str) -> None:
        """Report a bug that left a cell empty, with the cell and an error report."""
        problem = problem_for(error)
        sentence = _("{cell} was left empty. {sentence}").format(cell=cell, sentence=problem.sentence)
        self._publish(Noticed(changed(problem, sentence=sentence)))

    def _still_there(self, request: TableRequest) -> list[DocumentRecord]:
        """Return the documents of a job that still exist, so that a deleted document does not stop the others."""
        records = self._there_in(request)
        if not records:
            raise KnownError("document.unknown", id=request.documents[0] if request.documents else "")
        return records


def _judges(record: ModelRecord, column: Column) -> bool:
    """Return whether a model can tell the labels of a column."""
    return column.kind is ColumnKind.LABEL and not is_weak(record, (), fewest_to_judge(column))


def _taught(table: Table, at: int) -> Column:
    """Return a column with what a person wrote into it as its example."""
    column = table.columns[at]
    return changed(column, example=example_of(table, at) or column.example)


def _request_from(untrusted: Json) -> TableRequest:
    """Read a stored request. Unknown values are replaced by the defaults."""
    return lenient_from(TableRequest, untrusted, documents=(), columns=())


def checked_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns with clean names.

    Raises KnownError `request.invalid` for no columns, too many, or a name that is empty or used twice.
    """
    if not 1 <= len(columns) <= MOST_COLUMNS:
        what = _("a table has 1 to {most_columns} columns").format(most_columns=MOST_COLUMNS)
        raise KnownError("request.invalid", what=what)
    clean = []
    for column in columns:
        name, meaning = (" ".join(words.split()) for words in (column.name, column.meaning))
        clean.append(changed(column, name=name[:MOST_NAME], meaning=meaning[:MOST_MEANING]))
    seen: set[str] = set()
    for column in clean:
        if column.kind is ColumnKind.LABEL and not 2 <= len(column.choices) <= MOST_LABELS:
            raise KnownError("request.invalid", what=_("“{name}” needs 2 to 9 labels").format(name=column.name))
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
    for row in table.rows[:MOST_IN_WORDS]:
        lines.append("| " + " | ".join([words(row.name), *(_cell_text(cell, row, words) for cell in row.cells)]) + " |")
    doubts = [f"- ⚠ {words(name)}, {words(column)}: {why}" for name, column, why in doubts_of(table)[:MOST_IN_WORDS]]
    if (more := len(table.rows) - MOST_IN_WORDS) > 0:
        doubts.insert(0, f"And {more:,} more rows.\n")
    below = [*doubts, *(["", words(table.note)] if table.note else [])]
    return "\n".join([*lines, "", *below] if below else lines)


def _cell_text(cell: TableCell, row: TableRow, words: Callable[[str], str]) -> str:
    place = place_words(cell, row.page_kind)
    parts = words(unlike_marks(cell.value)) or "–", place and f"[{place}]", "⚠" if cell.flag in DOUBTFUL else ""
    return " ".join(filter(None, parts))


def _joined(table: Table, old: Table | None, documents: Sequence[str]) -> Table:
    """Return a new table with a person's edits, in the order of its documents. Rows and cells that are not made again
    yet stay as they were.
    """
    if old is None or old.columns != table.columns:
        return table
    before = {} if table.is_done else {row.document: row for row in old.rows}
    made = {row.document: _filled(row, before.get(row.document)) for row in table.rows}
    rows = in_order((before | made).values(), documents)
    return changed(table, rows=rows, edits=old.edits, checks=old.checks)


def _filled(row: TableRow, old: TableRow | None) -> TableRow:
    pairs = zip(row.cells, old.cells if old else row.cells, strict=True)
    return changed(row, cells=tuple(was if cell.flag is Flag.OPEN else cell for cell, was in pairs))

"""Extract a table: a row for each document, a cell for each column, each value with its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed, sparse, to_json
from slmdesk.base.records import DocumentRecord, JobStatus, ModelRecord
from slmdesk.base.texts import N_, _
from slmdesk.base.types import Json, Sampling
from slmdesk.jobs.documents import read_documents
from slmdesk.jobs.runner import step_of
from slmdesk.loader.model_loader import ask_once
from slmdesk.models.abilities import is_smaller
from slmdesk.models.service import able
from slmdesk.runtime.events import Noticed, Pending
from slmdesk.runtime.messages import Problem, problem_for
from slmdesk.runtime.service import Slices, in_slices, pending_on_file_thread
from slmdesk.store import Store
from slmdesk.tables.guess import Guess
from slmdesk.tables.labels import examples_of, fewest_to_judge
from slmdesk.tables.plan import FIRST_PAGES, TablePlan, language_of
from slmdesk.tables.prompts import PROMPT_VERSION
from slmdesk.tables.report import report_of
from slmdesk.tables.request import (
    MOST_CELL,
    MOST_DOCUMENTS,
    PRESETS,
    TableRequest,
    checked_columns,
    request_from,
    wished_columns,
)
from slmdesk.tables.texts import TextTable, is_table, text_rows
from slmdesk.tables.types import (
    DOUBTS,
    FACTS,
    LANGUAGE,
    Column,
    ColumnKind,
    Flag,
    GrownRow,
    Label,
    Table,
    TableRow,
    doubts_of,
    example_of,
    gaps_in,
    in_order,
    reshaped,
    unasked_words,
    with_edits,
    with_rows_for,
)
from slmdesk.tables.types import Edit as CellEdit
from slmdesk.tables.words import json_of, markdown_of
from slmdesk.tasks.report import Edit, Report
from slmdesk.tasks.shape import Field, FieldKind, Growth, Task, TaskContext, TaskRun, TaskView, Work

LEAST_ASKED = 900_000_000
"""Fewest parameters of a model that is asked: those called 1B have from 0.95 to 1.3 billion."""
GUESSED_FROM = 12
"""Documents from whose first pages columns are guessed."""
CHECK = "check"
"""Action on a label of the sample: a person says which one is right."""


class Extract(Task[TableRequest, Table]):
    kind, name, prefix = "extraction", N_("Table"), "Table"
    command, help = "extract", "Make a table of FILE…: a row for each, a cell for each column."
    request, result = TableRequest, Table
    most_documents, grows_in_place = MOST_DOCUMENTS, True
    forms = ("csv", "xlsx", "json", "docx", "pdf", "html", "md", "svg")
    texts, gives_drafts = ("json",), True
    more_help = """Make a table of FILE…: a row for each, a cell for each column; a folder stands for the documents in
    it.

    A row contains only what the document says, with the page; all other cells stay empty.  Kinds of columns are text,
    number, date, amount, person, list, code (the number of a paper), iban and period.

    With --label each document, or each row of a spreadsheet, gets a label and the words that carry it; counts by month,
    language and other columns follow.  Own labels: --label "Reason=price: too dear; moving".  Give next month's file
    beside the first, and only what is new is asked about.
    """
    file_help = "A file: .csv, .xlsx, .json, .docx, .pdf, .html."
    fields = (
        Field("columns", "", "What to look for; a kind may follow a name: Total:amount.", metavar="A,B,…"),
        Field(
            "preset", "", "Columns that come with the program.", FieldKind.CHOICE, tuple((name, "") for name in PRESETS)
        ),
        Field(
            "labels", "", "Of a text: sentiment, urgency, topic or your own.", option="--label", metavar="NAME",
            is_repeated=True,
        ),
        Field("text", "", "Where the texts stand; else the column with most words.", metavar="COLUMN"),
        Field("model", "", "Id or name, or its beginning.", FieldKind.MODEL, option="-m/--model"),
    )  # fmt: skip

    @property
    def prompt_version(self) -> str:
        return PROMPT_VERSION

    def request_of(self, options: Mapping[str, Any]) -> TableRequest:
        columns = wished_columns(options.get("columns"), options.get("preset"), options["labels"])
        return TableRequest((), columns, options.get("model"), options.get("text", ""))

    def checked(self, request: TableRequest) -> TableRequest:
        return changed(request, columns=checked_columns(request.columns))

    def completed(
        self, request: TableRequest, documents: Sequence[DocumentRecord], context: TaskContext
    ) -> TableRequest:
        kinds = {column.kind for column in request.columns}
        if ColumnKind.LABEL not in kinds or ColumnKind.GIVEN in kinds:
            return request
        store = context.runtime.store
        return changed(request, columns=checked_columns(_with_given(store, request.columns, documents, request.text)))

    def read(self, untrusted: Json) -> TableRequest:
        return request_from(untrusted)

    def dump(self, result: Table) -> dict[str, Json]:
        return sparse(result)

    def too_many(self) -> str:
        return _("a table has 1 to {most_documents} documents").format(most_documents=MOST_DOCUMENTS)

    def words(self, request: TableRequest, documents: Sequence[DocumentRecord]) -> str:
        names = ", ".join(document.name for document in documents[:20])
        return f"{', '.join(column.name for column in request.columns)} of {names}"

    def model(self, request: TableRequest, context: TaskContext) -> ModelRecord | None:
        return self.asked(request.model, context)

    def shape(self, view: TaskView[TableRequest, Table], context: TaskContext) -> dict[str, Json]:
        return json_of(view.newest) if view.newest is not None else {}

    def asked(self, model: str | None, context: TaskContext) -> ModelRecord | None:
        """Return the model that is asked. None: there is none that can be, so that rules fill what they prove."""
        try:
            record = able(context.models.choose(model))
        except KnownError as err:
            if err.code == "model.none":
                return None
            raise
        return None if is_smaller(record, LEAST_ASKED) else record

    def has_model(self, context: TaskContext) -> bool:
        """Return whether there is a model that can be asked."""
        with suppress(KnownError):
            return self.asked(None, context) is not None
        return False

    def start(self, work: Work[TableRequest]) -> TaskRun[Table]:
        return Extracting(work)

    def is_draft(self, result: Table) -> bool:
        return not result.is_done

    def shown(self, view: TaskView[TableRequest, Table], context: TaskContext) -> TaskView[TableRequest, Table]:
        """Return the view with a row for each document that is still there, and a person's values in their cells."""
        job = view.job
        is_over = job is None or job.status is JobStatus.PAUSED or job.status.is_end
        table = view.newest or (Table(view.request.columns, ()) if is_over else None)
        if table is None:
            return view
        there = _there_in(context.runtime.store, view.request.documents)
        table = with_edits(with_rows_for(table, there, is_over=is_over))
        if table.is_done:
            return changed(view, result=table, draft=None)
        return changed(view, result=None, draft=table)

    def facts(self, result: Table) -> dict[str, Json]:
        return {DOUBTS: len(doubts_of(with_edits(result)))}

    def exported(self, view: TaskView[TableRequest, Table]) -> dict[str, Json]:
        table = to_json(view.newest) if view.newest is not None else {}
        return {**super().exported(view), "format": "slmdesk-table", **table}

    def report(self, view: TaskView[TableRequest, Table], context: TaskContext, *, is_exported: bool = False) -> Report:
        table = view.newest or Table(view.request.columns, ())
        unasked, failed = unasked_words(table), gaps_in(table)
        gaps = tuple(filter(None, (unasked, *failed)))
        return changed(report_of(view.item.shown_title, table), gaps=gaps, has_failed=bool(failed))

    def kept_words(self, view: TaskView[TableRequest, Table], context: TaskContext) -> str:
        assert view.result is not None  # it is done
        return markdown_of(view.result)

    def joined(self, result: Table, before: Table | None, request: TableRequest) -> Table:
        return joined(result, before, request.documents)

    def draft_kept(self, draft: Table, before: Table | None, request: TableRequest) -> Table | None:
        """Return what is stored of a run that did not come to its end. None if the table has other columns by now."""
        return joined(draft, before, request.documents) if request.columns == draft.columns else None

    def renewed(self, view: TaskView[TableRequest, Table], request: TableRequest) -> tuple[TableRequest, Table | None]:
        """Return the request of a table that is made again, which shows the model what a person wrote."""
        table = view.newest
        if table is None or table.columns != request.columns:
            return request, None
        request = changed(request, columns=tuple(_taught(table, at) for at in range(len(table.columns))))
        return request, reshaped(table, request.columns, table.edits)

    def restored(self, view: TaskView[TableRequest, Table], former: Table) -> tuple[TableRequest, Table]:
        """Return the table with its former columns and a person's former values. What was found meanwhile stays."""
        return self.with_columns(view, former.columns, former.edits)

    def is_filled(self, view: TaskView[TableRequest, Table], request: TableRequest) -> bool:
        known = view.newest.columns if view.newest is not None else ()
        return set(request.columns) <= set(known) and request.documents == view.request.documents

    def with_columns(
        self, view: TaskView[TableRequest, Table], columns: Sequence[Column], edits: Sequence[CellEdit] | None = None
    ) -> tuple[TableRequest, Table]:
        """Return request and result of a table with other columns. Those that stay keep their cells. `edits`: a
        person's values; None: those that there are.
        """
        request = changed(view.request, columns=checked_columns(columns))
        return request, reshaped(view.newest or Table((), ()), request.columns, edits)

    def taught(self, view: TaskView[TableRequest, Table], column: int) -> tuple[TableRequest, Table]:
        """Return request and result of a table whose model is shown what a person corrected in a column."""
        table = view.newest or Table((), ())
        columns = [*table.columns]
        columns[column] = changed(_taught(table, column), examples=examples_of(table, column))
        return self.with_columns(view, columns, table.edits)

    def edited(self, view: TaskView[TableRequest, Table], edit: Edit, context: TaskContext) -> Table:
        """Return the table with a person's value for a cell, or with the label that a person finds right for a row of
        the sample (see `counts`), which then is the cell's value.
        """
        row, __, number = edit.statement.rpartition(" ")
        table = view.newest or Table(view.request.columns, ())
        shown = with_rows_for(table, _there_in(context.runtime.store, view.request.documents), is_over=False)
        column = int(number) if number.isdecimal() else -1
        if not 0 <= column < len(table.columns) or all(each.document != row for each in shown.rows):
            raise KnownError("request.invalid", what=_("no such cell"))
        if edit.action != CHECK:
            kept = [each for each in table.edits if (each.document, each.column) != (row, column)]
            return changed(table, edits=(*kept, CellEdit(row, column, (edit.text or "")[:MOST_CELL])))
        current = next(each for each in shown.rows if each.document == row).cells[column].value
        edits, checks = (
            tuple(each for each in some if (each.document, each.column) != (row, column))
            for some in (table.edits, table.checks)
        )
        here = CellEdit(row, column, str(edit.value))
        return changed(table, edits=edits if here.value == current else (*edits, here), checks=(*checks, here))

    def guess(self, context: TaskContext, documents: Sequence[str]) -> Pending[TableRequest]:
        """Return a table of documents with the columns that their first pages name. No model is asked. It has no
        columns if they name nothing.
        """

        def guessed() -> Slices[TableRequest]:
            guess = Guess()
            for document in documents[:GUESSED_FROM]:
                if pages := context.runtime.store.pages.of_document(document, limit=FIRST_PAGES):
                    guess.feed(pages, language_of(pages))
                yield
            return TableRequest(tuple(documents), guess.columns)

        return in_slices(context.runtime.service_thread, guessed())

    def themes(self, context: TaskContext, documents: Sequence[str], text: str = "") -> Pending[tuple[Label, ...]]:
        """Look for themes in texts. Return them as labels, each with its telling words, the theme of most texts first.

        The model names them if one is here. Raises what `begin` raises about documents.
        """
        return in_slices(context.runtime.service_thread, self._themes(context, documents, text))

    def _themes(self, context: TaskContext, documents: Sequence[str], text: str) -> Slices[tuple[Label, ...]]:
        from slmdesk.tables import themes  # late: numpy

        store = context.runtime.store
        texts: list[str] = []
        for document in read_documents(store, documents, MOST_DOCUMENTS, _("no document")):
            rows = text_rows(partial(_pages_from, store, document.id), text)
            passages = [row.values[table.text].text for table, row in rows if table.text in row.values]
            pages = store.pages.of_document(document.id, limit=FIRST_PAGES) if not passages else ()
            texts += passages or ["\n".join(page.text for page in pages)]
            yield
        texts = [
            passage[: themes.MOST_LETTERS]
            for passage in texts[:: 1 + len(texts) // themes.MOST_TEXTS]
            if passage.strip()
        ]
        vectors: list[bytes] = yield context.embedding.vectors(texts)
        on_thread = partial(pending_on_file_thread, context.runtime.service_thread, name="themes")
        groups: list[themes.Theme] = yield on_thread(lambda: themes.themes_of(texts, vectors))
        if groups and (record := self.asked(None, context)):  # without a model their words are their names
            said = Pending[str]()
            step = step_of(themes.naming_turns(groups), Sampling(temperature=0.0, max_tokens=160))
            ask_once(context.loader, record, [step]).then(
                lambda outcome: said.end("" if isinstance(outcome, Problem) else outcome[0].text)
            )
            groups = themes.named(groups, (yield said))
        return tuple(Label(group.name, ", ".join(group.words)) for group in groups)


TASK = Extract()


class Extracting(TablePlan):
    """The plan of a table, with what was found before and what a person changed in it."""

    def __init__(self, work: Work[TableRequest]) -> None:
        record, context = work.model, work.context
        super().__init__(
            work.job, work.request.columns, work.documents, work.tools,
            text=work.request.text, model=record.name if record else "", is_asked=record is not None,
            judges=lambda column: record is not None and _judges(record, column),
            passages=context.runtime.store.passages.of_document,
            rank=lambda words, document, answered: context.retrieval.rank(words, [document]).then(answered),
            reported=self._on_row, kept=work.keep, faulty=self._on_fault,
        )  # fmt: skip
        self._work = work
        self.changed(work.before)

    @property
    def draft(self) -> Table:
        return self.so_far()

    def changed(self, stored: Table | None) -> None:
        self._stored = stored
        self._stored_rows = {row.document: row for row in stored.rows} if stored else {}

    def _on_row(self, row: TableRow, is_complete: bool) -> None:
        old = self._stored
        if old and not old.is_done and len(old.columns) == len(row.cells):  # what there is stays: a column is added
            row = _filled(row, self._stored_rows.get(row.document))
        shown = with_edits(Table((), (row,), old.edits if old else ())).rows[0]
        self._work.grew(Growth(own=GrownRow(shown, is_complete)))

    def _on_fault(self, error: Exception, cell: str) -> None:
        """Report a bug that left a cell empty, with the cell and an error report."""
        problem = problem_for(error)
        sentence = _("{cell} was left empty. {sentence}").format(cell=cell, sentence=problem.sentence)
        self._work.context.runtime.publish(Noticed(changed(problem, sentence=sentence)))


def _pages_from(store: Store, document: str, begin: int) -> Sequence[Page]:
    return store.pages.of_document(document, begin=begin, limit=FIRST_PAGES)


def _with_given(
    store: Store, columns: Sequence[Column], documents: Sequence[DocumentRecord], text: str
) -> list[Column]:
    """Return columns of labels with what comes with the texts, by which they are counted."""
    first_pages = (store.pages.of_document(document.id, limit=1) for document in filter(is_table, documents))
    sources = (TextTable(pages[0], text) for pages in first_pages if pages)
    kept = next((source.kept for source in sources if source.text), ())
    facts = [Column(name, ColumnKind.GIVEN) for name in ([LANGUAGE] if kept else FACTS)]
    taken = {column.name.casefold() for column in columns}
    given = {column.name: column for column in (*kept, *facts) if column.name.casefold() not in taken}
    return [*kept[:1], *columns, *(column for column in given.values() if column not in kept[:1])]


def _there_in(store: Store, documents: Sequence[str]) -> list[DocumentRecord]:
    """Return the documents that still exist."""
    records = list[DocumentRecord]()
    for document in documents:
        with suppress(KnownError):
            records.append(store.documents.get(document))
    return records


def _judges(record: ModelRecord, column: Column) -> bool:
    """Return whether a model can tell the labels of a column."""
    return column.kind is ColumnKind.LABEL and not is_smaller(record, fewest_to_judge(column))


def _taught(table: Table, at: int) -> Column:
    """Return a column with what a person wrote into it as its example."""
    column = table.columns[at]
    return changed(column, example=example_of(table, at) or column.example)


def joined(table: Table, old: Table | None, documents: Sequence[str]) -> Table:
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

"""Extract a table: a row for each document, a cell for each column.

Each value has its page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import Record, changed, sparse, to_json
from slmdesk.base.records import DocumentRecord, JobStatus, ModelRecord
from slmdesk.base.runtime.events import Noticed, Pending
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.runtime.service import Slices, in_slices, pending_on_file_thread
from slmdesk.base.text.folding import fold
from slmdesk.base.texts import N_, _, cut
from slmdesk.base.types import Json, Sampling
from slmdesk.history.store import Store
from slmdesk.models.abilities import is_smaller
from slmdesk.models.loader.model_loader import Words, ask_once
from slmdesk.models.service import able
from slmdesk.tasks.jobs.documents import read_documents
from slmdesk.tasks.jobs.runner import step_of
from slmdesk.tasks.report import (
    ADD_COLUMN,
    CHECK,
    JOIN,
    REMOVE_COLUMN,
    RENAME_COLUMN,
    USE_COLUMNS,
    Advice,
    Edit,
    Layout,
    Report,
)
from slmdesk.tasks.shape import (
    Field,
    FieldKind,
    Grid,
    Growth,
    Task,
    TaskContext,
    TaskRun,
    TaskView,
    Work,
)
from slmdesk.tasks.tables.cells import column_named, preset, presets
from slmdesk.tasks.tables.guess import Guess
from slmdesk.tasks.tables.labels import (
    examples_of,
    fewest_to_judge,
    label_presets,
    offered,
    own_labels,
)
from slmdesk.tasks.tables.plan import FIRST_PAGES, TablePlan, language_of
from slmdesk.tasks.tables.prompts import PROMPT_VERSION
from slmdesk.tasks.tables.report import offered_columns, report_of, shown_rows
from slmdesk.tasks.tables.request import (
    MOST_CELL,
    MOST_DOCUMENTS,
    PRESETS,
    TableRequest,
    checked_columns,
    request_from,
    wished_columns,
)
from slmdesk.tasks.tables.texts import TextTable, is_table, text_rows
from slmdesk.tasks.tables.types import (
    DOUBTS,
    FACTS,
    KIND_WORDS,
    LANGUAGE,
    Column,
    ColumnKind,
    Flag,
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
from slmdesk.tasks.tables.types import Edit as CellEdit
from slmdesk.tasks.tables.words import json_of, markdown_of

View = TaskView[TableRequest, Table]
Changed = tuple[TableRequest, Table]

LEAST_ASKED = 900_000_000
"""Fewest parameters of a model that is asked.

Those called 1B have from 0.95 to 1.3 billion.
"""
GUESSED_FROM = 12
"""Documents from whose first pages columns are guessed."""
TEACH = "teach"
"""Action on a column, with no statement: the model is shown what a person wrote.

Value: the number of the column.
"""
NOTHING_NAMED = N_(
    "This document names no values, such as “Rent: 900 EUR”. Add a column for what "
    "you look for."
)
MOST_NAMED = 40
"""Letters of a value that a sentence names."""


class AskedColumn(Record):
    """A column as a person asks for it."""

    name: str
    kind: str
    id: str = ""
    labels: tuple[str, ...] = ()


class Extract(Task[TableRequest, Table]):
    kind = "extraction"
    name = N_("Table")
    prefix = "Table"
    command = "extract"
    help = "Make a table of FILE…: a row for each, a cell for each column."
    verb = N_("Make a table")
    looking = N_("Looking for the columns that the documents name…")
    cancelled = N_("The table was cancelled: what was not reached says “not read”.")
    written = ""
    request = TableRequest
    result = Table
    most_documents = MOST_DOCUMENTS
    grows_in_place = True
    forms = ("csv", "xlsx", "json", "docx", "pdf", "html", "md", "svg")
    texts = ("json",)
    gives_drafts = True
    more_help = """Make a table of FILE…: a row for each, a cell for each column; a
    folder stands for the documents in it.

    A cell holds only what the document says, with the page. Kinds of columns: text,
    number, date, amount, person, list, code, iban, period.

    With --label each document, or each row of a spreadsheet, gets a label and the words
    that carry it; counts by month, language and other columns follow.  Own labels:
    --label "Reason=price: too dear; moving".
    """
    file_help = "A file: .csv, .xlsx, .json, .docx, .pdf, .html."
    fields = (
        Field(
            "columns",
            "",
            "What to look for; a kind may follow a name: Total:amount.",
            metavar="A,B,…",
        ),
        Field(
            "preset",
            "",
            "Columns that come with the program.",
            FieldKind.CHOICE,
            tuple((name, "") for name in PRESETS),
        ),
        Field(
            "labels",
            "",
            "Of a text: sentiment, urgency, topic or your own.",
            option="--label",
            metavar="NAME",
            is_repeated=True,
        ),
        Field(
            "text",
            "",
            "Where the texts stand; else the column with most words.",
            metavar="COLUMN",
        ),
        Field(
            "model",
            "",
            "Id or name, or its beginning.",
            FieldKind.MODEL,
            option="-m/--model",
        ),
    )
    layout = Layout.GRID
    saves_as = "xlsx"

    @property
    def grid(self) -> Grid:
        return Grid(
            tuple(KIND_WORDS.items()),
            offers=offered_columns(),
            sets=[(known.id, known.name) for known in presets()],
            labels=self.labels_for,
            fresh=N_("New table"),
            joins=N_("Add rows of a file…"),
        )

    @property
    def prompt_version(self) -> str:
        return PROMPT_VERSION

    def request_of(self, options: Mapping[str, Any]) -> TableRequest:
        named = options.get("columns")
        columns = wished_columns(named, options.get("preset"), options["labels"])
        return TableRequest((), columns, options.get("model"), options.get("text", ""))

    def checked(self, request: TableRequest) -> TableRequest:
        return changed(request, columns=checked_columns(request.columns))

    def completed(
        self,
        request: TableRequest,
        documents: Sequence[DocumentRecord],
        context: TaskContext,
    ) -> TableRequest:
        kinds = {column.kind for column in request.columns}
        if ColumnKind.LABEL not in kinds or ColumnKind.GIVEN in kinds:
            return request
        store = context.runtime.store
        columns = _with_given(store, request.columns, documents, request.text)
        return changed(request, columns=checked_columns(columns))

    def read(self, untrusted: Json) -> TableRequest:
        return request_from(untrusted)

    def dump(self, result: Table) -> dict[str, Json]:
        return sparse(result)

    def too_many(self) -> str:
        return _("a table has 1 to {most_documents} documents").format(
            most_documents=MOST_DOCUMENTS
        )

    def words(self, request: TableRequest, documents: Sequence[DocumentRecord]) -> str:
        columns = ", ".join(column.name for column in request.columns)
        names = ", ".join(document.name for document in documents[:20])
        return f"{columns} of {names}"

    def model(self, request: TableRequest, context: TaskContext) -> ModelRecord | None:
        return self.asked(request.model, context)

    def shape(self, view: View, context: TaskContext) -> dict[str, Json]:
        if view.newest is None:
            return {}
        return json_of(view.newest)

    def asked(self, model: str | None, context: TaskContext) -> ModelRecord | None:
        """Return the model that is asked.

        None: there is none that can be, so that rules fill what they prove.
        """
        try:
            record = able(context.models.choose(model))
        except KnownError as err:
            if err.code == "model.none":
                return None
            raise
        if is_smaller(record, LEAST_ASKED):
            return None
        return record

    def start(self, work: Work[TableRequest]) -> TaskRun[Table]:
        return Extracting(work)

    def is_draft(self, result: Table) -> bool:
        return not result.is_done

    def shown(self, view: View, context: TaskContext) -> View:
        """Return the view with a row for each document that is still there.

        A person's values are in their cells.
        """
        job = view.job
        is_over = job is None or job.status is JobStatus.PAUSED or job.status.is_end
        table = view.newest
        if table is None and is_over:
            table = Table(view.request.columns, ())
        if table is None:
            return view
        there = _there_in(context.runtime.store, view.request.documents)
        table = with_edits(with_rows_for(table, there, is_over=is_over))
        if table.is_done:
            return changed(view, result=table, draft=None)
        return changed(view, result=None, draft=table)

    def facts(self, result: Table) -> dict[str, Json]:
        return {DOUBTS: len(doubts_of(with_edits(result)))}

    def exported(self, view: View) -> dict[str, Json]:
        head = {**super().exported(view), "format": "slmdesk-table"}
        if view.newest is None:
            return head
        return {**head, **to_json(view.newest)}

    def report(
        self,
        view: View,
        context: TaskContext,
        *,
        is_exported: bool = False,
    ) -> Report:
        table = view.newest or Table(view.request.columns, ())
        report = report_of(view.item.shown_title, table, is_exported=is_exported)
        failed = gaps_in(table)
        gaps = tuple(filter(None, (unasked_words(table), *failed)))
        return changed(report, gaps=gaps, has_failed=bool(failed))

    def kept_words(self, view: View, context: TaskContext) -> str:
        assert view.result is not None  # it is done
        return markdown_of(view.result)

    def joined(
        self, result: Table, before: Table | None, request: TableRequest
    ) -> Table:
        return joined(result, before, request.documents)

    def draft_kept(
        self, draft: Table, before: Table | None, request: TableRequest
    ) -> Table | None:
        """Return what is stored of a run that did not come to its end.

        None if the table has other columns by now.
        """
        if request.columns != draft.columns:
            return None
        return joined(draft, before, request.documents)

    def renewed(
        self, view: View, request: TableRequest
    ) -> tuple[TableRequest, Table | None]:
        """Return the request of a table that is made again.

        It shows the model what a person wrote.
        """
        table = view.newest
        if table is None or table.columns != request.columns:
            return request, None
        columns = tuple(_taught(table, at) for at in range(len(table.columns)))
        return changed(request, columns=columns), reshaped(table, columns, table.edits)

    def restored(self, view: View, former: Table | None) -> Changed:
        """Return the table with its former columns and a person's former values.

        What was found meanwhile stays. `former`: None where nothing was stored before
        the change, as of a table that was cancelled at once.
        """
        if former is None:
            former = Table(view.request.columns, ())
        return with_columns(view.request, view.newest, former.columns, former.edits)

    def is_filled(self, view: View, request: TableRequest) -> bool:
        if view.newest is None or request.documents != view.request.documents:
            return False
        return set(request.columns) <= set(view.newest.columns)

    def asked_by(
        self, request: TableRequest, result: Table | None, edit: Edit
    ) -> tuple[TableRequest, Table | None] | None:
        """Return request and result of a table with other columns, or another document.

        Columns that stay keep their cells.
        """
        if edit.action == JOIN:
            documents = (*request.documents, str(edit.value))
            return changed(request, documents=documents), None
        change = CHANGES.get(edit.action)
        if change is None:
            return None
        return change(request, result, edit.value)

    def begins_by(self, request: TableRequest, edit: Edit) -> bool:
        """Labels are told of texts, which a table has more of than documents."""
        if edit.action != ADD_COLUMN or _has_labels(request):
            return False
        asked = lenient_from(AskedColumn, edit.value, name="", kind="")
        return asked.kind == ColumnKind.LABEL

    def advice(self, result: Table, edit: Edit) -> Advice | None:
        column = _place_of(edit)[1]
        if not 0 <= column < len(result.columns):
            return None
        teach = Edit("", action=TEACH, value=column)
        count = offered(result, column)
        if count:
            words = _("You have corrected {count} labels.").format(count=count)
            return Advice(words, _("Teach by these examples"), teach)
        example = example_of(result, column)
        if len(result.rows) < 2 or example in ("", result.columns[column].example):
            return None
        words = _("The model can take “{value}” as an example.").format(
            value=cut(example, MOST_NAMED)
        )
        return Advice(words, _("Ask again for the other rows"), teach)

    def edited(self, view: View, edit: Edit, context: TaskContext) -> Table:
        """Return the table with a person's value for a cell.

        Or with the label that a person finds right for a row of the sample (see
        `counts`), which then is the cell's value.
        """
        row, column = _place_of(edit)
        table = view.newest or Table(view.request.columns, ())
        there = _there_in(context.runtime.store, view.request.documents)
        rows = with_rows_for(table, there, is_over=False).rows
        cells = {each.document: each.cells for each in rows}.get(row)
        if cells is None or not 0 <= column < len(table.columns):
            raise KnownError("request.invalid", what=_("no such cell"))

        is_check = edit.action == CHECK
        words = edit.text or ""
        if is_check:
            words = str(edit.value)
        words = " ".join(words.split())[:MOST_CELL]
        here = CellEdit(row, column, _label_named(table.columns[column], words))
        edits = _of_others(table.edits, here)
        if not is_check:
            return changed(table, edits=(*edits, here))
        checks = (*_of_others(table.checks, here), here)
        if here.value != cells[column].value:
            edits = (*edits, here)
        return changed(table, edits=edits, checks=checks)

    def lacks(self, request: TableRequest) -> str:
        if request.columns:
            return ""
        return _(NOTHING_NAMED)

    def proposed(
        self, request: TableRequest, context: TaskContext
    ) -> Pending[TableRequest]:
        return self.guess(context, request.documents)

    def labels_for(
        self, request: TableRequest, context: TaskContext
    ) -> Pending[Sequence[str]]:
        """Look for themes in the documents of a request. Return a line for each."""
        found = self.themes(context, request.documents, request.text)
        return found.map(_lines_of)

    def guess(
        self, context: TaskContext, documents: Sequence[str]
    ) -> Pending[TableRequest]:
        """Return a table of documents with the columns that their first pages name.

        No model is asked. It has no columns if they name nothing.
        """
        store = context.runtime.store

        def guessed() -> Slices[TableRequest]:
            guess = Guess()
            for document in documents[:GUESSED_FROM]:
                pages = store.pages.of_document(document, limit=FIRST_PAGES)
                if pages:
                    guess.feed(pages, language_of(pages))
                yield
            return TableRequest(tuple(documents), guess.columns)

        return in_slices(context.runtime.service_thread, guessed())

    def themes(
        self, context: TaskContext, documents: Sequence[str], text: str = ""
    ) -> Pending[tuple[Label, ...]]:
        """Look for themes in texts.

        Return them as labels, each with its telling words, the theme of most texts
        first. The model names them if one is here. Raises what `begin` raises about
        documents.
        """
        found = self._themes(context, documents, text)
        return in_slices(context.runtime.service_thread, found)

    def _themes(
        self, context: TaskContext, documents: Sequence[str], text: str
    ) -> Slices[tuple[Label, ...]]:
        from slmdesk.tasks.tables import themes  # late: numpy

        store = context.runtime.store
        thread = context.runtime.service_thread
        texts: list[str] = []
        for document in read_documents(
            store, documents, MOST_DOCUMENTS, _("no document")
        ):
            rows = text_rows(partial(_pages_from, store, document.id), text)
            passages = [
                row.values[table.text].text
                for table, row in rows
                if table.text in row.values
            ]
            if not passages:
                pages = store.pages.of_document(document.id, limit=FIRST_PAGES)
                passages.append("\n".join(page.text for page in pages))
            texts += passages
            yield

        every = 1 + len(texts) // themes.MOST_TEXTS
        texts = [text[: themes.MOST_LETTERS] for text in texts[::every] if text.strip()]
        vectors: list[bytes] = yield context.embedding.vectors(texts)
        groups: list[themes.Theme] = yield pending_on_file_thread(
            thread, lambda: themes.themes_of(texts, vectors), name="themes"
        )
        record: ModelRecord | None = None
        if groups:
            record = self.asked(None, context)
        if record is not None:  # else their words are their names
            named = Pending[str]()

            def answered(outcome: list[Words] | Problem) -> None:
                words = ""
                if not isinstance(outcome, Problem):
                    words = outcome[0].text
                named.end(words)

            sampling = Sampling(temperature=0.0, max_tokens=160)
            step = step_of(themes.naming_turns(groups), sampling)
            ask_once(context.loader, record, [step]).then(answered)
            groups = themes.named(groups, (yield named))
        return tuple(Label(group.name, ", ".join(group.words)) for group in groups)


TASK = Extract()


def _has_labels(request: TableRequest) -> bool:
    return any(column.kind is ColumnKind.LABEL for column in request.columns)


def _place_of(edit: Edit) -> tuple[str, int]:
    """Return the row and the column of the cell that an edit names; -1 if none."""
    row, __, number = edit.statement.rpartition(" ")
    if not number.isdecimal():
        return row, -1
    return row, int(number)


def _label_named(column: Column, words: str) -> str:
    """Return the label that a person wrote in the words of the window.

    Or else the words.
    """
    known: dict[str, str] = {}
    for label in column.choices:
        known[fold(_(label.name))] = label.name
        known[fold(label.name)] = label.name
    return known.get(fold(words), words)


def _of_others(edits: Sequence[CellEdit], here: CellEdit) -> tuple[CellEdit, ...]:
    """Return the edits of other cells than that of an edit."""
    place = (here.document, here.column)
    return tuple(each for each in edits if (each.document, each.column) != place)


def _lines_of(labels: Sequence[Label]) -> Sequence[str]:
    return [f"{label.name}: {label.meaning}" for label in labels]


def with_columns(
    request: TableRequest,
    result: Table | None,
    columns: Sequence[Column],
    edits: Sequence[CellEdit] | None = None,
) -> Changed:
    """Return request and result with other columns.

    Those that stay keep their cells. `edits`: a person's values; None: those of the
    columns that stay.
    """
    request = changed(request, columns=checked_columns(columns))
    return request, reshaped(result or Table((), ()), request.columns, edits)


def _column_of(value: Json) -> Column:
    """Return the column that a person asked for.

    Of the labels that are offered, of labels of their own, or by name and kind. Raises
    KnownError `request.invalid` for labels that are none.
    """
    asked = lenient_from(AskedColumn, value, name="", kind="")
    offer = dict(label_presets()).get(asked.id)
    if offer is not None:
        return offer
    if asked.kind == ColumnKind.LABEL:
        column = own_labels(asked.name, asked.labels)
        if column is None:
            what = _("“{name}” needs 2 to 9 labels").format(name=asked.name)
            raise KnownError("request.invalid", what=what)
        return column
    known = column_named(asked.name)
    if asked.kind == ColumnKind.TEXT or asked.kind not in tuple(ColumnKind):
        return known
    return changed(known, kind=ColumnKind(asked.kind))


def _added(request: TableRequest, result: Table | None, value: Json) -> Changed:
    column = _column_of(value)
    if column.kind is ColumnKind.LABEL and not _has_labels(request):
        return with_columns(request, result, [column])
    return with_columns(request, result, [*request.columns, column])


def _removed(request: TableRequest, result: Table | None, value: Json) -> Changed:
    kept = [known for at, known in enumerate(request.columns) if at != value]
    return with_columns(request, result, kept)


def _renamed(request: TableRequest, result: Table | None, value: Json) -> Changed:
    """The name before stays among those that the column may have in documents."""
    columns = [*request.columns]
    table = result or Table((), ())
    assert isinstance(value, (list, tuple))  # as the grid says it
    at = int(str(value[0]))
    name = str(value[1])
    if 0 <= at < len(columns):
        labels = (*columns[at].labels, columns[at].name)
        columns[at] = changed(columns[at], name=name, labels=labels)
    return with_columns(request, table, columns, table.edits)


def _replaced(request: TableRequest, result: Table | None, value: Json) -> Changed:
    known = preset(str(value))
    columns: Sequence[Column] = ()
    if known is not None:
        columns = known.columns
    return with_columns(request, result, columns)


def _shown_to_model(
    request: TableRequest, result: Table | None, value: Json
) -> Changed:
    """Show the model what a person corrected in a column."""
    columns = [*request.columns]
    table = result or Table((), ())
    if isinstance(value, int) and 0 <= value < len(table.columns):
        examples = examples_of(table, value)
        columns[value] = changed(_taught(table, value), examples=examples)
    return with_columns(request, table, columns, table.edits)


Change = Callable[[TableRequest, Table | None, Json], Changed]
CHANGES: Mapping[str, Change] = {
    ADD_COLUMN: _added,
    REMOVE_COLUMN: _removed,
    RENAME_COLUMN: _renamed,
    USE_COLUMNS: _replaced,
    TEACH: _shown_to_model,
}
"""What the actions on the columns of a table do, by their names."""


class Extracting(TablePlan):
    """The plan of a table, with what was found before and what a person changed."""

    def __init__(self, work: Work[TableRequest]) -> None:
        record = work.model
        context = work.context
        name = ""
        if record is not None:
            name = record.name

        def rank(words: str, document: str, answered: Callable[..., object]) -> object:
            return context.retrieval.rank(words, [document]).then(answered)

        super().__init__(
            work.job,
            work.request.columns,
            work.documents,
            work.tools,
            text=work.request.text,
            model=name,
            is_asked=record is not None,
            judges=partial(_judges, record),
            passages=context.runtime.store.passages.of_document,
            rank=rank,
            reported=self._on_row,
            kept=work.keep,
            faulty=self._on_fault,
        )
        self._work = work
        self.changed(work.before)

    @property
    def draft(self) -> Table:
        return self.so_far()

    def changed(self, stored: Table | None) -> None:
        self._stored = stored
        self._stored_rows: dict[str, TableRow] = {}
        if stored is not None:
            self._stored_rows = {row.document: row for row in stored.rows}

    def _on_row(self, row: TableRow) -> None:
        old = self._stored or Table((), ())
        # what there is stays: a column is added
        if not old.is_done and len(old.columns) == len(row.cells):
            row = _filled(row, self._stored_rows.get(row.document))
        shown = with_edits(Table((), (row,), old.edits)).rows
        sections = shown_rows(Table(self._work.request.columns, shown))
        self._work.grew(Growth(sections))

    def _on_fault(self, error: Exception, cell: str) -> None:
        """Report a bug that left a cell empty, with the cell and an error report."""
        problem = problem_for(error)
        sentence = _("{cell} was left empty. {sentence}").format(
            cell=cell, sentence=problem.sentence
        )
        self._work.context.runtime.publish(Noticed(changed(problem, sentence=sentence)))


def _pages_from(store: Store, document: str, begin: int) -> Sequence[Page]:
    return store.pages.of_document(document, begin=begin, limit=FIRST_PAGES)


def _with_given(
    store: Store,
    columns: Sequence[Column],
    documents: Sequence[DocumentRecord],
    text: str,
) -> list[Column]:
    """Return columns of labels with what comes with the texts.

    The labels are counted by that.
    """
    kept = _kept_of(store, documents, text)
    names: Sequence[str] = FACTS
    if kept:
        names = [LANGUAGE]
    facts = [Column(name, ColumnKind.GIVEN) for name in names]
    taken = {column.name.casefold() for column in columns}
    given: dict[str, Column] = {}
    for column in (*kept, *facts):
        if column.name.casefold() not in taken:
            given[column.name] = column
    first = kept[:1]
    rest = [column for column in given.values() if column not in first]
    return [*first, *columns, *rest]


def _kept_of(
    store: Store, documents: Sequence[DocumentRecord], text: str
) -> tuple[Column, ...]:
    """Return the columns of the first table of texts that stay beside the labels."""
    for document in filter(is_table, documents):
        for page in store.pages.of_document(document.id, limit=1):
            source = TextTable(page, text)
            if source.text:
                return source.kept
    return ()


def _there_in(store: Store, documents: Sequence[str]) -> list[DocumentRecord]:
    """Return the documents that still exist."""
    records = list[DocumentRecord]()
    for document in documents:
        with suppress(KnownError):
            records.append(store.documents.get(document))
    return records


def _judges(record: ModelRecord | None, column: Column) -> bool:
    """Return whether a model can tell the labels of a column."""
    if record is None or column.kind is not ColumnKind.LABEL:
        return False
    return not is_smaller(record, fewest_to_judge(column))


def _taught(table: Table, at: int) -> Column:
    """Return a column with what a person wrote into it as its example."""
    column = table.columns[at]
    return changed(column, example=example_of(table, at) or column.example)


def joined(table: Table, old: Table | None, documents: Sequence[str]) -> Table:
    """Return a new table with a person's edits, in the order of its documents.

    Rows and cells that are not made again yet stay as they were.
    """
    if old is None or old.columns != table.columns:
        return table
    before: dict[str, TableRow] = {}
    if not table.is_done:
        before = {row.document: row for row in old.rows}
    made = {row.document: _filled(row, before.get(row.document)) for row in table.rows}
    rows = in_order((before | made).values(), documents)
    return changed(table, rows=rows, edits=old.edits, checks=old.checks)


def _filled(row: TableRow, old: TableRow | None) -> TableRow:
    """Return a row with the old cells in the place of those that are not made yet."""
    if old is None:
        return row
    cells = [*row.cells]
    for at, was in enumerate(old.cells):
        if cells[at].flag is Flag.OPEN:
            cells[at] = was
    return changed(row, cells=tuple(cells))

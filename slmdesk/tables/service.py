"""The table service: starts, repeats, opens and edits tables made from documents.  Service thread.

A table is an item of kind `extraction`, linked to its documents and made by a job of that kind (see `plan`).  The
result and a person's edits are stored with the item, its words as a message for the history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, Item, JobRecord, ModelRecord
from slmdesk.base.types import Json
from slmdesk.base.wire import lenient_from, stored_from
from slmdesk.evaluation.exams import is_weak
from slmdesk.jobs.service import JobService
from slmdesk.library.job_service import DocumentJobService
from slmdesk.library.results import names_of
from slmdesk.library.retrieval import Retrieval
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService
from slmdesk.redaction.report import RedactionReport
from slmdesk.redaction.service import RedactionService
from slmdesk.runtime.events import Noticed
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.service import Runtime
from slmdesk.tables.events import ExtractionEnded, ExtractionGrew
from slmdesk.tables.prompts import PROMPT_VERSION
from slmdesk.tables.types import (
    DOUBTFUL,
    Column,
    Table,
    TableCell,
    TableRow,
    changed_edits,
    doubts_of,
    place_words,
    with_edits,
)

if TYPE_CHECKING:
    from slmdesk.tables.plan import TablePlan

KIND = "extraction"
MOST_COLUMNS, MOST_DOCUMENTS = 40, 500
MOST_NAME, MOST_MEANING, MOST_CELL = 80, 300, 2000
WEAK = "{model} is too weak for tables: it often names the wrong words, or none. Compare each cell with its document."


class TableRequest(Record):
    documents: tuple[str, ...]
    """Ids, or the only ones that begin so."""
    columns: tuple[Column, ...]
    model: str | None = None
    """None: the last used."""
    redact: bool = False


class ExtractionView(Record):
    item: Item
    request: TableRequest
    documents: tuple[DocumentRecord, ...]
    table: Table | None
    """What a person wrote stands in its cells; None before the first rows are there."""
    job: JobRecord | None

    @property
    def is_done(self) -> bool:
        return self.table is not None and self.table.is_done


class ExtractionService(DocumentJobService[TableRequest, "TablePlan"]):
    kind, title, most_documents = KIND, "Table", MOST_DOCUMENTS
    refusal = f"a table has 1 to {MOST_DOCUMENTS} documents"

    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        loader: ModelLoader,
        jobs: JobService,
        redaction: RedactionService,
        retrieval: Retrieval,
    ) -> None:
        super().__init__(runtime, models, loader, jobs, redaction)
        self._retrieval = retrieval

    def again(self, item: str, model: str | None = None, *, keep_edits: bool = True) -> JobRecord:
        """Make a table again from the current documents; only what changed is asked again.

        A person's edits stay unless `keep_edits` is False.  Raises KnownError as `begin` does, and `item.unknown`.
        """

        def drop_edits(found: Item) -> None:
            if not keep_edits and (table := self._kept(found.id)) is not None:
                self._store.results.save(found.id, to_json(changed(table, edits=())))

        return self._again(item, model, drop_edits)

    def edit(self, item: str, document: str, column: int, value: str | None) -> tuple[Table, str | None]:
        """Set a person's value for a cell, or remove it (None); returns the table and the previous value, for undo.

        Raises KnownError `item.unknown`, `request.invalid`, store.*.
        """
        found = self.open(item).item
        table = self._kept(found.id)
        if table is None or not 0 <= column < len(table.columns):
            raise KnownError("request.invalid", what="no such cell")
        if all(one.document != document for one in table.rows):
            raise KnownError("request.invalid", what="no such row")
        words = None if value is None else value[:MOST_CELL]
        edits, before = changed_edits(table.edits, document, column, words)
        table = changed(table, edits=edits)
        self._store.results.save(found.id, to_json(table))
        return with_edits(table), before

    def open(self, item: str) -> ExtractionView:
        """Raises KnownError `item.unknown`."""
        found = self._items.find(item)
        job, table = self._items.newest_job(found.id), self._kept(found.id)
        if job is not None and (plan := self._live.get(job.id)):
            table = _joined(plan.so_far(), table)
        documents = tuple(self._store.documents.of_item(found.id))
        return ExtractionView(found, self._request_of(found), documents, with_edits(table) if table else None, job)

    # ---- what is particular to a table

    def _check(self, request: TableRequest) -> TableRequest:
        return changed(request, columns=checked_columns(request.columns))

    def _words_of(self, request: TableRequest, documents: Sequence[DocumentRecord]) -> str:
        return f"{', '.join(one.name for one in request.columns)} of {names_of(documents)}"

    def _request_from(self, untrusted: Json) -> TableRequest:
        return lenient_from(TableRequest, untrusted, documents=(), columns=())

    def _prompt_version(self) -> str:
        return PROMPT_VERSION

    def _plan_of(self, job: JobRecord, item: Item, request: TableRequest, record: ModelRecord | None) -> TablePlan:
        from slmdesk.tables.plan import TablePlan  # with the checks of text: only who asks waits

        assert record is not None  # a table always has one
        return TablePlan(
            job,
            request.columns,
            self._still_there(request),
            self._tools(job, record),
            model=record.name,
            note=WEAK.format(model=record.name) if is_weak(record) else "",
            passages=self._store.passages.of_document,
            rank=lambda words, document, answered: self._retrieval.rank(
                words, [document], by_meaning=not request.redact
            ).then(answered),
            reported=lambda row, is_complete: self._on_row(item.id, job.id, row, is_complete),
            kept=lambda table: self._keep_table(item.id, table),
            faulty=self._on_fault,
        )

    def _keep(self, item: Item, record: ModelRecord | None, plan: TablePlan, report: RedactionReport | None) -> None:
        if plan.table is not None:
            self._keep_table(item.id, changed(plan.table, redaction=report))
            self._items.keep_words(item.id, markdown_of(plan.table), record, PROMPT_VERSION)

    def _publish_end(self, item: str) -> None:
        if table := self._kept(item):
            self._publish(ExtractionEnded(item, with_edits(table)))

    def _kept(self, item: str) -> Table | None:
        return stored_from(Table, self._store.results.get(item))

    def _keep_table(self, item: str, table: Table) -> None:
        """Store what was found, with what a person wrote meanwhile and before."""
        self._store.results.save(item, to_json(_joined(table, self._kept(item))))

    def _on_row(self, item: str, job: str, row: TableRow, is_complete: bool) -> None:
        old = self._kept(item)
        shown = with_edits(Table((), (row,), old.edits if old else ())).rows[0]
        self._publish(ExtractionGrew(item, job, shown, is_complete))

    def _on_fault(self, error: Exception, cell: str) -> None:
        """A bug left a cell empty: it is told, with its report, and where."""
        problem = problem_for(error)
        self._publish(Noticed(changed(problem, sentence=f"{cell} was left empty. {problem.sentence}")))

    def _still_there(self, request: TableRequest) -> list[DocumentRecord]:
        """The documents of a job; one that was forgotten meanwhile keeps no other from it."""
        found: list[DocumentRecord] = []
        for one in request.documents:
            with suppress(KnownError):
                found.append(self._store.documents.get(one))
        if not found:
            raise KnownError("document.unknown", id=request.documents[0] if request.documents else "")
        return found


def checked_columns(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns with clean names.  Raises KnownError `request.invalid`: none, too many, without a name, twice."""
    clean = [
        changed(one, name=" ".join(one.name.split())[:MOST_NAME], meaning=" ".join(one.meaning.split())[:MOST_MEANING])
        for one in columns
    ]
    if not clean:
        raise KnownError("request.invalid", what="a table needs a column")
    if len(clean) > MOST_COLUMNS:
        raise KnownError("request.invalid", what=f"a table has at most {MOST_COLUMNS} columns")
    seen: set[str] = set()
    for one in clean:
        if not any(letter.isalnum() for letter in one.name):
            raise KnownError("request.invalid", what="a column without a name")
        if one.name.casefold() in seen:
            raise KnownError("request.invalid", what=f"the column “{one.name}” is there twice")
        seen.add(one.name.casefold())
    return tuple(clean)


def markdown_of(table: Table) -> str:
    def words(text: str) -> str:
        return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")

    lines = ["| " + " | ".join(["Document", *(words(one.name) for one in table.columns)]) + " |"]
    lines.append("|" + " --- |" * (len(table.columns) + 1))
    for row in table.rows:
        lines.append("| " + " | ".join([words(row.name), *(_cell_text(one, row, words) for one in row.cells)]) + " |")
    doubts = [f"- ⚠ {words(name)}, {words(column)}: {why}" for name, column, why in doubts_of(table)]
    below = [*doubts, *(["", words(table.note)] if table.note else [])]
    return "\n".join([*lines, "", *below] if below else lines)


def _cell_text(cell: TableCell, row: TableRow, words: Callable[[str], str]) -> str:
    if not cell.value:
        return "–"
    place = place_words(cell, row.page_kind)
    return f"{words(cell.value)}{f' [{place}]' if place else ''}{' ⚠' if cell.flag in DOUBTFUL else ''}"


def _joined(table: Table, old: Table | None) -> Table:
    """A new table with a person's edits; rows not made anew yet are as they were."""
    if old is None or old.columns != table.columns:
        return table
    there = {one.document for one in table.rows}
    rest = () if table.is_done else tuple(one for one in old.rows if one.document not in there)
    return changed(table, rows=(*table.rows, *rest), edits=old.edits)

"""The plan of a table's job: documents in groups, what is known by rule, then the model.  See jobs.plan.Plan.

What labels and the words around a value say ("Invoice no: 17", "payment by 3 May") is read by rule and shown at once.
Where the document has nothing that a cell could be, it is empty and no model is asked; the rest is asked
from the whole document where it fits, else from the passages that match a column best, and an answer is searched for in
the document before it becomes a cell.  At the end the cells of a row are checked against each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord, JobRecord, Passage
from slmdesk.base.types import Json
from slmdesk.jobs.plan import AskedQuestion, Batch, Plan, Question, StepValue, Yield
from slmdesk.jobs.service import step_key
from slmdesk.library.citations import CHARACTERS_PER_TOKEN, Coverage, Unread
from slmdesk.library.job_service import PlanTools
from slmdesk.library.retrieval import RankedPassages
from slmdesk.runtime.events import Problem
from slmdesk.tables.crosschecks import checked
from slmdesk.tables.grounding import verified, without_doubles
from slmdesk.tables.places import PageTexts
from slmdesk.tables.prompts import (
    CELL_TOKENS,
    COLUMN_TOKENS,
    COLUMNS_AT_ONCE,
    FRAME_TOKENS,
    PROMPT_VERSION,
    cells_in,
    cells_step,
    text_for,
)
from slmdesk.tables.rules import ByRule, Rules, target_of
from slmdesk.tables.types import Column, Flag, Table, TableCell, TableRow
from slmdesk.text.checks.words import tongue

DOCUMENTS_AT_ONCE = 16
"""Whose steps are in one batch; their rows are kept before the next."""
PAGES_AT_ONCE = 50
READ_TOKENS = 1200
MOST_PASSAGES = 8

Rank = Callable[[str, str, Callable[[RankedPassages | Problem], None]], object]
"""Asked with words and a document, gives its passages, the best first."""


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
    def __init__(
        self,
        job: JobRecord,
        columns: Sequence[Column],
        documents: Sequence[DocumentRecord],
        tools: PlanTools,
        *,
        model: str,
        note: str,
        passages: Callable[[str], Sequence[Passage]],
        rank: Rank,
        reported: Callable[[TableRow, bool], None],
        kept: Callable[[Table], None],
        faulty: Callable[[Exception, str], None],
    ) -> None:
        self._job, self._columns, self._model = job, tuple(columns), model
        self._targets = [target_of(one) for one in columns]
        self._tools, self._context = tools, tools.context_tokens
        self._passages, self._rank, self._reported, self._keep = passages, rank, reported, kept
        self._note, self._faulty = note, faulty
        self._rows = [_Row(one) for one in documents]
        self._at: dict[str, _Asked] = {}
        self._received: set[str] = set()
        self._answered = 0
        self._began = time.monotonic()
        self.table: Table | None = None

    def run(self) -> Plan:
        """Yield all batches; `table` is set at the end."""
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
            raise self._tools.failure() or KnownError("request.invalid", what="no part could be read by the model")
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

    # ---- what is asked of a document

    def _steps_of(self, at: int) -> Generator[AskedQuestion, Any, list[dict[str, Json]]]:
        row = self._rows[at]
        pages = yield from self._read(row)
        missing = [column for column in range(len(self._columns)) if column not in row.cells]
        if not row.coverage.pages_read:
            row.cells |= {column: TableCell(flag=Flag.UNREAD) for column in missing}
            return []
        if not missing:
            return []
        if row.cells:
            self._reported(self._shape(row, Flag.OPEN), False)
        return (yield from self._copied(at, missing, pages))

    def _copied(
        self, at: int, missing: Sequence[int], pages: Sequence[Page] | None
    ) -> Generator[AskedQuestion, Any, list[dict[str, Json]]]:
        row = self._rows[at]
        if pages is not None and (yield from self._fits(pages, len(missing))):
            texts = PageTexts(pages, _language_of(pages))
            groups = [missing[one : one + COLUMNS_AT_ONCE] for one in range(0, len(missing), COLUMNS_AT_ONCE)]
            return [self._step(at, group, [page.text for page in pages if page.text], texts) for group in groups]
        row.is_whole = False
        steps = []
        for column in missing:
            passages = yield from self._best(row.record.id, self._columns[column])
            if passages:
                numbers = sorted({page for one in passages for page in range(one.page, one.page_end + 1)})
                seen = [page for number in numbers for page in self._tools.pages(row.record.id, number, 1)]
                texts = PageTexts(seen, _language_of(seen))
                steps.append(self._step(at, [column], [one.text for one in passages], texts))
        return steps

    def _step(self, row: int, columns: Sequence[int], texts: Sequence[str], pages: PageTexts) -> dict[str, Json]:
        step = cells_step([self._columns[one] for one in columns], texts)
        return self._added(step, _Asked(row, tuple(columns), pages))

    def _added(self, step: dict[str, Json], asked: _Asked) -> dict[str, Json]:
        key = self._key(step)
        if key in self._at:  # two files with the same words: asked once, and each has its own place
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
        rules = Rules(self._columns)
        most = self._context * CHARACTERS_PER_TOKEN
        begin = 1
        while some := self._tools.pages(row.record.id, begin, PAGES_AT_ONCE):
            language = _language_of(some)
            for page in some:
                total, blocks, size = total + 1, blocks + len(page.blocks), size + len(page.text)
                if page.status is PageStatus.READ:
                    read, read_blocks = read + 1, read_blocks + len(page.blocks)
                else:
                    unread.append(Unread(page.number, page.reason or page.status.value, row.record.id))
                rules.feed(page, language)
            pages = [*pages, *some] if size <= most else []
            begin = some[-1].number + 1
            yield Yield()
        row.coverage = Coverage(total, read, blocks, read_blocks, tuple(unread))
        row.by_rule = rules.result()
        empty = {column: TableCell() for column, options in row.by_rule.options.items() if not options}
        row.cells = {**row.by_rule.cells, **empty}
        return pages if size <= most else None

    def _fits(self, pages: Sequence[Page], columns: int) -> Generator[AskedQuestion, Any, bool]:
        columns = min(columns, COLUMNS_AT_ONCE)
        loader = self._context - FRAME_TOKENS - columns * (CELL_TOKENS + COLUMN_TOKENS)
        texts = [text_for(one.text) for one in pages if one.text]
        if sum(len(one.encode("utf-8", "replace")) + 2 for one in texts) <= loader:
            return True  # no text has more tokens than bytes
        counts: list[int] = yield Question(lambda answered: self._tools.count(texts, answered))
        return sum(counts) + 2 * len(counts) <= loader

    def _best(self, document: str, column: Column) -> Generator[AskedQuestion, Any, list[Passage]]:
        words = " ".join([column.name, column.meaning, *column.labels])
        ranked: RankedPassages = yield Question(lambda answered: self._rank(words, document, answered))
        best = list(ranked.passages[:MOST_PASSAGES]) or list(self._passages(document)[:MOST_PASSAGES])
        counts: list[int] = yield Question(
            lambda answered: self._tools.count([text_for(one.text) for one in best], answered)
        )
        loader = min(READ_TOKENS, self._context - FRAME_TOKENS - CELL_TOKENS - COLUMN_TOKENS)
        chosen: list[Passage] = []
        for one, size in zip(best, counts, strict=True):
            if size <= loader:
                chosen.append(one)
                loader -= size
        return sorted(chosen, key=lambda one: one.n)

    # ---- what came of it

    def _receive(self, key: str, value: StepValue) -> None:
        twins = [one for one in self._at if one == key or one.startswith(f"{key} ")]
        for one in twins:
            if one in self._received:
                continue
            self._received.add(one)
            asked = self._at[one]
            row = self._rows[asked.row]
            row.open_steps -= 1
            if value is None:
                row.cells |= {at: TableCell(flag=Flag.UNREAD) for at in asked.columns}
                continue
            self._answered += 1
            columns = [self._columns[at] for at in asked.columns]
            said = cells_in(str(value.get("text", "")), columns)
            for at, column, (quote, words) in zip(asked.columns, columns, said, strict=True):
                cell = self._verified(row, column, quote, words, asked.pages)
                is_unsaid = cell.value and cell.flag is Flag.NONE and self._targets[at] is not None
                row.cells[at] = changed(cell, flag=Flag.UNSAID) if is_unsaid else cell

    def _verified(self, row: _Row, column: Column, quote: str, words: str, pages: PageTexts) -> TableCell:
        try:
            return verified(column, quote, words, pages)
        except Exception as err:  # noqa: BLE001  a bug that one cell brings out costs this cell, not a table of hundreds
            self._faulty(err, f"“{column.name}” of {row.record.name}")
            return TableCell(flag=Flag.UNREAD)

    def _publish(self, row: _Row) -> None:
        if not row.open_steps and not row.is_reported and (row.cells or row.coverage.pages_total):
            row.is_reported = True
            self._reported(self._shape(row), True)

    def _made(self, until: int, *, is_done: bool) -> Table:
        rows = tuple(self._shape(one) for one in self._rows[:until] if is_done or one.is_reported)
        seconds = round(time.monotonic() - self._began, 1)
        return Table(self._columns, rows, (), self._model, is_done, seconds, self._note)

    def _shape(self, row: _Row, missing: Flag = Flag.NOT_FOUND) -> TableRow:
        found = without_doubles(row.cells)
        if missing is Flag.NOT_FOUND:
            roles = {one.role: at for at, one in enumerate(self._targets) if one is not None and at in found}
            changed = checked({role: found[at] for role, at in roles.items()}, row.by_rule.amounts)
            found |= {roles[role]: cell for role, cell in changed.items()}
        cells = tuple(found.get(at, TableCell(flag=missing)) for at in range(len(self._columns)))
        kind = str(row.record.info.get("page_kind") or "page")
        return TableRow(row.record.id, row.record.name, kind, cells, row.coverage, row.is_whole)


def _language_of(pages: Sequence[Page]) -> str:
    return tongue(" ".join(one.text[:1000] for one in pages[:4]))

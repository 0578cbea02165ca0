"""The plan of a table's job: what is read by rules, what the model is asked, and what becomes a cell."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slmdesk.base.documents import Page, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import changed
from slmdesk.base.records import DocumentRecord, JobRecord, Passage
from slmdesk.base.texts import N_, _
from slmdesk.base.types import Json
from slmdesk.jobs.documents import PlanTools
from slmdesk.jobs.runner import AskedQuestion, Batch, Plan, Question, StepValue, Yield, step_key
from slmdesk.library.search import RankedPassages
from slmdesk.library.types import CHARACTERS_PER_TOKEN, Coverage, Unread, unread_parts
from slmdesk.runtime.messages import Problem
from slmdesk.tables import einvoice
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
from slmdesk.tables.contexts import check_context
from slmdesk.tables.labels import (
    MOST_CHARACTERS,
    carrying,
    cell_of,
    chosen_of,
    label_step,
    sentences_of,
    words_step,
)
from slmdesk.tables.layout import PageTexts, is_quote, newest_text, quoted_part
from slmdesk.tables.rules import ByRule, Rules, target_of
from slmdesk.tables.texts import TextRow, TextTable, common_language, fact, is_table, page_of_text, spoken, text_rows
from slmdesk.tables.types import JUDGED, Column, ColumnKind, Flag, Table, TableCell, TableRow
from slmdesk.text.checks.words import tongue

WITHOUT_TEXT = N_("Rows without a text were left out: {count}.")
FIRST_PAGES = 5
"""Pages of a document from which columns are guessed, and labels judged if it does not fit."""
DOCUMENTS_AT_ONCE = 16
"""Number of documents whose steps share a batch. Their rows are saved before the next batch."""
ROWS_AT_ONCE = 200
"""The same for texts of a table. Rows are kept every `SAVED_AFTER` batches; what the model said is saved anyway."""
SAVED_AFTER = 5
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
    page: int = 0
    sentences: Sequence[tuple[int, int]] = ()
    """Sentences of a page, if it is asked which of them carries a label."""


@dataclass(slots=True, eq=False)
class _Row:
    record: DocumentRecord
    id: str = ""
    name: str = ""
    text: TextRow | None = None
    table: TextTable | None = None
    offset: int = 0
    """Where the text begins on its page."""
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
        text: str,
        model: str,
        is_asked: bool,
        judges: Callable[[Column], bool],
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
        self._rows: list[_Row] = []
        self._documents, self._text = documents, text
        self._labels = [at for at, column in enumerate(columns) if column.kind is ColumnKind.LABEL]
        self._judged = [at for at in self._labels if judges(columns[at])]
        self._language, self._left_out = "", 0
        self._uncarried: list[_Asked] = []
        self._at: dict[str, _Asked] = {}
        self._received: set[str] = set()
        self._answered = 0
        self._began = time.monotonic()
        self.table: Table | None = None

    def run(self) -> Plan:
        """Yield all batches. At the end, `table` is set to the result."""
        yield from self._spread()
        asked_for = 0
        at_once = ROWS_AT_ONCE if any(row.text for row in self._rows) else DOCUMENTS_AT_ONCE
        for begin in range(0, len(self._rows), at_once):
            some = range(begin, min(begin + at_once, len(self._rows)))
            steps: list[dict[str, Json]] = []
            self._at, self._received = {}, set()
            for at in some:
                steps += yield from self._steps_of(at)
                yield Yield()
            asked_for += len(steps)
            if steps:
                later = float(len(self._rows) - some.stop) * max(1.0, len(steps) / len(some))
                yield from self._ask(steps, later)
                yield from self._carry(later)
            for at in some:
                self._publish(self._rows[at])
            if at_once == DOCUMENTS_AT_ONCE or begin // at_once % SAVED_AFTER == 0:
                self._keep(self._made(some.stop, is_done=False))
        if asked_for and not self._answered:
            raise self._tools.failure() or KnownError("request.invalid", what=_("no part could be read by the model"))
        self.table = self._made(len(self._rows), is_done=True)

    def _ask(self, steps: Sequence[dict[str, Json]], later: float) -> Generator[Batch, list[StepValue], None]:
        values = yield Batch(steps, PROMPT_VERSION, 1.0, later)
        for step, value in zip(steps, values, strict=True):
            self._receive(self._key(step), value)

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

    def _spread(self) -> Generator[AskedQuestion, Any, None]:
        """Make the rows: of a table of texts one for each text, of other documents one for each."""
        for document in self._documents:
            before = len(self._rows)
            if self._labels and is_table(document):
                yield from self._spread_table(document)
            if len(self._rows) == before:
                self._rows.append(_Row(document, document.id, document.name))
            yield Yield()
        if self._left_out:
            self._note = "\n".join(filter(None, (self._note, WITHOUT_TEXT.format(count=self._left_out))))
        texts = [row.text.values[row.table.text].text for row in self._rows if row.text and row.table]
        self._language = common_language(texts)

    def _spread_table(self, document: DocumentRecord) -> Generator[AskedQuestion, Any, None]:
        seen = Counter[str]()
        for table, row in text_rows(lambda begin: self._tools.pages(document.id, begin, 5), self._text):
            if (value := row.values.get(table.text)) is None:
                self._left_out += 1
                continue
            text = hashlib.sha256(value.text.encode("utf-8", "replace")).hexdigest()[:12]
            seen[text] += 1
            id = f"{document.id}#{text}.{seen[text]}"  # a corrected label stays with its text if rows move
            self._rows.append(_Row(document, id, f"{document.name}, {row.number}", row, table, value.start))
            if len(self._rows) % ROWS_AT_ONCE == 0:
                yield Yield()

    def _steps_of(self, at: int) -> Generator[AskedQuestion, Any, list[dict[str, Json]]]:
        row = self._rows[at]
        pages = yield from self._read(row)
        steps = self._judge(at, pages) if row.coverage.pages_read else []
        judged = self._labels if steps else ()
        missing = [at for at in range(len(self._columns)) if at not in row.cells and at not in judged]
        if not row.coverage.pages_read:
            row.cells |= {column: TableCell(flag=Flag.UNREAD) for column in missing}
            missing = []
        if not self._is_asked:
            row.cells |= {column: TableCell(flag=Flag.UNASKED) for column in missing}
            missing = []
        if not missing and not steps:
            self._publish(row)  # now, not when the model has answered about the other documents
            return []
        self._reported(self._shape(row, Flag.OPEN), False)
        return [*steps, *((yield from self._copied(at, missing, pages)) if missing else ())]

    def _judge(self, at: int, pages: Sequence[Page] | None) -> list[dict[str, Json]]:
        """Return the steps that ask for the labels of a text. A model that cannot judge them leaves them empty."""
        row, steps = self._rows[at], list[dict[str, Json]]()
        if not self._labels:
            return steps
        read = self._pages(row, 1)[:FIRST_PAGES] if pages is None else pages
        parts = [quoted_part(page, is_quoted=False) if any(map(is_quote, page.blocks)) else page for page in read]
        whole = "\n\n".join(text for page in read if (text := newest_text(page)))
        texts = PageTexts(parts, spoken(whole, self._language))
        for column in self._labels:
            if column in self._judged:
                row.is_whole = row.is_whole and len(whole) <= MOST_CHARACTERS and pages is not None
                steps.append(self._added(label_step(self._columns[column], whole), _Asked(at, (column,), texts)))
            else:
                row.cells[column] = TableCell(flag=Flag.UNASKED)
        return steps

    def _labelled(
        self, row: _Row, column: int, label: str, texts: PageTexts, certainty: float = 0.0
    ) -> tuple[TableCell, bool]:
        """Return the cell of a label, and whether a list knows the words that carry it."""
        for page, text in texts.texts.items():
            if span := carrying(self._columns[column], label, text, texts.language):
                return _placed(row, cell_of(text, label, span, page, certainty=certainty)), True
        page, text = next(iter(texts.texts.items()))
        return _placed(row, cell_of(text, label, None, page, certainty=certainty)), False

    def _carry(self, later: float) -> Generator[AskedQuestion, Any, None]:
        """Ask which sentence carries a label, where no word of a list does."""
        open_ones, self._uncarried, self._at, self._received = self._uncarried, [], {}, set()
        steps, rows = list[dict[str, Json]](), dict[int, None]()
        for asked in sorted(open_ones, key=lambda asked: (asked.row, asked.columns)):
            (column,), (page, text) = asked.columns, next(iter(asked.pages.texts.items()))
            row, cell = self._rows[asked.row], self._rows[asked.row].cells[asked.columns[0]]
            spans = sentences_of(text, asked.pages.language)
            if len(spans) > 1:
                words = [text[start:end] for start, end in spans]
                asked = _Asked(asked.row, asked.columns, asked.pages, page, spans)
                steps.append(self._added(words_step(self._columns[column], cell.value, words), asked))
                rows[asked.row] = None
            elif spans:
                whole = cell_of(text, cell.value, spans[0], page, certainty=cell.certainty)
                row.cells[column] = _placed(row, whole)
        if steps:
            yield from self._ask(steps, later)
        for at in rows:
            self._reported(self._shape(self._rows[at]), True)

    def _copied(
        self, at: int, missing: Sequence[int], pages: Sequence[Page] | None
    ) -> Generator[AskedQuestion, Any, list[dict[str, Json]]]:
        row = self._rows[at]
        if pages is not None and (row.text is not None or (yield from self._fits(pages, len(missing)))):
            language = self._language_of(row, pages)
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
                texts = PageTexts(seen, language_of(seen))
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
        is_copied = any(column.kind not in JUDGED for column in self._columns)
        rules, of_quoted = Rules(self._columns), Rules(self._columns)
        most = self._context * CHARACTERS_PER_TOKEN
        begin = 1
        while some := self._pages(row, begin):
            language = self._language_of(row, some)
            for page in some:
                total, blocks, size = total + 1, blocks + page.block_count, size + len(page.text)
                if page.status is PageStatus.READ:
                    read, read_blocks = read + 1, read_blocks + page.block_count
                else:
                    unread.append(Unread(page.number, page.reason or page.status.value, row.record.id))
                if not is_copied:
                    continue
                if any(map(is_quote, page.blocks)):
                    of_quoted.feed(quoted_part(page), language)
                    page = quoted_part(page, is_quoted=False)
                rules.feed(page, language)
            pages = [*pages, *some] if size <= most else []
            begin = some[-1].number + 1
            yield Yield()
        row.coverage = Coverage(total, read, blocks, read_blocks, tuple(unread), unread_parts(row.record.info))
        row.by_rule, earlier = rules.result(), of_quoted.result()
        options = row.by_rule.options
        empty = {
            column: TableCell()
            for column in (*options, *earlier.options)
            if not options.get(column) and not earlier.options.get(column)
        }
        quoted = {at: changed(cell, flag=Flag.EARLIER) for at, cell in earlier.cells.items() if not options.get(at)}
        from_xml = einvoice.cells_of(self._columns, row.record, self._tools.findings(row.record))
        cells = {**empty, **quoted, **row.by_rule.cells, **from_xml}
        kinds = [column.kind for column in self._columns]
        row.cells = {at: _placed(row, cell) for at, cell in cells.items() if kinds[at] not in JUDGED}
        first = pages[:FIRST_PAGES] or self._pages(row, 1)[:FIRST_PAGES]
        text = first[0].text if first else ""
        for at, column in enumerate(self._columns):
            if column.kind is ColumnKind.GIVEN:
                number = row.table.number(column.name) if row.table else 0
                if row.table and row.text and number:
                    row.cells[at] = row.table.cell(number, row.text)
                else:
                    row.cells[at] = fact(column.name, row.record, text, spoken(text, self._language))
        return pages if size <= most else None

    def _pages(self, row: _Row, begin: int) -> Sequence[Page]:
        if row.text is None or row.table is None:
            return self._tools.pages(row.record.id, begin, PAGES_AT_ONCE)
        text = row.text.values[row.table.text].text
        return [page_of_text(row.text.page, text)] if begin == 1 else []

    def _language_of(self, row: _Row, pages: Sequence[Page]) -> str:
        return tongue(pages[0].text, likely=self._language) if row.text and pages else language_of(pages)

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
            if asked.sentences:
                self._receive_words(row, asked, value)
                continue
            if value is None:
                row.cells |= {at: TableCell(flag=Flag.UNREAD) for at in asked.columns}
                continue
            self._answered += 1
            if self._columns[asked.columns[0]].kind is ColumnKind.LABEL:
                self._receive_label(row, asked, value)
                continue
            columns = [self._columns[at] for at in asked.columns]
            said = cells_in(str(value.get("text", "")), columns)
            for at, column, (quote, words) in zip(asked.columns, columns, said, strict=True):
                row.cells[at] = _placed(row, self._verified(row, column, quote, words, asked.pages))

    def _receive_label(self, row: _Row, asked: _Asked, value: Mapping[str, Json]) -> None:
        (at,) = asked.columns
        scores = stored_from(list[float], value.get("scores")) or []
        if len(scores) != len(self._columns[at].choices):
            row.cells[at] = TableCell(flag=Flag.UNREAD)
            return
        best, certainty = chosen_of(scores)
        label = self._columns[at].choices[best].name
        row.cells[at], is_carried = self._labelled(row, at, label, asked.pages, certainty)
        if not is_carried:
            self._uncarried.append(asked)

    def _receive_words(self, row: _Row, asked: _Asked, value: StepValue) -> None:
        (at,), text = asked.columns, asked.pages.texts[asked.page]
        scores = stored_from(list[float], value.get("scores")) if value else None
        if scores and len(scores) == len(asked.sentences):
            cell, span = row.cells[at], asked.sentences[chosen_of(scores)[0]]
            row.cells[at] = _placed(row, cell_of(text, cell.value, span, asked.page, certainty=cell.certainty))

    def _verified(self, row: _Row, column: Column, quote: str, words: str, pages: PageTexts) -> TableCell:
        try:
            cell = check_context(column, verified(column, quote, words, pages), pages)
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
            self._shape(row, Flag.NOT_FOUND if is_done or row.is_reported else Flag.OPEN) for row in self._rows[:until]
        )
        seconds = round(time.monotonic() - self._began, 1)
        return Table(self._columns, rows, (), self._model, is_done, seconds, self._note)

    def _shape(self, row: _Row, missing: Flag = Flag.NOT_FOUND) -> TableRow:
        shaped = without_doubles(row.cells)
        if missing is Flag.NOT_FOUND:
            roles = {target.role: at for at, target in enumerate(self._targets) if target is not None and at in shaped}
            changed = checked({role: shaped[at] for role, at in roles.items()}, row.by_rule.amounts)
            shaped |= {roles[role]: cell for role, cell in changed.items()}
        cells = tuple(shaped.get(at, TableCell(flag=missing)) for at in range(len(self._columns)))
        kind = str(row.record.info.get("page_kind") or "page")
        return TableRow(row.id, row.name, kind, cells, row.coverage, row.is_whole)


def _placed(row: _Row, cell: TableCell) -> TableCell:
    """Return a cell with its place on the page, of a row that is a part of one."""
    is_there = bool(row.offset and cell.page)
    return changed(cell, start=cell.start + row.offset, end=cell.end + row.offset) if is_there else cell


def language_of(pages: Sequence[Page]) -> str:
    return tongue(" ".join(page.text[:1000] for page in pages[:4]))

"""The plan of a table's job: what is read by rules, what the model is asked, and what becomes a cell."""

from __future__ import annotations

import hashlib
import re
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
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.text.words import tongue
from slmdesk.base.texts import N_, _
from slmdesk.base.types import Json
from slmdesk.documents.retrieval import RankedPassages
from slmdesk.documents.types import CHARACTERS_PER_TOKEN, Coverage, Unread, unread_parts
from slmdesk.tasks.jobs.documents import PlanTools
from slmdesk.tasks.jobs.runner import AskedQuestion, Batch, Plan, Question, StepValue, Yield, step_key
from slmdesk.tasks.shape import TaskRun
from slmdesk.tasks.tables import einvoice
from slmdesk.tasks.tables.cells import verified
from slmdesk.tasks.tables.checks import checked, roles_of, without_doubles
from slmdesk.tasks.tables.labels import MOST_CHARACTERS, cell_of, chosen_of, label_step, sentences_of, words_step
from slmdesk.tasks.tables.layout import PageTexts, newest_part
from slmdesk.tasks.tables.prompts import COLUMN_TOKENS, FRAME_TOKENS, PROMPT_VERSION, Said, row_step, said_in, text_for
from slmdesk.tasks.tables.rules import Rules
from slmdesk.tasks.tables.texts import (
    TextRow,
    TextTable,
    common_language,
    fact,
    is_table,
    page_of_text,
    spoken,
    text_rows,
)
from slmdesk.tasks.tables.types import JUDGED, Column, ColumnKind, Flag, Table, TableCell, TableRow

WITHOUT_TEXT = N_("Rows without a text were left out: {count}.")
FIRST_PAGES = 5
"""Pages of a document from which columns are guessed, and labels judged if it does not fit."""
DOCUMENTS_AT_ONCE = 4
"""Number of documents whose steps share a batch. Their rows are saved before the next batch, and what is asked again
finds its document still in the engine's memory.
"""
ROWS_AT_ONCE = 200
"""The same for texts of a table. Rows are kept every `SAVED_AFTER` batches; what the model said is saved anyway."""
SAVED_AFTER = 5
PAGES_AT_ONCE = 50
READ_TOKENS = 3000
"""Most tokens that are read of a document that does not fit."""
MOST_PASSAGES = 24
LEAST_SURE, LEAST_SURE_OF_AMOUNT = 0.55, 0.7
"""Probability of the least likely token of a value below which it is marked. That of an amount is higher: a paper has
many of them, and where they make a sum they need no certainty.
"""
ASKED_AGAIN = frozenset((Flag.NOT_THERE, Flag.KIND, Flag.TWICE, Flag.CONTRADICTS, Flag.UNSURE))

_LINES = re.compile(r"\n{3,}")

Rank = Callable[[str, str, Callable[[RankedPassages | Problem], None]], object]
"""Function that takes words and a document, and passes the document's passages to a callback, the best first."""


@dataclass(slots=True, eq=False)
class _Asked:
    row: int
    columns: tuple[int, ...]
    pages: PageTexts
    texts: Sequence[str] = ()
    """What the model reads of a document."""
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
    amounts: Mapping[float, TableCell] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=lambda: Coverage(0, 0, 0, 0))
    is_whole: bool = True
    open_steps: int = 0
    is_reported: bool = False


class TablePlan(TaskRun[Table]):
    """Plan of a table's job (see jobs.runner.Plan). Documents are read in groups, first by rules, then by the model.

    What a document proves by itself is shown at once (see `rules`). For the rest the model is asked once, for all
    columns together. It gets the whole document if it fits, else its beginning, its end and the passages that match the
    columns best. Its values must be found in the document, be of their column's kind and agree with each other. What
    fails is asked once more by itself.
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
        passages: Callable[[str], Sequence[Passage]],
        rank: Rank,
        reported: Callable[[TableRow], None],
        kept: Callable[[Table], None],
        faulty: Callable[[Exception, str], None],
    ) -> None:
        self._job, self._columns, self._model = job, tuple(columns), model
        self._roles = roles_of(columns)
        self._tools, self._context = tools, tools.context_tokens
        self._passages, self._rank, self._reported, self._keep = passages, rank, reported, kept
        self._note, self._faulty, self._is_asked = "", faulty, is_asked
        self._rows: list[_Row] = []
        self._documents, self._text = documents, text
        self._labels = [at for at, column in enumerate(columns) if column.kind is ColumnKind.LABEL]
        self._judged = [at for at in self._labels if judges(columns[at])]
        self._language, self._left_out = "", 0
        self._uncarried: list[_Asked] = []
        self._waiting: dict[str, list[_Asked]] = {}
        """What waits for an answer, by the key of its step: two files with the same words are asked about once."""
        self._whole: list[_Asked] = []
        """What was asked for all columns of a document at once."""
        self._answered = 0
        self._began = time.monotonic()

    def run(self) -> Plan:
        """Yield all batches. At the end, `result` is set to the result."""
        yield from self._spread()
        asked_for = 0
        at_once = ROWS_AT_ONCE if any(row.text for row in self._rows) else DOCUMENTS_AT_ONCE
        for begin in range(0, len(self._rows), at_once):
            some = range(begin, min(begin + at_once, len(self._rows)))
            steps: list[dict[str, Json]] = []
            for at in some:
                steps += yield from self._steps_of(at)
                yield Yield()
            asked_for += len(steps)
            if steps:
                later = float(len(self._rows) - some.stop) * max(1.0, len(steps) / len(some))
                yield from self._ask(steps, later)
                yield from self._ask_again(later)
                yield from self._carry(later)
            for at in some:
                self._publish(self._rows[at])
            if at_once == DOCUMENTS_AT_ONCE or begin // at_once % SAVED_AFTER == 0:
                self._keep(self._made(some.stop, is_done=False))
        if asked_for and not self._answered:
            raise self._tools.failure() or KnownError("request.invalid", what=_("no part could be read by the model"))
        self.result = self._made(len(self._rows), is_done=True)

    def _ask(self, steps: Sequence[dict[str, Json]], later: float) -> Generator[Batch, list[StepValue], None]:
        values = yield Batch(steps, PROMPT_VERSION, 1.0, later)
        for step, value in zip(steps, values, strict=True):
            self._receive(self._key(step), value)

    def received(self, key: str, value: StepValue) -> None:
        rows = [self._rows[asked.row] for asked in self._waiting.get(key, ())]
        self._receive(key, value)
        for row in rows:
            if row.open_steps:
                self._reported(self._shape(row, Flag.OPEN))
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
        missing = [at for at in range(len(self._columns)) if at not in (*row.cells, *self._judged)]
        if not row.coverage.pages_read or not self._is_asked:
            flag = Flag.UNASKED if row.coverage.pages_read else Flag.UNREAD
            row.cells |= {
                column: TableCell(flag=flag) for column in range(len(self._columns)) if column not in row.cells
            }
            missing = []
        if not missing and not steps:
            self._publish(row)  # now, not when the model has answered about the other documents
            return []
        self._reported(self._shape(row, Flag.OPEN))
        if missing:
            steps += yield from self._copied(at, missing, pages)
        return steps

    def _judge(self, at: int, pages: Sequence[Page] | None) -> list[dict[str, Json]]:
        """Return the steps that ask for the labels of a text. A model that cannot judge them leaves them empty."""
        row, steps = self._rows[at], list[dict[str, Json]]()
        row.cells |= {column: TableCell(flag=Flag.UNASKED) for column in self._labels if column not in self._judged}
        if not self._judged:
            return steps
        read = self._pages(row, 1)[:FIRST_PAGES] if pages is None else pages
        parts = [*map(newest_part, read)]
        whole = "\n\n".join(filter(None, (_LINES.sub("\n\n", part.text).strip() for part in parts)))
        texts = PageTexts(parts, spoken(whole, self._language))
        row.is_whole = row.is_whole and len(whole) <= MOST_CHARACTERS and pages is not None
        for column in self._judged:
            steps.append(self._added(label_step(self._columns[column], whole), _Asked(at, (column,), texts)))
        return steps

    def _carry(self, later: float) -> Generator[AskedQuestion, Any, None]:
        """Ask which sentence carries a label."""
        open_ones, self._uncarried = self._uncarried, []
        steps, rows = list[dict[str, Json]](), dict[int, None]()
        for asked in sorted(open_ones, key=lambda asked: (asked.row, asked.columns)):
            (column,), (page, text) = asked.columns, next(iter(asked.pages.texts.items()))
            row, cell = self._rows[asked.row], self._rows[asked.row].cells[asked.columns[0]]
            spans = sentences_of(text, asked.pages.language)
            if len(spans) > 1:
                words = [text[start:end] for start, end in spans]
                asked = _Asked(asked.row, asked.columns, asked.pages, page=page, sentences=spans)
                steps.append(self._added(words_step(self._columns[column], cell.value, words), asked))
                rows[asked.row] = None
            elif spans:
                whole = cell_of(text, cell.value, spans[0], page, cell.certainty)
                row.cells[column] = _placed(row, whole)
        if steps:
            yield from self._ask(steps, later)
        for at in rows:
            self._reported(self._shape(self._rows[at]))

    def _copied(
        self, at: int, missing: Sequence[int], pages: Sequence[Page] | None
    ) -> Generator[AskedQuestion, Any, list[dict[str, Json]]]:
        row = self._rows[at]
        if pages is not None and (row.text is not None or (yield from self._fits(pages, len(missing)))):
            texts = [page.text for page in pages if page.text]
            seen, language = pages, self._language_of(row, pages)
        else:
            row.is_whole = False
            passages = yield from self._best(row, missing)
            numbers = sorted({page for passage in passages for page in range(passage.page, passage.page_end + 1)})
            seen = [page for number in numbers for page in self._tools.pages(row.record.id, number, 1)]
            texts = [passage.text for passage in passages]
            language = language_of(seen)
        asked = _Asked(at, tuple(missing), PageTexts(seen, language), texts)
        self._whole.append(asked)
        return [self._step(asked)] if texts else []

    def _ask_again(self, later: float) -> Generator[AskedQuestion, Any, None]:
        """Ask for each value by itself that failed: is not in its document or of its kind, or contradicts its row."""
        whole, self._whole = self._whole, []
        failed = [
            _Asked(asked.row, (at,), asked.pages, asked.texts)
            for asked in whole
            for at, cell in enumerate(self._shape(self._rows[asked.row]).cells)
            if at in asked.columns and cell.flag in ASKED_AGAIN
        ]
        if failed:
            yield from self._ask([*map(self._step, failed)], later)
        for at in dict.fromkeys(asked.row for asked in failed):
            self._reported(self._shape(self._rows[at]))

    def _step(self, asked: _Asked) -> dict[str, Json]:
        return self._added(row_step([self._columns[at] for at in asked.columns], asked.texts), asked)

    def _added(self, step: dict[str, Json], asked: _Asked) -> dict[str, Json]:
        self._waiting.setdefault(self._key(step), []).append(asked)
        self._rows[asked.row].open_steps += 1
        return step

    def _key(self, step: dict[str, Json]) -> str:
        return step_key(self._job.model_sha256, PROMPT_VERSION, step)

    def _read(self, row: _Row) -> Generator[AskedQuestion, Any, list[Page] | None]:
        """Read a row's document, and fill the cells that need no model: by rules, from its e-invoice, from its facts.

        Return its pages; None if they are more than a model is given at once.
        """
        pages: list[Page] = []
        size = 0
        pages_total = 0
        pages_read = 0
        blocks_total = 0
        blocks_read = 0
        unread: list[Unread] = []
        is_copied = any(column.kind not in JUDGED for column in self._columns)
        rules = Rules(self._columns)
        most = self._context * CHARACTERS_PER_TOKEN
        begin = 1
        while some := self._pages(row, begin):
            language = self._language_of(row, some)
            for page in some:
                pages_total += 1
                blocks_total += page.block_count
                size += len(page.text)
                if page.status is PageStatus.READ:
                    pages_read += 1
                    blocks_read += page.block_count
                else:
                    unread.append(Unread(page.number, page.reason or page.status.value, row.record.id))
                if is_copied:
                    rules.feed(newest_part(page), language)
            pages = [*pages, *some] if size <= most else []  # a document of any length must not fill the memory
            begin = some[-1].number + 1
            yield Yield()
        row.coverage = Coverage(
            pages_total, pages_read, blocks_total, blocks_read, tuple(unread), unread_parts(row.record.info)
        )
        proved = rules.result() if is_copied else {}
        from_xml = einvoice.cells_of(self._columns, row.record, self._tools.findings(row.record))
        cells = {**proved, **from_xml}
        row.cells = {at: _placed(row, cell) for at, cell in cells.items() if self._columns[at].kind not in JUDGED}
        row.amounts = rules.amounts
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
        room = self._context - _overhead(columns)
        texts = [text_for(page.text) for page in pages if page.text]
        if sum(len(text.encode("utf-8", "replace")) + 2 for text in texts) <= room:
            return True  # no text has more tokens than bytes
        counts: list[int] = yield Question(lambda answered: self._tools.count(texts, answered))
        return sum(counts) + 2 * len(counts) <= room

    def _best(self, row: _Row, columns: Sequence[int]) -> Generator[AskedQuestion, Any, list[Passage]]:
        """Return the passages of the first and of the last page, and those that match the columns best, in order."""
        known, document = self._passages(row.record.id), row.record.id
        asked = [self._columns[at] for at in columns]
        words = " ".join(word for column in asked for word in (column.name, column.meaning, *column.labels))
        ranked: RankedPassages = yield Question(lambda answered: self._rank(words, document, answered))
        ends = [passage for passage in known if passage.page == 1 or passage.page_end == row.coverage.pages_total]
        best = list({passage.n: passage for passage in (*ends, *ranked.passages, *known)}.values())[:MOST_PASSAGES]
        counts: list[int] = yield Question(
            lambda answered: self._tools.count([text_for(passage.text) for passage in best], answered)
        )
        room = min(READ_TOKENS, self._context - _overhead(len(columns)))
        chosen: list[Passage] = []
        for passage, size in zip(best, counts, strict=True):
            if size <= room:
                chosen.append(passage)
                room -= size
        return sorted(chosen, key=lambda passage: passage.n)

    def _receive(self, key: str, value: StepValue) -> None:
        for asked in self._waiting.pop(key, ()):
            row = self._rows[asked.row]
            row.open_steps -= 1
            if asked.sentences:
                self._receive_words(row, asked, value)
                continue
            if value is None:
                row.cells = {at: TableCell(flag=Flag.UNREAD) for at in asked.columns} | row.cells
                continue
            self._answered += 1
            if self._columns[asked.columns[0]].kind is ColumnKind.LABEL:
                self._receive_label(row, asked, value)
                continue
            columns = [self._columns[at] for at in asked.columns]
            sure = stored_from(list[tuple[int, int, float]], value.get("probabilities")) or ()
            for at, said in zip(asked.columns, said_in(str(value.get("text", "")), columns, sure), strict=True):
                cell = _placed(row, self._verified(row, self._columns[at], said, asked.pages))
                row.cells[at] = _asked_alone(row.cells, at, cell) if len(asked.columns) == 1 else cell

    def _receive_label(self, row: _Row, asked: _Asked, value: Mapping[str, Json]) -> None:
        (at,) = asked.columns
        scores = stored_from(list[float], value.get("scores")) or []
        if len(scores) != len(self._columns[at].choices):
            row.cells[at] = TableCell(flag=Flag.UNREAD)
            return
        best, certainty = chosen_of(scores)
        (page, text), label = next(iter(asked.pages.texts.items())), self._columns[at].choices[best].name
        row.cells[at] = _placed(row, cell_of(text, label, None, page, certainty))
        self._uncarried.append(asked)

    def _receive_words(self, row: _Row, asked: _Asked, value: StepValue) -> None:
        (at,), text = asked.columns, asked.pages.texts[asked.page]
        scores = stored_from(list[float], value.get("scores")) if value else None
        if scores and len(scores) == len(asked.sentences):
            cell, span = row.cells[at], asked.sentences[chosen_of(scores)[0]]
            row.cells[at] = _placed(row, cell_of(text, cell.value, span, asked.page, cell.certainty))

    def _verified(self, row: _Row, column: Column, said: Said, pages: PageTexts) -> TableCell:
        try:
            cell = verified(column, said.value, pages)
            if cell.flag is not Flag.NONE:
                return cell
            is_earlier = pages.is_quoted(cell.page, cell.start)
            least = LEAST_SURE_OF_AMOUNT if column.kind is ColumnKind.AMOUNT else LEAST_SURE
            is_unsure = said.certainty < least
            if is_earlier:
                flag = Flag.EARLIER
            elif is_unsure:
                flag = Flag.UNSURE
            else:
                flag = Flag.NONE
            return changed(cell, flag=flag)
        except Exception as err:  # noqa: BLE001  a bug that a cell brings out costs this cell, not a table of hundreds
            self._faulty(err, f"“{column.name}” of {row.record.name}")
            return TableCell(flag=Flag.UNREAD)

    def _publish(self, row: _Row) -> None:
        if not row.open_steps and not row.is_reported and (row.cells or row.coverage.pages_total):
            row.is_reported = True
            self._reported(self._shape(row))

    def _made(self, until: int, *, is_done: bool) -> Table:
        rows = tuple(
            self._shape(row, Flag.NOT_FOUND if is_done or row.is_reported else Flag.OPEN) for row in self._rows[:until]
        )
        seconds = round(time.monotonic() - self._began, 1)
        return Table(self._columns, rows, (), self._model, is_done, seconds, self._note)

    def _shape(self, row: _Row, missing: Flag = Flag.NOT_FOUND) -> TableRow:
        shaped = without_doubles(row.cells)
        if missing is Flag.NOT_FOUND:
            roles = {role: at for role, at in self._roles.items() if at in shaped}
            updated = checked({role: shaped[at] for role, at in roles.items()}, row.amounts)
            shaped |= {roles[role]: cell for role, cell in updated.items()}
        cells = tuple(shaped.get(at, TableCell(flag=missing)) for at in range(len(self._columns)))
        kind = str(row.record.info.get("page_kind") or "page")
        return TableRow(row.id, row.name, kind, cells, row.coverage, row.is_whole)


def _asked_alone(cells: Mapping[int, TableCell], at: int, cell: TableCell) -> TableCell:
    """Return the cell of a column that was asked for by itself: empty if it now has the words of another column. One of
    which the model was not sure stays marked.
    """
    others = {(other.page, other.start) for column, other in cells.items() if column != at and other.page}
    now, before = (cell.page, cell.start), cells.get(at, cell)
    is_taken = now in others and now != (before.page, before.start)
    if before.flag is Flag.UNSURE:
        return changed(cell, flag=Flag.UNSURE) if cell.value and not is_taken else before
    return TableCell(flag=Flag.TWICE) if is_taken else cell


def _overhead(columns: int) -> int:
    """Return the tokens of the prompt without the document, and of the answer."""
    return FRAME_TOKENS + columns * COLUMN_TOKENS


def _placed(row: _Row, cell: TableCell) -> TableCell:
    """Return a cell with its place on the page, of a row that is a part of one."""
    is_there = bool(row.offset and cell.page)
    return changed(cell, start=cell.start + row.offset, end=cell.end + row.offset) if is_there else cell


def language_of(pages: Sequence[Page]) -> str:
    return tongue(" ".join(page.text[:1000] for page in pages[:4]))

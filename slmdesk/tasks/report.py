"""What the program says about documents: a report of statements, each with its sources
and the marks on it.

Every task makes one, whatever it is about. The window shows it in one pane, the command
prints it, and one exporter writes it. A report is made anew from the stored result of
its task whenever it is shown, so it is never stored itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from slmdesk.base.documents import Chart, Run
from slmdesk.base.record import Record
from slmdesk.base.types import Json
from slmdesk.claims.types import DIFFERS, Mark, doubts_of
from slmdesk.documents.types import Coverage, Span


class Layout(StrEnum):
    LIST = "list"
    """Statements below each other, under the titles of their sections."""
    GRID = "grid"
    """A row for each section, a column for each of the report's columns."""
    PAGES = "pages"
    """Two texts side by side: `other` on the left, `text` on the right."""


class ValueKind(StrEnum):
    """What the statements of a column are, for sorting, for a spreadsheet and for the
    side where they stand.
    """

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    AMOUNT = "amount"
    LABEL = "label"


class Value(Record):
    """A value as a number or a day, where the words say one beyond doubt."""

    number: float | None = None
    unit: str = ""
    """EUR, percent …"""
    date: str = ""
    """ISO 8601. The year is "-" where it is not known."""
    certainty: float = 0.0
    """Probability of a label among those of its column. 0 where no model judged."""


class Statement(Record):
    text: str
    sources: tuple[Span, ...] = ()
    """Where it stands, the passage that says it best first."""
    place: str = ""
    """The same for people: "p. 3", "lease.pdf, p. 3, 4"."""
    quotes: tuple[str, ...] = ()
    """The words at its sources, in their order, where they are kept or asked for. ""
    where the text is all of them.
    """
    marks: tuple[Mark, ...] = ()
    id: str = ""
    """Which statement of the report it is. Edits name it, so it stays the same while
    the report is made anew.
    """
    kind: str = ""
    """Sort of statement, by which a list is filtered and counted; empty where there are
    no sorts.
    """
    heading: str = ""
    """What it tells of, in a word or two: "duty added"."""
    gist: str = ""
    """What it comes to, in few words: "30 days → 60 days"."""
    sign: str = ""
    """Name of the icon before it in a list. Empty: it has none."""
    rank: int = 0
    """Its number where the most important come first, from 1. 0 if
    nobody ranks them.
    """
    notes: tuple[str, ...] = ()
    """Lines below it, in the words of people: who found it, until when it is due."""
    value: Value | None = None
    other: str = ""
    """The text on the other side of a layout of two pages: the old version, the
    original of a translation. In a list, the words that it answers, which are those at
    its sources.
    """
    runs: tuple[Run, ...] = ()
    """The text in stretches, where what went and what came is shown. Empty: `text` as
    it is.
    """
    other_sources: tuple[Span, ...] = ()
    choices: tuple[str, ...] = ()
    """Texts of which a person may choose one instead."""
    actions: tuple[str, ...] = ()
    """Which of its task's actions a person can take with it."""
    menu_actions: tuple[str, ...] = ()
    """Those that its menu offers, and no words below it."""
    chosen: str | None = None
    """Which of its actions holds, where one is chosen among them. "": none does yet."""
    filled: tuple[tuple[str, str], ...] = ()
    """What the forms of its actions begin with: name of a field -> its value."""
    is_quotation: bool = False
    """True if it is the document's own words."""
    is_supported: bool = True
    """False if no passage was found that says it."""
    is_open: bool = False
    """True while the task still looks for it."""
    is_left_out: bool = False
    """Whether a person wants it to count no more, and it stays to be taken back."""
    is_edited: bool = False
    is_approved: bool = False
    missing: str = ""
    """Why there is no text, in the words of people: "not read", "nothing was found"."""
    doubt: str = ""
    """What is doubtful about it, where its marks alone do not say it as people want to
    read it.
    """

    @property
    def doubts(self) -> str:
        """What is doubtful about it, in the words of people; empty if nothing is."""
        return self.doubt or doubts_of(self.marks)

    @property
    def is_wrong(self) -> bool:
        """Whether two sources contradict each other, which is more than a doubt."""
        return any(mark.kind == DIFFERS for mark in self.marks)

    @property
    def is_to_check(self) -> bool:
        return bool(self.marks) or not self.is_supported


class Section(Record):
    """Statements under one title: a group of a summary, a row of a table, a question
    with its answer.
    """

    statements: tuple[Statement, ...] = ()
    title: str = ""
    level: int = 2
    """Level of its title: 1 for a document among several, 2 for a group within."""
    id: str = ""
    document: str = ""
    """Id of the document that it is about; empty if it is about several."""
    page_kind: str = "page"
    """What the pages of the document are called."""
    coverage: Coverage | None = None
    """What was read of the document, where the section is about a whole one."""
    is_prose: bool = False
    """Whether its statements are one paragraph."""
    is_folded: bool = False
    """Whether it is shown only when asked for. An export counts its statements and
    leaves them out.
    """
    fold: str = ""
    """The line that stands for its statements while it is folded. Empty: its title and
    how many passages there are.
    """
    notes: tuple[str, ...] = ()
    is_cited: bool = False
    """Whether its statements are shown whole, with their places in words: an answer and
    its quotations.
    """


class Column(Record):
    name: str
    kind: ValueKind = ValueKind.TEXT
    is_own: bool = False
    """Whether a person may take it away or give it another name."""
    is_given: bool = False
    """Whether its values come with the document, and stand on no page of it."""
    id: str = ""
    """What its task knows it by, where it is offered."""
    meaning: str = ""
    """What stands in it, where its name does not say so."""
    note: str = ""
    """What is to be known about its values: how often a person found them wrong."""


class Due(Record):
    """What has to be done by a day, as a calendar has it."""

    day: str
    """ISO 8601. Empty where it is not known."""
    title: str
    details: str
    """What the calendar says below, line by line."""
    key: str
    """Tells it from others, and is the same whenever the report is made."""
    is_sure: bool = True
    line: str = ""
    """How a document lists it. Empty where its statement says all of it."""


class NotRead(Record):
    """A document, or a page of one, that could not be read."""

    name: str
    reason: str


class Report(Record):
    task: str
    """Kind of the task, as its items are stored."""
    title: str
    sections: tuple[Section, ...] = ()
    layout: Layout = Layout.LIST
    lead: str = ""
    """What it comes to, above all, mostly in one line: "7 changes on 3 pages: 5
    amounts, 2 dates".
    """
    columns: tuple[Column, ...] = ()
    """Of a grid: what the statements of each row are, in their order."""
    notes: tuple[str, ...] = ()
    """What else is to be known about the whole: that a model was too weak, that it was
    stopped.
    """
    gaps: tuple[str, ...] = ()
    """What was asked for and could not be said, for which columns: nobody was asked, or
    a model failed.
    """
    has_failed: bool = False
    """Whether a model failed to say something. A command then ends with status 1."""
    due: tuple[Due, ...] = ()
    coverage: Coverage | None = None
    """What was read of all documents together."""
    page_kind: str = "page"
    """What the pages of all documents are called."""
    coverage_words: str = ""
    """The same as a line for people: "84 of 84 pages read"."""
    not_read: tuple[NotRead, ...] = ()
    charts: tuple[Chart, ...] = ()
    documents: tuple[tuple[str, str], ...] = ()
    """Id and name of each document."""
    language: str = ""
    """ISO 639-1 code of the language of its statements; empty if unknown."""
    model: str = ""
    """Name of the model that wrote in it; empty if none did."""
    writer: str = ""
    """The line that says who wrote it."""
    is_all_read: bool = False
    """Whether nothing of the documents is missing, so that a window need not say what
    was read.
    """
    is_draft: bool = False
    is_too_weak: bool = False
    """Whether a model was too weak for what was asked of it."""
    switches: tuple[tuple[str, bool], ...] = ()
    """Which of its task's switches a person can use, and whether they are on."""
    is_editable: bool = False
    """Whether a person can change the text of its statements."""
    has_ticks: bool = False
    """Whether a person chooses among its statements: those that are approved have a
    tick.
    """
    offers: tuple[Column, ...] = ()
    """Columns that a person may add to a grid by one press."""
    sheet: str = ""
    """Name of its sheet in a spreadsheet, where that is not the usual one."""
    subtitle: str = ""
    """What it is and of which documents, below the title of a file."""
    seconds: float = 0.0
    counted: tuple[tuple[int, int], ...] = ()
    """Of each chart the numbers of two columns: that whose values are counted, and that
    by whose; -1: by none.
    """
    wanting: str = ""
    """What a model would add, in a sentence. Empty if one was asked for all."""
    is_unfilled: bool = False
    """Whether making it again would fill what is missing."""

    @property
    def statements(self) -> Iterator[Statement]:
        """All statements but those of folded sections, in order."""
        for section in self.sections:
            if not section.is_folded:
                yield from section.statements

    @property
    def to_check(self) -> Sequence[Statement]:
        return [statement for statement in self.statements if statement.is_to_check]

    @property
    def kinds(self) -> dict[str, int]:
        """How many statements there are of each sort, in the order of the sorts."""
        counts: dict[str, int] = {}
        for statement in self.statements:
            if statement.kind:
                counts[statement.kind] = counts.get(statement.kind, 0) + 1
        return counts


class Edit(Record):
    """What a person does to a statement. Exactly one of the fields beside `statement`
    says what, but that a new text may be approved at once.
    """

    statement: str
    """Its id. Where statements have ticks, that of a section is for all of its
    statements.
    """
    text: str | None = None
    approved: bool | None = None
    action: str = ""
    """One of the actions that the task offers for its statements."""
    value: Json = None


ADD_COLUMN, REMOVE_COLUMN, RENAME_COLUMN = (
    "add_column",
    "remove_column",
    "rename_column",
)
"""Actions on the columns of a grid, with no statement. Value: a column; the number of
one; its number and its name.
"""
USE_COLUMNS = "use_columns"
"""Such an action too: other columns take their place. Value: the id of one of the sets
that the task has.
"""
CHECK = "check"
"""Action on a label of a sample. Value: the label that a person finds right."""
JOIN = "join"
"""Action with no statement: one more document. Value: its id."""


class Advice(Record):
    """What can be done once a statement was changed, offered with one press."""

    words: str
    action: str
    """Words of the button."""
    edit: Edit

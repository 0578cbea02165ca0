"""Reports made by hand, one for each layout, and a task without services that a pane of reports is shown for."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from slmdesk.base.documents import COME, GONE, Chart, ChartKind, Run, Series
from slmdesk.base.record import Record
from slmdesk.claims.types import Mark
from slmdesk.documents.types import Span
from slmdesk.tasks.report import Column, Layout, Report, Section, Statement, Value, ValueKind
from slmdesk.tasks.shape import Field, FieldKind, Task
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.tasks.controller import ResultController
from slmdesk.ui.tasks.painting import LINE_BREAK, due_words
from slmdesk.ui.tasks.pane import ResultPane
from slmdesk.ui.tasks.rows import RowKind

DOUBT = Mark("number", "40", 0, 2, "the page says 48")


class Asked(Record):
    documents: tuple[str, ...] = ()
    length: str = "medium"
    focus: str = ""


class Sample(Task[Asked, Asked]):
    kind, name, verb, prefix, help = "sample", "Sample", "Take a sample", "Sample", ""
    request, result = Asked, Asked
    forms = ("docx", "xlsx", "ics", "json")
    fields = (
        Field("length", "Length", "", FieldKind.CHOICE, (("short", "Short"), ("medium", "Medium")), "medium",
              is_quick=True),
        Field("focus", "Focus", "", hint="Focus on…"),
    )  # fmt: skip
    actions: ClassVar[dict[str, str]] = {"add": "Add", "receive": "Received…"}
    action_fields: ClassVar[dict[str, tuple[Field, ...]]] = {"receive": (Field("day", "Day", "", FieldKind.DAY),)}
    switches: ClassVar[dict[str, str]] = {"own_words": "In the document's own words"}
    kinds: ClassVar[dict[str, str]] = {
        "duty added": "Duties",
        "duty removed": "Duties",
        "amount": "Amounts",
        "moved": "Moved",
    }


class Heard(ResultController):
    """A controller that keeps what it is asked for, in place of the services."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        super().__init__(Bridge(), Sample())
        self.items.set_current("item")

    def edit(self, edit) -> None:
        self.asked.append(("edit", edit))

    def undo(self) -> None:
        self.asked.append(("undo",))

    def switch(self, key, *, is_on) -> None:
        self.asked.append(("switch", key, is_on))

    def begin(self, request, documents=()) -> None:
        self.asked.append(("begin", request))

    def begin_again(self) -> None:
        self.asked.append(("again",))

    def change(self, changes) -> None:
        self.asked.append(("change", dict(changes)))


def pane_of(qtbot, report: Report | None = None, width: int = 700, height: int = 600) -> tuple[ResultPane, Heard]:
    """A pane on the screen, and its controller."""
    heard = Heard()
    pane = ResultPane(heard, None)
    qtbot.addWidget(pane)
    pane.heard = heard  # it is kept by nobody else
    pane.resize(width, height)
    with qtbot.waitActive(pane):
        pane.show()
        pane.activateWindow()
    if report is not None:
        heard.made.emit(report)
    return pane, heard


def span(page: int) -> Span:
    return Span("paper", page, 10 * page, 10 * page + 5)


def said(number: int, **more) -> Statement:
    words = f"Statement {number} says that the rent rises by forty euros."
    return Statement(words, (span(number % 5 + 1),), f"p. {number % 5 + 1}", id=f"s{number}", **more)


def list_report(count: int = 5, **more) -> Report:
    due = (
        said(90, value=Value(date="2020-03-31"), notes=("received 9 February + 2 months",), actions=("receive",),
             filled=(("day", "2020-02-09"),)),
        said(91, value=Value(date="2099-02-05")),
    )  # fmt: skip
    points = tuple(said(number, marks=(DOUBT,) if number == 1 else ()) for number in range(count))
    wrong = said(80, marks=(Mark("differs", "120", 0, 3),))
    left_out = tuple(said(number, actions=("add",)) for number in range(70, 73))
    sections = (
        Section((said(99),)),
        Section(due, "To do"),
        Section((*points, wrong), "Key points"),
        Section(left_out, id="left out", is_folded=True),
    )
    return Report("sample", "A letter", sections, coverage_words="3 of 4 pages read.", writer="By Echo.", **more)


def changed_to(number: int, kind: str) -> Statement:
    runs = (Run("The rent is "), Run(f"{number}00", change=GONE), Run(f"{number}50", change=COME), Run(" euros."))
    return Statement(
        f"The rent is {number}50 euros.", (span(number + 1),), f"p. {number + 1}", id=f"c{number}", kind=kind,
        other=f"The rent is {number}00 euros.", runs=runs, gist=f"{number}00 → {number}50", rank=10 - number,
    )  # fmt: skip


KINDS = ("amount", "duty added", "amount", "duty removed", "moved")


def pages_report(**more) -> Report:
    known = tuple(Statement(f"Same {at}.", other=f"Same {at}.") for at in range(3))
    words = "3 unchanged paragraphs – show them"
    same = Section(known, words, id="same", is_folded=True, fold=words)
    changes = Section(tuple(changed_to(at, kind) for at, kind in enumerate(KINDS)), "§ 1", id="clause")
    return Report("sample", "Two leases", (same, changes), Layout.PAGES, lead="5 changes: 2 amounts", **more)


COLUMNS = (
    Column("Sender"), Column("Amount", ValueKind.AMOUNT, is_own=True), Column("Mood", ValueKind.LABEL, is_own=True),
)  # fmt: skip
MOODS = ("good", "bad", "good", "good")


def letter_row(number: int, amount: int, mood: str) -> Section:
    cells = (
        Statement(f"Firm {number}", (span(1),), "p. 1", ("Firm",), id=f"{number} 0"),
        Statement(f"{amount} EUR", (span(2),), "p. 2", ("it costs",), (DOUBT,) if number == 2 else (),
                  id=f"{number} 1", value=Value(number=amount, unit="EUR")),
        Statement(mood, (span(1),), "p. 1", ("How nice",), id=f"{number} 2", choices=("good", "bad")),
    )  # fmt: skip
    return Section(cells, f"letter {number}.pdf", id=f"row {number}", document=f"d{number}")


def grid_report(**more) -> Report:
    rows = tuple(letter_row(at, amount, MOODS[at]) for at, amount in enumerate((30, 4, 200, 7)))
    chart = Chart("Mood", ChartKind.BARS, ("good", "bad"), (Series("Rows", (3, 1)),), "Mood")
    return Report(
        "sample", "Letters", rows, Layout.GRID, columns=COLUMNS, charts=(chart,), counted=((2, -1),),
        offers=(Column("Topic"),), is_editable=True, **more,
    )  # fmt: skip


def said_in(pane: ResultPane) -> list[str]:
    """What stands in a pane, but for what is folded."""
    return [statement.text for statement in pane.view.statements]


def press_statement(pane: ResultPane, statement: Statement, link: str = "") -> None:
    """Press a statement in a list, or words below it that take an action."""
    shown = pane.view.lists[0]
    index = shown.rows.index_of(statement)
    shown.scrollTo(index)
    place = shown.visualRect(index)
    at = QPoint(place.right() - 4, place.top() + 4)
    for known in shown.painter.drawn(shown.rows.row_at(index)).links:
        if link and link in (known.action, known.choice):
            at = place.topLeft() + known.place.center().toPoint()
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=at)


def press_row(pane: ResultPane, begin: str) -> None:
    """Press the row whose words begin so."""
    shown = pane.view.lists[0]
    at = next(at for at, row in enumerate(shown.rows.rows) if row.text.startswith(begin))
    index = shown.rows.index(at)
    shown.scrollTo(index)
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=shown.visualRect(index).center())


def titles_in(pane: ResultPane) -> list[str]:
    return [row.text for row in pane.view.lists[0].rows.rows if row.kind is RowKind.TITLE]


def days_in(pane: ResultPane) -> list[str]:
    """The days before what is to be done, a line for each."""
    return [due_words(one.value).replace(LINE_BREAK, " ") for one in pane.view.statements if one.value]

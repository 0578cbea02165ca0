"""The pane of reports beside what it can do: thousands of statements, nothing, long texts, sizes and colours."""

from __future__ import annotations

import pytest
from fakes.reports import COLUMNS, Sample, grid_report, list_report, pages_report, pane_of, said
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from slmdesk.base.record import changed
from slmdesk.tasks.report import Layout, Report, Section, Statement, Value
from slmdesk.tasks.shape import Growth
from slmdesk.ui.kit.base.theme import ThemeKeeper

pytestmark = pytest.mark.gui
MANY = 5_000


def many() -> Report:
    return Report("sample", "Many", (Section(tuple(said(number) for number in range(MANY)), "All"),))


def test_of_thousands_of_statements_none_has_a_widget_and_few_are_laid_out(qtbot):
    pane, __ = pane_of(qtbot, list_report())
    before = len(pane.findChildren(QWidget))
    pane.show_report(many())
    shown = pane.view.lists[0]
    shown.grab()
    assert len(pane.findChildren(QWidget)) == before
    assert shown.model().rowCount() == MANY + 1
    assert sum(row.drawn is not None for row in shown.rows.rows) <= MANY / 10


def test_the_last_of_thousands_is_gone_to_at_once(qtbot):
    pane, __ = pane_of(qtbot, many())
    shown = pane.view.lists[0]
    shown.light([said(MANY - 1)])
    assert shown.viewport().rect().intersects(shown.visualRect(shown.currentIndex()))


@pytest.mark.parametrize("layout", list(Layout))
def test_a_report_that_says_nothing_is_shown_as_nothing(qtbot, layout):
    pane, __ = pane_of(qtbot, Report("sample", "Nothing", layout=layout, coverage_words="Nothing was read."))
    assert pane.view.statements == []
    assert not pane.findChild(QWidget, "sample_begin").isVisible()
    assert pane.findChild(QLabel, "sample_coverage").text() == "Nothing was read."


def test_what_stands_below_a_statement_begins_beside_a_day_of_two_lines(qtbot):
    past = Statement("Pay.", id="a", value=Value(date="2020-03-05"), notes=("a.pdf",))
    pane, __ = pane_of(qtbot, Report("sample", "Due", (Section((past,), "Overdue"),)))
    shown = pane.view.lists[0]
    day, text, note = shown.painter.drawn(shown.rows.rows[1]).parts
    assert day[0].height > text[0].height
    assert note[1].y() == text[1].y() + text[0].height


def test_a_statement_without_text_says_why(qtbot):
    rows = (Section((Statement("", missing="not read"), Statement("", is_open=True), Statement("")), "a.pdf"),)
    pane, __ = pane_of(qtbot, Report("sample", "A", rows, Layout.GRID, columns=COLUMNS))
    assert [pane.view.model.index(0, at).data() for at in (1, 2, 3)] == ["not read", "…", "–"]


@pytest.fixture
def keeper(qapp):
    """Of the looks and the size of text, which other tests have as they were."""
    made = ThemeKeeper(qapp, choice="light")
    yield made
    made.set_choice("light")
    made.set_font_scale(100)


LONG = "A word that is long: " + "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 4


@pytest.mark.parametrize(
    ("choice", "scale", "width"),
    [
        ("light", 100, 1000), ("light", 150, 300), ("dark", 100, 300), ("dark", 150, 1000), ("contrast", 100, 300),
        ("contrast", 150, 1000),
    ],
)  # fmt: skip
def test_nothing_reaches_over_the_edge(qtbot, keeper, choice, scale, width):
    """With long words, in each look with each size of text, and in each of both with each width."""
    keeper.set_choice(choice)
    keeper.set_font_scale(scale)
    for report in (list_report(), pages_report(), grid_report()):
        sections = list(report.sections)
        first = sections[-1].statements[0]
        sections[-1] = changed(
            sections[-1], statements=(changed(first, text=LONG, other=LONG), *sections[-1].statements[1:])
        )
        pane, __ = pane_of(qtbot, changed(report, sections=tuple(sections), lead=LONG), width)
        keeper.dress(pane)
        pane.grab()
        inside = QRect(0, 0, pane.width(), pane.height())
        for button in pane.findChildren(QAbstractButton):
            place = QRect(button.mapTo(pane, button.rect().topLeft()), button.size())
            assert not button.isVisible() or inside.contains(place), (report.layout, button.objectName())
        for shown in pane.view.lists:
            for row in shown.rows.rows:
                for text, place, __ in shown.painter.drawn(row).parts:
                    widest = max(text.layout.lineAt(at).naturalTextWidth() for at in range(text.layout.lineCount()))
                    assert place.x() + widest <= shown.viewport().width() + 1 or not shown.isVisible()


def test_rows_that_stay_the_same_keep_what_was_drawn_and_where_one_is(qtbot):
    pane, heard = pane_of(qtbot, list_report(30), height=300)
    shown = pane.view.lists[0]
    shown.go_to(said(20))
    place, rows = shown.verticalScrollBar().value(), list(shown.rows.rows)
    report = list_report(30)
    points = report.sections[2]
    edited = changed(points.statements[25], text="Another one.", is_edited=True)
    statements = (*points.statements[:25], edited, *points.statements[26:])
    heard.made.emit(
        changed(report, sections=(*report.sections[:2], changed(points, statements=statements), report.sections[3]))
    )
    assert sum(now is not before for now, before in zip(shown.rows.rows, rows, strict=True)) == 1
    assert shown.current == said(20)
    assert shown.verticalScrollBar().value() == place


def test_what_grows_replaces_sections_of_the_same_name_or_all():
    first, second = Section((said(0),), id="a"), Section((said(1),), id="b")
    grown = Sample().grown
    report = grown(Report("sample", ""), Growth((first, second)))
    other = Section((said(2),), id="a")
    assert grown(report, Growth((other,))).sections == (other, second)
    assert grown(report, Growth((other,), is_whole=True)).sections == (other,)
    assert grown(report, Growth(lead="2 of 3")).lead == "2 of 3"


def test_another_report_begins_at_its_top(qtbot):
    pane, heard = pane_of(qtbot, list_report(40))
    bar = pane.view.list.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    heard.made.emit(list_report(41))
    assert bar.value() > 0, "what the same has become stays in its place"
    heard.items.set_current("other")
    heard.made.emit(list_report(42))
    assert bar.value() == 0

"""Each thing that a person could do in the panes of summaries, tables and comparisons can be done in the one pane."""

from __future__ import annotations

import pytest
from fakes.reports import DOUBT, changed_to, grid_report, list_report, pages_report, pane_of, said
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QPlainTextEdit, QWidget

from slmdesk.base.record import changed
from slmdesk.base.records import JobStatus
from slmdesk.documents.types import Span
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.report import Due, Edit, Layout, Report, Section, Statement
from slmdesk.tasks.service import ReportGrew
from slmdesk.tasks.shape import Growth
from slmdesk.ui.tasks.counts import SampleDialog
from slmdesk.ui.tasks.painting import box_of

pytestmark = pytest.mark.gui


def find(pane, name: str, kind: type = QWidget):
    found = pane.window().findChild(kind, name)
    assert found is not None, name
    return found


def click(widget, at: QPoint | None = None) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at if at is not None else widget.rect().center())


def click_row(shown, row: int) -> None:
    click(shown.viewport(), shown.visualRect(shown.model().index(row, 0)).center())


def click_link(shown, statement, action: str) -> None:
    index = shown.rows.index_of(statement)
    row = shown.rows.row_at(index)
    link = next(link for link in shown.painter.drawn(row).links if action in (link.action, link.choice))
    click(shown.viewport(), shown.visualRect(index).topLeft() + link.place.center().toPoint())


def texts(shown) -> list[str]:
    return [shown.model().index(row, 0).data() for row in range(shown.model().rowCount())]


def actions(menu: QMenu) -> dict[str, object]:
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions()}


class TestAList:
    def test_a_sentence_leads_to_its_source_by_click_and_by_key(self, qtbot):
        pane, __ = pane_of(qtbot, list_report())
        shown = pane.view.lists[0]
        got = []
        pane.statement_chosen.connect(got.append)
        click_row(shown, 0)
        QTest.keyClick(shown, Qt.Key.Key_Down)
        QTest.keyClick(shown, Qt.Key.Key_Down)
        QTest.keyClick(shown, Qt.Key.Key_Return)
        assert [statement.id for statement in got] == ["s99", "s91"], "the title between them is no stop"
        assert [statement.id for statement in shown.lit] == ["s91"]

    def test_the_source_of_what_is_pointed_at_is_shown(self, qtbot):
        pane, __ = pane_of(qtbot, list_report())
        shown, got = pane.view.lists[0], []
        pane.statement_pointed_at.connect(got.append)
        QTest.mouseMove(shown.viewport(), shown.visualRect(shown.model().index(0, 0)).center())
        shown.entered.emit(shown.model().index(0, 0))
        shown.entered.emit(shown.model().index(1, 0))
        assert [statement and statement.id for statement in got[-2:]] == ["s99", None], "a title stands nowhere"

    def test_a_place_on_the_page_lights_the_sentences_that_stand_there(self, qtbot):
        pane, __ = pane_of(qtbot, list_report())
        pane.light_of([Span("paper", 2, 20, 25)])
        assert {statement.sources[0].page for statement in pane.view.lists[0].lit} == {2}

    def test_what_is_doubtful_and_what_is_wrong_is_marked(self, qtbot):
        pane, __ = pane_of(qtbot, list_report())
        shown = pane.view.lists[0]
        colours = {
            row.statement.id: {colour for __, __, colour in shown.painter.drawn(row).parts} for row in shown.rows.rows
        }
        assert "warn" in colours["s1"]
        assert "danger" in colours["s80"]
        assert not {"warn", "danger"} & colours["s2"]
        spoken = shown.model().index(texts(shown).index(said(1).text), 0).data(Qt.ItemDataRole.AccessibleTextRole)
        assert "p. 2" in spoken
        assert "Check this" in spoken

    def test_days_stand_before_what_is_due_and_over_ones_say_so(self, qtbot):
        pane, __ = pane_of(qtbot, list_report())
        shown = pane.view.lists[0]
        days = [shown.painter.drawn(row).parts[0][0].layout.text() for row in shown.rows.rows if row.has_days][1:]
        assert days == ["31 Mar 2020\u2028over", "5 Feb 2099"]

    def test_the_day_of_receipt_is_asked_for_and_what_is_no_day_is_refused(self, qtbot):
        pane, heard = pane_of(qtbot, list_report())
        due = list_report().sections[1].statements[0]
        click_link(pane.view.lists[0], due, "receive")
        line = find(pane, "receive_day")
        line.setText("gestern")
        click(find(pane, "confirm_receive"))
        assert heard.asked == []
        assert "year" in find(pane, "receive_day_problem").text()
        line.setText("4.11.2026")
        click(find(pane, "confirm_receive"))
        assert heard.asked == [("edit", Edit("s90", action="receive", value={"day": "2026-11-04"}))]

    def test_what_is_due_goes_into_the_calendar_from_its_title(self, qtbot):
        pane, __ = pane_of(qtbot, list_report())
        shown, got = pane.view.lists[0], []
        pane.export_requested.connect(got.append)
        row = next(row for row in shown.rows.rows if row.text == "To do")
        link = shown.painter.drawn(row).links[0]
        at = shown.visualRect(shown.model().index(shown.rows.rows.index(row), 0)).topLeft()
        click(shown.viewport(), at + link.place.center().toPoint())
        assert got == ["ics"]

    def test_what_is_left_out_is_unfolded_and_added(self, qtbot):
        pane, heard = pane_of(qtbot, list_report())
        shown = pane.view.lists[0]
        count = shown.model().rowCount()
        assert texts(shown)[-1] == "3 more passages"
        shown.scrollToBottom()
        click_row(shown, count - 1)
        assert shown.model().rowCount() == count + 3
        shown.scrollToBottom()
        click_link(shown, list_report().sections[-1].statements[0], "add")
        assert heard.asked == [("edit", Edit("s70", action="add"))]
        shown.setCurrentIndex(shown.model().index(count - 1, 0))
        QTest.keyClick(shown, Qt.Key.Key_Space)
        assert shown.model().rowCount() == count

    def test_a_sentence_is_changed_in_its_place_and_the_change_taken_back(self, qtbot):
        pane, heard = pane_of(qtbot, list_report(is_editable=True))
        shown = pane.view.lists[0]
        shown.setFocus()
        shown.setCurrentIndex(shown.rows.index_of(said(99)))
        QTest.keyClick(shown, Qt.Key.Key_F2)
        editor = find(pane, "statement_editor", QPlainTextEdit)
        editor.setPlainText("As a person says it.")
        QTest.keyClick(editor, Qt.Key.Key_Return)
        assert heard.asked == [("edit", Edit("s99", "As a person says it."))]
        shown.setFocus()
        QTest.keyClick(shown, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert heard.asked[-1] == ("undo",)

    def test_one_text_of_several_is_chosen_by_a_click(self, qtbot):
        other = said(1, choices=("The rent rises by 48 euros.",))
        pane, heard = pane_of(qtbot, Report("sample", "A letter", (Section((said(0), other)),)))
        click_link(pane.view.lists[0], other, "The rent rises by 48 euros.")
        assert heard.asked == [("edit", Edit("s1", "The rent rises by 48 euros."))]

    def test_what_is_copied_has_the_days_that_were_reckoned(self, qtbot):
        day = "To object: 26 November, received 12 November + 2 weeks"
        due = Due("2026-11-26", "To object", "", "key", line=day), Due("2026-12-01", "To pay", "", "other")
        pane, __ = pane_of(qtbot, changed(list_report(), due=due))
        click(find(pane, "sample_copy"))
        assert f"\n\n**Deadlines**\n\n- {day}\n\n" in QApplication.clipboard().text()

    def test_all_is_copied_with_sources_and_one_sentence_too(self, qtbot):
        pane, __ = pane_of(qtbot, list_report())
        click(find(pane, "sample_copy"))
        copied = QApplication.clipboard().text()
        assert f"- {said(1).text} [p. 2]" in copied
        assert copied.endswith("3 more passages.\n\n3 of 4 pages read.")
        assert find(pane, "sample_copy").accessibleDescription() == "Copied."
        shown = pane.view.lists[0]
        shown.setFocus()
        shown.setCurrentIndex(shown.rows.index_of(said(2)))
        QTest.keyClick(shown, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert QApplication.clipboard().text() == f"{said(2).text} [p. 3]"

    def test_the_menu_of_a_sentence_has_all_that_can_be_done_to_it(self, qtbot):
        pane, __ = pane_of(qtbot, list_report(is_editable=True))
        shown = pane.view.lists[0]
        due = list_report().sections[1].statements[0]
        menu = shown.menu_of(due, shown.rows.index_of(due))
        assert list(actions(menu))[:6] == [
            "Show source",
            "Copy with source",
            "Edit",
            "Received…",
            "Translate",
            "Copy without names…",
        ]

    def test_long_sentences_are_cut_until_they_are_chosen(self, qtbot):
        long = changed(said(1), text="word " * 60)
        pane, __ = pane_of(qtbot, Report("sample", "A letter", (Section((said(0), long), "Points"),)))
        shown = pane.view.lists[0]
        before = shown.visualRect(shown.rows.index_of(long)).height()
        click_row(shown, 2)
        qtbot.waitUntil(lambda: shown.visualRect(shown.rows.index_of(long)).height() > before)

    def test_another_way_to_show_it_is_chosen(self, qtbot):
        pane, heard = pane_of(qtbot, list_report(switches=(("own_words", False),)))
        click(find(pane, "sample_own_words"))
        assert heard.asked == [("switch", "own_words", True)]
        heard.made.emit(list_report())
        assert find(pane, "sample_own_words").isHidden(), "no model wrote in it"


def ticked_report(*ticked: int) -> Report:
    finds = tuple(said(at, is_approved=at in ticked) for at in range(4))
    sections = (Section(finds[:2], "Names", id="names"), Section(finds[2:], "Numbers", id="numbers"))
    return Report("sample", "Finds", sections, has_ticks=True)


def ticks(shown) -> list[Qt.CheckState]:
    return [shown.model().index(at, 0).data(Qt.ItemDataRole.CheckStateRole) for at in range(shown.model().rowCount())]


YES, NO, SOME = Qt.CheckState.Checked, Qt.CheckState.Unchecked, Qt.CheckState.PartiallyChecked


class TestTicks:
    def test_statements_have_a_tick_and_titles_that_of_theirs(self, qtbot):
        pane, __ = pane_of(qtbot, ticked_report(0, 2, 3))
        assert ticks(pane.view.lists[0]) == [SOME, YES, NO, YES, YES, YES]

    def test_a_click_on_the_box_ticks_and_one_beside_it_goes_to_the_source(self, qtbot):
        pane, heard = pane_of(qtbot, ticked_report(0))
        shown, got = pane.view.lists[0], []
        pane.statement_chosen.connect(got.append)
        for row in (1, 2, 0):
            place = shown.visualRect(shown.model().index(row, 0))
            click(shown.viewport(), box_of(shown.rows.rows[row], place).center().toPoint())
        assert [edit for __, edit in heard.asked] == [
            Edit("s0", approved=False), Edit("s1", approved=True), Edit("names", approved=True)
        ]  # fmt: skip
        assert got == []
        click_row(shown, 2)
        assert [statement.id for statement in got] == ["s1"]
        assert len(heard.asked) == 3

    def test_space_ticks_what_an_arrow_leads_to_also_a_title_and_the_focus_stays(self, qtbot):
        pane, heard = pane_of(qtbot, ticked_report(0))
        shown = pane.view.lists[0]
        shown.setFocus()
        shown.setCurrentIndex(shown.model().index(2, 0))
        QTest.keyClick(shown, Qt.Key.Key_Space)
        QTest.keyClick(shown, Qt.Key.Key_Down)
        QTest.keyClick(shown, Qt.Key.Key_Space)
        assert [edit for __, edit in heard.asked] == [Edit("s1", approved=True), Edit("numbers", approved=True)]
        QTest.keyClick(shown, Qt.Key.Key_Up)
        click_row(shown, 2)
        heard.made.emit(ticked_report(0, 1, 2, 3))
        assert ticks(shown) == [YES] * 6
        assert shown.currentIndex().row() == 2
        assert [statement.id for statement in shown.lit] == ["s1"]
        assert shown.lit[0].is_approved


class TestTwoPages:
    def test_both_texts_scroll_together_and_show_what_went_and_came(self, qtbot):
        pane, __ = pane_of(qtbot, pages_report(), 1000)
        pages, __ = pane.view.lists
        row = next(row for row in pages.rows.rows if row.statement.id == "c0")
        left, right = (text.layout.text() for text, __, __ in pages.painter.drawn(row).parts[:2])
        assert (left, right) == ("The rent is 000 euros.", "The rent is 050 euros.")
        ranges = [text.layout.formats()[0] for text, __, __ in pages.painter.drawn(row).parts[:2]]
        assert [part.format.fontStrikeOut() for part in ranges] == [True, False]
        assert [part.format.fontUnderline() for part in ranges] == [False, True]

    def test_the_next_and_the_previous_change_by_buttons_and_keys(self, qtbot):
        pane, __ = pane_of(qtbot, pages_report(), 1000)
        listed = pane.view.list
        count = find(pane, "sample_count", QLabel)
        assert count.text() == "5 changes"
        click(find(pane, "sample_next"))
        assert (pane.view.current.id, count.text()) == ("c4", "1 of 5"), "the most important first"
        listed.setFocus()
        QTest.keyClick(listed, Qt.Key.Key_F8)
        assert pane.view.current.id == "c3"
        QTest.keyClick(listed, Qt.Key.Key_F8, Qt.KeyboardModifier.ShiftModifier)
        QTest.keyClick(listed, Qt.Key.Key_F8, Qt.KeyboardModifier.ShiftModifier)
        assert pane.view.current.id == "c0", "behind the first comes the last"
        assert [statement.id for shown in pane.view.lists for statement in shown.lit] == ["c0", "c0"]

    def test_sorts_of_changes_are_counted_and_listed_alone(self, qtbot):
        pane, __ = pane_of(qtbot, pages_report(), 1000)
        chosen = find(pane, "sample_filter")
        assert [chosen.itemText(at) for at in range(chosen.count())] == ["All 5", "Duties 2", "Amounts 2", "Moved 1"]
        chosen.setCurrentIndex(1)
        chosen.activated.emit(1)
        assert [statement.kind for statement in pane.view.list.rows.statements] == ["duty removed", "duty added"]

    def test_the_list_goes_by_weight_or_by_the_text(self, qtbot):
        pane, __ = pane_of(qtbot, pages_report(), 1000)
        find(pane, "sample_menu", QMenu)
        actions(find(pane, "sample_menu", QMenu))["In the order of the text"].trigger()
        assert [statement.id for statement in pane.view.list.rows.statements] == ["c0", "c1", "c2", "c3", "c4"]

    def test_unchanged_text_is_unfolded(self, qtbot):
        pane, __ = pane_of(qtbot, pages_report(), 1000)
        pages = pane.view.lists[0]
        assert texts(pages)[0] == "3 unchanged paragraphs – show them"
        click_row(pages, 0)
        assert texts(pages)[1:4] == ["Same 0.", "Same 1.", "Same 2."]

    def test_beside_the_pages_a_change_goes_to_its_page_and_both_texts_come_back(self, qtbot):
        pane, __ = pane_of(qtbot, pages_report(), 1000)
        wide, got = [], []
        pane.width_requested.connect(wide.append)
        pane.statement_chosen.connect(got.append)
        click(find(pane, "sample_next"))
        assert got == [], "both texts are there"
        actions(find(pane, "sample_menu", QMenu))["Show on the page"].trigger()
        assert [statement.id for statement in got] == ["c4"]
        click(find(pane, "sample_next"))
        assert [statement.id for statement in got] == ["c4", "c3"]
        actions(find(pane, "sample_menu", QMenu))["Side by side"].trigger()
        assert wide == [False, True]
        assert pane.view.lists[0].isVisible()

    def test_pointing_at_a_change_lights_it_on_both_pages(self, qtbot):
        pane, __ = pane_of(qtbot, pages_report(), 1000)
        pages, listed = pane.view.lists
        before = pages.grab().toImage()
        listed.entered.emit(listed.model().index(2, 0))
        assert pages.grab().toImage() != before

    def test_in_a_narrow_pane_the_list_folds(self, qtbot):
        pane, __ = pane_of(qtbot, pages_report(), 1000)
        assert pane.view.list.isVisible()
        pane.resize(500, 600)
        assert not pane.view.list.isVisible()
        assert find(pane, "sample_filter").isVisible()

    def test_the_right_text_is_changed_in_its_place(self, qtbot):
        pane, heard = pane_of(qtbot, pages_report(is_editable=True), 1000)
        pages = pane.view.lists[0]
        index = pages.rows.index_of(changed_to(1, "duty added"))
        place = pages.visualRect(index)
        QTest.mouseDClick(pages.viewport(), Qt.MouseButton.LeftButton, pos=place.center() + QPoint(40, 0))
        editor = find(pane, "statement_editor", QPlainTextEdit)
        assert editor.x() >= place.width() // 2 - 1, "the text at the left stays in sight"
        editor.setPlainText("The rent is 151 euros.")
        QTest.keyClick(editor, Qt.Key.Key_Return)
        assert heard.asked == [("edit", Edit("c1", "The rent is 151 euros."))]


class TestAReview:
    """Of a report whose statements are all of one sort, as segments of a translation are."""

    @pytest.fixture
    def pane(self, qtbot):
        segments = [Statement(f"Satz {at}.", (), id=f"t{at}", other=f"Sentence {at}.") for at in range(4)]
        segments[2] = changed(segments[2], marks=(DOUBT,))
        report = Report("sample", "A translation", (Section(tuple(segments)),), Layout.PAGES, is_editable=True)
        pane, __ = pane_of(qtbot, report, 1000)
        return pane

    def test_what_is_to_check_is_shown_alone_and_stepped_through(self, pane):
        pages = pane.view.listed
        assert pages.isVisible()
        chosen = find(pane, "sample_filter")
        assert [chosen.itemText(at) for at in range(chosen.count())] == ["All 4", "1 to check"]
        assert find(pane, "sample_count", QLabel).text() == "4"
        chosen.setCurrentIndex(1)
        chosen.activated.emit(1)
        assert texts(pages) == ["Satz 2."]
        click(find(pane, "sample_next"))
        assert pane.view.current.id == "t2"
        assert find(pane, "sample_count", QLabel).text() == "1 of 1"

    def test_words_about_a_text_that_is_not_there_are_not_in_the_colour_of_a_text(self, qtbot):
        segments = (
            Statement("Satz 0.", (), id="t0", other="Sentence 0."),
            Statement("", (), id="t1", other="Sentence 1.", missing="not yet"),
        )
        pane, __ = pane_of(qtbot, Report("sample", "A translation", (Section(segments),), Layout.PAGES), 1000)
        pages = pane.view.listed
        drawn = [pages.painter.drawn(row) for row in pages.rows.rows]
        assert [[colour for _text, _place, colour in one.parts] for one in drawn] == [["ink", "ink"], ["ink", "ink2"]]

    def test_a_segment_is_approved_by_a_key_and_in_its_menu(self, pane):
        pages = pane.view.listed
        pages.setFocus()
        pages.setCurrentIndex(pages.model().index(1, 0))
        QTest.keyClick(pages, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        assert pane.heard.asked == [("edit", Edit("t1", approved=True))]
        assert "Approve" in actions(pages.menu_of(pages.current, pages.currentIndex()))

    def test_what_is_typed_stays_while_its_rows_become_others(self, pane):
        pages = pane.view.listed
        editor = edited(pages, 1)
        editor.setPlainText("Mein Satz.")
        (section,) = pane.report.sections
        statements = tuple(changed(one, text=f"{one.text} Neu.", marks=()) for one in section.statements)
        pane.show_report(changed(pane.report, sections=(Section(statements),)))
        assert texts(pages) == [f"Satz {at}. Neu." for at in range(4)]
        assert (editor.isVisible(), editor.toPlainText()) == (True, "Mein Satz.")
        QTest.keyClick(editor, Qt.Key.Key_Return)
        assert pane.heard.asked == [("edit", Edit("t1", "Mein Satz."))]

    def test_a_text_is_kept_and_approved_by_one_key_and_comes_back_where_it_was_refused(self, pane):
        pages = pane.view.listed
        edited(pages, 1).setPlainText("Mein Satz.")
        QTest.keyClick(pages.findChild(QPlainTextEdit), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        assert pane.heard.asked == [("edit", Edit("t1", "Mein Satz.", approved=True))]
        pane.controller.edit_refused.emit(Edit("t1", "Mein Satz."))
        shown = [one for one in pages.findChildren(QPlainTextEdit) if one.isVisible()]
        assert [one.toPlainText() for one in shown] == ["Mein Satz."]

    def test_what_is_ranked_first_stays_where_it_is_once_it_is_approved(self, qtbot):
        segments = [Statement(f"Satz {at}.", (), id=f"t{at}", other=f"Sentence {at}.", rank=2) for at in range(3)]
        segments[2] = changed(segments[2], marks=(DOUBT,), rank=1)
        report = Report("sample", "A translation", (Section(tuple(segments)),), Layout.PAGES, is_editable=True)
        pane, __ = pane_of(qtbot, report, 1000)
        assert texts(pane.view.listed) == ["Satz 2.", "Satz 0.", "Satz 1."]
        segments[2] = changed(segments[2], marks=(), rank=2, is_approved=True)
        pane.show_report(changed(report, sections=(Section(tuple(segments)),)))
        assert texts(pane.view.listed) == ["Satz 2.", "Satz 0.", "Satz 1."]


def edited(shown, row: int) -> QPlainTextEdit:
    """The editor of a row, opened by a key."""
    shown.setFocus()
    shown.setCurrentIndex(shown.model().index(row, 0))
    QTest.keyClick(shown, Qt.Key.Key_F2)
    return shown.findChild(QPlainTextEdit, "statement_editor")


def cell(pane, row: int, column: int) -> str:
    return pane.view.model.index(row, column).data()


class TestAGrid:
    def test_rows_are_sorted_by_a_column_as_numbers_and_back(self, qtbot):
        pane, __ = pane_of(qtbot, grid_report())
        header = pane.view.table.horizontalHeader()
        at = QPoint(header.sectionViewportPosition(2) + 20, header.height() // 2)
        click(header.viewport(), at)
        assert [cell(pane, row, 2) for row in range(4)] == ["4 EUR", "7 EUR", "30 EUR", "200 EUR"]
        click(header.viewport(), at)
        assert cell(pane, 0, 2) == "200 EUR"
        click(header.viewport(), at)
        assert [cell(pane, row, 0) for row in range(2)] == ["letter 0.pdf", "letter 1.pdf"]

    def test_a_column_is_added_named_anew_and_left_out(self, qtbot, monkeypatch):
        pane, heard = pane_of(qtbot, grid_report())
        click(find(pane, "sample_new_column"))
        find(pane, "sample_column_line").setText("Rent")
        click(find(pane, "sample_column_add"))
        assert heard.asked.pop() == (
            "edit", Edit("", action="add_column", value={"id": "", "name": "Rent", "kind": "text", "labels": []})
        )  # fmt: skip
        click(find(pane, "sample_new_column"))
        click(find(pane, "sample_column_offer_Topic"))
        assert heard.asked.pop()[1].value["name"] == "Topic"
        menu = pane.view._column_menu(2)
        assert list(actions(menu)) == ["Sort by it", "Rename…", "Leave out"]
        actions(menu)["Leave out"].trigger()
        assert heard.asked.pop() == ("edit", Edit("", action="remove_column", value=1))
        assert list(actions(pane.view._column_menu(1))) == ["Sort by it"], "it belongs to the task"

    def test_labels_of_a_persons_own_are_a_column(self, qtbot):
        pane, heard = pane_of(qtbot, grid_report())
        click(find(pane, "sample_new_column"))
        find(pane, "sample_column_line").setText("Tone")
        click(find(pane, "sample_column_own"))
        find(pane, "sample_column_labels").setPlainText("kind\nrude: it hurts\n")
        click(find(pane, "sample_column_add"))
        assert heard.asked[0][1].value == {
            "id": "", "name": "Tone", "kind": "label", "labels": ["kind", "rude: it hurts"],
        }  # fmt: skip

    def test_a_cell_shows_what_proves_it_and_leads_to_its_page(self, qtbot):
        pane, __ = pane_of(qtbot, grid_report())
        table, got = pane.view.table, []
        pane.statement_chosen.connect(got.append)
        click(table.viewport(), table.visualRect(pane.view.model.index(2, 2)).center())
        assert find(pane, "sample_cell_quote", QLabel).text() == "“it costs”"
        assert "number not in the quotation" in find(pane, "sample_cell_doubt", QLabel).text()
        assert find(pane, "sample_cell_place", QLabel).text() == "p. 2"
        click(find(pane, "sample_show_cell"))
        assert [statement.id for statement in got] == ["2 1"]

    def test_the_next_cell_to_check_is_gone_to(self, qtbot):
        pane, __ = pane_of(qtbot, grid_report())
        doubts = find(pane, "sample_doubts")
        assert doubts.text() == "1 to check"
        click(doubts)
        index = pane.view.table.currentIndex()
        assert (index.row(), index.column()) == (2, 2)
        assert find(pane, "sample_proof").isVisible()

    def test_a_cell_is_changed_in_its_place(self, qtbot):
        pane, heard = pane_of(qtbot, grid_report())
        table = pane.view.table
        table.setFocus()
        table.setCurrentIndex(pane.view.model.index(0, 1))
        QTest.keyClick(table, Qt.Key.Key_Return)
        editor = table.findChild(QLineEdit)
        editor.setText("Firm Zero")
        QTest.keyClick(editor, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: heard.asked == [("edit", Edit("0 0", "Firm Zero"))])
        QTest.keyClick(table, Qt.Key.Key_Space)
        assert find(pane, "sample_proof").isVisible()

    def test_counts_have_a_chart_and_a_figure_shows_its_rows(self, qtbot):
        pane, __ = pane_of(qtbot, grid_report())
        find(pane, "sample_segments").setCurrentIndex(1)
        assert find(pane, "sample_counts_chart").chart.title == "Mood"
        figures = find(pane, "sample_counts_figures")
        figures.cellActivated.emit(0, 1)
        assert [cell(pane, row, 3) for row in range(pane.view.model.rowCount())] == ["good"] * 3
        assert find(pane, "sample_only").text() == "good: 3"
        click(find(pane, "sample_only"))
        assert pane.view.model.rowCount() == 4
        assert {action.text() for action in find(pane, "sample_counts_save_menu", QMenu).actions()} == {
            "Picture (SVG)", "Picture (PNG)",
        }  # fmt: skip

    def test_a_sample_is_checked_by_keys(self, qtbot):
        pane, heard = pane_of(qtbot, grid_report())
        find(pane, "sample_segments").setCurrentIndex(1)
        click(find(pane, "sample_counts_check"))
        dialog = find(pane, "check_dialog", SampleDialog)
        first = find(pane, "check_found", QLabel).text()
        click(find(pane, "check_agree"))
        click(find(pane, "check_2"))
        assert [(edit.action, edit.value) for __, edit in heard.asked] == [("check", first), ("check", "bad")]
        click(find(pane, "check_back"))
        assert find(pane, "check_progress", QLabel).text() == "2 of 4"
        dialog.close()

    def test_rows_that_come_leave_the_chosen_one_where_it_is(self, qtbot):
        report = grid_report()
        pane, heard = pane_of(qtbot)
        heard.grew.emit(changed(report, sections=report.sections[:2], is_draft=True), "")
        pane.view_of(Layout.GRID).table.setCurrentIndex(pane.view_of(Layout.GRID).model.index(1, 2))
        heard.grew.emit(changed(report, is_draft=True), "")
        shown = pane.view_of(Layout.GRID)
        assert shown.model.rowCount() == 4
        assert (shown.table.currentIndex().row(), shown.table.currentIndex().column()) == (1, 2)

    def test_cells_that_change_leave_the_chosen_one_where_it_is(self, qtbot):
        pane, heard = pane_of(qtbot, grid_report())
        pane.view.table.setCurrentIndex(pane.view.model.index(2, 1))
        rows = list(grid_report().sections)
        rows[0] = changed(rows[0], statements=(changed(rows[0].statements[0], text="Other"), *rows[0].statements[1:]))
        heard.made.emit(changed(grid_report(), sections=tuple(rows)))
        assert cell(pane, 0, 1) == "Other"
        assert pane.view.table.currentIndex().row() == 2


class TestEachOfThem:
    def test_it_is_begun_by_a_button_in_the_middle_and_as_the_form_says(self, qtbot):
        pane, heard = pane_of(qtbot)
        assert find(pane, "sample_begin").text() == "Take a sample"
        click(find(pane, "sample_begin"))
        click(find(pane, "sample_options"))
        find(pane, "sample_focus").setText("costs")
        click(find(pane, "sample_begin_so"))
        assert [asked[1].focus for asked in heard.asked] == ["", "costs"]

    def test_another_length_makes_another_one_at_once(self, qtbot):
        pane, heard = pane_of(qtbot, list_report())
        box = find(pane, "sample_length")
        box.setCurrentIndex(0)
        box.activated.emit(0)
        assert heard.asked == [("change", {"length": "short"})]

    def test_progress_is_seen_and_can_be_paused_and_cancelled(self, qtbot):
        pane, heard = pane_of(qtbot)
        heard.begun.emit(True)
        qtbot.waitUntil(lambda: find(pane, "making_sample").isVisible())
        assert find(pane, "making_sample_words", QLabel).text() == "Waiting for the model…"
        assert not find(pane, "sample_begin").isVisible()
        heard.job_reported.emit(JobChanged("j", "sample", JobStatus.RUNNING, 19, 48, eta_s=240.0))
        assert find(pane, "making_sample_words", QLabel).text() == "19 of 48 steps, 5 min left"
        heard.job_reported.emit(JobChanged("j", "sample", JobStatus.RUNNING, 0, 26, share=0.449))
        assert find(pane, "making_sample_words", QLabel).text() == "44 %", "as the list of jobs and its button say"
        assert find(pane, "pause_sample_button").isVisible()
        assert find(pane, "cancel_sample_button").isVisible()
        heard.job_reported.emit(JobChanged("j", "sample", JobStatus.CANCELLED, 19, 48))
        assert "cancelled" in find(pane, "sample_note", QLabel).text()
        assert find(pane, "sample_begin").isVisible()

    def test_a_job_that_gave_way_to_another_is_not_said_to_be_cancelled(self, qtbot, monkeypatch):
        __, heard = pane_of(qtbot, list_report())
        asked, told = [], []
        monkeypatch.setattr(heard.bridge, "ask", lambda request, *then: asked.append(request))
        heard.job_reported.connect(lambda event: told.append(event.status))
        heard.bridge.deliver(ReportGrew("item", "j", Growth(())))
        heard.bridge.deliver(JobChanged("j", "sample", JobStatus.RUNNING, 0, 1))
        heard.bridge.deliver(JobChanged("j", "sample", JobStatus.CANCELLED, 0, 1))
        assert told == [JobStatus.RUNNING]
        assert len(asked) == 1, "what the report and its job are by now"

    def test_what_comes_takes_its_place_below_what_is_there(self, qtbot):
        pane, heard = pane_of(qtbot)
        heard.begun.emit(True)
        heard.grew.emit(Report("sample", "", (Section((said(0),), id="a"),), is_draft=True), "The lease ends on")
        assert find(pane, "sample_writing", QLabel).text() == "The lease ends on …"
        shown = pane.view.lists[0]
        first = shown.rows.rows[0]
        heard.grew.emit(Report("sample", "", (Section((said(0), said(1)), id="a"),), is_draft=True), "")
        assert len(shown.rows.statements) == 2
        assert shown.rows.rows[0] is first
        assert not find(pane, "sample_writing").isVisible()

    def test_who_reads_what_was_known_before_asks_for_the_finished_one(self, qtbot):
        pane, heard = pane_of(qtbot)
        heard.begun.emit(True)
        heard.grew.emit(Report("sample", "", (Section((said(0), said(1)), id="a"),)), "")
        click_row(pane.view.lists[0], 0)
        heard.made.emit(list_report())
        assert len(pane.view.statements) == 2
        click(find(pane, "sample_written"))
        assert len(pane.view.statements) > 2
        assert not find(pane, "sample_written").isVisible()

    @pytest.mark.parametrize("report", [list_report(), pages_report(), grid_report()], ids=["list", "pages", "grid"])
    def test_it_is_exported_copied_repeated_and_undone(self, qtbot, report):
        pane, heard = pane_of(qtbot, report, 1000)
        forms = [action.objectName() for action in pane.export.menu().actions()]
        assert [name for name in forms if name.startswith("export_")] == [
            "export_xlsx", "export_docx", "export_json", "export_ics",
        ]  # fmt: skip
        click(find(pane, "sample_copy"))
        assert report.sections[-1].title in QApplication.clipboard().text()
        offered = actions(find(pane, "sample_menu", QMenu))
        assert {"Make it again", "Undo", "Earlier"} <= offered.keys()
        offered["Make it again"].trigger()
        assert heard.asked == [("again",)]

    def test_earlier_ones_are_in_the_menu(self, qtbot):
        pane, __ = pane_of(qtbot, list_report())
        assert not actions(find(pane, "sample_menu", QMenu))["Earlier"].isEnabled()

    def test_why_nothing_is_made_stands_in_its_place(self, qtbot):
        pane, heard = pane_of(qtbot)
        heard.stopped.emit("There is no model.")
        assert find(pane, "sample_note", QLabel).text() == "There is no model."
        assert find(pane, "sample_begin").isEnabled()

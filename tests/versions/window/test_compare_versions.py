"""Two versions of a document in the window: chosen, compared, looked at side by side and on their pages."""

from __future__ import annotations

import os

import docx
import pytest
from fakes.contracts import MOVED, OLD, new_text, write_docx, write_pdf
from fakes.dropping import drop
from fakes.edges import controls_before
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyleOptionComboBox

from slmdesk.base.record import changed
from slmdesk.base.records import JobRecord, JobStatus
from slmdesk.jobs.types import JobChanged
from slmdesk.versions.difference.types import Change, ChangeKind, Place, Row, Run
from slmdesk.versions.types import Wording
from slmdesk.versions.window.changes import CompareRows, icon_of
from slmdesk.versions.window.pane import KIND

pytestmark = pytest.mark.gui


@pytest.fixture
def program(start, tmp_path):
    program = start()
    program.open_documents(1200, 800)
    program.area = program.frame.documents_area
    program.pane = program.area.compare_pane
    program.wait(lambda: program.area.page.isVisible())
    program.old = write_docx(tmp_path / "old.docx", OLD)
    os.utime(program.old, (1e9, 1e9))
    program.new = write_pdf(tmp_path / "new.pdf", new_text())
    return program


def is_read(program, path) -> bool:
    return program.area.page.document.record is not None and program.area.page.document.record.name == path.name


def names(program) -> list[str]:
    """The names of both versions, from left to right."""
    other, here = program.find("versions_other"), program.find("versions_here")
    program.wait(lambda: here.isVisible() and other.x() != here.x())
    texts = [other.currentText(), here.full_text]
    return texts if other.x() < here.x() else texts[::-1]


def compared(program):
    """The new version is on show, the old one is dropped beside it, and both are compared."""
    drop(program.area.page, program.new)
    program.wait(lambda: is_read(program, program.new) and program.pane.isEnabled())
    program.wait(lambda: program.coverage.startswith("3 of 3"))
    program.choose_tab("versions")
    assert program.find("versions_hint").isVisible()
    assert not program.find("versions_button").isEnabled()
    drop(program.pane, program.old)
    program.wait(lambda: program.find("versions_summary").text().startswith("12 changes"))
    assert names(program) == ["old.docx", "new.pdf"]
    assert shown_name(program) == "old.docx", "there is room for it"


def shown_name(program) -> str:
    option = QStyleOptionComboBox()
    program.find("versions_other").initStyleOption(option)
    return option.currentText


def choose_kind(program, key):
    kind = program.find("versions_kind")
    kind.setCurrentIndex(kind.findData(key))
    kind.activated.emit(kind.currentIndex())


def test_a_version_dropped_beside_the_document_is_compared_counted_and_exported(program):
    compared(program)
    assert program.area.page.side.has_space
    assert program.find("versions_rows").isVisible()
    assert program.find("versions_list").model().rowCount() == 12
    assert not program.find("versions_coverage").isVisible(), "it tells of what is missing alone"
    lines = [program.find("versions_list").model().index(at).data() for at in range(12)]
    assert lines[0].startswith("duty removed: “Keys that were lost")
    assert lines[5].startswith("30 days → 60 days")
    changes = program.pane.comparison.changes
    assert [icon_of(changes[program.pane.list.lines.shown[at]]) for at in (0, 5)] == ["minus", "clock"]
    assert lines[5].endswith("2. Price, section 1 → p. 1")
    kind = program.find("versions_kind")
    counts = [int(kind.itemText(at).split()[-1]) for at in range(kind.count())]
    assert counts[0] == sum(counts[1:]) == program.find("versions_list").model().rowCount()
    words = program.find("versions_summary").text().rstrip(".").replace(";", ",")
    assert sum(int(part.split()[0]) for part in words.partition(": ")[2].split(", ")) == counts[0]
    above = controls_before(program.window._stack.currentWidget(), program.find("versions_rows"))
    assert len(above) <= 6, above
    menu = program.find("document_more_button").menu()
    menu.aboutToShow.emit()
    assert "document_translate_action" in [action.objectName() for action in menu.actions()]
    export = program.find("versions_export")
    assert export.isEnabled()
    assert [action.objectName() for action in export.menu().actions()][-1] == "export_xlsx"
    program.pane.show_records([])  # an answer of before
    program.wait(lambda: not program.pane._records)
    assert names(program) == ["old.docx", "new.pdf"]


def test_two_opened_together_are_compared_once_and_pointing_at_a_change_lights_it(program):
    drop(program.area.page, program.old, program.new)
    program.wait(lambda: program.pane._other is not None)
    program.pane._open_newest([])  # the earlier comparisons are listed late: an answer of before
    program.wait(lambda: program.find("versions_summary").text().startswith("12 changes"))
    assert len(program.ask(lambda services: services.history.about(program.area.documents.current, "versions"))) == 1
    assert names(program) == ["old.docx", "new.pdf"]
    changes, rows = program.find("versions_list"), program.find("versions_rows")
    program.wait(rows.isVisible)
    rows.grab()
    before = rows.grab().toImage()
    first = next(line for line in rows.lines if line.changes).changes[0]
    changes.entered.emit(changes.model().index(changes.model().row_of(first), 0))
    assert rows.grab().toImage() != before
    QApplication.sendEvent(changes, QEvent(QEvent.Type.Leave))
    assert rows.grab().toImage() == before
    assert program.pane.current == -1


def test_two_versions_by_their_names_are_compared_without_a_click(program, tmp_path):
    """The end of a long name says which version it is: it stays."""
    long = "Gewerbemietvertrag der Hartwig Immobilien mit der Demir und Sohn am Marktplatz"
    for at, path in enumerate((program.old, program.new), 1):
        path.rename(tmp_path / f"{long} v{at}{path.suffix}")
        drop(program.area.page, tmp_path / f"{long} v{at}{path.suffix}")
        program.wait(lambda at=at: program.find("document_view").model().rowCount() == at)
    program.wait(lambda: program.coverage.startswith("3 of 3"))
    assert program.pane.item == ""
    program.choose_tab("versions")
    program.wait(lambda: program.find("versions_summary").text().startswith("12 changes"))
    assert "…" in shown_name(program)
    assert shown_name(program).endswith("v1.docx")


def choose_action(program, name):
    """Choose an entry of the menu."""
    next(action for action in program.find("versions_more").menu().actions() if action.objectName() == name).trigger()


def choose_also(program, name):
    """Choose one more document in the list, as Ctrl and a press do."""
    view = program.find("document_view")
    names_in_list = [view.model().index(at).data() for at in range(view.model().rowCount())]
    rect = view.visualRect(view.model().index(names_in_list.index(name), 0))
    program.click(view.viewport(), rect.center, keys=Qt.KeyboardModifier.ControlModifier)
    QTest.keyRelease(view, Qt.Key.Key_Control)


def test_two_that_are_chosen_in_the_list_are_compared_when_asked_for_and_not_before(program, tmp_path):
    other, made = tmp_path / "contract.docx", docx.Document(program.old)
    made.core_properties.author = "Somebody"  # so that it is no copy
    made.save(other)
    drop(program.area.page, program.old, program.new, other)
    view = program.find("document_view")
    names_in_list = lambda: [view.model().index(at).data() for at in range(view.model().rowCount())]  # noqa: E731
    program.wait(lambda: len(names_in_list()) == 3)
    ids = lambda: program.ask(lambda services: services.documents.recent(9))  # noqa: E731
    program.wait(lambda: all(record.status.value == "read" for record in ids()))
    program.click_item(view, names_in_list().index("new.pdf"))
    program.wait(lambda: is_read(program, program.new) and len(program.pane._records) == 3)
    side = program.area.page.side
    assert side.current == "summary"
    choose_also(program, "contract.docx")
    compare = program.find("several_compare")
    assert compare.isVisible()
    assert compare.isEnabled()
    assert side.current == "summary", "nothing jumps"
    choose_also(program, "old.docx")
    assert not compare.isEnabled(), "three are no two versions"
    choose_also(program, "old.docx")
    program.click("several_compare")
    program.wait(lambda: program.find("versions_summary").text().startswith("12 changes"))
    assert "contract.docx" in names(program)


def test_a_document_opened_after_a_comparison_opens_on_its_summary(program, tmp_path):
    compared(program)
    letter = tmp_path / "letter.md"
    letter.write_text("# Letter\n\nThe rent is due on the first day of each month.")
    drop(program.area.page, letter)
    program.wait(lambda: is_read(program, letter))
    assert program.area.page.side.current == "summary"


def test_one_without_words_is_named_instead_of_compared(program, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4\nnothing")
    for path in (broken, program.new):
        drop(program.area.page, path)
        program.wait(lambda path=path: is_read(program, path))
    program.wait(lambda: program.coverage.startswith("3 of 3"))
    choose_also(program, "broken.pdf")
    program.click("several_compare")
    program.wait(lambda: program.find("versions_failed").isVisible())
    assert "broken.pdf" in program.find("versions_failed").text()
    assert not program.pane.item


def test_the_list_goes_by_weight_or_by_the_text_and_a_change_is_shown_on_its_page(program):
    compared(program)
    lines = program.pane.list.lines
    assert sorted(lines.shown) == list(range(12))
    assert lines.shown != list(range(12))
    choose_action(program, "versions_order_text")
    assert lines.shown == list(range(12))
    program.click("versions_next")
    program.click("versions_next")
    assert program.pane.current == 1
    choose_action(program, "versions_open")
    assert not program.area.page.side.has_space
    program.wait(lambda: any(sheet.spans for sheet in program.area.page.view.sheets))
    sheet = next(sheet for sheet in program.area.page.view.sheets if sheet.spans)
    change = program.pane.comparison.changes[program.pane.current]
    assert [(place.start, place.end) for place in change.new_places] == list(sheet.spans)
    program.click("versions_next")  # beside the pages a step shows the page at once
    assert program.pane.current == program.pane.list.lines.shown[2]


def test_unchanged_paragraphs_unfold_keys_go_from_change_to_change_and_filters_hold(program):
    compared(program)
    rows: CompareRows = program.find("versions_rows")
    at = next(at for at, line in enumerate(rows.lines) if line.row.same)
    before = len(rows.lines)
    rows.verticalScrollBar().setValue(0)
    rows.grab()
    folded = rows.lines[at].row.same
    program.click(rows.viewport(), lambda: rows.rect_of(at).center().toPoint())
    program.wait(lambda: rows.lines[at].row.same == 0)
    assert len(rows.lines) >= before
    text = "".join(run.text for run in rows.lines[at].row.new)
    assert "Service agreement" in text
    assert folded >= 1
    rows.setFocus()
    QTest.keyClick(rows, Qt.Key.Key_F8)
    order = program.pane.list.lines.shown
    assert program.pane.current == order[0]
    QTest.keyClick(rows, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert program.pane.current == order[1]
    assert program.find("versions_count").text() == "2 of 12"
    QTest.keyClick(rows, Qt.Key.Key_F8, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(rows, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert program.pane.current == order[11]  # behind the first comes the last
    choose_kind(program, "moved")
    assert program.find("versions_kind").currentText() == "Moved 1"
    assert program.find("versions_list").model().rowCount() == 1
    program.click("versions_next")
    shown = program.pane.comparison.changes[program.pane.current]
    assert shown.kind is ChangeKind.MOVED
    assert MOVED in " ".join(shown.new.split())
    assert program.find("versions_count").text() == "1 of 1"


def test_the_other_way_round_and_opened_again(program):
    compared(program)
    item = program.pane.item
    assert not program.find("versions_button").isVisible()  # this pair is on show
    choose_action(program, "versions_swap")
    program.wait(lambda: names(program) == ["new.pdf", "old.docx"])
    program.wait(lambda: program.pane.item != item and program.find("versions_summary").isVisible())
    program.wait(lambda: program.pane.comparison is not None)
    assert program.pane.comparison.new.name == "old.docx"
    program.pane.choose(item)
    program.wait(lambda: program.pane.item == item)
    program.wait(lambda: program.pane.comparison.new.name == "new.pdf")


def test_of_a_thousand_changes_those_on_show_are_laid_out(qtbot, qapp):
    from slmdesk.window.base.theme import ThemeKeeper

    place = (Place(1, 0, 5),)
    changes = [Change(ChangeKind.CHANGED, (Run("x"),), (Run("y"),), place, place) for _ in range(1000)]
    long = "of the old contract " * 9
    rows = [
        Row((Run(f"Clause {at} {long}"), Run("30", True, at)), (Run("and 60", True, at),), 0, place, place)
        for at in range(1000)
    ]
    view = CompareRows(ThemeKeeper(qapp))
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    view.show_rows(rows, changes)
    bar = view.verticalScrollBar()
    for step in range(10):
        bar.setValue(step * bar.maximum() // 10)
        view.grab()
    view.show_change(876)
    at = next(at for at, line in enumerate(view.lines) if 876 in line.changes)
    assert 0 <= view.rect_of(at).top() < 600
    assert sum(line.layouts is not None for line in view.lines) < 400
    assert "Clause" in "".join(run.text for run in rows[0].old)


def test_in_a_narrow_pane_the_list_folds_and_in_a_low_one_nothing_is_squeezed(program):
    """The columns alone scroll in a window of the usual size; at 900 by 600 with large letters all of it does."""
    compared(program)
    program.window.resize(1280, 800)
    columns, around = (program.pane.rows.verticalScrollBar(), program.find("versions_scroll").verticalScrollBar())
    program.wait(lambda: program.pane.rows.isVisible() and columns.maximum() > 0)
    program.wait(lambda: around.maximum() == 0 and not around.isVisible())
    kind, changes = program.find("versions_kind"), program.find("versions_list")
    assert kind.isVisible()
    assert changes.isVisible()
    program.window.resize(760, 800)
    program.wait(lambda: not changes.isVisible())
    assert kind.currentText() == "All 12"
    choose_kind(program, "moved")
    assert program.find("versions_count").text() == "1 change"
    program.window.resize(1200, 800)
    program.wait(changes.isVisible)
    assert kind.currentText() == "Moved 1"
    usual = program.pane.fontMetrics().lineSpacing()
    program.frame.settings.change("font_scale", 150)
    program.wait(lambda: program.pane.fontMetrics().lineSpacing() > usual)
    program.window.resize(900, 600)
    bar, summary = program.find("versions_bar"), program.find("versions_summary")
    program.wait(lambda: bar.height() >= bar.heightForWidth(bar.width()))
    program.wait(lambda: summary.height() >= summary.heightForWidth(summary.width()))
    for button in ("versions_next", "versions_more", "versions_kind"):
        assert program.find(button).height() >= program.find(button).sizeHint().height()
    line = program.pane.fontMetrics().lineSpacing()
    program.wait(lambda: program.pane.rows.isVisible() and program.pane.rows.height() >= 8 * line)

    def can_be_reached() -> bool:
        program.find("versions_scroll").ensureWidgetVisible(program.pane.rows)  # its range may still be growing
        return program.pane.rows.visibleRegion().boundingRect().height() >= 6 * line

    program.wait(can_be_reached)


def test_what_a_model_says_stands_below_the_rules_words_and_moves_nothing_else(program):
    compared(program)
    lead, bar, chip = program.find("versions_lead"), program.find("versions_bar"), program.find("versions_kind")
    note, stop, changes = (program.find(f"versions_{name}") for name in ("note", "told_button", "list"))

    def places():
        program.ask(lambda _services: None)
        return [
            widget.mapTo(program.window, widget.rect().topLeft()) for widget in (lead, bar, chip, program.pane.rows)
        ]

    def height(row):
        return changes.visualRect(changes.model().index(row, 0)).height()

    before, low, line = places(), height(0), changes.model().index(0, 0).data()
    view = program.pane._view
    job = JobRecord(1, "j", KIND, "", JobStatus.RUNNING, None, None, "", {}, None, {}, 0, 0, 0, 0, 0)
    view.put(changed(view.value, job=job))
    assert stop.text() == "Stop"
    assert note.text() == "Summarizing the changes…"
    program.pane._on_job_changed(JobChanged("j", KIND, JobStatus.RUNNING, 1, 3))
    assert note.text() == "Summarizing the changes: 1 of 3"
    assert places() == before
    program.click("versions_next")
    first, second = program.pane.list.lines.shown[:2]
    sentences = (Wording(first, "What it means to the library, in many words."), Wording(second, "Not so.", False))
    view.put(changed(view.value, result=changed(program.pane.comparison, sentences=sentences, model="Echo")))
    assert program.find("versions_summary").text().startswith("12 changes")
    view.put(changed(view.value, job=None))
    program.wait(lambda: not stop.isVisible())
    assert places() == before
    assert note.text() == "The sentence below a change is by Echo."
    program.wait(lambda: height(0) > low == height(1))
    shown = changes.model().index(0, 0)
    assert shown.data() == line, "the rules' words stay its headline"
    assert shown.data(Qt.ItemDataRole.AccessibleTextRole).endswith("What it means to the library, in many words.")
    assert "Not so" not in changes.model().index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert program.pane.current == first


def test_only_documents_with_words_are_offered_and_what_cannot_be_read_is_said(program, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4\nnothing")
    empty = write_docx(tmp_path / "empty.docx", "")
    for path in (broken, empty, program.old, program.new):
        drop(program.area.page, path)
        program.wait(lambda path=path: is_read(program, path))
    program.wait(lambda: program.coverage.startswith("3 of 3"))
    program.choose_tab("versions")
    other = program.find("versions_other")
    offered = ["Compare with…", "old.docx", "A file…"]
    program.wait(lambda: [other.itemText(at) for at in range(other.count())] == offered)
    drop(program.pane, broken)
    program.wait(lambda: program.find("versions_failed").isVisible())
    assert "broken.pdf" in program.find("versions_failed").text()
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(program.new.read_bytes() + b"\n")
    drop(program.pane, copy)
    program.wait(lambda: program.find("versions_summary").text().startswith("No differences in the text."))
    assert not program.find("versions_list").isVisible()

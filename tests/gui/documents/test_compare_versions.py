"""Two versions of a document in the window: chosen, compared, looked at side by side and on their pages."""

from __future__ import annotations

import time

import pytest
from fakes.contracts import MOVED, OLD, new_text, write_docx, write_pdf
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slmdesk.gui.documents.versions.rows import CompareRows
from slmdesk.text.difference.types import Change, ChangeKind, Place, Row, Run

pytestmark = pytest.mark.gui


def drop(widget, path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QDragEnterEvent(QPoint(20, 20), action, data, buttons, keys))
    QApplication.sendEvent(widget, QDropEvent(QPointF(20, 20), action, data, buttons, keys))


@pytest.fixture
def service_thread(start, tmp_path):
    service_thread = start()
    service_thread.window.resize(1200, 800)
    QTest.keyClick(service_thread.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    service_thread.area = service_thread.frame.documents_area
    service_thread.pane = service_thread.area.compare_pane
    service_thread.wait(lambda: service_thread.area.page.isVisible())
    service_thread.old = write_docx(tmp_path / "old.docx", OLD)
    time.sleep(0.01)
    service_thread.new = write_pdf(tmp_path / "new.pdf", new_text())
    return service_thread


def is_read(service_thread, path) -> bool:
    return service_thread.area.page._record is not None and service_thread.area.page._record.name == path.name


def compared(service_thread):
    """The new version is on show, the old one is dropped beside it, and both are compared."""
    drop(service_thread.area.page, service_thread.new)
    service_thread.wait(lambda: is_read(service_thread, service_thread.new) and service_thread.pane.isEnabled())
    service_thread.wait(lambda: service_thread.find("coverage_words").text().startswith("3 of 3"))
    service_thread.click("versions_chip")
    assert service_thread.find("versions_hint").isVisible()
    assert not service_thread.find("versions_button").isEnabled()
    drop(service_thread.pane, service_thread.old)
    service_thread.wait(lambda: service_thread.find("versions_button").isEnabled())
    assert service_thread.find("versions_pair").full_text == "Old: old.docx  →  New: new.pdf"
    service_thread.click("versions_button")
    service_thread.wait(lambda: service_thread.find("versions_summary").text().startswith("12 changes"))


def test_a_version_dropped_beside_the_document_is_compared(service_thread):
    compared(service_thread)
    assert service_thread.area.page.side.has_room
    assert service_thread.find("versions_rows").isVisible()
    assert service_thread.find("versions_list").model().rowCount() == 12
    assert service_thread.find("versions_coverage").text().endswith("Nothing was left out.")
    lines = [service_thread.find("versions_list").model().index(at).data() for at in range(12)]
    assert lines[3].startswith("≠  30 days → 60 days")


def test_keys_go_from_change_to_change_and_filters_hold(service_thread):
    compared(service_thread)
    rows = service_thread.find("versions_rows")
    rows.setFocus()
    QTest.keyClick(rows, Qt.Key.Key_F8)
    assert service_thread.pane.current == 0
    QTest.keyClick(rows, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert service_thread.pane.current == 1
    assert service_thread.find("versions_count").text() == "2 of 12"
    QTest.keyClick(rows, Qt.Key.Key_F8, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(rows, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert service_thread.pane.current == 11  # behind the first comes the last
    choice = service_thread.find("versions_filter")
    choice.setFocus()
    QTest.keyClicks(choice, "Moved")
    choice.activated.emit(choice.currentIndex())
    assert service_thread.find("versions_list").model().rowCount() == 1
    service_thread.click("versions_next")
    shown = service_thread.area.versions.comparison.changes[service_thread.pane.current]
    assert shown.kind is ChangeKind.MOVED
    assert MOVED in " ".join(shown.new.split())
    assert service_thread.find("versions_count").text() == "1 of 1"


def test_a_change_is_shown_on_its_page_with_its_words_marked(service_thread):
    compared(service_thread)
    service_thread.click("versions_next")
    service_thread.click("versions_next")
    service_thread.click("versions_open")
    assert not service_thread.area.page.side.has_room
    service_thread.wait(lambda: any(sheet.spans for sheet in service_thread.area.page.view._sheets))
    sheet = next(sheet for sheet in service_thread.area.page.view._sheets if sheet.spans)
    change = service_thread.area.versions.comparison.changes[1]
    assert [(place.start, place.end) for place in change.new_places] == list(sheet.spans)
    service_thread.click("versions_next")  # beside the pages a step shows the page at once
    assert service_thread.pane.current == 2


def test_unchanged_paragraphs_unfold_at_a_click(service_thread):
    compared(service_thread)
    rows: CompareRows = service_thread.find("versions_rows")
    at = next(at for at, line in enumerate(rows._lines) if line.row.same)
    before = rows.count
    rows.verticalScrollBar().setValue(0)
    rows.grab()
    folded = rows._lines[at].row.same
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.rect_of(at).center().toPoint())
    service_thread.wait(lambda: rows._lines[at].row.same == 0)
    assert rows.count >= before
    text = "".join(run.text for run in rows._lines[at].row.new)
    assert "Service agreement" in text
    assert folded >= 1


def test_the_other_way_round_and_opened_again(service_thread):
    compared(service_thread)
    item = service_thread.area.versions.item
    service_thread.click("versions_swap")
    service_thread.click("versions_button")
    service_thread.wait(
        lambda: service_thread.area.versions.item != item and service_thread.find("versions_summary").isVisible()
    )
    service_thread.wait(lambda: service_thread.area.versions.comparison is not None)
    assert service_thread.area.versions.comparison.new.name == "old.docx"
    service_thread.area.versions.choose(item)
    service_thread.wait(lambda: service_thread.area.versions.item == item)
    service_thread.wait(lambda: service_thread.area.versions.comparison.new.name == "new.pdf")


def test_what_cannot_be_read_is_said(service_thread, tmp_path):
    drop(service_thread.area.page, service_thread.new)
    service_thread.wait(lambda: is_read(service_thread, service_thread.new))
    service_thread.wait(lambda: service_thread.find("coverage_words").text().startswith("3 of 3"))
    service_thread.click("versions_chip")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4\nnothing")
    drop(service_thread.pane, broken)
    service_thread.wait(lambda: service_thread.find("versions_failed").isVisible())
    assert "broken.pdf" in service_thread.find("versions_failed").text()
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(service_thread.new.read_bytes() + b"\n")
    drop(service_thread.pane, copy)
    service_thread.wait(lambda: service_thread.find("versions_button").isEnabled())
    service_thread.click("versions_button")
    service_thread.wait(
        lambda: service_thread.find("versions_summary").text().startswith("No differences in the text.")
    )
    assert not service_thread.find("versions_list").isVisible()


def test_a_thousand_changes_scroll_smoothly(qtbot, qapp):
    from slmdesk.gui.base.theme_keeper import ThemeKeeper

    place = (Place(1, 0, 5),)
    changes = [Change(ChangeKind.CHANGED, (Run("x"),), (Run("y"),), place, place) for _ in range(5000)]
    rows = [
        Row(
            (Run(f"Clause {at} " + "of the old contract " * 9), Run("30", True, at)),
            (Run("and 60", True, at),),
            0,
            place,
            place,
        )
        for at in range(5000)
    ]
    view = CompareRows(ThemeKeeper(qapp))
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    view.show_rows(rows, changes)
    worst = 0.0
    bar = view.verticalScrollBar()
    for step in range(60):
        begun = time.process_time()
        bar.setValue(step * bar.maximum() // 60)
        view.grab()
        worst = max(worst, time.process_time() - begun)
    assert worst < 0.5  # measured: 20 ms on an idle PC
    view.show_change(4321)
    at = next(at for at, line in enumerate(view._lines) if 4321 in line.changes)
    assert 0 <= view.rect_of(at).top() < 600
    assert sum(line.layouts is not None for line in view._lines) < 2000
    assert "Clause" in "".join(run.text for run in rows[0].old)


def test_the_columns_alone_scroll(service_thread):
    """One scroll bar: the pane around the columns has none where the window has its usual size."""
    service_thread.window.resize(1280, 800)
    compared(service_thread)
    columns, around = (
        service_thread.pane.rows.verticalScrollBar(),
        service_thread.find("versions_scroll").verticalScrollBar(),
    )
    service_thread.wait(lambda: service_thread.pane.rows.isVisible() and columns.maximum() > 0)
    assert around.maximum() == 0
    assert not around.isVisible()


def test_in_a_low_window_nothing_is_squeezed_and_the_columns_can_be_reached(service_thread):
    """At 900 by 600 with large letters there is no room for all of it: it scrolls."""
    compared(service_thread)
    usual = service_thread.pane.fontMetrics().lineSpacing()
    service_thread.frame.settings.change("font_scale", 150)
    service_thread.wait(lambda: service_thread.pane.fontMetrics().lineSpacing() > usual)
    service_thread.window.resize(900, 600)
    bar, summary = service_thread.find("versions_bar"), service_thread.find("versions_summary")
    service_thread.wait(lambda: bar.height() >= bar.heightForWidth(bar.width()))
    service_thread.wait(lambda: summary.height() >= summary.heightForWidth(summary.width()))
    for button in ("versions_next", "versions_open", "versions_wide"):
        assert service_thread.find(button).height() >= service_thread.find(button).sizeHint().height()
    line = service_thread.pane.fontMetrics().lineSpacing()
    service_thread.wait(lambda: service_thread.pane.rows.isVisible() and service_thread.pane.rows.height() >= 8 * line)
    scroll = service_thread.find("versions_scroll")
    scroll.ensureWidgetVisible(service_thread.pane.rows)
    assert service_thread.pane.rows.visibleRegion().boundingRect().height() >= 6 * line


def test_only_documents_with_words_are_offered(service_thread, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4\nnothing")
    empty = write_docx(tmp_path / "empty.docx", "")
    for path in (broken, empty, service_thread.old, service_thread.new):
        drop(service_thread.area.page, path)
        service_thread.wait(lambda path=path: is_read(service_thread, path))
    service_thread.wait(lambda: service_thread.find("coverage_words").text().startswith("3 of 3"))
    service_thread.click("versions_chip")
    other = service_thread.find("versions_other")
    service_thread.wait(
        lambda: [other.itemText(at) for at in range(other.count())] == ["Compare with…", "old.docx", "A file…"]
    )

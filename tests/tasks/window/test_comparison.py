"""Two versions of a document in the window: chosen, compared, looked at side by side and on their pages."""

from __future__ import annotations

import os

import docx
import pytest
from fakes.contracts import MOVED, OLD, new_text, write_docx, write_pdf
from fakes.dropping import drop
from fakes.edges import controls_before
from fakes.reports import press_row
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyleOptionComboBox

from slmdesk.base.record import changed, to_json
from slmdesk.base.records import JobStatus
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.versions.types import Wording
from slmdesk.ui.tasks.rows import RowKind

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


def lead(program) -> str:
    return program.find("versions_lead").text() if program.pane.report is not None else ""


def changes(program):
    """The list of changes."""
    return program.find("versions_changes")


def listed(program) -> list[str]:
    """The numbers of the changes in the list."""
    return [statement.id for statement in changes(program).rows.statements]


def compared(program):
    """The new version is on show, the old one is dropped beside it, and both are compared."""
    drop(program.area.page, program.new)
    program.wait(lambda: is_read(program, program.new) and program.pane.isEnabled())
    program.wait(lambda: program.coverage.startswith("3 of 3"))
    program.choose_tab("versions")
    assert program.find("versions_hint").isVisible()
    assert not program.find("versions_begin_pair").isEnabled()
    drop(program.pane, program.old)
    program.wait(lambda: lead(program).startswith("12 changes"))
    assert names(program) == ["old.docx", "new.pdf"]
    assert shown_name(program) == "old.docx", "there is room for it"


def shown_name(program) -> str:
    option = QStyleOptionComboBox()
    program.find("versions_other").initStyleOption(option)
    return option.currentText


def choose_kind(program, key):
    kind = program.find("versions_filter")
    kind.setCurrentIndex(kind.findData(key))
    kind.activated.emit(kind.currentIndex())


def test_a_version_dropped_beside_the_document_is_compared_counted_and_exported(program):
    compared(program)
    assert program.area.page.side.has_space
    assert program.find("versions_pages").isVisible()
    assert not program.find("versions_coverage").isVisible(), "it tells of what is missing alone"
    statements = changes(program).rows.statements
    assert len(statements) == 12
    assert statements[0].gist.startswith("duty removed: “Keys that were lost")
    assert statements[5].gist.startswith("30 days → 60 days")
    assert [statements[at].sign for at in (0, 5)] == ["minus", "clock"]
    row = changes(program).rows.rows[5]
    below = [text.layout.text() for text, __, __ in changes(program).painter.drawn(row).parts]
    assert below[1] == "2. Price, section 1 → p. 1"
    kind = program.find("versions_filter")
    counts = [int(kind.itemText(at).split()[-1]) for at in range(kind.count())]
    assert counts[0] == sum(counts[1:]) == 12
    words = lead(program).rstrip(".").replace(";", ",")
    assert sum(int(part.split()[0]) for part in words.partition(": ")[2].split(", ")) == counts[0]
    above = controls_before(program.window.stack.currentWidget(), program.find("versions_pages"))
    assert len(above) <= 6, above
    menu = program.find("document_more_button").menu()
    menu.aboutToShow.emit()
    assert "document_translate_action" in [action.objectName() for action in menu.actions()]
    export = program.find("versions_export")
    assert export.isEnabled()
    assert "export_xlsx" in [action.objectName() for action in export.menu().actions()]
    program.pane.pair.show_records([])  # an answer of before
    program.ask(lambda _services: None)
    assert names(program) == ["old.docx", "new.pdf"]


def test_two_opened_together_are_compared_once_and_pointing_at_a_change_lights_it(program):
    drop(program.area.page, program.old, program.new)
    program.wait(lambda: program.pane.pair.can_swap)
    program.area.versions.unmade.emit()  # the earlier comparisons are listed late: an answer of before
    program.wait(lambda: lead(program).startswith("12 changes"))
    assert len(program.ask(lambda services: services.history.about(program.area.documents.current, "versions"))) == 1
    assert names(program) == ["old.docx", "new.pdf"]
    pages = program.find("versions_pages")
    program.wait(pages.isVisible)
    pages.grab()
    before = pages.grab().toImage()
    first = next(statement for statement in pages.rows.statements if statement.kind)
    changes(program).entered.emit(changes(program).rows.index_of(first))
    assert pages.grab().toImage() != before
    QApplication.sendEvent(changes(program), QEvent(QEvent.Type.Leave))
    assert pages.grab().toImage() == before
    assert pages.lit == []


def test_two_versions_by_their_names_are_compared_without_a_click(program, tmp_path):
    """The end of a long name says which version it is: it stays."""
    long = "Gewerbemietvertrag der Hartwig Immobilien mit der Demir und Sohn am Marktplatz"
    for at, path in enumerate((program.old, program.new), 1):
        path.rename(tmp_path / f"{long} v{at}{path.suffix}")
        drop(program.area.page, tmp_path / f"{long} v{at}{path.suffix}")
        program.wait(lambda at=at: program.find("document_view").model().rowCount() == at)
    program.wait(lambda: program.coverage.startswith("3 of 3"))
    assert program.area.versions.item == ""
    program.choose_tab("versions")
    program.wait(lambda: lead(program).startswith("12 changes"))
    assert "…" in shown_name(program)
    assert shown_name(program).endswith("v1.docx")


def choose_action(program, name):
    """Choose an entry of the menu."""
    menu = program.find("versions_menu")
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.objectName() == name).trigger()


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
    offered = program.find("versions_other")
    program.wait(lambda: is_read(program, program.new) and offered.count() == 4)
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
    program.wait(lambda: lead(program).startswith("12 changes"))
    assert "contract.docx" in names(program)


def test_one_without_words_is_named_instead_of_compared(program, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4\nnothing")
    for path in (broken, program.new):
        drop(program.area.page, path)
        program.wait(lambda path=path: is_read(program, path))
    program.wait(lambda: program.coverage.startswith("3 of 3"))
    choose_also(program, "broken.pdf")
    program.click("several_compare")
    program.wait(lambda: "broken.pdf" in program.find("versions_note").text())
    assert not program.area.versions.item


def test_the_list_goes_by_weight_or_by_the_text_and_a_change_is_shown_on_its_page(program):
    compared(program)
    in_order = [str(number) for number in range(12)]
    assert sorted(listed(program)) == sorted(in_order)
    assert listed(program) != in_order
    choose_action(program, "versions_order_text")
    assert listed(program) == in_order
    program.click("versions_next")
    program.click("versions_next")
    assert changes(program).lit[0].id == "1"
    choose_action(program, "versions_open")
    assert not program.area.page.side.has_space
    program.wait(lambda: any(sheet.spans for sheet in program.area.page.view.sheets))
    sheet = next(sheet for sheet in program.area.page.view.sheets if sheet.spans)
    places = changes(program).lit[0].sources
    assert [(place.start, place.end) for place in places] == list(sheet.spans)
    program.click("versions_next")  # beside the pages a step shows the page at once
    assert changes(program).lit[0].id == "2"


def test_unchanged_paragraphs_unfold_keys_go_from_change_to_change_and_filters_hold(program):
    compared(program)
    pages = program.find("versions_pages")
    folded = next(row for row in pages.rows.rows if row.kind is RowKind.FOLD)
    before = len(pages.rows.rows)
    pages.grab()
    press_row(program.pane, folded.text)
    program.wait(lambda: len(pages.rows.rows) > before)
    assert any("Service agreement" in statement.text for statement in pages.rows.statements)
    press_row(program.pane, folded.text)
    program.wait(lambda: len(pages.rows.rows) == before)
    pages.setFocus()
    QTest.keyClick(pages, Qt.Key.Key_F8)
    order = listed(program)
    lit = lambda: pages.lit[0].id  # noqa: E731
    assert lit() == order[0]
    QTest.keyClick(pages, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert lit() == order[1]
    assert program.find("versions_count").text() == "2 of 12"
    QTest.keyClick(pages, Qt.Key.Key_F8, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(pages, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert lit() == order[11]  # behind the first comes the last
    choose_kind(program, "Moved")
    assert program.find("versions_filter").currentText() == "Moved 1"
    assert len(listed(program)) == 1
    program.click("versions_next")
    assert pages.lit[0].sign == "arrow-up-down"
    assert MOVED in " ".join(pages.lit[0].text.split())
    assert program.find("versions_count").text() == "1 of 1"


def test_the_other_way_round_and_opened_again_and_another_document_opens_on_its_summary(program, tmp_path):
    compared(program)
    versions = program.area.versions
    item = versions.item
    assert not program.find("versions_begin_pair").isVisible()  # this pair is on show
    choose_action(program, "versions_swap")
    program.wait(lambda: names(program) == ["new.pdf", "old.docx"])
    program.wait(lambda: versions.item != item and program.pane.report is not None)
    program.wait(lambda: program.pane.report.documents[-1][1] == "old.docx")
    versions.choose(item)
    program.wait(lambda: versions.item == item)
    program.wait(lambda: program.pane.report.documents[-1][1] == "new.pdf")
    letter = tmp_path / "letter.md"
    letter.write_text("# Letter\n\nThe rent is due on the first day of each month.")
    drop(program.area.page, letter)
    program.wait(lambda: is_read(program, letter))
    assert program.area.page.side.current == "summary"


def test_in_a_narrow_pane_the_list_folds_and_in_a_low_one_nothing_is_squeezed(program):
    """The columns alone scroll in a window of the usual size; at 900 by 600 with large letters all of it does."""
    compared(program)
    program.window.resize(1280, 800)
    kind, pages = program.find("versions_filter"), program.find("versions_pages")
    program.wait(lambda: pages.isVisible() and pages.verticalScrollBar().maximum() > 0)
    assert kind.isVisible()
    assert changes(program).isVisible()
    program.window.resize(760, 800)
    program.wait(lambda: not changes(program).isVisible())
    assert kind.currentText() == "All 12"
    choose_kind(program, "Moved")
    assert program.find("versions_count").text() == "1 change"
    program.window.resize(1200, 800)
    program.wait(changes(program).isVisible)
    assert kind.currentText() == "Moved 1"
    usual = program.pane.fontMetrics().lineSpacing()
    program.frame.settings.change("font_scale", 150)
    program.wait(lambda: program.pane.fontMetrics().lineSpacing() > usual)
    program.window.resize(900, 600)
    for button in ("versions_next", "versions_more_button", "versions_filter"):
        program.wait(lambda name=button: program.find(name).height() >= program.find(name).sizeHint().height())
    line = program.pane.fontMetrics().lineSpacing()
    program.wait(lambda: pages.isVisible() and pages.height() >= 4 * line)


def test_what_a_model_says_stands_below_the_rules_words_and_moves_nothing_else(program):
    compared(program)
    head, bar, chip = program.find("versions_lead"), program.find("versions_bar"), program.find("versions_filter")
    writer, stop, shown = program.find("versions_writer"), program.find("versions_stop"), changes(program)

    def places():
        program.ask(lambda _services: None)
        parts = (head, bar, chip, program.find("versions_pages"))
        return [part.mapTo(program.window, part.rect().topLeft()) for part in parts]

    def height(row):
        return shown.visualRect(shown.model().index(row, 0)).height()

    before, low = places(), [height(row) for row in range(2)]
    program.area.versions.job_reported.emit(JobChanged("j", "versions", JobStatus.RUNNING, 1, 3))
    assert stop.isVisible()
    assert writer.full_text == "The model adds its words: 1 of 3 steps"
    assert places() == before
    program.click("versions_next")
    first, second = (int(number) for number in listed(program)[:2])
    sentences = (Wording(first, "What it means to the library, in many words."), Wording(second, "Not so.", False))
    item = program.area.versions.item

    def keep(services) -> None:
        comparison = services.tasks.open(item).result
        services.store.results.save(item, to_json(changed(comparison, sentences=sentences, model="Echo")))

    program.ask(keep)
    program.area.versions.choose(item)
    program.wait(lambda: writer.full_text == "The sentence below a change is by Echo.")
    assert not stop.isVisible()
    assert lead(program).startswith("12 changes")
    assert places() == before
    program.wait(lambda: height(0) > low[0] and height(1) == low[1])
    told = [shown.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(2)]
    assert told[0].endswith("What it means to the library, in many words")
    assert "Not so" not in told[1]


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
    program.wait(lambda: "broken.pdf" in program.find("versions_note").text())
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(program.new.read_bytes() + b"\n")
    drop(program.pane, copy)
    program.wait(lambda: lead(program).startswith("No differences in the text."))
    assert not changes(program).isVisible()

"""The pane of summaries: sentences that lead to their passages, what is left out, earlier ones, exports."""

from __future__ import annotations

import json
from pathlib import Path

import docx
import pytest
from fakes.dropping import LEASE, drop, open_read
from fakes.recorder import LARGE, sized
from fakes.tiny_pdf import Text, TinyPdf
from PySide6.QtCore import QEvent, QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QToolButton, QWidget

from slmdesk.base.record import changed, to_json
from slmdesk.base.records import JobStatus
from slmdesk.jobs.types import JobChanged
from slmdesk.library.types import Coverage, Span
from slmdesk.summaries.plan import TOO_MUCH_TO_DO
from slmdesk.summaries.types import ALSO_IN, DocumentSummary, Kind, Sentence, Summary
from slmdesk.summaries.window.pane import WRITING, SentenceRow, due_words, readers_language
from slmdesk.window.panes import EarlierBox, EarlierRow, Entry
from slmdesk.window.widgets.dialogs import LineQuestion
from slmdesk.window.widgets.rows import CitedRow, CitedText

pytestmark = pytest.mark.gui


@pytest.fixture
def program(start):
    """The window on its page of documents."""
    return start().open_documents()


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "lease.md"
    path.write_text(LEASE)
    return path


def test_without_a_model_a_summary_leads_to_its_passages(program, letter):
    """The sentences are the document's own, each with its place."""
    open_read(program, letter)
    pane = program.find("summary_pane")
    program.wait(lambda: pane.summary is not None)
    assert not program.find("summary_coverage").isVisible()
    program.wait(lambda: pane.rows and pane.rows[0].isVisible())
    has_bullets = [row.findChild(QLabel, "row_bullet") is not None for row in pane.rows]
    assert has_bullets == [False] + [True] * (len(pane.rows) - 1), "the first says what the document is"
    row = next(row for row in pane.rows if row.sentence.pages)
    program.click(row)
    page = row.sentence.blocks[0].page
    program.wait(lambda: [sheet.page.number for sheet in program.documents.view.sheets if sheet.spans][:1] == [page])
    start, end = program.documents.view.sheets[page - 1].spans[0]
    program.wait(lambda: program.documents.view.sheets[page - 1].has_text)
    words = program.documents.view.sheets[page - 1].page.text[start:end]
    assert row.sentence.text.split()[0] in words
    program.click("copy_summary_button")
    assert program.find("copy_summary_button").accessibleDescription() == "Copied."
    assert QApplication.clipboard().text().endswith("4 of 4 sections read.")
    program.documents.view.place_clicked.emit(page, start, QPointF())
    assert row.property("lit")


def test_each_of_several_opened_documents_is_summarized_when_it_is_looked_at(program, letter):
    others = [letter.with_name(name) for name in ("annex.md", "notes.md")]
    for other in others:
        other.write_text(f"{LEASE}\n{other.name}\n")
    open_read(program, letter, *others)
    view, pane = program.find("document_view"), program.find("summary_pane")
    program.wait(lambda: view.model().rowCount() == 3 and pane.rows)
    assert len(program.ask(lambda services: services.history.items("summary"))) == 1
    program.click_item(view, 1)
    program.wait(lambda: pane.summary and [document.name for document in pane.summary.documents] == ["annex.md"])


def summarized_like(program, kind) -> None:
    """Summarize again in another form."""
    program.click("summary_other_button")
    box = program.find("summary_kind")
    box.setCurrentIndex(box.findData(kind))
    box.activated.emit(box.currentIndex())
    program.click("summarize_so_button")


def test_why_no_summary_is_made_stands_in_its_place_and_a_model_too_weak_names_a_better_one(
    program, letter, model_file
):
    open_read(program, letter)
    note = program.find("summary_note")
    program.wait(lambda: program.find("summary_pane").rows)
    summarized_like(program, Kind.SIMPLE)
    program.wait(lambda: note.isVisible() and "model" in note.text())
    assert program.notices() == []
    program.with_model(model_file)
    summarized_like(program, Kind.SIMPLE)
    program.wait(lambda: not note.isVisible() and "too weak" in program.find("summary_coverage").text())
    program.wait(lambda: program.documents.findChild(QWidget, "better_card").isVisible())


def exported(program, button: str, form: str, target) -> None:
    """Choose a form in the menu of a button and a file in the dialog that follows."""
    menu = program.find(button).menu()
    next(action for action in menu.actions() if action.objectName() == f"export_{form}").trigger()
    dialog = program.documents.findChild(QFileDialog, "export_dialog")
    dialog.fileSelected.emit(str(target))
    dialog.close()
    program.wait(lambda: any(f"Written to {target}" in notice for notice in program.notices()))


@pytest.fixture
def summarized(program, letter):
    open_read(program, letter)
    pane = program.find("summary_pane")
    program.wait(lambda: pane.summary is not None and pane.rows and pane.rows[0].isVisible())
    return program


def kept_summary(program, *, note="", **changes):
    """The shown summary, changed in the history as `changes` of its document say, and shown again."""
    summary = program.find("summary_pane").summary
    return kept(program, changed(summary, note=note, documents=(changed(summary.documents[0], **changes),)))


def kept(program, updated):
    """A summary put into the history in the place of the shown one, and shown."""
    services, summaries = program.services, program.frame.documents_area.summaries
    services.service_thread.call(lambda: services.store.results.save(summaries.item, to_json(updated)))
    summaries.choose(summaries.item)
    program.wait(lambda: program.find("summary_pane").summary == updated)
    return updated


def test_what_a_document_says_beside_its_summary_is_added_by_a_click(summarized):
    program, pane = summarized, summarized.find("summary_pane")
    first = pane.summary.sentences[0]
    kept_summary(program, omitted=(changed(first, text="The deposit is 2,400 euros.", quotation=True),))
    count, more = len(pane.rows), program.find("more_passages_button")
    assert more.text() == "1 more passage"
    program.click("copy_summary_button")
    assert "\n1 more passage.\n" in QApplication.clipboard().text()
    program.click(more)
    program.find("add_omitted_button").setFocus()
    QTest.keyClick(program.find("add_omitted_button"), Qt.Key.Key_Space)
    program.wait(lambda: len(pane.rows) == count + 1)
    assert pane.hasFocus(), "it stays in the pane"
    assert "The deposit is 2,400 euros." in [row.sentence.text for row in pane.rows]
    assert not more.isVisible()
    program.wait(lambda: pane.findChild(QToolButton, "add_omitted_button") is None)
    assert [row.sentence.text for row in pane.findChildren(SentenceRow)].count("The deposit is 2,400 euros.") == 1
    services, item = program.services, program.frame.documents_area.summaries.item
    stored = services.service_thread.call(lambda: services.tasks.open(item)).result
    assert stored.documents[0].omitted == ()
    assert len(stored.sentences) == count + 1


def test_where_only_what_has_to_be_done_fits_the_rest_is_shown_and_no_button_stands_alone(summarized):
    program, pane = summarized, summarized.find("summary_pane")
    omitted = (changed(pane.summary.sentences[0], text="The deposit is 2,400 euros.", quotation=True),)
    kept_summary(program, note=TOO_MUCH_TO_DO, omitted=omitted)
    assert program.find("more_passages_button").isChecked()
    program.wait(lambda: program.find("add_omitted_button").isVisible())
    only, copy = program.find("earlier_summaries_more"), program.find("copy_summary_button")
    program.wait(lambda: only.isVisible() and not program.find("earlier_summaries").isVisible())
    assert only.mapTo(pane, QPoint()).y() == copy.mapTo(pane, QPoint()).y()
    assert copy.mapTo(pane, QPoint()).y() > pane.rows[-1].mapTo(pane, QPoint()).y(), "the result comes first"
    pane.rows[-1].setFocus()
    QTest.keyClick(pane.rows[-1], Qt.Key.Key_Tab)
    assert program.find("more_passages_button").hasFocus()
    kept_summary(program, note="", omitted=omitted)
    assert not program.find("more_passages_button").isChecked()


def test_what_is_being_made_is_seen_and_said_in_one_line(program, letter):
    open_read(program, letter)
    pane, words, writing = (program.find(name) for name in ("summary_pane", "making_words", "summary_writing"))
    program.wait(lambda: pane.summary is not None)

    def on_one_line() -> bool:
        pane.show_begun()  # each time: the summary itself may be shown once more
        pane.show_job(JobChanged("j", "summary", JobStatus.RUNNING, 19, 48, eta_s=240.0))
        return words.isVisible() and words.height() < 2 * words.fontMetrics().lineSpacing()

    program.wait(on_one_line)
    assert "5 min left" in words.text()
    sentence = Sentence("The rent is 900 euros.", (), (1,), True)
    pane.show_growing([sentence], 0, 4, "section")
    kept = pane.rows[0]
    pane.show_writing("The lease ends on")
    assert writing.text() == "The lease ends on …"
    assert writing.isVisible()
    pane.show_growing([sentence, changed(sentence, text="The lease ends in May.")], 1, 4, "section")
    assert pane.rows[0] is kept  # what stands there stays, with its focus
    assert len(pane.rows) == 2
    pane.show_writing("")
    assert not writing.isVisible()
    assert "1 of 4 sections read" in program.find("summary_note").text()
    for has_model, said in ((False, "Reading the document…"), (True, "Waiting for the model…")):
        pane.show_nothing()
        pane.show_begun(has_model)
        assert words.text() == said


@pytest.fixture
def written(summarized):
    """A letter with a summary that a model wrote: three sentences, one replaced, and one that must be known."""
    pane = summarized.find("summary_pane")
    rules = pane.summary.sentences
    first = changed(rules[0], text="The lease costs 900 euros.", quotation=False)
    replaced = changed(rules[-1], quotation=True, group="Key points")
    also = changed(rules[-1], text="Pets need the permission of the owner.", quotation=True, group=ALSO_IN)
    said = (first, replaced, also)
    (document,) = pane.summary.documents
    documents = (changed(document, sentences=said, own_words=rules),)
    made = changed(pane.summary, method="model", model="Echo", sentences=said, documents=documents)
    kept(summarized, made)
    return summarized


def said_by(program):
    return [row.sentence.text for row in program.find("summary_pane").rows]


def test_what_the_rules_chose_is_used_while_a_model_writes_and_nothing_moves(written):
    program, pane = written, written.find("summary_pane")
    made, rules = pane.summary, list(pane.summary.documents[0].own_words)
    pane.show_begun()
    pane.show_growing(rules, 4, 4, "section", True)
    kept, places = pane.rows, lambda: [row.mapTo(pane, QPoint()).y() for row in pane.rows]
    program.wait(lambda: kept[0].isVisible() and program.find("making_summary").isVisible())
    assert program.find("summary_writer").full_text == WRITING
    before = places()
    pane.show_growing(rules, 4, 4, "section", True)
    pane.show_writing("The lease costs 900 euros and ends")
    program.wait(lambda: program.find("summary_writing").y() > kept[-1].y())
    assert (pane.rows, places()) == (kept, before)
    pane.show_summary(made)
    program.wait(lambda: pane.rows[0].isVisible())
    assert places()[0] == before[0]
    assert said_by(program)[0] == "The lease costs 900 euros."
    assert not program.find("making_summary").isVisible()


def test_what_a_person_has_scrolled_among_stays_until_they_ask_for_the_written_summary(written):
    program, pane = written, written.find("summary_pane")
    made, rule = pane.summary, pane.summary.documents[0].own_words[0]
    many = tuple(changed(rule, text=f"Sentence {number} of the document is here.") for number in range(60))
    made = changed(made, documents=(changed(made.documents[0], own_words=many),))
    bar, show = pane.verticalScrollBar(), program.find("written_button")
    pane.show_begun()
    pane.show_growing(many, 4, 4, "section", True)
    pane.show_writing("The lease costs")
    program.wait(lambda: bar.maximum() > 300 and pane.rows[5].isVisible())
    kept = pane.rows
    bar.setValue(200)
    pane.show_summary(made)
    program.wait(show.isVisible)
    assert (pane.rows, bar.value()) == (kept, 200)
    assert program.find("own_words_button").isChecked()
    program.click(show)
    program.wait(lambda: len(pane.rows) == 3)
    assert not show.isVisible()


def cancelled(program, **changes):
    """Have the shown summary be what there was of it when its job was cancelled."""
    item, summary = program.frame.documents_area.summaries.item, program.find("summary_pane").summary

    def leave_unfinished(services):
        job = services.tasks.open(item).job
        services.store.database.run("update jobs set status = 'cancelled' where id = ?", (job.id,))
        services.store.results.save(item, to_json(changed(summary, is_draft=True, **changes)))

    program.ask(leave_unfinished)
    return summary


def test_what_was_written_of_a_cancelled_summary_is_shown_again(summarized):
    program, pane, summaries = summarized, summarized.find("summary_pane"), summarized.frame.documents_area.summaries
    cancelled(program, method="model")
    summaries.choose(summaries.item)
    program.wait(lambda: pane.summary is None and len(pane.rows) == 1)
    program.wait(lambda: "had been written" in program.find("summary_note").text())
    assert "cancelled" in program.find("summary_note").text()


def test_a_cancelled_writing_leaves_what_the_rules_chose_as_the_summary(summarized):
    program, pane = summarized, summarized.find("summary_pane")
    note = "Echo did not finish its text: these are sentences of the document."
    summary = cancelled(program, note=note)
    pane.show_begun()
    pane.show_growing(summary.sentences, 4, 4, "section", True)
    pane.show_writing("The lease")
    kept = pane.rows
    pane.show_job(JobChanged("j", "summary", JobStatus.CANCELLED, 0, 1))
    program.wait(lambda: program.find("summary_writer").full_text == note)
    assert pane.rows == kept
    assert not program.find("summary_writing").isVisible()
    assert not program.find("making_summary").isVisible()
    program.click("copy_summary_button")
    assert summary.sentences[0].text in QApplication.clipboard().text()


def test_one_key_shows_the_documents_own_words_and_copies_them(written):
    program, pane = written, written.find("summary_pane")
    rules = [sentence.text for sentence in pane.summary.documents[0].own_words]
    assert said_by(program) == [
        "The lease costs 900 euros.", rules[-1], "Pets need the permission of the owner.",
    ]  # fmt: skip
    assert "Also in the document" in [label.text() for label in pane.findChildren(QLabel, "summary_group")]
    writer = "Written by Echo, each sentence checked against its pages."
    assert program.find("summary_writer").full_text == writer
    program.click("copy_summary_button")
    assert f"\n\n{writer}\n\n" in QApplication.clipboard().text()
    button = program.find("own_words_button")
    QTest.keyClick(pane, Qt.Key.Key_F6)
    program.wait(lambda: said_by(program) == rules)
    assert button.isChecked()
    program.click("copy_summary_button")
    assert rules[-1] in QApplication.clipboard().text()
    assert "Written by" not in QApplication.clipboard().text()
    summaries = program.frame.documents_area.summaries
    summaries.choose(summaries.item)
    program.wait(lambda: said_by(program) == rules)
    program.click(button)
    program.wait(lambda: len(pane.rows) == 3)
    kept_summary(program, own_words=())
    assert not button.isVisible()


def test_what_is_shown_is_exported_with_its_proof_and_offered_beside_its_document(written, letter, tmp_path):
    program = written
    for is_own in (False, True):
        target = tmp_path / f"{is_own}.docx"
        exported(program, "export_summary_button", "docx", target)
        words = "\n".join(paragraph.text for paragraph in docx.Document(target).paragraphs)
        assert "What was read" in words
        assert "[section" in words
        assert ("The lease costs 900 euros." in words) is not is_own
        assert ("Written in part by a language model (Echo)" in words) is not is_own
        program.click("own_words_button")
    exported(program, "export_summary_button", "json", tmp_path / "s.json")
    assert json.loads((tmp_path / "s.json").read_text())["coverage"]["pages_read"] == 4
    (bar,) = [bar for bar in program.window.notices.bars if "s.json" in bar.notice.text]
    assert (bar.notice.action, bar.notice.other) == ("Open", "Open folder")
    menu = program.find("export_summary_button").menu()
    next(action for action in menu.actions() if action.objectName() == "export_pdf").trigger()
    dialog = program.documents.findChild(QFileDialog, "export_dialog")
    assert Path(dialog.directory().absolutePath()) == letter.parent
    assert Path(dialog.selectedFiles()[0]).parent == letter.parent
    dialog.fileSelected.emit(str(tmp_path / "none" / "s.pdf"))
    program.wait(lambda: any(bar.notice.is_error and "none" in bar.notice.text for bar in program.window.notices.bars))


def test_each_length_is_made_once_and_remembered(summarized, start):
    program, pane, summaries = summarized, summarized.find("summary_pane"), summarized.frame.documents_area.summaries
    first, length = summaries.item, program.find("summary_length")
    program.click("summary_other_button")
    assert length.currentText() == "Medium"
    QTest.keyClick(length, Qt.Key.Key_Down)
    program.wait(lambda: summaries.item != first and pane.summary is not None and len(summaries.items.shown) == 2)
    QTest.keyClick(length, Qt.Key.Key_Up)
    program.wait(lambda: summaries.item == first and pane.summary is not None)
    QTest.keyClick(length, Qt.Key.Key_Down)
    program.wait(lambda: summaries.item != first and pane.summary is not None)
    assert len(program.ask(lambda services: services.history.items("summary"))) == 2
    program.close()
    assert start().find("summary_pane").form.last_length == "long"


def test_a_long_sentence_is_folded_until_it_is_chosen(qtbot):
    said = " ".join(f"word{number}" for number in range(1, 41))
    around = QWidget()
    qtbot.addWidget(around)
    row = SentenceRow(Sentence(said, (), (1,), True), "page", around)
    words = row.findChild(QLabel, "row_text")
    assert words.text() == said[: said.index(" word31")] + " …"
    QTest.keyClick(row, Qt.Key.Key_Return)
    assert words.text() == said


def test_a_sentence_is_copied_with_its_place_lights_its_passages_and_stays_when_it_is_reported_twice(summarized):
    program = summarized
    pane, summaries = program.find("summary_pane"), program.frame.documents_area.summaries
    rows, made = list(pane.rows), []
    rows[0].setFocus()
    summaries.made.connect(made.append)
    summaries.choose(summaries.item)  # as when its job ends while it is being opened
    program.wait(lambda: made)
    assert pane.rows == rows
    assert rows[0].hasFocus()
    QTest.keyClick(rows[0], Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().endswith(f"[lease.md, section {rows[0].sentence.pages[0]}]")
    program.click("copy_summary_button")
    assert QApplication.clipboard().text().count("[lease.md, section") == len(rows)
    row = next(row for row in rows if row.sentence.blocks)
    pages = {block.page for block in row.sentence.blocks}
    marked = lambda: {sheet.page.number for sheet in program.documents.view.sheets if sheet.spans}  # noqa: E731
    row.pointed_at.emit(True)
    program.wait(lambda: marked() == pages)
    row.pointed_at.emit(False)
    program.wait(lambda: not marked())
    program.click(row)
    program.wait(lambda: marked() == pages)
    row.pointed_at.emit(True)
    row.pointed_at.emit(False)
    program.wait(lambda: marked() == pages)


def test_the_lead_takes_two_lines_until_it_is_pressed(qtbot):
    words = "Rent increase for the flat in the Lindenstraße: " + "the rent rises by forty euros a month " * 8
    row = CitedRow(words.strip(), "", None, name="row", kind="lead", most_lines=2, sign="1")
    qtbot.addWidget(row)
    row.resize(500, 400)
    row.show()
    label = row.findChild(CitedText)
    line = label.minimumSizeHint().height()
    assert label.heightForWidth(480) <= 2 * line + 1
    QTest.mouseClick(row, Qt.MouseButton.LeftButton)
    assert label.heightForWidth(480) > 2 * line + 1
    assert label.text() == words.strip()


def test_what_adds_a_passage_stands_on_its_first_line(summarized):
    program, pane = summarized, summarized.find("summary_pane")
    kept_summary(program, omitted=(changed(pane.summary.sentences[0], text="The deposit is 2,400 euros."),))
    program.click("more_passages_button")
    add = program.find("add_omitted_button")
    program.wait(add.isVisible)
    passages = [label for label in pane.findChildren(CitedText) if label.isVisible()]
    beside = min(passages, key=lambda label: abs(label.mapTo(pane, QPoint()).y() - add.mapTo(pane, QPoint()).y()))
    first_line = beside.mapTo(pane, QPoint(0, beside.minimumSizeHint().height() // 2)).y()
    assert abs(add.mapTo(pane, add.rect().center()).y() - first_line) <= 3


def test_pointing_at_a_sentence_brings_its_passage_into_sight_and_covers_nothing(program, tmp_path):
    path = tmp_path / "long.md"
    facts = [f"The rent of flat {number} is {number}00 euros." for number in range(1, 5)]
    path.write_text(
        "\n\n".join(f"# Part {at}\n\n{fact}\n\n" + "Filling words.\n\n" * 60 for at, fact in enumerate(facts))
    )
    drop(program.documents, path)
    pane, view = program.find("summary_pane"), program.documents.view
    program.wait(lambda: pane.summary is not None and len(view.sheets) == 4)
    last = max(pane.rows, key=lambda row: row.sentence.pages)
    assert last.sentence.pages[0] > 1
    assert not last.toolTip()
    bar = view.verticalScrollBar()
    assert bar.value() == 0
    QApplication.sendEvent(last, QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5)))
    program.wait(lambda: bar.value() > 0)
    reached = bar.value()
    QApplication.sendEvent(last, QEvent(QEvent.Type.Leave))
    QApplication.sendEvent(last, QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5)))
    program.wait(lambda: any(sheet.spans for sheet in view.sheets))
    assert bar.value() == reached, "what is in sight stays where it is"


def test_what_is_on_show_has_no_menu_before_there_is_something(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    box = EarlierBox(parent, name="earlier")
    assert box.only.isHidden()
    box.show_entries([Entry("a", "Summary", 0.0, "Summary")], "a")
    assert not box.only.isHidden()
    assert box.only.menu() is not None
    box.show_entries([], "")
    assert box.only.isHidden()


def test_earlier_summaries_are_chosen_renamed_and_deleted_with_a_way_back(summarized):
    program = summarized
    summaries, pane = program.frame.documents_area.summaries, program.find("summary_pane")
    first = summaries.item
    program.wait(program.find("earlier_summaries_more").isVisible)
    menu = program.find("earlier_summaries_more").menu()
    assert [action.text() for action in menu.actions()] == ["Rename…", "Delete"]
    assert not program.find("earlier_summaries_button").isVisible()
    program.click("summary_other_button")
    program.click("summarize_so_button")
    program.wait(lambda: summaries.item != first and pane.summary is not None and pane.rows)
    button = program.find("earlier_summaries_button")
    program.wait(lambda: button.isVisible() and button.text() == "1 earlier")
    program.click(button)
    rows = lambda: sorted((row for row in pane.findChildren(EarlierRow) if row.isVisible()), key=EarlierRow.y)  # noqa: E731
    program.wait(lambda: len(rows()) == 2)
    held = rows()
    with program.qtbot.waitSignal(summaries.items.listed):
        summaries.items.refresh()
    assert rows() == held, "a row that is being clicked stays"
    program.click(rows()[1])
    program.wait(lambda: summaries.item == first)
    program.wait(lambda: len(rows()) == 2)
    QTest.keyClick(rows()[1], Qt.Key.Key_F2)
    dialog = program.window.findChild(LineQuestion, "rename_dialog")
    dialog.line.setText("For the lawyer")
    dialog.accept()
    program.wait(lambda: any("For the lawyer" in row.accessibleName() for row in rows()))
    QTest.keyClick(next(row for row in rows() if "lawyer" in row.accessibleName()), Qt.Key.Key_Delete)
    program.wait(lambda: summaries.item not in ("", first) and pane.rows)
    (bar,) = [bar for bar in program.window.notices.bars if "trash" in bar.notice.text]
    bar.notice.on_action()
    program.wait(lambda: len(rows()) == 2)


def test_a_folder_is_summarized_into_another_and_one_bad_file_keeps_no_other_from_it(summarized, tmp_path):
    program = summarized
    folder, target = tmp_path / "post", tmp_path / "out"
    folder.mkdir()
    words = "The roof must be mended before the winter comes.\n\nPay the bill of 900 EUR by 5 March 2020."
    (folder / "a.txt").write_text(words)
    (folder / "b.docx").write_bytes(b"PK\x03\x04 this is none")
    (folder / "c.md").write_text("# Garden\n\nThe hedge is cut in May and in September by the gardener.")
    program.find("document_list").folder_summary_requested.emit()
    for chosen in (folder, target):
        program.wait(lambda: program.documents.findChild(QFileDialog, "folder_dialog"))
        dialog = program.documents.findChild(QFileDialog, "folder_dialog")
        dialog.fileSelected.emit(str(chosen))
        dialog.done(0)
        program.wait(lambda gone=dialog: gone is not program.documents.findChild(QFileDialog, "folder_dialog"))
    program.wait(lambda: any("files with summaries were written" in notice for notice in program.notices()))
    (words,) = [notice for notice in program.notices() if "files with summaries" in notice]
    assert words.startswith("4 files")
    assert "1 of the documents could not be read" in words
    assert sorted(path.name for path in target.iterdir()) == ["a.txt.md", "c.md.md", "summaries.csv", "together.md"]
    assert "b.docx" in (target / "summaries.csv").read_text("utf-8-sig")
    assert "- 5 March 2020 (over): Pay the bill" in (target / "a.txt.md").read_text("utf-8")
    program.wait(lambda: program.find("document_title").full_text == "a.txt")
    pane = program.find("summary_pane")
    program.wait(lambda: pane.summary is not None and len(pane.summary.documents) == 2 and pane.rows)

    def row():
        return next(row for row in pane.rows if "c.md" in row.accessibleName())  # the rows may be made once more

    program.wait(lambda: row().isVisible())
    program.click(row())  # its passage is in the other document, which is opened there
    program.wait(lambda: program.find("document_title").full_text == "c.md")
    program.wait(lambda: any(sheet.spans for sheet in program.documents.view.sheets))
    assert len(pane.summary.documents) == 2, "the joint summary stays beside it"


def test_a_place_clicked_at_finds_the_sentences_that_rest_on_it_also_on_pictures(program, tmp_path):
    """A sentence with passages on two pages, another one on the second page only."""
    words = [f"Passage number {number} stands here and says something." for number in range(1, 4)]
    path = tmp_path / "lease.pdf"
    pages = TinyPdf().page(Text(60, 700, words[0])).page(Text(60, 700, words[1]), Text(60, 300, words[2]))
    path.write_bytes(bytes(pages))
    drop(program.documents, path)
    view, area = program.documents.view, program.frame.documents_area
    program.wait(lambda: program.coverage.startswith("2 of 2"))
    program.wait(lambda: area.summary_pane.summary)
    document = program.frame.documents.current
    kept = {page.number: page.text for page in program.ask(lambda services: services.documents.pages(document))}

    def span(number):
        page = next(page for page, text in kept.items() if words[number - 1] in text)
        start = kept[page].index(words[number - 1])
        return Span(document, page, start, start + len(words[number - 1]))

    first, last = span(1), span(2)
    both = Sentence("Both.", (first, last), (1, 2), True)
    other = Sentence("The other.", (span(3),), (2,), True)
    coverage = Coverage(view.count, view.count, 1, 1)
    part = DocumentSummary(document, "lease.pdf", "page", (both, other), coverage)
    area.summary_pane.show_summary(Summary("bullets", "en", "model", (both, other), coverage, (part,)))
    program.wait(lambda: area.summary_pane.rows[0].isVisible())
    program.click(area.summary_pane.rows[0])
    marked = lambda: [sheet.page.number for sheet in view.sheets if sheet.spans]  # noqa: E731
    program.wait(lambda: marked() == [first.page, last.page])
    sheet = view.sheets[first.page - 1]
    program.wait(lambda: sheet.picture is not None and sheet.boxes)
    lit = lambda: [row.sentence.text for row in area.summary_pane.rows if row.property("lit")]  # noqa: E731

    def click(number, box):
        left, top, right, bottom = box
        view.place_clicked.emit(number, -1, QPointF((left + right) / 2, (top + bottom) / 2))

    click(first.page, (0.5, 0.95, 0.5, 0.95))  # nothing rests on the foot of the page
    program.wait(lambda: lit() == [])
    click(first.page, sheet.boxes[0])
    program.wait(lambda: lit() == ["Both."])
    view.go_to(last.page, to_mark=True)
    sheet = view.sheets[last.page - 1]
    program.wait(lambda: sheet.boxes)
    click(last.page, (0.5, 0.95, 0.5, 0.95))
    program.wait(lambda: lit() == [])
    click(last.page, sheet.boxes[0])
    program.wait(lambda: lit() == ["Both."])
    both_boxes = list(sheet.boxes)
    program.click(area.summary_pane.rows[1])
    program.wait(lambda: marked() == [last.page] and sheet.boxes and sheet.boxes != both_boxes)
    assert lit() == ["The other."]
    click(last.page, (0.5, 0.95, 0.5, 0.95))
    program.wait(lambda: lit() == [])
    click(last.page, sheet.boxes[0])
    program.wait(lambda: lit() == ["The other."])


@pytest.mark.parametrize(
    ("text", "own", "shown"),
    [
        ("Please send us the invoice by 26 February 2026.", (), "26 Feb 2026"),
        ("By 3 March you must pay.", (), "3 Mar"), ("By 3 March you must pay.", (2026, 1, 20), "3 Mar 2026"),
        ("Before 3 March you must pay.", (2026, 12, 20), "2 Mar 2027"), ("Not before 3 March 2027.", (), ""),
        ("Pay by 03/04/2026.", (), ""), ("Keep the cupboards until March 2026.", (), ""), ("Call us.", (), ""),
    ],
)  # fmt: skip
def test_what_is_to_be_done_shows_its_first_sure_date(text, own, shown):
    assert due_words(text, "en", own) == shown


def test_dates_of_what_is_to_be_done_are_not_cut_by_a_larger_text(program, tmp_path):
    letter = tmp_path / "pipe.txt"
    said = ("Leeds, 3 May 2026", "The pipe costs 3,300 EUR.", "Please return the signed form by 12 December.")
    letter.write_text("\n\n".join(said))
    drop(program.documents, letter)
    program.wait(lambda: program.coverage.startswith("1 of 1"))
    program.wait(lambda: program.window.findChildren(QLabel, "row_due"))
    (due,) = [label for label in program.window.findChildren(QLabel, "row_due") if label.text() == "12 Dec 2026"]
    program.frame.keeper.set_font_scale(200)
    program.wait(lambda: due.fontMetrics().horizontalAdvance("12 Dec 2026") <= due.width() - 2)


LETTER = """Castlebeck Housing, 3 May 2026

Dear Mr Tansley,

We have looked at the roof of the house in Harrow Bank, which leaks above the second floor, and have decided to have it
mended in the summer. The work costs 4,200 euros, of which the owner of the house pays 3,000 euros and you pay the rest.

Please return the signed form by 12 June 2026. The scaffolding stands in the garden for three weeks, and nobody may use
the balcony in this time. Should it rain into the flat before, please ring our service at any hour of the day or night.

The gutters were cleaned in April by our own people, who found leaves and an old nest in them. The chimney was looked at
as well and is in good order, as are the windows of the attic, which had been painted two years ago by the same firm.

Yours sincerely, P. Lomax
"""


def test_what_a_model_writes_takes_the_place_of_what_the_rules_chose(start, tmp_path, model_file):
    """From the click to the written text, over an engine that waits until the rules' view was used.

    The days to keep are reckoned last, on a slow PC: they take neither the rows nor the button away.
    """
    gate, letter = tmp_path / "gate", tmp_path / "roof.txt"
    letter.write_text(LETTER)
    said = ["The roof is mended in the summer for 4,200 euros. [1]", "Return the signed form by 12 June 2026. [1]"]
    program = start(answer="\n".join(said), until=str(gate)).with_model(model_file).open_documents()

    sized(program.services, LARGE)
    drop(program.documents, letter)
    program.wait(lambda: program.coverage.startswith("1 of 1"))
    pane = program.find("summary_pane")
    program.wait(lambda: pane.rows and pane.rows[0].isVisible() and program.find("summary_writer").full_text == WRITING)
    rules = said_by(program)
    program.click(pane.rows[0])
    program.wait(lambda: any(sheet.spans for sheet in program.documents.view.sheets))
    gate.touch()
    program.wait(lambda: pane.summary is not None)
    assert said_by(program) == rules, "they are being read"
    program.wait(lambda: program.find("written_button").isVisible())
    days = program.frame.documents_area.summaries.deadlines
    program.wait(lambda: days.value)
    shown = list(pane.rows)
    days.changed.emit()
    assert pane.rows == shown
    assert said_by(program) == rules
    program.click("written_button")
    assert said_by(program)[0] == "The roof is mended in the summer for 4,200 euros."
    assert program.find("summary_writer").full_text.startswith("Written by Tiny llama")
    program.click("own_words_button")
    assert said_by(program) == rules


@pytest.mark.parametrize(
    ("window", "system", "reader"),
    [("de", "en", "de"), ("en", "de", "en"), ("en", "C", "en"), ("en", "fr", "fr"), ("en", "sv", "")],
)
def test_a_model_writes_in_the_language_of_the_reader(monkeypatch, window, system, reader):
    """That of the window, which is also English where it does not know the person's language."""
    monkeypatch.setenv("SLMDESK_LANGUAGE", window)
    monkeypatch.setattr("slmdesk.summaries.window.pane.QLocale.system", lambda: QLocale(system))
    assert readers_language() == reader

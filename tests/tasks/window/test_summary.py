"""The pane of summaries: sentences that lead to their passages, what is left out, earlier ones, exports."""

from __future__ import annotations

import json
from pathlib import Path

import docx
import pytest
from fakes.dropping import LEASE, drop, open_read
from fakes.recorder import LARGE, sized
from fakes.reports import press_row, press_statement, said_in, titles_in
from fakes.tiny_pdf import Text, TinyPdf
from PySide6.QtCore import QEvent, QLocale, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from slmdesk.base.record import changed, to_json
from slmdesk.base.records import JobStatus
from slmdesk.documents.types import Coverage, Span
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.report import Report, Section, Statement
from slmdesk.tasks.service import ReportGrew
from slmdesk.tasks.shape import Growth
from slmdesk.tasks.summaries.plan import TOO_MUCH_TO_DO
from slmdesk.tasks.summaries.shown import WRITING, shown_report
from slmdesk.tasks.summaries.types import ALSO_IN, TO_DO, DocumentSummary, Kind, Sentence, Summary
from slmdesk.ui.kit.panes import EarlierBox, EarlierRow, Entry
from slmdesk.ui.kit.widgets.dialogs import LineQuestion
from slmdesk.ui.tasks.form import readers_language
from slmdesk.ui.tasks.painting import due_words
from slmdesk.ui.tasks.rows import RowKind
from slmdesk.ui.tasks.statements import StatementList

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
    program.wait(lambda: pane.report is not None)
    assert not program.find("summary_coverage").isVisible()
    rows = [row for row in pane.view.list.rows.rows if row.kind is RowKind.STATEMENT]
    assert [row.is_lead for row in rows] == [True] + [False] * (len(rows) - 1), "the first says what the document is"
    statement = next(statement for statement in pane.view.statements if statement.sources)
    press_statement(pane, statement)
    page = statement.sources[0].page
    program.wait(lambda: [sheet.page.number for sheet in program.documents.view.sheets if sheet.spans][:1] == [page])
    start, end = program.documents.view.sheets[page - 1].spans[0]
    program.wait(lambda: program.documents.view.sheets[page - 1].has_text)
    words = program.documents.view.sheets[page - 1].page.text[start:end]
    assert statement.text.split()[0] in words
    program.click("summary_copy")
    assert program.find("summary_copy").accessibleDescription() == "Copied."
    assert QApplication.clipboard().text().endswith("4 of 4 sections read.")
    program.documents.view.place_clicked.emit(page, start, QPointF())
    assert pane.view.list.lit == [statement]


def test_each_of_several_opened_documents_is_summarized_when_it_is_looked_at(program, letter):
    others = [letter.with_name(name) for name in ("annex.md", "notes.md")]
    for other in others:
        other.write_text(f"{LEASE}\n{other.name}\n")
    open_read(program, letter, *others)
    view, pane = program.find("document_view"), program.find("summary_pane")
    program.wait(lambda: view.model().rowCount() == 3 and pane.report)
    assert len(program.ask(lambda services: services.history.items("summary"))) == 1
    program.click_item(view, 1)
    program.wait(lambda: pane.report and [name for __, name in pane.report.documents] == ["annex.md"])


def summarized_like(program, kind) -> None:
    """Summarize again in another form."""
    program.click("summary_options")
    box = program.find("summary_kind")
    box.setCurrentIndex(box.findData(kind))
    box.activated.emit(box.currentIndex())
    program.click("summary_begin_so")


def test_why_no_summary_is_made_stands_in_its_place_and_a_model_too_weak_names_a_better_one(
    program, letter, model_file
):
    open_read(program, letter)
    note = program.find("summary_note")
    program.wait(lambda: program.find("summary_pane").report)
    summarized_like(program, Kind.SIMPLE)
    program.wait(lambda: note.isVisible() and "model" in note.text())
    assert program.notices() == []
    program.with_model(model_file)
    summarized_like(program, Kind.SIMPLE)
    program.wait(lambda: not note.isVisible() and "too weak" in program.find("summary_notes").text())
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
    program.wait(lambda: pane.report is not None and pane.view.isVisible())
    return program


def stored(program) -> Summary:
    """The summary on show, as it is stored."""
    item = program.frame.documents_area.summaries.item
    return program.ask(lambda services: services.tasks.open(item).result)


def kept_summary(program, *, note="", **changes):
    """The shown summary, changed in the history as `changes` of its document say, and shown again."""
    summary = stored(program)
    return kept(program, changed(summary, note=note, documents=(changed(summary.documents[0], **changes),)))


def kept(program, updated):
    """A summary put into the history in the place of the shown one, and shown."""
    services, summaries = program.services, program.frame.documents_area.summaries
    services.service_thread.call(lambda: services.store.results.save(summaries.item, to_json(updated)))
    with program.qtbot.waitSignal(summaries.made):
        summaries.choose(summaries.item)
    return updated


def test_what_a_document_says_beside_its_summary_is_added_by_a_click(summarized):
    program, pane = summarized, summarized.find("summary_pane")
    first = stored(program).sentences[0]
    kept_summary(program, omitted=(changed(first, text="The deposit is 2,400 euros.", quotation=True),))
    count = len(said_in(pane))
    program.click("summary_copy")
    assert "\n1 more passage.\n" in QApplication.clipboard().text()
    press_row(pane, "1 more passage")
    left_out = pane.view.statements[-1]
    assert left_out.text == "The deposit is 2,400 euros."
    press_statement(pane, left_out, "add")
    program.wait(lambda: len(said_in(pane)) == count + 1 and not pane.view.statements[-1].actions)
    assert said_in(pane).count("The deposit is 2,400 euros.") == 1
    assert stored(program).documents[0].omitted == ()
    assert len(stored(program).sentences) == count + 1
    pane.view.list.setFocus()
    QTest.keyClick(pane.view.list, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: pane.view.statements[-1].actions)
    assert len(stored(program).documents[0].omitted) == 1


def test_where_only_what_has_to_be_done_fits_the_rest_is_shown(summarized):
    program, pane = summarized, summarized.find("summary_pane")
    omitted = (changed(stored(program).sentences[0], text="The deposit is 2,400 euros.", quotation=True),)
    kept_summary(program, note=TOO_MUCH_TO_DO, omitted=omitted)
    assert titles_in(pane)[-1] == "More passages"
    assert said_in(pane)[-1] == "The deposit is 2,400 euros."
    kept_summary(program, note="", omitted=omitted)
    assert said_in(pane)[-1] != "The deposit is 2,400 euros."


def grown(program, *points: Sentence, writing: str = "", is_whole: bool = False) -> None:
    """Tell the window of sentences of the summary on show, as the run that makes it does."""
    statements = tuple(Statement(point.text, point.blocks, id=point.text) for point in points)
    sections = (Section(statements),) if points else ()
    item = program.frame.documents_area.summaries.item
    event = ReportGrew(item, "j", Growth(sections, is_whole, "4 of 4 sections read.", writing))
    program.ask(lambda services: services.runtime.events.publish(event))


def test_what_is_being_made_is_seen_and_said_in_one_line(program, letter):
    open_read(program, letter)
    pane, words, writing = (program.find(name) for name in ("summary_pane", "making_summary_words", "summary_writing"))
    program.wait(lambda: pane.report is not None)

    def on_one_line() -> bool:
        pane.show_begun()  # each time: the summary itself may be shown once more
        pane.show_job(JobChanged("j", "summary", JobStatus.RUNNING, 19, 48, eta_s=240.0))
        return words.isVisible() and words.height() < 2 * words.fontMetrics().lineSpacing()

    program.wait(on_one_line)
    assert "5 min left" in words.text()
    program.ask(lambda _services: None)  # the summary itself may be told of once more
    summaries = program.frame.documents_area.summaries
    summaries.report = changed(summaries.report, sections=(), writer="")
    sentence = Sentence("The rent is 900 euros.", (), (1,), True)
    pane.show_begun()
    grown(program, sentence, writing="The lease ends on")
    program.wait(lambda: said_in(pane) == [sentence.text])
    kept = pane.view.list.rows.rows[0]
    assert writing.text() == "The lease ends on …"
    assert writing.isVisible()
    grown(program, changed(sentence, text="The lease ends in May."))
    program.wait(lambda: len(said_in(pane)) == 2)
    assert pane.view.list.rows.rows[0] is kept  # what stands there stays, with its focus
    assert not writing.isVisible()
    assert "4 of 4 sections read" in program.find("summary_note").text()
    for has_model, said in ((False, "Reading the document…"), (True, "Waiting for the model…")):
        pane.show_nothing()
        pane.show_begun(has_model)
        assert words.text() == said


@pytest.fixture
def written(summarized):
    """A letter with a summary that a model wrote: three sentences, one replaced, and one that must be known."""
    summary = stored(summarized)
    rules = summary.sentences
    first = changed(rules[0], text="The lease costs 900 euros.", quotation=False)
    replaced = changed(rules[-1], quotation=True, group="Key points")
    also = changed(rules[-1], text="Pets need the permission of the owner.", quotation=True, group=ALSO_IN)
    said = (first, replaced, also)
    (document,) = summary.documents
    documents = (changed(document, sentences=said, own_words=rules),)
    kept(summarized, changed(summary, method="model", model="Echo", sentences=said, documents=documents))
    return summarized


def begun_again(program, *points: Sentence) -> None:
    """As when the summary on show is made by a model: first stands what the rules chose."""
    pane, summaries = program.find("summary_pane"), program.frame.documents_area.summaries
    pane.show_begun()
    summaries.report = changed(summaries.report, sections=(), writer="")
    grown(program, *points, is_whole=True)
    program.wait(lambda: said_in(pane) == [point.text for point in points])


def test_what_the_rules_chose_is_used_while_a_model_writes_and_nothing_moves(written):
    program, pane = written, written.find("summary_pane")
    rules, made = stored(program).documents[0].own_words, pane.report
    begun_again(program, *rules)
    shown = pane.view.list
    program.wait(lambda: program.find("making_summary").isVisible())
    assert program.find("summary_writer").full_text == WRITING
    before, place = list(shown.rows.rows), shown.mapTo(pane, QPoint())
    grown(program, *rules, is_whole=True)
    grown(program, writing="The lease costs 900 euros and ends")
    program.wait(lambda: program.find("summary_writing").isVisible())
    assert shown.rows.rows == before
    pane.show_report(made)
    program.wait(lambda: said_in(pane)[0] == "The lease costs 900 euros.")
    assert shown.mapTo(pane, QPoint()) == place
    assert not program.find("making_summary").isVisible()


def test_what_a_person_has_scrolled_among_stays_until_they_ask_for_the_written_summary(written):
    program, pane = written, written.find("summary_pane")
    made, rule = pane.report, stored(program).documents[0].own_words[0]
    many = tuple(changed(rule, text=f"Sentence {number} of the document is here.") for number in range(60))
    begun_again(program, *many)
    bar, show = pane.view.list.verticalScrollBar(), program.find("summary_written")
    program.wait(lambda: bar.maximum() > 300)
    bar.setValue(200)
    pane.show_report(made)
    program.wait(show.isVisible)
    assert (len(said_in(pane)), bar.value()) == (60, 200)
    program.click(show)
    program.wait(lambda: len(said_in(pane)) == 3)
    assert not show.isVisible()


def cancelled(program, **changes):
    """Have the shown summary be what there was of it when its job was cancelled."""
    item, summary = program.frame.documents_area.summaries.item, stored(program)

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
    program.wait(lambda: "had been written" in program.find("summary_note").text())
    assert len(said_in(pane)) >= 1
    assert "cancelled" in program.find("summary_note").text()


def test_a_cancelled_writing_leaves_what_the_rules_chose_as_the_summary(summarized):
    program, pane = summarized, summarized.find("summary_pane")
    note = "Echo did not finish its text: these are sentences of the document."
    summary = cancelled(program, note=note)
    begun_again(program, *summary.sentences)
    grown(program, writing="The lease")
    program.frame.documents_area.summaries.choose(program.frame.documents_area.summaries.item)
    program.wait(lambda: program.find("summary_writer").full_text == note)
    assert said_in(pane) == [sentence.text for sentence in summary.sentences]
    assert not program.find("summary_writing").isVisible()
    assert not program.find("making_summary").isVisible()
    program.click("summary_copy")
    assert summary.sentences[0].text in QApplication.clipboard().text()


def test_one_key_shows_the_documents_own_words_and_copies_them(written):
    program, pane = written, written.find("summary_pane")
    rules = [sentence.text for sentence in stored(program).documents[0].own_words]
    assert said_in(pane) == [
        "The lease costs 900 euros.", rules[-1], "Pets need the permission of the owner.",
    ]  # fmt: skip
    assert "Also in the document" in titles_in(pane)
    writer = "Written by Echo, each sentence checked against its pages."
    assert program.find("summary_writer").full_text == writer
    program.click("summary_copy")
    assert f"\n\n{writer}\n\n" in QApplication.clipboard().text()
    button = program.find("summary_own_words")
    QTest.keyClick(pane, Qt.Key.Key_F6)
    program.wait(lambda: said_in(pane) == rules)
    assert button.isChecked()
    program.click("summary_copy")
    assert rules[-1] in QApplication.clipboard().text()
    assert "Written by" not in QApplication.clipboard().text()
    summaries = program.frame.documents_area.summaries
    summaries.choose(summaries.item)
    program.wait(lambda: said_in(pane) == rules)
    program.click(button)
    program.wait(lambda: len(said_in(pane)) == 3)
    kept_summary(program, own_words=())
    assert not button.isVisible()


def test_what_is_shown_is_exported_with_its_proof_and_offered_beside_its_document(written, letter, tmp_path):
    program = written
    for is_own in (False, True):
        target = tmp_path / f"{is_own}.docx"
        exported(program, "summary_export", "docx", target)
        words = "\n".join(paragraph.text for paragraph in docx.Document(target).paragraphs)
        assert "What was read" in words
        assert "[section" in words
        assert ("The lease costs 900 euros." in words) is not is_own
        assert ("Written in part by a language model (Echo)" in words) is not is_own
        program.click("summary_own_words")
    exported(program, "summary_export", "json", tmp_path / "s.json")
    assert json.loads((tmp_path / "s.json").read_text())["coverage"]["pages_read"] == 4
    (bar,) = [bar for bar in program.window.notices.bars if "s.json" in bar.notice.text]
    assert (bar.notice.action, bar.notice.other) == ("Open", "Open folder")
    menu = program.find("summary_export").menu()
    next(action for action in menu.actions() if action.objectName() == "export_pdf").trigger()
    dialog = program.documents.findChild(QFileDialog, "export_dialog")
    assert Path(dialog.directory().absolutePath()) == letter.parent
    assert Path(dialog.selectedFiles()[0]).parent == letter.parent
    dialog.fileSelected.emit(str(tmp_path / "none" / "s.pdf"))
    program.wait(lambda: any(bar.notice.is_error and "none" in bar.notice.text for bar in program.window.notices.bars))


def test_each_length_is_made_once_and_remembered(summarized, start):
    program, pane, summaries = summarized, summarized.find("summary_pane"), summarized.frame.documents_area.summaries
    first, length = summaries.item, program.find("summary_length")
    program.click("summary_options")
    assert length.currentText() == "Medium"
    QTest.keyClick(length, Qt.Key.Key_Down)
    program.wait(lambda: summaries.item != first and pane.report is not None and len(summaries.items.shown) == 2)
    QTest.keyClick(length, Qt.Key.Key_Up)
    program.wait(lambda: summaries.item == first and pane.report is not None)
    QTest.keyClick(length, Qt.Key.Key_Down)
    program.wait(lambda: summaries.item != first and pane.report is not None)
    assert len(program.ask(lambda services: services.history.items("summary"))) == 2
    program.close()
    assert start().find("summary_pane").form.last["length"] == "long"


def test_a_sentence_lights_its_passages_and_stays_when_it_is_reported_twice(summarized):
    program = summarized
    pane, summaries = program.find("summary_pane"), program.frame.documents_area.summaries
    shown, made = pane.view.list, []
    rows = list(shown.rows.rows)
    shown.setFocus()
    shown.go_to(rows[0].statement)
    summaries.made.connect(made.append)
    summaries.choose(summaries.item)  # as when its job ends while it is being opened
    program.wait(lambda: made)
    assert shown.rows.rows == rows
    assert shown.current == rows[0].statement
    QTest.keyClick(shown, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().endswith(f"[lease.md, section {rows[0].statement.sources[0].page}]")
    program.click("summary_copy")
    assert QApplication.clipboard().text().count("[lease.md, section") == len(pane.view.statements)
    statement = next(statement for statement in pane.view.statements if statement.sources)
    pages = {source.page for source in statement.sources}
    marked = lambda: {sheet.page.number for sheet in program.documents.view.sheets if sheet.spans}  # noqa: E731
    shown.statement_pointed_at.emit(statement)
    program.wait(lambda: marked() == pages)
    shown.statement_pointed_at.emit(None)
    program.wait(lambda: not marked())
    press_statement(pane, statement)
    program.wait(lambda: marked() == pages)
    shown.statement_pointed_at.emit(statement)
    shown.statement_pointed_at.emit(None)
    program.wait(lambda: marked() == pages)


def test_the_lead_takes_two_lines_until_it_is_pressed(qtbot):
    words = "Rent increase for the flat in the Lindenstraße: " + "the rent rises by forty euros a month " * 8
    others = Section((Statement("The rest stays.", id="other"),), "Others")
    shown = StatementList(None, "list", "Summary")
    qtbot.addWidget(shown)
    shown.resize(500, 400)
    shown.show()

    def show(lead: str) -> None:
        shown.rows.show_report(Report("summary", "", (Section((Statement(lead, id="lead"),)), others)))

    def height() -> int:
        return shown.visualRect(shown.rows.index(0)).height()

    show("One line.")
    qtbot.waitUntil(lambda: height() > 0)
    one = height()
    show(words.strip())
    qtbot.waitUntil(lambda: one < height() < 2 * one)
    place = shown.visualRect(shown.rows.index(0)).center()
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: height() > 3 * one)
    assert shown.rows.index(0).data() == words.strip()


def test_pointing_at_a_sentence_brings_its_passage_into_sight_and_covers_nothing(program, tmp_path):
    path = tmp_path / "long.md"
    facts = [f"The rent of flat {number} is {number}00 euros." for number in range(1, 5)]
    path.write_text(
        "\n\n".join(f"# Part {at}\n\n{fact}\n\n" + "Filling words.\n\n" * 60 for at, fact in enumerate(facts))
    )
    drop(program.documents, path)
    pane, view = program.find("summary_pane"), program.documents.view
    program.wait(lambda: pane.report is not None and len(view.sheets) == 4)
    last = max(pane.view.statements, key=lambda statement: statement.sources[0].page)
    assert last.sources[0].page > 1
    index = pane.view.list.rows.index_of(last)
    assert not index.data(Qt.ItemDataRole.ToolTipRole)
    bar = view.verticalScrollBar()
    assert bar.value() == 0
    pane.view.list.entered.emit(index)
    program.wait(lambda: bar.value() > 0)
    reached = bar.value()
    QApplication.sendEvent(pane.view.list, QEvent(QEvent.Type.Leave))
    pane.view.list.entered.emit(index)
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


def unfold_earlier(program) -> list[EarlierRow]:
    """The earlier summaries in their popover, which is opened if it is not."""
    box = program.find("summary_earlier")
    if not box.isVisible():
        menu = program.find("summary_menu")
        menu.aboutToShow.emit()
        next(action for action in menu.actions() if action.objectName() == "summary_earlier_action").trigger()
    return sorted((row for row in box.findChildren(EarlierRow) if row.isVisible()), key=EarlierRow.y)


def test_earlier_summaries_are_chosen_renamed_and_deleted_with_a_way_back(summarized):
    program = summarized
    summaries, pane = program.frame.documents_area.summaries, program.find("summary_pane")
    first = summaries.item
    program.wait(lambda: pane.earlier.has_entries)
    assert unfold_earlier(program) == [], "it is the only one"
    assert [action.text() for action in pane.earlier.only.menu().actions()] == ["Rename…", "Delete"]
    pane.earlier.parent().dismiss()
    program.click("summary_options")
    program.click("summary_begin_so")
    program.wait(lambda: summaries.item != first and pane.report is not None)
    rows = lambda: unfold_earlier(program)  # noqa: E731
    program.wait(lambda: len(rows()) == 2)
    assert rows()[0].accessibleName().startswith("Bullet points, Medium")
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
    program.wait(lambda: summaries.item not in ("", first) and pane.report is not None)
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
    program.wait(lambda: pane.report is not None and len(pane.report.documents) == 2)
    other = next(statement for statement in pane.view.statements if statement.place.startswith("c.md"))
    press_statement(pane, other)  # its passage is in the other document, which is opened there
    program.wait(lambda: program.find("document_title").full_text == "c.md")
    program.wait(lambda: any(sheet.spans for sheet in program.documents.view.sheets))
    assert len(pane.report.documents) == 2, "the joint summary stays beside it"


def test_a_place_clicked_at_finds_the_sentences_that_rest_on_it_also_on_pictures(program, tmp_path):
    """A sentence with passages on two pages, another one on the second page only."""
    words = [f"Passage number {number} stands here and says something." for number in range(1, 4)]
    path = tmp_path / "lease.pdf"
    pages = TinyPdf().page(Text(60, 700, words[0])).page(Text(60, 700, words[1]), Text(60, 300, words[2]))
    path.write_bytes(bytes(pages))
    drop(program.documents, path)
    view, area = program.documents.view, program.frame.documents_area
    program.wait(lambda: program.coverage.startswith("2 of 2"))
    program.wait(lambda: area.summary_pane.report)
    document = program.frame.documents.current
    kept = {page.number: page.text for page in program.ask(lambda services: services.documents.pages(document))}

    def span(number):
        page = next(page for page, text in kept.items() if words[number - 1] in text)
        start = kept[page].index(words[number - 1])
        return Span(document, page, start, start + len(words[number - 1]))

    first, last = span(1), span(2)
    both, other = Statement("Both.", (first, last)), Statement("The other.", (span(3),))
    area.summary_pane.show_report(Report("summary", "", (Section((both, other)),)))
    press_statement(area.summary_pane, both)
    marked = lambda: [sheet.page.number for sheet in view.sheets if sheet.spans]  # noqa: E731
    program.wait(lambda: marked() == [first.page, last.page])
    sheet = view.sheets[first.page - 1]
    program.wait(lambda: sheet.picture is not None and sheet.boxes)
    lit = lambda: [statement.text for statement in area.summary_pane.view.list.lit]  # noqa: E731

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
    press_statement(area.summary_pane, other)
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
    coverage = Coverage(1, 1, 1, 1)
    duty = Sentence(text, (Span("d", 1, 0, 5),), (1,), True, group=TO_DO)
    document = DocumentSummary("d", "a.md", "page", (duty,), coverage, dated=own)
    report = shown_report("", Summary("bullets", "en", "quotations", (duty,), coverage, (document,)))
    (statement,) = report.statements
    assert due_words(statement.value).partition("\u2028")[0] == shown


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
    program.wait(lambda: pane.view.isVisible() and program.find("summary_writer").full_text == WRITING)
    rules = said_in(pane)
    press_statement(pane, pane.view.statements[0])
    program.wait(lambda: any(sheet.spans for sheet in program.documents.view.sheets))
    gate.touch()
    program.wait(lambda: program.find("summary_written").isVisible())
    assert said_in(pane) == rules, "they are being read"
    program.click("summary_written")
    assert said_in(pane)[0] == "The roof is mended in the summer for 4,200 euros."
    assert program.find("summary_writer").full_text.startswith("Written by Tiny llama")
    program.click("summary_own_words")
    program.wait(lambda: said_in(pane) == rules)


@pytest.mark.parametrize(
    ("window", "system", "reader"),
    [("de", "en", "de"), ("en", "de", "en"), ("en", "C", "en"), ("en", "fr", "fr"), ("en", "sv", "")],
)
def test_a_model_writes_in_the_language_of_the_reader(monkeypatch, window, system, reader):
    """That of the window, which is also English where it does not know the person's language."""
    monkeypatch.setenv("SLMDESK_LANGUAGE", window)
    monkeypatch.setattr("slmdesk.ui.tasks.form.QLocale.system", lambda: QLocale(system))
    assert readers_language() == reader

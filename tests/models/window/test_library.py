"""The models on this PC in the window: details, defaults, measurements, by clicks."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import tiny_gguf
from fakes.dropping import drop
from fakes.models_page import action, local
from fakes.split_gguf import split
from fakes.tiny_families import make
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFrame, QLabel, QPlainTextEdit, QPushButton, QToolButton, QWidget

from slmdesk.base.policy import Policy
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import ModelState, ModelStateChanged
from slmdesk.base.types import LoadedModel, Offload
from slmdesk.models.gguf.memory import Pace, Speed
from slmdesk.models.running import FitCheck
from slmdesk.models.service import DefaultUse, Pc
from slmdesk.ui.chat.messages import all_details_of, note_of
from slmdesk.ui.kit.base.text import AnswerProgress
from slmdesk.ui.models.adding import AddDialog
from slmdesk.ui.models.library import bench_words, card_words, rows_of

pytestmark = pytest.mark.gui


@pytest.fixture
def library(start, model_file):
    """The window on its page of models, with one model."""
    program = start()
    program.frame.library.add_files((model_file,), False)
    program.open_models().wait(lambda: local(program))
    return program


def opened(program, card=None):
    """The details of a card, opened by a click and filled."""
    card = card or local(program)[0]
    toggle = card.findChild(QToolButton, "details_button")
    program.frame.models_page.ensureWidgetVisible(toggle)
    program.click(toggle)
    program.wait(lambda: card.details.findChild(QLabel, "value_sha256"))
    card.details.unfold()
    return card.details


def press(program, panel, name: str) -> None:
    button = panel.findChild(QWidget, name)
    program.wait(lambda: program.frame.models_page.ensureWidgetVisible(button) or button.isVisible())
    program.click(button)


def words(panel, name: str) -> str:
    return panel.findChild(QLabel, name).text().replace("\u200b", "")


def only(program):
    (record,) = program.ask(lambda services: services.models.list())
    return record


def test_details_open_below_the_row_and_say_everything(library) -> None:
    panel, record = opened(library), only(library)
    assert panel.parent() is local(library)[0]
    library.wait(lambda: panel.height() >= panel.heightForWidth(panel.width()))
    assert words(panel, "value_sha256") == record.sha256
    assert words(panel, "value_path") == os.fsdecode(record.path)
    assert words(panel, "value_family") == "llama"
    assert words(panel, "value_source") == "This PC"
    assert "fits this PC" in words(panel, "value_memory")
    assert "its own" in words(panel, "value_template")
    assert words(panel, "value_suits") == "For short chats only."
    assert "Not tested" in words(panel, "bench_words")
    press(library, panel, "bench_button")
    library.wait(lambda: "tokens a second" in words(panel, "bench_words"))
    assert "Measured: " in words(panel, "bench_words")
    library.frame.library.refresh()
    library.wait(lambda: "tokens a second here" in local(library)[0].words)

    toggle = local(library)[0].findChild(QToolButton, "details_button")
    assert "Close the details of Tiny llama" in toggle.accessibleName()
    library.click(toggle)
    assert not panel.isVisible()
    Path(os.fsdecode(record.path)).unlink()
    library.click(toggle)
    library.wait(lambda: "is not there" in words(local(library)[0].details, "details_trouble"))


def test_what_a_model_may_do_stands_in_the_picker_on_its_card_and_in_its_details(library) -> None:
    menu = library.page.picker.button.menu()
    menu.aboutToShow.emit()
    entry = next(action for action in menu.actions() if action.objectName().startswith("model_"))
    assert "For short chats only." in entry.toolTip()
    record = only(library)
    header = {**record.header, "parameters": 4_000_000_000}
    library.ask(lambda services: services.store.models.change(record.id, header=header))
    library.frame.library.refresh()
    said = "For summaries, questions, translation, letters; not tried."
    library.wait(lambda: words(local(library)[0], "card_sentence") == said)
    assert words(opened(library), "value_suits") == said


def test_a_default_is_set_by_a_click_and_stands_on_the_card(library) -> None:
    panel = opened(library)
    box = panel.findChild(QPushButton, "use_chat")
    assert not panel.findChild(QPushButton, "use_embed").isVisible()
    library.frame.models_page.ensureWidgetVisible(box)
    QTest.keyClick(box, Qt.Key.Key_Space)
    library.wait(lambda: words(local(library)[0], "default_badge") == "Default for chat")
    assert library.ask(lambda services: services.uses.default(DefaultUse.CHAT)).id == only(library).id
    QTest.keyClick(panel.findChild(QPushButton, "use_translate"), Qt.Key.Key_Space)
    library.wait(lambda: words(local(library)[0], "default_badge") == "Default for chat, translation")
    QTest.keyClick(box, Qt.Key.Key_Space)
    library.wait(lambda: words(local(library)[0], "default_badge") == "Default for translation")


def test_what_the_organisation_set_cannot_be_changed_in_open_details_either(library) -> None:
    settings, panel = library.frame.settings, opened(library)
    library.wait(lambda: panel.findChild(QPushButton, "use_chat").isVisible())
    library.wait(lambda: not panel.findChild(QWidget, "formats_line").isHidden())
    settings.policy = Policy("p", {"model_for_chat": ""}, hidden=frozenset({"models.formats"}))
    settings.policy_shown.emit(settings.policy)
    library.wait(lambda: not panel.findChild(QPushButton, "use_chat").isEnabled())
    assert panel.findChild(QPushButton, "use_summarize").isEnabled()
    assert panel.findChild(QWidget, "formats_line").isHidden()


def test_what_is_made_for_one_thing_is_offered_for_that_alone(library, tmp_path) -> None:
    library.frame.library.add_files((make("gemma3", tmp_path, title="MiLMMT 46 4B v1.0"),), False)
    library.wait(lambda: library.is_said("Made for translation alone"))
    bar = library.window.notices.bars[-1]
    assert bar.notice.key == f"come {library.ask(lambda services: services.models.list())[-1].id}", (
        "once it is used, what says so takes the place"
    )
    press(library, bar, "notice_action")
    library.wait(lambda: len(local(library)) == 2)
    card = next(card for card in local(library) if "MiLMMT" in card.card.record.name)
    library.wait(lambda: words(card, "default_badge") == "Default for translation")
    panel = opened(library, card)
    assert words(panel, "value_made").startswith("Made for translation alone")
    assert not panel.findChild(QPushButton, "use_chat").isVisible()
    assert card.findChild(QPushButton, "use_button") is None

    library.frame.library.add_files((tiny_gguf.write(tmp_path / "bert.gguf", tiny_gguf.tiny_bert()),), False)
    library.wait(lambda: len(local(library)) == 3)
    encoder = next(card for card in local(library) if "cannot chat" in card.words)
    assert encoder.findChild(QPushButton, "use_button") is None
    panel = opened(library, encoder)
    assert not panel.findChild(QPushButton, "use_chat").isVisible()
    assert panel.findChild(QPushButton, "use_embed").isVisible()
    assert panel.findChild(QLabel, "value_suits") is None
    library.wait(lambda: [model.name for model in library.frame.models.listed] == ["Tiny llama"])


def test_a_model_that_went_while_its_removal_could_be_undone_is_no_fault(library) -> None:
    model = library.frame.library.listed[0].record.id
    action(local(library)[0], "remove")
    library.wait(lambda: library.frame.library.listed == [])
    library.ask(lambda services: services.models.remove(model))
    library.wait(lambda: library.frame.library.cards.value == ())
    with library.qtbot.capture_exceptions() as raised:
        library.window.notices.bars[-1].closed.emit()
        library.ask(lambda _services: None)
    assert (raised, library.frame.library.removals.ids) == ([], set())


def dropped(program, *paths: Path) -> None:
    drop(program.frame.models_page.viewport(), *paths)


def dialog_of(program) -> AddDialog:
    program.wait(lambda: program.window.findChild(QDialog, "add_dialog"))
    return program.window.findChild(QDialog, "add_dialog")


def said(dialog) -> str:
    return "\n".join(label.text().replace("\u200b", "") for label in dialog.findChildren(QLabel))


def named_llama(path: Path, name: str) -> Path:
    return tiny_gguf.write(path, tiny_gguf.tiny_llama(change={"general.name": ("string", name)}))


def test_a_folder_of_models_is_added_in_one_go_and_what_is_here_is_said(library, tmp_path) -> None:
    folder = tmp_path / "models"
    (folder / "deeper").mkdir(parents=True)
    dropped(library, folder)
    library.wait(lambda: library.is_said("no model file"))
    named_llama(folder / "one.gguf", "One")
    tiny_gguf.write(folder / "again.gguf", tiny_gguf.tiny_llama())
    (folder / "page.gguf").write_text("<!doctype html>")
    (folder / "notes.txt").write_text("not looked at")
    whole = tiny_gguf.tiny_llama(change={"general.name": ("string", "In parts")}).data
    for number, data in enumerate(split(whole, 3), 1):
        (folder / "deeper" / f"whole-{number:05}-of-00003.gguf").write_bytes(data)
    dropped(library, folder)
    dialog = dialog_of(library)
    assert dialog.windowTitle() == "Add these 3 models?"
    assert "1 file cannot be added" in said(dialog)
    assert "no model file" in said(dialog)
    assert "notes.txt" not in said(dialog)
    assert "in 3 parts that are put together" in said(dialog)
    library.click(library.find("add_copy", dialog))
    library.wait(lambda: library.is_said("2 models were added. Already here: Tiny llama."))
    bar = next(bar for bar in library.window.findChildren(QFrame, "notice_bar") if "2 models" in bar.notice.text)
    bar.findChild(QPushButton, "notice_more").click()
    shown = library.window.findChild(QPlainTextEdit, "text_dialog_text")
    assert "again.gguf is already here as Tiny llama." in shown.toPlainText()
    names = [model.name for model in library.ask(lambda services: services.models.list())]
    assert sorted(names) == ["In parts", "One", "Tiny llama"]
    (folder / "deeper" / "whole-00001-of-00003.gguf").unlink()
    dropped(library, folder / "deeper" / "whole-00002-of-00003.gguf")
    library.wait(lambda: library.is_said("whole-00001-of-00003.gguf"))


def test_a_list_of_checksums_that_does_not_name_a_model_keeps_it_out_of_a_folder_and_is_said(library, tmp_path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    named, other = named_llama(folder / "named.gguf", "Named"), named_llama(folder / "other.gguf", "Other")
    (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(named.read_bytes()).hexdigest()}  C:\\models\\NAMED.gguf")
    dropped(library, folder)
    dialog = dialog_of(library)
    assert "SHA256SUMS does not name it" in said(dialog)
    library.click(library.find("add_copy", dialog))
    library.wait(lambda: library.is_said("Named was added; its checksum agrees."))
    library.wait(lambda: not library.window.findChild(QDialog, "add_dialog"))
    dropped(library, other)
    library.click(library.find("add_copy", dialog_of(library)))
    library.wait(lambda: library.is_said("other.gguf is not checked: SHA256SUMS does not name it."))
    library.wait(lambda: len(library.ask(lambda services: services.models.list())) == 3)


def test_adding_several_can_be_cancelled(library, tmp_path) -> None:
    paths = [named_llama(tmp_path / f"{number}.gguf", f"Model {number}") for number in range(5)]
    library.frame.library.add_files(paths, True)
    library.frame.library.imports.cancel()
    library.wait(lambda: not library.frame.models_page.findChild(QWidget, "library_import").isVisible())
    assert len(library.ask(lambda services: services.models.list())) <= 2


def test_a_model_that_makes_no_sense_is_marked_once_it_was_loaded(start, model_file) -> None:
    program = start(is_noise=True)
    program.frame.models.import_file(model_file)
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    program.wait(lambda: program.is_said("does not behave like a language model"))
    program.open_models().wait(lambda: local(program))
    program.wait(lambda: "not behave like a language model" in local(program)[0].words)
    assert local(program)[0].findChild(QPushButton, "use_button").isEnabled()
    assert "Failed" in words(opened(program), "value_behaves")


def test_the_details_say_the_speed_the_card_says(program) -> None:
    """Answers it wrote are a measurement too, though nobody pressed *Test speed*."""
    program.open_models().wait(lambda: local(program))
    pace = Pace(bandwidth=2e9, calibration=1.0, measured={only(program).sha256: 1.0})
    details = details_with(program, pace)
    assert details.is_measured
    assert "by its answers on this PC" in bench_words(details)
    assert {key: value for key, _label, value in rows_of(details)}["speed"].endswith("(measured here)")


def test_what_fits_but_is_too_slow_is_marked_so(library) -> None:
    card, judged = local(library)[0], library.frame.library.judged
    judged.put({card.card.record.id: FitCheck("fits", 1 << 30, speed=Speed(0.5, 0.3, 0.8))})
    assert words(card, "speed_words") == "too slow"
    judged.put({card.card.record.id: FitCheck("fits", 1 << 30, speed=Speed(9.0, 5.0, 12.0))})
    assert words(card, "speed_words") == "≈ 7 words/s"
    assert card.fit.word == "Fits"


def details_with(program, pace: Pace):
    """The details of the only model, on a PC of this pace."""
    answers: list = []

    def ask(services) -> None:
        services.cards.pc = lambda: Pc(8 << 30, pace)
        services.cards.details(services.models.list()[0].id).then(answers.append)

    program.ask(ask)
    program.wait(lambda: answers)
    return answers[0]


def details(program) -> tuple[str, list[str]]:
    view = program.page.view.rows[len(program.page.view.rows) - 1].view
    return view.details, all_details_of(program.chat.shown.by_id[view.id])


def test_the_figures_of_an_answer_are_the_same_after_a_restart(start, model_file):
    program = start()
    program.frame.models.import_file(model_file)
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    program.send("hello", slow=0.01, answer="one two three four five six")
    program.wait_idle()
    live = details(program)
    assert live[0] == "Tiny llama"
    assert "seed" not in live[0]
    assert any(line.startswith("Seed: ") for line in live[1])
    program.close()
    again = start()
    again.wait(lambda: again.chat.message_ids)
    assert details(again) == live


def test_who_waits_is_told_how_much_is_read_and_that_it_is_written(program):
    program.send("hello", slow=0.02, answer="one two three")
    program.wait(lambda: program.chat.message_ids)
    waiting = changed(program.last(), status=Status.STREAMING, text="")
    writing = changed(waiting, text="one two")
    assert note_of(waiting, AnswerProgress(read=98, total=245)) == "Reading… 40 %"
    assert note_of(waiting, AnswerProgress(read=98, total=1245, began=100.0, now=107.5)) == "Reading… 7 %, 7 s"
    assert note_of(waiting, AnswerProgress(is_loading=True)) == "Loading the model…"
    assert note_of(waiting, AnswerProgress()) == ""
    waited = AnswerProgress(began=10.0, now=17.0)
    assert waited.waiting_words == "Waiting for the model, 7 s"
    assert waited.reading(0, 40, 17.0).reading(20, 40, 20.0).reading_words == "Reading… 50 %, 3 s"
    assert note_of(writing, AnswerProgress(pieces=1, first_at=9.0, now=9.1)) == ""
    assert note_of(writing, AnswerProgress(pieces=21, first_at=9.0, now=14.0)) == "Writing…"
    program.wait_idle()


def test_an_answer_that_takes_its_time_says_how_it_goes_and_the_note_goes_with_it(program):
    program.send("hello", slow=0.25, slow_read=0.3, answer=" ".join(["word"] * 12))

    def notes():
        return [label.text() for label in program.page.view.findChildren(QLabel, "message_note") if label.isVisible()]

    program.wait(lambda: any(note.startswith("Reading") and "%" in note for note in notes()))
    program.wait(lambda: any(note == "Writing…" for note in notes()))
    program.wait_idle()
    program.wait(lambda: not notes())


THERE = Offload("NVIDIA T400", 12, 31)


def test_the_details_say_what_was_on_the_card_and_why_nothing_is() -> None:
    assert card_words(SimpleNamespace(info={})) == ""
    assert card_words(SimpleNamespace(info={"offload": to_json(THERE)})) == "12 of 31 layers on NVIDIA T400"
    crashed = card_words(SimpleNamespace(info={"offload": None, "crashed_card": "NVIDIA T400"}))
    assert crashed == "not used: the model's process ended unexpectedly on NVIDIA T400"


def test_the_status_line_says_that_a_card_is_used(program) -> None:
    picker = program.page.picker
    model = LoadedModel("m", "Model", "llama", 4096, 4096, 4096, 4, True, "file")
    ready = ModelStateChanged(ModelState.READY, "m", "Model", loaded=model, memory_bytes=424_000_000)
    program.frame.models.state = ready
    picker.refresh()
    assert "graphics card" not in picker.button.toolTip()
    program.frame.models.state = changed(ready, loaded=changed(model, offload=THERE))
    picker.refresh()
    assert "424 MB memory, graphics card" in picker.button.toolTip()

"""The formats of a model in the window: measured, made, switched and removed by clicks."""

from __future__ import annotations

import os
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pytest
from fakes import tiny_gguf
from fakes.recorder import add_model
from fakes.tiny_families import make
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget

from slmdesk.base.record import changed, to_json
from slmdesk.base.types import FormatQuality, FormatSpeed
from slmdesk.evaluation import formats as trials
from slmdesk.evaluation.exams import INFO_KEY as EXAM_KEY
from slmdesk.evaluation.exams import ExamResult, Skill, SkillResult, items
from slmdesk.evaluation.formats import INFO_KEY, LAYERS_KEY, FormatReport, FormatResult
from slmdesk.loader.energy import OtherPrograms
from slmdesk.loader.model_loader import hardware_key
from slmdesk.models.service import COPY, CopyOrigin, DefaultUse
from slmdesk.models.window.formats import FASTER, SMALLER, GainBar, scale_of
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import bytes_for_people

pytestmark = pytest.mark.gui
WAIT_MS = 60_000
PUBLISHED = FormatSpeed(0.002, 0.02, 0.004)


def result(name: str, gain: float, *, bytes: int, divergence: float = 0.001) -> FormatResult:
    speed = FormatSpeed(PUBLISHED.read_s / gain, PUBLISHED.write_s / gain, PUBLISHED.write_together_s / gain)
    quality = FormatQuality(divergence, 10.05, 500, 0.98)
    return FormatResult(name, bytes, speed, PUBLISHED, quality, 10.0, 46, 50)


def report(*results: FormatResult) -> FormatReport:
    return FormatReport(hardware_key(), version("llama-cpp-python"), 90_000_000, results)


RECOMMENDED = report(
    result("Q8_0", 1.4, bytes=145_000_000),
    changed(result("Q6_K", 0.8, bytes=120_000_000), quality=None),
    result("Q4_0", 1.2, bytes=85_000_000, divergence=0.2),
    FormatResult("F16", reason="It needs about 300 MB of memory; 200 MB are free."),
)


@pytest.fixture
def library(start, paths):
    """The window on its page of models; makes a model with a report and copies."""

    class Library:
        def __init__(self) -> None:
            self.program = start()
            self.program.window.show_page("Models")

        def add(self, known: FormatReport | None = None, quantization: str = "Q4_1"):
            program = self.program
            tiny_gguf.write(paths.models / "published.gguf", tiny_gguf.tiny_llama())
            record = add_model(program.services, paths.models / "published.gguf", "Published")
            header = {**record.header, "quantization": quantization, "parameters": 135_000_000}
            program.ask(lambda services: services.store.models.change(record.id, header=header))
            if known:
                program.ask(lambda services: services.store.models.set_info(record.id, **{INFO_KEY: to_json(known)}))
            program.frame.library.refresh()
            program.wait(lambda: len(self.cards()) == 1)
            return program.ask(lambda services: services.store.models.get(record.id))

        def copy(self, record, name: str, *, hardware: str = "", left_out: tuple[int, ...] = ()):
            program = self.program
            copy = add_model(program.services, paths.models / f"{name}.gguf", f"Published {name}")
            origin = CopyOrigin(record.id, record.sha256, name, "0.3.36", hardware or hardware_key(), left_out)
            copy = program.ask(lambda services: services.store.models.set_info(copy.id, **{COPY: to_json(origin)}))
            program.frame.library.refresh()
            program.wait(lambda: self.program.find(f"copy_{copy.id}").isVisible())
            return copy

        def cards(self):
            page = self.program.frame.models_page
            found = page.findChildren(QWidget)
            return [one for one in found if one.objectName().startswith("model_card_") and one.isVisible()]

        def details(self):
            card = self.cards()[0]
            self.program.click(card.findChild(QToolButton, "details_button"))
            self.program.wait(lambda: card.details.findChild(QLabel, "value_sha256"))
            card.details.unfold()
            return card.details

        def dialog(self):
            self.program.find("formats_button", self.details())
            self.press("formats_button", lambda: self.cards()[0].details)
            return self.program.find("formats")

        def press(self, name: str, within) -> None:
            def button() -> QPushButton:  # `within` is asked again: lines are made anew while they are looked at
                return within().findChild(QPushButton, name)

            def is_in_sight() -> bool:
                self.program.frame.models_page.ensureWidgetVisible(button())
                return button().isVisible()

            self.program.wait(is_in_sight)
            self.program.click(button())

        def used(self, record):
            return self.program.ask(lambda services: services.formats.used(record.id)).id

    return Library()


def words(within, name: str) -> str:
    return within.findChild(QLabel, name).text().replace("\u200b", "")


def test_what_was_measured_is_shown_at_once_with_the_recommended_one_marked(library) -> None:
    library.add(RECOMMENDED)
    dialog, program = library.dialog(), library.program
    row = program.find("format_Q8_0", dialog)
    assert words(dialog, "formats_heading") == FASTER
    assert words(dialog, "formats_advice") == "Recommended for this PC: Q8_0."
    assert words(row, "format_badge") == "Recommended"
    assert (words(row, "gain_answers_words"), words(row, "gain_long_words")) == ("1.4 × as fast", "1.4 × as fast")
    assert "55 MB larger" in words(row, "format_info")
    assert words(row, "format_likeness").startswith("Answers as good (46 of 50 equal word by word; 0.5 % less sure")
    assert row.findChild(QPushButton, "format_use").text() == "Create and use this format"
    slow, other, never = (program.find(f"format_{name}", dialog) for name in ("Q6_K", "Q4_0", "F16"))
    assert words(slow, "format_likeness") == "Neither faster nor smaller, so its answers were not compared."
    assert not slow.findChild(QPushButton, "format_use").isVisible()
    assert words(other, "format_likeness").startswith("Weaker answers")
    assert words(never, "format_likeness") == "It needs about 300 MB of memory; 200 MB are free."
    assert not never.findChild(QWidget, "format_bars").isVisible()
    assert not [one for one in (slow, other, never) if one.findChild(QLabel, "format_badge").isVisible()]
    assert words(dialog, "formats_rule").startswith("Recommended is the fastest format")
    assert dialog.findChild(QPushButton, "formats_again").isVisible()
    assert dialog.findChild(QPushButton, "formats_measure").text() == "Go on measuring", "F16 had no room"


def test_the_bars_have_one_scale_and_a_line_where_the_published_file_is(library, qtbot) -> None:
    assert scale_of(RECOMMENDED) == 1.5
    assert scale_of(report(result("Q8_0", 2.5, bytes=1))) == 2.5
    bar = GainBar(library.program.window, name="gain_test")
    bar.resize(150, 16)
    accent = bar.palette().accent().color()
    bar.show_gain(1.2, 1.5)
    image = bar.grab().toImage()
    side = image.width() / 150
    at = [image.pixelColor(round(x * side), image.height() // 2) for x in (50, 110, 140)]
    assert at[:2] == [accent, accent]
    assert at[2] == bar.palette().alternateBase().color()
    line = image.pixelColor(round(100 * side), round(2 * side))
    assert line == bar.palette().text().color()


def test_where_nothing_is_faster_the_published_file_is_best(library) -> None:
    slow = [changed(result(name, 0.9, bytes=99_000_000), quality=None) for name in ("F16", "Q8_0", "Q6_K", "Q4_0")]
    library.add(report(*slow))
    dialog = library.dialog()
    library.program.find("format_Q8_0", dialog)
    assert words(dialog, "formats_advice").startswith("The published file is the best one for this PC")
    assert not dialog.findChild(QPushButton, "formats_measure").isVisible()
    assert dialog.findChild(QPushButton, "formats_again").isVisible()
    assert words(library.cards()[0].details, "formats_words").startswith("The published file is the best one")


def test_an_exact_file_may_be_made_smaller(library) -> None:
    known = report(result("Q8_0", 1.0, bytes=45_000_000), result("Q4_K_M", 1.3, bytes=30_000_000, divergence=0.02))
    library.add(known, quantization="F16")
    dialog = library.dialog()
    row = library.program.find("format_Q4_K_M", dialog)
    assert words(dialog, "formats_heading") == SMALLER
    assert words(row, "format_badge") == "Recommended, and the smallest"
    assert "60 MB smaller" in words(row, "format_info")


def test_files_without_layers_are_shown_apart_with_their_loss_and_made_as_they_were_measured(library) -> None:
    record, program = library.add(RECOMMENDED), library.program
    less = [
        changed(result("1 layer less", 1.04, bytes=86_000_000, divergence=0.4), left_out=(17,)),
        changed(result("2 layers less", 1.2, bytes=82_000_000, divergence=0.9), left_out=(9, 17)),
    ]
    program.ask(lambda services: services.store.models.set_info(record.id, **{LAYERS_KEY: to_json(report(*less))}))
    dialog = library.dialog()
    row = program.find("format_2 layers less", dialog)
    assert "for most models much worse" in words(dialog, "formats_layers")
    assert words(row, "format_likeness").startswith("Weaker answers")
    assert not row.findChild(QLabel, "format_badge").isVisible()
    assert not dialog.findChild(QPushButton, "formats_prune").isVisible(), "it was tried"
    asked = []
    formats = program.services.formats
    formats.make = lambda model, name, left_out=(): asked.append((model, name, left_out)) or Pending()
    program.click(row.findChild(QPushButton, "format_use"))
    program.wait(lambda: asked)
    assert asked == [(record.id, "", (9, 17))]


def test_leaving_out_layers_is_begun_by_a_click_and_refused_in_the_dialog(library) -> None:
    library.add(RECOMMENDED)
    dialog, program = library.dialog(), library.program
    button = program.find("formats_prune", dialog)
    program.wait(button.isVisible)
    program.services.formats.is_on_battery = lambda: True
    program.click(button)
    program.wait(lambda: "runs on battery" in words(dialog, "formats_trouble"))


def test_nothing_measured_and_a_refusal_are_said_in_the_dialog(library) -> None:
    library.add()
    dialog, program = library.dialog(), library.program
    program.wait(lambda: "Nothing is measured yet" in words(dialog, "formats_advice"))
    services = program.services
    services.formats.is_on_battery = lambda: True
    program.click(program.find("formats_measure", dialog))
    program.wait(lambda: "runs on battery" in words(dialog, "formats_trouble"))
    assert not [notice for notice in program.notices() if "battery" in notice]
    assert dialog.findChild(QPushButton, "formats_measure").isVisible()
    program.click(program.find("formats_close", dialog))
    program.frame.library.formats.measure(library.cards()[0].card.record.id, again=False)
    program.wait(lambda: [notice for notice in program.notices() if "battery" in notice])


def test_a_copy_belongs_to_its_model_and_one_switch_goes_back_and_forth(library) -> None:
    record, program = library.add(RECOMMENDED), library.program
    program.ask(lambda services: services.uses.set_default(DefaultUse.CHAT, record.id))
    copy = library.copy(record, "Q8_0")
    assert len(library.cards()) == 1, "no stranger"
    line = program.find(f"copy_{copy.id}")
    program.wait(lambda: words(line, "copy_words").endswith("not in use"))
    assert words(line, "copy_words").startswith("Q8_0, made on this PC")
    library.press("copy_switch", lambda: program.find(f"copy_{copy.id}"))
    program.wait(lambda: words(program.find(f"copy_{copy.id}"), "copy_words").endswith("·  in use"))
    assert library.used(record) == copy.id
    assert program.ask(lambda services: services.uses.default(DefaultUse.CHAT)).id == copy.id
    assert words(library.cards()[0], "default_badge") == "Default for chat"
    details = library.details()
    program.wait(lambda: words(details, "formats_words") == "A copy made on this PC is in use: Q8_0.")
    box = program.find("use_translate", details)
    program.frame.models_page.ensureWidgetVisible(box)
    QTest.keyClick(box, Qt.Key.Key_Space)
    program.wait(lambda: words(library.cards()[0], "default_badge") == "Default for chat, translation")
    assert program.ask(lambda services: services.uses.default(DefaultUse.TRANSLATE)).id == copy.id
    program.wait(lambda: library.cards()[0].findChild(QLabel, "row_state").text() == "In use"), "the default is loaded"
    assert program.page.picker.button.text().strip() == copy.name
    library.press("copy_switch", lambda: program.find(f"copy_{copy.id}"))
    program.wait(lambda: words(program.find(f"copy_{copy.id}"), "copy_words").endswith("not in use"))
    assert library.used(record) == record.id
    assert program.ask(lambda services: services.uses.default(DefaultUse.CHAT)).id == record.id
    assert program.ask(lambda services: services.uses.default(DefaultUse.TRANSLATE)).id == record.id


def test_the_card_says_what_the_exam_of_the_file_in_use_found(library) -> None:
    record, program = library.add(RECOMMENDED), library.program
    copy = library.copy(record, "Q8_0")

    def examine(model: str, level: str) -> None:
        result = ExamResult(items()[0], 1.0, (SkillResult(Skill.CORRECT, level, 1, 2),))
        info = {EXAM_KEY: to_json(result)}
        program.ask(lambda services: services.store.models.set_info(model, **info))
        program.frame.library.refresh()

    examine(record.id, "weak")
    program.wait(lambda: "do not rely on it" in words(library.cards()[0], "card_sentence"))
    library.press("copy_switch", lambda: program.find(f"copy_{copy.id}"))
    program.wait(lambda: library.used(record) == copy.id)
    assert "do not rely on it" in words(library.cards()[0], "card_sentence"), "its own exam comes with its use"
    examine(copy.id, "good")
    program.wait(lambda: "do not rely on it" not in (words(library.cards()[0], "card_sentence") or "do not rely on it"))


def test_of_two_copies_the_named_one_is_used_and_the_dialog_knows_them(library) -> None:
    record, program = library.add(RECOMMENDED), library.program
    first, second = library.copy(record, "Q8_0"), library.copy(record, "Q4_0")
    assert len(library.cards()) == 1
    program.ask(lambda services: services.formats.use(record.id, copy=True))
    dialog = library.dialog()
    row = program.find("format_Q8_0", dialog)
    button = row.findChild(QPushButton, "format_use")
    assert button.text() in {"Use this format", "In use"}
    if library.used(record) == first.id:
        row = program.find("format_Q4_0", dialog)
        first, second, button = second, first, row.findChild(QPushButton, "format_use")
    program.click(button)
    program.wait(lambda: button.text() == "In use" and not button.isEnabled())
    assert library.used(record) == first.id
    program.click(program.find("formats_close", dialog))
    library.press("copy_remove", lambda: program.find(f"copy_{second.id}"))
    program.wait(lambda: program.window.findChild(QWidget, f"copy_{second.id}") is None)
    assert program.find(f"copy_{first.id}").isVisible()


def test_a_copy_of_another_pc_is_not_offered(library) -> None:
    record, program = library.add(), library.program
    copy = library.copy(record, "Q8_0", hardware="another one", left_out=(3, 7))
    line = program.find(f"copy_{copy.id}")
    assert words(line, "copy_words").startswith("Q8_0, 2 layers less, made on another PC")
    assert not line.findChild(QPushButton, "copy_switch").isVisible()
    assert line.findChild(QPushButton, "copy_remove").isVisible()


def test_removing_a_model_says_before_that_its_copy_goes_too_and_how_much(library) -> None:
    record, program = library.add(), library.program
    copy = library.copy(record, "Q8_0")
    library.details()
    library.press("details_remove", lambda: library.cards()[0].details)
    program.wait(lambda: not library.cards())
    freed = program.ask(lambda services: services.models.freed_by_removing(record.id))
    (said,) = [notice for notice in program.notices() if "is removed" in notice]
    assert said.startswith("Published is removed, and the copy Published Q8_0 too: ")
    assert said.endswith(f": {bytes_for_people(freed)} are deleted in a moment.")
    bar = next(bar for bar in program.window.notices.bars if "is removed" in bar.notice.text)
    program.click(bar.findChild(QPushButton, "notice_action"))
    program.wait(lambda: len(library.cards()) == 1 and program.find(f"copy_{copy.id}").isVisible())
    program.frame.library.removals.undo_ms = 50
    program.frame.library.remove(record.id)
    program.wait(lambda: any("are free again" in notice for notice in program.notices()))
    assert program.ask(lambda services: services.models.list()) == []
    assert not [one for one in (record, copy) if Path(os.fsdecode(one.path)).exists()]
    assert not library.cards()


def test_the_organisation_may_hide_formats(start, paths, library) -> None:
    library.program.close()
    paths.policy_file.write_text('[features]\nhidden = ["models.formats"]\n')
    program = library.program = start()
    program.window.show_page("Models")
    record = library.add(RECOMMENDED)
    copy = library.copy(record, "Q8_0")
    details = library.details()
    assert not program.find("formats_line", details).isVisible()
    assert not program.find("copy_switch", program.find(f"copy_{copy.id}")).isVisible()
    refused: list = []
    program.bridge.ask(lambda services: services.formats.published(record.id), None, refused.append)
    program.wait(lambda: refused)
    assert refused[0].code == "feature.hidden"


@pytest.mark.model
def test_a_format_is_measured_and_made_by_clicks(library, start_real, tmp_path, monkeypatch, qtbot) -> None:
    whole = trials.material()
    few = trials.Material((whole.texts[0][:200],), whole.questions[:1])
    monkeypatch.setattr(trials, "material", lambda: few)
    speeds = {True: FormatSpeed(0.001, 0.01, 0.002), False: PUBLISHED}
    monkeypatch.setattr(trials.FormatTrials, "_speed_of", lambda _self, path, *_more: speeds[path.stem == "Q4_0"])
    library.program.close()
    program = library.program = start_real()
    program.window.show_page("Models")
    formats = program.services.formats
    formats.measure = partial(formats.measure, formats=("Q4_0",))
    formats.is_on_battery = lambda: False
    monkeypatch.setattr(OtherPrograms, "are_quiet", lambda _: True)
    program.frame.library.add_files((make("llama2", tmp_path),), False)
    program.wait(lambda: len(library.cards()) == 1)
    dialog = library.dialog()
    program.click(program.find("formats_measure", dialog))
    program.wait(lambda: "Q4_0" in words(dialog, "formats_work_words"))
    program.click(program.find("formats_stop", dialog))
    program.wait(lambda: words(dialog, "formats_trouble").startswith("Stopped"))
    program.click(program.find("formats_measure", dialog))
    program.wait(lambda: "Q4_0" in words(library.cards()[0].details, "formats_state"))
    program.click(program.find("formats_close", dialog))
    ended = ("published file", "Recommended")
    qtbot.waitUntil(lambda: any(one in words for words in program.notices() for one in ended), timeout=4 * WAIT_MS)
    bar = program.window.notices.bars[-1]
    program.click(bar.findChild(QPushButton, "notice_action"))
    dialog = program.find("formats")
    row = program.find("format_Q4_0", dialog)
    assert "equal word by word" in words(row, "format_likeness") or "Neither" in words(row, "format_likeness")
    model = library.cards()[0].card.record.id
    program.frame.library.formats.make(model, result("Q4_0", 1.0, bytes=1))
    program.wait(lambda: any("is made, and used from now on" in notice for notice in program.notices()))
    copy = program.ask(lambda services: services.formats.copies(model)[-1])
    assert library.used(library.cards()[0].card.record) == copy.id
    program.wait(lambda: words(program.find(f"copy_{copy.id}"), "copy_words").endswith("·  in use"))
    assert len(library.cards()) == 1

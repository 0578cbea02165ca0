"""What stands under an answer, and what the meter says while it grows."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from slmdesk.base.record import changed
from slmdesk.base.records import Status
from slmdesk.chat.window.context import ContextUse
from slmdesk.chat.window.messages import note_of
from slmdesk.window.base.text import Live

pytestmark = pytest.mark.gui


def details(program) -> tuple[str, str]:
    view = program.page.view.rows[len(program.page.view.rows) - 1].view
    return view.details, view.details_tip


def test_the_figures_of_an_answer_are_the_same_after_a_restart(start, model_file):
    program = start()
    program.frame.models.import_file(model_file)
    program.wait(lambda: "ready" in program.page.picker.button.text())
    program.send("hello", slow=0.01, answer="one two three four five six")
    program.wait_idle()
    live = details(program)
    assert "tokens/s" in live[0]
    assert "seed" not in live[0]
    assert "seed" in live[1]
    program.close()
    again = start()
    again.wait(lambda: again.chat.message_ids)
    assert details(again) == live


def test_the_meter_moves_while_an_answer_grows(program):
    reported: list[int] = []
    program.chat.context.measured.connect(lambda tokens, _size: reported.append(tokens) if program.words() else None)
    program.send("hello", slow=0.03, answer=" ".join(f"word{number}" for number in range(400)))
    program.wait(lambda: len(reported) > 1 and reported[-1] > reported[0])
    assert program.chat.is_busy
    QTest.keyClick(program.page.composer.input_box, Qt.Key.Key_Escape)
    program.wait_idle()


def test_a_guess_is_told_with_each_percent_and_never_beyond_the_size():
    use = ContextUse()
    assert use.grew() is None
    use.measured(95, 1000)
    reported = [one for one in (use.grew() for _ in range(2000)) if one is not None]
    assert reported[0] == (100, 1000)
    assert reported[-1] == (1000, 1000)
    assert len(reported) == 91
    use.measured(10, 1000)
    use.read(500)
    assert use.grew() == (501, 1000)


def test_who_waits_is_told_what_is_read_and_how_fast_is_written(program):
    program.send("hello", slow=0.02, answer="one two three")
    program.wait(lambda: program.chat.message_ids)
    waiting = changed(program.last(), status=Status.STREAMING, text="")
    writing = changed(waiting, text="one two")
    assert note_of(waiting, Live(read=98, total=245)) == "Reading 245 tokens… 40 %"
    assert note_of(waiting, Live(read=98, total=1245, began=100.0, now=107.5)) == "Reading 1,245 tokens… 7 %, 7 s"
    assert note_of(waiting, Live(is_loading=True)) == "Loading the model…"
    assert note_of(waiting, Live()) == ""
    assert note_of(writing, Live(pieces=1, first_at=9.0, now=9.1)) == ""
    assert note_of(writing, Live(pieces=21, first_at=9.0, now=14.0)) == "Writing… 21 tokens, 4.0 tokens/s"
    program.wait_idle()


def test_an_answer_that_takes_its_time_says_how_it_goes_and_the_note_goes_with_it(program):
    program.send("hello", slow=0.25, slow_read=0.3, answer=" ".join(["word"] * 12))

    def notes():
        return [one.text() for one in program.page.view.findChildren(QLabel, "message_note") if one.isVisible()]

    program.wait(lambda: any(note.startswith("Reading ") and "%" in note for note in notes()))
    program.wait(lambda: any(note.startswith("Writing… ") and note.endswith("tokens/s") for note in notes()))
    program.wait_idle()
    program.wait(lambda: not notes())


def test_the_seconds_of_reading_begin_with_the_reading():
    waited = Live(began=10.0, now=17.0)
    assert waited.waiting_words == "Waiting for the model, 7 s"
    reading = waited.reading(0, 40, 17.0)
    assert reading.reading_words == "Reading 40 tokens… 0 %"
    assert reading.reading(20, 40, 20.0).reading_words == "Reading 40 tokens… 50 %, 3 s"

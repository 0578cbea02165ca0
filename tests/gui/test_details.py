"""What stands under an answer, and what the meter says while it grows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slmdesk.core.records import Status
from slmdesk.gui.chat.context_use import ContextUse
from slmdesk.gui.chat.messages import Live, note_of

pytestmark = pytest.mark.gui


def details(desk) -> tuple[str, str]:
    view = desk.page.view.rows[len(desk.page.view.rows) - 1].view
    return view.details, view.details_tip


def test_the_figures_of_an_answer_are_the_same_after_a_restart(start, model_file):
    desk = start()
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    desk.send("hello", slow=0.01, answer="one two three four five six")
    desk.wait_idle()
    live = details(desk)
    assert "tokens/s" in live[0]
    assert "seed" not in live[0]
    assert "seed" in live[1]
    desk.close()
    again = start()
    again.wait(lambda: again.chat.message_ids)
    assert details(again) == live


def test_the_meter_moves_while_an_answer_grows(desk):
    told: list[int] = []
    desk.chat.measured.connect(lambda tokens, _size: told.append(tokens) if desk.words() else None)
    desk.send("hello", slow=0.03, answer=" ".join(f"word{number}" for number in range(400)))
    desk.wait(lambda: len(told) > 1 and told[-1] > told[0])
    assert desk.chat.is_busy
    QTest.keyClick(desk.page.composer.input_box, Qt.Key.Key_Escape)
    desk.wait_idle()


def test_a_guess_is_told_with_each_percent_and_never_beyond_the_size():
    use = ContextUse()
    assert use.grew() is None
    use.measured(95, 1000)
    told = [one for one in (use.grew() for _ in range(2000)) if one is not None]
    assert told[0] == (100, 1000)
    assert told[-1] == (1000, 1000)
    assert len(told) == 91
    use.measured(10, 1000)
    use.read(500)
    assert use.grew() == (501, 1000)


def test_how_much_of_a_long_text_is_read_is_said_in_percent(desk):
    desk.send("hello", slow=0.02, answer="one two three")
    desk.wait(lambda: desk.chat.message_ids)
    message = replace(desk.last(), status=Status.STREAMING, text="")
    assert note_of(message, Live(read=128, total=1074)) == "Reading your text, 11 %"
    assert note_of(message, Live(read=10, total=20)) == ""
    desk.wait_idle()

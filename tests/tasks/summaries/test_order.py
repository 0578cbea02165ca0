"""What is to be done stands in order of its days, whoever reckoned them."""

from __future__ import annotations

from datetime import date

import pytest
from fakes.deadline_letters import deadlines_in_letter

from slmdesk.base.record import changed
from slmdesk.tasks.summaries.order import in_order, is_over, marked
from slmdesk.tasks.summaries.types import TO_DO, Sentence

pytestmark = pytest.mark.pure


def test_steps_stand_in_order_of_their_days_and_those_without_one_last() -> None:
    words = (
        "Zahlen Sie bis 27. November 2026.",
        "Räumen Sie den Keller.",
        "Widersprechen können Sie innerhalb von 14 Tagen nach Erhalt dieses Schreibens.",
    )
    deadlines = deadlines_in_letter(*words)
    blocks = {deadline.text: deadline.blocks for deadline in deadlines}
    steps = [Sentence(text, blocks.get(text, ()), (1,), True, group=TO_DO) for text in words]
    lead, point = Sentence("Es geht um Strom.", (), (1,), True), Sentence("Neu.", (), (1,), True, group="Key points")
    ordered = in_order([lead, *steps, point], deadlines)
    assert ordered == (lead, steps[2], steps[0], steps[1], point)


def test_a_day_is_over_on_the_next() -> None:
    (deadline,) = deadlines_in_letter("Zahlen Sie bis 27. November 2026.")
    assert not is_over(deadline, date(2026, 11, 27))
    assert is_over(deadline, date(2026, 11, 28))


def test_a_step_is_over_when_all_its_days_are() -> None:
    words = "Zahlen Sie bis 15. Dezember 2026 und den Rest bis 15. Januar 2027."
    deadlines = deadlines_in_letter(words)
    past = [changed(deadline, day="2020-01-01") for deadline in deadlines]
    step = Sentence(words, deadlines[0].blocks, (1,), True, group=TO_DO)
    assert marked(step, [past[0], changed(deadlines[1], day="2999-01-01")]) == step
    assert marked(step, past).text == f"{words} (over)"
    assert marked(changed(step, group=""), past).text == f"{words} (over)", "what stands first"
    assert marked(step, []) == step

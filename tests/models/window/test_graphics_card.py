"""What the window says of a graphics card."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from slmdesk.base.record import changed, to_json
from slmdesk.base.types import LoadedModel, Offload
from slmdesk.models.window.details import card_words
from slmdesk.runtime.events import ModelState, ModelStateChanged
from slmdesk.window.widgets.bars import StatusBar

pytestmark = pytest.mark.gui

THERE = Offload("NVIDIA T400", 12, 31)


def test_the_details_say_what_was_on_the_card_and_why_nothing_is() -> None:
    assert card_words(SimpleNamespace(info={})) == ""
    assert card_words(SimpleNamespace(info={"offload": to_json(THERE)})) == "12 of 31 layers on NVIDIA T400"
    crashed = card_words(SimpleNamespace(info={"offload": None, "crashed_card": "NVIDIA T400"}))
    assert crashed == "not used: the model's process ended unexpectedly on NVIDIA T400"


def test_the_status_bar_says_that_a_card_is_used(qtbot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.resize(900, 40)
    bar.show()
    model = LoadedModel("m", "Model", "llama", 4096, 4096, 4096, 4, True, "file")
    ready = ModelStateChanged(ModelState.READY, "m", "Model", loaded=model, memory_bytes=424_000_000)
    shown = bar.findChild(object, "model_status")
    bar.show_model(ready)
    assert "graphics card" not in shown.full_text
    bar.show_model(changed(ready, loaded=changed(model, offload=THERE)))
    assert shown.full_text.endswith("424 MB memory, graphics card")


def test_the_card_is_switched_off_in_the_settings(program) -> None:
    program.window.show_page("Settings")
    card = program.find("setting_use_graphics_card")
    assert card.currentData() is True
    card.setCurrentIndex(card.findData(False))
    card.activated.emit(card.currentIndex())
    program.wait(lambda: not program.frame.settings.current.use_graphics_card)

"""A recording that is being written down is paused, and goes on where it was, by one button."""

from __future__ import annotations

from threading import Event

import pytest
from fakes.dropping import drop
from fakes.recorder import import_model
from fakes.sounds import wav
from fakes.tiny_whisper import tiny_whisper

from slmdesk.base.errors import Stopped
from slmdesk.base.records import DocumentStatus

pytestmark = pytest.mark.gui


def test_a_recording_is_paused_and_goes_on_behind_what_was_heard(start, whisper, tmp_path, monkeypatch):
    program, hear, goes_on = start().open_documents(), whisper.hear, Event()

    def slow(model, sound, *given, stop=lambda: False, **more):
        while whisper.asked and not goes_on.wait(0.01):
            if stop():
                raise Stopped
        return hear(model, sound, *given, stop=stop, **more)

    monkeypatch.setattr(whisper, "hear", slow)
    import_model(program.services, tiny_whisper(tmp_path / "ggml-tiny.bin"))
    (tmp_path / "talk.wav").write_bytes(wav((0.5, 24, 0.5, 22, 0.5, 12, 0.5)))
    drop(program.documents, tmp_path / "talk.wav")
    button = program.find("stop_reading_button")
    program.wait(lambda: program.documents.view.count == 1)
    assert button.text() == "Pause"
    program.click(button)
    program.wait(lambda: button.text() == "Go on")
    goes_on.set()
    program.click(button)
    program.wait(lambda: program.documents.view.count == 3 and not button.isVisible())
    [record] = program.ask(lambda services: services.documents.recent())
    assert (record.status, len(whisper.asked)) == (DocumentStatus.READ, 3)

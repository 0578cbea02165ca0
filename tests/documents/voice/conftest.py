from __future__ import annotations

import pytest
from fakes.recorder import Recorder, import_model, open_echo
from fakes.tiny_whisper import tiny_whisper

from slmdesk.base.errors import Stopped
from slmdesk.base.times import Segment
from slmdesk.children.engine.whisper import Heard
from slmdesk.children.tasks import listener


class FakeWhisper:
    """Says how long the sound is, and keeps what it was asked."""

    asked: list[tuple[str, bool]]
    fails_at = -1

    def __init__(self, path: str) -> None:
        self.path = path

    def hear(self, sound, language="", *, before="", is_draft=False, stop=lambda: False):
        if stop():
            raise Stopped
        type(self).asked.append((language, is_draft))
        if len(self.asked) - 1 == self.fails_at:
            raise self.failure
        said = f"{len(sound) / 16_000:.0f} seconds comma new line {'more' if before else 'first'}."
        return Heard(
            (Segment(0.5, 2.0, said), Segment(2.5, 4.0, "And more.")) if not is_draft else (Segment(0, 1, said),), "en"
        )


@pytest.fixture
def whisper(monkeypatch):
    """The model of children that are threads: its words are made up."""
    FakeWhisper.asked, FakeWhisper.fails_at = [], -1
    listener.loaded_model.cache_clear()
    monkeypatch.setattr(listener, "Whisper", FakeWhisper)
    yield FakeWhisper
    listener.loaded_model.cache_clear()


@pytest.fixture
def heard(home, whisper, tmp_path):
    """A recorder of services with a speech model."""
    services = open_echo()
    import_model(services, tiny_whisper(tmp_path / "ggml-tiny.bin"))
    yield Recorder(services)
    services.close()

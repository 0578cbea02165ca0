"""Dictation, and the speech models of this PC.  Service thread."""

from __future__ import annotations

from slmdesk.runtime.events import Pending
from slmdesk.runtime.service import Service
from slmdesk.voice.types import SpeechModel

RATE = 16_000
"""Samples a second, mono, each 16 bit signed, little endian."""


class VoiceService(Service):
    """`services.voice`."""

    def models(self) -> Pending[tuple[SpeechModel, ...]]:
        """The speech models that are there, the one that is used first."""
        raise NotImplementedError

    def dictate(self, language: str | None = None) -> Pending[str]:
        """Begin a dictation.  Returns its id at once; sound may be fed while the model is still loaded.

        `language`: a code such as "de"; None: found by the model.  Problems: `feature.hidden` where the organisation
        forbids the microphone, `speech.no_model`, `speech.busy` while another is going on.
        """
        raise NotImplementedError

    def feed(self, dictation: str, sound: bytes) -> None:
        """Give more sound.  Sound of a dictation that has ended is dropped."""
        raise NotImplementedError

    def finish(self, dictation: str) -> None:
        """No more sound will come: what was fed is heard to its end, then DictationEnded is published."""
        raise NotImplementedError

    def cancel(self, dictation: str) -> None:
        """Throw the stretch away that is being spoken.  DictationEnded is published; no text comes any more."""
        raise NotImplementedError

"""Dictation, and the speech models of this PC.  Service thread."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from uuid import uuid4

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient, JobHandle
from slmdesk.children.reach import AllowedPaths
from slmdesk.gguf.whisper import ENGLISH, KIND
from slmdesk.hub.search import MANY_LANGUAGES, CatalogueEntry, Skill, load_catalogue
from slmdesk.runtime.events import Pending, ended
from slmdesk.runtime.messages import problem_for, problem_of
from slmdesk.runtime.service import Later, Runtime, Service
from slmdesk.voice.events import DictationEnded, DictationGrew
from slmdesk.voice.types import SpeechModel

IDLE_S = 300.0
"""Seconds after a dictation for which its model stays in memory."""
_FAST_CORES, _LARGE_BYTES = 8, 12 << 30


class _Dictation(Record):
    id: str
    job: JobHandle


class VoiceService(Service):
    def __init__(
        self, runtime: Runtime, listener: Callable[[], ChildClient], player: Callable[[], ChildClient]
    ) -> None:
        super().__init__(runtime)
        self._listener, self._player = listener, player
        self._now: _Dictation | None = None
        self._steps = count()
        self._later: Later | None = None

    def models(self) -> Pending[tuple[SpeechModel, ...]]:
        """The speech models whose files are there, the smallest first, which dictation uses."""
        return ended(tuple(self._models()))

    def dictate(self, language: str | None = None) -> Pending[str]:
        """Begin a dictation.  Returns its id at once; sound may be fed while the model is still loaded.

        `language`: a code such as "de"; None: found by the model.  Problems: `feature.hidden` where the organisation
        forbids the microphone, `speech.no_model`, `speech.busy` while another is going on.
        """
        try:
            self._settings.policy.require("microphone")
            if self._now is not None:
                raise KnownError("speech.busy")
            client = self._listener()
            payload = {**self._prepared(client, (), self._model(language or "")), "language": language or ""}
        except KnownError as err:
            return ended(problem_for(err))
        dictation = uuid4().hex
        if self._later:
            self._later.cancel()

        def on_event(event: FromChild) -> None:  # on a thread of the client
            self._service_thread.post(partial(self._on_event, dictation, event))

        self._now = _Dictation(dictation, client.start("dictate", payload, on_event))
        return ended(dictation)

    def feed(self, dictation: str, sound: bytes) -> None:
        """Give more sound: 16,000 samples a second, mono, 16 bits, signed, little endian.

        Sound of a dictation that has ended is dropped.
        """
        if self._now and self._now.id == dictation:
            self._now.job.step(str(next(self._steps)), {"sound": base64.b64encode(sound).decode("ascii")})

    def finish(self, dictation: str) -> None:
        """No more sound will come: what was fed is heard to its end, then DictationEnded is published."""
        if self._now and self._now.id == dictation:
            self._now.job.end_of_steps()

    def cancel(self, dictation: str) -> None:
        """Throw the stretch away that is being spoken.  DictationEnded is published; no text comes any more."""
        if self._now and self._now.id == dictation:
            self._now.job.cancel()
            self._end(DictationEnded(dictation))

    def ready(self, client: ChildClient, recording: Path, language: str) -> Mapping[str, Json]:
        """Let a child open a recording and the best model for it, and return what it must be told of that.

        Raises KnownError `speech.no_model`.
        """
        return self._prepared(client, (str(recording),), self._model(language, is_best=True))

    def sound(self, recording: Path, start: float) -> Pending[bytes]:
        """Return some seconds of a recording, from a second on, as samples like those of `feed`.  None are its end."""
        pending: Pending[bytes] = Pending()
        client, path = self._player(), str(recording)
        client.may_open(AllowedPaths((path,)))
        if not client.can_open((path,)):
            client.renew()

        def on_event(event: FromChild) -> None:
            if isinstance(event, Done):
                pending.end(base64.b64decode(str(event.result.get("sound", ""))))
            elif isinstance(event, Failed):
                pending.end(problem_of(event.code, event.args))
            elif isinstance(event, Cancelled):
                pending.end(b"")

        payload: dict[str, Json] = {"path": path, "start": start}
        client.start("sound", payload, lambda event: self._service_thread.post(lambda: on_event(event)))
        return pending

    def suited(self) -> CatalogueEntry:
        """Return the speech model of the curated list that suits this PC."""
        import psutil  # 17 ms

        entries = [entry for entry in load_catalogue() if Skill.SPEECH in entry.good_at]
        is_fast = (os.cpu_count() or 1) >= _FAST_CORES and psutil.virtual_memory().total >= _LARGE_BYTES
        return entries[1 if is_fast else 0]

    def close(self) -> None:
        if self._now:
            self.cancel(self._now.id)
        if self._later:
            self._later.cancel()

    def _models(self) -> list[SpeechModel]:
        found = (_speech_model(record) for record in self._store.models.all() if record.kind == KIND)
        return sorted((model for model in found if Path(model.path).is_file()), key=lambda model: model.bytes)

    def _model(self, language: str, *, is_best: bool = False) -> SpeechModel:
        able = [model for model in self._models() if {language or MANY_LANGUAGES, MANY_LANGUAGES} & {*model.languages}]
        if not able:
            suited = self.suited()
            raise KnownError("speech.no_model", title=suited.title, bytes=suited.bytes)
        return able[-1 if is_best else 0]

    @staticmethod
    def _prepared(client: ChildClient, files: tuple[str, ...], model: SpeechModel) -> dict[str, Json]:
        paths = (model.path, *files)
        client.may_open(AllowedPaths(paths))
        if not client.can_open(paths):
            client.renew()
        return {"model": model.path}

    def _on_event(self, dictation: str, event: FromChild) -> None:
        if self._now is None or self._now.id != dictation:
            return
        if isinstance(event, Partial):
            text, is_final = event.value.get("text"), event.value.get("is_final")
            if isinstance(text, str):
                self._publish(DictationGrew(dictation, text, is_final is True))
        elif isinstance(event, Failed):
            self._end(DictationEnded(dictation, problem_of(event.code, event.args)))
        elif isinstance(event, Done | Cancelled):
            self._end(DictationEnded(dictation))

    def _end(self, event: DictationEnded) -> None:
        self._now = None
        self._later = self._service_thread.call_later(IDLE_S, self._rest)
        self._publish(event)

    def _rest(self) -> None:
        if self._now is None:
            self._listener().renew()


def _speech_model(record: ModelRecord) -> SpeechModel:
    is_english = record.header.get("architecture") == ENGLISH
    path = os.fsdecode(record.path)
    return SpeechModel(record.id, record.name, path, record.bytes, ("en",) if is_english else (MANY_LANGUAGES,))

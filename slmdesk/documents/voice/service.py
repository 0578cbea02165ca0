"""Dictation, and what recordings are read and played by.  Service thread."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import Pending, ended
from slmdesk.base.runtime.messages import problem_for, problem_of
from slmdesk.base.runtime.service import Later, Runtime, Service
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient, JobHandle
from slmdesk.children.reach import AllowedPaths
from slmdesk.documents.voice.events import DictationEnded, DictationGrew
from slmdesk.models.gguf.header import ASR, listener_of
from slmdesk.models.gguf.projectors import projector_for
from slmdesk.models.gguf.whisper import ENGLISH
from slmdesk.models.hub.search import CatalogueEntry, Skill, load_catalogue
from slmdesk.models.service import WORDS, DefaultUse, can_do, default_in

IDLE_S = 300.0
"""Seconds after a dictation for which its model stays in memory."""
_FAST_CORES, _LARGE_BYTES = 8, 12 << 30


class VoiceService(Service):
    def __init__(
        self, runtime: Runtime, listener: Callable[[], ChildClient], player: Callable[[], ChildClient]
    ) -> None:
        super().__init__(runtime)
        self._listener, self._player = listener, player
        self._count = 0
        """Of dictations: the last one's id."""
        self._job: JobHandle | None = None
        self._later: Later | None = None
        self._named = ""

    def use(self, model: str) -> None:
        """Hear by a model in this process, because a person named it.

        Raises KnownError `model.unknown`, `model.several`, `model.wrong_job`.
        """
        record = self._store.models.get(model)
        if not can_do(record, DefaultUse.TRANSCRIBE):
            raise KnownError("model.wrong_job", name=record.name, job=WORDS[DefaultUse.TRANSCRIBE])
        self._named = record.id

    def dictate(self, language: str | None = None) -> Pending[str]:
        """Begin a dictation.  Returns its id at once; sound may be fed while the model is still loaded.

        `language`: a code such as "de"; None: found by the model.  Problems: `feature.hidden` where the organisation
        forbids the microphone, `speech.no_model`, `speech.no_projector`, `speech.busy` while another is going on.
        """
        try:
            self._settings.policy.require("microphone")
            if self._job is not None:
                raise KnownError("speech.busy")
            client = self._listener()
            model = self._model(language or "")
        except KnownError as err:
            return ended(problem_for(err))
        self._count += 1
        dictation = str(self._count)

        def on_event(event: FromChild) -> None:  # on a thread of the client
            self._service_thread.post(partial(self._on_event, dictation, event))

        _let_open(client, *model.values())
        self._job = client.start("dictate", {**model, "language": language or ""}, on_event)
        return ended(dictation)

    def feed(self, dictation: str, sound: bytes) -> None:
        """Give more sound: 16,000 samples a second, mono, 16 bits, signed, little endian.

        Sound of a dictation that has ended is dropped.
        """
        if job := self._job_of(dictation):
            job.step("", {"sound": base64.b64encode(sound).decode("ascii")})

    def finish(self, dictation: str) -> None:
        """No more sound will come: what was fed is heard to its end, then DictationEnded is published."""
        if job := self._job_of(dictation):
            job.end_of_steps()

    def cancel(self, dictation: str) -> None:
        """Throw the stretch away that is being spoken.  DictationEnded is published; no text comes any more."""
        if job := self._job_of(dictation):
            job.cancel()
            self._end(DictationEnded(dictation))

    def ready(self, client: ChildClient, recording: Path, language: str) -> Mapping[str, Json]:
        """Let a child open a recording and the model for it, and return what it must be told of that.

        Raises KnownError `speech.no_model`, `speech.no_projector`.
        """
        model = self._model(language, is_best=True)
        _let_open(client, str(recording), *model.values())
        return model

    def sound(self, recording: Path, start: float) -> Pending[bytes]:
        """Return some seconds of a recording, from a second on, as samples like those of `feed`.  None are its end."""
        pending: Pending[bytes] = Pending()
        client, path = self._player(), str(recording)
        _let_open(client, path)

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
        self.cancel(str(self._count))

    def _job_of(self, dictation: str) -> JobHandle | None:
        return self._job if dictation == str(self._count) else None

    def _model(self, language: str, *, is_best: bool = False) -> Mapping[str, str]:
        """Return the paths of the model for a language ("": any), and of its projector.

        It is the one that was named, else the default, else the smallest, which is the quickest, or the best.
        """
        models = self._store.models.all()
        able = [model for model in models if can_do(model, DefaultUse.TRANSCRIBE) and _knows(model, language)]
        able = [model for model in able if Path(os.fsdecode(model.path)).is_file()]
        if not able:
            suited = self.suited()
            raise KnownError("speech.no_model", title=suited.title, bytes=suited.bytes)
        model = self._named_of(able, language) or default_in(self._settings.current, able, DefaultUse.TRANSCRIBE)
        if model is None:
            whole = [each for each in able if _paths_of(each, models)] or able
            model = max(whole, key=_worth) if is_best else min(whole, key=lambda each: each.bytes)
        paths = _paths_of(model, models)
        if not paths:
            raise KnownError("speech.no_projector", name=model.name)
        return paths

    def _named_of(self, able: Sequence[ModelRecord], language: str) -> ModelRecord | None:
        if not self._named:
            return None
        if named := next((model for model in able if model.id == self._named), None):
            return named
        raise KnownError("speech.other_language", name=self._store.models.get(self._named).name, language=language)

    def _on_event(self, dictation: str, event: FromChild) -> None:
        if self._job_of(dictation) is None:
            return
        if isinstance(event, Partial):
            self._publish(
                DictationGrew(dictation, str(event.value.get("text", "")), event.value.get("is_final") is True)
            )
        elif isinstance(event, Done | Failed | Cancelled):
            problem = problem_of(event.code, event.args) if isinstance(event, Failed) else None
            self._end(DictationEnded(dictation, problem))

    def _end(self, event: DictationEnded) -> None:
        self._job = None
        if self._later:
            self._later.cancel()
        self._later = self._service_thread.call_later(IDLE_S, self._rest)
        self._publish(event)

    def _rest(self) -> None:
        if self._job is None:
            self._listener().renew()


def _knows(model: ModelRecord, language: str) -> bool:
    """Whether a model is made for a language."""
    if model.kind != ASR:
        return language == "en" or model.header.get("architecture") != ENGLISH
    family = listener_of(str(model.header.get("architecture")), f"{model.header.get('names')} {model.name}")
    is_named = family is not None and family.hearing is not None and language in family.hearing.names
    return not language or is_named


def _paths_of(model: ModelRecord, models: Sequence[ModelRecord]) -> dict[str, str]:
    """The paths of a model and of its projector; none where that is missing."""
    path = os.fsdecode(model.path)
    if model.kind != ASR:
        return {"model": path}
    projector = projector_for(model, models)
    if projector is None or not Path(os.fsdecode(projector.path)).is_file():
        return {}
    return {"model": path, "projector": os.fsdecode(projector.path)}


def _worth(model: ModelRecord) -> tuple[bool, int]:
    """The largest is the best for a recording, but one whose words have times is before one that has none."""
    return model.kind != ASR, model.bytes


def _let_open(client: ChildClient, *paths: str) -> None:
    client.may_open(AllowedPaths(paths))
    if not client.can_open(paths):
        client.renew()

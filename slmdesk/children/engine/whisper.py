"""Hears speech by whisper.cpp (pywhispercpp).  Its Python part, which would fetch models, is never imported."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import Record
from slmdesk.base.sound import FRAME, RATE, Sound, is_loud, loudness
from slmdesk.base.texts import _
from slmdesk.base.threads import usable_cores
from slmdesk.base.times import Segment
from slmdesk.children.engine.voices import has_voice, is_voiced
from slmdesk.models.gguf.read import check_file
from slmdesk.models.gguf.whisper import ENGLISH, KIND

MOST_THREADS = 8
_NEXT_TRY = 0.4
"""How much freer the next try is where the words of one are doubtful: three tries at most."""
_GAP, _BRIEF = 25, 15
"""Frames of sound: a gap between two passages, and what is too brief to be one."""
_NEAR_S = 1.0
_LEAST_FRAMES, _FRAMES_A_SECOND, _ALL_FRAMES = 512, 50, 1500
"""Whisper computes all of its 30 seconds, however short the sound, unless it is told to take fewer frames."""


class Heard(Record):
    segments: tuple[Segment, ...]
    language: str

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)


class Whisper:
    """A loaded model.  Thread-safe: one waits for the other."""

    def __init__(self, path: str) -> None:
        """Raises KnownError model.…, `child.start_failed`."""
        header = check_file(Path(path))
        if header.kind != KIND:
            raise KnownError("model.wrong_kind", kind=header.kind)
        try:
            import _pywhispercpp
        except (ImportError, OSError) as err:
            raise KnownError("child.start_failed", reason=type(err).__name__) from err
        self.api: Any = _pywhispercpp
        self._failures: list[str] = []
        self.api.whisper_log_set(self._note)
        options = self.api.whisper_context_default_params()
        options.use_gpu = False
        self.context = self.api.whisper_init_from_file_with_params(path, options)
        if self._failures:
            raise KnownError("model.damaged", reason=_("the speech library refused it"))
        self._is_english = header.architecture == ENGLISH
        self._threads = min(MOST_THREADS, usable_cores())
        self._lock = threading.Lock()

    def hear(
        self, sound: Sound, language: str = "", *, before: str = "", is_draft: bool = False,
        stop: Callable[[], bool] = lambda: False,
    ) -> Heard:  # fmt: skip
        """Return what is said in at most 30 seconds.

        `language`: "" for that which the model finds.  `before`: what was said before.  `is_draft`: be quick, for words
        that are still being spoken; figures are less sure then.  Raises Stopped once `stop` says so.
        """
        voiced = is_voiced(sound)
        if not has_voice(voiced):  # it would invent a sentence, or repeat one
            return Heard((), language)
        api = self.api
        params = api.whisper_full_default_params(api.whisper_sampling_strategy.WHISPER_SAMPLING_GREEDY)
        params.n_threads, params.no_context, params.suppress_nst = self._threads, True, True
        params.print_progress = params.print_realtime = params.print_timestamps = params.print_special = False
        is_known = bool(language) and api.whisper_lang_id(language) >= 0
        params.language = "en" if self._is_english else language if is_known else "auto"
        params.temperature_inc = 0.0 if is_draft else _NEXT_TRY
        if before:
            params.initial_prompt = before
        if is_draft:
            frames = math.ceil(len(sound) / RATE * _FRAMES_A_SECOND) + 64
            params.audio_ctx = min(_ALL_FRAMES, max(_LEAST_FRAMES, frames))
        with self._lock:
            return self._heard(sound, voiced, params, stop)

    def _heard(self, sound: Sound, voiced: Any, params: Any, stop: Callable[[], bool]) -> Heard:
        api = self.api
        api.assign_abort_callback(params, lambda *_: stop())
        try:
            failed = api.whisper_full(self.context, params, numpy.ascontiguousarray(sound), len(sound))
        except (IndexError, RuntimeError, ValueError) as err:  # such as a vocabulary without a space
            raise KnownError("speech.failed") from err
        if stop():
            raise Stopped
        if failed:
            raise KnownError("speech.failed")
        loud = is_loud(loudness(sound))
        said = (self.segment(number, loud) for number in range(api.whisper_full_n_segments(self.context)))
        language = api.whisper_lang_str(api.whisper_full_lang_id(self.context))
        said = (segment for segment in said if segment.text and _is_said(segment, voiced))
        return Heard(tuple(without_loops(said)), language)

    def segment(self, number: int, loud: Any) -> Segment:
        """Return a segment, its times moved to where it is loud."""
        api = self.api
        text = api.whisper_full_get_segment_text(self.context, number).decode("utf-8", "replace")
        begin = api.whisper_full_get_segment_t0(self.context, number) // 2
        end = min(len(loud), max(begin + 1, api.whisper_full_get_segment_t1(self.context, number) // 2))
        spoken = numpy.flatnonzero(loud[begin:end])
        gaps = numpy.flatnonzero(numpy.diff(spoken) > _GAP)
        if len(gaps) and spoken[gaps[0]] - spoken[0] < _BRIEF:  # the end of what was said before
            spoken = spoken[gaps[0] + 1 :]
        elif len(gaps) and spoken[-1] - spoken[gaps[-1] + 1] < _BRIEF:
            spoken = spoken[: gaps[-1] + 1]
        if len(spoken):
            begin, end = begin + int(spoken[0]), begin + int(spoken[-1]) + 1
        return Segment(begin * FRAME / RATE, end * FRAME / RATE, " ".join(text.split()))

    def _note(self, _level: object, text: str) -> None:
        if "failed" in text or "error" in text:  # it returns an empty context and says so in its log alone
            self._failures.append(text)


def _is_said(segment: Segment, voiced: Any) -> bool:
    """Return whether a voice sounds near a segment, whose times are not exact."""
    begin, end = (round(seconds * RATE / FRAME) for seconds in (segment.start - _NEAR_S, segment.end + _NEAR_S))
    return has_voice(voiced[max(0, begin) : end])


def without_loops(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Yield the segments, but no words that come for the third time in a row or more."""
    before: tuple[str, ...] = ()
    for segment in segments:
        if before != (segment.text, segment.text):
            yield segment
        before = (*before[-1:], segment.text)

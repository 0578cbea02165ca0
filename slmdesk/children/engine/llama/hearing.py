"""Hears speech by a language model and its projector for sound (libmtmd): Qwen3-ASR, Voxtral.

It has a context of its own and writes for nobody else, so it needs nothing of the scheduler.  What it hears has no
times: a piece of sound is one segment.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.sound import FRAME, RATE, Sound
from slmdesk.base.texts import N_
from slmdesk.base.threads import usable_cores
from slmdesk.base.times import Segment
from slmdesk.children.engine.llama.context import DECODED, Context
from slmdesk.children.engine.llama.library import Library, free_memory, load_library
from slmdesk.children.engine.llama.loading import open_weights
from slmdesk.children.engine.llama.sight import mtmd, open_projector
from slmdesk.children.engine.llama.vocabulary import Vocabulary
from slmdesk.children.engine.voices import has_voice, is_voiced
from slmdesk.children.engine.whisper import Heard
from slmdesk.models.gguf.header import ASR, GgufHeader, HearingPrompt, listener_of, names_of
from slmdesk.models.gguf.hearing import hearing_bytes
from slmdesk.models.gguf.memory import estimate
from slmdesk.models.gguf.projectors import check_projector, hears
from slmdesk.models.gguf.read import check_file, check_tokenizer, require_language_model

MOST_TOKENS = 600
"""Of an answer: half a minute of fast speech has about 200, so what is longer says the same again and again."""
_CELLS = 1024
_LEAST_SAMPLES = RATE // 2
"""Shorter sound is followed by silence: the library ends over a few samples, and the models were not trained on it."""
_NODES = 32
"""After so many operations of the projector it is asked whether to go on."""
_LOOP = re.compile(r"(.{2,80}?)\1{7,}", re.DOTALL)


class HearingModel:
    """A loaded model with its projector.  Thread-safe: one waits for the other."""

    def __init__(self, path: str, projector: str) -> None:
        """Raises KnownError `model.…`, `projector.…`, `speech.no_projector`, `child.no_library`."""
        header = check_file(Path(path))
        if header.kind != ASR:
            raise KnownError("model.wrong_kind", kind=header.kind)
        require_language_model(header)
        check_tokenizer(Path(path), header)
        if not projector:
            raise KnownError("speech.no_projector", name=header.name)
        ears = check_projector(Path(projector), header)
        if not hears(ears):
            raise KnownError("projector.unusable", name=ears.name, reason=N_("it hears nothing"))
        needed, available = estimate(header, context_tokens=_CELLS).total + hearing_bytes(ears), free_memory()
        if needed > available:
            raise KnownError("model.out_of_memory", needed_bytes=needed, available_bytes=available)
        self._prompt = _prompt_of(header, path)
        self._lock, self._stop = threading.Lock(), _never
        self._threads = usable_cores()
        library = load_library()
        weights = open_weights(library, path, header, lambda _done: True)
        try:
            self._vocabulary = Vocabulary(weights.vocab)
            self._require_marks()
            self._ears = _Ears(library, projector, ears, weights.pointer, lambda: not self._stop())
        except KnownError:
            weights.close()
            raise
        self._context = Context(
            library, weights.pointer, cells=_CELLS, max_sequences=1, batch_tokens=weights.batch_tokens,
            threads=self._threads, should_abort=lambda: self._stop(),
        )  # fmt: skip

    def hear(
        self, sound: Sound, language: str = "", *, before: str = "", is_draft: bool = False,
        stop: Callable[[], bool] = lambda: False,
    ) -> Heard:  # fmt: skip
        """Return what is said in at most 30 seconds, as one segment from the first voice to the last.

        `language`: "" for that which the model finds.  `before` changes nothing; a draft is empty, since the words that
        stay would come later for it.  Raises Stopped once `stop` says so, and KnownError `speech.failed`.
        """
        voiced = is_voiced(sound)
        if is_draft or not has_voice(voiced):  # without a voice it would invent a sentence
            return Heard((), language)
        named = self._prompt.names.get(language, "")
        told = self._prompt.language.format(code=language, name=named) if named else ""
        with self._lock:
            self._stop = stop
            try:
                answer = self._answer(sound, told)
            finally:
                self._stop = _never
        found, text = self._parted(answer)
        spoken = np.flatnonzero(voiced)
        start, end = (int(frame) * FRAME / RATE for frame in (spoken[0], spoken[-1] + 1))
        segments = (Segment(start, end, text),) if text else ()
        return Heard(segments, language if named else found)

    def _answer(self, sound: Sound, told: str) -> str:
        self._context.forget(0)
        with self._ears.tokenized(sound, self._prompt.prompt, told) as chunks:
            position, code = self._ears.read(chunks, self._context, self._threads)
        tokens: list[int] = []
        while code == DECODED and not self._stop() and len(tokens) < MOST_TOKENS:
            logits = self._context.logits(-1)
            if not np.isfinite(logits).all():
                raise KnownError("speech.failed")
            token = int(np.argmax(logits))
            if token in self._vocabulary.end_tokens:
                break
            tokens.append(token)
            self._context.clear()
            self._context.add(token, position + len(tokens) - 1, 0)
            code = self._context.decode(self._threads)
        if self._stop():
            raise Stopped
        if code != DECODED:
            raise KnownError("speech.failed")
        return self._text_of(tokens)

    def _text_of(self, tokens: list[int]) -> str:
        """The words of an answer, and the mark in it, which the file may call no text."""
        mark = self._prompt.answer_mark
        pieces = (
            mark.encode() if mark and self._vocabulary.text_of(token) == mark else self._vocabulary.pieces[token]
            for token in tokens
        )
        return b"".join(pieces).decode("utf-8", "replace")

    def _parted(self, answer: str) -> tuple[str, str]:
        """Return the code of the language that the model found, "" for none, and the words."""
        mark = self._prompt.answer_mark
        about, words = "", answer
        if mark and mark in answer:
            about, _mark, words = answer.partition(mark)
        name = about.strip().rpartition(" ")[2].casefold()
        codes = (code for code, known in self._prompt.names.items() if known.casefold() == name)
        return next(codes, ""), without_loops(" ".join(words.split()))

    def _require_marks(self) -> None:
        """Raises KnownError `model.damaged` where its vocabulary lacks what it has to be asked by."""
        for mark in self._prompt.marks:
            if len(self._vocabulary.tokenize(mark, special=True)) != 1:
                raise KnownError("model.damaged", reason=N_("its vocabulary has no tokens for sound"))


class _Ears:
    """The projector, loaded."""

    def __init__(
        self, library: Library, path: str, header: GgufHeader, model: int, keep_going: Callable[[], bool]
    ) -> None:
        self._api, self._keep_going, self._nodes = mtmd(header), keep_going, 0
        self._callback = library.api.ggml_backend_sched_eval_callback(self._on_operation)
        self._pointer = open_projector(
            library, path, header, model, on_operation=self._callback, needed_bytes=hearing_bytes(header)
        )
        api = self._api
        if not api.mtmd_support_audio(self._pointer) or api.mtmd_get_audio_sample_rate(self._pointer) != RATE:
            raise KnownError("projector.unusable", name=header.name, reason=N_("it hears nothing"))

    @contextmanager
    def tokenized(self, sound: Sound, prompt: str, told: str) -> Iterator[int]:
        """Yield the pieces of a prompt with a sound, by their address.  Raises KnownError `speech.failed`."""
        api = self._api
        samples = np.ascontiguousarray(sound, np.float32)
        if len(samples) < _LEAST_SAMPLES:
            samples = np.pad(samples, (0, _LEAST_SAMPLES - len(samples)))
        address = samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        text = prompt.format(sound=api.mtmd_default_marker().decode(), language=told).encode()
        chunks, bitmap = api.mtmd_input_chunks_init(), api.mtmd_bitmap_init_from_audio(len(samples), address)
        try:
            asked = api.mtmd_input_text(text, len(text), True, True)
            bitmaps = (ctypes.c_void_p * 1)(bitmap)
            if api.mtmd_tokenize(self._pointer, chunks, ctypes.byref(asked), bitmaps, 1):
                raise KnownError("speech.failed")
            yield chunks
        finally:
            api.mtmd_bitmap_free(bitmap)
            api.mtmd_input_chunks_free(chunks)

    def read(self, chunks: int, context: Context, threads: int) -> tuple[int, int]:
        """Put a prompt into the context.  Return the position after it, and what `llama_decode` returned."""
        if self._api.mtmd_helper_get_n_pos(chunks) + MOST_TOKENS > context.cells:
            raise KnownError("speech.failed")
        after = ctypes.c_int32(0)

        def decode(pointer: int) -> int:
            batch = context.batch_tokens
            return int(
                self._api.mtmd_helper_eval_chunks(
                    self._pointer, pointer, chunks, 0, 0, batch, True, ctypes.byref(after)
                )
            )

        code = context.decode_by(decode, threads)
        return after.value, code

    def _on_operation(self, _tensor: int, asks: bool, _data: int) -> bool:
        self._nodes += 1
        return self._nodes % _NODES == 0 if asks else self._keep_going()


def _never() -> bool:
    return False


def _prompt_of(header: GgufHeader, path: str) -> HearingPrompt:
    family = listener_of(header.architecture, f"{names_of(header)} {Path(path).stem}")
    if family is None or family.hearing is None:
        raise KnownError("model.wrong_kind", kind=header.kind)
    return family.hearing


def without_loops(text: str) -> str:
    """Return a text in which nothing stands more than twice where the model wrote it eight times in a row or more."""
    return _LOOP.sub(r"\1\1", text)

"""Tries the formats of a model one after another: makes the file, measures it, removes it.  On a file thread.

Each step runs in an engine child of its own that ends with it, so that nothing is in memory beside what is measured and
a crash costs one format.
"""

from __future__ import annotations

import queue
import threading
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.model_formats import FormatQuality, FormatSpeed
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Progress
from slmdesk.base.record import Record, changed
from slmdesk.base.types import Json
from slmdesk.base.wire import record_from
from slmdesk.children.client import ChildClient
from slmdesk.children.reach import AllowedPaths
from slmdesk.evaluation.formats.types import FASTER, SMALLER, FormatResult, name_without
from slmdesk.gguf.quantization import QUANTIZATIONS, weight_bytes
from slmdesk.loader.energy import OtherPrograms
from slmdesk.models.fit import available_bytes
from slmdesk.runtime.file_io import need_space
from slmdesk.runtime.messages import bytes_for_people, plain_args, problem_for

_LOOK_S = 0.1
_BESIDE_BYTES = 400 << 20
"""What a trial needs beside the weights: its context, the library, the texts' predictions."""
_MAKE, _SPEED, _QUALITY = 0.1, 0.2, 0.25
"""Parts of the time of one format: making the file, each of two measurements of speed and of quality."""

_LEFT_OUT = (1, 2, 4)
_SEARCH = 0.6
_LISTEN_S, _LOOKS = 0.5, 20
"""Before a measurement: how long, and how often at most, it is looked whether others are quiet."""

MakeChild = Callable[[], ChildClient]


class Material(Record):
    texts: tuple[str, ...]
    questions: tuple[str, ...]


class Published(Record):
    path: Path
    bytes: int
    quantization: str
    parameters: int
    layers: int
    origin: str


class FormatProgress(Record):
    """What is done now, and how much of all, 0..1."""

    what: str
    fraction: float


@cache
def material() -> Material:
    shape = tomllib.loads(resources.files("slmdesk.evaluation.formats").joinpath("texts.toml").read_text("utf-8"))
    return Material(tuple(text.strip() for text in shape["texts"]), tuple(shape["questions"]))


def ask_child(
    make_child: MakeChild,
    reach: AllowedPaths,
    kind: str,
    payload: Mapping[str, Json],
    stop: threading.Event,
    on_part: Callable[[float], None],
) -> Mapping[str, Json]:
    """Run one job in a child of its own.  Blocks.  Raises Stopped, and KnownError as the job ended."""
    child = make_child()
    child.may_open(reach)
    events: queue.SimpleQueue[FromChild] = queue.SimpleQueue()
    try:
        child.start(kind, payload, events.put, priority="background")
        while True:
            if stop.is_set():
                raise Stopped
            with suppress(queue.Empty):
                event = events.get(timeout=_LOOK_S)
                if isinstance(event, Progress):
                    on_part(event.done / max(1, event.total))
                elif isinstance(event, Done):
                    return event.result
                elif isinstance(event, Failed):
                    raise _failure(event)
                elif isinstance(event, Cancelled):
                    raise Stopped
    finally:
        child.close(0.0 if stop.is_set() else 2.0)


def _failure(event: Failed) -> KnownError:
    return KnownError(event.code, **plain_args(event.args))


class FormatTrials:
    def __init__(
        self,
        published: Published,
        folder: Path,
        make_child: MakeChild,
        stop: threading.Event,
        tell: Callable[[FormatProgress | FormatResult], None],
    ) -> None:
        self._published, self._folder, self._make_child, self._stop = published, folder, make_child, stop
        self._tell = tell
        self._reference: tuple[FormatQuality, Sequence[Json]] | None = None
        self._predictions = folder / "predictions.bin"
        self._done, self._share = 0.0, 1.0

    def run(self, formats: Sequence[str]) -> None:
        """Try each.  Raises Stopped, and KnownError where the published file itself cannot be measured."""
        self._share = 1 / max(1, len(formats))
        for number, name in enumerate(formats):
            self._done = number * self._share
            self._tell(self._tried(name))

    def leave_out(self, layers: int) -> None:
        """Find the layers whose absence changes the predictions least, and try the file without one, two and four.

        The first and the last layer always stay.  Layers are chosen one by one, over the first text; that two of them
        are spared by each other is not looked for.  Raises as `run`.
        """
        losses = self._losses(range(1, layers - 1))
        chosen = sorted(losses, key=losses.__getitem__)
        counts = [one for one in _LEFT_OUT if one < len(chosen)]
        self._share = (1 - _SEARCH) / max(1, len(counts))
        for number, count in enumerate(counts):
            self._done = _SEARCH + number * self._share
            self._tell(self._tried("", tuple(sorted(chosen[:count]))))

    def make(self, name: str, left_out: Sequence[int] = ()) -> Path:
        """Make one file in the folder; '': in the published format.  Raises KnownError, Stopped."""
        target = self._folder / f"{name or 'published'}.gguf"
        need_space(self._published.path, self._folder, bytes=self._expected(name))
        payload: dict[str, Json] = {
            "path": str(self._published.path), "target": str(target), "format": name,
            "left_out": list(left_out), "origin": self._origin(left_out),
        }  # fmt: skip
        self._ask("quantize", f"making {_shown(name, left_out)}", payload, 0.0, _MAKE)
        return target

    def _losses(self, layers: Sequence[int]) -> Mapping[int, float]:
        few = Material(material().texts[:1], material().questions[:1])
        kept, losses = self._folder / "first.bin", {}
        self._share = _SEARCH / max(1, len(layers))
        self._quality_of(self._published.path, "reading with all layers", 0.0, few, kept, is_reference=True)
        for number, layer in enumerate(layers):
            self._done = number * self._share
            target = self.make("", (layer,))
            what = f"reading without layer {layer + 1}"
            quality, _ = self._quality_of(target, what, _MAKE, few, kept, is_reference=False)
            losses[layer] = quality.divergence
            target.unlink(missing_ok=True)
        return losses

    def _origin(self, left_out: Sequence[int]) -> str:
        without = f", without layers {' '.join(map(str, left_out))}" if left_out else ""
        return self._published.origin + without

    def _tried(self, name: str, left_out: tuple[int, ...] = ()) -> FormatResult:
        shown = _shown(name, left_out)
        result = FormatResult(shown, left_out=left_out)
        target = self._folder / f"{name or 'published'}.gguf"
        needed, free = self._expected(name) + _BESIDE_BYTES, available_bytes()
        if needed > free:
            return changed(
                result,
                reason=f"It needs about {bytes_for_people(needed)} of memory; {bytes_for_people(free)} are free.",
            )
        try:
            self.make(name, left_out)
            self._wait_until_quiet()
            result = changed(result, bytes=target.stat().st_size)
            published = self._speed_of(self._published.path, "measuring the published file", _MAKE)
            speed = self._speed_of(target, f"measuring {shown}", _MAKE + _SPEED)
            result = changed(result, speed=speed, published=published)
            is_smaller = result.bytes < SMALLER * self._published.bytes
            if left_out or is_smaller or max(result.answer_gain, result.long_work_gain) >= FASTER:
                result = self._judged(result, target)
        except KnownError as err:
            if err.code == "disk.full" or not self._published.path.is_file():
                raise
            return changed(result, reason=problem_for(err).sentence)
        finally:
            target.unlink(missing_ok=True)
        return result

    def _wait_until_quiet(self) -> None:
        """Wait a little for other programs, whose work would be measured too.  Raises KnownError `formats.noisy`."""
        others = OtherPrograms()
        for _ in range(_LOOKS):
            if self._stop.wait(_LISTEN_S):
                raise Stopped
            if others.are_quiet():
                return
        raise KnownError("formats.noisy")

    def _judged(self, result: FormatResult, target: Path) -> FormatResult:
        begin = _MAKE + 2 * _SPEED
        if self._reference is None:
            what = "reading our texts with the published file"
            self._reference = self._quality_of(
                self._published.path, what, begin, material(), self._predictions, is_reference=True
            )
        reference, wanted = self._reference
        quality, answers = self._quality_of(
            target,
            f"comparing the answers of {result.format}",
            begin + _QUALITY,
            material(),
            self._predictions,
            is_reference=False,
        )
        same = sum(one == other for one, other in zip(wanted, answers, strict=True))
        return changed(
            result,
            quality=quality,
            published_perplexity=reference.perplexity,
            same_answers=same,
            questions=len(wanted),
        )

    def _speed_of(self, path: Path, what: str, begin: float) -> FormatSpeed:
        return record_from(FormatSpeed, self._ask("format_speed", what, {"path": str(path)}, begin, _SPEED))

    def _quality_of(
        self, path: Path, what: str, begin: float, over: Material, predictions: Path, *, is_reference: bool
    ) -> tuple[FormatQuality, Sequence[Json]]:
        payload: dict[str, Json] = {
            "path": str(path), "texts": list(over.texts), "questions": list(over.questions),
            "predictions": str(predictions), "is_reference": is_reference,
        }  # fmt: skip
        found = dict(self._ask("format_quality", what, payload, begin, _QUALITY))
        answers = found.pop("answers", None)
        if not isinstance(answers, list) or len(answers) != len(over.questions):
            raise KnownError("request.invalid", what="answers")
        return record_from(FormatQuality, found), answers

    def _ask(self, kind: str, what: str, payload: Mapping[str, Json], begin: float, part: float) -> Mapping[str, Json]:
        def on_part(done: float) -> None:
            fraction = self._done + self._share * (begin + part * done)
            self._tell(FormatProgress(what, min(1.0, fraction)))

        on_part(0.0)
        reach = AllowedPaths((str(self._published.path),), (str(self._folder),))
        return ask_child(self._make_child, reach, kind, payload, self._stop, on_part)

    def _expected(self, name: str) -> int:
        if not name:
            return self._published.bytes
        return weight_bytes(self._published.parameters, QUANTIZATIONS[name]) * 11 // 10


def _shown(name: str, left_out: Sequence[int]) -> str:
    return name_without(len(left_out)) if left_out else name

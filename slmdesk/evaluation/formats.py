"""Finds the best file format (quantization) of a model for this PC, makes such a copy beside the published file, and
switches between the two.
"""

from __future__ import annotations

import os
import queue
import shutil
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from functools import cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import private_folder, sync_folder
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Progress, record_from, stored_from
from slmdesk.base.record import Number, Record, changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import FILE_TYPES, FormatQuality, FormatSpeed, Json
from slmdesk.children.client import ChildClient
from slmdesk.children.reach import AllowedPaths
from slmdesk.evaluation.exams import on_battery
from slmdesk.gguf.header import GgufHeader
from slmdesk.gguf.quantization import QUANTIZATIONS, weight_bytes
from slmdesk.gguf.read import check_file, read_header
from slmdesk.jobs.service import JobService
from slmdesk.loader.energy import OtherPrograms
from slmdesk.loader.model_loader import ModelLoader, hardware_key
from slmdesk.models.running import PreviousModel, mark, return_to
from slmdesk.models.service import (
    COPY,
    SOURCE,
    CopyOrigin,
    DefaultsService,
    ModelService,
    available_bytes,
    copies_of,
    published_of,
    used_of,
)
from slmdesk.runtime.events import ModelsChanged, Pending
from slmdesk.runtime.file_io import Claim, HashedFile, file_name, hash_file, need_space
from slmdesk.runtime.messages import Problem, bytes_for_people, plain_args, problem_for, time_for_people
from slmdesk.runtime.service import FileWork, Report, Runtime, Service

INFO_KEY, LAYERS_KEY = "formats", "layers"
"""Keys in a published model's info: the FormatReport on other formats, and the one on copies without some layers."""
FEATURE = "models.formats"
_FOLDER = ".formats-"
"""Prefix of the folder beside the models for files being tried or made. The next run removes it after a crash."""
_CLAIM = ".formats.lock"
CLOSE_S = 1.0


class FormatService(Service):
    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        uses: DefaultsService,
        loader: ModelLoader,
        jobs: JobService,
        make_child: MakeChild,
    ) -> None:
        super().__init__(runtime)
        self._models, self._uses, self._loader, self._jobs = models, uses, loader, jobs
        self._make_child = make_child
        self._work = FileWork(runtime.service_thread, "formats")
        self._is_running = False
        self.is_on_battery: Callable[[], bool] = on_battery

    def published(self, model: str | None) -> ModelRecord:
        """Return the published model of a model or of its copy. None as `model` means the model in use.

        Raises KnownError `feature.hidden`, `model.…`.
        """
        self._models.require(FEATURE)
        record = published_of(self._models.choose(model), self._store.models.all())
        if not record.can_chat:
            raise KnownError("model.wrong_kind", kind=record.kind)
        return record

    def report(self, model: str, key: str = INFO_KEY) -> FormatReport | None:
        """Return what was measured on this PC with this library version, or None. Raises KnownError `model.unknown`."""
        record = self.published(model)
        found = stored_from(FormatReport, record.info.get(key))
        return found if found and (found.hardware, found.library) == (hardware_key(), _library()) else None

    def copies(self, model: str) -> Sequence[ModelRecord]:
        """Return the copies of a model in the library, the last used at the end. Raises KnownError `model.unknown`."""
        copies = copies_of(self.published(model), self._store.models.all())
        return sorted(copies, key=lambda copy: copy.last_used or 0.0)

    def used(self, model: str) -> ModelRecord:
        """Return which is in use: the model's published file or a copy. Raises KnownError `model.unknown`."""
        able = (self.published(model), *self.copies(model))
        return used_of(able, {model.id for model in able if self._uses.uses_of(model.id)})

    def measure(
        self, model: str | None, *, again: bool = False, formats: Sequence[str] = ()
    ) -> Pending[FormatReport | None]:
        """Try the formats of a model that were not tried on this PC. `again`: try all formats. `formats`: try only
        these.

        Reports FormatProgress, and stores and reports each FormatResult, so that a cancelled run can be continued. Ends
        with the report, or None if cancelled. Jobs wait meanwhile, and the model in use is loaded again afterwards.
        Raises KnownError `model.…`, `formats.battery`, and `measuring.…` while an answer is being written or something
        is measured.
        """
        record = self.published(model)
        if again:
            self._keep(record, INFO_KEY, None)
        known = self.report(record.id)
        done = frozenset(name for name, result in known.results.items() if not result.reason) if known else frozenset()

        def trial(trials: FormatTrials, published: Published) -> None:
            able = formats or candidates(published.quantization, published.parameters)
            trials.run([name for name in able if name not in done])

        return self._measured(record, INFO_KEY, known, trial)

    def measure_without_layers(self, model: str | None) -> Pending[FormatReport | None]:
        """Try a model without the layers it needs least (see FormatTrials.leave_out). Otherwise as `measure`."""
        record = self.published(model)
        return self._measured(record, LAYERS_KEY, None, lambda trials, published: trials.leave_out(published.layers))

    def _measured(
        self,
        record: ModelRecord,
        key: str,
        known: FormatReport | None,
        trial: Callable[[FormatTrials, Published], None],
    ) -> Pending[FormatReport | None]:
        before = self._begin()
        kept = known or FormatReport(hardware_key(), _library(), record.bytes)
        folder, path = self._models.folder, Path(os.fsdecode(record.path))

        def work(stop: threading.Event, report: Report) -> bool:
            with _own_folder(folder) as own:
                published = _published_file(path, record)
                trials = FormatTrials(published, own, self._make_child, stop, report)
                try:
                    trial(trials, published)
                except Stopped:
                    return False
            return True

        def on_news(news: object) -> None:
            nonlocal kept
            if isinstance(news, FormatResult):
                kept = kept.with_result(news)
                self._keep(record, key, kept)
            ended.progress(news)

        def on_end(result: bool | Problem) -> None:
            self._end(before)
            if isinstance(result, Problem):
                ended.end(result)
            else:
                ended.end(kept if result else None)

        running = self._work.run(work)
        ended: Pending[FormatReport | None] = Pending(running.cancel)
        running.listen(on_news).then(on_end)
        return ended

    def make(self, model: str | None, name: str, left_out: Sequence[int] = ()) -> Pending[ModelRecord | None]:
        """Make a copy in the format `name` ('' means the published format) without the layers `left_out`, and use the
        copy from now on instead of the published file.

        Reports FormatProgress. Ends with the copy, or None if cancelled. Raises KnownError as `measure`, and
        `request.invalid` for an unknown format.
        """
        record = self.published(model)
        if name not in FILE_TYPES and not (left_out and not name):
            what = _("format {name}; one of {file_types}")
            raise KnownError("request.invalid", what=what.format(name=name[:20], file_types=", ".join(FILE_TYPES)))
        before = self._begin()
        folder, path = self._models.folder, Path(os.fsdecode(record.path))

        def work(stop: threading.Event, report: Report) -> tuple[HashedFile, GgufHeader] | None:
            with _own_folder(folder) as own:
                published = _published_file(path, record)
                try:
                    made = FormatTrials(published, own, self._make_child, stop, report).make(name, left_out)
                    return _kept(made, published, folder, _name(record, name, left_out), stop)
                except Stopped:
                    return None

        def on_end(result: tuple[HashedFile, GgufHeader] | Problem | None) -> None:
            self._end(before)
            if result is None or isinstance(result, Problem):
                ended.end(result)
            else:
                ended.end(self._registered(record, *result, name, left_out))

        running = self._work.run(work)
        ended: Pending[ModelRecord | None] = Pending(running.cancel)
        running.listen(ended.progress).then(on_end)
        return ended

    def use(self, model: str, *, copy: bool) -> ModelRecord:
        """Use a copy of a model, or its published file, instead of the other. Returns the record now in use.

        `model` may name the copy itself. Otherwise the copy used last is taken. Raises KnownError `model.unknown`, and
        `formats.no_copy` if there is no copy.
        """
        published, copies = self.published(model), self.copies(model)
        if not copies:
            raise KnownError("formats.no_copy", name=published.name)
        made = next((copy for copy in copies if copy.id == model), copies[-1])
        new = made if copy else published
        for old in (published, *copies):
            for use in self._uses.uses_of(old.id) if old.id != new.id else ():
                self._uses.set_default(use, new.id)
        self._store.models.change(new.id, last_used=time.time())
        self._models.use(new.id)
        self._publish(ModelsChanged())
        return new

    def close(self) -> None:
        self._work.close(CLOSE_S)

    # ---- inside

    def _begin(self) -> PreviousModel:
        if self._is_running or self._jobs.is_held:
            raise KnownError("measuring.twice")
        if self._loader.is_busy:
            raise KnownError("measuring.answer")
        if self.is_on_battery():
            raise KnownError("formats.battery")
        self._jobs.hold()
        self._is_running = True
        before = mark(self._models, self._loader)
        self._loader.unload()
        return before

    def _end(self, before: PreviousModel) -> None:
        self._is_running = False
        self._jobs.let_go()
        return_to(before, self._models, self._loader, self._store)

    def _keep(self, record: ModelRecord, key: str, report: FormatReport | None) -> None:
        if not self._store.read_only:
            self._store.models.set_info(record.id, **{key: to_json(report) if report else None})

    def _registered(
        self, record: ModelRecord, file: HashedFile, header: GgufHeader, name: str, left_out: Sequence[int]
    ) -> ModelRecord:
        origin = CopyOrigin(record.id, record.sha256, name, _library(), hardware_key(), tuple(left_out))
        copy = self._models.register(file, header, _name(record, name, left_out), source=SOURCE)
        copy = self._store.models.set_info(copy.id, **{COPY: to_json(origin)})
        self._publish(ModelsChanged())
        self.use(copy.id, copy=True)
        return copy


def _name(record: ModelRecord, name: str, left_out: Sequence[int]) -> str:
    return " ".join(filter(None, (record.name, name, name_without(len(left_out)) if left_out else "")))


def _library() -> str:
    return version("llama-cpp-python")


def _published_file(path: Path, record: ModelRecord) -> Published:
    header = check_file(path)
    if header.split_count > 1:
        raise KnownError("model.wrong_kind", kind="a model in parts")
    origin = f"{record.sha256[:16]} {header.quantization}, by llama.cpp of llama-cpp-python {_library()}"
    return Published(path, header.file_bytes, header.quantization, header.parameters, header.layers, origin)


@contextmanager
def _own_folder(models: Path) -> Iterator[Path]:
    """Provide a folder for a run and remove it at the end. Folders left by a killed run are removed first.

    Raises KnownError `formats.busy` while another program makes or tries formats here, `file.unwritable`.
    """
    claim = Claim.take(models / _CLAIM)
    if claim is None:
        raise KnownError("formats.busy")
    try:
        for old in models.glob(f"{_FOLDER}*"):
            shutil.rmtree(old, ignore_errors=True)
        own = models / f"{_FOLDER}{uuid4().hex[:12]}"
        private_folder(own)
        try:
            yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)
    finally:
        claim.release()


def _kept(
    made: Path, published: Published, folder: Path, name: str, stop: threading.Event
) -> tuple[HashedFile, GgufHeader]:
    """Check the file a child process has made, and give it its final name. Raises KnownError `model.…`, Stopped."""
    header, source = check_file(made), read_header(published.path)
    if (header.architecture, header.vocab_size) != (source.architecture, source.vocab_size):
        raise KnownError("model.not_converted", reason=_("the new file is of another model"))
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    hashed = hash_file(made, lambda _done, _total: None, stop)
    target = folder / file_name(name, hashed.sha256)
    made.replace(target)
    sync_folder(folder)
    return changed(hashed, path=target), header


# ---- what was measured of a model's formats on this PC


SAME_DIVERGENCE = 0.0005
"""Largest divergence of the predictions at which a format counts as the same, if all answers are also equal."""
NEARLY_DIVERGENCE, NEARLY_PERPLEXITY = 0.03, 1.02
"""Largest divergence and perplexity ratio at which answers count as nearly the same. Another way of rounding the same
weights changes hardly less.
"""
FASTER = 1.1
NOT_SLOWER = 0.97
SMALLER = 0.9
_SMALLER = ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_NL", "Q4_0")
_FASTER = ("F16", "Q8_0", "Q6_K", "Q4_0")


class Likeness(StrEnum):
    SAME = "same"
    NEARLY = "nearly"
    OTHER = "other"
    UNKNOWN = "unknown"
    """Not measured, because the format was neither faster nor smaller."""


class FormatResult(Record):
    format: str
    bytes: int = 0
    speed: FormatSpeed | None = None
    published: FormatSpeed | None = None
    """Speed of the published file, measured just before."""
    quality: FormatQuality | None = None
    published_perplexity: Number = 0.0
    same_answers: int = 0
    questions: int = 0
    left_out: tuple[int, ...] = ()
    reason: str = ""

    @property
    def answer_gain(self) -> float:
        """Return how many times as fast as with the published file an answer is. 0 if it was not measured."""
        return self.published.answer_s / self.speed.answer_s if self.speed and self.published else 0.0

    @property
    def long_work_gain(self) -> float:
        return self.published.long_work_s / self.speed.long_work_s if self.speed and self.published else 0.0

    @property
    def likeness(self) -> Likeness:
        if self.quality is None:
            return Likeness.UNKNOWN
        if self.quality.divergence < SAME_DIVERGENCE and self.same_answers == self.questions > 0:
            return Likeness.SAME
        near = self.quality.divergence <= NEARLY_DIVERGENCE
        return Likeness.NEARLY if near and self.perplexity_change <= NEARLY_PERPLEXITY else Likeness.OTHER

    @property
    def perplexity_change(self) -> float:
        """Return its perplexity divided by that of the published file. 1 if unknown."""
        if self.quality is None or self.published_perplexity <= 0:
            return 1.0
        return self.quality.perplexity / self.published_perplexity

    @property
    def is_faster(self) -> bool:
        """Return whether answers or long work are faster by enough to be worth a file, and the other is not slower."""
        gains = sorted((self.answer_gain, self.long_work_gain))
        return gains[0] >= NOT_SLOWER and gains[1] >= FASTER


class FormatReport(Record):
    hardware: str
    library: str
    bytes: int = 0
    tried: tuple[FormatResult, ...] = ()

    @property
    def results(self) -> Mapping[str, FormatResult]:
        return {result.format: result for result in self.tried}

    def with_result(self, result: FormatResult) -> FormatReport:
        return changed(self, tried=tuple({**self.results, result.format: result}.values()))

    def fastest(self) -> FormatResult | None:
        """Return the format recommended for speed, or None.

        Among the formats that are faster and give the same or nearly the same answers, it has the largest product of
        both gains. If gains are within 3 %, the smaller file wins.
        """
        liked = (Likeness.SAME, Likeness.NEARLY)
        able = [result for result in self.results.values() if result.is_faster and result.likeness in liked]
        if not able:
            return None
        best = max(result.answer_gain * result.long_work_gain for result in able)
        near = [result for result in able if result.answer_gain * result.long_work_gain >= NOT_SLOWER * best]
        return min(near, key=lambda result: result.bytes)

    def smallest(self) -> FormatResult | None:
        """Return the format recommended for space: the smallest with the same or nearly the same answers, or None."""
        liked = (Likeness.SAME, Likeness.NEARLY)
        able = [
            result
            for result in self.results.values()
            if result.likeness in liked and 0 < result.bytes < SMALLER * self.bytes
        ]
        return min(able, key=lambda result: result.bytes, default=None)


def name_without(layers: int) -> str:
    return ngettext("{n} layer less", "{n} layers less", layers)


def candidates(quantization: str, parameters: int) -> Sequence[str]:
    """Return the formats worth trying for a file in `quantization`, the most exact first.

    For a file with 8 bits or more, these are all smaller formats. For a smaller file, they are the formats that many
    processors compute faster: they do not make its weights better. IQ4_NL takes minutes to make.
    """
    known = QUANTIZATIONS.get(quantization)
    bits = known.bits if known else 16.0
    if bits >= 8:
        return [name for name in _SMALLER if QUANTIZATIONS[name].bits < bits]
    large = parameters > 1_000_000_000
    return [name for name in _FASTER if name != quantization and not (name == "F16" and large)]


# ---- what was measured of a format, in words


LEAST_KNOWN = 0.1
"""Least share of the work that must be done before the time left is estimated."""
_LIKENESS = {
    Likeness.SAME: _("Same answers"),
    Likeness.NEARLY: _("Answers as good"),
    Likeness.OTHER: _("Weaker answers"),
    Likeness.UNKNOWN: _("Not compared"),
}


def gain_words(gain: float) -> str:
    if 0.97 <= gain <= 1.03:
        return _("as fast")
    return (_("{gain:.1f} × as fast") if gain < 10 else _("{gain:.0f} × as fast")).format(gain=gain)


def size_words(result: FormatResult, report: FormatReport) -> str:
    more = result.bytes - report.bytes
    return f"{bytes_for_people(abs(more))} {'larger' if more >= 0 else 'smaller'}"


def likeness_words(result: FormatResult) -> str:
    words = _LIKENESS[result.likeness]
    if result.quality is None:
        return words
    change = (result.perplexity_change - 1) * 100
    surer = (
        _("as sure")
        if abs(change) < 0.05
        else _("{change:.1f} % {what} sure").format(change=abs(change), what=_("less") if change > 0 else _("more"))
    )
    return _("{words} ({same_answers} of {questions} equal word by word; {surer} of its words)").format(
        words=words, same_answers=result.same_answers, questions=result.questions, surer=surer
    )


def copy_label(origin: CopyOrigin) -> str:
    less = name_without(len(origin.left_out)) if origin.left_out else ""
    return ", ".join(part for part in (origin.format, less) if part)


def progress_words(what: str, fraction: float, seconds: float) -> str:
    if fraction < LEAST_KNOWN:
        return what
    left = time_for_people(seconds * (1 - fraction) / fraction)
    words = _("{what}, {left} left") if left.startswith("less") else _("{what}, about {left} left")
    return words.format(what=what, left=left)


def format_sentence(result: FormatResult, report: FormatReport) -> str:
    if result.reason:
        return result.reason
    return _("{likeness}; writes answers {gain}, long documents {gain2}, {size}.").format(
        likeness=likeness_words(result),
        gain=gain_words(result.answer_gain),
        gain2=gain_words(result.long_work_gain),
        size=size_words(result, report),
    )


def advice_of(report: FormatReport) -> str:
    best = report.fastest()
    if best is None and any(result.left_out for result in report.tried):
        return _("Use the whole file: without layers its answers are weaker, or not faster.")
    if best is None:
        return _("The published file is the best one for this PC: no format is faster and answers nearly as well.")
    return _("Recommended: {format}. {format_sentence}").format(
        format=best.format, format_sentence=format_sentence(best, report)
    )


RULE = _(
    "Recommended is the fastest format whose answers are the same or as good: what it expects of the next word differs "
    "little from the published file's (divergence up to 0.03), and it is at most 2 % less sure of the words of our "
    "test texts. Answers that are as good may still use other words."
)

# ---- tries the formats of a model in turn
#
# For each format, makes the file, measures it and removes it. On a file thread. Each step runs in an engine process of
# its own, so that nothing else is in memory during a measurement and a crash affects only one format.


_LOOK_S = 0.1
_BESIDE_BYTES = 400 << 20
"""Bytes of memory that a trial needs beside the weights, for the context, the library and the texts' predictions."""
_MAKE, _SPEED, _QUALITY = 0.1, 0.2, 0.25
"""Shares of a format's time: making the file, each of two speed measurements, and each of two quality measurements."""

_LEFT_OUT = (1, 2, 4)
_SEARCH = 0.6
_LISTEN_S, _LOOKS = 0.5, 20
"""Before a measurement: seconds of each check whether other programs are idle, and most such checks."""

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
    """Progress of a trial: the current step, and the share of all work done, 0..1."""

    what: str
    fraction: float


@cache
def material() -> Material:
    shape = tomllib.loads(resources.files("slmdesk.evaluation").joinpath("format_texts.toml").read_text("utf-8"))
    return Material(tuple(text.strip() for text in shape["texts"]), tuple(shape["questions"]))


def ask_child(
    make_child: MakeChild,
    reach: AllowedPaths,
    kind: str,
    payload: Mapping[str, Json],
    stop: threading.Event,
    on_part: Callable[[float], None],
) -> Mapping[str, Json]:
    """Run a job in a new child process, and wait for its result. Raises Stopped, or the KnownError of the job."""
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
                    raise KnownError(event.code, **plain_args(event.args))
                elif isinstance(event, Cancelled):
                    raise Stopped
    finally:
        child.close(0.0 if stop.is_set() else 2.0)


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
        """Try each format. Raises Stopped, and KnownError if the published file itself cannot be measured."""
        self._share = 1 / max(1, len(formats))
        for number, name in enumerate(formats):
            self._done = number * self._share
            self._tell(self._tried(name))

    def leave_out(self, layers: int) -> None:
        """Find the layers whose removal changes the predictions least, and try the file without one, two and four of
        them.

        The first and the last layer always stay. Layers are chosen one after the other, on the first text. Combinations
        of layers are not tried. Raises as `run`.
        """
        losses = self._losses(range(1, layers - 1))
        chosen = sorted(losses, key=losses.__getitem__)
        counts = [count for count in _LEFT_OUT if count < len(chosen)]
        self._share = (1 - _SEARCH) / max(1, len(counts))
        for number, count in enumerate(counts):
            self._done = _SEARCH + number * self._share
            self._tell(self._tried("", tuple(sorted(chosen[:count]))))

    def make(self, name: str, left_out: Sequence[int] = ()) -> Path:
        """Make a file in the folder. '' as `name` means the published format. Raises KnownError, Stopped."""
        target = self._folder / f"{name or 'published'}.gguf"
        need_space(self._published.path, self._folder, bytes=self._expected(name))
        payload: dict[str, Json] = {
            "path": str(self._published.path), "target": str(target), "format": name,
            "left_out": list(left_out), "origin": self._origin(left_out),
        }  # fmt: skip
        self._ask("quantize", _("making {name}").format(name=_shown(name, left_out)), payload, 0.0, _MAKE)
        return target

    def _losses(self, layers: Sequence[int]) -> Mapping[int, float]:
        few = Material(material().texts[:1], material().questions[:1])
        kept, losses = self._folder / "first.bin", {}
        self._share = _SEARCH / max(1, len(layers))
        self._quality_of(self._published.path, _("reading with all layers"), 0.0, few, kept, is_reference=True)
        for number, layer in enumerate(layers):
            self._done = number * self._share
            target = self.make("", (layer,))
            what = _("reading without layer {layer}").format(layer=layer + 1)
            quality, __ = self._quality_of(target, what, _MAKE, few, kept, is_reference=False)
            losses[layer] = quality.divergence
            target.unlink(missing_ok=True)
        return losses

    def _origin(self, left_out: Sequence[int]) -> str:
        without = _(", without layers {names}").format(names=" ".join(map(str, left_out))) if left_out else ""
        return self._published.origin + without

    def _tried(self, name: str, left_out: tuple[int, ...] = ()) -> FormatResult:
        shown = _shown(name, left_out)
        result = FormatResult(shown, left_out=left_out)
        target = self._folder / f"{name or 'published'}.gguf"
        needed, free = self._expected(name) + _BESIDE_BYTES, available_bytes()
        if needed > free:
            reason = _("It needs about {size} of memory; {size2} are free.")
            return changed(result, reason=reason.format(size=bytes_for_people(needed), size2=bytes_for_people(free)))
        try:
            self.make(name, left_out)
            self._wait_until_quiet()
            result = changed(result, bytes=target.stat().st_size)
            published = self._speed_of(self._published.path, _("measuring the published file"), _MAKE)
            speed = self._speed_of(target, _("measuring {shown}").format(shown=shown), _MAKE + _SPEED)
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
        """Wait a little until other programs are idle, because their work would distort the measurement.

        Raises KnownError `formats.noisy`.
        """
        others = OtherPrograms()
        for __ in range(_LOOKS):
            if self._stop.wait(_LISTEN_S):
                raise Stopped
            if others.are_quiet():
                return
        raise KnownError("formats.noisy")

    def _judged(self, result: FormatResult, target: Path) -> FormatResult:
        begin = _MAKE + 2 * _SPEED
        if self._reference is None:
            what = _("reading our texts with the published file")
            self._reference = self._quality_of(
                self._published.path, what, begin, material(), self._predictions, is_reference=True
            )
        reference, wanted = self._reference
        what, begin = _("comparing the answers of {format}").format(format=result.format), begin + _QUALITY
        quality, answers = self._quality_of(target, what, begin, material(), self._predictions, is_reference=False)
        same = sum(one == other for one, other in zip(wanted, answers, strict=True))
        found = changed(result, quality=quality, published_perplexity=reference.perplexity)
        return changed(found, same_answers=same, questions=len(wanted))

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

"""Makes smaller copies of a model beside its published file, in another format (quantization) or without some layers,
and switches between them.
"""

from __future__ import annotations

import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import private_folder, sync_folder
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Progress, record_from
from slmdesk.base.record import Number, Record, changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import ModelsChanged, Pending
from slmdesk.base.runtime.file_io import Claim, HashedFile, file_name, hash_file, need_space
from slmdesk.base.runtime.messages import Problem, plain_args, time_for_people
from slmdesk.base.runtime.service import FileWork, Report, Runtime, Service
from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import FILE_TYPES, Json
from slmdesk.children.client import ChildClient
from slmdesk.children.reach import AllowedPaths
from slmdesk.models.evaluation.model_cards import SoleUse
from slmdesk.models.gguf.header import GgufHeader
from slmdesk.models.gguf.quantization import QUANTIZATIONS, weight_bytes
from slmdesk.models.gguf.read import check_file
from slmdesk.models.loader.model_loader import ModelLoader, hardware_key
from slmdesk.models.service import (
    COPY,
    SOURCE,
    CopyOrigin,
    DefaultsService,
    ModelService,
    copies_of,
    published_of,
    used_of,
)
from slmdesk.tasks.jobs.service import JobService

FEATURE = "models.formats"
SMALLER = ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_NL", "Q4_0", "Q3_K_M")
"""Formats of smaller copies, the most exact first."""
MOST_LEFT_OUT = 4
_FOLDER = ".formats-"
"""Prefix of the folder beside the models for a file being made. The next run removes it after a crash."""
_CLAIM = ".formats.lock"
CLOSE_S = 1.0


BESIDE_BYTES = 1 << 30
"""How much larger than the model a file may be that is written while a copy is made: none is, in what was tried."""


class FormatService(Service):
    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        uses: DefaultsService,
        loader: ModelLoader,
        jobs: JobService,
        engine_beside: Callable[[str], ChildClient],
    ) -> None:
        super().__init__(runtime)
        self._models, self._uses, self._loader, self._jobs = models, uses, loader, jobs
        self._make_child = partial(engine_beside, "formats")
        self._work = FileWork(runtime.service_thread, "formats")

    def published(self, model: str | None) -> ModelRecord:
        """Return the published model of a model or of its copy. None as `model` means the model in use.

        Raises KnownError `feature.hidden`, `model.…`.
        """
        self._settings.policy.require(FEATURE)
        record = published_of(self._models.choose(model), self._store.models.all())
        if not record.can_chat:
            raise KnownError("model.wrong_kind", kind=record.kind)
        return record

    def copies(self, model: str) -> Sequence[ModelRecord]:
        """Return the copies of a model in the library, the last used at the end. Raises KnownError `model.unknown`."""
        copies = copies_of(self.published(model), self._store.models.all())
        return sorted(copies, key=lambda copy: copy.last_used or 0.0)

    def used(self, model: str) -> ModelRecord:
        """Return which is in use: the model's published file or a copy. Raises KnownError `model.unknown`."""
        able = (self.published(model), *self.copies(model))
        return used_of(able, {model.id for model in able if self._uses.uses_of(model.id)})

    def make(self, model: str | None, name: str, layers: int = 0) -> Pending[ModelRecord | None]:
        """Make a copy in the format `name` ('' means the published format) without so many layers, those that its
        predictions need least, and use the copy from now on instead of the published file.

        Reports FormatProgress. Ends with the copy, or None if cancelled. Jobs wait meanwhile. Raises KnownError
        `model.…`, `request.invalid` for an unknown format, and `measuring.…` while an answer is being written or
        something is measured.
        """
        record = self.published(model)
        if name not in FILE_TYPES and not (layers and not name):
            what = _("format {name}; one of {file_types}")
            raise KnownError("request.invalid", what=what.format(name=name[:20], file_types=", ".join(FILE_TYPES)))
        alone = SoleUse(self._store, self._models, self._loader, self._jobs)
        folder, path = self._models.folder, Path(os.fsdecode(record.path))

        def work(stop: threading.Event, report: Report) -> _Made | None:
            with _own_folder(folder) as own:
                published = check_file(path)
                if published.split_count > 1:
                    raise KnownError("model.wrong_kind", kind="a model in parts")
                origin = f"{record.sha256[:16]} {published.quantization}, by llama.cpp of llama-cpp-python {_library()}"
                maker = CopyMaker(path, published, origin, own, self._make_child, stop, report)
                try:
                    left_out = maker.least_needed(layers) if layers else ()
                    made = maker.make(name, left_out)
                    return (*_kept(made, published, folder, _name(record, name, left_out), stop), left_out)
                except Stopped:
                    return None

        def on_end(result: _Made | Problem | None) -> None:
            alone.end()
            if result is None or isinstance(result, Problem):
                ended.end(result)
            else:
                file, header, left_out = result
                ended.end(self._registered(record, file, header, name, left_out))

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


@contextmanager
def _own_folder(models: Path) -> Iterator[Path]:
    """Provide a folder for a run and remove it at the end. Folders left by a killed run are removed first.

    Raises KnownError `formats.busy` while another program makes a copy here, `file.unwritable`.
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
    made: Path, published: GgufHeader, folder: Path, name: str, stop: threading.Event
) -> tuple[HashedFile, GgufHeader]:
    """Check the file a child process has made, and give it its final name. Raises KnownError `model.…`, Stopped."""
    header = check_file(made)
    if (header.architecture, header.vocab_size) != (published.architecture, published.vocab_size):
        raise KnownError("model.not_converted", reason=_("the new file is of another model"))
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    hashed = hash_file(made, lambda _done, _total: None, stop)
    target = folder / file_name(name, hashed.sha256)
    made.replace(target)
    sync_folder(folder)
    return changed(hashed, path=target), header


LEAST_KNOWN = 0.1
"""Least share of the work that must be done before the time left is estimated."""


def smaller_formats(record: ModelRecord) -> tuple[tuple[str, int], ...]:
    """Return the formats in which a copy would be smaller, each with about how many bytes it would have."""
    quantization, count = record.header.get("quantization"), record.header.get("parameters")
    known = QUANTIZATIONS.get(str(quantization or ""))
    bits, parameters = known.bits if known else 16.0, count if isinstance(count, int) else 0
    able = [QUANTIZATIONS[name] for name in SMALLER if QUANTIZATIONS[name].bits < bits]
    return tuple((each.name, weight_bytes(parameters, each)) for each in able)


def name_without(layers: int) -> str:
    return ngettext("{n} layer less", "{n} layers less", layers)


def copy_label(origin: CopyOrigin) -> str:
    less = name_without(len(origin.left_out)) if origin.left_out else ""
    return ", ".join(part for part in (origin.format, less) if part)


def progress_words(what: str, fraction: float, seconds: float) -> str:
    if fraction < LEAST_KNOWN:
        return what
    left = time_for_people(seconds * (1 - fraction) / fraction)
    words = _("{what}, {left} left") if left.startswith("less") else _("{what}, about {left} left")
    return words.format(what=what, left=left)


# Makes a file in another format or without layers. On a file thread. Each step runs in an engine process of its own, so
# that nothing else is in memory.


_LOOK_S = 0.1
_SEARCH = 0.8
"""Share of the work that is spent on finding the layers that are needed least."""
_MAKE = 0.4
"""Share of a tried layer's time in which the file without it is made; then it is read."""
TEXT = (
    "The allotment society met on 14 March in the back room of the library. Twenty-three members were present, "
    "and the treasurer reported that the water bill had risen by a third since the new meter was installed. After "
    "some discussion it was agreed that every plot would pay 6.50 euros a quarter for water instead of 4, and "
    "that the two leaking taps near the compost heaps would be repaired before Easter. Mrs Okafor offered to ask "
    "the plumber who had mended the pipes of the school. The committee also spoke about the fence along the "
    "railway. It is rotten in four places, and foxes come through it at night. A new fence of chestnut paling "
    "would cost about 1,900 euros; a wire fence would be cheaper, but the members did not want one, because "
    "hedgehogs get caught in it. The secretary will collect three offers and present them at the next meeting. "
    "Nobody wished to stand for the post of vice-chair, so it remains vacant until autumn."
)
"""Our text, over which files with and without a layer are compared."""

MakeChild = Callable[[], ChildClient]


class FormatProgress(Record):
    """Progress of the work: the current step, and the share of all work done, 0..1."""

    what: str
    fraction: float


class _Distance(Record):
    divergence: Number


class CopyMaker:
    def __init__(
        self,
        path: Path,
        published: GgufHeader,
        origin: str,
        folder: Path,
        make_child: MakeChild,
        stop: threading.Event,
        tell: Callable[[FormatProgress], None],
    ) -> None:
        self._path, self._published, self._origin, self._folder = path, published, origin, folder
        self._make_child, self._stop, self._tell = make_child, stop, tell
        self._done, self._share = 0.0, 1.0

    def least_needed(self, count: int) -> tuple[int, ...]:
        """Find the layers whose removal changes the predictions least.

        The first and the last layer always stay. Each layer is tried alone; combinations of layers are not tried.
        Raises Stopped, and KnownError `request.invalid` for a model with too few layers.
        """
        layers = range(1, self._published.layers - 1)
        if count >= len(layers):
            raise KnownError("request.invalid", what=_("a model with so few layers"))
        kept, losses = self._folder / "predictions.bin", {}
        self._share = _SEARCH / (len(layers) + 1)
        self._distance(self._path, _("reading with all layers"), 0.0, kept, is_reference=True)
        for number, layer in enumerate(layers, start=1):
            self._done = number * self._share
            target = self._made("", (layer,), _MAKE)
            what = _("reading without layer {layer}").format(layer=layer + 1)
            losses[layer] = self._distance(target, what, _MAKE, kept, is_reference=False)
            target.unlink(missing_ok=True)
        self._done, self._share = _SEARCH, 1 - _SEARCH
        return tuple(sorted(sorted(losses, key=losses.__getitem__)[:count]))

    def make(self, name: str, left_out: Sequence[int] = ()) -> Path:
        """Make a file in the folder. '' as `name` means the published format. Raises KnownError, Stopped."""
        return self._made(name, left_out, 1.0)

    def _made(self, name: str, left_out: Sequence[int], part: float) -> Path:
        target = self._folder / f"{name or 'published'}.gguf"
        need_space(self._path, self._folder, bytes=self._expected(name))
        shown = name_without(len(left_out)) if left_out else name
        without = _(", without layers {names}").format(names=" ".join(map(str, left_out))) if left_out else ""
        payload: dict[str, Json] = {
            "path": str(self._path), "target": str(target), "format": name,
            "left_out": list(left_out), "origin": self._origin + without,
        }  # fmt: skip
        self._ask("quantize", _("making {name}").format(name=shown), payload, 0.0, part)
        return target

    def _distance(self, path: Path, what: str, begin: float, predictions: Path, *, is_reference: bool) -> float:
        payload: dict[str, Json] = {
            "path": str(path), "text": TEXT, "predictions": str(predictions), "is_reference": is_reference,
        }  # fmt: skip
        reply = self._ask("divergence", what, payload, begin, 1 - begin)
        return record_from(_Distance, reply).divergence

    def _ask(self, kind: str, what: str, payload: Mapping[str, Json], begin: float, part: float) -> Mapping[str, Json]:
        """Run a job in a new child process, and wait for its result. Raises Stopped, or the KnownError of the job."""

        def on_part(done: float) -> None:
            fraction = self._done + self._share * (begin + part * done)
            self._tell(FormatProgress(what, min(1.0, fraction)))

        on_part(0.0)
        child, events = self._make_child(), queue.SimpleQueue[FromChild]()
        most = self._path.stat().st_size + BESIDE_BYTES
        child.may_open(AllowedPaths((str(self._path),), (str(self._folder),), most))
        try:
            child.start(kind, payload, events.put, priority="background")
            while not self._stop.is_set():
                with suppress(queue.Empty):
                    event = events.get(timeout=_LOOK_S)
                    if isinstance(event, Progress):
                        on_part(event.done / max(1, event.total))
                    elif isinstance(event, Done):
                        return event.result
                    elif isinstance(event, Failed):
                        raise KnownError(event.code, **plain_args(event.args))
                    elif isinstance(event, Cancelled):
                        break
            raise Stopped
        finally:
            child.close(0.0 if self._stop.is_set() else 2.0)

    def _expected(self, name: str) -> int:
        if not name:
            return self._published.file_bytes
        return weight_bytes(self._published.parameters, QUANTIZATIONS[name]) * 11 // 10


_Made = tuple[HashedFile, GgufHeader, tuple[int, ...]]

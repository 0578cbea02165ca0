"""Finds the best format of a model for this PC, makes it beside the published file, and switches between the two."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import private_folder, sync_folder
from slmdesk.base.model_formats import FILE_TYPES
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.wire import stored_from
from slmdesk.evaluation.auto_exams import on_battery
from slmdesk.evaluation.formats.trials import FormatTrials, MakeChild, Published
from slmdesk.evaluation.formats.types import FormatReport, FormatResult, candidates, name_without
from slmdesk.gguf.read import GgufHeader, check_file, read_header
from slmdesk.jobs.service import JobService
from slmdesk.loader.events import ModelsChanged
from slmdesk.loader.hardware import hardware_key
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.copies import COPY, SOURCE, CopyOrigin, copies_of, published_of, used_of
from slmdesk.models.defaults import DefaultsService
from slmdesk.models.restore_choice import PreviousModel, mark, return_to
from slmdesk.models.service import ModelService
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_io import Claim, HashedFile, file_name, hash_file
from slmdesk.runtime.file_thread import FileWork, Report
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

INFO_KEY, LAYERS_KEY = "formats", "layers"
"""Of a published model's record: FormatReports of other formats, and of files without some layers."""
FEATURE = "models.formats"
_FOLDER = ".formats-"
"""Beside the models: what is being tried or made; removed by the next one if its program was killed."""
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
        """The published model that a model, or a copy of it, is; None: of the one in use.

        Raises KnownError `feature.hidden`, `model.…`.
        """
        self._models.require(FEATURE)
        record = published_of(self._models.choose(model), self._store.models.all())
        if not record.can_chat:
            raise KnownError("model.wrong_kind", kind=record.kind)
        return record

    def report(self, model: str, key: str = INFO_KEY) -> FormatReport | None:
        """What was measured on this PC, with this library; None: nothing yet.  Raises KnownError `model.unknown`."""
        record = self.published(model)
        found = stored_from(FormatReport, record.info.get(key))
        return found if found and (found.hardware, found.library) == (hardware_key(), _library()) else None

    def copies(self, model: str) -> Sequence[ModelRecord]:
        """The copies of a model in the library, the last used one at the end.  Raises KnownError `model.unknown`."""
        copies = copies_of(self.published(model), self._store.models.all())
        return sorted(copies, key=lambda one: one.last_used or 0.0)

    def used(self, model: str) -> ModelRecord:
        """The one in use of a model and its copies.  Raises KnownError `model.unknown`."""
        able = (self.published(model), *self.copies(model))
        return used_of(able, {one.id for one in able if self._uses.uses_of(one.id)})

    def measure(
        self, model: str | None, *, again: bool = False, formats: Sequence[str] = ()
    ) -> Pending[FormatReport | None]:
        """Try the formats of a model that were not tried on this PC; `again`: all.  `formats`: only these.

        Reports FormatProgress, and each FormatResult as it comes, which is kept, so that a cancelled run goes on where
        it was.  Ends with the report; None: cancelled.  Jobs wait meanwhile, and the model in use is loaded again
        afterwards.  Raises KnownError `model.…`, `formats.battery`, and `measuring.…` while an answer is being
        written or something is measured.
        """
        record = self.published(model)
        if again:
            self._keep(record, INFO_KEY, None)
        known = self.report(record.id)
        done = frozenset(name for name, one in known.results.items() if not one.reason) if known else frozenset()

        def trial(trials: FormatTrials, published: Published) -> None:
            able = formats or candidates(published.quantization, published.parameters)
            trials.run([one for one in able if one not in done])

        return self._measured(record, INFO_KEY, known, trial)

    def measure_without_layers(self, model: str | None) -> Pending[FormatReport | None]:
        """Try a model without the layers it needs least; see FormatTrials.leave_out.  Otherwise as `measure`."""
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
        """Make a copy in the format `name` ('': in its own) beside the published file, without the layers `left_out`,
        and use it from now on wherever the published file was used.

        Reports FormatProgress; ends with the copy, None: cancelled.  Raises KnownError as `measure`, and
        `request.invalid` for an unknown format.
        """
        record = self.published(model)
        if name not in FILE_TYPES and not (left_out and not name):
            raise KnownError("request.invalid", what=f"format {name[:20]}; one of {', '.join(FILE_TYPES)}")
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
            ended.end(
                result
                if result is None or isinstance(result, Problem)
                else self._registered(record, *result, name, left_out)
            )

        running = self._work.run(work)
        ended: Pending[ModelRecord | None] = Pending(running.cancel)
        running.listen(ended.progress).then(on_end)
        return ended

    def use(self, model: str, *, copy: bool) -> ModelRecord:
        """Use a copy of a model, or its published file, wherever the other one is used; returns what is used.

        `model` may name the copy itself; of several copies it is else the last used one.  Raises KnownError
        `model.unknown`, and `formats.no_copy` where there is none.
        """
        published, copies = self.published(model), self.copies(model)
        if not copies:
            raise KnownError("formats.no_copy", name=published.name)
        made = next((one for one in copies if one.id == model), copies[-1])
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
    """A folder for one run, which is removed at its end; what a killed run left goes first.

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
    """Check what a child has made, and give it its final name.  Raises KnownError `model.…`, Stopped."""
    header, source = check_file(made), read_header(published.path)
    if (header.architecture, header.vocab_size) != (source.architecture, source.vocab_size):
        raise KnownError("model.not_converted", reason="the new file is of another model")
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    hashed = hash_file(made, lambda _done, _total: None, stop)
    target = folder / file_name(name, hashed.sha256)
    made.replace(target)
    sync_folder(folder)
    return changed(hashed, path=target), header

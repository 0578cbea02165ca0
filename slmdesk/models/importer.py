"""Imports model files, by copy or by link, and joins models in parts.  The file work runs on file threads."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import PRIVATE_FILE, problem_of, sync_folder
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.gguf.adapter import require_adapter
from slmdesk.gguf.join import join
from slmdesk.gguf.parts import parts_of
from slmdesk.gguf.read import GgufHeader, check_file, check_tokenizer, require_chat_model
from slmdesk.loader.events import ModelsChanged
from slmdesk.models.display_name import MAX_NAME, name_for
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_io import (
    PART_SUFFIX,
    HashedFile,
    OnBytes,
    copy_in,
    file_name,
    hash_file,
    mark_of,
    need_space,
    remove_left_overs,
)
from slmdesk.runtime.file_thread import FileWork, Report
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

CLOSE_S = 0.8
"""How long the end waits for imports to remove what they wrote."""
TELL_S = 0.1
"""Between two words on how far a model in parts is."""
KINDS_BESIDE_CHAT = ("encoder",)


class ImportProgress(Record):
    path: Path
    done_bytes: int
    total_bytes: int


class ImportEnded(Record):
    """How an import ended: with the `model`, with a `problem`, or cancelled (both None)."""

    path: str
    model: ModelRecord | None = None
    problem: Problem | None = None
    was_here: bool = False


_Brought = tuple[HashedFile, GgufHeader]


class Register(Protocol):
    def __call__(self, file: HashedFile, header: GgufHeader, name: str, *, linked: bool = False) -> ModelRecord:
        """The record; of a known sha256 the one that is there."""


class _Import(Record):
    path: Path
    link: bool
    name: str

    def name_for(self, header: GgufHeader) -> str:
        return self.name or name_for(header, self.path.stem)


class Importer(Service):
    """Called on the service thread."""

    def __init__(
        self,
        runtime: Runtime,
        folder: Callable[[], Path],
        known: Callable[[], Sequence[ModelRecord]],
        register: Register,
    ) -> None:
        super().__init__(runtime)
        self._folder, self._known, self._register = folder, known, register
        self._work = FileWork(runtime.service_thread, "import-model")
        self.cancel = self._work.cancel

    def begin(self, path: Path, *, link: bool = False, name: str = "") -> Pending[ImportEnded]:
        job, folder = _Import(path, link, clean_label(name, MAX_NAME)), self._folder()

        def work(stop: threading.Event, report: Report) -> _Brought | None:
            try:
                return _import_file(job, folder, lambda done, total: report(ImportProgress(path, done, total)), stop)
            except Stopped:
                return None

        importing = self._work.run(work)
        ended: Pending[ImportEnded] = Pending(importing.cancel)
        importing.listen(ended.progress).then(lambda result: ended.end(self._ended(job, result)))
        return ended

    def close(self) -> None:
        """Stop; what was written so far is removed by the threads, for which this waits a little."""
        self._work.close(CLOSE_S)

    def _ended(self, job: _Import, result: _Brought | Problem | None) -> ImportEnded:
        if result is None or isinstance(result, Problem):
            return ImportEnded(str(job.path), None, result)
        file, header = result
        linked = job.link and file.path.parent != self._folder()
        try:
            before = {one.id: one.path for one in self._known()}
            record = self._register(file, header, job.name_for(header), linked=linked)
        except Exception as err:  # noqa: BLE001  whatever it is: one who waits for the end hears of it
            return ImportEnded(str(job.path), None, problem_for(err))
        self._publish(ModelsChanged())
        return ImportEnded(str(job.path), record, was_here=before.get(record.id) == record.path)


def _import_file(job: _Import, folder: Path, on_bytes: OnBytes, stop: threading.Event) -> _Brought:
    """On a file thread."""
    header = check_file(job.path)
    if header.kind == "split" and header.split_count > 1:
        return _joined_in(job, folder, header, on_bytes, stop)
    require_usable(header)
    check_tokenizer(job.path, header)
    path = job.path.absolute()
    if job.link or path.parent == folder:
        return hash_file(path, on_bytes, stop), header
    return copy_in(path, folder, job.name_for(header), on_bytes, stop), header


def require_usable(header: GgufHeader) -> None:
    """Raise KnownError `model.…` for what the library has no use for: all but chat models, encoders and adapters."""
    if header.kind == "adapter":
        require_adapter(header)
    elif header.kind not in KINDS_BESIDE_CHAT:
        require_chat_model(header)


def _joined_in(job: _Import, folder: Path, first: GgufHeader, on_bytes: OnBytes, stop: threading.Event) -> _Brought:
    """Put the parts of a model together in `folder`: beside, synced, renamed.

    Raises KnownError `model.parts_missing`, `model.parts_linked`, `disk.full`, `file.unwritable`, and Stopped; nothing
    stays then.
    """
    parts = parts_of(job.path, first.split_count)
    if job.link:
        raise KnownError("model.parts_linked", count=len(parts))
    remove_left_overs(folder)
    needed = sum(mark_of(one).bytes for one in parts)
    need_space(parts[0], folder, bytes=needed)
    reported = 0.0

    def on_written(written: int) -> None:
        nonlocal reported
        if stop.is_set():
            raise Stopped
        if time.monotonic() - reported >= TELL_S:
            reported = time.monotonic()
            on_bytes(min(written, needed), needed)

    beside = folder / f".import-{uuid4().hex}{PART_SUFFIX}"
    try:
        with beside.open("xb") as out:
            beside.chmod(PRIVATE_FILE)
            sha256 = join(parts, out, on_written)
            out.flush()
            os.fsync(out.fileno())
        header = check_file(beside)
        require_usable(header)
        check_tokenizer(beside, header)
        target = folder / file_name(job.name_for(header), sha256)
        beside.replace(target)
        sync_folder(folder)
    except OSError as err:
        raise problem_of(err, folder, needed_bytes=needed) from err
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return HashedFile(target, sha256, mark_of(target)), header

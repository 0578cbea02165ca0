"""Finds model files of other programs on this PC when a person asks, and links them where they are.

Only the folders of these programs are searched (`other_program_folders.py`).  Linked folders are not entered; a linked
file counts when it stays inside its program's folder, as in the Hub's cache.  What cannot be read is reported.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.gguf.file import unreadable
from slmdesk.gguf.parts import part_of, parts_of
from slmdesk.gguf.read import check_file
from slmdesk.models.display_name import MAX_NAME, name_for
from slmdesk.models.importer import ImportEnded, require_usable
from slmdesk.models.other_program_folders import Place, all_places
from slmdesk.models.rename import free_name
from slmdesk.models.service import ModelService
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

MAX_DEPTH = 8
MAX_ENTRIES = 50_000
"""Of one program's folder; what lies beyond is named as not looked at."""
MAX_MANIFEST_BYTES = 1 << 20
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_OLLAMA_MODEL = "application/vnd.ollama.image.model"


class FoundModel(Record):
    program: str
    path: Path
    name: str
    bytes: int
    architecture: str = ""
    quantization: str = ""
    license: str = ""
    known: str | None = None
    """The id of the model of the library that is this file."""
    problem: Problem | None = None


class Skipped(Record):
    path: Path
    reason: str


class FoundModels(Record):
    models: tuple[FoundModel, ...]
    skipped: tuple[Skipped, ...]


class OtherProgramsService(Service):
    """Called on the service thread; the search runs on a file thread."""

    def __init__(self, runtime: Runtime, models: ModelService) -> None:
        super().__init__(runtime)
        self._models = models
        self._running: Pending[Any] | None = None

    def find(self, places: Sequence[Place] | None = None) -> Pending[FoundModels]:
        """Look now; nothing is changed.  Cancelled, it does not end.  Raises KnownError `feature.hidden`."""
        self._models.require("models.import")
        known, stop = {_mark(one): one.id for one in self._store.models.all()}, threading.Event()

        def work() -> FoundModels:
            return _look(all_places(Path.home(), os.environ) if places is None else places, known, stop)

        def on_end(result: FoundModels | Problem) -> None:
            if not stop.is_set():
                found.end(result)

        found: Pending[FoundModels] = Pending(stop.set)
        self._running = found
        on_file_thread(self._service_thread, work, on_end, name="find-models")
        return found

    def link(self, found: Sequence[FoundModel]) -> Pending[tuple[ImportEnded, ...]]:
        """Link the files that are new and fit for chatting, one after another; none is copied.

        Reports the ImportProgress of each.  Cancelled, it ends with those that are linked already, which stay.
        """
        waiting = [one for one in found if one.known is None and one.problem is None]
        ends: list[ImportEnded] = []
        linking: list[Pending[ImportEnded]] = []

        def cancel() -> None:
            waiting.clear()
            for one in linking:
                one.cancel()

        def next_one() -> None:
            if not waiting:
                linked.end(tuple(ends))
                return
            one = waiting.pop(0)
            name = free_name(one.name, self._store.models.all())
            importing = self._models.import_file(one.path, link=True, name=name)
            linking[:] = [importing.listen(linked.progress).then(on_end)]

        def on_end(event: ImportEnded | Problem) -> None:
            if isinstance(event, ImportEnded):
                ends.append(event)
            next_one()

        linked: Pending[tuple[ImportEnded, ...]] = Pending(cancel)
        self._running = linked
        next_one()
        return linked

    def cancel(self) -> None:
        if self._running is not None:
            self._running.cancel()

    close = cancel


@dataclass(slots=True)
class _Walk:
    root: Path
    stop: threading.Event
    skipped: list[Skipped]
    left: int
    is_full: bool = False

    def files(self, folder: Path, depth: int = 0) -> Iterator[Path]:
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for _count, entry in zip(range(self.left), entries, strict=False))
        except FileNotFoundError:
            return
        except OSError as err:
            self.skip(folder, err.strerror or "it cannot be read")
            return
        self.left -= len(names)
        for name in names:
            path = folder / name
            if self.stop.is_set():
                return
            if path.is_symlink() or not path.is_dir():
                yield path
            elif depth >= MAX_DEPTH:
                self.skip(path, "it lies too deep")
            elif self.left > 0:
                yield from self.files(path, depth + 1)
        if self.left <= 0 and not self.is_full:
            self.is_full = True
            self.skip(self.root, f"it holds {MAX_ENTRIES:,} files or more; the rest was not looked at")

    def is_inside(self, path: Path) -> bool:
        """Whether this is a file of this program, also by a link that stays in its folder.  Else it is noted."""
        try:
            real, root = path.resolve(strict=True), self.root.resolve(strict=True)
        except (OSError, RuntimeError):
            self.skip(path, "a link that leads nowhere, or in a circle")
            return False
        if not real.is_relative_to(root):
            self.skip(path, "a link that leads elsewhere")
            return False
        if not real.is_file():
            if path.is_symlink():
                self.skip(path, "a link that leads to no file")
            return False
        return True

    def skip(self, path: Path, reason: str) -> None:
        self.skipped.append(Skipped(path, clean_label(reason)))


def _look(places: Sequence[Place], known: Mapping[tuple[int, int, int], str], stop: threading.Event) -> FoundModels:
    """On a file thread."""
    found: dict[tuple[int, int, int], FoundModel] = {}
    skipped: list[Skipped] = []
    for place in places:
        walk = _Walk(place.folder, stop, skipped, MAX_ENTRIES)
        candidates = _ollama(walk) if place.program == "Ollama" else _by_suffix(walk)
        for path, label in candidates:
            if not walk.is_inside(path):
                continue
            try:
                info = path.stat()
            except OSError as err:
                walk.skip(path, err.strerror or "it cannot be read")
                continue
            mark = (info.st_size, info.st_mtime_ns, info.st_ino)
            if mark not in found:
                found[mark] = _judged(place.program, path, label, info.st_size, known.get(mark))
    return FoundModels(tuple(found.values()), tuple(skipped))


def _by_suffix(walk: _Walk) -> Iterator[tuple[Path, str]]:
    """GGUF files by their suffix, and the name to show when the header has none."""
    for path in walk.files(walk.root):
        if path.suffix.lower() == ".gguf" and (part_of(path) or ("", 1, 1))[1] == 1:  # of parts the first one alone
            yield path, path.stem


def _ollama(walk: _Walk) -> Iterator[tuple[Path, str]]:
    """The blobs that Ollama's manifests (…/library/NAME/TAG, JSON) name as models."""
    for path in walk.files(walk.root / "manifests"):
        if not walk.is_inside(path):
            continue
        try:
            with path.open("rb") as file:
                untrusted = file.read(MAX_MANIFEST_BYTES + 1)
            digests = _digests(untrusted)
        except OSError as err:
            walk.skip(path, err.strerror or "it cannot be read")
        except (ValueError, RecursionError):
            walk.skip(path, "it is no manifest")
        else:
            for digest in digests:
                blob = walk.root / "blobs" / f"sha256-{digest}"
                if blob.exists() or blob.is_symlink():
                    yield blob, f"{path.parent.name} {path.name}"
                else:
                    walk.skip(blob, f"{path.parent.name}:{path.name} names it, but it is not there")


def _digests(untrusted: bytes) -> list[str]:
    """The sha256 of each model of a manifest.  Raises ValueError or RecursionError for what is none."""
    shape = json.loads(untrusted) if len(untrusted) <= MAX_MANIFEST_BYTES else None
    layers = shape.get("layers") if isinstance(shape, dict) else None
    if not isinstance(layers, list):
        raise ValueError("no manifest")
    named = [one.get("digest") for one in layers if isinstance(one, dict) and one.get("mediaType") == _OLLAMA_MODEL]
    matches = [_DIGEST.fullmatch(one) for one in named if isinstance(one, str)]
    return [one[1] for one in matches if one]


def _judged(program: str, path: Path, label: str, size: int, known: str | None) -> FoundModel:
    name = clean_label(label, MAX_NAME)
    try:
        header = check_file(path)
        is_named = path.suffix.lower() == ".gguf"
        name = (name_for(header, label) if is_named else header.name or name)[:MAX_NAME]
        if header.kind == "split":
            parts = parts_of(path, header.split_count)
            size = sum(one.stat().st_size for one in parts)
            raise KnownError("model.parts_linked", count=len(parts))
        require_usable(header)
    except OSError as err:
        return FoundModel(program, path, name, size, known=known, problem=problem_for(unreadable(path, err)))
    except KnownError as err:
        return FoundModel(program, path, name, size, known=known, problem=problem_for(err))
    return FoundModel(
        program, path, name, size, header.architecture, header.quantization, header.license or "", known=known
    )


def _mark(record: ModelRecord) -> tuple[int, int, int]:
    return record.bytes, record.mtime_ns, record.inode

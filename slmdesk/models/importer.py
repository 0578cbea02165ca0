"""Model files: inspecting them, finding those of other programs, importing them, and verifying their checksums."""

from __future__ import annotations

import json
import os
import plistlib
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache, partial
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import uuid4

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import PRIVATE_FILE, problem_of, sync_folder
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import ModelsChanged, Pending
from slmdesk.base.runtime.file_io import (
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
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.runtime.service import FileWork, Report, Runtime, Service, on_file_thread, pending_on_file_thread
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label
from slmdesk.models.gguf import part_of
from slmdesk.models.gguf.header import ASR, GgufHeader, require_adapter
from slmdesk.models.gguf.projectors import PROJECTOR, require_projector
from slmdesk.models.gguf.read import (
    check_file,
    check_tokenizer,
    first_parts,
    join,
    parts_of,
    require_chat_model,
    require_language_model,
    unreadable,
)
from slmdesk.models.running import SpeedService
from slmdesk.models.service import (
    MAX_NAME,
    MOST_BYTES,
    Fit,
    ModelService,
    Pc,
    fit_by_size,
    fit_header,
    free_name,
    name_for,
    total_bytes,
)
from slmdesk.models.sums import Stated, SumList, check_sum, read_list, require_stated, stated_of

CLOSE_S = 0.8
"""Seconds that `close` waits for stopped imports to remove what they wrote."""
TELL_S = 0.1
"""Least seconds between two progress reports while the parts of a model are joined."""
KINDS_BESIDE_CHAT = ("encoder", "whisper")


class ImportProgress(Record):
    path: Path
    done_bytes: int
    total_bytes: int


class ImportEnded(Record):
    """Result of an import: the `model`, or a `problem`. Both are None if the import was cancelled."""

    path: str
    model: ModelRecord | None = None
    problem: Problem | None = None
    was_here: bool = False
    is_checked: bool = False
    """A list of checksums states the file, and it agrees."""
    not_checked: str = ""
    """Why a list that is there says nothing about the file."""


_Brought = tuple[HashedFile, GgufHeader]
_Imported = tuple[_Brought, Sequence[Stated]]


class _Import(Record):
    path: Path
    link: bool
    name: str

    def name_for(self, header: GgufHeader) -> str:
        return self.name or name_for(header, self.path.stem)


class Importer(Service):
    def __init__(
        self,
        runtime: Runtime,
        folder: Callable[[], Path],
        known: Callable[[], Sequence[ModelRecord]],
        register: Callable[..., ModelRecord],
    ) -> None:
        super().__init__(runtime)
        self._folder, self._known, self._register = folder, known, register
        self._work = FileWork(runtime.service_thread, "import-model")
        self.cancel = self._work.cancel

    def begin(self, path: Path, *, link: bool = False, name: str = "") -> Pending[ImportEnded]:
        job = _Import(path, link, clean_label(name, MAX_NAME))
        folder = self._folder()

        def work(stop: threading.Event, report: Report) -> _Imported | None:
            try:
                return _import_file(job, folder, lambda done, total: report(ImportProgress(path, done, total)), stop)
            except Stopped:
                return None

        importing = self._work.run(work)
        ended: Pending[ImportEnded] = Pending(importing.cancel)
        importing.listen(ended.progress).then(lambda result: ended.end(self._ended(job, result)))
        return ended

    def close(self) -> None:
        """Stop all imports and wait a little, until their threads have removed what they wrote."""
        self._work.close(CLOSE_S)

    def _ended(self, job: _Import, result: _Imported | Problem | None) -> ImportEnded:
        if result is None or isinstance(result, Problem):
            return ImportEnded(str(job.path), None, result)
        (file, header), stated = result
        linked = job.link and file.path.parent != self._folder()
        try:
            before = {model.id: model.path for model in self._known()}
            record = self._register(file, header, job.name_for(header), linked=linked)
        except Exception as err:  # noqa: BLE001  whatever it is: whoever waits for the end hears of it
            return ImportEnded(str(job.path), None, problem_for(err))
        self._publish(ModelsChanged())
        return ImportEnded(
            str(job.path), record, was_here=before.get(record.id) == record.path,
            is_checked=all(each.sums for each in stated),
            not_checked=next((each.not_checked for each in stated if each.not_checked), ""),
        )  # fmt: skip


def _import_file(job: _Import, folder: Path, on_bytes: OnBytes, stop: threading.Event) -> _Imported:
    """Check the file and copy, link or join it. Return the hashed file, its header, and what is stated of it or of its
    parts. File thread.
    """
    header = check_file(job.path)
    if header.kind == "split" and header.split_count > 1:
        return _joined_in(job, folder, header, on_bytes, stop)
    require_usable(header)
    check_tokenizer(job.path, header)
    path = job.path.absolute()
    stated = stated_of(path)
    if job.link or path.parent == folder:
        copy = hash_file(path, on_bytes, stop)
        check_sum(path, copy.sha256, stated.sums)
    else:
        check = partial(check_sum, path, expected=stated.sums)
        copy = copy_in(path, folder, job.name_for(header), on_bytes, stop, check)
    return (copy, header), [stated]


def require_usable(header: GgufHeader) -> None:
    """Check that the file is a chat model, encoder, speech model, adapter or projector.

    Raises KnownError `model.…`, `projector.…`.
    """
    if header.kind == "adapter":
        require_adapter(header)
    elif header.kind == PROJECTOR:
        require_projector(header)
    elif header.kind == ASR:
        require_language_model(header)
    elif header.kind not in KINDS_BESIDE_CHAT:
        require_chat_model(header)


def require_no_projector(header: GgufHeader) -> None:
    """Check a file that is offered as a model, whatever its name says.  Raises KnownError `model.…`."""
    if header.kind == PROJECTOR:
        raise KnownError("model.wrong_kind", kind=header.kind)
    require_usable(header)


def usable_header(path: Path, require: Callable[[GgufHeader], None] = require_usable) -> GgufHeader:
    """Return the header of a file that the library can use. Raises KnownError `model.…`."""
    header = check_file(path)
    require(header)
    check_tokenizer(path, header)
    return header


def _joined_in(job: _Import, folder: Path, first: GgufHeader, on_bytes: OnBytes, stop: threading.Event) -> _Imported:
    """Import a model in parts by joining the parts to one file in `folder`. If this fails, nothing is left behind.

    Raises KnownError `model.parts_missing`, `model.parts_linked`, `disk.full`, `file.unwritable`, Stopped.
    """
    parts = parts_of(job.path, first.split_count)
    if job.link:
        raise KnownError("model.parts_linked", count=len(parts))
    remove_left_overs(folder)
    stated = [stated_of(part.absolute()) for part in parts]
    for part, of_part in zip(parts, stated, strict=True):
        if of_part.sums:
            check_sum(part, hash_file(part, lambda _done, _total: None, stop).sha256, of_part.sums)
    needed = sum(mark_of(part).bytes for part in parts)
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
    return join_into(beside, parts, job.name_for, on_written, needed=needed), stated


def join_into(
    beside: Path,
    parts: Sequence[Path],
    name: Callable[[GgufHeader], str],
    on_written: Callable[[int], None],
    *,
    needed: int,
    require: Callable[[GgufHeader], None] = require_usable,
) -> _Brought:
    """Join the parts into the temporary file `beside`, check the result, and rename it to its final name. Raises
    KnownError, and what `on_written` raises.
    """
    folder = beside.parent
    try:
        beside.unlink(missing_ok=True)
        with beside.open("xb") as out:
            beside.chmod(PRIVATE_FILE)
            sha256 = join(parts, out, on_written)
            out.flush()
            os.fsync(out.fileno())
        header = usable_header(beside, require)
        target = folder / file_name(name(header), sha256)
        beside.replace(target)
        sync_folder(folder)
    except OSError as err:
        raise problem_of(err, folder, needed_bytes=needed) from err
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return HashedFile(target, sha256, mark_of(target)), header


SUFFIX, SPEECH = ".gguf", "ggml-*.bin"
"""Of models, and the names of those for speech."""
MOST_FILES = 200
"""Most files that are inspected together. If there are more, for instance on a whole disk, the person is told."""
MOST_ENTRIES = 20_000
MOST_DEPTH = 5


class Candidate(Record):
    path: Path
    """Path of the file. Of a model in parts, the path of any part."""
    name: str
    bytes: int = 0
    parts: int = 1
    header: GgufHeader | None = None
    verdict: str = "unknown"
    """"fits", "tight" or "too_large" for a chat model, "unknown" for any other file."""
    fit: Fit | None = None
    """None for a model in parts, whose verdict comes from its size alone."""
    problem: Problem | None = None


class InspectedFiles(Record):
    candidates: tuple[Candidate, ...]
    was_cut: bool = False


def _files(paths: Sequence[Path]) -> tuple[list[Path], bool]:
    files: list[Path] = []
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112 - no fault for a name that cannot be
            files.append(path)
            continue
        for at, entry in enumerate(_walk(path)):
            if at >= MOST_ENTRIES:
                return first_parts(files)[:MOST_FILES], True
            if entry.suffix.lower() == SUFFIX or fnmatch(entry.name, SPEECH):
                files.append(entry)
    kept = first_parts(list(dict.fromkeys(files)))
    return kept[:MOST_FILES], len(kept) > MOST_FILES


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, sorted by name. Hidden folders and links to folders are not entered."""
    for place, folders, files in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(folder for folder in folders if not folder.startswith(".")) if depth < MOST_DEPTH else []
        for name in sorted(files):
            yield Path(place) / name


def _candidate(
    path: Path, context_tokens: int, pc: Pc, read: Callable[[Path], SumList | None] | None = None
) -> Candidate:
    """Return a file as what can be imported, or with what is wrong with it.

    With `read`, that of a folder: a list of checksums that is there has to state it.
    """
    try:
        header = check_file(path)
        if header.kind == "split" and header.split_count > 1:
            parts = parts_of(path, header.split_count)
            _require_stated(parts, read)
            size = sum(mark_of(part).bytes for part in parts)
            first = check_file(parts[0])
            return Candidate(
                path, name_for(first, _stem(path)), size, len(parts), first, fit_by_size(size, pc.available_bytes)
            )
        require_usable(header)
        _require_stated([path], read)
        name = name_for(header, path.stem)
        if header.kind != "model":
            return Candidate(path, name, header.file_bytes, header=header)
        fit = fit_header(header, context_tokens, pc)
        return Candidate(path, name, header.file_bytes, 1, header, fit.verdict, fit)
    except OSError as err:
        error = KnownError("file.unreadable", path=str(path), reason=err.strerror or "")
        return Candidate(path, path.name, problem=problem_for(error))
    except Exception as err:  # noqa: BLE001  a thread's inner frame: an odd file must not hide the others
        return Candidate(path, path.name, problem=problem_for(err))


def _require_stated(paths: Sequence[Path], read: Callable[[Path], SumList | None] | None) -> None:
    if read is not None:
        for path in paths:
            require_stated(path.absolute(), read)


def _stem(path: Path) -> str:
    return path.stem.rpartition("-of-")[0].rpartition("-")[0] or path.stem


# Finds model files of other programs, when a person asks or has no good model, and links them where they are.
# Only the folders of these programs are searched. Linked folders are not entered; a linked file counts when it stays
# inside its program's folder, as in the Hub's cache. What cannot be read is reported.


MAX_DEPTH = 8
MAX_ENTRIES = 50_000
"""Most files and folders that are searched in the folder of one program. The rest is reported as skipped."""
MAX_MANIFEST_BYTES = 1 << 20
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_OLLAMA_MODEL = "application/vnd.ollama.image.model"


class FoundModel(Record):
    program: str
    path: Path
    name: str
    bytes: int
    quantization: str = ""
    kind: str = ""
    known: str | None = None
    """Id of the library's model if this file is in the library already, else None."""
    problem: Problem | None = None


class Skipped(Record):
    path: Path
    reason: str


class FoundModels(Record):
    models: tuple[FoundModel, ...]
    skipped: tuple[Skipped, ...]


class FindingService(Service):
    """Looks at files before an import, and finds other programs' models and links them.

    Call it on the service thread; files are read and searched on another.
    """

    def __init__(self, runtime: Runtime, models: ModelService, measuring: SpeedService) -> None:
        super().__init__(runtime)
        self._models, self._pc = models, measuring.pc
        self._running: Pending[Any] | None = None

    def look(self, paths: Sequence[Path]) -> Pending[InspectedFiles]:
        context, pc = self._settings.current.context_tokens, self._pc()

        def work() -> InspectedFiles:
            files, was_cut = _files(paths)
            read = cache(read_list)
            return InspectedFiles(
                tuple(_candidate(file, context, pc, None if file in paths else read) for file in files), was_cut
            )

        return pending_on_file_thread(self._service_thread, work, name="look-at-models")

    def find(self, places: Sequence[Place] | None = None) -> Pending[FoundModels]:
        """Find models and change nothing. If cancelled, the Pending never ends. Raises KnownError `feature.hidden`."""
        self._settings.policy.require("models.import")
        known = {_mark(model): model.id for model in self._store.models.all()}
        stop = threading.Event()

        def work() -> FoundModels:
            return _look(all_places(Path.home(), os.environ) if places is None else places, known, stop)

        def on_end(result: FoundModels | Problem) -> None:
            if not stop.is_set():
                pending.end(result)

        pending: Pending[FoundModels] = Pending(stop.set)
        self._running = pending
        on_file_thread(self._service_thread, work, on_end, name="find-models")
        return pending

    def link(self, models: Sequence[FoundModel]) -> Pending[tuple[ImportEnded, ...]]:
        """Add the found models to the library as links, one after the other. Reports ImportProgress. If cancelled, it
        ends with the models linked so far, which stay in the library.
        """
        waiting = [model for model in models if model.known is None and model.problem is None]
        ends: list[ImportEnded] = []
        linking: list[Pending[ImportEnded]] = []

        def cancel() -> None:
            waiting.clear()
            for pending in linking:
                pending.cancel()

        def next_one() -> None:
            if not waiting:
                linked.end(tuple(ends))
                return
            model = waiting.pop(0)
            name = free_name(model.name, self._store.models.all())
            importing = self._models.import_file(model.path, link=True, name=name)
            linking[:] = [importing.listen(linked.progress).then(on_end)]  # only this one can still be cancelled

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
            self.skip(folder, err.strerror or _("it cannot be read"))
            return
        self.left -= len(names)
        for name in names:
            path = folder / name
            if self.stop.is_set():
                return
            if path.is_symlink() or not path.is_dir():
                yield path
            elif depth >= MAX_DEPTH:
                self.skip(path, _("it lies too deep"))
            elif self.left > 0:
                yield from self.files(path, depth + 1)
        if self.left <= 0 and not self.is_full:
            self.is_full = True
            self.skip(
                self.root,
                _("it holds {max_entries:,} files or more; the rest was not looked at").format(max_entries=MAX_ENTRIES),
            )

    def is_inside(self, path: Path) -> bool:
        """Return whether the path, links followed, is a file in this program's folder. If not, note it as skipped."""
        try:
            real, root = path.resolve(strict=True), self.root.resolve(strict=True)
        except (OSError, RuntimeError):
            self.skip(path, _("a link that leads nowhere, or in a circle"))
            return False
        if not real.is_relative_to(root):
            self.skip(path, _("a link that leads elsewhere"))
            return False
        if not real.is_file():
            if path.is_symlink():
                self.skip(path, _("a link that leads to no file"))
            return False
        return True

    def skip(self, path: Path, reason: str) -> None:
        self.skipped.append(Skipped(path, clean_label(reason)))


def _look(places: Sequence[Place], known: Mapping[tuple[int, int, int], str], stop: threading.Event) -> FoundModels:
    """Search the folders. File thread."""
    models: dict[tuple[int, int, int], FoundModel] = {}
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
                walk.skip(path, err.strerror or _("it cannot be read"))
                continue
            mark = (info.st_size, info.st_mtime_ns, info.st_ino)
            if mark not in models:
                models[mark] = _judged(place.program, path, label, info.st_size, known.get(mark))
    return FoundModels(tuple(models.values()), tuple(skipped))


def _by_suffix(walk: _Walk) -> Iterator[tuple[Path, str]]:
    """Yield each GGUF file, with the name to show if its header has none."""
    for path in walk.files(walk.root):
        if (
            path.suffix.lower() == ".gguf" and (part_of(path) or ("", 1, 1))[1] == 1
        ):  # of a model in parts only the first
            yield path, path.stem


def _ollama(walk: _Walk) -> Iterator[tuple[Path, str]]:
    """Yield Ollama's model files with names to show. JSON manifests (…/library/NAME/TAG) say which blobs are models."""
    for path in walk.files(walk.root / "manifests"):
        if not walk.is_inside(path):
            continue
        try:
            with path.open("rb") as file:
                untrusted = file.read(MAX_MANIFEST_BYTES + 1)
            digests = _digests(untrusted)
        except OSError as err:
            walk.skip(path, err.strerror or _("it cannot be read"))
        except (ValueError, RecursionError):
            walk.skip(path, _("it is no manifest"))
        else:
            for digest in digests:
                blob = walk.root / "blobs" / f"sha256-{digest}"
                if blob.exists() or blob.is_symlink():
                    yield blob, f"{path.parent.name} {path.name}"
                else:
                    why = _("{name}:{name2} names it, but it is not there")
                    walk.skip(blob, why.format(name=path.parent.name, name2=path.name))


def _digests(untrusted: bytes) -> list[str]:
    """Return the sha256 of each model in a manifest. Raises ValueError or RecursionError if it is not a manifest."""
    shape = json.loads(untrusted) if len(untrusted) <= MAX_MANIFEST_BYTES else None
    layers = shape.get("layers") if isinstance(shape, dict) else None
    if not isinstance(layers, list):
        raise ValueError("no manifest")
    models = (layer for layer in layers if isinstance(layer, dict) and layer.get("mediaType") == _OLLAMA_MODEL)
    matches = [_DIGEST.fullmatch(str(model.get("digest"))) for model in models]
    return [match[1] for match in matches if match]


def _judged(program: str, path: Path, label: str, size: int, known: str | None) -> FoundModel:
    name = clean_label(label, MAX_NAME)
    try:
        header = check_file(path)
        is_named = path.suffix.lower() == ".gguf"
        name = (name_for(header, label) if is_named else header.name or name)[:MAX_NAME]
        if header.kind == "split":
            parts = parts_of(path, header.split_count)
            size = sum(part.stat().st_size for part in parts)
            raise KnownError("model.parts_linked", count=len(parts))
        require_usable(header)
    except (OSError, KnownError) as err:
        error = unreadable(path, err) if isinstance(err, OSError) else err
        return FoundModel(program, path, name, size, known=known, problem=problem_for(error))
    return FoundModel(program, path, name, size, header.quantization, header.kind, known)


def best_found(models: Sequence[FoundModel], least: int) -> FoundModel | None:
    """Return the chat model to offer: the largest that is not slow, else the smallest that fits. None has up to `least`
    bytes, or is in the library.
    """
    able = [model for model in models if model.kind == "model" and not model.known and not model.problem]
    budget = total_bytes()
    able = [model for model in able if model.bytes > least and fit_by_size(model.bytes, budget) == "fits"]
    small = [model for model in able if model.bytes <= MOST_BYTES]
    return max(small, key=attrgetter("bytes"), default=None) or min(able, key=attrgetter("bytes"), default=None)


def _mark(record: ModelRecord) -> tuple[int, int, int]:
    return record.bytes, record.mtime_ns, record.inode


# Finds the folders in which other programs keep their models. The usual folders, and those that the settings of the
# programs name. At most MAX_BYTES of a settings file are read. A file that cannot be parsed names no folder.


MAX_BYTES = 256 << 10


class Place(Record):
    program: str
    folder: Path


def usual_places(home: Path, environ: Mapping[str, str], system: str = sys.platform) -> tuple[Place, ...]:
    base = _Base(home, environ, system)
    if system == "win32":
        jan = [base.roaming / "Jan/data", base.local / "Jan/data"]
    elif system == "darwin":
        jan = [base.local / "Jan/data"]
    else:
        jan = [base.local / "Jan/data", base.roaming / "Jan/data"]
    jan = [base.given("JAN_DATA_FOLDER", jan[0]), *jan[1:]]
    # HUGGINGFACE_HUB_CACHE is the older name of HF_HUB_CACHE
    hub = base.given("HF_HOME", base.cache / "huggingface") / "hub"
    hub = base.given("HF_HUB_CACHE", base.given("HUGGINGFACE_HUB_CACHE", hub))
    ollama = [base.given("OLLAMA_MODELS", home / ".ollama/models")]
    if system == "linux":
        ollama.append(Path("/usr/share/ollama/.ollama/models"))  # where its service keeps them
    return (
        Place("LM Studio", home / ".lmstudio/models"),
        Place("LM Studio", base.cache / "lm-studio/models"),
        *(Place("Jan", path) for path in (*jan, home / "jan/models")),
        Place("GPT4All", base.local / "nomic.ai/GPT4All"),
        *(Place("Ollama", path) for path in ollama),
        Place("Hugging Face", hub),
    )


def chosen_places(home: Path, environ: Mapping[str, str], system: str = sys.platform) -> tuple[Place, ...]:
    """Return the folders that a person has chosen in these programs. Reads the settings files of the programs."""
    base = _Base(home, environ, system)
    return (*_lm_studio(base), *_jan(base), *_gpt4all(base))


def all_places(home: Path, environ: Mapping[str, str], system: str = sys.platform) -> tuple[Place, ...]:
    places = (*usual_places(home, environ, system), *chosen_places(home, environ, system))
    return tuple({place.folder: place for place in reversed(places)}.values())[::-1]


class _Base:
    def __init__(self, home: Path, environ: Mapping[str, str], system: str) -> None:
        self.home, self._environ, self.system = home, environ, system
        self.cache = self.given("XDG_CACHE_HOME", home / ".cache")
        if system == "win32":
            self.local = self.given("LOCALAPPDATA", home / "AppData/Local")
            self.roaming = self.given("APPDATA", home / "AppData/Roaming")
        elif system == "darwin":
            self.local = self.roaming = home / "Library/Application Support"
        else:
            self.local = self.given("XDG_DATA_HOME", home / ".local/share")
            self.roaming = self.given("XDG_CONFIG_HOME", home / ".config")

    def given(self, name: str, default: Path) -> Path:
        value = self._environ.get(name, "")
        return Path(value) if value and Path(value).is_absolute() else default


def _lm_studio(base: _Base) -> Iterator[Place]:
    """Yield the model folders of LM Studio. A file in the person's folder names its home folder, and the settings there
    name the model folder.
    """
    homes = [base.home / ".lmstudio", base.cache / "lm-studio"]
    if pointed := _path(_text(base.home / ".lmstudio-home-pointer").strip().partition("\n")[0].strip()):
        homes.append(pointed)
        yield Place("LM Studio", pointed / "models")
    for settings in (*(home / "settings.json" for home in homes), base.roaming / "LM Studio/settings.json"):
        if chosen := _path(_object(settings).get("downloadsFolder")):
            yield Place("LM Studio", chosen)


def _jan(base: _Base) -> Iterator[Place]:
    for settings in (base.local / "Jan/settings.json", base.roaming / "Jan/settings.json"):
        if chosen := _path(_object(settings).get("data_folder")):
            yield Place("Jan", chosen)


def _gpt4all(base: _Base) -> Iterator[Place]:
    if base.system == "darwin":
        try:
            shape = plistlib.loads(_bytes(base.home / "Library/Preferences/com.nomic.gpt4all.plist"))
        except Exception:  # noqa: BLE001  a damaged property list raises of several families; it names no folder
            return
        chosen = _path(shape.get("modelPath") if isinstance(shape, dict) else None)
    else:
        match = re.search(r"^modelPath=(.*)$", _text(base.roaming / "nomic.ai/GPT4All.ini"), re.MULTILINE)
        chosen = _path(match[1].strip().strip('"')) if match else None
    if chosen:
        yield Place("GPT4All", chosen)


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():  # a pipe would block
            return b""
        with path.open("rb") as file:
            untrusted = file.read(MAX_BYTES + 1)
    except OSError:
        return b""
    return untrusted if len(untrusted) <= MAX_BYTES else b""


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8-sig", "surrogateescape")


def _object(path: Path) -> Mapping[str, object]:
    try:
        shape = json.loads(_text(path))
    except (ValueError, RecursionError):
        return {}
    return shape if isinstance(shape, dict) else {}


def _path(untrusted: object) -> Path | None:
    if not isinstance(untrusted, str) or not untrusted or "\0" in untrusted:
        return None
    path = Path(untrusted)
    return path if path.is_absolute() and len(path.parts) > 1 else None


VERIFIED = "verified"
"""Key in a model's info: the time when its file was last compared with its checksum."""


class VerifyResult(Record):
    id: str
    ok: bool
    problem: Problem | None = None


_Read = tuple[ModelRecord, HashedFile | KnownError]


class Checker(Service):
    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._work = FileWork(runtime.service_thread, "verify-model")
        self.close = self._work.cancel

    def verify(self, records: Sequence[ModelRecord]) -> Pending[Sequence[VerifyResult]]:
        total = sum(record.bytes for record in records)

        def work(stop: threading.Event, report: Report) -> Sequence[_Read]:
            checks: list[_Read] = []
            before = 0
            for record in records:
                path = Path(os.fsdecode(record.path))
                on_bytes = partial(_tell, report, before, total)
                try:
                    checks.append((record, hash_file(path, on_bytes, stop)))
                except KnownError as err:
                    checks.append((record, err))
                except Stopped:
                    return ()
                before += record.bytes
            return checks

        return self._work.run(work).map(lambda checks: [self._verdict(*facts) for facts in checks])

    def _verdict(self, record: ModelRecord, file: HashedFile | KnownError) -> VerifyResult:
        if isinstance(file, KnownError):
            return VerifyResult(record.id, ok=False, problem=problem_for(file))
        if file.sha256 != record.sha256:
            error = KnownError("model.changed", path=str(file.path))
            return VerifyResult(record.id, ok=False, problem=problem_for(error))
        mark = file.mark
        with suppress(KnownError):  # read-only or full: the result is not stored, but still true
            self._store.models.change(record.id, bytes=mark.bytes, mtime_ns=mark.mtime_ns, inode=mark.inode)
            self._store.models.set_info(record.id, **{VERIFIED: time.time()})
        return VerifyResult(record.id, ok=True)


def _tell(report: Report, before: int, total: int, done: int, _of_one: int) -> None:
    report((before + done, total))

"""Inspects files and folders for models before an import, models in parts included.  Nothing is changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.gguf.parts import first_parts, parts_of
from slmdesk.gguf.read import GgufHeader, check_file
from slmdesk.models.display_name import name_for
from slmdesk.models.fit import Fit, Pc, fit_by_size, fit_header
from slmdesk.models.importer import require_usable
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_io import mark_of
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

SUFFIX = ".gguf"
MOST_FILES = 200
"""Looked at in one go; a person who drops a whole disk is told so."""
MOST_ENTRIES = 20_000
MOST_DEPTH = 5


class Candidate(Record):
    path: Path
    """Of a model in parts: one of them."""
    name: str
    bytes: int = 0
    parts: int = 1
    header: GgufHeader | None = None
    verdict: str = "unknown"
    """fits, tight, too_large; unknown for what is not a chat model."""
    fit: Fit | None = None
    """None for a model in parts, which is judged by its size."""
    problem: Problem | None = None


class InspectedFiles(Record):
    candidates: tuple[Candidate, ...]
    was_cut: bool = False


class FileInspectionService(Service):
    """Called on the service thread; files are read on another."""

    def __init__(self, runtime: Runtime, pc: Callable[[], Pc]) -> None:
        super().__init__(runtime)
        self._pc = pc

    def look(self, paths: Sequence[Path]) -> Pending[InspectedFiles]:
        context, pc = self._settings.current.context_tokens, self._pc()

        def work() -> InspectedFiles:
            files, was_cut = _files(paths)
            return InspectedFiles(tuple(_candidate(one, context, pc) for one in files), was_cut)

        return pending_on_file_thread(self._service_thread, work, name="look-at-models")


def _files(paths: Sequence[Path]) -> tuple[list[Path], bool]:
    found: list[Path] = []
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112 - no fault for a name that cannot be
            found.append(path)
            continue
        for at, entry in enumerate(_walk(path)):
            if at >= MOST_ENTRIES:
                return first_parts(found)[:MOST_FILES], True
            if entry.suffix.lower() == SUFFIX:
                found.append(entry)
    kept = first_parts(list(dict.fromkeys(found)))
    return kept[:MOST_FILES], len(kept) > MOST_FILES


def _walk(folder: Path) -> Iterator[Path]:
    """Files below a folder, by name; links to folders and hidden folders are not entered."""
    for place, folders, files in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(one for one in folders if not one.startswith(".")) if depth < MOST_DEPTH else []
        for name in sorted(files):
            yield Path(place) / name


def _candidate(path: Path, context_tokens: int, pc: Pc) -> Candidate:
    try:
        header = check_file(path)
        if header.kind == "split" and header.split_count > 1:
            parts = parts_of(path, header.split_count)
            size = sum(mark_of(one).bytes for one in parts)
            first = check_file(parts[0])
            return Candidate(
                path, name_for(first, _stem(path)), size, len(parts), first, fit_by_size(size, pc.available_bytes)
            )
        require_usable(header)
        name = name_for(header, path.stem)
        if header.kind != "model":
            return Candidate(path, name, header.file_bytes, header=header)
        fit = fit_header(header, context_tokens, pc)
        return Candidate(path, name, header.file_bytes, 1, header, fit.verdict, fit)
    except OSError as err:
        error = KnownError("file.unreadable", path=str(path), reason=err.strerror or "")
        return Candidate(path, path.name, problem=problem_for(error))
    except Exception as err:  # noqa: BLE001  a thread's inner frame: one file that is odd must not hide the others
        return Candidate(path, path.name, problem=problem_for(err))


def _stem(path: Path) -> str:
    return path.stem.rpartition("-of-")[0].rpartition("-")[0] or path.stem

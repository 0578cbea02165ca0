"""Unpacks models from a pack: all are checked before the first gets its final place.  On file threads."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from slmdesk.base.errors import KnownError
from slmdesk.base.files import PRIVATE_FILE, private_folder, problem_of
from slmdesk.base.records import ModelRecord
from slmdesk.gguf.read import GgufHeader, check_file, check_tokenizer
from slmdesk.models.importer import require_usable
from slmdesk.models.packs.archive import OpenPack, PackedModel
from slmdesk.runtime.file_io import PART_SUFFIX, SPARE_BYTES, mark_of


class Unpacking:
    """One pass over a pack; when `read` returns, new models lie beside the others as checked partial files."""

    def __init__(
        self,
        pack: OpenPack,
        requested: Sequence[PackedModel],
        folder: Path,
        here: Mapping[str, ModelRecord],
        stop: threading.Event,
    ) -> None:
        self._pack, self._requested, self._folder, self._stop = pack, requested, folder, stop
        self.here = here
        self.parts: dict[str, tuple[Path, GgufHeader]] = {}
        self._made: list[Path] = []

    def read(self, on_bytes: Callable[[int, int], None]) -> None:
        """Raises KnownError pack.*, model.*, disk.full, file.unwritable, and Stopped."""
        manifest = self._pack.manifest
        requested = [one for one in self._requested if not is_here(one, self.here)]
        self._need_space(sum(one.bytes for one in requested))
        for text in manifest.texts:
            self._pack.take(text, lambda _chunk: None, lambda _done, _total: None, self._stop)
        done, total = 0, manifest.model_bytes
        for model in manifest.models:

            def publish(of_one: int, _all: int, before: int = done) -> None:
                on_bytes(before + of_one, total)

            if model in requested:
                self._keep(model, publish)
            else:
                self._pack.take(model, lambda _chunk: None, publish, self._stop)
            done += model.bytes
        self._pack.finish()

    def remove_parts(self) -> None:
        for part in self._made:
            part.unlink(missing_ok=True)

    def _need_space(self, size: int) -> None:
        private_folder(self._folder)
        needed, free = size + SPARE_BYTES, shutil.disk_usage(self._folder).free
        if size and free < needed:
            raise KnownError("disk.full", path=str(self._folder), needed_bytes=needed, available_bytes=free)

    def _keep(self, model: PackedModel, on_bytes: Callable[[int, int], None]) -> None:
        part = self._folder / f".import-{uuid4().hex}{PART_SUFFIX}"
        self._made.append(part)
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), PRIVATE_FILE)
        except OSError as err:
            raise problem_of(err, part) from err
        with os.fdopen(handle, "wb", buffering=0) as out:

            def keep(chunk: bytes) -> None:
                try:
                    while chunk:
                        chunk = chunk[out.write(chunk) :]
                except OSError as err:
                    raise problem_of(err, part, needed_bytes=model.bytes) from err

            self._pack.take(model, keep, on_bytes, self._stop)
            try:
                os.fsync(out.fileno())
            except OSError as err:
                raise problem_of(err, part, needed_bytes=model.bytes) from err
        self.parts[model.sha256] = (part, _checked(part, model))


def is_here(model: PackedModel, here: Mapping[str, ModelRecord]) -> bool:
    """Whether its file is on this PC and was not touched since it was checked.  `here`: the library by checksum."""
    record = here.get(model.sha256)
    if record is None:
        return False
    try:
        mark = mark_of(Path(os.fsdecode(record.path)))
    except KnownError:
        return False
    return (mark.bytes, mark.mtime_ns, mark.inode) == (record.bytes, record.mtime_ns, record.inode)


def requested_of(models: Sequence[PackedModel], only: Sequence[str] | None) -> tuple[PackedModel, ...]:
    """Those that are meant by name or checksum.  Raises KnownError `pack.no_model`."""
    if only is None:
        return tuple(models)
    for word in only:
        if not any(word.casefold() in (one.name.casefold(), one.sha256) for one in models):
            known = ", ".join(one.name for one in models[:20])
            raise KnownError("pack.no_model", wanted=word[:80], known=known)
    words = {one.casefold() for one in only}
    return tuple(one for one in models if one.name.casefold() in words or one.sha256 in words)


def _checked(part: Path, model: PackedModel) -> GgufHeader:
    """The header of what came, if it is of use here.  Raises KnownError model.*, which names it as listed."""
    try:
        header = check_file(part)
        require_usable(header)
        check_tokenizer(part, header)
    except KnownError as err:
        args = {key: model.file if key == "path" else value for key, value in err.args_for_people.items()}
        raise KnownError(err.code, **args) from err
    return header

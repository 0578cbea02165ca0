"""The file format of a pack: a plain tar whose every byte follows from its manifest.  On file threads; no store, no
other service.

Order: manifest.json, the texts it names, the models it names, 1,024 zero bytes, end.  A header is accepted only when it
is byte for byte the one that is written for this name and size (POSIX.1-1988 ustar; sizes of 8 GiB and more in base
256, as in GNU tar), so that links, devices, folders, other names, repeated or added entries are impossible.
docs/packs.md describes it for administrators.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeAlias

from msgspec import Meta

import slmdesk
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import NewFile, new_beside, problem_of
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record, changed, field, to_json
from slmdesk.base.types import Json
from slmdesk.base.wire import record_from
from slmdesk.gguf.file import looks_like, opened, shown_path
from slmdesk.runtime.file_io import CHUNK_BYTES, OnBytes

FORMAT, VERSION = "slmdesk-pack", 1
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 1 << 20
MAX_TEXT_BYTES = 4 << 20
MAX_MODELS = 1000
BLOCK = 512
END = bytes(2 * BLOCK)
PACK_MODE = 0o644
"""A pack is made to be handed on and holds nothing of a person's."""
_LABELS = {"name": 120, "source": 300, "license": 200}
_ABOUT = ("title", "family", "licence", "good_for", "weakness", "source")


Sha256: TypeAlias = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Text(Record):
    file: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._-]{1,80}\Z")]
    bytes: Annotated[int, Meta(ge=0, le=MAX_TEXT_BYTES)]
    sha256: Sha256


class PackedModel(Record):
    """A model in the manifest of a pack; its texts are safe to be shown."""

    file: Annotated[str, Meta(pattern=r"\Amodels/[A-Za-z0-9._-]{1,80}\.gguf\Z")]
    bytes: Annotated[int, Meta(ge=0, le=1 << 60)]
    sha256: Sha256
    name: str
    source: str = ""
    license: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    """What the list of suggested models says: title, family, licence, good_for, weakness, source."""


class Manifest(Record):
    models: tuple[PackedModel, ...]
    texts: tuple[Text, ...] = ()

    def to_bytes(self) -> bytes:
        shape: dict[str, Json] = {
            "format": FORMAT,
            "version": VERSION,
            "made_with": f"slmdesk {slmdesk.__version__}",
            "texts": [to_json(one) for one in self.texts],
            "models": [to_json(one) for one in self.models],
        }
        return json.dumps(shape, indent=1, ensure_ascii=True).encode() + b"\n"

    @property
    def model_bytes(self) -> int:
        return sum(one.bytes for one in self.models)

    @property
    def pack_bytes(self) -> int:
        return _size_of(self, len(self.to_bytes()))


class PackMade(Record):
    path: Path
    bytes: int
    manifest_sha256: str


def tar_header(name: str, size: int) -> bytes:
    """The 512 bytes before a regular file of this name and size."""
    length = b"%011o\0" % size if size < 8 << 30 else b"\x80" + size.to_bytes(11, "big")
    owner = b"0000000\0" * 2
    before = name.encode("ascii").ljust(100, b"\0") + b"0000644\0" + owner + length + b"00000000000\0"
    behind = b"0" + bytes(100) + b"ustar\x0000"
    block = (before + b" " * 8 + behind).ljust(BLOCK, b"\0")
    return before + b"%06o\0 " % sum(block) + block[156:]


def padding(size: int) -> bytes:
    return bytes(-size % BLOCK)


def write_pack(
    target: Path,
    sources: Sequence[tuple[Path, PackedModel]],
    texts: Mapping[str, bytes],
    on_bytes: OnBytes,
    stop: threading.Event,
) -> PackMade:
    """Write the models, in this order, with `texts`: beside, synced, renamed.  Their sums are checked on the way.

    Raises KnownError `file.exists`, `disk.full`, `file.unwritable`, `model.…` (`model.changed` for one that is not what
    it was), and Stopped; no part stays then.
    """
    if os.path.lexists(target):
        raise KnownError("file.exists", path=str(target))
    listed = tuple(Text(name, len(text), hashlib.sha256(text).hexdigest()) for name, text in texts.items())
    manifest = Manifest(tuple(model for _path, model in sources), listed)
    first = manifest.to_bytes()
    size = _size_of(manifest, len(first))
    with _written(target, size) as (out, give_name):
        for name, text in {MANIFEST: first, **texts}.items():
            out.write(tar_header(name, len(text)) + text + padding(len(text)))
        done = 0
        for path, model in sources:
            out.write(tar_header(model.file, model.bytes))

            def publish(of_one: int, _all: int, before: int = done) -> None:
                on_bytes(before + of_one, manifest.model_bytes)

            _copy_model(path, model, out, publish, stop)
            out.write(padding(model.bytes))
            done += model.bytes
        out.write(END)
        give_name(os.replace)
    return PackMade(target, size, hashlib.sha256(first).hexdigest())


class OpenPack:
    """A pack that is read once, from beginning to end.  Nothing in it is trusted before its checksum matches."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self._path, self._file = path, file
        self.bytes = size
        untrusted = self._read_manifest(size)
        self.manifest_sha256 = hashlib.sha256(untrusted).hexdigest()
        self.manifest = self._parse(untrusted)
        expected = _size_of(self.manifest, len(untrusted))
        if size != expected:
            raise KnownError("pack.incomplete", path=shown_path(path), bytes=size, expected=expected)

    def take(
        self, entry: PackedModel | Text, keep: Callable[[bytes], object], on_bytes: OnBytes, stop: threading.Event
    ) -> None:
        """Read the next file, which has to be this one, piece by piece.  Raises KnownError pack.*, Stopped."""
        self._expect(tar_header(entry.file, entry.bytes), f"the place of {entry.file}")
        digest, done, reported = hashlib.sha256(), 0, 0.0
        while done < entry.bytes:
            if stop.is_set():
                raise Stopped
            chunk = self._read(min(CHUNK_BYTES, entry.bytes - done))
            digest.update(chunk)
            keep(chunk)
            done += len(chunk)
            if time.monotonic() - reported >= 0.1:
                reported = time.monotonic()
                on_bytes(done, entry.bytes)
        on_bytes(done, entry.bytes)
        self._expect(padding(entry.bytes), f"what is behind {entry.file}")
        if digest.hexdigest() != entry.sha256:
            raise KnownError("pack.damaged", path=shown_path(self._path), name=entry.file)

    def finish(self) -> None:
        """Make sure that nothing else is in it.  Raises KnownError pack.*."""
        self._expect(END, "its end")
        if self._file.read(1):
            raise self.invalid("something stands behind its end")

    def invalid(self, reason: str) -> KnownError:
        return KnownError("pack.invalid", path=shown_path(self._path), reason=clean_label(reason, 200))

    def _read_manifest(self, size: int) -> bytes:
        block = self._file.read(BLOCK) or b""
        digits = block[124:135]
        length = int(digits, 8) if re.fullmatch(rb"[0-7]{11}", digits) else -1
        if length < 0 or block != tar_header(MANIFEST, length):
            if block[257:262] == b"ustar":
                raise self.invalid("it is a tar archive, but not as “models pack” makes it")
            raise self.invalid(f"it looks like {looks_like(block)}")
        if length > MAX_MANIFEST_BYTES:
            raise self.invalid("its list is too long")
        if size < BLOCK + length:
            raise KnownError("pack.incomplete", path=shown_path(self._path), bytes=size, expected=BLOCK + length)
        untrusted = self._read(length)
        self._expect(padding(length), "what is behind its list")
        return untrusted

    def _parse(self, untrusted: bytes) -> Manifest:
        try:
            shape = json.loads(untrusted.decode("utf-8"), object_pairs_hook=_no_key_twice)
        except (ValueError, RecursionError) as err:
            raise self.invalid("its list is no JSON") from err
        if not isinstance(shape, dict) or shape.get("format") != FORMAT:
            raise self.invalid("its list is another one")
        version = shape.get("version")
        if isinstance(version, int) and version > VERSION:
            raise KnownError("pack.newer", path=shown_path(self._path), version=str(version)[:20])
        if version != VERSION or type(version) is not int:
            raise self.invalid("its list has no version")
        try:
            manifest = Manifest(_each(shape.get("models"), _model), _each(shape.get("texts"), _text))
        except KnownError as err:
            raise self.invalid(f"its list is wrong: {err.args_for_people['what']}") from err
        return manifest

    def _read(self, size: int) -> bytes:
        pieces = []
        while size > 0:
            piece = self._file.read(size)
            if not piece:  # it was as long as its list says when it was opened
                raise KnownError("file.unreadable", path=shown_path(self._path), reason="it became shorter meanwhile")
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _expect(self, requested: bytes, where: str) -> None:
        if self._read(len(requested)) != requested:
            raise self.invalid(f"{where} is not as its list says")


@contextmanager
def open_pack(path: Path) -> Iterator[OpenPack]:
    """A pack with its list read and its size compared.  Raises KnownError pack.*, file.missing, file.unreadable."""
    try:
        with opened(path) as (file, info):
            yield OpenPack(path, file, info.st_size)
    except KnownError as err:
        if err.code in ("model.missing", "model.unreadable") and err.args_for_people.get("path") == shown_path(path):
            code = err.code.replace("model.", "file.")
            raise KnownError(code, **err.args_for_people) from err
        raise


def _size_of(manifest: Manifest, manifest_bytes: int) -> int:
    sizes = [manifest_bytes, *(one.bytes for one in manifest.texts), *(one.bytes for one in manifest.models)]
    return sum(BLOCK + one + -one % BLOCK for one in sizes) + len(END)


def _copy_model(path: Path, model: PackedModel, out: BinaryIO, on_bytes: OnBytes, stop: threading.Event) -> None:
    digest, done, reported = hashlib.sha256(), 0, 0.0
    with opened(path) as (source, _info):
        while chunk := source.read(CHUNK_BYTES):
            if stop.is_set():
                raise Stopped
            done += len(chunk)
            if done > model.bytes:
                break
            digest.update(chunk)
            _write(out, chunk)
            if time.monotonic() - reported >= 0.1:
                reported = time.monotonic()
                on_bytes(done, model.bytes)
    on_bytes(done, model.bytes)
    if done != model.bytes or digest.hexdigest() != model.sha256:
        raise KnownError("model.changed", path=shown_path(path))


def _write(out: BinaryIO, chunk: bytes) -> None:
    try:
        out.write(chunk)
    except OSError as err:  # told apart here from the trouble of the file that is read
        raise _Unwritable(err) from err


class _Unwritable(Exception):
    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def _written(target: Path, size: int) -> Iterator[NewFile]:
    try:
        free = shutil.disk_usage(target.parent).free
        if free < size:
            raise KnownError("disk.full", path=str(target.parent), needed_bytes=size, available_bytes=free)
        with new_beside(target, PACK_MODE) as new:
            yield new
    except OSError as err:
        raise _problem(err, target, size) from err
    except _Unwritable as err:
        raise _problem(err.error, target, size) from err


def _problem(err: OSError, target: Path, size: int) -> KnownError:
    if err.errno == errno.EFBIG:  # FAT32, as most sticks are sold
        reason = "this disk takes no file of this size; format it as exFAT or NTFS, or pack fewer models at once"
        return KnownError("file.unwritable", path=str(target.parent), reason=reason)
    return problem_of(err, target, needed_bytes=size)


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _each(untrusted: object, make: Callable[[Mapping[str, Any]], Any]) -> tuple[Any, ...]:
    made = tuple(make(one) for one in record_from(list[dict[str, Any]], untrusted))
    names, sums = ({getattr(one, key).casefold() for one in made} for key in ("file", "sha256"))
    if len(made) > MAX_MODELS or not len(names) == len(sums) == len(made):
        raise KnownError("request.invalid", what="too many entries, or one stands twice")
    return made


def _model(untrusted: Mapping[str, Any]) -> PackedModel:
    about = record_from(dict[str, Any], untrusted.get("about", {}))
    shape = {"name": "", **untrusted, "about": {key: about[key] for key in _ABOUT if about.get(key)}}
    model = record_from(PackedModel, shape)
    labels: dict[str, Any] = {key: clean_label(getattr(model, key), limit) for key, limit in _LABELS.items()}
    return changed(model, **labels, about={key: clean_label(text, 400) for key, text in model.about.items()})


def _text(untrusted: Mapping[str, Any]) -> Text:
    text = record_from(Text, untrusted)
    if text.file == MANIFEST:
        raise KnownError("request.invalid", what="it names itself")
    return text

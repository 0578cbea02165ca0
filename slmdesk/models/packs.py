"""Makes and unpacks packs: files with models and checksums, for PCs without a network. Service thread."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeAlias
from uuid import uuid4

from msgspec import Meta

import slmdesk
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import (
    NewFile,
    need_free,
    new_beside,
    open_new,
    private_folder,
    problem_of,
    sync_folder,
    writing_to,
)
from slmdesk.base.protocol import record_from
from slmdesk.base.record import Record, changed, field, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.gguf.header import GgufHeader
from slmdesk.gguf.read import looks_like, opened, shown_path
from slmdesk.hub.search import CatalogueEntry, find_entry, load_catalogue
from slmdesk.models.importer import usable_header
from slmdesk.models.move import free_bytes
from slmdesk.models.service import ModelService, free_name, published_of
from slmdesk.runtime.events import ModelsChanged, Pending
from slmdesk.runtime.file_io import (
    PART_SUFFIX,
    SPARE_BYTES,
    HashedFile,
    OnBytes,
    Pace,
    chunks_of,
    file_name,
    mark_of,
    slug,
)
from slmdesk.runtime.messages import Problem, bytes_for_people, problem_for
from slmdesk.runtime.service import FileWork, Report, Runtime, Service, pending_on_file_thread

FEATURE = "models.packs"


class OfferedModel(Record):
    listed: PackedModel
    here: str = ""
    """Id of the same model in the library; empty if the model is not on this PC."""


class PackContents(Record):
    """Contents of a pack as its manifest lists them. Nothing has been checked yet."""

    path: str
    manifest_sha256: str
    bytes: int
    models: tuple[OfferedModel, ...]
    free_bytes: int


class PackPlan(Record):
    bytes: int
    free_bytes: int
    problem: Problem | None = None


class PackProgress(Record):
    done_bytes: int
    total_bytes: int
    eta_s: float | None = None


class UnpackedModel(Record):
    model: ModelRecord
    is_new: bool
    license: str = ""
    about: Mapping[str, str] = field(default_factory=dict)


class PackResult(Record):
    """Result of writing a pack, or of adding its models."""

    path: str
    manifest_sha256: str = ""
    """Checksum of the manifest, which people compare over another channel. Empty if the work was cancelled."""
    bytes: int = 0
    models: tuple[UnpackedModel, ...] = ()


CLOSE_S = 0.5
"""Seconds that a stopped pack has to remove its partial file."""
_HUB = "huggingface:"


class PackService(Service):
    def __init__(self, runtime: Runtime, models: ModelService) -> None:
        super().__init__(runtime)
        self._models = models
        self._work = FileWork(runtime.service_thread, "pack")

    def pack(self, models: Sequence[str], target: Path) -> Pending[PackResult]:
        """Write the models into the new file `target`. Reports PackProgress. Raises `model.unknown`, `model.none`,
        `feature.hidden`.
        """
        self._models.require(FEATURE)
        records = self._published(models)
        if not records:
            raise KnownError("model.none")

        def work(stop: threading.Event, report: Report) -> PackResult:
            sources = _sources(records)
            texts = _texts([model for _path, model in sources])
            return write_pack(target, sources, texts, _on_bytes(report), stop)

        return self._run(target, work)

    def plan(self, models: Sequence[str], target: Path) -> Pending[PackPlan]:
        """Return the pack's size, free space and a problem that prevents writing. Raises KnownError `model.unknown`."""
        records = self._published(models)

        def work() -> PackPlan:
            plan = PackPlan(0, 0)
            try:
                listed = tuple(model for _path, model in _sources(records))
                texts = tuple(Text(name, len(text), "0" * 64) for name, text in _texts(listed).items())
                plan = PackPlan(Manifest(listed, texts).pack_bytes, free_bytes(target.parent))
                if os.path.lexists(target):
                    raise KnownError("file.exists", path=str(target))
            except Exception as err:  # noqa: BLE001  the size is of use beside the problem
                plan = changed(plan, problem=problem_for(err))
            return plan

        return pending_on_file_thread(self._service_thread, work, name="plan-pack")

    def _published(self, models: Sequence[str]) -> list[ModelRecord]:
        """Return each named model once; for a copy in another format, the published model, which runs on any PC."""
        known = self._store.models.all()
        records = (published_of(self._store.models.get(model), known) for model in models)
        return list({record.id: record for record in records}.values())

    def contents(self, path: Path) -> Pending[PackContents]:
        """Read the manifest of a pack. Raises KnownError `feature.hidden`."""
        self._models.require(FEATURE)
        here = self._here()

        def work() -> PackContents:
            with open_pack(path) as pack:
                models = tuple(
                    OfferedModel(model, here[model.sha256].id if is_here(model, here) else "")
                    for model in pack.manifest.models
                )
                return PackContents(
                    str(path), pack.manifest_sha256, pack.bytes, models, free_bytes(self._models.folder)
                )

        return pending_on_file_thread(self._service_thread, work, name="look-into-pack")

    def unpack(self, path: Path, *, expected: str = "", only: Sequence[str] | None = None) -> Pending[PackResult]:
        """Check the models of a pack and add all of them, or none. Reports PackProgress.

        `expected` is the sha256 of the manifest; a pack with another one is refused. `only` has the names or checksums
        of the models to keep (None: all). The Pending ends with the Problem `pack.no_model` if one is unknown. Raises
        KnownError `feature.hidden`.
        """
        self._models.require(FEATURE)

        def work(stop: threading.Event, report: Report) -> PackResult:
            with open_pack(path) as pack:
                if expected and pack.manifest_sha256 != expected.strip().lower():
                    raise KnownError("pack.other", path=str(path), sha256=pack.manifest_sha256)
                requested = requested_of(pack.manifest.models, only)
                unpacking = Unpacking(pack, requested, self._models.folder, self._service_thread.call(self._here), stop)
                try:
                    unpacking.read(_on_bytes(report))
                    models = tuple(self._take_in(unpacking, model) for model in requested)
                finally:
                    unpacking.remove_parts()
            return PackResult(str(path), pack.manifest_sha256, pack.manifest.model_bytes, models)

        return self._run(path, work)

    def close(self) -> None:
        self._work.close(CLOSE_S)

    # ---- inside

    def _run(self, path: Path, work: Callable[[threading.Event, Report], PackResult]) -> Pending[PackResult]:
        def stoppable(stop: threading.Event, report: Report) -> PackResult:
            try:
                return work(stop, report)
            except Stopped:
                return PackResult(str(path))

        return self._work.run(stoppable).then(self._on_ended)

    def _on_ended(self, result: PackResult | Problem) -> None:
        if isinstance(result, PackResult) and any(model.is_new for model in result.models):
            self._publish(ModelsChanged())

    def _here(self) -> dict[str, ModelRecord]:
        """Return the models of the library by checksum. Service thread."""
        return {model.sha256: model for model in self._store.models.all()}

    def _take_in(self, unpacking: Unpacking, model: PackedModel) -> UnpackedModel:
        """Move a checked file into the models folder and add it to the library. File thread."""
        checked = unpacking.parts.get(model.sha256)
        if checked is None:
            return UnpackedModel(unpacking.here[model.sha256], is_new=False, license=model.license, about=model.about)
        part, header = checked
        old = unpacking.here.get(model.sha256)
        target = Path(os.fsdecode(old.path)) if old and not old.linked else None
        if target is None or target.parent != part.parent:
            target = part.parent / file_name(model.name, model.sha256)
        with writing_to(target):
            part.replace(target)
            sync_folder(target.parent)
        file = HashedFile(target, model.sha256, mark_of(target))
        source = f"pack:{model.source}" if model.source.startswith(_HUB) else "pack"

        def register() -> ModelRecord:
            name = free_name(model.name or "model", self._store.models.all())
            return self._models.register(file, header, name, source=source, license=model.license)

        return UnpackedModel(self._service_thread.call(register), is_new=True, license=model.license, about=model.about)


def _on_bytes(report: Report) -> Callable[[int, int], None]:
    pace = Pace()
    return lambda done, total: report(PackProgress(done, total, pace.left_s(done, total)))


def _texts(listed: Sequence[PackedModel]) -> dict[str, bytes]:
    sums = "".join(f"{model.sha256}  {model.file}\n" for model in listed)
    return {"SHA256SUMS": sums.encode(), "about.txt": _about(listed).encode()}


def _sources(records: Sequence[ModelRecord]) -> list[tuple[Path, PackedModel]]:
    """Return the path of each model and its entry for the manifest. File thread. Raises KnownError model.*."""
    catalogue = load_catalogue()
    sources = []
    for record in records:
        path = Path(os.fsdecode(record.path))
        size = mark_of(path).bytes
        if size != record.bytes:
            raise KnownError("model.changed", path=str(path))
        origin = record.source[record.source.find(_HUB) :] if _HUB in record.source else ""
        repo = "/".join(origin.removeprefix(_HUB).split("/")[:2])
        entry = find_entry(catalogue, repo) if repo else None
        sources.append((path, _listed(record, origin, entry)))
    return sources


def _listed(record: ModelRecord, origin: str, entry: CatalogueEntry | None) -> PackedModel:
    about = {key: str(getattr(entry, key)) for key in _ABOUT} if entry else {}
    file = f"models/{slug(record.name)[:50]}-{record.sha256[:12]}.gguf"
    licence = str(record.header.get("license") or "")
    return PackedModel(file, record.bytes, record.sha256, record.name, origin, licence, about=about)


def _about(models: Sequence[PackedModel]) -> str:
    lines = ["A pack of language models, made by slmdesk. Bring it in with: slmdesk models unpack FILE", ""]
    for model in models:
        lines += [model.name, f"  file: {model.file}", f"  size: {bytes_for_people(model.bytes)}"]
        licence = model.about.get("licence") or model.license or "not named in the file"
        lines += [f"  sha256: {model.sha256}", f"  licence: {licence}"]
        lines += [f"  from: {model.source}"] if model.source else []
        lines += [f"  {model.about[key]}" for key in ("good_for", "weakness") if model.about.get(key)]
        lines.append("")
    return "\n".join(lines)


# ---- the file format of a pack
#
# A plain tar, in which the manifest determines every byte that is not content. On file threads, without a store. Order:
# manifest.json, the texts it names, the models it names, 1,024 zero bytes, end. A header is accepted only when it is
# byte for byte what is written for this name and size (POSIX.1-1988 ustar; sizes of 8 GiB and more in base
# 256, as in GNU tar), so that links, devices, folders, other names, repeated or added entries are impossible.
# docs/packs.md describes it for administrators.


FORMAT, VERSION = "slmdesk-pack", 1
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 1 << 20
MAX_TEXT_BYTES = 4 << 20
MAX_MODELS = 1000
BLOCK = 512
END = bytes(2 * BLOCK)
PACK_MODE = 0o644
"""File mode of a pack. Everyone may read it, since a pack is passed on and contains nothing personal."""
_LABELS = {"name": 120, "source": 300, "license": 200}
_ABOUT = ("title", "family", "licence", "good_for", "weakness", "source")


Sha256: TypeAlias = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Text(Record):
    file: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._-]{1,80}\Z")]
    bytes: Annotated[int, Meta(ge=0, le=MAX_TEXT_BYTES)]
    sha256: Sha256


class PackedModel(Record):
    """One model in the manifest of a pack. Its texts have been cleaned and can be shown."""

    file: Annotated[str, Meta(pattern=r"\Amodels/[A-Za-z0-9._-]{1,80}\.gguf\Z")]
    bytes: Annotated[int, Meta(ge=0, le=1 << 60)]
    sha256: Sha256
    name: str
    source: str = ""
    license: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    """Facts from the list of suggested models: title, family, licence, good_for, weakness, source."""


class Manifest(Record):
    models: tuple[PackedModel, ...]
    texts: tuple[Text, ...] = ()

    def to_bytes(self) -> bytes:
        shape: dict[str, Json] = {
            "format": FORMAT, "version": VERSION, "made_with": f"slmdesk {slmdesk.__version__}",
            "texts": [*map(to_json, self.texts)], "models": [*map(to_json, self.models)],
        }  # fmt: skip
        return json.dumps(shape, indent=1, ensure_ascii=True).encode() + b"\n"

    @property
    def model_bytes(self) -> int:
        return sum(model.bytes for model in self.models)

    @property
    def pack_bytes(self) -> int:
        return _size_of(self, len(self.to_bytes()))


def tar_header(name: str, size: int) -> bytes:
    """Return the 512 bytes of tar that precede a regular file of this name and size."""
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
) -> PackResult:
    """Write a pack with these texts and models, in the given order. The checksum of each model is verified while it is
    copied.

    The pack is written to a temporary file, synced and then renamed. Raises KnownError `file.exists`, `disk.full`,
    `file.unwritable`, `model.…`, and Stopped. No partial file is left in these cases.
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
            _copy_model(path, model, out, _of_all(on_bytes, done, manifest.model_bytes), stop)
            out.write(padding(model.bytes))
            done += model.bytes
        out.write(END)
        give_name(os.replace)
    return PackResult(str(target), hashlib.sha256(first).hexdigest(), size)


def _of_all(on_bytes: OnBytes, before: int, total: int) -> OnBytes:
    return lambda done, _of_one: on_bytes(before + done, total)


class OpenPack:
    """A pack that is read once, from beginning to end. Its contents are not trusted before their checksum matches."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self._path, self._file = path, file
        self.bytes = size
        untrusted = self._read_manifest(size)
        self.manifest_sha256 = hashlib.sha256(untrusted).hexdigest()
        self.manifest = self._parse(untrusted)
        expected = _size_of(self.manifest, len(untrusted))
        if size != expected:
            raise KnownError("pack.incomplete", path=shown_path(path), bytes=size, expected=expected)

    def pieces(self, entry: PackedModel | Text, on_bytes: OnBytes, stop: threading.Event) -> Iterator[bytes]:
        """Yield the bytes of the next file, which must be `entry`; read them all. Raises KnownError pack.*, Stopped."""
        self._expect(tar_header(entry.file, entry.bytes), _("the place of {file}").format(file=entry.file))
        digest, left = hashlib.sha256(), entry.bytes

        def read(size: int) -> bytes:
            nonlocal left
            chunk = self._read(min(size, left))
            left -= len(chunk)
            return chunk

        for chunk in chunks_of(read, entry.bytes, on_bytes, stop):
            digest.update(chunk)
            yield chunk
        self._expect(padding(entry.bytes), _("what is behind {file}").format(file=entry.file))
        if digest.hexdigest() != entry.sha256:
            raise KnownError("pack.damaged", path=shown_path(self._path), name=entry.file)

    def check(self, entry: PackedModel | Text, on_bytes: OnBytes, stop: threading.Event) -> None:
        """Check the next file like `pieces`, but keep nothing of it."""
        for _chunk in self.pieces(entry, on_bytes, stop):
            pass

    def finish(self) -> None:
        """Check that the pack ends here. Raises KnownError pack.*."""
        self._expect(END, _("its end"))
        if self._file.read(1):
            raise self.invalid(_("something stands behind its end"))

    def invalid(self, reason: str) -> KnownError:
        return KnownError("pack.invalid", path=shown_path(self._path), reason=clean_label(reason, 200))

    def _read_manifest(self, size: int) -> bytes:
        block = self._file.read(BLOCK) or b""
        digits = block[124:135]
        length = int(digits, 8) if re.fullmatch(rb"[0-7]{11}", digits) else -1
        if length < 0 or block != tar_header(MANIFEST, length):
            if block[257:262] == b"ustar":
                raise self.invalid(_("it is a tar archive, but not as “models pack” makes it"))
            raise self.invalid(_("it looks like {looks_like}").format(looks_like=looks_like(block)))
        if length > MAX_MANIFEST_BYTES:
            raise self.invalid(_("its list is too long"))
        if size < BLOCK + length:
            raise KnownError("pack.incomplete", path=shown_path(self._path), bytes=size, expected=BLOCK + length)
        untrusted = self._read(length)
        self._expect(padding(length), _("what is behind its list"))
        return untrusted

    def _parse(self, untrusted: bytes) -> Manifest:
        try:
            shape = json.loads(untrusted.decode("utf-8"), object_pairs_hook=_no_key_twice)
        except (ValueError, RecursionError) as err:
            raise self.invalid(_("its list is no JSON")) from err
        if not isinstance(shape, dict) or shape.get("format") != FORMAT:
            raise self.invalid(_("its list is another one"))
        version = shape.get("version")
        if isinstance(version, int) and version > VERSION:
            raise KnownError("pack.newer", path=shown_path(self._path), version=str(version)[:20])
        if version != VERSION or type(version) is not int:
            raise self.invalid(_("its list has no version"))
        try:
            return Manifest(_each(shape.get("models"), _model), _each(shape.get("texts"), _text))
        except KnownError as err:
            raise self.invalid(_("its list is wrong: {what}").format(what=err.args_for_people["what"])) from err

    def _read(self, size: int) -> bytes:
        pieces = []
        while size > 0:
            piece = self._file.read(size)
            if not piece:  # the size was right when the pack was opened
                raise KnownError(
                    "file.unreadable", path=shown_path(self._path), reason=_("it became shorter meanwhile")
                )
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _expect(self, requested: bytes, where: str) -> None:
        if self._read(len(requested)) != requested:
            raise self.invalid(_("{where} is not as its list says").format(where=where))


@contextmanager
def open_pack(path: Path) -> Iterator[OpenPack]:
    """Open a pack, read its manifest and check its size. Raises KnownError pack.*, file.missing, file.unreadable."""
    try:
        with opened(path) as (file, info):
            yield OpenPack(path, file, info.st_size)
    except KnownError as err:
        if err.code in ("model.missing", "model.unreadable") and err.args_for_people.get("path") == shown_path(path):
            code = err.code.replace("model.", "file.")
            raise KnownError(code, **err.args_for_people) from err
        raise


def _size_of(manifest: Manifest, manifest_bytes: int) -> int:
    sizes = [manifest_bytes, *(text.bytes for text in manifest.texts), *(model.bytes for model in manifest.models)]
    return sum(BLOCK + siz + -siz % BLOCK for siz in sizes) + len(END)


def _copy_model(path: Path, model: PackedModel, out: BinaryIO, on_bytes: OnBytes, stop: threading.Event) -> None:
    digest, done = hashlib.sha256(), 0
    with opened(path) as (source, _info):
        for chunk in chunks_of(source.read, model.bytes, on_bytes, stop):
            done += len(chunk)
            if done > model.bytes:
                break
            digest.update(chunk)
            _write(out, chunk)
    if done != model.bytes or digest.hexdigest() != model.sha256:
        raise KnownError("model.changed", path=shown_path(path))


def _write(out: BinaryIO, chunk: bytes) -> None:
    try:
        out.write(chunk)
    except OSError as err:  # tell it apart from an error of the file that is read
        raise _Unwritable(err) from err


class _Unwritable(Exception):
    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def _written(target: Path, size: int) -> Iterator[NewFile]:
    try:
        need_free(target.parent, size)
        with new_beside(target, PACK_MODE) as new:
            yield new
    except OSError as err:
        raise _problem(err, target, size) from err
    except _Unwritable as err:
        raise _problem(err.error, target, size) from err


def _problem(err: OSError, target: Path, size: int) -> KnownError:
    if err.errno == errno.EFBIG:  # FAT32, as most sticks are sold
        reason = _("this disk takes no file of this size; format it as exFAT or NTFS, or pack fewer models at once")
        return KnownError("file.unwritable", path=str(target.parent), reason=reason)
    return problem_of(err, target, needed_bytes=size)


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _each(untrusted: object, make: Callable[[Mapping[str, Any]], Any]) -> tuple[Any, ...]:
    made = tuple(make(table) for table in record_from(list[dict[str, Any]], untrusted))
    names, sums = ({getattr(record, key).casefold() for record in made} for key in ("file", "sha256"))
    if len(made) > MAX_MODELS or not len(names) == len(sums) == len(made):
        raise KnownError("request.invalid", what=_("too many entries, or one stands twice"))
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
        raise KnownError("request.invalid", what=_("it names itself"))
    return text


# ---- unpacks models from a pack


class Unpacking:
    """One reading of a pack. After `read`, the new models are checked partial files in the models folder."""

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
        """Read and check the whole pack, and store the requested models. Raises KnownError pack.*, model.*, disk.full,
        file.unwritable, and Stopped.
        """
        manifest = self._pack.manifest
        requested = [model for model in self._requested if not is_here(model, self.here)]
        self._need_space(sum(model.bytes for model in requested))
        for text in manifest.texts:
            self._pack.check(text, lambda _done, _total: None, self._stop)
        done = 0
        for model in manifest.models:
            told = _of_all(on_bytes, done, manifest.model_bytes)
            if model in requested:
                self._keep(model, told)
            else:
                self._pack.check(model, told, self._stop)
            done += model.bytes
        self._pack.finish()

    def remove_parts(self) -> None:
        for part in self._made:
            part.unlink(missing_ok=True)

    def _need_space(self, size: int) -> None:
        private_folder(self._folder)
        if size:
            need_free(self._folder, size + SPARE_BYTES)

    def _keep(self, model: PackedModel, on_bytes: Callable[[int, int], None]) -> None:
        part = self._folder / f".import-{uuid4().hex}{PART_SUFFIX}"
        self._made.append(part)
        with writing_to(part):
            handle = open_new(part)
        with os.fdopen(handle, "wb", buffering=0) as out:
            for chunk in self._pack.pieces(model, on_bytes, self._stop):
                left = memoryview(chunk)
                with writing_to(part, needed_bytes=model.bytes):
                    while left:
                        left = left[out.write(left) :]
            with writing_to(part, needed_bytes=model.bytes):
                os.fsync(out.fileno())
        self.parts[model.sha256] = (part, _checked(part, model))


def is_here(model: PackedModel, here: Mapping[str, ModelRecord]) -> bool:
    """Return whether the model's file is on this PC, unchanged since its check. `here` is the library by checksum."""
    record = here.get(model.sha256)
    if record is None:
        return False
    try:
        mark = mark_of(Path(os.fsdecode(record.path)))
    except KnownError:
        return False
    return (mark.bytes, mark.mtime_ns, mark.inode) == (record.bytes, record.mtime_ns, record.inode)


def requested_of(models: Sequence[PackedModel], only: Sequence[str] | None) -> tuple[PackedModel, ...]:
    """Return the models that `only` names by name or checksum; None means all. Raises KnownError `pack.no_model`."""
    if only is None:
        return tuple(models)
    for word in only:
        if not any(word.casefold() in (model.name.casefold(), model.sha256) for model in models):
            known = ", ".join(model.name for model in models[:20])
            raise KnownError("pack.no_model", wanted=word[:80], known=known)
    words = {name.casefold() for name in only}
    return tuple(model for model in models if model.name.casefold() in words or model.sha256 in words)


def _checked(part: Path, model: PackedModel) -> GgufHeader:
    """Return the header of the unpacked file if the library can use it. Raises KnownError model.*, with the file name
    from the manifest.
    """
    try:
        return usable_header(part)
    except KnownError as err:
        args = {key: model.file if key == "path" else value for key, value in err.args_for_people.items()}
        raise KnownError(err.code, **args) from err

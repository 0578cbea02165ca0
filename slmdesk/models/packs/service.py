"""Makes and unpacks packs: models in one file with checksums, for PCs without a network.  Called on the service
thread.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import problem_of, sync_folder
from slmdesk.base.record import Record, changed, field
from slmdesk.base.records import ModelRecord
from slmdesk.hub.catalogue import CatalogueEntry, find_entry, load_catalogue
from slmdesk.loader.events import ModelsChanged
from slmdesk.models.copies import published_of
from slmdesk.models.move.files import free_bytes
from slmdesk.models.packs.archive import Manifest, PackedModel, PackMade, Text, open_pack, write_pack
from slmdesk.models.packs.unpack import Unpacking, is_here, requested_of
from slmdesk.models.rename import free_name
from slmdesk.models.service import ModelService
from slmdesk.runtime.eta import Pace
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_io import HashedFile, file_name, mark_of, slug
from slmdesk.runtime.file_thread import FileWork, Report, pending_on_file_thread
from slmdesk.runtime.messages import bytes_for_people, problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

FEATURE = "models.packs"


class OfferedModel(Record):
    listed: PackedModel
    here: str = ""
    """The id of the same model of the library; empty where it is not on this PC."""


class PackContents(Record):
    """The manifest of a pack; nothing of it has been checked yet."""

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
    """A pack that was written, or whose models were added; without a checksum where it was cancelled."""

    path: str
    manifest_sha256: str = ""
    """Of the pack's list, to be compared over another way; empty when it was cancelled."""
    bytes: int = 0
    models: tuple[UnpackedModel, ...] = ()


CLOSE_S = 0.5
"""For a stopped pack to remove its part."""
_HUB = "huggingface:"


class PackService(Service):
    def __init__(self, runtime: Runtime, models: ModelService) -> None:
        super().__init__(runtime)
        self._models = models
        self._work = FileWork(runtime.service_thread, "pack")

    def pack(self, models: Sequence[str], target: Path) -> Pending[PackResult]:
        """Write these models (ids or names) with checksums, names, licences and descriptions into one new file.

        Reports PackProgress.  Cancelled, no partial file stays.  Raises KnownError `model.unknown`, `model.none` for an
        empty list, `feature.hidden`.
        """
        self._models.require(FEATURE)
        records = self._published(models)
        if not records:
            raise KnownError("model.none")

        def work(stop: threading.Event, report: Report) -> PackResult:
            made = _make(records, target, _on_bytes(report), stop)
            return PackResult(str(target), made.manifest_sha256, made.bytes)

        return self._run(target, work)

    def plan(self, models: Sequence[str], target: Path) -> Pending[PackPlan]:
        """Raises KnownError `model.unknown`."""
        records = self._published(models)

        def work() -> PackPlan:
            plan = PackPlan(0, 0)
            try:
                plan = PackPlan(pack_size([model for _path, model in _sources(records)]), free_bytes(target.parent))
                if os.path.lexists(target):
                    raise KnownError("file.exists", path=str(target))
            except Exception as err:  # noqa: BLE001  the size is of use beside the problem
                plan = changed(plan, problem=problem_for(err))
            return plan

        return pending_on_file_thread(self._service_thread, work, name="plan-pack")

    def _published(self, models: Sequence[str]) -> list[ModelRecord]:
        """The models of these names, each once; for a copy in another format the published one, which fits any PC."""
        known = self._store.models.all()
        records = (published_of(self._store.models.get(one), known) for one in models)
        return list({one.id: one for one in records}.values())

    def contents(self, path: Path) -> Pending[PackContents]:
        """Raises KnownError `feature.hidden`."""
        self._models.require(FEATURE)
        here = self._here()

        def work() -> PackContents:
            with open_pack(path) as pack:
                models = tuple(
                    OfferedModel(one, here[one.sha256].id if is_here(one, here) else "") for one in pack.manifest.models
                )
                return PackContents(
                    str(path), pack.manifest_sha256, pack.bytes, models, free_bytes(self._models.folder)
                )

        return pending_on_file_thread(self._service_thread, work, name="look-into-pack")

    def unpack(self, path: Path, *, expected: str = "", only: Sequence[str] | None = None) -> Pending[PackResult]:
        """Add the models of a pack, all or none: each is checked before the first one is kept.

        `expected`: the sha256 of the manifest as published by the maker of the pack; another one is refused.  `only`:
        the names or checksums of the wanted models (None: all); the others are checked as well but not kept.  Models
        that are here already are recognised.  Progress as for `pack`; the problem `pack.no_model` for a name that is
        not in it.  Raises KnownError `feature.hidden`.
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
                    models = tuple(self._take_in(unpacking, one) for one in requested)
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
        if isinstance(result, PackResult) and any(one.is_new for one in result.models):
            self._publish(ModelsChanged())

    def _here(self) -> dict[str, ModelRecord]:
        """The models by their sums.  Service thread."""
        return {one.sha256: one for one in self._store.models.all()}

    def _take_in(self, unpacking: Unpacking, model: PackedModel) -> UnpackedModel:
        """Give a checked file its place and its record.  On the file thread."""
        checked = unpacking.parts.get(model.sha256)
        if checked is None:
            return UnpackedModel(unpacking.here[model.sha256], is_new=False, license=model.license, about=model.about)
        part, header = checked
        old = unpacking.here.get(model.sha256)
        target = Path(os.fsdecode(old.path)) if old and not old.linked else None
        if target is None or target.parent != part.parent:
            target = part.parent / file_name(model.name, model.sha256)
        try:
            part.replace(target)
            sync_folder(target.parent)
        except OSError as err:
            raise problem_of(err, target) from err
        file = HashedFile(target, model.sha256, mark_of(target))
        source = f"pack:{model.source}" if model.source.startswith(_HUB) else "pack"

        def register() -> ModelRecord:
            name = free_name(model.name or "model", self._store.models.all())
            return self._models.register(file, header, name, source=source, license=model.license)

        return UnpackedModel(self._service_thread.call(register), is_new=True, license=model.license, about=model.about)


def _on_bytes(report: Report) -> Callable[[int, int], None]:
    pace = Pace()
    return lambda done, total: report(PackProgress(done, total, pace.left_s(done, total)))


def _make(
    records: Sequence[ModelRecord], target: Path, on_bytes: Callable[[int, int], None], stop: threading.Event
) -> PackMade:
    """On a file thread."""
    sources = _sources(records)
    listed = [model for _path, model in sources]
    return write_pack(target, sources, _texts(listed), on_bytes, stop)


def pack_size(models: Sequence[PackedModel]) -> int:
    texts = tuple(Text(name, len(text), "0" * 64) for name, text in _texts(models).items())
    return Manifest(tuple(models), texts).pack_bytes


def _texts(listed: Sequence[PackedModel]) -> dict[str, bytes]:
    sums = "".join(f"{one.sha256}  {one.file}\n" for one in listed)
    return {"SHA256SUMS": sums.encode(), "about.txt": _about(listed).encode()}


def _sources(records: Sequence[ModelRecord]) -> list[tuple[Path, PackedModel]]:
    """Where each model is, and how it will be listed.  Raises KnownError model.*.  On a file thread."""
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
    about = {} if entry is None else {
        "title": entry.title, "family": entry.family, "licence": entry.licence, "good_for": entry.good_for,
        "weakness": entry.weakness, "source": entry.source,
    }  # fmt: skip
    return PackedModel(
        file=f"models/{slug(record.name)[:50]}-{record.sha256[:12]}.gguf",
        bytes=record.bytes,
        sha256=record.sha256,
        name=record.name,
        source=origin,
        license=str(record.header.get("license") or ""),
        about=about,
    )


def _about(models: Sequence[PackedModel]) -> str:
    """What is in the pack, for people who open it with another program."""
    lines = ["A pack of language models, made by slmdesk. Bring it in with: slmdesk models unpack FILE", ""]
    for one in models:
        lines += [one.name, f"  file: {one.file}", f"  size: {bytes_for_people(one.bytes)}", f"  sha256: {one.sha256}"]
        lines += [f"  licence: {one.about.get('licence') or one.license or 'not named in the file'}"]
        lines += [f"  from: {one.source}"] if one.source else []
        lines += [f"  {one.about[key]}" for key in ("good_for", "weakness") if one.about.get(key)]
        lines.append("")
    return "\n".join(lines)

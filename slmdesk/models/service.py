"""The model library: adds, chooses, checks and removes models.  On the service thread; long work on file threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.files import problem_of as write_problem
from slmdesk.base.lazy import Lazy
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.settings import Settings
from slmdesk.base.types import Json
from slmdesk.gguf.adapter import base_name
from slmdesk.gguf.read import GgufHeader, plain_metadata, read_header
from slmdesk.gguf.speed import active_bytes, step_seconds
from slmdesk.loader.events import ModelsChanged, ModelState, ModelStateChanged
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.adopt import UnlistedFiles, look_for_unadopted
from slmdesk.models.copies import copies_of, published_of, usable
from slmdesk.models.defaults import DefaultsService, DefaultUse, default_in
from slmdesk.models.display_name import name_for
from slmdesk.models.fit import Fit, Pc, fit_file
from slmdesk.models.rename import name_beside
from slmdesk.runtime.events import Noticed, Problem
from slmdesk.runtime.file_io import HashedFile
from slmdesk.runtime.file_thread import on_file_thread, pending_on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

if TYPE_CHECKING:
    from slmdesk.models.importer import ImportEnded, Importer
    from slmdesk.models.verify import Checker, VerifyResult


class ModelInfo(Record):
    name: str
    header: GgufHeader
    metadata: Mapping[str, Json]
    bytes: int


class ModelService(Service):
    _runtime: Runtime
    _importer: Lazy[ModelService, Importer] = Lazy(
        "models.importer:Importer",
        lambda s, new: new(s._runtime, lambda: s.folder, s._store.models.all, s.register),
    )
    _checker: Lazy[ModelService, Checker] = Lazy("models.verify:Checker", lambda s, new: new(s._runtime))

    def __init__(self, runtime: Runtime, loader: ModelLoader, pc: Callable[[], Pc]) -> None:
        super().__init__(runtime)
        self._loader, self._pc = loader, pc
        self._runtime = runtime
        self._chosen = ""
        self._uses = DefaultsService(runtime)
        self._default = runtime.settings.current.model_for_chat
        runtime.settings.listeners.append(self._on_settings)

    # ---- the library

    def list(self) -> list[ModelRecord]:
        """Return all models, including those whose file is missing now, because a folder may come back."""
        return self._store.models.all()

    def present(self) -> Pending[Sequence[ModelRecord]]:
        models = self._store.models.all()
        return pending_on_file_thread(
            self._service_thread,
            lambda: [one for one in models if Path(os.fsdecode(one.path)).is_file()],
            name="present",
        )

    @property
    def folder(self) -> Path:
        chosen = self._settings.current.models_folder
        return Path(chosen) if chosen else self._paths.models

    def choose(self, requested: str | None) -> ModelRecord:
        """Return a model by id, unique prefix or name (an empty string matches none); None: one that can chat.

        For None that is the one chosen here, else the default for chat, the last used, or the only one; instead of a
        copy in another format that is of no use any more the published model.  What is named is never replaced: it may
        be named to be removed.  Raises KnownError `model.none`, `model.unknown` and `model.several`, which name the
        models there are.
        """
        models = self._store.models.all()
        if requested is not None and models:
            return self._store.models.get(requested)
        return usable(self._usual([one for one in models if one.can_chat]), models)

    def _usual(self, known: Sequence[ModelRecord]) -> ModelRecord:
        if not known:
            raise KnownError("model.none")
        for one in known:
            if one.id == self._chosen:
                return one
        if default := default_in(self._settings.current, known, DefaultUse.CHAT):
            return default
        used = [one for one in known if one.last_used is not None]
        if used:
            return max(used, key=lambda one: one.last_used or 0.0)
        if len(known) > 1:
            raise KnownError("model.several", known=", ".join(f"{one.id} {one.name}" for one in known[:20]))
        return known[0]

    def by_sha256(self, sha256: str | None) -> ModelRecord | None:
        return next((one for one in self._store.models.all() if one.sha256 == sha256), None) if sha256 else None

    # ---- the loaded model

    @property
    def state(self) -> ModelStateChanged:
        reported = self._loader.state
        if reported.model is None and not self._store.models.all():
            return ModelStateChanged(ModelState.NONE, None, "")
        return reported

    def use(self, model: str, *, anyway: bool = False) -> ModelRecord:
        """Load a model because a person chose it; it answers from now on.

        `anyway`: even when memory seems too small, which is otherwise reported as `model.out_of_memory`.  Raises
        KnownError `model.unknown`, `model.wrong_kind`.
        """
        record = self._store.models.get(model)
        if not record.can_chat:
            raise KnownError("model.wrong_kind", kind=record.kind)
        self._chosen = record.id
        if anyway:
            self._loader.force_load(record)
        self._loader.choose(record, explicit=True)
        return record

    def force_load(self, record: ModelRecord) -> None:
        """Load this model next time even when memory seems too small."""
        self._loader.force_load(record)

    def try_again(self, model: str) -> ModelRecord:
        """Reset the crash count of a model, because a person named it.

        Raises KnownError `model.unknown`, `model.several`.
        """
        record = self._store.models.get(model)
        self._loader.reset_crashes(record)
        return record

    def warm_up(self) -> None:
        """Load the last used, or only, model automatically at start, unless it crashed too often."""
        try:
            record = self.choose(None)
        except KnownError:
            self._publish(self.state)
            return
        self._loader.choose(record, explicit=False)

    def _on_settings(self, new: Settings) -> None:
        """Another default for chat is a choice: it holds at once, and is loaded where another one was."""
        if new.model_for_chat == self._default:
            return
        self._default, self._chosen = new.model_for_chat, ""
        if new.model_for_chat and self._loader.loaded():
            self.warm_up()

    def unload(self) -> None:
        self._loader.unload()

    def cancel_load(self) -> None:
        """Cancel loading; requests that wait for the model are cancelled."""
        self._loader.cancel_load()

    def require(self, feature: str) -> None:
        """Check that the organisation allows a feature of core.policy.FEATURES.  Raises KnownError `feature.hidden`."""
        self._settings.policy.require(feature)

    # ---- bringing in

    def import_file(self, path: Path, *, link: bool = False, name: str = "") -> Pending[ImportEnded]:
        """Import a model file, by copy or by link.  `name`: instead of the one in its header.

        Reports ImportProgress; the result is an ImportEnded also where it names a problem or was cancelled.  A file
        with a known sha256 returns the existing model.  Any part of a model in parts may be given; the parts are
        joined.  Raises KnownError `feature.hidden`.
        """
        self.require("models.import")
        return self._importer.begin(path, link=link, name=name)

    def adopt(self, *, only_shared: bool = False) -> Pending[int]:
        """Add GGUF files that are in the models folder but not in the library, for example after damage.

        Those of the organisation's folder are linked.  Returns their number; files that are no chat models are left
        alone.  Cancelling stops all imports.
        """
        models = self._store.models.all()
        known = {os.fsdecode(one.path) for one in models}
        twins = {one.info.get("shared_twin") for one in models}
        own, shared = None if only_shared else self.folder, self._settings.policy.models_folder
        adopted: Pending[int] = Pending(self._importer.cancel)
        on_file_thread(
            self._service_thread,
            lambda: look_for_unadopted(own, shared, known, twins),
            lambda found: self._adopt_all(found, adopted),
        )
        return adopted

    def _adopt_all(self, found: UnlistedFiles | Problem, adopted: Pending[int]) -> None:
        problem = found if isinstance(found, Problem) else found.problem
        if isinstance(found, Problem):
            found = UnlistedFiles()
        if problem:
            self._publish(Noticed(problem))
        waiting, taken, shared = len(found.all), 0, {str(path): word for path, word in found.shared.items()}

        def one_ended(event: ImportEnded | Problem) -> None:
            nonlocal waiting, taken
            assert not isinstance(event, Problem), "an import always ends with one"
            waiting, taken = waiting - 1, taken + (event.model is not None)
            if event.model and event.path in shared and os.fsdecode(event.model.path) != event.path:
                # the organisation's is the same as one's own: noted, so that it is not hashed each time
                with suppress(KnownError):  # read-only or full: then it is hashed again next time
                    self._store.models.set_info(event.model.id, shared_twin=shared[event.path])
            if waiting == 0:
                adopted.end(taken)

        for path in found.all:
            self._importer.begin(path, link=path in found.shared).then(one_ended)
        if not found.all:
            adopted.end(0)

    # ---- checking

    def verify(self, models: Sequence[str]) -> Pending[Sequence[VerifyResult]]:
        """Hash the files of `models` (none given: of all) again and compare.  Raises KnownError `model.unknown`.

        Reports (bytes done, bytes in total).  Cancelled, it ends with nothing verified.
        """
        return self._checker.verify(
            [self._store.models.get(one) for one in models] if models else self._store.models.all()
        )

    def fit(self, model_or_file: str, context_tokens: int | None) -> Pending[Fit]:
        path = self.path_of(model_or_file)
        known = next((one for one in self._store.models.all() if one.path == os.fsencode(path)), None)
        requested, pc = context_tokens or self._settings.current.context_tokens, self._pc()
        return pending_on_file_thread(
            self._service_thread, lambda: fit_file(path, requested, pc, sha256=known.sha256 if known else "")
        )

    def info(self, model_or_file: str) -> Pending[ModelInfo]:
        path = self.path_of(model_or_file)

        def work() -> ModelInfo:
            header = read_header(path)
            return ModelInfo(name_for(header, path.stem), header, plain_metadata(header), header.file_bytes)

        return pending_on_file_thread(self._service_thread, work)

    def path_of(self, model_or_file: str) -> Path:
        """Return the file of a model of the library, else `model_or_file` as a path.

        Raises KnownError `model.unknown` for what is neither: a bare word that names no file here.
        """
        try:
            return Path(os.fsdecode(self._store.models.get(model_or_file).path))
        except KnownError:
            path = Path(model_or_file)
            is_word = path.name == model_or_file and path.suffix.lower() != ".gguf"
            if not model_or_file or (is_word and not os.path.lexists(path)):
                raise
            return path

    def remove(self, model: str) -> int:
        """Remove a model and delete its file (a linked one stays); returns the bytes freed.

        The file is only deleted when the record can be: a history that cannot be written loses no model.  Raises
        KnownError `model.unknown`, `file.unwritable`, store.*, `model.shared` for one of the organisation's folder.
        """
        record = self._store.models.get(model)
        shared = self._settings.policy.models_folder
        if shared and record.linked and Path(os.fsdecode(record.path)).parent == Path(shared):
            raise KnownError("model.shared", name=record.name, path=shared)
        freed = sum(map(self._remove_one, (*copies_of(record, self._store.models.all()), record)))
        self._publish(ModelsChanged())
        return freed

    def freed_by_removing(self, model: str) -> int:
        """The bytes that `remove` frees: also of copies in other formats.  Raises KnownError `model.unknown`."""
        record = self._store.models.get(model)
        return sum(one.bytes for one in (*copies_of(record, self._store.models.all()), record) if not one.linked)

    def _remove_one(self, record: ModelRecord) -> int:
        if self._loader.state.model == record.id:
            self._loader.unload()
        freed = 0

        def delete() -> None:
            nonlocal freed
            freed = 0 if record.linked else _delete(Path(os.fsdecode(record.path)))

        self._store.models.remove(record.id, delete)
        heir = published_of(record, self._store.models.all())
        self._uses.forget(record, heir.id if heir.id != record.id else "")
        return freed

    def close(self) -> None:
        """Stop all file threads, and wait a little until they have removed the partial files of imports."""
        for name in ("_checker", "_importer"):
            if name in vars(self):
                getattr(self, name).close()

    # ---- inside

    def register(
        self,
        file: HashedFile,
        header: GgufHeader,
        name: str,
        *,
        linked: bool = False,
        source: str = "file",
        license: str = "",
    ) -> ModelRecord:
        """Add the record of a checked file in its final place, or return the record of a known sha256.

        `license`: where the header names none.  Publishes nothing.  Raises KnownError store.*.
        """
        place = os.fsencode(file.path)
        old = self.by_sha256(file.sha256)
        if old is None:
            shown = _shown(header, license)
            return self._store.models.add(
                name=name_beside(name, str(shown.get("quantization") or ""), self._store.models.all()),
                path=place,
                linked=linked,
                bytes=file.mark.bytes,
                sha256=file.sha256,
                mtime_ns=file.mark.mtime_ns,
                inode=file.mark.inode,
                header=shown,
                source=source,
            )
        if old.path != place and not old.linked and Path(os.fsdecode(old.path)).is_file():
            if not linked:
                file.path.unlink(missing_ok=True)  # the copy we have just made of what is there already
            return old
        return self._store.models.change(
            old.id,
            path=place,
            linked=linked,
            bytes=file.mark.bytes,
            mtime_ns=file.mark.mtime_ns,
            inode=file.mark.inode,
            source=old.source if source == "file" else source,
        )


def _delete(path: Path) -> int:
    """Returns the bytes freed: none where it is gone already.  Raises KnownError `file.unwritable`."""
    try:
        freed = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    except OSError as err:
        raise write_problem(err, path) from err
    return freed


def _shown(header: GgufHeader, license: str) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "kind": header.kind,
        "architecture": header.architecture,
        "quantization": header.quantization,
        "parameters": header.parameters,
        "context_length": header.context_length,
        "has_chat_template": header.has_chat_template,
        "license": header.license or license,
        "active_bytes": active_bytes(header),
        "step_s": step_seconds(header),
    }
    return shown | {"base": base_name(header)} if header.kind == "adapter" else shown

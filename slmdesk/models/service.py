"""The model library: adds, chooses, checks and removes models. Service thread; long work runs on file threads."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.files import problem_of as write_problem
from slmdesk.base.protocol import picked, stored_from
from slmdesk.base.record import Record, changed, field
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import Event, ModelsChanged, ModelState, ModelStateChanged, Noticed, Pending
from slmdesk.base.runtime.file_io import HashedFile, remove_left_overs
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.runtime.service import Runtime, Service, on_file_thread, pending_on_file_thread
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _
from slmdesk.base.types import Device, Json, Lazy, MemoryParts
from slmdesk.base.untrusted import clean_label
from slmdesk.models.gguf import part_of
from slmdesk.models.gguf.header import LISTENERS, GgufHeader, ModelFamily, base_name, names_of, translator_of
from slmdesk.models.gguf.memory import Pace, Speed, active_bytes, estimate_loaded, sensible_context, step_seconds
from slmdesk.models.gguf.read import check_file, read_header, require_chat_model
from slmdesk.models.loader.model_loader import ModelLoader

if TYPE_CHECKING:
    from slmdesk.models.importer import Checker, ImportEnded, Importer, VerifyResult


class ModelService(Service):
    _runtime: Runtime
    _importer: Lazy[ModelService, Importer] = Lazy(
        "models.importer:Importer", lambda s, new: new(s._runtime, lambda: s.folder, s._store.models.all, s.register)
    )
    _checker: Lazy[ModelService, Checker] = Lazy("models.importer:Checker", lambda s, new: new(s._runtime))

    def __init__(self, runtime: Runtime, loader: ModelLoader) -> None:
        super().__init__(runtime)
        self._loader = loader
        self._runtime = runtime
        self._chosen = ""
        self._uses = DefaultsService(runtime)
        self._default = runtime.settings.current.model_for_chat
        runtime.settings.listeners.append(self._on_settings)

    def list(self) -> list[ModelRecord]:
        """Return all models, including those whose file is missing now. Their folder may come back."""
        return self._store.models.all()

    @property
    def has_others(self) -> bool:
        """Whether a model beside the starter is listed. If not, those in the folder are of a history before."""
        return not all(map(is_starter, self._store.models.all()))

    @property
    def folder(self) -> Path:
        chosen = self._settings.current.models_folder
        return Path(chosen) if chosen else self._paths.models

    def keep_in(self, folder: Path) -> Pending[None]:
        """Keep models that are added from now on in this folder. Those that are here stay where they are.

        Ends with a Problem if the folder cannot be used. Raises KnownError `setting.managed`.
        """
        setting, shared = "" if folder == self._paths.models else str(folder), self._settings.policy.models_folder
        self._settings.policy.refuse("models_folder", setting)
        from slmdesk.models.folder import make_ready  # asked for by few starts, so import it only here

        if shared and folder.is_relative_to(shared):
            raise KnownError("setting.managed", key="models.folder")
        made = pending_on_file_thread(self._service_thread, lambda: make_ready(folder), name="models-folder")
        return made.map(lambda _none: self._keep_in(setting))

    def _keep_in(self, setting: str) -> None:
        self._settings.change(models_folder=setting)

    def find_moved(self) -> None:
        """Find the models of a move of their folder that an older version began where they are. No file is changed."""
        from slmdesk.models.folder import found_again, read_journal  # asked for by few starts, so import it only here

        journal = self._paths.models_move_file
        paths = {model.id: os.fsdecode(model.path) for model in self._store.models.all()}
        places, is_whole = found_again(read_journal(journal), paths)
        if places:
            self._store.models.relocate(places)
            self._publish(ModelsChanged())
        if is_whole:
            with suppress(OSError):
                journal.unlink()

    def choose(self, requested: str | None) -> ModelRecord:
        """Return the model with this id or name, or the only one that begins so. It is never replaced by another, and
        '' matches none.

        For None, return the model chosen in this session, else the default for chat, else the last used, else the only
        one. A model made for translation is taken only if there is no other. A copy that cannot be used here is then
        replaced by its published model. Raises KnownError `model.none`, `model.unknown`, `model.several`.
        """
        models = self._store.models.all()
        if requested is not None and models:
            return self._store.models.get(requested)
        chosen = [model for model in models if model.id == self._chosen]
        return usable(self._usual(chosen or for_chat(models)), models)

    def _usual(self, known: Sequence[ModelRecord]) -> ModelRecord:
        if not known:
            raise KnownError("model.none")
        if chosen := next((model for model in known if model.id == self._chosen), None):
            return chosen
        if default := default_in(self._settings.current, known, DefaultUse.CHAT):
            return default
        used = [model for model in known if model.last_used is not None]
        if used := [model for model in used if not is_starter(model) or model.info.get(CHOSEN)] or used:
            return max(used, key=lambda model: model.last_used or 0.0)
        if len(known) > 1:
            raise KnownError("model.several", known=", ".join(f"{model.id} {model.name}" for model in known[:20]))
        return known[0]

    def sees(self, record: ModelRecord) -> bool:
        """Return whether this model can be shown pictures: its projector is in the library."""
        return bool(self._loader.projector_of(record))

    def by_sha256(self, sha256: str | None) -> ModelRecord | None:
        return next((model for model in self._store.models.all() if model.sha256 == sha256), None) if sha256 else None

    @property
    def state(self) -> ModelStateChanged:
        reported = self._loader.state
        if reported.model is None and not self._store.models.all():
            return ModelStateChanged(ModelState.NONE, None, "")
        return reported

    def use(self, model: str, *, anyway: bool = False) -> ModelRecord:
        """Choose a model, because a person did. It answers from now on.

        With `anyway`, it is loaded even if memory seems too small; without, that ends in `model.out_of_memory`. Raises
        KnownError `model.unknown`, `model.wrong_kind`.
        """
        record = able(self._store.models.get(model))
        is_choice = len(for_chat(self._store.models.all())) > 1
        self._chosen = record.id if is_choice else ""
        if is_choice and is_starter(record):
            with suppress(KnownError):  # read-only or full: it holds until the program ends
                self._store.models.set_info(record.id, **{CHOSEN: True})
                self._store.models.change(record.id, last_used=time.time())
        if anyway:
            self._loader.force_load(record)
        self._loader.choose(record, explicit=True)
        return record

    def force_load(self, record: ModelRecord) -> None:
        self._loader.force_load(record)

    def try_again(self, model: str) -> ModelRecord:
        """Forget that the model crashed: a person named it. Raises KnownError `model.unknown`, `model.several`."""
        record = self._store.models.get(model)
        self._loader.reset_crashes(record)
        return record

    def warm_up(self) -> None:
        """Load the usual model (`choose(None)`) at the start, unless it crashed too often."""
        try:
            record = self.choose(None)
        except KnownError:
            self._publish(self.state)
            return
        self._loader.choose(record, explicit=False)

    def _on_settings(self, new: Settings) -> None:
        """Switch to a new default for chat at once. It is loaded if another model was loaded."""
        if new.model_for_chat == self._default:
            return
        self._default, self._chosen = new.model_for_chat, ""
        if new.model_for_chat and self._loader.loaded():
            self.warm_up()

    def step_up(self) -> ModelRecord | None:
        """Load what has taken the starter's place, if the starter is in use. Return it, or None. Answers being written
        are finished first.
        """
        models = self._store.models.all()
        used = next((model for model in models if model.id == self._loader.state.model), None)
        if used is None or not is_starter(used):
            return None
        better = self._usual(for_chat(models))
        if is_starter(better):
            return None
        self._loader.choose(better, explicit=False)
        return better

    def unload(self) -> None:
        self._loader.unload()

    def cancel_load(self) -> None:
        self._loader.cancel_load()

    def import_file(self, path: Path, *, link: bool = False, name: str = "") -> Pending[ImportEnded]:
        """Add a file by copying or linking it. Reports ImportProgress and always ends with an ImportEnded.

        `name` replaces the name in the header. For a model in parts, `path` may be any part. Raises KnownError
        `feature.hidden`.
        """
        self._settings.policy.require("models.import")
        return self._importer.begin(path, link=link, name=name)

    def adopt(self, *, only_shared: bool = False) -> Pending[int]:
        """Add the models that lie in the models folder but are not in the library. Models in the organisation's folder
        are linked.

        The result is the number of added models. Cancelling stops all imports.
        """
        models = self._store.models.all()
        known = {os.fsdecode(model.path) for model in models}
        twins = {model.info.get("shared_twin") for model in models}
        own, shared = None if only_shared else self.folder, self._settings.policy.models_folder
        adopted: Pending[int] = Pending(lambda: self._importer.cancel())
        on_file_thread(
            self._service_thread,
            lambda: look_for_unadopted(own, shared, known, twins),
            lambda unlisted: self._adopt_all(unlisted, adopted),
        )
        return adopted

    def _adopt_all(self, unlisted: UnlistedFiles | Problem, adopted: Pending[int]) -> None:
        problem = unlisted if isinstance(unlisted, Problem) else unlisted.problem
        if isinstance(unlisted, Problem):
            unlisted = UnlistedFiles()
        if problem:
            self._publish(Noticed(problem))
        waiting = len(unlisted.all)
        taken = 0
        shared = {str(path): word for path, word in unlisted.shared.items()}

        def one_ended(event: ImportEnded | Problem) -> None:
            nonlocal waiting, taken
            assert not isinstance(event, Problem), "an import always ends with one"
            waiting -= 1
            if event.model is not None:
                taken += 1
            if event.model and event.path in shared and os.fsdecode(event.model.path) != event.path:
                # the shared file equals a model of the person: note that, so that it is not hashed each time
                with suppress(KnownError):  # read-only or full: the file is then hashed again next time
                    self._store.models.set_info(event.model.id, shared_twin=shared[event.path])
            if waiting == 0:
                adopted.end(taken)

        for path in unlisted.all:
            self._importer.begin(path, link=path in unlisted.shared).then(one_ended)
        if not unlisted.all:
            adopted.end(0)

    def verify(self, models: Sequence[str]) -> Pending[Sequence[VerifyResult]]:
        """Compare the files of these models with their checksums; without names, all. Reports (bytes done, total
        bytes).

        If cancelled, the result is empty. Raises `model.unknown`.
        """
        return self._checker.verify(
            [self._store.models.get(model) for model in models] if models else self._store.models.all()
        )

    def info(self, model_or_file: str) -> Pending[GgufHeader]:
        path = self.path_of(model_or_file)
        return pending_on_file_thread(self._service_thread, lambda: read_header(path))

    def path_of(self, model_or_file: str) -> Path:
        """Return a model's file or `model_or_file` as a path. Raises `model.unknown` if a plain word names neither."""
        try:
            return Path(os.fsdecode(self._store.models.get(model_or_file).path))
        except KnownError:
            path = Path(model_or_file)
            is_word = path.name == model_or_file and path.suffix.lower() != ".gguf"
            if not model_or_file or (is_word and not os.path.lexists(path)):
                raise
            return path

    def owns(self, record: ModelRecord) -> bool:
        """Tell whether the file of a model is deleted with it: it was copied in or downloaded, and is a model file in a
        folder of slmdesk.
        """
        from slmdesk.models.folder import is_own_file

        folders = (self.folder, self._paths.models)
        return not record.linked and is_own_file(Path(os.fsdecode(record.path)), record.sha256, folders)

    def remove(self, model: str) -> int:
        """Remove a model and its copies in other formats from the library. Return the bytes freed.

        Their files are deleted too, but a linked file stays, and so does one that is no model of ours (Noticed
        `model.file_kept`). Raises KnownError `model.unknown`, `file.unwritable`,
        store.*, `model.shared`.
        """
        record = self._store.models.get(model)
        shared = self._settings.policy.models_folder
        if shared and record.linked and Path(os.fsdecode(record.path)).parent == Path(shared):
            raise KnownError("model.shared", name=record.name, path=shared)
        freed = sum(map(self._remove_one, (*copies_of(record, self._store.models.all()), record)))
        self._publish(ModelsChanged())
        return freed

    def freed_by_removing(self, model: str) -> int:
        """Return the bytes that `remove` would free, copies included. Raises KnownError `model.unknown`."""
        record = self._store.models.get(model)
        return sum(model.bytes for model in (*copies_of(record, self._store.models.all()), record) if self.owns(model))

    def _remove_one(self, record: ModelRecord) -> int:
        if self._loader.state.model == record.id:
            self._loader.unload()
        freed, path, is_ours = 0, Path(os.fsdecode(record.path)), self.owns(record)

        def delete() -> None:
            nonlocal freed
            freed = _delete(path) if is_ours else 0

        self._store.models.remove(record.id, delete)
        if not (is_ours or record.linked) and os.path.lexists(path):
            kept = KnownError("model.file_kept", name=record.name, path=str(path))
            self._publish(Noticed(problem_for(kept)))
        heir = published_of(record, self._store.models.all())
        self._uses.forget(record, heir.id if heir.id != record.id else "")
        return freed

    def rename(self, model: str, name: str) -> ModelRecord:
        """Rename a model but not its file. Raises `model.unknown`, `model.name_taken`, `request.invalid` (empty)."""
        record = self._store.models.get(model)
        label = clean_label(name, MAX_NAME)
        if not label:
            raise KnownError("request.invalid", what=_("the name is empty"))
        if other := holder_of(label, (model for model in self._store.models.all() if model.id != record.id)):
            raise KnownError("model.name_taken", name=label, id=other.id)
        if label == record.name:
            return record
        changed = self._store.models.change(record.id, name=label)
        self._publish(ModelsChanged())
        return changed

    def close(self) -> None:
        """Stop all file threads, and wait a little until they have removed the partial files of imports."""
        for name in ("_checker", "_importer"):
            if name in vars(self):
                getattr(self, name).close()

    def register(
        self, file: HashedFile, header: GgufHeader, name: str, *,
        linked: bool = False, source: str = "file", license: str = "",
    ) -> ModelRecord:  # fmt: skip
        """Add a checked file, already in its final folder, to the library and return its record. Publishes no event.

        The starter gives way to the first model that is added. If the library has a model with this sha256, its record
        is returned, changed where necessary. Raises store.*.
        """
        place = os.fsencode(file.path)
        old = self.by_sha256(file.sha256)
        file_mark = picked(file.mark, "bytes", "mtime_ns", "inode")
        if old is None:
            shown = _shown(header, license)
            known = self._store.models.all()
            name = name_beside(name, str(shown.get("quantization") or ""), known)
            return self._store.models.add(
                name=name, path=place, linked=linked, sha256=file.sha256, header=shown, source=source, **file_mark,
                last_used=time.time() if self._takes_over(header, known) else None,
            )  # fmt: skip
        if old.path != place and not old.linked and Path(os.fsdecode(old.path)).is_file():
            if not linked:
                file.path.unlink(missing_ok=True)  # the copy just made of a model that is there already
            return old
        source = old.source if source == "file" else source
        return self._store.models.change(old.id, path=place, linked=linked, source=source, **file_mark)

    @staticmethod
    def _takes_over(header: GgufHeader, known: Sequence[ModelRecord]) -> bool:
        """Return whether a new model is used from now on: until now there was the starter alone, and it fits."""
        chatting = for_chat(known)
        if header.kind != "model" or translator_of(header.architecture, names_of(header)) or not chatting:
            return False
        return all(map(is_starter, chatting)) and fit_by_size(header.file_bytes, available_bytes()) != "too_large"


def _delete(path: Path) -> int:
    """Delete the file and return the bytes freed: 0 if it was gone already. Raises KnownError `file.unwritable`."""
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
        **picked(header, "kind", "architecture", "quantization", "parameters", "context_length", "has_chat_template"),
        "license": header.license or license,
        "active_bytes": active_bytes(header),
        "step_s": step_seconds(header),
        "names": clean_label(names_of(header), 3 * MAX_NAME),
    }
    if header.kind == "projector":
        from slmdesk.models.gguf.projectors import facts_of

        return shown | facts_of(header)
    shown |= {"embedding_length": header.embedding_length}
    return shown | {"base": base_name(header)} if header.kind == "adapter" else shown


COMFORTABLE = 0.8
"""Fraction of the free memory up to which a model "fits". Above it, memory is "tight"."""
CARD_SHARE = 0.9
"""Fraction of a graphics card's memory that models may use. The screen and other programs need the rest."""
MOST_BYTES = 5_000_000_000
"""Size up to which a model is offered first: nobody waits an hour for the first right answer."""


class Fit(Record):
    """Estimate made before loading. `verdict` is 'fits', 'tight' or 'too_large'."""

    verdict: str
    memory: MemoryParts
    available_bytes: int
    context_tokens: int
    speed: Speed | None = None
    """Expected speed; None if this PC was not measured yet."""
    device: str = ""
    """Name of the graphics card that can hold the whole model. `available_bytes` is then its memory. Empty: the model
    runs in the PC's own memory.
    """


class Pc(Record):
    available_bytes: int
    pace: Pace = field(default_factory=Pace)
    devices: tuple[Device, ...] = ()
    total_bytes: int = 0
    """Memory of the PC, as the system reports it."""

    @property
    def best_bytes(self) -> int:
        return max(self.available_bytes, *(round(device.memory_bytes * CARD_SHARE) for device in self.devices), 0)


def available_bytes() -> int:
    """Return the bytes of memory that a new process can have without swapping."""
    import psutil  # 17 ms

    return int(psutil.virtual_memory().available)


def total_bytes() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def fit_header(header: GgufHeader, context_tokens: int, pc: Pc, *, sha256: str = "") -> Fit:
    """Estimate whether a model fits, with as much of `context_tokens` as memory allows. A graphics card is preferred if
    the whole model fits on it.

    `sha256` finds the speed that was measured for this model.
    """
    fit = _fit_into(header, context_tokens, pc.available_bytes)
    for device in sorted(pc.devices, key=lambda device: -device.memory_bytes):
        on_card = _fit_into(header, context_tokens, round(device.memory_bytes * CARD_SHARE))
        if on_card.verdict == "fits":
            fit = changed(on_card, device=device.name)
            break
    return changed(fit, speed=pc.pace.of_header(header, sha256=sha256))


def _fit_into(header: GgufHeader, context_tokens: int, available: int) -> Fit:
    context = sensible_context(header, context_tokens, available)
    memory = estimate_loaded(header, context_tokens=context, available_bytes=available)
    verdict = "fits" if memory.total <= COMFORTABLE * available else "tight"
    if memory.total > available:
        verdict = "too_large"
    return Fit(verdict, memory, available, context)


def fit_file(path: Path, context_tokens: int, pc: Pc, *, sha256: str = "") -> Fit:
    """Read a file's header and estimate if the model fits. Any thread but the window's. Raises KnownError `model.…`."""
    header = check_file(path)
    require_chat_model(header)
    return fit_header(header, context_tokens, pc, sha256=sha256)


_BESIDE_WEIGHTS = 1.1, 200 << 20
"""Factor and bytes that turn a model file's size into the memory for a chat of usual length: size * factor + bytes."""


def fit_by_size(size: int, available: int) -> str:
    """Return the verdict for a model of which only the size in bytes is known; "unknown" for 0."""
    times, plus = _BESIDE_WEIGHTS
    needed = size * times + plus
    if not size:
        return "unknown"
    if needed > available:
        return "too_large"
    return "fits" if needed <= COMFORTABLE * available else "tight"


def weights_budget(available: int) -> int:
    """Return how many bytes a model's weights may have if `available` bytes of memory are free. The context and the
    program need the rest.
    """
    times, plus = _BESIDE_WEIGHTS
    return max(0, round((available * COMFORTABLE - plus) / times))


class DefaultUse(StrEnum):
    CHAT = "chat"
    SUMMARIZE = "summarize"
    TRANSLATE = "translate"
    EMBED = "embed"
    TRANSCRIBE = "transcribe"


WORDS: Mapping[DefaultUse, str] = {
    DefaultUse.CHAT: _("chat"),
    DefaultUse.SUMMARIZE: _("summaries"),
    DefaultUse.TRANSLATE: _("translation"),
    DefaultUse.EMBED: _("finding passages"),
    DefaultUse.TRANSCRIBE: _("dictation and recordings"),
}
SETTING: Mapping[DefaultUse, str] = {
    DefaultUse.CHAT: "model_for_chat",
    DefaultUse.SUMMARIZE: "model_for_summaries",
    DefaultUse.TRANSLATE: "model_for_translation",
    DefaultUse.EMBED: "model_for_embedding",
}
"""That of speech is marked in its record: it has no setting."""
_HEARS = "hears"


def can_do(record: ModelRecord, use: DefaultUse) -> bool:
    if use is DefaultUse.EMBED:
        return record.kind == "encoder"
    if use is DefaultUse.TRANSCRIBE:
        return record.kind in LISTENERS
    return record.can_chat and (use is DefaultUse.TRANSLATE or translator_family(record) is None)


STARTER_NAME, STARTER_MOST = "smollm2", 200_000_000
"""How the name of the starter begins, and more parameters than it has: larger models of that family do work."""
STARTER = _(
    "{name} chats in English only, and is often wrong. From documents it shows passages and what rules find; it writes "
    "no summary and no answer, and its translations are of no use."
)
CHOSEN = "chosen"
"""Key in the info of a starter that a person has chosen before others. Its use counts only then: it is loaded where
nothing else is there, also while a better model arrives.
"""


def is_starter(record: ModelRecord) -> bool:
    parameters = record.header.get("parameters")
    is_small = isinstance(parameters, int) and parameters < STARTER_MOST
    return is_small and record.name.casefold().startswith(STARTER_NAME)


def able(record: ModelRecord) -> ModelRecord:
    """Return the model if it can generate text. Raises KnownError `model.wrong_kind`."""
    if not record.can_chat:
        raise KnownError("model.wrong_kind", kind=record.kind)
    return record


def for_chat(models: Sequence[ModelRecord]) -> list[ModelRecord]:
    """Return the models that answer when none is named: those made for translation only if there are no others."""
    chatting = [model for model in models if model.can_chat]
    return [model for model in chatting if can_do(model, DefaultUse.CHAT)] or chatting


def translator_family(record: ModelRecord) -> ModelFamily | None:
    """Return the family of a model made for translation, or None. Older records have no names but their own."""
    header = record.header
    return translator_of(str(header.get("architecture") or ""), str(header.get("names") or record.name))


def translator_words(record: ModelRecord) -> str:
    if translator_family(record) is None:
        return ""
    return _("Made for translation alone: it answers everything else badly.")


def default_in(settings: Settings, models: Sequence[ModelRecord], use: DefaultUse) -> ModelRecord | None:
    return next((model for model in models if use in uses_in(settings, model)), None)


def uses_in(settings: Settings, record: ModelRecord) -> tuple[DefaultUse, ...]:
    return tuple(use for use in DefaultUse if _is_chosen(settings, record, use) and can_do(record, use))


def _is_chosen(settings: Settings, record: ModelRecord, use: DefaultUse) -> bool:
    if use is DefaultUse.TRANSCRIBE:
        return bool(record.info.get(_HEARS))
    return bool(getattr(settings, SETTING[use]) == record.id)


class DefaultsService(Service):
    def default(self, use: DefaultUse) -> ModelRecord | None:
        models = self._store.models.all()
        model = default_in(self._settings.current, models, use)
        return usable(model, models) if model else None

    def uses_of(self, model: str) -> tuple[DefaultUse, ...]:
        return uses_in(self._settings.current, self._store.models.get(model))

    def set_default(self, use: DefaultUse, model: str | None) -> ModelRecord | None:
        """Set the default model for a use. None: the last used model again. Raises KnownError `model.unknown`,
        `model.wrong_job`, `setting.managed`, …
        """
        record = self._store.models.get(model) if model else None
        if record and not can_do(record, use):
            raise KnownError("model.wrong_job", name=record.name, job=WORDS[use])
        if use is DefaultUse.TRANSCRIBE:
            self._mark_listener(record)
        else:
            self._settings.change(**{SETTING[use]: record.id if record else ""})
        return record

    def _mark_listener(self, record: ModelRecord | None) -> None:
        for model in self._store.models.all():
            is_chosen = record is not None and model.id == record.id
            if is_chosen != bool(model.info.get(_HEARS)):
                self._store.models.set_info(model.id, **{_HEARS: is_chosen or None})
        self._publish(ModelsChanged())

    def forget(self, record: ModelRecord, heir: str = "") -> None:
        """Clear the defaults that name a removed model, or set them to the model with the id `heir`. Settings that the
        organisation manages stay as they are.
        """
        managed = self._settings.policy.managed
        settings = (SETTING[use] for use in uses_in(self._settings.current, record) if use in SETTING)
        gone = {name: heir for name in settings if name not in managed}
        if gone:
            self._settings.change(**gone)


def lost_words(uses: Sequence[DefaultUse]) -> str:
    words = [WORDS[use] for use in uses if use in SETTING]
    if not words:
        return ""
    jobs = words[0] if len(words) == 1 else _("{names} and {word}").format(names=", ".join(words[:-1]), word=words[-1])
    return _("It was the default for {jobs}; the last used model takes its place.").format(jobs=jobs)


def holder_of(name: str, models: Iterable[ModelRecord]) -> ModelRecord | None:
    """Return the model that a person means by `name`: its name or the start of its id. None if there is none."""
    requested = name.casefold()
    return next((model for model in models if model.name.casefold() == requested or model.id.startswith(name)), None)


def name_beside(name: str, quantization: str, models: Iterable[ModelRecord]) -> str:
    """Return a name that no other model has. If `name` is taken, add the quantization, and if necessary a number."""
    known = tuple(models)
    if quantization and holder_of(name, known):
        name = f"{name[: MAX_NAME - len(quantization) - 7]} {quantization}"
    return free_name(name, known)


def free_name(name: str, models: Iterable[ModelRecord]) -> str:
    known = tuple(models)
    label, number = name, 2
    while holder_of(label, known):
        label, number = f"{name[: MAX_NAME - 6]} ({number})", number + 1
    return label


class UnlistedFiles(Record):
    own: tuple[Path, ...] = ()
    shared: Mapping[Path, str] = field(default_factory=dict)
    """Files in the organisation's folder. The value is a text that changes when the file changes."""
    problem: Problem | None = None
    """Why the organisation's folder could not be read."""

    @property
    def all(self) -> tuple[Path, ...]:
        return (*self.own, *self.shared)


def look_for_unadopted(
    own: Path | None, shared: str, known: Collection[str], twins: Collection[object]
) -> UnlistedFiles:
    """Return the model files in both folders that the library does not list in `known`.

    Shared files that equal a model of the person are noted in `twins` and left out. Models in parts are left out too,
    since a person must ask for them.
    """
    mine: tuple[Path, ...] = ()
    if own is not None:
        with suppress(OSError):  # the folder's disk is missing: each of its models is shown as missing
            unlisted = tuple(
                path for path in sorted(own.glob("*.gguf")) if str(path) not in known and not part_of(path)
            )
            remove_left_overs(own)
            mine = unlisted
    if not shared:
        return UnlistedFiles(mine)
    try:
        names = [
            path for path in sorted(Path(shared).iterdir()) if path.suffix.lower() == ".gguf" and not part_of(path)
        ]
        words = {name: f"{name.stat().st_mtime_ns} {name}" for name in names if str(name) not in known}
    except OSError as err:
        error = KnownError("file.unreadable", path=shared, reason=err.strerror or _("it is away"))
        return UnlistedFiles(mine, problem=problem_for(error))
    return UnlistedFiles(mine, {path: word for path, word in words.items() if word not in twins})


COPY = "copy"
"""Key in the info of a model that was converted here. The value is a CopyOrigin."""
SOURCE = "made"
"""Value of `source` in the record of a model whose file was made on this PC."""


class CopyOrigin(Record):
    model: str
    """Id of the published model from which the copy was made."""
    sha256: str
    format: str
    library: str
    hardware: str
    left_out: tuple[int, ...] = ()


def origin_of(record: ModelRecord) -> CopyOrigin | None:
    return stored_from(CopyOrigin, record.info.get(COPY))


def copies_of(record: ModelRecord, models: Sequence[ModelRecord]) -> list[ModelRecord]:
    return [model for model in models if (origin := origin_of(model)) and origin.model == record.id]


def published_of(record: ModelRecord, models: Sequence[ModelRecord]) -> ModelRecord:
    """Return the published model a copy was made from, or the record itself if it is no copy or that model is gone."""
    origin = origin_of(record)
    return next((model for model in models if origin and model.id == origin.model), record)


def used_of(models: Sequence[ModelRecord], defaults: Collection[str]) -> ModelRecord:
    """Return the one in use among a model and its copies: one that is a default for some use, else the last used."""
    return max(models, key=lambda model: (model.id in defaults, model.last_used or 0.0))


def is_for_this_pc(record: ModelRecord) -> bool:
    """Return whether a copy was made on this PC. On another PC the published model is used instead."""
    from slmdesk.models.loader.model_loader import hardware_key

    origin = origin_of(record)
    return origin is None or origin.hardware == hardware_key()


def usable(record: ModelRecord, models: Sequence[ModelRecord]) -> ModelRecord:
    """Return the record, or its published model if it is a copy whose file is gone, changed or made for another PC."""
    if origin_of(record) is None or (is_for_this_pc(record) and _is_whole(record)):
        return record
    return published_of(record, models)


def _is_whole(record: ModelRecord) -> bool:
    try:
        info = Path(os.fsdecode(record.path)).stat()
    except OSError:
        return False
    return (info.st_size, info.st_mtime_ns) == (record.bytes, record.mtime_ns)


MAX_NAME = 120
_QUANTIZATION = re.compile(r"[-._ ](?:i1-)?(?:UD-)?(?:I?Q\d\w*|F16|F32|BF16|MXFP4\w*)$", re.IGNORECASE)

_OUR_END = re.compile(r"-[0-9a-f]{12}$")
"""What the program puts behind the name of a file that it keeps (see `base.runtime.file_io.file_name`)."""


def name_for(header: GgufHeader, stem: str) -> str:
    """Return the name of a model from its header, or from its file name `stem` if that says more.

    The file name without its quantization says more if it has all words of the header's basename and size, and another
    word. Converters fill `general.name` from a folder, which gives names such as "Smollm2 135M 8k Lc100K Mix1 Ep2".
    """
    file_name = clean_label(_QUANTIZATION.sub("", _OUR_END.sub("", stem)), MAX_NAME)
    if not header.name:
        return file_name
    parts = [header.metadata.get(key) for key in ("general.basename", "general.size_label")]
    known = {word for part in parts if isinstance(part, str) for word in _words(part)}
    of_file, of_header = _words(file_name), _words(header.name)
    says_more = bool(known) and known <= of_file and not of_file <= of_header
    return file_name if says_more else header.name


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text.casefold()))


class PaceChanged(Event):
    """Event: the estimate of this PC's speed has changed, so the speeds shown for models may be outdated."""

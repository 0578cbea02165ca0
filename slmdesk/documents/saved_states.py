"""Manage the saved model states of documents and chats on the disk, so that a model need not read them again another
day.

Service thread. The engine child writes and checks the files (tasks.states). This service says which states to save, and
deletes states together with their document or chat. A missing or invalid state only costs time.

If the history is encrypted, each state has a key of its own, which is sent to the engine with the job. The file's name,
a checksum of what was read, then also depends on a secret. So nobody can tell from the name whether a known text was
read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, messages_to_json
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import DocumentChanged, DocumentGone, ModelsChanged, Pending
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import Later, Runtime, Service, on_file_thread, pending_on_file_thread
from slmdesk.base.saved_states import (
    UNFINISHED_S,
    StateHead,
    make_space,
    path_of,
    remove_states,
    remove_unfinished,
    remove_unsealed,
    states_in,
)
from slmdesk.base.settings import Settings
from slmdesk.base.types import ChatMessage, Json
from slmdesk.models.loader.model_loader import ModelLoader

log = logging.getLogger(__name__)

WORTH_S = 1.0
"""Seconds of reading above which a state is worth saving."""
AGAIN_S = 1.0
"""Seconds between two checks whether the model is free, while saving waits for an answer to end."""
PATIENCE_S = 60.0
"""Seconds after which a state is not saved any more, because the model was always busy."""
SWEEP_S = 10.0


class SavedStates(Record):
    files: int
    bytes: int


@dataclass(slots=True, eq=False)
class _Saving:
    record: ModelRecord
    turns: tuple[ChatMessage, ...]
    key: str
    owners: tuple[str, ...]
    replaces: bool
    until: float
    later: Later | None = None
    is_requested: bool = True


class StateService(Service):
    """Saves, finds and deletes states. A state is deleted when its document, chat or model was deleted or changed."""

    def __init__(
        self, runtime: Runtime, loader: ModelLoader, key_for: Callable[[str], bytes] = lambda _purpose: b""
    ) -> None:
        """`key_for` returns the key for a purpose: 32 bytes, or an empty value if the history is not encrypted."""
        super().__init__(runtime)
        self._loader, self._key_for = loader, key_for
        self._folder = runtime.paths.states
        self._saving: list[_Saving] = []
        self._quiet: list[Pending[None]] = []
        self._models: frozenset[str] | None = None
        self._most = runtime.settings.current.saved_states_mib
        runtime.settings.listeners.append(self._on_settings)
        runtime.events.on(DocumentGone, self._on_document_gone)
        runtime.events.on(DocumentChanged, self._on_document_changed)
        runtime.events.on(ModelsChanged, self._on_models_changed)
        self._sweep: Later | None = None
        if self._keeps:
            self._sweep = runtime.service_thread.call_later(SWEEP_S, self._sweep_up)

    @property
    def _keeps(self) -> bool:
        return self._store.is_kept and not self._store.read_only

    def known(self, record: ModelRecord, turns: Sequence[ChatMessage], version: str) -> dict[str, Json] | None:
        key = self._name(record, turns, version)
        path = path_of(self._folder, key)
        if not self._most or not path.is_file():
            return None
        return {"path": str(path), "model": record.sha256, **self._seal(key)}

    def keep(
        self,
        record: ModelRecord,
        turns: Sequence[ChatMessage],
        version: str,
        owners: Sequence[str],
        *,
        replaces: bool = False,
    ) -> None:
        """Save the state of the loaded model, which has just read `turns`, as soon as no answer is waiting.

        `version` is the version of the prompt. `owners` are ids of the documents or of the chat. `replaces` deletes
        other states of the same owners. A failure is not reported, because a state only saves time.
        """
        if not self._most or not self._keeps:
            return
        key = self._name(record, turns, version)
        if any(saving.key == key for saving in self._saving):
            return
        saving = _Saving(record, tuple(turns), key, tuple(owners), replaces, time.monotonic() + PATIENCE_S)
        self._saving.append(saving)
        self._begin(saving)

    def when_quiet(self) -> Pending[None]:
        pending: Pending[None] = Pending()
        self._quiet.append(pending)
        self._end_quiet()
        return pending

    def _begin(self, saving: _Saving) -> None:
        saving.later = None
        loaded = self._loader.loaded()
        if (
            not saving.is_requested
            or loaded is None
            or loaded[0].id != saving.record.id
            or time.monotonic() > saving.until
        ):
            self._end(saving)
            return
        if self._loader.is_busy:
            saving.later = self._service_thread.call_later(AGAIN_S, lambda: self._begin(saving))
            return
        payload: dict[str, Json] = {
            "messages": messages_to_json(saving.turns),
            "folder": str(self._folder),
            "key": saving.key,
            "model": saving.record.sha256,
            "documents": list(saving.owners),
            "most_bytes": self._most << 20,
            **self._seal(saving.key),
        }

        def on_event(event: FromChild) -> None:
            if isinstance(event, Done | Failed | Cancelled):
                self._saved(saving, event)

        self._loader.acquire(
            saving.record,
            lambda lease: lease.start("save_state", payload, on_event, priority="background"),
            lambda _problem: self._end(saving),
            loads=False,
        )

    def _saved(self, saving: _Saving, event: Done | Failed | Cancelled) -> None:
        if saving not in self._saving:
            return
        if isinstance(event, Failed):
            log.info("a state was not saved: %s", event.code)
        if not saving.is_requested or not self._most or not all(map(self._is_there, saving.owners)):
            with suppress(OSError):
                path_of(self._folder, saving.key).unlink(missing_ok=True)
        elif saving.replaces and isinstance(event, Done):
            with suppress(KnownError):
                remove_states(self._folder, lambda head: head.key == saving.key or head.documents != saving.owners)
        self._end(saving)

    def _name(self, record: ModelRecord, turns: Sequence[ChatMessage], version: str) -> str:
        shape: Mapping[str, Json] = {"model": record.sha256, "prompt": version, "turns": messages_to_json(turns)}
        untold = json.dumps(shape, sort_keys=True).encode("utf-8", "surrogatepass")
        secret = self._key_for("state names")
        made = hmac.new(secret, untold, hashlib.sha256) if secret else hashlib.sha256(untold)
        return made.hexdigest()[:40]

    def _seal(self, name: str) -> dict[str, Json]:
        key = self._key_for(f"state:{name}")
        return {"seal": key.hex()} if key else {}

    def _end(self, saving: _Saving) -> None:
        self._saving.remove(saving)
        self._end_quiet()

    def _end_quiet(self) -> None:
        if not self._saving:
            waiting, self._quiet = self._quiet, []
            for pending in waiting:
                pending.end(None)

    def size(self) -> Pending[SavedStates]:
        return pending_on_file_thread(self._service_thread, self._counted, name="saved-states")

    def forget(self, owners: Collection[str]) -> None:
        """Delete the states of these documents and chats, also states just being written. Raises KnownError."""
        gone = frozenset(owners)
        if gone and self._store.is_kept:
            for saving in self._saving:
                saving.is_requested = saving.is_requested and gone.isdisjoint(saving.owners)
            remove_unfinished(self._folder)
            remove_states(self._folder, lambda head: gone.isdisjoint(head.documents))

    def forget_all(self) -> None:
        """Delete all states.  Raises KnownError `file.unwritable`."""
        for saving in self._saving:
            saving.is_requested = False
        remove_unfinished(self._folder)
        remove_states(self._folder, lambda _head: False)

    def close(self) -> None:
        if self._sweep:
            self._sweep.cancel()
        for saving in self._saving:
            if saving.later:
                saving.later.cancel()
        self._saving.clear()

    def _on_document_gone(self, event: DocumentGone) -> None:
        with suppress(KnownError):  # the next sweep deletes the rest
            self.forget([event.id])

    def _on_document_changed(self, event: DocumentChanged) -> None:
        if event.was_changed:
            with suppress(KnownError):
                self.forget([event.document.id])

    def _on_models_changed(self, _event: ModelsChanged) -> None:
        with suppress(KnownError):
            self._forget_models()

    def _counted(self) -> SavedStates:
        states = states_in(self._folder)
        return SavedStates(len(states), sum(state.bytes for state in states))

    def _on_settings(self, new: Settings) -> None:
        old, self._most = self._most, new.saved_states_mib
        if self._most < old:
            on_file_thread(
                self._service_thread, lambda: make_space(self._folder, self._most << 20), _ignore, name="saved-states"
            )

    def _forget_models(self) -> None:
        models = frozenset(model.sha256 for model in self._store.models.all())
        if models != self._models:
            self._models = models
            remove_states(self._folder, lambda head: head.model in models)

    def _sweep_up(self) -> None:
        self._sweep = None
        is_encrypted = bool(self._key_for("state names"))

        def heads() -> list[StateHead]:
            remove_unfinished(self._folder, older_than_s=UNFINISHED_S)
            if is_encrypted:  # a state may have been written during the encryption
                remove_unsealed(self._folder)
            make_space(self._folder, self._most << 20)
            return [file.head for file in states_in(self._folder) if file.head]

        def looked(heads: list[StateHead] | Problem) -> None:
            if isinstance(heads, Problem):
                return
            with suppress(KnownError):
                self._models = frozenset(model.sha256 for model in self._store.models.all())
                lost = {head.key for head in heads if not self._is_requested(head)}
                on_file_thread(
                    self._service_thread,
                    lambda: remove_states(self._folder, lambda head: head.key not in lost),
                    _ignore,
                    name="saved-states",
                )

        on_file_thread(self._service_thread, heads, looked, name="saved-states")

    def _is_requested(self, head: StateHead) -> bool:
        return head.model in (self._models or ()) and all(map(self._is_there, head.documents))

    def _is_there(self, id: str) -> bool:
        """Tell whether it is the id of a document, chat or preset. Returns True if the store cannot answer now."""
        tables = (self._store.documents, "document"), (self._store.items, "item"), (self._store.presets, "preset")
        for records, kind in tables:
            try:
                if records.get(id).id == id:
                    return True
            except KnownError as err:
                if err.code != f"{kind}.unknown":
                    return True
        return False


def _ignore(_result: object) -> None: ...

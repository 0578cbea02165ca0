"""The models for the chat: list, state, loading, adding.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import changed
from slmdesk.base.records import JobStatus, ModelRecord
from slmdesk.jobs.events import JobChanged
from slmdesk.jobs.kinds import EXAM
from slmdesk.loader.events import ModelsChanged, ModelState, ModelStateChanged
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.model_imports import ModelImports
from slmdesk.window.widgets.notice_bar import Notice, notice_of

if TYPE_CHECKING:
    from slmdesk.models.importer import ImportEnded
    from slmdesk.services import Services

STATE_TOPIC = "model state"
"""Topic of notices that are closed when a model is ready again."""
GONE = "{name} was removed from the library elsewhere. Your chats are kept; choose another model to go on."


class ModelsController(QObject):
    """Files are brought in by `imports`."""

    models_listed = Signal(object)
    exams_known = Signal(object)
    state_changed = Signal(object)
    starter_found = Signal(str)
    file_chosen = Signal(object)

    def __init__(self, bridge: Bridge, starter: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="models_controller")
        self._bridge = bridge
        self._starter = starter
        self.imports = ModelImports(bridge, self)
        self.imports.ended.connect(self._on_imports_ended)
        self._known: frozenset[str] | None = None
        self.listed: Sequence[ModelRecord] = ()
        """Those that can chat."""
        self.state = ModelStateChanged(ModelState.NONE, None, "")
        bridge.opened.connect(self._on_opened)
        bridge.on(ModelsChanged, self._list)
        bridge.on(JobChanged, self._on_job_changed)
        bridge.on(ModelStateChanged, self._on_state_changed)

    def use(self, model: str) -> None:
        self._bridge.services.models.use(model)

    def use_anyway(self, model: str) -> None:
        """Load a model although memory seems too small for it: a person wants to try."""
        self._bridge.services.models.use(model, anyway=True)

    def unload(self) -> None:
        self._bridge.services.models.unload()

    def reload(self) -> None:
        """Load the model again: the services unload it when its settings change."""
        self._bridge.ask(_reload, None)

    def cancel_load(self) -> None:
        self._bridge.services.models.cancel_load()

    def import_starter(self) -> None:
        if self._starter is not None:
            self.import_file(self._starter)

    def look_at(self, paths: Path | Sequence[Path]) -> None:
        self.file_chosen.emit(paths)

    def import_file(self, path: Path, link: bool = False) -> None:
        """Import a model file, by copy or (`link`) where it is, and use it."""
        self.imports.add((path,), link=link)

    def _on_opened(self) -> None:
        self._list()
        self.starter_found.emit(_starter_words(self._starter))

    def _list(self) -> None:
        self._bridge.ask(self._bridge.services.models.list(), self._on_listed)

    def _on_listed(self, models: Sequence[ModelRecord]) -> None:
        self._known = frozenset(one.id for one in models)
        self.listed = [one for one in models if one.can_chat]
        self.models_listed.emit(self.listed)
        self._ask_exams()
        if self.state.model is None or self.state.model in self._known:
            self._say_again(models)
            return
        if self.state.state in (ModelState.READY, ModelState.LOADING):  # one's own removal frees it first
            self._bridge.notice_raised.emit(
                Notice(GONE.format(name=self.state.name), key="model gone", topic=STATE_TOPIC)
            )
            self.unload()
        else:
            self._on_state_changed(self.state)

    def _say_again(self, models: Sequence[ModelRecord]) -> None:
        """Emit the state again where a model's name has changed or the first model has been added."""
        event = self.state
        if event.state is ModelState.NONE and any(one.can_chat for one in models):
            self._on_state_changed(ModelStateChanged(ModelState.NOT_LOADED, None, ""))
        for one in models:
            if one.id == event.model and one.name != event.name:
                self.state = changed(event, name=one.name)
                self.state_changed.emit(self.state)

    def _ask_exams(self) -> None:
        self._bridge.ask(self._bridge.services.cards.exams(), self.exams_known.emit)

    def _on_job_changed(self, event: JobChanged) -> None:
        if event.kind == EXAM and event.status is JobStatus.DONE:
            self._ask_exams()

    def _on_state_changed(self, event: ModelStateChanged) -> None:
        is_at_rest = event.state in (ModelState.NOT_LOADED, ModelState.CRASHED)
        if is_at_rest and event.model and self._known is not None and event.model not in self._known:
            event = ModelStateChanged(ModelState.NOT_LOADED if self._known else ModelState.NONE, None, "")
        self.state = event
        self.state_changed.emit(event)
        if event.problem is not None and event.state in (ModelState.CRASHED, ModelState.NOT_LOADED):
            is_large = event.problem.code == "model.out_of_memory"
            again = partial(self.use_anyway if is_large else self.use, event.model) if event.model else None
            action = ("Load it anyway" if is_large else "Load it again") if event.model else ""
            self._bridge.notice_raised.emit(notice_of(event.problem, action=action, on_action=again, topic=STATE_TOPIC))

    def _on_imports_ended(self, ended: Sequence[ImportEnded]) -> None:
        for event in ended:
            if event.problem is not None:
                self._bridge.problem_met.emit(event.problem)
        added = [event.model for event in ended if event.model is not None]
        if added and added[-1].can_chat:
            self.use(added[-1].id)


def _reload(services: Services) -> None:
    if services.models.state.state is ModelState.NOT_LOADED:
        services.models.warm_up()


def _starter_words(starter: Path | None) -> str:
    if starter is None:
        return ""
    try:
        size = starter.stat().st_size
    except OSError:
        return ""
    return (
        f"A small starter model is included: SmolLM2 135M, {bytes_for_people(size)}. "
        "It is quick and very small, good for trying things out; larger models know more."
    )

"""The models on this PC: which there are, and what a person does with them.  No widgets here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from slmdesk.core.records import ModelRecord
from slmdesk.gui.bridge import Bridge
from slmdesk.gui.widgets.notice_bar import UNDO_MS, Notice, notice_of
from slmdesk.services import facts
from slmdesk.services.facts import ModelState, Problem
from slmdesk.services.judging import Judged
from slmdesk.services.models import ModelInfo, Verified
from slmdesk.services.sentences import bytes_for_people


class LibraryController(QObject):
    """Lives on the window's thread.

    Emits `models_listed` with ModelRecords, `models_judged` with Judged by id, `state_changed` with a
    ModelStateChanged, `import_progressed` with words and a fraction, `import_ended`, `details_read` with title,
    sentence and text, `chat_requested` with a model's id, `notice_raised`.
    """

    models_listed = Signal(object)
    models_judged = Signal(object)
    state_changed = Signal(object)
    import_progressed = Signal(str, float)
    import_ended = Signal()
    details_read = Signal(str, str, str)
    notice_raised = Signal(object)
    chat_requested = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None, *, undo_ms: int = UNDO_MS) -> None:
        super().__init__(parent)
        self.setObjectName("library_controller")
        self._bridge = bridge
        self.undo_ms = undo_ms
        self._known: dict[str, ModelRecord] = {}
        self._going: dict[str, QTimer] = {}
        self._importing: Path | None = None
        bridge.opened.connect(self.refresh)
        bridge.models_changed.connect(self.refresh)
        bridge.pace_changed.connect(self.refresh)
        bridge.model_state_changed.connect(self._on_state_changed)
        bridge.import_progressed.connect(self._on_import_progressed)
        bridge.import_ended.connect(self._on_import_ended)

    @Slot()
    def refresh(self) -> None:
        """List the models again."""
        self._bridge.ask(lambda services: services.models.list(), self._on_listed, self._raise_problem)

    @Slot(str)
    def use(self, model: str) -> None:
        """Chat with this one."""
        self.chat_requested.emit(model)

    def rename(self, model: str, name: str) -> None:
        """Give it another name."""
        self._bridge.ask(lambda services: services.names.rename(model, name), None, self._raise_problem)

    def verify(self, model: str) -> None:
        """Hash its file and compare with the sum it came with; a bar says how that ended."""
        name, key = self._name(model), f"verify {model}"
        self.notice_raised.emit(Notice(f"Checking {name}: its whole file is read.", key=key))

        def ended(found: Sequence[Verified] | Problem) -> None:  # on the desk thread
            self._bridge.bring(partial(self._on_verified, name, key, found))

        self._bridge.ask(lambda services: services.models.verify([model], ended), None, self._raise_problem)

    def show_details(self, model: str) -> None:
        """Read all that its header says; `details_read` follows."""

        def ended(found: ModelInfo | Problem) -> None:  # on the desk thread
            self._bridge.bring(partial(self._on_info, model, found))

        self._bridge.ask(lambda services: services.models.info(model, ended), None, self._raise_problem)

    def folder_of(self, model: str) -> Path:
        """Where its file lies."""
        return Path(os.fsdecode(self._known[model].path)).parent

    def remove(self, model: str) -> None:
        """Take it off the page now, and off the disk when the time for *Undo* is over."""
        record = self._known[model]
        timer = QTimer(self, singleShot=True, interval=self.undo_ms)
        timer.timeout.connect(partial(self._remove_now, model))
        self._going[model] = timer
        timer.start()
        self._list()
        fate = "Its file stays where it is." if record.linked else "Its file is deleted in a moment."
        self.notice_raised.emit(
            Notice(
                f"{record.name} is removed. {fate}",
                action="Undo",
                on_action=partial(self._keep, model),
                life_ms=self.undo_ms,
                key=f"remove {model}",
            )
        )

    @Slot(object, bool)
    def add_file(self, path: Path, link: bool = False) -> None:
        """Bring a model file in: a copy of it, or (`link`) the file where it is."""
        if self._importing is not None:
            self.notice_raised.emit(Notice("A model file is being added already.", key="import"))
            return
        self._importing = path
        self.import_progressed.emit(f"Adding {path.name}…", 0.0)
        self._bridge.ask(lambda services: services.models.import_file(path, link=link), None, self._on_import_refused)

    @Slot()
    def cancel_import(self) -> None:
        """Stop; nothing of the file is kept."""
        if (path := self._importing) is not None:
            self._bridge.ask(lambda services: services.models.cancel_import(path), None, self._raise_problem)

    # ---- what is heard

    @Slot(object)
    def _on_state_changed(self, fact: facts.ModelStateChanged) -> None:
        self.state_changed.emit(fact)
        if fact.state is ModelState.READY:
            self.refresh()  # it was used just now

    def _on_listed(self, models: Sequence[ModelRecord]) -> None:
        self._known = {one.id: one for one in models}
        self._list()

        def judged(verdicts: Mapping[str, Judged]) -> None:  # on the desk thread
            self._bridge.bring(partial(self.models_judged.emit, verdicts))

        self._bridge.ask(lambda services: services.judge.judge(models, judged), None, self._raise_problem)

    def _on_verified(self, name: str, key: str, found: Sequence[Verified] | Problem) -> None:
        problem = found if isinstance(found, Problem) else next((one.problem for one in found if one.problem), None)
        if problem is None:
            self.notice_raised.emit(Notice(f"{name} is, to the last bit, what it was when it came in.", key=key))
        else:
            told = notice_of(problem)
            self.notice_raised.emit(Notice(told.text, told.details, key=key, is_error=True, report=told.report))

    def _on_info(self, model: str, found: ModelInfo | Problem) -> None:
        if isinstance(found, Problem):
            self._raise_problem(found)
            return
        record = self._known.get(model)
        lines = [f"{key}: {value}" for key, value in sorted(found.metadata.items())]
        if record is not None:
            own = (
                f"file: {os.fsdecode(record.path)}",
                f"size: {bytes_for_people(record.bytes)} ({record.bytes:,} bytes)",
                f"sha256: {record.sha256}",
                f"came from: {record.source}",
            )
            lines = [*own, "", *lines]
        intro = f"{self._name(model)}: all that its file says of itself."
        self.details_read.emit("Details of the model", intro, "\n".join(lines))

    @Slot(object)
    def _on_import_progressed(self, fact: facts.ImportProgress) -> None:
        if self._importing is None or str(self._importing) != fact.path:
            return
        done, total = bytes_for_people(fact.done_bytes), bytes_for_people(fact.total_bytes)
        fraction = fact.done_bytes / fact.total_bytes if fact.total_bytes else 0.0
        self.import_progressed.emit(f"{Path(fact.path).name}: {done} of {total}", fraction)

    @Slot(object)
    def _on_import_ended(self, fact: facts.ImportEnded) -> None:
        if self._importing is None or str(self._importing) != fact.path:
            return
        self._importing = None
        self.import_ended.emit()
        if fact.problem is not None:
            self._raise_problem(fact.problem)
        elif fact.model is not None:
            use = partial(self.use, fact.model.id)
            words = f"{fact.model.name} is in the library."
            self.notice_raised.emit(Notice(words, action="Use it now", on_action=use, key="import"))

    def _on_import_refused(self, problem: Problem) -> None:
        self._importing = None
        self.import_ended.emit()
        self._raise_problem(problem)

    # ---- inside

    def _list(self) -> None:
        self.models_listed.emit(tuple(one for one in self._known.values() if one.id not in self._going))

    def _keep(self, model: str) -> None:
        timer = self._going.pop(model, None)
        if timer is not None:
            timer.stop()
            timer.deleteLater()
        self._list()

    def _remove_now(self, model: str) -> None:
        name = self._name(model)

        def removed(freed: int) -> None:
            self._going.pop(model, None)
            words = f"{name} is removed; {bytes_for_people(freed)} are free again." if freed else f"{name} is removed."
            self.notice_raised.emit(Notice(words, life_ms=UNDO_MS, key=f"remove {model}"))

        def refused(problem: Problem) -> None:
            self._keep(model)
            self._raise_problem(problem)

        self._bridge.ask(lambda services: services.models.remove(model), removed, refused)

    def _name(self, model: str) -> str:
        return self._known[model].name if model in self._known else model

    def _raise_problem(self, problem: Problem) -> None:
        self.notice_raised.emit(notice_of(problem))

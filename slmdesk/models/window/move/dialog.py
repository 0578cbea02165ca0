"""The dialog that moves the models to another folder: what would be moved, and the move."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from slmdesk.models.move.plan import MovePlan, MoveProgress, MoveResult, MoveStep
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.card import DOT
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice
from slmdesk.window.widgets.text import breakable, plain_label
from slmdesk.window.widgets.wide_dialog import WideDialog
from slmdesk.window.widgets.work_line import amount_words

INTRO = "Models can be used while they are moved. Linked models stay where they are."
STEPS = {
    MoveStep.COPYING: "Copying {name}",
    MoveStep.CHECKING: "Comparing the copy of {name}",
    MoveStep.FINISHING: "Finishing",
}


class MoveController(QObject):
    planned = Signal(object)
    progressed = Signal(object)
    ended = Signal(object)
    refused = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="move_controller")
        self._bridge = bridge
        self._moving: Call | None = None

    def plan(self, target: Path) -> None:
        if self._moving is not None:
            self._bridge.notice_raised.emit(Notice("The models are being moved already.", key="move"))
            return
        self._bridge.follow(self._bridge.services.moving.plan(target), self.planned.emit)

    def move(self, target: Path) -> None:
        self._moving = self._bridge.follow(
            self._bridge.services.moving.move(target), self._on_ended, self._on_refused, self.progressed.emit
        )

    def only_new(self, target: Path) -> None:
        """Save new models there; existing ones stay where they are and remain usable."""

        def changed(_settings: object) -> None:
            words = f"New models are kept in {target}. Those added before stay where they are."
            self._bridge.notice_raised.emit(Notice(words, life_ms=UNDO_MS, key="move"))

        self._bridge.ask(self._bridge.services.settings.change(models_folder=str(target)), changed)

    def cancel(self) -> None:
        """Cancel; the models stay where they were."""
        if self._moving is not None:
            self._moving.cancel()

    def _on_ended(self, event: MoveResult) -> None:
        self._moving = None
        if event.moved is None:
            self._bridge.notice_raised.emit(Notice("The move was stopped. All models are where they were.", key="move"))
        else:
            self._bridge.notice_raised.emit(Notice(_end_words(event), "\n".join(event.left), key="move"))
        self.ended.emit(event)

    def _on_refused(self, problem: Problem) -> None:
        self._moving = None
        self.refused.emit(problem)


class MoveDialog(WideDialog):
    def __init__(self, parent: QWidget, controller: MoveController, plan: MovePlan) -> None:
        super().__init__(
            parent, name="move_models", title="Move the folder for models", intro=INTRO, spoken="Moving the models"
        )
        self._controller, self._plan = controller, plan
        self._is_moving = False
        self._build_ui()
        self._connect()
        self.fit(self.width())

    def _build_ui(self) -> None:
        for name, words in plan_words(self._plan):
            self.body.addWidget(plain_label(breakable(words), self, name=f"move_{name}"))
        self.body.addStretch(1)
        self._only = self.add_button(
            "Only for new models", name="move_only_new", tip="Those that are here stay where they are"
        )
        self._only.setVisible(self._plan.folder != self._plan.target)
        self.buttons.addStretch(1)
        self._close = self.add_button("Cancel", name="move_close")
        self._move = self.add_button("Move them", name="move_start", is_primary=True)
        if not self._plan.models:
            self._move.setText("Use this folder")
            self._only.setVisible(False)
        self._move.setFocus()

    def _connect(self) -> None:
        controller = self._controller
        controller.progressed.connect(self._on_progressed)
        controller.ended.connect(self._on_ended)
        controller.refused.connect(self._on_refused)
        self._only.clicked.connect(self._on_only)
        self._close.clicked.connect(self._on_close)
        self._move.clicked.connect(self._on_move)

    def _on_move(self) -> None:
        self._is_moving = True
        self.show_trouble("")
        self.work.show_work("Beginning…", 0.0)
        self._refresh()
        self._controller.move(Path(self._plan.target))

    def _on_only(self) -> None:
        self._controller.only_new(Path(self._plan.target))
        self.accept()

    def _on_close(self) -> None:
        if self._is_moving:
            self._controller.cancel()
        else:
            self.reject()

    def _on_progressed(self, event: MoveProgress) -> None:
        if self._is_moving:
            what = STEPS[event.step].format(name=event.name)
            self.work.show_work(amount_words(what, event.done_bytes, event.total_bytes, event.eta_s), event.fraction)
            self._close.setEnabled(event.step is not MoveStep.FINISHING)

    def _on_ended(self, event: MoveResult) -> None:
        if self._is_moving:
            self._is_moving = False
            self.accept()

    def _on_refused(self, problem: Problem) -> None:
        if self._is_moving:
            self._is_moving = False
            self.work.end()
            self.show_trouble(problem.sentence)
            self._refresh()

    def _refresh(self) -> None:
        self._move.setEnabled(not self._is_moving)
        self._only.setEnabled(not self._is_moving)
        self._close.setEnabled(True)


def plan_words(plan: MovePlan) -> list[tuple[str, str]]:
    lines = [("from", f"From: {plan.folder}"), ("to", f"To: {plan.target}")]
    count = "1 model" if plan.models == 1 else f"{plan.models} models"
    if not plan.models:
        lines.append(("amount", "There is no copied model yet; new ones are kept there from now on."))
    elif plan.copy_bytes:
        size, free = bytes_for_people(plan.bytes), bytes_for_people(plan.free_bytes)
        lines.append(("amount", f"{count}, {size}{DOT}{free} are free there"))
        how = "It is another disk: each file is copied and compared, and the old ones are deleted at the very end."
        lines.append(("how", how))
    else:
        lines.append(("amount", f"{count}, {bytes_for_people(plan.bytes)}"))
        lines.append(("how", "It is on the same disk, so this takes only a moment."))
    if plan.downloads:
        count = "A running download is" if plan.downloads == 1 else f"{plan.downloads} running downloads are"
        lines.append(("downloads", f"{count} paused meanwhile and go on afterwards, with what has come so far."))
    if plan.missing:
        lines.append(("missing", f"Not there now, so not moved: {', '.join(plan.missing[:5])}"))
    return lines


def _end_words(event: MoveResult) -> str:
    count = "1 model is" if event.moved == 1 else f"{event.moved} models are"
    left = "" if not event.left else f" {len(event.left)} were not there and stay listed at their old place."
    return f"{count} now in {event.target}.{left}" if event.moved else f"Models are kept in {event.target} now.{left}"

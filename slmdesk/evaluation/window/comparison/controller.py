"""Comparison of models: one question, answers side by side.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import changed
from slmdesk.base.records import Item, ModelRecord, Status
from slmdesk.evaluation.comparison_types import ComparedAnswer, CompareRequest, Comparison
from slmdesk.evaluation.model_comparison import KIND
from slmdesk.loader.events import ModelsChanged, ModelState, ModelStateChanged
from slmdesk.runtime import events
from slmdesk.runtime.events import (
    ItemChanged,
    ItemGone,
    MessageChanged,
    MessageEnded,
    MessageGrew,
    Problem,
    PromptProgress,
)
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.exporting import ExportController
from slmdesk.window.widgets.notice_bar import trash

PAGE = 30


class CompareController(QObject):
    models_listed = Signal(object)
    earlier_listed = Signal(object, bool)
    comparison_shown = Signal(object)
    answer_grew = Signal(str, str)
    note_changed = Signal(str, str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="compare_controller")
        self._bridge = bridge
        self.exports = ExportController(bridge, self)
        self.held: Comparison | None = None
        self._shown = PAGE
        self._is_starting = False
        bridge.when_open(self.refresh)
        bridge.on(ModelsChanged, self.refresh)
        bridge.on(ItemChanged, self._on_item_changed)
        bridge.on(ItemGone, self._on_item_gone)
        bridge.on(MessageGrew, self._on_message_grew)
        bridge.on(MessageEnded, self._on_message_reported)
        bridge.on(MessageChanged, self._on_message_reported)
        bridge.on(PromptProgress, self._on_prompt_progressed)
        bridge.on(ModelStateChanged, self.show_state)

    # ---- requests

    def refresh(self) -> None:
        self._bridge.follow(self._bridge.services.models.present(), self._on_models)
        self._list_earlier()

    def show_more(self) -> None:
        self._shown += PAGE
        self._list_earlier()

    def start(self, prompt: str, models: tuple[str, ...]) -> None:
        if self._is_starting:
            return
        self._is_starting = True
        request = CompareRequest(prompt, models)
        self._bridge.ask(self._bridge.services.comparing.begin(request), self._on_opened, self._on_refused)

    def stop(self) -> None:
        """Stop the answers being written; their text stays."""
        self._bridge.services.comparing.stop()

    def open(self, comparison: str) -> None:
        self._bridge.ask(self._bridge.services.comparing.open(comparison), self._on_opened)

    def restart(self) -> None:
        """Show none; one that is running goes on."""
        self.held = None
        self.comparison_shown.emit(None)

    def delete(self, comparison: str) -> None:
        """Move a comparison to the trash; a notice offers to undo it."""
        trash(self._bridge, comparison, what="The comparison ")

    # ---- events

    def _on_models(self, models: Sequence[ModelRecord]) -> None:
        chatting = [one for one in models if one.can_chat]
        ordered = sorted(chatting, key=lambda one: (-(one.last_used or 0.0), -one.added))
        self.models_listed.emit(tuple(ordered))

    def _on_earlier(self, items: Sequence[Item]) -> None:
        self.earlier_listed.emit(tuple(items[: self._shown]), len(items) > self._shown)

    def _on_opened(self, found: Comparison) -> None:
        self._is_starting = False
        self.held = found
        self.comparison_shown.emit(found)

    def _on_refused(self, problem: Problem) -> None:
        self._is_starting = False
        self._bridge.problem_met.emit(problem)

    def _on_item_changed(self, event: events.ItemChanged) -> None:
        if event.item.kind != KIND:
            return
        self._list_earlier()
        if self.held is not None and event.item.id == self.held.item.id:
            if event.item.deleted_at is not None:
                self.restart()
            else:
                self._renew()

    def _on_item_gone(self, event: events.ItemGone) -> None:
        self._list_earlier()
        if self.held is not None and event.id == self.held.item.id:
            self.restart()

    def _on_message_grew(self, event: events.MessageGrew) -> None:
        held = self.held
        if held is None or event.chat != held.item.id:
            return
        grown = [
            one if one.message.id != event.message else _with_text(one, one.message.text + event.text)
            for one in held.answers
        ]
        self.held = changed(held, answers=tuple(grown))
        words = next(one.message.text for one in grown if one.message.id == event.message)
        self.answer_grew.emit(event.message, words)

    def _on_message_reported(self, event: events.MessageEnded | events.MessageChanged) -> None:
        if self.held is not None and event.message.item == self.held.item.id:
            self._renew()

    def _on_prompt_progressed(self, event: events.PromptProgress) -> None:
        if self.held is not None and event.chat == self.held.item.id and event.total > 0:
            self.note_changed.emit(event.message, f"Reads the question: {100 * event.read // event.total} %")

    def show_state(self, event: ModelStateChanged) -> None:
        if self.held is None or event.state is not ModelState.LOADING:
            return
        for one in self.held.answers:
            if one.message.status is Status.STREAMING:
                if one.name == event.name:
                    self.note_changed.emit(one.message.id, f"Is loaded: {event.fraction * 100:.0f} %")
                return

    # ---- private

    def _list_earlier(self) -> None:
        limit = self._shown + 1
        self._bridge.ask(self._bridge.services.comparing.items(limit=limit), self._on_earlier)

    def _renew(self) -> None:
        held = self.held
        assert held is not None
        self._bridge.ask(self._bridge.services.comparing.open(held.item.id), self._on_renewed, _ignore)

    def _on_renewed(self, found: Comparison) -> None:
        if self.held is not None and self.held.item.id == found.item.id:
            self._on_opened(found)


def _with_text(one: ComparedAnswer, text: str) -> ComparedAnswer:
    return changed(one, message=changed(one.message, text=text))


def _ignore(_problem: Problem) -> None:
    """It was deleted meanwhile; the list shows that."""

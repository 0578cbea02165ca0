"""The spaces: listed, made, changed, deleted with undo.  No widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.chat.events import PresetsChanged
from slmdesk.chat.presets import Preset
from slmdesk.chat.window.attachments.controller import AttachController
from slmdesk.runtime import events
from slmdesk.runtime.events import ItemChanged, ItemGone
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.delay import Delay
from slmdesk.window.widgets.notice_bar import LONG_MS, Notice

if TYPE_CHECKING:
    from slmdesk.chat.spaces import Space

REFRESH_MS = 50
KIND = "space"


class SpacesController(QObject):
    listed = Signal(bool)
    made = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="spaces_controller")
        self._bridge = bridge
        self.spaces: Sequence[Space] = ()
        self.presets: Sequence[Preset] = ()
        self._is_known = False
        self._timer = Delay(self, REFRESH_MS, self.refresh)
        bridge.on(ItemChanged, self._on_item_changed)
        bridge.on(ItemGone, self._on_item_gone)
        bridge.on(PresetsChanged, self._on_presets_changed)

    def of(self, id: str) -> Space | None:
        return next((one for one in self.spaces if one.id == id), None)

    def name_of(self, id: str) -> str:
        """The name of a space; "" for none, and for one that is gone."""
        found = self.of(id)
        return found.name if found else ""

    def living(self, id: str | None) -> str:
        """The id of a space that is neither deleted nor in the trash; "" for another.

        Before the spaces have arrived each is taken to live.
        """
        return id if id and (self.of(id) or not self._is_known) else ""

    def refresh(self) -> None:
        self._bridge.ask(
            lambda services: (services.chats.spaces.list(), services.chats.presets.list()), self._on_listed
        )

    def save(self, space: Space) -> None:
        """Change a space, or make it where it has no id yet: `made` follows."""
        if space.id:
            self._bridge.services.chats.spaces.change(space)
        else:
            self._bridge.ask(self._bridge.services.chats.spaces.add(space), self._on_made)

    def delete(self, space: Space) -> None:
        """Move a space to the trash; a notice offers to undo it."""
        self._bridge.ask(self._bridge.services.chats.spaces.delete(space.id), lambda _item: self._on_deleted(space))

    def attachments(self, parent: QObject) -> AttachController:
        return AttachController(self._bridge, parent)

    def _on_made(self, space: Space) -> None:
        if self.of(space.id) is None:  # known at once, so that chats can be put into it
            self.spaces = sorted((*self.spaces, space), key=lambda one: one.name.casefold())
            self.listed.emit(False)
        self.made.emit(space)

    def _on_deleted(self, space: Space) -> None:
        def restore() -> None:
            self._bridge.services.chats.spaces.restore(space.id)

        words = f"The space “{space.name}” was moved to the trash{becomes_of_chats(space.count, is_done=True)}."
        self._bridge.notice_raised.emit(
            Notice(words, action="Undo", on_action=restore, life_ms=LONG_MS, key=f"space {space.id}")
        )

    def _on_listed(self, found: tuple[Sequence[Space], Sequence[Preset]]) -> None:
        spaces, self.presets = found
        before, now = ({one.id: one.count for one in each} for each in (self.spaces, spaces))
        moved = any({**before, **now}[id] for id in before.keys() ^ now.keys())
        was_known, self._is_known = self._is_known, True
        if tuple(spaces) != tuple(self.spaces) or not was_known:
            self.spaces = spaces
            self.listed.emit(moved and was_known)

    def _on_item_changed(self, event: events.ItemChanged) -> None:
        if event.item.kind == KIND or self.spaces:  # a chat may have come into one, or left it
            self._refresh_soon()

    def _on_item_gone(self) -> None:
        if self.spaces:
            self._refresh_soon()

    def _on_presets_changed(self) -> None:
        self._refresh_soon()

    def _refresh_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()


def becomes_of_chats(count: int, *, is_done: bool = False) -> str:
    if not count:
        return ""
    chats, are, go = ("chat", "is", "goes") if count == 1 else (f"{count:,} chats", "are", "go")
    return f"; its {chats} {are} in the list again" if is_done else f"; its {chats} {go} back to the list"

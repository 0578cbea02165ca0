"""Attachments of the message being written: read in the background, counted, chosen, sent.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from slmdesk.base.attached import AttachMode
from slmdesk.base.records import Item
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_list
from slmdesk.chat.conversation import MOST_ATTACHED
from slmdesk.chat.ephemeral import is_private
from slmdesk.chat.events import ContextMeasured
from slmdesk.chat.requests import AttachRequest
from slmdesk.chat.window.attachments.attachment import (
    FAILED,
    INSERT,
    LOCKED,
    READING,
    READY,
    Draft,
    draft_from,
    pasted_draft,
    waiting_words,
)
from slmdesk.chat.window.attachments.reading import DraftReader
from slmdesk.chat.window.composer.library_names import LibraryNames
from slmdesk.loader.events import ModelState, ModelStateChanged
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.shortcuts import keys_of
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice

if TYPE_CHECKING:
    from slmdesk.library.names import LibraryName

SETTLED = "attachments"
"""Key of the notice that says why nothing was sent."""


class AttachController(QObject):
    shown = Signal(object)
    changed = Signal()
    waiting_shown = Signal(str)
    password_requested = Signal(str, str, bool)
    text_arrived = Signal(str, object)
    documents_arrived = Signal(str, object)
    inline_requested = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="attach_controller")
        self._bridge = bridge
        self._chat = ""
        self._drafts: dict[str, list[Draft]] = {}
        self._then: Callable[[], None] | None = None
        self.names = LibraryNames(bridge, self)
        self._reader = DraftReader(bridge, self._all, self)
        self._reader.settled.connect(self._on_settled)
        self._reader.counted.connect(self._show)
        self._reader.password_requested.connect(self._on_password_requested)
        bridge.on(ContextMeasured, self._on_measured)
        bridge.on(ModelStateChanged, self._on_model_changed)

    # ---- which chat

    def show_chat(self, chat: str) -> None:
        if chat != self._chat:
            self._chat = chat
            self.stop_waiting()
        self._show()

    def begin_chat(self, chat: str) -> None:
        self._chat = chat
        if "" in self._drafts:
            self._drafts[chat] = self._drafts.pop("")

    def open(self, item: Item) -> None:
        """Take over the attachments of a chat's stored draft when it is first opened."""
        if item.id in self._drafts:
            return
        shapes = stored_list(dict, item.settings.get("draft_attachments"))
        found = [draft for shape in shapes if (draft := draft_from(shape))]
        self._drafts[item.id] = found
        for one in found:
            self._reader.begin(one)

    def put(self, drafts: Sequence[Draft]) -> None:
        """Attach these, which were kept, and have them read."""
        self.now[:] = drafts
        for one in drafts:
            self._reader.begin(one)
        self._notify()

    def forget(self, chat: str) -> None:
        for one in self._drafts.pop(chat, []):
            self._reader.stop(one)

    @property
    def now(self) -> list[Draft]:
        return self._drafts.setdefault(self._chat, [])

    def kept(self, chat: str) -> list[Json]:
        return [one.kept for one in self._drafts.get(chat, [])]

    @property
    def chats(self) -> list[str]:
        return list(self._drafts)

    # ---- requests of the page

    def add_paths(self, paths: Sequence[Path]) -> None:
        given, received = list(paths), partial(self._on_expanded, self._chat)
        self._bridge.follow(self._bridge.services.documents.expand(given), received)

    def add_known(self, named: LibraryName) -> None:
        """Attach a document or a folder of the library, unless it is attached already."""
        if any(named.id in (one.document, one.folder) for one in self.now) or not self._has_space(1):
            return
        draft = Draft(named.name, folder=named.id) if named.is_folder else Draft(named.name, document=named.id)
        self.now.append(draft)
        self._reader.begin(draft)
        self._notify()

    def add_text(self, text: str) -> None:
        if len(self.now) >= MOST_ATTACHED:  # it must not get lost
            self.inline_requested.emit(text)
            return
        draft = pasted_draft(text, {one.name for one in self.now})
        self.now.append(draft)
        self._reader.begin(draft)
        self._notify()
        into, keys = partial(self.put_inline, draft.key), keys_of("chat.paste").shown
        self._bridge.notice_raised.emit(
            Notice(
                "The long text you pasted was attached." + (f" {keys} pastes it as text." if keys else ""),
                action=INSERT, on_action=into, life_ms=UNDO_MS, key=f"pasted {draft.key}",
            )
        )  # fmt: skip

    def put_inline(self, key: str) -> None:
        draft = self._find(key)
        if draft is not None and draft.is_pasted:
            self._drop(draft)
            self.inline_requested.emit("\n\n".join(draft.source))

    def remove(self, key: str) -> None:
        draft, chat = self._find(key), self._chat
        if draft is None:
            return
        place = self.now.index(draft)
        self._drop(draft)
        back = partial(self._put_back, chat, draft, place)
        words = f"{draft.name} is not attached any more."
        self._bridge.notice_raised.emit(
            Notice(words, action="Undo", on_action=back, life_ms=UNDO_MS, key=f"removed {key}")
        )

    def set_mode(self, key: str, mode: str) -> None:
        draft = self._find(key)
        if draft is not None:
            draft.mode, draft.use = AttachMode(mode), ""
            self._notify()

    def open_text(self, key: str) -> None:
        """Ask for the text that will be used: `text_arrived`, for a folder `documents_arrived`, follows.

        For a locked document, ask for its password.
        """
        draft = self._find(key)
        if draft is None:
            return
        if draft.state == LOCKED:
            self.password_requested.emit(draft.key, draft.name, False)
        elif draft.state == READY and draft.folder:
            self._bridge.ask(
                lambda services: [one.name for one in services.collections.readable(draft.folder)],
                partial(self.documents_arrived.emit, draft.name),
            )
        elif draft.state == READY:
            self._reader.count(draft, self._chat, lambda weighed: self.text_arrived.emit(draft.name, weighed))

    def unlock(self, key: str, password: str) -> None:
        draft = self._find(key)
        if draft is not None:
            self._reader.unlock(draft, password)
            self._notify()

    # ---- sending

    @property
    def is_waiting(self) -> bool:
        return self._then is not None

    def when_settled(self, then: Callable[[], None]) -> bool:
        """Whether all attachments are ready; if not, `then` is called once they are.

        If one cannot be read, a notice says so and `then` is dropped.
        """
        failed = next((one for one in self.now if one.state in (FAILED, LOCKED)), None)
        if failed is not None:
            self.stop_waiting()
            words = f"{failed.name} cannot be read, so nothing was sent. Remove it, or read it another way."
            self._bridge.notice_raised.emit(Notice(words, key=SETTLED))
            return False
        if all(one.is_settled for one in self.now):
            self.stop_waiting()
            return True
        self._then = then
        self.waiting_shown.emit(waiting_words(self.now))
        return False

    def stop_waiting(self) -> None:
        if self._then is not None:
            self._then = None
            self.waiting_shown.emit("")

    def requests(self) -> tuple[AttachRequest, ...]:
        """The attachments of the open chat that can be sent now."""
        return tuple(one.request for one in self.now if one.state == READY)

    def take(self) -> list[Draft]:
        taken, self._drafts[self._chat] = self.now, []
        self._notify()
        return taken

    def give_back(self, chat: str, drafts: Sequence[Draft]) -> None:
        self._drafts[chat] = [*drafts, *self._drafts.get(chat, [])]
        self._notify()

    # ---- documents

    def _on_expanded(self, chat: str, found: list[Path]) -> None:
        if not found:
            self._bridge.notice_raised.emit(Notice("There is nothing in it that can be read.", key="no documents"))
        drafts = self._drafts.setdefault(chat, [])
        known = {one.path for one in drafts}
        for path in [one for one in found if one not in known]:
            if not self._has_space(1, drafts):
                break
            draft = Draft(path.name, path, is_private=is_private(chat))
            drafts.append(draft)
            self._reader.begin(draft)
        self._notify()

    def _has_space(self, more: int, drafts: Sequence[Draft] | None = None) -> bool:
        if len(self.now if drafts is None else drafts) + more <= MOST_ATTACHED:
            return True
        words = f"At most {MOST_ATTACHED} documents can be attached to a message; the others were left out."
        self._bridge.notice_raised.emit(Notice(words, key="too many attachments"))
        return False

    # ---- events

    def _on_settled(self, draft: Draft) -> None:
        if draft.state == READY and not draft.folder:
            self._reader.count(draft, self._chat)
        self._notify()
        self._go_on()

    def _on_password_requested(self, draft: Draft, is_wrong: bool) -> None:
        if draft in self.now:
            self.password_requested.emit(draft.key, draft.name, is_wrong)

    def _on_measured(self, event: ContextMeasured) -> None:
        if (event.chat or "") != self._chat:
            return
        parts = {part.key: part for part in event.parts if part.key}
        for one in self.now:
            if part := parts.get(one.document or one.name):
                one.use, one.most_tokens = part.note, part.tokens
        self._show()

    def _on_model_changed(self, event: ModelStateChanged) -> None:
        """Count again: models count tokens differently."""
        if event.state is ModelState.READY:
            for one in self.now:
                if one.state == READY and not one.folder:
                    self._reader.count(one, self._chat)

    # ---- private

    def _all(self) -> list[Draft]:
        return [one for drafts in self._drafts.values() for one in drafts]

    def _find(self, key: str) -> Draft | None:
        return next((one for one in self.now if one.key == key), None)

    def _drop(self, draft: Draft) -> None:
        self.now.remove(draft)
        self._reader.stop(draft)
        self._notify()
        self._go_on()

    def _put_back(self, chat: str, draft: Draft, place: int) -> None:
        self._drafts.setdefault(chat, []).insert(place, draft)
        if draft.state == READING:
            self._reader.begin(draft)
        self._notify()

    def _go_on(self) -> None:
        if self._then is None:
            return
        if not all(one.is_settled for one in self.now):
            self.waiting_shown.emit(waiting_words(self.now))
            return
        then, self._then = self._then, None
        self.waiting_shown.emit("")
        then()

    def _notify(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self.shown.emit(tuple(self.now))

"""Looks up what is behind a message: its exact prompt, its attachments, its quotations.  No widgets."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from slmdesk.base.attached import AttachmentPart
from slmdesk.chat.quote import Quoted
from slmdesk.chat.window.conversation.extras import UsedPage, extra_of, read_words
from slmdesk.chat.window.conversation.shown_messages import ShownMessages
from slmdesk.window.base.bridge import Bridge


class MessageInspector(QObject):
    """Lives on the window's thread.

    Emits `prompt_arrived` with an InspectedPrompt, `text_requested` with a title, a sentence and a text to show,
    `page_requested` with the id of a document, the number of a page to be shown and its characters to be marked.
    """

    prompt_arrived = Signal(object)
    text_requested = Signal(str, str, str)
    page_requested = Signal(str, int, object)

    def __init__(self, bridge: Bridge, shown: ShownMessages, parent: QObject) -> None:
        super().__init__(parent, objectName="message_inspector")
        self._bridge, self._shown = bridge, shown

    def show_prompt(self, message: str) -> None:
        self._bridge.follow(self._bridge.services.chats.seen_by_model(message), self.prompt_arrived.emit)

    def open_extra(self, message: str, key: str) -> None:
        found = self._shown.by_id.get(message)
        asked = self._shown.question_of(found) if found else None
        requested = extra_of(found, self._shown.quotes.get(message, ()), key, asked) if found else None
        if isinstance(requested, Quoted) and requested.document:
            self.page_requested.emit(requested.document, requested.page, ((requested.start, requested.end),))
        elif isinstance(requested, Quoted):
            self._show_part(requested)
        elif isinstance(requested, UsedPage):
            self.page_requested.emit(requested.document, requested.page, requested.spans)
        elif isinstance(requested, AttachmentPart) and requested.attached.is_folder:
            self._show_folder(requested)
        elif isinstance(requested, AttachmentPart):
            self.text_requested.emit(requested.attached.name, read_words(requested), requested.text)

    def _show_folder(self, folder: AttachmentPart) -> None:
        asked = next((one for one in self._shown.by_id.values() if folder in one.attachments), None)
        parts = [one for one in (asked.attachments if asked else ()) if one.attached.is_of_folder]
        own = [one for one in parts if one.attached.collection == folder.attached.collection]
        text = "\n".join(f"{one.attached.name}\n\n{one.text}" for one in own)
        self.text_requested.emit(folder.attached.name, read_words(folder), text)

    def _show_part(self, quoted: Quoted) -> None:
        """Show the text that holds a quotation, where that text is in no document."""
        parts = [part for one in self._shown.by_id.values() for part in one.attachments if part.text]
        part = next((one for one in parts if one.attached.name == quoted.name and quoted.quote in one.text), None)
        if part is not None:
            self.text_requested.emit(quoted.name, f"\u201c{quoted.quote}\u201d stands in this text.", part.text)

"""What is private in documents is shown before a model is asked about them.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from slmdesk.base.record import Record
from slmdesk.redaction.service import Decisions, Preview
from slmdesk.runtime.events import Problem
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.services import Services
from slmdesk.window.base.bridge import Bridge, Call

MOST_SHOWN = 100_000
"""Characters of documents that are looked through and shown first; the rest is redacted without being shown."""
PAGES_AT_ONCE = 20
LONG = " What comes behind the text below is redacted too, without being shown here."
FOLDER = " What is read of the folder is redacted too, without being shown here."
AS_BEFORE = " The text of the documents is redacted as before."


class Looked(Record):
    """What was found, and a sentence on what is redacted beside it."""

    preview: Preview
    rest: str


class RedactionController(QObject):
    """Emits `arrived` with a Looked: `begin` with a person's Decisions goes on; `cancelled` when declined."""

    arrived = Signal(object)
    cancelled = Signal()

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="document_redaction_controller")
        self._bridge = bridge
        self._go_on: Callable[[Decisions], None] | None = None
        self._following: Call | None = None

    def look(
        self,
        words: Sequence[str],
        documents: Sequence[str],
        go_on: Callable[[Decisions], None],
        *,
        item: str = "",
        rest: str = "",
        refused: Callable[[Problem], None] | None = None,
    ) -> None:
        """Find what is private in what a person asks with and in documents; `arrived` follows, or `refused`.

        `item`: whose table is known already; `rest`: says what is redacted too without being shown.
        """
        self.drop()
        self._go_on = go_on
        arrived = partial(self._on_looked, go_on)
        self._following = self._bridge.follow(
            lambda services: in_slices(services.service_thread, _looking(services, words, documents, item, rest)),
            arrived, refused,
        )  # fmt: skip

    def begin(self, decisions: Decisions) -> None:
        go_on, self._go_on = self._go_on, None
        if go_on is not None:
            go_on(decisions)

    def cancel(self) -> None:
        self.drop()
        self.cancelled.emit()

    def drop(self) -> None:
        self._go_on = None
        if self._following is not None:
            self._following.cancel()
            self._following = None

    def _on_looked(self, go_on: Callable[[Decisions], None], found: Looked) -> None:
        if go_on is self._go_on:
            self.arrived.emit(found)


def _looking(
    services: Services, words: Sequence[str], documents: Sequence[str], item: str, rest: str
) -> Slices[Looked]:
    texts, left = [one for one in words if one], MOST_SHOWN
    for id in documents:
        begin = 1
        while left > 0 and (pages := services.documents.pages(id, begin=begin, limit=PAGES_AT_ONCE)):
            texts += [page.text[: max(0, left)] for page in pages]
            left -= sum(len(page.text) for page in pages)
            begin = pages[-1].number + 1
            yield
    preview: Preview = yield services.redaction.look("\n\n".join(texts), item)
    return Looked(preview, rest or (LONG if left <= 0 else ""))

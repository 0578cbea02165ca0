"""Attaching on the chat page: connects button, drop, paste and chips to the controller.  Widgets only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from slmdesk.base.formats import FORMATS
from slmdesk.chat.window.attachments.controller import AttachController
from slmdesk.chat.window.composer.composer import Composer
from slmdesk.chat.window.composer.mentions import Mentions
from slmdesk.window.widgets.file_dialogs import ask_files
from slmdesk.window.widgets.file_drop import FileDrop, dropped_paths, model_files
from slmdesk.window.widgets.model_input_text import show_used_text
from slmdesk.window.widgets.password import ask_password

if TYPE_CHECKING:
    from slmdesk.chat.attachments.sources import AttachmentCost


class AttachmentEntry(QObject):
    def __init__(self, controller: AttachController, composer: Composer, page: QWidget) -> None:
        super().__init__(page, objectName="attaching")
        self._controller, self._composer, self._page = controller, composer, page
        FileDrop(page, self._on_dropped, pick=self._documents)
        self.mentions = Mentions(
            composer.input_box, controller.names, page,
            sign="@", name="mention_list", label="Documents and folders to attach", is_first=False,
        )  # fmt: skip
        controller.names.changed.connect(self.mentions.names_changed)
        self._connect()

    def _connect(self) -> None:
        controller, composer, bar = self._controller, self._composer, self._composer.attachments
        controller.shown.connect(bar.show_drafts)
        controller.waiting_shown.connect(composer.show_waiting)
        controller.inline_requested.connect(composer.write)
        controller.password_requested.connect(self._on_password_requested)
        controller.text_arrived.connect(self._on_text_arrived)
        controller.documents_arrived.connect(self._on_documents_arrived)
        composer.attach_requested.connect(self._on_attach)
        composer.input_box.files_pasted.connect(controller.add_paths)
        composer.input_box.long_pasted.connect(controller.add_text)
        self.mentions.chosen.connect(controller.add_known)
        bar.open_requested.connect(controller.open_text)
        bar.remove_requested.connect(controller.remove)
        bar.mode_chosen.connect(controller.set_mode)
        bar.inline_requested.connect(controller.put_inline)

    def _documents(self, event: QDropEvent) -> list[Path]:
        """The dragged files, if a message can be written; model files among them go to the library."""
        return [] if model_files(event) or not self._composer.isVisible() else dropped_paths(event)

    def _on_dropped(self, paths: Sequence[Path]) -> None:
        self._controller.add_paths(paths)
        self._composer.setFocus()

    def _on_attach(self) -> None:
        suffixes = " ".join(f"*{suffix}" for one in FORMATS for suffix in one.suffixes)
        filters, add = f"Documents ({suffixes});;All files (*)", self._controller.add_paths
        ask_files(self._page, "Attach documents", add, name="attach_dialog", filters=filters)

    def _on_password_requested(self, key: str, name: str, is_wrong: bool) -> None:
        ask_password(self._page, name, lambda word: self._controller.unlock(key, word), is_wrong=is_wrong)

    def _on_text_arrived(self, name: str, weighed: AttachmentCost) -> None:
        found = weighed.measured
        if found.text is None:
            intro = (
                f"{name} is too long for any model here: the passages that fit the question are read of it. "
                "This is how its text begins."
            )
        else:
            intro = f"This is the text of {name} as a model is given it: {found.words:,} words."
        show_used_text(self._page, title=name, intro=intro, text=found.text or found.sample)

    def _on_documents_arrived(self, folder: str, names: Sequence[str]) -> None:
        intro = f"The passages that fit the question are read of these {len(names):,} documents."
        show_used_text(self._page, title=folder, intro=intro, text="\n".join(names))

"""The dialog of a space: its name, and what new chats in it begin with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialogButtonBox, QMenu, QPlainTextEdit, QPushButton, QWidget

from slmdesk.base.formats import FORMATS
from slmdesk.base.record import changed
from slmdesk.chat.presets import MOST_SYSTEM, Preset
from slmdesk.chat.spaces import MOST_NAME, Space
from slmdesk.chat.window.attachments.attachment import FAILED, LOCKED, READING, draft_from
from slmdesk.chat.window.attachments.bar import AttachmentBar
from slmdesk.chat.window.attachments.controller import AttachController
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row, text_line
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.file_dialogs import ask_files
from slmdesk.window.widgets.file_drop import FileDrop
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.password import ask_password
from slmdesk.window.widgets.text import plain_label, show_words

INTRO = "New chats in this space begin with its instructions, preset and documents. You can change them in each chat."
AS_USUAL = "As in other new chats"
MOST_LISTED = 20
LONG_SYSTEM = f"Instructions have {MOST_SYSTEM:,} characters at most."


class SpaceEditor(Dialog):
    """Does not block."""

    saved = Signal(object)

    def __init__(self, space: Space, presets: Sequence[Preset], attached: AttachController, parent: QWidget) -> None:
        """`attached`: reads the documents; it becomes the dialog's own."""
        super().__init__(parent)
        passing(self, "space_editor", "Edit space" if space.id else "New space")
        self.resize(600, 520)
        self._space, self._attached = space, attached
        attached.setParent(self)
        self._build_ui(presets)
        self._connect()
        attached.put([draft for one in space.documents if (draft := draft_from(one))])
        attached.names.refresh()
        self._show_state()

    def _build_ui(self, presets: Sequence[Preset]) -> None:
        space = self._space
        self._name = text_line("space_name", self, "Name", most=MOST_NAME)
        self._name.setText(space.name)
        self._system = named(QPlainTextEdit(space.system, self), "space_system", label="Instructions")
        self._system.setTabChangesFocus(True)
        self._system.setPlaceholderText("What the model is told in each chat of this space")
        values: list[tuple[object, str]] = [("", AS_USUAL), *((one.id, one.name) for one in presets)]
        known = space.preset if any(one.id == space.preset for one in presets) else ""
        self._preset = named(Choice(values, self), "space_preset", label="Preset")
        self._preset.show_value(known)
        self._bar = AttachmentBar(self)
        self._files = button("Add documents…", "space_files", self, icon="file-plus", on=self._on_files)
        self._library = button("From the library", "space_library", self, tip="Documents and folders of the library")
        self._listed = QMenu(self._library)
        self._library.setMenu(self._listed)
        self._problem = plain_label("", self, name="space_problem", kind="danger")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._save = named(QPushButton("Save" if space.id else "Create", self), "space_save")
        self._save.setProperty("kind", "primary")
        self._buttons.addButton(self._save, QDialogButtonBox.ButtonRole.AcceptRole)

        def heading(words: str, name: str) -> QWidget:
            return plain_label(words, self, name=f"space_{name}_heading", wraps=False)

        column(
            plain_label(INTRO, self, name="space_intro", kind="muted"),
            self._name,
            heading("Instructions", "system"),
            (self._system, 1),
            heading("Preset", "preset"),
            self._preset,
            heading("Documents", "documents"),
            self._bar,
            row(self._files, self._library, 1, gap=theme.SPACE_8),
            self._problem,
            self._buttons,
            into=self,
            gap=theme.SPACE_8,
            margins=theme.SPACE_16,
        )

    def _connect(self) -> None:
        attached, bar = self._attached, self._bar
        self._name.textChanged.connect(self._show_state)
        self._system.textChanged.connect(self._show_state)
        self._listed.aboutToShow.connect(self._fill_library)
        attached.shown.connect(bar.show_drafts)
        attached.shown.connect(self._show_state)
        attached.password_requested.connect(self._on_password_requested)
        bar.open_requested.connect(attached.open_text)
        bar.remove_requested.connect(attached.remove)
        bar.mode_chosen.connect(attached.set_mode)
        FileDrop(self, attached.add_paths)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)

    def _show_state(self) -> None:
        drafts = self._attached.now
        bad = next((one for one in drafts if one.state in (FAILED, LOCKED)), None)
        is_reading = any(one.state == READING for one in drafts)
        problem = LONG_SYSTEM if len(self._system.toPlainText()) > MOST_SYSTEM else ""
        if bad is not None:
            problem = f"{bad.name} cannot be read. Remove it, or read it another way."
        show_words(self._problem, problem)
        self._save.setEnabled(bool(self._name.text().strip()) and not problem and not is_reading)
        self._save.setToolTip("The documents are being read" if is_reading else "")

    def _on_files(self) -> None:
        suffixes = " ".join(f"*{suffix}" for one in FORMATS for suffix in one.suffixes)
        filters = f"Documents ({suffixes});;All files (*)"
        ask_files(self, "Add documents", self._attached.add_paths, name="space_files_dialog", filters=filters)

    def _fill_library(self) -> None:
        self._listed.clear()
        for one in self._attached.names.find("")[:MOST_LISTED]:
            name = f"{one.name} (folder)" if one.is_folder else one.name
            self._listed.addAction(name.replace("&", "&&"), partial(self._attached.add_known, one))
        if self._listed.isEmpty():
            self._listed.addAction(self._attached.names.empty).setEnabled(False)

    def _on_password_requested(self, key: str, name: str, is_wrong: bool) -> None:
        ask_password(self, name, lambda word: self._attached.unlock(key, word), is_wrong=is_wrong)

    def _on_accepted(self) -> None:
        documents = tuple(one.kept for one in self._attached.now)
        self.saved.emit(
            changed(
                self._space, name=self._name.text(), system=self._system.toPlainText().strip(),
                preset=str(self._preset.currentData() or ""), documents=documents,
            )
        )  # fmt: skip
        self.accept()

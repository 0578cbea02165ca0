"""The page Write: an editor, what can be done with its text, changes beside it and suggestions below.  Widgets only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QPushButton, QScrollArea, QSplitter, QWidget

from slmdesk.base.languages import LANGUAGES
from slmdesk.base.paper import Form
from slmdesk.base.records import Item
from slmdesk.redaction.service import Preview
from slmdesk.window.base import theme
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.base.delay import Delay
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.build import button, column, flow, row, split
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.export_menu import ask_where, give_export_menu
from slmdesk.window.widgets.file_dialogs import ask_files
from slmdesk.window.widgets.file_drop import FileDrop
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.redaction_preview import RedactionPreview, Wording
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.shield import Shield
from slmdesk.window.widgets.text import plain_label
from slmdesk.writing.files import SUFFIXES
from slmdesk.writing.types import Task
from slmdesk.writing.window.change_panel import ChangePanel
from slmdesk.writing.window.controller import WritingController, title_of_item
from slmdesk.writing.window.editor import WritingEdit
from slmdesk.writing.window.versions import VersionPanel

FILES = f"Texts ({' '.join(f'*{one}' for one in SUFFIXES)});;All files (*)"
FORMS = (Form("docx", "Word, with tracked changes"), Form("md", "Markdown"), Form("txt", "Plain text"))
WORDING = Wording("Redact before asking", "The text", "Go on", "everywhere in this text")
LENGTHS = (("half", "To half its length"), ("sentence", "To one sentence"))
TONES = (("friendlier", "Friendlier"), ("firmer", "Firmer"), ("plainer", "Plainer"), ("formal", "More formal"))
SHOW_AFTER_MS = 50
"""After the last key, for a long text takes a moment to be counted."""
BESIDE_WIDTH = 760


class WritingPage(QWidget):
    def __init__(self, controller: WritingController, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("writing_page")
        self.controller = controller
        self._timer = Delay(self, SHOW_AFTER_MS, self._show_text, "writing_count_timer")
        self.editor = WritingEdit(keeper, self)
        controller.adopt(self.editor.tracked)
        self.changes = ChangePanel(controller.corrections, self)
        self.versions = VersionPanel(controller.suggestions, keeper, self)
        self._build_actions()
        self._build_foot()
        self._lay_out()
        self._connect()
        self._build_keys()
        self.setFocusProxy(self.editor)
        self._show_text()

    def _build_actions(self) -> None:
        self._correct = button(
            "Correct", "writing_correct", self, kind="primary", on=self._on_correct,
            tip="Show mistakes as changes, in the text or the part of it that is selected", shortcut="write.correct",
        )  # fmt: skip
        self._rephrase = button(
            "Rephrase", "writing_rephrase", self, tip="Say it in other words, in three ways",
            shortcut="write.rephrase", on=self._on_rephrase,
        )  # fmt: skip
        self._shorten = button("Shorten", "writing_shorten", self, tip="Say it in fewer words")
        self._give_menu(self._shorten, Task.SHORTEN, LENGTHS)
        self._expand = button(
            "Expand", "writing_expand", self, tip="Make a full text of notes",
            on=lambda: self._rewrite(Task.EXPAND, ""),
        )  # fmt: skip
        self._tone = button("Tone", "writing_tone", self, tip="Say it in another tone")
        self._give_menu(self._tone, Task.TONE, TONES)
        self._shield = Shield("writing_redact", self)
        languages = sorted((one.name, one.code) for one in LANGUAGES.values())
        values: list[tuple[object, str]] = [("", "Language: automatic"), *((code, name) for name, code in languages)]
        self._language = named(Choice(values, self), "writing_language", label="Language of the text")
        self._language.setToolTip("Language of the text")

    def _give_menu(self, owner: QPushButton, task: Task, manners: Sequence[tuple[str, str]]) -> None:
        menu = named(QMenu(owner), f"{owner.objectName()}_menu")
        for manner, words in manners:
            action = menu.addAction(words, partial(self._rewrite, task, manner))
            action.setObjectName(f"{task.value}_{manner}")
        owner.setMenu(menu)

    def _build_foot(self) -> None:
        self._said = plain_label("", self, name="writing_said", kind="small")
        self._count = plain_label("", self, name="writing_count", kind="small", wraps=False)
        self._open = button(
            "Open…", "writing_open", self, tip="Open a document: Word, OpenDocument, Markdown, text",
            shortcut="write.open", on=self._on_open,
        )  # fmt: skip
        self._texts = button(
            "Texts", "writing_texts", self, tip="A new text, and those written before",
            on=self.controller.ask_earlier,
        )  # fmt: skip
        self._copy = button(
            "Copy", "writing_copy", self, tip="Copy the whole text", shortcut="write.copy", on=self._on_copy
        )
        self._save = button("Save as", "writing_save", self, tip="Write the text to a file", shortcut="write.save")
        give_export_menu(self._save, self._on_save, "Save as", FORMS)
        menu = self._save.menu()
        self._into = menu.addAction("The opened Word file, with tracked changes…", self._on_save_into)
        self._into.setObjectName("export_into")
        menu.aboutToShow.connect(lambda: self._into.setVisible(self.controller.word_file is not None))

    def _lay_out(self) -> None:
        self._body = split("writing_body", self, self.editor, self.changes, sizes=(600, 300), grows=0)
        self._body.setHandleWidth(theme.SPACE_12)
        upright = Qt.Orientation.Vertical
        self._work: QSplitter = split(
            "writing_work", self, self._body, self.versions, sizes=(340, 300), grows=0, way=upright
        )
        self._work.setHandleWidth(theme.SPACE_12)
        top = flow(
            self._correct,
            self._rephrase,
            self._shorten,
            self._expand,
            self._tone,
            self._language,
            self._shield,
            gap=theme.SPACE_8,
        )
        foot = row((self._said, 1), self._count, gap=theme.SPACE_8)
        ways = flow(self._open, self._texts, self._copy, self._save, gap=theme.SPACE_8)
        margins = (theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_12)
        inner = named(QWidget(self), "writing_inner")
        column(top, (self._work, 1), foot, ways, into=inner, gap=theme.SPACE_12, margins=margins)
        scrolled = named(QScrollArea(self), "writing_scroll")  # with large letters in a low window
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        show_column(scrolled, inner)
        column(scrolled, into=self)

    def _connect(self) -> None:
        controller, editor = self.controller, self.editor
        controller.text_opened.connect(self._on_text_opened)
        controller.said.connect(self._said.setText)
        controller.earlier_listed.connect(self._on_earlier_listed)
        controller.corrections.progressed.connect(lambda _progress: self._show_text())
        self._shield.clicked.connect(controller.redaction.switch)
        controller.redaction.preview_arrived.connect(self._on_preview)
        self.versions.said.connect(self._said.setText)
        editor.tracked.changed.connect(self._timer.start)
        editor.selectionChanged.connect(self._timer.start)
        editor.cursorPositionChanged.connect(self._on_cursor_moved)
        editor.files_given.connect(controller.open_files)
        self.changes.change_chosen.connect(editor.outline)
        self._language.value_chosen.connect(self._on_language)
        FileDrop(self, controller.open_files)

    def _build_keys(self) -> None:
        keys: tuple[tuple[str, Callable[[], object]], ...] = (
            ("write.correct", self._correct.click), ("write.rephrase", self._rephrase.click),
            ("write.new", self.controller.begin_new), ("write.open", self._on_open),
            ("write.save", lambda: self._on_save("")), ("write.copy", self._copy.click),
            ("change.next", lambda: self.changes.list.step(1)),
            ("change.previous", lambda: self.changes.list.step(-1)),
            ("change.accept", self.changes.accept), ("change.refuse", self.changes.refuse),
        )  # fmt: skip
        for name, work in keys:
            bind(self, name, work, within=True)

    # ---- what a person does

    def take_text(self, text: str) -> None:
        """Write on with a text from elsewhere; undo brings back the one before."""
        self.controller.take_text(text)
        self.editor.setFocus()

    def open_item(self, item: str) -> None:
        self.controller.open_item(item)

    def _on_correct(self) -> None:
        start, end = self.editor.selected
        if start == end:
            start, end = 0, len(self.controller.text)
        self._said.setText("")
        self.controller.correct(start, end)

    def _on_preview(self, preview: Preview) -> None:
        dialog = RedactionPreview(self, preview, WORDING)
        dialog.accepted_with.connect(self.controller.redaction.accept)
        dialog.rejected.connect(self.controller.redaction.drop)
        dialog.open()

    def _on_rephrase(self) -> None:
        self._rewrite(Task.REPHRASE, "")

    def _rewrite(self, task: Task, manner: str) -> None:
        start, end = self.editor.selected
        if start == end:
            text = self.controller.text
            start, end = len(text) - len(text.lstrip()), len(text.rstrip())
        if end > start:
            self._said.setText("")
            self.controller.rewrite(task, manner, start, end)

    def _on_open(self) -> None:
        ask_files(self, "Open a document", self.controller.open_files, name="open_writing_dialog", filters=FILES)

    def _on_copy(self) -> None:
        copy_text(self.controller.text)
        count = len(self.controller.corrections.changes)
        self._said.setText(f"Copied, without the {count:,} changes not decided on." if count else "Copied.")

    def _on_save(self, form: str) -> None:
        source = self.controller.source
        if not self.controller.text.strip():
            return
        if not form and self.controller.word_file is not None:
            self._on_save_into()
            return
        if not form:
            known = source.path.suffix.lower().lstrip(".") if source else ""
            form = known if known in [one.id for one in FORMS] else "docx"
        title = source.path.stem if source else " ".join(self.controller.text[:80].split())
        folder: Path | None = source.path.parent if source else None
        ask_where(self, title, form, self.controller.save, FORMS, folder=folder)

    def _on_save_into(self) -> None:
        path = self.controller.word_file
        if path is not None:
            ask_where(self, f"{path.stem} corrected", "docx", self.controller.save_into, FORMS, folder=path.parent)

    def _on_language(self, code: object) -> None:
        self.controller.language = str(code)

    def _on_earlier_listed(self, items: Sequence[Item]) -> None:
        menu = named(QMenu(self), "writing_texts_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("New text", self.controller.begin_new).setObjectName("new_writing")
        delete = menu.addAction("Delete this text", self.controller.delete)
        delete.setObjectName("delete_writing")
        delete.setEnabled(bool(self.controller.text.strip()))
        menu.addSection("Written before")
        for one in items:
            title = title_of_item(one).replace("&", "&&")
            menu.addAction(title, partial(self.controller.open_item, one.id)).setObjectName("earlier_writing")
        menu.popup(self._texts.mapToGlobal(QPoint(0, self._texts.height())))

    # ---- events

    def _on_text_opened(self, text: str, is_undoable: bool) -> None:
        if is_undoable:
            self.editor.replace_all(text)
        else:
            self.editor.setPlainText(text)

    def _on_cursor_moved(self) -> None:
        if not self.editor.textCursor().hasSelection() and self.controller.corrections.changes:
            number = self.editor.tracked.number_at(self.editor.textCursor().position())
            if number and number != self.changes.list.current:
                self.changes.show_change(number)
                self.editor.mark(number)

    def _show_text(self) -> None:
        text = self.controller.text
        has_words = bool(text.strip())
        self._correct.setEnabled(has_words and not self.controller.corrections.is_busy)
        for one in (self._rephrase, self._shorten, self._expand, self._tone, self._copy, self._save):
            one.setEnabled(has_words)
        start, end = self.editor.selected
        words = f"{_words_of(text)}, {len(text):,} characters"
        self._count.setText(f"{words}; {_words_of(text[start:end])} selected" if end > start else words)

    # ---- Qt's own

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.controller.restore()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.controller.keep()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = event.size().width() >= BESIDE_WIDTH
        way = Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical
        if way is not self._body.orientation():
            self._body.setOrientation(way)


def _words_of(text: str) -> str:
    count = len(text.split())
    return f"{count:,} word{'' if count == 1 else 's'}"

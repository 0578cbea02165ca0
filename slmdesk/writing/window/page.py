"""The page Write: an editor, what can be done with its text, changes beside it and suggestions below.  Widgets only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QHideEvent, QKeyEvent, QResizeEvent, QShowEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLayout,
    QListView,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from slmdesk.base.documents import Form
from slmdesk.base.records import Item
from slmdesk.base.translation import LANGUAGES
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay, copy_text
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import (
    button,
    column,
    flow,
    named,
    plain_label,
    plain_tip,
    row,
    show_column,
    split,
    tool_button,
)
from slmdesk.window.widgets.notices import ask_where, give_export_menu
from slmdesk.window.widgets.opening import FileDrop, ask_files
from slmdesk.window.widgets.redaction_preview import Shield, Wording
from slmdesk.window.widgets.rows import Choice, empty_layout
from slmdesk.writing.files import SUFFIXES
from slmdesk.writing.types import DOUBT_WORDS, Task, Version, remarks
from slmdesk.writing.window.controller import (
    CorrectController,
    Progress,
    RewriteController,
    ShownChange,
    Suggestions,
    WritingController,
    title_of,
    title_of_item,
)
from slmdesk.writing.window.editor import WritingEdit, size16

FILES = f"Texts ({' '.join(f'*{suffix}' for suffix in SUFFIXES)});;All files (*)"
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
        languages = sorted((language.name, language.code) for language in LANGUAGES.values())
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
        controller.redaction.show_over(self, WORDING)
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
            form = known if known in [form.id for form in FORMS] else "docx"
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
        for item in items:
            title = title_of_item(item).replace("&", "&&")
            menu.addAction(title, partial(self.controller.open_item, item.id)).setObjectName("earlier_writing")
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
        for other_button in (self._rephrase, self._shorten, self._expand, self._tone, self._copy, self._save):
            other_button.setEnabled(has_words)
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


# ---- the changes beside the text, how far the correction is, and the buttons that decide


class ChangePanel(QFrame):
    """Hidden while there is nothing to decide on and nothing is being corrected."""

    change_chosen = Signal(int)

    def __init__(self, controller: CorrectController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("writing_panel")
        self._controller = controller
        self._build_ui()
        self._connect()
        self.hide()

    def _build_ui(self) -> None:
        self._busy = named(QFrame(self), "writing_busy")
        self._busy_words = plain_label("", self._busy, name="writing_busy_words", kind="muted")
        stop = button("Stop", "writing_stop", self._busy, label="Stop correcting", on=self._controller.stop)
        self._bar = thin_bar("writing_progress", self._busy, "Correcting", most=0)
        column(row((self._busy_words, 1), stop), self._bar, into=self._busy)
        self.list = ChangeList(self)
        self._title = plain_label("", self, name="writing_changes_title", kind="strong")
        self._back = tool_button(
            "writing_previous", self, icon="chevron-up", label="The change before", tip="The change before",
            shortcut="change.previous", on=lambda: self.list.step(-1),
        )  # fmt: skip
        self._next = tool_button(
            "writing_next", self, icon="chevron-down", label="The next change", tip="The next change",
            shortcut="change.next", on=lambda: self.list.step(1),
        )  # fmt: skip
        make = partial(button, parent=self, kind="quiet")
        self._accept = make(
            "Accept", "writing_accept", tip="Make this change", shortcut="change.accept", on=self.accept
        )
        self._refuse = make(
            "Refuse", "writing_refuse", tip="Leave your words", shortcut="change.refuse", on=self.refuse
        )
        self._accept_all = make(
            "Accept all", "writing_accept_all", tip="Make all changes but the doubtful ones",
            on=self._controller.accept_all,
        )  # fmt: skip
        self._refuse_all = make(
            "Refuse all", "writing_refuse_all", tip="Leave the text as it is", on=self._controller.refuse_all
        )
        ways = column(
            row(self._accept, self._refuse, 1, gap=theme.SPACE_8),
            row(self._accept_all, self._refuse_all, 1, gap=theme.SPACE_8),
            gap=theme.SPACE_8,
        )
        head = row((self._title, 1), self._back, self._next, gap=theme.SPACE_4)
        column(
            self._busy, head, (self.list, 1), ways, into=self, gap=theme.SPACE_8,
            margins=(theme.SPACE_8, theme.SPACE_4, theme.SPACE_8, theme.SPACE_4),
        )  # fmt: skip

    def _connect(self) -> None:
        self._controller.listed.connect(self._on_listed)
        self._controller.progressed.connect(self._on_progressed)
        self.list.change_chosen.connect(self._on_chosen)
        self.list.accept_requested.connect(self.accept)
        self.list.refuse_requested.connect(self.refuse)
        self._on_progressed(None)

    # ---- what a person does

    def accept(self) -> None:
        if number := self.list.current:
            self._controller.accept(number)

    def refuse(self) -> None:
        if number := self.list.current:
            self._controller.refuse(number)

    def show_change(self, number: int) -> None:
        self.list.show_change(number)
        self._show_buttons()

    # ---- events

    def _on_listed(self) -> None:
        before = self.list.current
        self.list.show_changes(self._controller.changes)
        self._show()
        if before and self.list.current != before:  # decided on: on to the one that has its place
            self.change_chosen.emit(self.list.current)

    def _on_progressed(self, progress: Progress | None) -> None:
        self._busy.setVisible(progress is not None)
        if progress is not None:
            self._bar.setRange(0, progress.total)
            self._bar.setValue(progress.done)
            known = f"{progress.done:,} of {progress.total:,} sentences checked"
            self._busy_words.setText(known if progress.total else "Waiting for the model…")
        self._show()

    def _on_chosen(self, number: int) -> None:
        self._show_buttons()
        self.change_chosen.emit(number)

    # ---- private

    def _show(self) -> None:
        changes = self._controller.changes
        doubtful = sum(change.is_doubtful for change in changes)
        words = f"{len(changes):,} change{'' if len(changes) == 1 else 's'}"
        self._title.setText(f"{words}, {doubtful} doubtful" if doubtful else words if changes else "No changes yet")
        self._accept_all.setEnabled(bool(changes))
        self._refuse_all.setEnabled(bool(changes))
        for other_button in (self._back, self._next):
            other_button.setEnabled(bool(changes))
        self._show_buttons()
        self.setVisible(bool(changes) or self._controller.is_busy)

    def _show_buttons(self) -> None:
        for other_button in (self._accept, self._refuse):
            other_button.setEnabled(bool(self.list.current))


# ---- the list of changes beside the text


NUMBER_ROLE = int(Qt.ItemDataRole.UserRole)
PADDING = 6
MOST = 60
"""Characters of each side in the list; the tool tip has all of them."""


class ChangeLines(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.changes: Sequence[ShownChange] = ()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008  Qt's own
        return 0 if parent.isValid() else len(self.changes)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.changes):
            return None
        change = self.changes[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{sign_of(change)}  {change_line(change, MOST)}\n{reason_words(change)}"
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(f"{change_line(change, 800)}\n{reason_words(change)}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{index.row() + 1}. {change_line(change, MOST)}, {reason_words(change)}"
            case _ if role == NUMBER_ROLE:
                return change.number
        return None

    def show_changes(self, changes: Sequence[ShownChange]) -> None:
        self.beginResetModel()
        self.changes = changes
        self.endResetModel()

    def row_of(self, number: int) -> int:
        """The row of a change; -1: it is not there."""
        return next((row for row, change in enumerate(self.changes) if change.number == number), -1)


class _Wrapped(QStyledItemDelegate):
    """Lines that wrap: the list alone would leave them the room they need without."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        area = self.parent()
        width = (area.viewport().width() if isinstance(area, QListView) else 200) - 2 * PADDING - theme.SPACE_8
        words = str(index.data(Qt.ItemDataRole.DisplayRole))
        room = QRect(0, 0, max(1, width), 10_000)
        needed = option.fontMetrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), words)
        return QSize(width, needed.height() + 2 * PADDING)


class ChangeList(QListView):
    change_chosen = Signal(int)
    accept_requested = Signal()
    refuse_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "writing_changes", label="Changes")
        self.lines = ChangeLines(self)
        self.setModel(self.lines)
        self.setSpacing(theme.SPACE_4 // 2)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(True)
        self.setItemDelegate(_Wrapped(self))
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setFrameShape(self.Shape.NoFrame)
        self._is_showing = False

    @property
    def current(self) -> int:
        found = self.currentIndex().data(NUMBER_ROLE) if self.currentIndex().isValid() else 0
        return found if isinstance(found, int) else 0

    def show_changes(self, changes: Sequence[ShownChange]) -> None:
        """Show these; the current one stays current, or the one that has its place now."""
        number, row = self.current, self.currentIndex().row()
        self._is_showing = True
        self.lines.show_changes(changes)
        there = self.lines.row_of(number)
        self._go(there if there >= 0 else min(row, len(changes) - 1))
        self._is_showing = False

    def show_change(self, number: int) -> None:
        """Make a change current without emitting `change_chosen`."""
        self._is_showing = True
        self._go(self.lines.row_of(number))
        self._is_showing = False

    def step(self, by: int) -> None:
        count = len(self.lines.changes)
        if count:
            row = self.currentIndex().row()
            self._go((row + by) % count if row >= 0 else 0 if by > 0 else count - 1)

    def sizeHint(self) -> QSize:
        return QSize(260, 120)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() == Qt.KeyboardModifier.NoModifier and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept_requested.emit()
        elif event.modifiers() == Qt.KeyboardModifier.NoModifier and event.key() == Qt.Key.Key_Delete:
            self.refuse_requested.emit()
        else:
            super().keyPressEvent(event)

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().currentChanged(current, previous)
        number = current.data(NUMBER_ROLE) if current.isValid() else None
        if isinstance(number, int) and not self._is_showing:
            self.change_chosen.emit(number)

    def _go(self, row: int) -> None:
        self.setCurrentIndex(self.lines.index(row) if row >= 0 else QModelIndex())


def sign_of(change: ShownChange) -> str:
    if change.is_doubtful:
        return "?"
    return "≠" if change.old.strip() and change.new.strip() else "+" if change.new.strip() else "−"


def change_line(change: ShownChange, most: int) -> str:
    return f"{_shown(change.old, most)} → {_shown(change.new, most)}"


def reason_words(change: ShownChange) -> str:
    about = change.change
    return f"{about.reason}; doubtful: {DOUBT_WORDS[about.doubt]}" if about.doubt else about.reason


def _shown(words: str, most: int) -> str:
    if not words:
        return "nothing"
    if not words.strip():
        return "line break" if "\n" in words else "space" if len(words) == 1 else f"{len(words)} spaces"
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


# ---- suggestions beside what they would replace, with what differs marked


Spans = Sequence[tuple[int, int]]
LEAST_LETTERS = 28
"""Of a column's width: where there is less room they scroll sideways."""
LEAST_LINES = 5


class VersionPanel(QFrame):
    said = Signal(str)

    def __init__(self, controller: RewriteController, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("versions_of_text")
        self._controller, self._keeper = controller, keeper
        self._build_ui()
        controller.shown.connect(self._on_shown)
        keeper.theme_changed.connect(lambda _theme: self._on_shown(controller.now))
        self.hide()

    def _build_ui(self) -> None:
        controller = self._controller
        self._words = plain_label("", self, name="suggestion_words", kind="muted")
        self._stop = button("Stop", "suggestion_stop", self, label="Stop asking", on=controller.discard)
        self._again = button("Try again", "suggestion_again", self, on=controller.again)
        self._discard = button(
            "Discard", "suggestion_discard", self, tip="Leave the text as it is (Esc)", on=controller.discard
        )
        self._bar = thin_bar("suggestion_progress", self, "Asking the model", most=0)
        self._inner = named(QFrame(self), "suggestion_inner")
        self._columns = row(into=self._inner, gap=theme.SPACE_12)
        area = named(_Columns(self), "suggestion_area")
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(self._inner)
        head = row((self._words, 1), self._stop, self._again, self._discard, gap=theme.SPACE_8)
        column(head, self._bar, (area, 1), into=self, gap=theme.SPACE_8, margins=(0, theme.SPACE_8, 0, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._controller.discard()
        else:
            super().keyPressEvent(event)

    def _on_shown(self, now: Suggestions | None) -> None:
        empty_layout(self._columns)
        self.setVisible(now is not None)
        if now is None:
            return
        self._words.setText(now.words)
        for other_button in (self._stop, self._bar):
            other_button.setVisible(now.is_busy)
        for other_button in (self._again, self._discard):
            other_button.setVisible(not now.is_busy)
        versions = now.found.versions if now.found else ()
        gone = _gone_from(versions)
        self._add("Your text", now.request.text, [(gone, "danger", True)], versions, is_source=True)
        for number, version in enumerate(versions, 1):
            marks = [(version.others, "accent", False)]
            self._add(title_of(now.request, number), version.text, marks, [version], number=number)

    def _add(
        self,
        title: str,
        text: str,
        marks: Sequence[tuple[Spans, str, bool]],
        versions: Sequence[Version],
        *,
        number: int = 0,
        is_source: bool = False,
    ) -> None:
        frame = named(QFrame(self._inner), f"suggestion_{number}")
        frame.setMinimumWidth(LEAST_LETTERS * self.fontMetrics().averageCharWidth())
        view = named(_Text(frame), f"suggestion_text_{number}", label=title)
        view.setReadOnly(True)
        view.setUndoRedoEnabled(False)
        view.setTabChangesFocus(True)
        view.setPlainText(text)
        facts = [one for version in versions for one in (version.missing if is_source else version.added)]
        is_marked = not is_source or len(versions) == 1
        for spans, colour, is_struck in marks:
            for span in spans:
                self._draw(view, text, span, colour, is_struck)
        for span in _places(text, facts) if is_marked else ():
            self._draw(view, text, span, "warn", None)
        now, words = self._controller.now, ""
        if not is_source and now is not None and now.found is not None:
            words = "\n".join(remarks(now.found, versions[0], now.request))
        said = plain_label(words, frame, name=f"suggestion_remarks_{number}", kind="warn", is_hidden=not words)
        head = self._head(title, frame, number, versions[0] if not is_source else None)
        parts: tuple[QLayout | QWidget | tuple[QWidget, int], ...] = (head, (view, 1), said)
        column(*parts, into=frame, gap=theme.SPACE_4)
        self._columns.addWidget(frame, 1)

    def _head(self, title: str, frame: QFrame, number: int, version: Version | None) -> QLayout:
        words = plain_label(title, frame, name="suggestion_title", kind="strong", wraps=False)
        if version is None:
            return row((words, 1))
        make = partial(button, parent=frame, kind="quiet")
        tip = "Put it in the place of your text"
        use = make("Use", f"suggestion_use_{number}", tip=tip, on=lambda: self._controller.use(version))
        copy = make("Copy", f"suggestion_copy_{number}", on=self._copying(version.text))
        return row((words, 1), use, copy, gap=theme.SPACE_4)

    def _copying(self, text: str) -> Callable[[], None]:
        def copy() -> None:
            copy_text(text)
            self.said.emit("Copied.")

        return copy

    def _draw(
        self, view: QPlainTextEdit, text: str, span: tuple[int, int], colour: str, is_struck: bool | None
    ) -> None:
        form, styles = QTextCharFormat(), QTextCharFormat.UnderlineStyle
        form.setForeground(self._keeper.theme.colour(colour))
        if is_struck:
            form.setFontStrikeOut(True)
        else:
            form.setUnderlineStyle(styles.DotLine if is_struck is None else styles.SingleUnderline)
        if is_struck is None:
            form.setFontWeight(QFont.Weight.DemiBold)
        cursor = QTextCursor(view.document())
        cursor.setPosition(size16(text[: span[0]]))
        cursor.setPosition(size16(text[: span[1]]), QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(form)


class _Text(QPlainTextEdit):
    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), LEAST_LINES * self.fontMetrics().lineSpacing())


class _Columns(QScrollArea):
    def minimumSizeHint(self) -> QSize:
        inner, bar = self.widget(), self.horizontalScrollBar().sizeHint().height()
        height = inner.minimumSizeHint().height() + bar if inner is not None else bar
        return QSize(super().minimumSizeHint().width(), height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()  # other columns may be higher
        return super().eventFilter(watched, event)


def _gone_from(versions: Sequence[Version]) -> Spans:
    """Where the text has words that the only suggestion does not have."""
    if len(versions) != 1:
        return ()
    return [(edit.start, edit.end) for edit in versions[0].edits if edit.end > edit.start]


def _places(text: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    for word in dict.fromkeys(words):
        at = text.find(word)
        while word and at >= 0:
            yield at, at + len(word)
            at = text.find(word, at + len(word))

"""The page Write: an editor, actions on its text, changes beside it and suggestions below.

Its text is saved while it is written. Texts can be opened from documents and saved as files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QPushButton, QScrollArea, QSplitter, QWidget

from slmdesk.base.documents import Form
from slmdesk.base.record import changed
from slmdesk.base.records import Item
from slmdesk.base.texts import _, ngettext
from slmdesk.base.translation import LANGUAGES
from slmdesk.redaction.service import Decisions
from slmdesk.runtime.events import ItemGone
from slmdesk.runtime.messages import Problem
from slmdesk.services import Services
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Delay, copy_text
from slmdesk.window.base.shortcuts import WindowStateFile, bind
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import button, column, flow, named, plain_label, row, show_column, split
from slmdesk.window.widgets.dialogs import RedactionGate
from slmdesk.window.widgets.notices import UNDO_MS, Notice, ask_where, give_export_menu, trash
from slmdesk.window.widgets.opening import FileDrop, ask_files, open_outside
from slmdesk.window.widgets.redaction_preview import Shield, Wording
from slmdesk.window.widgets.rows import Choice
from slmdesk.writing.files import SUFFIXES, OpenedText, WriteRequest, WrittenWord
from slmdesk.writing.types import Change, RewriteRequest, Task
from slmdesk.writing.window.editor import WritingEdit
from slmdesk.writing.window.panels import CorrectionPanel, SuggestionPanel

FILES = _("Texts ({names});;All files (*)").format(names=" ".join(f"*{suffix}" for suffix in SUFFIXES))
FORMS = (Form("docx", _("Word, with tracked changes")), Form("md", _("Markdown")), Form("txt", _("Plain text")))
WORDING = Wording(_("Redact before asking"), _("The text"), _("Go on"), _("everywhere in this text"))
LENGTHS = (("half", _("To half its length")), ("sentence", _("To one sentence")))
TONES = (
    ("friendlier", _("Friendlier")),
    ("firmer", _("Firmer")),
    ("plainer", _("Plainer")),
    ("formal", _("More formal")),
)
SHOW_AFTER_MS = 50
"""Milliseconds after the last key press before the words are counted, which takes a moment for a long text."""
BESIDE_WIDTH = 760
KEEP_AFTER_MS = 1_500
"""Milliseconds from the first unsaved change until the text is saved. A crash loses at most this much."""
MOST_EARLIER = 20
ON = _("Redaction is on: what you ask for is shown first, and no words are suggested while you type.")
OFF = _("Redaction is off.")


class WritingPage(QWidget):
    def __init__(
        self, bridge: Bridge, state: WindowStateFile, keeper: ThemeKeeper, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("writing_page")
        self._bridge, self._state = bridge, state
        self._restored = state.current.last_writing
        """Id of the text that was shown when the program ended. Empty once it has been looked up."""
        self._item: list[str] = [""]
        """Id of the item with the text, in a list that the service thread fills and reads. Each text has a new list."""
        self._kept: tuple[str, Sequence[Change]] = ("", ())
        """The text and its undecided changes as they were saved last."""
        self._source: OpenedText | None = None
        self._timer = Delay(self, SHOW_AFTER_MS, self._show_text, "writing_count_timer")
        self._keep_timer = Delay(self, KEEP_AFTER_MS, self.keep, "keep_writing_timer")
        self._redaction = RedactionGate(bridge, self, "writing_redaction")
        self._redaction.show_over(self, WORDING)
        self.editor = WritingEdit(keeper, self)
        self.corrections = CorrectionPanel(bridge, self.editor.tracked, self)
        self.suggestions = SuggestionPanel(bridge, self.editor.tracked, keeper, self)
        self._build_actions()
        self._build_foot()
        self._lay_out()
        self._connect()
        self._build_keys()
        self.setFocusProxy(self.editor)
        self._show_text()

    def _build_actions(self) -> None:
        self._correct = button(
            _("Correct"), "writing_correct", self, kind="primary", on=self._on_correct,
            tip=_("Show mistakes as changes, in the text or the part of it that is selected"), shortcut="write.correct",
        )  # fmt: skip
        self._rephrase = button(
            _("Rephrase"), "writing_rephrase", self, tip=_("Other words, in three ways"),
            shortcut="write.rephrase", on=lambda: self._rewrite(Task.REPHRASE, ""),
        )  # fmt: skip
        self._shorten = button(_("Shorten"), "writing_shorten", self, tip=_("Fewer words"))
        self._give_menu(self._shorten, Task.SHORTEN, LENGTHS)
        self._expand = button(
            _("Expand"), "writing_expand", self, tip=_("Make a full text of notes"),
            on=lambda: self._rewrite(Task.EXPAND, ""),
        )  # fmt: skip
        self._tone = button(_("Tone"), "writing_tone", self, tip=_("Another tone"))
        self._give_menu(self._tone, Task.TONE, TONES)
        self.shield = Shield("writing_redact", self)
        languages = sorted((language.name, language.code) for language in LANGUAGES.values())
        values: list[tuple[object, str]] = [("", _("Language: automatic")), *((code, name) for name, code in languages)]
        self._language = named(Choice(values, self), "writing_language", label=_("Language of the text"))
        self._language.setToolTip(_("Language of the text"))

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
            _("Open…"), "writing_open", self, tip=_("Open a document: Word, OpenDocument, Markdown, text"),
            shortcut="write.open", on=self._on_open,
        )  # fmt: skip
        self._texts = button(
            _("My texts"), "writing_texts", self, tip=_("A new text, and those written before"),
            on=self._ask_earlier,
        )  # fmt: skip
        self._copy = button(
            _("Copy"), "writing_copy", self, tip=_("Copy the whole text"), shortcut="write.copy", on=self._on_copy
        )
        self._save = button(
            _("Save as"), "writing_save", self, tip=_("Write the text to a file"), shortcut="write.save"
        )
        give_export_menu(self._save, self._on_save, _("Save as"), FORMS)
        menu = self._save.menu()
        self._into = menu.addAction(_("The opened Word file, with tracked changes…"), self._on_save_into)
        self._into.setObjectName("export_into")
        menu.aboutToShow.connect(lambda: self._into.setVisible(self._word_file is not None))

    def _lay_out(self) -> None:
        self._body = split("writing_body", self, self.editor, self.corrections, sizes=(600, 300), grows=0)
        self._body.setHandleWidth(theme.SPACE_12)
        upright = Qt.Orientation.Vertical
        self._work: QSplitter = split(
            "writing_work", self, self._body, self.suggestions, sizes=(340, 300), grows=0, way=upright
        )
        self._work.setHandleWidth(theme.SPACE_12)
        top = flow(
            self._correct, self._rephrase, self._shorten, self._expand, self._tone, self._language, self.shield,
            gap=theme.SPACE_8,
        )  # fmt: skip
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
        editor, corrections = self.editor, self.corrections
        corrections.busy_changed.connect(self._show_text)
        corrections.change_chosen.connect(editor.outline)
        for panel in (corrections, self.suggestions):
            panel.said.connect(self._said.setText)
        self.shield.clicked.connect(self._redaction.switch)
        self._redaction.switched.connect(lambda is_on: self._said.setText(ON if is_on else OFF))
        editor.tracked.changed.connect(self._on_changed)
        editor.tracked.changed.connect(self._timer.start)
        editor.selectionChanged.connect(self._timer.start)
        editor.cursorPositionChanged.connect(self._on_cursor_moved)
        editor.files_given.connect(self.open_files)
        FileDrop(self, self.open_files)
        self._bridge.on(ItemGone, self._on_item_gone)

    def _build_keys(self) -> None:
        changes = self.corrections
        keys: tuple[tuple[str, Callable[[], object]], ...] = (
            ("write.correct", self._correct.click), ("write.rephrase", self._rephrase.click),
            ("write.new", self.begin_new), ("write.open", self._on_open),
            ("write.save", lambda: self._on_save("")), ("write.copy", self._copy.click),
            ("change.next", lambda: changes.list.step(1)), ("change.previous", lambda: changes.list.step(-1)),
            ("change.accept", changes.accept_current), ("change.refuse", changes.refuse_current),
        )  # fmt: skip
        for name, work in keys:
            bind(self, name, work, within=True)

    @property
    def text(self) -> str:
        return self.editor.tracked.plain

    # ---- what is kept

    def _on_changed(self) -> None:
        if not self._keep_timer.isActive() and self._now() != self._kept:
            self._keep_timer.start()

    def _now(self) -> tuple[str, Sequence[Change]]:
        return self.text, tuple(self.corrections.not_decided())

    def keep(self) -> None:
        """Save the text and undecided changes unless already saved. The saved version of an emptied text stays."""
        self._keep_timer.stop()
        now = text, changes = self._now()
        if now == self._kept:
            return
        self._kept, item = now, self._item
        if not text.strip():
            self._item = [""]

        def work(services: Services) -> None:
            item[0] = services.writing_history.keep(text, item[0], changes) or item[0]
            self._state.change(last_writing=item[0] if text.strip() else "")

        def refused(problem: Problem) -> None:
            self._kept = ("", ())  # it is tried again
            self._bridge.problem_met.emit(problem)

        self._bridge.ask(work, None, refused)

    def open_item(self, item: str) -> None:
        """Open a saved text. The text shown before is saved too."""

        def opened(found: tuple[str, Sequence[Change]]) -> None:
            if found[0]:
                self._show(*found, [item])
                self._remember(item)

        self.keep()
        self._bridge.ask(self._bridge.services.writing_history.open(item), opened)

    def begin_new(self) -> None:
        self._begin("")
        self._remember("")

    def _on_delete(self) -> None:
        """Move the text to the trash, and show a notice that offers to undo this."""
        self.keep()
        item = self._item
        self._show("", (), [""])

        def found(id: str) -> None:
            if id:
                trash(self._bridge, id, lambda there: self.open_item(there.id))

        self._bridge.ask(lambda _services: item[0], found)
        self._remember("")

    def _remember(self, item: str) -> None:
        """Show this text again at the next start of the program."""
        self._bridge.ask(lambda _services: self._state.change(last_writing=item))

    def _ask_earlier(self) -> None:
        self._bridge.ask(self._bridge.services.writing_history.earlier(MOST_EARLIER), self._on_earlier_listed)

    def _on_earlier_listed(self, items: Sequence[Item]) -> None:
        menu = named(QMenu(self), "writing_texts_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(_("New text"), self.begin_new).setObjectName("new_writing")
        delete = menu.addAction(_("Delete this text"), self._on_delete)
        delete.setObjectName("delete_writing")
        delete.setEnabled(bool(self.text.strip()))
        menu.addSection(_("Written before"))
        for item in items:
            title = title_of_item(item).replace("&", "&&")
            menu.addAction(title, partial(self.open_item, item.id)).setObjectName("earlier_writing")
        menu.popup(self._texts.mapToGlobal(QPoint(0, self._texts.height())))

    def _on_item_gone(self, event: ItemGone) -> None:
        if self._item[0] == event.id:
            self._item = [""]

    # ---- from elsewhere

    def take_text(self, text: str) -> None:
        """Show a text that comes from elsewhere. Undo brings back the previous text."""
        self._begin(text)
        self.editor.setFocus()

    def _begin(self, text: str) -> None:
        self.keep()
        self._show(text, (), [""])
        self._kept = ("", ())
        self._on_changed()

    def open_files(self, paths: Sequence[Path]) -> None:
        """Open a document. If several are given, open the first and tell the user."""
        if not paths:
            return
        path, others = paths[0], len(paths) - 1

        def opened(found: OpenedText) -> None:
            self._begin(found.text)
            self._source = found
            self._said.setText(opened_words(found, others))

        self._said.setText(_("Opening {name}…").format(name=path.name))
        opening = self._bridge.services.writing_files.open(path)
        self._bridge.follow(opening, opened, lambda problem: self._said.setText(problem.sentence))

    def _show(self, text: str, changes: Sequence[Change], item: list[str], *, is_undoable: bool = True) -> None:
        self.corrections.stop()
        self.suggestions.discard()
        self._redaction.drop()
        self._keep_timer.stop()
        self._item, self._kept, self._source = item, (text, changes), None
        self._said.setText("")
        if is_undoable:
            self.editor.replace_all(text)
        else:
            self.editor.setPlainText(text)
        self.corrections.show_changes(changes)
        if not is_undoable:
            self.editor.document().clearUndoRedoStacks()

    # ---- what the model is asked for

    def _on_correct(self) -> None:
        start, end = self.editor.selected
        if start == end:
            start, end = 0, len(self.text)
        redact, language = self._redaction.is_on, str(self._language.currentData())

        def go_on(decisions: Decisions) -> None:
            self.corrections.correct(start, end, language, redact=redact, decisions=decisions)

        self._said.setText("")
        self._redaction.before(self.text[start:end], go_on)

    def _rewrite(self, task: Task, manner: str) -> None:
        start, end = self.editor.selected
        if start == end:
            text = self.text
            start, end = len(text) - len(text.lstrip()), len(text.rstrip())
        if end <= start:
            return
        language = str(self._language.currentData())
        request = RewriteRequest("", task, manner, language, redact=self._redaction.is_on)

        def go_on(decisions: Decisions) -> None:
            self.suggestions.begin(changed(request, decisions=decisions), start, end)

        self._said.setText("")
        self._redaction.before(self.text[start:end], go_on)

    # ---- given out

    def _on_open(self) -> None:
        ask_files(self, _("Open a document"), self.open_files, name="open_writing_dialog", filters=FILES)

    def _on_copy(self) -> None:
        copy_text(self.text)
        count = len(self.corrections.changes)
        self._said.setText(
            _("Copied, without the {count:,} open changes.").format(count=count) if count else _("Copied.")
        )

    @property
    def _word_file(self) -> Path | None:
        source = self._source
        return source.path if source is not None and source.path.suffix.lower() == ".docx" else None

    def _on_save(self, form: str) -> None:
        source = self._source
        if not self.text.strip():
            return
        if not form and self._word_file is not None:
            self._on_save_into()
            return
        if not form:
            known = source.path.suffix.lower().lstrip(".") if source else ""
            form = known if known in [form.id for form in FORMS] else "docx"
        title = source.path.stem if source else " ".join(self.text[:80].split())
        folder: Path | None = source.path.parent if source else None
        ask_where(self, title, form, self.save, FORMS, folder=folder)

    def _on_save_into(self) -> None:
        path = self._word_file
        if path is not None:
            ask_where(
                self, _("{stem} corrected").format(stem=path.stem), "docx", self._save_into, FORMS, folder=path.parent
            )

    def save(self, target: Path) -> None:
        """Save the text to a file, whose suffix decides the format. The dialog has already asked about replacing a
        file.

        Undecided changes become tracked changes in a Word file, and are left out of other files.
        """
        request = WriteRequest(self.text, target, list(self.corrections.tracked()), self._source)
        changes = len(self.corrections.changes)
        writing = self._bridge.services.writing_files.write(request)
        self._bridge.follow(writing, lambda path: self._say_written(path, saved_words(path, changes)))

    def _save_into(self, target: Path) -> None:
        """Save a copy of the Word file that the text came from, with the differences as tracked changes."""
        pending = list(self.corrections.tracked())
        doubtful = sum(bool(words) for __, words in pending)
        request = WriteRequest(self.text, target, pending, self._source)
        writing = self._bridge.services.writing_files.write_into(request)
        self._bridge.follow(writing, lambda done: self._say_written(done.path, tracked_words(done, doubtful)))

    def _say_written(self, target: Path, words: str) -> None:
        self._bridge.notice_raised.emit(
            Notice(
                words, action=_("Open"), on_action=partial(_open, target), other=_("Open folder"),
                on_other=partial(_open, target.parent), life_ms=2 * UNDO_MS, key=f"export {target}",
            )
        )  # fmt: skip

    # ---- events

    def _on_cursor_moved(self) -> None:
        if not self.editor.textCursor().hasSelection() and self.corrections.changes:
            number = self.editor.tracked.number_at(self.editor.textCursor().position())
            if number and number != self.corrections.list.current:
                self.corrections.show_change(number)
                self.editor.mark(number)

    def _show_text(self) -> None:
        text = self.text
        has_words = bool(text.strip())
        self._correct.setEnabled(has_words and not self.corrections.is_busy)
        for other_button in (self._rephrase, self._shorten, self._expand, self._tone, self._copy, self._save):
            other_button.setEnabled(has_words)
        start, end = self.editor.selected
        words = ngettext("{n:,} word", "{n:,} words", len(text.split()))
        words = _("{words}, {count:,} characters").format(words=words, count=len(text))
        if end > start:
            words += ngettext("; {n:,} word selected", "; {n:,} words selected", len(text[start:end].split()))
        self._count.setText(words)

    # ---- Qt's own

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        item, self._restored = self._restored, ""
        if item and not self.text:
            self._bridge.ask(self._bridge.services.writing_history.open(item), partial(self._on_restored, item))

    def _on_restored(self, item: str, found: tuple[str, Sequence[Change]]) -> None:
        """Show the text shown when the program ended, unless there is a text already. A deleted text arrives empty."""
        if found[0] and not self.text:
            self._show(*found, [item], is_undoable=False)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.keep()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = event.size().width() >= BESIDE_WIDTH
        way = Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical
        if way is not self._body.orientation():
            self._body.setOrientation(way)


def _open(path: Path) -> None:
    open_outside(QUrl.fromLocalFile(str(path)))


# ---- words


def title_of_item(item: Item, most: int = 50) -> str:
    title = " ".join(item.title.split())
    return title if len(title) <= most else f"{title[: most - 1].rstrip()}…"


def opened_words(opened: OpenedText, others: int) -> str:
    how = "" if opened.how else _(": its words, without formatting")
    words = [_("{name} is opened{how}.").format(name=opened.path.name, how=how)]
    if opened.left:
        words.append(_("Not in the text: {left}.").format(left=", ".join(opened.left)))
    if others:
        words.append(_("One document can be written on at a time: the first was opened."))
    return " ".join(words)


def tracked_words(written: WrittenWord, doubtful: int) -> str:
    count = ngettext("{n:,} tracked change", "{n:,} tracked changes", written.tracked)
    words = [_("Written to {path}, with {count} and its own formatting.").format(path=written.path, count=count)]
    if written.lost:
        why = _("new paragraphs, or words across formatting. They are in the text here.")
        lost = ngettext(
            "{n:,} change is not in the file: {why}", "{n:,} changes are not in the file: {why}", written.lost, why=why
        )
        words.append(lost)
    if doubtful:
        left = ngettext(
            "{n:,} change to check is not in the file", "{n:,} changes to check are not in the file", doubtful
        )
        words.append(_("{left}: decide on them first.").format(left=left))
    return " ".join(words)


def saved_words(target: Path, changes: int) -> str:
    if not changes:
        return _("Written to {target}.").format(target=target)
    count = ngettext("{n:,} open change", "{n:,} open changes", changes)
    if target.suffix.lower() == ".docx":
        return _("Saved to {target}. Tracked in Word: {count}, those to check as comments.").format(
            target=target, count=count
        )
    return _("Written to {target}, without the {count}.").format(target=target, count=count)

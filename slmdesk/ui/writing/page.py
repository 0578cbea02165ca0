"""The page Write: the text as a sheet, and a pane beside it with changes or suggestions.

Its text is saved while it is written. Texts can be opened from documents and saved as files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QMenu, QStackedWidget, QWidget

from slmdesk.base.documents import Form
from slmdesk.base.record import changed
from slmdesk.base.runtime.events import ItemGone
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _, ngettext
from slmdesk.base.translation import LANGUAGES
from slmdesk.services import Services
from slmdesk.tasks.writing.files import SUFFIXES, OpenedText, WriteRequest, WrittenWord
from slmdesk.tasks.writing.types import Change, RewriteRequest, Task
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.clipboard import copy_text
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.base.theme import ThemeKeeper, scaled
from slmdesk.ui.kit.base.window_state import WindowStateFile
from slmdesk.ui.kit.widgets.bars import SettingsController
from slmdesk.ui.kit.widgets.build import (
    CheckBox,
    ElidedLabel,
    button,
    column,
    dictate_button,
    named,
    plain_label,
    row,
    set_kind,
    tool_button,
)
from slmdesk.ui.kit.widgets.files import FileDrop, ask_files
from slmdesk.ui.kit.widgets.notices import (
    ask_where,
    document_written,
    give_export_menu,
    tell_not_written,
    trash,
)
from slmdesk.ui.kit.widgets.parts import Popover
from slmdesk.ui.kit.widgets.rows import Choice
from slmdesk.ui.writing.editor import WritingEdit
from slmdesk.ui.writing.panels import CorrectionPanel
from slmdesk.ui.writing.rewriting import SelectionBar, SuggestionPanel, add_ways
from slmdesk.ui.writing.texts import TextList

FILES = _("Texts ({names});;All files (*)").format(names=" ".join(f"*{suffix}" for suffix in SUFFIXES))
FORMS = (Form("docx", _("Word, with tracked changes")), Form("md", _("Markdown")), Form("txt", _("Plain text")))
PANE_WIDTH, DESK_MARGIN, BAR_HEIGHT = 300, 20, 56
MOST_SIZE = (1 << 24) - 1
"""Qt's own limit of a widget's size."""
PANE_SHARE = 0.4
"""Share of the page's height for the pane where it is below the sheet."""
SHOW_AFTER_MS = 50
"""Milliseconds after the last key press before the words are counted, which takes a moment for a long text."""
LOW, NARROW = 520, 420
BESIDE_WIDTH = 720
"""Least width of the page, in pixels at 100 % text, with the pane beside the sheet. Else it is below."""
KEEP_AFTER_MS = 1_500
"""Milliseconds from the first unsaved change until the text is saved. A crash loses at most this much."""


class WritingPage(QWidget):
    translate_wanted = Signal(str)

    def __init__(
        self,
        bridge: Bridge,
        state: WindowStateFile,
        keeper: ThemeKeeper,
        settings: SettingsController,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("writing_page")
        self._bridge, self._state, self._settings = bridge, state, settings
        self._restored = state.current.last_writing
        """Id of the text that was shown when the program ended. Empty once it has been looked up."""
        self._item: list[str] = [""]
        """Id of the item with the text, in a list that the service thread fills and reads. Each text has a new list."""
        self._kept: tuple[str, Sequence[Change]] = ("", ())
        """The text and its undecided changes as they were saved last."""
        self._source: OpenedText | None = None
        self._timer = Delay(self, SHOW_AFTER_MS, self._show_text, "writing_count_timer")
        self._keep_timer = Delay(self, KEEP_AFTER_MS, self.keep, "keep_writing_timer")
        self.editor = WritingEdit(keeper, self)
        self.corrections = CorrectionPanel(bridge, self.editor.tracked, self)
        self.suggestions = SuggestionPanel(bridge, self.editor.tracked, keeper, self)
        self.side_list = self.texts = TextList(bridge, lambda: self._item[0], self)
        self._build_bar()
        self._build_options()
        self._lay_out()
        self._connect(keeper)
        self.setFocusProxy(self.editor)
        self._show_text()

    def _build_bar(self) -> None:
        self._title = ElidedLabel(self, name="writing_title", kind="heading")
        self._count = plain_label("", self, name="writing_count", kind="small", wraps=False)
        self._rewrite_all = button(_("Rewrite"), "writing_rewrite", self, kind="bar", tip=_("Rewrite the whole text"))
        self._rewrite_all.setMenu(self._rewrite_menu())
        self._correct = button(
            _("Correct"), "writing_correct", self, kind="primary", on=self._on_correct,
            tip=_("Show mistakes as changes, in the text or the part of it that is selected"), shortcut="write.correct",
        )  # fmt: skip
        self._dictate = dictate_button(self._bridge, self.editor, self, "writing_")
        self._save = tool_button(
            "writing_save", self, icon="download", label=_("Export"), tip=_("Export"), shortcut="write.save"
        )
        give_export_menu(self._save, self._on_save, _("Export"), FORMS)
        menu = self._save.menu()
        self._into = menu.addAction(_("The opened Word file, with tracked changes…"), self._on_save_into)
        self._into.setObjectName("export_into")
        menu.addAction(_("Copy text"), self._on_copy).setObjectName("writing_copy")
        menu.aboutToShow.connect(lambda: self._into.setVisible(self._word_file is not None))
        self._gear = tool_button(
            "writing_options", self, icon="sliders", label=_("Options"), tip=_("Language, spelling")
        )

    def _rewrite_menu(self) -> QMenu:
        menu = add_ways(named(QMenu(self), "writing_rewrite_menu"), partial(self._rewrite, is_whole=True))
        menu.addSeparator()
        menu.addAction(_("Translate"), lambda: self.translate_wanted.emit(self.text)).setObjectName("translate_writing")
        return menu

    def _build_options(self) -> None:
        self._gear.clicked.connect(lambda: self._options.toggle(self._gear))
        self._options: Popover = Popover(self, "writing_options_panel", label=_("Options"), width=320)
        languages = sorted((language.shown, language.code) for language in LANGUAGES.values())
        values: list[tuple[object, str]] = [("", _("Automatic")), *((code, name) for name, code in languages)]
        self._language = named(Choice(values, self._options), "writing_language", label=_("Language of the text"))
        make = partial(plain_label, parent=self._options, wraps=False)
        column(
            row(make(_("Language"), name="writing_language_label"), 1, self._language, gap=theme.SPACE_8),
            self._box("spelling", _("Underline misspelled words")),
            into=self._options, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip

    def _box(self, key: str, words: str) -> CheckBox:
        box = named(CheckBox(words, self._options), f"writing_{key}")
        box.clicked.connect(lambda is_on: self._settings.change(key, is_on))

        def show(_settings: object) -> None:
            policy = self._settings.policy
            box.setChecked(bool(getattr(self._settings.current, key)))
            box.setEnabled(policy is None or key not in policy.managed)

        self._settings.settings_shown.connect(show)
        self._settings.policy_shown.connect(show)
        show(None)
        return box

    def _lay_out(self) -> None:
        self._desk = named(QWidget(self), "writing_desk")
        self._desk.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._ground = row(1, (self.editor, 1000), 1, into=self._desk, gap=0)
        self._selection_bar = SelectionBar(self.editor, self._rewrite, self._desk)
        self._pane = named(QFrame(self), "writing_pane")
        self._said = plain_label("", self._pane, name="writing_said", kind="small")
        self._said.setAlignment(Qt.AlignmentFlag.AlignBottom)
        self._stack = named(QStackedWidget(self._pane), "writing_stack")
        for panel in (self.corrections, self.suggestions):
            self._stack.addWidget(panel)
        column(
            (self._stack, 1), self._said, self.corrections.foot, into=self._pane, gap=theme.SPACE_8,
            margins=(theme.SPACE_16, theme.SPACE_12, theme.SPACE_4, theme.SPACE_16),
        )  # fmt: skip
        bar = named(QWidget(self), "writing_bar")
        row(
            (self._title, 100), self._count, 1, self._rewrite_all, self._correct, self._dictate, self._save,
            self._gear,
            into=bar, gap=theme.SPACE_8, margins=(theme.SPACE_24, theme.SPACE_8, theme.SPACE_16, theme.SPACE_8),
        )  # fmt: skip
        self._bar = bar
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(0)
        self._body.addWidget(self._desk, 1)
        self._body.addWidget(self._pane)
        column(bar, (self._body, 1), into=self, gap=0)

    def _connect(self, keeper: ThemeKeeper) -> None:
        editor, corrections = self.editor, self.corrections
        keeper.theme_changed.connect(self._fit)
        corrections.busy_changed.connect(self._show_text)
        corrections.busy_changed.connect(self._on_busy_changed)
        corrections.changes_shown.connect(self._show_primary)
        corrections.change_chosen.connect(editor.outline)
        for panel in (corrections, self.suggestions):
            panel.said.connect(self._said.setText)
        self.suggestions.shown.connect(self._on_suggestions_shown)
        self._selection_bar.translate_requested.connect(self._on_translate_selected)
        editor.tracked.changed.connect(self._on_changed)
        editor.tracked.changed.connect(self._timer.start)
        editor.selectionChanged.connect(self._timer.start)
        editor.cursorPositionChanged.connect(self._on_cursor_moved)
        editor.files_given.connect(self.open_files)
        FileDrop(self, self.open_files)
        self._bridge.on(ItemGone, self._on_item_gone)
        for signal, work in (
            (self.texts.chosen, self.open_item), (self.texts.new_requested, self.begin_new),
            (self.texts.open_requested, self._on_open), (self.texts.delete_requested, self._on_delete),
        ):  # fmt: skip
            signal.connect(work)
        keys: tuple[tuple[str, Callable[[], object]], ...] = (
            ("write.correct", self._correct.click), ("write.rephrase", lambda: self._rewrite(Task.REPHRASE, "")),
            ("write.new", self.begin_new), ("write.open", self._on_open),
            ("write.save", lambda: self._on_save("")), ("write.copy", self._on_copy),
            ("change.next", lambda: corrections.list.step(1)), ("change.previous", lambda: corrections.list.step(-1)),
            ("change.accept", corrections.accept_current), ("change.refuse", corrections.refuse_current),
        )  # fmt: skip
        for name, on in keys:
            bind(self, name, on)

    @property
    def text(self) -> str:
        return self.editor.tracked.plain

    # ---- what is kept

    def _on_changed(self) -> None:
        if not self._keep_timer.isActive() and self._now() != self._kept:
            self._keep_timer.start()

    def _on_busy_changed(self) -> None:
        if not self.corrections.is_busy:
            self.keep()  # at once: the model took its time to find the changes

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
            item[0] = services.writing.keep(text, item[0], changes) or item[0]
            self._state.change(last_writing=item[0] if text.strip() else "")

        def refused(problem: Problem) -> None:
            self._kept = ("", ())  # it is tried again
            self._bridge.problem_met.emit(problem)

        self._bridge.ask(work, None, refused)

    def open_item(self, item: str) -> None:
        """Open a saved text. The text shown before is saved too."""

        def opened(kept: tuple[str, Sequence[Change]]) -> None:
            if kept[0]:
                self._show(*kept, [item])
                self._remember(item)

        self.keep()
        self._bridge.ask(self._bridge.services.writing.kept(item), opened)

    def begin_new(self) -> None:
        self._begin("")
        self._remember("")

    def _on_delete(self) -> None:
        """Move the text to the trash, and show a notice that offers to undo this."""
        if not self.text.strip():
            return
        self.keep()
        item = self._item
        self._show("", (), [""])

        def offer_undo(id: str) -> None:
            if id:
                trash(self._bridge, id, lambda there: self.open_item(there.id))

        self._bridge.ask(lambda _services: item[0], offer_undo)
        self._remember("")

    def _remember(self, item: str) -> None:
        self._bridge.ask(lambda _services: self._state.change(last_writing=item))

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

        def opened(source: OpenedText) -> None:
            self._begin(source.text)
            self._source = source
            self._said.setText(opened_words(source, others))

        self._said.setText(_("Opening {name}…").format(name=path.name))
        opening = self._bridge.services.writing.open_file(path)
        self._bridge.follow(opening, opened, lambda problem: self._said.setText(problem.sentence))

    def _show(self, text: str, changes: Sequence[Change], item: list[str], *, is_undoable: bool = True) -> None:
        self.corrections.stop()
        self.suggestions.discard()
        self._keep_timer.stop()
        self._item, self._kept, self._source = item, (text, changes), None
        self.texts.mark(item[0])
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
        self._said.setText("")
        self.corrections.correct(start, end, str(self._language.currentData()))

    def _rewrite(self, task: Task, manner: str, *, is_whole: bool = False) -> None:
        """Rewrite what is selected, or else the whole text. The request goes without text: the panel takes it."""
        start, end = self.editor.selected
        if start == end or is_whole:
            text = self.text
            start, end = len(text) - len(text.lstrip()), len(text.rstrip())
        if end <= start:
            return
        self._said.setText("")
        self.suggestions.begin(RewriteRequest("", task, manner, str(self._language.currentData())), start, end)

    def _on_translate_selected(self) -> None:
        start, end = self.editor.selected
        self.translate_wanted.emit(self.text[start:end])

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
        writing = self._bridge.services.writing.write_file(request)
        refused = partial(tell_not_written, self._bridge, target)
        self._bridge.follow(writing, lambda path: self._say_written(path, saved_words(path, changes)), refused)

    def _save_into(self, target: Path) -> None:
        pending = list(self.corrections.tracked())
        doubtful = sum(bool(words) for __, words in pending)
        request = WriteRequest(self.text, target, pending, self._source)
        writing = self._bridge.services.writing.write_into(request)
        refused = partial(tell_not_written, self._bridge, target)
        self._bridge.follow(writing, lambda done: self._say_written(done.path, tracked_words(done, doubtful)), refused)

    def _say_written(self, target: Path, words: str) -> None:
        self._bridge.notice_raised.emit(changed(document_written(target), text=words))

    def _on_cursor_moved(self) -> None:
        if not self.editor.textCursor().hasSelection() and self.corrections.changes:
            number = self.editor.tracked.number_at(self.editor.textCursor().position())
            if number and number != self.corrections.list.number:
                self.corrections.list.show_change(number)
                self.editor.mark(number)

    def _show_text(self) -> None:
        text = self.text
        has_words = bool(text.strip())
        self._correct.setEnabled(has_words and not self.corrections.is_busy)
        for control in (self._rewrite_all, self._save):
            control.setEnabled(has_words)
        start, end = self.editor.selected
        title = " ".join(text[:400].lstrip().partition("\n")[0].split())[:80] or _("New text")
        self._title.setMaximumWidth(self._title.fontMetrics().horizontalAdvance(title) + theme.SPACE_4)
        self._title.set_full_text(title)
        words = ngettext("{n:,} word", "{n:,} words", len(text.split()))
        if end > start:
            words = _("{words}, {count:,} selected").format(words=words, count=len(text[start:end].split()))
        self._count.setText(words)
        self._count.setToolTip(_("{count:,} characters").format(count=len(text)))

    def _show_primary(self) -> None:
        """Make the button primary that comes next: Correct, or Accept once there are changes."""
        self._fit()
        has_changes = bool(self.corrections.changes)
        is_rewriting = self.suggestions.now is not None
        if is_rewriting:
            primary = None
        elif has_changes:
            primary = self.corrections.accept_sure
        else:
            primary = self._correct
        for way in (self._correct, self.corrections.accept_sure):
            kind = "primary" if way is primary else ""
            if way.property("kind") != kind:
                set_kind(way, kind)

    def _on_suggestions_shown(self, is_shown: bool) -> None:
        self._stack.setCurrentWidget(self.suggestions if is_shown else self.corrections)
        self.editor.light(self.suggestions.place if is_shown else None)
        self._selection_bar.hide()
        self._show_primary()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        item, self._restored = self._restored, ""
        if item and not self.text:
            self._bridge.ask(self._bridge.services.writing.kept(item), partial(self._on_restored, item))

    def _on_restored(self, item: str, kept: tuple[str, Sequence[Change]]) -> None:
        """Show the text shown when the program ended, unless there is a text already. A deleted text arrives empty."""
        if kept[0] and not self.text:
            self._show(*kept, [item], is_undoable=False)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.keep()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        is_beside = self.width() >= scaled(BESIDE_WIDTH)
        way = QBoxLayout.Direction
        self._body.setDirection(way.LeftToRight if is_beside else way.TopToBottom)
        self._pane.setProperty("below", not is_beside)
        self._bar.setFixedHeight(scaled(BAR_HEIGHT))
        self._correct.setMinimumWidth(scaled(104))  # it must not move as it becomes primary
        is_rewriting, corrections = self.suggestions.now is not None, self.corrections
        is_used = is_beside or is_rewriting or corrections.is_busy or bool(corrections.changes)
        self._stack.setVisible(is_used)  # below the sheet it takes no place that the text could have
        corrections.foot.setVisible(is_used and not is_rewriting)  # else what it accepts is not in sight
        if not is_used:
            share = 0.0
        elif self.height() >= scaled(LOW):
            share = PANE_SHARE
        else:
            share = 0.5
        width, height = (scaled(PANE_WIDTH), 0) if is_beside else (0, round(self.height() * share))
        self._count.setVisible(self.width() >= scaled(NARROW))
        self._pane.setMinimumSize(width, height)
        self._pane.setMaximumSize(width or MOST_SIZE, height or MOST_SIZE)
        margin = scaled(DESK_MARGIN)
        self._ground.setContentsMargins(margin, scaled(theme.SPACE_24), margin, 0)
        self.editor.setMaximumWidth(scaled(theme.COLUMN_WIDTH))


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

"""Widgets for a text and its translation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from slmdesk.base.documents import FORMATS, TRANSLATABLE
from slmdesk.base.record import values_of
from slmdesk.base.texts import _, ngettext
from slmdesk.base.translation import LANGUAGES, SegmentState
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.clipboard import copy_text
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.widgets.build import button, column, named, plain_label, row, show_column, split, tool_button
from slmdesk.ui.kit.widgets.files import ask_documents, ask_new_file
from slmdesk.ui.kit.widgets.rows import order_tabs, tab_stops
from slmdesk.ui.translation.languages import AdviceLine, LanguageChoice, TextOptions
from slmdesk.ui.translation.text import (
    MOST_CHARACTERS,
    TranslateController,
    count_words,
    language_words,
    tip_of,
    to_check,
    too_long_words,
)
from slmdesk.ui.translation.text_editors import ScrollSync, SourceEdit, TargetEdit

if TYPE_CHECKING:
    from slmdesk.ui.translation.words import WordCard

HEAD_MARGINS = (0, theme.SPACE_8, 0, theme.SPACE_4)
LEAST_WIDTH = 600
"""Least width of the sheet with the panes side by side, at the usual size of text."""


class TextPane(QWidget):
    files_given = Signal(object)
    paste_requested = Signal()

    def __init__(self, controller: TranslateController, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("translate_text")
        self._controller, self._keeper = controller, keeper
        self._checked = -1
        """Index of the sentence to check that was gone to last."""
        self._build_choices()
        hint = _("Type or paste a text, or drop a document here.")
        self._input = SourceEdit(self, name="source_text", words=_("The text"), hint=hint, most=MOST_CHARACTERS)
        self._output = TargetEdit(self, name="target_text", words=_("The translation"))
        self._long = LongTextBar(self)
        self._reading = ScrollSync(self._input, self._output, self._keeper, self)
        self._build_foot()
        self._lay_out()
        view, options = controller.view, self._options
        self._input.textChanged.connect(self._on_typed)
        self._input.files_pasted.connect(self.files_given)
        self._input.too_long.connect(self._long.show_text)
        self._source.value_chosen.connect(controller.set_source)
        self._target.value_chosen.connect(controller.set_target)
        self._option_button.clicked.connect(lambda: options.toggle(self._option_button))
        options.form.changed.connect(controller.set_manner)
        self.advice.model_changed.connect(controller.translate)
        self._long.file_chosen.connect(controller.save_text)
        self._output.edited.connect(self._on_edited)
        self._output.left.connect(controller.settle)
        self._output.word_chosen.connect(self._on_word_chosen)
        for pane in (self._input, self._output):
            pane.zoomed.connect(lambda is_larger: view.enlarge() if is_larger else view.shrink())
        view.changed.connect(self._on_view)
        self._keeper.theme_changed.connect(self._on_shown)
        controller.shown.connect(self._on_shown)
        controller.refused.connect(self._on_refused)
        controller.manner_changed.connect(self._on_manner)
        controller.text_opened.connect(self._on_text_opened)
        for name, work in (
            ("swap", controller.swap), ("copy", self._on_copy),
            ("larger", view.enlarge), ("smaller", view.shrink),
            ("usual", lambda: view.change(translate_font_percent=100)),
        ):  # fmt: skip
            bind(self, f"text.{name}", work)
        self._on_manner()
        self._on_view()

    @property
    def first(self) -> QWidget:
        """The field that has the focus first. It is no focus proxy, from which Tab would go back to it."""
        return self._input

    def _build_choices(self) -> None:
        self._source = self._language("source_language", _("Language of the text"), detect=_("Detect language"))
        self._target = self._language("target_language", _("Language of the translation"))
        self._swap = tool_button(
            "swap_button", self, label=_("Swap languages"), tip=_("Swap languages"), shortcut="text.swap",
            icon="arrow-left-right", colour="ink2", on=self._controller.swap,
        )  # fmt: skip
        self.advice = AdviceLine(self._controller.bridge, self)
        self._options = TextOptions(self._controller.view, self)
        self.head = named(QWidget(self), "text_head")
        self._option_button = tool_button(
            "translate_options_button", self.head, label=_("Options"), tip=_("Subject, formality"),
            icon="sliders", colour="ink2",
        )  # fmt: skip
        row(1, self._option_button, into=self.head)

    def _build_foot(self) -> None:
        self._paste = tool_button(
            "paste_button", self, label=_("Translate the clipboard"), shortcut="clipboard", icon="clipboard-paste",
            tip=_("Translate the clipboard, a text or files"), colour="ink2", on=self.paste_requested,
        )  # fmt: skip
        self._file = tool_button(
            "choose_document_button", self, label=_("Translate a document…"), tip=_("Translate a document…"),
            icon="file-plus", colour="ink2", on=self.choose_files,
        )  # fmt: skip
        self._count = plain_label("", self, name="source_words", kind="small", wraps=False)
        self._copy = tool_button(
            "copy_translation_button", self, label=_("Copy"), tip=_("Copy the translation"), shortcut="text.copy",
            icon="copy", colour="ink2", on=self._on_copy,
        )  # fmt: skip
        self._stop = button(_("Stop"), "stop_translation_button", self, kind="quiet", on=self._controller.stop)
        self._said = plain_label("", self, name="translate_words", kind="small")
        self._check = button(
            "", "check_count_button", self, kind="flag", icon="triangle-alert", colour="warn", on=self._on_check,
            tip=_("Go to the next sentence to check"),
        )  # fmt: skip
        for part in (self._stop, self._check):
            kept = part.sizePolicy()
            kept.setRetainSizeWhenHidden(True)  # the words beside it stay in place
            part.setSizePolicy(kept)

    def _lay_out(self) -> None:
        sides = (theme.SPACE_24, 0, theme.SPACE_24, theme.SPACE_8)
        text, translation = named(QWidget(self), "source_side"), named(QWidget(self), "target_side")
        foot = row(self._paste, self._file, 1, self._count, gap=theme.SPACE_4)
        column(
            row(self._source, 1, margins=HEAD_MARGINS), (self._input, 1), self._long, foot, into=text,
            gap=theme.SPACE_4, margins=sides,
        )  # fmt: skip
        foot = row(self._copy, self._stop, (self._said, 1), self._check, gap=theme.SPACE_4)
        column(
            row(self._target, 1, margins=HEAD_MARGINS), self.advice, (self._output, 1), foot,
            into=translation, gap=theme.SPACE_4, margins=sides,
        )  # fmt: skip
        self._work = Sheet(self, text, translation, self._swap, self._source)
        self._word_card: WordCard | None = None
        scrolled = named(QScrollArea(self), "translate_scroll")  # with large letters in a low window
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        show_column(scrolled, self._work)
        column(scrolled, into=self)
        order_tabs(
            self._source, self._swap, self._target, self._input, *tab_stops(self.advice.layout()), self._output,
            *tab_stops(self._long.layout()), self._paste, self._file, self._copy, self._stop, self._check,
        )  # fmt: skip

    def _language(self, name: str, words: str, *, detect: str = "") -> LanguageChoice:
        return named(
            LanguageChoice(self._keeper, self._controller.view, self, detect=detect), name, label=words, tip=words
        )

    def take_text(self, text: str) -> None:
        """Translate a text from elsewhere. Undo brings back the previous text."""
        if len(text) > MOST_CHARACTERS:
            self._long.show_text(text)
        else:
            self._controller.restart()
            self._input.replace_text(text)
        self._input.setFocus()

    def _on_typed(self) -> None:
        text = self._input.toPlainText()
        self._controller.set_text(text)
        words = len(text.split())
        self._count.setText(ngettext("{n:,} word", "{n:,} words", words) if words else "")
        self._long.show_text(text)

    def choose_files(self) -> None:
        formats = [each for each in FORMATS if each.id in TRANSLATABLE]
        title, chosen = _("Translate documents"), self.files_given.emit
        ask_documents(self, title, chosen, name="choose_document_dialog", formats=formats)

    def _on_copy(self) -> None:
        self._controller.settle()
        copy_text(self._controller.last.text)
        self._said.setText(_("Copied."))

    def _on_edited(self, text: str, most_same: int) -> None:
        if self._word_card is not None:
            self._word_card.dismiss()
        if not self._controller.edit(text, most_same):
            self._said.setText(_("The model is still writing this sentence."))

    def _on_word_chosen(self, is_asked: bool) -> None:
        """Show other words. `is_asked`: by keys or the menu, so that the focus goes there."""
        place = self._controller.place_of(*self._output.chosen) if self._controller.last.is_done else None
        if place is not None:
            from slmdesk.ui.translation.words import WordCard  # not needed before words are chosen

            card = self._word_card = self._word_card or WordCard(self._controller, self)
            card.show_about(place, self._output, self._output.place_of_chosen(), takes_focus=is_asked)
        elif is_asked:
            self._said.setText(_("Put the caret into a sentence that is translated."))

    def _on_check(self) -> None:
        """Go to the next sentence to check, and say why."""
        shown = self._controller.last
        indices = to_check(shown)
        self._checked = next((index for index in indices if index > self._checked), indices[0])
        for pane in (self._input, self._output):
            pane.go_to(self._checked)
            pane.light(self._checked)
        self._output.setFocus()
        self._said.setText(tip_of(shown.segments[self._checked]))

    def _on_manner(self) -> None:
        manner = self._controller.manner
        self._source.show_value(manner.source)
        self._target.show_value(manner.target)
        self._options.form.show_values(values_of(manner), manner.target)
        is_mirrored = LANGUAGES[manner.target].is_right_to_left
        option = self._output.document().defaultTextOption()
        option.setTextDirection(
            Qt.LayoutDirection.RightToLeft if is_mirrored else Qt.LayoutDirection.LayoutDirectionAuto
        )
        option.setAlignment(Qt.AlignmentFlag.AlignRight if is_mirrored else Qt.AlignmentFlag.AlignLeft)
        self._output.document().setDefaultTextOption(option)
        self._on_shown()

    def _on_view(self) -> None:
        last = self._controller.view.last
        for pane in (self._input, self._output):
            pane.set_letters(last.translate_font_percent)
        self._reading.is_on = last.translate_together
        self._on_shown()

    def _on_shown(self) -> None:
        controller, shown = self._controller, self._controller.last
        manner, is_shaded = controller.manner, controller.view.last.translate_doubts
        is_there = controller.text == shown.source
        is_begun = any(segment.state is not SegmentState.OPEN for segment in shown.segments)
        self._output.setReadOnly(not (is_begun and is_there))
        self._reading.show(shown, is_source_there=is_there, is_shaded=is_shaded)
        self._source.show_detected(language_words(shown, manner))
        self._stop.setVisible(not shown.is_done)
        self._copy.setEnabled(bool(shown.text.strip()))
        self._said.setText(count_words(shown, manner, has_text=bool(controller.text)))
        count = len(to_check(shown))
        self._check.setText(_("{count:,} to check").format(count=count))
        self._check.setVisible(bool(count))
        self.advice.show_about(manner.source or shown.language, manner.target if shown.segments else "")

    def _on_refused(self, words: str) -> None:
        self._said.setText(words)
        self._stop.setVisible(False)

    def _on_text_opened(self) -> None:
        if (text := self._controller.text) != self._input.toPlainText():
            self._input.setPlainText(text)


class Sheet(QFrame):
    """Two panes with a line between them, and a button on the line. In a narrow window one stands above the other."""

    def __init__(self, parent: QWidget, first: QWidget, second: QWidget, swap: QWidget, beside: QWidget) -> None:
        """Create the sheet. `swap` is placed on the line, in the middle of the height of `beside`."""
        super().__init__(parent)
        self.setObjectName("translate_work")
        self._swap, self._beside = swap, beside
        self._panes = split("translate_splitter", self, first, second, sizes=(1, 1), grows=0)
        self._panes.setStretchFactor(1, 1)
        column(self._panes, into=self)
        swap.setParent(self)
        swap.raise_()
        self._panes.splitterMoved.connect(self._place)
        beside.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < theme.scaled(LEAST_WIDTH)
        self._panes.setOrientation(Qt.Orientation.Vertical if is_narrow else Qt.Orientation.Horizontal)
        self._place()

    def _place(self) -> None:
        line = self._panes.handle(1).geometry().center()
        size = QSize(theme.scaled(34), theme.scaled(34))
        middle = self._beside.mapTo(self, self._beside.rect().center())
        if self._panes.orientation() is Qt.Orientation.Horizontal:
            middle.setX(line.x())
        else:
            middle = line
        self._swap.setGeometry(QRect(middle - QPoint(size.width() // 2, size.height() // 2), size))


class LongTextBar(QFrame):
    """Offers to translate a text that is too long for the pane as a document."""

    file_chosen = Signal(str, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "long_text_bar", kind="band")
        self._text = ""
        self._words = plain_label("", self, name="long_text_words")
        save = button(
            _("Translate as a document…"), "long_text_button", self, on=self._on_save,
            tip=_("Keep the text as a file in a place you choose, and translate that"),
        )  # fmt: skip
        row((self._words, 1), save, into=self, gap=theme.SPACE_8, margins=(theme.SPACE_12, theme.SPACE_8))
        self.hide()

    def show_text(self, text: str) -> None:
        self._text = text
        self._words.setText(too_long_words(len(text)))
        self.setVisible(len(text) > MOST_CHARACTERS)

    def _on_save(self) -> None:
        title = _("Keep the text as a file")
        proposed = Path.home() / "text.txt"
        filters = _("Text (*.txt)")
        ask_new_file(self, title, self._on_file, name="long_text_dialog", proposed=proposed, filters=filters)

    def _on_file(self, path: Path) -> None:
        self.hide()
        self.file_chosen.emit(self._text, path)

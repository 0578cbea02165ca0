"""Two panes of text with the languages above: the source, and its translation.  Widgets only."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QWidget,
)

from slmdesk.base.formats import FORMATS, TRANSLATABLE
from slmdesk.base.languages import LANGUAGES
from slmdesk.redaction.service import Preview
from slmdesk.translation.asking.prompts import TranslationStyle
from slmdesk.translation.window.advice_line import AdviceLine
from slmdesk.translation.window.text.controller import MOST_CHARACTERS, TranslateController
from slmdesk.translation.window.text.doubt_panel import DoubtPanel
from slmdesk.translation.window.text.flag_list import FlagList
from slmdesk.translation.window.text.history_window import EarlierWindow
from slmdesk.translation.window.text.language_choice import LanguageChoice
from slmdesk.translation.window.text.long_text import LongTextBar
from slmdesk.translation.window.text.pair_view import PairView
from slmdesk.translation.window.text.redaction import WAITS
from slmdesk.translation.window.text.scroll_sync import ScrollSync
from slmdesk.translation.window.text.segment_edit import SegmentEdit
from slmdesk.translation.window.text.sentence_actions import SentenceActions
from slmdesk.translation.window.text.source_edit import SourceEdit
from slmdesk.translation.window.text.status_text import PaneState, count_words, flag_lines, language_words
from slmdesk.translation.window.text.view import TextView
from slmdesk.translation.window.text.view_bar import ViewBar
from slmdesk.window.base import theme
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.build import button, column, flow, row, tool_button
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.file_dialogs import ask_files
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.redaction_preview import RedactionPreview, Wording
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.shield import Shield
from slmdesk.window.widgets.text import plain_label

DOCUMENT_FILES = "Documents ({});;All files (*)".format(
    " ".join(f"*{suffix}" for one in FORMATS if one.id in TRANSLATABLE for suffix in one.suffixes)
)
WORDING = Wording("Redact before translating", "The text", "Translate", "everywhere in this text")
DOMAINS: list[tuple[object, str]] = [
    ("everyday", "Subject: general"),
    ("legal", "Law"),
    ("medical", "Medicine"),
    ("technical", "Technology"),
    ("finance", "Money"),
]
FORMALITIES: list[tuple[object, str]] = [("", "Formality: automatic"), ("formal", "Formal"), ("informal", "Informal")]


class TextPane(QWidget):
    files_chosen = Signal(object)
    files_pasted = Signal(object)
    paste_requested = Signal()
    glossaries_requested = Signal()
    memory_requested = Signal()
    earlier_chosen = Signal(str)

    def __init__(self, controller: TranslateController, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("translate_text")
        self._controller, self._keeper = controller, keeper
        self._shown = controller.last
        self._build_choices()
        self._build_panes()
        self._build_foot()
        self._lay_out()
        self._connect()
        self._build_keys()
        self.setFocusProxy(self._input)
        self._on_manner(controller.manner)
        self._on_view(controller.view.view)

    def _build_choices(self) -> None:
        self._source = self._language("source_language", "Language of the text", detect="Detect the language")
        self._target = self._language("target_language", "Language of the translation")
        self._swap = tool_button(
            "swap_button", self, label="Exchange the languages", tip="Exchange the languages", shortcut="text.swap",
            icon="arrow-left-right", on=self._on_swap,
        )  # fmt: skip
        self._domain = self._choice(DOMAINS, "domain_choice", "What the text is about")
        self._formality = self._choice(FORMALITIES, "formality_choice", "How the reader is spoken to")
        self._shield = Shield("translate_redact", self)
        self._advice = AdviceLine(self._controller.advice, self)
        self._bar = ViewBar(self._controller.view, self)

    def _build_panes(self) -> None:
        hint = "Type or paste a text, or drop a document here."
        self._input = SourceEdit(self, name="source_text", words="The text", hint=hint, most=MOST_CHARACTERS)
        self._output = SegmentEdit(self, name="target_text", words="The translation")
        self._output.setReadOnly(True)
        self._output.setUndoRedoEnabled(False)
        self._output.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._panes = named(QSplitter(Qt.Orientation.Horizontal, self), "translate_splitter")
        self._panes.setChildrenCollapsible(False)
        self._panes.setHandleWidth(theme.SPACE_12)
        self._panes.addWidget(self._input)
        self._panes.addWidget(self._output)
        self._pairs = PairView(self._keeper, self)
        self._work = named(QStackedWidget(self), "translate_work")
        self._work.addWidget(self._panes)
        self._work.addWidget(self._pairs)
        self._reading = ScrollSync(self._input, self._output, self._keeper, self)
        self._sentences = SentenceActions(self._controller, self._input, self._output, self._pairs, self._work)
        self._long = LongTextBar(self)
        self._doubt = DoubtPanel(self._controller.doubts, self)
        self._flags = FlagList(self._keeper, self)

    def _build_foot(self) -> None:
        self._said = plain_label("", self, name="translate_words", kind="small")
        self._copy = button("Copy", "copy_translation_button", self, tip="Copy the translation", shortcut="text.copy")
        self._paste = button(
            "Paste", "paste_button", self,
            tip="Translate what is on the clipboard, a text or files, from every page", shortcut="clipboard",
            label="Translate what is on the clipboard", on=self.paste_requested,
        )  # fmt: skip
        self._clear = button("Clear", "clear_text_button", self)
        self._look = button(
            "Translate…", "translate_look", self, kind="primary", on=self._on_look,
            tip="See what is replaced before the model sees the text",
        )  # fmt: skip
        self._look.hide()
        self._stop = button("Stop", "stop_translation_button", self, on=self._controller.stop)
        self._file = button("Translate a document…", "choose_document_button", self, on=self._on_choose)
        self._earlier = button(
            "History", "earlier_translations_button", self,
            tip="Open a translation that was made before", shortcut="text.history", label="Earlier translations",
        )  # fmt: skip
        self._glossaries = button(
            "Glossaries…", "glossaries_button", self, tip="How words are to be translated, and which are not"
        )
        self._memory = button("Memory…", "memory_button", self, tip="What was translated before, and is used again")
        self._window = EarlierWindow(self._controller.earlier, self._keeper, self)

    def _lay_out(self) -> None:
        top = flow(
            self._source, self._swap, self._target, self._domain, self._formality, self._shield, gap=theme.SPACE_8
        )
        foot = row((self._said, 1), self._look, self._stop, self._copy, gap=theme.SPACE_8)
        ways = flow(
            self._paste, self._clear, self._file, self._earlier, self._glossaries, self._memory, gap=theme.SPACE_8
        )
        inner = named(QWidget(self), "translate_inner")
        column(
            top, self._advice, self._bar, self._long, (self._work, 1), self._doubt, self._flags, foot, ways,
            into=inner, gap=theme.SPACE_12, margins=(theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_12),
        )  # fmt: skip
        scrolled = named(QScrollArea(self), "translate_scroll")  # with large letters in a low window
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        show_column(scrolled, inner)
        column(scrolled, into=self)
        order = (
            self._source, self._swap, self._target, self._domain, self._formality, self._shield,
            *_stops_in(self._advice), *_stops_in(self._bar), *_stops_in(self._long), self._input, self._output,
            self._pairs, *_stops_in(self._doubt), self._flags, self._look, self._stop, self._copy, self._paste,
            self._clear, self._file, self._earlier, self._glossaries, self._memory,
        )  # fmt: skip
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _language(self, name: str, words: str, *, detect: str = "") -> LanguageChoice:
        return named(LanguageChoice(self._keeper, self, detect=detect), name, label=words, tip=words)

    def _choice(self, values: list[tuple[object, str]], name: str, words: str) -> Choice:
        return named(Choice(values, self), name, label=words, tip=words)

    def _connect(self) -> None:
        controller, view = self._controller, self._controller.view
        self._input.textChanged.connect(self._on_typed)
        self._input.files_pasted.connect(self.files_pasted)
        self._input.too_long.connect(self._long.show_text)
        self._source.value_chosen.connect(controller.set_source)
        self._target.value_chosen.connect(controller.set_target)
        self._domain.value_chosen.connect(controller.set_domain)
        self._formality.value_chosen.connect(controller.set_formality)
        self._shield.clicked.connect(controller.redaction.switch)
        controller.redaction.shown.connect(self._shield.setChecked)
        controller.redaction.shown.connect(self._show_again)
        controller.redaction.preview_arrived.connect(self._on_preview)
        self._copy.clicked.connect(self._on_copy)
        self._clear.clicked.connect(self._input.clear)
        self._glossaries.clicked.connect(self.glossaries_requested)
        self._memory.clicked.connect(self.memory_requested)
        self._earlier.clicked.connect(self._window.show)
        self._window.chosen.connect(self.earlier_chosen)
        self._long.file_chosen.connect(controller.save_text)
        self._flags.segment_requested.connect(self._go_to)
        self._pairs.edited.connect(lambda row, words: controller.put(row, self._shown.segments[row].source, words))
        self._sentences.said.connect(self._said.setText)
        self._doubt.used.connect(controller.put)
        self._doubt.left.connect(self._on_doubt_left)
        self._doubt.shown_changed.connect(self._show_again)
        for choice in (self._source, self._target):
            choice.pin_requested.connect(view.toggle_favourite)
            view.changed.connect(choice.show_view)
        view.changed.connect(self._on_view)
        self._keeper.theme_changed.connect(self._show_again)
        controller.shown.connect(self._on_shown)
        controller.refused.connect(self._on_refused)
        controller.manner_changed.connect(self._on_manner)
        controller.text_opened.connect(self._on_text_opened)

    def _build_keys(self) -> None:
        view = self._controller.view
        for name, work in (
            ("swap", self._on_swap), ("copy", self._on_copy), ("history", self._window.show),
            ("larger", view.enlarge), ("smaller", view.shrink), ("usual", view.reset_font),
        ):  # fmt: skip
            bind(self, f"text.{name}", work, within=True)

    # ---- user actions

    def take_text(self, text: str) -> None:
        """Translate a text from elsewhere; undo brings back the text before."""
        if len(text) > MOST_CHARACTERS:
            self._long.show_text(text)
        else:
            self._controller.restart()
            self._input.replace_text(text)
        self._input.setFocus()

    def _on_typed(self) -> None:
        text = self._input.toPlainText()
        self._controller.set_text(text)
        if len(text) > MOST_CHARACTERS:
            self._long.show_text(text)
        elif self._long.isVisible():
            self._long.hide()
        if self._controller.redaction.is_on:
            self._show_again()

    def _on_look(self) -> None:
        self._controller.redaction.look(self._controller.text)

    def _on_preview(self, preview: Preview) -> None:
        if preview.text == self._controller.text:
            dialog = RedactionPreview(self, preview, WORDING)
            dialog.accepted_with.connect(partial(self._controller.redaction.accept, preview.text))
            dialog.open()

    def _on_swap(self) -> None:
        text = self._controller.swap()
        if text != self._input.toPlainText():
            self._input.setPlainText(text)

    def _on_choose(self) -> None:
        ask_files(
            self, "Translate documents", self.files_chosen.emit, name="choose_document_dialog", filters=DOCUMENT_FILES
        )

    def _on_copy(self) -> None:
        copy_text(self._shown.text)
        self._said.setText("Copied.")

    def _go_to(self, index: int) -> None:
        if self._controller.view.view.is_paired:
            self._pairs.go_to(index)
            self._pairs.setFocus()
        else:
            for pane in (self._input, self._output):
                pane.go_to(index)
                pane.light(index)
            self._output.setFocus()

    def _on_doubt_left(self) -> None:
        (self._pairs if self._controller.view.view.is_paired else self._output).setFocus()

    # ---- events

    def _on_manner(self, manner: TranslationStyle) -> None:
        self._source.show_value(manner.source)
        self._target.show_value(manner.target)
        self._domain.show_value(manner.domain)
        self._formality.show_value(manner.formality)
        self._formality.setVisible(LANGUAGES[manner.target].has_formal)
        is_mirrored = LANGUAGES[manner.target].is_right_to_left
        option = self._output.document().defaultTextOption()
        option.setTextDirection(
            Qt.LayoutDirection.RightToLeft if is_mirrored else Qt.LayoutDirection.LayoutDirectionAuto
        )
        option.setAlignment(Qt.AlignmentFlag.AlignRight if is_mirrored else Qt.AlignmentFlag.AlignLeft)
        self._output.document().setDefaultTextOption(option)
        self._on_shown(self._controller.last)

    def _on_view(self, view: TextView) -> None:
        for choice in (self._source, self._target):
            choice.show_view(view)
        for pane in (self._input, self._output):
            pane.set_letters(view.font_percent)
        self._pairs.set_letters(view.font_percent)
        self._work.setCurrentWidget(self._pairs if view.is_paired else self._panes)
        self._on_shown(self._controller.last)

    def _show_again(self) -> None:
        self._on_shown(self._shown)

    def _on_shown(self, shown: PaneState) -> None:
        self._shown = shown
        controller = self._controller
        view, manner = controller.view.view, controller.manner
        is_there = controller.text == shown.source
        self._reading.show(shown, is_source_there=is_there, is_shaded=view.is_shaded)
        self._pairs.show_pairs(shown)
        self._bar.show_language(*language_words(shown, manner))
        self._stop.setVisible(not shown.is_done)
        self._copy.setEnabled(bool(shown.text.strip()))
        self._clear.setEnabled(bool(controller.text))
        waits = controller.redaction.waits(controller.text)
        self._look.setVisible(waits)
        self._said.setText(WAITS if waits else count_words(shown, manner, has_text=bool(controller.text)))
        has_own = view.is_paired or self._doubt.isVisible()  # rows have theirs beside them; a question needs the room
        self._flags.show_lines([] if has_own else flag_lines(shown))

    def _on_refused(self, words: str) -> None:
        self._said.setText(words)
        self._stop.setVisible(False)

    def _on_text_opened(self, text: str) -> None:
        if text != self._input.toPlainText():
            self._input.setPlainText(text)


def _stops_in(part: QWidget) -> list[QWidget]:
    found = part.findChildren(QWidget)
    stops = [one for one in found if one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.focusProxy() is None]
    return [one for one in stops if one.objectName() and not one.objectName().startswith("qt_")]

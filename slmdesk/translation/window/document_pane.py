"""The form before documents are translated, the pane of a document's translation, and its dialogs. Widgets only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QLocale, Qt, QUrl, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QDialogButtonBox,
    QFormLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QWidget,
)

from slmdesk.base.documents import Form, translated_name
from slmdesk.base.records import JobStatus, ModelRecord
from slmdesk.base.settings import Settings
from slmdesk.base.translation import LANGUAGES, GlossaryRecord, SegmentState
from slmdesk.jobs.types import JobChanged, share_words
from slmdesk.translation.documents import ChosenDocuments, Column
from slmdesk.translation.prompts import TranslationStyle
from slmdesk.translation.segments import SegmentNumbers
from slmdesk.translation.service import Handout
from slmdesk.translation.types import NO_GLOSSARY, RetryScope, TranslationView
from slmdesk.translation.window.documents import (
    DocumentRequest,
    DocumentTranslation,
    StartedTranslation,
    unfinished,
    unfinished_words,
)
from slmdesk.translation.window.languages import AdviceLine
from slmdesk.translation.window.review_pane import ReviewPane
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.bars import show_share
from slmdesk.window.widgets.build import (
    CheckBox,
    ElidedLabel,
    breakable,
    button,
    column,
    flow,
    message_box,
    named,
    passing,
    plain_label,
    row,
    show_column,
    show_words,
)
from slmdesk.window.widgets.dialogs import Dialog, ask_password
from slmdesk.window.widgets.notices import ask_where
from slmdesk.window.widgets.opening import ask_new_file, open_outside
from slmdesk.window.widgets.rows import Choice


class DocumentPane(QWidget):
    closed = Signal()

    def __init__(self, controller: DocumentTranslation, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("document_translation_pane")
        self._controller = controller
        self._view: TranslationView | None = None
        self._written: Path | None = None
        self._ended_words = ""
        self._is_running = self._has_segments = False
        self._build_ui(keeper)
        self._connect()

    def _build_ui(self, keeper: ThemeKeeper) -> None:
        self._title = ElidedLabel(self, name="translation_title")
        self._queue = QueueMenu(self)
        self._back = button("Back to the text", "close_translation_button", self, on=self._on_back)
        self._words = plain_label("", self, name="translation_progress_words", kind="muted")
        self._progress = named(QProgressBar(self), "translation_progress", label="Translating the document")
        self._progress.setTextVisible(False)
        kept = self._progress.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # the segments do not move under the mouse when it comes and goes
        self._progress.setSizePolicy(kept)
        self._pause = button("Pause", "pause_translation_button", self, on=self._controller.pause)
        self._cancel = button(
            "Cancel", "cancel_translation_button", self, tip="Translate no further; what is translated is kept"
        )
        self._resume = button("Go on", "resume_translation_button", self, on=self._controller.resume)
        self._retry = button(
            "Try again…", "retry_all_button", self,
            tip="Another try for what failed or needs review, by this or another model", on=self._controller.ask_retry,
        )  # fmt: skip
        self.review = ReviewPane(self._controller.segments, keeper, self)
        self._open = button("Open the file", "open_translation_button", self, on=self._on_open_file)
        self._more = button(
            "Export", "export_translation_button", self, tip="Both languages side by side, a report, the pairs as TMX"
        )
        self._menu = SaveMenu(self._more)
        self._more.setMenu(self._menu)
        self._save = button("Save the document…", "save_translation_button", self, kind="primary")
        self._lay_out()

    def _lay_out(self) -> None:
        scrolled = named(QScrollArea(self), "document_scroll")  # with large letters in a low window
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column(scrolled, into=self)
        body = named(QWidget(), "document_body")
        show_column(scrolled, body)
        buttons = flow(
            self._pause, self._cancel, self._resume, self._retry, self._open, self._more, self._save, gap=theme.SPACE_8
        )
        top = row((self._title, 1), self._queue, self._back, gap=theme.SPACE_8)
        column(  # the words have a line of their own: they may be long
            top, (self.review, 1), self._progress, self._words, buttons, into=body, gap=theme.SPACE_8,
            margins=(theme.SPACE_16, theme.SPACE_12),
        )  # fmt: skip

    def _connect(self) -> None:
        controller = self._controller
        self._cancel.clicked.connect(controller.cancel)
        self._save.clicked.connect(controller.ask_save)
        self._menu.chosen.connect(self._on_export)
        self._queue.item_chosen.connect(controller.open)
        controller.opened.connect(self._on_opened)
        controller.progressed.connect(self._on_progressed)
        controller.ended.connect(self._on_ended)
        controller.written.connect(self._on_written)
        controller.queue_changed.connect(self._queue.show_queue)
        controller.password_requested.connect(self._on_password_requested)
        controller.save_asked.connect(self._on_save)
        controller.retry_asked.connect(self._on_retry_asked)
        controller.segments.listed.connect(self._on_listed)
        controller.segments.words_changed.connect(self._on_words_changed)

    # ---- user actions

    def _on_back(self) -> None:
        self._controller.close()
        self.closed.emit()

    def _on_save(self, view: TranslationView) -> None:
        ask_save_anyway(self, view, self._on_save_anyway, self.review.look)

    def _on_save_anyway(self) -> None:
        if self._view is not None:
            ask_where_to_save(self, self._view, self._controller.write)

    def _on_export(self, what: Handout, form: str) -> None:
        if self._view is not None:
            ask_where_to_write(self, self._view, what, form, self._controller.hand_out)

    def _on_retry_asked(self, view: TranslationView, models: Sequence[ModelRecord]) -> None:
        dialog = RetryDialog(view, models, self)
        dialog.retry_requested.connect(self._controller.try_again)
        dialog.recheck_requested.connect(self._controller.segments.recheck)
        dialog.open()

    def _on_password_requested(self, name: str, is_wrong: bool) -> None:
        ask_password(self, Path(name).name, self._controller.unlock, is_wrong=is_wrong)

    def _on_open_file(self) -> None:
        if self._written is not None:
            open_outside(QUrl.fromLocalFile(str(self._written)))

    # ---- events

    def _on_opened(self, view: TranslationView) -> None:
        self._view, self._written = view, None
        self._has_segments = bool(view.counts)
        self._title.set_full_text(view.item.title)
        self._save.setVisible(bool(view.request.path))
        self._open.setVisible(False)
        self._words.setText("")
        self._show_running(False)
        self._resume.setVisible(False)
        self.review.show_view(view)

    def _on_listed(self, found: SegmentNumbers) -> None:
        self._has_segments = bool(found.total)
        self._allow()

    def _on_progressed(self, event: JobChanged, words: str) -> None:
        show_share(self._progress, event)
        self._words.setText(words)
        had_focus = self._resume.hasFocus()
        self._show_running(True)
        if had_focus:
            self._pause.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_ended(self, words: str, may_go_on: bool) -> None:
        if self._is_running or self._words.text() in ("", self._ended_words):  # a written file is not counted over
            self._words.setText(words)
        self._ended_words = words
        had_focus = self._pause.hasFocus() or self._cancel.hasFocus()
        self._show_running(False)
        self._resume.setVisible(may_go_on)
        if had_focus and may_go_on:  # the same key takes it up again
            self._resume.setFocus(Qt.FocusReason.OtherFocusReason)
        elif had_focus:
            self.review.take_focus()

    def _on_written(self, path: Path) -> None:
        self._written = path
        self._words.setText(f"Written to {path}.")
        self._open.setVisible(True)

    def _on_words_changed(self) -> None:
        if self._written is not None and not self._is_running:
            self._words.setText(f"Changed since {self._written} was written. Save it again to have that in the file.")

    def _show_running(self, is_running: bool) -> None:
        self._progress.setVisible(is_running)
        self._pause.setVisible(is_running)
        self._cancel.setVisible(is_running)
        self._retry.setVisible(not is_running)
        self._resume.setVisible(False)
        self._is_running = is_running
        self._allow()

    def _allow(self) -> None:
        """Enable the buttons; a document without segments can be neither written nor tried again."""
        self._save.setEnabled(self._has_segments and not self._is_running)
        self._more.setEnabled(self._has_segments)
        self._retry.setEnabled(self._has_segments)


# ---- the form before documents are translated


DOMAINS = [
    ("everyday", "General"),
    ("legal", "Law"),
    ("medical", "Medicine"),
    ("technical", "Technology"),
    ("finance", "Money"),
]
FORMALITIES = [("", "Automatic"), ("formal", "Formal"), ("informal", "Informal")]
MOST_NAMED = 6
LIST_LINES = 5
MOST_HEIGHT = 640


class DocumentForm(Dialog):
    begin_requested = Signal(object, object)
    glossaries_requested = Signal(object)

    def __init__(
        self,
        chosen: ChosenDocuments,
        manner: TranslationStyle,
        settings: Settings,
        bridge: Bridge,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.advice = AdviceLine(bridge, self, for_document=True)
        self.advice.grown.connect(self._on_grown)
        self.advice.models_requested.connect(self.reject)
        passing(self, "document_form")
        self._chosen = chosen
        self._known: tuple[GlossaryRecord, ...] = ()
        self._language_of = ("", "")
        """The name of a document, and the language it is in."""
        count = len(chosen.paths)
        self.setWindowTitle("Translate a document" if count == 1 else f"Translate {count} documents")
        self._build_ui(settings)
        self._connect()
        self._show_manner(manner)

    def _build_ui(self, settings: Settings) -> None:
        languages = [
            (language.code, language.name)
            for language in sorted(LANGUAGES.values(), key=lambda language: language.name)
        ]
        self._source = self._choice(
            [("", "Detect the language"), *languages], "form_source", "Language of the document"
        )
        self._target = self._choice(languages, "form_target", "Language of the translation")
        self._domain = self._choice(DOMAINS, "form_domain", "What the document is about")
        self._formality = self._choice(FORMALITIES, "form_formality", "How the reader is spoken to")
        self._glossaries = self._list("form_glossaries", "Glossaries to be obeyed")
        self._columns = self._list("form_columns", "Columns to be translated")
        self._sheets = self._box("Names of sheets too", "form_sheet_names", settings.translate_sheet_names)
        self._properties = self._box("The title in the file's properties too", "form_properties",
                                     settings.translate_properties)  # fmt: skip
        many = len(self._chosen.paths) > 1
        self._beside = self._box(
            "Write each beside its document as soon as it is done" if many else
            "Write it beside the document as soon as it is done",
            "form_beside",
            settings.translate_beside or many,
        )  # fmt: skip
        self._redact = self._box("Redact names and numbers before the model sees them", "form_redact", False)
        self._said = plain_label("", self, name="form_said", kind="warn")
        self._buttons = named(QDialogButtonBox(self), "form_buttons")
        self._begin = button("Translate", "form_begin", self, kind="primary")
        self._begin.setDefault(True)
        self._cancel = button("Cancel", "form_cancel", self)
        self._buttons.addButton(self._begin, QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.addButton(self._cancel, QDialogButtonBox.ButtonRole.RejectRole)
        self._lay_out()

    def _lay_out(self) -> None:
        inner = named(QWidget(self), "document_form_inner")
        rows = QFormLayout(inner)
        rows.setContentsMargins(0, 0, theme.SPACE_8, 0)
        rows.setVerticalSpacing(theme.SPACE_8)
        rows.setHorizontalSpacing(theme.SPACE_16)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        rows.addRow(plain_label(self._names(), inner, name="form_names", kind="strong"))
        for words, name in ((self._refused(), "form_refused"), (self._warning(), "form_warning")):
            if words:
                rows.addRow(plain_label(words, inner, name=name, kind="warn"))
        for words, field in (("From", self._source), ("To", self._target), ("Subject", self._domain),
                             ("Formality", self._formality)):  # fmt: skip
            rows.addRow(words, field)
        rows.addRow("Glossaries", self._glossaries)
        rows.addRow("Columns", self._columns)
        for box in (self._sheets, self._properties, self._beside, self._redact):
            rows.addRow(box)
        self._rows = rows
        rows.setRowVisible(self._glossaries, False)
        rows.setRowVisible(self._columns, self._chosen.table is not None)
        self._columns.setEnabled(False)
        self._sheets.setVisible(self._chosen.has_sheets)
        self._properties.setVisible(self._chosen.has_properties)
        area = named(QScrollArea(self), "document_form_area")
        show_column(area, inner)
        self._area, self._inner = area, inner
        column((area, 1), self.advice, self._said, self._buttons, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._said.hide()
        height = inner.sizeHint().height() + self._buttons.sizeHint().height() + 4 * theme.SPACE_16
        self.resize(520, min(560, max(380, height)))

    def showEvent(self, event: QShowEvent) -> None:
        """Set the width here: fonts and scroll bar have their size only now."""
        super().showEvent(event)
        bar = self._area.verticalScrollBar().sizeHint().width()
        self._area.setMinimumWidth(self._inner.minimumSizeHint().width() + bar)

    def _connect(self) -> None:
        self._buttons.accepted.connect(self._on_begin)
        self._buttons.rejected.connect(self.reject)
        self._source.currentIndexChanged.connect(self._on_languages)
        self._target.currentIndexChanged.connect(self._on_languages)

    # ---- events

    def show_glossaries(self, found: Sequence[GlossaryRecord]) -> None:
        self._known = tuple(found)
        self._glossaries.clear()
        for glossary in found:
            item = QListWidgetItem(f"{glossary.name} ({glossary.terms:,} terms)", self._glossaries)
            item.setCheckState(Qt.CheckState.Checked if glossary.is_active else Qt.CheckState.Unchecked)
        self._rows.setRowVisible(self._glossaries, bool(found))
        self._glossaries.setFixedHeight(self._height(len(found)))

    def show_columns(self, found: Sequence[Column]) -> None:
        """List the columns of a table; those with sentences are ticked, or all if none has any."""
        self._columns.clear()
        has_text = any(other_column.is_text for other_column in found)
        for number, other_column in enumerate(found, start=1):
            samples = " · ".join(other_column.samples)
            item = QListWidgetItem(
                f"{number}  {other_column.name or '(no name)'}" + (f"\n{samples}" if samples else "")
            )
            item.setCheckState(
                Qt.CheckState.Checked if other_column.is_text or not has_text else Qt.CheckState.Unchecked
            )
            self._columns.addItem(item)
        self._columns.setEnabled(True)
        self._columns.setFixedHeight(self._height(2 * len(found)))

    def show_language(self, path: Path, language: str) -> None:
        """Note the language of a document; if it is the target language, propose another target."""
        if path not in self._chosen.paths:
            return
        self._language_of = (path.name, language)
        if self._is_already():
            other = _other_than(language)
            self._target.show_value(other)
            self._say(
                f"{self._this_document()} is {LANGUAGES[language].name}. Translate it into {LANGUAGES[other].name}?"
            )

    def _is_already(self) -> bool:
        """Whether the document is in the target language already; a source chosen by a person is trusted."""
        return not self._source.currentData() and self._language_of[1] == self._target.currentData()

    def _this_document(self) -> str:
        return "This document" if len(self._chosen.paths) == 1 else f"“{self._language_of[0]}”"

    # ---- user actions

    def _on_languages(self) -> None:
        target = LANGUAGES[self._target.currentData()]
        self._rows.setRowVisible(self._formality, target.has_formal)
        self._say(f"{self._this_document()} is {target.name} already." if self._is_already() else "")
        self.ask_about_manner()

    def _on_grown(self, height: int) -> None:
        """Grow by the height of the advice, so that it takes no room from the choices."""
        self.resize(self.width(), min(self.height() + height + theme.SPACE_12, MOST_HEIGHT))

    def _on_begin(self) -> None:
        manner = self._manner()
        if manner.source == manner.target:
            self._say("The document and its translation are to be in different languages.")
            return
        if self._is_already() and len(self._chosen.paths) == 1:
            self._say(
                f"This document is {LANGUAGES[manner.target].name} already. Choose another language to translate it "
                "into, or say under From which language it is in."
            )
            return
        columns = tuple(self._ticked_rows(self._columns))
        if self._chosen.table is not None and self._columns.count() and not columns:
            self._say("Tick at least one column.")
            return
        request = DocumentRequest(
            manner, self._requested_glossaries(), self._sheets.isChecked(), self._properties.isChecked(), columns,
            self._beside.isChecked(), redact=self._redact.isChecked(),
        )  # fmt: skip
        self.begin_requested.emit(self._chosen.paths, request)
        self.accept()

    # ---- private

    def _requested_glossaries(self) -> tuple[str, ...]:
        """The ticked glossaries; none if they are just the active ones, so that one added later is used too."""
        ticked = [self._known[row].id for row in self._ticked_rows(self._glossaries)]
        if ticked == [glossary.id for glossary in self._known if glossary.is_active]:
            return ()
        return tuple(ticked) or (NO_GLOSSARY,)

    def _manner(self) -> TranslationStyle:
        target = str(self._target.currentData())
        formality = str(self._formality.currentData()) if LANGUAGES[target].has_formal else ""
        return TranslationStyle(target, str(self._source.currentData()), str(self._domain.currentData()), formality)

    def _show_manner(self, manner: TranslationStyle) -> None:
        for choice, value in ((self._source, manner.source), (self._target, manner.target),
                              (self._domain, manner.domain), (self._formality, manner.formality)):  # fmt: skip
            choice.blockSignals(True)
            choice.show_value(value)
            choice.blockSignals(False)
        self._rows.setRowVisible(self._formality, LANGUAGES[manner.target].has_formal)

    def ask_about_manner(self) -> None:
        manner = self._manner()
        self.advice.show_about(manner.source, manner.target)
        self.glossaries_requested.emit(manner)

    def _names(self) -> str:
        names = [breakable(path.name) for path in self._chosen.paths[:MOST_NAMED]]
        more = len(self._chosen.paths) - len(names)
        return "\n".join([*names, *([f"… and {more} more, one after another"] if more > 0 else [])])

    def _refused(self) -> str:
        return "\n".join(dict.fromkeys(words for _, words in self._chosen.refused[:MOST_NAMED]))

    def _warning(self) -> str:
        if "pdf" not in self._chosen.formats:
            return ""
        return "A PDF becomes a Word document: its text, headings and page breaks, but not its layout."

    def _choice(self, values: list[tuple[str, str]], name: str, words: str) -> Choice:
        return named(Choice([(value, text) for value, text in values], self), name, label=words)

    def _list(self, name: str, words: str) -> QListWidget:
        found = named(QListWidget(self), name, label=words)
        found.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        found.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return found

    def _box(self, words: str, name: str, is_on: bool) -> CheckBox:
        box = named(CheckBox(words, self), name)
        box.setChecked(is_on)
        return box

    def _height(self, lines: int) -> int:
        return (self.fontMetrics().lineSpacing() + theme.SPACE_4) * min(max(lines, 1), 2 * LIST_LINES) + theme.SPACE_12

    def _ticked_rows(self, found: QListWidget) -> list[int]:
        return [row for row in range(found.count()) if found.item(row).checkState() is Qt.CheckState.Checked]

    def _say(self, words: str) -> None:
        show_words(self._said, words)


def _other_than(language: str) -> str:
    """A likely target language: English, or, for English documents, the system's language."""
    if language != "en":
        return "en"
    here = QLocale.system().name().partition("_")[0]
    return here if here in LANGUAGES and here != "en" else "de"


# ---- a menu of the documents begun in this run of the window, with the state of each


STATUS_WORDS = {
    JobStatus.OPEN: "waits",
    JobStatus.RUNNING: "is being translated",
    JobStatus.PAUSED: "paused",
    JobStatus.DONE: "done",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
}


class QueueMenu(QPushButton):
    """A button with a menu; hidden for fewer than two documents."""

    item_chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Documents", parent)
        self.setObjectName("queue_button")
        self.setToolTip("The documents begun since the window was opened, and how they stand")
        self._menu = named(QMenu(self), "queue_menu")
        self.setMenu(self._menu)
        self.hide()

    def show_queue(self, queue: Sequence[StartedTranslation]) -> None:
        self.setVisible(len(queue) > 1)
        done = sum(translation.status is JobStatus.DONE for translation in queue)
        self.setText(f"{done} of {len(queue)} documents done")
        if self._menu.isVisible():  # it would close under the pointer
            return
        self._menu.clear()
        for translation in queue:
            words = STATUS_WORDS[translation.status]
            words += (
                f", {share_words(translation.share)}"
                if translation.status is JobStatus.RUNNING and translation.share
                else ""
            )
            words += f", written as {translation.written.name}" if translation.written else ""
            action = named(self._menu.addAction(f"{translation.path.name}: {words}".replace("&", "&&")), "queue_entry")
            action.triggered.connect(partial(self.item_chosen.emit, translation.item))


# ---- a dialog for another try


class RetryDialog(Dialog):
    retry_requested = Signal(object, object)
    recheck_requested = Signal()

    def __init__(self, view: TranslationView, models: Sequence[ModelRecord], parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "retry_dialog", "Try again")
        self._build_ui(view, models)
        self._buttons.accepted.connect(self._on_retry)
        self._buttons.rejected.connect(self.reject)
        self._recheck.clicked.connect(self._on_recheck)

    def _build_ui(self, view: TranslationView, models: Sequence[ModelRecord]) -> None:
        failed = view.counts.get(SegmentState.FAILED, 0)
        self._group = QButtonGroup(self)
        self._failed = named(QRadioButton(f"What could not be translated: {failed:,}", self), "retry_failed")
        self._flagged = named(QRadioButton(f"All that needs review: {view.look:,}", self), "retry_flagged")
        for other_button, count in ((self._failed, failed), (self._flagged, view.look)):
            self._group.addButton(other_button)
            other_button.setEnabled(bool(count))
        (self._failed if failed else self._flagged).setChecked(True)
        known = [("", "The same model as before"), *((model.id, model.name) for model in models)]
        self._model = named(
            Choice([(id, name) for id, name in known], self), "retry_model", label="Which model is asked"
        )
        words = "What you edited or approved stays. A new translation counts only where the checks find it better."
        self._recheck = button(
            "Check all anew with the glossaries", "recheck_button", self,
            tip="After a glossary was changed: the doubts of all segments are told anew",
        )  # fmt: skip
        self._buttons = named(QDialogButtonBox(self), "retry_buttons")
        self._begin = button("Try again", "retry_begin", self, kind="primary")
        self._begin.setEnabled(bool(view.look))
        self._buttons.addButton(self._begin, QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.addButton(button("Cancel", "retry_cancel", self), QDialogButtonBox.ButtonRole.RejectRole)
        said = plain_label(words, self, name="retry_words", kind="muted")
        column(
            self._failed, self._flagged, self._model, said, self._recheck, self._buttons, into=self,
            gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self.setMinimumWidth(420)

    def _on_retry(self) -> None:
        scope = RetryScope.FAILED if self._failed.isChecked() else RetryScope.FLAGGED
        self.retry_requested.emit(scope, str(self._model.currentData()) or None)
        self.accept()

    def _on_recheck(self) -> None:
        self.recheck_requested.emit()
        self.accept()


# ---- dialogs before a translation is written


FORMS = {
    Handout.PAIR: (
        Form("docx", "Both languages, as a Word table"),
        Form("xlsx", "Both languages, as a spreadsheet"),
        Form("html", "Both languages, as a web page"),
        Form("md", "Both languages, as Markdown"),
    ),
    Handout.REPORT: (
        Form("html", "Report, as a web page"),
        Form("docx", "Report, as a Word document"),
        Form("md", "Report, as Markdown"),
        Form("json", "Report, as JSON"),
    ),
    Handout.TMX: (Form("tmx", "The pairs, as TMX for other programs"),),
}
SUFFIX_WORDS = {Handout.PAIR: "both languages", Handout.REPORT: "report", Handout.TMX: "pairs"}


class SaveMenu(QMenu):
    chosen = Signal(object, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("handout_menu")
        for what, forms in FORMS.items():
            if not self.isEmpty():
                self.addSeparator()
            for form in forms:
                action = self.addAction(f"{form.name}…", partial(self.chosen.emit, what, form.id))
                action.setObjectName(f"handout_{what.value}_{form.id}")


def ask_save_anyway(parent: QWidget, view: TranslationView, save: Callable[[], None], look: Callable[[], None]) -> None:
    """Say what is unfinished, and ask; if nothing is, call `save` at once.  Does not block."""
    words = unfinished_words(view)
    if not words:
        save()
        return
    more = "What is not translated stands in the document in the source's language." if unfinished(view) else ""
    box = message_box(parent, "save_anyway", "Save the document", f"Of the segments {words}.", more)
    box.setIcon(QMessageBox.Icon.Warning)
    anyway = named(box.addButton("Save anyway", QMessageBox.ButtonRole.AcceptRole), "save_anyway_button")
    first = named(box.addButton("Look at them", QMessageBox.ButtonRole.ActionRole), "look_first_button")
    cancel = named(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole), "save_cancel_button")
    box.setDefaultButton(first)
    box.setEscapeButton(cancel)
    anyway.clicked.connect(save)
    first.clicked.connect(look)
    box.open()


def ask_where_to_save(parent: QWidget, view: TranslationView, chosen: Callable[[Path], None]) -> None:
    """Ask for the file of the translated document.  Does not block."""
    source = Path(view.request.path)
    proposed = source.with_name(translated_name(source, view.request.target))
    ask_new_file(parent, "Save the translated document", chosen, name="save_translation_dialog", proposed=proposed)


def ask_where_to_write(
    parent: QWidget,
    view: TranslationView,
    what: Handout,
    form: str,
    chosen: Callable[[Handout, str, Path], None],
) -> None:
    """Ask for the file of another export.  Does not block."""
    source = Path(view.request.path)
    title = f"{source.stem or view.item.title} {view.request.target} {SUFFIX_WORDS[what]}"
    folder = source.parent if view.request.path else None
    ask_where(parent, title, form, lambda path: chosen(what, form, path), FORMS[what], folder=folder)

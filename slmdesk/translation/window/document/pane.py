"""The pane of a document's translation: progress, segments, what to review, and the file.  Widgets only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtWidgets import (
    QProgressBar,
    QScrollArea,
    QWidget,
)

from slmdesk.base.records import ModelRecord
from slmdesk.jobs.events import JobChanged
from slmdesk.translation.handouts import Handout
from slmdesk.translation.segment_list import SegmentNumbers
from slmdesk.translation.types import TranslationView
from slmdesk.translation.window.document.controller import DocumentTranslation
from slmdesk.translation.window.document.queue_menu import QueueMenu
from slmdesk.translation.window.document.retry_dialog import RetryDialog
from slmdesk.translation.window.document.saving import SaveMenu, ask_save_anyway, ask_where_to_save, ask_where_to_write
from slmdesk.translation.window.review.pane import ReviewPane
from slmdesk.window.base import theme
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.build import button, column, flow, row
from slmdesk.window.widgets.job_bar import show_share
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.outside import open_outside
from slmdesk.window.widgets.password import ask_password
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.text import ElidedLabel, plain_label


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

"""A dialog for another try: which segments, and by which model."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QDialogButtonBox, QRadioButton, QWidget

from slmdesk.base.records import ModelRecord
from slmdesk.base.translation import SegmentState
from slmdesk.translation.types import RetryScope, TranslationView
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import plain_label


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
        for one, count in ((self._failed, failed), (self._flagged, view.look)):
            self._group.addButton(one)
            one.setEnabled(bool(count))
        (self._failed if failed else self._flagged).setChecked(True)
        known = [("", "The same model as before"), *((one.id, one.name) for one in models)]
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

"""All fields of a model file's header, in a folded list with search.  Untrusted text, shown as it is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.build import CLEAR, column, text_line
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label

HEIGHT = 200


class HeaderFields(QWidget):
    unfolded = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("header_fields")
        self._fields: tuple[tuple[str, str], ...] = ()
        self._left_out = 0
        self._toggle = named(QPushButton("", self), "fields_toggle")
        self._toggle.setCheckable(True)
        self._toggle.toggled.connect(self._on_toggled)
        label = "Search the fields of the header"
        self._search = text_line("fields_search", self, "Search the fields", label=label, clears=CLEAR)
        self._search.textChanged.connect(self._show)
        self._list = named(QPlainTextEdit(self), "fields_list", label="Fields of the header", kind="code")
        self._list.setReadOnly(True)
        self._list.setTabChangesFocus(True)
        self._list.setFixedHeight(HEIGHT)
        self._note = plain_label("", self, name="fields_note", kind="small")
        layout = column((self._toggle, Qt.AlignmentFlag.AlignLeft), into=self, gap=theme.SPACE_8)
        for widget in (self._search, self._list, self._note):
            layout.addWidget(widget)
            widget.setVisible(False)

    def show_fields(self, fields: Sequence[tuple[str, str]], left_out: int) -> None:
        """Show these fields; `left_out` more are in the file."""
        self._fields, self._left_out = tuple(fields), left_out
        self.setVisible(bool(fields))
        count = QLocale().toString(len(fields) + left_out)
        self._toggle.setText(f"All {count} fields of its header")
        self._show()

    def _on_toggled(self, is_open: bool) -> None:
        for widget in (self._search, self._list, self._note):
            widget.setVisible(is_open)
        self._show()
        if is_open:
            self.unfolded.emit()

    def _show(self) -> None:
        if not self._toggle.isChecked():
            return
        words = self._search.text().casefold().split()
        lines = [f"{key}: {value}" for key, value in self._fields]
        found = [line for line in lines if all(word in line.casefold() for word in words)]
        self._list.setPlainText("\n".join(found))
        parts = [f"{len(found)} of {len(lines)} fields."] if words else []
        if self._left_out:
            parts.append(f"{self._left_out} more are not shown.")
        self._note.setText(" ".join(parts))
        self._note.setVisible(bool(parts))

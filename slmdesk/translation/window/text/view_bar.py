"""The bar above the panes: the detected language, and the view settings."""

from __future__ import annotations

from PySide6.QtWidgets import QToolButton, QWidget

from slmdesk.translation.window.text.view import TextView, ViewSettings
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import row, tool_button
from slmdesk.window.widgets.text import plain_label, plain_tip


class ViewBar(QWidget):
    def __init__(self, view: ViewSettings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("translate_view_bar")
        self._view = view
        self._language = plain_label("", self, name="detected_language", kind="small")
        self._pairs = self._button("pairs_button", "Side by side", "Read sentence beside sentence, in rows")
        self._shade = self._button("shade_button", "Shade doubts", "Shade the words the model was not sure of")
        self._smaller = self._button("smaller_button", "A−", "Smaller letters", "text.smaller")
        self._size = self._button("letter_size_button", "100 %", "Letters as elsewhere in the window", "text.usual")
        self._larger = self._button("larger_button", "A+", "Larger letters", "text.larger")
        row(
            (self._language, 1), self._pairs, self._shade, self._smaller, self._size, self._larger, into=self,
            gap=theme.SPACE_4,
        )  # fmt: skip
        for switch in (self._pairs, self._shade):
            switch.setCheckable(True)
        self._pairs.toggled.connect(view.set_paired)
        self._shade.toggled.connect(view.set_shaded)
        self._smaller.clicked.connect(view.shrink)
        self._size.clicked.connect(view.reset_font)
        self._larger.clicked.connect(view.enlarge)
        view.changed.connect(self._on_view)
        self._on_view(view.view)

    def show_language(self, short: str, long: str) -> None:
        self._language.setText(short)
        self._language.setToolTip(plain_tip(long))

    def _on_view(self, view: TextView) -> None:
        self._pairs.setChecked(view.is_paired)
        self._shade.setChecked(view.is_shaded)
        self._size.setText(f"{view.font_percent} %")

    def _button(self, name: str, words: str, tip: str, shortcut: str = "") -> QToolButton:
        return tool_button(name, self, words, tip=tip, label=tip, kind="small", shortcut=shortcut)

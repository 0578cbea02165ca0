"""A row of the page: a name, a sentence, facts, whether the model fits, and its buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.build import column, row, set_kind
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import breakable, plain_label, plain_tip, show_words

FITS = {
    "fits": ("check", "accent", "fits", "small"),
    "tight": ("triangle-alert", "muted", "tight", "warn"),
    "too_large": ("x", "danger", "too large", "danger"),
    "broken": ("triangle-alert", "danger", "cannot be used", "danger"),
}
"""Icon, its colour, the word, and the look of the word."""
SLOW = "too slow"
"""In place of the word where it fits, but nobody would wait for its answers."""
ABOUT = {"fits": "should fit", "tight": "may be tight", "too_large": "likely too large"}
"""The words where the size is an estimate."""
DOT = "  ·  "


class FitMark(QWidget):
    """Whether a model fits this PC: a word with an icon.  Takes no room while that is unknown."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("fit_mark")
        self._icon = named(QLabel(self), "fit_icon")
        self._icon.setTextFormat(Qt.TextFormat.PlainText)
        self._word = plain_label("", self, name="fit_word", wraps=False)
        row(self._icon, self._word, into=self, gap=theme.SPACE_4)
        self.show_fit("unknown")

    @property
    def word(self) -> str:
        return self._word.text()

    def show_fit(self, fit: str, *, why: str = "", is_about: bool = False, is_slow: bool = False) -> None:
        """Show a verdict; `is_about`: estimated from the size, `is_slow`: too slow to be useful."""
        self.setVisible(fit in FITS)
        if fit not in FITS:
            self._word.clear()
            return
        icon, colour, word, kind = FITS[fit]
        if is_slow and fit in ("fits", "tight"):
            (icon, colour, _word, kind), word = FITS["tight"], f"{word}, {SLOW}"
        set_icon(self._icon, icon, colour)
        self._word.setText(ABOUT.get(fit, word) if is_about and SLOW not in word else word)
        set_kind(self._word, kind)
        self.setToolTip(plain_tip(why))
        self.setAccessibleName(f"On this PC: {self._word.text()}")


class Card(QFrame):
    """Its text is untrusted and shown as it is."""

    def __init__(self, parent: QWidget, *, name: str, title: str) -> None:
        super().__init__(parent)
        named(self, name, kind="card", label=title)
        self._build_ui()
        self.set_title(title)

    def _build_ui(self) -> None:
        self._title = plain_label("", self, name="card_title", kind="strong")
        policy = self._title.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Expanding)
        self._title.setSizePolicy(policy)
        self.fit = FitMark(self)
        self._sentence = plain_label("", self, name="card_sentence", is_hidden=True)
        self._info = plain_label("", self, name="card_facts", kind="small", is_hidden=True)
        self._trouble = plain_label("", self, name="card_trouble", kind="danger", is_hidden=True)
        self._buttons = row(gap=theme.SPACE_8)
        head = row((self._title, 1), self.fit, self._buttons, gap=theme.SPACE_12)
        self.body = column(gap=theme.SPACE_4)
        margins = (0, theme.SPACE_8, 0, theme.SPACE_12)
        parts = (head, self._sentence, self._info, self._trouble, self.body)
        column(*parts, into=self, gap=theme.SPACE_4, margins=margins)

    @property
    def words(self) -> str:
        labels = (self._title, self._sentence, self._info, self._trouble)
        return "\n".join(one.text().replace("\u200b", "") for one in labels if one.text())

    def set_title(self, text: str) -> None:
        self._title.setText(breakable(text))

    def set_sentence(self, text: str) -> None:
        show_words(self._sentence, text)

    def set_info(self, text: str) -> None:
        show_words(self._info, breakable(text))

    def set_trouble(self, text: str) -> None:
        show_words(self._trouble, breakable(text))

    def add_button(self, text: str, *, name: str, spoken: str) -> QPushButton:
        """`spoken`: its action with its object, for screen readers and as tooltip."""
        button = named(QPushButton(text, self), name, label=spoken, tip=plain_tip(spoken))
        self._buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        return button

    def add_widget(self, widget: QWidget) -> None:
        self._buttons.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

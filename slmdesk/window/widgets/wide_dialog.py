"""Base of the dialogs for packs, found models and the folder: a heading, a sentence, a body, progress, buttons."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.named import passing
from slmdesk.window.widgets.text import breakable, plain_label, show_words
from slmdesk.window.widgets.work_line import WorkLine

WIDTH, HEIGHT = 620, 560


class WideDialog(Dialog):
    """Not modal: work goes on when it is closed, and a notice tells the end."""

    def __init__(self, parent: QWidget, *, name: str, title: str, intro: str, spoken: str) -> None:
        super().__init__(parent)
        passing(self, name, title)
        self.resize(WIDTH, HEIGHT)
        self.intro = plain_label(intro, self, name=f"{name}_intro")
        self.body = column(gap=theme.SPACE_8)
        self.trouble = plain_label("", self, name=f"{name}_trouble", kind="danger", is_hidden=True)
        self.work = WorkLine(self, name=f"{name}_work", spoken=spoken)
        self.buttons = row(gap=theme.SPACE_8)
        heading = plain_label(title, self, name=f"{name}_heading", kind="heading")
        parts = (heading, self.intro, (self.body, 1), self.trouble, self.work, self.buttons)
        column(*parts, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)

    def add_button(self, text: str, *, name: str, is_primary: bool = False, tip: str = "") -> QPushButton:
        made = button(text, name, self, tip=tip, kind="primary" if is_primary else "")
        made.setAutoDefault(is_primary)
        made.setDefault(is_primary)
        self.buttons.addWidget(made)
        return made

    def show_trouble(self, sentence: str) -> None:
        show_words(self.trouble, breakable(sentence))

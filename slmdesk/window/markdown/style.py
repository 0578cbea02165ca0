"""Formats for the text of messages, made once per theme and font size."""

from __future__ import annotations

from functools import cached_property
from html import escape
from math import ceil

from PySide6.QtGui import QFont, QFontInfo, QFontMetricsF, QTextBlockFormat, QTextCharFormat, QTextFormat

from slmdesk.base.record import changed
from slmdesk.window.base.theme import ICON_SIZE, LINE_HEIGHT, SPACE_12, Fonts, Theme

QUOTE = QTextFormat.Property.UserProperty + 1
"""Of a block: how deep it is quoted."""
CODE = QTextFormat.Property.UserProperty + 2
"""Of a block: the number of its code block, from 1."""
RULE = QTextFormat.Property.UserProperty + 3
CHROME = QTextFormat.Property.UserProperty + 4
"""Of characters: they are the program's, not the message's, and are not copied."""
GLUED = QTextFormat.Property.UserProperty + 5
"""Of a block: it goes on in the line of the block before, which was too long to lay out at once."""

FORMULA = QTextFormat.ObjectTypes.UserObject + 1
"""Kind of object of the one character that stands for a formula."""
FORMULA_TEX = QTextFormat.Property.UserProperty + 6
FORMULA_SOURCE = QTextFormat.Property.UserProperty + 7
"""Of characters: the formula as typed, with its delimiters."""
FORMULA_DISPLAYED = QTextFormat.Property.UserProperty + 8
RESEMBLING = QTextFormat.Property.UserProperty + 9
"""Of marked characters: they resemble a substitute; their tooltip says so."""

QUOTE_STEP = 16
TOP_MARGIN = 6
"""Over the first block of a document: room for the ground of code."""
BOTTOM_MARGIN = 6
CODE_PAD = 12
HEADING_SIZES = (1.35, 1.2, 1.1, 1.0, 1.0, 1.0)
CODE_SHARE = 0.92
SMALL_SHARE = 0.85


class ViewStyle:
    def __init__(self, theme: Theme, fonts: Fonts) -> None:
        self.theme = theme
        self.fonts = fonts
        self.font = fonts.text()
        self.small_font = fonts.text(SMALL_SHARE)
        self.mono_font = fonts.mono(CODE_SHARE)
        self.percent = _line_percent(self.font)
        self.mono_percent = _line_percent(self.mono_font, 1.4)
        metrics = QFontMetricsF(self.font)
        self.letter_width = metrics.averageCharWidth()
        self.line_height = metrics.height() * self.percent / 100
        self.row_height = max(ceil(QFontMetricsF(self.small_font).height()) + SPACE_12, ICON_SIZE + SPACE_12)
        self.body = self._char(self.font, "text")
        self.muted = self._char(self.font, "muted")
        self.mono = self._char(self.mono_font, "text")
        self.chrome = self._char(self.small_font, "muted")
        self.chrome.setProperty(CHROME, True)
        self.inline_code = QTextCharFormat(self.mono)
        self.inline_code.setBackground(theme.colour("raised"))
        self.tiny = QTextCharFormat()
        self.tiny.setFontPointSize(1)

    @cached_property
    def faded(self) -> ViewStyle:
        """The same with text in the secondary colour."""
        return ViewStyle(changed(self.theme, text=self.theme.muted), self.fonts)

    def block(self, *, top: float = 0, bottom: float = 8, percent: float | None = None) -> QTextBlockFormat:
        made = QTextBlockFormat()
        made.setTopMargin(top)
        made.setBottomMargin(bottom)
        height = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        made.setLineHeight(percent or self.percent, height)
        return made

    def tiny_block(self) -> QTextBlockFormat:
        """Format of the empty blocks Qt needs around a table."""
        made = QTextBlockFormat()
        made.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        return made

    def heading(self, level: int) -> QTextCharFormat:
        return self._char(self.fonts.text(HEADING_SIZES[level - 1], bold=True), "text")

    def linked(self, base: QTextCharFormat, address: str, words: str) -> QTextCharFormat:
        made = QTextCharFormat(base)
        made.setAnchor(True)
        made.setAnchorHref(address)
        made.setForeground(self.theme.colour("accent"))
        made.setFontUnderline(True)
        if words:  # as rich text with nothing in it, so that no address is ever taken for rich text
            made.setToolTip(f"<qt>{escape(words)}</qt>")
        return made

    def formula(self, base: QTextCharFormat, *, tex: str, source: str, displayed: bool) -> QTextCharFormat:
        made = QTextCharFormat(base)
        made.setObjectType(FORMULA)
        made.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
        made.setProperty(FORMULA_TEX, tex)
        made.setProperty(FORMULA_SOURCE, source)
        made.setProperty(FORMULA_DISPLAYED, displayed)
        return made

    def _char(self, font: QFont, token: str) -> QTextCharFormat:
        made = QTextCharFormat()
        made.setFont(font)
        made.setForeground(self.theme.colour(token))
        return made


def _line_percent(font: QFont, share: float = LINE_HEIGHT) -> float:
    """Qt's percentage of the font's natural height that makes a line `share` times the font's size."""
    size = QFontInfo(font).pixelSize()
    return max(share * size / QFontMetricsF(font).height() * 100, 100)

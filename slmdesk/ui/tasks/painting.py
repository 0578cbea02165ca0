"""Lays out and draws the statements of a report, and edits one in its place.

There is no widget for a statement: of thousands only those in sight are laid out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QObject,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QFont,
    QKeyEvent,
    QPainter,
    QPen,
    QTextCharFormat,
    QTextLayout,
)
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QPlainTextEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from slmdesk.base.documents import CALENDAR, COME, GONE, Run
from slmdesk.base.texts import _, in_quotes
from slmdesk.tasks.report import Value
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.text import short_day, size16
from slmdesk.ui.kit.base.theme import pixmap, scaled
from slmdesk.ui.kit.widgets.build import draw_box, first_words, named
from slmdesk.ui.kit.widgets.rows import DUE_WIDTH, Cited, lay_out_cited
from slmdesk.ui.tasks.rows import Index, Row, RowKind, warning_of

if TYPE_CHECKING:
    from slmdesk.ui.tasks.statements import StatementList

CTRL = Qt.KeyboardModifier.ControlModifier
APPROVE = (CTRL | Qt.Key.Key_Return, CTRL | Qt.Key.Key_Enter)
LINE_BREAK = "\u2028"
BEGUN = "begun"
"""Property of an editor that shows its text."""
FOLDS = {True: "chevron-down", False: "chevron-right"}
WARNINGS = {True: "danger", False: "warn"}
"""Colour of the line that says what is doubtful, and what is wrong."""
SIZES = {True: 1.0, False: 1.13}
"""Size of statements with a tick, among which a person looks for some, and of those
that are read.
"""
TITLES = {1: (1.13, "ink")}
"""Size and colour of the titles of a level. Others are small."""
MOVED = {"arrow-up-down": "↕"}
"""Sign beside both texts of a statement, by its icon in a list."""
COLOURS = {COME: ("added", "soft"), GONE: ("removed", "danger_soft")}
"""Colours of what came and what went, and of the ground below it."""
BOX = 15
"""Side of the box of a tick."""
BOXES = {
    Qt.CheckState.Unchecked: "edge",
    Qt.CheckState.PartiallyChecked: "accent",
    Qt.CheckState.Checked: "accent",
}
"""Colour of the box."""
CHOICE_RADIUS = 12
NUMBER = 24
"""Room for the number of a statement that answers others."""
MUTED = {True: "ink3", False: "ink2"}
"""Colour of the words that are answered, where they are left out."""
TEXTS = {True: "ink2", False: "ink"}
"""Colour of the texts of statements, where they are folded at first or missing."""
INKS = {None: "soft_ink", True: "on_accent", False: "ink"}
GROUNDS = {True: ("accent", "accent"), False: ("sheet", "edge")}
"""Colours of actions, and of the ground and the line of those of which one is chosen,
by whether it is.
"""
PADS = {False: (0, 0, theme.SPACE_16), True: (theme.SPACE_8, 2, theme.SPACE_4)}
"""Room beside, above and between such actions, and between others."""


@dataclass(slots=True)
class Link:
    """Words that can be pressed: an action, or a text to choose instead."""

    place: QRectF
    action: str
    is_held: bool | None = None
    """Whether it holds, of actions of which one is chosen. None: it is another one."""
    choice: str = ""


@dataclass(slots=True)
class Drawn:
    """How a row is laid out at one width and in one font."""

    width: int
    font: str
    height: float = 0.0
    parts: list[tuple[Cited, QPointF, str]] = field(default_factory=list)
    """Texts, each with its place and the colour of its letters."""
    links: list[Link] = field(default_factory=list)
    top: float = 0.0
    """Where the text stands that can be changed, below what it answers."""

    def add(
        self, text: Cited, x: float, colour: str, *, is_beside: bool = False
    ) -> None:
        """Put a text below the others. `is_beside`: what comes next begins at the same
        height.
        """
        self.parts.append((text, QPointF(x, self.height), colour))
        if not is_beside:
            self.height += text.height


def due_words(value: Value | None) -> str:
    """Return the day of a value, short, and that it is over."""
    if value is None or not value.date:
        return ""
    year, month, day = value.date.rsplit("-", 2)
    if not year.isdecimal():
        return short_day(int(day), int(month))
    words = short_day(int(day), int(month), int(year))
    if value.date < date.today().isoformat():
        words += LINE_BREAK + _("over")
    return words


def formats_of(runs: Sequence[Run]) -> list[QTextLayout.FormatRange]:
    """Return the formats of a text in runs: what went is struck through, what came is
    underlined, both coloured.
    """
    colours, formats, at = theme.current(), list[QTextLayout.FormatRange](), 0
    for run in runs:
        form, length = QTextCharFormat(), size16(run.text)
        if run.change:
            ink, ground = COLOURS[run.change]
            form.setForeground(colours.colour(ink))
            form.setBackground(colours.colour(ground))
            form.setFontStrikeOut(run.change == GONE)
            form.setFontUnderline(run.change == COME)
        if run.bold:
            form.setFontWeight(QFont.Weight.DemiBold)
        if run.change or run.bold:
            part = QTextLayout.FormatRange()
            part.start, part.length, part.format = at, length, form
            formats.append(part)
        at += length
    return formats


def shortened(text: str, most: int) -> str:
    """Return a text with at most so many words, and with an ellipsis if it has more."""
    begin = first_words(text, most)
    if begin == text:
        return text
    return f"{begin} …"


def box_of(row: Row, place: QRect) -> QRectF:
    """Return where the box of a row's tick is drawn, which stands in `place`."""
    left, top = theme.SPACE_4, theme.SPACE_4 + 3
    if row.kind is RowKind.TITLE:
        top += theme.SPACE_8 - 1
    else:
        left += theme.SPACE_16  # below the box of its title
    return QRectF(
        place.left() + scaled(left), place.top() + scaled(top), scaled(BOX), scaled(BOX)
    )


@lru_cache(maxsize=32)
def _font_of(usual: str, points: float, weight: QFont.Weight) -> QFont:
    """Return a font like the usual one, which is named by its key. Thousands of rows
    need the same few.
    """
    font = QFont()
    font.fromString(usual)
    font.setPointSizeF(points)
    font.setWeight(weight)
    return font


class StatementPainter(QStyledItemDelegate):
    """Draws the rows of a list. With `is_paired` the other text of each statement
    stands at its left.
    """

    is_paired = is_compact = False

    def __init__(self, view: StatementList) -> None:
        super().__init__(view)
        self._view = view

    def drawn(self, row: Row) -> Drawn:
        """Return how a row is laid out at the present width."""
        width, font = self._view.viewport().width(), self._view.font()
        known, key = row.drawn, font.key()
        if isinstance(known, Drawn) and (known.width, known.font) == (width, key):
            return known
        made = Drawn(width, key, float(scaled(theme.SPACE_4)))
        if row.kind is RowKind.TITLE:
            self._draw_title(made, row)
        elif row.kind is not RowKind.STATEMENT:
            self._draw_note(made, row)
        elif self.is_paired:
            self._draw_pair(made, row)
        else:
            self._draw_statement(made, row)
        made.height += scaled(theme.SPACE_4)
        row.drawn = made
        return made

    def _font(
        self, size: float = 1.0, weight: QFont.Weight = QFont.Weight.Normal
    ) -> QFont:
        usual = self._view.font()
        return _font_of(usual.key(), usual.pointSizeF() * size, weight)

    def _draw_title(self, made: Drawn, row: Row) -> None:
        size, colour = TITLES.get(row.section.level, (0.87, "ink2"))
        made.height += scaled(theme.SPACE_8)
        left = scaled(theme.SPACE_4)
        font = self._font(size, QFont.Weight.DemiBold)
        top, text_left = made.height, float(left)
        if row.tick is not None:
            text_left = box_of(row, QRect()).right() + scaled(theme.SPACE_8)
        made.add(
            lay_out_cited(row.text, "", font, made.width - text_left - left),
            text_left,
            colour,
        )
        if row.has_days and self._view.calendar_words:
            small = self._font(0.87, QFont.Weight.Medium)
            text = lay_out_cited(self._view.calendar_words, "", small, made.width)
            wide = text.layout.maximumWidth()
            place = QRectF(made.width - wide - 2 * left, top, wide, text.height)
            made.links.append(Link(place, CALENDAR.id))
            made.parts.append((text, place.topLeft(), "soft_ink"))

    def _draw_note(self, made: Drawn, row: Row) -> None:
        left = scaled(theme.SPACE_24)  # a fold has its sign before it
        made.add(
            lay_out_cited(row.text, "", self._font(0.87), made.width - 2 * left),
            left,
            "ink2",
        )

    def _draw_statement(self, made: Drawn, row: Row) -> None:
        statement, left = row.statement, float(scaled(theme.SPACE_4))
        if row.has_days:
            room, bold = scaled(DUE_WIDTH), self._font(1.0, QFont.Weight.DemiBold)
            made.add(
                lay_out_cited(due_words(statement.value), "", bold, room),
                left,
                TEXTS[row.section.is_folded],
                is_beside=True,
            )
            left += room + scaled(theme.SPACE_8)
        elif row.tick is not None:
            left = box_of(row, QRect()).right() + scaled(theme.SPACE_8)
        elif statement.sign:
            left += scaled() + scaled(theme.SPACE_8)  # the sign itself is no text
        elif row.is_answer and statement.rank:
            number = lay_out_cited(
                f"{statement.rank}.", "", self._font(), scaled(NUMBER)
            )
            made.add(number, left, "ink2", is_beside=True)
            left += scaled(NUMBER)
        elif row.has_bullet and row.text:
            made.add(
                lay_out_cited("•", "", self._font(1.13), left + scaled(12)),
                left,
                "ink",
                is_beside=True,
            )
            left += scaled(theme.SPACE_12)
        width = made.width - left - scaled(theme.SPACE_8)
        top = made.height
        if row.is_answer:
            self._add_asked(made, row, left, width)
        if row.text or statement.is_open:
            is_muted = row.section.is_folded or not statement.text
            made.add(self._text_of(row, width), left, TEXTS[is_muted])
        self._add_lines(made, row, statement.notes, left, width)
        if row.has_days:
            made.height = max(made.height, top + made.parts[0][0].height)

    def _add_asked(self, made: Drawn, row: Row, left: float, width: float) -> None:
        """Add the words that a statement answers, and how it does: what can be chosen
        stands between them and the answer.
        """
        statement, most_lines = row.statement, row.most_lines
        if statement in self._view.opened:
            most_lines = 0
        font = QFont(self._font())
        font.setStrikeOut(statement.is_left_out)
        words = in_quotes(statement.other).replace("\n", LINE_BREAK)
        asked = lay_out_cited(words, row.sign, font, width, most_lines)
        made.add(asked, left, MUTED[statement.is_left_out])
        if statement.chosen is not None:
            made.height += scaled(theme.SPACE_4)
            held = [(name, name == statement.chosen) for name in statement.actions]
            self._add_links(
                made, [Link(QRectF(), *known) for known in held], left, width
            )
            made.height += scaled(theme.SPACE_4)
        made.top = made.height

    def _text_of(self, row: Row, width: float) -> Cited:
        """Lay out the text of a statement, with its number; in few words where the list
        is to be short.
        """
        statement = row.statement
        if self.is_compact:
            words = (statement.gist or row.text).replace("\n", LINE_BREAK)
            return lay_out_cited(words, "", self._font(), width)
        words, most_lines, font = (
            row.text,
            row.most_lines,
            self._font(SIZES[row.has_tick]),
        )
        if row.is_lead:
            font = self._font(1.33, QFont.Weight.Medium)
        if statement.runs:
            words = "".join(run.text for run in statement.runs)
        if statement in self._view.opened:
            most_lines = 0
        elif row.most_words and not statement.runs:
            words = shortened(words, row.most_words)
        words = words.replace("\n", LINE_BREAK)
        sign = row.sign
        if row.is_answer:
            sign, most_lines = "", 0  # both are for the words at its source
            if statement.is_open:
                words += " …"
        return lay_out_cited(
            words, sign, font, width, most_lines, formats_of(statement.runs)
        )

    def _add_lines(
        self, made: Drawn, row: Row, notes: Sequence[str], left: float, width: float
    ) -> None:
        """Add what stands below a statement: its place in a compact list, what is
        doubtful, notes, links.
        """
        statement, small = row.statement, self._font(0.87)
        lines = [(note, "ink2") for note in notes]
        if warning := warning_of(statement):
            lines.insert(0, (f"⚠ {warning}", WARNINGS[statement.is_wrong]))
        place = ", ".join(part for part in (row.section.title, statement.place) if part)
        if self.is_compact and place:
            lines.insert(0, (place, "ink3"))
        most_lines = int(row.has_tick and statement not in self._view.opened)
        for words, colour in lines:
            made.add(lay_out_cited(words, "", small, width, most_lines), left, colour)
        if self.is_compact:
            return
        links = [Link(QRectF(), "", choice=choice) for choice in statement.choices]
        if statement.chosen is None:
            links[:0] = [Link(QRectF(), name) for name in statement.actions]
        self._add_links(made, links, left, width)

    def _add_links(
        self, made: Drawn, links: Sequence[Link], left: float, width: float
    ) -> None:
        """Add the actions beside each other, and each text that may be chosen in a line
        of its own.
        """
        font = self._font(0.87, QFont.Weight.Medium)
        x, height = left, 0.0
        for link in links:
            words = self._view.rows.action_words.get(link.action, link.action)
            text = lay_out_cited(link.choice or words, "", font, width)
            pad, down, gap = PADS[link.is_held is not None]
            wide = min(width, text.layout.maximumWidth() + 2 * scaled(pad))
            if link.choice or x + wide > left + width:
                made.height += height
                x = left
            height = text.height + 2 * scaled(down)
            link.place = QRectF(x, made.height, wide, height)
            made.links.append(link)
            corner = link.place.topLeft() + QPointF(scaled(pad), scaled(down))
            made.parts.append((text, corner, INKS[link.is_held]))
            x += wide + scaled(gap)
            if link.is_held is not None:
                height += scaled(theme.SPACE_4)
        made.height += height

    def _draw_pair(self, made: Drawn, row: Row) -> None:
        """Lay out both texts of a statement at the same height."""
        statement, half = row.statement, made.width / 2
        gap = float(scaled(theme.SPACE_16))
        width, font, top = half - 2 * gap, self._font(), made.height
        for side, change in enumerate((GONE, COME)):
            runs = [run for run in statement.runs if run.change in ("", change)]
            words = (
                "".join(run.text for run in runs) or (statement.other, row.text)[side]
            )
            text = lay_out_cited(
                words.replace("\n", LINE_BREAK), "", font, width, 0, formats_of(runs)
            )
            colour = "ink"
            if change == COME and statement.missing:
                colour = "ink2"  # so that nobody takes it for the text itself
            made.add(text, side * half + gap, colour, is_beside=True)
            if statement.sign in MOVED:
                made.add(
                    lay_out_cited(MOVED[statement.sign], "", font, gap),
                    side * half,
                    "ink2",
                    is_beside=True,
                )
        made.height = top + max(text.height for text, _place, _colour in made.parts)
        self._add_lines(made, row, (), half + gap, width)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row = self._view.rows.row_at(index)
        if row is None:
            return QSize()
        return QSize(80, round(self.drawn(row).height + 0.5))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: Index
    ) -> None:
        row = self._view.rows.row_at(index)
        if row is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, is_lit = theme.current(), row.statement in self._view.lit
        self._paint_ground(painter, option, row, is_lit=is_lit)
        self._paint_choices(painter, option.rect, self.drawn(row).links)
        for text, place, colour in self.drawn(row).parts:
            painter.setPen(colours.colour(colour))
            text.draw(painter, place + QPointF(option.rect.topLeft()), is_lit=is_lit)
        self._paint_sign(painter, option.rect, row)
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, row: Row, *, is_lit: bool
    ) -> None:
        colours, place = theme.current(), QRectF(option.rect).adjusted(1, 1, -1, -1)
        can_be_chosen = row.kind in (RowKind.STATEMENT, RowKind.FOLD)
        is_hovered = (
            bool(option.state & QStyle.StateFlag.State_MouseOver) and can_be_chosen
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if is_lit:
            painter.setBrush(colours.colour("soft"))
        elif is_hovered or row.statement == self._view.pointed:
            painter.setBrush(colours.colour("hover"))
        if is_lit and colours.line_width > 1:
            painter.setPen(QPen(colours.colour("accent"), colours.line_width))
        painter.drawRoundedRect(place, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
        if option.state & QStyle.StateFlag.State_HasFocus and self._view.is_by_key:
            painter.setPen(QPen(colours.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)

    def _paint_choices(
        self, painter: QPainter, place: QRect, links: Sequence[Link]
    ) -> None:
        """Draw the grounds of actions of which one is chosen."""
        colours = theme.current()
        for link in links:
            if link.is_held is not None:
                ground, line = GROUNDS[link.is_held]
                painter.setBrush(colours.colour(ground))
                painter.setPen(QPen(colours.colour(line), colours.line_width))
                around = link.place.translated(place.topLeft())
                radius = min(around.height() / 2, scaled(CHOICE_RADIUS))
                painter.drawRoundedRect(around, radius, radius)

    def _paint_sign(self, painter: QPainter, place: QRect, row: Row) -> None:
        """Draw the icon of a fold or of a statement's sort, and what a person did to
        the statement.
        """
        statement, size = row.statement, scaled(15)
        top = place.top() + scaled(theme.SPACE_4) + scaled(3)
        scale = painter.device().devicePixelRatio()
        if row.tick is not None:
            self._paint_box(painter, box_of(row, place), row.tick, scale)
            return
        signs: list[tuple[str, str, int]] = []
        if row.kind is RowKind.FOLD:
            sign = FOLDS[self._view.rows.is_unfolded(row.key)]
            signs.append((sign, "ink2", place.left() + scaled(4)))
        elif statement.sign and not (self.is_paired or row.has_days):
            signs.append((statement.sign, "ink2", place.left() + scaled(4)))
        if statement.is_edited:
            signs.append(("pencil", "ink2", place.right() - size))
        elif statement.is_approved:
            signs.append(("check", "accent", place.right() - size))
        for name, colour, left in signs:
            painter.drawPixmap(
                left,
                top,
                pixmap(name, theme.current().colour(colour), size=size, scale=scale),
            )

    def _paint_box(
        self, painter: QPainter, place: QRectF, tick: Qt.CheckState, scale: float
    ) -> None:
        colours, sign = theme.current(), None
        if tick is Qt.CheckState.Checked:
            sign = colours.colour("on_accent")
        line = colours.colour(BOXES[tick])
        draw_box(
            painter,
            place,
            line=line,
            ground=colours.colour("sheet"),
            tick=sign,
            scale=scale,
        )

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        """Leave ticks to the list: Qt looks for the box where another delegate would
        draw it.
        """
        return False

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> QWidget:
        editor = named(
            QPlainTextEdit(parent),
            "statement_editor",
            label=_("The text of the statement"),
        )
        editor.setTabChangesFocus(True)
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        text = cast(QPlainTextEdit, editor)
        if text.property(BEGUN):  # its row changed meanwhile: what is typed stays
            return
        statement = self._view.rows.statement_at(index)
        words = str(index.data(Qt.ItemDataRole.EditRole))
        if statement is not None:
            words = self._view.drafts.pop(statement.id, words)
        text.setPlainText(words)
        text.selectAll()
        text.setProperty(BEGUN, True)

    def setModelData(
        self, editor: QWidget, model: QAbstractItemModel, index: Index
    ) -> None:
        model.setData(index, cast(QPlainTextEdit, editor).toPlainText())

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        place = option.rect
        if self.is_paired:
            place = place.adjusted(place.width() // 2, 0, 0, 0)
        row = self._view.rows.row_at(index)
        if row is not None and row.is_answer:
            place = place.adjusted(scaled(NUMBER), round(self.drawn(row).top), 0, 0)
            place.setHeight(max(place.height(), 2 * editor.fontMetrics().lineSpacing()))
        editor.setGeometry(place.adjusted(0, 0, 0, editor.fontMetrics().lineSpacing()))

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Enter ends the editing; with Shift it begins a new line, with Ctrl it
        approves the text too.
        """
        if not isinstance(event, QKeyEvent) or event.key() not in (
            Qt.Key.Key_Return,
            Qt.Key.Key_Enter,
        ):
            return super().eventFilter(editor, event)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or not isinstance(
            editor, QWidget
        ):
            return super().eventFilter(editor, event)
        if (
            event.type() == QEvent.Type.ShortcutOverride
        ):  # no shortcut of what lies around gets the key
            event.accept()
            return True
        if event.type() != QEvent.Type.KeyPress:
            return False
        self._view.is_approving = event.keyCombination() in APPROVE
        self.commitData.emit(editor)
        self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)
        if self._view.is_approving:  # there was nothing to keep
            self._view.is_approving = False
            self._view.approve()
        return True

"""Widgets that show two versions side by side, and the list of changes with their clauses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from slmdesk.base.texts import _, ngettext
from slmdesk.versions.difference.types import Change, ChangeKind, Row, Run
from slmdesk.versions.types import (
    Comparison,
    by_importance,
    change_words,
    counted_kind,
    marked_text,
    place_words,
    shortened,
)
from slmdesk.window.base import theme
from slmdesk.window.base.text import size16
from slmdesk.window.base.theme import ThemeKeeper, pixmap, scaled
from slmdesk.window.widgets.build import draw_lines, named, paint_ground, plain_tip

GAP = theme.SPACE_12
EDGE = theme.SPACE_16
"""Width in pixels left of each column, where a sign stands at what was moved."""
TEXT_LEFT = GAP + EDGE
MOVED = "↕"
ICONS = {
    "duty shifted": "arrow-left-right",
    "negation": "ban", "amount": "banknote", "percent": "percent", "period": "clock", "date": "calendar",
    "name": "user", "link": "globe",
}  # fmt: skip
KIND_ICONS = {
    ChangeKind.ADDED: "plus", ChangeKind.REMOVED: "minus", ChangeKind.CHANGED: "type",
    ChangeKind.MOVED: "arrow-up-down",
}  # fmt: skip
KIND_NAMES = {
    ChangeKind.ADDED: _("added"), ChangeKind.REMOVED: _("removed"), ChangeKind.CHANGED: _("changed"),
    ChangeKind.MOVED: _("moved"),
}  # fmt: skip
KEPT = 40
"""Most rows whose text layout is kept while they are not visible."""


@dataclass(slots=True, eq=False)
class Line:
    row: Row
    number: int
    """Number of the row in the comparison. Unfolded paragraphs have the number of the folded row."""
    height: float = 0.0
    layouts: tuple[QTextLayout | None, QTextLayout | None] | None = None

    @property
    def changes(self) -> list[int]:
        return list(dict.fromkeys(run.change for run in (*self.row.new, *self.row.old) if run.change >= 0))


class CompareRows(QAbstractScrollArea):
    change_chosen = Signal(int)
    change_opened = Signal(int)
    unfold_requested = Signal(int)

    def __init__(self, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "versions_rows", label=_("Both versions side by side"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumSize(200, 120)
        self._keeper = keeper
        self.lines: list[Line] = []
        self._tops: list[float] = []
        self.changes: Sequence[Change] = ()
        self._words = (_("paragraph"), _("paragraphs"))
        self.current = self._pointed = -1
        keeper.theme_changed.connect(self._on_theme_changed)

    # ---- what is shown

    def show_rows(self, rows: Sequence[Row], changes: Sequence[Change]) -> None:
        self.changes, self.current = changes, -1
        self.lines = [Line(row, number) for number, row in enumerate(rows)]
        self.verticalScrollBar().setValue(0)
        self._measure()

    def unfold(self, number: int, old: Sequence[str], new: Sequence[str]) -> None:
        """Replace a folded row by its paragraphs. If the two versions of a paragraph differ, both are shown."""
        at = next((at for at, line in enumerate(self.lines) if line.number == number and line.row.same), -1)
        if at < 0 or not new:
            return
        if len(old) != len(new):  # the two formats split paragraphs differently
            old, new = ["\n".join(old)], ["\n".join(new)]
        pairs = zip(old, new, strict=True)
        shown = [Line(Row((Run(before),), (Run(other),)), number) for before, other in pairs]
        self.lines[at : at + 1] = shown
        self._measure(keep=True)

    def show_change(self, change: int) -> None:
        self.current = change
        at = next((at for at, line in enumerate(self.lines) if change in line.changes), -1)
        if at >= 0:
            for __ in range(3):  # heights become known while it comes into sight
                self.verticalScrollBar().setValue(round(self._tops[at] - self.viewport().height() / 4))
                self._lay_out_sight()
        self.setAccessibleDescription(self._said(change))
        self.viewport().update()

    def point_at(self, change: int) -> None:
        """Light a change while a person points at it in the list. -1: at none."""
        self._pointed = change
        self.viewport().update()

    def rect_of(self, at: int) -> QRectF:
        return QRectF(0, self._tops[at] - self.verticalScrollBar().value(), self.viewport().width(), self._height(at))

    def sizeHint(self) -> QSize:
        """Return the smallest useful height, because the columns scroll, so that the pane around need not scroll."""
        return QSize(640, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget()
        self._measure(keep=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar, page = self.verticalScrollBar(), round(self.viewport().height() * 0.9)
        steps = {
            Qt.Key.Key_Down: 40, Qt.Key.Key_Up: -40, Qt.Key.Key_PageDown: page, Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_Space: page, Qt.Key.Key_Home: -bar.maximum(), Qt.Key.Key_End: bar.maximum(),
        }  # fmt: skip
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self.change_opened.emit(self.current)
        elif not event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in steps:
            bar.setValue(bar.value() + steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        line = self._line_at(event.position())
        if line is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if line.row.same:
            self.unfold_requested.emit(line.number)
        elif line.changes:
            self.change_chosen.emit(self._change_at(line, event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        line = self._line_at(event.position())
        if line is not None and line.changes:
            self.change_opened.emit(self._change_at(line, event.position()))

    def paintEvent(self, event: QPaintEvent) -> None:
        self._lay_out_sight()
        painter = QPainter(self.viewport())
        colours = self._keeper.theme
        painter.fillRect(event.rect(), colours.colour("sheet"))
        for at in self._in_sight():
            self._paint(painter, self.lines[at], self.rect_of(at))
        if self.hasFocus():
            painter.setPen(QPen(colours.colour("accent"), 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))

    def _paint(self, painter: QPainter, line: Line, place: QRectF) -> None:
        colours = self._keeper.theme
        if line.row.same:
            self._paint_folded(painter, line, place)
            return
        half = place.width() / 2
        if {self.current, self._pointed} & set(line.changes):
            is_plain = colours.line_width == 1
            painter.setPen(Qt.PenStyle.NoPen if is_plain else QPen(colours.colour("accent"), colours.line_width))
            painter.setBrush(colours.colour("soft"))
            painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), theme.RADIUS, theme.RADIUS)
        is_moved = any(self.changes[at].kind is ChangeKind.MOVED for at in line.changes if at < len(self.changes))
        painter.setFont(self._keeper.fonts.text())
        for side, layout in enumerate(line.layouts or ()):
            if layout is None:
                continue
            left = place.left() + side * half
            if is_moved:
                painter.setPen(colours.colour("ink2"))
                box = QRectF(left + 6, place.top() + GAP / 2, EDGE, self._keeper.fonts.points() * 2)
                painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), MOVED)
            painter.setPen(colours.colour("ink"))
            layout.draw(painter, QPointF(left + TEXT_LEFT, place.top() + GAP / 2))

    def _paint_folded(self, painter: QPainter, line: Line, place: QRectF) -> None:
        colours = self._keeper.theme
        painter.setFont(self._keeper.fonts.text(0.87))
        words, middle = self.folded_words(line.row.same), place.center()
        space = painter.fontMetrics().horizontalAdvance(words) / 2 + GAP
        painter.setPen(QPen(colours.colour("line"), colours.line_width))
        for left, right in ((TEXT_LEFT, middle.x() - space), (middle.x() + space, place.right() - GAP)):
            painter.drawLine(QPointF(left, middle.y()), QPointF(right, middle.y()))
        painter.setPen(colours.colour("ink2"))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), words)

    @staticmethod
    def folded_words(count: int) -> str:
        return ngettext("1 unchanged paragraph – show it", "{n:,} unchanged paragraphs – show them", count)

    def _on_theme_changed(self) -> None:
        self._forget()
        self._measure(keep=True)

    def _said(self, change: int) -> str:
        if not 0 <= change < len(self.changes):
            return ""
        shown = self.changes[change]
        old, new = shown.old or _("nothing"), shown.new or _("nothing")
        return _("{kind}. Old: {old}. New: {new}.").format(kind=KIND_NAMES[shown.kind], old=old, new=new)

    def _line_at(self, at: QPointF) -> Line | None:
        y = at.y() + self.verticalScrollBar().value()
        index = bisect_right(self._tops, y) - 1
        if index < 0 or index >= len(self.lines) or y > self._tops[index] + self._height(index):
            return None
        return self.lines[index]

    def _change_at(self, line: Line, at: QPointF) -> int:
        """Return the change whose text was clicked, or else the first change of the row."""
        index = self.lines.index(line)
        place, half = self.rect_of(index), self.viewport().width() / 2
        side = 0 if at.x() < half else 1
        layout = (line.layouts or (None, None))[side]
        runs = (line.row.old, line.row.new)[side]
        if layout is not None:
            x, y = at.x() - side * half - TEXT_LEFT, at.y() - place.top() - GAP / 2
            for number in range(layout.lineCount()):
                row = layout.lineAt(number)
                if row.rect().top() <= y <= row.rect().bottom():
                    cursor = row.xToCursor(x)
                    position = cursor if isinstance(cursor, int) else cursor[0]
                    return _change_of(runs, position) if _change_of(runs, position) >= 0 else line.changes[0]
        return line.changes[0]

    def _in_sight(self) -> range:
        if not self.lines:
            return range(0)
        top = self.verticalScrollBar().value()
        first = max(0, bisect_right(self._tops, top) - 1)
        last = bisect_right(self._tops, top + self.viewport().height())
        return range(first, min(last, len(self.lines)))

    def _lay_out_sight(self) -> None:
        for __ in range(4):  # rows lower than estimated make further rows visible
            changed = False
            for at in self._in_sight():
                changed |= self._lay_out(self.lines[at])
            if not changed:
                break
            self._measure(keep=True)
        sight = self._in_sight()
        near = range(sight.start - KEPT, sight.stop + KEPT)
        for at in (*range(max(0, sight.start - 3 * KEPT), sight.start), *range(sight.stop, sight.stop + 3 * KEPT)):
            if at not in near and at < len(self.lines):
                self.lines[at].layouts = None

    def _lay_out(self, line: Line) -> bool:
        if line.row.same or line.layouts is not None:
            return False
        width = self.viewport().width() / 2 - GAP - TEXT_LEFT
        layouts = (self._laid_out(line.row.old, 0, width), self._laid_out(line.row.new, 1, width))
        line.layouts = layouts
        height = max((layout.boundingRect().height() for layout in layouts if layout), default=0.0) + GAP
        changed = abs(height - line.height) > 0.5
        line.height = height
        return changed

    def _laid_out(self, runs: Sequence[Run], side: int, width: float) -> QTextLayout | None:
        if not runs:
            return None
        text = "".join(run.text for run in runs).replace("\n", "\u2028")
        layout = QTextLayout(text, self._keeper.fonts.text())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.setFormats(self._formats(runs, side))
        layout.beginLayout()
        y = 0.0
        while (row := layout.createLine()).isValid():
            row.setLineWidth(max(40.0, width))
            row.setPosition(QPointF(0, y))
            y += row.height() * 1.15
        layout.endLayout()
        return layout

    def _formats(self, runs: Sequence[Run], side: int) -> list[QTextLayout.FormatRange]:
        """Return the text formats: removed text is struck through, added text is underlined, both are coloured."""
        colours = self._keeper.theme
        formats: list[QTextLayout.FormatRange] = []
        at = 0
        for run in runs:
            length = size16(run.text)
            if run.is_marked:
                form = QTextCharFormat()
                form.setForeground(colours.colour("added" if side else "removed"))
                form.setBackground(colours.colour("soft" if side else "danger_soft"))
                form.setFontStrikeOut(side == 0)
                form.setFontUnderline(side == 1)
                part = QTextLayout.FormatRange()
                part.start, part.length, part.format = at, length, form
                formats.append(part)
            at += length
        return formats

    def _height(self, at: int) -> float:
        line = self.lines[at]
        points = float(self._keeper.fonts.points())
        if line.row.same:
            return points * 2.6
        if not line.height:  # estimated until it is visible
            letters = max(sum(len(run.text) for run in side) for side in (line.row.old, line.row.new))
            per_line = max(10.0, (self.viewport().width() / 2 - 40) / (points * 0.7))
            return float((1 + letters // per_line) * points * 1.9 + GAP)
        return line.height

    def _measure(self, *, keep: bool = False) -> None:
        """Compute the position of every row. With `keep`, visible rows stay where they are."""
        bar = self.verticalScrollBar()
        anchor, offset = 0, 0.0
        if keep and self._tops:
            anchor = max(0, bisect_right(self._tops, bar.value()) - 1)
            offset = bar.value() - self._tops[anchor]
        top, self._tops = float(GAP), []
        for at in range(len(self.lines)):
            self._tops.append(top)
            top += self._height(at) + 4
        bar.setRange(0, max(0, round(top + GAP - self.viewport().height())))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(40)
        if keep and anchor < len(self._tops):
            bar.setValue(round(self._tops[anchor] + offset))
        self.viewport().update()

    def _forget(self) -> None:
        for line in self.lines:
            line.layouts, line.height = None, 0.0


def _change_of(runs: Sequence[Run], position: int) -> int:
    at = 0
    for run in runs:
        at += size16(run.text)
        if position < at:
            return run.change
    return -1


CHANGE_ROLE, REMARK_ROLE = (int(Qt.ItemDataRole.UserRole) + at for at in range(2))
ROW = 48
WRAPPED = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading | Qt.TextFlag.TextWordWrap)
Index = QModelIndex | QPersistentModelIndex
FILTERS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("all", _("All"), ()),
    ("duties", _("Duties"), ("duty shifted", "duty added", "duty removed")),
    ("negations", _("Negations"), ("negation",)),
    ("numbers", _("Amounts"), ("amount",)),
    ("links", _("Links"), ("link",)),
    ("percents", _("Percentages"), ("percent",)),
    ("periods", _("Periods"), ("period",)),
    ("figures", _("Numbers"), ("number",)),
    ("dates", _("Dates"), ("date",)),
    ("names", _("Names"), ("name",)),
    ("conditions", _("Conditions"), ("condition",)),
    ("definitions", _("Definitions"), ("definition",)),
    ("changed", _("Wording"), (ChangeKind.CHANGED,)),
    ("added", _("Added"), (ChangeKind.ADDED,)),
    ("removed", _("Removed"), (ChangeKind.REMOVED,)),
    ("moved", _("Moved"), (ChangeKind.MOVED,)),
)
"""Kinds of changes. Each change is of one kind, so their counts add up to all changes."""

ORDERS: Sequence[tuple[str, str]] = (("weight", _("Most important first")), ("text", _("In the order of the text")))


def passes(change: Change, kinds: Sequence[str]) -> bool:
    return not kinds or counted_kind(change) in kinds


class ChangeLines(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self.shown: list[int] = []
        """Numbers of the listed changes, in the order of the list."""
        self.filter, self._order = "all", "weight"

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        comparison = self._comparison
        if comparison is None or not index.isValid() or index.row() >= len(self.shown):
            return None
        number = self.shown[index.row()]
        change = comparison.changes[number]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return shortened(_short_words(change), 120) + place_words(change, comparison, "\n{}")
            case Qt.ItemDataRole.DecorationRole:
                return icon_of(change)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(shortened(marked_text(change.old_runs, change.new_runs), 800))
            case Qt.ItemDataRole.AccessibleTextRole:
                words = f"{index.row() + 1}. {KIND_NAMES[change.kind]}: {change_words(change)}"
                return " ".join([words + place_words(change, comparison, ", {}."), comparison.remark(number)]).strip()
            case _ if role == CHANGE_ROLE:
                return number
            case _ if role == REMARK_ROLE:
                return comparison.remark(number)
        return None

    def show_changes(self, comparison: Comparison | None) -> None:
        self._comparison = comparison
        self.choose(self.filter)

    def choose(self, name: str) -> None:
        kinds = next(kinds for key, __, kinds in FILTERS if key == name)
        self.beginResetModel()
        self.filter = name
        changes = self._comparison.changes if self._comparison else ()
        order = by_importance(changes) if self._order == "weight" else range(len(changes))
        self.shown = [at for at in order if passes(changes[at], kinds)]
        self.endResetModel()

    def order_by(self, name: str) -> None:
        self._order = name
        self.choose(self.filter)

    def row_of(self, change: int) -> int:
        return self.shown.index(change) if change in self.shown else -1


def icon_of(change: Change) -> str:
    return ICONS.get(counted_kind(change)) or KIND_ICONS[change.kind]


def _short_words(change: Change) -> str:
    """Return a change in words without its kind, which the sign before it shows."""
    words = change_words(change)
    kind = f"{KIND_NAMES[change.kind]}: "
    return words.removeprefix(kind)


class ChangePainter(QStyledItemDelegate):
    """Draws a change: the icon of its kind, its words, where it is, and below what a model adds."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        area, size = paint_ground(painter, option, is_chosen=is_chosen), scaled()
        colour = theme.current().colour("soft_ink" if is_chosen else "ink2")
        sign = pixmap(str(index.data(Qt.ItemDataRole.DecorationRole)), colour, size=size)
        painter.drawPixmap(area.left() + theme.SPACE_8, area.top() + (area.height() - size) // 2, sign)
        words, __, where = str(index.data()).partition("\n")
        place = area.adjusted(2 * theme.SPACE_8 + size, 0, -theme.SPACE_8, 0)
        if remark := str(index.data(REMARK_ROLE)):
            below = place.adjusted(0, scaled(ROW), 0, 0)
            place.setHeight(scaled(ROW))
            painter.setPen(theme.current().colour("soft_ink" if is_chosen else "ink2"))
            painter.drawText(below, WRAPPED, remark)
        words = option.fontMetrics.elidedText(words, Qt.TextElideMode.ElideRight, place.width())
        draw_lines(painter, option, place, words, where, is_chosen=is_chosen)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        below, view = 0, self.parent()
        if (remark := str(index.data(REMARK_ROLE))) and isinstance(view, QListView):
            width = view.viewport().width() - 3 * theme.SPACE_8 - scaled()
            space = QRect(0, 0, width, 1)
            below = option.fontMetrics.boundingRect(space, WRAPPED, remark).height() + theme.SPACE_8
        return QSize(80, scaled(ROW) + below)


class ChangeList(QListView):
    change_chosen = Signal(int)
    change_pointed_at = Signal(int)
    """Emitted with -1 when the mouse has left the list."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "versions_list", label=_("Changes"))
        self.lines = ChangeLines(self)
        self.setModel(self.lines)
        self.setResizeMode(self.ResizeMode.Adjust)
        self.setItemDelegate(ChangePainter(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(self.Shape.NoFrame)
        self.setMinimumSize(scaled(200), 80)
        self.setMouseTracking(True)
        self.entered.connect(lambda index: self.change_pointed_at.emit(index.data(CHANGE_ROLE)))
        self._is_showing = False

    def sizeHint(self) -> QSize:
        """Return the smallest useful height, because the list scrolls, so that the pane around need not scroll."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.change_pointed_at.emit(-1)

    def show_change(self, change: int) -> None:
        """Highlight a change without emitting `change_chosen`."""
        row = self.lines.row_of(change)
        self._is_showing = True
        self.setCurrentIndex(self.lines.index(row) if row >= 0 else QModelIndex())
        self._is_showing = False

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        number = current.data(CHANGE_ROLE) if current.isValid() else None
        if isinstance(number, int) and not self._is_showing:
            self.change_chosen.emit(number)

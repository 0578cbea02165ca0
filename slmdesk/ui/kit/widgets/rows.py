"""Rows of lists and settings, dialogs made of rows, and helpers that keep rows in place when others come or go."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Generic, TypeVar

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QIcon,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QRegion,
    QTextLayout,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QBoxLayout,
    QComboBox,
    QFrame,
    QHeaderView,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)
from shiboken6 import isValid

from slmdesk.base.runtime.events import HistoryReplaced
from slmdesk.base.texts import _
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.theme import pixmap, scaled
from slmdesk.ui.kit.widgets.build import (
    FlowLayout,
    breakable,
    column,
    cut_to_lines,
    draw_box,
    named,
    plain_label,
    row,
    set_icon,
    set_kind,
    set_tip,
    show_words,
)
from slmdesk.ui.kit.widgets.notices import REMOVAL_MS, Notice

T = TypeVar("T")
W = TypeVar("W", bound=QWidget)
FITS = {
    "fits": ("check", "accent", _("Fits"), "small"),
    "tight": ("triangle-alert", "ink2", _("Tight"), "warn"),
    "too_large": ("x", "danger", _("Too large"), "danger"),
    "broken": ("triangle-alert", "danger", _("Cannot be used"), "danger"),
}
"""For each verdict: icon, colour of the icon, word, and `kind` of the word in the style sheet."""
SLOW = _("too slow")
"""Words for a model that fits, but is so slow that nobody would wait for its answers."""
ABOUT = {"fits": _("should run here"), "tight": _("may be tight"), "too_large": _("likely too large")}
"""Words for a verdict that comes from an estimated size."""
DOT = "  ·  "


class FitMark(QWidget):
    """Word and icon that say whether a model fits this PC. Takes no space while that is unknown."""

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
        """Show a verdict. `is_about` means estimated from the size, `is_slow` too slow to be useful."""
        self.setVisible(fit in FITS)
        if fit not in FITS:
            self._word.clear()
            return
        icon, colour, word, kind = FITS[fit]
        if is_slow and fit in ("fits", "tight"):
            (icon, colour, _word, kind), word = FITS["tight"], f"{_('fits') if fit == 'fits' else word}, {SLOW}"
        set_icon(self._icon, icon, colour)
        self._word.setText(ABOUT.get(fit, word) if is_about and SLOW not in word else word)
        set_kind(self._word, kind)
        set_tip(self, why)
        self.setAccessibleName(_("On this PC: {text}").format(text=self._word.text()))


class Card(QFrame):
    """Row with a title, facts and buttons. Its texts are untrusted and shown as plain text."""

    def __init__(self, parent: QWidget, *, name: str, title: str) -> None:
        super().__init__(parent)
        named(self, name, kind="card", label=title)
        self._title = plain_label("", self, name="card_title", kind="strong")
        policy = self._title.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Expanding)
        self._title.setSizePolicy(policy)
        self.fit = FitMark(self)
        self._sentence = plain_label("", self, name="card_sentence", is_hidden=True)
        self._info = plain_label("", self, name="card_facts", kind="small", is_hidden=True)
        self._trouble = plain_label("", self, name="card_trouble", kind="danger", is_hidden=True)
        self.body = column(gap=theme.SPACE_4)
        self._lay_out()
        self.set_title(title)

    def _lay_out(self) -> None:
        self._buttons = row(gap=theme.SPACE_8)
        head = row((self._title, 1), self.fit, self._buttons, gap=theme.SPACE_12)
        margins = (0, theme.SPACE_8, 0, theme.SPACE_12)
        parts = (head, self._sentence, self._info, self._trouble, self.body)
        column(*parts, into=self, gap=theme.SPACE_4, margins=margins)

    @property
    def words(self) -> str:
        labels = (self._title, self._sentence, self._info, self._trouble)
        return "\n".join(label.text().replace("\u200b", "") for label in labels if label.text())

    def set_title(self, text: str) -> None:
        self._title.setText(breakable(text))

    def set_sentence(self, text: str) -> None:
        show_words(self._sentence, text)

    def set_info(self, text: str) -> None:
        show_words(self._info, breakable(text))

    def set_trouble(self, text: str) -> None:
        show_words(self._trouble, breakable(text))

    def add_button(self, text: str, name: str, spoken: str, on: Callable[[], object]) -> QPushButton:
        """Add a button. `spoken` names its action and object, for screen readers and as tooltip."""
        button = named(QPushButton(text, self), name, label=spoken)
        set_tip(button, spoken)
        button.clicked.connect(lambda: on())
        self.add_widget(button)
        return button

    def add_widget(self, widget: QWidget) -> None:
        self._buttons.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)


LINE = 1.25
"""Height of a line of text that is read, as a share of that of the font."""


@dataclass(slots=True)
class Cited:
    """Text laid out in lines, with its source as a small raised sign behind the last word."""

    layout: QTextLayout
    height: float
    sign: str
    place: QRectF
    """Where the sign stands."""

    def draw(self, painter: QPainter, at: QPointF, *, is_lit: bool = False) -> None:
        """Draw the text with the pen's colour, and its sign with those of the theme."""
        self.layout.draw(painter, at)
        if not self.sign:
            return
        colours = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(_sign_font(self.layout.font()))
        box = self.place.translated(at)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("accent" if is_lit else "fill"))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setPen(colours.colour("on_accent" if is_lit else "ink2"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.sign)
        painter.restore()


def _sign_font(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(QApplication.font().pointSizeF() * 0.77)
    small.setWeight(QFont.Weight.Medium)
    return small


def lay_out_cited(
    words: str,
    sign: str,
    font: QFont,
    width: float,
    most_lines: int = 0,
    formats: Sequence[QTextLayout.FormatRange] = (),
) -> Cited:
    """Lay out text in lines of this width. A sign stays on the line of the last word. `most_lines` 0: all of it."""
    metrics, room, tail = QFontMetrics(font), 0, ""
    if sign:
        room = QFontMetrics(_sign_font(font)).horizontalAdvance(sign) + scaled(10)
        space = max(1, metrics.horizontalAdvance("\u00a0"))
        tail = "\u2060" + "\u00a0" * -(-(room + scaled(3)) // space)
        if most_lines:
            words = cut_to_lines(words, font, int(width) - room - 2 * space, most_lines)
    elif most_lines:
        words = cut_to_lines(words, font, int(width), most_lines)
    layout = QTextLayout(words + tail, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.setFormats(list(formats))
    layout.beginLayout()
    step, y = metrics.height() * LINE, 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(width, 1.0))
        line.setPosition(QPointF(0, y + (step - metrics.height()) / 2))
        y += step
    layout.endLayout()
    place = QRectF()
    if sign:
        end: Any = layout.lineAt(layout.lineCount() - 1).cursorToX(len(words))
        place = QRectF(end[0] + scaled(3), y - step + 1, room, QFontMetrics(_sign_font(font)).height() + 1)
    return Cited(layout, y, sign, place)


DUE_WIDTH = 104


Index = QModelIndex | QPersistentModelIndex
ELLIPSIS_WIDTH = 2
"""Pixels that the style keeps free beside the text."""
MOST_LETTERS = 40
MOST_VISIBLE = 12
CHOICE_HEIGHT = 30
"""Height of a value in the list below a field, at the usual text size."""


class ChoicePainter(QStyledItemDelegate):
    """Draws the values below a field as the entries of a menu."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width() + 2 * theme.SPACE_12, max(hint.height(), scaled(CHOICE_HEIGHT)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        is_on = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(Qt.PenStyle.NoPen)
        if is_on:
            painter.setBrush(colours.colour("accent" if colours.line_width > 1 else "fill"))
            painter.drawRoundedRect(
                QRectF(option.rect).adjusted(4, 1, -4, -1), theme.CONTROL_RADIUS, theme.CONTROL_RADIUS
            )
        words = option.rect.adjusted(theme.SPACE_12, 0, -theme.SPACE_12, 0)
        sign = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(sign, QIcon):
            place = QRect(words.left(), words.center().y() - scaled() // 2, scaled(), scaled())
            sign.paint(painter, place)
            words.setLeft(place.right() + theme.SPACE_8)
        painter.setFont(option.font)
        painter.setPen(colours.colour("on_accent" if is_on and colours.line_width > 1 else "ink"))
        shown = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading), shown)
        painter.restore()


class Choice(QComboBox):
    """Drop-down list. The mouse wheel scrolls the page instead of changing the value."""

    value_chosen = Signal(object)
    """Emitted only when a person chooses a value."""

    def __init__(self, values: list[tuple[object, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.cut = Qt.TextElideMode.ElideRight
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMaxVisibleItems(MOST_VISIBLE)  # obeyed by a list below the box (combobox-popup in the style sheet)
        self.setItemDelegate(ChoicePainter(self))
        for value, words in values:
            self.addItem(words, value)
        self.activated.connect(lambda index: self.value_chosen.emit(self.itemData(index)))

    def showPopup(self) -> None:
        around = self.view().window()  # round as a menu is: by its ground, and by a mask where nothing shines through
        around.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        super().showPopup()
        corners = QPainterPath()
        corners.addRoundedRect(QRectF(around.rect()), theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
        around.setMask(QRegion(corners.toFillPolygon().toPolygon()))

    def show_value(self, value: object) -> None:
        """Show a value. A value that is not in the list is added."""
        at = self.findData(value)
        if at < 0:
            self.addItem(str(value), value)
            at = self.count() - 1
        self.setCurrentIndex(at)

    def minimumSizeHint(self) -> QSize:
        """Limit the width, so that a long name does not make a dialog wider. The name is shown with an ellipsis."""
        least = super().minimumSizeHint()
        return least.boundedTo(QSize(MOST_LETTERS * self.fontMetrics().averageCharWidth(), least.height()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        super().initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        metrics, words = self.fontMetrics(), self.currentText()
        if (
            metrics.horizontalAdvance(words) > field.width() + ELLIPSIS_WIDTH
        ):  # the box fits its text up to a pixel or two
            space = field.width() - ELLIPSIS_WIDTH
            option.currentText = metrics.elidedText(words, self.cut, space)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the arrow in the theme's colour, which an image in a style sheet could not have."""
        super().paintEvent(event)
        size, colour = 16, self.palette().color(QPalette.ColorRole.WindowText)
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = theme.SPACE_8 if is_mirrored else self.width() - size - theme.SPACE_8
        arrow = pixmap("chevron-down", colour, size=size, scale=self.devicePixelRatioF())
        painter = QPainter(self)
        painter.drawPixmap(left, (self.height() - size) // 2, arrow)
        painter.end()


def list_in_table(table: QTableView) -> None:
    """Have a table look and act as a list: rows of one line are chosen, and Tab leaves it."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setWordWrap(False)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.horizontalHeader().setHighlightSections(False)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # measuring them would read all rows


class TickDelegate(QStyledItemDelegate):
    """Draws check boxes in the theme's colours. The style's are invisible on a dark background or in a selected row."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = super().createEditor(parent, option, index)
        named(editor, "cell_editor", label=str(index.model().headerData(index.column(), Qt.Orientation.Horizontal)))
        return editor

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        filled = QStyleOptionViewItem(option)
        self.initStyleOption(filled, index)
        if not filled.features & QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator:
            return
        box = self._view.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, filled, self._view)
        is_chosen = bool(filled.state & QStyle.StateFlag.State_Selected)
        is_ticked = filled.checkState is Qt.CheckState.Checked
        palette, role = (
            QApplication.palette(),
            QPalette.ColorRole,
        )  # the palette of a list has the colours of its selected row
        draw_box(
            painter, QRectF(box), line=palette.color(role.Accent if is_ticked else role.PlaceholderText),
            ground=palette.color(role.AlternateBase if is_chosen else role.Base),
            tick=palette.color(role.HighlightedText) if is_ticked else None, scale=self._view.devicePixelRatioF(),
        )  # fmt: skip


_PROBES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Heights, as fractions of the view, where a row to hold is looked for if none has the focus."""


class ScrollAnchor(QObject):
    """Keeps a row in place when a page grows or shrinks above it: the row with the focus, else the topmost visible row.

    At the very top of the page nothing is held, so that new rows there are seen.
    """

    def __init__(self, area: QScrollArea) -> None:
        super().__init__(area)
        self._area = area
        self._held: QWidget | None = None
        self._y = 0
        self._is_following = False
        bar = area.verticalScrollBar()
        bar.rangeChanged.connect(self._on_range_changed)
        bar.valueChanged.connect(self._on_value_changed)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus_changed)

    def scroll_into_view(self, top: QWidget, bottom: QWidget | None = None) -> None:
        """After the layout, scroll until `bottom` is visible, or if none, all of `top`. `top` always stays visible."""
        QTimer.singleShot(0, top, lambda: self._scroll_to(top, bottom if bottom is not None else top))

    def _scroll_to(self, top: QWidget, bottom: QWidget) -> None:
        inner = self._area.widget()
        if inner is None or not isValid(bottom) or not inner.isAncestorOf(top) or not inner.isAncestorOf(bottom):
            return
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # new widgets have no position before that
        bar, height = self._area.verticalScrollBar(), self._area.viewport().height()
        first = top.mapTo(inner, QPoint(0, 0)).y() - theme.SPACE_16
        last = bottom.mapTo(inner, QPoint(0, bottom.height())).y() + theme.SPACE_16
        if first < bar.value():
            bar.setValue(first)
        elif last > bar.value() + height:
            bar.setValue(min(first, last - height))

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and self._area.isAncestorOf(new):
            self._hold()

    def _on_value_changed(self) -> None:
        if not self._is_following:
            self._hold()

    def _on_range_changed(self, _least: int, most: int) -> None:
        bar, held = self._area.verticalScrollBar(), self._held
        if held is None or not isValid(held) or not held.isVisible():
            self._hold()
            return
        self._is_following = True  # no person scrolled, so the held row and its position stay
        bar.setValue(min(most, bar.value() + self._place(held) - self._y))
        self._is_following = False

    def _hold(self) -> None:
        self._held = None
        if self._area.verticalScrollBar().value() > 0:
            self._held = self._focused() or self._top_most()
        if self._held is not None:
            self._y = self._place(self._held)

    def _focused(self) -> QWidget | None:
        widget, inner = QApplication.focusWidget(), self._area.widget()
        if widget is None or inner is None or not inner.isAncestorOf(widget):
            return None
        row = _card_around(widget, inner) or widget
        return row if self._is_in_sight(row) else None

    def _top_most(self) -> QWidget | None:
        view, inner = self._area.viewport(), self._area.widget()
        if inner is None:
            return None
        for share in _PROBES:
            point = inner.mapFrom(view, QPoint(view.width() // 2, round(view.height() * share)))
            if row := _card_around(inner.childAt(point), inner):
                return row
        return None

    def _is_in_sight(self, widget: QWidget) -> bool:
        y = self._place(widget)
        return y < self._area.viewport().height() and y + widget.height() > 0

    def _place(self, widget: QWidget) -> int:
        return widget.mapTo(self._area.viewport(), QPoint(0, 0)).y()


def _card_around(widget: QWidget | None, inner: QWidget) -> QWidget | None:
    """Return the outermost card that holds the widget."""
    card = None
    while widget is not None and widget is not inner:
        if widget.property("kind") == "card":
            card = widget
        widget = widget.parentWidget()
    return card


class TabOrder(QObject):
    """Keeps Tab in visual order on a page whose rows come and go."""

    def __init__(self, first: QWidget, content: QWidget) -> None:
        super().__init__(content, objectName="tab_order")
        self._first, self._content = first, content
        self._timer = Delay(self, 0, self._order)
        content.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._timer.start()
        return False

    def _order(self) -> None:
        order_tabs(self._first, *tab_stops(self._content.layout()))


def order_tabs(*widgets: QWidget) -> None:
    for before, after in pairwise(widgets):
        QWidget.setTabOrder(before, after)


def tab_stops(layout: QLayout | None) -> Iterator[QWidget]:
    """Yield the widgets of a layout that Tab reaches, as they are laid out."""
    if layout is None:
        return
    for at in range(layout.count()):
        item = layout.itemAt(at)
        widget = item.widget() if item is not None else None
        if widget is None:
            inner = item.layout() if item is not None else None
            yield from tab_stops(inner)
        elif widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield widget
        elif isinstance(widget, QSplitter):
            yield from (part for at in range(widget.count()) if (part := widget.widget(at)) is not None)
        else:
            yield from tab_stops(widget.layout())


def empty_layout(layout: QLayout, *, keep: int = 0) -> None:
    """Remove all items of a layout except the last `keep`.

    `takeAt` alone is not enough: while Python holds an item, the height of the next one is not updated.
    """
    while layout.count() > keep:
        item = layout.itemAt(0)
        widget = item.widget() if item else None
        if widget is None:
            if item is not None and (inner := item.layout()) is not None:
                empty_layout(inner)
            layout.takeAt(0)
            continue
        layout.removeWidget(widget)
        widget.hide()
        widget.deleteLater()


class Rows(Generic[T, W]):
    """The widgets of a layout for a list of items. A row stays the same widget while its item changes, and where its
    place is the same it is not moved; the focus of a row that goes is given to its neighbour.

    `rows` are the widgets by key, in their order.
    """

    def __init__(
        self, layout: QBoxLayout | FlowLayout, key: Callable[[T], Hashable], make: Callable[[T], W],
        show: Callable[[W, T], object] = lambda _row, _item: None,
    ) -> None:  # fmt: skip
        """`key` tells items apart. `make` returns the row of an item, and `show` shows an item in its row, also when it
        was just made. They are the first widgets of the layout; what is behind them stays.
        """
        self._layout, self._key, self._make, self._show = layout, key, make, show
        self.rows: dict[Hashable, W] = {}

    def show(self, items: Iterable[T]) -> None:
        """Show these items, in this order."""
        by_key = {self._key(item): item for item in items}
        order = list(self.rows)
        left = next((at for at, key in enumerate(order) if key not in by_key and _has_focus(self.rows[key])), None)
        for key in [key for key in order if key not in by_key]:
            row = self.rows.pop(key)
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        for at, (key, item) in enumerate(by_key.items()):
            row = self.rows.pop(key, None) or self._make(item)
            self.rows[key] = row
            if self._layout.indexOf(row) != at:
                self._layout.removeWidget(row)
                self._layout.insertWidget(at, row)
            self._show(row, item)
        if left is not None and self.rows:
            row = list(self.rows.values())[min(left, len(self.rows) - 1)]
            focused: QWidget = row
            if not row.focusPolicy() & Qt.FocusPolicy.TabFocus:
                focused = next(tab_stops(row.layout()), row)
            focused.setFocus()


def _has_focus(row: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and (focused is row or row.isAncestorOf(focused))


class Removals(QObject):
    """Removals that can still be undone. An id is `in` this object as long as its removal can be undone."""

    dropped = Signal()
    """Emitted when nothing is removed any more, since a restore has replaced the history."""

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.undo_ms = REMOVAL_MS
        self.ids: set[str] = set()
        bridge.on(HistoryReplaced, self._on_replaced)

    def __contains__(self, id: object) -> bool:
        return id in self.ids

    def begin(
        self, ids: Sequence[str], words: str, remove: Callable[[str], None], undone: Callable[[str], None], *, key: str
    ) -> None:
        """Remove these together when their notice is gone, unless it was for *Undo*."""
        self.ids.update(ids)
        undo, over = partial(self._end, ids, undone), partial(self._end, ids, remove)
        self._bridge.notice_raised.emit(
            Notice(words, action=_("Undo"), on_action=undo, on_gone=over, life_ms=self.undo_ms, key=key)
        )

    def keep(self, id: str) -> bool:
        """Cancel the removal of an id. Return whether it was going to be removed."""
        was_there = id in self.ids
        self.ids.discard(id)
        return was_there

    def _on_replaced(self, _event: HistoryReplaced) -> None:
        """Keep what the other history has under the same ids."""
        self.ids.clear()
        self.dropped.emit()

    def _end(self, ids: Sequence[str], then: Callable[[str], None]) -> None:
        for id in [id for id in ids if self.keep(id)]:
            then(id)

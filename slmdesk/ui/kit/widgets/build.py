"""Functions and widgets from which every page is built: rows, columns, buttons, labels and icons."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPalette, QPen, QTextLayout
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStyle,
    QStyleOptionButton,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetItem,
)

from slmdesk.base.text.folding import HIT_BEGIN, HIT_END
from slmdesk.base.texts import _
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.shortcuts import bind, show_keys
from slmdesk.ui.kit.base.theme import ICON_SIZE, icon, pixmap, scaled

if TYPE_CHECKING:
    from PySide6.QtGui import QAccessibleInterface

    from slmdesk.ui.kit.base.bridge import Bridge

Part = QWidget | QLayout | int | tuple[QWidget | QLayout, int | Qt.AlignmentFlag]
"""Part of a layout: a widget or layout, alone or with a stretch factor or alignment, or a stretch with this factor."""
Margins = int | tuple[int, int] | tuple[int, int, int, int]
"""Margins in pixels: one for all sides, or (left and right, top and bottom), or (left, top, right, bottom)."""
CLEAR = _("Clear the search")
READ_AS_BUTTON = "readAsButton"
"""Property of a widget that assistive tools are to read as a button, though Qt takes it for something else."""
DICTATE = "dictate"
"""The shortcut of dictation, and the object name of what listens for a field."""
B = TypeVar("B", bound=QAbstractButton)
L = TypeVar("L", bound=QBoxLayout)


def row(*parts: Part, into: QWidget | None = None, gap: int | None = None, margins: Margins = 0) -> QHBoxLayout:
    """Lay out parts from left to right, as the layout of `into` if given. `gap` None means the style's own distance."""
    return _filled(QHBoxLayout(), parts, into, gap, margins)


def column(*parts: Part, into: QWidget | None = None, gap: int | None = None, margins: Margins = 0) -> QVBoxLayout:
    """Lay out parts from top to bottom, as the layout of `into` if given. `gap` None means the style's own distance."""
    return _filled(QVBoxLayout(), parts, into, gap, margins)


def flow(*widgets: QWidget, gap: int, into: QWidget | None = None) -> FlowLayout:
    layout = FlowLayout(into, gap=gap)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def split(name: str, parent: QWidget, *widgets: QWidget, sizes: Sequence[int], grows: int = 1) -> QSplitter:
    """Put the widgets side by side with handles between. A larger window gives its space to that at index `grows`."""
    made = named(QSplitter(Qt.Orientation.Horizontal, parent), name)
    made.setChildrenCollapsible(False)
    made.setHandleWidth(1)
    for widget in widgets:
        made.addWidget(widget)
    made.setStretchFactor(grows, 1)
    made.setSizes(sizes)
    return made


def button(text: str, name: str, parent: QWidget, *, folds: bool = False, **options: Any) -> QPushButton:
    """Return a push button with an object name. `folds`: it shows and hides what belongs to it. For the other options
    see `_dress`.
    """
    return _dress(_text_button(QPushButton(parent), name, text, folds), **options)


def tool_button(name: str, parent: QWidget, text: str = "", *, folds: bool = False, **options: Any) -> QToolButton:
    """Return a tool button, as `button` does. A menu that it gets opens at once."""
    made = _text_button(QToolButton(parent), name, text, folds)
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return _dress(made, **options)


def dictate_button(bridge: Bridge, field: Any, parent: QWidget, prefix: str = "") -> QToolButton:
    """Return a button, and give the field a key, by which words are spoken into the field. What listens is made at the
    first press.
    """

    def press() -> None:
        from slmdesk.ui.kit.widgets.dictation import Dictation  # late: most people type

        (_dictation_of(made) or Dictation(bridge, field, made)).press()

    def release() -> None:
        if dictation := _dictation_of(made):
            dictation.release()

    tip = _("Dictate: press to begin and to end, or hold; Esc throws the stretch away")
    name, label = f"{prefix}{DICTATE}_button", _("Dictate")
    made = tool_button(name, parent, label=label, icon="mic", colour="ink2", tip=tip, shortcut=DICTATE)
    made.pressed.connect(press)
    made.released.connect(release)
    bind(field, DICTATE, press, within=True)
    return made


def settle(button: QToolButton) -> None:
    """Fix the words that are being spoken into the field of this button, because its text is sent."""
    if dictation := _dictation_of(button):
        dictation.settle()


def _dictation_of(button: QToolButton) -> Any:
    return button.findChild(QObject, DICTATE)


def fold_button(
    words: str, name: str, inner: QWidget, parent: QWidget, on: Callable[[], object] | None = None
) -> QPushButton:
    """Return a button that shows or hides `inner`, which is hidden at first, and calls `on` then."""

    def show_inner(is_open: bool) -> None:
        set_icon(made, "chevron-down" if is_open else "chevron-right")
        inner.setVisible(is_open)
        if on is not None:
            on()

    made = button(words, name, parent, folds=True, kind="quiet", icon="chevron-right")
    inner.hide()
    made.toggled.connect(show_inner)
    return made


def _text_button(made: B, name: str, text: str, folds: bool) -> B:
    if folds:
        made.setProperty(READ_AS_BUTTON, True)  # before the text, at which Qt asks what is to be read
        made.setCheckable(True)
    made.setText(text)
    return named(made, name)


def read_as_button(_name: str, thing: QObject) -> QAccessibleInterface | None:
    """Return what assistive tools read, for a widget with that property."""
    if not thing.property(READ_AS_BUTTON):
        return None
    from slmdesk.ui.kit.base.reading_order import ButtonAccessible  # late: most PCs have no assistive tool

    return ButtonAccessible(thing)


def text_line(
    name: str, parent: QWidget, hint: str, *, label: str = "", tip: str = "", most: int = 0, clears: str = "",
    shortcut: str = "",
) -> QLineEdit:  # fmt: skip
    """Return a text field. `hint` is shown while it is empty, and read by assistive tools if there is no `label`.

    `most` limits the number of letters. With `clears`, it is a search field, which a button with these words clears.
    `shortcut` is the name of a shortcut whose keys the tool tip shows.
    """
    line = named(QLineEdit(parent), name, label=label or hint, tip=tip, kind="search" if clears else "")
    if shortcut:
        show_keys(line, shortcut, tip or label or hint)
    line.setPlaceholderText(hint)
    if most:
        line.setMaxLength(most)
    if clears:
        line.setClearButtonEnabled(True)
        for clear in line.findChildren(QToolButton):  # Qt gives the clear button no name
            named(clear, "clear_search_button", label=clears)
    return line


def keep_place(widget: QWidget) -> None:
    """Have a widget take its space even while it is hidden, so that what is beside it stays in place."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)


def set_kind(widget: QWidget, kind: str) -> None:
    theme.set_look(widget, "kind", kind)


def _filled(layout: L, parts: tuple[Part, ...], into: QWidget | None, gap: int | None, margins: Margins) -> L:
    if isinstance(margins, int):
        sides = (margins,) * 4
    elif len(margins) == 2:
        sides = margins * 2
    else:
        sides = margins
    layout.setContentsMargins(*sides)
    if gap is not None:
        layout.setSpacing(gap)
    for part in parts:
        if isinstance(part, int):
            layout.addStretch(part)
            continue
        item, how = part if isinstance(part, tuple) else (part, 0)
        if isinstance(item, QWidget):
            layout.addWidget(item)
        else:
            layout.addLayout(item)
        if isinstance(how, Qt.AlignmentFlag):  # an alignment is an int too, so it is checked first
            layout.setAlignment(item, how)
        else:
            layout.setStretch(layout.count() - 1, how)
    if into is not None:
        into.setLayout(layout)
    return layout


def _dress(
    made: B,
    *,
    tip: str = "",
    label: str = "",
    kind: str = "",
    icon: str = "",
    colour: str = "ink",
    on: Callable[..., object] | None = None,
    shortcut: str = "",
) -> B:
    """Set the given options of a button: tool tip, label for assistive tools, `kind` in the style sheet, a Lucide icon
    and its colour in the theme, the function that a click calls, and the name of a shortcut whose keys the tool tip
    shows.
    """
    if shortcut:
        show_keys(made, shortcut, tip)
    elif tip:
        made.setToolTip(tip)
    if label:
        made.setAccessibleName(label)
    if kind:
        made.setProperty("kind", kind)
    if icon:
        set_icon(made, icon, colour)
    if on is not None:
        made.clicked.connect(on)
    return made


T = TypeVar("T", bound=QObject)
W = TypeVar("W", bound=QWidget)


def named(thing: T, name: str, *, label: str = "", tip: str = "", kind: str = "") -> T:
    """Set the objectName of `thing` and return it. For a widget, also set the label for assistive tools, the tool tip
    and its `kind` in the style sheet.
    """
    thing.setObjectName(name)
    if isinstance(thing, QWidget):
        if label:
            thing.setAccessibleName(label)
        if tip:
            thing.setToolTip(tip)
        if kind:
            thing.setProperty("kind", kind)
    return thing


def passing(thing: W, name: str, title: str = "") -> W:
    """Name a window or menu, give it a title, and return it. It is deleted when it is closed."""
    thing.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if title:
        thing.setWindowTitle(title)
    return named(thing, name)


def is_above(widget: QWidget, part: QWidget) -> bool:
    """Return whether a widget stands on something that lies over `part`, which is a child of their window."""
    window, over = part.parentWidget(), widget
    while (around := over.parentWidget()) is not None and around is not window:
        over = around
    parts = window.children() if window is not None else []
    return over in parts and parts.index(over) > parts.index(part)


def come_forward(window: QWidget) -> None:
    """Show a window in front of the others."""
    if window.isMinimized():
        window.showNormal()
    window.show()
    window.raise_()
    window.activateWindow()


class PlainLabel(QLabel):
    """Label whose places to break a line (`breakable`) assistive tools do not read."""

    _has_breaks = False

    def setText(self, text: str) -> None:
        super().setText(text)
        if self._has_breaks or BREAK in text:
            self._has_breaks = BREAK in text
            self.setAccessibleName(text.replace(BREAK, ""))


def plain_label(
    text: str, parent: QWidget, *, name: str, kind: str = "", wraps: bool = True, is_hidden: bool = False
) -> QLabel:
    label = named(PlainLabel(parent), name)
    label.setText(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wraps)
    if wraps:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)  # without it the label would be as tall as in a narrow column
        label.setSizePolicy(policy)
    if kind:
        label.setProperty("kind", kind)
    if is_hidden:
        label.hide()
    return label


def show_words(widget: QLabel | QAbstractButton, words: str) -> None:
    """Set the text of a label or button, and hide it if the text is empty."""
    widget.setText(words)
    widget.setVisible(bool(words))


class ElidedLabel(QLabel):
    """Label with one line of plain text. A longer text ends with an ellipsis, and the tooltip shows all of it."""

    def __init__(
        self,
        parent: QWidget,
        *,
        name: str,
        kind: str = "",
        text: str = "",
        cut: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(parent)
        self._mode = cut
        named(self, name, kind=kind)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(40)
        self.full_text = ""
        if text:
            self.set_full_text(text)

    def set_full_text(self, text: str) -> None:
        self.full_text = text
        self.setAccessibleName(text)
        self._cut()

    def resizeEvent(self, event: object) -> None:
        self._cut()

    def _cut(self) -> None:
        metrics, width = self.fontMetrics(), max(self.width(), 40)
        is_end = self._mode is Qt.TextElideMode.ElideRight
        shown = (
            cut_at_word(self.full_text, metrics, width)
            if is_end
            else metrics.elidedText(self.full_text, self._mode, width)
        )
        self.setText(shown)
        set_tip(self, self.full_text if shown != self.full_text else "")


class NameLabel(ElidedLabel):
    """The name of a document, as wide as it is, and cut in the middle where there is no room."""

    def __init__(self, parent: QWidget, *, name: str, kind: str) -> None:
        super().__init__(parent, name=name, kind=kind, cut=Qt.TextElideMode.ElideMiddle)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.full_text) + 2, super().sizeHint().height())


def plain_tip(text: str) -> str:
    """Return untrusted text as a tooltip. Tooltips have no plain format, so markup is escaped. Long lines wrap."""
    return f"<p>{escape(text)}</p>".replace("\n", "<br>") if text else ""


def set_tip(widget: QWidget, words: str) -> None:
    """Set untrusted text as the tooltip of a widget, and as its description: assistive tools would read the markup."""
    widget.setToolTip(plain_tip(words))
    widget.setAccessibleDescription(words)


BREAK = "\u200b"


def breakable(text: str, every: int = 30) -> str:
    """Return text whose words of more than `every` letters can break. Only for display: do not copy or open it."""
    return re.sub(rf"\S{{{every}}}", lambda match: match.group() + BREAK, text)


def first_words(text: str, most: int) -> str:
    """Return the first words of a text. Two characters of Chinese or Japanese count as a word."""
    words = [*re.finditer(r"[\u3040-\u9fff]{1,2}|[^\s\u3040-\u9fff]+", text)]
    return text[: words[most - 1].end()] if len(words) > most else text


END_LETTERS = 8
"""Letters at the end of a name that are never cut. They tell `lease.docx` from `lease_v2.docx`."""


def cut_in_middle(name: str, metrics: QFontMetrics, width: int) -> str:
    if metrics.horizontalAdvance(name) <= width:
        return name
    end = name[-END_LETTERS:]
    return metrics.elidedText(name, Qt.TextElideMode.ElideRight, width - metrics.horizontalAdvance(end)) + end


def cut_at_word(text: str, metrics: QFontMetrics, width: int, least: float = 0.5) -> str:
    """Return `text`, cut with an ellipsis after a word if it is wider than this, or within a word where less than the
    share `least` of the room would be used.
    """
    cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
    kept = cut.removesuffix("…")
    if cut == text or text[len(kept) :].startswith(" "):
        return cut
    space = kept.rstrip().rfind(" ")
    return f"{kept[:space].rstrip(' ,;:.–-')}…" if space > int(len(kept) * least) else cut


def cut_to_lines(text: str, font: QFont, width: int, lines: int) -> str:
    """Return `text`, cut with an ellipsis if it needs more than `lines` lines of `width` pixels."""
    layout = QTextLayout(text, font)
    layout.beginLayout()
    starts: list[int] = []
    while (line := layout.createLine()).isValid() and len(starts) <= lines:
        line.setLineWidth(max(width, 1))
        starts.append(line.textStart())
    layout.endLayout()
    if len(starts) <= lines or width <= 0:
        return text
    last = text[starts[lines - 1] :]
    return text[: starts[lines - 1]] + cut_at_word(last, QFontMetrics(font), width)


def set_icon(widget: QAbstractButton | QLabel, name: str, colour: str = "ink") -> None:
    """Give a button or label a Lucide icon in a colour of the theme. The caller sets its text."""
    keeper = widget.findChild(IconKeeper)
    if keeper is None:
        keeper = IconKeeper(widget)
    keeper.show(name, colour)


class IconKeeper(QObject):
    def __init__(self, widget: QAbstractButton | QLabel) -> None:
        super().__init__(widget, objectName="icon_keeper")
        self._widget = widget
        self._drawn: tuple[str, str, int] | None = None
        self._size = 0
        """Size of a button's icon at the usual text size. 0: the style's size, which was not asked for yet."""
        self._name = self._token = ""
        widget.installEventFilter(self)

    def show(self, name: str, token: str) -> None:
        self._name, self._token = name, token
        self._draw()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._draw()
        return False

    def _draw(self) -> None:
        colour = theme.current().colour(self._token)
        drawn = (self._name, colour.name(), scaled())
        if drawn == self._drawn:
            return
        self._drawn = drawn
        if isinstance(self._widget, QLabel):
            ratio = self._widget.devicePixelRatioF()
            self._widget.setPixmap(pixmap(self._name, colour, size=scaled(), scale=ratio))
        else:
            self._widget.setIcon(icon(self._name, colour, size=scaled()))
            self._fit(self._widget)

    def _fit(self, button: QAbstractButton) -> None:
        if not self._size and scaled() != ICON_SIZE:
            self._size = button.iconSize().width()
        if self._size:
            button.setIconSize(QSize(scaled(self._size), scaled(self._size)))


class FlowLayout(QLayout):
    """A layout that wraps widgets onto further lines where there is no room."""

    def __init__(self, parent: QWidget | None = None, *, gap: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addWidget(self, widget: QWidget) -> None:
        """Add a widget, with an item of Python's own: one that Qt makes may lie where another was, for which PySide
        then takes it.
        """
        self.addChildWidget(widget)
        self.addItem(QWidgetItem(widget))

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def insertWidget(self, at: int, widget: QWidget) -> None:
        self.addWidget(widget)
        self._items.insert(at, self._items.pop())

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), moves=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, moves=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._shown():
            size = size.expandedTo(item.minimumSize())
        return size

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _place(self, rect: QRect, *, moves: bool) -> int:
        """Lay out the items, and move them if `moves`. Return the total height."""
        parent = self.parentWidget()
        is_mirrored = parent is not None and parent.isRightToLeft()
        y = -self._gap
        for line in self._lines(max(rect.width(), 1)):
            x, y = 0, y + self._gap
            height = max(size.height() for __, size in line)
            for item, size in line:
                if moves:
                    left = rect.width() - x - size.width() if is_mirrored else x
                    down = y + (height - size.height()) // 2
                    item.setGeometry(QRect(rect.topLeft() + QPoint(left, down), size))
                x += size.width() + self._gap
            y += height
        return max(y, 0)

    def _lines(self, width: int) -> Iterator[list[tuple[QLayoutItem, QSize]]]:
        line: list[tuple[QLayoutItem, QSize]] = []
        x = 0
        for item in self._shown():
            size = item.sizeHint().boundedTo(QSize(width, 1 << 20))
            if line and x + size.width() > width:
                yield line
                line, x = [], 0
            line.append((item, size))
            x += size.width() + self._gap
        if line:
            yield line


ICON_GAP = 4
"""Pixels that the style leaves between icon and text."""


class ElidedButton(QPushButton):
    """Button that may be narrower than its text. The caller sets the tooltip."""

    def __init__(self, words: str, parent: QWidget) -> None:
        super().__init__(words, parent)
        self.setMinimumWidth(1)
        self._beside: QLabel | None = None

    def put_beside(self, label: QLabel) -> None:
        """Show a label within the button at its end. It is part of what is pressed."""
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row(1, label, into=self, margins=(0, 0, theme.SPACE_8, 0))
        self._beside = label

    def initStyleOption(self, option: QStyleOptionButton) -> None:
        super().initStyleOption(option)
        space = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self).width()
        if not self.icon().isNull():
            space -= self.iconSize().width() + ICON_GAP
        if self._beside is not None and self._beside.text():
            space -= self._beside.sizeHint().width() + theme.SPACE_8
        option.text = cut_at_word(self.text(), self.fontMetrics(), space)


LINE = 1.5
RADIUS = 5.0


class CheckBox(QCheckBox):
    """A check box that can be seen on any background."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = QRectF(self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self))
        colours, is_checked = theme.current(), self.isChecked()
        line = colours.colour("accent" if is_checked else "edge")
        tick = colours.colour("on_accent") if is_checked else None
        painter = QPainter(self)
        ground, scale = colours.colour("sheet"), self.devicePixelRatioF()
        draw_box(painter, box, line=line, ground=ground, tick=tick, scale=scale)
        painter.end()


def draw_box(
    painter: QPainter, box: QRectF, *, line: QColor, ground: QColor, tick: QColor | None, scale: float
) -> None:
    """Draw a check box over the style's. `tick` is the colour of the tick, or None. `scale` is that of the screen."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(box, ground)
    painter.setPen(QPen(line, LINE))
    painter.setBrush(line if tick is not None else ground)
    radius = min(RADIUS, box.width() * 0.28)
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), radius, radius)
    if tick is not None:
        painter.drawPixmap(box.topLeft(), pixmap("check", tick, size=int(box.width()), scale=scale))
    painter.restore()


def show_column(area: QScrollArea, content: QWidget) -> None:
    """Show `content` in `area` with the same width, so that labels wrap, fields shrink, and nothing is cut at the
    right.

    Without this, a scroll area gives its content the content's minimum width, and cuts what does not fit.
    """
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    policy = content.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
    content.setSizePolicy(policy)
    area.setWidget(content)


def paint_ground(painter: QPainter, option: QStyleOptionViewItem, *, is_chosen: bool) -> QRect:
    """Paint everything of a row but its text. Return the rectangle for the text."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colours = theme.current()
    rect: QRect = option.rect
    state: QStyle.StateFlag = option.state
    area = rect.adjusted(theme.SPACE_4, 1, -theme.SPACE_4, -1)
    painter.setPen(Qt.PenStyle.NoPen)
    if is_chosen or state & QStyle.StateFlag.State_MouseOver:
        painter.setBrush(colours.colour("soft" if is_chosen else "hover"))
        if is_chosen and colours.line_width > 1:
            painter.setPen(QPen(colours.colour("accent"), colours.line_width))
        painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
    if state & QStyle.StateFlag.State_HasFocus:
        painter.setPen(QPen(colours.colour("accent"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
    return area


def draw_lines(
    painter: QPainter, option: QStyleOptionViewItem, place: QRect, words: str, below: str, *, is_chosen: bool,
    cut: Callable[[str, QFontMetrics, int], str] = cut_in_middle,
) -> None:  # fmt: skip
    """Draw the words of a row, cut in the middle as a file's name or by `cut`, and a small line below them, if any."""
    colours = theme.current()
    flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading)
    painter.setFont(option.font)
    painter.setPen(colours.colour("soft_ink" if is_chosen else "ink"))
    line = QRect(place.left(), place.top(), place.width(), place.height() // 2 + 3 if below else place.height())
    painter.drawText(line, flags, cut(words, option.fontMetrics, line.width()))
    if below:
        small = QFont(option.font)
        small.setPointSizeF(small.pointSizeF() * 0.87)
        painter.setFont(small)
        painter.setPen(colours.colour("ink3"))
        line = QRect(place.left(), place.center().y(), place.width(), place.height() // 2)
        painter.drawText(
            line, flags, painter.fontMetrics().elidedText(below, Qt.TextElideMode.ElideRight, line.width())
        )


_MARKS = re.compile(f"[{HIT_BEGIN}{HIT_END}]")


def without_marks(snippet: str) -> str:
    return _MARKS.sub("", snippet)


def draw_snippet(painter: QPainter, line: QRect, snippet: str, palette: QPalette) -> None:
    plain, bold = QFont(painter.font()), QFont(painter.font())
    bold.setBold(True)
    painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
    x = line.left()
    for text, is_bold in fit_snippet(snippet, line.width(), QFontMetrics(plain), QFontMetrics(bold)):
        painter.setFont(bold if is_bold else plain)
        place = QRect(x, line.top(), line.right() + 1 - x, line.height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), text)
        x += painter.fontMetrics().horizontalAdvance(text)


def fit_snippet(snippet: str, space: int, plain: QFontMetrics, bold: QFontMetrics) -> list[tuple[str, bool]]:
    """Return the parts of a snippet that fit into `space` pixels, each with whether it is a found word. The first found
    word is whole, with text on both sides.
    """
    before, __, rest = " ".join(snippet.split()).partition(HIT_BEGIN)
    hit, __, after = rest.partition(HIT_END)
    if not hit:  # the title matched, not the text
        return [(plain.elidedText(before, Qt.TextElideMode.ElideRight, space), False)]
    hit = bold.elidedText(hit, Qt.TextElideMode.ElideRight, space)
    left = space - bold.horizontalAdvance(hit)
    behind = plain.horizontalAdvance(without_marks(after))
    shown = plain.elidedText(before, Qt.TextElideMode.ElideLeft, max(left // 2, left - behind))
    left -= plain.horizontalAdvance(shown)
    parts = [(shown, False), (hit, True)]
    for number, piece in enumerate(_MARKS.split(after)):  # every second piece is a found word
        metrics = bold if number % 2 else plain
        cut = metrics.elidedText(piece, Qt.TextElideMode.ElideRight, left)
        left -= metrics.horizontalAdvance(cut)
        parts.append((cut, bool(number % 2)))
        if cut != piece:
            break
    return [(text, is_hit) for text, is_hit in parts if text]

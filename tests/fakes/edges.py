"""What of a window lies outside the part it is shown in, or is too narrow for its words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QComboBox,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QScrollBar,
    QStackedLayout,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QWidget,
)

from slmdesk.ui.documents.document_view import NameLabel
from slmdesk.ui.kit.widgets.bars import PlaceButton

LEAST_FIELD, LEAST_LETTERS = 4, 6
"""Digits a field for text shows at the least, and letters of a chosen value."""


def controls_before(root: QWidget, content: QWidget) -> list[str]:
    """Names of what can be pressed or typed into above `content`. Tabs are not controls, they name what is shown."""
    top = content.mapToGlobal(QPoint(0, 0)).y()
    return [
        widget.objectName()
        for widget in _visible(root)
        if isinstance(widget, QAbstractButton | QComboBox | QLineEdit)
        and widget.mapToGlobal(QPoint(0, widget.height())).y() <= top
    ]


def outside(root: QWidget) -> list[str]:
    """A line for each visible part of `root` whose side edges are cut off, or whose words are."""
    return _cut_off(root, list(_shown(root)))


def _cut_off(root: QWidget, shown: Sequence[QWidget]) -> list[str]:
    lines: list[str] = []
    cut: set[QWidget] = set()
    for widget in shown:
        above = widget.parentWidget()
        if edges := "" if above in cut else _edges(widget, root):
            lines.append(edges)
        if edges or above in cut:  # what is in it is cut with it
            cut.add(widget)
        elif words := _words(widget):
            lines.append(words)
    return lines


def _visible(root: QWidget) -> Iterator[QWidget]:
    """All in it that is visible there, and what is in that; most of a window is on pages that are not."""
    for widget in root.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
        if not widget.isHidden():
            yield widget
            yield from _visible(widget)


def _shown(root: QWidget) -> Iterator[QWidget]:
    for widget in _visible(root):
        if widget.window() is not root.window():
            continue
        if isinstance(widget, QScrollBar) or not widget.objectName() or widget.objectName().startswith("qt_"):
            continue
        if not _scrolls_sideways(widget, root):
            yield widget


def _scrolls_sideways(widget: QWidget, root: QWidget) -> bool:
    """Whether it stands in a view with a scroll bar for what is too wide, or in cells that a view places."""
    above = widget.parentWidget()
    while above is not None and above is not root:
        if isinstance(above, QAbstractItemView):
            return True
        if isinstance(above, QAbstractScrollArea) and above.horizontalScrollBar().isVisible():
            return True
        above = above.parentWidget()
    return False


def _edges(widget: QWidget, root: QWidget) -> str:
    above = widget.parentWidget()
    while above is not None:
        left = widget.mapTo(above, QPoint(0, 0)).x()
        right = left + widget.width()
        if widget.width() and (left < 0 or right > above.width()):
            return f"{_path(widget)}: {left}..{right} of {above.width()} in {_path(above)}"
        if above is root:
            return ""
        above = above.parentWidget()
    return ""


def _words(widget: QWidget) -> str:
    needed = _width_of_words(widget)
    if needed > widget.width() + max(1, widget.width() // 100):  # large letters are measured in whole pixels
        return f"{_path(widget)}: {widget.width()} wide, its words need {needed}"
    return ""


def _width_of_words(widget: QWidget) -> int:
    if isinstance(widget, QLabel):
        if not widget.wordWrap():
            if isinstance(widget, NameLabel):  # a name of a document is cut in the middle, with its end kept
                return 0
            return widget.sizeHint().width() if widget.pixmap().isNull() else 0
        advance = widget.fontMetrics().horizontalAdvance  # of its longest word, unless that may be broken
        return max((advance(word) for word in widget.text().split() if "\u200b" not in word), default=0)
    if isinstance(widget, QPushButton) and not isinstance(widget, PlaceButton):  # it may show an ellipsis
        option = QStyleOptionButton()
        widget.initStyleOption(option)
        advance = widget.fontMetrics().horizontalAdvance
        own = QPushButton.sizeHint(widget).width()  # less than where room is kept for other words
        return own - advance(widget.text()) + advance(option.text) if option.text else 0
    if isinstance(widget, QAbstractButton):
        return widget.sizeHint().width() if widget.text() else 0
    if isinstance(widget, QComboBox):
        return _width_of_choice(widget)
    if isinstance(widget, QLineEdit):
        return LEAST_FIELD * widget.fontMetrics().horizontalAdvance("0")
    return 0


def _width_of_choice(choice: QComboBox) -> int:
    """What it needs for its value; for one that is shown with an ellipsis, for some letters of it."""
    option = QStyleOptionComboBox()
    choice.initStyleOption(option)
    field = choice.style().subControlRect(
        QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, choice
    )
    metrics = choice.fontMetrics()
    least = metrics.horizontalAdvance(choice.currentText()[:LEAST_LETTERS])
    return choice.width() - field.width() + max(metrics.horizontalAdvance(option.currentText), least)


def _path(widget: QWidget) -> str:
    names = [type(widget).__name__ + ":" + widget.objectName()]
    above = widget.parentWidget()
    while above is not None and len(names) < 4:
        if above.objectName() and not above.objectName().startswith("qt_"):
            names.append(above.objectName())
        above = above.parentWidget()
    return " < ".join(names)


LEAST_TARGET = 24


def faults(root: QWidget) -> list[str]:
    """What is cut, lies over its neighbour, scrolls in what scrolls, is too small to press, or is not read out well."""
    shown, told = list(_shown(root)), [label.buddy() for label in root.findChildren(QLabel)]
    lines = _cut_off(root, shown)
    for widget in shown:
        lines += filter(None, (_height(widget), _target(widget), _scrolls_twice(widget, root), _spoken(widget, told)))
        lines += filter(None, [_read_out(widget)])
    return lines + _overlaps(root)


def out_of_order(root: QWidget) -> list[str]:
    """What a screen reader reads after what stands below it: it takes widgets as their parent keeps them."""
    lines = []
    for parent in [root, *_visible(root)]:
        placed = [] if parent.layout() is None else [*_placed(parent.layout())]
        read = [part for part in parent.children() if part in placed and part.isVisibleTo(root) and part.height()]
        for before, after in pairwise(read):
            first, second = before.geometry(), after.geometry()
            if second.bottom() < first.top() and second.left() <= first.right() and first.left() <= second.right():
                lines.append(f"{_path(after)} is read after {_path(before)}")
    return lines


def _height(widget: QWidget) -> str:
    if isinstance(widget, QLabel) and widget.wordWrap() and widget.text() and widget.width() > 0:
        needed = widget.heightForWidth(widget.width())
    elif isinstance(widget, QLabel | QAbstractButton) and widget.text():
        needed = widget.fontMetrics().height()
    else:
        return ""
    if needed <= widget.height() * 9 / 8 + 1:  # the space above the first line and below the last may go
        return ""
    return f"{_path(widget)}: {widget.height()} high, its words need {needed}"


def _target(widget: QWidget) -> str:
    is_small = isinstance(widget, QAbstractButton) and min(widget.width(), widget.height()) < LEAST_TARGET
    return f"{_path(widget)}: only {widget.width()}x{widget.height()} to press" if is_small else ""


def _spoken(widget: QWidget, told: Sequence[QWidget | None]) -> str:
    if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or widget.focusProxy() is not None or widget.accessibleName():
        return ""
    if isinstance(widget, QAbstractButton | QLabel) and widget.text():
        return ""
    is_told = any(spoken is widget for spoken in told)
    return "" if is_told else f"{_path(widget)}: takes the focus and has no name"


def _read_out(widget: QWidget) -> str:
    """What Qt gives a screen reader: the tool tip where there is no description, the text of a label without a name."""
    if widget.toolTip().startswith("<") and not widget.accessibleDescription():
        return f"{_path(widget)}: its tool tip is read out with its markup"
    is_broken = isinstance(widget, QLabel) and "\u200b" in widget.text() and not widget.accessibleName()
    return f"{_path(widget)}: its places to break a line are read out" if is_broken else ""


def _scrolls_twice(widget: QWidget, root: QWidget) -> str:
    if not isinstance(widget, QAbstractScrollArea) or not widget.verticalScrollBar().isVisibleTo(root):
        return ""
    above = widget.parentWidget()
    while above is not None and above is not root:
        if isinstance(above, QAbstractScrollArea) and above.verticalScrollBar().isVisibleTo(root):
            return f"{_path(widget)}: scrolls within {_path(above)}"
        above = above.parentWidget()
    return ""


def _overlaps(root: QWidget) -> list[str]:
    """Neighbours of one layout that lie over each other; what floats has no layout."""
    lines = []
    for parent in [root, *_visible(root)]:
        layout = parent.layout()
        if layout is None:
            continue
        placed = [part for part in _placed(layout) if part.isVisibleTo(root) and part.width() and part.height()]
        for at, first in enumerate(placed):
            for other in placed[at + 1 :]:
                if (over := first.geometry().intersected(other.geometry())).width() > 1 and over.height() > 1:
                    lines.append(f"{_path(first)} lies over {_path(other)}")
    return lines


def _placed(layout: QLayout) -> Iterator[QWidget]:
    """The widgets of a layout and of those in it. Its items are not asked for: Qt would free them below their Python
    objects, which the next widget at the same address would then be taken for.
    """
    layouts = [inner for inner in (layout, *layout.findChildren(QLayout)) if not isinstance(inner, QStackedLayout)]
    for widget in layout.parentWidget().findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
        if any(inner.indexOf(widget) >= 0 for inner in layouts):
            yield widget

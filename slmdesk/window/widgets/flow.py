"""A layout that wraps widgets onto further lines where there is no room."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    def __init__(self, parent: QWidget | None = None, *, gap: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    # Qt's own ------------------------------------------------------------------------------------------------------

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

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

    # inside --------------------------------------------------------------------------------------------------------

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _place(self, rect: QRect, *, moves: bool) -> int:
        """Lay out the items, moving them if `moves`.  Returns the total height."""
        parent = self.parentWidget()
        is_mirrored = parent is not None and parent.isRightToLeft()
        y = -self._gap
        for line in self._lines(max(rect.width(), 1)):
            x, y = 0, y + self._gap
            height = max(size.height() for _, size in line)
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

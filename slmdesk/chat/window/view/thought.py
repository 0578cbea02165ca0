"""What a model thought aloud before an answer: a line above it that opens."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from slmdesk.chat.window.view.message import ANSWER_NOW, TOGGLE_THOUGHT, MessageView
from slmdesk.window.base.icons import icon
from slmdesk.window.base.theme import SPACE_8, SPACE_16
from slmdesk.window.markdown.style import ViewStyle
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label

ICON_SIZE = 16


class ThoughtLine(QObject):
    chosen = Signal(str)

    def __init__(self, style: ViewStyle, parent: QWidget) -> None:
        super().__init__(parent, objectName="thought_line")
        self._style, self._parent = style, parent
        self._line: QToolButton | None = None
        self._answer_now: QToolButton | None = None
        self._text: QLabel | None = None

    @property
    def buttons(self) -> list[QToolButton]:
        return [one for one in (self._line, self._answer_now) if one is not None and not one.isHidden()]

    def show_view(self, view: MessageView) -> None:
        if not view.thought_line:
            for one in (self._line, self._answer_now, self._text):
                if one is not None:
                    one.hide()
            return
        if self._line is None or self._answer_now is None or self._text is None:
            self._line = self._make_button("message_thought", TOGGLE_THOUGHT, "Show or hide what the model thought")
            self._answer_now = self._make_button(
                "message_answer_now", ANSWER_NOW, "End the thought and write the answer"
            )
            self._answer_now.setText("Answer now")
            self._text = plain_label("", self._parent, name="message_thought_text", kind="small")
            self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        is_open = view.is_thought_open
        mirrored = self._parent.isRightToLeft()
        closed_icon = "chevron-left" if mirrored else "chevron-right"
        self._line.setIcon(icon("chevron-down" if is_open else closed_icon, self._style.theme.colour("muted")))
        self._line.setText(view.thought_line)
        self._line.setAccessibleName(f"{view.thought_line} ({'open' if is_open else 'closed'})")
        self._line.show()
        self._answer_now.setIcon(icon("play", self._style.theme.colour("muted")))
        self._answer_now.setVisible(view.is_thinking)
        if self._text.text() != view.thought:
            self._text.setText(view.thought)
        self._text.setVisible(is_open)

    def lay(self, y: int, width: int) -> int:
        """Place it from `y` down.  Returns where it ends, in device-independent pixels."""
        if not self.buttons:
            return y
        x = SPACE_8
        for button in self.buttons:
            button.ensurePolished()  # the style sheet has a word in its font
            place = QRect(x, y, min(button.sizeHint().width(), width - x), self._style.row_height)
            x += place.width() + SPACE_8
            if self._parent.isRightToLeft():
                place.moveRight(width - place.left())
            button.setGeometry(place)
        y += self._style.row_height
        if self._text is not None and not self._text.isHidden():
            inner = width - 3 * SPACE_16
            self._text.ensurePolished()
            height = self._text.heightForWidth(inner)
            left = SPACE_16 if self._parent.isRightToLeft() else 2 * SPACE_16
            self._text.setGeometry(left, y, inner, height)
            y += height + SPACE_8
        return y

    def _make_button(self, name: str, key: str, tip: str) -> QToolButton:
        button = QToolButton(self._parent)
        named(button, name, kind="small")
        button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        button.setFont(self._style.small_font)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab comes by the view
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.chosen.emit(key))
        return button

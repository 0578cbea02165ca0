"""A message in the form for the conversation view, and the widget that shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextCursor,
    QTextDocument,
)  # fmt: skip
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QStyleOptionToolButton, QToolButton, QWidget

from slmdesk.base.record import Record
from slmdesk.base.records import Status
from slmdesk.base.texts import _
from slmdesk.ui.kit.base.theme import (
    COMPOSER_RADIUS,
    SPACE_4,
    SPACE_8,
    SPACE_12,
    SPACE_16,
    current,
    icon,
    pixmap,
    scaled,
)  # fmt: skip
from slmdesk.ui.kit.markdown.formulas import Formulas
from slmdesk.ui.kit.markdown.message import MessageText, MessageWriter
from slmdesk.ui.kit.markdown.selected import BOTTOM_MARGIN, TOP_MARGIN, Parser, ViewStyle
from slmdesk.ui.kit.widgets import build
from slmdesk.ui.kit.widgets.build import column, named, plain_label, row, set_tip
from slmdesk.ui.kit.widgets.requests import NAMELESS

ACTIONS = {
    "copy": ("copy", _("Copy")),
    "try_again": ("refresh-cw", _("Try again")),
    "edit": ("square-pen", _("Edit")),
    "continue": ("play", _("Continue")),
    "more": ("ellipsis", _("More")),
}
"""Buttons under a message: for each key its icon and words."""
ROWS = {"user": ("copy", "edit", "more"), "assistant": ("copy", "try_again", "continue", "more")}
REWRITES = {"shorter": _("Shorter"), "longer": _("Longer"), "simpler": _("Simpler")}
DELETIONS = {"delete": _("This message"), "delete_below": _("This and all that follows")}
MENU = {
    "edit": ("square-pen", _("Edit answer")),
    "original": ("undo-2", _("Restore the original answer")),
    "translate": ("languages", _("Translate")),
    "write": ("pencil", _("Open in Write")),
    "nameless": ("eye-off", NAMELESS),
    "pin": ("pin", _("Keep in context")),
    "unpin": ("pin", _("Do not keep in context")),
    "fork": ("message-square", _("New chat from here")),
    "copy_as": ("copy", _("Copy as")),
    "details": ("info", _("Details")),
    "delete": ("trash-2", _("Delete")),
}
"""Entries behind the button *More*: for each key its icon and words."""
AGAIN = "again"
OTHER_MODEL = "model:"
"""First part of the key for answering again with another model. The model's id follows."""

VERSION_STEPS = {"previous_version": -1, "next_version": 1}

TOGGLE_THOUGHT, ANSWER_NOW = "thought", "answer_now"
"""Keys besides those of the extra lines: show or hide the model's reasoning, and end the reasoning."""

AUTHORS = {"user": _("You"), "assistant": _("Answer"), "system": _("Instructions")}


class Extra(Record):
    key: str
    icon: str
    words: str
    tip: str = ""


class MessageView(Record):
    id: str
    role: str
    """user, assistant or system. The text of an assistant is Markdown; other texts are shown as they were typed."""
    text: str
    status: Status = Status.COMPLETE
    note: str = ""
    actions: frozenset[str] = frozenset()
    """Keys of the available actions, from ACTIONS, MENU, REWRITES and DELETIONS."""
    details: str = ""
    """Model, speed and tokens of an answer, for assistive tools."""
    version: int = 0
    """Number of the shown version, from 1."""
    versions: int = 0
    """Number of versions. With fewer than 2, nothing about versions is shown."""
    extras: tuple[Extra, ...] = ()
    thought_line: str = ""
    """Line that says that the model reasons or has reasoned, and for how long; empty if it did not."""
    thought: str = ""
    """The model's reasoning, while it is unfolded."""
    is_thought_open: bool = False
    is_thinking: bool = False
    author: str = ""
    """Name shown above the text instead of the usual name for the role."""
    is_pinned: bool = False
    """True if the message always stays in the prompt."""
    is_left_out: bool = False
    """True if the message is left out of the prompt, so it is shown in the secondary colour."""

    @property
    def label(self) -> str:
        """Return who wrote the message and its states, for assistive tools."""
        return self._joined(self.author or AUTHORS.get(self.role, self.role))

    @property
    def head(self) -> str:
        """Return the words above the text. Most messages have none: their place and ground say who wrote them."""
        return self._joined(self.author or ("" if self.role in ROWS else AUTHORS.get(self.role, self.role)))

    def _joined(self, author: str) -> str:
        states = (
            _("kept in context") if self.is_pinned else "",
            _("not seen by the model") if self.is_left_out else "",
        )
        return " · ".join(part for part in (author, *states) if part)

    @property
    def version_words(self) -> str:
        return (
            _("{version} of {versions}").format(version=self.version, versions=self.versions)
            if self.versions > 1
            else ""
        )

    @property
    def is_markdown(self) -> bool:
        """Return whether the text is formatted. Only answers are; what a person typed is shown unchanged."""
        return self.role == "assistant"

    @property
    def is_growing(self) -> bool:
        return self.status is Status.STREAMING


GAP = SPACE_16
FOLDED_LINES, FOLDED_FROM = 8, 10
"""Lines that are shown of a long question, and the lines from which on it is long."""
MOST_QUESTION = 600
"""Greatest width of a question at the usual text size."""
PLAIN_NOTE = _("Part of this is shown without formatting, which would have taken too long.")
_NOTE_LOOKS = {
    Status.FAILED: ("triangle-alert", "danger"),
    Status.INTERRUPTED: ("triangle-alert", "warn"),
    Status.CANCELLED: ("octagon-minus", "ink2"),
}


def height_without_text(style: ViewStyle, view: MessageView) -> int:
    """Return the height of a message without its text, in pixels. A note is assumed to take one line."""
    small = QFontMetrics(style.small_font).height()
    note = small + SPACE_8 + SPACE_4 if view.note else 0
    rows = len(view.extras) + 1
    if view.thought_line:
        rows += 1
    return _text_top(style, view) + TOP_MARGIN + SPACE_12 + rows * style.row_height + note + _gap(view)


def text_width(view: MessageView, width: int) -> int:
    room = width - 2 * SPACE_16
    return min(scaled(MOST_QUESTION), room) - 2 * SPACE_16 if view.role == "user" else room


def _text_top(style: ViewStyle, view: MessageView) -> int:
    top = SPACE_4 if view.is_markdown else SPACE_12 - SPACE_4
    return top + (QFontMetrics(style.small_font).height() + SPACE_8 if view.head else 0)


def _gap(view: MessageView) -> int:
    return GAP if view.is_markdown else 0


class MessageWidget(QWidget):
    action_chosen = Signal(str)
    extra_chosen = Signal(str)
    fold_chosen = Signal()
    edit_ended = Signal(str)
    """Emitted with the new text of a question, or '' if it stays as it is."""
    reshaped = Signal()

    def __init__(
        self, view: MessageView, style: ViewStyle, parser: Parser, parent: QWidget, *, formulas: Formulas | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        style = style.faded if view.is_left_out else style
        self._view = view
        self._style = style
        self.band = QRect()
        self._actions_top = self._width = 0
        self.is_current = False
        self._is_lively = False
        self._is_hovered = False
        self.is_unfolded = False
        self._fold: QToolButton | None = None
        self._editor: QuestionEditor | None = None
        self._row: list[QToolButton | QLabel] = []
        self._note: tuple[QLabel, QLabel] | None = None
        """The note and its icon."""
        self.text = MessageText(style, self, on_band=not view.is_markdown, formulas=formulas)
        self.text.setAccessibleName(view.label)
        self.text.setPlaceholderText("…" if view.is_growing else "")
        self._thought = ThoughtLine(style, self)
        self._thought.chosen.connect(self.extra_chosen)
        self._thought.show_view(view)
        self.extras = ExtraLines(style, self)
        self.extras.chosen.connect(self.extra_chosen)
        self.extras.show_extras(view.extras)
        self.writer = MessageWriter(self.text.document(), style, parser, markdown=view.is_markdown, can_save=True)

    @property
    def buttons(self) -> list[QToolButton]:
        shown = (thing for thing in self._row if isinstance(thing, QToolButton) and not thing.isHidden())
        fold = [] if self._fold is None or self._fold.isHidden() else [self._fold]
        return [
            *fold,
            *self._thought.buttons,
            *self.extras.buttons,
            *(button for button in shown if button.isEnabled()),
        ]

    @property
    def is_folded(self) -> bool:
        return self._fold is not None and not self._fold.isHidden() and not self.is_unfolded

    @property
    def has_focused_button(self) -> bool:
        """Return whether a button has the focus, also while its menu is open."""
        return self.window().focusWidget() in self.buttons

    def show_view(self, view: MessageView, *, width: int) -> bool:
        """Show this state of the message. Returns whether some text was left for later (`show_more`)."""
        actions_changed = _row_of(view) != _row_of(self._view)
        self._view = view
        self.text.setPlaceholderText("…" if view.is_growing else "")
        self.text.setAccessibleName(view.label)
        if actions_changed:
            self._drop_actions()
        self._thought.show_view(view)
        self.extras.show_extras(view.extras)
        self.update()
        return self.show_more(width=width)

    def show_more(self, *, width: int) -> bool:
        cursor = self.text.textCursor()
        kept = (cursor.anchor(), cursor.position())  # Qt moves a caret along with what is written at it
        inner = text_width(self._view, width)
        if self.text.lineWrapColumnOrWidth() != inner:
            self.text.setLineWrapColumnOrWidth(inner)
        more = self.writer.write(self._view.text, ended=not self._view.is_growing)
        if not self.text.spans_messages:
            self.text.select(*kept)
        return more

    def lay(self, width: int) -> int:
        """Place all parts and return the total height in device-independent pixels."""
        self._width = width
        inner = text_width(self._view, width)
        height = self.text.height_at(inner)
        left, band = self._place_of_band(width, inner)
        y = self._thought.lay(_text_top(self._style, self._view), width)
        shown = min(inner, band - 2 * SPACE_16)
        self.text.setGeometry(left + SPACE_16, y, shown, height)
        y = self.extras.lay(self._lay_question(y, left, band, height), left, band)
        y += SPACE_12 - BOTTOM_MARGIN - (0 if self._view.is_markdown else SPACE_4)
        self.band = QRect(left, 0, band, y)
        y = self._lay_note(y, width - 2 * SPACE_16)
        self._actions_top = y
        self.show_actions()
        self._lay_actions()
        return y + self._style.row_height + _gap(self._view)

    def _lay_question(self, y: int, left: int, band: int, height: int) -> int:
        """Fold a long question, or place the field in which it is edited. Returns where the text ends."""
        style = self._style
        if self._editor is not None:
            height = self._editor.sizeHint().height()
            self._editor.setGeometry(left + SPACE_8, y, band - 2 * SPACE_8, height)
        is_edited = self._editor is not None
        is_long = self._view.role == "user" and height > round(FOLDED_FROM * style.line_height) and not is_edited
        self.text.setVisible(not is_edited)
        if is_long and self._fold is None:
            self._fold = build.tool_button("message_fold", self, kind="small", on=self.fold_chosen)
            self._fold.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        if self._fold is not None:
            self._fold.setVisible(is_long)
        if not is_long or self._fold is None:
            return y + height
        if not self.is_unfolded:
            height = round(FOLDED_LINES * style.line_height) + TOP_MARGIN
            self.text.resize(self.text.width(), height)
        words = _("Show less") if self.is_unfolded else _("Show all")
        self._fold.setText(words)
        self._fold.setAccessibleName(words)
        self._fold.ensurePolished()
        wide = self._fold.sizeHint().width()
        x = left + band - SPACE_8 - wide if self.isRightToLeft() else left + SPACE_8
        self._fold.setGeometry(x, y + height, wide, style.row_height)
        return y + height + style.row_height

    def edit(self, text: str) -> None:
        """Put a field in the place of the question. The layout follows by `reshaped`."""
        if self._editor is None:
            self._editor = QuestionEditor(text, self._style.font, self)
            self._editor.reshaped.connect(self.reshaped)
            self._editor.ended.connect(self._end_edit)
            self._editor.show()
            self.reshaped.emit()
            self._editor.focus()

    def _end_edit(self, text: str) -> None:
        editor, self._editor = self._editor, None
        if editor is not None:
            editor.hide()
            editor.deleteLater()
            self.reshaped.emit()
            self.edit_ended.emit(text)

    def _place_of_band(self, width: int, inner: int) -> tuple[int, int]:
        """Return left edge and width of the message. A question is as wide as its text, at the trailing side."""
        view, document = self._view, self.text.document()
        if view.role != "user":
            return 0, width
        band = inner + 2 * SPACE_16
        if not (view.extras or view.head or self._editor) and not _is_right_to_left(document):
            band = min(band, max(ceil(document.idealWidth()) + 2, 2 * SPACE_16) + 2 * SPACE_16)
        return SPACE_16 if self.isRightToLeft() else width - SPACE_16 - band, band

    def set_current(self, is_current: bool) -> None:
        if is_current != self.is_current:
            self.is_current = is_current
            self.show_actions()
            self.update()

    def set_lively(self, is_lively: bool) -> None:
        """Set whether the actions are always shown, as for the last message."""
        if is_lively != self._is_lively:
            self._is_lively = is_lively
            self.show_actions()

    def is_held(self) -> bool:
        """Return whether the focus or a mouse selection is in the message, so that it must not be removed now."""
        focus = self.window().focusWidget()
        return (focus is not None and self.isAncestorOf(focus)) or self.text.spans_messages

    def focus_version(self, key: str) -> None:
        """Focus the button of a key of VERSION_STEPS, or the other one if there is no version in that direction."""
        buttons = {button.objectName(): button for button in self.buttons}
        for name in (f"action_{key}", *(f"action_{other}" for other in VERSION_STEPS)):
            if name in buttons:
                buttons[name].setFocus(Qt.FocusReason.OtherFocusReason)
                return

    # Qt's own ------------------------------------------------------------------------------------------------------

    def enterEvent(self, event: QEnterEvent) -> None:
        self._is_hovered = True
        self.show_actions()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._is_hovered = False
        self.show_actions()
        super().leaveEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._style.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._view.is_markdown:
            edge = QPen(theme.colour("line"), theme.line_width) if theme.fill == theme.sheet else Qt.PenStyle.NoPen
            painter.setPen(edge)
            painter.setBrush(theme.colour("fill"))
            painter.drawRoundedRect(self.band, COMPOSER_RADIUS, COMPOSER_RADIUS)
        if self.is_current:
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.band.adjusted(1, 1, -1, -1), COMPOSER_RADIUS, COMPOSER_RADIUS)
        is_line = self._view.role == "notes"
        if is_line:
            painter.fillRect(QRect(0, 0, self.band.width(), 2), theme.colour("accent"))
        if not self._view.head:
            return
        painter.setFont(self._style.small_font)
        painter.setPen(theme.colour("accent" if is_line else "ink2"))
        metrics = QFontMetrics(self._style.small_font)
        place = QRect(self.band.left() + SPACE_16, SPACE_8, self.band.width() - 2 * SPACE_16, metrics.height())
        words = metrics.elidedText(self._view.head, Qt.TextElideMode.ElideMiddle, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter, words)

    # private -------------------------------------------------------------------------------------------------------

    def _lay_note(self, y: int, inner: int) -> int:
        words = " ".join(part for part in (self._view.note, PLAIN_NOTE if self.writer.is_plain else "") if part)
        if not words:
            for part in self._note or ():
                part.hide()
            return y
        y += SPACE_4  # clear of the focus ring
        name, colour_name = _NOTE_LOOKS.get(self._view.status, ("info", "ink2"))
        if self._note is None:
            self._note = (plain_label("", self, name="message_note"), named(QLabel(self), "message_note_icon"))
            self._note[0].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        note, note_icon = self._note
        kind = "small" if colour_name == "ink2" else colour_name
        if note.property("kind") != kind:
            note.setProperty("kind", kind)
            colour = self._style.theme.colour(colour_name)
            note_icon.setPixmap(pixmap(name, colour, size=16, scale=self.devicePixelRatioF()))
        note.setText(words)
        width = inner - 24
        height = max(note.heightForWidth(width), 18)
        note.ensurePolished()
        first_line = max(note.fontMetrics().lineSpacing(), 18)
        note_icon.setGeometry(SPACE_16, y + (first_line - 16) // 2, 16, 16)
        note.setGeometry(SPACE_16 + 24, y, width, height)
        note.show()
        note_icon.show()
        return y + height + SPACE_8

    def _lay_actions(self) -> None:
        """Place the buttons: under an answer from its text on, under a question up to its end."""
        for thing in self._row:
            thing.ensurePolished()  # the style sheet affects its size
        widths = [max(thing.sizeHint().width(), scaled(28)) for thing in self._row]
        x, width = SPACE_12, self._width
        if self._view.role == "user":
            x = width - SPACE_16 - sum(widths) - SPACE_4 * (len(widths) - 1)
        for thing, wide in zip(self._row, widths, strict=True):
            place = QRect(x, self._actions_top, wide, self._style.row_height)
            if self.isRightToLeft():
                place.moveRight(width - x)
            thing.setGeometry(place)
            x += wide + SPACE_4

    def show_actions(self) -> None:
        focus = self.window().focusWidget()
        focused = focus is not None and self.isAncestorOf(focus)
        has_versions = self._view.versions > 1  # the way back to other versions is never hidden
        reasons = (self._is_hovered, self.is_current, self._is_lively, focused, bool(self._view.note), has_versions)
        requested = any(reasons)
        if requested and not self._row:
            self._make_actions()
        for thing in self._row:
            thing.setVisible(requested)

    def _make_actions(self) -> None:
        has_menu = not self._view.actions.isdisjoint(MENU)
        for key in ROWS.get(self._view.role, ()):
            if key in self._view.actions or (key == "more" and has_menu):
                self._row.append(self._make_button(key, *ACTIONS[key]))
        if self._view.versions > 1:
            self._make_versions()
        self._lay_actions()

    def _make_versions(self) -> None:
        view = self._view
        names = ("chevron-right", "chevron-left") if self.isRightToLeft() else ("chevron-left", "chevron-right")
        before = self._make_button("previous_version", names[0], _("Previous version (Left)"))
        before.setEnabled(view.version > 1)
        behind = self._make_button("next_version", names[1], _("Next version (Right)"))
        behind.setEnabled(view.version < view.versions)
        label = plain_label(view.version_words, self, name="message_version", kind="small", wraps=False)
        label.setAccessibleName(_("Version {version_words}").format(version_words=view.version_words))
        label.setToolTip(_("Each version is kept, with all that follows it"))
        self._row += [before, label, behind]

    def _make_button(self, key: str, name: str, words: str) -> QToolButton:
        colour = self._style.theme.colour("ink2")
        button = ActionButton(self)
        button.setObjectName(f"action_{key}")
        button.setIcon(icon(name, colour, size=scaled()))
        button.setIconSize(QSize(scaled(), scaled()))
        button.setAccessibleName(words)
        button.setToolTip(words)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab works through the view; a click must not move the focus
        button.setCursor(Qt.CursorShape.ArrowCursor)
        if key in ("try_again", "continue"):
            button.setText(f" {words}")  # clear of the icon
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.has_menu = key == "try_again" and not self._view.actions.isdisjoint(REWRITES)
        button.clicked.connect(lambda _checked=False, key=key: self.action_chosen.emit(key))
        return button

    def _drop_actions(self) -> None:
        for thing in self._row:
            thing.hide()
            thing.deleteLater()
        self._row = []
        self.show_actions()


class QuestionEditor(QFrame):
    """Field in which a question is edited in its place. Enter asks again, Shift+Enter begins a line, Esc leaves."""

    MOST_LINES = 12
    reshaped = Signal()
    ended = Signal(str)

    def __init__(self, text: str, font: QFont, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("question_editor")
        self._before, self._lines = text, 0
        self._text = named(QPlainTextEdit(text, self), "edit_text", label=_("Edit the question"))
        self._text.setFont(font)
        self._text.setTabChangesFocus(True)
        self._text.installEventFilter(self)
        tip = _("The earlier version is kept.")
        self._save = build.button(_("Ask again"), "edit_save", self, kind="primary", tip=tip, on=self._on_save)
        cancel = build.button(_("Cancel"), "edit_cancel", self, kind="text", on=lambda: self.ended.emit(""))
        column(self._text, row(1, cancel, self._save, gap=SPACE_8), into=self, gap=SPACE_8)
        self._text.textChanged.connect(self._on_changed)
        self._text.moveCursor(QTextCursor.MoveOperation.End)
        self._on_changed()

    def focus(self) -> None:
        self._text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_changed(self) -> None:
        text = self._text.toPlainText()
        self._save.setEnabled(bool(text.strip()) and text != self._before)
        lines = round(self._text.document().size().height())
        if lines != self._lines:
            self._lines = lines
            height = min(max(lines, 2), self.MOST_LINES) * self._text.fontMetrics().lineSpacing()
            self._text.setFixedHeight(height + 2 * SPACE_12)
            self.reshaped.emit()

    def _on_save(self) -> None:
        if self._save.isEnabled():
            self.ended.emit(self._text.toPlainText())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._on_save()
            return True
        if event.key() == Qt.Key.Key_Escape:
            self.ended.emit("")
            return True
        return False


class ActionButton(QToolButton):
    """Button under a message. One that opens a menu shows an arrow behind its words."""

    has_menu = False

    def sizeHint(self) -> QSize:
        size = super().sizeHint()
        return QSize(size.width() + scaled(SPACE_12), size.height()) if self.has_menu else size

    def initStyleOption(self, option: QStyleOptionToolButton) -> None:
        super().initStyleOption(option)
        if self.has_menu:  # words and icon keep to the leading side
            room = scaled(SPACE_12)
            option.rect = self.rect().adjusted(*((room, 0, 0, 0) if self.isRightToLeft() else (0, 0, -room, 0)))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.has_menu:
            size = scaled(15)
            arrow = pixmap("chevron-down", current().colour("ink2"), size=size, scale=self.devicePixelRatioF())
            left = SPACE_4 if self.isRightToLeft() else self.width() - size - SPACE_4
            painter = QPainter(self)
            painter.drawPixmap(left, (self.height() - size) // 2, arrow)
            painter.end()


def _is_right_to_left(document: QTextDocument) -> bool:
    block = document.begin()
    while block.isValid():
        if block.textDirection() == Qt.LayoutDirection.RightToLeft:
            return True
        block = block.next()
    return False


def _row_of(view: MessageView) -> tuple[object, ...]:
    """Return the state that determines the row of actions."""
    return view.actions, view.version, view.versions


ICON_SIZE = 16


class ThoughtLine(QObject):
    chosen = Signal(str)

    def __init__(self, style: ViewStyle, parent: QWidget) -> None:
        super().__init__(parent, objectName="thought_line")
        self._style, self._parent = style, parent
        self._parts: tuple[QToolButton, QToolButton, QLabel] | None = None
        """The line, the button that ends the thought, and the thought; made for a message that has one."""

    @property
    def buttons(self) -> list[QToolButton]:
        if self._parts is None:
            return []
        return [button for button in self._parts[:2] if not button.isHidden()]

    def show_view(self, view: MessageView) -> None:
        if not view.thought_line:
            for part in self._parts or ():
                part.hide()
            return
        if self._parts is None:
            self._parts = self._build()
        line, answer_now, text = self._parts
        closed_icon = "chevron-left" if self._parent.isRightToLeft() else "chevron-right"
        name = "chevron-down" if view.is_thought_open else closed_icon
        line.setIcon(icon(name, self._style.theme.colour("ink2")))
        line.setText(view.thought_line)
        line.setChecked(view.is_thought_open)
        line.show()
        answer_now.setVisible(view.is_thinking)
        if text.text() != view.thought:
            text.setText(view.thought)
        text.setVisible(view.is_thought_open)

    def _build(self) -> tuple[QToolButton, QToolButton, QLabel]:
        words = _("Show or hide what the model thought")
        line = self._make_button("message_thought", TOGGLE_THOUGHT, words, True)
        answer_now = self._make_button("message_answer_now", ANSWER_NOW, _("End the thought and write the answer"))
        answer_now.setText(_("Answer now"))
        answer_now.setIcon(icon("play", self._style.theme.colour("ink2")))
        text = plain_label("", self._parent, name="message_thought_text", kind="small")
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return line, answer_now, text

    def lay(self, y: int, width: int) -> int:
        """Place the line from `y` down. Returns where it ends, in device-independent pixels."""
        if not self.buttons:
            return y
        x = SPACE_8
        for button in self.buttons:
            button.ensurePolished()  # the style sheet affects its font
            place = QRect(x, y, min(button.sizeHint().width(), width - x), self._style.row_height)
            x += place.width() + SPACE_8
            if self._parent.isRightToLeft():
                place.moveRight(width - place.left())
            button.setGeometry(place)
        y += self._style.row_height
        if self._parts is not None and not self._parts[2].isHidden():
            text, inner = self._parts[2], width - 3 * SPACE_16
            text.ensurePolished()
            height = text.heightForWidth(inner)
            left = SPACE_16 if self._parent.isRightToLeft() else 2 * SPACE_16
            text.setGeometry(left, y, inner, height)
            y += height + SPACE_8
        return y

    def _make_button(self, name: str, key: str, tip: str, folds: bool = False) -> QToolButton:
        button = _line_button(name, self._parent, self._style, tip, lambda: self.chosen.emit(key), folds)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab works through the view
        return button


def _line_button(
    name: str, parent: QWidget, style: ViewStyle, tip: str, on: Callable[[], object], folds: bool = False
) -> QToolButton:
    button = build.tool_button(name, parent, folds=folds, kind="small", tip=tip, on=on)
    button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
    button.setFont(style.small_font)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button


class ExtraLines(QObject):
    chosen = Signal(str)
    pointed = Signal(str)
    """Emitted with the line to which a person points; '' when none is pointed at any more."""

    def __init__(self, style: ViewStyle, parent: QWidget) -> None:
        super().__init__(parent, objectName="extra_lines")
        self._style, self._parent = style, parent
        self._extras: tuple[Extra, ...] = ()
        self.buttons: list[QToolButton] = []

    def show_extras(self, extras: Sequence[Extra]) -> None:
        if tuple(extras) == self._extras:
            return
        self._extras = tuple(extras)
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self.buttons = [self._make(extra) for extra in self._extras]

    def lay(self, y: int, left: int, width: int) -> int:
        """Place the lines from `y` down in the message's band. Returns where they end, in device-independent pixels."""
        for button, extra in zip(self.buttons, self._extras, strict=True):
            button.ensurePolished()  # the style sheet affects its font
            space = width - 2 * SPACE_8
            taken = button.sizeHint().width() - button.fontMetrics().horizontalAdvance(button.text().replace("&&", "&"))
            words = button.fontMetrics().elidedText(extra.words, Qt.TextElideMode.ElideMiddle, max(space - taken, 40))
            button.setText(words.replace("&", "&&"))
            place = QRect(left + SPACE_8, y, min(button.sizeHint().width(), space), self._style.row_height)
            if self._parent.isRightToLeft():
                place.moveRight(left + width - SPACE_8)
            button.setGeometry(place)
            button.show()
            y += self._style.row_height
        return y

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            keys = (extra.key for button, extra in zip(self.buttons, self._extras, strict=True) if button is watched)
            self.pointed.emit(next(keys, "") if event.type() == QEvent.Type.Enter else "")
        return False

    def _make(self, extra: Extra) -> QToolButton:
        button = _line_button("message_extra", self._parent, self._style, "", lambda: self.chosen.emit(extra.key))
        set_tip(button, extra.tip or extra.words)
        button.setIcon(icon(extra.icon, self._style.theme.colour("ink2")))
        button.setText(extra.words.replace("&", "&&"))
        button.setAccessibleName(extra.words)
        button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        button.installEventFilter(self)
        return button

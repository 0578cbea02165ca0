"""Base class of sheets, and sheets that show a text, ask a question, or ask for one line of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QBoxLayout,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLayoutItem,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from slmdesk.base.text.markup import made_visible
from slmdesk.base.texts import _, ngettext
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.clipboard import copy_text
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets.build import (
    ElidedLabel,
    button,
    column,
    is_above,
    named,
    passing,
    plain_label,
    row,
    text_line,
    tool_button,
)
from slmdesk.ui.kit.widgets.requests import TranslatableText, request_translation

if TYPE_CHECKING:
    pass

AWAY, BELOW = 24, 40
"""Least pixels between a sheet and the edges of the window, and below it, where the notices stand."""
QUESTION_WIDTH = 440
ALWAYS = "lock"
"""Name of the shortcut of the window that works also below a sheet."""


class _Shade(QWidget):
    """Darkens what lies below a sheet, and takes the mouse from it."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        named(self, "shade")
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.setGeometry(host.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), theme.current().shade)


class Dialog(QDialog):
    """Sheet over the page, which is out of reach while the sheet is open. Its title and *Close* stand above its parts.

    It is a child of its parent's window, not a window, as the desktop would choose a window's place. It never exceeds
    that window. If there is too little room, all but the title and the buttons scrolls.
    """

    is_only_read = False
    """Whether Enter closes it where no button is the default one. In lists and fields Enter is theirs."""

    def __init__(self, parent: QWidget | None = None, name: str = "", title: str = "") -> None:
        """One with a name is deleted when it is closed. Without a parent it lies over the window in front."""
        shown = (window for window in QApplication.topLevelWidgets() if window.isVisible())
        self._host = parent.window() if parent is not None else QApplication.activeWindow() or next(shown, None)
        kind = Qt.WindowType.Dialog if self._host is None else Qt.WindowType.SubWindow  # in which Tab stays
        super().__init__(self._host, kind)
        self.setProperty("kind", "sheet" if self._host is not None else "")
        if name:
            passing(self, name, title)
        self.is_asking = False
        """Whether the window stays open until a person has answered."""
        self._scrolling: QScrollArea | None = None
        """Contains everything but the buttons, once there was not enough room. None before."""
        self._sheet_head: QWidget | None = None
        self._shade: _Shade | None = None
        self._wanted, self._is_fitted = QSize(), False
        self._muted: dict[QShortcut, list[QKeySequence]] = {}
        """Keys of the shortcuts of the window and its pages, which have none while the sheet is open. Whether one is
        enabled stays with its page.
        """
        self._focus_below = QApplication.focusWidget()
        """The widget below the sheet that has the focus when the sheet is closed."""
        self._last: QWidget | None = None
        """The part of the sheet that had the focus last."""

    def open(self) -> None:
        """Show the sheet. The window is not closed before it is answered. Does not block."""
        self.is_asking = True
        self.show()

    def fit(self, width: int) -> None:
        """Set the width, and the height that the text needs at this width. The height grows if more text comes."""
        self._is_fitted = True
        self.resize(width, 1)

    def reveal(self, widget: QWidget) -> None:
        if self._scrolling is not None:
            self._scrolling.ensureWidgetVisible(widget)

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and not (self._host is None or event.isAccepted() or self._is_own(QKeySequence(event.keyCombination())))
        ):
            event.accept()  # the keys of the window and of its pages do nothing here
            return True
        is_done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._place()
        return is_done

    def _is_own(self, keys: QKeySequence) -> bool:
        """Return whether the sheet, or locking, has these keys."""
        assert self._host is not None
        directly = Qt.FindChildOption.FindDirectChildrenOnly
        shortcuts = [*self.findChildren(QShortcut), *self._host.findChildren(QShortcut, ALWAYS, directly)]
        actions, buttons = self.findChildren(QAction), self.findChildren(QAbstractButton)
        taken = [key for shortcut in shortcuts for key in shortcut.keys()]  # noqa: SIM118 - no dictionary
        taken += [key for action in actions for key in action.shortcuts()]
        return keys in [*taken, *(button.shortcut() for button in buttons)]

    def _mutes(self, shortcut: QShortcut) -> bool:
        owner = shortcut.parent()
        return shortcut.objectName() != ALWAYS and not (isinstance(owner, QWidget) and self._holds(owner))

    def _holds(self, part: QWidget) -> bool:
        return part is self or self.isAncestorOf(part)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._host is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._press_default()
        else:
            super().keyPressEvent(event)
        event.setAccepted(not event.matches(QKeySequence.StandardKey.Undo))  # what lies below gets none but a notice

    def _press_default(self) -> None:
        """Press the button with the focus, else the default one. Qt loses it where a dialog is no window.

        Without a default button, close a sheet that is only read.
        """
        buttons = [child for child in self.findChildren(QPushButton) if child.isVisible() and child.isEnabled()]
        default = next((child for child in buttons if child.isDefault()), None)
        chosen = next((child for child in buttons if child.hasFocus()), default)
        if chosen is not None:
            chosen.click()
        elif self.is_only_read and not any(child.isDefault() for child in buttons):
            self.reject()

    def showEvent(self, event: QShowEvent) -> None:
        if not event.spontaneous() and self._host is not None:
            self._cover(self._host)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous() and self._host is not None:
            self._uncover(self._host)

    def _cover(self, host: QWidget) -> None:
        if self._sheet_head is None:
            self._sheet_head = self._make_head()
        focused = QApplication.focusWidget() or host.focusWidget()
        if focused is not None and not self.isAncestorOf(focused):  # else a part has taken it already
            self._focus_below = focused
        self._shade = _Shade(host)
        self._shade.show()
        self._shade.raise_()
        self.raise_()
        for notices in host.findChildren(QWidget, "notice_area", Qt.FindChildOption.FindDirectChildrenOnly):
            notices.raise_()  # an Undo is reached over a sheet too
        host.installEventFilter(self)
        self._muted = {
            shortcut: shortcut.keys()
            for shortcut in host.findChildren(QShortcut)
            if shortcut.keys() and self._mutes(shortcut)
        }
        for shortcut in self._muted:
            shortcut.setKeys([])
        cast(QApplication, QApplication.instance()).focusChanged.connect(self._on_focus)
        for child in self.findChildren(QPushButton):
            child.setAutoDefault(False)  # else one that had the focus would stay a default one
        self._wanted = self._wanted.expandedTo(self.size())
        self._place()
        self._take_focus(host)

    def _uncover(self, host: QWidget) -> None:
        cast(QApplication, QApplication.instance()).focusChanged.disconnect(self._on_focus)
        host.removeEventFilter(self)
        for shortcut in filter(isValid, self._muted):
            shortcut.setKeys(self._muted[shortcut])
        if self._shade is not None:
            self._shade.hide()
            self._shade.deleteLater()
        before, self._shade, self._focus_below = self._focus_below, None, None
        if before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.ActiveWindowFocusReason)

    def _make_head(self) -> QWidget:
        head = named(QWidget(self), "sheet_head")
        title = ElidedLabel(head, name="sheet_title", kind="title", text=self.windowTitle())
        words = _("Close")
        close = tool_button("sheet_close", head, tip=words, label=words, icon="x", on=self.reject)
        margins = (theme.SPACE_24, theme.SPACE_16, theme.SPACE_12, 0)
        row((title, 1), close, into=head, margins=margins)
        self.windowTitleChanged.connect(title.set_full_text)
        self.windowTitleChanged.connect(self.setAccessibleName)
        self.setAccessibleName(self.windowTitle())
        self.setContentsMargins(theme.SPACE_8, head.sizeHint().height(), theme.SPACE_8, theme.SPACE_8)
        head.show()
        return head

    def _take_focus(self, host: QWidget) -> None:
        """Give the focus to the part that asked for it, else to the first that Tab reaches, or to the default button if
        that is a button.
        """
        chosen, reason = self.focusWidget(), Qt.FocusReason.ActiveWindowFocusReason
        if chosen is None or not self.isAncestorOf(chosen):
            self.setFocus(reason)
            self.focusNextChild()
            chosen = host.focusWidget()
            if isinstance(chosen, QPushButton):
                chosen = next((child for child in self.findChildren(QPushButton) if child.isDefault()), chosen)
        if chosen is not None:
            chosen.setFocus(reason)

    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Keep the focus. What asked for it below the sheet gets it when the sheet is closed."""
        if new is None or new.window() is not self._host:
            return
        if self.isAncestorOf(new):
            self._last = new
        elif new is not self and not is_above(new, self):
            self._focus_below = new
            if self._last is not None and isValid(self._last):
                self._last.setFocus()
            else:
                self.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._host and self._shade is not None:
            self._shade.setGeometry(self._host.rect())
            self._place()
        return False

    def _place(self) -> None:
        """Give the sheet its size, and put it into the middle of the window."""
        layout, host = self.layout(), self._host
        if layout is None or host is None:
            return
        free = host.rect().adjusted(AWAY, AWAY, -AWAY, -max(AWAY, scaled(BELOW)))
        space = free.size()
        self.setMinimumSize(self.minimumSize().boundedTo(space))
        least = layout.totalMinimumSize().expandedTo(self.minimumSize())
        if (area := self._scrolling) is not None and (inner := area.widget()) is not None:
            beside = area.verticalScrollBar().sizeHint().width() + 2 * theme.SPACE_8
            least.setWidth(max(least.width(), inner.minimumSizeHint().width() + beside))
        width = min(max(least.width(), self._wanted.width()), space.width())
        if layout.hasHeightForWidth():
            least.setHeight(layout.totalMinimumHeightForWidth(width))
        if self._scrolling is None and least != least.boundedTo(space) and isinstance(layout, QBoxLayout):
            self._scroll(layout, space)
        self._wanted = self._wanted.expandedTo(least)
        if self._is_fitted:
            self._wanted.setHeight(max(self._wanted.height(), self.heightForWidth(width)))
        place = QRect(QPoint(), self._wanted.boundedTo(space))
        place.moveCenter(free.center())
        self.setGeometry(place)
        if self._sheet_head is not None:
            self._sheet_head.setGeometry(0, 0, place.width(), self.contentsMargins().top())

    def _scroll(self, layout: QBoxLayout, space: QSize) -> None:
        focused, margins = self.focusWidget(), layout.contentsMargins()
        last = layout.itemAt(layout.count() - 1)
        has_foot = last is not None and _has_buttons(last) and last.minimumSize().width() <= space.width()
        foot = layout.takeAt(layout.count() - 1) if has_foot else None
        inner = named(
            QWidget(self), "dialog_inner"
        )  # a widget that leaves its window would lose its place in the Tab order
        inner.setLayout(layout)
        area = self._scrolling = named(QScrollArea(self), "dialog_area")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area, 1)
        if foot is not None:
            below = QVBoxLayout()
            below.setContentsMargins(margins.left(), theme.SPACE_8, margins.right(), margins.bottom())
            if (widget := foot.widget()) is not None:
                below.addWidget(widget)
            elif (row := foot.layout()) is not None:
                below.addLayout(row)
            outer.addLayout(below)
        area.show()
        if focused is not None:
            focused.setFocus()


def sheets_over(window: QWidget) -> list[Dialog]:
    """Return the sheets that are open in a window, the lowest first."""
    directly = Qt.FindChildOption.FindDirectChildrenOnly
    return [sheet for sheet in window.findChildren(Dialog, options=directly) if sheet.isVisible()]


def _has_buttons(item: QLayoutItem) -> bool:
    layout, widget = item.layout(), item.widget()
    if layout is not None:
        return any(isinstance(part.widget(), QPushButton) for part in map(layout.itemAt, range(layout.count())) if part)
    return not isinstance(widget, QAbstractScrollArea) and bool(widget and widget.findChild(QPushButton))


class AcceptButtons(QDialogButtonBox):
    """*Cancel*, and a button with these words that does what a dialog is for."""

    def __init__(self, dialog: QDialog, words: str, name: str, on: Callable[[], object]) -> None:
        """`on` is called by the button, and closes the dialog with `accept` if all is right."""
        super().__init__(QDialogButtonBox.StandardButton.Cancel, dialog)
        self.accept_button = named(self.addButton(words, QDialogButtonBox.ButtonRole.AcceptRole), name, kind="primary")
        self.button(QDialogButtonBox.StandardButton.Cancel).setObjectName(f"{name}_cancel")
        self.accepted.connect(on)
        self.rejected.connect(dialog.reject)


SHORT = 600
"""Characters of a text that needs no tall dialog."""


class TextDialog(Dialog):
    """Dialog with a sentence, an optional warning, and a read-only plain text.

    Copying gives `text`, even if `shown` is displayed instead. Text that is not prose cannot be translated.
    """

    is_only_read = True

    def __init__(
        self,
        parent: QWidget,
        *,
        title: str,
        intro: str,
        text: str,
        warning: str = "",
        shown: str | None = None,
        is_prose: bool = True,
    ) -> None:
        super().__init__(parent, "text_dialog", title)
        self.resize(760, 560 if len(text) > SHORT else 280)
        self._copied, self._is_prose = text, is_prose
        self._build_ui(intro, text if shown is None else shown, warning, is_code=shown is not None)

    def _build_ui(self, intro: str, text: str, warning: str, *, is_code: bool) -> None:
        said = plain_label(intro, self, name="text_dialog_intro")
        warned = plain_label(warning, self, name="text_dialog_warning", kind="warn", is_hidden=not warning)
        self._text = (TranslatableText if self._is_prose else QPlainTextEdit)(text, self)
        named(self._text, "text_dialog_text", label=self.windowTitle(), kind="code" if is_code else "")
        self._text.setReadOnly(True)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        copy = button(_("Copy"), "text_dialog_copy", self, on=lambda: copy_text(self._copied))
        tip = _("Open the text, or what is selected in it, in the translator")
        translate = button(_("Translate"), "text_dialog_translate", self, tip=tip, on=self._on_translate)
        translate.setVisible(self._is_prose)
        self._buttons = row(1, copy, translate, gap=theme.SPACE_8)
        parts = (said, warned, (self._text, 1), self._buttons)
        column(*parts, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)

    def add_action(self, words: str, name: str, on: Callable[[], object]) -> None:
        """Add a button that closes the dialog and goes on to something else."""
        made = button(words, name, self, on=self.accept)
        self._buttons.addWidget(made)
        made.clicked.connect(on)

    def _on_translate(self) -> None:
        chosen = self._text.chosen if isinstance(self._text, TranslatableText) else ""
        self.accept()
        request_translation(self, chosen or self._copied)


MOST_SHOWN = 300_000
"""Most characters of a text that are shown."""


def show_used_text(parent: QWidget, *, title: str, intro: str, text: str) -> None:
    """Open a dialog with the text as the model gets it. Copying gives all of the text, unchanged. Does not block."""
    shown, hidden = made_visible(text[:MOST_SHOWN])
    reported = []
    if hidden:
        marks = ngettext("1 character", "{n:,} characters", hidden)
        reported.append(
            _(
                "{marks} in it cannot be seen in the document; here they stand as numbers, like \u27e6U+202E\u27e7."
            ).format(marks=marks)
        )
    if len(text) > MOST_SHOWN:
        reported.append(
            _("The first {most_shown:,} of {count:,} characters are shown; Copy gives all.").format(
                most_shown=MOST_SHOWN, count=len(text)
            )
        )
    TextDialog(parent, title=title, intro=intro, text=text, shown=shown, warning=" ".join(reported)).show()


class Question(Dialog):
    """Sheet with a sentence, what more there is to know, and buttons, each of which closes it."""

    is_only_read = True

    def __init__(self, parent: QWidget | None, name: str, title: str, text: str, more: str = "") -> None:
        super().__init__(parent, name, title)
        self._buttons = QDialogButtonBox(self)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        said = plain_label(text, self, name="question_text", kind="strong" if more else "")
        below = plain_label(more, self, name="question_more", is_hidden=not more)
        self._column = column(said, below, self._buttons, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self.fit(scaled(QUESTION_WIDTH))

    def add_part(self, part: QWidget) -> None:
        self._column.insertWidget(self._column.count() - 1, part)

    def add_choice(
        self,
        words: str,
        name: str,
        on: Callable[[], object] | None = None,
        *,
        kind: str = "",
        is_beside: bool = False,
        is_default: bool = False,
    ) -> QPushButton:
        """Add a button that closes the sheet and calls `on`. One beside the question does not answer it."""
        roles = QDialogButtonBox.ButtonRole
        made = self._buttons.addButton(words, roles.ActionRole if is_beside else roles.AcceptRole)
        if is_beside:
            made.clicked.connect(self.accept)
        if on is not None:
            made.clicked.connect(lambda: on())
        made.setDefault(is_default)
        return named(made, name, kind=kind)

    def add_cancel(self, name: str = "question_cancel", *, is_default: bool = False) -> QPushButton:
        """Add the button that closes the sheet and does nothing else, as Esc does."""
        cancel = self._buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        cancel.setDefault(is_default)
        return named(cancel, name)

    def ask_sure(self, words: str, name: str, then: Callable[[], object], *, kind: str = "danger") -> None:
        """Ask before something is lost or removed: `words` on the button for it, and *Cancel*, which Enter presses."""
        self.add_choice(words, name, then, kind=kind)
        self.add_cancel(is_default=True)
        self.open()


class LineQuestion(Dialog):
    """Sheet that asks for one line of text, which `given` gets. Does not block."""

    def __init__(
        self,
        parent: QWidget,
        name: str,
        title: str,
        words: str,
        given: Callable[[str], object],
        *,
        text: str = "",
        accept: str = "",
        is_secret: bool = False,
    ) -> None:
        super().__init__(parent, name, title)
        self.line = text_line("question_line", self, "", label=words)
        self.line.setText(text)
        self.line.selectAll()
        if is_secret:
            self.line.setEchoMode(QLineEdit.EchoMode.Password)
        buttons = AcceptButtons(self, accept or _("Rename"), "question_accept", self.accept)
        buttons.accept_button.setEnabled(bool(text))
        self.line.textChanged.connect(lambda typed: buttons.accept_button.setEnabled(bool(typed.strip())))
        self.accepted.connect(lambda: given(self.line.text() if is_secret else self.line.text().strip()))
        said = plain_label(words, self, name="question_text")
        column(said, self.line, buttons, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self.fit(scaled(QUESTION_WIDTH))


def ask_password(parent: QWidget, name: str, given: Callable[[str], object], *, is_wrong: bool) -> None:
    """Ask for the password of the document `name`, and call `given` with it. Does not block."""
    again = _("That was not the password. ") if is_wrong else ""
    words = _("{again}{name} is locked. Its password is used once and kept nowhere:").format(again=again, name=name)
    title = _("Locked document")
    LineQuestion(parent, "password_dialog", title, words, given, accept=_("Open"), is_secret=True).open()

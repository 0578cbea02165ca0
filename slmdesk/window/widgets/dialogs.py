"""Base classes of dialogs, and dialogs that show a text, ask for a password, or send a text to another page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, SignalInstance
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QBoxLayout,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QInputDialog,
    QLayout,
    QLayoutItem,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from slmdesk.base.texts import _, ngettext
from slmdesk.text.markup import made_visible
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import copy_text
from slmdesk.window.widgets.build import column, named, passing, plain_label

if TYPE_CHECKING:
    pass

MOST = QSize(1 << 20, 1 << 20)
FRAME = (8, 40)
"""Pixels reserved for the frame that the system draws around a window: at the sides and below, and above."""
FILLING = Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen


class Dialog(QDialog):
    """Dialog that never exceeds the screen. If there is too little room, all but the buttons scrolls."""

    def __init__(self, parent: QWidget | None = None, name: str = "", title: str = "") -> None:
        """One with a name is deleted when it is closed."""
        super().__init__(parent)
        if name:
            passing(self, name, title)
        self._scrolling: QScrollArea | None = None
        """Contains everything but the buttons, once there was not enough room. None before."""
        self._is_fitted = self._is_placed = False

    def fit(self, width: int) -> None:
        """Set the width, and the height that the text needs at this width. The height grows if more text comes."""
        self._is_fitted = True
        self.setMinimumSize(width // 2, 1)  # the minimum size of wrapped text is for the narrowest column
        if not self.windowState() & FILLING:
            self.resize(width, 1)
        self._keep_inside(_space_on(self._screen()))

    def reveal(self, widget: QWidget) -> None:
        if self._scrolling is not None:
            self._scrolling.ensureWidgetVisible(widget)

    def event(self, event: QEvent) -> bool:
        if event.type() != QEvent.Type.LayoutRequest or not self.isVisible():
            return super().event(event)
        before, framed, screen = self.size(), self.frameGeometry().size(), self._screen()
        is_filling, space = bool(self.windowState() & FILLING), _space_on(screen)
        if is_filling or framed == framed.boundedTo(screen.size()):
            space = space.expandedTo(before)  # a tiled window keeps its size
        is_done = super().event(event)
        self._keep_inside(space)
        if self.size() != before and not is_filling:
            self.setGeometry(fitted(self.geometry(), screen))
        return is_done

    def showEvent(self, event: QShowEvent) -> None:
        """Fit the dialog to the screen, since its parts get their fonts only now. Qt then centres it over its parent,
        unless it was moved.
        """
        if not event.spontaneous():
            self._is_placed = self.testAttribute(Qt.WidgetAttribute.WA_Moved)
            self._keep_inside(_space_on(self._screen()))
        super().showEvent(event)
        self._is_placed = True

    def _screen(self) -> QRect:
        parent = self.parentWidget()
        return screen_of(self) if self._is_placed or parent is None else parent.screen().availableGeometry()

    def _keep_inside(self, space: QSize) -> None:
        layout = self.layout()
        if layout is None:
            return
        least, width = layout.totalMinimumSize(), min(self.width(), space.width())
        if layout.hasHeightForWidth():
            least.setHeight(layout.totalMinimumHeightForWidth(max(width, min(least.width(), space.width()))))
        size = self.size().expandedTo(least)
        if self._is_fitted:
            size.setHeight(max(size.height(), self.heightForWidth(width)))
        if self._scrolling is None and least != least.boundedTo(space) and isinstance(layout, QBoxLayout):
            self._scroll(layout, space)
        if self.minimumSize() != self.minimumSize().boundedTo(space):
            self.setMinimumSize(least.boundedTo(space))
        if size.boundedTo(space) != self.size() and not self.windowState() & FILLING:
            self.resize(size.boundedTo(space))

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


def _has_buttons(item: QLayoutItem) -> bool:
    if (layout := item.layout()) is not None:
        return any(isinstance(widget, QPushButton) for widget in _widgets_of(layout))
    widget = item.widget()
    return (
        widget is not None and not isinstance(widget, QAbstractScrollArea) and widget.findChild(QPushButton) is not None
    )


def _widgets_of(layout: QLayout) -> list[QWidget]:
    found = (layout.itemAt(at) for at in range(layout.count()))
    return [widget for item in found if item is not None and (widget := item.widget()) is not None]


def screen_of(window: QWidget) -> QRect:
    """Return the available area of the screen on which the middle of a window lies."""
    return (QGuiApplication.screenAt(window.geometry().center()) or window.screen()).availableGeometry()


def _space_on(screen: QRect) -> QSize:
    return fitted(QRect(QPoint(), MOST), screen).size()


def fitted(requested: QRect, screen: QRect) -> QRect:
    """Return the geometry of a window, moved and shrunk so that the window and its frame lie on the screen."""
    side, top = FRAME
    space = screen.adjusted(side, top, -side, -side)
    size = requested.size().boundedTo(space.size())
    left = max(space.left(), min(requested.left(), space.right() + 1 - size.width()))
    upper = max(space.top(), min(requested.top(), space.bottom() + 1 - size.height()))
    return QRect(QPoint(left, upper), size)


class AcceptButtons(QDialogButtonBox):
    """*Cancel*, and a button with these words that does what a dialog is for."""

    def __init__(self, dialog: QDialog, words: str, name: str, on: Callable[[], object]) -> None:
        """`on` is called by the button, and closes the dialog with `accept` if all is right."""
        super().__init__(QDialogButtonBox.StandardButton.Cancel, dialog)
        self.accept_button = named(self.addButton(words, QDialogButtonBox.ButtonRole.AcceptRole), name, kind="primary")
        self.accepted.connect(on)
        self.rejected.connect(dialog.reject)


SHORT = 600
"""Characters of a text that needs no tall dialog."""


class TextDialog(Dialog):
    """Dialog with a sentence, an optional warning, and a read-only plain text.

    Copying gives `text`, even if `shown` is displayed instead. Text that is not prose cannot be translated.
    """

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
        self._connect()

    def _build_ui(self, intro: str, text: str, warning: str, *, is_code: bool) -> None:
        layout = column(
            plain_label(intro, self, name="text_dialog_intro"), into=self, gap=theme.SPACE_12, margins=theme.SPACE_16
        )
        if warning:
            layout.addWidget(plain_label(warning, self, name="text_dialog_warning", kind="warn"))
        self._text = named((TranslatableText if self._is_prose else QPlainTextEdit)(text, self), "text_dialog_text")
        self._text.setReadOnly(True)
        self._text.setProperty("kind", "code" if is_code else "")
        self._text.setAccessibleName(self.windowTitle())
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        layout.addWidget(self._text, 1)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self._copy = named(QPushButton(_("Copy"), self), "text_dialog_copy")
        self._buttons.addButton(self._copy, QDialogButtonBox.ButtonRole.ActionRole)
        self._translate = named(QPushButton(_("Translate"), self), "text_dialog_translate")
        self._translate.setToolTip(_("Open the text, or what is selected in it, in the translator"))
        self._translate.setVisible(self._is_prose)
        if self._is_prose:
            self._buttons.addButton(self._translate, QDialogButtonBox.ButtonRole.ActionRole)
        layout.addWidget(self._buttons)

    def _connect(self) -> None:
        self._copy.clicked.connect(lambda: copy_text(self._copied))
        self._translate.clicked.connect(self._on_translate)
        self._buttons.rejected.connect(self.reject)

    def add_action(self, words: str, name: str, on: Callable[[], object]) -> None:
        """Add a button that closes the dialog and goes on to something else."""
        made = named(QPushButton(words, self), name)
        self._buttons.addButton(made, QDialogButtonBox.ButtonRole.ActionRole)
        made.clicked.connect(self.accept)
        made.clicked.connect(on)

    def _on_translate(self) -> None:
        chosen = self._text.chosen if isinstance(self._text, TranslatableText) else ""
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


def ask_password(parent: QWidget, name: str, given: Callable[[str], None], *, is_wrong: bool) -> None:
    """Ask for the password of the document `name`, and call `given` with it. Does not block."""
    dialog = passing(QInputDialog(parent), "password_dialog", _("Locked document"))
    again = _("That was not the password. ") if is_wrong else ""
    dialog.setLabelText(
        _("{again}{name} is locked. Its password is used once and kept nowhere:").format(again=again, name=name)
    )
    dialog.setTextEchoMode(QLineEdit.EchoMode.Password)
    dialog.textValueSelected.connect(given)
    dialog.open()


# ---- sends any text shown in the window to the translator, or to the page Write
#
# No page knows these: the request goes up from widget to widget until one of them, the window, has a signal for it.


def request_translation(source: QWidget, text: str) -> None:
    """Open `text`, which `source` shows, in the translator. Blank text is ignored."""
    _emit_above(source, "translate_requested", text.strip())


def request_writing(source: QWidget, text: str) -> None:
    _emit_above(source, "writing_requested", text.strip())


def request_document_translation(source: QWidget, path: Path) -> None:
    _emit_above(source, "document_translate_requested", path)


def pop_up_words_menu(source: QWidget, place: QPoint, words: str, text: str) -> None:
    menu = named(QMenu(source), "words_menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(words, lambda: request_translation(source, text))
    menu.popup(place)


class TranslatableText(QPlainTextEdit):
    @property
    def chosen(self) -> str:
        return self.textCursor().selectedText().replace("\u2029", "\n")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = named(self.createStandardContextMenu(), "text_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen = self.chosen
        menu.addSeparator()
        words = _("Translate the selection") if chosen else _("Translate this text")
        menu.addAction(words, lambda: request_translation(self, chosen or self.toPlainText()))
        menu.popup(event.globalPos())


def _emit_above(source: QWidget, name: str, given: str | Path) -> None:
    above: QWidget | None = source if given else None
    while above is not None:
        found = getattr(above, name, None)
        if isinstance(found, SignalInstance):
            found.emit(given)
            return
        above = above.parentWidget()

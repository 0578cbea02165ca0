"""An attachment of an unsent message, and its chip above the composer."""

from __future__ import annotations

import base64
import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from operator import attrgetter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRegularExpression, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QKeyEvent,
    QMouseEvent,
    QPixmap,
    QRegularExpressionValidator,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QScrollArea, QToolButton, QWidget

from slmdesk.base.documents import has_page_pictures
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Record
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.text.passages import count_words
from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import AttachMode, Json, counted_pages
from slmdesk.chat.types import AttachRequest
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.widgets.build import (
    ElidedLabel,
    FlowLayout,
    button,
    column,
    named,
    row,
    set_icon,
    set_kind,
    set_tip,
    tool_button,
)
from slmdesk.ui.kit.widgets.dialogs import LineQuestion, ask_password, show_used_text
from slmdesk.ui.kit.widgets.rows import Rows, tab_stops

if TYPE_CHECKING:
    from slmdesk.chat.attachments import MeasuredAttachment
    from slmdesk.ui.chat.attachments import AttachController

READING, READY, FAILED, LOCKED = "reading", "ready", "failed", "locked"
PASTED, INSERT = _("Pasted text"), _("Insert as text instead")
MOST_NAME = 40
"""Most characters of a file name within a sentence."""
_KEYS = count(1)
MODES = {
    AttachMode.AUTO: _("Automatic: whole where it fits"),
    AttachMode.WHOLE: _("Read whole"),
    AttachMode.PASSAGES: _("Only the passages that fit the question"),
    AttachMode.PICTURE: _("As a picture, for a model that sees"),
}


@dataclass(slots=True)
class Draft:
    """An attachment of an unsent message. Used on the window's thread."""

    name: str
    path: Path | None = None
    document: str = ""
    source: tuple[str, ...] = ()
    """Text of the attachment if it belongs to no document, for example pasted text."""
    mode: AttachMode = AttachMode.AUTO
    state: str = READING
    done: int = 0
    total: int = 0
    """Number of pages while the document is being read."""
    pages: int = 0
    unread: int = 0
    """Number of pages without text."""
    kind: str = "page"
    is_whole: bool | None = None
    """Whether the whole text will be read; None until the context was measured."""
    folder: str = ""
    """Id of a folder in the library. The folder is being read as long as `total` is not 0."""
    documents: int = 0
    """For a folder: number of documents that were read."""
    problem: str = ""
    size: tuple[int, int] = (0, 0)
    """Of a picture, which is in `source`."""
    is_unseen: bool = False
    """Whether it is a picture, and the model of the chat sees none."""
    is_read_instead: bool = False
    """Whether the text of a picture is read because the model sees no pictures."""
    pasted: bytes = b""
    """Of a picture from the clipboard: the file that was in it."""
    number: int = 1
    """The page of its file that is shown as a picture."""
    is_private: bool = False
    """True in a private chat, where the document is read without being stored."""
    key: str = field(default_factory=lambda: f"attachment {next(_KEYS)}")

    @property
    def is_pasted(self) -> bool:
        return bool(self.source) and self.path is None

    @property
    def is_picture(self) -> bool:
        return self.mode is AttachMode.PICTURE

    @property
    def is_settled(self) -> bool:
        return self.state != READING

    @property
    def request(self) -> AttachRequest:
        if self.folder:
            return AttachRequest(name=self.name, mode=AttachMode.PASSAGES, collection=self.folder)
        document = "" if self.is_picture else self.document
        return AttachRequest(document, self.name, self.source, self.kind, self.mode, size=self.size)

    @property
    def words(self) -> str:
        if self.state == FAILED:
            return self.problem
        if self.folder:
            return self._folder_words()
        if self.state == LOCKED:
            return _("locked: its password is needed")
        if self.state == READING and self.total:
            return _("reading, page {done:,} of {total:,}\u2026").format(done=self.done, total=self.total)
        if self.state == READING:
            return _("reading\u2026")
        if self.is_picture:
            return _("the model sees no pictures") if self.is_unseen else _("shown as a picture")
        pages = "" if self.is_pasted or not self.pages else counted_pages(self.pages, self.kind)
        unread = _("{unread:,} without words").format(unread=self.unread) if self.unread else ""
        return " \u00b7 ".join(filter(None, (self._use_words(), pages, unread)))

    def _folder_words(self) -> str:
        """Return a folder's description. It shows no size, as only passages that fit the question are read."""
        documents = ngettext("{n:,} document", "{n:,} documents", self.documents)
        reading = _("still reading, {done:,} of {total:,}").format(done=self.done, total=self.total)
        unread = _("{unread:,} could not be read").format(unread=self.unread)
        parts = {_("by passages"): True, documents: True, reading: self.total, unread: self.unread}
        return " \u00b7 ".join(part for part, is_said in parts.items() if is_said)

    def _use_words(self) -> str:
        if self.is_read_instead:
            return _("only its text: the model sees no pictures")
        return {None: "", True: _("whole"), False: _("by passages")}[self.is_whole]

    @property
    def kept(self) -> dict[str, Json]:
        """Return the form in which the attachment is saved with a draft, so that it survives a restart."""
        shape: dict[str, Json] = {"name": self.name, "mode": self.mode.value}
        if self.folder:
            shape["folder"] = self.folder
        elif self.source:
            shape |= {"source": list(self.source), "size": list(self.size)}
        elif self.document and self.state == READY:
            shape["document"] = self.document
        elif self.path is not None:
            shape["path"] = os.fsencode(self.path).hex()
        return shape


class KeptDraft(Record):
    name: str
    mode: AttachMode = AttachMode.AUTO
    folder: str = ""
    source: tuple[str, ...] = ()
    size: tuple[int, int] = (0, 0)
    document: str = ""
    path: str = ""
    """The path of the file in hexadecimal digits, as it may be no text."""


def draft_from(untrusted: Mapping[str, Json]) -> Draft | None:
    """Return the attachment in its saved form; None if that form is invalid."""
    kept = stored_from(KeptDraft, untrusted)
    if kept is None or not (kept.document or kept.source or kept.path or kept.folder):
        return None
    try:
        path = Path(os.fsdecode(bytes.fromhex(kept.path))) if kept.path else None
    except ValueError:
        return None
    return Draft(kept.name, path, kept.document, kept.source, kept.mode, folder=kept.folder, size=kept.size)


def pasted_draft(text: str, names: Container[str]) -> Draft:
    """Return an attachment with text from the clipboard. Its name has the number of words and is not in `names`."""
    words = count_words(text)
    size = ngettext("({n:,} word)", "({n:,} words)", words)
    named = (f"{PASTED} {size}" if number == 1 else f"{PASTED} {number} {size}" for number in count(1))
    return Draft(next(name for name in named if name not in names), source=(text,))


def reason_of(problem: Problem) -> str:
    """Return why a document cannot be used, for the line under its name: "is damaged (…)", without the path."""
    path = str(problem.args.get("path") or "")
    for subject in (path, PurePath(path).name) if path else ():
        for start in (_("The document {subject} ").format(subject=subject), f"{subject} "):
            if problem.sentence.startswith(start):
                return problem.sentence.removeprefix(start)
    return problem.short


def waiting_words(drafts: Sequence[Draft]) -> str:
    open_ones = [draft for draft in drafts if not draft.is_settled]
    if not open_ones:
        return ""
    if len(open_ones) == 1:
        name = open_ones[0].name
        short = name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 13]}\u2026{name[-12:]}"
        return _("Sends as soon as {short} is read.").format(short=short)
    return _("Sends as soon as {count} documents are read.").format(count=len(open_ones))


LEAST_LETTERS, MOST_LETTERS = 28, 72
"""Least and most width of a chip, in widths of the letter x. As many chips stand side by side as fit."""
MOST_ROWS, MOST_ROWS_LOW = 2.5, 1.5
"""Most visible rows of chips on a normal and on a low page. Further rows are reached by scrolling."""
LOW = 650
"""Page height in pixels below which the conversation has little room."""
BUTTON = 24
OPEN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Chip(QFrame):
    def __init__(self, draft: Draft, attached: AttachController, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "attachment_chip", kind="attachment")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._draft, self._attached = draft, attached
        self.requested_width = 1
        self._build_ui()

    def _build_ui(self) -> None:
        self._icon = named(QLabel(self), "chip_icon")
        self._name = ElidedLabel(self, name="chip_name", cut=Qt.TextElideMode.ElideMiddle)
        self._words = ElidedLabel(self, name="chip_words", kind="small")
        words = _("Read text")
        self._read = button(words, "chip_read_text", self, kind="quiet", on=self._read_text)
        self._read.hide()
        self._more = self._button("chip_more", "ellipsis", _("How it is read, and more"))
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_menu)
        self._more.setMenu(self._menu)
        self._remove = self._button("chip_remove", "x", _("Remove"))
        self._remove.clicked.connect(self._drop)
        lines = column(self._name, self._words, gap=0)
        sides = (theme.SPACE_8, theme.SPACE_4, theme.SPACE_4, theme.SPACE_4)
        self._parts = row(self._icon, (lines, 1), self._read, self._more, self._remove, into=self, gap=0, margins=sides)
        self._parts.insertSpacing(1, theme.SPACE_8)

    def _button(self, name: str, icon_name: str, words: str) -> QToolButton:
        made = tool_button(name, self, kind="tight", tip=words, icon=icon_name, colour="ink2")
        made.setIconSize(QSize(theme.ICON_SIZE - 2, theme.ICON_SIZE - 2))
        made.setFixedWidth(BUTTON)
        return made

    def _open(self) -> None:
        self._attached.open_text(self._draft.key)

    def _read_text(self) -> None:
        self._attached.read_text(self._draft.key)

    def _drop(self) -> None:
        self._attached.remove(self._draft.key)

    def show_draft(self, draft: Draft) -> None:
        self._draft = draft
        is_bad = draft.state in (FAILED, LOCKED)
        usual = "folder-open" if draft.folder else "file-text"
        set_icon(self._icon, "triangle-alert" if is_bad else usual, "danger" if is_bad else "ink2")
        if draft.is_picture and draft.source:
            shown = QPixmap()
            shown.loadFromData(base64.b64decode(draft.source[0]), "JPG")  # the reader's child made it
            self._icon.setPixmap(shown.scaledToHeight(2 * theme.ICON_SIZE, Qt.TransformationMode.SmoothTransformation))
        self._read.setVisible(draft.is_unseen)
        self._read.setAccessibleName(_("Read the text of {name}").format(name=draft.name))
        self._name.set_full_text(draft.name)
        self._words.set_full_text(draft.words)
        if is_bad:
            kind = "danger"
        elif draft.is_unseen:
            kind = "warn"
        else:
            kind = "small"
        if self._words.property("kind") != kind:
            set_kind(self._words, kind)
        self.setAccessibleName(_("Attached: {name}, {words}").format(name=draft.name, words=draft.words))
        set_tip(self, f"{draft.name}\n{draft.words}\n{self._hint()}")
        self._more.setAccessibleName(_("How {name} is read, and more").format(name=draft.name))
        self._remove.setAccessibleName(_("Remove {name}").format(name=draft.name))

    @property
    def needed_width(self) -> int:
        words = max(label.fontMetrics().horizontalAdvance(label.full_text) for label in (self._name, self._words))
        words += 1  # text widths are rounded, and half a pixel less would cut the text
        self._parts.activate()  # else the size stays that of the old text until the next turn
        return words + super().sizeHint().width() - max(self._name.sizeHint().width(), self._words.sizeHint().width())

    def _hint(self) -> str:
        if self._draft.state == LOCKED:
            return _("Click to enter the password.")
        if self._draft.is_picture:
            return ""
        shown = _("which documents it has") if self._draft.folder else _("the text that is used")
        return "" if self._draft.state in (READING, FAILED) else _("Click to see {shown}.").format(shown=shown)

    def sizeHint(self) -> QSize:
        """Return the size of the chip. All chips have the same width, so that they stand in columns."""
        return QSize(self.requested_width, super().sizeHint().height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in OPEN_KEYS:
            self._open()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._drop()
        else:
            super().keyPressEvent(event)

    def _fill_menu(self) -> None:
        self._menu.clear()
        usual = _("Show the documents") if self._draft.folder else _("Show the text that is used")
        words = _("Enter the password…") if self._draft.state == LOCKED else usual
        show = self._menu.addAction(words, self._open)
        show.setEnabled(self._draft.state not in (READING, FAILED) and not self._draft.is_picture)
        if not self._draft.folder:
            self._menu.addSeparator()
            self._add_modes()
        self._menu.addSeparator()
        if self._draft.is_pasted and not self._draft.is_picture:
            self._menu.addAction(INSERT, partial(self._attached.put_inline, self._draft.key))
        self._menu.addAction(_("Remove"), self._drop)

    def _add_modes(self) -> None:
        group = QActionGroup(self._menu)
        for mode, label in MODES.items():
            path, shows = self._draft.path, mode is AttachMode.PICTURE
            if shows != self._draft.is_picture and (not path or (shows and not has_page_pictures(path))):
                continue
            asks = shows and self._draft.pages > 1
            action = QAction(f"{label}…" if asks else label, group, checkable=True, checked=self._draft.mode is mode)
            choose = self._ask_page if asks else partial(self._attached.set_mode, self._draft.key, mode)
            action.triggered.connect(lambda _checked=False, choose=choose: choose())
            self._menu.addAction(action)

    def _ask_page(self) -> None:
        draft = self._draft
        words = _("Which of the {pages} is shown?").format(pages=counted_pages(draft.pages, "page"))

        def choose(typed: str) -> None:
            self._attached.set_mode(draft.key, AttachMode.PICTURE, int(typed))

        asking = LineQuestion(self, "page_dialog", draft.name, words, choose, text=str(draft.number), accept=_("Show"))
        asking.line.setValidator(QRegularExpressionValidator(QRegularExpression("[0-9]{1,9}"), asking))
        asking.open()


class AttachmentBar(QScrollArea):
    """Bar with the chips of all attachments, and what is asked and shown of them. Hidden while there are none."""

    chips_changed = Signal()

    def __init__(self, parent: QWidget, attached: AttachController) -> None:
        super().__init__(parent)
        self._attached = attached
        named(self, "attachment_bar", label=_("Attachments"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inner = named(QWidget(self), "attachment_inner")
        self._flow = FlowLayout(self._inner, gap=theme.SPACE_8)
        self._rows = Rows[Draft, Chip](self._flow, attrgetter("key"), self._make, Chip.show_draft)
        self.setWidget(self._inner)
        self.viewport().setAutoFillBackground(False)
        self._inner.setAutoFillBackground(False)
        self._space = 1000
        self._fit_timer = Delay(self, 0, self._fit)
        attached.shown.connect(self.show_drafts)
        attached.password_requested.connect(self._on_password_requested)
        attached.text_arrived.connect(self._on_text_arrived)
        attached.documents_arrived.connect(self._on_documents_arrived)
        self.setVisible(False)

    @property
    def chips(self) -> list[Chip]:
        return list(self._rows.rows.values())

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        return tuple(widget for chip in self.chips for widget in (chip, *tab_stops(chip.layout())))

    def show_drafts(self, drafts: Sequence[Draft]) -> None:
        before = list(self._rows.rows)
        self._rows.show(drafts)
        self.setVisible(bool(drafts))
        self._fit()
        if list(self._rows.rows) != before:
            self.chips_changed.emit()

    def _make(self, draft: Draft) -> Chip:
        chip = Chip(draft, self._attached, self._inner)
        chip.show()
        return chip

    def _on_password_requested(self, key: str, name: str, is_wrong: bool) -> None:
        ask_password(self, name, lambda word: self._attached.unlock(key, word), is_wrong=is_wrong)

    def _on_text_arrived(self, name: str, attachment: MeasuredAttachment) -> None:
        if attachment.text is None:
            intro = _(
                "{name} is too long for any model here: the passages that fit the question are read of it. "
                "This is how its text begins."
            ).format(name=name)
        else:
            intro = _("This is the text of {name} as a model is given it: {words:,} words.").format(
                name=name, words=attachment.words
            )
        show_used_text(self, title=name, intro=intro, text=attachment.text or attachment.sample)

    def _on_documents_arrived(self, folder: str, names: Sequence[str]) -> None:
        intro = _("The passages that fit the question are read of these {count:,} documents.").format(count=len(names))
        show_used_text(self, title=folder, intro=intro, text="\n".join(names))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit the chips again after a style or font change. It reaches the chips only in the next event loop turn."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_timer.start()

    def set_space(self, height: int) -> None:
        self._space = height
        self._fit()

    def _fit(self) -> None:
        if not (chips := self.chips):
            return
        gap = theme.SPACE_8
        width = max(self.viewport().width(), 1)
        letter = self.fontMetrics().horizontalAdvance("x")
        columns = min(len(chips), max(1, (width + gap) // (LEAST_LETTERS * letter + gap)))
        needed = max(LEAST_LETTERS * letter, *(chip.needed_width for chip in chips))
        for chip in chips:
            chip.requested_width = min(needed, MOST_LETTERS * letter, (width - (columns - 1) * gap) // columns)
            chip.updateGeometry()
        row = chips[0].sizeHint().height()
        requested = self._flow.heightForWidth(width)
        self._inner.setMinimumHeight(requested)
        rows = MOST_ROWS if self._space >= LOW else MOST_ROWS_LOW
        self.setFixedHeight(min(requested, int(row * rows) + gap))

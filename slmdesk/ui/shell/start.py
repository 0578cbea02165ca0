"""The start page: the field for a message, four cards that take files, and the last things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from slmdesk.base.records import Item
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.text import age_words
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.widgets import build
from slmdesk.ui.kit.widgets.build import ElidedButton, column, named, plain_label, row, set_icon, set_tip, show_column
from slmdesk.ui.kit.widgets.files import admit, dropped_paths
from slmdesk.ui.kit.widgets.rows import empty_layout, order_tabs
from slmdesk.ui.shell.better import BetterCard, BetterModel

COLUMN = 756
NARROW = 560
"""Width of the column, at the usual text size, below which the cards stand in one column."""
CARD_HEIGHT = 84
LOW = 540
"""Height of the page, at the usual text size, below which the way to a better model stands above the cards."""
MOST_RECENT = 8
DOCUMENT, TRANSLATE, COMPARE, WRITE = "document", "translate", "compare", "write"
CARDS = (
    (DOCUMENT, "file-text", _("Understand a document"), _("Summary, questions, reply, tables"), _("Drop to read")),
    (TRANSLATE, "languages", _("Translate"), _("Texts, Word, PowerPoint, PDF"), _("Drop to translate")),
    (
        COMPARE,
        "git-compare",
        _("Compare two versions"),
        _("What changed, word by word"),
        _("Drop two files to compare"),
    ),
    (WRITE, "pencil", _("Improve a text"), _("Spelling, wording, tone"), _("Drop to correct")),
)
KIND_ICONS = {"chat": "message-square", "translation": "languages", "writing": "pencil", "extraction": "table"}


class Card(QFrame):
    """A thing to do. A press opens its page; files dropped on it are worked on at once."""

    chosen = Signal(str)
    dropped = Signal(str, object)

    def __init__(self, key: str, icon: str, title: str, line: str, drop_words: str, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, f"card_{key}", label=f"{title}. {line}", kind="choice")
        self.setProperty(build.READ_AS_BUTTON, True)
        self._key, self._line_words, self._drop_words = key, line, drop_words
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAcceptDrops(True)
        sign = named(QLabel(self), f"card_{key}_icon")
        set_icon(sign, icon, "accent")
        heading = plain_label(title, self, name=f"card_{key}_title", kind="heading")
        self._line = plain_label(line, self, name=f"card_{key}_line", kind="muted")
        top = Qt.AlignmentFlag.AlignTop
        words = column(heading, self._line, 1, gap=0)
        margins = (theme.SPACE_24, theme.SPACE_16)
        row((sign, top), (words, 1), into=self, gap=theme.SPACE_16, margins=margins)
        self.setMinimumHeight(scaled(CARD_HEIGHT))

    def click(self) -> None:
        self.chosen.emit(self._key)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.click()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.click()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._light(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._light(False)
        if files := dropped_paths(event):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            admit(self, files, lambda paths: self.dropped.emit(self._key, list(paths)))

    def _light(self, is_over: bool) -> None:
        self._line.setText(self._drop_words if is_over else self._line_words)
        theme.set_look(self, "dropping", is_over)


class StartPage(QScrollArea):
    card_chosen = Signal(str)
    files_dropped = Signal(str, object)
    item_chosen = Signal(str)
    deadlines_chosen = Signal()
    shown = Signal()

    def __init__(self, way: BetterModel) -> None:
        super().__init__()
        named(self, "start_page", label=_("Start"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # as a stop of Tab it would lead back to the field
        self._shown: tuple[Sequence[Item], Mapping[str, int]] | None = None
        self._in_order: Sequence[QWidget] = ()
        self._build_ui(BetterCard(way, self, is_first=True, is_patient=True))
        self.show_recent((), {})

    def _build_ui(self, better: BetterCard) -> None:
        self.better = better
        better.built.connect(self._order_tabs)
        inner = named(QWidget(self), "start_inner")
        inner.setMinimumHeight(1)
        holder = self._holder = QWidget(inner)
        self._title = plain_label(_("What do you want to do?"), holder, name="start_title", kind="hero")
        self._title.setIndent(theme.SPACE_16)
        self._slot = QVBoxLayout()
        self._cards = [Card(*card, parent=holder) for card in CARDS]
        for card in self._cards:
            card.chosen.connect(self.card_chosen)
            card.dropped.connect(self.files_dropped)
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.SPACE_12)
        self._hint = plain_label(_("Or drop files on one of these."), holder, name="start_hint", kind="small")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._due = named(ElidedButton("", holder), "start_due", label=_("Deadlines"), kind="recent")
        set_icon(self._due, "calendar", "accent")
        self._due.clicked.connect(lambda _checked=False: self.deadlines_chosen.emit())
        self._due.hide()
        self._recent = column(gap=0, margins=(theme.SPACE_16, 0))
        lock = named(QLabel(holder), "start_lock")
        set_icon(lock, "lock", "ink2")
        stays = plain_label(_("Everything stays on this PC."), holder, name="start_stays", kind="muted", wraps=False)
        self._stays = QWidget(holder)
        row(1, lock, stays, 1, into=self._stays, gap=theme.SPACE_8)
        self._lay_out = column(
            self._title, self._slot, self._grid, self._hint, self._stays, better, self._due, self._recent, 1,
            into=holder, gap=theme.SPACE_16,
        )  # fmt: skip
        row(1, (holder, 1000), 1, into=inner, margins=(theme.SPACE_24, 0))
        show_column(self, inner)
        self._fit()

    def take_composer(self, composer: QWidget, in_order: Sequence[QWidget]) -> None:
        """Put the field for a message between the title and the cards, with its parts in the order of Tab. The page
        Chat takes it back.
        """
        self._slot.addWidget(composer)
        self._in_order = in_order
        self._order_tabs()

    def _order_tabs(self) -> None:
        recent = self._holder.findChildren(QWidget, "recent_item")
        order_tabs(*self._in_order, *self._cards, *self.better.in_order, self._due, *recent)

    def show_recent(self, items: Sequence[Item], to_check: Mapping[str, int]) -> None:
        """Show the items that were changed last, by age, and of each how much is to check. Without any item this is the
        first start.
        """
        if (items, to_check) == self._shown:
            return
        self._shown = items, to_check
        empty_layout(self._recent)
        today = date.today()
        for age, group in groupby(items, lambda item: age_words(item.updated, today)):
            heading = plain_label(age, self._holder, name="recent_day", kind="small")
            heading.setContentsMargins(theme.SPACE_8, theme.SPACE_16, 0, theme.SPACE_4)
            self._recent.addWidget(heading)
            for item in group:
                self._recent.addWidget(self._row(item, to_check.get(item.id, 0)))
        self._stays.setVisible(not items)
        self._order_tabs()

    def show_due(self, words: str) -> None:
        """Say what is due today, and was before. Nothing where nothing is."""
        told = _("Deadlines: {words}").format(words=words)
        self._due.setText(told)
        self._due.setAccessibleName(told)
        self._due.setVisible(bool(words))

    def _row(self, item: Item, to_check: int) -> QWidget:
        title = clean_label(item.shown_title) or _("Untitled")
        words = _("{count:,} to check").format(count=to_check) if to_check else ""
        label = ", ".join(filter(None, (title, words)))
        made = named(ElidedButton(title.replace("&", "&&"), self._holder), "recent_item", label=label, kind="recent")
        set_tip(made, title)
        set_icon(made, KIND_ICONS.get(item.kind, "file-text"), "ink2")
        made.clicked.connect(lambda _checked=False, id=item.id: self.item_chosen.emit(id))
        made.put_beside(plain_label(words, made, name="recent_open", kind="small", wraps=False))
        return made

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Put the cards into one or two columns, and the title at a twelfth of the height."""
        self._holder.setMaximumWidth(scaled(COLUMN))
        columns = 1 if self.viewport().width() < scaled(NARROW) else 2
        for at, card in enumerate(self._cards):
            self._grid.addWidget(card, at // columns, at % columns)
            card.setMinimumHeight(scaled(CARD_HEIGHT))
        at = 2 if self.viewport().height() < scaled(LOW) else 5  # in view, or where nothing moves when they come
        if self._lay_out.indexOf(self.better) != at:
            for part in (self.better, self._due):
                self._lay_out.removeWidget(part)
            self._lay_out.insertWidget(at, self.better)
            self._lay_out.insertWidget(at + 1, self._due)
        top = (
            scaled(60) if self._shown and self._shown[0] else max(theme.SPACE_24, self.viewport().height() * 12 // 100)
        )
        self._lay_out.setContentsMargins(0, top, 0, theme.SPACE_24)

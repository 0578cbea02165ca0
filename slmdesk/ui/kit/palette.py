"""The palette: a line to type in, and a list of actions, names and texts that match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Protocol, TypeVar

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCursor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPalette,
)
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)
from shiboken6 import isValid

from slmdesk.base.record import Record, changed
from slmdesk.base.records import Found, ModelRecord, title_words
from slmdesk.base.runtime.events import (
    DocumentChanged,
    DocumentGone,
    DocumentsChanged,
    ItemChanged,
    ItemGone,
    ItemsAdded,
    ModelsChanged,
)
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.text.folding import fold, folded_name, snippet_of
from slmdesk.base.texts import _
from slmdesk.base.types import retold_marks
from slmdesk.documents.search import TextHit
from slmdesk.documents.service import LibraryName
from slmdesk.documents.types import CollectionChanged, CollectionGone
from slmdesk.history.labels import KINDS, OTHER_KIND
from slmdesk.history.service import ItemTitle
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.theme import icon, scaled
from slmdesk.ui.kit.widgets.build import column, draw_snippet, named, plain_tip, without_marks

if TYPE_CHECKING:
    from slmdesk.services import Services

HINT = _("Find actions, chats, documents, settings…")
MOST_LETTERS = 200
WIDTH = 76
"""Width of the palette, in widths of the letter x."""
MOST_HEIGHT = 0.7
STAYING = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason, Qt.FocusReason.MenuBarFocusReason)
"""Reasons to lose focus that do not close the palette: another window came to the front, or the line's menu is open."""


class PaletteLine(QLineEdit):
    """Line to type in. It leaves the keys that move in the list to the panel."""

    left = Signal()
    stepped = Signal(int)

    def event(self, event: QEvent) -> bool:
        """Choose in the list on Tab, which therefore never leaves the palette."""
        key = event.key() if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress else None
        if key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self.stepped.emit(1 if key == Qt.Key.Key_Tab else -1)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _STEPS or event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in STAYING:
            self.left.emit()


class PalettePanel(QWidget):
    """Panel of the palette. It covers the whole window while it is open, so that a click beside the list closes it."""

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("palette")
        self._window = window
        self._before: QWidget | None = None
        """The widget that had the focus when the palette opened."""
        self.listing = Listing("")
        self._mouse = QCursor.pos()
        """Position of the mouse when the list was filled. A mouse that does not move chooses nothing."""
        self._build_ui()
        self.hide()
        self.line.left.connect(self._on_left)
        self.line.stepped.connect(self._step)
        self.list.itemEntered.connect(self._on_entered)
        self.list.itemClicked.connect(self._on_clicked)
        window.installEventFilter(self)

    def _build_ui(self) -> None:
        self._panel = named(QFrame(self), "palette_panel")
        self.line = named(PaletteLine(self._panel), "palette_line", label=HINT)
        self.line.setPlaceholderText(HINT)
        self.line.setMaxLength(MOST_LETTERS)
        self.list = named(QListWidget(self._panel), "palette_list", label=_("Found"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setItemDelegate(PalettePainter(self.list))
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column(self.line, (self.list, 1), into=self._panel, gap=theme.SPACE_8, margins=theme.SPACE_8)

    def open(self) -> None:
        self._before = self._window.focusWidget()
        self.line.clear()
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        self._place()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def end(self) -> None:
        """Close the palette, and give the focus back to the widget that had it."""
        if self.isHidden():
            return
        before, self._before = self._before, None
        self.hide()
        if before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def show_listing(self, listing: Listing) -> None:
        """Fill the list. If it only has more results for the same words, the chosen row stays chosen."""
        row = self.list.currentRow() if listing.words == self.listing.words else -1
        chosen = self._entry_at(row)
        self.listing, self._mouse = listing, QCursor.pos()
        self.list.clear()
        for section in listing.sections:
            count = (
                _(" ({count} of {total:,})").format(count=len(section.entries), total=section.total)
                if section.total > len(section.entries)
                else ""
            )
            self._say(section.heading + count)
            for entry in section.entries:
                self._add(entry, section.heading)
        if not listing.sections:
            self._say(
                _("Nothing found for “{words}”").format(words=listing.words) if listing.is_complete else _("Searching…")
            )
        same = row if chosen is not None and self._is_same(row, chosen) else 1
        self.list.setCurrentRow(same if self._entry_at(same) else -1)
        if same == 1:
            self.list.scrollToTop()
        else:
            self.list.scrollToItem(self.list.item(same))
        self._place()
        self._announce()

    def _add(self, entry: Entry, heading: str) -> None:
        item = QListWidgetItem(entry.name, self.list)
        item.setData(ENTRY_ROLE, entry)
        snippet = without_marks(entry.snippet)
        words = ", ".join(part for part in (entry.name, heading, entry.detail, entry.shortcut, snippet) if part)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        item.setToolTip(plain_tip("\n".join(part for part in (entry.name, snippet) if part)))

    def _say(self, words: str) -> None:
        QListWidgetItem(words, self.list).setFlags(Qt.ItemFlag.NoItemFlags)

    def _entry_at(self, row: int) -> Entry | None:
        item = self.list.item(row) if row >= 0 else None
        entry = item.data(ENTRY_ROLE) if item else None
        return entry if isinstance(entry, Entry) else None

    def _is_same(self, row: int, entry: Entry) -> bool:
        now = self._entry_at(row)
        return now is not None and (now.name, now.detail, now.snippet) == (entry.name, entry.detail, entry.snippet)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle the keys that the line does not use. No key reaches the page behind the palette."""
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self._entry_at(self.list.currentRow()))
        elif event.key() in _STEPS:
            self._step(_STEPS[Qt.Key(event.key())])
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._panel.geometry().contains(event.position().toPoint()):
            self.end()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._window.rect())
            self._place()
        return False

    def _step(self, by: int) -> None:
        """Choose another entry. A single step past an end continues at the other end; a page step stops there."""
        rows = [row for row in range(self.list.count()) if self._entry_at(row)]
        if not rows:
            return
        current = self.list.currentRow()
        at = rows.index(current) + by if current in rows else 0
        at = at % len(rows) if abs(by) == 1 else min(max(at, 0), len(rows) - 1)
        self.list.setCurrentRow(rows[at])
        if at == 0:
            self.list.scrollToTop()  # with its heading
        self._announce()

    def _on_entered(self, item: QListWidgetItem) -> None:
        if item.data(ENTRY_ROLE) is not None and QCursor.pos() != self._mouse:
            self.list.setCurrentItem(item)

    def _on_clicked(self, item: QListWidgetItem) -> None:
        self._choose(self._entry_at(self.list.row(item)))

    def _on_left(self) -> None:
        self._before = None
        self.end()

    def _choose(self, entry: Entry | None) -> None:
        if entry is not None:
            self.end()
            self.chosen.emit(entry)

    def _place(self) -> None:
        space = self.rect().adjusted(theme.SPACE_16, theme.SPACE_16, -theme.SPACE_16, -theme.SPACE_16)
        width = min(WIDTH * self.fontMetrics().horizontalAdvance("x"), space.width())
        rows = sum(self.list.sizeHintForRow(row) for row in range(self.list.count()))
        needed = self.line.sizeHint().height() + rows + 3 * theme.SPACE_8 + 2 * self._panel.frameWidth() + 4
        height = min(needed, int(MOST_HEIGHT * self.height()), space.height())
        top = min(space.top() + self.height() // 12, space.bottom() - height)
        self._panel.setGeometry(QRect(space.left() + (space.width() - width) // 2, top, width, height))

    def _announce(self) -> None:
        """Have screen readers read the chosen entry, since the focus stays in the line."""
        if QAccessible.isActive():
            item = self.list.currentItem() or self.list.item(0)
            words = item.data(Qt.ItemDataRole.AccessibleTextRole) or item.text() if item else ""
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.list, str(words)))


_STEPS = {
    Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8,
}  # fmt: skip


class Named(Protocol):
    @property
    def folded(self) -> str: ...


N = TypeVar("N", bound=Named)


def matching(names: Sequence[N], words: str) -> Sequence[N]:
    """Return the names in which every typed word stands, in their own order. It runs at each key press."""
    typed = fold(words).split()
    return [name for name in names if all(word in name.folded for word in typed)]


MOST_NAMES, MOST_HITS = 6, 12
SEARCH_AFTER_MS = 80
"""Milliseconds after the last key until texts are searched. Searches during typing would only slow it down."""
RECENT_ITEMS, RECENT_DOCUMENTS = 5, 3


class Openers(Record):
    item: Callable[[ItemTitle], object]
    message: Callable[[Found, str], object]
    """Called with a found message and the words that found it."""
    name: Callable[[LibraryName], object]
    passage: Callable[[TextHit], object]
    model: Callable[[str], object]


class PaletteController(QObject):
    """Finds what the palette lists. Names are found at once in memory.

    Texts are searched on the service thread, one search at a time, for the newest words. Results for older words are
    dropped.
    """

    listed = Signal(object)

    def __init__(self, bridge: Bridge, openers: Openers, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="palette_controller")
        self._bridge, self._open = bridge, openers
        self.names: Live[Names] = Live(
            bridge, self, lambda: _all_names, Names(), on=CHANGES, refused=self._on_names_refused, is_watched=False
        )
        self._offers = Offers()
        self._words = ""
        self._sections: list[Section] = []
        self._hits: list[Section] = []
        self._search_timer = Delay(self, SEARCH_AFTER_MS, self._search)
        self._is_open = self._is_searching = self._is_searched = False
        self.names.changed.connect(self._on_names_changed)

    def begin(self, offers: Offers) -> None:
        self._offers, self._is_open = offers, True
        self.names.refresh()
        self._words = ""
        self._list()

    def end(self) -> None:
        self._is_open, self._words, self._offers = False, "", Offers()

    def find(self, words: str) -> None:
        words = " ".join(words.split())
        if words != self._words:
            self._words = words
            self._list()

    def _on_names_changed(self) -> None:
        if self._is_open:
            self._sections = self._found_names() if self._words else self._first_sections()
            self._report()

    def _on_names_refused(self, problem: Problem) -> None:
        self._bridge.problem_met.emit(problem)
        self._report()

    def _list(self) -> None:
        self._hits, self._is_searched = [], not _is_searchable(self._words)
        self._sections = self._found_names() if self._words else self._first_sections()
        self._report()
        self._search_timer.start()

    def _first_sections(self) -> list[Section]:
        names = self.names.value
        items = [self._item_entry(item, with_kind=True) for item in names.items[:RECENT_ITEMS]]
        documents = [name for name in names.library if not name.is_folder][:RECENT_DOCUMENTS]
        recent = [*items, *map(self._name_entry, documents)]
        return [Section(_("Actions"), self._offers.useful), Section(_("Recent"), recent)]

    def _found_names(self) -> list[Section]:
        names, offers = self.names.value, self._offers
        models = [self._model_entry(model) for model in names.models]
        with_kind = partial(self._item_entry, with_kind=True)
        return [
            self._section(_("Actions"), offers.actions, _as_it_is),
            self._section(_("Pages"), offers.pages, _as_it_is),
            self._section(_("Settings"), offers.settings, _as_it_is),
            self._section(_("Models"), models, _as_it_is),
            self._section(_("Documents"), names.library, self._name_entry),
            self._section(_("Chats"), names.chats, self._item_entry),
            self._section(_("Spaces"), names.spaces, self._item_entry),
            self._section(_("Translations"), names.translations, self._item_entry),
            self._section(_("Summaries, questions and tables"), names.results, with_kind),
        ]

    def _section(self, heading: str, names: Sequence[N], entry_of: Callable[[N], Entry]) -> Section:
        found = matching(names, self._words)
        return Section(heading, [entry_of(name) for name in found[:MOST_NAMES]], len(found))

    def _item_entry(self, title: ItemTitle, *, with_kind: bool = False) -> Entry:
        kind, icon = KINDS.get(title.kind, OTHER_KIND)
        return Entry(title.name or _(kind), icon, partial(self._open.item, title), _(kind) if with_kind else "")

    def _name_entry(self, name: LibraryName) -> Entry:
        icon, detail = ("folder-open", _("Folder")) if name.is_folder else ("file-text", name.folder)
        return Entry(name.name, icon, partial(self._open.name, name), detail)

    def _model_entry(self, model: ModelRecord) -> Entry:
        return Entry(model.name, "cpu", partial(self._open.model, model.id), _("Use this model"))

    def _search(self) -> None:
        """Search the texts for the newest words. If a search is running, this happens after it."""
        if self._is_searching or self._is_searched or not self._is_open:
            return
        self._is_searching, words = True, self._words
        self._bridge.ask(
            lambda services: (
                services.history.search(words, limit=MOST_HITS + 1, archived=False),
                services.documents.search_typed(words, MOST_HITS + 1),
            ),
            partial(self._on_found, words),
            self._on_refused,
        )

    def _on_found(self, words: str, hits: tuple[Sequence[Found], Sequence[TextHit]]) -> None:
        self._is_searching = False
        if words != self._words:
            self._search()
            return
        self._is_searched = True
        kinds = {item.id: item.kind for item in self.names.value.items}
        messages = [self._message_entry(hit, kinds.get(hit.item, "")) for hit in hits[0] if hit.message]
        passages = [self._passage_entry(hit) for hit in hits[1]]
        self._hits = [_newest(_("In chats and results"), messages), _newest(_("In documents"), passages)]
        self._report()

    def _on_refused(self, problem: Problem) -> None:
        self._is_searching, self._is_searched = False, True
        self._bridge.problem_met.emit(problem)
        self._report()

    def _message_entry(self, hit: Found, kind: str) -> Entry:
        name, icon = KINDS.get(kind, OTHER_KIND)
        choose = partial(self._open.message, hit, self._words)
        return Entry(
            " ".join(title_words(hit.title, kind).split()) or _(name),
            icon,
            choose,
            _(name),
            snippet=retold_marks(hit.snippet),
        )

    def _passage_entry(self, hit: TextHit) -> Entry:
        place = _("Page {page}").format(page=hit.page) if hit.page else ""
        choose = partial(self._open.passage, hit)
        name = " ".join(hit.name.split())
        return Entry(name, "file-text", choose, place, snippet=snippet_of(hit.words, self._words))

    def _report(self) -> None:
        sections = tuple(section for section in chain(self._sections, self._hits) if section.entries)
        self.listed.emit(Listing(self._words, sections, self._is_searched and not self.names.is_coming))


def _as_it_is(entry: Entry) -> Entry:
    return entry


def _newest(heading: str, entries: Sequence[Entry]) -> Section:
    """Return a section of passages found in texts. One more than shown was requested, to tell if there are more."""
    is_cut = len(entries) > MOST_HITS
    return Section(
        _("{heading}: the newest {most_hits}").format(heading=heading, most_hits=MOST_HITS) if is_cut else heading,
        entries[:MOST_HITS],
    )


def _is_searchable(words: str) -> bool:
    """Return whether texts are searched for these words. A single letter would match too many."""
    letters = "".join(words.split())
    return len(letters) > 1 or not letters.isascii()


CHANGES = (
    ItemChanged, ItemGone, ItemsAdded, DocumentChanged, DocumentGone, DocumentsChanged, CollectionChanged,
    CollectionGone, ModelsChanged,
)  # fmt: skip
CHAT, SPACE, TRANSLATION = "chat", "space", "translation"


class Names(Record):
    """All names that the palette can find. Each list has the last used first."""

    items: Sequence[ItemTitle] = ()
    chats: Sequence[ItemTitle] = ()
    spaces: Sequence[ItemTitle] = ()
    translations: Sequence[ItemTitle] = ()
    results: Sequence[ItemTitle] = ()
    """Items of every other kind."""
    library: Sequence[LibraryName] = ()
    """Folders, followed by documents."""
    models: Sequence[ModelRecord] = ()


def _told(title: ItemTitle) -> ItemTitle:
    """Return a title that the program made in the language of the window, in which it is searched for too."""
    name = title_words(title.name, title.kind)
    return title if name == title.name else changed(title, name=name, folded=folded_name(name))


def _all_names(services: Services) -> Names:
    """Return all names. Service thread."""
    from slmdesk.models.service import for_chat  # imported late: the window starts without it

    items = [_told(title) for title in services.history.titles()]
    return Names(
        items=items,
        chats=[item for item in items if item.kind == CHAT],
        spaces=[item for item in items if item.kind == SPACE],
        translations=[item for item in items if item.kind == TRANSLATION],
        results=[item for item in items if item.kind not in (CHAT, SPACE, TRANSLATION)],
        library=services.documents.names(),
        models=for_chat(services.models.list()),
    )


ENTRY_ROLE = int(Qt.ItemDataRole.UserRole)
LEADS = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading)
ENDS = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignTrailing)
HEADING_SIZE = 0.87


class PalettePainter(QStyledItemDelegate):
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row. Untrusted text is drawn as plain text."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        entry = index.data(ENTRY_ROLE)
        if isinstance(entry, Entry):
            self._draw_entry(painter, option, entry)
        else:
            self._draw_heading(painter, option, str(index.data()))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        entry = index.data(ENTRY_ROLE)
        line = max(option.fontMetrics.height(), scaled())
        has_snippet = isinstance(entry, Entry) and entry.snippet
        return QSize(80, line + theme.SPACE_8 + (option.fontMetrics.height() + 2 if has_snippet else 0))

    def _draw_heading(self, painter: QPainter, option: QStyleOptionViewItem, words: str) -> None:
        palette: QPalette = option.palette
        font = QFont(option.font)
        font.setPointSizeF(font.pointSizeF() * HEADING_SIZE)
        painter.setFont(font)
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        inner: QRect = option.rect.adjusted(theme.SPACE_8, theme.SPACE_4, -theme.SPACE_8, 0)
        shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideMiddle, inner.width())
        painter.drawText(inner, LEADS, shown)

    def _draw_entry(self, painter: QPainter, option: QStyleOptionViewItem, entry: Entry) -> None:
        palette: QPalette = option.palette
        area: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
            painter.drawRoundedRect(area, theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
        inner = area.adjusted(theme.SPACE_8, 0, -theme.SPACE_8, 0)
        line = QRect(inner)
        if entry.snippet:
            line.setHeight(line.height() - option.fontMetrics.height() - 2 - theme.SPACE_4)
            line.translate(0, theme.SPACE_4)
        size = scaled()
        place = QRect(line.left(), line.top() + (line.height() - size) // 2, size, size)
        drawn = icon(entry.icon, palette.color(QPalette.ColorRole.PlaceholderText), size=size)
        drawn.paint(painter, QStyle.visualRect(option.direction, area, place))
        line.setLeft(line.left() + size + theme.SPACE_8)
        below = QRect(line.left(), line.bottom() + 1, line.width(), option.fontMetrics.height())
        self._draw_line(painter, option, entry, line)
        if entry.snippet:
            draw_snippet(painter, QStyle.visualRect(option.direction, area, below), entry.snippet, palette)

    def _draw_line(self, painter: QPainter, option: QStyleOptionViewItem, entry: Entry, line: QRect) -> None:
        palette, metrics, area = option.palette, option.fontMetrics, option.rect
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        for words, space in ((entry.shortcut, line.width() // 2), (entry.detail, line.width() // 3)):
            if words:
                shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, space)
                painter.drawText(QStyle.visualRect(option.direction, area, line), ENDS, shown)
                line.setRight(line.right() - metrics.horizontalAdvance(shown) - theme.SPACE_16)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        name = metrics.elidedText(entry.name, Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(QStyle.visualRect(option.direction, area, line), LEADS, name)


class Entry(Record):
    """A line of the palette that can be chosen."""

    name: str
    icon: str
    choose: Callable[[], object]
    detail: str = ""
    shortcut: str = ""
    snippet: str = ""
    """Text around found words. Each found word is between U+E000 and U+E001."""
    also: str = ""
    """Other words by which it is found."""

    @property
    def folded(self) -> str:
        return fold(f"{self.name}\n{self.also}")


class Section(Record):
    heading: str
    entries: Sequence[Entry]
    total: int = 0
    """Number of all matches. It is shown if it is larger than the number of entries."""


class Listing(Record):
    words: str
    sections: Sequence[Section] = ()
    is_complete: bool = True
    """False while texts are still searched. Sections may then be added at the end."""


class Offers(Record):
    actions: Sequence[Entry] = ()
    pages: Sequence[Entry] = ()
    settings: Sequence[Entry] = ()
    useful: Sequence[Entry] = ()

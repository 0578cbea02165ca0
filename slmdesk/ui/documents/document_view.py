"""The view of the shown document: its title and tabs, the result at the left, and at the right its pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from slmdesk.base.documents import (
    Attachment,
    Block,
    Note,
    Page,
    PageStatus,
    attachment_line,
    doubtful_spans,
    is_recording,
)
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.runtime.events import DocumentProgress
from slmdesk.base.runtime.messages import bytes_for_people, problem_of, time_for_people
from slmdesk.base.texts import _, grouped, retold
from slmdesk.base.times import times_of
from slmdesk.base.types import counted_pages, page_word
from slmdesk.claims.einvoices import Finding, finding_words
from slmdesk.documents.search import FoundPlaces
from slmdesk.documents.types import (
    file_of,
    info_of,
    notes_of,
    page_ranges,
    parent_of,
    recognised,
    size_words,
    unread,
    unread_reason,
)
from slmdesk.ui.documents.controller import LOCKED, STOPPED, DocumentsController, is_file
from slmdesk.ui.documents.page_view import PageView
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.base.shortcuts import show_keys
from slmdesk.ui.kit.base.theme import ThemeKeeper, scaled
from slmdesk.ui.kit.panes import SidePanel
from slmdesk.ui.kit.widgets.bars import FindBar, thin_bar
from slmdesk.ui.kit.widgets.build import (
    FlowLayout,
    NameLabel,
    breakable,
    button,
    column,
    named,
    plain_label,
    row,
    set_icon,
    set_tip,
    show_column,
    show_words,
    text_line,
    tool_button,
)
from slmdesk.ui.kit.widgets.parts import Popover
from slmdesk.ui.kit.widgets.requests import (
    NAMELESS,
    READ_ALOUD,
    can_read,
    request_document_translation,
    request_nameless,
    request_reading,
    request_translation,
)
from slmdesk.ui.kit.widgets.rows import empty_layout, order_tabs, tab_stops

if TYPE_CHECKING:
    from slmdesk.ui.documents.playing import PlayBar

BESIDE = 860
"""Width of the view, at the usual text size, below which the pages are a drawer over the result."""
PAGES_WIDTH = 502
LEAST_RESULT, MOST_RESULT = 440, 812
DRAWER = 0.62
"""Share of the view's width that the drawer takes."""
HEAD_HEIGHT = 56
CROWDED = ("table", "versions")
"""Panes with controls of their own above what they show. There the translation is an entry of the menu."""
FEW_PAGES = 100
"""Number of pages up to which every update is shown. A longer document is updated only now and then while read."""
SUMMARY_MS = 500
ACTIONS = (
    ("again", _("Read again")),
    ("translate", _("Translate")),
    ("redact", _("Redact")),
    ("nameless", NAMELESS),
    ("searchable", _("Save as searchable PDF…")),
    ("folder", _("Open folder")),
    ("remove", _("Remove from the list")),
)
Spans = Mapping[int, Sequence[tuple[int, int]]]
"""Spans of characters to mark, by page number."""


class DocumentView(QFrame):
    action_chosen = Signal(str, str)

    def __init__(self, controller: DocumentsController, keeper: ThemeKeeper, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("documents_work")
        self._controller, self._keeper = controller, keeper
        self.record: DocumentRecord | None = None
        self._pages: Sequence[Page] = ()
        self._total = 0
        self._spans_requested: tuple[str, Spans] | None = None
        self._marked: Spans = {}
        """Marks that are shown again when the person no longer points at a source."""
        self._hinted = False
        self._summary_timer = Delay(self, SUMMARY_MS, self._show_coverage)
        self._is_drawn = False
        """Whether the pages are shown over the result, where there is no room for both."""
        self.coverage = ""
        """How much of the document was read, such as "3 of 4 pages read, 1 empty"."""
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self._attached = AttachedBar(self._controller, self)
        self.side = SidePanel(self)
        self.about = AboutDocument(self._controller, self)
        self.about.page_chosen.connect(self._check_page)
        self._about_popover = Popover(self, "about_popover", label=_("About this document"), width=420)
        column(self.about, into=self._about_popover, margins=theme.SPACE_8)
        self._unread_popover = Popover(self, "unread_popover", label=_("Pages that were not read"))
        self._unread_list = column(into=self._unread_popover, gap=theme.SPACE_4, margins=theme.SPACE_16)
        self._progress = thin_bar("reading_progress", self, _("Reading the document"), keeps_place=True)
        self._body = named(QFrame(self), "document_body")
        self._body.setMinimumSize(240, 160)
        self._left = named(QFrame(self._body), "document_pages", label=_("Pages of the document"))
        self.side.setParent(self._body)
        self.find_bar = FindBar(self._left)
        self.find_bar.hide()
        self.view = PageView(self._keeper, self._controller.pages, self._left)
        self._pill = PagePill(self._left)
        self.player: PlayBar | None = None
        column(self.find_bar, (self.view, 1), into=self._left, gap=0)
        self._left.raise_()
        self._unread = UnreadDocument(self._choose, self)
        parts = (self._head(), self._tab_row(), self._progress, self._attached, (self._body, 1), (self._unread, 1))
        column(*parts, into=self, gap=0)

    def _head(self) -> QFrame:
        head = self._bar = named(QFrame(self), "document_head")
        self._title = NameLabel(head, name="document_title", kind="heading")
        self._sign = named(QLabel(head), "document_state_sign")
        set_icon(self._sign, "check", "ink2")
        self._state = plain_label("", head, name="document_state", kind="muted", wraps=False)
        tip = _("See which pages, and why")
        self._loud = button("", "document_unread_button", head, kind="warn", label=tip, tip=tip, on=self._on_loud)
        set_icon(self._loud, "triangle-alert", "warn")
        on = self._controller.turn_reading
        self._stop = button(_("Pause"), "stop_reading_button", head, kind="quiet", on=on)
        label, tip = _("Translate this document"), _("Translate this document into a file of the same kind")
        name, on = "translate_document_button", self._on_translate
        self._translate = tool_button(name, head, icon="languages", label=label, tip=tip, on=on)
        tip = _("Open a document, or another one of the list")
        self.opening = tool_button("document_open_button", head, _("Open"), icon="folder-open", tip=tip)
        self.opening.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        tip = _("What else can be done with the document")
        self._more = tool_button("document_more_button", head, _("More"), label=_("More"), tip=tip)
        self.menu = named(QMenu(self._more), "document_more_menu")
        self.menu.aboutToShow.connect(self._fill_menu)
        self._more.setMenu(self.menu)
        state = (self._title, self._sign, self._state, self._loud, self._stop)
        margins = (theme.SPACE_24, 0, theme.SPACE_16, 0)
        row(*state, 1, self.opening, self._translate, self._more, into=head, gap=theme.SPACE_8, margins=margins)
        return head

    def _tab_row(self) -> QHBoxLayout:
        tip = _("Show or hide the pages of the document")
        self._page = button(
            _("Page"), "page_button", self, folds=True, icon="book-open", tip=tip, shortcut="documents.page",
            label=_("Page"), on=self.turn_page,
        )  # fmt: skip
        margins = (theme.SPACE_24, 0, theme.SPACE_16, theme.SPACE_8)
        return row(self.side.tabs, 1, self._page, margins=margins)

    def _connect(self) -> None:
        controller, pages, view = self._controller, self._controller.pages, self.view
        controller.shown.connect(self._on_shown)
        controller.progressed.connect(self._on_progressed)
        pages.first_page_expected.connect(lambda page: view.show_pages([page]))
        pages.listed.connect(self._on_pages_listed)
        pages.found.connect(self._on_found)
        pages.covered.connect(self._on_covered)
        view.page_reached.connect(lambda number: self._pill.show_page(number, view.count))
        view.menu_requested.connect(self._on_page_menu)
        view.place_clicked.connect(self._on_place_clicked)
        self._pill.page_chosen.connect(view.go_to)
        self._pill.find_button.clicked.connect(self.find_words)
        self.find_bar.words_changed.connect(pages.find)
        self.find_bar.left.connect(self._on_find_left)
        self.find_bar.place_chosen.connect(lambda at: self.view.point_at(at.page, (at.start, at.end)))
        self._attached.all_requested.connect(self.show_about)
        self.side.needs_width.connect(self._make_space)
        self.side.pane_shown.connect(self._make_space)
        self.side.pane_shown.connect(lambda name: self._translate.setHidden(name in CROWDED))
        for watched in (self._body, self._left):
            watched.installEventFilter(self)

    def order_tabs(self) -> None:
        """Let Tab go through the head, the tabs, the result, and then the pages beside it."""
        head = (*tab_stops(self._bar.layout()), self.side.tabs, self._page)
        inside: list[QWidget] = []
        part = self.side.nextInFocusChain()
        while part is not None and part is not self.side:
            if self.side.isAncestorOf(part) and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
                inside.append(part)
            part = part.nextInFocusChain()
        pages = (*tab_stops(self.find_bar.layout()), self.view, *tab_stops(self._pill.layout()))
        order_tabs(*head, *inside[:1])
        order_tabs(*inside[-1:], *pages)

    def show_title(self, words: str) -> None:
        """Show what the tabs are about, where it is not the shown document alone."""
        self._title.set_full_text(words)
        self._show_coverage()

    def _on_shown(self, record: DocumentRecord | None) -> None:
        is_other = (record.id if record else "") != (self.record.id if self.record else "")
        self.record = record
        self._attached.show_document(record)
        if record is None:
            self.about.clear()
            return
        if is_other:
            self.find_bar.reset()
            self._total, self._marked, self._hinted = 0, {}, False
            self._on_pages_listed([], True)  # remove the pages of the document shown before
            self._is_drawn = False
            self._make_space()
        self._show_unread(record)
        self._title.set_full_text(record.name)
        self._translate.setEnabled(is_file(record))
        is_reading = record.status is DocumentStatus.READING
        self._progress.setVisible(is_reading)
        self._stop.setText(_("Pause") if is_reading else _("Go on"))
        self._stop.setVisible(is_reading or (record.error_code == STOPPED and record.pages > 0))
        self._progress.setRange(0, 0)
        if is_reading:
            self._say(_("Reading…"))
        self._show_coverage()

    def _on_pages_listed(self, pages: Sequence[Page], reset: bool) -> None:
        self._pages = pages
        self.view.show_pages(pages, reset=reset)
        self._pill.show_page(max(1, self.view.reached), len(pages))
        self._show_player()
        if reset or len(pages) < FEW_PAGES:
            self._show_coverage()
        elif not self._summary_timer.isActive():
            self._summary_timer.start()
        if self._spans_requested and self._controller.current == self._spans_requested[0]:
            requested = self._spans_requested[1]
            if pages and pages[-1].number >= min(requested):
                self._spans_requested = None
                self.go_to_spans(requested)

    def _show_player(self) -> None:
        """Show what plays a recording, of which the last page's label says where it ends."""
        path = file_of(self.record) if self.record is not None and is_recording(file_of(self.record)) else None
        if path is not None and self.player is None:
            from slmdesk.ui.documents.playing import PlayBar  # late: few documents are recordings

            self.player = PlayBar(self._controller.bridge, self.view, self._left)
            cast(QVBoxLayout, self._left.layout()).insertWidget(0, self.player)
        if self.player is not None:
            times = times_of(self._pages[-1].label) if self._pages else None
            self.player.show_recording(path, times[1] if times else 0.0)

    def play(self, spans: Spans) -> None:
        """Play a recording from the first of these passages on. Does nothing for another document."""
        if spans and self.player is not None and not self.player.isHidden():
            number = min(spans)
            start = min(spans[number])[0]
            self._controller.pages.ask_page(number, lambda page: self._play_from(page, lambda at: at.end > start))

    def _play_from(self, page: Page, is_meant: Callable[[Block], bool]) -> None:
        times = next((times_of(block.place) for block in page.blocks if is_meant(block)), None)
        if times is not None and self.player is not None and not self.player.isHidden():
            self.player.play_at(times[0])

    def _on_place_clicked(self, number: int, character: int) -> None:
        if self.player is not None and (sheet := self.view.sheets.find(number)) is not None:
            self._play_from(sheet.page, lambda block: block.start == character)
        attachments = info_of(self.record).attachments if self.record else ()
        line = self.view.line_at(number, character) if attachments else ""
        clicked = next(
            (attachment for attachment in attachments if attachment.format and line == attachment_line(attachment)),
            None,
        )
        if clicked is not None:
            self._controller.open_attachment(clicked.index)

    def _on_progressed(self, event: DocumentProgress) -> None:
        self._total = event.total
        of = _(" of {total:,}").format(total=event.total) if event.total else ""
        left = _(", {time} left").format(time=time_for_people(event.eta_s)) if event.eta_s else ""
        unit = page_word(info_of(self.record).page_kind if self.record else "page")
        self._say(_("Reading: {done:,}{of} {unit}{left}").format(done=event.done, of=of, unit=unit, left=left))
        self._progress.setRange(0, event.total)
        self._progress.setValue(event.done)

    def _on_found(self, places: FoundPlaces) -> None:
        self._hinted, self._marked = False, places.by_page
        self.view.mark(self._marked)
        self.find_bar.show_found(places.places, is_all=places.is_all)

    def _on_covered(self, covered: FoundPlaces, chosen: FoundPlaces) -> None:
        """Show black what is to be covered, but mark what is chosen, so that it can be read."""
        read, black = chosen.by_page, covered.by_page
        both = {page: [*read.get(page, ()), *black.get(page, ())] for page in {**read, **black}}
        self._hinted, self._marked = False, {page: sorted(set(spans)) for page, spans in both.items()}
        self.view.mark(self._marked, {page: set(spans) - set(read.get(page, ())) for page, spans in black.items()})
        self.find_bar.show_found(chosen.places, is_all=chosen.is_all)

    def find_words(self) -> None:
        self.show_pages()
        self.find_bar.show()
        self.find_bar.begin()

    def _on_find_left(self) -> None:
        self.find_bar.hide()
        self.view.setFocus()

    def open_at(self, document: str, spans: Spans) -> None:
        """Show a document and mark these characters, by page number, as soon as their page is listed."""
        if self._controller.current == document:
            self.go_to_spans(spans)
        else:
            self._spans_requested = (document, spans)
            self._controller.show_document(document)

    def go_to_spans(self, spans: Spans) -> None:
        self.find_bar.leave()
        self._hinted, self._marked = False, spans
        self.view.mark(spans)
        if spans:
            self.show_pages()
            self.view.go_to(min(spans), to_mark=True)

    @property
    def _is_wide(self) -> bool:
        return self._body.width() >= scaled(BESIDE)

    @property
    def result_width(self) -> int:
        """The width of a result beside the pages, or of all where they are a drawer."""
        width = self._body.width()
        beside = min(max(width - scaled(PAGES_WIDTH), scaled(LEAST_RESULT)), scaled(MOST_RESULT))
        return beside if self._is_wide else width

    def show_pages(self) -> None:
        """Show the pages, beside the result or, if there is no room, over it."""
        self._is_drawn = True
        self.side.give_width(self.side.current, False)
        self._make_space()

    def hide_pages(self) -> None:
        self._is_drawn = False
        if self._is_wide:
            self.side.give_width(self.side.current, True)
        self._make_space()

    def turn_page(self) -> None:
        if self._left.isHidden():
            self.show_pages()
        else:
            self.hide_pages()

    def hint_spans(self, spans: Spans | None) -> None:
        """Mark a source while a person points at it, and bring it into sight. None restores the marks from before."""
        if spans is not None:
            self._hinted = True
            self.view.mark(spans)
            if spans:
                self.view.go_to(min(spans), to_mark=True, is_gentle=True)
        elif self._hinted:
            self._hinted = False
            self.view.mark(self._marked)

    def _choose(self, action: str) -> None:
        self.action_chosen.emit(self._controller.current, action)

    def translate(self, document: str) -> None:
        """Translate a document into a file of the same format. If that is impossible, a notice says so."""
        path = self._controller.own_file(document, _("to translate it"))
        if path is not None:
            request_document_translation(self, path)

    def _on_translate(self) -> None:
        if self.record is not None:
            self.translate(self.record.id)

    def _on_page_menu(self, number: int, place: QPoint) -> None:
        menu = named(QMenu(self), "page_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        translate = lambda page: request_translation(self, page.text)  # noqa: E731
        menu.addAction(_("Translate this page"), partial(self._controller.pages.ask_page, number, translate))
        if self.record is not None and is_file(self.record):
            menu.addAction(_("Translate this document"), self._on_translate)
        nameless = lambda page: request_nameless(self, page.text)  # noqa: E731
        menu.addAction(NAMELESS, partial(self._controller.pages.ask_page, number, nameless))
        sheet = self.view.sheets.find(number)
        mark = lambda start, end: self.hint_spans({number: [(start, end)]} if end > start else None)  # noqa: E731
        if sheet is not None and sheet.page.status is PageStatus.READ and can_read():
            # where words stand on a picture takes up to a second to find: longer than they are said
            read = lambda page: request_reading(self, page.text, mark, by_words=not sheet.is_pictured)  # noqa: E731
            menu.addAction(READ_ALOUD, partial(self._controller.pages.ask_page, number, read))
        menu.popup(place)

    def _fill_menu(self) -> None:
        self.menu.clear()
        named(self.menu.addAction(_("About this document"), self.show_about), "about_action")
        if (record := self.record) is None:
            return
        for key, words in self._controller.actions(record.id, ACTIONS):
            if key not in ("redact", "" if self._translate.isHidden() else "translate"):  # a tab and a button
                action = self.menu.addAction(words, partial(self.action_chosen.emit, record.id, key))
                action.setObjectName(f"document_{key}_action")

    def show_about(self) -> None:
        if self.record is not None:
            self.about.show_document(self.record, self._pages, _trouble_of(self.record))
            self.about.setMinimumHeight(min(self.about.inner.sizeHint().height(), self.height() // 2))
            self._about_popover.toggle(self._more)

    def _check_page(self, number: int) -> None:
        """Show a page that was read off a picture, with the words that may be misread marked."""
        self._about_popover.dismiss()
        self.show_pages()
        self.view.go_to(number)
        self._controller.pages.ask_page(number, lambda page: self.go_to_spans({number: doubtful_spans(page)}))

    def _on_loud(self) -> None:
        empty_layout(self._unread_list)
        groups: dict[str, list[int]] = {}
        for page in self._pages:
            if page.status not in (PageStatus.READ, PageStatus.EMPTY):
                groups.setdefault(unread_reason(page.reason) or _("could not be read"), []).append(page.number)
        unit = page_word(info_of(self.record).page_kind if self.record else "page")
        for reason, numbers in groups.items():
            words = f"{unit.capitalize()} {page_ranges(numbers)}: {reason}"
            on = partial(self._go_to_unread, numbers[0])
            self._unread_list.addWidget(button(words, "unread_page_button", self._unread_popover, kind="text", on=on))
        if self.record is not None and (trouble := _trouble_of(self.record)):
            self._unread_list.addWidget(plain_label(breakable(trouble), self._unread_popover, name="unread_trouble"))
        again = partial(self.action_chosen.emit, self.record.id if self.record else "", "again")
        self._unread_list.addWidget(button(_("Read again"), "unread_again_button", self._unread_popover, on=again))
        self._unread_popover.toggle(self._loud)

    def _go_to_unread(self, number: int) -> None:
        self._unread_popover.dismiss()
        self.show_pages()
        self.view.go_to(number)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            if watched is self._body:
                self._make_space()
            else:
                self._pill.place(self.view)
        return False

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_unread"):
            self._make_space()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not self._is_wide and self._is_drawn:
            self.hide_pages()
        else:
            super().keyPressEvent(event)

    def _show_unread(self, record: DocumentRecord) -> None:
        is_unread = record.status is DocumentStatus.FAILED and not record.pages
        if is_unread:
            self._unread.show_reason(record, _trouble_of(record))
        self._unread.setVisible(is_unread)
        self._body.setVisible(not is_unread)

    def _make_space(self, *_event: object) -> None:
        """Place the result and the pages. The result keeps its place and, but for tables, its width."""
        self._bar.setFixedHeight(scaled(HEAD_HEIGHT))
        self._fit_page_button()
        width = self._body.width()
        height = self._body.height()
        is_wide = self._is_wide
        has_pages, result = not self.side.has_space if is_wide else self._is_drawn, self.result_width
        focus = QApplication.focusWidget()
        if not has_pages and focus is not None and self._left.isAncestorOf(focus):
            self.side.setFocus()  # otherwise Qt would move the focus anywhere
        is_grown = not has_pages and hasattr(self.side.currentWidget(), "width_requested")
        self.side.setGeometry(0, 0, width if is_grown else result, height)
        left = result if is_wide else width - round(DRAWER * width)
        right = theme.SPACE_12
        self._left.setGeometry(left, 0, max(0, width - left - right), max(0, height - right))
        self._left.setVisible(has_pages)
        self._page.setChecked(has_pages)
        self._pill.place(self.view)

    def _fit_page_button(self) -> None:
        """Show the icon of the button alone where its word would touch the tabs."""
        words = self._page.fontMetrics().horizontalAdvance(_("Page"))
        icon = self._page.sizeHint().width() - self._page.fontMetrics().horizontalAdvance(self._page.text())
        around = theme.SPACE_24 + theme.SPACE_16 + theme.SPACE_16
        has_room = self.side.tabs.sizeHint().width() + icon + words + around <= self.width()
        shown = _("Page") if has_room else ""
        if self._page.text() != shown:
            self._page.setText(shown)

    def _say(self, words: str) -> None:
        self._loud.hide()
        self._sign.setVisible(bool(words) and not self._stop.isVisibleTo(self))
        show_words(self._state, words)

    def _show_coverage(self) -> None:
        record = self.record
        if record is None:
            return
        kind = info_of(record).page_kind
        counts = Counter(_state_of(page) for page in self._pages)
        is_read = record.status is DocumentStatus.READ
        total = info_of(record).pages if is_read else max(self._total, len(self._pages))
        counts[WAITING] += max(0, total - len(self._pages))
        total = max(total, len(self._pages))
        read = _("{read:,} of {counted} read").format(read=counts[READ], counted=counted_pages(total, kind))
        others = [f"{grouped(counts[state])} {state}" for state in (EMPTY, UNREADABLE, WAITING) if counts[state]]
        self.coverage = ", ".join([read, *others]) if total else ""
        self._state.setToolTip(self.coverage)
        if record.status is DocumentStatus.READING:
            return
        if info_of(record).counts.get(Note.PARTLY_DAMAGED):
            read = _("damaged, {read}").format(read=read)
        is_loud = bool(counts[UNREADABLE] or (total and record.status is DocumentStatus.FAILED))
        is_alone = self._title.full_text == record.name
        self._say(counted_pages(total, kind) if total and is_alone and not is_loud else "")
        show_words(self._loud, read if is_loud else "")
        if self.about.isVisible():
            self.about.show_document(record, self._pages, _trouble_of(record))


READ, EMPTY, UNREADABLE, WAITING = _("read"), _("empty"), _("could not be read"), _("not read yet")


def _state_of(page: Page) -> str:
    return {PageStatus.READ: READ, PageStatus.EMPTY: EMPTY}.get(page.status, UNREADABLE)


def _trouble_of(record: DocumentRecord) -> str:
    return problem_of(record.error_code, record.error_args).short if record.error_code else ""


class PagePill(QFrame):
    """Floats over the foot of the pages: the page, which can be typed, steps to those beside it, and the search."""

    page_chosen = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "page_pill", kind="pill")
        self._at = self._total = 1
        self._before = self._step("previous_page_button", "chevron-left", _("Previous page"), -1)
        label, tip = _("Number of the page"), _("Type a number; Enter goes to the page")
        self._line = text_line("page_number", self, "", label=label, tip=tip, most=7)
        self._line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._line.returnPressed.connect(self._on_typed)
        self._line.editingFinished.connect(self._show_number)
        self._line.installEventFilter(self)
        self._words = plain_label("", self, name="page_count", wraps=False)
        self._after = self._step("next_page_button", "chevron-right", _("Next page"), 1)
        words = _("Find in the document")
        self.find_button = tool_button("find_in_document_button", self, icon="search", label=words)
        show_keys(self.find_button, "documents.find", words)
        parts = (self._before, self._line, self._words, self._after, self.find_button)
        row(*parts, into=self, gap=0, margins=(theme.SPACE_8, 2))

    def _step(self, name: str, icon: str, words: str, step: int) -> QToolButton:
        on = lambda: self.page_chosen.emit(self._at + step)  # noqa: E731
        return tool_button(name, self, icon=icon, label=words, tip=words, on=on)

    def show_page(self, number: int, total: int) -> None:
        self._at, self._total = number, max(total, 1)
        if not (self._line.hasFocus() and self._line.isModified()):  # what is being typed stays
            self._show_number()
        self._words.setText(f" / {grouped(self._total)} ")
        self._before.setEnabled(number > 1)
        self._after.setEnabled(number < total)
        self.place(self.parentWidget())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            QTimer.singleShot(0, self._line, self._line.selectAll)  # once the press of the mouse has set its place
        return False

    def _show_number(self) -> None:
        self._line.setText(str(self._at))

    def _on_typed(self) -> None:
        if (typed := self._line.text().strip()).isdecimal():
            self.page_chosen.emit(min(max(int(typed), 1), self._total))

    def place(self, view: QWidget | None) -> None:
        parent = self.parentWidget()
        if view is not None and parent is not None:
            digits = "0" * max(4, len(str(self._total)) + 1)
            self._line.setFixedWidth(self._line.fontMetrics().horizontalAdvance(digits) + theme.SPACE_16)
            self.adjustSize()
            middle = view.mapTo(parent, QPoint(view.width() // 2, 0)).x() if view is not parent else parent.width() // 2
            self.move(middle - self.width() // 2, parent.height() - self.height() - theme.SPACE_12)
            self.raise_()


MOST_ATTACHMENTS = 50


MOST_RECOGNISED = 30
"""Most pages that are listed with how surely they were read off pictures."""


class AboutDocument(QScrollArea):
    page_chosen = Signal(int)
    """Emitted with the number of a page that was read off a picture, and is to be checked."""

    def __init__(self, controller: DocumentsController, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        named(self, "about_document", label=_("About this document"))
        self._times_shown = 0
        self.setMinimumWidth(200)
        inner = self.inner = named(QFrame(self), "about_inner")
        self._column = column(1, into=inner, gap=theme.SPACE_8, margins=theme.SPACE_16)
        show_column(self, inner)

    def show_document(self, record: DocumentRecord, pages: Sequence[Page], problem: str) -> None:
        self.clear()
        info = info_of(record)
        self._times_shown += 1
        self._controller.ask_findings(record.id, partial(self._show_findings, self._times_shown))
        self._add(info.title or record.name, "heading")
        if info.author:
            self._add(info.author, "muted")
        if problem:
            self._add(problem, "danger")
        if record.status is DocumentStatus.READ:
            read = sum(page.status is PageStatus.READ for page in pages)
            counted = counted_pages(info.pages, info.page_kind)
            self._add(_("{read:,} of {counted} have words that were read.").format(read=read, counted=counted))
            if info.sheets:
                words = _("{size}, in {counted}: long ones are parted.")
                self._add(words.format(size=size_words(info), counted=counted))
            if words := unread(list(pages), info.page_kind):
                self._add(words, "warn")
        for sentence in notes_of(info):
            self._add(sentence)
        for number, sentence, is_doubtful in islice(recognised(pages), MOST_RECOGNISED):
            self._add(sentence, "small")
            if is_doubtful:
                on = partial(self.page_chosen.emit, number)
                words = _("Show them on page {number}").format(number=number)
                shown = button(words, "check_page_button", self, kind="text", on=on)
                self._column.insertWidget(self._column.count() - 1, shown)
        if info.encoding:
            doubt = f" ({retold(info.doubt)})" if info.doubt else ""
            self._add(_("Letters stored as {encoding}{doubt}.").format(encoding=info.encoding, doubt=doubt), "small")
        self._add("  ·  ".join(fact for fact in (bytes_for_people(record.bytes), record.format) if fact), "small")
        self._add(str(file_of(record)), "small")
        if info.attachments:
            self._add(_("Contents"), "strong")
            for attachment in info.attachments[:MOST_ATTACHMENTS]:
                self._add_attachment(attachment)

    def _show_findings(self, time_shown: int, findings: Sequence[Finding]) -> None:
        """Show what is wrong with an e-invoice, below the title."""
        for finding in reversed(findings) if time_shown == self._times_shown else ():
            self._add(finding_words(finding), "danger" if finding.is_sure else "warn", at=1)

    def clear(self) -> None:
        empty_layout(self._column, keep=1)

    def _add_attachment(self, attachment: Attachment) -> None:
        label = _attachment_words(attachment)
        if not attachment.format:
            self._add(label, "muted")
            return
        opening = button(_("Open {name}").format(name=attachment.name[:60]), "attachment_button", self, label=label)
        opening.clicked.connect(lambda: self._controller.open_attachment(attachment.index))
        self._column.insertWidget(self._column.count() - 1, opening, 0, Qt.AlignmentFlag.AlignLeft)

    def _add(self, words: str, kind: str = "", *, at: int = 0) -> None:
        label = plain_label(breakable(words), self, name="about_line", kind=kind)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._column.insertWidget(at or self._column.count() - 1, label)


MOST_SHOWN = 6
MOST_LETTERS = 40


class AttachedBar(QFrame):
    all_requested = Signal()

    def __init__(self, controller: DocumentsController, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self.setObjectName("attached_bar")
        self._shown: tuple[object, ...] = ()
        self._row = FlowLayout(self, gap=theme.SPACE_8)
        self.setContentsMargins(theme.SPACE_12, 0, theme.SPACE_12, theme.SPACE_4)
        self.setVisible(False)

    def show_document(self, record: DocumentRecord | None) -> None:
        attachments = info_of(record).attachments if record is not None else ()
        __, parent = parent_of(record) if record is not None else ("", "")
        if self._shown == (attachments, parent):
            return
        self._shown = (attachments, parent)
        empty_layout(self._row)
        if parent:
            self._add_parent(parent)
        if attachments:
            self._row.addWidget(plain_label(_("Attached:"), self, name="attached_words", kind="small", wraps=False))
        for attachment in attachments[:MOST_SHOWN]:
            self._add(attachment)
        if len(attachments) > MOST_SHOWN:
            words = _("{count:,} more…").format(count=len(attachments) - MOST_SHOWN)
            more = button(words, "attached_more", self, kind="quiet", on=self.all_requested)
            self._row.addWidget(more)
        self.setVisible(bool(parent or attachments))

    def _add_parent(self, name: str) -> None:
        self._row.addWidget(plain_label(_("Attached to"), self, name="attached_to_words", kind="small", wraps=False))
        label, on = _("Open {name}, to which this is attached").format(name=name), self._controller.open_parent
        self._button(_short(name), "attached_to", label=label, on=on)

    def _add(self, attachment: Attachment) -> None:
        opening = self._button(_short(attachment.name), "attached_document", label=_attachment_words(attachment))
        opening.setEnabled(bool(attachment.format))
        opening.clicked.connect(lambda: self._controller.open_attachment(attachment.index))

    def _button(self, words: str, name: str, *, label: str, **options: Any) -> QPushButton:
        words = words.replace("&", "&&")
        made = button(words, name, self, kind="quiet", icon="file-text", label=label, **options)
        set_tip(made, label)
        self._row.addWidget(made)
        return made


def _attachment_words(attachment: Attachment) -> str:
    words = _("Open the attachment {name}, {size}") if attachment.format else _("{name} ({size}) cannot be read.")
    return words.format(name=attachment.name, size=bytes_for_people(attachment.bytes))


def _short(name: str) -> str:
    """Return the beginning and the end of a long name. The end is kept since the suffix shows the format."""
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 12]}…{name[-11:]}"


class UnreadDocument(QFrame):
    def __init__(self, choose: Callable[[str], object], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("document_unread")
        self._title = plain_label("", self, name="unread_title", kind="heading")
        self._reason = plain_label("", self, name="unread_reason")
        self._again = button(_("Try again"), "read_again_button", self, on=partial(choose, "again"))
        for label in (self._title, self._reason):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        steps = row(1, self._again, gap=theme.SPACE_8)
        for name, words in (("other", _("Choose another file…")), ("remove", _("Remove from the list"))):
            steps.addWidget(button(words, f"unread_{name}_button", self, kind="text", on=partial(choose, name)))
        steps.addStretch(1)
        column(2, self._title, self._reason, steps, 3, into=self, gap=theme.SPACE_12, margins=theme.SPACE_24)

    def show_reason(self, record: DocumentRecord, reason: str) -> None:
        title, again = _("{name} could not be read"), _("Try again")
        if record.error_code in LOCKED:
            title, again = _("{name} is locked"), _("Enter the password…")
        elif record.error_code == STOPPED:
            title, again, reason = _("Reading is paused"), _("Go on"), ""
        self._title.setText(breakable(title.format(name=record.name)))
        show_words(self._reason, breakable(reason))
        self._again.setText(again)

"""The view of the shown document: its pages, the panes beside them, and a strip below that shows how much was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QMenu, QPushButton, QScrollArea, QWidget

from slmdesk.base.documents import Attachment, Page, PageStatus, attachment_line
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.texts import _
from slmdesk.base.types import counted_pages, page_word
from slmdesk.library.search import FoundPlaces
from slmdesk.library.types import file_of, info_of, notes_of, parent_of, size_words, unread
from slmdesk.library.window.controller import LOCKED, DocumentsController, is_file
from slmdesk.library.window.page_overview import EMPTY, READ, UNREADABLE, WAITING, Cell, CoverageStrip, Thumbnails
from slmdesk.library.window.page_view import PageView
from slmdesk.runtime.events import DocumentProgress
from slmdesk.runtime.messages import bytes_for_people, problem_of, time_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Delay
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.panes import SidePanel
from slmdesk.window.widgets.bars import FindBar, thin_bar
from slmdesk.window.widgets.build import (
    ElidedLabel,
    FlowLayout,
    breakable,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
    show_column,
    split,
    tool_button,
)
from slmdesk.window.widgets.dialogs import request_document_translation, request_translation
from slmdesk.window.widgets.rows import empty_layout

NARROW_LINES = 30
"""Width of the view, in line heights, below which only the pages or only the panes are shown."""
FEW_PAGES = 100
"""Number of pages up to which every update is shown. A longer document is updated only now and then while read."""
SUMMARY_MS = 500
THUMB_LINES = 24
Spans = Mapping[int, Sequence[tuple[int, int]]]
"""Spans of characters to mark, by page number."""
_STATES = {PageStatus.READ: READ, PageStatus.EMPTY: EMPTY}


class DocumentView(QFrame):
    layout_changed = Signal()

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
        self._shows_side = False
        """Whether the panes are shown instead of the pages, if there is no room for both."""
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self._title = ElidedLabel(self, name="document_title")
        self._attached = AttachedBar(self._controller, self)
        self._reading = self._reading_bar()
        self.find_bar = FindBar(self)
        self.view = PageView(self._keeper, self)
        self._strip = CoverageStrip(self._keeper, self)
        self.side, self.about = SidePanel(self), AboutDocument(self._controller, self)
        self._left = named(QFrame(self), "document_pages")
        self.thumbnails = Thumbnails(self._keeper, self._left)
        self._unread = UnreadDocument(self._controller, self._left)
        pages = row(self.thumbnails, (self.view, 1), (self._unread, 1), gap=0)
        column(self.find_bar, (pages, 1), into=self._left, gap=0)
        self.body = split("document_splitter", self, self._left, self.side, sizes=(520, 340), grows=0)
        self._coverage = plain_label("", self, name="coverage_words", kind="small")
        margins = (theme.SPACE_12, theme.SPACE_4, theme.SPACE_12, theme.SPACE_8)
        foot = column(self._strip, self._coverage, gap=2, margins=margins)
        column(self._head(), self._attached, self._reading, (self.body, 1), foot, into=self, gap=0)

    def _head(self) -> QHBoxLayout:
        tip = _("Show or hide the small pages at the left")
        self._small = tool_button("thumbnails_button", self, icon="gallery", label=_("Small pages"), tip=tip)
        self._small.setCheckable(True)
        self._small.setChecked(True)
        tip = _("What can be done with the document; the pages come back from there")
        self._to_side = button(_("Summary, questions…"), "show_panes_button", self, kind="quiet", tip=tip)
        self._to_side.clicked.connect(self.show_panes)
        label, tip = _("Translate this document"), _("Translate this document into a file of the same kind")
        name, on = "translate_document_button", self._on_translate
        self._translate = tool_button(name, self, icon="languages", label=label, tip=tip, on=on)
        margins = (theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, theme.SPACE_4)
        parts = (self._small, (self._title, 1), self._translate, self._to_side)
        return row(*parts, gap=theme.SPACE_8, margins=margins)

    def _reading_bar(self) -> QFrame:
        bar = named(QFrame(self), "reading_bar")
        self._reading_words = plain_label("", bar, name="reading_words", kind="muted")
        label = _("Stop reading the document")
        stop = button(_("Stop"), "stop_reading_button", bar, label=label, on=self._controller.stop_reading)
        self._progress = thin_bar("reading_progress", bar, _("Reading the document"))
        margins = (theme.SPACE_12, 0, theme.SPACE_12, theme.SPACE_4)
        column(row((self._reading_words, 1), stop), self._progress, into=bar, margins=margins)
        return bar

    def _connect(self) -> None:
        controller, pages, view = self._controller, self._controller.pages, self.view
        controller.shown.connect(self._on_shown)
        controller.progressed.connect(self._on_progressed)
        pages.first_page_expected.connect(lambda page: view.show_pages([page]))
        pages.listed.connect(self._on_pages_listed)
        pages.text_received.connect(view.show_text)
        pages.picture_received.connect(view.show_picture)
        pages.boxes_received.connect(view.show_boxes)
        pages.picture_failed.connect(view.show_without_picture)
        pages.thumbnail_received.connect(self.thumbnails.show_picture)
        pages.found.connect(self._on_found)
        view.text_requested.connect(pages.ask_text)
        view.picture_requested.connect(pages.ask_picture)
        view.page_reached.connect(self._strip.show_reached)
        view.page_reached.connect(self.thumbnails.show_reached)
        view.menu_requested.connect(self._on_page_menu)
        view.place_clicked.connect(self._on_place_clicked)
        self.thumbnails.picture_requested.connect(pages.ask_thumbnail)
        self.thumbnails.page_chosen.connect(view.go_to)
        self._small.toggled.connect(self._on_small_toggled)
        self._strip.page_chosen.connect(view.go_to)
        self.find_bar.words_changed.connect(pages.find)
        self.find_bar.place_chosen.connect(lambda at: self.view.point_at(at.page, (at.start, at.end)))
        self._attached.all_requested.connect(lambda: self.side.show_pane("about"))
        self.side.needs_width.connect(lambda _wants: self._make_space())
        self.side.pane_shown.connect(self._on_pane_shown)
        self.side.pages_requested.connect(self.show_pages)
        self._left.installEventFilter(self)
        self.body.splitterMoved.connect(lambda *__: self.layout_changed.emit())

    @property
    def has_thumbnails(self) -> bool:
        """Whether thumbnails are switched on. They are only visible if there is room."""
        return self._small.isChecked()

    def show_thumbnails(self, is_shown: bool) -> None:
        self._small.setChecked(is_shown)

    # ---- events

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
            self._strip.light([])
            self._strip.show_reached(1)
            self._on_pages_listed([], True)  # remove the pages of the document shown before
        self._show_unread(record)
        self._title.set_full_text(record.name)
        self._translate.setVisible(is_file(record))
        self._reading.setVisible(record.status is DocumentStatus.READING)
        self._reading_words.setText(_("Reading…"))
        self._progress.setRange(0, 0)
        self._show_coverage()

    def _on_pages_listed(self, pages: Sequence[Page], reset: bool) -> None:
        self._pages = pages
        self.view.show_pages(pages, reset=reset)
        self.thumbnails.show_pages(pages, reset=reset or len(pages) < self.thumbnails.count)
        if reset or len(pages) < FEW_PAGES:
            self._make_space()
            self._show_coverage()
        elif not self._summary_timer.isActive():
            self._summary_timer.start()
        if self._spans_requested and self._controller.current == self._spans_requested[0]:
            requested = self._spans_requested[1]
            if pages and pages[-1].number >= min(requested):
                self._spans_requested = None
                self.go_to_spans(requested)

    def _on_place_clicked(self, number: int, character: int) -> None:
        """Open the attachment if the clicked line names one."""
        attachments = info_of(self.record).attachments if self.record else ()
        line = self.view.line_at(number, character) if attachments else ""
        found = next(
            (attachment for attachment in attachments if attachment.format and line == attachment_line(attachment)),
            None,
        )
        if found is not None:
            self._controller.open_attachment(found.index)

    def _on_small_toggled(self, _is_shown: bool) -> None:
        self._make_space()
        self.layout_changed.emit()

    def _on_progressed(self, event: DocumentProgress) -> None:
        self._total = event.total
        of = _(" of {total:,}").format(total=event.total) if event.total else ""
        left = _(", {time} left").format(time=time_for_people(event.eta_s)) if event.eta_s else ""
        unit = page_word(info_of(self.record).page_kind if self.record else "page")
        self._reading_words.setText(
            _("Reading: {done:,}{of} {unit}{left}").format(done=event.done, of=of, unit=unit, left=left)
        )
        self._progress.setRange(0, event.total)
        self._progress.setValue(event.done)

    def _on_found(self, found: FoundPlaces) -> None:
        spans: dict[int, list[tuple[int, int]]] = {}
        for place in found.places:
            spans.setdefault(place.page, []).append((place.start, place.end))
        self._hinted, self._marked = False, spans
        self._controller.pages.set_marks(spans)
        self.view.mark(spans)
        self.find_bar.show_found(found.places, is_all=found.is_all)

    def open_at(self, document: str, spans: Spans) -> None:
        """Show a document and mark these characters, by page number, as soon as their page is listed."""
        if self._controller.current == document:
            self.go_to_spans(spans)
        else:
            self._spans_requested = (document, spans)
            self._controller.show_document(document)

    def go_to_spans(self, spans: Spans) -> None:
        """Mark characters by page number, scroll to the first, and highlight their pages in the strip."""
        self._hinted = False
        self._mark(spans)
        if spans:
            self.show_pages()
            self.view.go_to(min(spans), to_mark=True)

    def show_pages(self) -> None:
        """Show the pages, if there is only room for either pages or panes."""
        self._shows_side = False
        self._make_space()

    def show_panes(self) -> None:
        self._shows_side = True
        self._make_space()

    def hint_spans(self, spans: Spans | None) -> None:
        """Mark a source while a person points at it. None restores the marks from before."""
        if spans is not None:
            self._hinted = True
            self._show_marks(spans)
        elif self._hinted:
            self._hinted = False
            self._show_marks(self._marked)

    def _mark(self, spans: Spans) -> None:
        self.find_bar.leave()
        self._marked = spans
        self._show_marks(spans)

    def _show_marks(self, spans: Spans) -> None:
        self._controller.pages.set_marks(spans)
        self.view.mark(spans)
        self._strip.light(list(spans))

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
        menu.addAction(_("Translate this page"), partial(self._translate_page, number))
        if self.record is not None and is_file(self.record):
            menu.addAction(_("Translate this document"), self._on_translate)
        menu.popup(place)

    def _translate_page(self, number: int) -> None:
        self._controller.pages.ask_page(number, lambda page: request_translation(self, page.text))

    def _on_pane_shown(self, name: str) -> None:
        self.show_panes()
        if name == "about":
            self._show_coverage()

    # ---- Qt's own

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._left and event.type() == QEvent.Type.Resize:
            self._fit_thumbs()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_space()

    # ---- private

    def _show_unread(self, record: DocumentRecord) -> None:
        is_unread = record.status is DocumentStatus.FAILED and not record.pages
        if is_unread:
            self._unread.show_reason(record.name, _trouble_of(record), is_locked=record.error_code in LOCKED)
        self._unread.setVisible(is_unread)
        self.view.setVisible(not is_unread)
        self.find_bar.setVisible(not is_unread)

    def _make_space(self) -> None:
        is_wide = self.width() >= NARROW_LINES * self.fontMetrics().lineSpacing()
        has_side = is_wide or self._shows_side or self.side.has_space
        has_pages = not self.side.has_space and (is_wide or not self._shows_side)
        focus = QApplication.focusWidget()
        if not has_side and focus is not None and self.side.isAncestorOf(focus):
            self.view.setFocus()  # otherwise Qt would move the focus anywhere
        self.side.setVisible(has_side)
        self.side.stand_alone(not has_pages)
        self._left.setVisible(has_pages)
        self._to_side.setVisible(not has_side)
        self._fit_thumbs()

    def _fit_thumbs(self) -> None:
        has_space = self._left.width() >= THUMB_LINES * self.fontMetrics().lineSpacing()
        can_be_small = not self._left.isHidden() and self.thumbnails.count > 1 and has_space
        self.thumbnails.setVisible(can_be_small and self._small.isChecked())
        self._small.setVisible(can_be_small)
        beside = max(self._small.sizeHint().height(), self._to_side.sizeHint().height())
        self._title.setMinimumHeight(beside)  # so that the view below does not move when they are hidden

    def _show_coverage(self) -> None:
        record = self.record
        if record is None:
            return
        info = info_of(record)
        cells = [Cell(page.number, _STATES.get(page.status, UNREADABLE), page.reason) for page in self._pages]
        total = info.pages if record.status is DocumentStatus.READ else max(self._total, len(cells))
        cells += [Cell(number, WAITING) for number in range(len(cells) + 1, total + 1)]
        self._strip.show_cells(cells, info.page_kind)
        self._coverage.setText(self._strip.sentence if cells else "")
        if record.status is DocumentStatus.READING and self.side.current != "about":
            return
        self.about.show_document(record, self._pages, _trouble_of(record))


def _trouble_of(record: DocumentRecord) -> str:
    return problem_of(record.error_code, record.error_args).sentence if record.error_code else ""


# ---- the pane about a document


MOST_ATTACHMENTS = 50


class AboutDocument(QScrollArea):
    def __init__(self, controller: DocumentsController, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self.setObjectName("about_document")
        self.setMinimumWidth(200)
        inner = named(QFrame(self), "about_inner")
        self._column = column(1, into=inner, gap=theme.SPACE_8, margins=theme.SPACE_16)
        show_column(self, inner)

    def show_document(self, record: DocumentRecord, pages: Sequence[Page], problem: str) -> None:
        self.clear()
        info = info_of(record)
        self._add(info.title or record.name, "heading")
        if info.author:
            self._add(info.author, "muted")
        if problem:
            self._add(problem, "danger")
        if record.status is DocumentStatus.READ:
            read = sum(page.status.value == "read" for page in pages)
            self._add(
                _("{read:,} of {counted} have words that were read.").format(
                    read=read, counted=counted_pages(info.pages, info.page_kind)
                )
            )
            if info.sheets:
                self._add(
                    _("{size}, in {counted}: long ones are parted.").format(
                        size=size_words(info), counted=counted_pages(info.pages, info.page_kind)
                    )
                )
            if words := unread(list(pages), info.page_kind):
                self._add(words, "warn")
        for sentence in notes_of(info):
            self._add(sentence)
        if info.encoding:
            doubt = f" ({info.doubt})" if info.doubt else ""
            self._add(_("Letters stored as {encoding}{doubt}.").format(encoding=info.encoding, doubt=doubt), "small")
        self._add("  ·  ".join(fact for fact in (bytes_for_people(record.bytes), record.format) if fact), "small")
        self._add(str(file_of(record)), "small")
        if info.attachments:
            self._add(_("Contents"), "strong")
            for attachment in info.attachments[:MOST_ATTACHMENTS]:
                self._add_attachment(attachment)

    def clear(self) -> None:
        empty_layout(self._column, keep=1)

    def _add_attachment(self, attachment: Attachment) -> None:
        if not attachment.format:
            self._add(
                _("{name} ({size}) cannot be read.").format(
                    name=attachment.name, size=bytes_for_people(attachment.bytes)
                ),
                "muted",
            )
            return
        label = _("Open the attachment {name}, {size}").format(
            name=attachment.name, size=bytes_for_people(attachment.bytes)
        )
        opening = button(_("Open {name}").format(name=attachment.name[:60]), "attachment_button", self, label=label)
        opening.clicked.connect(lambda: self._controller.open_attachment(attachment.index))
        self._column.insertWidget(self._column.count() - 1, opening, 0, Qt.AlignmentFlag.AlignLeft)

    def _add(self, words: str, kind: str = "") -> None:
        label = plain_label(breakable(words), self, name="about_line", kind=kind)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._column.insertWidget(self._column.count() - 1, label)


# ---- a bar with the attachments of the shown document, or, for an attachment, the mail it came with


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
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if parent:
            self._add_parent(parent)
        if attachments:
            self._row.addWidget(plain_label(_("Attached:"), self, name="attached_words", kind="small", wraps=False))
        for attachment in attachments[:MOST_SHOWN]:
            self._add(attachment)
        if len(attachments) > MOST_SHOWN:
            more = self._button(_("{count:,} more…").format(count=len(attachments) - MOST_SHOWN), "attached_more")
            more.clicked.connect(self.all_requested)
        self.setVisible(bool(parent or attachments))

    def _add_parent(self, name: str) -> None:
        self._row.addWidget(plain_label(_("Attached to"), self, name="attached_to_words", kind="small", wraps=False))
        label, tip = (
            _("Open {name}, to which this is attached").format(name=name),
            plain_tip(_("Open {name}").format(name=name)),
        )
        on = self._controller.open_parent
        self._button(_short(name), "attached_to", icon="file-text", label=label, tip=tip, on=on)

    def _add(self, attachment: Attachment) -> None:
        size = bytes_for_people(attachment.bytes)
        label, tip = (
            _("Open the attachment {name}, {size}").format(name=attachment.name, size=size),
            _("Open {name} ({size})").format(name=attachment.name, size=size),
        )
        if not attachment.format:
            label, tip = (
                _("{name}, an attachment that cannot be read").format(name=attachment.name),
                _("{name} ({size}) cannot be read").format(name=attachment.name, size=size),
            )
        opening = self._button(
            _short(attachment.name), "attached_document", icon="file-text", label=label, tip=plain_tip(tip)
        )
        opening.setEnabled(bool(attachment.format))
        opening.clicked.connect(lambda: self._controller.open_attachment(attachment.index))

    def _button(self, words: str, name: str, **options: Any) -> QPushButton:
        made = button(words.replace("&", "&&"), name, self, kind="quiet", **options)
        self._row.addWidget(made)
        return made


def _short(name: str) -> str:
    """Return the beginning and the end of a long name. The end is kept since the suffix shows the format."""
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 12]}…{name[-11:]}"


# ---- the message instead of the pages of a document that could not be read


class UnreadDocument(QFrame):
    def __init__(self, controller: DocumentsController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("document_unread")
        self._title = plain_label("", self, name="unread_title", kind="heading")
        self._reason = plain_label("", self, name="unread_reason")
        self._again = button(_("Try again"), "read_again_button", self)
        self._again.clicked.connect(lambda: controller.read_again(controller.current))
        for label in (self._title, self._reason):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        again = (self._again, Qt.AlignmentFlag.AlignHCenter)
        column(2, self._title, self._reason, again, 3, into=self, gap=theme.SPACE_12, margins=theme.SPACE_24)

    def show_reason(self, name: str, reason: str, *, is_locked: bool) -> None:
        self._title.setText(
            breakable(
                _("{name} is locked").format(name=name)
                if is_locked
                else _("{name} could not be read").format(name=name)
            )
        )
        self._reason.setText(breakable(reason))
        self._again.setText(_("Enter the password…") if is_locked else _("Try again"))

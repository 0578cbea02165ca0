"""The page of documents: the list, the pages of one, and the panes beside them.  Widgets only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QObject, QPoint, Qt, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMenu,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from slmdesk.core.documents import Page, PageStatus, attachment_line
from slmdesk.core.formats import FORMATS
from slmdesk.core.records import DocumentRecord, DocumentStatus
from slmdesk.gui.base import theme
from slmdesk.gui.base.shortcuts import bind
from slmdesk.gui.base.theme_keeper import ThemeKeeper
from slmdesk.gui.documents.common.side_panel import SidePanel
from slmdesk.gui.documents.controller import LOCKED, DocumentsController, is_file
from slmdesk.gui.documents.library.folder_view import FolderView
from slmdesk.gui.documents.library.list import DocumentList
from slmdesk.gui.documents.viewer.about import AboutDocument
from slmdesk.gui.documents.viewer.attachment_bar import AttachedBar
from slmdesk.gui.documents.viewer.coverage_strip import EMPTY, READ, UNREADABLE, WAITING, Cell, CoverageStrip
from slmdesk.gui.documents.viewer.page_view import PageView
from slmdesk.gui.documents.viewer.thumbnails import Thumbnails
from slmdesk.gui.documents.viewer.unread import UnreadDocument
from slmdesk.gui.widgets.file_dialogs import document_folder, note_document_folder
from slmdesk.gui.widgets.file_drop import FileDrop
from slmdesk.gui.widgets.find_bar import FindBar
from slmdesk.gui.widgets.icon import set_icon
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.password import ask_password
from slmdesk.gui.widgets.shares import admit
from slmdesk.gui.widgets.text import ElidedLabel, plain_label
from slmdesk.gui.widgets.translate_request import want_document_translation, want_translation
from slmdesk.services.base.messages import problem_of, time_for_people
from slmdesk.services.documents.document_info import info_of
from slmdesk.services.documents.events import DocumentProgress
from slmdesk.services.documents.folder_types import CollectionState
from slmdesk.services.documents.labels import counted
from slmdesk.services.documents.search import FoundPlaces, Place

NARROW_LINES = 30
"""Heights of a line: less width than that is for the pages alone."""
FEW_PAGES = 100
"""Up to this many pages every update is shown; for more only now and then, while they are read."""
TELL_MS = 500
THUMB_LINES = 24
"""Less than that for the pages alone, and there is no room for small ones beside them."""
Spans = Mapping[int, Sequence[tuple[int, int]]]
"""Characters of pages, by page number."""
_STATES = {PageStatus.READ: READ, PageStatus.EMPTY: EMPTY}


class DocumentsPage(QWidget):
    """The page of documents.  Emits `layout_changed`, and `folder_requested` with a folder to be watched."""

    layout_changed = Signal()
    folder_requested = Signal(object)

    def __init__(self, controller: DocumentsController, keeper: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("documents_page")
        FileDrop(self, controller.open_paths, entered=controller.make_ready)
        self._controller, self._keeper = controller, keeper
        self._record: DocumentRecord | None = None
        self._pages: Sequence[Page] = ()
        self._total = 0
        self._spans_requested: tuple[str, Spans] | None = None
        self._marked: Spans = {}
        """The marks to restore when nothing is pointed at."""
        self._hinted = False
        self._tell_timer = QTimer(self, singleShot=True, interval=TELL_MS)
        self._shows_side = False
        """Where there is room for one only: the panes, not the pages."""
        self._build_ui()
        self._connect()
        self._on_shown(None)

    def _build_ui(self) -> None:
        self._list = DocumentList(self)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._empty())
        self._stack.addWidget(self._work())
        self._folder_place = FolderView(self)
        self._stack.addWidget(self._folder_place)
        self._split = named(QSplitter(Qt.Orientation.Horizontal, self), "documents_splitter")
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(1)
        self._split.addWidget(self._list)
        self._split.addWidget(self._stack)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([230, 800])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._split)

    def _empty(self) -> QWidget:
        holder = named(QFrame(self), "documents_empty")
        words = (
            "Drop a document here, or a folder of them",
            "It is read on this PC, page by page. Nothing of it leaves this PC, and the file is not changed.",
            ", ".join(one.name for one in FORMATS),
        )
        column = QVBoxLayout(holder)
        column.setSpacing(theme.SPACE_12)
        column.addStretch(2)
        for text, kind, name in zip(words, ("heading", "", "small"), ("title", "promise", "formats"), strict=True):
            label = plain_label(text, holder, name=f"empty_documents_{name}", kind=kind)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setMaximumWidth(theme.COLUMN_WIDTH)
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(label, 1000)
            row.addStretch(1)
            column.addLayout(row)
        button = named(QPushButton("Open a document…", holder), "empty_open_button")
        button.setProperty("kind", "primary")
        button.clicked.connect(self._on_open)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        return holder

    def _work(self) -> QWidget:
        holder = named(QFrame(self), "documents_work")
        self._title = ElidedLabel(holder, name="document_title")
        self._attached = AttachedBar(holder)
        self._reading = self._reading_bar(holder)
        self._find = FindBar(holder)
        self._view = PageView(self._keeper, holder)
        self._strip = CoverageStrip(self._keeper, holder)
        self._side, self._about = SidePanel(holder), AboutDocument(holder)
        self._body = named(QSplitter(Qt.Orientation.Horizontal, holder), "document_splitter")
        self._body.setChildrenCollapsible(False)
        self._body.setHandleWidth(1)
        self._left = named(QFrame(self._body), "document_pages")
        self._thumbs = Thumbnails(self._keeper, self._left)
        column = QVBoxLayout(self._left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._find)
        pages = QHBoxLayout()
        pages.setSpacing(0)
        pages.addWidget(self._thumbs)
        pages.addWidget(self._view, 1)
        self._unread = UnreadDocument(self._left)
        pages.addWidget(self._unread, 1)
        column.addLayout(pages, 1)
        self._body.addWidget(self._left)
        self._body.addWidget(self._side)
        self._body.setStretchFactor(0, 1)
        self._body.setSizes([520, 340])
        self._said = plain_label("", holder, name="coverage_words", kind="small")
        foot = QVBoxLayout()
        foot.setContentsMargins(theme.SPACE_12, theme.SPACE_4, theme.SPACE_12, theme.SPACE_8)
        foot.setSpacing(2)
        foot.addWidget(self._strip)
        foot.addWidget(self._said)
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, theme.SPACE_4)
        self._small = self._thumbs_button(holder)
        head.setSpacing(theme.SPACE_8)
        head.addWidget(self._small)
        head.addWidget(self._title, 1)
        self._to_side = named(QPushButton("Summary, questions…", holder), "show_panes_button")
        self._to_side.setProperty("kind", "quiet")
        self._to_side.setToolTip("What can be done with the document; the pages come back from there")
        self._translate = named(QToolButton(holder), "translate_document_button")
        set_icon(self._translate, "languages")
        self._translate.setAccessibleName("Translate this document")
        self._translate.setToolTip("Translate this document into a file of the same kind")
        head.addWidget(self._translate)
        head.addWidget(self._to_side)
        layout.addLayout(head)
        layout.addWidget(self._attached)
        layout.addWidget(self._reading)
        layout.addWidget(self._body, 1)
        layout.addLayout(foot)
        return holder

    def _thumbs_button(self, parent: QWidget) -> QToolButton:
        button = named(QToolButton(parent), "thumbnails_button")
        set_icon(button, "gallery")
        button.setCheckable(True)
        button.setChecked(True)
        button.setAccessibleName("Small pages")
        button.setToolTip("Show or hide the small pages at the left")
        return button

    def _reading_bar(self, parent: QWidget) -> QFrame:
        bar = named(QFrame(parent), "reading_bar")
        self._reading_words = plain_label("", bar, name="reading_words", kind="muted")
        self._stop = named(QPushButton("Stop", bar), "stop_reading_button")
        self._stop.setAccessibleName("Stop reading the document")
        self._progress = named(QProgressBar(bar), "reading_progress")
        self._progress.setAccessibleName("Reading the document")
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(4)
        row = QHBoxLayout()
        row.addWidget(self._reading_words, 1)
        row.addWidget(self._stop)
        column = QVBoxLayout(bar)
        column.setContentsMargins(theme.SPACE_12, 0, theme.SPACE_12, theme.SPACE_4)
        column.addLayout(row)
        column.addWidget(self._progress)
        return bar

    def _connect(self) -> None:
        controller, view = self._controller, self._view
        controller.listed.connect(self._list.show_records)
        controller.shown.connect(self._on_shown)
        controller.first_page_expected.connect(lambda page: view.show_pages([page]))
        controller.pages_listed.connect(self._on_pages_listed)
        controller.text_came.connect(view.show_text)
        controller.picture_came.connect(view.show_picture)
        controller.boxes_came.connect(view.show_boxes)
        controller.picture_failed.connect(view.show_without_picture)
        controller.progressed.connect(self._on_progressed)
        controller.found.connect(self._on_found)
        controller.password_requested.connect(self._on_password_requested)
        self._list.open_requested.connect(self._on_open)
        self._list.folder_requested.connect(self._on_open_folder)
        self._list.search_requested.connect(controller.search)
        controller.hits_found.connect(self._list.show_hits)
        self._list.chosen.connect(controller.choose)
        self._list.action_chosen.connect(self._on_action)
        view.text_requested.connect(controller.ask_text)
        view.picture_requested.connect(controller.ask_picture)
        view.page_reached.connect(self._strip.show_reached)
        view.page_reached.connect(self._thumbs.show_reached)
        self._thumbs.picture_requested.connect(controller.ask_thumbnail)
        self._thumbs.page_chosen.connect(view.go_to)
        controller.thumbnail_came.connect(self._thumbs.show_picture)
        self._small.toggled.connect(self._on_small_toggled)
        self._tell_timer.timeout.connect(self._notify)
        self._strip.page_chosen.connect(view.go_to)
        self._find.words_changed.connect(controller.find)
        self._find.place_chosen.connect(self._on_place_chosen)
        self._translate.clicked.connect(self._on_translate)
        view.menu_requested.connect(self._on_page_menu)
        for one in (self._about, self._attached):
            one.attachment_requested.connect(controller.open_attachment)
        view.place_clicked.connect(self._on_place_clicked)
        self._attached.parent_requested.connect(controller.open_parent)
        self._attached.all_requested.connect(self._on_all_attached)
        self._stop.clicked.connect(controller.stop_reading)
        self._unread.again_requested.connect(lambda: controller.read_again(controller.current))
        self._side.wants_room.connect(lambda _wants: self._make_room())
        self._side.pane_shown.connect(lambda _name: self._show_one(side=True))
        self._side.pane_shown.connect(lambda name: self._notify() if name == "about" else None)
        self._side.pages_requested.connect(self.show_pages)
        self._to_side.clicked.connect(lambda: self._show_one(side=True))
        self._left.installEventFilter(self)
        for split in (self._split, self._body):
            split.splitterMoved.connect(lambda *_: self.layout_changed.emit())
        self._split.splitterMoved.connect(lambda *_: self._make_room())
        bind(self, "documents.open", self._on_open)
        bind(self, "documents.find", self._find.begin)
        bind(self, "documents.larger", self._view.zoom_in)
        bind(self, "documents.smaller", self._view.zoom_out)
        bind(self, "documents.usual", lambda: self._view.set_zoom(100))

    @property
    def view(self) -> PageView:
        return self._view

    @property
    def documents(self) -> DocumentList:
        return self._list

    @property
    def folder(self) -> FolderView:
        return self._folder_place

    @Slot(object)
    def show_folder(self, state: CollectionState | None) -> None:
        """Show a folder; None: none."""
        if state is not None:
            self._folder_place.show_state(state)
            self._stack.setCurrentWidget(self._folder_place)
            self._list.show_chosen("")
        elif self._stack.currentWidget() is self._folder_place:
            self._stack.setCurrentIndex(1 if self._record else 0)
        self._list.show_chosen_folder(state.record.id if state else "")

    @property
    def has_thumbnails(self) -> bool:
        """Whether thumbnails are switched on; they show only where there is room."""
        return self._small.isChecked()

    def show_thumbnails(self, is_shown: bool) -> None:
        """Switch thumbnails on or off; they show only where there is room."""
        self._small.setChecked(is_shown)

    @property
    def side(self) -> SidePanel:
        return self._side

    @property
    def about(self) -> AboutDocument:
        """The pane about the document; the documents area adds it to the panel."""
        return self._about

    @property
    def layout_state(self) -> tuple[str, str]:
        """The states of the two splitters, base64: the list's, and the one between pages and panes."""
        outer, inner = (bytes(one.saveState().toBase64().data()).decode("ascii") for one in (self._split, self._body))
        return outer, inner

    def restore_layout(self, outer: str, inner: str = "") -> None:
        """Restore the splitters; an unreadable state is ignored."""
        for split, state in ((self._split, outer), (self._body, inner)):
            if state:
                split.restoreState(QByteArray.fromBase64(state.encode("ascii", "ignore")))

    # ---- events

    @Slot(object)
    def _on_shown(self, record: DocumentRecord | None) -> None:
        is_other = (record.id if record else "") != (self._record.id if self._record else "")
        self._record = record
        self._stack.setCurrentIndex(1 if record else 0)
        self._list.show_chosen(record.id if record else "")
        self._attached.show_document(record)
        if record is None:
            self._about.clear()
            return
        if is_other:
            self._find.reset()
            self._total, self._marked, self._hinted = 0, {}, False
            self._strip.light([])
            self._strip.show_reached(1)
            self._on_pages_listed([], True)  # its own come, or never: nothing of the other one stays
        self._show_unread(record)
        self._title.set_full_text(record.name)
        self._translate.setVisible(is_file(record))
        self._reading.setVisible(record.status is DocumentStatus.READING)
        self._reading_words.setText("Reading…")
        self._progress.setRange(0, 0)
        self._notify()

    @Slot(object, bool)
    def _on_pages_listed(self, pages: Sequence[Page], anew: bool) -> None:
        self._pages = pages
        self._view.show_pages(pages, anew=anew)
        self._thumbs.show_pages(pages, anew=anew or len(pages) < self._thumbs.count)
        if anew or len(pages) < FEW_PAGES:
            self._make_room()
            self._notify()
        elif not self._tell_timer.isActive():
            self._tell_timer.start()
        if self._spans_requested and self._controller.current == self._spans_requested[0]:
            requested = self._spans_requested[1]
            if pages and pages[-1].number >= min(requested):
                self._spans_requested = None
                self.go_to_spans(requested)

    @Slot(int, int)
    def _on_place_clicked(self, number: int, character: int) -> None:
        """A click on the line that names an attachment opens the attachment."""
        attachments = info_of(self._record).attachments if self._record else ()
        line = self._view.line_at(number, character) if attachments else ""
        found = next((one for one in attachments if one.format and line == attachment_line(one)), None)
        if found is not None:
            self._controller.open_attachment(found.index)

    @Slot()
    def _on_all_attached(self) -> None:
        self._side.show_pane("about")
        self._show_one(side=True)

    @Slot(bool)
    def _on_small_toggled(self, _is_shown: bool) -> None:
        self._make_room()
        self.layout_changed.emit()

    @Slot(object)
    def _on_progressed(self, event: DocumentProgress) -> None:
        self._total = event.total
        kind = info_of(self._record).page_kind if self._record else None
        of = f" of {event.total:,}" if event.total else ""
        left = f", {time_for_people(event.eta_s)} left" if event.eta_s else ""
        unit = counted(2, kind).split()[1] if kind else "pages"
        self._reading_words.setText(f"Reading: {event.done:,}{of} {unit}{left}")
        self._progress.setRange(0, event.total)
        self._progress.setValue(event.done)

    @Slot(object)
    def _on_found(self, found: FoundPlaces) -> None:
        spans: dict[int, list[tuple[int, int]]] = {}
        for place in found.places:
            spans.setdefault(place.page, []).append((place.start, place.end))
        self._hinted, self._marked = False, spans
        self._controller.set_marks(spans)
        self._view.mark(spans)
        self._find.show_found(found.places, is_all=found.is_all)

    @Slot(object)
    def _on_place_chosen(self, place: Place) -> None:
        self._view.point_at(place.page, (place.start, place.end))

    def open_at(self, document: str, spans: Spans) -> None:
        """Show a document with these characters marked, by page number, once their page is listed."""
        if self._controller.current == document:
            self.go_to_spans(spans)
        else:
            self._spans_requested = (document, spans)
            self._controller.show_document(document)

    def go_to_spans(self, spans: Spans) -> None:
        """Mark characters by page number, go to the first and highlight their pages in the strip."""
        self._hinted = False
        self._mark(spans)
        if spans:
            self.show_pages()
            self._view.go_to(min(spans), to_mark=True)

    @Slot()
    def show_pages(self) -> None:
        """Show the pages, where there is room for pages or panes only."""
        self._show_one(side=False)

    def hint_spans(self, spans: Spans | None) -> None:
        """Mark a source while a person points at it; None: restore the marks there were before."""
        if spans is not None:
            self._hinted = True
            self._show_marks(spans)
        elif self._hinted:
            self._hinted = False
            self._show_marks(self._marked)

    def _mark(self, spans: Spans) -> None:
        self._find.leave()
        self._marked = spans
        self._show_marks(spans)

    def _show_marks(self, spans: Spans) -> None:
        self._controller.set_marks(spans)
        self._view.mark(spans)
        self._strip.light(list(spans))

    @Slot(str, str)
    def _on_action(self, document: str, action: str) -> None:
        if action == "remove":
            self._controller.remove(document)
        elif action == "again":
            self._controller.read_again(document)
        elif action == "translate":
            self._translate_document(document)
        elif action == "folder":
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._controller.folder_of(document))))

    @Slot()
    def _on_translate(self) -> None:
        if self._record is not None:
            self._translate_document(self._record.id)

    def _translate_document(self, document: str) -> None:
        path = self._controller.translatable(document)
        if path is not None:
            want_document_translation(self, path)

    @Slot(int, QPoint)
    def _on_page_menu(self, number: int, place: QPoint) -> None:
        menu = named(QMenu(self), "page_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Translate this page", partial(self._translate_page, number))
        if self._record is not None and is_file(self._record):
            menu.addAction("Translate this document", self._on_translate)
        menu.popup(place)

    def _translate_page(self, number: int) -> None:
        self._controller.ask_words(number, partial(want_translation, self))

    @Slot()
    def _on_open(self) -> None:
        suffixes = " ".join(f"*{suffix}" for one in FORMATS for suffix in one.suffixes)
        dialog = QFileDialog(self, "Open documents", document_folder(), f"Documents ({suffixes});;All files (*)")
        dialog.setObjectName("documents_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._on_files_selected)
        dialog.open()

    @Slot()
    def _on_open_folder(self) -> None:
        dialog = QFileDialog(self, "Watch a folder", document_folder())
        dialog.setObjectName("folder_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._on_folder_selected)
        dialog.open()

    @Slot(str)
    def _on_folder_selected(self, folder: str) -> None:
        admit(self, [Path(folder)], lambda paths: self.folder_requested.emit(paths[0]), is_chosen=True)

    @Slot(list)
    def _on_files_selected(self, files: list[str]) -> None:
        if files:
            note_document_folder(Path(files[0]))
            admit(self, [Path(one) for one in files], self._controller.open_paths, is_chosen=True)

    @Slot(object, bool)
    def _on_password_requested(self, path: Path, is_wrong: bool) -> None:
        ask_password(self, path.name, lambda word: self._controller.unlock(path, word), is_wrong=is_wrong)

    # ---- Qt's own

    def showEvent(self, event: QShowEvent) -> None:
        """Start the reader child: a document will probably be opened."""
        super().showEvent(event)
        self._controller.make_ready()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._left and event.type() == QEvent.Type.Resize:
            self._fit_thumbs()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    # ---- private

    def _show_unread(self, record: DocumentRecord) -> None:
        """Show, in place of the pages, why the document could not be read."""
        is_unread = record.status is DocumentStatus.FAILED and not record.pages
        if is_unread:
            self._unread.show_reason(record.name, _trouble_of(record), is_locked=record.error_code in LOCKED)
        self._unread.setVisible(is_unread)
        self._view.setVisible(not is_unread)
        self._find.setVisible(not is_unread)

    def _show_one(self, *, side: bool) -> None:
        """Choose pages or panes for when there is room for one only."""
        self._shows_side = side
        self._make_room()

    def _make_room(self) -> None:
        room = self.width() - self._split.sizes()[0]  # the layout comes after this: the others' widths are old
        line = self.fontMetrics().lineSpacing()
        is_wide = room >= NARROW_LINES * line
        has_side = is_wide or self._shows_side or self._side.has_room
        has_pages = not self._side.has_room and (is_wide or not self._shows_side)
        focus = QApplication.focusWidget()
        if not has_side and focus is not None and self._side.isAncestorOf(focus):
            self._view.setFocus()  # else it would go anywhere
        self._side.setVisible(has_side)
        self._side.stand_alone(not has_pages)
        self._left.setVisible(has_pages)
        self._to_side.setVisible(not has_side)
        self._fit_thumbs()

    def _fit_thumbs(self) -> None:
        """Show thumbnails only where there is room for them beside the pages."""
        has_room = self._left.width() >= THUMB_LINES * self.fontMetrics().lineSpacing()
        can_be_small = not self._left.isHidden() and self._thumbs.count > 1 and has_room
        self._thumbs.setVisible(can_be_small and self._small.isChecked())
        self._small.setVisible(can_be_small)
        beside = max(self._small.sizeHint().height(), self._to_side.sizeHint().height())
        self._title.setMinimumHeight(beside)  # what stands below does not jump when they come and go

    def _notify(self) -> None:
        """Update the coverage strip, its sentence and the pane about the document."""
        record = self._record
        if record is None:
            return
        info = info_of(record)
        cells = [Cell(page.number, _STATES.get(page.status, UNREADABLE), page.reason) for page in self._pages]
        total = info.pages if record.status is DocumentStatus.READ else max(self._total, len(cells))
        cells += [Cell(number, WAITING) for number in range(len(cells) + 1, total + 1)]
        self._strip.show_cells(cells, info.page_kind)
        self._said.setText(self._strip.sentence if cells else "")
        if record.status is DocumentStatus.READING and self._side.current != "about":
            return
        self._about.show_document(record, self._pages, _trouble_of(record))


def _trouble_of(record: DocumentRecord) -> str:
    """Why a document could not be read, in a sentence; empty if it was read."""
    return problem_of(record.error_code, record.error_args).sentence if record.error_code else ""

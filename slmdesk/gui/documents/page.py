"""The page of documents: the list, the pages of one, and what is known of it.  Widgets only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QPointF, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from slmdesk.core.documents import Page, PageStatus
from slmdesk.core.formats import FORMATS
from slmdesk.core.records import DocumentRecord, DocumentStatus
from slmdesk.gui import theme
from slmdesk.gui.documents.about import AboutDocument
from slmdesk.gui.documents.controller import DocumentsController
from slmdesk.gui.documents.coverage_strip import EMPTY, READ, UNREADABLE, WAITING, Cell, CoverageStrip
from slmdesk.gui.documents.document_list import DocumentList
from slmdesk.gui.documents.find_bar import FindBar
from slmdesk.gui.documents.page_view import PageView
from slmdesk.gui.documents.question_controller import QuestionController
from slmdesk.gui.documents.question_pane import QuestionPane
from slmdesk.gui.documents.summary_controller import SummaryController
from slmdesk.gui.documents.summary_pane import SummaryPane
from slmdesk.gui.theme import ThemeKeeper
from slmdesk.gui.widgets.dropped import dropped_paths
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.text import ElidedLabel, plain_label
from slmdesk.services.document_search import FoundPlaces, Place
from slmdesk.services.document_words import counted
from slmdesk.services.documents import facts_of
from slmdesk.services.facts import DocumentProgress
from slmdesk.services.question_prompt import Citation
from slmdesk.services.sentences import problem_of, time_for_people
from slmdesk.services.summary_shapes import Sentence, Span

NARROW_LINES = 30
"""Heights of a line: less width than that is for the pages alone."""
_STATES = {PageStatus.READ: READ, PageStatus.EMPTY: EMPTY}


class DocumentsPage(QWidget):
    """Everything about documents."""

    layout_changed = Signal()

    def __init__(
        self,
        controller: DocumentsController,
        summaries: SummaryController,
        questions: QuestionController,
        keeper: ThemeKeeper,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("documents_page")
        self.setAcceptDrops(True)
        self._controller, self._keeper = controller, keeper
        self._summaries, self._questions = summaries, questions
        self._record: DocumentRecord | None = None
        self._pages: Sequence[Page] = ()
        self._total = 0
        self._folder = str(Path.home())
        self._build_ui()
        self._connect()
        self._on_shown(None)

    def _build_ui(self) -> None:
        self._list = DocumentList(self)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._empty())
        self._stack.addWidget(self._work())
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
        self._reading = self._reading_bar(holder)
        self._find = FindBar(holder)
        self._view = PageView(self._keeper, holder)
        self._strip = CoverageStrip(self._keeper, holder)
        self._side = self._side_panel(holder)
        self._body = named(QSplitter(Qt.Orientation.Horizontal, holder), "document_splitter")
        self._body.setChildrenCollapsible(False)
        self._body.setHandleWidth(1)
        left = QWidget(self._body)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._find)
        column.addWidget(self._view, 1)
        self._body.addWidget(left)
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
        head.addWidget(self._title, 1)
        layout.addLayout(head)
        layout.addWidget(self._reading)
        layout.addWidget(self._body, 1)
        layout.addLayout(foot)
        return holder

    def _side_panel(self, parent: QWidget) -> QFrame:
        panel = named(QFrame(parent), "document_side")
        self._about, self._pane, self._asking = AboutDocument(panel), SummaryPane(panel), QuestionPane(panel)
        self._parts = QStackedWidget(panel)
        row = QHBoxLayout()
        row.setContentsMargins(theme.SPACE_12, theme.SPACE_8, theme.SPACE_12, 0)
        row.setSpacing(theme.SPACE_8)
        self._chips = []
        for index, (words, name, part) in enumerate(
            (
                ("Summary", "summary_chip", self._pane),
                ("Questions", "questions_chip", self._asking),
                ("About", "about_chip", self._about),
            )
        ):
            chip = named(QPushButton(words, panel), name)
            chip.setProperty("kind", "chip")
            chip.setCheckable(True)
            chip.setAutoExclusive(True)
            chip.setChecked(index == 0)
            chip.clicked.connect(lambda _checked=False, at=index: self._parts.setCurrentIndex(at))
            self._chips.append(chip)
            row.addWidget(chip)
            self._parts.addWidget(part)
        row.addStretch(1)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._parts, 1)
        return panel

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
        controller.pages_listed.connect(self._on_pages_listed)
        controller.text_came.connect(view.show_text)
        controller.picture_came.connect(view.show_picture)
        controller.boxes_came.connect(view.show_boxes)
        controller.picture_failed.connect(view.show_without_picture)
        controller.progressed.connect(self._on_progressed)
        controller.found.connect(self._on_found)
        controller.password_wanted.connect(self._on_password_wanted)
        self._list.open_requested.connect(self._on_open)
        self._list.chosen.connect(controller.choose)
        self._list.action_chosen.connect(self._on_action)
        view.text_wanted.connect(controller.ask_text)
        view.picture_wanted.connect(controller.ask_picture)
        view.page_reached.connect(lambda number: self._strip.light([number]))
        self._strip.page_chosen.connect(view.go_to)
        self._find.words_changed.connect(controller.find)
        self._find.place_chosen.connect(self._on_place_chosen)
        self._about.attachment_requested.connect(controller.open_attachment)
        self._stop.clicked.connect(controller.stop_reading)
        self._connect_summaries()
        for split in (self._split, self._body):
            split.splitterMoved.connect(lambda *_: self.layout_changed.emit())
        self._split.splitterMoved.connect(lambda *_: self._make_room())
        QShortcut(QKeySequence.StandardKey.Open, self, self._on_open)
        QShortcut(QKeySequence.StandardKey.Find, self, self._find.begin)

    def _connect_summaries(self) -> None:
        summaries, pane = self._summaries, self._pane
        pane.summary_requested.connect(summaries.begin)
        pane.sentence_chosen.connect(self._on_sentence_chosen)
        pane.earlier_chosen.connect(summaries.choose)
        pane.pause_requested.connect(summaries.pause)
        pane.resume_requested.connect(summaries.resume)
        pane.cancel_requested.connect(summaries.cancel)
        summaries.listed.connect(pane.show_earlier)
        summaries.begun.connect(pane.show_begun)
        summaries.grew.connect(pane.show_growing)
        summaries.job_told.connect(pane.show_job)
        summaries.made.connect(pane.show_summary)
        summaries.emptied.connect(pane.show_nothing)
        self._view.place_clicked.connect(self._on_place_clicked)
        questions, asking = self._questions, self._asking
        asking.question_asked.connect(questions.ask)
        asking.stop_requested.connect(questions.stop)
        asking.citation_chosen.connect(self._on_citation_chosen)
        questions.asked.connect(asking.show_asked)
        questions.progressed.connect(asking.show_progress)
        questions.answered.connect(asking.show_answer)
        questions.ended.connect(asking.show_ended)
        questions.emptied.connect(asking.clear)

    @property
    def view(self) -> PageView:
        """The pages."""
        return self._view

    @property
    def layout_state(self) -> str:
        """Where the splitters stand, base64."""
        return bytes(self._split.saveState().toBase64().data()).decode("ascii")

    def restore_layout(self, state: str) -> None:
        """As it was; what cannot be read is passed over."""
        if state:
            self._split.restoreState(QByteArray.fromBase64(state.encode("ascii", "ignore")))

    # ---- heard

    @Slot(object)
    def _on_shown(self, record: DocumentRecord | None) -> None:
        is_other = (record.id if record else "") != (self._record.id if self._record else "")
        self._record = record
        self._stack.setCurrentIndex(1 if record else 0)
        self._list.show_chosen(record.id if record else "")
        if record is None:
            self._about.clear()
            self._summaries.show_document("")
            self._questions.show_document("")
            return
        if record.status is not DocumentStatus.READING:
            self._summaries.show_document(record.id)
            self._questions.show_document(record.id)
        for part in (self._pane, self._asking):
            part.setEnabled(record.status is not DocumentStatus.READING)
        if is_other:
            self._find.reset()
            self._total = 0
        self._title.set_full_text(record.name)
        self._reading.setVisible(record.status is DocumentStatus.READING)
        self._reading_words.setText("Reading…")
        self._progress.setRange(0, 0)
        self._tell()

    @Slot(object, bool)
    def _on_pages_listed(self, pages: Sequence[Page], anew: bool) -> None:
        self._pages = pages
        self._view.show_pages(pages, anew=anew)
        self._tell()

    @Slot(object)
    def _on_progressed(self, fact: DocumentProgress) -> None:
        self._total = fact.total
        kind = facts_of(self._record).page_kind if self._record else None
        of = f" of {fact.total:,}" if fact.total else ""
        left = f", {time_for_people(fact.eta_s)} left" if fact.eta_s else ""
        unit = counted(2, kind).split()[1] if kind else "pages"
        self._reading_words.setText(f"Reading: {fact.done:,}{of} {unit}{left}")
        self._progress.setRange(0, fact.total)
        self._progress.setValue(fact.done)

    @Slot(object)
    def _on_found(self, found: FoundPlaces) -> None:
        spans: dict[int, list[tuple[int, int]]] = {}
        for place in found.places:
            spans.setdefault(place.page, []).append((place.start, place.end))
        self._controller.set_marks(spans)
        self._view.mark(spans)
        self._find.show_found(found)

    @Slot(object)
    def _on_place_chosen(self, place: Place) -> None:
        self._view.go_to(place.page, to_mark=True)

    @Slot(object)
    def _on_sentence_chosen(self, sentence: Sentence) -> None:
        """Its passages are marked and gone to, and its pages stand out in the strip."""
        spans: dict[int, list[tuple[int, int]]] = {}
        for span in sentence.blocks:
            if span.document == self._controller.current:
                spans.setdefault(span.page, []).append((span.start, span.end))
        self._go_to(spans)

    @Slot(object)
    def _on_citation_chosen(self, citation: Citation) -> None:
        if citation.document == self._controller.current:
            self._go_to({citation.page: [(citation.start, citation.end)]})

    def _go_to(self, spans: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        self._controller.set_marks(spans)
        self._view.mark(spans)
        if spans:
            self._view.go_to(min(spans), to_mark=True)
        self._strip.light(list(spans))

    @Slot(int, int, QPointF)
    def _on_place_clicked(self, page: int, character: int, _share: QPointF) -> None:
        """The sentences that come from there."""
        document = self._controller.current

        def is_there(span: Span) -> bool:
            on_page = (span.document, span.page) == (document, page)
            return on_page and (character < 0 or span.start <= character < span.end)

        self._pane.light([row.sentence for row in self._pane.rows if any(map(is_there, row.sentence.blocks))])

    @Slot(str, str)
    def _on_action(self, document: str, action: str) -> None:
        if action == "remove":
            self._controller.remove(document)
        elif action == "again":
            self._controller.read_again(document)
        elif action == "folder":
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._controller.folder_of(document))))

    @Slot()
    def _on_open(self) -> None:
        suffixes = " ".join(f"*{suffix}" for one in FORMATS for suffix in one.suffixes)
        dialog = QFileDialog(self, "Open documents", self._folder, f"Documents ({suffixes});;All files (*)")
        dialog.setObjectName("documents_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._on_files_selected)
        dialog.open()

    @Slot(list)
    def _on_files_selected(self, files: list[str]) -> None:
        if files:
            self._folder = str(Path(files[0]).parent)
            self._controller.open_paths([Path(one) for one in files])

    @Slot(object, bool)
    def _on_password_wanted(self, path: Path, is_wrong: bool) -> None:
        dialog = QInputDialog(self)
        dialog.setObjectName("password_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Locked document")
        again = "That was not the password. " if is_wrong else ""
        dialog.setLabelText(f"{again}{path.name} is locked. Its password is used once and kept nowhere:")
        dialog.setTextEchoMode(QLineEdit.EchoMode.Password)
        dialog.textValueSelected.connect(lambda word: self._controller.open_file(path, password=word))
        dialog.open()

    # ---- Qt's own

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Documents and folders may be dropped anywhere on the page."""
        if dropped_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Read what was dropped."""
        if paths := dropped_paths(event):
            event.acceptProposedAction()
            self._controller.open_paths(paths)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the pages have it."""
        super().resizeEvent(event)
        self._make_room()

    # ---- inside

    def _make_room(self) -> None:
        room = self.width() - self._split.sizes()[0]  # the layout comes after this: the others' widths are old
        wide = room >= NARROW_LINES * self.fontMetrics().lineSpacing()
        self._side.setVisible(wide)

    def _tell(self) -> None:
        """Strip, sentence under it and the column beside."""
        record = self._record
        if record is None:
            return
        facts = facts_of(record)
        cells = [Cell(page.number, _STATES.get(page.status, UNREADABLE), page.reason) for page in self._pages]
        total = facts.pages if record.status is DocumentStatus.READ else max(self._total, len(cells))
        cells += [Cell(number, WAITING) for number in range(len(cells) + 1, total + 1)]
        self._strip.show_cells(cells, facts.page_kind)
        self._said.setText(self._strip.sentence if cells else "")
        trouble = problem_of(record.error_code, record.error_args).sentence if record.error_code else ""
        self._about.show_document(record, self._pages, trouble)

"""Puts the page of documents together: creates controllers, page and panes, and connects them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPointF, Signal

from slmdesk.base.records import DocumentRecord, DocumentStatus, Item
from slmdesk.base.runtime.events import DocumentChanged, ModelState, ModelStateChanged
from slmdesk.base.texts import _
from slmdesk.documents.types import CollectionState, DaysFound, ReceiptChanged, Span, counted_documents
from slmdesk.tasks.ask import TASK as ASK
from slmdesk.tasks.compare import TASK as COMPARE
from slmdesk.tasks.deadlines.types import CAME, SHEET, DueRequest
from slmdesk.tasks.due import TASK as DUE
from slmdesk.tasks.extract import TASK as EXTRACT
from slmdesk.tasks.known import other_tasks
from slmdesk.tasks.questions.prompt import Answered
from slmdesk.tasks.report import Edit, Report, Statement
from slmdesk.tasks.shape import Documents
from slmdesk.tasks.summaries.types import RECEIVE
from slmdesk.tasks.summarize import TASK as SUMMARIZE
from slmdesk.ui.documents.boxes import BoxLayer, ByHand
from slmdesk.ui.documents.controller import STOPPED, DocumentsController, FoldersController
from slmdesk.ui.documents.page import DocumentsPage
from slmdesk.ui.documents.redacting import RedactPane
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.base.window_state import WindowState
from slmdesk.ui.kit.widgets.notices import ExportController, ask_where
from slmdesk.ui.tasks.answers import QuestionController
from slmdesk.ui.tasks.controller import ResultController
from slmdesk.ui.tasks.pair import PairBar
from slmdesk.ui.tasks.pane import ResultPane
from slmdesk.ui.tasks.parts import ALL_FORMS
from slmdesk.ui.tasks.scope import Scope

POINTED_AFTER_MS = 120
"""Milliseconds until passages are marked for the row under the mouse. A mouse that only passes by marks nothing."""

READ_AFTER_MS = 1000
"""Milliseconds until the model begins to read the shown document. A document that is only passed by is not read."""

PANES = {EXTRACT.kind: "table", ASK.kind: "questions"}
ACTIONS_OF_PANES = {"summary": "summarize", "questions": "ask", "table": "table", "versions": "compare"}
"""What a tab does with several documents that are chosen in the list, as the buttons below the list do."""
PANES_OF_ACTIONS = {action: pane for pane, action in ACTIONS_OF_PANES.items()}
OWN_PANES = frozenset(("ask", "compare", "due", "extract", "redact", "summarize", "translate"))
"""Files of the tasks whose panes have more to do here than to show their reports, or stand elsewhere."""
PANES_OF_SEVERAL = ("summary", "questions", "table")


class DocumentsArea(QObject):
    state_changed = Signal()
    too_weak = Signal(bool)
    """Emitted when a model was too weak for what was asked about the shown document, and when another is shown."""
    built = Signal()
    """Emitted when a pane has its parts, which are made when it is first shown or told something."""

    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="documents_area")
        self.documents = DocumentsController(bridge, self)
        self.summaries = ResultController(
            bridge, SUMMARIZE, self, acts={RECEIVE: self._on_receipt}, on=(ReceiptChanged,)
        )
        self.versions = ResultController(bridge, COMPARE, self)
        self.questions = QuestionController(bridge, self)
        self.tables = ResultController(bridge, EXTRACT, self)
        self.folders = FoldersController(bridge, self)
        words = _("Ask all documents of this folder")
        self.folder_questions = QuestionController(bridge, self, prefix="folder_", hint=words)
        acts = {CAME: self._on_receipt, SHEET: self._on_sheet}
        self.deadlines = ResultController(bridge, DUE, self, acts=acts, on=(DaysFound,))
        self.exports = ExportController(bridge, self)
        self._bridge = bridge
        self.folder_pane = ResultPane(self.folder_questions)
        self.deadlines_pane = ResultPane(self.deadlines)
        self.page = DocumentsPage(self.documents, self.folders, self.folder_pane, self.deadlines_pane, keeper)
        self.view = self.page.document
        self.summary_pane = ResultPane(self.summaries, self.page)
        self.question_pane = ResultPane(self.questions, self.page)
        self._pointed: dict[int, list[tuple[int, int]]] | None = None
        self._point_timer = Delay(self, POINTED_AFTER_MS, lambda: self.view.hint_spans(self._pointed))
        self._read_timer = Delay(self, READ_AFTER_MS, self._expect_question)
        self._place = ("", -1)
        self._scope: tuple[str, ...] = ()
        """Documents that were chosen together in the list, while one of them is shown."""
        self._is_paused = False
        """True if the shown document was paused before it was read."""
        self._restored = ("", 1)
        """Document and page that were shown in the last run, until a document is shown."""
        self._ahead: Span | None = None
        """Passage to go to when the pages of its document have arrived."""
        self._awaited: tuple[str, ...] = ()
        """Documents that are to be read before what a person asked for begins."""
        self._begin_awaited: Callable[[], object] = lambda: None
        self._promised_in: ResultPane | None = None
        """Pane that says that it begins once they are read."""
        self.table_pane = ResultPane(self.tables, self.page)
        self.table_scope = Scope(bridge, self.tables, self.table_pane)
        self.compare_pane = ResultPane(self.versions, self.page)
        by_hand = ByHand(BoxLayer(self.view.view), self.page)
        self.redact_pane = RedactPane(bridge, self.documents, by_hand, self.page)
        self.view.side.add_pane(_("Summary"), "summary", self.summary_pane)
        self.view.side.add_pane(_("Questions"), "questions", self.question_pane)
        self.view.side.add_pane(_("Table"), "table", self.table_pane)
        self.view.side.add_pane(_("Compare"), "versions", self.compare_pane)
        self.others = [ResultPane(ResultController(bridge, task, self), self.page) for task in other_tasks(OWN_PANES)]
        """Panes of the tasks that need nothing of their own here."""
        self._of_kind = {pane.task.kind: pane for pane in self.others}
        self._begun_unasked = {
            "summary": self.summary_pane,
            "table": self.table_pane,
            **{kind: pane for kind, pane in self._of_kind.items() if pane.task.made_key},
        }
        """Panes whose first report begins where a person comes to them, by their names."""
        offers = [(kind, _(pane.task.verb)) for kind, pane in self._of_kind.items()]
        self.documents.offers = offers
        for pane in self.others:
            self.view.side.add_pane(_(pane.task.name), pane.task.kind, pane)
        self.page.documents.offer([offer for offer in offers if self._takes_several(offer[0])])
        self.view.side.add_pane(_("Redact"), "redact", self.redact_pane)
        self.view.order_tabs()
        self._connect()

    def _takes_several(self, kind: str) -> bool:
        return kind in self._of_kind and self._of_kind[kind].task.documents is Documents.MANY

    def _connect(self) -> None:
        self.documents.shown.connect(self._on_shown)
        self.documents.pages.listed.connect(self._on_pages_listed)
        self.page.pane_requested.connect(self.work_on)
        self.redact_pane.page_requested.connect(self.view.show_pages)
        self.page.view.page_reached.connect(lambda _number: self.state_changed.emit())
        self.page.side.pane_shown.connect(lambda _name: self.state_changed.emit())
        self.page.side.pane_shown.connect(lambda _name: self._read_timer.start())
        self.page.side.pane_chosen.connect(self._on_pane_chosen)
        self.page.side.pane_shown.connect(lambda _name: self._show_title())
        self._bridge.on(ModelStateChanged, self._on_model_state_changed)
        self._bridge.on(DocumentChanged, self._on_changed)  # the page shows it by then
        self.page.view.place_clicked.connect(self._on_place_clicked)
        panes = (self.summary_pane, self.question_pane, self.table_pane, self.compare_pane, *self.others)
        for pane in (*panes, self.folder_pane, self.deadlines_pane):
            pane.export_requested.connect(partial(self._export, pane))
            pane.built.connect(self.built)
        self.summaries.made.connect(self._on_summary_made)
        self.questions.answered.connect(self._on_answered)
        self._connect_panes()
        self._connect_folders()

    def _on_summary_made(self, report: Report) -> None:
        if report.is_too_weak:
            self.too_weak.emit(True)

    def _on_receipt(self, edit: Edit) -> None:
        """Keep when a document was received. The days are reckoned anew."""
        said = edit.value
        assert isinstance(said, Mapping)  # what its form asks for
        document, day, place = (str(said[name]) for name in ("document", "day", "place"))
        self._bridge.ask(self._bridge.services.documents.receive(document, day, place), lambda _done: None)

    def show_deadlines(self, folder: str = "") -> None:
        """Show what is due in all papers, or in those of a folder."""
        self._leave_to_deadlines(folder)
        self.deadlines.begin(DueRequest(folder))

    def open_deadlines(self, item: str) -> None:
        self._leave_to_deadlines()
        self.deadlines.choose(item)

    def _leave_to_deadlines(self, folder: str = "") -> None:
        self.documents.leave()
        self.folders.leave()
        self.page.show_deadlines(folder)

    def _on_sheet(self, edit: Edit) -> None:
        """Write the sheet of a day for the file."""
        title = next((due.title for due in self.deadlines.report.due if due.key == edit.statement), _("Deadline"))

        def write(target: Path) -> None:
            self.exports.print(lambda services: services.due.sheet(edit.statement), target)

        ask_where(self.page, title, "pdf", write)

    def _on_answered(self, answered: Answered) -> None:
        if answered.is_quoted:
            self.too_weak.emit(True)

    def _connect_folders(self) -> None:
        folders = self.folders
        self.documents.folder_offered.connect(folders.offer)
        folders.documents_requested.connect(partial(self.documents.open_files, is_folder=True))
        self.documents.opening.connect(self._on_opening)
        self.documents.opened.connect(self._on_opened)
        folders.shown.connect(self._on_folder_shown)
        self.page.folder.table_requested.connect(self._show_folder_table)
        self.page.documents.several_requested.connect(self._on_several)
        self.table_scope.listed = lambda: self.page.documents.shown
        self.page.documents.count_changed.connect(self.table_scope.show_count)
        self.table_pane.stand_beside(lambda: self.view.result_width, self.page.view.isVisible)
        self.page.documents.folder_summary_requested.connect(self.summary_pane.ask_folder)
        self.page.documents.hit_chosen.connect(lambda hit: self.visit(Span(hit.document, hit.page, hit.start, hit.end)))
        self.folder_pane.statement_chosen.connect(self._visit_source)
        self.deadlines_pane.statement_chosen.connect(self._visit_source)
        self.deadlines.made.connect(lambda report: self.page.name_deadlines(report.title, report.lead))
        self.page.documents.deadlines_requested.connect(self.show_deadlines)
        self.page.folder.deadlines_requested.connect(lambda: self.show_deadlines(folders.current))

    def _on_folder_shown(self, state: CollectionState | None) -> None:
        if state is not None:
            self.documents.leave()
            self.folder_questions.show_collection(state.record.id)
        self.page.show_folder(state)

    def _visit_source(self, statement: Statement) -> None:
        if statement.sources:
            self.visit(statement.sources[0])

    def visit(self, span: Span, show: Callable[[str], object] | None = None) -> None:
        """Open a document, which need not be on the list unless `show` wants it, and go to a passage in it."""
        self._ahead = span
        if span.document != self.documents.current:
            (show or self.documents.show_document)(span.document)
        else:
            self._go_ahead()

    def _connect_panes(self) -> None:
        for pane in (self.summary_pane, self.question_pane, self.compare_pane, *self.others):
            pane.statement_chosen.connect(lambda statement: self._go_to(_spans_in(statement), plays=True))
            pane.statement_pointed_at.connect(
                lambda statement: self._point_at(_spans_in(statement) if statement else None)
            )
        self.summaries.folder_begun.connect(partial(self._on_folder_begun, self.summaries))
        self.tables.folder_begun.connect(partial(self._on_folder_begun, self.tables))
        self.documents.listed.connect(self._pair.show_records)
        self.page.side.needs_width.connect(self._on_width)
        self.table_pane.statement_chosen.connect(lambda cell: self.visit(cell.sources[0], self.documents.choose))
        self.table_pane.picture_requested.connect(self.exports.write_bytes)

    @property
    def _pair(self) -> PairBar:
        """What chooses the other document of a comparison."""
        assert self.compare_pane.pair is not None  # its task is about two
        return self.compare_pane.pair

    def _on_opening(self, count: int) -> None:
        """Show where the result will be: a comparison of two, or a summary."""
        self.page.side.show_pane("versions" if count == 2 else "summary")

    def _on_opened(self, documents: Sequence[str], is_folder: bool) -> None:
        """Do at once what is usual with opened documents: summarize the first, compare two, tabulate a folder."""
        if is_folder and len(documents) > 1:
            self.page.documents.mark(documents)
            self._on_several("table", documents)
        elif len(documents) == 2 and self.page.side.current == "versions":
            self._compare(documents)
        else:
            self.summaries.show_document(self.documents.current)
            self._begin_summary()

    def _on_pane_chosen(self, pane: str) -> None:
        """Show in a pane what is chosen in the list: several documents together, or the one on show."""
        chosen = self.page.documents.chosen
        action = ACTIONS_OF_PANES.get(pane, pane if self._takes_several(pane) else "")
        takes_all = len(chosen) == 2 or action != "compare"
        if len(chosen) > 1 and action and takes_all:
            self._on_several(action, chosen)
            return
        self._begin_first(pane)

    def _show_title(self) -> None:
        """Name what the shown pane is about: the documents chosen together, or the one on show."""
        record = self.view.record
        shown = self.page.side.current
        if self._scope and (shown in PANES_OF_SEVERAL or self._takes_several(shown)):
            self.view.show_title(counted_documents(len(self._scope)))
        elif record is not None:
            self.view.show_title(record.name)

    def _begin_summary(self) -> None:
        """Summarize the shown document, where its summary is looked at."""
        if self.summary_pane.isVisible() and self.summary_pane.isEnabled() and not self._scope:
            self.summary_pane.begin_first()

    def work_on(self, document: str, pane: str) -> None:
        """Show a document with one of its panes, and begin what is begun unasked there."""
        if document != self.documents.current or self._scope:
            self.documents.choose(document)
        self.page.side.show_pane(pane)
        self._begin_first(pane)

    def _begin_first(self, name: str) -> None:
        """Make the first report of the shown document in a pane to which a person came, where none is asked for."""
        pane, document = self._begun_unasked.get(name), self.documents.current
        self._forget_awaited()
        if pane is None or not document or (pane is self.summary_pane and self._scope):
            return

        def begin() -> None:
            if pane.isEnabled() and not pane.controller.item:
                pane.begin_first()

        self._once_read(pane, [document], begin)

    def _once_read(self, pane: ResultPane, documents: Sequence[str], begin: Callable[[], object]) -> None:
        """Begin what a person asked for. It waits for documents that are still being read, and the pane says so."""
        records = self.documents.records(documents).values()
        if any(record.status is DocumentStatus.READING for record in records):
            self._awaited = tuple(documents)
            self._begin_awaited = partial(self._once_read, pane, documents, begin)
            self._promised_in = pane
            pane.say(_("Begins as soon as reading is done."))
            return
        self._forget_awaited()
        begin()

    def _forget_awaited(self) -> None:
        """Begin nothing any more that waits for documents, and take the promise back."""
        self._awaited = ()
        if self._promised_in is not None:
            self._promised_in.say("")
            self._promised_in = None

    def _on_changed(self, event: DocumentChanged) -> None:
        if event.document.id in self._awaited:
            self._begin_awaited()

    def ask_again(self) -> None:
        """Let another model answer or summarize what is shown, or fill what none was asked for."""
        if self.page.side.current == "questions":
            self.questions.ask_again()
        elif self.page.side.current == "summary" and self.summary_pane.report is not None:
            self.summaries.begin_again()
        elif self.page.side.current == "table" and self.table_pane.is_unfilled:
            self.tables.begin_again()

    def restore(self, state: WindowState) -> None:
        self.page.side.show_pane(state.last_document_pane)
        self.summary_pane.form.use("length", state.last_summary_length)
        self._restored = (state.last_document, state.last_document_page)
        if state.last_document:
            self.documents.restore(state.last_document)

    @property
    def state(self) -> dict[str, str | int]:
        return {
            "last_document": self.documents.current or self._restored[0],
            "last_document_page": max(1, self.page.view.reached),
            "last_document_pane": self.page.side.current,
            "last_summary_length": str(self.summary_pane.form.last["length"]),
        }

    def show_result(self, document: str, item: str, kind: str) -> None:
        self.documents.show_document(document)
        if kind == SUMMARIZE.kind:
            self.summaries.open_item(document, item)
        elif kind == EXTRACT.kind:
            self.tables.open_item(document, item)
        elif kind == COMPARE.kind:
            self.versions.open_item(document, item)
        for pane in (self.question_pane, *self.others):
            if pane.task.kind == kind:
                pane.controller.open_item(document, item)
        self.page.side.show_pane(PANES.get(kind, kind))

    def _on_several(self, action: str, documents: Sequence[str]) -> None:
        if action == "remove":
            self.documents.remove(*documents)
            return
        self._forget_awaited()
        names = {id: record.name for id, record in self.documents.records(documents).items()}
        if action == "compare":
            self._compare(list(names))
            return
        if not action:
            if self._scope:
                self._leave_scope()
                self.questions.show_document("")
                self.summaries.show_document("")
                self.documents.tell_again()
            return
        self._scope = tuple(names)
        if self.documents.current not in names:
            self.documents.choose(documents[0])
        self.page.side.show_pane(PANES_OF_ACTIONS.get(action, action))
        panes = {"summarize": self.summary_pane, "ask": self.question_pane, "table": self.table_pane, **self._of_kind}
        self._once_read(panes[action], self._scope, partial(self._begin_several, action))

    def _begin_several(self, action: str) -> None:
        if action == "summarize":
            if not self.summaries.is_about(self._scope):
                self.summaries.begin(self.summary_pane.form.request, self._scope)
        elif action == "ask":
            self.questions.show_together(self._scope)
            self.question_pane.setFocus()
        elif action in self._of_kind:
            pane = self._of_kind[action]
            shown_first = sorted(self._scope, key=lambda id: id != self.documents.current)
            pane.controller.begin_chosen(pane.form.request, shown_first)
        else:
            self.tables.begin_chosen(self.table_pane.form.request, self._scope)

    def _leave_scope(self) -> None:
        """Work on the document on show alone again."""
        self._scope = self.tables.chosen = ()
        for pane in self.others:
            pane.controller.chosen = ()

    def _show_folder_table(self, documents: Sequence[str]) -> None:
        """Show the table of a watched folder, whose documents need not be on the list."""
        if documents:
            self._scope = tuple(documents)
            self.documents.show_document(documents[0])
            self.tables.begin_chosen(self.table_pane.form.request, self._scope)
            self.page.side.show_pane("table")

    def _compare(self, documents: Sequence[str]) -> None:
        """Compare two documents. If neither is shown, the first is."""
        if self.documents.current not in documents:
            self.documents.choose(documents[0])
        if self.page.side.current != "versions":
            self.page.side.show_pane("versions")
        self._once_read(self.compare_pane, documents, partial(self._compare_now, documents))

    def _compare_now(self, documents: Sequence[str]) -> None:
        for id, record in self.documents.records(documents).items():
            if id != self.documents.current:
                self._pair.compare_with(record)

    def _on_shown(self, record: DocumentRecord | None) -> None:
        if record is not None and self.folders.current:
            self.folders.leave()
            self.page.documents.show_chosen_folder("")
        if record is None or record.id not in self._awaited:
            self._forget_awaited()
        is_reading = record is not None and record.status is DocumentStatus.READING
        is_unread = record is not None and record.status is DocumentStatus.FAILED and not record.pages
        for part in (self.summary_pane, self.question_pane, *self.others):
            part.setEnabled(not is_reading and not is_unread)
        if record is not None and record.id not in self._scope:
            self._leave_scope()
        self._show_title()
        self.table_pane.setEnabled(record is not None and not is_reading and not is_unread)
        self.redact_pane.show_document(None if is_reading or is_unread else record)
        if is_reading and record is not None:
            if record.id == self.questions.document:  # read again: what was made of it stays
                return
            record = None  # nothing of the document before stands below this one's title
        is_other = record is not None and record.id != self.questions.document
        if is_other:
            self.too_weak.emit(False)
        self.tables.show_document(record.id if record else "")
        self.summaries.show_document(record.id if record else "")
        self.questions.show_document(record.id if record else "")
        self._pair.show_document(record)
        self.versions.show_document(record.id if record else "")
        for pane in self.others:
            pane.controller.show_document(record.id if record else "")
        self._read_timer.start()
        was_paused, self._is_paused = self._is_paused, record is not None and record.error_code == STOPPED
        is_new = is_other or was_paused  # one that is paused is summarized once it is read
        if is_new and not self._is_paused and not self.documents.is_opening_folder:  # of a folder a table is made
            self._begin_summary()

    def _on_model_state_changed(self, event: ModelStateChanged) -> None:
        if event.state is ModelState.READY:
            self._read_timer.start()

    def _expect_question(self) -> None:
        """Let the model read the shown document before a question is asked. The model is only loaded for this if the
        questions are visible.
        """
        document, pane = self.documents.current, self.question_pane
        if document and self.page.isVisible():
            ready = self._bridge.services.questions.expect_question(document, loads=pane.isVisible())
            self._bridge.ask(ready, None, lambda _problem: None)

    def _go_ahead(self) -> None:
        ahead = self._ahead
        if ahead is not None and ahead.document == self.documents.current and ahead.page <= self.page.view.count:
            self._ahead = None
            self._go_to([ahead])

    def _on_pages_listed(self) -> None:
        self._go_ahead()
        (document, page), self._restored = self._restored, ("", 1)
        if document and document == self.documents.current:
            self.page.view.go_to(page)

    def _go_to(self, spans: Iterable[Span], *, plays: bool = False) -> None:
        """Mark passages and go to the first one, and play it if it was recorded and `plays`. If none is in the shown
        document, open another document.
        """
        given = list(spans)
        self._point_timer.stop()
        self._pointed = None
        if here := self._here(given):
            self.view.go_to_spans(here)
            if plays:
                self.view.play(here)
        elif given:
            document = given[0].document
            self.view.open_at(document, self._in(document, given))

    def _on_width(self, wants: bool) -> None:
        """End the wide view of versions when the pages come back."""
        if not wants and self.page.side.current == "versions":
            self.compare_pane.give_up_width()

    def _point_at(self, spans: Iterable[Span] | None) -> None:
        self._pointed = None if spans is None else self._here(spans)
        self._point_timer.start()

    def _on_place_clicked(self, page: int, character: int, share: QPointF) -> None:
        document = self.documents.current
        self._place = (document, page)
        spans = {(span.start, span.end) for span in self._spans() if (span.document, span.page) == (document, page)}
        if character >= 0:
            self._light(document, page, [span for span in spans if span[0] <= character < span[1]])
        elif spans:
            reported = partial(self._light, document, page)
            self.documents.pages.locate(page, sorted(spans), (share.x(), share.y()), reported)
        else:
            self._light(document, page, ())

    def _light(self, document: str, page: int, spans: Iterable[tuple[int, int]]) -> None:
        if (document, page) != self._place:  # another place was clicked at meanwhile
            return
        clicked = {Span(document, page, start, end) for start, end in spans}
        for pane in (self.summary_pane, self.question_pane, *self.others):
            pane.light_of(clicked)

    def _export(self, pane: ResultPane, form: str) -> None:
        if id := pane.controller.item:
            folder = self.documents.current_folder or self.folders.current_folder
            write = partial(self.exports.export, id, form)
            ask_where(self.page, pane.title, form, write, ALL_FORMS, folder=folder)

    def _on_folder_begun(self, results: ResultController, item: Item) -> None:
        if self.folders.current and results is self.tables:  # a folder that is watched is looked at meanwhile
            return
        documents = results.documents_of(item)
        if documents and self.documents.current not in documents:
            self.show_result(documents[0], item.id, item.kind)
        else:
            results.show_begun(item)

    def _spans(self) -> Iterable[Span]:
        for pane in (self.summary_pane, self.question_pane, *self.others):
            for statement in pane.statements:
                yield from statement.sources

    def _here(self, spans: Iterable[Span]) -> dict[int, list[tuple[int, int]]]:
        """Return the spans that are in the shown document, by page."""
        return self._in(self.documents.current, spans)

    @staticmethod
    def _in(document: str, spans: Iterable[Span]) -> dict[int, list[tuple[int, int]]]:
        spans_by_page: dict[int, list[tuple[int, int]]] = {}
        for span in spans:
            if span.document == document:
                spans_by_page.setdefault(span.page, []).append((span.start, span.end))
        return spans_by_page


def _spans_in(statement: Statement) -> tuple[Span, ...]:
    """Return where a statement stands, in the other version too."""
    return (*statement.sources, *statement.other_sources)

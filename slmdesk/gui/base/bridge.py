"""The bridge: events of the services become Qt signals on the window's thread, requests go to the service thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from slmdesk.services.base import events
from slmdesk.services.base.events import Event, Problem
from slmdesk.services.chat.events import ContextMeasured, QuotesFound
from slmdesk.services.documents.events import (
    CollectionChanged,
    CollectionGone,
    DocumentChanged,
    DocumentGone,
    DocumentProgress,
    DocumentsChanged,
)
from slmdesk.services.engine.events import ModelsChanged, ModelStateChanged
from slmdesk.services.jobs.events import JobChanged
from slmdesk.services.models.events import (
    ImportEnded,
    ImportProgress,
    MoveEnded,
    MoveProgress,
    PaceChanged,
    PackEnded,
    PackProgress,
)
from slmdesk.services.online.events import DownloadChanged, RequestsToday, TokenChanged
from slmdesk.services.questions.events import QuestionAnswered, QuestionPlanned
from slmdesk.services.summaries.events import FolderWritten, SummaryEnded, SummaryGrew
from slmdesk.services.tables.events import ExtractionEnded, ExtractionGrew
from slmdesk.services.translation.events import (
    GlossariesChanged,
    LiveTranslated,
    MemoryChanged,
    PairUsed,
    SegmentChanged,
    TranslationGrew,
)
from slmdesk.services.versions.events import VersionsCompared, VersionsFailed

if TYPE_CHECKING:
    from slmdesk.services.container import Services
    from slmdesk.settings import Settings

T = TypeVar("T")


log = logging.getLogger(__name__)
GONE = ("Signal source has been deleted", "already deleted.")
"""What PySide says of a QObject that is no more: tests/gui/test_glossaries.py closes a window that waits."""


class Bridge(QObject):
    """The services as the window sees them.

    Lives on the window's thread; never blocks it.  Emits a typed signal for each event of the services; `opened` when
    requests begin to be carried out (those made before are queued), `open_failed` with a Problem, `closed` when the
    services have ended, and `problem_met` for a refusal whose caller gave no `refused`.
    """

    opened = Signal()
    open_failed = Signal(object)
    closed = Signal()
    problem_met = Signal(object)
    settings_changed = Signal(object)
    item_changed = Signal(object)
    item_gone = Signal(object)
    message_added = Signal(object)
    message_grew = Signal(object)
    prompt_progressed = Signal(object)
    message_ended = Signal(object)
    message_changed = Signal(object)
    model_state_changed = Signal(object)
    models_changed = Signal(object)
    documents_changed = Signal(object)
    pace_changed = Signal(object)
    import_progressed = Signal(object)
    import_ended = Signal(object)
    pack_progressed = Signal(object)
    pack_ended = Signal(object)
    move_progressed = Signal(object)
    move_ended = Signal(object)
    download_changed = Signal(object)
    job_changed = Signal(object)
    document_changed = Signal(object)
    document_progressed = Signal(object)
    document_gone = Signal(object)
    collection_changed = Signal(object)
    collection_gone = Signal(object)
    versions_compared = Signal(object)
    versions_failed = Signal(object)
    question_planned = Signal(object)
    question_answered = Signal(object)
    quotes_found = Signal(object)
    summary_grew = Signal(object)
    summary_ended = Signal(object)
    folder_written = Signal(object)
    extraction_grew = Signal(object)
    extraction_ended = Signal(object)
    translation_grew = Signal(object)
    translation_read = Signal(object)
    segment_changed = Signal(object)
    live_translated = Signal(object)
    exam_offered = Signal(object)
    pair_used = Signal(object)
    glossaries_changed = Signal(object)
    memory_changed = Signal(object)
    context_measured = Signal(object)
    requests_counted = Signal(object)
    token_changed = Signal(object)
    noticed = Signal(object)
    notice_over = Signal(object)

    _brought = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bridge")
        self._services: Services | None = None
        self._waiting: list[Callable[[], None]] = []
        self._is_ended = False
        self._signals: Mapping[type[Any], Any] = {
            events.ItemChanged: self.item_changed,
            events.ItemGone: self.item_gone,
            events.MessageAdded: self.message_added,
            events.MessageGrew: self.message_grew,
            events.PromptProgress: self.prompt_progressed,
            events.MessageEnded: self.message_ended,
            events.MessageChanged: self.message_changed,
            ModelStateChanged: self.model_state_changed,
            ModelsChanged: self.models_changed,
            DocumentsChanged: self.documents_changed,
            PaceChanged: self.pace_changed,
            ImportProgress: self.import_progressed,
            ImportEnded: self.import_ended,
            PackProgress: self.pack_progressed,
            PackEnded: self.pack_ended,
            MoveProgress: self.move_progressed,
            MoveEnded: self.move_ended,
            DownloadChanged: self.download_changed,
            JobChanged: self.job_changed,
            DocumentChanged: self.document_changed,
            DocumentProgress: self.document_progressed,
            DocumentGone: self.document_gone,
            CollectionChanged: self.collection_changed,
            CollectionGone: self.collection_gone,
            VersionsCompared: self.versions_compared,
            VersionsFailed: self.versions_failed,
            QuestionPlanned: self.question_planned,
            QuestionAnswered: self.question_answered,
            QuotesFound: self.quotes_found,
            SummaryGrew: self.summary_grew,
            SummaryEnded: self.summary_ended,
            FolderWritten: self.folder_written,
            ExtractionGrew: self.extraction_grew,
            ExtractionEnded: self.extraction_ended,
            TranslationGrew: self.translation_grew,
            events.TranslationRead: self.translation_read,
            SegmentChanged: self.segment_changed,
            LiveTranslated: self.live_translated,
            events.ExamOffered: self.exam_offered,
            PairUsed: self.pair_used,
            GlossariesChanged: self.glossaries_changed,
            MemoryChanged: self.memory_changed,
            ContextMeasured: self.context_measured,
            RequestsToday: self.requests_counted,
            TokenChanged: self.token_changed,
            events.Noticed: self.noticed,
            events.NoticeOver: self.notice_over,
        }
        self._brought.connect(self._on_brought, Qt.ConnectionType.QueuedConnection)

    @property
    def is_open(self) -> bool:
        return self._services is not None

    def ask(
        self,
        request: Callable[[Services], T],
        answered: Callable[[T], None] | None = None,
        refused: Callable[[Problem], None] | None = None,
    ) -> None:
        """Carry out `request` on the service thread; then `answered` or `refused` is called on the window's thread."""
        if self._is_ended:
            return
        services = self._services
        if services is None:
            self._waiting.append(partial(self.ask, request, answered, refused))
        else:
            services.service_thread.post(partial(self._carry_out, services, request, answered, refused))

    def post_to_ui(self, work: Callable[[], None]) -> None:
        """Run `work` on the window's thread, soon.  May be called from any thread."""
        if self._is_ended:
            return
        try:
            self._brought.emit(work)
        except RuntimeError:  # the window is gone, and its half of the bridge with it
            self._is_ended = True

    def publish(self, event: Event) -> None:
        """Emit the signal of this event.  From any thread: this is the listener given to the services."""
        self.post_to_ui(partial(self._publish, event))

    def attach(self, services: Services) -> None:
        """Use these services and carry out the requests that waited.  On the window's thread."""
        self._services = services
        waiting, self._waiting = self._waiting, []
        self.opened.emit()
        for request in waiting:
            request()

    def end(self) -> None:
        """Drop queued requests and ignore what still arrives: the window is closing."""
        self._is_ended = True
        self._waiting.clear()

    @Slot(object)
    def _on_brought(self, work: Callable[[], None]) -> None:
        if self._is_ended:
            return
        try:
            work()
        except RuntimeError as err:
            if not str(err).endswith(GONE):
                raise
            log.debug("an answer came after the window that asked was closed")

    def tell_settings(self, settings: Settings) -> None:
        """Emit `settings_changed`.  From any thread: this is the listener given to the settings file."""
        self.post_to_ui(partial(self.settings_changed.emit, settings))

    def _publish(self, event: Event) -> None:
        self._signals[type(event)].emit(event)

    def _carry_out(
        self,
        services: Services,
        request: Callable[[Services], T],
        answered: Callable[[T], None] | None,
        refused: Callable[[Problem], None] | None,
    ) -> None:
        """Runs on the service thread."""
        try:
            result = request(services)
        except Exception as err:  # noqa: BLE001 - the service thread's end of a request: a fault must reach the person
            from slmdesk.services.base.messages import problem_for  # late: not needed before the window shows

            self._refuse(problem_for(err), refused)
        else:
            if answered is not None:
                self.post_to_ui(partial(answered, result))

    def _refuse(self, problem: Problem, refused: Callable[[Problem], None] | None) -> None:
        self.post_to_ui(partial(self.problem_met.emit if refused is None else refused, problem))

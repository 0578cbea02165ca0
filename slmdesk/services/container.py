"""Puts the services together over one service thread, one store and three children, and publishes their events."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from uuid import uuid4

from slmdesk.client import ChildClient
from slmdesk.core.errors import KnownError, SlmdeskError
from slmdesk.core.files import private_folder
from slmdesk.core.policy import load_policy
from slmdesk.core.reach import Reach
from slmdesk.paths import Paths, make_folders
from slmdesk.services.base.events import Event, MessageEnded, Noticed, Problem
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.chat.service import ChatService
from slmdesk.services.documents.embedding import EmbeddingService
from slmdesk.services.documents.events import DocumentChanged, DocumentGone
from slmdesk.services.documents.folder_types import KIND as INDEX
from slmdesk.services.documents.folders import CollectionService
from slmdesk.services.documents.library import DocumentService
from slmdesk.services.documents.retrieval import Retrieval
from slmdesk.services.documents.saved_states import StateService
from slmdesk.services.engine.events import ModelsChanged
from slmdesk.services.engine.model_loader import ModelLoader
from slmdesk.services.evaluation.auto_exams import FirstExams
from slmdesk.services.evaluation.benchmark import BenchService
from slmdesk.services.evaluation.exams import ExamService
from slmdesk.services.evaluation.export import export_model_comparison
from slmdesk.services.evaluation.model_cards import CardService
from slmdesk.services.evaluation.model_comparison import KIND as COMPARISON
from slmdesk.services.evaluation.model_comparison import ComparingService
from slmdesk.services.history.backups import BackupService
from slmdesk.services.history.change_watch import Watch
from slmdesk.services.history.export import ExportService
from slmdesk.services.history.pdf import PrintService, page_size
from slmdesk.services.history.service import HistoryService
from slmdesk.services.jobs.overview import JobViews
from slmdesk.services.jobs.service import JobService
from slmdesk.services.models.defaults import UseService
from slmdesk.services.models.fit_check import JudgeService
from slmdesk.services.models.inspect_files import LookService
from slmdesk.services.models.library import ModelService
from slmdesk.services.models.load_options import TuningService
from slmdesk.services.models.move.service import MoveService
from slmdesk.services.models.other_programs import FindingService
from slmdesk.services.models.packs.service import PackService
from slmdesk.services.models.rename import NameService
from slmdesk.services.models.speed import MeasuringService
from slmdesk.services.online.access_token import TokenService
from slmdesk.services.online.catalogue import OfferService
from slmdesk.services.online.download_jobs import KIND as DOWNLOAD
from slmdesk.services.online.downloads import DownloadService
from slmdesk.services.online.hub import HubService
from slmdesk.services.online.network_log import NetworkService
from slmdesk.services.online.proxy_password import ProxyPasswords
from slmdesk.services.online.repo_page import RepoPageService
from slmdesk.services.online.search import SearchService
from slmdesk.services.questions.export import export_question
from slmdesk.services.questions.service import KIND as QUESTION
from slmdesk.services.questions.service import QuestionService
from slmdesk.services.summaries.export import export_summary
from slmdesk.services.summaries.folder import FolderSummaries
from slmdesk.services.summaries.service import KIND as SUMMARY
from slmdesk.services.summaries.service import SummaryService
from slmdesk.services.tables.export import export_table
from slmdesk.services.tables.service import KIND as TABLE
from slmdesk.services.tables.service import ExtractionService
from slmdesk.services.translation.export import export_translation
from slmdesk.services.translation.handouts import TranslationFiles
from slmdesk.services.translation.inspection import StartService
from slmdesk.services.translation.pairs.advice import PairAdviceService
from slmdesk.services.translation.pairs.auto_exams import FirstPairExams
from slmdesk.services.translation.pairs.exams import PairExamService
from slmdesk.services.translation.readout import KIND as TRANSLATION
from slmdesk.services.translation.segment_edits import SegmentEdits
from slmdesk.services.translation.segment_list import SegmentLists
from slmdesk.services.translation.segment_undo import SegmentChanges
from slmdesk.services.translation.service import TranslationService
from slmdesk.services.translation.standard_output import sweep_piped
from slmdesk.services.translation.term_proposals import ProposalService
from slmdesk.services.translation.terms.glossaries import GlossaryService
from slmdesk.services.translation.terms.memory import MemoryService
from slmdesk.services.translation.typed.history import TypedHistory
from slmdesk.services.translation.typed.live import LiveTranslation
from slmdesk.services.versions.export import export_versions
from slmdesk.services.versions.service import KIND as VERSIONS
from slmdesk.services.versions.service import VersionService
from slmdesk.settings import SettingsFile
from slmdesk.store import Store, open_store

log = logging.getLogger(__name__)

Listener = Callable[[Event], None]

PRINTER = (sys.executable, "-m", "slmdesk", "--worker", "printer")
"""Command of the printer child, used where the frontend names no other."""
CLOSE_S = 2.0
"""Time allowed from the request to close until no child process is left."""
PURGE_MARGIN_S = 0.5
"""With less time than this left, the copies of the history are not purged any further."""


class Services:
    """All services a frontend (window or command line) uses.  Made by `open_services`.

    The services are used on the service thread, through `post` and `call`.
    """

    service_thread: ServiceThread
    settings: SettingsFile
    store: Store
    instance_id: str
    chats: ChatService
    models: ModelService
    names: NameService
    uses: UseService
    packs: PackService
    finding: FindingService
    history: HistoryService
    documents: DocumentService
    collections: CollectionService
    embedding: EmbeddingService
    retrieval: Retrieval
    questions: QuestionService
    states: StateService
    summaries: SummaryService
    folder_summaries: FolderSummaries
    extraction: ExtractionService
    versions: VersionService
    translations: TranslationService
    segment_edits: SegmentEdits
    segment_changes: SegmentChanges
    segment_lists: SegmentLists
    translation_files: TranslationFiles
    translation_start: StartService
    live: LiveTranslation
    typed: TypedHistory
    glossaries: GlossaryService
    memory: MemoryService
    proposals: ProposalService
    printing: PrintService
    exports: ExportService
    network: NetworkService
    hub: HubService
    tokens: TokenService
    downloads: DownloadService
    moving: MoveService
    offers: OfferService
    searching: SearchService
    repo_pages: RepoPageService
    judge: JudgeService
    looking: LookService
    measuring: MeasuringService
    tuning: TuningService
    backups: BackupService
    jobs: JobService
    job_views: JobViews
    exams: ExamService
    first_exams: FirstExams
    pair_exams: PairExamService
    first_pair_exams: FirstPairExams
    pair_advice: PairAdviceService
    bench: BenchService
    comparing: ComparingService
    cards: CardService
    engine: ChildClient
    reader: ChildClient
    printer: ChildClient
    read_only: bool
    """The history cannot be written; everything else works."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.read_only = False
        self._listeners: list[Listener] = []
        self._untold: list[Event] = []
        self._closed = False
        self._watch: Watch | None = None
        self._hears: tuple[Listener, ...] = ()
        self.service_thread = ServiceThread(self._on_error)

    def add_listener(self, listener: Listener) -> None:
        """Publish every event to `listener` from now on, on the service thread.  May be called from any thread.

        The first listener also gets the notices raised before it was added.
        """

        def add() -> None:
            self._listeners.append(listener)
            untold, self._untold = self._untold, []
            for event in untold:
                self.publish(event)

        self.service_thread.call(add)

    def publish(self, event: Event) -> None:
        """Pass an event to all listeners; a failing listener does not keep it from the others.  Service thread."""
        if not self._listeners and isinstance(event, Noticed):
            self._untold.append(event)
        if isinstance(event, ModelsChanged) and self._watch:
            self._watch.hear_models()
        for hear in self._hears:
            hear(event)
        if isinstance(event, MessageEnded):
            self.measuring.hear(event)
        if isinstance(event, DocumentChanged | DocumentGone | ModelsChanged):
            self.embedding.hear(event)
            self.states.hear(event)
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception as err:  # noqa: BLE001  a frontend's error must not end the use case that told the fact
                self._report(err, but=listener)

    def notice(self, error: BaseException) -> None:
        """Publish an error as a notice for the person.  Service thread."""
        self.publish(Noticed(problem_for(error)))

    def close(self) -> None:
        """Save what is being written, end the children and close the store, within about CLOSE_S.  Any thread."""
        if self._closed:
            return
        self._closed = True
        deadline = time.monotonic() + CLOSE_S
        self._on_service_thread(self._close_services, CLOSE_S / 2)
        children = [threading.Thread(target=one.close, args=(1.0,)) for one in (self.engine, self.reader, self.printer)]
        for one in children:
            one.start()
        self._on_service_thread(
            lambda: self._purge(until=deadline - PURGE_MARGIN_S), max(0.1, deadline - time.monotonic())
        )
        for one in children:
            one.join(max(0.1, deadline - time.monotonic()))
        self._on_service_thread(self.store.close, max(0.1, deadline - time.monotonic()))
        self.service_thread.close(max(0.1, deadline - time.monotonic()))

    def _open(
        self,
        engine_command: Sequence[str],
        reader_command: Sequence[str],
        printer_command: Sequence[str],
        instance_id: str,
    ) -> None:
        """Create the services in order: each part may use those before it.  On the service thread."""
        self._open_store(instance_id)
        self._open_children(engine_command, reader_command, printer_command)
        self._open_models(engine_command)
        self._open_chats()
        self._open_documents()
        self._open_translation()
        self._open_ways_out()
        self._open_network()
        self._open_watch()
        if not self.read_only:
            self.moving.recover()
            self.service_thread.post(self._purge)  # what a instance that was killed had deleted for good

    def _open_store(self, instance_id: str) -> None:
        """Open the folders, the organisation's policy, the settings and the database."""
        make_folders(self.paths)
        with suppress(KnownError):  # where it cannot be made nothing is kept in it
            private_folder(self.paths.states)  # the child that writes there may make none
        policy = load_policy(self.paths.policy_files)
        self.settings = SettingsFile(self.paths.settings_file, policy)
        opened = open_store(self.paths, instance_id=instance_id)
        self.store, self.read_only, self.instance_id = opened.store, opened.read_only, instance_id
        sweep_piped(self.paths)
        for notice in (*policy.problems, *self.settings.problems, *opened.notices):
            self.notice(notice)

    def _open_children(
        self, engine_command: Sequence[str], reader_command: Sequence[str], printer_command: Sequence[str]
    ) -> None:
        """Create the clients of the child processes; none is started before it is needed."""
        self.engine = ChildClient(
            engine_command,
            role="engine",
            log_path=self.paths.logs / "engine.log",
            on_child=lambda event: self.service_thread.post(lambda: self._loader.on_child(event)),
        )
        self.reader = ChildClient(
            reader_command, role="reader", log_path=self.paths.logs / "reader.log", on_child=lambda _event: None
        )
        self.printer = ChildClient(
            printer_command, role="printer", log_path=self.paths.logs / "printer.log", on_child=lambda _event: None
        )
        self._loader = ModelLoader(self.service_thread, self.store, self.settings, self.publish, self.engine)

    def _open_models(self, engine_command: Sequence[str]) -> None:
        """Create the services for models, their exams and speed, and the jobs."""
        loader, paths = self._loader, self.paths
        self.measuring = MeasuringService(
            self.service_thread, self.store, loader, self.publish, lambda: self._measuring_child(engine_command)
        )
        self.models = ModelService(
            self.service_thread, self.store, self.settings, paths, loader, self.publish, self.measuring.pc
        )
        self.jobs = JobService(self.service_thread, self.store, loader, self.publish)
        self.job_views = JobViews(self.store, self.jobs)
        self.exams = ExamService(self.store, self.models, self.jobs)
        self.first_exams = FirstExams(
            self.service_thread, self.settings, self.models, self.exams, self.jobs, loader, self.publish
        )
        self.pair_exams = PairExamService(self.store, self.models, self.jobs, self.publish)
        self.pair_advice = PairAdviceService(self.store, self.pair_exams)
        self.first_pair_exams = FirstPairExams(
            self.service_thread,
            self.settings,
            self.models,
            self.exams,
            self.pair_exams,
            self.jobs,
            loader,
            self.publish,
        )
        self._hears = (self.first_exams.hear, self.first_pair_exams.hear, self._let_engine_open)
        self._let_engine_open(ModelsChanged())
        self.bench = BenchService(self.service_thread, self.store, self.models, loader, self.jobs, self.measuring.note)
        self.cards = CardService(
            self.service_thread, self.store, self.settings, self.bench, self.exams, self.measuring.pc
        )
        self.uses = UseService(self.store, self.settings)
        self.names = NameService(self.store, self.publish)
        self.packs = PackService(self.service_thread, self.store, self.models, self.publish)
        self.finding = FindingService(self.service_thread, self.store, self.models)
        self.judge = JudgeService(self.service_thread, self.settings, self.measuring.pc)
        self.tuning = TuningService(self.service_thread, self.settings, self.models)
        self.looking = LookService(self.service_thread, self.settings, self.measuring.pc)

    def _let_engine_open(self, event: Event) -> None:
        """Tell the engine child which files it may open: the library, the models folder and the saved states."""
        if isinstance(event, ModelsChanged):
            known = self.models.list()
            files = [str(self.paths.models), str(self.models.folder), *(os.fsdecode(one.path) for one in known)]
            adapters = [os.fsdecode(one.path) for one in known if one.kind == "adapter"]
            self._loader.let_open(Reach(tuple(dict.fromkeys(files)), (str(self.paths.states),)), adapters)

    def _open_chats(self) -> None:
        """Create the services for chats: answers, attachments, context and quotations."""
        loader, paths = self._loader, self.paths
        self.embedding = EmbeddingService(self.service_thread, self.store, self.uses, loader)
        self.retrieval = Retrieval(self.store, self.embedding.nearest)
        self.chats = ChatService(
            self.service_thread, self.store, self.settings, self.models, loader, self.retrieval, self.publish
        )
        self.comparing = ComparingService(
            self.service_thread, self.store, self.models, loader, self.jobs, self.chats.answers, self.publish
        )
        self.states = StateService(self.service_thread, self.store, self.settings, paths, loader)
        self.history = HistoryService(self.store, paths, self.chats, self.states, self.publish)

    def _open_documents(self) -> None:
        """Create the services for documents and for what is made from them."""
        loader, paths = self._loader, self.paths
        self.documents = DocumentService(self.service_thread, self.store, self.reader, self.publish)
        self.collections = CollectionService(
            self.service_thread, self.store, self.documents, loader, paths, self.publish
        )
        self.jobs.run_by(INDEX, self.collections.runner)
        self.questions = QuestionService(
            self.service_thread,
            self.store,
            self.models,
            loader,
            self.chats.answers,
            self.retrieval,
            self.states,
            self.publish,
        )
        self.summaries = SummaryService(
            self.store,
            self.settings,
            self.models,
            self.uses,
            loader,
            self.jobs,
            self.exams,
            self.publish,
        )
        self.folder_summaries = FolderSummaries(
            self.service_thread, self.store, self.documents, self.summaries, self.publish
        )
        self.extraction = ExtractionService(
            self.store, self.settings, self.models, loader, self.jobs, self.retrieval, self.publish
        )
        self.versions = VersionService(
            self.service_thread, self.store, self.models, self.uses, self.jobs, self.exams, self.publish
        )

    def _open_translation(self) -> None:
        """Create the services for translations, glossaries and the translation memory."""
        loader = self._loader
        self.translations = TranslationService(
            self.service_thread,
            self.store,
            self.models,
            self.uses,
            loader,
            self.jobs,
            self.reader,
            self.publish,
            self.pair_advice,
        )
        self.segment_edits = SegmentEdits(self.service_thread, self.store, loader, self.translations, self.publish)
        self.segment_changes = SegmentChanges(
            self.service_thread, self.store, self.translations, self.segment_edits, self.publish
        )
        self.glossaries = GlossaryService(self.service_thread, self.store, self.reader, self.publish)
        self.memory = MemoryService(self.service_thread, self.store, self.reader, self.publish)
        self.proposals = ProposalService(self.service_thread, self.store, self.reader)
        self.segment_lists = SegmentLists(self.store, self.translations, self.memory)
        self.translation_files = TranslationFiles(self.service_thread, self.store, self.translations)
        self.translation_start = StartService(self.service_thread, self.reader)
        self.live = LiveTranslation(self.service_thread, self.store, loader, self.translations.terms, self.publish)
        self.typed = TypedHistory(self.service_thread, self.store, self.settings, self.translations, self.publish)

    def _open_ways_out(self) -> None:
        """Create the services for printing and export."""
        self.printing = PrintService(self.service_thread, self.printer, page_size)
        exports = self.exports = ExportService(self.service_thread, self.history, self.chats, self.printing)
        exports.register(COMPARISON, partial(export_model_comparison, self.chats))
        exports.register(QUESTION, partial(export_question, self.store, self.chats, self.collections.unread))
        exports.register(SUMMARY, partial(export_summary, self.store))
        exports.register(TABLE, partial(export_table, self.extraction))
        exports.register(VERSIONS, partial(export_versions, self.store))
        exports.register(TRANSLATION, partial(export_translation, self.store))

    def _open_network(self) -> None:
        """Create the services that use the network."""
        paths = self.paths
        self.network = NetworkService(
            self.service_thread, self.store, self.settings, ProxyPasswords(paths), self.publish
        )
        self.settings.listeners.append(lambda _settings: self.network.move_password())
        self.network.move_password()
        self.hub = HubService(self.service_thread, self.settings, paths, self.network, self.measuring.pc)
        self.tokens = TokenService(self.service_thread, self.settings, paths, self.hub.policy, self.publish)
        self.hub.hub.token = self.tokens.token
        self.downloads = DownloadService(
            self.service_thread, self.store, self.settings, self.hub, self.models, self.publish
        )
        self.jobs.run_by(DOWNLOAD, self.downloads)
        self.moving = MoveService(
            self.service_thread, self.store, self.settings, paths, self.models, self.downloads, self.publish
        )
        self.searching = SearchService(self.hub)
        self.offers = OfferService(self.hub, self.searching)
        self.repo_pages = RepoPageService(self.hub)

    def _open_watch(self) -> None:
        """Create the services that watch the store for changes and back it up."""
        paths = self.paths
        watch = self._watch = Watch(
            self.service_thread, self.store, self.settings, self.chats, self.network, self.publish
        )
        self.backups = BackupService(self.service_thread, self.store, paths, self.chats, self.publish, watch.begin_anew)
        watch.start()

    def _measuring_child(self, engine_command: Sequence[str]) -> ChildClient:
        """Create the client of a second engine child, used for measuring."""
        log_path = self.paths.logs / "measure.log"
        return ChildClient(engine_command, role="engine", log_path=log_path, on_child=lambda _event: None)

    def _close_services(self) -> None:
        if self._watch:
            self._watch.stop()
        self.collections.close()
        self.documents.close()
        self.versions.close()
        self.printing.close()
        self.embedding.close()
        self.hub.close()
        self.downloads.close()
        self.moving.close()
        self.packs.close()
        self.finding.cancel()
        self.bench.cancel()
        self.first_exams.close()
        self.first_pair_exams.close()
        self.measuring.close()
        self.comparing.close()
        self.jobs.close()
        self.questions.close()
        self.states.close()
        self.chats.close()
        self._loader.close()
        self.models.close()

    def _purge(self, until: float | None = None) -> None:
        """Remove what was deleted for good from the copies of the history too."""
        if self.read_only:
            return
        try:
            self.store.purge(until)
        except KnownError as err:
            if until is None and err.code != "store.busy":  # at the end nobody hears it; the next start does it
                self.notice(err)

    def _on_service_thread(self, fn: Callable[[], object], timeout: float) -> None:
        try:
            self.service_thread.call(fn, timeout)
        except (TimeoutError, SlmdeskError):
            return  # the service thread waits for a disk: the end does not wait for it

    def _on_error(self, error: BaseException) -> None:
        self.notice(error)

    def _report(self, error: BaseException, *, but: Listener) -> None:
        problem: Problem = problem_for(error)
        others = [one for one in self._listeners if one is not but]
        for listener in others:
            listener(Noticed(problem))
        if not others:
            log.error("the only listener failed\n%s", problem.report or problem.code)


def open_services(
    paths: Paths,
    *,
    engine_command: Sequence[str],
    reader_command: Sequence[str],
    printer_command: Sequence[str] = PRINTER,
    instance_id: str | None = None,
) -> Services:
    """Open all services; waits for the disk, so do not call it on the window's thread.

    Works without a model, with broken settings, a damaged history, or a full or read-only disk: what is wrong is
    published as Noticed to the first listener.  Raises KnownError `store.newer` (nothing was changed), `store.in_use`,
    and `file.unwritable` or `disk.full` where there is no history and none can be made.
    """
    services = Services(paths)
    try:
        services.service_thread.call(
            lambda: services._open(engine_command, reader_command, printer_command, instance_id or uuid4().hex)
        )
    except BaseException:
        services.service_thread.close()
        raise
    return services

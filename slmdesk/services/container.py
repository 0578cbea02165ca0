"""Everything a face (window or command line) needs, put together over one desk thread, one store and three children."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import uuid4

from slmdesk.client import ChildClient
from slmdesk.core.errors import KnownError, SlmdeskError
from slmdesk.core.files import private_folder
from slmdesk.core.policy import load_policy
from slmdesk.core.reach import Reach
from slmdesk.paths import Paths, make_folders
from slmdesk.services.base.events import Event, MessageEnded, Noticed, Problem
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.service_thread import Desk
from slmdesk.services.chat.service import ChatService
from slmdesk.services.documents.embedding import EmbeddingService
from slmdesk.services.documents.events import DocumentChanged, DocumentGone
from slmdesk.services.documents.folder_types import KIND as INDEX
from slmdesk.services.documents.folders import CollectionService
from slmdesk.services.documents.library import DocumentService
from slmdesk.services.documents.retrieval import Retrieval
from slmdesk.services.documents.saved_states import StateService
from slmdesk.services.engine.events import ModelsChanged
from slmdesk.services.engine.model_loader import EngineRoom
from slmdesk.services.evaluation.auto_exams import FirstExams
from slmdesk.services.evaluation.benchmark import BenchService
from slmdesk.services.evaluation.exams import ExamService
from slmdesk.services.evaluation.model_cards import CardService
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
from slmdesk.services.questions.service import QuestionService
from slmdesk.services.summaries.folder import FolderSummaries
from slmdesk.services.summaries.service import SummaryService
from slmdesk.services.tables.service import ExtractionService
from slmdesk.services.translation.handouts import TranslationFiles
from slmdesk.services.translation.inspection import StartService
from slmdesk.services.translation.pairs.advice import PairAdviceService
from slmdesk.services.translation.pairs.auto_exams import FirstPairExams
from slmdesk.services.translation.pairs.exams import PairExamService
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
from slmdesk.services.versions.service import VersionService
from slmdesk.settings import SettingsFile
from slmdesk.store import Store, open_store

log = logging.getLogger(__name__)

Listener = Callable[[Event], None]

PRINTER = (sys.executable, "-m", "slmdesk", "--worker", "printer")
"""The printer child where the faces name no other."""
CLOSE_S = 2.0
"""From the wish to end until no process is left."""
PURGE_MARGIN_S = 0.5
"""Before that no more is done about the copies of the history."""


class Services:
    """The use cases.  Made by `open_services`; its services are used on the desk thread (`desk.post`, `desk.call`)."""

    desk: Desk
    settings: SettingsFile
    store: Store
    desk_id: str
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
        self.desk = Desk(self._on_error)

    def add_listener(self, listener: Listener) -> None:
        """Tell `listener` every fact, on the desk thread; the first one also what was noticed before.  Any thread."""

        def add() -> None:
            self._listeners.append(listener)
            untold, self._untold = self._untold, []
            for fact in untold:
                self.tell(fact)

        self.desk.call(add)

    def tell(self, fact: Event) -> None:
        """Hand a fact to all listeners; one that fails keeps none of the others from it.  Desk thread."""
        if not self._listeners and isinstance(fact, Noticed):
            self._untold.append(fact)
        if isinstance(fact, ModelsChanged) and self._watch:
            self._watch.hear_models()
        for hear in self._hears:
            hear(fact)
        if isinstance(fact, MessageEnded):
            self.measuring.hear(fact)
        if isinstance(fact, DocumentChanged | DocumentGone | ModelsChanged):
            self.embedding.hear(fact)
            self.states.hear(fact)
        for listener in tuple(self._listeners):
            try:
                listener(fact)
            except Exception as err:  # noqa: BLE001  a face's error must not end the use case that told the fact
                self._report(err, but=listener)

    def notice(self, error: BaseException) -> None:
        """Tell what a person should know.  Desk thread."""
        self.tell(Noticed(problem_for(error)))

    def close(self) -> None:
        """Keep what is being written, end the children, let go of the store.  At most about CLOSE_S; any thread."""
        if self._closed:
            return
        self._closed = True
        deadline = time.monotonic() + CLOSE_S
        self._on_desk(self._close_services, CLOSE_S / 2)
        children = [threading.Thread(target=one.close, args=(1.0,)) for one in (self.engine, self.reader, self.printer)]
        for one in children:
            one.start()
        self._on_desk(lambda: self._purge(until=deadline - PURGE_MARGIN_S), max(0.1, deadline - time.monotonic()))
        for one in children:
            one.join(max(0.1, deadline - time.monotonic()))
        self._on_desk(self.store.close, max(0.1, deadline - time.monotonic()))
        self.desk.close(max(0.1, deadline - time.monotonic()))

    def _open(
        self,
        engine_command: Sequence[str],
        reader_command: Sequence[str],
        printer_command: Sequence[str],
        desk_id: str,
    ) -> None:
        """Each part may use those before it.  On the desk thread."""
        self._open_store(desk_id)
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
            self.desk.post(self._purge)  # what a desk that was killed had deleted for good

    def _open_store(self, desk_id: str) -> None:
        """The folders, what the organisation has set, the settings and the database."""
        make_folders(self.paths)
        with suppress(KnownError):  # where it cannot be made nothing is kept in it
            private_folder(self.paths.states)  # the child that writes there may make none
        policy = load_policy(self.paths.policy_files)
        self.settings = SettingsFile(self.paths.settings_file, policy)
        opened = open_store(self.paths, desk_id=desk_id)
        self.store, self.read_only, self.desk_id = opened.store, opened.read_only, desk_id
        sweep_piped(self.paths)
        for notice in (*policy.problems, *self.settings.problems, *opened.notices):
            self.notice(notice)

    def _open_children(
        self, engine_command: Sequence[str], reader_command: Sequence[str], printer_command: Sequence[str]
    ) -> None:
        """The processes beside the desk; none is started before it is wanted."""
        self.engine = ChildClient(
            engine_command,
            role="engine",
            log_path=self.paths.logs / "engine.log",
            on_child=lambda event: self.desk.post(lambda: self._room.on_child(event)),
        )
        self.reader = ChildClient(
            reader_command, role="reader", log_path=self.paths.logs / "reader.log", on_child=lambda _event: None
        )
        self.printer = ChildClient(
            printer_command, role="printer", log_path=self.paths.logs / "printer.log", on_child=lambda _event: None
        )
        self._room = EngineRoom(self.desk, self.store, self.settings, self.tell, self.engine)

    def _open_models(self, engine_command: Sequence[str]) -> None:
        """Models, what they can do, how fast they are, and the jobs that find it out."""
        room, paths = self._room, self.paths
        self.measuring = MeasuringService(
            self.desk, self.store, room, self.tell, lambda: self._measuring_child(engine_command)
        )
        self.models = ModelService(self.desk, self.store, self.settings, paths, room, self.tell, self.measuring.pc)
        self.jobs = JobService(self.desk, self.store, room, self.tell)
        self.job_views = JobViews(self.store, self.jobs)
        self.exams = ExamService(self.store, self.models, self.jobs)
        self.first_exams = FirstExams(self.desk, self.settings, self.models, self.exams, self.jobs, room, self.tell)
        self.pair_exams = PairExamService(self.store, self.models, self.jobs, self.tell)
        self.pair_advice = PairAdviceService(self.store, self.pair_exams)
        self.first_pair_exams = FirstPairExams(
            self.desk, self.settings, self.models, self.exams, self.pair_exams, self.jobs, room, self.tell
        )
        self._hears = (self.first_exams.hear, self.first_pair_exams.hear, self._let_engine_open)
        self._let_engine_open(ModelsChanged())
        self.bench = BenchService(self.desk, self.store, self.models, room, self.jobs, self.measuring.note)
        self.cards = CardService(self.desk, self.store, self.settings, self.bench, self.exams, self.measuring.pc)
        self.uses = UseService(self.store, self.settings)
        self.names = NameService(self.store, self.tell)
        self.packs = PackService(self.desk, self.store, self.models, self.tell)
        self.finding = FindingService(self.desk, self.store, self.models)
        self.judge = JudgeService(self.desk, self.settings, self.measuring.pc)
        self.tuning = TuningService(self.desk, self.settings, self.models)
        self.looking = LookService(self.desk, self.settings, self.measuring.pc)

    def _let_engine_open(self, fact: Event) -> None:
        """The library, and the folders of models and of saved states, are all that the engine needs."""
        if isinstance(fact, ModelsChanged):
            known = self.models.list()
            files = [str(self.paths.models), str(self.models.folder), *(os.fsdecode(one.path) for one in known)]
            adapters = [os.fsdecode(one.path) for one in known if one.kind == "adapter"]
            self._room.let_open(Reach(tuple(dict.fromkeys(files)), (str(self.paths.states),)), adapters)

    def _open_chats(self) -> None:
        """Questions and answers, what is looked up for them, and what is kept."""
        room, paths = self._room, self.paths
        self.embedding = EmbeddingService(self.desk, self.store, self.uses, room)
        self.retrieval = Retrieval(self.store, self.embedding.nearest)
        self.chats = ChatService(self.desk, self.store, self.settings, self.models, room, self.retrieval, self.tell)
        self.comparing = ComparingService(
            self.desk, self.store, self.models, room, self.jobs, self.chats.answers, self.tell
        )
        self.states = StateService(self.desk, self.store, self.settings, paths, room)
        self.history = HistoryService(self.store, paths, self.chats, self.states, self.tell)

    def _open_documents(self) -> None:
        """Documents, and what is made of them."""
        room, paths = self._room, self.paths
        self.documents = DocumentService(self.desk, self.store, self.reader, self.tell)
        self.collections = CollectionService(self.desk, self.store, self.documents, room, paths, self.tell)
        self.jobs.run_by(INDEX, self.collections.runner)
        self.questions = QuestionService(
            self.desk, self.store, self.models, room, self.chats.answers, self.retrieval, self.states, self.tell
        )
        self.summaries = SummaryService(
            self.desk, self.store, self.settings, self.models, self.uses, room, self.jobs, self.exams, self.tell
        )
        self.folder_summaries = FolderSummaries(self.desk, self.store, self.documents, self.summaries, self.tell)
        self.extraction = ExtractionService(
            self.desk, self.store, self.settings, self.models, room, self.jobs, self.retrieval, self.tell
        )
        self.versions = VersionService(self.desk, self.store, self.models, self.uses, self.jobs, self.exams, self.tell)

    def _open_translation(self) -> None:
        """Texts and documents in another language, and the terms and pairs that are kept."""
        room = self._room
        self.translations = TranslationService(
            self.desk, self.store, self.models, self.uses, room, self.jobs, self.reader, self.tell, self.pair_advice
        )
        self.segment_edits = SegmentEdits(self.desk, self.store, room, self.translations, self.tell)
        self.segment_changes = SegmentChanges(self.desk, self.store, self.translations, self.segment_edits, self.tell)
        self.glossaries = GlossaryService(self.desk, self.store, self.reader, self.tell)
        self.memory = MemoryService(self.desk, self.store, self.reader, self.tell)
        self.proposals = ProposalService(self.desk, self.store, self.reader)
        self.segment_lists = SegmentLists(self.store, self.translations, self.memory)
        self.translation_files = TranslationFiles(self.desk, self.store, self.translations)
        self.translation_start = StartService(self.desk, self.reader)
        self.live = LiveTranslation(self.desk, self.store, room, self.translations.terms, self.tell)
        self.typed = TypedHistory(self.desk, self.store, self.settings, self.translations, self.tell)

    def _open_ways_out(self) -> None:
        """Paper and files."""
        self.printing = PrintService(self.desk, self.printer, page_size)
        self.exports = ExportService(
            self.desk, self.store, self.history, self.chats, self.summaries, self.extraction, self.printing,
            self.collections.unread,
        )  # fmt: skip

    def _open_network(self) -> None:
        """What may go to the network, and what comes from there."""
        paths = self.paths
        self.network = NetworkService(self.desk, self.store, self.settings, ProxyPasswords(paths), self.tell)
        self.settings.listeners.append(lambda _settings: self.network.move_password())
        self.network.move_password()
        self.hub = HubService(self.desk, self.settings, paths, self.network, self.measuring.pc)
        self.tokens = TokenService(self.desk, self.settings, paths, self.hub.policy, self.tell)
        self.hub.hub.token = self.tokens.token
        self.downloads = DownloadService(self.desk, self.store, self.settings, self.hub, self.models, self.tell)
        self.jobs.run_by(DOWNLOAD, self.downloads)
        self.moving = MoveService(self.desk, self.store, self.settings, paths, self.models, self.downloads, self.tell)
        self.searching = SearchService(self.hub)
        self.offers = OfferService(self.hub, self.searching)
        self.repo_pages = RepoPageService(self.hub)

    def _open_watch(self) -> None:
        """Who looks after the store."""
        paths = self.paths
        watch = self._watch = Watch(self.desk, self.store, self.settings, self.chats, self.network, self.tell)
        self.backups = BackupService(self.desk, self.store, paths, self.chats, self.tell, watch.begin_anew)
        watch.start()

    def _measuring_child(self, engine_command: Sequence[str]) -> ChildClient:
        """An engine child beside the one that answers."""
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
        self._room.close()
        self.models.close()

    def _purge(self, until: float | None = None) -> None:
        """What was deleted for good leaves the copies of the history too."""
        if self.read_only:
            return
        try:
            self.store.purge(until)
        except KnownError as err:
            if until is None and err.code != "store.busy":  # at the end nobody hears it; the next start does it
                self.notice(err)

    def _on_desk(self, fn: Callable[[], object], timeout: float) -> None:
        try:
            self.desk.call(fn, timeout)
        except (TimeoutError, SlmdeskError):
            return  # the desk thread waits for a disk: the end does not wait for it

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
    desk_id: str | None = None,
) -> Services:
    """Open everything; waits for the disk, so not on the window's thread.

    Works with no model, broken settings, a damaged history, a full or read-only disk: what is wrong is told as Noticed
    to the first listener.  Raises KnownError `store.newer` (nothing touched), `store.in_use`, and `file.unwritable` or
    `disk.full` where there is no history and none can be made.
    """
    services = Services(paths)
    try:
        services.desk.call(
            lambda: services._open(engine_command, reader_command, printer_command, desk_id or uuid4().hex)
        )
    except BaseException:
        services.desk.close()
        raise
    return services

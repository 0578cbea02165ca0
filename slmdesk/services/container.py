"""Puts the services together over one service thread, one store and its children, and publishes their events."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from typing import Protocol, TypeVar
from uuid import uuid4

from slmdesk.client import ChildClient, ChildEvent
from slmdesk.core.errors import KnownError, SlmdeskError
from slmdesk.core.files import private_folder
from slmdesk.core.reach import AllowedPaths
from slmdesk.core.walls import Walls, walls_of_children
from slmdesk.hub import kernel
from slmdesk.paths import Paths, make_folders
from slmdesk.services.base.event_bus import E, EventBus
from slmdesk.services.base.events import Noticed
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.service import Runtime
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.chat.ephemeral import PREFIX as UNSAVED
from slmdesk.services.chat.service import ChatService
from slmdesk.services.chat.titles import TitleWriter
from slmdesk.services.documents.embedding import EmbeddingService
from slmdesk.services.documents.folder_types import KIND as INDEX
from slmdesk.services.documents.folders import CollectionService
from slmdesk.services.documents.library import DocumentService
from slmdesk.services.documents.redacted_copies import RedactedCopies
from slmdesk.services.documents.retrieval import Retrieval
from slmdesk.services.documents.saved_states import StateService
from slmdesk.services.engine.events import ModelsChanged
from slmdesk.services.engine.model_loader import ModelLoader
from slmdesk.services.evaluation.auto_exams import AutoExams
from slmdesk.services.evaluation.benchmark import BenchService
from slmdesk.services.evaluation.exams import ExamService
from slmdesk.services.evaluation.export import export_model_comparison
from slmdesk.services.evaluation.formats.service import FormatService
from slmdesk.services.evaluation.model_cards import CardService
from slmdesk.services.evaluation.model_comparison import KIND as COMPARISON
from slmdesk.services.evaluation.model_comparison import ModelComparisonService
from slmdesk.services.history.backups import BackupService
from slmdesk.services.history.change_watch import ChangeWatch
from slmdesk.services.history.days import DayService
from slmdesk.services.history.erasing import ErasingService
from slmdesk.services.history.export import ExportService
from slmdesk.services.history.imports import ImportService
from slmdesk.services.history.pdf import PrintService, page_size
from slmdesk.services.history.retention import RetentionService
from slmdesk.services.history.service import HistoryService
from slmdesk.services.jobs.overview import JobViews
from slmdesk.services.jobs.service import JobService
from slmdesk.services.models.defaults import DefaultsService
from slmdesk.services.models.fit_check import FitCheckService
from slmdesk.services.models.inspect_files import FileInspectionService
from slmdesk.services.models.library import ModelService
from slmdesk.services.models.load_options import LoadOptionsService
from slmdesk.services.models.move.service import MoveService
from slmdesk.services.models.other_programs import OtherProgramsService
from slmdesk.services.models.packs.service import PackService
from slmdesk.services.models.rename import NameService
from slmdesk.services.models.speed import SpeedService
from slmdesk.services.online.access_token import TokenService
from slmdesk.services.online.catalogue import CatalogueService
from slmdesk.services.online.download_jobs import KIND as DOWNLOAD
from slmdesk.services.online.downloads import DownloadService
from slmdesk.services.online.hub import HubService
from slmdesk.services.online.ledger_events import LedgerEvents
from slmdesk.services.online.network_log import NetworkService
from slmdesk.services.online.proxy_password import ProxyPasswords
from slmdesk.services.online.repo_page import RepoPageService
from slmdesk.services.online.search import SearchService
from slmdesk.services.online.statement.service import StatementService
from slmdesk.services.privacy.beside import follow_key
from slmdesk.services.privacy.opening import open_by, ways_of
from slmdesk.services.privacy.service import PrivacyService
from slmdesk.services.questions.export import export_question
from slmdesk.services.questions.service import KIND as QUESTION
from slmdesk.services.questions.service import QuestionService
from slmdesk.services.redaction.service import RedactionService
from slmdesk.services.spelling.service import SpellingService
from slmdesk.services.summaries.export import export_summary
from slmdesk.services.summaries.folder import FolderSummaries
from slmdesk.services.summaries.service import KIND as SUMMARY
from slmdesk.services.summaries.service import SummaryService
from slmdesk.services.tables.export import export_table
from slmdesk.services.tables.service import KIND as TABLE
from slmdesk.services.tables.service import ExtractionService
from slmdesk.services.translation.export import export_translation
from slmdesk.services.translation.handouts import TranslationFiles
from slmdesk.services.translation.inspection import DocumentInspectionService
from slmdesk.services.translation.pairs.advice import PairAdviceService
from slmdesk.services.translation.pairs.auto_exams import AutoPairExams
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
from slmdesk.services.writing.continuation import ContinuationService
from slmdesk.services.writing.files import WritingFiles
from slmdesk.services.writing.history import WritingHistory
from slmdesk.services.writing.service import WritingService
from slmdesk.settings import Settings, SettingsFile, policy_of
from slmdesk.store import DataKey, open_store


class _Closeable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Closeable)

PRINTER = (sys.executable, "-m", "slmdesk", "--worker", "printer")
"""Command of the printer child, used where the frontend names no other."""
SPELLER = (sys.executable, "-m", "slmdesk", "--worker", "speller")
CLOSE_S = 2.0
"""Time allowed from the request to close until no child process is left."""
LOCK_S = 0.7
"""The same where it is locked: somebody is coming."""
PURGE_MARGIN_S = 0.5
"""With less time than this left, the copies of the history are not purged any further."""


class Services:
    """All services a frontend (window or command line) uses.  Made by `open_services`.

    The services are used on the service thread, through `post` and `call`.
    """

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.read_only = False
        """The history cannot be written; everything else works."""
        self.events = EventBus()
        self.publish = self.events.publish
        self._closing = ExitStack()
        """Closes the services, the last one opened first: each is closed before those it uses."""
        self._closed = False
        self.service_thread = ServiceThread(self.notice)

    def on(self, event: type[E], slot: Callable[[E], object]) -> None:
        """Call `slot` with each event of this type, or with all for `Event`, on the service thread.  Any thread."""
        self.service_thread.call(lambda: self.events.on(event, slot))

    def notice(self, error: BaseException) -> None:
        """Publish an error as a notice for the person.  Service thread."""
        self.publish(Noticed(problem_for(error)))

    @property
    def clients(self) -> Mapping[str, ChildClient]:
        """The clients of the children, by role."""
        return {"engine": self.engine, "reader": self.reader, "printer": self.printer, "speller": self.speller}

    def walls(self) -> dict[str, Walls | None]:
        """The walls of each kind of child, as the last one of it said itself; None: none was started yet.  Any
        thread.
        """
        return walls_of_children({role: client.capabilities for role, client in self.clients.items()})

    def lock(self) -> None:
        """Like `close`, within about LOCK_S: the children are killed at once, and copies are purged another time.

        From any thread; what is not closed by then is as after a crash, which costs a growing answer a second at most.
        """
        if self._closed:
            return
        self._closed = True
        deadline = time.monotonic() + LOCK_S
        self.service_thread.post(self._closing.close)  # before what the ends of the children cause
        children = [threading.Thread(target=one.close, args=(0.0,), daemon=True) for one in self.clients.values()]
        for one in children:
            one.start()
        self._on_service_thread(self._leave_store, max(0.1, deadline - time.monotonic()))
        for one in children:
            one.join(max(0.1, deadline - time.monotonic()))
        self.service_thread.close(max(0.1, deadline - time.monotonic()))

    def close(self) -> None:
        """Save what is being written, end the children and close the store, within about CLOSE_S.  Any thread."""
        if self._closed:
            return
        self._closed = True
        deadline = time.monotonic() + CLOSE_S
        self._on_service_thread(self._closing.close, CLOSE_S / 2)
        children = [threading.Thread(target=one.close, args=(1.0,)) for one in self.clients.values()]
        for one in children:
            one.start()
        self._on_service_thread(
            lambda: self._purge(until=deadline - PURGE_MARGIN_S), max(0.1, deadline - time.monotonic())
        )
        for one in children:
            one.join(max(0.1, deadline - time.monotonic()))
        self._on_service_thread(self._leave_store, max(0.1, deadline - time.monotonic()))
        self.service_thread.close(max(0.1, deadline - time.monotonic()))

    def open(
        self,
        engine_command: Sequence[str],
        reader_command: Sequence[str],
        printer_command: Sequence[str],
        instance_id: str,
        key: DataKey | None,
        keeps: Callable[[Settings], bool],
    ) -> None:
        """Create the services in order: each part may use those before it.  On the service thread."""
        self._open_store(instance_id, key, keeps)
        self.engine = self._child("engine", engine_command, lambda event: self.loader.on_child(event))
        self.reader, self.printer = self._child("reader", reader_command), self._child("printer", printer_command)
        self.speller = self._child("speller", SPELLER)
        self.spelling = SpellingService(self.runtime, self.speller, partial(self.store.keys_for, "words"))
        if not self.read_only and self.store.keys_for("words")[1:]:  # a change of keys was cut short
            self._on_key()
        self._open_models(engine_command)
        self._open_chats()
        self._open_documents()
        self._open_translation()
        self.redacted_copies = RedactedCopies(self.service_thread, self.reader, self.redaction.names)
        self.writing = WritingService(self.runtime, self.models, self.loader, self.reader, self.redaction)
        self.writing_files = WritingFiles(self.runtime, self.reader)
        self.writing_history = WritingHistory(self.runtime)
        self.continuations = ContinuationService(self.runtime, self.loader)
        self._open_history()
        self._open_network()
        self._open_watch()
        if not self.read_only:
            self.service_thread.post(self.ledger_events.start)
            self.moving.recover()
            self.service_thread.post(self.retention.start)
            self.service_thread.post(self._purge)  # what a instance that was killed had deleted for good

    def _open_store(self, instance_id: str, key: DataKey | None, keeps: Callable[[Settings], bool]) -> None:
        """Open the folders, the organisation's policy, the settings and the database."""
        make_folders(self.paths)
        with suppress(KnownError):  # where it cannot be made nothing is kept in it
            private_folder(self.paths.states)  # the child that writes there may make none
        policy = policy_of(self.paths)
        self.settings = SettingsFile(self.paths.settings_file, policy, is_kept_offline=kernel.is_enforced())
        opened = open_store(self.paths, instance_id=instance_id, key=key)
        self.store, self.read_only, self.instance_id = opened.store, opened.read_only, instance_id
        if not self.read_only and not keeps(self.settings.current):
            self.store.keep_nothing()
        self.runtime = Runtime(self.service_thread, self.store, self.settings, self.paths, self.events)
        self.ledger_events = LedgerEvents(self.runtime)
        self.privacy = PrivacyService(self.runtime, self._on_key)
        self._use_key()
        sweep_piped(self.paths)
        for notice in (*policy.problems, *self.settings.problems, *opened.notices):
            self.notice(notice)
        try:
            self.privacy.follow_policy()
        except KnownError as err:
            self.notice(err)

    def _use_key(self) -> None:
        """Seal with the key of the history, or with none, what of a person's words is in other files."""
        try:
            self.settings.use_key(*self.store.keys_for("settings"))
        except KnownError as err:
            self.notice(err)

    def _on_key(self) -> None:
        """The history has another key, or none any more."""
        try:
            follow_key(self.store, self.settings, self.spelling)
        except KnownError as err:
            self.notice(err)

    def key_for(self, purpose: str) -> bytes:
        """The key of one purpose, 32 bytes; empty while the history is not encrypted.  Service thread."""
        return self.store.key.derive(purpose) if self.store.key is not None else b""

    def _child(
        self,
        role: str,
        command: Sequence[str],
        on_child: Callable[[ChildEvent], None] = lambda _event: None,
        log_name: str = "",
    ) -> ChildClient:
        """Create the client of a child process, which is not started before it is needed."""
        return ChildClient(
            command,
            role=role,
            log_path=self.paths.logs / f"{log_name or role}.log",
            on_child=lambda event: self.service_thread.post(lambda: on_child(event)),
            is_sealed=lambda: self.store.key is not None or not self.store.is_kept,
        )

    def _open_models(self, engine_command: Sequence[str]) -> None:
        """Create the services for models, their exams and speed, and the jobs."""
        runtime, store = self.runtime, self.store
        loader = self.loader = self._closed_at_end(ModelLoader(runtime, self.engine))
        self.measuring = self._closed_at_end(
            SpeedService(runtime, loader, lambda: self._child("engine", engine_command, log_name="measure"))
        )
        pc = self.measuring.pc
        models = self.models = self._closed_at_end(ModelService(runtime, loader, pc))
        self.jobs = self._closed_at_end(JobService(runtime, loader))
        self.job_views = JobViews(store, self.jobs)
        self.exams = ExamService(store, models, self.jobs)
        self.first_exams = self._closed_at_end(AutoExams(runtime, models, self.exams, self.jobs, loader))
        self.pair_exams = PairExamService(runtime, models, self.jobs)
        self.pair_advice = PairAdviceService(store, self.pair_exams)
        self.first_pair_exams = self._closed_at_end(
            AutoPairExams(runtime, models, self.exams, self.pair_exams, self.jobs, loader)
        )
        self.events.on(ModelsChanged, lambda _event: self._let_engine_open())
        self._let_engine_open()
        self.bench = BenchService(runtime, models, loader, self.jobs, self.measuring.note)
        self._closing.callback(self.bench.cancel)
        self.cards = CardService(runtime, self.bench, self.exams, pc)
        self.uses = DefaultsService(runtime)
        self.formats = self._closed_at_end(
            FormatService(
                runtime,
                models,
                self.uses,
                loader,
                self.jobs,
                lambda: self._child("engine", engine_command, log_name="formats"),
            )
        )
        self.names = NameService(runtime)
        self.packs = self._closed_at_end(PackService(runtime, models))
        self.finding = OtherProgramsService(runtime, models)
        self._closing.callback(self.finding.cancel)
        self.judge = FitCheckService(runtime, pc)
        self.load_options = LoadOptionsService(runtime, models)
        self.looking = FileInspectionService(runtime, pc)

    def _let_engine_open(self) -> None:
        """Tell the engine child which files it may open: the library, the models folder and the saved states."""
        known = self.models.list()
        files = [str(self.paths.models), str(self.models.folder), *(os.fsdecode(one.path) for one in known)]
        adapters = [os.fsdecode(one.path) for one in known if one.kind == "adapter"]
        self.loader.let_open(AllowedPaths(tuple(dict.fromkeys(files)), (str(self.paths.states),)), adapters)

    def _open_chats(self) -> None:
        """Create the services for chats: answers, attachments, context and quotations."""
        runtime, store = self.runtime, self.store
        loader, models = self.loader, self.models
        self.embedding = self._closed_at_end(EmbeddingService(runtime, self.uses, loader))
        self.retrieval = Retrieval(store, self.embedding.nearest)
        self.states = self._closed_at_end(StateService(runtime, loader, self.key_for))
        self.redaction = RedactionService(runtime, lambda item: item.startswith(UNSAVED))
        self.chats = self._closed_at_end(
            ChatService(runtime, models, loader, self.retrieval, self.states, self.redaction)
        )
        self.titles = self._closed_at_end(TitleWriter(runtime, loader, self.chats.rename))
        answers = self.chats.answers
        self.comparing = self._closed_at_end(ModelComparisonService(runtime, models, loader, self.jobs, answers))

    def _open_documents(self) -> None:
        """Create the services for documents and for what is made from them."""
        runtime = self.runtime
        loader, models, uses, jobs = self.loader, self.models, self.uses, self.jobs
        documents = self.documents = self._closed_at_end(DocumentService(runtime, self.reader))
        self.collections = self._closed_at_end(CollectionService(runtime, documents, loader))
        jobs.run_by(INDEX, self.collections.runner)
        self.questions = self._closed_at_end(
            QuestionService(
                runtime, models, loader, self.chats.answers, self.retrieval, self.states, self.exams, self.redaction
            )
        )
        self.summaries = SummaryService(runtime, models, uses, loader, jobs, self.redaction)
        self.folder_summaries = FolderSummaries(runtime, documents, self.summaries)
        self.extraction = ExtractionService(runtime, models, loader, jobs, self.redaction, self.retrieval)
        self.versions = self._closed_at_end(VersionService(runtime, models, uses, jobs, self.exams))

    def _open_translation(self) -> None:
        """Create the services for translations, glossaries and the translation memory."""
        runtime, store, reader = self.runtime, self.store, self.reader
        translations = self.translations = TranslationService(
            runtime, self.models, self.uses, self.loader, self.jobs, reader, self.pair_advice, self.redaction
        )
        self.segment_edits = SegmentEdits(runtime, self.loader, translations)
        self.segment_changes = SegmentChanges(runtime, translations, self.segment_edits)
        self.glossaries = GlossaryService(runtime, reader)
        self.memory = MemoryService(runtime, reader)
        self.proposals = ProposalService(runtime, reader)
        self.segment_lists = SegmentLists(store, translations, self.memory)
        self.translation_files = TranslationFiles(runtime, translations)
        self.translation_start = DocumentInspectionService(self.service_thread, reader)
        self.live = LiveTranslation(runtime, self.loader, translations.terms, self.redaction)
        self.typed = TypedHistory(runtime, translations)

    def _open_history(self) -> None:
        """Create the services for kept items, printing and export."""
        store, chats = self.store, self.chats
        self.history = HistoryService(self.runtime, chats, self.states)
        self.printing = self._closed_at_end(PrintService(self.service_thread, self.printer, page_size))
        exports = self.exports = ExportService(self.service_thread, self.history, chats, self.printing)
        self.imports = self._closed_at_end(ImportService(self.runtime, self.reader))
        exports.register(COMPARISON, partial(export_model_comparison, chats))
        exports.register(QUESTION, partial(export_question, store, chats, self.collections.unread))
        exports.register(SUMMARY, partial(export_summary, store))
        exports.register(TABLE, partial(export_table, self.extraction))
        exports.register(VERSIONS, partial(export_versions, store))
        exports.register(TRANSLATION, partial(export_translation, store))

    def _open_network(self) -> None:
        """Create the services that use the network."""
        runtime, models = self.runtime, self.models
        self.network = NetworkService(runtime, ProxyPasswords(self.paths), self.ledger_events)
        self.settings.listeners.append(lambda _settings: self.network.move_password())
        self.network.move_password()
        hub = self.hub = self._closed_at_end(HubService(runtime, self.network, self.measuring.pc))
        self.tokens = TokenService(runtime, hub.policy)
        hub.hub.token = self.tokens.token
        self.downloads = self._closed_at_end(DownloadService(runtime, hub, models))
        self.jobs.run_by(DOWNLOAD, self.downloads)
        self.moving = self._closed_at_end(MoveService(runtime, models, self.downloads))
        self.searching = SearchService(hub)
        self.offers = CatalogueService(hub, self.searching)
        self.repo_pages = RepoPageService(hub)
        self.statements = self._closed_at_end(
            StatementService(
                runtime,
                self.ledger_events,
                hub.policy,
                self.printing.print,
                lambda: {role: client.capabilities for role, client in self.clients.items()},
            )
        )

    def _open_watch(self) -> None:
        """Create the services that watch the store for changes and back it up."""
        self.watch = self._closed_at_end(ChangeWatch(self.runtime, self.chats, self.network))
        self.backups = BackupService(self.runtime, self.chats, self._on_replaced)
        self.watch.start()
        self.retention = self._closed_at_end(RetentionService(self.runtime, self.chats, self.documents, self.states))
        self.erasing = ErasingService(
            self.runtime, self.models, self.retention, self.network, self.tokens, self.statements
        )
        self.days = DayService(self.runtime, self.chats, self.documents, self.states)

    def _on_replaced(self) -> None:
        """A backup has taken the place of the history, perhaps with another key."""
        self._on_key()
        self.watch.restart()

    def _closed_at_end(self, service: C) -> C:
        self._closing.callback(service.close)
        return service

    def _purge(self, until: float | None = None) -> None:
        """Remove what was deleted for good from the copies of the history too."""
        if self.read_only:
            return
        try:
            self.store.purge(until)
        except KnownError as err:
            if until is None and err.code != "store.busy":  # at the end nobody hears it; the next start does it
                self.notice(err)

    def _leave_store(self) -> None:
        """Last of all: the end of a request is written before that of this instance."""
        self.ledger_events.stop()
        self.store.close()

    def _on_service_thread(self, fn: Callable[[], object], timeout: float) -> None:
        try:
            self.service_thread.call(fn, timeout)
        except (TimeoutError, SlmdeskError):
            return  # the service thread waits for a disk: the end does not wait for it


def open_services(
    paths: Paths,
    *,
    engine_command: Sequence[str],
    reader_command: Sequence[str],
    printer_command: Sequence[str] = PRINTER,
    instance_id: str | None = None,
    key: DataKey | None = None,
    keeps: Callable[[Settings], bool] = lambda _settings: True,
) -> Services:
    """Open all services; waits for the disk, so do not call it on the window's thread.

    `key`: of an encrypted history; without it the system's keyring is asked.
    `keeps` says by the settings whether anything is written to the history (Store.keep_nothing).
    Works without a model, with broken settings, a damaged history, or a full or read-only disk: what is wrong is
    published as Noticed to the first who hears notices.  Raises KnownError `store.newer`, `key.missing`, `key.wrong`,
    `key.file_damaged`, `key.library_missing` (nothing was changed), `store.in_use`, and `file.unwritable` or
    `disk.full` where there is no history and none can be made.
    """
    if key is None and (ways := ways_of(paths)) is not None and ways.by_keyring:
        key = open_by(paths, "")
    services = Services(paths)
    try:
        services.service_thread.call(
            lambda: services.open(
                engine_command, reader_command, printer_command, instance_id or uuid4().hex, key, keeps
            )
        )
    except BaseException:
        services.service_thread.close()
        raise
    return services

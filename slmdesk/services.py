"""Creates each service when it is first used, on top of a service thread, a store and the child processes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import uuid4

from slmdesk.base.errors import KnownError, SlmdeskError
from slmdesk.base.files import private_folder
from slmdesk.base.frozen import role_command
from slmdesk.base.paths import Paths, make_folders
from slmdesk.base.records import JobRecord
from slmdesk.base.runtime.events import (
    DocumentChanged,
    DocumentGone,
    E,
    Event,
    EventBus,
    MessageEnded,
    ModelsChanged,
    Noticed,
)
from slmdesk.base.runtime.messages import problem_for
from slmdesk.base.runtime.service import Member, Runtime, ServiceThread
from slmdesk.base.settings import Settings, SettingsFile, policy_of
from slmdesk.base.types import Lazy, imported
from slmdesk.base.walls import Walls, walls_of_children
from slmdesk.children.reach import AllowedPaths
from slmdesk.history.privacy.opening import follow_key, open_by, ways_of
from slmdesk.history.store import DataKey, Store, open_store
from slmdesk.models.hub import barriers
from slmdesk.models.online.offline import LedgerEvents

if TYPE_CHECKING:
    from slmdesk.base.runtime.service import Exporter
    from slmdesk.chat.examples import ExampleService
    from slmdesk.chat.service import ChatService
    from slmdesk.chat.titles import TitleWriter
    from slmdesk.children.client import ChildClient, ChildEvent
    from slmdesk.documents.folders import CollectionService
    from slmdesk.documents.redacted import RedactionService
    from slmdesk.documents.retrieval import EmbeddingService, Retrieval
    from slmdesk.documents.saved_states import StateService
    from slmdesk.documents.service import DocumentService
    from slmdesk.documents.stand_ins import StandInService
    from slmdesk.documents.voice.service import VoiceService
    from slmdesk.history.backups import BackupService
    from slmdesk.history.erasing import ErasingService
    from slmdesk.history.imports import ImportService
    from slmdesk.history.privacy.service import PrivacyService
    from slmdesk.history.retention import RetentionService
    from slmdesk.history.service import ChangeWatch, ExportService, HistoryService
    from slmdesk.models.evaluation.formats import FormatService
    from slmdesk.models.evaluation.model_cards import CardService
    from slmdesk.models.evaluation.recommendation import RecommendationService
    from slmdesk.models.importer import FindingService
    from slmdesk.models.loader.model_loader import ModelLoader
    from slmdesk.models.online.downloads import DownloadService
    from slmdesk.models.online.hub import HubService
    from slmdesk.models.online.log_page import LogPageService
    from slmdesk.models.online.network import NetworkService, TokenService
    from slmdesk.models.running import LoadOptionsService, SpeedService
    from slmdesk.models.service import DefaultsService, ModelService
    from slmdesk.tasks.deadlines.service import DueService
    from slmdesk.tasks.jobs.service import JobService
    from slmdesk.tasks.questions.service import QuestionService
    from slmdesk.tasks.service import TaskService
    from slmdesk.tasks.shape import TaskContext
    from slmdesk.tasks.translation.glossaries import GlossaryService
    from slmdesk.tasks.translation.memory import MemoryService
    from slmdesk.tasks.translation.service import TranslationService
    from slmdesk.tasks.translation.typed import LiveTranslation
    from slmdesk.tasks.writing.service import WritingService
    from slmdesk.tasks.writing.spelling.service import SpellingService

T = TypeVar("T")

CHILDREN = ("engine", "reader", "printer", "listener")
COMMANDS: dict[str, Sequence[str]] = {role: role_command(role) for role in CHILDREN}
CLOSE_S = 2.0
"""Seconds from the request to close until no child process may be left."""
LOCK_S = 0.7
"""Seconds for closing when the window is locked, which must be fast because somebody may be approaching the PC."""
PURGE_MARGIN_S = 0.5
"""Purging copies of the history stops when fewer than this many seconds are left for closing."""
JOB_SERVICES = {
    "download": "downloads",
    "examples": "examples",
    "index": "collections.runner",
}
"""Kind of job -> name of the service that runs, plans or finishes such jobs. All others are those of tasks."""
EXPORTERS: Mapping[str, tuple[str, Callable[[Services], tuple[object, ...]]]] = {
    "translation": ("tasks.translation.export:export_translation", lambda services: (services.store,)),
}
"""Kind of item -> the function that exports it, and the arguments that are passed before the item. Those of tasks are
exported as their reports, all others like chats.
"""
LISTENERS: Mapping[type[Event], tuple[str, ...]] = {
    DocumentChanged: ("states", "embedding"),
    DocumentGone: ("states", "embedding"),
    MessageEnded: ("measuring",),
    ModelsChanged: ("states", "embedding"),
}
"""Type of event -> names of services that receive it, even if nobody has used these services yet."""


def _by_names(owner: Services, new: type[T]) -> T:
    """Create a service whose constructor names what it is given as `Services` calls it. Also what it could do without
    is given: a key that is left out would leave a text unsealed.
    """
    code = new.__init__.__code__
    return new(*(getattr(owner, name) for name in code.co_varnames[1 : code.co_argcount]))


class Made(Lazy["Services", T]):
    """Attribute that creates its service on the service thread. Services are closed in reverse order of creation."""

    def __init__(self, path: str, make: Callable[[Services, type[T]], T] = _by_names) -> None:
        super().__init__(path, make)

    def made(self, owner: Services) -> T:
        """Return the service, and create it on first use. Any thread."""

        def make() -> T:
            is_new = self.name not in vars(owner)
            service = super(Made, self).made(owner)
            if is_new and (close := getattr(service, "close", None)):
                owner.closing.callback(close)
            return service

        return owner.service_thread.call(make)


class Services:
    """All services that a frontend (window or command line) uses. Each service is created when it is first used.

    Created by `open_services`. Use the services on the service thread, through `call` or `service_thread`.
    """

    runtime: Runtime
    paths: Paths
    store: Store
    service_thread: ServiceThread
    ledger_events: LedgerEvents

    engine: Lazy[Services, ChildClient] = Lazy("children.client:ChildClient", lambda s, _new: s._engine())
    reader: Lazy[Services, ChildClient] = Lazy("children.client:ChildClient", lambda s, _new: s._child("reader"))
    printer: Lazy[Services, ChildClient] = Lazy("children.client:ChildClient", lambda s, _new: s._child("printer"))
    listener: Lazy[Services, ChildClient] = Lazy("children.client:ChildClient", lambda s, _new: s._child("listener"))
    transcriber: Lazy[Services, ChildClient] = Lazy(
        "children.client:ChildClient", lambda s, _new: s._child("listener", log_name="transcriber")
    )
    player: Lazy[Services, ChildClient] = Lazy(
        "children.client:ChildClient", lambda s, _new: s._child("listener", log_name="player")
    )
    loader: Made[ModelLoader] = Made(
        "models.loader.model_loader:ModelLoader", lambda s, new: new(s.runtime, lambda: s.engine)
    )
    measuring: Made[SpeedService] = Made("models.running:SpeedService")
    models: Made[ModelService] = Made("models.service:ModelService")
    uses: Made[DefaultsService] = Made("models.service:DefaultsService")
    finding: Made[FindingService] = Made("models.importer:FindingService")
    load_options: Made[LoadOptionsService] = Made("models.running:LoadOptionsService")
    jobs: Made[JobService] = Made("tasks.jobs.service:JobService")
    recommending: Made[RecommendationService] = Made("models.evaluation.recommendation:RecommendationService")
    cards: Made[CardService] = Made("models.evaluation.model_cards:CardService")
    formats: Made[FormatService] = Made("models.evaluation.formats:FormatService")
    embedding: Made[EmbeddingService] = Made("documents.retrieval:EmbeddingService")
    retrieval: Made[Retrieval] = Made("documents.retrieval:Retrieval", lambda s, new: new(s.store, s.embedding.nearest))
    states: Made[StateService] = Made("documents.saved_states:StateService")
    redaction: Made[RedactionService] = Made("documents.redacted:RedactionService")
    stand_ins: Made[StandInService] = Made("documents.stand_ins:StandInService")
    chats: Made[ChatService] = Made(
        "chat.service:ChatService",
        lambda s, new: new(
            s.runtime, s.models, s.loader, lambda: s.retrieval, s.states, lambda: s.reader,
            lambda preset: s.examples.forget(preset),
        ),
    )  # fmt: skip
    examples: Made[ExampleService] = Made("chat.examples:ExampleService")
    titles: Made[TitleWriter] = Made("chat.titles:TitleWriter")
    voice: Made[VoiceService] = Made(
        "documents.voice.service:VoiceService", lambda s, new: new(s.runtime, lambda: s.listener, lambda: s.player)
    )
    documents: Made[DocumentService] = Made(
        "documents.service:DocumentService",
        lambda s, new: new(s.runtime, s.reader, lambda: s.transcriber, lambda *of: s.voice.ready(*of)),
    )
    collections: Made[CollectionService] = Made("documents.folders:CollectionService")
    questions: Made[QuestionService] = Made(
        "tasks.questions.service:QuestionService",
        lambda s, new: new(s.runtime, s.models, s.loader, s.chats.answers, s.retrieval, s.states),
    )
    tasks: Made[TaskService] = Made(
        "tasks.service:TaskService",
        lambda s, new: new(
            s.task_context,
            s.documents,
            imported("tasks.known:known_tasks")(),
            {"question": lambda: s.questions, "due": lambda: s.due},
        ),
    )
    due: Made[DueService] = Made("tasks.deadlines.service:DueService")
    translations: Made[TranslationService] = Made(
        "tasks.translation.service:TranslationService",
        lambda s, new: new(
            s.runtime, s.models, s.uses, s.reader, s.recommending, lambda *of: s.spelling.unknown(*of), s.passwords
        ),
    )
    glossaries: Made[GlossaryService] = Made("tasks.translation.glossaries:GlossaryService")
    memory: Made[MemoryService] = Made("tasks.translation.memory:MemoryService")
    live: Made[LiveTranslation] = Made("tasks.translation.typed:LiveTranslation")
    writing: Made[WritingService] = Made("tasks.writing.service:WritingService")
    spelling: Made[SpellingService] = Made("tasks.writing.spelling.service:SpellingService")
    history: Made[HistoryService] = Made("history.service:HistoryService")
    exports: Made[ExportService] = Made("history.service:ExportService")
    imports: Made[ImportService] = Made("history.imports:ImportService")
    network: Made[NetworkService] = Made("models.online.network:NetworkService")
    tokens: Made[TokenService] = Made("models.online.network:TokenService")
    hub: Made[HubService] = Made("models.online.hub:HubService")
    downloads: Made[DownloadService] = Made("models.online.downloads:DownloadService")
    log_pages: Made[LogPageService] = Made(
        "models.online.log_page:LogPageService",
        lambda s, new: new(s.runtime, s.network, lambda paper: s.exports.print(paper), s.walls),
    )
    privacy: Made[PrivacyService] = Made("history.privacy.service:PrivacyService")
    watch: Made[ChangeWatch] = Made("history.service:ChangeWatch")
    backups: Made[BackupService] = Made(
        "history.backups:BackupService",
        lambda s, new: new(s.runtime, s.chats, s.models, lambda: s.collections, s._on_replaced),
    )
    retention: Made[RetentionService] = Made("history.retention:RetentionService")
    erasing: Made[ErasingService] = Made("history.erasing:ErasingService")

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.read_only = False
        self.events = EventBus()
        self.publish = self.events.publish
        self.passwords: dict[str, str] = {}
        """Passwords of files, by the item that is made of them. They are never stored."""
        self.closing = ExitStack()
        """Closes the services in reverse order of creation, so that each one is closed before the services it uses."""
        self._closed = False
        self.service_thread = ServiceThread(self.notice)
        self.call = cast(Services, Member(lambda work: self.service_thread.call(lambda: work(self))))
        """Runs a method of a service on the service thread and waits for its result: `services.call.models.list()`."""

    def on(self, event: type[E], slot: Callable[[E], object]) -> None:
        """Call `slot` on the service thread with each event of this type (every event for `Event`). Any thread."""
        self.service_thread.call(lambda: self.events.on(event, slot))

    def notice(self, error: BaseException) -> None:
        """Publish an error as a notice for the user. Service thread."""
        self.publish(Noticed(problem_for(error)))

    @property
    def clients(self) -> Mapping[str, ChildClient]:
        return self.service_thread.call(lambda: {role: getattr(self, role) for role in CHILDREN})

    @property
    def _children(self) -> list[ChildClient]:
        """Return the clients of the child processes that were used so far."""
        return [vars(self)[role] for role in (*CHILDREN, "transcriber", "player") if role in vars(self)]

    def capabilities(self) -> dict[str, Collection[str]]:
        """Return what the most recent child process of each role reported about itself. The entry of a role is empty if
        no child of that role was started yet. Any thread.
        """
        used = vars(self)
        return {role: used[role].capabilities if role in used else () for role in CHILDREN}

    def walls(self) -> dict[str, Walls | None]:
        """Return the sandbox restrictions of each kind of child process; None if none was started yet. Any thread."""
        return walls_of_children(self.capabilities())

    def lock(self) -> None:
        """Close like `close`, but within about LOCK_S: child processes are killed at once, and purging copies is left
        for later.

        Any thread. Whatever is not closed in time is treated as after a crash: an answer that is being written loses at
        most the text of its last second.
        """
        if self._closed:
            return
        self._closed = True
        deadline = time.monotonic() + LOCK_S
        self.service_thread.post(self.closing.close)  # runs before the events that the ending children cause
        clients = self._children
        children = [threading.Thread(target=client.close, args=(0.0,), daemon=True) for client in clients]
        for child in children:
            child.start()
        self.service_thread.close(max(0.1, deadline - time.monotonic()), last=self._leave_store)
        for child in children:
            child.join(max(0.1, deadline - time.monotonic()))
        for client in self._children:
            if client not in clients:  # made on the service thread just then
                client.close(0.0)

    def close(self) -> None:
        """Save what is being written, end the child processes and close the store, within about CLOSE_S. Any thread."""
        if self._closed:
            return
        self._closed = True
        deadline = time.monotonic() + CLOSE_S
        self._on_service_thread(self.closing.close, CLOSE_S / 2)
        children = [threading.Thread(target=child.close, args=(1.0,)) for child in self._children]
        for child in children:
            child.start()
        self._on_service_thread(
            lambda: self._purge(until=deadline - PURGE_MARGIN_S), max(0.1, deadline - time.monotonic())
        )
        for child in children:
            child.join(max(0.1, deadline - time.monotonic()))
        self.service_thread.close(max(0.1, deadline - time.monotonic()), last=self._leave_store)

    def open(
        self,
        commands: Mapping[str, Sequence[str]],
        instance_id: str,
        key: DataKey | None,
        keeps: Callable[[Settings], bool],
    ) -> None:
        """Open the history and do everything that must happen before anybody uses the services. Service thread."""
        self._open_store(instance_id, key, keeps)
        self._commands = commands
        self.events.on(ModelsChanged, self._on_models_changed)
        for event, names in LISTENERS.items():
            self.events.on(event, partial(self._make, names))
        self.settings.listeners.append(lambda _settings: self._move_password())
        self._move_password()
        if self.read_only:
            return
        if self.store.keys_for("words")[1:]:  # a change of keys was cut short
            self.on_key()
        self.service_thread.post(self.ledger_events.start)
        if self.paths.models_move_file.exists():
            self.models.find_moved()

    def start_background(self) -> Sequence[JobRecord]:
        """Start the background work of the window, which commands do not do. Service thread.

        Returns the resumed jobs that had already begun earlier.
        """
        begins: list[Callable[[], object]] = [
            lambda: self.watch.start(),
            lambda: self.states,  # deletes old states when it is created
            self._purge,  # finishes the purging of an instance that was killed
            lambda: self.models.warm_up(),
            lambda: self.collections.watch(),
            lambda: self.embedding.take_up(),
            lambda: self.due.take_up(),
            lambda: self.models.adopt(only_shared=self.models.has_others),
        ]
        if not self.read_only:
            begins.append(lambda: self.retention.start())
        for begin in (*begins, *self.unasked_work()):
            self.service_thread.post(begin)
        return self.jobs.take_up()

    def unasked_work(self) -> tuple[Callable[[], object], ...]:
        """Return functions that start engine work nobody asked for: speed measurements and titles."""
        return (
            lambda: self.measuring.begin(),
            lambda: self.titles.begin(),
        )

    def _open_store(self, instance_id: str, key: DataKey | None, keeps: Callable[[Settings], bool]) -> None:
        make_folders(self.paths)
        with suppress(KnownError):  # without the folder, no states are saved
            private_folder(self.paths.states)  # the child process that writes there may not create folders
        policy = policy_of(self.paths)
        self.settings = SettingsFile(self.paths.settings_file, policy, is_kept_offline=barriers.is_enforced())
        opened = open_store(self.paths, instance_id=instance_id, key=key)
        self.store, self.read_only, self.instance_id = opened.store, opened.read_only, instance_id
        if not self.read_only and not keeps(self.settings.current):
            self.store.keep_nothing()
        self.runtime = Runtime(self.service_thread, self.store, self.settings, self.paths, self.events)
        self.ledger_events = LedgerEvents(self.runtime)
        self._use_key()
        if self.paths.piped.exists():
            from slmdesk.tasks.translation.documents import sweep_piped

            sweep_piped(self.paths)
        for notice in (*policy.problems, *self.settings.problems, *opened.notices):
            self.notice(notice)
        self.store.shared.on_wrong = self.notice
        if self.store.key is not None or policy.encryption.required:
            try:
                self.privacy.follow_policy()
            except KnownError as err:
                self.notice(err)

    def _use_key(self) -> None:
        """Encrypt the user's texts in other files with the history's key, or store them unencrypted if it has none."""
        try:
            self.settings.use_key(*self.store.keys_for("settings"))
        except KnownError as err:
            self.notice(err)

    def on_key(self) -> None:
        try:
            follow_key(self.store, self.settings, self.spelling)
        except KnownError as err:
            self.notice(err)

    @property
    def task_context(self) -> TaskContext:
        """What the tasks work with. Service thread."""
        from slmdesk.tasks.shape import TaskContext

        return TaskContext(
            self.runtime, self.models, self.uses, self.loader, self.jobs, self.retrieval, self.embedding, self.reader,
            lambda *of: self.spelling.unknown(*of), self.passwords,
        )  # fmt: skip

    def key_for(self, purpose: str) -> bytes:
        """Return the 32-byte key for a purpose; empty while the history is not encrypted. Service thread."""
        return self.store.key.derive(purpose) if self.store.key is not None else b""

    def _child(
        self,
        role: str,
        on_child: Callable[[ChildEvent], None] = lambda _event: None,
        log_name: str = "",
    ) -> ChildClient:
        from slmdesk.children.client import ChildClient

        client = ChildClient(
            self._commands[role],
            role=role,
            log_path=self.paths.logs / f"{log_name or role}.log",
            on_child=lambda event: self.service_thread.post(lambda: on_child(event)),
            is_sealed=lambda: self.store.key is not None or not self.store.is_kept,
        )
        if self._closed:  # work that was waiting on the service thread: nobody would end its child
            client.close()
        return client

    def engine_beside(self, name: str) -> ChildClient:
        """Create the client of an additional engine child, which writes its own log."""
        return self._child("engine", log_name=name)

    def _engine(self) -> ChildClient:
        """Create the client of the engine child, which may only open the files it needs."""
        client = self._child("engine", lambda event: self.loader.on_child(event))
        client.may_open(self.service_thread.call(self.reach_of_engine))
        return client

    def reach_of_engine(self) -> AllowedPaths:
        """Return the files the engine child may open: the library's models, the models folder and the saved states. No
        folder gets in by a model's path. A state is at most as large as all may be.
        """
        own, settings = str(self.paths.models), self.settings.current
        paths = [os.fsdecode(model.path) for model in self.store.models.all()]
        files = [own, settings.models_folder or own, *filter(os.path.isfile, paths)]
        return AllowedPaths(tuple(dict.fromkeys(files)), (str(self.paths.states),), settings.saved_states_mib << 20)

    def _on_models_changed(self, _event: ModelsChanged) -> None:
        if "engine" in vars(self):
            from slmdesk.models.gguf.projectors import BESIDE  # only a program that has an engine needs it

            beside = [os.fsdecode(model.path) for model in self.store.models.all() if model.kind in BESIDE]
            self.loader.let_open(self.reach_of_engine(), beside)

    def exporter_of(self, kind: str) -> Exporter | None:
        """Return the exporter for a kind of item, or None if such items are exported like chats."""
        if kind in EXPORTERS:
            path, arguments = EXPORTERS[kind]
            return partial(imported(path), *arguments(self))
        is_task = kind in imported("tasks.known:known_tasks")()
        return partial(imported("tasks.export:export_report"), self.tasks, self.task_context) if is_task else None

    def job_service(self, kind: str) -> Any:
        """Return the service for a kind of job."""
        return attrgetter(JOB_SERVICES.get(kind, "tasks"))(self)

    def _make(self, names: Sequence[str], _event: Event) -> None:
        for name in names:
            getattr(self, name)

    def _move_password(self) -> None:
        if "@" in self.settings.current.proxy:
            self.network.move_password()

    def _on_replaced(self) -> None:
        self.on_key()
        self.watch.restart()
        for name in ("downloads", "collections", "jobs"):  # each knows rows of the history that was there
            if name in vars(self):
                getattr(self, name).start_over()

    def _purge(self, until: float | None = None) -> None:
        if self.read_only:
            return
        try:
            self.store.purge(until)
        except KnownError as err:
            if until is None and err.code != "store.busy":  # when closing, nobody would see it; the next start purges
                self.notice(err)

    def _leave_store(self) -> None:
        """Close the store, after the last entries of the network ledger were written. This is the service thread's last
        work, so that nothing finds the store closed.
        """
        self.ledger_events.stop()
        self.store.close()

    def _on_service_thread(self, fn: Callable[[], object], timeout: float) -> None:
        try:
            self.service_thread.call(fn, timeout)
        except (TimeoutError, SlmdeskError):
            return  # the service thread is waiting for a disk; closing goes on without it


def open_services(
    paths: Paths,
    *,
    commands: Mapping[str, Sequence[str]] = COMMANDS,
    instance_id: str | None = None,
    key: DataKey | None = None,
    keeps: Callable[[Settings], bool] = lambda _settings: True,
) -> Services:
    """Open all services. Waits for the disk, so do not call it on the window's thread.

    `commands`: the command that starts the child process of each role. `key`: the key of an encrypted history; without
    it, the system's keyring is asked. `keeps`: decides from the settings whether anything is written to the history
    (Store.keep_nothing).

    The services also open without a model, with broken settings, a damaged history, or a full or read-only disk. Such
    problems are published as Noticed to the first listener for notices. Raises KnownError `store.newer`, `key.missing`,
    `key.wrong`, `key.file_damaged`, `key.library_missing` (nothing was changed), `store.in_use`, and `file.unwritable`
    or `disk.full` when there is no history and none can be created.
    """
    if key is None and (ways := ways_of(paths)) is not None and ways.by_keyring:
        key = open_by(paths, "")
    services = Services(paths)
    try:
        services.service_thread.call(lambda: services.open(commands, instance_id or uuid4().hex, key, keeps))
    except BaseException:
        services.service_thread.close()
        raise
    return services

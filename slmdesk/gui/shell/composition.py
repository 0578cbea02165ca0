"""Puts the window together: controllers, pages and bars, and the connections between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from slmdesk.core.policy import Policy
from slmdesk.gui.base.bridge import Bridge
from slmdesk.gui.base.clipboard import ClipboardMarker
from slmdesk.gui.base.delay import Delay
from slmdesk.gui.base.error_dialog import ErrorThread
from slmdesk.gui.base.shortcuts import take_shortcuts
from slmdesk.gui.base.theme_keeper import ThemeKeeper
from slmdesk.gui.base.window_state import WindowState, WindowStateFile
from slmdesk.gui.chat.conversation.controller import ChatController
from slmdesk.gui.chat.list.controller import ListController
from slmdesk.gui.chat.model.controller import ModelsController
from slmdesk.gui.chat.options.controller import OptionsController
from slmdesk.gui.chat.page import ChatPage
from slmdesk.gui.documents.area import DocumentsArea
from slmdesk.gui.global_key.controller import GlobalKey
from slmdesk.gui.jobs.controller import JobsController
from slmdesk.gui.jobs.page import JobsPage
from slmdesk.gui.models.adding.dialog import AddDialog, AddingController
from slmdesk.gui.models.adding.entries import ModelDialogs
from slmdesk.gui.models.comparison.controller import CompareController
from slmdesk.gui.models.comparison.dialog import ComparePage
from slmdesk.gui.models.library.controller import LibraryController
from slmdesk.gui.models.online.controller import HubController
from slmdesk.gui.models.online.downloads_controller import DownloadsController
from slmdesk.gui.models.page import ModelsPage
from slmdesk.gui.online.network_log_window import NetworkLogWindow
from slmdesk.gui.online.statement_window import StatementWindow
from slmdesk.gui.settings.controller import SettingsController
from slmdesk.gui.settings.deleted_chats import DeletedChats
from slmdesk.gui.settings.erase import EraseDialog
from slmdesk.gui.settings.forget_day import ForgetDay
from slmdesk.gui.settings.network_controller import NetworkController
from slmdesk.gui.settings.page import SettingsPage
from slmdesk.gui.settings.privacy_controller import PrivacyController
from slmdesk.gui.settings.redaction_controller import RedactionNamesController
from slmdesk.gui.settings.retention import RulesWindow
from slmdesk.gui.settings.spelling_controller import SpellingController
from slmdesk.gui.shell.help_window import Folders, HelpWindow
from slmdesk.gui.shell.home_place import HomePlace
from slmdesk.gui.shell.locking import Locking
from slmdesk.gui.shell.main_window import MainWindow, Page
from slmdesk.gui.shell.notices import NoticeController
from slmdesk.gui.shell.notifications import Notifier
from slmdesk.gui.shell.opening import Opener
from slmdesk.gui.shell.palette import PaletteEntry
from slmdesk.gui.shell.presence import Presence
from slmdesk.gui.shell.quit_dialog import quit_or_stay
from slmdesk.gui.translate.document.controller import DocumentTranslation
from slmdesk.gui.translate.page import TranslatePage
from slmdesk.gui.translate.terms.windows import TermWindows
from slmdesk.gui.translate.text.controller import TranslateController
from slmdesk.gui.translate.text.entry import TranslateEntry
from slmdesk.gui.widgets.access_token import TokenController
from slmdesk.gui.widgets.features import hide_features
from slmdesk.gui.widgets.gated_panel import GatedDialog
from slmdesk.gui.widgets.ghost_text import GhostText
from slmdesk.gui.widgets.link_dialog import note_links
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.spelling import SpellMarks
from slmdesk.gui.writing.controller import WritingController
from slmdesk.gui.writing.editor import WritingEdit
from slmdesk.gui.writing.page import WritingPage
from slmdesk.services.engine.events import ModelStateChanged
from slmdesk.services.engine.load_spec import limits_of
from slmdesk.services.models.inspect_files import Candidate
from slmdesk.services.online.events import DownloadChanged, RequestsToday
from slmdesk.settings import Settings

KEEP_AFTER_MS = 1000


class Frame(QObject):
    """The main window and all its controllers.

    Emits `close_requested` when a person closes it, `erase_requested` with the Erasure when everything is to be
    deleted.
    """

    close_requested = Signal()
    erase_requested = Signal(object)

    def __init__(
        self,
        app: QApplication,
        bridge: Bridge,
        settings: Settings,
        state: WindowStateFile,
        *,
        models_folder: str,
        starter: Path | None,
        folders: Folders = (),
    ) -> None:
        super().__init__(app, objectName="frame")
        self._bridge, self._settings, self.state, self._folders = bridge, settings, state, folders
        self._model: ModelStateChanged | None = None
        self._managed: frozenset[str] = frozenset()
        """Settings the organisation has set."""
        self.keeper = ThemeKeeper(app, choice=settings.theme, scale=settings.font_scale, is_sheet_later=True)
        self.keeper.setParent(self)
        self.clipboard = ClipboardMarker(bridge, settings, self)
        self.errors = ErrorThread(lambda: self.window, self)
        self.chat = ChatController(bridge, state, self)
        self.chats = ListController(bridge, state, self)
        self.models = ModelsController(bridge, starter, self)
        self.options = OptionsController(bridge, self.chat, self)
        self.library = LibraryController(bridge, self)
        self.adding = AddingController(bridge, self)
        self.find = HubController(bridge, settings, state, self)
        self.fetch = DownloadsController(bridge, settings, self)
        self.settings = SettingsController(bridge, settings, self)
        self.privacy = PrivacyController(bridge, self.settings, self)
        self.network = NetworkController(bridge, settings, self)
        self.tokens = TokenController(bridge, self)
        self.spelling = SpellingController(bridge, self.settings, self)
        self.redaction_names = RedactionNamesController(bridge, self)
        self.compare = CompareController(bridge, self)
        self.jobs = JobsController(bridge, self)
        self.translate = TranslateController(bridge, settings, state, self)
        self.document_translation = DocumentTranslation(bridge, self)
        self.writing = WritingController(bridge, state, self)
        self.reach = TranslateEntry(bridge, self.translate, self)
        self._keep_timer = Delay(self, KEEP_AFTER_MS, self.keep_layout)
        self._end_timer = QTimer(self, singleShot=True)
        self.global_key = GlobalKey(bridge, settings, self)
        self.presence = Presence(self)
        take_shortcuts(settings.shortcuts)
        self._build_ui(settings, state.current, models_folder)
        self.keeper.put_on_sheet()
        self._connect()

    def _build_ui(self, settings: Settings, state: WindowState, models_folder: str) -> None:
        self.chat_page = ChatPage(self.chat, self.chats, self.models, self.options, self.keeper)
        attached = self.chat.attached
        SpellMarks(self._bridge, self.chat_page.composer.input_box, lambda: [one.name for one in attached.now])
        self.settings_page = SettingsPage(
            self.settings, self.network, self.tokens, self.spelling, self.privacy, self.redaction_names, models_folder
        )
        self.models_page = ModelsPage(self.library, self.find, self.fetch, self.tokens, self.keeper)
        self.compare_page = ComparePage(self.compare, self.keeper)
        self.documents_area = DocumentsArea(self._bridge, self.keeper, self)
        self.documents, self.documents_page = self.documents_area.documents, self.documents_area.page
        self.documents_area.restore(state)
        self.jobs_page = JobsPage(self.jobs)
        self.translate_page = TranslatePage(self.translate, self.document_translation, self.keeper)
        terms = TermWindows(self._bridge, self.keeper, self.translate, self.translate_page)
        self.translate_page.text.glossaries_requested.connect(terms.open_glossaries)
        self.translate_page.text.memory_requested.connect(terms.open_memory)
        self.writing_page = WritingPage(self.writing, self.keeper)
        self._help_writing(self.writing_page.editor)
        self.models_place = named(QStackedWidget(), "models_place")
        self.models_place.addWidget(self.models_page)
        self.models_place.addWidget(self.compare_page)
        self.chat_page.restore_layout(
            state.window_splitter,
            is_list_shown=state.sidebar_visible,
            is_panel_shown=state.chat_panel_visible,
        )
        self._show_context()
        pages = (
            Page("Chat", "message-square", self.chat_page, "page.chat"),
            Page("Documents", "file-text", self.documents_page, "page.documents"),
            Page("Translate", "languages", self.translate_page, "page.translate"),
            Page("Write", "pencil", self.writing_page, "page.write"),
            Page("Models", "package", self.models_place, "page.models"),
            Page("Jobs", "list-checks", self.jobs_page, "page.jobs"),
            Page("Settings", "settings", self.settings_page, "page.settings", at_end=True),
        )
        self.window = MainWindow(pages, geometry=state.window_geometry)
        self.window.restore_page(state.last_page)
        self.ways = ModelDialogs(self._bridge, self.window, self.models_page.more_ways, self)
        self.window.status.show_offline(settings.offline)
        self.notices = NoticeController(self._bridge, self.window.notices, self.errors, self.chat, self.chats, self)
        self.notices.quit_requested.connect(self.close_requested)
        HomePlace(self._bridge, self.state, self)
        self.notifier = Notifier(self._bridge, settings, self.window, self.window.come_forward, self)
        self.opener = Opener(self._bridge, self)
        self.palette = PaletteEntry(self._bridge, self)
        self.locking = Locking(
            self._bridge,
            self.window,
            settings,
            lambda: self.presence.idle_s,
            lambda: self.jobs.begun,
            lambda: self.chat.private.count,
            self,
        )
        self.chat.new_chat()

    def _help_writing(self, editor: WritingEdit) -> None:
        """Underline misspelled words in the page Write and continue its text, outside of changes not decided on.

        Text that is redacted is not continued.
        """
        SpellMarks(self._bridge, editor, is_left_out=editor.is_undecided)
        redaction = self.writing.redaction
        ghost = GhostText(self._bridge, editor, lambda: not editor.tracked.pending and not redaction.is_on)
        redaction.said.connect(ghost.drop)

    def _connect(self) -> None:
        self._connect_chat()
        self._connect_models()
        self._connect_status()
        self._connect_reach()
        self._connect_key()
        self._connect_keeping()
        self._bridge.opened.connect(self._on_opened)
        self._bridge.settings_changed.connect(self._on_settings_changed)
        self.settings.policy_shown.connect(self._on_policy_shown)
        deleted, notices = self.settings_page.deleted_chats_requested, self.notices.trash_requested
        for asking in (deleted, self.chat_page.trash_requested, notices):
            asking.connect(lambda: self._open_once(DeletedChats, lambda: DeletedChats(self._bridge, self.window)))
        self.settings_page.erase_requested.connect(self._on_erase_requested)
        self.settings_page.forget_day_requested.connect(
            lambda: self._open_once(ForgetDay, lambda: ForgetDay(self._bridge, self.window))
        )
        self.settings_page.rules_requested.connect(
            lambda: self._open_once(RulesWindow, lambda: RulesWindow(self._bridge, self.window))
        )
        self.window.close_requested.connect(
            lambda: quit_or_stay(self.window, self.jobs.begun, self.chat.private.count, self.close_requested.emit)
        )
        self._end_timer.timeout.connect(self._bridge.closed)

    def _connect_chat(self) -> None:
        self.chat.other_found.connect(self.opener.other)
        self.chat.inspector.page_requested.connect(self.opener.page)
        self.chat_page.panel.context_chosen.connect(lambda tokens: self.settings.change("context_tokens", tokens))
        self.settings.settings_shown.connect(self._show_context)

    def _connect_models(self) -> None:
        for part in (self.library, self.fetch, self.ways):
            part.chat_requested.connect(self._on_chat_requested)
        for place in (self.models, self.models_page):
            place.file_chosen.connect(self.adding.look_at)
        self.adding.files_read.connect(self._on_files_read)
        for advice in (self.translate.advice, self.document_translation.advice):
            advice.models_requested.connect(self.opener.suggested)
        self.models_page.compare_requested.connect(self._on_compare_requested)
        self.compare_page.back_requested.connect(lambda: self.models_place.setCurrentWidget(self.models_page))
        self.models_page.pack_chosen.connect(self.ways.open_pack)
        self.models_page.gated_met.connect(self._on_gated_met)
        self.settings_page.folder_requested.connect(self.ways.choose_folder)

    def _connect_status(self) -> None:
        bridge, status = self._bridge, self.window.status
        for switch in (status, self.models_page):
            switch.offline_chosen.connect(lambda is_offline: self.settings.change("offline", is_offline))
            switch.once_chosen.connect(self.settings.allow_once)
        self.settings.settings_shown.connect(lambda settings: status.show_offline(settings.offline))
        self.settings.once_shown.connect(lambda: status.show_offline(False, is_once=True))
        self.settings.policy_shown.connect(status.show_policy)
        bridge.on(RequestsToday, lambda event: status.show_requests(event.count))
        self.models.state_changed.connect(self._show_model)
        self.compare.comparison_shown.connect(lambda _shown: self._show_model(self._model))
        self.window.help_requested.connect(
            lambda: self._open_once(HelpWindow, lambda: HelpWindow(self._folders, self.settings, self.window))
        )
        note_links(lambda: bridge.ask(lambda services: services.ledger_events.link_opened()))
        status.ledger_requested.connect(self._on_ledger_requested)
        status.statement_requested.connect(
            lambda: self._open_once(StatementWindow, lambda: StatementWindow(bridge, self.window))
        )
        self.privacy.state_shown.connect(self.locking.take)
        self.privacy.encryption_offered.connect(self.chat_page.first_start.offer_encryption)
        self.chat_page.first_start.encrypt_requested.connect(self.settings_page.privacy.encrypt)
        self.privacy.encryption_shown.connect(status.show_encrypted)
        status.cover_requested.connect(self.locking.cover)
        status.lock_requested.connect(self.locking.lock)
        status.privacy_requested.connect(lambda: self.window.show_page("Settings"))
        status.jobs_requested.connect(lambda: self.window.show_page("Jobs"))
        self.jobs.status_reported.connect(status.show_jobs)
        self.jobs.opened.connect(self.opener.job)

    def _connect_keeping(self) -> None:
        """Save the layout after these changes."""
        self.window.page_shown.connect(self._on_page_shown)
        self.chat_page.layout_changed.connect(self._keep_timer.start)
        self.documents_area.state_changed.connect(self._keep_timer.start)
        self.chat.chat_opened.connect(self._keep_timer.start)

    def _connect_key(self) -> None:
        """The global shortcut: its state and notices.  What the key does is connected in `app`."""
        key = self.global_key
        key.sentence_shown.connect(self.settings_page.show_key)
        self.settings_page.show_key(key.sentence)
        if not key.is_possible:
            self.settings_page.forbid_key()

    def _connect_reach(self) -> None:
        """Connect all sources of text and documents to the translator."""
        reach, window, page = self.reach, self.window, self.translate_page
        window.translate_requested.connect(reach.take_text)
        window.document_translate_requested.connect(reach.take_document)
        window.clipboard_translate_requested.connect(reach.take_clipboard)
        page.paste_requested.connect(reach.take_clipboard)
        window.writing_requested.connect(self._on_writing_requested)
        page.data_given.connect(reach.take_data)
        reach.page_requested.connect(self._on_translate_requested)
        reach.text_taken.connect(page.take_text)
        reach.documents_taken.connect(page.take_documents)

    @Slot()
    def _on_translate_requested(self) -> None:
        """Bring the main window forward: the request may come from another window, such as a text dialog."""
        self.window.show_page("Translate")
        if not self.window.isActiveWindow():
            self.window.come_forward()

    @Slot(str)
    def _on_writing_requested(self, text: str) -> None:
        self.window.show_page("Write")
        self.writing_page.take_text(text)

    def keep_layout(self) -> None:
        values = dict(
            window_geometry=self.window.geometry_state,
            last_page=self.window.current_page,
            window_splitter=self.chat_page.layout_state,
            **self.documents_area.state,
            sidebar_visible=self.chat_page.is_list_shown,
            chat_panel_visible=self.chat_page.is_panel_shown,
            last_chat="" if self.chat.private.is_open else self.chat.chat,
        )
        self._bridge.ask(lambda _services: self.state.change(**values), None, lambda _problem: None)

    @Slot()
    def _show_context(self) -> None:
        tokens, is_managed = self.settings.current.context_tokens, "context_tokens" in self._managed
        self.chat_page.panel.show_context(tokens, is_managed=is_managed)

    @Slot(object)
    def _on_policy_shown(self, policy: Policy) -> None:
        self._managed = frozenset(policy.managed)
        self._show_context()
        hide_features(self.window, policy.hidden)
        self.chat_page.picker.allow_adding("models.import" not in policy.hidden)

    def end_in(self, milliseconds: int) -> None:
        """Emit `bridge.closed` after this time at the latest."""
        self._end_timer.start(milliseconds)

    @Slot()
    def _on_opened(self) -> None:
        if self.state.current.last_chat and not self.chat.chat:
            self.chat.restore_chat(self.state.current.last_chat)

    @Slot(object)
    def _on_settings_changed(self, settings: Settings) -> None:
        old, self._settings = self._settings, settings
        if settings.theme != old.theme:
            self.keeper.set_choice(settings.theme)
        if settings.font_scale != old.font_scale:
            self.keeper.set_font_scale(settings.font_scale)
        if settings.shortcuts != old.shortcuts:
            take_shortcuts(settings.shortcuts, self.window)
        if limits_of(settings) != limits_of(old):
            self.models.reload()

    @Slot(object)
    def _show_model(self, event: ModelStateChanged | None) -> None:
        """Show the model in the status bar; without its name where a person judges answers blind."""
        self._model = event
        if event is not None:
            hidden = replace(event, name="Hidden model", memory_bytes=0)
            self.window.status.show_model(hidden if self.compare.hides(event.name) else event)

    @Slot(object)
    def _on_files_read(self, candidates: Sequence[Candidate]) -> None:
        dialog = AddDialog(self.window, candidates)
        dialog.add_chosen.connect(self._add_files)
        dialog.open()

    @Slot(object, bool)
    def _add_files(self, paths: Sequence[Path], link: bool) -> None:
        if self.models_page.isVisible() or len(paths) > 1:
            self.library.add_files(paths, link)
        else:
            self.models.import_file(paths[0], link)

    @Slot(object)
    def _on_gated_met(self, change: DownloadChanged) -> None:
        dialog = GatedDialog(self.tokens, change.repo, self.window, problem=change.problem)
        dialog.page_requested.connect(self.find.ask_page)
        dialog.try_again_requested.connect(lambda _repo: self.fetch.resume(change.id))
        dialog.open()

    @Slot(str)
    def _on_chat_requested(self, model: str) -> None:
        self.models.use(model)
        self.window.show_page("Chat")

    @Slot()
    def _on_erase_requested(self) -> None:
        dialog = EraseDialog(self._bridge, self.window)
        dialog.confirmed.connect(self.erase_requested)
        dialog.open()

    @Slot()
    def _on_compare_requested(self) -> None:
        self.models_place.setCurrentWidget(self.compare_page)
        self.compare_page.focus_first()

    @Slot(int)
    def _on_page_shown(self, index: int) -> None:
        if index == 0:
            self.chat_page.composer.setFocus()
        else:  # else the focus would fall to the side bar
            page = self.window.current_widget
            if page is self.models_place:
                page = self.models_place.currentWidget()
            if page is not None:
                page.setFocus()
        self._keep_timer.start()

    @Slot()
    def _on_ledger_requested(self) -> None:
        self._open_once(NetworkLogWindow, lambda: NetworkLogWindow(self._bridge, self.window))

    def _open_once(self, kind: type[QWidget], make: Callable[[], QWidget]) -> None:
        """Open a window of this kind, or bring the one that is open forward."""
        opened = self.window.findChild(kind)
        if opened is None:
            make().show()
        else:
            opened.raise_()
            opened.activateWindow()

"""Puts the window together: creates controllers, pages and bars, and connects them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, QTimer, Signal
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QWidget

from slmdesk.base.records import Found, Item, ModelRecord
from slmdesk.base.runtime.events import DownloadChanged
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _
from slmdesk.base.types import Role
from slmdesk.chat.types import ASTRAY, SHOWN_AS_CHATS
from slmdesk.documents.types import DaysFound, Span
from slmdesk.ui.chat.conversation import ChatController
from slmdesk.ui.chat.header import ModelsController
from slmdesk.ui.chat.list_controller import ListController
from slmdesk.ui.chat.options_controller import OptionsController
from slmdesk.ui.chat.page import ChatPage
from slmdesk.ui.jobs.controller import JobsController
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.clipboard import ClipboardMarker
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.shortcuts import bind, take_shortcuts
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.base.unexpected import ErrorReporter
from slmdesk.ui.kit.base.window_state import WindowState, WindowStateFile
from slmdesk.ui.kit.widgets.bars import FOOT, ICON, NOWHERE, SettingsController
from slmdesk.ui.kit.widgets.build import read_as_button
from slmdesk.ui.kit.widgets.files import (
    MODEL_SUFFIX,
    FileDrop,
    ModelDrop,
    admit,
    ask_file,
    ask_new_file,
    dropped_paths,
    model_files,
)
from slmdesk.ui.kit.widgets.notices import LONG_MS, Notice
from slmdesk.ui.kit.widgets.opening import note_links
from slmdesk.ui.kit.widgets.parts import FocusRing
from slmdesk.ui.privacy.controller import PrivacyController
from slmdesk.ui.shell.better import BetterCard, BetterModel
from slmdesk.ui.shell.main_window import HomePlace, MainWindow, NoticeController, Notifier, Page
from slmdesk.ui.shell.nameless import NamelessWays
from slmdesk.ui.shell.presence import Presence
from slmdesk.ui.shell.session import Locking
from slmdesk.ui.shell.source import Sources
from slmdesk.ui.shell.start import COMPARE, DOCUMENT, MOST_RECENT, TRANSLATE, WRITE, StartPage

if TYPE_CHECKING:
    from slmdesk.base.policy import Policy
    from slmdesk.documents.search import TextHit
    from slmdesk.documents.service import LibraryName
    from slmdesk.history.service import ItemTitle
    from slmdesk.models.importer import Candidate
    from slmdesk.services import Services
    from slmdesk.tasks.jobs.service import JobView
    from slmdesk.ui.documents.controller import DocumentsController
    from slmdesk.ui.documents.page import DocumentsPage
    from slmdesk.ui.jobs.page import JobsPage, JobsPopover
    from slmdesk.ui.kit.widgets.reading import Reader
    from slmdesk.ui.kit.widgets.tokens import TokenController
    from slmdesk.ui.models.library import LibraryController
    from slmdesk.ui.models.page import ModelsPage
    from slmdesk.ui.online.downloads import DownloadsController
    from slmdesk.ui.shell.documents_area import DocumentsArea
    from slmdesk.ui.shell.models_area import ModelsArea
    from slmdesk.ui.shell.palette import Folders, PaletteEntry
    from slmdesk.ui.system.page import SettingsPage
    from slmdesk.ui.translation.page import TranslatePage
    from slmdesk.ui.translation.text import TranslateController
    from slmdesk.ui.translation.text_editors import TranslateEntry
    from slmdesk.ui.writing.page import WritingPage

KEEP_AFTER_MS = 1000
CARD_PAGES = {DOCUMENT: "Documents", TRANSLATE: "Translate", COMPARE: "Documents", WRITE: "Write"}
"""The page behind each card of Start."""
NOWHERE_BEGUN = ("", "", "")


class Frame(QObject):
    """The main window and its controllers. Pages other than the chat are made when they are first shown."""

    close_requested = Signal()
    restart_requested = Signal()
    erase_requested = Signal(object)
    """Emitted with the Erasure, which says what to delete."""

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
        self._models_folder = models_folder
        self._is_first_run = not state.current.last_page
        self._is_starter_taken = False
        self._begun = NOWHERE_BEGUN
        """The page on which a person pressed for a better model, the message typed then, and the starter's checksum."""
        self._chat_before = ""
        """The chat that was open before Start was shown."""
        is_bundled = not settings.system_font
        self.keeper = ThemeKeeper(app, choice=settings.theme, scale=settings.font_scale, is_bundled=is_bundled)
        self.keeper.setParent(self)
        QAccessible.installFactory(read_as_button)
        FocusRing(app, self)
        self.clipboard = ClipboardMarker(bridge, settings, self)
        self.errors = ErrorReporter(lambda: self.window, self)
        self.chat = ChatController(bridge, state, self)
        self.chats = ListController(bridge, state, self)
        self.models = ModelsController(bridge, starter, self)
        self.options = OptionsController(bridge, self.chat, self)
        self.settings = SettingsController(bridge, settings, self)
        self.privacy = PrivacyController(bridge, self.settings, self)
        self.jobs = JobsController(bridge, self)
        self._keep_timer = Delay(self, KEEP_AFTER_MS, self.keep_layout)
        self.end_timer = QTimer(self, singleShot=True)
        """Says after its time that the services are closed, if they have not."""
        self.presence = Presence(self)
        take_shortcuts(settings.shortcuts)
        self._build_ui(settings, state.current)
        self.keeper.dress(self.window)
        self._connect()

    def _build_ui(self, settings: Settings, state: WindowState) -> None:
        self.chat_page = ChatPage(self.chat, self.chats, self.models, self.options, self.settings, self.keeper)
        self.better = BetterModel(self._bridge, self.models, self.settings, self.state, self)
        self.start_page = StartPage(self.better)
        pages = (
            Page("Start", "house", lambda: self.start_page, "page.start"),
            Page("Chat", "message-square", lambda: self.chat_page, "page.chat"),
            Page("Documents", "file-text", lambda: self.documents_page, "page.documents"),
            Page("Translate", "languages", lambda: self.translate_page, "page.translate"),
            Page("Write", "pencil", lambda: self.writing_page, "page.write"),
            Page("Models", "package", lambda: self.models_area, "page.models", FOOT),
            Page("Jobs", "list-checks", lambda: self.jobs_page, "page.jobs", NOWHERE),
            Page("Settings", "settings", lambda: self.settings_page, "page.settings", ICON),
        )
        self.window = MainWindow(pages, geometry=state.window_geometry)
        self.window.restore_bar(state.sidebar_visible)
        self.window.status.line.addWidget(self.chat_page.picker)
        self.window.page("Start")
        self.window.page("Chat")
        self.window.status.follow(self.settings)
        self.notices = NoticeController(self._bridge, self.window.notices, self.errors, self.chat, self.chats, self)
        self.notices.quit_requested.connect(self.close_requested)
        HomePlace(self._bridge, self.state, self)
        self.notifier = Notifier(self._bridge, self.settings, self.window, self.window.come_forward, self)
        self.opener = Opener(self._bridge, self)
        self.locking = Locking(
            self._bridge,
            self.window,
            self.settings,
            lambda: self.presence.idle_s,
            lambda: self.jobs.begun,
            lambda: self.chat.private.count,
            self,
        )
        self.window.restore_page(state.last_page)
        self.chat.new_chat()

    def _place(self, title: str, page: QWidget) -> None:
        self._hide_forbidden(page, self.settings.policy)
        self.window.place(title, page)

    @cached_property
    def documents_area(self) -> DocumentsArea:
        from slmdesk.ui.shell.documents_area import DocumentsArea

        area = DocumentsArea(self._bridge, self.keeper, self)
        area.restore(self.state.current)
        area.state_changed.connect(self._keep_timer.start)
        area.page.list_requested.connect(self.window.open_bar)
        area.page.nameless_requested_of.connect(lambda id: self.nameless.copy_document(id))  # made later
        area.too_weak.connect(self._place_with_card("Documents", area.page).show_to)
        area.table_pane.model_requested.connect(self.opener.all_models)
        area.built.connect(lambda: self._hide_forbidden(area.page, self.settings.policy))
        return area

    @property
    def documents(self) -> DocumentsController:
        return self.documents_area.documents

    @property
    def documents_page(self) -> DocumentsPage:
        return self.documents_area.page

    @cached_property
    def translate_page(self) -> TranslatePage:
        from slmdesk.tasks.translate import TASK
        from slmdesk.ui.tasks.controller import ResultController
        from slmdesk.ui.tasks.pane import ResultPane
        from slmdesk.ui.translation.page import TranslatePage

        results = ResultController(self._bridge, TASK)
        pane = ResultPane(results)
        page = TranslatePage(self._bridge, self.state, self.keeper, results, pane)
        results.setParent(page)
        page.reach.page_requested.connect(self._on_translate_requested)
        page.models_requested.connect(self.opener.suggested)
        page.list_requested.connect(self.window.open_bar)
        self._place_with_card("Translate", page)
        return page

    @property
    def translate(self) -> TranslateController:
        return self.translate_page.controller

    @property
    def reach(self) -> TranslateEntry:
        return self.translate_page.reach

    @cached_property
    def writing_page(self) -> WritingPage:
        """The page Write. It underlines misspelled words."""
        from slmdesk.ui.writing.page import WritingPage
        from slmdesk.ui.writing.spelling import SpellMarks

        page = WritingPage(self._bridge, self.state, self.keeper, self.settings)
        page.translate_wanted.connect(lambda text: self.reach.take_text(text))
        SpellMarks(self._bridge, page.editor, is_left_out=page.editor.is_undecided)
        self._place_with_card("Write", page)
        return page

    @cached_property
    def tokens(self) -> TokenController:
        from slmdesk.ui.kit.widgets.tokens import TokenController

        return TokenController(self._bridge, self)

    @cached_property
    def models_area(self) -> ModelsArea:
        from slmdesk.ui.shell.models_area import ModelsArea

        area = ModelsArea(self._bridge, self.settings, self.state, self.tokens, self.keeper, self.better, self.window)
        area.chat_requested.connect(self._on_chat_requested)
        area.page.file_chosen.connect(self.look_at_files)
        area.library.show_state(self.models.state)
        self._place("Models", area)
        return area

    @property
    def library(self) -> LibraryController:
        return self.models_area.library

    @property
    def fetch(self) -> DownloadsController:
        return self.models_area.fetch

    @property
    def models_page(self) -> ModelsPage:
        return self.models_area.page

    @cached_property
    def reader(self) -> Reader:
        from slmdesk.ui.kit.widgets.reading import Reader

        return Reader(self._bridge, self)

    def look_at_files(self, paths: Path | Sequence[Path]) -> None:
        from slmdesk.ui.models.adding import look_at_files

        look_at_files(self._bridge, paths, self._on_files_read)

    @cached_property
    def jobs_page(self) -> JobsPage:
        from slmdesk.ui.jobs.page import JobsPage

        page = JobsPage(self.jobs)
        self._place("Jobs", page)
        return page

    @cached_property
    def jobs_popover(self) -> JobsPopover:
        from slmdesk.ui.jobs.page import JobsPopover

        popover = JobsPopover(self.jobs, self.window)
        popover.all.clicked.connect(lambda: self.window.show_page("Jobs"))
        return popover

    @cached_property
    def settings_page(self) -> SettingsPage:
        from slmdesk.ui.online.network import NetworkSettings
        from slmdesk.ui.privacy.settings import PrivacySettings
        from slmdesk.ui.redaction.section import RedactionSettings
        from slmdesk.ui.system.page import SettingsPage
        from slmdesk.ui.writing.spelling_section import SpellingSettings

        bridge, settings = self._bridge, self.settings
        page = SettingsPage(settings, self._models_folder)
        PrivacySettings(self.privacy, page.sections["privacy"])
        RedactionSettings(bridge, settings, page.sections["privacy"])
        NetworkSettings(bridge, settings, self.tokens, page.sections["network"])
        SpellingSettings(bridge, settings, page.sections["writing"])
        page.finish()
        page.deleted_chats_requested.connect(self._open_trash)
        page.erase_requested.connect(self._on_erase_requested)
        page.backup_requested.connect(self._on_backup_requested)
        page.restore_requested.connect(self._on_restore_requested)
        page.forget_day_requested.connect(partial(self._open_once, "ui.history", "ForgetDay", self._bridge))
        page.folder_requested.connect(lambda folder: self.models_area.ways.choose_folder(folder))
        page.ledger_requested.connect(partial(self._open_once, "ui.online.network", "NetworkLogWindow", bridge))
        page.show_section(self.state.current.last_section)
        page.section_shown.connect(self._keep_timer.start)
        self._place("Settings", page)
        return page

    @cached_property
    def palette(self) -> PaletteEntry:
        from slmdesk.ui.shell.palette import PaletteEntry

        return PaletteEntry(self._bridge, self)

    def _open_once(self, module: str, kind: str, *given: object) -> None:
        window = getattr(import_module(f"slmdesk.{module}"), kind)
        opened = self.window.findChild(window)
        if opened is None:
            window(*given, self.window).show()
        else:
            opened.raise_()
            opened.activateWindow()

    def _open_trash(self) -> None:
        self._open_once("ui.history", "DeletedChats", self._bridge)

    def _connect(self) -> None:
        self._connect_chat()
        self._connect_status()
        self.nameless = NamelessWays(self._bridge, self)
        bind(self.window, "palette", lambda: self.palette.open())
        self._bridge.opened.connect(self._on_opened)
        self._bridge.settings_changed.connect(self._on_settings_changed)
        self._bridge.on(DownloadChanged, self._on_download_changed)
        self._bridge.listening_changed.connect(self.window.status.show_listening)
        self._bridge.speech_model_wanted.connect(lambda: self.opener.suggested("", "speech"))
        self.settings.policy_shown.connect(self._on_policy_shown)
        for asking in (self.chat_page.chat_list.trash_requested, self.notices.trash_requested):
            asking.connect(self._open_trash)
        window = self.window
        window.translate_requested.connect(lambda text: self.reach.take_text(text))
        window.document_translate_requested.connect(lambda path: self.reach.take_document(path))
        window.clipboard_translate_requested.connect(lambda: self.reach.take_clipboard())
        window.writing_requested.connect(self._on_writing_requested)
        window.reading_requested.connect(lambda aloud: self.reader.read(aloud))
        window.page_shown.connect(self._on_page_shown)
        window.bar_toggled.connect(self._keep_timer.start)
        window.close_requested.connect(self._on_close_requested)
        self.chat_page.list_requested.connect(window.open_bar)
        self.chat.chat_opened.connect(self._keep_timer.start)
        self.end_timer.timeout.connect(self._bridge.closed)

    def _connect_chat(self) -> None:
        self.chat.other_found.connect(lambda item: self.opener.any(item))
        Sources(self._bridge, self.keeper, self.chat, self.chat_page).open_requested.connect(self.opener.page)
        self.models.file_chosen.connect(self.look_at_files)
        start, models = self.start_page, self.models
        models.models_listed.connect(self._on_models_listed)
        start.better.all_requested.connect(self.opener.all_models)
        self._chat_card = self._card(self.chat_page)
        self.chat_page.take_card(self._chat_card)
        self.better.begun.connect(self._on_better_begun)
        self.better.ended.connect(self._on_better)
        start.item_chosen.connect(self.opener.any)
        start.card_chosen.connect(self._on_card_chosen)
        start.files_dropped.connect(self._on_files_dropped)
        start.shown.connect(self._on_start_shown)
        ModelDrop(start, models.file_chosen.emit)
        FileDrop(
            start, self.chat.attached.add_paths, pick=lambda event: [] if model_files(event) else dropped_paths(event)
        )
        self.chat.message_added.connect(self._on_message_added)
        chat = self.chat
        self._gap = Live(self._bridge, self, self._ask_gap, "")
        self._gap.changed.connect(self._show_gap)
        self._due = Live(self._bridge, self, lambda: self._bridge.services.due.now(), "", on=(DaysFound,))
        self._due.changed.connect(lambda: start.show_due(self._due.value))
        start.deadlines_chosen.connect(self.opener.deadlines)
        start.shown.connect(self._due.again)
        for signal in (chat.message_added, chat.conversation_shown, chat.busy_changed, models.state_changed):
            signal.connect(self._gap.again)

    def _on_models_listed(self, models: Sequence[ModelRecord]) -> None:
        """Use the starter on the very first start, without a question."""
        is_first = self._is_first_run and not self._is_starter_taken
        self._is_starter_taken = True
        if is_first and not models:
            self.models.import_starter()

    def _card(self, page: QWidget) -> BetterCard:
        card = BetterCard(self.better, page)
        card.all_requested.connect(self.opener.all_models)
        return card

    def _place_with_card(self, title: str, page: QWidget) -> BetterCard:
        """Put the card that leads to a good model at the foot of a page, so that nothing above it moves.

        Beside a small model that is no starter, Start alone offers a better one, until that model fails on the page.
        """
        card = self._card(page)
        if layout := page.layout():
            layout.addWidget(card)
        self._place(title, page)
        return card

    def _on_better_begun(self) -> None:
        starter = self.better.starter
        self._begun = self.window.current_page, self.chat_page.composer.text.strip(), starter.sha256 if starter else ""

    def _on_better(self, model: str) -> None:
        """Use the model, and let it answer what was asked before it was there."""
        (page, typed, starter), self._begun = self._begun, NOWHERE_BEGUN
        last = next(reversed(self.chat.shown.by_id.values()), None)
        self.models.change_over(model)
        if page == "Documents":
            self.documents_area.ask_again()
        elif page in ("Start", "Chat") and typed:
            if self.chat_page.composer.text.strip() == typed:
                self.chat.send(typed)
        elif page == "Chat" and last and last.role is Role.ASSISTANT and last.model_sha256 == starter:
            self.chat.try_again(last.id, model=model)

    def _ask_gap(self) -> Callable[[Services], str]:
        """Return the question what the model in use cannot do in the open chat."""
        model, shown = self.models.state.model, self.chat.shown.by_id.values()
        asked = " ".join([message.words for message in shown if message.role is Role.USER][-3:])
        is_astray = any(message.finish_reason in ASTRAY for message in [*shown][-1:])
        return lambda services: services.recommending.gap(model, asked, is_astray=is_astray) if model else ""

    def _show_gap(self) -> None:
        self.chat_page.show_gap(self._gap.value)
        self._chat_card.show_to(bool(self._gap.value))

    def _on_start_shown(self) -> None:
        """Begin a new chat on Start; Chat goes back to the chat that was open if nothing was sent."""
        if self.chat.chat and not self.chat.private.is_open:
            self._chat_before = self.chat.chat
            self.chat.new_chat()
        self.start_page.take_composer(self.chat_page.writing, self.chat_page.composer.in_order)
        self.chat_page.fit_composer(0)
        self.chat_page.composer.setFocus()
        self.list_recent()

    @property
    def _removed(self) -> tuple[str, ...]:
        """Documents whose removal can still be undone."""
        return tuple(self.documents.removals.ids) if self.window.is_made("Documents") else ()

    def list_recent(self) -> None:
        removed = self._removed

        def recent(services: Services) -> tuple[tuple[Item, ...], dict[str, int]]:
            hidden = services.history.results_only_of(removed)
            items = services.history.items(None, limit=2 * MOST_RECENT + len(hidden))
            listed = (item for item in items if item.id not in hidden and item.kind != "due")  # which has a line
            shown = tuple(listed)[:MOST_RECENT]
            return shown, services.history.to_check(shown)

        self._bridge.ask(recent, lambda recent_items: self.start_page.show_recent(*recent_items), lambda _problem: None)

    def _on_message_added(self, _message: object) -> None:
        if self.window.current_page == "Start":
            self._chat_before = ""
            self.window.show_page("Chat")

    def _on_card_chosen(self, key: str) -> None:
        self.window.show_page(CARD_PAGES[key])
        if key in (DOCUMENT, COMPARE):
            self.documents_page.ask_files(partial(self._on_files_dropped, key))

    def _on_files_dropped(self, key: str, files: Sequence[Path]) -> None:
        """Begin what is usual with files dropped on a card of Start."""
        self.window.show_page(CARD_PAGES[key])
        if key == TRANSLATE:
            self.reach.take_document(files[0])
        elif key == WRITE:
            self.writing_page.open_files(files[:1])
        else:
            if key == COMPARE:
                self.documents_page.side.show_pane("versions")
            self.documents.open_paths(files)

    def open_files(self, files: Sequence[Path]) -> None:
        """Open what was given to a start of the program: models are imported, all else is read as documents."""
        models = [file for file in files if file.suffix.lower() == MODEL_SUFFIX]
        documents = [file for file in files if file not in models]
        if models:
            self.look_at_files(models)
        if documents:
            admit(self.window, documents, partial(self._on_files_dropped, DOCUMENT))

    def _connect_status(self) -> None:
        bridge, status = self._bridge, self.window.status
        given = self._folders, self.opener.place
        self.window.help_requested.connect(partial(self._open_once, "ui.shell.palette", "HelpWindow", *given))
        note_links(lambda: bridge.services.ledger_events.link_opened())
        status.panel.ledger_requested.connect(partial(self._open_once, "ui.online.network", "NetworkLogWindow", bridge))
        self.privacy.state_shown.connect(self.locking.take)
        self.privacy.encryption_shown.connect(status.lock.setVisible)
        status.lock_requested.connect(self.locking.lock)
        status.privacy_requested.connect(lambda: self.window.show_page("Settings"))
        status.jobs.clicked.connect(lambda: self.jobs_popover.toggle(status.jobs))
        self.jobs.status_reported.connect(status.jobs.show_jobs)
        self.jobs.opened.connect(self.opener.job)

    def _on_translate_requested(self) -> None:
        """Show the translator and bring the main window forward, as another window, such as a text dialog, may ask."""
        self.window.show_page("Translate")
        if not self.window.isActiveWindow():
            self.window.come_forward()

    def _on_writing_requested(self, text: str) -> None:
        self.window.show_page("Write")
        self.writing_page.take_text(text)

    def keep_layout(self) -> None:
        self._keep_timer.stop()  # otherwise a later save would overwrite the last chat that closing stores
        values = dict(
            window_geometry=self.window.geometry_state,
            last_page=self.window.current_page,
            **({"last_section": self.settings_page.section} if self.window.is_made("Settings") else {}),
            **(self.documents_area.state if self.window.is_made("Documents") else {}),
            sidebar_visible=self.window.wants_bar,
            last_chat="" if self.chat.private.is_open else self.chat.chat or self._chat_before,
        )
        self._bridge.ask(lambda _services: self.state.change(**values), None, lambda _problem: None)

    def keep_words(self) -> None:
        """Have the service thread save texts that are not yet in the history, and remove what was removed."""
        self.window.notices.end()
        self.chat.drafts.save_all(self.chat.chat)
        if self.window.is_made("Translate"):
            self.translate.keep()
        if self.window.is_made("Write"):
            self.writing_page.keep()

    def _on_download_changed(self, change: DownloadChanged) -> None:
        """Follow a download that continues from an earlier run, before the page of models is first shown."""
        if not self.window.is_made("Models"):
            self.fetch.show(change)

    def _on_close_requested(self, on: Callable[[], None] | None = None) -> None:
        from slmdesk.ui.shell.lock_window import quit_or_stay

        quit_or_stay(self.window, self.jobs.begun, self.chat.private.count, on or self.close_requested.emit)

    def _on_policy_shown(self, policy: Policy) -> None:
        self._hide_forbidden(self.window, policy)
        self.chat_page.picker.may_add = "models.import" not in policy.hidden

    @staticmethod
    def _hide_forbidden(widget: QWidget, policy: Policy) -> None:
        if policy.hidden:
            from slmdesk.ui.kit.widgets.features import hide_features  # late: few PCs have a policy

            hide_features(widget, policy.hidden)

    def _on_opened(self) -> None:
        from slmdesk.ui.writing.spelling import SpellMarks

        attached = self.chat.attached
        SpellMarks(self._bridge, self.chat_page.composer.input_box, lambda: [draft.name for draft in attached.now])
        if self.state.current.last_chat and not self.chat.chat:
            self.chat.restore_chat(self.state.current.last_chat)

    def _on_settings_changed(self, settings: Settings) -> None:
        old, self._settings = self._settings, settings
        if settings.theme != old.theme:
            self.keeper.set_choice(settings.theme)
        if (settings.font_scale, settings.system_font) != (old.font_scale, old.system_font):
            self.keeper.set_font_scale(settings.font_scale, is_bundled=not settings.system_font)
        if settings.language != old.language:
            self._change_language(settings.language)
        if settings.shortcuts != old.shortcuts:
            take_shortcuts(settings.shortcuts, self.window)
        from slmdesk.models.loader.model_loader import limits_of

        if limits_of(settings) != limits_of(old):
            self.models.reload()

    def _change_language(self, chosen: str) -> None:
        """Begin anew in another language: at once if the person has just chosen it here, and nothing ends by that."""
        from slmdesk.base.language import VARIABLE, chosen_language

        if chosen_language(chosen, QLocale.system().uiLanguages()) == os.environ.get(VARIABLE, "en"):
            return
        ways = self.locking.ways
        is_adding = self.models.is_importing or self.better.work is not None
        is_busy = is_adding or self.jobs.begun or self.chat.is_busy or self.chat.private.count
        if self.window.current_page == "Settings" and not is_busy and (ways is None or ways.by_keyring):
            self.restart_requested.emit()
            return
        words = _("The language changes when slmdesk starts again.")
        restart = partial(self._on_close_requested, self.restart_requested.emit)
        notice = Notice(words, action=_("Restart now"), on_action=restart, key="language")
        self._bridge.notice_raised.emit(notice)

    def _on_files_read(self, candidates: Sequence[Candidate]) -> None:
        from slmdesk.ui.models.adding import AddDialog

        dialog = AddDialog(self.window, candidates)
        dialog.add_chosen.connect(self._add_files)
        dialog.open()

    def _add_files(self, paths: Sequence[Path], link: bool) -> None:
        if self.window.current_page == "Models" or len(paths) > 1:
            self.library.add_files(paths, link)
        else:
            self.models.import_file(paths[0], link)

    def _on_chat_requested(self, model: str) -> None:
        self.models.use(model)
        self.window.show_page("Chat")

    def _on_erase_requested(self) -> None:
        from slmdesk.ui.history import EraseDialog

        dialog = EraseDialog(self._bridge, self.window)
        dialog.confirmed.connect(self.erase_requested)
        dialog.jobs_requested.connect(partial(self.window.show_page, "Jobs"))
        dialog.open()

    def _on_backup_requested(self) -> None:
        proposed = Path.home() / f"slmdesk-{date.today():%Y-%m-%d}.slmbackup"
        title = _("Back up the history")
        ask_new_file(self.window, title, self.notices.back_up, name="backup_dialog", proposed=proposed)

    def _on_restore_requested(self) -> None:
        def restore(copy: Path) -> None:
            self.notices.restore(copy, self._removed)

        ask_file(self.window, _("Restore a backup"), restore, name="restore_dialog")

    def _on_page_shown(self, _index: int) -> None:
        if self.window.current_page == "Chat":
            self.chat_page.take_composer()
            if self._chat_before and not self.chat.chat and not self.chat_page.composer.text.strip():
                self.chat.open_chat(self._chat_before, "")
            self._chat_before = ""
        is_written = self.window.current_page in ("Start", "Chat")
        page = self.chat_page.composer if is_written else self.window.page(self.window.current_page)
        page.setFocus()  # otherwise the side bar would get the focus
        self._keep_timer.start()


SPACE = "space"
GONE = _("This was deleted and is no longer here.")


class Opener(QObject):
    def __init__(self, bridge: Bridge, frame: Frame) -> None:
        super().__init__(frame, objectName="opener")
        self._bridge, self._frame = bridge, frame

    def _show(self, item: str, kind: str, document: str) -> None:
        frame = self._frame
        if kind == SPACE:
            frame.window.show_page("Chat")
            frame.chat_page.show_space(item)
        elif kind == "translation":
            frame.translate.open(item)
            frame.window.show_page("Translate")
        elif kind == "writing":
            frame.writing_page.open_item(item)
            frame.window.show_page("Write")
        elif kind == "due":
            self._on_page("Documents", lambda: frame.documents_area.open_deadlines(item))
        elif kind == "stand_ins":
            frame.nameless.put_back()
        elif document and document not in frame.documents.removals:
            frame.window.show_page("Documents")
            frame.documents_area.show_result(document, item, kind)
        else:
            self._say_gone(_("The document that this was made of was removed."))

    def any(self, item: str, message: str = "", words: str = "") -> None:
        """Open an item of any kind on its page, a chat at the message in which these words were found."""

        def open_at(place: tuple[Item, str]) -> None:
            there, document = place
            if there.deleted_at is not None:
                self._say_gone(_("“{title}” is in the trash.").format(title=there.title), there.id)
            elif there.kind in SHOWN_AS_CHATS:
                self._frame.window.show_page("Chat")
                self._frame.chat_page.open_at(item, message, words)
            else:
                self._show(item, there.kind, document)

        def place_of(services: Services) -> tuple[Item, str]:
            documents = services.history.documents_of(item)
            return services.history.item(item), documents[0].id if documents else ""

        self._bridge.ask(place_of, open_at, self._on_missing)

    def _on_missing(self, problem: Problem) -> None:
        if problem.code in ("item.unknown", "document.unknown"):
            self._say_gone(GONE)
        else:
            self._bridge.problem_met.emit(problem)

    def _say_gone(self, words: str, trashed: str = "") -> None:
        def back() -> None:
            self._bridge.ask(self._bridge.services.history.restore(trashed), lambda there: self.any(there.id))

        action, on_action = (_("Restore"), back) if trashed else ("", None)
        notice = Notice(words, action=action, on_action=on_action, life_ms=LONG_MS, key="gone")
        self._bridge.notice_raised.emit(notice)
        if self._frame.window.current_page == "Start":
            self._frame.list_recent()

    def _document(self, document: str, then: Callable[[], object]) -> None:
        """Show the page Documents and call `then`, if there is still such a document."""

        def show(_record: object) -> None:
            self._frame.window.show_page("Documents")
            then()

        if document in self._frame.documents.removals:
            self._say_gone(GONE)
        else:
            self._bridge.ask(self._bridge.services.documents.document(document), show, self._on_missing)

    def deadlines(self) -> None:
        self._on_page("Documents", lambda: self._frame.documents_area.show_deadlines())

    def item(self, title: ItemTitle) -> None:
        self.any(title.id)

    def message(self, hit: Found, words: str) -> None:
        self.any(hit.item, hit.message, words)

    def name(self, name: LibraryName) -> None:
        if name.is_folder:
            self._on_page("Documents", lambda: self._frame.documents_area.folders.choose(name.id))
        else:
            self._document(name.id, lambda: self._frame.documents.show_document(name.id))

    def passage(self, hit: TextHit) -> None:
        span = Span(hit.document, hit.page, hit.start, hit.end)
        self._document(hit.document, lambda: self._frame.documents_area.visit(span))

    def page(self, document: str, page: int, spans: Sequence[tuple[int, int]]) -> None:
        shown = {page: list(spans)}
        self._document(document, lambda: self._frame.documents_page.document.open_at(document, shown))

    def job(self, view: JobView) -> None:
        frame = self._frame
        if view.opens == "document":
            shown = partial(frame.documents_area.show_result, view.target, view.item, view.kind)
            self._document(view.target, shown)
        elif view.opens == "documents":
            frame.window.show_page("Documents")
        elif view.opens == "item":
            self.any(view.target)
        elif view.opens == "model":
            self._on_page("Models", lambda: frame.models_page.local.show_model(view.target))
        else:
            self.place("Models")

    def _on_page(self, title: str, act: Callable[[], None]) -> None:
        """Show a page and call `act`. If the page was just made, wait until its lists have arrived."""
        is_new = not self._frame.window.is_made(title)
        self._frame.window.show_page(title)
        if is_new:
            self._bridge.ask(lambda _services: None, lambda _none: act())
        else:
            act()

    def place(self, title: str, section: str = "") -> None:
        """Show a page, or a section of the settings."""
        self._frame.window.show_page(title)
        if section:
            self._frame.settings_page.show_section(section)

    def all_models(self) -> None:
        self._on_page("Models", lambda: self._frame.models_page.open_all())

    def suggested(self, language: str, job: str = "translation") -> None:
        self._on_page("Models", lambda: self._frame.models_area.show_suggested(job, language))

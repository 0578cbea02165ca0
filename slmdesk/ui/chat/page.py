"""The chat page with list, conversation and composer. Contains only widgets; the controllers decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.base.record import changed
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import _
from slmdesk.chat.conversation import InspectedPrompt
from slmdesk.ui.chat.attachments import AttachmentEntry
from slmdesk.ui.chat.composer import Composer, Mentions
from slmdesk.ui.chat.context import ContextMeter
from slmdesk.ui.chat.conversation import ChatController
from slmdesk.ui.chat.header import ChatHeader, ModelsController, PrivateBar
from slmdesk.ui.chat.list import ChatList
from slmdesk.ui.chat.list_controller import ALL, ListController
from slmdesk.ui.chat.options_controller import OptionsController
from slmdesk.ui.chat.view import ConversationView, MessageView
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Delay
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.widgets.bars import FindBar, SettingsController
from slmdesk.ui.kit.widgets.build import column, named, plain_label, row, show_words
from slmdesk.ui.kit.widgets.files import ModelDrop, ask_new_file
from slmdesk.ui.kit.widgets.notices import ask_where, give_export_menu, open_export
from slmdesk.ui.kit.widgets.opening import ask_about_link
from slmdesk.ui.kit.widgets.parts import EmptyState
from slmdesk.ui.kit.widgets.rows import order_tabs, tab_stops

if TYPE_CHECKING:
    from slmdesk.ui.chat.options import SettingsPanel

FIND_AGAIN_MS = 400
"""Milliseconds after a change of the chat until it is searched again, so that not every word starts a search."""
READ_PERCENT = 113
"""Size of the text of messages, of the usual size."""
ZOOMS = (70, 80, 90, 100, 115, 130, 150, 175, 200, 250)
WRITING_WIDTH = theme.COLUMN_WIDTH + 2 * theme.SPACE_16 + 2 * theme.SPACE_12


class ChatPage(QWidget):
    list_requested = Signal()
    """Something in the list of chats is to be seen, so the side bar is to be open."""

    def __init__(
        self,
        chat: ChatController,
        chats: ListController,
        models: ModelsController,
        options: OptionsController,
        settings: SettingsController,
        keeper: ThemeKeeper,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("chat_page")
        self._chat, self._chats, self._models, self._keeper = chat, chats, models, keeper
        self._options, self._settings = options, settings
        self._panel: SettingsPanel | None = None
        self._beside: Sequence[QWidget] = ()
        self._percent = 100
        self._open_chat = self._found_words = ""
        self._build_ui()
        ModelDrop(self, models.file_chosen.emit)
        self._connect()
        self._connect_chat()
        self._attaching = AttachmentEntry(chat.attached, self.composer, self)
        self._presets = Mentions(
            self.composer.input_box, options.presets, self,
            sign="/", name="preset_list", label=_("Presets"), is_first=True,
        )  # fmt: skip
        self._presets.chosen.connect(lambda preset: options.take_preset(chat.chat, preset))

    def _build_ui(self) -> None:
        self.side_list = self.chat_list = ChatList(self._chats, self)
        self.chat_list.key_left.connect(self.keyPressEvent)
        self.work = self._build_work()
        self._sides = row((self.work, 11), into=self, gap=0)
        self._order_tabs()

    def take_beside(self, pane: QWidget, in_order: Sequence[QWidget]) -> None:
        """Put a pane at the right of the chat. `in_order` are its parts in the order of Tab."""
        self._sides.addWidget(pane, 9)
        self._beside = in_order
        self._order_tabs()

    def _order_tabs(self) -> None:
        above = (stop for part in (self.chat_list, self._header, self.private_bar) for stop in tab_stops(part.layout()))
        panel = self._panel.in_order if self._panel else ()
        order_tabs(*above, self.view, *self.composer.in_order, *self._beside, *panel)

    def _build_work(self) -> QWidget:
        work = named(QFrame(self), "work")
        self.view = ConversationView(work)
        hint = _("Small models make mistakes. Check anything important.")
        self.view.set_empty_widget(
            EmptyState(work, "empty_chat", icon="message-square", line=_("How can I help?"), hint=hint)
        )
        self._header = ChatHeader(self._models, work)
        self.title, self.picker = self._header.title, self._header.picker
        self.private_bar = PrivateBar(self._chat.private, work)
        self._find = FindBar(work, what="chat", prefix="chat_")
        self._find.hide()
        conversation = self._build_conversation(work)
        column(self._header, self.private_bar, self._find, (conversation, 1), into=work, gap=0)
        return work

    def _build_conversation(self, work: QWidget) -> QWidget:
        holder = QWidget(work)
        self.composer = Composer(self._chat.attached, holder)
        self.meter = ContextMeter(self._chat.full, self.composer)
        self._chat.full.decided.connect(self.composer.setFocus)
        self.composer.add_meter(self.meter)
        writing = self.writing = QWidget(holder)
        writing.setMaximumWidth(theme.scaled(WRITING_WIDTH))  # aligned with the messages above
        sides = (theme.SPACE_12, theme.SPACE_8, theme.SPACE_12, theme.SPACE_12)
        self._gap = plain_label("", writing, name="language_gap", kind="warn")
        self.show_gap("")
        column(self._gap, self.composer, into=writing, margins=sides)
        self._bottom = row(1, (writing, 1000), 1, margins=(0, 0, theme.SCROLL_BAR, 0))
        self._above = column()
        column(
            (self.view, 1),
            row(1, (self._above, 1000), 1, margins=(0, 0, theme.SCROLL_BAR, 0)),
            self._bottom,
            into=holder,
            gap=0,
        )
        return holder

    def take_card(self, card: QWidget) -> None:
        card.setMaximumWidth(theme.scaled(WRITING_WIDTH))
        self._above.addWidget(card)

    def show_gap(self, words: str) -> None:
        """Say what the model cannot do in this chat; '' for nothing."""
        show_words(self._gap, words)

    def take_composer(self) -> None:
        if self._bottom.indexOf(self.writing) < 0:
            self._bottom.insertWidget(1, self.writing, 1000)
            self.fit_composer(theme.SPACE_12)
            self._order_tabs()

    def fit_composer(self, side: int) -> None:
        """Set the margin at the sides of the field, in pixels."""
        self.writing.setMaximumWidth(theme.scaled(WRITING_WIDTH))
        if layout := self.writing.layout():
            layout.setContentsMargins(side, theme.SPACE_8, side, theme.SPACE_12)

    def _connect(self) -> None:
        self._header.panel.clicked.connect(self._on_panel)
        self._header.search.clicked.connect(self._on_find)
        self.title.renamed.connect(lambda title: self._chats.rename(self._chat.chat, title))
        self.title.renamed.connect(lambda _title: self.composer.setFocus())
        self._keeper.theme_changed.connect(self._on_theme_changed)
        self.chat_list.chat_chosen.connect(self._chat.open_chat)
        self.chat_list.new_chat_requested.connect(self._on_new_chat)
        self.chat_list.private_requested.connect(self._on_private)
        self.chat_list.private.chat_chosen.connect(self._chat.open_chat)
        self._chat.private.listed.connect(self.chat_list.private.show_chats)
        self._chat.private.listed.connect(self._order_tabs)
        self._header.space.clicked.connect(lambda: self.show_space(self._chat.space))
        self._chats.chat_begun.connect(self._on_chat_begun)
        self._chats.spaces.listed.connect(self._show_space)
        self._chat.space_changed.connect(self._show_space)
        give_export_menu(self._header.export, self._on_export)
        bind(self, "chat.export", partial(open_export, self._header.export))
        self._models.models_listed.connect(self._on_models_listed)
        self.picker.model_chosen.connect(lambda _model: self.composer.setFocus())
        for name, slot in (
            ("new", self._on_new_chat),
            ("private", self._on_private),
            ("panel", self._on_panel),
            ("find", self._on_find),
            ("search", self._on_search),
            ("rename", self._on_rename),
            ("larger", partial(self._zoom, 1)),
            ("smaller", partial(self._zoom, -1)),
            ("usual", partial(self._zoom, 0)),
        ):
            bind(self, f"chat.{name}", slot)
        self._find.words_changed.connect(self._on_find_words)
        self._find.place_chosen.connect(lambda hit: self.view.show_hit(*hit))
        self._find.left.connect(self._on_find_left)
        self._find_timer = Delay(self, FIND_AGAIN_MS, self._find_again)
        self._on_theme_changed()

    def _connect_chat(self) -> None:
        chat, view, composer = self._chat, self.view, self.composer
        chat.chat_opened.connect(self._on_chat_opened)
        chat.conversation_shown.connect(self._on_conversation_shown)
        chat.older.arrived.connect(view.add_before)
        chat.message_added.connect(view.add_message)
        chat.message_renewed.connect(view.update_message)
        chat.text_grew.connect(view.append_text)
        chat.path_cut.connect(view.remove_after)
        chat.again_begun.connect(view.focus_message)
        chat.version_shown.connect(view.show_flipped)
        for updated in (
            chat.conversation_shown,
            chat.older.arrived,
            chat.message_added,
            chat.message_renewed,
            chat.text_grew,
            chat.path_cut,
        ):
            updated.connect(self._find_soon)
        chat.draft_restored.connect(composer.set_text)
        chat.busy_changed.connect(composer.set_busy)
        chat.inspector.text_requested.connect(self._on_text_requested)
        chat.inspector.picture_requested.connect(self._on_picture_requested)
        chat.inspector.prompt_arrived.connect(self._on_prompt_arrived)
        composer.attachments.chips_changed.connect(self._order_tabs)
        composer.edited.connect(lambda: chat.keep_draft(composer.text))
        composer.send_requested.connect(self._on_send)
        composer.stop_requested.connect(chat.stop)
        view.code_save_requested.connect(self._on_code_save_requested)
        view.try_again_requested.connect(chat.try_again)
        view.continue_requested.connect(chat.continue_answer)
        view.version_requested.connect(chat.show_version)
        view.menu_chosen.connect(chat.edits.choose)
        view.menu_chosen.connect(chat.window.choose)
        chat.window.line_renewed.connect(view.update_message)
        chat.window.notes_edit_requested.connect(self._on_notes_edit_requested)
        chat.edits.edit_requested.connect(self._on_edit_requested)
        chat.edits.details_requested.connect(self._on_details_requested)
        view.extra_requested.connect(chat.open_extra)
        view.extra_requested.connect(chat.window.open_extra)
        view.link_activated.connect(lambda untrusted_url: ask_about_link(self, untrusted_url))
        view.clicked_away.connect(composer.setFocus)
        view.question_edited.connect(chat.edits.save)

    @property
    def panel(self) -> SettingsPanel:
        if self._panel is None:
            from slmdesk.ui.chat.options import SettingsPanel

            self._panel = SettingsPanel(self._options, self._models, self._settings, self)
            self._panel.closed.connect(self._show_parts)
            self._order_tabs()
        return self._panel

    @property
    def is_panel_shown(self) -> bool:
        return self._panel is not None and not self._panel.isHidden()

    def _show_parts(self) -> None:
        self._header.panel.setChecked(self.is_panel_shown)
        self._options.watch(self.is_panel_shown)

    def _on_panel(self) -> None:
        self.panel.toggle(self._header.panel)
        self._show_parts()

    def _on_search(self) -> None:
        self.list_requested.emit()
        self.chat_list.search_box.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.chat_list.search_box.selectAll()

    def _on_find(self) -> None:
        self._find.show()
        self._find.begin()

    def _on_find_words(self, words: str) -> None:
        hits = self.view.find(words)
        self._find.show_found([(hit.id, at) for hit in hits for at in range(hit.count)])

    def _find_soon(self) -> None:
        if not self._find.isHidden() and not self._find_timer.isActive():
            self._find_timer.start()

    def _find_again(self) -> None:
        if not self._find.isHidden():
            hits = self.view.find_again()
            self._find.renew([(hit.id, at) for hit in hits for at in range(hit.count)])

    def _on_find_left(self) -> None:
        self._end_find()
        self.composer.setFocus()

    def _end_find(self) -> None:
        self._find.reset()
        self._find.hide()
        self.view.find("")

    def _zoom(self, step: int) -> None:
        """Change the font size of the conversation by a step; 0 resets it."""
        at = ZOOMS.index(self._percent) + step
        self._percent = 100 if step == 0 else ZOOMS[min(max(at, 0), len(ZOOMS) - 1)]
        self._on_theme_changed()

    def open_at(self, chat: str, message: str, words: str) -> None:
        self._found_words = words
        self._chat.open_chat(chat, message)

    def show_space(self, space: str) -> None:
        self.list_requested.emit()
        self.chat_list.show_space(space)

    def _show_space(self) -> None:
        self._header.show_space(self._chats.spaces.name_of(self._chat.space))

    def _on_new_chat(self) -> None:
        """Begin a chat, in the space that is listed if there is one."""
        self.chat_list.end_search()  # so that the list shows the new chat
        if self._chats.place.space:
            self._chats.begin_chat(self._chats.place.space)
        else:
            self._chats.show_place(ALL)
            self._chat.new_chat()
        self.composer.setFocus()

    def _on_private(self) -> None:
        self._chat.private.begin()
        self.composer.setFocus()

    def _on_chat_begun(self, chat: str) -> None:
        self._chat.open_chat(chat)
        self.composer.setFocus()

    def _on_rename(self) -> None:
        """Rename the current row if the list has the focus, otherwise the open chat."""
        if self.chat_list.view.hasFocus():
            self.chat_list.rename_current()
        elif self._chat.chat and not self.chat_list.view.isAncestorOf(self.window().focusWidget() or self):
            self.title.edit()

    def _on_send(self, text: str) -> None:
        if self._panel is not None:
            self._panel.keep_words()  # text being edited there counts for this answer
        self._chat.send(text)
        self.view.scroll_to_end()

    def _on_chat_opened(self, chat: str, title: str) -> None:
        if chat != self._open_chat and self._find.isVisible():
            self._end_find()
        self._open_chat = chat
        self.title.set_full_text(title)
        self._header.export.setEnabled(bool(chat))
        self.title.is_editable = bool(chat)
        self.chat_list.show_current(chat)

    def _on_export(self, form: str) -> None:
        ask_where(self, self.title.full_text, form, partial(self._chats.exports.export, self._chat.chat, form))

    def _on_code_save_requested(self, name: str, code: str) -> None:
        proposed = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)) / name
        save = partial(self._chats.exports.write_text, code)
        ask_new_file(self, _("Save code"), save, name="save_code_dialog", proposed=proposed)

    def _on_conversation_shown(self, messages: Sequence[MessageView], message: str) -> None:
        self.view.show_conversation(messages)
        if message:
            self.view.scroll_to(message)
            words = self._found_words or self.chat_list.search_box.text().strip()
            if words:
                self.view.find(words)
        self._found_words = ""

    def _on_text_requested(self, title: str, intro: str, text: str) -> None:
        from slmdesk.ui.kit.widgets.dialogs import show_used_text

        show_used_text(self, title=title, intro=intro, text=text)

    def _on_picture_requested(self, title: str, picture: str) -> None:
        from slmdesk.ui.chat.dialogs import show_picture

        show_picture(self, title, picture)

    def _on_prompt_arrived(self, seen: InspectedPrompt) -> None:
        from slmdesk.ui.chat.dialogs import show_seen

        show_seen(self, seen)

    def _on_edit_requested(self, message: str, text: str, is_question: bool) -> None:
        if is_question:
            self.view.edit_question(message, text)
            return
        from slmdesk.ui.chat.dialogs import ANSWER

        self.edit(text, ANSWER, partial(self._chat.edits.save, message))

    def _on_notes_edit_requested(self, notes: str) -> None:
        from slmdesk.ui.chat.dialogs import NOTES

        self.edit(notes, NOTES, self._chat.window.save_notes)

    def edit(self, text: str, words: tuple[str, str], save: Callable[[str], object]) -> None:
        from slmdesk.ui.chat.dialogs import EditDialog
        from slmdesk.ui.kit.widgets.features import hide_features

        dialog = EditDialog(self, text, words, self._chat.attached.bridge)
        hide_features(dialog, self._settings.policy.hidden)
        dialog.saved.connect(save)
        dialog.open()

    def _on_details_requested(self, message: str, details: str) -> None:
        from slmdesk.ui.kit.widgets.dialogs import TextDialog

        dialog = TextDialog(
            self, title=_("Details"), intro=_("How this answer was made:"), text=details, is_prose=False
        )
        dialog.add_action(_("What the model saw"), "details_seen", partial(self._chat.inspector.show_prompt, message))
        dialog.show()

    def _on_models_listed(self, models: Sequence[ModelRecord]) -> None:
        self.view.models = [(model.id, model.name) for model in models]
        self.composer.set_can_send(bool(models))

    def _on_theme_changed(self) -> None:
        fonts = self._keeper.fonts
        scale = fonts.scale * self._percent * READ_PERCENT // 10_000
        self.view.set_style(self._keeper.theme, changed(fonts, scale=scale))
        self.writing.setMaximumWidth(theme.scaled(WRITING_WIDTH))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle keys that no widget has used: Esc stops an answer, and letters go to the composer."""
        with_command = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.key() == Qt.Key.Key_Escape:
            self._chat.stop()
        elif event.text().isprintable() and event.text() and not with_command and self.composer.isVisible():
            self.composer.setFocus()
            self.composer.input_box.insertPlainText(event.text())
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        for popover in (self._panel, self.meter.ways):
            if popover is not None and popover.isVisible():
                popover.dismiss()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.composer.set_space(event.size().height())

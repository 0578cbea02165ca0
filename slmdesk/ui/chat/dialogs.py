"""Dialogs of the chat page: presets, a space, editing a message, and the exact prompt."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QWidget,
)

from slmdesk.base.record import changed
from slmdesk.base.texts import _, in_quotes, ngettext
from slmdesk.base.untrusted import clean_label
from slmdesk.chat.conversation import InspectedPrompt
from slmdesk.chat.examples import KIND, LEAST_TRIED
from slmdesk.chat.presets import MOST_NAME, MOST_SYSTEM, Preset
from slmdesk.chat.spaces import MOST_SPACE_NAME, Space
from slmdesk.chat.types import ChatOptions
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.ui.chat.attachment_chips import FAILED, LOCKED, READING, AttachmentBar, draft_from
from slmdesk.ui.chat.attachments import AttachController
from slmdesk.ui.chat.conversation import teach
from slmdesk.ui.chat.examples import ExampleTable, TryWindow, count_words, examples_in
from slmdesk.ui.chat.option_fields import LONG_SYSTEM, PRESET_FIELDS, SYSTEM_OF_PRESET, Around, SettingsForm
from slmdesk.ui.chat.options_controller import PresetsController
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, ignored
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.widgets.build import (
    CheckBox,
    button,
    column,
    dictate_button,
    named,
    plain_label,
    plain_tip,
    row,
    settle,
    show_column,
    show_words,
    text_line,
)
from slmdesk.ui.kit.widgets.dialogs import AcceptButtons, Dialog, TextDialog
from slmdesk.ui.kit.widgets.files import FileDrop, ask_documents, ask_file, ask_new_file
from slmdesk.ui.kit.widgets.rows import Choice, order_tabs, tab_stops

if TYPE_CHECKING:
    from slmdesk.services import Services

FILTERS = _("Presets (*.json);;All files (*)")
INTRO = _("A chat takes over what is in its preset; what you change in it later changes no chat.")
SHIPPED = _("comes with slmdesk")


class PresetsWindow(Dialog):
    def __init__(self, controller: PresetsController, models: Sequence[tuple[object, str]], parent: QWidget) -> None:
        super().__init__(parent, "presets_window", _("Presets"))
        self.resize(640, 520)
        self._controller, self._models = controller, models
        self._new_one = ""
        """Id of a preset that was just added and will be selected in the list."""
        self._about: Live[tuple[str, int, str]] = Live(
            controller.bridge, self, self._ask_about, ("", 0, ""),
            on_some={JobChanged: lambda event: event.kind == KIND}, refused=ignored,
        )  # fmt: skip
        """The preset on show (id), how many answers were corrected in chats with it, and how its examples did."""
        self._build_ui()
        controller.listed.connect(self._show)
        controller.kept.connect(self._on_kept)
        self._show()

    def _build_ui(self) -> None:
        self._list = named(QListWidget(self), "presets_list", label=_("Presets"))
        self._list.setSpacing(theme.SPACE_4 // 2)
        self._words = plain_label("", self, name="presets_words", kind="small")
        self._count = plain_label("", self, name="presets_examples", kind="small", is_hidden=True)
        self._corrected = plain_label("", self, name="presets_corrected", kind="small", is_hidden=True)
        self._default = named(CheckBox(_("New chats begin with this preset"), self), "presets_default")

        def make(text: str, name: str, do: Callable[[], object], tip: str = "") -> QPushButton:
            return button(text, f"presets_{name}", self, tip=tip, on=lambda: do())

        def make_of_current(text: str, name: str, do: Callable[[Preset], object], tip: str = "") -> QPushButton:
            return make(text, name, lambda: do(self.current) if self.current else None, tip)

        controller = self._controller
        self._edit = make_of_current(_("Edit…"), "edit", self._on_edit)
        self._duplicate = make_of_current(_("Duplicate"), "duplicate", lambda preset: controller.duplicate(preset.id))
        self._delete = make_of_current(_("Delete"), "delete", lambda preset: controller.delete(preset.id))
        self._up = make_of_current(_("Move up"), "up", lambda preset: controller.move(preset.id, -1))
        self._down = make_of_current(_("Move down"), "down", lambda preset: controller.move(preset.id, 1))
        self._try = make_of_current(_("Try…"), "try", self._on_try)
        words = _("Teach by these examples")
        self._teach = make_of_current(words, "teach", lambda preset: teach(controller.bridge, preset.id, self._on_kept))
        self._export = make_of_current(_("Export…"), "export", self._on_export, _("Write a file for others"))
        side = column(
            make(_("New…"), "new", lambda: self._open_editor("", "", ChatOptions(), _("New preset"))),
            self._edit, self._duplicate, self._delete, self._up, self._down, self._try, self._export,
            make(_("Import…"), "import", self._on_import, _("Add the preset of a file")), 1, gap=theme.SPACE_8,
        )  # fmt: skip
        taught = row(self._corrected, self._teach, 1, gap=theme.SPACE_8)
        parts = ((self._list, 1), self._words, self._count, taught, self._default)
        column(
            plain_label(INTRO, self, name="presets_intro"),
            (row((column(*parts, gap=theme.SPACE_8), 1), side, gap=12), 1),
            into=self,
            gap=theme.SPACE_12,
            margins=theme.SPACE_16,
        )
        self._list.currentRowChanged.connect(lambda _row: self._show_current())
        self._list.itemActivated.connect(lambda _item: self._edit.click())
        self._default.clicked.connect(self._on_default)
        self._about.changed.connect(self._show_about)

    @property
    def current(self) -> Preset | None:
        item = self._list.currentItem()
        return self._controller.of(item.data(Qt.ItemDataRole.UserRole)) if item else None

    def _show(self) -> None:
        chosen = self._new_one or (self.current.id if self.current else "")
        self._list.clear()
        for preset in self._controller.presets:
            marks = [SHIPPED] if preset.is_shipped else []
            if preset.id == self._controller.default:
                marks.append(_("for new chats"))
            item = QListWidgetItem(f"{preset.name} ({', '.join(marks)})" if marks else preset.name, self._list)
            item.setData(Qt.ItemDataRole.UserRole, preset.id)
            item.setToolTip(plain_tip(preset.words or preset.options.system[:300]))
            if preset.id == chosen:
                self._list.setCurrentItem(item)
                self._new_one = ""
        if self._list.currentRow() < 0:
            self._list.setCurrentRow(0)
        self._show_current()

    def _show_current(self) -> None:
        preset = self.current
        id = preset.id if preset else ""
        own = [preset.id for preset in self._controller.presets if not preset.is_shipped]
        is_own = id in own
        for each in (self._edit, self._delete):
            each.setEnabled(is_own)
            each.setToolTip("" if is_own else _("Duplicate it: the copy is yours to change"))
        self._up.setEnabled(id in own[1:])
        self._down.setEnabled(id in own[:-1])
        for any_kind in (self._duplicate, self._export, self._default):
            any_kind.setEnabled(preset is not None)
        self._default.setChecked(preset is not None and id == self._controller.default)
        show_words(self._words, (preset.words or _first_words(preset)) if preset else "")
        is_enough = preset is not None and len(preset.options.examples) >= LEAST_TRIED
        self._try.setEnabled(is_enough)
        few = _("It takes {least} examples to try them").format(least=LEAST_TRIED)
        self._try.setToolTip(_("Ask the model each example with all others, and compare") if is_enough else few)
        self._about.again()
        self._show_about()

    def _ask_about(self) -> Callable[[Services], tuple[str, int, str]] | None:
        preset = self.current
        if preset is None:
            return None

        def asked(services: Services) -> tuple[str, int, str]:
            score = services.examples.score(preset.id)
            return preset.id, len(services.examples.corrections(preset)), score.words if score else ""

        return asked

    def _show_about(self) -> None:
        preset, (id, corrected, score) = self.current, self._about.value
        count = len(preset.options.examples) if preset else 0
        is_known = preset is not None and preset.id == id
        words = ", ".join(filter(None, (count_words(count), score if is_known else "")))
        show_words(self._count, words if count else "")
        words = ngettext(
            "You corrected 1 answer in chats with it.", "You corrected {n} answers in chats with it.", corrected
        )
        show_words(self._corrected, words if is_known and corrected else "")
        self._teach.setVisible(is_known and corrected > 0)

    def _on_try(self, preset: Preset) -> None:
        TryWindow(self._controller.bridge, preset, self).open()

    def _on_kept(self, preset: Preset) -> None:
        """Select an added preset. Its list may arrive before or after this call."""
        self._new_one = preset.id
        self._show()

    def _on_edit(self, preset: Preset) -> None:
        self._open_editor(preset.id, preset.name, preset.options, _("Edit the preset"))

    def _open_editor(self, id: str, name: str, options: ChatOptions, title: str) -> None:
        editor = PresetEditor(self._controller.bridge, self, name, options, self._models, title=title)
        editor.saved.connect(partial(self._controller.save, id))
        editor.open()

    def _on_default(self) -> None:
        if self.current:
            self._controller.set_default(self.current.id if self._default.isChecked() else "")

    def _on_export(self, preset: Preset) -> None:
        proposed = Path.home() / f"{''.join(c if c.isalnum() or c in ' -_' else '_' for c in preset.name)}.json"
        chosen = partial(self._controller.export, preset.id)
        ask_new_file(
            self, _("Export a preset"), chosen, name="preset_export_dialog", proposed=proposed, filters=FILTERS
        )

    def _on_import(self) -> None:
        ask_file(self, _("Import a preset"), self._controller.import_file, name="preset_import_dialog", filters=FILTERS)


def _first_words(preset: Preset) -> str:
    return clean_label(preset.options.system, 160)


ANY_MODEL = _("Any")


class PresetEditor(Dialog):
    saved = Signal(str, object)

    def __init__(
        self,
        bridge: Bridge,
        parent: QWidget,
        name: str,
        options: ChatOptions,
        models: Sequence[tuple[object, str]],
        *,
        title: str,
    ) -> None:
        super().__init__(parent, "preset_editor", title)
        self.resize(720, 640)
        self._around = Around(options=options, models=tuple(models), any_model=ANY_MODEL)
        self._build_ui(name, bridge)
        self._form.show_around(self._around)
        self._form.changed.connect(self._on_changed)
        self._name.textChanged.connect(self._show_state)
        self._examples.changed.connect(self._show_state)
        FileDrop(self, lambda files: self._examples.add_file(files[0]), pick=examples_in)
        self._show_state()

    @property
    def _options(self) -> ChatOptions:
        return changed(self._around.options, examples=self._examples.examples)

    def _build_ui(self, name: str, bridge: Bridge) -> None:
        self._name = text_line("preset_name", self, _("Name"), most=MOST_NAME)
        self._name.setText(name)
        content = QFrame(self)
        content.setMinimumHeight(1)  # else it stays as tall as in the narrowest column
        self._form = SettingsForm(content, (SYSTEM_OF_PRESET,), PRESET_FIELDS, prefix="preset")
        examples = self._around.options.examples
        self._examples = ExampleTable(bridge, lambda: self._options, examples, content)
        column((self._form.part("system"), 2), self._form.lay_out(), self._examples, into=content, gap=theme.SPACE_12)
        order_tabs(*tab_stops(content.layout()))
        scroll = named(QScrollArea(self), "preset_scroll")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setMinimumWidth(theme.scaled(400))
        show_column(scroll, content)
        self._problem = plain_label("", self, name="preset_problem", kind="danger")
        buttons = AcceptButtons(self, _("Save"), "preset_save", self._on_accepted)
        self._save = buttons.accept_button
        column(self._name, (scroll, 1), self._problem, buttons, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)

    def _on_changed(self, values: dict[str, Any]) -> None:
        self._around = changed(self._around, options=changed(self._around.options, **values))
        self._form.show_around(self._around)
        self._examples.measure()

    def _show_state(self) -> None:
        problem = self._examples.problem
        show_words(self._problem, problem)
        self._save.setEnabled(bool(self._name.text().strip()) and not problem)

    def _on_accepted(self) -> None:
        if not self._form.keep():
            show_words(self._problem, _("One of the settings above cannot be used; below it stands why."))
            return
        self.saved.emit(self._name.text(), self._options)
        self.accept()


SPACE_INTRO = _(
    "New chats in this space begin with its instructions, preset and documents. You can change them in each chat."
)
SPACE_AS_USUAL = _("As in other new chats")
MOST_LISTED = 20


class SpaceEditor(Dialog):
    saved = Signal(object)

    def __init__(self, space: Space, presets: Sequence[Preset], attached: AttachController, parent: QWidget) -> None:
        """Create the dialog. `attached` reads the documents and becomes a child of the dialog."""
        super().__init__(parent, "space_editor", _("Edit space") if space.id else _("New space"))
        self.resize(600, 520)
        self._space, self._attached = space, attached
        attached.setParent(self)
        self._build_ui(presets)
        self._connect()
        attached.put([draft for document in space.documents if (draft := draft_from(document))])
        attached.names.refresh()
        self._show_state()

    def _build_ui(self, presets: Sequence[Preset]) -> None:
        space = self._space
        self._name = text_line("space_name", self, _("Name"), most=MOST_SPACE_NAME)
        self._name.setText(space.name)
        self._system = named(QPlainTextEdit(space.system, self), "space_system", label=_("Instructions"))
        self._system.setTabChangesFocus(True)
        self._system.setPlaceholderText(_("What the model is told in each chat of this space"))
        values: list[tuple[object, str]] = [("", SPACE_AS_USUAL), *((preset.id, preset.name) for preset in presets)]
        known = space.preset if any(preset.id == space.preset for preset in presets) else ""
        self._preset = named(Choice(values, self), "space_preset", label=_("Preset"))
        self._preset.show_value(known)
        self._bar = AttachmentBar(self, self._attached)
        self._files = button(_("Add documents…"), "space_files", self, icon="file-plus", on=self._on_files)
        self._library = button(
            _("From the library"), "space_library", self, tip=_("Documents and folders of the library")
        )
        self._listed = QMenu(self._library)
        self._library.setMenu(self._listed)
        self._problem = plain_label("", self, name="space_problem", kind="danger")
        buttons = AcceptButtons(self, _("Save") if space.id else _("Create"), "space_save", self._on_accepted)
        self._save = buttons.accept_button

        def heading(words: str, name: str) -> QWidget:
            return plain_label(words, self, name=f"space_{name}_heading", wraps=False)

        column(
            plain_label(SPACE_INTRO, self, name="space_intro", kind="muted"),
            self._name,
            heading(_("Instructions"), "system"),
            (self._system, 1),
            heading(_("Preset"), "preset"),
            self._preset,
            heading(_("Documents"), "documents"),
            self._bar,
            row(self._files, self._library, 1, gap=theme.SPACE_8),
            self._problem,
            buttons,
            into=self,
            gap=theme.SPACE_8,
            margins=theme.SPACE_16,
        )

    def _connect(self) -> None:
        attached = self._attached
        self._name.textChanged.connect(self._show_state)
        self._system.textChanged.connect(self._show_state)
        self._listed.aboutToShow.connect(self._fill_library)
        attached.shown.connect(self._show_state)
        FileDrop(self, attached.add_paths)

    def _show_state(self) -> None:
        drafts = self._attached.now
        bad = next((draft for draft in drafts if draft.state in (FAILED, LOCKED)), None)
        is_reading = any(draft.state == READING for draft in drafts)
        problem = LONG_SYSTEM if len(self._system.toPlainText()) > MOST_SYSTEM else ""
        if bad is not None:
            problem = _("{name} cannot be read. Remove it, or read it another way.").format(name=bad.name)
        show_words(self._problem, problem)
        self._save.setEnabled(bool(self._name.text().strip()) and not problem and not is_reading)
        self._save.setToolTip(_("The documents are being read") if is_reading else "")

    def _on_files(self) -> None:
        ask_documents(self, _("Add documents"), self._attached.add_paths, name="space_files_dialog")

    def _fill_library(self) -> None:
        self._listed.clear()
        for entry in self._attached.names.find("")[:MOST_LISTED]:
            words = _("{name} (folder)").format(name=entry.name) if entry.is_folder else entry.name
            self._listed.addAction(words.replace("&", "&&"), partial(self._attached.add_known, entry))
        if self._listed.isEmpty():
            self._listed.addAction(self._attached.names.empty).setEnabled(False)

    def _on_accepted(self) -> None:
        documents = tuple(draft.kept for draft in self._attached.now)
        self.saved.emit(
            changed(
                self._space, name=self._name.text(), system=self._system.toPlainText().strip(),
                preset=str(self._preset.currentData() or ""), documents=documents,
            )
        )  # fmt: skip
        self.accept()


ANSWER = (_("Edit the answer"), _("The answer is marked as edited. The original can be restored."))
NOTES = (
    _("Edit the notes"),
    _("The model reads these notes in place of the messages that are left out. They are sent with each question."),
)


class EditDialog(Dialog):
    saved = Signal(str)

    def __init__(self, parent: QWidget, text: str, words: tuple[str, str], bridge: Bridge) -> None:
        """Create a dialog to edit `text`. `words` has title and introduction: ANSWER or NOTES."""
        title, intro = words
        super().__init__(parent, "edit_dialog", title)
        self.resize(680, 420)
        self._before = text
        self._text = named(QPlainTextEdit(text, self), "edit_text")
        self._text.setAccessibleName(title)
        self._text.setTabChangesFocus(True)
        buttons = AcceptButtons(self, _("Save"), "edit_save", self._on_accepted)
        self._save = buttons.accept_button
        self._save.setToolTip(_("{save} (Ctrl+Enter)").format(save=_("Save")))
        self._dictate = dictate_button(bridge, self._text, self, "edit_")
        intro_line = row((plain_label(intro, self, name="edit_intro"), 1), self._dictate)
        column(
            intro_line, (self._text, 1), buttons,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self._text.textChanged.connect(self._show_state)
        self._text.moveCursor(self._text.textCursor().MoveOperation.End)
        self._text.setFocus()
        self._show_state()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if self._save.isEnabled():
                self._on_accepted()
        else:
            super().keyPressEvent(event)

    def _on_accepted(self) -> None:
        settle(self._dictate)
        self.saved.emit(self._text.toPlainText())
        self.accept()

    def _show_state(self) -> None:
        text = self._text.toPlainText()
        self._save.setEnabled(bool(text.strip()) and text != self._before)


def show_picture(parent: QWidget, title: str, picture: str) -> None:
    """Show a picture (base64 of a JPEG, which the reader's child made) as the model was shown it."""
    sheet, shown = Dialog(parent, "picture_dialog", title), QPixmap()
    shown.loadFromData(base64.b64decode(picture), "JPG")
    most = parent.window().size() - QSize(160, 200)
    if shown.width() > most.width() or shown.height() > most.height():
        shown = shown.scaled(most, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    label = plain_label("", sheet, name="picture_dialog_picture")
    label.setPixmap(shown)
    label.setAccessibleName(title)
    column(label, into=sheet, margins=theme.SPACE_16)
    sheet.show()


def show_seen(parent: QWidget, seen: InspectedPrompt) -> None:
    intro = _("This is exactly what the model was given, {tokens:,} tokens.").format(tokens=seen.tokens)
    if seen.left_out:
        left_out = ngettext("The oldest message of this chat was", "{n:,} messages were", seen.left_out)
        intro += _(" {left_out} left out to make room.").format(left_out=left_out)
    warning = " ".join(words for words in (_missing_words(seen), _lookalike_words(seen)) if words)
    TextDialog(
        parent, title=_("What the model saw"), intro=intro, text=seen.text, warning=warning, is_prose=False
    ).show()


def _missing_words(seen: InspectedPrompt) -> str:
    missing = len(seen.missing)
    words = ngettext("1 message is", "{n:,} messages are", missing)
    return _("{words} missing: this model's own format leaves it out.").format(words=words) if missing else ""


def _lookalike_words(seen: InspectedPrompt) -> str:
    marks = ", ".join(in_quotes(lookalike) for lookalike in seen.lookalikes)
    if not marks:
        return ""
    return _(
        "The text contains {marks}, by which this model tells who speaks: it may take what follows for a turn."
    ).format(marks=marks)

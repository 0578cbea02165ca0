"""The area above the messages: the chat's title and model, the bar of a private chat, the page without messages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QMenu, QSizePolicy, QToolButton, QWidget

from slmdesk.base.record import changed
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import ModelsChanged, ModelState, ModelStateChanged
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label
from slmdesk.ui.chat.conversation import PrivateController
from slmdesk.ui.chat.list import PRIVATE
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.shortcuts import bind, keys_of
from slmdesk.ui.kit.widgets.bars import thin_bar
from slmdesk.ui.kit.widgets.build import (
    ElidedButton,
    ElidedLabel,
    button,
    column,
    keep_place,
    named,
    plain_label,
    plain_tip,
    row,
    set_icon,
    set_tip,
    text_line,
    tool_button,
)
from slmdesk.ui.kit.widgets.dialogs import Question
from slmdesk.ui.kit.widgets.files import ModelImports, choose_model_file
from slmdesk.ui.kit.widgets.notices import LONG_MS, Notice, notice_of

if TYPE_CHECKING:
    from slmdesk.models.importer import ImportEnded
    from slmdesk.services import Services

HEIGHT = 56
MOST_SPACE = 150
"""Most pixels for the name of a space."""


class ChatHeader(QFrame):
    def __init__(self, models: ModelsController, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName("chat_header")
        self.space = named(ElidedButton("", self), "chat_space", kind="status")
        self.space.setMaximumWidth(MOST_SPACE)
        self.space.hide()
        set_icon(self.space, "folder-open", "ink2")
        self.title = ChatTitle(self)
        self.picker = ModelPicker(models, self)
        self.search = self._button("find_button", "search", _("Find in this chat"), "chat.find")
        self.export = self._button("export_button", "download", _("Export this chat"))
        self.panel = self._button("panel_button", "sliders", _("Settings of this chat"), "chat.panel", folds=True)
        row(
            self.space, (self.title, 1), self.search, self.export, self.panel,
            into=self, gap=theme.SPACE_8, margins=(theme.SPACE_24, theme.SPACE_8, theme.SPACE_16, theme.SPACE_8),
        )  # fmt: skip
        self.setMinimumHeight(theme.scaled(HEIGHT))

    def show_space(self, name: str) -> None:
        self.space.setText(name.replace("&", "&&"))
        tip = _("In the space “{name}”: show the chats").format(name=name)
        set_tip(self.space, tip)
        self.space.setAccessibleName(tip)
        self.space.setVisible(bool(name))

    def _button(self, name: str, icon: str, words: str, shortcut: str = "", *, folds: bool = False) -> QToolButton:
        return tool_button(name, self, folds=folds, tip=words, shortcut=shortcut, label=words, icon=icon, colour="ink2")


class ChatTitle(ElidedLabel):
    """Title of the chat. A click, or `edit`, puts a field in its place. Enter or leaving it renames, Esc does not."""

    renamed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, name="chat_title")
        self.is_editable = False
        self._line: QLineEdit | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.edit()

    def edit(self) -> None:
        if not self.is_editable or self._line is not None:
            return
        line = self._line = text_line("title_line", self, _("Title of the chat"))
        line.setText(self.full_text)
        line.selectAll()
        line.setGeometry(self.rect())
        line.show()
        line.setFocus()
        line.editingFinished.connect(lambda: self._end(line.text().strip()))
        line.installEventFilter(self)

    def _end(self, title: str) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        line.hide()
        line.deleteLater()
        if title and title != self.full_text:
            self.renamed.emit(title)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            self._end("")
            return True
        return False

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)
        if self._line is not None:
            self._line.setGeometry(self.rect())


STATE_TOPIC = _("model state")
"""Topic of notices that are closed when a model is ready again."""
STEPPED_UP = _("{name} is ready and used from now on.")
GONE = _("{name} was removed from the library elsewhere. Your chats are kept; choose another model to go on.")


class ModelsController(QObject):
    models_listed = Signal(object)
    state_changed = Signal(object)
    file_chosen = Signal(object)

    def __init__(self, bridge: Bridge, starter: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="models_controller")
        self._bridge = bridge
        self._starter = starter
        self.imports = ModelImports(bridge, self)
        self.imports.ended.connect(self._on_imports_ended)
        self.is_importing = False
        self._models: Live[Sequence[ModelRecord] | None] = Live(
            bridge, self, lambda: bridge.services.models.list(), None, on=(ModelsChanged,)
        )
        self._stepping_up = ""
        """Id of the model that is used once it is loaded, of which the person is told then."""
        self.state = ModelStateChanged(ModelState.NONE, None, "")
        self._models.changed.connect(self._on_listed)
        bridge.on(ModelsChanged, self._on_models_changed)
        bridge.on(ModelStateChanged, self._on_state_changed)

    @property
    def listed(self) -> Sequence[ModelRecord]:
        """Models that can chat."""
        if not self._models.value:
            return ()
        from slmdesk.models.service import for_chat  # imported late: the window starts without it

        return for_chat(self._models.value)

    def use(self, model: str, *, anyway: bool = False) -> None:
        """Load a model; `anyway` also where memory seems too small, because a person wants to try."""
        self._bridge.services.models.use(model, anyway=anyway)

    def change_over(self, model: str) -> None:
        """Use a model that has come just now, and say so once it is loaded."""
        self._stepping_up = model
        self.use(model)
        self._say_stepped_up()

    def unload(self) -> None:
        self._bridge.services.models.unload()

    def reload(self) -> None:
        """Load the model again after it was unloaded because its settings have changed."""
        self._bridge.ask(_reload, None)

    def cancel_load(self) -> None:
        self._bridge.services.models.cancel_load()

    def import_starter(self) -> None:
        if self._starter is not None and self._starter.is_file():
            self.import_file(self._starter)

    def import_file(self, path: Path, link: bool = False) -> None:
        """Import a model file and use it. `link` leaves the file where it is instead of copying it."""
        self.is_importing = True
        self.imports.add((path,), link=link)

    def _on_models_changed(self) -> None:
        self._bridge.ask(self._bridge.services.models.step_up(), self._on_stepped_up)

    def _on_stepped_up(self, better: ModelRecord | None) -> None:
        if better:
            self._stepping_up = better.id
            self._say_stepped_up()

    def _say_stepped_up(self) -> None:
        if self._stepping_up and self.state.state is ModelState.READY and self.state.model == self._stepping_up:
            words, key = STEPPED_UP.format(name=self.state.name), f"come {self._stepping_up}"
            self._stepping_up = ""
            self._bridge.notice_raised.emit(Notice(words, life_ms=LONG_MS, key=key))

    def _on_listed(self) -> None:
        models = self._models.value or ()
        self.models_listed.emit(self.listed)
        if self.state.model is None or any(model.id == self.state.model for model in models):
            self._say_again(models)
            return
        if self.state.state in (ModelState.READY, ModelState.LOADING):  # removing the loaded model unloads it first
            self._bridge.notice_raised.emit(
                Notice(GONE.format(name=self.state.name), key="model gone", topic=STATE_TOPIC)
            )
            self.unload()
        else:
            self._on_state_changed(self.state)

    def _say_again(self, models: Sequence[ModelRecord]) -> None:
        """Emit the state again if the model was renamed or the first model was added."""
        event = self.state
        if event.state is ModelState.NONE and any(model.can_chat for model in models):
            self._on_state_changed(ModelStateChanged(ModelState.NOT_LOADED, None, ""))
        for model in models:
            if model.id == event.model and model.name != event.name:
                self.state = changed(event, name=model.name)
                self.state_changed.emit(self.state)

    def _on_state_changed(self, event: ModelStateChanged) -> None:
        is_at_rest = event.state in (ModelState.NOT_LOADED, ModelState.CRASHED)
        models = None if self._models.is_coming else self._models.value  # an older list lacks what was just imported
        if is_at_rest and event.model and models is not None and all(event.model != model.id for model in models):
            event = ModelStateChanged(ModelState.NOT_LOADED if models else ModelState.NONE, None, "")
        self.state = event
        self.state_changed.emit(event)
        self._say_stepped_up()
        if event.problem is not None and event.state in (ModelState.CRASHED, ModelState.NOT_LOADED):
            is_large = event.problem.code == "model.out_of_memory"
            again = partial(self.use, event.model, anyway=is_large) if event.model else None
            action = ""
            if event.model:
                action = _("Load anyway") if is_large else _("Load again")
            self._bridge.notice_raised.emit(notice_of(event.problem, action=action, on_action=again, topic=STATE_TOPIC))

    def _on_imports_ended(self, ended: Sequence[ImportEnded]) -> None:
        from slmdesk.models.service import DefaultUse, can_do  # imported late: the window starts without it

        self.is_importing = False
        for event in ended:
            if event.problem is not None:
                self._bridge.problem_met.emit(event.problem)
        added = [event.model for event in ended if event.model is not None]
        if added and can_do(added[-1], DefaultUse.CHAT):
            self.use(added[-1].id)


def _reload(services: Services) -> None:
    if services.models.state.state is ModelState.NOT_LOADED:
        services.models.warm_up()


PICKER_WIDTH = 280
"""Pixels for the name of the model, so that nothing beside it moves while a model is loaded."""
MOST_NAME = 28
MOST_MENU_NAME = 36
WORDS = {
    ModelState.NONE: _("no model"),
    ModelState.NOT_LOADED: _("not loaded"),
    ModelState.LOADING: _("loading"),
    ModelState.READY: _("ready"),
    ModelState.CRASHED: _("crashed"),
}


class _PickerButton(QToolButton):
    """Name and arrow at the right end, so that the arrow stays where it is whatever the name is."""

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, size = theme.current(), theme.scaled()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.colour("hover"))
            painter.drawRoundedRect(self.rect(), theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        end = theme.SPACE_8 + size
        arrow = theme.SPACE_8 if is_mirrored else self.width() - end
        self.icon().paint(painter, arrow, (self.height() - size) // 2, size, size)
        words = self.rect().adjusted(*((end + 6, 0, -6, 0) if is_mirrored else (6, 0, -end - 6, 0)))
        side = Qt.AlignmentFlag.AlignLeft if is_mirrored else Qt.AlignmentFlag.AlignRight
        painter.setPen(colours.colour("ink2"))
        text = self.text().replace("&&", "&")
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, words.width())
        painter.drawText(words, int(side | Qt.AlignmentFlag.AlignVCenter), shown)


class ModelPicker(QWidget):
    model_chosen = Signal(str)

    def __init__(self, controller: ModelsController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model_picker")
        self._controller = controller
        self.may_add = True
        self._build_ui()
        self._connect()
        self.refresh()

    def _build_ui(self) -> None:
        self.button = named(_PickerButton(self), "model_button", kind="small")
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._menu = named(QMenu(self), "model_menu")
        self._menu.setToolTipsVisible(True)
        self.button.setMenu(self._menu)
        words = _("Stop loading the model")
        self.cancel_button = tool_button(
            "cancel_load_button", self, tip=words, label=words, icon="x", on=self._controller.cancel_load
        )
        self._bar = thin_bar("load_bar", self, _("Loading"), most=1000, height=3, keeps_place=True)
        keep_place(self.cancel_button)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedWidth(theme.scaled(PICKER_WIDTH))
        top = row(self.cancel_button, (self.button, 1), gap=theme.SPACE_4)
        # the margin above equals the bar below, so that the text is centred
        column(top, self._bar, into=self, gap=0, margins=(0, 3, 0, 0))

    def _connect(self) -> None:
        bind(self.button, "chat.model", self.button.showMenu)
        self._menu.aboutToShow.connect(self._on_menu_opens)
        self.model_chosen.connect(self._controller.use)
        self._controller.models_listed.connect(self.refresh)
        self._controller.state_changed.connect(self.refresh)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.setFixedWidth(theme.scaled(PICKER_WIDTH))

    def _on_menu_opens(self) -> None:
        from slmdesk.models.abilities import suits_words  # imported late: the window starts without it

        self._menu.clear()
        now = self._controller.state
        for model in self._controller.listed:
            action = named(QAction(_menu_words(model), self._menu), f"model_{model.id}")
            action.setCheckable(True)
            action.setChecked(model.id == now.model)
            action.setToolTip(plain_tip("\n".join(line for line in (_info_of(model), suits_words(model)) if line)))
            action.triggered.connect(lambda _checked=False, chosen=model.id: self.model_chosen.emit(chosen))
            self._menu.addAction(action)
        if self._controller.listed:
            self._menu.addSeparator()
        if now.state is ModelState.READY:
            self._menu.addAction(_("Unload model"), self._controller.unload)
        if now.state is ModelState.LOADING:
            self._menu.addAction(_("Stop loading"), self._controller.cancel_load)
        if self.may_add:
            self._menu.addAction(_("Add a model file…"), self._on_add_file)

    def _on_add_file(self) -> None:
        choose_model_file(self.window(), "model_file_dialog", self._controller.file_chosen.emit)

    def refresh(self) -> None:
        event = self._controller.state
        state, name, percent = event.state, event.name, round(event.fraction * 100)
        words = WORDS[state]
        shown = clean_label(name, MOST_NAME)
        if state is ModelState.LOADING:
            words = _("loading, {fraction} %").format(fraction=percent)
            text = _("Loading {name} {fraction} %").format(name=shown, fraction=percent)
        elif name:
            text = shown if state is ModelState.READY else f"{shown}, {words}"
        else:
            text = _("Choose a model") if self._controller.listed else _("Add a model")
        self.button.setText(text.replace("&", "&&"))
        self.button.setAccessibleName(
            _("Model: {name}, {words}").format(name=name, words=words) if name else _("Model: none")
        )
        reason = event.problem.sentence if event.problem else ""
        if state is ModelState.READY and event.memory_bytes:
            words += _(", {size} memory").format(size=bytes_for_people(event.memory_bytes))
        if event.loaded and event.loaded.offload:
            words += _(", graphics card")
        keys = keys_of("chat.model").shown
        choose = _("{name}: {words}. Choose a model").format(name=name, words=words) + (f" ({keys})" if keys else "")
        set_tip(self.button, reason or (choose if name else text))
        set_icon(self.button, "triangle-alert" if state is ModelState.CRASHED else "chevron-up", "ink2")
        is_loading = state is ModelState.LOADING
        self.cancel_button.setVisible(is_loading)
        self._bar.setVisible(is_loading)
        self._bar.setValue(round(event.fraction * 1000))


def _menu_words(model: ModelRecord) -> str:
    name = clean_label(model.name, MOST_MENU_NAME)
    return f"{name}   {bytes_for_people(model.bytes)}".replace("&", "&&")


def _info_of(model: ModelRecord) -> str:
    header = model.header
    parts = [str(header[key]) for key in ("architecture", "quantization", "license") if header.get(key)]
    return ", ".join(parts) or model.name


SENTENCE = _("Nothing of it is written to the disk. It is gone when you close it, and when slmdesk quits or locks.")
LOST = _("This chat is in no file: once closed, it cannot be brought back.")
LOST_MORE = _("To keep it, choose “Save this chat” first.")


class PrivateBar(QFrame):
    def __init__(self, private: PrivateController, parent: QWidget) -> None:
        super().__init__(parent)
        self._private = private
        named(self, "private_bar", label=f"{PRIVATE}: {SENTENCE}")
        badge = plain_label(PRIVATE, self, name="private_badge", kind="badge", wraps=False)
        words = plain_label(SENTENCE, self, name="private_words", kind="small")
        icon = QLabel(self)
        set_icon(icon, "eye-off", "ink2")
        tip = _("Keep with the other chats")
        save = button(_("Save this chat"), "private_save", self, kind="quiet", tip=tip, on=private.save)
        tip = _("Forget this chat")
        close = button(_("Close"), "private_close", self, kind="quiet", tip=tip, on=self._on_close)
        top = row(icon, badge, 1, save, close, gap=theme.SPACE_8)
        column(top, words, into=self, gap=theme.SPACE_4, margins=(theme.SPACE_16, theme.SPACE_8))
        private.shown.connect(self.setVisible)
        self.hide()

    def _on_close(self) -> None:
        if not self._private.has_words:
            self._private.close()
            return
        question = Question(self, "private_close_dialog", _("Close this private chat"), LOST, LOST_MORE)
        question.ask_sure(_("Close"), "private_close_button", self._private.close)

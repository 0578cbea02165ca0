"""A button that shows the model and its state, with a menu to choose another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from slmdesk.base.records import ModelRecord
from slmdesk.chat.window.model.controller import ModelsController
from slmdesk.loader.events import ModelState, ModelStateChanged
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.shortcuts import keys_of
from slmdesk.window.widgets.build import column, row, tool_button
from slmdesk.window.widgets.file_drop import choose_model_file
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.job_bar import thin_bar
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_tip

MOST_NAME = 28
MOST_MENU_NAME = 36
SHORT_NAME = 16
BESIDE_WORDS, LEAST_NAME = 40, 60
WORDS = {
    ModelState.NONE: "no model",
    ModelState.NOT_LOADED: "not loaded",
    ModelState.LOADING: "loading",
    ModelState.READY: "ready",
    ModelState.CRASHED: "crashed",
}


class ModelPicker(QWidget):
    model_chosen = Signal(str)

    def __init__(self, controller: ModelsController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model_picker")
        self._controller = controller
        self._models: Sequence[ModelRecord] = ()
        self._exams: Mapping[str, tuple[str, str]] = {}
        self._may_add = True
        self._space: int | None = None
        self._event = ModelStateChanged(ModelState.NONE, None, "")
        self._build_ui()
        self._connect()
        self._show()

    def _build_ui(self) -> None:
        self.button = tool_button("model_button", self, kind="picker")
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._menu = named(QMenu(self), "model_menu")
        self._menu.setToolTipsVisible(True)
        self.button.setMenu(self._menu)
        words = "Stop loading the model"
        self.cancel_button = tool_button(
            "cancel_load_button", self, tip=words, label=words, icon="x", on=self._controller.cancel_load
        )
        self._bar = thin_bar("load_bar", self, "Loading", most=1000, height=3, keeps_place=True)
        top = row(self.button, self.cancel_button, gap=theme.SPACE_4)
        # above as much as the bar below takes, so that the words stand in the middle
        column(top, self._bar, into=self, gap=1, margins=(0, 4, 0, 0))

    def _connect(self) -> None:
        self._menu.aboutToShow.connect(self._on_menu_opens)
        self.model_chosen.connect(self._controller.use)
        self._controller.models_listed.connect(self.show_models)
        self._controller.exams_known.connect(self.show_exams)
        self._controller.state_changed.connect(self.show_state)

    def show_models(self, models: Sequence[ModelRecord]) -> None:
        self._models = tuple(models)
        self._show()

    def show_exams(self, exams: Mapping[str, tuple[str, str]]) -> None:
        """Exam results by model id: a few words and a sentence."""
        self._exams = exams

    def show_state(self, event: ModelStateChanged) -> None:
        self._event = event
        self._show()

    def set_space(self, width: int) -> None:
        """Cut the name to this width, in pixels: the title beside it needs room too."""
        if width != self._space:
            self._space = width
            self._show()

    def allow_adding(self, may_add: bool) -> None:
        self._may_add = may_add

    def _on_menu_opens(self) -> None:
        self._menu.clear()
        for model in self._models:
            few, sentence = self._exams.get(model.id, ("", ""))
            action = named(QAction(_menu_words(model, few), self._menu), f"model_{model.id}")
            action.setCheckable(True)
            action.setChecked(model.id == self._event.model)
            action.setToolTip(plain_tip("\n".join(one for one in (_info_of(model), sentence) if one)))
            action.triggered.connect(lambda _checked=False, chosen=model.id: self.model_chosen.emit(chosen))
            self._menu.addAction(action)
        if self._models:
            self._menu.addSeparator()
        if self._event.state is ModelState.READY:
            self._menu.addAction("Unload model", self._controller.unload)
        if self._event.state is ModelState.LOADING:
            self._menu.addAction("Stop loading", self._controller.cancel_load)
        if self._may_add:
            self._menu.addAction("Add a model file…", self._on_add_file)

    def _on_add_file(self) -> None:
        choose_model_file(self.window(), "model_file_dialog", self._controller.look_at)

    def _show(self) -> None:
        state, name = self._event.state, self._event.name
        words = WORDS[state]
        if state is ModelState.LOADING:
            words = f"loading, {round(self._event.fraction * 100)} %"
        text = self._fitted(name, words) if name else "Choose a model" if self._models else "Add a model"
        self.button.setText(text.replace("&", "&&"))
        self.button.setAccessibleName(f"Model: {name}, {words}" if name else "Model: none")
        reason = self._event.problem.sentence if self._event.problem else ""
        keys = keys_of("chat.model").shown
        choose = f"{name}: {words}. Choose a model" + (f" ({keys})" if keys else "")
        self.button.setToolTip(plain_tip(reason or (choose if name else text)))
        set_icon(self.button, "triangle-alert" if state is ModelState.CRASHED else "chevron-down")
        is_loading = state is ModelState.LOADING
        self.cancel_button.setVisible(is_loading)
        self._bar.setVisible(is_loading)
        self._bar.setValue(round(self._event.fraction * 1000))

    def _fitted(self, name: str, words: str) -> str:
        """Name and state cut to the available width; *ready* is dropped first, as the status bar shows it."""
        shown = name if len(name) <= MOST_NAME else name[: MOST_NAME - 1] + "…"
        if self._space is None:
            return f"{shown} — {words}"
        metrics, space = self.button.fontMetrics(), self._space - BESIDE_WORDS
        if metrics.horizontalAdvance(f"{shown} — {words}") <= space:
            return f"{shown} — {words}"
        if self._event.state is ModelState.READY and len(name) > SHORT_NAME:
            return metrics.elidedText(shown, Qt.TextElideMode.ElideRight, max(space, LEAST_NAME))
        rest = space - metrics.horizontalAdvance(f" — {words}")
        return f"{metrics.elidedText(shown, Qt.TextElideMode.ElideRight, max(rest, LEAST_NAME))} — {words}"


def _menu_words(model: ModelRecord, exam: str) -> str:
    name = model.name if len(model.name) <= MOST_MENU_NAME else model.name[: MOST_MENU_NAME - 1] + "…"
    words = f"{name}   {bytes_for_people(model.bytes)}".replace("&", "&&").replace("\t", " ")
    return f"{words}\t{exam}" if exam else words


def _info_of(model: ModelRecord) -> str:
    header = model.header
    parts = [str(header[key]) for key in ("architecture", "quantization", "license") if header.get(key)]
    return ", ".join(parts) or model.name

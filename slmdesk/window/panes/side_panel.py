"""The panel beside the pages of a document: several panes, and a chip to choose each."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QStackedWidget, QWidget

from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column
from slmdesk.window.widgets.flow import FlowLayout
from slmdesk.window.widgets.named import named

LEAST_WIDTH = 260
SUFFIX = "_pane"


@dataclass(slots=True, eq=False)
class _Pane:
    name: str
    chip: QPushButton
    widget: QWidget
    needs_width: bool = False


class SidePanel(QFrame):
    """Panes, one of them on show.

    A pane with wide content (a table, two texts side by side) asks for the whole work area by `give_room`; a button
    above it leads back to the pages.
    """

    pane_shown = Signal(str)
    needs_width = Signal(bool)
    pages_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("document_side")
        self.setMinimumWidth(LEAST_WIDTH)
        self._panes: list[_Pane] = []
        self._is_alone = False
        self.has_space = False
        self._build_ui()

    def _build_ui(self) -> None:
        self._head = named(QFrame(self), "side_head")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._head.setSizePolicy(policy)
        self._chips = FlowLayout(self._head, gap=theme.SPACE_8)
        tip = "Show the pages of the document beside this"
        self._back = button("Show pages", "show_pages_button", self._head, kind="quiet", tip=tip, on=self._on_back)
        self._back.setVisible(False)
        self._chips.addWidget(self._back)
        self._parts = QStackedWidget(self)
        head = column(self._head, margins=(theme.SPACE_12, theme.SPACE_8))
        column(head, (self._parts, 1), into=self, gap=0)

    # ---- panes

    def add_pane(self, title: str, object_name: str, widget: QWidget) -> None:
        """Add a pane after the others; the first one is shown.

        `object_name` is the name for `show_pane`, with or without `_pane` at its end; its chip is named `…_chip`.  If
        the widget has a signal `room_requested` of a bool, it is connected (see `give_room`).
        """
        name = object_name.removesuffix(SUFFIX)
        chip = button(title, f"{name}_chip", self._head, kind="chip", on=lambda: self._on_chip(name))
        chip.setCheckable(True)
        chip.setAutoExclusive(True)
        self._panes.append(_Pane(name, chip, widget))
        self._parts.addWidget(widget)
        self._chips.addWidget(chip)
        self._chips.removeWidget(self._back)  # the way back stands last
        self._chips.addWidget(self._back)
        if (asked := getattr(widget, "width_requested", None)) is not None:
            asked.connect(lambda wants: self.give_width(name, wants))
        if len(self._panes) == 1:
            chip.setChecked(True)

    @property
    def current(self) -> str:
        found = self._current()
        return found.name if found else ""

    def show_pane(self, object_name: str) -> None:
        """Show a pane; an unknown name changes nothing."""
        name = object_name.removesuffix(SUFFIX)
        found = next((one for one in self._panes if one.name == name), None)
        if found is None:
            return
        found.chip.setChecked(True)
        if self._parts.currentWidget() is not found.widget:
            self._parts.setCurrentWidget(found.widget)
        self._settle()
        self.pane_shown.emit(name)

    def give_width(self, object_name: str, wants: bool) -> None:
        """A pane needs the whole work area, or no longer; it has it only while it is shown."""
        name = object_name.removesuffix(SUFFIX)
        for one in self._panes:
            if one.name == name:
                one.needs_width = wants
        self._settle()

    def stand_alone(self, is_alone: bool) -> None:
        """Whether there is no room for the pages beside it; then, too, the button back to them is shown."""
        self._is_alone = is_alone
        self._back.setVisible(is_alone or self.has_space)

    # ---- private

    def _on_chip(self, name: str) -> None:
        """A person chose a pane: its focus proxy, if it has one, gets the focus."""
        self.show_pane(name)
        found = self._current()
        if found is not None and found.widget.focusProxy() is not None:
            found.widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_back(self) -> None:
        found = self._current()
        if found is not None:
            self.give_width(found.name, False)
            found.chip.setFocus(Qt.FocusReason.OtherFocusReason)
        self.pages_requested.emit()

    def _current(self) -> _Pane | None:
        widget = self._parts.currentWidget()
        return next((one for one in self._panes if one.widget is widget), None)

    def _settle(self) -> None:
        found = self._current()
        wants = found is not None and found.needs_width
        if wants != self.has_space:
            self.has_space = wants
            self._back.setVisible(wants or self._is_alone)
            self.needs_width.emit(wants)

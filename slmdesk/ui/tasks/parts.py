"""The widgets of the pane of a task, and how they stand in it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QMenu, QSizePolicy, QToolButton, QWidget

from slmdesk.base.documents import CALENDAR, FORMS, UNSENT, Form
from slmdesk.base.texts import _
from slmdesk.tasks.shape import Documents, Task
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.panes import EarlierBox, MakingBar
from slmdesk.ui.kit.widgets.build import (
    ElidedLabel,
    Part,
    button,
    column,
    keep_place,
    named,
    plain_label,
    row,
    tool_button,
)
from slmdesk.ui.kit.widgets.parts import Popover
from slmdesk.ui.tasks.asking import AskingBar
from slmdesk.ui.tasks.controller import ResultController
from slmdesk.ui.tasks.form import TaskForm
from slmdesk.ui.tasks.pair import PairBar

ALL_FORMS = (
    Form("xlsx", _("Spreadsheet")),
    Form("csv", "CSV"),
    *FORMS,
    CALENDAR,
    UNSENT,
)
SAVES = {"xlsx": _("Save as Excel"), "docx": _("Save as Word")}
"""Words of the button that saves a report in the form that its task has most often. It
is hidden where there is none.
"""


class PaneParts:
    """What stands in a pane. Who presses what is connected by the pane."""

    def __init__(self, controller: ResultController, pane: QWidget) -> None:
        self._controller, self._pane = controller, pane
        self._task = controller.task
        self._kind = kind = self._task.kind
        self.making = MakingBar(
            controller, pane, kind=kind, prefix=f"making_{kind}", resume=_("Go on")
        )
        self.making.lay_out(has_own_line=True)
        self.note = plain_label("", pane, name=f"{kind}_note", kind="muted")
        # the rows below it are not to move
        self.writer = ElidedLabel(pane, name=f"{kind}_writer", kind="muted")
        self.switches = {
            key: self._make_switch(key, _(words))
            for key, words in self._task.switches.items()
        }
        self.wanting = plain_label(
            "", pane, name=f"{kind}_wanting", kind="muted", is_hidden=True
        )
        self.fill = button(_("Get a model"), f"{kind}_fill", pane)
        self.writing = plain_label(
            "", pane, name=f"{kind}_writing", kind="muted", is_hidden=True
        )
        self.written = button(_("Show the finished result"), f"{kind}_written", pane)
        self.written.hide()
        self.notes = plain_label(
            "", pane, name=f"{kind}_notes", kind="small", is_hidden=True
        )
        self.coverage = plain_label("", pane, name=f"{kind}_coverage", kind="small")
        self.middle = named(QFrame(pane), f"{kind}_middle")
        """What stands there where nothing was made yet."""
        self.begin = button(
            _(self._task.verb), f"{kind}_begin", self.middle, kind="primary"
        )
        self.begin.setVisible(
            self._task.asks is None and self._task.documents is not Documents.NONE
        )
        self._body = named(QFrame(pane), f"{kind}_body", kind="plain")
        self.body = column(self.middle, into=self._body, gap=0)
        """It keeps its place, whatever stands in it."""
        self._make_stop()
        self._make_form()
        self._foot = named(QFrame(pane), f"{kind}_foot")
        self._fill_foot()
        self._make_earlier()
        self.begins: tuple[QWidget, ...] = (self.begin, self.begin_so)
        """The buttons that begin a report."""
        self.pair: PairBar | None = None
        """What chooses the other document, if the task is about two."""
        self.line: AskingBar | None = None
        """The line of a task that is asked again and again. It takes the place of the
        button in the middle.
        """
        if self._task.documents is Documents.TWO:
            self.pair = self._make_pair()
        else:
            middle = (self.begin, Qt.AlignmentFlag.AlignHCenter)
            column(1, middle, 1, into=self.middle)
        if self._task.asks is not None:
            self.line = AskingBar(controller, self._task.asks, pane)
            self.begins = (self.line.button,)
        self._lay_out()

    def _make_switch(self, key: str, words: str) -> QToolButton:
        """Return the button by which the report is shown another way."""
        made = tool_button(
            f"{self._kind}_{key}",
            self._pane,
            kind="small",
            icon="file-text",
            label=words,
            tip=words,
            shortcut="summary.own_words",
        )
        made.setCheckable(True)
        # no higher than the line beside it
        made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        made.hide()
        bind(made, "summary.own_words", made.click)
        return made

    def _make_stop(self) -> None:
        self.stop = button(_("Stop"), f"{self._kind}_stop", self._pane, kind="quiet")
        self.stop.clicked.connect(self._controller.cancel)
        self.stop.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        keep_place(self.stop)
        self.stop.ensurePolished()
        self.writer.setMinimumHeight(self.stop.sizeHint().height())

    def _make_form(self) -> None:
        self.asking = Popover(
            self._pane, f"{self._kind}_form", label=_(self._task.name)
        )
        self.form = TaskForm(self._task, self.asking)
        self.begin_so = button(
            _(self._task.verb), f"{self._kind}_begin_so", self.asking, kind="primary"
        )
        column(
            *self.form.parts,
            row(1, self.begin_so),
            into=self.asking,
            gap=theme.SPACE_12,
            margins=theme.SPACE_16,
        )

    def _fill_foot(self) -> None:
        kind, foot = self._kind, self._foot
        label = _("What it is to be like")
        self.other = tool_button(
            f"{kind}_options", foot, folds=True, icon="sliders", label=label, tip=label
        )
        self.other.setVisible(bool(self.form.parts))
        label = _("Copy with sources")
        self.copy = tool_button(
            f"{kind}_copy", foot, icon="copy", label=label, tip=label
        )
        label = _("Export")
        self.export = tool_button(
            f"{kind}_export", foot, icon="download", label=label, tip=label
        )
        words = SAVES.get(self._task.saves_as, _("Export"))
        self.save = button(words, f"{kind}_save", foot, kind="primary")
        label = _("More")
        self.more = tool_button(
            f"{kind}_more_button", foot, icon="ellipsis", label=label, tip=label
        )
        self.menu = named(QMenu(self.more), f"{kind}_menu")
        self.more.setMenu(self.menu)
        row(
            1,
            self.other,
            self.copy,
            self.export,
            self.save,
            self.more,
            into=foot,
            gap=theme.SPACE_8,
        )

    def _make_earlier(self) -> None:
        self.others = Popover(
            self._pane, f"{self._kind}_earlier_popover", label=_("Earlier"), width=400
        )
        self.earlier = EarlierBox(self.others, name=f"{self._kind}_earlier")
        column(self.earlier, into=self.others, margins=theme.SPACE_16)

    def _make_pair(self) -> PairBar:
        self.begin.hide()
        words = _(
            "Choose another version of this document, or drop it here: a Word file "
            "and a PDF can be compared."
        )
        hint = plain_label(words, self.middle, name=f"{self._kind}_hint", kind="muted")
        column(hint, 1, into=self.middle)
        results = self._controller
        pair = PairBar(results.bridge, self._kind, _(self._task.verb), self._pane)
        pair.asked.connect(
            lambda old, new: results.begin(self.form.request, (old, new))
        )
        pair.refused.connect(results.refuse)
        results.unmade.connect(pair.show_unmade)
        results.stopped.connect(pair.forget_asked)
        keep_place(self.writer)  # who wrote in it is known later
        return pair

    def _lay_out(self) -> None:
        writer = row((self.writer, 1), self.stop, *self.switches.values())
        fill = row((self.wanting, 1), self.fill)
        now = (self.making, self.writing, row(self.written, 1))
        last = (self.notes, self.coverage)
        body = (self._body, 1)
        parts: tuple[Part, ...]
        if self.pair is not None:
            above = row((self.pair, 1), self._foot)
            parts = (above, self.note, body, *now, writer, *last)
        elif is_quiet(self._task):  # its rows have buttons that are pressed meanwhile
            parts = (self.note, body, *now, writer, fill, *last, self._foot)
        else:
            parts = (self.note, writer, fill, body, *now, *last, self._foot)
        if self.line is not None:
            parts = (*parts, self.line)
        margins = (theme.SPACE_16 + theme.SPACE_4, 0, theme.SPACE_12, theme.SPACE_12)
        column(*parts, into=self._pane, gap=theme.SPACE_8, margins=margins)


def is_quiet(task: Task[Any, Any]) -> bool:
    """Return whether only a line says that a model is at work, because all rows stand
    there by then.
    """
    return task.grows_in_place and task.has_preview

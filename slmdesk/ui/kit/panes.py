"""What panes beside a document share: the panel, the list of earlier items and the progress of a job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QMenu, QStackedWidget, QWidget

from slmdesk.base.record import Record
from slmdesk.base.records import Item, JobStatus
from slmdesk.base.runtime import events
from slmdesk.base.runtime.events import ItemChanged
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.tasks.jobs.types import JobChanged, left_words, standing_words
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Call
from slmdesk.ui.kit.base.text import moment_words
from slmdesk.ui.kit.widgets.bars import show_share, thin_bar
from slmdesk.ui.kit.widgets.build import ElidedLabel, button, column, fold_button, named, plain_label, row, tool_button
from slmdesk.ui.kit.widgets.dialogs import LineQuestion
from slmdesk.ui.kit.widgets.notices import trash
from slmdesk.ui.kit.widgets.parts import Segments
from slmdesk.ui.kit.widgets.rows import Rows

SUFFIX = "_pane"


class SidePanel(QStackedWidget):
    """The panes of a document, one of which is shown, and `tabs`, the bar that chooses among them.

    A pane with wide content (a table, two texts side by side) may take the place of the pages, see `give_width`.
    """

    pane_shown = Signal(str)
    pane_chosen = Signal(str)
    """A person chose a tab, which may be the one on show."""
    needs_width = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("document_side")
        self.tabs = Segments(self, "document_tabs", label=_("Work on the document"))
        self._names: list[str] = []
        self._wide: set[str] = set()
        self.has_space = False
        self.tabs.currentChanged.connect(self._choose)
        self.tabs.tabBarClicked.connect(self._on_clicked)

    def add_pane(self, title: str, object_name: str, widget: QWidget) -> None:
        """Add a pane after the others. The first pane is shown.

        `object_name` is the name for `show_pane`, with or without the ending `_pane`. If the widget has a signal
        `width_requested` with a bool, it is connected to `give_width`.
        """
        name = object_name.removesuffix(SUFFIX)
        self._names.append(name)
        self.addWidget(widget)
        self.tabs.setTabData(self.tabs.addTab(title), name)
        if (asked := getattr(widget, "width_requested", None)) is not None:
            asked.connect(lambda wants: self.give_width(name, wants))

    @property
    def current(self) -> str:
        return self._names[self.currentIndex()] if self._names else ""

    def show_pane(self, object_name: str) -> None:
        """Show a pane. An unknown name changes nothing."""
        name = object_name.removesuffix(SUFFIX)
        if name not in self._names:
            return
        at = self._names.index(name)
        with QSignalBlocker(self.tabs):
            self.tabs.setCurrentIndex(at)
        self.setCurrentIndex(at)
        self._settle()
        self.pane_shown.emit(name)

    def give_width(self, object_name: str, wants: bool) -> None:
        """Set whether a pane needs the place of the pages. It gets the place only while it is shown."""
        if wants:
            self._wide.add(object_name.removesuffix(SUFFIX))
        else:
            self._wide.discard(object_name.removesuffix(SUFFIX))
        self._settle()

    def _on_clicked(self, at: int) -> None:
        """Give the focus to the field of the pane that a person chose, if it has one."""
        if 0 <= at < len(self._names):
            self._choose(at)
            widget = self.currentWidget()
            if widget is not None and widget.focusProxy() is not None:
                widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose(self, at: int) -> None:
        self.show_pane(self._names[at])
        self.pane_chosen.emit(self._names[at])

    def _settle(self) -> None:
        wants = self.current in self._wide
        if wants != self.has_space:
            self.has_space = wants
            self.needs_width.emit(wants)


MOST_SHOWN = 30


class Entry(Record):
    """A folded list of earlier items of a document, such as summaries, to open, rename or delete."""

    id: str
    words: str
    made: float
    """Seconds since the epoch."""
    title: str


def entry_of(item: Item) -> Entry:
    return Entry(item.id, item.shown_title, item.created, item.shown_title)


class EarlierRow(QFrame):
    chosen = Signal()
    rename_requested = Signal(str)
    delete_requested = Signal()

    def __init__(self, entry: Entry, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "earlier_row", kind="row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._entry = entry
        self._words = ElidedLabel(self, name="earlier_words")
        self._when = plain_label("", self, name="earlier_when", kind="small", wraps=False)
        self._more = tool_button("earlier_more", self, icon="ellipsis", tip=_("Rename or delete"))
        self.menu = named(QMenu(self._more), "earlier_menu")
        self.menu.addAction(_("Rename…"), self.ask_title)
        self.menu.addAction(_("Delete"), self.delete_requested.emit)
        self._more.setMenu(self.menu)
        margins = (theme.SPACE_8, theme.SPACE_4, theme.SPACE_4, theme.SPACE_4)
        row((column(self._words, self._when, gap=0), 1), self._more, into=self, margins=margins)

    def show_entry(self, entry: Entry, *, is_current: bool) -> None:
        self._entry = entry
        self._words.set_full_text(entry.words)
        when = moment_words(entry.made)
        self._when.setText(_("{when}, on show").format(when=when) if is_current else when)
        self._more.setAccessibleName(_("More about “{words}”").format(words=entry.words))
        self.setAccessibleName(f"{entry.words}, {self._when.text()}")
        theme.set_look(self, "lit", is_current)

    def ask_title(self) -> None:
        title = self._entry.title
        LineQuestion(self, "rename_dialog", _("Rename"), _("New name:"), self.rename_requested.emit, text=title).open()

    def mouseReleaseEvent(self, event: object) -> None:
        self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self.chosen.emit()
            case Qt.Key.Key_F2:
                self.ask_title()
            case Qt.Key.Key_Delete:
                self.delete_requested.emit()
            case _:
                super().keyPressEvent(event)


class EarlierBox(QFrame):
    """List of earlier items, which is folded until it is opened. If the shown item is the only one, the button `only`
    with its menu is shown instead, which a pane may place beside its other buttons.
    """

    chosen = Signal(str)
    rename_requested = Signal(str, str)
    delete_requested = Signal(str)

    def __init__(self, parent: QWidget, *, name: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.has_entries = False
        self._current = ""
        label, tip = _("Rename or delete what is on show"), _("Rename or delete")
        self.only = tool_button(f"{name}_more", self, icon="ellipsis", label=label, tip=tip)
        self._inner = named(QFrame(self), f"{name}_rows")
        self._rows = Rows(
            column(into=self._inner, gap=0), lambda entry: entry.id, self._make_row,
            lambda row, entry: row.show_entry(entry, is_current=entry.id == self._current),
        )  # fmt: skip
        self._button = fold_button(_("Earlier"), f"{name}_button", self._inner, self)
        self.only.setVisible(False)
        left = Qt.AlignmentFlag.AlignLeft
        column((self._button, left), (self.only, left), self._inner, into=self, gap=theme.SPACE_4)
        self.setVisible(False)

    def follow(
        self,
        items: ItemsController,
        choose: Callable[[str], object],
        delete: Callable[[str], object] | None = None,
        entry: Callable[[Item], Entry] = entry_of,
    ) -> None:
        self.chosen.connect(choose)
        self.rename_requested.connect(items.rename)
        self.delete_requested.connect(delete or items.delete)

        def show(records: Sequence[Item], current: str) -> None:
            self.show_entries([entry(record) for record in records], current)

        items.listed.connect(show)
        show(items.shown, items.current)

    def show_entries(self, entries: Sequence[Entry], current: str) -> None:
        self._current = current
        self._rows.show(entries[:MOST_SHOWN])
        others = sum(entry.id != current for entry in entries)
        self._button.setText(_("{others:,} earlier").format(others=others))
        self.has_entries = bool(entries)
        if entries and not others:
            self.only.setMenu(self._rows.rows[entries[0].id].menu)
        self._button.setVisible(others > 0)
        self.only.setVisible(self.has_entries and not others)
        self._inner.setVisible(others > 0 and self._button.isChecked())
        self.setVisible(self.has_entries and (others > 0 or self.isAncestorOf(self.only)))

    def unfold(self) -> None:
        self._button.setChecked(not self._button.isHidden())

    def _make_row(self, entry: Entry) -> EarlierRow:
        made = EarlierRow(entry, self._inner)
        made.chosen.connect(partial(self.chosen.emit, entry.id))
        made.rename_requested.connect(partial(self.rename_requested.emit, entry.id))
        made.delete_requested.connect(partial(self.delete_requested.emit, entry.id))
        return made


class JobOwner:
    _bridge: Bridge
    _job: str
    """Id of the job, until it ends."""

    def pause(self) -> None:
        self._bridge.services.jobs.pause(self._job)

    def resume(self) -> None:
        self._bridge.services.jobs.resume(self._job)

    def cancel(self) -> None:
        self._bridge.services.jobs.cancel(self._job)


class MakingBar(QFrame):
    """Progress of an item that is being made, with buttons to pause and cancel.

    `kind` and `prefix` are parts of the object names. `resume` is the text of the button for a paused job.
    """

    def __init__(self, controller: JobOwner, parent: QWidget, *, kind: str, prefix: str, resume: str) -> None:
        super().__init__(parent)
        self.setObjectName(f"making_{kind}")
        self._controller, self._resume = controller, resume
        self.is_paused = False
        self.words = plain_label("", self, name=f"{prefix}_words", kind="muted")
        self.pause = button(_("Pause"), f"pause_{kind}_button", self, on=self._on_pause)
        self.cancel = button(_("Cancel"), f"cancel_{kind}_button", self, on=controller.cancel)
        self.bar = thin_bar(f"{prefix}_bar", self, _("Making the {kind}").format(kind=kind))

    def lay_out(self, *, has_own_line: bool) -> None:
        if has_own_line:  # beside buttons the words would wrap and move the bar
            column(self.words, self.bar, row(self.pause, self.cancel, 1), into=self)
        else:
            column(row((self.words, 1), self.pause, self.cancel), self.bar, into=self)

    def show_waiting(self) -> None:
        self.show_amount(_("Waiting for the model…"), 0, 0)

    def show_amount(self, words: str, done: int, total: int) -> None:
        """Show words and an amount that does not come from the job. `total` 0 shows a busy bar."""
        self.words.setText(words)
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def show_job(self, event: JobChanged) -> None:
        self.is_paused = event.status is JobStatus.PAUSED
        self.pause.setText(self._resume if self.is_paused else _("Pause"))
        if event.status.is_end:
            return
        if self.is_paused:
            self.words.setText(
                _("Paused. {sentence}").format(sentence=event.problem.sentence if event.problem else "").strip()
            )
        elif event.total:
            stands = standing_words(event.kind, event.share, event.done, event.total)
            left = left_words(event.left)
            self.words.setText(f"{stands}, {left}" if left else stands)
        show_share(self.bar, event)

    def _on_pause(self) -> None:
        if self.is_paused:
            self._controller.resume()
        else:
            self._controller.pause()


class ItemsController(QObject):
    """The items of one kind made of the shown document."""

    listed = Signal(object, str)
    current_gone = Signal()
    restored = Signal(str)

    def __init__(self, bridge: Bridge, kind: str, parent: QObject) -> None:
        super().__init__(parent, objectName=f"{kind}_items")
        self._bridge, self._kind = bridge, kind
        self._document = ""
        self.shown: Sequence[Item] = ()
        self.current = ""
        bridge.on(ItemChanged, self._on_item_changed)

    def show_document(self, document: str, then: Callable[[Sequence[Item]], None] | None = None) -> None:
        """List the items of another document. `then` is called with them if that document is still shown."""
        self._document, self.shown = document, ()
        self.listed.emit([], self.current)
        self.refresh(then)

    def set_current(self, item: str) -> None:
        if item != self.current:
            self.current = item
            self.listed.emit(self.shown, item)

    def refresh(self, then: Callable[[Sequence[Item]], None] | None = None) -> None:
        document, kind = self._document, self._kind
        if not document:
            return

        def received(items: Sequence[Item]) -> None:
            if document != self._document:
                return
            self.shown = items
            self.listed.emit(items, self.current)
            if then is not None:
                then(items)

        self._bridge.ask(self._bridge.services.history.about(document, kind), received)

    def rename(self, item: str, title: str) -> None:
        self._bridge.services.history.rename(item, title)

    def delete(self, item: str) -> None:
        trash(self._bridge, item, self._on_restored)

    def _on_restored(self, item: Item) -> None:
        self.refresh(lambda _items: self.restored.emit(item.id))

    def _on_item_changed(self, event: events.ItemChanged) -> None:
        item = event.item
        if item.kind != self._kind or item.id not in {shown.id for shown in self.shown}:
            return
        is_gone = item.deleted_at is not None
        if is_gone and item.id == self.current:
            self.current = ""
            self.refresh(lambda _items: self.current_gone.emit())
        else:
            self.refresh()


class JobFollower(QObject, JobOwner):
    """Base of the controllers of reports: the item that is shown beside a document, and its job."""

    job_reported = Signal(object)
    emptied = Signal()
    stopped = Signal(str)
    """Emitted with a sentence why nothing is made."""

    def __init__(self, bridge: Bridge, kind: str, name: str, parent: QObject | None) -> None:
        super().__init__(parent, objectName=name)
        self.bridge = self._bridge = bridge
        self.items = ItemsController(bridge, kind, self)
        self._document = ""
        self._about: frozenset[str] = frozenset()
        """Documents of the item."""
        self._job = ""
        self._awaited = ""
        """Id of the item to open once its document is shown."""
        self._reading: Call | None = None
        """The folder that is being read for the next item."""
        self.items.current_gone.connect(self._on_current_gone)
        self.items.restored.connect(self._on_restored)
        bridge.on(JobChanged, self._on_job_changed)

    @property
    def item(self) -> str:
        return self.items.current

    def choose(self, item: str) -> None:
        raise NotImplementedError

    def show_document(self, document: str) -> None:
        """Show the newest item of a document. An item that is about this document too stays."""
        if document == self._document:
            return
        self._document = document
        if document in self._about and not self._awaited:
            self.items.show_document(document)
            return
        self._leave()
        self.items.show_document(document, self._open_newest)

    def is_about(self, documents: Sequence[str]) -> bool:
        """Tell whether the shown item, or the one being made, is made of just these documents."""
        return bool(self._about) and self._about == frozenset(documents)

    def open_item(self, document: str, item: str) -> None:
        """Show an item of a document that is shown, or will be shown soon."""
        if document == self._document:
            self.choose(item)
        else:
            self._awaited = item

    def delete(self, item: str) -> None:
        """Move an item to the trash, with undo. If it is being made, its job is cancelled."""
        if item == self.item and self._job:
            self._bridge.services.jobs.cancel(self._job)
        self.items.delete(item)

    def _open_newest(self, items: Sequence[Item]) -> None:
        awaited, self._awaited = self._awaited, ""
        if items and not self.item:
            self.choose(awaited if awaited in [item.id for item in items] else items[0].id)

    def _leave(self) -> None:
        self._about, self._job = frozenset(), ""
        self.items.set_current("")
        self.emptied.emit()

    def _on_current_gone(self) -> None:
        self._leave()
        self.items.refresh(self._open_newest)

    def _on_restored(self, item: str) -> None:
        if not self.item:
            self.choose(item)

    def _on_job_changed(self, event: JobChanged) -> None:
        if self._job and event.id == self._job:
            if event.status.is_end:
                self._job = ""
            self.job_reported.emit(event)

    def refuse(self, problem: Problem) -> None:
        self.stopped.emit(problem.sentence)
        if problem.report:
            self._bridge.problem_met.emit(problem)

    def cancel(self) -> None:
        """Cancel the reading of a folder, or else the job. Finished steps are kept."""
        if self._reading is not None:
            self._reading.cancel()
        elif self._job:
            super().cancel()

    def read_folder(
        self,
        request: Any,
        read: Callable[[Any], object],
        refused: Callable[[Problem], object],
        progressed: Callable[[tuple[int, int, str]], object],
    ) -> None:
        """Follow a request that reads a folder, until `read` or `refused` is called."""

        def ended(then: Callable[[Any], object], result: object) -> None:
            self._reading = None
            then(result)

        self._reading = self._bridge.follow(request, partial(ended, read), partial(ended, refused), progressed)

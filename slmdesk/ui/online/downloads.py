"""Downloads in the window: starting, pausing, resuming and cancelling them, and leftover files of earlier runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import attrgetter

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from slmdesk.base.runtime.events import DownloadChanged, DownloadState
from slmdesk.base.runtime.messages import bytes_for_people, time_for_people
from slmdesk.base.texts import _
from slmdesk.models.online.downloads import ENDS, LeftoverFile
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.widgets.bars import SettingsController, thin_bar
from slmdesk.ui.kit.widgets.build import column, named, plain_label, tool_button
from slmdesk.ui.kit.widgets.notices import UNDO_MS, Notice
from slmdesk.ui.kit.widgets.rows import DOT, Card, Removals, Rows
from slmdesk.ui.kit.widgets.tokens import GATED_CODES

OFFLINE_WORDS = _("slmdesk works offline. Searching and downloading need the network.")


class DownloadsController(QObject):
    changed = Signal()
    """Emitted when a download or a leftover file is another, or is known or shown no more."""
    chat_requested = Signal(str)

    def __init__(self, bridge: Bridge, settings: SettingsController, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="fetch_controller")
        self._bridge = bridge
        self._settings = settings
        self.removals = Removals(bridge, self)
        self.removals.dropped.connect(self.changed)
        self._all: dict[str, DownloadChanged] = {}
        self._left: dict[str, LeftoverFile] = {}
        self.sums: frozenset[str] = frozenset()
        """Checksums of the models on this PC."""
        bridge.when_open(self._look_for_left_overs)
        bridge.on(DownloadChanged, self.show)

    @property
    def shown(self) -> list[DownloadChanged]:
        """All downloads but those whose cancelling can be undone: running ones first, then the queue in its order."""
        return sorted((each for each in self._all.values() if each.id not in self.removals), key=_place)

    @property
    def left_overs(self) -> list[LeftoverFile]:
        return [file for file in self._left.values() if file.id not in self.removals]

    def words_of(self, repo: str, name: str = "", sha256: str = "") -> str:
        """Return the text of a file's download button. Without a file name, it is for any file of the repository."""
        for change in self.shown:
            if change.repo.casefold() == repo.casefold() and name in ("", change.name):
                if change.state is DownloadState.PAUSED:
                    return _("Resume")
                if change.state not in ENDS:
                    return button_words(change)
        return ON_THIS_PC if sha256 and sha256 in self.sums else GET

    def show_sums(self, sums: Iterable[str]) -> None:
        self.sums = frozenset(sums)
        self.changed.emit()

    @Slot(str, str, str)
    def start(self, repo: str, file: str, quantization: str = "") -> None:
        """Download a file of a repository, or of a quantization. When offline, a notice offers to allow the network."""
        running = [changed for changed in self._all.values() if changed.repo == repo and changed.state not in ENDS]
        if any(file in ("", changed.name) for changed in running):
            words = _("This model is being downloaded already.")
            self._bridge.notice_raised.emit(Notice(words, life_ms=UNDO_MS, key="download"))
            return
        start = partial(self._bridge.services.downloads.start, repo, file, quantization, waits=True)
        self._when_allowed(_("Allow the network and download"), start)

    def pause(self, id: str) -> None:
        self._bridge.services.downloads.pause(id)

    def resume(self, id: str) -> None:
        self._when_allowed(_("Allow the network and go on"), partial(self._bridge.services.downloads.resume, id))

    def move(self, id: str, where: str) -> None:
        self._bridge.services.downloads.move(id, where)

    def cancel(self, id: str) -> None:
        """Pause a download now, and cancel it when the time for *Undo* is over. Its partial file is deleted then."""
        change = self._all[id]
        if was_running := change.state not in ENDS:
            self.pause(id)

        def cancel() -> None:
            del self._all[id]
            self._bridge.services.downloads.cancel(id)

        def undo() -> None:
            if was_running:
                self._bridge.services.downloads.resume(id)

        words = _("The download of {name} is cancelled.").format(name=change.name or change.repo)
        self._let_go(id, words, cancel, undo)

    def use(self, id: str) -> None:
        model = self._all[id].model
        if model is not None:
            self._chat_with(model.id, id)

    def dismiss(self, id: str) -> None:
        self._all.pop(id, None)
        self.changed.emit()

    def go_on_with(self, left_over: str) -> None:
        file = self._left[left_over]
        self.start(file.repo, file.name)

    def discard(self, left_over: str) -> None:
        """Take a leftover file off the list now, and delete it when the time for *Undo* is over."""
        name = self._left[left_over].name
        words = _("What came of {name} is removed.").format(name=name)
        self._let_go(left_over, words, partial(self._discard_now, left_over))

    def _look_for_left_overs(self) -> None:
        self._bridge.ask(self._bridge.services.downloads.left_overs(), self._on_left_overs)

    def _on_left_overs(self, files: Sequence[LeftoverFile]) -> None:
        known = {
            (changed.repo, changed.name) for changed in self._all.values() if changed.state is not DownloadState.DONE
        }
        self._left = {file.id: file for file in files if file.is_bad or (file.repo, file.name) not in known}
        self.changed.emit()

    def show(self, change: DownloadChanged) -> None:
        before = self._all.get(change.id)
        if before is None and change.state is DownloadState.CANCELLED:
            return
        self._all[change.id] = change
        self._forget_left(change)
        if change.id in self.removals and change.state is DownloadState.DONE:
            self.removals.keep(change.id)  # the download ended before it could be stopped
        if change.id in self.removals:
            return
        if change.state is DownloadState.CANCELLED:
            self.dismiss(change.id)
            return
        self.changed.emit()
        if change.problem and change.problem.code == "download.damaged":
            self._look_for_left_overs()  # shows the damaged file
        if change.state is DownloadState.DONE and (before is None or before.state is not DownloadState.DONE):
            self._say_done(change)

    def _say_done(self, change: DownloadChanged) -> None:
        if change.model is None or not change.model.can_chat:
            return  # a finder, a listener: used by itself, and its row says that it is here
        use = partial(self._chat_with, change.model.id, change.id)  # the download's row may be closed by then
        words = _("{name} is here, and exactly what was published.").format(name=change.model.name)
        notice = Notice(words, action=_("Use now"), on_action=use, life_ms=UNDO_MS, key=f"come {change.model.id}")
        self._bridge.notice_raised.emit(notice)  # goes where it is used by itself

    def _chat_with(self, model: str, id: str) -> None:
        self.dismiss(id)
        self.chat_requested.emit(model)

    def _when_allowed(self, action: str, then: Callable[[], object]) -> None:
        if not self._settings.current.offline:
            then()
            return
        network, once = self._bridge.services.network, _("Only this once")

        def allow() -> None:
            self._bridge.ask(network.set_offline(False), lambda __: then())

        def allow_once() -> None:
            self._bridge.ask(network.allow_once(), lambda __: then())

        notice = Notice(OFFLINE_WORDS, action=action, on_action=allow, other=once, on_other=allow_once, key="offline")
        self._bridge.notice_raised.emit(notice)

    def _let_go(self, id: str, words: str, then: Callable[[], None], undo: Callable[[], None] = lambda: None) -> None:
        def undone(_id: str) -> None:
            self.changed.emit()
            undo()

        self.removals.begin([id], words, lambda _id: then(), undone, key=f"cancel {id}")
        self.changed.emit()

    def _discard_now(self, left_over: str) -> None:
        name = self._left.pop(left_over).name

        def discarded(freed: int) -> None:
            words = _("What came of {name} is removed; {size} are free again.").format(
                name=name, size=bytes_for_people(freed)
            )
            self._bridge.notice_raised.emit(Notice(words, life_ms=UNDO_MS, key=f"cancel {left_over}"))

        self._bridge.ask(self._bridge.services.downloads.discard(left_over), discarded)

    def _forget_left(self, change: DownloadChanged) -> None:
        about = change.repo, change.name
        same = [file.id for file in self._left.values() if (file.repo, file.name) == about and not file.is_bad]
        for id in same:
            del self._left[id]


WORDS = {
    DownloadState.ASKING: _("Asking the Hub what the file is…"),
    DownloadState.CHECKING: _("Checking what is here already…"),
    DownloadState.WAITING: _("Waiting for the network; what came is kept."),
    DownloadState.ELSEWHERE: _("Another window or command is fetching it."),
    DownloadState.PAUSED: _("Paused"),
    DownloadState.DONE: _("Complete, and exactly what was published."),
}
RUNNING = frozenset(DownloadState) - ENDS
MOVES = (
    ("up", _("Earlier in the queue"), "Alt+Up"),
    ("down", _("Later in the queue"), "Alt+Down"),
    ("first", _("First in the queue"), "Alt+Home"),
)


class DownloadRow(Card):
    def __init__(
        self, fetch: DownloadsController, change: DownloadChanged, explain: Callable[[object], object], parent: QWidget
    ) -> None:
        super().__init__(parent, name="download_row", title=change.name or change.repo)
        self._fetch, self._change = fetch, change
        self._bar = thin_bar("download_bar", self, _("Downloaded"), most=1000)
        self.body.addWidget(self._bar)
        name = change.name or change.repo
        spoken = _("Chat with {name}").format(name=name)
        self._use = self.add_button(_("Use now"), "use_download_button", spoken, partial(fetch.use, change.id))
        self._use.setProperty("kind", "primary")
        spoken = _("What to do to get {name}").format(name=name)
        self._gated = self.add_button(_("What to do…"), "gated_button", spoken, lambda: explain(self._change))
        self._pause = self.add_button(_("Pause"), "pause_button", "", self._on_pause)
        self._cancel = self.add_button(_("Cancel"), "cancel_download_button", "", self._on_cancel)
        self._build_moves(name)

    def show_change(self, change: DownloadChanged) -> None:
        self._change = change
        name = change.model.name if change.model else change.name or change.repo
        self.set_title(name)
        self.setAccessibleName(name)
        self.fit.show_fit(change.fit)
        self.set_info(words_of(change))
        self.set_sentence(change.note.sentence if change.note else "")
        self.set_trouble(change.problem.sentence if change.problem else "")
        share = change.done_bytes / change.total_bytes if change.total_bytes else 0.0
        self._bar.setValue(round(share * 1000))
        is_done, is_running = change.state is DownloadState.DONE, change.state in RUNNING
        self._bar.setVisible(not is_done and (share > 0 or (is_running and change.state is not DownloadState.QUEUED)))
        self._use.setVisible(is_done and change.model is not None and change.model.can_chat)
        code = change.problem.code if change.problem else ""
        self._gated.setVisible(change.state is DownloadState.FAILED and code in GATED_CODES)
        self._moves.setVisible(change.place > 0)
        self._pause.setVisible(not is_done)
        resume = _("Try again") if change.state is DownloadState.FAILED else _("Resume")
        _dress(self._pause, _("Pause") if is_running else resume, name)
        _dress(self._cancel, _("Close") if is_done else _("Cancel"), name)

    def _build_moves(self, name: str) -> None:
        label = _("Place in the queue: {name}").format(name=name)
        tip = _("Place in the queue (Alt+Up, Alt+Down)")
        self._moves = tool_button("download_moves", self, label=label, tip=tip, icon="ellipsis")
        self._moves.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        menu = named(QMenu(self._moves), "download_moves_menu")
        for where, words, keys in MOVES:
            menu.addAction(f"{words}\t{keys}", partial(self._move, where)).setObjectName(f"move_{where}")
            context = Qt.ShortcutContext.WidgetWithChildrenShortcut
            shortcut = QShortcut(QKeySequence(keys), self, context=context)
            shortcut.activated.connect(partial(self._move, where))
        self._moves.setMenu(menu)
        self.add_widget(self._moves)

    def _move(self, where: str) -> None:
        self._fetch.move(self._change.id, where)

    def _on_pause(self) -> None:
        if self._change.state in RUNNING:
            self._fetch.pause(self._change.id)
        else:
            self._fetch.resume(self._change.id)

    def _on_cancel(self) -> None:
        if self._change.state is DownloadState.DONE:
            self._fetch.dismiss(self._change.id)
        else:
            self._fetch.cancel(self._change.id)


class LeftoverRow(Card):
    def __init__(self, fetch: DownloadsController, leftover: LeftoverFile, parent: QWidget) -> None:
        super().__init__(parent, name="left_over_row", title=leftover.name)
        size = bytes_for_people(leftover.bytes)
        info = _("Begun earlier: {size} of {size2} are here.").format(
            size=size, size2=bytes_for_people(leftover.expected)
        )
        if leftover.is_bad:
            info = _("Damaged on the way or at its source: {size} are kept aside, never used.").format(size=size)
        self.set_info(info if leftover.repo or leftover.is_bad else _("Begun earlier; of what is not known."))
        if leftover.repo and not leftover.is_bad:
            bar = thin_bar("download_bar", self, _("Downloaded"), most=1000)
            bar.setValue(round(1000 * leftover.bytes / max(leftover.expected, 1)))
            self.body.addWidget(bar)
            spoken = _("Fetch the rest of {name}").format(name=leftover.name)
            self.add_button(_("Resume"), "resume_left_button", spoken, partial(fetch.go_on_with, leftover.id))
        spoken = _("Remove what came of {name}").format(name=leftover.name)
        self.add_button(_("Remove"), "discard_left_button", spoken, partial(fetch.discard, leftover.id))


class Downloads(QWidget):
    """List of all downloads: running ones first, then the queue in its order. Takes no space while it is empty."""

    gated_requested = Signal(object)

    def __init__(self, fetch: DownloadsController, is_told: Callable[[DownloadChanged], bool]) -> None:
        """Create the list. `is_told` returns whether a download is shown elsewhere on the page."""
        super().__init__()
        self.setObjectName("downloads")
        self._fetch, self._is_told = fetch, is_told
        downloads, left = column(gap=theme.SPACE_4), column(gap=theme.SPACE_4)
        self._rows = Rows(downloads, attrgetter("id"), self._make_row, DownloadRow.show_change)
        self._left = Rows[LeftoverFile, LeftoverRow](
            left, attrgetter("id"), lambda file: LeftoverRow(fetch, file, self)
        )
        heading = plain_label(_("Downloads"), self, name="downloads_heading", kind="heading")
        margins = (0, 0, 0, theme.SPACE_12)
        column(heading, downloads, left, into=self, gap=theme.SPACE_4, margins=margins)
        self.setVisible(False)
        fetch.changed.connect(self._show)

    def _show(self) -> None:
        self._rows.show([change for change in self._fetch.shown if not self._is_told(change)])
        self._left.show(self._fetch.left_overs)
        self.setVisible(bool(self._rows.rows or self._left.rows))

    def _make_row(self, change: DownloadChanged) -> DownloadRow:
        return DownloadRow(self._fetch, change, self.gated_requested.emit, self)


def words_of(change: DownloadChanged) -> str:
    state, total = change.state, bytes_for_people(change.total_bytes)
    if state is DownloadState.DONE:
        return DOT.join((WORDS[state], total))
    parts = (
        place_words(change.place) if state is DownloadState.QUEUED else WORDS.get(state, ""),
        _("{size} of {total}").format(size=bytes_for_people(change.done_bytes), total=total)
        if change.total_bytes
        else "",
        _("{size} a second").format(size=bytes_for_people(change.bytes_per_s)) if change.bytes_per_s else "",
        _("{time} left").format(time=time_for_people(change.eta_s)) if change.eta_s is not None else "",
    )
    return DOT.join(part for part in parts if part)


def place_words(place: int) -> str:
    """Return the place in the queue in words, such as "Next in the queue" or "3rd in the queue". Empty for 0."""
    if place < 2:
        return _("Next in the queue") if place else ""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(place % 10 if place % 100 not in (11, 12, 13) else 0, "th")
    return _("{place}{ending} in the queue").format(place=place, ending=ending)


def _place(change: DownloadChanged) -> tuple[int, int]:
    if change.state is DownloadState.QUEUED:
        return 1, change.place
    return (0, 0) if change.state in RUNNING else (2, 0)


def _dress(button: QPushButton, text: str, name: str) -> None:
    button.setText(text)
    button.setAccessibleName(f"{text}: {name}")
    button.setToolTip("")


GET = _("Download")
ON_THIS_PC = _("On this PC")


def button_words(change: DownloadChanged) -> str:
    """Return the state of an unfinished download for a button, such as "In the queue" or "43 % is here"."""
    if change.state is DownloadState.QUEUED:
        return _("In the queue")
    if not change.total_bytes:
        return _("Asked for")
    return _("{done_bytes} % is here").format(done_bytes=100 * change.done_bytes // change.total_bytes)

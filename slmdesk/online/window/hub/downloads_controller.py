"""Downloads as the page shows them: started, paused, resumed, cancelled.  No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from slmdesk.base.settings import Settings
from slmdesk.online.downloads import ENDS
from slmdesk.online.events import DownloadChanged, DownloadState
from slmdesk.online.leftovers import LeftoverFile
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice
from slmdesk.window.widgets.removals import Removals

OFFLINE_WORDS = "slmdesk works offline, so nothing was asked for."


class DownloadsController(QObject):
    download_shown = Signal(object)
    download_hidden = Signal(str)
    left_overs_listed = Signal(object)
    chat_requested = Signal(str)

    def __init__(self, bridge: Bridge, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="fetch_controller")
        self._bridge = bridge
        self._is_offline = settings.offline
        self.removals = Removals(bridge, self)
        self._all: dict[str, DownloadChanged] = {}
        self._left: dict[str, LeftoverFile] = {}
        bridge.when_open(self._look_for_left_overs)
        bridge.on(DownloadChanged, self.show)
        bridge.settings_changed.connect(self._on_settings_changed)

    @Slot(str, str, str)
    def start(self, repo: str, file: str, quantization: str = "") -> None:
        """Download a file of a repository, or the one of a quantization; when offline, a notice offers to allow the
        network.
        """
        running = [one for one in self._all.values() if one.repo == repo and one.state not in ENDS]
        if any(file in ("", one.name) for one in running):
            self._bridge.notice_raised.emit(
                Notice("This model is being downloaded already.", life_ms=UNDO_MS, key="download")
            )
            return
        begin = partial(self._start, repo, file, quantization)
        if self._is_offline:
            self._offer_network("Allow the network and download", begin)
        else:
            begin()

    def pause(self, id: str) -> None:
        """Pause a download; the part received is kept."""
        self._bridge.services.downloads.pause(id)

    def resume(self, id: str) -> None:
        go_on = partial(self._resume, id)
        if self._is_offline:
            self._offer_network("Allow the network and go on", go_on)
        else:
            go_on()

    def move(self, id: str, where: str) -> None:
        """Change the place of a waiting download in the queue: up, down, first."""
        self._bridge.services.downloads.move(id, where)

    def cancel(self, id: str) -> None:
        """Cancel a download; its part is deleted when the time for *Undo* is over."""
        change = self._all[id]
        if change.state not in ENDS:
            self.pause(id)
        self._let_go(id, f"The download of {change.name or change.repo} is cancelled.", partial(self._cancel_now, id))

    def use(self, id: str) -> None:
        model = self._all[id].model
        if model is not None:
            self._chat_with(model.id, id)

    def dismiss(self, id: str) -> None:
        self._all.pop(id, None)
        self.download_hidden.emit(id)

    def go_on_with(self, left_over: str) -> None:
        found = self._left[left_over]
        self.start(found.repo, found.name)

    def discard(self, left_over: str) -> None:
        """Delete an unfinished file when the time for *Undo* is over."""
        name = self._left[left_over].name
        self._let_go(left_over, f"What came of {name} is removed.", partial(self._discard_now, left_over))
        self._list_left()

    # ---- events

    def _look_for_left_overs(self) -> None:
        self._bridge.ask(self._bridge.services.downloads.left_overs(), self._on_left_overs)

    def _on_left_overs(self, found: Sequence[LeftoverFile]) -> None:
        known = {(one.repo, one.name) for one in self._all.values() if one.state is not DownloadState.DONE}
        self._left = {one.id: one for one in found if one.is_bad or (one.repo, one.name) not in known}
        self._list_left()

    def show(self, change: DownloadChanged) -> None:
        before = self._all.get(change.id)
        if before is None and change.state is DownloadState.CANCELLED:
            return
        self._all[change.id] = change
        self._forget_left(change)
        if change.id in self.removals and change.state is DownloadState.DONE:
            self.removals.keep(change.id)  # it was whole before it could be stopped
        if change.id in self.removals:
            return
        if change.state is DownloadState.CANCELLED:
            self.dismiss(change.id)
            return
        self.download_shown.emit(change)
        if change.problem and change.problem.code == "download.damaged":
            self._look_for_left_overs()  # the file that was set aside
        if change.state is DownloadState.DONE and (before is None or before.state is not DownloadState.DONE):
            self._say_done(change)

    def _on_settings_changed(self, settings: Settings) -> None:
        self._is_offline = settings.offline

    # ---- private

    def _say_done(self, change: DownloadChanged) -> None:
        if change.model is None:
            return
        use = partial(self._chat_with, change.model.id, change.id)  # its row may be closed by then
        words = f"{change.model.name} is here, and exactly what was published."
        self._bridge.notice_raised.emit(
            Notice(words, action="Use it now", on_action=use, life_ms=UNDO_MS, key=f"done {change.id}")
        )

    def _chat_with(self, model: str, id: str) -> None:
        self.dismiss(id)
        self.chat_requested.emit(model)

    def _start(self, repo: str, file: str, quantization: str) -> None:
        self._bridge.services.downloads.start(repo, file, quantization, waits=True)  # fmt: skip

    def _resume(self, id: str) -> None:
        self._bridge.services.downloads.resume(id)

    def _offer_network(self, action: str, then: Callable[[], None]) -> None:
        def allow() -> None:
            self._bridge.ask(self._bridge.services.network.set_offline(False), lambda _: then())

        def once() -> None:
            self._bridge.ask(self._bridge.services.network.allow_once(), lambda _: then())

        self._bridge.notice_raised.emit(
            Notice(
                OFFLINE_WORDS,
                action=action,
                on_action=allow,
                other="Only this once",
                on_other=once,
                key="offline",
            )
        )

    def _let_go(self, id: str, words: str, then: Callable[[], None]) -> None:
        self.removals.begin(id, words, then, partial(self._undo, id), key=f"cancel {id}")
        self.download_hidden.emit(id)

    def _undo(self, id: str) -> None:
        if id in self._left:
            self._list_left()
        elif (change := self._all.get(id)) is not None:
            self.download_shown.emit(change)
            self._resume(id)

    def _cancel_now(self, id: str) -> None:
        self._bridge.services.downloads.cancel(id)

    def _discard_now(self, left_over: str) -> None:
        name = self._left.pop(left_over).name

        def discarded(freed: int) -> None:
            words = f"What came of {name} is removed; {bytes_for_people(freed)} are free again."
            self._bridge.notice_raised.emit(Notice(words, life_ms=UNDO_MS, key=f"cancel {left_over}"))

        self._bridge.ask(self._bridge.services.downloads.discard(left_over), discarded)

    def _forget_left(self, change: DownloadChanged) -> None:
        same = [one.id for one in self._left.values() if (one.repo, one.name) == (change.repo, change.name)]
        for id in same:
            if not self._left[id].is_bad:
                del self._left[id]
                self._list_left()

    def _list_left(self) -> None:
        self.left_overs_listed.emit(tuple(one for one in self._left.values() if one.id not in self.removals))

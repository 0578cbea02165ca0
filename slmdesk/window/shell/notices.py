"""Notices in the window: what failed, what has become of it, and the way out of a damaged history."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal

from slmdesk.base.record import changed
from slmdesk.base.records import BackupCopy, Rescued, Restored
from slmdesk.chat.window.conversation.controller import ChatController
from slmdesk.chat.window.list.controller import ListController
from slmdesk.chat.window.model.controller import STATE_TOPIC
from slmdesk.history.rescue_labels import rescued_words
from slmdesk.loader.events import ModelState, ModelStateChanged
from slmdesk.runtime.events import ExamOffered, MessageAdded, MessageEnded, Noticed, NoticeOver, Problem
from slmdesk.summaries.events import FolderWritten
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.dates import moment_words
from slmdesk.window.base.error_dialog import ErrorThread
from slmdesk.window.widgets.notice_bar import Notice, NoticeArea, notice_of
from slmdesk.window.widgets.outside import open_outside


class NoticeController(QObject):
    """Shows notices and drops those that are over.  Emits `quit_requested` when a person ends what cannot open,
    `trash_requested` when they want to see what was moved there, `exam_requested` with the id of a model to be tested.
    """

    quit_requested = Signal()
    trash_requested = Signal()
    exam_requested = Signal(str)

    def __init__(
        self,
        bridge: Bridge,
        bars: NoticeArea,
        errors: ErrorThread,
        chat: ChatController,
        chats: ListController,
        parent: QObject,
    ) -> None:
        super().__init__(parent, objectName="notice_controller")
        self._bridge, self._bars, self._errors = bridge, bars, errors
        self._chat, self._chats = chat, chats
        self._reported_in_chat: dict[str, str] = {}
        self._open_chat = ""
        bridge.notice_raised.connect(self._on_notice_raised)
        bridge.problem_met.connect(self.show_problem)
        bridge.open_failed.connect(self._on_open_failed)
        bridge.on(Noticed, self._on_noticed)
        bridge.on(ExamOffered, self._on_exam_offered)
        bridge.on(FolderWritten, self._on_folder_written)
        bridge.on(NoticeOver, lambda event: bars.drop_topic(event.code))
        bridge.on(MessageAdded, lambda _event: bars.drop_topic("store.full"))
        bridge.on(MessageEnded, self._on_message_ended)
        bridge.on(ModelStateChanged, self._on_model_state_changed)
        chat.chat_opened.connect(self._on_chat_opened)

    def _on_notice_raised(self, notice: Notice) -> None:
        if notice.report:
            self._errors.show_report(notice.report)
        elif not any(self._reported_in_chat.get(one) == notice.text for one in self._chat.message_ids[-1:]):
            self._bars.show_notice(notice)

    def _on_message_ended(self, event: MessageEnded) -> None:
        """Notify of an ended answer, except in the open chat, which shows the end under the message."""
        if event.problem is not None and event.message.id in self._chat.message_ids:
            self._reported_in_chat = {event.message.id: event.problem.sentence}
            self._bars.drop_text(event.problem.sentence)

    def _on_model_state_changed(self, event: ModelStateChanged) -> None:
        if event.state in (ModelState.LOADING, ModelState.READY):
            self._bars.drop_topic(STATE_TOPIC)
        if event.state is ModelState.READY:
            self._reported_in_chat.clear()  # the next crash is another one

    def _on_chat_opened(self, chat: str) -> None:
        if chat != self._open_chat:
            self._open_chat = chat
            self._bars.drop_topic("context.full")

    def _on_noticed(self, event: Noticed) -> None:
        problem = event.problem
        if problem.code == "store.damaged":
            rescue = partial(self._rescue, Path(str(problem.args["path"])))
            self._on_notice_raised(notice_of(problem, action="Rescue what can be read", on_action=rescue))
            self._bridge.ask(self._bridge.services.backups.copies(), self._on_copies)
        elif event.is_fault:
            self.show_problem(problem)
        else:
            self._on_notice_raised(self._told(event))

    def _on_exam_offered(self, event: ExamOffered) -> None:
        how_long = f"takes about {event.minutes} min" if event.minutes else "runs"
        words = (
            f"Test “{event.name}” now? It {how_long} in the background, and the model's card then says what it can be "
            "trusted with."
        )
        begin = partial(self.exam_requested.emit, event.model)
        self._on_notice_raised(Notice(words, action="Test now", on_action=begin, key=f"exam {event.model}"))

    def _on_folder_written(self, event: FolderWritten) -> None:
        if event.problem is not None:
            self.show_problem(event.problem)
            return
        left = f" {event.failed:,} of the documents could not be read; the table says why." if event.failed else ""
        words = f"{event.files:,} files with summaries were written to {event.folder}.{left}"
        show = partial(open_outside, QUrl.fromLocalFile(event.folder))
        self._on_notice_raised(Notice(words, action="Open folder", on_action=show, key=f"folder {event.folder}"))

    def _told(self, event: Noticed) -> Notice:
        told = Notice(event.problem.sentence, topic=event.problem.code)
        if not event.trashed:
            return told
        take_back = partial(self._bridge.ask, lambda services: services.retention.take_back(event.trashed))
        return changed(told, action="Undo", on_action=take_back, other="Show trash", on_other=self.trash_requested.emit)

    def _rescue(self, damaged: Path) -> None:
        self._bridge.ask(self._bridge.services.history.rescue(damaged), self._on_rescued)

    def _on_rescued(self, found: Rescued) -> None:
        self._chats.start()
        self._on_notice_raised(Notice(rescued_words(found), key="rescued"))

    def _on_copies(self, copies: Sequence[BackupCopy]) -> None:
        if not copies:
            return
        when = moment_words(copies[0].time)
        words = (
            f"There is a backup of {when}. What came later can be rescued into it afterwards; the history begun now "
            "would be set aside."
        )
        restore = partial(self._restore, copies[0].path)
        self._on_notice_raised(Notice(words, action="Restore the newest backup", on_action=restore, key="restore"))

    def _restore(self, copy: Path) -> None:
        self._bridge.follow(self._bridge.services.backups.restore(copy), self._on_restored)

    def _on_restored(self, _done: Restored) -> None:
        self._chats.start()
        words = "The backup is restored. What was there before is kept beside it."
        self._on_notice_raised(Notice(words, key="restored"))

    def show_problem(self, problem: Problem) -> None:
        self._on_notice_raised(notice_of(problem))

    def _on_open_failed(self, problem: Problem) -> None:
        self._on_notice_raised(notice_of(problem, action="Quit", on_action=self.quit_requested.emit))

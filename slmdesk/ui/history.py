"""Dialogs for deleting (the trash, a day, everything), and the questions of a restore."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from slmdesk.base.record import changed
from slmdesk.base.records import Brought, DocumentRecord, HistoryContents, Item, Restored
from slmdesk.base.runtime.events import ItemChanged, ItemGone
from slmdesk.base.runtime.messages import Problem, bytes_for_people
from slmdesk.base.texts import _, date_words, in_quotes
from slmdesk.base.untrusted import clean_label
from slmdesk.history.erasing import CONFIRMATION, Erasure
from slmdesk.history.labels import (
    KINDS,
    OTHER_KIND,
    brought_lines,
    replacing_words,
)
from slmdesk.history.retention import DayContent, day_lines
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.text import moment_words
from slmdesk.ui.kit.widgets.build import (
    CheckBox,
    breakable,
    button,
    column,
    flow,
    named,
    plain_label,
    row,
    show_words,
    text_line,
)
from slmdesk.ui.kit.widgets.dialogs import Dialog, LineQuestion, Question
from slmdesk.ui.kit.widgets.notices import UNDO_MS, Notice
from slmdesk.ui.kit.widgets.rows import Choice

if TYPE_CHECKING:
    from slmdesk.history.privacy.opening import Key
    from slmdesk.services import Services

PAGE = 100
MOST_NAME = 40
TRASH_INTRO = _(
    "Deleted chats. They can be searched no more, and come back with “Restore”. They stay until you delete them for "
    "good, or for as long as Settings, “History & deletion”, say."
)


class DeletedChats(Dialog):
    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent, "deleted_chats", _("Deleted chats"))
        self.resize(680, 460)
        self._bridge = bridge
        self._shown = PAGE
        self._items: Live[Sequence[Item]] = Live(
            bridge, self, lambda: bridge.services.history.items(None, limit=self._shown, deleted=True), (),
            on=(ItemChanged, ItemGone),
        )  # fmt: skip
        self._build_ui()
        self._items.changed.connect(self._show)

    def _build_ui(self) -> None:
        self._intro = plain_label(TRASH_INTRO, self, name="deleted_intro", kind="muted")
        self._list = named(QListWidget(self), "deleted_list", kind="list", label=_("Deleted chats"))
        self._list.setWordWrap(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemSelectionChanged.connect(self._on_chosen)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._more = button(_("Show more"), "deleted_more", self, on=self._on_more)
        self._restore = button(_("Restore"), "restore_button", self, on=self._on_restore)
        self._delete = button(_("Delete for good…"), "delete_for_good_button", self, on=self._on_delete)
        self._empty = button(_("Empty the trash…"), "empty_trash_button", self, on=self._on_empty)
        foot = flow(self._more, self._empty, self._restore, self._delete, gap=theme.SPACE_8)
        column(self._intro, (self._list, 1), foot, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._show()

    def _show(self) -> None:
        items, at = self._items.value, max(self._list.currentRow(), 0)
        kept = {item.id for item in self._chosen}
        self._list.clear()
        for item in items:
            when = moment_words(item.deleted_at or item.updated)
            what = "" if item.kind == "chat" else f"{_(KINDS.get(item.kind, OTHER_KIND)[0])}, "
            line = QListWidgetItem(f"{item.shown_title}   ({what}{when})", self._list)
            line.setData(Qt.ItemDataRole.UserRole, item)
        self._list.setCurrentRow(min(at, self._list.count() - 1))
        for at, item in enumerate(items):
            if item.id in kept:
                self._list.item(at).setSelected(True)
        self._intro.setText(TRASH_INTRO if items else _("The trash is empty."))
        self._more.setVisible(len(items) >= self._shown)
        self._empty.setEnabled(bool(items))
        self._on_chosen()

    @property
    def _chosen(self) -> list[Item]:
        return [line.data(Qt.ItemDataRole.UserRole) for line in self._list.selectedItems()]

    def _on_chosen(self) -> None:
        self._restore.setEnabled(bool(self._chosen))
        self._delete.setEnabled(bool(self._chosen))

    def _on_more(self) -> None:
        self._shown += PAGE
        self._items.again()

    def _on_restore(self) -> None:
        self._bridge.services.chats.restore_all([item.id for item in self._chosen])

    def _on_delete(self) -> None:
        items = self._chosen
        ids = [item.id for item in items]
        self._bridge.ask(self._bridge.services.history.documents_only_of(ids), partial(self._ask_delete, items))

    def _ask_delete(self, items: Sequence[Item], documents: Sequence[DocumentRecord]) -> None:
        forgotten = _("What you wrote in it is forgotten by the memory of translations too.")
        more = forgotten if any(item.kind == "translation" for item in items) else ""
        what = (
            _("“{title}” is").format(title=items[0].shown_title)
            if len(items) == 1
            else _("{count:,} chats are").format(count=len(items))
        )
        words = _("{what} deleted for good. This cannot be undone.").format(what=what)
        question = Question(self, "delete_for_good_dialog", _("Delete for good?"), words, more)
        also = named(CheckBox(_also(documents), question), "delete_documents_too")
        also.setToolTip("\n".join(document.name for document in documents))
        if documents:
            question.add_part(also)
        else:
            also.deleteLater()
        ids = [item.id for item in items]

        def delete() -> None:
            self._delete_now(ids, documents if documents and also.isChecked() else ())

        question.ask_sure(_("Delete for good"), "delete_sure_button", delete)

    def _delete_now(self, ids: Sequence[str], documents: Sequence[DocumentRecord]) -> None:
        def delete(services: Services) -> None:
            for id in ids:
                services.history.delete_for_good(id)
            for document in documents:
                services.documents.forget(document.id)

        self._bridge.ask(delete)

    def _on_empty(self) -> None:
        words = _("Everything in the trash is deleted for good. This cannot be undone.")
        more = _("Text of documents is kept; “Delete for good…” can forget it together with a chat.")
        question = Question(self, "empty_trash_dialog", _("Empty the trash?"), words, more)
        empty = lambda: self._bridge.services.history.empty_trash()  # noqa: E731
        question.ask_sure(_("Empty the trash"), "empty_sure_button", empty)


def _also(documents: Sequence[DocumentRecord]) -> str:
    name = clean_label(documents[0].name, MOST_NAME).replace("&", "&&") if documents else ""
    what = in_quotes(name) if len(documents) == 1 else _("{count} documents").format(count=len(documents))
    return _("Delete the text of {what} too: nothing else uses it. Files are not touched.").format(what=what)


FORGET_INTRO = _(
    "Chats, questions, summaries, translations and everything else made on the day are deleted for good, with "
    "documents that nothing else uses. This cannot be undone."
)


class ForgetDay(Dialog):
    """Dialog in which a person chooses a day, sees what was made on that day, and deletes it."""

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent, "forget_day", _("Delete one day"))
        self.resize(520, 220)
        self._bridge = bridge
        self._content: DayContent | None = None
        self._build_ui()
        self._bridge.ask(self._bridge.services.retention.days(), self._on_days)

    def _build_ui(self) -> None:
        intro = plain_label(FORGET_INTRO, self, name="forget_day_intro", kind="muted")
        self._days = named(Choice([], self), "forget_day_choice", label=_("The day"))
        self._days.value_chosen.connect(self._look)
        self._words = plain_label("", self, name="forget_day_words")
        self._forget = button(_("Delete this day"), "forget_day_button", self, on=self._on_forget)
        parts = (intro, self._days, self._words, 1, row(1, self._forget))
        column(*parts, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._show(None)

    def _on_days(self, days: Sequence[date]) -> None:
        self._days.clear()
        for day in days:
            self._days.addItem(date_words(day), day)
        self._days.setEnabled(bool(days))
        if days:
            self._look(days[0])
        else:
            self._words.setText(_("There is nothing in the history."))

    def _look(self, day: date) -> None:
        self._show(None)
        self._bridge.ask(self._bridge.services.retention.content_of(day), self._show)

    def _show(self, content: DayContent | None) -> None:
        self._content = content
        self._words.setText("\n".join(day_lines(content)) if content else "")
        self._forget.setEnabled(content is not None and not content.is_empty)

    def _on_forget(self) -> None:
        if self._content is None:
            return
        day = self._content.day
        self._forget.setEnabled(False)
        self._bridge.follow(self._bridge.services.retention.forget_day(day), partial(self._on_forgotten, day))

    def _on_forgotten(self, day: date, _content: DayContent) -> None:
        self._bridge.notice_raised.emit(
            Notice(_("{date} was deleted.").format(date=date_words(day)), life_ms=UNDO_MS, key="forgotten day")
        )
        self._bridge.ask(self._bridge.services.retention.days(), self._on_days)


ERASE_INTRO = _(
    "History, documents, settings, backups, logs and secrets in the system's keyring are deleted for good, and slmdesk "
    "closes. Backups, exports and copies that you made elsewhere stay where they are."
)


class EraseDialog(Dialog):
    """Dialog that emits `confirmed` with the Erasure, after the person typed the words and the secrets were removed."""

    confirmed = Signal(object)
    jobs_requested = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent, "erase_dialog", _("Delete everything"))
        self.resize(520, 320)
        self._bridge = bridge
        self._found: Live[Erasure | None] = Live(
            bridge, self, lambda: bridge.services.erasing.look(models=self._models.isChecked()), None,
            refused=self._on_refused,
        )  # fmt: skip
        self._build_ui()
        self._found.changed.connect(self._show)

    def _build_ui(self) -> None:
        intro = plain_label(ERASE_INTRO, self, name="erase_intro", kind="muted")
        self._models = named(
            CheckBox(_("The models too, those that were copied in or downloaded"), self), "erase_models"
        )
        self._models.toggled.connect(self._look)
        self._words = plain_label("", self, name="erase_words")
        self._problem = plain_label("", self, name="erase_problem", kind="danger", is_hidden=True)
        self._jobs = button(_("Show the jobs"), "erase_jobs_button", self, on=self._on_jobs)
        self._jobs.hide()
        asked = plain_label(
            _("To go on, type: {confirmation}").format(confirmation=CONFIRMATION), self, name="erase_asked"
        )
        self._typed = text_line(
            "erase_typed", self, "", label=_("Type {confirmation}").format(confirmation=CONFIRMATION), most=40
        )
        self._typed.textChanged.connect(self._show)
        self._erase = button(_("Delete everything"), "erase_button", self, kind="danger", on=self._on_erase)
        self._cancel = button(_("Cancel"), "erase_cancel", self, on=self.reject)
        foot = row(1, self._cancel, self._erase, gap=theme.SPACE_8)
        column(
            intro, self._models, self._words, self._problem, row(self._jobs, 1), asked, self._typed, 1, foot,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self._show()
        self._typed.setFocus()

    def _look(self) -> None:
        self._found.put(None)
        self._found.again()

    def _on_refused(self, problem: Problem) -> None:
        self._words.setText("")
        show_words(self._problem, breakable(problem.sentence))
        self._jobs.setVisible(problem.code == "job.running")

    def _on_jobs(self) -> None:
        self.reject()
        self.jobs_requested.emit()

    def _show(self) -> None:
        if (erasure := self._found.value) is not None:
            show_words(self._problem, "")
            self._jobs.hide()
            places = "\n".join(breakable(str(folder)) for folder in erasure.folders)
            words = _("{files:,} files, {size}, in:\n{places}")
            size = bytes_for_people(erasure.bytes)
            self._words.setText(words.format(files=erasure.files, size=size, places=places))
        is_armed = erasure is not None and self._typed.text().strip() == CONFIRMATION
        self._erase.setEnabled(is_armed)
        self._erase.setDefault(is_armed)  # Enter after the words does what they say
        self._cancel.setDefault(not is_armed)

    def _on_erase(self) -> None:
        if (erasure := self._found.value) is not None:
            self._erase.setEnabled(False)
            self._bridge.follow(
                self._bridge.services.erasing.forget_secrets(),
                lambda left: self._on_forgotten(erasure, left),
                self._on_refused,
            )

    def _on_forgotten(self, erasure: Erasure, left: tuple[str, ...]) -> None:
        """Go on, even if the keyring did not answer. In that case a message says so first."""
        if not left:
            self.confirmed.emit(erasure)
            return
        words = _("Still in the system's keyring, since it does not answer: {left}.").format(left=", ".join(left))
        more = _("Remove it there, under “slmdesk”.")
        question = Question(self, "erase_keyring_dialog", _("Delete everything"), words, more)
        question.ask_sure(_("Delete the rest"), "erase_rest_button", lambda: self.confirmed.emit(erasure))


class RestoreFlow(QObject):
    """Restores a backup: asks for its passphrase, says what it holds and what it replaces, offers *Undo* afterwards,
    and asks once about all that it brings.
    """

    def __init__(self, bridge: Bridge, window: QWidget) -> None:
        super().__init__(window, objectName="restore_flow")
        self._bridge, self._window = bridge, window
        self._removed: tuple[str, ...] = ()
        self._encrypts = False
        """Whether the history is plain now, and gets the keys of the backup."""

    def begin(self, copy: Path, removed: Sequence[str] = ()) -> None:
        """Ask about a backup. `removed`: documents whose removal can still be undone."""
        self._removed = tuple(removed)
        self._look(copy)

    def _look(self, copy: Path, key: Key | None = None) -> None:
        looking = self._bridge.services.backups.look(copy, key, removed=self._removed)
        self._bridge.follow(looking, partial(self._ask, copy, key), partial(self._on_refused, copy))

    def _on_refused(self, copy: Path, problem: Problem) -> None:
        """Ask for the words where a key is missing. A wrong key is that of the history, which was tried first."""
        if problem.code in ("key.missing", "key.wrong"):
            self._encrypts = problem.code == "key.missing"
            self._ask_words(copy)
        else:
            self._bridge.problem_met.emit(problem)

    def _ask_words(self, copy: Path, said: str = "") -> None:
        words = _("{name} is encrypted. Its passphrase or recovery key, of the time when it was made:").format(
            name=clean_label(copy.name, MOST_NAME)
        )
        title, given = _("Restore a backup"), partial(self._unlock, copy)
        LineQuestion(
            self._window, "backup_words_dialog", title, f"{said} {words}".strip(), given, accept=_("Open"),
            is_secret=True,
        ).open()  # fmt: skip

    def _unlock(self, copy: Path, words: str) -> None:
        def refused(problem: Problem) -> None:
            if problem.code in ("key.wrong", "key.mistyped"):
                self._ask_words(copy, problem.short)
            else:
                self._bridge.problem_met.emit(problem)

        self._bridge.follow(self._bridge.services.backups.key_of(copy, words), partial(self._look, copy), refused)

    def _ask(self, copy: Path, key: Key | None, contents: tuple[HistoryContents, HistoryContents]) -> None:
        held, replaced = replacing_words(*contents)
        if key is not None and self._encrypts:
            replaced += " " + _("The history is encrypted from then on, and opens as this backup does.")
        question = Question(self._window, "restore_question", _("Restore this backup?"), held, replaced)
        question.ask_sure(_("Replace"), "restore_sure_button", partial(self._restore, copy, key))

    def _restore(self, copy: Path, key: Key | None) -> None:
        self._bridge.follow(self._bridge.services.backups.restore(copy, key), self._on_restored)

    def _on_restored(self, done: Restored) -> None:
        notice = Notice(_("The backup is restored."), key="restored")
        if done.aside is not None:
            notice = changed(notice, action=_("Undo"), on_action=partial(self._undo, done.aside))
        self._bridge.notice_raised.emit(notice)
        self.ask_about_brought()

    def _undo(self, replaced: Path) -> None:
        self._bridge.follow(self._bridge.services.backups.undo(replaced), self._on_undone)

    def _on_undone(self, _done: Restored) -> None:
        self._bridge.notice_raised.emit(Notice(_("What was there before is back."), life_ms=UNDO_MS, key="restored"))

    def ask_about_brought(self) -> None:
        """Ask about what a backup brought, if it is not decided yet."""
        self._bridge.ask(self._bridge.services.backups.brought(), self._on_brought)

    def _on_brought(self, brought: Brought) -> None:
        if brought.is_empty:
            return
        lines = "\n".join(breakable(line) for line in brought_lines(brought))
        words = _("The backup also brings this. Nothing of it acts on this PC before you agree.")
        question = Question(self._window, "brought_question", _("What came with the backup"), words, lines)
        question.add_choice(_("Use"), "brought_use_button", self._use)
        question.add_choice(_("Leave out"), "brought_leave_button", self._leave)
        question.add_choice(_("Later"), "brought_later_button", is_beside=True, is_default=True)
        question.open()

    def _use(self) -> None:
        self._bridge.follow(self._bridge.services.backups.use_brought(), self._on_used)

    def _on_used(self, problems: Sequence[Problem]) -> None:
        for problem in problems:
            self._bridge.problem_met.emit(problem)

    def _leave(self) -> None:
        self._bridge.ask(self._bridge.services.backups.leave_brought())

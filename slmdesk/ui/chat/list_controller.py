"""Controller of the list of chats: pages, spaces, archive, search, renaming, and deleting with undo. No widgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QDropEvent

from slmdesk.base.record import Record, changed
from slmdesk.base.records import Found, Item, Message, Status
from slmdesk.base.runtime.events import ItemChanged, ItemGone, ItemsAdded, MessageAdded, MessageChanged, MessageEnded
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _, ngettext
from slmdesk.chat.conversation import is_private
from slmdesk.chat.presets import Preset
from slmdesk.chat.types import KIND, PresetsChanged
from slmdesk.ui.chat.attachments import AttachController
from slmdesk.ui.chat.list_rows import ChatRows, Key, row_of, row_of_hit, row_of_space
from slmdesk.ui.kit.base.bridge import Bridge, Call, ignored
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.window_state import WindowStateFile
from slmdesk.ui.kit.widgets.files import dropped_paths
from slmdesk.ui.kit.widgets.notices import LONG_MS, ExportController, Notice, notice_of, trashed, undoable

if TYPE_CHECKING:
    from slmdesk.chat.spaces import Space
    from slmdesk.history.imports import ImportProgress, ImportReport

MOST_HITS = 200
DAY_LOOK_MS = 60_000


class Place(Record):
    """Part of the chats that is listed: chats without a space, chats of one space, or the archive."""

    space: str = ""
    is_archive: bool = False


ALL, ARCHIVE = Place(), Place(is_archive=True)


class ListController(QObject):
    hint_changed = Signal(str)
    rows_changed = Signal()
    place_changed = Signal(object)
    chat_begun = Signal(str)

    def __init__(self, bridge: Bridge, state: WindowStateFile, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="list_controller")
        self._bridge, self._state = bridge, state
        self.exports = ExportController(bridge, self)
        self.imports = ImportController(bridge, self)
        self.spaces = SpacesController(bridge, self)
        self.rows = ChatRows(self)
        self.place = ALL
        self._words = ""
        self._writing: dict[str, str] = {}
        self._unread = frozenset(state.current.unread_chats.split())
        """Ids of chats with an answer that ended while another chat was open."""
        self._others: set[str] = set()
        self._homes: dict[str, str] = {}
        self._open = ""
        self._day_timer = QTimer(self, interval=DAY_LOOK_MS)
        self._connect()
        self._mark()

    def _connect(self) -> None:
        bridge = self._bridge
        self.rows.page_requested.connect(self._on_page_requested)
        self.rows.rename_requested.connect(self.rename)
        self.spaces.listed.connect(self._on_spaces_listed)
        bridge.on(ItemChanged, self._on_item_changed)
        bridge.on(ItemGone, self._on_item_gone)
        bridge.on(ItemsAdded, self.start)
        bridge.opened.connect(self.start)
        bridge.on(MessageAdded, self._on_message_reported)
        bridge.on(MessageChanged, self._on_message_reported)
        bridge.on(MessageEnded, self._on_message_reported)
        self._day_timer.timeout.connect(lambda: self.rows.set_today(date.today()))
        self._day_timer.start()

    def start(self) -> None:
        self.spaces.refresh()
        if not self._words:
            self.rows.start()
            self._show_spaces()

    def show_place(self, place: Place) -> None:
        if place == self.place and not self._words:
            return
        self.place, self._words = place, ""
        self.hint_changed.emit("")
        self.place_changed.emit(place)
        self.start()

    def mark_open(self, chat: str) -> None:
        """Record that a person looks at this chat ('' for a new chat), so that its answers are not unread."""
        self._open = chat
        self._set_unread(self._unread - {chat})

    def begin_chat(self, space: str) -> None:
        self._bridge.ask(self._bridge.services.chats.spaces.new_chat(space), lambda item: self.chat_begun.emit(item.id))

    def rename(self, chat: str, title: str) -> None:
        self._bridge.services.chats.rename(chat, title)

    def delete_all(self, chats: Sequence[str]) -> None:
        self._bridge.ask(self._bridge.services.chats.trash_all(chats), self._on_trashed)

    def pin(self, chats: Sequence[str], *, pinned: bool) -> None:
        self._bridge.services.chats.places.change(chats, pinned=pinned)

    def archive(self, chats: Sequence[str], *, archived: bool) -> None:
        """Move chats into the archive or out of it. A notice offers to undo this."""
        done = _("moved to the archive") if archived else _("taken out of the archive")
        self._bridge.ask(
            self._bridge.services.chats.places.change(chats, archived=archived), partial(self._offer_back, done)
        )

    def move(self, chats: Sequence[str], space: str) -> None:
        """Move chats into a space, or out of any with "". A notice offers to undo this."""
        name = self.spaces.name_of(space)
        done = _("moved to the space “{name}”").format(name=name) if space else _("moved out of the space")
        self._bridge.ask(
            self._bridge.services.chats.places.change(chats, space=space, archived=False),
            partial(self._offer_back, done),
        )

    def search(self, words: str) -> None:
        """Search for words and list the hits. An empty text ends the search. Earlier searches' results are dropped."""
        if words == self._words:
            return
        self._words = words
        if not words:
            self.hint_changed.emit("")
            self.start()
            return
        self._bridge.ask(
            self._bridge.services.history.search(words, limit=MOST_HITS, archived=self.place.is_archive),
            partial(self._on_found, words),
        )

    def _on_page_requested(self, before: Key | None, limit: int) -> None:
        place = self.place
        after = (bool(before[0]), before[1], before[2]) if before else None
        self._bridge.ask(
            self._bridge.services.chats.places.page(
                space=place.space, archived=place.is_archive, before=after, limit=limit
            ),
            partial(self._on_page_arrived, place),
        )

    def _on_page_arrived(self, place: Place, items: Sequence[Item]) -> None:
        if place != self.place:
            return
        for item in items:
            self._note_home(item)
        self.rows.show_page([row_of(item) for item in items])
        self._show_hint()
        self._mark()
        self.rows_changed.emit()

    def _on_found(self, words: str, hits: Sequence[Found]) -> None:
        if words != self._words:
            return
        self.rows.show_hits([row_of_hit(hit) for hit in hits])
        if not hits:
            hint = _("Nothing found in the archive") if self.place.is_archive else _("Nothing found")
        elif len(hits) >= MOST_HITS:
            hint = _("The newest {most_hits} matches; another word finds fewer").format(most_hits=MOST_HITS)
        else:
            hint = ngettext("1 match", "{n} matches", len(hits))
        self.hint_changed.emit(hint)
        self.rows_changed.emit()

    def _on_trashed(self, items: Sequence[Item]) -> None:
        def restore(*_chat: str) -> None:
            self._bridge.services.chats.restore_all([item.id for item in items])

        for item in items:
            self.rows.drop(item.id)
        if len(items) == 1:
            self._bridge.notice_raised.emit(trashed(items[0], restore))
        elif items:
            words = _("{count:,} chats were moved to the trash.").format(count=len(items))
            self._bridge.notice_raised.emit(undoable(words, restore, f"trash {items[0].id}"))

    def _offer_back(self, done: str, old: Sequence[Item]) -> None:
        if not old:
            return
        what = (
            _("“{title}” was").format(title=old[0].shown_title)
            if len(old) == 1
            else _("{count:,} chats were").format(count=len(old))
        )
        back = partial(self._bridge.ask, lambda services: services.chats.places.put_back(old))
        self._bridge.notice_raised.emit(undoable(f"{what} {done}.", back, f"place {old[0].id}"))

    def _on_item_changed(self, event: ItemChanged) -> None:
        item = event.item
        if is_private(item.id):
            return
        if item.kind != KIND:
            self._others.add(item.id)
            return
        self._note_home(item)
        if self._is_listed(item):
            self.rows.put(row_of(item))
        else:
            self.rows.drop(item.id)
        self._show_hint()
        self.rows_changed.emit()

    def _is_listed(self, item: Item) -> bool:
        """Return whether a chat belongs to those listed now. During a search only its archived state counts."""
        if item.deleted_at is not None:
            return False
        if self._words or self.place.is_archive or item.archived:
            return item.archived == self.place.is_archive
        return self.spaces.living(item.folder) == self.place.space

    def _on_item_gone(self, event: ItemGone) -> None:
        self.rows.drop(event.id)
        self._others.discard(event.id)
        self._set_unread(self._unread - {event.id})

    def _on_spaces_listed(self, has_moved: bool) -> None:
        """Update after a change of spaces. `has_moved`: spaces were added or removed, which moves their chats too."""
        if self.place.space and not self.spaces.living(self.place.space):
            self.show_place(ALL)
        elif has_moved and not self._words:
            self.rows.start()
        self._show_spaces()
        self.place_changed.emit(self.place)  # its name may have changed

    def _show_spaces(self) -> None:
        if self.place == ALL:
            spaces = self.spaces.spaces
            self.rows.show_spaces([row_of_space(space, at) for at, space in enumerate(spaces)])
            self._mark()
            self.rows_changed.emit()

    def _show_hint(self) -> None:
        if self._words:
            return
        words = _("No chats in this space yet.") if self.place.space else _("No chats yet.")
        words = _("Nothing is archived.") if self.place.is_archive else words
        is_empty = not self.rows.rows and self.rows.is_whole
        self.hint_changed.emit(words if is_empty else "")

    def _on_message_reported(self, event: MessageAdded | MessageChanged | MessageEnded) -> None:
        message: Message = event.message
        if is_private(message.item):
            return
        if message.status is Status.STREAMING:
            self._writing[message.id] = message.item
        elif self._writing.pop(message.id, None) is None:
            return
        elif message.status is not Status.CANCELLED and message.item not in (self._open, *self._others):
            self._set_unread(self._unread | {message.item})
        self._mark()

    def _note_home(self, item: Item) -> None:
        if item.folder:
            self._homes[item.id] = item.folder
        else:
            self._homes.pop(item.id, None)

    def _mark(self) -> None:
        self.rows.set_marks(self._with_homes(self._writing.values()), self._with_homes(self._unread))

    def _with_homes(self, chats: Iterable[str]) -> frozenset[str]:
        known = frozenset(chats)
        return known | {self._homes[item] for item in known if item in self._homes}

    def _set_unread(self, chats: frozenset[str]) -> None:
        if chats == self._unread:
            return
        self._unread = chats
        self._mark()
        words = " ".join(sorted(chats))
        self._bridge.ask(lambda _services: self._state.change(unread_chats=words), None, ignored)


SPACE_KIND = "space"


class SpacesController(QObject):
    listed = Signal(bool)
    made = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="spaces_controller")
        self._bridge = bridge
        self.spaces: Sequence[Space] = ()
        self._stored: Live[tuple[Sequence[Space], Sequence[Preset]] | None] = Live(
            bridge, self, lambda: lambda services: (services.chats.spaces.list(), services.chats.presets.list()), None,
            on=(PresetsChanged,),
        )  # fmt: skip
        self._stored.changed.connect(self._on_stored)
        self._is_known = False
        bridge.on(ItemChanged, self._on_item_changed)
        bridge.on(ItemGone, self._on_item_gone)

    @property
    def presets(self) -> Sequence[Preset]:
        return self._stored.value[1] if self._stored.value else ()

    def of(self, id: str) -> Space | None:
        return next((space for space in self.spaces if space.id == id), None)

    def name_of(self, id: str) -> str:
        """Return the name of a space; "" for no space or a deleted one."""
        space = self.of(id)
        return space.name if space else ""

    def living(self, id: str | None) -> str:
        """Return the id of a space that is neither deleted nor in the trash; "" otherwise.

        Until the spaces were loaded, every space counts as existing.
        """
        return id if id and (self.of(id) or not self._is_known) else ""

    def refresh(self) -> None:
        self._stored.again()

    def save(self, space: Space) -> None:
        """Change a space. A space without an id is created, and `made` follows."""
        if space.id:
            self._bridge.services.chats.spaces.change(space)
        else:
            self._bridge.ask(self._bridge.services.chats.spaces.add(space), self._on_made)

    def delete(self, space: Space) -> None:
        """Move a space to the trash. A notice offers to undo this."""
        self._bridge.ask(self._bridge.services.chats.spaces.delete(space.id), lambda _item: self._on_deleted(space))

    def attachments(self, parent: QObject) -> AttachController:
        return AttachController(self._bridge, parent)

    def _on_made(self, space: Space) -> None:
        if self.of(space.id) is None:  # add it at once, so that chats can be moved into it
            self.spaces = sorted((*self.spaces, space), key=lambda space: space.name.casefold())
            self.listed.emit(False)
        self.made.emit(space)

    def _on_deleted(self, space: Space) -> None:
        def restore() -> None:
            self._bridge.services.chats.spaces.restore(space.id)

        words = _("The space “{name}” was moved to the trash{becomes_of_chats}.").format(
            name=space.name, becomes_of_chats=becomes_of_chats(space.count, is_done=True)
        )
        self._bridge.notice_raised.emit(undoable(words, restore, f"space {space.id}"))

    def _on_stored(self) -> None:
        spaces = self._stored.value[0] if self._stored.value else ()
        before, now = ({space.id: space.count for space in each} for each in (self.spaces, spaces))
        was_known, self._is_known, self.spaces = self._is_known, True, spaces
        self.listed.emit(was_known and any({**before, **now}[id] for id in before.keys() ^ now.keys()))

    def _on_item_changed(self, event: ItemChanged) -> None:
        if event.item.kind == SPACE_KIND or self.spaces:  # a chat may have come into a space, or left it
            self.refresh()

    def _on_item_gone(self) -> None:
        if self.spaces:
            self.refresh()


def becomes_of_chats(count: int, *, is_done: bool = False) -> str:
    if not count:
        return ""
    chats, are, go = ("chat", "is", "goes") if count == 1 else (_("{count:,} chats").format(count=count), "are", "go")
    return (
        _("; its {chats} {are} in the list again").format(chats=chats, are=are)
        if is_done
        else _("; its {chats} {go} back to the list").format(chats=chats, go=go)
    )


FILTER = _("Exported chats (*.json *.zip);;All files (*)")
"""Filter for file dialogs."""
DROPPED = frozenset((".json", ".zip"))
"""Suffixes of files that are imported when they are dropped on the list of chats."""
KEY = "chat-import"
"""First part of the key of an import's notices. The import's number follows, so later imports do not replace them."""


def chat_files(event: QDropEvent) -> list[Path]:
    """Return the dragged files that contain chats, judged only by their names."""
    return [path for path in dropped_paths(event) if path.suffix.lower() in DROPPED]


class ImportController(QObject):
    chat_chosen = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="import_controller")
        self._bridge = bridge
        self._following: Call | None = None
        self._waiting: list[Path] = []
        self._number = 0

    def import_files(self, paths: Sequence[Path]) -> None:
        if self._following is not None:
            self._waiting.extend(paths)
            return
        self._number += 1
        self._say(_("Importing chats…"), action=_("Stop"), on_action=self._stop)
        self._following = self._bridge.follow(
            self._bridge.services.imports.import_files(paths), self._on_ended, self._on_failed, self._on_progressed
        )

    def _stop(self) -> None:
        self._waiting.clear()
        if self._following is not None:
            self._following.cancel()

    def _on_progressed(self, progress: ImportProgress) -> None:
        if self._following is not None:
            done = progress.added + progress.known
            words = (
                _("Importing {file}: {done:,} chats").format(file=progress.file, done=done)
                if done
                else _("Importing {file}…").format(file=progress.file)
            )
            self._say(words, action=_("Stop"), on_action=self._stop)

    def _on_ended(self, report: ImportReport) -> None:
        self._following = None
        first, *more = report.lines
        show = partial(self.chat_chosen.emit, report.added[0]) if report.added else None
        if more or not report.added:  # such a notice stays until it is closed
            full = "\n".join(report.lines) if more else ""
            self._say(" ".join((first, *more)), full=full, action=_("Show") if show else "", on_action=show)
        else:
            self._say(first, action=_("Show"), on_action=show, life_ms=LONG_MS)
        self._go_on()

    def _on_failed(self, problem: Problem) -> None:
        self._following = None
        self._bridge.notice_raised.emit(changed(notice_of(problem), key=self._key))
        self._go_on()

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self.import_files(waiting)

    def _say(self, words: str, **more: Any) -> None:
        self._bridge.notice_raised.emit(Notice(words, key=self._key, **more))

    @property
    def _key(self) -> str:
        return f"{KEY} {self._number}"

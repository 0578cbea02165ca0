"""Attachments of the message being written, read and measured in the background, and each chat's unsent drafts."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from slmdesk.base.documents import is_picture, takes_password
from slmdesk.base.protocol import stored_list
from slmdesk.base.records import DocumentRecord, DocumentStatus, Item
from slmdesk.base.runtime.events import (
    DocumentChanged,
    DocumentGone,
    DocumentProgress,
    ItemChanged,
    ItemGone,
    ModelsChanged,
    ModelStateChanged,
    NoticeOver,
    Pending,
)
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import N_, _
from slmdesk.base.types import AttachMode, Json
from slmdesk.chat.attachment_text import SOME, page_text
from slmdesk.chat.conversation import is_private
from slmdesk.chat.types import MOST_ATTACHED, AttachRequest, ContextMeasured
from slmdesk.documents.types import CollectionChanged, CollectionGone, CollectionState, CollectionStatus, file_of
from slmdesk.ui.chat.attachment_chips import (
    FAILED,
    INSERT,
    LOCKED,
    READING,
    READY,
    Draft,
    draft_from,
    pasted_draft,
    reason_of,
    waiting_words,
)
from slmdesk.ui.chat.composer import Composer, LibraryNames, Mentions
from slmdesk.ui.kit.base.bridge import Bridge, Call, Delay, ignored
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.shortcuts import keys_of
from slmdesk.ui.kit.base.window_state import WindowStateFile
from slmdesk.ui.kit.widgets.files import FileDrop, ask_documents, dropped_paths, model_files
from slmdesk.ui.kit.widgets.notices import UNDO_MS, Notice, undoable

if TYPE_CHECKING:
    from slmdesk.chat.attachments import MeasuredAttachment
    from slmdesk.documents.service import DocumentText, LibraryName
    from slmdesk.services import Services
    from slmdesk.ui.kit.base.bridge import Promise

SETTLED = "attachments"
"""Key of the notice that explains why nothing was sent."""


class AttachController(QObject):
    shown = Signal(object)
    changed = Signal()
    waiting_shown = Signal(str)
    password_requested = Signal(str, str, bool)
    text_arrived = Signal(str, object)
    documents_arrived = Signal(str, object)
    inline_requested = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent, objectName="attach_controller")
        self.bridge = self._bridge = bridge
        self._chat = ""
        self._drafts: dict[str, list[Draft]] = {}
        self._expanding: list[str] = []
        """Chats for which it is being looked what was given to them, once for each time."""
        self._then: Callable[[], None] | None = None
        self.names = LibraryNames(bridge, self)
        self._reader = DraftReader(bridge, self._all, self)
        self._reader.settled.connect(self._on_settled)
        self._reader.measured.connect(self._show)
        self._reader.password_requested.connect(self._on_password_requested)
        bridge.on(ContextMeasured, self._on_measured)
        self._sees: Live[bool] = Live(
            bridge, self, lambda: bridge.services.chats.sees(self._chat), True,
            on=(ModelsChanged, ModelStateChanged), on_some={ItemChanged: lambda event: event.item.id == self._chat},
            refused=lambda _problem: self._sees.put(True), is_watched=False,
        )  # fmt: skip
        """Whether the model of the open chat sees pictures; asked while one is attached."""
        self._sees.changed.connect(self._show)

    # ---- which chat

    def show_chat(self, chat: str) -> None:
        if chat != self._chat:
            self._chat = chat
            self._sees.again()
            self.stop_waiting()
        self._show()

    def begin_chat(self, chat: str) -> None:
        self._chat = chat
        if "" in self._drafts:
            self._drafts[chat] = self._drafts.pop("")

    def open(self, item: Item) -> None:
        """Restore the attachments of a chat's stored draft when the chat is first opened."""
        if item.id in self._drafts:
            return
        shapes = stored_list(dict, item.settings.get("draft_attachments"))
        drafts = self._drafts[item.id] = [draft for shape in shapes if (draft := draft_from(shape))]
        for draft in drafts:
            self._reader.begin(draft)

    def put(self, drafts: Sequence[Draft]) -> None:
        self.now[:] = drafts
        for draft in drafts:
            self._reader.begin(draft)
        self._notify()

    def forget(self, chat: str) -> None:
        for draft in self._drafts.pop(chat, []):
            self._reader.stop(draft)

    @property
    def now(self) -> list[Draft]:
        return self._drafts.setdefault(self._chat, [])

    def kept(self, chat: str) -> list[Json]:
        return [draft.kept for draft in self._drafts.get(chat, [])]

    @property
    def chats(self) -> list[str]:
        return list(self._drafts)

    # ---- requests of the page

    def add_paths(self, paths: Sequence[Path]) -> None:
        chat, expanding = self._chat, self._bridge.services.documents.expand(list(paths))
        self._expanding.append(chat)
        self._bridge.follow(expanding, partial(self._on_expanded, chat), partial(self._on_not_expanded, chat))

    def add_known(self, named: LibraryName) -> None:
        """Attach a document or folder of the library, unless it is already attached."""
        if any(named.id in (draft.document, draft.folder) for draft in self.now) or not self._has_space(self.now):
            return
        self._add(Draft(named.name, folder=named.id) if named.is_folder else Draft(named.name, document=named.id))

    def add_text(self, text: str) -> None:
        if len(self.now) >= MOST_ATTACHED:  # the text must not get lost
            self.inline_requested.emit(text)
            return
        draft = pasted_draft(text, {draft.name for draft in self.now})
        self._add(draft)
        into, keys = partial(self.put_inline, draft.key), keys_of("chat.paste").shown
        words = _("The long text you pasted was attached.")
        if keys:
            words += _(" {keys} pastes it as text.").format(keys=keys)
        notice = Notice(words, action=INSERT, on_action=into, life_ms=UNDO_MS, key=f"pasted {draft.key}")
        self._bridge.notice_raised.emit(notice)

    def add_picture(self, data: bytes) -> None:
        """Attach a picture from the clipboard, as the bytes of a file."""
        draft = Draft(_("Pasted picture"), mode=AttachMode.PICTURE, pasted=data)
        self.now.append(draft)
        self._reader.look(draft, data)
        self._notify()

    def put_inline(self, key: str) -> None:
        draft = self._find(key)
        if draft is not None and draft.is_pasted:
            self._drop(draft)
            self.inline_requested.emit("\n\n".join(draft.source))

    def remove(self, key: str) -> None:
        draft, chat = self._find(key), self._chat
        if draft is None:
            return
        place = self.now.index(draft)
        self._drop(draft)
        back = partial(self._put_back, chat, draft, place)
        words = _("{name} is not attached any more.").format(name=draft.name)
        self._bridge.notice_raised.emit(undoable(words, back, f"removed {key}"))

    def set_mode(self, key: str, mode: AttachMode, number: int = 1) -> None:
        """`number`: the page that is shown as a picture."""
        draft = self._find(key)
        if draft is None:
            return
        is_picture = mode is AttachMode.PICTURE
        must_be_read = is_picture != draft.is_picture or number != draft.number
        draft.mode = mode
        draft.number = number
        draft.is_whole = None
        if must_be_read:
            self._reader.stop(draft)
            if draft.path:
                draft.name = draft.path.name
            draft.source = ()
            draft.state = READING
            self._reader.begin(draft)
        self._notify()

    def read_text(self, key: str) -> None:
        """Read the words on a picture, for a model that does not see it. They then take its place."""
        draft = self._find(key)
        if draft is None:
            return
        if draft.path:  # a file is opened again, as a document
            self.set_mode(key, AttachMode.AUTO)
        elif draft.is_picture:  # from the clipboard: there is no file that could be opened
            draft.state = READING
            self._reader.read_words(draft)
            self._notify()

    def open_text(self, key: str) -> None:
        """Request the text that will be read. `text_arrived` follows, or `documents_arrived` for a folder.

        For a locked document, its password is asked for instead.
        """
        draft = self._find(key)
        if draft is None:
            return
        if draft.state == LOCKED:
            self.password_requested.emit(draft.key, draft.name, False)
        elif draft.state == READY and draft.folder:
            self._bridge.ask(
                lambda services: [document.name for document in services.collections.readable(draft.folder)],
                partial(self.documents_arrived.emit, draft.name),
            )
        elif draft.state == READY and not draft.is_picture:
            self._reader.measure(draft, lambda attachment: self.text_arrived.emit(draft.name, attachment))

    def unlock(self, key: str, password: str) -> None:
        draft = self._find(key)
        if draft is not None:
            self._reader.unlock(draft, password)
            self._notify()

    # ---- sending

    @property
    def is_waiting(self) -> bool:
        return self._then is not None

    def when_settled(self, then: Callable[[], None]) -> bool:
        """Return whether all attachments are ready. If not, `then` is called once they are.

        If a file cannot be read, a notice says so and `then` is dropped.
        """
        for draft in self.now:
            if draft.state in (FAILED, LOCKED):
                self.stop_waiting()
                words = _("{name} cannot be read, so nothing was sent. Remove it, or read it another way.")
                self._bridge.notice_raised.emit(Notice(words.format(name=draft.name), key=SETTLED))
                return False
        for draft in self.now:
            if draft.is_unseen:
                self.stop_waiting()
                words = _("The model sees no pictures, so nothing was sent. Have the text read, or remove {name}.")
                read = partial(self.read_text, draft.key)
                notice = Notice(words.format(name=draft.name), key=SETTLED, action=_("Read text"), on_action=read)
                self._bridge.notice_raised.emit(notice)
                return False
        if self._is_settled:
            self.stop_waiting()
            return True
        self._then = then
        self.waiting_shown.emit(waiting_words(self.now))
        return False

    @property
    def _is_settled(self) -> bool:
        return self._chat not in self._expanding and all(draft.is_settled for draft in self.now)

    def stop_waiting(self) -> None:
        if self._then is not None:
            self._then = None
            self.waiting_shown.emit("")

    def requests(self) -> tuple[AttachRequest, ...]:
        """Return the attachments of the open chat that can be sent now."""
        return tuple(draft.request for draft in self.now if draft.state == READY)

    def take(self) -> list[Draft]:
        taken, self._drafts[self._chat] = self.now, []
        self._notify()
        return taken

    def give_back(self, chat: str, drafts: Sequence[Draft]) -> None:
        self._drafts[chat] = [*drafts, *self._drafts.get(chat, [])]
        self._notify()

    # ---- documents

    def _on_not_expanded(self, chat: str, problem: Problem) -> None:
        self._expanding.remove(chat)
        self.stop_waiting()
        self._bridge.problem_met.emit(problem)

    def _on_expanded(self, chat: str, paths: list[Path]) -> None:
        if not any(map(is_picture, paths)):
            self._add_found(chat, paths, False)
            return
        sees = partial(self._add_found, chat, paths)
        self._bridge.ask(lambda services: services.chats.sees(chat), sees, lambda _problem: sees(False))

    def _add_found(self, chat: str, paths: list[Path], sees: bool) -> None:
        """Attach files. Pictures are shown to a model that `sees`; else the text in them is read."""
        self._expanding.remove(chat)
        if not paths:
            self._bridge.notice_raised.emit(Notice(_("There is nothing in it that can be read."), key="no documents"))
        drafts = self._drafts.setdefault(chat, [])
        known = {draft.path for draft in drafts}
        for path in [path for path in paths if path not in known]:
            if not self._has_space(drafts):
                break
            draft = Draft(path.name, path, is_private=is_private(chat))
            if is_picture(path):
                draft.mode = AttachMode.PICTURE if sees else AttachMode.AUTO
                draft.is_read_instead = not sees
            drafts.append(draft)
            self._reader.begin(draft)
        self._notify()
        self._go_on()

    def _has_space(self, drafts: Sequence[Draft]) -> bool:
        """Return whether one more can be attached. If not, the person is told."""
        if len(drafts) < MOST_ATTACHED:
            return True
        words = _("At most {most_attached} documents can be attached to a message; the others were left out.").format(
            most_attached=MOST_ATTACHED
        )
        self._bridge.notice_raised.emit(Notice(words, key=N_("too many attachments")))
        return False

    # ---- events

    def _on_settled(self, draft: Draft) -> None:
        if draft.state == READY and not (draft.folder or draft.is_picture):
            self._reader.measure(draft)
        self._notify()
        self._go_on()

    def _on_password_requested(self, draft: Draft, is_wrong: bool) -> None:
        if draft in self.now:
            self.password_requested.emit(draft.key, draft.name, is_wrong)

    def _on_measured(self, event: ContextMeasured) -> None:
        if (event.chat or "") != self._chat:
            return
        parts = {part.key: part for part in event.parts if part.key}
        for draft in self.now:
            if part := parts.get(draft.document or draft.name):
                draft.is_whole = part.note != SOME
        self._show()

    def _add(self, draft: Draft) -> None:
        self.now.append(draft)
        self._reader.begin(draft)
        self._notify()

    def _all(self) -> list[Draft]:
        return [draft for drafts in self._drafts.values() for draft in drafts]

    def _find(self, key: str) -> Draft | None:
        return next((draft for draft in self.now if draft.key == key), None)

    def _drop(self, draft: Draft) -> None:
        self.now.remove(draft)
        self._reader.stop(draft)
        self._notify()
        self._go_on()

    def _put_back(self, chat: str, draft: Draft, place: int) -> None:
        self._drafts.setdefault(chat, []).insert(place, draft)
        if draft.state == READING:
            self._reader.begin(draft)
        self._notify()

    def _go_on(self) -> None:
        """Do what waits for all attachments, such as sending, once none is being read any more."""
        if self._then is None:
            return
        if not self._is_settled:
            self.waiting_shown.emit(waiting_words(self.now))
            return
        then = self._then
        self._then = None
        self.waiting_shown.emit("")
        then()

    def _notify(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self._sees.watch(any(draft.is_picture for draft in self.now))
        for draft in self.now:
            draft.is_unseen = draft.is_picture and draft.state == READY and not self._sees.value
        self.shown.emit(tuple(self.now))


NOTHING_READ = _("none of its documents could be read")
NOTHING_YET = _("its documents are being written, or open elsewhere")
UNREAD = (CollectionStatus.WAITING, CollectionStatus.LOOKING, CollectionStatus.INDEXING)
"""Statuses of a folder without documents in which documents may still arrive."""
LOCKS = ("document.locked", "document.wrong_password")


class DraftReader(QObject):
    settled = Signal(object)
    measured = Signal()
    password_requested = Signal(object, bool)

    def __init__(self, bridge: Bridge, drafts: Callable[[], Sequence[Draft]], parent: QObject) -> None:
        """Create the reader. `drafts` returns the attachments of all chats."""
        super().__init__(parent, objectName="draft_reader")
        self._bridge, self._drafts = bridge, drafts
        self._openings: dict[str, Call] = {}
        bridge.on(DocumentChanged, self._on_document_changed)
        bridge.on(DocumentProgress, self._on_progressed)
        bridge.on(DocumentGone, self._on_gone)
        bridge.on(CollectionChanged, self._on_folder_changed)
        bridge.on(CollectionGone, self._on_folder_gone)

    def begin(self, draft: Draft) -> None:
        if draft.is_pasted or (draft.is_picture and draft.source):
            self._settle(draft, READY)
        elif draft.is_picture and draft.path:
            self.look(draft, draft.path)
        elif draft.folder:
            self._bridge.ask(
                self._bridge.services.collections.state(draft.folder),
                partial(self._take_folder, draft),
                lambda _problem: self._lose_folder(draft),
            )
        elif draft.document:
            self._bridge.ask(
                self._bridge.services.documents.document(draft.document),
                partial(self._on_record, draft),
                partial(self._on_read, draft),
            )
        else:
            self._open(draft, "")

    def look(self, draft: Draft, source: Path | bytes, password: str = "") -> None:
        """Make the picture of a file, or of the bytes of one."""

        def arrived(made: AttachRequest) -> None:
            draft.source, draft.size, draft.kind = made.source, made.size, made.page_kind
            draft.name, draft.pages = made.name, made.pages
            self._settle(draft, READY)

        pictures = self._bridge.services.chats.pictures
        taking = pictures.take(source, name=draft.name, number=draft.number, password=password)
        self._openings[draft.key] = self._bridge.follow(taking, arrived, partial(self._on_read, draft))

    def read_words(self, draft: Draft) -> None:
        """Read the words on a picture from the clipboard. They then take the place of the picture."""
        data = draft.pasted or b64decode(draft.source[0])
        reading = lambda services: services.chats.pictures.words(data, services.documents.read)  # noqa: E731
        read = partial(self._on_read, draft)
        self._openings[draft.key] = self._bridge.follow(reading, read, read)

    def unlock(self, draft: Draft, password: str) -> None:
        draft.state = READING
        if draft.is_picture and draft.path:
            self.look(draft, draft.path, password)
        else:
            self._open(draft, password)

    def stop(self, draft: Draft) -> None:
        opening = self._openings.pop(draft.key, None)
        if opening is not None:
            opening.answer(ignored, ignored, is_followed=True)  # that it was stopped is no news of the draft
            opening.cancel()

    def measure(self, draft: Draft, then: Callable[[MeasuredAttachment], None] | None = None) -> None:
        def failed(problem: Problem) -> None:
            draft.problem = reason_of(problem)
            self._settle(draft, FAILED)

        def arrived(attachment: MeasuredAttachment) -> None:
            draft.pages, draft.unread, draft.kind = (
                attachment.pages_total,
                len(attachment.pages_unread),
                attachment.page_kind,
            )
            self.measured.emit()
            if then is not None:
                then(attachment)

        self._bridge.follow(self._bridge.services.chats.measure_attachment(draft.request), arrived, failed)

    # ---- folders

    def _take_folder(self, draft: Draft, state: CollectionState) -> None:
        """Update an attached folder. It can be sent as soon as one of its documents was read."""
        is_reading = state.status is CollectionStatus.INDEXING
        draft.name, draft.documents, draft.unread = state.record.name, state.documents, state.unread
        draft.done, draft.total = (state.done, state.total) if is_reading else (0, 0)
        draft.problem = NOTHING_READ
        if state.later:
            draft.problem = NOTHING_YET
        if state.documents:
            then = READY
        elif state.status in UNREAD:
            then = READING
        else:
            then = FAILED
        if then == draft.state:
            self.measured.emit()
        else:
            self._settle(draft, then)

    def _on_folder_changed(self, event: CollectionChanged) -> None:
        for draft in self._with_folder(event.state.record.id):
            self._take_folder(draft, event.state)

    def _on_folder_gone(self, event: CollectionGone) -> None:
        for draft in self._with_folder(event.id):
            self._lose_folder(draft)

    def _with_folder(self, folder: str) -> list[Draft]:
        return [draft for draft in self._drafts() if draft.folder == folder]

    def _lose_folder(self, draft: Draft) -> None:
        draft.problem = _("taken off the list on the Documents page")
        self._settle(draft, FAILED)

    # ---- documents

    def _open(self, draft: Draft, password: str) -> None:
        path, documents = draft.path, self._bridge.services.documents
        if path is not None:
            request: Promise[Pending[Any]] = (
                documents.read(path, password=password) if draft.is_private else documents.open(path, password=password)
            )
            read = partial(self._on_read, draft)
            self._openings[draft.key] = self._bridge.follow(request, read, read)

    def _on_record(self, draft: Draft, record: DocumentRecord) -> None:
        """Use a document that was read completely before, or open it again if it was not."""
        if record.status is DocumentStatus.READ:
            self._on_read(draft, record)
        else:
            draft.path, draft.document = file_of(record), ""
            self._open(draft, "")

    def _on_read(self, draft: Draft, result: DocumentRecord | DocumentText | Problem) -> None:
        from slmdesk.documents.service import DocumentText

        self._openings.pop(draft.key, None)
        if isinstance(result, DocumentText):
            draft.source = tuple(page_text(page) for page in result.pages)
            draft.kind, draft.mode, draft.size = str(result.info.page_kind), AttachMode.AUTO, (0, 0)
            draft.problem = _("no words were found on it")
            self._settle(draft, READY if draft.path or any(draft.source) else FAILED)
        elif isinstance(result, DocumentRecord):
            draft.document, draft.name = result.id, result.name
            if draft.path is None and "attachment" not in result.info:
                draft.path = file_of(result)
            self._settle(draft, READY)
        else:
            self._on_unread(draft, result)

    def _on_unread(self, draft: Draft, problem: Problem) -> None:
        draft.problem = reason_of(problem)
        if problem.code not in LOCKS:
            self._settle(draft, FAILED)
        elif takes_password(draft.path or Path(draft.name)):
            self._settle(draft, LOCKED)
            self.password_requested.emit(draft, problem.code != LOCKS[0])
        else:  # a password would not help
            self._settle(draft, FAILED)
            self._bridge.problem_met.emit(problem)

    def _settle(self, draft: Draft, state: str) -> None:
        draft.state = state
        self.settled.emit(draft)

    # ---- events

    def _on_document_changed(self, event: DocumentChanged) -> None:
        file = file_of(event.document)
        for draft in self._in_state(READING):
            if draft.path is not None and file == draft.path.absolute():
                draft.document = event.document.id

    def _on_progressed(self, event: DocumentProgress) -> None:
        for draft in self._in_state(READING, event.id):
            draft.done, draft.total = event.done, event.total
            self.measured.emit()

    def _on_gone(self, event: DocumentGone) -> None:
        for draft in self._in_state(READY, event.id):
            draft.problem = _("forgotten on the Documents page")
            self._settle(draft, FAILED)

    def _in_state(self, state: str, document: str = "") -> list[Draft]:
        """Return the attachments in this state: those of a document, or any."""
        return [draft for draft in self._drafts() if draft.state == state and document in ("", draft.document)]


class AttachmentEntry(QObject):
    def __init__(self, controller: AttachController, composer: Composer, page: QWidget) -> None:
        super().__init__(page, objectName="attaching")
        self._controller, self._composer, self._page = controller, composer, page
        FileDrop(page, self._on_dropped, pick=self._documents)
        self.mentions = Mentions(
            composer.input_box, controller.names, page,
            sign="@", name="mention_list", label=_("Documents and folders to attach"), is_first=False,
        )  # fmt: skip
        controller.names.changed.connect(self.mentions.names_changed)
        self._connect()

    def _connect(self) -> None:
        controller, composer = self._controller, self._composer
        controller.waiting_shown.connect(composer.show_waiting)
        controller.inline_requested.connect(composer.write)
        composer.attach_requested.connect(self._on_attach)
        composer.input_box.files_pasted.connect(controller.add_paths)
        composer.input_box.long_pasted.connect(controller.add_text)
        composer.input_box.picture_pasted.connect(controller.add_picture)
        self.mentions.chosen.connect(controller.add_known)

    def _documents(self, event: QDropEvent) -> list[Path]:
        """Return the dragged files if a message can be written now. With model files, none: they go to the library."""
        return [] if model_files(event) or not self._composer.isVisible() else dropped_paths(event)

    def _on_dropped(self, paths: Sequence[Path]) -> None:
        self._controller.add_paths(paths)
        self._composer.setFocus()

    def _on_attach(self) -> None:
        ask_documents(self._page, _("Attach documents"), self._controller.add_paths, name="attach_dialog")


SAVE_AFTER_MS = 1500
TRY_AGAIN_MS = 15_000


class Drafts(QObject):
    """Unsent text and attachments by chat ('' for the new chat). They are in memory, and in the store once saved."""

    def __init__(self, bridge: Bridge, state: WindowStateFile, attached: AttachController, parent: QObject) -> None:
        super().__init__(parent, objectName="drafts")
        self._bridge, self._state, self._attached = bridge, state, attached
        self._now: dict[str, str] = {}
        self._kept: dict[str, tuple[str, list[Json]] | None] = {}
        """What was sent to the store; None if it could not be saved."""
        self._trouble = ""
        """Code of the problem that was shown, until a draft is saved again."""
        self._timer = Delay(self, SAVE_AFTER_MS, self.save)
        self._again = Delay(self, TRY_AGAIN_MS, self.save)
        bridge.on(ItemGone, self._on_item_gone)

    def of(self, chat: str) -> str:
        return self._now.get(chat, "")

    def put(self, chat: str, text: str) -> None:
        self._now[chat] = text

    def open(self, item: Item) -> None:
        if item.id not in self._now:
            kept = item.settings.get("draft")
            self._now[item.id] = kept if isinstance(kept, str) else ""
            self._attached.open(item)
            self._kept[item.id] = (self._now[item.id], self._attached.kept(item.id))

    def _on_item_gone(self, event: ItemGone) -> None:
        self._now.pop(event.id, None)
        self._attached.forget(event.id)

    def save_soon(self) -> None:
        self._timer.start()

    def save(self) -> None:
        for chat in {*self._now, *self._attached.chats} - {""}:
            now = (self.of(chat), self._attached.kept(chat))
            if now != self._kept.get(chat, ("", [])):
                self._kept[chat] = now
                keeping = self._bridge.services.chats.keep_draft(chat, *now)
                self._bridge.ask(keeping, self._on_saved, partial(self._on_not_saved, chat))

    def _on_saved(self, _none: None) -> None:
        if self._trouble:
            self._bridge.publish(NoticeOver(self._trouble))
            self._trouble = ""

    def _on_not_saved(self, chat: str, problem: Problem) -> None:
        """Try again later, and say why once. A chat that was deleted meanwhile needs no draft."""
        if problem.code == "item.unknown":
            return
        self._kept[chat] = None
        self._again.start()
        if problem.code not in ("store.busy", self._trouble):
            self._trouble = problem.code
            self._bridge.problem_met.emit(problem)

    def save_all(self, open_chat: str) -> None:
        """Save all drafts when the window closes. A new chat with a draft is saved too, and if it is the open chat, the
        next start opens it.
        """
        self.save()
        is_open = open_chat == ""
        draft, attached = self.of(""), self._attached.kept("")
        if draft.strip() or attached:
            self._bridge.ask(partial(self._keep_new_chat, draft, attached, is_open), None, ignored)

    def _keep_new_chat(self, draft: str, attached: Sequence[Json], is_open: bool, services: Services) -> None:
        item = services.chats.new_chat()
        services.chats.keep_draft(item.id, draft, attached)
        if is_open:
            self._state.change(last_chat=item.id)

"""The messages of the open chat in the form for the view: notes, actions, extra lines, and what these lines open."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal

from slmdesk.base.protocol import stored_from, stored_list
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Message, Status
from slmdesk.base.runtime.messages import Problem, problem_of
from slmdesk.base.texts import _, decimal, grouped, in_quotes, ngettext
from slmdesk.base.types import Attached, AttachmentPart, Json, Place, Role, page_word, used_words
from slmdesk.base.untrusted import clean_label
from slmdesk.chat.conversation import ContextWindow, Conversation, blanks_note, can_continue, window_of
from slmdesk.chat.settings import BY_NAME, SAMPLING, STOP
from slmdesk.chat.types import ASTRAY, LABELS, Quoted, rewrite_of
from slmdesk.ui.chat.view import Extra, MessageView
from slmdesk.ui.chat.view.message import DELETIONS, REWRITES
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.text import AnswerProgress, day_in_figures, inside

_SAMPLING = {each.name: each.title for each in (*SAMPLING, BY_NAME["thinking"]) if each.name != "seed"}
ENDS = {
    "stop": _("the model"), "stop_string": _("a stop text"), "length": _("the limit of "
                                                                         "tokens"), "repeat": _("repetition"),
    "cancelled": _("you"), "language": _("its language"),
}  # fmt: skip
CUT = _("The answer reached its limit. “Continue” asks for more.")
STOPPED = _("Stopped. The words so far are kept.")
EDITED = _("Answer, edited by you")
INTERRUPTED = _("slmdesk ended while this was written. The words so far are kept.")
_ENDED: dict[str, str] = {Status.CANCELLED: STOPPED, Status.INTERRUPTED: INTERRUPTED, "length": CUT, **ASTRAY}
"""What is said of an answer that did not end normally, by its status or its finish reason."""


def view_of(
    message: Message,
    live: AnswerProgress | None = None,
    version: int = 0,
    versions: int = 0,
    *,
    is_thought_open: bool = False,
) -> MessageView:
    """Return what the view shows of a message, as version number `version` of `versions`."""
    return MessageView(
        id=message.id,
        role=str(message.role),
        text=message.words,
        status=message.status,
        note=note_of(message, live),
        actions=actions_of(message),
        details=details_of(message),
        author=EDITED if message.original is not None else "",
        version=version,
        versions=versions,
        thought_line=thought_line_of(message, live),
        thought=message.thought.strip() if is_thought_open else "",
        is_thought_open=is_thought_open,
        is_thinking=_is_thinking(message),
    )


def note_of(message: Message, live: AnswerProgress | None = None) -> str:
    """Return what is said below a message: how it ended, if not normally, and what to look at in it."""
    if message.status is Status.STREAMING:
        return _waiting_note(message, live)
    if message.status is Status.FAILED:
        return problem_of(message.error_code or "bug", message.error_args).sentence
    from slmdesk.claims.types import check_words, marks_of  # late: a window opens without a message

    ended = _ENDED.get(message.status) or _ENDED.get(message.finish_reason or "", "")
    return " ".join(part for part in (ended, blanks_note(message), check_words(marks_of(message))) if part)


def thought_line_of(message: Message, live: AnswerProgress | None = None) -> str:
    if not message.thought:
        return ""
    if message.thought_seconds is not None:
        seconds = message.thought_seconds
    elif live:
        seconds = live.thought_seconds
    else:
        seconds = 0.0
    time = f" {seconds:.0f} s" if seconds >= 1 else ""
    if _is_thinking(message):
        return _("Thinking…{time}").format(time=time)
    return _("Thought for{time}").format(time=time) if time else _("Thought")


def _is_thinking(message: Message) -> bool:
    return message.status is Status.STREAMING and bool(message.thought) and not message.text


def actions_of(message: Message) -> frozenset[str]:
    actions = {"copy"} if message.words else set()
    if message.status is Status.STREAMING:
        return frozenset(actions)
    if actions:
        actions |= {"translate", "edit"}
    actions |= {"fork", *DELETIONS}
    if message.role is Role.ASSISTANT:
        actions |= {"try_again", "details"}
        if message.text:
            actions |= set(REWRITES)
        if message.original is not None:
            actions.add("original")
        if can_continue(message) and message.text:
            actions.add("continue")
    return frozenset(actions)


def details_of(message: Message) -> str:
    if message.role is not Role.ASSISTANT or message.status is Status.STREAMING:
        return ""
    adapter = _adapter(message)
    used = _("with {name}").format(name=adapter) if adapter else ""
    return "  ·  ".join(filter(None, (message.model_name, used, _rewrite_words(message))))


def all_details_of(message: Message) -> list[str]:
    said = message.sampling
    created = datetime.fromtimestamp(message.created)
    times = _seconds(message.seconds)
    if message.seconds and message.tokens_out:
        times += _(", {tokens_out:.1f} tokens a second").format(tokens_out=message.tokens_out / message.seconds)
    again = {True: _("yes"), False: _("no"), None: ""}
    rows = [
        (_("Model"), message.model_name),
        (_("Preset"), message.preset),
        (_("Adapter"), _adapter(message)),
        (_("Written once more"), _rewrite_words(message)),
        (_("Edited by you"), _("yes") if message.original is not None else ""),
        (_("Time"), f"{day_in_figures(created)} {created:%H:%M}"),
        (_("Tokens read"), _count(message.tokens_in)),
        (_("Of them known already"), _count(message.tokens_reused)),
        (_("Tokens written"), _count(message.tokens_out)),
        (_("Writing"), times),
        (_("Time of thinking"), _seconds(message.thought_seconds)),
        (_("Seed"), "" if message.seed is None else str(message.seed)),
        (_("Same answer again"), again[stored_from(bool, said.get("reproducible"))]),
        *((words, _number(said[name])) for name, words in _SAMPLING.items() if name in said),
        (STOP.title, ", ".join(map(in_quotes, stored_list(str, said.get("stop")))).replace("\n", "\\n")),
        (_("Ended by"), ENDS.get(message.finish_reason or "", message.finish_reason)),
        (_("Model file (SHA-256)"), message.model_sha256),
    ]
    return [f"{name}: {value}" for name, value in rows if value]


def _rewrite_words(message: Message) -> str:
    rewrite = rewrite_of(message)
    return inside(LABELS[rewrite]) if rewrite else ""


def _seconds(seconds: float | None) -> str:
    return _("{seconds:.1f} s").format(seconds=seconds) if seconds else ""


def _count(tokens: int | None) -> str:
    return "" if tokens is None else grouped(tokens)


def _number(value: Json) -> str:
    number = stored_from(float, value)
    return str(value) if number is None else decimal(number)


def _adapter(message: Message) -> str:
    name = stored_from(str, message.sampling.get("lora_name")) or ""
    scale = stored_from(float, message.sampling.get("lora_scale"))
    if not name or scale in (None, 1):
        return name
    return name + _(" at {scale:.0%}").format(scale=scale)


def _waiting_note(message: Message, live: AnswerProgress | None) -> str:
    if live is None:
        return ""
    if message.text:
        return live.writing_words
    if message.thought:
        return ""  # the reasoning line says so
    return _("Loading the model…") if live.is_loading else live.reading_words


DECIDING = _("Looking through what is attached\u2026")
SUMMARIZING = _("Summarizing the earlier part of this chat\u2026")


class ShownMessages:
    """The shown path through a chat's tree of messages, oldest first, with the progress of those being written."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.by_id: dict[str, Message] = {}
        self.live: dict[str, AnswerProgress] = {}
        self._versions: dict[str, tuple[str, ...]] = {}
        self.quotes: dict[str, tuple[Quoted, ...]] = {}
        self.open_thoughts: set[str] = set()
        self.window = ContextWindow()
        self.left_out: frozenset[str] = frozenset()
        self.summarizing: set[str] = set()
        self.is_noting = False
        """True while the model writes notes that a person asked for."""
        self.is_loading = False
        """True while a model is being loaded, for which new answers wait."""

    @property
    def streaming(self) -> list[Message]:
        return [message for message in self.by_id.values() if message.status is Status.STREAMING]

    @property
    def views(self) -> tuple[MessageView, ...]:
        views = [self.view(message) for message in self.by_id.values()]
        if line := self.line:
            views.insert(self.line_place, line)
        return tuple(views)

    @property
    def line(self) -> MessageView | None:
        return line_of(self.window, tuple(self.by_id.values()), is_writing=self.is_noting)

    @property
    def line_place(self) -> int:
        """Return the number of messages before the context line."""
        return self.window.place(tuple(self.by_id.values()))

    def set_window(self, window: ContextWindow) -> None:
        self.window = window
        self._look_what_is_left_out()

    def _look_what_is_left_out(self) -> None:
        self.left_out = self.window.left_out(tuple(self.by_id.values()))

    def view(self, message: Message) -> MessageView:
        view = view_of(
            message,
            self.live.get(message.id),
            *self._version_of(message.id),
            is_thought_open=message.id in self.open_thoughts,
        )
        note, actions = view.note, view.actions
        is_pinned = message.id in self.window.pinned
        if message.status is not Status.STREAMING:
            actions |= {"unpin" if is_pinned else "pin"}
        elif not message.text:
            note = SUMMARIZING if message.id in self.summarizing else note or self._waiting_words(message)
        return changed(
            view,
            note=note,
            extras=tuple(extra_of(key, thing) for key, thing in self.things_below(message).items()),
            actions=actions,
            is_pinned=is_pinned,
            is_left_out=message.id in self.left_out,
        )

    def _waiting_words(self, message: Message) -> str:
        """Return what is said of an answer without a word. What is read of attachments may still be being decided."""
        asked, live = self.question_of(message), self.live.get(message.id)
        if asked is not None and any(not part.attached.is_planned for part in asked.attachments):
            return DECIDING
        return live.waiting_words if live is not None and not message.thought else ""

    def things_below(self, message: Message) -> dict[str, Thing]:
        return things_below(message, self.quotes.get(message.id, ()), self.question_of(message))

    def question_of(self, message: Message) -> Message | None:
        return self.by_id.get(message.parent or "")

    def open(self, opened: Conversation | None) -> None:
        self._versions, self.quotes = (dict(opened.siblings), dict(opened.quotes)) if opened else ({}, {})
        self.window, self.is_noting = window_of(opened.item) if opened else ContextWindow(), False

    def take_place(self, old: str, new: str) -> None:
        ids = self._versions.get(old, (old,))
        if new not in ids:
            self._versions[new] = (*ids, new)

    def neighbour(self, message: str, step: int) -> str | None:
        ids = self._versions.get(message, ())
        at = ids.index(message) + step if ids else -1
        return ids[at] if 0 <= at < len(ids) else None

    def _version_of(self, message: str) -> tuple[int, int]:
        """Return the number of a message's version, from 1, and the number of versions; (0, 0) if there is only one."""
        ids = self._versions.get(message, ())
        return (ids.index(message) + 1, len(ids)) if ids else (0, 0)

    def fill(self, messages: Iterable[Message]) -> None:
        self.by_id = {message.id: message for message in messages}
        self.live = {message.id: self._new_live() for message in self.streaming}
        self._look_what_is_left_out()

    def put_before(self, messages: Sequence[Message]) -> list[MessageView]:
        """Add older messages before the present ones. Returns them in the form for the view."""
        self.by_id = {message.id: message for message in messages} | self.by_id
        return [self.view(message) for message in messages]

    def put(self, message: Message) -> None:
        is_new = message.id not in self.by_id
        self.by_id[message.id] = message
        if is_new and message.status is Status.STREAMING:
            self.live[message.id] = self._new_live()
        if is_new:
            self._look_what_is_left_out()

    def set_loading(self, is_loading: bool) -> list[Message]:
        """Record whether a model is being loaded. Returns the answers whose note changes."""
        if is_loading == self.is_loading:
            return []
        self.is_loading = is_loading
        waiting = [message for message in self.streaming if not message.text]
        self.live.update({message.id: changed(self._live(message.id), is_loading=is_loading) for message in waiting})
        return waiting

    def read(self, id: str, read: int, total: int) -> None:
        self.summarizing.discard(id)
        self.live[id] = self._live(id).reading(read, total, self._clock())

    def grow(self, id: str, *, text: str = "", thought: str = "") -> Message | None:
        """Add what the model has written or thought. Returns the message, or None if it is not shown."""
        message = self.by_id.get(id)
        if message is None:
            return None
        live, now = self._live(id), self._clock()
        self.live[id] = live.grown(now) if text else live.thinking(now)
        self.by_id[id] = changed(message, text=message.text + text, thought=message.thought + thought)
        return self.by_id[id]

    def tick(self) -> list[Message]:
        """Update the elapsed times. Returns the answers that are being written."""
        now = self._clock()
        self.live.update({message.id: changed(self._live(message.id), now=now) for message in self.streaming})
        return self.streaming

    def _live(self, id: str) -> AnswerProgress:
        return self.live.get(id) or self._new_live()

    def _new_live(self) -> AnswerProgress:
        now = self._clock()
        return AnswerProgress(is_loading=self.is_loading, began=now, now=now)

    def drop_behind(self, parent: str | None) -> list[str]:
        """Remove the messages after `parent` (None: all), because another version replaces them. Returns their ids."""
        ids = list(self.by_id)
        if parent is None:
            at = -1
        elif parent in self.by_id:
            at = ids.index(parent)
        else:
            at = len(ids)
        for id in ids[at + 1 :]:
            del self.by_id[id]
        self._look_what_is_left_out()
        return ids[at + 1 :]


LINE = "context_line"
"""Id of the context line, the row that says which messages above it are left out, and the notes on them. It is not a
message.
"""
EDIT, REMOVE, WRITE, SEE_ALL = "edit_notes", "remove_notes", "write_notes", "see_all"
"""Keys of the actions at the context line."""
FROM_HERE = _("The model sees the chat from here")
EARLIER_CHAT = _("Notes on an earlier chat, which the model reads before this one")
WRITING = _("The model is writing notes on what is left out…")


def line_of(window: ContextWindow, path: Sequence[Message], *, is_writing: bool = False) -> MessageView | None:
    """Return the context line, to be shown before message number `window.place(path)`; None if the model sees the whole
    chat.

    `is_writing`: notes are being written.
    """
    notes, is_cut = window.notes_on(path), window.place(path) > 0
    if not notes and not is_cut:
        return None
    gone = len(window.left_out(path))
    words = ngettext("The message above in grey is", "The {n:,} messages above in grey are", gone)
    instead = _("the model reads these notes instead.") if notes else _("the chat keeps them.")
    note = ""
    if is_writing:
        note = WRITING
    elif notes and is_cut:
        note = _("{words} left out; {instead}").format(words=words, instead=instead)
    return MessageView(
        LINE,
        "notes",
        notes or _("{words} left out of what the model reads; {instead}").format(words=words, instead=instead),
        note=note,
        author=FROM_HERE if is_cut else EARLIER_CHAT,
        extras=_extras(has_notes=bool(notes), is_cut=is_cut, is_writing=is_writing),
    )


def _extras(*, has_notes: bool, is_cut: bool, is_writing: bool) -> tuple[Extra, ...]:
    extras = []
    if has_notes:
        extras += [Extra(EDIT, "pencil", _("Edit the notes")), Extra(REMOVE, "trash-2", _("Remove the notes"))]
    elif not is_writing:
        tip = _("Have the model write notes on what is left out, which it then reads instead")
        extras.append(Extra(WRITE, "list-checks", _("Summarize what is left out"), tip))
    if is_cut:
        tip = _("Leave nothing out; what was noted goes")
        extras.append(Extra(SEE_ALL, "undo-2", _("Let the model see all of the chat again"), tip))
    return tuple(extras)


MOST_QUOTE = 90
"""Most characters of a quotation on its line. The tooltip shows all of it."""
PAGE_END = 1 << 30
"""Position after the last character of any page."""


class UsedPage(Record):
    """A page of which passages were read for an answer."""

    name: str
    document: str
    kind: str
    page: int
    spans: tuple[tuple[int, int], ...]


Thing: TypeAlias = AttachmentPart | Quoted | UsedPage
"""What has a line below a message, and can be opened."""


def things_below(message: Message, quotes: Sequence[Quoted], asked: Message | None = None) -> dict[str, Thing]:
    """Return what has a line below a message, by the keys of the lines. `asked` is the question of an answer."""
    things: dict[str, Thing] = {
        f"attached {at}": part
        for at, part in enumerate(message.attachments)
        if not part.attached.is_of_folder and not _is_said(part.attached, message.words)
    }
    things |= {f"quote {at}": quote for at, quote in enumerate(quotes)}
    if asked is not None and message.text and message.status is not Status.STREAMING:
        things |= {f"searched {at}": part for at, part in enumerate(asked.attachments) if part.attached.is_folder}
        if not (any(quote.is_near for quote in quotes) or _may_mislead(message, asked)):
            things |= {f"page {at}": page for at, page in enumerate(used_pages(asked, quotes))}
    return things


def _is_said(about: Attached, words: str) -> bool:
    """Return whether a message names an attachment in its text, and a line below it would tell no more than that."""
    is_waiting = not about.is_planned
    is_all_read = about.is_whole and not about.pages_unread
    is_document = not (about.is_folder or about.is_picture or about.is_gone)
    return is_document and (is_waiting or is_all_read) and about.name in words


def _may_mislead(message: Message, asked: Message) -> bool:
    """Return whether the pages read by passages may be taken for the source of what another page says."""
    return any(map(str.isdigit, message.text)) or any(part.attached.is_whole for part in asked.attachments)


def extra_of(key: str, thing: Thing) -> Extra:
    if isinstance(thing, Quoted) and thing.is_near:
        place = f"{thing.name}, {page_word(thing.kind, 1)} {thing.page}"
        return Extra(key, "file-text", place, f"{place}: \u201c{thing.quote}\u201d")
    if isinstance(thing, Quoted):
        tip = _("{name}, page {page}: \u201c{quote}\u201d").format(name=thing.name, page=thing.page, quote=thing.quote)
        return Extra(key, "search", _quote_line(thing), tip)
    if isinstance(thing, UsedPage):
        kind = page_word(thing.kind, 1)
        tip = _("Open {name} at {kind} {page}").format(name=thing.name, kind=kind, page=thing.page)
        return Extra(key, "file-text", f"{thing.name}, {kind} {thing.page}", tip)
    words = read_words(thing)
    icon = "folder-open" if thing.attached.is_folder else "file-text"
    return Extra(key, icon, words.rstrip(".") if key.startswith("searched") else _attached_line(thing), words)


def used_pages(asked: Message, quotes: Sequence[Quoted]) -> list[UsedPage]:
    """Return the pages of which passages were read for a question, without those of quotations, which have their own
    lines.
    """
    quoted = {(quote.document, quote.page) for quote in quotes}
    return [
        UsedPage(about.name, about.document, about.page_kind, page, spans_on(page, about.places))
        for about in (part.attached for part in asked.attachments)
        for page in (about.pages_used if about.document and not about.is_whole else ())
        if (about.document, page) not in quoted
    ]


def spans_on(page: int, places: Sequence[Place]) -> tuple[tuple[int, int], ...]:
    return tuple(
        (start if first == page else 0, end if last == page else PAGE_END)
        for first, start, last, end in places
        if first <= page <= last
    )


def read_words(part: AttachmentPart) -> str:
    """Return a sentence on how much of an attachment was read, with all numbers."""
    about = part.attached
    if not about.is_planned or about.is_gone or about.is_folder or about.is_picture:
        return f"{about.name}: {used_words(about)}."
    reported = [
        _("{name}: {used}; {words_read:,} of {words_total:,} words are read").format(
            name=about.name, used=used_words(about), words_read=about.words_read, words_total=about.words_total
        )
    ]
    if about.words_left_out:
        reported.append(_("{words_left_out:,} are left out").format(words_left_out=about.words_left_out))
    return ", ".join(reported) + "."


def _attached_line(part: AttachmentPart) -> str:
    about = part.attached
    if about.is_folder and about.is_planned and not about.is_gone:
        return ngettext(
            "{name} \u00b7 {n:,} document", "{name} \u00b7 {n:,} documents", about.documents_total, name=about.name
        )
    return f"{about.name} \u00b7 {used_words(about)}"


def _quote_line(quoted: Quoted) -> str:
    cut = clean_label(quoted.quote, MOST_QUOTE)
    return _("\u201c{cut}\u201d \u2014 {name}, page {page}").format(cut=cut, name=quoted.name, page=quoted.page)


END = 40
"""Number of messages of a long chat that are loaded first; most windows show fewer."""
CHUNK = 100
REST_MS = 300
"""Milliseconds before older messages are loaded, so that switching quickly between chats stays fast."""


class OlderMessages(QObject):
    arrived = Signal(object)

    def __init__(self, bridge: Bridge, shown: ShownMessages, parent: QObject) -> None:
        super().__init__(parent, objectName="older_messages")
        self._bridge, self._shown = bridge, shown
        self._ids: tuple[str, ...] = ()
        self._timer = Delay(self, REST_MS, self._on_timeout)

    @property
    def is_coming(self) -> bool:
        return bool(self._ids)

    def expect(self, ids: tuple[str, ...]) -> None:
        self.forget()
        self._ids = ids
        if ids:
            self._timer.start_in(REST_MS)

    def forget(self) -> None:
        self._ids = ()
        self._timer.stop()

    def _on_timeout(self) -> None:
        ids = self._ids[-CHUNK:]
        self._bridge.ask(self._bridge.services.chats.some(ids), partial(self._on_read, ids), self._on_refused)

    def _on_read(self, ids: tuple[str, ...], messages: list[Message]) -> None:
        if not ids or ids != self._ids[-CHUNK:]:  # another chat was opened meanwhile
            return
        self._ids = self._ids[:-CHUNK]
        if messages:
            self.arrived.emit(self._shown.put_before(messages))
        if self._ids:
            self._timer.start(0)

    def _on_refused(self, problem: Problem) -> None:
        self.forget()
        self._bridge.problem_met.emit(problem)


class MessageInspector(QObject):
    """Opens what belongs to a message: its exact prompt, its attachments and its quotations. Window's thread.

    Emits `prompt_arrived` with an InspectedPrompt, `text_requested` with a title, a sentence and a text to show,
    `picture_requested` with a title and a picture (base64 of a JPEG), and `page_requested` with the id of a document, a
    page number and the characters to mark.
    """

    prompt_arrived = Signal(object)
    text_requested = Signal(str, str, str)
    picture_requested = Signal(str, str)
    page_requested = Signal(str, int, object)

    def __init__(self, bridge: Bridge, shown: ShownMessages, parent: QObject) -> None:
        super().__init__(parent, objectName="message_inspector")
        self._bridge, self._shown = bridge, shown

    def show_prompt(self, message: str) -> None:
        self._bridge.follow(self._bridge.services.chats.seen_by_model(message), self.prompt_arrived.emit)

    def place_of(self, message: str, key: str) -> tuple[str, int, tuple[tuple[int, int], ...]] | None:
        """Return the document, the page and the characters to which a line below a message leads."""
        thing = self._thing(message, key)
        if isinstance(thing, Quoted) and thing.document:
            return thing.document, thing.page, ((thing.start, thing.end),)
        return (thing.document, thing.page, thing.spans) if isinstance(thing, UsedPage) else None

    def first_place(self, message: str) -> tuple[str, int, tuple[tuple[int, int], ...]] | None:
        """Return the first place to which an answer leads: what it quotes first, else what was read for it."""
        shown = self._shown.by_id.get(message)
        things = self._shown.things_below(shown) if shown else {}

        def place_in_answer(key: str) -> int:
            thing, text = things[key], shown.text.casefold() if shown else ""
            at = text.find(thing.quote.casefold()) if isinstance(thing, Quoted) else -1
            return at if at >= 0 else len(text)

        for key in sorted(things, key=place_in_answer):
            if place := self.place_of(message, key):
                return place
        return None

    def _thing(self, message: str, key: str) -> Thing | None:
        shown = self._shown.by_id.get(message)
        return self._shown.things_below(shown).get(key) if shown else None

    def open_extra(self, message: str, key: str) -> None:
        thing, place = self._thing(message, key), self.place_of(message, key)
        if place is not None:
            self.page_requested.emit(*place)
        elif isinstance(thing, Quoted):
            self._show_part(thing)
        elif isinstance(thing, AttachmentPart) and thing.attached.is_folder:
            self._show_folder(thing)
        elif isinstance(thing, AttachmentPart) and thing.attached.is_picture and thing.attached.source:
            self.picture_requested.emit(thing.attached.name, thing.attached.source[0])
        elif isinstance(thing, AttachmentPart):
            self.text_requested.emit(thing.attached.name, read_words(thing), thing.text)

    def _show_folder(self, folder: AttachmentPart) -> None:
        asked = next((message for message in self._shown.by_id.values() if folder in message.attachments), None)
        parts = [attachment for attachment in (asked.attachments if asked else ()) if attachment.attached.is_of_folder]
        own = [part for part in parts if part.attached.collection == folder.attached.collection]
        text = "\n".join(f"{part.attached.name}\n\n{part.text}" for part in own)
        self.text_requested.emit(folder.attached.name, read_words(folder), text)

    def _show_part(self, quoted: Quoted) -> None:
        """Show the text that contains a quotation, for a text that belongs to no document."""
        parts = [part for message in self._shown.by_id.values() for part in message.attachments if part.text]
        part = next((part for part in parts if part.attached.name == quoted.name and quoted.quote in part.text), None)
        if part is not None:
            self.text_requested.emit(
                quoted.name, _("\u201c{quote}\u201d stands in this text.").format(quote=quoted.quote), part.text
            )

"""Prepares the prompt of an answer, from the saved question to the request for the model. Service thread.

`PromptBuilder.build_prompt` is the whole way. What it decides (what is read of attachments, what is left out of a long
chat) depends on the tokens of the model, so the model is loaded first. It is stored before the model is asked.

What is needed for attachments alone is imported late: most questions have none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace  # noqa: TID251
from functools import partial
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import Message, ModelRecord, Passage
from slmdesk.base.runtime.events import ItemChanged, MessageChanged
from slmdesk.base.runtime.service import Runtime, Service, Slices, pending_on_file_thread
from slmdesk.base.types import Attached, AttachmentPart, AttachMode, ChatMessage, Json, Lazy, Origin, Place, Role
from slmdesk.chat.answers import AnswerRequest, Watcher
from slmdesk.chat.conversation import (
    AFTER,
    NOTES,
    ContextWindow,
    Group,
    StoredChat,
    Stores,
    groups_of,
    groups_to_leave_out,
    older_attachments,
    turns_for_engine,
    with_last_pictures,
)
from slmdesk.chat.settings import OF_MESSAGE
from slmdesk.chat.types import ASK, PICTURE_TOKENS, SUMMARIZE, AttachRequest, NotesBegun, TurnsLeftOut
from slmdesk.documents.saved_states import StateService
from slmdesk.history.store import Store
from slmdesk.models.loader.model_loader import Lease, ModelLoader, count_tokens
from slmdesk.models.service import ModelService, is_starter

if TYPE_CHECKING:
    from slmdesk.chat.attachments import ReadDocument, ReadFolder, Sources, Taken
    from slmdesk.chat.checking import Quotes
    from slmdesk.chat.context import NoteWriter, Prompts
    from slmdesk.chat.pictures import Pictures
    from slmdesk.children.client import ChildClient
    from slmdesk.documents.retrieval import RankedPassages, Retrieval

PROMPT_VERSION = "chat-1"
"""Must be changed when the turns for a model are built in another way."""
SHARE = 0.6
"""Share of the context that a prompt may take after room was made."""
LEAST_ANSWER = 16
"""Fewest free tokens for which an answer is started. This is the limit of the engine."""
MARGIN = 24
"""Tokens that a chat format adds around the whole prompt."""
_ASKING = "?\uff1f\u061f\u037e"


@dataclass(slots=True, eq=False)
class _Draft:
    """The prompt of an answer while it is prepared."""

    request: AnswerRequest
    answer: Message
    path: tuple[Message, ...]
    """All messages before the answer, the question last."""
    window: ContextWindow
    context: int = 0
    """Size of the context in tokens, once the model is loaded."""

    def fits(self, tokens: int) -> bool:
        return tokens + self.for_answer <= self.context

    @property
    def for_answer(self) -> int:
        from slmdesk.chat.attachment_text import space_for_answer

        return space_for_answer(self.context, self.request.sampling.max_tokens)


class PromptBuilder(Service):
    _runtime: Runtime
    _stores: Stores
    _loader: ModelLoader
    _reader: Callable[[], ChildClient]
    prompts: Lazy[PromptBuilder, Prompts] = Lazy("chat.context:Prompts", lambda s, new: new(s._runtime, s._loader))
    writer: Lazy[PromptBuilder, NoteWriter] = Lazy("chat.context:NoteWriter", lambda s, new: new(s._loader, s.prompts))
    sources: Lazy[PromptBuilder, Sources] = Lazy("chat.attachments:Sources", lambda s, new: new(s._runtime, s._loader))
    quotes: Lazy[PromptBuilder, Quotes] = Lazy("chat.checking:Quotes", lambda s, new: new(s._runtime, s._stores))
    pictures: Lazy[PromptBuilder, Pictures] = Lazy("chat.pictures:Pictures", lambda s, new: new(s._runtime, s._reader))

    def __init__(
        self,
        runtime: Runtime,
        stores: Stores,
        models: ModelService,
        loader: ModelLoader,
        retrieval: Callable[[], Retrieval],
        states: StateService,
        reader: Callable[[], ChildClient],
    ) -> None:
        super().__init__(runtime)
        self._runtime, self._stores, self._models, self._loader = runtime, stores, models, loader
        self._retrieval, self._states, self._reader = retrieval, states, reader

    def build_prompt(
        self,
        request: AnswerRequest,
        answer: Message,
        chat: StoredChat,
        path: Sequence[Message],
        *,
        explicit: bool,
        goes_on: bool,
    ) -> Slices[AnswerRequest | None]:
        """Return `request` with its turns, or None when loading the model was cancelled. `path` holds all messages
        before the answer, the question last.

        `goes_on`: the answer is continued or rewritten, so the earlier decision about its attachments stays.

        Raises KnownError `model.…`, `context.full`, `store.…`.
        """
        draft = _Draft(request, answer, tuple(path), chat.window)
        self._check(request.record, draft.path)
        way = chat.options.when_full
        is_undecided = _is_undecided(draft, goes_on=goes_on)
        if is_undecided or way != ASK:
            lease: Lease | None = yield self._loader.lease(request.record, explicit=explicit)
            if lease is None:
                return None
            draft.context = lease.model.context_tokens
        yield from self._make_room(draft, way)
        if is_undecided:
            parts = yield from self._read(draft)
            self._decide(draft, parts)
            yield from self._make_room(draft, way)
        return (yield from self._asked(draft))

    def known_state(self, request: AnswerRequest, turns: Sequence[ChatMessage]) -> dict[str, Json] | None:
        """Return where the disk has what this model read of these turns; None if it has not."""
        if request.lora or not turns:
            return None
        return self._states.known(request.record, turns, PROMPT_VERSION)

    def _check(self, record: ModelRecord, path: Sequence[Message]) -> None:
        """Check that the model takes the question. Pictures of earlier questions are left out without a word."""
        if is_starter(record) and attachments_on(path):
            raise KnownError("model.no_documents", name=record.name)
        asked = next((message.words for message in reversed(path) if message.role is Role.USER), "")
        if refused := refusal_of_words(record, asked):
            raise refused
        is_shown = any(part.attached.is_picture for part in attachments_on(path[-1:]))
        if is_shown and not self._models.sees(record):
            raise KnownError("model.blind", name=record.name)

    # ---- room: the oldest questions and answers are left out

    def _make_room(self, draft: _Draft, way: str) -> Slices[None]:
        """Leave the oldest questions and answers out of a prompt that does not fit, until it takes only a share of the
        context, so that its beginning stays the same for several questions and need not be read again for each. Notes
        of the model may replace them. `way`: one of WHEN_FULL.

        Raises KnownError `context.full`.
        """
        if way == ASK:
            return
        from slmdesk.chat.context import space_for_notes

        before = draft.window
        tokens = yield from self._measured(draft, before)
        groups = groups_of(draft.path[before.place(draft.path) :])
        if len(groups) > 1 and not draft.path[-1].id:  # a request to rewrite an answer needs that answer
            groups[-2:] = [groups[-2] + groups[-1]]
        if draft.fits(tokens) or len(groups) < 2:
            return
        for_notes, shorter = 0, before
        if way == SUMMARIZE:
            for_notes = space_for_notes(draft.context)
            shorter = replace(before, notes="")
        sizes = yield from self._sizes(draft.request.record, groups)
        stays = [before.holds(group) for group in groups]
        fixed = max(0, tokens - sum(sizes)) + for_notes
        count = max(1, groups_to_leave_out(sizes, stays, fixed, int(draft.context * SHARE)))
        while True:
            window = replace(shorter, after=groups[count - 1][-1].id)
            needed = for_notes + (yield from self._measured(draft, window))
            if draft.fits(needed) or count >= len(groups) - 1:
                break
            count += 1
        if needed + LEAST_ANSWER > draft.context:  # too long even so: leave nothing out in vain
            raise KnownError("context.full", needed=needed + LEAST_ANSWER, available=draft.context)
        if for_notes:
            self._publish(NotesBegun(draft.answer.item, draft.answer.id))
            gone = [group for group in groups[:count] if not before.holds(group)]
            notes = yield from self.writer.write(draft.request.record, before.notes_on(draft.path), gone)
            window = replace(window, notes=notes)
        draft.window = window
        items = self._stores.of(draft.answer.item).items
        item = items.change_settings(draft.answer.item, **{AFTER: window.after, NOTES: window.notes or None})
        self._publish(ItemChanged(item))
        left_out = window.left_out(draft.path)
        has_notes = way == SUMMARIZE and bool(window.notes)
        self._publish(TurnsLeftOut(draft.answer.item, draft.answer.id, len(left_out), has_notes=has_notes))

    def _measured(self, draft: _Draft, window: ContextWindow) -> Slices[int]:
        turns, _ids = window.turns(draft.path, draft.answer.text)
        tokens, _context = yield self.prompts.measure(draft.request.record, turns)
        return int(tokens)

    def _sizes(self, record: ModelRecord, groups: Sequence[Group]) -> Slices[list[int]]:
        from slmdesk.chat.attachment_text import FRAME

        each = [[turn.text for turn in turns_for_engine("", group)[0]] for group in groups]
        counts = iter((yield count_tokens(self._loader, record, [text for texts in each for text in texts])))
        return [sum(next(counts) + FRAME for _text in texts) for texts in each]

    # ---- attachments: those that fit are read whole; of the others only passages that match the question

    def _read(self, draft: _Draft) -> Slices[list[AttachmentPart]]:
        """Return what the model reads of attachments for this question. Raises KnownError document.*, store.*."""
        from slmdesk.chat.attachment_text import FRAME_TOKENS, MOST_PASSAGES, space_for_passages
        from slmdesk.chat.attachments import ReadDocument

        *before, question = draft.path
        older = older_attachments(before, draft.window)
        documents: list[ReadDocument] = []
        folders: list[ReadFolder] = []
        for about, is_fresh in _all_of(question.attachments, older):
            if about.is_folder:
                folders.append(self._folder_now(about, is_fresh=is_fresh))
            else:
                documents.append(ReadDocument(about, is_fresh))
        yield from self.sources.measure_all(documents)
        left = yield from self._left(draft)
        left -= yield from self._read_whole(documents, draft.request.record, left)
        asked = [document for document in documents if document.measured and not document.is_whole]
        if not (asked or folders):
            return _kept(question, [document.part((), self._store) for document in documents])
        # documents of folders, except those that are attached directly or were read whole before
        others = {document.about.document for document in documents}
        others |= {part.attached.document for part in older if part.attached.is_whole}
        searched = {id for folder in folders for id in folder.names} - others
        rankings = yield from self._rankings(question.words, before, asked, folders, searched)
        frames = FRAME_TOKENS * (len(asked) + min(MOST_PASSAGES, len(searched)))
        taken = yield from self._pick(rankings, older, draft.request.record, space_for_passages(left - frames))
        parts = [document.part(taken.get(document.key, ()), self._store) for document in documents]
        for folder in folders:
            used = [folder.document(id) for id in taken if id in searched and id in folder.names]
            yield from self.sources.measure_all(used)
            parts += [folder.part(len(used)), *(document.part(taken[document.key], self._store) for document in used)]
        return _kept(question, parts)

    def _decide(self, draft: _Draft, parts: Sequence[AttachmentPart]) -> None:
        question = draft.path[-1]
        words = [part for part in question.parts if not isinstance(part, AttachmentPart)]
        decided = self._stores.of(question.item).messages.change_parts(question.id, (*words, *parts))
        self._publish(MessageChanged(decided))
        draft.path = (*draft.path[:-1], decided)

    def _left(self, draft: _Draft) -> Slices[int]:
        """Return how many tokens of the context are free for attachments."""
        from slmdesk.chat.attachment_text import FRAME

        turns, _ids = draft.window.turns(draft.path[:-1])
        texts = [*(turn.text for turn in turns), draft.path[-1].words]
        counts: list[int] = yield self.sources.count(texts, draft.request.record)
        return draft.context - sum(counts) - FRAME * len(counts) - MARGIN - draft.for_answer

    def _read_whole(self, documents: Sequence[ReadDocument], record: ModelRecord, left: int) -> Slices[int]:
        """Choose which documents are read whole. Returns the tokens they take of those that are `left`."""
        from slmdesk.chat.attachment_text import SizedAttachment, decide

        fresh = [document for document in documents if document.is_fresh and document.measured]
        counts: list[int] = yield self.sources.tokens_of([one.measured for one in fresh if one.measured], record)
        sizes = [SizedAttachment(tokens, document.mode) for tokens, document in zip(counts, fresh, strict=True)]
        taken = 0
        for document, size, is_whole in zip(fresh, sizes, decide(sizes, left), strict=True):
            document.tokens, document.is_whole = size.tokens, is_whole
            if is_whole:
                taken += size.tokens
        return taken

    def _folder_now(self, about: Attached, *, is_fresh: bool) -> ReadFolder:
        """Look up which documents of a folder can be searched now.  Raises KnownError store.*."""
        from slmdesk.chat.attachments import ReadFolder
        from slmdesk.documents.types import left_out_in

        collections = self._store.collections
        try:
            record = collections.get(about.collection)
        except KnownError as err:
            if err.code != "collection.unknown":
                raise
            return ReadFolder(about, is_fresh, {}, is_gone=True)
        names = {document.id: document.name for document in collections.asked_documents(record.id)}
        unread = collections.count(record.id)[2] + len(left_out_in(record.settings))
        return ReadFolder(about, is_fresh, names, unread)

    def _rankings(
        self,
        question: str,
        before: Sequence[Message],
        asked: Sequence[ReadDocument],
        folders: Sequence[ReadFolder],
        searched: Collection[str],
    ) -> Slices[list[list[tuple[str, Passage]]]]:
        """Return rankings of (key of the document, passage), best first: one for all stored documents, and one for each
        text that belongs to no document.
        """
        rankings = list[list[tuple[str, Passage]]]()
        ids = [*(document.about.document for document in asked if document.about.document), *searched]
        if ids:
            earlier = list[str]()
            if any(sign in question for sign in _ASKING):  # not with “Thanks”
                earlier = [message.words for message in before if message.role is Role.USER]
            ranked: RankedPassages = yield self._retrieval().rank(question, ids, before=tuple(earlier))
            stored = ranked.passages or self._beginnings(asked, folders, searched)
            rankings.append([(passage.document, passage) for passage in stored])
        texts = [document for document in asked if not document.about.document]
        if texts:
            rankings += yield pending_on_file_thread(
                self._service_thread,
                lambda: [text.ranked(question) for text in texts],
                name="passages",
            )
        return rankings

    def _beginnings(
        self, asked: Sequence[ReadDocument], folders: Sequence[ReadFolder], searched: Collection[str]
    ) -> list[Passage]:
        """Return the first passages of newly attached documents, for a question whose words match nothing (“What is
        this about?”). Of a folder only the first documents are used.
        """
        from slmdesk.chat.attachment_text import MOST_PASSAGES

        ids = [document.about.document for document in asked if document.about.document and document.is_fresh]
        fresh = [id for folder in folders if folder.is_fresh for id in folder.names if id in searched]
        ids += fresh[:MOST_PASSAGES]
        each = max(1, MOST_PASSAGES // max(1, len(ids)))
        return [passage for id in ids for passage in self._store.passages.of_document(id)[:each]]

    def _pick(
        self,
        rankings: Sequence[Sequence[tuple[str, Passage]]],
        older: Sequence[AttachmentPart],
        record: ModelRecord,
        space: int,
    ) -> Slices[dict[str, Taken]]:
        """Return the passages that fit into `space` tokens, by their document's key, without those read before."""
        from slmdesk.chat.attachment_text import MOST_PASSAGES, PASSAGE_FRAME, best_that_fit, in_turn, key_of, place_of

        given: dict[str, set[Place]] = {}
        for part in older:
            given.setdefault(key_of(part.attached), set()).update(part.attached.places)
        ranked = in_turn(rankings)
        candidates = [(key, passage) for key, passage in ranked if place_of(passage) not in given.get(key, ())]
        candidates = candidates[: 3 * MOST_PASSAGES]
        counts: list[int] = yield self.sources.count([passage.text for _key, passage in candidates], record)
        sizes = [count + PASSAGE_FRAME for count in counts]
        taken: dict[str, Taken] = {}
        for place in best_that_fit(sizes, space):
            key, passage = candidates[place]
            taken.setdefault(key, []).append((passage, sizes[place]))
        return taken

    # ---- the turns

    def _asked(self, draft: _Draft) -> Slices[AnswerRequest]:
        """Return the request with the turns as the engine takes them."""
        request, path, window = draft.request, draft.path, draft.window
        turns: Sequence[ChatMessage] = window.turns(path)[0]
        read_before, _ids = window.turns(path[:-1])
        state = self.known_state(request, read_before)
        request = changed(request, kept=window.kept, state=state)
        if attached := attachments_on(path):
            request = changed(request, watcher=Watcher(partial(self.quotes.compare, attached, turns)))
        if any(turn.pictures for turn in turns):
            sees = self._models.sees(request.record)
            turns = with_last_pictures(turns, sees=sees)
            if sees:
                turns = yield from self.pictures.shown(turns)
        said = tuple(message.words for message in window.seen(path) if message.role is Role.USER)
        if said and not draft.answer.text:  # whoever continues an answer wants it
            wanted = window.answer_language if window.answer_language != OF_MESSAGE else ""
            request = changed(request, astray=partial(_astray, said, wanted))
        return changed(request, turns=tuple(turns))


def _astray(said: tuple[str, ...], wanted: str, text: str) -> str:
    from slmdesk.chat.straying import astray  # late: only a longer answer waits for it

    return astray(said, wanted).reason(text)


def refusal_of_words(record: ModelRecord, asked: str) -> KnownError | None:
    """Return why the starter is not asked: in another language than English."""
    if not is_starter(record):
        return None
    from slmdesk.chat.straying import language_of

    return None if language_of(asked) in ("", "en") else KnownError("model.english_only", name=record.name)


# ---- what is attached


def undecided(
    store: Store, requests: Sequence[AttachRequest], replaced: Sequence[AttachmentPart]
) -> list[AttachmentPart]:
    """Return the attachments of a new question, before it is decided what is read of them. `replaced`: those of the
    question that it replaces.

    Raises KnownError `collection.unknown`, `collection.empty`.
    """
    for request in requests:
        if request.collection:
            record = store.collections.get(request.collection)
            if not store.collections.count(record.id)[0]:
                raise KnownError("collection.empty", name=record.name)
    kept = [_undecided_again(part.attached) for part in replaced if not part.attached.is_of_folder]
    return [*kept, *map(stub_of, requests)]


def stub_of(request: AttachRequest) -> AttachmentPart:
    from slmdesk.chat.attachment_text import new_frame

    about = Attached(
        request.name,
        request.document,
        size=request.size,
        page_kind=request.page_kind,
        mode=request.mode,
        source=request.source,
        pages_total=len(request.source),
        collection=request.collection,
        frame=new_frame(),
    )
    if request.mode is AttachMode.PICTURE:
        known_by = hashlib.sha256("".join(request.source).encode()).hexdigest()
        about = changed(about, sha256=known_by, is_planned=True, is_whole=True, tokens=PICTURE_TOKENS)
    return AttachmentPart("", Origin.DOCUMENT, about)


def _undecided_again(old: Attached) -> AttachmentPart:
    if old.is_picture:
        return AttachmentPart("", Origin.DOCUMENT, old)
    about = Attached(
        old.name,
        old.document,
        page_kind=old.page_kind,
        mode=old.mode,
        source=old.source,
        pages_total=old.pages_total,
        collection=old.collection,
        frame=old.frame,
    )
    return AttachmentPart("", Origin.DOCUMENT, about)


def attachments_on(path: Sequence[Message]) -> tuple[AttachmentPart, ...]:
    return tuple(part for message in path for part in message.attachments)


def _is_undecided(draft: _Draft, *, goes_on: bool) -> bool:
    """Return whether it must be decided what is read of attachments: of new ones, or passages for this question."""
    if not attachments_on(draft.path) or draft.path[-1].role is not Role.USER:
        return False
    *before, question = draft.path
    if any(not part.attached.is_planned for part in question.attachments):
        return True
    if goes_on or question.attachments:
        return False
    return bool(_by_passages(older_attachments(before, draft.window)))


def _by_passages(older: Sequence[AttachmentPart]) -> dict[str, Attached]:
    """Return what was attached earlier and never read whole, by its key."""
    from slmdesk.chat.attachment_text import key_of

    whole = {key_of(part.attached) for part in older if part.attached.is_whole}
    attached = [part.attached for part in older if not (part.attached.is_of_folder or part.attached.is_picture)]
    return {key_of(about): about for about in attached if not about.is_gone and key_of(about) not in whole}


def _all_of(fresh: Sequence[AttachmentPart], older: Sequence[AttachmentPart]) -> list[tuple[Attached, bool]]:
    """Return everything that is attached to a question, each with whether it is newly attached."""
    from slmdesk.chat.attachment_text import key_of

    new = [part.attached for part in fresh if not part.attached.is_picture]
    known = _by_passages(older)
    for about in new:
        known.pop(key_of(about), None)
    return [*((about, True) for about in new), *((about, False) for about in known.values())]


def _kept(question: Message, parts: Sequence[AttachmentPart | None]) -> list[AttachmentPart]:
    """Return the parts that are stored with a question, its pictures first."""
    pictures = [part for part in question.attachments if part.attached.is_picture]
    return [*pictures, *filter(None, parts)]

"""Keeps texts with their translations, and finds translations of all kinds. Service thread."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import AnswerEnding, Found, Item, Status
from slmdesk.base.translation import LANGUAGES, LiveSegment, NewSegment, Origin, SegmentRecord, SegmentState
from slmdesk.base.types import Origin as Author
from slmdesk.base.types import Role, TextPart
from slmdesk.chat.conversation import title_from
from slmdesk.jobs.service import REQUEST
from slmdesk.runtime.events import ItemChanged, Pending
from slmdesk.runtime.service import Runtime, Service, Slices, in_slices
from slmdesk.translation.export import segments_of_item
from slmdesk.translation.prompts import TranslationStyle
from slmdesk.translation.service import TranslationService
from slmdesk.translation.types import KIND, TranslationRequest, memory_domain, request_of, shape_of, translation_of

TITLE = 60
MOST_HITS = 100
HITS_AT_ONCE = 5
"""Most search hits, for each of which a snippet is cut from a long text, before other work gets its turn."""
MOST_SEARCHED = 100_000
"""Most segments that are searched, in slices. This takes some seconds."""
SHARED = 0.5
"""Least share of the shorter of two texts that their beginnings and ends have in common, for one to count as an edited
version of the other.
"""


class KeptText(Record):
    text: str
    manner: TranslationStyle
    segments: tuple[SegmentRecord, ...]


class Earlier(Record):
    found: tuple[tuple[Item, str], ...]
    was_cut: bool


class RecentTranslations(Service):
    def __init__(self, runtime: Runtime, translations: TranslationService) -> None:
        super().__init__(runtime)
        self._translations, self._turn = translations, 0

    def keep(self, text: str, manner: TranslationStyle, segments: Sequence[LiveSegment], item: str = "") -> str:
        """Store a text with its translation. `item` is the item it was stored as before, which is changed.

        A text that differs too much becomes a new item. Returns the item's id, or '' if nothing is stored: nothing is
        translated yet, the setting `writing_history` is off, or the history is read-only. Raises KnownError store.*.
        """
        done = [segment for segment in segments if segment.target and segment.state is not SegmentState.OPEN]
        is_requested = self._settings.current.writing_history and not self._store.read_only
        if not is_requested or not text.strip() or not done:
            return ""
        request = TranslationRequest(
            manner.target, text=text, source=manner.source, domain=manner.domain, formality=manner.formality,
        )  # fmt: skip
        title = _title(request)
        with self._store.together():  # if the disk is full, the earlier version stays complete
            old = self._same(item, text) if item else None
            if old is None:
                old = self._store.items.add(KIND, title, settings={REQUEST: shape_of(request)})
            else:
                if old.title == _title(request_of(old)):  # else a person renamed it
                    self._store.items.rename(old.id, title)
                self._store.items.change_settings(old.id, **{REQUEST: shape_of(request)})
            self._put_segments(old.id, segments)
            self._put_words(old.id, text, segments)
            self._own_pairs(old.id, request, segments)
        self._publish(ItemChanged(self._store.items.get(old.id)))
        return old.id

    def open(self, item: str) -> KeptText | None:
        """Return a text translated earlier. None if the item is the translation of a document.

        Raises KnownError `item.unknown`.
        """
        view = self._translations.open(item)
        if view.request.path:
            return None
        request = view.request
        manner = TranslationStyle(request.target, request.source, request.domain, request.formality)
        segments = tuple(segments_of_item(self._store, view.item.id))
        return KeptText(request.text, manner, segments)

    def search(self, words: str) -> Pending[Earlier]:
        """Search the source, translation and title of all translations.

        A later search ends this one, which then returns what it found so far.
        """
        self._turn += 1
        return in_slices(self._service_thread, self._searching(words, self._turn))

    def _searching(self, words: str, turn: int) -> Slices[Earlier]:
        matches: dict[str, Found] = {}
        before: int | None = None
        while hits := self._store.index.search(words, limit=HITS_AT_ONCE, before=before, kind=KIND):
            before = hits[-1].n
            for hit in hits:
                matches.setdefault(hit.item, hit)
            yield
            if len(matches) >= MOST_HITS or turn != self._turn:
                return self._newest_first(matches, was_cut=True)
        looking = self._store.segments.with_words(words, most=MOST_SEARCHED, but=matches)
        while turn == self._turn:
            try:
                looked = next(looking)
            except StopIteration as end:
                return self._newest_first(matches, was_cut=end.value)
            if looked is not None:
                matches[looked.item] = looked
            yield
        return self._newest_first(matches, was_cut=True)

    def _newest_first(self, matches: Mapping[str, Found], *, was_cut: bool) -> Earlier:
        there = []
        for id in matches:
            with contextlib.suppress(KnownError):  # deleted for good while others were looked for
                there.append(self._store.items.get(id))
        kept = sorted((item for item in there if item.deleted_at is None), key=lambda item: item.updated, reverse=True)
        return Earlier(tuple((item, matches[item.id].snippet) for item in kept), was_cut)

    def _same(self, item: str, text: str) -> Item | None:
        try:
            old = self._store.items.get(item)
        except KnownError:  # deleted for good meanwhile
            return None
        if old.deleted_at is not None or not is_same_text(request_of(old).text, text):
            return None
        return old

    def _put_segments(self, item: str, segments: Sequence[LiveSegment]) -> None:
        self._store.segments.forget(item)
        is_open = [segment.state is SegmentState.OPEN for segment in segments]
        new = [
            NewSegment(
                segment.paragraph, segment.source, lead=segment.lead, trail=segment.trail, language=segment.language,
                state=segment.state, target="" if is_half else segment.target, origin=segment.origin,
                flags=segment.flags, doubts=() if is_half else segment.doubts,
            )
            for segment, is_half in zip(segments, is_open, strict=True)
        ]  # fmt: skip
        self._store.segments.add(item, new)
        self._store.results.save(item, {"taken": True, "done": True, "left": []})

    def _own_pairs(self, item: str, request: TranslationRequest, segments: Sequence[LiveSegment]) -> None:
        """Link the memory's pairs that a person wrote here to the item, so that deleting it for good deletes them."""
        for segment in segments:
            if segment.origin is Origin.PERSON:
                pair = [(segment.source, segment.target)]
                self._store.memory.link(item, segment.language, request.target, memory_domain(request), pair)

    def _put_words(self, item: str, text: str, segments: Sequence[LiveSegment]) -> None:
        """Store the text and its translation as a message, so that a search of the history finds them."""
        words = translation_of(segments)
        parts = (TextPart(text, Author.PERSON),)
        kept = self._store.messages.of_item(item)
        if kept:
            self._store.messages.change_parts(kept[0].id, parts)
            self._store.messages.end(kept[0].id, words, AnswerEnding(Status.COMPLETE))
        else:
            role, status = Role.ASSISTANT, Status.COMPLETE
            self._store.messages.add(item, parent=None, role=role, parts=parts, text=words, status=status)


def _title(request: TranslationRequest) -> str:
    return f"{title_from(request.text, TITLE)} → {LANGUAGES[request.target].name}"


def is_same_text(old: str, new: str) -> bool:
    shorter = min(len(old), len(new))
    begin = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - begin
    end = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    return shorter > 0 and begin + end >= SHARED * shorter

"""Stores typed translations as items of kind `translation`, and finds translations of all kinds.  Service thread.

The segments are rows, as of all translations; source and translation are also a message, so that history can search
them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.languages import LANGUAGES
from slmdesk.base.record import Record
from slmdesk.base.records import AnswerEnding, Found, Item, Status
from slmdesk.base.translation import LiveSegment, NewSegment, Origin, SegmentRecord, SegmentState
from slmdesk.base.types import Origin as Author
from slmdesk.base.types import Role, TextPart
from slmdesk.jobs.resumable import REQUEST
from slmdesk.runtime.events import ItemChanged
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.translation.asking.prompts import TranslationStyle
from slmdesk.translation.readout import KIND, segments_of_item
from slmdesk.translation.service import TranslationService
from slmdesk.translation.types import TranslationRequest, memory_domain, request_of, shape_of

TITLE = 60
MOST_HITS = 100
HITS_AT_ONCE = 5
"""Long texts each, whose words around the hit are cut out, before others may come between."""
MOST_SEARCHED = 100_000
"""Segments that are looked through in a search, bit by bit: some seconds."""
SHARED = 0.5
"""Of the shorter of two texts: with that much of it at their ends in common, one is the other, edited."""


class TypedText(Record):
    item: str
    text: str
    manner: TranslationStyle
    segments: tuple[SegmentRecord, ...]
    redact: bool = False

    @property
    def live(self) -> tuple[LiveSegment, ...]:
        return tuple(
            LiveSegment(
                one.source,
                one.lead,
                one.trail,
                one.language,
                one.target,
                one.state,
                one.origin,
                one.flags,
                one.unit,
                doubts=one.doubts,
            )
            for one in self.segments
        )


class Earlier(Record):
    found: tuple[tuple[Item, str], ...]
    was_cut: bool


class TypedHistory(Service):
    def __init__(self, runtime: Runtime, translations: TranslationService) -> None:
        super().__init__(runtime)
        self._translations, self._turn = translations, 0

    def keep(
        self,
        text: str,
        manner: TranslationStyle,
        segments: Sequence[LiveSegment],
        item: str = "",
        *,
        redact: bool = False,
    ) -> str:
        """Store a text with its translation; `item`: the item it was stored as before, which is then changed.

        A text that is no longer the same becomes an item of its own.  Returns the item's id; '' when nothing is stored:
        nothing is translated yet, the setting `translate_history` is off, or the history is read-only.  Raises
        KnownError store.*.
        """
        done = [one for one in segments if one.target and one.state is not SegmentState.OPEN]
        is_requested = self._settings.current.translate_history and not self._store.read_only
        if not is_requested or not text.strip() or not done:
            return ""
        request = TranslationRequest(
            manner.target, text=text, source=manner.source, domain=manner.domain, formality=manner.formality,
            redact=redact,
        )  # fmt: skip
        words = " ".join(text.split())
        begin = words if len(words) <= TITLE else f"{words[:TITLE].rstrip()}…"
        title = f"{begin} → {LANGUAGES[manner.target].name}"
        with self._store.together():  # a full disk leaves what was kept before, whole
            old = self._same(item, text) if item else None
            if old is None:
                old = self._store.items.add(KIND, title, settings={REQUEST: shape_of(request), "auto_title": title})
            elif old.title == old.settings.get("auto_title"):
                self._store.items.rename(old.id, title)
                self._store.items.change_settings(old.id, auto_title=title, **{REQUEST: shape_of(request)})
            else:
                self._store.items.change_settings(old.id, **{REQUEST: shape_of(request)})
            self._put_segments(old.id, segments)
            self._put_words(old.id, text, segments)
            self._own_pairs(old.id, request, segments)
        self._publish(ItemChanged(self._store.items.get(old.id)))
        return old.id

    def open(self, item: str) -> TypedText | None:
        """Return a text translated earlier; None when the item is the translation of a document.

        Raises KnownError `item.unknown`.
        """
        view = self._translations.open(item)
        if view.request.path:
            return None
        request = view.request
        manner = TranslationStyle(request.target, request.source, request.domain, request.formality)
        segments = tuple(segments_of_item(self._store, view.item.id))
        return TypedText(view.item.id, request.text, manner, segments, request.redact)

    def search(self, words: str) -> Pending[Earlier]:
        """Search text, translation and title of translations.

        A later search ends this one, which then gets what was found so far.
        """
        self._turn += 1
        return in_slices(self._service_thread, self._searching(words, self._turn))

    def _searching(self, words: str, turn: int) -> Slices[Earlier]:
        found: dict[str, Found] = {}
        before: int | None = None
        while hits := self._store.index.search(words, limit=HITS_AT_ONCE, before=before, kind=KIND):
            before = hits[-1].n
            for one in hits:
                found.setdefault(one.item, one)
            yield
            if len(found) >= MOST_HITS or turn != self._turn:
                return self._newest_first(found, was_cut=True)
        looking = self._store.segments.with_words(words, most=MOST_SEARCHED, but=found)
        while turn == self._turn:
            try:
                hit = next(looking)
            except StopIteration as end:
                return self._newest_first(found, was_cut=end.value)
            if hit is not None:
                found[hit.item] = hit
            yield
        return self._newest_first(found, was_cut=True)

    def _newest_first(self, found: Mapping[str, Found], *, was_cut: bool) -> Earlier:
        there = []
        for id in found:
            with contextlib.suppress(KnownError):  # deleted for good while others were looked for
                there.append(self._store.items.get(id))
        kept = sorted((one for one in there if one.deleted_at is None), key=lambda one: one.updated, reverse=True)
        return Earlier(tuple((one, found[one.id].snippet) for one in kept), was_cut)

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
        self._store.segments.add(
            item,
            [
                NewSegment(
                    one.paragraph,
                    one.source,
                    lead=one.lead,
                    trail=one.trail,
                    language=one.language,
                    state=one.state,
                    target="" if one.state is SegmentState.OPEN else one.target,
                    origin=one.origin,
                    flags=one.flags,
                    doubts=() if one.state is SegmentState.OPEN else one.doubts,
                )
                for one in segments
            ],
        )
        self._store.results.save(item, {"taken": True, "done": True, "left": []})

    def _own_pairs(self, item: str, request: TranslationRequest, segments: Sequence[LiveSegment]) -> None:
        """What a person wrote here, and the memory knows, goes with the item when it is deleted for good."""
        for one in segments:
            if one.origin is Origin.PERSON:
                pair = [(one.source, one.target)]
                self._store.memory.link(item, one.language, request.target, memory_domain(request), pair)

    def _put_words(self, item: str, text: str, segments: Sequence[LiveSegment]) -> None:
        """The message by which history is searched."""
        words = "".join(one.lead + (one.target or one.source) + one.trail for one in segments)
        parts = (TextPart(text, Author.PERSON),)
        kept = self._store.messages.of_item(item)
        if kept:
            self._store.messages.change_parts(kept[0].id, parts)
            self._store.messages.end(kept[0].id, words, AnswerEnding(Status.COMPLETE))
        else:
            self._store.messages.add(
                item, parent=None, role=Role.ASSISTANT, parts=parts, text=words, status=Status.COMPLETE
            )


def is_same_text(old: str, new: str) -> bool:
    shorter = min(len(old), len(new))
    begin = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - begin
    end = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    return shorter > 0 and begin + end >= SHARED * shorter

"""Translates text while it is being typed, and stores typed translations. Service thread."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial, Token, answer_from, stored_from
from slmdesk.base.record import Record, changed
from slmdesk.base.records import AnswerEnding, Found, Item, ModelRecord, Status
from slmdesk.base.texts import _
from slmdesk.base.translation import (
    LANGUAGES,
    Doubt,
    LiveSegment,
    MemoryPair,
    NewSegment,
    Origin,
    SegmentFlag,
    SegmentRecord,
    SegmentState,
    Term,
)
from slmdesk.base.types import Json, Role, TextPart
from slmdesk.base.types import Origin as Author
from slmdesk.chat.conversation import title_from
from slmdesk.jobs.service import REQUEST
from slmdesk.loader.model_loader import Lease, ModelLoader
from slmdesk.runtime.events import ItemChanged, Pending
from slmdesk.runtime.messages import Problem, problem_for, problem_of
from slmdesk.runtime.service import Later, Runtime, Service, Slices, in_slices
from slmdesk.text.preserved import masked, unmasked_so_far
from slmdesk.text.tagged import Tags
from slmdesk.text.terms import find_terms
from slmdesk.translation.export import segments_of_item
from slmdesk.translation.memory import recalled, remembered
from slmdesk.translation.prompts import (
    AskedText,
    CutState,
    TranslationStyle,
    asked_about,
    segments_from,
    styled,
    translation_step,
    units_of_text,
)
from slmdesk.translation.service import TranslationService
from slmdesk.translation.types import (
    KIND,
    LiveTranslated,
    PairUsed,
    TranslationRequest,
    language_of_most,
    memory_domain,
    request_of,
    shape_of,
    translation_of,
)

TELL_S = 0.05
"""Least seconds between two updates of the window while a translation streams in."""
MOST_DEATHS = 1
"""Most crashes of the engine in a row after which it is automatically asked once more."""
MOST_PUTS = 100


@dataclass(slots=True, eq=False)
class _Asked:
    """A segment that the model is asked about."""

    segment: LiveSegment
    key: Key
    words: AskedText
    """The text as the model sees it, with the glossary terms of that time."""
    masks: dict[str, str] = field(default_factory=dict)
    text: str = ""
    """What the model has written so far."""
    is_open: bool = True


@dataclass(slots=True, eq=False)
class _Put:
    """A person's translation, and what it replaced on the page and in the translation memory."""

    segment: LiveSegment
    key: Key
    known: CachedSegment | None
    style: TranslationStyle
    pair: MemoryPair | None


class LiveTranslation(Service):
    def __init__(
        self,
        runtime: Runtime,
        loader: ModelLoader,
        terms: Callable[[str, str, str], Sequence[Term]],
    ) -> None:
        """Create the service. `terms(source, target, domain)` returns the terms of the active glossaries."""
        super().__init__(runtime)
        self._loader, self._terms = loader, terms
        self._known = SegmentCache()
        self._puts: OrderedDict[int, _Put] = OrderedDict()
        self._last_put = 0
        self._requested: list[tuple[LiveSegment, Key | None]] = []
        self._manner = TranslationStyle("en")
        self._record: ModelRecord | None = None
        self._run: Pending[Problem | None] | None = None
        self._asked: dict[str, _Asked] = {}
        """Segments the model is asked about, by the name of the job's step."""
        self._later: Later | None = None
        self._is_done = True
        self._reported_at = 0.0
        self._deaths = 0

    # ---- requests

    def translate(self, text: str, manner: TranslationStyle, record: ModelRecord) -> None:
        """Translate `text`, which replaces the text given before. An empty text stops everything."""
        manner = styled(manner, record)
        if self._record is None or record.id != self._record.id or manner != self._manner:
            self._stop()
        self._manner, self._record = manner, record
        self._requested = self._cut(text)
        requested = {key for __, key in self._requested if key is not None}
        if any(asked.is_open and asked.key not in requested for asked in self._asked.values()):
            self._stop()
        self._say()
        self._advance()

    def stop(self) -> None:
        self._stop()
        self._known.settle()
        self._say(is_done=True)

    def put(self, index: int, target: str, source: str = "") -> int:
        """Set a person's translation of the segment at `index` of the last event, and store it in the translation
        memory.

        `source`: the source of this segment, because the text may have changed. Returns a number for `take_back`.
        Raises KnownError `request.invalid` if there is no such segment, it is not to be translated, or `target` is
        empty.
        """
        segment, key = self._requested[index] if 0 <= index < len(self._requested) else (None, None)
        if segment is None or key is None or (source and segment.source != source):
            raise KnownError("request.invalid", what=_("this sentence is not there any more"))
        target = " ".join(target.split())
        if not target:
            raise KnownError("request.invalid", what=_("a translation without words"))
        pair = self._remembered(segment, self._manner)
        self._last_put += 1
        self._puts[self._last_put] = _Put(segment, key, self._known.get(key), self._manner, pair)
        while len(self._puts) > MOST_PUTS:
            self._puts.popitem(last=False)
        self._store.memory.remember(
            segment.language, self._manner.target, [(segment.source, target)], domain=_domain(self._manner),
            origin=Origin.PERSON,
        )  # fmt: skip
        self._known.note(key, CachedSegment(target, SegmentState.EDITED, Origin.PERSON, self._flags(segment, target)))
        self._say(is_done=self._is_done)
        return self._last_put

    def take_back(self, number: int) -> None:
        """Undo a `put`, also in the translation memory. Does nothing if it is too old or already undone."""
        put = self._puts.pop(number, None)
        if put is None:
            return
        now = self._remembered(put.segment, put.style)
        if now is not None:
            self._store.memory.forget([now.n])
        if put.pair is not None:
            self._store.memory.put_back(put.pair)
        if put.known is None:
            self._known.forget(put.key)
        else:
            self._known.note(put.key, put.known)
            self._known.drop_begun([put.key])
        self._say(is_done=self._is_done)
        self._advance()

    def _remembered(self, segment: LiveSegment, style: TranslationStyle) -> MemoryPair | None:
        return remembered(self._store, (segment.language, style.target), segment.source, _domain(style))

    def adopt(self, text: str, manner: TranslationStyle, record: ModelRecord, kept: Iterable[SegmentRecord]) -> None:
        """Continue with a text translated earlier. Its stored segments are not translated again."""
        self._stop()
        self._manner, self._record = manner, record
        self._requested = self._cut(text)
        known = {segment.source: segment for segment in kept if segment.target}
        for segment, key in self._requested:
            if key is not None and (old := known.get(segment.source)) is not None:
                self._known.note(key, CachedSegment(old.target, old.state, old.origin, old.flags, old.doubts))
        self._say()
        self._advance()

    def segments(self) -> tuple[LiveSegment, ...]:
        known = ((segment, self._known.get(key)) for segment, key in self._requested)
        return tuple(cached.put_into(segment) if cached else segment for segment, cached in known)

    # ---- segments

    def _cut(self, text: str) -> list[tuple[LiveSegment, Key | None]]:
        terms = self._terms(self._manner.source, self._manner.target, self._manner.domain)
        taken = CutState(self._manner.source, self._manner.target, terms)
        found: list[tuple[LiveSegment, Key | None]] = []
        for unit in units_of_text(text):
            for segment in segments_from(unit["unit"], taken):
                live = LiveSegment(
                    segment.source, segment.lead, segment.trail, segment.language, "", segment.state,
                    paragraph=segment.unit, sure=taken.sure,
                )  # fmt: skip
                key = None if segment.state is SegmentState.LEFT else self._key(live, terms)
                found.append((live, key))
        self._known.on_show = len(found)
        return found

    def _key(self, segment: LiveSegment, terms: Sequence[Term]) -> Key:
        assert self._record is not None
        manner = self._manner
        found = (one.term for one in find_terms(segment.source, terms, segment.language))
        used, model = tuple(f"{term.source}={term.target}" for term in found), self._record.sha256
        return segment.source, manner.source, manner.target, manner.domain, manner.formality, model, used

    def _flags(self, segment: LiveSegment, target: str) -> tuple[SegmentFlag, ...]:
        from slmdesk.text.translation_checks import flags_of  # loads all text checks, so import it only here

        source, language = self._languages_of(segment)
        terms = self._terms(self._manner.source, self._manner.target, self._manner.domain)
        return flags_of(
            segment.source, target, source_language=source, target_language=language, tags=Tags(), terms=terms
        )

    # ---- asking

    def _advance(self) -> None:
        """Start asking the model for the missing translations, unless it is being asked already."""
        if self._run is None and self._record is not None:
            self._run = in_slices(self._service_thread, self._translating(self._record))
            self._run.then(self._on_over)

    def _on_over(self, end: Problem | None) -> None:
        self._run, self._asked = None, {}
        self._say(problem=end, is_done=True)

    def _stop(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.cancel()
        self._known.drop_begun(asked.key for asked in self._asked.values())
        self._asked = {}

    def _translating(self, record: ModelRecord) -> Slices[Problem | None]:
        """Ask the model until no translation is missing. Returns the problem that ended it early, or None."""
        while self._missing():
            lease: Lease | None = yield self._lease(record)
            if lease is None:  # loading was cancelled
                return None
            try:
                problem = yield from self._asking(lease)
            finally:
                lease.release()
            if problem is not None:
                return problem
        return None

    def _lease(self, record: ModelRecord) -> Pending[Lease | None]:
        pending: Pending[Lease | None] = Pending(lambda: lease.release())
        lease = self._loader.acquire(record, pending.end, pending.end)
        return pending

    def _missing(self) -> list[tuple[LiveSegment, Key]]:
        """Return the segments to ask the model about, each once. Those the translation memory knows are filled in."""
        missing = {key: segment for segment, key in self._requested if key is not None and self._known.is_open(key)}
        return [(segment, key) for key, segment in missing.items() if not self._recalled(segment, key)]

    def _recalled(self, segment: LiveSegment, key: Key) -> bool:
        languages = segment.language, self._manner.target
        for pair in recalled(self._store, languages, segment.source, _domain(self._manner)):
            flags = self._flags(segment, pair.target)
            self._known.note(key, CachedSegment(pair.target, SegmentState.TRANSLATED, Origin.MEMORY, flags))
            return True
        return False

    def _asking(self, lease: Lease) -> Slices[Problem | None]:
        missing = self._missing()
        if not missing:  # the text has changed while the model was loaded
            return None
        terms = self._terms(self._manner.source, self._manner.target, self._manner.domain)
        self._asked = {
            str(at): _Asked(segment, key, asked_about(segment.source, Tags(), segment.language, terms))
            for at, (segment, key) in enumerate(missing)
        }
        over: Pending[FromChild] = Pending()
        job = lease.start("batch", {"stream": True}, lambda event: self._on_event(event, over))
        for name, asked in self._asked.items():
            asked.masks = masked(asked.words.text, asked.words.terms, *self._languages_of(asked.segment)).terms
            job.step(name, self._step(asked.segment, asked.words))
        job.end_of_steps()
        end: FromChild = yield over
        self._asked = {}
        self._deaths = self._deaths + 1 if isinstance(end, Failed) and end.code == "child.died" else 0
        if isinstance(end, Failed) and not 0 < self._deaths <= MOST_DEATHS:
            return problem_of(end.code, end.args)  # half-finished sentences stay visible
        if not self._deaths:
            self._say()
            self._report_used()
        return None

    def _step(self, segment: LiveSegment, words: AskedText) -> dict[str, Json]:
        manner = changed(self._manner, source=self._languages_of(segment)[0])
        return translation_step(words.text, Tags(), manner, terms=words.terms, with_probabilities=True)

    def _languages_of(self, segment: LiveSegment) -> tuple[str, str]:
        return segment.language or self._manner.source, self._manner.target

    # ---- what comes

    def _on_event(self, event: FromChild, over: Pending[FromChild]) -> None:
        if isinstance(event, Done | Failed | Cancelled):
            over.end(event)
        elif isinstance(event, Token | Partial) and (asked := self._asked.get(event.key)):
            if not self._known.is_open(asked.key):  # a person has translated it meanwhile
                asked.is_open = asked.is_open and isinstance(event, Token)
                return
            if isinstance(event, Token):
                known = CachedSegment(self._so_far(asked, event.text), SegmentState.OPEN)
            else:
                asked.is_open = False
                known = self._judged(asked.segment, event.value, asked.words)
            self._known.note(asked.key, known)
            self._say_soon()

    def _so_far(self, asked: _Asked, more: str) -> str:
        asked.text += more
        return unmasked_so_far(asked.text.lstrip(), asked.masks)

    def _judged(self, segment: LiveSegment, value: Mapping[str, Json], words: AskedText) -> CachedSegment:
        """Return the checked translation of a segment, or a failed segment with the reason.

        `words` is the text as the model saw it.
        """
        if "code" in value:
            return _failed(problem_of(str(value["code"]), stored_from(dict, value.get("args")) or {}).sentence)
        try:
            answer = answer_from(value.get("answer"))
        except KnownError as err:
            return _failed(problem_for(err).sentence)
        found = words.read(answer, Tags(), self._languages_of(segment))
        flags = (*self._flags(segment, found.target), *found.flags)
        return CachedSegment(found.target, SegmentState.TRANSLATED, Origin.MODEL, flags, found.doubts)

    # ---- telling

    def _report_used(self) -> None:
        if self._record is not None:
            language = self._manner.source or language_of_most(segment for segment, __ in self._requested)
            self._publish(PairUsed(self._record.id, language, self._manner.target))

    def _say_soon(self) -> None:
        """Publish the translation so far: the first word at once, later words at most every TELL_S seconds."""
        wait_s = self._reported_at + TELL_S - time.monotonic()
        if self._later is None and wait_s > 0:
            self._later = self._service_thread.call_later(wait_s, self._say_now)
        elif self._later is None:
            self._say()

    def _say_now(self) -> None:
        self._later = None
        if not self._is_done:  # a cancelled timer may already have been posted
            self._say()

    def _say(self, *, problem: Problem | None = None, is_done: bool = False) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._is_done = is_done
        self._reported_at = time.monotonic()
        self._publish(LiveTranslated(self.segments(), is_done, problem))


def _failed(problem: str) -> CachedSegment:
    return CachedSegment("", SegmentState.FAILED, None, (SegmentFlag("failed", "", problem),))


def _domain(manner: TranslationStyle) -> str:
    return "" if manner.domain == "everyday" else manner.domain


# ---- caches the translated segments of typed text by words, languages and manner, until the program ends


KEPT = 5_000
"""Most segments that are cached until the program ends, in addition to those of the current text."""

Key: TypeAlias = tuple[str, str, str, str, str, str, tuple[str, ...]]
"""Source text, source and target language, domain, formality, the model's SHA-256, and the source's glossary terms."""


class CachedSegment(Record):
    """The cached translation of a segment. While its state is OPEN, it has only the words so far."""

    target: str
    state: SegmentState
    origin: Origin | None = None
    flags: tuple[SegmentFlag, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    def put_into(self, segment: LiveSegment) -> LiveSegment:
        return changed(
            segment, target=self.target, state=self.state, origin=self.origin, flags=self.flags, doubts=self.doubts
        )


class SegmentCache:
    def __init__(self) -> None:
        self._known: OrderedDict[Key, CachedSegment] = OrderedDict()
        self.on_show = 0
        """Number of segments of the current text. The cache grows by it, so that a long text cannot displace itself."""

    def get(self, key: Key | None) -> CachedSegment | None:
        return None if key is None else self._known.get(key)

    def note(self, key: Key, known: CachedSegment) -> None:
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > KEPT + self.on_show:
            self._known.popitem(last=False)

    def forget(self, key: Key) -> None:
        self._known.pop(key, None)

    def is_open(self, key: Key) -> bool:
        known = self._known.get(key)
        return known is None or known.state is SegmentState.OPEN

    def drop_begun(self, keys: Iterable[Key]) -> None:
        for key in keys:
            known = self._known.get(key)
            if known is not None and known.state is SegmentState.OPEN:
                del self._known[key]

    def settle(self) -> None:
        """Delete all unfinished translations from the cache."""
        self.drop_begun(list(self._known))


# ---- stores typed translations as items of kind `translation`, and finds translations of all kinds
#
# Service thread. The segments are stored as for all translations. Source and translation are also stored as a message,
# so that the history can search them.


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


class TypedText(Record):
    item: str
    text: str
    manner: TranslationStyle
    segments: tuple[SegmentRecord, ...]

    @property
    def live(self) -> tuple[LiveSegment, ...]:
        return tuple(
            LiveSegment(
                segment.source, segment.lead, segment.trail, segment.language, segment.target, segment.state,
                segment.origin, segment.flags, segment.unit, doubts=segment.doubts,
            )
            for segment in self.segments
        )  # fmt: skip


class Earlier(Record):
    found: tuple[tuple[Item, str], ...]
    was_cut: bool


class TypedHistory(Service):
    def __init__(self, runtime: Runtime, translations: TranslationService) -> None:
        super().__init__(runtime)
        self._translations, self._turn = translations, 0

    def keep(self, text: str, manner: TranslationStyle, segments: Sequence[LiveSegment], item: str = "") -> str:
        """Store a text with its translation. `item` is the item it was stored as before, which is changed.

        A text that differs too much becomes a new item. Returns the item's id, or '' if nothing is stored: nothing is
        translated yet, the setting `translate_history` is off, or the history is read-only. Raises KnownError store.*.
        """
        done = [segment for segment in segments if segment.target and segment.state is not SegmentState.OPEN]
        is_requested = self._settings.current.translate_history and not self._store.read_only
        if not is_requested or not text.strip() or not done:
            return ""
        request = TranslationRequest(
            manner.target, text=text, source=manner.source, domain=manner.domain, formality=manner.formality,
        )  # fmt: skip
        title = f"{title_from(text, TITLE)} → {LANGUAGES[manner.target].name}"
        with self._store.together():  # if the disk is full, the earlier version stays complete
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
        """Return a text translated earlier. None if the item is the translation of a document.

        Raises KnownError `item.unknown`.
        """
        view = self._translations.open(item)
        if view.request.path:
            return None
        request = view.request
        manner = TranslationStyle(request.target, request.source, request.domain, request.formality)
        segments = tuple(segments_of_item(self._store, view.item.id))
        return TypedText(view.item.id, request.text, manner, segments)

    def search(self, words: str) -> Pending[Earlier]:
        """Search the source, translation and title of all translations.

        A later search ends this one, which then returns what it found so far.
        """
        self._turn += 1
        return in_slices(self._service_thread, self._searching(words, self._turn))

    def _searching(self, words: str, turn: int) -> Slices[Earlier]:
        found: dict[str, Found] = {}
        before: int | None = None
        while hits := self._store.index.search(words, limit=HITS_AT_ONCE, before=before, kind=KIND):
            before = hits[-1].n
            for other_hit in hits:
                found.setdefault(other_hit.item, other_hit)
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
        kept = sorted((item for item in there if item.deleted_at is None), key=lambda item: item.updated, reverse=True)
        return Earlier(tuple((item, found[item.id].snippet) for item in kept), was_cut)

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


def is_same_text(old: str, new: str) -> bool:
    shorter = min(len(old), len(new))
    begin = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - begin
    end = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    return shorter > 0 and begin + end >= SHARED * shorter

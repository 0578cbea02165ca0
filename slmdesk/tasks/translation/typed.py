"""Translates text while it is being typed. Service thread."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial, Token, answer_from, stored_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem, problem_for, problem_of
from slmdesk.base.runtime.service import Later, Runtime, Service, Slices, in_slices, sliced
from slmdesk.base.text.tagged import Tags
from slmdesk.base.text.terms import find_terms, terms_in
from slmdesk.base.texts import _
from slmdesk.base.translation import (
    Doubt,
    LiveSegment,
    Origin,
    SegmentFlag,
    SegmentRecord,
    SegmentState,
    Term,
    weight_of,
)
from slmdesk.base.types import Json, common_prefix
from slmdesk.models.loader.model_loader import Lease, ModelLoader, ask_once
from slmdesk.tasks.translation.memory import recalled
from slmdesk.tasks.translation.preserved import masked, unmasked_so_far
from slmdesk.tasks.translation.prompts import (
    CutState,
    TranslationStyle,
    quoted,
    sampling_for,
    segments_from,
    styled,
    translation_step,
    units_of_text,
)
from slmdesk.tasks.translation.service import TranslationService, is_mostly_same
from slmdesk.tasks.translation.types import LiveTranslated, is_emptied, source_of

TELL_S = 0.05
"""Least seconds between two updates of the window while a translation streams in."""
MOST_DEATHS = 1
"""Most crashes of the engine in a row after which it is automatically asked once more."""
_MOST_LETTERS = 1_900
"""Most letters of a translation behind a word that was chosen anew."""


@dataclass(slots=True, eq=False)
class _Asked:
    """A segment that the model is asked about."""

    segment: LiveSegment
    key: Key
    terms: tuple[Term, ...]
    """Glossary terms that occur in the segment."""
    masks: dict[str, str]
    text: str = ""
    """What the model has written so far."""


class _Requested(Record):
    segment: LiveSegment
    key: Key
    nth: int
    """How many segments with the same source are before it."""

    @property
    def own_key(self) -> tuple[str, int, str]:
        """Key of what a person wrote here: it is not put where the same source stands elsewhere, and stays if another
        model or term is used.
        """
        return self.segment.source, self.nth, self.key[2]


class LiveTranslation(Service):
    def __init__(
        self,
        runtime: Runtime,
        loader: ModelLoader,
        translations: TranslationService,
    ) -> None:
        super().__init__(runtime)
        self._loader, self._translations = loader, translations
        self._known = SegmentCache()
        self._begun: dict[Key, CachedSegment] = {}
        """What the model has written so far of segments that are not finished."""
        self._own: dict[tuple[str, int, str], CachedSegment] = {}
        """What a person wrote in this text."""
        self._requested: list[_Requested] = []
        self._manner = TranslationStyle("en")
        self._record: ModelRecord | None = None
        self._run: Pending[Problem | None] | None = None
        self._asked: dict[str, _Asked] = {}
        """Segments the model is asked about, by the name of the job's step."""
        self._later: Later | None = None
        self._is_done = True
        self._reported_at = 0.0
        self._deaths = 0

    def translate(self, text: str, manner: TranslationStyle, record: ModelRecord) -> None:
        """Translate `text`, which replaces the text given before. An empty text stops everything."""
        manner = styled(manner, record)
        if self._record is None or record.id != self._record.id or manner != self._manner:
            self._stop()
        self._manner, self._record = manner, record
        if not is_mostly_same(source_of(each.segment for each in self._requested), text):
            self._own.clear()  # another text: a person's own words do not belong to it
        self._requested = self._cut(text)
        requested = {each.key for each in self._requested}
        if any(asked.key not in requested and not self._known.get(asked.key) for asked in self._asked.values()):
            self._stop()  # the model is writing a sentence that stands there no more
        self._say()
        self._advance()

    def stop(self) -> None:
        self._stop()
        self._say(is_done=True)

    def put(self, index: int, target: str, source: str = "") -> None:
        """Set a person's translation of the segment at `index` of the last event, and store it in the translation
        memory. One without words takes the segment out of the translation; the one before may have its words then, and
        is not stored.

        `source`: the source of this segment, because the text may have changed. Raises KnownError `request.invalid` if
        there is no such segment.
        """
        requested, target = self._at(index, source), target.strip()
        segment = requested.segment
        after = self.segments()[index + 1 : index + 2]
        if target and segment.language != self._manner.target and not any(map(is_emptied, after)):
            self._store.memory.remember(
                segment.language, self._manner.target, [(segment.source, " ".join(target.split()))],
                domain=_domain(self._manner), origin=Origin.PERSON,
            )  # fmt: skip
        flags = self._flags(segment, target) if target else ()
        self._own[requested.own_key] = CachedSegment(target, SegmentState.EDITED, Origin.PERSON, flags)
        self._say(is_done=self._is_done)

    @sliced
    def other_words(self, index: int, source: str, begin: int) -> Slices[OtherWords]:
        """Ask the model how else the translation of a segment could go on from `begin`, in one request.

        Raises KnownError `request.invalid` if there is no such segment, `model.…`.
        """
        from slmdesk.tasks.translation.answers import cleaned  # loads all text checks

        segment = self.segments()[self._requested.index(self._at(index, source))]
        if self._record is None or not segment.target[begin : begin + 1].isalpha():
            return OtherWords()
        languages = self._languages_of(segment)
        terms = terms_in(segment.source, self._translations.terms(*languages, self._manner.domain), segment.language)
        step = step_from(begin, segment, changed(self._manner, source=languages[0]), terms)
        (answer,) = yield ask_once(self._loader, self._record, [step])
        words = segment.target[:begin] + answer.text.lstrip()
        whole = cleaned(segment.source, words, Tags(), languages=languages, terms=terms).target
        is_worse = weight_of(self._flags(segment, whole)) > weight_of(segment.flags)
        if answer.is_cut or is_worse or whole == segment.target:
            return OtherWords()
        return OtherWords(differing(segment.target, whole, begin), whole)

    def _at(self, index: int, source: str) -> _Requested:
        requested = self._requested[index] if 0 <= index < len(self._requested) else None
        if requested is None or (source and requested.segment.source != source):
            raise KnownError("request.invalid", what=_("this sentence is not there any more"))
        return requested

    def adopt(
        self, text: str, manner: TranslationStyle, record: ModelRecord | None, kept: Iterable[SegmentRecord]
    ) -> None:
        """Continue with a text translated earlier. Its stored segments are not translated again.

        Without a model the text is shown, and not translated further.
        """
        self._stop()
        self._manner, self._record = styled(manner, record), record
        self._own.clear()
        self._requested = self._cut(text)
        known: dict[str, list[SegmentRecord]] = {}
        for segment in kept:
            known.setdefault(segment.source, []).append(segment)
        for requested in self._requested:
            olds = known.get(requested.segment.source, [])
            old = olds[min(requested.nth, len(olds) - 1)] if olds else None
            if old is not None and (old.target or is_emptied(old)):
                cached = CachedSegment(old.target, old.state, old.origin, old.flags, old.doubts)
                if old.state is SegmentState.EDITED:
                    self._own[requested.own_key] = cached
                else:
                    self._known.note(requested.key, cached)
        self._say(is_done=record is None)
        self._advance()

    def segments(self) -> tuple[LiveSegment, ...]:
        known = ((each.segment, self._known_of(each)) for each in self._requested)
        return tuple(cached.put_into(segment) if cached else segment for segment, cached in known)

    def _known_of(self, requested: _Requested) -> CachedSegment | None:
        """Return what a person wrote, or else what the model wrote for what is not to be left as it is."""
        own = self._own.get(requested.own_key)
        if own is not None or requested.segment.state is SegmentState.LEFT:
            return own
        return self._known.get(requested.key) or self._begun.get(requested.key)

    # ---- segments

    def _cut(self, text: str) -> list[_Requested]:
        terms = self._translations.terms(self._manner.source, self._manner.target, self._manner.domain)
        taken = CutState(self._manner.source, self._manner.target, terms)
        requested: list[_Requested] = []
        times: Counter[str] = Counter()
        for unit in units_of_text(text):
            for segment in segments_from(unit["unit"], taken):
                live = LiveSegment(
                    segment.source, segment.lead, segment.trail, segment.language, "", segment.state,
                    paragraph=segment.unit,
                )  # fmt: skip
                requested.append(_Requested(live, self._key(live, terms), times[live.source]))
                times[live.source] += 1
        self._known.on_show = len(requested)
        return requested

    def _key(self, segment: LiveSegment, terms: Sequence[Term]) -> Key:
        manner = self._manner
        matched = (occurrence.term for occurrence in find_terms(segment.source, terms, segment.language))
        used = tuple(f"{term.source}={term.target}" for term in matched)
        model = self._record.sha256 if self._record else ""
        return segment.source, manner.source, manner.target, manner.domain, manner.formality, model, used

    def _flags(self, segment: LiveSegment, target: str) -> tuple[SegmentFlag, ...]:
        from slmdesk.tasks.translation.checks import flags_of  # loads all text checks, so import it only here

        source, language = self._languages_of(segment)
        terms = self._translations.terms(self._manner.source, self._manner.target, self._manner.domain)
        return flags_of(
            segment.source, target, source_language=source, target_language=language, tags=Tags(), terms=terms
        )  # fmt: skip

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
        self._begun.clear()
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
        yield from self._look_up()
        return None

    def _look_up(self) -> Slices[None]:
        """Flag the words of the model's translations that are in no dictionary of their language."""
        from slmdesk.tasks.translation.answers import words_to_look_up  # loads all text checks

        asked: list[tuple[Key, CachedSegment, dict[str, frozenset[str]]]] = []
        for each in self._requested:
            known, segment = self._known_of(each), each.segment
            if known and known.state is SegmentState.TRANSLATED and known.origin is Origin.MODEL:
                words = words_to_look_up(segment.source, known.target, Tags(), *self._languages_of(segment))
                asked.append((each.key, known, words))
        wrong = yield self._translations.unknown(
            sorted({form for *_, words in asked for forms in words.values() for form in forms}), self._manner.target
        )
        for key, known, words in asked:
            misspelt = [SegmentFlag("word", word) for word, forms in words.items() if forms <= wrong]
            if misspelt and self._known.get(key) is known:
                self._known.note(key, changed(known, flags=tuple(dict.fromkeys([*known.flags, *misspelt]))))

    def _lease(self, record: ModelRecord) -> Pending[Lease | None]:
        pending: Pending[Lease | None] = Pending(lambda: lease.release())
        lease = self._loader.acquire(record, pending.end, pending.end)
        return pending

    def _missing(self) -> list[tuple[LiveSegment, Key]]:
        """Return the segments to ask the model about, each once. Those the translation memory knows are filled in."""
        missing = {
            each.key: each.segment
            for each in self._requested
            if each.segment.state is SegmentState.OPEN
            and not self._known.get(each.key) and each.own_key not in self._own
        }  # fmt: skip
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
        terms = self._translations.terms(self._manner.source, self._manner.target, self._manner.domain)
        self._asked = {
            str(at): self._about(segment, key, terms_in(segment.source, terms, segment.language))
            for at, (segment, key) in enumerate(missing)
        }
        over: Pending[FromChild] = Pending()
        job = lease.start("batch", {"stream": True}, lambda event: self._on_event(event, over))
        for name, asked in self._asked.items():
            job.step(name, self._step(asked))
        job.end_of_steps()
        end: FromChild = yield over
        self._asked = {}
        self._deaths = self._deaths + 1 if isinstance(end, Failed) and end.code == "child.died" else 0
        if isinstance(end, Failed) and not 0 < self._deaths <= MOST_DEATHS:
            return problem_of(end.code, end.args)  # half-finished sentences stay visible
        if not self._deaths:
            self._say()
        return None

    def _about(self, segment: LiveSegment, key: Key, terms: tuple[Term, ...]) -> _Asked:
        return _Asked(segment, key, terms, masked(segment.source, terms, *self._languages_of(segment)).terms)

    def _step(self, asked: _Asked) -> dict[str, Json]:
        manner = changed(self._manner, source=self._languages_of(asked.segment)[0])
        return translation_step(asked.segment.source, Tags(), manner, terms=asked.terms, with_probabilities=True)

    def _languages_of(self, segment: LiveSegment) -> tuple[str, str]:
        return segment.language or self._manner.source, self._manner.target

    # ---- what comes

    def _on_event(self, event: FromChild, over: Pending[FromChild]) -> None:
        if isinstance(event, Done | Failed | Cancelled):
            over.end(event)
        elif isinstance(event, Token | Partial) and (asked := self._asked.get(event.key)):
            if isinstance(event, Token):
                asked.text += event.text
                so_far = unmasked_so_far(asked.text.lstrip(), asked.masks)
                self._begun[asked.key] = CachedSegment(so_far, SegmentState.OPEN)
            else:
                self._begun.pop(asked.key, None)
                self._known.note(asked.key, self._judged(asked, event.value))
            self._say_soon()

    def _judged(self, asked: _Asked, value: Mapping[str, Json]) -> CachedSegment:
        """Return the checked translation of a segment, or a failed segment with the reason."""
        from slmdesk.tasks.translation.answers import cleaned  # loads all text checks

        if "code" in value:
            return _failed(problem_of(str(value["code"]), stored_from(dict, value.get("args")) or {}).sentence)
        try:
            answer = answer_from(value.get("answer"))
        except KnownError as err:
            return _failed(problem_for(err).sentence)
        source, languages = asked.segment.source, self._languages_of(asked.segment)
        clean = cleaned(source, answer.text, Tags(), answer.probabilities, languages=languages, terms=asked.terms)
        flags = (*self._flags(asked.segment, clean.target), *clean.flags)
        return CachedSegment(clean.target, SegmentState.TRANSLATED, Origin.MODEL, flags, clean.doubts)

    # ---- telling

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


class OtherWords(Record):
    words: str = ""
    """What else could stand there. Empty if the model knows nothing else."""
    whole: str = ""
    """The whole translation with these words."""


def step_from(begin: int, segment: LiveSegment, manner: TranslationStyle, terms: Sequence[Term]) -> dict[str, Json]:
    """Return the step that goes on from `begin` of a translation, with a word that begins with another letter."""
    given, first = segment.target[:begin].rstrip(), segment.target[begin]
    space = " " if segment.target[:begin] != given else ""
    step = translation_step(segment.source, Tags(), manner, terms=terms) | {"answer_prefix": given}
    # the grammar is of the whole answer, what is given included
    grammar = f"root ::= {quoted(given + space)} [^{first.lower()}{first.upper()} \\n] [^\\n]{{0,{_MOST_LETTERS}}}"
    sampling = changed(sampling_for(segment.source, manner.translator), grammar=grammar)
    return step | {"sampling": to_json(sampling)}


def differing(old: str, new: str, begin: int) -> str:
    """Return the words of `new` from `begin` on up to where it goes on like `old`."""
    end = common_prefix(old[begin:].split()[::-1], new[begin:].split()[::-1])
    words = new[begin:].split()
    return " ".join(words[: max(1, len(words) - end)])


def _failed(problem: str) -> CachedSegment:
    return CachedSegment("", SegmentState.FAILED, None, (SegmentFlag("failed", "", problem),))


def _domain(manner: TranslationStyle) -> str:
    return "" if manner.domain == "everyday" else manner.domain


KEPT = 5_000
"""Most segments that are cached until the program ends, in addition to those of the current text."""

Key: TypeAlias = tuple[str, str, str, str, str, str, tuple[str, ...]]
"""Source text, source and target language, domain, formality, the model's SHA-256, and the source's glossary terms."""


class CachedSegment(Record):
    """The translation of a segment. While its state is OPEN, it has only the words so far, and is not kept."""

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
    """Translated segments of typed text by words, languages and manner, until the program ends."""

    def __init__(self) -> None:
        self._known: OrderedDict[Key, CachedSegment] = OrderedDict()
        self.on_show = 0
        """Number of segments of the current text. The cache grows by it, so that a long text cannot displace itself."""

    def get(self, key: Key) -> CachedSegment | None:
        return self._known.get(key)

    def note(self, key: Key, known: CachedSegment) -> None:
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > KEPT + self.on_show:
            self._known.popitem(last=False)

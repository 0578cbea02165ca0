"""Lists and changes the segments of a translation. Changes can be undone. Service thread."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.base.translation import MemoryPair, SegmentRecord, SegmentState, Term, lasting
from slmdesk.base.translation import Origin as Made
from slmdesk.loader.model_loader import ModelLoader, ask_once
from slmdesk.runtime.events import Pending
from slmdesk.runtime.service import Runtime, Service, Slices, in_slices, sliced
from slmdesk.store import Store
from slmdesk.store.translations import LOOK
from slmdesk.text.tagged import Search, Tags, plain, problems, replaced, spans_in
from slmdesk.text.terms import find_terms
from slmdesk.translation.documents import segment_flags
from slmdesk.translation.memory import Match, MemoryService, remembered
from slmdesk.translation.prompts import (
    TranslationStyle,
    asked_about,
    language_of_text,
    other_steps,
    styled,
    translation_step,
)
from slmdesk.translation.service import TranslationService
from slmdesk.translation.types import SegmentChanged, TranslationRequest, memory_domain, request_of

MOST_MATCHES = 5
LOOK_AT = LOOK


class SegmentFilter(Record):
    state: str = ""
    """A SegmentState, or LOOK for the segments to review. Empty means any state."""
    flag: str = ""
    words: str = ""


class SegmentNumbers(Record):
    numbers: Sequence[int]
    states: Mapping[SegmentState, int]
    flags: Mapping[str, int]
    """Number of segments for each kind of flag, the most frequent first."""
    look: int

    @property
    def total(self) -> int:
        return sum(self.states.values())


class TermUse(Record):
    term: Term
    is_used: bool
    forbidden: tuple[str, ...] = ()


class SimilarPair(Record):
    match: Match
    runs: tuple[tuple[str, str], ...]
    """Comparison of the segment's source with the remembered source: ("same" | "gone" | "new", words). "gone" words are
    only in the remembered source.
    """
    is_penalised: bool
    """Whether the remembered pair is of another domain."""


class SegmentHelp(Record):
    number: int
    terms: tuple[TermUse, ...]
    likenesses: tuple[SimilarPair, ...]


def segment_at(store: Store, item: str, number: int) -> SegmentRecord:
    """Return a segment by its number. Raises KnownError `request.invalid`."""
    found = store.segments.numbered(item, [number])
    if not found:
        raise KnownError("request.invalid", what="segment")
    return found[0]


class SegmentLists:
    def __init__(self, store: Store, translations: TranslationService, memory: MemoryService) -> None:
        self._store, self._translations, self._memory = store, translations, memory

    def listed(self, item: str, requested: SegmentFilter) -> SegmentNumbers:
        states = self._store.segments.count(item)
        numbers = self._store.segments.numbers(item, state=requested.state, flag=requested.flag, words=requested.words)
        kept = self._store.segments
        return SegmentNumbers(numbers, states, kept.count_flags(item), kept.count_look(item))

    def flagged(self, item: str, requested: SegmentFilter, number: int, step: int) -> int:
        """Return the number of the next matching segment with a flag, after `number` (`step` 1) or before it (-1).

        The search wraps round at the ends. -1 if there is none.
        """
        look = set(self._store.segments.numbers(item, state=LOOK))
        listed = self._store.segments.numbers(item, state=requested.state, flag=requested.flag, words=requested.words)
        numbers = [one for one in listed if one in look]
        if not numbers:
            return -1
        if step < 0:
            return next((one for one in reversed(numbers) if one < number), numbers[-1])
        return next((one for one in numbers if one > number), numbers[0])

    def rows(self, item: str, numbers: Sequence[int]) -> list[SegmentRecord]:
        return self._store.segments.numbered(item, numbers)

    def help(self, item: str, number: int) -> SegmentHelp:
        """Return the glossary terms and similar remembered pairs for a segment. Raises KnownError `request.invalid`."""
        segment, request = segment_at(self._store, item, number), request_of(self._store.items.get(item))
        source, domain = segment.language or request.source, memory_domain(request)
        terms = _uses(segment, source, request.target, self._translations.terms_of(request))
        matches = self._memory.matches(source, request.target, segment.source, domain)
        other = [match for match in matches if match.pair.target != segment.target or match.likeness < 1.0]
        likenesses = [
            SimilarPair(match, word_runs(match.pair.source, segment.source), match.pair.domain not in ("", domain))
            for match in other[:MOST_MATCHES]
        ]
        return SegmentHelp(number, terms, tuple(likenesses))


def _uses(segment: SegmentRecord, source: str, target: str, terms: Sequence[Term]) -> tuple[TermUse, ...]:
    from slmdesk.text.translation_checks import term_flags

    tags = Tags(segment.paired, segment.lone)
    before, after = plain(segment.source, tags), plain(segment.target, tags)
    uses = []
    for term in dict.fromkeys(term.term for term in find_terms(before, terms, source)):
        flags = term_flags(before, after, source, target, [term])
        is_missing = any(flag.kind == "glossary" for flag in flags) or not after
        uses.append(TermUse(term, not is_missing, tuple(flag.text for flag in flags if flag.kind == "forbidden")))
    return tuple(uses)


def word_runs(old: str, new: str) -> tuple[tuple[str, str], ...]:
    before, after = old.split(), new.split()
    runs: list[tuple[str, str]] = []
    for __, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if before[a:b] == after[c:d]:
            runs.append(("same", " ".join(after[c:d])))
            continue
        runs += [("gone", " ".join(before[a:b]))] if b > a else []
        runs += [("new", " ".join(after[c:d]))] if d > c else []
    return tuple(runs)


# ---- edits single segments


MOST_HINT = 300
NO_WORDING = frozenset(("empty", "untranslated", "language", "chatter"))
"""Kinds of flags that rule out an alternative wording. Number and name flags are shown once a wording is chosen."""


class SegmentEdits(Service):
    def __init__(self, runtime: Runtime, loader: ModelLoader, translations: TranslationService) -> None:
        super().__init__(runtime)
        self._loader, self._translations = loader, translations

    def edit(self, item: str, number: int, target: str) -> SegmentRecord:
        """Set a person's translation of a segment, and store it in the translation memory.

        Raises KnownError `translation.tags` if tags of the source are missing.
        """
        request, segment = self._translations.open(item).request, segment_at(self._store, item, number)
        return self.put(segment, target, request, self._translations.terms_of(request))

    def put(
        self, segment: SegmentRecord, target: str, request: TranslationRequest, terms: Sequence[Term]
    ) -> SegmentRecord:
        tags = Tags(segment.paired, segment.lone)
        wrong = problems(target, tags)
        if wrong:
            raise KnownError("translation.tags", tag=wrong[0].number, kind=wrong[0].kind)
        flags = segment_flags(segment, target, request, terms)
        changed = self._store.segments.change(
            segment.item, segment.number, target=target, state=SegmentState.EDITED, origin=Made.PERSON, flags=flags,
            reason="",
        )  # fmt: skip
        self._store.memory.remember(
            segment.language or request.source, request.target, [(segment.source, target)],
            domain=memory_domain(request), origin=Made.PERSON, item=segment.item,
        )  # fmt: skip
        self._publish(SegmentChanged(segment.item, changed))
        return changed

    def approve(self, item: str, number: int) -> SegmentRecord:
        changed = self._store.segments.change(item, number, state=SegmentState.APPROVED)
        self._publish(SegmentChanged(item, changed))
        return changed

    @sliced
    def retry(self, item: str, number: int, hint: str) -> Slices[SegmentRecord]:
        """Translate one segment again with a person's hint. The result is stored and checked as usual.

        Ends with a Problem `translation.no_better` if the model gave nothing usable; the segment then stays unchanged.
        Raises KnownError `item.unknown`, `request.invalid`, `model.…`.
        """
        request, segment = self._translations.open(item).request, segment_at(self._store, item, number)
        tags = Tags(segment.paired, segment.lone)
        source = segment.language or request.source
        known = self._translations.terms_of(request)
        asked = asked_about(segment.source, tags, source, known, hint.strip()[:MOST_HINT])
        manner = TranslationStyle(request.target, source, request.domain, request.formality, asked.hint)
        record = self._translations.record(request.model)
        step = translation_step(asked.text, tags, styled(manner, record), terms=asked.terms, with_probabilities=True)
        (answer,) = yield ask_once(self._loader, record, [step])
        found = asked.read(answer, tags, (source, request.target))
        if not found.target or problems(found.target, tags):
            raise KnownError("translation.no_better")
        changed = self._store.segments.change(
            item, number, target=found.target, state=SegmentState.TRANSLATED, origin=Made.MODEL,
            flags=(*segment_flags(segment, found.target, request, known), *found.flags), reason="", doubts=found.doubts,
        )  # fmt: skip
        self._publish(SegmentChanged(item, changed))
        return changed

    @sliced
    def back(self, text: str, manner: TranslationStyle, source: str) -> Slices[str]:
        """Translate a translation back, so that a person can judge whether it is right.

        `manner`: the manner of the translation; if it names no language, the language of `source` is detected. Ends
        with a Problem `translation.source_unknown`, `model.…`.
        """
        asked = asked_about(text, Tags(), manner.target, ())
        record = self._translations.record(None)
        step = translation_step(asked.text, Tags(), styled(turned(manner, source), record))
        (answer,) = yield ask_once(self._loader, record, [step])
        return asked.read(answer, Tags()).target

    @sliced
    def alternatives(self, text: str, manner: TranslationStyle, *, now: str = "", word: str = "") -> Slices[list[str]]:
        """Ask for alternative translations of a sentence, and return each once.

        `now`: the current translation, which is left out. `word`: words of it to avoid. The model is told to avoid
        these words, and results that use them as often are left out, like results in another language or that are no
        translation. Ends with a Problem `model.…`.
        """
        from slmdesk.text.translation_checks import flags_of

        def is_useful(wording: str) -> bool:
            flags = flags_of(text, wording, source_language=manner.source, target_language=manner.target, tags=Tags())
            return not any(flag.kind in NO_WORDING for flag in flags) and says_otherwise(wording, now, word)

        asked = asked_about(text, Tags(), manner.source, ())
        record = self._translations.record(None)
        steps = other_steps(asked.text, styled(manner, record), without=word)
        answers = yield ask_once(self._loader, record, steps)
        found = (asked.read(answer, Tags(), (manner.source, manner.target)) for answer in answers)
        said = (cleaned.target for cleaned in found)
        return [wording for wording in dict.fromkeys(said) if wording and wording != now and is_useful(wording)]


def says_otherwise(sentence: str, now: str, word: str) -> bool:
    """Return whether `sentence` has `word` less often than the current one `now`. Counts whole words, ignoring case."""
    if not word:
        return True
    form = re.compile(rf"(?<!\w){re.escape(word.casefold())}(?!\w)")
    return len(form.findall(sentence.casefold())) < max(1, len(form.findall(now.casefold())))


def turned(manner: TranslationStyle, source: str) -> TranslationStyle:
    """Return the manner for translating back. If no source language is named, the language of `source` is detected.

    Raises KnownError `translation.source_unknown`.
    """
    language = manner.source or language_of_text(source)
    if not language:
        raise KnownError("translation.source_unknown")
    return TranslationStyle(language, manner.target, manner.domain)


# ---- changes segments of a translation with undo
#
# edit, approve, replace, use another wording. Each change remembers the segments, and what the memory had for them,
# as they were before; `undo` takes back the last change. Kept only until the program ends. Service thread.


MOST_UNDO = 200
FOUND_AT_ONCE, CHANGED_AT_ONCE = 200, 5
"""Most segments that are searched, or changed in one transaction, before other work gets its turn."""
CHANGEABLE = frozenset((SegmentState.TRANSLATED, SegmentState.EDITED, SegmentState.APPROVED))


class Hits(Record):
    numbers: tuple[int, ...]
    approved: tuple[int, ...]
    places: int


class ReplaceResult(Record):
    segments: int
    places: int
    refused: tuple[int, ...]
    """Segments that stay unchanged because the replacement would have broken their formatting tags."""


class UndoResult(Record):
    words: str
    numbers: tuple[int, ...]
    skipped: int
    """Number of segments that stay unchanged because they were changed again later."""


@dataclass(slots=True)
class _Before:
    segment: SegmentRecord
    target: str
    state: SegmentState
    remembered: MemoryPair | None
    touches_memory: bool


@dataclass(slots=True)
class _Act:
    words: str
    before: list[_Before] = field(default_factory=list)


class SegmentChanges(Service):
    def __init__(self, runtime: Runtime, translations: TranslationService, edits: SegmentEdits) -> None:
        super().__init__(runtime)
        self._translations, self._edits = translations, edits
        self._acts: dict[str, deque[_Act]] = {}

    def edit(self, item: str, number: int, target: str) -> SegmentRecord:
        """Set a person's translation of a segment. Raises KnownError `translation.tags`, `request.invalid`."""
        segment, request = segment_at(self._store, item, number), self._request(item)
        act = _Act("edit")
        changed = self._edit(act, segment, target, request, self._translations.terms_of(request))
        self._did(item, act)
        return changed

    def approve(self, item: str, numbers: Sequence[int]) -> int:
        act = _Act("approval")
        with self._store.together():
            for segment in self._store.segments.numbered(item, numbers):
                if segment.state in (SegmentState.TRANSLATED, SegmentState.EDITED):
                    before = _Before(segment, segment.target, SegmentState.APPROVED, None, touches_memory=False)
                    act.before.append(before)
                    self._edits.approve(item, segment.number)
        self._did(item, act)
        return len(act.before)

    @sliced
    def retry(self, item: str, number: int, hint: str) -> Slices[SegmentRecord]:
        before = segment_at(self._store, item, number)
        result: SegmentRecord = yield self._edits.retry(item, number, hint)
        old = _Before(before, result.target, result.state, None, touches_memory=False)
        self._did(item, _Act(_("new try"), [old]))
        return result

    @sliced
    def find(self, item: str, search: Search) -> Slices[Hits]:
        numbers, approved, places = list[int](), list[int](), 0
        candidates = self._store.segments.numbers(item, words=search.words) if search else ()
        for at in range(0, len(candidates), FOUND_AT_ONCE):
            for segment in self._store.segments.numbered(item, candidates[at : at + FOUND_AT_ONCE]):
                spans = len(spans_in(segment.target, Tags(segment.paired, segment.lone), search))
                if spans and segment.state in CHANGEABLE:
                    places += spans
                    numbers.append(segment.number)
                    if segment.state is SegmentState.APPROVED:
                        approved.append(segment.number)
            yield
        return Hits(tuple(numbers), tuple(approved), places)

    def replace(self, item: str, numbers: Sequence[int], search: Search, instead: str) -> Pending[ReplaceResult]:
        """Replace the words found by `search` in these segments, as edits of a person that are undone together.

        Raises KnownError `request.invalid` for words with a line break.
        """
        if not search or "\n" in instead:
            raise KnownError("request.invalid", what=_("words to replace"))
        return in_slices(self._service_thread, self._replacing(item, numbers, search, instead))

    def _replacing(self, item: str, numbers: Sequence[int], search: Search, instead: str) -> Slices[ReplaceResult]:
        request, act = self._request(item), _Act("replacement")
        terms = self._translations.terms_of(request)
        places, refused = 0, list[int]()
        try:
            for at in range(0, len(numbers), CHANGED_AT_ONCE):
                with self._store.together():
                    for segment in self._store.segments.numbered(item, numbers[at : at + CHANGED_AT_ONCE]):
                        tags = Tags(segment.paired, segment.lone)
                        target, count = replaced(segment.target, tags, search, instead)
                        if not count or segment.state not in CHANGEABLE:
                            continue
                        if problems(target, tags) or not target.strip():
                            refused.append(segment.number)
                            continue
                        self._edit(act, segment, target, request, terms)
                        places += count
                yield
        finally:
            self._did(item, act)
        return ReplaceResult(len(act.before), places, tuple(refused))

    @sliced
    def recheck(self, item: str) -> Slices[int]:
        """Check all translations again after a glossary changed, and return the number of segments whose flags changed.

        Segments that a person approved stay unchanged.
        """
        request, changed, begin = self._request(item), 0, 0
        terms = self._translations.terms_of(request)
        while found := self._store.segments.of_item(item, begin=begin, limit=1):  # a person may change the next one
            segment, begin = found[0], found[0].number + 1
            if segment.state in (SegmentState.TRANSLATED, SegmentState.EDITED) and segment.target:
                flags = (*segment_flags(segment, segment.target, request, terms), *lasting(segment.flags))
                if flags != segment.flags:
                    changed += 1
                    self._publish(SegmentChanged(item, self._store.segments.change(item, segment.number, flags=flags)))
            yield
        return changed

    @sliced
    def undo(self, item: str) -> Slices[UndoResult | None]:
        acts = self._acts.get(item)
        if not acts:
            return None
        act, request = acts.pop(), self._request(item)
        numbers, skipped, left = list[int](), 0, act.before
        try:
            while left:
                with self._store.together():
                    for old in reversed(left[-CHANGED_AT_ONCE:]):
                        skipped += not self._undo_one(item, old, request, numbers)
                left = left[:-CHANGED_AT_ONCE]
                if left:  # else it ends in this turn, before whatever is asked next
                    yield
        finally:  # after a fault, such as a full disk, the rest can be undone still
            self._did(item, _Act(act.words, left))
        return UndoResult(act.words, tuple(sorted(numbers)), skipped)

    def _undo_one(self, item: str, before: _Before, request: TranslationRequest, numbers: list[int]) -> bool:
        now, old = segment_at(self._store, item, before.segment.number), before.segment
        if (now.target, now.state) != (before.target, before.state):
            return False
        changed = self._store.segments.change(
            item, old.number, target=old.target, state=old.state, origin=old.origin, flags=old.flags,
            reason=old.reason, doubts=old.doubts,
        )  # fmt: skip
        if before.touches_memory:
            self._put_back(before, request)
        self._publish(SegmentChanged(item, changed))
        numbers.append(old.number)
        return True

    # ---- inside

    def _edit(
        self, act: _Act, segment: SegmentRecord, target: str, request: TranslationRequest, terms: Sequence[Term]
    ) -> SegmentRecord:
        remembered = self._remembered(segment, request)
        changed = self._edits.put(segment, target, request, terms)
        act.before.append(_Before(segment, changed.target, changed.state, remembered, touches_memory=True))
        return changed

    def _did(self, item: str, act: _Act) -> None:
        if act.before:
            self._acts.setdefault(item, deque(maxlen=MOST_UNDO)).append(act)

    def _remembered(self, segment: SegmentRecord, request: TranslationRequest) -> MemoryPair | None:
        languages = segment.language or request.source, request.target
        return remembered(self._store, languages, segment.source, memory_domain(request))

    def _put_back(self, before: _Before, request: TranslationRequest) -> None:
        segment, domain = before.segment, memory_domain(request)
        source = segment.language or request.source
        if before.remembered is not None:
            self._store.memory.put_back(before.remembered)
            return
        found = self._store.memory.recall(source, request.target, segment.source)
        self._store.memory.forget([pair.n for pair in found if pair.domain == domain and pair.target == before.target])

    def _request(self, item: str) -> TranslationRequest:
        return request_of(self._store.items.get(item))

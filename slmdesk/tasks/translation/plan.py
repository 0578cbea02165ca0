"""The plan that translates segments in batches: it asks the model for each segment, then places the tags that were
lost.

See jobs.runner.Plan; service thread. Each result is stored with its segment when it arrives, with the flags of the
checks. What does not look like a translation is asked for once more in the plain form. Other flagged segments are not:
a model of 1.5 billion weights corrected none of thirteen, whether it was told the mistake or sampled more loosely
(docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace  # noqa: TID251
from typing import Any

from slmdesk.base.record import Record, changed
from slmdesk.base.text.tagged import KIND, Phrase, Tags, phrases_of, placed, plain, span_of, verbatim
from slmdesk.base.text.terms import TermIndex, terms_in
from slmdesk.base.translation import (
    GUESSED,
    SETTLED,
    Doubt,
    Origin,
    SegmentFlag,
    SegmentRecord,
    SegmentState,
    Term,
    is_better,
    lasting,
)
from slmdesk.base.types import Json, TokenProbability
from slmdesk.tasks.jobs.runner import AskedQuestion, Batch, Plan, Yield, step_key
from slmdesk.tasks.jobs.types import ExpectedBatch
from slmdesk.tasks.translation.answers import Cleaned, cleaned
from slmdesk.tasks.translation.checks import flags_of
from slmdesk.tasks.translation.prompts import TranslationStyle, projection_step, prompt_version, translation_step

SEGMENTS_AT_ONCE = 200
FIRST = "translate"
"""Name of the batch of translations. The next job estimates its time from the batches of this name."""
UNSETTLED = (SegmentState.OPEN, SegmentState.TRANSLATED, SegmentState.FAILED)
"""States of the segments that a plan asks for when it begins from the start."""
ANEW_TEMPERATURE = 0.5
"""Sampling temperature of another attempt by the same model. At 0 it would repeat its answer."""


@dataclass(slots=True, eq=False)
class _Work:
    segment: SegmentRecord
    tags: Tags
    terms: tuple[Term, ...]
    """Glossary terms that occur in the segment."""
    target: str = ""
    flags: tuple[SegmentFlag, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    plain: str = ""
    """The translation without tags, as the model wrote it. The tags are to be placed on it."""
    sense: tuple[SegmentFlag, ...] = ()
    phrases: list[Phrase] = field(default_factory=list)
    words: str = ""
    has_failed: bool = False

    def take_over(self, tried: _Work) -> None:
        self.target, self.flags, self.doubts = tried.target, tried.flags, tried.doubts


class _Answer(Record):
    text: str
    probabilities: Sequence[TokenProbability] = ()


class TranslationPlan:
    def __init__(
        self,
        manner: TranslationStyle,
        terms: Sequence[Term],
        *,
        model_sha256: str,
        segments: Callable[[int, int], Sequence[SegmentRecord]],
        keep: Callable[[SegmentRecord], None],
        attempt: int | None = None,
        is_tagged_first: bool = True,
        todo: int = 0,
    ) -> None:
        """Create the plan. `segments(begin, limit)` reads stored segments, `keep` stores a changed segment.

        `attempt`: ask only for open segments; from 1 on sample more loosely and differently each time.
        `is_tagged_first`: ask for translations with tags, because the model keeps them often enough; else place tags
        later. `todo`: the number of segments to ask for, as far as known, to estimate the time left.
        """
        self._todo = todo
        self._manner, self._terms, self._sha256 = manner, TermIndex(terms), model_sha256
        self._attempt, self._is_tagged_first = attempt, is_tagged_first
        self._segments, self._keep = segments, keep
        self._received: dict[str, list[_Work]] = {}

    def run(self) -> Plan:
        begin = 0
        while segments := self._segments(begin, SEGMENTS_AT_ONCE):
            begin = segments[-1].number + 1
            self._todo = max(0, self._todo - sum(segment.state in UNSETTLED for segment in segments))
            works = [self._work(segment) for segment in segments if self._is_asked(segment)]
            yield Yield()
            if works:
                yield from self._translate(works)

    def _is_asked(self, segment: SegmentRecord) -> bool:
        """Return whether to ask the model about a segment. Otherwise its stored translation is used."""
        if segment.state in SETTLED or segment.state is SegmentState.LEFT or segment.origin is Origin.MEMORY:
            return False
        return self._attempt is None or segment.state is SegmentState.OPEN

    def received(self, key: str, value: Mapping[str, Json]) -> None:
        """Take a result when it arrives, and show it unless its tags must still be placed."""
        for work in self._received.get(key, ()):
            tried = self._judged(work, _answer_of(value))
            if tried.target and not (work.tags and _is_spoilt(tried.flags)) and not _has_failed(tried.flags):
                self._save(tried)

    # ---- batches

    def _translate(self, works: list[_Work]) -> Generator[AskedQuestion, Any, None]:
        first = works if self._is_tagged_first else [work for work in works if not work.tags]
        yield from self._ask(first, self._step, self._take)
        yield Yield()
        yield from self._ask(
            [work for work in first if self._may_be_plainer(work)], self._plainest_step, self._take_better
        )
        lost = [work for work in works if work.tags and (not work.target or _is_spoilt(work.flags))]
        if lost:
            yield from self._ask(lost, self._plain_step, self._take_plain)
            yield from self._project(lost)
        for work in works:
            self._settle(work)

    def _ask(
        self,
        works: Sequence[_Work],
        step: Callable[[_Work], Mapping[str, Json]],
        take: Callable[[_Work, _Answer], None],
    ) -> Generator[AskedQuestion, Any, None]:
        """Yield a batch with one step for each segment. Equal steps are asked once."""
        if not works:
            return
        version = prompt_version()
        steps = [self._anew(step(work)) for work in works]
        keys = [step_key(self._sha256, version, step) for step in steps]
        unique = dict(zip(keys, steps, strict=True))
        if take == self._take:
            self._received = {}
            for key, work in zip(keys, works, strict=True):
                self._received.setdefault(key, []).append(work)
        name = FIRST if take == self._take else ""
        values = yield Batch(list(unique.values()), version, name=name, ahead=self._ahead())
        self._received = {}
        reported = dict(zip(unique, values or (), strict=False))
        for key, work in zip(keys, works, strict=True):
            value = reported.get(key)
            work.has_failed = value is None
            take(work, _answer_of(value))

    def _ahead(self) -> tuple[ExpectedBatch, ...]:
        return (ExpectedBatch(FIRST, self._todo, 1.0),) if self._todo else ()

    def _anew(self, step: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return the step with looser sampling and another seed, so that the answer may differ but can be repeated."""
        sampling = step.get("sampling")
        if not self._attempt or not isinstance(sampling, Mapping):
            return step
        return {**step, "sampling": {**sampling, "temperature": ANEW_TEMPERATURE, "seed": self._attempt}}

    def _step(self, work: _Work) -> dict[str, Json]:
        manner = self._manner_of(work)
        return translation_step(work.segment.source, work.tags, manner, terms=work.terms, with_probabilities=True)

    def _plain_step(self, work: _Work) -> dict[str, Json]:
        work.words, work.phrases = phrases_of(work.segment.source, work.tags)
        return translation_step(work.words, Tags(), self._manner_of(work), terms=work.terms, with_probabilities=True)

    def _plainest_step(self, work: _Work) -> dict[str, Json]:
        manner = self._manner_of(work)
        plainest = TranslationStyle(manner.target, manner.source, translator=manner.translator)
        return translation_step(work.segment.source, Tags(), plainest, with_probabilities=True)

    def _may_be_plainer(self, work: _Work) -> bool:
        """Return whether a result does not look like a translation, and was asked for with more than the text."""
        is_none = not work.target or any(flag.kind in _NO_TRANSLATION for flag in work.flags)
        return is_none and not work.tags and self._plainest_step(work) != self._step(work)

    def _manner_of(self, work: _Work) -> TranslationStyle:
        language = work.segment.language
        return changed(self._manner, source=language) if language else self._manner

    def _languages_of(self, work: _Work) -> tuple[str, str]:
        return work.segment.language or self._manner.source, self._manner.target

    # ---- what came

    def _take(self, work: _Work, answer: _Answer) -> None:
        work.take_over(self._judged(work, answer))

    def _take_better(self, work: _Work, answer: _Answer) -> None:
        tried = self._judged(work, answer)
        if is_better(tried.target, tried.flags, work.flags):
            work.take_over(tried)

    def _take_plain(self, work: _Work, answer: _Answer) -> None:
        clean = self._read(work, work.words, answer, Tags())
        work.plain, work.sense = clean.target, clean.flags

    def _read(self, work: _Work, asked: str, answer: _Answer, tags: Tags) -> Cleaned:
        """Return the translation in the answer to `asked`, the segment's text with these tags."""
        languages = self._languages_of(work)
        return cleaned(asked, answer.text, tags, answer.probabilities, languages=languages, terms=work.terms)

    def _judged(self, work: _Work, answer: _Answer) -> _Work:
        clean = self._read(work, work.segment.source, answer, work.tags)
        flags = (*self._flags(work, clean.target), *clean.flags)
        return replace(work, target=clean.target, flags=flags, doubts=clean.doubts)

    def _flags(self, work: _Work, target: str) -> tuple[SegmentFlag, ...]:
        manner = self._manner_of(work)
        segment, source, language = work.segment, manner.source, manner.target
        tags, terms, cue = work.tags, work.terms, segment.place if segment.kind == KIND else ""
        return flags_of(
            segment.source, target, source_language=source, target_language=language, tags=tags, terms=terms, cue=cue
        )  # fmt: skip

    # ---- tags

    def _project(self, works: Sequence[_Work]) -> Generator[AskedQuestion, Any, None]:
        """Ask which words of the plain translation belong to each tagged phrase, and put the tags around them."""
        version = prompt_version()
        asked: list[tuple[_Work, Phrase, str]] = []
        steps: dict[str, Mapping[str, Json]] = {}
        answers: dict[int, dict[int, str]] = {id(work): {} for work in works}
        """Words of the translation for each phrase, by id of the work and number of the phrase."""
        for work in works:
            for phrase in work.phrases if work.plain else ():
                words = phrase.text.strip()
                if verbatim(work.plain, words):
                    answers[id(work)][phrase.number] = words
                    continue
                step = projection_step(work.words, work.plain, words, self._manner_of(work)) if words else None
                if step is not None:
                    key = step_key(self._sha256, version, step)
                    steps[key] = step
                    asked.append((work, phrase, key))
        reported: dict[str, Any] = {}
        if steps:
            values = yield Batch(list(steps.values()), version, ahead=self._ahead())
            reported = dict(zip(steps, values or (), strict=False))
        for work, phrase, key in asked:
            answers[id(work)][phrase.number] = _answer_of(reported.get(key)).text.strip()
        for work in works:
            self._put_tags(work, answers[id(work)])

    def _put_tags(self, work: _Work, words: Mapping[int, str]) -> None:
        if not work.plain:
            return
        spans = {
            phrase.number: span
            for phrase in work.phrases
            if (span := span_of(work.words, work.plain, phrase, words.get(phrase.number, "")))
        }
        target = placed(work.words, work.plain, work.phrases, spans)
        tried = replace(work, target=target, flags=(*self._flags(work, target), GUESSED, *work.sense), doubts=())
        if not work.target or _lost_tags(work.flags) or is_better(target, tried.flags, work.flags):
            work.take_over(tried)

    # ---- ends

    def _settle(self, work: _Work) -> None:
        """Store the result. A segment without a usable translation fails and keeps its source.

        An earlier translation is replaced only by a better one.
        """
        if work.segment.target:
            old = (*self._flags(work, work.segment.target), *lasting(work.segment.flags))
            if not is_better(work.target, work.flags, old):
                self._keep(changed(work.segment, state=SegmentState.TRANSLATED, flags=old, reason=""))
                return
        if not work.target or _has_failed(work.flags):
            reason = "no_answer" if work.has_failed or not work.target else "tags"
            failed = changed(work.segment, target="", state=SegmentState.FAILED, flags=work.flags, reason=reason)
            self._keep(changed(failed, origin=None, doubts=()))
        else:
            self._save(work)

    def _save(self, work: _Work) -> None:
        made = changed(work.segment, target=work.target, flags=work.flags, doubts=work.doubts, origin=Origin.MODEL)
        self._keep(changed(made, state=SegmentState.TRANSLATED, reason=""))

    def _work(self, segment: SegmentRecord) -> _Work:
        tags = Tags(segment.paired, segment.lone)
        language = segment.language or self._manner.source
        return _Work(segment, tags, terms_in(plain(segment.source, tags), self._terms, language))


_NO_TRANSLATION = frozenset(("chatter", "language", "length", "untranslated"))


def _has_failed(flags: Sequence[SegmentFlag]) -> bool:
    """Return whether the translation is unusable: it has no words, or tags that cannot be written."""
    return any(flag.kind in ("empty", "tags") for flag in flags)


def _is_spoilt(flags: Sequence[SegmentFlag]) -> bool:
    """Return whether to try the sentence without tags. Small models leave the words inside tags untranslated."""
    return _lost_tags(flags) or any(flag.kind in ("untranslated", "language") for flag in flags)


def _lost_tags(flags: Sequence[SegmentFlag]) -> bool:
    """Return whether tags are missing or unbalanced, or enclose nothing."""
    return any(flag.kind in ("tags", "formatting") for flag in flags)


def _answer_of(value: Any) -> _Answer:
    shape = value if isinstance(value, Mapping) else {}
    text = shape.get("text")
    return _Answer(text, shape.get("probabilities", ())) if isinstance(text, str) else _Answer("")

"""Changes segments of a translation as a person wants it: edited, approved, worded anew. Service thread."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.service import Slices
from slmdesk.base.text.tagged import Tags, problems
from slmdesk.base.translation import Origin, SegmentFlag, SegmentRecord, SegmentState
from slmdesk.history.store import Store
from slmdesk.models.loader.model_loader import ModelLoader, ask_once
from slmdesk.models.service import DefaultsService, DefaultUse, ModelService, able
from slmdesk.tasks.jobs.runner import AskedQuestion, Batch, Question
from slmdesk.tasks.shape import TaskContext
from slmdesk.tasks.translation.documents import recalled_segment, segment_flags
from slmdesk.tasks.translation.glossaries import TermLists
from slmdesk.tasks.translation.prompts import TranslationStyle, styled
from slmdesk.tasks.translation.types import Remembered, TranslationRequest, UnknownWords, formality_of, memory_domain

MOST_HINT, MOST_ATTEMPTS = 300, 1000


def translator(models: ModelService, uses: DefaultsService, model: str | None) -> ModelRecord:
    """Return the requested model, or the default for translations if None. Raises KnownError `model.…`."""
    default = None
    if not model:
        default = uses.default(DefaultUse.TRANSLATE)
    return able(default or models.choose(model))


def edited(store: Store, segment: SegmentRecord, request: TranslationRequest, words: str) -> SegmentRecord:
    """Return a segment with a person's words, which are one line if the source is.

    Raises KnownError `translation.tags` if tags of the source are missing.
    """
    if "\n" not in segment.source:
        words = words.replace("\n", " ")
    wrong = problems(words, Tags(segment.paired, segment.lone))
    if wrong:
        raise KnownError("translation.tags", tag=wrong[0].number, kind=wrong[0].kind)
    flags = segment_flags(segment, words, request, TermLists(store).of_request(request))
    return changed(
        segment, target=words, state=SegmentState.EDITED, origin=Origin.PERSON, flags=flags, reason="", doubts=()
    )


def approved(segment: SegmentRecord, *, is_approved: bool) -> SegmentRecord:
    """Return a segment that a person approves, or does no longer. One without a translation of its own stays."""
    if is_approved and segment.state in (SegmentState.TRANSLATED, SegmentState.EDITED):
        return changed(segment, state=SegmentState.APPROVED)
    if is_approved or segment.state is not SegmentState.APPROVED:
        return segment
    if segment.origin is Origin.PERSON:
        return changed(segment, state=SegmentState.EDITED)
    return changed(segment, state=SegmentState.TRANSLATED)


def remembered(segment: SegmentRecord, request: TranslationRequest) -> Remembered:
    """Return what the memory has of a segment that a person wrote."""
    languages = (segment.language or request.source, request.target)
    return Remembered(languages, memory_domain(request), segment.source, segment.target, Origin.PERSON, segment.item)


def remembered_before(store: Store, segment: SegmentRecord, request: TranslationRequest) -> Remembered:
    """Return what the memory has for the source of a segment now."""
    known = remembered(changed(segment, target=""), request)
    for pair in store.memory.recall(*known.languages, segment.source):
        if pair.domain == known.domain:
            return changed(known, target=pair.target, origin=pair.origin, item=pair.item)
    return known


def reworded(
    context: TaskContext, segment: SegmentRecord, request: TranslationRequest, hint: str
) -> Slices[SegmentRecord]:
    """Translate a segment again as a new one is: from the memory if that has other words for it, else by the model. A
    person's hint is for the model.

    Ends with a Problem `translation.no_better` if the model gives nothing usable. Raises KnownError `model.…`.
    """
    from slmdesk.tasks.translation.plan import TranslationPlan  # loads all text checks

    store, hint = context.runtime.store, hint.strip()[:MOST_HINT]
    terms = TermLists(store).of_request(request)
    if not hint:
        known = recalled_segment(store, segment, request, terms, other_than=segment.target)
        if known is not None:
            return known
    record = translator(context.models, context.uses, request.model)
    style = TranslationStyle(request.target, request.source, request.domain, formality_of(request), hint)
    attempt = 0
    if not hint and segment.origin is Origin.MODEL:
        attempt = 1 + segment.revision % MOST_ATTEMPTS
    opened = changed(segment, target="", state=SegmentState.OPEN, origin=None)
    made = list[SegmentRecord]()
    plan = TranslationPlan(
        styled(style, record), terms, model_sha256=record.sha256, keep=made.append,
        segments=lambda begin, _limit: [opened] if begin <= segment.number else [], attempt=attempt,
    )  # fmt: skip
    yield from _carried_out(context.loader, record, plan.run())
    (answer,) = made
    if answer.state is SegmentState.FAILED:
        raise KnownError("translation.no_better")
    looking = misspelt(context.unknown_words, [answer], request.target)
    found: Mapping[int, Sequence[SegmentFlag]] = yield from _carried_out(context.loader, record, looking)
    return with_flags(answer, found.get(answer.number, ()))


def _carried_out(loader: ModelLoader, record: ModelRecord, plan: Generator[AskedQuestion, Any, Any]) -> Slices[Any]:
    """Carry out a plan at once and without a job: nothing of it is kept for another time. Return what it returns."""
    value: object = None
    while True:
        try:
            asked = plan.send(value)
        except StopIteration as end:
            return end.value
        value = None
        if isinstance(asked, Batch):
            answers = yield ask_once(loader, record, asked.steps)
            value = [{"text": answer.text, "probabilities": answer.probabilities} for answer in answers]
        elif isinstance(asked, Question):
            reply: Pending[object] = Pending()
            asked.ask(reply.end)
            value = yield reply


def misspelt(
    unknown: UnknownWords, segments: Sequence[SegmentRecord], target: str
) -> Generator[AskedQuestion, Any, Mapping[int, Sequence[SegmentFlag]]]:
    """Find the words of the model's translations that are in no dictionary of their language: flags by segment."""
    from slmdesk.tasks.translation.answers import words_to_look_up  # loads all text checks

    asked: dict[int, Mapping[str, frozenset[str]]] = {}
    for segment in segments:
        if segment.state is SegmentState.TRANSLATED and segment.origin is Origin.MODEL:
            tags = Tags(segment.paired, segment.lone)
            asked[segment.number] = words_to_look_up(segment.source, segment.target, tags, segment.language, target)
    every = sorted({form for words in asked.values() for forms in words.values() for form in forms})
    wrong = yield Question(lambda answered: unknown(every, target).then(answered))
    flags = dict[int, Sequence[SegmentFlag]]()
    for number, words in asked.items():
        found = [SegmentFlag("word", word) for word, forms in words.items() if forms <= wrong]
        if found:
            flags[number] = found
    return flags


def with_flags(segment: SegmentRecord, flags: Sequence[SegmentFlag]) -> SegmentRecord:
    return changed(segment, flags=tuple(dict.fromkeys([*segment.flags, *flags])))

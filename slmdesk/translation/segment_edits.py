"""Edits single segments: change, approve, translate again, back-translate, alternatives.  Service thread."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.translation import Origin as Made
from slmdesk.base.translation import SegmentRecord, SegmentState, Term
from slmdesk.base.types import Json
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.loader.one_shot import Words, ask_once
from slmdesk.redaction.service import Veil
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.text.translation.tagged import Tags, problems
from slmdesk.translation.asking.prompts import TranslationStyle, other_steps, translation_step
from slmdesk.translation.asking.units import language_of_text
from slmdesk.translation.asking.veiling import REDACTION, asked_about
from slmdesk.translation.events import SegmentChanged
from slmdesk.translation.preparation import segment_flags
from slmdesk.translation.service import TranslationService
from slmdesk.translation.types import TranslationRequest, memory_domain

MOST_HINT = 300
NO_WORDING = frozenset(("empty", "untranslated", "language", "chatter"))
"""Kinds of flags of what cannot be another wording; what is told of numbers and names is told when it is taken."""


class SegmentEdits(Service):
    def __init__(
        self,
        runtime: Runtime,
        loader: ModelLoader,
        translations: TranslationService,
    ) -> None:
        super().__init__(runtime)
        self._loader, self._translations = loader, translations

    def edit(self, item: str, number: int, target: str) -> SegmentRecord:
        """Set a person's translation of a segment and remember it in the memory.

        Raises KnownError `translation.tags` when tags of the source are missing.
        """
        view = self._translations.open(item)
        return self.put(self._segment(item, number), target, view.request, self._translations.terms_of(view.request))

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
            segment.language or request.source,
            request.target,
            [(segment.source, target)],
            domain=memory_domain(request),
            origin=Made.PERSON,
            item=segment.item,
        )
        self._publish(SegmentChanged(segment.item, changed))
        return changed

    def approve(self, item: str, number: int) -> SegmentRecord:
        changed = self._store.segments.change(item, number, state=SegmentState.APPROVED)
        self._publish(SegmentChanged(item, changed))
        return changed

    def retry(self, item: str, number: int, hint: str) -> Pending[SegmentRecord]:
        """Translate one segment again with a person's hint; the result is stored and checked as usual.

        Ends with a Problem `translation.no_better` when nothing usable came: the segment then stays as it was.  Raises
        KnownError `item.unknown`, `request.invalid`, `model.…`.
        """
        return in_slices(self._service_thread, self._retrying(item, number, hint))

    def _retrying(self, item: str, number: int, hint: str) -> Slices[SegmentRecord]:
        from slmdesk.text.translation.answer import cleaned

        view, segment = self._translations.open(item), self._segment(item, number)
        request, tags = view.request, Tags(segment.paired, segment.lone)
        source = segment.language or request.source
        known = self._translations.terms_of(request)
        veil = self._translations.veil(item, request)
        asked = asked_about(segment.source, tags, source, known, veil, hint.strip()[:MOST_HINT])
        manner = TranslationStyle(request.target, source, request.domain, request.formality, asked.hint)
        step = translation_step(asked.text, tags, manner, terms=asked.terms, with_probabilities=True)
        (answer,) = yield self._ask(request.model, [step])
        languages = source, request.target
        found = asked.back(
            cleaned(asked.text, answer.text, tags, answer.probabilities, languages=languages, terms=asked.terms)
        )
        if not found.target or problems(found.target, tags):
            raise KnownError("translation.no_better")
        changed = self._store.segments.change(
            item, number, target=found.target, state=SegmentState.TRANSLATED, origin=Made.MODEL,
            flags=(*segment_flags(segment, found.target, request, known), *found.flags), reason="", doubts=found.doubts,
        )  # fmt: skip
        self._publish(SegmentChanged(item, changed))
        return changed

    def back(self, text: str, manner: TranslationStyle, source: str, *, veil: Veil | None = None) -> Pending[str]:
        """Back-translate a translation, so that a person can judge a doubt.

        `manner`: as it was translated; where it names no language, that of `source` is detected.  `veil`: what
        hides what is private in it from the model, where it is redacted.  Ends with a Problem
        `translation.source_unknown`, `model.…`, `redaction.…`.
        """
        return in_slices(self._service_thread, self._asking_back(text, manner, source, veil))

    def _asking_back(self, text: str, manner: TranslationStyle, source: str, veil: Veil | None) -> Slices[str]:
        from slmdesk.text.translation.answer import cleaned

        asked = asked_about(text, Tags(), manner.target, (), veil)
        step = translation_step(asked.text, Tags(), turned(manner, source))
        (answer,) = yield self._ask(None, [step])
        return asked.back(cleaned(asked.text, answer.text, Tags())).target

    def alternatives(
        self, text: str, manner: TranslationStyle, *, now: str = "", word: str = "", veil: Veil | None = None
    ) -> Pending[list[str]]:
        """Ask for alternative translations of a sentence, each once.

        `now`: the current translation, which is left out.  `word`: words of it to avoid: the model is told not to use
        them, and results that use them as often are left out, as are results in another language or that are no
        translation.  `veil`: as for `back`; those in which a substitute did not come back whole are left out.  Ends
        with a Problem `model.…`, `redaction.…`.
        """
        return in_slices(self._service_thread, self._asking_others(text, manner, now, word, veil))

    def _asking_others(
        self, text: str, manner: TranslationStyle, now: str, word: str, veil: Veil | None
    ) -> Slices[list[str]]:
        from slmdesk.text.translation.answer import cleaned
        from slmdesk.text.translation.checks import flags_of

        def is_useful(one: str) -> bool:
            flags = flags_of(text, one, source_language=manner.source, target_language=manner.target, tags=Tags())
            return not any(flag.kind in NO_WORDING for flag in flags) and says_otherwise(one, now, word)

        asked = asked_about(text, Tags(), manner.source, (), veil)
        avoided = "" if asked.veiled and asked.veiled.holds(word) else word
        answers = yield self._ask(None, other_steps(asked.text, manner, without=avoided))
        languages = manner.source, manner.target
        found = (asked.back(cleaned(asked.text, one.text, Tags(), languages=languages)) for one in answers)
        said = (one.target for one in found if not any(flag.kind == REDACTION for flag in one.flags))
        return [one for one in dict.fromkeys(said) if one and one != now and is_useful(one)]

    def _ask(self, model: str | None, steps: Sequence[Mapping[str, Json]]) -> Pending[list[Words]]:
        return ask_once(self._loader, self._translations.record(model), steps)

    def _segment(self, item: str, number: int) -> SegmentRecord:
        found = self._store.segments.of_item(item, begin=number, limit=1)
        if not found or found[0].number != number:
            raise KnownError("request.invalid", what="segment")
        return found[0]


def says_otherwise(sentence: str, now: str, word: str) -> bool:
    """Return whether `word` occurs less often than in the current sentence `now`: whole words, ignoring case."""
    if not word:
        return True
    form = re.compile(rf"(?<!\w){re.escape(word.casefold())}(?!\w)")
    return len(form.findall(sentence.casefold())) < max(1, len(form.findall(now.casefold())))


def turned(manner: TranslationStyle, source: str) -> TranslationStyle:
    """Return the manner of the back-translation, with the detected language of `source` where none is named.

    Raises KnownError `translation.source_unknown`.
    """
    language = manner.source or language_of_text(source)
    if not language:
        raise KnownError("translation.source_unknown")
    return TranslationStyle(language, manner.target, manner.domain)

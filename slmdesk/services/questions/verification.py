"""Verifies what a model answered against the documents, and puts it into the words that are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from slmdesk.core.documents import Page
from slmdesk.core.records import DocumentRecord, Passage
from slmdesk.services.documents.citations import DOUBT, WORDS, Mark
from slmdesk.services.documents.finding_labels import marks_in_words
from slmdesk.services.documents.nearest import Citation, nearest_of, share_of
from slmdesk.services.questions.checks import asks_yes_or_no
from slmdesk.services.questions.context import AnswerContext
from slmdesk.services.questions.grounds import (
    Grounds,
    has_only_unknown_figures,
    in_one_block,
    names_what_was_asked,
    speaks_otherwise,
)
from slmdesk.services.questions.prompt import NOT_FOUND, Answered, Part, parsed_answer, supporting, verified
from slmdesk.store import Store
from slmdesk.text.words.stop_words import search_words

NEAREST = 3
MOST_LOOKED_THROUGH = 300_000
"""Characters of documents that are gone through for what an answer says; of more those passages that have its words."""
MOST_HITS = 200
LEAST_SHARE = 0.5
"""Of the words looked for that a passage must have to be shown as an answer where no model wrote one."""
NEAR_BEST = 0.7
"""And of what the best of them has."""
QUOTED = "These passages fit the question best. The model is too weak to answer from a text, so nothing was added."
WITHOUT_MODEL = "These passages fit the question best. There is no model here that could answer from them."
UNPROVEN = "No passage could be shown for this answer; check it before you rely on it. The nearest ones:"
NEAREST_WORDS = "The nearest passages:"
UNCERTAIN = "Uncertain:"


@dataclass(frozen=True)
class Evidence:
    """Service thread."""

    store: Store
    question: str
    documents: tuple[DocumentRecord, ...]
    reading: AnswerContext

    def part(self, question: str, text: str, *, strict: bool = False) -> Part:
        """What is kept of a model's words: the answer, and the quotations that stand where they should.

        An answer that rests on nothing is not found.  `question`: this question, or a part of it.  `strict`: the
        passages that fit best did not answer it.  Raises KnownError store.*.
        """
        quotes, answer, is_found = parsed_answer(text)
        verbatim = [
            in_one_block(one, page, [question, answer])
            for one in verified(quotes, self.reading.sources, self._page_text)
            if (page := self._page(one.document, one.page))
        ]
        if not is_found:
            return self._quotation(question, verbatim) or self._missing(verbatim)
        grounds = self._grounds
        citations, marks = self._supported(answer, supporting(verbatim, answer, question))
        if names_what_was_asked(marks, question) or grounds.unknown_names(self.question):
            return self._missing(citations)
        text = grounds.around(citations)
        if speaks_otherwise(answer, text) and not speaks_otherwise(self.question, text):
            marks = marks or (Mark(WORDS, answer, 0, len(answer)),)  # small models fall into the prompt's language
        elif not speaks_otherwise(self.question, text):
            ground = grounds.weighed(
                self.question, answer, citations, marks, is_made_up=bool(quotes) and not verbatim, strict=strict
            )
            if ground is None:
                return self._missing(citations)
            citations, marks = ground
            if names_what_was_asked(marks, question) or has_only_unknown_figures(answer, question, marks):
                return self._missing(citations)
        near = () if citations else self._nearest_ones()
        return Part(answer, True, citations, marks, len(quotes) - len(verbatim), near)

    def _quotation(self, question: str, verbatim: Sequence[Citation]) -> Part | None:
        """Small models quote what says no, and then that the text does not say it: the quotation is the answer."""
        fitting = [one for one in verbatim if self._grounds.is_about(self.question, one)]
        if not fitting or not asks_yes_or_no(question):
            return None
        answer = " ".join(fitting[0].quote.split())
        return Part(answer, True, tuple(fitting[:1]), (Mark(DOUBT, answer, 0, len(answer)),))

    def shown(self, parts: Sequence[Part]) -> str:
        return self._grounds.around([citation for one in parts for citation in one.citations])

    def quoted(self, *, has_model: bool) -> Answered:
        """The passages themselves as the answer: there is no model, or a weak one.  Raises KnownError store.*."""
        words = self.reading.ranked.words
        nearest = tuple(one for one in self._nearest() if one.quote)
        shares = [share_of(words, one.quote) for one in nearest]
        least = max([LEAST_SHARE, *(NEAR_BEST * share for share in shares)])
        fitting = tuple(one for one, share in zip(nearest, shares, strict=True) if share >= least)
        answer = (QUOTED if has_model else WITHOUT_MODEL) if fitting else NOT_FOUND
        return Answered(answer, bool(fitting), fitting, 0, () if fitting else nearest, False, True)

    def words(self, answered: Answered) -> str:
        documents = {one.id: one for one in self.documents}
        if answered.found:
            lines = [answered.answer] if answered.citations else [answered.answer, UNPROVEN]
            lines += [f"{UNCERTAIN} {marks_in_words(answered.marks)}."] if answered.marks else []
        else:
            lines = [f"{NOT_FOUND} {NEAREST_WORDS}" if answered.nearest else NOT_FOUND]
        for one in answered.citations or answered.nearest:
            quote = " ".join(one.quote.split())
            lines.append(f"> \u201c{quote}\u201d \u2014 {_place_of(one, documents)}")
        return "\n\n".join(lines)

    def _missing(self, quoted: Sequence[Citation] = ()) -> Part:
        """Not in the text; what the model thought of stands before what is near by words."""
        near = [one for one in quoted if self._grounds.is_near(self.question, one.quote)]
        nearest = tuple(dict.fromkeys([*near, *self._nearest_ones()]))[:NEAREST]
        return Part(NOT_FOUND, False, nearest=nearest)

    def _nearest_ones(self) -> tuple[Citation, ...]:
        grounds = self._grounds
        return tuple(one for one in self._nearest() if grounds.is_near(self.question, grounds.around([one])))

    @cached_property
    def _grounds(self) -> Grounds:
        return Grounds(tuple(self._everything([])), self._page)

    def _everything(self, values: Sequence[str]) -> list[Passage]:
        ids = [one.id for one in self.documents]
        if self.store.passages.count(ids)[1] <= MOST_LOOKED_THROUGH:
            return [passage for one in ids for passage in self.store.passages.of_document(one)]
        pieces = search_words(" ".join([*values, self.question]))
        return self.store.passages.find(pieces, ids, MOST_HITS)

    def _supported(self, answer: str, citations: Sequence[Citation]) -> tuple[tuple[Citation, ...], tuple[Mark, ...]]:
        # with all checks of text: only who has an answer waits
        from slmdesk.services.questions.support import supported

        sources = self.reading.sources
        found = supported(answer, self.question, citations, sources, everything=self._everything, page_of=self._page)
        return found.citations, found.marks

    def _nearest(self) -> list[Citation]:
        ranked = self.reading.ranked
        return nearest_of(ranked.words, ranked.passages, self._page, NEAREST)

    def _page_text(self, document: str, page: int) -> str:
        found = self._page(document, page)
        return found.text if found else ""

    def _page(self, document: str, page: int) -> Page | None:
        pages = self.store.pages.of_document(document, begin=page, limit=1)
        return pages[0] if pages and pages[0].number == page else None


def _place_of(citation: Citation, documents: Mapping[str, DocumentRecord]) -> str:
    document = documents.get(citation.document)
    kind = str(document.info.get("page_kind") or "page") if document else "page"
    return f"{document.name if document else ''}, {kind} {citation.page}"

"""Verifies what a model answered against the documents, and puts it into the words that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from slmdesk.base.documents import Page
from slmdesk.base.records import DocumentRecord, Passage
from slmdesk.library.nearest import Citation, nearest_of, share_of
from slmdesk.questions.context import AnswerContext
from slmdesk.questions.grounds import LEAST_RELATED, LEAST_SURE, UNTOLD, Grounds
from slmdesk.questions.prompt import NO, Answered, Part, not_found, parsed_answer
from slmdesk.questions.question_parts import asks_yes_or_no, has_figure, has_name, parts_of
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
NEAREST_WORDS = "The nearest passages:"
CHECK_THIS = "Check this:"


@dataclass(frozen=True)
class Evidence:
    """Service thread."""

    store: Store
    question: str
    documents: tuple[DocumentRecord, ...]
    reading: AnswerContext

    def part(self, question: str, text: str, certainty: float = UNTOLD) -> Part:
        """What is kept of a model's words: the answer, and the sentences that it rests on.

        An answer that rests on nothing, or is of another kind than what is asked for, is not found.  `question`: this
        question, or a part of it; `certainty`: of the model that the text says it.  Raises KnownError store.*.
        """
        answer, is_found = parsed_answer(text)
        grounds = self._grounds
        of_kind = len(parts_of(question)) > 1 or (has_figure(question, answer) and has_name(question, answer))
        if not is_found or grounds.unknown_names(self.question) or not of_kind:
            return self._missing()
        citations = grounds.citations(question, answer)
        is_yes_or_no, is_said = asks_yes_or_no(question), False
        word = answer.split()[0].strip(".,").casefold()
        if word not in NO and grounds.are_against(question, word if is_yes_or_no else answer, citations):
            if not is_yes_or_no:
                return self._missing()  # what it takes for granted is denied
            citations = citations[:1]
            answer = " ".join(citations[0].quote.split())
        elif is_yes_or_no:
            is_said = grounds.bears_out(question, answer, citations)
        elif grounds.is_made_up(question, answer, citations):
            return self._missing()
        related = grounds.relation(question, citations)
        is_unsure = not is_said and (related < LEAST_RELATED or related + certainty < LEAST_SURE)
        if is_unsure or grounds.is_elsewhere(question, citations):
            return self._missing()
        marks = grounds.marks(question, answer, citations)
        return Part(answer, True, citations, marks, nearest=() if citations else self._nearest_ones())

    def quoted(self, *, has_model: bool) -> Answered:
        """The passages themselves as the answer: there is no model, or a weak one.  Raises KnownError store.*."""
        words = self.reading.ranked.words
        nearest = tuple(one for one in self._nearest() if one.quote)
        shares = [share_of(words, one.quote) for one in nearest]
        least = max([LEAST_SHARE, *(NEAR_BEST * share for share in shares)])
        fitting = tuple(one for one, share in zip(nearest, shares, strict=True) if share >= least)
        answer = (QUOTED if has_model else WITHOUT_MODEL) if fitting else not_found(self.question)
        return Answered(answer, bool(fitting), fitting, 0, () if fitting else nearest, False, True)

    def words(self, answered: Answered) -> str:
        documents = {one.id: one for one in self.documents}
        if answered.found:
            lines = [answered.answer]
            lines += [f"{CHECK_THIS} {answered.missing}."] if answered.missing else []
        else:
            lines = [f"{answered.answer} {NEAREST_WORDS}" if answered.nearest else answered.answer]
        for one in answered.citations or answered.nearest:
            quote = " ".join(one.quote.split())
            lines.append(f"> \u201c{quote}\u201d \u2014 {_place_of(one, documents)}")
        return "\n\n".join(lines)

    def _missing(self) -> Part:
        return Part(not_found(self.question, self._grounds.text), False, nearest=self._nearest_ones())

    def _nearest_ones(self) -> tuple[Citation, ...]:
        return tuple(one for one in self._nearest() if self._grounds.is_near(self.question, one))

    @cached_property
    def _grounds(self) -> Grounds:
        return Grounds(tuple(self._everything()), self._page)

    def _everything(self) -> list[Passage]:
        ids = [one.id for one in self.documents]
        if self.store.passages.count(ids)[1] <= MOST_LOOKED_THROUGH:
            return [passage for one in ids for passage in self.store.passages.of_document(one)]
        return self.store.passages.find(search_words(self.question), ids, MOST_HITS)

    def _nearest(self) -> list[Citation]:
        ranked = self.reading.ranked
        return nearest_of(ranked.words, ranked.passages, self._page, NEAREST)

    def _page(self, document: str, page: int) -> Page | None:
        pages = self.store.pages.of_document(document, begin=page, limit=1)
        return pages[0] if pages and pages[0].number == page else None


def _place_of(citation: Citation, documents: Mapping[str, DocumentRecord]) -> str:
    document = documents.get(citation.document)
    kind = str(document.info.get("page_kind") or "page") if document else "page"
    return f"{document.name if document else ''}, {kind} {citation.page}"

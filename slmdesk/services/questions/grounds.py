"""Whether an answer rests on what is cited for it: its words stand there, and it is about what was asked.

Rules over words, rare ones counting more.  They see that an answer was made up of other things than the text around its
quotations; that a true statement about something else answers the question they see where the question names something
that is not there.  Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from slmdesk.core.documents import ASIDE, BlockKind, Page
from slmdesk.core.records import Passage
from slmdesk.services.documents.citations import ELSEWHERE, WORDS, Mark
from slmdesk.services.documents.nearest import Citation, PageOf, are_alike, sentences_of_span, stretches_of
from slmdesk.services.questions.checks import FIGURES, asks_yes_or_no, marks_of
from slmdesk.services.questions.prompt import is_inside
from slmdesk.services.questions.weights import Weights
from slmdesk.text.checks.evidence import holds, values_in
from slmdesk.text.checks.overlap import stems
from slmdesk.text.checks.words import tongue
from slmdesk.text.words.folding import fold_for_search
from slmdesk.text.words.stop_words import ASKING_WORDS, search_words

LEAST_GROUNDED = 0.6
"""Of an answer's words, by rarity, that must stand in what is cited for it or right beside it: of 18 right answers of a
1.5B model 17 had as many, of 8 invented ones 3.
"""
LEAST_OF_MARKED = 0.4
"""Where a value or a name of it is marked already: what the text says instead is worth showing."""
STRICTLY_GROUNDED = 0.65
"""After the best passages did not answer the question."""
SURELY_GROUNDED, EXACTLY_GROUNDED = 0.7, 0.95
"""With fewer it is marked; the second where the model's own quotations were made up."""
SURELY_ECHOED = 0.5
"""Of the question's words in the answer, by rarity, that stand around the quotations; with fewer it is marked."""
LEAST_ABOUT = 0.4
"""Of the question's words, by rarity, that a quotation must have to be an answer by itself."""
LEAST_NEAR = 0.55
"""Of the question's words, by rarity, that a sentence must have to be shown as near."""
LEAST_OF_NEAREST = 0.35
"""Of the question's words in the passage that has most of them, what the cited one must have to be about it at all."""
SURE_OF_NEAREST = 0.6
"""And to be surely about it: in 36 of 38 questions the answer stood in a passage with as many."""
MOST_SENTENCES = 2


@dataclass(frozen=True)
class Grounds:
    passages: tuple[Passage, ...]
    """Of all documents that were asked, or of many those that have the words."""
    page_of: PageOf

    @cached_property
    def weights(self) -> Weights:
        return Weights(one.text for one in self.passages)

    def weighed(
        self,
        question: str,
        answer: str,
        citations: tuple[Citation, ...],
        marks: tuple[Mark, ...],
        *,
        is_made_up: bool,
        strict: bool,
    ) -> tuple[tuple[Citation, ...], tuple[Mark, ...]] | None:
        """The citations and marks of an answer by what it rests on; None for one that rests on nothing.

        Before one is refused, the sentence of the documents that says most of it is looked for.  `is_made_up`: of the
        model's own quotations none stands in the text.
        """
        if is_bare(answer):
            return self._judged(question, answer, citations, marks) if citations else None
        least = LEAST_OF_MARKED if marks else STRICTLY_GROUNDED if strict else LEAST_GROUNDED
        is_weak = not citations or self.share(answer, citations) < least
        before = self.echo(question, answer, citations) if citations else 0.0
        if is_weak or is_made_up or before < SURELY_ECHOED:
            better = self.best(question, answer)
            if better and self.share(answer, [better]) < least:
                better = None
            if better and (is_weak or is_made_up or self.echo(question, answer, [better]) > before):
                citations, marks = (better,), marks_of(answer, question, [self.around([better])])
            elif is_weak:
                return None
        share = self.share(answer, citations)
        judged = self._judged(question, answer, citations, marks)
        if judged and not judged[1] and share < (EXACTLY_GROUNDED if is_made_up else SURELY_GROUNDED):
            return citations, (Mark(WORDS, answer, 0, len(answer)),)
        return judged

    def _judged(
        self, question: str, answer: str, citations: tuple[Citation, ...], marks: tuple[Mark, ...]
    ) -> tuple[tuple[Citation, ...], tuple[Mark, ...]] | None:
        related, echoed = self.relation(question, citations), self.echo(question, answer, citations)
        if related < LEAST_OF_NEAREST:
            return None
        is_elsewhere = (
            related < SURE_OF_NEAREST or echoed < SURELY_ECHOED or _is_parted(question, answer, citations)
            or self.lacks_figures(question, citations)
        )  # fmt: skip
        if not marks and (is_elsewhere or self.lacks_what_is_asked_for(question)):
            marks = (Mark(ELSEWHERE, answer, 0, len(answer)),)
        return citations, marks

    def share(self, answer: str, citations: Sequence[Citation]) -> float:
        """How much of an answer stands in what is cited or right beside it, 0..1."""
        return self.weights.share(_asked(answer), self.around(citations))

    def around(self, citations: Sequence[Citation]) -> str:
        return "\n".join(_around(one, page) for one in citations if (page := self.page_of(one.document, one.page)))

    def best(self, question: str, answer: str) -> Citation | None:
        """The sentence of the documents that an answer rests on best, if that is enough; headings are none."""
        said = _asked(answer)
        best: tuple[float, Citation] | None = None
        for passage in self._likely(said):
            for kind, one in stretches_of(passage, self.page_of):
                if kind is not BlockKind.HEADING:
                    share = self.share(answer, [one]) + 0.1 * self.weights.share(said, one.quote)
                    share += 0.5 * self.echo(question, answer, [one])
                    if best is None or share > best[0]:
                        best = share, one
        return best[1] if best and self.share(answer, [best[1]]) >= LEAST_GROUNDED else None

    def relation(self, question: str, citations: Sequence[Citation]) -> float:
        """How much of a question the cited passages have, by what the passage with most of it has; 1 where none has."""
        words = _asked(question)
        best = max((self.weights.share(words, one.text) for one in self.passages), default=0.0)
        return self.weights.share(words, self._cited(citations)) / best if best else 1.0

    def echo(self, question: str, answer: str, citations: Sequence[Citation]) -> float:
        """Of the words that an answer took from the question, and that stand in the documents, how many stand around
        the quotations, 0..1: "the result of the bowel examination was …" is cited from where the bowel is named.
        """
        said = search_words(answer)
        taken = [
            one
            for one in _asked(question)
            if self.weights.is_there(one) and any(one == other or are_alike(one, other) for other in said)
        ]
        return self.weights.share(taken, self.around(citations))

    def _cited(self, citations: Sequence[Citation]) -> str:
        quotes = [self.around([one]) for one in citations]
        passages = [one.text for one in self.passages if any(is_inside(citation, one) for citation in citations)]
        return "\n".join([*quotes, *passages])

    def is_about(self, question: str, citation: Citation) -> bool:
        share = self.weights.share(_asked(question), citation.quote)
        return share >= LEAST_ABOUT and self.relation(question, [citation]) >= SURE_OF_NEAREST

    def lacks_what_is_asked_for(self, question: str) -> bool:
        """Whether the thing asked for, "which company", is nowhere named in the documents."""
        found = _THING.search(question)
        words = search_words(found[1]) if found else []
        return not all(self.weights.is_there(one) for one in words)

    def lacks_figures(self, question: str, citations: Sequence[Citation]) -> bool:
        """Whether a question names a year or a number that stands neither where the answer is cited from nor at the
        beginning of the documents: "How many were let in 2024?".
        """
        figures = [one for one in values_in(question) if one.kind in FIGURES]
        if not figures or asks_yes_or_no(question):  # "Is it 1,400 euros?" may be answered with no
            return False
        firsts = {one.document: one.text for one in reversed(self.passages)}
        there = "\n".join([self._cited(citations), *firsts.values()])
        return not any(holds(one, question, there) for one in figures)

    @cached_property
    def _all(self) -> str:
        return "\n".join(one.text for one in self.passages)

    def is_near(self, question: str, text: str) -> bool:
        return self.weights.share(_asked(question), text) >= LEAST_NEAR

    def unknown_names(self, question: str) -> list[str]:
        names = [one for one in values_in(question) if one.kind == "name"]
        there = self._all if names else ""
        if not there or speaks_otherwise(question, there):  # "Deutschland" may stand there as "Germany"
            return []
        return [one.text for one in names if not holds(one, question, there)]

    def _likely(self, said: Sequence[str]) -> list[Passage]:
        shares = [(self.weights.share(said, one.text), -at, one) for at, one in enumerate(self.passages)]
        return [one for _, _, one in sorted(shares, reverse=True, key=lambda found: found[:2])[:_LOOKED_AT]]


_LOOKED_AT = 6
"""Passages with most of an answer's words, sentence by sentence."""
_THING = re.compile(
    r"\b(?:which|what|welche[mnrs]?|qu[ei]l(?:le)?s?|qué|cuál(?:es)?|quale|quali|jaki[emj]?|któr[yae])\s+"
    r"(?!of\b|is\b|are\b|was\b|were\b|do\b|does\b|did\b|the\b|has\b|have\b|can\b|may\b|must\b|happens\b|est\b|sont\b)"
    r"(\w+(?:\s+(?:company|firm|bank|person|authority|court|office|law))?)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r";\s")


def _asked(question: str) -> list[str]:
    words = search_words(question)
    return [one for one in words if one not in ASKING_WORDS] or words


def speaks_otherwise(answer: str, text: str) -> bool:
    """Whether an answer is in another language than the text, so that hardly a word of it can stand there."""
    ours, theirs = tongue(answer), tongue(text)
    return bool(ours and theirs and ours != theirs)


def names_what_was_asked(marks: Iterable[Mark], question: str) -> bool:
    """Whether a name that the cited passages do not have was taken from the question."""
    asked = set(fold_for_search(question).split())
    return any(one.kind == "name" and set(fold_for_search(one.text).split()) <= asked for one in marks)


def has_only_unknown_figures(answer: str, question: str, marks: Sequence[Mark]) -> bool:
    """Whether an answer has figures, none of which stands in the text or comes from the question: they are made up.

    Where the cited passage has another value in its place, the mark that says so is worth more.
    """
    asked = {one.text for one in values_in(question)}
    figures = [one for one in values_in(answer) if one.kind != "name" and one.text not in asked]
    marked = [
        (one.start, one.end) for one in marks if one.kind in FIGURES and (not one.detail or one.detail in question)
    ]
    return bool(figures) and all(any(a < one.end and one.start < b for a, b in marked) for one in figures)


def in_one_block(citation: Citation, page: Page, words: Sequence[str]) -> Citation:
    """A quotation cut to the block, and in it to the sentences, that have most of `words`."""
    spans: list[tuple[int, int]] = []
    for block in page.blocks:
        start, end = max(block.start, citation.start), min(block.end, citation.end)
        if start < end:
            inside = list(sentences_of_span(page.text, start, end))
            spans += [
                (inside[at][0], inside[min(at + MOST_SENTENCES, len(inside)) - 1][1])
                for at in range(max(1, len(inside) - MOST_SENTENCES + 1))
                if inside
            ]
    wanted = stems(" ".join(words))
    if not spans:
        return citation
    start, end = max(spans, key=lambda span: (len(wanted & stems(page.text[slice(*span)])), -span[0]))
    return Citation(citation.document, citation.page, start, end, page.text[start:end])


def _is_parted(question: str, answer: str, citations: Iterable[Citation]) -> bool:
    """Whether the name that was asked about stands in one clause and the figure of the answer in another:
    "Electric bicycles fell to 11.1 million; subsidies ended in France."
    """
    names = [one for one in values_in(question) if one.kind == "name"]
    figures = [one for one in values_in(answer) if one.kind not in ("name", "date")]
    is_parted = False
    for clauses in (_CLAUSE.split(one.quote) for one in citations):
        named = [any(holds(one, question, clause) for one in names) for clause in clauses]
        counted = [any(holds(one, answer, clause) for one in figures) for clause in clauses]
        if any(one and other for one, other in zip(named, counted, strict=True)):
            return False
        is_parted = is_parted or (any(named) and any(counted))
    return is_parted


def _around(citation: Citation, page: Page) -> str:
    found: list[str] = []
    heading = ""
    sentences: list[tuple[int, int]] = []
    for block in page.blocks:
        if block.kind is BlockKind.HEADING and block.start <= citation.start:
            heading = page.text[block.start : block.end]
        if block.kind not in ASIDE:
            sentences += sentences_of_span(page.text, block.start, block.end)
    inside = [at for at, (start, end) in enumerate(sentences) if start < citation.end and citation.start < end]
    if inside:
        near = sentences[max(0, inside[0] - 1) : inside[-1] + 2]
        found = [page.text[start:end] for start, end in near]
    return "\n".join([heading, citation.quote, *found])


_BARE = re.compile(r"\W*(?:yes|no|ja|nein|oui|non|sí|si|no|sì|tak|nie)\W*", re.IGNORECASE)


def is_bare(answer: str) -> bool:
    """Whether it is a yes or no alone: then the quotations must speak for it."""
    return _BARE.fullmatch(answer) is not None

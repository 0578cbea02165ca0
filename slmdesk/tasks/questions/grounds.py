"""Finds the sentences of documents that an answer rests on, and marks what they do not bear out. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from slmdesk.base.documents import BlockKind
from slmdesk.base.records import Passage
from slmdesk.base.text.sentences import question_language, refers_back, sentence_spans, sentences
from slmdesk.base.text.words import tongue
from slmdesk.claims.evidence import Weights, best, topic_words
from slmdesk.claims.judge import is_unsupported, missing
from slmdesk.claims.types import DOUBT, ELSEWHERE, WORDS, Mark
from slmdesk.claims.values import quantities_of
from slmdesk.claims.words import stems
from slmdesk.documents.search import Citation, PageOf, stretches_of
from slmdesk.tasks.questions.told import refuses

LEAST_OF_BEST, LEAST_NEAR = 0.3, 0.1
"""Least share of the question's words near the quotations of an answer: as part of what the nearest sentence has, and
in all. Of right answers to questions that others wrote 0.05 fall below it, of answers to another question 0.67.
"""
PERHAPS = 0.45
"""Share of a question's words from which a sentence may answer it though the model found no answer. Of questions to
240 paragraphs that others wrote 0.64 to 0.78 reach it, of the same asked of another paper none.
"""
MOST_CITED = 3
MOST_NEAREST = 3


@dataclass(frozen=True, eq=False)
class Place:
    """A sentence with its context: the heading above, its table's header, and the sentence that it refers back to."""

    citation: Citation
    above: str

    @property
    def text(self) -> str:
        return f"{self.above}\n{self.citation.quote}"


@dataclass(frozen=True)
class Grounds:
    passages: tuple[Passage, ...]
    """All passages of the asked documents; of very long ones only passages that contain the question's words."""
    page_of: PageOf
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of the documents by id. A question may say with them which document it means."""

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """The sentences, then the headings: of two that say the same the sentence is quoted."""
        walked = list(self._walk())
        headings = [place for place, kind in walked if kind is BlockKind.HEADING]
        return (*(place for place, kind in walked if kind is not BlockKind.HEADING), *headings)

    def _walk(self) -> Iterator[tuple[Place, BlockKind]]:
        document = name = heading = head = before = ""
        for passage in self.passages:
            if passage.document != document:
                document, heading, name = passage.document, "", self.names.get(passage.document, "")
            for kind, citation in stretches_of(passage, self.page_of):
                head = (head or citation.quote) if kind is BlockKind.TABLE_ROW else ""
                if kind is BlockKind.HEADING:
                    yield Place(citation, name), kind
                    heading, before = citation.quote, ""
                else:
                    told = before if refers_back(citation.quote, self.language) else ""
                    yield Place(citation, f"{name}\n{heading}\n{head}\n{told}"), kind
                    before = citation.quote

    @cached_property
    def _quotes(self) -> tuple[str, ...]:
        return tuple(place.citation.quote for place in self.places)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return tuple(place.text for place in self.places)

    @cached_property
    def _weights(self) -> Weights:
        return Weights(self._texts)

    @cached_property
    def text(self) -> str:
        return "\n".join(passage.text for passage in self.passages)

    @cached_property
    def language(self) -> str:
        return tongue(self.text)

    def citations(self, question: str, answer: str) -> tuple[Citation, ...]:
        """Return the sentences that each sentence of an answer rests on, those of its first sentence first."""
        language = tongue(answer, likely=self.language)
        found = list[int]()
        for sentence in sentences(answer, language):
            if refuses(sentence):
                continue
            found += best(sentence, self._quotes, language, topic=question, contexts=self._texts).passages
        return tuple(self.places[at].citation for at in dict.fromkeys(found))[:MOST_CITED]

    def marks(self, question: str, answer: str, citations: Sequence[Citation]) -> tuple[Mark, ...]:
        """Return marks for what the quotations do not bear out: values, and an answer of other words or to another
        question.
        """
        if not citations:
            return ()
        around = [place.text for place in self.places if place.citation in citations]
        language = tongue(answer, likely=self.language)
        marks = list(missing(answer, [*around, question], language))
        for start, end in sentence_spans(answer, language):
            if refuses(answer[start:end]):
                marks.append(Mark(DOUBT, answer[start:end], start, end))
        if self._is_foreign(question, answer):
            return tuple(marks)
        whole = len(answer)
        if self._is_elsewhere(question, "\n".join(around)):
            marks.insert(0, Mark(ELSEWHERE, answer, 0, whole))
        elif not marks and self._says_other_words(question, answer, citations, language):
            marks.append(Mark(WORDS, answer, 0, whole))
        return tuple(marks)

    def _says_other_words(self, question: str, answer: str, citations: Sequence[Citation], language: str) -> bool:
        """A value that stands there bears an answer out, whatever words are around it."""
        if quantities_of(answer, language):
            return False
        quotes = "\n".join(citation.quote for citation in citations)
        own = stems(answer, language) - stems(question, language)
        return is_unsupported(own, [quotes], language)

    def _is_foreign(self, question: str, answer: str = "") -> bool:
        """Return whether words are in another language than the text, so that they cannot be compared."""
        language = question_language(question) or tongue(f"{question} {answer}", likely=self.language)
        return bool(language and self.language and language != self.language)

    def _is_elsewhere(self, question: str, around: str) -> bool:
        """Return whether the quotations, with what stands above them, have hardly a word of a question, or another
        sentence has far more of them.
        """
        asked = topic_words(question)
        most = max(self._weights.share(asked, text) for text in self._texts)
        return self._weights.share(asked, around) < max(LEAST_NEAR, LEAST_OF_BEST * most)

    def nearest(self, question: str) -> tuple[tuple[Citation, ...], float]:
        """Return the sentences nearest to a question, best first, and how near the best is, 0 to 1."""
        asked = topic_words(question)
        worths = [
            (self._weights.share(asked, place.citation.quote) + self._weights.share(asked, place.text)) / 2
            for place in self.places
        ]
        order = sorted(range(len(worths)), key=lambda at: -worths[at])
        nearness = max(worths, default=0.0) if asked else 0.0  # "And then?" has no words to look for
        return tuple(self.places[at].citation for at in order[:MOST_NEAREST]), nearness

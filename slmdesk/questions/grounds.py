"""Finds the sentences of documents that an answer rests on, and what of it they do not bear out.

Rules over words, rare ones counting more, and over numbers, dates and names.  Pure functions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from slmdesk.base.documents import BlockKind
from slmdesk.base.records import Passage
from slmdesk.library.citations import WORDS, Mark
from slmdesk.library.nearest import Citation, PageOf, are_alike, stretches_of
from slmdesk.questions.question_parts import asks_yes_or_no
from slmdesk.questions.weights import Weights
from slmdesk.text.checks import negation
from slmdesk.text.checks.check import Flag
from slmdesk.text.checks.evidence import holds, may_hold, values_in
from slmdesk.text.checks.words import tongue
from slmdesk.text.words.anaphora import refers_back
from slmdesk.text.words.folding import fold_for_search
from slmdesk.text.words.stop_words import ASKING_WORDS, search_words

LEAST_SAID = 0.5
"""Of an answer's own words, by rarity, that must stand in its quotations; with fewer it is marked."""
LEAST_GAIN = 0.25
"""Of them, what a second quotation must add."""
LEAST_SURE = 0.8
"""How much of the question the quotations have (`relation`) and how sure the model is that the text says it, added:
with less, an answer is not in the text.  Neither separates alone.
"""
LEAST_RELATED = 0.1
"""How much of the question the quotations must have, however sure the model is."""
UNTOLD = 0.5
"""How sure a model is taken to be that was not asked."""
LEAST_OF_BEST = 0.5
"""And of what the sentence has that has most of it: an answer that rests on another one is about something else."""
LEAST_NEAR = 0.55
"""Of the question's words, by rarity, that a sentence must have to be shown as near."""
MOST_PLACES = 60
"""Sentences with most of the question's and the answer's words: of these the values are looked for."""


@dataclass(frozen=True, eq=False)
class Place:
    """A sentence with what it stands under or refers to: its heading, the head of its table, the sentence before it."""

    citation: Citation
    above: str

    @property
    def text(self) -> str:
        return f"{self.above}\n{self.citation.quote}"


@dataclass(frozen=True)
class Grounds:
    passages: tuple[Passage, ...]
    """Of all documents that were asked, or of many those that have the words."""
    page_of: PageOf

    @cached_property
    def places(self) -> tuple[Place, ...]:
        return tuple(self._places())

    def _places(self) -> Iterator[Place]:
        document = heading = head = before = ""
        language = tongue(self.text)
        for passage in self.passages:
            if passage.document != document:
                document, heading = passage.document, ""
            for kind, one in stretches_of(passage, self.page_of):
                head = (head or one.quote) if kind is BlockKind.TABLE_ROW else ""
                if kind is BlockKind.HEADING:
                    heading, before = one.quote, ""
                else:
                    told = before if refers_back(one.quote, language) else ""
                    yield Place(one, f"{heading}\n{head}\n{told}")
                    before = one.quote

    @cached_property
    def weights(self) -> Weights:
        return Weights(one.text for one in self.places)

    def citations(self, question: str, answer: str) -> tuple[Citation, ...]:
        """The sentence that says most of an answer, and a second where that says more of it."""
        asked = asked_words(question)
        own = own_words(answer, asked)
        values = new_values(question, answer)
        if self._is_otherwise(question, answer):
            own = []
            if not values:
                return ()
        first = self._best(asked, own, values, answer)
        if first is None:
            return ()
        said = self.weights.share(own, first.citation.quote)
        rest = [one for one in own if not self.weights.share([one], first.citation.quote)]
        left = [one for one in values if not holds(one, answer, first.citation.quote)]
        second = self._best(asked, rest, left, answer, without=first) if left or (own and said < LEAST_SAID) else None
        if second and (
            any(holds(one, answer, second.citation.quote) for one in left)
            or self.weights.share(own, f"{first.citation.quote}\n{second.citation.quote}") >= said + LEAST_GAIN
        ):
            return first.citation, second.citation
        return (first.citation,)

    def _best(
        self,
        asked: Sequence[str],
        own: Sequence[str],
        values: Sequence[Flag],
        answer: str,
        without: Place | None = None,
    ) -> Place | None:
        """The sentence with most of the values, the answer's own words and the question's."""
        words = {
            one: 2 * bool(own) * self.weights.share(own, one.citation.quote) + self.weights.share(asked, one.text)
            for one in self.places
            if one is not without
        }
        likely = sorted(words, key=lambda one: -words[one])
        tests = [(one, may_hold(one)) for one in values]
        likely = [
            one
            for at, one in enumerate(likely)
            if at < MOST_PLACES or any(may(one.citation.quote) for _, may in tests)
        ]  # fmt: skip

        def worth(one: Place) -> float:
            quote = one.citation.quote
            return words[one] + 1.5 * sum(may(quote) and holds(value, answer, quote) for value, may in tests)

        return max(likely, key=worth, default=None)

    def are_against(self, question: str, answer: str, citations: Sequence[Citation]) -> bool:
        """Whether the clause with most of the question's words denies it, and the answer does not.

        Of what yes or no answers, any clause: the quotation then says it better.
        """
        language = tongue(self.text)
        if any(line.denials for line in (*negation.lines(question, language), *negation.lines(answer, language))):
            return False
        asked, is_any = asked_words(question), asks_yes_or_no(question)
        lines = negation.lines(citations[0].quote, language) if citations else []
        return any(bool(one.denials) if is_any else _denies(one, asked) for one in lines)

    def marks(self, question: str, answer: str, citations: Sequence[Citation]) -> tuple[Mark, ...]:
        """What the quotations do not bear out; none without quotations."""
        if not citations:
            return ()
        quotes = "\n".join(one.quote for one in citations)
        values = [one for one in new_values(question, answer) if one.kind != "name"]  # which languages inflect
        marks = [_mark(one) for one in values if not holds(one, answer, quotes)]
        if marks or self._is_otherwise(question, answer):
            return tuple(marks)
        own = own_words(answer, asked_words(question))
        if self.weights.share(own, quotes) < LEAST_SAID:
            return (Mark(WORDS, answer, 0, len(answer)),)
        return ()

    def is_made_up(self, question: str, answer: str, citations: Sequence[Citation]) -> bool:
        """Whether nothing that the answer adds to the question stands in its quotations, or it adds nothing."""
        quotes = "\n".join(one.quote for one in citations)
        if values := new_values(question, answer):
            return not any(holds(one, answer, quotes) for one in values)
        own = own_words(answer, asked_words(question))
        return not own or (not self._is_otherwise(question, answer) and not self.weights.share(own, quotes))

    def _is_otherwise(self, question: str, answer: str) -> bool:
        return speaks_otherwise(f"{question} {answer}", self.text)

    def relation(self, question: str, citations: Sequence[Citation]) -> float:
        """How much of a question the quotations have, by rarity, 0..1; 1 in another language."""
        if speaks_otherwise(question, self.text):
            return 1.0
        cited = "\n".join(one.text for one in self.places if one.citation in citations)
        return self.weights.share(asked_words(question), cited)

    def is_elsewhere(self, question: str, citations: Sequence[Citation]) -> bool:
        """Whether another sentence has far more of a question than the first quotation has."""
        asked = asked_words(question)
        best = max((self.weights.share(asked, one.text) for one in self.places), default=0.0)
        return self.relation(question, citations[:1]) < LEAST_OF_BEST * best

    def bears_out(self, question: str, answer: str, citations: Sequence[Citation]) -> bool:
        """Whether an answer adds words to the question, and its quotations have most of them."""
        own = own_words(answer, asked_words(question))
        quotes = "\n".join(one.quote for one in citations)
        return bool(own) and self.weights.share(own, quotes) >= LEAST_SAID

    def is_near(self, question: str, citation: Citation) -> bool:
        text = "\n".join(one.text for one in self.places if one.citation == citation)
        return self.weights.share(asked_words(question), text) >= LEAST_NEAR

    def unknown_names(self, question: str) -> list[str]:
        question = question.lstrip("¿¡ ")  # behind these a large word would be a name
        names = [one for one in values_in(question) if one.kind == "name"]
        if not names or speaks_otherwise(question, self.text):  # "Deutschland" may stand there as "Germany"
            return []
        return [one.text for one in names if not holds(one, question, self.text)]

    @cached_property
    def text(self) -> str:
        return "\n".join(one.text for one in self.passages)


def asked_words(question: str) -> list[str]:
    """What a question is about, without the words that only ask for a value."""
    words = search_words(question)
    return [one for one in words if one not in ASKING_WORDS] or words


def own_words(answer: str, asked: Sequence[str]) -> list[str]:
    """What an answer says, without the words of the question and those that stand beside a value."""
    return [one for one in search_words(answer) if one not in ASKING_WORDS and not _is_among(one, asked)]


def new_values(question: str, answer: str) -> list[Flag]:
    """The numbers, dates and names of an answer that it has not from the question; a "Yes" says those of it too."""
    says_it = asks_yes_or_no(question) and not any(one.denials for one in negation.lines(answer, tongue(answer)))
    asked = "" if says_it else question.casefold()
    return [one for one in values_in(answer) if one.text.casefold() not in asked]


def speaks_otherwise(answer: str, text: str) -> bool:
    """Whether an answer is in another language than the text, so that hardly a word of it can stand there."""
    ours, theirs = tongue(answer), tongue(text)
    return bool(ours and theirs and ours != theirs)


def _denies(line: negation.Line, asked: Sequence[str]) -> bool:
    about = Counter(one.clause for one in line.words if one.content and _is_among(fold_for_search(one.word), asked))
    most = max(about.values(), default=0)
    return any(most and about[line.words[at].clause] == most for at, _ in line.denials)


def _is_among(word: str, others: Sequence[str]) -> bool:
    return any(word == one or are_alike(word, one) for one in others)


def _mark(flag: Flag) -> Mark:
    return Mark(flag.kind, flag.text, flag.start, flag.end, flag.detail)

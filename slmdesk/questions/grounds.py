"""Finds the sentences of documents that support an answer, and the parts of the answer that they do not support.

The rules compare words, where rare words count more, and numbers, dates and names. Pure functions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from operator import itemgetter

from slmdesk.base.documents import BlockKind
from slmdesk.base.record import Record
from slmdesk.base.records import Passage
from slmdesk.claims.types import WORDS, Mark
from slmdesk.library.search import Citation, PageOf, stretches_of
from slmdesk.questions.matter import is_form, kinds, missing_word
from slmdesk.questions.told import lists, pieces, talk, without_pages
from slmdesk.questions.values import is_answered
from slmdesk.text.checks import negation
from slmdesk.text.checks.numbers import find_dates
from slmdesk.text.checks.support import Flag, holds, may_hold, values_in
from slmdesk.text.checks.words import tongue
from slmdesk.text.folding import fold_for_search
from slmdesk.text.relevance import groups_of
from slmdesk.text.sentences import asking_words, question_language, refers_back, search_words

LEAST_SAID = 0.5
"""Smallest share of an answer's own words, weighted by rarity, that its quotations must contain, or it is marked."""
LEAST_GAIN = 0.25
"""Smallest share of an answer's own words, weighted by rarity, that a second quotation must add to the first."""
MOST_LOOSE = 2
"""Number of own words for each value that need not be there where the values are: "lasts", "amounts to"."""
LEAST_SURE = 0.8
"""Smallest sum of `relation` (how much of the question the quotations contain) and the model's certainty that the text
contains the answer. Below this sum the answer counts as not in the text. Neither value is reliable alone. A model has
this certainty at the limit from which its yes is right by its exam.
"""
LEAST_SEEN = 0.15
"""Share of the question's words from which right words are kept, to be checked, of a model that was not asked whether
the text contains the answer.
"""
UNTOLD = 0.5
"""Certainty that is assumed for a model that was not asked whether the text contains the answer."""
SURE = 3.0
"""Certainty (log odds) from which an answer is accepted although another sentence contains far more of
the question's words.
"""
LEAST_OF_BEST = 0.5
"""Share of the best sentence's question words that a quotation must exceed, or the answer is about something else."""
LEAST_NEAR = 0.55
"""Smallest share of the question's words, weighted by rarity, that a sentence needs to be shown as a near match."""
MOST_CAPITALS = 4
"""Most letters of a name in capitals that may stand for a kind of thing."""


@dataclass(frozen=True, eq=False)
class Place:
    """A sentence with its context: the heading above, its table's header, and the sentence that it refers back to."""

    citation: Citation
    above: str
    before: str = ""
    """The sentence before it; empty right below a heading."""

    @property
    def text(self) -> str:
        return f"{self.above}\n{self.citation.quote}"


class Claim(Record):
    """A sentence of an answer that says something of the matter, at character `start`, and what supports it."""

    text: str
    start: int
    citations: tuple[Citation, ...]
    relation: float


@dataclass(frozen=True)
class Grounds:
    passages: tuple[Passage, ...]
    """All passages of the asked documents; of very long ones only passages that contain the question's words."""
    page_of: PageOf
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of the documents by id. A question may say with them which document it means."""

    @cached_property
    def places(self) -> tuple[Place, ...]:
        return tuple(place for place, kind in self._all_places if kind is not BlockKind.HEADING)

    @cached_property
    def _headings(self) -> tuple[Place, ...]:
        """The headings. They support an answer only by their values: "In force from 3 May", a total in bold."""
        return tuple(place for place, kind in self._all_places if kind is BlockKind.HEADING)

    @cached_property
    def _all_places(self) -> tuple[tuple[Place, BlockKind], ...]:
        return tuple(self._walk())

    def _walk(self) -> Iterator[tuple[Place, BlockKind]]:
        document = name = heading = head = before = ""
        for passage in self.passages:
            if passage.document != document:
                document, heading, name = passage.document, "", self.names.get(passage.document, "")
            for kind, citation in stretches_of(passage, self.page_of):
                head = (head or citation.quote) if kind is BlockKind.TABLE_ROW else ""
                if kind is BlockKind.HEADING:
                    yield Place(citation, name, before), kind
                    heading, before = citation.quote, ""
                else:
                    told = before if refers_back(citation.quote, self.language) else ""
                    yield Place(citation, f"{name}\n{heading}\n{head}\n{told}", before), kind
                    before = citation.quote

    @cached_property
    def weights(self) -> Weights:
        return Weights(place.text for place in self.places)

    def claims(self, question: str, answer: str) -> tuple[list[Claim], str]:
        """Return what an answer says of the matter, and where it says that the text does not tell. If it begins with
        that, it says nothing of the matter. Each claim may answer only a part of the question.
        """
        claims, empty, denied = list[Claim](), list[Claim](), ""
        asked = [part for part in parts_of(question) if asked_words(part)] or [question]
        for piece in pieces(without_pages(answer)):
            if piece.denies and not self._says_itself(piece.text):
                denied += f"{piece.text}\n"
                if not claims:
                    break
                continue
            is_told = self.tells(question, piece.text) or _YES_OR_NO.match(piece.text)
            citations = self.citations(question, piece.text)
            relation = max(self.relation(part, citations) for part in asked)
            claim = Claim(piece.text, piece.start, citations, relation)
            (claims if is_told else empty).append(claim)
        if len(claims) > 1 and _YES_OR_NO.fullmatch(claims[0].text):  # what follows says of what
            del claims[0]
        return claims or ([] if denied else empty[:1]), denied

    def stands(self, question: str, claim: Claim, denied: str) -> bool:
        """Return whether a claim answers the question although the answer also says that the text does not tell, of
        something else.
        """
        asked = [word for word in asked_words(question) if word not in kinds()]
        denied_words = [word for word in asked if self.weights.share([word], denied) >= LEAST_SAID]
        has_value = any(value.kind != "name" for value in self._new(question, claim.text))
        return (
            not set(fold_for_search(claim.text).split()) & set(lists()["only"].split())
            and self.relation(" ".join(asked), claim.citations) >= LEAST_NEAR
            and (has_value or is_answered(question, claim.text))
            and not self.marks(question, claim.text, claim.citations)
            and not self.is_about_another(question, claim, is_sure=False)
            and self.relation(" ".join(denied_words), claim.citations) >= LEAST_SURE
        )

    def tells(self, question: str, words: str) -> bool:
        """Return whether words add anything to their question."""
        return bool(self._own(question, words) or self._new(question, words))

    def _says_itself(self, words: str) -> bool:
        """Return whether the text itself denies this: that a letter does not mention a day may stand in a judgment."""
        said = [word for word in search_words(words) if word not in talk()]
        return bool(said) and any(
            self.weights.share(said, place.citation.quote) >= LEAST_SURE and self._denies(place.citation.quote)
            for place in self.places
        )

    def _own(self, question: str, answer: str) -> list[str]:
        """Return what an answer adds to its question, without its values and the names of documents."""
        for value in self._new(question, answer):
            if value.kind != "name":
                answer = answer[: value.start] + " " * len(value.text) + answer[value.end :]
        return [word for word in own_words(question, answer) if not _is_among(word, self._name_words)]

    def _new(self, question: str, answer: str) -> list[Flag]:
        values = new_values(question, answer, tongue(answer, likely=self.language) or self.language)
        named = " ".join(self.names.values()).casefold()
        return [value for value in values if value.kind != "name" or value.text.casefold() not in named]

    @cached_property
    def _name_words(self) -> list[str]:
        return search_words(" ".join(self.names.values()))

    def citations(self, question: str, answer: str) -> tuple[Citation, ...]:
        """Return the sentence that contains most of an answer, and a second if it contains more of the answer."""
        asked = asked_words(question)
        own = self._own(question, answer)
        values = self._new(question, answer)
        if self._is_foreign(question, answer):
            own = []
            if not values:
                return ()
        first = self._best(asked, own, values, answer)
        if first is None:
            return ()
        said = self.weights.share(own, first.citation.quote)
        rest = [word for word in own if not self.weights.share([word], first.citation.quote)]
        left = [value for value in values if not self._holds(value, answer, first.citation.quote)]
        is_more = left or (own and said <= 1.0 - LEAST_GAIN)
        second = self._best(asked, rest, left, answer, without=first) if is_more else None
        if second and (
            any(self._holds(flag, answer, second.citation.quote) for flag in left)
            or self.weights.share(own, f"{first.citation.quote}\n{second.citation.quote}") >= said + LEAST_GAIN
        ):
            both = first.citation, second.citation
            return tuple(sorted(both, key=lambda citation: -self.relation(question, [citation])))
        return (first.citation,)

    def _best(
        self,
        asked: Sequence[str],
        own: Sequence[str],
        values: Sequence[Flag],
        answer: str,
        without: Place | None = None,
    ) -> Place | None:
        """Return the sentence with most of the values, of the answer's own words and of the question's words."""
        weight = 2.0 * bool(own) if without is None else min(2.0, len(own) / 2)  # one more word alone is chance
        tests = [(value, may_hold(value)) for value in values]
        headings = [place for place in self._headings if any(may(place.citation.quote) for _, may in tests)]
        words = {
            place: weight * self.weights.share(own, place.citation.quote) + self.weights.share(asked, place.text)
            for place in (*self.places, *headings)
            if place is not without
        }
        most = {place: words[place] + 1.5 * sum(may(place.citation.quote) for _, may in tests) for place in words}
        best, worth = None, -1.0
        for place in sorted(words, key=lambda place: -most[place]):
            if most[place] <= worth:  # no other one can be worth more
                break
            held = sum(self._holds(value, answer, place.citation.quote) for value, _ in tests)
            if words[place] + 1.5 * held > worth:
                best, worth = place, words[place] + 1.5 * held
        return best

    def are_against(self, question: str, answer: str, citations: Sequence[Citation]) -> bool:
        """Return whether only the question or only the first quotation denies, although the answer is yes."""
        is_yes = asks_yes_or_no(question) and not says_no(answer)
        return is_yes and bool(citations) and self._denies(citations[0].quote) != self._denies(question)

    def _denies(self, text: str) -> bool:
        return any(line.denials for line in negation.lines(text, self.language))

    def marks(
        self, question: str, answer: str, citations: Sequence[Citation], least: float = LEAST_SAID
    ) -> tuple[Mark, ...]:
        """Return marks for the parts of an answer that the quotations do not support. Empty without quotations.

        `least`: share of the answer's own words that the quotations must contain.
        """
        if not citations:
            return ()
        quotes = "\n".join(citation.quote for citation in citations)
        values = [value for value in self._new(question, answer) if value.kind != "name"]  # names may be inflected
        marks = [_mark(value) for value in values if not self._holds(value, answer, quotes)]
        if marks or self._is_foreign(question, answer):
            return tuple(marks)
        own = self._own(question, answer)
        least = LEAST_GAIN if values else least
        is_said = self.weights.share(own, quotes) >= least or 0 < len(values) * MOST_LOOSE >= len(own)
        if asks_yes_or_no(question) and not own and not (values and says_no(answer)):
            is_said = self._denies(quotes) if says_no(answer) else self.relation(question, citations) >= LEAST_SURE
        return () if is_said else (Mark(WORDS, answer, 0, len(answer)),)

    def holds_all(self, question: str, answer: str, citations: Sequence[Citation]) -> bool:
        """Return whether the quotations contain all values of an answer and most of its own words."""
        quotes = "\n".join(citation.quote for citation in citations)
        values, own = self._new(question, answer), self._own(question, answer)
        if not all(self._holds(value, answer, quotes) for value in values):
            return False
        told = sum(value.kind != "name" for value in values)  # as good as words that are there
        return len(own) * self.weights.share(own, quotes) + told >= LEAST_SAID * (len(own) + told)

    def is_made_up(self, question: str, answer: str, citations: Sequence[Citation]) -> bool:
        """Return whether an answer adds something to the question, and the quotations contain none of what is added."""
        quotes = "\n".join(citation.quote for citation in citations)
        if values := self._new(question, answer):
            return not any(self._holds(value, answer, quotes) for value in values)
        return not self._is_foreign(question, answer) and not self.weights.share(self._own(question, answer), quotes)

    def _is_foreign(self, question: str, answer: str = "") -> bool:
        """Return whether words are in another language than the text, so that they cannot be compared."""
        language = question_language(question) or tongue(f"{question} {answer}", likely=self.language)
        return bool(language and self.language and language != self.language)

    def relation(self, question: str, citations: Sequence[Citation]) -> float:
        """Return the share of a question's words that the quotations contain, weighted by rarity, 0 to 1. Always 1 if
        the question is in another language than the text.
        """
        if self._is_foreign(question):
            return 1.0
        return self._share(self._without_case(question, citations), self._around(citations))

    def _without_case(self, question: str, citations: Sequence[Citation]) -> str:
        """Return a question without the names and numbers that only tell which paper is meant."""
        papers, around, text = {citation.document for citation in citations}, self._around(citations), question
        quotes = [place.citation.quote for place in self.places if place.citation.document in papers]
        for value in values_in(question, tongue(question, likely=self.language) or self.language):
            likely = filter(may_hold(value), quotes)
            if not self._holds(value, question, around) and any(
                self._holds(value, question, quote) for quote in likely
            ):
                text = text[: value.start] + " " * len(value.text) + text[value.end :]
        return text if asked_words(text) else question

    def relation_before(self, question: str, citations: Sequence[Citation]) -> float:
        """Return the same with the sentences before the quotations, which often name what these speak of."""
        before = "\n".join(place.before for place, _ in self._all_places if place.citation in citations)
        return self._share(question, f"{before}\n{self._around(citations)}")

    def _share(self, question: str, text: str) -> float:
        """Return the share of a question's words in a text, which may write its dates otherwise."""
        dates = (value for value in values_in(question, self.language) if value.kind == "date")
        held = [date.text for date in dates if may_hold(date)(text) and self._holds(date, question, text)]
        return self.weights.share(asked_words(question), text, search_words(" ".join(held)))

    def _around(self, citations: Sequence[Citation]) -> str:
        return "\n".join(place.text for place, _ in self._all_places if place.citation in citations)

    def is_about_another(self, question: str, claim: Claim, *, is_sure: bool) -> bool:
        papers = {citation.document for citation in claim.citations}
        missing = self.missing_word(question, claim.citations, is_sure=is_sure)
        is_other = bool(missing or (papers and self.unknown_names(question, papers)))
        return is_other or self.is_beside_another(question, claim)

    def missing_word(self, question: str, citations: Sequence[Citation], *, is_sure: bool) -> str:
        """Return the word of a question that shows that the quotations are about another thing, or "". `is_sure`: a
        thing that is nowhere in the text shows nothing, it may have another name there.
        """
        if self._is_foreign(question):
            return ""
        quotes = "\n".join(citation.quote for citation in citations)
        around = self._around(citations)
        everything = None if is_sure else f"{self.text}\n{' '.join(self.names.values())}"
        language = tongue(question, likely=self.language) or self.language
        return missing_word(question, asked_words(question), quotes, around, everything, language)

    def is_beside_another(self, question: str, claim: Claim) -> bool:
        """Return whether the value of an answer stands beside far fewer of the question's words than another one of its
        sentence ("every 24 hours" and "for 90 days" in one on how often and how long), or of another quotation.
        """
        values = [value for value in self._new(question, claim.text) if value.kind != "name"]
        parts = _parts(self.language)
        holding = [citation for citation in claim.citations if self._hold(values, claim.text, citation.quote)]
        if not values or not holding or parts.search(claim.text[values[0].start : values[-1].end]):  # of two parts
            return False
        kind, quote = values[0].kind, holding[0].quote
        is_weak = self.relation(question, holding[:1]) <= LEAST_OF_BEST * claim.relation
        if is_weak and any(rival.kind == kind for rival in values_in(claim.citations[0].quote, self.language)):
            return True
        own, best = -1.0, 0.0
        subject = " ".join(quote.split()[:2])  # what is told further of it need not name it again
        for part in parts.split(quote):
            others = (other for other in values_in(part, self.language) if other.kind == kind)
            share = self.weights.share(asked_words(question), f"{subject} {part}")
            if self._hold(values, claim.text, part):
                own = max(own, share)
            elif any(other.text.casefold() not in question.casefold() for other in others):
                best = max(best, share)
        return (own >= 0.0 and best > own + LEAST_GAIN) or self._is_other_end(question, claim.text, values, quote)

    def _is_other_end(self, question: str, answer: str, values: Sequence[Flag], quote: str) -> bool:
        """Return whether an answer gives the wrong end of "from 3 April to 8 May"."""
        way = _way(answer[: values[0].start]) or _way(_END_ASKED.split(question)[0])
        alike = (end for end in values_in(quote, self.language) if end.kind == values[0].kind)
        ends = {(_way(quote[: end.start]), self._hold(values, answer, end.text)) for end in alike}
        return way != 0 and (way, True) not in ends and {(way, False), (-way, True)} <= ends

    def is_elsewhere(self, question: str, citations: Sequence[Citation]) -> bool:
        """Return whether another sentence contains far more of a question's words than the quotations."""
        asked = asked_words(self._without_case(question, citations))
        best = max((self.weights.share(asked, place.text) for place in self.places), default=0.0)
        return self.relation(question, citations) <= LEAST_OF_BEST * best

    def is_near(self, question: str, citation: Citation) -> bool:
        text = "\n".join(place.text for place in self.places if place.citation == citation)
        return self.weights.share(asked_words(question), text) >= LEAST_NEAR

    def unknown_names(self, question: str, documents: Collection[str] = ()) -> list[str]:
        """Return the names in a question that are not in the documents, or not in some of them. Short words in capitals
        ("IT") name a kind.
        """
        question = question.lstrip("¿¡ ")  # after these marks a capitalized first word would count as a name
        if self._is_foreign(question):  # "Deutschland" may stand there as "Germany"
            return []
        language = tongue(question, likely=self.language) or self.language
        names = [flag.text for flag in values_in(question, language) if flag.kind == "name"]
        passages = [passage for passage in self.passages if not documents or passage.document in documents]
        titles = [name for id, name in self.names.items() if not documents or id in documents]
        there = "\n".join([*(passage.text for passage in passages), " ".join(titles)])
        names = [name for name in names if not (name.isupper() and len(name) <= MOST_CAPITALS)]
        return [name for name in names if not holds(Flag("name", name, 0, len(name)), name, there)]

    def _holds(self, value: Flag, answer: str, quotes: str) -> bool:
        """Return whether the quotations contain a value. The number of a list item ("2. Rooms …") is not a value, and
        that of a day counts nothing.
        """
        quotes = quotes if value.kind == "date" else _ITEM.sub("", quotes)
        if value.kind == "number" and answer[value.end : value.end + 2].strip().isalpha():
            for day in find_dates(quotes, self.language):
                quotes = quotes[: day.start] + " " * (day.end - day.start) + quotes[day.end :]
        return holds(value, answer, quotes, tongue(answer, likely=self.language) or self.language, self.language)

    def _hold(self, values: Iterable[Flag], answer: str, quotes: str) -> bool:
        return all(self._holds(value, answer, quotes) for value in values)

    @cached_property
    def text(self) -> str:
        return "\n".join(passage.text for passage in self.passages)

    @cached_property
    def language(self) -> str:
        return tongue(self.text)


def asked_words(question: str) -> list[str]:
    """Return the words that tell what a question is about, not those that only ask for a value ("when", "how many")."""
    words = search_words(question)
    return [word for word in words if word not in asking_words()] or words


def own_words(question: str, answer: str) -> list[str]:
    """Return the words that an answer adds to its question, without a leading yes or no and without words such as units
    that only accompany a value, or that speak of the text.
    """
    asked = asked_words(question)
    answer = _YES_OR_NO.sub("", answer) if asks_yes_or_no(question) else answer
    words = [word for word in search_words(answer) if word not in asking_words() and not _is_among(word, asked)]
    return [word for word in words if word not in talk()]


def says_no(answer: str) -> bool:
    return answer.partition(" ")[0].strip(".,").casefold() in _NOES


def new_values(question: str, answer: str, language: str = "") -> list[Flag]:
    """Return the numbers, dates and names of an answer that are not already in the question. If the answer is a yes,
    those of the question count too, since the answer confirms them.
    """
    asked = "" if asks_yes_or_no(question) and not says_no(answer) else question.casefold()
    return [value for value in values_in(answer, language) if value.text.casefold() not in asked]


def _is_among(word: str, others: Sequence[str]) -> bool:
    return any(is_form(word, other) for other in others)


_ITEM = re.compile(r"^\s*\d{1,2}[.)]\s+(?=[^\W\d])", re.MULTILINE)


def _mark(flag: Flag) -> Mark:
    return Mark(flag.kind, flag.text, flag.start, flag.end, flag.detail)


# Words that are rare in the documents count more. Words are compared by groups of letters, as in the ranking of
# passages: a sentence about "Rückzahlung" and "Frist" has nearly all groups of "Rückzahlungsfrist", and a sentence on
# another "Frist" has few. Pure functions.

LEAST_WEIGHT = 0.1
"""Weight of a group of letters that occurs in every text, so that it still counts a little."""


class Weights:
    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = [_folded(text) for text in texts]
        self._known: dict[str, float] = {}

    def share(self, words: Sequence[str], text: str, held: Collection[str] = ()) -> float:
        """Return the share of the folded words (`fold_for_search`) that a text contains, 0 to 1; 1 without words.
        `held`: words that it contains otherwise.
        """
        folded, whole, present = _folded(text), 0.0, 0.0
        for word in words:
            weight, there = self._counted(word, folded)
            if joined := _joined(word):
                weight, there = max((weight, there), self._counted(joined, folded), key=itemgetter(1))
            whole += weight
            present += weight if word in held else there
        return present / whole if whole else 1.0

    def _counted(self, word: str, folded: str) -> tuple[float, float]:
        """Return the mean weight of a word's groups of letters, and what of it those weigh that are there."""
        whole = present = 0.0
        groups = groups_of(word)
        for group in groups:
            weight = self._weight(group) / len(groups)
            whole += weight
            present += weight * (group in folded)
        return whole, present

    def _weight(self, group: str) -> float:
        if group not in self._known:
            having = sum(group in text for text in self._texts)
            self._known[group] = max(LEAST_WEIGHT, math.log((len(self._texts) + 1.0) / (having + 0.5)))
        return self._known[group] if len(self._texts) > 1 else 1.0


@lru_cache(maxsize=16_384)
def _folded(text: str) -> str:
    return f" {fold_for_search(text)} "


_SEPARABLE = re.compile(
    r"(ab|an|auf|aus|bei|durch|ein|fest|her|hin|los|mit|nach|uber|um|unter|vor|weg|zu|zuruck|zusammen)(?:ge|zu)(\w{4,})"
)


@lru_cache(maxsize=4096)
def _joined(word: str) -> str:
    """Return a folded word without what German sets into it, or "": "angekündigt", "anzukündigen", "Ankündigung"."""
    inner = _SEPARABLE.fullmatch(word)
    return inner[1] + inner[2] if inner else ""


MOST_PARTS = 3

_ASKING = (
    "what which who whom whose when where why how",
    "was wer wem wen wessen wann wo wohin woher wofür wodurch womit wozu warum weshalb wieso wie wieviel welche[mnrs]?",
    "quoi que qu[ei]l(?:le)?s? qui quand où comment pourquoi combien",
    "qué quién(?:es)? cuándo dónde cómo cuánt[oa]s? cuál(?:es)?",
    "che chi cosa quando dove come perché quant[oaie] qual[ei]?",
    "co kto kogo komu kiedy gdzie dlaczego czemu jak il[eu] jak(?:i|a|ie|iego|iej|im|ich) któr(?:y|a|e|ego|ej|ym|ych)",
    "quem qual quais onde wat wie wiens waar waarom hoe hoeveel welke?",
)
_ASKS = "|".join(" ".join(_ASKING).split())
_BEFORE = (
    "at|on|in|of|for|from|by|to|until|till|with|under|since|an|am|auf|aus|bei|bis|für|mit|nach|seit|über|um|unter|von"
    "|vor|zu|zum|zur|à|au|aux|de|d'|dans|en|par|pour|sous|sur|depuis|jusqu'à|a|al|con|desde|hasta|para|por|da|di|per"
    "|su|do|od|na|po|w|z|aan|bij|naar|op|tot|van|voor"
)
"""Prepositions that may stand before the question word, as in "and on which days"."""
_JOINT = re.compile(
    rf"(?:\s*[,;]|)\s+(?:and|und|et|y|e|i|en|sowie)\s+(?=(?:(?:{_BEFORE})\s+){{0,2}}(?:{_ASKS})\b)", re.IGNORECASE
)
_END = re.compile(r"(?<=\?)\s+(?=\S)")
_ENDS_ASKING = re.compile(rf"\b(?:{_ASKS})$", re.IGNORECASE)
_BEGINS_ASKING = re.compile(rf"[¿\s]*(?:(?:{_BEFORE})\s+){{0,2}}(?:{_ASKS})\b", re.IGNORECASE)
_LEAST_WORDS = 3
"""Smallest number of words of a first part whose next part begins with the same word. With fewer, as in "which firms
and which persons …", the question is not split.
"""


def parts_of(question: str) -> tuple[str, ...]:
    """Split a question into the parts it asks, each in the question's own words. A simple question stays as it is."""
    clauses: list[str] = []
    for sentence in _END.split(question.strip()):
        begin = 0
        for joint in _JOINT.finditer(sentence):
            piece = sentence[begin : joint.start()]
            if _is_whole(piece, sentence[joint.end() :]) and not _ENDS_ASKING.search(piece):
                clauses.append(piece)
                begin = joint.end()
        clauses.append(sentence[begin:])
    asked = [part.strip(" ,;") for part in clauses]
    is_asked = "?" in question or bool(_BEGINS_ASKING.match(question))
    if not (is_asked and 1 < len(asked) <= MOST_PARTS and all(_asks(part) for part in asked)):
        return (question,)
    return tuple(part if part.endswith("?") else f"{part}?" for part in asked)


def _asks(piece: str) -> bool:
    """Return whether a piece can be a question. A sentence that ends like a statement cannot."""
    return bool(piece.rstrip(" ?")) and not piece.endswith((".", "!", ":"))


def _is_whole(piece: str, following: str) -> bool:
    words = piece.split()
    return len(words) >= _LEAST_WORDS or (len(words) > 1 and words[0].casefold() != following.split()[0].casefold())


_VERBS = {
    "en": "is|are|was|were|do|does|did|has|have|had|can|could|may|must|shall|should|will|would|am",
    "de": "ist|sind|war|waren|hat|haben|darf|dürfen|kann|können|muss|müssen|soll|sollen|wird|werden|wurden?|gibt|gilt"
    "|gehört|gehören|will|wollen|[^\\W\\d_]+t(?= (?:die|das|ein|eine|es|er|sie|man|ich|wir))",
    "fr": "est-ce",
    "pl": "czy",
    "nl": "is|zijn|was|waren|heeft|hebben|had|kan|kunnen|mag|mogen|moet|moeten|zal|zullen|wordt|worden|geldt",
}
_BEGINS_WITH_AND = re.compile(r"^[¿\s]*(?:et|y|e|i|a)\b", re.IGNORECASE)


def asks_yes_or_no(question: str) -> bool:
    """Return whether a question begins with its verb. In languages where questions need no such word order, return
    whether the question has no question word.
    """
    language = question_language(question)
    asks = re.search(rf"\b(?:{_ASKS})\b", question, re.IGNORECASE) is not None
    verbs = _VERBS.get(language) or "|".join(_VERBS.values())
    if re.match(rf"[¿\s]*(?:{verbs})\b", question, re.IGNORECASE):
        return bool(language) or not asks
    return "?" in question and not asks and language in _FREE and not _BEGINS_WITH_AND.match(question)


_AND = {
    "en": "and|or|but|while", "de": "und|oder|aber|sowie", "fr": "et|ou|mais", "es": "y|o|pero", "it": "e|o|ma",
    "pl": "i|lub|ale", "nl": "en|of|maar", "pt": "e|ou|mas",
}  # fmt: skip


@cache
def _parts(language: str) -> re.Pattern[str]:
    """Return what stands between the parts of a sentence; a colon leads to what it names, a year belongs to its day."""
    return re.compile(rf";(?=\s)|,(?=\s(?!\d{{4}}\b))|\s(?:{_AND.get(language, _AND['en'])})\s")


_FROM = "from|since|von|vom|ab|seit|de|du|depuis|desde|dal|od|van|vanaf"
_TO = "to|until|till|auf|bis|à|au|a|al|hasta|do|tot|op"
_WAY = re.compile(rf"(?<![^\W\d])(?:({_FROM})|({_TO}))(?:\s+[^\s\d]{{1,4}})?\s*$", re.IGNORECASE)
_END_ASKED = re.compile(rf"(?<=\s)(?:{_ASKS})\b", re.IGNORECASE)


def _way(words: str) -> int:
    """Return -1 where words lead to a beginning ("from about"), 1 to an end ("until"), else 0."""
    way = _WAY.search(words)
    return 0 if way is None else -1 if way[1] else 1


_NOES = frozenset(["no", "nein", "non", "nie", "não", "nee"])
_YES_OR_NO = re.compile(r"\s*(?:yes|ja|oui|s[ií]|sì|tak|sim|no|nein|non|nie|não|nee)\b[\s.,:;–-]*", re.IGNORECASE)
_FREE = ("fr", "es", "it", "pl", "pt")

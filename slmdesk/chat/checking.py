"""Compares an answer with what the model was given: what it quotes, what stands nearest, and what nobody said.

Of the marks only values: small talk, a letter, code or a translation has its own words, and its headings are written
large like names. Of values that stand elsewhere in the documents, bare numbers are not marked either: in a letter they
are mostly of house numbers and references, which nobody said of another thing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import stored_dict, stored_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import Message, Status
from slmdesk.base.runtime.events import MessageChanged, outcome
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import Runtime, Service, Slices, pending_on_file_thread, sliced
from slmdesk.base.text.relevance import FoldedText, folded_quote, ranked_by_words
from slmdesk.base.text.sentences import detect, search_words, sentence_spans, sentences
from slmdesk.base.text.words import tongue
from slmdesk.base.types import Attached, AttachmentPart, ChatMessage, Json, Origin
from slmdesk.chat.attachment_text import key_of
from slmdesk.chat.attachments import pages_of
from slmdesk.chat.conversation import PREFIX, Stores
from slmdesk.chat.types import Quoted, QuotesFound
from slmdesk.claims.judge import judge
from slmdesk.claims.types import ELSEWHERE, MARKS, NAME, WORDS, Mark, marks_of
from slmdesk.claims.values import is_same, quantities_of


def marks_on(answer: str, turns: Sequence[ChatMessage]) -> tuple[Mark, ...]:
    """Return marks for the parts of an answer that its turns do not bear out, in order; none without a document in
    them. What the model said earlier bears nothing out. Any thread.
    """
    given = [part for turn in turns for part in turn.parts]
    documents = [part.text for part in given if part.origin is Origin.DOCUMENT]
    if not documents:
        return ()
    sources = [*documents, *(part.text for part in given if part.origin is Origin.PERSON)]
    language = tongue(answer, likely=tongue("\n".join(documents)))
    return tuple(
        changed(mark, start=start + mark.start, end=start + mark.end)
        for start, end in sentence_spans(answer, language)
        for mark in judge(answer[start:end], sources, language)
        if _is_told(mark, answer[start:end], language)
    )


def _is_told(mark: Mark, statement: str, language: str) -> bool:
    if mark.kind == ELSEWHERE:
        return all(value.kind != "count" for value in quantities_of(statement, language) if value.start == mark.start)
    return mark.kind not in (WORDS, NAME)


LEAST_LETTERS, LEAST_WORDS = 10, 2
"""Fewest letters and words of a quotation that is looked up, because a single word occurs in every text."""
MOST_QUOTES = 12
_QUOTED = re.compile(
    r'"([^"\n]{8,600})"|\u201c([^\u201c\u201d\n]{8,600})\u201d|\u201e([^\u201e\u201c\u201d\n]{8,600})[\u201c\u201d]'
    r"|\u00ab([^\u00ab\u00bb\n]{8,600})\u00bb|\u00bb([^\u00ab\u00bb\n]{8,600})\u00ab"
)


def quoted_in(text: str) -> list[str]:
    quotes = ("".join(groups) for groups in _QUOTED.findall(text))
    return list(dict.fromkeys(quote for quote in quotes if _is_enough(quote)))[:MOST_QUOTES]


def _is_enough(quote: str) -> bool:
    plain = folded_quote(quote)
    return sum(letter.isalnum() for letter in plain) >= LEAST_LETTERS and (len(plain.split()) >= LEAST_WORDS)


class Ground(Record):
    name: str
    document: str
    pages: tuple[tuple[int, str], ...]
    kind: str = "page"


def stands_in(quotes: Sequence[str], grounds: Sequence[Ground]) -> tuple[Quoted, ...]:
    """Return the quotations that occur word for word on a page, each with its first occurrence."""
    quoted: list[Quoted] = []
    left = list(quotes)
    for ground in grounds:
        for number, text in ground.pages:
            folded = FoldedText(text) if left else None
            for quote in tuple(left):
                span = folded.find(quote) if folded else None
                if span is not None:
                    quoted.append(Quoted(ground.name, ground.document, number, *span, text[slice(*span)], ground.kind))
                    left.remove(quote)
    return tuple(quoted)


MOST_SENTENCES = 3000
"""Most sentences among which the one nearest to an answer is looked for."""
LEAST_SHARED = 3
"""Fewest words that an answer without figures and a sentence share."""
MOST_NEAR = 4
"""Most sentences of an answer for which the nearest is looked for."""


def nearest(answer: str, grounds: Sequence[Ground]) -> tuple[Quoted, ...]:
    """Return for each sentence of an answer that has figures the sentence that has most of them, or nothing if none has
    any; for an answer without figures the sentence that shares most words with it. They prove nothing.
    """
    pages = ((ground, number, text) for ground in grounds for number, text in ground.pages)
    candidates = [*islice(((*page, span) for page in pages for span in sentence_spans(page[2])), MOST_SENTENCES)]
    texts = [text[slice(*span)] for _ground, _number, text, span in candidates]
    language = detect(answer)[0] or ""
    asked = [said for said in sentences(answer, language) if quantities_of(said, language)]
    near = _nearest_by_figures(asked[:MOST_NEAR], language, texts) if asked else _nearest_by_words(answer, texts)
    return tuple(
        Quoted(ground.name, ground.document, number, *span, text[slice(*span)], ground.kind, is_near=True)
        for ground, number, text, span in (candidates[at] for at in dict.fromkeys(near))
    )


def _nearest_by_figures(asked: Sequence[str], language: str, texts: Sequence[str]) -> Iterator[int]:
    there = tongue("\n".join(texts))
    known = [quantities_of(text, there) for text in texts]
    for said in asked:
        values = quantities_of(said, language)
        counts = [sum(any(is_same(value, other) for other in others) for value in values) for others in known]
        most = max([1, *counts])
        best = [at for at, count in enumerate(counts) if count == most]
        ranked = ranked_by_words(search_words(said), [texts[at] for at in best], among=len(texts))
        yield from [best[at] for at in ranked or range(len(best))][:1]


def _nearest_by_words(answer: str, texts: Sequence[str]) -> Iterator[int]:
    words = search_words(answer)
    ranked = ranked_by_words(words, texts)
    if ranked:
        best = ranked[0]
        if len(set(words).intersection(search_words(texts[best]))) >= LEAST_SHARED:
            yield best


Compared: TypeAlias = tuple[tuple[Quoted, ...], tuple[Mark, ...]]


def compared(answer: str, grounds: Sequence[Ground], turns: Sequence[ChatMessage]) -> Compared:
    return stands_in(quoted_in(answer), grounds) or nearest(answer, grounds), marks_on(answer, turns)


class Quotes(Service):
    """Compares a chat's answers with its attachments: finds the quotations that really occur there, or else the nearest
    sentences, and marks what is not there.

    Quotations are stored as the item's result `quotes` when an answer has ended, marks with the answer. A quotation
    that is found nowhere is not shown as a citation. Texts are searched on a separate thread.
    """

    def __init__(self, runtime: Runtime, stores: Stores) -> None:
        super().__init__(runtime)
        self._stores = stores

    def of(self, item: str) -> dict[str, tuple[Quoted, ...]]:
        return stored_dict(tuple[Quoted, ...], self._quotes(item))  # skips quotations of a newer program

    def forget(self, item: str, messages: Collection[str]) -> dict[str, Json]:
        old = self._quotes(item)
        dropped = {id: shapes for id, shapes in old.items() if id in messages}
        if dropped:
            self._save(item, {id: shapes for id, shapes in old.items() if id not in messages})
        return dropped

    def put_back(self, item: str, dropped: Mapping[str, Json]) -> None:
        self._save(item, {**self._quotes(item), **dropped})

    def _quotes(self, item: str) -> dict[str, Json]:
        """Return the stored quotations of a chat by message; a private one has none."""
        kept = {} if item.startswith(PREFIX) else self._store.results.get(item) or {}
        return stored_from(dict, kept.get("quotes")) or {}

    def _save(self, item: str, quotes: Mapping[str, Json]) -> None:
        kept = self._store.results.get(item) or {}
        self._store.results.save(item, {**kept, "quotes": quotes})

    @sliced
    def compare(self, parts: Sequence[AttachmentPart], turns: Sequence[ChatMessage], answer: Message) -> Slices[None]:
        """Compare an answer that ended with what was attached, and with its turns. QuotesFound follows, even if nothing
        is found.
        """
        if answer.status in (Status.FAILED, Status.STREAMING):
            return
        try:
            grounds = self._grounds(parts)
        except KnownError:  # unreadable pages: no quotation is verified or shown
            grounds = []
        looking = pending_on_file_thread(
            self._service_thread, partial(compared, answer.text, grounds, turns), name="quotes"
        )
        found: tuple[Compared | Problem] = yield outcome(looking)
        quoted, marks = ((), ()) if isinstance(found[0], Problem) else found[0]
        if quoted:
            self._keep(answer, quoted)
        if marks != marks_of(answer):
            self._keep_marks(answer, marks)
        self._publish(QuotesFound(answer.item, answer.id, quoted, marks))

    def _grounds(self, parts: Sequence[AttachmentPart]) -> list[Ground]:
        used: dict[str, tuple[Attached, set[int]]] = {}
        for part in parts:
            if part.text:
                used.setdefault(key_of(part.attached), (part.attached, set()))[1].update(part.attached.pages_used)
        grounds: list[Ground] = []
        for about, numbers in used.values():
            pages = tuple((page.number, page.text) for page in pages_of(about, numbers, self._store))
            grounds.append(Ground(about.name, about.document, pages, about.page_kind))
        return grounds

    def _keep(self, answer: Message, quoted: Sequence[Quoted]) -> None:
        if answer.item.startswith(PREFIX):
            return
        with suppress(KnownError):  # deleted meanwhile, or a full disk: the message has the words
            self._save(answer.item, {**self._quotes(answer.item), answer.id: [to_json(quote) for quote in quoted]})

    def _keep_marks(self, answer: Message, marks: Sequence[Mark]) -> None:
        with suppress(KnownError):  # deleted or continued meanwhile, or a full disk
            messages = self._stores.of(answer.id).messages
            self._publish(MessageChanged(messages.keep(answer.id, **{MARKS: list(map(to_json, marks))})))

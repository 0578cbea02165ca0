"""Finds the quotations in a chat's answers that really stand in an attachment, and stores them with the item.

Runs when an answer has ended.  A quotation that stands nowhere is not shown as a citation.  On the service thread; long
texts are searched on a thread of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

from slmdesk.base.attached import Attached, AttachmentPart
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, to_json
from slmdesk.base.records import Message, Status
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_dict, stored_from
from slmdesk.chat.answer_writer import Watcher
from slmdesk.chat.attachments.decided import key_of
from slmdesk.chat.attachments.text import pages_from
from slmdesk.chat.ephemeral import PREFIX
from slmdesk.chat.events import QuotesFound
from slmdesk.chat.quote import Quoted
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import on_file_thread
from slmdesk.runtime.service import Service
from slmdesk.text.passages.quotes import FoldedText, folded_quote

LEAST_LETTERS, LEAST_WORDS = 10, 2
"""Least length of a quotation; a single word stands in every text."""
MOST_QUOTES = 12
_QUOTED = re.compile(
    r'"([^"\n]{8,600})"|\u201c([^\u201c\u201d\n]{8,600})\u201d|\u201e([^\u201e\u201c\u201d\n]{8,600})[\u201c\u201d]'
    r"|\u00ab([^\u00ab\u00bb\n]{8,600})\u00bb|\u00bb([^\u00ab\u00bb\n]{8,600})\u00ab"
)


def quoted_in(text: str) -> list[str]:
    found = ("".join(groups) for groups in _QUOTED.findall(text))
    return list(dict.fromkeys(one for one in found if _is_enough(one)))[:MOST_QUOTES]


def _is_enough(quote: str) -> bool:
    plain = folded_quote(quote)
    return sum(one.isalnum() for one in plain) >= LEAST_LETTERS and (len(plain.split()) >= LEAST_WORDS)


class Ground(Record):
    name: str
    document: str
    pages: tuple[tuple[int, str], ...]


def stands_in(quotes: Sequence[str], grounds: Sequence[Ground]) -> tuple[Quoted, ...]:
    """Return the quotations that stand word for word on a page, each at its first place."""
    found: list[Quoted] = []
    left = list(quotes)
    for ground in grounds:
        for number, text in ground.pages:
            folded = FoldedText(text) if left else None
            for quote in tuple(left):
                span = folded.find(quote) if folded else None
                if span is not None:
                    found.append(Quoted(ground.name, ground.document, number, *span, text[slice(*span)]))
                    left.remove(quote)
    return tuple(found)


class Quotes(Service):
    """Looks for quotations and stores them as the item's result `quotes`."""

    def watcher(self, parts: Sequence[AttachmentPart]) -> Watcher:
        return _Watcher(lambda ended: self._look(ended, parts))

    def of(self, item: str) -> dict[str, tuple[Quoted, ...]]:
        kept = None if item.startswith(PREFIX) else (self._store.results.get(item) or {}).get("quotes")
        return stored_dict(tuple[Quoted, ...], kept)  # of a newer program: the words are in the message

    def forget(self, item: str, messages: Collection[str]) -> dict[str, Json]:
        kept = None if item.startswith(PREFIX) else self._store.results.get(item)
        old = stored_from(dict, kept.get("quotes")) if kept else None
        if kept and old and not set(messages).isdisjoint(old):
            quotes = {id: shapes for id, shapes in old.items() if id not in messages}
            self._store.results.save(item, {**kept, "quotes": quotes})
            return {id: shapes for id, shapes in old.items() if id in messages}
        return {}

    def put_back(self, item: str, dropped: Mapping[str, Json]) -> None:
        kept = self._store.results.get(item) or {}
        old = stored_from(dict, kept.get("quotes")) or {}
        self._store.results.save(item, {**kept, "quotes": {**old, **dropped}})

    def _look(self, answer: Message, parts: Sequence[AttachmentPart]) -> None:
        """Look for quotations in an answer that ended with text; QuotesFound follows, also when none are found."""
        if answer.status in (Status.FAILED, Status.STREAMING):
            return
        quotes = quoted_in(answer.text)
        try:
            grounds = self._grounds(parts) if quotes else []
        except KnownError:  # the pages cannot be read now: nothing is verified, and so nothing is shown
            grounds = []

        def ended(found: tuple[Quoted, ...] | Problem) -> None:
            reported = () if isinstance(found, Problem) else found
            if reported:
                self._keep(answer, reported)
            self._publish(QuotesFound(answer.item, answer.id, reported))

        if grounds:
            on_file_thread(self._service_thread, lambda: stands_in(quotes, grounds), ended, name="quotes")
        else:
            ended(())

    def _grounds(self, parts: Sequence[AttachmentPart]) -> list[Ground]:
        used: dict[str, tuple[Attached, set[int]]] = {}
        for part in parts:
            if part.text:
                used.setdefault(key_of(part.attached), (part.attached, set()))[1].update(part.attached.pages_used)
        grounds: list[Ground] = []
        for about, numbers in used.values():
            if about.document:
                found = [
                    page
                    for one in sorted(numbers)
                    for page in self._store.pages.of_document(about.document, begin=one, limit=1)
                ]
            else:
                found = [page for page in pages_from(about.source) if page.number in numbers]
            pages = tuple((page.number, page.text) for page in found if page.number in numbers)
            grounds.append(Ground(about.name, about.document, pages))
        return grounds

    def _keep(self, answer: Message, found: Sequence[Quoted]) -> None:
        if answer.item.startswith(PREFIX):
            return
        with suppress(KnownError):  # deleted meanwhile, or a full disk: the words are in the row
            kept = self._store.results.get(answer.item) or {}
            quotes = {**(stored_from(dict, kept.get("quotes")) or {}), answer.id: [to_json(one) for one in found]}
            self._store.results.save(answer.item, {**kept, "quotes": quotes})


class _Watcher(Watcher):
    def __init__(self, ended: Callable[[Message], None]) -> None:
        self._ended = ended

    def ended(self, message: Message) -> None:
        self._ended(message)

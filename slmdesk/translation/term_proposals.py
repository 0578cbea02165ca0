"""Proposes glossary terms from a document or a translation.  Service thread; the search runs on another thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.languages import LANGUAGES, language_of
from slmdesk.base.record import Record, changed
from slmdesk.base.translation import Term
from slmdesk.children.client import ChildClient
from slmdesk.library.reader_jobs import ask_reader
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.text.terms.candidates import Candidate, likely_translations, propose
from slmdesk.text.translation.tagged import Tags, plain
from slmdesk.text.words.language import detect
from slmdesk.text.words.sentences import sentences
from slmdesk.translation.readout import KIND, segments_of_item
from slmdesk.translation.terms.index import TermLists
from slmdesk.translation.types import request_of

MOST_CHARACTERS = 4 << 20
"""Of a document that is gone through; of a longer one the beginning is, and that is said."""
MOST_SENTENCE = 400


class Proposals(Record):
    name: str
    language: str
    target: str
    """Code; empty where no translation is known."""
    candidates: tuple[Candidate, ...]
    known: int
    """As many were found that are in one."""
    is_cut: bool = False


class ProposalService(Service):
    def __init__(self, runtime: Runtime, reader: ChildClient) -> None:
        super().__init__(runtime)
        self._reader = reader
        self._lists = TermLists(runtime.store)

    def of_document(self, path: Path, *, source: str = "", target: str = "", most: int = 100) -> Pending[Proposals]:
        """Propose terms of a document in any readable format; its language is detected where not given.

        Ends with a Problem when the document cannot be read, or is empty, or a language is unknown.
        """
        return in_slices(self._service_thread, self._reading(path, source, target, most))

    def _reading(self, path: Path, source: str, target: str, most: int) -> Slices[Proposals]:
        first, second = (language_of(one).code if one else "" for one in (source, target))
        pages: list[str] = []
        size = [0]

        def on_partial(value: Mapping[str, Any]) -> None:
            text = value.get("text")
            if isinstance(text, str) and size[0] <= MOST_CHARACTERS:  # the rest would not be looked at
                pages.append(text)
                size[0] += len(text)

        yield ask_reader(self._service_thread, self._reader, "read", {"path": str(path)}, on_partial)
        shape = Proposals(path.name, first, second, (), 0)
        found: Proposals = yield self._search("\n\n".join(pages), (), shape, most)
        return found

    def of_translation(self, item: str, *, most: int = 100) -> Pending[Proposals]:
        """Propose terms of a stored translation, with their likely translations in it.

        Raises KnownError `item.unknown`.
        """
        found = self._store.items.get(item)
        if found.kind != KIND:
            raise KnownError("item.unknown", id=item[:80])
        request = request_of(found)
        segments = list(segments_of_item(self._store, found.id))
        pairs = [
            (plain(one.source, Tags(one.paired, one.lone)), plain(one.target, Tags(one.paired, one.lone)))
            for one in segments
        ]
        languages = [one.language for one in segments if one.language]
        source = request.source or (max(set(languages), key=languages.count) if languages else "")
        shape = Proposals(found.title, source, request.target, (), 0)
        text = "\n\n".join(source for source, _ in pairs)
        return self._search(text, [one for one in pairs if one[1]], shape, most)

    def _search(self, text: str, pairs: Sequence[tuple[str, str]], shape: Proposals, most: int) -> Pending[Proposals]:
        known = self._lists.of(shape.language, shape.target)
        return pending_on_file_thread(
            self._service_thread, lambda: _found(text, pairs, shape, most, known), name="term-proposals"
        )


def _found(
    text: str, pairs: Sequence[tuple[str, str]], shape: Proposals, most: int, known: Sequence[Term]
) -> Proposals:
    """Find the proposals; runs on a thread of its own."""
    if not text.strip():
        raise KnownError("glossary.empty", path=shape.name)
    language = shape.language or detect(text[:4000], sorted(set(LANGUAGES) - {"sr"}))[0] or "en"
    whole = [" ".join(one.split())[:MOST_SENTENCE] for one in sentences(text[:MOST_CHARACTERS], language)]
    candidates = propose([one for one in whole if one], language, most=2 * most)
    there = {one.source.casefold() for one in known}
    new = [one for one in candidates if one.words.casefold() not in there][:most]
    reported: Mapping[str, str] = likely_translations(new, pairs, language, shape.target) if pairs else {}
    return changed(
        shape,
        language=language,
        candidates=tuple(changed(one, translation=reported.get(one.words, "")) for one in new),
        known=len(candidates) - sum(one.words.casefold() not in there for one in candidates),
        is_cut=len(text) > MOST_CHARACTERS,
    )

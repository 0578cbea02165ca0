"""Proposes glossary terms from a document or a translation.  Service thread; the search runs on another thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slmdesk.client import ChildClient, JobHandle
from slmdesk.core.errors import KnownError
from slmdesk.core.languages import LANGUAGES, language_of
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.core.translation import Term
from slmdesk.services.base.file_thread import OnEnded, on_file_thread
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.documents.reading_queue import read_problem
from slmdesk.services.translation.readout import KIND, segments_of_item
from slmdesk.services.translation.terms.index import TermLists
from slmdesk.services.translation.types import request_from
from slmdesk.store import Store
from slmdesk.text.terms.candidates import Candidate, likely_translations, propose
from slmdesk.text.translation.tagged import Tags, plain

MOST_CHARACTERS = 4 << 20
"""Of a document that is gone through; of a longer one the beginning is, and that is said."""
MOST_SENTENCE = 400


@dataclass(frozen=True, slots=True)
class Proposals:
    """The proposed terms."""

    name: str
    """Of the document or translation."""
    language: str
    target: str
    """Code; empty where no translation is known."""
    candidates: tuple[Candidate, ...]
    """Those that are in no glossary yet, the best first."""
    known: int
    """As many were found that are in one."""
    is_cut: bool = False
    """The document is longer than what was gone through."""


class ProposalService:
    """Proposes terms."""

    def __init__(self, service_thread: ServiceThread, store: Store, reader: ChildClient) -> None:
        self._service_thread, self._store, self._reader = service_thread, store, reader
        self._lists = TermLists(store)

    def of_document(
        self, path: Path, ended: OnEnded[Proposals], *, source: str = "", target: str = "", most: int = 100
    ) -> JobHandle:
        """Propose terms of a document in any readable format; its language is detected where not given.

        Raises KnownError `language.unknown`; `ended` gets a Problem when the document cannot be read, or is empty.
        """
        first, second = (language_of(one).code if one else "" for one in (source, target))
        pages: list[str] = []
        size = [0]

        def finish(event: FromChild) -> None:
            if isinstance(event, Failed):
                ended(read_problem(path.name, event))
            elif isinstance(event, Cancelled):
                ended(problem_for(KnownError("document.stopped", path=path.name)))
            else:
                self._look("\n\n".join(pages), (), Proposals(path.name, first, second, (), 0), most, ended)

        def on_event(event: FromChild) -> None:  # on a thread of the client
            if isinstance(event, Partial):
                text = event.value.get("text")
                if isinstance(text, str) and size[0] <= MOST_CHARACTERS:  # the rest would not be looked at
                    pages.append(text)
                    size[0] += len(text)
            elif isinstance(event, Done | Failed | Cancelled):
                self._service_thread.post(lambda: finish(event))

        return self._reader.start("read", {"path": str(path)}, on_event)

    def of_translation(self, item: str, ended: OnEnded[Proposals], *, most: int = 100) -> None:
        """Propose terms of a stored translation, with their likely translations in it.

        Raises KnownError `item.unknown`.
        """
        found = self._store.items.get(item)
        if found.kind != KIND:
            raise KnownError("item.unknown", id=item[:80])
        request = request_from(found.settings.get("wish"))
        segments = list(segments_of_item(self._store, found.id))
        pairs = [
            (plain(one.source, Tags(one.paired, one.lone)), plain(one.target, Tags(one.paired, one.lone)))
            for one in segments
        ]
        languages = [one.language for one in segments if one.language]
        source = request.source or (max(set(languages), key=languages.count) if languages else "")
        shape = Proposals(found.title, source, request.target, (), 0)
        self._look("\n\n".join(source for source, _ in pairs), [one for one in pairs if one[1]], shape, most, ended)

    def _look(
        self, text: str, pairs: Sequence[tuple[str, str]], shape: Proposals, most: int, ended: OnEnded[Proposals]
    ) -> None:
        known = self._lists.of(shape.language, shape.target)

        def work() -> Proposals:
            return _found(text, pairs, shape, most, known)

        on_file_thread(self._service_thread, work, ended, name="term-proposals")


def _found(
    text: str, pairs: Sequence[tuple[str, str]], shape: Proposals, most: int, known: Sequence[Term]
) -> Proposals:
    """Find the proposals; runs on a thread of its own."""
    from slmdesk.text.words.language import detect
    from slmdesk.text.words.sentences import sentences

    if not text.strip():
        raise KnownError("glossary.empty", path=shape.name)
    language = shape.language or detect(text[:4000], sorted(set(LANGUAGES) - {"sr"}))[0] or "en"
    whole = [" ".join(one.split())[:MOST_SENTENCE] for one in sentences(text[:MOST_CHARACTERS], language)]
    candidates = propose([one for one in whole if one], language, most=2 * most)
    there = {one.source.casefold() for one in known}
    new = [one for one in candidates if one.words.casefold() not in there][:most]
    reported: Mapping[str, str] = likely_translations(new, pairs, language, shape.target) if pairs else {}
    return replace(
        shape,
        language=language,
        candidates=tuple(replace(one, translation=reported.get(one.words, "")) for one in new),
        known=len(candidates) - sum(one.words.casefold() not in there for one in candidates),
        is_cut=len(text) > MOST_CHARACTERS,
    )

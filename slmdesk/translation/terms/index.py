"""The terms that apply to a translation, cached until a term changes.  Service thread."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from slmdesk.base.translation import GlossaryRecord
from slmdesk.store import Store
from slmdesk.text.terms.matching import TermIndex
from slmdesk.translation.types import TranslationRequest, memory_domain

MOST_KEPT = 4
"""Lists that are kept ready: pairs of languages a person goes back and forth between."""


class TermLists:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._version: tuple[int, int] = (-1, -1)
        self._ready: OrderedDict[tuple[str, ...], TermIndex] = OrderedDict()

    def of(self, source: str, target: str, domain: str = "", chosen: Sequence[str] = ()) -> TermIndex:
        """Return the terms of the chosen glossaries, else of all active ones for these languages and this domain.

        The words that are not to be translated are always included.  An empty language is any.
        """
        version = self._store.terms.version()
        if version != self._version:
            self._ready.clear()
            self._version = version
        known = self._store.glossaries.all(source_language=source, target_language=target)
        requested = tuple(one.id for one in known if _holds(one, domain, chosen))
        if requested not in self._ready:
            self._ready[requested] = TermIndex(term for one in requested for term in self._store.terms.of_glossary(one))
            while len(self._ready) > MOST_KEPT:
                self._ready.popitem(last=False)
        self._ready.move_to_end(requested)
        return self._ready[requested]

    def of_request(self, request: TranslationRequest) -> TermIndex:
        return self.of(request.source, request.target, memory_domain(request), request.glossaries)


def _holds(one: GlossaryRecord, domain: str, chosen: Sequence[str]) -> bool:
    is_for_all = not one.source_language and not one.target_language
    if chosen:
        return one.id in chosen or (is_for_all and one.is_active)
    return one.is_active and one.domain in ("", domain)

"""The glossary service: creates, imports, edits and exports glossaries.  Service thread unless a method says otherwise.

Long lists are processed in slices, so that nothing holds up the service thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_atomically
from slmdesk.base.languages import language_of
from slmdesk.base.protocol import Progress
from slmdesk.base.record import Record, changed
from slmdesk.base.translation import GlossaryRecord, Term
from slmdesk.children.client import ChildClient
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.store.glossaries import GlossaryCounts
from slmdesk.translation.asking.prompts import DOMAINS
from slmdesk.translation.events import GlossariesChanged
from slmdesk.translation.export_terms import to_glossary_file
from slmdesk.translation.terms.files import FileRows, TermReader
from slmdesk.translation.terms.validation import check_term, key_of, sorted_out, term_of

TERMS_AT_ONCE = 500
KEEP_LIST = "Do not translate"
"""The name of the list of names and products, which holds for every pair of languages."""


class GlossaryImport(Record):
    kept: int
    skipped: int
    first_skipped: str
    duplicates: int
    contradictions: tuple[str, ...]
    """Terms that now have more than one translation: all are kept and marked, the first one is given to the model."""
    glossary: GlossaryRecord
    was_there: bool = False
    """Nobody named the glossary: one of this name, pair and domain is in use, and the terms came to it."""


class ImportRequest(Record):
    path: Path
    source: str = ""
    """Code or name of the language of the terms; empty: as the file says."""
    target: str = ""
    name: str = ""
    domain: str = ""
    into: str = ""
    """Id of a glossary the terms come to; empty: the one in use of this name, pair and domain, else a new one."""
    columns: Mapping[str, int] | None = None
    """Which column of a table holds what, from 0; None: as its head says."""
    skips_first: bool = False
    reuses: bool = False
    """Of a file named each time: it is the glossary of this name only where that has just these terms, else a new one.

    Terms that the file has no more would hold on otherwise.
    """


class TermPage(Record):
    glossary: GlossaryRecord
    terms: tuple[Term, ...]
    begin: int
    counts: GlossaryCounts


class ForgottenGlossary(Record):
    record: GlossaryRecord
    terms: tuple[Term, ...]


class _Sorted(Record):
    new: list[Term]
    duplicates: int
    contradictions: tuple[str, ...]
    same: GlossaryRecord | None = None


class GlossaryService(Service):
    def __init__(self, runtime: Runtime, reader: ChildClient) -> None:
        super().__init__(runtime)
        self._going: set[str] = set()
        self._files = TermReader(runtime.service_thread, reader)

    # ---- glossaries

    def get(self, id: str) -> GlossaryRecord:
        """Return a glossary by id or unique prefix.  Raises KnownError `glossary.unknown`."""
        return self._store.glossaries.get(id)

    def of_pair(self, source: str, target: str) -> list[GlossaryRecord]:
        return self._store.glossaries.all(source_language=source, target_language=target)

    def all(self) -> list[GlossaryRecord]:
        return sorted(self._there(), key=lambda one: (not is_keep_list(one), one.name.casefold()))

    def add(self, name: str, source: str, target: str, domain: str = "") -> GlossaryRecord:
        """Raises KnownError `language.unknown`, `language.same`, `request.invalid`."""
        first, second = language_of(source), language_of(target)
        if first.code == second.code:
            raise KnownError("language.same", language=first.name)
        made = self._store.glossaries.add(
            _name(name) or f"{first.name} – {second.name}",
            source_language=first.code,
            target_language=second.code,
            domain=_domain(domain),
        )
        self._publish(GlossariesChanged())
        return made

    def keep_list(self) -> GlossaryRecord:
        """Return the list of words never translated, for all languages; it is created where missing."""
        found = next((one for one in self._there() if is_keep_list(one)), None)
        if found is None:
            found = self._store.glossaries.add(KEEP_LIST, source_language="", target_language="")
            self._publish(GlossariesChanged())
        return found

    def change(
        self, glossary: str, *, name: str | None = None, is_active: bool | None = None, domain: str | None = None
    ) -> GlossaryRecord:
        """Raises KnownError `glossary.unknown`."""
        changed = self._store.glossaries.change(
            glossary,
            name=_name(name) or None if name is not None else None,
            is_active=is_active,
            domain=None if domain is None else _domain(domain),
        )
        self._publish(GlossariesChanged())
        return changed

    def duplicate(self, glossary: str) -> Pending[GlossaryRecord]:
        """Copy a glossary with all terms; the copy is inactive so that no term applies twice.

        Raises KnownError `glossary.unknown`.
        """
        old = self._store.glossaries.get(glossary)
        made = self._store.glossaries.add(
            f"{old.name} (copy)", source_language=old.source_language, target_language=old.target_language,
            domain=old.domain, is_active=False,
        )  # fmt: skip
        return in_slices(self._service_thread, self._copying(old.id, made.id))

    def _copying(self, old: str, made: str) -> Slices[GlossaryRecord]:
        last = 0
        while terms := self._store.terms.after(old, last, TERMS_AT_ONCE):
            last = terms[-1].n
            self._store.terms.add(made, terms)
            yield
        return self._reported(made)

    def forget(self, glossary: str) -> Pending[ForgottenGlossary]:
        """Delete a glossary and its terms; the result is what `restore` needs.

        A long one is deleted in slices, and is not listed from now on.  If the program is killed meanwhile, the rest
        stays but is inactive.  Raises KnownError `glossary.unknown`.
        """
        record = self._store.glossaries.get(glossary)
        if record.id in self._going:
            raise KnownError("glossary.unknown", id=record.id)
        self._going.add(record.id)
        self._publish(GlossariesChanged())
        return in_slices(self._service_thread, self._forgetting(record))

    def _forgetting(self, record: GlossaryRecord) -> Slices[ForgottenGlossary]:
        gone: list[Term] = []
        try:
            while part := self._store.terms.forget_some(record.id, TERMS_AT_ONCE):
                gone += part
                yield
            self._store.glossaries.forget(record.id)
        finally:
            self._going.discard(record.id)
            self._publish(GlossariesChanged())
        return ForgottenGlossary(record, tuple(gone))

    def restore(self, gone: ForgottenGlossary) -> Pending[GlossaryRecord]:
        self._store.glossaries.restore(gone.record)
        return in_slices(self._service_thread, self._filled(gone.record.id, gone.terms))

    def purge(self) -> None:
        """Purge deleted terms from all our files; takes about a second.  Raises KnownError `store.…`."""
        self._store.purge()

    # ---- terms

    def terms(self, glossary: str) -> list[Term]:
        """Raises KnownError `glossary.unknown`."""
        return self._store.terms.of_glossary(self._store.glossaries.get(glossary).id)

    def page(
        self, glossary: str, *, words: str = "", order: str = "", descending: bool = False, begin: int = 0,
        limit: int = TERMS_AT_ONCE,
    ) -> TermPage:  # fmt: skip
        """Return a page of terms from position `begin` on; `order`: as added, or by `source` or `target`.

        Raises KnownError `glossary.unknown`.
        """
        record, kept = self._store.glossaries.get(glossary), self._store.terms
        terms = kept.of_glossary(record.id, words=words, order=order, descending=descending, begin=begin, limit=limit)
        return TermPage(record, tuple(terms), begin, kept.count(record.id, words))

    def add_term(self, glossary: str, term: Term) -> Term:
        """Raises KnownError `glossary.…` for an invalid one."""
        checked, found = check_term(term), self._store.glossaries.get(glossary).id
        (n,) = self._store.terms.add(found, [checked])
        self._publish(GlossariesChanged())
        return changed(checked, n=n)

    def add_terms(self, glossary: str, terms: Sequence[Term]) -> int:
        found = self._store.glossaries.get(glossary).id
        known = {key_of(one) for one in self._store.terms.called(found, [one.source for one in terms])}
        requested = [one for one in map(check_term, terms) if key_of(one) not in known]
        self._store.terms.add(found, requested)
        self._publish(GlossariesChanged())
        return len(requested)

    def change_term(self, n: int, term: Term) -> Term:
        """Raises KnownError `glossary.…` for an invalid one, `request.invalid`."""
        changed = self._store.terms.change(n, check_term(term))
        self._publish(GlossariesChanged())
        return changed

    def forget_terms(self, numbers: Sequence[int]) -> list[Term]:
        gone = self._store.terms.forget(numbers)
        self._publish(GlossariesChanged())
        return gone

    # ---- files

    def import_file(self, request: ImportRequest) -> Pending[GlossaryImport]:
        """Import a glossary from a CSV, TSV, spreadsheet or TBX file; of an unusable one nothing is stored.

        Reports core.protocol.Progress, first of the rows that are read, without a total, then of those stored.

        Raises KnownError `glossary.unknown`.
        """
        known = self._store.glossaries.get(request.into) if request.into else None
        return in_slices(self._service_thread, self._importing(request, known))

    def _importing(self, request: ImportRequest, known: GlossaryRecord | None) -> Slices[GlossaryImport]:
        file = yield from self._files.rows(
            "terms",
            request.path,
            source=request.source or (known.source_language if known else ""),
            target=request.target or (known.target_language if known else ""),
            columns=request.columns,
            skips_first=request.skips_first,
        )
        found: _Sorted = yield pending_on_file_thread(
            self._service_thread, lambda: self._sorted(file, known, request), name="glossary-import"
        )
        first, second = file.languages
        into = known or found.same
        made = into or self._store.glossaries.add(
            _name(request.name) or request.path.stem, source_language=first, target_language=second,
            domain=_domain(request.domain), is_active=False,
        )  # fmt: skip
        yield from self._fill(made.id, found.new)
        if into is None:  # only now it is whole
            self._store.glossaries.change(made.id, is_active=True)
        return GlossaryImport(
            len(found.new), file.skipped, file.first_skipped, found.duplicates, found.contradictions,
            self._reported(made.id), was_there=found.same is not None,
        )  # fmt: skip

    def sample(self, path: Path) -> Pending[list[list[str]]]:
        return in_slices(self._service_thread, self._files.sample(path))

    def export(self, glossary: str, form: str) -> bytes:
        """Export a glossary in one of exports.terms.GLOSSARY_FORMS.  Any thread except the service thread.

        Raises KnownError `glossary.unknown`, `request.invalid`.
        """
        record = self._service_thread.call(lambda: self._store.glossaries.get(glossary))
        terms = self._all_terms(record.id)
        return to_glossary_file(record, terms, form)

    def export_file(self, glossary: str, form: str, path: Path) -> Pending[Path]:
        """Export into a file, replacing an existing one: the file dialog has asked."""

        def work() -> Path:
            write_atomically(path, self.export(glossary, form))
            return path

        return pending_on_file_thread(self._service_thread, work, name="glossary-export")

    # ---- inside

    def _there(self) -> list[GlossaryRecord]:
        return [one for one in self._store.glossaries.all() if one.id not in self._going]

    def _sorted(self, found: FileRows, known: GlossaryRecord | None, request: ImportRequest) -> _Sorted:
        """What of a file is new.  Not on the service thread: 200,000 rows take seconds."""
        terms = [term for row in found.rows if (term := term_of(row)) is not None]
        first, second = found.languages
        if not terms:
            raise KnownError("glossary.empty", path=found.name)
        if known is None and not (first and second) and not all(one.keeps for one in terms):
            raise KnownError("glossary.no_languages", path=found.name)
        if known is None and first and first == second:
            raise KnownError("language.same", language=language_of(first).name)
        called = self._called(request, found) if known is None else []
        if request.reuses:
            new, duplicates, contradictions = sorted_out(self._all_terms(known.id) if known else (), terms)
            same = next((one for one in called if self._has_just(one, new)), None)
            if same is not None:
                new, duplicates = [], len(terms)
        else:
            same = next((one for one in called if one.is_active), None)
            there = known or same
            new, duplicates, contradictions = sorted_out(self._all_terms(there.id) if there else (), terms)
        return _Sorted(new, duplicates, contradictions, same)

    def _called(self, request: ImportRequest, found: FileRows) -> list[GlossaryRecord]:
        """The glossaries of the name, pair and domain of a file.  Not on the service thread."""
        requested = (_name(request.name) or request.path.stem, *found.languages, _domain(request.domain))
        return [
            one for one in self._service_thread.call(self._there)
            if (one.name, one.source_language, one.target_language, one.domain) == requested
        ]  # fmt: skip

    def _has_just(self, one: GlossaryRecord, terms: Sequence[Term]) -> bool:
        """Not on the service thread."""
        return one.terms == len(terms) and [changed(term, n=0) for term in self._all_terms(one.id)] == list(terms)

    def _all_terms(self, glossary: str) -> list[Term]:
        """Page by page.  Any thread but the app's."""
        terms: list[Term] = []
        while page := self._service_thread.call(
            partial(self._store.terms.after, glossary, terms[-1].n if terms else 0, TERMS_AT_ONCE)
        ):
            terms += page
        return terms

    def _filled(self, glossary: str, terms: Sequence[Term]) -> Slices[GlossaryRecord]:
        yield from self._fill(glossary, terms)
        return self._reported(glossary)

    def _fill(self, glossary: str, terms: Sequence[Term]) -> Slices[None]:
        for at in range(0, len(terms), TERMS_AT_ONCE):
            part = terms[at : at + TERMS_AT_ONCE]
            self._store.terms.add(glossary, part)
            yield Progress("", at + len(part), len(terms), "row")

    def _reported(self, glossary: str) -> GlossaryRecord:
        self._publish(GlossariesChanged())
        return self._store.glossaries.get(glossary)


def is_keep_list(record: GlossaryRecord) -> bool:
    return not record.source_language and not record.target_language


def _name(name: str) -> str:
    return " ".join(name.split())[:200]


def _domain(domain: str) -> str:
    """Empty for every day.  Raises KnownError `request.invalid`."""
    if domain and domain not in DOMAINS:
        raise KnownError("request.invalid", what="domain")
    return "" if domain == "everyday" else domain

"""The glossary service, and the terms that apply to a translation. Service thread."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_out
from slmdesk.base.protocol import Progress, stored_from, stored_list
from slmdesk.base.record import Record, changed
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.service import Runtime, Service, ServiceThread, Slices, in_slices, pending_on_file_thread
from slmdesk.base.text.folding import fold
from slmdesk.base.text.terms import TermIndex
from slmdesk.base.texts import N_
from slmdesk.base.translation import Forms, GlossaryRecord, Term, language_of
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.documents.reading import start_reader
from slmdesk.history.store import Store
from slmdesk.history.store.translations import GlossaryCounts
from slmdesk.tasks.translation.exchange import to_csv
from slmdesk.tasks.translation.prompts import DOMAINS
from slmdesk.tasks.translation.types import GlossariesChanged, TranslationRequest, memory_domain

TERMS_AT_ONCE = 500
MOST_SHOWN = 5_000
"""Most terms that are listed. Others are found by their words."""
KEEP_LIST = N_("Do not translate")
"""Name of the list of names and products that are never translated, whatever the languages."""


class GlossaryImport(Record):
    kept: int
    skipped: int
    first_skipped: str
    duplicates: int
    contradictions: tuple[str, ...]
    """Terms that now have more than one translation. All are kept and marked; the model gets the first."""
    glossary: GlossaryRecord
    was_there: bool = False
    """Whether terms joined an active glossary of the same name, languages and domain, though the request named none."""


class ImportRequest(Record):
    path: Path
    source: str = ""
    """Code or name of the source language. Empty means the language that the file states."""
    target: str = ""
    name: str = ""
    domain: str = ""
    into: str = ""
    """Id of the glossary to add the terms to. Empty means the active glossary of this name, languages and domain, or a
    new glossary if there is none.
    """
    columns: Mapping[str, int] | None = None
    """The position (from 0) of each kind of content in a table. None means the positions that its header states."""
    skips_first: bool = False
    reuses: bool = False
    """Whether to reuse the glossary of this name only if it has exactly the terms of the file, and else to make a new
    one.

    It is meant for a file that is named in each command: terms deleted from the file must not stay in force.
    """


class TermPage(Record):
    terms: tuple[Term, ...]
    """The first MOST_SHOWN of those that were found."""
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
        return sorted(self._there(), key=lambda glossary: (not is_keep_list(glossary), glossary.name.casefold()))

    def add(self, name: str, source: str, target: str, domain: str = "") -> GlossaryRecord:
        """Create a glossary. Raises KnownError `language.unknown`, `language.same`, `request.invalid`."""
        first, second = language_of(source), language_of(target)
        if first.code == second.code:
            raise KnownError("language.same", language=first.name)
        name = _name(name) or f"{first.name} – {second.name}"
        domain = _domain(domain)
        kept = self._store.glossaries
        made = kept.add(name, source_language=first.code, target_language=second.code, domain=domain)
        self._publish(GlossariesChanged())
        return made

    def keep_list(self) -> GlossaryRecord:
        """Return the list of words that are never translated in any language. The list is created if it is missing."""
        record = next((glossary for glossary in self._there() if is_keep_list(glossary)), None)
        if record is None:
            record = self._store.glossaries.add(KEEP_LIST, source_language="", target_language="")
            self._publish(GlossariesChanged())
        return record

    def change(self, glossary: str, *, name: str | None = None, is_active: bool | None = None) -> GlossaryRecord:
        """Change the given properties of a glossary. Raises KnownError `glossary.unknown`."""
        changed = self._store.glossaries.change(glossary, name=_name(name or "") or None, is_active=is_active)
        self._publish(GlossariesChanged())
        return changed

    def forget(self, glossary: str) -> Pending[ForgottenGlossary]:
        """Delete a glossary and its terms, and return what `restore` needs to bring them back.

        The glossary is no longer listed from now on, and a long one is deleted in slices. If the program is killed
        meanwhile, the remaining terms stay but are inactive. Raises KnownError `glossary.unknown`.
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
        """Remove all traces of deleted terms from the program's files. Takes about 1 s. Raises KnownError `store.…`."""
        self._store.purge()

    # ---- terms

    def page(self, glossary: str, *, words: str = "") -> TermPage:
        """Return the terms with these words, in the order in which they were added.

        Raises KnownError `glossary.unknown`.
        """
        record, kept = self._store.glossaries.get(glossary), self._store.terms
        return TermPage(tuple(kept.of_glossary(record.id, words=words, limit=MOST_SHOWN)), kept.count(record.id, words))

    def add_term(self, glossary: str, term: Term) -> Term:
        """Add a term to a glossary. Raises KnownError `glossary.…` for an invalid term."""
        checked = check_term(term)
        glossary_id = self._store.glossaries.get(glossary).id
        (n,) = self._store.terms.add(glossary_id, [checked])
        self._publish(GlossariesChanged())
        return changed(checked, n=n)

    def add_to_pair(self, source: str, target: str, domain: str, term: Term) -> GlossaryRecord:
        """Add a term to the first glossary in use for two languages and a domain, which is created if there is none. A
        term with the same source gets the new translation.

        Raises KnownError `glossary.…` for an invalid term.
        """
        checked = check_term(term)
        known = [
            each for each in self.of_pair(source, target)
            if each.is_active and not is_keep_list(each) and each.domain in ("", domain)
        ]  # fmt: skip
        glossary = known[0] if known else self.add("", source, target)
        old = next(iter(self._store.terms.called(glossary.id, [checked.source])), None)
        if old is None:
            self.add_term(glossary.id, checked)
        else:
            self.change_term(old.n, changed(old, target=checked.target, keeps=False))
        return glossary

    def add_terms(self, glossary: str, terms: Sequence[Term]) -> int:
        glossary_id = self._store.glossaries.get(glossary).id
        known = {key_of(term) for term in self._store.terms.called(glossary_id, [term.source for term in terms])}
        requested = [term for term in map(check_term, terms) if key_of(term) not in known]
        self._store.terms.add(glossary_id, requested)
        self._publish(GlossariesChanged())
        return len(requested)

    def change_term(self, n: int, term: Term) -> Term:
        """Replace term number `n`. Raises KnownError `glossary.…` for an invalid term, `request.invalid`."""
        changed = self._store.terms.change(n, check_term(term))
        self._publish(GlossariesChanged())
        return changed

    def forget_terms(self, numbers: Sequence[int]) -> list[Term]:
        gone = self._store.terms.forget(numbers)
        self._publish(GlossariesChanged())
        return gone

    # ---- files

    def import_file(self, request: ImportRequest) -> Pending[GlossaryImport]:
        """Import a glossary from a CSV, TSV or spreadsheet file. Nothing is stored if the file is unusable.

        Reports core.protocol.Progress: first the rows read so far, without a total, then the terms stored.

        Raises KnownError `glossary.unknown`.
        """
        known = self._store.glossaries.get(request.into) if request.into else None
        return in_slices(self._service_thread, self._importing(request, known))

    def _importing(self, request: ImportRequest, known: GlossaryRecord | None) -> Slices[GlossaryImport]:
        source = request.source or (known.source_language if known else "")
        target = request.target or (known.target_language if known else "")
        columns, skips_first = request.columns, request.skips_first
        file = yield from self._files.rows("terms", request.path, source, target, columns, skips_first=skips_first)
        sorting: _Sorted = yield pending_on_file_thread(
            self._service_thread, lambda: self._sorted(file, known, request), name="glossary-import"
        )
        first, second = file.languages
        into = known or sorting.same
        made = into or self._store.glossaries.add(
            _name(request.name) or request.path.stem, source_language=first, target_language=second,
            domain=_domain(request.domain), is_active=False,
        )  # fmt: skip
        yield from self._fill(made.id, sorting.new)
        if into is None:  # only now is it complete
            self._store.glossaries.change(made.id, is_active=True)
        return GlossaryImport(
            len(sorting.new), file.skipped, file.first_skipped, sorting.duplicates, sorting.contradictions,
            self._reported(made.id), was_there=sorting.same is not None,
        )  # fmt: skip

    def export(self, glossary: str) -> bytes:
        """Return a glossary as a CSV file. Any thread except the service thread. Raises KnownError
        `glossary.unknown`.
        """
        record = self._service_thread.call(lambda: self._store.glossaries.get(glossary))
        return to_csv(self._all_terms(record.id))

    def export_file(self, glossary: str, path: Path) -> Pending[Path]:
        """Export a glossary into a file. An existing file is replaced, because the file dialog has already asked."""

        def work() -> Path:
            write_out(path, self.export(glossary))
            return path

        return pending_on_file_thread(self._service_thread, work, name="glossary-export")

    def _there(self) -> list[GlossaryRecord]:
        return [glossary for glossary in self._store.glossaries.all() if glossary.id not in self._going]

    def _sorted(self, file: FileRows, known: GlossaryRecord | None, request: ImportRequest) -> _Sorted:
        """Return which terms of a file are new. Not on the service thread: 200,000 rows take seconds."""
        terms = [term for row in file.rows if (term := term_of(row)) is not None]
        first, second = file.languages
        if not terms:
            raise KnownError("glossary.empty", path=file.name)
        if known is None and not (first and second) and not all(term.keeps for term in terms):
            raise KnownError("glossary.no_languages", path=file.name)
        if known is None and first and first == second:
            raise KnownError("language.same", language=language_of(first).name)
        called = self._called(request, file) if known is None else []
        if request.reuses:
            new, duplicates, contradictions = sorted_out(self._all_terms(known.id) if known else (), terms)
            same = next((glossary for glossary in called if self._has_just(glossary, new)), None)
            if same is not None:
                new, duplicates = [], len(terms)
        else:
            same = next((glossary for glossary in called if glossary.is_active), None)
            there = known or same
            new, duplicates, contradictions = sorted_out(self._all_terms(there.id) if there else (), terms)
        return _Sorted(new, duplicates, contradictions, same)

    def _called(self, request: ImportRequest, file: FileRows) -> list[GlossaryRecord]:
        """Return the glossaries that have the name, languages and domain of a file. Not on the service thread."""
        requested = (_name(request.name) or request.path.stem, *file.languages, _domain(request.domain))
        return [
            glossary for glossary in self._service_thread.call(self._there)
            if (glossary.name, glossary.source_language, glossary.target_language, glossary.domain) == requested
        ]  # fmt: skip

    def _has_just(self, glossary: GlossaryRecord, terms: Sequence[Term]) -> bool:
        """Return whether a glossary has exactly these terms. Not on the service thread."""
        if glossary.terms != len(terms):
            return False
        return [changed(term, n=0) for term in self._all_terms(glossary.id)] == list(terms)

    def _all_terms(self, glossary: str) -> list[Term]:
        """Read all terms of a glossary page by page. Any thread except the service thread."""
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
    """Return a domain as it is stored: empty for everyday language. Raises KnownError `request.invalid`."""
    if domain and domain not in DOMAINS:
        raise KnownError("request.invalid", what="domain")
    return "" if domain == "everyday" else domain


MOST_CHARACTERS = 500


def check_term(term: Term) -> Term:
    """Return a term as it is stored, without spaces at its ends. Raises KnownError `glossary.no_source` and similar."""
    source, target = " ".join(term.source.split()), " ".join(term.target.split())
    forbidden = tuple(dict.fromkeys(words for form in term.forbidden if (words := " ".join(form.split()))))
    if not source:
        raise KnownError("glossary.no_source")
    if max(map(len, (source, target, *forbidden))) > MOST_CHARACTERS:
        raise KnownError("glossary.too_long", most=MOST_CHARACTERS)
    if term.keeps and target and target != source:
        raise KnownError("glossary.keeps_and_translates", term=source)
    if not (term.keeps or target or forbidden):
        raise KnownError("glossary.no_translation", term=source)
    return changed(term, source=source, target="" if term.keeps else target, forbidden=forbidden)


def sorted_out(old: Sequence[Term], new: Sequence[Term]) -> tuple[list[Term], int, tuple[str, ...]]:
    """Return terms of `new` not in `old`, the number of duplicates, and words that now have a second translation."""
    known = {key_of(term) for term in old}
    translations: dict[str, set[tuple[str, bool]]] = {}
    for term in old:
        translations.setdefault(_name_of(term), set()).add((term.target.casefold(), term.keeps))
    kept: list[Term] = []
    contradictions: dict[str, None] = {}
    for term in new:
        if key_of(term) in known:
            continue
        known.add(key_of(term))
        kept.append(term)
        said = translations.setdefault(_name_of(term), set())
        said.add((term.target.casefold(), term.keeps))
        if len(said) > 1:
            contradictions[term.source] = None
    return kept, len(new) - len(kept), tuple(contradictions)


def _name_of(term: Term) -> str:
    return term.source if term.minds_case else fold(term.source)


def key_of(term: Term) -> tuple[object, ...]:
    """Return a key that is equal for two terms that say the same."""
    return _name_of(term), term.target.casefold(), term.keeps, tuple(sorted(map(str.casefold, term.forbidden)))


def term_of(untrusted: Any) -> Term | None:
    if not isinstance(untrusted, Mapping):
        return None
    source, target, forbidden = untrusted.get("source"), untrusted.get("target"), untrusted.get("forbidden")
    if not isinstance(source, str) or not isinstance(target, str) or not source.strip():
        return None
    words = tuple(str(form) for form in forbidden) if isinstance(forbidden, list | tuple) else ()
    forms = str(untrusted.get("forms", ""))
    keeps, minds_case = (untrusted.get(key) is True for key in ("keeps", "minds_case"))
    kind = Forms(forms) if forms in set(Forms) else Forms.STEM
    note = str(untrusted.get("note", ""))
    return Term(source, target, words, keeps=keeps, minds_case=minds_case, note=note, forms=kind)


class FileRows(Record):
    name: str
    rows: tuple[Any, ...]
    """Rows as the reader process sent them. They are not checked yet."""
    languages: tuple[str, str]
    """Source and target language: as requested, or as the file states, or empty if neither is known."""
    skipped: int
    first_skipped: str


Columns: TypeAlias = Mapping[str, int] | None


class TermReader:
    """Reads files of terms and pairs of other programs with the reader child."""

    def __init__(self, service_thread: ServiceThread, reader: ChildClient) -> None:
        self._service_thread, self._reader = service_thread, reader

    def rows(
        self, kind: str, path: Path, source: str, target: str, columns: Columns = None, *, skips_first: bool = False
    ) -> Slices[FileRows]:
        """Read all rows of a file. `kind` is `terms` or `pairs` (see tasks.terms). Reports core.protocol.Progress.

        Ends with a Problem for an unusable file. Raises KnownError `language.unknown` if the request or the file names
        an unsupported language.
        """
        codes = [language_of(name).code if name else "" for name in (source, target)]
        payload: dict[str, Json] = {"path": str(path), "source": codes[0], "target": codes[1]}
        if columns is not None:
            payload |= {"columns": dict(columns), "skips_first": skips_first}
        rows: list[Any] = []

        def on_partial(value: Mapping[str, Any]) -> None:
            rows.extend(stored_from(list, value.get(kind)) or ())

        _job, reading = start_reader(
            self._service_thread, self._reader, kind, payload, on_partial, tells_progress=True
        )  # fmt: skip
        result = yield reading
        reported = zip(codes, [*stored_list(str, result.get("languages")), "", ""], strict=False)
        first, second = (code or (language_of(other).code if other else "") for code, other in reported)
        count = stored_from(int, result.get("skipped")) or 0
        return FileRows(path.name, tuple(rows), (first, second), count, str(result.get("first_skipped", "")))


MOST_KEPT = 4
"""Most term lists that are cached. Each list belongs to a pair of languages between which a person switches."""


class TermLists:
    """The terms that apply to a translation, cached until a term changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version: tuple[int, int] = (-1, -1)
        self._ready: OrderedDict[tuple[str, ...], TermIndex] = OrderedDict()

    def of(self, source: str, target: str, domain: str = "", chosen: Sequence[str] = ()) -> TermIndex:
        """Return the terms of the chosen glossaries, or else of all active glossaries for these languages and this
        domain.

        The words that are never translated are always included. An empty language means any language.
        """
        version = self._store.terms.version()
        if version != self._version:
            self._ready.clear()
            self._version = version
        known = self._store.glossaries.all(source_language=source, target_language=target)
        requested = tuple(glossary.id for glossary in known if _holds(glossary, domain, chosen))
        if requested not in self._ready:
            self._ready[requested] = TermIndex(term for id in requested for term in self._store.terms.of_glossary(id))
            while len(self._ready) > MOST_KEPT:
                self._ready.popitem(last=False)
        self._ready.move_to_end(requested)
        return self._ready[requested]

    def of_request(self, request: TranslationRequest) -> TermIndex:
        return self.of(request.source, request.target, memory_domain(request), request.glossaries)


def _holds(glossary: GlossaryRecord, domain: str, chosen: Sequence[str]) -> bool:
    is_for_all = not glossary.source_language and not glossary.target_language
    if chosen:
        return glossary.id in chosen or (is_for_all and glossary.is_active)
    return glossary.is_active and glossary.domain in ("", domain)

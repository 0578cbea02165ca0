"""The translation memory: similar sentences, import, export. Service thread unless a method says otherwise.

The memory holds translations that a person wrote or imported. They are reused when the same sentence comes again. For a
similar sentence they are shown with the differences.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.files import write_out
from slmdesk.base.protocol import Progress
from slmdesk.base.record import Record
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.service import Runtime, Service, Slices, pending_on_file_thread, sliced
from slmdesk.base.translation import MemoryPair, Origin, language_of
from slmdesk.children.client import ChildClient
from slmdesk.history.store import Store
from slmdesk.history.store.translations import memory_key
from slmdesk.tasks.translation.exchange import Unit, to_tmx
from slmdesk.tasks.translation.glossaries import FileRows, TermReader
from slmdesk.tasks.translation.types import memory_domain, request_of

FUZZY = 0.75
"""Least similarity (0..1) at which a remembered sentence is shown beside a new sentence."""
PENALTY = 0.05
COMPARED = 60
"""Most remembered pairs sharing words with a sentence that are compared with the sentence letter by letter."""
PAIRS_AT_ONCE = 100
MOST_MATCHES = 3
PAIRS_READ = 500


def recalled(store: Store, languages: tuple[str, str], words: str, domain: str) -> Iterator[MemoryPair]:
    """Yield the translations that can be used without asking the model: made by a person, of this domain or of none."""
    for pair in store.memory.recall(*languages, words):
        if pair.origin is not Origin.MODEL and pair.domain in ("", domain):
            yield pair


class MemoryImport(Record):
    kept: int
    skipped: int
    first_skipped: str
    duplicates: int
    """Number of pairs that the file contains more than once, or that the memory had already."""
    replaced: int
    """Number of sentences whose earlier translation in the memory was replaced."""
    contradictions: tuple[str, ...]
    """Sentences for which the file has two translations. The last translation is kept."""
    source_language: str
    target_language: str


class MemoryService(Service):
    def __init__(self, runtime: Runtime, reader: ChildClient) -> None:
        super().__init__(runtime)
        self._files = TermReader(runtime.service_thread, reader)

    def alike(self, source: str, target: str, text: str, domain: str) -> list[tuple[MemoryPair, float]]:
        """Return similar remembered sentences with their similarity (0 to 1), best first. It is at least FUZZY; another
        domain is penalised.
        """
        from rapidfuzz.distance import Indel

        pairs = []
        for pair in self._store.memory.similar(source, target, text, COMPARED):
            penalty = PENALTY if pair.domain and pair.domain != domain else 0.0
            likeness = Indel.normalized_similarity(pair.source, text) - penalty
            if likeness >= FUZZY:
                pairs.append((pair, likeness))
        return sorted(pairs, key=lambda alike: (-alike[1], alike[0].origin is Origin.MODEL, -alike[0].used))

    def similar(self, item: str, number: int) -> list[tuple[MemoryPair, float]]:
        """Return what there is for sentences like a segment, other than what it says, and how similar they are (0 to
        1), best first.

        Raises KnownError `item.unknown`, `request.invalid`.
        """
        request = request_of(self._store.items.get(item))
        segments = self._store.segments.numbered(item, [number])
        if not segments:
            raise KnownError("request.invalid", what="segment")
        (segment,) = segments
        source = segment.language or request.source
        pairs = self.alike(source, request.target, segment.source, memory_domain(request))
        return [(pair, likeness) for pair, likeness in pairs if pair.target != segment.target][:MOST_MATCHES]

    # ---- files

    @sliced
    def import_file(self, path: Path, *, source: str = "", target: str = "", domain: str = "") -> Slices[MemoryImport]:
        """Import a TMX file into the memory, in slices. Progress is reported as for the import of a glossary.

        Ends with a Problem for an unusable file, `glossary.more_languages` if the file has more than two languages and
        none was chosen, `language.unknown`.
        """
        file = yield from self._files.rows("pairs", path, source, target)
        sorting = pending_on_file_thread(self._service_thread, lambda: _each_once(file), name="memory-import")
        pairs, duplicates, contradictions = yield sorting
        first, second = file.languages
        replaced = known = 0
        for at in range(0, len(pairs), PAIRS_AT_ONCE):
            part = pairs[at : at + PAIRS_AT_ONCE]
            for pair in part:
                old = self._store.memory.remembered(first, second, domain, pair[0])
                known += old == pair[1]
                replaced += old is not None and old != pair[1]
            self._store.memory.remember(first, second, part, domain=domain, origin=Origin.IMPORT)
            yield Progress("", at + len(part), len(pairs), "row")
        return MemoryImport(
            len(pairs) - known, file.skipped, file.first_skipped, duplicates + known, replaced, contradictions, first,
            second,
        )  # fmt: skip

    def tmx(self, source: str = "", target: str = "") -> Iterator[str]:
        """Yield the memory as TMX 1.4 in pieces, limited to a pair of languages if one is named. Any thread except the
        service thread.

        Translations guessed by a model are left out. Pairs deleted meanwhile may or may not be included.
        """
        return to_tmx(self._units(source, target))

    def _units(self, source: str, target: str) -> Iterator[Unit]:
        before: int | None = None
        while pairs := self._service_thread.call(
            partial(self._store.memory.page, source, target, before=before, limit=PAIRS_READ)
        ):
            before = pairs[-1].n
            for pair in pairs:
                if pair.source_language and pair.origin is not Origin.MODEL:
                    yield pair.source_language, pair.source, pair.target_language, pair.target

    def export_file(self, path: Path, *, source: str = "", target: str = "") -> Pending[Path]:
        """Export the memory as TMX into a file, on a thread of its own. An existing file is replaced."""

        def work() -> Path:
            write_out(path, "".join(self.tmx(source, target)).encode("utf-8", "replace"))
            return path

        return pending_on_file_thread(self._service_thread, work, name="memory-export")


_Pairs: TypeAlias = tuple[list[tuple[str, str]], int, tuple[str, ...]]


def _each_once(file: FileRows) -> _Pairs:
    """Return the pairs of a file by source, the number of duplicates, and the sources with two translations.

    Not on the service thread. Raises KnownError for a file of which no pair can be kept.
    """
    kept: dict[str, tuple[str, str]] = {}
    duplicates, contradictions = 0, dict[str, None]()
    for row in file.rows:
        if not (isinstance(row, list | tuple) and len(row) == 2):
            continue
        source, target = str(row[0]), str(row[1])
        key = memory_key(source)
        if (old := kept.get(key)) is not None:
            if old[1] == target:
                duplicates += 1
            else:
                contradictions[source] = None
        kept[key] = (source, target)
    first, second = file.languages
    if not kept and file.skipped:
        raise KnownError("glossary.empty", path=file.name)
    if not kept:  # an empty memory, as it was exported
        return [], 0, ()
    if not first or not second:
        raise KnownError("glossary.no_languages", path=file.name)
    if first == second:
        raise KnownError("language.same", language=language_of(first).name)
    return list(kept.values()), duplicates, tuple(contradictions)

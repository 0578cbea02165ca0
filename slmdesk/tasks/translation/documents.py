"""Finds documents to translate, and cuts them into segments. Service thread."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from slmdesk.base.documents import TRANSLATABLE, format_of
from slmdesk.base.errors import KnownError
from slmdesk.base.files import private_folder
from slmdesk.base.paths import Paths
from slmdesk.base.protocol import lenient_from, picked, stored_list
from slmdesk.base.record import Record, changed
from slmdesk.base.runtime.events import Pending, TranslationRead
from slmdesk.base.runtime.messages import problem_for
from slmdesk.base.runtime.service import Runtime, Service, Slices, in_slices
from slmdesk.base.text.tagged import KIND as SUBTITLE
from slmdesk.base.text.tagged import Tags, problems
from slmdesk.base.translation import LANGUAGES, NewSegment, SegmentFlag, SegmentRecord, SegmentState, Term
from slmdesk.base.translation import Origin as Made
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.documents.reading import ask_reader, units_in
from slmdesk.documents.scan import scan
from slmdesk.history.store import Store, is_instance_alive
from slmdesk.tasks.jobs.runner import Plan, Question, Yield
from slmdesk.tasks.translation.glossaries import TermLists
from slmdesk.tasks.translation.memory import recalled
from slmdesk.tasks.translation.prompts import (
    CutState,
    beginning_of,
    language_of_text,
    segments_from,
    units_of_text,
)
from slmdesk.tasks.translation.types import TranslationRequest, memory_domain

WITH_COLUMNS = frozenset(("csv",))
WITH_SHEETS = frozenset(("xlsx", "ods"))
WITH_PROPERTIES = frozenset(("docx", "pptx", "xlsx", "odt", "odp", "ods"))
MOST_UNITS = 2000
"""Most units (paragraphs or cells) that are read to detect a language. A unit may have hardly a word."""
MOST_DOCUMENTS = 500


class ChosenDocuments(Record):
    paths: tuple[Path, ...]
    formats: frozenset[str]
    refused: tuple[tuple[Path, str], ...]
    """Files that cannot be translated, each with the reason in words."""

    @property
    def has_sheets(self) -> bool:
        return bool(self.formats & WITH_SHEETS)

    @property
    def has_properties(self) -> bool:
        return bool(self.formats & WITH_PROPERTIES)

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to ask before the translation begins."""
        return len(self.paths) == 1 and not self.refused and self.table is None

    @property
    def table(self) -> Path | None:
        return self.paths[0] if len(self.paths) == 1 and self.formats == WITH_COLUMNS else None


class Column(Record):
    name: str
    samples: tuple[str, ...]
    is_text: bool
    """Whether the column looks like sentences. Such a column is translated unless a person decides otherwise."""


def chosen_documents(paths: Sequence[Path]) -> ChosenDocuments:
    documents: list[Path] = []
    refused: list[tuple[Path, str]] = []
    for path in paths:
        if path.is_dir():
            listing = scan(path, (), threading.Event())
            names = [*(file.path for file in listing.files), *listing.later]
            files = sorted(Path(os.fsdecode(name)) for name in names)
            documents += [file for file in files if _format(file) in TRANSLATABLE]
        elif _format(path) in TRANSLATABLE:
            documents.append(path)
        else:
            error = KnownError("document.no_rewriter", path=path.name, known=" ".join(TRANSLATABLE))
            refused.append((path, problem_for(error).sentence))
    if not documents:
        known = " ".join(sorted(TRANSLATABLE))
        raise KnownError("document.none_translatable", name=paths[0].name if paths else "", known=known)
    if len(documents) > MOST_DOCUMENTS:
        raise KnownError("document.too_many", count=len(documents), limit=MOST_DOCUMENTS)
    unique = tuple(dict.fromkeys(documents))
    return ChosenDocuments(unique, frozenset(_format(path) for path in unique), tuple(refused))


def _format(path: Path) -> str:
    try:
        return format_of(path).id
    except KnownError:
        return ""


def columns_from(untrusted: Json) -> list[Column]:
    listed = stored_list(dict, untrusted)
    return [lenient_from(Column, column, name="", samples=(), is_text=False) for column in listed]


T = TypeVar("T")
UNITS_AT_ONCE = 100
SEGMENTS_AT_ONCE = 500


class Preparation(Service):
    """What goes before the first question to the model."""

    def __init__(self, runtime: Runtime, reader: ChildClient, terms: TermLists) -> None:
        super().__init__(runtime)
        self._reader, self._terms = reader, terms

    def cut(self, item: str, request: TranslationRequest, password: str) -> Plan:
        """Cut the text or document into segments and store the segments. After a crash the cutting is repeated."""
        self._store.segments.forget(item)
        taken = CutState(request.source, request.target, self._terms.of_request(request))
        left: list[Json] = []
        if request.path:
            pieces = yield Question(lambda answered: self._ask_units(item, request, password).then(answered))
        else:
            pieces = units_of_text(request.text)
        taken.language = language_of_text(beginning_of(pieces))  # for short units at its beginning, such as "Dear Sir"
        for at in range(0, len(pieces), UNITS_AT_ONCE):
            segments: list[NewSegment] = []
            for piece in pieces[at : at + UNITS_AT_ONCE]:
                if "left" in piece:
                    left.append([str(piece["left"].get(key, "")) for key in ("kind", "place", "text")])
                else:
                    segments += segments_from(piece["unit"], taken)
            self._store.segments.add(item, segments)
            self._publish(TranslationRead(item, min(at + UNITS_AT_ONCE, len(pieces)), len(pieces)))
            yield Yield()
        self._store.results.save(item, {"taken": True, "done": False, "left": left, "language": taken.language})

    def _ask_units(self, item: str, request: TranslationRequest, password: str) -> Pending[list[Mapping[str, Any]]]:
        def reading() -> Slices[list[Mapping[str, Any]]]:
            pieces: list[Mapping[str, Any]] = []

            def on_partial(value: Mapping[str, Any]) -> None:
                pieces.extend(units_in(value.get("found")))
                count = len(pieces)
                self._service_thread.post(lambda: self._publish(TranslationRead(item, count, 0)))

            payload = payload_of(request, password)
            yield ask_reader(self._service_thread, self._reader, "units", payload, on_partial)
            return pieces

        return in_slices(self._service_thread, reading())

    def recall(self, item: str, request: TranslationRequest) -> Plan:
        begin, terms = 0, self._terms.of_request(request)
        while segments := self._store.segments.of_item(item, begin=begin, limit=SEGMENTS_AT_ONCE):
            begin = segments[-1].number + 1
            for segment in segments:
                if segment.state is SegmentState.OPEN:
                    known = recalled_segment(self._store, segment, request, terms)
                    if known is not None:
                        keep_segment(self._store, known)
            yield Yield()


def keep_segment(store: Store, segment: SegmentRecord) -> SegmentRecord:
    """Store what was changed in a segment."""
    return store.segments.change(
        segment.item, segment.number, target=segment.target, state=segment.state, origin=segment.origin,
        flags=segment.flags, reason=segment.reason, doubts=segment.doubts,
    )  # fmt: skip


def recalled_segment(
    store: Store, segment: SegmentRecord, request: TranslationRequest, terms: Sequence[Term], *, other_than: str = ""
) -> SegmentRecord | None:
    """Return a segment with the translation that the memory has for it, if that is another one."""
    languages = (segment.language or request.source, request.target)
    tags = Tags(segment.paired, segment.lone)
    for pair in recalled(store, languages, segment.source, memory_domain(request)):
        if pair.target != other_than and not problems(pair.target, tags):
            return changed(
                segment, target=pair.target, state=SegmentState.TRANSLATED, origin=Made.MEMORY,
                flags=segment_flags(segment, pair.target, request, terms), reason="", doubts=(),
            )  # fmt: skip
    return None


def segment_flags(
    segment: SegmentRecord, target: str, request: TranslationRequest, terms: Sequence[Term]
) -> tuple[SegmentFlag, ...]:
    from slmdesk.tasks.translation.checks import flags_of

    source = segment.language or request.source
    cue = segment.place if segment.kind == SUBTITLE else ""
    tags, language = Tags(segment.paired, segment.lone), request.target
    return flags_of(
        segment.source, target, source_language=source, target_language=language, tags=tags, terms=terms, cue=cue
    )  # fmt: skip


def payload_of(request: TranslationRequest, password: str = "", model: str = "") -> dict[str, Json]:
    options: dict[str, Json] = {
        "language": request.target, "is_right_to_left": LANGUAGES[request.target].is_right_to_left,
        **picked(request, "sheet_names", "properties"), "model": model, "columns": list(request.columns),
    }  # fmt: skip
    return {"path": request.path, "password": password, "options": options}


@contextmanager
def piped_folder(paths: Paths, instance_id: str) -> Iterator[Path]:
    """Create a private folder for this instance, and delete it at the end.

    Raises KnownError file.unwritable, disk.full.
    """
    folder = paths.piped / instance_id
    private_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_piped(paths: Paths) -> None:
    """Delete the folders that killed instances of the program left behind."""
    with suppress(OSError):
        for folder in list(paths.piped.iterdir()):
            if not is_instance_alive(paths, folder.name):
                shutil.rmtree(folder, ignore_errors=True)

"""Inspects documents before they are translated: which can be translated, and which options apply."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.formats import TRANSLATABLE, format_of
from slmdesk.base.record import Record
from slmdesk.base.types import Json
from slmdesk.base.wire import lenient_from, stored_list
from slmdesk.children.client import ChildClient
from slmdesk.library.folder_scan import scan
from slmdesk.library.reader_jobs import ask_reader
from slmdesk.library.rewriting import units_in
from slmdesk.redaction.service import Preview
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending, ended
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.text.translation.tagged import Tags, without_tags
from slmdesk.translation.asking.units import LOOKED_AT, beginning_of, only_language_of_text
from slmdesk.translation.types import TranslationRequest
from slmdesk.translation.writer import payload_of

WITH_COLUMNS = frozenset(("csv",))
WITH_SHEETS = frozenset(("xlsx", "ods"))
WITH_PROPERTIES = frozenset(("docx", "pptx", "xlsx", "odt", "odp", "ods"))
MOST_UNITS = 2000
"""By which a language is told at most; there may be hardly a word in each."""
MOST_LOOKED = 100_000
"""Characters of documents in which a person is shown what is redacted; the rest is redacted without being shown."""
MOST_DOCUMENTS = 500


class ChosenDocuments(Record):
    paths: tuple[Path, ...]
    formats: frozenset[str]
    refused: tuple[tuple[Path, str], ...]
    """Those that cannot be, and why, in words."""

    @property
    def has_sheets(self) -> bool:
        return bool(self.formats & WITH_SHEETS)

    @property
    def has_properties(self) -> bool:
        return bool(self.formats & WITH_PROPERTIES)

    @property
    def table(self) -> Path | None:
        return self.paths[0] if len(self.paths) == 1 and self.formats == WITH_COLUMNS else None


class Column(Record):
    name: str
    samples: tuple[str, ...]
    is_text: bool
    """It looks like sentences: it is translated unless a person says otherwise."""


class LookedThrough(Record):
    preview: Preview
    is_whole: bool
    """They have no more text than what was looked through."""


class DocumentInspectionService:
    """Service thread."""

    def __init__(self, service_thread: ServiceThread, reader: ChildClient) -> None:
        self._service_thread, self._reader = service_thread, reader

    def look(self, paths: Sequence[Path]) -> Pending[ChosenDocuments]:
        """Find the files that can be translated, among these and in these folders.

        Ends with the Problem `document.none_translatable` where there are none.
        """
        return pending_on_file_thread(self._service_thread, lambda: _chosen(paths), name="translation")

    def language(self, request: TranslationRequest) -> Pending[str]:
        """Detect the language of a document or text from its beginning.

        The result is its code, or '' where it has several, is unknown, or cannot be read; that is reported when the
        translation starts.
        """
        if not request.path:
            return ended(only_language_of_text(request.text))
        units: list[Mapping[str, Any]] = []
        found: Pending[str] = Pending()

        def on_partial(value: Mapping[str, Any]) -> None:
            units.extend(units_in(value.get("found")))
            if len(units) > MOST_UNITS or len(beginning_of(units)) > LOOKED_AT:
                self._service_thread.post(lambda: reading.cancel())  # what was found tells enough

        reading = ask_reader(self._service_thread, self._reader, "units", payload_of(request), on_partial)
        reading.then(lambda _result: found.end(only_language_of_text(beginning_of(units))))
        return found

    def words(self, request: TranslationRequest) -> Pending[str]:
        """The text that would be translated, without formatting; of a document with a line for each paragraph or cell.

        Ends with a Problem `document.…`.
        """
        return in_slices(self._service_thread, self._words(request))

    def _words(self, request: TranslationRequest) -> Slices[str]:
        if not request.path:
            return request.text
        units: list[Mapping[str, Any]] = []
        payload = payload_of(request)
        yield ask_reader(
            self._service_thread, self._reader, "units", payload,
            lambda value: units.extend(units_in(value.get("found"))),
        )  # fmt: skip
        found = [one["unit"] for one in units if "unit" in one]
        tags = [Tags(tuple(one["paired"]), tuple(one["lone"])) for one in found]
        return "\n".join(without_tags(str(one["text"]), own) for one, own in zip(found, tags, strict=True))

    def look_through(
        self, requests: Sequence[TranslationRequest], look: Callable[[str], Pending[Preview]]
    ) -> Pending[LookedThrough]:
        """What would be replaced in these documents, up to MOST_LOOKED characters; `look` finds it in a text.

        Ends with a Problem `document.…`, `redaction.…`.
        """
        return in_slices(self._service_thread, self._looking_through(requests, look))

    def _looking_through(
        self, requests: Sequence[TranslationRequest], look: Callable[[str], Pending[Preview]]
    ) -> Slices[LookedThrough]:
        text = ""
        for at, one in enumerate(requests):
            words = yield self.words(one)
            text = f"{text}\n\n{words}" if at else words
            if len(text) > MOST_LOOKED:
                text = text[: text.rfind("\n", 0, MOST_LOOKED) + 1] or text[:MOST_LOOKED]
                return LookedThrough((yield look(text)), is_whole=False)
        return LookedThrough((yield look(text)), is_whole=True)

    def columns(self, path: Path) -> Pending[list[Column]]:
        """Read the columns of a text table in the reader child; ends with a Problem `document.…` where it cannot."""
        return in_slices(self._service_thread, self._columns(path))

    def _columns(self, path: Path) -> Slices[list[Column]]:
        found: list[Column] = []
        payload: dict[str, Json] = {"path": str(path.absolute())}
        yield ask_reader(
            self._service_thread, self._reader, "table_columns", payload,
            lambda value: found.extend(_columns(value.get("columns"))),
        )  # fmt: skip
        return found


def _chosen(paths: Sequence[Path]) -> ChosenDocuments:
    found: list[Path] = []
    refused: list[tuple[Path, str]] = []
    for path in paths:
        if path.is_dir():
            listing = scan(path, (), threading.Event())
            names = [*(one.path for one in listing.files), *listing.later]
            files = sorted(Path(os.fsdecode(one)) for one in names)
            found += [one for one in files if _format(one) in TRANSLATABLE]
        elif _format(path) in TRANSLATABLE:
            found.append(path)
        else:
            refused.append((path, _reason(path)))
    if not found:
        known = " ".join(sorted(TRANSLATABLE))
        raise KnownError("document.none_translatable", name=paths[0].name if paths else "", known=known)
    if len(found) > MOST_DOCUMENTS:
        raise KnownError("document.too_many", count=len(found), limit=MOST_DOCUMENTS)
    unique = tuple(dict.fromkeys(found))
    return ChosenDocuments(unique, frozenset(_format(one) for one in unique), tuple(refused))


def _format(path: Path) -> str:
    try:
        return format_of(path).id
    except KnownError:
        return ""


def _reason(path: Path) -> str:
    found: Problem = problem_for(KnownError("document.no_rewriter", path=path.name, known=" ".join(TRANSLATABLE)))
    return found.sentence


def _columns(untrusted: Json) -> list[Column]:
    listed = stored_list(dict, untrusted)
    return [lenient_from(Column, one, name="", samples=(), is_text=False) for one in listed]

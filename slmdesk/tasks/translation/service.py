"""The translation service: keeps, finds, checks, writes and exports translations. Service thread."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from slmdesk.base.documents import Paper
from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_same_file, is_there, write_out
from slmdesk.base.language import in_language
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Record, to_json
from slmdesk.base.records import AnswerEnding, Found, Item, ModelRecord, Status
from slmdesk.base.runtime.events import ItemChanged, Pending, ended
from slmdesk.base.runtime.headings import headings_of
from slmdesk.base.runtime.service import Runtime, Service, Slices, in_slices, json_bytes, pending_on_file_thread, sliced
from slmdesk.base.texts import _
from slmdesk.base.translation import (
    LANGUAGES,
    LiveSegment,
    NewSegment,
    SegmentRecord,
    SegmentState,
    Term,
    lasting,
)
from slmdesk.base.translation import Origin as Made
from slmdesk.base.types import Json, Role, TextPart, common_prefix
from slmdesk.base.types import Origin as Author
from slmdesk.chat.conversation import title_from
from slmdesk.children.client import ChildClient
from slmdesk.documents.reading import ask_reader, rewritten, units_in
from slmdesk.exports import phrases
from slmdesk.exports.writers import in_form
from slmdesk.models.evaluation.recommendation import PairAdvice, RecommendationService
from slmdesk.models.service import DefaultsService, ModelService
from slmdesk.tasks.jobs.service import REQUEST
from slmdesk.tasks.service import ReportMade
from slmdesk.tasks.translation.documents import (
    MOST_UNITS,
    ChosenDocuments,
    Column,
    chosen_documents,
    columns_from,
    payload_of,
    segment_flags,
)
from slmdesk.tasks.translation.exchange import ANY, to_tmx
from slmdesk.tasks.translation.export import models_of, pair_paper, report_json, report_paper
from slmdesk.tasks.translation.glossaries import TermLists
from slmdesk.tasks.translation.prompts import (
    LOOKED_AT,
    TranslationStyle,
    beginning_of,
    only_language_of_text,
)
from slmdesk.tasks.translation.report import gathered, left_parts, segments_of_item
from slmdesk.tasks.translation.segments import translator
from slmdesk.tasks.translation.types import (
    KIND,
    UNWRITTEN,
    TranslationRequest,
    UnknownWords,
    WrittenFile,
    memory_domain,
    request_of,
    source_of,
    translation_of,
)

TITLE = 60
MOST_HITS = 100
HITS_AT_ONCE = 5
"""Most search hits, for each of which a snippet is cut from a long text, before other work gets its turn."""
MOST_SEARCHED = 100_000
"""Most segments that are searched, in slices. This takes some seconds."""
SHARED = 0.5
"""Least share of the shorter of two texts that their beginnings and ends have in common, for one to count as an edited
version of the other.
"""


class Handout(StrEnum):
    PAIR = "pair"
    """A document with both languages side by side."""
    REPORT = "report"
    TMX = "tmx"


HANDOUT_FORMS = {
    Handout.PAIR: ("docx", "xlsx", "html", "md"),
    Handout.REPORT: ("html", "docx", "md", "json"),
    Handout.TMX: ("tmx",),
}


class KeptText(Record):
    text: str
    manner: TranslationStyle
    segments: tuple[SegmentRecord, ...]


class Earlier(Record):
    found: tuple[tuple[Item, str], ...]
    was_cut: bool


class TranslationService(Service):
    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        uses: DefaultsService,
        reader: ChildClient,
        recommending: RecommendationService,
        unknown: UnknownWords,
        passwords: dict[str, str],
    ) -> None:
        super().__init__(runtime)
        self.unknown = unknown
        self._models, self._uses, self._recommending = models, uses, recommending
        self._reader = reader
        self._terms = TermLists(runtime.store)
        self._turn = 0
        """Of searches: the last one's number."""
        self._passwords = passwords
        """Passwords of documents, by item (see `TaskContext`)."""

    def use_password(self, item: str, password: str) -> None:
        """Use this password for the item's document until the program ends. Raises KnownError `item.unknown`."""
        self._passwords[self._store.items.get(item).id] = password

    def terms(self, source: str, target: str, domain: str = "") -> Sequence[Term]:
        """Return the terms of the active glossaries for a pair of languages. An empty language means any language."""
        return self._terms.of(source, target, "" if domain == "everyday" else domain)

    def advice(self, model: str | None = None, source: str = "", target: str = "") -> PairAdvice:
        """Return what speaks against a model, or against the default model. Raises KnownError `model.…`."""
        has_terms = bool(target) and bool(self.terms(source, target))
        return self._recommending.for_pair(self.record(model), source, target, has_terms=has_terms)

    def record(self, model: str | None) -> ModelRecord:
        """Return the requested model, or the default for translations if None. Raises KnownError `model.…`."""
        return translator(self._models, self._uses, model)

    # ---- texts that are kept, and the search for all

    def keep(self, text: str, manner: TranslationStyle, segments: Sequence[LiveSegment], item: str = "") -> str:
        """Store a text with its translation. `item` is the item it was stored as before, which is changed.

        A text that differs too much becomes a new item. Returns the item's id, or '' if nothing is stored: nothing is
        translated yet, the setting `writing_history` is off, or the history is read-only. Raises KnownError store.*.
        """
        done = [segment for segment in segments if segment.target and segment.state is not SegmentState.OPEN]
        is_requested = self._settings.current.writing_history and not self._store.read_only
        if not is_requested or not text.strip() or not done:
            return ""
        request = TranslationRequest(
            manner.target, text=text, source=manner.source, domain=manner.domain, formality=manner.formality,
        )  # fmt: skip
        title = _title(request)
        with self._store.together():  # if the disk is full, the earlier version stays complete
            old = self._same_text(item, text) if item else None
            if old is None:
                old = self._store.items.add(KIND, title, settings={REQUEST: to_json(request)})
            else:
                if old.title == _title(request_of(old)):  # else a person renamed it
                    self._store.items.rename(old.id, title)
                self._store.items.change_settings(old.id, **{REQUEST: to_json(request)})
            self._put_segments(old.id, segments)
            self._put_words(old.id, text, segments)
            self._own_pairs(old.id, request, segments)
        self._publish(ItemChanged(self._store.items.get(old.id)))
        return old.id

    def _find(self, item: str) -> Item:
        record = self._store.items.get(item)
        if record.kind != KIND:
            raise KnownError("item.unknown", id=item[:80])
        return record

    def kept(self, item: str) -> KeptText | None:
        """Return a text translated earlier. None if the item is the translation of a document.

        Raises KnownError `item.unknown`.
        """
        record = self._find(item)
        request = request_of(record)
        if request.path:
            return None
        manner = TranslationStyle(request.target, request.source, request.domain, request.formality)
        segments = tuple(segments_of_item(self._store, record.id))
        return KeptText(request.text, manner, segments)

    def search(self, words: str) -> Pending[Earlier]:
        """Search the source, translation and title of all translations.

        A later search ends this one, which then returns what it found so far.
        """
        self._turn += 1
        return in_slices(self._service_thread, self._searching(words, self._turn))

    def _searching(self, words: str, turn: int) -> Slices[Earlier]:
        matches: dict[str, Found] = {}
        before: int | None = None
        while hits := self._store.index.search(words, limit=HITS_AT_ONCE, before=before, kind=KIND):
            before = hits[-1].n
            for hit in hits:
                matches.setdefault(hit.item, hit)
            yield
            if len(matches) >= MOST_HITS or turn != self._turn:
                return self._newest_first(matches, was_cut=True)
        looking = self._store.segments.with_words(words, most=MOST_SEARCHED, but=matches)
        while turn == self._turn:
            try:
                looked = next(looking)
            except StopIteration as end:
                return self._newest_first(matches, was_cut=end.value)
            if looked is not None:
                matches[looked.item] = looked
            yield
        return self._newest_first(matches, was_cut=True)

    def _newest_first(self, matches: Mapping[str, Found], *, was_cut: bool) -> Earlier:
        there = []
        for id in matches:
            with contextlib.suppress(KnownError):  # deleted for good while others were looked for
                there.append(self._store.items.get(id))
        kept = sorted((item for item in there if item.deleted_at is None), key=lambda item: item.updated, reverse=True)
        return Earlier(tuple((item, matches[item.id].snippet) for item in kept), was_cut)

    def _same_text(self, item: str, text: str) -> Item | None:
        try:
            old = self._store.items.get(item)
        except KnownError:  # deleted for good meanwhile
            return None
        if old.deleted_at is not None or not is_mostly_same(request_of(old).text, text):
            return None
        return old

    def _put_segments(self, item: str, segments: Sequence[LiveSegment]) -> None:
        self._store.segments.forget(item)
        is_open = [segment.state is SegmentState.OPEN for segment in segments]
        new = [
            NewSegment(
                segment.paragraph, segment.source, lead=segment.lead, trail=segment.trail, language=segment.language,
                state=segment.state, target="" if is_half else segment.target, origin=segment.origin,
                flags=segment.flags, doubts=() if is_half else segment.doubts,
            )
            for segment, is_half in zip(segments, is_open, strict=True)
        ]  # fmt: skip
        self._store.segments.add(item, new)
        self._store.results.save(item, {"taken": True, "done": True, "left": []})

    def _own_pairs(self, item: str, request: TranslationRequest, segments: Sequence[LiveSegment]) -> None:
        """Link the memory's pairs that a person wrote here to the item, so that deleting it for good deletes them."""
        for segment in segments:
            if segment.origin is Made.PERSON:
                pair = [(segment.source, segment.target)]
                self._store.memory.link(item, segment.language, request.target, memory_domain(request), pair)

    def _put_words(self, item: str, text: str, segments: Sequence[LiveSegment]) -> None:
        """Store the text and its translation as a message, so that a search of the history finds them."""
        words = translation_of(segments)
        parts = (TextPart(text, Author.PERSON),)
        kept = self._store.messages.of_item(item)
        if kept:
            self._store.messages.change_parts(kept[0].id, parts)
            self._store.messages.end(kept[0].id, words, AnswerEnding(Status.COMPLETE))
        else:
            role, status = Role.ASSISTANT, Status.COMPLETE
            self._store.messages.add(item, parent=None, role=role, parts=parts, text=words, status=status)

    # ---- the document, before its translation

    def choose(self, paths: Sequence[Path]) -> Pending[ChosenDocuments]:
        """Find the files that can be translated among these files and in these folders.

        Ends with the Problem `document.none_translatable` if there are none.
        """
        return pending_on_file_thread(self._service_thread, lambda: chosen_documents(paths), name="translation")

    def detect(self, request: TranslationRequest) -> Pending[str]:
        """Detect the language of a document or text from its beginning.

        The result is a language code. It is '' if there are several languages, the language is unknown, or the document
        cannot be read; such a document is reported when the translation starts.
        """
        if not request.path:
            return ended(only_language_of_text(request.text))
        units: list[Mapping[str, Any]] = []
        pending: Pending[str] = Pending()

        def on_partial(value: Mapping[str, Any]) -> None:
            units.extend(units_in(value.get("found")))
            if len(units) > MOST_UNITS or len(beginning_of(units)) > LOOKED_AT:
                self._service_thread.post(lambda: reading.cancel())  # this is enough text to detect the language

        reading = ask_reader(self._service_thread, self._reader, "units", payload_of(request), on_partial)
        reading.then(lambda _result: pending.end(only_language_of_text(beginning_of(units))))
        return pending

    @sliced
    def columns(self, path: Path) -> Slices[list[Column]]:
        """Read a text table's columns in the reader process. Ends with a Problem `document.…` if it cannot be read."""
        columns: list[Column] = []
        payload: dict[str, Json] = {"path": str(path.absolute())}
        yield ask_reader(
            self._service_thread, self._reader, "table_columns", payload,
            lambda value: columns.extend(columns_from(value.get("columns"))),
        )  # fmt: skip
        return columns

    @sliced
    def recheck(self, item: str) -> Slices[int]:
        """Check all translations again after a glossary changed, and return the number of segments whose flags changed.

        Segments that a person approved stay unchanged.
        """
        request, count, begin = request_of(self._find(item)), 0, 0
        terms = self._terms.of_request(request)
        while segments := self._store.segments.of_item(item, begin=begin, limit=1):  # a person may change the next one
            segment, begin = segments[0], segments[0].number + 1
            if segment.state in (SegmentState.TRANSLATED, SegmentState.EDITED) and segment.target:
                flags = (*segment_flags(segment, segment.target, request, terms), *lasting(segment.flags))
                if flags != segment.flags:
                    count += 1
                    self._store.segments.change(item, segment.number, flags=flags)
            yield
        if count:
            self._publish(ReportMade(item))
        return count

    # ---- the document, written

    def write(self, item: str, target: Path, *, replace: bool = False) -> Pending[WrittenFile]:
        """Write a translated copy of the document to `target`. The document itself is never changed.

        Ends with a Problem `file.exists`, `document.changed`, `disk.full` … Raises KnownError `item.unknown`,
        `request.invalid` for a text, `file.is_source` if `target` is the document itself.
        """
        record = self._find(item)
        request = request_of(record)
        if not request.path:
            raise KnownError("request.invalid", what=_("this translation is no document's"))
        if is_same_file(Path(request.path), target):
            raise KnownError("file.is_source", path=str(target))
        return in_slices(self._service_thread, self._writing(record.id, request, target, may_replace=replace))

    def _writing(
        self, item: str, request: TranslationRequest, target: Path, *, may_replace: bool
    ) -> Slices[WrittenFile]:
        """Send all units (number, text, translation) to the reader process, and write the file it makes.

        Raises KnownError `file.exists`, `child.protocol`; ends with a Problem of the document or the disk.
        """
        if is_there(target) and not may_replace:
            raise KnownError("file.exists", path=str(target))
        model = models_of(self._store, item, segments_of_item(self._store, item))
        payload = payload_of(request, self._passwords.get(item, ""), model)
        data, refused = yield from rewritten(self._service_thread, self._reader, payload, self._answers(item))
        yield pending_on_file_thread(self._service_thread, lambda: write_out(target, data), name="translation")
        yield from self._mark_unwritten(item, frozenset(refused))
        return WrittenFile(target, len(data), refused)

    def _mark_unwritten(self, item: str, refused: frozenset[int]) -> Slices[None]:
        """Flag the segments whose units were written untranslated, and remove this flag from all other segments."""
        is_changed = False
        for segment in segments_of_item(self._store, item):
            is_unwritten = segment.unit in refused and bool(segment.target)
            if (UNWRITTEN in segment.flags) != is_unwritten:
                others = tuple(flag for flag in segment.flags if flag != UNWRITTEN)
                flags = (UNWRITTEN, *others) if is_unwritten else others
                self._store.segments.change(item, segment.number, flags=flags)
                is_changed = True
            yield
        if is_changed:
            self._publish(ReportMade(item))

    def _answers(self, item: str) -> Iterator[tuple[int, str, str]]:
        for unit, parts in groupby(segments_of_item(self._store, item), key=lambda segment: segment.unit):
            segments = list(parts)
            if any(segment.target for segment in segments):
                yield unit, source_of(segments), translation_of(segments)

    def write_handout(
        self, item: str, what: Handout, form: str, target: Path, *, replace: bool = False, headings: str = ""
    ) -> Pending[int]:
        """Write an export in a form of HANDOUT_FORMS to `target`, and return its size in bytes.

        `headings`: as for `ExportService.give`. Ends with a Problem `file.exists` … Raises KnownError `item.unknown`,
        `request.invalid`.
        """
        if form not in HANDOUT_FORMS[what]:
            raise KnownError("request.invalid", what=_("no form {form} for this").format(form=form[:20]))
        record = self._find(item)
        spoken = headings_of(self._store, record, form, headings)
        writing = self._writing_handout(record, what, form, target, spoken, may_replace=replace)
        return in_slices(self._service_thread, writing)

    def _writing_handout(
        self, item: Item, what: Handout, form: str, target: Path, spoken: str, *, may_replace: bool
    ) -> Slices[int]:
        segments = yield from gathered(self._store, item.id)
        left = left_parts(self._store, item.id)
        moment = _iso if form == "json" else phrases.zoned_moment_words
        info = in_language(spoken, self._info, item, moment) if what is Handout.REPORT else []
        model, has_line = models_of(self._store, item.id, segments), self._settings.current.model_line

        def make() -> int:
            if is_there(target) and not may_replace:
                raise KnownError("file.exists", path=str(target))
            made = in_language(spoken, _made, item, what, form, segments, left, info, model)
            data = in_language(spoken, partial(in_form, made, form, has_line=has_line))
            assert isinstance(data, bytes)  # there is no pdf
            write_out(target, data)
            return len(data)

        size: int = yield pending_on_file_thread(self._service_thread, make, name="export")
        return size

    def _info(self, item: Item, moment: Callable[[float], str]) -> list[tuple[str, str]]:
        request, jobs = request_of(item), self._store.jobs.of_item(item.id)
        names = {model.sha256: model.name for model in self._store.models.all()}
        models = dict.fromkeys(names.get(job.model_sha256, job.model_sha256[:12]) for job in reversed(jobs))
        known = self._store.glossaries.all(source_language=request.source, target_language=request.target)
        chosen = request.glossaries
        used = [glossary.name for glossary in known if (glossary.id in chosen if chosen else glossary.is_active)]
        source = request.source or stored_from(str, (self._store.results.get(item.id) or {}).get("language")) or ""
        return [
            ("Document", request.path or _(phrases.A_TEXT)),
            ("Languages", _(phrases.FROM_TO).format(source=_language(source), target=_language(request.target))),
            ("About", ", ".join(map(_, filter(None, (request.domain, request.formality))))),
            ("Model", ", ".join(models) or _(phrases.NONE_YET)),
            ("Glossaries", ", ".join(used) or _(phrases.NONE)),
            ("Begun", moment(item.created)),
            ("Last changed", moment(max((job.updated for job in jobs), default=item.updated))),
        ]


def _made(
    item: Item, what: Handout, form: str, segments: Sequence[SegmentRecord], left: Sequence[tuple[str, str, str]],
    info: list[tuple[str, str]], model: str,
) -> bytes | Paper:  # fmt: skip
    request, title = request_of(item), item.shown_title
    if what is Handout.TMX:
        units = (
            (segment.language or request.source, segment.source, request.target, segment.target)
            for segment in segments
            if segment.target and segment.state is not SegmentState.LEFT
        )
        return "".join(to_tmx(units, request.source or ANY)).encode("utf-8", "replace")
    if what is Handout.REPORT:
        report = report_json(title, segments, left, info)
        return json_bytes(report) if form == "json" else report_paper(report, model)
    return pair_paper(title, (_language(request.source), _language(request.target)), segments, model)


def _language(code: str) -> str:
    return LANGUAGES[code].shown if code in LANGUAGES else _(phrases.SOURCE)


def _iso(time: float) -> str:
    return datetime.datetime.fromtimestamp(time).astimezone().isoformat(" ", "minutes")


def _title(request: TranslationRequest) -> str:
    return f"{title_from(request.text, TITLE)} → {LANGUAGES[request.target].name}"


def is_mostly_same(old: str, new: str) -> bool:
    shorter = min(len(old), len(new))
    begin = common_prefix(old, new)
    end = common_prefix(old[begin:][::-1], new[begin:][::-1])
    return shorter > 0 and begin + end >= SHARED * shorter

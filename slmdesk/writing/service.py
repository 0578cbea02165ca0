"""The writing service: corrects a text sentence by sentence, or rewrites it; what it says is checked by rule.

Nothing is kept in the history: a text and what became of it belong to whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there, write_atomically
from slmdesk.base.languages import LANGUAGES, language_of
from slmdesk.base.record import Record, changed
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.evaluation.exam_items import Skill
from slmdesk.evaluation.exams import is_weak
from slmdesk.library.inputs import able
from slmdesk.library.reader_jobs import ask_reader
from slmdesk.library.rewriting import rewritten, units_in
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.loader.one_shot import Words, ask_once
from slmdesk.models.service import ModelService
from slmdesk.redaction.service import RedactionService, kinds_hidden
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.text.checks.words import tongue
from slmdesk.text.redaction.returning import Loss, Veiled
from slmdesk.text.translation.chatter import without_chatter
from slmdesk.text.words.language import SURE, detect
from slmdesk.text.writing.doubts import denies_otherwise, doubts_of, facts_beside
from slmdesk.text.writing.edits import Edit, edits_of, reason_of
from slmdesk.text.writing.passages import MOST_SENTENCE, Passage, answer_in, passages
from slmdesk.writing.documents import DocumentText
from slmdesk.writing.prompts import correction_step, rewriting_steps
from slmdesk.writing.types import (
    MOST_REWRITTEN,
    MOST_TEXT,
    Change,
    Correction,
    CorrectRequest,
    DocumentRequest,
    RewriteRequest,
    Rewriting,
    Task,
    Version,
    is_as_long_as_asked,
)

LEAST_TOLD = 8
"""Words of a paragraph whose own language is told; others are in that of the text."""
OFFERED = tuple(sorted(set(LANGUAGES) - {"sr"}))
"""Languages told apart; Serbian is taken for Croatian or Bulgarian by turns."""


class WritingService(Service):
    """Service thread."""

    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        loader: ModelLoader,
        reader: ChildClient,
        redaction: RedactionService,
    ) -> None:
        super().__init__(runtime)
        self._models, self._loader, self._reader = models, loader, reader
        self._redaction = redaction

    def correct(
        self, request: CorrectRequest, found: Callable[[Sequence[Change]], object] | None = None
    ) -> Pending[Correction]:
        """Correct a text; reports how many sentences are done, and of how many, as pairs.

        `found` is called with the changes of a sentence as soon as there are some, in no order, on the service thread.
        A sentence in which something redacted does not come back whole stays as it is, and is unanswered.  Ends with a
        Problem `writing.empty`, `writing.too_long`, `writing.language`, `language.unknown`, `model.…`, `redaction.…` or
        of the engine.
        """
        return in_slices(self._service_thread, self._correcting(request, found))

    def correct_document(self, request: DocumentRequest) -> Pending[Correction]:
        """Correct a Word file; its changes are tracked changes of the file that is written, its lines paragraphs.

        Ends with the Problems of `correct`, `document.…`, `file.…` or `disk.full`; then nothing is written.
        """
        return in_slices(self._service_thread, self._correcting_document(request))

    def rewrite(self, request: RewriteRequest) -> Pending[Rewriting]:
        """Rewrite a text; one that is not as short or as long as asked is asked for once more.

        Ends with the same Problems as `correct`, `writing.no_version`, `writing.not_shorter` or `writing.not_longer`.
        """
        return in_slices(self._service_thread, self._rewriting(request))

    def words(self, path: str) -> Pending[str]:
        """Ends with a Problem `document.…`."""
        return in_slices(self._service_thread, self._units(_payload(path))).map(
            lambda units: DocumentText.of(units).text
        )

    # ---- correcting

    def _correcting(
        self, request: CorrectRequest, report: Callable[[Sequence[Change]], object] | None
    ) -> Slices[Correction]:
        text = request.text
        language = _language(text, request.language, MOST_TEXT)
        record = able(self._models.choose(request.model))
        found = list(passages(text, language))
        yield
        spoken = _Languages(text, language, is_told=not request.language)
        asked: dict[tuple[str, str], list[Passage]] = {}
        for one in found:
            if one.end - one.start <= MOST_SENTENCE:
                asked.setdefault((one.asked(text), spoken.of(one)), []).append(one)
            yield
        is_marked_only = is_weak(record, (Skill.CORRECT,))
        changes: dict[Passage, list[Change] | None] = {}
        hidden = yield from self._hidden(request, list(asked))
        steps = list(hidden)

        def compare(number: int, words: Words) -> None:
            key = steps[number]
            answer = _Answer(words, hidden[key])
            for one in asked[key]:
                changes[one] = _changes_by(text, one, answer, key[1], is_marked_only=is_marked_only)
                if report is not None and (some := changes[one]):
                    report(some)

        if steps:
            asked_so = [correction_step(hidden[one].text, one[1]) for one in steps]
            yield ask_once(self._loader, record, asked_so, compare)
        made = [change for one in found for change in changes.get(one) or ()]
        unanswered = tuple(one.line for one in found if changes.get(one) is None)
        counts = kinds_hidden(hidden.values()) if request.redact else None
        return Correction(text, tuple(made), language, len(found), unanswered, counts)

    def _hidden(
        self, request: CorrectRequest, asked: Sequence[tuple[str, str]]
    ) -> Slices[dict[tuple[str, str], Veiled]]:
        """Each sentence, with its language, as the model sees it; without those that cannot be redacted and led back.

        Raises KnownError redaction.*.
        """
        if not request.redact:
            return {one: Veiled(one[0]) for one in asked}
        veil, hidden = self._redaction.in_memory(), dict[tuple[str, str], Veiled]()
        try:
            veil.decide(request.decisions)
            yield from veil.learn(request.text)
            for one in asked:
                with suppress(KnownError):
                    (hidden[one],) = veil.over([one[0]], language=one[1])
                yield
        finally:
            veil.forget()
        return hidden

    def _units(self, payload: Mapping[str, Json]) -> Slices[list[Mapping[str, Any]]]:
        units: list[Mapping[str, Any]] = []
        yield ask_reader(
            self._service_thread,
            self._reader,
            "units",
            payload,
            lambda value: units.extend(units_in(value.get("found"))),
        )
        return units

    def _correcting_document(self, request: DocumentRequest) -> Slices[Correction]:
        payload = _payload(request.path)
        document = DocumentText.of((yield from self._units(payload)))
        found = yield self.correct(
            CorrectRequest(document.text, request.language, request.model, redact=request.redact)
        )
        found = document.settled(found)
        target = request.target
        if target is None:
            return found
        data, refused = yield from rewritten(
            self._service_thread, self._reader, payload, document.answers(found.changes)
        )
        if is_there(target) and not request.may_replace:
            raise KnownError("file.exists", path=str(target))
        yield pending_on_file_thread(self._service_thread, lambda: write_atomically(target, data), name="writing")
        return document.without(found, refused)

    # ---- rewriting

    def _rewriting(self, request: RewriteRequest) -> Slices[Rewriting]:
        language = _language(request.text, request.language, MOST_REWRITTEN)
        record = able(self._models.choose(request.model))
        hidden = Veiled(request.text)
        if request.redact:
            hidden = self._veiled(request, language)
        asked = changed(request, text=hidden.text)
        words = yield ask_once(self._loader, record, rewriting_steps(asked, language))
        versions = yield from _versions(words, hidden, request, language)
        if not versions and request.task in _NOT_AS_LONG:
            words = yield ask_once(self._loader, record, rewriting_steps(asked, language, is_counted=True))
            versions = yield from _versions(words, hidden, request, language)
        if not versions:
            raise KnownError(_NOT_AS_LONG.get(request.task, "writing.no_version"))
        counts = kinds_hidden([hidden]) if request.redact else None
        return Rewriting(request.text, tuple(versions), language, len(words), counts)

    def _veiled(self, request: RewriteRequest, language: str) -> Veiled:
        """Raises KnownError redaction.*."""
        veil = self._redaction.in_memory()
        try:
            veil.decide(request.decisions)
            return veil.over([request.text], language=language)[0]
        finally:
            veil.forget()


class _Languages:
    def __init__(self, text: str, language: str, *, is_told: bool) -> None:
        self._text, self._language, self._is_told = text, language, is_told
        self._known: dict[tuple[int, int], str] = {}

    def of(self, passage: Passage) -> str:
        if not self._is_told:
            return self._language
        if passage.paragraph not in self._known:
            words = self._text[passage.paragraph[0] : passage.paragraph[1]]
            found, sure = detect(words, OFFERED) if len(words.split()) >= LEAST_TOLD else (None, 0.0)
            self._known[passage.paragraph] = found if found and sure >= SURE else self._language
        return self._known[passage.paragraph]


def changes_in(
    text: str, passage: Passage, answer: str, language: str, *, is_marked_only: bool = False
) -> list[Change]:
    sentence = passage.of(text)
    edits = edits_of(sentence, answer)
    doubts = doubts_of(sentence, edits, language)
    return [
        Change(
            Edit(passage.start + one.start, passage.start + one.end, one.new),
            one.old(sentence),
            passage.line + sentence.count("\n", 0, one.start),
            reason_of(sentence, one),
            doubt or ("model" if is_marked_only else ""),
            (passage.start, passage.end),
        )
        for one, doubt in zip(edits, doubts, strict=True)
    ]


class _Answer(Record):
    words: Words
    asked: Veiled


def _changes_by(
    text: str, passage: Passage, answer: _Answer, language: str, *, is_marked_only: bool
) -> list[Change] | None:
    """The changes by what a model answered about a sentence; None where that is no correction of it."""
    if answer.words.is_cut:
        return None
    said = answer_in(answer.words.text, answer.asked.text, is_heading=passage.is_heading)
    back = answer.asked.back(said) if said else None
    if back is None or back.lost:
        return None
    return changes_in(text, passage, back.text, language, is_marked_only=is_marked_only)


def _payload(path: str) -> dict[str, Json]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"path": path, "password": "", "options": {"tracked": now}}


def _language(text: str, requested: str, most: int) -> str:
    """Raises KnownError `writing.…`, `language.unknown`."""
    if not text.strip():
        raise KnownError("writing.empty")
    if len(text) > most:
        raise KnownError("writing.too_long", characters=len(text), most=most)
    if requested:
        return language_of(requested).code
    found = detect(text[:20_000], OFFERED)[0] or tongue(text)
    if not found:
        raise KnownError("writing.language")
    return found


def _cleaned(answer: str, request: RewriteRequest, asked: str) -> str:
    """A rewritten text without talk around it, and a continuation without the text it continues."""
    found = without_chatter(asked, answer).strip()
    if request.task is Task.CONTINUE:
        found = found.removeprefix(asked.strip()).strip()
    return found


_NOT_AS_LONG = {Task.SHORTEN: "writing.not_shorter", Task.EXPAND: "writing.not_longer"}


def _versions(words: Sequence[Words], hidden: Veiled, request: RewriteRequest, language: str) -> Slices[list[Version]]:
    found: list[Version] = []
    for one in words:
        back = hidden.back(_cleaned(one.text, request, hidden.text))
        text = back.text
        is_new = text and all(edits_of(each, text) for each in (request.text, *(each.text for each in found)))
        if is_new and is_as_long_as_asked(request, text, language):
            spoilt = tuple(each.words for each in back.lost if each.loss is not Loss.MISSING)
            version = _version(text, request, language, is_cut=one.is_cut)
            found.append(changed(version, spoilt=spoilt))
        yield
    return found


def _version(text: str, request: RewriteRequest, language: str, *, is_cut: bool) -> Version:
    added, missing = facts_beside(request.text, text, language)
    if request.task is Task.CONTINUE:
        return Version(text, tuple(added), is_cut=is_cut)
    others = tuple((one.start, one.end) for one in edits_of(text, request.text) if one.end > one.start)
    edits, denies = tuple(edits_of(request.text, text)), denies_otherwise(request.text, text, language)
    return Version(text, tuple(added), tuple(missing), edits, is_cut, others, denies)

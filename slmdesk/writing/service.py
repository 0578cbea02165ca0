"""The writing service: corrects a text sentence by sentence, or rewrites it. Rules check the model's answers.

This service stores nothing in the history: the caller owns a text and its changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there, write_out
from slmdesk.base.record import changed
from slmdesk.base.translation import DETECTED, language_of
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.evaluation.exams import Skill, is_weak
from slmdesk.library.reading import rewritten, units_from
from slmdesk.loader.model_loader import ModelLoader, Words, ask_once
from slmdesk.models.service import ModelService, able, is_starter
from slmdesk.runtime.service import Runtime, Service, Slices, pending_on_file_thread, sliced
from slmdesk.text.checks.words import tongue
from slmdesk.text.preserved import without_chatter
from slmdesk.text.sentences import SURE, detect
from slmdesk.text.writing import (
    MOST_SENTENCE,
    Edit,
    Passage,
    answer_in,
    denies_otherwise,
    doubts_of,
    edits_of,
    facts_beside,
    goes_on_small,
    is_shortened,
    passages,
    reason_of,
)
from slmdesk.writing.files import DocumentText, tracked_payload
from slmdesk.writing.rereading import Rereading
from slmdesk.writing.types import (
    MOST_REWRITTEN,
    MOST_TEXT,
    SHORTENED_BELOW,
    Change,
    Correction,
    CorrectRequest,
    DocumentRequest,
    RewriteRequest,
    Rewriting,
    Task,
    Version,
    correction_step,
    is_as_long_as_asked,
    rewriting_steps,
)

LEAST_TOLD = 8
"""Fewest words of a paragraph whose language is detected. A shorter paragraph has the language of the whole text."""


class WritingService(Service):
    """Service that corrects and rewrites texts. Service thread."""

    def __init__(self, runtime: Runtime, models: ModelService, loader: ModelLoader, reader: ChildClient) -> None:
        super().__init__(runtime)
        self._models, self._loader, self._reader = models, loader, reader

    @sliced
    def correct(
        self, request: CorrectRequest, report: Callable[[Sequence[Change]], object] | None = None
    ) -> Slices[Correction]:
        """Correct a text. Progress is reported as pairs: sentences done, sentences in all.

        `report` is called on the service thread with the changes of a sentence as soon as they are known, in any order.
        Ends with a Problem `writing.empty`, `writing.too_long`, `writing.language`, `language.unknown`, `model.…` or of
        the engine.
        """
        text = request.text
        language = _language(text, request.language, MOST_TEXT)
        record = able(self._models.choose(request.model))
        sentences = list(passages(text, language))
        yield
        spoken = _Languages(text, language, is_told=not request.language)
        asked: dict[tuple[str, str], list[Passage]] = {}
        for passage in sentences:
            if passage.end - passage.start <= MOST_SENTENCE:
                asked.setdefault((passage.asked(text), spoken.of(passage)), []).append(passage)
            yield
        is_marked_only = is_weak(record, (Skill.CORRECT,))
        changes: dict[Passage, Sequence[Change]] = {}
        steps = list(asked)
        read: list[tuple[Passage, Rereading, int]] = []

        def compare(number: int, words: Words) -> list[dict[str, Json]]:
            if number >= len(steps):
                passage, rereading, at = read[number - len(steps)]
                rereading.take(at, words)
                tell(passage, rereading)
                return []
            sentence, spoken_in = steps[number]
            more: list[dict[str, Json]] = []
            for passage in asked[steps[number]]:
                said = answer_in(words.text, sentence, is_heading=passage.is_heading) if not words.is_cut else ""
                if said:
                    made = changes_in(text, passage, said, spoken_in, is_marked_only=is_marked_only)
                    rereading = Rereading(text, made, spoken_in)
                    read.extend((passage, rereading, at) for at in range(len(rereading.steps)))
                    more += rereading.steps
                    tell(passage, rereading)
            return more

        def tell(passage: Passage, rereading: Rereading) -> None:
            if (some := rereading.changes) is not None:
                changes[passage] = some
                if report is not None and some:
                    report(some)

        if steps:
            yield ask_once(self._loader, record, [correction_step(*step) for step in steps], compare)
        made = [change for passage in sentences for change in changes.get(passage) or ()]
        unanswered = tuple(passage.line for passage in sentences if changes.get(passage) is None)
        return Correction(text, tuple(made), language, len(sentences), unanswered)

    @sliced
    def correct_document(self, request: DocumentRequest) -> Slices[Correction]:
        """Correct a Word file and save a copy with tracked changes. The lines of the correction are paragraphs.

        Ends with the Problems of `correct`, `document.…`, `file.…` or `disk.full`; then nothing is written.
        """
        payload = tracked_payload(request.path)
        document = DocumentText.of((yield from units_from(self._service_thread, self._reader, payload)))
        correction = yield self.correct(CorrectRequest(document.text, request.language, request.model))
        correction = document.settled(correction)
        target = request.target
        if target is None:
            return correction
        data, refused = yield from rewritten(
            self._service_thread, self._reader, payload, document.answers(correction.changes)
        )
        if is_there(target) and not request.may_replace:
            raise KnownError("file.exists", path=str(target))
        yield pending_on_file_thread(self._service_thread, lambda: write_out(target, data), name="writing")
        return document.without(correction, refused)

    @sliced
    def rewrite(self, request: RewriteRequest) -> Slices[Rewriting]:
        """Rewrite a text. If the result is not as short or long as requested, the model is asked once more.

        Ends with the same Problems as `correct`, `writing.weak_model`, `writing.no_version`, `writing.not_shorter` or
        `writing.not_longer`.
        """
        language = _language(request.text, request.language, MOST_REWRITTEN)
        record = able(self._models.choose(request.model))
        if is_starter(record) or is_weak(record, (Skill.LANGUAGE,), 0):
            raise KnownError("writing.weak_model", name=record.name)
        words = yield ask_once(self._loader, record, rewriting_steps(request, language))
        versions = yield from _versions(words, request, language)
        if not versions:
            again = changed(request, again=request.again + 1)  # by chance, since the likeliest words gave nothing
            steps = rewriting_steps(again, language, is_counted=request.task in _NOT_AS_LONG)
            words = yield ask_once(self._loader, record, steps)
            versions = yield from _versions(words, request, language, below=1.0)
        if not versions:
            raise KnownError(_NOT_AS_LONG.get(request.task, "writing.no_version"))
        return Rewriting(request.text, tuple(versions), language, len(words))


class _Languages:
    def __init__(self, text: str, language: str, *, is_told: bool) -> None:
        self._text, self._language, self._is_told = text, language, is_told
        self._known: dict[tuple[int, int], str] = {}

    def of(self, passage: Passage) -> str:
        if not self._is_told:
            return self._language
        if passage.paragraph not in self._known:
            words = self._text[passage.paragraph[0] : passage.paragraph[1]]
            detected, sure = detect(words, DETECTED) if len(words.split()) >= LEAST_TOLD else (None, 0.0)
            self._known[passage.paragraph] = detected if detected and sure >= SURE else self._language
        return self._known[passage.paragraph]


def changes_in(
    text: str, passage: Passage, answer: str, language: str, *, is_marked_only: bool = False
) -> list[Change]:
    sentence = passage.of(text)
    edits = [edit for edit in edits_of(sentence, answer) if not is_shortened(sentence, edit, language)]
    above = text[: passage.start]
    edits = [edit for edit in edits if not goes_on_small(above, sentence, edit, language)]
    doubts = doubts_of(sentence, edits, language)
    return [
        Change(
            Edit(passage.start + edit.start, passage.start + edit.end, edit.new),
            edit.old(sentence),
            passage.line + sentence.count("\n", 0, edit.start),
            reason_of(sentence, edit),
            doubt or ("model" if is_marked_only else ""),
            (passage.start, passage.end),
        )
        for edit, doubt in zip(edits, doubts, strict=True)
    ]


def _language(text: str, requested: str, most: int) -> str:
    """Return the requested or detected language of a text. Raises KnownError `writing.…`, `language.unknown`."""
    if not text.strip():
        raise KnownError("writing.empty")
    if len(text) > most:
        raise KnownError("writing.too_long", characters=len(text), most=most)
    if requested:
        return language_of(requested).code
    language = detect(text[:20_000], DETECTED)[0] or tongue(text)
    if not language:
        raise KnownError("writing.language")
    return language


def _cleaned(answer: str, request: RewriteRequest) -> str:
    """Return a rewritten text without the model's comments. A continuation does not repeat the text it continues."""
    text = without_chatter(request.text, answer).strip()
    if request.task is Task.CONTINUE:
        text = text.removeprefix(request.text.strip()).strip()
    return text


_NOT_AS_LONG = {Task.SHORTEN: "writing.not_shorter", Task.EXPAND: "writing.not_longer"}


def _versions(
    words: Sequence[Words], request: RewriteRequest, language: str, below: float = SHORTENED_BELOW
) -> Slices[list[Version]]:
    versions: list[Version] = []
    for word in words:
        text = _cleaned(word.text, request)
        is_new = text and all(edits_of(each, text) for each in (request.text, *(each.text for each in versions)))
        if is_new and is_as_long_as_asked(request, text, language, below):
            versions.append(_version(text, request, language, is_cut=word.is_cut))
        yield
    return versions


def _version(text: str, request: RewriteRequest, language: str, *, is_cut: bool) -> Version:
    added, missing = facts_beside(request.text, text, language)
    if request.task is Task.CONTINUE:
        return Version(text, tuple(added), is_cut=is_cut)
    others = tuple((edit.start, edit.end) for edit in edits_of(text, request.text) if edit.end > edit.start)
    edits, denies = tuple(edits_of(request.text, text)), denies_otherwise(request.text, text, language)
    return Version(text, tuple(added), tuple(missing), edits, is_cut, others, denies)

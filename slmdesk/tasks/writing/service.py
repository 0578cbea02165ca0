"""The writing service: corrects a text sentence by sentence, or rewrites it. Rules check the model's answers.

Nothing of this is stored unless `keep` is called: the caller owns a text and its changes. A kept text is an item of
kind `writing`, with one message, so that the history searches, shows and exports it like a chat. Undecided changes are
in the item's settings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_same_file, is_there, write_out
from slmdesk.base.protocol import stored_list
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import Item, Status
from slmdesk.base.runtime.events import ItemChanged, Pending
from slmdesk.base.runtime.service import Runtime, Service, Slices, pending_on_file_thread, sliced
from slmdesk.base.text.markup import word_spans
from slmdesk.base.text.sentences import detect, language_in
from slmdesk.base.text.words import tongue
from slmdesk.base.texts import _
from slmdesk.base.translation import DETECTED, language_of
from slmdesk.base.types import Json, Origin, Role, TextPart
from slmdesk.chat.conversation import title_from
from slmdesk.children.client import ChildClient
from slmdesk.documents.reading import rewritten, units_from
from slmdesk.models.abilities import Ability, may
from slmdesk.models.loader.model_loader import ModelLoader, Words, ask_once
from slmdesk.models.service import ModelService, able
from slmdesk.tasks.translation.preserved import without_chatter
from slmdesk.tasks.writing.doubts import denied, doubts_of, facts_beside
from slmdesk.tasks.writing.edits import Edit, applied, edits_of
from slmdesk.tasks.writing.files import (
    DOCUMENTS,
    SUFFIXES,
    TEXTS,
    DocumentText,
    OpenedText,
    WriteRequest,
    WrittenWord,
    changes_between,
    checked_text,
    read_text,
    tracked_payload,
    words_in,
    write_text,
)
from slmdesk.tasks.writing.passages import MOST_SENTENCE, Passage, answer_in, passages
from slmdesk.tasks.writing.spelling.service import SpellingService
from slmdesk.tasks.writing.types import (
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

_LARGE_BEHIND_COMMA = frozenset(("en", "fr", "nl"))
"""Languages in which a letter begins with a capital behind the comma of its salutation."""
KIND = "writing"
TITLE = 60


class WritingService(Service):
    """Service that corrects, rewrites, opens, saves and keeps texts. Service thread."""

    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        loader: ModelLoader,
        reader: ChildClient,
        spelling: SpellingService,
    ) -> None:
        super().__init__(runtime)
        self._models, self._loader, self._reader, self._spelling = models, loader, reader, spelling

    @sliced
    def correct(
        self, request: CorrectRequest, report: Callable[[Sequence[Change]], object] = lambda _changes: None
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

        @cache
        def spoken_in(paragraph: tuple[int, int]) -> str:
            return request.language or language_in(text[slice(*paragraph)], language)

        languages = {passage: spoken_in(passage.paragraph) for passage in sentences}
        asked: dict[tuple[str, str], list[Passage]] = {}
        for passage in sentences:
            if passage.end - passage.start <= MOST_SENTENCE:
                asked.setdefault((passage.asked(text), languages[passage]), []).append(passage)
            yield
        is_marked_only = not may(record, Ability.LETTER)
        changes: dict[Passage, Sequence[Change]] = {}
        steps = list(asked)

        def take(number: int, words: Words) -> list[dict[str, Json]]:
            sentence, spoken = steps[number]
            for passage in () if words.is_cut else asked[steps[number]]:
                if said := answer_in(words.text, sentence, is_heading=passage.is_heading):
                    some = changes_in(text, passage, said, spoken, is_marked_only=is_marked_only)
                    changes[passage] = some
                    report(some)
            return []

        if steps:
            yield ask_once(self._loader, record, [correction_step(*step) for step in steps], take)
        made = [change for passage in sentences for change in changes.get(passage, ())]
        unanswered = tuple(passage.line for passage in sentences if passage not in changes)
        left = yield from self._left_misspelled(text, languages, made)
        if left:
            report(left)
        made = sorted([*made, *left], key=lambda change: change.edit.start)
        return Correction(text, tuple(made), language, len(sentences), unanswered)

    def _left_misspelled(
        self, text: str, spoken: Mapping[Passage, str], made: Sequence[Change]
    ) -> Slices[list[Change]]:
        """Return the dictionary's first suggestion for each misspelled word that no change touches."""
        touched = {at for change in made for at in range(change.edit.start, change.edit.end)}
        words: dict[str, list[tuple[Passage, Edit]]] = {}
        for passage, language in spoken.items():
            for start, end in word_spans(passage.of(text)):
                if touched.isdisjoint(range(passage.start + start, passage.start + end)):
                    words.setdefault(language, []).append((passage, Edit(start, end, passage.of(text)[start:end])))
            yield
        left: list[Change] = []
        for language, some in words.items():
            mended = yield self._spelling.mended(sorted({word.new for _, word in some}), language)
            left += [
                _change(text, passage, Edit(word.start, word.end, mended[word.new]), "dictionary")
                for passage, word in some
                if word.new in mended
            ]
        return left

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
        if not may(record, Ability.LETTER):
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

    @sliced
    def open_file(self, path: Path) -> Slices[OpenedText]:
        """Open a Word, OpenDocument, Markdown or plain text document as a text.

        Ends with a Problem `document.…`, `file.…`, `writing.empty`, `writing.encoding`, `writing.too_long` or
        `writing.unknown_format`.
        """
        kind = path.suffix.lower()
        if kind in TEXTS:
            opened: OpenedText = yield pending_on_file_thread(
                self._service_thread, lambda: read_text(path), name="writing"
            )
            return opened
        if kind not in DOCUMENTS:
            raise KnownError("writing.unknown_format", path=path.name, known=" ".join(SUFFIXES))
        parts = yield from units_from(self._service_thread, self._reader, tracked_payload(str(path)))
        words, left = yield from words_in(parts)
        return OpenedText(checked_text(words), path, left=left)

    def write_file(self, request: WriteRequest) -> Pending[Path]:
        """Save a text to a file and return its path. An existing file is replaced.

        Ends with a Problem `file.…` or `disk.full`, `file.is_source` if a document would be replaced by its words.
        """
        return pending_on_file_thread(self._service_thread, lambda: write_text(request), name="writing")

    @sliced
    def write_into(self, request: WriteRequest) -> Slices[WrittenWord]:
        """Save a copy of the Word file that the text came from, with every difference as a tracked change.

        Undecided changes are tracked too, except those with words. Ends with a Problem as `write_file`, `document.…`,
        or `writing.file_changed` if the words of the file have changed since.
        """
        source, target = request.source, request.target
        if source is None or source.path.suffix.lower() != ".docx":
            raise KnownError("request.invalid", what=_("the text is of no Word file"))
        if is_there(target) and is_same_file(source.path, target):
            raise KnownError("file.is_source", path=str(target))
        payload = tracked_payload(str(source.path))
        parts = yield from units_from(self._service_thread, self._reader, payload)
        if (yield from words_in(parts))[0] != source.text:
            raise KnownError("writing.file_changed", path=source.path.name)
        document = DocumentText.of(parts)
        sure = [edit for edit, words in request.changes if not words]
        made = changes_between(document, applied(request.text, sure))
        data, refused = yield from rewritten(
            self._service_thread, self._reader, payload, document.answers(made.changes)
        )
        yield pending_on_file_thread(self._service_thread, lambda: write_out(target, data), name="writing")
        lost = sum(document.refused(change, refused) for change in made.changes)
        return WrittenWord(target, len(made.changes) - lost, made.lost + lost)

    def keep(self, text: str, item: str = "", changes: Sequence[Change] = ()) -> str:
        """Store a text and its undecided changes, by their positions in the text. `item` is the item it was stored as
        before, which is changed.

        Returns the item's id, or "" if nothing is stored: there are no words, the setting `writing_history` is off, or
        the history is read-only. Raises KnownError store.*.
        """
        if not text.strip() or not self._settings.current.writing_history or self._store.read_only:
            return ""
        title = title_from(text[: 4 * TITLE], TITLE)
        parts = (TextPart(text, Origin.PERSON),)
        with self._store.together():
            old = self._there(item)
            if old is None:
                old = self._store.items.add(KIND, title, settings={"auto_title": title})
                self._store.messages.add(old.id, parent=None, role=Role.USER, parts=parts, status=Status.COMPLETE)
            else:
                if old.title == old.settings.get("auto_title") and title != old.title:
                    self._store.items.rename(old.id, title)
                    self._store.items.change_settings(old.id, auto_title=title)
                message = self._store.messages.of_item(old.id)[0]
                if message.parts != parts:
                    self._store.messages.change_parts(message.id, parts)
                self._store.items.touch(old.id)
            stored: list[Json] = [to_json(change) for change in changes]
            self._store.items.change_settings(
                old.id, changes=stored or None, changes_of=_digest(text) if stored else None
            )
        self._publish(ItemChanged(self._store.items.get(old.id)))
        return old.id

    def kept(self, item: str) -> tuple[str, Sequence[Change]]:
        """Return the text of an item and its undecided changes. The text is "" if the item is in the trash or gone.

        Raises KnownError store.*.
        """
        record = self._there(item)
        if record is None:
            return "", ()
        messages = self._store.messages.of_item(record.id)
        text = messages[0].words if messages else ""
        is_same = record.settings.get("changes_of") == _digest(text)  # an older program may have changed it since
        return text, _fitting(text, record.settings.get("changes")) if is_same else ()

    def earlier(self, limit: int = 20) -> list[Item]:
        return self._store.items.page(KIND, limit=limit)

    def _there(self, item: str) -> Item | None:
        if not item:
            return None
        try:
            record = self._store.items.get(item)
        except KnownError as err:
            if err.code != "item.unknown":
                raise
            return None  # deleted for good meanwhile
        if record.kind != KIND or record.deleted_at is not None:
            return None
        return record


def changes_in(
    text: str, passage: Passage, answer: str, language: str, *, is_marked_only: bool = False
) -> list[Change]:
    sentence = passage.of(text)
    edits = edits_of(sentence, answer)
    if text[: passage.start].rstrip().endswith(",") and language not in _LARGE_BEHIND_COMMA:
        edits = [edit for edit in edits if edit.start or edit.old(sentence).lower() != edit.new.lower()]
    doubts = doubts_of(sentence, edits, language)
    return [
        _change(text, passage, edit, doubt or ("model" if is_marked_only else ""))
        for edit, doubt in zip(edits, doubts, strict=True)
    ]


def _change(text: str, passage: Passage, edit: Edit, doubt: str) -> Change:
    sentence = passage.of(text)
    return Change(
        Edit(passage.start + edit.start, passage.start + edit.end, edit.new),
        edit.old(sentence),
        passage.line + sentence.count("\n", 0, edit.start),
        doubt,
        (passage.start, passage.end),
    )


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
    edits = tuple(edits_of(request.text, text))
    denies = denied(request.text, language) != denied(text, language)
    return Version(text, tuple(added), tuple(missing), edits, is_cut, others, denies)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _fitting(text: str, stored: Json) -> Sequence[Change]:
    changes: list[Change] = []
    for change in stored_list(Change, stored):
        at = changes[-1].edit.end if changes else 0
        if change.edit.start >= at and change.edit.old(text) == change.old:
            changes.append(change)
    return tuple(changes)

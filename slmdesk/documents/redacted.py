"""Redact a document: find private words, write a copy without the chosen words, and check the copy.

The reader child reads and writes (tasks.redact). Nothing of a document is stored here. Service thread.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from slmdesk.base.documents import PageBox
from slmdesk.base.errors import KnownError
from slmdesk.base.files import SHARED_FILE, is_same_file, write_new
from slmdesk.base.protocol import in_pieces, stored_from, stored_list
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.service import Runtime, Service, Slices, in_slices, pending_on_file_thread
from slmdesk.base.text.sentences import detect
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.children.client import ChildClient
from slmdesk.documents.finds import (
    FoundWord,
    InnerPicture,
    Looked,
    RedactionPreview,
    Remark,
    remarks_from,
)
from slmdesk.documents.private_words import private_words, whole_text
from slmdesk.documents.reading import file_from_reader, sent, start_reader
from slmdesk.documents.redaction_key import key_file, pairs_for, pairs_in
from slmdesk.documents.scan import look_at
from slmdesk.models.loader.model_loader import ModelLoader, Words, ask_once
from slmdesk.models.service import ModelService, able
from slmdesk.redact import BAR, Find, Kind, Listed
from slmdesk.redact.asking import finds_in, pages_of, turns_about
from slmdesk.redact.finding import WORD, name_words
from slmdesk.tasks.jobs.runner import step_of

MOST_SHOWN = 5
FEWEST_PARAMETERS = 1_000_000_000
"""Of a model that is asked without being named: smaller ones name words that are no names."""
MOST_NAMES = 5_000
MOST_NAME = 200


class RedactionService(Service):
    """Redacts documents, and keeps the person's list of names that are always found. Service thread."""

    def __init__(self, runtime: Runtime, reader: ChildClient, models: ModelService, loader: ModelLoader) -> None:
        super().__init__(runtime)
        self._reader, self._models, self._loader = reader, models, loader

    def names(self) -> tuple[Listed, ...]:
        return tuple(self._store.redactions.names())

    def change_names(self, names: Sequence[Listed]) -> tuple[Listed, ...]:
        """Replace the user's list of names. Blank and repeated names are dropped.

        Raises KnownError `request.invalid` for names that are too long or too many, and store.*.
        """
        kept = {words: changed(name, words=words) for name in names if (words := " ".join(name.words.split()))}
        if len(kept) > MOST_NAMES or any(len(words) > MOST_NAME for words in kept):
            raise KnownError(
                "request.invalid",
                what=_("at most {most_names:,} names of {most_name} characters").format(
                    most_names=MOST_NAMES, most_name=MOST_NAME
                ),
            )
        self._store.redactions.keep_names(tuple(kept.values()))
        return self.names()

    def preview(self, path: Path, *, password: str = "", listed: Sequence[Listed] = ()) -> Pending[RedactionPreview]:
        """Search a document for private words. Nothing is written. `listed` adds names to those of the user's own list.

        Reports protocol.Progress in pages. Problems: `document.no_redactor`, and those of reading.
        """
        return in_slices(self._service_thread, self._looking(path.absolute(), password, (*self.names(), *listed)))

    def give_out(self, preview: RedactionPreview, request: RedactionRequest) -> Pending[GivenOut]:
        """Write a copy without the words of the request, check the copy, and then give it its name.

        An existing file is never replaced. A cancel leaves nothing behind. Problems: `redaction.left` if a word is
        still found, `redaction.changed`, `redaction.nothing`, `file.exists`, `disk.full` … Raises KnownError
        `file.is_source`.
        """
        for target in filter(None, (request.target, request.key)):
            if is_same_file(preview.path, target):
                raise KnownError("file.is_source", path=str(target))
        return in_slices(self._service_thread, self._giving_out(preview, request))

    def restore(self, path: Path, key: Path, passphrase: str, target: Path, *, password: str = "") -> Pending[GivenOut]:
        """Write a copy of a redacted document in which the key's original words are back. The document may have been
        edited since it was redacted.

        Problems: `redaction.key_wrong`, `redaction.key_damaged`, `redaction.nothing`, `file.exists` …
        """
        return in_slices(self._service_thread, self._restoring(path.absolute(), key, passphrase, target, password))

    def _looking(self, path: Path, password: str, listed: tuple[Listed, ...]) -> Slices[RedactionPreview]:
        stop = threading.Event()
        file = yield self._on_file_thread(lambda: look_at(path, stop), stop)
        shown: list[tuple[str, str]] = []
        others: list[tuple[str, str]] = []
        pictures: list[object] = []
        seen: list[list[Find]] = []

        def on_partial(value: Mapping[str, Any]) -> None:
            pictures.append(value.get("picture"))
            for text in stored_list(dict, value.get("texts")):
                if isinstance(text.get("text"), str):
                    texts = shown if text.get("is_shown") else others
                    texts.append((str(text.get("place", ""))[:300], text["text"]))
                    seen.append(stored_list(Find, text.get("seen")))

        payload: dict[str, Json] = {"path": str(path), "password": password}
        about = yield start_reader(
            self._service_thread, self._reader, "private_texts", payload, on_partial, tells_progress=True
        )[1]
        people = [str(name) for name in about.get("people") or ()]
        words: tuple[FoundWord, ...] = yield self._on_file_thread(
            lambda: private_words(shown, others, people, listed, seen), stop
        )
        looked = Looked(tuple(shown), tuple(others), tuple(people), listed, tuple(map(tuple, seen)))
        return RedactionPreview(
            path,
            file.sha256,
            str(about.get("format", "")),
            tuple(word for word in words if word.is_there),
            remarks_from(about.get("removed")),
            remarks_from(about.get("unsure")),
            whole_text([*shown, *others]),
            tuple(word for word in words if not word.is_there),
            tuple(stored_list(tuple[float, float], about.get("pages"))),
            tuple(stored_list(InnerPicture, pictures)),
            looked=looked,
        )

    def model_for(self, requested: str | None) -> ModelRecord | None:
        """Return the model that is asked what else is private: the one requested, else the usual one if it is large
        enough. Raises KnownError `model.unknown`, `model.wrong_kind`.
        """
        if requested is not None:
            return able(self._models.choose(requested))
        with suppress(KnownError):
            record = able(self._models.choose(None))
            parameters = record.header.get("parameters")
            return record if isinstance(parameters, int) and parameters >= FEWEST_PARAMETERS else None
        return None

    def ask(self, preview: RedactionPreview, record: ModelRecord) -> Pending[RedactionPreview]:
        """Ask a model what else is private in what the document shows, a page at a time.

        Reports Asked after each page, with all that is found so far, which a cancel leaves as it is. Problems:
        `model.…`, `child.died`.
        """
        return in_slices(self._service_thread, self._asking(preview, record))

    def _asking(self, preview: RedactionPreview, record: ModelRecord) -> Slices[RedactionPreview]:
        stop, looked = threading.Event(), preview.looked
        language = detect(preview.text)[0] or ""
        seen = [list(some) for some in looked.seen]
        pages = [
            (number, *page) for number, (__, text) in enumerate(looked.shown) for page in pages_of(text)
        ]  # fmt: skip
        for done, (number, start, end) in enumerate(pages, 1):
            page = looked.shown[number][1][start:end]
            answers: list[Words] = yield ask_once(self._loader, record, [step_of(*turns_about(page))])
            finds = finds_in(answers[0].text, page, language)
            if finds:
                seen[number] += (changed(find, start=find.start + start, end=find.end + start) for find in finds)
                words: tuple[FoundWord, ...] = yield self._on_file_thread(
                    lambda: private_words(looked.shown, looked.others, looked.people, looked.listed, seen), stop
                )
                preview = changed(preview, found=tuple(word for word in words if word.is_there))
            yield Asked(done, len(pages), preview)
        return preview

    def _giving_out(self, preview: RedactionPreview, request: RedactionRequest) -> Slices[GivenOut]:
        if not (request.words or request.has_any_by_hand):
            raise KnownError("redaction.nothing", path=preview.path.name)
        check_boxes(preview, request.boxes)
        by_hand: dict[str, Json] = {
            "boxes": [*map(to_json, request.boxes)], "pictures": list(request.pictures)
        }  # fmt: skip
        stop = threading.Event()
        file = yield self._on_file_thread(lambda: look_at(preview.path, stop), stop)
        if file.sha256 != preview.sha256:
            raise KnownError("redaction.changed", path=preview.path.name)
        substitutes = request.substitutes and preview.format not in ("pdf", "picture")
        words = (*request.words, *_surnames_in_firms(preview, request.words))
        pairs: tuple[tuple[str, str], ...] = yield self._on_file_thread(
            lambda: pairs_for(
                preview.text, words, substitutes=substitutes, unseen={word.words for word in preview.unseen}
            ),
            stop,
        )
        payload: dict[str, Json] = {
            "path": str(preview.path), "password": request.password, "format": preview.format,
            "resolution": request.resolution, "text_layer": request.text_layer, **by_hand,
        }  # fmt: skip
        data, about = yield from self._written(payload, pairs)
        counts = _counts(about, len(pairs))
        if not (any(counts) or request.has_any_by_hand):
            raise KnownError("redaction.nothing", path=preview.path.name)
        yield from self._checked(preview, data, [original for original, __ in pairs], by_hand)
        key = request.key if substitutes else None
        yield self._on_file_thread(lambda: _save(data, pairs, request, key), stop)
        gone = {original for (original, __), count in zip(pairs, counts, strict=True) if count}
        gone |= {word.words for word in preview.found if word.is_there}
        gone |= yield self._on_file_thread(lambda: _said_in(preview.text, request.words), stop)
        counted = Counter(kind for kind, words in request.words if words in gone)
        return GivenOut(
            request.target, len(data), hashlib.sha256(data).hexdigest(), tuple(counted.items()),
            remarks_from(about.get("removed")), remarks_from(about.get("unsure")), key,
            len(request.boxes), len(request.pictures),
        )  # fmt: skip

    def _restoring(self, path: Path, key: Path, passphrase: str, target: Path, password: str) -> Slices[GivenOut]:
        stop = threading.Event()
        pairs: tuple[tuple[str, str], ...] = yield self._on_file_thread(lambda: pairs_in(key, passphrase), stop)
        back = [(substitute, original) for original, substitute in pairs]
        payload: dict[str, Json] = {"path": str(path), "password": password, "restore": True}
        data, about = yield from self._written(payload, back)
        counts = _counts(about, len(back))
        if not any(counts):
            raise KnownError("redaction.nothing", path=path.name)
        yield self._on_file_thread(lambda: write_new(target, data, SHARED_FILE), stop)
        digest = hashlib.sha256(data).hexdigest()
        return GivenOut(target, len(data), digest, ((Kind.OTHER, sum(counts)),), (), ())

    def _written(
        self, payload: Mapping[str, Json], pairs: Iterable[tuple[str, str]]
    ) -> Slices[tuple[bytes, Mapping[str, Any]]]:
        steps = (
            (str(number), {"original": original, "substitute": substitute})
            for number, (original, substitute) in enumerate(pairs)
        )
        return file_from_reader(self._service_thread, self._reader, "redact", payload, steps, tells_progress=True)

    def _checked(
        self, preview: RedactionPreview, data: bytes, originals: Sequence[str], by_hand: Mapping[str, Json]
    ) -> Slices[None]:
        """Let the reader child search the new file for removed words, and look into its boxes. Raises KnownError
        `redaction.left` if something is found.
        """

        def steps() -> Iterator[tuple[str, dict[str, Json]]]:
            for number, original in enumerate(originals):
                yield f"o{number}", {"original": original}
            for at, piece in enumerate(in_pieces(data)):
                yield f"d{at}", {"data": piece}

        payload: dict[str, Json] = {"format": preview.format, **by_hand}
        job, checking = start_reader(
            self._service_thread, self._reader, "check_redacted", payload, lambda _value: None, tells_progress=True
        )
        about = yield from sent(job, checking, steps())
        left = stored_from(list, about.get("left"))
        if left is None:
            raise KnownError("child.protocol", reason="check_redacted")
        if left:
            places = dict.fromkeys(str(place) for _kind, place in stored_list(tuple[Any, Any], left))
            place = ", ".join([*places][:MOST_SHOWN]) or preview.path.name
            raise KnownError("redaction.left", path=preview.path.name, count=len(left), place=place)

    def _on_file_thread(self, work: Any, stop: threading.Event) -> Pending[Any]:
        return pending_on_file_thread(self._service_thread, work, cancel=stop.set, name="redaction")


def check_boxes(preview: RedactionPreview, boxes: Iterable[PageBox]) -> None:
    """Raises KnownError `redaction.no_boxes`, `document.no_page`, `redaction.box_outside`."""
    for box in boxes:
        if not preview.pages:
            raise KnownError("redaction.no_boxes", path=preview.path.name)
        if not 1 <= box.page <= len(preview.pages):
            raise KnownError("document.no_page", path=preview.path.name, number=box.page, total=len(preview.pages))
        if not (0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1):
            raise KnownError("redaction.box_outside", number=box.page)


def _save(data: bytes, pairs: Sequence[tuple[str, str]], request: RedactionRequest, key: Path | None) -> None:
    """Write the key file first, then the copy: without the key, a copy with replacements could not be restored. Either
    both files are written or none.
    """
    if key is not None:
        leading = [pair for pair in pairs if pair[1] != BAR]
        write_new(key, key_file(leading, request.passphrase, document_sha256=hashlib.sha256(data).hexdigest()))
    try:
        write_new(request.target, data, SHARED_FILE)
    except BaseException:
        if key is not None:
            key.unlink(missing_ok=True)
        raise


def _counts(about: Mapping[str, Any], expected: int) -> list[int]:
    counts = stored_list(int, about.get("counts"))
    if len(counts) != expected:
        raise KnownError("child.protocol", reason=_("redact"))
    return counts


def _surnames_in_firms(preview: RedactionPreview, words: Sequence[tuple[Kind, str]]) -> Iterator[tuple[Kind, str]]:
    """Yield the surnames of removed people that stand in firms that stay: "Quarbelsen" of "Quarbelsen Verlag GmbH"."""
    rows, removed = {row.words for row in preview.found}, {name for __, name in words}
    firms = {word for row in preview.found if row.kind is Kind.FIRM and row.words not in removed
             for word in WORD.findall(row.words)}  # fmt: skip
    people = (name_words(name) for kind, name in words if kind is Kind.PERSON)
    yield from dict.fromkeys((Kind.PERSON, parts[-1]) for parts in people if parts and parts[-1] in firms - rows)


def _said_in(text: str, words: Iterable[tuple[Kind, str]]) -> set[str]:
    """Return the words that a text says, also those that a longer find took with it."""
    plain = " ".join(text.split())
    return {original for __, original in words if original in plain}


class Asked(Record):
    """How many pages a model was asked about, and what is found by then."""

    done: int
    total: int
    preview: RedactionPreview


class RedactionRequest(Record):
    words: tuple[tuple[Kind, str], ...]
    target: Path
    substitutes: bool = False
    """Whether to use natural words instead of bars. Ignored for PDFs and pictures, whose pages are drawn with bars."""
    key: Path | None = None
    passphrase: str = ""
    resolution: int = 150
    """Pixels per inch of a PDF's pages."""
    text_layer: bool = False
    password: str = ""
    boxes: tuple[PageBox, ...] = ()
    """Rectangles on pages that become black, whatever is there."""
    pictures: tuple[str, ...] = ()
    """Digests of pictures inside the document that become black."""

    @property
    def has_any_by_hand(self) -> bool:
        return bool(self.boxes or self.pictures)


class GivenOut(Record):
    target: Path
    bytes: int
    sha256: str
    replaced: tuple[tuple[Kind, int], ...]
    """How many finds of each kind were removed, as they are counted before; each may have stood in many places."""
    removed: tuple[Remark, ...]
    unsure: tuple[Remark, ...]
    key: Path | None = None
    boxes: int = 0
    pictures: int = 0

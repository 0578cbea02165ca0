"""Redact a document: find private words, write a copy without the chosen words, and check the copy.

The reader child reads and writes (tasks.redact). Nothing of a document is stored here. Service thread.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
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
from slmdesk.base.sealing import SealBroken, seal, unseal
from slmdesk.base.text.folding import fold
from slmdesk.base.text.sentences import detect
from slmdesk.base.text.terms import ENDINGS, fits, spans_of
from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import Json, told_place
from slmdesk.children.client import ChildClient
from slmdesk.documents.reading import file_from_reader, sent, start_reader
from slmdesk.documents.scan import look_at
from slmdesk.models.loader.model_loader import ModelLoader, Words, ask_once
from slmdesk.models.service import ModelService, able
from slmdesk.redact import BAR, RANK, Certainty, Find, Finder, Kind, Listed
from slmdesk.redact.asking import finds_in, pages_of, turns_about
from slmdesk.redact.finding import INSIDE, WORD, WordIndex, WordList, all_by, find_private, name_words
from slmdesk.redact.table import LEAST_HELD, table_for
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
        for target in (request.target, *((request.key,) if request.key else ())):
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
            tuple(word for word in words if word.count or word.is_author),
            remarks_from(about.get("removed")),
            remarks_from(about.get("unsure")),
            whole_text([*shown, *others]),
            tuple(word for word in words if not (word.count or word.is_author)),
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
                preview = changed(preview, found=tuple(word for word in words if word.count or word.is_author))
            yield Asked(done, len(pages), preview)
        return preview

    def _giving_out(self, preview: RedactionPreview, request: RedactionRequest) -> Slices[GivenOut]:
        if not (request.words or request.boxes or request.pictures):
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
        if not (any(counts) or request.boxes or request.pictures):
            raise KnownError("redaction.nothing", path=preview.path.name)
        yield from self._checked(preview, data, [original for original, __ in pairs], by_hand)
        key = request.key if substitutes else None
        yield self._on_file_thread(lambda: _save(data, pairs, request, key), stop)
        gone = {original for (original, __), count in zip(pairs, counts, strict=True) if count}
        gone |= {word.words for word in preview.found}
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


class Place(Record):
    place: str
    before: str
    words: str
    after: str


class FoundWord(Record):
    kind: Kind
    words: str
    count: int
    """How often the words appear in the readable text. 0 if they appear only as an author of the file, or nowhere."""
    certainty: Certainty
    places: tuple[Place, ...] = ()
    is_author: bool = False
    by: tuple[Finder, ...] = ()
    is_chosen: bool = True
    """Whether removing the words is proposed. Uncertain finds are not proposed."""


def _said_in(text: str, words: Iterable[tuple[Kind, str]]) -> set[str]:
    """Return the words that a text says, also those that a longer find took with it."""
    plain = " ".join(text.split())
    return {original for __, original in words if original in plain}


class Remark(Record):
    kind: str
    """Kind of the remark, such as "macros", "picture" or "embedded"."""
    place: str


class InnerPicture(Record):
    """A picture inside a document, such as a photo or a signature in a letter."""

    place: str
    digest: str
    width: int
    height: int
    small: str
    """A small PNG as base64. Empty if none could be made."""


class Looked(Record):
    """What was looked through, so that what a model says can be added."""

    shown: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    people: tuple[str, ...] = ()
    listed: tuple[Listed, ...] = ()
    seen: tuple[tuple[Find, ...], ...] = ()


class RedactionPreview(Record):
    path: Path
    sha256: str
    format: str
    found: tuple[FoundWord, ...]
    removed: tuple[Remark, ...]
    unsure: tuple[Remark, ...]
    text: str
    unseen: tuple[FoundWord, ...] = ()
    """Words of the user's list that the text does not contain. The copy is checked for them all the same."""
    pages: tuple[tuple[float, float], ...] = ()
    """Width and height of the pages on which boxes can be drawn: points of a PDF, pixels of a picture."""
    pictures: tuple[InnerPicture, ...] = ()
    looked: Looked = Looked()


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


def remarks_from(untrusted: Json) -> tuple[Remark, ...]:
    return tuple(Remark(remark.kind[:40], remark.place[:300]) for remark in stored_list(Remark, untrusted))


FINDER_LABELS: dict[Finder, str] = {
    Finder.LIST: _("list"),
    Finder.RULE: _("rule"),
    Finder.SMALL: _("finder"),
    Finder.MODEL: _("model"),
}
NO_MODEL = _("No language model of a billion parameters looks too: names that stand alone may be missed.")
KIND_LABELS: dict[Kind, tuple[str, str]] = {
    Kind.PERSON: (_("name"), _("names")),
    Kind.FIRM: (_("company"), _("companies")),
    Kind.EMAIL: (_("mail address"), _("mail addresses")),
    Kind.PHONE: (_("phone number"), _("phone numbers")),
    Kind.IBAN: (_("bank account"), _("bank accounts")),
    Kind.CARD: (_("card number"), _("card numbers")),
    Kind.NUMBER: (_("tax or personal number"), _("tax and personal numbers")),
    Kind.REFERENCE: (_("file or customer number"), _("file and customer numbers")),
    Kind.BIRTH: (_("date of birth"), _("dates of birth")),
    Kind.ADDRESS: (_("address"), _("addresses")),
    Kind.WEB: (_("web address"), _("web addresses")),
    Kind.OTHER: (_("other"), _("others")),
}
_REMOVED = {
    "thumbnail": _("small preview pictures"), "signature": _("signatures, which would no longer be right"),
    "macros": _("macros"), "control": _("controls with programs"), "printer": _("settings of printers"),
    "embedded": _("files inside the document that cannot be looked into"), "link": _("links to templates and other "
                                                                                     "files"),
    "formula": _("formulas that held words; their values stay"), "picture": _("pictures that cannot be cleaned"),
    "chosen_picture": _("what chosen pictures show"),
    "sound": _("sounds and films"), "custom_xml": _("data of other programs"), "damaged": _("damaged parts"),
    "versions": _("older versions kept in the file"), "settings": _("settings of the program"),
    "properties": _("properties of the file"), "bookmarks": _("bookmarks"), "program": _("programs"),
    "annotations": _("comments and fields as such; what they show is drawn on the page"),
    "mail_route": _("which way the mail took, and by which programs"), "header": _("headers that could not be written"),
}  # fmt: skip
_UNSURE = {
    "picture": _("Pictures: words in them are not seen"), "encoding": _("The letters: how they are encoded is a guess"),
    "letters": _("Pages with letters that only look like letters"),
    "page_without_words": _("Pages without words, such as scans"),
    "finder": _("Names and addresses: the small finder does not run on this system"),
}  # fmt: skip
_MOST_PLACES = 6


def label_of(kind: Kind, count: int) -> str:
    return KIND_LABELS[kind][count != 1]


def counted_by_hand(boxes: int, pictures: int) -> list[str]:
    """Return what a person drew and chose, such as "2 boxes": the same words in the window, the report, the command."""
    counted = ((boxes, ngettext("1 box", "{n:,} boxes", boxes)),
               (pictures, ngettext("1 picture", "{n:,} pictures", pictures)))  # fmt: skip
    return [words for count, words in counted if count]


def removed_lines(remarks: Sequence[Remark]) -> list[str]:
    return _lines(remarks, _REMOVED)


def unsure_lines(remarks: Sequence[Remark]) -> list[str]:
    return _lines(remarks, _UNSURE)


def _lines(remarks: Sequence[Remark], words: dict[str, str]) -> list[str]:
    places: dict[str, list[str]] = {}
    for remark in remarks:
        places.setdefault(remark.kind, []).append(remark.place)
    lines = []
    for kind, spots in places.items():
        named = [*dict.fromkeys(name for name in spots if name)]
        shown = ", ".join(map(told_place, named[:_MOST_PLACES])) + (
            _(" and {count:,} more").format(count=len(named) - _MOST_PLACES) if len(named) > _MOST_PLACES else ""
        )
        said = words.get(kind, kind.replace("_", " "))
        lines.append(f"{said[0].upper()}{said[1:]}" + (f" ({shown})" if shown else ""))
    return lines


MOST_PLACES = 3
AROUND = 40
"""Characters of text that are shown on each side of a find."""
MOST_CHARACTERS = 8_000_000
_NO_PERSON = frozenset(
    ("user", "admin", "administrator", "author", "windows user", "microsoft office user", "unknown", "(anonymous)",
     "openpyxl", "python-docx", "apache poi", "libreoffice", "office", "word", "excel", "powerpoint")
)  # fmt: skip
"""Names that programs write as the author, and that are no person."""
Texts = Sequence[tuple[str, str]]
"""Position and text of each page or part."""


def whole_text(texts: Texts) -> str:
    """Return the whole text of a document. Raises KnownError `document.too_large`."""
    text = "\n\n".join(part for __, part in texts)
    if len(text) > MOST_CHARACTERS:
        raise KnownError("document.too_large", path="", bytes=len(text), limit=MOST_CHARACTERS)
    return text


def private_words(
    shown: Texts,
    others: Texts,
    people: Iterable[str],
    listed: Sequence[Listed],
    seen: Sequence[Sequence[Find]] = (),
) -> tuple[FoundWord, ...]:
    """Return the private words in the text that a document shows, and in hidden text of its file. They are sorted by
    kind, those that one finder alone has before the others, then the most frequent first. Occurrences in shown text are
    counted, or in hidden text if there are none. Words of the list that appear nowhere have the count 0. `seen` is what
    other finders take for private in each of the texts.
    """
    texts = [(place, part.replace("\u00ad", "")) for place, part in (*shown, *others)]  # without optional hyphens
    text, shown_end = whole_text(texts), sum(len(part) + 2 for __, part in texts[: len(shown)])
    begins, at = [], 0
    for __, part in texts:
        begins.append(at)
        at += len(part) + 2
    grouped: dict[tuple[Kind, str], list[Find]] = {}
    language = detect(text)[0] or ""
    small = [
        changed(find, start=begin + find.start, end=begin + find.end)
        for begin, some in zip(begins, seen, strict=False)
        for find in some
        if text[begin + find.start : begin + find.end] == find.text
    ]
    finds = _found(text, listed, language, small)
    for find in finds:
        words = " ".join(find.text.split())
        if any(letter.isalnum() for letter in words):
            grouped.setdefault((find.kind, words), []).append(find)
    rows = []
    looked = _Seen(text, language, texts, begins, shown_end)
    for (kind, words), some in grouped.items():
        certainty = max((find.certainty for find in some), key=RANK.__getitem__)
        row = looked.row(kind, words, [(find.start, find.end) for find in some], certainty)
        rows.append(changed(row, by=all_by(*some)))
    own: dict[str, FoundWord] = {}
    for row in _own_words(looked, listed, finds):
        if row.is_chosen or row.words.casefold() not in own:
            own[row.words.casefold()] = row
    surer = {words for words, row in own.items() if row.is_chosen}
    rows = [row for row in rows if row.is_chosen or row.words.casefold() not in surer]
    known = {word.words.casefold() for word in rows}
    rows += [row for words, row in own.items() if words not in known]
    known |= own.keys()
    for name in people:
        if name.casefold() not in known and name.casefold() not in _NO_PERSON:
            count = len(occurrences(text[:shown_end], name))
            rows.append(FoundWord(Kind.PERSON, name, count, Certainty.LIKELY, is_author=True, by=(Finder.RULE,)))
    order = {kind: number for number, kind in enumerate(Kind)}
    return tuple(sorted(rows, key=lambda word: (order[word.kind], len(word.by) > 1, -word.count, word.words)))


def _found(text: str, listed: Sequence[Listed], language: str, seen: Sequence[Find]) -> tuple[Find, ...]:
    """Return the finds of the rules and of the others. A listed word is also found with another ending, but not in
    compounds or as the beginning of a longer word: a copy with such replacements could not be restored.
    """
    finds = find_private(text, language=language, listed=listed, others=seen)
    names = [entry.words for entry in listed]
    words = {find.text for find in finds if find.reason == "list" and find.text.isalpha()}
    odd = [word for word in words if not any(_is_form(word, name, language) for name in names)]
    if not odd:
        return finds
    kept = [entry for entry in listed if not any(spans_of(word, entry.words, language) for word in odd)]
    return find_private(text, language=language, listed=kept, others=seen)


def _is_form(word: str, name: str, language: str) -> bool:
    word, name = fold(word), fold(name)
    return fits(word, name, language) if language in ENDINGS else word in (name, f"{name}s", f"{name}es", f"{name}ens")


class _Seen(Record):
    text: str
    language: str
    texts: Texts
    begins: Sequence[int]
    shown_end: int

    def row(self, kind: Kind, words: str, spans: Sequence[tuple[int, int]], certainty: Certainty) -> FoundWord:
        places = tuple(_place(self.text, *span, self.texts, self.begins) for span in spans[:MOST_PLACES])
        count = sum(start < self.shown_end for start, __ in spans) or len(spans)
        return FoundWord(
            kind, words, count, certainty, places, is_chosen=certainty is not Certainty.UNSURE, by=(Finder.LIST,)
        )


def _own_words(seen: _Seen, listed: Sequence[Listed], finds: Sequence[Find]) -> Iterator[FoundWord]:
    """Yield the words of the user's list, and parts of the names on it, as they are searched when a copy is written.

    Longer words that contain them count as uncertain. So do names in small letters only, which may be other words.
    """
    kinds = {entry.words: entry.kind for entry in listed}
    for entry in listed:
        if entry.kind is Kind.PERSON:
            kinds |= {part: entry.kind for part in name_words(entry.words) if part not in kinds}
    spans: dict[int, list[tuple[int, int, bool]]] = {}
    searched = WordList(kinds)
    for (__, piece), begin in zip(seen.texts, seen.begins, strict=True):
        for start, end, number, is_whole in searched.seen(piece):
            spans.setdefault(number, []).append((begin + start, begin + end, is_whole))
    taken = [find for find in finds if find.certainty is not Certainty.UNSURE]
    starts = [find.start for find in taken]
    for number, (words, kind) in enumerate(kinds.items()):
        sure: dict[str, list[tuple[int, int]]] = {words: []}
        unsure: dict[str, list[tuple[int, int]]] = {}
        may_be_small = kind is not Kind.PERSON or not words.isalpha() or words.islower()
        for start, end, is_whole in spans.get(number, ()):
            at = bisect_right(starts, start) - 1
            is_taken = at >= 0 and end <= taken[at].end and taken[at].kind is kind
            is_sure = may_be_small or not seen.text[start:end].islower()
            if is_taken or (is_whole and is_sure):
                sure[words].append((start, end))
                continue
            start, end = _longer(seen.text, start, end)
            longer = seen.text[start:end]
            rows = sure if is_sure and _is_form(longer, words, seen.language) else unsure
            rows.setdefault(longer, []).append((start, end))
        for one_form, some in sure.items():
            if some or not unsure:
                yield seen.row(kind, one_form, some, Certainty.SURE)
        if not sure[words] or len(words) < INSIDE:  # otherwise it is replaced inside longer words too
            for longer, some in unsure.items():
                yield seen.row(kind, longer, some, Certainty.UNSURE)


def _longer(text: str, start: int, end: int) -> tuple[int, int]:
    while start and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and text[end].isalpha():
        end += 1
    return start, end


def occurrences(text: str, words: str) -> list[tuple[int, int]]:
    """Return the positions of words, ignoring case and the kind and number of blanks."""
    parts = [re.escape(word) for word in words.split()]
    if not parts:
        return []
    joined = r"\s+".join(parts)
    return [match.span() for match in re.finditer(rf"(?<!\w){joined}(?!\w)", text, re.IGNORECASE)]


def added_word(text: str, words: str) -> FoundWord:
    """Return a word that a person adds, with its positions in the text. Raises KnownError `request.invalid`."""
    words = " ".join(words.split())
    if len(words) < 2 or not any(letter.isalnum() for letter in words):
        raise KnownError("request.invalid", what=_("a word of less than two letters"))
    spans = occurrences(text, words)
    places = tuple(_place(text, start, end, (), ()) for start, end in spans[:MOST_PLACES])
    return FoundWord(Kind.OTHER, words, len(spans), Certainty.SURE, places)


def _place(text: str, start: int, end: int, texts: Texts, begins: Sequence[int]) -> Place:
    at = bisect_right(begins, start) - 1
    place = texts[at][0] if texts else ""
    first = begins[at] if texts else 0
    last = begins[at + 1] - 2 if at + 1 < len(begins) else len(text)  # not into the next part
    before, after = text[max(first, start - AROUND) : start], text[end : min(last, end + AROUND)]
    return Place(place, _one_line(before), _one_line(text[start:end]), _one_line(after))


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def pairs_for(
    text: str, words: Sequence[tuple[Kind, str]], *, substitutes: bool, unseen: Container[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Return pairs of original and replacement for everything to be removed, including its other forms in the text.

    `unseen` are words that the text does not contain. They are replaced by bars.

    Raises KnownError `redaction.conflict`, `redaction.ambiguous`, `redaction.no_substitute`.
    """
    barred = {original: BAR for __, original in words if not substitutes or original in unseen}
    finds = [Find(kind, 0, 0, original, Certainty.SURE, "list") for kind, original in words if original not in barred]
    made = {
        original: substitute
        for entry in table_for("\n".join((text, *barred)), finds, others=barred)
        for original, substitute in entry.pairs
    }
    originals = [original for original in (*made, *barred) if len(original) >= LEAST_HELD]
    index = WordIndex(original.casefold() for original in originals)
    for substitute in made.values():
        if held := index.numbers_in(substitute.casefold()):
            raise KnownError("redaction.conflict", words=originals[held[0]])
    return tuple((made | barred).items())


FORMAT, VERSION = "slmdesk-redaction-key", 1
_N, _R, _P = 1 << 16, 8, 1
"""Parameters of scrypt: 64 MiB of memory, about 0.2 s."""
_MOST_MEMORY = 256 << 20
_MOST_N = 1 << 17
_SALT_BYTES = 16
MOST_BYTES = 64 << 20

Pairs = Sequence[tuple[str, str]]
"""Pairs of original and replacement."""


def key_file(pairs: Pairs, passphrase: str, *, document_sha256: str) -> bytes:
    """Return the content of a key file. Takes about 0.2 s. Raises KnownError `key.library_missing`."""
    salt = os.urandom(_SALT_BYTES)
    head = {
        "format": FORMAT, "version": VERSION,
        "kdf": {"name": "scrypt", "n": _N, "r": _R, "p": _P, "salt": base64.b64encode(salt).decode()},
    }  # fmt: skip
    inside = {"document_sha256": document_sha256, "pairs": [[original, substitute] for original, substitute in pairs]}
    key = _derived(passphrase, salt, _N, _R, _P)
    sealed = seal(key, json.dumps(inside, ensure_ascii=False).encode("utf-8", "replace"), _canonical(head))
    return json.dumps({**head, "sealed": base64.b64encode(sealed).decode()}, indent=1).encode() + b"\n"


def pairs_in(path: Path, passphrase: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs in a key file.

    Raises KnownError `redaction.key_damaged`, `redaction.key_wrong`, `file.missing`, `key.library_missing`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(path)) from err
    except OSError as err:
        raise KnownError("redaction.key_damaged", path=str(path)) from err
    try:
        shape = json.loads(data) if len(data) <= MOST_BYTES else None
        head, sealed, key = _opened(shape, passphrase)
    except (ValueError, TypeError, KeyError, binascii.Error) as err:
        raise KnownError("redaction.key_damaged", path=str(path)) from err
    try:
        inside: Any = json.loads(unseal(key, sealed, head))
    except SealBroken as err:
        raise KnownError("redaction.key_wrong", path=str(path)) from err
    return tuple((str(original), str(substitute)) for original, substitute in inside["pairs"])


def _opened(shape: Any, passphrase: str) -> tuple[bytes, bytes, bytes]:
    """Return the head that authenticates the encrypted part, the encrypted part, and the key. Raises ValueError,
    TypeError, KeyError.
    """
    if not isinstance(shape, Mapping) or shape["format"] != FORMAT or shape["version"] != VERSION:
        raise ValueError("format")
    about = shape["kdf"]
    n, r, p = about["n"], about["r"], about["p"]
    if about["name"] != "scrypt" or not all(type(number) is int for number in (n, r, p)):
        raise ValueError("kdf")
    if not (2 <= n <= _MOST_N and 1 <= r <= 16 and 1 <= p <= 4):  # a file must not use up all memory
        raise ValueError("kdf")
    salt = base64.b64decode(about["salt"], validate=True)
    head = {name: value for name, value in shape.items() if name != "sealed"}
    return _canonical(head), base64.b64decode(shape["sealed"], validate=True), _derived(passphrase, salt, n, r, p)


def _canonical(head: Mapping[str, Any]) -> bytes:
    return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()


def _derived(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MOST_MEMORY, dklen=32)

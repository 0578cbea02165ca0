"""Gives documents out redacted: looks through one, writes a copy without what is chosen, and looks through the copy.

The reader child reads and writes (tasks.redact); nothing of a document is kept here.  Service thread.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_same_file, write_new
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_from, stored_list
from slmdesk.children.client import ChildClient
from slmdesk.library.files import look_at
from slmdesk.library.reader_jobs import start_reader
from slmdesk.library.redacted.key import key_file, pairs_in
from slmdesk.library.redacted.types import (
    FoundWord,
    GivenOut,
    RedactionPreview,
    RedactionRequest,
    remarks_from,
)
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.text.redaction.types import BAR, Kind, Listed

PIECE_BYTES = 384 << 10
"""Of a file, in one line to the child: as base64 it has a third more, and a line has a MiB at most."""
MOST_SHOWN = 5


@dataclass(slots=True, eq=False)
class _Written:
    data: bytes
    about: Mapping[str, Any]


@dataclass(slots=True, eq=False)
class _Pieces:
    """What the reader child sends of a file.  Filled on a thread of the client."""

    pieces: list[bytes] = field(default_factory=list)
    is_broken: bool = False

    def take(self, value: Mapping[str, Any]) -> None:
        try:
            self.pieces.append(base64.b64decode(str(value.get("data", "")), validate=True))
        except (binascii.Error, ValueError):
            self.is_broken = True


class RedactedCopies:
    def __init__(
        self, service_thread: ServiceThread, reader: ChildClient, names: Callable[[], Sequence[Listed]]
    ) -> None:
        self._service_thread, self._reader, self._names = service_thread, reader, names

    def preview(self, path: Path, *, password: str = "", listed: Sequence[Listed] = ()) -> Pending[RedactionPreview]:
        """Look through a document; nothing is written.  `listed`: names besides those of the person's own list.

        Reports core.protocol.Progress in pages.  Problems: `document.no_redactor`, those of reading.
        """
        return in_slices(self._service_thread, self._looking(path.absolute(), password, (*self._names(), *listed)))

    def give_out(self, preview: RedactionPreview, request: RedactionRequest) -> Pending[GivenOut]:
        """Write a copy without the words of the request, look through it anew, and give it its name.

        An existing file is never replaced; a cancel leaves nothing.  Problems: `redaction.left` where a word is still
        found, `redaction.changed`, `redaction.nothing`, `file.exists`, `disk.full` …  Raises KnownError
        `file.is_source`.
        """
        for target in (request.target, *((request.key,) if request.key else ())):
            if is_same_file(preview.path, target):
                raise KnownError("file.is_source", path=str(target))
        return in_slices(self._service_thread, self._giving_out(preview, request))

    def restore(self, path: Path, key: Path, passphrase: str, target: Path, *, password: str = "") -> Pending[GivenOut]:
        """Write a copy in which the originals of a key stand again; it may have been changed meanwhile.

        Problems: `redaction.key_wrong`, `redaction.key_damaged`, `redaction.nothing`, `file.exists` …
        """
        return in_slices(self._service_thread, self._restoring(path.absolute(), key, passphrase, target, password))

    # ---- looking

    def _looking(self, path: Path, password: str, listed: tuple[Listed, ...]) -> Slices[RedactionPreview]:
        from slmdesk.library.redacted.finding import private_words, whole_text  # with all that finds

        stop = threading.Event()
        file = yield self._on_file_thread(lambda: look_at(path, stop), stop)
        shown: list[tuple[str, str]] = []
        others: list[tuple[str, str]] = []

        def on_partial(value: Mapping[str, Any]) -> None:
            for one in stored_list(dict, value.get("texts")):
                if isinstance(one.get("text"), str):
                    texts = shown if one.get("is_shown") else others
                    texts.append((str(one.get("place", ""))[:300], one["text"]))

        payload: dict[str, Json] = {"path": str(path), "password": password}
        about = yield start_reader(
            self._service_thread, self._reader, "private_texts", payload, on_partial, tells_progress=True
        )[1]
        people = [str(one) for one in about.get("people") or ()]
        found: tuple[FoundWord, ...] = yield self._on_file_thread(
            lambda: private_words(shown, others, people, listed), stop
        )
        return RedactionPreview(
            path, file.sha256, str(about.get("format", "")), tuple(one for one in found if one.count or one.is_author),
            remarks_from(about.get("removed")), remarks_from(about.get("unsure")), whole_text([*shown, *others]),
            tuple(one for one in found if not (one.count or one.is_author)),
        )  # fmt: skip

    # ---- writing

    def _giving_out(self, preview: RedactionPreview, request: RedactionRequest) -> Slices[GivenOut]:
        from slmdesk.library.redacted.finding import pairs_for

        if not request.words:
            raise KnownError("redaction.nothing", path=preview.path.name)
        stop = threading.Event()
        file = yield self._on_file_thread(lambda: look_at(preview.path, stop), stop)
        if file.sha256 != preview.sha256:
            raise KnownError("redaction.changed", path=preview.path.name)
        substitutes = request.substitutes and preview.format != "pdf"
        pairs: tuple[tuple[str, str], ...] = yield self._on_file_thread(
            lambda: pairs_for(
                preview.text, request.words, substitutes=substitutes, unseen={one.words for one in preview.unseen}
            ),
            stop,
        )
        payload: dict[str, Json] = {
            "path": str(preview.path), "password": request.password, "format": preview.format,
            "resolution": request.resolution, "text_layer": request.text_layer,
        }  # fmt: skip
        made = yield from self._written(payload, pairs)
        counts = _counts(made.about, len(pairs))
        if not any(counts):
            raise KnownError("redaction.nothing", path=preview.path.name)
        yield from self._checked(preview, made, [original for original, _ in pairs])
        key = request.key if substitutes else None
        yield self._on_file_thread(lambda: _save(made.data, pairs, request, key), stop)
        kinds = {words: kind for kind, words in request.words}
        counted = Counter[Kind]()
        for (original, _), count in zip(pairs, counts, strict=True):
            counted[kinds.get(original, _kind_of_form(original, request.words))] += count
        return GivenOut(
            request.target, len(made.data), hashlib.sha256(made.data).hexdigest(), tuple(counted.items()),
            remarks_from(made.about.get("removed")), remarks_from(made.about.get("unsure")), key,
        )  # fmt: skip

    def _restoring(self, path: Path, key: Path, passphrase: str, target: Path, password: str) -> Slices[GivenOut]:
        stop = threading.Event()
        pairs: tuple[tuple[str, str], ...] = yield self._on_file_thread(lambda: pairs_in(key, passphrase), stop)
        back = [(substitute, original) for original, substitute in pairs]
        payload: dict[str, Json] = {"path": str(path), "password": password, "restore": True}
        made = yield from self._written(payload, back)
        counts = _counts(made.about, len(back))
        if not any(counts):
            raise KnownError("redaction.nothing", path=path.name)
        yield self._on_file_thread(lambda: write_new(target, made.data), stop)
        digest = hashlib.sha256(made.data).hexdigest()
        return GivenOut(target, len(made.data), digest, ((Kind.OTHER, sum(counts)),), (), ())

    def _written(self, payload: Mapping[str, Json], pairs: Iterable[tuple[str, str]]) -> Slices[_Written]:
        pieces = _Pieces()
        job, making = start_reader(
            self._service_thread, self._reader, "redact", payload, pieces.take, tells_progress=True
        )
        try:
            for number, (original, substitute) in enumerate(pairs):
                if making.is_ended:
                    break
                job.step(str(number), {"original": original, "substitute": substitute})
                yield
            job.end_of_steps()
            about = yield making
        except BaseException:
            job.cancel()
            raise
        data = b"".join(pieces.pieces)
        if pieces.is_broken or hashlib.sha256(data).hexdigest() != about.get("sha256"):
            raise KnownError("child.protocol", reason="redact")
        return _Written(data, about)

    def _checked(self, preview: RedactionPreview, made: _Written, originals: Sequence[str]) -> Slices[None]:
        """Have the file that was made looked through.  Raises KnownError `redaction.left`."""
        payload: dict[str, Json] = {"format": preview.format}
        job, checking = start_reader(
            self._service_thread, self._reader, "check_redacted", payload, lambda _value: None, tells_progress=True
        )
        try:
            for number, original in enumerate(originals):
                job.step(f"o{number}", {"original": original})
                yield
            for at in range(0, len(made.data), PIECE_BYTES):
                if checking.is_ended:
                    break
                piece = base64.b64encode(made.data[at : at + PIECE_BYTES]).decode("ascii")
                job.step(f"d{at}", {"data": piece})
                yield
            job.end_of_steps()
            about = yield checking
        except BaseException:
            job.cancel()
            raise
        left = stored_from(list, about.get("left"))
        if left is None:
            raise KnownError("child.protocol", reason="check_redacted")
        if left:
            places = dict.fromkeys(str(place) for _kind, place in stored_list(tuple[Any, Any], left))
            place = ", ".join([*places][:MOST_SHOWN]) or preview.path.name
            raise KnownError("redaction.left", path=preview.path.name, count=len(left), place=place)

    def _on_file_thread(self, work: Any, stop: threading.Event) -> Pending[Any]:
        return pending_on_file_thread(self._service_thread, work, cancel=stop.set, name="redaction")


def _save(data: bytes, pairs: Sequence[tuple[str, str]], request: RedactionRequest, key: Path | None) -> None:
    """The key first: without it a copy with substitutes could not be led back.  Both are there, or neither."""
    if key is not None:
        leading = [one for one in pairs if one[1] != BAR]
        write_new(key, key_file(leading, request.passphrase, document_sha256=hashlib.sha256(data).hexdigest()))
    try:
        write_new(request.target, data)
    except BaseException:
        if key is not None:
            key.unlink(missing_ok=True)
        raise


def _counts(about: Mapping[str, Any], expected: int) -> list[int]:
    found = stored_list(int, about.get("counts"))
    if len(found) != expected:
        raise KnownError("child.protocol", reason="redact")
    return found


def _kind_of_form(original: str, words: Sequence[tuple[Kind, str]]) -> Kind:
    return next((kind for kind, one in words if original in one or one in original), Kind.PERSON)

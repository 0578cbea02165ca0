"""Opens documents, has the reader child read them, and stores, shows and searches their pages. Service thread."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from slmdesk.base.documents import READER_VERSION, DocumentInfo, Note, Page, is_recording
from slmdesk.base.errors import KnownError
from slmdesk.base.files import SHARED_FILE, is_same_file, write_new
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial, Progress, in_pieces, record_from
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.runtime.events import (
    DocumentChanged,
    DocumentGone,
    DocumentProgress,
    ItemChanged,
    Pending,
    ended,
    outcome,
)
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.runtime.service import (
    Runtime,
    Service,
    Slices,
    in_slices,
    on_file_thread,
    pending_on_file_thread,
)
from slmdesk.base.text.folding import folded_name, one_line
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.children.client import ChildClient
from slmdesk.claims.deadlines.places import PLACES
from slmdesk.claims.einvoices import Finding
from slmdesk.documents.reading import (
    PageImage,
    PageImages,
    Reading,
    ReadingQueue,
    ReadingQueues,
    file_from_reader,
    read_problem,
)
from slmdesk.documents.scan import DocumentFile, documents_in, look_at
from slmdesk.documents.search import MOST_PLACES, FoundPlaces, PlaceSearch, TextHit, search_texts, search_typed
from slmdesk.documents.types import RECEIPT, ReceiptChanged, attached, file_of, info_of, receipt_of, said_of
from slmdesk.history.store import Store
from slmdesk.tasks.jobs.einvoices import findings_of


class DocumentText(Record):
    info: DocumentInfo
    pages: tuple[Page, ...]


MOST_SCANS = 500
"""Most files of one searchable paper."""
MOST_SCAN_BYTES = 120 << 20
"""Most bytes of the parts of one searchable paper, which are in memory together."""


class SearchableCopy(Record):
    target: Path
    bytes: int


class DocumentService(Service):
    def __init__(
        self,
        runtime: Runtime,
        client: ChildClient,
        transcriber: Callable[[], ChildClient],
        ready: Callable[[ChildClient, Path, str], Mapping[str, Json]],
    ) -> None:
        """`transcriber`: the child that writes recordings down.  `ready` prepares it for one in a language, returns
        what else it must be told, and may raise KnownError.
        """
        super().__init__(runtime)
        self._client, self._transcriber, self._ready = client, transcriber, ready
        self._images = PageImages(runtime.service_thread, client, lambda: self._reading.is_busy)
        self._reading = ReadingQueues(
            ReadingQueue(runtime, lambda: client, lambda: self._images.asked, self._images.advance),
            ReadingQueue(runtime, transcriber, ready=self._ready_for),
        )
        self._opener = DocumentOpener(runtime, self._reading, self._images)
        self._going: dict[str, Pending[DocumentRecord]] = {}
        self._is_purging = False
        self._closed = False

    def open(
        self, path: Path, *, password: str = "", encoding: str = "", force: bool = False, at: float = 0.0,
        by_content: bool = False,
    ) -> Pending[DocumentRecord]:  # fmt: skip
        """Read a document, or reuse an earlier reading.  `at` is its place in the list, by time; now if it is 0.

        `encoding`: of a text, how its letters are stored; of a recording, the language spoken ("de").
        `by_content`: for a copy of a file that is in the list, the result is the document of that file.
        The same bytes are not read again by the same reader, unless `force` is set or another `encoding` is requested.
        Documents are read one after another, in the order of opening. The Problem `document.locked` means that a
        password is needed, `document.wrong_password` that another is needed: then open the document again with it. If
        cancelled, it ends with the Problem `document.stopped`.
        """
        request = OpenRequest(path, password, encoding, force, at=at or time.time(), by_content=by_content)
        return self._opener.open(request)

    def open_found(self, file: DocumentFile, *, collection: str, instead: str = "") -> Pending[DocumentRecord]:
        """Read a document of a folder in the background, after all documents that a person opened.

        `instead` is the id of a document of that folder whose file was renamed or moved to this file.
        """
        return self._opener.open_found(OpenRequest(file.path, collection=collection, instead=instead), file)

    def open_attachment(self, document: str, index: int) -> Pending[DocumentRecord]:
        """Read an attachment (DocumentInfo.attachments) as a document of its own.

        Raises KnownError `document.unknown`, and `request.invalid` if there is no such attachment.
        """
        parent = self._store.documents.get(document)
        if all(attachment.index != index for attachment in info_of(parent).attachments):
            raise KnownError("request.invalid", what="attachment")
        password = self._opener.passwords.get(parent.id, "")
        return self._opener.open(OpenRequest(file_of(parent), password, attachment=index, parent=parent.id))

    def make_ready(self) -> None:
        """Start the reader child now, because a document is about to be opened."""
        if not self._closed and not self._client.is_running:
            self._client.start("prepare", {"format": "pdf"}, lambda _event: None)

    def expand(self, paths: Sequence[Path]) -> Pending[list[Path]]:
        stop, given = threading.Event(), list(paths)
        return pending_on_file_thread(
            self._service_thread, lambda: documents_in(given, stop), cancel=stop.set, name="documents"
        )

    def with_text(self, documents: Sequence[str]) -> set[str]:
        """Return those of the documents of which words were read."""
        return self._store.documents.with_text(documents)

    def receive(self, document: str, day: str | None = None, place: str | None = None) -> None:
        """Remember when a document was received (ISO 8601, or empty), and whose law holds. None leaves it as it is.
        It holds for all copies of the file.

        Raises KnownError `document.unknown`, `request.invalid`.
        """
        if place not in (None, *PLACES):
            known = ", ".join(filter(None, PLACES))
            raise KnownError(
                "request.invalid", what=_("no place {place}; known are {known}").format(place=place, known=known)
            )
        record = self._store.documents.get(document)
        said = receipt_of(record)
        said = changed(said, day=said.day if day is None else day, place=said.place if place is None else place)
        for copy in self._store.documents.copies(record.id):
            info = {**self._store.documents.get(copy).info, RECEIPT: to_json(said)}
            self._store.documents.change(copy, info=info)
            self._publish(ReceiptChanged(copy))

    def read_folder(self, folder: Path, most: int) -> Pending[FolderRead]:
        """Read up to `most` documents of a folder. A document that cannot be read does not stop the others.

        Reports progress as (documents done, number of all, name of the next). Ends with `document.stopped` after a
        cancel.
        """

        def stop() -> None:
            reading.cancel()
            pending.end(problem_for(KnownError("document.stopped", path=str(folder))))

        reading = in_slices(self._service_thread, self._folder_read(folder, most))
        pending: Pending[FolderRead] = Pending(stop)
        reading.listen(pending.progress).then(pending.end)
        return pending

    def _folder_read(self, folder: Path, most: int) -> Slices[FolderRead]:
        paths: list[Path] = yield self.expand([folder])
        documents: list[str] = []
        failed = [(path.name, _("more than {most} documents").format(most=most)) for path in paths[most:]]
        total = min(len(paths), most)
        for done, path in enumerate(paths[:most]):
            yield done, total, path.name
            (opened,) = yield outcome(self.open(path))
            if isinstance(opened, Problem):
                failed.append((path.name, opened.sentence))
            else:
                documents.append(opened.id)
        return FolderRead(tuple(dict.fromkeys(documents)), tuple(failed), total)

    def check(self, document: str) -> Pending[bool]:
        """Check whether the file is unchanged since it was read. The result is True (unchanged), False (changed) or a
        Problem (the file is gone).

        Only size and time are compared. Raises KnownError `document.unknown`.
        """
        record = self._store.documents.get(document)

        def is_unchanged() -> bool:
            file = look_at(file_of(record), threading.Event(), hashed=False)
            return (file.bytes, file.mtime_ns) == (record.bytes, record.mtime_ns)

        return pending_on_file_thread(self._service_thread, is_unchanged, name="documents")

    def cancel(self, document: str) -> None:
        """Stop reading a document. The request that opened it ends with the Problem `document.stopped`."""
        self._reading.cancel(document)

    def is_reading(self, document: str) -> bool:
        return self._reading.find(document) is not None

    def recent(self, limit: int = 100) -> list[DocumentRecord]:
        """Return the documents that a person opened last. One whose reading was interrupted is shown as stopped."""
        records = self._store.documents.page(limit + len(self._going))
        return [self._as_it_is(document) for document in records if document.id not in self._going][:limit]

    def names(self) -> list[LibraryName]:
        return library_names(self._store)

    def document(self, id: str) -> DocumentRecord:
        """Return a document by its id or a unique beginning of it. Raises KnownError `document.unknown`."""
        return self._as_it_is(self._store.documents.get(id))

    def pages(self, document: str, *, begin: int = 1, limit: int = 100, with_text: bool = True) -> list[Page]:
        """Return the pages stored so far, from number `begin` on. Works also while the document is being read."""
        return self._store.pages.of_document(document, begin=begin, limit=limit, with_text=with_text)

    def findings(self, document: str) -> Sequence[Finding]:
        """Return what is wrong with a document's e-invoices. Raises KnownError `document.unknown`."""
        return findings_of(self._store, self._store.documents.get(document))

    def forget(self, document: str, *, with_folder: bool = False) -> Pending[DocumentRecord]:
        """Remove a document from the program. The file itself is not touched. The result is the removed record.

        A long document is removed step by step, and DocumentGone is published at the end. What was made of it alone
        goes into the trash. A document of a folder only
        leaves the list of recent documents, unless `with_folder`. This cannot be undone, so call it when *Undo* is no
        longer offered. Raises KnownError `document.unknown`, `store.…`.
        """
        record = self._store.documents.get(document)
        ident = record.id
        if pending := self._going.get(ident):
            return pending
        if record.collection and not with_folder:
            self._publish(DocumentChanged(self._store.documents.change(ident, opened=0.0)))
            return ended(record)
        self._reading.cancel(ident)
        self._images.forget(ident)
        self._opener.passwords.pop(ident, None)
        self._store.documents.change(ident, status=DocumentStatus.READING)  # if interrupted, it does not count as read
        pending = self._going[ident] = Pending()
        self._forget_more(record)
        return pending

    def _forget_more(self, record: DocumentRecord) -> None:
        try:
            if self._store.passages.forget_some(record.id) and not self._closed:
                self._service_thread.post(lambda: self._forget_more(record))
                return
            with self._store.together():
                results = self._store.documents.results_only_of([record.id])
                items = [self._store.items.trash(item) for item in results]
                self._store.documents.forget(record.id)
        except Exception as err:
            self._going.pop(record.id).end(problem_for(err))
            raise
        pending = self._going.pop(record.id)
        for item in items:
            self._publish(ItemChanged(item))
        self._publish(DocumentGone(record.id))
        self.purge_soon()
        pending.end(record)

    def purge_soon(self) -> None:
        """Purge removed documents from the history's copies soon. The delay lets one purge cover a whole folder."""
        if not self._is_purging:
            self._is_purging = True
            self._service_thread.post(self._purge)

    def _purge(self) -> None:
        self._is_purging = False
        if not self._going:  # otherwise the last removal purges
            self._store.purge()

    def write_searchable(self, files: Sequence[Path], target: Path, *, password: str = "") -> Pending[SearchableCopy]:
        """Write a PDF of these PDFs and pictures, in this order, in which scanned pages can be searched.

        An existing file is never replaced, and a cancel leaves nothing behind. Reports protocol.Progress in pages, of
        one file after another. Problems: `document.not_scanned`, `document.no_ocr`, those of reading, `file.exists`.
        Raises KnownError `file.is_source`, `request.invalid` for too many files.
        """
        if not 1 <= len(files) <= MOST_SCANS:
            raise KnownError("request.invalid", what="files")
        for file in files:
            if is_same_file(file, target):
                raise KnownError("file.is_source", path=str(target))
        writing = self._writing_searchable([file.absolute() for file in files], target, password)
        return in_slices(self._service_thread, writing)

    def page_image(
        self, document: str, number: int, width: int, *, marks: Sequence[tuple[int, int]] = ()
    ) -> Pending[PageImage | None]:
        """Render a page `width` pixels wide (0: only the boxes), with the boxes of these spans (`marks`) of its text.

        The result is None if the request was cancelled, as the oldest of too many requests are. Problems:
        `document.no_image` if the format has no images, `document.locked` if a password from an earlier run is needed
        again. Raises KnownError `document.unknown`.
        """
        record = self._store.documents.get(document)
        return self._images.request(
            record.id, record.sha256, record.name, self._opener.source(record), number, width, marks
        )

    def find(self, document: str, words: str, *, limit: int = MOST_PLACES, whole: bool = False) -> Pending[FoundPlaces]:
        """Find a phrase in a document, ignoring case, accents, line breaks and hyphens. `whole`: not in longer words.

        If cancelled, it ends with what was found so far. Raises KnownError `document.unknown`.
        """
        id = self._store.documents.get(document).id
        search = PlaceSearch(self._service_thread, self._store, id, words, limit, whole=whole)
        return pending_on_file_thread(self._service_thread, search.run, cancel=search.stop.set, name="find")

    def find_each(self, document: str, phrases: Sequence[tuple[str, bool]]) -> Pending[tuple[FoundPlaces, ...]]:
        """Find several phrases, each with its `whole`, as `find` does. The result has the places of each, in order."""
        id = self._store.documents.get(document).id
        searches = [
            PlaceSearch(self._service_thread, self._store, id, words, MOST_PLACES, whole=whole)
            for words, whole in phrases
        ]

        def stop() -> None:
            for search in searches:
                search.stop.set()

        def run() -> tuple[FoundPlaces, ...]:
            return tuple(search.run() for search in searches)

        return pending_on_file_thread(self._service_thread, run, cancel=stop, name="find")

    def search(self, words: str, limit: int = 50) -> list[TextHit]:
        return search_texts(self._store, words, limit)

    def search_typed(self, words: str, limit: int) -> list[TextHit]:
        """Return the newest passages that contain all of the words. The last word may be only the start of a word."""
        return search_typed(self._store, words, limit)

    def read(
        self, path: Path, *, password: str = "", encoding: str = "", attachment: int | None = None
    ) -> Pending[DocumentText]:
        """Read a document without storing anything, for the command line; all its pages are held in memory."""
        pages: dict[int, Page] = {}
        pending: Pending[DocumentText] = Pending(lambda: job.cancel())

        def on_event(event: FromChild) -> None:
            if isinstance(event, Partial):
                page = record_from(Page, event.value)
                pages[page.number] = page
            elif isinstance(event, Progress):
                self._publish(DocumentProgress("", event.done, event.total))
            elif isinstance(event, Done):
                ordered = tuple(pages[number] for number in sorted(pages))
                try:
                    pending.end(DocumentText(record_from(DocumentInfo, event.result), ordered))
                except KnownError:
                    pending.end(problem_for(KnownError("child.protocol", reason=_("facts"))))
            elif isinstance(event, Failed):
                pending.end(read_problem(str(path), event))
            elif isinstance(event, Cancelled):
                pending.end(problem_for(KnownError("document.stopped", path=str(path))))

        payload: dict[str, Json] = {
            "path": str(path.absolute()), "format": "", "password": password, "encoding": encoding,
            "attachment": attachment,
        }  # fmt: skip
        client = self._client
        if attachment is None and is_recording(path):
            client = self._transcriber()
            payload |= self._ready(client, path.absolute(), encoding)
        job = client.start("read", payload, lambda event: self._service_thread.post(lambda: on_event(event)))
        return pending

    def _writing_searchable(self, files: Sequence[Path], target: Path, password: str) -> Slices[SearchableCopy]:
        parts: list[bytes] = []
        for file in files:
            payload: dict[str, Json] = {"path": str(file), "password": password}
            data, _about = yield from file_from_reader(
                self._service_thread, self._client, "searchable", payload, (), tells_progress=True
            )
            parts.append(data)
            if sum(map(len, parts)) > MOST_SCAN_BYTES:
                size = sum(map(len, parts))
                raise KnownError("document.too_large", path=target.name, bytes=size, limit=MOST_SCAN_BYTES)
        if len(parts) > 1:
            data, _about = yield from file_from_reader(
                self._service_thread, self._client, "join_pages", {}, _steps_of(parts)
            )
        stop = threading.Event()
        yield pending_on_file_thread(
            self._service_thread, partial(write_new, target, data, SHARED_FILE), cancel=stop.set, name="searchable"
        )
        return SearchableCopy(target, len(data))

    def _ready_for(self, reading: Reading) -> Mapping[str, Json]:
        return self._ready(self._transcriber(), file_of(reading.record), str(reading.payload.get("encoding", "")))

    def close(self) -> None:
        self._closed = True
        self._reading.close()
        self._images.close()
        self._opener.close()

    def _as_it_is(self, record: DocumentRecord) -> DocumentRecord:
        if record.status is not DocumentStatus.READING or self.is_reading(record.id):
            return record
        args = {"path": record.name}
        return changed(record, status=DocumentStatus.FAILED, error_code="document.stopped", error_args=args)


def _steps_of(parts: Sequence[bytes]) -> Iterator[tuple[str, dict[str, Json]]]:
    for number, part in enumerate(parts):
        for at, piece in enumerate(in_pieces(part)):
            yield f"{number}.{at}", {"part": number, "data": piece}


MOST_NAME = 255


@dataclass(slots=True, eq=False)
class OpenRequest:
    path: Path
    password: str = ""
    encoding: str = ""
    force: bool = False
    attachment: int | None = None
    parent: str = ""
    collection: str | None = None
    """Id of the folder that the document is read for, in the background. It is then not among the recent documents."""
    instead: str = ""
    at: float = field(default_factory=time.time)
    by_content: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    copies: frozenset[str] = frozenset()
    """Documents with the same bytes, of other files that are still there."""
    document: str = ""
    pending: Pending[DocumentRecord] = field(default_factory=Pending)


class DocumentOpener(Service):
    def __init__(self, runtime: Runtime, reading: ReadingQueues, images: PageImages) -> None:
        super().__init__(runtime)
        self._reading, self._images = reading, images
        self.passwords: dict[str, str] = {}
        """Passwords of documents opened in this run, for rendering their pages. Never written to disk."""
        self._closed = False

    def open(self, request: OpenRequest) -> Pending[DocumentRecord]:
        """Examine the file and open it. If cancelled, it ends with the Problem `document.stopped`."""
        request.pending = Pending(partial(self._cancel, request))
        on_file_thread(
            self._service_thread,
            lambda: self._look(request),
            partial(self._looked, request),
            name="documents",
        )
        return request.pending

    def open_found(self, request: OpenRequest, file: DocumentFile) -> Pending[DocumentRecord]:
        request.pending = Pending(partial(self._cancel, request))
        self._looked(request, file)
        return request.pending

    def source(self, record: DocumentRecord) -> dict[str, Json]:
        parent, index, around = attached(record)
        password = self.passwords.get(record.id) or self.passwords.get(parent, "")
        source: dict[str, Json] = {"path": str(file_of(record)), "password": password}
        if index is not None:
            return source | {"attachment": [*around, index]}
        encoding = record.info.get("encoding", "")
        return source | {"format": record.format, "encoding": encoding}

    def close(self) -> None:
        self._closed = True
        self.passwords.clear()

    def _look(self, request: OpenRequest) -> DocumentFile:
        file = look_at(request.path, request.stop)
        same = self._service_thread.call(lambda: self._store.documents.find(sha256=file.sha256))
        others = ((document.id, file_of(document)) for document in same)
        request.copies = frozenset(
            id for id, path in others if os.path.lexists(path) and not is_same_file(path, file.path)
        )
        return file

    def _cancel(self, request: OpenRequest) -> None:
        request.stop.set()
        if request.document:
            self._reading.cancel(request.document)

    def _looked(self, request: OpenRequest, file: DocumentFile | Problem) -> None:
        if self._closed or request.stop.is_set():
            request.pending.end(problem_for(KnownError("document.stopped", path=str(request.path))))
        elif isinstance(file, Problem):
            request.pending.end(file)
        else:
            try:
                self._take_up(request, file)
            except KnownError as err:  # a full disk or a read-only history
                request.pending.end(problem_for(err))

    def _take_up(self, request: OpenRequest, file: DocumentFile) -> None:
        known = self._known(request, file)
        original = self._original(request, file) if known is None else None
        if known := known or original:
            request.document = known.id
            if known.status is DocumentStatus.READING and (reading := self._reading.find(known.id)):
                reading.waiting.append(request.pending)
                if request.collection:
                    info = {**known.info, "inode": file.inode}
                    reading.record = self._store.documents.change(known.id, collection=request.collection, info=info)
                else:
                    self._store.documents.change(known.id, opened=request.at)
                    self._reading.of(reading).hasten(reading)
                return
            if self._is_current(known, request, file):
                changes: dict[str, Any] = {}
                if original is None:
                    changes = {"path": os.fsencode(file.path), "mtime_ns": file.mtime_ns}
                    if not request.parent:
                        changes |= {"name": clean_label(file.path.name, MOST_NAME)}
                if request.collection:
                    changes |= {"collection": request.collection, "info": {**known.info, "inode": file.inode}}
                else:
                    changes["opened"] = request.at
                record = self._store.documents.change(known.id, **changes)
                if request.password:
                    self.passwords[record.id] = request.password
                self._publish(DocumentChanged(record))
                request.pending.end(record)
                return
        self._read(request, file, known if original is None else None)

    def _original(self, request: OpenRequest, file: DocumentFile) -> DocumentRecord | None:
        """Return the document in the list of whose file this is a copy, if that is to stand for it."""
        same = self._store.documents.find(sha256=file.sha256) if request.by_content and not request.force else []
        return next((
            document for document in same if document.opened and "attachment" not in document.info
            and (self._is_current(document, request, file) or self._reading.find(document.id))
        ), None)  # fmt: skip

    def _known(self, request: OpenRequest, file: DocumentFile) -> DocumentRecord | None:
        """Return this file's known record: by its path, else by its bytes; for a folder's document only by its path."""
        if request.instead:
            return self._store.documents.get(request.instead)
        here = self._store.documents.find(path=os.fsencode(file.path))
        same = [
            document
            for document in self._store.documents.find(sha256=file.sha256)
            if document.status is DocumentStatus.READ and document.id not in request.copies
        ]
        if request.parent:
            requested = (request.parent, request.attachment)
            return next((document for document in here if attached(document)[:2] == requested), None)
        others = [] if request.collection else [document for document in same if document.collection is None]
        return next((document for document in [*here, *others] if "attachment" not in document.info), None)

    @staticmethod
    def _is_current(known: DocumentRecord, request: OpenRequest, file: DocumentFile) -> bool:
        if request.force or known.status is not DocumentStatus.READ or known.reader != READER_VERSION:
            return False
        if request.encoding and known.info.get("encoding") != request.encoding:
            return False
        if Note.OCR_MISSING in info_of(known).notes and any(map(find_spec, ("onnxruntime", "tesserocr"))):
            return False  # installed since
        return known.sha256 == file.sha256

    def _read(self, request: OpenRequest, file: DocumentFile, known: DocumentRecord | None) -> None:
        was_changed = known is not None and known.sha256 != file.sha256
        info = said_of(known)
        name = file.path.name
        if request.parent:
            parent = self._store.documents.get(request.parent)
            __, index, around = attached(parent)
            about: dict[str, Json] = {"of": parent.id, "index": request.attachment}
            if index is not None:  # a mail inside a mail
                about |= {"inside": [*around, index], "parent": parent.name}
            info["attachment"] = about
            attachments = info_of(parent).attachments
            name = next((attachment.name for attachment in attachments if attachment.index == request.attachment), name)
        name = clean_label(name, MOST_NAME)  # the name comes from the file, so it is cleaned
        if request.collection:
            info["inode"] = file.inode
        if is_recording(file.path):
            info["encoding"] = request.encoding
        if known is None:
            record = self._store.documents.add(
                path=os.fsencode(file.path), name=name, sha256=file.sha256, format="",
                bytes=file.bytes, mtime_ns=file.mtime_ns, reader=READER_VERSION,
                opened=0.0 if request.collection else request.at,
            )  # fmt: skip
            if info:
                record = self._store.documents.change(record.id, info=info, collection=request.collection)
            for copy in self._store.documents.copies(record.id):
                if said := said_of(self._store.documents.get(copy)):
                    record = self._store.documents.change(record.id, info={**record.info, **said})
        else:
            folder = {"collection": request.collection} if request.collection else {"opened": request.at}
            record = self._store.documents.change(
                known.id, path=os.fsencode(file.path), name=name, sha256=file.sha256, bytes=file.bytes,
                mtime_ns=file.mtime_ns, reader=READER_VERSION, status=DocumentStatus.READING,
                error_code=None, error_args={}, info=info, **folder,
            )  # fmt: skip
            self._images.forget(record.id)
        request.document = record.id
        if request.password:
            self.passwords[record.id] = request.password
        seen: list[Json] = [file.bytes, file.mtime_ns, file.inode]  # the reader checks that it is still this file
        payload = {**self.source(record), "encoding": request.encoding, "format": "", "seen": seen}
        reading = Reading(record, payload, [request.pending], is_new=known is None, was_changed=was_changed)
        reading.is_background = request.collection is not None
        reading.is_recording = not request.parent and is_recording(file.path)
        reading.goes_on = known is not None and not was_changed and known.reader == READER_VERSION
        reading.goes_on &= known is not None and known.status is not DocumentStatus.READ
        if reading.is_recording and known is not None:
            reading.goes_on &= known.info.get("encoding", "") == request.encoding
        self._reading.of(reading).add(reading)


class FolderRead(Record):
    documents: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    """Documents that were not read: name of the file, and the reason."""
    total: int


class LibraryName(Record):
    id: str
    name: str
    folded: str
    folder: str = ""
    is_folder: bool = False


def library_names(store: Store) -> list[LibraryName]:
    """Return the folders, then the documents, the last opened first. Raises KnownError `store.…`."""
    present = [collection for collection in store.collections.all() if not collection.settings.get("going")]
    folders = {collection.id: collection.name for collection in present}
    names = [LibraryName(id, one_line(name), folded_name(name), is_folder=True) for id, name in folders.items()]
    for id, name, collection in store.documents.names():
        names.append(LibraryName(id, one_line(name), folded_name(name), folders.get(collection, "")))
    return names

"""The document service: opens documents, has them read by the reader child, stores, shows and searches their pages.
Service thread.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from slmdesk.base.documents import DocumentInfo, Page
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild, Partial, Progress
from slmdesk.base.record import Record, changed
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.types import Json
from slmdesk.base.wire import record_from
from slmdesk.children.client import ChildClient
from slmdesk.library.document_info import file_of, info_of
from slmdesk.library.events import DocumentChanged, DocumentGone, DocumentProgress
from slmdesk.library.files import DocumentFile, documents_in, look_at
from slmdesk.library.folder_reading import FolderRead, FolderReading
from slmdesk.library.names import LibraryName, library_names
from slmdesk.library.opening import DocumentOpener, OpenRequest
from slmdesk.library.page_images import PageImage, PageImages
from slmdesk.library.reading_queue import ReadingQueue, read_problem
from slmdesk.library.search import FoundPlaces, PlaceSearch, TextHit, search_texts, search_typed
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending, ended
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices
from slmdesk.text.passages.cut import PassageBuilder


class DocumentText(Record):
    info: DocumentInfo
    pages: tuple[Page, ...]


class DocumentService(Service):
    def __init__(self, runtime: Runtime, client: ChildClient) -> None:
        super().__init__(runtime)
        self._client = client
        self._images = PageImages(runtime.service_thread, client, lambda: self._reading.is_busy)
        self._reading = ReadingQueue(runtime, client, pictures=lambda: self._images.asked, on_idle=self._images.advance)
        self._opener = DocumentOpener(runtime, self._reading, self._images)
        self._going: dict[str, Pending[DocumentRecord]] = {}
        self._is_purging = False
        self._closed = False

    # ---- opening

    def open(
        self, path: Path, *, password: str = "", encoding: str = "", force: bool = False
    ) -> Pending[DocumentRecord]:
        """Have a document read, or reuse an earlier reading.

        The same bytes are not read again by the same reader, unless `force` is set or another `encoding` is requested.
        Documents are read one after another, in the order of opening.  The Problem `document.locked` asks for a
        password, `document.wrong_password` for another one: open the document again with it.  Cancelled, it ends with
        the Problem `document.stopped`.
        """
        return self._opener.open(OpenRequest(path, password, encoding, force))

    def open_found(self, found: DocumentFile, *, collection: str, instead: str = "") -> Pending[DocumentRecord]:
        """Read a document of a folder in the background, after everything a person opened.

        `instead`: the document of that folder whose file was renamed or moved to this one.
        """
        return self._opener.open_found(OpenRequest(found.path, collection=collection, instead=instead), found)

    def open_attachment(self, document: str, index: int) -> Pending[DocumentRecord]:
        """Read a document inside a document (DocumentInfo.attachments) as a document of its own.

        Raises KnownError `document.unknown`, and `request.invalid` where there is no such attachment.
        """
        parent = self._store.documents.get(document)
        if all(one.index != index for one in info_of(parent).attachments):
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

    def read_folder(self, folder: Path, most: int) -> Pending[FolderRead]:
        """Read up to `most` documents of a folder; one that cannot be read does not stop the others."""
        reading = FolderReading(self._service_thread, self.open, folder, most)
        self.expand([folder]).then(reading.begin)
        return reading.pending

    def check(self, document: str) -> Pending[bool]:
        """Check whether the file is as it was read (True), has changed (False), or is gone (a Problem).

        Only size and time are compared.  Raises KnownError `document.unknown`.
        """
        record = self._store.documents.get(document)

        def is_unchanged() -> bool:
            found = look_at(file_of(record), threading.Event(), hashed=False)
            return (found.bytes, found.mtime_ns) == (record.bytes, record.mtime_ns)

        return pending_on_file_thread(self._service_thread, is_unchanged, name="documents")

    def cancel(self, document: str) -> None:
        """Stop reading a document; whoever opened it gets the Problem `document.stopped`."""
        self._reading.cancel(document)

    def is_reading(self, document: str) -> bool:
        return self._reading.find(document) is not None

    # ---- what is here

    def recent(self, limit: int = 100) -> list[DocumentRecord]:
        """Return the documents a person opened last; one whose reading was interrupted is shown as stopped."""
        found = self._store.documents.page(limit + len(self._going))
        return [self._as_it_is(one) for one in found if one.id not in self._going][:limit]

    def names(self) -> list[LibraryName]:
        return library_names(self._store)

    def document(self, id: str) -> DocumentRecord:
        """Return a document by id or unique beginning of one.  Raises KnownError `document.unknown`."""
        return self._as_it_is(self._store.documents.get(id))

    def pages(self, document: str, *, begin: int = 1, limit: int = 100, with_text: bool = True) -> list[Page]:
        """Return the pages stored so far, from number `begin` on; also while the document is being read."""
        return self._store.pages.of_document(document, begin=begin, limit=limit, with_text=with_text)

    def forget(self, document: str, *, with_folder: bool = False) -> Pending[DocumentRecord]:
        """Remove a document from the program; the file itself is not touched.  The result is what it was.

        A long one is removed in pieces, and DocumentGone is published at the end.  A document of a folder only leaves
        the list of recent ones, unless `with_folder`.  There is no undo: call it when the time for undo is over.
        Raises KnownError `document.unknown`, `hold.document`, `store.…`; put on hold meanwhile, it is made whole again
        and the result is the Problem `hold.document`.
        """
        record = self._store.documents.get(document)
        found = record.id
        if pending := self._going.get(found):
            return pending
        if record.collection and not with_folder:
            self._publish(DocumentChanged(self._store.documents.change(found, opened=0.0)))
            return ended(record)
        self._store.holds.require_document_free(found)
        self._reading.cancel(found)
        self._images.forget(found)
        self._opener.passwords.pop(found, None)
        self._store.documents.change(found, status=DocumentStatus.READING)  # cut off here, it is not taken for whole
        pending = self._going[found] = Pending()
        self._forget_more(record)
        return pending

    def _forget_more(self, record: DocumentRecord) -> None:
        try:
            self._store.holds.require_document_free(record.id)  # one may have been set meanwhile
            if self._store.passages.forget_some(record.id) and not self._closed:
                self._service_thread.post(lambda: self._forget_more(record))
                return
            self._store.documents.forget(record.id)
        except Exception as err:
            problem = problem_for(err)
            if problem.code == "hold.document":
                taken_back = in_slices(self._service_thread, self._take_back(record))
                taken_back.then(lambda failed: self._going.pop(record.id).end(failed or problem))
                return
            self._going.pop(record.id).end(problem)
            raise
        pending = self._going.pop(record.id)
        self._publish(DocumentGone(record.id))
        self.purge_soon()
        pending.end(record)

    def _take_back(self, record: DocumentRecord) -> Slices[None]:
        """Make a document what it was before some of its passages were deleted, from its pages, which go last."""
        while self._store.passages.forget_some(record.id):
            yield
        passages, begin = PassageBuilder(record.id), 1
        while pages := self._store.pages.of_document(record.id, begin=begin):
            self._store.pages.save(record.id, (), [one for page in pages for one in passages.feed(page)])
            begin = pages[-1].number + 1
            yield
        self._store.pages.save(record.id, (), list(passages.finish()))
        self._publish(DocumentChanged(self._store.documents.change(record.id, status=record.status)))

    def purge_soon(self) -> None:
        """Purge removed documents from the copies of the history soon: once for a whole folder."""
        if not self._is_purging:
            self._is_purging = True
            self._service_thread.post(self._purge)

    def _purge(self) -> None:
        self._is_purging = False
        if not self._going:  # else the last of them does it
            self._store.purge()

    # ---- looking

    def page_image(
        self, document: str, number: int, width: int, *, marks: Sequence[tuple[int, int]] = ()
    ) -> Pending[PageImage | None]:
        """Render a page `width` pixels wide (0: only the boxes), with the boxes of spans of its text.

        None: it was cancelled, as the oldest of too many are.  Problems: `document.no_image` when the format has no
        images, `document.locked` when the password of an earlier run is needed again.  Raises KnownError
        `document.unknown`.
        """
        record = self._store.documents.get(document)
        return self._images.request(
            record.id, record.sha256, record.name, self._opener.source(record), number, width, marks
        )

    def find(self, document: str, words: str, *, limit: int = 1000) -> Pending[FoundPlaces]:
        """Find a phrase in a document, ignoring case, accents, line breaks and hyphens.

        Cancelled, it ends with what was found so far.  Raises KnownError `document.unknown`.
        """
        search = PlaceSearch(self._service_thread, self._store, self._store.documents.get(document).id, words, limit)
        return pending_on_file_thread(self._service_thread, search.run, cancel=search.stop.set, name="find")

    def search(self, words: str, limit: int = 50) -> list[TextHit]:
        return search_texts(self._store, words, limit)

    def search_typed(self, words: str, limit: int) -> list[TextHit]:
        """Return the newest passages that hold all of the words; the last word may be the beginning of one."""
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
                    pending.end(problem_for(KnownError("child.protocol", reason="facts")))
            elif isinstance(event, Failed):
                pending.end(read_problem(str(path), event))
            elif isinstance(event, Cancelled):
                pending.end(problem_for(KnownError("document.stopped", path=str(path))))

        payload: dict[str, Json] = {
            "path": str(path.absolute()), "format": "", "password": password, "encoding": encoding,
            "attachment": attachment,
        }  # fmt: skip
        job = self._client.start("read", payload, lambda event: self._service_thread.post(lambda: on_event(event)))
        return pending

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

"""The document service: opens documents, has them read by the reader child, stores, shows and searches their pages.
Service thread.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from slmdesk.client import ChildClient
from slmdesk.core.documents import READER_VERSION, Attachment, DocumentInfo, Page
from slmdesk.core.errors import KnownError
from slmdesk.core.labels import clean_label
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild, Partial, Progress
from slmdesk.core.records import DocumentRecord, DocumentStatus
from slmdesk.core.types import Json
from slmdesk.core.wire import dataclass_from
from slmdesk.services.base.events import Event, Problem
from slmdesk.services.base.file_thread import OnEnded, on_file_thread
from slmdesk.services.base.messages import problem_for
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.documents.events import DocumentChanged, DocumentGone, DocumentProgress
from slmdesk.services.documents.files import DocumentFile, documents_in, look_at
from slmdesk.services.documents.page_images import ImageRequest, OnImage, PageImages
from slmdesk.services.documents.reading_queue import OnOpened, Reading, ReadingQueue, read_problem
from slmdesk.services.documents.search import FoundPlaces, OnFound, PlaceSearch, TextHit, search_texts
from slmdesk.store import Store

MOST_NAME = 255
"""Characters of a document's name."""

__all__ = ["DocumentService", "DocumentText", "FoundPlaces", "Opening", "file_of", "info_of"]


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The text of a document that was read without being stored."""

    info: DocumentInfo
    pages: tuple[Page, ...]


OnRead = Callable[[DocumentText | Problem], None]


@dataclass(slots=True, eq=False)
class Opening:
    """A request to open a document; `DocumentService.cancel` cancels it."""

    path: Path
    ended: OnOpened
    password: str = ""
    encoding: str = ""
    format: str = ""
    anew: bool = False
    attachment: int | None = None
    parent: str = ""
    """The document whose attachment is wanted."""
    collection: str | None = None
    """The folder it is read for, in the background: it does not come to the documents opened last."""
    instead: str = ""
    """A document of the folder whose file this is now, under another name."""
    stop: threading.Event = field(default_factory=threading.Event)
    document: str = ""
    """The id, once it is known."""


class DocumentService:
    """Opens, reads, searches and removes documents.  Each callback is called once, on the service thread."""

    def __init__(
        self, service_thread: ServiceThread, store: Store, client: ChildClient, publish: Callable[[Event], None]
    ) -> None:
        self._service_thread, self._store, self._client, self._publish = service_thread, store, client, publish
        self._images = PageImages(service_thread, client, lambda: self._reading.is_busy)
        self._reading = ReadingQueue(
            service_thread, store, client, publish, pictures=lambda: self._images.asked, on_idle=self._images.advance
        )
        self._going: set[str] = set()
        """Documents that are being forgotten."""
        self._is_purging = False
        self._passwords: dict[str, str] = {}
        """Of documents opened in this run, for their pictures: never written anywhere."""
        self._closed = False

    # ---- opening

    def open(
        self,
        path: Path,
        ended: OnOpened,
        *,
        password: str = "",
        encoding: str = "",
        format: str = "",
        anew: bool = False,
    ) -> Opening:
        """Have a document read, or reuse an earlier reading; `ended` gets its record or a Problem.

        The same bytes are not read again by the same reader, unless `anew` is set or another `encoding` or `format` is
        requested.  Documents are read one after another, in the order of opening.  The Problem `document.locked` asks
        for a password, `document.wrong_password` for another one: open the document again with it.
        """
        opening = Opening(path, ended, password, encoding, format, anew)
        self._look(opening)
        return opening

    def open_found(self, found: DocumentFile, ended: OnOpened, *, collection: str, instead: str = "") -> Opening:
        """Read a document of a folder in the background, after everything a person opened.

        `instead`: the document of that folder whose file was renamed or moved to this one.
        """
        opening = Opening(found.path, ended, collection=collection, instead=instead)
        self._looked(opening, found)
        return opening

    def open_attachment(self, document: str, index: int, ended: OnOpened, *, anew: bool = False) -> Opening:
        """Read a document inside a document (DocumentFacts.attachments) as a document of its own.

        Raises KnownError `document.unknown`, and `request.invalid` where there is no such attachment.
        """
        parent = self._store.document(document)
        if all(one.index != index for one in info_of(parent).attachments):
            raise KnownError("request.invalid", what="attachment")
        password = self._passwords.get(parent.id, "")
        opening = Opening(file_of(parent), ended, password, anew=anew, attachment=index, parent=parent.id)
        self._look(opening)
        return opening

    def make_ready(self) -> None:
        """Start the reader child now, because a document is about to be opened."""
        if not self._closed and not self._client.is_running:
            self._client.start("prepare", {"format": "pdf"}, lambda _event: None)

    def expand(self, paths: Sequence[Path], ended: OnEnded[list[Path]]) -> None:
        """Pass the documents among files and in folders to `ended`, in order, to be opened one by one."""
        stop, given = threading.Event(), list(paths)
        on_file_thread(self._service_thread, lambda: documents_in(given, stop), ended, name="documents")

    def check(self, document: str, answered: Callable[[bool | Problem], None]) -> None:
        """Check whether the file is as it was read (True), has changed (False), or is gone (a Problem).

        Only size and time are compared.  Raises KnownError `document.unknown`.
        """
        record = self._store.document(document)
        path = file_of(record)

        def looked(found: DocumentFile | Problem) -> None:
            if isinstance(found, Problem):
                answered(found)
            else:
                answered((found.bytes, found.mtime_ns) == (record.bytes, record.mtime_ns))

        on_file_thread(
            self._service_thread, lambda: look_at(path, threading.Event(), hashed=False), looked, name="documents"
        )

    def cancel(self, request: Opening | str) -> None:
        """Cancel opening a document, given the result of `open` or its id; `ended` gets the Problem
        `document.stopped`.
        """
        if isinstance(request, Opening):
            request.stop.set()
            if request.document:
                self._reading.cancel(request.document)
        else:
            self._reading.cancel(request)

    def is_reading(self, document: str) -> bool:
        """Return whether this instance is reading a document, or will."""
        return self._reading.find(document) is not None

    # ---- what is here

    def recent(self, limit: int = 100) -> list[DocumentRecord]:
        """Return the documents a person opened last; one whose reading was interrupted is shown as stopped."""
        found = self._store.documents(limit + len(self._going))
        return [self._as_it_is(one) for one in found if one.id not in self._going][:limit]

    def document(self, id: str) -> DocumentRecord:
        """Return a document by id or unique beginning of one.  Raises KnownError `document.unknown`."""
        return self._as_it_is(self._store.document(id))

    def pages(self, document: str, *, begin: int = 1, limit: int = 100, with_text: bool = True) -> list[Page]:
        """Return the pages stored so far, from number `begin` on; also while the document is being read."""
        return self._store.pages(document, begin=begin, limit=limit, with_text=with_text)

    def forget(self, document: str, *, with_folder: bool = False) -> None:
        """Remove a document from the program; the file itself is not touched.

        A long one is removed in pieces, and DocumentGone is published at the end.  A document of a folder only leaves
        the list of recent ones, unless `with_folder`.  There is no undo: call it when the time for undo is over.
        Raises KnownError `document.unknown`, `store.…`.
        """
        record = self._store.document(document)
        found = record.id
        if found in self._going:
            return
        if record.collection and not with_folder:
            self._publish(DocumentChanged(self._store.change_document(found, opened=0.0)))
            return
        self._reading.cancel(found)
        self._images.forget(found)
        self._passwords.pop(found, None)
        self._store.change_document(found, status=DocumentStatus.READING)  # cut off here, it is not taken for whole
        self._going.add(found)
        self._forget_more(found)

    def _forget_more(self, document: str) -> None:
        try:
            if self._store.forget_some_passages(document) and not self._closed:
                self._service_thread.post(lambda: self._forget_more(document))
                return
            self._store.forget_document(document)
        except BaseException:
            self._going.discard(document)
            raise
        self._going.discard(document)
        self._publish(DocumentGone(document))
        self.purge_soon()

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
        self,
        document: str,
        number: int,
        width: int,
        ended: OnImage,
        *,
        marks: Sequence[tuple[int, int]] = (),
        password: str = "",
    ) -> ImageRequest:
        """Render a page `width` pixels wide (0: only the boxes), with the boxes of spans of its text.

        Problems: `document.no_image` when the format has no images, `document.locked` when the password of an earlier
        run is needed again.  Raises KnownError `document.unknown`.
        """
        record = self._store.document(document)
        if password:
            self._passwords[record.id] = password
        return self._images.want(
            record.id, record.sha256, record.name, self._source(record), number, width, marks, ended
        )

    def forget_image(self, request: ImageRequest) -> None:
        """Cancel a page image, because it scrolled out of view; its `ended` gets None, unless it was called already."""
        self._images.take_back(request)

    def find(self, document: str, words: str, ended: OnFound, *, limit: int = 1000) -> threading.Event:
        """Find a phrase in a document, ignoring case, accents, line breaks and hyphens.

        The search runs on a thread of its own and `ended` gets FoundPlaces; setting the returned event stops it.
        Raises KnownError `document.unknown`.
        """
        search = PlaceSearch(self._service_thread, self._store, self._store.document(document).id, words, limit)
        on_file_thread(self._service_thread, search.run, ended, name="find")
        return search.stop

    def search(self, words: str, limit: int = 50) -> list[TextHit]:
        """Return the passages of all documents and folders that match the words best."""
        return search_texts(self._store, words, limit)

    def read(
        self,
        path: Path,
        answered: OnRead,
        *,
        form: str = "",
        password: str = "",
        encoding: str = "",
        attachment: int | None = None,
    ) -> None:
        """Read a document without storing anything, for the command line; all its pages are held in memory."""
        pages: dict[int, Page] = {}

        def on_event(event: FromChild) -> None:
            if isinstance(event, Partial):
                with suppress(KnownError):  # a child is not trusted: what is no page is none
                    page = dataclass_from(Page, event.value)
                    pages[page.number] = page
            elif isinstance(event, Progress):
                self._publish(DocumentProgress("", event.done, event.total))
            elif isinstance(event, Done):
                ordered = tuple(pages[number] for number in sorted(pages))
                try:
                    answered(DocumentText(dataclass_from(DocumentInfo, event.result), ordered))
                except KnownError:
                    answered(problem_for(KnownError("child.protocol", reason="facts")))
            elif isinstance(event, Failed):
                answered(read_problem(str(path), event))
            elif isinstance(event, Cancelled):
                answered(problem_for(KnownError("document.stopped", path=str(path))))

        payload: dict[str, Json] = {
            "path": str(path.absolute()), "format": form, "password": password, "encoding": encoding,
            "attachment": attachment,
        }  # fmt: skip
        self._client.start("read", payload, lambda event: self._service_thread.post(lambda: on_event(event)))

    def close(self) -> None:
        """Stop reading when the app ends; what is being read is marked as stopped."""
        self._closed = True
        self._reading.close()
        self._images.close()
        self._passwords.clear()

    # ---- inside

    def _look(self, opening: Opening) -> None:
        on_file_thread(
            self._service_thread,
            lambda: look_at(opening.path, opening.stop),
            lambda found: self._looked(opening, found),
            name="documents",
        )

    def _looked(self, opening: Opening, found: DocumentFile | Problem) -> None:
        if self._closed or opening.stop.is_set():
            opening.ended(problem_for(KnownError("document.stopped", path=str(opening.path))))
            return
        if isinstance(found, Problem):
            opening.ended(found)
            return
        try:
            self._take_up(opening, found)
        except KnownError as err:  # the disk is full, the history read-only
            opening.ended(problem_for(err))

    def _take_up(self, opening: Opening, found: DocumentFile) -> None:
        known = self._known(opening, found)
        if known is not None:
            opening.document = known.id
            if known.status is DocumentStatus.READING and (reading := self._reading.find(known.id)):
                reading.waiting.append(opening.ended)
                if not opening.collection:
                    self._store.change_document(known.id, opened=time.time())
                    self._reading.hasten(reading)
                return
            if self._is_current(known, opening, found):
                changes: dict[str, Any] = {} if opening.parent else {"name": clean_label(found.path.name, MOST_NAME)}
                if opening.collection:
                    changes |= {"collection": opening.collection, "info": {**known.info, "inode": found.inode}}
                else:
                    changes["opened"] = time.time()
                record = self._store.change_document(
                    known.id, path=os.fsencode(found.path), mtime_ns=found.mtime_ns, **changes
                )
                if opening.password:
                    self._passwords[record.id] = opening.password
                self._publish(DocumentChanged(record))
                opening.ended(record)
                return
        self._read(opening, found, known)

    def _known(self, opening: Opening, found: DocumentFile) -> DocumentRecord | None:
        """Return the record of this file: by its path, else by its bytes; for a folder only by its path."""
        if opening.instead:
            return self._store.document(opening.instead)
        here = self._store.documents_of(path=os.fsencode(found.path))
        same = [one for one in self._store.documents_of(sha256=found.sha256) if one.status is DocumentStatus.READ]
        if opening.parent:
            requested = (opening.parent, opening.attachment)
            return next((one for one in here if _attached(one)[:2] == requested), None)
        others = [] if opening.collection else [one for one in same if one.collection is None]
        return next((one for one in [*here, *others] if "attachment" not in one.info), None)

    @staticmethod
    def _is_current(known: DocumentRecord, opening: Opening, found: DocumentFile) -> bool:
        if opening.anew or known.status is not DocumentStatus.READ or known.reader != READER_VERSION:
            return False
        if opening.encoding and known.info.get("encoding") != opening.encoding:
            return False
        return known.sha256 == found.sha256 and opening.format in ("", known.format)

    def _read(self, opening: Opening, found: DocumentFile, known: DocumentRecord | None) -> None:
        was_changed = known is not None and known.sha256 != found.sha256
        info: dict[str, Json] = {}
        name = found.path.name
        if opening.parent:
            parent = self._store.document(opening.parent)
            _, index, around = _attached(parent)
            about: dict[str, Json] = {"of": parent.id, "index": opening.attachment}
            if index is not None:  # a mail in a mail
                about |= {"inside": [*around, index], "parent": parent.name}
            info["attachment"] = about
            attachments = info_of(parent).attachments
            name = next((one.name for one in attachments if one.index == opening.attachment), name)
        name = clean_label(name, MOST_NAME)  # chosen by whoever made the file: lines and directions are marked
        if opening.collection:
            info["inode"] = found.inode
        if known is None:
            record = self._store.add_document(
                path=os.fsencode(found.path), name=name, sha256=found.sha256, format=opening.format,
                bytes=found.bytes, mtime_ns=found.mtime_ns, reader=READER_VERSION,
            )  # fmt: skip
            if opening.collection:
                record = self._store.change_document(record.id, info=info, collection=opening.collection, opened=0.0)
            elif info:
                record = self._store.change_document(record.id, info=info)
        else:
            folder = {"collection": opening.collection} if opening.collection else {"opened": time.time()}
            record = self._store.change_document(
                known.id, path=os.fsencode(found.path), name=name, sha256=found.sha256, bytes=found.bytes,
                mtime_ns=found.mtime_ns, reader=READER_VERSION, status=DocumentStatus.READING,
                error_code=None, error_args={}, info=info, **folder,
            )  # fmt: skip
            self._images.forget(record.id)
        opening.document = record.id
        if opening.password:
            self._passwords[record.id] = opening.password
        payload = {**self._source(record), "encoding": opening.encoding, "format": opening.format}
        reading = Reading(record, payload, [opening.ended], is_new=known is None, was_changed=was_changed)
        reading.is_background = opening.collection is not None
        self._reading.add(reading)

    def _source(self, record: DocumentRecord) -> dict[str, Json]:
        """Return what the reader child needs to open a document."""
        parent, index, around = _attached(record)
        password = self._passwords.get(record.id) or self._passwords.get(parent, "")
        source: dict[str, Json] = {"path": str(file_of(record)), "password": password}
        if index is not None:
            return source | {"attachment": [*around, index]}
        encoding = record.info.get("encoding", "")
        return source | {"format": record.format, "encoding": encoding}

    def _as_it_is(self, record: DocumentRecord) -> DocumentRecord:
        if record.status is not DocumentStatus.READING or self.is_reading(record.id):
            return record
        args = {"path": record.name}
        return replace(record, status=DocumentStatus.FAILED, error_code="document.stopped", error_args=args)


def info_of(record: DocumentRecord) -> DocumentInfo:
    """Return what the reader found out about a document; little while it is not read to its end."""
    try:
        return dataclass_from(DocumentInfo, record.info)
    except KnownError:
        return DocumentInfo(record.format, record.pages)


def parent_of(record: DocumentRecord) -> tuple[str, str]:
    """Return id and name of the document it is an attachment of; empty for a file of its own."""
    parent, index, _ = _attached(record)
    if index is None:
        return "", ""
    attachment = record.info["attachment"]
    name = attachment.get("parent") if isinstance(attachment, Mapping) else ""
    return parent, str(name or file_of(record).name)


def _attached(record: DocumentRecord) -> tuple[str, int | None, list[int]]:
    """Return the document it is attached to and its index; in a mail within a mail also the indexes around it."""
    attachment = record.info.get("attachment")
    if not isinstance(attachment, Mapping) or not isinstance(index := attachment.get("index"), int):
        return "", None, []
    around = attachment.get("inside")
    inside = [one for one in around if isinstance(one, int)] if isinstance(around, list | tuple) else []
    return str(attachment.get("of") or ""), index, inside


def file_of(record: DocumentRecord) -> Path:
    """Return the file of a document, or the file that contains it."""
    return Path(os.fsdecode(record.path))


def attachments_of(record: DocumentRecord) -> tuple[Attachment, ...]:
    """Return the documents inside a document, for `open_attachment`."""
    return info_of(record).attachments

"""Opens documents: looks at the file, takes up an earlier reading of it or has it read.  Service thread."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from slmdesk.base.documents import READER_VERSION
from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.base.types import Json
from slmdesk.library.document_info import attached, file_of, info_of
from slmdesk.library.events import DocumentChanged
from slmdesk.library.files import DocumentFile, look_at
from slmdesk.library.page_images import PageImages
from slmdesk.library.reading_queue import Reading, ReadingQueue
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

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
    """The folder it is read for, in the background: it does not come to the documents opened last."""
    instead: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    document: str = ""
    pending: Pending[DocumentRecord] = field(default_factory=Pending)


class DocumentOpener(Service):
    def __init__(self, runtime: Runtime, reading: ReadingQueue, images: PageImages) -> None:
        super().__init__(runtime)
        self._reading, self._images = reading, images
        self.passwords: dict[str, str] = {}
        """Of documents opened in this run, for their pictures: never written anywhere."""
        self._closed = False

    def open(self, request: OpenRequest) -> Pending[DocumentRecord]:
        """Look at the file and open it; cancelled, it ends with the Problem `document.stopped`."""
        request.pending = Pending(partial(self._cancel, request))
        on_file_thread(
            self._service_thread,
            lambda: look_at(request.path, request.stop),
            partial(self._looked, request),
            name="documents",
        )
        return request.pending

    def open_found(self, request: OpenRequest, found: DocumentFile) -> Pending[DocumentRecord]:
        request.pending = Pending(partial(self._cancel, request))
        self._looked(request, found)
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

    def _cancel(self, request: OpenRequest) -> None:
        request.stop.set()
        if request.document:
            self._reading.cancel(request.document)

    def _looked(self, request: OpenRequest, found: DocumentFile | Problem) -> None:
        if self._closed or request.stop.is_set():
            request.pending.end(problem_for(KnownError("document.stopped", path=str(request.path))))
        elif isinstance(found, Problem):
            request.pending.end(found)
        else:
            try:
                self._take_up(request, found)
            except KnownError as err:  # the disk is full, the history read-only
                request.pending.end(problem_for(err))

    def _take_up(self, request: OpenRequest, found: DocumentFile) -> None:
        known = self._known(request, found)
        if known is not None:
            request.document = known.id
            if known.status is DocumentStatus.READING and (reading := self._reading.find(known.id)):
                reading.waiting.append(request.pending)
                if not request.collection:
                    self._store.documents.change(known.id, opened=time.time())
                    self._reading.hasten(reading)
                return
            if self._is_current(known, request, found):
                changes: dict[str, Any] = {} if request.parent else {"name": clean_label(found.path.name, MOST_NAME)}
                if request.collection:
                    changes |= {"collection": request.collection, "info": {**known.info, "inode": found.inode}}
                else:
                    changes["opened"] = time.time()
                record = self._store.documents.change(
                    known.id, path=os.fsencode(found.path), mtime_ns=found.mtime_ns, **changes
                )
                if request.password:
                    self.passwords[record.id] = request.password
                self._publish(DocumentChanged(record))
                request.pending.end(record)
                return
        self._read(request, found, known)

    def _known(self, request: OpenRequest, found: DocumentFile) -> DocumentRecord | None:
        """Return the record of this file: by its path, else by its bytes; for a folder only by its path."""
        if request.instead:
            return self._store.documents.get(request.instead)
        here = self._store.documents.find(path=os.fsencode(found.path))
        same = [one for one in self._store.documents.find(sha256=found.sha256) if one.status is DocumentStatus.READ]
        if request.parent:
            requested = (request.parent, request.attachment)
            return next((one for one in here if attached(one)[:2] == requested), None)
        others = [] if request.collection else [one for one in same if one.collection is None]
        return next((one for one in [*here, *others] if "attachment" not in one.info), None)

    @staticmethod
    def _is_current(known: DocumentRecord, request: OpenRequest, found: DocumentFile) -> bool:
        if request.force or known.status is not DocumentStatus.READ or known.reader != READER_VERSION:
            return False
        if request.encoding and known.info.get("encoding") != request.encoding:
            return False
        return known.sha256 == found.sha256

    def _read(self, request: OpenRequest, found: DocumentFile, known: DocumentRecord | None) -> None:
        was_changed = known is not None and known.sha256 != found.sha256
        info: dict[str, Json] = {}
        name = found.path.name
        if request.parent:
            parent = self._store.documents.get(request.parent)
            _, index, around = attached(parent)
            about: dict[str, Json] = {"of": parent.id, "index": request.attachment}
            if index is not None:  # a mail in a mail
                about |= {"inside": [*around, index], "parent": parent.name}
            info["attachment"] = about
            attachments = info_of(parent).attachments
            name = next((one.name for one in attachments if one.index == request.attachment), name)
        name = clean_label(name, MOST_NAME)  # chosen by whoever made the file: lines and directions are marked
        if request.collection:
            info["inode"] = found.inode
        if known is None:
            record = self._store.documents.add(
                path=os.fsencode(found.path), name=name, sha256=found.sha256, format="",
                bytes=found.bytes, mtime_ns=found.mtime_ns, reader=READER_VERSION,
            )  # fmt: skip
            if request.collection:
                record = self._store.documents.change(record.id, info=info, collection=request.collection, opened=0.0)
            elif info:
                record = self._store.documents.change(record.id, info=info)
        else:
            folder = {"collection": request.collection} if request.collection else {"opened": time.time()}
            record = self._store.documents.change(
                known.id, path=os.fsencode(found.path), name=name, sha256=found.sha256, bytes=found.bytes,
                mtime_ns=found.mtime_ns, reader=READER_VERSION, status=DocumentStatus.READING,
                error_code=None, error_args={}, info=info, **folder,
            )  # fmt: skip
            self._images.forget(record.id)
        request.document = record.id
        if request.password:
            self.passwords[record.id] = request.password
        seen: list[Json] = [found.bytes, found.mtime_ns, found.inode]  # what has this checksum, not what is there then
        payload = {**self.source(record), "encoding": request.encoding, "format": "", "seen": seen}
        reading = Reading(record, payload, [request.pending], is_new=known is None, was_changed=was_changed)
        reading.is_background = request.collection is not None
        self._reading.add(reading)

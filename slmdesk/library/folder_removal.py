"""Removes folders, and documents whose files are gone, one document after another.  Service thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.library.events import CollectionGone
from slmdesk.library.service import DocumentService
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

REST_S = 0.3
MOST_TRIES = 200


class FolderRemoval(Service):
    def __init__(self, runtime: Runtime, documents: DocumentService) -> None:
        super().__init__(runtime)
        self._documents = documents
        self._going: deque[str | Callable[[], object]] = deque()
        """Documents to be removed one after another, and callbacks for when they are."""
        self._is_forgetting = False
        self._closed = False

    def forget_folder(self, id: str) -> Pending[None]:
        pending: Pending[None] = Pending()

        def forget() -> None:
            try:
                self._store.collections.forget(id)
            except KnownError as err:  # the disk is full: the next look tries again
                pending.end(problem_for(err))
                return
            self._documents.purge_soon()  # of its own name too, where it had no documents
            self._publish(CollectionGone(id))
            pending.end(None)

        self.forget_documents([one.id for one in self._store.collections.kept_files(id)], id, forget)
        return pending

    def close(self) -> None:
        self._closed = True

    def forget_documents(self, ids: Sequence[str], collection: str, then: Callable[[], object]) -> None:
        """Remove documents of a folder; `then` is called when they are gone, or cannot be removed now."""
        self._going.extend([*ids, lambda: self._when_gone(set(ids), collection, then)])
        self._forget_next()

    def _when_gone(self, ids: set[str], collection: str, then: Callable[[], object], tries: int = 0) -> None:
        left = ids.intersection(one.id for one in self._store.collections.kept_files(collection))
        if left and tries < MOST_TRIES:
            self._service_thread.call_later(REST_S, lambda: self._when_gone(left, collection, then, tries + 1))
        else:
            then()

    def _forget_next(self) -> None:
        if not self._is_forgetting and self._going and not self._closed:
            self._is_forgetting = True
            self._service_thread.post(self._forget_one)

    def _forget_one(self) -> None:
        self._is_forgetting = False
        if self._closed or not self._going:
            return
        one = self._going.popleft()
        with suppress(KnownError):  # gone already; or the disk is full, and the next look tries again
            if isinstance(one, str):
                self._forget_document(one)
            else:
                one()
        self._forget_next()

    def _forget_document(self, id: str) -> None:
        record = self._store.documents.get(id)
        if record.opened > 0:  # a person opened it by itself: it stays in that list
            self._store.documents.change(id, collection=None)
        else:
            self._documents.forget(id, with_folder=True)

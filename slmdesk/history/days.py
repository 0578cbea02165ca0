"""Forgets what was made on one day: its items, and the documents that nothing else uses.  On the service thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.chat.service import ChatService
from slmdesk.history.deletion import SlicedDeletion
from slmdesk.library.saved_states import StateService
from slmdesk.library.service import DocumentService
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices

MOST_DAYS = 400


class DayContent(Record):
    day: date
    ids: tuple[str, ...]
    """Of the items that would be deleted, in the trash too."""
    counts: Mapping[str, int]
    documents: tuple[str, ...]
    held: int
    older: int
    """Items of earlier days that were changed on this one last; they stay."""

    @property
    def is_empty(self) -> bool:
        return not self.ids and not self.documents


class DayService(Service):
    def __init__(self, runtime: Runtime, chats: ChatService, documents: DocumentService, states: StateService) -> None:
        super().__init__(runtime)
        self._documents, self._states = documents, states
        self._deletion = SlicedDeletion(runtime, chats, states)

    def days(self) -> list[date]:
        found: dict[date, None] = {}
        for when in self._store.rules.times_made():
            with suppress(ValueError, OverflowError, OSError):
                found[date.fromtimestamp(when)] = None
            if len(found) == MOST_DAYS:
                break
        return list(found)

    def look(self, day: date) -> DayContent:
        begin, end = (_midnight(day), _midnight(day + timedelta(days=1)))
        made = self._store.rules.made_between(begin, end)
        free = [one for one in made if not one.held]
        ids = {one.id for one in free}
        uses = self._store.documents.uses()
        elsewhere = {document for item, document in uses if item not in ids}
        added = {document for item, document in uses if item in ids} | set(
            self._store.rules.documents_between(begin, end)
        )
        documents = [one for one in sorted(added - elsewhere) if self._is_free(one)]
        older = self._store.rules.changed_between(begin, end)
        counts = Counter(one.kind for one in free)
        return DayContent(day, tuple(ids), counts, tuple(documents), len(made) - len(free), older)

    def forget(self, day: date) -> Pending[DayContent]:
        """Delete what was made on a day for good, in slices; returns what that was.

        A Problem ends it where it is; what is left can be forgotten again.
        """

        def work() -> Slices[DayContent]:
            content = self.look(day)
            yield from self._deletion.delete(content.ids)
            for id in content.documents:
                self._states.forget([id])
                yield self._documents.forget(id)
            if not content.is_empty:
                yield from self._deletion.finish()
            return content

        return in_slices(self._service_thread, work())

    def _is_free(self, document: str) -> bool:
        try:
            record = self._store.documents.get(document)
            self._store.holds.require_document_free(record.id)
        except KnownError as err:
            if err.code not in ("document.unknown", "hold.document"):
                raise
            return False
        return record.collection is None


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day).timestamp()

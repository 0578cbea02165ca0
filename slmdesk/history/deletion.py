"""Deletes many items for good a slice at a time, so that other work runs in between.  On the service thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from slmdesk.chat.service import ChatService
from slmdesk.library.saved_states import StateService
from slmdesk.runtime.events import ItemGone
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices

MOST_ROWS = 400
"""Messages and segments that a slice deletes; of one longer item all at once."""


class SlicedDeletion(Service):
    """`delete` what is given, as often as wanted, then `finish`; a start finishes what was cut off."""

    def __init__(self, runtime: Runtime, chats: ChatService, states: StateService) -> None:
        super().__init__(runtime)
        self._chats, self._states = chats, states

    def delete(self, ids: Sequence[str], still_due: Callable[[Sequence[str]], Sequence[str]] = list) -> Slices[int]:
        """Delete items for good, with what belongs to them; of each part those that are `still_due` when its turn
        comes.  Returns how many.  Raises KnownError `hold.item`, store.*.
        """
        count = 0
        for part in self._in_parts(ids):
            some = still_due(part)
            self._store.holds.require_free(some)
            self._chats.answers.stop_in(some)
            with self._store.together():  # another instance may want one of them meanwhile
                some = still_due(some)
                self._store.delete_some(some)
            self._states.forget(some)
            for id in some:
                self._chats.drop(id)
                self._publish(ItemGone(id))
            count += len(some)
            yield
        return count

    def finish(self) -> Slices[None]:
        """Take what was deleted out of the index and the backups."""
        is_first = True
        while self._store.purge_some(is_first=is_first):
            is_first = False
            yield
        mark = self._store.purge_index()
        yield pending_on_file_thread(self._service_thread, self._store.renew_copies, name="purge")
        self._store.purged(mark)

    def _in_parts(self, ids: Sequence[str]) -> Iterator[list[str]]:
        part, rows = list[str](), 0
        for id, weight in zip(ids, self._store.rules.weights(ids), strict=True):
            if part and rows + weight > MOST_ROWS:
                yield part
                part, rows = [], 0
            part.append(id)
            rows += weight + 1
        if part:
            yield part

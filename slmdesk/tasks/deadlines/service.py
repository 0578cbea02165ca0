"""Keeps what is due beside each paper: found when it is read, and anew when the rules
or its receipt change. Service thread; papers are looked through on another.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import date

from slmdesk.base.documents import Page, Paper
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from, stored_dict, stored_list
from slmdesk.base.record import sparse, to_json
from slmdesk.base.records import DocumentRecord, DocumentStatus, Item
from slmdesk.base.runtime.events import (
    DocumentChanged,
    ItemChanged,
    Pending,
    ended,
    outcome,
)
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import (
    Runtime,
    Service,
    Slices,
    in_slices,
    pending_on_file_thread,
    rest,
)
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label
from slmdesk.documents.types import DaysFound, ReceiptChanged
from slmdesk.history.store import Store
from slmdesk.history.store.documents import DocumentDays
from slmdesk.tasks.deadlines.report import days_open, lead_of, sheet_of
from slmdesk.tasks.deadlines.types import (
    RULES,
    DueDay,
    DueList,
    DueRequest,
    FoundDay,
    FoundDays,
    Said,
    State,
)
from slmdesk.tasks.jobs.service import REQUEST, request_in
from slmdesk.tasks.summaries.order import LAST

KIND = "due"
TITLE = "Deadlines"
PAGES_AT_ONCE = 50
MOST_PLACE = 400
"""Most letters of the path of a paper."""
REST_S = 0.05
"""Between two papers, so that whoever waits for something else does not notice."""


def _days_of(copies: Sequence[DocumentDays]) -> tuple[list[DueDay], list[str]]:
    """Return the days of a paper, and the ids of the other days that it names: each
    once, at however many places the paper was read.
    """
    places = tuple[str, ...]()
    if len(copies) > 1:
        places = tuple(
            clean_label(os.fsdecode(copy.path), MOST_PLACE) for copy in copies
        )
    said = dict[str, Said]()
    for copy in copies:
        said = {**stored_dict(Said, copy.said), **said}

    def due(copy: DocumentDays, found: FoundDay) -> DueDay:
        own = said.get(found.key, Said())
        return DueDay(copy.id, copy.name, copy.page_kind, found, own, places)

    days, others = dict[str, DueDay](), dict[str, str]()
    for copy in copies:
        for found in stored_list(FoundDay, copy.found):
            days.setdefault(found.key, due(copy, found))
        for day in copy.others:
            others.setdefault(day, f"{copy.id} {day}")
    for key, own in said.items():
        if own.mine is not None:
            days[key] = due(copies[0], own.mine)
            others.pop(key, None)
    return list(days.values()), list(others.values())


def other_days(store: Store, ids: Sequence[str]) -> list[DueDay]:
    """Return the days with these ids of the others that papers name."""
    wanted = set(ids)
    documents = {id.partition(" ")[0] for id in ids}
    days = [
        DueDay(row.id, row.name, row.page_kind, day, Said(State.OTHER))
        for row in store.documents.with_other_days(sorted(documents))
        for day in stored_list(FoundDay, row.found)
        if f"{row.id} {day.key}" in wanted
    ]
    return sorted(days, key=lambda day: (day.day, day.name))


def find_day(store: Store, due: DueList, id: str) -> DueDay:
    """Return a day of the list, or one of the others. Raises KnownError."""
    for day in (*due.days, *other_days(store, [id])):
        if day.id == id:
            return day
    raise KnownError("request.invalid", what=_("no such deadline"))


class DueService(Service):
    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._waiting: dict[str, None] = {}
        self._work: Pending[None] | None = None
        self._stop = threading.Event()
        self._rest_s = REST_S
        runtime.events.on(DocumentChanged, self._on_document)
        runtime.events.on(ReceiptChanged, lambda event: self._look_at([event.document]))

    # ---- finding

    def take_up(self) -> None:
        """Look through the papers that were not yet, or by other rules."""
        with suppress(KnownError):  # a busy or read-only history
            self._look_at(self._store.documents.without_days(RULES))

    def found(self) -> Pending[None]:
        """Return what ends when all papers were looked through."""
        self.take_up()
        if self._work is None:
            return ended(None)
        self._rest_s = 0.0  # somebody waits for just this
        return self._work

    def close(self) -> None:
        self._stop.set()
        self._waiting.clear()

    def _on_document(self, event: DocumentChanged) -> None:
        if event.document.status is DocumentStatus.READ:
            self._look_at([event.document.id])

    def _look_at(self, documents: Sequence[str]) -> None:
        self._waiting |= dict.fromkeys(documents)
        if self._waiting and self._work is None and not self._stop.is_set():
            self._work = in_slices(self._service_thread, self._looking())
            self._work.then(self._on_looked)

    def _looking(self) -> Slices[None]:
        while self._waiting:
            document = next(iter(self._waiting))
            del self._waiting[document]
            with suppress(KnownError):  # it was removed meanwhile, or the disk is full
                record = self._store.documents.get(document)
                pages = list[Page]()
                while some := self._pages(document, len(pages)):
                    pages += some
                    yield
                (found,) = yield outcome(self._found_in(record, pages))
                if isinstance(found, FoundDays):
                    self._store.documents.keep_days(document, sparse(found))
            yield rest(self._service_thread, self._rest_s)

    def _pages(self, document: str, after: int) -> Sequence[Page]:
        return self._store.pages.of_document(
            document, begin=after + 1, limit=PAGES_AT_ONCE
        )

    def _found_in(
        self, record: DocumentRecord, pages: Sequence[Page]
    ) -> Pending[FoundDays]:
        def work() -> FoundDays:
            from slmdesk.tasks.deadlines.finding import finding  # late: all its checks

            looking = finding(record, pages, date.today())
            while not self._stop.is_set():
                try:
                    next(looking)
                except StopIteration as end:
                    found: FoundDays = end.value
                    return found
            raise KnownError("document.stopped", path=record.name)

        return pending_on_file_thread(self._service_thread, work, name="deadlines")

    def _on_looked(self, _end: Problem | None) -> None:
        self._work = None
        self._rest_s = REST_S
        self._publish(DaysFound())
        self._look_at(())  # what came while it ended

    # ---- the list, whose results are those of the papers

    def begin(self, request: DueRequest) -> Item:
        """Return the item of the list of a folder, or of all papers."""
        self.take_up()
        wish = to_json(request)
        for item in self._store.items.page(KIND):
            if request_in(item) == wish:
                return item
        item = self._store.items.add(KIND, TITLE, settings={REQUEST: wish})
        self._publish(ItemChanged(item))
        return item

    def again(self, item: str, model: str | None) -> None:
        """Look through all papers anew."""
        self._look_at(self._store.documents.without_days(""))
        self.take_up()

    def stop_item(self, item: str) -> None:
        """There is nothing to stop: papers are looked through in the background."""

    def result(self, item: str) -> DueList:
        request = lenient_from(DueRequest, request_in(self._store.items.get(item)))
        return self.listed(request.folder)

    def listed(self, folder: str = "") -> DueList:
        """Return the days of all papers, or of those of a folder, in their order."""
        days, others = list[DueDay](), list[str]()
        today = date.today().isoformat()
        papers = defaultdict[str, list[DocumentDays]](list)
        for row in self._store.documents.with_days(today, folder):
            papers[row.content].append(row)
        for copies in papers.values():
            its_days, its_others = _days_of(copies)
            days += its_days
            others += its_others
        days.sort(key=lambda day: (day.day or LAST, day.name))
        waiting = len(self._waiting)
        if self._work is not None:
            waiting += 1
        return DueList(tuple(days), tuple(others), waiting)

    def others(self, ids: Sequence[str]) -> list[DueDay]:
        """Return the other days that papers name, by their ids."""
        return other_days(self._store, ids)

    def now(self) -> str:
        """Return what is due now in a line, as Start says it. Empty: nothing is."""
        return lead_of(days_open(self.listed()))

    def sheet(self, id: str) -> Paper:
        """Return the sheet of a day for the file. Raises KnownError.

        The list of a folder may have the day at another place of the paper.
        """
        document, __, key = id.partition(" ")
        copies = self._store.documents.copies(document)
        for day in self.listed().days:
            if day.document in copies and day.found.key == key:
                return sheet_of(day)
        return sheet_of(find_day(self._store, DueList(), id))

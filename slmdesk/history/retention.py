"""Delete items in small steps: what was not changed for some days, or everything that was made on a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import DOCUMENT, counted
from slmdesk.base.runtime.events import ItemChanged, ItemGone, ItemsAdded, Noticed, Pending
from slmdesk.base.runtime.messages import problem_for
from slmdesk.base.runtime.service import Later, Runtime, Service, Slices, in_slices, pending_on_file_thread, sliced
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _, date_words, day_words, ngettext
from slmdesk.chat.service import ChatService
from slmdesk.documents.saved_states import StateService
from slmdesk.documents.service import DocumentService
from slmdesk.history.store.retention import DAYS, RESTORED, SEEN, SINCE, SWEPT, OldDocument, OldItem

LOOKED_AT = 100
DAY_S = 86_400
TRASH_DAYS = 30
"""Days in the trash before an item that a sweep moved there is deleted for good."""
DOUBT_S = 7 * DAY_S
"""Seconds the clock may be ahead of the last known time. If it is further ahead, or behind, the date is in doubt."""
SLACK_S = 3600.0
"""Seconds that the clock may be behind the last known time without doubt, since clocks are corrected."""
REST_S = 7 * DAY_S
LOOK_S = 3600.0
TOLD_ONE_BY_ONE = 100
"""Most items moved to the trash that are published as single changes. More items are published as one change."""


class Doubt(Record):
    """The date is in doubt. Both times are in seconds since 1970."""

    last: float
    now: float


@dataclass(slots=True)
class Swept:
    trashed: list[str] = field(default_factory=list)
    deleted: int = 0
    documents: int = 0
    doubt: Doubt | None = None
    """If set, nothing was done because the date is in doubt."""
    rests_until: float = 0.0
    """If not 0, nothing was done because a backup was restored recently. Sweeps start again at this time."""


MOST_LISTED_DAYS = 400


class DayContent(Record):
    day: date
    ids: tuple[str, ...]
    """Ids of the items that would be deleted, including items in the trash."""
    counts: Mapping[str, int]
    documents: tuple[str, ...]
    older: int
    """Number of items of earlier days whose last change was on this day. They stay."""

    @property
    def is_empty(self) -> bool:
        return not self.ids and not self.documents


class RetentionService(Service):
    """Deletes what is older than the setting `delete_after_days`, or was made on a day. For the window alone."""

    def __init__(self, runtime: Runtime, chats: ChatService, documents: DocumentService, states: StateService) -> None:
        super().__init__(runtime)
        self._clock = runtime.store.shared.clock
        self._documents, self._states = documents, states
        self._kept = runtime.store.retention
        self._deletion = SlicedDeletion(runtime, chats, states)
        self._days_before = 0
        self._sweeping: Pending[Swept] | None = None
        self._later: Later | None = None
        self._is_doubted = False

    @property
    def _days(self) -> int:
        return self._settings.current.delete_after_days

    def start(self) -> None:
        if self._store.read_only or not self._store.is_kept:
            return
        self._end_rules()
        self._days_before = self._days
        self._settings.listeners.append(self._on_settings)
        self._look()

    def close(self) -> None:
        if self._later:
            self._later.cancel()
        if self._sweeping:
            self._sweeping.cancel()

    def doubt(self) -> Doubt | None:
        now, last = self._clock(), self._kept.time_of(SEEN)
        if last is None:
            last = self._kept.last_change() or now
        return Doubt(last, now) if not last - SLACK_S <= now <= last + DOUBT_S else None

    def run(self, *, confirmed: bool = False) -> Pending[Swept]:
        """Delete now what is due, in slices. `confirmed` means that a person says that the date is right.

        A cancel stops it between two slices. The next sweep does the rest.
        """
        if self._sweeping is not None and not self._sweeping.is_ended:
            return self._sweeping
        if confirmed:
            self._kept.keep_time(SEEN, self._clock())
        self._sweeping = in_slices(self._service_thread, self.sweep())
        return self._sweeping

    def days(self) -> list[date]:
        days: dict[date, None] = {}
        for when in self._store.retention.times_made():
            with suppress(ValueError, OverflowError, OSError):
                days[date.fromtimestamp(when)] = None
            if len(days) == MOST_LISTED_DAYS:
                break
        return list(days)

    def content_of(self, day: date) -> DayContent:
        begin, end = (_midnight(day), _midnight(day + timedelta(days=1)))
        made = self._store.retention.made_between(begin, end)
        ids = {item.id for item in made}
        uses = self._store.documents.uses()
        elsewhere = {document for item, document in uses if item not in ids}
        added = {document for item, document in uses if item in ids}
        added.update(self._store.retention.documents_between(begin, end))
        documents = [document for document in sorted(added - elsewhere) if self._is_free(document)]
        older = self._store.retention.changed_between(begin, end)
        counts = Counter(item.kind for item in made)
        return DayContent(day, tuple(ids), counts, tuple(documents), older)

    @sliced
    def forget_day(self, day: date) -> Slices[DayContent]:
        """Delete everything that was made on a day for good, in slices. Returns what was deleted.

        A Problem stops it half-way. Calling it again deletes the rest.
        """
        content = self.content_of(day)
        yield from self._deletion.delete(content.ids)
        for id in content.documents:
            self._states.forget([id])
            yield self._documents.forget(id)
        if not content.is_empty:
            yield from self._deletion.finish()
        return content

    def _on_settings(self, _settings: Settings) -> None:
        """Trust the current date if nothing was ever swept: a person is working now and would notice a wrong date."""
        before, self._days_before = self._days_before, self._days
        if self._days and not before and self._kept.time_of(SEEN) is None:
            self._kept.keep_time(SEEN, self._clock())

    def _look(self) -> None:
        self._later = self._service_thread.call_later(LOOK_S, self._look)
        swept, now = self._kept.time_of(SWEPT), self._clock()
        if swept is None or not 0 <= now - swept < DAY_S:
            self.run()

    def sweep(self) -> Slices[Swept]:
        done, days = Swept(), self._days
        if not days:
            if self._kept.time_of(DAYS):
                self._kept.keep_time(DAYS, 0)
            return done
        now, doubt = self._clock(), self.doubt()
        restored = self._kept.time_of(RESTORED)
        if doubt is not None:
            done.doubt = doubt
            self._say_doubt(doubt)
            return done
        self._kept.keep_time(SEEN, now)
        if restored is not None and now < restored + REST_S:
            done.rests_until = restored + REST_S
            return done
        if self._kept.time_of(DAYS) != days:
            self._kept.keep_time(DAYS, days)
            self._kept.keep_time(SINCE, now)
        since = self._kept.time_of(SINCE) or now
        for kind in self._kept.kinds():
            yield from self._sweep_items(kind, days, now, since, done)
        yield from self._forget_documents(days, now - days * DAY_S, done)
        yield from self._end(days, done, now)
        return done

    def _sweep_items(self, kind: str, days: int, now: float, since: float, done: Swept) -> Slices[None]:
        after = (-1.0, -1)
        while page := self._kept.old_items(kind, now - days * DAY_S, after, LOOKED_AT):
            if self._days != days:
                return
            after = (page[-1].updated, page[-1].n)
            self._trash([item.id for item in page if item.deleted_at is None], done)
            yield
            yield from self._delete(days, [item for item in page if _is_due(item, now, since)], done)

    def _trash(self, ids: Sequence[str], done: Swept) -> None:
        if not ids:
            return
        self._store.items.trash_some(ids)
        done.trashed += ids
        if len(done.trashed) <= TOLD_ONE_BY_ONE:
            self._tell(ids)

    def _tell(self, ids: Sequence[str]) -> None:
        for id in ids:
            with suppress(KnownError):
                self._publish(ItemChanged(self._store.items.get(id)))

    def take_back(self, ids: Sequence[str]) -> None:
        """Take items that a sweep moved to the trash out of the trash. Items that are not in the trash any more stay
        unchanged.

        Raises KnownError store.*.
        """
        for at in range(0, len(ids), LOOKED_AT):
            self._store.items.restore_some(ids[at : at + LOOKED_AT])
        if len(ids) <= TOLD_ONE_BY_ONE:
            self._tell(ids)
        else:
            self._publish(ItemsAdded())

    def _delete(self, days: int, items: Sequence[OldItem], done: Swept) -> Slices[None]:
        if not items:
            return
        by_id = {item.id: item for item in items}

        def still_due(ids: Sequence[str]) -> list[str]:
            return self._kept.still_old([by_id[id] for id in ids]) if self._days == days else []

        done.deleted += yield from self._deletion.delete(list(by_id), still_due)

    def _forget_documents(self, days: int, before: float, done: Swept) -> Slices[None]:
        for document in (yield from self._unused(before)):
            if self._days == days and self._kept.old_documents(before, document.n - 1, 1) == [document]:
                yield self._documents.forget(document.id)
                done.documents += 1
            yield

    def _unused(self, before: float) -> Slices[list[OldDocument]]:
        """Return documents not opened since `before`, used by no item, and attached to no message or draft."""
        unused: list[OldDocument] = []
        after = -1
        while page := self._kept.old_documents(before, after, LOOKED_AT):
            after = page[-1].n
            unused += [document for document in page if document.is_free]
            yield
        used = (yield from self._attached()) if unused else set()
        return [document for document in unused if document.id not in used]

    def _attached(self) -> Slices[set[str]]:
        attached: set[str] = set()
        for table in ("messages", "items"):
            after: int | None = -(1 << 62)
            while after is not None:
                after, some = self._store.documents.attached_in(table, after, LOOKED_AT)
                attached |= some
                yield
        return attached

    def _end(self, days: int, done: Swept, now: float) -> Slices[None]:
        if done.deleted or done.documents:
            yield from self._deletion.finish()
        if done.trashed:
            until = day_words(now + TRASH_DAYS * DAY_S)
            what = counted("", len(done.trashed))
            error = KnownError("retention.trashed", what=what, days=days, until=until)
            self._publish(Noticed(problem_for(error), is_fault=False, trashed=tuple(done.trashed)))
        for kind, count in (("", done.deleted), (DOCUMENT, done.documents)):
            if count:
                error = KnownError("retention.deleted", what=counted(kind, count), days=days)
                self._publish(Noticed(problem_for(error), is_fault=False))
        if len(done.trashed) > TOLD_ONE_BY_ONE:
            self._publish(ItemsAdded())
        self._kept.keep_time(SWEPT, now)

    def _is_free(self, document: str) -> bool:
        try:
            return self._store.documents.get(document).collection is None
        except KnownError as err:
            if err.code != "document.unknown":
                raise
            return False

    def _say_doubt(self, doubt: Doubt) -> None:
        if not self._is_doubted:
            self._is_doubted = True
            error = KnownError("retention.clock", last=day_words(doubt.last), now=day_words(doubt.now))
            self._publish(Noticed(problem_for(error), is_fault=False))

    def _end_rules(self) -> None:
        """End the rules and holds that earlier versions kept, once, and say so. Rules that deleted everything after
        some days become the setting.
        """
        rules, holds, days = self._kept.rules_of_before()
        if not rules and not holds:
            return
        is_free = "delete_after_days" not in self._settings.policy.managed
        error = KnownError("retention.ended", rules=rules, holds=holds)
        if days and is_free and not self._days:
            self._settings.change(delete_after_days=days)
            error = KnownError("retention.taken_over", days=days)
        self._kept.forget_rules()
        self._publish(Noticed(problem_for(error), is_fault=False))


def _is_due(item: OldItem, now: float, since: float) -> bool:
    """Tell whether an old item has to be deleted for good. For an item that was in the trash before sweeps began, the
    days in the trash are counted from then on.
    """
    return item.deleted_at is not None and max(item.deleted_at, since) + TRASH_DAYS * DAY_S <= now


MOST_ROWS = 400
"""Most messages and segments that one slice deletes. A longer item is deleted in one slice."""


class SlicedDeletion(Service):
    """Deletion in slices. Call `delete` as often as wanted, then `finish`, which the next start ends if interrupted."""

    def __init__(self, runtime: Runtime, chats: ChatService, states: StateService) -> None:
        super().__init__(runtime)
        self._chats, self._states = chats, states

    def delete(self, ids: Sequence[str], still_due: Callable[[Sequence[str]], Sequence[str]] = list) -> Slices[int]:
        """Delete items for good, with everything that belongs to them. `still_due` filters the ids of each slice just
        before they are deleted. Returns how many were deleted. Raises KnownError store.*.
        """
        count = 0
        for part in self._in_parts(ids):
            some = still_due(part)
            self._chats.answers.stop_in(some)
            with self._store.together():  # another instance may have changed these items meanwhile
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
        """Remove what was deleted from the search index and the backups."""
        is_first = True
        while self._store.purge_some(is_first=is_first):
            is_first = False
            yield
        mark = self._store.purge_index()
        yield pending_on_file_thread(self._service_thread, self._store.renew_copies, name="purge")
        self._store.purged(mark)

    def _in_parts(self, ids: Sequence[str]) -> Iterator[list[str]]:
        part, rows = list[str](), 0
        for id, weight in zip(ids, self._store.retention.weights(ids), strict=True):
            if part and rows + weight > MOST_ROWS:
                yield part
                part, rows = [], 0
            part.append(id)
            rows += weight + 1
        if part:
            yield part


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day).timestamp()


def day_lines(content: DayContent) -> list[str]:
    if content.is_empty:
        lines = [_("Nothing that was made on {date} is here.").format(date=date_words(content.day))]
    else:
        parts = [counted(kind, count) for kind, count in sorted(content.counts.items())]
        if content.documents:
            parts.append(
                ngettext(
                    "{n:,} document that nothing else uses",
                    "{n:,} documents that nothing else uses",
                    len(content.documents),
                )
            )
        lines = [
            _("Made on {date}, and deleted for good: {parts}.").format(
                date=date_words(content.day), parts=", ".join(parts)
            )
        ]
    if content.older:
        lines.append(
            _("Older, only changed on that day, so it stays: {counted}.").format(counted=counted("", content.older))
        )
    return lines

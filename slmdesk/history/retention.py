"""Delete items for good in small steps: by retention rules, or everything that was made on a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from slmdesk.base.errors import KnownError
from slmdesk.base.policy import TRASH_DAYS
from slmdesk.base.record import Record
from slmdesk.base.records import DAY_S, DOCUMENT, KINDS, MOST_DAYS, Hold, Rule, SetBy, Then, What, counted
from slmdesk.base.texts import _, ngettext
from slmdesk.chat.service import ChatService
from slmdesk.history.labels import date_words, day_words
from slmdesk.library.saved_states import StateService
from slmdesk.library.service import DocumentService
from slmdesk.runtime.events import ItemChanged, ItemGone, ItemsAdded, Noticed, Pending
from slmdesk.runtime.messages import Problem, problem_for
from slmdesk.runtime.service import Later, Runtime, Service, Slices, in_slices, pending_on_file_thread
from slmdesk.store import SPACE
from slmdesk.store.retention import RESTORED, SEEN, SWEPT, OldDocument, OldItem, take_policy

LOOKED_AT = 100
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
    moved: dict[str, list[str]] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    doubt: Doubt | None = None
    """If set, nothing was done because the date is in doubt."""
    rests_until: float = 0.0
    """If not 0, nothing was done because a backup was restored recently. Sweeps start again at this time."""

    @property
    def trashed(self) -> dict[str, int]:
        return {rule: len(ids) for rule, ids in self.moved.items()}


class RetentionService(Service):
    def __init__(self, runtime: Runtime, chats: ChatService, documents: DocumentService, states: StateService) -> None:
        super().__init__(runtime)
        self._clock = runtime.store.shared.clock
        self._chats, self._documents = chats, documents
        self._deletion = SlicedDeletion(runtime, chats, states)
        self._sweeping: Pending[Swept] | None = None
        self._later: Later | None = None
        self._is_doubted = False

    # ---- rules and holds

    def rules(self) -> list[Rule]:
        return self._store.rules.all()

    def add_rule(
        self, kind: str, *, days: int, folder: str = "", then: Then = Then.TRASH, trash_days: int = TRASH_DAYS
    ) -> Rule:
        """Add a rule, which the next sweep applies. Raises the errors of `planned`, and store.*."""
        rule = self.planned(kind, days=days, folder=folder, then=then, trash_days=trash_days)
        self._know_date()
        return self._store.rules.add(
            kind, folder=rule.folder, days=days, then=then, trash_days=trash_days, set_by=SetBy.PERSON
        )

    def planned(
        self, kind: str, *, days: int, folder: str = "", then: Then = Then.TRASH, trash_days: int = TRASH_DAYS
    ) -> Rule:
        """Return the rule with these values without adding it. Raises KnownError `request.invalid`, `space.unknown`."""
        if kind not in KINDS:
            raise KnownError("request.invalid", what=_("no kind {kind}").format(kind=kind))
        if not 1 <= days <= MOST_DAYS or not 1 <= trash_days <= MOST_DAYS:
            raise KnownError("request.invalid", what=_("days are 1 to {most_days:,}").format(most_days=MOST_DAYS))
        if folder:
            if kind not in ("", "chat"):
                raise KnownError("request.invalid", what=_("a space holds chats alone"))
            folder = self._chats.spaces.get(folder).id
        return Rule("", kind, folder, days, then, trash_days, SetBy.PERSON, self._clock())

    def due(self, *rules: Rule) -> Pending[dict[str, int]]:
        """Count, in slices, how many items each rule would move to the trash now, or delete if the rule deletes at
        once. The result is by the rule's id.
        """
        return in_slices(self._service_thread, self._due(rules))

    def _due(self, rules: Sequence[Rule]) -> Slices[dict[str, int]]:
        found = {}
        for rule in rules:
            before = self._clock() - rule.days * DAY_S
            if rule.kind == DOCUMENT:
                found[rule.id] = len((yield from self._unused(before)))
            else:
                with_trash = rule.then is Then.DELETE
                found[rule.id] = self._store.rules.count_old(rule.kind, rule.folder, before, with_trash=with_trash)
            yield
        return found

    def remove_rule(self, id: str) -> Rule:
        """Remove a rule.  Raises KnownError `rule.unknown`, `rule.managed`."""
        rule = self._store.rules.get(id)
        if rule.set_by is SetBy.POLICY:
            raise KnownError("rule.managed")
        self._store.rules.remove(rule.id)
        return rule

    def holds(self) -> list[Hold]:
        return self._store.holds.all()

    def hold(self, target: str = "", *, reason: str = "", until: float | None = None) -> Hold:
        """Hold an item, a space with its chats, a document, or a folder of documents, by its id. "" means everything.

        Nothing deletes it until the hold is released, or a sweep ends the hold after `until` (seconds since 1970).
        Raises KnownError `item.unknown`, `request.invalid` for an end in the past, store.*.
        """
        what, found = self._found(target) if target else (What.ALL, "")
        if until is not None:
            if until <= self._clock():
                raise KnownError("request.invalid", what=_("the end of a hold is in the past"))
            self._know_date()
        hold = self._store.holds.add(what, found, reason=reason.strip(), set_by=SetBy.PERSON, until=until)
        self._say(hold)
        return hold

    def release(self, id: str) -> Hold:
        """Release a hold.  Raises KnownError `hold.unknown`, and `hold.managed` for the organisation's."""
        hold = self._store.holds.get(id)
        if hold.set_by is SetBy.POLICY:
            raise KnownError("hold.managed")
        self._store.holds.remove(hold.id)
        self._say(hold)
        return hold

    def hold_on(self, item: str) -> Hold | None:
        """Return the hold that applies to an item, or None: a hold on the item, on its space, or on everything."""
        return self._store.holds.on_item(item)

    def held(self, ids: Sequence[str]) -> set[str]:
        return self._store.holds.held_items(ids)

    def toggle_hold(self, item: str) -> Hold | None:
        """Hold an item, or release the hold that a person has set on it. Returns the hold that applies to the item
        afterwards.

        Raises KnownError `item.unknown`, store.*.
        """
        mine = [hold for hold in self.holds() if hold.target == item and hold.set_by is SetBy.PERSON]
        if mine:
            self.release(mine[0].id)
        else:
            self.hold(item)
        return self.hold_on(item)

    def name_of(self, target: str) -> str:
        with suppress(KnownError):
            return self._store.items.get(target).title
        with suppress(KnownError):
            return self._store.documents.get(target).name
        with suppress(KnownError):
            return self._store.collections.get(target).name
        return target

    # ---- the sweep

    def start(self) -> None:
        if self._store.read_only or not self._store.is_kept:
            return
        self._look()

    def close(self) -> None:
        if self._later:
            self._later.cancel()
        if self._sweeping:
            self._sweeping.cancel()

    def doubt(self) -> Doubt | None:
        now, last = self._clock(), self._store.rules.time_of(SEEN)
        if last is None:
            last = self._store.rules.last_change() or now
        return Doubt(last, now) if not last - SLACK_S <= now <= last + DOUBT_S else None

    def run(self, *, confirmed: bool = False) -> Pending[Swept]:
        """Apply all rules now, in slices. `confirmed` means that a person says that the date is right.

        A cancel stops it between two slices. The next sweep does the rest.
        """
        if self._sweeping is not None and not self._sweeping.is_ended:
            return self._sweeping
        self.take_policy()
        if confirmed:
            self._store.rules.keep_time(SEEN, self._clock())
        self._sweeping = in_slices(self._service_thread, self.sweep())
        return self._sweeping

    def _know_date(self) -> None:
        """Trust the current date if nothing was ever swept: a person is working now and would notice a wrong date."""
        if self._store.rules.time_of(SEEN) is None and not self._has_work:
            self._store.rules.keep_time(SEEN, self._clock())

    @property
    def _has_work(self) -> bool:
        """Whether there is a rule, or a hold with an end."""
        return bool(self._store.rules.all()) or any(hold.until is not None for hold in self._store.holds.all())

    def _look(self) -> None:
        self.take_policy()  # a backup may have been restored
        self._later = self._service_thread.call_later(LOOK_S, self._look)
        swept, now = self._store.rules.time_of(SWEPT), self._clock()
        if self._has_work and (swept is None or not 0 <= now - swept < DAY_S):
            self.run()

    def sweep(self) -> Slices[Swept]:
        done = Swept()
        if not self._has_work:
            return done
        now, doubt = self._clock(), self.doubt()
        restored = self._store.rules.time_of(RESTORED)
        if doubt is not None:
            done.doubt = doubt
            self._say_doubt(doubt)
            return done
        self._store.rules.keep_time(SEEN, now)
        if restored is not None and now < restored + REST_S:
            done.rests_until = restored + REST_S
            return done
        for hold in self._store.holds.all():
            if hold.until is not None and hold.until <= now:
                self._store.holds.remove(hold.id)
                self._say(hold)
        rules = self._store.rules.all()
        for rule in rules:
            yield from self._carry_out(rule, now, done)
        yield from self._end(rules, done, now)
        return done

    def _carry_out(self, rule: Rule, now: float, done: Swept) -> Slices[None]:
        if rule.kind == DOCUMENT:
            yield from self._forget_documents(rule, now, done)
            return
        kinds = [rule.kind] if rule.kind else self._store.rules.kinds()
        for kind in kinds:
            after = (-1.0, -1)
            while True:
                page = self._store.rules.old_items(kind, rule.folder, now - rule.days * DAY_S, after, LOOKED_AT)
                if not page:
                    break
                after = (page[-1].updated, page[-1].n)
                free = [item for item in page if not item.held]
                self._trash(rule, [item for item in free if rule.then is Then.TRASH and item.deleted_at is None], done)
                yield
                yield from self._delete(rule, [item for item in free if _is_due(rule, item, now)], done)

    def _trash(self, rule: Rule, items: Sequence[OldItem], done: Swept) -> None:
        if not items:
            return
        ids, moved = [item.id for item in items], done.moved.setdefault(rule.id, [])
        self._store.items.trash_some(ids)
        moved += ids
        if len(moved) <= TOLD_ONE_BY_ONE:
            self._tell(ids)

    def _tell(self, ids: Sequence[str]) -> None:
        for id in ids:
            with suppress(KnownError):
                self._publish(ItemChanged(self._store.items.get(id)))

    def take_back(self, ids: Sequence[str]) -> None:
        """Take items that a rule moved to the trash out of the trash. Items that are not in the trash any more stay
        unchanged.

        Raises KnownError store.*.
        """
        for at in range(0, len(ids), LOOKED_AT):
            self._store.items.restore_some(ids[at : at + LOOKED_AT])
        if len(ids) <= TOLD_ONE_BY_ONE:
            self._tell(ids)
        else:
            self._publish(ItemsAdded())

    def _delete(self, rule: Rule, items: Sequence[OldItem], done: Swept) -> Slices[None]:
        if not items:
            return
        found = {item.id: item for item in items}

        def still_due(ids: Sequence[str]) -> list[str]:
            return self._store.rules.still_due(rule, [found[id] for id in ids])

        deleted = yield from self._deletion.delete(list(found), still_due)
        if deleted:
            done.deleted[rule.id] = done.deleted.get(rule.id, 0) + deleted

    def _forget_documents(self, rule: Rule, now: float, done: Swept) -> Slices[None]:
        before = now - rule.days * DAY_S
        for document in (yield from self._unused(before)):
            if self._is_still_due(rule, document, before):
                yield from self._forget_document(rule, document.id, done)
            yield

    def _unused(self, before: float) -> Slices[list[OldDocument]]:
        """Return documents not opened since `before`, used by no item, and attached to no message or draft."""
        found: list[OldDocument] = []
        after = -1
        while page := self._store.rules.old_documents(before, after, LOOKED_AT):
            after = page[-1].n
            found += [document for document in page if document.is_free]
            yield
        used = (yield from self._attached()) if found else set()
        return [document for document in found if document.id not in used]

    def _is_still_due(self, rule: Rule, document: OldDocument, before: float) -> bool:
        found = self._store.rules.old_documents(before, document.n - 1, 1)
        return found == [document] and rule in self._store.rules.all()

    def _forget_document(self, rule: Rule, id: str, done: Swept) -> Slices[None]:
        """Remove a document. If a hold is set on it meanwhile, the document stays."""
        try:
            forgetting = self._documents.forget(id)
        except KnownError as err:
            if err.code not in ("hold.document", "document.unknown"):
                raise
            return
        ended: Pending[bool] = Pending(forgetting.cancel)
        forgetting.then(lambda end: ended.end(_is_gone(end)))
        if (yield ended):
            done.deleted[rule.id] = done.deleted.get(rule.id, 0) + 1

    def _attached(self) -> Slices[set[str]]:
        found: set[str] = set()
        for table in ("messages", "items"):
            after: int | None = -(1 << 62)
            while after is not None:
                after, some = self._store.documents.attached_in(table, after, LOOKED_AT)
                found |= some
                yield
        return found

    def _end(self, rules: Sequence[Rule], done: Swept, now: float) -> Slices[None]:
        if any(done.deleted.values()):
            yield from self._deletion.finish()
        for rule in rules:
            self._say_done(rule, done, now)
        if any(count > TOLD_ONE_BY_ONE for count in done.trashed.values()):
            self._publish(ItemsAdded())
        self._store.rules.keep_time(SWEPT, now)

    def _say_done(self, rule: Rule, done: Swept, now: float) -> None:
        if count := done.trashed.get(rule.id):
            self._store.rules.note(rule.id, rule.kind, "trashed", count)
            until = day_words(now + rule.trash_days * DAY_S)
            what = counted(rule.kind, count)
            error = KnownError("retention.trashed", what=what, days=rule.days, until=until)
            self._publish(Noticed(problem_for(error), is_fault=False, trashed=tuple(done.moved[rule.id])))
        if count := done.deleted.get(rule.id):
            self._store.rules.note(rule.id, rule.kind, "deleted", count)
            what = counted(rule.kind, count)
            error = KnownError("retention.deleted", what=what, days=rule.days)
            self._publish(Noticed(problem_for(error), is_fault=False))

    def _say_doubt(self, doubt: Doubt) -> None:
        if not self._is_doubted:
            self._is_doubted = True
            error = KnownError("retention.clock", last=day_words(doubt.last), now=day_words(doubt.now))
            self._publish(Noticed(problem_for(error)))

    def take_policy(self) -> None:
        if take_policy(self._store, self._settings.policy):
            self._publish(ItemsAdded())

    def _found(self, target: str) -> tuple[What, str]:
        """Return kind and id of this id, or of the only id that begins with it. Raises KnownError `item.unknown`."""
        with suppress(KnownError):
            item = self._store.items.get(target)
            return (What.FOLDER if item.kind == SPACE else What.ITEM), item.id
        with suppress(KnownError):
            return What.DOCUMENT, self._store.documents.get(target).id
        with suppress(KnownError):
            return What.FOLDER, self._store.collections.get(target).id
        raise KnownError("item.unknown", id=target[:80])

    def _say(self, hold: Hold) -> None:
        if hold.what in (What.ALL, What.FOLDER):
            self._publish(ItemsAdded())
        elif hold.what is What.ITEM:
            with suppress(KnownError):
                self._publish(ItemChanged(self._store.items.get(hold.target)))


def _is_gone(end: object) -> bool | Problem:
    if isinstance(end, Problem):
        return False if end.code == "hold.document" else end
    return True


def _is_due(rule: Rule, item: OldItem, now: float) -> bool:
    """Tell whether an old item has to be deleted for good. For an item that was in the trash before the rule was made,
    the days in the trash are counted from the rule on.
    """
    if rule.then is Then.DELETE:
        return True
    return item.deleted_at is not None and max(item.deleted_at, rule.since) + rule.trash_days * DAY_S <= now


# ---- deletion of many items for good in slices, so that other work runs in between


MOST_ROWS = 400
"""Most messages and segments that one slice deletes. A longer item is deleted in one slice."""


class SlicedDeletion(Service):
    """Deletion in slices. Call `delete` as often as wanted, then `finish`, which the next start ends if interrupted."""

    def __init__(self, runtime: Runtime, chats: ChatService, states: StateService) -> None:
        super().__init__(runtime)
        self._chats, self._states = chats, states

    def delete(self, ids: Sequence[str], still_due: Callable[[Sequence[str]], Sequence[str]] = list) -> Slices[int]:
        """Delete items for good, with everything that belongs to them. `still_due` filters the ids of each slice just
        before they are deleted. Returns how many were deleted. Raises KnownError `hold.item`, store.*.
        """
        count = 0
        for part in self._in_parts(ids):
            some = still_due(part)
            self._store.holds.require_free(some)
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
        for id, weight in zip(ids, self._store.rules.weights(ids), strict=True):
            if part and rows + weight > MOST_ROWS:
                yield part
                part, rows = [], 0
            part.append(id)
            rows += weight + 1
        if part:
            yield part


# ---- deletion of everything that was made on a day


MOST_LISTED_DAYS = 400


class DayContent(Record):
    day: date
    ids: tuple[str, ...]
    """Ids of the items that would be deleted, including items in the trash."""
    counts: Mapping[str, int]
    documents: tuple[str, ...]
    held: int
    older: int
    """Number of items of earlier days whose last change was on this day. They stay."""

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
            if len(found) == MOST_LISTED_DAYS:
                break
        return list(found)

    def look(self, day: date) -> DayContent:
        begin, end = (_midnight(day), _midnight(day + timedelta(days=1)))
        made = self._store.rules.made_between(begin, end)
        free = [item for item in made if not item.held]
        ids = {item.id for item in free}
        uses = self._store.documents.uses()
        elsewhere = {document for item, document in uses if item not in ids}
        added = {document for item, document in uses if item in ids}
        added.update(self._store.rules.documents_between(begin, end))
        documents = [one for one in sorted(added - elsewhere) if self._is_free(one)]
        older = self._store.rules.changed_between(begin, end)
        counts = Counter(item.kind for item in free)
        return DayContent(day, tuple(ids), counts, tuple(documents), len(made) - len(free), older)

    def forget(self, day: date) -> Pending[DayContent]:
        """Delete everything that was made on a day for good, in slices. Returns what was deleted.

        A Problem stops it half-way. Calling it again deletes the rest.
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


# ---- texts for people about what was made on a day


def day_lines(found: DayContent) -> list[str]:
    if found.is_empty:
        lines = [_("Nothing that was made on {date} is here.").format(date=date_words(found.day))]
    else:
        parts = [counted(kind, count) for kind, count in sorted(found.counts.items())]
        if found.documents:
            parts.append(
                ngettext(
                    "{n:,} document that nothing else uses",
                    "{n:,} documents that nothing else uses",
                    len(found.documents),
                )
            )
        lines = [
            _("Made on {date}, and deleted for good: {parts}.").format(
                date=date_words(found.day), parts=", ".join(parts)
            )
        ]
    if found.held:
        lines.append(_("On hold, so it stays: {counted}.").format(counted=counted("", found.held)))
    if found.older:
        lines.append(
            _("Older, only changed on that day, so it stays: {counted}.").format(counted=counted("", found.older))
        )
    return lines

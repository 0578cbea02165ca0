"""Deleting after some days: what goes and what stays, told once, in slices, and never by a wrong clock."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from fakes.former_format import make_former
from fakes.recorder import Recorder, open_echo, result_of

from slmdesk.base.record import changed
from slmdesk.base.records import DocumentStatus, Status
from slmdesk.base.runtime.events import ItemChanged, ItemGone, Noticed
from slmdesk.base.types import Role, TextPart
from slmdesk.history import retention
from slmdesk.history.retention import RetentionService
from slmdesk.history.store import open_store
from slmdesk.history.store.restoring import restore

pytestmark = pytest.mark.process

MARKER = "zqquokka"
DAY_S = 24 * 3600
YEAR = 365 * DAY_S


class Clock:
    """Stands still, and is set by the test."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Kept:
    """Services whose store and sweeps go by a clock of the test."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.open()

    def open(self) -> None:
        self.services = open_echo()
        self.recorder = Recorder(self.services)
        self.do(self.retention.start)

    def again(self) -> None:
        self.services.close()
        self.open()

    @property
    def retention(self):
        return self.services.retention

    def do(self, fn):
        return self.services.service_thread.call(fn)

    def add(self, title: str, days: float, *, kind: str = "chat", text: str = "", folder: str = "") -> str:
        """An item that was changed so many days ago."""
        store = self.services.store

        def make() -> str:
            item = store.items.add(kind, title)
            if text:
                store.messages.add(item.id, parent=None, role=Role.USER, parts=[TextPart(text)], status=Status.COMPLETE)
            with store.together():
                when = self.clock.now - days * DAY_S
                store.database.run(
                    "update items set updated = ?, arrived = ?, folder = ? where id = ?",
                    (when, when, folder or None, item.id),
                )
            return item.id

        return self.do(make)

    def age(self, document: str, days: float) -> None:
        """It was added and opened so many days ago."""
        values = (self.clock.now - days * DAY_S, document)
        change = "update documents set added = ?1, opened = ?1 where id = ?2"
        self.do(lambda: self.services.store.database.run(change, values))

    def delete_after(self, days: int) -> None:
        self.do(lambda: self.services.settings.change(delete_after_days=days))

    def sweep(self, *, confirmed: bool = False):
        return result_of(self.services, lambda: self.retention.run(confirmed=confirmed))

    def titles(self, *, deleted: bool = False) -> set[str]:
        return {
            record.title
            for record in self.do(lambda: self.services.store.items.page(None, deleted=deleted, limit=1000))
        }

    def notices(self) -> list[str]:
        return [notice.problem.sentence for notice in self.recorder.of(Noticed)]


@pytest.fixture
def kept(home, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("slmdesk.services.open_store", partial(open_store, clock=clock))
    monkeypatch.setattr(RetentionService, "_look", lambda _self: None)  # it sweeps when a test says so
    it = Kept(clock)
    yield it
    it.services.close()


def files_with(home: Path, words: str) -> list[str]:
    return sorted(
        path.name for path in home.rglob("*") if path.is_file() and words.encode() in path.read_bytes().lower()
    )


def test_where_the_setting_is_off_nothing_goes(kept):
    kept.add("old", 4000)
    done = kept.sweep()
    assert (done.trashed, done.deleted, done.doubt) == ([], 0, None)
    assert kept.titles() == {"old"}


def test_old_items_go_to_the_trash_and_then_for_good_and_are_told_once(kept, home):
    old = kept.add("old", 91, text=f"about the {MARKER}")
    kept.add("new", 89)
    summary = kept.add("summary", 91, kind="summary")
    pinned = kept.add("pinned", 91)
    kept.add("a space", 91, kind="space")
    kept.do(lambda: kept.services.store.items.place(pinned, pinned=True))
    kept.delete_after(90)
    assert kept.sweep().trashed == [old, summary]
    assert (kept.titles(), kept.titles(deleted=True)) == ({"new", "pinned", "a space"}, {"old", "summary"})
    (notice,) = kept.notices()
    assert notice.startswith("2 items, not changed for 90 days, moved to the trash. There until ")
    assert kept.recorder.of(ItemChanged)[-1].item.deleted_at == kept.clock.now
    for _week in range(4):
        kept.clock.now += 7 * DAY_S
        assert len(kept.sweep().trashed) == (1 if _week == 0 else 0), "the other chat is old enough on one day"
    assert files_with(home, MARKER)
    kept.clock.now += 2 * DAY_S
    assert kept.sweep().deleted == 2
    assert (kept.titles(), kept.titles(deleted=True)) == ({"pinned", "a space"}, {"new"})
    assert files_with(home, MARKER) == []
    assert kept.recorder.of(ItemGone)
    assert kept.notices()[-1].startswith("2 items, not changed for 90 days, deleted for good")
    assert kept.do(lambda: kept.services.store.database.row("select value from meta where key = 'purge'")) is None


@pytest.mark.parametrize("before", [0, 365])
def test_what_lay_in_the_trash_before_counts_from_the_first_sweep_with_these_days(kept, before):
    kept.delete_after(before)
    kept.sweep()
    old = kept.add("thrown away long ago", 100)
    kept.do(lambda: kept.services.history.trash(old))
    for _week in range(5):
        kept.clock.now += 7 * DAY_S
        kept.sweep()
    kept.do(lambda: kept.services.store.retention.keep_time("retention_seen", kept.clock.now))
    kept.delete_after(90)
    kept.sweep()
    assert kept.titles(deleted=True) == {"thrown away long ago"}
    for _week in range(5):
        kept.clock.now += 7 * DAY_S
        kept.sweep()
    assert kept.titles(deleted=True) == set()


def test_what_comes_here_with_an_old_date_counts_from_the_day_it_came(kept):
    old = kept.clock.now - YEAR

    def bring_in() -> None:
        store = kept.services.store
        item = store.items.add("chat", "")
        store.items.delete(item.id)
        store.imports.add(changed(item, title="imported", created=old, updated=old), [])

    kept.do(bring_in)
    back = kept.add("back from the trash", 400)
    kept.do(lambda: [kept.services.history.trash(back), kept.services.history.restore(back)])
    kept.delete_after(90)
    for _week in range(12):
        kept.sweep()
        kept.clock.now += 7 * DAY_S
    kept.sweep()
    assert kept.titles() == {"imported", "back from the trash"}
    kept.clock.now += 7 * DAY_S
    kept.sweep()
    assert kept.titles() == set()


@pytest.mark.parametrize("jump", [8 * DAY_S, YEAR, 10 * YEAR, -2 * 3600, -10 * YEAR])
def test_a_clock_that_jumps_deletes_nothing_until_a_person_says_yes(kept, jump):
    kept.add("old", 91)
    kept.add("rather new", 20)
    kept.delete_after(90)
    right = kept.clock.now
    kept.clock.now += jump
    done = kept.sweep()
    assert done.doubt is not None
    assert kept.titles() == {"old", "rather new"}
    assert any("Until you confirm the date" in notice for notice in kept.notices())
    kept.again()
    assert kept.titles() == {"old", "rather new"}, "nor at the next start"
    kept.add("written while the clock is wrong", 0)
    assert kept.sweep().doubt is not None, "what is written then proves nothing"
    kept.clock.now = right + 3600
    assert kept.sweep().doubt is None, "the clock was put right"
    assert "rather new" in kept.titles()
    kept.clock.now = right + 10 * YEAR
    assert kept.sweep().doubt is not None
    assert kept.sweep(confirmed=True).doubt is None
    assert kept.titles() == ({"written while the clock is wrong"} if jump > 9 * YEAR else set())


def test_a_history_that_was_never_swept_asks_when_the_clock_is_far_from_it(kept):
    kept.add("old", 400)
    kept.services.paths.policy_file.write_text("[retention]\ndays = 90\n")  # no person has chosen it here
    kept.again()
    assert kept.sweep().doubt is not None
    assert kept.titles() == {"old"}


def test_it_rests_a_week_after_a_restore(kept, tmp_path):
    kept.add("old", 91)
    kept.delete_after(90)
    target = tmp_path / "copy.sqlite3"
    result_of(kept.services, lambda: kept.services.backups.make(target))
    paths = kept.services.paths
    kept.services.close()
    restore(paths, target)
    kept.open()
    kept.clock.now = time.time() + 6 * DAY_S
    assert kept.sweep().rests_until
    assert kept.titles() == {"old"}
    kept.clock.now += 2 * DAY_S
    assert not kept.sweep().rests_until
    assert kept.titles() == set()


def throw_away(kept) -> None:
    """Move all items to the trash, so long ago that a sweep deletes them for good."""
    store = kept.services.store
    kept.do(lambda: store.retention.keep_time("retention_days", 90))
    kept.do(lambda: store.retention.keep_time("retention_since", 1))
    kept.do(lambda: store.database.run("update items set deleted_at = ?", (kept.clock.now - 31 * DAY_S,)))


def test_a_sweep_that_is_cut_anywhere_ends_the_same_and_leaves_no_words(kept, home):
    for number in range(260):
        kept.add(f"{MARKER} {number}", 100 + number % 5, text=f"{MARKER} {number}")
    kept.delete_after(90)
    throw_away(kept)
    kept.add("new", 1)
    for cut in range(1, 50):
        if _run_some(kept, cut % 4):
            break
        if cut % 2:
            kept.again()
    assert cut > 2, "the control: it was cut"
    kept.again()
    assert kept.titles() == {"new"}
    assert files_with(home, MARKER) == []
    paths = kept.services.paths
    kept.services.close()
    store = open_store(paths, instance_id="after").store
    with closing(store):
        assert store.index.is_current(thorough=True)
    kept.open()


def _run_some(kept, slices: int) -> bool:
    """Run a sweep for so many slices and stop it; whether it came to its end."""

    def run() -> bool:
        work = kept.retention.sweep()
        for _ in range(slices):
            if next(work, work) is work:
                return True
        work.close()
        return False

    return kept.do(run)


@pytest.mark.parametrize("meanwhile", ["restored", "written in", "gone", "switched off", ""])
def test_what_is_wanted_again_while_a_sweep_runs_stays_and_the_sweep_goes_on(kept, monkeypatch, meanwhile):
    monkeypatch.setattr(retention, "MOST_ROWS", 0)  # each part is one item
    store, history = kept.services.store, kept.services.history
    for number in range(4):
        id = kept.add(f"{MARKER} {number}", 200 - number)
        if number == 2:
            wanted = id
    kept.delete_after(90)
    throw_away(kept)
    change = {
        "restored": lambda: history.restore(wanted),
        "written in": lambda: store.messages.add(
            wanted, parent=None, role=Role.USER, parts=[TextPart("And?")], status=Status.COMPLETE
        ),
        "gone": lambda: history.delete_for_good(wanted),
        "switched off": lambda: kept.services.settings.change(delete_after_days=0),
        "": lambda: None,
    }[meanwhile]

    def run():
        work = kept.retention.sweep()
        while len(kept.recorder.of(ItemGone)) < 1:
            next(work)
        change()
        while True:
            try:
                next(work)
            except StopIteration as end:
                return end.value

    done = kept.do(run)
    assert done.deleted == {"": 4, "switched off": 1}.get(meanwhile, 3)
    left = kept.titles() | kept.titles(deleted=True)
    assert (f"{MARKER} 2" in left) is (meanwhile not in ("gone", ""))
    assert kept.do(lambda: store.retention.time_of("retention_swept")) == kept.clock.now, "it came to its end"


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_many_items_go_in_slices_of_little_work(kept, count):
    """Work is counted, in rows written and rows looked at: no clock is asked."""
    store, now = kept.services.store, kept.clock.now

    def fill() -> None:
        with store.together():
            store.database.conn.executemany(
                "insert into items (id, kind, title, pinned, created, updated, deleted_at, revision, settings)"
                " values (?, 'chat', 'some chat', 0, ?, ?, ?, 1, '{}')",
                ((f"{n:016x}", now, now - 100 * DAY_S + n / 1000, now - 50 * DAY_S if n % 50 == 0 else None)
                 for n in range(count)),
            )  # fmt: skip
            store.index.rebuild()

    kept.do(fill)
    kept.delete_after(90)
    kept.do(lambda: store.retention.keep_time("retention_days", 90))
    kept.do(lambda: store.retention.keep_time("retention_since", 1))
    looked: list[int] = []
    old_items = store.retention.old_items
    store.retention.old_items = lambda *args: looked.append(1) or old_items(*args)  # type: ignore[method-assign]
    conn = store.database.conn

    def run() -> tuple[int, int, int]:
        work = kept.retention.sweep()
        most_written = most_looked = slices = 0
        while True:
            written, seen = conn.total_changes, len(looked)
            try:
                next(work)
            except StopIteration as end:
                done = end.value
                break
            slices += 1
            most_written = max(most_written, conn.total_changes - written)
            most_looked = max(most_looked, len(looked) - seen)
            if slices > 20_000:
                raise AssertionError("it never ends")
        assert (len(done.trashed), done.deleted) == (count * 98 // 100, count // 50)
        return most_written, most_looked, slices

    most_written, most_looked, slices = kept.do(run)
    assert most_looked == 1, "one page of 100 items"
    assert most_written < 2_500, "of a part of the index; of items 100"
    assert slices > count // 100, "the control: it was cut"


def test_documents_that_nothing_uses_are_forgotten_and_no_others(kept, tmp_path, home, monkeypatch):
    store = kept.services.store
    names = ("unused", "asked", "drafted", "new")
    made = {}
    for name in names:
        (tmp_path / f"{name}.txt").write_text(f"{MARKER} {name}")
        record = result_of(kept.services, lambda name=name: kept.services.documents.open(tmp_path / f"{name}.txt"))
        made[name] = record.id
        if name != "new":
            kept.age(record.id, 100)
    item = kept.add("a question", 1, kind="question")
    kept.do(lambda: store.documents.link(item, [made["asked"]]))
    chat = kept.add("a chat", 1)
    kept.do(lambda: kept.services.chats.keep_draft(chat, "", [{"document": made["drafted"], "name": "drafted.txt"}]))
    kept.delete_after(90)
    monkeypatch.setattr("slmdesk.base.runtime.service.SLICE_S", 0)
    monkeypatch.setattr(store.documents, "uses", None)  # which looks through all messages at once
    assert kept.sweep().documents == 1
    left = {document.name for document in kept.do(lambda: store.documents.page(100))}
    assert left == {"asked.txt", "drafted.txt", "new.txt"}
    assert kept.notices()[-1].startswith("1 document that nothing uses")
    assert files_with(home, f"{MARKER} unused") == []
    assert (tmp_path / "unused.txt").exists()


@pytest.mark.parametrize("meanwhile", ["opened", "switched off"])
def test_a_document_that_is_wanted_again_while_a_sweep_runs_stays(kept, tmp_path, meanwhile):
    store = kept.services.store
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(f"{MARKER} {number} " + "word and word. " * 30_000)
        id = result_of(kept.services, lambda number=number: kept.services.documents.open(tmp_path / f"{number}.txt")).id
        if number == 1:
            wanted = id
        kept.age(id, 100)
    kept.delete_after(90)
    before = kept.do(lambda: store.passages.of_document(wanted))
    assert len(before) > 300, "the control: it goes in several pieces"
    change = {
        "opened": lambda: store.documents.change(wanted, opened=kept.clock.now),
        "switched off": lambda: kept.services.settings.change(delete_after_days=0),
    }[meanwhile]
    changes: list = []
    forget = kept.services.documents.forget

    def forget_and_change(id: str):
        result = forget(id)
        if len(changes) == 0:
            changes.append(change())
        return result

    kept.services.documents.forget = forget_and_change  # type: ignore[method-assign]
    count = 1 if meanwhile == "switched off" else 2
    assert kept.sweep().documents == count
    left = kept.do(lambda: store.documents.page(10))
    assert len(left) == 3 - count
    assert kept.do(lambda: store.documents.get(wanted)).status is DocumentStatus.READ
    assert [passage.text for passage in kept.do(lambda: store.passages.of_document(wanted))] == [
        passage.text for passage in before
    ]


def test_an_organisation_sets_the_days(kept):
    kept.add("old", 50)
    kept.add("today", 0)
    kept.services.close()
    kept.services.paths.policy_file.write_text("[retention]\ndays = 30\n")
    kept.open()
    kept.sweep(confirmed=True)
    assert kept.titles() == {"today"}


def older(kept, rules=(), holds: int = 0) -> None:
    """Store rules and holds in a history of the former format, and start again."""
    database = kept.services.paths.database
    kept.services.close()
    with closing(sqlite3.connect(database)) as conn, conn:
        make_former(conn)
        for n, (kind, folder, days, then, set_by) in enumerate(rules):
            conn.execute(
                "insert into rules values (?, ?, ?, ?, ?, ?, 30, ?, 0)", (n, f"r{n}", kind, folder, days, then, set_by)
            )
        for n in range(holds):
            conn.execute("insert into holds values (?, ?, 'all', '', 'a case', 'person', 0, null)", (n, f"h{n}"))
    kept.open()


def test_rules_and_holds_of_before_end_with_one_notice(kept):
    item = kept.add("old", 4000)
    older(kept, [("chat", "", 90, "delete", "person"), ("", "", 9, "trash", "policy")], holds=2)
    (notice,) = kept.notices()
    assert notice.startswith("Retention rules (1) and holds (2) ended")
    assert kept.do(lambda: kept.services.settings.current).delete_after_days == 0
    kept.sweep(confirmed=True)
    assert kept.titles() == {"old"}
    kept.again()
    assert kept.notices() == []
    kept.do(lambda: kept.services.history.delete_for_good(item))


ALL_GO = [("", "", 60, "trash", "person"), ("document", "", 60, "delete", "person")]


def test_rules_that_deleted_everything_become_the_setting(kept):
    older(kept, ALL_GO)
    (notice,) = kept.notices()
    assert "after 60 days" in notice
    assert kept.do(lambda: kept.services.settings.current).delete_after_days == 60


@pytest.mark.parametrize(
    ("rules", "holds"),
    [(ALL_GO, 1), (ALL_GO[:1], 0), (ALL_GO[1:], 0), ([*ALL_GO, ALL_GO[0]], 0),
     ([("chat", *ALL_GO[0][1:]), ALL_GO[1]], 0), ([("", "a", *ALL_GO[0][2:]), ALL_GO[1]], 0),
     ([("", "", 61, *ALL_GO[0][3:]), ALL_GO[1]], 0)],
)  # fmt: skip
def test_rules_that_were_anything_else_do_not(kept, rules, holds):
    older(kept, rules, holds)
    assert kept.do(lambda: kept.services.settings.current).delete_after_days == 0
    assert [
        notice.startswith(f"Retention rules ({len(rules)}) and holds ({holds}) ended") for notice in kept.notices()
    ] == [True]


def test_it_sweeps_at_the_start_once_a_day_and_not_for_commands_that_keep_nothing(home):
    services = open_echo()
    services.service_thread.call(lambda: services.settings.change(delete_after_days=90))
    item = services.service_thread.call(lambda: services.store.items.add("chat", "old"))
    services.service_thread.call(
        lambda: services.store.database.run(
            "update items set updated = ?1, arrived = ?1 where id = ?2", (time.time() - YEAR, item.id)
        )
    )
    services.service_thread.call(lambda: services.store.retention.keep_time("retention_seen", time.time()))
    services.close()
    services = open_echo()
    services.service_thread.call(services.retention.start)
    while services.service_thread.call(lambda: services.store.retention.time_of("retention_swept")) is None:
        time.sleep(0.01)
    assert services.service_thread.call(lambda: services.store.items.page("chat")) == []
    services.close()

"""Rules for how long things are kept: what goes and what stays, told once, in slices, and never by a wrong clock."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest
from fakes.recorder import Recorder, open_echo, result_of

from slmdesk import services as container
from slmdesk.base.errors import KnownError
from slmdesk.base.policy import load_policy
from slmdesk.base.record import changed
from slmdesk.base.records import DAY_S, DocumentStatus, SetBy, Status, Then, What
from slmdesk.base.types import Role, TextPart
from slmdesk.history import retention
from slmdesk.history.erasing import restore_backup
from slmdesk.history.retention import RetentionService
from slmdesk.runtime.events import ItemChanged, ItemGone, Noticed
from slmdesk.store import open_store

pytestmark = pytest.mark.process

MARKER = "zqquokka"
YEAR = 365 * DAY_S


class Clock:
    """Stands still, and is set by the test."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Kept:
    """Services whose store and rules go by a clock of the test."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.open()

    def open(self) -> None:
        self.services = open_echo()
        self.recorder = Recorder(self.services)
        store = self.services.store
        for part in (store, store.shared, *vars(store).values()):
            for name in ("_clock", "clock"):
                if callable(getattr(part, name, None)):
                    setattr(part, name, self.clock)
        self.rules._clock = self.clock

    def again(self) -> None:
        self.services.close()
        self.open()

    @property
    def rules(self):
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

    def sweep(self, *, confirmed: bool = False):
        return result_of(self.services, lambda: self.rules.run(confirmed=confirmed))

    def titles(self, *, deleted: bool = False) -> set[str]:
        return {one.title for one in self.do(lambda: self.services.store.items.page(None, deleted=deleted, limit=1000))}

    def notices(self) -> list[str]:
        return [one.problem.sentence for one in self.recorder.of(Noticed)]


@pytest.fixture
def kept(home, monkeypatch):
    monkeypatch.setattr(RetentionService, "start", lambda _self: None)  # which goes by the clock of this PC
    monkeypatch.setattr(container, "take_policy", lambda _store, _policy: False)
    it = Kept(Clock())
    yield it
    it.services.close()


def files_with(home: Path, words: str) -> list[str]:
    return sorted(
        path.name for path in home.rglob("*") if path.is_file() and words.encode() in path.read_bytes().lower()
    )


def test_without_a_rule_nothing_goes(kept):
    kept.add("old", 4000)
    done = kept.sweep()
    assert (done.trashed, done.deleted, done.doubt) == ({}, {}, None)
    assert kept.titles() == {"old"}


def test_old_chats_go_to_the_trash_and_then_for_good_and_are_told_once(kept, home):
    kept.add("old", 91, text=f"about the {MARKER}")
    kept.add("new", 89)
    kept.add("summary", 91, kind="summary")
    rule = kept.do(lambda: kept.rules.add_rule("chat", days=90, trash_days=7))
    assert kept.sweep().trashed == {rule.id: 1}
    assert (kept.titles(), kept.titles(deleted=True)) == ({"new", "summary"}, {"old"})
    (notice,) = kept.notices()
    assert notice.startswith("1 chat, not changed for 90 days, moved to the trash. There until ")
    assert kept.recorder.of(ItemChanged)[-1].item.deleted_at == kept.clock.now
    for _day in range(6):
        kept.clock.now += DAY_S
        assert kept.sweep().trashed == ({rule.id: 1} if _day == 1 else {}), "the other chat is old enough on one day"
    assert files_with(home, MARKER)
    kept.clock.now += DAY_S
    assert kept.sweep().deleted == {rule.id: 1}
    assert kept.titles(deleted=True) == {"new"}
    assert files_with(home, MARKER) == []
    assert kept.recorder.of(ItemGone)
    log = kept.do(lambda: kept.services.store.database.rows("select kind, done, count from retention_log order by n"))
    assert [tuple(row) for row in log] == [("chat", "trashed", 1), ("chat", "trashed", 1), ("chat", "deleted", 1)]
    assert kept.do(lambda: kept.services.store.database.row("select value from meta where key = 'purge'")) is None


def test_what_lay_in_the_trash_before_the_rule_counts_from_the_rule_on(kept):
    old = kept.add("thrown away long ago", 400)
    kept.do(lambda: kept.services.history.trash(old))
    kept.clock.now += 5 * DAY_S
    kept.do(lambda: kept.rules.add_rule("", days=90, trash_days=6))
    kept.sweep()
    assert kept.titles(deleted=True) == {"thrown away long ago"}
    kept.clock.now += 6 * DAY_S
    kept.sweep()
    assert kept.titles(deleted=True) == set()


@pytest.mark.parametrize(
    ("then", "kind", "count"), [(Then.TRASH, "", 3), (Then.TRASH, "chat", 2), (Then.DELETE, "", 4)]
)
def test_what_a_rule_would_take_is_counted_as_the_sweep_takes_it(kept, then, kind, count):
    for title in ("old", "too"):
        kept.add(title, 91)
    kept.add("summary", 91, kind="summary")
    kept.add("new", 89)
    held, trashed = (kept.add(title, 91) for title in ("held", "trashed"))
    kept.do(lambda: [kept.rules.hold(held), kept.services.history.trash(trashed)])
    rule = kept.do(lambda: kept.rules.add_rule(kind, days=90, then=then))
    assert result_of(kept.services, lambda: kept.rules.due(rule)) == {rule.id: count}
    done = kept.sweep()
    assert (done.trashed | done.deleted) == {rule.id: count}
    assert result_of(kept.services, lambda: kept.rules.due(rule)) == {rule.id: 0}


@pytest.mark.parametrize("then", Then)
def test_what_comes_here_with_an_old_date_counts_from_the_day_it_came(kept, then):
    old = kept.clock.now - YEAR

    def bring_in() -> None:
        store = kept.services.store
        item = store.items.add("chat", "")
        store.items.delete(item.id)
        store.imports.add(changed(item, title="imported", created=old, updated=old), [])

    kept.do(bring_in)
    back = kept.add("back from the trash", 400)
    kept.do(lambda: [kept.services.history.trash(back), kept.services.history.restore(back)])
    kept.do(lambda: kept.rules.add_rule("", days=90, then=then))
    for _week in range(12):
        kept.sweep()
        kept.clock.now += 7 * DAY_S
    kept.sweep()
    assert kept.titles() == {"imported", "back from the trash"}
    kept.clock.now += 7 * DAY_S
    kept.sweep()
    assert kept.titles() == set()


def test_a_rule_of_a_space_is_about_its_chats_alone(kept):
    space = kept.do(lambda: kept.services.store.items.add("space", "Matter 12"))
    kept.add("inside", 50, folder=space.id)
    kept.add("outside", 50)
    kept.do(lambda: kept.rules.add_rule("chat", days=30, folder="Matter 12", then=Then.DELETE))
    kept.sweep()
    assert kept.titles() == {"outside", "Matter 12"}
    with pytest.raises(KnownError, match=r"space\.unknown"):
        kept.do(lambda: kept.rules.add_rule("chat", days=30, folder="Matter 13"))


@pytest.mark.parametrize("days", [0, 100_000])
def test_wrong_days_are_refused(kept, days):
    with pytest.raises(KnownError, match=r"request\.invalid"):
        kept.do(lambda: kept.rules.add_rule("chat", days=days))
    with pytest.raises(KnownError, match=r"request\.invalid"):
        kept.do(lambda: kept.rules.add_rule("chats", days=30))
    assert kept.do(kept.rules.rules) == []


@pytest.mark.parametrize("jump", [8 * DAY_S, YEAR, 10 * YEAR, -2 * 3600, -10 * YEAR])
def test_a_clock_that_jumps_deletes_nothing_until_a_person_says_yes(kept, jump):
    kept.add("old", 91)
    kept.add("rather new", 20)
    kept.do(lambda: kept.rules.add_rule("", days=90, then=Then.DELETE))
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
    rule = {"folder": "", "days": 90, "then": Then.DELETE, "trash_days": 1, "set_by": SetBy.PERSON}
    kept.do(lambda: kept.services.store.rules.add("", **rule))
    assert kept.sweep().doubt is not None
    assert kept.titles() == {"old"}


def test_rules_rest_a_week_after_a_restore(kept, tmp_path):
    kept.add("old", 91)
    kept.do(lambda: kept.rules.add_rule("", days=90, then=Then.DELETE))
    target = tmp_path / "copy.sqlite3"
    result_of(kept.services, lambda: kept.services.backups.make(target))
    paths = kept.services.paths
    kept.services.close()
    restore_backup(paths, target)
    kept.open()
    kept.clock.now = time.time() + 6 * DAY_S
    assert kept.sweep().rests_until
    assert kept.titles() == {"old"}
    kept.clock.now += 2 * DAY_S
    assert not kept.sweep().rests_until
    assert kept.titles() == set()


def test_a_sweep_that_is_cut_anywhere_ends_the_same_and_leaves_no_words(kept, home):
    for number in range(260):
        kept.add(f"{MARKER} {number}", 100 + number % 5, text=f"{MARKER} {number}")
    kept.add("new", 1)
    kept.do(lambda: kept.rules.add_rule("", days=90, then=Then.DELETE))
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
        work = kept.rules.sweep()
        for _ in range(slices):
            if next(work, work) is work:
                return True
        work.close()
        return False

    return kept.do(run)


@pytest.mark.parametrize(
    "meanwhile", ["restored", "written in", "held", "all held", "moved", "gone", "rule removed", ""]
)
def test_what_is_wanted_again_while_a_sweep_runs_stays_and_the_sweep_goes_on(kept, monkeypatch, meanwhile):
    monkeypatch.setattr(retention, "MOST_ROWS", 0)  # each part is one item
    store, history = kept.services.store, kept.services.history
    space = kept.do(lambda: store.items.add("space", "Matter 12")).id
    for number in range(4):
        id = kept.add(f"{MARKER} {number}", 200 - number, folder=space)
        if number == 2:
            wanted = id
        kept.do(lambda id=id: history.trash(id))
    rule = kept.do(lambda: kept.rules.add_rule("chat", days=90, trash_days=7, folder=space))
    kept.do(lambda: store.database.run("update rules set since = 0"))
    kept.do(lambda: store.database.run("update items set deleted_at = deleted_at - ?", (8 * DAY_S,)))
    change = {
        "restored": lambda: history.restore(wanted),
        "written in": lambda: store.messages.add(
            wanted, parent=None, role=Role.USER, parts=[TextPart("And?")], status=Status.COMPLETE
        ),
        "held": lambda: kept.rules.hold(wanted),
        "all held": kept.rules.hold,
        "moved": lambda: store.items.place(wanted, space=""),
        "gone": lambda: history.delete_for_good(wanted),
        "rule removed": lambda: kept.rules.remove_rule(rule.id),
        "": lambda: None,
    }[meanwhile]

    def run():
        work = kept.rules.sweep()
        while len(kept.recorder.of(ItemGone)) < 1:
            next(work)
        change()
        while True:
            try:
                next(work)
            except StopIteration as end:
                return end.value

    done = kept.do(run)
    count = {"": 4, "all held": 1, "rule removed": 1}.get(meanwhile, 3)
    assert done.deleted == {rule.id: count}
    left = kept.titles() | kept.titles(deleted=True)
    assert (f"{MARKER} 2" in left) is (meanwhile not in ("gone", ""))
    log = kept.do(lambda: store.database.rows("select done, count from retention_log"))
    assert [tuple(row) for row in log] == [("deleted", count)]
    assert kept.do(lambda: store.rules.time_of("retention_swept")) == kept.clock.now, "it came to its end"


def test_a_hundred_thousand_items_go_in_slices_of_little_work(kept):
    """Work is counted, in rows written and rows looked at: no clock is asked."""
    store, now = kept.services.store, kept.clock.now

    def fill() -> None:
        with store.together():
            store.database.conn.executemany(
                "insert into items (id, kind, title, pinned, created, updated, deleted_at, revision, settings)"
                " values (?, 'chat', 'some chat', 0, ?, ?, ?, 1, '{}')",
                ((f"{n:016x}", now, now - 100 * DAY_S + n / 1000, now - 50 * DAY_S if n % 50 == 0 else None)
                 for n in range(100_000)),
            )  # fmt: skip
            store.index.rebuild()

    kept.do(fill)
    kept.do(lambda: kept.rules.add_rule("", days=90, trash_days=40))
    kept.do(lambda: store.database.run("update rules set since = 0"))
    looked: list[int] = []
    old_items = store.rules.old_items
    store.rules.old_items = lambda *args: looked.append(1) or old_items(*args)  # type: ignore[method-assign]
    conn = store.database.conn

    def run() -> tuple[int, int, int]:
        work = kept.rules.sweep()
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
        assert done.trashed == {rule: 98_000}
        assert done.deleted == {rule: 2_000}
        return most_written, most_looked, slices

    (rule,) = [one.id for one in kept.do(kept.rules.rules)]
    most_written, most_looked, slices = kept.do(run)
    assert most_looked == 1, "one page of 100 items"
    assert most_written < 2_500, "of a part of the index; of items 100"
    assert slices > 1_000, "the control: it was cut"


def test_documents_that_nothing_uses_are_forgotten_and_no_others(kept, tmp_path, home, monkeypatch):
    store = kept.services.store
    names = ("unused", "asked", "drafted", "held", "new")
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
    kept.do(lambda: kept.rules.hold(made["held"]))
    rule = kept.do(lambda: kept.rules.add_rule("document", days=90, then=Then.DELETE))
    monkeypatch.setattr("slmdesk.runtime.service.SLICE_S", 0)
    monkeypatch.setattr(store.documents, "uses", None)  # which looks through all messages at once
    assert not kept.do(lambda: kept.rules.due(rule).is_ended), "other work comes in between"
    assert result_of(kept.services, lambda: kept.rules.due(rule)) == {rule.id: 1}
    assert kept.sweep().deleted == {rule.id: 1}
    left = {one.name for one in kept.do(lambda: store.documents.page(100))}
    assert left == {"asked.txt", "drafted.txt", "held.txt", "new.txt"}
    assert kept.notices()[-1].startswith("1 document that nothing uses")
    assert files_with(home, f"{MARKER} unused") == []


@pytest.mark.parametrize("meanwhile", ["opened", "held", "held in the midst", "rule removed", ""])
def test_a_document_that_is_wanted_again_while_a_sweep_runs_stays(kept, tmp_path, meanwhile):
    store = kept.services.store
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(f"{MARKER} {number} " + "word and word. " * 30_000)
        id = result_of(kept.services, lambda number=number: kept.services.documents.open(tmp_path / f"{number}.txt")).id
        if number == 1:
            wanted = id
        kept.age(id, 100)
    rule = kept.do(lambda: kept.rules.add_rule("document", days=90, then=Then.DELETE))
    before = kept.do(lambda: store.passages.of_document(wanted))
    assert len(before) > 300, "the control: it goes in several pieces"
    change = {
        "opened": lambda: store.documents.change(wanted, opened=kept.clock.now),
        "held": lambda: kept.rules.hold(wanted),
        "held in the midst": lambda: kept.rules.hold(wanted),
        "rule removed": lambda: kept.rules.remove_rule(rule.id),
        "": lambda: None,
    }[meanwhile]
    changes: list = []
    forget = kept.services.documents.forget

    def forget_and_change(id: str):
        result = forget(id)
        if (id == wanted) is (meanwhile == "held in the midst") and len(changes) == 0:
            changes.append(change())
        return result

    kept.services.documents.forget = forget_and_change  # type: ignore[method-assign]
    done = kept.sweep()
    count = {"": 3, "rule removed": 1}.get(meanwhile, 2)
    assert done.deleted == {rule.id: count}
    left = kept.do(lambda: store.documents.page(10))
    assert len(left) == 3 - count
    if meanwhile:
        assert kept.do(lambda: store.documents.get(wanted)).status is DocumentStatus.READ
        assert [one.text for one in kept.do(lambda: store.passages.of_document(wanted))] == [one.text for one in before]


# ---- the organisation


POLICY = '[retention]\ndays = 30\ntrash_days = 7\ndocuments = true\nhold = ["folder:Matter 12"]\n'


def with_policy(kept, text: str, tmp_path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(text)
    kept.services.settings.policy = load_policy([file])
    kept.do(kept.rules.take_policy)


def test_an_organisations_rules_and_holds_hold_and_cannot_be_lifted_here(kept, tmp_path):
    space = kept.do(lambda: kept.services.store.items.add("space", "Matter 12"))
    kept.add("held", 50, folder=space.id)
    kept.add("free", 50)
    kept.add("today", 0)
    with_policy(kept, POLICY, tmp_path)
    rules = kept.do(kept.rules.rules)
    assert [(rule.kind, rule.days, rule.then, rule.trash_days, rule.set_by) for rule in rules] == [
        ("", 30, Then.TRASH, 7, SetBy.POLICY), ("document", 30, Then.DELETE, 7, SetBy.POLICY)
    ]  # fmt: skip
    (hold,) = [one for one in kept.do(kept.rules.holds) if one.target == space.id]
    with pytest.raises(KnownError, match=r"rule\.managed"):
        kept.do(lambda: kept.rules.remove_rule(rules[0].id))
    with pytest.raises(KnownError, match=r"rule\.managed"):
        kept.do(lambda: kept.rules.remove_rule(rules[0].id[:7]))
    with pytest.raises(KnownError, match=r"hold\.managed"):
        kept.do(lambda: kept.rules.release(hold.id[:7]))
    assert kept.do(kept.rules.rules) == rules
    mine = kept.do(lambda: kept.rules.add_rule("chat", days=3000))
    assert kept.do(lambda: kept.rules.remove_rule(mine.id[:7])) == mine, "the control: a person's own goes by it"
    with pytest.raises(KnownError, match=r"rule\.unknown"):
        kept.do(lambda: kept.rules.remove_rule(mine.id))
    kept.sweep()
    assert kept.titles() == {"held", "today", "Matter 12"}
    again = kept.do(kept.rules.rules)
    with_policy(kept, POLICY, tmp_path)
    assert kept.do(kept.rules.rules) == again, "the same policy changes nothing"
    with_policy(kept, "[retention]\ndays = 30", tmp_path)
    assert kept.do(kept.rules.holds) == []


@pytest.mark.parametrize("with_rule", [False, True])
def test_a_hold_with_an_end_is_released_by_a_sweep_from_then_on_and_not_by_a_wrong_clock(kept, with_rule):
    item = kept.add("old", 100)
    if with_rule:
        kept.do(lambda: kept.rules.add_rule("", days=90, then=Then.DELETE))
    with pytest.raises(KnownError, match=r"request\.invalid"):
        kept.do(lambda: kept.rules.hold(item, until=kept.clock.now))
    end = kept.clock.now + 12 * DAY_S
    hold = kept.do(lambda: kept.rules.hold(item, until=end))
    assert kept.do(lambda: kept.rules.hold(item, until=end + DAY_S)) == changed(hold, until=end + DAY_S), "a later end"
    hold = kept.do(lambda: kept.rules.hold(item, until=end))
    right = kept.clock.now
    kept.clock.now += YEAR
    assert kept.sweep().doubt is not None
    assert kept.do(kept.rules.holds) == [hold]
    kept.clock.now = right
    for _ in range(11):
        kept.clock.now += DAY_S
        assert kept.sweep().deleted == {}
        assert kept.do(kept.rules.holds) == [hold]
    kept.recorder.events.clear()
    kept.clock.now += DAY_S
    done = kept.sweep()
    assert kept.do(kept.rules.holds) == []
    assert bool(done.deleted) is with_rule
    assert [one.item.id for one in kept.recorder.of(ItemChanged)] == [item], "what shows it is told"
    if not with_rule:
        kept.do(lambda: kept.services.history.delete_for_good(item))


RULES = '[retention]\ndays = 30\nhold = ["folder:Matter 12"]\n'


def test_a_space_that_an_organisation_holds_stays_held_when_it_is_renamed(kept, tmp_path):
    history = kept.services.history
    space = kept.do(lambda: kept.services.store.items.add("space", "Matter 12")).id
    chat = kept.add("held", 50, folder=space)
    with_policy(kept, RULES, tmp_path)
    before = kept.do(kept.rules.holds)
    assert {one.target for one in before} == {"Matter 12", space}
    kept.do(lambda: history.rename(space, "Matter 13"))
    for _day in range(2):
        kept.again()
        with_policy(kept, RULES, tmp_path)
        kept.sweep()
        kept.clock.now += 31 * DAY_S
    for id in (space, chat):
        with pytest.raises(KnownError, match=r"hold\.item"):
            kept.do(lambda id=id: kept.services.history.delete_for_good(id))
    assert kept.do(kept.rules.holds) == before
    with_policy(kept, '[retention]\nhold = ["folder:Matter 14"]', tmp_path)
    assert [one.target for one in kept.do(kept.rules.holds)] == ["Matter 14"], "the control: the policy releases it"
    kept.do(lambda: kept.services.history.delete_for_good(chat))


def test_a_space_in_the_trash_is_held_by_its_name_too(kept, tmp_path):
    space = kept.do(lambda: kept.services.store.items.add("space", "Matter 12")).id
    chat = kept.add("held", 50, folder=space)
    kept.do(lambda: kept.services.history.trash(space))
    with_policy(kept, RULES, tmp_path)
    for id in (space, chat):
        with pytest.raises(KnownError, match=r"hold\.item"):
            kept.do(lambda id=id: kept.services.history.delete_for_good(id))


def test_a_hold_of_a_policy_says_by_which_words_and_one_of_before_is_taken_over(kept, tmp_path):
    space = kept.do(lambda: kept.services.store.items.add("space", "Matter 12")).id
    kept.do(lambda: kept.services.store.holds.add(What.FOLDER, space, reason="of before", set_by=SetBy.POLICY))
    with_policy(kept, RULES, tmp_path)
    (hold,) = [one for one in kept.do(kept.rules.holds) if one.target == space]
    assert hold.reason == "policy: folder:Matter 12"


@pytest.mark.parametrize("text", ["[retention]\ndays = 'all'", "[retention]\ndays = 0", "[retention]\nholds = []",
                                  "[retention]\ndays = 3\ndocuments = 1", "[retention"])  # fmt: skip
def test_a_policy_that_cannot_be_understood_deletes_nothing_and_releases_nothing(kept, tmp_path, text):
    item = kept.add("held", 50)
    with_policy(kept, f'[retention]\ndays = 30\nhold = ["item:{item}"]', tmp_path)
    assert kept.do(kept.rules.rules)
    with_policy(kept, text, tmp_path)
    assert kept.do(kept.rules.rules) == []
    assert [one.target for one in kept.do(kept.rules.holds)] == [item]


def test_a_hold_that_is_not_clear_is_on_everything(kept, tmp_path):
    with_policy(kept, '[retention]\nhold = ["Matter 12"]', tmp_path)
    assert [one.what for one in kept.do(kept.rules.holds)] == [What.ALL]
    assert kept.services.settings.policy.forced.get("offline") is True


def test_the_constants_of_a_slice_are_small():
    assert retention.LOOKED_AT <= 100
    assert retention.MOST_ROWS <= 500


def test_it_sweeps_at_the_start_once_a_day_and_not_for_commands_that_keep_nothing(home):
    services = open_echo()
    add = services.service_thread.call(lambda: services.retention.add_rule("chat", days=90, then=Then.DELETE))
    item = services.service_thread.call(lambda: services.store.items.add("chat", "old"))
    services.service_thread.call(
        lambda: services.store.database.run(
            "update items set updated = ?1, arrived = ?1 where id = ?2", (time.time() - YEAR, item.id)
        )
    )
    services.close()
    services = open_echo()
    services.service_thread.call(services.retention.start)
    while services.service_thread.call(lambda: services.store.rules.time_of("retention_swept")) is None:
        time.sleep(0.01)
    assert services.service_thread.call(lambda: services.store.items.page("chat")) == []
    assert add.id in {row["rule"] for row in services.service_thread.call(
        lambda: services.store.database.rows("select rule from retention_log"))}  # fmt: skip
    services.close()

"""Out of a really damaged file come translations, the memory and glossaries too, and what was lost is counted: H4."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest
from fakes.former_format import make_former
from history.store.conftest import integrity, say, set_aside

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.records import Rescued, Status
from slmdesk.base.text.passages import PassageBuilder
from slmdesk.base.translation import NewSegment, Origin, SegmentState, Term
from slmdesk.base.types import Role, TextPart
from slmdesk.history.store import Store, damaged_copies, open_store
from slmdesk.history.store.opening import STEPS, migrate
from slmdesk.history.store.rescue import rescue_into
from slmdesk.history.store.salvage import salvage

pytestmark = pytest.mark.pure

SEGMENTS, PAIRS, TERMS = 600, 300, 300
OF_SQLITE = ("meta", "words", "titles", "passage_words", "_")
REQUEST = {"target": "de", "path": "/x/lease.docx", "source": "en"}


def fill(store: Store) -> str:
    """A translation of a document with a person's words, one that was typed, pairs, terms, a read document; its id."""
    lease = store.items.add("translation", "lease.docx → German", settings={"wish": REQUEST}).id
    store.segments.add(
        lease, [NewSegment(at, f"The tenant number {at} pays the rent in time.") for at in range(SEGMENTS)]
    )
    for at in range(SEGMENTS):
        state = (SegmentState.TRANSLATED, SegmentState.EDITED, SegmentState.APPROVED)[at % 3]
        origin = Origin.PERSON if state is SegmentState.EDITED else Origin.MODEL
        target = f"Der Mieter Nummer {at} zahlt die Miete pünktlich."
        store.segments.change(lease, at, target=target, state=state, origin=origin)
    store.results.save(lease, {"taken": True, "done": True, "left": [["equation", "page 2", "x"]], "language": "en"})
    text = "Good morning. How are you?"
    typed = store.items.add("translation", "typed", settings={"wish": {"target": "de", "text": text}}).id
    store.segments.add(
        typed,
        [
            NewSegment(0, "Good morning.", target="Guten Morgen.", state=SegmentState.TRANSLATED, origin=Origin.MODEL),
            NewSegment(0, "How are you?", lead=" ", target="Wie geht's?", state=SegmentState.EDITED,
                       origin=Origin.PERSON),
        ],
    )  # fmt: skip
    store.results.save(typed, {"taken": True, "done": True, "left": []})
    store.messages.add(
        typed, parent=None, role=Role.ASSISTANT, parts=[TextPart(text)], text="Guten Morgen. Wie geht's?",
        status=Status.COMPLETE,
    )  # fmt: skip
    pairs = [(f"Pair number {at} of the memory.", f"Paar Nummer {at} des Speichers.") for at in range(PAIRS)]
    store.memory.remember("en", "de", pairs, domain="legal", origin=Origin.PERSON, item=lease)
    made = store.glossaries.add("Lease law", source_language="en", target_language="de", domain="legal")
    terms = [
        Term(f"the term number {at}", f"die vereinbarte Miete Nummer {at} im Mietvertrag", ("Pächter",), note="n")
        for at in range(TERMS)
    ]
    store.terms.add(made.id, terms)
    keep = store.glossaries.add("Do not translate", source_language="", target_language="")
    store.terms.add(keep.id, [Term("slmdesk", "", keeps=True)])
    chat = store.items.add("chat", "a chat")
    say(store, chat.id, "hello")
    read_a_document(store)
    return lease


def read_a_document(store: Store) -> None:
    """Its tables have as many columns as others that are brought over."""
    from tasks.summaries.test_summaries import page

    record = store.documents.add(path=b"/x", name="x", sha256="x", format="pdf", bytes=1, mtime_ns=1, reader="1")
    sheet = page(1, "The garden is green in summer.", "It is white in winter.")
    builder = PassageBuilder(record.id)
    store.pages.save(record.id, [sheet])
    store.pages.save(record.id, (), [*builder.feed(sheet), *builder.finish()])
    store.collections.add(b"/y", "y", watched=True)


@pytest.fixture
def lease(paths: Paths) -> str:
    store = open_store(paths, instance_id="before").store
    with store.together():  # one commit, not a thousand
        made = fill(store)
    store.close()
    return made


def pages_of(paths: Paths, table: str) -> list[int]:
    """The leaf pages of a table, by SQLite itself."""
    with closing(sqlite3.connect(paths.database)) as conn:
        root = conn.execute("select rootpage from sqlite_schema where name = ?", (table,)).fetchone()[0]
    data, numbers, requested = paths.database.read_bytes(), [], [root]
    while requested:
        number = requested.pop()
        page = data[(number - 1) * 4096 : number * 4096]
        if page[0] == 0x0D:
            numbers.append(number)
            continue
        cells = int.from_bytes(page[3:5], "big")
        places = [int.from_bytes(page[12 + 2 * at : 14 + 2 * at], "big") for at in range(cells)]
        requested += [int.from_bytes(page[at : at + 4], "big") for at in (*places, 8)]
    return sorted(numbers)


def overwrite(paths: Paths, *numbers: int) -> None:
    """With noise, as a disk does that loses a block; the header too, so that the file is set aside."""
    data = bytearray(paths.database.read_bytes())
    for number in numbers:
        data[(number - 1) * 4096 : number * 4096] = b"\xee" + random.Random(number).randbytes(4095)
    data[:16] = b"no database here"
    paths.database.write_bytes(data)


def rescued(paths: Paths) -> tuple[Store, Rescued]:
    aside = set_aside(paths)
    store = open_store(paths, instance_id="after").store
    return store, rescue_into(store, aside)


def test_h4_all_of_a_translation_comes_over_where_only_the_header_is_damaged(paths, lease):
    overwrite(paths)
    store, report = rescued(paths)
    assert (report.items, report.translations, report.messages) == (3, 2, 2)
    assert (report.segments, report.memory, report.glossaries, report.terms) == (SEGMENTS + 2, PAIRS, 2, TERMS + 1)
    assert (report.unreadable, report.uncounted, report.lost_segments) == (0, 0, 0)
    segments = store.segments.of_item(lease)
    assert [segment.number for segment in segments] == list(range(SEGMENTS))
    assert [segment.state for segment in segments[:3]] == [
        SegmentState.TRANSLATED, SegmentState.EDITED, SegmentState.APPROVED
    ]  # fmt: skip
    assert segments[1].target == "Der Mieter Nummer 1 zahlt die Miete pünktlich."
    assert segments[1].origin is Origin.PERSON
    assert store.results.get(lease) == {
        "taken": True,
        "done": True,
        "left": [["equation", "page 2", "x"]],
        "language": "en",
    }
    assert store.items.get(lease).settings == {"wish": REQUEST}
    (pair,) = store.memory.recall("en", "de", "pair NUMBER 7 of the memory.")
    assert (pair.target, pair.domain, pair.origin) == ("Paar Nummer 7 des Speichers.", "legal", Origin.PERSON)
    assert store.memory.count_of_item(lease) == PAIRS
    assert [pair.source for pair in store.memory.similar("en", "de", "Pair 299", 1)] == [
        "Pair number 299 of the memory."
    ]
    (law,) = store.glossaries.all(source_language="en", target_language="de")[1:]
    assert [term.source for term in store.terms.of_glossary(law.id)] == [f"the term number {at}" for at in range(TERMS)]
    assert store.terms.of_glossary(law.id)[3].forbidden == ("Pächter",)
    assert len(store.terms.after(law.id, 0, 1000)) == TERMS, "numbers as those who read page by page expect them"
    assert len(store.index.search("Guten")) == 1
    store.read_everything()
    with store.database.writing():
        store.database.run("update segments set state = 'wizard' where item = ? and number = ?", (lease, SEGMENTS - 1))
    with pytest.raises(KnownError, match=r"store\.damaged"):
        store.read_everything()
    store.close()
    assert integrity(paths) == ["ok"]


def test_h4_nothing_comes_twice_and_what_was_changed_here_stays(paths, lease):
    overwrite(paths)
    store, _ = rescued(paths)
    store.segments.change(lease, 1, target="Anders.", state=SegmentState.EDITED, origin=Origin.PERSON)
    glossary = store.glossaries.all(source_language="en")[1].id
    store.terms.forget([store.terms.of_glossary(glossary)[0].n])
    (aside,) = damaged_copies(paths.database)
    again = rescue_into(store, aside)
    assert (again.items, again.segments, again.memory, again.glossaries, again.terms) == (0, 0, 0, 0, 1)
    assert again.seen > SEGMENTS
    assert store.segments.of_item(lease, begin=1, limit=1)[0].target == "Anders."
    assert store.segments.count(lease)[SegmentState.EDITED] == len(range(1, SEGMENTS, 3))
    store.close()


def test_h4_a_persons_words_come_into_an_older_backup(paths, lease):
    """The backup has the translation as the model made it; the damaged file has what a person decided since."""
    whole = paths.database.read_bytes()
    with closing(open_store(paths, instance_id="older").store) as store:
        store.segments.change(lease, 1, target="Vom Modell.", state=SegmentState.TRANSLATED, origin=Origin.MODEL)
        pair = store.memory.recall("en", "de", "Pair number 7 of the memory.")[0]
        with store.database.writing():
            store.database.run("update memory set target = 'maschinell', origin = 'model' where n = ?", (pair.n,))
    aside = paths.data / "slmdesk.damaged-20260101-000000.sqlite3"
    aside.write_bytes(b"no database here" + whole[16:])
    with closing(open_store(paths, instance_id="after").store) as store:
        report = rescue_into(store, aside)
        assert (report.segments, report.memory) == (1, 1)
        assert (
            store.segments.of_item(lease, begin=1, limit=1)[0].target
            == "Der Mieter Nummer 1 zahlt die Miete pünktlich."
        )
        assert store.memory.recall("en", "de", pair.source)[0].target == pair.target


def test_h4_pages_overwritten_in_the_middle_cost_their_rows_alone_and_are_counted(paths, lease):
    lost = [(table, pages_of(paths, table)[1:3]) for table in ("segments", "memory", "terms")]
    overwrite(paths, *(number for _, numbers in lost for number in numbers))
    store, report = rescued(paths)
    there = SEGMENTS + 2 + PAIRS + TERMS + 1
    assert report.unreadable == there - report.segments - report.memory - report.terms
    assert report.uncounted == 0
    assert 300 < report.segments < SEGMENTS + 2
    assert 200 < report.memory < PAIRS
    assert 200 < report.terms < TERMS + 1
    segments = store.segments.of_item(lease)
    assert all(
        f"number {segment.number} pays" in segment.source and f"Nummer {segment.number} " in segment.target
        for segment in segments
    )
    assert report.lost_segments == SEGMENTS - len(segments)
    left = store.results.get(lease)["left"]
    assert left[0] == ["equation", "page 2", "x"]
    assert [row[0] for row in left[1:]] == ["lost"] * (len(left) - 1)
    assert left[1][2].startswith("segments ")
    assert store.results.get(lease)["taken"], "it must not be begun anew over a person's words"
    law = store.glossaries.all(source_language="en")[1]
    assert law.terms == report.terms - 1
    store.close()
    assert integrity(paths) == ["ok"]


@pytest.mark.parametrize("table", ["items", "glossaries", "results"])
def test_h4_what_belonged_to_a_lost_page_finds_a_home(paths, lease, table):
    """A table that is one page, and that page is noise: its root."""
    (page,) = pages_of(paths, table)
    overwrite(paths, page)
    store, report = rescued(paths)
    assert report.unreadable == {"items": 3, "glossaries": 2, "results": 2}[table]
    assert (report.segments, report.memory, report.terms) == (SEGMENTS + 2, PAIRS, TERMS + 1)
    assert store.results.get(lease)["taken"]
    item = store.items.get(lease)
    assert item.kind == "translation"
    if table == "items":
        assert report.items == 3, "named by what is in them"
        assert item.title.startswith("The tenant number 0 pays")
        assert item.settings["wish"]["target"] == "de"
        assert item.settings["wish"]["text"].startswith("The tenant number 0 pays the rent")
        assert store.index.search("tenant"), "found by its title"
    if table == "glossaries":
        made = {glossary.terms: glossary for glossary in store.glossaries.all()}
        law, keep = made[TERMS], made[1]
        assert (law.name, law.source_language, law.target_language, law.is_active) == (
            "Rescued terms", "en", "de", False
        )  # fmt: skip
        assert (keep.source_language, keep.target_language, keep.is_active) == ("", "", False)
    store.close()
    assert integrity(paths) == ["ok"]


def test_h4_a_translation_that_had_only_begun_begins_anew(paths):
    with closing(open_store(paths, instance_id="before").store) as store:
        item = store.items.add("translation", "x → German", settings={"wish": REQUEST}).id
        store.segments.add(item, [NewSegment(0, "One."), NewSegment(1, "5", state=SegmentState.LEFT, reason="numbers")])
    overwrite(paths)
    store, report = rescued(paths)
    assert report.segments == 2
    assert store.results.get(item) is None, "not all of its segments were there yet"
    store.close()


@pytest.mark.parametrize("is_former", [True, False])
@pytest.mark.parametrize("is_full", [True, False])
def test_h4_without_its_schema_each_row_finds_its_own_table(tmp_path, is_former, is_full):
    cells, file = {"text": "word", "integer": 7, "real": 1.5, "blob": b"x", "": 7}, tmp_path / "some.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None)) as conn:
        migrate(conn, STEPS)
        conn.execute("PRAGMA foreign_keys=OFF")
        if is_former:
            make_former(conn)
        made = "select name from sqlite_schema where type = 'table' and sql not like 'create virtual%'"
        tables = {name for (name,) in conn.execute(made)}
        assert {"jobs", "words_docsize"} <= tables
        assert ({"holds", "retention_log", "redactions"} <= tables) == is_former
        for table in tables - {"meta"}:
            columns = conn.execute(f"pragma table_info('{table}')").fetchall()
            values = [
                cells[kind.lower()] if needed or (is_full and not key) or kind == "BLOB" or name == "item" else None
                for _at, name, kind, needed, _default, key in columns
            ]
            conn.execute(f"insert or replace into '{table}' values ({', '.join('?' * len(values))})", values)
    data = file.read_bytes()
    file.write_bytes(data[:100] + random.Random(3).randbytes(3996) + data[4096:])
    (tmp_path / "folder").mkdir()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        migrate(conn, STEPS)
        salvaged = salvage(file, None, conn, tmp_path / "folder")
        made = "select name from sqlite_schema where type = 'table' and sql not like 'create virtual%'"
        ours = {name for (name,) in conn.execute(made) if "_words" not in name and not name.startswith(OF_SQLITE)}
        assert {table: conn.execute(f"select count(*) from {table}").fetchone()[0] for table in ours} == dict.fromkeys(
            ours, 1
        )
    assert salvaged.uncounted == len(ours) + 1, "and the counters"


def test_h4_flipped_letters_anywhere_bring_no_row_that_is_none(paths, lease):
    """Whatever comes over can be read, whole and again: 40 bytes at a time, 4 files."""
    whole = paths.database.read_bytes()
    chance = random.Random(11)
    aside = paths.data / "slmdesk.damaged-20260101-000000.sqlite3"
    with closing(open_store(paths, instance_id="after").store) as store:
        for number in range(4):
            data = bytearray(whole)
            for _ in range(40):
                data[chance.randrange(100, len(data))] ^= chance.randrange(1, 256)
            aside.write_bytes(data)
            report = rescue_into(store, aside)
            assert report.seen, number
            store.read_everything()
            for item in store.items.page(None, limit=1000):
                store.segments.of_item(item.id)
                store.messages.of_item(item.id)
            for glossary in store.glossaries.all():
                store.terms.of_glossary(glossary.id)
    assert integrity(paths) == ["ok"]

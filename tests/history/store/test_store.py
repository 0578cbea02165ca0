"""The store's promises in ordinary life: items, messages, search, models, ledger; sizes and odd text (H9)."""

from __future__ import annotations

import importlib
import random
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from history.store.child import open_either
from history.store.conftest import KINDS_IN_SOAK, integrity, say, set_aside
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Answered, AnswerEnding, Outgoing, Status
from slmdesk.base.text.folding import fold_for_search
from slmdesk.base.types import Origin, Role, TextPart
from slmdesk.history.store import InstanceLock, Store, is_instance_alive, open_store
from slmdesk.history.store.messages import INDEXED, LOOKED_AT, SearchIndex
from slmdesk.history.store.opening import hidden
from slmdesk.history.store.rescue import rescue_into

pytestmark = pytest.mark.pure


def test_an_item_keeps_what_it_is_given(store):
    item = store.items.add("chat", "Łódź", settings={"system": "be brief", "leaf": "x"})
    assert store.items.get(item.id) == item == store.items.get(item.id[:6])
    assert (item.kind, item.title, item.deleted_at, item.pinned) == ("chat", "Łódź", None, False)
    changed = store.items.change_settings(item.id, leaf=None, temperature=0.5)
    assert changed.settings == {"system": "be brief", "temperature": 0.5}
    assert store.items.rename(item.id, "other").title == "other"
    assert store.items.get(item.id).updated == item.updated, "only words move a chat up the list"


def test_items_come_by_page_the_last_touched_first(store):
    ids = [store.items.add("chat", str(number)).id for number in range(25)]
    store.items.add("summary", "not a chat")
    say(store, ids[3], "touched")
    pages, before = [], None
    while page := store.items.page(limit=10, before=before):
        pages.append([item.id for item in page])
        before = (page[-1].updated, page[-1].n)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [each for page in pages for each in page] == [ids[3], *(each for each in reversed(ids) if each != ids[3])]


@pytest.mark.parametrize("requested", ["", "zz", "' or 1=1 --", "%", "\0", "x" * 10_000])
def test_an_unknown_id_is_named(store, requested):
    store.items.add("chat", "x")
    with pytest.raises(KnownError, match=r"^item\.unknown ") as caught:
        store.items.get(requested)
    assert len(caught.value.args_for_people["id"]) <= 80
    for call in (store.messages.get, store.messages.of_item, store.items.trash, store.delete_for_good):
        with pytest.raises(KnownError, match=r"item\.unknown"):
            call(requested)


def test_a_beginning_of_two_ids_is_neither(store):
    digits = [store.items.add("chat", "x").id[0] for _ in range(17)]
    shared = next(digit for digit in digits if digits.count(digit) > 1)
    with pytest.raises(KnownError, match=r"item\.unknown"):
        store.items.get(shared)


def test_the_trash_keeps_until_restored(store):
    chat = store.items.add("chat", "one")
    message = say(store, chat.id, "hello there")
    assert store.items.trash(chat.id).deleted_at is not None
    assert store.items.page() == []
    assert store.index.search("hello") == []
    assert [item.id for item in store.items.page(deleted=True)] == [chat.id]
    assert store.items.restore(chat.id).deleted_at is None
    assert [hit.message for hit in store.index.search("hello")] == [message]
    store.items.trash(chat.id)
    assert store.empty_trash(older_than_s=3600) == 0
    assert store.empty_trash() == 1
    assert store.items.page(deleted=True) == []


def test_a_message_keeps_parts_origins_and_what_made_it(store):
    chat = store.items.add("chat", "one")
    parts = (TextPart("please read", Origin.PERSON), TextPart("a contract", Origin.DOCUMENT))
    question = store.messages.add(chat.id, parent=None, role=Role.USER, parts=parts, status=Status.COMPLETE)
    answer = store.messages.add(
        chat.id, parent=question.id, role=Role.ASSISTANT, status=Status.STREAMING, model_sha256="ab" * 32,
        model_name="SmolLM2", sampling={"temperature": 0.7, "stop": ["x"]}, seed=2**32 - 1, prompt_version="1",
    )  # fmt: skip
    assert (question.parts, answer.owner, answer.parent) == (parts, "test", question.id)
    assert store.messages.grow(answer.id, "I have")
    ending = AnswerEnding(
        Status.FAILED, finish_reason="length", tokens_in=5, tokens_out=2, tokens_reused=1, seconds=0.5,
        error_code="child.died", error_args={"how": "killed", "detail": "9"},
    )  # fmt: skip
    ended = store.messages.end(answer.id, "I have read", ending)
    assert (ended.text, ended.status, ended.owner, ended.seed) == ("I have read", Status.FAILED, None, 2**32 - 1)
    assert (ended.error_code, ended.error_args["how"], ended.tokens_reused) == ("child.died", "killed", 1)
    assert ended.sampling == {"temperature": 0.7, "stop": ["x"]}
    assert store.messages.of_item(chat.id) == [question, ended]
    assert store.messages.grow(answer.id, "late words") is False, "what has ended grows no more"
    again = store.messages.reopen(answer.id)
    assert (again.text, again.status, again.owner, again.error_code) == ("I have read", Status.STREAMING, "test", None)
    with pytest.raises(KnownError, match=r"request\.invalid"):
        store.messages.reopen(answer.id)


def test_what_is_kept_beside_the_sampling_of_an_answer_waits_for_its_end(store):
    chat = store.items.add("chat", "one")
    answer = store.messages.add(
        chat.id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING, sampling={"seed": 1}
    )
    with pytest.raises(KnownError, match=r"request\.invalid"):
        store.messages.keep(answer.id, marks=[])
    store.messages.end(answer.id, "850 euros", AnswerEnding(Status.COMPLETE))
    kept = store.messages.keep(answer.id, marks=["850"])
    assert kept.sampling == {"seed": 1, "marks": ["850"]}
    assert kept.revision > answer.revision, "other windows see it"


def test_a_message_hangs_on_one_of_its_own_chat(store):
    first, two = store.items.add("chat", "one"), store.items.add("chat", "two")
    with pytest.raises(KnownError, match=r"item\.unknown"):
        say(store, two.id, "x", parent=say(store, first.id, "y"))
    assert store.messages.of_item(two.id) == [], "all or nothing"


def test_an_answer_whose_desk_is_gone_is_interrupted_with_its_words(store, paths):
    lock = InstanceLock(paths, "other")
    other = open_store(paths, instance_id="third").store
    chat = store.items.add("chat", "one")
    answer = other.messages.add(chat.id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING)
    other.messages.grow(answer.id, "half a sen")
    assert store.messages.mark_interrupted() == [], "its desk lives"
    assert is_instance_alive(paths, "third")
    assert is_instance_alive(paths, "other")
    assert is_instance_alive(paths, "test")
    other.close()
    (paths.instance_locks / "third.lock").touch()  # as when its process dies: the lock is gone, the file is not
    ended = store.messages.mark_interrupted()
    assert [(each.id, each.text, each.status) for each in ended] == [(answer.id, "half a sen", Status.INTERRUPTED)]
    assert store.index.search("half")
    assert store.messages.mark_interrupted() == []
    lock.close()
    assert not is_instance_alive(paths, "other")


def test_a_desk_of_the_same_id_cannot_live_twice(store, paths):
    with pytest.raises(KnownError, match=r"store\.in_use"):
        InstanceLock(paths, "test")
    with pytest.raises(ValueError, match="id"):
        InstanceLock(paths, "../evil")
    assert not is_instance_alive(paths, "../evil")


def test_what_another_desk_wrote_is_seen(store, paths):
    revision, version = store.revision(), store.data_version()
    other = open_store(paths, instance_id="other").store
    chat = other.items.add("chat", "one")
    message = say(other, chat.id, "hello")
    gone = other.items.add("chat", "gone")
    other.delete_for_good(gone.id)
    assert store.data_version() != version
    changes = store.changed_since(revision)
    assert [item.id for item in changes.items] == [chat.id]
    assert [each.id for each in changes.messages] == [message]
    assert changes.gone == [gone.id]
    assert store.changed_since(changes.revision).messages == []
    other.close()


def test_a_clock_that_jumps_back_keeps_order_and_news(paths):
    now = [2e9]
    store = open_store(paths, instance_id="d", clock=lambda: now[0]).store
    chat = store.items.add("chat", "one")
    first, revision = say(store, chat.id, "first"), store.revision()
    now[0] -= 365 * 86_400
    second = say(store, chat.id, "second")
    assert [message.id for message in store.messages.of_item(chat.id)] == [first, second]
    assert [message.id for message in store.changed_since(revision).messages] == [second]
    assert store.index.search("first second"[:5])[0].message == first
    store.close()


def test_nothing_is_written_when_a_transaction_breaks(store):
    def break_off(title):
        with store.database.writing():
            store.items.add("chat", title)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off("outer")
    assert store.items.page() == []
    with store.database.writing():
        store.items.add("chat", "kept")
        with pytest.raises(RuntimeError):
            break_off("undone")
    assert [item.title for item in store.items.page()] == ["kept"]


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("Die Straße nach Łódź", "strasse lodz", ["Straße", "Łódź"]),
        ("ein GROSSES Haus", "große", ["GROSSES"]),
        ("東京は日本の首都です", "日本", ["日本"]),
        ("東京は日本の首都です", "首", ["首"]),
        ("Smørrebrød og café", "smorrebrod cafe", ["Smørrebrød", "café"]),
        ("Ελληνικά ΟΔΟΣ", "οδός", ["ΟΔΟΣ"]),
        ("приём ёлка", "прием", ["приём"]),
        ("हिन्दी भाषा", "हिन्दी", ["हिन्दी"]),
        ("the beginning of words", "begi", ["beginning"]),
        ("x = a.b_c(3)", "b c 3", ["b", "c", "3"]),
    ],
)
def test_search_finds_what_a_person_means(store, text, words, marked):
    chat = store.items.add("chat", "one")
    say(store, chat.id, text)
    say(store, chat.id, "something else altogether")
    (hit,) = store.index.search(words)
    pieces = hit.snippet.replace("\ue000", "\ue001").split("\ue001")[1::2]
    assert pieces == marked
    assert hit.snippet.replace("\ue000", "").replace("\ue001", "") == text


@pytest.mark.parametrize(
    "words", ["", "  ", '"', "'", "AND", "NOT x", "a* OR b", "words:x", "^", "(", "-", "\0", "\ud800", "…", "NEAR(a b)"]
)
def test_no_word_is_an_operator(store, words):
    chat = store.items.add("chat", "one")
    say(store, chat.id, "and not x or b near a")
    store.index.search(words)


def test_a_long_text_is_shown_around_the_hit(store):
    chat = store.items.add("chat", "one")
    say(store, chat.id, "before " * 3000 + "needle " + "after " * 3000)
    (hit,) = store.index.search("needle")
    assert "\ue000needle\ue001" in hit.snippet
    assert hit.snippet.startswith("…")
    assert hit.snippet.endswith("…")
    assert len(hit.snippet) < 260


def test_an_index_of_another_folding_is_made_anew(store, paths):
    chat = store.items.add("chat", "one")
    say(store, chat.id, "hello")
    store.database.conn.execute("update meta set value = 0 where key = 'folding'")
    store.database.conn.execute("insert into words (words) values ('delete-all')")
    assert store.index.search("hello") == []
    store.close()
    again = open_store(paths, instance_id="again").store
    assert len(again.index.search("hello")) == 1
    again.close()


ODD = [
    "a\0b",
    "'; drop table messages; --",
    '{"parts": []}',
    "\ue000marked\ue001",
    "\ufffe\uffff\U0010ffff",
    "\r\n\t\x1b[31m",
    "‮right to left",
    "👩‍👩‍👧 e\u0301",
]


@pytest.mark.parametrize("text", ODD)
@KINDS_IN_SOAK
def test_h9_text_comes_back_as_written(kind, store, text):
    chat = store.items.add("chat", text, settings={"system": text})
    message = say(store, chat.id, text)
    answer = store.messages.add(chat.id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING)
    store.messages.grow(answer.id, text)
    assert store.messages.end(answer.id, text, AnswerEnding(Status.COMPLETE)).text == text
    assert store.messages.get(message).parts[0].text == text
    assert (store.items.get(chat.id).title, store.items.get(chat.id).settings["system"]) == (text, text)
    assert store.take_replaced() == 0


@KINDS_IN_SOAK
def test_h9_what_is_no_text_is_replaced_and_said(kind, store):
    chat = store.items.add("chat", "bad \ud800 title")
    message = say(store, chat.id, "bad \udc00 text \ud83d\ude00 \ud800")
    assert store.items.get(chat.id).title == "bad \ufffd title"
    assert store.messages.get(message).parts[0].text == "bad \ufffd text \U0001f600 \ufffd"
    assert (store.take_replaced(), store.take_replaced()) == (3, 0)
    answer = store.messages.add(chat.id, parent=None, role=Role.ASSISTANT, status=Status.STREAMING)
    store.messages.end(answer.id, "\ud800", AnswerEnding(Status.COMPLETE))
    assert store.messages.get(answer.id).text == "\ufffd"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8"), max_size=200))
@KINDS_IN_SOAK
def test_h9_any_text_comes_back_and_any_of_its_words_is_found(kind, store, text):
    chat = store.items.page()[0] if store.items.page() else store.items.add("chat", "one")
    message = say(store, chat.id, text)
    assert store.messages.get(message).parts[0].text == text
    if any(letter.isalnum() for letter in text):
        assert message in {hit.message for hit in store.index.search(text)}


@pytest.mark.parametrize("megabytes", [1, pytest.param(10, marks=pytest.mark.soak)])
@KINDS_IN_SOAK
def test_h9_a_long_message(kind, store, paths, megabytes):
    chat = store.items.add("chat", "one")
    text = "words of a long contract, clause after clause. " * (22_000 * megabytes)
    message = say(store, chat.id, text + " needle")
    assert store.messages.get(message).parts[0].text == text + " needle"
    assert "needle" in store.index.search("needle")[0].snippet
    store.delete_for_good(chat.id)
    assert integrity(paths) == ["ok"]


def many_messages(paths, count: int) -> tuple[float, float]:
    store = open_either(paths, "d").store
    chance = random.Random(9)
    vocabulary = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randrange(2, 10))) for _ in range(5000)]
    chats = [store.items.add("chat", f"chat {number}").id for number in range(max(1, count // 100))]
    with store.database.writing():
        for number in range(count):
            words = " ".join(chance.choices(vocabulary, k=30)) + (" rare" if number % 1000 == 0 else "")
            say(store, chats[number % len(chats)], words)
    store.close()
    began = time.perf_counter()
    store = open_either(paths, "d").store
    store.items.page()
    start_s = time.perf_counter() - began
    searches = []
    for words in ("rare", vocabulary[0], vocabulary[1][:2], f"{vocabulary[2]} {vocabulary[3]}", "nowhere"):
        began = time.perf_counter()
        store.index.search(words)
        searches.append(time.perf_counter() - began)
    assert len(store.index.search("rare", limit=1000)) == -(-count // 1000)
    store.close()
    print(f"{count} messages: start {start_s:.3f} s, searches {[round(each, 4) for each in searches]} s")
    return start_s, max(searches)


@pytest.mark.soak
def test_h9_100_000_messages_start_and_search(kind, paths):
    start_s, search_s = many_messages(paths, 100_000)
    assert start_s <= 2
    assert search_s <= 0.2


def add_model(store, name="SmolLM2 135M", **more):
    values = {
        "name": name, "path": b"/models/\xff.gguf", "linked": True, "bytes": 5 << 30, "sha256": "ab" * 32,
        "mtime_ns": 1_700_000_000_123_456_789, "inode": 2**64 - 1, "header": {"architecture": "llama"},
        "source": "starter",
    }  # fmt: skip
    return store.models.add(**values | more)


def test_a_model_record_is_found_by_id_prefix_or_name(store):
    model = add_model(store)
    assert store.models.all() == [model]
    assert model.path == b"/models/\xff.gguf"
    assert (model.inode, model.mtime_ns) == (2**64 - 1, 1_700_000_000_123_456_789)
    for requested in (model.id, model.id[:5], "SmolLM2 135M", "smollm2 135m"):
        assert store.models.get(requested) == model
    with pytest.raises(KnownError, match=r"^model\.unknown ") as caught:
        store.models.get("Qwen")
    assert "SmolLM2 135M" in caught.value.args_for_people["known"]
    add_model(store)
    with pytest.raises(KnownError, match=r"model\.ambiguous"):
        store.models.get("SmolLM2 135M")


def test_the_only_beginning_of_a_name_or_of_its_file_names_a_model_and_of_several_all_are_told(store):
    small = add_model(store, "Qwen2.5 0.5B", path=b"/models/small.gguf")
    large = add_model(store, "Qwen2.5 1.5B", path=b"/models/large.gguf")
    assert store.models.get("qwen2.5 1") == large
    assert store.models.get("Small.g") == small
    with pytest.raises(KnownError, match=r"^model\.ambiguous ") as caught:
        store.models.get("Qwen")
    assert caught.value.args_for_people["known"] == f"{small.id} {small.name}, {large.id} {large.name}"
    with pytest.raises(KnownError, match=r"model\.unknown"):
        store.models.get("")


def test_facts_and_fields_of_a_model_change(store):
    model = add_model(store)
    store.models.set_info(model.id, load_crashes=2, curve=[[1, 1.0], [4, 1.5]])
    changed = store.models.set_info(model.id, load_crashes=None, template="ok")
    assert changed.info == {"curve": [[1, 1.0], [4, 1.5]], "template": "ok"}
    changed = store.models.change(model.id, path=b"/elsewhere", last_used=5.0, inode=7)
    assert (changed.path, changed.last_used, changed.inode) == (b"/elsewhere", 5.0, 7)
    with pytest.raises(sqlite3.OperationalError, match="no such column: owner"):
        store.models.change(model.id, owner="x")
    store.models.remove(model.id)
    assert store.models.all() == []


def test_the_ledger_counts_and_is_searched(store):
    for number in range(5):
        n = store.ledger.record(Outgoing("huggingface.co", "GET", f"/api/models/{number}", "search"))
    store.ledger.record(Outgoing("100%_host", "GET", "/x", "download"))
    assert store.ledger.page()[1].bytes is None
    store.ledger.finish(n, Answered(1234, 200))
    rows = store.ledger.page(3)
    assert [row.n for row in rows] == [6, 5, 4]
    assert (rows[1].bytes, rows[1].path, rows[1].purpose) == (1234, "/api/models/4", "search")
    assert len(store.ledger.page(words="models/3")) == 1
    assert len(store.ledger.page(words="%_")) == 1
    assert store.ledger.count_since(0) == 6
    assert store.ledger.count_since(time.time() + 10) == 0


def test_what_is_stored_is_checked_as_it_is_read(store, paths):
    chat = store.items.add("chat", "one")
    message = say(store, chat.id, "hello")
    store.database.conn.execute("update messages set status = 'odd'")
    with pytest.raises(KnownError) as caught:
        store.messages.get(message)
    assert (caught.value.code, caught.value.args_for_people["path"]) == ("store.damaged", str(paths.database))
    assert (paths.data / "check-at-start").exists(), "the next start looks at all of it"
    store.database.conn.execute("update messages set status = 'complete', parts = cast(x'ff' as text)")
    with pytest.raises(KnownError, match=r"store\.damaged"):
        store.messages.get(message)
    store.database.conn.execute("update messages set parts = '['")
    told: list[KnownError] = []
    store.shared.on_wrong = told.append
    other = say(store, chat.id, "there")
    for __ in range(2):
        assert [each.id for each in store.messages.of_item(chat.id)] == [other], "the other rows are there"
    assert [known.code for known in told] == ["store.damaged"]


def hits(store: Store, words: str, **more) -> list[tuple[str, str]]:
    """Titles and message ids."""
    return [(hit.title, hit.message) for hit in store.index.search(words, **more)]


def test_a_title_is_found_as_it_is_now(store, paths):
    chat = store.items.add("chat", "Straße nach Łódź")
    say(store, chat.id, "how far is it")
    (hit,) = store.index.search("strasse lodz")
    assert (hit.item, hit.message, hit.title) == (chat.id, "", "Straße nach Łódź")
    assert hit.snippet == "how far is it"
    store.items.rename(chat.id[:8], "Travels")
    assert hits(store, "strasse") == []
    assert hits(store, "trav") == [("Travels", "")]
    store.items.trash(chat.id)
    assert hits(store, "travels") == []
    store.items.restore(chat.id)
    assert hits(store, "travels") == [("Travels", "")]
    store.delete_for_good(chat.id)
    assert hits(store, "travels") == []
    store.close()
    assert integrity(paths) == ["ok"]


def test_a_chat_whose_words_hold_it_too_is_told_by_its_message_alone(store):
    chat = store.items.add("chat", "hello there")
    first = say(store, chat.id, "hello there, how are you")
    say(store, chat.id, "fine")
    assert hits(store, "hello") == [("hello there", first)]
    assert hits(store, "hello fine") == [], "words of a title and of a message are not put together"
    answer = store.messages.add(chat.id, parent=first, role=Role.ASSISTANT, status=Status.STREAMING)
    store.messages.grow(answer.id, "hello hello")
    assert len(hits(store, "hello")) == 1


def test_hits_of_both_kinds_come_newest_first_by_page(store):
    requested = []
    for number in range(40):
        by_title = number % 3 == 0
        chat = store.items.add("chat", f"needle {number}" if by_title else f"chat {number}")
        said = say(store, chat.id, "other words" if by_title else f"a needle {number}")
        requested.append((chat.title, "" if by_title else said))
    empty = [store.items.add("chat", f"needle without words {number}").title for number in range(3)]
    requested = [(title, "") for title in empty] + requested
    reported, before = [], None
    while page := store.index.search("needle", limit=7, before=before):
        assert len(page) <= 7
        reported += [(hit.title, hit.message) for hit in page]
        before = page[-1].n
    assert reported == requested[::-1]


def test_titles_are_rescued_and_their_index_is_made_anew(paths):
    with closing(open_store(paths, instance_id="d").store) as store:
        for number in range(50):
            store.items.add("chat", f"marker {number}")
    with closing(sqlite3.connect(paths.database)) as conn:
        conn.execute("update titles_data set block = zeroblob(200) where id > 10")
        conn.commit()
    (paths.data / "check-at-start").touch()
    with closing(open_store(paths, instance_id="d").store) as store:
        assert len(store.index.search("marker", limit=100)) == 50
    assert integrity(paths) == ["ok"]
    aside = set_aside(paths)
    with closing(open_store(paths, instance_id="d").store) as store:
        assert hits(store, "marker") == []
        rescue_into(store, aside)
        assert len(store.index.search("marker", limit=100)) == 50
    assert integrity(paths) == ["ok"]


WORDS = ("letter", "letters", "lettuce", "contract", "über", "Überweisung", "東京都", "a1b2c3", "rare")
"""From nearly every message to one in thirty."""
COUNT = 700


@pytest.fixture
def texts(store: Store) -> dict[str, str]:
    """Messages of two chats by id, oldest first; the second chat is in the trash."""
    rng, texts = random.Random(3), {}
    chats = [store.items.add("chat", "One"), store.items.add("chat", "Two")]
    with store.database.writing():
        for number in range(COUNT):
            words = [word for place, word in enumerate(WORDS) if rng.random() < 0.95 / (place + 1) ** 1.5]
            text, chat = " ".join(words) or "nothing", chats[number % 5 == 0]
            made = say(store, chat.id, text)
            if chat is chats[0]:
                texts[made] = text
    store.items.trash(chats[1].id)
    return texts


def expected(texts: dict[str, str], words: str) -> list[str]:
    *whole, last = fold_for_search(words).split()
    ids = []
    for id, text in texts.items():
        known = fold_for_search(text).split()
        if all(word in known for word in whole) and any(word.startswith(last) for word in known):
            ids.append(id)
    return ids[::-1]


LOOKED_FOR = (
    "letter", "lett", "letters", "letter letters", "lettuce contr", "uber", "überw", "a1b2", "rare", "rar",
    "letter rare", "nothing", "nowhere", "letterhead",
)  # fmt: skip


def test_the_newest_messages_that_hold_the_words_are_found(store, texts):
    for words in LOOKED_FOR:
        wanted = expected(texts, words)
        for limit in (5, 50, COUNT):
            matches = store.index.search(words, limit=limit)
            assert [hit.message for hit in matches] == wanted[:limit], (words, limit)
            if len(wanted) > limit:
                following = [hit.message for hit in store.index.search(words, limit=limit, before=matches[-1].n)]
                assert following == wanted[limit : 2 * limit], (words, limit)


def test_of_a_word_in_most_messages_few_are_read(store, texts, monkeypatch):
    read = []
    real = SearchIndex.words_of
    monkeypatch.setattr(SearchIndex, "words_of", lambda self, parts, text: read.append(text) or real(self, parts, text))
    assert len("letter") > INDEXED
    assert len(store.index.search("letter", limit=20)) == 20
    assert len(read) < LOOKED_AT


def listed(store, **more) -> list[str]:
    return [item.title for item in store.items.listed(**more)]


def test_pinned_chats_are_listed_first_page_by_page(store):
    ids = [store.items.add("chat", str(number)).id for number in range(5)]
    store.items.add("summary", "no chat")
    store.items.place(ids[1], pinned=True)
    say(store, ids[0], "newest")
    pages, before = [], None
    while page := store.items.listed(limit=2, before=before):
        pages += [item.title for item in page]
        before = (page[-1].pinned, page[-1].updated, page[-1].n)
    assert pages == ["1", "0", "4", "3", "2"]
    assert store.items.place(ids[1], pinned=False).updated == store.items.get(ids[1]).updated
    assert listed(store) == ["0", "4", "3", "2", "1"]


def test_the_archive_is_out_of_list_titles_and_search(store):
    kept, gone = (store.items.add("chat", f"lease {number}").id for number in range(2))
    say(store, gone, "the notice period")
    store.items.place(gone, archived=True)
    assert (listed(store), listed(store, archived=True)) == (["lease 0"], ["lease 1"])
    assert [id for id, _kind, _title in store.items.titles()] == [kept]
    for words in ("lease", "notice"):
        chats = {hit.item for hit in store.index.search(words, archived=False)}
        assert gone not in chats
        assert gone in {hit.item for hit in store.index.search(words, archived=True)}
        assert gone in {hit.item for hit in store.index.search(words)}
    store.items.place(gone, archived=False)
    assert listed(store) == ["lease 1", "lease 0"]


def test_chats_of_a_space_are_listed_in_it_as_long_as_it_lives(store):
    space, other = (store.items.add("space", name).id for name in ("Zoo", "äpfel"))
    inside, outside = (store.items.add("chat", name).id for name in ("in", "out"))
    store.items.place(inside, space=space)
    assert (listed(store), listed(store, space=space), listed(store, space=other)) == (["out"], ["in"], [])
    assert [(item.title, count) for item, count in store.items.spaces()] == [("äpfel", 0), ("Zoo", 1)]
    store.items.place(inside, archived=True)
    assert [count for _item, count in store.items.spaces()] == [0, 0]
    assert listed(store, archived=True) == ["in"], "the archive holds those of all spaces"
    store.items.place(inside, archived=False)
    store.items.trash(space)
    assert listed(store) == ["out", "in"] or listed(store) == ["in", "out"]
    assert [item.title for item, _count in store.items.spaces()] == ["äpfel"]
    store.items.restore(space)
    assert listed(store) == ["out"], "it has its chats again"
    store.delete_for_good(space)
    assert store.items.get(inside).folder is None
    assert store.items.place(outside, space="").folder is None


def test_a_space_is_found_by_no_search(store):
    store.items.add("space", "lease")
    chat = store.items.add("chat", "lease").id
    assert [hit.item for hit in store.index.search("lease")] == [chat]


def test_a_rescue_brings_spaces_and_the_archive(paths):
    with closing(open_store(paths, instance_id="new").store) as store:
        space = store.items.add("space", "Zoo", settings={"system": "Be brief."}).id
        store.items.place(store.items.add("chat", "in").id, space=space)
        store.items.place(store.items.add("chat", "aside").id, archived=True)
    aside = set_aside(paths)
    with closing(open_store(paths, instance_id="again").store) as store:
        assert rescue_into(store, aside).items == 3
        assert store.retention.old_items("chat", time.time() - 60, (-1.0, -1), 9) == [], "all of it came just now"
        assert (listed(store, space=space), listed(store, archived=True)) == (["in"], ["aside"])
        assert [item.settings for item, _count in store.items.spaces()] == [{"system": "Be brief."}]


def test_a_library_is_hidden_from_the_thread_that_hides_it_alone(tmp_path, monkeypatch):
    (tmp_path / "seldom_used.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with ThreadPoolExecutor() as threads, hidden("seldom_used"):
        with pytest.raises(ImportError):
            importlib.import_module("seldom_used")
        assert threads.submit(importlib.import_module, "seldom_used").result()

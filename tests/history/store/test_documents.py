"""Documents in the store: pages as they were read, passages found by their words, nothing left of forgotten ones."""

from __future__ import annotations

import sqlite3

import pytest

from slmdesk.base.documents import Block, BlockKind, Page, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.records import DocumentStatus, Passage
from slmdesk.base.text.folding import query_pieces

pytestmark = pytest.mark.pure


def document(store, name="a.pdf", sha256="0" * 64):
    return store.documents.add(
        path=f"/tmp/{name}".encode(), name=name, sha256=sha256, format="pdf", bytes=7, mtime_ns=1, reader="1"
    )


def page(number, text="one\ntwo"):
    blocks = (Block(BlockKind.HEADING, 0, 3, 1), Block(BlockKind.TABLE_ROW, 4, len(text), 0, "A1:B1"))
    return Page(number, f"p{number}", text, PageStatus.READ, blocks, "by OCR", True)


def passage(document, text, *, page=1):
    return Passage(0, document, page, page, 0, len(text), text)


def pieces(words):
    return [piece for run in query_pieces(words) for piece in run]


def test_pages_come_back_as_they_were_read(store):
    record = document(store)
    store.pages.save(record.id, [page(1), page(2), Page(3, "3", "", PageStatus.SCANNED, (), "scanned")])
    assert store.pages.of_document(record.id) == [page(1), page(2), Page(3, "3", "", PageStatus.SCANNED, (), "scanned")]
    assert store.documents.get(record.id[:6]).pages == 3
    store.pages.save(record.id, [page(2, "one\nTWO!")])
    assert [leaf.text for leaf in store.pages.of_document(record.id)] == ["one\ntwo", "one\nTWO!", ""]
    assert store.pages.of_document(record.id, begin=2, limit=1, with_text=False)[0].label == "p2"
    store.pages.forget(record.id, 1)
    assert [leaf.number for leaf in store.pages.of_document(record.id)] == [1]


def test_fields_change_and_unknown_ones_are_refused(store):
    record = document(store)
    changed = store.documents.change(record.id, status=DocumentStatus.READ, info={"pages": 3}, name="b")
    assert (changed.status, changed.info, changed.name) == (DocumentStatus.READ, {"pages": 3}, "b")
    with pytest.raises(sqlite3.OperationalError, match="no such column: words"):
        store.documents.change(record.id, words="x")
    with pytest.raises(KnownError, match=r"^document\.unknown "):
        store.documents.get("f" * 16 + "0")
    assert [paper.id for paper in store.documents.find(sha256="0" * 64)] == [record.id]
    assert [paper.id for paper in store.documents.find(path=b"/tmp/a.pdf")] == [record.id]
    assert store.documents.find(path=b"/tmp/none") == []


def test_passages_are_found_by_words_with_other_endings(store):
    first, second = document(store), document(store, "b.pdf", "1" * 64)
    store.pages.save(
        first.id, (), [passage(first.id, "The tenants pay on Monday."), passage(first.id, "Nothing.", page=2)]
    )
    store.pages.save(second.id, (), [passage(second.id, "Łódź has a tenant, who paid.")])
    passages = store.passages.find(pieces("tenant paying"), [first.id, second.id])
    assert {hit.document for hit in passages} == {first.id, second.id}
    assert [hit.document for hit in store.passages.find(pieces("lodz"), [first.id, second.id])] == [second.id]
    assert store.passages.find(pieces("tenant"), [first.id])[0].page == 1
    assert store.passages.count([first.id, second.id])[0] == 3
    assert store.passages.find([], [first.id]) == store.passages.find(["a"], []) == []
    assert store.passages.find(['"', "*", "NEAR("], [first.id]) == []


def test_passages_are_found_by_the_beginning_of_a_compound(store):
    record = document(store)
    store.pages.save(
        record.id, (), [passage(record.id, "Die Kündigungsfrist."), passage(record.id, "Der Kunde kündet.")]
    )
    assert [hit.text for hit in store.passages.find(pieces("kündigen"), [record.id])] == ["Die Kündigungsfrist."]


def test_new_passages_take_the_place_of_old_ones_and_their_vectors(store):
    record = document(store)
    store.pages.save(record.id, (), [passage(record.id, "alpha")])
    n = store.passages.of_document(record.id)[0].n
    store.vectors.save("m" * 64, {n: b"\0\0\0\0"})
    assert store.vectors.after("m" * 64, [record.id], after=0, limit=10) == [(n, b"\0\0\0\0")]
    store.pages.forget(record.id, 0)
    store.pages.save(record.id, (), [passage(record.id, "beta")])
    assert store.passages.find(["alpha"], [record.id]) == []
    assert store.passages.find(["beta"], [record.id])
    assert store.vectors.after("m" * 64, [record.id], after=0, limit=10) == []


def test_items_know_their_documents_and_results(store):
    first, second = document(store), document(store, "b.pdf", "1" * 64)
    item = store.items.add("summary", "A and B")
    store.documents.link(item.id, [second.id, first.id])
    store.results.save(item.id, {"sentences": [{"text": "x"}]})
    assert [other_document.id for other_document in store.documents.of_item(item.id)] == [second.id, first.id]
    assert store.documents.items_about(first.id) == [item.id]
    assert store.results.get(item.id) == {"sentences": [{"text": "x"}]}
    store.read_everything()
    store.delete_for_good(item.id)
    assert store.results.get(item.id) is None
    assert store.documents.items_about(first.id) == []


def test_h10_nothing_of_a_forgotten_document_is_in_any_file(store, tmp_path):
    record = document(store, "hidden-name.pdf")
    store.pages.save(record.id, [page(1, "one\nquicksilver")])
    store.pages.save(record.id, (), [passage(record.id, "quicksilv moon")])

    def holding(word):
        return [path for path in tmp_path.rglob("*") if path.is_file() and word in path.read_bytes()]

    assert holding(b"quicksilver")
    store.documents.forget(record.id)
    assert holding(b"quicksilv") == holding(b"hidden-name") == []

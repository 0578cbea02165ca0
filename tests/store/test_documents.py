"""Documents in the store: pages as they were read, passages found by their words, nothing left of forgotten ones."""

from __future__ import annotations

import pytest

from slmdesk.base.documents import Block, BlockKind, Page, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.records import DocumentStatus, Passage
from slmdesk.text.folding import query_pieces

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
    found = document(store)
    store.pages.save(found.id, [page(1), page(2), Page(3, "3", "", PageStatus.SCANNED, (), "scanned")])
    assert store.pages.of_document(found.id) == [page(1), page(2), Page(3, "3", "", PageStatus.SCANNED, (), "scanned")]
    assert store.documents.get(found.id[:6]).pages == 3
    store.pages.save(found.id, [page(2, "one\nTWO!")])
    assert [one.text for one in store.pages.of_document(found.id)] == ["one\ntwo", "one\nTWO!", ""]
    assert store.pages.of_document(found.id, begin=2, limit=1, with_text=False)[0].label == "p2"
    store.pages.forget(found.id, 1)
    assert [one.number for one in store.pages.of_document(found.id)] == [1]


def test_fields_change_and_unknown_ones_are_refused(store):
    found = document(store)
    changed = store.documents.change(found.id, status=DocumentStatus.READ, info={"pages": 3}, name="b")
    assert (changed.status, changed.info, changed.name) == (DocumentStatus.READ, {"pages": 3}, "b")
    with pytest.raises(ValueError):
        store.documents.change(found.id, words="x")
    with pytest.raises(KnownError, match=r"^document\.unknown "):
        store.documents.get("f" * 16 + "0")
    assert [one.id for one in store.documents.find(sha256="0" * 64)] == [found.id]
    assert [one.id for one in store.documents.find(path=b"/tmp/a.pdf")] == [found.id]
    assert store.documents.find(path=b"/tmp/none") == []


def test_passages_are_found_by_words_with_other_endings(store):
    first, second = document(store), document(store, "b.pdf", "1" * 64)
    store.pages.save(
        first.id, (), [passage(first.id, "The tenants pay on Monday."), passage(first.id, "Nothing.", page=2)]
    )
    store.pages.save(second.id, (), [passage(second.id, "Łódź has a tenant, who paid.")])
    found = store.passages.find(pieces("tenant paying"), [first.id, second.id])
    assert {one.document for one in found} == {first.id, second.id}
    assert [one.document for one in store.passages.find(pieces("lodz"), [first.id, second.id])] == [second.id]
    assert store.passages.find(pieces("tenant"), [first.id])[0].page == 1
    assert store.passages.count([first.id, second.id])[0] == 3
    assert store.passages.find([], [first.id]) == store.passages.find(["a"], []) == []
    assert store.passages.find(['"', "*", "NEAR("], [first.id]) == []


def test_passages_are_found_by_the_beginning_of_a_compound(store):
    found = document(store)
    store.pages.save(found.id, (), [passage(found.id, "Die Kündigungsfrist."), passage(found.id, "Der Kunde kündet.")])
    assert [one.text for one in store.passages.find(pieces("kündigen"), [found.id])] == ["Die Kündigungsfrist."]


def test_new_passages_take_the_place_of_old_ones_and_their_vectors(store):
    found = document(store)
    store.pages.save(found.id, (), [passage(found.id, "alpha")])
    n = store.passages.of_document(found.id)[0].n
    store.vectors.save("m" * 64, {n: b"\0\0\0\0"})
    assert store.vectors.after("m" * 64, [found.id], after=0, limit=10) == [(n, b"\0\0\0\0")]
    store.pages.forget(found.id, 0)
    store.pages.save(found.id, (), [passage(found.id, "beta")])
    assert store.passages.find(["alpha"], [found.id]) == []
    assert store.passages.find(["beta"], [found.id])
    assert store.vectors.after("m" * 64, [found.id], after=0, limit=10) == []


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
    found = document(store, "hidden-name.pdf")
    store.pages.save(found.id, [page(1, "one\nquicksilver")])
    store.pages.save(found.id, (), [passage(found.id, "quicksilv moon")])

    def holding(word):
        return [path for path in tmp_path.rglob("*") if path.is_file() and word in path.read_bytes()]

    assert holding(b"quicksilver")
    store.documents.forget(found.id)
    assert holding(b"quicksilv") == holding(b"hidden-name") == []

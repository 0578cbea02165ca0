"""Translations in the store: segments with their states, what is remembered, terms; and nothing left of them."""

from __future__ import annotations

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.translation import NewSegment, Origin, SegmentFlag, SegmentState, Term

pytestmark = pytest.mark.pure


def segment(unit, source, **more):
    return NewSegment(unit, source, **more)


def test_segments_come_back_in_order_with_what_was_changed(store):
    item = store.items.add("translation", "Lease").id
    store.segments.add(
        item, [segment(0, "One <1>two</1>", paired=(1,), trail=" "), segment(0, "Three", place="cell A1")]
    )
    store.segments.add(item, [segment(1, "EUR 5", state=SegmentState.LEFT, reason="numbers")])
    assert [
        (other_segment.number, other_segment.unit, other_segment.source)
        for other_segment in store.segments.of_item(item)
    ] == [(0, 0, "One <1>two</1>"), (1, 0, "Three"), (2, 1, "EUR 5")]
    flag = SegmentFlag("number", "5", "the source has 6")
    changed = store.segments.change(
        item, 1, target="Drei", state=SegmentState.TRANSLATED, origin=Origin.MODEL, flags=(flag,)
    )
    assert (changed.target, changed.origin, changed.flags) == ("Drei", Origin.MODEL, (flag,))
    assert changed.revision > store.segments.of_item(item)[0].revision
    store.segments.change(item, 0, flags=(SegmentFlag("unsure", "One"),))  # a shade: nobody must look at it
    assert store.segments.count_look(item, "other") == {item: 1}
    assert store.segments.count(item) == {SegmentState.OPEN: 1, SegmentState.TRANSLATED: 1, SegmentState.LEFT: 1}
    with pytest.raises(KnownError):
        store.segments.change(item, 9, target="x")


def test_all_segments_of_an_item_are_as_they_are_stored_whatever_changed_since(store):
    item, other = (store.items.add("translation", title).id for title in ("Lease", "Letter"))
    store.segments.add(item, [segment(0, "One"), segment(0, "Two")])
    store.segments.add(other, [segment(0, "Three")])
    for change in (
        lambda: None,
        lambda: store.segments.change(item, 1, target="Zwei"),
        lambda: store.segments.change(item, 0, target="Eins"),
        lambda: store.segments.add(item, [segment(1, "Four")]),
        lambda: store.segments.whole(other),
        lambda: store.segments.forget(item),
        lambda: store.segments.add(item, [segment(0, "Five"), segment(0, "Six"), segment(0, "Seven")]),
    ):
        change()
        assert store.segments.whole(item) == store.segments.of_item(item)
    assert [row.source for row in store.segments.whole(item)] == ["Five", "Six", "Seven"]


def test_doubts_belong_to_the_words_they_were_said_of(store):
    item = store.items.add("translation", "Lease").id
    store.segments.add(item, [segment(0, "One two")])
    assert store.segments.of_item(item)[0].doubts == ()
    changed = store.segments.change(item, 0, target="Eins zwei", doubts=((0, 4, 0.25),))
    assert changed.doubts == ((0, 4, 0.25),) == store.segments.of_item(item)[0].doubts
    assert store.segments.change(item, 0, state=SegmentState.APPROVED).doubts == ((0, 4, 0.25),)
    assert store.segments.change(item, 0, target="Eins drei").doubts == ()


def test_what_a_person_wrote_is_not_forgotten_for_a_model(store):
    assert store.memory.remember("en", "de", [("The  House", "Das Haus")], origin=Origin.PERSON) == 1
    assert store.memory.remember("en", "de", [("the house", "die Hütte")], origin=Origin.MODEL) == 0
    assert [pair.target for pair in store.memory.recall("en", "de", "THE house")] == ["Das Haus"]
    store.memory.remember("en", "de", [("the house", "das Gebäude")], origin=Origin.PERSON)
    assert [pair.target for pair in store.memory.recall("en", "de", "The House")] == ["das Gebäude"]
    assert store.memory.recall("en", "fr", "The House") == []


def test_another_domain_has_pairs_of_its_own(store):
    store.memory.remember("en", "de", [("bank", "Bank")], domain="finance", origin=Origin.PERSON)
    store.memory.remember("en", "de", [("bank", "Ufer")], domain="", origin=Origin.PERSON)
    assert {(pair.target, pair.domain) for pair in store.memory.recall("en", "de", "bank")} == {
        ("Bank", "finance"),
        ("Ufer", ""),
    }


def test_similar_sentences_are_found_by_their_words(store):
    store.memory.remember("en", "de", [("The tenant pays the rent", "a"), ("It rains", "b")], origin=Origin.IMPORT)
    assert [pair.target for pair in store.memory.similar("en", "de", "The tenant paid no rent")] == ["a"]
    assert store.memory.similar("en", "de", "…") == []
    assert [pair.target for pair in store.memory.page("en", "de")] == ["b", "a"]
    assert store.memory.page("de", "en") == []


def test_glossaries_hold_their_terms(store):
    made = store.glossaries.add("Lease law", source_language="en", target_language="de", domain="legal")
    terms = [Term("tenant", "Mieter", ("Pächter",), note="m/f"), Term("slmdesk", "", keeps=True, minds_case=True)]
    store.terms.add(made.id, terms)
    assert [(term.source, term.target, term.forbidden, term.keeps) for term in store.terms.of_glossary(made.id)] == [
        ("tenant", "Mieter", ("Pächter",), False),
        ("slmdesk", "", (), True),
    ]
    assert store.glossaries.get(made.id[:5]).terms == 2
    assert [glossary.id for glossary in store.glossaries.all(source_language="en", target_language="de")] == [made.id]
    assert store.glossaries.all(source_language="fr") == []
    assert not store.glossaries.change(made.id, is_active=False).is_active
    store.glossaries.forget(made.id)
    with pytest.raises(KnownError, match=r"glossary\.unknown"):
        store.glossaries.get(made.id)


def test_of_a_translation_deleted_for_good_nothing_is_left(store, paths):
    item = store.items.add("translation", "Secret").id
    store.segments.add(item, [segment(0, "quicksilver source")])
    store.segments.change(item, 0, target="quicksilver target")
    store.memory.remember("en", "de", [("quicksilver pair", "x")], origin=Origin.MODEL, item=item)
    store.memory.remember("en", "de", [("another pair", "y")], origin=Origin.IMPORT)
    store.delete_for_good(item)
    assert store.segments.of_item(item) == []
    assert [pair.source for pair in store.memory.page()] == ["another pair"]
    store.close()
    raw = b"".join(file.read_bytes() for file in paths.database.parent.rglob("*") if file.is_file())
    assert b"quicksilver" not in raw
    assert b"another pair" in raw, "the control"


def test_the_index_of_the_memory_is_made_anew_with_the_others(store):
    store.memory.remember("en", "de", [("the quick fox", "x")], origin=Origin.IMPORT)
    store.index.rebuild()
    assert [pair.target for pair in store.memory.similar("en", "de", "quick")] == ["x"]
    assert store.index.is_current(thorough=True)

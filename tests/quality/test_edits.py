"""The measure of versions: every edit can be made, and its scores tell what is found, missed and false."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.few import few

from benchmarks.quality.edits import (
    Edit,
    Reported,
    Score,
    VersionDocument,
    changes_of,
    compared,
    documents,
    edited,
    false_alarms,
    heading_before,
    missed,
    score,
)

pytestmark = pytest.mark.pure
DOCUMENTS = documents()
each = pytest.mark.parametrize("document", few(DOCUMENTS, 4), ids=lambda document: document.name)


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def told(edit: Edit) -> Reported:
    """An edit as a perfect comparison reports it."""
    kinds = frozenset({"changed", "period" if edit.kind == "period" else edit.kind})
    return Reported(edit.old, edit.new, edit.old, edit.new, kinds, edit.clause)


@each
def test_the_words_of_an_edit_stand_once_and_under_its_clause(document: VersionDocument) -> None:
    for edit in document.edits:
        assert document.old.count(edit.old) == 1, edit.old
        assert heading_before(document.old, edit.old.strip()) == edit.clause
        if edit.after:
            assert heading_before(edited(document.old, [edit]), edit.new) == edit.new_clause


@each
def test_edits_are_independent_of_each_other(document: VersionDocument) -> None:
    new = edited(document.old, document.edits)
    assert edited(document.old, document.edits[::-1]) == new
    for edit in document.edits:
        assert new.count(edit.new) == 1 or not edit.new
        assert edit.old in edit.new or new.count(edit.old) == 0 or edit.kind == "moved"


@each
def test_layout_changes_no_word_but_the_numbers_of_paragraphs(document: VersionDocument) -> None:
    anew = document.layout.of(document.old)
    assert anew != document.old
    assert words_of(anew) == words_of(document.old)
    lines = replace(document.layout, numbering=()).of(document.old)
    assert lines.split() == document.old.split()
    prose = [line for line in lines.splitlines() if not line.startswith(("|", "#"))]
    assert max(map(len, prose)) <= document.layout.width


@each
def test_paragraphs_behind_a_gap_are_numbered_anew(document: VersionDocument) -> None:
    text = edited(document.old, document.edits)
    for find, put in document.layout.renumbered:
        assert len(re.findall(find, text, re.MULTILINE)) == 1
        text = re.sub(find, put, text, flags=re.MULTILINE)
    assert document.new() == replace(document.layout, renumbered=()).of(text)


@each
def test_a_perfect_report_has_the_full_score_and_an_empty_one_none(document: VersionDocument) -> None:
    reported = sorted(map(told, document.edits), key=lambda edit: "wording" in edit.kinds)
    full = score(document.edits, reported)
    assert (full.found, full.missed, full.false, full.placed) == (12, 0, 0, 12)
    assert full.in_order == full.pairs
    assert score(document.edits, []) == Score(missed=12, to_name=full.to_name)


@each
def test_an_edit_is_missed_where_only_the_others_are_told(document: VersionDocument) -> None:
    for edit in document.edits:
        others = [other for other in document.edits if other is not edit]
        assert missed(document.edits, list(map(told, others))) == [edit]
        assert false_alarms(others, [told(edit)]) == [told(edit)]


RENT = Edit("amount", "3. Rent", "pays a rent of £26,400 a year", "pays a rent of £28,400 a year")
SENTENCE = "The Tenant {} in advance."


def rent(old: str, new: str, old_marked: str, new_marked: str, *kinds: str) -> Reported:
    return Reported(SENTENCE.format(old), SENTENCE.format(new), old_marked, new_marked, frozenset(kinds), "Rent")


def test_an_amount_is_found_inside_its_sentence() -> None:
    right = rent(RENT.old, RENT.new, "26,400", "28,400", "changed", "amount")
    assert score([RENT], [right]) == Score(found=1, named=1, to_name=1, placed=1)
    unnamed = rent(RENT.old, RENT.new, "£26,400", "£28,400", "changed")
    assert score([RENT], [unnamed]).named == 0


@pytest.mark.parametrize(
    "wrong",
    [
        rent(RENT.old, RENT.new, "26,400", "26,400", "amount"),
        rent(RENT.old, RENT.old, "", "", "changed"),
        Reported("The deposit is £26,400.", "The deposit is £28,400.", "26,400", "28,400", frozenset({"amount"})),
    ],
    ids=["marked wrongly", "nothing marked", "another passage"],
)
def test_an_amount_told_wrongly_is_missed(wrong: Reported) -> None:
    assert score([RENT], [wrong]).missed == 1


def test_an_added_sentence_may_be_told_alone_or_with_the_one_before() -> None:
    edit = Edit("duty added", "6", "sends a copy.", "sends a copy. The Tenant must test the wiring.")
    added = "The Tenant must test the wiring."
    alone = Reported("", added, "", added, frozenset({"added", "duty added"}))
    together = Reported("It sends a copy.", f"It sends a copy. {added}", "", added, frozenset({"changed"}))
    assert score([edit], [alone]) == Score(found=1, named=1, to_name=1)
    assert score([edit], [together]) == Score(found=1, to_name=1)
    part = replace(alone, new="The Tenant must test.", new_marked="The Tenant must test.")
    assert score([edit], [part]).found == 0


def test_a_moved_paragraph_must_be_told_as_moved() -> None:
    text = "Empty crates are handed back with the next delivery."
    edit = Edit("moved", "E", f"E.4 {text}", f"K.4 {text}", "in store.", "K")
    moved = Reported(edit.old, edit.new, "E.4", "K.4", frozenset({"moved"}), "K. Term")
    gone = Reported(edit.old, "", edit.old, "", frozenset({"removed"}))
    come = Reported("", edit.new, "", edit.new, frozenset({"added"}))
    assert score([edit], [moved]) == Score(found=1, named=1, to_name=1, placed=1)
    assert score([edit], [gone, come]) == Score(missed=1, to_name=1)
    assert changes_of(edit, [replace(moved, old="delivery", new="delivery")]) == []


def test_the_number_of_a_removed_paragraph_need_not_be_told() -> None:
    text = "The Supplier keeps a sample of each roast."
    edit = Edit("duty removed", "F", f"F.3 {text}\n\n", "")
    assert score([edit], [Reported(f"F.3 {text}", "F.3.", text, "", frozenset({"changed"}))]).found == 1
    assert score([edit], [Reported(f"F.3 {text}", "F.3.", "F.3", "", frozenset({"changed"}))]).missed == 1


def test_what_was_not_edited_is_a_false_alarm() -> None:
    heading = Reported("3. Rent", "3) Rent", ".", ")", frozenset({"changed"}))
    besides = rent(RENT.old, RENT.new, "Tenant", "tenant", "changed")
    assert false_alarms([RENT], [heading, besides]) == [heading, besides]


def test_what_weighs_comes_before_wording() -> None:
    wording = Edit("wording", "10", "the goods are sold soon", "the goods are soon sold off")
    heavy, light = rent(RENT.old, RENT.new, "26,400", "28,400", "amount"), told(wording)
    assert (score([RENT, wording], [heavy, light]).in_order, score([RENT, wording], [light, heavy]).in_order) == (1, 0)


@pytest.mark.parametrize(
    "edit",
    [
        Edit("amount", "", "one", "two"),
        Edit("amount", "", "four", "five"),
        Edit("moved", "", "three two", "three two", "one"),
    ],
    ids=["twice", "never", "not a paragraph"],
)
def test_an_edit_that_cannot_be_made_is_refused(edit: Edit, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"one|four|three"):
        edited("one two one\n\nthree two\n\n", [edit])
    shape = f'language = "en"\n[[edit]]\nkind = "x"\nclause = ""\nold = "{edit.old}"\nafter = "{edit.after}"\n'
    (tmp_path / "a.toml").write_text(f"{shape}[layout]\nwidth = 70\nnumbering = []\n", "utf-8")
    (tmp_path / "a.md").write_text("one two one\n\nthree two\n\n", "utf-8")
    with pytest.raises(ValueError, match=r"a\.toml"):
        documents(tmp_path)


def test_the_comparison_of_the_program_reports_in_this_form() -> None:
    old = "# Lease\n\nThe Tenant pays a rent of £26,400 a year in advance.\n"
    reported = compared(old, old.replace("26", "28"), "en")
    assert [sorted(edit.kinds) for edit in reported] == [["amount", "changed"]]
    assert score([RENT], reported).found == 1
    assert compared(old, old, "en") == []

"""What a redaction says: finds with ticks, what a person changes in them, and how a copy is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.documents.finds import FoundWord, Place, RedactionPreview, Remark
from slmdesk.redact import Certainty, Entry, Finder, Kind
from slmdesk.tasks.redact import (
    ADD,
    TOO_SHORT,
    edited,
    joined,
    name_of_copy,
    nameless_report,
    names_in,
    remark_lines,
    report_of,
)
from slmdesk.tasks.report import Edit

pytestmark = pytest.mark.pure

PLACE = Place("page 2", "here stands the account of ", "Anna", " and so on")
ANNA = FoundWord(Kind.PERSON, "Anna", 2, Certainty.LIKELY, (PLACE,), by=(Finder.RULE, Finder.SMALL))
ROSE = FoundWord(Kind.PERSON, "Rose", 1, Certainty.UNSURE, by=(Finder.LIST,), is_chosen=False)
MAIL = FoundWord(Kind.EMAIL, "a@example.org", 1, Certainty.SURE, by=(Finder.RULE,))
OWNER = FoundWord(Kind.PERSON, "Ida", 0, Certainty.LIKELY, is_author=True, by=(Finder.RULE,))


def found(*words: FoundWord, text: str = "Anna, Rose, Blauwal") -> RedactionPreview:
    return RedactionPreview(Path("/letters/letter.docx"), "", "docx", words, (), (), text)


def ticks(preview: RedactionPreview) -> dict[str, bool]:
    return {word.words: word.is_chosen for word in preview.found}


def test_finds_stand_below_their_kinds_with_what_is_known_of_them() -> None:
    report = report_of(found(ANNA, ROSE, OWNER, MAIL))
    assert [section.title for section in report.sections] == ["Names (3)", "Mail address (1)"]
    anna, rose, owner = report.sections[0].statements
    assert report.has_ticks
    assert [find.is_approved for find in (anna, rose, owner)] == [True, False, True]
    assert anna.notes == ("2 ×  ·  found by rule, finder  ·  …the account of Anna and so on…",)
    assert anna.quotes == ("page 2: …here stands the account of Anna and so on…",)
    assert anna.place == "page 2"
    assert rose.notes == ("perhaps  ·  1 ×  ·  found by list",)
    assert owner.notes == ("Author or editor of the file  ·  found by rule",)


def test_what_is_too_short_to_be_replaced_has_no_tick_and_says_so() -> None:
    table = (Entry(Kind.PERSON, "Anna", "Nora"),)
    anna, short = nameless_report(found(ANNA, changed(ANNA, words="Li")), table).statements
    assert anna.notes[0].startswith("→ Nora  ·  2 ×")
    assert (short.is_approved, short.notes) == (False, (TOO_SHORT,))


def test_remarks_of_one_kind_are_a_line_that_names_the_first_places() -> None:
    removed = [Remark("macros", ""), *(Remark("picture", f"page {at}") for at in (1, 1, 2, 3, 4, 5, 6, 7, 8))]
    assert list(remark_lines(removed, [Remark("new_kind", "page 9")])) == [
        "Taken out: Macros",
        "Taken out: Pictures that cannot be cleaned (page 1, page 2, page 3, page 4, page 5, page 6 and 2 more)",
        "Look at it yourself: New kind (page 9)",
    ]


def test_a_tick_is_for_a_find_or_for_all_of_its_kind() -> None:
    preview = found(ANNA, ROSE, MAIL)
    names, mails = report_of(preview).sections
    one = edited(preview, Edit(names.statements[1].id, approved=True))
    assert ticks(one) == {"Anna": True, "Rose": True, "a@example.org": True}
    none = edited(one, Edit(names.id, approved=False))
    assert ticks(none) == {"Anna": False, "Rose": False, "a@example.org": True}
    assert none.chosen == ((Kind.EMAIL, "a@example.org"),)
    assert mails.id != names.id


def test_words_are_added_once_and_too_short_ones_are_refused() -> None:
    preview = edited(found(ANNA, ROSE), Edit("", action=ADD, value=" Blauwal "))
    assert (preview.found[-1].words, preview.found[-1].count) == ("Blauwal", 1)
    again = edited(preview, Edit("", action=ADD, value="ROSE"))
    assert ticks(again) == {"Anna": True, "Rose": True, "Blauwal": True}
    for words in ("a", "--", ""):
        with pytest.raises(KnownError, match=r"request\.invalid"):
            edited(preview, Edit("", action=ADD, value=words))


def test_what_is_found_later_stands_first_and_leaves_the_ticks_and_what_was_added() -> None:
    before = edited(found(ANNA), Edit("", action=ADD, value="Blauwal"))
    before = changed(before, found=tuple(changed(word, is_chosen=False) for word in before.found))
    known = changed(ANNA, by=(Finder.RULE, Finder.MODEL))
    later = joined(found(MAIL, known), before)
    assert ticks(later) == {"a@example.org": True, "Anna": False, "Blauwal": False}
    assert [word.words for word in later.found] == ["a@example.org", "Anna", "Blauwal"]
    assert later.found[1].by == (Finder.RULE, Finder.MODEL)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Rent_Quarbelsen_May.docx", "Rent May.redacted.docx"),
        ("rosa quarbelsen.pdf", "redacted copy.pdf"),
        ("lease.txt", "lease.redacted.txt"),
    ],
)
def test_the_name_of_a_copy_tells_none_of_what_is_removed(name, expected) -> None:
    rosa = FoundWord(Kind.PERSON, "Rosa Quarbelsen", 1, Certainty.SURE)
    chosen = list(report_of(found(rosa)).statements)
    assert name_of_copy(Path("/letters") / name, chosen) == expected
    assert names_in(expected, chosen) == []
    assert names_in("to quarbelsen.docx", chosen) == ["Quarbelsen"]

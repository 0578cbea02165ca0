"""The numbers of paragraphs and headings are no part of their words; those inside a sentence are."""

from __future__ import annotations

import pytest

from slmdesk.base.documents import Block, BlockKind, Page, page_of
from slmdesk.tasks.versions.difference.compare import difference
from slmdesk.tasks.versions.difference.numbering import is_heading, own_numbers

pytestmark = pytest.mark.pure
HEADING, PARAGRAPH, LIST, ROW = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.TABLE_ROW


def pages(*blocks: str) -> list[Page]:
    """A page of paragraphs; what begins with "# " is a heading, what has a tab a row of a table."""
    text, made = "", []
    for words in blocks:
        kind = HEADING if words.startswith("# ") else ROW if "\t" in words else PARAGRAPH
        made.append(Block(kind, len(text), len(text) + len(words)))
        text += words + "\n\n"
    return [page_of(1, "1", text, made)]


def reported(old: list[Page], new: list[Page]) -> list[tuple[str, str, str]]:
    return [(change.kind.value, change.old, change.new) for change in difference(old, new).changes]


LEASE = ("# 3. Rent", "3.1 The rent is 900 euros.", "3.2 It is paid in advance.", "# 4. Garden", "4.1 It is mown.")
MIETE = (
    "# § 3 Miete", "(1) Die Miete beträgt 900 Euro.", "(2) Sie ist im Voraus zu zahlen.", "# § 4 Garten",
    "Er wird gemäht.",
)  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LEASE, tuple(line.replace("3.1 ", "3.1. ").replace("3.2 ", "3.2. ") for line in LEASE)),
        (LEASE, tuple(line.replace("3.1 ", "(3.1) ").replace("3.2 ", "(3.2) ") for line in LEASE)),
        (LEASE, tuple(line.replace("3. ", "3) ").replace("4. ", "4) ") for line in LEASE)),
        (LEASE, tuple(line.replace("3. ", "3 ").replace("4. ", "4 ") for line in LEASE)),
        (LEASE, tuple(line.replace("# 3.", "# Article 3 –").replace("# 4.", "# Article 4 –") for line in LEASE)),
        (LEASE, tuple(line.replace("3.", "5.").replace("4.", "6.") for line in LEASE)),
        (MIETE, tuple(line.replace("(1)", "1.").replace("(2)", "2.") for line in MIETE)),
        (MIETE, tuple(line.replace("(1)", "1)").replace("(2)", "2)") for line in MIETE)),
        (MIETE, tuple(line.replace("(1)", "(a)").replace("(2)", "(b)") for line in MIETE)),
        (MIETE, tuple(line.replace("§ 3", "3.").replace("§ 4", "4.") for line in MIETE)),
        (("A.1 The goods.", "A.2 The price."), ("A.1. The goods.", "A.2. The price.")),
        (("# Article 5", "The price is fixed."), ("# Article 6", "The price is fixed."))
    ],
)  # fmt: skip
def test_another_numbering_is_no_change(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    assert reported(pages(*old), pages(*new)) == []
    assert reported(pages(*new), pages(*old)) == []


def test_paragraphs_behind_one_that_was_removed_did_not_change() -> None:
    old = ("1. The rent is 900 euros.", "2. The cellar may be used.", "3. The garden is mown.", "4. Pets are allowed.")
    new = (old[0], "2. The garden is mown.", "3. Pets are allowed.")
    assert reported(pages(*old), pages(*new)) == [("removed", old[1], "")]


def test_numbered_lines_of_one_block_are_paragraphs() -> None:
    kept = "3. Rent\n3.1 The rent is 900 euros."
    old = f"{kept}\n3.2 It is paid in advance as set out in clause\n3.1 of this agreement.\n3.3 It rises."
    new = "3) Rent\n(3.1) The rent is 900 euros.\n(3.2) It rises."
    assert reported(pages(old), pages(new)) == [
        ("removed", "3.2 It is paid in advance as set out in clause 3.1 of this agreement.", "")
    ]


def test_a_number_inside_a_sentence_is_part_of_its_words() -> None:
    old = (*LEASE, "4.2 This does not hold for clause 3.1 of this agreement.")
    new = (*LEASE, "4.2. This does not hold for clause 3.2 of this agreement.")
    (change,) = difference(pages(*old), pages(*new)).changes
    assert [run.text for run in change.new_runs if run.is_marked] == ["3.2"]
    assert [(fact.old, fact.new) for fact in change.named] == [("3.1", "3.2")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1. März 2025 ist der Beginn.", "2. März 2025 ist der Beginn."),
        ("10.1 million euros are paid.", "12.4 million euros are paid."),
        ("2.5 tonnes are delivered each month.", "3.5 tonnes are delivered each month."),
        ("5. Stock links gehört dazu.", "6. Stock links gehört dazu."),
        ("14.11. Beginn der Arbeiten an der Fassade", "21.11. Beginn der Arbeiten an der Fassade"),
        ("30 days of notice are given.", "60 days of notice are given."),
        ("Clause 4.2 does not apply to this agreement", "Clause 4.3 does not apply to this agreement"),
        ("1.2\tHarbour blend\t900", "1.3\tHarbour blend\t900"),
    ],
)
def test_a_number_that_says_something_is_compared(old: str, new: str) -> None:
    assert reported(pages("Before it.", old), pages("Before it.", new)) == [
        ("changed", old.replace("\t", " | "), new.replace("\t", " | "))
    ]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("## 3. Rent", HEADING, "Rent"),
        ("## Rent", HEADING, "Rent"),
        ("Article 5 – Prix et paiement", HEADING, "Prix et paiement"),
        ("§ 12 Haftung", PARAGRAPH, "Haftung"),
        ("IV. Haftung", HEADING, "Haftung"),
        ("(iv) the keys", LIST, "the keys"),
        ("- (a) the keys", LIST, "the keys"),
        ("3.1 pay the rent", PARAGRAPH, "pay the rent"),
        ("A. Smith signs it.", PARAGRAPH, "A. Smith signs it."),
        ("30 Days", HEADING, "30 Days"),
        ("Section 3 applies to all of it.", PARAGRAPH, "Section 3 applies to all of it."),
        ("3.1 and 3.2 do not apply.", PARAGRAPH, "3.1 and 3.2 do not apply."),
    ],
)
def test_what_is_a_number_and_what_are_words(text: str, kind: BlockKind, words: str) -> None:
    leads = own_numbers([(text, kind), ("3. Rent", HEADING), ("31. Rent", HEADING), ("(b) it", LIST)])
    assert text[leads[0] :] == words


def test_short_numbered_paragraphs_are_headings_where_a_format_has_none() -> None:
    assert is_heading("3. Rent and deposit", PARAGRAPH, 3)
    assert is_heading("RENT", PARAGRAPH, 0)
    assert not is_heading("3. The rent is 900 euros.", PARAGRAPH, 3)
    assert not is_heading("3. the keys of the flat", PARAGRAPH, 3)
    assert not is_heading("Yours sincerely", PARAGRAPH, 0)

from __future__ import annotations

import random
import time
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdesk.base.documents import Block, BlockKind, Page, page_of
from slmdesk.tasks.versions.difference.alignment import common, heaviest, hunks_of
from slmdesk.tasks.versions.difference.compare import difference
from slmdesk.tasks.versions.difference.facts import facts_of
from slmdesk.tasks.versions.difference.parts import key_of, units_of
from slmdesk.tasks.versions.difference.types import ChangeKind

pytestmark = pytest.mark.pure


def pages(*texts: str, kind: BlockKind = BlockKind.PARAGRAPH) -> list[Page]:
    """Pages of paragraphs parted by empty lines."""
    document = []
    for number, text in enumerate(texts, 1):
        blocks, at = [], 0
        for part in text.split("\n\n"):
            if part.strip():
                blocks.append(Block(kind, at, at + len(part)))
            at += len(part) + 2
        document.append(page_of(number, "", text, blocks))
    return document


def reported(old: list[Page], new: list[Page]) -> list[tuple[str, str, str]]:
    return [(change.kind.value, change.old, change.new) for change in difference(old, new).changes]


def rebuilt(old: list[Page], new: list[Page]) -> tuple[str, str]:
    """Both versions put together again from the rows: what is the same is taken from the other side."""
    comparison = difference(old, new)
    texts = {page.number: page.text for page in old}, {page.number: page.text for page in new}
    sides = ["", ""]
    for row in comparison.rows:
        if row.same:
            for side, places in enumerate((row.old_places, row.new_places)):
                sides[side] += _between(texts[side], places[0], places[-1])
        else:
            sides[0] += key_of("".join(run.text for run in row.old))
            sides[1] += key_of("".join(run.text for run in row.new))
    return sides[0], sides[1]


def _between(texts, first, last) -> str:
    if first.page == last.page:
        return key_of(texts[first.page][first.start : last.end])
    middle = "".join(texts[number] for number in range(first.page + 1, last.page))
    return key_of(texts[first.page][first.start :] + middle + texts[last.page][: last.end])


def key_all(some: list[Page]) -> str:
    return "".join(unit.key for unit in units_of(some))


few = st.lists(st.integers(0, 6), max_size=60)


@settings(deadline=None)
@given(few, few)
def test_what_is_common_is_the_same_and_in_order(old: list[int], new: list[int]) -> None:
    pairs = common(old, new)
    assert all(old[at] == new[to] for at, to in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))
    if set(old) & set(new):
        assert pairs


@settings(deadline=None)
@given(few)
def test_a_sequence_is_common_to_itself(some: list[int]) -> None:
    assert common(some, some) == [(at, at) for at in range(len(some))]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 9)), max_size=7))
def test_the_heaviest_chain_is_the_heaviest(pairs: list[tuple[int, int, int]]) -> None:
    chain = heaviest(pairs)
    best: dict[tuple[int, int], int] = {}
    for a, b, weight in pairs:
        best[a, b] = max(best.get((a, b), 0), weight)
    ordered = sorted(best)

    def most(last: tuple[int, int]) -> int:
        return max((best[pair] + most(pair) for pair in ordered if pair[0] > last[0] and pair[1] > last[1]), default=0)

    assert sum(best[pair] for pair in chain) == most((-1, -1))


def test_the_order_of_nothing_in_common_costs_no_square() -> None:
    for old, new in (
        (["a", "b"] * 15_000, ["b", "a", "c"] * 10_000),
        ([str(at % 7) for at in range(30_000)], [str(at % 5) for at in range(30_000)]),
        ([str(at) for at in range(30_000)], [str(at) for at in reversed(range(30_000))]),
    ):
        begun = time.process_time()
        common(old, new)
        assert time.process_time() - begun < 8


WORDS = tuple("the rent is 900 euros and not 30 days before Ms Miller pays house garden. New? Old:".split())  # noqa: SIM905
paragraphs = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join), max_size=12)


@settings(deadline=None, max_examples=50)
@given(paragraphs, paragraphs)
def test_nothing_of_either_version_is_lost(old: list[str], new: list[str]) -> None:
    before, after = pages("\n\n".join(old)), pages("\n\n".join(new))
    assert rebuilt(before, after) == (key_all(before), key_all(after))


@settings(deadline=None, max_examples=50)
@given(paragraphs)
def test_a_document_does_not_differ_from_itself(some: list[str]) -> None:
    comparison = difference(pages("\n\n".join(some)), pages("\n\n".join(some)))
    assert comparison.changes == ()
    assert len(comparison.rows) <= 1


@settings(deadline=None, max_examples=50)
@given(paragraphs, paragraphs)
def test_the_way_back_shows_the_same_changes_turned_round(old: list[str], new: list[str]) -> None:
    before, after = pages("\n\n".join(old)), pages("\n\n".join(new))
    turned = {"added": "removed", "removed": "added"}
    there = Counter(reported(before, after))
    back = Counter((turned.get(kind, kind), a, b) for kind, b, a in reported(after, before))
    assert there == back


@settings(deadline=None, max_examples=40)
@given(paragraphs, st.randoms(use_true_random=False))
def test_other_line_and_page_ends_are_no_change(some: list[str], chance: random.Random) -> None:
    words = "\n\n".join(some).split(" ")
    once = "".join(word + chance.choice((" ", "\n", "  ")) for word in words)
    parts = once.split("\n\n")
    cut = chance.randint(0, len(parts))
    moved = ["\n\n".join(parts[:cut]), "\n\n".join(parts[cut:])]
    assert reported(pages("\n\n".join(some)), pages(*moved)) == []


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=60), st.text(max_size=60))
def test_words_outside_the_marks_are_the_same(old: str, new: str) -> None:
    hunks = hunks_of(old, new)
    rest = [_without(old, [hunk.old for hunk in hunks]), _without(new, [hunk.new for hunk in hunks])]
    assert key_of(rest[0]) == key_of(rest[1]) or not hunks


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + " " + text[end:]
    return text


LEASE = "The tenant shall give notice of 30 days before the end of the lease, in writing to the owner."


@pytest.mark.parametrize(
    "other",
    [
        LEASE.replace(" ", "\n"),
        LEASE.replace("writing", "writ\u00ading"),
        LEASE.replace("writing", "writ-\ning"),
        "\u2022 " + LEASE,
        LEASE.replace("end of", "end\u00a0of"),
        "3. " + LEASE,
        "(a) " + LEASE,
    ],
)
def test_layout_is_no_change(other: str) -> None:
    assert reported(pages(LEASE), pages(other)) == []
    assert reported(pages(other), pages(LEASE)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The “first” office", 'The "first" office'),
        ("an o\ufb03ce of the \ufb01rst floor", "an office of the first floor"),
        ("from 1 – 2 years", "from 1 - 2 years"),
        ("a\tb\tc", "a b c"),
        ("an area of 25 m²", "an area of 25 m2"),
    ],
)
def test_other_signs_for_the_same_are_no_change(old: str, new: str) -> None:
    assert reported(pages(old), pages(new)) == []


@pytest.mark.parametrize(("raised", "plain"), [("10⁶", "106"), ("1,500³", "1,5003"), ("x²", "x2"), ("aⁿ", "an")])
def test_a_raised_letter_is_none_of_the_line(raised: str, plain: str) -> None:
    old, new = f"It carries {raised} newtons.", f"It carries {plain} newtons."
    assert reported(pages(old), pages(new)) == [("changed", old, new)]
    (hunk,) = hunks_of(old, new)
    assert (old[slice(*hunk.old)], new[slice(*hunk.new)]) == (raised, plain)


def test_a_dash_before_a_sum_is_no_bullet() -> None:
    assert reported(pages("- 45,00 EUR"), pages("45,00 EUR")) != []
    assert reported(pages("- 3 chairs"), pages("\u2022 3 chairs")) == []


def test_a_paragraph_cut_by_a_page_is_the_same_paragraph() -> None:
    first, second = LEASE[:50], LEASE[50:]
    assert reported(pages(LEASE + "\n\nThe rest of it."), pages(first, second + "\n\nThe rest of it.")) == []
    changed = reported(pages(LEASE), pages(first.replace("30", "60"), second))
    assert changed == [("changed", LEASE, LEASE.replace("30", "60"))]


def test_headers_and_footers_are_not_compared() -> None:
    def page(number: int, head: str) -> Page:
        text = f"{head}\n\n{LEASE}"
        return page_of(number, "", text, [Block(BlockKind.HEADER, 0, len(head)),
                                          Block(BlockKind.PARAGRAPH, len(head) + 2, len(text))])  # fmt: skip

    assert reported([page(1, "Draft 1")], [page(1, "Draft 2")]) == []


def test_a_changed_sentence_is_compared_by_words() -> None:
    (change,) = difference(pages(LEASE), pages(LEASE.replace("30", "60"))).changes
    assert change.kind is ChangeKind.CHANGED
    assert [run.text for run in change.old_runs if run.is_marked] == ["30"]
    assert [run.text for run in change.new_runs if run.is_marked] == ["60"]
    assert [(fact.kind, fact.old, fact.new) for fact in change.named] == [("period", "30 days", "60 days")]
    place = change.new_places[0]
    assert LEASE.replace("30", "60")[place.start : place.end] == change.new


def test_what_moved_is_said_to_have_moved() -> None:
    texts = [
        f"Paragraph number {at} tells something of its own about matter {at * 7}, at some length." for at in range(8)
    ]
    moved = [*texts[:2], *texts[3:7], texts[2], texts[7]]
    changes = reported(pages("\n\n".join(texts)), pages("\n\n".join(moved)))
    assert changes == [("moved", texts[2], texts[2])]
    moved[6] = moved[6].replace("something", "nothing at all")
    changes = reported(pages("\n\n".join(texts)), pages("\n\n".join(moved)))
    assert changes == [("moved", texts[2], moved[6])]


def test_a_paragraph_that_crossed_changed_ones_moved_and_not_they() -> None:
    old = [
        LEASE,
        "The owner may refuse pets of any kind in the flat and in the garden.",
        "The garden is mown by the tenant.",
    ]
    new = [old[2], LEASE.replace("30", "60"), old[1].replace("may", "may not")]
    kinds = Counter(kind for kind, _, _ in reported(pages("\n\n".join(old)), pages("\n\n".join(new))))
    assert kinds == {"changed": 2, "moved": 1}


def test_one_sentence_made_into_two_is_one_change() -> None:
    old = "The tenant pays the rent on the first day of the month, and the owner sends a receipt within ten days."
    new = "The tenant pays the rent on the first day of the month. The owner sends a receipt within ten days."
    changes = reported(pages(f"Before it.\n\n{old}"), pages(f"Before it.\n\n{new}"))
    assert [kind for kind, _, _ in changes] == ["changed"]
    assert changes[0][1:] == (old, new)


def test_a_cell_of_a_table_changed() -> None:
    old = pages("Rent\t900\n\nGarden\t50\n\nGarage\t70", kind=BlockKind.TABLE_ROW)
    new = pages("Rent\t900\n\nGarden\t55\n\nGarage\t70", kind=BlockKind.TABLE_ROW)
    assert reported(old, new) == [("changed", "Garden | 50", "Garden | 55")]


def test_a_line_with_no_end_is_cut_by_its_words() -> None:
    words = [f"w{random.Random(at).randrange(9999)}" for at in range(20_000)]
    old, new = " ".join(words), " ".join([*words[:9000], "a new one", *words[9000:]])
    changes = difference(pages(old), pages(new)).changes
    assert len(changes) == 1
    assert "a new one" in changes[0].new
    assert len(changes[0].new) < 3000


def test_chinese_is_compared_by_letters() -> None:
    (change,) = difference(pages("租客每月支付九百欧元的租金。"), pages("租客每月支付八百欧元的租金。")).changes
    assert [run.text for run in change.new_runs if run.is_marked] == ["八"]


@pytest.mark.parametrize(
    ("old", "new", "info"),
    [
        ("The rent is EUR 1,200 a month.", "The rent is EUR 1,350 a month.", [("amount", "EUR 1,200", "EUR 1,350")]),
        ("It rises by 3 % a year.", "It rises by 5 % a year.", [("percent", "3 %", "5 %")]),
        ("It ends on 1 March 2024.", "It ends on 1 April 2025.", [("date", "1 March 2024", "1 April 2025")]),
        ("The owner may refuse.", "The owner may not refuse.", [("negation", "may", "may not")]),
        ("The owner may not refuse.", "The owner may refuse.", [("negation", "may not", "may")]),
        ("It was signed by Ms Miller.", "It was signed by Ms Jones.", [("name", "Miller", "Jones")]),
        ("Within 30 days it is paid.", "It is paid.", [("period", "30 days", "")]),
        ("The house is red.", "The house is blue.", []),
        ("It takes 30 days.", "It takes thirty days.", []),
        ("Der Mieter zahlt 900 Euro.", "Der Mieter zahlt 950 Euro.", [("amount", "900 Euro", "950 Euro")]),
        ("Der Mieter darf Hunde halten.", "Der Mieter darf keine Hunde halten.",
         [("negation", "darf", "darf keine")]),
        ("Saldo: 45,00 EUR", "Saldo: 45,00- EUR", [("amount", "45,00 EUR", "45,00- EUR")]),
        ("Der Saldo ist 45,00 EUR.", "Der Saldo ist −45,00 EUR.", [("amount", "45,00 EUR", "−45,00 EUR")]),
        ("The balance is 45.00 euros.", "The balance is minus 45.00 euros.",
         [("amount", "45.00 euros", "minus 45.00 euros")]),
        ("Saldo 45", "Saldo 45-", [("number", "45", "45-")]),
        ("Saldo am Ende: 45,00 S", "Saldo am Ende: 45,00 H", [("number", "45,00 S", "45,00 H")]),
        ("Saldo: -45,00 EUR", "Saldo: 45,00- EUR", []),
        ("Saldo: (45,00)", "Saldo: -45,00", []),
    ],
)  # fmt: skip
def test_facts_that_changed_are_named(old: str, new: str, info: list[tuple[str, str, str]]) -> None:
    assert [(fact.kind, fact.old, fact.new) for fact in facts_of(old, new, hunks_of(old, new))] == info


def test_a_thousand_pages_do_not_take_long() -> None:
    chance = random.Random(7)
    vocabulary = [
        "".join(chance.choice("abcdefghijklmnoprstuvw") for _ in range(chance.randint(2, 10))) for _ in range(6000)
    ]

    def paragraph() -> str:
        sentences = (" ".join(chance.choices(vocabulary, k=chance.randint(6, 22))) for _ in range(4))
        return " ".join(sentence.capitalize() + "." for sentence in sentences)

    texts = [[paragraph() for _ in range(6)] for _ in range(250)]
    other = [list(text) for text in texts]
    for page in chance.sample(other, 60):
        page[chance.randrange(6)] = paragraph()
        page[0] = page[0].replace(" ", " quite ", 1)
    begun = time.process_time()
    old, new = pages(*map("\n\n".join, texts)), pages(*map("\n\n".join, other))
    comparison = difference(old, new, language="en")
    assert time.process_time() - begun < 10  # a quarter of the size; see docs/performance.md for the whole
    assert 100 <= len(comparison.changes) <= 200


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("☒ I agree.", "☐ I agree.", [("☒ I agree.", "☐ I agree.")]),
        ("Pets: Yes ☒ No ☐", "Pets: Yes ☐ No ☒", [("☒ No", "☐ No"), ("☐", "☒")]),
        ("Pets: ☒ Yes ☐ No", "Pets: ☐ Yes ☒ No", [("☒ Yes", "☐ Yes"), ("☐ No", "☒ No")]),
        ("✓ delivered", "✗ delivered", [("✓ delivered", "✗ delivered")]),
        ("☒ I agree.", "☑ I agree.", []),
        ("☐ I agree.", "I agree.", []),
    ],
)
def test_a_box_that_is_ticked_or_emptied_turns_the_sense(old, new, named):
    facts = [(fact.old, fact.new) for fact in facts_of(old, new, hunks_of(old, new), "en") if fact.kind == "negation"]
    assert facts == named

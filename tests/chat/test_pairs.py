"""Pairs from what people paste and keep: two columns of a spreadsheet, or JSON; what is no pair is named by its row."""

from __future__ import annotations

import pytest

from slmdesk.chat.pairs import pairs_in, text_of

pytestmark = [pytest.mark.pure, pytest.mark.quick]
TWO = (("It rains, today.", "Rain"), ("It snows", "Snow"))


@pytest.mark.parametrize(
    "text",
    [
        "It rains, today.\tRain\nIt snows\tSnow\n",
        '\ufeffInput,Output\r\n"It rains, today.",Rain\r\n\r\nIt snows,Snow,\r\n',
        "Frage;Antwort\nIt rains, today.;Rain\nIt snows;Snow",
        '{"input": "It rains, today.", "output": "Rain"}\n\n{"Question": "It snows", "answer": "Snow "}',
        '["It rains, today.", "Rain"]\n["It snows", "Snow"]',
        '[{"prompt": "It rains, today.", "completion": "Rain"}, ["It snows", "Snow"]]',
        '{"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "It rains, today."},'
        ' {"role": "assistant", "content": "Rain"}]}\n{"input": "It snows", "output": "Snow"}',
    ],
)
def test_pairs_of_every_kind(text):
    for encoding in ("utf-8", "utf-16"):
        table = pairs_in(text_of(text.encode(encoding)), 100)
        assert (table.pairs, table.wrong) == (TWO, ())


def test_cells_keep_their_lines_and_quotes():
    table = pairs_in('"two\nlines"\t"a ""word"""\nb\tc\n', 100)
    assert table.pairs == (("two\nlines", 'a "word"'), ("b", "c"))
    assert pairs_in(text_of("größer;größe\n".encode("cp1252")), 100).pairs == (("größer", "größe"),)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a,b\nc\nd,\ne,f,g\nh," + "i" * 101, {2: "not two", 3: "empty", 4: "not two", 5: "longer than 100"}),
        ('{"input": "a", "output": "b"}\n{"input": "a"}\n{\n[1, 2]', {2: "no pair", 3: "no pair", 4: "no pair"}),
        ("[" * 100_000, {1: "no pair"}),
        ("a\tb\nc\t" + "d" * 200_000, {2: "no pair"}),
    ],
)
def test_what_is_no_pair_is_named_by_its_row(text, wrong):
    table = pairs_in(text, 100)
    assert [number for number, _reason in table.wrong] == list(wrong)
    assert all(part in reason for (_number, reason), part in zip(table.wrong, wrong.values(), strict=True))
    assert all(f"{number}: " in table.sentence for number in wrong)


def test_what_no_text_may_hold_is_replaced():
    assert pairs_in('["a\\u0000b", "\\ud800"]', 100).pairs == (("a\ufffdb", "\ufffd"),)
    assert pairs_in("a\0b\tc", 100).pairs == (("a\ufffdb", "c"),)
    assert pairs_in(" \n", 100) == pairs_in("", 100)

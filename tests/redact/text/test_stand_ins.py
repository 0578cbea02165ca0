"""What stands for names in a text, and the way back of each in the forms that it takes on."""

from __future__ import annotations

import re

import pytest

from slmdesk.redact import Entry, Kind
from slmdesk.redact.first_names import first_names
from slmdesk.redact.stand_ins import Why, counts_in, put_back, stand_ins_for, with_stand_ins

pytestmark = pytest.mark.pure
TABLE = (
    Entry(Kind.PERSON, "Sabine Müller", "Nora Corlund", (("Sabine", "Nora"), ("Müller", "Corlund"))),
    Entry(Kind.PERSON, "Jens Marx", "Emil Belmer", (("Jens", "Emil"), ("Marx", "Belmer"))),
    Entry(Kind.FIRM, "Grothe Bau GmbH", "Zanvik GmbH", (("Grothe Bau", "Zanvik"),)),
    Entry(Kind.ADDRESS, "Tannenweg 8, 04229 Leipzig", "Felstraße 3, 15338 Lamtel"),
    Entry(Kind.IBAN, "DE02 1203 0000 0000 2020 51", "DE78 2965 2497 4798 8115 94"),
    Entry(Kind.BIRTH, "12.03.1974", "07.05.1975"),
    Entry(Kind.EMAIL, "s.mueller@web.de", "post.nelvik@example.org"),
    Entry(Kind.PHONE, "+49 341 234567", "+49 612 987451"),
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Frau Corlund schrieb.", "Frau Müller schrieb."),
        ("Corlunds Brief", "Müllers Brief"),
        ("Mrs Corlund’s letter", "Mrs Müller’s letter"),
        ("Belmers Brief", "Marx’ Brief"),
        ("FRAU CORLUND", "FRAU MÜLLER"),
        ("**Nora** Cor**lund**", "**Sabine** **Müller**"),
        ("_Nora_ <b>Cor</b>lund", "_Sabine_ <b>Müller</b>"),
        ("Frau\nCorlund", "Frau\nMüller"),
        ("Corlund, Nora", "Müller, Sabine"),
        ("Frau N. Corlund war da.", "Frau S. Müller war da."),
        ("der Corlund-Vertrag", "der Müller-Vertrag"),
        ("la señora Corlund y Zanvik", "la señora Müller y Grothe Bau"),
        ("Zanvik&nbsp;GmbH", "Grothe Bau GmbH"),
        ("post\\.nelvik\\@example\\.org", "s.mueller@web.de"),
        ("DE78296524974798811594", "DE02 1203 0000 0000 2020 51"),
        ("born on 7 May 1975", "born on 12.03.1974"),
        ("Felstraße 3 in 15338 Lamtel", "Tannenweg 8 in 04229 Leipzig"),
        ("3 Felstraße", "8 Tannenweg"),
        ("Felstr. 3, Lamtel", "Tannenweg 8, Leipzig"),
        ("in der Felstr 3 wohnt", "in der Tannenweg 8 wohnt"),
        ("+49612987451", "+49 341 234567"),
        ("FELSTRASSE 3, 2.º, LAMTEL", "TANNENWEG 8, 2.º, LEIPZIG"),
        ("der Fall Zanvik 4 O 12", "der Fall Grothe Bau 4 O 12"),
    ],
)
def test_a_stand_in_is_known_in_what_it_has_become(answer: str, expected: str) -> None:
    assert put_back(answer, TABLE).text == expected


@pytest.mark.parametrize(
    ("answer", "left", "why"),
    [
        ("Thomas Corlund kam dazu.", "Corlund", Why.STRANGER),
        ("Nora Weber kam dazu.", "Nora", Why.STRANGER),
        ("Frau K. Corlund kam dazu.", "Corlund", Why.STRANGER),
        ("Weber Corlund, Nora", "Nora", Why.STRANGER),
        ("Corlund, Nora Weber", "Corlund", Why.STRANGER),
        ("corlund", "corlund", Why.UNCLEAR),
        ("Felstraße Nr. 5", "Felstraße", Why.UNCLEAR),
        ("Felstr. 5", "Felstr.", Why.UNCLEAR),
    ],
)
def test_what_may_be_somebody_else_is_left_and_said(answer: str, left: str, why: Why) -> None:
    made = put_back(answer, TABLE)
    assert made.text == answer
    assert (left, why) in made.left


def test_it_is_said_what_is_missing_and_what_is_new() -> None:
    made = put_back("Frau Corlund und Frau Ottilie Harnisch", TABLE[:2])
    assert made.missing == (("Emil Belmer", "Jens Marx"),)
    assert made.new == ("Ottilie Harnisch",)


def test_what_two_texts_have_is_not_put_back() -> None:
    other = (Entry(Kind.PERSON, "Groth", "Corlund"),)
    made = put_back("Frau Corlund", TABLE, others=[other])
    assert made.left == (("Corlund", Why.SHARED),)
    assert counts_in("Frau Corlund", [TABLE, other, ()]) == [1, 1, 0]


def test_first_names_keep_their_sex_and_what_is_written_small_stays() -> None:
    text = "Frau Kim Klein und Herr Andrea Klein sind klein, auch S. Klein."
    words = [(Kind.PERSON, "Kim Klein"), (Kind.PERSON, "Andrea Klein"), (Kind.PERSON, "Klein")]
    out, count, _ = with_stand_ins(text, stand_ins_for(text, words, "x", ()))
    assert count == 3
    assert out.split()[1].lower() in first_names()["female"]
    assert "sind klein, auch" in out
    assert "S. " not in out


def test_another_draw_gives_others_and_none_is_taken_twice() -> None:
    text, words = "Frau Kim Berger", [(Kind.PERSON, "Kim Berger")]
    first = stand_ins_for(text, words, "a", ())
    taken = [stand_in for _, stand_in in first[0].pairs]
    assert stand_ins_for(text, words, "b", ()) != first
    assert not set(taken) & {stand_in for _, stand_in in stand_ins_for(text, words, "a", taken)[0].pairs}


def test_words_that_are_no_address_get_a_stand_in_too_and_a_year_none() -> None:
    table = stand_ins_for("am neuen weg, 2026", [(Kind.ADDRESS, "neuen weg"), (Kind.REFERENCE, "2026")], "a", ())
    assert [entry.original for entry in table] == ["neuen weg"]


def test_one_firm_has_one_stand_in_however_it_is_written() -> None:
    names = ["Grothe Bau GmbH", "GROTHE BAU GMBH", "Grothe Bau", "Grothe bau GmbH & Co. KG"]
    text = ", ".join(names)
    table = stand_ins_for(text, [(Kind.FIRM, name) for name in names], "x", ())
    out, _, _ = with_stand_ins(text, table)
    assert len({words.split()[0].casefold().rstrip(",") for words in out.split(", ")}) == 1
    assert put_back(out, table).text == text


def test_what_stands_beside_what_was_left_comes_back_where_it_is_no_name() -> None:
    table = (*TABLE, Entry(Kind.REFERENCE, "1 C 417/26", "2 H 302/44"))
    assert put_back("corlund 2 H 302/44", table).text == "corlund 1 C 417/26"


def test_a_town_comes_back_beside_a_number() -> None:
    table = (Entry(Kind.ADDRESS, "Leipzig", "Zanbor"),)
    assert put_back("AG Zanbor 2 H 302/44", table).text == "AG Leipzig 2 H 302/44"


def test_only_what_went_out_is_missed() -> None:
    text = "Tannenweg 8, 04229 Leipzig"
    words = [(Kind.ADDRESS, text), (Kind.ADDRESS, "04229 Leipzig")]
    table = stand_ins_for(text, words, "x", ())
    assert [entry.original for entry in table] == [text]
    assert put_back(with_stand_ins(text, table)[0], table).missing == ()


def test_an_address_in_large_letters_comes_back_in_large_ones() -> None:
    table = (Entry(Kind.ADDRESS, "Calle Olmos 14, 3.º B", "Calle Falravik 67, 0.º B"),)
    assert put_back("CALLE FALRAVIK 67, 0.º B", table).text == "CALLE OLMOS 14, 3.º B"


@pytest.mark.parametrize(
    ("street", "written_out"),
    [("Käthe-Kollwitz-Str. 84", "{name}-Straße {number}"), ("Hauptstr. 8", "{name}straße {number}")],
)
def test_a_street_that_is_cut_short_stays_so_and_is_known_written_out(street: str, written_out: str) -> None:
    text = f"Er wohnt in der {street}, dritter Stock."
    (entry,) = stand_ins_for(text, [(Kind.ADDRESS, street)], "draw", ())
    name, number = re.fullmatch(r"(\w+?)-?[sS]tr\. (\d+)", entry.substitute).groups()
    assert put_back(f"In der {written_out.format(name=name, number=number)}.", (entry,)).text == f"In der {street}."


def test_a_house_number_begins_with_no_zero() -> None:
    numbers = [
        stand_ins_for("Tannenweg 80", [(Kind.ADDRESS, "Tannenweg 80")], str(draw), ())[0].substitute
        for draw in range(40)
    ]
    assert not [number for number in numbers if " 0" in number]

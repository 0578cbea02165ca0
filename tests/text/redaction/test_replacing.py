"""Substitutes, the table, and the way back."""

from __future__ import annotations

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.text.folding import fold
from slmdesk.text.redaction import Certainty, Entry, Find, Kind, Table
from slmdesk.text.redaction.finding import find_private, marked
from slmdesk.text.redaction.replacing import Redacted, Restorer, redacted, restored, restored_so_far
from slmdesk.text.redaction.rules import is_checked
from slmdesk.text.redaction.table import check

pytestmark = pytest.mark.pure
TEXT = """Dear Ms Ashworth,

Colin Ashworth lives at 12 Larkspur Road, Sheffield S10 2BD. His IBAN is GB33 BUKB 2020 1555 5555 55, his phone
020 7946 0123, born on 12/03/1970. Hollowell & Sons Ltd pays him. Ashworth's card is 4111 1111 1111 1111, write to
c.ashworth@example.com.
"""


def _redacted(text: str = TEXT, table: Table = (), language: str = "en") -> Redacted:
    return redacted(text, find_private(text, language=language, known=table), table)


def _of(made: Redacted, original: str) -> str:
    return next(sub for entry in made.table for orig, sub in entry.pairs if orig == original)


def test_substitutes_are_of_the_same_shape_and_belong_to_nobody() -> None:
    made = _redacted()
    for entry in made.table:
        for original, substitute in entry.pairs:
            assert fold(substitute) not in fold(TEXT)
            if entry.kind in (Kind.IBAN, Kind.CARD, Kind.NUMBER):
                assert [one.isdigit() for one in original] == [one.isdigit() for one in substitute]
                assert not is_checked(substitute)
    assert _of(made, "c.ashworth@example.com").endswith("@example.org")
    assert _of(made, "Hollowell & Sons Ltd").endswith(" Ltd")
    assert " Road" in _of(made, "12 Larkspur Road")
    assert _of(made, "Colin Ashworth").split()[1] == _of(made, "Ashworth")


def test_nothing_of_the_originals_is_left_and_all_comes_back() -> None:
    made = _redacted()
    for original in ("Ashworth", "Colin", "Larkspur", "GB33", "4111", "Hollowell", "12/03/1970", "7946"):
        assert original not in made.text
    assert restored(made.text, made.table).text == TEXT
    assert made.text[slice(*made.spans[0])] == _of(made, "Ashworth")


def test_a_second_text_keeps_the_table() -> None:
    first = _redacted()
    second = _redacted("What does Ashworth owe Hollowell & Sons?", first.table)
    assert _of(second, "Ashworth") == _of(first, "Ashworth")
    assert second.text.startswith(f"What does {_of(first, 'Ashworth')} owe ")
    assert restored(second.text, second.table).text == "What does Ashworth owe Hollowell & Sons?"


def test_a_substitute_that_the_source_holds_is_replaced_by_another() -> None:
    first = _redacted()
    taken = _of(first, "Ashworth")
    second = _redacted(f"Mr Ashworth has met {taken}.", first.table)
    assert _of(second, "Ashworth") != taken
    assert taken in second.text
    assert restored(second.text, second.table).text == f"Mr Ashworth has met {taken}."


@pytest.mark.parametrize("words", ["anna", "von der"])
def test_a_name_written_small_gets_something_else(words: str) -> None:
    text = f"ask {words} today"
    made = redacted(text, [Find(Kind.PERSON, 4, 4 + len(words), words, Certainty.SURE, "hand")])
    assert words not in made.text
    assert restored(made.text, made.table).text == text


def test_two_originals_with_one_substitute_are_refused() -> None:
    table = (Entry(Kind.PERSON, "Berg", "Corlund"), Entry(Kind.PERSON, "Tal", "Corlund"))
    with pytest.raises(KnownError, match=r"redaction\.ambiguous"):
        check(table)
    with pytest.raises(KnownError, match=r"redaction\.ambiguous"):
        restored("Corlund", table)


TABLE: Table = (
    Entry(Kind.PERSON, "Anna Müller", "Mara Corlund", (("Anna", "Mara"), ("Müller", "Corlund"))),
    Entry(Kind.IBAN, "DE89 3704 0044 0532 0130 00", "DE41 9226 5811 7394 2251 87"),
    Entry(Kind.EMAIL, "anna@kanzlei.example", "post.belvik@example.org"),
    Entry(Kind.BIRTH, "12.03.1970", "07.09.1971"),
    Entry(Kind.FIRM, "Nordlicht Werk GmbH", "Tamlor Velnor GmbH", (("Nordlicht Werk", "Tamlor Velnor"),)),
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Ms Corlund owes nothing.", "Ms Müller owes nothing."),
        ("[Mara Corlund] and MARA CORLUND", "[Anna Müller] and ANNA MÜLLER"),
        ("Corlund's letter, Corlunds Brief", "Müller's letter, Müllers Brief"),
        ("list Corlundowi", "list Müller"),
        ("**Mara\nCorlund**", "**Anna Müller**"),
        ("to DE41922658117394225187", "to DE89 3704 0044 0532 0130 00"),
        ("to de41 9226 5811-7394 2251 87", "to DE89 3704 0044 0532 0130 00"),
        ("Post.Belvik@example.org", "anna@kanzlei.example"),
        ("Tamlor Velnor, that is Tamlor Velnor GmbH", "Nordlicht Werk, that is Nordlicht Werk GmbH")
    ],
)  # fmt: skip
def test_case_blanks_brackets_and_endings_do_not_matter(answer: str, expected: str) -> None:
    back = restored(answer, TABLE)
    assert back.text == expected
    assert back.marked == ()
    assert back.put_back


@pytest.mark.parametrize(
    ("answer", "marked"),
    [
        ("Ms Corland owes nothing.", "Corland"),
        ("Frau Corlud schreibt", "Corlud"),
        ("IBAN DE41 9226 5811 7394 2251 8", "41 9226 5811 7394 2251 8"),
        ("account 2265811", "2265811"),
        ("mail belvik@example.org", "belvik"),
        ("born on 7 September 1971", "7 September 1971"),
        ("the firm Tamlor", "Tamlor"),
    ],
)
def test_what_is_half_changed_is_marked_and_never_guessed(answer: str, marked: str) -> None:
    back = restored(answer, TABLE)
    assert back.text == answer
    assert back.put_back == ()
    assert [answer[start:end] for start, end in back.marked] == [marked]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("M\u0131lan geldi", "Anna geldi"),
        ("M\u0130LAN geldi", "ANNA geldi"),
        ("M\u0131lan ve Milan", "Anna ve Anna"),
        ("post.m\u0131lan@example.org", "post.m\u0131lan@example.org"),
    ],
)
def test_letters_that_only_look_alike_are_no_error(answer: str, expected: str) -> None:
    table = (Entry(Kind.PERSON, "Anna", "Milan"), Entry(Kind.EMAIL, "anna@kanzlei.example", "post.milan@example.org"))
    restorer = Restorer(table)
    assert restorer.add(answer) + restorer.end() == restored(answer, table).text == expected


def test_marks_stand_where_the_words_are_after_putting_back() -> None:
    back = restored("Mara Corlund, not Corland.", TABLE)
    assert back.text == "Anna Müller, not Corland."
    assert [back.text[start:end] for start, end in back.put_back] == ["Anna Müller"]
    assert [back.text[start:end] for start, end in back.marked] == ["Corland"]


def test_other_words_are_not_marked() -> None:
    back = restored("Coral and Martin met the Corps in 1987, call 112.", TABLE)
    assert (back.text, back.put_back, back.marked) == ("Coral and Martin met the Corps in 1987, call 112.", (), ())


def test_a_growing_answer_never_shows_a_piece_of_a_substitute() -> None:
    whole = "Dear Mara Corlund, your account DE41 9226 5811 7394 2251 87 is settled. Tamlor Velnor GmbH"
    final = restored(whole, TABLE).text
    for size in range(len(whole)):
        shown = restored_so_far(whole[:size], TABLE)
        assert final.startswith(shown), whole[:size]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Dear Ms Corl", "Dear Ms "), ("Dear Mara Cor", "Dear "), ("Dear Mara", "Dear Mara"),
        ("Dear Mara Corlund", "Dear Mara Corlund"), ("Account DE41 9226 58", "Account "),
        ("Nothing of it", "Nothing of it"), ("Nothing of it.", "Nothing of it."), ("The firm Tamlor Vel", "The firm ")
    ],
)  # fmt: skip
def test_an_answer_that_broke_off_ends_before_a_substitute_that_is_not_whole(written: str, kept: str) -> None:
    assert Restorer(TABLE).without_begun(written) == kept


def test_putting_back_by_pieces_is_putting_back_at_once() -> None:
    names = [f"Bel{one}man" for one in ("ba", "de", "ko", "ti")]
    table = tuple(Entry(Kind.PERSON, f"Anna{at}", name) for at, name in enumerate(names))
    whole = " ".join(f"{name}, {name.upper()}'s and {name}owi; Belba {name[:-1]}n\n" for name in names * 3)
    restorer = Restorer(table)
    shown = "".join(restorer.add(whole[at : at + 3]) for at in range(0, len(whole), 3)) + restorer.end()
    assert shown == restorer.restored(whole).text == restored(whole, table).text
    assert restorer.restored(whole).put_back


def test_what_cannot_be_put_back_is_named() -> None:
    text = "The Bluebird, secret, of Ms Ashworth."
    finds = [*marked(text, 4, 12), Find(Kind.OTHER, 12, 20, ", secret", Certainty.SURE, "list")]
    with pytest.raises(KnownError) as caught:
        redacted(text, finds)
    assert caught.value.args_for_people == {"words": "Bluebird”, “, secret"}


def test_finds_of_another_text_are_refused() -> None:
    finds = find_private(TEXT, language="en")
    with pytest.raises(ValueError, match="no finds"):
        redacted("Something else entirely, and long enough to hold them." * 9, finds)

import pytest

from slmdesk.base.text.sentences import blanks_in

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dear [Recipient's Name],\n\nYours,\n[Your Name]\n[Your Name]", ("[Recipient's Name]", "[Your Name]")),
        ("Sehr geehrte Frau [Name der Empfängerin], am [Datum] …", ("[Name der Empfängerin]", "[Datum]")),
        ("Signature: ________ Date: ____", ("________", "____")),
        ("See [the page](https://example.org), [a note][n] and\n\n[label]: https://example.org", ()),
        ("As said in [1] and [12], - [x] done, - [ ] open, a[Index] [sic] `[Your Name]`", ()),
        ("```\nvalue = [Your Name]\n```\n    [Your Name]", ()),
        ("snake____case and **bold** and __init__", ()),
        ("", ()),
    ],
)
def test_what_is_left_to_be_filled_in(text, expected) -> None:
    assert blanks_in(text) == expected


def test_of_many_the_first_are_named() -> None:
    assert len(blanks_in(" ".join(f"[Name {letter * 3}]" for letter in "abcdefghijklmn"))) == 8


def test_a_long_text_without_an_end_takes_no_time() -> None:
    assert blanks_in("[" * 50_000) == ()
    assert blanks_in("`" * 20_001 + "[Your Name" * 5_000) == ()

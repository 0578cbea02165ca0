"""Texts as a model sees them, and the originals put back into what it made of them."""

from __future__ import annotations

import pytest

from slmdesk.text.redaction.finding import find_private
from slmdesk.text.redaction.replacing import Loss, Untagged, Veiled, redacted
from slmdesk.text.tagged import Tags, problems, without_tags

ACCOUNT = "GB33 BUKB 2020 1555 5555 55"
TAGS = Tags((1, 2, 3), (4,))


def veiled(text, tags=TAGS):
    bare = Untagged.of(text, tags)
    finds = bare.divided(find_private(bare.words, language="en"))
    made = redacted(bare.words, finds)
    hidden, formatted = bare.tagged(made.text, finds, made.spans)
    return Veiled(hidden, made.table, tuple(one.text for one in finds), tuple(formatted))


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        (f"Dear <1>Ms Ashworth</1>, pay to <2>{ACCOUNT}</2> now.", 0),
        ("Dear Ms <1>Jane</1> <2>Ashworth</2>, pay.", 0),
        ("Dear Ms Ash<1>worth</1>, pay.", 1),
        ("Dear Ms <1>Ash</1>worth, pay.", 1),
        ("Dear Ms Ash<1>wo</1>rt<2>h</2>, pay.", 1),
        ("Dear <1>Ms Ash</1>wo<2>rth</2>, pay.", 1),
        ("Dear <1>Ms Ash</1>wor<2>th, pay</2>.", 1),
        ("Dear Ms <1>A<2>sh</2>w</1>orth, pay.", 1),
        ("Dear Ms Ash<4/>worth, pay.", 1),
        ("Pay to GB33 BUKB <1>2020 1555</1> <2>5555 55</2>, Ms <3>Ash</3>worth.", 2),
    ],
)
def test_tags_stay_in_order_and_around_words_wherever_they_stand(text, formatted):
    one = veiled(text)
    tags = Tags(tuple(n for n in TAGS.paired if f"<{n}>" in text), tuple(n for n in TAGS.lone if f"<{n}/>" in text))
    assert problems(one.text, tags) == []
    assert not [n for n in tags.paired if f"<{n}></{n}>" in one.text]
    assert "worth" not in one.text
    assert "2020" not in one.text
    back = one.back(one.text)
    assert without_tags(back.text, tags) == without_tags(text, tags)
    assert [each.loss for each in back.lost] == [Loss.FORMAT] * formatted
    if not formatted:
        assert back.text == text


def test_where_words_of_the_answer_stand_afterwards():
    one = veiled("Dear Ms Ashworth, pay now.")
    back = one.back(one.text)
    start = one.text.index("pay")
    now = back.moved(start, start + 3)
    assert now is not None
    assert back.text[slice(*now)] == "pay"
    name = one.text.index("Ms ") + 3
    assert back.moved(name, name + 2) is None
    assert back.moved(0, 4) == (0, 4)


def test_what_did_not_come_back_whole_is_named_and_never_guessed():
    one = veiled("Dear Ms Ashworth, pay now.")
    name = one.text[8 : one.text.index(",")]
    for answer, text, lost in (
        (f"Frau {name}s Konto", "Frau Ashworths Konto", []),
        (f"Frau {name}owi", "Frau Ashworth", [Loss.ENDING]),
        (f"Frau {name[:-1]}x", f"Frau {name[:-1]}x", [Loss.MISSING, Loss.CHANGED]),
        (f"Frau {name[:5]}olotsch", f"Frau {name[:5]}olotsch", [Loss.MISSING, Loss.CHANGED]),
        ("Frau", "Frau", [Loss.MISSING]),
    ):
        back = one.back(answer)
        assert (back.text, [each.loss for each in back.lost]) == (text, lost), answer

"""Which parts of a text are asked, and what is taken of an answer."""

from __future__ import annotations

import pytest

from slmdesk.tasks.writing.passages import answer_in, passages

pytestmark = pytest.mark.pure
TEXT = """# Our plan

A long line that a program has wrapped somewhere here
goes on in the next one. A second sentence.

- first item
> what another one has wrote
| a | b |
```
for code in it
```
https://example.org
Dear Sir,\r
thank you."""


def test_sentences_are_found_with_their_lines_and_the_rest_is_left():
    sentences = list(passages(TEXT, "en"))
    assert [(sentence.line, sentence.asked(TEXT)) for sentence in sentences] == [
        (1, "Our plan"),
        (3, "A long line that a program has wrapped somewhere here goes on in the next one."),
        (4, "A second sentence."),
        (6, "first item"),
        (13, "Dear Sir,"),
        (14, "thank you."),
    ]
    assert all(sentence.of(TEXT).split() == sentence.asked(TEXT).split() for sentence in sentences)
    assert [sentence.is_heading for sentence in sentences] == [True, False, False, True, True, False]


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        ("We received it.", "We received it."),
        ("Here is the corrected text:\nWe received it.", "We received it."),
        ("“We received it.”", "We received it."),
        ("We received it.\n\nNote: recieved is misspelt.", "We received it."),
        ("", ""),
        ("We received it. " * 20, ""),
        ("I'm sorry, I cannot help.", ""),
    ],
)
def test_talk_around_a_correction_is_no_part_of_it(answer, taken):
    assert answer_in(answer, "We recieved it.") == taken


def test_a_heading_gets_no_full_stop():
    assert answer_in("Our plans.", "Our plan", is_heading=True) == "Our plans"

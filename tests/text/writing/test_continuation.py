"""What is asked of a model at the cursor, and what of its answer is shown."""

import pytest

from slmdesk.base.grammars import check_gbnf
from slmdesk.text.writing import (
    CONTEXT,
    can_be_continued,
    context_before,
    continuation_of,
    grammar_beginning,
    is_whole,
    last_word,
)

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("The letter was se", ("The letter was", " se")),
        ("The letter was ", ("The letter was", " ")),
        ("The letter was.  ", ("The letter was.", "  ")),
        ("Th", ("", "Th")),
        ("", ("", "")),
        ("  ", ("", "  ")),
    ],
)
def test_the_last_word_is_taken_off_with_the_blank_before_it(line, parts):
    assert last_word(line) == parts


@pytest.mark.parametrize("typed", [" se", ' "se\\x', "\t»ß", "", " [a]* | b"])
def test_the_grammar_can_be_read_by_llama_cpp(typed):
    check_gbnf(grammar_beginning(typed))


def test_short_texts_empty_lines_and_endless_words_are_not_continued():
    assert can_be_continued("The letter was")
    assert can_be_continued("One two three\nThe")
    for text in ("", "The letter", "One two three\n", "One two three\n  ", "a b c " + "d" * 100):
        assert not can_be_continued(text)


@pytest.mark.parametrize(
    ("answer", "is_cut", "shown"),
    [
        (" sent on Monday.", False, "nt on Monday."),
        (" sent on Monday. It was", True, "nt on Monday."),
        (" sent on Monday to the cou", True, "nt on Monday to the"),
        (" sent on Monday to the court", False, "nt on Monday to the court"),
        (" sent by Dr. Meyer on 4.5. and e.g. by", True, "nt by Dr. Meyer on 4.5. and e.g."),
        (" sent “today.” And", True, "nt “today.”"),
        (" sent\nmore", False, "nt"),
        (" received", False, ""),
        (" se", False, ""),
        (" se...", False, ""),
        (" sentbyx", True, ""),
        (" sent on Monday by a clerk", False, ""),
    ],
)
def test_the_rest_of_the_sentence_is_shown(answer, is_cut, shown):
    before = "It was sent on Monday by a clerk. The letter was se"
    assert continuation_of(answer, " se", before, is_cut=is_cut) == shown


def test_a_sentence_is_whole_once_something_follows_it():
    assert is_whole(" sent. I", " se")
    assert not is_whole(" sent.", " se")
    assert not is_whole("e. x", "e. x")


def test_the_context_is_the_text_before_the_line_and_stays_the_same_while_one_types():
    assert context_before("One two three.\n\nThe") == "One two three."
    assert context_before("The letter was sent on Monday and received by the court") == (
        "The letter was sent on Monday and received"
    )
    text = "\n".join(f"line {number} of a text" for number in range(300))
    found = context_before(f"{text}\nThe")
    assert CONTEXT // 2 <= len(found) <= CONTEXT
    assert text.endswith(found)
    assert found.startswith("line ")
    assert context_before(f"{text}\nThe letter was") == found

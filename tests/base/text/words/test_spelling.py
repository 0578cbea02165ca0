"""Which words of a line are checked."""

import pytest

from slmdesk.base.text.markup import code_lines, parts_of, word_at, word_spans

pytestmark = pytest.mark.pure


def words(line, names=()):
    return [line[start:end] for start, end in word_spans(line, names)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("The letter, (sent) today.", ["The", "letter", "sent", "today"]),
        ("don't – l’homme geht's", ["don't", "l’homme", "geht's"]),
        ("“Quoted” 'single' rock 'n' roll", ["Quoted", "single", "rock", "roll"]),
        ("E-Mail an Müller/Maier", ["Mail", "an"]),
        ("write to a.b@example.org or https://example.org/a-b now", ["write", "to", "or", "now"]),
        ("see report_final.pdf, C:\\temp\\x and /usr/bin", ["see", "and"]),
        ("in 2026 the 3rd of 12.000 kg and 5km", ["in", "the", "of", "kg", "and"]),
        ("run `git comit -m x` again", ["run", "again"]),
        ("``a ` b`` and ` alone", ["and", "alone"]),
        ("z.B. and e.g. this", ["and", "this"]),
        ("NATO, GmbH, iPhone and a", ["and"]),
        ("@lease.txt #tag /preset then", ["then"]),
        ("cafe\u0301 und Straße", ["cafe\u0301", "und", "Straße"]),
        ("Ende des Satzes.\tNeu", ["Ende", "des", "Satzes", "Neu"]),
        ("x" * 60, []),
        ("", []),
    ],
)
def test_words_are_found_and_what_is_none_is_left_out(line, expected):
    assert words(line) == expected


def test_names_of_attachments_are_left_out():
    line = "Compare Annual Lease Reprot with the minutes"
    assert words(line, ["annual lease reprot"]) == ["Compare", "with", "the", "minutes"]
    assert words(line, [""]) == line.split()


def test_a_word_is_found_at_its_beginning_inside_and_at_its_end():
    assert word_at("an example", 3) == word_at("an example", 5) == word_at("an example", 10) == (3, 10)
    assert word_at("an  example", 3) is None


def test_lines_between_fences_are_code():
    lines = ["text", "```python", "x = 1", "~~~", "```", "text", "~~~~", "```", "~~~~", "    ``` no fence", "```"]
    code = [False, True, True, True, True, False, True, True, True, False, True]
    assert list(code_lines(lines)) == code


def test_parts_beside_an_apostrophe():
    assert parts_of("Meyer’s") == ["Meyer"]
    assert parts_of("l'homme") == ["homme"]


def test_a_long_line_is_done_in_a_moment():
    line = "wort " * 20_000 + "a1b2" * 20_000 + " `" * 200
    assert len(words(line)) == 20_000

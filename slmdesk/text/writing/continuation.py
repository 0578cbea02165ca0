"""What a model is asked to continue, and what of its answer is shown behind the cursor."""

from __future__ import annotations

import re

LEAST_WORDS = 3
"""Of a text: with less there is nothing to go by."""
MOST_TYPED = 60
"""Characters of the last word; longer ones, and texts without blanks, are not continued."""
CONTEXT, STEP = 2000, 1000
"""Characters of the text before the line that the model reads, and by how many it moves on: so that the beginning of
its prompt stays the same while a person types."""
FIRST_WORDS = 8
_LAST_WORD = re.compile(r"\s*\S*\Z")
_END = re.compile(r"(?:(?<=\w\w\w)\.|[!?…])[.!?…]*[\"”“»’)\]]*(?=\s|\Z)")
_REPEATED = 20
"""Characters of a continuation that stand before already, from which on it is of no use."""


def last_word(line: str) -> tuple[str, str]:
    """A line without its last word, and that word with the blanks before it (only the blanks, where it ends in some).

    A model spells words by tokens that most often begin with a blank; behind half a word, or behind a blank, it would
    have to go on with tokens it has seldom seen there.  So it begins one word earlier, and is held to what is typed
    (token healing).
    """
    found = _LAST_WORD.search(line)
    at = found.start() if found else len(line)
    return line[:at], line[at:]


def can_be_continued(text: str) -> bool:
    line = text.rpartition("\n")[2]
    return bool(line.strip()) and len(text.split()) >= LEAST_WORDS and len(last_word(line)[1]) <= MOST_TYPED


def grammar_beginning(line: str) -> str:
    """A grammar (GBNF) for an answer that begins with this line; after that anything may come."""
    escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\r", "\\r")
    return f'root ::= "{escaped}" [^\\x01]*'


def context_before(text: str) -> str:
    """The text before the last line, from the beginning of a line on; of a first line its first words."""
    before, _, line = text.rpartition("\n")
    if not before.strip():
        return " ".join(line.split()[:FIRST_WORDS])
    start = max(0, len(before) - CONTEXT + STEP - 1) // STEP * STEP
    if start:
        start = before.find("\n", start) + 1 or start
    return before[start:].strip()


def is_whole(answer: str, typed: str) -> bool:
    found = _END.search(answer, len(typed))
    return bool(found and found.end() < len(answer))


def continuation_of(answer: str, typed: str, before: str, *, is_cut: bool) -> str:
    """What is shown: the rest of the sentence behind what is typed, "" for nothing.

    `before`: the text so far.  `is_cut`: the answer ended at its limit, so that its last word may lack its end.
    """
    if not answer.startswith(typed):
        return ""
    found = answer[len(typed) :].partition("\n")[0]
    if end := _END.search(found):
        found = found[: end.end()]
    elif is_cut:
        found = found[: len(found) - len(last_word(found)[1])]
    found = found.rstrip()
    if not any(letter.isalnum() for letter in found):
        return ""
    return "" if len(found) >= _REPEATED and found.strip() in before else found

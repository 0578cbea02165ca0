"""The words that people read: phrases that were replaced by the usual ones stand nowhere in the program any more."""

import ast
from pathlib import Path

import pytest

import slmdesk

pytestmark = pytest.mark.pure

REPLACED = (
    "lies ready", "To answer, slmdesk", "As in the text", "The reader", "Everyday text", "To look at", "to look at",
    "deserves a look", "deserve a look", "the source has", "was reckoned; check", "Put back into its language",
    "A wish", "Above all about", "Look at this", "doubts it itself", "amount that does not stand", "What it is made of",
    "no whole PDF", "of what the model can see", "Seed of chance", "Choice of words", "As usual", "answer is another",
    "shall keep in mind", "As long as it takes", "Longest answer", "Free the model's", "The one in use",
    "where it was left", "ended from outside", "Read a file", "Read a TMX", "Write as TMX", "Rename or delete this",
    "From every program", "Key for the clipboard", "Those of the system", "As the system has it",
    "Nothing is remembered", "Answers at once", "Downloads at once", "The setting is changed", "Earlier…",
)  # fmt: skip
KEPT = {("translation/service.py", "to look at"), ("translation/export.py", "to look at")}
"""A key of a report as JSON, and where it is put in other words for people."""


def test_phrases_that_were_replaced_stand_nowhere_any_more() -> None:
    root = Path(slmdesk.__file__).parent
    found = [
        (path.relative_to(root).as_posix(), words, phrase)
        for path in sorted(root.rglob("*.py"))
        for words in _strings(path)
        for phrase in REPLACED
        if phrase in words and (path.relative_to(root).as_posix(), words) not in KEPT
    ]
    assert not found


def _strings(path: Path) -> list[str]:
    """All texts of a module but its descriptions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in described
    ]

"""How much there is to follow in each folder of the package: branches, loops, conditions, cases and comprehensions.

Lines can be packed, decisions cannot. A commit that saves some lowers its figure here; one that adds some says why.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import slmdesk

PACKAGE = Path(slmdesk.__file__).parent
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.While, ast.ExceptHandler, ast.match_case, ast.comprehension)
DECISIONS = {
    "__main__.py": 12,
    "app.py": 55,
    "base": 786,
    "chat": 2790,
    "children": 749,
    "claims": 263,
    "command": 231,
    "engine": 1135,
    "evaluation": 193,
    "exports": 247,
    "formats": 6264,
    "gguf": 591,
    "history": 576,
    "hub": 500,
    "jobs": 469,
    "library": 1953,
    "loader": 211,
    "models": 845,
    "online": 842,
    "privacy": 156,
    "questions": 345,
    "redaction": 6,
    "runtime": 152,
    "services.py": 58,
    "shell": 695,
    "store": 1046,
    "summaries": 969,
    "system": 138,
    "tables": 767,
    "tasks": 1280,
    "text": 2099,
    "translation": 1524,
    "versions": 648,
    "voice": 34,
    "window": 1692,
    "writing": 875,
}


def decisions_in(source: str) -> int:
    count = 0
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, BRANCHES):
            count += 1
        elif isinstance(node, ast.BoolOp):
            count += len(node.values) - 1
    return count


@pytest.mark.quick
@pytest.mark.pure
def test_there_are_no_more_decisions_than_before_and_a_folder_with_fewer_says_so():
    counted = dict.fromkeys(DECISIONS, 0)
    for path in PACKAGE.rglob("*.py"):
        folder = path.relative_to(PACKAGE).parts[0]
        counted[folder] = counted.get(folder, 0) + decisions_in(path.read_text("utf-8"))
    changed = {folder: count for folder, count in counted.items() if count != DECISIONS.get(folder, 0)}
    assert not changed, f"write these figures into DECISIONS: {changed}"


@pytest.mark.quick
@pytest.mark.pure
def test_each_kind_of_decision_is_counted():
    assert decisions_in("for x in y:\n    if x:\n        pass\nwhile z:\n    pass\n") == 3
    assert decisions_in("try:\n    pass\nexcept OSError:\n    match a:\n        case 1:\n            pass\n") == 2
    assert decisions_in("d = [e if f else g for h in i if h]\n") == 2
    assert decisions_in("a and b and c or not d\n") == 3

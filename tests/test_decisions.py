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
    "base": 785,
    "base/runtime": 152,
    "base/text": 678,
    "chat": 1041,
    "children": 68,
    "children/client": 279,
    "children/engine": 1006,
    "children/formats": 6355,
    "children/tasks": 286,
    "children/worker": 164,
    "claims": 266,
    "claims/deadlines": 340,
    "claims/finders": 382,
    "cli": 1147,
    "cli/tasks": 134,
    "doctor.py": 58,
    "documents": 918,
    "documents/voice": 51,
    "exports": 267,
    "history": 417,
    "history/privacy": 56,
    "history/store": 891,
    "models": 469,
    "models/evaluation": 187,
    "models/gguf": 647,
    "models/hub": 292,
    "models/loader": 213,
    "models/online": 506,
    "redact": 555,
    "services.py": 58,
    "tasks": 560,
    "tasks/deadlines": 101,
    "tasks/jobs": 347,
    "tasks/questions": 281,
    "tasks/replies": 251,
    "tasks/summaries": 984,
    "tasks/tables": 771,
    "tasks/translation": 904,
    "tasks/versions": 648,
    "tasks/writing": 418,
    "ui": 41,
    "ui/chat": 1660,
    "ui/documents": 895,
    "ui/jobs": 96,
    "ui/kit": 1683,
    "ui/models": 295,
    "ui/online": 254,
    "ui/privacy": 66,
    "ui/redaction": 10,
    "ui/shell": 741,
    "ui/system": 68,
    "ui/tasks": 869,
    "ui/translation": 477,
    "ui/writing": 335,
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
        place = path.relative_to(PACKAGE)
        folder = "/".join(place.parts[:-1][:2]) or place.name
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

"""How the app tells the reader child, in the new text of a unit, which words are deleted and which inserted."""

from __future__ import annotations

import re

DELETED = ("\ue7a0", "\ue7a1")
INSERTED = ("\ue7a2", "\ue7a3")
"""Signs before and behind; of the private use area, so no text of a person has them by chance."""
MARKED = re.compile("(?:\ue7a0([^\ue7a0-\ue7a3]*)\ue7a1)|(?:\ue7a2([^\ue7a0-\ue7a3]*)\ue7a3)")
SIGNS = frozenset((*DELETED, *INSERTED))


def deleted(text: str) -> str:
    return f"{DELETED[0]}{text}{DELETED[1]}" if text else ""


def inserted(text: str) -> str:
    return f"{INSERTED[0]}{text}{INSERTED[1]}" if text else ""

"""Makes invisible and misleading characters visible: direction marks, tags, fillers, control marks.

Joiners (U+200C, U+200D) are left alone: Persian and emoji are written with them.
"""

from __future__ import annotations

import re

_FILLERS = "\u115f\u1160\u3164\uffa0\u2800"
_SUSPECTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    f"{_FILLERS}\U000e0000-\U000e0fff\U0001d173-\U0001d17a]"
)


def made_visible(text: str) -> tuple[str, int]:
    """The text with each such character as its code between brackets, ⟦U+202E⟧, and how many there are."""
    return _SUSPECTS.subn(lambda found: f"\u27e6U+{ord(found.group()):04X}\u27e7", text)

"""Says what a value is by the words around it ("total due 84.00", "payment by 3 May 2025").  Pure functions.

The words come from cues.toml.  Of all that match, the nearest to the value counts, of equals the longest.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import cache
from importlib import resources

from slmdesk.base.record import Record
from slmdesk.text.words.folding import fold

OTHER = "other"
"""The role of a value that no column wants: the day of an order, the amount of a deposit."""
FARTHEST = 45
"""Characters between words and the value they announce."""
WEAK = "(?= ?$)"
"""With this a word must stand right before the value, and says little by itself."""
_LITTLE = (
    r"of|is|are|was|be|on|the|at|a|an|for|in|and|by|to|comes to|amounts to|will|shall|"
    r"am|vom|von|der|den|dem|des|das|die|ist|sind|betragt|betragen|belauft sich auf|wird|in hohe|mit|zum|zu|auf|uber|"
    r"ab|"
    r"le|la|les|l|du|de|d|est|sont|au|aux|s.eleve a|s.elevent a|fixee? a|en date|date|jour|"
    r"el|es|del|dia|al|son|asciende a|sera|"
    r"il|lo|di|e|giorno|a|pari|euro?s?|eur|usd|gbp|chf|pounds|no|nr|n"
)
_FILLER = re.compile(
    rf"(?:[\s:;,=.()\u2013\u2014\u00b0#>€$£*|+-]|(?<![a-z0-9])(?:{_LITTLE})(?![a-z0-9])|"
    r"\d+(?:[.,]\d+)? ?(?:%|per cent|prozent|v\.h\.))*$"
)
_REACH = re.compile(r"\\b\.\{0,(\d+)\}$")
_START = re.compile(r"^[\s\W]*(?:\d{1,2}[.)]|[a-z]\)|\u00a7 ?\d+)?[\s\W]*")


class Strength(IntEnum):
    NONE = 0
    NEAR = 1
    ADJACENT = 2
    """Nothing but small words stands between."""
    LABEL = 3
    """They are its label: nothing stands before them."""


class Said(Record):
    role: str = ""
    strength: Strength = Strength.NONE


class _Cue(Record):
    role: str
    pattern: re.Pattern[str]
    reach: int = 0
    """Characters that may stand between it and the value, as if it stood beside it."""
    is_weak: bool = False


class Cues(Record):
    before: tuple[_Cue, ...]
    after: tuple[_Cue, ...]

    def read(self, before: str, after: str) -> Said:
        found = self._before(fold(before))
        if found.strength >= Strength.ADJACENT:
            return found
        behind = self._after(fold(after))
        if behind.role and behind.role != OTHER and found.role in ("", behind.role):
            return Said(behind.role, Strength.ADJACENT if found.role else Strength.NEAR)
        return behind if behind.role == OTHER else found

    def _before(self, words: str) -> Said:
        filler = _FILLER.search(words)
        last = filler.start() if filler else len(words)
        first = _START.match(words)
        begin = first.end() if first else 0
        best: tuple[int, int, int, Said] | None = None
        for one in self.before:
            for match in one.pattern.finditer(words):
                gap = last - match.end()
                if gap > max(FARTHEST, one.reach):
                    continue
                strength = Strength.NEAR if gap > one.reach or one.is_weak else Strength.ADJACENT
                if not one.is_weak and gap <= 0 and match.start() <= begin:
                    strength = Strength.LABEL
                key = (min(match.end(), last), match.end() - match.start(), int(strength))
                if best is None or key > best[:3]:
                    best = (*key, Said(one.role, strength))
        return best[3] if best else Said()

    def _after(self, words: str) -> Said:
        bare = words.lstrip(" \t\n,(-\u2013")
        for one in self.after:
            if one.pattern.match(bare):
                return Said(one.role, Strength.NEAR)
        return Said()


@cache
def cues_of(paper: str, kind: str) -> Cues | None:
    roles = _tables().get(paper, {}).get(kind)
    if roles is None:
        return None
    before = [_before_cue(role, one) for role, words in roles.items() for one in words.get("before", ())]
    after = [_Cue(role, re.compile(one)) for role, words in roles.items() for one in words.get("after", ())]
    return Cues(tuple(before), tuple(sorted(after, key=lambda one: one.role == OTHER)))


def _before_cue(role: str, words: str) -> _Cue:
    reach = _REACH.search(words)
    bare = words[: reach.start()] if reach else words
    head = r"^[\s\W]*(?:\d{1,2}[.)]\s*)?" if bare.startswith("^") else ""
    pattern = re.compile(rf"{head}(?<![a-z0-9])(?:{bare.removeprefix('^')})(?![a-z0-9])")
    return _Cue(role, pattern, int(reach[1]) if reach else 0, words.endswith(WEAK))


@cache
def _tables() -> Mapping[str, Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]]:
    return tomllib.loads(resources.files("slmdesk.tables").joinpath("cues.toml").read_text("utf-8"))

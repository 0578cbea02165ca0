"""Makes text storable in a database: lone surrogates become U+FFFD, and are counted."""

from __future__ import annotations

import re

_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")


def make_storable(text: str) -> tuple[str, int]:
    """The text with each lone surrogate replaced by U+FFFD, and how many there were.  All else stays as written.

    A pair of surrogates is one character (escapes of another program): it is joined and not counted.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        lone = 0

        def mend(found: re.Match[str]) -> str:
            nonlocal lone
            if len(found.group()) == 2:
                return found.group().encode("utf-16-le", "surrogatepass").decode("utf-16-le")
            lone += 1
            return "\ufffd"

        return _SURROGATES.sub(mend, text), lone
    return text, 0

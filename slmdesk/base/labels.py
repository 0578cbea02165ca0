"""Cleans names and titles from outside so that they can be shown as one line of plain text."""

from __future__ import annotations

import unicodedata

CUT = "…"
MARK = "\N{REPLACEMENT CHARACTER}"
"""Stands where a character was that must not be shown: a control or direction mark, half a character."""
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""Of category Cf too, but words in Persian and many emoji need them."""


def clean_label(untrusted: str, limit: int = 200) -> str:
    """One line of at most `limit` characters: white space becomes single spaces, control characters are replaced.

    Control characters, direction marks and other invisible format characters, lone surrogates, private and unassigned
    code points become U+FFFD; what is cut ends in "…".  Markup is kept as the text it is: show it as plain text.
    """
    is_plain = len(untrusted) <= limit and untrusted.isascii() and untrusted.isprintable()
    if is_plain and untrusted.split(" ") == untrusted.split():
        return untrusted  # nearly all names, and a search of the Hub has thousands
    long = untrusted[: 4 * limit + 64]  # enough for runs of white space; a 16 MiB title costs nothing
    words = " ".join("".join(map(_shown, long)).split())
    if len(words) > limit or len(long) < len(untrusted):
        return words[: limit - 1].rstrip() + CUT
    return words


def clean_bytes(untrusted: bytes, limit: int = 200) -> str:
    """The same for bytes that should be UTF-8; invalid ones become U+FFFD."""
    cut = untrusted[: 16 * limit + 256]
    label = clean_label(cut.decode("utf-8", "replace"), limit)
    return label if len(cut) == len(untrusted) or label.endswith(CUT) else label[: limit - 1] + CUT


def _shown(character: str) -> str:
    if character.isspace() or character in "\x00\x1c\x1d\x1e\x1f":
        return " " if character != "\x00" else MARK
    if unicodedata.category(character)[0] == "C" and character not in _JOINERS:
        return MARK
    return character

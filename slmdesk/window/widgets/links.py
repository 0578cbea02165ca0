"""Judges links in a text: only http and https can be opened, and signs of deception are named."""

from __future__ import annotations

import ipaddress
import unicodedata
from urllib.parse import SplitResult, urlsplit

from slmdesk.base.record import Record

OPENABLE_SCHEMES = ("http", "https")
LONGEST = 2000
"""Characters of an address that can be shown and checked by a person."""


class LinkCheck(Record):
    openable: bool
    address: str
    host: str
    """The host alone, in its own letters; empty when there is none."""
    reason: str = ""
    """Why it cannot be opened: scheme, host, letters, length; empty when it can."""
    warnings: tuple[str, ...] = ()
    """Of an openable one: user_in_address, look_alike, number_host, not_encrypted."""


def judge_link(url: str) -> LinkCheck:
    """Judge an address found in a text.  Opens nothing and asks nobody."""
    if len(url) > LONGEST:
        return LinkCheck(False, url, "", "length")
    if any(_is_hidden(letter) for letter in url) or "\\" in url:
        return LinkCheck(False, url, "", "letters")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises where it is no number
    except ValueError:
        return LinkCheck(False, url, "", "host")
    if parts.scheme.lower() not in OPENABLE_SCHEMES:
        return LinkCheck(False, url, "", "scheme")
    if not host:
        return LinkCheck(False, url, "", "host")
    shown = _in_own_letters(host)
    return LinkCheck(True, url, shown, warnings=_warnings(parts, host, shown))


def _warnings(parts: SplitResult, host: str, shown: str) -> tuple[str, ...]:
    found = []
    if "@" in parts.netloc:
        found.append("user_in_address")
    if not shown.isascii() or "xn--" in host:
        found.append("look_alike")
    if _is_number(host):
        found.append("number_host")
    if parts.scheme.lower() == "http":
        found.append("not_encrypted")
    return tuple(found)


def _is_hidden(letter: str) -> bool:
    """Whether it is a control character, a blank, or a mark that changes the direction of text."""
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _in_own_letters(host: str) -> str:
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.replace(".", "").replace("0x", "").isdigit()  # 2130706433 and 0x7f.1 are addresses to a browser
    return True

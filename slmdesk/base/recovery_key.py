"""The recovery key as people read, print and type it: 160 random bits in Crockford's base 32, with a check sign.

Eight groups of four signs and the check sign, `7QJ2-…-9MZ4-K` (https://www.crockford.com/base32.html): no I, L, O or U,
small letters count as capitals, blanks and hyphens as nothing.
"""

from __future__ import annotations

import os

SECRET_BYTES = 20
GROUP = 4
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECKS = _SIGNS + "*~$=U"
_LENGTH = SECRET_BYTES * 8 // 5
_READ = str.maketrans("OIL", "011", " -\t\n\r\u2010\u2011\u2012\u2013\u2014")


def new_recovery_key() -> str:
    return shown(os.urandom(SECRET_BYTES))


def shown(secret: bytes) -> str:
    number = int.from_bytes(secret, "big")
    signs = "".join(_SIGNS[number >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
    groups = [signs[at : at + GROUP] for at in range(0, _LENGTH, GROUP)]
    return "-".join([*groups, _CHECKS[number % len(_CHECKS)]])


def looks_like(typed: str) -> bool:
    """Whether this is a recovery key, perhaps with a typing error, and not a passphrase."""
    signs = _read(typed)
    return len(signs) == _LENGTH + 1 and set(signs[:-1]) <= set(_SIGNS)


def secret_of(typed: str) -> bytes | None:
    """The 20 bytes of a recovery key as somebody typed it; None for anything else, also for one with a typing error."""
    if not looks_like(typed):
        return None
    signs = _read(typed)
    number = 0
    for sign in signs[:-1]:
        number = number << 5 | _SIGNS.index(sign)
    return number.to_bytes(SECRET_BYTES, "big") if _CHECKS[number % len(_CHECKS)] == signs[-1] else None


def _read(typed: str) -> str:
    return typed.upper().translate(_READ)

"""What stands in a redacted copy for what: bars or natural words, and the key file that leads back to the originals."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.sealing import SealBroken, seal, unseal
from slmdesk.redact import BAR, Certainty, Find, Kind, pairs_of
from slmdesk.redact.finding import WordIndex
from slmdesk.redact.table import LEAST_HELD, table_for

FORMAT, VERSION = "slmdesk-redaction-key", 1
_N, _R, _P = 1 << 16, 8, 1
"""Parameters of scrypt: 64 MiB of memory, about 0.2 s."""
_MOST_MEMORY = 256 << 20
_MOST_N = 1 << 17
_SALT_BYTES = 16
MOST_BYTES = 64 << 20

Pairs = Sequence[tuple[str, str]]
"""Pairs of original and replacement."""


def pairs_for(
    text: str, words: Sequence[tuple[Kind, str]], *, substitutes: bool, unseen: Container[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Return pairs of original and replacement for everything to be removed, including its other forms in the text.

    `unseen` are words that the text does not contain. They are replaced by bars.

    Raises KnownError `redaction.conflict`, `redaction.ambiguous`, `redaction.no_substitute`.
    """
    barred = {original: BAR for __, original in words if not substitutes or original in unseen}
    finds = [Find(kind, 0, 0, original, Certainty.SURE, "list") for kind, original in words if original not in barred]
    made = dict(pairs_of(table_for("\n".join((text, *barred)), finds, others=barred)))
    originals = [original for original in (*made, *barred) if len(original) >= LEAST_HELD]
    index = WordIndex(original.casefold() for original in originals)
    for substitute in made.values():
        if held := index.numbers_in(substitute.casefold()):
            raise KnownError("redaction.conflict", words=originals[held[0]])
    return tuple((made | barred).items())


def key_file(pairs: Pairs, passphrase: str, *, document_sha256: str) -> bytes:
    """Return the content of a key file. Takes about 0.2 s. Raises KnownError `key.library_missing`."""
    salt = os.urandom(_SALT_BYTES)
    head = {
        "format": FORMAT, "version": VERSION,
        "kdf": {"name": "scrypt", "n": _N, "r": _R, "p": _P, "salt": base64.b64encode(salt).decode()},
    }  # fmt: skip
    inside = {"document_sha256": document_sha256, "pairs": [[original, substitute] for original, substitute in pairs]}
    key = _derived(passphrase, salt, _N, _R, _P)
    sealed = seal(key, json.dumps(inside, ensure_ascii=False).encode("utf-8", "replace"), _canonical(head))
    return json.dumps({**head, "sealed": base64.b64encode(sealed).decode()}, indent=1).encode() + b"\n"


def pairs_in(path: Path, passphrase: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs in a key file.

    Raises KnownError `redaction.key_damaged`, `redaction.key_wrong`, `file.missing`, `key.library_missing`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as err:
        raise KnownError("file.missing", path=str(path)) from err
    except OSError as err:
        raise KnownError("redaction.key_damaged", path=str(path)) from err
    try:
        shape = json.loads(data) if len(data) <= MOST_BYTES else None
        head, sealed, key = _opened(shape, passphrase)
    except (ValueError, TypeError, KeyError, binascii.Error) as err:
        raise KnownError("redaction.key_damaged", path=str(path)) from err
    try:
        inside: Any = json.loads(unseal(key, sealed, head))
    except SealBroken as err:
        raise KnownError("redaction.key_wrong", path=str(path)) from err
    return tuple((str(original), str(substitute)) for original, substitute in inside["pairs"])


def _opened(shape: Any, passphrase: str) -> tuple[bytes, bytes, bytes]:
    """Return the head that authenticates the encrypted part, the encrypted part, and the key. Raises ValueError,
    TypeError, KeyError.
    """
    if not isinstance(shape, Mapping) or shape["format"] != FORMAT or shape["version"] != VERSION:
        raise ValueError("format")
    about = shape["kdf"]
    n, r, p = about["n"], about["r"], about["p"]
    if about["name"] != "scrypt" or not all(type(number) is int for number in (n, r, p)):
        raise ValueError("kdf")
    if not (2 <= n <= _MOST_N and 1 <= r <= 16 and 1 <= p <= 4):  # a file must not use up all memory
        raise ValueError("kdf")
    salt = base64.b64decode(about["salt"], validate=True)
    head = {name: value for name, value in shape.items() if name != "sealed"}
    return _canonical(head), base64.b64decode(shape["sealed"], validate=True), _derived(passphrase, salt, n, r, p)


def _canonical(head: Mapping[str, Any]) -> bytes:
    return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()


def _derived(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MOST_MEMORY, dklen=32)

"""The key of a redacted document: what stands for what, encrypted with a passphrase (scrypt, RFC 7914; AES-256-GCM)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.sealing import SealBroken, seal, unseal

FORMAT, VERSION = "slmdesk-redaction-key", 1
_N, _R, _P = 1 << 16, 8, 1
"""64 MiB, some 0.2 s."""
_MOST_MEMORY = 256 << 20
_MOST_N = 1 << 17
_SALT_BYTES = 16
MOST_BYTES = 64 << 20

Pairs = Sequence[tuple[str, str]]
"""Original and substitute."""


def key_file(pairs: Pairs, passphrase: str, *, document_sha256: str) -> bytes:
    """The bytes of a key file.  Takes some 0.2 s.  Raises KnownError `key.library_missing`."""
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
    """The pairs a key file holds.

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
    """The head that was sealed with the rest, the rest, and the key.  Raises ValueError, TypeError, KeyError."""
    if not isinstance(shape, Mapping) or shape["format"] != FORMAT or shape["version"] != VERSION:
        raise ValueError("format")
    about = shape["kdf"]
    n, r, p = about["n"], about["r"], about["p"]
    if about["name"] != "scrypt" or not all(type(one) is int for one in (n, r, p)):
        raise ValueError("kdf")
    if not (2 <= n <= _MOST_N and 1 <= r <= 16 and 1 <= p <= 4):  # a file may not take all memory
        raise ValueError("kdf")
    salt = base64.b64decode(about["salt"], validate=True)
    head = {name: value for name, value in shape.items() if name != "sealed"}
    return _canonical(head), base64.b64decode(shape["sealed"], validate=True), _derived(passphrase, salt, n, r, p)


def _canonical(head: Mapping[str, Any]) -> bytes:
    return json.dumps(head, sort_keys=True, separators=(",", ":")).encode()


def _derived(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MOST_MEMORY, dklen=32)

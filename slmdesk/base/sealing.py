"""Encryption: derive keys from keys or passphrases; encrypt bytes, JSON values and whole files; the recovery key."""

from __future__ import annotations

import base64
import json
import os
import struct
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from io import BufferedReader
from typing import Any

from slmdesk.base.errors import KnownError, SlmdeskError

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
LIBRARY = "cryptography"


class SealBroken(SlmdeskError):
    """The encrypted data were changed or cut, or are encrypted with another key or for another purpose."""


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def derive(key: bytes, info: str, *, length: int = KEY_BYTES, salt: bytes = b"") -> bytes:
    """Derive a key of `length` bytes for the purpose `info` from another key. The result is the same each time.

    A derived key reveals nothing about the first key or other derived keys. Raises KnownError `key.library_missing`.
    """
    try:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    except ImportError as err:
        raise library_missing(err) from err
    return HKDF(algorithm=SHA256(), length=length, salt=salt or None, info=info.encode()).derive(key)


def seal(key: bytes, data: bytes, aad: bytes = b"") -> bytes:
    """Encrypt `data`, at most 2 GiB. Returns the nonce (12 random bytes), the ciphertext and the tag (16 bytes).

    `aad` is not stored. The same bytes are needed to decrypt, so that the data cannot be used for another purpose.
    Raises KnownError `key.library_missing`.
    """
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as err:
        raise library_missing(err) from err
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, aad)


def unseal(key: bytes, sealed: bytes, aad: bytes = b"") -> bytes:
    """Decrypt what `seal` returned. Raises SealBroken, and KnownError `key.library_missing`."""
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as err:
        raise library_missing(err) from err
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise SealBroken("too short")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
    except InvalidTag as err:
        raise SealBroken("not what was sealed") from err


def stretch(passphrase: str, salt: bytes, *, memory_kib: int, passes: int, lanes: int) -> bytes:
    """Derive a key from a passphrase with Argon2id (RFC 9106), which takes time and memory on purpose.

    A letter counts as the same however a keyboard composes it (NFC). Raises KnownError `key.library_missing`, and
    MemoryError.
    """
    try:
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    except ImportError as err:
        raise library_missing(err) from err
    words = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    return Argon2id(salt=salt, length=KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory_kib).derive(words)


def new_pair() -> tuple[bytes, bytes]:
    """Make an X25519 key pair (RFC 7748): private, public, 32 bytes each. Raises KnownError `key.library_missing`."""
    try:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    except ImportError as err:
        raise library_missing(err) from err
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def agreed(private: bytes, public: bytes) -> bytes:
    """Return the shared secret (32 bytes) of a private and a public X25519 key. Pass it to `derive`, do not use it as a
    key.

    Raises ValueError for an invalid public key, and KnownError `key.library_missing`.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    except ImportError as err:
        raise library_missing(err) from err
    return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))


def library_missing(err: ImportError) -> KnownError:
    return KnownError("key.library_missing", library=(err.name or LIBRARY).partition(".")[0])


SEALED = "sealed"


def names_sealed(shape: Mapping[str, Any], names: Collection[str], key: bytes, purpose: bytes) -> dict[str, Any]:
    """Return `shape` with the values of these names encrypted. Raises KnownError `key.library_missing`."""
    words = json.dumps({name: shape[name] for name in names if name in shape}).encode()
    rest = {name: value for name, value in shape.items() if name not in names}
    return {**rest, SEALED: base64.b64encode(seal(key, words, purpose)).decode("ascii")}


def names_unsealed(shape: Mapping[str, Any], key: bytes, purpose: bytes) -> dict[str, Any]:
    """Return `shape` decrypted where `names_sealed` encrypted. Raises SealBroken, KnownError `key.library_missing`."""
    rest = {name: value for name, value in shape.items() if name != SEALED}
    if SEALED not in shape:
        return rest
    try:
        words = json.loads(unseal(key, base64.b64decode(shape[SEALED], validate=True), purpose))
    except (TypeError, ValueError) as err:
        raise SealBroken("no sealed values") from err
    if not isinstance(words, dict):
        raise SealBroken("no sealed values")
    return {**rest, **words}


# Data of any length, encrypted piece by piece. So a gigabyte of data needs no second gigabyte of memory. Each piece
# authenticates its number, its file (a random salt) and the unencrypted beginning of the file. So swapping pieces or
# taking one from another file is noticed. Missing pieces are noticed by the length.


PIECE = 4 << 20
SALT_BYTES = 16
_MORE = NONCE_BYTES + TAG_BYTES
_NUMBER = struct.Struct(">I")

Bytes = bytes | bytearray | memoryview


def sealed_size(length: int) -> int:
    return length + _MORE * -(-length // PIECE)


class Sealing:
    """Encryption or decryption of the pieces of a file, from the first to the last. Not for use by two threads."""

    def __init__(self, key: bytes, salt: bytes, about: bytes) -> None:
        """`salt` has SALT_BYTES bytes, random for each file. `about` is the unencrypted beginning of the file, which is
        authenticated too.
        """
        self._key, self._about = key, salt + about
        self._number = 0

    def seal(self, data: Bytes) -> Iterator[bytes]:
        """Yield the encrypted pieces of `data`. Raises KnownError `key.library_missing`."""
        view = memoryview(data)
        for start in range(0, len(view), PIECE):
            yield seal(self._key, bytes(view[start : start + PIECE]), self._next())

    def open_into(self, file: BufferedReader, data: memoryview) -> None:
        """Fill `data` with the next decrypted bytes of `file`. Raises SealBroken, KnownError, OSError."""
        for start in range(0, len(data), PIECE):
            plain = data[start : start + PIECE]
            sealed = file.read(len(plain) + _MORE)
            if len(sealed) != len(plain) + _MORE:
                raise SealBroken("cut")
            plain[:] = unseal(self._key, sealed, self._next())

    def _next(self) -> bytes:
        number, self._number = self._number, self._number + 1
        return _NUMBER.pack(number) + self._about


# The recovery key as people read, print and type it. The key is 160 random bits in Crockford's base 32, with a check
# sign. Eight groups of four signs and the check sign, `7QJ2-…-9MZ4-K` (https://www.crockford.com/base32.html): no I,
# L, O or U, small letters count as capitals, blanks and hyphens as nothing.


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
    """Tell whether this is a recovery key (perhaps with a typing error) and not a passphrase."""
    signs = _read(typed)
    return len(signs) == _LENGTH + 1 and set(signs[:-1]) <= set(_SIGNS)


def secret_of(typed: str) -> bytes | None:
    """Return the 20 bytes of a recovery key as a person typed it, or None for anything else, also a mistyped key."""
    if not looks_like(typed):
        return None
    signs = _read(typed)
    number = 0
    for sign in signs[:-1]:
        number = number << 5 | _SIGNS.index(sign)
    return number.to_bytes(SECRET_BYTES, "big") if _CHECKS[number % len(_CHECKS)] == signs[-1] else None


def _read(typed: str) -> str:
    return typed.upper().translate(_READ)

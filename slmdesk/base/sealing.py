"""Keys made from keys (HKDF-SHA256, RFC 5869) and sealed bytes (AES-256-GCM, NIST SP 800-38D).

The one place that names the library for it, `cryptography`, imported when it is first needed: an installation without
it works, and encrypts nothing.  A key is 32 random bytes, never a passphrase.
"""

from __future__ import annotations

import os
import unicodedata

from slmdesk.base.errors import KnownError, SlmdeskError

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
LIBRARY = "cryptography"


class SealBroken(SlmdeskError):
    """What was sealed has been changed or cut, or is sealed with another key or for another purpose."""


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def derive(key: bytes, info: str, *, length: int = KEY_BYTES, salt: bytes = b"") -> bytes:
    """Make a key for one purpose, `info`, out of another key: `length` bytes, the same each time.

    Who has one of them learns nothing of the first key or of the others.  Raises KnownError `key.library_missing`.
    """
    try:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    except ImportError as err:
        raise library_missing(err) from err
    return HKDF(algorithm=SHA256(), length=length, salt=salt or None, info=info.encode()).derive(key)


def seal(key: bytes, data: bytes, aad: bytes = b"") -> bytes:
    """Encrypt `data`, at most 2 GiB: the nonce (12 bytes, random), the ciphertext, the tag (16 bytes).

    `aad` is not stored: the same bytes are wanted to open it, so that it cannot be put to another use.
    Raises KnownError `key.library_missing`.
    """
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as err:
        raise library_missing(err) from err
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, aad)


def unseal(key: bytes, sealed: bytes, aad: bytes = b"") -> bytes:
    """What `seal` was given.  Raises SealBroken, and KnownError `key.library_missing`."""
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
    """Make a key of a passphrase by Argon2id (RFC 9106), which takes time and memory on purpose.

    The same letters count as the same however a keyboard composes them (NFC).  Raises KnownError
    `key.library_missing`, and MemoryError.
    """
    try:
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    except ImportError as err:
        raise library_missing(err) from err
    words = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    return Argon2id(salt=salt, length=KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory_kib).derive(words)


def new_pair() -> tuple[bytes, bytes]:
    """A private X25519 key and its public one (RFC 7748), 32 bytes each.  Raises KnownError `key.library_missing`."""
    try:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    except ImportError as err:
        raise library_missing(err) from err
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def agreed(private: bytes, public: bytes) -> bytes:
    """What the holders of the two private keys have in common, 32 bytes: to be given to `derive`.

    Raises ValueError for a public key that is none, and KnownError `key.library_missing`.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    except ImportError as err:
        raise library_missing(err) from err
    return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))


def decrypt_cbc(key: bytes, start: bytes, data: bytes) -> bytes:
    """AES-256-CBC without padding, as SQLCipher encrypts a page; what was authenticated before.

    Raises KnownError `key.library_missing`.
    """
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    except ImportError as err:
        raise library_missing(err) from err
    decryptor = Cipher(algorithms.AES(key), modes.CBC(start)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def library_missing(err: ImportError) -> KnownError:
    return KnownError("key.library_missing", library=(err.name or LIBRARY).partition(".")[0])

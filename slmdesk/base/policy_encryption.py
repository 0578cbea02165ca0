"""What an organisation asks of the history's encryption: the table `[encryption]` of its policy."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from slmdesk.base.record import Record
from slmdesk.base.sealing import KEY_BYTES


class EncryptionRules(Record):
    required: bool = False
    """The history is to be encrypted, and cannot be decrypted here."""
    recovery_key: bytes = b""
    """The organisation's public key (X25519), which the history's key is wrapped for; empty: none."""
    plain_exports: bool = True


def encryption_rules(table: Mapping[str, object], wrong: Callable[[str], object]) -> EncryptionRules:
    """Parse the table; `wrong` is told what cannot be understood, which makes the rules stricter."""
    required, exports = table.get("required", False), table.get("plain_exports", True)
    for name, value in (("required", required), ("plain_exports", exports)):
        if not isinstance(value, bool):
            wrong(f"encryption.{name} is neither true nor false")
    key = public_key_of(table.get("recovery_key", ""))
    if key is None:
        wrong("encryption.recovery_key is no public key as slmdesk encrypt organisation-key makes it")
    return EncryptionRules(required is not False, key or b"", exports is True)


def public_key_of(text: object) -> bytes | None:
    """The 32 bytes of a public key in base 64; empty for none, None for what cannot be one."""
    if text == "":
        return b""
    try:
        key = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def shown_key(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")

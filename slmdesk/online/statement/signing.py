"""Signs a statement with an Ed25519 key of this account, in the form that `ssh-keygen -Y verify` takes.

The form: PROTOCOL.sshsig of OpenSSH.  The key is made at first use.  Not on the service or window thread.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import textwrap
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record
from slmdesk.hub.vault import PrivateFile, SystemKeyring, Vault
from slmdesk.online.statement.verify import NAMESPACE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SERVICE = "slmdesk: key that signs statements for auditors"
"""The name under which the keyring of the system lists it."""
NAME = "statement key"
KIND = b"ssh-ed25519"
MAGIC = b"SSHSIG"
HASH = b"sha512"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


class StatementKey(Record):
    key: Ed25519PrivateKey
    place: str

    @property
    def public(self) -> bytes:
        return _string(KIND) + _string(self.key.public_key().public_bytes_raw())

    @property
    def line(self) -> str:
        return f"{KIND.decode()} {base64.b64encode(self.public).decode()}"

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it."""
        return fingerprint_of(self.public)

    def sign(self, message: bytes) -> bytes:
        signature = _string(KIND) + _string(self.key.sign(_signed(message)))
        parts = (self.public, NAMESPACE.encode(), b"", HASH, signature)
        blob = MAGIC + struct.pack(">I", 1) + b"".join(map(_string, parts))
        lines = textwrap.wrap(base64.b64encode(blob).decode(), 70)
        return "\n".join((_BEGIN, *lines, _END, "")).encode()


class StatementKeys:
    """Keeps the key in the system's keyring, or in a file that only its owner can read where there is no keyring."""

    def __init__(self, paths: Paths) -> None:
        self.vaults: dict[str, Vault] = {
            "keyring": SystemKeyring(service=SERVICE),
            "file": PrivateFile(paths.statement_key_file),
        }

    def open(self, *, was_in: str = "", is_new: bool = False) -> StatementKey:
        """The key of this account; a new one where there is none, or where `is_new` is asked for.

        `was_in`: where the last statement had it.  Raises KnownError `statement.key` where that is a keyring that is
        not there now, or does not answer: a second key, made in silence, would look like another PC.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # 30 ms

        try:
            places = self._places()
            if was_in and was_in not in places and not is_new:
                raise KnownError("token.keyring", reason=self.vaults[was_in].missing())
            for place in places if not is_new else ():
                if secret := self.vaults[place].get(NAME):
                    return StatementKey(Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret)), place)
            key = Ed25519PrivateKey.generate()
            self.vaults[places[0]].put(NAME, base64.b64encode(key.private_bytes_raw()).decode())
        except KnownError as err:
            if err.code in ("disk.full", "file.unwritable"):
                raise
            raise KnownError("statement.key", reason=str(err.args_for_people.get("reason", err.code))) from None
        except ValueError:  # whose text would quote the key
            raise KnownError("statement.key", reason="it is damaged") from None
        return StatementKey(key, places[0])

    def forget(self) -> None:
        """Remove the key, wherever it is kept.  Raises KnownError as the vaults do."""
        for place in self._places():
            self.vaults[place].remove(NAME)

    def _places(self) -> list[str]:
        """Where it may be, the place for a new one first.  One that was made without a keyring stays in its file."""
        return ["file"] if self.vaults["keyring"].missing() else ["keyring", "file"]


def fingerprint_of(public: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(public).digest()).decode().rstrip("=")


def is_good(message: bytes, signature: bytes) -> bool:
    """Whether `signature`, a file, is good for `message`, by the key that it names."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        text = signature.decode("ascii").strip()
        if not (text.startswith(_BEGIN) and text.endswith(_END)):
            return False
        blob = base64.b64decode("".join(text[len(_BEGIN) : -len(_END)].split()), validate=True)
        if blob[:10] != MAGIC + struct.pack(">I", 1):
            return False
        public, namespace, reserved, kind, made = _strings(blob[10:], 5)
        (key_kind, raw), (made_kind, raw_signature) = _strings(public, 2), _strings(made, 2)
        if (namespace, reserved, kind, key_kind, made_kind) != (NAMESPACE.encode(), b"", HASH, KIND, KIND):
            return False
        Ed25519PublicKey.from_public_bytes(raw).verify(raw_signature, _signed(message))
    except (ValueError, binascii.Error, struct.error, InvalidSignature):
        return False
    return True


def _signed(message: bytes) -> bytes:
    """What is really signed: the message by its hash, and what it is for."""
    parts = (NAMESPACE.encode(), b"", HASH, hashlib.sha512(message).digest())
    return MAGIC + b"".join(map(_string, parts))


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _strings(data: bytes, count: int) -> list[bytes]:
    found, at = [], 0
    for _ in range(count):
        (size,) = struct.unpack_from(">I", data, at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    if at != len(data):
        raise ValueError("cut, or longer than it says")
    return found

"""The key of an encrypted history, and the key file. The key file holds the same data key several times: each slot
wraps the data key for another way to open the history.

The file is `data/keys.json`, with a second copy beside it. Unwrapping a slot proves the key (AES-GCM). So a wrong
passphrase is known before SQLite sees a key; SQLite would report a wrong key as damage.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from slmdesk.base.errors import KnownError
from slmdesk.base.files import sync_folder, write_atomically, writing_to
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record, changed, field
from slmdesk.base.sealing import (
    KEY_BYTES,
    SealBroken,
    agreed,
    derive,
    looks_like,
    new_key,
    new_pair,
    seal,
    secret_of,
    stretch,
    unseal,
)
from slmdesk.base.untrusted import json_bytes, object_in, read_file
from slmdesk.history.store.database import FileLock
from slmdesk.history.store.file import StoreFile

FORMAT, VERSION = "slmdesk-keys", 1
STORE_BYTES = 16
SALT_BYTES = 16
CHECK = "keys"
MOST_SLOTS = 16
PASSPHRASE, RECOVERY, KEYRING, ORGANISATION = "passphrase", "recovery", "keyring", "organisation"

LEAST_MEMORY_KIB = 64 << 10
MOST_MEMORY_KIB = 4 << 20
PASSES = 3
MOST_PASSES = 64
MOST_LANES = 16
STRETCH_S = 0.7
"""Seconds that trying a passphrase takes on the PC where the passphrase was set."""
SHARE_OF_MEMORY = 4
"""Divisor of the free memory: one fourth of the free memory may be used to try a passphrase."""


class DatabaseKey(NamedTuple):
    key: bytes
    salt: bytes


class DataKey:
    """The 32 random bytes from which all other keys of a history are derived. Never shown, logged or written plain."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError("a data key has 32 bytes")
        self._secret = secret

    def __repr__(self) -> str:
        return "DataKey(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DataKey) and hmac.compare_digest(self._secret, other._secret)

    __hash__ = None  # type: ignore[assignment]

    def derive(self, info: str) -> bytes:
        """Return a key of 32 bytes for a purpose, such as “state:” and an id."""
        return derive(self._secret, info)

    def database(self) -> DatabaseKey:
        both = derive(self._secret, "database", length=KEY_BYTES + SALT_BYTES)
        return DatabaseKey(both[:KEY_BYTES], both[KEY_BYTES:])

    def wrapped(self, key: bytes, aad: bytes) -> bytes:
        return seal(key, self._secret, aad)


def new_data_key() -> DataKey:
    return DataKey(new_key())


class Cost(Record):
    memory_kib: int = LEAST_MEMORY_KIB
    passes: int = PASSES
    lanes: int = 1


def calibrated(free_bytes: int) -> Cost:
    """Return the cost of a passphrase that takes about STRETCH_S to try on this PC, and uses at most a quarter of the
    free memory. Raises `key.library_missing`.
    """
    began = time.perf_counter()
    stretch("", bytes(SALT_BYTES), memory_kib=LEAST_MEMORY_KIB, passes=PASSES, lanes=1)
    factor = max(1.0, STRETCH_S / (time.perf_counter() - began))
    room = free_bytes // SHARE_OF_MEMORY >> 10
    memory = max(LEAST_MEMORY_KIB, min(round(LEAST_MEMORY_KIB * factor), room, MOST_MEMORY_KIB))
    passes = round(PASSES * factor * LEAST_MEMORY_KIB / memory)
    return Cost(memory, max(PASSES, min(passes, MOST_PASSES)))


class Slot(Record):
    """One way to open the history: the data key, wrapped with a key derived from something a person knows or has."""

    id: str
    kind: str
    kdf: Mapping[str, str | int]
    """Parameters from which the wrapping key is derived. Bytes are hexadecimal."""
    wrapped: bytes = b""

    def aad(self, store: str) -> bytes:
        """Return data authenticated beside the wrapped key: the rest of the slot and the id of the history's keys."""
        return json.dumps(
            {"id": self.id, "kdf": dict(self.kdf), "kind": self.kind, "store": store},
            sort_keys=True, separators=(",", ":"),
        ).encode()  # fmt: skip


class KeyFile(Record):
    store: str = field(default_factory=lambda: os.urandom(STORE_BYTES).hex())
    """Identifies the data key: 32 random hexadecimal digits, new for each data key."""
    slots: tuple[Slot, ...] = ()
    check: str = ""
    """The key derived from the data key for CHECK, hexadecimal. Empty in key files of older versions."""

    def is_of(self, key: DataKey) -> bool | None:
        """Tell whether the slots hold this key. None means that it cannot be told."""
        return hmac.compare_digest(self.check, key.derive(CHECK).hex()) if self.check else None

    def has(self, kind: str) -> bool:
        return any(slot.kind == kind for slot in self.slots)

    def of(self, kind: str) -> tuple[Slot, ...]:
        return tuple(slot for slot in self.slots if slot.kind == kind)

    def without(self, kind: str) -> KeyFile:
        return changed(self, slots=tuple(slot for slot in self.slots if slot.kind != kind))

    # ---- making slots: a new slot replaces the slot of the same kind

    def with_passphrase(self, key: DataKey, passphrase: str, cost: Cost) -> KeyFile:
        kdf: dict[str, str | int] = {
            "name": "argon2id", "salt": os.urandom(SALT_BYTES).hex(),
            "memory_kib": cost.memory_kib, "passes": cost.passes, "lanes": cost.lanes,
        }  # fmt: skip
        return self._with(PASSPHRASE, kdf, key, _stretched(kdf, passphrase))

    def with_recovery(self, key: DataKey, secret: bytes) -> KeyFile:
        return self._with_secret(RECOVERY, key, secret)

    def with_keyring(self, key: DataKey, secret: bytes) -> KeyFile:
        return self._with_secret(KEYRING, key, secret)

    def with_organisation(self, key: DataKey, public: bytes) -> KeyFile:
        """Return a key file with a slot that the private key belonging to `public` (X25519) opens. Raises ValueError if
        `public` is no key.
        """
        private, ours = new_pair()
        kdf: dict[str, str | int] = {"name": "x25519", "ephemeral": ours.hex(), "public": public.hex()}
        return self._with(ORGANISATION, kdf, key, _agreed(kdf, private, public))

    def _with_secret(self, kind: str, key: DataKey, secret: bytes) -> KeyFile:
        kdf: dict[str, str | int] = {"name": "hkdf", "salt": os.urandom(SALT_BYTES).hex()}
        return self._with(kind, kdf, key, _derived(kdf, kind, secret))

    def _with(self, kind: str, kdf: Mapping[str, str | int], key: DataKey, wrapping: bytes) -> KeyFile:
        slot = Slot(os.urandom(4).hex(), kind, kdf)
        slot = changed(slot, wrapped=key.wrapped(wrapping, slot.aad(self.store)))
        return changed(self, slots=(*self.without(kind).slots, slot), check=key.derive(CHECK).hex())

    # ---- opening slots

    def opened_by(self, typed: str) -> DataKey | None:
        """Return the data key, opened by a recovery key or a passphrase (takes about a second and much memory). Returns
        None if `typed` opens no slot.
        """
        secret = secret_of(typed)
        if secret is not None and (key := self.opened_with(RECOVERY, secret)) is not None:
            return key
        return self._first(PASSPHRASE, lambda slot: _stretched(slot.kdf, typed))

    def opened_with(self, kind: str, secret: bytes) -> DataKey | None:
        """Return the data key, opened by the bytes of a recovery key, the secret in the system's keyring, or the
        organisation's private key. Returns None if `secret` opens no slot.
        """
        if kind == ORGANISATION:
            return self._first(kind, lambda slot: _agreed(slot.kdf, secret, bytes.fromhex(str(slot.kdf["ephemeral"]))))
        return self._first(kind, lambda slot: _derived(slot.kdf, kind, secret))

    def _first(self, kind: str, wrapping: Callable[[Slot], bytes]) -> DataKey | None:
        for slot in self.of(kind):
            with suppress(SealBroken, ValueError):  # another key, or an invalid slot
                return DataKey(unseal(wrapping(slot), slot.wrapped, slot.aad(self.store)))
        return None


def _stretched(kdf: Mapping[str, str | int], passphrase: str) -> bytes:
    salt = bytes.fromhex(str(kdf["salt"]))
    memory, passes, lanes = (int(kdf[name]) for name in ("memory_kib", "passes", "lanes"))
    return derive(stretch(passphrase, salt, memory_kib=memory, passes=passes, lanes=lanes), "slot:passphrase")


def _derived(kdf: Mapping[str, str | int], kind: str, secret: bytes) -> bytes:
    return derive(secret, f"slot:{kind}", salt=bytes.fromhex(str(kdf["salt"])))


def _agreed(kdf: Mapping[str, str | int], private: bytes, public: bytes) -> bytes:
    """Derive the wrapping key of an X25519 exchange. Its salt holds both public keys, tying it to this exchange."""
    return derive(
        agreed(private, public), "slot:organisation", salt=bytes.fromhex(f"{kdf['ephemeral']}{kdf['public']}")
    )


_OF_KDF = {PASSPHRASE: ("salt",), RECOVERY: ("salt",), KEYRING: ("salt",), ORGANISATION: ("ephemeral", "public")}


def to_bytes(keys: KeyFile) -> bytes:
    """Return the content of the key file, with a checksum. Without the checksum, damage that can still be parsed would
    look like a wrong passphrase.
    """
    slots = [
        {"id": slot.id, "kind": slot.kind, "kdf": dict(slot.kdf), "wrapped": slot.wrapped.hex()} for slot in keys.slots
    ]
    shape: dict[str, object] = {"format": FORMAT, "version": VERSION, "store": keys.store, "slots": slots}
    if keys.check:
        shape["check"] = keys.check
    return json_bytes({**shape, "sum": _sum_of(shape)})


def _sum_of(shape: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(shape, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def from_bytes(untrusted: bytes) -> KeyFile:
    """Parse the content of a key file. Slots of a kind that this version does not know are kept. Raises ValueError."""
    try:
        shape = object_in(untrusted)
        if shape["format"] != FORMAT or shape["version"] != VERSION:
            raise ValueError("another format")
        given = shape.pop("sum", None)
        if given is not None and given != _sum_of(shape):  # None: written before there was a sum
            raise ValueError("damaged")
        slots = tuple(_slot_from(slot) for slot in shape["slots"])
        store = str(shape["store"])
        if len(bytes.fromhex(store)) != STORE_BYTES or not 0 < len(slots) <= MOST_SLOTS:
            raise ValueError("no store or no slots")
        return KeyFile(store, slots, str(shape.get("check", "")))
    except (KeyError, TypeError, RecursionError) as err:
        raise ValueError("no file of keys") from err


def _slot_from(shape: Mapping[str, object]) -> Slot:
    kdf = shape["kdf"]
    if not isinstance(kdf, dict) or not all(isinstance(value, str | int) for value in kdf.values()):
        raise ValueError("no kdf")
    slot = Slot(str(shape["id"]), str(shape["kind"]), kdf, bytes.fromhex(str(shape["wrapped"])))
    if slot.kind == PASSPHRASE:  # a manipulated file must not use up all memory
        for name, most in (("memory_kib", MOST_MEMORY_KIB), ("passes", MOST_PASSES), ("lanes", MOST_LANES)):
            if type(kdf[name]) is not int or not 0 < kdf[name] <= most:
                raise ValueError(name)
    for name in _OF_KDF.get(slot.kind, ()):
        bytes.fromhex(kdf[name])
    return slot


def read_keys(path: Path) -> KeyFile | None:
    try:
        return from_bytes(read_file(path))
    except (OSError, ValueError):
        return None


def key_files(paths: Paths) -> list[KeyFile]:
    """Return the key files that may open the history, the most likely first: the key file (or its copy if the key file
    is unreadable), and the key file of a key change that was interrupted. Empty if none can be read.
    """
    files = [read_keys(path) for path in (paths.keys_file, paths.keys_copy, paths.next_keys_file)]
    current = files[0] or files[1]
    return [keys for keys in (current, files[2]) if keys is not None]


def keys_of(paths: Paths, key: DataKey) -> KeyFile:
    """Return the key file that holds this key, also after an interrupted key change. Raises key.file_damaged."""
    files = key_files(paths)
    for verdict in (True, None):
        for keys in files:
            if keys.is_of(key) is verdict:
                return keys
    raise file_damaged(paths)


def put_keys(paths: Paths, keys: KeyFile) -> None:
    """Write keys already proved to open the history, like `write_keys`; delete what an interrupted key change left."""
    write_keys(paths, keys)
    with writing_to(paths.next_keys_file):
        paths.next_keys_file.unlink(missing_ok=True)


def write_keys(paths: Paths, keys: KeyFile) -> None:
    """Replace the key file, then its copy. If a crash comes between, the copy is updated later. Raises KnownError
    `disk.full`, `file.unwritable`.
    """
    data = to_bytes(keys)
    write_atomically(paths.keys_file, data)
    write_atomically(paths.keys_copy, data)


def adopt_next_keys(paths: Paths, keys: KeyFile) -> None:
    """Rename the new keys to the key file, once the history is encrypted with them. Renaming needs no disk space. If
    the copy cannot be written, the old copy is deleted, since it holds other keys. Raises KnownError `file.unwritable`.
    """
    with writing_to(paths.keys_file):
        paths.next_keys_file.replace(paths.keys_file)
        sync_folder(paths.data)
        try:
            write_atomically(paths.keys_copy, to_bytes(keys))
        except KnownError:
            paths.keys_copy.unlink(missing_ok=True)


def forget_keys(paths: Paths) -> None:
    """Delete the keys of a history that is plain now. A file that stays opens nothing."""
    for path in (paths.keys_file, paths.keys_copy, paths.next_keys_file):
        with suppress(OSError):
            path.unlink()


def file_damaged(paths: Paths) -> KnownError:
    return KnownError("key.file_damaged", path=str(paths.keys_file))


ASIDE_SUFFIX = ".keys.json"


def wants_key(paths: Paths) -> bool:
    """Tell whether the history needs a key to open. Judged by the header of its file; if there is no history or its
    header is damaged, by whether there is a key file. Call before this process opens the file. Raises KnownError
    `file.unreadable`.
    """
    file = StoreFile(paths.database)
    return file.is_encrypted or (not file.is_plain and bool(key_files(paths)))


def unlock(paths: Paths, typed: str) -> DataKey:
    """Return the key of the history; `typed` is a passphrase (takes about a second) or a recovery key. Call before the
    history is open. Raises KnownError key.*.
    """
    return _unlocked(paths, lambda keys: keys.opened_by(typed), wrong=wrong_of(typed))


def unlock_with(paths: Paths, kind: str, secret: bytes) -> DataKey:
    return _unlocked(paths, lambda keys: keys.opened_with(kind, secret), wrong=KnownError("key.wrong"))


def wrong_of(typed: str) -> KnownError:
    """Return the error for a passphrase or recovery key that opened nothing; a mistyped recovery key has its own."""
    is_mistyped = looks_like(typed) and secret_of(typed) is None
    return KnownError("key.mistyped" if is_mistyped else "key.wrong")


def _unlocked(paths: Paths, open_one: Callable[[KeyFile], DataKey | None], *, wrong: KnownError) -> DataKey:
    files = key_files(paths)
    if not files:
        raise file_damaged(paths)
    file, is_other = StoreFile(paths.database), False
    for keys in files:
        key = open_one(keys)
        if key is None:
            continue
        if not file.is_encrypted:
            return key
        if file.fits(key):
            _put_in_order(paths, keys, key)
            return key
        is_other = True
    raise file_damaged(paths) if is_other else wrong


def _put_in_order(paths: Paths, keys: KeyFile, key: DataKey) -> None:
    """Repair what a crash or damage left: write the keys that opened the history to both files, and delete the file of
    an interrupted key change. Does nothing for now if another instance is changing keys, or nothing can be written.
    """
    if read_keys(paths.keys_file) == keys == read_keys(paths.keys_copy) and not os.path.lexists(paths.next_keys_file):
        return
    with suppress(KnownError, OSError):
        lock = FileLock(paths.schema_lock)
        try:
            if lock.share(wait_s=0) and StoreFile(paths.database).fits(key):  # again: its keys may have changed
                if read_keys(paths.next_keys_file) == keys:
                    adopt_next_keys(paths, keys)
                else:
                    put_keys(paths, keys)
        finally:
            lock.close()


def keep_keys_of(paths: Paths, aside: Path, key: DataKey | None) -> None:
    """Write the keys beside an encrypted history set aside. Raises KnownError `disk.full`, `file.unwritable`."""
    keys = read_keys(paths.keys_file) or read_keys(paths.keys_copy)
    if key is not None:
        with suppress(KnownError):  # no key file fits
            keys = keys_of(paths, key)
    if keys is not None:
        write_atomically(keys_beside(aside), to_bytes(keys))


def keys_beside(aside: Path) -> Path:
    return aside.with_name(aside.name + ASIDE_SUFFIX)

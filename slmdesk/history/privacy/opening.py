"""Open an encrypted history before the services start, by passphrase, recovery key or system keyring. Any thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record
from slmdesk.base.settings import SettingsFile
from slmdesk.history.store import (
    KEYRING,
    ORGANISATION,
    PASSPHRASE,
    RECOVERY,
    DataKey,
    KeyFile,
    Store,
    key_files,
    missing_library,
    plain_aside,
    source_of,
    unlock,
    unlock_backup,
    unlock_with,
    wants_key,
)

if TYPE_CHECKING:
    from slmdesk.models.hub.vault import SystemKeyring, Vault

LEAST_PASSPHRASE = 8
"""Characters of a new passphrase."""


class PrivacyState(Record):
    is_encrypted: bool = False
    by_passphrase: bool = False
    by_recovery: bool = False
    by_keyring: bool = False
    by_organisation: bool = False
    can_encrypt: bool = True
    missing_library: str = ""
    no_keyring: str | None = ""
    """Why the system's keyring cannot be used, in a few words. Empty if it can be used, None if it was not asked."""
    is_required: bool = False
    still_plain: tuple[Path, ...] = ()
    """Histories that were set aside earlier (damaged, or replaced by a backup) and are not encrypted."""


SERVICE = "slmdesk: key of an encrypted history"
"""Name of the entry in the system's keyring."""


Key: TypeAlias = DataKey


class Ways(Record):
    by_words: bool
    by_keyring: bool


def ways_of(paths: Paths) -> Ways | None:
    """Return what can open the history, or None if it needs no key. Raises KnownError `file.unreadable`."""
    if not wants_key(paths):
        return None
    files = key_files(paths)
    if not files:
        return Ways(by_words=True, by_keyring=False)  # opening then reports that the keys are lost
    return Ways(
        by_words=any(keys.has(PASSPHRASE) or keys.has(RECOVERY) for keys in files),
        by_keyring=any(keys.has(KEYRING) for keys in files),
    )


def open_by(paths: Paths, words: str, keyring: Vault | None = None) -> DataKey:
    """Return the key of the history; `words` is a passphrase or a recovery key. If `words` is empty, the keyring is
    asked, which may first ask its owner.

    Takes about a second. Raises KnownError key.wrong, key.mistyped, key.file_damaged, key.library_missing, and
    key.missing if the keyring does not open the history.
    """
    if words:
        return unlock(paths, words)
    for keys in key_files(paths):
        secret = secret_in(keyring or system_keyring(), keys)
        if secret:
            try:
                return unlock_with(paths, KEYRING, secret)
            except KnownError as known:
                if known.code != "key.wrong":
                    raise
    raise KnownError("key.missing")


def state_of(
    paths: Paths, *, is_encrypted: bool | None = None, keyring: Vault | None = None, asks_keyring: bool = True
) -> PrivacyState:
    """Return the state of the encryption. `is_encrypted` is given if this process has the history open; otherwise its
    file is examined.

    Asking the keyring may take seconds, and its libraries take 20 MB of memory. Raises KnownError `file.unreadable`.
    """
    if is_encrypted is None:
        is_encrypted = wants_key(paths)
    kinds = set[str]()
    if is_encrypted and (files := key_files(paths)):
        kinds = {slot.kind for slot in files[0].slots}
    library = missing_library()
    return PrivacyState(
        is_encrypted=is_encrypted,
        by_passphrase=PASSPHRASE in kinds,
        by_recovery=RECOVERY in kinds,
        by_keyring=KEYRING in kinds,
        by_organisation=ORGANISATION in kinds,
        can_encrypt=not library,
        missing_library=library,
        no_keyring=(keyring or system_keyring()).missing() if asks_keyring else None,
        still_plain=plain_aside(paths) if is_encrypted else (),
    )


def open_by_organisation(paths: Paths, private: bytes) -> DataKey:
    """Return the history's key via the organisation's private key. Raises KnownError key.wrong, key.file_damaged, …"""
    return unlock_with(paths, ORGANISATION, private)


def needs_words(backup: Path) -> bool:
    """Tell whether a file is an encrypted backup. Raises KnownError file.missing, file.unreadable, key.file_damaged."""
    return source_of(backup).is_encrypted


def open_backup(backup: Path, words: str) -> DataKey:
    """Return the key of an encrypted backup; `words` is its passphrase or recovery key. Raises KnownError key.wrong,
    key.mistyped, key.file_damaged, file.…
    """
    return unlock_backup(backup, words)


def system_keyring() -> SystemKeyring:
    from slmdesk.models.hub.vault import SystemKeyring

    return SystemKeyring(service=SERVICE)


def secret_in(keyring: Vault, keys: KeyFile) -> bytes:
    if not keys.has(KEYRING):
        return b""
    try:
        return bytes.fromhex(keyring.get(keys.store))
    except (KnownError, ValueError):
        return b""


def opens(backup: Path, key: DataKey) -> bool:
    """Tell whether this key opens an encrypted backup. Raises KnownError file.missing, file.unreadable."""
    return source_of(backup).fits(key)


class Resealed(Protocol):
    def reseal(self) -> None:
        """Write the files as the history is: plain, or encrypted with its key. Raises KnownError file.…, disk.full."""


def follow_key(store: Store, settings: SettingsFile, words: Resealed) -> None:
    """Encrypt these files with the history's current key, then delete its former keys. Service thread.

    After a crash or an error the former keys are still in the history, so the next start can open the files. Raises
    KnownError file.…, disk.full, store.*.
    """
    settings.use_key(*store.keys_for("settings"))
    words.reseal()
    store.forget_former_keys()

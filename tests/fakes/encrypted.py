"""Encrypts the history of a home, with keys that cost next to nothing to try."""

from __future__ import annotations

from slmdesk.base.paths import Paths
from slmdesk.history.store import Cost, DataKey, KeyFile, new_data_key, open_store

PASSPHRASE = "correct horse battery"
CHEAP = Cost(memory_kib=64, passes=1)


def encrypt(paths: Paths) -> DataKey:
    """Encrypt the history there is, or a new one; nobody has it open.  Its key."""
    key = new_data_key()
    keys = KeyFile().with_passphrase(key, PASSPHRASE, CHEAP).with_recovery(key, bytes(range(20)))
    store = open_store(paths, instance_id="encrypting").store
    store.change_key(key, keys)
    store.close()
    return key

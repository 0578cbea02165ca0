"""The database: the only package that knows SQLite.  Returns records; used on the service thread."""

from slmdesk.store.backup import BackupResult, backup, plain_backup
from slmdesk.store.backup_file import source_of, unlock_backup
from slmdesk.store.database import SQLITE_VERSION
from slmdesk.store.driver import missing_library
from slmdesk.store.items import SPACE
from slmdesk.store.keys import (
    KEYRING,
    ORGANISATION,
    PASSPHRASE,
    RECOVERY,
    Cost,
    DataKey,
    KeyFile,
    calibrated,
    key_files,
    keys_of,
    new_data_key,
    put_keys,
)
from slmdesk.store.locks import FileLock, InstanceLock, is_instance_alive
from slmdesk.store.opening import OpenedStore, open_store
from slmdesk.store.part import new_id
from slmdesk.store.store import Changes, Store, damaged_copies, plain_aside
from slmdesk.store.unlocking import unlock, unlock_with, wants_key, wrong_of

__all__ = [
    "KEYRING",
    "ORGANISATION",
    "PASSPHRASE",
    "RECOVERY",
    "SPACE",
    "SQLITE_VERSION",
    "BackupResult",
    "Changes",
    "Cost",
    "DataKey",
    "FileLock",
    "InstanceLock",
    "KeyFile",
    "OpenedStore",
    "Store",
    "backup",
    "calibrated",
    "damaged_copies",
    "is_instance_alive",
    "key_files",
    "keys_of",
    "missing_library",
    "new_data_key",
    "new_id",
    "open_store",
    "plain_aside",
    "plain_backup",
    "put_keys",
    "source_of",
    "unlock",
    "unlock_backup",
    "unlock_with",
    "wants_key",
    "wrong_of",
]

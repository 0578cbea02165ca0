"""The program's database. Only this package uses SQLite. It returns records and runs on the service thread."""

from slmdesk.history.store.backup import BackupResult, backup, plain_backup, source_of, unlock_backup
from slmdesk.history.store.database import (
    SQLITE_VERSION,
    FileLock,
    InstanceLock,
    is_instance_alive,
    missing_library,
    new_id,
)
from slmdesk.history.store.keys import (
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
    unlock,
    unlock_with,
    wants_key,
    wrong_of,
)
from slmdesk.history.store.messages import SPACE
from slmdesk.history.store.opening import OpenedStore, open_store
from slmdesk.history.store.store import Changes, Store, damaged_copies, plain_aside

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

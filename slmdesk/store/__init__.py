"""The database: the only package that knows SQLite.  Returns frozen dataclasses; used on the service thread."""

from slmdesk.store.backup import BackupResult, backup
from slmdesk.store.database import SQLITE_VERSION
from slmdesk.store.items import SPACE
from slmdesk.store.locks import FileLock, InstanceLock, is_instance_alive
from slmdesk.store.opening import OpenedStore, open_store
from slmdesk.store.part import new_id
from slmdesk.store.rescue.rescue import rescue_into
from slmdesk.store.restoring import PreparedBackup, backups, prepare_backup, replace_history, restore
from slmdesk.store.segments import LOOK
from slmdesk.store.store import Changes, Store, damaged_copies

__all__ = [
    "LOOK",
    "SPACE",
    "SQLITE_VERSION",
    "BackupResult",
    "Changes",
    "FileLock",
    "InstanceLock",
    "OpenedStore",
    "PreparedBackup",
    "Store",
    "backup",
    "backups",
    "damaged_copies",
    "is_instance_alive",
    "new_id",
    "open_store",
    "prepare_backup",
    "replace_history",
    "rescue_into",
    "restore",
]

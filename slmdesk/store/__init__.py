"""The database: the only package that knows SQLite.  Returns frozen dataclasses; used on the service thread."""

from slmdesk.store.backup import BackupResult, backup
from slmdesk.store.database import SQLITE_VERSION
from slmdesk.store.locks import FileLock, InstanceLock, is_instance_alive
from slmdesk.store.opening import OpenedStore, open_store
from slmdesk.store.rescue.rescue import rescue_into
from slmdesk.store.restoring import Ready, backups, made_ready, put_in_place, restore
from slmdesk.store.segments import LOOK
from slmdesk.store.store import Changes, Store, damaged_copies

__all__ = [
    "LOOK",
    "SQLITE_VERSION",
    "BackupResult",
    "Changes",
    "FileLock",
    "InstanceLock",
    "OpenedStore",
    "Ready",
    "Store",
    "backup",
    "backups",
    "damaged_copies",
    "is_instance_alive",
    "made_ready",
    "open_store",
    "put_in_place",
    "rescue_into",
    "restore",
]

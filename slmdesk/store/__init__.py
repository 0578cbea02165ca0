"""The only room with SQLite: gives out frozen dataclasses, never rows.  On the desk thread."""

from slmdesk.store.backup import BackupResult, backup
from slmdesk.store.locks import DeskLock, FileLock, is_desk_alive
from slmdesk.store.opening import OpenedStore, open_store
from slmdesk.store.rescue import Rescued
from slmdesk.store.store import Changes, Store, damaged_copies

__all__ = [
    "BackupResult",
    "Changes",
    "DeskLock",
    "FileLock",
    "OpenedStore",
    "Rescued",
    "Store",
    "backup",
    "damaged_copies",
    "is_desk_alive",
    "open_store",
]

"""The only room with SQLite: gives out frozen dataclasses, never rows.  On the desk thread."""

from slmdesk.store.backup import BackupResult, backup
from slmdesk.store.database import SQLITE_VERSION
from slmdesk.store.locks import DeskLock, FileLock, is_desk_alive
from slmdesk.store.opening import OpenedStore, open_store
from slmdesk.store.rescue.rescue import Rescued
from slmdesk.store.restoring import BackupCopy, Ready, Restored, backups, made_ready, put_in_place, restore
from slmdesk.store.segment_lists import LOOK
from slmdesk.store.store import Changes, Store, damaged_copies

__all__ = [
    "LOOK",
    "SQLITE_VERSION",
    "BackupCopy",
    "BackupResult",
    "Changes",
    "DeskLock",
    "FileLock",
    "OpenedStore",
    "Ready",
    "Rescued",
    "Restored",
    "Store",
    "backup",
    "backups",
    "damaged_copies",
    "is_desk_alive",
    "made_ready",
    "open_store",
    "put_in_place",
    "restore",
]

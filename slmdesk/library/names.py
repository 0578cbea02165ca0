"""The names of what can be attached: documents that were read, and folders.  On the service thread."""

from __future__ import annotations

from functools import lru_cache

from slmdesk.base.record import Record
from slmdesk.store import Store
from slmdesk.text.words.folding import fold


class LibraryName(Record):
    id: str
    name: str
    folded: str
    folder: str = ""
    is_folder: bool = False


def library_names(store: Store) -> list[LibraryName]:
    """Return the folders, then the documents, those opened last first.  Raises KnownError `store.…`."""
    present = [one for one in store.collections.all() if not one.settings.get("going")]
    folders = {one.id: one.name for one in present}
    found = [LibraryName(id, one_line(name), folded_name(name), is_folder=True) for id, name in folders.items()]
    for id, name, collection in store.documents.names():
        found.append(LibraryName(id, one_line(name), folded_name(name), folders.get(collection, "")))
    return found


@lru_cache(maxsize=40_000)
def folded_name(name: str) -> str:
    """A name as names are compared: without case and accents."""
    return fold(one_line(name))


def one_line(name: str) -> str:
    return " ".join(name.split())

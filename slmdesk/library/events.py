"""Events of documents and folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdesk.base.records import DocumentRecord
from slmdesk.runtime.events import Event
from slmdesk.runtime.messages import Problem

if TYPE_CHECKING:
    from slmdesk.library.types import CollectionState


class DocumentsChanged(Event):
    """Another instance has opened, read or deleted documents, so the list of documents has changed."""


class DocumentChanged(Event):
    """A document is about to be read (status reading), was read, or could not be (failed, with `problem`)."""

    document: DocumentRecord
    problem: Problem | None = None
    was_changed: bool = False
    """The file is not as it was when it was read before: it is read again, and unchanged pages are kept."""


class DocumentProgress(Event):
    """Pages 1 to `done` of a document are stored and can be shown; at most about five times a second."""

    id: str
    """Empty: of a document read without being kept."""
    done: int
    total: int
    """0: not known yet."""
    eta_s: float | None = None


class DocumentGone(Event):
    id: str


class CollectionChanged(Event):
    """The state of a folder (collection) has changed; at most about four times a second."""

    state: CollectionState


class CollectionGone(Event):
    id: str

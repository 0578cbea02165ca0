"""Events of documents."""

from __future__ import annotations

from dataclasses import dataclass

from slmdesk.core.records import DocumentRecord
from slmdesk.services.base.events import Event, Problem
from slmdesk.services.documents.folder_types import CollectionState


@dataclass(frozen=True, slots=True)
class DocumentsChanged(Event):
    """Another desk has opened, read or forgotten documents: the list of them is another one."""


@dataclass(frozen=True, slots=True)
class DocumentChanged(Event):
    """A document is about to be read (status reading), was read, or could not be (failed, with `problem`)."""

    document: DocumentRecord
    problem: Problem | None = None
    was_changed: bool = False
    """The file is not as it was when it was read before: it is read again, and unchanged pages are kept."""


@dataclass(frozen=True, slots=True)
class DocumentProgress(Event):
    """Pages 1 to `done` of a document are kept and can be looked at; at most some five times a second."""

    id: str
    """Empty: of one that is read without being kept."""
    done: int
    total: int
    """0: not known yet."""
    eta_s: float | None = None
    """None while it is not known."""


@dataclass(frozen=True, slots=True)
class DocumentGone(Event):
    """A document was forgotten: its pages, passages and vectors are no more."""

    id: str


@dataclass(frozen=True, slots=True)
class CollectionChanged(Event):
    """A folder that is asked as one stands otherwise; at most some four times a second."""

    state: CollectionState


@dataclass(frozen=True, slots=True)
class CollectionGone(Event):
    """A folder was forgotten, with what was read for it."""

    id: str

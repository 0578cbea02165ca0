"""What is known of a document before it is given out redacted, what is wished, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from slmdesk.core.record import Record
from slmdesk.core.types import Json
from slmdesk.text.redaction.types import Certainty, Kind


class Place(Record):
    """Where a word stands, for people: the page or part, and the text around it."""

    place: str
    before: str
    words: str
    after: str


class FoundWord(Record):
    """Something private in a document."""

    kind: Kind
    words: str
    count: int
    """How often it stands in what can be read; 0: only where the file names its authors, or nowhere."""
    certainty: Certainty
    places: tuple[Place, ...] = ()
    """The first few."""
    is_author: bool = False
    """The file names it as author or editor."""
    is_chosen: bool = True
    """Whether it is proposed to be removed: what is not sure is not."""


class Remark(Record):
    """Something besides words that is taken out, or that nobody but a person can look into."""

    kind: str
    """"macros", "picture", "embedded" …: see services.documents.redaction_words."""
    place: str


class RedactionPreview(Record):
    """What is in a document, before anything is written."""

    path: Path
    sha256: str
    """Of the file as it was looked through."""
    format: str
    found: tuple[FoundWord, ...]
    removed: tuple[Remark, ...]
    unsure: tuple[Remark, ...]
    text: str
    """All that the document says, for what a person wants to add."""
    unseen: tuple[FoundWord, ...] = ()
    """Words of the person's list that stand nowhere in it: a copy is looked through for them all the same."""


class RedactionRequest(Record):
    """How a document is to be given out."""

    words: tuple[tuple[Kind, str], ...]
    """What is to be removed."""
    target: Path
    substitutes: bool = False
    """Natural words instead of bars; not in a PDF, whose pages are drawn anew with bars."""
    key: Path | None = None
    """Where the key is kept that leads back from the substitutes."""
    passphrase: str = ""
    """Of the key."""
    resolution: int = 150
    """Of a PDF's pages: pixels an inch."""
    text_layer: bool = False
    """Give a PDF's pages text that can be searched for."""
    password: str = ""
    """Of the document."""


class GivenOut(Record):
    """A document that was written redacted."""

    target: Path
    bytes: int
    sha256: str
    replaced: tuple[tuple[Kind, int], ...]
    """How often words of each kind were replaced, in all places of the file."""
    removed: tuple[Remark, ...]
    unsure: tuple[Remark, ...]
    key: Path | None = None


def remarks_from(untrusted: Json) -> tuple[Remark, ...]:
    """What the reader child says of a file."""
    listed: Sequence[Json] = untrusted if isinstance(untrusted, list | tuple) else ()
    found = []
    for one in listed:
        if isinstance(one, Mapping):
            kind, place = one.get("kind"), one.get("place")
            if isinstance(kind, str) and isinstance(place, str):
                found.append(Remark(kind[:40], place[:300]))
    return tuple(found)

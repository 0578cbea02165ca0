"""What is known of a document before it is given out redacted, what is wished, and what came of it."""

from __future__ import annotations

from pathlib import Path

from slmdesk.base.record import Record
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_list
from slmdesk.text.redaction.types import Certainty, Kind


class Place(Record):
    place: str
    before: str
    words: str
    after: str


class FoundWord(Record):
    kind: Kind
    words: str
    count: int
    """How often it stands in what can be read; 0: only where the file names its authors, or nowhere."""
    certainty: Certainty
    places: tuple[Place, ...] = ()
    is_author: bool = False
    is_chosen: bool = True
    """Whether it is proposed to be removed: what is not sure is not."""


class Remark(Record):
    kind: str
    """"macros", "picture", "embedded" …: see services.documents.redaction_words."""
    place: str


class RedactionPreview(Record):
    path: Path
    sha256: str
    format: str
    found: tuple[FoundWord, ...]
    removed: tuple[Remark, ...]
    unsure: tuple[Remark, ...]
    text: str
    unseen: tuple[FoundWord, ...] = ()
    """Words of the person's list that stand nowhere in it: a copy is looked through for them all the same."""


class RedactionRequest(Record):
    words: tuple[tuple[Kind, str], ...]
    target: Path
    substitutes: bool = False
    """Natural words instead of bars; not in a PDF, whose pages are drawn anew with bars."""
    key: Path | None = None
    passphrase: str = ""
    resolution: int = 150
    """Of a PDF's pages: pixels an inch."""
    text_layer: bool = False
    password: str = ""


class GivenOut(Record):
    target: Path
    bytes: int
    sha256: str
    replaced: tuple[tuple[Kind, int], ...]
    removed: tuple[Remark, ...]
    unsure: tuple[Remark, ...]
    key: Path | None = None


def remarks_from(untrusted: Json) -> tuple[Remark, ...]:
    return tuple(Remark(one.kind[:40], one.place[:300]) for one in stored_list(Remark, untrusted))

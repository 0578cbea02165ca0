"""Rules that say how long things are kept, and holds that keep them whatever a rule or a person says."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from slmdesk.base.record import Record

DAY_S = 86_400
MOST_DAYS = 36_500
DOCUMENT = "document"
"""As the kind of a rule: the text of documents that nothing uses any more."""
KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "": ("item", "items"),
        "chat": ("chat", "chats"),
        "question": ("question", "questions"),
        "summary": ("summary", "summaries"),
        "extraction": ("table", "tables"),
        "versions": ("comparison of versions", "comparisons of versions"),
        "translation": ("translation", "translations"),
        "writing": ("text of the page Write", "texts of the page Write"),
        "comparison": ("comparison of models", "comparisons of models"),
        DOCUMENT: ("document that nothing uses", "documents that nothing uses"),
    }
)
"""What a rule may be about, as one and as several; "": every kind of item, without documents."""


class Then(StrEnum):
    TRASH = "trash"
    """To the trash, and from there for good after `Rule.trash_days`."""
    DELETE = "delete"


class SetBy(StrEnum):
    PERSON = "person"
    POLICY = "policy"


class What(StrEnum):
    ITEM = "item"
    """With the documents it is about."""
    DOCUMENT = "document"
    FOLDER = "folder"
    """A space with its chats, or a folder that is asked with its documents."""
    ALL = "all"


class Rule(Record):
    id: str
    kind: str
    """Of KINDS."""
    folder: str
    """Id of a space, of which alone it is; "": everything."""
    days: int
    then: Then
    trash_days: int
    set_by: SetBy
    since: float
    """When it was made, seconds since 1970; nothing counts as lying in the trash from before."""


class Hold(Record):
    """Something that nothing may delete until the hold is released."""

    id: str
    what: What
    target: str
    """Id of the item, document or folder; "" for all."""
    reason: str
    set_by: SetBy
    since: float
    until: float | None = None
    """From when on it is released; None: only by somebody."""


def counted(kind: str, count: int) -> str:
    one, several = KINDS.get(kind, KINDS[""])
    return f"1 {one}" if count == 1 else f"{count:,} {several}"

"""An attachment of a message not yet sent: its state, and the text on its chip.  No widgets, no Qt."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePath

from slmdesk.base.attached import AttachMode
from slmdesk.base.types import Json
from slmdesk.chat.requests import AttachRequest
from slmdesk.runtime.events import Problem
from slmdesk.text.passages.cut import count_words

READING, READY, FAILED, LOCKED = "reading", "ready", "failed", "locked"
PASTED, INSERT = "Pasted text", "Insert as text instead"
MOST_NAME = 40
"""Characters of a name in a sentence."""
_KEYS = count(1)
MODES = {
    AttachMode.AUTO: "Automatic: whole where it fits",
    AttachMode.WHOLE: "Read it whole",
    AttachMode.PASSAGES: "Only the passages that fit the question",
}


@dataclass(slots=True)
class Draft:
    """One attachment of a draft; used on the window's thread."""

    name: str
    path: Path | None = None
    document: str = ""
    source: tuple[str, ...] = ()
    """Text that is in no document."""
    mode: AttachMode = AttachMode.AUTO
    state: str = READING
    done: int = 0
    total: int = 0
    """Number of pages, while it is read."""
    pages: int = 0
    unread: int = 0
    """Pages without words."""
    kind: str = "page"
    tokens: int | None = None
    is_guess: bool = False
    use: str = ""
    """How much of it will be read: what the context meter says."""
    most_tokens: int = 0
    """Of a folder: the tokens of passages that will be read at most."""
    folder: str = ""
    """Id of a folder of the library, which is being read as long as `total` is not 0."""
    documents: int = 0
    """Of a folder: those that were read."""
    problem: str = ""
    is_private: bool = False
    """Of a private chat: its document is read without being kept."""
    key: str = field(default_factory=lambda: f"attachment {next(_KEYS)}")

    @property
    def is_pasted(self) -> bool:
        return bool(self.source) and self.path is None

    @property
    def is_settled(self) -> bool:
        return self.state != READING

    @property
    def request(self) -> AttachRequest:
        if self.folder:
            return AttachRequest(name=self.name, mode=AttachMode.PASSAGES, collection=self.folder)
        return AttachRequest(self.document, self.name, self.source, self.kind, self.mode)

    @property
    def words(self) -> str:
        if self.folder and self.state != FAILED:
            return self._folder_words()
        if self.state == READING:
            return f"reading, page {self.done:,} of {self.total:,}\u2026" if self.total else "reading\u2026"
        if self.state == LOCKED:
            return "locked: its password is needed"
        if self.state == FAILED:
            return self.problem
        about = "about " if self.is_guess else ""
        parts = [
            self._use_words(),
            f"{about}{self.tokens:,} tokens" if self.tokens is not None else "",
            "" if self.is_pasted else f"{self.pages:,} {self.kind}" + ("" if self.pages == 1 else "s"),
            f"{self.unread:,} without words" if self.unread else "",
        ]
        return " \u00b7 ".join(part for part in parts if part)

    def _folder_words(self) -> str:
        """A folder has no size of its own in a message: it takes what the passages take that fit the question."""
        parts = [
            "by passages",
            f"up to {self.most_tokens:,} tokens" if self.most_tokens else "",
            f"{self.documents:,} document{'s' * (self.documents != 1)}",
            f"still reading, {self.done:,} of {self.total:,}" if self.total else "",
            f"{self.unread:,} could not be read" if self.unread else "",
        ]
        return " \u00b7 ".join(part for part in parts if part)

    def _use_words(self) -> str:
        if not self.use:
            return ""
        return "whole" if self.use.startswith("whole") else "by passages"

    @property
    def kept(self) -> dict[str, Json]:
        """As it is saved with a draft, to survive a restart."""
        shape: dict[str, Json] = {"name": self.name, "mode": self.mode.value}
        if self.folder:
            shape["folder"] = self.folder
        elif self.source:
            shape["source"] = list(self.source)
        elif self.document and self.state == READY:
            shape["document"] = self.document
        elif self.path is not None:
            shape["path"] = os.fsencode(self.path).hex()
        return shape


def draft_from(untrusted: Mapping[str, Json]) -> Draft | None:
    """A draft from its saved form; None if that is invalid."""
    name, document, path = untrusted.get("name"), untrusted.get("document", ""), untrusted.get("path", "")
    source, mode, folder = untrusted.get("source", ()), untrusted.get("mode"), untrusted.get("folder", "")
    if not isinstance(name, str) or not isinstance(document, str):
        return None
    if not isinstance(path, str) or not isinstance(folder, str):
        return None
    texts = tuple(one for one in source if isinstance(one, str)) if isinstance(source, list | tuple) else ()
    requested = AttachMode(mode) if isinstance(mode, str) and mode in list(AttachMode) else AttachMode.AUTO
    try:
        place = Path(os.fsdecode(bytes.fromhex(path))) if path else None
    except ValueError:
        return None
    if not (document or texts or place or folder):
        return None
    return Draft(name, place, document, texts, requested, folder=folder)


def pasted_draft(text: str, names: Container[str]) -> Draft:
    """A draft of text from the clipboard; its name, with the number of words, is none of `names`."""
    words = count_words(text)
    size = f"({words:,} word{'s' * (words != 1)})"
    named = (f"{PASTED} {size}" if number == 1 else f"{PASTED} {number} {size}" for number in count(1))
    return Draft(next(name for name in named if name not in names), source=(text,))


def reason_of(problem: Problem) -> str:
    """Why a document cannot be used, to show under its name: "is damaged (…)", without its path in front."""
    path = str(problem.args.get("path") or "")
    for subject in (path, PurePath(path).name) if path else ():
        for start in (f"The document {subject} ", f"{subject} "):
            if problem.sentence.startswith(start):
                return problem.sentence.removeprefix(start)
    return problem.sentence.replace(path, "it", 1) if path else problem.sentence


def waiting_words(drafts: Sequence[Draft]) -> str:
    open_ones = [one for one in drafts if not one.is_settled]
    if not open_ones:
        return ""
    if len(open_ones) == 1:
        name = open_ones[0].name
        short = name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 13]}\u2026{name[-12:]}"
        return f"Sends as soon as {short} is read."
    return f"Sends as soon as {len(open_ones)} documents are read."

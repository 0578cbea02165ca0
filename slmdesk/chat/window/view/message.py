"""A message as the conversation view shows it."""

from __future__ import annotations

from slmdesk.base.record import Record
from slmdesk.base.records import Status

ACTIONS = {
    "copy": ("copy", "Copy"),
    "edit": ("pencil", "Edit"),
    "translate": ("languages", "Translate"),
    "try_again": ("refresh-cw", "Try again"),
    "continue": ("play", "Continue"),
    "seen": ("eye", "Show what the model saw"),
}

REWRITES = {"shorter": "Shorter", "longer": "Longer", "simpler": "Simpler"}
DELETIONS = {"delete": "Delete this message", "delete_below": "Delete with all that follows"}
MENU = {
    **REWRITES,
    "pin": "Pin, so that the model always sees it",
    "unpin": "Unpin",
    "fork": "New chat from here",
    "original": "Bring back what the model wrote",
    "details": "Details",
    **DELETIONS,
}
OTHER_MODEL = "model:"
"""Before the id of a model: answer again with it."""
MORE = ("ellipsis", "More")

VERSION_STEPS = {"previous_version": -1, "next_version": 1}

TOGGLE_THOUGHT, ANSWER_NOW = "thought", "answer_now"
"""Keys beside those of Extras: show or hide what the model thought; end it."""

AUTHORS = {"user": "You", "assistant": "Answer", "system": "Instructions"}


class Extra(Record):
    key: str
    icon: str
    words: str
    tip: str = ""


class MessageView(Record):
    id: str
    role: str
    """user, assistant or system.  An assistant's text is Markdown, the others are shown as they were typed."""
    text: str
    status: Status = Status.COMPLETE
    note: str = ""
    actions: frozenset[str] = frozenset()
    """Keys of ACTIONS and MENU."""
    details: str = ""
    details_tip: str = ""
    version: int = 0
    """Which of its versions this is, from 1."""
    versions: int = 0
    """How many versions there are; below 2 nothing is said of them."""
    extras: tuple[Extra, ...] = ()
    thought_line: str = ""
    """That the model thinks or thought aloud, and how long; empty: it did not."""
    thought: str = ""
    """What it thought, where that is open."""
    is_thought_open: bool = False
    is_thinking: bool = False
    author: str = ""
    """Shown above the text instead of the usual word for the role."""
    resembling: tuple[str, ...] = ()
    """Words that resemble a substitute and were left as the model wrote them: underlined."""
    is_pinned: bool = False
    """Never left out of what the model reads."""
    is_left_out: bool = False
    """Left out of what the model reads: shown in the secondary colour."""

    @property
    def label(self) -> str:
        states = ("pinned" if self.is_pinned else "", "not seen by the model" if self.is_left_out else "")
        return " · ".join(one for one in (self.author or AUTHORS.get(self.role, self.role), *states) if one)

    @property
    def version_words(self) -> str:
        return f"{self.version} of {self.versions}" if self.versions > 1 else ""

    @property
    def is_markdown(self) -> bool:
        """Only answers are formatted: what a person typed is shown as it is."""
        return self.role == "assistant"

    @property
    def is_growing(self) -> bool:
        return self.status is Status.STREAMING

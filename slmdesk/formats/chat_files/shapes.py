"""What the readers of chats share: untrusted values, times, messages with what they lack, and the tree of a chat."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from slmdesk.base.chat_import import ASSISTANT, ForeignChat, ForeignMessage, counted_words
from slmdesk.base.record import Record, changed

MOST_MESSAGES = 20_000
MOST_CHARACTERS = 8_000_000
"""Of the texts of one chat together; even when each is escaped to six they fit into one message to the app."""
_MILLISECONDS = 1e11
"""A time of more than this is in milliseconds: in seconds it would be after the year 5000."""
_LATEST = 1e10
_PICTURE = re.compile(r"!\[[^\]\n]{0,500}\]\(data:image/[^)\s]*\)")

LeftOut = Counter[str]
"""What cannot be kept of a chat, by its name in the singular."""


def mapping(untrusted: object) -> Mapping[str, Any]:
    return untrusted if isinstance(untrusted, dict) else {}


def sequence(untrusted: object) -> Sequence[Any]:
    return untrusted if isinstance(untrusted, list) else []


def words(untrusted: object) -> str:
    return untrusted if isinstance(untrusted, str) else ""


def seconds_of(untrusted: object) -> float | None:
    """A time as seconds since the epoch: of a number of seconds or milliseconds, or of ISO 8601; None for no time."""
    if isinstance(untrusted, str):
        try:
            when = datetime.fromisoformat(untrusted.replace("Z", "+00:00"))
            untrusted = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    if not isinstance(untrusted, int | float) or isinstance(untrusted, bool) or not 0 < untrusted < _LATEST * 1000:
        return None
    seconds = untrusted / 1000 if untrusted > _MILLISECONDS else float(untrusted)
    return seconds if seconds < _LATEST else None


def number_of(untrusted: object) -> float | None:
    """A duration or another figure of at least 0; None for none."""
    is_number = isinstance(untrusted, int | float) and not isinstance(untrusted, bool)
    return float(untrusted) if is_number and 0 <= untrusted < 1e9 else None  # type: ignore[operator,arg-type]


def count_of(untrusted: object) -> int | None:
    """A whole number of at least 0; None for none."""
    found = number_of(untrusted)
    return None if found is None else int(found)


def without_pictures(text: str, left_out: LeftOut) -> str:
    """A text without the pictures that are written into it as data."""
    text, count = _PICTURE.subn("", text) if "](data:image/" in text else (text, 0)
    left_out["picture"] += count
    return text


def message_of(message: ForeignMessage, missing: LeftOut, left_out: LeftOut) -> ForeignMessage | None:
    """A message of which `missing` cannot be kept, which is added to what the chat lacks; None for an empty one.

    One that had nothing else says so, since an answer would stand there without its question.
    """
    text = without_pictures(message.text, missing)
    left_out.update(missing)
    if not text.strip() and not message.thought.strip():
        lacks = counted_words(missing)
        if not lacks:
            return None
        text = f"[{lacks}, left out when this chat was imported]"
    return changed(message, text=text)


class Node(Record):
    id: str
    parent: str | None
    message: ForeignMessage | None = None
    thought: str = ""


def tree_of(nodes: Sequence[Node], left_out: LeftOut) -> tuple[ForeignMessage, ...]:
    """The messages of a tree, a parent before what follows it; each hangs below the next one above that is kept.

    Thoughts without an answer below are counted as left out.  A circle is cut where it is met first.
    """
    known = {node.id for node in nodes}
    below: dict[str | None, list[Node]] = {}
    for node in nodes:
        below.setdefault(node.parent if node.parent in known else None, []).append(node)
    found: list[ForeignMessage] = []
    seen: set[str] = set()
    for first in (*below.get(None, ()), *nodes):  # the others are met only where they go in a circle
        waiting: list[tuple[Node, str | None, str]] = [(first, None, "")]
        while waiting:
            node, above, thought = waiting.pop()
            if node.id in seen:
                continue
            seen.add(node.id)
            thought = "\n\n".join(part for part in (thought, node.thought) if part)
            if (message := node.message) is not None:
                if message.role == ASSISTANT and thought:
                    joined = "\n\n".join(part for part in (thought, message.thought) if part)
                    message, thought = changed(message, thought=joined), ""
                found.append(changed(message, id=node.id, parent=above))
                above = node.id
            following = below.get(node.id, ())
            if thought and (message is not None or not following):
                left_out["thought"] += 1
                thought = ""
            waiting += [(one, above, thought) for one in reversed(following)]
    return tuple(found)


def kept_at(nodes: Sequence[Node], id: str) -> str:
    """The message that is kept at this place of a tree, or the next one above; "" for none."""
    known = {node.id: node for node in nodes}
    seen: set[str] = set()
    at = known.get(id)
    while at is not None and at.message is None and at.id not in seen:
        seen.add(at.id)
        at = known.get(at.parent or "")
    return at.id if at is not None and at.message is not None else ""


def chained(messages: Sequence[ForeignMessage | None]) -> list[Node]:
    return [Node(f"m{at}", f"m{at - 1}" if at else None, message) for at, message in enumerate(messages)]


def checked(chat: ForeignChat) -> ForeignChat | None:
    """The chat; None for one with more messages or text than one may have here."""
    characters = sum(len(one.text) + len(one.thought) for one in chat.messages) + len(chat.system)
    return chat if len(chat.messages) <= MOST_MESSAGES and characters <= MOST_CHARACTERS else None


def counted(left_out: LeftOut) -> tuple[tuple[str, int], ...]:
    return tuple((name, count) for name, count in left_out.most_common() if count > 0)

"""The states of the global shortcut, and the sentence for each."""

from __future__ import annotations

from enum import StrEnum

from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record

MOST_TRIGGER = 60
BY_HAND = "Bind the command “slmdesk --translate-clipboard” to a key in the settings of your system instead."


class KeyStatus(StrEnum):
    OFF = "off"
    ASKING = "asking"
    READY = "ready"
    NO_KEY = "no_key"
    """The desktop knows of the request; the person has not given it a key."""
    DECLINED = "declined"
    REFUSED = "refused"
    UNKNOWN_PROGRAM = "unknown_program"
    MISSING = "missing"
    """There is no bus, no portal, or one without keys."""
    CLOSED = "closed"
    LOST = "lost"
    """The bus or the portal has gone."""
    BY_HAND = "by_hand"
    """There is no way to ask this system."""


class KeyState(Record):
    status: KeyStatus = KeyStatus.OFF
    untrusted_trigger: str = ""


WORDS = {
    KeyStatus.OFF: "A key that works in every program brings this window forward and translates what was copied. Your "
    "desktop says which key it is, and may ask you.",
    KeyStatus.ASKING: "Your desktop is asked for a key; it may show a window with a question.",
    KeyStatus.READY: "{trigger} translates what was copied, in every program. It is changed in your desktop's "
    "settings.",
    KeyStatus.NO_KEY: "Your desktop has no key for it yet: choose one in its settings, among the keys of slmdesk.",
    KeyStatus.DECLINED: f"No key was given when your desktop asked. Switch it on to be asked again. {BY_HAND}",
    KeyStatus.REFUSED: f"Your desktop has not given a key. Switch it off and on to ask again. {BY_HAND}",
    KeyStatus.UNKNOWN_PROGRAM: "Your desktop gives keys to installed programs only, and does not know slmdesk as one. "
    f"{BY_HAND}",
    KeyStatus.MISSING: f"This desktop gives programs no key that works everywhere. {BY_HAND}",
    KeyStatus.CLOSED: f"Your desktop has taken the key back. Switch it off and on to ask again. {BY_HAND}",
    KeyStatus.LOST: "The line to your desktop has ended, and the key with it. Switch it off and on to ask again.",
    KeyStatus.BY_HAND: f"On this system slmdesk takes no key by itself. {BY_HAND}",
}


def words_of(state: KeyState) -> str:
    return WORDS[state.status].replace("{trigger}", clean_label(state.untrusted_trigger, MOST_TRIGGER))

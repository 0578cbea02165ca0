"""Labels for what was recovered from a damaged history."""

from __future__ import annotations

from slmdesk.base.records import Rescued


def rescued_words(found: Rescued) -> str:
    chats = found.items - found.translations
    received = [f"{_counted(chats, 'chat')} with {_counted(found.messages, 'message')}"]
    if found.translations or found.segments:
        received.append(f"{_counted(found.translations, 'translation')} with {_counted(found.segments, 'segment')}")
    if found.memory:
        received.append(f"{_counted(found.memory, 'sentence')} of the translation memory")
    if found.glossaries or found.terms:
        received.append(f"{_counted(found.glossaries, 'glossary', 'glossaries')} with {_counted(found.terms, 'term')}")
    lost = []
    if found.unreadable:
        lost.append(f"{_counted(found.unreadable, 'entry', 'entries')} could not be read")
    if found.lost_segments:
        lost.append(f"{_counted(found.lost_segments, 'segment')} of translations {_is(found.lost_segments)} missing")
    if found.lost_pages:
        lost.append(f"{_counted(found.lost_pages, 'page')} of the file {_is(found.lost_pages)} lost")
    more = "".join(f" {one[0].upper()}{one[1:]}." for one in lost)
    return f"Rescued: {', '.join(received)}.{more} The damaged file is kept."


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"

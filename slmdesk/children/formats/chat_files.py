"""Finds the chats in a file that ChatGPT or slmdesk itself exported: JSON, JSON lines, or a zip archive with such
files. JSON is parsed one value at a time, so that the file is never in memory as a whole.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import Any, NoReturn

from slmdesk.base.documents import OWN_FORMAT, ForeignChat
from slmdesk.base.texts import N_
from slmdesk.children.formats.chatgpt import chat_of, is_conversation
from slmdesk.children.formats.containers import MAX_BYTES, Archive
from slmdesk.children.formats.reading import Reading

MOST_VALUE = 48_000_000
"""Most characters of one top-level JSON value, which is a chat."""
CHUNK_BYTES = 1 << 20
NEAR_END = 16
"""Characters before the end of the text read so far. A JSON error this close to the end may only mean that a number, a
word or an escape is cut off there, so more text is read before the error counts.
"""
_BETWEEN = re.compile(r"[\s,\[\]]*")
_ZIP = b"PK"
_CHATGPT_FILE = re.compile(r"conversations(-\d{1,6})?\.json")


@dataclass(slots=True, eq=False)
class Found:
    broken: str = ""
    unknown: int = 0
    too_large: int = 0
    empty: int = 0


Chat = ForeignChat | Mapping[str, Any]
"""A chat of ChatGPT, or (as a mapping) the JSON object of a chat that slmdesk itself exported."""


def chats_in(reading: Reading, tally: Found) -> Iterator[Chat]:
    """Yield the chats of a file. If the file breaks off, the chats before the break are still yielded.

    Raises KnownError `document.…`.
    """
    with reading.open() as file:
        head = file.read(4096)
        file.seek(0)
        if head.startswith(_ZIP):
            yield from _in_archive(reading, tally)
        elif head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"[", b"{"):
            chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
            yield from _of_values(values_in(chunks, reading, tally), tally)


def values_in(chunks: Iterable[bytes], reading: Reading, tally: Found) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a JSON list, of JSON lines, or the only object of a file, in the order of the file.

    Stops where the text is not valid JSON and writes the reason to `found.broken`.
    """
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    parse = json.JSONDecoder(parse_constant=_refuse).raw_decode
    text, wanted = "", 1
    for chunk in chain(chunks, (b"",)):
        reading.check()
        try:
            text += decode(chunk, not chunk)
        except UnicodeDecodeError:
            tally.broken = N_("it is not UTF-8")
            return
        if chunk and len(text) < wanted:
            continue
        at = 0
        while (begin := _BETWEEN.match(text, at).end()) < len(text):  # type: ignore[union-attr]  # it matches ""
            try:
                value, at = parse(text, begin)
            except RecursionError:
                tally.broken = N_("it is nested too deeply")
                return
            except json.JSONDecodeError as err:
                if err.msg.startswith("Unterminated string") or err.pos > len(text) - NEAR_END:
                    break  # more text is needed
                tally.broken = N_("it is no JSON")
                return
            except ValueError:  # NaN, or a number of thousands of digits
                tally.broken = N_("it is no JSON")
                return
            if isinstance(value, dict):
                yield value
            else:
                tally.unknown += 1
        text = text[begin:]
        wanted = 2 * len(text)
        if len(text) > MOST_VALUE:
            tally.broken = N_("a chat in it is too large")
            return
    if text:
        tally.broken = N_("it breaks off")


def _refuse(name: str) -> NoReturn:
    """Reject NaN and Infinity, which Python's parser would accept although JSON has no such values."""
    raise ValueError(name)


def _of_values(values: Iterator[Mapping[str, Any]], tally: Found) -> Iterator[Chat]:
    for value in values:
        if value.get("format") == OWN_FORMAT:
            yield value
        elif not is_conversation(value):
            tally.unknown += 1
        elif (chat := chat_of(value)) is None:
            tally.too_large += 1
        elif chat.messages:
            yield chat
        else:
            tally.empty += 1


def _in_archive(reading: Reading, tally: Found) -> Iterator[Chat]:
    with Archive.opened(reading) as archive:
        for name in archive.names:
            if _CHATGPT_FILE.fullmatch(PurePosixPath(name).name):
                yield from _of_values(values_in(archive.chunks(name, MAX_BYTES), reading, tally), tally)

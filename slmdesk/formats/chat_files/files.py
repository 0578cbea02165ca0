"""Finds the chats in a file: JSON, JSON lines, Markdown, or an archive that holds some of them.

JSON is read value by value, so that a file of hundreds of megabytes never stands in memory as a whole.
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

from slmdesk.base.chat_import import MESSAGES_FILE, OWN_FORMAT, THREAD_FILE, ForeignChat
from slmdesk.base.errors import KnownError
from slmdesk.formats.base import Reading
from slmdesk.formats.chat_files import chatgpt, cherry, jan, lm_studio, open_webui
from slmdesk.formats.chat_files.shapes import mapping
from slmdesk.formats.decoding import text_of
from slmdesk.formats.packed import MAX_BYTES, Archive, opened

MOST_VALUE = 48_000_000
"""Characters of one value at the top of a file: a chat, or a whole backup; or of the lines that are one chat."""
CHUNK_BYTES = 1 << 20
NEAR_END = 16
"""Characters: a number, a word or an escape that is cut is wrong so close to the end."""
_BETWEEN = re.compile(r"[\s,\[\]]*")
_ZIP = b"PK"
_CHATGPT_FILE = re.compile(r"conversations(-\d{1,6})?\.json")
_RAW_BACKUP = (
    "backups of Cherry Studio of version 6 and later hold its raw database; export the topics there as Markdown and "
    "import those"
)


@dataclass(slots=True, eq=False)
class Found:
    broken: str = ""
    unknown: int = 0
    too_large: int = 0
    empty: int = 0
    characters: int = 0


Chat = ForeignChat | Mapping[str, Any]
"""Of another program; of our own as it was exported."""


def chats_in(reading: Reading, thread: str, found: Found) -> Iterator[Chat]:
    """The chats of a file.  `thread`: the text of the `thread.json` beside a `messages.jsonl`, or "".

    Raises KnownError `document.…`, `chats.unreadable`.  In a file that breaks off, what comes before is found.
    """
    with reading.open() as file:
        head = file.read(4096)
        file.seek(0)
        if head.startswith(_ZIP):
            yield from _in_archive(reading, found)
            return
        if head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"[", b"{"):
            chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
            yield from _of_values(values_in(chunks, reading, found), _thread(thread), found)
            return
    text = text_of(reading)
    if cherry.is_markdown(text):
        yield from _kept([cherry.chat_of_markdown(text)], found)


def values_in(chunks: Iterable[bytes], reading: Reading, found: Found) -> Iterator[Mapping[str, Any]]:
    """The objects of a JSON list, of JSON lines, or the one object of a file, in their order.

    Where the text is no JSON any more, `found.broken` says so.
    """
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    parse = json.JSONDecoder(parse_constant=_refuse).raw_decode
    text, wanted = "", 1
    for chunk in chain(chunks, (b"",)):
        reading.check()
        try:
            text += decode(chunk, not chunk)
        except UnicodeDecodeError:
            found.broken = "it is not UTF-8"
            return
        if chunk and len(text) < wanted:
            continue
        at = 0
        while (begin := _BETWEEN.match(text, at).end()) < len(text):  # type: ignore[union-attr]  # it matches ""
            try:
                value, at = parse(text, begin)
            except RecursionError:
                found.broken = "it is nested too deeply"
                return
            except json.JSONDecodeError as err:
                if err.msg.startswith("Unterminated string") or err.pos > len(text) - NEAR_END:
                    break  # what is there so far is right
                found.broken = "it is no JSON"
                return
            except ValueError:  # a number that is none, or has thousands of digits
                found.broken = "it is no JSON"
                return
            found.characters += at - begin
            if isinstance(value, dict):
                yield value
            else:
                found.unknown += 1
        text = text[begin:]
        wanted = 2 * len(text)
        if len(text) > MOST_VALUE:
            found.broken = "a chat in it is too large"
            return
    if text:
        found.broken = "it breaks off"


def _refuse(name: str) -> NoReturn:
    """NaN and its like are no JSON."""
    raise ValueError(name)


def _of_values(values: Iterator[Mapping[str, Any]], thread: Mapping[str, Any], found: Found) -> Iterator[Chat]:
    lines: list[Mapping[str, Any]] = []
    before = found.characters
    for value in values:
        if jan.is_message(value):
            lines.append(value)
            if found.characters - before > MOST_VALUE:
                found.too_large += 1
                return
        elif value.get("format") == OWN_FORMAT:
            yield value
        elif cherry.is_one(value):
            yield from _kept(cherry.chats_of(value), found)
        elif reader := next((one for one in (chatgpt, open_webui, lm_studio) if one.is_one(value)), None):
            yield from _kept([reader.chat_of(value)], found)
        else:
            found.unknown += 1
    if lines:
        yield from _kept([jan.chat_of(thread, lines)], found)


def _kept(chats: Iterable[ForeignChat | None], found: Found) -> Iterator[ForeignChat]:
    for chat in chats:
        if chat is None:
            found.too_large += 1
        elif chat.messages:
            yield chat
        else:
            found.empty += 1


def _in_archive(reading: Reading, found: Found) -> Iterator[Chat]:
    with opened(reading) as archive:
        names = [name for name in archive.names if _is_of_chats(name)]
        if not names and any(name.startswith(cherry.RAW_FOLDERS) for name in archive.names):
            raise KnownError("chats.unreadable", path=reading.path, reason=_RAW_BACKUP)
        for name in names:
            values = values_in(archive.chunks(name, MAX_BYTES), reading, found)
            yield from _of_values(values, _thread_of(archive, name), found)


def _is_of_chats(name: str) -> bool:
    file = PurePosixPath(name).name
    return (
        file in (cherry.DATA_FILE, MESSAGES_FILE)
        or _CHATGPT_FILE.fullmatch(file) is not None
        or file.endswith(".conversation.json")
    )


def _thread_of(archive: Archive, name: str) -> Mapping[str, Any]:
    if PurePosixPath(name).name != MESSAGES_FILE:
        return {}
    return _thread(archive.read(str(PurePosixPath(name).with_name(THREAD_FILE))).decode("utf-8", "replace"))


def _thread(untrusted: str) -> Mapping[str, Any]:
    try:
        return mapping(json.loads(untrusted)) if untrusted else {}
    except (ValueError, RecursionError):
        return {}

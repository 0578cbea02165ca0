"""The two passes over a document: listing its units, and writing it with their translations."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.formats.packed import Archive
from slmdesk.formats.rewriting.base import Found, Rewriter, Rewriting, Unit, copied
from slmdesk.text.translation.tagged import problems

_UNPRINTED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not allow (XML 1.0, 2.2), and no text should contain."""
_LINE_END = re.compile("[ ]*(?:\r\n|[\r\n\x0b\x0c\x85\u2028\u2029])[ ]*")


def listed(rewriter: Rewriter, rewriting: Rewriting) -> Iterator[Found]:
    """What is to be translated and what is left out, in order.  Raises KnownError document.…"""
    yield from rewriter(rewriting)


def written_to(
    rewriter: Rewriter, rewriting: Rewriting, answers: Mapping[int, tuple[str, str]], out: BinaryIO
) -> list[int]:
    """Write the document with the translations to `out`.

    `answers`: by number of the unit (from 0, in the order of `listed`) its text and its translation.  Returns the
    numbers of units that stay as they are although there is an answer: its tags are not balanced, or the rewriter
    cannot write it (Rewriting.refuse).  Raises KnownError
    `document.changed` where a unit has another text than was translated: the file is not the one it was.
    """
    rewriting.is_written = True
    units = rewriter(rewriting)
    answer: str | None = None
    try:
        while True:
            found = units.send(answer)
            answer = None
            if isinstance(found, Unit):
                rewriting.number += 1
                answer = _answer(found, rewriting, answers)
    except StopIteration:
        pass
    _save(rewriting, out)
    return rewriting.refused


def _answer(unit: Unit, rewriting: Rewriting, answers: Mapping[int, tuple[str, str]]) -> str | None:
    given = answers.get(rewriting.number)
    if given is None:
        return None
    source, untrusted = given
    if source != unit.text:
        raise KnownError("document.changed", path=rewriting.reading.path)
    translation = _clean(untrusted, source)
    if problems(translation, unit.tags):
        rewriting.refuse()
        return None
    return translation


def _clean(untrusted: str, source: str) -> str:
    """A translation without invalid characters, and without line ends where its source has none: an empty line
    would end a subtitle, a paragraph of a text, a row of a table.
    """
    words = _UNPRINTED.sub("", untrusted)
    return words if _LINE_END.search(source) else _LINE_END.sub(" ", words)


def _save(rewriting: Rewriting, out: BinaryIO) -> None:
    if rewriting.data is not None:
        out.write(rewriting.data)
        return
    with rewriting.reading.open() as file, zipfile.ZipFile(file) as source:
        copied(Archive(source, rewriting.reading.path), source, rewriting.changed, out)

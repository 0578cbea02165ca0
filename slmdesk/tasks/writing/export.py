"""Writes a text and its changes as a Word file with tracked changes, which the person accepts or rejects in Word.

A change that is only suggested is a comment.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from slmdesk.base.documents import COME, GONE, plain
from slmdesk.exports.word import AUTHOR, ChangeMarks
from slmdesk.tasks.writing.edits import Edit

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

INITIALS = "s"
_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|$)")


def tracked_docx(text: str, changes: Sequence[tuple[Edit, str]], *, title: str = "") -> bytes:
    """Return the bytes of a Word file with a paragraph for each line. The changes are in order and do not overlap.
    Each is tracked if it comes with "", else it is a comment with the words that it comes with.

    Takes 0.1 s, or more for long texts, so do not call it on the service thread.
    """
    import docx  # late: 46 ms

    document, marks = docx.Document(), ChangeMarks()
    info = document.core_properties
    info.title, info.author, info.comments = plain(title)[:255], "", ""
    info.created = info.modified = marks.now.replace(tzinfo=None)
    writer = _Writer(document, marks)
    for line in _LINE.finditer(text):
        if line.start() == len(text) and line.start():
            break  # behind the last line end
        inside = [change for change in changes if line.start() <= change[0].start <= line.end(1)]
        writer.line(text[: line.end(1)], line.start(), inside)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


class _Writer:
    def __init__(self, document: Document, changes: ChangeMarks) -> None:
        self._document, self._changes = document, changes

    def line(self, text: str, at: int, changes: Sequence[tuple[Edit, str]]) -> None:
        """Add a line with its changes. `text` begins at character `at` of the whole text and ends with the line."""
        paragraph = self._document.add_paragraph()
        for edit, note in changes:
            _run(paragraph, text[at : edit.start])
            old = edit.old(text)  # up to the end of the line
            if note:
                self._comment(paragraph, _run(paragraph, old), note)
            else:
                self._track(paragraph, GONE, old)
                self._track(paragraph, COME, edit.new)
            at = min(edit.end, len(text))
        _run(paragraph, text[at:])

    def _track(self, paragraph: Paragraph, change: str, words: str) -> None:
        if run := _run(paragraph, words):
            self._changes.track(run, change)

    def _comment(self, paragraph: Paragraph, run: Run | None, note: str) -> None:
        if run is None:  # an insertion: it stands at the word before
            runs = paragraph.runs
            run = runs[-1] if runs else paragraph.add_run("\u200b")
        self._document.add_comment(run, text=plain(note), author=AUTHOR, initials=INITIALS)


def _run(paragraph: Paragraph, words: str) -> Run | None:
    words = plain(words)
    return paragraph.add_run(words) if words else None

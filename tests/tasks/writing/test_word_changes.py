"""What leads from a Word file's words to a text: by paragraph, to the letter, and counted where it cannot be."""

from __future__ import annotations

import pytest

from slmdesk.tasks.writing.edits import applied
from slmdesk.tasks.writing.files import DocumentText, changes_between

pytestmark = pytest.mark.pure
OLD = ("We recieved it.", "The two key was lost.", "Mr Kruger paid 20 euros.")


def document(*lines, paired=()):
    return DocumentText.of([{"unit": {"text": line, "paired": list(paired), "lone": []}} for line in lines])


def made(text, *lines):
    revision = changes_between(document(*lines), text)
    whole = "\n\n".join(lines)
    return applied(whole, [change.edit for change in revision.changes]).split("\n\n"), revision.lost


@pytest.mark.parametrize(
    ("text", "lines", "lost"),
    [
        ("\n".join(OLD), list(OLD), 0),
        ("We received it.\nThe two keys were lost.\nMr Kruger paid 20 euros.",
         ["We received it.", "The two keys were lost.", OLD[2]], 0),
        ("We recieved it.\n\nThe two key was lost.\nMr Kruger paid 20 euros.", list(OLD), 0),
        ("We recieved it.\nQuite another thing altogether\nThe two keys were lost.\nMr Kruger paid 20 euros.",
         [OLD[0], "The two keys were lost.", OLD[2]], 1),
        ("We recieved it.\nMr Kruger paid 20 euros.", [OLD[0], "", OLD[2]], 0),
        ("", ["", "", ""], 0),
        ("We  recieved “it”.\nThe two key was lost.\nMr Kruger paid 20 euros.", ["We  recieved “it”.", *OLD[1:]], 0),
    ],
)  # fmt: skip
def test_the_changes_make_the_text(text, lines, lost):
    assert made(text, *OLD) == (lines, lost)


def test_what_lies_across_formatting_is_counted():
    revision = changes_between(document("The two <1>key was</1> lost.", paired=[1]), "The three key was lost.")
    assert [(change.old, change.edit.new) for change in revision.changes] == [("two", "three")]
    revision = changes_between(document("The two <1>key was</1> lost.", paired=[1]), "The one lost.")
    assert (revision.changes, revision.lost) == ((), 1)

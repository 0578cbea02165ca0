"""Shows the text of a document exactly as a model gets it, invisible characters included."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from slmdesk.text.words.invisible import made_visible
from slmdesk.window.widgets.text_dialog import TextDialog

MOST_SHOWN = 300_000
"""Characters."""


def show_used_text(parent: QWidget, *, title: str, intro: str, text: str) -> None:
    """Open a dialog with it; copying gives all of the text, unchanged.  Does not block."""
    shown, hidden = made_visible(text[:MOST_SHOWN])
    reported = []
    if hidden:
        marks = "1 character" if hidden == 1 else f"{hidden:,} characters"
        reported.append(
            f"{marks} in it cannot be seen in the document; here they stand as numbers, like \u27e6U+202E\u27e7."
        )
    if len(text) > MOST_SHOWN:
        reported.append(f"The first {MOST_SHOWN:,} of {len(text):,} characters are shown; Copy gives all.")
    TextDialog(parent, title=title, intro=intro, text=text, shown=shown, warning=" ".join(reported)).show()

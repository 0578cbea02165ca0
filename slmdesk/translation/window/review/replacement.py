"""Words replaced in many segments: what is asked before, and what is said after it and after undoing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMessageBox, QWidget

from slmdesk.translation.segment_undo import Hits, ReplaceResult, UndoResult
from slmdesk.window.widgets.message_box import message_box
from slmdesk.window.widgets.named import named


def ask_approved(parent: QWidget, hits: Hits, replace: Callable[[list[int]], None]) -> None:
    """Call `replace` with the segments; if some are approved, ask whether to include them.  Does not block."""
    if not hits.approved:
        replace(list(hits.numbers))
        return
    count = len(hits.approved)
    words = f"{count:,} of these {len(hits.numbers):,} segments {'is' if count == 1 else 'are'} approved."
    more = "Replace there too? They then count as edited."
    box = message_box(parent, "replace_approved", "Replace all", words, more)
    too = named(box.addButton("Replace in all", QMessageBox.ButtonRole.AcceptRole), "replace_approved_too")
    other = named(box.addButton("Only in the others", QMessageBox.ButtonRole.ActionRole), "replace_others_only")
    box.setEscapeButton(named(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole), "replace_cancel"))
    approved = set(hits.approved)
    too.clicked.connect(lambda: replace(list(hits.numbers)))
    other.clicked.connect(lambda: replace([one for one in hits.numbers if one not in approved]))
    box.open()


def replaced_words(done: ReplaceResult) -> str:
    words = f"{done.places:,} replaced in {done.segments:,} {'segment' if done.segments == 1 else 'segments'}"
    return words + (f"; {len(done.refused):,} not, for their formatting marks" if done.refused else "")


def undone_words(undone: UndoResult | None) -> str:
    if undone is None:
        return "There is nothing to undo."
    count = len(undone.numbers)
    words = f"Undone: {undone.words}" + (f" of {count:,} segments" if count != 1 else "")
    return words + (f"; {undone.skipped:,} have changed since" if undone.skipped else "")

"""Shows what is private in documents, and goes on as a person decided."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QWidget

from slmdesk.window.panes.redaction import Looked, RedactionController
from slmdesk.window.widgets.redaction_preview import RedactionPreview, Wording


def show_before(redaction: RedactionController, parent: QWidget, accept: str, text: str = "The text") -> None:
    """Have what it finds shown in a dialog over `parent`, with `accept` on the button that goes on."""
    wording = Wording("Redact before the model reads it", text, accept, "everywhere")
    redaction.arrived.connect(partial(_show, redaction, parent, wording))


def _show(redaction: RedactionController, parent: QWidget, wording: Wording, looked: Looked) -> None:
    dialog = RedactionPreview(parent, looked.preview, wording, hidden_rest=looked.rest)
    dialog.accepted_with.connect(redaction.begin)
    dialog.rejected.connect(redaction.cancel)
    dialog.open()

"""A dialog with exactly what a model was given."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from slmdesk.chat.conversation import InspectedPrompt
from slmdesk.window.widgets.text_dialog import TextDialog


def show_seen(parent: QWidget, seen: InspectedPrompt) -> None:
    """Open the dialog, with warnings about oddities.  Does not block."""
    intro = f"This is exactly what the model was given, {seen.tokens:,} tokens."
    if seen.left_out:
        left_out = "The oldest message of this chat was" if seen.left_out == 1 else f"{seen.left_out:,} messages were"
        intro += f" {left_out} left out to make room."
    warning = " ".join(one for one in (_missing_words(seen), _lookalike_words(seen)) if one)
    TextDialog(parent, title="What the model saw", intro=intro, text=seen.text, warning=warning, is_prose=False).show()


def _missing_words(seen: InspectedPrompt) -> str:
    missing = len(seen.missing)
    words = "1 message is" if missing == 1 else f"{missing:,} messages are"
    return f"{words} missing: this model's own format leaves it out." if missing else ""


def _lookalike_words(seen: InspectedPrompt) -> str:
    marks = ", ".join(f"“{one}”" for one in seen.lookalikes)
    if not marks:
        return ""
    return f"The text contains {marks}, by which this model tells who speaks: it may take what follows for a turn."

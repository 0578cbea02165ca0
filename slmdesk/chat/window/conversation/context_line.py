"""The line from which on the model sees a chat, with the notes on what is left out before it.  No widgets."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.records import Message
from slmdesk.chat.context_window import ContextWindow
from slmdesk.chat.window.view import Extra, MessageView

LINE = "context_line"
"""Id of its row, which is no message."""
EDIT, REMOVE, WRITE, SEE_ALL = "edit_notes", "remove_notes", "write_notes", "see_all"
"""Keys of what can be done there."""
FROM_HERE = "The model sees the chat from here"
EARLIER_CHAT = "Notes on an earlier chat, which the model reads before this one"
WRITING = "The model is writing notes on what is left out…"


def line_of(window: ContextWindow, path: Sequence[Message], *, is_writing: bool = False) -> MessageView | None:
    """The row to show before message number `window.place(path)`; None where the model sees all of the chat.

    `is_writing`: notes are being written.
    """
    notes, is_cut = window.notes_on(path), window.place(path) > 0
    if not notes and not is_cut:
        return None
    gone = len(window.left_out(path))
    words = "The message above in grey is" if gone == 1 else f"The {gone:,} messages above in grey are"
    instead = "the model reads these notes instead." if notes else "the chat keeps them."
    return MessageView(
        LINE,
        "notes",
        notes or f"{words} left out of what the model reads; {instead}",
        note=WRITING if is_writing else f"{words} left out; {instead}" if notes and is_cut else "",
        author=FROM_HERE if is_cut else EARLIER_CHAT,
        extras=_extras(has_notes=bool(notes), is_cut=is_cut, is_writing=is_writing),
    )


def _extras(*, has_notes: bool, is_cut: bool, is_writing: bool) -> tuple[Extra, ...]:
    found = []
    if has_notes:
        found += [Extra(EDIT, "pencil", "Edit the notes"), Extra(REMOVE, "trash-2", "Remove the notes")]
    elif not is_writing:
        tip = "Have the model write notes on what is left out, which it then reads instead"
        found.append(Extra(WRITE, "list-checks", "Summarize what is left out", tip))
    if is_cut:
        tip = "Leave nothing out; what was noted goes"
        found.append(Extra(SEE_ALL, "undo-2", "Let the model see all of the chat again", tip))
    return tuple(found)

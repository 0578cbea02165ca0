"""What commands print about redaction."""

from __future__ import annotations

from dataclasses import asdict

from slmdesk.cli.console import Console
from slmdesk.core.types import Json
from slmdesk.services.container import Services
from slmdesk.services.redaction.labels import INCOMPLETE, counted, reason_of
from slmdesk.text.redaction.types import Certainty


def print_preview(console: Console, services: Services, text: str, chat: str | None = None) -> int:
    """Print what would be replaced in a text, and the text with substitutes.  Returns the exit status."""
    preview = services.service_thread.call(
        lambda: services.redaction.preview(text, services.history.item(chat).id if chat else "")
    )
    if console.as_json:
        finds: list[Json] = [{**asdict(one), "reason": reason_of(one)} for one in preview.finds]
        console.give({"finds": finds, "redacted": preview.redacted})
        return 0
    console.say(preview.redacted)
    for one in preview.finds:
        what = "not sure, left as it is" if one.certainty is Certainty.UNSURE else str(one.certainty)
        console.notify(f"{one.kind}: {one.text} ({what}: {reason_of(one)})")
    console.notify(f"note: {counted(preview.finds)}. {INCOMPLETE}".replace("..", "."))
    return 0

"""What the commands print about redaction, which hides names and numbers from the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from slmdesk.base.record import to_json
from slmdesk.base.records import DocumentRecord
from slmdesk.base.types import Json
from slmdesk.command.console import Console
from slmdesk.services import Services
from slmdesk.text.redaction import Certainty, Kind

if TYPE_CHECKING:
    from slmdesk.redaction.labels import RedactionReport

redact_option = click.option(
    "--redact",
    is_flag=True,
    help="Replace names, numbers and addresses before the model sees them, and put them back into what it writes.",
)
redact_preview_option = click.option(
    "--redact-preview", is_flag=True, help="Print what --redact would replace, and ask nothing."
)


def print_preview_of(
    console: Console, services: Services, documents: Sequence[DocumentRecord], words: Sequence[str] = ()
) -> int:
    """Print what would be replaced in `words`, the person's own text, and in the documents. Return the exit status."""

    def text() -> str:
        pages = [services.documents.pages(document.id, limit=max(1, document.pages)) for document in documents]
        return "\n\n".join([*filter(None, words), *(page.text for some in pages for page in some)])

    return print_preview(console, services, services.service_thread.call(text))


def print_preview(console: Console, services: Services, text: str, chat: str | None = None) -> int:
    """Print what would be replaced in a text, and the text with the replacements. Return the exit status."""
    from slmdesk.redaction.labels import INCOMPLETE, counted, reason_of

    preview = console.result_of(
        services, lambda: services.redaction.look(text, services.history.item(chat).id if chat else "")
    )
    if console.as_json:
        finds: list[Json] = [{**to_json(find), "reason": reason_of(find)} for find in preview.finds]
        console.give({"finds": finds, "redacted": preview.redacted})
        return 0
    console.say(preview.redacted)
    for find in preview.finds:
        what = "not sure, left as it is" if find.certainty is Certainty.UNSURE else str(find.certainty)
        console.notify(f"{find.kind}: {find.text} ({what}: {reason_of(find)})")
    console.notify(f"note: {counted(preview.finds)}. {INCOMPLETE}".replace("..", "."))
    return 0


def say_redaction(console: Console, report: RedactionReport | None) -> None:
    """Print a note about what was replaced and put back. Print nothing if `report` is None (nothing was redacted)."""
    if report and not console.as_json:
        console.notify(f"note: {report.words}")


def redacted_json(counts: Mapping[Kind, int] | None) -> dict[str, Json]:
    """Return as JSON how many finds of each kind are hidden from the model. Empty if `counts` is None: no redaction."""
    return {} if counts is None else {"redacted": {str(kind): count for kind, count in counts.items()}}

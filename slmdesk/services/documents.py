"""Documents as the reader child sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from slmdesk.client import ChildClient
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.core.types import Json
from slmdesk.services.desk import Desk
from slmdesk.services.facts import Problem
from slmdesk.services.sentences import problem_of


@dataclass(frozen=True, slots=True)
class Page:
    """One page, section, slide or sheet.  `reason` says why a page has no text."""

    number: int
    label: str
    text: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What the reader made of a document."""

    format: str
    pages: tuple[Page, ...]


OnRead = Callable[[DocumentText | Problem], None]


class DocumentService:
    """Asks the reader child.  On the desk thread."""

    def __init__(self, desk: Desk, client: ChildClient) -> None:
        self._desk, self._client = desk, client

    def read(self, path: Path, answered: OnRead, *, form: str = "") -> None:
        """Read a document; `answered` is called once, on the desk thread.  `form` '': by the name's suffix."""
        pages: dict[int, Page] = {}

        def on_event(event: FromChild) -> None:
            if isinstance(event, Partial):
                page = _page_from(event.value)
                pages[page.number] = page
            elif isinstance(event, Done):
                name = event.result.get("format")
                ordered = tuple(pages[number] for number in sorted(pages))
                answered(DocumentText(name if isinstance(name, str) else form, ordered))
            elif isinstance(event, Failed):
                answered(problem_of(event.code, event.args))
            elif isinstance(event, Cancelled):
                answered(problem_of("child.died", {"how": "asked"}))

        payload: dict[str, Json] = {"path": str(path.absolute()), "format": form}
        self._client.start("read", payload, lambda event: self._desk.post(lambda: on_event(event)))


def _page_from(untrusted: Mapping[str, Json]) -> Page:
    def text(key: str) -> str:
        value = untrusted.get(key)
        return value if isinstance(value, str) else ""

    number = untrusted.get("number")
    return Page(
        number=number if isinstance(number, int) else 0,
        label=text("label"),
        text=text("text"),
        status=text("status"),
        reason=text("reason"),
    )

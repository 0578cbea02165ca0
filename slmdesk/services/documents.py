"""Documents as the reader child sees them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from slmdesk.client import ChildClient
from slmdesk.core.documents import DocumentFacts, Page
from slmdesk.core.errors import KnownError
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild, Partial
from slmdesk.core.types import Json
from slmdesk.core.wire import dataclass_from
from slmdesk.services.desk import Desk
from slmdesk.services.facts import Problem
from slmdesk.services.sentences import problem_of


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What the reader made of a document."""

    facts: DocumentFacts
    pages: tuple[Page, ...]

    @property
    def format(self) -> str:
        """Its id."""
        return self.facts.format


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
                with suppress(KnownError):  # a child is not trusted: what is no page is none
                    page = dataclass_from(Page, event.value)
                    pages[page.number] = page
            elif isinstance(event, Done):
                ordered = tuple(pages[number] for number in sorted(pages))
                try:
                    answered(DocumentText(dataclass_from(DocumentFacts, event.result), ordered))
                except KnownError:
                    answered(problem_of("child.protocol", {}))
            elif isinstance(event, Failed):
                answered(problem_of(event.code, event.args))
            elif isinstance(event, Cancelled):
                answered(problem_of("child.died", {"how": "asked"}))

        payload: dict[str, Json] = {"path": str(path.absolute()), "format": form}
        self._client.start("read", payload, lambda event: self._desk.post(lambda: on_event(event)))

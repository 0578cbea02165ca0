"""Downloads a repository's model card: the README.md by its publisher, up to a size, as untrusted text."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.hub.problems import is_page, problem_of_line, problem_of_status

if TYPE_CHECKING:
    import httpx2

CARD_NAME = "README.md"
MAX_CARD_BYTES = 1 << 20
"""Fetched at most.  Cards with the tables of a benchmark in their front matter reach some 300 kB."""


class Card(Record):
    """The text of a model card, untrusted."""

    text: str
    is_cut: bool


def read_card(client: httpx2.Client, address: str, *, repo: str, token: str) -> Card:
    """The card at `address`.  Inside `because`.  Raises KnownError network.*, hub.*, and Stopped."""
    import httpx2

    from slmdesk.hub.answers import ANSWER_S  # imports httpx2, which only a request needs

    headers = {"accept-encoding": "identity"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    host, body = httpx2.URL(address).host, bytearray()
    deadline = time.monotonic() + ANSWER_S
    try:
        with client.stream("GET", address, headers=headers) as response:
            if response.status_code >= 400:
                raise problem_of_status(response, what=f"{repo}/{CARD_NAME}", repo=repo)
            if is_page(response):
                raise KnownError("network.login_page", host=response.url.host)
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > MAX_CARD_BYTES:
                    break
                if time.monotonic() > deadline:
                    raise KnownError("network.failed", host=host, reason="it answers too slowly")
    except (httpx2.HTTPError, httpx2.InvalidURL) as err:
        raise problem_of_line(err, host) from err
    return Card(bytes(body[:MAX_CARD_BYTES]).decode("utf-8-sig", "replace"), len(body) > MAX_CARD_BYTES)

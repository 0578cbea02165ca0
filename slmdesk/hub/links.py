"""Addresses of the Hub: what a person types or pastes, and where a file lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from slmdesk.core.errors import KnownError
from slmdesk.core.labels import clean_label

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_REPO = re.compile(rf"{_NAME}/{_NAME}")


@dataclass(frozen=True, slots=True)
class HubLink:
    """A repository, perhaps with a file in it."""

    repo: str
    file: str = ""


def parse_link(text: str) -> HubLink:
    """`owner/name`, `owner/name/file`, or a link to either as the browser shows it.

    Raises KnownError `request.invalid` for anything else.
    """
    words = text.strip()
    is_address = words.startswith(("https://", "http://"))
    path = unquote(urlsplit(words).path).lstrip("/") if is_address else words
    owner, _, rest = path.rstrip("/").partition("/")
    name, _, file = rest.partition("/")
    found = re.match(r"(?:blob|resolve|tree)/[^/]+/?(.*)", file) if is_address else None
    link = HubLink(f"{owner}/{name}", found[1] if found else file)
    if not is_repo(link.repo):
        raise KnownError("request.invalid", what=f"no repository: {clean_label(text, 100)}")
    return link


def is_repo(untrusted: str) -> bool:
    """Whether this is the name of a repository: owner/name."""
    return bool(_REPO.fullmatch(untrusted)) and ".." not in untrusted and "--" not in untrusted


def file_address(endpoint: str, repo: str, revision: str, name: str) -> str:
    """Where a file is fetched.  Whatever its name is, the address stays below the repository."""
    steps = [quote(step, safe="") for step in name.split("/")]
    safe = [step.replace(".", "%2E") if step.strip(".") == "" else step for step in steps]
    return f"{endpoint.rstrip('/')}/{repo}/resolve/{quote(revision, safe='')}/{'/'.join(safe)}"

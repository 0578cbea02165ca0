"""Parses addresses of the Hub that a person types or pastes, and builds the address of a file."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, unquote, urlsplit

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_REPO = re.compile(rf"{_NAME}/{_NAME}")
_HOST = re.compile(r"(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)/", re.IGNORECASE)
_COMMAND = re.compile(r"(?:ollama\s+(?:run|pull)|llama-(?:cli|server)\s+-hf)\s+", re.IGNORECASE)
"""Command prefixes of other programs, which pages offer for copying."""
_QUANTIZATION = re.compile(r"[A-Za-z0-9_-]{1,40}")
_NO_OWNERS = ("datasets", "spaces", "models", "docs", "papers", "collections", "blog", "api", "settings")
"""First path segments of pages that are not models."""


class HubLink(Record):
    repo: str
    file: str = ""
    quantization: str = ""


def parse_link(text: str) -> HubLink:
    """`owner/name`, `owner/name/file`, `owner/name:Q4_K_M`, or a link to any of these, as the browser shows it or
    without its beginning (`hf.co/owner/name:Q8_0`); also behind the words other programs want before it.

    Raises KnownError `request.invalid` for anything else.
    """
    words = _COMMAND.sub("", text.strip(), count=1)
    if _HOST.match(words):
        words = f"https://{words}"
    is_address = words.startswith(("https://", "http://"))
    path, asked = (words, "")
    if is_address:
        try:
            parts = urlsplit(words)
            asked = (parse_qs(parts.query).get("show_file_info") or [""])[0]  # as a page's list of files links
        except ValueError as err:
            raise _no_repository(text) from err
        path = unquote(parts.path).lstrip("/")
    owner, _, rest = path.rstrip("/").partition("/")
    name, _, file = rest.partition("/")
    quantization = ""
    if ":" in name and not file:
        name, _, quantization = name.partition(":")
    found = re.match(r"(?:blob|resolve|tree|raw)/[^/]+/?(.*)", file, re.DOTALL) if is_address else None
    link = HubLink(f"{owner}/{name}", (found[1] if found else file) or asked, quantization.upper())
    is_right = is_repo(link.repo) and owner.lower() not in _NO_OWNERS
    if not is_right or (quantization and not _QUANTIZATION.fullmatch(quantization)):
        raise _no_repository(text)
    return link


def _no_repository(text: str) -> KnownError:
    return KnownError("request.invalid", what=f"no repository: {clean_label(text, 100)}")


def is_repo(untrusted: str) -> bool:
    return bool(_REPO.fullmatch(untrusted)) and ".." not in untrusted and "--" not in untrusted


def file_address(endpoint: str, repo: str, revision: str, name: str) -> str:
    """The download address of a file.  Whatever its name is, the address stays below the repository."""
    steps = [quote(step, safe="") for step in name.split("/")]
    safe = [step.replace(".", "%2E") if step.strip(".") == "" else step for step in steps]
    return f"{endpoint.rstrip('/')}/{repo}/resolve/{quote(revision, safe='')}/{'/'.join(safe)}"

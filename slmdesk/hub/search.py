"""Queries the Hub for repositories and files.  The only module that calls huggingface_hub."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from slmdesk.base.errors import BugError, KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record
from slmdesk.gguf.read import GgufHeader
from slmdesk.hub.card import CARD_NAME, Card, read_card
from slmdesk.hub.environment import set_environment
from slmdesk.hub.files import RemoteFile, RemotePart, Repo, files_of, may_chat
from slmdesk.hub.guard import GuardPolicy, RequestLog, because, make_client
from slmdesk.hub.links import file_address, is_repo
from slmdesk.hub.problems import problem_of_line
from slmdesk.hub.start import remote_header

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub import HfApi

SORTS: Mapping[str, str] = {"downloads": "downloads", "updated": "lastModified", "likes": "likes"}
TASKS: Mapping[str, str] = {
    "chat": "conversational",
    "summaries": "summarization",
    "translation": "translation",
    "code": "code",
    "embedding": "feature-extraction",
}
"""What a model is used for, with the Hub's tag for it; publishers set them, and many set none."""
MOST = 100
"""Repositories of one answer: one page of the Hub."""
_REQUESTED = ("downloads", "likes", "lastModified", "gated", "tags", "siblings", "sha", "gguf")
_MAX_FILES = 20_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class Query(Record):
    """A search on the Hub; an empty field matches anything."""

    words: str
    author: str = ""
    language: str = ""
    """ISO 639-1."""
    license: str = ""
    """The Hub's short name of one."""
    task: str = ""
    """A key of TASKS."""
    sort: str = "downloads"
    """A key of SORTS."""


class HubPage(Record):
    repos: tuple[Repo, ...]
    cursor: str
    """Where the next page begins; empty at the end."""


class Hub:
    """The Hub behind the guard.  Any thread but the app's; every call may be stopped.

    `policy` is asked before each call, so that changed settings take hold with the next.
    """

    def __init__(self, paths: Paths, policy: Callable[[], GuardPolicy], log: RequestLog) -> None:
        self._paths, self._policy, self._log = paths, policy, log
        self.token: Callable[[], str] = _no_token
        """The access token, or empty; asked for gated repositories alone.  It may wait for the system's keyring."""
        self._lock = Lock()
        self._made_for: GuardPolicy | None = None

    @property
    def policy(self) -> GuardPolicy:
        return self._policy()

    def address(self, file: RemoteFile, part: RemotePart) -> str:
        return file_address(self._policy().endpoint, file.repo, file.revision, part.name)

    def header(self, file: RemoteFile, *, token: str = "", stop: Event | None = None) -> GgufHeader:
        """The header of a file, of its first part; fetches its first megabytes.  Raises KnownError, Stopped."""
        part = file.parts[0]
        with self.client() as client, because(f"header of {file.repo}/{file.name}"[:200], stop=stop or Event()):
            folder = self._paths.cache / "headers"
            return remote_header(client, self.address(file, part), repo=file.repo, token=token, folder=folder)

    def client(self) -> httpx2.Client:
        """A new guarded client for one transfer; close it."""
        return make_client(self._policy(), self._log)

    def search(self, query: Query, *, size: int = 10, cursor: str = "", stop: Event | None = None) -> HubPage:
        """A page of GGUF repositories whose names hold the words, by one request, from `cursor` on.  Files come by
        name alone, see `repo`.

        Raises KnownError network.*, hub.*, request.invalid, and Stopped.
        """
        tags = ("gguf", query.language, TASKS.get(query.task, ""), f"license:{query.license}" if query.license else "")
        params: dict[str, Any] = {
            "filter": [one for one in tags if one],
            "sort": SORTS[query.sort],
            "limit": max(1, min(size, MOST)),
            "expand": list(_REQUESTED),
        }
        named = {"search": query.words, "author": query.author, "cursor": cursor}
        params |= {key: value for key, value in named.items() if value}
        with self._asking("search", stop) as api:
            from huggingface_hub import ModelInfo, get_session  # its list_models cannot go on at a cursor

            answer = get_session().get(f"{api.endpoint}/api/models", params=params)
            untrusted = answer.json()
            if not isinstance(untrusted, list):
                raise TypeError("no list")
            made: Any = ModelInfo  # it is untyped
            found = [_repo_of(made(**{"siblings": None, **one})) for one in untrusted[:MOST]]
            begin = parse_qs(urlsplit(answer.links.get("next", {}).get("url", "")).query).get("cursor", [""])[0]
            return HubPage(tuple(one for one in found if one is not None), begin[:4096])

    def card(self, repo: Repo, *, token: str = "", stop: Event | None = None) -> Card:
        """What the publisher wrote of a repository.  Raises as `search` does; `hub.missing` where there is none."""
        address = file_address(self._policy().endpoint, repo.id, repo.revision, CARD_NAME)
        with self.client() as client, because(f"card of {repo.id}", stop=stop or Event()):
            return read_card(client, address, repo=repo.id, token=token)

    def repo(self, repo: str, *, stop: Event | None = None) -> Repo:
        """One repository, its files with sizes and sums; under its new name where it was renamed.

        Raises as `search` does.
        """
        if not is_repo(repo):
            raise KnownError("request.invalid", what=f"no repository: {clean_label(repo, 100)}")
        try:
            return self._repo(repo, stop)
        except KnownError as err:  # the Hub lists a gated repository's files to everybody; a mirror may not
            access = self.token() if err.code == "hub.gated" else ""
            if not access:
                raise
        return self._repo(repo, stop, access)

    def _repo(self, repo: str, stop: Event | None, access: str = "") -> Repo:
        with self._asking(f"files of {repo}", stop) as api:
            found = _repo_of(api.model_info(repo, files_metadata=True, token=access or False))
            if found is None:
                raise KnownError("hub.answer_invalid", host=self._host(), reason="no repository")
            return found

    def close(self) -> None:
        with self._lock:
            if self._made_for is not None:
                from huggingface_hub import close_session

                self._made_for = None
                close_session()

    @contextmanager
    def _asking(self, purpose: str, stop: Event | None) -> Iterator[HfApi]:
        import httpx2

        api = self._api()
        try:
            with because(purpose, stop=stop or Event()):
                yield api
        except (httpx2.HTTPError, httpx2.InvalidURL) as err:
            raise problem_of_line(err, self._host()) from err
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError) as err:
            # huggingface_hub builds its objects from any input; no code of this program is called in between
            raise KnownError("hub.answer_invalid", host=self._host(), reason="not what the Hub answers") from err

    def _api(self) -> HfApi:
        if "huggingface_hub.constants" not in sys.modules:
            set_environment(self._paths)
        from huggingface_hub import HfApi, constants, set_client_factory

        if not (constants.HF_HUB_DISABLE_IMPLICIT_TOKEN and constants.HF_HUB_DISABLE_TELEMETRY):
            raise BugError("huggingface_hub was imported before its environment was set")
        policy = self._policy()
        with self._lock:
            if policy != self._made_for:
                set_client_factory(lambda: make_client(policy, self._log, is_library=True))
                self._made_for = policy
        return HfApi(endpoint=policy.endpoint.rstrip("/"), token=False)

    def _host(self) -> str:
        return self._policy().endpoint.partition("://")[2].partition("/")[0]


def _no_token() -> str:
    return ""


def _repo_of(untrusted: Any) -> Repo | None:
    """A repository out of the library's object, every field checked; None for one whose name is none."""
    name, revision = untrusted.id, untrusted.sha
    if not isinstance(name, str) or not is_repo(name):
        return None
    tags = [one for one in untrusted.tags or () if isinstance(one, str)][:1000]
    license = next((one.removeprefix("license:") for one in tags if one.startswith("license:")), "")
    license, gated = clean_label(license, 60), untrusted.gated not in (None, False)
    revision = revision if isinstance(revision, str) and _COMMIT.fullmatch(revision) else "main"
    parts = (_part_of(one) for one in (untrusted.siblings or ())[:_MAX_FILES])
    kept = [one for one in parts if one is not None]
    updated, about = untrusted.last_modified, untrusted.gguf if isinstance(untrusted.gguf, dict) else {}
    architecture = about.get("architecture")
    return Repo(
        id=name,
        revision=revision,
        downloads=_whole(untrusted.downloads),
        likes=_whole(untrusted.likes),
        updated=updated.isoformat() if isinstance(updated, datetime) else "",
        license=license,
        gated=gated,
        files=tuple(files_of(kept, repo=name, revision=revision, license=license, gated=gated)),
        parameters=_whole(about.get("total")),
        architecture=clean_label(architecture, 40) if isinstance(architecture, str) else "",
        context_length=_whole(about.get("context_length")),
        has_card=any(one.name == CARD_NAME for one in kept),
        chats=may_chat(name, tags, architecture if isinstance(architecture, str) else ""),
    )


def _part_of(untrusted: Any) -> RemotePart | None:
    name, lfs = untrusted.rfilename, untrusted.lfs
    if not isinstance(name, str) or not 0 < len(name) <= 1000:
        return None
    sha256 = lfs.sha256 if lfs else ""
    sum_is_one = isinstance(sha256, str) and bool(_SHA256.fullmatch(sha256))
    return RemotePart(name, _whole(lfs.size if lfs else untrusted.size), sha256 if sum_is_one else "")


def _whole(untrusted: object) -> int:
    is_number = isinstance(untrusted, int) and not isinstance(untrusted, bool)
    return untrusted if is_number and isinstance(untrusted, int) and 0 <= untrusted < 1 << 50 else 0

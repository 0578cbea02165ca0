"""Asking the Hub: which repositories there are, and which files.  The only module that calls huggingface_hub."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Literal

from slmdesk.core.errors import BugError, KnownError
from slmdesk.core.gguf import GgufHeader
from slmdesk.core.labels import clean_label
from slmdesk.hub.environment import set_environment
from slmdesk.hub.files import RemoteFile, RemotePart, Repo, files_of
from slmdesk.hub.guard import Finish, GuardPolicy, Record, because, make_client
from slmdesk.hub.links import file_address, is_repo
from slmdesk.hub.problems import problem_of_line
from slmdesk.hub.start import remote_header
from slmdesk.paths import Paths

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub import HfApi

Sort = Literal["downloads", "last_modified", "likes"]
SORTS: Mapping[str, Sort] = {"downloads": "downloads", "updated": "last_modified", "likes": "likes"}
MOST = 100
"""Repositories of one search: one page of the Hub."""
_MAX_FILES = 20_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class Hub:
    """The Hub behind the guard.  Any thread but the desk's; every call may be stopped.

    `policy` is asked before each call, so that changed settings take hold with the next.
    """

    def __init__(self, paths: Paths, policy: Callable[[], GuardPolicy], record: Record, finish: Finish) -> None:
        self._paths, self._policy, self._record, self._finish = paths, policy, record, finish
        self.token: Callable[[], str] = _no_token
        """The access token, or empty; asked for gated repositories alone.  It may wait for the system's keyring."""
        self._lock = Lock()
        self._made_for: GuardPolicy | None = None

    @property
    def policy(self) -> GuardPolicy:
        """What may leave, by the settings of this moment."""
        return self._policy()

    def address(self, file: RemoteFile, part: RemotePart) -> str:
        """Where a part of a file is fetched."""
        return file_address(self._policy().endpoint, file.repo, file.revision, part.name)

    def header(self, file: RemoteFile, *, token: str = "", stop: Event | None = None) -> GgufHeader:
        """The header of a file, of its first part; fetches its first megabytes.  Raises KnownError, Stopped."""
        part = file.parts[0]
        with self.client() as client, because(f"header of {file.repo}/{file.name}"[:200], stop=stop or Event()):
            folder = self._paths.cache / "headers"
            return remote_header(client, self.address(file, part), repo=file.repo, token=token, folder=folder)

    def client(self) -> httpx2.Client:
        """A new guarded client for one transfer; close it."""
        return make_client(self._policy(), self._record, self._finish)

    def search(
        self,
        words: str,
        *,
        limit: int = 10,
        author: str = "",
        language: str = "",
        sort: str = "downloads",
        stop: Event | None = None,
    ) -> list[Repo]:
        """GGUF repositories whose names hold `words`.  Files come by name alone, see `repo`.

        Raises KnownError network.*, hub.*, request.invalid, and Stopped.
        """
        wanted = ["gguf", language] if language else ["gguf"]
        with self._asking("search", stop) as api:
            found = api.list_models(
                search=words or None,
                filter=wanted,
                author=author or None,
                sort=SORTS[sort],
                limit=max(1, min(limit, MOST)),
                expand=["downloads", "likes", "lastModified", "gated", "tags", "siblings", "sha"],
                token=False,
            )
            return [repo for one in found if (repo := _repo_of(one)) is not None]

    def repo(self, repo: str, *, stop: Event | None = None) -> Repo:
        """One repository, its files with sizes and sums; under its new name where it was renamed.

        Raises as `search` does.
        """
        if not is_repo(repo):
            raise KnownError("request.invalid", what=f"no repository: {clean_label(repo, 100)}")
        try:
            return self._repo(repo, stop)
        except KnownError as err:  # the Hub tells everybody what is in a gated one; a mirror may not
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
        """Close the library's connections."""
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
            # huggingface_hub builds its objects out of whatever came; nothing of ours is called in between
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
                record, finish = self._record, self._finish
                set_client_factory(lambda: make_client(policy, record, finish, is_library=True))
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
    updated = untrusted.last_modified
    return Repo(
        id=name,
        revision=revision,
        downloads=_whole(untrusted.downloads),
        likes=_whole(untrusted.likes),
        updated=updated.isoformat() if isinstance(updated, datetime) else "",
        license=license,
        gated=gated,
        files=tuple(files_of(kept, repo=name, revision=revision, license=license, gated=gated)),
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

"""Repositories and files of the Hub: links, queries, model cards, file headers, and a curated list of small models."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Meta

from slmdesk.base.error_sentences import KINDS
from slmdesk.base.errors import BugError, KnownError
from slmdesk.base.files import private_folder
from slmdesk.base.paths import Paths
from slmdesk.base.record import Record, changed, converted, field
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label
from slmdesk.models.gguf.header import GgufHeader, kind_of_architecture
from slmdesk.models.gguf.quantization import (
    companions,
    quantization_of_file,
    recommended,
    weight_bytes,
)
from slmdesk.models.gguf.read import read_header
from slmdesk.models.hub.guard import Asking, GuardPolicy, RequestLog, because, make_client, problem_of_line

if TYPE_CHECKING:
    import httpx2


def set_environment(paths: Paths) -> None:
    """Configure huggingface_hub by environment variables: no telemetry, no search for tokens, no Xet, our own cache,
    offline.

    "Offline" stops the library's own client; our guarded client ignores it. Call this before anything imports
    huggingface_hub. Raises BugError if the library is imported already.
    """
    if "huggingface_hub.constants" in sys.modules:
        raise BugError("huggingface_hub was imported before its environment was set")
    home = paths.cache / "hub"
    os.environ.update(
        HF_HOME=str(home),
        HF_HUB_CACHE=str(home / "files"),
        HF_ASSETS_CACHE=str(home / "assets"),
        HF_XET_CACHE=str(home / "xet"),
        HF_TOKEN_PATH=str(home / "no-token"),
        HF_HUB_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_HUB_DISABLE_IMPLICIT_TOKEN="1",  # noqa: S106 (a switch, no password)
        HF_HUB_DISABLE_XET="1",
        HF_HUB_DISABLE_UPDATE_CHECK="1",
        HF_HUB_DISABLE_PROGRESS_BARS="1",
        DO_NOT_TRACK="1",
    )


_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_REPO = re.compile(rf"{_NAME}/{_NAME}")
_HOST = re.compile(r"(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)/", re.IGNORECASE)
_COMMAND = re.compile(r"(?:ollama\s+(?:run|pull)|llama-(?:cli|server)\s+-hf)\s+", re.IGNORECASE)
"""Start of a command of another program. Web pages offer such commands for copying."""
_QUANTIZATION = re.compile(r"[A-Za-z0-9_-]{1,40}")
_DOTS = re.compile(r"/\.\.?(?=/|\Z)")
"""Steps of a path that lead out of it."""
_FILE_PAGE = re.compile(r"(?:blob|resolve|tree|raw)/[^/]+/?(.*)", re.DOTALL)
"""Matches what an address has between a repository and a file: how it is shown, and the revision."""
_NO_OWNERS = ("datasets", "spaces", "models", "docs", "papers", "collections", "blog", "api", "settings")
"""First path segments of Hub pages that are not models, so they cannot be owners of a repository."""


class HubLink(Record):
    repo: str
    file: str = ""
    quantization: str = ""


def parse_link(text: str) -> HubLink:
    """Parse `owner/name`, `owner/name/file`, `owner/name:Q4_K_M`, or a web link to any of these. A command of another
    program before it is ignored. Raises KnownError `request.invalid`.
    """
    words = _COMMAND.sub("", text.strip(), count=1)
    if _HOST.match(words):
        words = f"https://{words}"
    path = words
    asked_file = ""
    is_address = words.startswith(("https://", "http://"))
    if is_address:
        try:
            parts = urlsplit(words)
            # the Hub's own list of files names a file by this parameter
            asked_file = parse_qs(parts.query).get("show_file_info", [""])[0]
        except ValueError as err:
            raise _no_repository(text) from err
        path = unquote(parts.path).lstrip("/")
    owner, __, rest = path.rstrip("/").partition("/")
    name, __, file = rest.partition("/")
    quantization = ""
    if ":" in name and not file:
        name, __, quantization = name.partition(":")
    if is_address and (page := _FILE_PAGE.match(file)):
        file = page[1]
    if not is_repo(f"{owner}/{name}") or owner.lower() in _NO_OWNERS:
        raise _no_repository(text)
    if quantization and not _QUANTIZATION.fullmatch(quantization):
        raise _no_repository(text)
    return HubLink(f"{owner}/{name}", file or asked_file, quantization.upper())


def _no_repository(text: str) -> KnownError:
    return KnownError("request.invalid", what=_("no repository: {text}").format(text=clean_label(text, 100)))


def is_repo(untrusted: str) -> bool:
    return bool(_REPO.fullmatch(untrusted)) and ".." not in untrusted and "--" not in untrusted


def file_address(endpoint: str, repo: str, revision: str, name: str) -> str:
    """Return the download address of a file. Whatever `name` contains, the address stays inside the repository."""
    from huggingface_hub import hf_hub_url

    address = hf_hub_url(repo, name, revision=revision, endpoint=endpoint.rstrip("/"))
    return _DOTS.sub(lambda dots: dots[0].replace(".", "%2E"), address)


_QUANTIZATION_IN_NAME = re.compile(
    r"(?:^|[-._ ])((?:UD-)?I?Q\d_(?:K(?:_(?:XS|S|M|L|XL))?|NL|XXS|XS|S|M|L|XL|[01](?:_\d_\d)?)"
    r"|TQ\d_\d|BF16|F16|F32|FP16|FP32|MXFP4(?:_MOE)?)(?=[-._ ]|$)",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"^(.+)-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE | re.DOTALL)
_SPEECH = re.compile(r"(?:^|/)ggml-[\w.-]+\.bin$")
"""Names of speech models in whisper.cpp's own format."""
_UNLIMITED = 1 << 62
MAX_PARTS = 1000
_MOST_PROJECTORS = 20
_CHAT_TAGS = frozenset({"conversational", "text-generation", "image-text-to-text", "any-to-any"})
_OTHER_TAGS = {
    "feature-extraction", "sentence-similarity", "text-ranking", "text-classification", "token-classification",
    "zero-shot-classification", "fill-mask", "text-to-image", "image-to-image", "text-to-video", "image-to-video",
    "text-to-speech", "text-to-audio", "audio-to-audio", "automatic-speech-recognition", "audio-classification",
    "voice-activity-detection", "image-classification", "image-segmentation", "object-detection", "text-to-3d",
    "image-to-3d", "robotics",
}  # fmt: skip
_OTHER_NAME = re.compile(
    r"embed(?!ded)|rerank|colbert|whisper|diffusion|speculator|(?<![a-z])(?:tts|asr|eagle-?3|dflash|dspark)(?![a-z])",
    re.IGNORECASE,
)


class RemotePart(Record):
    name: str
    """Path in the repository. It is untrusted: it may be part of an address, but never of a path on this PC."""
    bytes: int
    sha256: str
    """Checksum of 64 hexadecimal digits, or empty if the Hub gives none."""


class RemoteFile(Record):
    repo: str
    revision: str
    """The commit of the repository, so that a later download gets the file that was listed."""
    parts: tuple[RemotePart, ...]
    quantization: str
    license: str = ""
    gated: bool = False
    beside: str = ""
    """Empty for a model, else what the file is; see GgufHeader.kind."""
    projector: RemotePart | None = None
    """What is fetched with a model so that it sees pictures. Not known from a search."""

    @property
    def name(self) -> str:
        return clean_label(self.parts[0].name)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)

    @property
    def eyes_bytes(self) -> int:
        return self.projector.bytes if self.projector else 0

    @property
    def size_bytes(self) -> int:
        """The same as `bytes`, under the name by which `slmdesk.models.gguf.quantization` sorts."""
        return self.bytes

    @property
    def sha256(self) -> str:
        return self.parts[0].sha256 if len(self.parts) == 1 else ""


class Repo(Record):
    id: str
    """owner/name on the Hub."""
    revision: str
    downloads: int
    likes: int
    updated: str
    """Time of the last change in ISO 8601, or empty."""
    license: str
    gated: bool
    files: tuple[RemoteFile, ...]
    """The GGUF files in the repository. Sizes and checksums are only known from `Hub.repo`, not from a search."""
    parameters: int = 0
    """Number of parameters that the Hub read from one of the files, or 0 if it gives none."""
    has_card: bool = True
    chats: bool = True
    """False if the name, tags or header show that the models are not made for chatting; see `may_chat`."""

    @property
    def eyes_bytes(self) -> int:
        """Most bytes that are needed beside one of its models so that it sees pictures."""
        return max((file.eyes_bytes for file in self.files), default=0)

    def choose(
        self, file: str = "", quantization: str = "", *, budget_bytes: int = 0, begun: Collection[str] = ()
    ) -> RemoteFile:
        """Choose a file: `file` if given, else a file of `quantization` if given.

        Otherwise choose a file whose download was begun (`begun` has the checksums), else the best one whose weights
        fit into `budget_bytes`, else the best of all. Raises KnownError `hub.no_file`, `hub.several_files`,
        `hub.no_models`, `hub.no_chat`.
        """
        if not self.files:
            raise KnownError("hub.no_models", repo=self.id)
        if file:
            named = [known for known in self.files if file in (known.parts[0].name, known.name)]
            named = named or [known for known in self.files if file.casefold() == known.name.casefold()]
            return self._one_of(named, file)
        models = [file for file in self.files if not file.beside]
        if not models:
            raise self.problem("hub.no_chat")
        if quantization:
            requested = quantization.casefold()
            return self._one_of([model for model in models if model.quantization.casefold() == requested], quantization)
        if half := next((model for model in models if any(part.sha256 in begun for part in model.parts)), None):
            return half
        best = recommended(models, budget_bytes) or recommended(models, _UNLIMITED)
        return best or self._one_of(models, "GGUF")

    def _one_of(self, candidates: Sequence[RemoteFile], requested: str) -> RemoteFile:
        models = {_SPLIT.sub(r"\1.gguf", file.parts[0].name) for file in candidates}
        if len(models) == 1:  # perhaps both as a single file and in parts
            return min(candidates, key=lambda file: len(file.parts))
        code = "hub.several_files" if candidates else "hub.no_file"
        raise self.problem(code, candidates, wanted=clean_label(requested, 80))

    def problem(self, code: str, files: Sequence[RemoteFile] = (), **words: str) -> KnownError:
        """Return an error that lists `files`, or all there are, each with what it is."""
        known = "; ".join(map(_described, (files or self.files)[:12]))
        return KnownError(code, repo=self.id, known=known, **words)


def _described(file: RemoteFile) -> str:
    known = quantization_of_file(file.name)
    if file.beside in KINDS:
        return f"{file.name} ({KINDS[file.beside]})"
    return f"{file.name} ({known.bits_text})" if known else file.name


def may_chat(name: str, tags: Collection[str], architecture: str) -> bool:
    """Return whether a repository's models may be able to chat, judged by name, tags and architecture.

    The Hub may have read the architecture from a companion file instead of a model. In that case it does not count.
    """
    known = not architecture or kind_of_architecture(architecture) in ("model", "head", "projector")
    return known and not _OTHER_NAME.search(name) and (not _OTHER_TAGS & set(tags) or bool(_CHAT_TAGS & set(tags)))


def quantization_of(name: str) -> str:
    stem = _SPLIT.sub(r"\1.gguf", name.rpartition("/")[2]).removesuffix(".gguf")
    forms = _QUANTIZATION_IN_NAME.findall(stem)
    return str(forms[-1]).upper().replace("FP16", "F16").replace("FP32", "F32") if forms else ""


def files_of(parts: Iterable[RemotePart], *, repo: str, revision: str, license: str, gated: bool) -> list[RemoteFile]:
    """Return the model files among the parts, sorted by name. Parts of a split file are joined to one file. A split
    file with missing parts is left out.
    """
    single: list[tuple[RemotePart, ...]] = []
    splits: dict[tuple[str, int], dict[int, RemotePart]] = {}
    for part in parts:
        if not part.name.lower().endswith(".gguf") and not _SPEECH.search(part.name):
            continue
        if split := _SPLIT.match(part.name):
            splits.setdefault((split[1], int(split[3])), {})[int(split[2])] = part
        else:
            single.append((part,))
    for (_stem, count), numbered in splits.items():
        if 0 < count <= MAX_PARTS and sorted(numbered) == list(range(1, count + 1)):
            single.append(tuple(numbered[number] for number in range(1, count + 1)))
    single.sort(key=lambda pair: pair[0].name)
    files = [
        RemoteFile(repo, revision, each, quantization_of(each[0].name), license=license, gated=gated) for each in single
    ]
    beside = companions(files)
    return [
        changed(file, beside="whisper" if _SPEECH.search(file.name) else beside.get(file.name, "")) for file in files
    ]


def _seeing(files: Sequence[RemoteFile], architecture: str) -> tuple[RemoteFile, ...]:
    """Return the files, each model with its projector. The Hub may have read the architecture from a companion file."""
    from slmdesk.models.gguf.projectors import PROJECTOR, named_for, takes_projector  # only who asks the Hub needs it

    eyes = {file.name: file.parts[0] for file in files if file.beside == PROJECTOR and len(file.parts) == 1}
    names = [*eyes][:_MOST_PROJECTORS]
    if not names or (kind_of_architecture(architecture) == "model" and not takes_projector(architecture)):
        return tuple(files)
    return tuple(file if file.beside else changed(file, projector=eyes[named_for(file.name, names)]) for file in files)


CARD_NAME = "README.md"
MAX_CARD_BYTES = 1 << 20
"""Most bytes of a model card to download. Cards with benchmark tables in their front matter reach some 300 kB."""


class Card(Record):
    text: str
    is_cut: bool


def read_card(address: str, *, token: str) -> Card:
    """Download the model card at `address`. Call it inside `Hub.asking`, and it raises what that does."""
    body = bytearray()
    with _answer(address, token) as response:
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MAX_CARD_BYTES:
                break
    return Card(bytes(body[:MAX_CARD_BYTES]).decode("utf-8-sig", "replace"), len(body) > MAX_CARD_BYTES)


FIRST_LOOK_BYTES, MOST_HEADER_BYTES = 1 << 20, 1 << 26
"""Bytes of a file after which its header is looked for, and most that are read for it. It grows with the vocabulary."""
KEPT_BYTES = 64 << 20
"""Most bytes of headers that are kept. The oldest go first."""


def remote_header(address: str, *, token: str, folder: Path, sha256: str = "") -> GgufHeader:
    """Download a file until its header is there, and return that. Call it inside `Hub.asking`.

    What was downloaded is kept in `folder` by the file's checksum. Raises network.*, hub.*, model.*.
    """
    private_folder(folder)
    kept = folder / f"{sha256}.gguf"  # never there where the Hub gives no checksum
    with suppress(KnownError):
        return read_header(kept)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "start.gguf"
        with _answer(address, token) as response, path.open("wb", buffering=0) as out:
            look_at = FIRST_LOOK_BYTES
            for chunk in response.iter_raw():
                out.write(chunk)
                if out.tell() < look_at:
                    continue
                if look_at >= MOST_HEADER_BYTES or not _is_header_cut(path):
                    break
                look_at *= 4
        header = read_header(path)
        if sha256:
            _keep(path, kept)
        return header


def _is_header_cut(path: Path) -> bool:
    try:
        read_header(path)
    except KnownError as err:
        return err.code == "model.incomplete"
    return False


def _keep(path: Path, kept: Path) -> None:
    with suppress(OSError):  # nothing is lost but the time to fetch it again
        path.replace(kept)
        left = KEPT_BYTES
        for file in sorted(kept.parent.glob("*.gguf"), key=lambda file: -file.stat().st_mtime):
            left -= file.stat().st_size
            if left < 0:
                file.unlink()


def _answer(address: str, token: str) -> AbstractContextManager[httpx2.Response]:
    from huggingface_hub import get_session
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    return get_session().stream("GET", address, headers=build_hf_headers(token=token or False))


SORTS: Mapping[str, str] = {"downloads": "downloads", "updated": "lastModified", "likes": "likes"}
TASKS: Mapping[str, str] = {
    "chat": "conversational",
    "summaries": "summarization",
    "translation": "translation",
    "code": "code",
    "embedding": "feature-extraction",
}
"""For each use of a model, the Hub's tag for it. Publishers set these tags, and many publishers set none."""
MOST = 100
"""Most repositories in an answer: one page of the Hub."""
_REQUESTED = ("downloads", "likes", "lastModified", "gated", "tags", "siblings", "sha", "gguf")
_MAX_FILES = 20_000
PIECE_BYTES = 64 << 10
"""Bytes in which huggingface_hub hands on a body. It keeps a piece in memory until it is whole: with its own 10 MiB a
connection that is cut each few megabytes would never get on.
"""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_FILE_NAME = re.compile(r".{1,1000}", re.DOTALL)


class Query(Record):
    words: str
    author: str = ""
    language: str = ""
    """Language code of ISO 639-1, or empty for any language."""
    license: str = ""
    """The Hub's short name of a license, or empty for any license."""
    task: str = ""
    """A key of TASKS, or empty for any task."""
    sort: str = "downloads"
    """A key of SORTS."""


class HubPage(Record):
    repos: tuple[Repo, ...]
    cursor: str
    """Where the next page begins. Empty on the last page."""


class Hub:
    """Client for the Hub. Call it from any thread but the app's. Every call can be stopped, and asks `policy` first."""

    def __init__(self, paths: Paths, policy: Callable[[], GuardPolicy], log: RequestLog) -> None:
        self._paths, self._policy, self._log = paths, policy, log
        self.token: Callable[[], str] = str
        """Function that returns the access token, or "" for none. It is only called for gated repositories, and may
        wait for the system's keyring.
        """

    def address(self, file: RemoteFile, part: RemotePart) -> str:
        return file_address(self._policy().endpoint, file.repo, file.revision, part.name)

    def place_of(self, file: RemoteFile, part: RemotePart, *, token: str) -> str:
        """Return the address to which the Hub sends for a file. Call it inside `asking`. Raises `download.changed`."""
        from huggingface_hub import get_hf_file_metadata

        with self._sensible():
            found = get_hf_file_metadata(self.address(file, part), token=token or False)
        etag = found.etag or ""
        if _SHA256.fullmatch(etag) and etag != part.sha256:
            raise KnownError("download.changed", name=clean_label(part.name))
        return found.location

    def header(self, file: RemoteFile, *, token: str = "", stop: Event | None = None) -> GgufHeader:
        """Return the header of a file; of a split file, that of the first part. Downloads the first megabytes, unless
        they were kept. Raises KnownError, Stopped.
        """
        part, folder = file.parts[0], self._paths.cache / "headers"
        with self.asking(f"header of {file.repo}/{file.name}", stop, repo=file.repo, is_long=True):
            return remote_header(self.address(file, part), token=token, folder=folder, sha256=part.sha256)

    def search(self, query: Query, *, size: int = 10, cursor: str = "", stop: Event | None = None) -> HubPage:
        """Return one page of GGUF repositories whose names contain the words, with a single request. Their files have
        names but no sizes.

        Raises KnownError network.*, hub.*, request.invalid, and Stopped.
        """
        tags = ("gguf", query.language, TASKS.get(query.task, ""), f"license:{query.license}" if query.license else "")
        params: dict[str, Any] = {
            "filter": [tag for tag in tags if tag],
            "sort": SORTS[query.sort],
            "limit": max(1, min(size, MOST)),
            "expand": list(_REQUESTED),
        }
        named = {"search": query.words, "author": query.author, "cursor": cursor}
        params |= {key: value for key, value in named.items() if value}
        with self.asking("search", stop), self._sensible():
            from huggingface_hub import ModelInfo, get_session  # its list_models cannot go on at a cursor

            answer = get_session().get(f"{self._endpoint}/api/models", params=params)
            untrusted = answer.json()
            if not isinstance(untrusted, list):
                raise TypeError("no list")
            made: Any = ModelInfo  # its constructor is untyped
            repos = [_repo_of(made(**{"siblings": None, **repo})) for repo in untrusted[:MOST]]
            begin = parse_qs(urlsplit(answer.links.get("next", {}).get("url", "")).query).get("cursor", [""])[0]
            return HubPage(tuple(repo for repo in repos if repo is not None), begin[:4096])

    def card(self, repo: Repo, *, token: str = "", stop: Event | None = None) -> Card:
        """Return the model card of a repository. Raises `hub.missing` if there is none, otherwise as `search` does."""
        with self.asking(f"card of {repo.id}", stop, repo=repo.id, what=f"{repo.id}/{CARD_NAME}"):
            address = file_address(self._endpoint, repo.id, repo.revision, CARD_NAME)
            return read_card(address, token=token)

    def repo(self, repo: str, *, stop: Event | None = None) -> Repo:
        """Return a repository with its files' sizes and checksums, and its new name if renamed. Raises as `search`."""
        if not is_repo(repo):
            raise KnownError("request.invalid", what=_("no repository: {repo}").format(repo=clean_label(repo, 100)))
        try:
            return self._repo(repo, stop)
        except KnownError as err:  # the Hub lists a gated repository's files to everybody; a mirror may not
            access = self.token() if err.code == "hub.gated" else ""
            if not access:
                raise
        return self._repo(repo, stop, access)

    def _repo(self, repo: str, stop: Event | None, access: str = "") -> Repo:
        with self.asking(f"files of {repo}", stop, repo=repo), self._sensible():
            from huggingface_hub import HfApi

            api = HfApi(endpoint=self._endpoint, token=False)
            record = _repo_of(api.model_info(repo, files_metadata=True, token=access or False))
            if record is None:
                raise ValueError("no repository")
            return record

    @contextmanager
    def asking(self, purpose: str, stop: Event | None = None, **more: Any) -> Iterator[None]:
        """Let huggingface_hub ask this Hub on this thread inside the block. `more` are fields of `guard.Asking`.

        Raises KnownError network.*, hub.*, and Stopped, as every request does.
        """
        import httpx2

        with _lock:
            _through_the_guard(self._paths)
        asking = Asking(self._policy(), self._log, purpose[:200], stop=stop or Event(), **more)
        try:
            with because(asking):
                yield
        except (httpx2.HTTPError, httpx2.InvalidURL) as err:
            raise problem_of_line(err, self._host()) from err

    @contextmanager
    def _sensible(self) -> Iterator[None]:
        """Refuse what is no answer of a Hub: huggingface_hub builds its objects from any input."""
        try:
            yield
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError) as err:
            raise KnownError("hub.answer_invalid", host=self._host(), reason=_("not what the Hub answers")) from err

    @property
    def _endpoint(self) -> str:
        return self._policy().endpoint.rstrip("/")

    def _host(self) -> str:
        return self._policy().endpoint.partition("://")[2].partition("/")[0]


_lock = Lock()


def _through_the_guard(paths: Paths) -> None:
    """Make huggingface_hub ask through the guard, in this process from now on."""
    if "huggingface_hub.constants" not in sys.modules:
        set_environment(paths)
    _set_client()


@cache
def _set_client() -> None:
    from huggingface_hub import constants, set_client_factory

    if not (constants.HF_HUB_DISABLE_IMPLICIT_TOKEN and constants.HF_HUB_DISABLE_TELEMETRY):
        raise BugError("huggingface_hub was imported before its environment was set")
    constants.DOWNLOAD_CHUNK_SIZE = PIECE_BYTES
    set_client_factory(make_client)


def _repo_of(untrusted: Any) -> Repo | None:
    """Build a Repo from an object of huggingface_hub, and check every field. Return None if the name is not valid."""
    name, revision = untrusted.id, untrusted.sha
    if not isinstance(name, str) or not is_repo(name):
        return None
    tags = [tag for tag in untrusted.tags or () if isinstance(tag, str)][:1000]
    license = next((tag.removeprefix("license:") for tag in tags if tag.startswith("license:")), "")
    license, gated = clean_label(license, 60), untrusted.gated not in (None, False)
    revision = _matching(_COMMIT, revision) or "main"
    parts = (_part_of(sibling) for sibling in (untrusted.siblings or ())[:_MAX_FILES])
    kept = [part for part in parts if part is not None]
    updated, about = untrusted.last_modified, untrusted.gguf if isinstance(untrusted.gguf, dict) else {}
    architecture = about["architecture"] if isinstance(about.get("architecture"), str) else ""
    files = files_of(kept, repo=name, revision=revision, license=license, gated=gated)
    return Repo(
        id=name,
        revision=revision,
        downloads=_whole(untrusted.downloads),
        likes=_whole(untrusted.likes),
        updated=updated.isoformat() if isinstance(updated, datetime) else "",
        license=license,
        gated=gated,
        files=_seeing(files, architecture),
        parameters=_whole(about.get("total")),
        has_card=any(part.name == CARD_NAME for part in kept),
        chats=may_chat(name, tags, architecture),
    )


def _part_of(untrusted: Any) -> RemotePart | None:
    name, lfs = _matching(_FILE_NAME, untrusted.rfilename), untrusted.lfs
    if not name:
        return None
    if not lfs:
        return RemotePart(name, _whole(untrusted.size), "")
    return RemotePart(name, _whole(lfs.size), _matching(_SHA256, lfs.sha256))


def _matching(pattern: re.Pattern[str], untrusted: object) -> str:
    """Return a text that the pattern matches whole, or empty."""
    return untrusted if isinstance(untrusted, str) and pattern.fullmatch(untrusted) else ""


def _whole(untrusted: object) -> int:
    """Return a number that is one, and sensible, or 0."""
    return untrusted if type(untrusted) is int and 0 <= untrusted < 1 << 50 else 0


# The curated list of small models. What each model is good at, and the source of that claim. The list needs no request.
# Its sizes are those that the Hub shows, to a tenth; exact ones and checksums come from the Hub.


MANY_LANGUAGES = "mul"
"""Language code of ISO 639 for "multiple languages": more than the list can name."""
_Line: TypeAlias = Annotated[str, Meta(min_length=1)]
_Parameters: TypeAlias = Annotated[int, Meta(gt=0, le=10**13)]
_Mib: TypeAlias = Annotated[int, Meta(ge=0, le=1 << 20)]


class Skill(StrEnum):
    CHAT = "chat"
    SUMMARIES = "summaries"
    TRANSLATION = "translation"
    CODE = "code"
    EMBEDDING = "embedding"
    SPEECH = "speech"
    PICTURES = "pictures"


class Group(StrEnum):
    SUGGESTED = "suggested"
    CODE = "code"
    COMPARISON = "comparison"


class Commercial(StrEnum):
    YES = "yes"
    CONDITIONS = "conditions"
    NO = "no"


class Measure(Record, forbid_unknown_fields=True):
    """What somebody else measured of a model at a job."""

    job: Skill
    words: _Line
    source: _Line
    date: Annotated[str, Meta(pattern=r"\A\d{4}-\d{2}\Z")]


class CatalogueEntry(Record, forbid_unknown_fields=True):
    """One repository with GGUF files in the curated list. catalogue.toml says what each field means."""

    repo: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\Z")]
    """owner/name on the Hub."""
    title: _Line
    family: _Line
    parameters: _Parameters
    licence: _Line
    weakness: _Line
    files: Annotated[str, Meta(pattern=r"(?i)\A([\w.*?-]+\.(gguf|bin))?\Z")] = ""
    """Pattern with wildcards for file names. Empty: the best file is looked up when it is fetched."""
    commercial: Commercial = Commercial.YES
    merit: Mapping[Skill, Annotated[int, Meta(ge=0, le=100)]] = field(default_factory=dict)
    good_at: tuple[Skill, ...] = ()
    languages: tuple[Annotated[str, Meta(pattern=r"\A([a-z]{2}|mul)\Z")], ...] = ("en",)
    active: _Parameters = 0
    """Number of parameters that are read for each word. 0: all of them."""
    size_gib: Annotated[float, Meta(ge=0, le=1 << 14)] = 0.0
    cache_mib: tuple[_Mib, _Mib] = (0, 0)
    """Memory for a context of 4,096 and of 16,384 tokens."""
    thinking: Literal["", "optional", "always"] = ""
    sees: bool = False
    hears: bool = False
    measured: tuple[Measure, ...] = ()
    good_for: str = ""
    source: str = ""
    earlier: bool = False
    """Whether a later one of the list does its work better."""

    @property
    def quantization(self) -> str:
        known = quantization_of_file(self.files)
        return known.name if known else ""

    @property
    def file(self) -> str:
        """Name of the file, or empty if it is a pattern."""
        return "" if set("*?[") & set(self.files) else self.files

    @property
    def skills(self) -> tuple[Skill, ...]:
        return tuple(skill for skill in Skill if skill in self.merit or skill in self.good_at)

    @property
    def group(self) -> Group:
        is_special = {Skill.EMBEDDING, Skill.SPEECH, Skill.PICTURES} & {*self.good_at}
        if self.merit or (is_special and not self.earlier):
            return Group.SUGGESTED
        return Group.CODE if self.good_at == (Skill.CODE,) else Group.COMPARISON

    @property
    def bytes(self) -> int:
        """Size of the file, estimated by the parameters where the Hub's is not known."""
        known = quantization_of_file(self.files)
        return round(self.size_gib * (1 << 30)) or (weight_bytes(self.parameters, known) if known else 0)

    @property
    def active_bytes(self) -> int:
        return self.bytes * (self.active or self.parameters) // self.parameters

    @property
    def size_text(self) -> str:
        text = count_text(self.parameters)
        if not self.active:
            return _("{text} parameters").format(text=text)
        return _("{text} parameters, {count} of them for each word").format(text=text, count=count_text(self.active))

    def memory(self, context_tokens: int) -> int:
        """Return the bytes needed with a context, between and beyond those of `cache_mib` by a straight line."""
        small, large = self.cache_mib
        cache = small + (large - small) * (context_tokens - 4096) / 12_288
        return self.bytes + (round(max(0.0, cache)) << 20) + _BESIDE_BYTES

    def speaks(self, language: str) -> bool:
        """Return whether the model is made for this language (ISO 639-1). One with many languages counts as for all."""
        return language in self.languages or MANY_LANGUAGES in self.languages


_BESIDE_BYTES = 256 << 20
"""Bytes of a process besides weights and cache: the program, tables of the vocabulary, activations."""


def count_text(parameters: int) -> str:
    return (
        _("{parameters:.1f} billion").format(parameters=parameters / 1e9)
        if parameters >= 995_000_000
        else _("{parameters:.0f} million").format(parameters=parameters / 1e6)
    )


class _Catalogue(Record, forbid_unknown_fields=True):
    model: tuple[CatalogueEntry, ...]


def load_catalogue() -> tuple[CatalogueEntry, ...]:
    text = (package_files("slmdesk.models.hub") / "catalogue.toml").read_text(encoding="utf-8")
    return converted(tomllib.loads(text), _Catalogue).model


def find_entry(entries: Sequence[CatalogueEntry], repo: str) -> CatalogueEntry | None:
    return next((entry for entry in entries if entry.repo.lower() == repo.lower()), None)

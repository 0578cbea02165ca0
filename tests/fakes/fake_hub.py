"""A Hub on loopback that the real huggingface_hub client talks to: search, info, resolve, and its storage.

    with FakeHub() as hub:
        hub.add("owner/tiny-GGUF", {"tiny.Q4_K_M.gguf": data, "README.md": b"..."}, license="mit", tags=["en"])
        settings: hub_endpoint=hub.endpoint, hub_hosts=hub.storage, offline=False   (see `online` below)

As at the real one, files come from another origin (a second port): `resolve` answers 302 with X-Repo-Commit,
X-Linked-Etag and X-Linked-Size, and the storage knows Range, If-Range and ETag.  A gated repository wants a token
(`hub.token`); `hub.stranger` is one of somebody who has not agreed (403), any other is wrong (401).  With
`hub.is_all_gated` a gated repository's listing wants it too, as on some mirrors.  A missing repository answers 401 like
the real one.  Content is bytes, or a Path for large files.

Faults: `hub.storage_faults` and `hub.api_faults` are lists, one `Fault` for each request in turn (None: none); when
they are used up, `hub.storage_fault` and `hub.api_fault` hold for all further ones.  What happened: `hub.seen`, one
`Seen` for each request, and `hub.sent`, the bytes of files that left.  A stall lasts until `hub.release.set()` or the
end; `hub.stalled` is set when one began.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

PIECE = 1 << 16
CERTIFICATE = Path(__file__).with_name("self_signed.pem")
"""Of 127.0.0.1, with its key; trusted by nobody but a test that names it as CA file."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one answer.  Positions are those of the file, not of the answer."""

    status: int = 0
    """Answer with this and nothing of the file."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Added to the answer, or replacing what it has; an empty value takes one away."""
    body: bytes | None = None
    """Instead of what was asked for."""
    silent: bool = False
    """No answer at all: a stall before the first byte."""
    cut_at: int | None = None
    reset: bool = False
    """The cut is a reset of the connection, not an orderly end."""
    stall_at: int | None = None
    drip: int = 0
    """Bytes of each piece, `pause_s` apart."""
    pause_s: float = 0.0
    claimed_length: int | None = None
    no_length: bool = False
    chunked: bool = False
    endless: bool = False
    """Goes on with zeros after the file."""
    ignore_range: bool = False
    shift_range: int = 0
    """The answer begins so many bytes later than asked, and says so."""
    flip_at: int | None = None
    """This byte is another one."""
    etag: str = ""
    """Instead of the right one; If-Range is compared with it."""
    redirect: str = ""
    """Answer 302 to this address."""


HTML = Fault(status=200, body=b"<html><title>Hotel Wi-Fi</title>", headers={"content-type": "text/html"})


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    where: str
    """api or storage."""
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    """Names in lower case."""


@dataclass
class Stored:
    """A repository."""

    id: str
    files: dict[str, bytes | Path]
    license: str = "apache-2.0"
    tags: Sequence[str] = ("en",)
    gated: bool = False
    downloads: int = 100
    likes: int = 10
    updated: str = "2026-05-01T12:00:00.000Z"
    commit: str = "a" * 40
    lies: dict[str, dict] = field(default_factory=dict)
    """Of a file: "size" or "sha256" that the listing claims instead of the right ones."""
    gguf: dict = field(default_factory=dict)
    """What the Hub read from one of the files: "total" (weights), "architecture", "context_length"."""


class FakeHub:
    """See the module."""

    def __init__(self, *, tls: bool = False, certificate: Path = CERTIFICATE) -> None:
        self.repos: dict[str, Stored] = {}
        self.seen: list[Seen] = []
        self.sent = 0
        self.token = "hf_agreed"
        self.stranger = "hf_stranger"
        self.is_all_gated = False
        self.api_faults: list[Fault | None] = []
        self.storage_faults: list[Fault | None] = []
        self.api_fault: Fault | None = None
        self.storage_fault: Fault | None = None
        self.release, self.stalled = threading.Event(), threading.Event()
        self._sums: dict[int, str] = {}
        self.blobs: dict[str, bytes | Path] = {}
        self._lock = threading.Lock()
        self.certificate = certificate
        self._servers = [_Server(self, "api", tls), _Server(self, "storage", tls)]
        scheme = "https" if tls else "http"
        self.endpoint = f"{scheme}://127.0.0.1:{self._servers[0].server_port}"
        self.storage = f"127.0.0.1:{self._servers[1].server_port}"
        self.storage_address = f"{scheme}://{self.storage}"

    def __enter__(self) -> FakeHub:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def add(self, repo: str, files: Mapping[str, bytes | Path], **about) -> Stored:
        """A repository, or new content of one: then it has another commit, and the old files are gone."""
        stored = Stored(repo, dict(files), **about)
        if repo in self.repos:
            stored.commit = hashlib.sha1(self.repos[repo].commit.encode()).hexdigest()
        self.repos[repo] = stored
        for content in stored.files.values():
            self.blobs[self.sha256(content)] = content
        return stored

    def sha256(self, content: bytes | Path) -> str:
        """Of a file's content."""
        if isinstance(content, bytes):
            return hashlib.sha256(content).hexdigest()
        with self._lock:
            if id(content) not in self._sums:
                with content.open("rb") as file:
                    self._sums[id(content)] = hashlib.file_digest(file, "sha256").hexdigest()
            return self._sums[id(content)]

    def requests(self, where: str = "") -> list[Seen]:
        """What came, in order."""
        return [request for request in list(self.seen) if where in ("", request.where)]

    def fault_for(self, where: str) -> Fault | None:
        """The next fault in turn."""
        with self._lock:
            turns = self.api_faults if where == "api" else self.storage_faults
            if turns:
                return turns.pop(0)
        return self.api_fault if where == "api" else self.storage_fault

    def count(self, size: int) -> None:
        with self._lock:
            self.sent += size

    def listed(self, query: Mapping[str, list[str]]) -> list[dict]:
        """The answer to a search."""
        words = query.get("search", [""])[0].casefold()
        author, requested = query.get("author", [""])[0], set(query.get("filter", []))
        repos = [
            repo
            for repo in self.repos.values()
            if words in repo.id.casefold()
            and (not author or repo.id.startswith(author + "/"))
            and requested <= {*self.tags(repo)}
        ]
        key = {"likes": "likes", "lastModified": "updated"}.get(query.get("sort", [""])[0], "downloads")
        return [self.info(repo) for repo in sorted(repos, key=lambda repo: getattr(repo, key), reverse=True)]

    def tags(self, stored: Stored) -> list[str]:
        gguf = ["gguf"] if any(name.lower().endswith(".gguf") for name in stored.files) else []
        return [*gguf, *stored.tags, f"license:{stored.license}"]

    def info(self, stored: Stored, blobs: bool = False) -> dict:
        """A repository as the API tells it."""
        siblings = []
        for name, content in stored.files.items():
            sibling: dict = {"rfilename": name}
            if blobs:
                lie = stored.lies.get(name, {})
                size = lie.get("size", size_of(content))
                sibling |= {"size": size, "blobId": "b" * 40}
                if name.lower().endswith(".gguf") and lie.get("sha256", "") is not None:
                    sha256 = lie.get("sha256") or self.sha256(content)
                    sibling["lfs"] = {"sha256": sha256, "size": size, "pointerSize": 134}
            siblings.append(sibling)
        return {
            "_id": "1", "id": stored.id, "modelId": stored.id, "sha": stored.commit, "private": False,
            "gated": "auto" if stored.gated else False, "downloads": stored.downloads, "likes": stored.likes,
            "lastModified": stored.updated, "tags": self.tags(stored), "siblings": siblings,
            **({"gguf": stored.gguf} if stored.gguf else {}),
        }  # fmt: skip


def size_of(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, hub: FakeHub, where: str, tls: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Api if where == "api" else _Storage)
        self.hub, self.where = hub, where
        self.tls = None
        if tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(hub.certificate)

    def finish_request(self, request, client_address):
        if self.tls:  # the handshake on the thread of the request
            with contextlib.suppress(OSError), self.tls.wrap_socket(request, server_side=True) as request:
                super().finish_request(request, client_address)
            return
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        """A client that has gone is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    @property
    def hub(self) -> FakeHub:
        return self.server.hub

    def handle_one(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.hub.seen.append(Seen(self.server.where, self.command, unquote(parts.path), query, headers))
        self.fault = self.hub.fault_for(self.server.where) or Fault()
        fault = self.fault
        if fault.silent:
            self.hub.stalled.set()
            self.hub.release.wait(120)
            self.close_connection = True
        elif fault.redirect:
            self.give(302, b"", {"location": fault.redirect})
        elif fault.status and fault.status != 200 and not fault.endless:
            self.give(fault.status, fault.body or b"{}", dict(fault.headers))
        elif fault.body is not None:
            self.serve(fault.body, fault.status or 200, 0, {"content-type": "application/json", **fault.headers})
        else:
            self.answer(unquote(parts.path), query, headers)

    do_GET = do_HEAD = handle_one

    def answer(self, path: str, query: dict, headers: dict) -> None:
        raise NotImplementedError

    def give(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """A small answer."""
        self.send_response(status)
        for key, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def give_json(self, value, headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(value).encode()
        self.serve(body, 200, 0, {"content-type": "application/json", **(headers or {})})

    def serve(self, content: bytes | Path, status: int, start: int, headers: dict[str, str]) -> None:
        """Content from `start` on, with the fault's ways."""
        fault, size = self.fault, size_of(content)
        headers = {"content-length": str(max(size - start, 0)), **headers}
        if fault.claimed_length is not None:
            headers["content-length"] = str(fault.claimed_length)
        if fault.no_length or fault.chunked or fault.endless:
            headers["content-length"] = ""
        if fault.chunked:
            headers["transfer-encoding"] = "chunked"
        elif fault.no_length or fault.endless or fault.cut_at is not None:
            headers["connection"] = "close"
            self.close_connection = True
        self.send_response(status)
        for key, value in {**headers, **fault.headers}.items():
            if value:
                self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        for piece in self._pieces(content, start, size):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if fault.chunked else piece)
            if self.server.where == "storage":
                self.hub.count(len(piece))
        if fault.chunked and fault.cut_at is None:
            self.wfile.write(b"0\r\n\r\n")
        if fault.cut_at is not None:
            self._cut()

    def _pieces(self, content: bytes | Path, start: int, size: int) -> Iterator[bytes]:
        fault, at = self.fault, start
        step = fault.drip or (1 << 20 if isinstance(content, Path) else PIECE)
        end = size if fault.cut_at is None else min(size, max(fault.cut_at, start))
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(content.open("rb")) if isinstance(content, Path) else None
            while at < end:
                count = min(step, end - at)
                if fault.stall_at is not None and at <= fault.stall_at < at + count:
                    count = fault.stall_at - at
                if file:
                    file.seek(at)
                piece = file.read(count) if file else content[at : at + count]
                if fault.flip_at is not None and at <= fault.flip_at < at + count:
                    place = fault.flip_at - at
                    piece = piece[:place] + bytes([piece[place] ^ 1]) + piece[place + 1 :]
                if piece:
                    yield piece
                at += count
                if fault.stall_at == at:
                    self.wfile.flush()
                    self.hub.stalled.set()
                    self.hub.release.wait(120)
                    self.fault = fault = Fault()
                if fault.pause_s and self.hub.release.wait(fault.pause_s):
                    return
        while fault.endless and not self.hub.release.is_set():
            yield bytes(PIECE)

    def _cut(self) -> None:
        self.wfile.flush()
        if self.fault.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *args) -> None:
        """Nothing on stderr."""


class _Api(_Handler):
    def answer(self, path: str, query: dict, headers: dict) -> None:
        if path == "/api/models":
            self._search(query)
            return
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)(/revision/[^/]+)?", path):
            stored = self.hub.repos.get(match[1])
            if stored is None:
                self._refuse(401, "RepoNotFound")
            elif self.hub.is_all_gated and stored.gated and self._refuse_stranger(headers):
                return
            else:
                self.give_json(self.hub.info(stored, blobs="blobs" in query))
            return
        if match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path, re.DOTALL):
            self._resolve(match[1], match[3], headers)
            return
        self._refuse(404, "EntryNotFound")

    def _search(self, query: dict) -> None:
        repos = self.hub.listed(query)
        limit, begin = int(query.get("limit", ["1000"])[0]), int(query.get("cursor", ["0"])[0])
        link = {}
        if len(repos) > begin + limit:
            pairs = "&".join(f"{key}={word}" for key, each in query.items() if key != "cursor" for word in each)
            link = {"link": f'<{self.hub.endpoint}/api/models?{pairs}&cursor={begin + limit}>; rel="next"'}
        self.give_json(repos[begin : begin + limit], link)

    def _resolve(self, repo: str, name: str, headers: dict) -> None:
        stored = self.hub.repos.get(repo)
        if stored is None:
            self._refuse(401, "RepoNotFound")
        elif stored.gated and self._refuse_stranger(headers):
            return
        elif name not in stored.files:
            self._refuse(404, "EntryNotFound")
        elif not name.lower().endswith(".gguf") and isinstance(stored.files[name], bytes):  # no LFS: as it is
            self.serve(stored.files[name], 200, 0, {"content-type": "text/plain; charset=utf-8"})
        else:
            content = stored.files[name]
            sha256 = self.hub.sha256(content)
            about = {
                "location": f"{self.hub.storage_address}/blobs/{sha256}?signature=1",
                "x-repo-commit": stored.commit,
                "x-linked-etag": f'"{stored.lies.get(name, {}).get("sha256") or sha256}"',
                "x-linked-size": str(size_of(content)),
                "etag": f'"{sha256}"',
            }
            self.give(302, b"", about)

    def _refuse_stranger(self, headers: dict) -> bool:
        given = headers.get("authorization")
        if given == f"Bearer {self.hub.token}":
            return False
        if given is None:
            self._refuse(401, "GatedRepo")
        elif given == f"Bearer {self.hub.stranger}":
            self._refuse(403, "GatedRepo")
        else:
            self._refuse(401, "")
        return True

    def _refuse(self, status: int, code: str) -> None:
        self.give(status, json.dumps({"error": code}).encode(), {"x-error-code": code})


class _Storage(_Handler):
    def answer(self, path: str, query: dict, headers: dict) -> None:
        content = self.hub.blobs.get(path.removeprefix("/blobs/"))
        if content is None:
            self.give(404, b"", {})
            return
        fault, size = self.fault, size_of(content)
        etag = fault.etag or f'"{self.hub.sha256(content)[:32]}"'
        about = {"etag": etag, "accept-ranges": "bytes", "content-type": "application/octet-stream"}
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        if not match or fault.ignore_range or headers.get("if-range", etag) != etag:
            self.serve(content, 200, 0, about)
            return
        start = int(match[1]) + fault.shift_range
        if start >= size:
            self.give(416, b"", {"content-range": f"bytes */{size}"})
            return
        last = min(int(match[2]), size - 1) if match[2] else size - 1
        about["content-range"] = f"bytes {start}-{last}/{size}"
        if match[2] and isinstance(content, bytes):
            content = content[: last + 1]
        self.serve(content, 206, start, about)


def online(home: Path, hub: FakeHub, **more) -> None:
    """Write the settings of a home so that it asks this Hub, before the program is opened there."""
    file = home / "config" / "settings.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    about = {"offline": False, "hub_endpoint": hub.endpoint, "hub_hosts": hub.storage, "proxy": "none", **more}
    file.write_text(json.dumps(about))


def part_size(home: Path) -> int:
    """How many bytes of downloads that have not ended are on the disk."""
    return sum(path.stat().st_size for path in (home / "models").glob("*.part"))

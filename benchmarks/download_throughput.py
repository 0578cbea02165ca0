"""How fast a model comes from a server on this PC, against curl: written by huggingface_hub, synced, then hashed.

The server is a process of its own and sends the file with sendfile(2), so that it is never what holds the line up.
`python -m benchmarks.download_throughput [MIB [ROUNDS]]` runs the rows alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event

from benchmarks.common import ROOT, Row, interleave, median_and_span, ratios, table
from slmdesk.base.records import Answered, Outgoing

MIB = 1 << 20
SIZE_MIB, ROUNDS = 256, 5
LIMITED_BYTES_PER_S = 20 * MIB
"""What the server gives one connection in the rows on several connections."""
AT_ONCE = 4
_RANGE = re.compile(rb"\r\nrange: bytes=(\d+)-(\d*)", re.IGNORECASE)
_PIECE = 1 << 18


def serve(path: str) -> None:
    """Serve one file until stdin closes; a path that begins with /slow is held to LIMITED_BYTES_PER_S a connection."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=_accept, args=(listener, path), daemon=True).start()
    sys.stdin.read()


def _accept(listener: socket.socket, path: str) -> None:
    while True:
        connection, _address = listener.accept()
        threading.Thread(target=_answer, args=(connection, path), daemon=True).start()


def _answer(connection: socket.socket, path: str) -> None:
    with connection, Path(path).open("rb") as file:
        asked = b""
        while b"\r\n\r\n" not in asked:
            piece = connection.recv(1 << 16)
            if not piece:
                return
            asked += piece
        size = os.fstat(file.fileno()).st_size
        match = _RANGE.search(asked)
        begin, end = (int(match[1]), int(match[2] or size - 1) + 1) if match else (0, size)
        head = f'HTTP/1.1 {206 if match else 200} OK\r\nContent-Length: {end - begin}\r\nETag: "one"\r\n'
        head += "Connection: close\r\nContent-Type: application/octet-stream\r\n"
        if match:
            head += f"Content-Range: bytes {begin}-{end - 1}/{size}\r\n"
        try:
            connection.sendall(head.encode() + b"\r\n")
            if not asked.startswith(b"HEAD "):
                _send(connection, file.fileno(), begin, end, is_slow=asked.startswith(b"GET /slow"))
        except OSError:
            return  # whoever asked has gone


def _send(connection: socket.socket, file: int, begin: int, end: int, *, is_slow: bool) -> None:
    started, at = time.monotonic(), begin
    while at < end:
        at += os.sendfile(connection.fileno(), file, at, min(end - at, _PIECE if is_slow else 1 << 30))
        ahead = (at - begin) / LIMITED_BYTES_PER_S - (time.monotonic() - started)
        if is_slow and ahead > 0:
            time.sleep(ahead)


@contextmanager
def served(path: Path) -> Iterator[str]:
    """The address of a server for one file, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.download_throughput", "--serve", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


class _NoLog:
    """A network log that keeps nothing."""

    def record(self, _request: Outgoing) -> int:
        return 1

    def finish(self, _n: int, _answer: Answered) -> None:
        """Nothing."""

    def refuse(self, _request: Outgoing, _code: str) -> None:
        """Nothing."""


def fetch(address: str, folder: str, size: int, sha256: str) -> float:
    """Seconds for a download: from the first request until the file is checked, synced and in its place."""
    from slmdesk.base.paths import find_paths
    from slmdesk.models.hub.guard import GuardPolicy, SpeedLimit
    from slmdesk.models.hub.search import Hub, RemoteFile, RemotePart
    from slmdesk.models.hub.transfer import Part, Transfer, TransferLimits

    policy = GuardPolicy(lambda: False, frozenset({address.removeprefix("http://")}), address)
    remote = RemotePart("model.gguf", size, sha256)
    part = Part(Path(folder), "owner/name", remote)
    transfer = Transfer(
        Hub(find_paths(), lambda: policy, _NoLog()), RemoteFile("owner/name", "main", (remote,), ""), part,
        report=lambda _progress: None, stop=Event(), limits=TransferLimits(), speed=SpeedLimit(),
        on_wait=lambda _seconds: None,
    )  # fmt: skip
    started = time.perf_counter()
    transfer.run()
    part.move_to(Path(folder) / "model.gguf")
    return time.perf_counter() - started


def _ours(address: str, folder: Path, size: int, sha256: str, _turn: int) -> Mapping[str, float]:
    command = [sys.executable, "-m", "benchmarks.download_throughput", "--fetch", address, str(folder), str(size)]
    done = subprocess.run([*command, sha256], cwd=ROOT, capture_output=True, text=True, check=True)
    (folder / "model.gguf").unlink()
    return {"rate": size / float(done.stdout)}


def _curl(address: str, folder: Path, size: int, connections: int, _turn: int) -> Mapping[str, float]:
    """The time of curl, of `connections` of it side by side, each with its piece."""
    started, step = time.perf_counter(), -(-size // connections)
    running = [
        subprocess.Popen(
            ["curl", "-sS", "-o", str(folder / f"curl-{at}"), "-r", f"{at}-{min(at + step, size) - 1}", address]
        )
        for at in range(0, size, step)
    ]
    for process in running:
        process.wait()
    seconds = time.perf_counter() - started
    for path in folder.glob("curl-*"):
        path.unlink()
    return {"rate": size / seconds}


def download_throughput(size_mib: int = SIZE_MIB, rounds: int = ROUNDS) -> Iterator[Row]:
    """A download against curl, and what several connections bring where the server holds each back, and where not."""
    if shutil.which("curl") is None:
        return
    with tempfile.TemporaryDirectory(prefix="slmdesk-bench-") as name:
        folder, size = Path(name), size_mib * MIB
        source = folder / "source"
        block = os.urandom(MIB)
        with source.open("wb") as out:
            for _ in range(size_mib):
                out.write(block)
        with source.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with served(source) as address:
            sides: dict[str, Callable[[int], Mapping[str, float]]] = {
                "ours": partial(_ours, address, folder, size, sha256),
                "curl": partial(_curl, f"{address}/file", folder, size, 1),
                "four": partial(_curl, f"{address}/file", folder, size, AT_ONCE),
            }
            seen = interleave(sides, rounds, 0.1)
            against = ratios(seen["ours"], seen["curl"], "rate")
            detail = f"ours {_median(seen['ours']):.0f} MB/s, {size_mib} MiB"
            yield Row("download from this PC, hashed and synced ÷ curl", median_and_span(against), "≥ 0.8", detail)
            against = ratios(seen["four"], seen["curl"], "rate")
            yield Row(f"{AT_ONCE} connections ÷ one, a free line", median_and_span(against), "reported", "curl")
            slow: dict[str, Callable[[int], Mapping[str, float]]] = {
                "one": partial(_curl, f"{address}/slow", folder, min(size, 64 * MIB), 1),
                "four": partial(_curl, f"{address}/slow", folder, min(size, 64 * MIB), AT_ONCE),
            }
            seen = interleave(slow, 1, 0.1)
            yield Row(
                f"{AT_ONCE} connections ÷ one, {LIMITED_BYTES_PER_S // MIB} MiB/s for each",
                median_and_span(ratios(seen["four"], seen["one"], "rate")), "reported", "curl",
            )  # fmt: skip


def _median(figures: list[Mapping[str, float]]) -> float:
    return sorted(figure["rate"] for figure in figures)[len(figures) // 2] / 1e6


MORE = (download_throughput,)

if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["--serve"]:
        serve(arguments[1])
    elif arguments[:1] == ["--fetch"]:
        print(fetch(arguments[1], arguments[2], int(arguments[3]), arguments[4]))
    else:
        print(table(list(download_throughput(*map(int, arguments)))))

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event

import pytest
from fakes.fake_hub import FakeHub
from fakes.request_log import RequestLog

from slmdesk.base.paths import find_paths
from slmdesk.models.hub.guard import GuardPolicy, SpeedLimit
from slmdesk.models.hub.search import Hub, RemoteFile, RemotePart
from slmdesk.models.hub.transfer import Part, Progress, Transfer, TransferLimits

FAST = TransferLimits(first_wait_s=0.001, longest_wait_s=0.002, silence_s=20.0)
REPO, NAME = "some/model-GGUF", "model.Q4_K_M.gguf"


@pytest.fixture
def hub():
    with FakeHub() as it:
        yield it


class Answer(BaseHTTPRequestHandler):
    """Says nothing, politely."""

    def do_GET(self):
        self.server.seen += 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        """Nothing on stderr."""


@pytest.fixture
def silent_server():
    """Counts who comes."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as it:
        it.seen = 0
        thread = threading.Thread(target=it.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield it
        it.shutdown()
        thread.join()


@dataclass
class Fetcher:
    """Fetches one file of a fake Hub, as often as asked."""

    hub: FakeHub
    folder: Path
    data: bytes
    stop: Event = field(default_factory=Event)
    token: str = ""
    limits: TransferLimits = FAST
    spare_bytes: int = 0
    log: RequestLog = field(default_factory=RequestLog)
    waited: list = field(default_factory=list)
    remote: RemotePart | None = None

    @property
    def rows(self) -> list:
        return self.log.rows

    @property
    def target(self) -> Path:
        return self.folder / "target.gguf"

    @property
    def part(self) -> Part:
        remote = self.remote or RemotePart(NAME, len(self.data), self.hub.sha256(self.data))
        return Part(self.folder, REPO, remote, spare_bytes=self.spare_bytes)

    @property
    def policy(self) -> GuardPolicy:
        return GuardPolicy(lambda: False, frozenset({"127.0.0.1", self.hub.storage}), self.hub.endpoint)

    def run(self, policy: GuardPolicy | None = None, speed: SpeedLimit | None = None) -> list[Progress]:
        """Until it is in its place; raises what the transfer raises."""
        part, reported = self.part, []
        policy = policy or self.policy
        transfer = Transfer(
            Hub(find_paths(), lambda: policy, self.log), RemoteFile(REPO, "a" * 40, (part.file,), "Q4_K_M"), part,
            report=reported.append, stop=self.stop, token=self.token, limits=self.limits,
            speed=speed or SpeedLimit(), on_wait=self.waited.append,
        )  # fmt: skip
        transfer.run()
        part.move_to(self.target)
        self.resumed_from = transfer.resumed_from
        return reported

    def is_right(self) -> bool:
        """The file is in its place, right, and alone in its folder."""
        return self.target.read_bytes() == self.data and sorted(self.folder.iterdir()) == [self.target]


@pytest.fixture
def fetcher(hub, tmp_path) -> Fetcher:
    data = random.Random(7).randbytes(3 << 20)
    hub.add(REPO, {NAME: data})
    return Fetcher(hub, tmp_path / "models", data)

"""The guard: nothing leaves unasked, what leaves stands in the ledger first.  Rows P1 (part), P2, D8 (part)."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fakes.request_log import RequestLog

from slmdesk.base.errors import BugError, KnownError
from slmdesk.base.paths import find_paths
from slmdesk.base.records import Answered
from slmdesk.models.hub.guard import Asking, GuardPolicy, because, make_client
from slmdesk.models.hub.search import set_environment


class Handler(BaseHTTPRequestHandler):
    """Answers, redirects, and keeps what it was sent."""

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers), list(self.server.rows)))
        if self.path.startswith("/redirect?"):
            self.send_response(302)
            self.send_header("location", self.path.partition("?")[2])
            self.send_header("content-length", "0")
            self.end_headers()
            return
        body = self.server.bodies.get(self.path.partition("?")[0], b"x" * 1000)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Nothing on stderr."""


class Server(ThreadingHTTPServer):
    """A loopback server and the ledger of the test."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen, self.log, self.bodies = [], RequestLog(), {}
        self.endpoint = f"http://127.0.0.1:{self.server_port}"

    @property
    def rows(self):
        return self.log.rows

    @property
    def finished(self):
        return self.log.finished

    @contextmanager
    def client(self, *, offline=False, hosts=("127.0.0.1",), endpoint=None, log=None, **more):
        policy = GuardPolicy(lambda: offline, frozenset(hosts), endpoint or self.endpoint, **more)
        with make_client() as client, because(Asking(policy, log or self.log, "search")):
            yield client


@pytest.fixture
def server():
    with Server() as it:
        thread = threading.Thread(target=it.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield it
        it.shutdown()
        thread.join()


@pytest.fixture
def sockets(monkeypatch):
    """The number of sockets made, by whom ever, on this thread or another."""
    made = []
    original = socket.socket.__init__

    def counting(self, *args, **kwargs):
        made.append(1)
        original(self, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "__init__", counting)
    return made


@pytest.mark.process
def test_a_request_stands_in_the_ledger_before_it_leaves_and_its_bytes_after(server, sockets):
    with server.client() as client:
        answer = client.get(f"{server.endpoint}/api/models?search=secret")
    assert answer.status_code == 200
    assert server.rows == [("127.0.0.1", "GET", "/api/models", "search")]
    _, headers, rows_then = server.seen[0]
    assert rows_then == server.rows, "the row was there when the request arrived"
    assert server.finished == [(1, 1000)]
    assert {key.lower(): value for key, value in headers.items()}["user-agent"] == "slmdesk"
    assert sockets, "the control: a socket that is made is counted"
    request = server.log.requests[0]
    assert (request.port, request.via) == (server.server_port, "none")
    assert request.query_sha256 == hashlib.sha256(b"search=secret").hexdigest(), "that it was asked, not what"
    assert server.log.answers == [Answered(1000, 200)]


@pytest.mark.process
def test_who_does_not_say_why_sends_nothing(server, sockets):
    with make_client() as client, pytest.raises(LookupError):
        client.get(f"{server.endpoint}/x")
    assert not sockets


@pytest.mark.process
def test_p1_offline_opens_no_socket(server, sockets):
    with server.client(offline=True) as client, pytest.raises(KnownError) as caught:
        client.get(f"{server.endpoint}/x")
    assert (caught.value.code, caught.value.args_for_people) == ("network.offline", {"host": "127.0.0.1"})
    assert not sockets
    assert not server.rows
    assert not server.seen
    assert server.log.refused == [("127.0.0.1", "network.offline")]


@pytest.mark.process
@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/x", "http://huggingface.co/x", "https://evilhuggingface.co/x",
        "https://huggingface.co.evil.org/x", "https://huggingface.co@evil.org/x", "http://127.0.0.1:1/x",
        "http://localhost/x", "http://[::1]/x",
    ],
)  # fmt: skip
def test_other_hosts_and_plain_http_are_refused_without_a_socket(server, sockets, address):
    hosts = ("huggingface.co", ".hf.co", "127.0.0.1")
    with server.client(hosts=hosts) as client, pytest.raises(KnownError, match=r"^network\.refused "):
        client.get(address)
    assert not sockets
    assert not server.rows


@pytest.mark.pure
def test_a_host_with_a_dot_allows_what_is_below_it_alone():
    policy = GuardPolicy(lambda: False, frozenset({".hf.co"}))
    policy.check("https", "cas-bridge.xethub.hf.co", None)
    policy.check("https", "CDN.HF.CO.", 443)
    for host in ("hf.co", "evilhf.co", "hf.co.evil.org"):
        with pytest.raises(KnownError, match=r"network\.refused"):
            policy.check("https", host, None)


@pytest.mark.pure
def test_plain_http_is_for_an_endpoint_on_this_pc_alone():
    hosts = frozenset({"127.0.0.1", "mirror.example"})
    GuardPolicy(lambda: False, hosts, "http://127.0.0.1:8080").check("http", "127.0.0.1", 8080)
    for endpoint, host, port in (
        ("http://mirror.example", "mirror.example", None),
        ("https://huggingface.co", "127.0.0.1", 8080),
        ("http://127.0.0.1:8080", "127.0.0.1", 8081),
    ):
        with pytest.raises(KnownError, match=r"network\.refused"):
            GuardPolicy(lambda: False, hosts, endpoint).check("http", host, port)


@pytest.mark.process
@pytest.mark.parametrize("target", ["http://127.0.0.2/x", "https://example.org/x", "http://127.0.0.1:9/x"])
def test_d8_each_hop_of_a_redirect_is_asked_again(server, target):
    with server.client() as client, pytest.raises(KnownError, match=r"^network\.refused "):
        client.get(f"{server.endpoint}/redirect?{target}", headers={"authorization": "Bearer secret"})
    assert [row[2] for row in server.rows] == ["/redirect"], "the refused hop left no row: it never left"
    assert len(server.finished) == 1


@pytest.mark.process
def test_a_hop_within_the_allowed_is_followed_and_noted(server):
    with server.client() as client:
        assert client.get(f"{server.endpoint}/redirect?{server.endpoint}/y").status_code == 200
    assert [row[2] for row in server.rows] == ["/redirect", "/y"]
    assert [number for number, _ in server.finished] == [1, 2]


@pytest.mark.process
def test_a_ledger_that_cannot_be_written_stops_the_request(server, sockets):
    def full(_request):
        raise KnownError("store.full")

    with server.client(log=RequestLog(full)) as client, pytest.raises(KnownError, match=r"store\.full"):
        client.get(f"{server.endpoint}/x")
    assert not sockets
    assert not server.seen


@pytest.mark.process
@pytest.mark.parametrize("is_full", [False, True])
def test_no_name_is_looked_up_before_the_row_is_written(server, monkeypatch, is_full):
    reported = []
    real = socket.getaddrinfo

    def resolver(host, *more, **others):
        reported.append("looked up")
        return real(host, *more, **others)

    def bypass(_scheme, host):  # what Windows does to find out whether a proxy is passed by
        socket.getaddrinfo(host, None)
        return ""

    def written(_request):
        reported.append("row")
        if is_full:
            raise KnownError("store.full")

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    with server.client(log=RequestLog(written), proxy_for=bypass) as client:
        if is_full:
            with pytest.raises(KnownError, match=r"store\.full"):
                client.get(f"{server.endpoint}/x")
            assert reported == ["row"]
        else:
            client.get(f"{server.endpoint}/x")
            assert reported[:2] == ["row", "looked up"]


@pytest.mark.process
def test_a_failed_connection_is_finished_with_no_bytes(server):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with server.client(endpoint=endpoint) as client, pytest.raises(KnownError, match=r"network\.failed"):
            client.get(f"{endpoint}/x")
    assert server.finished == [(1, 0)]


HUB_SCRIPT = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from fakes.request_log import RequestLog
from slmdesk.models.hub.search import set_environment
from slmdesk.models.hub.guard import Asking, GuardPolicy, because, make_client
from slmdesk.base.paths import find_paths
endpoint, offline = sys.argv[1], sys.argv[2] == "offline"
set_environment(find_paths())
import huggingface_hub
log = RequestLog()
if sys.argv[2] != "bypass":
    huggingface_hub.set_client_factory(make_client)
policy = GuardPolicy(lambda: offline, frozenset({"127.0.0.1"}), endpoint)
try:
    with because(Asking(policy, log, "search")):
        found = [model.id for model in huggingface_hub.HfApi(endpoint=endpoint).list_models(search="tiny", limit=3)]
except Exception as err:
    found = [type(err).__name__, getattr(err, "code", "")]
print(json.dumps({"found": found, "rows": log.rows}))
"""


def run_hub(server, mode, home):
    (home / ".cache" / "huggingface").mkdir(parents=True, exist_ok=True)
    (home / ".cache" / "huggingface" / "token").write_text("hf_tokenfromafile")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    environment |= {"HOME": str(home), "HF_TOKEN": "hf_tokenfromtheenvironment", "AI_AGENT": "x"}
    done = subprocess.run(
        [sys.executable, "-c", HUB_SCRIPT, server.endpoint, mode, str(Path(__file__).parents[2])],
        env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.process
def test_p2_the_hub_library_goes_through_the_guard_and_tells_nothing(server, tmp_path):
    server.bodies["/api/models"] = json.dumps([{"id": "some/model"}]).encode()
    outcome = run_hub(server, "online", tmp_path)
    assert outcome["found"] == ["some/model"]
    assert outcome["rows"] == [["127.0.0.1", "GET", "/api/models", "search"]]
    assert [path.partition("?")[0] for path, _, _ in server.seen] == ["/api/models"], "one request, the wanted one"
    headers = {key.lower(): value for key, value in server.seen[0][1].items()}
    assert "authorization" not in headers
    assert headers["user-agent"] == "slmdesk"
    assert "hf_token" not in json.dumps(headers)
    assert not list(tmp_path.glob(".cache/huggingface/**/*.json")), "its cache is in our own folder"


@pytest.mark.process
@pytest.mark.parametrize(("mode", "refusal"), [("offline", ["KnownError", "network.offline"]), ("bypass", None)])
def test_p2_offline_and_around_the_guard_nothing_is_sent(server, tmp_path, mode, refusal):
    outcome = run_hub(server, mode, tmp_path)
    assert outcome["rows"] == []
    assert server.seen == []
    assert outcome["found"] == (refusal or ["OfflineModeIsEnabled", ""]), "the library's own client finds a second wall"


@pytest.mark.pure
def test_the_environment_comes_before_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub.constants", object())
    with pytest.raises(BugError):
        set_environment(find_paths())

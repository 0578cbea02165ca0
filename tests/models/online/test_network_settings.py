"""Endpoint, further hosts, proxy and certificates out of the settings: for searches and downloads alike."""

from __future__ import annotations

import json
import queue
import select
import socket
import socketserver
import stat
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest
from fakes.fake_hub import FakeHub
from fakes.recorder import result_of
from fakes.tiny_gguf import tiny_llama
from fakes.vaults import MemoryVault

from slmdesk.base.errors import KnownError
from slmdesk.base.policy import shown_proxy
from slmdesk.base.runtime.events import DownloadChanged, DownloadState
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.settings import reason_against
from slmdesk.models.online.downloads import ENDS
from slmdesk.models.online.network import certificates_in

REPO, NAME = "some/tiny-GGUF", "tiny.Q4_K_M.gguf"
HUB_NAME, STORAGE_NAME = "hub.example.org", "files.example.org"


class Proxy(socketserver.ThreadingTCPServer):
    """A proxy on loopback that only knows CONNECT, and leads each name to a port of this PC."""

    daemon_threads = True

    def __init__(self, ways: dict[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.ways, self.asked, self.heads = ways, [], []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """A client that has gone is no error."""


class _Tunnel(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        method, target, _ = self.rfile.readline().decode().split(" ", 2)
        head = []
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            head.append(line)
        self.server.asked.append((method, target))
        self.server.heads.append(b"".join(head))
        port = self.server.ways.get(target)
        if method != "CONNECT" or port is None:
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", port)) as there:
            self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            ends = {self.connection: there, there: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(1 << 16)
                    if not data:
                        return
                    ends[end].sendall(data)


@pytest.fixture(autouse=True)
def no_keyring():
    """As on this system without one; `fakes.vaults` makes the library see a back end of its own."""
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    """Of both names, trusted by nobody, with its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key, cert, both = folder / "key.pem", folder / "ours.pem", folder / "both.pem"
    names = f"subjectAltName=DNS:{HUB_NAME},DNS:{STORAGE_NAME}"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
               "2", "-subj", "/CN=slmdesk test", "-addext", names, "-keyout", str(key), "-out", str(cert)]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl here to make a certificate")
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    return cert


@pytest.fixture
def hub(certificate):
    with FakeHub(tls=True, certificate=certificate.with_name("both.pem")) as it:
        it.storage_address = f"https://{STORAGE_NAME}"
        it.add(REPO, {NAME: tiny_llama().data})
        yield it


@pytest.fixture
def proxy(hub):
    api, storage = (int(address.rpartition(":")[2]) for address in (hub.endpoint, hub.storage))
    with Proxy({f"{HUB_NAME}:443": api, f"{STORAGE_NAME}:443": storage}) as it:
        yield it


@pytest.fixture
def recorder(home, opened, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.json").write_text(json.dumps({"offline": False}))
    return opened(model=False)


def search(recorder):
    hub = recorder.services.hub
    return result_of(recorder.services, lambda: hub.read_search(hub.begin_search("tiny")))


def fetch(recorder):
    begin = len(recorder.events)
    recorder.ask(lambda services: services.downloads.start(REPO))
    return recorder.wait(DownloadChanged, lambda event: event.state in ENDS, begin)


def change(recorder, **values) -> None:
    end = result_of(recorder.services, lambda: recorder.services.network.change(**values))
    if isinstance(end, Problem):
        raise KnownError(end.code, **end.args)


@pytest.mark.process
def test_they_hold_for_searches_and_downloads_alike(recorder, hub, proxy, certificate) -> None:
    change(recorder, hub_endpoint=f"https://{HUB_NAME}", hub_hosts=STORAGE_NAME, proxy=proxy.address)
    assert search(recorder).code == "network.tls", "nobody trusts this certificate yet"
    assert not hub.seen
    change(recorder, ca_file=str(certificate))
    page = search(recorder)
    assert not isinstance(page, Problem), page
    assert page.found[0].repo.id == REPO
    assert {target for _method, target in proxy.asked} == {f"{HUB_NAME}:443"}
    end = fetch(recorder)
    assert end.state is DownloadState.DONE, end.problem
    assert set(proxy.asked) == {("CONNECT", f"{HUB_NAME}:443"), ("CONNECT", f"{STORAGE_NAME}:443")}
    rows = recorder.ask(lambda services: services.network.requests())
    assert {row.host for row in rows} == {HUB_NAME, STORAGE_NAME}
    assert b"uthorization" not in b"".join(proxy.heads)


@pytest.mark.process
def test_a_host_that_was_not_named_is_refused_before_a_byte(recorder, hub, proxy, certificate) -> None:
    change(recorder, hub_endpoint=f"https://{HUB_NAME}", proxy=proxy.address, ca_file=str(certificate))
    end = fetch(recorder)
    assert end.problem.code == "network.refused"
    assert {target for _method, target in proxy.asked} == {f"{HUB_NAME}:443"}


@pytest.mark.process
def test_a_proxys_password_is_for_the_proxy_alone_and_stands_in_no_ledger(recorder, hub, proxy, certificate) -> None:
    address = proxy.address.replace("http://", "http://me:pass%20word@")
    change(
        recorder, hub_endpoint=f"https://{HUB_NAME}", hub_hosts=STORAGE_NAME, proxy=address, ca_file=str(certificate)
    )
    assert fetch(recorder).state is DownloadState.DONE
    assert all(b"proxy-authorization: basic" in head.lower() for head in proxy.heads)
    assert not [request for request in hub.seen if "proxy-authorization" in request.headers]
    assert "pass" not in str(recorder.ask(lambda services: services.network.requests()))


def files_with(home: Path, words: bytes) -> dict[str, int]:
    """Names of files that hold the words, with their modes."""
    modes = {}
    for path in home.rglob("*"):
        with suppress(FileNotFoundError):  # the file beside it that a new version is written to, before it is renamed
            if path.is_file() and words in path.read_bytes():
                modes[path.name] = stat.S_IMODE(path.stat().st_mode)
    return modes


def way(recorder) -> str:
    return recorder.services.network.policy().proxy_for("https", HUB_NAME)


@pytest.mark.process
def test_a_proxys_password_is_kept_apart_from_the_settings(recorder, opened, home) -> None:
    change(recorder, proxy="http://me:heron%20word@proxy.example:3128")
    assert recorder.services.settings.current.proxy == "http://me@proxy.example:3128"
    assert way(recorder) == "http://me:heron%20word@proxy.example:3128"
    assert files_with(home, b"heron") == {"proxy-password.json": 0o600}
    change(recorder, proxy="http://me@proxy.example:3128", speed_limit_kib=7)
    recorder.services.close()
    again = opened(model=False)
    assert way(again) == "http://me:heron%20word@proxy.example:3128", "it is there in the next run"
    change(again, proxy="http://you@proxy.example:3128")
    assert way(again) == "http://you@proxy.example:3128", "it is not told to another account or proxy"
    assert files_with(home, b"heron") == {}


@pytest.mark.process
def test_a_proxys_password_goes_into_the_systems_keyring_where_there_is_one(recorder, home) -> None:
    vault = MemoryVault()
    recorder.services.network.passwords.vaults["keyring"] = vault
    change(recorder, proxy="http://me:heron@proxy.example:3128")
    assert vault.kept == {"http://me@proxy.example:3128": "heron"}
    assert files_with(home, b"heron") == {}
    assert recorder.services.settings.current.proxy_password_place == "keyring"
    assert way(recorder) == "http://me:heron@proxy.example:3128"
    change(recorder, proxy="none")
    assert (vault.kept, way(recorder)) == ({}, "")


@pytest.mark.process
def test_a_proxys_password_that_is_gone_is_said_and_nothing_is_sent(recorder, home) -> None:
    change(recorder, proxy="http://me:heron@proxy.example:3128")
    (home / "config" / "proxy-password.json").unlink()
    assert search(recorder).code == "proxy.password"
    assert [row.bytes for row in recorder.ask(lambda services: services.network.requests())] == [0]


@pytest.mark.process
def test_a_proxy_that_is_refused_leaves_no_password(recorder, home) -> None:
    for wrong in ("http://me:heron@proxy.example:3128/path", "socks5://me:heron@proxy.example"):
        with pytest.raises(KnownError, match=r"setting\.invalid"):
            change(recorder, proxy=wrong)
    assert files_with(home, b"heron") == {}


@pytest.mark.process
@pytest.mark.parametrize("when", ["before", "while it runs"])
def test_a_password_in_the_file_of_settings_is_taken_out_of_it(home, opened, when) -> None:
    file = home / "config" / "settings.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"theme": "dark", "proxy": "http://me:heron@proxy.example:3128"}))
    recorder = opened(model=False)
    if when == "while it runs":
        change(recorder, proxy="none")
        file.write_text(json.dumps({"theme": "dark", "proxy": "http://me:heron@proxy.example:3128"}))
        recorder.ask(lambda services: services.settings.refresh())
    waited = threading.Event()
    for _ in range(600):
        if files_with(home, b"heron") == {"proxy-password.json": 0o600}:
            break
        waited.wait(0.1)
    assert files_with(home, b"heron") == {"proxy-password.json": 0o600}
    shape = json.loads(file.read_text())
    assert (shape["theme"], shape["proxy"]) == ("dark", "http://me@proxy.example:3128")
    assert way(recorder) == "http://me:heron@proxy.example:3128"


@pytest.mark.process
def test_a_file_that_holds_no_certificate_is_refused_and_the_old_one_stays(recorder, certificate, tmp_path) -> None:
    change(recorder, ca_file=str(certificate))
    (tmp_path / "empty.pem").touch()
    (tmp_path / "words.pem").write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
    for path in (tmp_path / "none.pem", tmp_path / "empty.pem", tmp_path / "words.pem", tmp_path):
        with pytest.raises(KnownError, match=r"^setting\.invalid "):
            change(recorder, ca_file=str(path))
    assert recorder.services.settings.current.ca_file == str(certificate)
    assert certificates_in(certificate) >= 1


@pytest.mark.pure
def test_a_proxys_password_is_not_shown() -> None:
    assert shown_proxy("http://me:p%40ss:w@proxy.example:80") == "http://me:…@proxy.example:80"
    assert shown_proxy("HTTP://me:pass@proxy.example:80") == "http://me:…@proxy.example:80"
    for plain in ("system", "none", "http://proxy.example:80", "http://me@proxy.example"):
        assert shown_proxy(plain) == plain


@pytest.mark.pure
@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        (
            "proxy",
            ("system", "none", "http://p.example:3128", "http://u:p@p.example:80/", "http://[::1]:8080", "http://p"),
            (
                "", "p.example:3128", "http://", "http://p:99999", "http://p:x", "http://p/path", "socks5://p",
                "http://a b",
            ),
        ),
        (
            "hub_endpoint",
            ("", "https://m.example", "https://m.example/hub", "http://127.0.0.1:8080", "http://localhost:1"),
            ("http://m.example", "https://", "https://a b", "m.example", "https://[x"),
        ),
        ("hub_hosts", ("", "a.example .b.example", "127.0.0.1:80"), ("https://a", "a/b", "me@a")),
    ],
)  # fmt: skip
def test_values_that_can_be_and_cannot(key, good, bad) -> None:
    assert [setting for setting in good if reason_against(key, setting)] == []
    assert [setting for setting in bad if not reason_against(key, setting)] == []


@pytest.mark.process
def test_certificates_on_a_share_that_does_not_answer_hold_nobody_up(recorder, certificate, monkeypatch) -> None:
    release, ends = threading.Event(), queue.SimpleQueue()
    monkeypatch.setattr("slmdesk.models.online.network.certificates_in", lambda _path: release.wait(60))
    recorder.ask(lambda services: services.network.change(ca_file=str(certificate)).then(ends.put))
    assert recorder.services.service_thread.call(recorder.services.network.today, 5) == 0, "the desk does other things"
    assert ends.empty()
    release.set()
    assert ends.get(timeout=60).ca_file == str(certificate)

"""Search and repositories through the real huggingface_hub client: rows D6, D9, D10, P2 of the fault matrix."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from fakes.fake_hub import HTML, Fault
from fakes.request_log import RequestLog
from fakes.tiny_gguf import tiny_llama

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.paths import find_paths
from slmdesk.models.hub import transport
from slmdesk.models.hub.guard import GuardPolicy
from slmdesk.models.hub.search import MAX_CARD_BYTES, Card, Hub, Query

pytestmark = pytest.mark.process


class AskedQuestion:
    """A Hub of the program over the fake one, and its ledger."""

    def __init__(self, hub) -> None:
        self.log = RequestLog()
        policy = GuardPolicy(lambda: False, frozenset({"127.0.0.1", hub.storage}), hub.endpoint)
        self.hub = Hub(find_paths(), lambda: policy, self.log)

    def search(self, words: str, *, size: int = 10, cursor: str = "", stop=None, **more):
        return self.hub.search(Query(words, **more), size=size, cursor=cursor, stop=stop)

    def names(self, words: str, **more) -> list[str]:
        return [repo.id for repo in self.search(words, **more).repos]

    @property
    def rows(self) -> list:
        return self.log.rows

    @property
    def bytes(self) -> list[int]:
        return [size for _n, size in self.log.finished]


@pytest.fixture
def asked(hub):
    return AskedQuestion(hub)


def test_a_search_finds_and_filters(asked, hub) -> None:
    hub.add("one/tiny-GGUF", {"tiny.Q4_0.gguf": b"x", "README.md": b"y"}, license="mit", downloads=5, tags=["pl", "en"])
    hub.add("two/tiny-GGUF", {"tiny.Q8_0.gguf": b"x"}, downloads=50, likes=99, gated=True)
    hub.add("two/tiny", {"model.safetensors": b"x"}, downloads=500)
    repos = asked.search("tiny").repos
    assert [repo.id for repo in repos] == ["two/tiny-GGUF", "one/tiny-GGUF"]
    assert (repos[1].license, repos[1].likes, repos[1].gated, repos[0].gated) == ("mit", 10, False, True)
    assert repos[1].updated == "2026-05-01T12:00:00+00:00"
    assert [file.name for file in repos[1].files] == ["tiny.Q4_0.gguf"]
    assert asked.names("tiny", language="pl") == ["one/tiny-GGUF"]
    assert asked.names("TINY", author="two") == ["two/tiny-GGUF"]
    assert asked.names("tiny", sort="likes", size=1) == ["two/tiny-GGUF"]
    assert asked.names("nothing such") == []
    assert len(hub.seen) == len(asked.rows) == 5, "one request each"
    assert {row[3] for row in asked.rows} == {"search"}


def test_the_hub_filters_by_licence_and_task_and_names_what_it_read(asked, hub) -> None:
    about = {"total": 1_500_000_000, "architecture": "qwen2", "context_length": 32768, "chat_template": "x"}
    hub.add("one/tiny-GGUF", {"tiny.Q4_0.gguf": b"x", "README.md": b"y"}, license="mit", tags=["code"], gguf=about)
    hub.add("two/tiny-GGUF", {"tiny.Q4_0.gguf": b"x"}, license="other", tags=["conversational"], gguf={"total": "?"})
    assert asked.names("tiny", license="mit") == ["one/tiny-GGUF"]
    assert asked.names("tiny", task="chat") == ["two/tiny-GGUF"]
    assert asked.names("", task="code") == ["one/tiny-GGUF"]
    assert asked.names("tiny", task="summaries") == []
    (repo,) = asked.search("tiny", task="code").repos
    assert repo.parameters == 1_500_000_000
    assert repo.has_card
    (two,) = asked.search("tiny", task="chat").repos
    assert (two.parameters, two.has_card) == (0, False)


def test_a_search_goes_on_page_by_page(asked, hub) -> None:
    for number in range(7):
        hub.add(f"one/tiny-{number}", {"tiny.Q4_0.gguf": b"x"}, downloads=100 - number)
    first = asked.search("tiny", size=3)
    second = asked.search("tiny", size=3, cursor=first.cursor)
    third = asked.search("tiny", size=3, cursor=second.cursor)
    pages = (first, second, third)
    assert [repo.id for page in pages for repo in page.repos] == [f"one/tiny-{number}" for number in range(7)]
    assert third.cursor == ""
    assert len(hub.seen) == 3


def test_a_next_page_on_another_host_is_asked_for_at_our_own(asked, hub) -> None:
    for number in range(4):
        hub.add(f"one/tiny-{number}", {"tiny.Q4_0.gguf": b"x"}, downloads=100 - number)
    link = '<https://evil.example/api/models?cursor=2>; rel="next"'
    hub.api_faults = [Fault(headers={"link": link})]
    first = asked.search("tiny", size=2)
    assert asked.names("tiny", size=2, cursor=first.cursor) == ["one/tiny-2", "one/tiny-3"]
    assert {row[0] for row in asked.rows} == {"127.0.0.1"}


def test_the_card_is_read_up_to_its_limit(asked, hub, monkeypatch) -> None:
    hub.add("one/tiny-GGUF", {"tiny.Q4_0.gguf": b"x", "README.md": "\ufeff# Größe".encode()})
    repo = asked.hub.repo("one/tiny-GGUF")
    assert asked.hub.card(repo) == Card("# Größe", is_cut=False)
    assert asked.rows[-1][3] == "card of one/tiny-GGUF"
    hub.add("one/tiny-GGUF", {"tiny.Q4_0.gguf": b"x", "README.md": b"x" * (5 << 20)})
    cut = asked.hub.card(asked.hub.repo("one/tiny-GGUF"))
    assert (len(cut.text), cut.is_cut) == (MAX_CARD_BYTES, True)
    assert asked.bytes[-1] < MAX_CARD_BYTES + (1 << 20), "the rest was not fetched"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(status=404), "hub.missing"), (Fault(status=500), "hub.error"), (HTML, "network.login_page"),
        (Fault(cut_at=5), "network.failed"), (Fault(redirect="https://evil.example/"), "network.refused"),
    ],
)  # fmt: skip
def test_a_card_that_cannot_be_had_is_said(asked, hub, fault, code) -> None:
    hub.add("one/tiny-GGUF", {"tiny.Q4_0.gguf": b"x", "README.md": b"# Tiny and more"})
    repo = asked.hub.repo("one/tiny-GGUF")
    hub.api_fault = fault
    with pytest.raises(KnownError) as caught:
        asked.hub.card(repo)
    assert caught.value.code == code


def test_a_repository_tells_sizes_and_sums(asked, hub) -> None:
    stored = hub.add(
        "one/tiny-GGUF", {"tiny.Q4_0.gguf": b"xyz", "t-00001-of-00002.gguf": b"1", "t-00002-of-00002.gguf": b"23"}
    )
    repo = asked.hub.repo("one/tiny-GGUF")
    assert repo.revision == stored.commit
    split, tiny = repo.files
    assert (tiny.bytes, tiny.sha256) == (3, hub.sha256(b"xyz"))
    assert (split.bytes, split.sha256, len(split.parts)) == (3, "", 2)
    with pytest.raises(KnownError, match=r"hub\.unauthorized"):
        asked.hub.repo("no/such")


def test_a_header_is_fetched_once_and_no_more_of_its_file(asked, hub) -> None:
    tokens = ("array", ("string", [f"token number {number}" for number in range(80_000)]))
    model = tiny_llama(change={"tokenizer.ggml.tokens": tokens}).data
    hub.add("one/tiny-GGUF", {"tiny.Q4_0.gguf": model + bytes(64 << 20)})
    (file,) = asked.hub.repo("one/tiny-GGUF").files
    for __ in range(2):
        assert asked.hub.header(file).vocab_size == 80_000
        assert len(hub.requests("storage")) == 1
    assert len(model) > 1 << 20, "the control: the first look does not find it whole"
    assert asked.bytes[-1] < 5 << 20


def test_a_renamed_repository_is_followed(asked, hub) -> None:
    hub.add("new/name-GGUF", {"tiny.Q4_0.gguf": b"xyz"})
    hub.api_faults = [Fault(redirect="/api/models/new/name-GGUF")]
    assert asked.hub.repo("old/name-GGUF").files[0].repo == "new/name-GGUF"


def test_p2_no_token_no_cookie_no_word_in_a_log(asked, hub, monkeypatch, caplog, capfd) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_ofthesurroundings")
    hub.add("one/tiny-GGUF", {"tiny.Q4_0.gguf": b"x"}, gated=True)
    hub.api_fault = Fault(headers={"set-cookie": "who=me; Path=/", "x-hf-warning": "x; secretword"}, drip=1000)
    with caplog.at_level(logging.DEBUG):
        asked.search("secretword")
        asked.hub.repo("one/tiny-GGUF")
        hub.api_fault = Fault(status=503)
        with pytest.raises(KnownError):
            asked.search("secretword")
    for request in hub.seen:
        assert not {"authorization", "cookie"} & set(request.headers)
        assert request.headers["user-agent"] == "slmdesk"
    assert "hf_" not in str(hub.seen)
    warned = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warned == []
    out = capfd.readouterr()
    assert "secretword" not in out.out + out.err


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(status=401), "hub.unauthorized"),
        (Fault(status=403), "hub.gated"),
        (Fault(status=404), "hub.missing"),
        (Fault(status=429, headers={"retry-after": "99999"}), "hub.busy"),
        (Fault(status=500), "hub.error"),
        (Fault(status=503, headers={"retry-after": "99999"}), "hub.error"),
        (HTML, "network.login_page"),
        (Fault(redirect="https://login.hotel.example/"), "network.refused"),
        (Fault(redirect="/api/models/one/tiny-GGUF"), "network.redirects"),
        (Fault(body=b"not json"), "hub.answer_invalid"),
        (Fault(body=b""), "hub.answer_invalid"),
        (Fault(body=b"[" * 100_000 + b"]" * 100_000), "hub.answer_invalid"),
        (Fault(body=b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "hub.answer_invalid"),
        (Fault(body=b"9" * 100_000), "hub.answer_invalid"),
        (Fault(body=b'"text"'), "hub.answer_invalid"),
        (Fault(body=b"[1, 2]"), "hub.answer_invalid"),
        (Fault(body=b"{}"), "hub.answer_invalid"),
        (Fault(body=b'{"id": "../../repo"}'), "hub.answer_invalid"),
        (Fault(body=b'{"id": 7, "siblings": 7}'), "hub.answer_invalid"),
        (Fault(body=b'{"id": "one/tiny-GGUF", "siblings": [{}]}'), "hub.answer_invalid"),
        (Fault(body=b'{"id": "one/tiny-GGUF", "lastModified": "never"}'), "hub.answer_invalid"),
        (Fault(body=b'{"id": "one/tiny-GGUF", "tags": 9}'), "hub.answer_invalid"),
        (Fault(body=b" " * (20 << 20)), "hub.answer_invalid"),
        (Fault(body=b"{", endless=True), "hub.answer_invalid"),
        (Fault(body=b"{}", headers={"content-encoding": "gzip"}), "hub.answer_invalid"),
        (Fault(cut_at=5), "network.failed"),
        (Fault(cut_at=0, reset=True), "network.failed"),
    ],
    ids=lambda argument: argument if isinstance(argument, str) else "",
)  # fmt: skip
def test_d9_what_is_no_sensible_answer_is_said_at_once(asked, hub, fault, code) -> None:
    hub.add("one/tiny-GGUF", {"tiny.Q4_0.gguf": b"x"})
    hub.api_fault = fault
    begin = time.monotonic()
    with pytest.raises(KnownError) as caught:
        asked.hub.repo("one/tiny-GGUF")
    assert caught.value.code == code
    assert time.monotonic() - begin < 10, "no waiting and trying again by the library"
    assert sum(asked.bytes) <= transport.MAX_ANSWER_BYTES + (1 << 20)
    hub.api_fault = None
    assert asked.hub.repo("one/tiny-GGUF").files, "and the next question is answered"


MEMORY_SCRIPT = """
import json, resource, sys
sys.path.insert(0, sys.argv[2])
from fakes.request_log import RequestLog
from fakes.tiny_gguf import tiny_llama
from slmdesk.models.hub.guard import GuardPolicy
from slmdesk.models.hub.search import Hub, Query
from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
endpoint = sys.argv[1]
policy = GuardPolicy(lambda: False, frozenset({"127.0.0.1"}), endpoint)
hub = Hub(find_paths(), lambda: policy, RequestLog())
hub.search(Query("warm up"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    found = len(hub.repo("one/tiny-GGUF").files)
except KnownError as err:
    found = err.code
print(json.dumps([found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before]))
"""


@pytest.mark.parametrize(
    "piece",
    [
        b'{"rfilename":"a.gguf"},',
        b"[],",
        *(pytest.param(junk, marks=pytest.mark.soak) for junk in (b"{},", b'"ab",', b"1.5,")),
    ],
)
def test_d9_the_largest_answer_takes_less_than_200_mb(hub, piece) -> None:
    count = (transport.MAX_ANSWER_BYTES - 100) // len(piece)
    body = b'{"id":"one/tiny-GGUF","sha":"main","siblings":[' + piece * count + b'{"rfilename":"a"}]}'
    hub.api_faults = [None, Fault(body=body)]
    done = subprocess.run(
        [sys.executable, "-c", MEMORY_SCRIPT, hub.endpoint, str(Path(__file__).parents[2])],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    answer, grown_kb = json.loads(done.stdout)
    assert answer == "hub.answer_invalid" or isinstance(answer, int)
    assert grown_kb <= 200_000, done.stdout


HOSTILE = [
    "../../../etc/passwd.gguf", "/etc/passwd.gguf", "C:\\Windows\\x.gguf", "..\\..\\x.gguf",
    "a\nb.gguf", "\u202egguf.exe.gguf",
    "--help.gguf", "$(reboot).gguf", "nul.gguf", "x" * 900 + ".gguf", "<b>x</b>.gguf", ".gguf", "....//x.gguf",
    "a\x00b.gguf",
]  # fmt: skip


def test_d10_hostile_names_are_labels(asked, hub) -> None:
    hub.add("one/tiny-GGUF", dict.fromkeys(HOSTILE, b"x"))
    repo = asked.hub.repo("one/tiny-GGUF")
    assert len(repo.files) == len(HOSTILE)
    for file in repo.files:
        assert file.name.isprintable()
        assert len(file.name) <= 200
    hub.add("one/other-GGUF", {"y" * 1001 + ".gguf": b"x", "": b"y"})
    assert asked.hub.repo("one/other-GGUF").files == ()


def test_a_search_can_be_stopped_in_a_stall(asked, hub) -> None:
    hub.api_fault = Fault(silent=True)
    stop, ended = threading.Event(), []

    def work() -> None:
        with pytest.raises(Stopped):
            asked.search("x", stop=stop)
        ended.append(time.monotonic())

    thread = threading.Thread(target=work)
    thread.start()
    assert hub.stalled.wait(20)
    begin = time.monotonic()
    stop.set()
    thread.join(20)
    assert ended
    assert ended[0] - begin <= 2.0  # the promise is 0.5 s; this machine is shared


def test_an_answer_that_drips_for_ever_ends(asked, hub, monkeypatch) -> None:
    monkeypatch.setattr(transport, "ANSWER_S", 0.3)
    hub.add("one/tiny-GGUF", {"tiny.Q4_0.gguf": b"x"})
    hub.api_fault = Fault(drip=1, pause_s=0.02)
    with pytest.raises(KnownError, match=r"network\.failed"):
        asked.hub.repo("one/tiny-GGUF")

"""Fetching one file against the fake Hub on loopback: rows D2 to D8, D11, D12 of the fault matrix."""

from __future__ import annotations

import os
import random
import resource
import shutil
import threading
import time
from collections import namedtuple

import pytest
from fakes.fake_hub import CERTIFICATE, HTML, FakeHub, Fault
from fakes.matrix import counts
from fakes.recorder import wait_until

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import changed
from slmdesk.models.hub import transfer
from slmdesk.models.hub.search import PIECE_BYTES, RemotePart
from slmdesk.models.hub.transfer import SYNC_BYTES, Part, parts_in, read_journal

pytestmark = pytest.mark.process


@pytest.fixture
def dice() -> random.Random:
    seed = int(os.environ.get("SLMDESK_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"SLMDESK_TEST_SEED={seed}")
    return random.Random(seed)


def code_of(fetcher, **more) -> str:
    with pytest.raises(KnownError) as caught:
        fetcher.run(**more)
    return caught.value.code


def kept(place: int) -> int:
    """What is kept of so many bytes: whole pieces."""
    return place // PIECE_BYTES * PIECE_BYTES


def storage_ranges(hub) -> list[str]:
    return [request.headers.get("range", "") for request in hub.requests("storage")]


def test_a_file_comes_whole_checked_and_in_its_place(fetcher, hub) -> None:
    reported = fetcher.run()
    assert fetcher.is_right()
    assert (reported[-1].state, reported[-1].done) == ("checking", len(fetcher.data))
    assert [row[2].split("/")[1] for row in fetcher.rows] == ["some", "blobs"], "each hop stands in the ledger"
    assert len(hub.seen) == 2
    assert fetcher.target.stat().st_mode & 0o777 == 0o600


@counts("d2_cuts")
def test_d2_cut_at_any_byte_it_goes_on_by_itself(fetcher, hub, dice, count) -> None:
    size = len(fetcher.data)
    for _ in range(count):
        place = dice.choice([0, 1, size - 1, dice.randrange(size)])
        hub.storage_faults = [Fault(cut_at=place, reset=dice.random() < 0.5)]
        hub.seen.clear()
        fetcher.run()
        assert fetcher.is_right()
        second = storage_ranges(hub)[-1]
        got = int(second.removeprefix("bytes=").removesuffix("-") or 0)
        assert got <= place, "nothing was made up"
        fetcher.target.unlink()


def test_d2_it_asks_for_the_rest_and_names_what_it_has(fetcher, hub) -> None:
    hub.storage_faults = [Fault(cut_at=1_000_000)]
    reported = fetcher.run()
    assert storage_ranges(hub) == ["", f"bytes={kept(1_000_000)}-"]
    assert [report.error.code for report in reported if report.state == "waiting"] == ["network.failed"]
    assert fetcher.is_right()


def test_d2_waits_grow_and_after_six_tries_without_progress_it_asks(fetcher, hub, monkeypatch) -> None:
    hub.storage_faults = [Fault(cut_at=1_000_000)]
    hub.storage_fault = Fault(cut_at=0)
    waits: list[float] = []
    fetcher.stop.wait = lambda seconds: waits.append(seconds)
    fetcher.limits = changed(fetcher.limits, first_wait_s=1.0, longest_wait_s=8.0)
    with pytest.raises(KnownError) as caught:
        fetcher.run()
    assert caught.value.code == "download.gave_up"
    args, size = caught.value.args_for_people, kept(1_000_000)
    assert (args["tries"], args["bytes"]) == (6, size)
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0]
    ((path, origin),) = parts_in(fetcher.folder)
    assert (path.stat().st_size, origin.synced, origin.repo) == (size, size, "some/model-GGUF")
    hub.storage_fault = None
    fetcher.run()
    assert fetcher.is_right(), "the part was kept"
    assert fetcher.resumed_from == size


def test_d2_progress_begins_the_count_anew(fetcher, hub) -> None:
    hub.storage_faults = [Fault(cut_at=100_000 * place) for place in range(1, 20)]
    fetcher.run()
    assert fetcher.is_right()


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        (Fault(ignore_range=True), "ignored"),
        (Fault(shift_range=10), "shifted"),
        (Fault(shift_range=-10), "shifted"),
        (Fault(status=416), "shifted"),
        (Fault(headers={"content-range": ""}), "shifted"),
        (Fault(headers={"content-range": "bytes nonsense"}), "shifted"),
    ],
)
def test_d3_what_is_no_continuation_starts_over_and_says_so(fetcher, hub, fault, note) -> None:
    hub.storage_faults = [Fault(cut_at=1_000_000), fault]
    reported = fetcher.run()
    assert [report.note for report in reported if report.note] == [note]
    assert fetcher.is_right()


@pytest.mark.parametrize(
    "fault",
    [Fault(no_length=True), Fault(chunked=True), Fault(chunked=True, cut_at=500_000), Fault(no_length=True, cut_at=9)],
)
def test_d3_without_a_length_it_still_comes_whole(fetcher, hub, fault) -> None:
    hub.storage_faults = [fault]
    fetcher.run()
    assert fetcher.is_right()


@pytest.mark.parametrize("fault", [Fault(claimed_length=7), Fault(claimed_length=9 << 20), Fault(endless=True)])
def test_d3_another_length_than_listed_is_refused(fetcher, hub, fault) -> None:
    hub.storage_fault = fault
    assert code_of(fetcher) == "download.wrong_size"
    ((path, _origin),) = parts_in(fetcher.folder)
    assert path.stat().st_size <= len(fetcher.data), "never more than its size was written"


def test_d3_a_server_that_never_goes_on_is_given_up(fetcher, hub) -> None:
    hub.storage_fault = Fault(ignore_range=True, cut_at=1_000_000)
    assert code_of(fetcher) == "download.gave_up"
    assert len(hub.requests("storage")) == 6


@counts("d4_changes")
def test_d4_other_bytes_midway_never_make_a_file(fetcher, hub, dice, count) -> None:
    name = hub.sha256(fetcher.data)
    for _ in range(count):
        hub.storage_faults = [Fault(cut_at=dice.randrange(100_000, 3_000_000)), Fault(status=404)]
        assert code_of(fetcher) == "hub.missing"
        hub.blobs[name] = fetcher.data[::-1]
        assert code_of(fetcher) == "download.damaged"
        hub.blobs[name] = fetcher.data
        fetcher.run()
        assert fetcher.is_right()
        fetcher.target.unlink()


def test_d4_new_content_under_the_same_name_is_told_before_a_byte_is_written(fetcher, hub) -> None:
    hub.storage_faults = [Fault(cut_at=1_000_000)]
    part = fetcher.part
    fetcher.remote = part.file
    hub.storage_fault = Fault(cut_at=0)
    code_of(fetcher)
    hub.add("some/model-GGUF", {"model.Q4_K_M.gguf": fetcher.data[::-1]})
    assert code_of(fetcher) == "download.changed"
    assert part.path.read_bytes() == fetcher.data[: kept(1_000_000)]


@counts("d5_flips")
def test_d5_one_flipped_byte_is_refused_and_kept_aside(fetcher, hub, dice, count) -> None:
    for _ in range(count):
        place = dice.randrange(len(fetcher.data))
        hub.storage_faults = [Fault(flip_at=place)]
        assert code_of(fetcher) == "download.damaged"
        assert not fetcher.target.exists()
        ((bad, origin),) = parts_in(fetcher.folder)
        assert (bad.suffix, bad.stat().st_size) == (".bad", len(fetcher.data))
        assert origin.name == "model.Q4_K_M.gguf"
    fetcher.run()
    assert fetcher.is_right(), "a good one takes the damaged one away"


def test_d5_a_part_that_was_changed_on_the_disk_is_found(fetcher, hub) -> None:
    hub.storage_faults, hub.storage_fault = [Fault(cut_at=2_000_000)], Fault(status=503)
    code_of(fetcher)
    part = fetcher.part.path
    data = bytearray(part.read_bytes())
    data[1000] ^= 1
    part.write_bytes(data)
    hub.storage_fault = None
    assert code_of(fetcher) == "download.damaged"


@pytest.mark.parametrize(
    ("size", "sha256", "code"),
    [(7, None, "download.wrong_size"), (1 << 30, None, "download.wrong_size"), (None, "f" * 64, "download.changed")],
)
def test_d11_a_list_that_lies_is_refused(fetcher, hub, size, sha256, code) -> None:
    fetcher.remote = RemotePart("model.Q4_K_M.gguf", size or len(fetcher.data), sha256 or hub.sha256(fetcher.data))
    assert code_of(fetcher) == code
    assert not fetcher.target.exists()


@pytest.mark.parametrize(
    ("where", "fault", "code"),
    [
        ("api", Fault(status=401), "hub.unauthorized"),
        ("api", Fault(status=401, headers={"x-error-code": "GatedRepo"}), "hub.gated"),
        ("api", Fault(status=403), "hub.gated"),
        ("api", Fault(status=404), "hub.missing"),
        ("storage", Fault(status=404), "hub.missing"),
        ("api", HTML, "network.login_page"),
        ("storage", HTML, "network.login_page"),
        ("storage", Fault(status=503), "download.gave_up"),
        ("storage", Fault(status=403), "download.gave_up"),
        ("api", Fault(status=429), "download.gave_up"),
    ],
)
def test_d6_each_refusal_is_told_apart(fetcher, hub, where, fault, code) -> None:
    setattr(hub, f"{where}_fault", fault)
    assert code_of(fetcher) == code


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("7", 7),
        ("100000", 600),
        ("0", 0),
        ("-5", 0),
        ("Thu, 01 Jan 2099 00:00:00 GMT", 600),
        ("soon", 0),
        ("9" * 99, 600),
    ],
)
def test_d6_retry_after_is_kept_up_to_ten_minutes(fetcher, hub, given, kept) -> None:
    hub.api_faults = [Fault(status=429, headers={"retry-after": given})]
    waits: list[float] = []
    fetcher.stop.wait = lambda seconds: waits.append(seconds)
    fetcher.run()
    assert waits == [max(kept, fetcher.limits.first_wait_s)]
    assert fetcher.is_right()


def test_d6_a_certificate_nobody_signed_is_refused_and_a_named_one_holds(tmp_path, fetcher) -> None:
    with FakeHub(tls=True) as hub:
        hub.add("some/model-GGUF", {"model.Q4_K_M.gguf": fetcher.data})
        fetcher.hub = hub
        assert code_of(fetcher) == "network.tls"
        assert hub.seen == [], "nothing was sent"
        fetcher.run(changed(fetcher.policy, ca_file=str(CERTIFICATE)))
        assert fetcher.is_right(), "the control"


def test_d6_a_proxy_is_asked_for_everything_and_one_that_fails_is_named(fetcher, hub) -> None:
    policy = changed(fetcher.policy, proxy_for=lambda _scheme, _host: hub.storage_address)
    hub.storage_fault = Fault(status=407)
    assert code_of(fetcher, policy=policy) == "network.proxy"
    assert hub.requests("api") == [], "nothing went straight"
    bad = changed(policy, proxy_for=lambda _scheme, _host: "socks9://x")
    assert code_of(fetcher, policy=bad) == "setting.invalid"


def test_d7_a_stall_is_noticed_given_up_and_gone_on_from(fetcher, hub) -> None:
    fetcher.limits = changed(fetcher.limits, silence_s=0.4)
    hub.storage_faults = [Fault(stall_at=1_000_000)]
    reported = fetcher.run()
    assert fetcher.waited, "told while it waits"
    assert [report.error.code for report in reported if report.error] == ["network.failed"]
    assert storage_ranges(hub) == ["", f"bytes={kept(1_000_000)}-"]
    assert fetcher.is_right()


@counts("d7_cancels")
@pytest.mark.parametrize("where", ["api", "storage"])
def test_d7_a_cancel_is_heard_in_a_stall(fetcher, hub, where, dice, count) -> None:
    fetcher.limits = changed(fetcher.limits, silence_s=60.0)
    for place in sorted(dice.sample(range(len(fetcher.data)), count)):  # each goes on where the last one was stopped
        hub.stalled.clear()
        fetcher.stop.clear()
        if where == "storage":
            hub.storage_faults = [Fault(stall_at=place)]
        else:
            hub.api_faults = [Fault(silent=True)]
        ended = []

        def work(ended=ended) -> None:
            with pytest.raises(Stopped):
                fetcher.run()
            ended.append(time.monotonic())

        thread = threading.Thread(target=work)
        thread.start()
        assert hub.stalled.wait(20)
        begin = time.monotonic()
        fetcher.stop.set()
        thread.join(20)
        assert ended
        assert ended[0] - begin <= 10.0  # the promise is 0.5 s; this machine is shared
        hub.release.set()
        hub.release.clear()
    fetcher.stop.clear()
    fetcher.run()
    assert fetcher.is_right()


def test_d7_a_cancel_is_heard_while_it_waits_for_the_next_try(fetcher, hub) -> None:
    hub.api_fault = Fault(status=503, headers={"retry-after": "500"})
    threading.Timer(0.1, fetcher.stop.set).start()
    begin = time.monotonic()
    with pytest.raises(Stopped):
        fetcher.run()
    assert time.monotonic() - begin < 20


def test_d7_a_slow_drip_comes_whole(fetcher, hub) -> None:
    fetcher.data = fetcher.data[:3000]
    hub.add("some/model-GGUF", {"model.Q4_K_M.gguf": fetcher.data})
    hub.storage_fault = Fault(drip=100, pause_s=0.005)
    fetcher.run()
    assert fetcher.is_right()


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("https://example.org/x", "network.refused"),
        ("file:///etc/passwd", "network.refused"),
        ("ftp://127.0.0.1/x", "network.refused"),
        ("http://[broken", "hub.answer_invalid"),
        ("{endpoint}/some/model-GGUF/resolve/x/y", "network.redirects"),
    ],
)
def test_d8_a_redirect_elsewhere_is_refused(fetcher, hub, target, code) -> None:
    hub.api_fault = Fault(redirect=target.format(endpoint=hub.endpoint))
    assert code_of(fetcher) == code
    assert not hub.requests("storage")
    assert {row[0] for row in fetcher.rows} == {"127.0.0.1"}


def test_d8_a_redirect_with_an_endless_body_is_not_read(fetcher, hub) -> None:
    address = f"{hub.storage_address}/blobs/{hub.sha256(fetcher.data)}"
    hub.storage_faults = [Fault(status=302, headers={"location": address}, body=b"x", endless=True)]
    fetcher.run()
    assert fetcher.is_right()


def test_d8_a_token_goes_to_the_first_host_only(fetcher, hub) -> None:
    hub.add("some/model-GGUF", {"model.Q4_K_M.gguf": fetcher.data}, gated=True)
    assert code_of(fetcher) == "hub.gated"
    fetcher.token = "hf_wrong"
    assert code_of(fetcher) == "hub.token_refused"
    fetcher.token = hub.token
    fetcher.run()
    assert fetcher.is_right()
    assert [request.headers.get("authorization") for request in hub.requests("api")] == [
        None, "Bearer hf_wrong", f"Bearer {hub.token}",
    ]  # fmt: skip
    assert all("hf_" not in str(request) for request in hub.requests("storage"))
    assert "hf_" not in str(fetcher.rows), "nor into the ledger"


def test_d12_too_little_space_is_said_before_a_byte_is_fetched(fetcher, hub) -> None:
    fetcher.spare_bytes = 1 << 60
    with pytest.raises(KnownError) as caught:
        fetcher.run()
    args = caught.value.args_for_people
    assert (caught.value.code, args["needed_bytes"]) == ("disk.full", len(fetcher.data) + (1 << 60))
    assert args["available_bytes"] == pytest.approx(shutil.disk_usage(fetcher.folder).free, rel=0.2)
    assert not hub.seen


def test_d12_a_disk_that_fills_up_meanwhile_keeps_the_part(fetcher, hub, monkeypatch) -> None:
    usage = namedtuple("usage", "total used free")
    data = random.Random(3).randbytes(2 * SYNC_BYTES)
    hub.add("some/model-GGUF", {"model.Q4_K_M.gguf": data})
    fetcher.data, free = data, [1 << 40, 0]
    monkeypatch.setattr(transfer, "SYNC_S", 600.0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(0, 0, free.pop(0)))
    assert code_of(fetcher) == "disk.full"
    monkeypatch.undo()
    synced = read_journal(fetcher.part.journal).synced
    assert synced == SYNC_BYTES - PIECE_BYTES
    fetcher.run()
    assert fetcher.is_right()
    assert fetcher.resumed_from == synced


def test_d12_a_disk_that_is_full_is_told_with_the_amount_and_the_part_is_kept(fetcher) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((1 << 20) + 1000, before[1]))
    try:
        with pytest.raises(KnownError) as caught:
            fetcher.run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.code == "disk.full"
    assert caught.value.args_for_people["needed_bytes"] > 0
    ((path, origin),) = parts_in(fetcher.folder)
    assert 1 << 20 <= origin.synced <= path.stat().st_size
    fetcher.run()
    assert fetcher.is_right()
    assert fetcher.resumed_from == origin.synced


def test_a_journal_that_cannot_be_understood_starts_over(fetcher, hub) -> None:
    for wrong in (b"", b"nonsense", b"[" * 10_000, b'{"synced": 9}\n', b"\xff\n", b"null\n"):
        hub.storage_faults, hub.storage_fault = [Fault(cut_at=500_000)], Fault(status=503)
        code_of(fetcher)
        fetcher.part.journal.write_bytes(wrong)
        hub.storage_fault = None
        fetcher.run()
        assert fetcher.resumed_from == 0
        assert fetcher.is_right()
        fetcher.target.unlink()


def test_what_was_not_synced_is_not_trusted(fetcher, hub) -> None:
    hub.storage_faults, hub.storage_fault = [Fault(cut_at=500_000)], Fault(status=503)
    code_of(fetcher)
    part = fetcher.part
    with part.path.open("ab") as out:
        out.write(bytes(1000))  # a torn tail, as after a power cut
    with part.journal.open("ab") as out:
        out.write(b'{"synced": 501')
    hub.storage_fault = None
    fetcher.run()
    assert fetcher.resumed_from == kept(500_000)
    assert fetcher.is_right()


def test_d1_on_a_slow_line_what_came_is_vouched_for_while_it_goes_on(fetcher, hub, monkeypatch) -> None:
    monkeypatch.setattr(transfer, "SYNC_S", 0.0)
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    thread = threading.Thread(target=fetcher.run)
    thread.start()
    assert hub.stalled.wait(20)
    wait_until(lambda: read_journal(fetcher.part.journal).synced == (1 << 20) - PIECE_BYTES)
    hub.release.set()
    thread.join(20)
    assert fetcher.is_right()


@pytest.mark.pure
def test_a_link_in_the_place_of_a_part_is_not_followed(tmp_path) -> None:
    part = Part(tmp_path, "a/b", RemotePart("x.gguf", 10, "0" * 64))
    (tmp_path / "victim").write_bytes(b"precious")
    part.path.symlink_to(tmp_path / "victim")
    with pytest.raises(KnownError, match=r"file\.unwritable"):
        part.cut_back()
    assert (tmp_path / "victim").read_bytes() == b"precious"

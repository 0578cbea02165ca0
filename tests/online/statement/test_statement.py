"""Statements made by the services: what they say, to the byte, and what happens when one cannot be written."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from fakes.recorder import result_of
from fakes.vaults import MemoryVault

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
from slmdesk.base.records import Answered, Kind, Outgoing
from slmdesk.online.statement import verify
from slmdesk.online.statement.proofs import is_good
from slmdesk.online.statement.service import StatementMade, StatementProgress, StatementRequest
from slmdesk.runtime.messages import Problem, problem_for
from slmdesk.system.doctor import examine

pytestmark = pytest.mark.process
EXAMINED = {"versions": {"llama-cpp-python": "0.3.36"}, "graphics": {"backends": ["CPU"]}}
"""For tests of something else: to look at everything takes seconds."""
DAY_S = 86_400


@pytest.fixture
def recorder(opened):
    made = opened(model=False)
    made.services.statements.keys.vaults["keyring"] = MemoryVault("this system has none")
    return made


@pytest.fixture
def quick(monkeypatch):
    """No sums of all libraries and no processes of a self-test: for tests of something else."""
    from slmdesk.online.statement import service
    from slmdesk.online.statement.proofs import ROLES, SelfTest, Tried

    class NoControl:
        def __enter__(self):
            return self

        def __exit__(self, *_more):
            """Nothing was begun."""

    def no_test(guard, *, control, desk_ways):
        ways = {"connection": "refused by the system"}
        return SelfTest(Tried("control", {"connection": "allowed"}), Tried("this program", {"connection": "allowed"}),
                        tuple(Tried(role, ways) for role in ROLES), "network.offline")  # fmt: skip

    package = {"version": "1", "files": 1, "sha256": "0" * 64}
    monkeypatch.setattr(service, "installed", lambda _on_file: {"package": package, "libraries": {}})
    monkeypatch.setattr(service, "Control", NoControl)
    monkeypatch.setattr(service, "run_self_test", no_test)


def make(recorder, target: Path, examined=None, **more) -> StatementMade | Problem:
    services = recorder.services
    request = StatementRequest(target, **more)
    try:
        return result_of(services, lambda: services.statements.make(request, examined or EXAMINED))
    except KnownError as err:  # refused at once
        return problem_for(err)


def made(recorder, target: Path, **more) -> dict:
    done = make(recorder, target, **more)
    assert isinstance(done, StatementMade), done
    return verify.read(str(target))


def call(recorder, work):
    return recorder.services.service_thread.call(lambda: work(recorder.services.store.ledger))


def words_of(pdf: bytes, tmp_path: Path) -> str:
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:
        return " ".join("".join(page.get_textpage().get_text_range() for page in document).split())


@pytest.mark.real_child
def test_a_whole_statement_with_a_real_self_test(recorder, tmp_path):
    services, target = recorder.services, tmp_path / "one.tar"
    examined = result_of(services, lambda: examine(services))
    assert not isinstance(examined, Problem)
    n = call(recorder, lambda ledger: ledger.record(Outgoing("hub.example", "GET", "/x", "search", 443, "none")))
    call(recorder, lambda ledger: ledger.finish(n, Answered(2048, 200)))
    done = make(recorder, target, examined)
    assert isinstance(done, StatementMade), done
    new = verify.read(str(target))
    said, files = new["said"], new["files"]
    assert is_good(files["SHA256SUMS"], files["SHA256SUMS.sig"])
    assert verify.signer(files["SHA256SUMS.sig"]) == done.fingerprint == said["key"]["fingerprint"]
    assert (done.requests, done.key_place, done.is_key_new) == (1, "file", True)
    assert [(one["host"], one["requests"], one["bytes"]) for one in said["requests"]] == [("hub.example", 1, 2048)]
    assert said["pc"]["name"] is None, "only where it is wished"
    assert said["self_test"]["control_reached_the_listener"]
    assert set(said["self_test"]["this_program"].values()) == {"allowed"}
    assert said["self_test"]["check_of_the_program"] == "network.offline"
    assert said["refused"] == []
    if sys.platform == "linux":
        assert done.level == said["enforcement"]["level"] == "children only"
        assert said["enforcement"]["processes"]["reader"]["network"] == "the system"
        assert "no_network" in said["enforcement"]["processes"]["reader"]["facts"]
        assert "read" not in said["enforcement"]["processes"]["reader"]["facts"], "what it can do is no wall"
        assert said["enforcement"]["processes"]["reader"]["walls"] == "walled"
    assert said["enforcement"]["processes"]["this program"]["network"] == "its own check alone"
    assert said["program"]["installed"]["package"]["files"] > 300
    libraries = said["program"]["installed"]["libraries"]
    assert libraries["numpy"]["files_as_built"] > 100
    assert len(said["not_covered"]) >= 5
    words = words_of(files["statement.pdf"], tmp_path)
    for wanted in (
        "1 request to 1 host",
        "hub.example",
        done.fingerprint,
        "does not cover",
        "reader",
        new["said"]["ledger"]["head"]["hash"],
    ):
        assert wanted in words, wanted


def test_the_same_content_is_the_same_bytes(recorder, tmp_path, quick):
    target = tmp_path / "one.tar"
    new = made(recorder, target)
    from slmdesk.online.statement.service import tar_of

    assert tar_of(new["files"]) == target.read_bytes()
    listed = subprocess.run(
        ["tar", "--utc", "-tvf", str(target)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [line.split()[-1] for line in listed] == verify.NAMES
    assert all(line.startswith("-rw-r--r-- 0/0 ") and "1970-01-01" in line for line in listed)
    text = new["files"]["statement.json"]
    again = json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert again.encode() + b"\n" == text, "canonical"


def test_the_next_statement_goes_on_from_the_last(recorder, tmp_path, quick):
    first, second, third = (tmp_path / f"{name}.tar" for name in "abc")
    old = made(recorder, first)
    call(recorder, lambda ledger: ledger.record(Outgoing("hub.example", "GET", "/x", "search")))
    middle = made(recorder, second)
    new = made(recorder, third)
    assert [one["n"] for one in new["said"]["earlier"]] == [
        old["said"]["ledger"]["head"]["n"],
        middle["said"]["ledger"]["head"]["n"],
    ]
    assert "goes on" in verify.compare(new, old)
    assert "goes on" in verify.compare(new, middle)
    assert new["said"]["key"]["earlier"] == []
    with pytest.raises(verify.Wrong):
        verify.compare(old, new)


def test_another_key_is_said(recorder, tmp_path, quick):
    old = made(recorder, tmp_path / "a.tar")["said"]["key"]
    new = made(recorder, tmp_path / "b.tar", is_new_key=True)["said"]["key"]
    assert (new["earlier"], new["is_new"], old["is_new"]) == ([old["fingerprint"]], True, True)
    assert made(recorder, tmp_path / "c.tar")["said"]["key"]["is_new"] is False


def test_only_the_days_asked_for(recorder, tmp_path, quick):
    today = date.today()
    yesterday = today - timedelta(days=1)
    about = {"host": "old.example", "method": "GET", "path": "/", "purpose": "x"}
    before = round((time.time() - 5 * DAY_S) * 1e6)
    call(recorder, lambda ledger: ledger.take_over([(before, about)]))
    everything = made(recorder, tmp_path / "all.tar")
    assert [one["host"] for one in everything["said"]["requests"]] == ["old.example"]
    assert everything["said"]["ledger"]["from_before_the_chain"] == 1
    now = made(recorder, tmp_path / "today.tar", since=today)
    assert everything["said"]["ledger"]["first"] == 1
    assert now["said"]["period"] == {"from": today.isoformat(), "to": None}
    none = made(recorder, tmp_path / "none.tar", since=yesterday, until=yesterday)
    assert (none["said"]["requests"], list(none["rows"])) == ([], ["n"])
    assert "goes on" in verify.compare(none, everything)
    assert make(recorder, tmp_path / "wrong.tar", since=today, until=yesterday).code == "request.invalid"


def test_what_happened_is_counted(recorder, tmp_path, quick):
    services = recorder.services
    services.service_thread.call(lambda: services.network.set_offline(False))
    services.service_thread.call(lambda: services.ledger_events.link_opened())
    call(recorder, lambda ledger: ledger.record(Outgoing("hub.example", "GET", "/never answered", "search")))
    said = made(recorder, tmp_path / "a.tar", with_host_name=True)["said"]
    assert said["links_opened_in_the_browser"] == 1
    assert [(one["offline"], one["by"]) for one in said["network_allowed_or_forbidden"]] == [(False, "person")]
    assert said["requests"][0]["without_an_answer"] == 1
    assert said["starts"]["starts"] == 1
    assert said["pc"]["name"]


def test_a_ledger_changed_by_hand_is_said_and_never_hidden(recorder, tmp_path, quick):
    for number in range(3):
        call(
            recorder, lambda ledger, number=number: ledger.record(Outgoing("h.example", "GET", f"/{number}", "search"))
        )

    def tamper(ledger) -> None:
        ledger._db.conn.execute("update ledger set data = replace(data, 'h.example', 'good.example') where n = 3")

    call(recorder, tamper)
    target = tmp_path / "a.tar"
    done = make(recorder, target)
    assert "row 3" in done.problems[0]
    with pytest.raises(verify.Wrong, match="row 3"):
        verify.read(str(target))


def test_names_that_are_formulas_harm_no_spreadsheet_and_keep_their_hash(recorder, tmp_path, quick):
    odd = Outgoing("=cmd|' /C calc'!A1", "GET", "/a;=cmd|' /C calc'!A1,@x\r\n=1", "-1+1")
    call(recorder, lambda ledger: ledger.record(odd))
    new = made(recorder, tmp_path / "a.tar")
    text = new["files"]["ledger.csv"].decode("utf-8-sig")
    for part in ";|\t":
        for cell in text.replace("\r\n", "\n").replace("\n", part).split(part):
            assert not cell.lstrip(" '\"").startswith(("=", "+", "-", "@")), cell
    for cell in next(row for row in csv.reader(io.StringIO(text)) if "calc" in row[5]):
        assert not cell.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("count", [2_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_all_of_many_rows_are_counted(recorder, tmp_path, quick, count):
    about = {"host": "hub.example", "method": "GET", "purpose": "download", "bytes": 10}
    now = round(time.time() * 1e6)
    rows = [(now + number, {**about, "path": f"/{number}"}) for number in range(count)]
    call(recorder, lambda ledger: ledger.take_over(rows))
    new = made(recorder, tmp_path / "a.tar")
    assert sum(one["requests"] for one in new["said"]["requests"]) == count
    assert sum(one["bytes"] for one in new["said"]["requests"]) == 10 * count


# ---- what cannot be done


def test_an_existing_file_stays_unless_it_may_be_replaced(recorder, tmp_path, quick):
    target = tmp_path / "a.tar"
    target.write_bytes(b"mine")
    assert make(recorder, target).code == "file.exists"
    assert target.read_bytes() == b"mine"
    made(recorder, target, replace=True)


@pytest.mark.parametrize("why", ["no folder", "a folder", "not writable", "a device"])
def test_a_place_that_takes_no_file_leaves_nothing(recorder, tmp_path, quick, why):
    target = tmp_path / "out" / "a.tar"
    if why == "a folder":
        target.mkdir(parents=True)
    elif why == "not writable":
        if os.geteuid() == 0:
            pytest.skip("root writes everywhere")
        target.parent.mkdir(mode=0o500)
    elif why == "a device":
        target = Path("/dev/full")
    assert make(recorder, target).code == "file.unwritable"
    if why == "no folder":
        assert not target.parent.exists()
    assert made(recorder, tmp_path / "after.tar"), "the next one works"


def test_a_full_disk_writes_nothing_and_is_said(recorder, tmp_path, quick, monkeypatch):
    from slmdesk.base import files

    def full(*_more):
        raise OSError(28, "No space left on device")

    target = tmp_path / "a.tar"
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        done = make(recorder, target)
    assert isinstance(done, Problem)
    assert done.code in ("disk.full", "store.full")
    assert not list(tmp_path.glob("*.tar"))
    assert not list(tmp_path.glob(".a.tar*"))


def test_a_cancelled_one_writes_nothing(recorder, tmp_path, quick):
    services, target = recorder.services, tmp_path / "a.tar"
    seen: list = []

    def begin():
        pending = services.statements.make(StatementRequest(target), EXAMINED)

        def on_progress(far) -> None:
            seen.append(far)
            pending.cancel()

        return pending.listen(on_progress)

    services.service_thread.call(begin)
    deadline = time.monotonic() + 60
    while not seen and time.monotonic() < deadline:
        time.sleep(0.01)
    assert isinstance(seen[0], StatementProgress)
    assert not target.exists()
    assert call(recorder, lambda ledger: ledger.last(Kind.STATEMENT)) is None


def test_a_history_that_cannot_be_written_gives_no_statement(recorder, tmp_path, quick):
    recorder.services.store.database.read_only = True
    assert make(recorder, tmp_path / "a.tar").code == "store.read_only"
    recorder.services.store.database.read_only = False
    assert not find_paths().statement_key_file.exists()

"""What the services write into the ledger beside requests: starts, ends, offline or not, the policy, refusals."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from fakes.chains import first_fault
from fakes.commands import ROOT

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
from slmdesk.base.records import Kind
from slmdesk.history.store import open_store
from slmdesk.models.hub.search import Query
from slmdesk.models.online.offline import LedgerEvents

pytestmark = pytest.mark.process


def ledger_of(recorder) -> list:
    return recorder.ask(lambda services: services.store.ledger.rows(1, 1 << 60))


def kinds(rows) -> list[str]:
    return [row.kind for row in rows]


def ledger_on_disk() -> list:
    store = open_store(find_paths(), instance_id="look").store
    try:
        return store.ledger.rows(1, 1 << 60)
    finally:
        store.close()


def test_a_start_and_an_end_in_order(opened):
    services = opened(model=False).services
    services.close()
    start, stop = ledger_on_disk()
    assert (start.kind, stop.kind, stop.said["of"]) == ("start", "stop", 1)
    assert start.said["offline"] is True
    assert (start.said["unclean"], start.said["by"]) == ([], "person")


KILLED = """
import sys, time
from slmdesk.base.paths import find_paths
from slmdesk.services import open_services
services = open_services(find_paths(), commands={"engine": ["false"], "reader": ["false"]})
services.service_thread.call(lambda: None)
print("open", flush=True)
time.sleep(300)
"""


def test_a_program_that_was_killed_is_an_unclean_end(opened, home):
    process = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout.readline() == "open\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    rows = ledger_of(opened(model=False))
    assert kinds(rows) == ["start", "start"]
    assert rows[1].said["unclean"] == [1]


def test_the_network_allowed_and_forbidden_stands_there_once(opened):
    recorder = opened(model=False)
    network, call = recorder.services.network, recorder.services.service_thread.call
    call(lambda: network.set_offline(False))
    call(lambda: recorder.services.settings.change(font_scale=120))
    call(lambda: network.set_offline(True))
    call(network.allow_once)
    rows = ledger_of(recorder)
    assert kinds(rows) == ["start", "offline", "offline", "offline"]
    assert [(row.said["offline"], row.said.get("once")) for row in rows[1:]] == [
        (False, None), (True, None), (False, True),
    ]  # fmt: skip
    assert first_fault(rows) is None


def test_what_is_refused_stands_there_and_is_no_request(opened):
    recorder = opened(model=False)
    services = recorder.services
    with pytest.raises(KnownError, match=r"network\.offline"):
        services.hub.hub.search(Query("secret"))
    start, refused = ledger_of(recorder)
    assert (start.kind, refused.kind) == ("start", "refused")
    assert (refused.said["host"], refused.said["purpose"]) == ("huggingface.co", "search")
    assert refused.said["code"] == "network.offline"
    assert "secret" not in refused.data
    assert services.service_thread.call(services.network.requests) == []


def test_no_request_before_its_start_is_written(opened, monkeypatch):
    recorder = opened(model=False)
    services = recorder.services

    def full(*_more):
        raise KnownError("store.full")

    services.service_thread.call(lambda: services.network.set_offline(False))
    services.service_thread.call(services.store.ledger.stop)
    before = len(ledger_of(recorder))
    monkeypatch.setattr(services.store.ledger, "append", full)
    with pytest.raises(KnownError, match=r"store\.full"):
        services.hub.hub.search(Query("tiny"))
    assert len(ledger_of(recorder)) == before


def test_a_start_that_could_not_be_written_whole_is_written_before_the_first_request(opened, home, monkeypatch):
    opened(model=False).services.close()
    find_paths().policy_file.write_text("version = 1\n[models]\nexams = false\n")

    def full(*_more):
        raise KnownError("store.full")

    with monkeypatch.context() as until_here:
        until_here.setattr(LedgerEvents, "_note_policy", full)  # the disk is full when the policy is written down
        recorder = opened(model=False)
        assert kinds(ledger_of(recorder)) == ["start", "stop"]
    recorder.ask(lambda services: services.ledger_events.require_start())  # as before the first request
    assert kinds(ledger_of(recorder)) == ["start", "stop", "start", "policy"]
    recorder.services.close()
    assert ledger_on_disk()[-1].said == {"of": 3}


def test_a_policy_stands_there_when_it_is_another(opened, home):
    paths = find_paths()
    opened(model=False).services.close()
    paths.policy_file.write_text('version = 1\n[network]\noffline = true\nproxy = "http://me:heron@p.example:1"\n')
    opened(model=False).services.close()
    opened(model=False).services.close()
    paths.policy_file.unlink()
    opened(model=False).services.close()
    rows = ledger_on_disk()
    policies = [row.said for row in rows if row.kind == Kind.POLICY]
    assert [policy["file"] for policy in policies] == [str(paths.policy_file), None]
    assert policies[0]["sets"]["offline"] is True
    assert len(policies[0]["sha256"]) == 64
    assert "heron" not in str(rows)
    starts = [row.said for row in rows if row.kind == Kind.START]
    assert [start["by"] for start in starts] == ["person", "policy", "policy", "person"]

"""The queue of downloads: one after the other, in an order that is kept, and gone on with at the next start."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.fake_hub import FakeHub, Fault, online
from fakes.tiny_gguf import tiny_llama

from slmdesk.core.errors import KnownError
from slmdesk.core.records import JobStatus
from slmdesk.hub.transfer import TransferLimits
from slmdesk.services.jobs.events import JobChanged
from slmdesk.services.online.events import DownloadChanged, DownloadState

pytestmark = pytest.mark.process

FAST = TransferLimits(first_wait_s=0.001, longest_wait_s=0.002, silence_s=20.0)
NAMES = ("a", "b", "c", "d")


@pytest.fixture
def hub(home):
    with FakeHub() as it:
        for number, name in enumerate(NAMES):
            data = tiny_llama(seed=number).data + random.Random(number).randbytes(2 << 20)
            it.add(f"some/{name}-GGUF", {f"{name}.Q4_K_M.gguf": data})
        online(home, it)
        yield it


@pytest.fixture
def told(opened, hub):
    return fast(opened(model=False))


def fast(told):
    told.services.downloads._limits = FAST
    return told


def call(told, request):
    return told.services.service_thread.call(lambda: request(told.services))


def start(told, name: str) -> str:
    return call(told, lambda services: services.downloads.start(f"some/{name}-GGUF", waits=True))


def state(told, id: str) -> DownloadChanged:
    return next(one for one in call(told, lambda services: services.downloads.all()) if one.id == id)


def wait(told, id: str, *states: str, begin: int = 0) -> DownloadChanged:
    return told.wait(DownloadChanged, lambda one: one.id == id and one.state in states, begin)


def wait_for(event) -> None:
    deadline = time.monotonic() + 40
    while not event():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def job(told, id: str):
    return call(told, lambda services: services.store.job(id))


def fetched(hub) -> list[str]:
    """Repositories in the order in which their files were asked for."""
    paths = [one.path for one in hub.requests("api") if "/resolve/" in one.path]
    return list(dict.fromkeys(path.split("/")[2][0] for path in paths))


def four(told, hub) -> list[str]:
    """Four downloads, of which the first is held."""
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    ids = [start(told, name) for name in NAMES]
    assert hub.stalled.wait(20)
    return ids


def test_one_runs_and_the_others_wait_in_their_order(told, hub) -> None:
    ids = four(told, hub)
    assert [(state(told, id).state, state(told, id).place) for id in ids[1:]] == [
        ("queued", 1), ("queued", 2), ("queued", 3),
    ]  # fmt: skip
    assert [job(told, id).status for id in ids] == ["running", "open", "open", "open"]
    hub.release.set()
    for id in ids:
        assert wait(told, id, "done").model
    assert fetched(hub) == list(NAMES)
    assert [job(told, id).status for id in ids] == ["done"] * 4
    assert told.of(JobChanged)[-1].status is JobStatus.DONE


def test_the_order_can_be_changed_and_is_kept(told, hub, opened) -> None:
    ids = four(told, hub)
    call(told, lambda services: services.downloads.move(ids[3], "first"))
    call(told, lambda services: services.downloads.move(ids[1], "down"))
    call(told, lambda services: services.downloads.move(ids[2], "up"))
    order = sorted(ids[1:], key=lambda id: state(told, id).place)
    assert order == [ids[2], ids[3], ids[1]]
    told.services.close()
    hub.release.set()
    again = fast(opened(model=False))
    call(again, lambda services: services.jobs.take_up())
    for id in ids:
        assert wait(again, id, "done").model
    assert fetched(hub) == ["a", "c", "d", "b"]


def test_two_at_once_when_a_person_wants_that(told, hub) -> None:
    call(told, lambda services: services.settings.change(downloads_at_once=2))
    hub.storage_fault = Fault(stall_at=1 << 20)
    ids = [start(told, name) for name in NAMES[:3]]
    wait_for(lambda: len(fetched(hub)) == 2)
    assert state(told, ids[2]).place == 1
    call(told, lambda services: services.settings.change(downloads_at_once=3))
    wait_for(lambda: len(fetched(hub)) == 3)
    hub.release.set()


def test_a_paused_one_makes_room_and_comes_back_in_its_place(told, hub) -> None:
    ids = four(told, hub)
    call(told, lambda services: services.downloads.pause(ids[1]))
    assert (state(told, ids[1]).state, state(told, ids[2]).place) == ("paused", 1)
    call(told, lambda services: services.downloads.resume(ids[1]))
    assert [state(told, id).place for id in ids[1:]] == [1, 2, 3]
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    hub.stalled.clear()
    call(told, lambda services: services.downloads.pause(ids[0]))
    wait(told, ids[0], "paused")
    assert hub.stalled.wait(20), "the next one runs"
    call(told, lambda services: services.downloads.resume(ids[0]))
    assert state(told, ids[0]).place == 1, "it was the first"
    hub.release.set()
    for id in ids:
        assert wait(told, id, "done").model


def test_paused_and_resumed_at_once_it_goes_on(told, hub, home) -> None:
    ids = four(told, hub)
    wait_for(lambda: sum(one.stat().st_size for one in (home / "models").glob("*.part")) >= 1 << 20)
    begin = len(told.facts)

    def both(services) -> None:
        services.downloads.pause(ids[0])
        services.downloads.resume(ids[0])

    hub.storage_faults = []
    call(told, both)
    assert wait(told, ids[0], "done", begin=begin).resumed_from == 1 << 20
    hub.release.set()


def test_a_window_that_was_closed_goes_on_where_it_was(told, hub, opened, home) -> None:
    ids = four(told, hub)
    call(told, lambda services: services.downloads.pause(ids[3]))
    wait_for(lambda: sum(one.stat().st_size for one in (home / "models").glob("*.part")) >= 1 << 20)
    told.services.close()
    hub.release.set()
    again = fast(opened(model=False))
    assert call(again, lambda services: services.downloads.all()) == [], "only a window takes up"
    call(again, lambda services: services.jobs.take_up())
    assert wait(again, ids[0], "done").resumed_from == 1 << 20
    for id in ids[1:3]:
        assert wait(again, id, "done").model
    assert state(again, ids[3]).state == "paused", "a person paused it"
    assert job(again, ids[3]).status is JobStatus.PAUSED
    call(again, lambda services: services.downloads.resume(ids[3]))
    assert wait(again, ids[3], "done").model


KILLED = """
import sys, time
sys.path.insert(0, "tests")
from fakes.told import open_echo
services = open_echo()
for name in sys.argv[1:]:
    services.service_thread.call(lambda name=name: services.downloads.start(f"some/{name}-GGUF", waits=True))
time.sleep(600)
"""


def test_d1_a_window_that_was_killed_goes_on_where_it_was(hub, opened, home) -> None:
    hub.storage_faults = [Fault(stall_at=2 << 20)]
    window = subprocess.Popen([sys.executable, "-c", KILLED, "a", "b"], cwd=ROOT, env={**os.environ})
    try:
        wait_for(lambda: sum(one.stat().st_size for one in (home / "models").glob("*.part")) >= 2 << 20)
    finally:
        window.send_signal(signal.SIGKILL)
        window.wait()
    hub.release.set()
    again = fast(opened(model=False))
    call(again, lambda services: services.jobs.take_up())
    ids = [one.id for one in call(again, lambda services: services.downloads.all())]
    assert len(ids) == 2
    for id in ids:
        assert wait(again, id, "done").model
    assert fetched(hub) == ["a", "b"]


def test_p1_offline_it_waits_says_so_and_starts_when_the_network_is_allowed(told, hub, opened, home) -> None:
    ids = four(told, hub)
    call(told, lambda services: services.network.set_offline(True))
    wait_for(lambda: state(told, ids[0]).state == "queued")
    assert [state(told, id).note.code for id in ids] == ["download.offline"] * 4
    assert "you work offline" in state(told, ids[0]).note.sentence
    call(told, lambda services: services.downloads.pause(ids[0]))
    assert state(told, ids[0]).state == "paused"
    call(told, lambda services: services.downloads.resume(ids[0]))
    told.services.close()
    hub.release.set()
    asked = len(hub.seen)
    again = fast(opened(model=False))
    call(again, lambda services: services.jobs.take_up())
    assert [state(again, id).note.code for id in ids] == ["download.offline"] * 4
    assert len(hub.seen) == asked
    call(again, lambda services: services.network.set_offline(False))
    for id in ids:
        assert wait(again, id, "done").model


def test_another_desk_may_pause_resume_and_cancel(told, hub, opened, home) -> None:
    ids = four(told, hub)
    other = fast(opened(model=False))
    listed = {one.id: one for one in call(other, lambda services: services.jobs.list())}
    assert [listed[id].status for id in ids] == ["running", "open", "open", "open"]
    with pytest.raises(KnownError) as error:
        call(other, lambda services: services.jobs.resume(ids[0]))
    assert error.value.code == "job.elsewhere"
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    call(other, lambda services: services.jobs.pause(ids[0]))
    wait(told, ids[0], "paused")
    assert call(other, lambda services: services.jobs.cancel(ids[1])).status is JobStatus.CANCELLED
    wait(told, ids[1], "cancelled")
    hub.release.set()
    command = [*SLMDESK, "jobs", "resume", ids[0], "--json"]  # the Hub's library has one client in a process
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    shape = json.loads(done.stdout)
    assert (shape["status"], shape["bytes_done"]) == ("done", shape["bytes_total"])
    assert wait(told, ids[0], "done").model, "the window hears of it"
    for id in ids[2:]:
        assert wait(told, id, "done").model


def test_what_another_desk_cancels_is_deleted_by_the_one_that_fetches_it(told, hub, opened, home) -> None:
    ids = four(told, hub)
    wait_for(lambda: list((home / "models").glob("*.part")))
    other = opened(model=False)
    call(other, lambda services: services.jobs.cancel(ids[0]))
    hub.storage_faults = [Fault(stall_at=0)] * 3
    wait(told, ids[0], "cancelled")
    first = hub.sha256(next(iter(hub.repos["some/a-GGUF"].files.values())))
    assert not [one for one in (home / "models").iterdir() if first[:32] in one.name]
    hub.release.set()


def test_a_paused_one_cancelled_by_another_desk_leaves_no_part(told, hub, opened, home) -> None:
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    id = start(told, "a")
    assert hub.stalled.wait(20)
    call(told, lambda services: services.downloads.pause(id))
    wait(told, id, "paused")
    other = opened(model=False)
    call(other, lambda services: services.jobs.cancel(id))
    other.services.close()
    assert list((home / "models").iterdir()) == []
    wait(told, id, "cancelled")
    hub.release.set()


def test_the_same_wish_is_the_same_job_until_it_is_done(told, hub) -> None:
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    id = start(told, "a")
    assert hub.stalled.wait(20)
    call(told, lambda services: services.downloads.pause(id))
    wait(told, id, "paused")
    hub.release.set()
    assert start(told, "a") == id
    assert wait(told, id, "done").model
    assert start(told, "a") != id


def test_a_failed_one_lets_the_next_begin_and_can_be_tried_again(told, hub) -> None:
    hub.storage_faults = [Fault(status=404)]
    ids = [start(told, name) for name in NAMES[:2]]
    assert wait(told, ids[0], "failed").problem.code == "hub.missing"
    assert job(told, ids[0]).error_code == "hub.missing"
    assert wait(told, ids[1], "done").model
    call(told, lambda services: services.downloads.resume(ids[0]))
    assert wait(told, ids[0], "done").model


def test_a_failed_one_can_be_cancelled(told, hub) -> None:
    hub.storage_fault = Fault(status=404)
    id = start(told, "a")
    wait(told, id, "failed")
    call(told, lambda services: services.downloads.cancel(id))
    wait(told, id, "cancelled")
    assert job(told, id).status is JobStatus.CANCELLED


def test_the_limit_of_speed_holds_at_once(told, hub) -> None:
    call(told, lambda services: services.settings.change(speed_limit_kib=64))
    id = start(told, "a")
    wait(told, id, "fetching")
    time.sleep(0.5)  # what is tried is the time itself
    assert state(told, id).state in DownloadState.FETCHING
    call(told, lambda services: services.settings.change(speed_limit_kib=0))
    begun = time.monotonic()
    assert wait(told, id, "done").model
    assert time.monotonic() - begun < 25, "at 64 KiB a second it would be half a minute"


def test_a_job_of_another_kind_is_no_download(told) -> None:
    with pytest.raises(KnownError) as error:
        call(told, lambda services: services.downloads.pause("zz"))
    assert error.value.code == "download.unknown"


def test_a_store_that_is_busy_is_asked_again(told, hub, monkeypatch) -> None:
    real, asked = told.services.store.claim_job, []

    def claim(id: str):
        asked.append(id)
        if len(asked) == 1:
            raise KnownError("store.busy")
        return real(id)

    monkeypatch.setattr(told.services.store, "claim_job", claim)
    id = start(told, "a")
    assert wait(told, id, "done").model
    assert len(asked) == 2

"""The queue of downloads: one after the other, in an order that is kept, and gone on with at the next start."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.fake_hub import FakeHub, Fault, online, part_size
from fakes.recorder import wait_until
from fakes.tiny_gguf import tiny_llama

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.events import DownloadChanged
from slmdesk.models.hub.transfer import TransferLimits
from slmdesk.tasks.jobs.types import JobChanged

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
def recorder(opened, hub):
    return fast(opened(model=False))


def fast(recorder):
    recorder.services.downloads.limits = FAST
    return recorder


def start(recorder, name: str) -> str:
    return recorder.ask(lambda services: services.downloads.start(f"some/{name}-GGUF", waits=True))


def state(recorder, id: str) -> DownloadChanged:
    return next(download for download in recorder.ask(lambda services: services.downloads.all()) if download.id == id)


def wait(recorder, id: str, *states: str, begin: int = 0) -> DownloadChanged:
    return recorder.wait(DownloadChanged, lambda change: change.id == id and change.state in states, begin)


def job(recorder, id: str):
    return recorder.ask(lambda services: services.store.jobs.get(id))


def fetched(hub) -> list[str]:
    """Repositories in the order in which their files were asked for."""
    paths = [request.path for request in hub.requests("api") if "/resolve/" in request.path]
    return list(dict.fromkeys(path.split("/")[2][0] for path in paths))


def four(recorder, hub) -> list[str]:
    """Four downloads, of which the first is held."""
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    ids = [start(recorder, name) for name in NAMES]
    assert hub.stalled.wait(20)
    return ids


def test_one_runs_and_the_others_wait_in_their_order(recorder, hub) -> None:
    ids = four(recorder, hub)
    assert [(state(recorder, id).state, state(recorder, id).place) for id in ids[1:]] == [
        ("queued", 1), ("queued", 2), ("queued", 3),
    ]  # fmt: skip
    assert [job(recorder, id).status for id in ids] == ["running", "open", "open", "open"]
    hub.release.set()
    for id in ids:
        assert wait(recorder, id, "done").model
    assert fetched(hub) == list(NAMES)
    assert [job(recorder, id).status for id in ids] == ["done"] * 4
    assert recorder.of(JobChanged)[-1].status is JobStatus.DONE


def test_the_order_can_be_changed_and_is_kept(recorder, hub, opened) -> None:
    ids = four(recorder, hub)
    recorder.ask(lambda services: services.downloads.move(ids[3], "first"))
    recorder.ask(lambda services: services.downloads.move(ids[1], "down"))
    recorder.ask(lambda services: services.downloads.move(ids[2], "up"))
    order = sorted(ids[1:], key=lambda id: state(recorder, id).place)
    assert order == [ids[2], ids[3], ids[1]]
    recorder.services.close()
    hub.release.set()
    again = fast(opened(model=False))
    again.ask(lambda services: services.jobs.take_up())
    for id in ids:
        assert wait(again, id, "done").model
    assert fetched(hub) == ["a", "c", "d", "b"]


def test_two_at_once_when_a_person_wants_that(recorder, hub) -> None:
    recorder.ask(lambda services: services.settings.change(downloads_at_once=2))
    hub.storage_fault = Fault(stall_at=1 << 20)
    ids = [start(recorder, name) for name in NAMES[:3]]
    wait_until(lambda: len(fetched(hub)) == 2)
    assert state(recorder, ids[2]).place == 1
    recorder.ask(lambda services: services.settings.change(downloads_at_once=3))
    wait_until(lambda: len(fetched(hub)) == 3)
    hub.release.set()


def test_a_paused_one_makes_room_and_comes_back_in_its_place(recorder, hub) -> None:
    ids = four(recorder, hub)
    recorder.ask(lambda services: services.downloads.pause(ids[1]))
    assert (state(recorder, ids[1]).state, state(recorder, ids[2]).place) == ("paused", 1)
    recorder.ask(lambda services: services.downloads.resume(ids[1]))
    assert [state(recorder, id).place for id in ids[1:]] == [1, 2, 3]
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    hub.stalled.clear()
    recorder.ask(lambda services: services.downloads.pause(ids[0]))
    wait(recorder, ids[0], "paused")
    assert hub.stalled.wait(20), "the next one runs"
    recorder.ask(lambda services: services.downloads.resume(ids[0]))
    assert state(recorder, ids[0]).place == 1, "it was the first"
    hub.release.set()
    for id in ids:
        assert wait(recorder, id, "done").model


def test_paused_and_resumed_at_once_it_goes_on(recorder, hub, home) -> None:
    ids = four(recorder, hub)
    wait_until(lambda: part_size(home) >= 1 << 20)
    begin = len(recorder.events)

    def both(services) -> None:
        services.downloads.pause(ids[0])
        services.downloads.resume(ids[0])

    hub.storage_faults = []
    recorder.ask(both)
    assert wait(recorder, ids[0], "done", begin=begin).resumed_from == 1 << 20
    hub.release.set()


def test_a_window_that_was_closed_goes_on_where_it_was(recorder, hub, opened, home) -> None:
    ids = four(recorder, hub)
    recorder.ask(lambda services: services.downloads.pause(ids[3]))
    wait_until(lambda: part_size(home) >= 1 << 20)
    recorder.services.close()
    hub.release.set()
    again = fast(opened(model=False))
    assert again.ask(lambda services: services.downloads.all()) == [], "only a window takes up"
    again.ask(lambda services: services.jobs.take_up())
    assert wait(again, ids[0], "done").resumed_from == 1 << 20
    for id in ids[1:3]:
        assert wait(again, id, "done").model
    assert state(again, ids[3]).state == "paused", "a person paused it"
    assert job(again, ids[3]).status is JobStatus.PAUSED
    again.ask(lambda services: services.downloads.resume(ids[3]))
    assert wait(again, ids[3], "done").model


KILLED = """
import sys, time
sys.path.insert(0, "tests")
from fakes.recorder import open_echo
services = open_echo()
for name in sys.argv[1:]:
    services.service_thread.call(lambda name=name: services.downloads.start(f"some/{name}-GGUF", waits=True))
time.sleep(600)
"""


def test_d1_a_window_that_was_killed_goes_on_where_it_was(hub, opened, home) -> None:
    hub.storage_faults = [Fault(stall_at=2 << 20)]
    window = subprocess.Popen([sys.executable, "-c", KILLED, "a", "b"], cwd=ROOT, env={**os.environ})
    try:
        wait_until(lambda: part_size(home) >= 2 << 20)
    finally:
        window.send_signal(signal.SIGKILL)
        window.wait()
    hub.release.set()
    again = fast(opened(model=False))
    again.ask(lambda services: services.jobs.take_up())
    ids = [download.id for download in again.ask(lambda services: services.downloads.all())]
    assert len(ids) == 2
    for id in ids:
        assert wait(again, id, "done").model
    assert fetched(hub) == ["a", "b"]


def test_p1_offline_it_waits_says_so_and_starts_when_the_network_is_allowed(recorder, hub, opened, home) -> None:
    ids = four(recorder, hub)
    recorder.ask(lambda services: services.network.set_offline(True))
    wait_until(lambda: state(recorder, ids[0]).state == "queued")
    assert [state(recorder, id).note.code for id in ids] == ["download.offline"] * 4
    assert "you work offline" in state(recorder, ids[0]).note.sentence
    recorder.ask(lambda services: services.downloads.pause(ids[0]))
    assert state(recorder, ids[0]).state == "paused"
    recorder.ask(lambda services: services.downloads.resume(ids[0]))
    recorder.services.close()
    hub.release.set()
    asked = len(hub.seen)
    again = fast(opened(model=False))
    again.ask(lambda services: services.jobs.take_up())
    assert [state(again, id).note.code for id in ids] == ["download.offline"] * 4
    assert len(hub.seen) == asked
    again.ask(lambda services: services.network.set_offline(False))
    for id in ids:
        assert wait(again, id, "done").model


def test_another_desk_may_pause_resume_and_cancel(recorder, hub, opened, home) -> None:
    ids = four(recorder, hub)
    other = fast(opened(model=False))
    listed = {task.id: task for task in other.ask(lambda services: services.jobs.list())}
    assert [listed[id].status for id in ids] == ["running", "open", "open", "open"]
    with pytest.raises(KnownError, match=r"^job\.elsewhere "):
        other.ask(lambda services: services.jobs.resume(ids[0]))
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    other.ask(lambda services: services.jobs.pause(ids[0]))
    wait(recorder, ids[0], "paused")
    assert other.ask(lambda services: services.jobs.cancel(ids[1])).status is JobStatus.CANCELLED
    wait(recorder, ids[1], "cancelled")
    hub.release.set()
    command = [*SLMDESK, "jobs", "resume", ids[0], "--json"]  # the Hub's library has one client in a process
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    shape = json.loads(done.stdout)
    assert (shape["status"], shape["bytes_done"]) == ("done", shape["bytes_total"])
    assert wait(recorder, ids[0], "done").model, "the window hears of it"
    for id in ids[2:]:
        assert wait(recorder, id, "done").model


def test_what_another_desk_cancels_is_deleted_by_the_one_that_fetches_it(recorder, hub, opened, home) -> None:
    ids = four(recorder, hub)
    wait_until(lambda: list((home / "models").glob("*.part")))
    other = opened(model=False)
    other.ask(lambda services: services.jobs.cancel(ids[0]))
    hub.storage_faults = [Fault(stall_at=0)] * 3
    wait(recorder, ids[0], "cancelled")
    first = hub.sha256(next(iter(hub.repos["some/a-GGUF"].files.values())))
    assert not [path for path in (home / "models").iterdir() if first[:32] in path.name]
    hub.release.set()


def test_a_paused_one_cancelled_by_another_desk_leaves_no_part(recorder, hub, opened, home) -> None:
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    id = start(recorder, "a")
    assert hub.stalled.wait(20)
    recorder.ask(lambda services: services.downloads.pause(id))
    wait(recorder, id, "paused")
    other = opened(model=False)
    other.ask(lambda services: services.jobs.cancel(id))
    other.services.close()
    assert list((home / "models").iterdir()) == []
    wait(recorder, id, "cancelled")
    hub.release.set()


def test_the_same_wish_is_the_same_job_until_it_is_done(recorder, hub) -> None:
    hub.storage_faults = [Fault(stall_at=1 << 20)]
    id = start(recorder, "a")
    assert hub.stalled.wait(20)
    recorder.ask(lambda services: services.downloads.pause(id))
    wait(recorder, id, "paused")
    hub.release.set()
    assert start(recorder, "a") == id
    assert wait(recorder, id, "done").model
    assert start(recorder, "a") != id


def test_a_failed_one_lets_the_next_begin_and_can_be_tried_again(recorder, hub) -> None:
    hub.storage_faults = [Fault(status=404)]
    ids = [start(recorder, name) for name in NAMES[:2]]
    assert wait(recorder, ids[0], "failed").problem.code == "hub.missing"
    assert job(recorder, ids[0]).error_code == "hub.missing"
    assert wait(recorder, ids[1], "done").model
    recorder.ask(lambda services: services.downloads.resume(ids[0]))
    assert wait(recorder, ids[0], "done").model


def test_a_failed_one_can_be_cancelled(recorder, hub) -> None:
    hub.storage_fault = Fault(status=404)
    id = start(recorder, "a")
    wait(recorder, id, "failed")
    recorder.ask(lambda services: services.downloads.cancel(id))
    wait(recorder, id, "cancelled")
    assert job(recorder, id).status is JobStatus.CANCELLED


def test_the_limit_of_speed_holds_at_once(recorder, hub) -> None:
    recorder.ask(lambda services: services.settings.change(speed_limit_kib=1))  # it would be half an hour
    id = start(recorder, "a")
    wait(recorder, id, "fetching")
    recorder.ask(lambda services: services.settings.change(speed_limit_kib=0))
    assert wait(recorder, id, "done").model


def test_a_job_of_another_kind_is_no_download(recorder) -> None:
    with pytest.raises(KnownError, match=r"^download\.unknown "):
        recorder.ask(lambda services: services.downloads.pause("zz"))


def test_a_store_that_is_busy_is_asked_again(recorder, hub, monkeypatch) -> None:
    real, asked = recorder.services.store.jobs.claim, []

    def claim(id: str):
        asked.append(id)
        if len(asked) == 1:
            raise KnownError("store.busy")
        return real(id)

    monkeypatch.setattr(recorder.services.store.jobs, "claim", claim)
    id = start(recorder, "a")
    assert wait(recorder, id, "done").model
    assert len(asked) == 2

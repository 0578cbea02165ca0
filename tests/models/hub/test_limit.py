"""How fast a download may be: what the limit says, at once when it changes, and never deaf to a cancel."""

from __future__ import annotations

import threading
import time

import pytest
from fakes.fake_hub import Fault

from slmdesk.base.errors import Stopped
from slmdesk.models.hub.guard import SpeedLimit
from slmdesk.models.hub.search import PIECE_BYTES

pytestmark = pytest.mark.process


def test_a_limit_is_kept_and_the_file_is_right(fetcher) -> None:
    limit = SpeedLimit()
    limit.set(2 << 20)
    begun = time.monotonic()
    fetcher.run(speed=limit)
    seconds = time.monotonic() - begun
    assert fetcher.is_right()
    assert seconds >= len(fetcher.data) / (2 << 20) * 0.8
    fetcher.target.unlink()
    limit.set(0)
    fetcher.run(speed=limit)
    assert fetcher.is_right()


def test_two_share_one_limit() -> None:
    limit, stop, taken = SpeedLimit(), threading.Event(), [0, 0]
    limit.set(100_000)

    def read(which: int) -> None:
        while time.monotonic() < end:
            limit.spend(10_000, stop)
            taken[which] += 10_000

    end = time.monotonic() + 1.0
    threads = [threading.Thread(target=read, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 20_000 <= sum(taken) <= 160_000
    assert min(taken) > 0


def test_a_change_holds_for_what_waits(fetcher) -> None:
    limit = SpeedLimit()
    limit.set(1 << 10)
    fast = threading.Timer(0.3, limit.set, [0])
    fast.start()
    fetcher.run(speed=limit)  # at a KiB a second it would be most of an hour
    assert fetcher.is_right()


def test_d7_a_cancel_is_heard_at_a_tiny_limit(fetcher) -> None:
    limit = SpeedLimit()
    limit.set(1)
    threading.Timer(0.4, fetcher.stop.set).start()
    with pytest.raises(Stopped):
        fetcher.run(speed=limit)  # the next byte would come in hours


def test_what_was_cut_and_what_came_after_it_is_counted(fetcher, hub) -> None:
    hub.storage_faults = [Fault(cut_at=2 << 20)]
    fetcher.run()
    assert fetcher.is_right()
    sizes = [size for _n, size in fetcher.log.finished]
    assert len(fetcher.data) <= sum(sizes) <= len(fetcher.data) + PIECE_BYTES
    assert len(hub.requests("storage")) == 2

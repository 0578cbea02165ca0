"""How fast a download may be: what the limit says, at once when it changes, and never deaf to a cancel."""

from __future__ import annotations

import threading
import time

import pytest
from fakes.fake_hub import Fault

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.models.hub.guard import SpeedLimit, because
from slmdesk.models.hub.search import file_address
from slmdesk.models.hub.transfer import Transfer, WriteBehind

pytestmark = pytest.mark.process


def fetch(fetcher, limit: SpeedLimit, seen=None) -> None:
    part = fetcher.part
    address = file_address(fetcher.hub.endpoint, "some/model-GGUF", "a" * 40, "model.Q4_K_M.gguf")
    with fetcher.client() as client, because("test", stop=fetcher.stop, limit=limit):
        for progress in Transfer(client, address, part, stop=fetcher.stop, limits=fetcher.limits).run():
            if seen:
                seen(progress)
    part.move_to(fetcher.target)


def test_a_limit_is_kept_and_the_file_is_right(fetcher) -> None:
    limit = SpeedLimit()
    limit.set(2 << 20)
    begun = time.monotonic()
    fetch(fetcher, limit)
    seconds = time.monotonic() - begun
    assert fetcher.is_right()
    assert seconds >= len(fetcher.data) / (2 << 20) * 0.8
    fetcher.target.unlink()
    limit.set(0)
    fetch(fetcher, limit)
    assert fetcher.is_right()


def test_two_share_one_limit() -> None:
    limit, stop, taken = SpeedLimit(), threading.Event(), [0, 0]
    limit.set(100_000)

    def read(which: int) -> None:
        while time.monotonic() < end:
            taken[which] += limit.take(1 << 18, stop)

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
    fetch(fetcher, limit)  # at a KiB a second it would be most of an hour
    assert fetcher.is_right()


def test_d7_a_cancel_is_heard_at_a_tiny_limit(fetcher) -> None:
    limit = SpeedLimit()
    limit.set(1)
    threading.Timer(0.4, fetcher.stop.set).start()
    with pytest.raises(Stopped):
        fetch(fetcher, limit)  # the next byte would come in hours


def test_what_was_taken_and_not_read_is_given_back() -> None:
    limit, stop = SpeedLimit(), threading.Event()
    limit.set(1000)
    time.sleep(0.2)
    count = limit.take(1 << 18, stop)
    limit.give_back(count)
    assert limit.take(1 << 18, stop) >= count


def test_a_body_that_comes_past_the_library_is_counted_bounded_and_cut(fetcher, hub) -> None:
    hub.storage_faults = [Fault(cut_at=2 << 20)]
    fetcher.run()
    assert fetcher.is_right()
    assert sum(size for _n, size in fetcher.log.finished) == len(fetcher.data), "what was cut and what came after it"
    assert len(hub.requests("storage")) == 2


def test_a_failed_write_is_told_and_keeps_what_was_written(tmp_path, monkeypatch) -> None:
    import hashlib
    import os

    digest, written, handle = hashlib.sha256(), [], os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    real = os.write

    def write(handle, piece):
        if sum(written) >= 10:
            raise OSError(28, "No space left on device")
        written.append(real(handle, piece[:5]))
        return written[-1]

    behind = WriteBehind(handle, digest, 0, lambda _size: None)
    monkeypatch.setattr(os, "write", write)
    behind.put(b"0123456789abcdef")
    with pytest.raises(OSError, match="No space"):
        behind.drain()
    assert behind.written == 10
    assert digest.hexdigest() == hashlib.sha256(b"0123456789").hexdigest()
    with pytest.raises(OSError, match="No space"):
        behind.put(b"x")
    behind.close()
    monkeypatch.undo()
    os.close(handle)


def test_a_disk_that_is_full_is_told_with_the_amount_and_the_part_is_kept(fetcher, monkeypatch) -> None:
    import os

    real, sent = os.write, []

    def write(handle, piece):
        if sum(sent) > 1 << 20:
            raise OSError(28, "No space left on device")
        sent.append(len(piece))
        return real(handle, piece)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(KnownError) as reported:
        fetcher.run()
    monkeypatch.undo()
    assert reported.value.code == "disk.full"
    assert reported.value.args_for_people["needed_bytes"] > 0
    (part,) = fetcher.folder.glob("*.part")
    assert part.stat().st_size == sum(sent)
    fetcher.run()
    assert fetcher.is_right()
    assert fetcher.resumed_from == sum(sent)

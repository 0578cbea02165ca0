"""What was measured of this PC is kept."""

from __future__ import annotations

from contextlib import closing

import pytest

from slmdesk.history.store import open_store
from slmdesk.history.store.rescue import rescue_into

pytestmark = pytest.mark.process


def test_the_newest_takes_the_place_of_the_one_before(paths):
    now = [100.0]
    with closing(open_store(paths, instance_id="d", clock=lambda: now[0]).store) as store:
        assert store.measurements.get("bandwidth") is None
        store.measurements.keep("bandwidth", {"bytes_per_s": 1.5})
        now[0] = 200.0
        assert store.measurements.keep("bandwidth", {"bytes_per_s": 2.5, "lone": "\ud800"}).time == 200.0
        store.measurements.keep("speed/aa", {"tokens_per_s": 7})
        assert store.measurements.get("bandwidth").value == {"bytes_per_s": 2.5, "lone": "\ufffd"}
        assert [measurement.key for measurement in store.measurements.all()] == ["speed/aa", "bandwidth"]
        assert [measurement.key for measurement in store.measurements.all("speed/")] == ["speed/aa"]
        store.read_everything()


def test_what_was_measured_is_not_brought_out_of_a_damaged_file(paths, tmp_path):
    """Nor taken for something else that has as many columns."""
    with closing(open_store(paths, instance_id="d").store) as store:
        store.items.add("chat", "kept")
        store.measurements.keep("bandwidth", {"bytes_per_s": 9})
    damaged = tmp_path / "damaged.sqlite3"
    paths.database.rename(damaged)
    with closing(open_store(paths, instance_id="e").store) as store:
        report = rescue_into(store, damaged)
        assert (report.items, report.unreadable) == (1, 0)
        assert store.measurements.all() == []
        store.read_everything()

"""Estimates the batches still ahead of a summary (checks, merges) for its time left.  Pure functions."""

from __future__ import annotations

from slmdesk.services.jobs.time_left import ExpectedBatch

CHECK_COST, MERGE_COST, WRITTEN_COST = 60.0, 450.0, 1.5
"""In tokens read: a yes or no, a merge; and what one written token costs."""
MOST_POINTS = 1 << 30
POINTS_A_MERGE = 6
"""About; a merge keeps about three of them."""
KEPT = 3


def ahead_of_points(points: int, streams: int, requested: int, *, can_check: bool) -> tuple[ExpectedBatch, ...]:
    """Return the batches that follow the points of `streams` documents, of each of which `requested` are kept."""
    checks = [ExpectedBatch("checks", points, CHECK_COST)] if can_check else []
    if streams < 2 and points <= 1.5 * requested:
        return tuple(checks)
    merges = max(1, round(points / POINTS_A_MERGE))
    is_much = points / POINTS_A_MERGE * KEPT > 1.5 * requested * max(1, streams)
    merges += merges // 2 if is_much else 0
    reported = [ExpectedBatch("checks of merges", KEPT * merges, CHECK_COST)] if can_check else []
    return (*checks, ExpectedBatch("merges", merges, MERGE_COST), *reported)


def ahead_of_merges(groups: int, *, is_first: bool, can_check: bool) -> tuple[ExpectedBatch, ...]:
    """Return the batches that follow so many merges: their checks, and after the first level half as many again."""
    more = groups // 2 if is_first and groups > 2 else 0
    merges = (ExpectedBatch("merges", more, MERGE_COST),) if more else ()
    return (*merges, ExpectedBatch("checks of merges", KEPT * (groups + more), CHECK_COST)) if can_check else merges

"""What crashed too often is not started by itself: two deaths in a row at load, or three in a minute in use."""

from __future__ import annotations

from collections.abc import Mapping

from slmdesk.core.types import Json

LOADS_IN_A_ROW = 2
USES = 3
USES_WITHIN_S = 60.0

KEY = "crashes"
"""Where a model's record keeps it: {"load": deaths in a row, "use": [times], "blocked": deaths or 0}."""


def times_blocked(facts: Mapping[str, Json]) -> int:
    """0, or after how many deaths this model is not started by itself any more."""
    return _count(_crashes(facts).get("blocked"))


def after_load_death(facts: Mapping[str, Json]) -> dict[str, Json]:
    """The record of crashes after the child died while it loaded this model."""
    old = _crashes(facts)
    loads = _count(old.get("load")) + 1
    blocked = max(_count(old.get("blocked")), loads if loads >= LOADS_IN_A_ROW else 0)
    return {"load": loads, "use": old.get("use", []), "blocked": blocked}


def after_use_death(facts: Mapping[str, Json], now: float) -> dict[str, Json]:
    """The record of crashes after the child died with this model loaded; `now` in seconds since the epoch."""
    old = _crashes(facts)
    untrusted = old.get("use")
    times = [one for one in untrusted if isinstance(one, int | float)] if isinstance(untrusted, list | tuple) else []
    recent: list[Json] = [one for one in times if abs(now - one) < USES_WITHIN_S]
    recent.append(now)
    blocked = max(_count(old.get("blocked")), len(recent) if len(recent) >= USES else 0)
    return {"load": 0, "use": recent, "blocked": blocked}


def after_good_load(facts: Mapping[str, Json]) -> dict[str, Json] | None:
    """The record of crashes after a load that went well; None when nothing is to be changed."""
    old = _crashes(facts)
    if not _count(old.get("load")):
        return None
    return {"load": 0, "use": old.get("use", []), "blocked": old.get("blocked", 0)}


def _crashes(facts: Mapping[str, Json]) -> Mapping[str, Json]:
    found = facts.get(KEY)
    return found if isinstance(found, Mapping) else {}


def _count(value: Json) -> int:
    return value if isinstance(value, int) and value > 0 else 0

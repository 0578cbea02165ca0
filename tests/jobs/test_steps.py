from __future__ import annotations

import pytest

from slmdesk.base.types import Sampling
from slmdesk.jobs.runner import step_key, step_of


@pytest.mark.pure
def test_settings_that_came_later_change_no_key_of_an_older_step() -> None:
    plain = step_of([], Sampling(temperature=0.0))
    assert not {"dry_multiplier", "xtc_probability", "word_bias"} & set(plain["sampling"])
    other = step_of([], Sampling(temperature=0.0, dry_multiplier=0.8))
    assert other["sampling"]["dry_multiplier"] == 0.8
    assert step_key("m", "1", plain) != step_key("m", "1", other)

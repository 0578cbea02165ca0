from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def tiny_ones_are_asked(monkeypatch) -> None:
    """The models of the tests are smaller than any that is asked."""
    monkeypatch.setattr("slmdesk.tasks.extract.LEAST_ASKED", 0)

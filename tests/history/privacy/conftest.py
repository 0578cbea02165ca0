from __future__ import annotations

import pytest
from fakes.vaults import MemoryVault

from slmdesk.history.store import Cost


@pytest.fixture
def vault(monkeypatch) -> MemoryVault:
    """The system's keyring."""
    made = MemoryVault()
    for module in ("opening", "service"):
        monkeypatch.setattr(f"slmdesk.history.privacy.{module}.system_keyring", lambda: made)
    return made


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch) -> None:
    """A passphrase costs next to nothing to try."""
    monkeypatch.setattr("slmdesk.history.privacy.service.calibrated", lambda _free: Cost(64, 1))

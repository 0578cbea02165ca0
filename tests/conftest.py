"""Isolation for all tests: a home of their own, no screen, no network, and the real starter model where wanted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ["QT_QPA_PLATFORM"] = os.environ.get("SLMDESK_TEST_PLATFORM", "offscreen")
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["PYTHONFAULTHANDLER"] = "1"

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh SLMDESK_HOME for every test."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SLMDESK_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def starter_model() -> Path:
    """The real SmolLM2 file; a missing one is a failure, not a skip: `make test` fetches it."""
    given = os.environ.get("SLMDESK_STARTER_MODEL")
    found = [Path(given)] if given else sorted((ROOT / ".cache" / "starter-model").glob("*.gguf"))
    if not found or not found[0].is_file():
        pytest.fail("the starter model is not there: run `make model`")
    return found[0]

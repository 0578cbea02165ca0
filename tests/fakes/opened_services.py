from __future__ import annotations

import json

import pytest
from fakes.asked import recorded
from fakes.recorder import LLAMA, Recorder, add_model, import_model, open_echo

from slmdesk.store import DataKey


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """Opens services over the echo engine with these options; closes all of them at the end."""
    made = []

    def make(*, model: bool = True, key: DataKey | None = None, **echo) -> Recorder:
        monkeypatch.setenv("SLMDESK_ECHO", json.dumps({"words": True, **echo}))
        services = open_echo(key=key)
        made.append(services)
        if model and not services.service_thread.call(services.models.list):
            add_model(services, tmp_path / "home" / "models" / "echo.gguf")
        return Recorder(services)

    yield make
    for one in made:
        one.close()


@pytest.fixture
def recorder(opened) -> Recorder:
    """Services without a model."""
    return opened(model=False)


@pytest.fixture
def over_llama(home, starter_model, measured_before):
    """Services over the real engine with the starter model."""
    services = open_echo(LLAMA)
    one = Recorder(services)
    import_model(services, starter_model, link=True)
    yield one
    services.close()


@pytest.fixture
def asked(monkeypatch):
    """All that engines are given, as one text in small letters, growing."""
    return recorded(monkeypatch)

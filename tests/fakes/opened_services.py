from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from fakes.recorder import LLAMA, Recorder, add_model, import_model, open_echo

from slmdesk.base.protocol import Start, Step
from slmdesk.children.client.client import ChildClient
from slmdesk.history.store import DataKey


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
    for desk in made:
        desk.close()


@pytest.fixture
def recorder(opened) -> Recorder:
    """Services without a model."""
    return opened(model=False)


@pytest.fixture
def over_llama(home, starter_model, measured_before, monkeypatch):
    """Services over the real engine with the starter model, taken for a better one, which is given documents."""
    monkeypatch.setattr("slmdesk.models.service.STARTER_MOST", 0)
    services = open_echo(LLAMA)
    listener = Recorder(services)
    import_model(services, starter_model, link=True)
    yield listener
    services.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """All that is given to engines on its way to the child; called, as one text in small letters, growing."""
    given: list[object] = []
    begin, pass_on = ChildClient.begin, ChildClient.pass_on

    def on_begin(self, make, listener):
        def made(ident):
            message = make(ident)
            if isinstance(message, Start) and message.kind in ("batch", "chat"):
                given.append(message.payload)
            return message

        return begin(self, made, listener)

    def on_step(self, job, message):
        if isinstance(message, Step) and "messages" in message.payload:
            given.append(message.payload)
        return pass_on(self, job, message)

    monkeypatch.setattr(ChildClient, "begin", on_begin)
    monkeypatch.setattr(ChildClient, "pass_on", on_step)
    return lambda: json.dumps(list(given), ensure_ascii=False).casefold() if given else ""

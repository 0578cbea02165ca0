"""All that is given to an engine, recorded on its way to the child."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from slmdesk.base.protocol import Start, Step
from slmdesk.children.client.client import ChildClient


def recorded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """From now on; called, it gives all questions so far as one text in small letters."""
    given: list[object] = []
    begin, pass_on = ChildClient._begin, ChildClient.pass_on

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

    monkeypatch.setattr(ChildClient, "_begin", on_begin)
    monkeypatch.setattr(ChildClient, "pass_on", on_step)
    return lambda: json.dumps(list(given), ensure_ascii=False).casefold() if given else ""

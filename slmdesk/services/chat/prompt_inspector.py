"""Shows the exact prompt of a chat, and how much of the context it takes.  On the service thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from slmdesk.core.errors import KnownError
from slmdesk.core.protocol import Cancelled, Done, Failed, FromChild
from slmdesk.core.records import ModelRecord
from slmdesk.core.types import ChatMessage, Json
from slmdesk.core.wire import messages_to_json
from slmdesk.services.base.events import Problem
from slmdesk.services.base.messages import problem_for, problem_of
from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.chat.conversation import SeenPrompt
from slmdesk.services.engine.lease import Lease
from slmdesk.services.engine.load_spec import context_tokens
from slmdesk.services.engine.model_loader import ModelLoader
from slmdesk.settings import SettingsFile

FRAME = 8
"""Tokens a chat format usually puts around a turn; only used for a guess before the model is loaded."""

OnSeen = Callable[[SeenPrompt | Problem], None]


class Prompts:
    """Asks the engine child for the prompt it would read."""

    def __init__(self, service_thread: ServiceThread, settings: SettingsFile, loader: ModelLoader) -> None:
        self._service_thread, self._settings, self._loader = service_thread, settings, loader

    def show(self, record: ModelRecord, turns: Sequence[ChatMessage], ids: Sequence[str], answered: OnSeen) -> None:
        """Pass the exact prompt of these turns to `answered`; `ids` are their messages.  Loads the model if needed."""
        self._render(record, turns, lambda untrusted: answered(_seen_from(untrusted, ids)), answered)

    def measure(self, record: ModelRecord, turns: Sequence[ChatMessage], reported: Callable[[int, int], None]) -> None:
        """Count the tokens of these turns; `reported` gets (tokens, context size) on the service thread.

        When the model is not loaded, the vocabulary in its file is used, and the frame around each turn is guessed.
        """
        held = self._loader.loaded()
        is_held = held is not None and held[0].id == record.id
        context = held[1].context_tokens if held and is_held else context_tokens(record, self._settings.current)

        def publish(tokens: object) -> None:
            if isinstance(tokens, int):
                reported(tokens, context)

        def rendered(untrusted: object) -> None:
            publish(untrusted.get("tokens") if isinstance(untrusted, dict) else None)

        if not turns:
            publish(0)
        elif is_held:
            self._render(record, turns, rendered, lambda _problem: None)
        elif not self._loader.times_crashed(record):
            self._count(record, [turn.text for turn in turns], publish)

    def _count(self, record: ModelRecord, texts: Sequence[str], publish: Callable[[object], None]) -> None:
        def counted(event: FromChild) -> None:
            if isinstance(event, Failed) and event.code in ("child.died", "child.hung"):
                self._service_thread.post(lambda: self._loader.count_crash(record))
            counts = event.result.get("counts") if isinstance(event, Done) else None
            if isinstance(counts, list) and all(isinstance(one, int) for one in counts):
                self._service_thread.post(
                    lambda: publish(sum(one for one in counts if isinstance(one, int)) + FRAME * len(counts))
                )

        self._loader.client.count_tokens(texts, counted, path=os.fsdecode(record.path))

    def _render(
        self,
        record: ModelRecord,
        turns: Sequence[ChatMessage],
        done: Callable[[object], None],
        failed: Callable[[Problem], None],
    ) -> None:
        def on_event(event: FromChild) -> None:
            if isinstance(event, Done):
                done(event.result)
            elif isinstance(event, Failed):
                failed(problem_of(event.code, event.args))
            elif isinstance(event, Cancelled):
                failed(problem_for(KnownError("model.not_loaded")))

        def ready(lease: Lease) -> None:  # not as a job of the lease: a look at a prompt holds nobody up
            payload: dict[str, Json] = {"handle": lease.model.handle, "messages": messages_to_json(turns)}
            self._loader.client.start(
                "render", payload, lambda event: self._service_thread.post(lambda: on_event(event))
            )

        def not_loaded(problem: Problem | None) -> None:
            failed(problem or problem_for(KnownError("model.not_loaded")))

        self._loader.acquire(record, ready, not_loaded)


def _seen_from(untrusted: object, ids: Sequence[str]) -> SeenPrompt | Problem:
    if isinstance(untrusted, dict):
        text, tokens, missing = untrusted.get("text"), untrusted.get("tokens"), untrusted.get("missing", [])
        if isinstance(text, str) and isinstance(tokens, int) and isinstance(missing, list):
            left_out = [ids[one] for one in missing if isinstance(one, int) and 0 <= one < len(ids)]
            said = untrusted.get("lookalikes", [])
            marks = [one for one in said if isinstance(one, str)] if isinstance(said, list) else []
            return SeenPrompt(text, tokens, tuple(left_out), tuple(marks))
    return problem_for(KnownError("child.protocol", reason="prompt"))

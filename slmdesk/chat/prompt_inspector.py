"""Shows the exact prompt of a chat, and how much of the context it takes.  On the service thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import THINKING_USUAL, ChatMessage, Json
from slmdesk.base.wire import messages_to_json, stored_from, stored_list
from slmdesk.chat.conversation import InspectedPrompt
from slmdesk.loader.lease import Lease
from slmdesk.loader.load_spec import context_tokens
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.loader.token_count import count_tokens
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for, problem_of
from slmdesk.runtime.pending import Pending, ended
from slmdesk.runtime.service import Runtime, Service

FRAME = 8
"""Tokens a chat format usually puts around a turn; only used for a guess before the model is loaded."""


class Prompts(Service):
    def __init__(self, runtime: Runtime, loader: ModelLoader) -> None:
        super().__init__(runtime)
        self._loader = loader

    def show(
        self, record: ModelRecord, turns: Sequence[ChatMessage], ids: Sequence[str], thinking: str
    ) -> Pending[InspectedPrompt]:
        """Return the exact prompt of these turns; `ids` are their messages.  Loads the model if needed.

        `thinking`: see Sampling.
        """
        return self._render(record, turns, thinking).map(lambda untrusted: _seen_from(untrusted, ids))

    def measure(self, record: ModelRecord, turns: Sequence[ChatMessage]) -> Pending[tuple[int, int]]:
        """Return the tokens of these turns and the size of the context.

        When the model is not loaded, the vocabulary in its file is used, and the frame around each turn is guessed.
        """
        held = self._loader.loaded()
        is_held = held is not None and held[0].id == record.id
        context = held[1].context_tokens if held and is_held else context_tokens(record, self._settings.current)
        if not turns:
            return ended((0, context))
        if is_held:
            return self._render(record, turns).map(lambda untrusted: (_tokens_in(untrusted), context))

        def note_crash(found: list[int] | Problem) -> None:
            if isinstance(found, Problem) and found.code in ("child.died", "child.hung"):
                self._loader.count_crash(record)

        counting = count_tokens(self._loader, record, [turn.text for turn in turns]).then(note_crash)
        return counting.map(lambda counts: (sum(counts) + FRAME * len(counts), context))

    def _render(
        self, record: ModelRecord, turns: Sequence[ChatMessage], thinking: str = THINKING_USUAL
    ) -> Pending[Mapping[str, Json]]:
        pending: Pending[Mapping[str, Json]] = Pending()

        def on_event(event: FromChild) -> None:
            if isinstance(event, Done):
                pending.end(event.result)
            elif isinstance(event, Failed):
                pending.end(problem_of(event.code, event.args))
            elif isinstance(event, Cancelled):
                not_loaded(None)

        def ready(lease: Lease) -> None:  # not as a job of the lease: a look at a prompt holds nobody up
            messages = messages_to_json(turns)
            payload: dict[str, Json] = {"handle": lease.model.handle, "messages": messages, "thinking": thinking}
            self._loader.client.start(
                "render", payload, lambda event: self._service_thread.post(lambda: on_event(event))
            )

        def not_loaded(problem: Problem | None) -> None:
            pending.end(problem or problem_for(KnownError("model.not_loaded")))

        self._loader.acquire(record, ready, not_loaded)
        return pending


def _tokens_in(untrusted: Mapping[str, Json]) -> int:
    tokens = untrusted.get("tokens")
    if not isinstance(tokens, int):
        raise KnownError("child.protocol", reason="prompt")
    return tokens


def _seen_from(untrusted: Mapping[str, Json], ids: Sequence[str]) -> InspectedPrompt:
    text, missing = stored_from(str, untrusted.get("text")), stored_from(list, untrusted.get("missing", []))
    if text is None or missing is None:
        raise KnownError("child.protocol", reason="prompt")
    left_out = tuple(ids[one] for one in stored_list(int, missing) if 0 <= one < len(ids))
    return InspectedPrompt(text, _tokens_in(untrusted), left_out, tuple(stored_list(str, untrusted.get("lookalikes"))))

"""Asking an engine, and looking at what it said."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from slmdesk.base.types import Answer, ChatMessage, LoadedModel, PromptPart, Role, Sampling, TextPart
from slmdesk.children.engine.interface import EngineEvent, Finished, Piece, PromptRead, Request, RequestFailed
from slmdesk.children.engine.llama.engine import LlamaEngine

LINEAR = ((1, 1.0), (2, 2.2), (4, 3.6), (8, 6.0), (16, 9.0))
"""A cost curve like those measured, so that a load does not measure one."""
GREEDY = Sampling(temperature=0.0)
LONG_S = 60.0


@dataclass
class AskedQuestion:
    """Everything one call of `generate` said, by request."""

    events: list[EngineEvent] = field(default_factory=list)

    def finished(self, key: str = "a") -> Finished:
        ends = [e for e in self.events if isinstance(e, Finished) and e.key == key]
        assert len(ends) == 1, self.events[-3:]
        return ends[0]

    def failed(self, key: str = "a") -> RequestFailed:
        failures = [e for e in self.events if isinstance(e, RequestFailed) and e.key == key]
        assert len(failures) == 1, self.events[-3:]
        return failures[0]

    def text(self, key: str = "a") -> str:
        return "".join(e.text for e in self.events if isinstance(e, Piece) and e.key == key)

    def read(self, key: str = "a") -> list[PromptRead]:
        return [e for e in self.events if isinstance(e, PromptRead) and e.key == key]


def wait_until(holds: Callable[[], object]) -> None:
    """Wait for what the engine's own thread does."""
    deadline = time.monotonic() + LONG_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def user(text: str) -> ChatMessage:
    return ChatMessage(Role.USER, (TextPart(text),))


def assistant(text: str) -> ChatMessage:
    return ChatMessage(Role.ASSISTANT, (TextPart(text),))


class Model:
    """A loaded model of an engine."""

    def __init__(self, engine: LlamaEngine, info: LoadedModel) -> None:
        self.engine = engine
        self.info = info

    def request(
        self, text: str | tuple[ChatMessage, ...], key: str = "a", sampling: Sampling = GREEDY, **more
    ) -> Request:
        messages = (user(text),) if isinstance(text, str) else text
        return Request(key, self.info.handle, messages, sampling=sampling, **more)

    def raw(self, text: str, key: str = "a", sampling: Sampling = GREEDY) -> Request:
        return Request(key, self.info.handle, prompt=(PromptPart(text, trusted=False),), sampling=sampling)

    def ask(self, *requests: Request, **more) -> AskedQuestion:
        return AskedQuestion(list(self.engine.generate(requests, **more)))

    def answer(self, request: Request) -> Answer:
        return self.ask(request).finished().answer

    def count(self, text: str) -> int:
        return self.engine.count_tokens(self.info.handle, [text])[0]

    def words(self, tokens: int, first: str = "") -> str:
        """A text of about, and at most, so many tokens."""
        text = first + " ".join(f"The {n}th house has a door." for n in range(tokens // 6))
        while self.count(text) > tokens:
            text = text[: -len(text) // 20 or -1]
        return text


OpenModel = Callable[..., Model]

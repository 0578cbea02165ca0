"""What an engine is asked, and the events it answers with."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from slmdesk.base.record import Record, changed, field
from slmdesk.base.types import (
    MOST_STRENGTH,
    MOST_THOUGHT_SECONDS,
    MOST_THOUGHT_TOKENS,
    THINKING_OFF,
    THINKING_ON,
    Answer,
    ChatMessage,
    FinishReason,
    PromptPart,
    Sampling,
)


class Request(Record):
    """An answer to generate.  `messages` are rendered with the model's template; `prompt` is used unchanged."""

    key: str
    handle: str
    messages: tuple[ChatMessage, ...] = ()
    prompt: tuple[PromptPart, ...] = ()
    answer_prefix: str = ""
    """Words the answer already has (Continue); they are untrusted text and not emitted again."""
    sampling: Sampling = field(default_factory=Sampling)
    choices: tuple[Annotated[str, Meta(min_length=1)], ...] = ()
    """Nothing is written: how likely is each of these as the first token of the answer?  A token each, such as
    "Yes" and "No"; else the request fails with `request.invalid`.
    """
    with_probabilities: bool = False
    given: str = ""
    """The words of the answer, of which none is chosen then: asked for the probabilities of its tokens."""
    lora: Annotated[str, Meta(pattern=r"\A[^\x00]*\Z")] = ""
    """Path of a LoRA adapter to answer with; empty: the model as it is.  With another model's adapter it fails with
    `adapter.other_model`, for an unusable adapter with `adapter.unusable`.
    """
    lora_scale: Annotated[float, Meta(ge=0, le=MOST_STRENGTH)] = 1.0
    """Its strength, 0 (none) to 2; 1: as intended by its makers."""

    @property
    def is_free(self) -> bool:
        """Whether anything may come before the answer's words."""
        is_bound = self.sampling.grammar or self.choices or self.with_probabilities
        return not is_bound

    @property
    def thinking(self) -> str:
        return self.sampling.thinking if self.is_free else THINKING_OFF

    def lacks_thought(self, answer: Answer) -> bool:
        """Whether the model, not allowed to think, ended before the first word."""
        may_think = self.is_free and not self.answer_prefix and self.thinking == THINKING_OFF
        return may_think and not answer.text.strip() and answer.finish_reason is FinishReason.STOP

    def with_thought(self) -> Request:
        """The same request, thought about for a while first."""
        most = self.sampling.max_tokens
        sampling = changed(
            self.sampling,
            thinking=THINKING_ON,
            thought_tokens=MOST_THOUGHT_TOKENS,
            thought_seconds=MOST_THOUGHT_SECONDS,
            max_tokens=most and most + MOST_THOUGHT_TOKENS,
        )
        return changed(self, sampling=sampling)


class PromptRead(Record):
    """How much of a prompt has been read, in tokens."""

    key: str
    read: int
    total: int


class Piece(Record):
    """New text of an answer: complete characters, never part of a stop string."""

    key: str
    text: str
    is_thought: bool = False


class Finished(Record):
    key: str
    answer: Answer
    scores: tuple[float, ...] = ()
    """For a request with choices: the natural logarithm of each choice's probability; `answer` is the likeliest."""


class RequestFailed(Record):
    """A request failed with a code; the others continue."""

    key: str
    code: str
    args: dict[str, str | int | float]


class ReadState(Record):
    tokens: bytes
    """What was read: little-endian, four bytes each."""
    data: bytes | memoryview
    """The engine's own; of use only to the same model in an engine of the same `state_version`."""


EngineEvent: TypeAlias = PromptRead | Piece | Finished | RequestFailed


class Rendered(Record):
    parts: tuple[PromptPart, ...]
    tokens: int
    missing: tuple[int, ...] = ()
    """Indices of messages the template left out."""
    lookalikes: tuple[str, ...] = ()
    """Turn markers written by a person or a document, which this model cannot distinguish from real ones."""

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)

"""The interface of an engine: requests in, a stream of events out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, TypeAlias

from msgspec import Meta

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, field
from slmdesk.base.types import (
    MOST_STRENGTH,
    THINKING_OFF,
    Answer,
    ChatMessage,
    Device,
    LoadedModel,
    LoadSpec,
    Priority,
    PromptPart,
    Recipe,
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


class AnswerStream(Iterator[EngineEvent]):
    """The events of some requests.  `close` and `answer_now` may be called from any thread."""

    @abstractmethod
    def close(self) -> None:
        """Cancel what is still running.  Returns at once."""

    @abstractmethod
    def answer_now(self) -> None:
        """End what is being thought aloud; the answer follows."""


class Engine(ABC):
    """Loads models and answers requests.  All methods may be called from any thread; each blocks only its caller."""

    @abstractmethod
    def load(self, spec: LoadSpec, on_progress: Callable[[float], bool]) -> LoadedModel:
        """Load a model.  `on_progress` gets 0..1 and returns False to cancel (Stopped).

        Raises KnownError with a code of the family `model.`.
        """

    @abstractmethod
    def unload(self, handle: str) -> None:
        """Free a model; its running requests end with `model.not_loaded`.  An unknown handle is no error."""

    @abstractmethod
    def count_tokens(self, handle: str, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each text, taken as untrusted.  Raises KnownError `model.not_loaded`."""

    @abstractmethod
    def count_tokens_of_file(self, path: str, texts: Sequence[str]) -> list[int]:
        """Count tokens with only the vocabulary of a file, no weights read.  Raises KnownError `model.…`."""

    @abstractmethod
    def render(
        self, handle: str, messages: Sequence[ChatMessage], answer_prefix: str = "", thinking: str = THINKING_OFF
    ) -> Rendered:
        """The exact prompt and its length in tokens.  Raises KnownError `model.not_loaded`."""

    @abstractmethod
    def generate(self, requests: Sequence[Request], priority: Priority = Priority.INTERACTIVE) -> AnswerStream:
        """Answer all requests together.  Blocks between events; closing the iterator cancels what is still running.

        A request that does not fit ends with RequestFailed `context.full` (needed, available, in tokens) before
        anything is computed for it.
        """

    @abstractmethod
    def work_done(self) -> int:
        """A counter that changes while something is computed or loaded; the heartbeat carries it."""

    @abstractmethod
    def is_busy(self) -> bool: ...

    @abstractmethod
    def in_template(self) -> bool:
        """Whether a template is being rendered now (it has a shorter time limit)."""

    def devices(self) -> tuple[Device, ...]:
        """Graphics cards and similar devices that models can be put on.  Blocks while the library is loaded."""
        return ()

    def backends(self) -> tuple[str, ...]:
        """What the library can compute with, such as "CPU" and "Vulkan".  Blocks while the library is loaded."""
        return ()

    def card_of_load(self) -> str:
        """Name of the graphics card that the model being loaded is put on; empty: none."""
        return ""

    def embed(self, path: str, texts: Sequence[str], keep_going: Callable[[], bool]) -> Iterator[list[bytes]]:
        """Yield the vectors of texts by the embedding model at `path`, some at a time and in order: float32,
        little-endian, of length 1.  The model is loaded for this call and freed after it.  Each caller computes at a
        time.

        `keep_going` returns False to cancel (Stopped).  Raises KnownError with a code of the family `model.`.
        """
        raise KnownError("model.wrong_kind", kind="an engine without vectors")

    def quantize(self, source: str, target: str, recipe: Recipe, on_progress: Callable[[float], bool]) -> None:
        """Make a model file of another.  `on_progress` gets 0..1; what it returns is not heeded until the end.

        Raises KnownError `request.invalid`, `model.not_converted` and of the family `model.`, Stopped.
        """
        raise KnownError("model.wrong_kind", kind="an engine without formats")

    def divergence(
        self, path: str, text: str, predictions: str, on_progress: Callable[[float], bool], *, is_reference: bool
    ) -> float:
        """Load a file and write what it predicts over `text` into the file `predictions`, or return how far it is from
        what is there.

        Raises KnownError with a code of the family `model.`, OSError, Stopped.
        """
        raise KnownError("model.wrong_kind", kind="an engine without formats")

    def state_version(self, handle: str) -> str:
        """Identifies what a state depends on besides the model's file and the tokens; states of another version are
        useless.

        Raises KnownError `model.not_loaded`.
        """
        raise KnownError("model.not_loaded")

    def state_of(self, handle: str, messages: Sequence[ChatMessage]) -> ReadState | None:
        """The state of the longest beginning of `messages` that is in memory, read without an adapter.

        None where nothing is in memory, where the model cannot give its state, or memory is short.  Raises KnownError
        `model.not_loaded`.
        """
        return None

    def restore(self, handle: str, tokens: bytes, load: Callable[[], bytes | memoryview]) -> int:
        """Restore a state, so that a prompt that begins with its `tokens` need not be read again.

        `load` returns the data, and is called only where these tokens are not in memory already; what it raises is
        raised here.  Returns how many tokens are in memory now; 0 where the state cannot be used.  Raises KnownError
        `model.not_loaded`.
        """
        return 0

    @abstractmethod
    def close(self) -> None: ...

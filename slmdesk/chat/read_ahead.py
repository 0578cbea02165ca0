"""Has the model loaded, and read a conversation or a paper, before a person asks: the answer begins sooner.

The engine keeps what it has read of a prompt, and the next prompt with the same beginning shares it.  On the service
thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from slmdesk.base.protocol import Cancelled, Done, Failed, FromChild
from slmdesk.base.record import changed, to_json
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.base.wire import answer_from, messages_to_json
from slmdesk.chat.model_choice import AnswerSettings
from slmdesk.loader.events import ModelState
from slmdesk.loader.lease import Lease
from slmdesk.loader.model_loader import ModelLoader

LEAST_CHARACTERS = 1000
"""Less is read in a moment anyway."""
_ONE_TOKEN = Sampling(temperature=0.0, max_tokens=1)


class ReadAhead:
    """The reading that is under way, if any: of one text at a time."""

    def __init__(self, loader: ModelLoader) -> None:
        self._loader = loader
        self._lease: Lease | None = None
        self._last: tuple[object, ...] = ()
        self._tried = ""

    def begin(
        self,
        settings: AnswerSettings,
        turns: Sequence[ChatMessage],
        state: Mapping[str, Json] | None = None,
        read: Callable[[float], object] = lambda _seconds: None,
    ) -> None:
        """Read `turns` at background priority; a person's answer in the engine goes first.

        `state`: of an earlier day, in which they are read; see `StateService.known`.  `read` is told how long it took.

        Does nothing where they are few, were read last, or another model is loaded or has work: it is not kept from one
        that is asked for.  A model that was let go is loaded.
        """
        if self._loader.loaded() is None:
            self.load(settings.record)
            return
        if sum(len(one.text) for one in turns) < LEAST_CHARACTERS:
            return
        key = (settings.record.sha256, settings.lora, self._loader.generation, tuple(turns))
        if key == self._last:
            return
        self.stop()
        loaded = self._loader.loaded()
        if loaded is None or loaded[0].id != settings.record.id or self._loader.is_busy:
            return
        self._last = key
        payload = _payload(settings, turns) | ({"state": dict(state)} if state else {})
        self._lease = self._loader.acquire(
            settings.record,
            lambda lease: lease.start(
                "chat", payload, lambda event: self._on_event(lease, event, read), priority="background"
            ),
            lambda _problem: None,
        )

    def load(self, record: ModelRecord) -> None:
        """Load a model that was let go, where no other is in use."""
        is_free = self._loader.state.state is ModelState.NOT_LOADED and record.id != self._tried
        if is_free and not self._loader.times_crashed(record):
            self._tried = record.id
            self._loader.choose(record, explicit=False)

    def stop(self) -> None:
        """Stop reading; what was read so far is kept in the engine as long as there is space."""
        lease, self._lease = self._lease, None
        self._tried = ""
        if lease is not None:
            self._last = ()
            lease.release()

    def _on_event(self, lease: Lease, event: FromChild, read: Callable[[float], object]) -> None:
        if isinstance(event, Done | Failed | Cancelled):
            if lease is self._lease:
                self._lease = None
            if isinstance(event, Done):
                read(answer_from(event.result).timing.first_token_s)
        elif self._loader.is_shared or self._loader.others_wait(lease.record):
            self.stop()


def _payload(settings: AnswerSettings, turns: Sequence[ChatMessage]) -> dict[str, Json]:
    if turns[-1].role is not Role.USER:
        turns = (*turns, ChatMessage(Role.USER, (TextPart(".", Origin.PROGRAM),)))
    sampling = changed(_ONE_TOKEN, thinking=settings.sampling.thinking)
    payload: dict[str, Json] = {"messages": messages_to_json(turns), "sampling": to_json(sampling)}
    if settings.lora:
        payload |= {"lora": settings.lora.path, "lora_scale": settings.lora.scale}
    return payload

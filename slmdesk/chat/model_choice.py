"""Chooses who answers in a chat, and how: model, sampling and adapter.  On the service thread."""

from __future__ import annotations

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import Message, ModelRecord
from slmdesk.base.types import THINKING_USUAL, Json, Sampling
from slmdesk.base.wire import sampling_from
from slmdesk.chat.answer_form import require_form
from slmdesk.chat.options import (
    MOST_THOUGHT_SECONDS,
    MOST_THOUGHT_TOKENS,
    ChatOptions,
    Lora,
    check_options,
    lora_for,
    lora_of,
    sampling_for,
)
from slmdesk.chat.requests import SendRequest
from slmdesk.chat.samplers import CHAT_SAMPLING, TEXT_SAMPLING
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService
from slmdesk.store import Store


class AnswerSettings(Record):
    record: ModelRecord
    sampling: Sampling
    lora: Lora | None

    @property
    def kept(self) -> dict[str, Json]:
        values: dict[str, Json] = {**to_json(self.sampling), **(self.lora.said if self.lora else {})}
        usual = {
            "thinking": THINKING_USUAL,
            "thought_tokens": MOST_THOUGHT_TOKENS,
            "thought_seconds": MOST_THOUGHT_SECONDS,
        }
        shown = (key for key, value in values.items() if value not in (None, [], False) and usual.get(key) != value)
        return {key: values[key] for key in shown}


class ModelChoice:
    def __init__(self, store: Store, models: ModelService, loader: ModelLoader) -> None:
        self._store, self._models, self._loader = store, models, loader

    def options_for(self, request: SendRequest, options: ChatOptions) -> ChatOptions:
        """Return the options of a chat with the changes of a request.

        Raises KnownError `model.unknown`, `adapter.unusable`, `request.invalid`.
        """
        if request.system is not None:
            options = changed(options, system=request.system)
        if request.lora is not None:
            options = changed(options, lora=self._adapter(request.lora).id if request.lora else "")
        if request.lora_scale is not None:
            options = changed(options, lora_scale=request.lora_scale)
        if request.thinking is not None:
            options = changed(options, thinking=request.thinking)
        if request.when_full is not None:
            options = changed(options, when_full=request.when_full)
        check_options(options)
        return options

    def settings_for(
        self, options: ChatOptions, model: str | None, sampling: Sampling, *, has_text: bool = False
    ) -> AnswerSettings:
        """Return the settings of a new answer; `model` and `sampling` go before those of the chat.

        `has_text`: the question brings a text to work on.

        Raises KnownError `model.…`, `adapter.…`, `request.invalid`, `grammar.invalid`.
        """
        record = self._models.choose(model) if model else self._pinned(options) or self._models.choose(None)
        merged = sampling_for(sampling, options, TEXT_SAMPLING if has_text else CHAT_SAMPLING)
        require_form(merged)
        return AnswerSettings(record, merged, lora_for(options, record, self._models.list()))

    def settings_of(self, message: Message) -> AnswerSettings:
        """Return the settings an answer was written with; where its model is gone, with the one last used.

        Raises KnownError `model.…`, `adapter.gone`.
        """
        record = self._models.by_sha256(message.model_sha256) or self._models.choose(None)
        return AnswerSettings(record, sampling_from(message.sampling), lora_of(message, self._models.list()))

    def record_for(self, options: ChatOptions) -> ModelRecord:
        """Return the model that would answer.  Raises KnownError `model.none`, `model.several`."""
        held = self._loader.loaded()
        return self._pinned(options) or (held[0] if held else self._models.choose(None))

    def _adapter(self, requested: str) -> ModelRecord:
        """Return an adapter by id, unique prefix or name.  Raises KnownError `model.unknown`, `adapter.unusable`."""
        record = self._store.models.get(requested)
        if record.kind != "adapter":
            raise KnownError("adapter.unusable", adapter=record.name, reason="it is no adapter")
        return record

    def _pinned(self, options: ChatOptions) -> ModelRecord | None:
        known = self._models.list() if options.model else []
        return next((one for one in known if one.id == options.model and one.can_chat), None)

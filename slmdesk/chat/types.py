"""Types of chats: requests, options with sampling and the form of answers, quotations and events."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import sampling_from, stored_from
from slmdesk.base.record import Record, changed, field, to_json
from slmdesk.base.records import Message, ModelRecord
from slmdesk.base.runtime.events import Event
from slmdesk.base.texts import _
from slmdesk.base.types import (
    MOST_THOUGHT_SECONDS,
    MOST_THOUGHT_TOKENS,
    THINKING_USUAL,
    AttachMode,
    Json,
    Origin,
    Role,
    Sampling,
    TextPart,
)
from slmdesk.chat.settings import ANY_LANGUAGE, BY_NAME, EVERY, MOST_STOPS, SAMPLED, STOP, is_allowed, is_stop

if TYPE_CHECKING:
    from slmdesk.chat.attachment_text import ContextPart
    from slmdesk.claims.types import Mark


KIND = "chat"
"""Kind of the items that are chats."""
COMPARISON = "comparison"
"""Kind of an item that an older version made: a question that several models answered, as versions of one answer."""
SHOWN_AS_CHATS = (KIND, COMPARISON)
"""Kinds of items that the page of chats shows."""

REPEAT, LANGUAGE = "repeat", "language"
ASTRAY = {
    REPEAT: _("The model repeated itself, so the answer was ended."),
    LANGUAGE: _("The model did not answer in the language of the question, so the answer was ended."),
}
"""What is said of an answer that went astray (chat.straying), by its finish reason."""


PICTURE_TOKENS = 1024
"""A guess at the tokens of a picture; how many there are is known once its model is loaded."""


MOST_ATTACHED = 50
"""Most documents, folders and texts that are attached to one message."""
MOST_ATTACHED_CHARACTERS = 700_000
"""Most characters of one of them whose tokens are all counted and that may be read whole. No context holds more."""


class AttachRequest(Record):
    document: str = ""
    """Id of a document; if it is empty, `source` is the text."""
    name: str = ""
    source: tuple[str, ...] = ()
    page_kind: str = "page"
    mode: AttachMode = AttachMode.AUTO
    collection: str = ""
    size: tuple[int, int] = (0, 0)
    """Of a picture, which is in `source`."""
    pages: int = 0
    """Of the file that a picture was made of."""


class SendRequest(Record):
    """Request to send a message in a chat. `chat` is None for a new chat."""

    text: str
    chat: str | None = None
    model: str | None = None
    """Id of the model; None for the model used last."""
    sampling: Sampling = field(default_factory=Sampling)
    """Sampling options for this answer only."""
    changes: Mapping[str, Json] = field(default_factory=dict)
    """Changed options of the chat from now on, by their names in ChatOptions. `preset` (id or name, "" for none) is
    applied first. `lora` may be the name of an adapter.
    """
    space: str = ""
    """Id or name of a new chat's space. The chat gets its documents, and its options unless others are given."""
    options: ChatOptions | None = None
    anyway: bool = False
    """Load the model even when memory seems too small."""
    attach: tuple[AttachRequest, ...] = ()
    instead_of: str = ""
    """Id of a question in this chat that this message replaces. The old question and what followed stay as a version.

    The attachments of the old question are attached to this message too.
    """
    save: bool = True
    """If False, nothing of the chat is written to the disk."""


ASK, LEAVE_OUT, SUMMARIZE = "", "leave_out", "summarize"
WHEN_FULL = (ASK, LEAVE_OUT, SUMMARIZE)
"""What happens when a chat becomes longer than the context. ASK refuses the question and asks the person. LEAVE_OUT
leaves the oldest turns out of the prompt. SUMMARIZE leaves them out too and puts notes of the model in their place.
"""


class Example(Record):
    question: str
    answer: str


class ChatOptions(Sampling, kw_only=True):
    """Options of a chat: sampling of its answers (seed None means a new seed for each answer) and other settings.

    They are stored in the item's settings under these names, and the stored values are untrusted. None, "" and 1.0 mean
    the default.
    """

    system: str = ""
    model: str = ""
    """Id of the model for this chat, whatever model is used elsewhere; empty for the default."""
    lora: str = ""
    lora_scale: float = 1.0
    thinking: str = ""
    """One of THINKING, for a model that can reason before its answer; empty for the model's usual way."""
    when_full: str = ASK
    answer_language: str = ANY_LANGUAGE
    answer_length: str = ""
    """One of ANSWER_LENGTHS."""
    preset: str = ""
    """Id of the preset that these options came from. Some may have been changed since."""
    examples: tuple[Example, ...] = ()

    @property
    def sampling(self) -> Sampling:
        return Sampling(
            **{name: getattr(self, name) for name in SAMPLED},
            thinking=self.thinking or THINKING_USUAL,
            thought_tokens=MOST_THOUGHT_TOKENS,
            thought_seconds=MOST_THOUGHT_SECONDS,
        )

    @property
    def settings(self) -> dict[str, Json]:
        """Return the options as settings of an item. A default becomes None, which removes the key."""
        usual = ChatOptions()
        values: dict[str, Json] = {name: getattr(self, name) for name in NAMES}
        settings = {name: None if value == getattr(usual, name) else value for name, value in values.items()}
        return {
            **settings,
            "stop": list(self.stop) or None,
            EXAMPLES: [[example.question, example.answer] for example in self.examples] or None,
        }

    @property
    def settings_of_new(self) -> dict[str, Json]:
        """Return the options as settings of an item that has none yet."""
        return {name: value for name, value in self.settings.items() if value is not None}


NAMES = ("system", *(setting.name for setting in EVERY if setting is not STOP), "when_full", "preset")
EXAMPLES, MOST_EXAMPLES, MOST_EXAMPLE, MOST_TOGETHER = "examples", 50, 8_000, 128_000
"""Most examples, most characters of one side of an example, and of all together, as each chat keeps them."""


class Lora(Record):
    id: str
    name: str
    path: str
    scale: float

    @property
    def said(self) -> dict[str, Json]:
        return {"lora": self.id, "lora_name": self.name, "lora_scale": self.scale}


def options_from(untrusted: Mapping[str, Json]) -> ChatOptions:
    """Read the options from the settings of an item. Invalid values are replaced by defaults."""
    values: dict[str, Json] = {}
    for name in NAMES:
        value = untrusted.get(name)
        if value is not None and _is_allowed(name, value):
            values[name] = value
    return changed(
        ChatOptions(),
        **values,  # type: ignore[arg-type]
        stop=_stops_from(untrusted.get("stop")),
        examples=examples_from(untrusted.get(EXAMPLES)),
    )


def _stops_from(untrusted: object) -> tuple[str, ...]:
    stops = stored_from(tuple[str, ...], untrusted) or ()
    return stops if len(stops) <= MOST_STOPS and all(map(is_stop, stops)) else ()


def examples_from(untrusted: object) -> tuple[Example, ...]:
    """Read examples given as pairs or objects with `question` and `answer`. Returns none if one of them is invalid."""
    pairs = stored_from(tuple[Example | tuple[str, str], ...], untrusted) or ()
    examples = tuple(example if isinstance(example, Example) else Example(*example) for example in pairs)
    return examples if _are_examples(examples) else ()


def _are_examples(examples: Sequence[Example]) -> bool:
    sides = [side for example in examples for side in (example.question, example.answer)]
    is_short = len(examples) <= MOST_EXAMPLES and sum(map(len, sides)) <= MOST_TOGETHER
    return is_short and all(side.strip() and len(side) <= MOST_EXAMPLE for side in sides)


def check_options(options: ChatOptions) -> None:
    """Check the values of the options. Raises KnownError `request.invalid` with the name of the option."""
    for name in NAMES:
        value = getattr(options, name)
        if value is not None and not _is_allowed(name, value):
            raise KnownError("request.invalid", what=name)
    if _stops_from(options.stop) != options.stop:
        raise KnownError("request.invalid", what="stop")
    if not _are_examples(options.examples):
        raise KnownError("request.invalid", what=EXAMPLES)


def sampling_for(request: Sampling, options: ChatOptions, usual: Sampling) -> Sampling:
    """Merge the sampling of an answer. Values of the request take precedence over those of the chat, then the defaults.

    Raises KnownError `request.invalid`.
    """
    own = options.sampling
    merged = changed(
        request.over(own).over(usual),
        seed=own.seed if request.seed is None else request.seed,
        max_tokens=own.max_tokens if request.max_tokens is None else request.max_tokens,
        stop=request.stop or own.stop,
        thinking=own.thinking,
        thought_tokens=own.thought_tokens,
        thought_seconds=own.thought_seconds,
    )
    return sampling_from(to_json(merged))


def lora_for(options: ChatOptions, record: ModelRecord, known: Sequence[ModelRecord]) -> Lora | None:
    """Return the adapter of a chat for a model. Whether their sizes match is only known when the engine opens the
    adapter.

    Raises KnownError `adapter.gone`, `adapter.other_model`.
    """
    adapter = _adapter(options, known)
    if adapter is None:
        return None
    theirs, ours = adapter.header.get("architecture"), record.header.get("architecture")
    if theirs and ours and theirs != ours:
        reason = _("it is made for {theirs}, not for {ours}").format(theirs=theirs, ours=ours)
        raise KnownError("adapter.other_model", adapter=adapter.name, model=record.name, reason=reason)
    return Lora(adapter.id, adapter.name, os.fsdecode(adapter.path), options.lora_scale)


def lora_of(message: Message, known: Sequence[ModelRecord]) -> Lora | None:
    """Return the adapter that an answer was written with. Raises KnownError `adapter.gone`."""
    options = options_from(message.sampling)
    adapter = _adapter(options, known)
    return Lora(adapter.id, adapter.name, os.fsdecode(adapter.path), options.lora_scale) if adapter else None


def _adapter(options: ChatOptions, known: Sequence[ModelRecord]) -> ModelRecord | None:
    if not options.lora:
        return None
    adapter = next((model for model in known if model.id == options.lora and model.kind == "adapter"), None)
    if adapter is None:
        raise KnownError("adapter.gone")
    return adapter


def _is_allowed(name: str, value: object) -> bool:
    if name in BY_NAME:
        return is_allowed(BY_NAME[name], value)
    return isinstance(value, str) and (name != "when_full" or value in WHEN_FULL)


class Quoted(Record):
    name: str
    document: str
    """Id of the document; empty for a text that belongs to no document."""
    page: int
    start: int
    end: int
    quote: str
    kind: str = "page"
    is_near: bool = False
    """True if the answer does not quote it, but it shares most with the answer."""


class Rewrite(StrEnum):
    SHORTER = "shorter"
    LONGER = "longer"
    SIMPLER = "simpler"


LABELS: Mapping[Rewrite, str] = {
    Rewrite.SHORTER: _("Shorter"),
    Rewrite.LONGER: _("Longer"),
    Rewrite.SIMPLER: _("Simpler"),
}
_REQUESTS: Mapping[str, tuple[str, str, str]] = {
    "en": (
        "Write your answer again in about half as many words. Keep its facts, names and numbers. Write the answer "
        "alone.",
        "Write your answer again in more detail. Add no facts that you are not sure of. Write the answer alone.",
        "Write your answer again in plain words and short sentences, so that anybody understands it. Keep its facts, "
        "names and numbers. Write the answer alone.",
    ),
    "de": (
        "Schreibe deine Antwort noch einmal mit etwa halb so vielen Wörtern. Behalte Tatsachen, Namen und Zahlen bei. "
        "Schreibe nur die Antwort.",
        "Schreibe deine Antwort noch einmal ausführlicher. Füge keine Tatsachen hinzu, bei denen du nicht sicher bist. "
        "Schreibe nur die Antwort.",
        "Schreibe deine Antwort noch einmal in einfachen Worten und kurzen Sätzen, sodass jeder sie versteht. Behalte "
        "Tatsachen, Namen und Zahlen bei. Schreibe nur die Antwort.",
    ),
    "fr": (
        "Réécris ta réponse avec environ deux fois moins de mots. Garde les faits, les noms et les nombres. N’écris "
        "que la réponse.",
        "Réécris ta réponse avec plus de détails. N’ajoute aucun fait dont tu n’es pas sûr. N’écris que la réponse.",
        "Réécris ta réponse avec des mots simples et des phrases courtes, pour que tout le monde la comprenne. Garde "
        "les faits, les noms et les nombres. N’écris que la réponse.",
    ),
    "es": (
        "Escribe tu respuesta otra vez con la mitad de palabras. Conserva los hechos, los nombres y los números. "
        "Escribe solo la respuesta.",
        "Escribe tu respuesta otra vez con más detalle. No añadas hechos de los que no estés seguro. Escribe solo la "
        "respuesta.",
        "Escribe tu respuesta otra vez con palabras sencillas y frases cortas, para que cualquiera la entienda. "
        "Conserva los hechos, los nombres y los números. Escribe solo la respuesta.",
    ),
    "it": (
        "Riscrivi la tua risposta con circa la metà delle parole. Mantieni fatti, nomi e numeri. Scrivi solo la "
        "risposta.",
        "Riscrivi la tua risposta con più dettagli. Non aggiungere fatti di cui non sei sicuro. Scrivi solo la "
        "risposta.",
        "Riscrivi la tua risposta con parole semplici e frasi brevi, in modo che tutti la capiscano. Mantieni fatti, "
        "nomi e numeri. Scrivi solo la risposta.",
    ),
}


def request_for(rewrite: Rewrite, answer: str) -> str:
    from slmdesk.base.text.words import tongue  # late: its tables are large

    requests = _REQUESTS.get(tongue(answer), _REQUESTS["en"])
    return requests[list(Rewrite).index(rewrite)]


def kept_of(rewrite: Rewrite, answer: Message) -> dict[str, Json]:
    return {"rewrite": rewrite, "rewrite_of": answer.id}


def rewrite_of(message: Message) -> Rewrite | None:
    return stored_from(Rewrite, message.sampling.get("rewrite"))


def asked_with(before: Sequence[Message], answer: Message, messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return the messages in the prompt of an answer: those before it. For a rewritten answer these also include the
    old answer and the request to rewrite it, unless the old answer was deleted.

    `messages`: all messages of the chat.
    """
    rewrite, of = rewrite_of(answer), answer.sampling.get("rewrite_of")
    old = next((message for message in messages if message.id == of), None)
    if rewrite is None or old is None or not before:
        return tuple(before)
    request = (TextPart(request_for(rewrite, old.text), Origin.PERSON),)
    return (*before, old, changed(before[-1], id="", parent=old.id, role=Role.USER, parts=request, text=""))


class ContextMeasured(Event):
    chat: str | None
    tokens: int
    context_size: int
    parts: tuple[ContextPart, ...] = ()
    when_full: str = ""


class NotesBegun(Event):
    """The model begins to write notes on the earlier part of a chat, before it writes this answer."""

    item: str
    message: str


class TurnsLeftOut(Event):
    """From this answer on, more of a chat is left out of the prompt. Published after ItemChanged."""

    item: str
    message: str
    count: int
    """Number of all messages that are left out now."""
    has_notes: bool


class PresetsChanged(Event): ...


class QuotesFound(Event):
    """An answer was compared with its attachments. Published after its MessageEnded."""

    item: str
    message: str
    quotes: tuple[Quoted, ...]
    """Where nothing is quoted: the sentences that share most with the answer."""
    marks: tuple[Mark, ...] = ()

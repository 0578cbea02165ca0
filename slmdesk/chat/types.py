"""Types of chats: requests, options with sampling and the form of answers, quotations and events."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import sampling_from, stored_from
from slmdesk.base.record import Record, changed, field, to_json
from slmdesk.base.records import Message, ModelRecord
from slmdesk.base.texts import _
from slmdesk.base.translation import LANGUAGES
from slmdesk.base.types import (
    THINKING,
    THINKING_OFF,
    THINKING_USUAL,
    USUAL_SAMPLING,
    AttachMode,
    Json,
    Origin,
    Role,
    Sampling,
    TextPart,
)
from slmdesk.base.untrusted import read_file
from slmdesk.gguf.header import MOST_STRENGTH
from slmdesk.runtime.events import Event
from slmdesk.text.checks.words import tongue

if TYPE_CHECKING:
    from slmdesk.chat.attachment_text import ContextPart


class AttachRequest(Record):
    document: str = ""
    """Id of a document; if it is empty, `source` is the text."""
    name: str = ""
    source: tuple[str, ...] = ()
    page_kind: str = "page"
    mode: AttachMode = AttachMode.AUTO
    collection: str = ""


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


# ---- the form an answer is bound to


SCHEMA, GRAMMAR = "json_schema", "grammar"
TITLES: Mapping[str, str] = {SCHEMA: _("JSON schema"), GRAMMAR: _("Grammar (GBNF)")}
MOST_FORM = 32_768
"""Most characters of a schema or grammar, since it is checked during typing and stored with each answer."""


class FormCheck(Record):
    """Result of checking a form (JSON schema or grammar). `line` and `column` count from 1; 0 means no single place."""

    problem: str = ""
    line: int = 0
    column: int = 0
    not_kept: tuple[str, ...] = ()
    """Keywords of a schema that answers do not have to follow."""


def check_form(kind: str, text: str) -> FormCheck:
    """Check a form of the kind SCHEMA or GRAMMAR. Takes at most a fifth of a second."""
    if len(text) > MOST_FORM:
        return FormCheck(_("It is longer than {most_form:,} characters.").format(most_form=MOST_FORM))
    from slmdesk.base.grammars import GrammarInvalidError, SchemaInvalidError, check_gbnf, check_schema

    try:
        if kind == SCHEMA:
            return FormCheck(not_kept=check_schema(text))
        check_gbnf(text)
    except (SchemaInvalidError, GrammarInvalidError) as err:
        place = _("Line {line}, column {column}: ").format(line=err.line, column=err.column) if err.line else ""
        reason = err.reason if place else err.reason[:1].upper() + err.reason[1:]
        return FormCheck(f"{place}{reason}.", err.line, err.column)
    return FormCheck()


def require_form(sampling: Sampling) -> None:
    """Check a sampling's schema or grammar. Raises KnownError `grammar.invalid` if it cannot bind an answer."""
    if sampling.json_schema is not None and sampling.grammar is not None:
        raise KnownError("grammar.invalid", reason=_("a grammar and a schema at once"))
    for kind, text in ((SCHEMA, sampling.json_schema), (GRAMMAR, sampling.grammar)):
        problem = check_form(kind, text).problem if text is not None else ""
        if problem:
            raise KnownError("grammar.invalid", reason=problem[:1].lower() + problem[1:].removesuffix("."))


def read_form(path: Path) -> str:
    """Return the schema or grammar in a file. Raises KnownError `file.unreadable`, `grammar.invalid`."""
    try:
        text = read_file(path).decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as err:
        raise KnownError("file.unreadable", path=str(path), reason=err.strerror or str(err)) from err
    except UnicodeDecodeError as err:
        raise KnownError("file.unreadable", path=str(path), reason=_("it is no UTF-8 text")) from err
    if len(text) > MOST_FORM:
        raise KnownError(
            "grammar.invalid", reason=_("longer than {most_form:,} characters").format(most_form=MOST_FORM)
        )
    return text


# ---- the settings that decide how the next word of an answer is chosen, as people see them


MOST_STOPS, MOST_STOP = 16, 200
MOST_BIASES, MOST_BIASED, STRONGEST_BIAS = 50, 100, 100.0
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\\": "\\"}
CHAT_SAMPLING = Sampling(repeat_penalty=1.1, penalty_last_n=256)
"""Sampling that a chat adds to the model's defaults, because small models repeat themselves in free conversation."""
TEXT_SAMPLING = Sampling(temperature=0.2, repeat_penalty=1.0)
"""Sampling used instead if the question contains a text, because the answer must repeat its names and figures."""


class Setting(Record):
    name: str
    title: str
    words: str
    least: float
    most: float
    is_whole: bool = False


SETTINGS = (
    Setting(
        "temperature",
        _("Temperature"),
        _(
            "Low: factual and nearly always the same. High: more varied, and more often wrong. A question with a "
            "document or a long text gets 0.2 unless you choose."
        ),
        0.0,
        100.0,
    ),
    Setting("top_p", _("Word variety (top-p)"), _("How many of the likely next words may be chosen."), 0.0, 1.0),
    Setting(
        "top_k",
        _("Candidates (top-k)"),
        _("Only so many of the likeliest words can come next. Few: predictable. 0: no limit."),
        0,
        1 << 20,
        is_whole=True,
    ),
    Setting(
        "min_p",
        _("Least likelihood (min-p)"),
        _(
            "Leaves out words that are far less likely than the likeliest one: 0.05 those below a twentieth. Higher is "
            "safer; 0 leaves out none."
        ),
        0.0,
        1.0,
    ),
    Setting(
        "typical_p",
        _("Typical words (typical-p)"),
        _("Below 1, words are left out that would be a surprise at their place. 1 leaves out none."),
        0.0,
        1.0,
    ),
    Setting(
        "repeat_penalty",
        _("Repeat penalty"),
        _(
            "Above 1, words used shortly before become less likely. Too much of it changes names and figures: a "
            "question with a document or a long text has none unless you choose."
        ),
        0.01,
        10.0,
    ),
    Setting(
        "presence_penalty",
        _("Presence penalty"),
        _("Above 0, every word already used becomes less likely, so that new subjects come up."),
        -10.0,
        10.0,
    ),
    Setting(
        "frequency_penalty",
        _("Frequency penalty"),
        _("Above 0, a word becomes less likely each time it is used, so that none is overdone."),
        -10.0,
        10.0,
    ),
    Setting(
        "penalty_last_n",
        _("Reach of these penalties"),
        _("How many tokens back the three penalties look. -1: over the whole answer. 0: they are off."),
        -1,
        1 << 20,
        is_whole=True,
    ),
    Setting(
        "dry_multiplier",
        _("Loop penalty (DRY)"),
        _("Above 0, whole phrases are kept from coming again; 0.8 is usual. Against answers that go round in circles."),
        0.0,
        10.0,
    ),
    Setting(
        "dry_base",
        _("Growth of the loop penalty"),
        _("How much stronger the loop penalty becomes with each further word of the phrase."),
        1.0,
        10.0,
    ),
    Setting(
        "dry_allowed_length",
        _("Phrases that may repeat"),
        _("Phrases of up to so many tokens are free of the loop penalty."),
        0,
        1000,
        is_whole=True,
    ),
    Setting(
        "xtc_probability",
        _("Surprise (XTC)"),
        _("How often the most obvious words are left out: 0 never, 1 always. For stories and ideas, not for facts."),
        0.0,
        1.0,
    ),
    Setting(
        "xtc_threshold",
        _("Threshold of surprise"),
        _("Words count as obvious from this likelihood on. Above 0.5 there is no surprise at all."),
        0.0,
        1.0,
    ),
)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}
STOP_TITLE = _("Stop texts")
STOP_WORDS = _("The answer ends before any of these texts, one a line. \\n stands for a line break.")
BIAS_TITLE = _("Words to favour or avoid")
BIAS_WORDS = _(
    "One a line, with a number: sincerely = -5. About 5 makes a word frequent, -5 rare; -100 forbids it. Words that "
    "begin with the same letters may be touched too."
)


class WrongLineError(ValueError):
    """Raised for a text that cannot be read as a setting. The message is a sentence for people."""


def defaults_of(makers: Sampling) -> Sampling:
    """Return the sampling of a chat without settings. `makers`: the recommendation in the model's file."""
    return CHAT_SAMPLING.over(makers).over(USUAL_SAMPLING)


def is_makers(name: str, makers: Sampling) -> bool:
    return getattr(CHAT_SAMPLING, name) is None and getattr(makers, name) is not None


def number_of(setting: Setting, text: str) -> float | int | None:
    """Read a typed number with a decimal point or comma. Returns None for an empty text. Raises WrongLineError."""
    clean = text.strip().replace(",", ".").replace("\u2212", "-")
    if not clean:
        return None
    try:
        value = int(clean) if setting.is_whole else float(clean)
    except ValueError:
        value = math.nan
    if not setting.least <= value <= setting.most:
        kind = _("whole number") if setting.is_whole else "number"
        raise WrongLineError(
            _("This takes a {kind} from {least:,g} to {most:,.7g}.").format(
                kind=kind, least=setting.least, most=setting.most
            )
        )
    return value


def stops_of(text: str) -> tuple[str, ...]:
    """Read stop texts, one per line. Raises WrongLineError."""
    lines = [line for line in text.split("\n") if line]
    stops = tuple(dict.fromkeys(re.sub(r"\\[ntr\\]", lambda found: _ESCAPES[found[0]], line) for line in lines))
    if len(stops) > MOST_STOPS:
        raise WrongLineError(_("There can be {most_stops} stop texts at most.").format(most_stops=MOST_STOPS))
    if any(len(stop) > MOST_STOP for stop in stops):
        raise WrongLineError(_("A stop text has {most_stop} characters at most.").format(most_stop=MOST_STOP))
    return stops


def text_of_stops(stops: Sequence[str]) -> str:
    signs = {plain: escaped for escaped, plain in _ESCAPES.items()}
    return "\n".join("".join(signs.get(sign, sign) for sign in stop) for stop in stops)


def biases_of(text: str) -> tuple[tuple[str, float], ...]:
    """Read words with their weights, one per line. Raises WrongLineError, which names the line."""
    biases: dict[str, float] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        words, _sign, weight = line.rpartition("=")
        try:
            value = float(weight.strip().replace(",", ".").replace("\u2212", "-"))
        except ValueError:
            value = math.nan
        if not is_bias(words.strip(), value):
            limit = f"{STRONGEST_BIAS:g}"
            raise WrongLineError(
                _("Line {number}: a word, the sign = and a number from -{limit} to {limit}.").format(
                    number=number, limit=limit
                )
            )
        biases[words.strip()] = value
    if len(biases) > MOST_BIASES:
        raise WrongLineError(_("There can be {most_biases} words at most.").format(most_biases=MOST_BIASES))
    return tuple(biases.items())


def text_of_biases(biases: Sequence[tuple[str, float]]) -> str:
    return "\n".join(f"{words} = {bias:g}" for words, bias in biases)


def is_stop(value: str) -> bool:
    return 0 < len(value) <= MOST_STOP


def is_bias(words: str, bias: float) -> bool:
    is_word = bool(words.strip()) and len(words) <= MOST_BIASED and "\n" not in words
    return is_word and -STRONGEST_BIAS <= bias <= STRONGEST_BIAS


# ---- options of a single chat
#
# The options are instructions, model, adapter and sampling. They are stored in the item's settings under these names,
# and the stored values are untrusted. None, "" and 1.0 mean the default.


_LIMITS: Mapping[str, tuple[float, float]] = {
    "lora_scale": (0.0, MOST_STRENGTH),
    "seed": (0, 2**32 - 1),
    "max_tokens": (1, 1 << 20),
    **{setting.name: (setting.least, setting.most) for setting in SETTINGS},
}
_WHOLE = ("seed", "max_tokens", *(setting.name for setting in SETTINGS if setting.is_whole))
ASK, LEAVE_OUT, SUMMARIZE = "", "leave_out", "summarize"
WHEN_FULL = (ASK, LEAVE_OUT, SUMMARIZE)
"""What happens when a chat becomes longer than the context. ASK refuses the question and asks the person. LEAVE_OUT
leaves the oldest turns out of the prompt. SUMMARIZE leaves them out too and puts notes of the model in their place.
"""
ANY_LANGUAGE, OF_MESSAGE = "", "message"
ANSWER_LANGUAGES = (ANY_LANGUAGE, OF_MESSAGE, *LANGUAGES)
"""Languages of answers: the model's choice, the language of each message, or always the same language."""
ANSWER_LENGTHS = {"": "", "short": "Answer in one to three sentences.", "long": "Answer in detail."}
"""For each length of answers what the model is asked for; nothing for the usual length."""
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "answer_length": tuple(ANSWER_LENGTHS),
    "thinking": THINKING,
    "when_full": WHEN_FULL,
    "answer_language": ANSWER_LANGUAGES,
}


class Example(Record):
    question: str
    answer: str


class ChatOptions(Sampling, kw_only=True):
    """Options of a chat: sampling of its answers (seed None means a new seed for each answer) and other settings."""

    system: str = ""
    model: str = ""
    """Id of the model for this chat, whatever model is used elsewhere; empty for the default."""
    lora: str = ""
    lora_scale: float = 1.0
    json_schema: str = ""
    """JSON schema that answers must follow. An unusable schema is stored too, so that nothing typed is lost."""
    grammar: str = ""
    """GBNF grammar that answers must follow; not used together with json_schema."""
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
            json_schema=self.json_schema or None,
            grammar=self.grammar or None,
            thinking=THINKING_OFF if self.json_schema or self.grammar else self.thinking or THINKING_USUAL,
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
            "word_bias": [list(bia) for bia in self.word_bias] or None,
            EXAMPLES: [[example.question, example.answer] for example in self.examples] or None,
        }


FORMS = (SCHEMA, GRAMMAR)
SAMPLED = (*(setting.name for setting in SETTINGS), "seed", "max_tokens", "stop", "word_bias")
NAMES = (
    "system", "model", "lora", "lora_scale", *(setting.name for setting in SETTINGS), "seed", "max_tokens", "thinking",
    "when_full", "answer_language", "answer_length", "preset", *FORMS,
)  # fmt: skip
EXAMPLES, MOST_EXAMPLES, MOST_EXAMPLE = "examples", 8, 8_000
MOST_THOUGHT_TOKENS, MOST_THOUGHT_SECONDS = 2048, 180.0
"""Most tokens and seconds of reasoning before the model must answer, because small models may reason in circles."""


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
        is_text = isinstance(value, str) and name not in _LIMITS and value in _CHOICES.get(name, (value,))
        if name in FORMS and (len(str(value)) > MOST_FORM or any(values.get(form) for form in FORMS)):
            continue  # an answer has one form
        if is_text or _is_number(name, value):
            values[name] = value
    return changed(
        ChatOptions(),
        **values,  # type: ignore[arg-type]
        stop=_stops_from(untrusted.get("stop")),
        word_bias=_biases_from(untrusted.get("word_bias")),
        examples=examples_from(untrusted.get(EXAMPLES)),
    )


def _stops_from(untrusted: object) -> tuple[str, ...]:
    stops = stored_from(tuple[str, ...], untrusted) or ()
    return stops if len(stops) <= MOST_STOPS and all(map(is_stop, stops)) else ()


def _biases_from(untrusted: object) -> tuple[tuple[str, float], ...]:
    pairs = stored_from(tuple[tuple[str, float], ...], untrusted) or ()
    return pairs if len(pairs) <= MOST_BIASES and all(is_bias(*pair) for pair in pairs) else ()


def examples_from(untrusted: object) -> tuple[Example, ...]:
    """Read examples given as pairs or objects with `question` and `answer`. Returns none if one of them is invalid."""
    found = stored_from(tuple[Example | tuple[str, str], ...], untrusted) or ()
    examples = tuple(example if isinstance(example, Example) else Example(*example) for example in found)
    return examples if _are_examples(examples) else ()


def _are_examples(examples: Sequence[Example]) -> bool:
    sides = [side for example in examples for side in (example.question, example.answer)]
    return len(examples) <= MOST_EXAMPLES and all(side.strip() and len(side) <= MOST_EXAMPLE for side in sides)


def check_options(options: ChatOptions) -> None:
    """Check the values of the options. Raises KnownError `request.invalid` with the name of the option."""
    for name in _LIMITS:
        value = getattr(options, name)
        if value is not None and not _is_number(name, value):
            raise KnownError("request.invalid", what=name)
    if any(len(getattr(options, name)) > MOST_FORM for name in FORMS) or (options.json_schema and options.grammar):
        raise KnownError("request.invalid", what=_("form of the answer"))
    for name, read in (("stop", _stops_from), ("word_bias", _biases_from)):
        if read(getattr(options, name)) != getattr(options, name):
            raise KnownError("request.invalid", what=name)
    if not _are_examples(options.examples):
        raise KnownError("request.invalid", what=EXAMPLES)
    for name, values in _CHOICES.items():
        if getattr(options, name) not in ("", *values):
            raise KnownError("request.invalid", what=name)


def sampling_for(request: Sampling, options: ChatOptions, usual: Sampling) -> Sampling:
    """Merge the sampling of an answer. Values of the request take precedence over those of the chat, then the defaults.

    Raises KnownError `request.invalid`.
    """
    own = options.sampling
    is_bound = request.json_schema is not None or request.grammar is not None
    form = request if is_bound else own
    merged = changed(
        request.over(own).over(usual),
        seed=own.seed if request.seed is None else request.seed,
        max_tokens=own.max_tokens if request.max_tokens is None else request.max_tokens,
        stop=request.stop or own.stop,
        word_bias=request.word_bias or own.word_bias,
        json_schema=form.json_schema,
        grammar=form.grammar,
        thinking=THINKING_OFF if is_bound else own.thinking,  # a bound answer has no room for a thought
        thought_tokens=own.thought_tokens,
        thought_seconds=own.thought_seconds,
    )
    return sampling_from(to_json(merged))


def lora_for(options: ChatOptions, record: ModelRecord, known: Sequence[ModelRecord]) -> Lora | None:
    """Return the adapter of a chat for a model. Whether their sizes match is only known when the engine opens the
    adapter.

    Raises KnownError `adapter.gone`, `adapter.other_model`.
    """
    if not options.lora:
        return None
    adapter = next((model for model in known if model.id == options.lora and model.kind == "adapter"), None)
    if adapter is None:
        raise KnownError("adapter.gone")
    theirs, ours = adapter.header.get("architecture"), record.header.get("architecture")
    if theirs and ours and theirs != ours:
        reason = _("it is made for {theirs}, not for {ours}").format(theirs=theirs, ours=ours)
        raise KnownError("adapter.other_model", adapter=adapter.name, model=record.name, reason=reason)
    return Lora(adapter.id, adapter.name, os.fsdecode(adapter.path), options.lora_scale)


def lora_of(message: Message, known: Sequence[ModelRecord]) -> Lora | None:
    """Return the adapter that an answer was written with. Raises KnownError `adapter.gone`."""
    said = options_from(message.sampling)
    adapter = next((model for model in known if model.id == said.lora), None) if said.lora else None
    if said.lora and adapter is None:
        raise KnownError("adapter.gone")
    return Lora(adapter.id, adapter.name, os.fsdecode(adapter.path), said.lora_scale) if adapter else None


def _is_number(name: str, value: object) -> bool:
    if name not in _LIMITS or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = _LIMITS[name]
    return math.isfinite(value) and low <= value <= high and (name not in _WHOLE or isinstance(value, int))


# ---- the type of a verified quotation from an attachment


class Quoted(Record):
    name: str
    document: str
    """Id of the document; empty for a text that belongs to no document."""
    page: int
    start: int
    end: int
    quote: str


# ---- answers that are rewritten to be shorter, longer or simpler


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


# ---- events of chats


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
    """The quotations of an answer were looked up in its attachments. Published after its MessageEnded."""

    item: str
    message: str
    quotes: tuple[Quoted, ...]

"""The settings of a chat that say how it is answered: what each is called, explained and limited to.

They are declared once, here, for the panel of the open chat, for presets and for the options of the command.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from slmdesk.base.record import Record
from slmdesk.base.texts import _, grouped
from slmdesk.base.translation import LANGUAGES
from slmdesk.base.types import MOST_STRENGTH, THINKING, USUAL_SAMPLING, Sampling

ANY_LANGUAGE, OF_MESSAGE = "", "message"
ANSWER_LENGTHS = {"": "", "short": "Answer in one to three sentences.", "long": "Answer in detail."}
"""For each length of answers what the model is asked for; nothing for the usual length."""
MOST_STOPS, MOST_STOP = 16, 200
MOST_SEED = 2**32 - 1

Values = tuple[tuple[object, str], ...]
"""Values to choose from, each with its words."""


class Setting(Record):
    """A setting, named as its field in ChatOptions. A number has limits; the values are what the window offers."""

    name: str
    title: str
    words: str
    least: float = 0.0
    most: float = 0.0
    is_whole: bool = False
    values: Values = ()
    codes: tuple[str, ...] = ()
    """Values that a text may have; any if there are none."""
    help: str = ""
    """What the option of the command is said to do, where that is not `words`."""
    of_preset: bool = True
    """Whether a preset sets it."""
    more: Setting | None = None
    """A second value of the same setting, such as the strength of an adapter."""

    @property
    def is_number(self) -> bool:
        return self.most > self.least


_TEMPERATURES = (
    (0.0, _("0 — always the likeliest word")), (0.2, _("0.2 — close to the likeliest")), (0.4, "0.4"), (0.6, "0.6"),
    (0.8, "0.8"), (1.0, _("1 — freely")), (1.2, "1.2"), (1.5, _("1.5 — wildly")),
)  # fmt: skip
_TOP_PS = ((0.5, _("The likeliest half")), (0.8, "80 %"), (0.9, "90 %"), (0.95, "95 %"), (1.0, _("All words")))
_STRENGTHS = ((0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %"), (1.5, "150 %"), (2.0, "200 %"))
_THINKING = (
    ("", _("Default")), ("off", _("Off")), ("on", _("On")), ("low", _("A little")), ("medium", _("Some")),
    ("high", _("A lot")),
)  # fmt: skip
_LANGUAGES = (
    (ANY_LANGUAGE, _("The model's choice")),
    (OF_MESSAGE, _("That of each message")),
    *sorted(((language.code, language.shown) for language in LANGUAGES.values()), key=lambda each: each[1]),
)
_LENGTHS = (
    (None, _("No limit")),
    *((size, _("{size} tokens").format(size=grouped(size))) for size in (64, 128, 256, 512, 1024, 2048, 4096)),
)

MODEL = Setting("model", _("Model"), _("Which model answers in this chat."), help="Id or name, or its beginning.")
TEMPERATURE = Setting(
    "temperature",
    _("Temperature"),
    _(
        "Low: factual and nearly always the same. High: more varied, and more often wrong. A question with a "
        "document or a long text gets 0.2 unless you choose."
    ),
    most=100.0,
    values=_TEMPERATURES,
)
LENGTH = Setting(
    "answer_length",
    _("Answer length"),
    _("What the model is asked for behind each message."),
    values=(("short", _("Short")), ("", _("Normal")), ("long", _("Long"))),
    codes=tuple(ANSWER_LENGTHS),
    more=Setting(
        "max_tokens",
        _("Maximum length"),
        _("An answer is cut off after this many tokens. A token is about three quarters of a word."),
        least=1,
        most=1 << 20,
        is_whole=True,
        values=_LENGTHS,
        help="The longest answer, in tokens.",
    ),
)
LANGUAGE = Setting(
    "answer_language",
    _("Language of answers"),
    _("Small models tend to fall back to English."),
    values=_LANGUAGES,
    codes=(ANY_LANGUAGE, OF_MESSAGE, *LANGUAGES),
)
FIRST = (MODEL, TEMPERATURE, LENGTH, LANGUAGE)
"""The settings in sight. All others are folded."""
STOP = Setting(
    "stop",
    _("Stop texts"),
    _("The answer ends before any of these texts, one a line. \\n stands for a line break."),
    help="The answer ends before TEXT (can be repeated).",
)
SETTINGS = (
    *FIRST,
    Setting(
        "top_p", _("Word variety (top-p)"), _("How many of the likely next words may be chosen."),
        most=1.0, values=_TOP_PS,
    ),
    Setting(
        "top_k",
        _("Candidates (top-k)"),
        _("Only so many of the likeliest words can come next. Few: predictable. 0: no limit."),
        most=1 << 20,
        is_whole=True,
    ),
    Setting(
        "min_p",
        _("Least likelihood (min-p)"),
        _(
            "Leaves out words that are far less likely than the likeliest one: 0.05 those below a twentieth. Higher is "
            "safer; 0 leaves out none."
        ),
        most=1.0,
    ),
    Setting(
        "repeat_penalty",
        _("Repeat penalty"),
        _(
            "Above 1, words used shortly before become less likely. Too much of it changes names and figures: a "
            "question with a document or a long text has none unless you choose."
        ),
        least=0.01,
        most=10.0,
    ),
    Setting(
        "seed",
        _("Seed"),
        _("Different every time."),
        most=MOST_SEED,
        is_whole=True,
        help="The same seed gives the same answer.",
        of_preset=False,
    ),
    STOP,
    Setting(
        "thinking",
        _("Thinking"),
        _("This model thinks aloud before it answers. That takes time, and may make answers to hard questions better."),
        values=_THINKING,
        codes=THINKING,
        help="How much a model that thinks aloud does so, in this chat from now on; its thoughts are not printed.",
    ),
    Setting(
        "lora",
        _("Adapter"),
        _("A small file that changes how a model writes (a LoRA). It works only with the model it was made for."),
        help="Answer with this adapter, in this chat from now on: id, unique prefix, name, or “none”.",
        of_preset=False,
        more=Setting(
            "lora_scale",
            _("Strength of the adapter"),
            _("How strongly the adapter applies. 100 % is what its makers intended."),
            most=MOST_STRENGTH,
            values=_STRENGTHS,
            help="How strongly it changes the model; 1: as it was made.",
            of_preset=False,
        ),
    ),
)  # fmt: skip
EVERY = tuple(each for setting in SETTINGS for each in (setting, setting.more) if each)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in EVERY}
SAMPLING = tuple(setting for setting in EVERY if setting.is_number and hasattr(USUAL_SAMPLING, setting.name))
"""The numbers that decide how the words of an answer are chosen; they may be set for one answer alone."""
SAMPLED = (*(setting.name for setting in SAMPLING), STOP.name)


_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\\": "\\"}


class WrongLineError(ValueError):
    """Raised for a text that cannot be read as a setting. The message is a sentence for people."""


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
        kind = _("whole number") if setting.is_whole else _("number")
        raise WrongLineError(
            _("This takes a {kind} from {least:,g} to {most:,.7g}.").format(
                kind=kind, least=setting.least, most=setting.most
            )
        )
    return value


def is_allowed(setting: Setting, value: object) -> bool:
    """Return whether a stored or given value is within the limits of a number, or one of the codes of a text."""
    if not setting.is_number:
        return isinstance(value, str) and (not setting.codes or value in ("", *setting.codes))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return False
    return setting.least <= value <= setting.most and (not setting.is_whole or isinstance(value, int))


def stops_of(text: str) -> tuple[str, ...]:
    """Read stop texts, one per line. Raises WrongLineError."""
    lines = [line for line in text.split("\n") if line]
    stops = tuple(dict.fromkeys(re.sub(r"\\[ntr\\]", lambda escape: _ESCAPES[escape[0]], line) for line in lines))
    if len(stops) > MOST_STOPS:
        raise WrongLineError(_("There can be {most_stops} stop texts at most.").format(most_stops=MOST_STOPS))
    if any(len(stop) > MOST_STOP for stop in stops):
        raise WrongLineError(_("A stop text has {most_stop} characters at most.").format(most_stop=MOST_STOP))
    return stops


def text_of_stops(stops: Sequence[str]) -> str:
    signs = {plain: escaped for escaped, plain in _ESCAPES.items()}
    return "\n".join("".join(signs.get(sign, sign) for sign in stop) for stop in stops)


def is_stop(value: str) -> bool:
    return 0 < len(value) <= MOST_STOP


CHAT_SAMPLING = Sampling(repeat_penalty=1.1, penalty_last_n=256)
"""Sampling that a chat adds to the model's defaults, because small models repeat themselves in free conversation."""
TEXT_SAMPLING = Sampling(temperature=0.2, repeat_penalty=1.0)
"""Sampling used instead if the question contains a text, because the answer must repeat its names and figures."""


def defaults_of(makers: Sampling) -> Sampling:
    """Return the sampling of a chat without settings. `makers`: the recommendation in the model's file."""
    return CHAT_SAMPLING.over(makers).over(USUAL_SAMPLING)


def is_makers(name: str, makers: Sampling) -> bool:
    return getattr(CHAT_SAMPLING, name) is None and getattr(makers, name) is not None

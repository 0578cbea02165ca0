"""The settings that decide how the next word of an answer is chosen, as people see them: names, sentences, limits.

Pure functions and data, for the options of a chat, presets, the command line and the details of an answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from slmdesk.base.record import Record
from slmdesk.base.types import USUAL_SAMPLING, Sampling

MOST_STOPS, MOST_STOP = 16, 200
MOST_BIASES, MOST_BIASED, STRONGEST_BIAS = 50, 100, 100.0
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\\": "\\"}
CHAT_SAMPLING = Sampling(repeat_penalty=1.1, penalty_last_n=256)
"""What a chat adds to the model's defaults: small models repeat themselves in free conversation."""
TEXT_SAMPLING = Sampling(temperature=0.2, repeat_penalty=1.0)
"""The same where the question brings a text to work on: its names and figures must come again."""


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
        "Temperature",
        "Low: factual and nearly always the same. High: more varied, and more often wrong. A question with a document "
        "or a long text gets 0.2 unless you choose.",
        0.0,
        100.0,
    ),
    Setting("top_p", "Word variety (top-p)", "How many of the likely next words may be chosen.", 0.0, 1.0),
    Setting(
        "top_k",
        "Candidates (top-k)",
        "Only so many of the likeliest words can come next. Few: predictable. 0: no limit.",
        0,
        1 << 20,
        is_whole=True,
    ),
    Setting(
        "min_p",
        "Least likelihood (min-p)",
        "Leaves out words that are far less likely than the likeliest one: 0.05 those below a twentieth. Higher is "
        "safer; 0 leaves out none.",
        0.0,
        1.0,
    ),
    Setting(
        "typical_p",
        "Typical words (typical-p)",
        "Below 1, words are left out that would be a surprise at their place. 1 leaves out none.",
        0.0,
        1.0,
    ),
    Setting(
        "repeat_penalty",
        "Repeat penalty",
        "Above 1, words used shortly before become less likely. Too much of it changes names and figures: a question "
        "with a document or a long text has none unless you choose.",
        0.01,
        10.0,
    ),
    Setting(
        "presence_penalty",
        "Presence penalty",
        "Above 0, every word already used becomes less likely, so that new subjects come up.",
        -10.0,
        10.0,
    ),
    Setting(
        "frequency_penalty",
        "Frequency penalty",
        "Above 0, a word becomes less likely each time it is used, so that none is overdone.",
        -10.0,
        10.0,
    ),
    Setting(
        "penalty_last_n",
        "Reach of these penalties",
        "How many tokens back the three penalties look. -1: over the whole answer. 0: they are off.",
        -1,
        1 << 20,
        is_whole=True,
    ),
    Setting(
        "dry_multiplier",
        "Loop penalty (DRY)",
        "Above 0, whole phrases are kept from coming again; 0.8 is usual. Against answers that go round in circles.",
        0.0,
        10.0,
    ),
    Setting(
        "dry_base",
        "Growth of the loop penalty",
        "How much stronger the loop penalty becomes with each further word of the phrase.",
        1.0,
        10.0,
    ),
    Setting(
        "dry_allowed_length",
        "Phrases that may repeat",
        "Phrases of up to so many tokens are free of the loop penalty.",
        0,
        1000,
        is_whole=True,
    ),
    Setting(
        "xtc_probability",
        "Surprise (XTC)",
        "How often the most obvious words are left out: 0 never, 1 always. For stories and ideas, not for facts.",
        0.0,
        1.0,
    ),
    Setting(
        "xtc_threshold",
        "Threshold of surprise",
        "Words count as obvious from this likelihood on. Above 0.5 there is no surprise at all.",
        0.0,
        1.0,
    ),
)
BY_NAME: Mapping[str, Setting] = {one.name: one for one in SETTINGS}
STOP_TITLE = "Stop texts"
STOP_WORDS = "The answer ends before any of these texts, one a line. \\n stands for a line break."
BIAS_TITLE = "Words to favour or avoid"
BIAS_WORDS = (
    "One a line, with a number: sincerely = -5. About 5 makes a word frequent, -5 rare; -100 forbids it. Words that "
    "begin with the same letters may be touched too."
)


class WrongLineError(ValueError):
    """A text that cannot be read as settings; the message is a sentence for people."""


def defaults_of(makers: Sampling) -> Sampling:
    """Return what holds in a chat where nothing is set; `makers`: as the model's file recommends."""
    return CHAT_SAMPLING.over(makers).over(USUAL_SAMPLING)


def is_makers(name: str, makers: Sampling) -> bool:
    return getattr(CHAT_SAMPLING, name) is None and getattr(makers, name) is not None


def number_of(setting: Setting, text: str) -> float | int | None:
    """Read a number as it was typed, with a point or a comma; None for nothing.  Raises WrongLineError."""
    clean = text.strip().replace(",", ".").replace("\u2212", "-")
    if not clean:
        return None
    try:
        value = int(clean) if setting.is_whole else float(clean)
    except ValueError:
        value = math.nan
    if not setting.least <= value <= setting.most:
        kind = "whole number" if setting.is_whole else "number"
        raise WrongLineError(f"This takes a {kind} from {setting.least:,g} to {setting.most:,.7g}.")
    return value


def stops_of(text: str) -> tuple[str, ...]:
    """Read stop texts, one a line.  Raises WrongLineError."""
    lines = [line for line in text.split("\n") if line]
    stops = tuple(dict.fromkeys(re.sub(r"\\[ntr\\]", lambda found: _ESCAPES[found[0]], line) for line in lines))
    if len(stops) > MOST_STOPS:
        raise WrongLineError(f"There can be {MOST_STOPS} stop texts at most.")
    if any(len(one) > MOST_STOP for one in stops):
        raise WrongLineError(f"A stop text has {MOST_STOP} characters at most.")
    return stops


def text_of_stops(stops: Sequence[str]) -> str:
    signs = {plain: escaped for escaped, plain in _ESCAPES.items()}
    return "\n".join("".join(signs.get(sign, sign) for sign in one) for one in stops)


def biases_of(text: str) -> tuple[tuple[str, float], ...]:
    """Read words with their weights, one a line.  Raises WrongLineError, which names the line."""
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
            raise WrongLineError(f"Line {number}: a word, the sign = and a number from -{limit} to {limit}.")
        biases[words.strip()] = value
    if len(biases) > MOST_BIASES:
        raise WrongLineError(f"There can be {MOST_BIASES} words at most.")
    return tuple(biases.items())


def text_of_biases(biases: Sequence[tuple[str, float]]) -> str:
    return "\n".join(f"{words} = {bias:g}" for words, bias in biases)


def is_stop(value: str) -> bool:
    return 0 < len(value) <= MOST_STOP


def is_bias(words: str, bias: float) -> bool:
    is_word = bool(words.strip()) and len(words) <= MOST_BIASED and "\n" not in words
    return is_word and -STRONGEST_BIAS <= bias <= STRONGEST_BIAS

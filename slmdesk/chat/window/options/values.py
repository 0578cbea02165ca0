"""The values that a chat's settings can be given, as lists to choose from."""

from __future__ import annotations

from PySide6.QtCore import QLocale

from slmdesk.base.languages import LANGUAGES
from slmdesk.chat.options import ANY_LANGUAGE, OF_MESSAGE

TEMPERATURES = (
    (0.0, "0 — always the likeliest word"), (0.2, "0.2 — close to the likeliest"), (0.4, "0.4"), (0.6, "0.6"),
    (0.8, "0.8"), (1.0, "1 — freely"), (1.2, "1.2"), (1.5, "1.5 — wildly"),
)  # fmt: skip
TOP_PS = ((0.5, "The likeliest half"), (0.8, "80 %"), (0.9, "90 %"), (0.95, "95 %"), (1.0, "All words"))
STRENGTHS = ((0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %"), (1.5, "150 %"), (2.0, "200 %"))
THINKING = {"": "Default", "off": "Off", "on": "On", "low": "A little", "medium": "Some", "high": "A lot"}
ANSWER_LANGUAGES = (
    (ANY_LANGUAGE, "The model's choice"),
    (OF_MESSAGE, "That of each message"),
    *sorted(((one.code, one.name) for one in LANGUAGES.values()), key=lambda each: each[1]),
)
_LENGTHS = (64, 128, 256, 512, 1024, 2048, 4096)


def lengths() -> list[tuple[object, str]]:
    numbers = QLocale()
    return [(None, "No limit"), *((size, f"{numbers.toString(size)} tokens") for size in _LENGTHS)]

"""A language 40 % longer than English: each word keeps its letters and gets more, with accents."""

from __future__ import annotations

import re
from gettext import NullTranslations

PART = re.compile(r"\{[^{}]*\}|<[^>]*>|\*\.\w+|[^\W\d_]{2,}")
MORE = "éêäüïôñ"


def longer(text: str) -> str:
    def more(part: re.Match[str]) -> str:
        word = part.group()
        return word if not word.isalpha() else word + (MORE * 9)[: (2 * len(word) + 4) // 5]

    return PART.sub(more, text)


class Longer(NullTranslations):
    def gettext(self, message: str) -> str:
        return longer(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return longer(msgid1 if n == 1 else msgid2)

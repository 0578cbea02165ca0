"""The languages slmdesk translates between: data, by codes of ISO 639-1."""

from __future__ import annotations

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record


class Language(Record):
    code: str
    name: str
    own_name: str
    is_right_to_left: bool = False
    has_formal: bool = False
    """It has one way to speak to a friend and another to a stranger."""


_TABLE = """
ar Arabic العربية rtl
bg Bulgarian Български formal
bn Bengali বাংলা formal
ca Catalan Català formal
cs Czech Čeština formal
da Danish Dansk
de German Deutsch formal
el Greek Ελληνικά formal
en English English
es Spanish Español formal
et Estonian Eesti formal
fa Persian فارسی rtl,formal
fi Finnish Suomi
fr French Français formal
he Hebrew עברית rtl
hi Hindi हिन्दी formal
hr Croatian Hrvatski formal
hu Hungarian Magyar formal
id Indonesian Indonesia formal
it Italian Italiano formal
ja Japanese 日本語 formal
ko Korean 한국어 formal
lt Lithuanian Lietuvių formal
lv Latvian Latviešu formal
nl Dutch Nederlands formal
no Norwegian Norsk
pl Polish Polski formal
pt Portuguese Português formal
ro Romanian Română formal
ru Russian Русский formal
sk Slovak Slovenčina formal
sl Slovenian Slovenščina formal
sr Serbian Српски formal
sv Swedish Svenska
th Thai ไทย formal
tr Turkish Türkçe formal
uk Ukrainian Українська formal
ur Urdu اردو rtl,formal
vi Vietnamese Tiếng_Việt formal
zh Chinese 中文
"""


def _read() -> dict[str, Language]:
    found = {}
    for line in _TABLE.split("\n"):
        if not line:
            continue
        code, name, own, *marks = line.split(" ")
        known = marks[0].split(",") if marks else []
        found[code] = Language(code, name, own.replace("_", " "), "rtl" in known, "formal" in known)
    return found


LANGUAGES = _read()
NO_BLANKS = frozenset(("ja", "th", "zh"))


def language_of(requested: str) -> Language:
    """The language with this code ("de", "pt-BR") or name ("German", "deutsch").

    Raises KnownError `language.unknown`, which lists the known ones.
    """
    word = requested.strip().casefold().replace("_", "-")
    code = word.partition("-")[0]
    if code in LANGUAGES:
        return LANGUAGES[code]
    for one in LANGUAGES.values():
        if word in (one.name.casefold(), one.own_name.casefold()):
            return one
    known = ", ".join(LANGUAGES)  # names would be longer than what is shown of an argument
    raise KnownError("language.unknown", wanted=requested[:40], known=known)

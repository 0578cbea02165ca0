"""Checks what a translation must keep (placeholders, terms, numbers, addresses), and finds what it must not contain."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache

from slmdesk.base.record import Record
from slmdesk.base.text.folding import fold
from slmdesk.base.text.terms import LEAST_STEM, find_terms
from slmdesk.base.text.words import WORD, folded, function_words, tables, word_set
from slmdesk.base.translation import Term
from slmdesk.base.types import TokenProbability

_PROTECTED = re.compile(
    r"""
    (?P<address>(?:https?|ftp)://[^\s<>"']+[^\s<>"'.,;:!?)\]]|www\.[^\s<>"']+[^\s<>"'.,;:!?)\]])
    | (?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<braces>\{\{[^{}\n]{1,60}\}\}|\{[A-Za-z0-9_.:!]{0,40}\}|\$\{[^{}\n]{1,60}\}|%\([A-Za-z0-9_]{1,40}\)[sdifr]|%%)
    | (?P<printf>%(?:\d+\$)?[-+0\#]*\d*(?:\.\d+)?(?:hh|h|ll|l|z|j)?[sdiufgexXcp](?![A-Za-z]))
    | (?P<entity>&(?:[A-Za-z]{2,8}|\#\d{1,6}|\#x[0-9A-Fa-f]{1,6});)
    | (?P<path>(?:[A-Za-z]:\\|\\\\)[\w\\. -]+\w|(?<![\w/])/(?:[\w.-]+/)+[\w.-]*)
    | (?P<code>(?<!\w)`[^`\n]{1,200}`|\b[A-Za-z_]\w*(?:\.\w+)*\(\)|\b[a-z]+(?:_[a-z0-9]+)+\b|--[a-z][a-z-]+
        |(?<![^\s(\[])-[A-Za-z]{1,2}(?![^\s,.;:)\]=]))
    """,
    re.VERBOSE,
)
_LETTER = re.compile(r"[^\W\d_]")


class Protected(Record):
    text: str
    start: int
    end: int


def protected_in(text: str) -> list[Protected]:
    return [Protected(match[0], match.start(), match.end()) for match in _PROTECTED.finditer(text) if match[0]]


def changed_placeholders(source: str, target: str) -> tuple[list[str], list[str]]:
    """Return what is protected in the source and missing in the target, and what the target has in addition."""
    before = Counter(protected.text for protected in protected_in(source))
    after = Counter(protected.text for protected in protected_in(target))
    missing = [text for text in before for _ in range(before[text] - min(before[text], target.count(text)))]
    extra = [text for text in (after - before) for _ in range((after - before)[text]) if text not in source]
    return missing, extra


def without_protected(text: str) -> str:
    for protected in reversed(protected_in(text)):
        text = text[: protected.start] + " " + text[protected.end :]
    return text


def is_only_protected(text: str) -> bool:
    """Return whether there is nothing to translate: the text has no letters outside of protected parts."""
    left = _PROTECTED.sub(" ", text)
    return _LETTER.search(left) is None


_CODE_WORD = re.compile(
    r"""
    [\w-]+(?:[._][\w-]+)+      # file.txt, A_1, pscan_chip.tar.gz
    | (?=\S*\d)(?=\S*[A-Za-z])[\w+-]+  # hg19, GM06990, -O3
    | -{1,2}[A-Za-z][\w-]*     # -o, --force
    | \S*[a-z][A-Z]\S*         # HAEpiC, PscanChIP
    | \[[^\]\s]*\] | <[^>\s]*> | \{[^}\s]*\}  # [file]
    | \S*[+=|\\]\S*
    | [\W\d_]+
    """,
    re.VERBOSE,
)
_ACRONYM = re.compile(r"[A-Z]{2,3}|[A-Z]{2}[A-Za-z]*(?:-[A-Za-z]+)*-[A-Za-z]{1,3}")
_PROMPT = ("$", ">")


def is_code(text: str) -> bool:
    """Return whether a whole text is not language but a file name, a part number, an abbreviation or a command.

    Small models that are asked to translate such a text invent something or repeat their instructions.
    """
    words = [word.strip("\"'“”„`(),;:") or word for word in text.split()]
    if not words:
        return False
    if len(words) == 1:
        word = words[0].removeprefix(">")
        return _CODE_WORD.fullmatch(word) is not None or _ACRONYM.fullmatch(word) is not None
    codes = sum(_CODE_WORD.fullmatch(word) is not None for word in words)
    if words[0] in _PROMPT:
        return 2 * (codes - 1) >= len(words) - 1
    return codes == len(words)


# Replaces terms that must not be translated with invented names, and puts the terms back. A model that is told not to
# translate some words translates them all the same, or answers with the request. Of 24 sentences with a name of
# ordinary words ("Blue Door"), a model of 1.5 billion weights kept the name in 20 when asked, and wrote the request
# into four. With an invented name in its place it kept all 24 (docs/decisions.md). Pure functions.

NAMES = ("Zorvex", "Quelmar", "Brintas", "Dovrek", "Tamlor", "Veskin", "Mordal", "Pelzor")
"""Invented names that stand in for terms. They mean nothing in any supported language, and read like names in languages
with Latin letters.
"""
_LAST_WORD = re.compile(r"[^\W\d_]+$")


class Masked(Record):
    text: str
    terms: dict[str, str]
    """The original term behind each invented name."""


def masked(text: str, terms: Sequence[Term], source: str, target: str) -> Masked:
    """Replace terms that must not be translated with invented names. `source` and `target` are language codes.

    Nothing is replaced if the target language would write the names in letters of its own. At most eight terms are
    replaced, and terms inside longer words are not.
    """
    kept = [term for term in terms if term.keeps]
    if not kept or target in NOT_LATIN:
        return Masked(text, {})
    free = [name for name in NAMES if name.casefold() not in text.casefold()]
    names: dict[str, str] = {}
    parts, end = list[str](), 0
    for match in find_terms(text, kept, source):
        if not fold(text[match.start : match.end]).startswith(fold(match.term.source)[:LEAST_STEM]):
            continue
        if match.term.source not in names and len(names) < len(free):
            names[match.term.source] = free[len(names)]
        if name := names.get(match.term.source):
            parts += text[end : match.start], name
            end = match.end
    return Masked("".join((*parts, text[end:])), {name: term for term, name in names.items()})


def unmasked(
    answer: str, terms: dict[str, str], probabilities: Sequence[TokenProbability] = ()
) -> tuple[str, tuple[TokenProbability, ...]]:
    """Put the terms back in place of the invented names, and drop the names' token probabilities.

    `terms` comes from Masked. An ending of up to three letters that a model added to a name ("Zorvexu") is removed too.
    """
    if not terms:
        return answer, tuple(probabilities)
    pattern = re.compile(rf"\b({'|'.join(terms)})(?:[^\W\d_]{{1,3}}\b)?", re.IGNORECASE)
    by_name = {name.casefold(): term for name, term in terms.items()}
    parts, end, moved = list[str](), 0, list[TokenProbability]()
    rest, shift = [*probabilities], 0
    for match in pattern.finditer(answer):
        term = by_name[match[1].casefold()]
        parts += answer[end : match.start()], term
        end = match.end()
        moved += [(a + shift, b + shift, p) for a, b, p in rest if b <= match.start()]
        rest = [span for span in rest if span[0] >= end]
        shift += len(term) - len(match[0])
    moved += [(a + shift, b + shift, p) for a, b, p in rest]
    return "".join((*parts, answer[end:])), tuple(moved)


def unmasked_so_far(answer: str, terms: dict[str, str]) -> str:
    """Put the terms back into an unfinished answer, and leave out the beginning of an invented name at its end."""
    last = _LAST_WORD.search(answer)
    if last and any(name.casefold().startswith(last[0].casefold()) for name in terms):
        answer = answer[: last.start()]
    return unmasked(answer, terms)[0]


# Writes the numbers of a translation the way of its language. "1 386,50 €" is "1,386.50 €" in English. Small models
# copy a number as it is in the source, so that "98,400" reads as 98.4 in German, or mix both formats ("1,386,50").
# The value is certain from the source, so the number is written anew.

_POINT = frozenset(["en", "zh", "ja", "ko", "th", "he", "hi", "bn", "ta", "te", "ur", "ms", "cy", "ga", "mt", "sw"])
"""Languages with a decimal point and commas between thousands."""
_COMMA = frozenset(
    ["de", "nl", "es", "it", "pt", "da", "tr", "id", "el", "ro", "hr", "sr", "sl", "ca", "gl", "eu", "is", "mk"]
)
"""Languages with a decimal comma and points between thousands."""
_BLANK = frozenset(
    ["fr", "pl", "cs", "sk", "sv", "nb", "no", "nn", "fi", "et", "lv", "lt", "uk", "ru", "be", "bg", "hu"]
)
"""Languages with a decimal comma and spaces between thousands."""
_BLANKS = " \u00a0\u202f"
_SEPARATOR = r"(?:, |[.,'’ \u00a0\u202f])"
_MEASURE = (
    r"(?:[€$£¥%‰°]|(?:EUR|USD|GBP|CHF|PLN|Euros?|Dollars?|Pfund|pounds?|livres?|libras?|dollari|sterline|dólares"
    r"|Prozent|percent|per cent|pour cent|por ciento|per cento|procent|mg|kg|g|ml|l|cl|mm|cm|m|km|m²|m³|kWh|Mio|Mrd"
    r"|million\w*|Million\w*|billion\w*|Milliard\w*|milliard\w*|millon\w*|milion\w*|hours?|Stunden|heures|horas|ore)\b)"
)
"""Matches what shows that a number without thousands is a decimal number: "3.12" alone may be a room or a clause."""


class Numeral(Record):
    start: int
    end: int
    written: str


def misspelt(source: str, target: str, source_language: str, target_language: str) -> list[Numeral]:
    """Return the numbers of `target` that come from `source` and are not written as their language writes them, in
    order.

    Only numbers with separated thousands are checked, and decimals beside a currency, a unit or a per cent sign. For
    languages whose number format is unknown the result is empty.
    """
    before, after = _marks(source_language), _marks(target_language)
    if before is None or after is None:
        return []
    taken: dict[int, Numeral] = {}
    for whole, decimals, is_parted in _numbers(source, *before):
        right = _written(whole, decimals, after, is_parted=is_parted)
        fine = _ways(whole, decimals, after)
        for match in _like(whole, decimals).finditer(_masked(target)):
            if match[0] not in fine:
                taken.setdefault(match.start(), Numeral(match.start(), match.end(), right))
    return [taken[start] for start in sorted(taken)]


def _marks(language: str) -> tuple[str, str] | None:
    if language in _POINT:
        return ".", ","
    if language in _COMMA:
        return ",", "."
    return (",", "\u00a0") if language in _BLANK else None


def _numbers(text: str, point: str, part: str) -> list[tuple[str, str, bool]]:
    """Return the numbers of a text whose value is certain: the digits before and after the decimal sign, and whether
    the thousands are separated.
    """
    between = f"[{_BLANKS}]" if part in _BLANKS else f"[{re.escape(part)}{_BLANKS}]"
    decimal = re.escape(point)
    form = re.compile(
        rf"(?<![\w.,/§-])(?P<parted>\d{{1,3}}(?:{between}\d{{3}})+)(?:{decimal}(?P<cents>\d{{1,2}}))?(?!\w|[.,/:-]\d)"
        rf"|(?<![\w.,/§-])(?P<whole>\d+){decimal}(?P<decimals>\d+)(?!\w|[.,/:-]\d)"
    )
    numbers = []
    text = _masked(text)
    for match in form.finditer(text):
        if match["parted"]:
            is_only_blank = all(sign in _BLANKS for sign in match["parted"] if not sign.isdigit())
            if is_only_blank and part not in _BLANKS and not _is_measured(text, match):
                continue  # two numbers side by side
            numbers.append((re.sub(r"\D", "", match["parted"]), match["cents"] or "", True))
        elif _is_measured(text, match):
            numbers.append((match["whole"], match["decimals"], False))
    return list(dict.fromkeys(numbers))


def _is_measured(text: str, number: re.Match[str]) -> bool:
    after = re.match(rf"[{_BLANKS}-]?{_MEASURE}", text[number.end() :])
    return bool(after) or bool(re.search(rf"(?:[€$£¥]|\b(?:EUR|USD|GBP|CHF))[{_BLANKS}]?$", text[: number.start()]))


def _like(whole: str, decimals: str) -> re.Pattern[str]:
    first = len(whole) % 3 or 3
    parts = [whole[:first], *(whole[at : at + 3] for at in range(first, len(whole), 3))]
    tail = rf"{_SEPARATOR}{decimals}" if decimals else ""
    return re.compile(rf"(?<![\w.,]){f'{_SEPARATOR}?'.join(parts)}{tail}(?!\d|[.,]\d)")


def _written(whole: str, decimals: str, marks: tuple[str, str], *, is_parted: bool) -> str:
    point, part = marks
    if is_parted:
        whole = f"{int(whole):,}".replace(",", part)
    return f"{whole}{point}{decimals}" if decimals else whole


def _ways(whole: str, decimals: str, marks: tuple[str, str]) -> set[str]:
    point, part = marks
    return {
        _written(whole, decimals, (point, blank), is_parted=is_parted)
        for blank in (part, *_BLANKS)
        for is_parted in (True, False)
    }


def _masked(text: str) -> str:
    for protected in protected_in(text):
        text = text[: protected.start] + "_" * (protected.end - protected.start) + text[protected.end :]
    return text


# Recognises lines that are an address or the name of a firm and nothing else. Such lines are not translated. Asked to
# do so, small models translate the street ("Lange Reihe 101", "Thermo Valley") or invent a letter.

_NAME = r"[A-ZÀ-ÖØ-Þ][\w.'’-]*"
_NUMBER = r"\d{1,4}(?: ?[a-zA-Z])?(?:[-/]\d{1,4})?"
_POSTCODE = r"(?:[A-Z]{1,2}-)?\d{4,5}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_CITY = rf"{_NAME}(?:[ -](?:{_NAME}|am|an|der|im|bei|sur|en|la|le|les|de|del|upon|sous|di))*"
_STREETS = (
    # Hauptstraße 12, Am Alten Markt 3
    rf"(?:{_NAME} )*?(?:{_NAME}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|chaussee|straat|laan|plein)"
    rf"|{_NAME}[ -](?:Straße|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|Chaussee)) {_NUMBER}",
    # 14, rue des Forges
    rf"{_NUMBER},? (?:bis,? |ter,? )?(?:rue|avenue|boulevard|place|chemin|impasse|quai|route|allée)"
    r"(?: [\w'’-]+){1,5}",
    # Calle Mayor 3, Via Roma, 12
    rf"(?:[Cc]alle|C/|[Aa]venida|[Pp]laza|[Pp]aseo|[Vv]ia|[Vv]iale|[Pp]iazza|[Cc]orso|[Rr]ua|[Uu]l\.)"
    rf"(?: [\w.'’-]+){{1,4}},? {_NUMBER}",
    # 3 Mill Lane
    rf"{_NUMBER} (?:{_NAME} ){{1,3}}(?:Street|St|Road|Rd|Lane|Avenue|Ave|Court|Square|Drive|Close|Way|Terrace|Gardens)",
)
_STREET = f"(?:{'|'.join(_STREETS)})"
_TOWN = rf"(?:{_POSTCODE}) {_CITY}|{_CITY},? (?:{_POSTCODE})"
_ADDRESS = re.compile(rf"(?:{_STREET}(?:(?:,| ?[·|–-]) ?(?:{_TOWN}))?|[A-Z]{{1,2}}-\d{{4,5}} {_CITY}),?")
"""Matches addresses. A town alone needs a country code ("D-60311 …"), as "2025 Report" looks like "60311 Frankfurt"."""
_FORMS = (
    r"GmbH(?: & Co\. KG(?:aA)?)?|AG|KG|OHG|UG|e\.? ?V\.|e\.? ?K\.|eG|Ltd\.?|Limited|LLC|Inc\.?|plc|LLP|Corp\.?"
    r"|S\.?A\.?(?:R\.?L\.?|S\.?)?|SARL|SAS|S\.?L\.?(?:U\.?)?|S\.?r\.?l\.?|S\.?p\.?A\.?|B\.?V\.?|N\.?V\.?|sp\. z o\.o\."
    r"|Lda\.?"
)
_FIRM = re.compile(rf"{_NAME}(?: (?:{_NAME}|&|und|and|et|y|e|of|de)){{0,6}},? (?:{_FORMS}),?")


def is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text.strip()) is not None


def is_firm(text: str) -> bool:
    return _FIRM.fullmatch(text.strip()) is not None


_TRANSLATION = (
    r"(?:translat(?:ion|ed)|übersetz(?:ung|t)|traduction|traducción|traduzione|tradução|tłumaczenie|vertaling)"
)
_LANGUAGE = (
    r"(?:english|german|french|spanish|italian|polish|portuguese|dutch|englisch|deutsch|französisch|spanisch"
    r"|italienisch|polnisch|anglais|allemand|français|espagnol|italien|inglés|alemán|francés|español|italiano"
    r"|inglese|tedesco|francese|spagnolo)"
)
_CORRECTED = (
    r"(?:correct(?:ed)?|revised|improved|richtige?|korrigierte?|verbesserte?|corrigée?|corregid[ao]|corrett[ao])"
)
_ANNOUNCED = re.compile(
    # "The correct translation is:", "Die richtige Übersetzung lautet:", "La traduction correcte est :"
    rf"^\W*(?:\w+,? +){{0,5}}{_TRANSLATION}\b[^:\n]{{0,30}}"
    r"\b(?:is|reads|lautet|ist|est|es|è|é|to|brzmi)\b[^:\n]{0,30}:"
    rf"|^\W*{_TRANSLATION} (?:in|into|to|auf|ins|en|po|em) {_LANGUAGE}e?\s*:"
    # "In English:", "The sentence in German:"
    rf"|^\W*(?:(?:the|der|die|das|la|le|el) \w+ )?(?:in|auf|en|po|em) {_LANGUAGE}\s*:"
    # "Corrected version:", "Improved sentence:"
    rf"|^\W*{_CORRECTED} (?:{_TRANSLATION}|version|sentence|text|fassung|satz|phrase|frase|versión|versione)\s*:",
    re.IGNORECASE,
)
_FOLLOWED = rf"(?:{_ANNOUNCED.pattern})\s*(?=\S)"
_LEADS = {
    True: re.compile(_FOLLOWED, re.IGNORECASE),
    False: re.compile(rf"{_FOLLOWED}|[^:\"“„«\n]{{1,80}}:\s*(?=[\"“„«])", re.IGNORECASE),
}
"""What leads to a translation, by whether its source has quotation marks. Without, also what leads to a quotation:
"The corrected sentence is: …".
"""
_REMARK = re.compile(
    r"^\W*(?:(?:please )?note\b|explanation\b|this (?:translation|sentence)\b|i hope\b|let me know\b|"
    r"in this translation\b|hinweis\s*:|anmerkung\w*\s*:|erklärung\w*\s*:|diese übersetzung\b|ich hoffe\b|"
    r"remarque\s*:|explication\s*:|nota\s*:|explicación\s*:|spiegazione\s*:|uwaga\s*:)",
    re.IGNORECASE,
)
_CHATTER = re.compile(
    r"^\s*(?:sure[,!.]|of course|certainly|here(?:'s| is| are)\b.{0,40}(?:translat|text)"
    rf"|(?:\w+,? +){{0,5}}{_TRANSLATION}\b[^:\n]{{0,40}}:"
    rf"|{_CORRECTED}(?: \w+)?\s*:"
    r"|hier ist|voici|aquí (?:está|tienes)|ecco|(?:claro|por supuesto|natürlich|gerne?|bien sûr|d['’]accord|certo|"
    r"certamente|oczywiście)\b[^:\n]{0,40}(?:tradu|übersetz|tłumacz|version|wersj)[^:\n]{0,30}:|(?:yes|ja|oui|sí|sì|"
    r"tak)[,!.] (?:i can|i will|ich kann|das ist|je peux|puedo|posso|mogę)\b|(?:please|bitte) (?:provide|"
    r"geben sie mir)\b|oto tłumaczenie|note\s*:|as an ai\b)",
    re.IGNORECASE,
)
_EXCUSE = re.compile(
    r"^\s*(?:i(?: a|['’])m sorry|sorry|entschuldig\w*|es tut mir leid|je suis désolé|désolé|lo siento|mi dispiace"
    r"|przepraszam|niestety|peço desculpa)\b.{0,20}"
    r"\b(?:can(?:not|['’]t)|am unable|kann|ne peux|no puedo|non posso|nie mog|não posso)",
    re.IGNORECASE,
)
_OF_QUOTES = re.compile(
    r"\bquot(?:ation|e)[ -]?marks?\b|\b(?:in|no|without) (?:(?:any|double|single) )?quotes\b|\bquotes around\b"
    r"|anführungs|guillemet|comillas|virgolette|cudzysł|aspas|inverted",
    re.IGNORECASE,
)
"""Matches talk about quotation marks, which the prompt mentions. An answer with it repeats the instructions."""
_OF_ANSWERS = re.compile(
    r"^\W*(?:do not answer|(?:bitte )?nicht antworten|ne (?:pas répondre|répondez pas)|no (?:responda|responder)"
    r"|non (?:rispondere|rispondete)|nie odpowiadaj|não responda)",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[?？؟;՞]")
_TALK = (_CHATTER, _ANNOUNCED, _EXCUSE, _OF_ANSWERS)
_QUOTES = (('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"), ("'", "'"))


def is_chatter(source: str, target: str) -> bool:
    if _OF_QUOTES.search(target) and not _OF_QUOTES.search(source):
        return True
    if source.rstrip().endswith("?") and not _ASKS.search(target):
        return True  # answered instead of translated
    return any(pattern.match(target) is not None and pattern.match(source) is None for pattern in _TALK)


def without_chatter(source: str, target: str) -> str:
    """Return the translation without the model's talk around it, as far as the talk is certain.

    Talk is an announcement that the source does not begin with ("Here is the translation:" on a line of its own, "The
    correct translation is: …"), and lines like remarks after the translation of a single line. Remarks after an
    announced translation in quotation marks are removed too, and so are quotation marks that the source lacks.
    """
    text = target.strip()
    first, _, rest = text.partition("\n")
    is_announced = bool(rest.strip()) and first.rstrip().endswith(":") and is_chatter(source, first)
    if is_announced:
        text = rest.strip()
    elif said := _announcement(source, text):
        is_announced, text = True, text[said.end() :]
    if "\n" not in source.strip():
        text = _without_remarks(source, text, is_announced=is_announced)
    stripped = _unquoted(source, text)
    return stripped if is_announced or stripped != target.strip() else target


def _announcement(source: str, text: str) -> re.Match[str] | None:
    """Return what leads to the translation, if its source has nothing like it."""
    if _ANNOUNCED.match(source):
        return None
    return _LEADS[re.search('["“„«]', source) is not None].match(text)


def _without_remarks(source: str, target: str, *, is_announced: bool) -> str:
    said, _, more = target.partition("\n\n")
    if is_announced and more and _unquoted(source, said) != said:
        return said
    lines = target.split("\n")
    end = next((at for at, line in enumerate(lines) if at and _REMARK.match(line)), len(lines))
    return "\n".join(lines[:end]).strip()


def _unquoted(source: str, target: str) -> str:
    quoted = target.strip()
    for opening, closing in _QUOTES:
        is_around = quoted.startswith(opening) and quoted.endswith(closing) and len(quoted) > 2
        if is_around and not source.strip().startswith(('"', "“", "„", "«", "'")) and closing not in quoted[1:-1]:
            return quoted[1:-1].strip()
    return target


# Finds words of the source that a translation left untranslated, and letters of a foreign script. Small models leave
# a phrase untranslated ("must be taken twice a day" → "muss twice a day genommen werden"), mostly a formatted phrase,
# and some models slip into Chinese within a word. Such words are found by function words, which no language borrows.
# Names and capitalised terms are ignored.

_SCRIPTS = {
    "CYRILLIC": "ru uk bg sr mk be kk",
    "GREEK": "el",
    "HEBREW": "he",
    "ARABIC": "ar fa ur",
    "DEVANAGARI": "hi mr ne",
    "BENGALI": "bn",
    "THAI": "th",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "ja zh ko",
    "HANGUL": "ko",
}
NOT_LATIN = frozenset(" ".join(_SCRIPTS.values()).split())
_KIN = ({"fr", "es", "it", "pt", "ca", "ro", "gl"}, {"pl", "cs", "sk", "sl", "hr", "sr"}, {"de", "nl"})
_BOTH = word_set(
    "all also her per via but has had was will most come over one son were die war man hat plus pour sans car dont are "
    "hier under once due sole he me on or in an am so do to my our not fast bei said nie"
)
_MORE = frozenset(["much", "many", "very", "twice", "than", "every", "less", "never", "always", "often"])
_ADVERB = re.compile(r"[a-z]{4,}ly")


def leftover(source: str, target: str, source_language: str, target_language: str) -> str:
    """Return the first words of the source that the target left untranslated, or "" if there are none or that is
    unclear.

    Works if the function words of the source language are known (words.toml) and the target language does not share
    them.
    """
    small = _small_words(source_language)
    if not small or source_language == target_language or any({source_language, target_language} <= k for k in _KIN):
        return ""
    own = function_words(target_language) if target_language in tables()["function"] else frozenset()
    there, words = _words(source), _words(target)
    pairs = set(itertools.pairwise(there))
    lower = {word for word in there if word.islower()}
    for at, word in enumerate(words):
        if word not in lower:
            continue
        before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
        if ((word, after) in pairs and after[:1].isupper()) or ((before, word) in pairs and before[:1].isupper()):
            continue
        if source_language == "en" and _ADVERB.fullmatch(word):
            return word
        tells = folded(word) in small and folded(word) not in own and folded(word) not in _BOTH
        if tells and len(word) > 2:
            return word
        if folded(word) in small and (word, after) in pairs and after.islower() and folded(after) not in own:
            return f"{word} {after}"
    return ""


def _words(text: str) -> list[str]:
    """Return the words of a text, with "" for anything else between: a sign, a figure, a code like "a-b" or 'all'."""
    words: list[str] = []
    for word in text.split():
        bare = word.rstrip(".,;:!?)…»”“")
        words.append(bare if WORD.fullmatch(bare) else "")
        if bare != word:
            words.append("")
    return words


@cache
def _small_words(language: str) -> frozenset[str]:
    if language not in tables()["function"]:
        return frozenset()
    return function_words(language) | (_MORE if language == "en" else frozenset())


def foreign_letters(source: str, target: str, target_language: str) -> str:
    """Return the letters of the target in scripts of neither its language nor the source. Latin letters never count."""
    if target.isascii():
        return ""
    known = {_script(sign) for sign in source}
    return "".join(
        sign
        for sign in target
        if (script := _script(sign)) and script not in known and target_language not in _SCRIPTS[script].split()
    )


def _script(sign: str) -> str:
    if sign < "\u0370" or not sign.isalpha():
        return ""
    name = unicodedata.name(sign, "").partition(" ")[0]
    return name if name in _SCRIPTS else ""

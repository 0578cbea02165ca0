"""Rules that recognise private data: names by the words around them, numbers by their shape, addresses. All pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module, resources
from ipaddress import ip_address
from itertools import islice
from typing import Any

from slmdesk.base.text.folding import fold
from slmdesk.base.text.words import capitalised, function_words, tables
from slmdesk.claims.finders.names import LEGAL_FORM
from slmdesk.claims.finders.numbers import GAP, DateMention, find_amounts, find_dates, find_ibans, has_unit, is_iban
from slmdesk.redact import Certainty, Find, Kind
from slmdesk.redact.first_names import is_first_name

_UP = r"[A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽ]"
_LETTER = r"[^\W\d_]"
PARTICLES = r"(?:v\.|von|vom|van|der|den|de|del|della|dello|di|da|do|dos|du|la|le|zu|zum|ter|ten|y|af|bin|ibn|el|al)"
NAME_WORD = rf"(?:(?:[dDlL]['’]|O['’])?{_UP}{_LETTER}{{1,40}}(?:['’-]{_LETTER}{{1,40}}){{0,4}}|{_UP}\.(?!\w))"
_NAME_WORD = re.compile(NAME_WORD)
ALONE = re.compile(r"(?<![\w@./'’-])[^\W\d_]+(?:-[^\W\d_]+)*(?![\w@/-]|\.\w)")
"""Matches a word that is no part of an address of the web or of mail."""
_RUN = re.compile(
    rf"(?:{PARTICLES}[ \u00a0]+)*(?:{NAME_WORD}(?!\w)(?:[ \u00a0]+(?:{PARTICLES}[ \u00a0]+)*(?=[\w]))?){{0,40}}"
)
"""Matches large words, and the small ones of names before and between them.

No person has 36 titles: without an end, a text of titles alone would be read anew to its end from each of them.
"""
_BEFORE_LARGE = re.compile(rf"[ \u00a0]{_UP}")
_POSSESSIVE = re.compile(r"(?:['’]s?)?$")
_LINE = re.compile(r"[^\n]*\w[^\n]*")
_TRIMMED = re.compile(r"[^\s\"'“”„*_](?:[^\n]*[^\s\"'“”.,;*_])?")
MOST_WORDS = 4
Span = tuple[int, int]


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(resources.files("slmdesk.redact").joinpath("names.toml").read_text("utf-8"))


@cache
def _jobs() -> frozenset[str]:
    return frozenset(_words()["jobs"].split())


@cache
def _no_names() -> frozenset[str]:
    return frozenset(_words()["not_names"].split()) | capitalised()


@cache
def _titles() -> frozenset[str]:
    return frozenset(tables()["names"]["titles"].split())


def is_no_name(word: str) -> bool:
    plain = fold(word)
    return plain in _no_names() or plain in _jobs()


def is_role(word: str) -> bool:
    """Return whether a word says what somebody is, such as "Mandant" or "witness", or is a title."""
    roles = "|".join((*_words()["titles"], *_words()["roles"], *_words()["labels"]))
    return re.fullmatch(roles, word, re.IGNORECASE) is not None


@cache
def _pattern(name: str, shape: str, flags: int = 0) -> re.Pattern[str]:
    value = _words()[name]
    joined = value if isinstance(value, str) else "|".join(f"(?:{pattern})" for pattern in value)
    return re.compile(shape.replace("WORDS", joined), flags)


def find_names(text: str, language: str = "") -> Iterator[Find]:
    """Yield names of people and firms, which may overlap. `language` is an ISO 639-1 code, or "" if unknown."""
    yield from _firms(text)
    for start, end, reason in _people(text, language):
        if not LEGAL_FORM.search(text, start, end) and not _has_article(text, start, language):
            yield Find(Kind.PERSON, start, end, text[start:end], Certainty.LIKELY, reason)


_ARTICLE = re.compile(r"(?:la|le|el)(?=[ \u00a0])")


def _has_article(text: str, at: int, language: str) -> bool:
    """Return whether what begins there is no name, as it has an article: "Madame la Préfète", but "Mr le Carré"."""
    article = _ARTICLE.match(text, at)
    return article is not None and language != "" and article[0] in function_words(language)


def _people(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    yield from _after(text, _pattern("titles", r"(?<![\w.])(?:WORDS)[ \u00a0]+"), "title")
    yield from _addressed(text)
    yield from _signed(text)
    yield from _labelled(text)
    yield from _with_roles(text, language)


_ADDRESSED = (
    r"(?<![\w.])(?<!eine )(?<!einer )(?<!ihre )(?<!ihrer )"
    r"(?:WORDS)[ \u00a0]+([A-ZÄÖÜ][^\W\d_]{2,})(?![\w-]| ?\d)"
)
"""Matches a form of address and a large word, but not "Frau" as a noun: "meiner Frau Ende Mai"."""
_SPOKEN_OF = (
    r"(?<![\w.])(?<!\bde[rmns] )(?<!die )(?<!te )(?<!te[rn] )(?<!be )(?<!be[rn] )(?<!ne )(?<!ne[rmn] )"
    r"(?:Herrn?|Frau)[ \u00a0]+([A-ZÄÖÜ][^\W\d_]{2,})(?= [a-zäöü]|[.;:?)])(?! am \w*[Gg]ericht| a\. ?D\.| i\. ?R\.)"
)
"""Matches who is neither spoken to nor has an article. In German a profession has one: "mit Herrn Richter" names him,
"der Herr Richter", "geehrter Herr Kollege" and "Herr Notar Kern" need not.
"""


def _addressed(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield names that are other words elsewhere: "Frau Sonntag", "Mr West"."""
    others = _no_names() - _titles() - function_words()
    for shape, words in ((_ADDRESSED, others), (_SPOKEN_OF, _jobs())):
        for match in _pattern("addresses", shape).finditer(text):
            if fold(match[1]) in words:
                yield *match.span(1), "title"


def _is_small_word(text: str, word: re.Match[str], plain: str) -> bool:
    return plain in function_words() and not _BEFORE_LARGE.match(text, word.end())


def name_at(text: str, at: int, *, least: int = 1) -> Span | None:
    """Return the position of the name that begins at `at`, or None. A name has at most four capitalised words, with
    "von", "de la" and the like between them.

    Titles and professions before the name are skipped. It ends before a word that cannot be part of a name. A function
    word such as "Le" and "De" begins one only before another large word. `least` is the fewest words it must have.
    """
    title = _pattern("titles", r"(?:(?=[^\W\d_]{2,}\.)(?:WORDS)[ \u00a0]+)*")  # "Dott.ssa", but "D." may be an initial
    begin = title.match(text, at)
    here = begin.end() if begin else at
    words: list[re.Match[str]] = []
    run = _RUN.match(text, here)
    for word in _NAME_WORD.finditer(text, here, run.end() if run else here):
        plain = fold(text[word.start() : end_of_name(text, *word.span())].rstrip("."))
        lacks_surname = bool(words) and all(is_first_name(each[0]) for each in words)
        if not words and (plain in _jobs() or plain in _titles()):
            here = word.end() + 1
        elif lacks_surname and plain in _jobs():  # Jens Richter
            words.append(word)
        elif plain in _jobs() | _titles() | _no_names() or (not words and _is_small_word(text, word, plain)):
            break
        else:
            words.append(word)
    words = words[:MOST_WORDS]
    if len(words) < least or (len(words) == 1 and words[0][0].endswith(".")):
        return None
    return here, end_of_name(text, *words[-1].span())


def end_of_name(text: str, start: int, end: int) -> int:
    """Return where a word ends without the "’s" of a possessive."""
    possessive = _POSSESSIVE.search(text, start, end)
    assert possessive is not None  # it may be empty
    return possessive.start()


def _after(text: str, before: re.Pattern[str], reason: str, *, least: int = 1) -> Iterator[tuple[int, int, str]]:
    for match in before.finditer(text):
        if span := name_at(text, match.end(), least=least):
            yield *span, reason


def _signed(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the names behind what closes a letter, on its line or on one of the next three."""
    for match in _pattern("closings", r"(?im)^[ \t]*(?:WORDS)(?!\w)([^\n]{0,60})$").finditer(text):
        least = 2 if re.match(rf"[ \u00a0]+{_UP}.*(?<![,!])$", match[1]) else 1  # "Ihre Unterlagen" closes no letter
        lines = [*islice(_LINE.finditer(text, match.end()), 3)]
        tail = re.compile(r"(?<=[,.!])[ \t]+[^,.!\n]+$", re.M).search(text, match.start(1), match.end())
        for line in (tail, *lines):
            span = None
            if line is not None:
                span = _whole(text, *_without_mark(text, *line.span()), least=least)
            if span is not None:
                yield *span, "signature"
                break


def _without_mark(text: str, start: int, end: int) -> Span:
    mark = _pattern("before_signature", r"\s*(?:WORDS)\s*").match(text, start, end)
    return (mark.end() if mark else start), end


def _whole(text: str, start: int, end: int, *, least: int = 1) -> Span | None:
    line = _TRIMMED.search(text, start, end)
    if line is None or _pattern("closings", r"(?i)(?:WORDS)(?!\w)").match(text, line.start()):
        return None
    span = name_at(text, line.start(), least=least)
    return span if span and span[1] == line.end() else None


def _labelled(text: str) -> Iterator[tuple[int, int, str]]:
    yield from _after(text, _pattern("labels", r"(?i)(?<![\w-])(?:WORDS)[ \t\u00a0]?[:：][ \t\u00a0]*"), "label")
    yield from _after(text, _pattern("before_signature", r"(?<!\w)(?:WORDS)[ \t\u00a0]*"), "label")


def _with_roles(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    roles = _pattern("roles", r"(?<![\w-])(?:WORDS),?[ \u00a0]+")
    yield from _after(text, roles, "role", least=2 if language in ("de", "") else 1)
    before = (
        rf"(?<![\w'’-])(?={NAME_WORD}(?: {NAME_WORD}){{1,3}}(?: \((?:WORDS)\b|,? \(?(?:born|geb\.|née?|nacid[oa])\b))"
    )
    yield from _after(text, _pattern("roles", before), "role", least=2)


_FIRM_JOINS = "of|und|and|et|y|e|i|de|du|des|del|della|di|da|la|le|für|for|von|zu"
_FIRM = re.compile(
    rf"(?<![\w'’.-])(?:{_UP}[\w'’-]*|\d{{1,4}})"
    rf"(?:[ \u00a0](?:(?:{_FIRM_JOINS})[ \u00a0])?(?:{_UP}(?:[\w'’.-]*[\w’])?|\d{{1,4}}|&|\+)){{0,6}}"
    rf",?[ \u00a0]+(?P<form>{LEGAL_FORM.pattern})"
)
"""Matches up to seven large words, and small ones between them, before a legal form."""
_WORKS_FOR = "of|from|at|bei|vom"
_UNSURE_FORMS = ("PC", "LP", "AB", "SE", "SCP", "P.C.", "CIC")
"""Legal forms that may be something else, but not at the end of a line that says nothing else, as in a letterhead."""


def _firms(text: str) -> Iterator[Find]:
    yield from _named_firms(text)
    for match in _FIRM.finditer(text):
        start, form = _behind_person(text, *match.span()), match.start("form")
        start = _without_article(text, start, form)
        if re.search(r"\w{2}", text[start:form]):  # the AG of a register is a court
            is_unsure = match["form"] in _UNSURE_FORMS and not _is_line(text, start, match.end())
            certainty = Certainty.UNSURE if is_unsure else Certainty.LIKELY
            yield Find(Kind.FIRM, start, match.end(), text[start : match.end()], certainty, "legal_form")


def _named_firms(text: str) -> Iterator[Find]:
    """Yield names that say what kind of business it is, before or behind what is its own."""
    own = rf"{_UP}[\w'’&-]+(?: (?:& |und |y |et |e |and )?{_UP}[\w'’&-]+)"
    for name, shape in (
        ("firms_before", rf"(?<![\w-])(?:WORDS) {own}{{0,3}}"),
        ("firms_behind", rf"(?<![\w-]){own}{{0,3}} (?:WORDS)(?![\w-])"),
    ):
        for match in _pattern(name, shape).finditer(text):
            start = _without_article(text, match.start(), match.end())
            if " " in text[start : match.end()]:
                yield Find(Kind.FIRM, start, match.end(), text[start : match.end()], Certainty.LIKELY, "firm")


def _behind_person(text: str, start: int, end: int) -> int:
    """Return where the firm begins in "Ms Edith Ashworth of Hollowell Ltd". The person is found separately by title."""
    shape = rf"(?<![\w.])(?:WORDS)[ \u00a0]+(?:{_UP}[\w'’.-]*[ \u00a0]+){{1,4}}(?:{_WORKS_FOR})[ \u00a0]+"
    line = text.rfind("\n", 0, start) + 1
    return max([start, *(title.end() for title in _pattern("titles", shape).finditer(text, line, end))])


def _without_article(text: str, start: int, end: int) -> int:
    while word := re.compile(r"[^\W\d_]+[ \u00a0]+").match(text, start, end):
        plain = fold(word[0].strip())
        if plain not in function_words() and plain not in (
            "firma",
            "company",
            "societe",
            "sociedad",
            "societa",
            "spolka",
        ):
            break
        start = word.end()
    return start


_L = r"[^\W\d_]"
_CAPITAL = r"[A-ZÀ-ÖØ-ÞĄĆĘŁŃŚŹŻĞİŞČŘŽŠŐŰ]"
_NAME = rf"{_CAPITAL}[\w.'’-]{{0,40}}"
_PART = rf"{_CAPITAL}[\w.'’]{{0,40}}"
_NO = r"\d{1,3}(?: ?[a-zA-Z](?!\w))?(?:[-/]\d{1,4}| ?/ ?[A-Z](?!\w))?"
_SMALL_IN_STREETS = (
    r"(?:d[eiu]|de la|de las|de los|de l['’]|del|della|dello|dei|degli|delle|dell['’]|des|du|la|le|les|l['’]|d['’]|San"
    r"|of|the|en|von|van|der|den|am|zum|zur)"
)
_WORDS = rf"(?:{_SMALL_IN_STREETS}\s?){{0,3}}{_NAME}(?: (?:{_SMALL_IN_STREETS}[ ]?){{0,3}}{_NAME}){{0,4}}"
_STREETS = (
    # Lindenstraße 7, Kirchweg 3a, Max-Planck-Str. 8, Keizersgracht 12
    rf"(?:{_CAPITAL}[\w.'’-]*?(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|chaussee|steig|stieg|graben|pfad|"
    rf"markt|hof|berg|wall|straat|laan|plein|gracht|kade|dijk)|(?:{_PART}[ -]){{1,3}}"
    rf"(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|Chaussee|Steig|Wall|Markt)) {_NO}",
    # Am Alten Bahnhof 3
    rf"(?:Am|An de[rnm]|Auf de[rm]|Im|In de[rn]|Zum|Zur|Unter den|Hinter de[rm]|Vor de[rm]|Alte[rs]?|Neue[rs]?) "
    rf"(?:{_NAME} ){{1,3}}{_NO}",
    # 14 bis, rue des Forges
    rf"\d{{1,4}}(?: (?:bis|ter|quater))?,? (?:rue|avenue|av\.|boulevard|bd|place|chemin|impasse|quai|route|allée|cours|"
    rf"square|passage|villa|sentier)\s{_WORDS}",
    # Calle Mayor, 3, 2º B
    rf"(?:[Cc]alle|C/|[Aa]venida|[Aa]vda\.?|[Pp]laza|[Pp]za\.|[Pp]aseo|[Cc]amino|[Rr]onda|[Cc]arrer|[Tt]ravesía) ?"
    rf"{_WORDS},? (?:n\.?º ?)?{_NO}(?:, \d{{1,2}}\.?[ºª](?: ?[A-Z](?!\w))?)?",
    # Via dell'Olmo, 12/B
    rf"(?:[Vv]ia|[Vv]iale|[Pp]iazza|[Pp]iazzale|[Cc]orso|[Ll]argo|[Vv]icolo|[Ss]trada|[Bb]orgo) {_WORDS},? "
    rf"(?:n\. ?)?{_NO}",
    # ul. Jana Pawła II 3/12, al. Niepodległości 7 m. 4
    rf"(?:[Uu]l\.|[Uu]lic[ay]|[Aa]l\.|[Aa]lej[ai]|[Pp]l\.|[Pp]lac|[Oo]s\.|[Oo]siedle) {_WORDS} "
    rf"\d{{1,4}}[a-zA-Z]?(?:/\d{{1,4}})?(?: m\. ?\d{{1,4}})?",
    # Flat 2, 3 Mill Lane
    rf"(?:(?:Flat|Unit|Apartment|Apt\.?|Suite) \d{{1,4}}\w?,? )?\d{{1,5}}[a-zA-Z]?,? (?:{_NAME} ){{1,4}}"
    r"(?:Street|St\.?|Road|Rd\.?|Lane|Ln|Avenue|Ave\.?|Court|Ct|Square|Drive|Dr\.?|Close|Way|Terrace|Gardens|Crescent|Row"
    r"|Mews|Hill|Place|Grove|Park|Walk|Yard|Green|Boulevard|Blvd\.?|Parkway|Pkwy|Highway|Hwy)(?!\w)"
    r"(?:,? (?:Apt|Suite|Ste|Unit|Floor)\.? ?#?\w{1,5}(?!\w))?",
)
_JOINED = (
    r"(?:(?:an der|am|im|bei|ob der|in der|vor der|de la|de|del|la|le|les|en|sur|sous|di|d['’]|nad|nei|upon|on|der)"
    r"[ -]?)?"
)
_NO_TOWN = r"(?!(?:Tel|Fax|Mobil|E-?Mail|Unser|Ihr|Our|Your|Datum|Date|IBAN)\w*)"
_TOWN_NAME = rf"{_CAPITAL}{_L}[\w.'’-]*(?:(?<!\w{{4}}\.) {_NO_TOWN}{_JOINED}{_NAME}){{0,4}}"
_POSTCODE = r"(?:[A-Z]{1,2}-)?(?:\d{5}|\d{2}-\d{3}|\d{4}(?: [A-Z]{2}(?= ))?)"
_TOWN = re.compile(
    rf"(?<![\w.,/+-])(?:{_POSTCODE}(?:[^\S\n]|\n(?![\w-]+:)){_TOWN_NAME}(?: \([A-Z]{{2}}\))?"
    rf"|(?:{_TOWN_NAME},? )?[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}(?!\w)"
    rf"|(?:{_TOWN_NAME},? )?[A-Z]{{2}},? (?:\d{{5}}(?:-\d{{4}})?|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?!\w))"
)
_STREET = re.compile(rf"(?<![\w/-])(?:{'|'.join(f'(?:{street})' for street in _STREETS)})(?!\w)")
_MARKED = re.compile(
    r"(?:\d{2}-\d{3}|[A-Z]{1,2}-\d{4,5}|\d{4} [A-Z]{2}) |.*[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$|.*[A-Z]{2},? [A-Z\d -]+$"
)
"""Matches postcodes that look like nothing else: 00-950, A-1030, 1017 AB, SW1A 1AA, TX 78664, QC H2X 1Y4."""
_LABEL = re.compile(
    r"(?:address|anschrift|adresse|wohnhaft|wohnt|lives? (?:at|in)|living in|dirección|domicili\w+|indirizzo|residente|"
    r"adres\w*|zamieszka\w+)\W{0,5}(?:in |a |en |w )?$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"(?:(?:, [^\n,;:]{1,24}){1,2}(?=,))?[ \t]*(?:,\n?|[·|–-]|\n)?[ \t]*(?:in |à |en |a |w )?")
"""Matches what stands between street and town, such as the floor: "Lindenstraße 7, 3. OG links, 10115 Berlin"."""
_YEAR = re.compile(r"(?:19|20)\d\d\s")


def find_addresses(text: str) -> Iterator[Find]:
    """Yield streets, and towns next to them or on a line of their own, as separate finds. No two overlap."""
    ends: list[int] = []
    for match in _STREET.finditer(text):
        if is_counting(text, match.end()):
            continue
        ends.append(match.end())
        yield Find(Kind.ADDRESS, *match.span(), match[0], Certainty.LIKELY, "street")
    for match in _TOWN.finditer(text):
        beside = any(_BETWEEN.fullmatch(text, end, match.start()) for end in ends if 0 <= match.start() - end <= 48)
        alone = _is_line(text, match.start(), match.end())
        labelled = _LABEL.search(text, max(0, match.start() - 40), match.start()) is not None
        marked = _MARKED.match(match[0]) is not None
        if (_YEAR.match(match[0]) and not (beside or labelled)) or find_amounts(match[0], ""):
            continue
        likely = beside or labelled or marked or alone
        yield Find(Kind.ADDRESS, *match.span(), match[0], Certainty.LIKELY if likely else Certainty.UNSURE, "town")


_COUNTED = re.compile(r"(?<=\d)[ \u00a0]([^\W\d_]{3,})(?![ \u00a0]\d)")
"""Matches what a number may count, and no "14 Zimmer 3", where both numbers are names."""


def is_counting(text: str, end: int) -> bool:
    """Return whether a number ends there that counts what stands behind it: "608 residents", "14 Tage"."""
    behind = _COUNTED.match(text, end)
    if behind is None:
        return False
    return fold(behind[1]) in _counted() or has_unit(text, end)


@cache
def _counted() -> frozenset[str]:
    return frozenset(_words()["counted"].split())


def _is_line(text: str, start: int, end: int) -> bool:
    before = text.rfind("\n", 0, start) + 1
    after = text.find("\n", end)
    return not text[before:start].strip() and not text[end : after if after >= 0 else len(text)].strip()


# Finds private data by its shape. Accounts, cards, tax and person numbers, e-mail addresses, telephone numbers, dates
# of birth. Pure functions. Check digits are verified by python-stdnum and telephone numbers by phonenumbers (both
# imported at the first text). A number with right check digits is sure. One with wrong check digits after its label
# is likely, since a number with a typing error is just as private.

SURE, LIKELY, UNSURE = Certainty.SURE, Certainty.LIKELY, Certainty.UNSURE
REGIONS = {
    "en": ("GB", "US"), "de": ("DE", "AT", "CH"), "fr": ("FR", "BE"), "es": ("ES",), "it": ("IT",), "pl": ("PL",),
    "nl": ("NL", "BE"),
}  # fmt: skip
"""Countries of a telephone number without a country code, by the language of the text."""

_EMAIL = re.compile(r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.){1,6}[\w-]{2,24}(?![\w-])")
_IBAN_SHAPE = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ \u00a0-]?[A-Z0-9]{4}){2,7}(?:[ \u00a0-]?[A-Z0-9]{1,4})?(?![A-Za-z0-9])"
)
_MORE = re.compile(rf"(?:{GAP}(?=[A-Z]{{0,3}}\d)[A-Z0-9]{{1,4}}(?![^\W_]|[.,/-]\d)){{1,7}}")
"""Matches the rest of a labelled account number after a line end."""
_IBAN_LABEL = re.compile(r"(?:\biban\b|konto|account|compte|cuenta|\bconto\b)[^\n\d]{0,30}$", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.,-])[2-6]\d{3}(?:[ \u00a0-]?\d){9,15}(?![\w-]|[.,]\d)")
_CARD_GROUPS = re.compile(
    rf"(?<![\w.,-])(?:[2-6]\d{{3}}(?:{GAP}\d{{4}}){{3}}|3\d{{3}}{GAP}\d{{6}}{GAP}\d{{4,5}})(?![\w-]|[.,]\d)"
)
_EDGE = re.compile(r"[\t|]|\n\s*")
_CARD_LABEL = re.compile(
    r"(?:\bcards?|karte|\bcarte|\btarjeta|\bcarta|\bkart[aęyo]|visa|mastercard)[^\n\d]{0,40}$", re.I
)
_NUMBERS: tuple[tuple[str, str, bool], ...] = (
    # module of stdnum, shape, whether shape and check digits alone tell
    ("it.codicefiscale", r"[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPR-T][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]", True),
    ("fr.nir", r"[12] ?\d\d ?\d\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d", True),
    ("es.dni", r"(?:\d{8}|\d\d\.\d{3}\.\d{3})[ -]?[A-Z]", True),
    ("es.nie", r"[XYZ][ -]?\d{7}[ -]?[A-Z]", True),
    ("es.cif", r"[A-HJNP-SUVW][ -]?\d{7}[ -]?[0-9A-J]", True),
    ("eu.vat", r"(?:ATU ?\d{8}|DE ?\d{9}|DE ?\d{3} \d{3} \d{3}|FR ?[0-9A-Z]{2} ?\d{3} ?\d{3} ?\d{3}|IT ?\d{11}"
     r"|PL ?\d{10}|NL ?\d{9}B\d{2}|ES ?[A-Z0-9]\d{7}[A-Z0-9])", True),
    ("de.idnr", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", True),
    ("pension", r"\d{2} ?\d{6} ?[A-Z] ?\d{3}", True),
    ("pl.pesel", r"\d{11}", True),
    ("at.vnr", r"\d{4} ?\d{6}", False),
    ("fr.siret", r"\d{3} ?\d{3} ?\d{3} ?\d{5}", False),
    ("fr.nif", r"[0-3]\d ?\d\d ?\d{3} ?\d{3} ?\d{3}", False),
    ("pl.nip", r"\d{10}|\d{3}-\d{3}-\d\d-\d\d|\d{3}-\d\d-\d\d-\d{3}", False),
    ("it.iva", r"\d{11}", False),
    ("pl.regon", r"\d{14}|\d{9}", False),
    ("fr.siren", r"\d{3} ?\d{3} ?\d{3}", False),
    ("nl.bsn", r"\d{9}|\d{4}\.\d\d\.\d{3}", False),
    ("at.tin", r"\d\d-?\d{3}/?\d{4}", False),
    ("us.ssn", r"\d{3}-\d\d-\d{4}", True),
    ("gb.nhs", r"\d{3} ?\d{3} ?\d{4}", False),
    ("de.stnr", r"\d{2,3}[ /]\d{3}[ /]\d{4,5}|\d{13}", False),
)  # fmt: skip
_UNCHECKED = frozenset({"de.stnr"})
"""Kinds of numbers without check digits, which are never sure."""
_REFERENCE_GAP = (
    r"(?:[ \t\u00a0]+(?:no|nr|number|nº|n°|lautet|is|ist|est|es)\b\.?)?"
    r"(?:[ \t\u00a0]*[:：#|][ \t\u00a0]*\n?|[ \t\u00a0]+|[ \t]*\n)[ \t|]*"
)
"""Matches what stands between a label and its number: blanks, a colon, the border of a cell, the end of a line."""
_REGISTER = r"[A-Z][A-Za-z]{0,4}"
_CODE = r"(?=[^\s,;()]*\d)(?!(?:19|20)\d\d(?![\w./-]))[^\W_][\w./:#–-]+\w"
_REFERENCE = (
    # 3 Ca 412/25, S 12 AS 345/24, VIII ZR 17/24, 5 OWi 123 Js 456/24
    rf"(?:{_REGISTER}[ \u00a0])?(?:\d{{1,4}}[ \u00a0])?{_REGISTER}[ \u00a0-](?:\d{{1,6}}[ \u00a0]{_REGISTER}[ \u00a0])?"
    r"\d{1,6}/\d{2,4}(?!\w)"
    # 63.2-2025-00781, AB 4711-0815, 123 456 789
    rf"|(?:[A-ZÄÖÜ]{{1,5}}(?:-[A-Z]{{1,2}})?[ \u00a0])?{_CODE}(?:[ \u00a0]\d{{2,}}(?![\w.,/-]))*"
)
"""Matches the number of a file at a court, and any other that has a digit and three signs."""
_IDENTITY_GAP = r"[^\d\n.!?;]{0,32}?(?:\b[nN][roº°]?\.?)?[ \t\u00a0]*[:：#|(]?[ \t\u00a0]*\n?[ \t|]*"
_IDENTITY = (
    r"(?<![\w./-])(?!(?:19|20)\d\d(?![\w./-]))(?=(?:[ \u00a0./-]?[A-Z\d]){4})(?=[A-Z./ \u00a0-]{0,9}\d)"
    r"[A-Z\d]+(?:[ \u00a0./-][A-Z\d]+)*(?!\w)"
)
"""Matches large letters and digits in groups, four at least, with a digit, but no year."""
_WEB = re.compile(
    r"(?<![\w.@])(?!https?://(?:schemas\.|purl\.o|www\.w3\.o))(?:https?://|ftp://|www\.)[^\s<>\"'()\[\]{}|„“”«»]+(?<![.,;:!?])"
)
"""Matches addresses of the web, but none that names a format of files."""
_MACHINE = re.compile(r"(?<![\w.:])(?:(?:\d{1,3}\.){3}\d{1,3}|(?:[\da-fA-F]{0,4}:){2,7}[\da-fA-F]{1,4})(?![\w:]|\.\d)")
_BIRTH_BEFORE = re.compile(
    r"(?:(?:\bgeb(?:oren(?:e[rnms]?)?|\.)?(?: am)?|\bgeburtstag|\*|\bborn(?: on)?|birthday|\bn[ée]e?(?: le)?|"
    r"\bnac(?:id[oa]|í)(?: el)?|\bnat[oa](?: il| a [^\W\d_][\w' ]{1,30})?|\bur(?:\.|odz(?:\.|ony|ona))?|geboren op)"
    r"[\s:(,]{0,4}(?:(?:on|am|le|el|il|the|dnia|den|op)\s)?|"
    r"(?:\bgeburtsdatum|\bd\.?o\.?b\b\.?|date of birth|birth ?date|date de naissance|fecha de nacimiento|"
    r"data di nascita|data urodzenia|geboortedatum)[^\d.!?;]{0,60})$",
    re.IGNORECASE,
)
"""What a date of birth stands directly behind, or what names it in the same sentence."""
_BIRTH_AFTER = re.compile(
    r"[ ,]?(?: (?:in|à|a|en|at|w) [^\s,;.]{2,20}(?: [^\s,;.]{2,20}){0,2})? "
    r"(?:geboren\w*|zur Welt|born\b|née?s?\b|nacid[oa]|nat[oa]\b|urodz\w+)",
    re.IGNORECASE,
)
_PHONE_LABEL = re.compile(
    r"(?:\bt[eé]l\w*|\bfon\b|\bphone|\bmobil\w*|\bmobile|\bhandy|\bcell\w*|\bfax\b|\bring\b|\bcall\b|\breach\b|\banruf\w*|"
    r"\brufen\b|\berreich\w*|\bappel\w+|\bjoindre|\bportable|\bllam\w+|\blocali\w+|\bmóvil|\bnumero|\bnúmero|"
    r"\bnumerem|\bnumeru?|\bcellulare|\bchiam\w+|\bdzwoni\w*|\bkom\.?)[^\n\d+(]{0,25}$",
    re.IGNORECASE,
)
_SPLIT_PHONE = re.compile(
    r"(?<![\w.,/-])(?P<first>(?:\+|\(0)?\d[\d ()/.\u00a0-]{0,15}?)(?P<gap>[ \u00a0]*(?:\t|\||\r?\n)[ \t>|]*)"
    r"(?P<rest>[\d(][\d ()/.\u00a0-]{0,14})"
)
_WHOLE_PHONE = 9
"""Digits, without the country code, from which a telephone number is complete and needs nothing of the next line."""
_GROUP = re.compile(r"\d+(?![\w]|[.,]\d)")
_TOWN_AFTER = re.compile(r"\d{4,5}[ \u00a0]+[^\W\d_a-z]")
_SET_APART = re.compile(r"(?<!\w)[(\[/–—-] ?$")
_CLOSED = re.compile(r" ?[)\]/–—-](?!\w)")
_DIALLED = {
    "en": r"0|[2-9]\d\d\)?[ .-]?[2-9]\d\d[ .-]\d{4}$",
    "es": r"0|[236-9](?:\D?\d){8}",
    "pl": r"0|[236-9](?:\D?\d){8}",
    "it": r"0|[236-9]\d\d(?:\D?\d){6}",
}
"""How telephone numbers within a country begin, for countries where that is not always 0."""


def find_by_shape(text: str, language: str = "") -> Iterator[Find]:
    """Yield everything recognised by its shape. The finds may overlap. `language` is an ISO 639-1 code for telephone
    numbers; "" tries all countries.
    """
    yield from _emails(text)
    yield from _ibans(text)
    yield from _cards(text)
    yield from _numbers(text)
    yield from _coded(text, language)
    yield from _machines(text)
    yield from _births(text, language)
    yield from _phones(text, language)


def _find(kind: Kind, text: str, start: int, end: int, certainty: Certainty, reason: str) -> Find:
    return Find(kind, start, end, text[start:end], certainty, reason)


def _emails(text: str) -> Iterator[Find]:
    for match in _EMAIL.finditer(text):
        yield _find(Kind.EMAIL, text, *match.span(), SURE, "email")


def _ibans(text: str) -> Iterator[Find]:
    right = find_ibans(text)
    for start, end in right:
        yield _find(Kind.IBAN, text, start, end, SURE, "iban")
    shaped = [(match.start(), match.end()) for match in _IBAN_SHAPE.finditer(text)]
    whole = find_ibans(text, checked=False)
    for start, end in dict.fromkeys((*whole, *shaped)):
        if any(start < other[1] and other[0] < end for other in right):
            continue
        if _IBAN_LABEL.search(text, max(0, start - 60), start):
            more = None if (start, end) in whole else _MORE.match(text, end)
            yield _find(Kind.IBAN, text, start, more.end() if more else end, LIKELY, "iban_wrong")
        elif (start, end) in shaped:
            yield _find(Kind.IBAN, text, start, end, UNSURE, "iban_wrong")


def _cards(text: str) -> Iterator[Find]:
    from stdnum import luhn

    for match in (*_CARD_GROUPS.finditer(text), *_CARD.finditer(text)):
        if not luhn.is_valid(re.sub(r"\D", "", match[0])):
            continue
        labelled = _CARD_LABEL.search(text, max(0, match.start() - 80), match.start()) is not None
        edges = _EDGE.findall(match[0])  # figures in columns may look like a card by chance
        grouped = match.re is _CARD_GROUPS and (not edges or (len(edges) == 1 and "\n" in edges[0]))
        bare = re.fullmatch(r"\d{15,16}", match[0]) is not None
        if labelled or grouped:
            certainty = SURE
        elif bare:
            certainty = LIKELY
        else:
            certainty = UNSURE
        yield _find(Kind.CARD, text, *match.span(), certainty, "card")


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str], bool], ...]:
    return tuple(
        (name, re.compile(rf"(?<![\w.,/-])(?:{shape})(?![\w/-]|[.,]\d)"), alone) for name, shape, alone in _NUMBERS
    )


def _numbers(text: str) -> Iterator[Find]:
    for name, shape, alone in _shapes():
        for match in shape.finditer(text):
            if name not in _UNCHECKED and _is_valid(name, match[0]):
                yield _find(Kind.NUMBER, text, *match.span(), SURE if alone else UNSURE, name)


def _coded(text: str, language: str) -> Iterator[Find]:
    """Yield the numbers of files, customers and contracts, and of persons, behind their labels, as nothing else tells
    them.
    """
    others = [(day.start, day.end) for day in find_dates(text, language) if day.readings]
    others += [(start, end) for start, end, *_ in find_amounts(text, language)]
    for name, code, kind in (
        ("references", rf"{_REFERENCE_GAP}({_REFERENCE})", Kind.REFERENCE),
        ("identities", rf"{_IDENTITY_GAP}({_IDENTITY})", Kind.NUMBER),
    ):
        for match in _pattern(name, rf"(?<!\w)(?i:WORDS){code}").finditer(text):
            start, end = match.span(1)
            if not any(day_start < end and start < day_end for day_start, day_end in others):
                yield _find(kind, text, start, end, LIKELY, "label")


def _machines(text: str) -> Iterator[Find]:
    for match in _WEB.finditer(text):
        yield _find(Kind.WEB, text, *match.span(), LIKELY, "web")
    for match in _MACHINE.finditer(text):
        with suppress(ValueError):
            ip_address(match[0])
            yield _find(Kind.WEB, text, *match.span(), LIKELY, "web")


def _is_valid(name: str, number: str) -> bool:
    if name == "pension":
        return is_pension_number(number)
    return bool(import_module(f"stdnum.{name}").is_valid(number))


def is_pension_number(words: str) -> bool:
    """Return whether this is a German pension insurance number (VKVV § 2) with the right check digit."""
    plain = re.sub(r"\s", "", words)
    if not re.fullmatch(r"\d{8}[A-Z]\d{3}", plain):
        return False
    digits = f"{plain[:8]}{ord(plain[8]) - 64:02}{plain[9:11]}"
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(map(int, str(int(digit) * weight))) for digit, weight in zip(digits, weights, strict=True))
    return total % 10 == int(plain[11])


def _births(text: str, language: str) -> Iterator[Find]:
    for date in find_dates(text, language):
        if not any(year and month and day for year, month, day in date.readings):
            continue
        if _BIRTH_BEFORE.search(text, max(0, date.start - 90), date.start) or _BIRTH_AFTER.match(text, date.end):
            yield _find(Kind.BIRTH, text, date.start, date.end, LIKELY, "birth")


def _phones(text: str, language: str) -> Iterator[Find]:
    import phonenumbers

    seen: set[tuple[int, int]] = set()
    days = [date for date in find_dates(text, language) if date.readings]
    regions = REGIONS.get(language) or [codes[0] for codes in REGIONS.values()]
    for region in regions:
        for match in phonenumbers.PhoneNumberMatcher(
            text, region, leniency=phonenumbers.Leniency.POSSIBLE, max_tries=1_000_000
        ):
            start, end = match.start, match.start + len(match.raw_string)
            if match.raw_string[0] in "([" and not re.search(r"[)\]]", match.raw_string):
                start += 1
            if (start, end) in seen or any(day.start < end and start < day.end for day in days):
                continue
            seen.add((start, end))
            labelled = _PHONE_LABEL.search(text, max(0, start - 60), start) is not None
            valid = phonenumbers.is_valid_number(match.number)
            if labelled or _is_dialled(text, start, end, language, valid=valid):
                yield _find(Kind.PHONE, text, start, end, LIKELY, "phone")
            elif valid:
                yield _find(Kind.PHONE, text, start, end, UNSURE, "phone")
    for start, end in _split_phones(text, regions, days):
        yield _find(Kind.PHONE, text, start, end, LIKELY, "phone")


def _is_dialled(text: str, start: int, end: int, language: str, *, valid: bool) -> bool:
    """Return whether a number without a label is written like a telephone number.

    A number that is not assigned (not `valid`) needs a country code, an area code in brackets, or signs around it.
    """
    number = text[start:end].lstrip("([ ")
    if valid and number.startswith("+"):
        return True
    if not re.search(r"\d[ /.()-]+\d", number):
        return False
    apart = _SET_APART.search(text, max(0, start - 2), start) and _CLOSED.match(text, end)
    if valid:
        return apart is not None or _looks_dialled(number, language)
    is_long = 9 <= sum(letter.isdigit() for letter in number) <= 13
    return is_long and (number[0] == "+" or (number[0] == "0" and (apart is not None or text[start] == "(")))


def _split_phones(text: str, regions: Sequence[str], days: Sequence[DateMention]) -> Iterator[tuple[int, int]]:
    for match in _SPLIT_PHONE.finditer(text):
        labelled = _PHONE_LABEL.search(text, max(0, match.start() - 60), match.start()) is not None
        first, rest = match["first"], match.start("rest")
        is_code = re.search(r"[\t|]", match["gap"]) or re.fullmatch(r"\d+", first)  # or it is a number in a column
        if not (labelled or (first.startswith(("+", "0", "(0")) and not is_code)):
            continue
        if any(day.start < match.end() and rest < day.end for day in days):
            continue
        own = _phone_digits(first, regions, valid=True)
        if own >= _WHOLE_PHONE or (own and _TOWN_AFTER.match(text, rest)):
            continue
        ends = [group.end() for group in _GROUP.finditer(text, rest, match.end())]
        tried = [(end, valid) for valid in (True, False) if valid or labelled for end in reversed(ends)]
        for end, valid in tried:
            if _phone_digits(f"{first} {text[rest:end]}", regions, valid=valid) >= _WHOLE_PHONE - 1:
                yield match.start(), end
                break


def _phone_digits(words: str, regions: Sequence[str], *, valid: bool) -> int:
    """Return how many digits a telephone number has without country code and trunk prefix, or 0 if it cannot be one."""
    import phonenumbers

    is_one = phonenumbers.is_valid_number if valid else phonenumbers.is_possible_number
    most = 0
    for region in regions:
        with suppress(phonenumbers.NumberParseException):
            number = phonenumbers.parse(words, region)
            most = max(most, len(str(number.national_number)) if is_one(number) else 0)
    return most


def _looks_dialled(number: str, language: str) -> bool:
    return re.match(_DIALLED.get(language, "0"), number.lstrip("( ")) is not None


def is_checked(words: str) -> bool:
    from stdnum import luhn

    plain = re.sub(r"[^0-9A-Za-z]", "", words)
    if is_iban(words) or (plain.isdigit() and len(plain) >= 12 and luhn.is_valid(plain)):
        return True
    return any(
        _is_valid(name, words) for name, shape, _ in _shapes() if name not in _UNCHECKED and shape.fullmatch(words)
    )

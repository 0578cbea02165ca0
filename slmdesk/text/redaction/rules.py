"""Rules that recognise private data: names by the words around them, numbers by their shape, addresses. All pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module, resources
from typing import Any

from slmdesk.text.checks.names import LEGAL_FORM, opens
from slmdesk.text.checks.numbers import GAP, DateMention, find_amounts, find_dates, find_ibans, is_iban
from slmdesk.text.checks.words import capitalised, function_words, tables
from slmdesk.text.folding import fold
from slmdesk.text.redaction import Certainty, Find, Kind

_UP = r"[A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽ]"
_LETTER = r"[^\W\d_]"
_SMALL = r"(?:von|vom|van|der|den|de|del|della|dello|di|da|do|dos|du|la|le|zu|zum|ter|ten|y|af|bin|ibn|el|al)"
NAME_WORD = rf"(?:(?:[dDlL]['’]|O['’])?{_UP}{_LETTER}{{1,40}}(?:['’-]{_LETTER}{{1,40}}){{0,4}}|{_UP}\.(?!\w))"
_NAME_WORD = re.compile(NAME_WORD)
ALONE = re.compile(r"(?<![\w@./'’-])[^\W\d_]+(?:-[^\W\d_]+)*(?![\w@/-]|\.\w)")
"""Matches a word that is no part of an address of the web or of mail."""
_PARTICLE = re.compile(rf"{_SMALL}(?!\w)")
_GAP = re.compile(r"[ \u00a0]+")
_POSSESSIVE = re.compile(r"['’]s?$")
MOST_WORDS = 4
Span = tuple[int, int]


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(resources.files("slmdesk.text.redaction").joinpath("names.toml").read_text("utf-8"))


@cache
def _jobs() -> frozenset[str]:
    return frozenset(_words()["jobs"].split())


@cache
def _no_names() -> frozenset[str]:
    return frozenset(_words()["not_names"].split()) | capitalised()


def is_no_name(word: str) -> bool:
    plain = fold(word)
    return plain in _no_names() or plain in _jobs()


@cache
def _pattern(name: str, shape: str, flags: int = 0) -> re.Pattern[str]:
    value = _words()[name]
    joined = value if isinstance(value, str) else "|".join(f"(?:{pattern})" for pattern in value)
    return re.compile(shape.replace("WORDS", joined), flags)


def find_names(text: str, language: str = "") -> Iterator[Find]:
    """Yield names of people and firms, which may overlap. `language` is an ISO 639-1 code, or "" if unknown."""
    yield from _firms(text)
    for start, end, reason in _people(text, language):
        if not LEGAL_FORM.search(text, start, end):
            certainty = Certainty.UNSURE if reason == "opening" else Certainty.LIKELY
            yield Find(Kind.PERSON, start, end, text[start:end], certainty, reason)


def _people(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    yield from _after(text, _pattern("titles", r"(?<![\w.])(?:WORDS)[ \u00a0]+"), "title")
    yield from _greeted(text)
    yield from _signed(text)
    yield from _in_headers(text)
    yield from _labelled(text)
    yield from _with_roles(text, language)
    yield from _born(text)
    yield from _above_addresses(text)
    yield from _bare(text, language)


def _may_begin(text: str, word: re.Match[str], plain: str, *, said: bool) -> bool:
    """Return whether a name may begin with the word. Function words such as "Le" and "De" may only before another
    capitalised word, and only if the context shows a name (`said`).
    """
    if plain not in function_words():
        return True
    return said and re.compile(rf"[ \u00a0]{_UP}").match(text, word.end()) is not None


def name_at(text: str, at: int, *, least: int = 1, said: bool = True) -> Span | None:
    """Return the position of the name that begins at `at`, or None. A name has at most four capitalised words, with
    "von", "de la" and the like between them.

    Titles and professions before the name are skipped. It ends before a word that cannot be part of a name. `said`
    means that the words before it show that a name follows, and `least` is the fewest words it must have.
    """
    start, end, count, here = -1, at, 0, at
    title = _pattern("titles", r"(?=[^\W\d_]{2,}\.)(?:WORDS)[ \u00a0]+")  # "Dott.ssa", but "D." may be an initial
    for _ in range(2 * MOST_WORDS):
        if short := title.match(text, here):
            if start >= 0:
                break
            here = short.end()
        word = _NAME_WORD.match(text, here)
        if word and not (word.start() and text[word.start() - 1].isalnum()):
            plain = fold(_POSSESSIVE.sub("", word[0]).rstrip("."))
            if plain in _jobs() or plain in tables()["names"]["titles"].split():
                if start >= 0:
                    break
            elif plain in _no_names() or (start < 0 and not _may_begin(text, word, plain, said=said)):
                break
            else:
                start = word.start() if start < 0 else start
                end, count = word.end(), count + 1
                if count == MOST_WORDS:
                    break
            here = word.end()
        elif (small := _PARTICLE.match(text, here)) and (start >= 0 or here == at):
            here = small.end()
            if start < 0:
                start = small.start()
        else:
            break
        gap = _GAP.match(text, here)
        if gap is None:
            break
        here = gap.end()
    if count < least or (count == 1 and text[end - 1] == "."):
        return None
    possessive = re.search(r"['’]s?$", text[start:end])
    return start, end - len(possessive[0]) if possessive else end


def _after(text: str, before: re.Pattern[str], reason: str, *, least: int = 1) -> Iterator[tuple[int, int, str]]:
    for match in before.finditer(text):
        if (span := name_at(text, match.end(), least=least)) and not _numbers_line(text, match):
            yield *span, reason


def _numbers_line(text: str, letter: re.Match[str]) -> bool:
    """Return whether a letter with a full stop is the number of its line, of lines from A on."""
    sign, line = letter[0].strip(), text[text.rfind("\n", 0, letter.start()) + 1 : letter.start()]
    if line.strip() or not re.fullmatch(r"[A-Z]\.", sign):
        return False
    numbers = {number[1] for number in re.finditer(r"(?m)^[ \t]*([A-Z])\.[ \u00a0]", text)}
    return {"A", "B", *map(chr, range(ord("A"), ord(sign[0])))} <= numbers


def _greeted(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _pattern("greetings", r"(?m)^[ \t]*(?:WORDS),?[ \u00a0]+").finditer(text):
        span = name_at(text, match.end())
        if span and re.compile(r"[ \t]*(?:[,:!.]|$)", re.M).match(text, span[1]):
            yield *span, "greeting"


def _signed(text: str) -> Iterator[tuple[int, int, str]]:
    closing = _pattern("closings", r"(?im)^[ \t]*(?:WORDS)(?!\w)([^\n]{0,120})$")
    for match in closing.finditer(text):
        least = 2 if re.match(rf"[ \u00a0]+{_UP}.*(?<![,!])$", match[1]) else 1  # "Ihre Unterlagen" closes no letter
        tail = re.search(r"[,.!][ \t]+([^,.!\n]+)$", match[1])
        if tail and (span := _whole(text, match.start(1) + tail.start(1), match.start(1) + tail.end(1), least=least)):
            yield *span, "signature"
            continue
        if len(match[1]) > 60 and "," not in match[1]:
            continue
        lines = 0
        for line in re.compile(r"[^\n]+").finditer(text, match.end()):
            if _pattern("on_behalf", r"(?i)\W*(?:WORDS)?\W*").fullmatch(line[0]):
                continue
            lines += 1
            if span := _whole(text, *_without_mark(text, line.start(), line.end()), least=least):
                yield *span, "signature"
                break
            if lines == 2:
                break


def _without_mark(text: str, start: int, end: int) -> Span:
    mark = _pattern("before_signature", r"\s*(?:WORDS)\s*").match(text, start, end)
    return (mark.end() if mark else start), end


def _whole(text: str, start: int, end: int, *, least: int = 1) -> Span | None:
    while start < end and text[start] in " \t\"'“”„*_":
        start += 1
    while end > start and text[end - 1] in " \t\"'“”.,;*_":
        end -= 1
    span = name_at(text, start, least=least)
    if _pattern("closings", r"(?i)(?:WORDS)(?!\w)").match(text, start):
        return None
    if _pattern("on_behalf", r"(?i)(?:WORDS)(?!\w)").match(text, start):
        return None
    return span if span and span[1] == end else None


def _in_headers(text: str) -> Iterator[tuple[int, int, str]]:
    for match in re.finditer(r"[<(\[](?:mailto:)?[^\s<>()@]{1,64}@", text):
        before = max(text.rfind(sign, max(0, match.start() - 80), match.start()) for sign in "\n<>;:@")
        yield from _listed(text, max(before + 1, match.start() - 80), match.start())
    for match in _pattern("headers", r"(?m)^(?:WORDS)[ \t\u00a0]?:[ \t\u00a0]*([^\n]+)$").finditer(text):
        at = match.start(1)
        for part in re.compile(r"[^;<>]+").finditer(text, at, match.end(1)):
            if "@" not in part[0]:
                yield from _listed(text, *part.span())


def _listed(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    for part in re.compile(r"[^,]+").finditer(text, start, end):
        if span := _whole(text, *part.span()):
            yield *span, "header"


def _labelled(text: str) -> Iterator[tuple[int, int, str]]:
    labels = _pattern("labels", r"(?i)(?<![\w-])(?:WORDS)[ \t\u00a0]?[:：][ \t\u00a0]*")
    for match in labels.finditer(text):
        end = re.compile(r"[^\n,;(]*").match(text, match.end())
        if span := name_at(text, match.end()):
            yield *span, "label"
            follow = re.compile(r",[ \t]+").match(text, span[1])  # Berg, Anna
            second = name_at(text, follow.end()) if follow and end and span[1] == end.end() else None
            if second and re.compile(r"[ \t]*(?:\n|$|[;(])").match(text, second[1]):
                yield *second, "label"
    yield from _after(text, _pattern("before_signature", r"(?<!\w)(?:WORDS)[ \t\u00a0]*"), "label")


def _with_roles(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    roles = _pattern("roles", r"(?<![\w-])(?:WORDS),?[ \u00a0]+")
    yield from _after(text, roles, "role", least=2 if language in ("de", "") else 1)


def _born(text: str) -> Iterator[tuple[int, int, str]]:
    born = (
        r"[,(]? ?\(?(?:born|geb(?:\.|oren)|née?\b|nacid[oa]|nat[oa] (?:il|a)|ur(?:\.|odz)|\*\s?\d|DOB|wohnhaft|"
        r"residing|demeurant)|\((?:WORDS)\b[^()\n]{0,30}\)"
    )
    for match in _pattern("roles", rf"(?<![\w'’-]){NAME_WORD}(?=[ ]?(?:{born}))").finditer(text):
        before = text.rfind("\n", 0, match.start()) + 1
        start = match.start()
        while (
            word := re.compile(rf"(?:{NAME_WORD}|{_SMALL})[ ]$").search(text, max(before, start - 40), start)
        ) and word[0]:
            if fold(word[0].strip()) in _no_names() | _jobs() or (
                fold(word[0].strip()) in function_words() and not _PARTICLE.match(word[0])
            ):
                break
            start = word.start()
        if (span := name_at(text, start, least=2)) and span[1] >= match.end():
            yield *span, "born"


def _above_addresses(text: str) -> Iterator[tuple[int, int, str]]:

    for find in find_addresses(text):
        line = text.rfind("\n", 0, find.start) + 1
        if text[line : find.start].strip():
            continue
        for _ in range(3):
            before = text.rfind("\n", 0, max(0, line - 1)) + 1
            if before >= line or not text[before : line - 1].strip():
                break
            if span := _whole(text, before, line - 1):
                if span[1] - span[0] > 5 and " " in text[slice(*span)]:
                    yield *span, "address"
                break
            line = before


def _bare(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    """Yield names without any context: two or more capitalised words, in languages that capitalise only names.

    German capitalises all nouns. There a verb must follow, or a word such as "von" must be before the name. The first
    word of a sentence or line has a capital anyway: if it stands elsewhere without, the name begins behind it.
    """
    small = {fold(small) for small in ALONE.findall(text) if small.islower()}
    between = "" if language in ("de", "") else f"(?:{_SMALL} )*"  # "Aussage von Anna Berg"
    word = re.compile(rf"(?<![\w'’-]){NAME_WORD}(?=[ \u00a0]{between}{_UP})")
    at = 0
    while match := word.search(text, at):
        at = match.end()
        span = name_at(text, match.start(), least=2, said=False)
        if span is None or span[0] != match.start() or _is_heading(text, *span):
            continue
        at = span[1]
        before = re.search(r"([^\W\d_]+)[ \u00a0]+$", text[max(0, span[0] - 20) : span[0]])
        follows = re.compile(r"[ \u00a0]+([^\W\d_]+)").match(text, span[1])
        if language in ("de", ""):
            said = before and _pattern("before_bare", "WORDS").fullmatch(before[1])
            does = follows and _pattern("after_bare", "WORDS").fullmatch(follows[1])
            if not (said or does) or any(_is_german_noun(part) for part in text[slice(*span)].split()):
                continue
        elif before and fold(before[1]) in ("the", "in", "at", "a", "na", "w", "en", "au", "aux", "al", "del", "the"):
            continue
        if opens(text, span[0]) and (fold(match[0]) in small or _numbers_line(text, match)):
            rest = name_at(text, match.end() + 1, least=2, said=False)
            yield (*rest, "large") if rest else (*span, "opening")
        else:
            yield *span, "large"


def _is_german_noun(word: str) -> bool:
    endings = tuple(tables()["names"]["german_common"].split())
    return fold(word).endswith(
        (*endings, "gericht", "amt", "bank", "verein", "stadt", "kasse", "versicherung", "vertrag")
    )


def _is_heading(text: str, start: int, end: int) -> bool:
    line, after = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    rest = text[line:start] + text[end : after if after >= 0 else len(text)]
    return not re.search(r"(?<!\w)[^\W\d_A-Z]{2,}", rest)


_FIRM_WORD = re.compile(rf"(?:{_UP}[\w'’.-]*|\d{{1,4}}|&|\+)$")
_FIRM_JOINS = "und and et y e i of de du des del della di da la le für for von zu & +"
_FIRM_JOIN = frozenset(_FIRM_JOINS.split())
_WORKS_FOR = "of|from|at|bei|vom"


def _firms(text: str) -> Iterator[Find]:
    for form in LEGAL_FORM.finditer(text):
        line = text.rfind("\n", 0, form.start()) + 1
        start, words = form.start(), 0
        for word in reversed(list(re.compile(r"[^\s,;:()„“\"«»]+").finditer(text, line, form.start()))):
            between = text[word.end() : start]
            if re.search(r"[,;:()„“\"«»]", between) and (words or not re.fullmatch(r", ?", between)):
                break
            joins = words and word[0] in _FIRM_JOIN and _has_large_before(text, line, word.start())
            if not (_FIRM_WORD.match(word[0]) or joins) or words == 7 or word[0].endswith("."):
                break
            start, words = word.start(), words + 1
        start = _without_article(text, _behind_person(text, line, start, form.start()), form.start())
        if text[start : form.start()].strip(" ,&"):
            certainty = (
                Certainty.UNSURE if form[0] in ("PC", "LP", "AB", "SE", "SCP", "P.C.", "CIC") else Certainty.LIKELY
            )
            yield Find(Kind.FIRM, start, form.end(), text[start : form.end()], certainty, "legal_form")


def _behind_person(text: str, line: int, start: int, end: int) -> int:
    """Return where the firm begins in "Ms Edith Ashworth of Hollowell Ltd". The person is found separately by title."""
    shape = rf"(?<![\w.])(?:WORDS)[ \u00a0]+(?:{_UP}[\w'’.-]*[ \u00a0]+){{1,4}}(?:{_WORKS_FOR})[ \u00a0]+"
    for title in _pattern("titles", shape).finditer(text, line, end):
        start = max(start, title.end())
    return start


def _has_large_before(text: str, line: int, at: int) -> bool:
    return re.search(rf"(?:^|\s){_UP}[\w'’-]*[ \u00a0]+$", text[line:at]) is not None


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
_NO = r"\d{1,4}(?: ?[a-zA-Z](?!\w))?(?:[-/]\d{1,4}| ?/ ?[A-Z](?!\w))?"
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
    rf"(?:(?:Flat|Unit|Apartment|Apt\.?|Suite) \d{{1,4}}\w?,? )?\d{{1,4}}[a-zA-Z]?,? (?:{_NAME} ){{1,4}}"
    r"(?:Street|St\.?|Road|Rd\.?|Lane|Avenue|Ave\.?|Court|Square|Drive|Close|Way|Terrace|Gardens|Crescent|Row|Mews|Hill|"
    r"Place|Grove|Park|Walk|Green|Boulevard|Blvd\.?)(?!\w)",
)
_JOINED = (
    r"(?:(?:an der|am|im|bei|ob der|in der|vor der|de la|de|del|la|le|les|en|sur|sous|di|d['’]|nad|nei|upon|on|der)"
    r"[ -]?)?"
)
_TOWN_NAME = rf"{_CAPITAL}{_L}[\w.'’-]*(?: {_JOINED}{_NAME}){{0,4}}"
_POSTCODE = r"(?:[A-Z]{1,2}-)?(?:\d{5}|\d{2}-\d{3}|\d{4}(?: [A-Z]{2}(?= ))?)"
_TOWN = re.compile(
    rf"(?<![\w.,/+-])(?:{_POSTCODE}(?:[^\S\n]|\n(?![\w-]+:)){_TOWN_NAME}(?: \([A-Z]{{2}}\))?"
    rf"|(?:{_TOWN_NAME},? )?[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}(?!\w))"
)
_STREET = re.compile(rf"(?<![\w/-])(?:{'|'.join(f'(?:{street})' for street in _STREETS)})(?!\w)")
_MARKED = re.compile(r"(?:\d{2}-\d{3}|[A-Z]{1,2}-\d{4,5}|\d{4} [A-Z]{2}) |.*[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$")
"""Matches postcodes that look like nothing else: 00-950, A-1030, 1017 AB, SW1A 1AA."""
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


def _is_line(text: str, start: int, end: int) -> bool:
    before = text.rfind("\n", 0, start) + 1
    after = text.find("\n", end)
    return not text[before:start].strip() and not text[end : after if after >= 0 else len(text)].strip()


# Finds private data by its shape. Accounts, cards, tax and person numbers, e-mail addresses, telephone numbers, dates
# of birth. Pure functions. Check digits are verified by python-stdnum and telephone numbers by phonenumbers (both
# imported at the first text). A number with right check digits is sure. One with wrong check digits after its label
# is likely, since a number with a typing error is just as private.

SURE, LIKELY, UNSURE = Certainty.SURE, Certainty.LIKELY, Certainty.UNSURE
REGIONS = {"en": "GB", "de": "DE", "fr": "FR", "es": "ES", "it": "IT", "pl": "PL", "nl": "NL"}
"""Country of a telephone number without a country code, by the language of the text."""

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
_NUMBER_LABEL = re.compile(
    r"(?:steuer[\s-]?(?:id|identifikation\w*)[\w-]*|steuer-?(?:nr|nummer)|\bst\.?-?nr|\bid-?nr|\bust-?id\S*|"
    r"umsatzsteuer\S*|(?:sozial|renten|kranken)?versicherungs-?(?:nr|nummer)|\bsv-?(?:nr|nummer)|\b(?:tin|uid)\b|"
    r"\btax (?:id|number|code|identification|reference)|social security|insurance number|\bvat\b|\b(?:nip|pesel|regon|"
    r"nir|siren|siret|tva|nif|nie|dni|cif|bsn|btw|rsin)\b|sécurité sociale|n° ?fiscal|numéro fiscal|codice fiscale|"
    r"\bc\. ?f\.|\bcf\b|partita iva|\bp\. ?iva|seguridad social|burgerservice\w*)[^\n\d]{0,40}$",
    re.IGNORECASE,
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
_CODE = r"(?=[^\s,;()]*\d)[^\W_][\w./:#–-]+\w"
_REFERENCE = re.compile(
    # 3 Ca 412/25, S 12 AS 345/24, VIII ZR 17/24, 5 OWi 123 Js 456/24
    rf"(?:{_REGISTER}[ \u00a0])?(?:\d{{1,4}}[ \u00a0])?{_REGISTER}[ \u00a0-](?:\d{{1,6}}[ \u00a0]{_REGISTER}[ \u00a0])?"
    r"\d{1,6}/\d{2,4}(?!\w)"
    # 63.2-2025-00781, AB 4711-0815, 123 456 789
    rf"|(?:[A-ZÄÖÜ]{{1,5}}(?:-[A-Z]{{1,2}})?[ \u00a0])?{_CODE}(?:[ \u00a0]\d{{3,}}(?![\w.,/-]))*"
)
"""Matches the number of a file at a court, and any other that has a digit and three signs."""
_BIRTH_BEFORE = re.compile(
    r"(?:\bgeb(?:oren(?:e[rnms]?)?|\.)?(?: am)?|\bgeburts(?:datum|tag)|\*|\bborn(?: on)?|\bd\.?o\.?b\.?|date of birth|"
    r"birth ?da(?:te|y)|\bn[ée]e?(?: le)?|date de naissance|\bnacid[oa](?: el)?|fecha de nacimiento|"
    r"\bnat[oa](?: il| a [^\W\d_][\w' ]{1,30})?|data di nascita|\bur(?:\.|odz(?:\.|ony|ona))?|data urodzenia|"
    r"geboren op|geboortedatum)[\s:(,]{0,4}(?:(?:on|am|le|el|il|the|dnia|den|op)\s)?$",
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
_DIALLED = {"es": r"0|[236-9](?:\D?\d){8}", "pl": r"0|[236-9](?:\D?\d){8}", "it": r"0|[236-9]\d\d(?:\D?\d){6}"}
"""How telephone numbers within a country begin, for countries where that is not always 0."""


def find_by_shape(text: str, language: str = "") -> Iterator[Find]:
    """Yield everything recognised by its shape. The finds may overlap. `language` is an ISO 639-1 code for telephone
    numbers; "" tries all countries.
    """
    yield from _emails(text)
    yield from _ibans(text)
    yield from _cards(text)
    yield from _numbers(text)
    yield from _references(text, language)
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
        certainty = SURE if labelled or grouped else LIKELY if bare else UNSURE
        yield _find(Kind.CARD, text, *match.span(), certainty, "card")


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str], bool], ...]:
    return tuple(
        (name, re.compile(rf"(?<![\w.,/-])(?:{shape})(?![\w/-]|[.,]\d)"), alone) for name, shape, alone in _NUMBERS
    )


def _numbers(text: str) -> Iterator[Find]:
    for name, shape, alone in _shapes():
        for match in shape.finditer(text):
            labelled = _NUMBER_LABEL.search(text, max(0, match.start() - 80), match.start()) is not None
            valid = _is_valid(name, match[0])
            if valid and name not in _UNCHECKED and (alone or labelled):
                yield _find(Kind.NUMBER, text, *match.span(), SURE, name)
            elif labelled:
                yield _find(Kind.NUMBER, text, *match.span(), LIKELY, "label")
            elif valid and name not in _UNCHECKED:
                yield _find(Kind.NUMBER, text, *match.span(), UNSURE, name)


def _references(text: str, language: str) -> Iterator[Find]:
    """Yield the numbers of files, customers and contracts behind their labels, as nothing else tells them."""
    others = [(day.start, day.end) for day in find_dates(text, language) if day.readings]
    others += [(start, end) for start, end, *_ in find_amounts(text, language)]
    for label in _pattern("references", rf"(?<!\w)(?i:WORDS){_REFERENCE_GAP}").finditer(text):
        code = _REFERENCE.match(text, label.end())
        if code is None or any(start < code.end() and code.start() < end for start, end in others):
            continue
        yield _find(Kind.REFERENCE, text, *code.span(), LIKELY, "label")


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
        if _BIRTH_BEFORE.search(text, max(0, date.start - 60), date.start):
            yield _find(Kind.BIRTH, text, date.start, date.end, LIKELY, "birth")


def _phones(text: str, language: str) -> Iterator[Find]:
    import phonenumbers

    seen: set[tuple[int, int]] = set()
    days = [date for date in find_dates(text, language) if date.readings]
    regions = [REGIONS[language]] if language in REGIONS else list(REGIONS.values())
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

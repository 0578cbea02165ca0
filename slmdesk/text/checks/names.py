"""Finds names in a sentence that its source does not have, where the name of a person or a firm ends, and addresses.

People, places, organisations and acronyms are found by capital letters, in languages that capitalise only names. German
capitalises all nouns, so there a word counts only if it looks like a name (after a title, next to another name, before
a legal form), or if the source has another name in the same place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from slmdesk.base.record import Record
from slmdesk.text.checks.words import CLAUSE_WORDS, WORD, capitalised, folded, function_words, listed, tables
from slmdesk.text.folding import fold
from slmdesk.text.stems import has_form

Span = tuple[int, int]

_TOKEN = re.compile(r"[^\W_]+(?:['’&][^\W_]+)*")
_OPENS = re.compile(r"[.!?:…]['\"”’)»“]*\s+$|[\"“„«»‘(\[–—•;]\s*$|^\s*(?:[-*•]\s*)?$|\n\s*$")
_NUMBERED, _WORDED = r"\d{1,3}(?:\.\d{1,3})*", rf"(?i:§+|(?:{CLAUSE_WORDS.replace(' ', '|')})\b\.?)"
_HEADED = re.compile(
    rf"(?:^|[\n.!?;:•|(])\s*(?:{_WORDED}\s*(?:{_NUMBERED}[a-z]?|[A-Z]|[IVXLC]{{1,6}})"
    rf"|\(?(?:{_NUMBERED}|[A-Za-z]|[IVXivx]{{1,5}})\)|{_NUMBERED}\.|\d{{1,3}}(?:\.\d{{1,3}})+)[.):]?(?:\s*[–—:|-])?\s+$"
)
_ITEM = re.compile(r"\n[ \t]*[-*•] ?$")
_LONGEST_NUMBER = 40
"""Characters before a word that are searched for the number of a line or heading. Unlimited, the pattern would cross
thousands of blank lines.
"""
_JOINED = re.compile(r"^[\s.&-]{1,3}$|^[’']$|^ (?:of|de|der|van|von|di|da|del|della|the|for|and) $")


class Token(Record):
    start: int
    end: int
    word: str
    large: bool
    opens: bool
    acronym: bool


@cache
def _germancapitalised() -> tuple[str, ...]:
    return tuple(tables()["names"]["german_common"].split())


def tokens(text: str) -> list[Token]:
    words = []
    for match in _TOKEN.finditer(text):
        raw = match.group()
        if not raw.isalpha() and any(sign.isdigit() for sign in raw):  # a code, see check_numbers
            continue
        if raw.islower():
            words.append(Token(match.start(), match.end(), folded(raw), False, False, False))
            continue
        acronym = len(raw) > 1 and raw[0].isupper() and sum(sign.isupper() for sign in raw) > 1
        opens = raw[0].isupper() and _OPENS.search(text, max(0, match.start() - 6), match.start()) is not None
        is_headed = raw[0].isupper() and begins_title(text, match.start())
        if match.start() >= 6 and opens and not text[match.start() - 6 : match.start()].strip():
            opens = "\n" in text[match.start() - 6 : match.start()]
        words.append(Token(match.start(), match.end(), folded(raw), raw[0].isupper(), opens or is_headed, acronym))
    return words


def begins_title(text: str, at: int) -> bool:
    """Return whether only the number of a line or heading ("§ 2", "Art. 5 –", "3.2") is before the word at `at`. The
    word is then capitalised as the first word, and need not be a name.
    """
    return _HEADED.search(text, max(0, at - _LONGEST_NUMBER), at) is not None


def opens(text: str, at: int) -> bool:
    """Return whether the word at `at` begins a sentence, a line or a heading, so that it has a capital anyway."""
    before = max(0, at - 6)
    return any(sign.search(text, before, at) for sign in (_OPENS, _ITEM)) or begins_title(text, at)


def foreign_names(
    sentence: str, said: Sequence[Token], known: Sequence[Token], words: frozenset[str], language: str
) -> list[Span]:
    """Return the positions of names in `sentence` that the source does not have. `known` are the words of the source,
    and `words` the same as a set.
    """
    missing = [at for at, token in enumerate(said) if token.large and not _is_known(token, known, words, language)]
    chosen = []
    for at in missing:
        token = said[at]
        if token.word in capitalised() or (token.opens and token.word in function_words()):
            continue
        if token.acronym or _is_replaced(said, at, known, language):
            chosen.append(at)
        elif language == "de":
            if _stands_like_a_name(sentence, said, at, words):
                chosen.append(at)
        elif not token.opens or _is_first_of_name(sentence, said, at, missing):
            chosen.append(at)
    return _merged(sentence, said, chosen)


def _is_known(token: Token, known: Sequence[Token], words: frozenset[str], language: str) -> bool:
    if token.word in words:
        return True
    word = re.sub(r"['’]s?$", "", token.word)
    if word in words or any(word == part for part in words if part.startswith(word)):
        return True
    if token.acronym:
        return _is_initials(word, known)
    if len(word) > 3 and any(other.endswith(word) for other in words):  # Mietvertrag, Vertrag
        return True
    near = [other for other in words if other[:3] == word[:3]]
    return has_form(word, near, language) or (
        len(word) > 5 and any(word in other or other in word for other in near if len(other) > 4)
    )


def _is_initials(word: str, known: Sequence[Token]) -> bool:
    letters = word.rstrip("s") if len(word) > 3 else word
    large = "".join(token.word[0] for token in known if token.large)
    every = "".join(token.word[0] for token in known)
    return letters in large or letters in every


def _is_replaced(said: Sequence[Token], at: int, known: Sequence[Token], language: str) -> bool:
    """Return whether the source has another capitalised word that the sentence lacks, between the same neighbours."""
    token = said[at]
    before = said[at - 1].word if at else ""
    after = said[at + 1].word if at + 1 < len(said) else ""
    here = {other.word for other in said}
    for place, other in enumerate(known):
        if not other.large or other.word in function_words() or has_form(other.word, here, language):
            continue
        left = known[place - 1].word if place else ""
        right = known[place + 1].word if place + 1 < len(known) else ""
        same_left = bool(before) and before == left
        same_right = bool(after) and after == right
        if same_left and same_right:
            return True
        if token.opens and language != "de" and (other.opens or not left) and same_right and after not in _VERBS:
            return True
    return False


_VERBS = frozenset(
    ["is", "are", "was", "were", "will", "shall", "has", "have", "of", "the", "ist", "sind", "est", "es", "wird"]
)


def _stands_like_a_name(sentence: str, said: Sequence[Token], at: int, words: frozenset[str]) -> bool:
    token = said[at]
    before = said[at - 1] if at else None
    after = said[at + 1] if at + 1 < len(said) else None
    if before is not None and before.word in listed("names", "titles") and _joins(sentence, before, token):
        return True
    if after is not None and after.word in listed("names", "forms") and _joins(sentence, token, after):
        return True
    if token.word.endswith(_germancapitalised()) or token.opens:
        return False
    beside = before is not None and before.large and not before.opens and _joins(sentence, before, token)
    if beside and before is not None:
        lead = said[at - 2] if at > 1 else None
        return (
            before.word not in capitalised()
            and (lead is None or lead.word not in _ARTICLES)
            and (before.word in words or not before.word.endswith(_germancapitalised()))
        )
    return False


_ARTICLES = frozenset(["der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines"])


def _is_first_of_name(sentence: str, said: Sequence[Token], at: int, missing: list[int]) -> bool:
    """Return whether the first word of a sentence begins a name: the next word is adjacent and capitalised too."""
    token = said[at]
    if at + 1 >= len(said) or token.word in function_words():
        return False
    after = said[at + 1]
    return (
        after.large
        and after.word not in capitalised()
        and _joins(sentence, token, after)
        and (at + 1 in missing or not after.acronym)
    )


def _joins(sentence: str, token: Token, other: Token) -> bool:
    return _JOINED.match(sentence[token.end : other.start]) is not None


def _merged(sentence: str, said: Sequence[Token], chosen: list[int]) -> list[Span]:
    spans: list[Span] = []
    for at in chosen:
        start, end = said[at].start, said[at].end
        if spans and re.fullmatch(r"[\s.&-]{1,3}", sentence[spans[-1][1] : start]):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


_FORM = (
    r"(?:[gm]bH|GmbH(?: & Co\.? ?(?:KG|OHG))?|g?AG|KG(?:aA)?|OHG|GbR|UG(?: \(haftungsbeschränkt\))?|e\. ?[VK]\.|"
    r"e\. ?K(?:fm|fr)?\.|eG|mbB|PartG|SE|(?:Pty\.? )?Ltd\.?|PLLC|P\. ?C\.|PC|Limited|LLP|LLC|PLC|plc|Inc\.?|Corp\.?|"
    r"LP|CIC|SA(?:RL|S(?:U)?)?|S\. ?A\.(?: ?R\. ?L\.| ?S\.)?|SNC|SCI|SCP|EURL|SCOP|S\. ?L\.(?: ?[UPL]\.)?|SL[UP]?|"
    r"S\. ?A\.(?: ?U\.)?|C\. ?B\.|S\. ?C\.|S\. ?Coop\.|S\. ?r\. ?l\.(?: ?s\.)?|Srl|S\. ?p\. ?A\.|SpA|S\. ?n\. ?c\.|"
    r"S\. ?a\. ?s\.|B\. ?V\.|N\. ?V\.|Oy|AB|ApS|A/S|sp\. z o\.\s?o\.)"
)
_IS_FORM = re.compile(_FORM)
LEGAL_FORM = re.compile(rf"(?<![\w.]){_FORM}(?![\w])")
_POSTCODE = re.compile(
    r"(?<![\w/-])(?:(?:[A-Z]{1,2}-)?\d{4,5}\s+[A-ZÀ-ÖØ-Þ]|\d{2}-\d{3}\s+[A-ZÀ-ÖØ-ÞĄĆĘŁŃŚŹŻ]|"
    r"[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2}(?!\w)|[A-Z]{2} \d{5}(?!\d))"
)
_STREET = re.compile(
    r"\b\d{1,4}\s?[a-z]?,? (?:bis |ter )?(?:rue|avenue|av\.|boulevard|bd|place|quai|impasse|chemin|cours|allée|"
    r"route|square)\b"
    r"|\b(?:Calle|C/|Avda?\.?|Avenida|Plaza|Paseo|Camino|Ronda|Via|Viale|Piazza|Corso|Largo|Vicolo|ul\.)\s?[\w.]"
    r"|(?:straße|strasse|str\.|weg|gasse|platz|allee|ring|ufer|damm|markt|hof)\s+\d"
    r"|\b\d{1,4}[a-z]?,? [\w' ]{2,30}\b(?:Street|St\.?|Road|Rd\.?|Lane|Avenue|Ave\.?|Close|Court|Gate|Way|Square|"
    r"Drive|Terrace|Row|Mews|Place|Park|Yard|House|Hill|Green)\b",
    re.IGNORECASE,
)
_BEHIND_NAME = re.compile(
    r",? (?:vertreten durch|represented by|acting by|whose|having its|with its|of \d|registered|a company|"
    r"an? \w+ company|repr[ée]sent[ée]e?s? par|dont le si[eè]ge|sise?\b|domicili\w+|immatricul\w+|au capital|société|"
    r"representad[oa] por|con (?:CIF|NIF|DNI|sede|domicilio)|provist[oa]|mayor de edad|rappresentat[oa] da|con sede|"
    r"nat[oa] a|residente|in persona|C\.F\.|P\. ?IVA|born|née?\b|geb\.|geboren|wohnhaft|mit Sitz|ansässig|"
    r"(?:im Folgenden|nachfolgend|nachstehend|hereinafter|ci-après|en adelante|di seguito)|inhaber|inh\.|als\b|as\b|"
    r"Tel\b|Telefon|phone|E-?Mail)|\s*[(\u2013\u2014]\s?(?:[\"\u201c\u201e\u00ab'\u2018]|the\b|der\b|die\b|"
    r"im Folgenden|nachfolgend|hereinafter|ci-après|le\b|la\b|en adelante|el\b|di seguito|il\b)|\s[\u00b7\u2022|]\s|"
    r"\s[\u2013\u2014]\s(?=[\"\u201e\u201c\u00ab]|nachfolgend|im Folgenden|Vermieter|Mieter|Auftrag)|;|\n| {3,}|\t",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"(?:\(?(?:\d{1,2}|[a-z])[.)]\s+|[\s\"\u201c\u201e\u00ab*#>\u2013\u2022-]+|(?:the company|the firm|the|"
    r"Spett(?:abile|\.?le)?\.?|Egr\. Sig\.|Gent\.ma Sig\.ra|der Firma|die Firma|Firma|Fa\.|(?:de )?la société|"
    r"la sociedad|la empresa|la mercantil|la società|l'impresa|to|an die|an den|an das|an|à l['’]attention de|"
    r"a la atención de|alla cortese attenzione d[ei]l?|z\. ?Hd\.|à la|à|al|alla|a la|der|die|das|dem|den|la|le|les|el|"
    r"il|lo|l['’])(?:\s+|(?<=['’]))(?=[^\W_]))+",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"[A-ZÀ-ÖØ-Þ\d]|[^\W\d_]+\.? [A-ZÀ-ÖØ-Þ]")
"""Matches the beginning of a name: a capital letter, after at most one lower-case word ("signora Bellini")."""
MOST_NAME = 90
MOST_SMALL = 2
"""Most lower-case words of a name, besides words such as "of" and "the". Text with more is a sentence."""


def name_span(text: str, start: int = 0, end: int | None = None) -> Span | None:
    """Return the position of the name that a part of the text begins with, or None if it does not begin with a name.

    A legal form belongs to the name. Addresses, representatives and the short name used in the rest of a contract do
    not.
    """
    end = len(text) if end is None else end
    leading = _LEADING.match(text, start, end)
    begin = leading.end() if leading else start
    stop = _BEHIND_NAME.search(text, begin, end)
    until = stop.start() if stop and stop.start() > begin + 1 else end
    comma = text.find(",", begin, until)
    if comma > 0:
        rest = _IS_FORM.match(text, _skipped(text, comma + 1))
        until = rest.end() if rest and rest.end() <= until else comma
    while until > begin and (text[until - 1] in ' ,:*_"\u201d\u00bb)' or text[until - 1].isspace()):
        if text[until - 1] == ")" and "(" in text[begin : until - 1]:
            break
        until -= 1
    words = text[begin:until]
    if not any(word.isalpha() for word in words) or len(words) > MOST_NAME or not _BEGINS.match(words):
        return None
    small = sum(word[0].islower() and fold(word) not in function_words() for word in WORD.findall(words))
    return (begin, until) if small <= MOST_SMALL else None


def has_address(text: str) -> bool:
    return bool(_POSTCODE.search(text) or _STREET.search(text))


def is_address(text: str) -> bool:
    matches = [match for match in (_POSTCODE.search(text), _STREET.search(text)) if match]
    return any(match.start() <= 12 for match in matches) and not LEGAL_FORM.search(text)


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at

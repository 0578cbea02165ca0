"""Checks whether a text supports a sentence: finds numbers, dates, names and statements that are not in the text."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import Literal

from slmdesk.base.record import Record, changed
from slmdesk.text.checks import negation
from slmdesk.text.checks import numbers as check_numbers
from slmdesk.text.checks import numbers as dates
from slmdesk.text.checks.words import CLAUSE_WORDS, WORD, any_same, folded, function_words, tables, tongue, values
from slmdesk.text.folding import fold, fold_for_search
from slmdesk.text.sentences import sentence_spans

Kind = Literal["number", "date", "amount", "name", "negation", "unit", "percent", "condition"]


class Flag(Record):
    """Part of a sentence that its source does not support.

    `text` is at characters `start` to `end` of the sentence. `detail` is what the source says instead, or "" if that is
    unclear.
    """

    kind: Kind
    text: str
    start: int
    end: int
    detail: str = ""


class _Reading(Record):
    language: str
    whens: tuple[dates.DateMention, ...]
    numbers: tuple[check_numbers.Number, ...]
    identifiers: tuple[tuple[int, int], ...]
    tokens: tuple[Token, ...]
    lines: tuple[negation.Line, ...]
    words: frozenset[str]
    years: frozenset[int]
    packed: str
    """Only the letters and digits of the text, in lower case."""


def check(sentence: str, source: str, language: str = "", source_language: str = "") -> tuple[Flag, ...]:
    """Return the parts of a sentence that its source does not support, in order, or nothing.

    `language` is the ISO 639-1 code of the sentence. The source may be in another language, which is detected if
    `source_language` is empty. Any thread. Takes well under a millisecond; a source is analysed once for all sentences.
    """
    if " ".join(sentence.split()) in " ".join(source.split()):
        return ()  # copied from the source
    known = _read(source, tongue(source, source_language) if source_language else "")
    said = _read(sentence, tongue(sentence, language, known.language))
    flags = [*_dates(sentence, source, said, known), *_identifiers(sentence, said, known)]
    flags += _numbers(sentence, source, said, known)
    names = foreign_names(sentence, list(said.tokens), list(known.tokens), known.words, said.language)
    flags += [Flag("name", sentence[start:end], start, end) for start, end in names]
    if said.language == known.language or not said.language:
        forms = frozenset(form for line in known.lines for form in line.forms)
        for line, (start, _) in zip(said.lines, _places(sentence, said), strict=False):
            for at, end, instead in negation.turned_round(line, list(known.lines), forms):
                flags.append(Flag("negation", sentence[start + at : start + end], start + at, start + end, instead))
        flags += [] if flags else _conditions(sentence, source, said)
    return _without_overlaps(flags)


def _places(sentence: str, said: _Reading) -> list[tuple[int, int]]:
    return sentence_spans(sentence, said.language)


def _conditions(sentence: str, source: str, said: _Reading) -> list[Flag]:
    flags = []
    for start, end in _places(sentence, said):
        if condition := negation.left_away(sentence[start:end], source, said.language):
            flags.append(Flag("condition", sentence[start:end], start, end, condition))
    return flags


@lru_cache(maxsize=64)
def _read(text: str, language: str) -> _Reading:
    language = language or tongue(text)
    whens = dates.find_dates(text, language)
    left = _blanked(text, [(when.start, when.end) for when in whens])
    identifiers = check_numbers.find_identifiers(left)
    numbers = check_numbers.find_numbers(_blanked(left, identifiers), language)
    found_tokens = tokens(text)
    years = {year for when in whens for year, _, _ in when.readings if year}
    years |= {int(value) for number in numbers for value in number.values if 1600 <= value < 2200 and not number.unit}
    return _Reading(
        language,
        tuple(whens),
        tuple(numbers),
        tuple(identifiers),
        tuple(found_tokens),
        tuple(negation.lines(text, language)),
        frozenset(token.word for token in found_tokens),
        frozenset(years),
        "".join(sign for sign in text.casefold() if sign.isalnum()),
    )


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + "\x00" * (end - start) + text[end:]
    return text


def _dates(sentence: str, source: str, said: _Reading, known: _Reading) -> list[Flag]:
    flags = []
    for when in said.whens:
        if dates.dates_agree(when, list(known.whens), set(known.years)) or _as_number(when, known):
            continue
        words = re.escape(sentence[when.start : when.end])
        if not re.search(rf"(?<![\w.,:/-]){words}(?![\w:]|[.,/-]\d)", source):
            instead = next((other for other in known.whens if bool(other.minutes) == bool(when.minutes)), None)
            flags.append(Flag("date", sentence[when.start : when.end], when.start, when.end, _shown(instead)))
    return flags


def _as_number(when: dates.DateMention, known: _Reading) -> bool:
    hours = {minutes / 60 % 12 for minutes in when.minutes if minutes % 60 == 0}
    return any(
        value % 12 in hours for number in known.numbers if number.unit is None for value in number.values
    ) and bool(hours)


def _shown(when: dates.DateMention | None) -> str:
    if when is None:
        return ""
    if when.minutes:
        return f"{when.minutes[0] // 60}:{when.minutes[0] % 60:02}"
    if when.readings:
        return "-".join(f"{part:02}" for part in when.readings[0] if part is not None)
    return ""


def _identifiers(sentence: str, said: _Reading, known: _Reading) -> list[Flag]:
    flags = []
    for start, end in said.identifiers:
        packed = "".join(sign for sign in sentence[start:end].casefold() if sign.isalnum())
        if packed not in known.packed:
            flags.append(Flag("name", sentence[start:end], start, end))
    return flags


def _numbers(sentence: str, source: str, said: _Reading, known: _Reading) -> list[Flag]:
    pool = _pool(source, known)
    has_percent = any(number.unit and number.unit[0] == "percent" for number in known.numbers) or "%" in source
    is_same = said.language == known.language or not (said.language and known.language)
    is_less = is_same and _LESS.search(sentence) is not None
    flags = []
    for number in said.numbers:
        number = changed(number, sign="?") if is_less else number
        verdict = _verdict(number, pool, has_percent)
        if number.soft and not (verdict and _soft_conflict(sentence, source, number, known)):
            continue
        if verdict is None:
            continue
        kind, instead = verdict
        if kind == "number" and any(value == int(value) and 1600 <= value < 2100 for value in number.values):
            kind = "date" if number.unit is None and len(sentence[number.start : number.end]) == 4 else kind
        flags.append(Flag(kind, sentence[number.start : number.end], number.start, number.end, instead))
    return flags


def _pool(source: str, known: _Reading) -> list[tuple[check_numbers.Number, str]]:
    pool = [
        (number, source[slice(*number.whole)] if number.sign else source[number.start : number.end])
        for number in known.numbers
    ]
    for when in known.whens:
        parts = {part for reading in when.readings for part in reading if part} | {m // 60 for m in when.minutes}
        for part in parts:
            pool.append((check_numbers.Number(when.start, when.end, (float(part),), of_date=True), str(part)))
    for start, end in known.identifiers:
        for number in check_numbers.find_numbers("".join(s if s.isdigit() else " " for s in source[start:end])):
            pool.append((check_numbers.Number(start, end, number.values), source[start:end]))
    return pool


def _verdict(
    number: check_numbers.Number, pool: list[tuple[check_numbers.Number, str]], has_percent: bool
) -> tuple[Kind, str] | None:
    """Return None if the source has the number, else the kind of flag and what the source has instead."""
    with_unit = ""
    for known, text in pool:
        if set(number.values) & set(known.values):
            if _fit(number, known) and not _is_opposed(number, known):
                return None
            with_unit = with_unit or text
        elif number.unit and known.unit and number.unit[0] == known.unit[0] and _equal(number, known):
            if not _is_opposed(number, known):
                return None
            with_unit = with_unit or text
        if number.about and _near(number, known) and _fit(number, known) and not _is_opposed(number, known):
            return None
    if with_unit:
        kind: Kind = "unit" if number.kind == "number" and number.unit else _kind(number)
        return kind, with_unit
    nearest = [text for known, text in pool if (known.unit and known.unit[0]) == (number.unit and number.unit[0])]
    return _kind(number), nearest[0] if len(nearest) == 1 else ""


def _kind(number: check_numbers.Number) -> Kind:
    kind = number.kind
    return "amount" if kind == "amount" else "percent" if kind == "percent" else "number"


def _fit(number: check_numbers.Number, known: check_numbers.Number) -> bool:
    if number.unit is None:
        return True
    if known.of_date:
        return False
    if known.unit is None:
        return True
    return number.unit[0] == known.unit[0] and abs(number.unit[1] - known.unit[1]) < 1e-12


_LESS = re.compile(
    r"gutschrift|erstatt|r[üu]ckzahl|rabatt|skonto|nachla|abz[uü]g|minder|verlust|fehlbetrag|credit|refund|discount|"
    r"deduct|reduc|less\b|loss|deficit|remise|avoir|rembours|perte|descuent|abon[oa]|reembols|p[eé]rdida|sconto|rimbors|"
    r"perdit|storn|rabat|zwrot|strat[ay]|korting|tegoed|verlies|desconto|estorno|perda|negativ",
    re.IGNORECASE,
)
"""Words that say in the language of a sentence what a minus says: a discount of 45 EUR is -45."""


def _is_opposed(number: check_numbers.Number, known: check_numbers.Number) -> bool:
    """Return whether one number is surely less than nothing and the other is surely not, or one debit, one credit."""
    return {number.sign, known.sign} in ({"", "-"}, {"debit", "credit"}) and not known.of_date


def _equal(number: check_numbers.Number, known: check_numbers.Number) -> bool:
    if number.unit is None or known.unit is None:
        return False
    return any(
        abs(value * number.unit[1] - other * known.unit[1]) <= 1e-9 * max(1.0, abs(value * number.unit[1]))
        for value in number.values
        for other in known.values
    )


def _near(number: check_numbers.Number, known: check_numbers.Number) -> bool:
    return any(abs(value - other) <= 0.05 * abs(other) for value in number.values for other in known.values)


def _soft_conflict(sentence: str, source: str, number: check_numbers.Number, known: _Reading) -> bool:
    """Return whether the source has another number before the word that follows "one" or "first" in the sentence."""
    following = sentence[number.end :].split(None, 1)[0:1] if number.unit is None else []
    word = "".join(sign for sign in (following[0] if following else "").casefold() if sign.isalpha())
    for other in known.numbers:
        if other.soft and other.values == number.values:
            return False
    for other in known.numbers:
        if other.soft or set(other.values) & set(number.values):
            continue
        if number.unit and other.unit and number.unit[0] == other.unit[0]:
            return True
        after = "".join(
            sign for sign in source[other.end :].lstrip(" -")[:24].casefold().split(" ")[0] if sign.isalpha()
        )
        if len(word) > 3 and after[:4] == word[:4]:
            return True
    return False


def _without_overlaps(flags: list[Flag]) -> tuple[Flag, ...]:
    kept: list[Flag] = []
    for flag in sorted(flags, key=lambda flag: (flag.start, -flag.end)):
        if not kept or flag.start >= kept[-1].end:
            kept.append(flag)
    return tuple(kept)


VALUES = frozenset({"number", "date", "amount", "percent", "unit", "name"})
"""Kinds of flags that a single spot in a text can settle. Negations and conditions depend on the whole passage."""
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.,'’\s](?=\d)")
_DIGITS = re.compile(r"\d+")
_LEAST_DIGITS = 3
"""Fewest digits of a number that is searched for as digits only. Shorter numbers may be written as words: "twelve"."""
_LANGUAGES = ("en", "de", "fr", "es", "it", "pl")


def values_in(sentence: str, language: str = "") -> tuple[Flag, ...]:
    return tuple(flag for flag in check(sentence, "-", language) if flag.kind in VALUES)


def holds(flag: Flag, sentence: str, text: str, language: str = "") -> bool:
    if flag.kind == "name":
        return _has_name(flag.text, text)
    others = check(sentence, text, language)
    return not any(
        flag_there.start < flag.end and flag.start < flag_there.end
        for flag_there in others
        if flag_there.kind in VALUES
    )


def may_hold(flag: Flag) -> Callable[[str], bool]:
    """Return a fast filter that rejects texts that cannot contain the flagged part. Check the rest with `holds`."""
    if flag.kind == "name" and (first := next(iter(tokens(flag.text)), None)) is not None:
        start = "" if first.acronym else first.word[:3]
        return lambda text: start in fold(text)
    runs = _DIGITS.findall(_BETWEEN_DIGITS.sub("", flag.text))
    long = [run.strip("0") for run in runs if len(run) >= _LEAST_DIGITS]
    if long:
        return lambda text: any(number in _BETWEEN_DIGITS.sub("", text) for number in long)
    if len(runs) != 1 or not int(runs[0]):
        return lambda _: True
    alone = re.compile(rf"(?<!\d)0*{int(runs[0])}(?!\d)")
    words = _words_for(int(runs[0]))
    return lambda text: alone.search(text) is not None or words.search(fold(text)) is not None


@cache
def _words_for(number: int) -> re.Pattern[str]:
    """Return a pattern for words of all languages that may write (part of) the number: "seven", "twenty-", "-seven"."""
    tables = [values(name, language) for language in _LANGUAGES for name in ("ones", "tens")]
    parts = {number, number % 10, number // 10 * 10} - {0}
    words = sorted({word for table in tables for word, value in table.items() if value in parts})
    return re.compile("|".join(map(re.escape, words)) or r"(?!)")


def _has_name(name: str, text: str) -> bool:
    said = tokens(name)
    if not said:  # a code of letters and figures
        return _packed(name) in _packed(text)
    known = tokens(text)
    words = {token.word for token in known}
    letters = "".join(token.word[0] for token in known if token.large)
    return all(
        token.word in words or any_same(token.word, words) or (token.acronym and token.word in letters)
        for token in said
    )


def _packed(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


# Measures how much of a sentence is in a text. Counts content words, and rare words count more. Weights as in tf-idf
# (Spärck Jones 1972, "A statistical interpretation of term specificity").

STEM = 6
"""Number of first letters by which words are compared, since their endings may differ between texts."""


class Rarity:
    """Knows how rare words are among some texts. It replaces lists of stop words."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._words: list[frozenset[str]] = []
        self._spread: Counter[str] = Counter()
        self.add(texts)

    def add(self, texts: Iterable[str]) -> None:
        """Add texts. They are numbered from 0 in the order in which they are added."""
        for text in texts:
            words = stems(text)
            self._words.append(words)
            self._spread.update(words)

    def weight(self, word: str) -> float:
        """Return the weight of a word: about 0 if it is in every text, and the maximum if it is in none."""
        count = len(self._words)
        return math.log((count + 1.0) / (self._spread[word] + 0.5)) if count > 1 else 1.0

    def share(self, sentence: str, text: str) -> float:
        """Return how much of the sentence's words is in the text, 0..1. For a sentence without words return 1."""
        return self._share(stems(sentence), stems(text))

    def best(self, sentence: str, among: Sequence[int], *, beside: str = "") -> tuple[int, float]:
        """Return the number of the text among `among` with the largest share of the sentence, and that share, 0..1. Of
        equal texts the first is taken.

        Words that are in the text `beside` do not count.
        """
        requested = stems(sentence) - stems(beside)
        shares = [(self._share(requested, self._words[at]), -at) for at in among]
        share, at = max(shares)
        return -at, share

    def _share(self, requested: frozenset[str], there: frozenset[str]) -> float:
        weights = {word: max(0.1, self.weight(word)) for word in requested}
        whole = sum(weights.values())
        return sum(weights[word] for word in requested if word in there) / whole if whole else 1.0


@lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    words = fold_for_search(text).split()
    return frozenset(word[:STEM] for word in words if len(word) > 2 or not word.isascii() or word.isdigit())


# Finds names in a sentence that its source does not have. People, places, organisations and acronyms are found by
# capital letters, in languages that capitalise only names. German capitalises all nouns, so there a word counts only
# if it looks like a name (after a title, next to another name, before a legal form), or if the source has another
# name in the same place.

_TOKEN = re.compile(r"[^\W_]+(?:['’&][^\W_]+)*")
_OPENS = re.compile(r"[.!?:…]['\"”’)»“]*\s+$|[\"“„«»‘(\[–—•;]\s*$|^\s*(?:[-*•]\s*)?$|\n\s*$")
_NUMBERED, _WORDED = r"\d{1,3}(?:\.\d{1,3})*", rf"(?i:§+|(?:{CLAUSE_WORDS.replace(' ', '|')})\b\.?)"
_HEADED = re.compile(
    rf"(?:^|[\n.!?;:•|(])\s*(?:{_WORDED}\s*(?:{_NUMBERED}[a-z]?|[A-Z]|[IVXLC]{{1,6}})"
    rf"|\(?(?:{_NUMBERED}|[A-Za-z]|[IVXivx]{{1,5}})\)|{_NUMBERED}\.|\d{{1,3}}(?:\.\d{{1,3}})+)[.):]?(?:\s*[–—:|-])?\s+$"
)
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
def _common() -> frozenset[str]:
    found = tables()["names"]
    months = " ".join(" ".join(tables()[kind]["names"]) for kind in ("months", "weekdays"))
    return frozenset(f"{found['common']} {found['titles']} {months}".split())


@cache
def _titles() -> frozenset[str]:
    return frozenset(tables()["names"]["titles"].split())


@cache
def _forms() -> frozenset[str]:
    return frozenset(tables()["names"]["forms"].split())


@cache
def _german_common() -> tuple[str, ...]:
    return tuple(tables()["names"]["german_common"].split())


def tokens(text: str) -> list[Token]:
    found = []
    for match in _TOKEN.finditer(text):
        raw = match.group()
        if not raw.isalpha() and any(sign.isdigit() for sign in raw):  # a code, see check_numbers
            continue
        if raw.islower():
            found.append(Token(match.start(), match.end(), folded(raw), False, False, False))
            continue
        acronym = len(raw) > 1 and raw[0].isupper() and sum(sign.isupper() for sign in raw) > 1
        opens = raw[0].isupper() and _OPENS.search(text, max(0, match.start() - 6), match.start()) is not None
        is_headed = raw[0].isupper() and begins_title(text, match.start())
        if match.start() >= 6 and opens and not text[match.start() - 6 : match.start()].strip():
            opens = "\n" in text[match.start() - 6 : match.start()]
        found.append(Token(match.start(), match.end(), folded(raw), raw[0].isupper(), opens or is_headed, acronym))
    return found


def begins_title(text: str, at: int) -> bool:
    """Return whether only the number of a line or heading ("§ 2", "Art. 5 –", "3.2") is before the word at `at`. The
    word is then capitalised as the first word, and need not be a name.
    """
    return _HEADED.search(text, max(0, at - _LONGEST_NUMBER), at) is not None


def foreign_names(
    sentence: str, said: list[Token], known: list[Token], words: frozenset[str], language: str
) -> list[tuple[int, int]]:
    """Return the positions of names in `sentence` that the source does not have. `known` are the words of the source,
    and `words` the same as a set.
    """
    missing = [at for at, token in enumerate(said) if token.large and not _is_known(token, known, words)]
    chosen = []
    for at in missing:
        token = said[at]
        if token.word in _common() or (token.opens and token.word in function_words()):
            continue
        if token.acronym or _is_replaced(said, at, known, language):
            chosen.append(at)
        elif language == "de":
            if _stands_like_a_name(sentence, said, at, words):
                chosen.append(at)
        elif not token.opens or _is_first_of_name(sentence, said, at, missing):
            chosen.append(at)
    return _merged(sentence, said, chosen)


def _is_known(token: Token, known: list[Token], words: frozenset[str]) -> bool:
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
    return any_same(word, near) or (
        len(word) > 5 and any(word in other or other in word for other in near if len(other) > 4)
    )


def _is_initials(word: str, known: list[Token]) -> bool:
    letters = word.rstrip("s") if len(word) > 3 else word
    large = "".join(token.word[0] for token in known if token.large)
    every = "".join(token.word[0] for token in known)
    return letters in large or letters in every


def _is_replaced(said: list[Token], at: int, known: list[Token], language: str) -> bool:
    """Return whether the source has another capitalised word that the sentence lacks, between the same neighbours."""
    token = said[at]
    before = said[at - 1].word if at else ""
    after = said[at + 1].word if at + 1 < len(said) else ""
    here = {other.word for other in said}
    for place, other in enumerate(known):
        if not other.large or other.word in here or other.word in function_words() or any_same(other.word, here):
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


def _stands_like_a_name(sentence: str, said: list[Token], at: int, words: frozenset[str]) -> bool:
    token = said[at]
    before = said[at - 1] if at else None
    after = said[at + 1] if at + 1 < len(said) else None
    if before is not None and before.word in _titles() and _joins(sentence, before, token):
        return True
    if after is not None and after.word in _forms() and _joins(sentence, token, after):
        return True
    if token.word.endswith(_german_common()) or token.opens:
        return False
    beside = before is not None and before.large and not before.opens and _joins(sentence, before, token)
    if beside and before is not None:
        lead = said[at - 2] if at > 1 else None
        return (
            before.word not in _common()
            and (lead is None or lead.word not in _ARTICLES)
            and (before.word in words or not before.word.endswith(_german_common()))
        )
    return False


_ARTICLES = frozenset(["der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines"])


def _is_first_of_name(sentence: str, said: list[Token], at: int, missing: list[int]) -> bool:
    """Return whether the first word of a sentence begins a name: the next word is adjacent and capitalised too."""
    token = said[at]
    if at + 1 >= len(said) or token.word in function_words():
        return False
    after = said[at + 1]
    return (
        after.large
        and after.word not in _common()
        and _joins(sentence, token, after)
        and (at + 1 in missing or not after.acronym)
    )


def _joins(sentence: str, token: Token, other: Token) -> bool:
    return _JOINED.match(sentence[token.end : other.start]) is not None


def _merged(sentence: str, said: list[Token], chosen: list[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for at in chosen:
        start, end = said[at].start, said[at].end
        if spans and re.fullmatch(r"[\s.&-]{1,3}", sentence[spans[-1][1] : start]):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


Span = tuple[int, int]

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
    r"|\b(?:Calle|C/|Avda?\.?|Avenida|Plaza|Paseo|Camino|Ronda|Via|Viale|Piazza|Corso|Largo|Vicolo)\s?[\w.]"
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
    found = [match for match in (_POSTCODE.search(text), _STREET.search(text)) if match]
    return any(match.start() <= 12 for match in found) and not LEGAL_FORM.search(text)


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at

"""Decides whether a word of a text is a form of a glossary word: by inflectional endings of each language, no
dictionary.

A form is the word of the list, its last letters changed or dropped where the language does so, and one of the
language's endings.  Endings that make another word ("contract-or", "Arbeit-er") are no inflection and do not fit.
Languages without a table fit by a common beginning (`same_stem`).  All words here are folded as text.folding does:
without accents, ł as l, ß as ss.  Measured on tests/golden/terms.toml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

LEAST_STEM = 3
MOST_ENDING = 4
"""Letters, in languages without a table."""
LEAST_PART = 5
"""Letters of a word that is found inside a longer one."""
COMPOUNDING = frozenset(("de", "nl", "sv", "da", "no", "fi", "hu", "et"))

_SLAVIC = (
    "a e i o u y ie ia iu ii io em im om um am ym ej ow ew ou ami ach ech imi ymi mi ich ych ego emu owi ovi iem iam"
    " iom iach iami eho emu ho mu mi ove ovia ata ete in ina iny ino"
)
_EAST_SLAVIC = (
    "а я о е и ы у ю ь й ё і ї є ом ем ой ей ею ою ам ям ами ями ах ях ов ев ів їв ий ый ій ая яя ое ее ые ие ых их ым"
    " им ыми ими ого его ому ему ую юю ию ия ие ии ием иям иях иями ью ьи ья ье ьем ьев ью ии иі ієм ові еві ою ею"
)
_NORDIC = "s en et n t e a ar er or r na arna erna orna ne ene erne ens ets ns ts es ars ers nas ernes enes erna's"
ENDINGS: Mapping[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": "s es ed d ing ings",
        "de": "e n s en es em ern nen in innen ens er",
        "nl": "s en n e es eren je jes den",
        "fr": "s e es x ee ees ent ons ez er ant ait aient ai a era",
        "es": "s es o a os as e",
        "pt": "s es o a os as e",
        "it": "a e i o he hi ie",
        "pl": _SLAVIC,
        "cs": _SLAVIC + " emi ovi ove u",
        "sk": _SLAVIC + " ovi ovia och om",
        "sl": _SLAVIC + " oma ema ih",
        "hr": _SLAVIC + " ama ima ih",
        "ru": _EAST_SLAVIC,
        "uk": _EAST_SLAVIC,
        "bg": _EAST_SLAVIC + " ът ят та то те ът ите овете ове",
        "sr": _SLAVIC + " ама има " + _EAST_SLAVIC,
        "sv": _NORDIC,
        "da": _NORDIC,
        "no": _NORDIC,
    }.items()
}
_SLAVIC_CHANGES = (
    # the vowel a noun loses before its endings, and consonants that soften
    "a: e: o: y: i: ia:i ie:i ta:c da:dz ra:rz ka:c ga:dz cha:sz t:c d:dz r:rz k:c ek:k em:m el:l er:r ec:c en:n"
    " ka:ce sta:sci st:sc ost:ost"
)
_CYRILLIC_CHANGES = "а: я: о: е: и: ы: ь: й: ия:и ие:и ый: ий: ой: ая: ое: ец:ьц ец:ц ок:к ек:к онок:он ень:н оть:т"
CHANGES: Mapping[str, tuple[tuple[str, str], ...]] = {
    code: tuple(tuple(pair.split(":")) for pair in pairs.split())  # type: ignore[misc]  # each has one colon
    for code, pairs in {
        "en": "y:ie e: ",
        "de": "us: um: a: is:",
        "nl": "s:z f:v",
        "fr": "al:au ail:au au:au er: re:r if:iv eur:eus eur:ric en:enn on:onn",
        "es": "o: a: e: z:c",
        "pt": "o: a: ao:oe ao:ae al:ai el:ei ol:oi il:i m:n",
        "it": "o: a: e: io: ia: co:c go:g ca:c ga:g",
        "pl": _SLAVIC_CHANGES,
        "cs": _SLAVIC_CHANGES + " ka:c ha:z cha:s k:c h:z",
        "sk": _SLAVIC_CHANGES,
        "sl": _SLAVIC_CHANGES,
        "hr": _SLAVIC_CHANGES,
        "ru": _CYRILLIC_CHANGES,
        "uk": _CYRILLIC_CHANGES + " ість:ост і:",
        "bg": _CYRILLIC_CHANGES,
        "sr": _SLAVIC_CHANGES + " " + _CYRILLIC_CHANGES,
        "sv": "a: e: el:l er:r en:n",
        "da": "e: el:l er:r en:n",
        "no": "e: a: el:l er:r en:n",
    }.items()
}
_PLURALS_IN_ER = ("glied", "schild", "gesicht", "geschlecht", "gespenst", "gehalt", "gut", "recht")
"""German words of which "-er" is a plural though they are long; of others it makes the one who does it."""


@lru_cache(maxsize=50_000)
def fits(word: str, part: str, language: str) -> bool:
    if word == part:
        return True
    if not part.isalpha() or len(part) < 2:
        return False
    if language not in ENDINGS:
        return same_stem(word, part)
    if _is_form(word, part, language):
        return True
    # the list may have the plural: then the word of the text is what it is a form of
    return language != "en" and min(len(word), len(part)) >= LEAST_PART and _is_form(part, word, language)


@lru_cache(maxsize=50_000)
def is_within(word: str, part: str, language: str, *, anywhere: bool) -> bool:
    """Whether a compound has `part` as its last element, or with `anywhere` as any element."""
    if language not in COMPOUNDING or len(word) < len(part) + LEAST_STEM:
        return False
    if len(part) >= LEAST_PART:
        longest = min(len(word) - LEAST_STEM, len(part) + MOST_ENDING)
        if any(fits(word[-size:], part, language) for size in range(max(1, len(part) - 1), longest + 1)):
            return True
    if not anywhere or len(part) < LEAST_PART - 1:
        return False
    shorter = part[:-1] if part.endswith("e") and len(part) >= LEAST_PART else part  # Miete: Mietzahlung
    return part in word or word.startswith(shorter)


def _is_form(word: str, part: str, language: str) -> bool:
    endings = ENDINGS[language]
    for stem in _stems(part, language):
        if not word.startswith(stem):
            continue
        ending = word[len(stem) :]
        if stem == part and ending == "er" and language == "de" and not _has_plural_in_er(part):
            continue
        if ending in endings or (not ending and stem != part and len(stem) >= LEAST_STEM):
            return True
    return language == "en" and _is_doubled(word, part)


def _stems(part: str, language: str) -> Iterator[str]:
    yield part
    for old, new in CHANGES[language]:
        if part.endswith(old) and len(part) - len(old) + len(new) >= LEAST_STEM:
            yield part[: len(part) - len(old)] + new


def _has_plural_in_er(part: str) -> bool:
    return len(part) <= LEAST_PART or part.endswith(_PLURALS_IN_ER)


def _is_doubled(word: str, part: str) -> bool:
    return len(part) >= LEAST_STEM and word in (f"{part}{part[-1]}ing", f"{part}{part[-1]}ed")


def same_stem(one: str, other: str) -> bool:
    """Whether two folded words of a language without a table differ only in their endings.

    They share their beginning but for at most MOST_ENDING letters of each, and at least two thirds of the shorter one;
    a letter may change inside a long stem.
    """
    short, long = sorted((one, other), key=len)
    if len(short) < LEAST_STEM or len(long) - len(short) > MOST_ENDING:
        return False
    shared = 0
    while shared < len(short) and short[shared] == long[shared]:
        shared += 1
    least = max(LEAST_STEM, -(-len(short) * 2 // 3))
    is_close = len(long) - shared <= 2 or shared * 5 >= len(long) * 3
    if shared >= least and is_close and len(short) - shared <= 2 and len(long) - shared <= MOST_ENDING:
        return True
    from rapidfuzz.distance import Levenshtein

    return len(short) >= 6 and Levenshtein.distance(short, long[: len(short)]) <= 1 and short[:2] == long[:2]

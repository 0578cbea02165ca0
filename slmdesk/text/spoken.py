"""Spoken commands in what was dictated: comma, full stop, question mark, new line, new paragraph."""

from __future__ import annotations

import re
from functools import cache

from slmdesk.base.record import Record


class _Commands(Record):
    """The words of a language, parted by "|", longer ones first.  `stop` are words that are nouns of daily use too."""

    comma: str
    stop: str
    question: str
    line: str
    paragraph: str
    before_nouns: str
    """What stands before such a word where it is meant as a noun."""
    digits: str
    sure_stop: str = ""
    nouns_are_capital: bool = False


_LANGUAGES = {
    "en": _Commands(
        "comma", "period", "question mark", "new line", "new paragraph",
        "a an the this that these each every no any another which your our my his her their its in of per",
        "zero one two three four five six seven eight nine ten", "full stop",
    ),
    "de": _Commands(
        "komma", "punkt", "fragezeichen", "neue zeile", "neuer absatz",
        "der die das dem den des ein eine einen einem einer eines dieser diese dieses diesem diesen jeder jedes jede "
        "jedem jeden kein keine keinen keinem zum zur im am beim vom ins ans in unter zu welcher welchen welchem",
        "null eins ein zwei drei vier fünf sechs sieben acht neun zehn", nouns_are_capital=True,
    ),
    "fr": _Commands(
        "virgule", "point", "point d['’]interrogation", "nouvelle ligne|à la ligne", "nouveau paragraphe",
        "le la les un une des du de ce cet cette ces au aux chaque aucun aucune quel quelle mon ton son notre votre "
        "leur à en ne",
        "zéro un deux trois quatre cinq six sept huit neuf dix",
    ),
    "es": _Commands(
        "coma", "punto", "signo de interrogación", "nueva línea", "nuevo párrafo|punto y aparte",
        "el la los las un una este esta ese esa cada ningún qué del al de en a su mi tu nuestro",
        "cero uno un dos tres cuatro cinco seis siete ocho nueve diez",
    ),
    "it": _Commands(
        "virgola", "punto", "punto interrogativo", "nuova riga|a capo", "nuovo paragrafo",
        "il la lo i gli le un una questo questa quel quella ogni nessun del della al alla nel nella sul di in a che",
        "zero uno un due tre quattro cinque sei sette otto nove dieci",
    ),
    "pt": _Commands(
        "vírgula", "ponto", "ponto de interrogação", "nova linha", "novo parágrafo",
        "o a os as um uma este esta esse essa cada nenhum qual do da no na ao à de em num numa",
        "zero um dois três quatro cinco seis sete oito nove dez", "ponto final",
    ),
    "nl": _Commands(
        "komma", "punt", "vraagteken", "nieuwe regel", "nieuwe alinea",
        "de het een dit dat deze die elk elke geen welk welke mijn uw ons onze in op per",
        "nul een één twee drie vier vijf zes zeven acht negen tien",
    ),
    "pl": _Commands(
        "przecinek", "kropka", "znak zapytania|pytajnik", "nowa linia|nowy wiersz", "nowy akapit",
        "ten ta to ta tę tej tym każdy każda żaden żadna jeden jedna ostatni ostatnia pierwszy pierwsza",
        "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć",
    ),
}  # fmt: skip
_SIGNS = {"question": "?", "paragraph": "\n\n", "line": "\n", "sure_stop": ".", "stop": ".", "comma": ","}
"""By the field of the word.  Longer words come before those they begin with."""
_WORD = r"[^\W_]+(?:['’][^\W_]+)*"
_LAST_WORDS = re.compile(rf"(?:({_WORD})\s+)?({_WORD})$")
_NEXT_WORD = re.compile(rf"\s*({_WORD})")


@cache
def _pattern(language: str) -> re.Pattern[str]:
    words = _LANGUAGES[language]
    kinds = "|".join(f"(?P<{kind}>{found})" for kind in _SIGNS if (found := getattr(words, kind)))
    return re.compile(rf"(?P<lead>[\s,.;:!?…]*)(?<![\w'’-])(?:{kinds})(?![\w'’-])(?P<tail>[,.;:!?…]*)", re.IGNORECASE)


def with_commands(text: str, language: str) -> str:
    """Return a dictated text with the signs that its spoken commands stand for, and a capital after a sentence's end.

    A word stays one where an article shows that it is meant as a noun ("das Komma"), and within numbers in words.
    """
    if language not in _LANGUAGES:
        return text
    made, at = "", 0
    for found in _pattern(language).finditer(text):
        kind = next(kind for kind in _SIGNS if found.groupdict().get(kind))
        before = _joined(made, text[at : found.start()])
        if not _is_noun(_LANGUAGES[language], kind, before, found, text[found.end() :]):
            made, at = before + _SIGNS[kind], found.end()
    return _joined(made, text[at:])


def _joined(made: str, piece: str) -> str:
    following = piece.lstrip()
    if not made or not following:
        return made + piece.rstrip() if made else piece
    if made.endswith(","):
        is_number = made[-2:-1].isdigit() and following[0].isdigit()
        return f"{made}{following}" if is_number else f"{made} {following}"
    is_line = made.endswith("\n")
    if is_line and made.rstrip().endswith(","):  # after "Sehr geehrte Frau Keller," German goes on in small letters
        return made + following
    return f"{made}{'' if is_line else ' '}{following[0].upper()}{following[1:]}"


def _is_noun(words: _Commands, kind: str, before: str, found: re.Match[str], after: str) -> bool:
    last = _LAST_WORDS.search(before) if not found["lead"].strip() else None
    earlier, previous = (last[1] or "", last[2]) if last else ("", "")
    nouns, digits = words.before_nouns.split(), words.digits.split()
    if previous.casefold() in nouns:
        return True
    following = _NEXT_WORD.match(after)
    next_word = following[1] if following else ""
    if kind == "comma":
        return previous.casefold() in digits and next_word.casefold() in digits
    if kind != "stop":
        return False
    if previous.islower() and words.nouns_are_capital and earlier.casefold() in nouns:  # "ein wichtiger Punkt"
        return True
    return bool(next_word) and not (found["lead"].strip() or found["tail"]) and not next_word[:1].isupper()

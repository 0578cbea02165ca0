"""Ranks texts for a question by words, finds quotations, and tells what in a text matters. All pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache

from slmdesk.base.text.folding import fold_for_search

GROUP = 4
SATURATION, LENGTH_SHARE = 1.2, 0.25
"""The two constants of BM25 (k1 and b). The second is low, since passages have similar lengths."""


def ranked_by_words(words: Sequence[str], texts: Sequence[str], *, among: int = 0) -> list[int]:
    """Return the positions of the texts that match the words (text.sentences.search_words), the best first.

    The result is empty if no text has a word that begins like any of the words. `among` is the number of texts of which
    these are the best.
    """
    all_folded = [f" {fold_for_search(text)} " for text in texts]
    beginnings = [f" {word[:-1] if len(word) == GROUP else word[:GROUP]}" for word in words]
    if not any(beginning in text for beginning in beginnings for text in all_folded):
        return []
    count, usual = max(among, len(texts)), sum(map(len, all_folded)) / len(texts)
    longs = [SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * len(folded) / usual) for folded in all_folded]
    scores = [0.0] * len(texts)
    for word in words:
        groups = [f" {word} ", *groups_of(word)]
        for group in groups:
            counts = {place: times for place, text in enumerate(all_folded) if (times := text.count(group))}
            weight = math.log(1 + (count - len(counts) + 0.5) / (len(counts) + 0.5)) / math.sqrt(len(groups))
            for place, times in counts.items():
                scores[place] += weight * times / (times + longs[place])
    known = [place for place in range(len(texts)) if scores[place]]
    return sorted(known, key=lambda place: -scores[place])


def groups_of(word: str) -> list[str]:
    """Return all runs of four characters of a folded word, including the space before it. A number stays whole."""
    if word.isdigit():
        return [f" {word} "]
    return [f" {word}"[at : at + GROUP] for at in range(max(1, len(word) - GROUP + 2))]


# Finds a quotation in a text despite differences in white space, hyphens, quotation marks and ligatures. Quotation
# and text are reduced to the same plain letters, and each letter of the text keeps its position.

_HYPHENS = "-\u00ad\u2010\u2011\ufffe"
_DASHES = "\u2012\u2013\u2014\u2015\u2212\u2043"
_QUOTES = "\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u00b4\u2032\u2033"
_GONE = "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u00ad"
_PLAIN = {**dict.fromkeys(_HYPHENS + _DASHES, "-"), **dict.fromkeys(_QUOTES, "'"), **dict.fromkeys(_GONE, "")}
_INSIDE_WORD = re.compile(rf"(?<=[^\W\d_])[{re.escape(_HYPHENS)}](?:[^\S\n]*\n\s*)?(?=[^\W\d_])")
"""Matches a hyphen between two letters, with a line end after it if there is one. Since it may belong to the line end
or to the word, it is ignored in comparisons.
"""
_EDGES = " .,;:!?'-\u2026*_()[]\u00b7\u2022"


class FoldedText:
    def __init__(self, text: str) -> None:
        self._letters, self._places = _folded(text)

    def find(self, quote: str) -> tuple[int, int] | None:
        return next(self.find_all(quote), None)

    def find_all(self, quote: str, *, whole: bool = True) -> Iterator[tuple[int, int]]:
        """Yield all occurrences' spans in order without overlaps. Unless `whole`, a span may begin and end in words."""
        requested = folded_quote(quote)
        if not any(letter.isalnum() for letter in requested):
            return
        at = 0
        while (start := self._letters.find(requested, at)) >= 0:
            end = start + len(requested)
            at = start + 1
            if not whole or _stands_alone(self._letters, start, end):
                yield self._places[start], self._places[end - 1] + 1
                at = end

    def __contains__(self, quote: str) -> bool:
        return self.find(quote) is not None


@lru_cache(maxsize=4096)  # the names of columns are looked for in one text after another
def folded_quote(quote: str) -> str:
    """Return the plain letters of a quotation without signs around them. A minus before a number is kept."""
    letters = _folded(quote)[0]
    bare = letters.strip(_EDGES)
    before = letters[: letters.find(bare)] if bare else ""
    return f"-{bare}" if before.endswith("-") and bare[0].isdigit() else bare


def _stands_alone(letters: str, start: int, end: int) -> bool:
    """Return whether the span cuts no word and no number. In scripts without spaces it never does."""

    def joins(left: str, right: str) -> bool:
        return left.isalnum() and right.isalnum() and left < "\u0e00" and right < "\u0e00"

    before, behind = letters[max(0, start - 2) : start], letters[end : end + 2]
    if (before and joins(before[-1], letters[start])) or (behind and joins(letters[end - 1], behind[0])):
        return False
    if letters[start].isdigit() and before:
        in_number = before[-1] in ".,:" and before[:-1].isdigit()
        if in_number or (before[-1] == "-" and not before[:-1].isalnum()):
            return False
    return not (letters[end - 1].isdigit() and behind[:1] in (".", ",", ":") and behind[1:].isdigit())


def _folded(text: str) -> tuple[str, list[int]]:
    """Return the letters by which quotations are compared, and where in the text each of them stands.

    Hyphens within a word are left out, and every run of spaces is one. A letter may become several ("ß", "ﬁ").
    """
    letters: list[str] = []
    places: list[int] = []
    skipped = {at for gap in _INSIDE_WORD.finditer(text) for at in range(*gap.span())}
    was_space = True
    for at, letter in enumerate(text):
        if at in skipped:
            continue
        if letter.isspace():
            if not was_space:
                letters.append(" ")
                places.append(at)
            was_space = True
            continue
        plain = letter.lower() if letter.isascii() and letter not in _PLAIN else _plain(letter)
        if plain:
            letters.append(plain)
            places.extend([at] * len(plain))
            was_space = False
    return "".join(letters), places


def _plain(char: str) -> str:
    known = _PLAIN.get(char)
    if known is not None:
        return known
    apart = unicodedata.normalize("NFKD", char.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


# Tells what in a text matters to the reader of letters and contracts. Money, shares, quantities, periods, duties,
# requests. They are found by patterns in English, German, French, Spanish, Italian, Polish, Portuguese and Dutch, never
# by their position. Pure functions that take microseconds per sentence.


class Matter(StrEnum):
    MONEY = "money"
    PERIOD = "period"
    SHARE = "share"
    """A percentage."""
    QUANTITY = "quantity"
    DUTY = "duty"
    REQUEST = "request"


ACTION_LEAD = re.compile(
    r"^\W*(?:actions?(?: items?)?|to[- ]?dos?|tasks?|follow[- ]ups?|maßnahmen?|aufgaben?|auftrag|aufträge|zu erledigen|"
    r"actions?|tâches?|à faire|acci(?:ón|ones)|tareas?|azion[ei]|compit[oi]|zadani[ae]|aç(?:ão|ões)|tarefas?|"
    r"acties?|actiepunt(?:en)?|taken|taak)\b[^:.]{0,24}:\s*\S",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"[€$£¥]\s?\d|\d[\d.,'’\s]*(?:[€$£¥]|\b(?:eur(?:os?)?|usd|gbp|chf|pln|pounds?(?: sterling)?|dollars?|francs?|"
    r"franken|zł(?:ot(?:y|ych))?|(?:million(?:en|s|i)?|milliard\w*|mio\.?|mrd\.?|m|bn|billion)\s*(?:of\s|d['’]|de\s)?"
    r"(?:€|eur|euros?|pounds?|dollars?|usd|gbp|chf))\b)|\b(?:eur|usd|gbp|chf|pln)\s?\d",
    re.IGNORECASE,
)
_SHARE = re.compile(
    r"\d\s?(?:%|per ?cent\b|percent\w*|prozent\w*|vom hundert|pour ?cents?\b|por ciento|per cento|procent\w*)", re.I
)
_COUNT = (
    r"(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|thirty|sixty|ninety|"
    r"ein(?:e[mnrs]?)?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|vierzehn|dreißig|"
    r"une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|douze|quinze|trente|"
    r"uno?a?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|due|tre|quattro|cinque|sei|sette|otto|dieci)"
)
_PERIOD = re.compile(
    rf"\b{_COUNT}(?:\s\(\d+\))?[\s-]+(?:\w+\s)?(?:hours?|days?|weeks?|months?|quarters?|years?|stunden?|tagen?|werktagen?|"
    r"wochen?|monaten?|quartal\w*|jahren?|heures?|jours?|semaines?|mois|trimestres?|ans?|années?|horas?|días?|semanas?|"
    r"mes(?:es)?|años?|or[ae]|giorn[oi]|settiman[ae]|mes[ei]|ann[oi]|godzin\w*|dni|tygodni\w*|miesi\w+|lat|"
    r"dias?|anos?|uur|dagen|weken|maanden|jaar)\b",
    re.IGNORECASE,
)
_DUTY = re.compile(
    r"\b(?:must|shall|should|ha[sd] to|have to|needs? to|is to|are to|undertakes?|agrees? to|requir\w+|oblig\w+|"
    r"liable|entitled|muss|müssen|soll(?:en|te|ten)?|verpflichte\w*|hat zu|haben zu|haftet|haften|berechtigt|"
    r"doit|doivent|devra|devront|s['’]engage\w*|tenue?s? d\w*|deben?|deberán?|obligad\w+|dev(?:e|ono)|tenut[oaie]|"
    r"musi|muszą|powinn\w+|zobowiąz\w+|devem?|moet\w*|dient)\b",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    r"\d\s?(?:(?:[µmk]?g|[mcdh]?l|[nµmck]?m[²³]?|ha|k?Wh|[kM]?W|[kM]?V|m?A|[kM]?Hz|°\s?[CF]?|bar|mmHg|ppm|[GMT]B)\b|"
    r"(?:m(?:et(?:er|re)s?|ètres?)|(?:kilo|centi|milli|micro)\w+|hect?ar\w*|tonn\w+|lit(?:er|re)s?|litros?|litri|grad|degr\w+)\b)"
)
_REQUEST = re.compile(
    r"^\W*(?:please|kindly|bitte|veuillez|merci d[e'’]|prière d[e'’]|por favor|rogamos|le ruego|si prega|proszę|"
    r"prosimy|por favor|gelieve|graag)\b|\b(?:could you|would you|we ask you|i ask you|wir bitten|ich bitte|bitten wir|"
    r"nous vous (?:prions|demandons)|je vous prie|(?:sie|uns) bitte|les? (?:rogamos|ruego|pedimos|pido)|"
    r"(?:la|le|vi) (?:preghiamo|prego|chiediamo)|per favore|wij verzoeken)\b",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(
    r"\b(?:actions?|to[- ]?dos?|next steps?|follow[- ]?ups?|requests?|(?:we|i) ask|asked of|decisions?|resolutions?|"
    r"recommendations?|conclusions?|key (?:facts|dates|terms|points|figures)|deadlines?|due dates?|what happens next|"
    r"maßnahmen?|aufgaben|nächste schritte|bitte[n]?|beschl(?:uss|üsse)\w*|entscheidung\w*|empfehlung\w*|frist(?:en)?|"
    r"termine?|ergebnis\w*|fazit|zusammenfassung|actions?|prochaines étapes|à faire|demandes?|décisions?|"
    r"recommandations?|conclusions?|échéances?|délais?|próximos pasos|acciones|solicitud\w*|decisiones|acuerdos|"
    r"recomendaciones|plazos?|conclusiones|azioni|prossimi passi|richieste|decisioni|raccomandazioni|scadenze?|"
    r"conclusioni|zadania|decyzje|zalecenia|terminy?|wnioski|acties|actiepunten|besluiten|aanbevelingen|conclusies|"
    r"(?:the |contracting )?parties|patient(?:in)?|diagnos\w+|medic(?:ation|ines?)|(?:vertrags)?parteien|medikation|"
    r"patiente?|traitement|partes|paciente|diagnóstico\w*|medicación|parti|paziente|terapia|strony|pacjent|rozpoznanie|"
    r"partijen|patiënt|medicatie)\b",
    re.IGNORECASE,
)
_SUMS_UP = re.compile(
    r"\b(?:in brief|at a glance|(?:executive |management )?summary|overview|key points|in short|zusammenfassung|"
    r"kurzfassung|(?:im )?überblick|auf einen blick|das wichtigste|in kürze|en bref|résumé|synthèse|l['’]essentiel|"
    r"resumen|en breve|síntesis|riepilogo|in sintesi|in breve|sommario|streszczenie|w skrócie|samenvatting|"
    r"in het kort)\b",
    re.IGNORECASE,
)


def matters(sentence: str, language: str = "") -> frozenset[Matter]:
    """Return what makes a sentence matter, or nothing. `language` is an ISO 639-1 code."""
    sentence = with_umlauts(sentence, language)
    tests = (
        (Matter.MONEY, _MONEY),
        (Matter.SHARE, _SHARE),
        (Matter.PERIOD, _PERIOD),
        (Matter.DUTY, _DUTY),
        (Matter.QUANTITY, _QUANTITY),
        (Matter.REQUEST, _REQUEST),
    )
    return frozenset(matter for matter, pattern in tests if pattern.search(sentence))


_WITHOUT_UMLAUTS = re.compile(r"[^äöüß]*[aou]e[^äöüß]*", re.IGNORECASE)
_UMLAUT = re.compile(r"(?<![aeq])ue(?!r[aeu]|ll)|(?<![aeo])[ao]e(?=\w)|(?<!\w)[UAO]e", re.ASCII)
_UMLAUTS = {"ue": "ü", "ae": "ä", "oe": "ö", "Ue": "Ü", "Ae": "Ä", "Oe": "Ö"}


def with_umlauts(text: str, language: str) -> str:
    """Return a German text that was written without umlauts ("Kuendigung") with them, as the word lists have them."""
    if language != "de" or not _WITHOUT_UMLAUTS.fullmatch(text):
        return text
    return _UMLAUT.sub(lambda digraph: _UMLAUTS[digraph[0]], text)


def announces(heading: str) -> bool:
    """Return whether a heading announces requests, decisions, recommendations, deadlines or people a text is about."""
    return _ANNOUNCES.search(heading) is not None


def sums_up(heading: str) -> bool:
    """Return whether a heading announces a summary of its text: "The contract in brief"."""
    return _SUMS_UP.search(heading) is not None

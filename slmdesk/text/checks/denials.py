"""Detects whether a sentence denies something, explicitly or half by a word that implies it.

For comparing a sentence with its translation, where only the presence of a denial can be detected, not its object.
English, German, French, Spanish, Italian, Polish, Portuguese and Dutch.
"""

from __future__ import annotations

import re

from slmdesk.text.checks.words import WORD, folded, word_set

_NO = {
    "en": "not no never none nobody nothing nowhere neither nor cannot without",
    "de": "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts nirgends weder ohne",
    "fr": "ne n pas jamais aucun aucune rien ni sans non",
    "es": "no nunca jamás ningún ninguna ninguno nadie nada ni sin tampoco",
    "it": "non no mai nessun nessuna nessuno niente nulla né senza neppure neanche",
    "pl": "nie nigdy żaden żadna żadne żadnej żadnego nikt nikogo nic niczego ani bez nigdzie",
    "pt": "não nunca jamais nenhum nenhuma ninguém nada nem sem",
    "nl": "niet geen nooit niemand niets nergens noch zonder",
}
_KNOWN = {language: frozenset(words.split()) for language, words in _NO.items()}
_WORDS = re.compile(r"[^\W\d_]+(?:['’]t\b)?")
_FRENCH_SHORT = re.compile(r"\bn\b(?!['’])")
_NUMERO = re.compile(r"\bno\.\s?(?=\d)", re.IGNORECASE)
_FRENCH_ONLY = re.compile(r"\b(?:ne\b|n['’]).*\bqu(?:e\b|['’])", re.IGNORECASE)
_FRENCH_FULL = frozenset(["pas", "jamais", "aucun", "aucune", "rien", "ni", "plus", "personne", "point", "sans", "non"])
_HALF = word_set(
    "impossib* imposib* unmoglich* niemozliw* unable incapa* unless sauf salvo tranne ausser moins chyba only nur "
    "lediglich seul* solo soltanto solamente uniquement tylko jedynie wylacznie hardly barely kaum guere appena "
    "invalid* ungultig* nieprawidlow* unknown unbekannt* inconnu* desconocid* sconosciut* nieznan* unavailable until "
    "erst forbid* prohibit* banned refus* deny denied denies reject* exclude* excluding fail fails failed lack lacks "
    "absent exempt* verweiger* abgelehnt* lehnt lehnte ausgeschloss* verbot* verbiet* untersag* fehlt fehlen fehlte "
    "entfallt interdi* exclu* absent* manque manquent rejet* prohib* rechaz* carece* falta faltan vieta* esclu* manca "
    "mancano rifiut* respin* assen* zakaz* wyklucz* brak brakuje odmow* odrzuc* zabron* ignor* suppress* omit* missing"
)
"""Words, folded, by which a sentence says no without a word of _NO."""
_PREFIXED = {
    "en": re.compile(
        r"\b(?:un(?!der|i|til|less)\w{2,}(?:ed|able|ible|al|ful|ing|nt|en|rn|et|it|ar|ly)|non-?\w+|\w+less"
        r"|in\w{2,}(?:ible|able|ent|plete|rect|ible)|im(?:proper|perfect|mature)\w*|dis(?:allow|abl|connect)\w*)\b"
    ),
    "de": re.compile(r"\b(?:un(?!d|s|ter|gef)\w{4,}|[Nn]icht-\w+|\w{3,}los(?:e[mnrs]?)?)\b"),
    "fr": re.compile(r"\b(?:in\w{2,}(?:ible|able|ent|et|ect)e?s?|non-\w+)\b"),
    "es": re.compile(r"\bin\w{2,}(?:ible|able|iente|eto|ecto|ect[oa]s)\b"),
    "it": re.compile(r"\bin\w{2,}(?:ibile|abile|ente|eto|etto)\b"),
    "pl": re.compile(r"\bnie(?!dz|kt|mi|ch|st|raz|co|mal)\w{3,}"),
}
"""Words that a prefix or an ending turns round; written small, for "Unfall" and "Indien" are none."""


def denial(text: str, language: str) -> str | None:
    """The first word of a text that denies; "" where there is none, None in a language without a word list."""
    found = denials(text, language)
    return None if found is None else next(iter(found), "")


def denials(text: str, language: str) -> list[str] | None:
    """The words of a text that deny, in order; None in a language without a word list."""
    no = _KNOWN.get(language)
    if no is None:
        return None
    if language == "en":
        text = _NUMERO.sub(" ", text)  # "no. 5" is a number, not a denial
    if language == "fr":
        text = _FRENCH_SHORT.sub(" ", text)
    words: list[str] = _WORDS.findall(text.casefold())
    if language == "fr" and _FRENCH_ONLY.search(text) and not _FRENCH_FULL & set(words):
        return []  # "ne … que" means "only"
    return [word for word in words if word in no or (language == "en" and word.endswith(("n't", "n’t")))]


def half_denial(text: str, language: str) -> bool:
    """Whether a word of a text may stand for a denial: "forbidden", "invalid", "unless", "undone"."""
    found = _PREFIXED.get(language)
    if found is not None and found.search(text[:1].casefold() + text[1:]):
        return True
    return any(folded(word) in _HALF for word in WORD.findall(text))

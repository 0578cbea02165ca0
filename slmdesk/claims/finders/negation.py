"""Finds the words by which a sentence says no, in eight languages."""

from __future__ import annotations

import re

from slmdesk.base.text.words import WORD, folded, word_set

_NOT = r"(?<![\w-])(?:{})(?!-?\w)"
_NO = {
    "en": re.compile(
        _NOT.format(r"not|no(?!\.\s?\S*\d)|never|none|nobody|nothing|nowhere|neither|nor|cannot|\w+n['’]t")
    ),
    "de": re.compile(_NOT.format("nicht|kein(?:e[mnrs]?)?|nie|niemals|niemand(?:e[mn])?|nichts|nirgends|weder")),
    "fr": re.compile(
        _NOT.format(r"pas|jamais|aucune?|rien|ni|non|n(?:e\s|['’])(?:\w+\s){1,4}?(?:plus(?! d)|personne|point)")
    ),
    "es": re.compile(_NOT.format("no|nunca|jamás|ning[uú]n[oa]?|nadie|nada|ni|tampoco")),
    "it": re.compile(_NOT.format("non|no|mai|nessun[oa]?|niente|nulla|né|neppure|neanche")),
    "pl": re.compile(_NOT.format("nie|nigdy|żad(?:en|n[aey]|nej|nego)|nikt|nikogo|nic|niczego|ani|nigdzie")),
    "pt": re.compile(_NOT.format("não|nunca|jamais|nenhuma?|ninguém|nada|nem")),
    "nl": re.compile(_NOT.format("niet|geen|nooit|niemand|niets|nergens|noch")),
}
"""By language. "Without" is none of them: another language says it in many other ways."""
_NOT_ONLY = re.compile(
    r"\b(?:not only|nicht (?:nur|allein)|(?:non|pas) seulement|no (?:s[oó]lo|solamente)|non (?:solo|soltanto)|"
    r"não (?:só|apenas)|niet (?:alleen|slechts)|nie tylko)\b"
)


def denials(text: str, language: str) -> list[str] | None:
    """Return the words of a text that negate, in order, or None if the language has no word list."""
    pattern = _NO.get(language)
    return None if pattern is None else pattern.findall(_NOT_ONLY.sub(" ", text.casefold()))


_HALF = word_set(
    "except excepte excepto impossib* imposib* unmoglich* niemozliw* unable incapa* unless sauf hormis salvo tranne "
    "eccetto ausser ausgenommen behalve tenzij exceto oprocz moins chyba only nur lediglich seul* solo soltanto "
    "solamente uniquement tylko jedynie wylacznie hardly barely kaum guere appena invalid* ungultig* nieprawidlow* "
    "unknown unbekannt* inconnu* desconocid* sconosciut* nieznan* unavailable until erst forbid* prohibit* banned "
    "refus* deny denied denies reject* exclude* excluding fail fails failed lack lacks absent exempt* verweiger* "
    "abgelehnt* lehnt lehnte ausgeschloss* verbot* verbiet* untersag* fehlt fehlen fehlte entfallt interdi* exclu* "
    "absent* manque manquent rejet* prohib* rechaz* carece* falta faltan vieta* esclu* manca mancano rifiut* respin* "
    "assen* zakaz* wyklucz* brak brakuje odmow* odrzuc* zabron* ignor* suppress* omit* missing hochstens maximal* "
    "spatestens most latest maximum massimo maximo tard uiterlijk hoogstens najwyzej najpozniej hasta"
)
"""Folded words that imply a negation without a word of _NO: at most is no more than."""


def is_denial_implied(text: str) -> bool:
    """Return whether a text may say no without a negation: "forbidden", "unless", "at most"."""
    return any(folded(word) in _HALF for word in WORD.findall(text))

"""Finds what a model says about a translation instead of giving it, and takes off what is certainly not part of it."""

from __future__ import annotations

import re

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
_REMARK = re.compile(
    r"^\W*(?:(?:please )?note\b|explanation\b|this (?:translation|sentence)\b|i hope\b|let me know\b"
    r"|in this translation\b"
    r"|hinweis\s*:|anmerkung\w*\s*:|erklärung\w*\s*:|diese übersetzung\b|ich hoffe\b|remarque\s*:|explication\s*:"
    r"|nota\s*:|explicación\s*:|spiegazione\s*:|uwaga\s*:)",
    re.IGNORECASE,
)
_CHATTER = re.compile(
    r"^\s*(?:sure[,!.]|of course|certainly|here(?:'s| is| are)\b.{0,40}(?:translat|text)"
    rf"|(?:\w+,? +){{0,5}}{_TRANSLATION}\b[^:\n]{{0,40}}:"
    rf"|{_CORRECTED}(?: \w+)?\s*:"
    r"|hier ist|voici|aquí (?:está|tienes)|ecco"
    r"|(?:claro|por supuesto|natürlich|gerne?|bien sûr|d['’]accord|certo|certamente|oczywiście)\b[^:\n]{0,40}"
    r"(?:tradu|übersetz|tłumacz|version|wersj)[^:\n]{0,30}:"
    r"|(?:yes|ja|oui|sí|sì|tak)[,!.] (?:i can|i will|ich kann|das ist|je peux|puedo|posso|mogę)\b"
    r"|(?:please|bitte) (?:provide|geben sie mir)\b"
    r"|oto tłumaczenie|note\s*:|as an ai\b)",
    re.IGNORECASE,
)
_EXCUSE = re.compile(
    r"^\s*(?:i(?: a|['’])m sorry|sorry|entschuldig\w*|es tut mir leid|je suis désolé|désolé|lo siento|mi dispiace"
    r"|przepraszam|niestety|peço desculpa)\b.{0,20}"
    r"\b(?:can(?:not|['’]t)|am unable|kann|ne peux|no puedo|non posso|nie mog|não posso)",
    re.IGNORECASE,
)
_OF_QUOTES = re.compile(r"quot|anführungs|guillemet|comillas|virgolette|cudzysł|aspas|inverted", re.IGNORECASE)
"""The instructions speak of quotation marks: who tells them instead of the translation does too."""
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
    return any(one.match(target) is not None and one.match(source) is None for one in _TALK)


def without_chatter(source: str, target: str) -> str:
    """The translation without talk around it, where that is certain.

    Talk is an announcement ("Here is the translation:" as a line of its own, "The correct translation is: …"), unless
    the source begins like it, and lines after the translation of a single line that begin like a remark.  Remarks after
    an announced translation in quotation marks are removed too, and so are quotation marks that the source lacks.
    """
    found = target.strip()
    first, _, rest = found.partition("\n")
    is_announced = bool(rest.strip()) and first.rstrip().endswith(":") and is_chatter(source, first)
    if is_announced:
        found = rest.strip()
    elif (said := _ANNOUNCED.match(found)) and not _ANNOUNCED.match(source) and found[said.end() :].strip():
        is_announced, found = True, found[said.end() :].strip()
    if "\n" not in source.strip():
        found = _without_remarks(source, found, is_announced=is_announced)
    stripped = _unquoted(source, found)
    return stripped if is_announced or stripped != target.strip() else target


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

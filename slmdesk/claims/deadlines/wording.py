"""Tells a deadline in few words, for a title: who wrote the paper, what is to be done, which amount. Pure functions."""

from __future__ import annotations

import re

from slmdesk.claims.deadlines.finding import Due, is_greeting, is_title
from slmdesk.claims.finders.names import LEGAL_FORM, has_address, name_span
from slmdesk.claims.finders.numbers import find_amounts, find_dates, find_ibans

MOST_CHARACTERS = 60
HEAD_LINES = 4
"""In so many lines at the beginning of a paper stands who wrote it."""
_SENDER = re.compile(r"^(?:From|Von|De|Da|Van|Od)\s*:\s*\"?([^<\"\n]+)", re.MULTILINE)
_BODY = re.compile(
    r"\b(?:stadt|gemeinde|land|markt|kreis|verein|verlag|praxis|klinik|kanzlei|hotel|museum|stadtwerke|city|council|court|"
    r"university|college|school|hospital|ministry|department|office|solicitors|bank|nursery|mairie|préfecture|tribunal|"
    r"ministère|université|lycée|hôpital|cabinet|mutuelle|syndic|urssaf|caisse|ayuntamiento|juzgado|ministerio|universidad|"
    r"hospital|banco|seguros|agencia|delegación|comune|câmara|gemeente|urząd|hmrc)\b|"
    r"\w(?:gericht|amt|ämter|schule|kasse|versicherung|verwaltung|klinik|universität|kammer|ministerium|präsidium|bank|"
    r"werke|anwälte|anwaltschaft|verband|zentrum|heim)\b|jobcenter",
    re.IGNORECASE,
)
"""What tells that a line names an office, a firm or another body, and is no heading."""
_LEADS = re.compile(
    r"^(?:bitte|please|kindly|veuillez|merci de|le rogamos que|por favor|si prega di|deberá|wir bitten sie,?|"
    r"(?:sie|you|vous|usted) (?:müssen|must|have to|should|devez|debe))\s+",
    re.IGNORECASE,
)
_LEFT = re.compile(
    r"[\s,(]+(?:innerhalb(?: von)?|binnen|mit einer frist von|within|no later than|not later than|at the latest|"
    r"spätestens|bis|dans (?:les|un délai (?:franc )?de)|sous|en (?:el|un) plazo de|dentro de (?:los|las)?|by|at least|"
    r"mindestens|au moins|al menos|in any case|a|"
    r"am|vom|zum|den|on|the|le|du|el|del)$",
    re.IGNORECASE,
)
"""What still stands before a span or a day that was taken out."""


def sender_of(head: str, *, is_mail: bool) -> str:
    """Return who wrote the paper that begins with `head`, or nothing where that is not certain."""
    if is_mail:
        sender = _SENDER.search(head)
        return _short(" ".join(sender[1].split())) if sender else ""
    lines = [line.strip(" \t#*_|") for line in head.splitlines() if line.strip(" \t#*_|")]
    for line in lines[:HEAD_LINES]:
        if is_greeting(line):
            return ""
        if ":" in line or is_title(line) or find_dates(line) or has_address(line):
            continue
        if (name := name_span(line)) is not None and (LEGAL_FORM.search(line) or _BODY.search(line)):
            return _short(line[slice(*name)])
    return ""


def what_of(text: str, due: Due) -> str:
    """Return what is to be done, without the words for when, accounts, brackets and what is said for courtesy."""
    spans = [(day.begin, day.end) for day in due.days] + [(term.start, term.end) for term in due.terms]
    spans += [*find_ibans(text), *(match.span() for match in re.finditer(r"\([^()]*\)", text))]
    words, last = text, len(text)
    for start, end in sorted(spans, reverse=True):
        if end > last:  # in one that was taken out
            continue
        last = start
        before = words[:start].rstrip()
        while (left := _LEFT.search(before)) is not None:
            before = before[: left.start()].rstrip()
        words = f"{before} {words[end:]}"
    words = " ".join(words.split())
    while (lead := _LEADS.match(words)) is not None:
        words = words[lead.end() :]
    words = re.sub(r"\s+([,.;:])", r"\1", words).strip(" ,.;:–-")
    words = words or " ".join(text.split())
    return _short(words[:1].upper() + words[1:])


def amount_of(text: str, language: str) -> str:
    """Return the first amount of money as it is written, or nothing."""
    amounts = (" ".join(text[slice(*span)].split()) for span in find_amounts(text, language))
    return next((amount for amount in amounts if re.search(r"[^\W\d_]|[€$£¥]", amount)), "")


def _short(words: str) -> str:
    if len(words) <= MOST_CHARACTERS:
        return words
    return f"{words[: MOST_CHARACTERS - 1].rpartition(' ')[0].rstrip(' ,.;:')}…"

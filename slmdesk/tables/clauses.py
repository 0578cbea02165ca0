"""Words that say what a clause or a sentence is about, in small letters without accents (see text.words.folding)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_TERM = re.compile(
    r"\bterm\b|duration|commencement|period of|laufzeit|dauer|beginn|mietzeit|vertragszeit|duree|prise d.effet|"
    r"duracion|vigencia|plazo|durata|decorrenza|okres"
)
HEADINGS: Mapping[str, re.Pattern[str]] = {
    "begins_on": _TERM,
    "ends_on": _TERM,
    "amount": re.compile(
        r"price|\bfees?\b|\brent\b|remuneration|salary|charges|preis|vergutung|entgelt|gehalt|\w*miete\b|\w*zins\b|"
        r"honora|prix|loyer|salaire|redevance|precio|renta|salario|canon|prezzo|compens|corrispettivo|retribu|czynsz"
    ),
}
OPEN_ENDED = re.compile(
    r"auf unbestimmte (?:zeit|dauer)|unbefristet|(?:an )?indefinite (?:period|term)|until terminated|no fixed term|"
    r"duree indeterminee|(?:tiempo|plazo|duracion) indefinid|tempo indeterminato|czas nieokreslony|"
    r"onbepaalde (?:tijd|duur)"
)
EARLIER = re.compile(
    r"\b(?:bisherige\w*|fruhere\w*|vorherige\w*|alte[nr]?|previous|earlier|former|prior|old|ancien\w*|precedent\w*|"
    r"anterior\w*|precedente|dotychczasow\w*) (?:\w+ )?(?:\w*vertrag\w*|vereinbarung|contract|agreement|lease|"
    r"licen[cs]e|contrat|bail|convention|contrato|contratto|umow\w*)|"
    r"\b(?:replaces|ersetzt|remplace|sustituye|sostituisce) "
    r"(?:the |den |die |le |la |el |il )?(?:\w+ )?(?:\w*vertrag|letter|contract|agreement|lease|contrat|bail|contrato|"
    r"contratto)"
)
"""A sentence about another contract than this one."""
THEIRS = re.compile(
    r"\b(?:ihr(?:em|es|er)? (?:konto|bankkonto|girokonto)|your (?:bank )?account|votre compte|su cuenta|"
    r"(?:vostro|suo) conto|uw rekening)\b[^.]{0,60}$"
)
"""Before the account from which is collected, not the one to which is paid."""

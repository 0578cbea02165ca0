"""The kinds of papers a summary is made for (contract, minutes, report …), told by their words.  Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

FIRST_CHARACTERS = 6000
LEAST_SIGNS = 3


class Paper(StrEnum):
    """What sort of paper a document is; `auto` is only for requests: told by its words."""

    AUTO = "auto"
    CONTRACT = "contract"
    MINUTES = "minutes"
    REPORT = "report"
    LETTER = "letter"
    ARTICLE = "article"
    """Also everything else."""


_TITLES = {
    Paper.CONTRACT: r"(?:\w*agreement|\w*contract|lease|tenancy|terms and conditions|licen[cs]e|\w*vertrag\w*|"
    r"vereinbarung|bedingungen|contrat|bail|convention|contrato|acuerdo|contratto|accordo|umowa|overeenkomst)",
    Paper.MINUTES: r"(?:minutes|\w*protokoll|niederschrift|procès[- ]verbal|compte[- ]rendu|actas?|verbale|protokół|"
    r"ata|notulen)",
    Paper.LETTER: r"(?:\w*letter|memo(?:randum)?|\w*brief|schreiben|lettre|courrier|courriel|carta|correo|lettera|"
    r"list|pismo|brief)",
    Paper.REPORT: r"(?:\w*report|statement|\w*bericht|gutachten|rapport|expertise|informe|relazione|raport|"
    r"sprawozdanie|relatório|verslag|results|review)",
}
_SIGNS = {
    Paper.CONTRACT: r"\bshall\b|\bparty\b|\bparties\b|\btenant\b|\blandlord\b|\bhereinafter\b|\bthis agreement\b|"
    r"\bclause\b|§\s?\d|\bvertragspartei\w*|\bmieter\w*|\bvermieter\w*|\bauftraggeber\w*|\bauftragnehmer\w*|"
    r"\bkündigung\w*|\bles parties\b|\ble (?:bailleur|preneur|prestataire|client)\b|\blas partes\b|\ble parti\b",
    Paper.MINUTES: r"^\W*(?:present|attend\w+|apologies|absent|chair|agenda|decision|action|item \d|next meeting|"
    r"anwesend|entschuldigt|teilnehm\w+|tagesordnung|top \d|beschluss|maßnahme|nächste sitzung|présents?|excusés?|"
    r"ordre du jour|décision|asistentes|orden del día|presenti|ordine del giorno)\b[^\n]{0,40}",
    Paper.REPORT: r"\bquarter\b|\bcompared (?:with|to)\b|\bprevious year\b|\brevenue\b|\bsales\b|\bfindings?\b|"
    r"\brecommendations?\b|\bresults?\b|\bquartal\b|\bvorjahr\w*|\bumsatz\w*|\bergebnis\w*|\bempfehlung\w*|"
    r"\bconstat\w*|\brecommandation\w*|\bchiffre d['’]affaires\b|\brésultats?\b|\bmesures?\b|\bbefund\w*",
    Paper.LETTER: r"^\W*(?:dear\b|from:|to:|subject:|re:|sent:|sincerely|kind regards|best regards|yours|"
    r"sehr geehrte|liebe[rs]?\b|betreff|von:|an:|mit freundlichen|viele grüße|madame|monsieur|objet|cordialement|"
    r"estimad[oa]|asunto|atentamente|gentile|oggetto|cordiali saluti|geachte|met vriendelijke)",
}
_FORMATS = {"eml": Paper.LETTER, "msg": Paper.LETTER}


def paper_of(text: str, headings: Sequence[str] = (), file_format: str = "") -> Paper:
    if found := _FORMATS.get(file_format):
        return found
    first = text[:FIRST_CHARACTERS]
    title = " ".join([*headings[:1], first[:200]])
    score: dict[Paper, float] = {}
    for paper, pattern in _SIGNS.items():
        signs = {
            match[0].strip().casefold()[:12] for match in re.finditer(pattern, first, re.IGNORECASE | re.MULTILINE)
        }
        score[paper] = float(len(signs))
    for paper, pattern in _TITLES.items():
        if re.search(rf"\b{pattern}\b", title, re.IGNORECASE):
            score[paper] += LEAST_SIGNS
    best = max(score, key=lambda one: score[one])
    return best if score[best] >= LEAST_SIGNS else Paper.ARTICLE

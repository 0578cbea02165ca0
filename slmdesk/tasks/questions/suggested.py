"""Questions that a document invites, found by rule: what a sum is for, what is due by a date, what happens on one.

Each names a figure of the document. Open questions, such as "Which deadlines are there?", were tried with a model of
1.5B parameters, and it found nothing for most of them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from slmdesk.base.text.words import tongue

MONEY = "EUR|USD|GBP|CHF|PLN|zł|euros?|Euro"
NUMBER = r"\d[\d.,\u00a0\u202f ]*\d|\d"
SUM = re.compile(rf"[€$£]\s?(?:{NUMBER})|\b(?:{NUMBER})\s?(?:[€$£]|(?:{MONEY})\b)|\b(?:EUR|USD|GBP|CHF)\s(?:{NUMBER})")
DATE = r"(?P<date>\d{1,2}[./]\d{1,2}[./]\d{4}|\d{1,2}\.?\s+(?:de\s+)?[^\W\d_]{3,10}\s+(?:de\s+)?\d{4})\b"


class Rules(NamedTuple):
    by: str
    on: str
    for_what: str
    to_do: str
    happens: str


RULES = {
    "en": Rules(
        "by|until|before|no later than", "on",
        "What are the {} for?", "What is to be done by {}?", "What happens on {}?",
    ),
    "de": Rules(
        "bis zum|bis|spätestens am|vor dem", "am|ab dem",
        "Wofür sind {}?", "Was ist bis zum {} zu tun?", "Was geschieht am {}?",
    ),
    "fr": Rules(
        "avant le|jusqu'au|au plus tard le", "le",
        "À quoi correspondent {} ?", "Que faut-il faire avant le {} ?", "Que se passe-t-il le {} ?",
    ),
    "es": Rules(
        "antes del|hasta el", "el",
        "¿A qué corresponden {}?", "¿Qué hay que hacer antes del {}?", "¿Qué ocurre el {}?",
    ),
    "it": Rules(
        "entro il|fino al", "il",
        "A che cosa si riferiscono {}?", "Che cosa bisogna fare entro il {}?", "Che cosa succede il {}?",
    ),
    "pl": Rules(
        "do dnia|do", "dnia|w dniu",
        "Czego dotyczy kwota {}?", "Co trzeba zrobić do {}?", "Co nastąpi {}?",
    ),
}  # fmt: skip


def suggested(text: str) -> tuple[str, ...]:
    """Return up to three questions in the text's language. None where no date is named as this language does, which
    also tells the languages apart that `tongue` does not know.
    """
    rules = RULES.get(tongue(text))
    if rules is None:
        return ()
    questions: dict[str, str] = {}
    for words, question in ((rules.by, rules.to_do), (rules.on, rules.happens)):
        dates = (when["date"] for when in re.finditer(rf"\b(?:{words})\s+{DATE}", text, re.IGNORECASE))
        if date := next((date for date in dates if date not in questions), ""):
            questions[date] = question.format(date)
    amount = SUM.search(text) if questions else None
    return (*([rules.for_what.format(" ".join(amount.group().split()))] if amount else []), *questions.values())

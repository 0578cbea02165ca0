"""Questions that a document invites, found by rule: what a sum is for, what is due by a date, what happens on one.

Each names a figure of the document. Open questions, such as "Which deadlines are there?", were tried with a model of
1.5B parameters, and it found nothing for most of them.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

MONEY = "EUR|USD|GBP|CHF|PLN|zł|euros?|Euro"
NUMBER = r"\d[\d.,\u00a0\u202f ]*\d|\d"
SUM = re.compile(rf"[€$£]\s?(?:{NUMBER})|\b(?:{NUMBER})\s?(?:[€$£]|(?:{MONEY})\b)|\b(?:EUR|USD|GBP|CHF)\s(?:{NUMBER})")
DATE = r"(?P<date>\d{1,2}[./]\d{1,2}[./]\d{4}|\d{1,2}\.?\s+(?:de\s+)?[^\W\d_]{3,10}\s+(?:de\s+)?\d{4})\b"


class Rules(NamedTuple):
    usual: str
    """Words that tell the language. A real detector would hold the service thread while it loads."""
    by: str
    on: str
    for_what: str
    to_do: str
    happens: str


RULES = {
    "en": Rules(
        "the of and is in on by at for this with", "by|until|before|no later than", "on",
        "What are the {} for?", "What is to be done by {}?", "What happens on {}?",
    ),
    "de": Rules(
        "der die das und ist den dem des auf ein eine mit von", "bis zum|bis|spätestens am|vor dem", "am|ab dem",
        "Wofür sind {}?", "Was ist bis zum {} zu tun?", "Was geschieht am {}?",
    ),
    "fr": Rules(
        "le les des du et est une dans au aux pour", "avant le|jusqu'au|au plus tard le", "le",
        "À quoi correspondent {} ?", "Que faut-il faire avant le {} ?", "Que se passe-t-il le {} ?",
    ),
    "es": Rules(
        "el los las y del una con por al es", "antes del|hasta el", "el",
        "¿A qué corresponden {}?", "¿Qué hay que hacer antes del {}?", "¿Qué ocurre el {}?",
    ),
    "it": Rules(
        "il lo gli di e è della del sul entro una che", "entro il|fino al", "il",
        "A che cosa si riferiscono {}?", "Che cosa bisogna fare entro il {}?", "Che cosa succede il {}?",
    ),
    "pl": Rules(
        "i w na z do jest się nie za dnia o od", "do dnia|do", "dnia|w dniu",
        "Czego dotyczy kwota {}?", "Co trzeba zrobić do {}?", "Co nastąpi {}?",
    ),
}  # fmt: skip
LEAST_SHARE = 0.08


def suggested(text: str) -> tuple[str, ...]:
    """Return up to three questions in the text's language; none in a language without rules."""
    rules = RULES.get(_language(text[:4000]))
    if rules is None:
        return ()
    found = SUM.search(text)
    questions = [rules.for_what.format(" ".join(found.group().split()))] if found else []
    asked: set[str] = set()
    for words, question in ((rules.by, rules.to_do), (rules.on, rules.happens)):
        dates = (when["date"] for when in re.finditer(rf"\b(?:{words})\s+{DATE}", text, re.IGNORECASE))
        if date := next((date for date in dates if date not in asked), ""):
            asked.add(date)
            questions.append(question.format(date))
    return tuple(questions)


def _language(text: str) -> str:
    words = re.findall(r"[^\W\d_]+", text.lower())
    usual = Counter({language: sum(word in rules.usual.split() for word in words) for language, rules in RULES.items()})
    (first, most), (_second, next_most) = usual.most_common(2)
    return first if most >= LEAST_SHARE * len(words) and most > 1.3 * next_most else ""

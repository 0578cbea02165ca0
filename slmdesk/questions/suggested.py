"""Questions that a document invites, found by rule: sums, dates and duties. In the document's language."""

from __future__ import annotations

import re
from collections import Counter

SUMS = re.compile(r"(?:[€$£]|\b(?:EUR|USD|GBP|CHF|PLN))\s?\d|\d\s?(?:[€$£]|(?:EUR|USD|GBP|CHF|PLN|zł|euros?|Euro)\b)")
DATES = re.compile(
    r"\b(?:\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{4}-\d\d-\d\d|\d{1,2}\.?\s+(?:de\s+)?[^\W\d_]{3,10}\s+(?:de\s+)?\d{4})\b"
)
DUTIES = {
    "en": r"must|shall|has to|have to|is obliged|are required",
    "de": r"muss|müssen|verpflichtet|ist zu|sind zu|hat zu|haben zu",
    "fr": r"doit|doivent|devra|est tenue?|sont tenue?s",
    "es": r"debe|deben|deberá|deberán|está obligad[oa]",
    "it": r"deve|devono|dovrà|è tenut[oa]|è obbligat[oa]",
    "pl": r"musi|muszą|powinien|powinna|jest zobowiązan[ya]|obowiązek",
}
USUAL = {
    "en": "the of and is in on by at for this with",
    "de": "der die das und ist den dem des auf ein eine mit von",
    "fr": "le les des du et est une dans au aux pour",
    "es": "el los las y del una con por al es",
    "it": "il lo gli di e è della del sul entro una che",
    "pl": "i w na z do jest się nie za dnia o od",
}
"""Words that tell the six languages apart. A real detector would hold the service thread while it loads."""
LEAST_SHARE = 0.08
QUESTIONS = {
    "en": ("How much has to be paid, and when?", "Which dates and deadlines are there?", "Who has to do what?"),
    "de": ("Wie viel ist zu zahlen, und wann?", "Welche Termine und Fristen gibt es?", "Wer muss was tun?"),
    "fr": ("Combien faut-il payer, et quand ?", "Quelles dates et quels délais y a-t-il ?", "Qui doit faire quoi ?"),
    "es": ("¿Cuánto hay que pagar y cuándo?", "¿Qué fechas y plazos hay?", "¿Quién debe hacer qué?"),
    "it": ("Quanto si deve pagare, e quando?", "Quali date e scadenze ci sono?", "Chi deve fare che cosa?"),
    "pl": ("Ile trzeba zapłacić i kiedy?", "Jakie są daty i terminy?", "Kto co musi zrobić?"),
}


def suggested(text: str) -> tuple[str, ...]:
    """Return up to three questions; none where the text has no sums, dates or duties, or is in another language."""
    language = _language(text[:4000])
    if not language:
        return ()
    duties = re.compile(rf"\b(?:{DUTIES[language]})\b", re.IGNORECASE)
    rules = (SUMS, DATES, duties)
    return tuple(words for rule, words in zip(rules, QUESTIONS[language], strict=True) if rule.search(text))


def _language(text: str) -> str:
    words = re.findall(r"[^\W\d_]+", text.lower())
    usual = Counter({language: sum(word in known.split() for word in words) for language, known in USUAL.items()})
    (first, most), (_second, next_most) = usual.most_common(2)
    return first if most >= LEAST_SHARE * len(words) and most > 1.3 * next_most else ""

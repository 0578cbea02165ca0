"""Tells what in a text matters to a reader of papers: money, dates, periods, duties, denials, decisions, parties.

By patterns in English, German, French, Spanish, Italian, Polish, Portuguese and Dutch, never by its position.  Pure
functions; microseconds a sentence.
"""

from __future__ import annotations

import re
from enum import StrEnum

from slmdesk.text.checks.dates import find_dates
from slmdesk.text.checks.denials import denial


class Matter(StrEnum):
    DECISION = "decision"
    ACTION = "action"
    PARTY = "party"
    MONEY = "money"
    DATE = "date"
    PERIOD = "period"
    SHARE = "share"
    """A percentage."""
    QUANTITY = "quantity"
    CHANGE = "change"
    DUTY = "duty"
    REQUEST = "request"
    DENIAL = "denial"
    CONDITION = "condition"


DECISION_LEAD = re.compile(
    r"^\W*(?:decisions?|decided|resolved|resolutions?|agreed|beschl(?:uss|üsse)|beschlossen|entscheidung(?:en)?|"
    r"décisions?|décidé|decisión(?:es)?|acuerdos?|decision[ei]|delibera|decyzj[ae]|uchwał[ay]|decis(?:ão|ões)|"
    r"besluit(?:en)?)\b[^:.]{0,24}:\s*\S",
    re.IGNORECASE,
)
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
DUTY = re.compile(
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
_CHANGE = re.compile(
    r"\b(?:decided|approved|adopted|rejected|refused|agreed|signed|voted|elected|appointed|resign\w+|successor|succeeds?|"
    r"leaves? the|dismissed|terminat\w+|cancell?ed|withdr[ae]w\w*|postponed|clos(?:ed|ing|ure)|discontinued|launched|"
    r"replac(?:ed|es)|transferred|sold|acquired|insolven\w+|entschied\w*|beschlossen|beschloss|genehmigt\w*|abgelehnt|"
    r"vereinbart|unterzeichnet|gewählt|ernannt|bestellt|nachfolg\w+|kündigt\w*|gekündigt|zurückgezogen|verschoben|"
    r"geschlossen|schließung|eingestellt|übernommen|verkauft|insolven\w+|décid\w+|approuv\w+|adopt[ée]\w*|rejet[ée]\w*|"
    r"refus[ée]\w*|sign[ée]e?s?|vot[ée]e?s?|nomm[ée]\w*|élue?s?|démission\w*|succè\w+|résili\w+|retir[ae]\w*|report[ée]e?s?|"
    r"ferm[ée]\w*|fermeture|vendue?s?|decidi\w+|aprob[óa]\w*|rechaz\w+|acord\w+|firm(?:ó|ad\w+)|nombr(?:ó|ad\w+)|elegid\w+|"
    r"dimi(?:sión|tió)|rescind\w+|aplaz\w+|cierre|cerr(?:ó|ad\w+)|deciso|approvat\w+|respint\w+|firmat\w+|nominat\w+|"
    r"elett[oaie]|dimission\w+|recesso|rinviat\w+|chius\w+|zdecydow\w+|zatwierdz\w+|odrzuc\w+|mianowan\w+|"
    r"wypowiedz\w+|zamkni\w+|besloten|goedgekeurd|afgewezen|benoemd|opgezegd|uitgesteld|gesloten)\b",
    re.IGNORECASE,
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
_CONDITION = re.compile(
    r"\b(?:if|unless|provided that|subject to|only|except|wenn|falls|sofern|außer|nur|vorbehaltlich|sauf|sous réserve|"
    r"à condition|si|salvo|siempre que|se|purché|jeśli|chyba że|caso|exceto|indien|mits|tenzij)\b",
    re.IGNORECASE,
)
_PARTY = re.compile(
    r"\((?:[\"“„«']|the [\"“]|hereinafter|nachfolgend|im folgenden|ci-après|dénommée?|en adelante|di seguito)|"
    r"\b(?:born (?:on )?\d|geb(?:oren|\.) (?:am )?\d|née? le \d|nat[oa] il \d|nacid[oa] el \d|ur\. \d|geboren op \d)|"
    r"\b(?:hereinafter|between .{3,80} and .{3,80}|zwischen .{3,80} und .{3,80}|entre .{3,80} et .{3,80})",
    re.IGNORECASE,
)


def matters(sentence: str, language: str = "") -> frozenset[Matter]:
    """Return what makes a sentence matter; empty when nothing does.  `language`: code of ISO 639-1."""
    tests = (
        (Matter.DECISION, DECISION_LEAD.search(sentence)),
        (Matter.ACTION, ACTION_LEAD.search(sentence)),
        (Matter.PARTY, _PARTY.search(sentence)),
        (Matter.MONEY, _MONEY.search(sentence)),
        (Matter.SHARE, _SHARE.search(sentence)),
        (Matter.PERIOD, _PERIOD.search(sentence)),
        (Matter.DUTY, DUTY.search(sentence)),
        (Matter.QUANTITY, _QUANTITY.search(sentence)),
        (Matter.CHANGE, _CHANGE.search(sentence)),
        (Matter.REQUEST, _REQUEST.search(sentence)),
        (Matter.CONDITION, _CONDITION.search(sentence)),
        (Matter.DATE, any(one.readings for one in find_dates(sentence, language))),
        (Matter.DENIAL, denial(sentence, language)),
    )
    return frozenset(matter for matter, found in tests if found)


def announces(heading: str) -> bool:
    """Return whether a heading announces what is asked for, decided, recommended or due, or whom the text is about."""
    return _ANNOUNCES.search(heading) is not None


def sums_up(heading: str) -> bool:
    """Return whether what stands below a heading is a summary of the text itself: "The contract in brief"."""
    return _SUMS_UP.search(heading) is not None

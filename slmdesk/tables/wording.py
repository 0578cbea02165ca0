"""Finds values that are told by fixed wording: numbers in titles, subjects, periods of notice, law.  Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from slmdesk.base.documents import BlockKind
from slmdesk.tables.cues import Strength
from slmdesk.tables.layout import Line, heading_above
from slmdesk.tables.places import Place
from slmdesk.text.candidates.names import LEGAL_FORM
from slmdesk.text.candidates.values import find_codes, find_periods
from slmdesk.text.words.folding import fold

Found = tuple[Place, Strength]

HEAD_LINES = 12
_INVOICE = re.compile(
    r"(?<![A-Za-zÀ-ÿ])(?:(?:Tax |VAT |Pro-?forma )?Invoice|(?:[A-ZÄÖÜa-zäöü]+-?)?[Rr]echnungs?|Honorarnote|"
    r"Liquidation|Facture|Note d['’]honoraires|Factura|Fattura|Parcella|Faktura(?: VAT)?)"
    r"(?:[- ]?(?:number|no|nr|num(?:mer|ber)?|nummer|ref(?:erence)?|id|n[°ºo]|numéro|num|núm(?:ero)?|n\.\s?[°º]?|"
    r"numero|di vendita))?\.?\s*[:#\u2013-]?\s*(?:(?:no|nr|n)\.?\s?[°º]?\s*)?$",
    re.IGNORECASE,
)
_ONLY_NUMBER = re.compile(r"^(?:no|nr|n|num(?:ber|mer)?|numéro|número|numero)\.?\s?[°º]?\s*:?\s*$", re.IGNORECASE)
_TITLE_ONLY = re.compile(r"^(?:invoice|rechnung|facture|factura|fattura|parcella)\W*$", re.IGNORECASE)
_CONTRACT = re.compile(
    r"(?:agreement|contract|lease|tenancy|licence|vertrag|vereinbarung|contrat|convention|\bbail\b|contrato|"
    r"convenio|acuerdo|arrendamiento|contratto|accordo|convenzione|locazione|umowa)"
)
_NUMBERED = re.compile(r"^\W*\w+ (?:n[.°ºo]?\s?[°ºo]?|nr\.?|no\.?|number|num\.?)\s*\S*\d\S*\W*$")
"""A line that gives a paper its number, and says no more: "Contrat n° 2025-073"."""
_ENDING = re.compile(
    r"(?:\bend(?:s|ed|ing)?\b|terminat\w*|cancel\w*|kundig\w*|gekundigt|beend\w*|resili\w*|denonc\w*|renonc\w*|"
    r"mettre fin|rompre|"
    r"rescind\w*|resol\w*|desist\w*|poner fin|termina\w*|reced\w*|recess\w*|disdett\w*|disdir\w*|risol\w*|retire|"
    r"withdraw)"
)
_NOTICE = re.compile(
    r"(?:\bnotice\b|kundigungsfrist|frist von|einer frist|mit frist|preavis|delai de|preaviso|antelacion|"
    r"antelacao|preavviso|anticipo|disdetta|"
    r"in advance|beforehand|vor (?:ablauf|ende)|zum (?:ende|monats|quartals|jahres|schluss)|before the end|"
    r"avant (?:la fin|le terme|l.echeance|la premiere))"
)
NEAR = 28
"""Characters between a period and the words that say it is one of notice."""
_RENEWED = re.compile(r"(?:verlanger|renew|extend|prorrog|renouvel|reconduct|prolong|rinnov|proroga|tacit)")
_NAMED_NOTICE = re.compile(
    r"(?:notice period|period of notice|kundigungsfrist|delai de preavis|duree du preavis|(?:plazo|"
    r"periodo) de preaviso|"
    r"(?:termine|periodo) di preavviso)"
)
_AT_ONCE = re.compile(
    r"(?:fristlos|without notice|arrears|breach|default|verzug|unpaid|not (?:been )?paid|non-payment|material|"
    r"retard|impay|manquement|mise en demeure|mora\b|incumplim|inadempim|"
    r"change the|increase|adjust|anpass|erhoh|revis|ander(?:t|ung)|probezeit|probation|essai|prueba|prova\b|"
    r"(?:first|ersten|premiers|primeros|primi) \w+ (?:months|monate|mois|meses|mesi)|"
    r"remind|mahnung)"
)
_PROBATION = re.compile(
    r"probezeit|probation|periode d.essai|periodo de prueba|periodo di prova|proeftijd|okres probny"
)
_AFTERWARDS = re.compile(
    r"(?:nach (?:ablauf |ende )?(?:der|dieser)|after (?:the )?(?:end of (?:the )?)?|"
    r"(?:a l.issue|apres la fin|au-dela) de la|(?:tras|terminado|superado) el|dopo il|na|po) (?:"
    + _PROBATION.pattern
    + r")"
)
"""The time after it, in which another notice holds."""
_IN_IT = re.compile(
    r"^\W*(?:in dieser zeit|wahrend dieser|innerhalb dieser|during (?:this|that|which)|in this (?:time|period)|"
    r"pendant (?:cette|laquelle)|durant cette|durante (?:este|dicho|questo|tale)|in questo periodo)"
)
_LAW = re.compile(
    r"(?:governed by|subject to|construed (?:in accordance with|under)|under|applies?:?|applicable|"
    r"according to)\s+(?:and construed in accordance with )?(?:the )?(?P<a>(?:laws? of (?:the )?[A-ZÀ-Þ][\w ]*?(?=,|"
    r" and (?:the )?(?:courts|parties|any|its)|\.|;|$)(?: and Wales)?|[A-Z]\w+(?: and [A-Z]\w+)? law))"
    r"|(?P<b>\b[A-Z]\w+(?: and [A-Z]\w+)? law) (?:applies|governs|shall apply)"
    r"|(?P<c>(?:(?:das )?Recht der (?:Bundesrepublik|Republik) \w+|(?:das )?Recht der Schweiz|(?:deutsche[sm]?|"
    r"österreichische[sm]?|[Ss]chweizer(?:ische[sm]?)?) Recht))"
    r"|(?:soumis\w*|régi\w*|gouverné\w*|applicable\w*|relève\w*)\b[^.]{0,40}?(?P<d>(?:la )?(?:droit|"
    r"loi) (?:français\w*|belge|suisse|luxembourgeois\w*|de la République \w+))"
    r"|(?P<g>laws? of (?:the )?[A-Z]\w+(?: and [A-Z]\w+)?) (?:applies|apply|governs?|shall)"
    r"|(?P<e>(?:la )?(?:legislación|ley|leyes|derecho) (?:española?s?|de España))"
    r"|(?P<f>(?:la )?(?:legge|diritto) italian[oa])"
)
_COURT = re.compile(
    r"(?P<a>Gerichtsstand(?: für [^.]{3,80}?)?(?: ist|:)? [A-ZÄÖÜ][\w-]+(?: (?:am|an der) [A-Z]\w+)?)"
    r"|(?P<b>(?:the )?courts of (?:the )?[A-Z]\w+(?: and [A-Z]\w+)?)"
    r"|(?P<c>(?:les |le )?tribuna(?:l|ux) (?:de commerce |judiciaire |compétents? )*(?:de |d['’])[A-Z][\w-]+)"
    r"|(?P<d>(?:los )?(?:juzgados|tribunales)(?: y tribunales)? de [A-Z]\w+)"
    r"|(?P<e>[Ff]oro (?:competente |esclusivo )*(?:è |sarà )?(?:quello )?di [A-Z]\w+)"
)


def numbers_of_invoice(lines: Sequence[Line], language: str) -> Iterator[Found]:
    for at, line in enumerate(lines):
        for start, end in find_codes(line.text, language):
            cell = line.cells[line.cell_of(start)] if line.cells else (0, len(line.text))
            before = line.text[cell[0] : start]
            above = lines[at - 1].words if at else ""
            behind = line.text[end : end + 14]
            if re.match(r"\s*(?:%|€|£|\$|EUR|pounds|days|Tage|jours|días|giorni)", behind):
                continue
            number = line.cell_of(start)
            if not before.strip() and number and line.cells:
                before = line.text[slice(*line.cells[number - 1])]
            if not before.strip() and line.head and number < len(line.head):
                before = line.head[number]
            found = _INVOICE.search(before)
            is_below = at < HEAD_LINES and _ONLY_NUMBER.match(before.strip()) and _TITLE_ONLY.match(above)
            if (
                (found and not re.search(r"[^\W\d_]{2,}", before[: found.start()]))
                or is_below
                or (not before.strip() and re.fullmatch(_INVOICE.pattern, above, re.IGNORECASE))
            ):
                yield Place(line.page, line.start + start, line.start + end), Strength.LABEL
            elif found and re.search(r"(?:n|o|r|°|º|\.|#|er|ero|éro|id)\W*$", before) and at < HEAD_LINES:
                yield Place(line.page, line.start + start, line.start + end), Strength.ADJACENT


def subjects_of(lines: Sequence[Line]) -> Iterator[Found]:
    head = lines[: HEAD_LINES // 2]
    for at, line in enumerate(head):
        words = fold(line.words)
        is_first = not at and line.kind is BlockKind.HEADING and not LEGAL_FORM.search(line.text)
        is_title = line.kind is BlockKind.HEADING or (len(line.words) <= 90 and not line.words.endswith((".", ":")))
        if (
            is_title
            and (is_first or _CONTRACT.search(words))
            and ":" not in line.words
            and not re.match(r"(?:zwischen|between|entre)", words)
            and not _NUMBERED.search(words)
        ):
            start = len(line.text) - len(line.text.lstrip())
            yield Place(line.page, line.start + start, line.start + len(line.text.rstrip())), Strength.ADJACENT
            return


def notices_of(lines: Sequence[Line]) -> Iterator[Found]:
    for line in lines:
        for start, end in find_periods(line.text):
            sentence = line.sentence(start)
            before, after = fold(line.text[sentence[0] : start]), fold(line.text[end : sentence[1]])
            whole = f"{before} {fold(line.text[start:end])} {after}"
            if not _NOTICE.search(whole):
                continue
            is_near = _NOTICE.search(f"{before[-NEAR:]} {fold(line.text[start:end])} {after[:NEAR]}")
            is_named = _NAMED_NOTICE.search(before)
            is_ending = is_named or _ENDING.search(f"{whole} {heading_above(lines, line)}")
            is_other = _AT_ONCE.search(_AFTERWARDS.sub("", whole)) or _RENEWED.search(before[-45:])
            is_probation = _IN_IT.match(whole) and _PROBATION.search(fold(line.text[: sentence[0]]))
            if is_other or is_probation or not is_ending:
                yield _place(line, start, end), Strength.NONE
                continue
            yield _place(line, start, end), Strength.ADJACENT if is_near else Strength.NEAR


def laws_of(lines: Sequence[Line]) -> Iterator[Found]:
    """Yield the law that holds; the court where no law is named."""
    for pattern, strength in ((_LAW, Strength.LABEL), (_COURT, Strength.ADJACENT)):
        for line in lines:
            for match in pattern.finditer(line.text):
                name = match.lastgroup
                if name:
                    yield _place(line, match.start(name), match.end(name)), strength


def _place(line: Line, start: int, end: int) -> Place:
    return Place(line.page, line.start + start, line.start + end)

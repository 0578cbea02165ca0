"""Chooses by rules what a summary of a document says: what the paper is, what has to be done, what else one must know.

Everything is told by the form of the paper, by its dates beside its own, and by short lists of words in six languages.
Pure functions.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from slmdesk.core.chunking import Piece
from slmdesk.core.documents import BlockKind
from slmdesk.core.record import Record, changed
from slmdesk.services.summaries.papers import Paper, paper_of
from slmdesk.services.summaries.prompts import Length
from slmdesk.services.summaries.selection import MARKS, item_spans, section_numbers
from slmdesk.text.checks.dates import DateMention, Day, find_dates
from slmdesk.text.checks.overlap import stems
from slmdesk.text.passages.salience import ACTION_LEAD, Matter, announces, matters, sums_up
from slmdesk.text.words.anaphora import refers_back

PAGE_WORDS, MANY_PAGES = 400, 30
LEAST_WORDS, LEAST_CLAUSE = 4, 5
"""Of a sentence that says something, and of a clause behind a semicolon that stands alone."""

_WORTH = {
    Matter.DECISION: 4.0, Matter.ACTION: 4.0, Matter.MONEY: 2.5, Matter.CHANGE: 2.0, Matter.PERIOD: 1.5,
    Matter.SHARE: 1.5, Matter.REQUEST: 1.5, Matter.DUTY: 1.0, Matter.QUANTITY: 1.0, Matter.DENIAL: 0.5,
    Matter.CONDITION: 0.5, Matter.PARTY: 1.0,
}  # fmt: skip
_TO_COME, _TERM, _REMEDY, _EXCEPTED = 2.0, 1.5, 2.0, 1.0
"""What a sentence gains by a date after the paper's own, by a term ("within 14 days") and by a way to contest that has
one.
"""
_PAST = 0.6
"""Of its worth is left to what only speaks of days before the paper's own."""
_KNOWN = 0.5
"""Of its worth is left to a line whose figures are all said."""
_ANNOUNCED, _ROW, _TOTAL = 2.0, 2.5, 1.5
_REASON = 0.4
"""Of its worth is left to what stands below a heading that announces reasons, or above the first heading of a letter."""
_AGAIN = 0.85
"""What a line is worth when another of its section is chosen already; so for each."""
_PER_WORD = 0.7
"""The power of a line's length by which its worth is divided."""
_SHORT = 10
"""A line of fewer words counts as one of so many."""
_LEAST_OUTCOME = 2.5
_TOLD = 0.6
"""A decision with less of the words of its heading is said with the heading: "Floodlights: The motion was lost"."""
_LEAST_WORTH, _NEARLY = 1.0, 0.9
"""What is worth less is only said where a summary would else have less than this share of its words."""
_SAME, _SAME_FIGURES = 0.7, 0.4
"""Of the words of the shorter of two lines, which both have when they say the same; and where its figures agree."""

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_FIGURE = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d+)*")
_ENDS = re.compile(r"[.!?…。！？][\"'”’»)\]*_]*$")
_CLAUSE = re.compile(r";\s+")
_BULLET = re.compile(r"(?:^|\s)[-*•▪◦‣]\s+")
_ROWS = re.compile(r"(?<=\|) ; (?=\|)|(?<=\S) ; (?=[^|;]+ \| )")
_RULE = re.compile(r"[\s|:-]*")
_SALUTATION = re.compile(
    r"(?:dear|hello|hi|good (?:morning|day)|to whom|sehr geehrte\w?|liebe[rs]?|guten tag|hallo|madame|monsieur|mesdames|"
    r"messieurs|ch[eè]re?s?|bonjour|estimad\w+|querid\w+|muy señor\w*|hola|gentil\w+|egregi\w*|spett\w*|car[oaie]|"
    r"buongiorno|szanown\w+|drog\w+|dzień dobry|witam)\b.{0,60}$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:yours|(?:kind|best|with)? ?(?:regards|wishes)|sincerely|mit (?:freundlich|besten|vielen)\w*|(?:viele|beste|herzliche) "
    r"grüße|hochachtungsvoll|cordialement|veuillez agréer|(?:bien|sincères) |atentamente|un (?:cordial )?saludo|"
    r"(?:distinti|cordiali) saluti|z (?:poważaniem|wyrazami)|pozdrawiam|with thanks)",
    re.IGNORECASE,
)
_MAIL_HEADER = re.compile(
    r"(?:from|sent|von|gesendet|de|envoyé|enviado|da|inviato|od|wysłano)\s?:.{3,200}?"
    r"(?:subject|re|betreff|objet|asunto|oggetto|temat)\s?:",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:subject|re|betreff|betr\.|objet|asunto|oggetto|temat|dotyczy)\s?:\W*(?P<what>[^|]{5,150})$", re.IGNORECASE
)
_UNSAID = re.compile(
    # thanks, apologies, greetings
    r"\b(?:thank(?:s|ed)?|sorry|apologi\w+|congratulat\w+|dank(?:e|en|t)|bedauern|entschuldig\w+|remerci\w+|agréer|"
    r"félicit\w+|agradec\w+|lament\w+|ringrazi\w+|dispiace|dzięku\w+|podzięk\w+|przeprasz\w+)\b|"
    # whom to ask, opening hours, privacy
    r"\b(?:ring|call|phone) (?:us|me)\b|\bquestions? (?:about|concerning)|\bany (?:questions|queries)|\brückfragen\b|"
    r"\b(?:pour toute question|cualquier duda|per chiarimenti|pytania (?:proszę|prosimy))|\bprivacy|data protection|"
    r"\bpersonal data|datenschutz|\b(?:ihre|personenbezogene\w*) daten\b|données (?:vous|personnelles|à caractère)|"
    r"protección de datos|datos (?:personales|de contacto|se tratan)|dati personali|danych osobowych|"
    # a meeting's opening and end, who was there
    r"\bquorum\b|beschlussfähig|quórum|numero legale|prawomocn\w+|\bkworum|(?:closed|opened) the meeting|"
    r"schließt die|séance est levée|(?:levanta|abre) la sesión|seduta è tolta|valida la seduta|si è riunito|"
    r"porządek obrad|zebranie (?:zakończono|odbyło się)|ordre du jour étant|se reúne|"
    r"\b(?:approv|aprueb|aprob|genehmig|adopt|przyj)\w* .{0,40}\b(?:minutes|acta|protokoll|procès-verbal|protokół)\b|"
    # what only announces
    r":\W*$|(?:as follows|the following|folgendes|ce qui suit|quanto segue|lo siguiente|siguientes cláusulas|"
    r"następującą decyzję)\W*$|^\W*(?:signed|fait à|hecho en|letto,|gelesen und)|"
    # the paper about itself
    r"^\W*(?:as always, )?(?:the|this|das|der|dieser?s?|le|ce(?: présent)?|el|este|la|esta|il|questa|il presente)? ?"
    r"(?:present |présent |presente )?(?:report|minutes|bericht|protokoll|rapport|procès-verbal|informe|acta|relazione|"
    r"verbale|protokół|sprawozdani\w+)\b|\b(?:figures|zahlen|chiffres|cifras|dati|dane)\b.{0,30}\b(?:provisional|"
    r"preliminary|audited|vorläufig|provisoires|provisional\w*|provvisori|zbadane)",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"\b(?:telephone|phone|telefon|téléphone|teléfono|telefono|tel|rufnummer|durchwahl|poste)\b\.?[^.]{0,20}\d{3}", re.IGNORECASE
)
_REASONS = re.compile(
    r"\b(?:reasons?|grounds|background|history|previous|gründe|begründung|sachverhalt|vorgeschichte|motifs|faits|rappel|"
    r"antecedentes|fundamentos|hechos|motivi|fatto|premess[ae]|uzasadnienie|stan faktyczny)\b",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"\b(?:decisions?|decided|outcome|results?|entscheidung\w*|beschlüsse|beschluss|décisions?|dispositif|résultats?|"
    r"resolución|resultado|decision[ei]|esito|decyzj\w|rozstrzygnięci\w|wynik\w*)\b",
    re.IGNORECASE,
)
_GIST = re.compile(
    r"\b(?:assessment|impression|conclusions?|beurteilung|ergebnis\w*|conclusion(?:s|es|i)?|diagnos\w+|diagnóstico\w*|"
    r"valoración|valutazione|wnioski|rozpoznanie|das wichtigste\w*|najważniejsze|l['’]essentiel)\b",
    re.IGNORECASE,
)
_RULES = re.compile(
    r"\b(?:chang(?:ed|e)|accept\w*|allow\w*|reject\w*|refus\w+|grant\w*|upheld|uphold|dismiss\w*|declin\w+|approv\w+|"
    r"confirm\w*|terminat\w+|aufgehoben|zurückgewiesen|stattgegeben|abgelehnt|lehnen|bewillig\w+|genehmig\w+|kündig\w+|"
    r"übernehmen|admise?|rejet\w+|accord\w+|annul\w+|refus\w+|confirm\w+|résili\w+|estima|desestim\w+|confirma\w*|"
    r"concede\w*|denieg\w+|resuelv\w+|accolt\w|accoglie|respint\w|rigett\w+|annullat\w|confermat\w|riconosc\w+|"
    r"odmawia|odmówi\w+|uwzględni\w+|uchyl\w+|przyzn\w+|utrzymuj\w+|oddal\w+|umarza)\b",
    re.IGNORECASE,
)
_VOTE = re.compile(
    r"\b(?:votes?|stimmen|voix|votos|voti|głos\w+|vot(?:é|ed)|unanim\w+|einstimmig|jednogłośnie|resolved|adjourned|"
    r"motion|vertagt|ajourn\w+|aplaz\w+|rinviat\w+|odrocz\w+|repoussé\w*|retient|délibèr\w+|delibera\w*|acuerda\w*|"
    r"deniega|approva|uchwali\w+|beschließt|ja-stimmen|ustal(?:ono|iło)|postan\w+)\b",
    re.IGNORECASE,
)
"""A meeting's decision, also one to do nothing."""
_WITHIN = re.compile(
    r"\b(?:within|innerhalb|binnen|dans (?:un délai|les)|en (?:el|un) plazo|entro|w (?:terminie|ciągu)|"
    r"notice|frist|préavis|preaviso|preavviso|wypowiedzeni\w+)\b",
    re.IGNORECASE,
)
_CONTEST = re.compile(
    r"\b(?:appeal\w*|object(?:ion)?|tribunal|court|widerspr\w+|einspr\w+|klage|\w*gericht|recours|saisir|recurso|demanda|"
    r"juzgado|ricorso|tribunale|odwołani\w+|skarg\w+)\b",
    re.IGNORECASE,
)
_IF = re.compile(
    r"\b(?:if|unless|provided|subject to|wenn|falls|sofern|soweit|si|sauf|condition|siempre que|salvo|se|condizione|"
    r"qualora|patto|jeśli|jeżeli|chyba że|o ile|warunkiem|s['’]il)\b",
    re.IGNORECASE,
)
_BY = re.compile(
    r"(?<!\bnot )(?<!\bnie )(?<!\bpas )(?<!\bno )(?<!\bnicht )\b(?:by|before|no later than|not later than|latest|spätestens(?: zum| am| bis zum)?|bis(?: zum| spätestens)?|vor dem|"
    r"avant le|au plus tard le|jusqu['’]au|d['’]ici le|antes del?(?: día)?|hasta el|más tardar el|muy tarde el|"
    r"entro il|oltre il|najpóźniej(?: do)?|do(?: dnia)?|przed) $",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"(?:its|celui-ci|celle-ci|ceux-ci|cette|letzter\w+|dessen|deren|jego|jej|ich|esta (?:no|se)|in mancanza|"
    r"passé ce)\b",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:and|but|or|und|aber|denn|et|mais|pero|y|e|ma|i|ale|lecz|oraz)\b", re.IGNORECASE)
"""At the beginning of a clause: it goes on with the one before."""
_IMPERSONAL = re.compile(r"il (?:vous|nous|est|faut|y a|appartient)\b", re.IGNORECASE)
_TALK = re.compile(
    r"\b(?:moved|proposed|suggest\w*|pointed|spoke|reported|schlägt|stellt .{3,40} vor|bietet|weist|wirbt|verweist|berichtet|"
    r"propose\w*|suggère|s['’]inquiètent|indique|fait savoir|propone|sugiere|considera|pide|pregunta|expone|recuerda|"
    r"riferisce|ricorda|segnala|offre|osserva|zaproponował\w*|poinformował\w*|zapowiedział\w*|narzekali|wskazywali)\b",
    re.IGNORECASE,
)
"""What somebody said before something was decided."""
_EXCEPT = re.compile(
    r"\b(?:except\w*|exclud\w+|no part of|(?:not|pas|nicht|non|no|nie) (?:\w+ ){0,3}(?:included|compris\w*|enthalten|betreut|"
    r"incluid\w+|compres\w|obj\w+)|ausgenommen|außer|sauf|à la charge|excepto|salvo|exceptuad\w+|fuera de\w*|tranne|"
    r"eccezione|esclus\w|a carico|wyjątkiem|wyłącznie)\b",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    r"\b(?:services?|subject|scope|object|gegenstand|leistung\w*|objet|objeto|oggetto|przedmiot)\b", re.IGNORECASE
)
"""A heading below which a contract says what it is about."""
_NOTE = re.compile(r"\b(?:note|beachten|noter|tener en cuenta|notare|zauważyć|quote|angeben|indiquer|podać)\b", re.IGNORECASE)
_STATE = re.compile(
    r"\b(?:befristet|läuft|laufen|bleib\w+|gilt|gelten|gültig|dauer\w+|runs?|lasts?|remains?|valid|until|expir\w+|"
    r"dure\w*|valable|maint\w+|vigen\w+|vence|dura|queda\w*|sigue|scade|valid\w|resta\w*|obowiązuj\w+|trwa|"
    r"ważn\w+|pozosta\w+|fermes?|closed|geschlossen|effet|reconduit\w*|prolong\w*|wypowiedzieć)\b",
    re.IGNORECASE,
)
_TASKS = re.compile(
    r"\b(?:who|by whom|responsible|by|due|deadline|owner|action|tasks?|wer|bis|frist|zuständig|aufgabe|qui|responsable|"
    r"échéance|quién|plazo|fecha límite|chi|incaricat\w+|scadenza|entro|incarico|kto|zadanie|termin|czynność)\b",
    re.IGNORECASE,
)
_TOTAL_ROW = re.compile(
    r"\W*(?:totals?|sum|gesamt\w*|summe|ensemble|suma|totale|importo totale|razem|ogółem|łącznie)\b", re.IGNORECASE
)
_BOLD, _UP_TO_COMMA = re.compile(r"\*\*(.+?)\*\*"), re.compile(r"([^,(]{4,90})")
_BETWEEN = re.compile(
    r"^\W*(?:between|and|zwischen|und|entre|et|y|tra|e|pomiędzy|a|oraz|de una parte|de otra)\b\W*", re.IGNORECASE
)
_ALIAS = re.compile(r"[\"“„«]\s?([^\"“”„«»]{2,30}?)\s?[\"“”»]\W*(?:[^\"“”„«»]{0,20})$")
_NUMBER = re.compile(r"^(?:§\s*)?\(?(?:\d+(?:\.\d+)*[.)]?|[IVX]+[.)]|TOP \d+|Art\w* \d+)\s*[-–—:.]?\s+(?=\S)")
_EMPHASIS = re.compile(r"\*\*|__|`")

Sentences = Callable[[str], Sequence[tuple[int, int]]]


class Line(Record):
    """Something a summary may say: a sentence, a clause of one, an item of a list, a row of a table."""

    piece: int
    start: int
    """Of the characters of the piece's text."""
    end: int
    text: str
    worth: float
    section: int = 0
    is_first: bool = False
    """It says what the paper is: a title with the sentence that says the outcome."""
    is_action: bool = False
    has_weight: bool = False
    """It holds a figure or a duty: one who reads on would miss it."""
    needs_last: bool = False
    """It refers to the line before it and says nothing alone."""


class Chosen(Record):
    first: Line | None
    actions: tuple[Line, ...]
    points: tuple[Line, ...]
    rest: tuple[Line, ...]
    """Passages with figures or duties that are not said."""
    is_over: bool = False
    """What has to be done is alone more than the words allow."""


def count_words(text: str) -> int:
    """Count words; two signs of Chinese or Japanese are one, marks are none."""
    signs = len(_CJK.findall(text))
    return sum(any(map(str.isalnum, word)) for word in _CJK.sub(" ", text).split()) + math.ceil(signs / 2)


def allowed_words(words: int, length: Length | int) -> int:
    """Return how many words the summary of a paper of so many has; a number asked for is kept."""
    if isinstance(length, int):
        return length
    more = max(0, math.ceil(words / PAGE_WORDS) - 1)
    base, page, most, share = {
        Length.SHORT: (60, 5, 120, 0.2),
        Length.MEDIUM: (150, 20, 400, 0.3),
        Length.LONG: (300, 60, 2500 if more + 1 >= MANY_PAGES else 1000, 0.5),
    }[length]
    return max(1, round(min(base + page * more, most, share * words)))


def choose(lines: Sequence[Line], words: int, lengths: Sequence[int] | None = None) -> Chosen:
    """Choose what a summary of so many words says; `lengths`: words of each line as it will be shown."""
    size = lengths or [count_words(one.text) for one in lines]
    every = range(len(lines))
    first = [at for at in every if lines[at].is_first][:1]
    chosen, actions = list(first), list[int]()
    for at in sorted((at for at in every if lines[at].is_action), key=size.__getitem__):
        if not any(_is_same(lines[at], lines[one]) for one in chosen):
            actions += _chain(lines, at, chosen)
            chosen += _chain(lines, at, chosen)
    used = sum(size[at] for at in chosen)
    is_over = bool(actions) and used > words
    left = [at for at in every if at not in chosen and not lines[at].is_action]
    sections = Counter(lines[at].section for at in chosen)
    figures = [_figures(one.text) for one in lines]
    known = frozenset[str]().union(*(figures[at] for at in chosen))
    while left:
        best, rank = list[int](), 0.0
        least = _LEAST_WORTH if used >= _NEARLY * words else 0.0
        for at in left:
            if lines[at].worth < least:
                continue
            chain = _chain(lines, at, chosen)
            length = sum(size[one] for one in chain)
            if used + length <= words:
                worth = sum(lines[one].worth * (_KNOWN if _are_known(figures[one], known) else 1) for one in chain)
                worth *= _AGAIN ** sections[lines[at].section]
                if worth / max(_SHORT, length) ** _PER_WORD > rank:
                    best, rank = chain, worth / max(_SHORT, length) ** _PER_WORD
        if not best:
            break
        chosen += best
        used += sum(size[at] for at in best)
        known = known.union(*(figures[at] for at in best))
        sections[lines[best[-1]].section] += 1
        left = [at for at in left if at not in best and not any(_is_same(lines[at], lines[one]) for one in best)]
    points = sorted(set(chosen) - set(first) - set(actions))
    said = [lines[at] for at in chosen]
    rest = [one for one in lines if one.has_weight and one not in said and not any(_is_same(one, two) for two in said)]
    return Chosen(
        lines[first[0]] if first else None,
        tuple(lines[at] for at in sorted(actions)),
        tuple(lines[at] for at in points),
        tuple(rest),
        is_over,
    )


def _chain(lines: Sequence[Line], at: int, chosen: Sequence[int]) -> list[int]:
    """Return a line with those before it that it refers to and that are not chosen yet."""
    chain = [at]
    while lines[chain[0]].needs_last and chain[0] and chain[0] - 1 not in chosen:
        chain.insert(0, chain[0] - 1)
    return chain


def _is_same(one: Line, other: Line) -> bool:
    mine, theirs = stems(one.text), stems(other.text)
    least = min(len(mine), len(theirs)) or 1
    figures, others = sorted((_figures(one.text), _figures(other.text)), key=len)
    share = len(mine & theirs) / least
    return share >= _SAME or bool(figures and figures <= others and share >= _SAME_FIGURES)


def _are_known(figures: frozenset[str], known: frozenset[str]) -> bool:
    return bool(figures) and figures <= known


def _figures(text: str) -> frozenset[str]:
    return frozenset(re.sub(r"\D", "", found) for found in _FIGURE.findall(text))


def lines_of(pieces: Sequence[Piece], here: range, spans: Sentences, language: str) -> list[Line]:
    """Return what a summary of these pieces may say, first the line that says what the paper is."""
    own = _own_date(pieces, here, language)
    found = list[Line]()
    sections = section_numbers(pieces, here)
    heading, is_title, header = "", True, list[str]()
    begin = _salutation(pieces, here)
    has_letter = begin >= 0 and any(pieces[at].is_heading for at in here if at > begin)
    is_closed = False
    for at in here:
        piece, section = pieces[at], sections[at - here.start]
        if piece.kind is not BlockKind.TABLE_ROW:
            header = []
        if piece.is_heading:
            heading, is_title, is_closed = "" if is_title else piece.text, False, False
            continue
        text = piece.text.strip(MARKS)
        if _MAIL_HEADER.match(text):
            is_closed = False
            continue
        is_closed = is_closed or (len(text) < 60 and _CLOSING.match(text) is not None)
        if is_closed or at <= begin or piece.kind in (BlockKind.CODE, BlockKind.COMMENT):
            continue
        if piece.kind is BlockKind.TABLE_ROW:
            header, rows = _rows(piece, header)
            for start, end, cells in rows:
                found.append(_row(at, start, end, cells, header, section, own, language))
            continue
        for start, end, is_clause in _sentences(piece, spans):
            said = _EMPHASIS.sub("", _NUMBER.sub("", piece.text[start:end].lstrip(MARKS + "-"))).strip(MARKS + ";")
            if count_words(said) < LEAST_WORDS or not _is_sentence(piece, said, end) or _UNSAID.search(said):
                continue
            line = _line(at, start, end, said[:1].upper() + said[1:], heading, section, own, language)
            if line is None:
                continue
            is_back = (refers_back(said, language) or _BACK.match(said)) and not _IMPERSONAL.match(said)
            is_back = is_back or (is_clause and _LINK.match(said))
            needs_last = bool(is_back and found) and found[-1].section == section
            if _OBJECT.search(heading) and (not found or found[-1].section != section):
                line = changed(line, worth=line.worth + _ANNOUNCED)
            if has_letter and not heading:
                line = changed(line, worth=line.worth * _REASON)
            found.append(changed(line, needs_last=needs_last))
    first = first_line(pieces, here, found)
    if first is None:
        return found
    return [first, *(one for one in found if (one.piece, one.start) != (first.piece, first.start))]


def first_line(pieces: Sequence[Piece], here: range, lines: Sequence[Line]) -> Line | None:
    """Return what the paper is: its title with the parties of a contract, or with the sentence that says the outcome."""
    title = _title(pieces, here)
    headings = [pieces[at].text for at in here if pieces[at].is_heading]
    paper = paper_of("\n".join(pieces[at].text for at in here[:120]), headings)
    if paper is Paper.CONTRACT and (parties := _parties(pieces, here)):
        at, names = parties
        return Line(at, 0, len(pieces[at].text), f"{title}: {' – '.join(names)}".lstrip(": "), 0.0, -1, is_first=True)
    if paper is Paper.MINUTES and title:
        at = next(at for at in here if title in pieces[at].text)
        return Line(at, 0, len(pieces[at].text), title, 0.0, -1, is_first=True)
    best = _outcome(pieces, here, lines, paper)
    text = f"{title}: {best.text}" if title and best else best.text if best else ""
    return changed(best, text=text, is_first=True, is_action=False, needs_last=False) if best else None


def _outcome(pieces: Sequence[Piece], here: range, lines: Sequence[Line], paper: Paper) -> Line | None:
    """Return the sentence that says what was decided or found: by its heading, by its verb, else by its worth."""
    below, heading, is_title = dict[int, str](), "", True
    for at in here:
        if pieces[at].is_heading:
            heading, is_title = "" if is_title else pieces[at].text, False
        below[at] = heading
    every = [one for one in lines if pieces[one.piece].kind is not BlockKind.TABLE_ROW and not one.needs_last]
    summed = [one for one in every if sums_up(below[one.piece]) or _GIST.search(below[one.piece])]
    told = [one for one in every if _OUTCOME.search(below[one.piece]) and not _REASONS.search(below[one.piece])]
    if paper is not Paper.REPORT and (ruled := [one for one in told or every if _RULES.search(one.text)]):
        return ruled[0]
    some = (summed or every if paper is Paper.REPORT else told or summed or every)[:6]
    return next((one for one in some if one.worth >= _LEAST_OUTCOME and _figures(one.text)), some[0] if some else None)


def _title(pieces: Sequence[Piece], here: range) -> str:
    heading = next((pieces[at].text for at in here[:12] if pieces[at].is_heading), "")
    subjects = (_SUBJECT.search(pieces[at].text) for at in here[:12])
    subject = next((found["what"].strip(MARKS) for found in subjects if found), "")
    return (heading or subject).strip(MARKS).rstrip(".:")


def _parties(pieces: Sequence[Piece], here: range) -> tuple[int, list[str]] | None:
    found = list[tuple[int, str]]()
    for at in here[1:12]:
        text, alias = pieces[at].text, _ALIAS.search(pieces[at].text)
        if alias and (name := _BOLD.search(text) or _UP_TO_COMMA.search(_BETWEEN.sub("", text))):
            found.append((at, f"{name[1].strip()} ({alias[1].strip(' ,.')})"))
    return (found[0][0], [name for _, name in found[:3]]) if len(found) > 1 else None


def _salutation(pieces: Sequence[Piece], here: range) -> int:
    """Return the piece up to which all is letterhead; -1 without one."""
    return next((at for at in here[:15] if _SALUTATION.match(pieces[at].text.strip(MARKS))), -1)


def _sentences(piece: Piece, spans: Sentences) -> Iterator[tuple[int, int, bool]]:
    """Yield start and end of the sentences of a piece and of their clauses, and whether it is a later clause."""
    bullets = [found.start() for found in _BULLET.finditer(piece.text)] if piece.kind is BlockKind.LIST_ITEM else []
    items = list(pairwise([*bullets, len(piece.text)])) if len(bullets) > 1 else item_spans(piece)
    for begin, stop in items:
        for start, end in spans(piece.text[begin:stop]):
            start, end = begin + start, begin + end
            cuts = [found.end() for found in _CLAUSE.finditer(piece.text, start, end)]
            parts = list(pairwise([start, *cuts, end]))
            if any(count_words(piece.text[one:two]) < LEAST_CLAUSE for one, two in parts):
                parts = [(start, end)]
            for number, (one, two) in enumerate(parts):
                yield one, one + len(piece.text[one:two].rstrip()), number > 0


def _is_sentence(piece: Piece, said: str, end: int) -> bool:
    """Whether it is more than a line of an address, of a list of names or of a signature."""
    if piece.kind is BlockKind.LIST_ITEM or _ENDS.search(said) or piece.text[end - 1] == ";":
        return True
    return bool(_ENDS.search(piece.text[end:])) or _CJK.search(said) is not None


def _line(
    at: int, start: int, end: int, text: str, heading: str, section: int, own: Day | None, language: str
) -> Line | None:
    kinds = matters(text, language)
    if _PHONE.search(text) and not kinds & {Matter.MONEY, Matter.PERIOD}:
        return None
    dates = [one for one in find_dates(text, language) if one.readings and one.readings[0][1]]
    to_come = [one for one in dates if _is_after(one, own)]
    is_talk = _TALK.search(text) is not None and not _VOTE.search(text)
    has_term, is_vote = _WITHIN.search(text) is not None, _VOTE.search(text) is not None
    worth = sum(_WORTH.get(one, 0.0) for one in kinds) + _TO_COME * bool(to_come) + _TERM * has_term
    worth += _WORTH[Matter.CHANGE] * (is_vote and Matter.CHANGE not in kinds)
    worth += _REMEDY * (has_term and _CONTEST.search(text) is not None)
    worth += _EXCEPTED * (_EXCEPT.search(text) is not None)
    is_reason = _REASONS.search(heading) is not None or is_talk
    is_announced = not is_reason and bool(announces(heading) or sums_up(heading) or _OUTCOME.search(heading))
    worth = worth * (_REASON if is_reason else 1.0) + _ANNOUNCED * is_announced
    if not to_come and not is_announced and not has_term and any(all(one.readings[0][1:]) for one in dates):
        worth *= _PAST
    is_due = any(_is_deadline(text, one, dates) for one in to_come)
    is_asked = Matter.REQUEST in kinds and not _NOTE.search(text)
    is_action = is_due or is_asked or ACTION_LEAD.search(text) is not None
    has_weight = bool(_figures(text)) or bool(kinds & {Matter.DUTY, Matter.REQUEST})
    head = _NUMBER.sub("", heading)
    if is_vote and head and not is_announced and not is_reason and _share(head, text) < _TOLD:
        text = f"{head}: {text}"
    return Line(at, start, end, text, worth, section, is_action=is_action, has_weight=has_weight)


def _share(head: str, text: str) -> float:
    words = {word for word in stems(head) if len(word) > 3}
    return len(words & stems(text)) / len(words) if words else 1.0


def _is_deadline(text: str, mention: DateMention, dates: Sequence[DateMention]) -> bool:
    """Whether something is to be done by that day: not where a state or a period ends, nor in a condition."""
    before = text[: mention.start]
    if not _BY.search(before) or not mention.readings[0][2] or _IF.search(before):
        return False
    is_period = any(0 < mention.start - one.end < 20 for one in dates)
    return not is_period and not _STATE.search(text[: mention.end + 30])


# ---- tables


def _rows(piece: Piece, header: list[str]) -> tuple[list[str], list[tuple[int, int, list[str]]]]:
    """Return the heads of a table's columns and its rows; `header`: the heads as known from earlier pieces."""
    cuts = [0, *(found.start() + 3 for found in _ROWS.finditer(piece.text)), len(piece.text)]
    found = list[tuple[int, int, list[str]]]()
    for start, end in pairwise(cuts):
        text = piece.text[start:end].removesuffix(" ; ")
        if _RULE.fullmatch(text):
            header, found = (found[-1][2], []) if found else (header, [])
        else:
            cells = [cell.strip(MARKS) for cell in text.strip(" |").split("|")]
            found.append((start, start + len(text), cells if not text.startswith("| |") else ["", *cells]))
    if not header and found and not any(_is_amount(cell) for cell in found[0][2][1:]):
        return found[0][2], found[1:]
    return header, found


def _is_amount(cell: str) -> bool:
    return sum(map(str.isdigit, cell)) > sum(map(str.isalpha, cell))


def _row(
    at: int, start: int, end: int, cells: Sequence[str], header: Sequence[str], section: int, own: Day | None, lang: str
) -> Line:
    is_task = len(cells) > 1 and sum(_TASKS.search(one) is not None for one in header) >= 2
    if is_task:
        text = " – ".join(one for one in cells if one)
        return Line(at, start, end, text, _ROW + _TO_COME, section, is_action=True, has_weight=True)
    heads = [*header, *[""] * len(cells)]
    values = [f"{head} {cell}".strip() for head, cell in zip(heads[1:], cells[1:], strict=False) if cell]
    text = f"{cells[0]}: {'; '.join(values)}" if values and cells[0] else "; ".join(values) or cells[0]
    worth = _ROW * bool(_figures(text)) + _TOTAL * bool(_TOTAL_ROW.match(cells[0]))
    return Line(at, start, end, text, worth, section, has_weight=bool(_figures(text)))


# ---- dates


def _own_date(pieces: Sequence[Piece], here: range, language: str) -> Day | None:
    """Return the date of the paper: the first whole date of a title, a letterhead or a line with a signature."""
    for at in here:
        text = pieces[at].text
        if pieces[at].is_heading or (len(text) < 300 and not _ENDS.search(text.strip(MARKS))):
            for one in find_dates(text, language):
                if one.readings and all(one.readings[0]):
                    return one.readings[0]
    return None


def _is_after(mention: DateMention, own: Day | None) -> bool:
    """Whether a date lies after the paper's; one without a year is of the nearest."""
    if own is None:
        return True
    year, month, day = mention.readings[0]
    mine = (own[0] or 0) * 12 + (own[1] or 0)
    if year is None:
        ahead = ((month or 0) - (own[1] or 0)) % 12
        return ahead <= 8 and (ahead > 0 or (day or 31) > (own[2] or 0))
    theirs = year * 12 + (month or 0)
    return theirs > mine or (theirs == mine and (day or 31) > (own[2] or 0))

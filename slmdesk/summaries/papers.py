"""What a paper is: its kind, its words in each language, its sections, and the mails in it. Pure functions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING

from slmdesk.base.documents import BlockKind
from slmdesk.summaries.linking import Piece
from slmdesk.summaries.types import Paper
from slmdesk.text.checks.numbers import find_dates, find_numbers
from slmdesk.text.checks.words import WORD, folded, function_words, stem
from slmdesk.text.relevance import with_umlauts
from slmdesk.text.threads import ends_earlier, headers_in

if TYPE_CHECKING:
    from slmdesk.summaries.lines import Line

FIRST_CHARACTERS = 6000
LEAST_SIGNS = 3
FIRST_PIECES = 15
"""Number of pieces at the beginning that are searched for the letterhead, the title and the parties."""

TITLES = {
    Paper.CONTRACT: r"(?:\w*agreement|\w*contract|lease|tenancy|terms and conditions|licen[cs]e|"
    r"\w*vertrag(?:e?s|s?entwurf)?|vereinbarung|bedingungen|contrat|bail|convention|contrato|acuerdo|contratto|accordo|umowa|overeenkomst)",
    Paper.MINUTES: r"(?:minutes|(?:\w*(?:sitzungs|besprechungs|versammlungs|gesprächs|ergebnis|verlaufs))?protokoll|"
    r"niederschrift|procès[- ]verbal|actas?|verbale|protokół|ata|notulen|verslag van de vergadering|"
    r"compte[- ]rendu d(?:e|u|es)(?: la| l['’])? ?(?:réunion|séance|assemblée|conseil|comité))",
    Paper.LETTER: r"(?:\w*letter|memo(?:randum)?|\w*brief|schreiben|lettre|courrier|courriel|carta|correo|lettera|"
    r"list|pismo|brief)",
    Paper.REPORT: r"(?:\w*report|statement|\w*bericht|gutachten|rapport|expertise|informe|relazione|raport|"
    r"sprawozdanie|relatório|verslag|results|review|compte[- ]rendu)",
}
ORDERS = (
    r"(?:b ?e ?s ?c ?h ?l ?u ?s ?s|\w*bescheid|\w*befehl|"
    r"s ?t ?r ?a ?f ?b ?e ?f ?e ?h ?l|verfügung|anordnung|urteil|order|judge?ment|notice of|decision|"
    r"ordonnance|jugement|arrêté?|décision|mise en demeure|resolución|sentencia|auto|requerimiento|ordinanza|sentenza|"
    r"decreto|provvedimento|diffida|postanowienie|wyrok|decyzja|despacho|sentença|decisão|beschikking|vonnis|besluit)"
)
"""Titles of what an authority or a court decides. It speaks of contracts and parties, and is none."""
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
    if kind := _FORMATS.get(file_format):
        return kind
    first = text[:FIRST_CHARACTERS]
    title = " ".join([*headings[:1], first[:200]])
    score: dict[Paper, float] = {}
    for paper, words in _SIGNS.items():
        signs = {match[0].strip().casefold()[:12] for match in re.finditer(words, first, re.IGNORECASE | re.MULTILINE)}
        score[paper] = float(len(signs))
    for paper, words in TITLES.items():
        if re.search(rf"\b{words}\b", title, re.IGNORECASE):
            score[paper] += LEAST_SIGNS
    best = max(score, key=lambda paper: score[paper])
    if re.search(rf"^\W*{pattern('salutation').pattern}[^\n\d]{{0,60}}[,:]?$", first, re.I | re.M) and (
        best in (Paper.CONTRACT, Paper.MINUTES) or score[best] < LEAST_SIGNS or not headings
    ):
        return Paper.LETTER  # which speaks of a contract
    if best is Paper.CONTRACT and re.search(rf"(?<!\w){ORDERS}(?!\w)", f"{title} {first[:600]}", re.I):
        return Paper.ARTICLE
    return best if score[best] >= LEAST_SIGNS else Paper.ARTICLE


def has(name: str, text: str, language: str, *, at_start: bool = False) -> bool:
    known, text = pattern(name, language), with_umlauts(text, language)
    return (known.match(text) if at_start else known.search(text)) is not None


@cache
def pattern(name: str, language: str = "") -> re.Pattern[str]:
    """Return a pattern for the named word list in `paper_words.toml`, in this language or else in all languages."""
    by_language = _tables()[name]
    alternatives = by_language.get(language) or "|".join(by_language.values())
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("slmdesk.summaries").joinpath("paper_words.toml").read_text("utf-8"))


MOST_SECTIONS = 30
MARKS = "*_#>`•▪◦‣ "
"""Characters of Markdown and list markers around a sentence. They do not belong to the sentence."""

_ITEM = re.compile(r"(\d{1,2})[.)]\s")
_LISTS = re.compile(r":\s(?=1[.)]\s)")


def item_spans(piece: Piece) -> list[tuple[int, int]]:
    """Return start and end of each item of a numbered list in one piece ("1. … 2. …", perhaps with words above it that
    end with a colon), or else of the whole piece.
    """
    first, starts = _ITEM.match(piece.text), [0]
    number = int(first[1]) if first and (piece.kind is BlockKind.LIST_ITEM or first[1] == "1") else 0
    if not number and (colon := _LISTS.search(piece.text)):
        starts.append(colon.end())
        number = 1
    while number and (after := re.compile(rf"\s(?={number + 1}[.)]\s)").search(piece.text, starts[-1])):
        starts.append(after.end())
        number += 1
    return list(pairwise([*starts, len(piece.text)]))


def section_numbers(pieces: Sequence[Piece], here: range) -> list[int]:
    """Return each piece's section number. A section is what stands below a heading; without headings it is a page."""
    by_page = not any(pieces[at].is_heading for at in here)
    numbers, number = [0] if here else [], 0
    for before, at in pairwise(here):
        number += pieces[before].page != pieces[at].page if by_page else pieces[at].is_heading
        numbers.append(number)
    return numbers


def sections_of(pieces: Sequence[Piece], here: range) -> dict[int, str]:
    """Map the index of each piece to the heading above it. Without headings, map it to its pages."""
    headings = [at for at in here if pieces[at].is_heading]
    levels = sorted({pieces[at].level for at in headings})
    top = [at for level in levels[:1] for at in headings if pieces[at].level <= level]
    for level in levels[1:]:
        more = [at for at in headings if pieces[at].level <= level]
        if len(top) >= 3 or len(more) > MOST_SECTIONS:
            break
        top = more
    if len(top) < 2:
        return {at: f"Page {pieces[at].page}" for at in here}
    names: dict[int, str] = {}
    name = ""
    starts = set(top)
    for at in here:
        if at in starts:
            name = pieces[at].text[:120]
        names[at] = name
    return names


_NEAR, _SHARE = 8, 0.4
"""Number of words on each side of a value that tell what the value is about. The second number is the share of the
shorter passage's words that both passages must have in common.
"""


class Thread:
    def __init__(self) -> None:
        self._begins: list[int] = []
        self._dates: list[tuple[int, ...]] = []
        self._last = -1
        """The last piece of a header."""
        self._is_answered = False
        """Whether the newest mail stands without a header above the others."""
        self.is_whole = False
        """Whether the paper is nothing but a thread, as far as can be seen."""
        self.quoted = frozenset[int]()
        """Pieces that the newest mail quotes, if it says something itself."""

    @property
    def has_several(self) -> bool:
        """Return whether there are several mails, and it is known which is the newest."""
        return bool(self.quoted) or (len(self._begins) > 1 and all(self._dates))

    def is_header(self, piece: Piece, at: int, language: str) -> bool:
        """Return whether a piece belongs to the header of a mail. If so, remember the date in it."""
        text = piece.text.strip(MARKS)
        if ":" not in text and not text.startswith(("-", "=")):
            return False
        is_sender = is_field("sender", text, "")
        is_earlier = any(headers_in([text, ">"] if piece.kind is BlockKind.QUOTE else [text])) or ends_earlier(text)
        if not is_sender and not is_earlier and not (self._begins and is_field("header", text, "")):
            return False
        if is_sender or (is_earlier and self._begins):
            if self._begins and self._last == at - 1 and not self._dates[-1]:  # a line of dashes above the header
                del self._begins[-1], self._dates[-1]
            self._begins.append(at)
            self._dates.append(())
        self._last = at
        for date in find_dates(text, language) if self._begins else ():
            if not self._dates[-1] and date.readings and all(date.readings[0]):
                self._dates[-1] = tuple(part or 0 for part in date.readings[0])
            elif len(self._dates[-1]) == 3 and date.minutes:
                self._dates[-1] += date.minutes[:1]
        return True

    def settle(self, pieces: Sequence[Piece], here: range, lines: Sequence[Line], paper: Paper) -> None:
        """Tell the newest mail from what it quotes, once all its headers and lines are known."""
        quoted = {line.piece for line in lines if pieces[line.piece].kind is BlockKind.QUOTE}
        if self._begins and any(line.piece not in quoted for line in lines):
            self.quoted = frozenset(quoted)
        first = self._begins[0] if self._begins else here.stop
        self.is_whole = bool(self.quoted) or (
            paper in (Paper.LETTER, Paper.ARTICLE)
            and first < here.start + FIRST_PIECES
            and not any(piece.is_heading for piece in pieces[first : here.stop])
        )
        self._is_answered = len(self._begins) > 1 and self._dates[0] > self._dates[-1] and (
            sum(line.piece < first for line in lines) > 1
        )  # fmt: skip

    def date_of(self, piece: int) -> tuple[int, ...]:
        """Return when the mail that contains a piece was sent: year, month, day, minutes. Larger is later."""
        dates = zip(self._begins[::-1], self._dates[::-1], strict=True)
        date = next((date for begin, date in dates if begin < piece), ())
        if self.quoted:
            return (0, *date) if piece in self.quoted else (1,)
        return (9999,) if self._is_answered and piece < self._begins[0] else date


def is_field(name: str, text: str, language: str) -> bool:
    return ":" in text and re.match(rf"{pattern(name, language).pattern}\W*:", text, re.IGNORECASE) is not None


def replaces(later: str, earlier: str, language: str) -> bool:
    """Return whether a sentence of a later mail changes a value in a sentence of an earlier mail, or cancels it."""
    pairs = [(new, old) for new in _values(later, language) for old in _values(earlier, language) if new[0] == old[0]]
    both = len((some := _words(later, language)) & (others := _words(earlier, language)))
    is_cancelled = both > 1 and has("cancels", later, language) and not has("may", later, language)
    if is_cancelled or any(new[1] == old[1] and has("instead", new[2], language) for new, old in pairs):
        return True
    is_on, is_plan = both > _SHARE * min(len(some), len(others)), has("proposes", earlier, language)
    repeated = {new[0] for new, old in pairs if new[1] == old[1]}
    for (kind, _, _, near), (_, _, _, known) in pairs:
        least = 2 - is_plan - has("changes", near, language)
        same = len(_words(near, language) & _words(known, language))
        if kind not in repeated and (is_on or least < 2) and same >= least:
            return True
    return False


@lru_cache(maxsize=1024)
def _values(text: str, language: str) -> list[tuple[str, float, str, str]]:
    """Return a text's days, times and numbers as (unit or noun, value, three words before it, words around it)."""
    dates = find_dates(text, language)
    days = [(date, date.readings[0]) for date in dates if date.readings]
    values = [
        ("day", 100.0 * month + day, mention.start, mention.end) for mention, (_, month, day) in days if month and day
    ]
    values += [("minutes", float(date.minutes[0]), date.start, date.end) for date in dates if date.minutes]
    for number in find_numbers(text):
        kind, factor = number.unit or ("".join(re.findall(r"^\s(\w{4,6})", text[number.end :])).casefold(), 1.0)
        if kind and not number.soft and not any(date.start <= number.start < date.end for date in dates):
            value = -number.values[0] if number.sign == "-" else number.values[0]
            values.append((kind, value * factor, number.start, number.end))
    around = [(text[:start].split(" ")[-_NEAR:], text[end:].split(" ")[:_NEAR]) for *_, start, end in values]
    texts = [(" ".join(before[-4:]), " ".join(before + after)) for before, after in around]
    return [(kind, value, *some) for (kind, value, *_), some in zip(values, texts, strict=True)]


@lru_cache(maxsize=4096)
def _words(text: str, language: str) -> frozenset[str]:
    dates = {word for date in find_dates(text, language) for word in WORD.findall(text[date.start : date.end])}
    words = {folded(word) for word in WORD.findall(text) if len(word) > 3 and word not in dates}
    return frozenset(map(stem, words - function_words(language)))

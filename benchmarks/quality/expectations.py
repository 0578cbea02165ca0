"""The documents for summaries and questions, what a good summary of each says, and the rules that judge by it.

`documents/NAME.md` is a document as Markdown; `documents/NAME.toml` beside it says what is expected.  In `matters` the
same matters stand in six languages, as `MATTER.LANGUAGE.md`, one to three pages each, and four long papers:

    title, language, kind     kind: contract, minutes, report, letter, article, notice, mails
    paper                     where the document is, if it is not NAME.md: from here, or from the folder of papers
    [[fact]]                  what a professional wants in a summary
        id, text, section     in words, and the heading under which it stands
        weight                1, or 2 for what nobody can do without
        rules                 alternatives; each a list of patterns that must all match within one statement
    [[question]]
        question, answer      in words; `rules` as above, but on the whole answer
        heading, quote        verbatim strings of the document near which the answer stands
        none = true           the document does not answer it; the right answer says so, or what the rules ask for
        two_parts = true      the question asks two things at once
    [[example]]
        text, facts           a statement, right or wrong, and the ids of the facts that the rules must see in it

Patterns are regular expressions, looked for without regard to case in the statement as `plain()` gives it: no marks of
Markdown, one kind of dash, space and quotation mark, and numbers without separators ("98,400", "98.400" and "98 400"
are 98400).  `<2025-05-01>` in a pattern stands for that date as it may be written in the six languages, with the year
or without, but not with another year; for the last day of a month also "the end of May".
A German decimal comma stays: `3[.,]5`.

Recall by such rules is strict and a little unjust to unusual wording; it is equally so to all who are compared.
"""

from __future__ import annotations

import re
import tomllib
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from benchmarks.quality import is_aside
from slmdesk.base.text.sentences import sentences

FOLDER = Path(__file__).with_name("documents")
MATTERS = Path(__file__).with_name("matters")
CASES = Path(__file__).with_name("cases")
"""Questions alone, to papers that are not in this repository: see drafts/README.md."""
KINDS = ("contract", "minutes", "report", "letter", "article", "notice", "mails")
LONG = 30_000
"""A document of more characters does not fit a context of 8,192 tokens together with an answer."""

Rules = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a good summary of the document says."""

    id: str
    text: str
    section: str
    weight: int
    rules: Rules

    def is_in(self, statement: str) -> bool:
        """Whether one statement says it."""
        return fulfils(statement, self.rules)


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the document and its answer."""

    question: str
    answer: str
    rules: Rules
    heading: str = ""
    quote: str = ""
    none: bool = False
    two_parts: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A statement, and which facts the rules must find in it; none for a wrong one."""

    text: str
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Document:
    """A document and what is expected of its summary and of answers about it."""

    name: str
    path: Path
    """Of its text."""
    text: str = field(repr=False)
    title: str
    language: str
    kind: str
    facts: tuple[Fact, ...] = field(repr=False)
    questions: tuple[Question, ...] = field(repr=False)
    examples: tuple[Example, ...] = field(repr=False)

    @property
    def is_aside(self) -> bool:
        """Whether it is looked at only at the end."""
        return is_aside(self.name)

    @property
    def is_long(self) -> bool:
        """Whether it does not fit the context."""
        return len(self.text) > LONG


@dataclass(frozen=True, slots=True)
class Recall:
    """How much of what is expected was said, 0 to 1."""

    weighted: float
    unweighted: float
    missing: tuple[str, ...]


def documents(aside: bool | None = None, folder: Path = FOLDER, papers: Path | None = None) -> list[Document]:
    """All, or those of one half, by name; the papers of others beside what is expected, or in a folder."""
    pool = [_document(path, papers or path.parent) for path in sorted(folder.glob("*.toml"))]
    return [document for document in pool if aside is None or document.is_aside == aside]


def facts_in(text: str, facts: Iterable[Fact]) -> set[str]:
    """The ids of the facts that a summary states."""
    said = statements(text)
    return {fact.id for fact in facts if any(fact.is_in(statement) for statement in said)}


def recall(hits: Iterable[str], facts: Sequence[Fact]) -> Recall:
    """What share of the facts was found."""
    ids = set(hits)
    known = [fact for fact in facts if fact.id in ids]
    return Recall(
        sum(fact.weight for fact in known) / (sum(fact.weight for fact in facts) or 1),
        len(known) / (len(facts) or 1),
        tuple(fact.id for fact in facts if fact.id not in ids),
    )


def is_right(answer: str, question: Question) -> bool:
    """Whether an answer says what it must; where the document has none, whether it says so."""
    if question.none and denies(answer):
        return True
    return fulfils(answer, question.rules)


_DENIALS = re.compile(
    r"\bnot in (?:the|this|it)\b"
    r"|\bnot (?:found|stated|mentioned|specified|given|named|said|known|provided|contained|addressed|recorded)\b"
    r"|\b(?:does|do|did|is|are|was|has) ?(?:not|n't) (?:\w+ )?"
    r"(?:say|state|mention|specif|name|contain|give|includ|provid|record|address|indicat|tell|found|available)"
    r"|\bno (?:such )?(?:information|mention|answer|indication|details?|statement|reference)\b"
    r"|\b(?:text|document|paper|letter|contract|minutes|report|notice|mails?) "
    r"(?:gives?|names?|states?|says?|mentions?|contains?) (?:no\b|nothing)"
    r"|\b(?:cannot|can't|can not) (?:\w+ )?(?:answer|found|tell|determine|say)"
    r"|\b(?:nicht|nichts) (?:\w+ ){0,3}(?:gefunden|genannt|erwähnt|angegeben|enthalten|geregelt|hervor|festgehalten)"
    r"|\b(?:nicht|nichts) (?:\w+ ){0,3}(?:gesagt|beantwortet|bekannt|aufgeführt)|\bnicht aus de[mr]\b"
    r"|\bnicht (?:im|in de[mr]) (?:text|dokument|protokoll|vertrag|mail\w*|bericht|schreiben|unterlagen?)"
    r"|\b(?:sagt|steht|stehen|enthält) (?:\w+ ){0,4}(?:nichts|nicht\b|keine)"
    r"|\b(?:nennt|nennen) (?:\w+ ){0,5}(?:nicht|kein\w*)\b|\bkeine? (?:\w+ ){1,2}(?:genannt|angegeben|erwähnt)"
    r"|\bkeine (?:angaben?|informationen?|antwort|aussage|auskunft|hinweise?|regelung)\b"
    r"|\b(?:pas|rien|aucune?) (?:\w+ ){0,4}"
    r"(?:dans|indiqué|mentionné|précisé|trouvé|fourni|mention|information|indication|précision|réponse|nommé|donné)"
    r"|\bn'(?:indique|est (?:pas|nulle part) (?:dans|indiqu|mention|précis|donn))"
    r"|\bne (?:le |la |l')?(?:dit|précise|mentionne|donne|contient|figure|répond)\b"
    r"|\bno (?:hay|existe) (?:\w+ )?(?:información|mención|datos?|indicación)"
    r"|\bno (?:se |lo )?(?:proporciona|facilita|aparece|figura|consta|dice|indica|menciona|contiene)"
    r"|\bno (?:se |lo )?(?:contesta|precisa|especifica|encuentra)"
    r"|\b(?:ninguna?|sin) (?:información|mención|indicación|dato|respuesta)|\bnada (?:dice|indica|consta)"
    r"|\bnon (?:(?:è|sono|viene|vengono|si|lo|la|ci|c'è) )*"
    r"(?:specific|fornisc|present|dice|indica|menziona|riportat|conten|contien|trova|risulta|precisa)"
    r"|\bness\w+ (?:informazione|menzione|indicazione|risposta|dato)"
    r"|\bnie ma (?:\w+ ){0,2}(?:informacji|wzmianki|danych|mowy)"
    r"|\bnie (?:\w+ ){0,2}(?:precyzuje|wskazuje|podan\w|podaje|wspomnian\w|wspomina)\b"
    r"|\bnie (?:\w+ ){0,2}(?:wskazan\w|mówi|określ\w+|zawiera|wynika)\b"
    r"|\b(?:brak|żadn\w+) (?:informacji|wzmianki|danych|odpowiedzi)",
    re.IGNORECASE,
)


def denies(answer: str) -> bool:
    """Whether an answer says that the document does not tell; an empty one does."""
    text = plain(answer)
    return not text or bool(_DENIALS.search(text))


def fulfils(text: str, rules: Rules) -> bool:
    """Whether all patterns of one alternative match."""
    flat = plain(text)
    return any(all(_pattern(phrase).search(flat) for phrase in needed) for needed in rules)


SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
        **dict.fromkeys("*`", None),
    }
)
_SPACE = re.compile(r"\s+")
_SEPARATOR = re.compile(r"(?<=\d)(?<!\d\d\d\d)[.,' ](?=\d{3}(?!\d))")
_UNIT = re.compile(r"(?<=\d)(?=(?:mn?|m[²2]|bn|k|kg|km|mm|cm|h|EUR|GBP)\b)")
_UNDERLINE = re.compile(r"(?<!\w)_+|_+(?!\w)")


@lru_cache(maxsize=20_000)
def plain(text: str) -> str:
    """A text as the patterns see it."""
    flat = _SPACE.sub(" ", _UNDERLINE.sub("", text.translate(SIGNS))).strip()
    return _UNIT.sub(" ", _SEPARATOR.sub("", flat))


_MONTHS = (
    "jan|jän|ene|gen|sty", "feb|fév|lut", "mar|mär", "apr|avr|abr|kwi", "may|mai|mag|maj", "jun|juin|giu|cze",
    "jul|juil|lug|lip", "aug|aoû|ago|sie", "sep|set|wrz", "oct|okt|ott|paź", "nov|lis", "dec|dez|déc|dic|gru",
)  # fmt: skip
_DATE = re.compile(r"<(\d{4})-(\d\d)-(\d\d)>")


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_DATE.sub(lambda match: _date(*map(int, match.groups())), text), re.IGNORECASE)


def _date(year: int, month: int, day: int) -> str:
    """What matches a date as it may be written."""
    name = rf"(?:{_MONTHS[month - 1]})[a-zéûäśń]*\.?"
    no_other = rf"(?!,? (?:(?:of|del?) )?(?!{year})(?:19|20)\d\d)(?!\w)"
    spelt = rf"(?<!\d)0?{day}(?:st|nd|rd|th|er|[.º°])? (?:(?:of|de) )?{name}{no_other}"
    american = rf"\b{name} 0?{day}(?!\d)(?:st|nd|rd|th)?{no_other}"
    digits = rf"(?<!\d)0?{day}[./]0?{month}(?:[./](?:{year}|{year % 100:02})?(?!\d)|(?![\d./]))"
    last = (
        rf"|\b(?:end of|ende|fin(?:ales)? de|fine|fin|końca|koniec|końcem) {name}{no_other}"
        if day == monthrange(year, month)[1]
        else ""
    )
    return f"(?:{spelt}|{american}|{digits}|{year}-{month:02}-{day:02}{last})"


_ITEM = re.compile(r"^(\s*)(?:[-*+\u2022\u2013]|\(?(?:\d{1,2}|[a-z])[.)])\s+(?=\S)")
_HEADING = re.compile(r"^\s*#{1,6}\s+(.*?)\s*#*$")
_BOLD_LINE = re.compile(r"^\s*(?:\*\*|__)(.+?)(?:\*\*|__):?\s*$")
_RULE = re.compile(r"^\s*\|?[\s:|-]*-{2,}[\s:|-]*$")
_SENTENCES_OF_ITEM = 2
"""An item of a list of more sentences is cut into them, each with the label in front of its colon."""
_LABEL = re.compile(r"^([^:.!?]{2,60}:)\s")


def statements(text: str) -> list[str]:
    """Cuts a summary in Markdown into what it states: sentences, items of lists, rows of tables.

    A heading, or a line that ends with a colon, counts together with the sentence, the row or each item of the list
    that follows; the row of a table with the heads of its columns.
    """
    return list(_statements(text))


def _statements(text: str) -> Iterator[str]:
    heading = lead = head = ""
    used = False  # by a list or a table, so what comes after these stands for itself
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        item, title, row = _ITEM.match(line), _heading(line), line.strip().startswith("|")
        if paragraph and (not line.strip() or item or title or row):
            told = " ".join(paragraph)
            paragraph = []
            before = "" if used else f"{heading} {lead}"
            if told.endswith(":"):
                lead, used = told, False
            else:
                yield from _with(before, _cut(told))
                lead, used = "", True
        head = head if row else ""
        if title:
            heading, lead, used = title, "", False
        elif row and not _RULE.match(line):
            cells = " | ".join(cell.strip() for cell in line.strip().strip("|").split("|"))
            yield " ".join(f"{heading} {lead} {head} {cells}".split())
            head, used = head or f"({cells})", True
        elif item:
            told = line[item.end() :].strip()
            if told.rstrip("*_").endswith(":"):
                lead, used = told, False
                continue
            if not item[1] and lead and _was_item(lead, text):
                lead = ""
            yield from _of_item(f"{heading} {lead}".strip(), told)
            used = True
        elif line.strip() and not row:
            paragraph.append(line.strip())


_UNFINISHED = re.compile(
    r"(?<![\w.,])(?:\d{1,2}|[A-ZÄÖÜ]|Abs|Art|Dipl|Dr|Hr|Fr|Frl|Mme|Mlle|Mr|Mrs|Ms|Nr|No|Mio|Mrd|Prof|St|Str|Tsd|Ziff|pon|ul)\.$"
)


def _cut(text: str) -> list[str]:
    """Sentences; not cut within a date, an initial or behind a title, whatever the program does there."""
    parts: list[str] = []
    for sentence in sentences(text):
        if parts and _UNFINISHED.search(parts[-1]):
            parts[-1] += f" {sentence}"
        else:
            parts.append(sentence)
    return parts


def _was_item(lead: str, text: str) -> bool:
    """Whether a line that ends with a colon is itself an item of the outermost list."""
    return bool(re.search(rf"^(?:[-*+\u2022\u2013]|\d{{1,2}}[.)])\s+{re.escape(lead)}", text, re.MULTILINE))


def _heading(line: str) -> str:
    match = _HEADING.match(line) or _BOLD_LINE.match(line)
    return f"{match[1].strip().rstrip(':')}:" if match else ""


def _of_item(lead: str, told: str) -> Iterator[str]:
    cut = _cut(told)
    if len(cut) <= _SENTENCES_OF_ITEM:
        yield f"{lead} {told}".strip()
        return
    label = _LABEL.match(plain(told))
    yield f"{lead} {cut[0]}".strip()
    yield from (f"{lead} {label[1] if label else ''} {sentence}".strip() for sentence in cut[1:])


def _with(lead: str, cut: Sequence[str]) -> Iterator[str]:
    """The first sentence with what stands before it."""
    for at, sentence in enumerate(cut):
        yield sentence if at else f"{lead.strip()} {sentence}".strip()


@cache
def _document(path: Path, papers: Path) -> Document:
    told: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    paper = papers / told.get("paper", f"{path.stem}.md")
    return Document(
        path.stem,
        paper,
        paper.read_text(encoding="utf-8") if paper.suffix == ".md" else "",
        told["title"],
        told["language"],
        told["kind"],
        tuple(Fact(**{**fact, "rules": _rules(fact)}) for fact in told.get("fact", ())),
        tuple(Question(**{**question, "rules": _rules(question)}) for question in told["question"]),
        tuple(Example(example["text"], frozenset(example["facts"])) for example in told.get("example", ())),
    )


def _rules(told: dict[str, Any]) -> Rules:
    return tuple(tuple(needed) for needed in told.get("rules", ()))

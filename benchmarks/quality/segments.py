"""The documents for translation, a good translation of each sentence, and the rules that judge others by it.

`translation/NAME.md` (or .csv) is a document; `translation/NAME.toml` beside it says what is expected:

    source, target            languages
    names                     patterns: what of these stands in a sentence must stand in its translation
    [[term]]                  of a glossary: source, target, and `pattern`, which matches the right forms of the target
    [[segment]]
        text                  a sentence, heading, item or cell of the document, verbatim, without marks of Markdown
        reference             a good translation
        right                 others that must pass
        must                  patterns that a right translation matches, all of them
        must_not              patterns of what goes wrong with this one
        wrong                 translations that must not pass
        judge = "reader"      no rule can tell; such a segment is not counted here

Patterns are regular expressions, looked for without regard to case in the translation as `plain()` gives it.  For every
segment, without being written down: it is translated and no talk about translating, neither far longer nor far shorter
than the reference; names stay; terms of the glossary are used; its numbers, written the target's way, times and months
are those of the reference or of one that is right as well.

Such rules find what changes the meaning, hardly what is clumsy.  They are equally so to all who are compared.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from benchmarks.quality import is_aside
from benchmarks.quality.figures import figures_of, is_word_of, months_of
from slmdesk.base.text.sentences import sentences

FOLDER = Path(__file__).with_name("translation")

_STOP_WORDS = {
    "de": "und der das nicht wir ist für wird werden haben auf zum zur bei von einen eine oder nach wenn dem den",
    "fr": "le la les des du est et une vous nous pour avec dans qui que sur pas aux",
    "es": "el los las del que por para una usted pero muy sin",
    "it": "il gli che una della sono è di del nel troppo",
    "nl": "het een niet wij uw voor zijn ook onze wordt",
    "en": "the and of with you your are for is must",
}
"""Words of a text left as it was, none of which is a word of the languages it is translated to here."""
_CHATTER = re.compile(
    r"\b(?:translat\w+|übersetzung|traduction|traducción)\b[^:\n]{0,40}:"
    r"|^(?:sure|certainly|of course|here (?:is|are))\b|\[\d+\]"
    r"|^(?:note|in english|auf deutsch|en français|en español)\b[^:\n]{0,20}:",
    re.IGNORECASE,
)
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
        **dict.fromkeys("*`", None),
    }
)
_LEAD = re.compile(r"^(?:#{1,6} |[-+•>] |\d{1,2}\. )+")


@dataclass(frozen=True, slots=True)
class Term:
    """Of a glossary."""

    source: str
    target: str
    pattern: str

    def is_in(self, text: str) -> bool:
        """Whether a sentence of the source has it."""
        return bool(re.search(rf"\b{re.escape(self.source)}s?\b", text, re.IGNORECASE))


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence of a document, and how its translations are judged."""

    text: str
    reference: str
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    judge: str = "rule"

    @property
    def versions(self) -> tuple[str, ...]:
        """All translations known to be right."""
        return (self.reference, *self.right)


@dataclass(frozen=True)
class Document:
    """A document to be translated."""

    path: Path
    source: str
    target: str
    segments: tuple[Segment, ...] = field(repr=False)
    names: tuple[str, ...] = field(default=(), repr=False)
    terms: tuple[Term, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """Without its extension."""
        return self.path.stem

    @property
    def pair(self) -> str:
        """As `de-en`."""
        return f"{self.source}-{self.target}"

    @property
    def is_aside(self) -> bool:
        """Whether it is looked at only at the end."""
        return is_aside(self.name)

    @cached_property
    def text(self) -> str:
        """As it stands in the file."""
        return self.path.read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Row:
    """What a program made of a part of a document, in the order of the document."""

    source: str
    target: str
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the translation of one segment is judged: `faults` says why it is wrong."""

    segment: Segment
    target: str
    flagged: bool
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Of the segments that rules can judge."""

    right: int = 0
    wrong: int = 0
    wrong_flagged: int = 0
    right_flagged: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.right + other.right,
            self.wrong + other.wrong,
            self.wrong_flagged + other.wrong_flagged,
            self.right_flagged + other.right_flagged,
        )


def documents(aside: bool | None = None) -> list[Document]:
    """All, or those of one half, by name."""
    pool = [_document(path) for path in sorted(FOLDER.glob("*.toml"))]
    return [document for document in pool if aside is None or document.is_aside == aside]


def judged(document: Document, rows: Sequence[Row]) -> list[Verdict]:
    """The verdict on each segment that a rule can judge; what was left out is wrong."""
    parts = [part for row in rows for part in _narrowed(row, document)]
    squeezed = [_squeezed(part.source) for part in parts]
    verdicts: list[Verdict] = []
    for segment in document.segments:
        if segment.judge != "rule":
            continue
        wanted = _squeezed(segment.text)
        start, end = _run(squeezed, wanted)
        target = " ".join(part.target for part in parts[start:end])
        flagged = any(part.flagged for part in parts[start:end])
        is_alone = sum(map(len, squeezed[start:end])) <= len(wanted) + 3
        faults = faults_of(document, segment, target, is_alone=is_alone) if end else ("left out",)
        verdicts.append(Verdict(segment, target, flagged, tuple(faults)))
    return verdicts


def score(verdicts: Iterable[Verdict]) -> Score:
    """How many are right and wrong, and how many of each were flagged."""
    total = Score()
    for verdict in verdicts:
        wrong = bool(verdict.faults)
        total += Score(not wrong, wrong, wrong and verdict.flagged, not wrong and verdict.flagged)
    return total


def by_pair(results: Iterable[tuple[Document, Sequence[Verdict]]]) -> dict[str, Score]:
    """The scores of each pair of languages."""
    scores: dict[str, Score] = {}
    for document, verdicts in results:
        scores[document.pair] = scores.get(document.pair, Score()) + score(verdicts)
    return dict(sorted(scores.items()))


def chrf(verdicts: Sequence[Verdict]) -> float | None:
    """The likeness to the references in letters, 0 to 100; None without sacrebleu."""
    try:
        import sacrebleu
    except ImportError:
        return None
    references = [verdict.segment.reference for verdict in verdicts]
    return float(sacrebleu.corpus_chrf([verdict.target for verdict in verdicts], [references]).score)


def rows_of_whole(source: str, target: str) -> list[Row]:
    """Rows of a text translated as a whole: line by line where there are as many lines, else one row."""
    before, after = ([line for line in text.splitlines() if line.strip()] for text in (source, target))
    if len(before) != len(after):
        return [Row(source, target)]
    return [row for pair in zip(before, after, strict=True) for row in _cells(*pair)]


def faults_of(document: Document, segment: Segment, target: str, *, is_alone: bool = True) -> list[str]:
    """Why a translation of a segment is wrong; empty: it is right.

    Unless the segment is alone in `target`, what stands there besides is not held against it.
    """
    flat = plain(target)
    if not flat:
        return ["empty"]
    faults = [f"must: {words}" for words in segment.must if not _has(words, flat)]
    faults += [f"must not: {words}" for words in segment.must_not if _has(words, flat)]
    faults += [f"name: {name}" for name in document.names if _has(name, plain(segment.text)) and not _has(name, flat)]
    faults += [
        f"term: {term.target}" for term in document.terms if term.is_in(segment.text) and not _has(term.pattern, flat)
    ]
    faults += _figure_faults(document, segment, flat, is_alone)
    if is_alone:
        faults += _form_faults(document, segment, flat)
    return faults


def plain(text: str) -> str:
    """A text as the patterns see it: no marks of Markdown, one kind of dash, space and quotation mark."""
    return _LEAD.sub("", " ".join(text.translate(_SIGNS).split()))


def _figure_faults(document: Document, segment: Segment, flat: str, is_alone: bool) -> list[str]:
    versions = [plain(version) for version in segment.versions]
    language = document.target
    there = figures_of(flat, language)
    missing = [
        [figure for figure in figures_of(version, language) - there if not is_word_of(figure, flat, language)]
        for version in versions
    ]
    faults = [f"number: {figure}" for figure in min(missing, key=len)]
    if not any(months_of(version, language) <= months_of(flat, language) for version in versions):
        faults.append("month")
    if is_alone:
        known = set().union(*(figures_of(version, language) for version in versions))
        words = " ".join(versions)
        faults += [f"new number: {figure}" for figure in there - known if not is_word_of(figure, words, language)]
    return faults


def _form_faults(document: Document, segment: Segment, flat: str) -> list[str]:
    versions = [plain(version) for version in segment.versions]
    lengths = [len(version) for version in versions]
    faults = []
    if len(flat) > 2.5 * max(lengths) + 30:
        faults.append("too long")
    if min(lengths) > 40 and len(flat) < 0.35 * min(lengths):
        faults.append("too short")
    if _CHATTER.search(flat) and not any(_CHATTER.search(version) for version in versions):
        faults.append("talk")
    known = set(_words(" ".join(versions)))
    left = [word for word in _words(flat) if word in _STOP_WORDS[document.source].split() and word not in known]
    if left:
        faults.append(f"untranslated: {left[0]}")
    return faults


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.casefold())


def _has(pattern: str, text: str) -> bool:
    return bool(_compiled(pattern).search(text))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _squeezed(text: str) -> str:
    """Without what a cutter or a reader of a format may change."""
    return re.sub(r"\s+", "", plain(re.sub(r"</?[a-z]*\d*/?>", "", text))).casefold()


def _run(sources: Sequence[str], wanted: str) -> tuple[int, int]:
    """The rows, from and to, that have a sentence in them, as little besides as possible; (0, 0): none."""
    best: tuple[int, int, int] | None = None
    for start in range(len(sources)):
        joined = ""
        for end in range(start, len(sources)):
            joined += sources[end]
            if len(joined) - len(sources[end]) > 3 * len(wanted) + 200:
                break
            if wanted in joined:
                if best is None or len(joined) < best[0]:
                    best = (len(joined), start, end + 1)
                break
    return best[1:] if best else (0, 0)


def _narrowed(row: Row, document: Document) -> list[Row]:
    """A row of several sentences as rows of one, where source and translation have as many."""
    before, after = sentences(row.source, document.source), sentences(row.target, document.target)
    if len(before) != len(after):
        return [row]
    return [Row(source, other, row.flagged) for source, other in zip(before, after, strict=True)]


def _cells(source: str, target: str) -> list[Row]:
    if not source.lstrip().startswith("|"):
        return [Row(source, target)]
    before, after = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in (source, target))
    if len(before) != len(after):
        return [Row(source, target)]
    return [Row(cell, other) for cell, other in zip(before, after, strict=True)]


def _document(path: Path) -> Document:
    told: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    (file,) = [other_path for other_path in path.parent.glob(f"{path.stem}.*") if other_path.suffix != ".toml"]
    return Document(
        file,
        told["source"],
        told["target"],
        tuple(_segment(segment) for segment in told["segment"]),
        tuple(told.get("names", ())),
        tuple(Term(**term) for term in told.get("term", ())),
    )


def _segment(told: Mapping[str, Any]) -> Segment:
    return Segment(**{key: tuple(value) if isinstance(value, list) else value for key, value in told.items()})

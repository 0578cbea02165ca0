"""python -m benchmarks.quality.edits [--open | --aside] [--each]: which edits of five contracts the comparison finds.

`versions/NAME.md` is the old version of a contract; `versions/NAME.toml` beside it has twelve edits, from which the new
version is made:

    [[edit]]
        kind      amount, number, percent, date, period, negation, party, duty added, duty removed, condition,
                  definition, deletion, moved, wording
        clause    the heading it stands under in the old version
        old       verbatim, and only once in the document
        new       what stands in its place; for a moved paragraph left out where only its place changes
        after     of a moved paragraph: the end of the paragraph that it follows in the new version
    [layout]      what must not count, done to the new version besides
        width     columns at which paragraphs are broken into lines
        numbering patterns (`find`, at the beginning of a line) and what is put in their place: "2.1" becomes "(2.1)"
        renumbered  the same, before it, for paragraphs that follow one that was removed or moved away

An edit is found where a reported change has its passage and all words that it takes away or adds are marked there; a
moved paragraph must be reported as moved.  What is reported and touches the passage of no edit, or none of the words
of those that it touches, is a false alarm.  Of the found ones are counted: those named with their kind (a number among
the amounts, a duty among the duties), those under the heading of their clause, and how often one that weighs (all but
wording) is listed before the wording.  A comparison of the old version with itself laid out anew must report nothing.

No model is asked: what a model words is judged by a reader.
"""

from __future__ import annotations

import re
import sys
import textwrap
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.quality import is_aside
from slmdesk.base.documents import Page

FOLDER = Path(__file__).resolve().parent / "versions"
NAMED_AS: Mapping[str, frozenset[str]] = {
    "amount": frozenset({"amount"}),
    "number": frozenset({"number", "amount"}),
    "percent": frozenset({"percent"}),
    "date": frozenset({"date"}),
    "period": frozenset({"period", "number"}),
    "negation": frozenset({"negation"}),
    "party": frozenset({"party", "name"}),
    "duty added": frozenset({"duty added"}),
    "duty removed": frozenset({"duty removed"}),
    "condition": frozenset({"condition"}),
    "deletion": frozenset({"removed"}),
    "moved": frozenset({"moved"}),
}
"""What a report may call an edit of a kind; definitions and wording have no name of their own."""
LEAST_MOVED = 0.7
"""Of a moved paragraph's letters a reported move has at least."""
_WORD = re.compile(r"\w+(?:[.,:/]\d+)*")
_LEAD = re.compile(r"^\(?(?:[A-Z]\.)?\d+(?:\.\d+)*[.)]? (?=[A-Z\"„«])")
"""The number in front of a paragraph."""
_OWN_LINE = re.compile(r"#|\||[-*+] |$")


@dataclass(frozen=True, slots=True)
class Edit:
    """Something a person changed."""

    kind: str
    clause: str
    old: str
    new: str
    after: str = ""
    new_clause: str = ""
    """Of a moved paragraph: the heading it stands under in the new version."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is done to a version and must not count."""

    width: int
    numbering: tuple[tuple[str, str], ...] = ()
    renumbered: tuple[tuple[str, str], ...] = ()
    """Besides, where the edits were made."""

    def of(self, text: str) -> str:
        """Lay out a Markdown text anew: other numbers in front of paragraphs, other ends of lines."""
        lines: list[str] = []
        for line in text.splitlines():
            for find, put in self.numbering:
                line = re.sub(find, put, line)
            lines += [line] if _OWN_LINE.match(line) else textwrap.wrap(
                line, self.width, break_long_words=False, break_on_hyphens=False
            )  # fmt: skip
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class VersionDocument:
    """The old version of a document and what was done to it."""

    name: str
    language: str
    old: str
    edits: tuple[Edit, ...]
    layout: Layout

    @property
    def is_aside(self) -> bool:
        """Whether it is looked at only once, at the end."""
        return is_aside(self.name)

    def new(self, *, with_numbering: bool = True) -> str:
        """The new version; without other numbering only its lines end elsewhere."""
        base = self.layout
        layout = Layout(base.width, base.renumbered + base.numbering) if with_numbering else Layout(base.width)
        return layout.of(edited(self.old, self.edits))


@dataclass(frozen=True, slots=True)
class Reported:
    """A change as a comparison reports it, in the order of its list."""

    old: str
    """The passage in the old version; empty where it was added."""
    new: str
    old_marked: str
    """The words of it that are marked."""
    new_marked: str
    kinds: frozenset[str] = frozenset()
    """Added, removed, changed or moved, and what it says that changed: amount, date …"""
    clause: str = ""
    """The heading under which it is listed."""


@dataclass(frozen=True, slots=True)
class Score:
    """The edits of one or several documents, counted."""

    found: int = 0
    missed: int = 0
    false: int = 0
    named: int = 0
    """Found, and named with their kind."""
    to_name: int = 0
    """Those that have a kind to be named with."""
    placed: int = 0
    """Found, and listed under their clause."""
    in_order: int = 0
    """Pairs of a found edit that weighs and found wording, the first listed first."""
    pairs: int = 0

    def __add__(self, other: Score) -> Score:
        """Count both."""
        return Score(*(getattr(self, slot) + getattr(other, slot) for slot in self.__slots__))


def documents(folder: Path = FOLDER) -> list[VersionDocument]:
    """All documents by name.  Raises ValueError where an edit cannot be made."""
    return [_document(path) for path in sorted(folder.glob("*.toml"))]


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Make the edits.  Raises ValueError where the words of one do not stand in the text exactly once."""
    for edit in edits:
        for words in filter(None, (edit.old, edit.after)):
            if text.count(words) != 1:
                raise ValueError(f"{text.count(words)} times in the text: {words}")
        if edit.after:
            for words in (edit.old, edit.after):
                if f"{words}\n\n" not in text:
                    raise ValueError(f"no end of a paragraph: {words}")
            text = text.replace(f"{edit.old}\n\n", "", 1)
            text = text.replace(edit.after, f"{edit.after}\n\n{edit.new}", 1)
        else:
            text = text.replace(edit.old, edit.new, 1)
    return text


def heading_before(text: str, words: str) -> str:
    """The heading of Markdown under which some words stand; empty where there is none before them."""
    headings = re.findall(r"^#+ +(.*)$", text[: text.index(words)], re.MULTILINE)
    return headings[-1] if headings else ""


def changes_of(edit: Edit, reported: Sequence[Reported]) -> list[int]:
    """Which reported changes tell an edit, by their places in the list; none where it was missed."""
    near = [at for at, change in enumerate(reported) if _is_near(edit, change)]
    if edit.kind == "moved":
        return [at for at in near if "moved" in reported[at].kinds]
    gone, come = _words_changed(edit)
    near = [at for at in near if (_bag(reported[at].old_marked) & gone) or (_bag(reported[at].new_marked) & come)]
    old = sum((_bag(reported[at].old_marked) for at in near), Counter[str]())
    new = sum((_bag(reported[at].new_marked) for at in near), Counter[str]())
    return near if near and gone <= old and come <= new else []


def missed(edits: Sequence[Edit], reported: Sequence[Reported]) -> list[Edit]:
    """The edits that are not reported."""
    return [edit for edit in edits if not changes_of(edit, reported)]


def false_alarms(edits: Sequence[Edit], reported: Sequence[Reported]) -> list[Reported]:
    """What is reported although nothing was edited there."""
    return [change for change in reported if not any(_tells(edit, change) for edit in edits)]


def score(edits: Sequence[Edit], reported: Sequence[Reported]) -> Score:
    """Count what was found, how it was named and where it was listed."""
    places = [(edit, at) for edit in edits if (at := changes_of(edit, reported))]
    light = [min(at) for edit, at in places if edit.kind == "wording"]
    heavy = [min(at) for edit, at in places if edit.kind != "wording"]
    return Score(
        found=len(places),
        missed=len(edits) - len(places),
        false=len(false_alarms(edits, reported)),
        named=sum(is_named(edit, [reported[place] for place in at]) for edit, at in places),
        to_name=sum(edit.kind in NAMED_AS for edit in edits),
        placed=sum(any(_is_under_clause(edit, reported[place]) for place in at) for edit, at in places),
        in_order=sum(before < after for before in heavy for after in light),
        pairs=len(heavy) * len(light),
    )


def is_named(edit: Edit, told: Iterable[Reported]) -> bool:
    """Whether one of the changes that tell an edit says what kind it is."""
    return any(NAMED_AS.get(edit.kind, frozenset()) & change.kinds for change in told)


def compared(old: str, new: str, language: str) -> list[Reported]:
    """Run the program's comparison on two Markdown texts; the changes in the order of its list."""
    from slmdesk.tasks.versions.difference.compare import difference
    from slmdesk.tasks.versions.difference.types import Run
    from slmdesk.tasks.versions.types import by_importance, clause_words

    def marked(runs: Sequence[Run]) -> str:
        return " ".join(run.text for run in runs if run.is_marked)

    changes = difference(_pages(old), _pages(new), language=language).changes
    return [
        Reported(
            changes[at].old, changes[at].new, marked(changes[at].old_runs), marked(changes[at].new_runs),
            frozenset({changes[at].kind.value, *(fact.kind for fact in changes[at].named)}), clause_words(changes[at]),
        )
        for at in by_importance(changes)
    ]  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Print the figures of the open half, of the half aside, or of both."""
    chosen = {argument.removeprefix("--") for argument in arguments} & {"open", "aside"} or {"open", "aside"}
    for half in sorted(chosen, reverse=True):
        print(f"| {' | '.join(('document', 'half', *_HEAD))} |\n{'|---' * (len(_HEAD) + 2)}|")
        lines: list[_Figures] = []
        for document in (document for document in documents() if _half(document.is_aside) == half):
            lines.append(_measured(document, is_each="--each" in arguments))
            print(lines[-1].line(document.name, half))
        print(sum(lines[1:], lines[0]).line("**all**", half))


_HEAD = (
    "found", "false", "named", "under its clause", "before wording", "found, numbers too", "false, numbers too",
    "layout alone",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Figures:
    """What is printed of a document."""

    lines: Score
    """Lines end elsewhere."""
    numbers: Score
    """And paragraphs are numbered in another way."""
    alone: int
    """Reported where nothing but the layout differs."""

    def __add__(self, other: _Figures) -> _Figures:
        return _Figures(self.lines + other.lines, self.numbers + other.numbers, self.alone + other.alone)

    def line(self, name: str, half: str) -> str:
        lines, total = self.lines, self.lines.found + self.lines.missed
        cells = (
            name, half, f"{lines.found} of {total}", lines.false, f"{lines.named} of {lines.to_name}",
            f"{lines.placed} of {total}", f"{lines.in_order} of {lines.pairs}", f"{self.numbers.found} of {total}",
            self.numbers.false, self.alone,
        )  # fmt: skip
        return f"| {' | '.join(map(str, cells))} |"


def _measured(document: VersionDocument, *, is_each: bool) -> _Figures:
    old, edits, language = document.old, document.edits, document.language
    lines = compared(old, document.new(with_numbering=False), language)
    numbers = compared(old, document.new(), language)
    alone = compared(old, document.layout.of(old), language)
    if is_each:
        _print_each(edits, lines)
        for alarm in [*false_alarms(edits, lines), *alone]:
            print(f"    false: {alarm.old[:120]!r} -> {alarm.new[:120]!r}")
    return _Figures(score(edits, lines), score(edits, numbers), len(alone))


def _half(aside: bool) -> str:
    return "aside" if aside else "open"


def _print_each(edits: Sequence[Edit], reported: Sequence[Reported]) -> None:
    for edit in edits:
        at = changes_of(edit, reported)
        told = ", ".join(f"{place + 1}: {' '.join(sorted(reported[place].kinds))}" for place in at) or "missed"
        print(f"    {edit.kind} ({edit.clause}): {told}")


def _pages(text: str) -> list[Page]:
    from slmdesk.children.formats.reading import Reading, reader_of

    return list(reader_of("md")(Reading("a.md", data=text.encode())))


def _tells(edit: Edit, change: Reported) -> bool:
    """Whether a change is near an edit and has some of its words."""
    if not _is_near(edit, change):
        return False
    gone, come = _words_changed(edit)
    if edit.kind == "moved":
        gone = come = _bag(edit.old)
    return bool(_bag(change.old_marked) & gone or _bag(change.new_marked) & come) or "moved" in change.kinds


def _is_near(edit: Edit, change: Reported) -> bool:
    """Whether a change and an edit have a passage in common, in either version."""
    sides = ((edit.old, change.old), (edit.new, change.new))
    pairs = [(_letters(mine), _letters(theirs)) for mine, theirs in sides]
    least = LEAST_MOVED if edit.kind == "moved" else 0.0
    return any(_overlap(mine, theirs) and len(theirs) >= least * len(mine) for mine, theirs in pairs)


def _overlap(mine: str, theirs: str) -> bool:
    return bool(mine and theirs) and (mine in theirs or theirs in mine)


def _words_changed(edit: Edit) -> tuple[Counter[str], Counter[str]]:
    """The words that an edit takes away, and those that it adds; not the number of its paragraph."""
    old, new = (_bag(_LEAD.sub("", text)) for text in (edit.old, edit.new))
    return old - new, new - old


def _bag(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.casefold()))


def _letters(text: str) -> str:
    """Letters and digits alone: marks of Markdown, bars and white space do not matter."""
    return re.sub(r"[\W_]+", "", text.casefold())


def _is_under_clause(edit: Edit, change: Reported) -> bool:
    """Whether the heading is that of the edit, with or without its number."""
    mine = (edit.clause, edit.new_clause) if edit.new_clause else (edit.clause,)
    theirs = _letters(change.clause)
    return bool(theirs) and any(_overlap(_letters(clause), theirs) for clause in mine)


def _document(expectation: Path) -> VersionDocument:
    shape = tomllib.loads(expectation.read_text("utf-8"))
    text = expectation.with_suffix(".md").read_text("utf-8")
    edits = tuple(
        Edit(edit["kind"], edit["clause"], edit["old"], edit.get("new", edit["old"]), edit.get("after", ""))
        for edit in shape["edit"]
    )
    try:
        edited(text, edits)
    except ValueError as error:
        raise ValueError(f"{expectation.name}: {error}") from error
    edits = tuple(replace(edit, new_clause=heading_before(text, edit.after)) if edit.after else edit for edit in edits)
    numbering, renumbered = (
        tuple((fix["find"], fix["put"]) for fix in shape["layout"].get(key, ())) for key in ("numbering", "renumbered")
    )
    layout = Layout(shape["layout"]["width"], numbering, renumbered)
    return VersionDocument(expectation.stem, shape["language"], text, edits, layout)


if __name__ == "__main__":
    main(sys.argv[1:])

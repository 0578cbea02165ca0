"""Types of a finished comparison of two versions, and the changes in words."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from slmdesk.base.documents import COME, GONE
from slmdesk.base.record import Number, Record, changed
from slmdesk.base.texts import N_, _, grouped, in_quotes, ngettext, retold
from slmdesk.base.types import page_sign, page_word
from slmdesk.claims.types import Mark, doubts_of
from slmdesk.documents.types import Coverage, page_ranges, unread_reason
from slmdesk.tasks.versions.difference.types import Change, ChangeKind, Named, Place, Row, Run


class Side(Record):
    document: str
    name: str
    page_kind: str
    coverage: Coverage
    trouble: str = ""


class VersionRequest(Record):
    old: str
    """Ids of documents, or unique prefixes of ids."""
    new: str
    model: str | None = None
    """Model that describes the changes. None means the default for summaries, if it may describe them."""
    with_words: bool = True


class Wording(Record):
    change: int
    text: str
    supported: bool = True
    """False for a sentence of an older version of the program, which is not shown."""
    marks: tuple[Mark, ...] = ()
    """What neither version says."""

    @property
    def words(self) -> str:
        """The sentence as it is shown, with what to check in it."""
        return f"{self.text} ({doubts_of(self.marks)})" if self.marks else self.text


class Comparison(Record):
    old: Side
    new: Side
    changes: tuple[Change, ...]
    rows: tuple[Row, ...]
    same_bytes: bool = False
    sentences: tuple[Wording, ...] = ()
    """What a model adds to some changes. Empty if no model can be trusted."""
    model: str = ""
    note: str = ""
    seconds: Number = 0.0
    language: str = ""

    def remark(self, change: int) -> str:
        """Return the model's sentences that stand below a change, or ""."""
        return " ".join(
            sentence.words for sentence in self.sentences if sentence.change == change and sentence.supported
        )


_FACT_WORDS: Mapping[str, tuple[str, str]] = {
    "duty shifted": (N_("duty changes sides"), N_("duties change sides")),
    "duty added": (N_("duty added"), N_("duties added")),
    "duty removed": (N_("duty removed"), N_("duties removed")),
    "negation": (N_("negation"), N_("negations")),
    "amount": (N_("amount"), N_("amounts")),
    "link": (N_("link"), N_("links")),
    "percent": (N_("percentage"), N_("percentages")),
    "period": (N_("period"), N_("periods")),
    "number": (N_("number"), N_("numbers")),
    "date": (N_("date"), N_("dates")),
    "name": (N_("name"), N_("names")),
    "condition": (N_("condition"), N_("conditions")),
    "definition": (N_("definition"), N_("definitions")),
}
RANKS = tuple(_FACT_WORDS)
"""Kinds of facts, the most important first."""
_KIND_WORDS: Mapping[ChangeKind, tuple[str, str, str]] = {
    ChangeKind.ADDED: (N_("passage added"), N_("passages added"), N_("added")),
    ChangeKind.REMOVED: (N_("passage removed"), N_("passages removed"), N_("removed")),
    ChangeKind.MOVED: (N_("passage moved"), N_("passages moved"), N_("moved")),
    ChangeKind.CHANGED: (N_("passage reworded"), N_("passages reworded"), N_("reworded")),
}
"""For one passage, for several, and behind others: "1 passage added, 2 moved"."""
_NUMBERS = re.compile(r"[\W\d_]+")
MOST_QUOTED = 160


def by_importance(changes: Sequence[Change]) -> list[int]:
    """Return the indexes of the changes, the most important first.

    First come changed facts in the order of RANKS, then removed, added and moved text, then other changed words by
    size.
    """

    def rank(at: int) -> tuple[int, int, int]:
        change = changes[at]
        first = min(map(_rank, change.named), default=len(RANKS))
        is_wording = first == len(RANKS) and change.kind is ChangeKind.CHANGED
        return first + is_wording, -len(change.old) - len(change.new) if first == len(RANKS) else 0, at

    return sorted(range(len(changes)), key=rank)


def _rank(fact: Named) -> int:
    return RANKS.index(fact.kind) if fact.kind in RANKS else len(RANKS)


def clause_words(change: Change) -> str:
    """Return the clause of a change in the new version, or both clauses if they differ in more than the number."""
    old, new = change.old_clause, change.new_clause
    if not old or not new or _NUMBERS.sub("", old).casefold() == _NUMBERS.sub("", new).casefold():
        return new or old
    return f"{old} → {new}"


def headline(comparison: Comparison) -> str:
    """Return what changed in one line: "7 changes on 3 pages: 5 amounts, 1 date; 1 passage added.".

    The numbers after the colon add up to the changes. The list has one line for each change.
    """
    if not comparison.changes:
        alike = (
            _("The files are the same, byte for byte.") if comparison.same_bytes else _("The files themselves differ.")
        )
        return _("No differences in the text. {alike}").format(alike=alike)
    counts = Counter(map(counted_kind, comparison.changes))
    first = [_counted(counts[kind], words) for kind, words in _FACT_WORDS.items() if counts[kind]]
    second: list[str] = []
    for kind, (single, many, later) in _KIND_WORDS.items():
        if counts[kind]:
            second.append(_counted(counts[kind], (later, later) if second else (single, many)))
    pages = {place.page for change in comparison.changes for place in change.new_places}
    side = comparison.new
    if not pages:  # there were only removals
        pages, side = {place.page for change in comparison.changes for place in change.old_places}, comparison.old
    unit = page_word(side.page_kind, len(pages))
    parts = "; ".join(", ".join(some) for some in (first, second) if some)
    n, count = len(comparison.changes), len(pages)
    if side.page_kind in ("page", "slide"):
        words = ngettext(
            "{n:,} change on {count:,} {unit}", "{n:,} changes on {count:,} {unit}", n, count=count, unit=unit
        )
    elif count == 1:
        words = ngettext("{n:,} change in {count:,} {unit}", "{n:,} changes in {count:,} {unit}", n, count=1, unit=unit)
    else:
        words = ngettext(
            "{n:,} change across {count:,} {unit}", "{n:,} changes across {count:,} {unit}", n, count=count, unit=unit
        )
    return f"{words}: {parts}." if parts else f"{words}."


def counted_kind(change: Change) -> str:
    """Return the one kind a change is counted and listed as: its most important fact, or what became of its text."""
    return min(change.named, key=_rank).kind if any(named.kind in RANKS for named in change.named) else change.kind


_SHOWN_KINDS = N_("added"), N_("removed"), N_("moved"), N_("changed")
"""Values of ChangeKind, which are shown as words."""


def kind_words(change: Change) -> str:
    whole = change.kind in (ChangeKind.ADDED, ChangeKind.REMOVED)
    return change.named[0].kind if whole and change.named else change.kind.value


def change_words(change: Change) -> str:
    values = "; ".join(_told(named, change) for named in change.named)
    if change.kind in (ChangeKind.ADDED, ChangeKind.REMOVED):
        return f"{_(kind_words(change))}: {in_quotes(shortened(change.new or change.old))}"
    if change.kind is ChangeKind.MOVED:
        return f"{_('moved')}: {in_quotes(shortened(change.new))}" + (f" ({values})" if values else "")
    first, *others = (cell.strip() for cell in change.new.strip("| ").split(" | "))
    is_same = bool(others) and change.old.strip("| ").split(" | ")[0].strip() == first
    label = shortened(first, 60) if is_same and "\n" not in change.new else ""
    return f"{label}: {values or _wording(change)}" if label else values or _wording(change)


def _told(fact: Named, change: Change) -> str:
    """Return a fact in words. A duty or a condition gives its own words, a definition the words that changed."""
    match fact.kind:
        case "definition":
            term = _("definition of “{term}”").format(term=fact.old)
            return term if len(change.named) > 1 else f"{term}: {_wording(change)}"
        case "duty added" | "duty removed" if not (fact.old and fact.new):
            return f"{_(fact.kind)}: {in_quotes(shortened(fact.old or fact.new))}"
        case "condition" if not (fact.old and fact.new):
            what = _("condition removed") if fact.old else _("condition added")
            return f"{what}: {in_quotes(shortened(fact.old or fact.new))}"
        case "link":
            what = _("the link leads elsewhere") if fact.old and fact.new else _("link")
            return f"{what}: {fact_words(shortened(fact.old), shortened(fact.new))}"
    return fact_words(fact.old, fact.new)


def _wording(change: Change) -> str:
    old, new = marked_words(change.old_runs), marked_words(change.new_runs)
    return fact_words(in_quotes(shortened(old)) if old else "", in_quotes(shortened(new)) if new else "")


def fact_words(old: str, new: str) -> str:
    """Return a changed fact in words: "30 days → 60 days". A fact in only one version is described as such."""
    if not old:
        return _("{words} added").format(words=new)
    return f"{old} → {new}" if new else _("{words} removed").format(words=old)


def where_words(change: Change, old_kind: str = "page", new_kind: str = "page") -> str:
    """Return the pages of a change in words: "p. 3", "p. 3 → p. 4", "old p. 3"."""
    old, new = _pages(change.old_places, old_kind), _pages(change.new_places, new_kind)
    if old and new:
        return new if old == new else f"{old} → {new}"
    return new or _("old {page}").format(page=old)


def page_words(change: Change, comparison: Comparison) -> str:
    """Return the pages of a change in words, or "" where both versions are one section."""
    sides = (comparison.old, comparison.new)
    is_only = all(side.page_kind == "section" and side.coverage.pages_total == 1 for side in sides)
    return "" if is_only else where_words(change, comparison.old.page_kind, comparison.new.page_kind)


def place_words(change: Change, comparison: Comparison, form: str = "{}") -> str:
    """Return the clause and the pages of a change in words: "6. Support, 6.4, p. 3". `form` is what they stand in."""
    words = ", ".join(filter(None, (clause_words(change), page_words(change, comparison))))
    return form.format(words) if words else ""


def pages_of(change: Change) -> list[int]:
    """Return the pages of a change in the new version. For removed text, return the pages in the old version."""
    return sorted({place.page for place in change.new_places or change.old_places})


def unread_words(side: Side, which: str) -> str:
    """Return what could not be compared: "Pages 3–4 of the old version (a.pdf) could not be read …"."""
    by_reason: dict[str, list[int]] = {}
    for unread in side.coverage.unreadable:
        if unread.reason != "empty":
            by_reason.setdefault(unread.reason, []).append(unread.page)
    parts = [
        ngettext(
            "{unit} {page_ranges} of the {which} version ({name}) could not be read ({reason}) and was not compared.",
            "{unit} {page_ranges} of the {which} version ({name}) could not be read ({reason}) and were not compared.",
            len(pages),
            unit=page_word(side.page_kind, len(pages)).capitalize(),
            page_ranges=page_ranges(pages),
            which=which,
            name=side.name,
            reason=unread_reason(reason),
        )
        for reason, pages in by_reason.items()
    ]
    if side.coverage.unreadable and not side.coverage.pages_read and not parts:
        words = _("The {which} version ({name}) has no words, so there was nothing to compare.")
        parts.append(words.format(which=which, name=side.name))
    if side.trouble:
        words = _("The {which} version ({name}) was not read to its end: {trouble}")
        parts.append(words.format(which=which, name=side.name, trouble=retold(side.trouble)))
    if names := ", ".join(map(_, side.coverage.parts)):
        words = _("Of the {which} version ({name}) these parts were not read: {names}.")
        parts.append(words.format(which=which, name=side.name, names=names))
    return " ".join(parts)


def coverage_line(comparison: Comparison) -> str:
    parts = [
        _("{which} version: {read}").format(which=which, read=_read_of(side))
        for which, side in ((_("Old"), comparison.old), (_("New"), comparison.new))
    ]
    unread = [
        words for words in (unread_words(comparison.old, _("old")), unread_words(comparison.new, _("new"))) if words
    ]
    return "; ".join(parts) + ". " + (" ".join(unread) or _("Nothing was left out."))


_SIGN = re.compile(r"\[(?=-)|-(?=\])|\{(?=\+)|\+(?=\})")


_MARKS = {GONE: "[-{}-]", COME: "{{+{}+}}", "": "{}"}


def marked_text(old: Sequence[Run], new: Sequence[Run]) -> str:
    """Return both wordings in one line: [-old-]{+new+}. Such signs in the wordings themselves are taken apart."""
    old, new = ([changed(run, text=_SIGN.sub(r"\g<0> ", run.text)) for run in side] for side in (old, new))
    return "".join(_MARKS[change].format(words) for words, change in merged(old, new))


def merged(old: Sequence[Run], new: Sequence[Run]) -> Iterator[tuple[str, str]]:
    """Yield both wordings as one text, each stretch with what became of it: GONE, COME or "" (see `documents.Run`)."""
    if not old or not new:
        yield "".join(run.text for run in old or new), GONE if old else COME
        return
    gone, come = deque(old), deque(new)
    while gone or come:
        if gone and gone[0].is_marked:
            yield gone.popleft().text, GONE
        elif come and come[0].is_marked:
            yield come.popleft().text, COME
        else:
            both = [side.popleft().text for side in (come, gone) if side]
            yield both[0], ""


def shortened(text: str, most: int = MOST_QUOTED) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


def _stretches(runs: Iterable[Run]) -> list[Run]:
    stretches: list[Run] = []
    for run in runs:
        if stretches and stretches[-1].is_marked is run.is_marked:
            stretches[-1] = Run(stretches[-1].text + run.text, run.is_marked, run.change)
        else:
            stretches.append(run)
    return stretches


def marked_words(runs: Sequence[Run]) -> str:
    words = [run.text.strip(" ,;") for run in _stretches(runs) if run.is_marked]
    return " … ".join(filter(None, words)) or " ".join(run.text.strip() for run in runs if run.is_marked)


def _pages(places: Sequence[Place], kind: str) -> str:
    pages = sorted({place.page for place in places})
    return f"{page_sign(kind)} {page_ranges(pages)}" if pages else ""


def _read_of(side: Side) -> str:
    read = side.coverage.pages_read
    if read:  # one blank page among others is no problem
        read += sum(page.reason == "empty" for page in side.coverage.unreadable)
    return _("{read:,} of {pages_total:,} {many} read").format(
        read=read, pages_total=side.coverage.pages_total, many=page_word(side.page_kind)
    )


def _counted(count: int, words: tuple[str, str]) -> str:
    return f"{grouped(count)} {_(words[count != 1])}"


_COPY = re.compile(
    r"[\s_.-]*(?:\(\d{1,3}\)|v(?:ersion)?[\s_.-]?\d{1,3}|\b(?:copy|kopie|copie|final|neu|new|old|alt|draft|entwurf)\b)$"
)
_COPY_OF = re.compile(r"^(?:copy|kopie|copie)\s(?:of|von|de)?\s*")


def version_stem(name: str) -> str:
    """Return what the names of all versions of a document share: "lease" for "lease.docx" and "lease_v2.pdf"."""
    stem = name.rpartition(".")[0] or name
    stem = _COPY_OF.sub("", stem.casefold().replace("_", " ").replace("-", " ").strip())
    while (shorter := _COPY.sub("", stem)) and shorter != stem:
        stem = shorter
    return " ".join(stem.split())

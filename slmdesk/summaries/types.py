"""The types of a finished summary, for frontends, store and exports, and their text form."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import Number, Record, changed
from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import Json, page_sign, page_word
from slmdesk.library.types import Coverage, Mark, PageKinds, Span, kind_in, page_ranges
from slmdesk.redaction.labels import RedactionReport


class Kind(StrEnum):
    PARAGRAPH = "paragraph"
    BULLETS = "bullets"
    EXECUTIVE = "executive"
    """The same as BULLETS: a name of earlier versions."""
    SECTIONS = "sections"
    SIMPLE = "simple"
    OWN = "own"


class Length(StrEnum):
    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class Paper(StrEnum):
    """What sort of paper a document is; `auto` is only for requests: told by its words."""

    AUTO = "auto"
    CONTRACT = "contract"
    MINUTES = "minutes"
    REPORT = "report"
    LETTER = "letter"
    ARTICLE = "article"
    """Also everything else."""


TO_DO, KEY_POINTS, SHARED = "To do", "Key points", "In several documents"
"""What sentences stand under; the first of a summary says what the paper is and stands under nothing."""
ALSO = "More passages with figures or duties"


class Sentence(Record):
    text: str
    blocks: tuple[Span, ...]
    pages: tuple[int, ...]
    supported: bool
    flags: tuple[Mark, ...] = ()
    quotation: bool = False
    group: str = ""
    """What it stands under: TO_DO, KEY_POINTS, or a heading of the document."""
    file: str = ""


class DocumentSummary(Record):
    document: str
    name: str
    page_kind: str
    sentences: tuple[Sentence, ...]
    coverage: Coverage
    omitted: tuple[Sentence, ...] = ()
    """Passages with figures or duties that the summary does not say."""
    paper: str = ""
    """The sort of paper it was summarized as (see `papers`); empty: made by an older version."""


class UnreadableDocument(Record):
    name: str
    reason: str


class SummaryRequest(Record):
    documents: tuple[str, ...]
    """Ids, or the only ones that begin so."""
    kind: Kind = Kind.BULLETS
    length: Length | int = Length.MEDIUM
    """Or a number of words."""
    language: str = ""
    """Code of ISO 639-1; empty: the document's own."""
    focus: str = ""
    instruction: str = ""
    """For the kind `own`; with others a request beside it."""
    model: str | None = None
    """None: the default for summaries, else the last used."""
    not_read: tuple[UnreadableDocument, ...] = ()
    """What was to be summarized with the documents and could not be read: the summary names it."""
    paper: Paper = Paper.AUTO
    redact: bool = False

    @property
    def may_need_model(self) -> bool:
        """Whether it may be worded; else it is made of the paper's own sentences."""
        return bool(self.language or self.instruction) or self.kind in (Kind.SIMPLE, Kind.OWN)


class PartialSummary(Record):
    points: tuple[Sentence, ...]
    pages_read: int
    pages_total: int
    page_kind: str = "page"
    writing: str = ""


class Summary(Record):
    kind: str
    language: str
    method: str
    """`model`: worded by it; `quotations`: sentences of the documents."""
    sentences: tuple[Sentence, ...]
    """Of the document; of several, what they say together."""
    coverage: Coverage
    documents: tuple[DocumentSummary, ...]
    model: str = ""
    note: str = ""
    left_out: int = 0
    """Points that no passage bore out, and that are therefore not in it."""
    seconds: Number = 0.0
    not_read: tuple[UnreadableDocument, ...] = ()
    is_draft: bool = False
    """The sentences written so far: it was stopped, or its program has ended, before its end."""
    redaction: RedactionReport | None = None
    words: int = 0
    """How many it may have; 0: made when summaries had no length of their own."""

    @property
    def is_of_older_version(self) -> bool:
        return not self.words and not self.is_draft

    @property
    def page_kind(self) -> str:
        kinds = {document.page_kind for document in self.documents}
        return kinds.pop() if len(kinds) == 1 else "page"

    @property
    def page_kinds(self) -> PageKinds:
        return (
            {document.name: document.page_kind for document in self.documents}
            if len(self.documents) > 1
            else self.page_kind
        )


def request_from(untrusted: Json) -> SummaryRequest:
    """Read a stored request; unknown values become the defaults."""
    return lenient_from(SummaryRequest, untrusted, documents=())


def with_omitted(summary: Summary, document: str, number: int) -> Summary:
    """Return a summary with the `number`-th omitted sentence of a document among its sentences, in text order.

    Raises KnownError `request.invalid` when there is no such sentence.
    """
    found = next((other_document for other_document in summary.documents if other_document.document == document), None)
    if found is None or not 0 <= number < len(found.omitted):
        raise KnownError("request.invalid", what=_("no such sentence"))
    added = found.omitted[number]
    if any(sentence.group for sentence in found.sentences):
        added = changed(added, group=KEY_POINTS)
    rest = found.omitted[:number] + found.omitted[number + 1 :]
    updated = changed(found, sentences=_in_order((*found.sentences, added)), omitted=rest)
    documents = tuple(updated if document is found else document for document in summary.documents)
    joint = (*summary.sentences, changed(added, file=found.name))
    return changed(summary, sentences=joint if len(documents) > 1 else updated.sentences, documents=documents)


def _in_order(sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """By place in the text; sentences with labels or sections stay in their groups."""
    groups = list(dict.fromkeys(sentence.group for sentence in sentences))

    def place(sentence: Sentence) -> tuple[int, int, int]:
        first = sentence.blocks[0] if sentence.blocks else None
        return groups.index(sentence.group), first.page if first else 0, first.start if first else 0

    return tuple(sorted(sentences, key=place))


def place_words(sentence: Sentence, page_kind: PageKinds = "page") -> str:
    """Format where a sentence comes from: "[p. 3]", "[lease.pdf, p. 3, 4]"."""
    word = page_sign(kind_in(page_kind, sentence.file))
    pages = f"{word} {', '.join(map(str, sentence.pages))}" if sentence.pages else ""
    inside = ", ".join(words for words in (sentence.file, pages) if words)
    return f"[{inside}]" if inside else ""


def sentence_words(sentence: Sentence, page_kind: PageKinds = "page") -> str:
    warning = "" if sentence.supported else " (check this)"
    return f"{sentence.text} {place_words(sentence, page_kind)}".rstrip() + warning


def text_of(kind: str, sentences: Sequence[Sentence], page_kind: PageKinds = "page") -> str:
    if not has_bullets(kind, sentences):
        return " ".join(sentence_words(sentence, page_kind) for sentence in sentences)
    has_groups = any(sentence.group for sentence in sentences)
    lines: list[str] = []
    group = ""
    for sentence in sentences:
        if sentence.group and sentence.group != group:
            group = sentence.group
            lines += ([""] if lines else []) + [f"**{group}**", ""]
        mark = "- " if group or not has_groups else ""
        lines.append(f"{mark}{sentence_words(sentence, page_kind)}")
    return "\n".join(lines)


def omitted_words(document: DocumentSummary) -> str:
    """Return the passages that a summary does not say, each on a line."""
    lines = [f"- {sentence_words(sentence, document.page_kind)}" for sentence in document.omitted]
    return "\n".join([f"**{ALSO}**", "", *lines]) if lines else ""


def more_words(documents: Sequence[DocumentSummary]) -> str:
    """Return how many passages are not said, for the last line of a copy; empty where there are none."""
    count = sum(len(document.omitted) for document in documents)
    return (
        ngettext("{n:,} more passage with figures or duties.", "{n:,} more passages with figures or duties.", count)
        if count
        else ""
    )


def has_bullets(kind: str, sentences: Sequence[Sentence]) -> bool:
    return kind not in ("paragraph", "simple") or any(sentence.group for sentence in sentences)


def pages_read_words(read: int, total: int, page_kind: str = _("page")) -> str:
    return _("{read} of {total} {pages} read").format(read=read, total=total, pages=page_word(page_kind))


def coverage_words(coverage: Coverage, page_kind: str = "page") -> str:
    """Return the coverage in a line: "84 of 84 pages read."; else which were not, and why."""
    line = f"{pages_read_words(coverage.pages_read, coverage.pages_total, page_kind)}."
    by_reason: dict[str, list[int]] = {}
    for page in coverage.unreadable:
        by_reason.setdefault(page.reason, []).append(page.page)
    if by_reason:
        parts = [f"{page_ranges(pages)} ({reason})" for reason, pages in by_reason.items()]
        line += _(" Not read: {parts}.").format(parts="; ".join(parts))
    return line


def whole_coverage_words(summary: Summary) -> str:
    line = coverage_words(summary.coverage, summary.page_kind)
    if not summary.not_read:
        return line
    count = len(summary.not_read)
    parts = [f"{' '.join(document.name.split())} ({document.reason.rstrip('.')})" for document in summary.not_read]
    return ngettext(
        "{line} {n:,} document could not be read at all: {parts}.",
        "{line} {n:,} documents could not be read at all: {parts}.",
        count,
        line=line,
        parts="; ".join(parts),
    )


def figures_words(pages: Sequence[tuple[str, int]]) -> str:
    by_name: dict[str, list[int]] = {}
    for name, page in pages:
        by_name.setdefault(name, []).append(page)
    parts = [f"{name + ': ' if name else ''}{page_ranges(some)}" for name, some in by_name.items()]
    return _("Tables of figures are not retold in words; see {parts}.").format(parts="; ".join(parts)) if parts else ""

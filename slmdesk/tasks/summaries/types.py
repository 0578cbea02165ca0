"""Types of a finished summary for frontends, store and exports, and their text form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from
from slmdesk.base.record import Number, Record, changed
from slmdesk.base.texts import N_, _, ngettext, retold
from slmdesk.base.types import Json, page_sign, unlike_marks
from slmdesk.claims.types import Mark
from slmdesk.documents.types import Coverage, PageKinds, Span, coverage_words, kind_in, page_ranges

if TYPE_CHECKING:
    from slmdesk.claims.deadlines.reckoning import Reason  # with all that finds days, which no start needs


class Kind(StrEnum):
    PARAGRAPH = "paragraph"
    BULLETS = "bullets"
    EXECUTIVE = "executive"
    """Name of BULLETS in earlier versions, with the same meaning."""
    SECTIONS = "sections"
    SIMPLE = "simple"
    OWN = "own"


class Length(StrEnum):
    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class Paper(StrEnum):
    """Type of document, as a person says it. Nothing is chosen by it."""

    AUTO = "auto"
    CONTRACT = "contract"
    MINUTES = "minutes"
    REPORT = "report"
    LETTER = "letter"
    ARTICLE = "article"
    """Also used for every other type of document."""


TO_DO, KEY_POINTS, SHARED = N_("To do"), N_("Key points"), N_("In several documents")
EARLIER = N_("From earlier mails")
"""Labels above groups of sentences. The first sentence, which says what the paper is, has no label."""
ALSO = N_("More passages")
ALSO_IN = N_("Also in the document")
"""Label above what must be known and a written summary does not say, in the document's own words."""
KEPT_OWN = "own_words"
"""Key in the settings of an item: True where a person chose to see, and export, the document's own words."""
ADD, RECEIVE = "add", "receive"
"""Actions: take a passage that is left out into the summary; say when a document was received."""
PROSE = (Kind.PARAGRAPH, Kind.SIMPLE)


def group_words(group: str) -> str:
    """Return the label of a group in the chosen language. A heading of the document stays as it is."""
    file, mark, name = group.rpartition(": ")
    return f"{file}{mark}{_(name) if name in (TO_DO, KEY_POINTS, SHARED, EARLIER, ALSO_IN) else name}"


class Sentence(Record):
    text: str
    blocks: tuple[Span, ...]
    pages: tuple[int, ...]
    supported: bool
    flags: tuple[Mark, ...] = ()
    quotation: bool = False
    group: str = ""
    """Label above the sentence: TO_DO, KEY_POINTS, EARLIER, or a heading of the document."""
    file: str = ""
    told: Any = None
    """Of an e-invoice: what the sentence says (`summaries.einvoice.Told` as JSON), of which it is made anew in the
    language of whoever reads it.
    """


class DocumentSummary(Record):
    document: str
    name: str
    page_kind: str
    sentences: tuple[Sentence, ...]
    coverage: Coverage
    omitted: tuple[Sentence, ...] = ()
    """Passages that the summary leaves out."""
    paper: str = ""
    """Type of document as a person said it, else "auto"."""
    own_words: tuple[Sentence, ...] = ()
    """What the rules chose, in the document's own words, if a model wrote `sentences`."""
    dated: tuple[int, ...] = ()
    """Year, month and day of the document's own date, if it has one."""


class UnreadableDocument(Record):
    name: str
    reason: str


class SummaryRequest(Record):
    documents: tuple[str, ...]
    """Ids of documents, or unique beginnings of ids."""
    kind: Kind = Kind.BULLETS
    length: Length | int = Length.MEDIUM
    """A named length or a number of words."""
    language: str = ""
    """ISO 639-1 code of the summary's language; empty for the document's own language."""
    focus: str = ""
    instruction: str = ""
    """What a person asked for: the whole task of the kind `own`, an additional wish for other kinds."""
    model: str | None = None
    """Id of the model; None for the default model for summaries, or else the model used last."""
    not_read: tuple[UnreadableDocument, ...] = ()
    """Documents that should have been summarized as well but could not be read. The summary lists them."""
    paper: Paper = Paper.AUTO
    own_words: bool = False
    """True if no model may word it."""
    reader: str = ""
    """ISO 639-1 code of the person's language, in which a model writes that may; empty for the document's own."""

    @property
    def may_need_model(self) -> bool:
        """Return whether a model may word the summary. Otherwise it consists of the paper's own sentences."""
        return bool(self.language or self.instruction) or self.kind in (Kind.SIMPLE, Kind.OWN)


class Deadline(Record):
    """By when something has to be done."""

    document: str
    name: str
    text: str
    blocks: tuple[Span, ...]
    day: str
    """ISO 8601. Empty where it cannot be reckoned."""
    words: str = ""
    """How it was reckoned, or why not, in the language of the person. Empty for a day that the document names."""
    reason: Reason | None = None
    """The same, from which its words are made."""
    is_confirmed: bool = False
    received: str = ""
    """When the document is taken to be received, ISO 8601."""
    place: str = ""
    """Whose law and holidays hold (see `claims.deadlines.places.PLACES`)."""
    what: str = ""
    """What has to be done, in few words of the document's language, without the day."""
    who: str = ""
    """Who wrote the document; empty where that is not certain."""
    amount: str = ""
    """The amount of money in the sentence, as written."""
    part: int = 0
    """Which it is of the deadlines of its sentence, from 0."""


class Summary(Record):
    kind: str
    language: str
    method: str
    """`model` if a model worded it, `quotations` if it consists of sentences of the documents."""
    sentences: tuple[Sentence, ...]
    """Sentences of the summary; for several documents, those of the joint summary."""
    coverage: Coverage
    documents: tuple[DocumentSummary, ...]
    model: str = ""
    note: str = ""
    left_out: int = 0
    """Number of points that were left out because no passage supports them."""
    seconds: Number = 0.0
    not_read: tuple[UnreadableDocument, ...] = ()
    is_draft: bool = False
    """True when the summary holds only the sentences so far, because it was stopped or the program ended."""
    words: int = 0
    """Number of words that the summary may have."""
    own_words: tuple[Sentence, ...] = ()
    """For several documents, what the rules chose for all together, if a model wrote `sentences`."""

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
    """Read a stored request. Unknown values are replaced by defaults."""
    return lenient_from(SummaryRequest, untrusted, documents=())


def with_omitted(summary: Summary, document: str, number: int) -> Summary:
    """Return a summary with omitted sentence number `number` of a document inserted in text order.

    Raises KnownError `request.invalid` when there is no such sentence.
    """
    summarized = next((each for each in summary.documents if each.document == document), None)
    if summarized is None or not 0 <= number < len(summarized.omitted):
        raise KnownError("request.invalid", what=_("no such sentence"))
    added = summarized.omitted[number]
    rest = summarized.omitted[:number] + summarized.omitted[number + 1 :]
    if summarized.own_words:  # a model wrote the others, in its order
        added = changed(added, group=ALSO_IN)
        sentences = (*summarized.sentences, added)
    else:
        added = changed(added, group=KEY_POINTS if any(sentence.group for sentence in summarized.sentences) else "")
        sentences = _in_order((*summarized.sentences, added))
    updated = changed(summarized, sentences=sentences, omitted=rest)
    documents = tuple(updated if document is summarized else document for document in summary.documents)
    joint = (*summary.sentences, changed(added, file=summarized.name))
    return changed(summary, sentences=joint if len(documents) > 1 else updated.sentences, documents=documents)


def in_own_words(summary: Summary) -> Summary:
    """Return a summary with what the rules chose in place of what a model wrote."""
    documents = list[DocumentSummary]()
    for document in summary.documents:
        sentences = document.own_words or document.sentences
        said = {sentence.text for sentence in sentences}
        omitted = tuple(sentence for sentence in document.omitted if sentence.text not in said)
        documents.append(changed(document, sentences=sentences, omitted=omitted, own_words=()))
    sentences = documents[0].sentences if len(documents) == 1 else summary.own_words
    return changed(summary, method="quotations", sentences=sentences, documents=tuple(documents))


def is_written(documents: Sequence[DocumentSummary]) -> bool:
    """Return whether a model wrote the summary of one of the documents."""
    return any(document.own_words for document in documents)


def writer_words(summary: Summary, documents: Sequence[DocumentSummary] = ()) -> str:
    """Return the line that says which model wrote the summary, or that of some documents; empty if none did."""
    if not is_written(documents or summary.documents):
        return ""
    return _("Written by {model}, each sentence checked against its pages.").format(model=summary.model)


def _in_order(sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """Return the sentences sorted by their place in the text, within their groups."""
    groups = list(dict.fromkeys(sentence.group for sentence in sentences))

    def place(sentence: Sentence) -> tuple[int, int, int]:
        first = sentence.blocks[0] if sentence.blocks else None
        return groups.index(sentence.group), first.page if first else 0, first.start if first else 0

    return tuple(sorted(sentences, key=place))


def place_words(sentence: Sentence, page_kind: PageKinds = "page") -> str:
    """Return the words for where a sentence comes from: "[p. 3]", "[lease.pdf, p. 3, 4]"."""
    word = page_sign(kind_in(page_kind, sentence.file))
    pages = f"{word} {', '.join(map(str, sentence.pages))}" if sentence.pages else ""
    inside = ", ".join(words for words in (" ".join(sentence.file.split()), pages) if words)
    return f"[{inside}]" if inside else ""


def sentence_words(sentence: Sentence, page_kind: PageKinds = "page") -> str:
    warning = "" if sentence.supported else _(" (check this)")
    return f"{unlike_marks(sentence.text)} {place_words(sentence, page_kind)}".rstrip() + warning


def text_of(kind: str, sentences: Sequence[Sentence], page_kind: PageKinds = "page") -> str:
    """Return sentences as Markdown. What a paragraph says stands in one line."""
    is_prose = kind in PROSE
    has_groups = any(sentence.group for sentence in sentences)
    lines: list[str] = []
    group = ""
    for sentence in sentences:
        if sentence.group and sentence.group != group:
            group = sentence.group
            lines += ([""] if lines else []) + [f"**{unlike_marks(group_words(group))}**", ""]
        words = sentence_words(sentence, page_kind)
        if is_prose and lines and not group:
            lines[-1] += f" {words}"
        else:
            lines.append(f"- {words}" if group or not (has_groups or is_prose) else words)
    return "\n".join(lines)


def omitted_words(document: DocumentSummary) -> str:
    """Return the passages that a summary leaves out, one per line."""
    lines = [f"- {sentence_words(sentence, document.page_kind)}" for sentence in document.omitted]
    return "\n".join([f"**{_(ALSO)}**", "", *lines]) if lines else ""


def more_words(documents: Sequence[DocumentSummary]) -> str:
    """Return a line that says how many passages are left out, to end a copied summary; empty if there are none."""
    count = sum(len(document.omitted) for document in documents)
    return ngettext("{n:,} more passage.", "{n:,} more passages.", count) if count else ""


def note_words(note: str) -> str:
    """Say the sentences of a note, which is stored in English, in the language of the window."""
    return " ".join(map(retold, re.split(r"(?<=\.) (?=[A-Z])", note)))


def whole_coverage_words(summary: Summary) -> str:
    line = coverage_words(summary.coverage, summary.page_kind)
    if not summary.not_read:
        return line
    count = len(summary.not_read)
    parts = [
        f"{' '.join(document.name.split())} ({retold(document.reason).rstrip('.')})" for document in summary.not_read
    ]
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

"""Stored results of each task, as small as shows what their exports have, and a history that holds one of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from slmdesk.base.documents import Block, BlockKind, Page, page_of
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import DocumentRecord, DocumentStatus, Item, Message, Status
from slmdesk.base.types import Attached, AttachmentPart, Role, TextPart
from slmdesk.claims.types import Mark
from slmdesk.documents.search import Citation
from slmdesk.documents.types import Coverage, Span, Unread
from slmdesk.tasks.questions.prompt import Answered, LookedAt
from slmdesk.tasks.questions.report import read_of
from slmdesk.tasks.questions.types import Conversation
from slmdesk.tasks.report import NotRead
from slmdesk.tasks.shape import TaskView
from slmdesk.tasks.summaries.plan import TOO_MUCH_TO_DO
from slmdesk.tasks.summaries.types import ALSO_IN, TO_DO, DocumentSummary, Sentence, Summary, UnreadableDocument
from slmdesk.tasks.tables.labels import label_presets
from slmdesk.tasks.tables.types import Column, ColumnKind, Edit, Flag, Table, TableCell, TableRow, with_edits
from slmdesk.tasks.versions.difference.compare import difference
from slmdesk.tasks.versions.types import Comparison, Side, Wording

WHEN = 1_774_620_000.0
LEASE, SLIDES = "l" * 16, "s" * 16
PAGES: Mapping[str, tuple[str, ...]] = {
    LEASE: (
        "City of Kiel\n\nDear tenant,\nA letter about the flat. Please pay 850 euros by 3 March 2020. "
        "It was signed in Lille.",
        "Please object within one month of receipt of this letter. The roof leaks.\nPlease come by 5 May 2099.",
        "",
    ),
    SLIDES: ("The meeting is about heating.", "Boilers cost 4,000 euros."),
}
NAMES = {LEASE: "lease.pdf", SLIDES: "plan.pptx"}


def document_of(id: str) -> DocumentRecord:
    info = {"page_kind": "slide" if id == SLIDES else "page", "receipt": {"day": "2020-01-05", "place": "DE-BY"}}
    return DocumentRecord(
        1, id, b"file", NAMES[id], "", NAMES[id][-3:], 1, 1, "1", DocumentStatus.READ, info, None, None, {}, 0.0, 0.0,
        len(PAGES[id]),
    )  # fmt: skip


def pages_of(document: str, begin: int = 1, limit: int = 99, **_rest: object) -> list[Page]:
    blocks = [Block(BlockKind.PARAGRAPH, 0, 1)]
    pages = [page_of(at, str(at), text, blocks if text else []) for at, text in enumerate(PAGES[document], 1)]
    return pages[begin - 1 : begin - 1 + limit]


STORE: Any = SimpleNamespace(pages=SimpleNamespace(of_document=pages_of))
"""What a report asks of a history."""


def span_of(document: str, words: str) -> Span:
    page = next(at for at, text in enumerate(PAGES[document], 1) if words in text)
    start = PAGES[document][page - 1].index(words)
    return Span(document, page, start, start + len(words))


def sentence(text: str, document: str = LEASE, of: str = "", **more: Any) -> Sentence:
    span = span_of(document, of or text)
    return Sentence(text, (span,), (span.page,), True, **more)


# ---- summaries

LYON = Mark("name", "Lyon", 17, 21, "Lille")
IN_LEASE = (
    sentence("A letter about the flat.", quotation=True),
    sentence("Please object within one month of receipt of this letter.", quotation=True, group=TO_DO),
    sentence("Please pay 850 euros by 3 March 2020.", quotation=True, group=TO_DO),
    changed(
        sentence("It was signed in Lyon.", of="It was signed in Lille.", group="Key points", flags=(LYON,)),
        blocks=(span_of(LEASE, "It was signed in Lille."), span_of(LEASE, "The roof leaks.")), pages=(1, 2),
    ),
    Sentence("All is well.", (), (), False, group="Key points"),
)  # fmt: skip
READ = Coverage(3, 2, 9, 8, (Unread(3, "scanned", LEASE),), ("winmail.dat",))
LEFT_OUT = sentence("Please come by 5 May 2099.", quotation=True)
ONE = DocumentSummary(LEASE, "lease.pdf", "page", IN_LEASE, READ, (LEFT_OUT,), dated=(2020, 1, 3))
SUMMARY = Summary(
    "bullets", "en", "quotations", IN_LEASE, READ, (ONE,), note=TOO_MUCH_TO_DO, left_out=1,
    not_read=(UnreadableDocument("broken.pdf", "It is damaged."),),
)  # fmt: skip
WRITTEN = (
    sentence("It plans the heating.", SLIDES, of="The meeting is about heating."),
    sentence("Boilers cost 4,000 euros.", SLIDES),
    sentence("Boilers cost 4,000 euros.", SLIDES, quotation=True, group=ALSO_IN),
)
OTHER = DocumentSummary(
    SLIDES, "plan.pptx", "slide", WRITTEN, Coverage(2, 2, 2, 2),
    own_words=(sentence("Boilers cost 4,000 euros.", SLIDES),),
)  # fmt: skip
TOGETHER = Summary(
    "paragraph", "en", "model",
    (changed(WRITTEN[0], file="plan.pptx"), changed(IN_LEASE[3], file="lease.pdf", group="")),
    Coverage(5, 4, 11, 10, (Unread(3, "scanned", LEASE),)), (ONE, OTHER), "Qwen",
)  # fmt: skip

# ---- tables

TABLE = Table(
    (
        Column("Rent", ColumnKind.AMOUNT), Column("Due", ColumnKind.DATE), Column("Who"),
        Column("Share", ColumnKind.NUMBER),
    ),
    (
        TableRow("d1", "=cmd.pdf", "page", (
            TableCell("1.234,50 €", "Die Miete ist 1.234,50 €", 3, 4, 9, Flag.NONE, "e-invoice", 1234.5, "EUR"),
            TableCell("4 March 2024", "by 4 March 2024", 2, 3, 15, Flag.NONE, "rule", date="2024-03-04"),
            TableCell('=HYPERLINK("http://x")', page=1, flag=Flag.ELSEWHERE, origin="model"),
            TableCell("12 %", "12 %", 1, 0, 4, Flag.SIGN, number=12.0, unit="percent"),
        ), Coverage(4, 3, 9, 9, (Unread(4, "scanned"),), ("winmail.dat",))),
        TableRow("d2", "b.txt", "section", (
            TableCell("-45", page=1, flag=Flag.NONE, number=-45.0), TableCell(flag=Flag.OPEN), TableCell("Ada"),
            TableCell(flag=Flag.UNASKED),
        ), Coverage(1, 1, 9, 9), is_whole=False),
        TableRow("d3", "c.pdf", "page", (
            TableCell("9", page=1, flag=Flag.DIFFERS, note="Total: 8 on the page, 9 in the e-invoice.\nmore"),
            TableCell(flag=Flag.NOT_THERE), TableCell(flag=Flag.UNREAD), TableCell(),
        ), Coverage(0, 0, 0, 0)),
    ),
    (Edit("d2", 2, "Grace"),), "Qwen", note="A model of about 1B or more would fill: Who.",
)  # fmt: skip


def text_row(number: int) -> TableRow:
    label = ("positive", "negative", "")[number % 3]
    cells = (
        TableCell(label, "so good" if label else "", 1, 0, 7, Flag.UNSURE if number == 1 else Flag.NONE, "judged",
                  certainty=0.5 if number == 1 else 0.9 if label else 0.0),
        TableCell(f"2024-0{1 + number % 2}-11", date=f"2024-0{1 + number % 2}-11", flag=Flag.NONE, origin="given"),
        TableCell(f"Shop {number % 2}", flag=Flag.NONE, origin="given"),
    )  # fmt: skip
    return TableRow(f"d#{number}", f"t.csv, {number}", "sheet", cells, Coverage(1, 1, 1, 1))


LABELS = Table(
    (dict(label_presets())["sentiment"], Column("Day", ColumnKind.GIVEN), Column("Shop", ColumnKind.GIVEN)),
    tuple(map(text_row, range(7))), (Edit("d#1", 0, "mixed"),), "Qwen", is_done=True,
    checks=(Edit("d#0", 0, "positive"), Edit("d#1", 0, "mixed")),
)  # fmt: skip

# ---- comparisons

OLD_TEXT = (
    "1. Rent\nThe rent is 900 euros a month.\nThe tenant shall pay within 30 days.\n2. Notice\nThe flat has a garden.\n"
    "Dogs are allowed."
)
NEW_TEXT = (
    "1. Rent\nThe rent is 950 euros a month.\nThe tenant shall pay within 30 days.\n2. Notice\nThe flat has a yard.\n"
    "Cats may stay with the tenant at no cost."
)


def compared(old: str, new: str, kind: str = "page", **more: Any) -> Comparison:
    def page(text: str) -> Page:
        blocks, at = [], 0
        for line in text.split("\n"):
            is_heading = line[:1].isdigit()
            blocks.append(Block(BlockKind.HEADING if is_heading else BlockKind.PARAGRAPH, at, at + len(line)))
            at += len(line) + 1
        return page_of(1, "1", text, blocks)

    found = difference([page(old)], [page(new)], language="en")
    read = Coverage(1, 1, 1, 1)
    new = changed(read, pages_total=2, unreadable=(Unread(2, "scanned"),)) if kind == "page" else read
    sides = Side(LEASE, "old.docx", kind, read), Side(SLIDES, "new.docx", kind, new)
    return Comparison(*sides, found.changes, found.rows, language="en", **more)


COMPARISON = compared(
    OLD_TEXT, NEW_TEXT, sentences=(Wording(0, "It costs more."),), model="Qwen", note="Qwen wrote nothing else."
)
PLAIN = compared("It costs ten euros.\nSame.", "It costs nine euros.\nSame.", "section")
SAME = compared("Same.", "Same.", same_bytes=True)

# ---- questions


def said(n: int, role: Role, text: str, **more: Any) -> Message:
    answer = role is Role.ASSISTANT
    values: dict[str, Any] = {
        "n": n, "id": f"m{n}", "item": "i", "parent": f"m{n - 1}" if n > 1 else None, "role": role,
        "parts": () if answer else (TextPart(text),), "text": text if answer else "", "status": Status.COMPLETE,
        "owner": None, "model_sha256": None, "model_name": "Qwen" if answer else None, "preset": None, "sampling": {},
        "seed": None, "tokens_in": 0, "tokens_out": 0, "tokens_reused": 0, "seconds": 0.0, "finish_reason": None,
        "prompt_version": "1", "error_code": None, "error_args": {}, "created": WHEN + 60 * n, "revision": 1,
    }  # fmt: skip
    return Message(**(values | more))


MAY = Mark("date", "14 May", 16, 22)
ATTACHED = AttachmentPart("words", attached=Attached("note.txt", "d", is_planned=True, is_whole=True))
MESSAGES = (
    said(1, Role.USER, "What is the rent?"),
    said(2, Role.ASSISTANT, "850 euros.\n\n> “Please pay 850 euros by 3 March 2020.” — lease.pdf, page 1"),
    said(3, Role.USER, "And when was it signed?\n\nPlease be exact."),
    said(4, Role.ASSISTANT, "It was on **14 May**.\n\nCheck this: date not in the quotation (14 May).",
         sampling={"marks": [to_json(MAY)]}),
    said(5, Role.USER, "Who lives there?", parts=(TextPart("Who lives there?"), ATTACHED)),
    said(6, Role.ASSISTANT, "Not in the text. The nearest passages:\n\n> “The roof leaks.” — lease.pdf, page 2"),
    said(7, Role.USER, "Since when?"),
    said(8, Role.ASSISTANT, "Since", status=Status.CANCELLED, model_name=None),
)  # fmt: skip


def cited(words: str) -> Citation:
    span = span_of(LEASE, words)
    return Citation(span.document, span.page, span.start, span.end, words)


ANSWERS = {
    "m2": Answered("850 euros.", True, (cited("Please pay 850 euros by 3 March 2020."),), is_whole=True,
                   looked_at=(LookedAt(LEASE, "lease.pdf", True),), documents_total=2),
    "m4": Answered("It was on **14 May**.", True, (cited("It was signed in Lille."),), marks=(MAY,), passages_read=4,
                   passages_total=9),
    "m6": Answered("Not in the text.", False, nearest=(cited("The roof leaks."),)),
}  # fmt: skip
CONVERSATION = Conversation(
    ANSWERS, MESSAGES, tuple(read_of(STORE, document_of(id)) for id in (LEASE, SLIDES)),
    (NotRead("locked.pdf", "It has a password."),),
)  # fmt: skip

# ---- the history


class Sample(Record):
    item: Item
    result: Any
    forms: tuple[str, ...]
    documents: tuple[str, ...] = ()

    @property
    def store(self) -> Any:
        """What an export asks of a history, with this result alone."""
        return STORE

    @property
    def context(self) -> Any:
        return SimpleNamespace(runtime=SimpleNamespace(store=self.store))

    def tasks(self, task: Any) -> Any:
        """The service of tasks, with this result alone."""
        view = TaskView(self.item, None, tuple(map(document_of, self.documents)), self.result, None)
        return SimpleNamespace(open=lambda _id: view, task=lambda _kind: task)


def sample(kind: str, title: str, result: Any, forms: str, *documents: str, **settings: Any) -> Sample:
    item = Item(1, "item", kind, title, None, False, WHEN, WHEN, None, 1, settings)
    return Sample(item, result, tuple(forms.split()), documents)


SAMPLES: Mapping[str, Sample] = {
    "summary": sample("summary", "Summary: lease.pdf", SUMMARY, "md html json xlsx ics", LEASE),
    "together": sample("summary", "My papers", TOGETHER, "md xlsx ics", LEASE, SLIDES),
    "own words": sample("summary", "Summary: plan.pptx", changed(TOGETHER, documents=(OTHER,), sentences=WRITTEN),
                        "md xlsx", SLIDES, own_words=True),
    "table": sample("extraction", "Table: =cmd.pdf and 2 more", with_edits(TABLE), "md html json xlsx csv"),
    "labels": sample("extraction", "Table: t.csv", with_edits(LABELS), "md xlsx csv svg"),
    "comparison": sample("versions", "Compare: old.docx and new.docx", COMPARISON, "md html json xlsx"),
    "no clauses": sample("versions", "Compare: old.docx and new.docx", PLAIN, "md xlsx"),
    "same": sample("versions", "Compare: old.docx and new.docx", SAME, "md xlsx"),
    "questions": sample("question", "What is the rent?", CONVERSATION, "md html json xlsx", LEASE, SLIDES,
                        collection="c"),
}  # fmt: skip

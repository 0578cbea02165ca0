"""What leaves the window in the language of its reader: the files, opened again."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import docx
import lxml.html
import openpyxl
import pytest
from lxml import etree

from slmdesk.base.documents import Block, BlockKind, Paper, page_of
from slmdesk.base.language import in_language
from slmdesk.base.record import changed
from slmdesk.base.records import Item, Message, Status
from slmdesk.base.translation import Origin, SegmentFlag, SegmentRecord, SegmentState
from slmdesk.base.types import Attached, AttachmentPart, Role, TextPart
from slmdesk.claims.types import Mark
from slmdesk.documents.types import Coverage, Span, Unread
from slmdesk.exports import phrases
from slmdesk.exports.papers import chat_paper, to_markdown
from slmdesk.exports.spreadsheets import Book
from slmdesk.exports.writers import in_form
from slmdesk.tasks.export import book_of, paper_of
from slmdesk.tasks.summaries import report as summaries
from slmdesk.tasks.summaries.types import TO_DO, Sentence, Summary
from slmdesk.tasks.tables import report as tables
from slmdesk.tasks.tables.types import Column, ColumnKind, Flag, Table, TableCell, TableRow
from slmdesk.tasks.translation.export import translation_paper
from slmdesk.tasks.versions import report as versions
from slmdesk.tasks.versions.difference.compare import difference
from slmdesk.tasks.versions.types import Comparison, Side, Wording

pytestmark = pytest.mark.pure
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WHEN = 1_774_620_000.0
SOURCE = "compositeWithTrainedAlgorithmicMedia"


def part_of(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return packed.read(name)


def document_in(data: bytes) -> etree.ElementBase:
    return etree.fromstring(part_of(data, "word/document.xml"))


def words_in(data: bytes) -> str:
    parts = docx.Document(io.BytesIO(data))
    cells = [cell.text for table in parts.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in parts.paragraphs), *cells])


def german(paper: Paper | Book, form: str = "docx", *, has_line: bool = True) -> bytes:
    data = in_language("de", lambda: in_form(paper, form, has_line=has_line))
    assert isinstance(data, bytes)
    return data


def rows_of(data: bytes, sheet: str) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(io.BytesIO(data))[sheet].iter_rows(values_only=True))


# ---- chats


def said(n: int, role: Role, text: str, **more: Any) -> Message:
    answer = role is Role.ASSISTANT
    values: dict[str, Any] = {
        "n": n, "id": f"m{n}", "item": "i", "parent": None, "role": role,
        "parts": () if answer else (TextPart(text),), "text": text if answer else "", "status": Status.COMPLETE,
        "owner": None, "model_sha256": None, "model_name": "Qwen" if answer else None, "preset": None, "sampling": {},
        "seed": None, "tokens_in": 0, "tokens_out": 0, "tokens_reused": 0, "seconds": 0.0, "finish_reason": None,
        "prompt_version": "1", "error_code": None, "error_args": {}, "created": WHEN + 60 * n, "revision": 1,
    }  # fmt: skip
    return Message(**(values | more))


LEASE = AttachmentPart("words", attached=Attached("Vertrag.pdf", "d", is_planned=True, is_whole=True))
CHAT = Item(1, "i", "chat", "Miete", None, False, WHEN, WHEN, None, 1)
PATH = [
    said(1, Role.USER, "Wie hoch ist sie?", parts=(TextPart("Wie hoch ist sie?"), LEASE)),
    said(2, Role.ASSISTANT, "850 Euro."),
    said(3, Role.USER, "Und wann?"),
    said(4, Role.ASSISTANT, "Am", status=Status.CANCELLED),
]


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_chat_says_who_spoke_and_when_in_order(in_berlin: None) -> None:
    paper = in_language("de", chat_paper, CHAT, PATH)
    for text in (
        words_in(german(paper)),
        german(paper, "md").decode().replace("\\", ""),
        german(paper, "html").decode(),
    ):
        places = [text.index(word) for word in ("850 Euro.", "Und wann?", "vom Leser angehalten")]
        assert places == sorted(places)
        assert "Qwen (Sprachmodell)" in text
        assert "27. März 2026, 15:01 Uhr (UTC+1)" in text
        assert "Angehängt: Vertrag.pdf" in text
        assert "Ein Chat vom 27. März 2026" in text
        assert not {"You", "Attached", "UTC\n", "stopped"} & set(text.split())
    text = in_language("de", to_markdown, CHAT, PATH)
    assert "**Sie** · 27. März 2026, 15:01 Uhr (UTC+1)" in text


@pytest.mark.parametrize(
    ("zone", "said"), [("UTC", "UTC"), ("Asia/Kolkata", "UTC+5:30"), ("America/St_Johns", "UTC-2:30")]
)
def test_a_time_has_its_zone(monkeypatch: pytest.MonkeyPatch, zone: str, said: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    assert phrases.zoned_moment_words(WHEN).endswith(f"({said})")
    monkeypatch.undo()
    time.tzset()


# ---- summaries

RENT, MORE = Span("d", 3, 0, 17), Span("d", 4, 0, 4)
SUMMARY = Summary(
    "executive", "de", "model",
    (
        Sentence("Ein Mietvertrag.", (RENT,), (3,), True),
        Sentence("Zahlen Sie 850 Euro.", (RENT, MORE), (3, 4), True, group=TO_DO),
        Sentence("In Lyon.", (), (1,), False, (Mark("name", "Lyon", 3, 7, "Lille"),), group="Key points"),
        Sentence("Key points", (), (2,), True, group="Key words"),
    ),
    Coverage(84, 83, 900, 890, (Unread(12, "scanned"),)), (), model="Qwen", left_out=1,
)  # fmt: skip


def summary_paper(summary: Summary) -> Paper:
    return in_language(
        "de", lambda: paper_of(summaries.report_of("Miete", summary, words=lambda *_page: "850 Euro im Monat"))
    )


def test_a_summary_has_no_english_but_the_papers_own() -> None:
    text = words_in(german(summary_paper(SUMMARY)))
    for words in (
        "Zu tun", "Wichtigste Punkte", "(bitte prüfen)", "Stellen", "Was gelesen wurde", "[S. 3, 4]",
        "Seiten: 83 von 84 gelesen. Nicht gelesen: 12 (gescannt).",
        "Auf den gelesenen Seiten wurden 10 von 900 Absätzen nicht gelesen.",
        "Weggelassen, weil der Text ihn nicht belegt: 1 Satz.", "Lyon (dort: Lille)", "Zum Teil von einem Sprachmodell",
    ):  # fmt: skip
        assert words in text, words
    assert "Key words" in text, "a heading of the document stays"
    assert not {"check", "read", "Passages", "Left", "scanned"} & set(text.split())


def test_a_summary_as_a_spreadsheet() -> None:
    book = in_language("de", lambda: book_of(summaries.report_of("Miete", SUMMARY)))
    rows = rows_of(german(book, "xlsx"), "Zusammenfassung")
    assert rows[0] == ("Satz", "Datei", "Seiten", "Im Dokument gefunden", "Zitat", "Zu prüfen")
    assert rows[1][2:4] == (3, "ja"), "a page is a number"
    assert rows[2][2] == "3, 4"
    assert rows[3][3] == "nein"
    read = rows_of(german(book, "xlsx"), "Umfang")
    assert ("Nicht gelesen: 12", "gescannt") in [row[:2] for row in read]


# ---- comparisons


def compared(before: str, after: str) -> Comparison:
    pages = [page_of(1, "1", text, [Block(BlockKind.PARAGRAPH, 0, len(text))]) for text in (before, after)]
    diff = difference([pages[0]], [pages[1]], language="de")
    sides = (Side(name, name, "page", Coverage(1, 1, 1, 1)) for name in ("alt.docx", "neu.docx"))
    return Comparison(*sides, diff.changes, diff.rows, language="de")


BEFORE, AFTER = "Die Frist [-A-] beträgt fünf Tage.", "Die Frist [-A-] beträgt zehn Tage."
DAYS = compared(f"{BEFORE}\nDer Mieter zahlt.", f"{AFTER}\nDer Mieter zahlt.")


def versions_paper(comparison: Comparison) -> Paper:
    names = f"{comparison.old.name} und {comparison.new.name}"
    return in_language("de", lambda: paper_of(versions.report_of(f"Vergleich: {names}", comparison)))


def settled(document: etree.ElementBase, *, accepted: bool) -> list[str]:
    """The paragraphs as Word leaves them when all changes are accepted, or rejected."""
    left = f"{W}del" if accepted else f"{W}ins"
    paragraphs = []
    for paragraph in document.iter(f"{W}p"):
        words = [text for text in paragraph.iter(f"{W}t", f"{W}delText") if not list(text.iterancestors(left))]
        paragraphs.append("".join(text.text or "" for text in words))
    return paragraphs


def test_a_comparison_has_tracked_changes_in_word() -> None:
    data = german(versions_paper(DAYS))
    document = document_in(data)
    gone, come = (["".join(change.itertext()) for change in document.iter(f"{W}{kind}")] for kind in ("del", "ins"))
    assert (gone, come) == (["fünf"], ["zehn"])
    for change in document.iter(f"{W}del", f"{W}ins"):
        assert change.get(f"{W}author") == "slmdesk"
        assert change.get(f"{W}date", "").endswith("Z")
    ids = [change.get(f"{W}id") for change in document.iter(f"{W}del", f"{W}ins")]
    assert len(set(ids)) == len(ids)
    assert AFTER in settled(document, accepted=True)
    assert BEFORE in settled(document, accepted=False)
    text = words_in(data)
    assert "Vergleich: alt.docx und neu.docx" in text
    assert "Was sich von alt.docx (alt) zu neu.docx (neu) geändert hat" in text
    for words in ("Das Wichtigste zuerst", "Alle Änderungen", "Was gelesen wurde", "Nr."):
        assert words in text, words


def test_a_comparison_strikes_out_and_underlines_elsewhere() -> None:
    paper = versions_paper(DAYS)
    page = lxml.html.fromstring(german(paper, "html"))
    assert [each.text for each in page.iter("del")] == ["fünf"]
    assert [each.text for each in page.iter("ins")] == ["zehn"]
    assert "beträgt ~~fünf~~**zehn** Tage" in german(paper, "md").decode()


@pytest.mark.parametrize(
    ("before", "after", "kind", "words"),
    [("Eins.\nZwei <b>& drei.", "Eins.", "del", "Zwei <b>& drei."), ("Eins.", "Eins.\nZwei neu.", "ins", "Zwei neu.")],
)
def test_a_whole_passage_comes_or_goes(before: str, after: str, kind: str, words: str) -> None:
    document = document_in(german(versions_paper(compared(before, after))))
    changes = [
        (change.tag.removeprefix(W), "".join(change.itertext())) for change in document.iter(f"{W}del", f"{W}ins")
    ]
    assert changes == [(kind, words)]


def test_a_comparison_as_a_spreadsheet() -> None:
    rows = rows_of(german(in_language("de", lambda: book_of(versions.report_of("V", DAYS))), "xlsx"), "Änderungen")
    assert rows[0] == ("Nr.", "Art", "Abschnitt", "Alte Seite", "Neue Seite", "Was sich geändert hat", "Alt", "Neu")
    assert rows[1][3:5] == (1, 1)
    assert rows[1][1] == "geändert"


# ---- tables

READ = Coverage(4, 3, 9, 9, (Unread(4, "scanned"),))
CELLS = (
    TableCell("1.234,50 €", "Die Miste ist 1.234,50 €", 3, 0, 9, Flag.NONE, "label", 1234.5, "EUR"),
    TableCell("4. März 2024", "am 4. März 2024", 2, 0, 9, Flag.NONE, "rule", date="2024-03-04"),
    TableCell("Ada", "Ada", 1, 0, 3, Flag.KIND, "model"),
)
OPENED = (TableCell(flag=Flag.OPEN), TableCell(flag=Flag.UNREAD), TableCell(flag=Flag.NOT_FOUND))
TABLE = Table(
    (Column("Miete", ColumnKind.AMOUNT), Column("Fällig", ColumnKind.DATE), Column("Wer", ColumnKind.PERSON)),
    (
        TableRow("a", "a.pdf", "page", CELLS, READ),
        TableRow("b", "b.pdf", "page", OPENED, READ, is_whole=False),
        TableRow("c", "c.pdf", "page", OPENED, Coverage(0, 0, 0, 0)),
    ),
    model="Qwen",
)  # fmt: skip


def test_a_cancelled_table_has_all_rows_and_says_what_was_not_read() -> None:
    data = german(in_language("de", lambda: book_of(tables.report_of("T", TABLE))), "xlsx")
    rows = rows_of(data, "Tabelle")
    assert rows[0] == ("Dokument", "Miete", "Seite", "Fällig", "Seite", "Wer", "Seite", "Zu prüfen")
    assert [row[0] for row in rows[1:]] == ["a.pdf", "b.pdf", "c.pdf"]
    assert rows[1][1] == 1234.5
    assert f"{rows[1][3]:%Y-%m-%d}" == "2024-03-04"
    assert rows[1][-1] == "Wer: nicht die gewünschte Art von Wert"
    assert [row or "" for row in rows[2][1:6:2]] == ["nicht gelesen", "nicht gelesen", ""]
    assert rows[2][-1] == "Miete: nicht gelesen; Fällig: nicht gelesen"
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Tabelle"]
    assert "Im Dokument: 1.234,50 €" in sheet["B2"].comment.text
    read = rows_of(data, "Was gelesen wurde")
    assert read[0] == ("Dokument", "Seiten", "Gelesene Seiten", "Nicht gelesen", "Dem Modell gegeben")
    assert read[1][3:] == ("4 (gescannt)", "ganz")


def test_a_table_as_a_paper() -> None:
    text = words_in(german(in_language("de", lambda: paper_of(tables.report_of("Tabelle: a.pdf", TABLE)))))
    for words in ("Wert", "Seite", "nicht gelesen", "Diese Tabelle ist nicht fertig.", "4 (gescannt)"):
        assert words in text, words


# ---- translations


def segment(
    number: int, state: SegmentState, *flags: SegmentFlag, origin: Origin | None = Origin.MODEL
) -> SegmentRecord:
    return SegmentRecord(
        "i",
        number,
        number,
        "slide 2, notes",
        "text",
        "Hello",
        "",
        "",
        (),
        (),
        "",
        "Hallo",
        state,
        origin,
        flags,
        "",
        1,
        (),
    )


def test_a_translation_says_states_places_and_doubts() -> None:
    segments = [
        segment(0, SegmentState.TRANSLATED, SegmentFlag("number", "12", "13")),
        segment(1, SegmentState.APPROVED),
    ]
    left = [("equation", "page 3", "x = 1")]
    text = words_in(german(in_language("de", translation_paper, "brief.docx → Deutsch", segments, left, "Qwen")))
    for words in (
        "2 Segmente: 1 übersetzt, 1 bestätigt.", "Zahl prüfen: „13“ → „12“", "Folie 2, Notizen", "Zu prüfen", "Status",
        "Was bleibt, wie es ist",
    ):  # fmt: skip
        assert words in text, words


# ---- made by a model


def properties(data: bytes) -> Mapping[str, str]:
    tree = etree.fromstring(part_of(data, "docProps/custom.xml"))
    return {each.get("name", ""): "".join(each.itertext()) for each in tree}


def test_programs_and_people_find_that_a_model_wrote() -> None:
    paper = in_language("de", chat_paper, CHAT, PATH)
    line = "Zum Teil von einem Sprachmodell geschrieben (Qwen). Bitte prüfen, bevor Sie sich darauf verlassen."
    for has_line in (True, False):
        word, page = german(paper, has_line=has_line), german(paper, "html", has_line=has_line).decode()
        assert properties(word)["DigitalSourceType"].endswith(SOURCE)
        assert properties(word)["AISystemUsed"] == "Qwen"
        names = {each.get("name"): each.get("content") for each in lxml.html.fromstring(page.encode()).iter("meta")}
        assert str(names["DigitalSourceType"]).endswith(SOURCE)
        assert (line in words_in(word), line in page) == (has_line, has_line)
        sheets = german(Book({"Eins": [("a",), ("b",)]}, model="Qwen"), "xlsx", has_line=has_line)
        book = openpyxl.load_workbook(io.BytesIO(sheets))
        assert {each.name for each in book.custom_doc_props.props} == {"DigitalSourceType", "AISystemUsed"}
        assert (line in str(rows_of(sheets, "Eins"))) is has_line
        assert docx.Document(io.BytesIO(word)).core_properties.title == "Miete", "the file opens"


def test_nothing_is_said_where_rules_and_people_wrote() -> None:
    quoted = changed(SUMMARY, method="quotations")
    papers = (
        summary_paper(quoted),
        versions_paper(DAYS),
        in_language("de", chat_paper, CHAT, [PATH[0], PATH[2]]),
        in_language("de", lambda: paper_of(tables.report_of("T", changed(TABLE, rows=TABLE.rows[1:])))),
    )
    for paper in papers:
        data = german(paper)
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            assert "docProps/custom.xml" not in packed.namelist()
        assert "Sprachmodell" not in words_in(data)
        assert SOURCE not in german(paper, "html").decode()


def test_a_remark_of_a_model_in_a_comparison_counts() -> None:
    remarked = changed(DAYS, sentences=(Wording(0, "Länger."),), model="Qwen")
    assert versions_paper(remarked).model == "Qwen"
    assert versions_paper(changed(DAYS, model="Qwen")).model == ""

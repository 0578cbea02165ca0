from __future__ import annotations

import io
import re
import zipfile

import docx
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from slmdesk.base.documents import Paper, Piece, PieceKind, Run, heading, item, paragraph, plain, table
from slmdesk.base.record import changed
from slmdesk.claims.types import Mark
from slmdesk.documents.types import Coverage, Span, Unread
from slmdesk.exports.html import to_html
from slmdesk.exports.markdown import pieces_of, to_markdown
from slmdesk.exports.spreadsheets import tables_of, to_xlsx
from slmdesk.exports.word import to_docx
from slmdesk.tasks.export import book_of, paper_of
from slmdesk.tasks.summaries.report import report_of
from slmdesk.tasks.summaries.types import DocumentSummary, Sentence, Summary

pytestmark = pytest.mark.pure

MARKDOWN = """# Results

Some **bold**, *italic* and `code`, a [link](http://x.example/) and ![a picture](http://x.example/p.png).

1. one
   - inner
2. two

> quoted

```python
print("<x>")
```

| A | B |
|---|---|
| 1 | =2+2 |

<script>alert(1)</script>
"""
RENT, LATER = Span("d", 3, 0, 27), Span("d", 4, 0, 42)
LYON = Mark("name", "Lyon", 17, 21, "Lille")
SUMMARY = Summary(
    "executive", "en", "model",
    (
        Sentence("The rent is 850 euros.", (RENT, LATER), (3, 4), True, group="Amount"),
        Sentence("It was signed in Lyon.", (), (1,), True, (LYON,), quotation=True, file="b.pdf"),
        Sentence("All is well.", (), (), False),
    ),
    Coverage(84, 83, 900, 890, (Unread(12, "scanned"),)), (),
)  # fmt: skip


def kinds(pieces: list[Piece]) -> list[PieceKind]:
    return [piece.kind for piece in pieces]


def test_markdown_is_taken_apart() -> None:
    pieces = pieces_of(MARKDOWN)
    assert kinds(pieces) == [
        PieceKind.HEADING, PieceKind.PARAGRAPH, PieceKind.ITEM, PieceKind.ITEM, PieceKind.ITEM, PieceKind.QUOTE,
        PieceKind.CODE, PieceKind.TABLE, PieceKind.PARAGRAPH,
    ]  # fmt: skip
    assert [(piece.mark, piece.level) for piece in pieces if piece.kind is PieceKind.ITEM] == [
        ("1.", 1),
        ("•", 2),
        ("2.", 1),
    ]
    assert Run("bold", bold=True) in pieces[1].runs
    assert "link (http://x.example/)" in pieces[1].text
    assert pieces[7].rows == (("A", "B"), ("1", "=2+2"))


def test_html_holds_foreign_words_as_words() -> None:
    text = to_html(Paper("<b>Title</b>", (*pieces_of(MARKDOWN), paragraph('<img src="http://x.example/a.png">'))))
    assert not re.search(r"<(script|img|b>|a )", text)
    assert "&lt;script&gt;" in text
    assert "default-src 'none'" in text


def test_markdown_comes_back_as_it_was() -> None:
    first = pieces_of(MARKDOWN)
    again = pieces_of(to_markdown(Paper("Title", tuple(first))))[1:]
    assert [(piece.kind, piece.text, piece.rows) for piece in again] == [
        (piece.kind, piece.text, piece.rows) for piece in first
    ]


def test_formulas_keep_their_source() -> None:
    text = "So $a_1 * b_2 * c$ and \\(\\alpha\\), $5.\n\n$$\nx \\\\ y\n- z\n$$\n\n- \\[ a_1 \\]\n\n$$\nno end_1_"
    pieces = pieces_of(text)
    assert "$$\nx \\\\ y\n- z\n$$" in to_markdown(Paper("Title", tuple(pieces)))
    assert [piece.text for piece in pieces] == [
        "So $a_1 * b_2 * c$ and \\(\\alpha\\), $5.", "$$\nx \\\\ y\n- z\n$$", "\\[ a_1 \\]", "$$\nno end_1_",
    ]  # fmt: skip
    again = pieces_of(to_markdown(Paper("Title", tuple(pieces[:3]))))[1:]
    assert [piece.text for piece in again] == [piece.text for piece in pieces[:3]]
    table = "| a_1 * | $a_1$ or $5 |\n| --- | --- |\n| \\(b_2*c*\\) | \\* x_1 $ |"
    cells = to_markdown(Paper("Title", tuple(pieces_of(table))))
    assert "| a\\_1 \\* | $a_1$ or $5 |" in cells
    assert "| \\(b_2*c*\\) | \\* x\\_1 $ |" in cells
    assert "$a_1 * b_2 * c$" in to_html(Paper("Title", tuple(pieces)))


def test_a_word_file_opens_and_has_everything() -> None:
    document = docx.Document(io.BytesIO(to_docx(Paper("Title", tuple(pieces_of(MARKDOWN)), "sub"))))
    words = "\n".join(other_paragraph.text for other_paragraph in document.paragraphs)
    for requested in ("Title", "sub", "Results", "bold", "1.\tone", "inner", "quoted", 'print("<x>")', "alert(1)"):
        assert requested in words
    assert "•" not in words
    styles = {other_paragraph.text: other_paragraph.style.name for other_paragraph in document.paragraphs}
    assert styles["inner"] == "List Bullet 2"
    assert document.tables[0].cell(1, 1).text == "=2+2"
    assert document.core_properties.author == ""


def test_a_spreadsheet_has_words_and_no_formulas() -> None:
    data = to_xlsx({"A:b/c": [("Name", "Value"), ("=1+1", 3), ("+cmd|x", None)], "Two": []})
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["A b c", "Two"]
    assert [cell.data_type for cell in book["A b c"]["A"]] == ["s", "s", "s"]
    assert book["A b c"]["A2"].value == "=1+1"
    assert book["A b c"]["B2"].value == 3
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")


def test_a_summary_proves_itself() -> None:
    report = report_of("Contract", SUMMARY, words=lambda _document, _page: "A monthly\nrent of 850 euros")
    text = to_markdown(paper_of(report))
    assert "The rent is 850 euros. \\[p. 3, 4\\]" in text
    assert "- It was signed in Lyon. \\[b.pdf, p. 1\\]" in text
    assert "All is well. *(check this)*" in text
    assert [line for line in text.splitlines() if line.startswith("###")] == ["### Amount"]
    assert "> A monthly rent of 850 euros \\[p. 3\\]" in text
    assert "name not in the quotation: Lyon (there: Lille)" in text
    assert "83 of 84 pages read. Not read: 12 (scanned). Of the pages read, 10 of 900 paragraphs were not read." in text
    sheets = book_of(report).sheets
    assert sheets["Summary"][1][:4] == ("The rent is 850 euros.", "", "3, 4", "yes")
    assert ("Not read: 12", "scanned") in sheets["Coverage"]


def test_a_quotation_stands_there_once_and_a_title_names_its_document_once() -> None:
    """In the Word file each sentence stood three times: as the summary, as what is proved, as its passage."""
    whole, longer = "The rent\nis 850 euros.", "Dear tenant. The rent is 850 euros. Yours."
    quoted = Sentence("The rent is 850 euros.", (RENT,), (3,), True, quotation=True)
    sentences = (quoted, changed(quoted, blocks=(LATER,)))
    document = DocumentSummary("d", "lease.pdf", "page", sentences, Coverage(2, 2, 9, 9))
    summary = changed(SUMMARY, sentences=sentences, documents=(document,), coverage=document.coverage)
    paper, other = (
        paper_of(report_of(title, summary, words=lambda _document, page: whole if page == 3 else longer))
        for title in ("Summary: lease.pdf", "My notes")
    )
    assert to_markdown(paper).count("The rent is 850 euros") == 3
    assert "“" not in to_markdown(paper)
    assert paper.subtitle == ""
    assert other.subtitle == "Summary of lease.pdf"
    assert paper.pieces[-1].text == "2 of 2 pages read."


def test_tables_are_found_by_their_headings() -> None:
    paper = Paper("T", (heading("One"), table(("a",), (("1",),)), table(("b",), ()), item("x")))
    assert tables_of(paper) == {"One": [("a",), ("1",)], "One 2": [("b",)]}


@settings(max_examples=12, deadline=None)
@given(st.text(max_size=200))
def test_any_text_goes_into_every_form(text: str) -> None:
    paper = Paper(text, (*pieces_of(text), paragraph(text), heading(text), table((text,), ((text,),))), text)
    for made in (to_html(paper), to_markdown(paper)):
        made.encode("utf-8", "replace")
    docx.Document(io.BytesIO(to_docx(paper)))
    openpyxl.load_workbook(io.BytesIO(to_xlsx(tables_of(paper))))
    assert plain(plain(text)) == plain(text)
    plain(text).encode("utf-8")


def test_what_no_format_can_hold_is_replaced() -> None:
    assert plain("a\x00b\r\nc\ud800") == "a\ufffdb\nc\ufffd"


@pytest.mark.parametrize(
    "formula", ["$![x](http://x.example/p.png)$", "$$<img src=http://x.example/p.png>$$", "\\[ <http://x.example/> \\]"]
)
def test_a_formula_holds_nothing_live(formula: str) -> None:
    paper = Paper("Title", (paragraph(Run(formula, formula=True)), table(("a",), ((formula,),))))
    tokens = MarkdownIt("commonmark").enable("table").parse(to_markdown(paper))
    inner = [child.type for token in tokens for child in token.children or ()]
    assert not {*inner, *(token.type for token in tokens)} & {"image", "html_block", "html_inline", "link_open"}


def test_lines_of_words_are_no_marks() -> None:
    words = "You\n---\nI agree\n===\n1. a\n- b\n+ c\n-\n3)\n&lt;b&gt; &#42;\na | b\n--- | ---"
    (again,) = pieces_of(to_markdown(Paper("Title", (paragraph(words),))))[1:]
    assert (again.kind, again.text) == (PieceKind.PARAGRAPH, words)

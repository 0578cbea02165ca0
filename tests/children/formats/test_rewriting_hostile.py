"""Documents that are hostile, cut, locked or odd: each is rewritten or gets its verdict, in the memory of a reader."""

from __future__ import annotations

import io

import docx as python_docx
import pytest
from fakes.compound_file import compound_file
from fakes.limited import rewrite_in_child
from fakes.office import docx, odf, packed, paragraph, parts_of, run, xlsx
from fakes.small_documents import book

pytestmark = pytest.mark.pure

MOST_S, MOST_MIB = 20.0, 400


def verdict(tmp_path, data, name="a.docx"):
    """What came of it, with the new file's bytes."""
    path, target = tmp_path / name, tmp_path / f"made.{name}"
    path.write_bytes(data)
    said, units, left, seconds, peak = rewrite_in_child(path, target)
    assert seconds < MOST_S
    assert peak < MOST_MIB
    return said, units, left, target.read_bytes() if target.exists() else b""


def without(data, *names, **other):
    return packed({name: part for name, part in parts_of(data).items() if name not in names} | other)


def whole():
    """A Word file as Word's kin writes it."""
    made, target = python_docx.Document(), io.BytesIO()
    made.add_heading("A lease", 1)
    made.add_paragraph("The tenant pays.")
    made.save(target)
    return target.getvalue()


def test_tables_in_tables_and_thousands_of_runs(tmp_path):
    inner = f"<w:p>{''.join(run('x ', '<w:b/>' if at % 2 else '') for at in range(3_000))}</w:p>"
    for _ in range(20):
        inner = f"<w:tbl><w:tr><w:tc>{paragraph('cell')}{inner}{paragraph('after')}</w:tc></w:tr></w:tbl>"
    said, units, _, made = verdict(tmp_path, docx(inner))
    assert (said, units) == ("rewritten", 41)
    assert parts_of(made)["word/document.xml"].count(b"CELL") == 20


def test_a_table_of_thousands_of_rows(tmp_path):
    rows = "".join(f"<w:tr><w:tc>{paragraph(f'row {at}')}</w:tc></w:tr>" for at in range(2_000))
    said, units, _, _ = verdict(tmp_path, docx(f"<w:tbl>{rows}</w:tbl>"))
    assert (said, units) == ("rewritten", 2_000)


def test_a_table_as_text_of_thousands_of_rows(tmp_path):
    rows = "".join(f"{at},The room was clean and the people were kind to us number {at}.\n" for at in range(2_000))
    said, units, left, made = verdict(tmp_path, f"id,review\n{rows}".encode(), "a.csv")
    assert (said, units, left) == ("rewritten", 2_001, ["column"])
    assert made.count(b"tHE ROOM WAS CLEAN") == 2_000


@pytest.mark.parametrize(
    "missing", ["word/styles.xml", "[Content_Types].xml", "_rels/.rels", "word/_rels/document.xml.rels"]
)
def test_parts_may_be_missing(tmp_path, missing):
    said, units, _, made = verdict(tmp_path, without(whole(), missing))
    assert (said, units) == ("rewritten", 2)
    assert b"tHE TENANT PAYS." in parts_of(made)["word/document.xml"]


def test_a_relationship_that_leads_nowhere_and_a_part_that_is_broken(tmp_path):
    rels = {"header": "gone.xml", "footnotes": "footnotes.xml"}
    data = docx(paragraph("Words."), {"word/footnotes.xml": "<w:footnotes"}, rels=rels)
    said, units, left, made = verdict(tmp_path, data)
    assert (said, units, left) == ("rewritten", 1, ["damaged"])
    assert parts_of(made)["word/footnotes.xml"] == b"<w:footnotes"


@pytest.mark.parametrize(
    ("name", "data", "broken"),
    [
        ("a.docx", docx(paragraph("Words.")), "word/document.xml"),
        ("a.xlsx", xlsx({"S": "<sheetData/>"}), "xl/workbook.xml"),
        ("a.odt", odf("text", "<text:p>Words.</text:p>"), "content.xml"),
    ],
)
def test_a_main_part_that_is_broken_or_missing_is_a_damaged_document(tmp_path, name, data, broken):
    assert verdict(tmp_path, without(data, **{broken: b"<a><b>"}), name)[0] == "document.damaged"
    assert verdict(tmp_path, without(data, broken), name)[0] in ("document.damaged", "document.unknown_format")


def test_a_file_with_macros_keeps_them_byte_for_byte_and_says_so(tmp_path):
    program = bytes(range(256)) * 20
    said, _, left, made = verdict(tmp_path, docx(paragraph("Words."), {"word/vbaProject.bin": program}), "a.docm")
    assert (said, left) == ("rewritten", ["macros"])
    assert parts_of(made)["word/vbaProject.bin"] == program


def test_tables_of_contents_links_and_bookmarks_go_on_working(tmp_path):
    def mark(kind):
        return f"<w:r><w:fldChar w:fldCharType='{kind}'/></w:r>"

    def code(text):
        return f"<w:r><w:instrText>{text}</w:instrText></w:r>"

    page = mark("begin") + code(" PAGEREF _Toc1 ") + mark("separate") + run("3") + mark("end")
    entry = f"<w:hyperlink w:anchor='_Toc1'>{run('The rent')}<w:r><w:tab/></w:r>{page}</w:hyperlink>"
    body = (
        f"<w:p>{mark('begin')}{code(' TOC x ')}{mark('separate')}{entry}</w:p><w:p>{mark('end')}</w:p>"
        f"<w:p><w:bookmarkStart w:id='1' w:name='_Toc1'/>{run('The rent')}<w:bookmarkEnd w:id='1'/></w:p>"
    )
    said, units, _, made = verdict(tmp_path, docx(body))
    xml = parts_of(made)["word/document.xml"].decode()
    assert (said, units) == ("rewritten", 2)
    assert xml.count("tHE RENT") == 2
    marks = [
        xml.index(sign) for sign in (" TOC x ", "w:anchor", "tHE RENT", "<w:tab/>", " PAGEREF ", ">3<", "bookmarkStart")
    ]
    assert marks == sorted(marks)
    assert [xml.count(f'fldCharType="{kind}"') for kind in ("begin", "separate", "end")] == [2, 2, 2]


BOMB = b'<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'
GOOD = {
    "a.docx": (docx(paragraph("Words.")), "word/document.xml"),
    "a.xlsx": (xlsx({"S": "<sheetData/>"}), "xl/workbook.xml"),
    "a.odt": (odf("text", "<text:p>Words.</text:p>"), "content.xml"),
    "a.epub": (book(), "OEBPS/Text/ch 1.xhtml"),
}


@pytest.mark.parametrize("name", [key for key in GOOD if key != "a.epub"])
def test_entities_are_refused(tmp_path, name):
    data, main = GOOD[name]
    assert verdict(tmp_path, without(data, **{main: BOMB}), name)[0] == "document.bomb"


@pytest.mark.parametrize("name", ["a.docx", *(pytest.param(key, marks=pytest.mark.soak) for key in [*GOOD][1:])])
def test_archives_that_swell_are_refused(tmp_path, name):
    data, main = GOOD[name]
    assert verdict(tmp_path, without(data, **{main: b"<a>" + b" " * (130 << 20) + b"</a>"}), name)[0] == "document.bomb"


@pytest.mark.parametrize("name", GOOD)
def test_a_file_that_was_cut_is_damaged(tmp_path, name):
    data, _ = GOOD[name]
    said = verdict(tmp_path, data[: len(data) * 2 // 3], name)[0]
    assert said in ("document.damaged", "document.unknown_format")


def test_an_encrypted_office_file_says_that_it_is_locked(tmp_path):
    data = compound_file({"EncryptedPackage": b"x" * 100, "EncryptionInfo": b"\x04\x00\x04\x00"})
    assert verdict(tmp_path, data)[0] in ("document.locked", "document.unreadable")


@pytest.mark.parametrize("suffix", ["docx", "epub", "html", "txt", "srt", "csv", "md"])
def test_empty_files(tmp_path, suffix):
    said, units, _, made = verdict(tmp_path, b"", f"a.{suffix}")
    assert (said, units, made) == ("rewritten", 0, b"") or said in ("document.damaged", "document.empty")

"""Office files that are hostile, cut, locked or misnamed: each gets its verdict, soon and in little memory."""

from __future__ import annotations

import random
import threading

import pytest
from fakes.compound_file import compound_file
from fakes.limited import read_in_child
from fakes.office import docx, odf, packed, paragraph, parts_of, xls, xlsb, xlsx

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.children.formats.reading import Reading, reader_of
from slmdesk.children.tasks.reader import chosen_format

pytestmark = pytest.mark.pure

ROWS = "<sheetData>" + "".join(f"<row><c><v>{at}</v></c></row>" for at in range(50)) + "</sheetData>"
GOOD = {
    "docx": docx(paragraph("Words.") * 50),
    "xlsx": xlsx({"S": ROWS}),
    "odt": odf("text", "<text:p>Words.</text:p>" * 50),
    "odp": odf("presentation", "<draw:page><draw:frame/></draw:page>" * 5),
    "ods": odf("spreadsheet", '<table:table table:name="S"><table:table-row/></table:table>'),
    "xls": xls({(0, 0): 1.0, (1, 1): "x"}),
    "xlsb": xlsb({(0, 0): 1.0}),
}
MAIN = {
    "docx": "word/document.xml",
    "xlsx": "xl/worksheets/sheet1.xml",
    "odt": "content.xml",
    "odp": "content.xml",
    "ods": "content.xml",
}


def code_of(name, data):
    """The verdict on a document, or `read`."""
    reading = Reading(name, data=data)
    try:
        for _ in reader_of(chosen_format(reading, ""))(reading):
            pass
    except KnownError as err:
        return err.code
    return "read"


def with_part(data, name, content):
    return packed({**parts_of(data), name: content})


@pytest.mark.parametrize("format_id", MAIN)
def test_x2_entities_are_refused_in_every_format(format_id):
    hostile = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    assert code_of(f"a.{format_id}", with_part(GOOD[format_id], MAIN[format_id], hostile)) == "document.bomb"


def test_x3_names_of_parts_are_only_keys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("../evil", "/etc/evil", "word/../../evil", "C:\\evil", "con"):
        assert code_of("a.docx", with_part(GOOD["docx"], name, b"x")) == "read"
    assert [*tmp_path.iterdir()] == []
    assert not (tmp_path.parent / "evil").exists()


@pytest.mark.parametrize(
    ("format_id", "tag"), [("docx", "w:p"), ("odt", "text:span"), ("odp", "draw:g"), ("ods", "table:table-row-group")]
)
def test_x4_depth_is_bounded(tmp_path, format_id, tag):
    body = f"<{tag}>" * 200_000
    made = docx(body) if format_id == "docx" else odf({"odt": "text", "odp": "presentation"}.get(format_id, "x"), body)
    path = tmp_path / f"deep.{format_id}"
    path.write_bytes(made)
    said, _, seconds, peak = read_in_child(path)
    assert said in ("document.damaged", "read in part", "read")
    assert seconds < 2
    assert peak < 200


@pytest.mark.parametrize("format_id", GOOD)
def test_x5_cut_and_empty_files_have_verdicts(format_id):
    data = GOOD[format_id]
    assert code_of(f"a.{format_id}", data) == "read"
    for length in (0, 8, 100, len(data) // 2, len(data) // 2 if format_id == "xls" else len(data) - 30):
        assert code_of(f"a.{format_id}", data[:length]) in ("document.damaged", "document.unreadable")


def test_x5_locked_old_and_misnamed_files_are_told_apart():
    locked = compound_file({"EncryptionInfo": b"x", "EncryptedPackage": b"y"})
    assert code_of("a.docx", locked) == code_of("a.xlsx", locked) == "document.locked"
    given = Reading("a.docx", data=locked, password="secret")  # which nothing here can use: not asked for again
    with pytest.raises(KnownError, match=r"document\.unreadable"):
        chosen_format(given, "")
    assert code_of("a.docx", compound_file({"WordDocument": b"x"})) == "document.unreadable"
    assert code_of("a.docx", b"\x7fELF binary") == "document.binary"
    assert code_of("a.docx", b"only words") == "read"  # as the text it is, which is noted
    for format_id, data in GOOD.items():
        reading = Reading("misnamed.txt", data=data)
        assert chosen_format(reading, "") == format_id
        assert [note.value for note in reading.notes] == ["other_format"]


@pytest.mark.parametrize("format_id", GOOD)
def test_whatever_is_damaged_gives_pages_or_a_verdict(format_id):
    chance = random.Random(format_id)
    for _ in range(60):
        data = bytearray(GOOD[format_id])
        for _ in range(chance.choice((1, 3, 20))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        code_of(f"a.{format_id}", bytes(data))  # raises whatever is no verdict
        if format_id in MAIN:
            part = bytearray(parts_of(GOOD[format_id])[MAIN[format_id]])
            at = chance.randrange(len(part))
            part[at : at + chance.randrange(30)] = chance.choice((b"", b"<", b"&#0;", b"99999999999", b"\xff\xfe"))
            code_of(f"a.{format_id}", with_part(GOOD[format_id], MAIN[format_id], bytes(part)))


def test_large_documents_are_read_in_little_memory(tmp_path):
    path = tmp_path / "large.docx"
    break_ = "<w:p><w:r><w:lastRenderedPageBreak/></w:r></w:p>"
    path.write_bytes(docx((paragraph("word " * 40) * 4 + break_) * 1500))
    said, pages, seconds, peak = read_in_child(path)
    assert (said, pages) == ("read", 1500)
    assert seconds < 20
    assert peak < 200
    table = tmp_path / "table.docx"
    row = "<w:tr>" + f"<w:tc>{paragraph('cell')}</w:tc>" * 5 + "</w:tr>"
    table.write_bytes(docx(f"<w:tbl>{row * 5_000}</w:tbl>"))
    said, _, _, peak = read_in_child(table)
    assert said == "read"
    assert peak < 200


@pytest.mark.parametrize("format_id", ["docx", "odt", "xlsx"])
def test_a_cancel_is_heard_between_blocks(format_id):
    large = {
        "docx": docx(paragraph("word " * 50) * 5_000),
        "odt": odf("text", "<text:p>word word</text:p>" * 10_000),
        "xlsx": xlsx({"S": ROWS.replace("</sheetData>", "<row><c><v>1</v></c></row>" * 20_000 + "</sheetData>")}),
    }[format_id]
    stop = threading.Event()
    reading = Reading(f"a.{format_id}", data=large, stop=stop)
    pages = reader_of(format_id)(reading)
    next(pages)
    stop.set()
    with pytest.raises(Stopped):
        for _ in pages:
            pass

"""write correct with a Word file: tracked changes in its own formatting, and what cannot be tracked is suggested."""

from __future__ import annotations

import zipfile

import pytest
from docx.oxml.ns import qn
from fakes.office import docx, paragraph
from lxml import etree

pytestmark = pytest.mark.process
BOLD = (
    '<w:p><w:r><w:t xml:space="preserve">The two </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>key was lost</w:t></w:r>'
    '<w:r><w:t xml:space="preserve"> on 3 May.</w:t></w:r></w:p>'
)
INSERTED = (
    '<w:p><w:ins w:id="7" w:author="A" w:date="2026-01-01T00:00:00Z"><w:r><w:t>It are late.</w:t></w:r></w:ins></w:p>'
)
KNOWN = {
    "We recieved it.": "We received it.",
    "The two key was lost on 3 May.": "The two keys were lost on 3 May.",
    "It are late.": "It is late.",
    "We pay 20 euros.": "We pay 30 euros.",
}


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.docx"
    path.write_bytes(docx(paragraph("We recieved it.") + BOLD + INSERTED + paragraph("We pay 20 euros.")))
    return path


def test_changes_are_tracked_where_they_stand_and_looks_stay(run, able_model, letter, tmp_path):
    before, target = letter.read_bytes(), tmp_path / "out.docx"
    done = run("write", "--as", "correct", str(letter), "--language", "en", "-o", str(target), echo={"known": KNOWN})
    assert (done.status, done.out) == (0, ""), done.err
    assert "4 changes made, 1 only suggested." in done.err
    assert letter.read_bytes() == before
    with zipfile.ZipFile(target) as made:
        root = etree.fromstring(made.read("word/document.xml"))
    changes = [
        (etree.QName(element).localname, "".join(element.itertext()))
        for element in root.iter(qn("w:ins"), qn("w:del"))
        if element.get(qn("w:author")) == "slmdesk"
    ]
    assert changes == [
        ("del", "recieved"), ("ins", "received"), ("del", "key"), ("ins", "keys"), ("del", "was"), ("ins", "were"),
        ("del", "are"),
    ]  # fmt: skip
    bold = [element for element in root.iter(qn("w:ins")) if element.find(f".//{qn('w:b')}") is not None]
    assert ["".join(element.itertext()) for element in bold] == ["keys", "were"]
    ids = [element.get(qn("w:id")) for element in root.iter(qn("w:ins"), qn("w:del"))]
    assert len(ids) == len(set(ids))
    texts = ["".join(text.text or "" for text in element.iter(qn("w:t"))) for element in root.iter(qn("w:p"))]
    assert texts == ["We received it.", "The two keys were lost on 3 May.", "It is late.", "We pay 20 euros."]


def test_changes_of_a_word_file_are_listed_by_paragraph(run, able_model, letter):
    done = run("write", "--as", "correct", str(letter), "--language", "en", "--changes", echo={"known": KNOWN})
    assert "5. [paragraph 4] suggestion, figure or name: changes a number or a date\n" in done.out
    assert run("write", "--as", "correct", str(letter)).status == 2

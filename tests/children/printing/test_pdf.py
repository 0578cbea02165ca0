from __future__ import annotations

import base64
import re
import sys

import pypdfium2
import pytest
from fakes.children import Received, Rig

from slmdesk.base.documents import Paper, heading, item, paragraph, table
from slmdesk.base.protocol import Cancelled, Done, Failed, Progress
from slmdesk.base.record import to_json
from slmdesk.exports.markdown import pieces_of

pytestmark = pytest.mark.process

PRINTER = [sys.executable, "-m", "slmdesk", "--worker", "printer"]
LONG = Paper(
    "A long <b>summary</b>",
    (
        heading("What was found"),
        *[item(f"Sentence {n} of a document that says much, and needs more than a line for it.") for n in range(120)],
        table(
            ("Page", "Reason"),
            tuple((str(n), f"reason {n}: there is no text on this page, it is a picture") for n in range(80)),
        ),
        paragraph("Zażółć gęślą jaźń 日本 العربية — the end."),
    ),
    "Summary of a.pdf",
)


@pytest.fixture
def rig(tmp_path):
    with Rig(tmp_path, PRINTER, role="printer") as rig:
        yield rig


def printed(rig: Rig, paper: Paper, page: str = "A4") -> tuple[pypdfium2.PdfDocument, Received]:
    received = Received()
    rig.client.start("print", {"paper": to_json(paper), "page": page}, received)
    end = received.end()
    assert isinstance(end, Done), end
    return pypdfium2.PdfDocument(base64.b64decode(end.result["pdf"])), received


def text_of(pdf: pypdfium2.PdfDocument) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pdf]


def test_a_document_comes_back_whole_with_numbered_pages(rig: Rig) -> None:
    pdf, received = printed(rig, LONG)
    pages = text_of(pdf)
    assert len(pages) > 4
    words = "\n".join(pages)
    for requested in ["A long <b>summary</b>", "What was found", "Zażółć gęślą jaźń", "Summary of a.pdf"]:
        assert requested in words
    for n in range(120):
        assert words.count(f"Sentence {n} of") == 1, n
    for n in range(80):
        assert len(re.findall(rf"reason {n}\b", words)) == 1, n
    for number, page in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in page
    assert [(progress.done, progress.total) for progress in received.of(Progress) if progress.total] == [
        (n + 1, len(pages)) for n in range(len(pages))
    ]
    of_table = [page for page in pages if "reason" in page]
    assert len(of_table) > 1
    assert all("Page" in page and "Reason" in page for page in of_table), "the head stands on each"
    assert [round(side) for side in pdf[0].get_size()] == [595, 842]
    assert pdf.get_metadata_dict()["Title"] == "A long <b>summary</b>"


def test_letter_is_another_size_and_an_unknown_one_is_refused(rig: Rig) -> None:
    pdf, _ = printed(rig, Paper("T"), "Letter")
    assert [round(side) for side in pdf[0].get_size()] == [612, 792]
    for bad in ({"paper": to_json(LONG), "page": "B9"}, {"page": "A4"}, {"paper": {"title": 3}}):
        received = Received()
        rig.client.start("print", bad, received)
        end = received.end()
        assert isinstance(end, Failed)
        assert end.code == "request.invalid"


def test_foreign_html_and_pictures_are_words(rig: Rig, tmp_path) -> None:
    picture = tmp_path / "secret.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    text = f'<img src="{picture}"> <a href="http://x.example/">x</a> ![p](file://{picture})'
    pdf, _ = printed(rig, Paper("T", (paragraph(text), *pieces_of(text))))
    assert '<img src="' in "".join(text_of(pdf))
    assert not list(pdf[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))


def test_a_cancel_ends_it(rig: Rig) -> None:
    received = Received()
    long = Paper("T", tuple(paragraph("many words " * 60) for _ in range(1500)))
    job = rig.client.start("print", {"paper": to_json(long), "page": "A4"}, received)
    received.until(lambda received: received.of(Progress) or received.ends)
    job.cancel()
    assert isinstance(received.end(), Cancelled)
    assert len(text_of(printed(rig, Paper("after"))[0])) == 1


@pytest.mark.soak
def test_hundreds_of_pages_are_no_hang(rig: Rig) -> None:
    paper = Paper("T", tuple(paragraph(f"{n} " + "many words of a paragraph that goes on " * 25) for n in range(1500)))
    pdf, _ = printed(rig, paper)
    assert len(pdf) > 300
    last_two = "".join(pdf[len(pdf) - at].get_textpage().get_text_range() for at in (2, 1))
    assert "1499 many words" in last_two

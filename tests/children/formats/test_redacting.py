"""Documents to be given out: no planted word is in any byte of the result, and what stays is as it was."""

from __future__ import annotations

import datetime
import email
import email.policy
import io
import zipfile

import docx
import numpy as np
import openpyxl
import pptx
import pypdfium2 as pdfium
import pytest
from children.formats.test_mails import cms, enveloped
from fakes import needles as planting
from fakes.office import odf
from fakes.tiny_pdf import Text, TinyPdf
from lxml import etree
from openpyxl.workbook.defined_name import DefinedName
from PIL import Image

from slmdesk.base.documents import FORMATS, PageBox
from slmdesk.base.errors import KnownError
from slmdesk.children.formats.reading import REDACTORS, Reading, png_of, redactor_of
from slmdesk.children.formats.redacting.office import cleaned
from slmdesk.children.formats.redacting.pictures import small_of
from slmdesk.children.formats.redacting.redactors import Listing, Redacting, Replacing, Seeking, put, put_in_value
from slmdesk.children.formats.redacting.text import left_in, redact_tree
from slmdesk.redact import BAR, Kind
from slmdesk.redact.finding import WordList, find_private

pytestmark = pytest.mark.pure

PAIRS = (
    ("Anna Müller", "Alex Moran"), ("Müller", "Moran"), ("Kowalski GmbH", "Nordwind GmbH"), ("Köln", "Aachen"),
    ("DE89 3704 0044 0532 0130 00", "DE00 0000"), ("1970-02-01", "1961-05-05"), ("4930123456", "49000000"),
)  # fmt: skip


def redacted(kind, data, pairs=PAIRS, **options):
    redacting = Redacting(Reading(f"a.{kind}", data=data), Replacing(pairs), **options)
    return redactor_of(kind, "a")(redacting), redacting


@pytest.mark.parametrize("seeds", [[3], pytest.param(range(10, 30), marks=pytest.mark.soak)], ids=["one", "twenty"])
@pytest.mark.parametrize("kind", planting.KINDS)
def test_no_planted_word_is_in_any_byte_of_the_result(kind, seeds):
    for seed in seeds:
        data, needles = planting.planted(kind, seed)
        assert planting.found_in(data, needles).keys() == needles.planted.keys()  # the control: the search finds all
        if kind != "pdf":  # nor is the program's own check of a result blind, the second search of two
            assert len(left_in(data, [*needles.planted])) > 0.8 * len(needles.planted)
        pairs = [(word, BAR) for word in needles.planted]
        result, _ = redacted(kind, data, pairs, text_layer=True, pixels_per_inch=72)
        assert planting.found_in(result, needles) == {}
        assert left_in(result, [*needles.planted]) == {}
        seeking = Seeking([*needles.planted])
        redactor_of(kind, "a")(Redacting(Reading(f"a.{kind}", data=result), seeking, draws=False))
        assert seeking.found == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Frau Anna\u00a0\nMu\u0308ller und MÜLLERS", "Frau Alex Moran und MORANS"),
        ("An\u00adna Müller", "Alex Moran"),
        ("Frau Mül-\nler", "Frau Moran"),
        ("DE89370400440532013000", "DE00 0000"),
        ("DE89-3704-0044-0532-0130-00.", "DE00 0000."),
        ("14930123456 4930123456", "14930123456 49000000"),
        ("Kölner Dom in Köln", "Kölner Dom in Aachen"),
    ],
)
def test_words_are_found_however_they_are_written(text, expected):
    assert put(Replacing(PAIRS), text, "") == expected


def test_words_are_found_in_addresses_and_values():
    words = Replacing(PAIRS)
    assert put_in_value(words, "mailto:frau.m%C3%BCller@example.org", "") == "mailto:frau.Moran@example.org"
    assert (
        put_in_value(words, "<b>a&uuml;b</b> Frau Anna M&#252;ller &amp; Co", "")
        == "<b>a&uuml;b</b> Frau Alex Moran &amp; Co"
    )
    assert put_in_value(words, r"M\u00fcller", "") == "Moran"
    assert put_in_value(words, "Frau M_x00FC_ller", "") == "Frau Moran"
    assert put_in_value(words, "KölnVertrag.docx", "") == "AachenVertrag.docx"


def test_a_word_of_few_letters_is_no_part_of_another():
    words = Replacing([("Anna", "Alex"), ("4711", "1234")])
    assert put(words, "Anna, Annahme, 4711, 94711", "") == "Alex, Annahme, 1234, 94711"


def test_a_word_file_is_whole_and_says_other_words():
    made = docx.Document()
    made.core_properties.author = "Anna Müller"
    made.add_heading("Vertrag mit Anna Müller", 1)
    paragraph = made.add_paragraph("Frau ")
    paragraph.add_run("Anna ").bold = True
    paragraph.add_run("Mül").italic = True
    paragraph.add_run("ler wohnt in Köln.")
    made.add_table(1, 1).cell(0, 0).text = "DE89370400440532013000"
    made.sections[0].header.paragraphs[0].text = "Kowalski GmbH"
    result, redacting = redacted("docx", _saved(made))
    again = docx.Document(io.BytesIO(result))
    assert [paragraph.text for paragraph in again.paragraphs] == [
        "Vertrag mit Alex Moran",
        "Frau Alex Moran wohnt in Aachen.",
    ]
    assert again.paragraphs[1].runs[1].bold
    assert again.tables[0].cell(0, 0).text == "DE00 0000"
    assert again.sections[0].header.paragraphs[0].text == "Nordwind GmbH"
    assert again.core_properties.author == "Alex Moran"
    assert {removal.kind for removal in redacting.removed} == {"thumbnail"}


def test_a_number_over_paragraphs_and_cells_goes_as_a_whole():
    account, card = "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111"
    made = docx.Document()
    for words in (f"Pay to {account[:19]}", f"{account[20:]} by Friday, room 00.", "card 4111 1111"):
        made.add_paragraph(words)
    table = made.add_table(1, 8)
    for cell, words in zip(table.rows[0].cells, ("1111", "1111", *account.split()), strict=True):
        cell.text = words
    words = Replacing([(account, BAR), (card, BAR)])
    redacting = Redacting(Reading("a.docx", data=_saved(made)), words)
    again = docx.Document(io.BytesIO(redactor_of("docx", "a")(redacting)))
    assert [paragraph.text for paragraph in again.paragraphs] == [
        f"Pay to {BAR}",
        " by Friday, room 00.",
        f"card {BAR}",
    ]
    assert [cell.text for cell in again.tables[0].rows[0].cells] == ["", "", BAR, "", "", "", "", ""]
    assert words.counts == {0: 2, 1: 1}


def test_a_spreadsheet_is_whole_and_its_numbers_are_text_where_they_said_something():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Müller"
    sheet.append(["Anna Müller", datetime.date(1970, 2, 1), 4930123456, "=Müller!A1", '="Frau Müller"', 12])
    book.create_sheet("Other")["A1"] = "='Müller'!A1"
    book.defined_names["Area"] = DefinedName("Area", attr_text="Müller!$A$1:$B$2")
    result, redacting = redacted("xlsx", _saved(book))
    again = openpyxl.load_workbook(io.BytesIO(result))
    assert again.sheetnames == ["Moran", "Other"]
    cells = [cell.value for cell in again["Moran"][1]]
    assert cells == ["Alex Moran", "1961-05-05", "49000000", "='Moran'!A1", None, 12]
    assert again["Other"]["A1"].value == "='Moran'!A1"
    assert again.defined_names["Area"].attr_text == "'Moran'!$A$1:$B$2"
    assert "formula" in {removal.kind for removal in redacting.removed}


def test_a_number_over_numeric_cells_leaves_a_workbook_that_can_be_read():
    book = openpyxl.Workbook()
    book.active.append(["Karte", 4111, 1111, 1111, 1111, 12])
    result, _ = redacted("xlsx", _saved(book), [("4111 1111 1111 1111", BAR)])
    again = openpyxl.load_workbook(io.BytesIO(result))
    assert [cell.value for cell in again.active[1]] == ["Karte", BAR, None, None, None, 12]


def test_a_presentation_is_whole_with_its_notes():
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = "Besuch bei Anna Müller"
    slide.notes_slide.notes_text_frame.text = "Kowalski GmbH fragen"
    again = pptx.Presentation(io.BytesIO(redacted("pptx", _saved(made))[0]))
    assert again.slides[0].shapes.title.text == "Besuch bei Alex Moran"
    assert again.slides[0].notes_slide.notes_text_frame.text == "Nordwind GmbH fragen"


MANIFEST = '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def test_a_cell_of_opendocument_loses_the_date_behind_its_words():
    cell = (
        '<table:table-cell office:value-type="date" office:date-value="1970-02-01"><text:p>01.02.1970</text:p>'
        "</table:table-cell>"
    )
    data = odf(
        "spreadsheet",
        f"<table:table><table:table-row>{cell}</table:table-row></table:table>",
        {"META-INF/manifest.xml": MANIFEST},
    )
    result, _ = redacted("ods", data, [("01.02.1970", "05.05.1961")])
    with zipfile.ZipFile(io.BytesIO(result)) as archive:
        content = archive.read("content.xml").decode()
        assert archive.namelist()[0] == "mimetype"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
    assert "1970" not in content
    assert 'office:value-type="string"' in content


def _saved(made) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _page(data: bytes, scale: float = 2) -> np.ndarray:
    with pdfium.PdfDocument(data) as document:
        page = document[0]
        bitmap = page.render(scale=scale)
        return bitmap.to_numpy().copy()


@pytest.mark.parametrize("rotate", [0, 90])
def test_a_page_is_black_where_the_words_were_and_as_it_was_elsewhere(rotate):
    pdf = TinyPdf().page(
        Text(60, 700, "Frau Anna Muster wohnt hier", 14), Text(60, 500, "Andere Worte", 14), rotate=rotate
    )
    without = TinyPdf().page(Text(60, 500, "Andere Worte", 14), rotate=rotate)
    result, _ = redacted("pdf", bytes(pdf), [("Frau Anna Muster wohnt hier", BAR)], pixels_per_inch=144)
    made, empty, before = _page(result), _page(bytes(without)), _page(bytes(pdf))
    assert made.shape == before.shape
    inked = before.min(axis=2) < 200
    gone = inked & (empty.min(axis=2) >= 200)  # the ink of the words
    assert gone.any()
    assert (made[gone] == 0).all()
    assert (made.max(axis=2)[inked & ~gone] < 255).all()  # the others stay
    assert (made.max(axis=2) == 0).mean() < 0.02  # and little else is black


def test_a_page_has_text_only_when_it_is_wanted_and_none_under_a_bar():
    data = bytes(
        TinyPdf(title="Anna Müller").page(Text(60, 700, "Frau Anna Müller wohnt hier"), Text(60, 600, "unseen", mode=3))
    )
    for wanted, expected in ((False, ""), (True, "Frau wohnt hier")):
        result, redacting = redacted("pdf", data, text_layer=wanted)
        with pdfium.PdfDocument(result) as document:
            assert " ".join(document[0].get_textpage().get_text_range().split()) == expected
            assert not any(document.get_metadata_dict().values())
        assert "properties" in {removal.kind for removal in redacting.removed}


FORM = "/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font @fonts >>"
NAMED = b"BT /F1 10 Tf 2 5 Td (Anna Muster) Tj ET\n"
OVER_LINES = [
    Text(x, 740 - 20 * at, words)
    for at, line in enumerate(
        ("The court asks that Mrs Anna", "Muster of Kiel pays all of it", "and leaves the flat at once.")
    )
    for x, words in ((50, str(at + 1)), (90, line))
]
LAYERS = "/OCProperties << /OCGs [@Off] /D << /OFF [@Off] >> >>"


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(TinyPdf().page(notes=["/Subtype /Stamp /Rect [60 600 260 620] /AP << /N @Ap >>"]), id="stamp"),
        pytest.param(TinyPdf().page(notes=["/Subtype /FreeText /Rect [60 600 260 620] /AP << /N @Ap >> /Contents (a)"]),
                     id="typed"),
        pytest.param(TinyPdf(form="/SigFlags 3").page(
            forms=[("/FT /Sig /T (s) /V << /Type /Sig >>", ["/F 4 /Rect [60 600 260 620] /AP << /N @Ap >>"])]),
            id="signature"),
        pytest.param(TinyPdf().page(drawing=b"/Ap Do\n"), id="form"),
        pytest.param(TinyPdf().page(drawing=b"BT /F1 10 Tf 0 1 -1 0 60 600 Tm (Anna Muster) Tj ET\n"),
                     id="on its side"),
        pytest.param(TinyPdf().page(drawing=b"BT /F1 10 Tf -1 0 0 -1 260 600 Tm (Anna Muster) Tj ET\n"),
                     id="upside down"),
        pytest.param(TinyPdf().page(*OVER_LINES), id="over lines with numbers"),
        pytest.param(TinyPdf(catalog=LAYERS).page(
            Text(60, 600, "Anna Muster"), drawing=b"/OC /Off BDC BT /F1 10 Tf 60 600 Td (other words) Tj ET EMC\n"),
            id="over a switched-off layer"),
    ],
)  # fmt: skip
def test_what_a_page_shows_in_any_way_is_found_and_made_black(made):
    made.parts |= {"Ap": (FORM, NAMED), "Off": "/Type /OCG /Name (Draft)"}
    data = bytes(made)
    result, _ = redacted("pdf", data, [("Anna Muster", BAR)], pixels_per_inch=144, text_layer=True)
    with pdfium.PdfDocument(result) as document:
        shown = document[0].get_textpage().get_text_range()
    assert "Anna" not in shown
    assert "Muster" not in shown
    inked, black = _page(data).min(axis=2) < 128, _page(result).max(axis=2) == 0
    assert black.any()
    if made.pages[0].texts != tuple(OVER_LINES):
        assert black[inked].all()


BOX = PageBox(1, 0.1, 0.2, 0.5, 0.3)


@pytest.mark.parametrize("rotate", [0, 90])
def test_a_box_by_hand_takes_out_what_is_under_it_and_nothing_else(rotate):
    data = bytes(TinyPdf().page(Text(65, 590, "Stempel"), Text(60, 100, "Worte"), rotate=rotate, width=600, height=800))
    box = BOX if not rotate else PageBox(1, 0.6, 0.05, 0.85, 0.3)
    result, redacting = redacted("pdf", data, (), boxes=[box], text_layer=True)
    assert redacting.sizes == [(800, 600) if rotate else (600, 800)]
    with pdfium.PdfDocument(result) as document:
        assert " ".join(document[0].get_textpage().get_text_range().split()) == "Worte"
    made, before = _page(result), _page(data)
    height, width = made.shape[:2]
    inside = np.zeros((height, width), bool)
    inside[round(box.top * height) : round(box.bottom * height), round(box.left * width) : round(box.right * width)] = (
        True
    )
    black = made.max(axis=2) == 0
    assert black[inside].mean() > 0.99
    assert (before.min(axis=2)[inside] < 128).any(), "the stamp was there"
    assert not black[~inside & (before.min(axis=2) > 250)].sum() > 0.01 * inside.sum()


def looked(kind, data, box):
    seen = Redacting(Reading(f"a.{kind}", data=data), Seeking(()), draws=False, boxes=[box])
    redactor_of(kind, "a")(seen)
    return seen.left


def test_the_second_look_sees_ink_and_words_in_a_box():
    ink = bytes(TinyPdf().page(Text(65, 590, "Stempel")))
    hidden = bytes(TinyPdf().page(Text(65, 590, "Stempel", mode=3), drawing=b"0 g 50 550 300 120 re f\n"))
    assert looked("pdf", ink, BOX) == ["page 1"]
    assert looked("pdf", hidden, BOX) == ["page 1"]
    result, _ = redacted("pdf", ink, (), boxes=[BOX], text_layer=True)
    assert looked("pdf", result, BOX) == []


@pytest.mark.parametrize(("suffix", "kind"), [("png", "PNG"), ("jpg", "JPEG"), ("tiff", "TIFF")])
def test_a_picture_of_a_page_gets_boxes_and_keeps_its_kind(suffix, kind, monkeypatch):
    monkeypatch.setattr(
        "slmdesk.children.formats.pictures.is_available", lambda: False
    )  # text recognition is not the subject
    out = io.BytesIO()
    grey = Image.new("L", (300, 400), 200)
    grey.save(out, kind, **({"save_all": True, "append_images": [grey]} if kind == "TIFF" else {}))
    box = PageBox(1, 0.1, 0.2, 0.5, 0.3)
    redacting = Redacting(Reading(f"a.{suffix}", data=out.getvalue()), Replacing(()), boxes=[box])
    result = redactor_of("picture", "a")(redacting)
    with Image.open(io.BytesIO(result)) as made:
        assert (made.format, made.size) == (kind, (300, 400))
        assert getattr(made, "n_frames", 1) == (2 if kind == "TIFF" else 1)
        pixels = np.array(made.convert("L"))
    assert pixels[85:115, 35:145].max() < 20
    assert pixels[:75].min() > 180
    seen = Redacting(Reading(f"a.{suffix}", data=out.getvalue()), Seeking(()), draws=False, boxes=[box])
    redactor_of("picture", "a")(seen)
    assert seen.left == ["page 1"]
    seen = Redacting(Reading(f"a.{suffix}", data=result), Seeking(()), draws=False, boxes=[box])
    redactor_of("picture", "a")(seen)
    assert seen.left == []
    assert seen.sizes == [(300, 400)] * (2 if kind == "TIFF" else 1)


def test_a_photo_of_a_phone_is_not_written():
    with pytest.raises(KnownError, match=r"document\.no_redactor"):
        redactor_of("picture", "a")(Redacting(Reading("a.heic", data=b""), Replacing(())))


def _pictured(kind):
    """A file with two pictures: one of them twice."""
    pictures = [_saved_picture("PNG", 30), _saved_picture("JPEG", 200), _saved_picture("PNG", 30)]
    if kind == "docx":
        made = docx.Document()
        for data in pictures:
            made.add_picture(io.BytesIO(data))
        return _saved(made)
    if kind == "odt":
        named = dict(zip(("Pictures/1.png", "Pictures/2.jpg", "Pictures/3.png"), pictures, strict=True))
        return odf("text", "", {"META-INF/manifest.xml": MANIFEST, **named})
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    for data in pictures:
        slide.shapes.add_picture(io.BytesIO(data), 0, 0)
    return _saved(made)


def _saved_picture(kind, shade):
    out = io.BytesIO()
    Image.new("RGB", (40, 20), (shade, 90, 90)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["docx", "pptx", "odt"])
@pytest.mark.parametrize("chosen", ["png", "jpg"])
def test_a_picture_inside_a_document_becomes_black_in_its_size(kind, chosen):
    data = _pictured(kind)
    listed = Redacting(Reading(f"a.{kind}", data=data), Listing(), draws=False)
    redactor_of(kind, "a")(listed)
    digests = {place.rpartition(".")[2]: digest for digest, (place, __) in listed.pictures.items()}
    assert sorted(digests) == ["jpg", "png"]
    result, redacting = redacted(kind, data, (), pictures_out=[digests[chosen]])
    assert "chosen_picture" in {removal.kind for removal in redacting.removed}
    with zipfile.ZipFile(io.BytesIO(result)) as archive:
        for name in (name for name in archive.namelist() if name.endswith((".png", ".jpg"))):
            with Image.open(io.BytesIO(archive.read(name))) as made:
                assert made.size == (40, 20)
                assert (made.convert("L").getextrema() == (0, 0)) == name.endswith(chosen)
    for copy, left in ((data, True), (result, False)):
        seen = Redacting(Reading(f"a.{kind}", data=copy), Seeking(()), draws=False, pictures_out=[digests[chosen]])
        redactor_of(kind, "a")(seen)
        assert bool(seen.left) == left


def test_a_picture_that_cannot_be_opened_is_named_without_a_small_one():
    assert small_of(b"\x89PNG\r\n\x1a\n") == (0, 0, b"")
    width, height, small = small_of(_saved_picture("JPEG", 30))
    assert (width, height) == (40, 20)
    assert small.startswith(b"\x89PNG")


def test_who_signed_is_looked_for_on_the_pages():
    parts = {"Sig": "/Type /Sig /Filter /Adobe.PPKLite /Name (Anna Muster) /M (D:20260504)"}
    made = TinyPdf(parts=parts, form="/SigFlags 3").page(Text(60, 600, "a"), forms=[("/FT /Sig /T (s) /V @Sig", [])])
    _, redacting = redacted("pdf", bytes(made))
    assert list(redacting.people) == ["Anna Muster"]
    assert "signature" in {removal.kind for removal in redacting.removed}


def test_pictures_and_pages_without_words_are_to_be_looked_at_by_eye():
    _, redacting = redacted("pdf", bytes(TinyPdf().page(picture=True)))
    assert {(doubt.kind, doubt.place) for doubt in redacting.unsure} == {
        ("picture", "page 1"),
        ("page_without_words", "page 1"),
    }


def test_words_cannot_be_put_back_into_a_pdf():
    with pytest.raises(KnownError, match=r"document\.no_redactor"):
        redacted("pdf", bytes(TinyPdf().page(Text(1, 1, "a"))), removes=False)


def test_a_mail_keeps_its_structure_and_loses_its_way():
    data, needles = planting.planted("eml", 3)
    result, redacting = redacted("eml", data, [(word, "Someone") for word in needles.planted])
    mail = email.message_from_bytes(result, policy=email.policy.default)
    assert mail["Received"] is None
    assert str(mail["Subject"]) == "About Someone"
    assert (
        mail.get_body(("plain",)).get_content().startswith("Hello,\r\n\r\nSomeone")
        or "Someone" in mail.get_body(("plain",)).get_content()
    )
    kinds = [part.get_content_type() for part in mail.iter_attachments()]
    assert "message/rfc822" in kinds
    assert not any((part.get_filename() or "").endswith(".exe") for part in mail.iter_attachments())
    assert {"mail_route", "embedded", "program"} <= {removal.kind for removal in redacting.removed}


@pytest.mark.parametrize(
    "line",
    ["Message-ID: <Quarbel.7@example.org>", "References: <1@Quarbel> <2@b>", "Content-ID: <Quarbel@b>",
     'Content-Type: multipart/mixed; boundary="Quarbel"', "Content-Type: text/x-quarbel"],
)  # fmt: skip
def test_a_mail_with_a_word_in_a_header_for_programs_gets_bars(line):
    part = 'Content-Type: application/x-quarbel\r\nContent-Disposition: attachment; filename="a.txt"\r\n\r\nText'
    data = f"Subject: A\r\n{line}\r\n\r\n--Quarbel\r\n{part}\r\n--Quarbel--\r\n".encode()
    result, _ = redacted("eml", data, [("Quarbel", BAR)])
    assert str(email.message_from_bytes(result, policy=email.policy.default)["Subject"]) == "A"
    assert left_in(result, ["Quarbel"]) == {}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_headers_of_a_mail_that_are_not_encoded_keep_their_letters(encoding):
    part = 'Content-Disposition: attachment; filename="Grüße Müller.txt"\n\nText'
    head = 'Subject: Grüße für Müller — gut\nContent-Type: multipart/mixed; boundary="q"'
    result, _ = redacted("eml", f"{head}\n\n--q\n{part}\n--q--\n".encode(encoding))
    mail = email.message_from_bytes(result, policy=email.policy.default)
    assert str(mail["Subject"]) == "Grüße für Moran — gut"
    assert [part.get_filename() for part in mail.iter_attachments()] == ["Grüße Moran.txt"]


def test_no_blank_of_a_header_is_lost_where_it_is_folded():
    subject = "Kanzlei █████ für █████ — Mangelanzeige und Mietminderung — AZ KP-2026-0387 " + "ö — a " * 30 + "b"
    result, _ = redacted("eml", f"Subject: {subject}\n\nText".encode())
    assert str(email.message_from_bytes(result, policy=email.policy.default)["Subject"]) == subject
    assert max(map(len, result.splitlines())) <= 78


def test_words_encoded_in_a_header_beside_raw_letters_are_redacted():
    result, _ = redacted("eml", "Subject: für — =?utf-8?q?M=C3=BCller?= da\n\nText".encode())
    assert str(email.message_from_bytes(result, policy=email.policy.default)["Subject"]) == "für — Moran da"


SIGNED = "Content-Type: text/plain; charset=utf-8\r\n\r\nFrau Müller wohnt in Köln.\r\n".encode()
IN_PARTS = (
    b'Content-Type: multipart/mixed; boundary="q"\r\n\r\n--q\r\n' + SIGNED
    + b"\r\n--q\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nKowalski GmbH\r\n--q--\r\n"
)  # fmt: skip


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (enveloped(cms(SIGNED)), ["Frau Moran wohnt in Aachen."]),
        (enveloped(cms(SIGNED, is_open=True), "application/x-pkcs7-mime"), ["Frau Moran wohnt in Aachen."]),
        (enveloped(cms(SIGNED), "application/octet-stream"), ["Frau Moran wohnt in Aachen."]),
        (enveloped(cms(IN_PARTS)), ["Frau Moran wohnt in Aachen.", "Nordwind GmbH"]),
        (enveloped(cms(enveloped(cms(SIGNED)))), ["Frau Moran wohnt in Aachen."]),
        (enveloped(cms("Köln".encode()), name="Köln.txt.p7m"), ["Aachen"]),
    ],
)
def test_of_a_signed_mail_what_is_signed_is_redacted_and_the_signature_goes(mail, expected):
    result, redacting = redacted("eml", mail)
    parts = [part for part in email.message_from_bytes(result).walk() if not part.is_multipart()]
    assert [part.get_payload(decode=True).decode().strip() for part in parts] == expected
    assert not any("p7m" in (part.get_filename() or "") for part in parts)
    assert "signature" in {said.kind for said in redacting.removed}
    assert left_in(result, [original for original, __ in PAIRS]) == {}


def test_an_encrypted_mail_is_told_to_be_locked():
    with pytest.raises(KnownError, match=r"document\.locked"):
        redacted("eml", enveloped(cms(b"x", kind=3)))


def test_a_text_keeps_its_encoding_and_what_else_it_says():
    assert redacted("txt", "Grüße an Anna Müller".encode("cp1252"))[0] == "Grüße an Alex Moran".encode("cp1252")
    assert redacted("txt", b"\xff\xfe" + "Köln".encode("utf-16-le"))[0] == b"\xff\xfe" + "Aachen".encode("utf-16-le")


def test_words_are_put_back_and_nothing_else_changes():
    data, needles = planting.planted("docx", 3)
    pairs = [(word, f"Substitute{number:04}") for number, word in enumerate(needles.planted)]
    result, _ = redacted("docx", data, pairs)
    back, _ = redacted("docx", result, [(new, old) for old, new in pairs], removes=False)
    with zipfile.ZipFile(io.BytesIO(result)) as archive, zipfile.ZipFile(io.BytesIO(back)) as other:
        assert archive.namelist() == other.namelist()
        assert b"Substitute" not in other.read("word/document.xml")
    assert len(planting.found_in(back, needles)) > 100


def test_a_picture_keeps_its_pixels_alone():
    for made in (planting.png("Anna Müller"), planting.png("Anna", packed_text=True), planting.jpeg("Anna Müller")):
        clean = cleaned(made)
        assert clean is not None
        assert len(clean) < len(made)
        assert cleaned(clean) == clean
    assert cleaned(planting.png("Anna")[:-14]) is None
    assert cleaned(b"GIF89a") is None


def test_what_a_document_holds_is_listed_with_its_people():
    data, needles = planting.planted("docx", 3)
    listing = Listing()
    redacting = Redacting(Reading("a.docx", data=data), listing, draws=False)
    assert redactor_of("docx", "a")(redacting) == b""
    listed = planting.squeezed(" ".join(listing.texts))
    places = [place for word, place in needles.planted.items() if planting.squeezed(word) in listed]
    assert {"header", "footnote", "over runs", "alternative text", "hidden text", "comment", "name of a control"} <= {
        *places
    }
    people = {place for word, place in needles.planted.items() if word in redacting.people}
    assert {"property dc:creator", "author of a comment", "author of a deletion", "person"} <= people


def test_every_redactor_is_of_a_known_format_and_can_be_imported():
    assert {*REDACTORS} <= {known.id for known in FORMATS}
    for redactor in REDACTORS:
        assert callable(redactor_of(redactor, "a"))
    with pytest.raises(KnownError, match=r"document\.no_redactor"):
        redactor_of("xls", "a.xls")


def test_a_tree_that_is_nothing_but_values_gives_signs_of_life():
    signs, listing = [], Listing()
    root = etree.fromstring("<p>" + '<r rsidR="00A1B2C3" label="Two words"><rsid val="00A1B2C4"/></r>' * 2_500 + "</p>")
    redact_tree(root, Redacting(Reading("a.docx", data=b"", worked=lambda: signs.append(1)), listing), "")
    assert len(signs) >= 5
    assert [*listing.texts] == ["Two words"]  # what numbers a saving is no text


MAIL = "Subject: A\nTo: b\nMIME-Version: 1.0\n\n"


@pytest.mark.parametrize("gap", ["\n   ", "\r\n\t", "\n", "  ", "\n\n"])
@pytest.mark.parametrize(("head", "encoding"), [("", "utf-8"), ("", "utf-16"), (MAIL, "utf-8"), ("\u00a0", "utf-8")])
def test_the_check_of_a_result_sees_a_name_over_lines_of_a_text(head, encoding, gap):
    gap = gap.replace(" ", "\u00a0") if head == "\u00a0" else gap
    assert left_in(f"{head}Brief an Anna{gap}Berger".encode(encoding), ["Anna Berger"])


@pytest.mark.parametrize("name", ["Berger", "Öllinger", "Lena-Anna", "Anna Schneider"])
@pytest.mark.parametrize("gap", ["-\n   ", "-\n", "-\r\n\t", "-\n\u00a0\u00a0", "\u00ad\n ", "\u2010\n "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_name_broken_by_a_hyphen_is_replaced_and_seen_by_the_check(name, gap, encoding):
    begin, end = name.split("-") if "-" in name else (name[:-3], name[-3:])
    text = f"Brief an {begin}{gap}{end} von gestern"
    assert left_in(text.encode(encoding), [name])
    assert WordList([name]).places_in(text)
    assert not left_in(f"Brief an {begin}{gap}\n{end} von gestern".encode(encoding), [name])


def test_a_name_that_lies_over_lines_of_headers_by_chance_is_none():
    heads = "X-A: 1\nX-B: 2\nSubject: Brief von Anna"
    assert not left_in(f"{heads}\n\nBerger schreibt".encode(), ["Anna Berger"])
    assert not left_in(f"{heads}\nBerger: 3\n\nText".encode(), ["Anna Berger"])


@pytest.mark.parametrize(("data", "words"), [(b"x", 5_000), (b"<a>" + b"<p>x</p>" * 5_000, 1)], ids=["words", "texts"])
def test_the_check_of_a_result_gives_signs_of_life(data, words):
    signs = []
    left_in(data, [f"Quarbel{number}" for number in range(words)], lambda: signs.append(1))
    assert len(signs) > 5


@pytest.mark.parametrize("kind", ["docx", "pptx", "xlsx", "odt"])
def test_numbers_of_fonts_colours_and_ids_are_no_text(kind):
    """A number that a person wrote is listed wherever it stands, also where programs keep theirs."""
    planted = {"docx": 4, "pptx": 2, "xlsx": 3, "odt": 2}[kind]
    phones = [f"+49 351 447129{at}" for at in range(planted)]
    listing = Listing()
    redactor_of(kind, "a")(Redacting(Reading(f"a.{kind}", data=_with_numbers(kind, phones)), listing, draws=False))
    numbers = {find.text for text in listing.texts for find in find_private(text) if find.kind is Kind.PHONE}
    assert numbers == {*phones}


def _with_numbers(kind, phones):
    if kind == "odt":
        font = (
            'svg:panose-1="2 11 6 4 2 2 2 2 2 4" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"'
        )
        config = 'xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0"'
        item = f'<config:config-item {config} config:name="Rsid" config:type="int">13817043</config:config-item>'
        styles = f'<style:style style:name="a" style:family="text" style:display-name="{phones[1]}" {font}/>'
        return odf("text", f"<text:p>{phones[0]}</text:p>", {"settings.xml": item}, styles=styles)
    if kind == "pptx":
        deck = pptx.Presentation()
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = phones[0]
        slide.shapes.title.element.nvSpPr.cNvPr.set("descr", phones[1])
        return _saved(deck)
    if kind == "xlsx":
        book = openpyxl.Workbook()
        book.active.append(["Telefon", phones[0]])
        book.active["B1"].font = openpyxl.styles.Font(color="FF993366")
        book.active["A1"].comment = openpyxl.comments.Comment(phones[1], "a")
        book.active.auto_filter.ref = "A1:B1"
        book.active.auto_filter.add_filter_column(1, [phones[2]])
        return _saved(book)
    letter = docx.Document()
    letter.add_paragraph(phones[0])
    letter.sections[0].header.paragraphs[0].text = phones[1]
    letter.core_properties.subject = phones[2]
    letter.add_paragraph().add_run().add_picture(io.BytesIO(png_of(b"\0\0\0", width=1, height=1, stride=3)))
    (picture,) = letter.element.xpath("//wp:inline")
    picture.docPr.set("descr", phones[3])
    offset = etree.SubElement(picture, f"{{{picture.nsmap['wp']}}}posOffset")
    offset.text = "35144712"
    return _saved(letter)

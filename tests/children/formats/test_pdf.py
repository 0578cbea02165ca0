"""PDF: what stands on a page comes back in the order it is read, with its place, and damage is told for what it is."""

from __future__ import annotations

import struct
import time
import zlib

import pytest
from fakes.tiny_pdf import Text, TinyPdf, cut, lines

from slmdesk.base.documents import BlockKind, Note, PageStatus
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.children.formats import pdf, pdf_file
from slmdesk.children.formats.reading import PictureRequest, Reading

pytestmark = pytest.mark.pure


def reading_of(made: TinyPdf | bytes, **more: str) -> Reading:
    return Reading("a.pdf", bytes(made), **more)


def pages_of(made: TinyPdf | bytes, reading: Reading | None = None):
    return [*pdf.read(reading or reading_of(made))]


def blocks_of(page):
    return [(block.kind, page.text[block.start : block.end]) for block in page.blocks]


def kinds_of(page):
    return [block.kind for block in page.blocks]


BODY = ("The office keeps its letters in folders by year", "and by name. A clerk reads each letter and notes", "it.")


def test_paragraphs_headings_and_items_are_told_apart():
    made = TinyPdf(title=" A  title\x00 ").page(
        Text(50, 750, "1 The first heading", 16, "bold"),
        *lines(50, 720, *BODY),
        *lines(50, 670, *BODY),
        Text(50, 630, "•"), Text(62, 630, "an item that is long enough to"), Text(62, 618, "go on in a second line"),
        Text(50, 606, "•"), Text(62, 606, "another"),
        *lines(50, 570, "x = 1", "  y = 2", font="mono"),
        Text(50, 530, "Table 1: what it shows"),
    )  # fmt: skip
    reading = reading_of(made)
    (page,) = pages_of(made, reading)
    assert blocks_of(page) == [
        (BlockKind.HEADING, "1 The first heading"),
        (BlockKind.PARAGRAPH, " ".join(BODY)),
        (BlockKind.PARAGRAPH, " ".join(BODY)),
        (BlockKind.LIST_ITEM, "• an item that is long enough to go on in a second line"),
        (BlockKind.LIST_ITEM, "• another"),
        (BlockKind.CODE, "x = 1\n  y = 2"),
        (BlockKind.CAPTION, "Table 1: what it shows"),
    ]
    assert page.blocks[0].level == 1
    assert reading.title == "A title"
    assert (page.status, page.has_image, page.label) == (PageStatus.READ, True, "1")


def test_numbered_titles_in_the_letters_of_the_text_are_headings():
    made = TinyPdf().page(Text(50, 750, "2.1. The law of powers"), *lines(50, 720, "1.5 pages are", "not a title."))
    (page,) = pages_of(made)
    assert [(block.kind, block.level) for block in page.blocks] == [(BlockKind.HEADING, 2), (BlockKind.PARAGRAPH, 0)]


def test_a_numbered_title_is_told_from_the_text_below_and_a_list_s_item_goes_on():
    made = TinyPdf().page(
        *lines(50, 750, "II. The deposit", "The office keeps its letters in folders by year", "and by name for long."),
        *lines(50, 650, "3. an item of a list without any indent", "Goes on here."),
    )
    (page,) = pages_of(made)
    assert [text for _, text in blocks_of(page)] == [
        "II. The deposit",
        "The office keeps its letters in folders by year and by name for long.",
        "3. an item of a list without any indent Goes on here.",
    ]


def test_a_title_in_capitals_is_told_from_the_sentence_below():
    made = TinyPdf().page(
        *lines(50, 750, "IN THE COUNTY COURT OF KIEL", "The claimant asks for"), *lines(50, 600, *BODY)
    )
    made.page(*lines(50, 750, "THE SELLER AGREES WITH THE BUYER", "that all is well, and", "KNOWS THAT", "NOTHING"))
    assert [text for page in pages_of(made) for _, text in blocks_of(page)] == [
        "IN THE COUNTY COURT OF KIEL", "The claimant asks for", " ".join(BODY),
        "THE SELLER AGREES WITH THE BUYER that all is well, and KNOWS THAT NOTHING",
    ]  # fmt: skip


def test_lines_of_a_table_of_contents_stay_lines():
    dots = " . " * 12
    made = TinyPdf().page(*lines(50, 700, f"1 Begin{dots}3", f"1.1 Middle{dots}14", f"2 End{dots}27"))
    assert [text for _, text in blocks_of(pages_of(made)[0])] == ["1 Begin … 3", "1.1 Middle … 14", "2 End … 27"]


@pytest.mark.parametrize(
    ("written", "font", "text"),
    [
        (("a well-known deter-", "mine and a well-", "known one, the years 1999-", "2001, and X-", "Ray"), "plain",
         "a well-known determine and a well-known one, the years 1999-2001, and X-Ray"),
        (("eﬃcient ﬁle ½ ① ﬂow",), "any", "efficient file ½ ① flow"),
        (("caf´e na¨ıve apr`es `quoted` B´ela",), "any", "café naïve après `quoted` Béla"),
        (("日本語の文章です。", "次の行。"), "any", "日本語の文章です。次の行。"),
    ],
    ids=["hyphens of line ends, not of compounds", "ligatures", "accents drawn apart", "no blanks at line ends"],
)  # fmt: skip
def test_letters_and_line_ends_are_mended(written, font, text):
    assert pages_of(TinyPdf().page(*lines(50, 700, *written, font=font)))[0].text == text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (("the mother-in-", "law of a state-of-", "the-art clerk"), "the mother-in-law of a state-of-the-art clerk"),
        (("is an up-", "to-date list, vis-à-", "vis"), "is an up-to-date list, vis-à-vis"),
        (("der Ein-", "und Ausgang", "der Kündigungs-", "oder Lösungsrechte"),
         "der Ein- und Ausgang der Kündigungs- oder Lösungsrechte"),
        (("a first-", "and second-class seat"), "a first- and second-class seat"),
        (("die E-Mail-", "Adresse, die E-", "Mail, ein e-", "mail"), "die E-Mail-Adresse, die E-Mail, ein e-mail"),
        (("ist EU-", "weit so, auch die CD-", "ROM dort"), "ist EU-weit so, auch die CD-ROM dort"),
        (("DIE BUNDES-", "REPUBLIK"), "DIE BUNDESREPUBLIK"),
        (("die Bundes-", "republik, das Netz-", "entgelt-Privileg"), "die Bundesrepublik, das Netzentgelt-Privileg"),
        (("der Deutsch-Franzö-", "sische Rat"), "der Deutsch-Französische Rat"),
        (("bei jana@haus-", "verwaltung.example oder"), "bei jana@haus-verwaltung.example oder"),
        (("the land-", "lord lives there 2010-", "2020."), "the landlord lives there 2010-2020."),
        (("und das Jahr-", "hundert und"), "und das Jahrhundert und"),
    ],
)  # fmt: skip
def test_hyphens_of_words_are_kept_and_those_of_line_ends_are_not(written, text):
    assert " ".join(pages_of(TinyPdf().page(*lines(50, 700, *written)))[0].text.split()) == text


LEFT = (
    "This is the first column of a page that", "was drawn line by line over both of its",
    "columns, as some programs do, and it goes", "on for a few lines until it comes to its",
    "end here and now with a few words.",
)  # fmt: skip
RIGHT = (
    "Here the second column begins, which is", "to be read after the first one and not in",
    "between its lines which would be nonsense", "for whoever reads it. It has as many lines",
    "as the other column and ends here.",
)  # fmt: skip


def test_columns_are_read_one_after_the_other_however_they_were_drawn():
    by_column = [*lines(50, 700, *LEFT), *lines(320, 700, *RIGHT)]
    by_line = [line for pair in zip(by_column[:5], by_column[5:], strict=True) for line in pair]
    expected = [(BlockKind.PARAGRAPH, " ".join(LEFT)), (BlockKind.PARAGRAPH, " ".join(RIGHT))]
    assert blocks_of(pages_of(TinyPdf().page(*by_column))[0]) == expected
    assert blocks_of(pages_of(TinyPdf().page(*by_line))[0]) == expected


def test_rows_of_a_table_have_cells():
    rows = [("Item", "Pieces", "Price"), ("Paper", "12", "3.50"), ("Pens", "4", "11.00"), ("Total", "", "14.50")]
    texts = [Text(x, 700 - 14 * at, cell)
             for at, row in enumerate(rows) for x, cell in zip((50, 200, 300), row, strict=True) if cell]  # fmt: skip
    (page,) = pages_of(TinyPdf().page(*texts))
    assert blocks_of(page) == [(BlockKind.TABLE_ROW, "\t".join(row)) for row in rows]


def book(pages: int = 4, **more: str) -> TinyPdf:
    made = TinyPdf(**more)
    for number in range(1, pages + 1):
        made.page(
            Text(50, 770, f"The book of letters, part {number % 2}"),
            *lines(50, 720, f"Words of page {number}.", *BODY),
            Text(290, 30, str(number + 4)),
        )
    return made


def test_headers_and_footers_are_kept_apart():
    reading = reading_of(book())
    for number, page in enumerate(pages_of(b"", reading), 1):
        assert kinds_of(page) == [BlockKind.HEADER, BlockKind.PARAGRAPH, BlockKind.FOOTER]
        assert blocks_of(page)[2][1] == str(number + 4)
    assert reading.notes == [Note.HEADERS_APART]
    alone = pages_of(book(1))[0]
    assert BlockKind.HEADER not in kinds_of(alone)


@pytest.mark.parametrize(
    ("foot", "is_apart"), [("1", True), ("- 1 -", True), ("Page 1 of 1", True), ("7", False), ("1 euro", False)]
)
def test_the_number_of_a_single_page_is_kept_apart(foot, is_apart):
    (page,) = pages_of(TinyPdf().page(*lines(60, 700, "The rent is due on the first day."), Text(297, 30, foot)))
    apart = [text for kind, text, *_ in blocks_of(page) if kind is BlockKind.FOOTER]
    assert apart == ([foot] if is_apart else [])


def test_titles_of_slides_are_no_headers():
    made = TinyPdf()
    for number in range(3):
        made.page(Text(50, 740, "Overview", 24), *lines(50, 600, f"Point {number}", *BODY))
    assert all(kinds_of(page)[0] is BlockKind.HEADING for page in pages_of(made))


def test_pages_have_the_labels_printed_on_them_and_their_number_in_the_file():
    pages = pages_of(book(4, labels="[0 << /S /r >> 2 << /S /D /St 1 >>]"))
    assert [(page.number, page.label) for page in pages] == [(1, "i"), (2, "ii"), (3, "1"), (4, "2")]


def test_scanned_empty_drawn_and_broken_pages_are_told_apart():
    made = TinyPdf().page(picture=True).page().page(drawing=b"10 10 m 100 100 l S\n" * 60).page(broken=True)
    made.page(*lines(50, 700, *BODY))
    reading = reading_of(made)
    pages = pages_of(made, reading)
    assert [page.status for page in pages] == [
        PageStatus.SCANNED, PageStatus.EMPTY, PageStatus.EMPTY, PageStatus.BROKEN, PageStatus.READ,
    ]  # fmt: skip
    assert len({page.reason for page in pages}) == 5
    assert {Note.OCR_MISSING, Note.PARTLY_DAMAGED} <= set(reading.notes)
    assert not pages[3].has_image


@pytest.mark.parametrize(
    "hidden",
    [
        Text(50, 600, "ignore all of it", mode=3),
        Text(50, 600, "ignore all of it", colour="1 1 1"),
        Text(-300, 600, "ignore all of it"),
        Text(50, 600, "ignore all of it", size=0.5),
    ],
)
def test_x10_hidden_words_are_read_and_said(hidden):
    reading = reading_of(TinyPdf().page(*lines(50, 700, *BODY), hidden))
    (page,) = pages_of(b"", reading)
    assert [block.place for block in page.blocks] == ["", "hidden"]
    assert "ignore" in blocks_of(page)[1][1]
    assert Note.HIDDEN_TEXT in reading.notes


def test_white_words_on_a_dark_ground_are_not_hidden():
    dark = b"0 0 0 rg 0 0 600 800 re f\n"
    reading = reading_of(TinyPdf().page(Text(50, 600, "seen by all who look", colour="1 1 1"), drawing=dark))
    pages_of(b"", reading)
    assert Note.HIDDEN_TEXT not in reading.notes


def test_the_text_layer_of_a_scan_is_read_and_named():
    unseen = [Text(50, 700, line, mode=3) for line in BODY]
    reading = reading_of(TinyPdf().page(*unseen, picture=True))
    (page,) = pages_of(b"", reading)
    assert (page.status, page.reason) == (PageStatus.READ, "text layer of a scan")
    assert Note.HIDDEN_TEXT not in reading.notes


def test_what_was_filled_in_and_remarked_is_read():
    made = TinyPdf().page(*lines(50, 700, *BODY), fields=[("name", "Ada Lovelace")], comments=[("Bo", "is it so?")])
    (page,) = pages_of(made)
    assert [(block.kind, page.text[block.start : block.end], block.place) for block in page.blocks[-2:]] == [
        (BlockKind.PARAGRAPH, "Ada Lovelace", "name"),
        (BlockKind.COMMENT, "is it so?", "Bo"),
    ]


@pytest.mark.parametrize(
    ("whole", "broken"),
    [
        (b"<feff00410042>", b"<feffd8000042>"),  # a title that is half a letter
        (b"/P (zz)", b"/P <feffdc00dc00>"),
        (b"(a.txt) /UF (a.txt)", b"(a.txt) /UF <feffdc00>"),
        (b"/Filespec /F", b"/Nothing_ /G"),
    ],
)
def test_a_broken_title_label_or_file_does_not_spoil_the_document(whole, broken):
    made = TinyPdf(title="AB", labels="[0 << /P (zz) >>]", attachments=[("a.txt", b"x")])
    data = bytes(made.page(*lines(50, 700, *BODY)))
    assert whole in data
    (page,) = pages_of(data.replace(whole, broken))
    assert page.text == " ".join(BODY)


def test_files_in_the_file_are_listed_and_can_be_had():
    made = TinyPdf(attachments=[("a.txt", b"hello"), ("b.xyz", b"12")]).page(*lines(50, 700, *BODY))
    reading = reading_of(made)
    pages_of(made, reading)
    assert [
        (attachment.index, attachment.name, attachment.bytes, attachment.format) for attachment in reading.attachments
    ] == [
        (0, "a.txt", 5, "txt"),
        (1, "b.xyz", 2, ""),
    ]
    assert pdf_file.attachment(reading_of(made), 0) == ("a.txt", b"hello")
    with pytest.raises(KnownError):
        pdf_file.attachment(reading_of(made), 2)


def test_x5_each_damage_has_a_name_of_its_own():
    locked = bytes(TinyPdf(password="secret").page(*lines(50, 700, *BODY)))
    whole = bytes(book())
    verdicts = {}
    for name, data, password in (
        ("locked", locked, ""),
        ("wrong", locked, "no"),
        ("empty", b"", ""),
        ("no pages", bytes(TinyPdf()), ""),
        ("junk", b"%PDF-1.7\n" + b"junk " * 100, ""),
    ):
        with pytest.raises(KnownError) as caught:
            pages_of(b"", reading_of(data, password=password))
        verdicts[name] = (caught.value.code, caught.value.args_for_people.get("reason"))
    assert verdicts["locked"][0] == "document.locked"
    assert verdicts["wrong"][0] == "document.wrong_password"
    assert len(set(verdicts.values())) == 5
    assert pages_of(b"", reading_of(locked, password="secret"))[0].text == " ".join(BODY)
    assert len(pages_of(whole)) == 4


def test_a_cut_file_gives_what_is_left_and_says_so():
    whole = bytes(book())
    reading = reading_of(whole[: whole.index(b"xref")])
    assert len(pages_of(b"", reading)) == 4
    assert Note.PARTLY_DAMAGED in reading.notes


def test_the_pages_that_a_cut_file_lost_are_damaged_not_empty():
    made = TinyPdf().page(*lines(50, 700, *BODY)).page(*lines(50, 700, *BODY)).page(*lines(50, 700, *BODY))
    reading = reading_of(cut(made, 2, 3))
    pages = pages_of(b"", reading)
    assert [(page.status, page.reason, page.has_image) for page in pages] == [
        (PageStatus.READ, "", True), *[(PageStatus.BROKEN, "the page is damaged", False)] * 2,
    ]  # fmt: skip
    assert reading.counts[Note.PARTLY_DAMAGED] == 2
    with pytest.raises(KnownError, match="damaged"):
        pages_of(cut(made, 1, 2, 3))
    assert [page.status for page in pages_of(TinyPdf().page())] == [PageStatus.EMPTY]


def test_a_false_table_of_contents_of_the_file_is_mended():
    whole = bytes(book())
    assert len(pages_of(whole.replace(b"startxref\n", b"startxref\n9"))) == 4


@pytest.mark.parametrize(
    "kids", [b"/Kids [2 0 R] /Count 3", b"/Kids [1 0 R 2 0 R] /Count 2", b"/Kids [] /Count 1000000000"]
)
def test_loops_and_lies_in_the_tree_of_pages_end(kids):
    data = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages " + kids
    data += b" >>\nendobj\ntrailer\n<< /Size 3 /Root 1 0 R >>\n%%EOF\n"
    with pytest.raises(KnownError) as caught:
        pages_of(data)
    assert caught.value.code in ("document.damaged", "document.too_many_pages")


def test_a_page_with_far_too_many_letters_says_that_it_was_cut(monkeypatch):
    monkeypatch.setattr(pdf_file, "MAX_CHARACTERS", 60)
    monkeypatch.setattr(pdf, "MAX_CHARACTERS", 60)
    (page,) = pages_of(TinyPdf().page(*lines(50, 700, *BODY)))
    assert " ".join(BODY).startswith(page.text[:50])
    assert "beginning" in page.reason


def test_a_page_of_many_lines_is_laid_out_in_time():
    made = TinyPdf().page(*lines(50, 60_000, *(f"word {number} of many" for number in range(5000))), height=60_100)
    began = time.process_time()
    (page,) = pages_of(made)
    assert page.text.endswith("word 4999 of many")
    assert time.process_time() - began < 10


def test_a_cancel_is_heard_between_pages():
    reading = reading_of(book())
    pages = pdf.read(reading)
    next(pages)
    reading.stop.set()
    with pytest.raises(Stopped):
        next(pages)


def boxes_of(made: TinyPdf, number: int, *words: str):
    pages = pages_of(made)
    text = pages[number - 1].text
    marks = tuple((text.index(word), text.index(word) + len(word)) for word in words)
    return pdf.picture(reading_of(made), PictureRequest(number, 0, marks)).boxes


def test_a_passage_has_a_box_for_each_of_its_lines():
    made = book()
    (single, across) = boxes_of(made, 2, "folders", "year and by name")
    assert len(single) == 1
    left, top, right, bottom = single[0]
    assert 50 / 600 < left < right < 1
    assert abs(top - (800 - 708 - 10) / 800) < 0.01
    assert 0 < bottom - top < 0.03
    assert len(across) == 2
    assert across[0][3] <= across[1][1] + 0.005
    assert across[1][0] < 60 / 600


def test_a_mended_word_has_boxes_on_both_lines():
    made = TinyPdf().page(*lines(50, 700, "words deter-", "mine it"))
    ((first, second),) = boxes_of(made, 1, "determine")
    assert first[0] > second[0]
    assert first[1] < second[1]


def test_a_ligature_is_marked_where_it_stands():
    made = TinyPdf().page(Text(50, 700, "eﬃcient ﬁle", font="any"))
    ((box,),) = boxes_of(made, 1, "ile")
    assert box[0] == pytest.approx(98 / 600, abs=0.001)  # the ligature's, of which it is a part


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_boxes_lie_on_the_letters_of_the_picture(rotate):
    texts = [*lines(100, 500, *BODY), Text(100, 400, "target", 20)]
    made = TinyPdf().page(*texts, rotate=rotate)
    ((box,),) = boxes_of(made, 1, "target")
    picture = pdf.picture(reading_of(made), PictureRequest(1, 600))
    width, height, rows = pixels_of(picture.png)
    assert (width, height) == (picture.width, picture.height)
    assert picture.width == 600
    inside = [box[0] * width, box[1] * height, box[2] * width, box[3] * height]
    left, top, right, bottom = (round(side) for side in inside)
    ink = [min(row[left * 3 : right * 3]) for row in rows[top:bottom]]
    assert min(ink) < 60


def pixels_of(png: bytes):
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    at = png.index(b"IDAT")
    (size,) = struct.unpack(">I", png[at - 4 : at])
    raw = zlib.decompress(png[at + 4 : at + 4 + size])
    stride = width * 3 + 1
    return width, height, [raw[row * stride + 1 : (row + 1) * stride] for row in range(height)]


def test_pictures_are_bounded_and_missing_pages_refused():
    tall = TinyPdf().page(Text(1, 1, "x"), width=10, height=14000)
    picture = pdf.picture(reading_of(tall), PictureRequest(1, 4096))
    assert picture.height <= pdf.MAX_HEIGHT + 2
    with pytest.raises(KnownError, match=r"document\.no_page"):
        pdf.picture(reading_of(tall), PictureRequest(2, 100))
    with pytest.raises(KnownError, match=r"document\.no_image"):
        pdf.picture(reading_of(TinyPdf().page(broken=True)), PictureRequest(1, 100))


def test_every_character_of_a_block_is_in_the_text_and_blocks_do_not_overlap():
    for page in pages_of(book()):
        end = 0
        for block in page.blocks:
            assert block.start >= end
            assert page.text[end : block.start].strip() == ""
            end = block.end
        assert end == len(page.text)

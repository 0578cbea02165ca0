"""Scanned pages: with the optional library they are read off their picture; without, see test_pdf."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pypdfium2 as pdfium
import pytest
from fakes.scans import WORDS, scan
from PIL import Image, ImageDraw, ImageFont

from slmdesk.base.documents import BlockKind, Note, PageStatus
from slmdesk.children.formats import pdf, pictures, scans
from slmdesk.children.formats.pdf_file import Look, Word
from slmdesk.children.formats.pdf_layout import Line, lay_out, measures_of
from slmdesk.children.formats.reading import PictureRequest, Reading, redactor_of
from slmdesk.children.formats.redacting.redactors import Redacting, Replacing
from slmdesk.children.formats.scan_lines import folder
from slmdesk.children.formats.scans import Recognition, Turn
from slmdesk.redact import BAR

pytestmark = pytest.mark.pure


LINES = (
    "The tenant pays the heating and the water.", "Each letter is kept in a folder by its year.",
    "Nobody may park a car before the gates here.", "A clerk reads the paper and gives it a number.",
)  # fmt: skip


def word(text: str, *, x0: float = 60, is_doubtful: bool = False) -> Word:
    return Word(text, -1, None, 0, x0, 90, x0 + 60, 110, is_doubtful=is_doubtful)


def test_words_read_off_the_picture_are_a_page_like_any_other(monkeypatch):
    """What the library gives is put in its place; the library itself is tried below where it is installed."""
    look = Look(10, False, False, False, False, False)
    words = [word("office"), word("4711", x0=125, is_doubtful=True)]
    asked = []

    def recognise(picture, width, height, language, worked):
        asked.append((picture.mode, picture.width, width, height, language))
        worked()
        return Recognition(Turn(width, height), [Line(words, look, 60, 90, 185, 110)], 94)

    monkeypatch.setattr(pdf, "is_available", lambda: True)
    monkeypatch.setattr(pdf, "recognise", recognise)
    data = scan()
    reading = Reading("a.pdf", data, language="de")
    (page,) = pdf.read(reading)
    assert (page.status, page.reason, page.text) == (PageStatus.READ, "by OCR, 94 %; check “4711”", "office 4711")
    assert [(block.kind, block.start, block.place) for block in page.blocks if block.kind is BlockKind.DOUBTFUL] == [
        (BlockKind.DOUBTFUL, 7, "4711")
    ]
    assert page.block_count == 1
    assert reading.notes == [Note.OCR_USED]
    assert asked == [("L", 2500, 600, 800, "de")]
    ((box,),) = pdf.picture(Reading("a.pdf", data), PictureRequest(1, 0, ((0, 6),))).boxes
    assert box == pytest.approx((0.1, 90 / 800, 0.2, 110 / 800))


def test_private_words_of_a_scan_get_bars(monkeypatch):
    look = Look(10, False, False, False, False, False)
    words = [placed("Frau", 100, 200), placed("Anna", 160, 200), placed("Müller", 220, 200), placed("wohnt", 300, 200)]
    recognition = Recognition(Turn(600, 800), [Line(words, look, 100, 200, 350, 212)], 94)
    monkeypatch.setattr(pdf, "is_available", lambda: True)
    monkeypatch.setattr(pdf, "recognise", lambda *_args: recognition)
    replacing = Replacing([("Anna Müller", BAR)])
    redacting = Redacting(Reading("a.pdf", scan()), replacing, pixels_per_inch=72)
    result = redactor_of("pdf", "a.pdf")(redacting)
    assert replacing.counts[0] == 1
    with pdfium.PdfDocument(result) as document:
        shown = document[0].render().to_pil().convert("L")
    assert [shown.getpixel((x, 206)) for x in (180, 250)] == [0, 0]
    assert min(shown.getpixel((x, 206)) for x in (130, 320)) > 100
    assert ("page_without_words", "page 1") in {(doubt.kind, doubt.place) for doubt in redacting.unsure}


@pytest.mark.parametrize(("quarters", "place"), [(0, (10, 20)), (1, (580, 10)), (2, (590, 780)), (3, (20, 790))])
def test_a_place_on_a_turned_page_is_found_on_the_page_in_the_file(quarters, place):
    turn = Turn(600, 800, quarters)
    assert turn.back(10, 20) == pytest.approx(place)
    assert turn.size == ((800, 600) if quarters % 2 else (600, 800))


def test_a_straightened_place_is_found_where_it_was_slanted():
    """The right end of a level line was lower, if the picture had to be turned to the left."""
    turn = Turn(600, 800, skew=2)
    left, right = turn.back(0, 400), turn.back(600, 400)
    assert right[1] - left[1] == pytest.approx(20.9, abs=0.1)
    assert turn.back(300, 400) == pytest.approx((300, 400))


def placed(text: str, x0: float, y0: float, sureness: float = 90) -> Word:
    return Word(text, -1, None, 0, x0, y0, x0 + 10 * len(text), y0 + 12, sureness=sureness)


def test_words_parted_at_the_end_of_a_line_are_joined():
    lines = [[placed("Die", 10, 10), placed("Zähler-", 50, 10)], [placed("stände", 10, 24), placed("am", 80, 24)]]
    arranged = scans.arranged(lines)
    laid = lay_out(arranged, measures_of(arranged, 800), frozenset(), frozenset(), frozenset())
    assert laid.text.text == "Die Zählerstände am"


def test_a_table_is_read_by_its_lines():
    rows = [("Pos.", "Menge", "Betrag"), ("1", "12", "114,00"), ("2", "1", "-8,12"), ("Summe", "", "105,88")]
    lines = [
        [placed(cell, 50 + 200 * at, 20 * row) for at, cell in enumerate(cells) if cell]
        for row, cells in enumerate(rows)
    ]
    arranged = scans.arranged(lines)
    laid = lay_out(arranged, measures_of(arranged, 800), frozenset(), frozenset(), frozenset())
    assert laid.text.text.split("\n") == ["\t".join(cells) for cells in rows]


def test_the_data_of_a_language_are_taken_where_they_are(monkeypatch, tmp_path):
    own, system = tmp_path / "own", tmp_path / "system"
    for place, names in ((own, ("deu", "eng", "osd")), (system, ("fra", "eng"))):
        place.mkdir()
        for name in names:
            (place / f"{name}.traineddata").write_bytes(b"")
    monkeypatch.setattr(scans, "FOLDERS", (str(own), str(system)))
    monkeypatch.delenv(scans.DATA_VARIABLE, raising=False)
    assert scans.languages_for("de") == "deu+eng"
    assert scans.languages_for("de-AT") == "deu+eng"
    assert scans.languages_for("") == "deu+eng"
    assert scans.languages_for("en") == "eng"
    assert scans.languages_for("fr") == "fra+eng"
    assert scans.folder_of("fra+eng") == str(system)
    assert scans.languages_for("pl") == "deu+eng"
    (own / "deu.traineddata").unlink()
    assert scans.languages_for("pl") == "eng"


def test_pages_are_drawn_large_enough_but_not_larger():
    assert scans.width_for(595, 842) == 2479
    assert scans.width_for(5950, 8420) <= scans.MAX_SIDE


@pytest.mark.parametrize("turned", [1, *(pytest.param(turn, marks=pytest.mark.soak) for turn in (0, 2))])
def test_the_library_reads_a_scan(turned):
    if not scans.is_available():
        pytest.skip("nothing here reads scans")
    (page,) = pdf.read(Reading("a.pdf", scan(turned, high=200), language="en"))
    assert page.reason.startswith("by OCR")
    assert " ".join(WORDS).split()[:6] == page.text.split()[:6]


def test_on_windows_the_data_are_found_in_a_folder_of_any_name(monkeypatch, tmp_path):
    """Its Tesseract, tried under wine, opens nothing by a path with an umlaut, and what is in the current folder."""
    tesserocr = pytest.importorskip("tesserocr")
    here = tmp_path / "Müller"
    here.mkdir()
    (here / "eng.traineddata").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scans, "FOLDERS", (str(here),))
    monkeypatch.setattr(scans, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(scans, "folder", lambda: None)
    asked = set()

    def read_by(path, **_):
        asked.add((path, Path.cwd()))
        raise RuntimeError

    monkeypatch.setattr(tesserocr, "PyTessBaseAPI", read_by)
    with suppress(RuntimeError):
        list(pdf.read(Reading("a.pdf", scan(), language="en")))
    assert asked == {(".", here)}


@pytest.mark.parametrize("size", [(1, 1_000_000), (1_000_000, 1), (2, 40_000), (40_000, 3), (6000, 6000)])
def test_no_picture_is_larger_than_the_library_can_hold(monkeypatch, size):
    given = []
    monkeypatch.setattr(scans, "folder", lambda: None)
    monkeypatch.setattr(scans, "_by_tesseract", lambda picture, *_args: (given.append(picture.size) or [], False))
    scans.recognise(Image.new("L", size, 255), *size, "", lambda: None)
    assert given
    assert max(max(each) for each in given) <= scans.MOST_SIDE


@pytest.mark.skipif(folder() is None, reason="wants the networks")
@pytest.mark.parametrize(("quarters", "degrees"), [(0, 3), (1, 0), (2, -2), (3, 0)])
def test_a_page_is_turned_until_its_lines_are_level(quarters, degrees):
    page = Image.new("L", (650, 300), 255)
    draw = ImageDraw.Draw(page)
    for row, words in enumerate(LINES):
        draw.text((50, 50 + 50 * row), words, font=ImageFont.load_default(25), fill=0)
    lying = scans.turned_picture(page.rotate(-degrees, fillcolor=255), Turn(1, 1, (4 - quarters) % 4))
    turn, upright, found = scans.upright(lying, Turn(*lying.size))
    assert (turn.quarters, turn.skew) == (quarters, pytest.approx(degrees, abs=0.3))
    assert upright.size == page.size
    assert len(found) == len(LINES)


@pytest.mark.skipif(folder() is None, reason="wants the networks")
def test_of_noise_alone_nothing_is_asked(monkeypatch):
    """Tesseract makes lines of it for minutes and heeds no limit meanwhile."""
    monkeypatch.setattr(scans, "_by_tesseract", lambda *_args: pytest.fail("asked"))
    assert scans.recognise(Image.effect_noise((900, 900), 200), 600, 600, "de", lambda: None).lines == []


def test_a_figure_read_in_two_ways_is_named_with_both():
    look = Look(10, False, False, False, False, False)
    words = [word("12,50", is_doubtful=True), word("4711", is_doubtful=True)]
    words[0].other = "12,30"
    recognition = Recognition(Turn(600, 800), [Line(words, look, 60, 90, 185, 110)], 94)
    assert recognition.reason == "by OCR, 94 %; check “12,50” / “12,30”, “4711”"


@pytest.mark.skipif(folder() is None, reason="wants the networks")
def test_words_on_a_shaded_page_of_black_and_white_dots_are_read():
    page = Image.new("L", (1600, 500), 180)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(60)
    for row, words in enumerate(
        ("The rent is due in April.", "The tenant pays the heating.", "The keys are returned.")
    ):
        draw.text((100, 80 + 120 * row), words, font=font, fill=20)
    found = scans.recognise(page.convert("1").convert("L"), 384, 120, "en", lambda: None)
    assert "The tenant pays the heating." in [" ".join(word.text for word in line.words) for line in found.lines]


@pytest.mark.skipif(not scans.has_tesseract(), reason="wants tesserocr and its data")
def test_the_library_is_given_grey_dots_and_opens_no_picture(monkeypatch):
    """Its own libraries for PNG, TIFF, JPEG and WebP are of 2018 and have known faults."""
    import tesserocr

    used, given = set(), []

    class Watched:
        def __init__(self, **options):
            self._api = tesserocr.PyTessBaseAPI(**options)

        def __enter__(self):
            return self

        def __exit__(self, *_raised):
            self._api.End()

        def __getattr__(self, name):
            used.add(name)
            if name == "SetImageBytes":
                return lambda data, *about: given.append((data, about)) or self._api.SetImageBytes(data, *about)
            return getattr(self._api, name)

    library = SimpleNamespace(
        PyTessBaseAPI=Watched, RIL=tesserocr.RIL, PSM=tesserocr.PSM, iterate_level=tesserocr.iterate_level
    )
    monkeypatch.setitem(sys.modules, "tesserocr", library)
    page = Image.new("L", (900, 300), 255)
    ImageDraw.Draw(page).text((50, 100), "The rent is due", font=ImageFont.load_default(60), fill=0)
    data = io.BytesIO()
    page.save(data, "PNG")
    (read,) = pictures.read(Reading("a.png", data.getvalue()))
    assert read.status is PageStatus.READ
    assert used == {"SetVariable", "SetImageBytes", "SetSourceResolution", "Recognize", "GetIterator"}
    for dots, (width, height, bytes_of_dot, bytes_of_row) in given:
        assert (bytes_of_dot, bytes_of_row, len(dots)) == (1, width, width * height)

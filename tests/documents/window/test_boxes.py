"""Boxes that are drawn on the pages, and pictures that are chosen, to be taken out of the copy."""

from __future__ import annotations

import io

import docx
import pypdfium2 as pdfium
import pytest
from fakes.dropping import drop
from fakes.tiny_pdf import Text, TinyPdf
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from slmdesk.base.documents import PageBox
from slmdesk.children.formats.reading import png_of
from slmdesk.ui.documents.boxes import ALL, LOWER_RIGHT, STEP, moved

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]


@pytest.fixture
def pdf(tmp_path):
    path = tmp_path / "letter.pdf"
    made = TinyPdf().page(Text(65, 590, "ein Stempel liegt hier"), width=600, height=800)
    path.write_bytes(bytes(made.page(Text(60, 700, "Worte der zweiten Seite"), width=600, height=800)))
    return path


def opened(program, path):
    program.window.resize(1280, 800)
    drop(program.documents, path)
    program.wait(lambda: program.find("document_view").model().rowCount() == 1 and "read" in program.coverage)
    program.choose_tab("redact")
    program.wait(lambda: path.name in program.find("redaction_said").text().replace("\u200b", ""))
    program.wait(lambda: program.find("redaction_word").isEnabled())
    return program.find("redaction_boxes")


def at(program, page, x, y):
    """A place on a page, as shares of it, as a place in the view."""
    view = program.documents.view
    place = view.sheets.place(page - 1).translated(-view.scrolled)
    return QPointF(place.left() + x * place.width(), place.top() + y * place.height()).toPoint()


def drag(program, page, begin, end):
    layer = program.find("redaction_boxes")
    first, last = at(program, page, *begin), at(program, page, *end)
    QTest.mousePress(layer, Qt.MouseButton.LeftButton, pos=first)
    QTest.mouseMove(layer, (first + last) / 2)
    QTest.mouseRelease(layer, Qt.MouseButton.LeftButton, pos=last)


def edges(box):
    return [round(edge, 2) for edge in (box.left, box.top, box.right, box.bottom)]


def press(program, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(program.find("redaction_boxes"), key, modifier)


def test_a_drawn_box_is_counted_written_black_and_told(program, pdf, tmp_path):
    layer = opened(program, pdf)
    write, drawn = program.find("redaction_write"), program.find("redaction_drawn")
    assert not write.isEnabled()
    assert "a stamp, a signature or a photo" in drawn.text()
    drag(program, 1, (0.5, 0.3), (0.1, 0.2))  # from any corner
    assert [edges(box) for box in layer.boxes] == [[0.1, 0.2, 0.5, 0.3]]
    program.documents.view.go_to(2)
    drag(program, 2, (0.1, 0.1), (0.3, 0.2))
    assert drawn.text() == "Black in the copy: 2 boxes, page 1–2"
    program.click(write)
    said = program.find("redaction_said")
    program.wait(lambda: "is written" in said.text())
    assert "Replaced: 2 boxes." in said.text()
    with pdfium.PdfDocument(tmp_path / "letter.redacted.pdf") as document:
        pixels = document[0].render(scale=1).to_numpy()
    assert pixels[170:230, 70:290].max() == 0
    drag(program, 2, (0.2, 0.15), (0.4, 0.45))
    assert write.isVisible(), "what was written is no longer what would be written"


def test_a_box_is_moved_sized_removed_and_brought_back(program, pdf):
    layer = opened(program, pdf)
    drag(program, 1, (0.1, 0.2), (0.5, 0.3))
    drag(program, 1, (0.3, 0.25), (0.4, 0.3))
    assert [edges(box) for box in layer.boxes] == [[0.2, 0.25, 0.6, 0.35]]
    drag(program, 1, (0.6, 0.35), (0.7, 0.4))  # at its corner
    assert [edges(box) for box in layer.boxes] == [[0.2, 0.25, 0.7, 0.4]]
    drag(program, 1, (0.4, 0.3), (1.4, 0.3))  # not over the edge of the page
    assert [edges(box) for box in layer.boxes] == [[0.5, 0.25, 1.0, 0.4]]
    press(program, Qt.Key.Key_Delete)
    assert layer.boxes == ()
    press(program, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [edges(box) for box in layer.boxes] == [[0.5, 0.25, 1.0, 0.4]]
    QTest.mouseClick(layer, Qt.MouseButton.LeftButton, pos=at(program, 1, 0.75, 0.3))
    program.click("redaction_remove_box")
    assert layer.boxes == ()
    program.click("redaction_undo_box")
    assert len(layer.boxes) == 1


def test_a_click_beside_leaves_the_box_and_draws_none(program, pdf):
    layer = opened(program, pdf)
    drag(program, 1, (0.1, 0.2), (0.5, 0.3))
    QTest.mouseClick(layer, Qt.MouseButton.LeftButton, pos=at(program, 1, 0.8, 0.8))
    QTest.mouseClick(layer, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))  # beside the page
    assert len(layer.boxes) == 1
    assert not layer.has_selected
    assert not program.find("redaction_remove_box").isEnabled()


def test_the_keyboard_alone_sets_moves_and_sizes_a_box(program, pdf):
    layer = opened(program, pdf)
    program.click("redaction_add_box")
    assert layer.hasFocus()
    box = layer.selected
    press(program, Qt.Key.Key_Right)
    press(program, Qt.Key.Key_Up)
    press(program, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert layer.selected == moved(moved(box, ALL, QPointF(STEP, -STEP)), LOWER_RIGHT, QPointF(0, STEP))
    assert "Box 1 of 1, page 1" in layer.accessibleDescription()
    drag(program, 1, (0.1, 0.05), (0.3, 0.1))
    press(program, Qt.Key.Key_Return)
    assert layer.selected == layer.boxes[1]
    press(program, Qt.Key.Key_Return)
    assert layer.selected == layer.boxes[0]
    press(program, Qt.Key.Key_Escape)
    assert not layer.has_selected
    bar = program.documents.view.verticalScrollBar()
    press(program, Qt.Key.Key_PageDown)
    assert bar.value() > 0, "other keys scroll the pages"
    press(program, Qt.Key.Key_Return)
    press(program, Qt.Key.Key_Return)
    assert layer.rect().contains(at(program, 1, 0.2, 0.07)), "a box out of sight is brought into it"


def test_a_box_stays_on_its_place_of_the_page_when_the_page_is_zoomed_and_scrolled(program, pdf):
    layer, view = opened(program, pdf), program.documents.view
    drag(program, 1, (0.1, 0.2), (0.5, 0.3))
    program.wait(lambda: view.sheets[0].picture is not None)
    view.set_zoom(150)
    view.verticalScrollBar().setValue(60)
    image = layer.window().grab().toImage()
    for share, is_black in (((0.3, 0.25), True), ((0.3, 0.35), False)):
        place = layer.mapTo(layer.window(), at(program, 1, *share))
        assert (image.pixelColor(place).lightness() < 130) == is_black


def test_boxes_are_of_one_document_and_of_the_tab(program, pdf, tmp_path):
    layer = opened(program, pdf)
    drag(program, 1, (0.1, 0.2), (0.5, 0.3))
    program.choose_tab("summary")
    assert not layer.isVisible()
    program.choose_tab("redact")
    assert layer.isVisible()
    assert len(layer.boxes) == 1
    other = tmp_path / "other.txt"
    other.write_text("Nothing but words.", "utf-8")
    drop(program.documents, other)
    program.mentions("document_title", "other.txt")
    program.choose_tab("redact")
    program.mentions("redaction_said", "other.txt")
    assert layer.boxes == ()
    assert not layer.isVisible()
    assert not program.find("redaction_add_box").isVisible()


def test_a_picture_in_a_word_file_is_chosen_from_a_list(program, tmp_path):
    path = tmp_path / "letter.docx"
    made = docx.Document()
    made.core_properties.author = ""
    made.add_paragraph("Nothing to see here at all.")
    for colour in (b"\xff\x00\x00", b"\x00\xff\x00"):
        made.add_picture(io.BytesIO(png_of(colour * 200, width=20, height=10, stride=60)))
    made.save(path)
    opened(program, path)
    program.wait(program.find("redaction_choose").isVisible)
    program.click("redaction_choose")
    pictures = program.find("redaction_pictures")
    assert [pictures.item(at).icon().isNull() for at in range(pictures.count())] == [False, False]
    assert not program.find("redaction_add_box").isVisible()
    assert pictures.hasFocus()
    QTest.keyClick(pictures, Qt.Key.Key_Home)
    QTest.keyClick(pictures, Qt.Key.Key_Space)
    QTest.keyClick(pictures, Qt.Key.Key_Escape)
    program.says("redaction_drawn", "Black in the copy: 1 picture")
    program.click("redaction_write")
    said = program.find("redaction_said")
    program.wait(lambda: "is written" in said.text())
    assert "Replaced: 1 picture." in said.text()
    package = docx.Document(tmp_path / "letter.redacted.docx").part.package
    blobs = {str(part.partname): part.blob for part in package.iter_parts() if "image" in part.partname}
    shown = [Image.open(io.BytesIO(blob)).convert("RGB").getpixel((5, 5)) for __, blob in sorted(blobs.items())]
    assert shown == [(0, 0, 0), (0, 255, 0)]


@pytest.mark.parametrize(
    ("edge", "by", "expected"),
    [
        (ALL, (0.6, -0.9), [0.8, 0.0, 1.0, 0.1]),
        (LOWER_RIGHT, (-0.3, 0), [0.1, 0.2, 0.2, 0.3]),
        ((1, 1, 0, 0), (-0.9, -0.1), [0.0, 0.1, 0.4, 0.3]),
    ],
)
def test_edges_stay_on_the_page_and_turn_over(edge, by, expected):
    assert edges(moved(PageBox(1, 0.2, 0.2, 0.4, 0.3), edge, QPointF(*by))) == expected

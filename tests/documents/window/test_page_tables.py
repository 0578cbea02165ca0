"""Tables on the pages of documents: cells wrap inside their columns, whatever the width; marks and clicks find them."""

from __future__ import annotations

import docx
import openpyxl
import pytest
from fakes.dropping import drop
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTextCursor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from slmdesk.base.documents import DELETED, Block, BlockKind, page_of
from slmdesk.children.formats.reading import PageText
from slmdesk.ui.documents.page_text import Marks, PageTable, PageWords, is_number_text, tables_of
from slmdesk.ui.kit.base.theme import LIGHT, window_fonts

pytestmark = pytest.mark.gui

LEVELS = (
    ("Priority", "Definition", "Reaction time", "Repair time"),
    ("1 – critical", "The software cannot be used at all.", "1 hour", "6 hours"),
    ("2 – major", "An important function fails; a workaround exists.", "4 hours", "3 working days"),
    ("3 – minor", "Cosmetic errors, questions.", "2 working days", "Next release"),
)


@pytest.fixture
def contract(tmp_path):
    document = docx.Document()
    document.add_heading("Service levels", 1)
    table = document.add_table(rows=0, cols=4)
    for row in LEVELS:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    document.add_paragraph("Reaction times are counted within service hours.")
    path = tmp_path / "contract.docx"
    document.save(path)
    return path


def opened(program, path):
    drop(program.documents, path)
    program.wait(lambda: program.documents.view.count == 1)
    sheet = program.documents.view.sheets[0]
    program.wait(lambda: sheet.words is not None)
    return sheet


def table_of(rows, width, head=0):
    text, blocks = "", []
    for at, row in enumerate(rows):
        line = "\t".join(row)
        blocks.append(Block(BlockKind.TABLE_ROW, len(text), len(text) + len(line), head if at == 0 else 0))
        text += f"{line}\n"
    return text, PageTable(text, blocks, width=width, fonts=window_fonts())


def clicked(program, sheet):
    """Click all over the view: the places that are answered with a character of the page."""
    characters, view = {}, program.documents.view
    view.place_clicked.connect(lambda _page, character, _share: answers.append(character))
    for y in range(4, view.viewport().height(), 9):
        for x in range(4, view.viewport().width(), 12):
            answers = []
            QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, y))
            if answers and answers[0] >= 0:
                characters[x, y] = answers[0]
    return characters


def test_no_cell_slips_under_another_column_and_a_passage_in_one_is_marked(program, contract):
    sheet = opened(program, contract)
    text = sheet.page.text
    columns = {}
    for (x, _), character in clicked(program, sheet).items():
        for row in LEVELS:
            start = text.index("\t".join(row))
            for number, words in enumerate(row):
                if start <= character < start + len(words):
                    columns.setdefault(number, []).append(x)
                start += len(words) + 1
    assert set(columns) == {0, 1, 2, 3}
    for number in range(3):
        assert max(columns[number]) < min(columns[number + 1])
    program.window.resize(1024, 700)
    line = program.find("find_line")
    QTest.keyClicks(line, "next release")
    program.says("find_count", "1 of 1")
    start, _ = sheet.spans[0]
    ((_, table),) = sheet.words.tables
    place = table.cell_rectangle(start)
    space = program.documents.view.page_width * 0.86
    assert place.left() >= 0
    assert place.right() <= space + 1
    accent = LIGHT.colour("accent").rgb()

    def is_marked():
        image = program.documents.view.grab().toImage()
        return any(image.pixel(x, y) == accent for x in range(0, image.width(), 3) for y in range(0, image.height(), 3))

    program.wait(is_marked)


def test_columns_share_the_room_and_cells_wrap():
    text, table = table_of(LEVELS, 420)
    assert not table.is_wide
    assert table.width <= 420
    cell = table.cell_rectangle(text.index("1 hour"))
    assert cell.left() == table.cell_rectangle(text.index("Reaction")).left()
    wide, all_on_one_line = table_of(LEVELS, 2_000)
    assert cell.height() > 1.5 * all_on_one_line.cell_rectangle(wide.index("1 hour")).height()  # as the definition
    assert table.character_at(cell.center()) in range(text.index("1 hour"), text.index("1 hour") + 6)
    assert table.character_at(QPointF(500, 5)) is None


def test_numbers_stand_at_the_right_and_names_at_the_left(qapp_image):
    rows = [("Article", "Price"), ("Bolt", "1,250.00"), ("Washer of steel", "23.70"), ("Nut", "0.80 €")]
    text, table = table_of(rows, 400)
    image = qapp_image(table)
    for word, at_right in (("23.70", True), ("Bolt", False), ("Nut", False), ("0.80", True), ("Price", True)):
        place = table.cell_rectangle(text.index(word)).toRect().adjusted(3, 3, -3, -3)
        ink = [x for x in range(place.left(), place.right()) for y in range(place.top(), place.bottom())
               if image.pixelColor(x, y).lightness() < 128]  # fmt: skip
        left, right = min(ink) - place.left(), place.right() - max(ink)
        assert (right < 9) == at_right, word
        assert (left < 9) != at_right or word == "Price", word


@pytest.fixture
def qapp_image(start):
    start()

    def painted(table):
        image = QImage(500, 300, QImage.Format.Format_RGB32)
        image.fill(LIGHT.colour("sheet"))
        painter = QPainter(image)
        table.paint(painter, Marks(), QRectF(0, 0, 500, 300), LIGHT)
        painter.end()
        return image

    return painted


@pytest.mark.parametrize(
    "text", ["23.70", "1,250.00 €", "EUR 1.250,00", "12%", "-3.5", "(12.00)", "7", "1 250 000", ".5", "80 %"]
)
def test_numbers_are_known(text):
    assert is_number_text(text)


@pytest.mark.parametrize(
    "text", ["", "-", "0012", "1 hour", "2024-01-01", "01.02.2024", "A-1", "+49 30 1234", "1.2.3", "1" * 50]
)
def test_what_is_no_number_is_known(text):
    assert not is_number_text(text)


def test_a_wide_table_scrolls_inside_the_page(program, tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(",".join(f"Site {row}/{at}" for at in range(40)) for row in range(5)))
    sheet = opened(program, path)
    view = program.documents.view
    assert not view.horizontalScrollBar().maximum()
    ((top, table),) = sheet.words.tables
    assert table.is_wide
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert table.offset > 0
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert table.offset == 0
    over = QPoint(view.viewport().width() // 2, 80)
    wheel = QWheelEvent(
        QPointF(over), QPointF(view.viewport().mapToGlobal(over)), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ShiftModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), wheel)
    assert table.offset > 0
    place = view.sheets.place(0)
    bar = table.handle.center() + QPointF(place.left() + place.width() * 0.07, place.top() + top)
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=bar.toPoint())
    QTest.mouseMove(view.viewport(), bar.toPoint() + QPoint(5_000, 0))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=bar.toPoint() + QPoint(5_000, 0))
    assert table.width - place.width() * 0.86 - 1 <= table.offset < table.width
    before = table.offset
    program.window.resize(1190, 790)  # laid out anew
    program.wait(lambda: sheet.words is not None and sheet.words.tables[0][1] is not table)
    assert sheet.words.tables[0][1].offset == pytest.approx(before, abs=120)


def test_the_first_column_names_the_rows_while_others_scroll():
    rows = [[f"Row {at}", *(f"value {at}/{n}" for n in range(30))] for at in range(4)]
    text, table = table_of(rows, 500)
    assert table.reveal(text.index("value 2/25"))
    assert table.cell_rectangle(text.index("Row 2")).left() == 0
    place = table.cell_rectangle(text.index("value 2/25"))
    assert table.cell_rectangle(0).right() <= place.left()
    assert place.right() <= 501
    assert table.character_at(table.cell_rectangle(text.index("Row 2")).center()) in range(
        text.index("Row 2"), text.index("Row 2") + 5
    )
    assert not table.reveal(text.index("value 2/25"))


def test_no_number_is_cut_at_its_beginning():
    rows = [[f"2024-{at:02}", *(f"{at * 1000 + n * 137}.50" for n in range(30))] for at in range(1, 13)]
    _, table = table_of(rows, 400)
    first = table.cell_rectangle(0)
    lefts = set()
    while table.scroll_to(table.offset + 30):
        row = [table.cell_rectangle(at) for at in range(len("\t".join(rows[0])))]
        lefts |= {place.left() for place in row if place.right() > first.right() and place.left() < first.right()}
        assert min(place.left() for place in row if place.right() > first.right() + 1) >= first.right() - 0.5
    assert not [left for left in lefts if left < first.right() - 0.5]
    assert table.cell_rectangle(len("\t".join(rows[0])) - 1).right() <= 401
    while table.scroll_to(table.offset - 30):
        pass
    assert table.offset == 0


def test_a_number_whose_end_is_out_of_sight_is_not_shown_in_part(qapp_image):
    _, table = table_of([[f"{at}234567.50" for at in range(1, 9)] for _ in range(3)], 250)
    cut = next(at for at in range(8) if table.cell_rectangle(at * 11).right() > 251)
    place = table.cell_rectangle(cut * 11)
    assert place.left() < 235
    image = qapp_image(table)
    inked = [y for y in range(2, int(place.height()) - 2) for x in range(int(place.left()) + 3, 250)
             if image.pixelColor(x, y).lightness() < 128]  # fmt: skip
    assert not inked or max(inked) - min(inked) < 5  # an ellipsis, no digits


def test_a_title_takes_the_whole_row_and_the_names_below_it_are_the_head():
    rows = [("All prices of the year, without tax and without any discount",), ("Article", "Price"), ("Bolt", "1.00")]
    text, table = table_of(rows, 600)
    assert table.cell_rectangle(0).width() == table.width
    assert table.cell_rectangle(text.index("Bolt")).width() < 200


def test_rows_that_name_columns_begin_a_table():
    rows = [Block(BlockKind.TABLE_ROW, at, at + 1, level) for at, level in enumerate((1, 0, 0, 1, 0))]
    rows.insert(2, Block(BlockKind.PARAGRAPH, 9, 10))
    assert [len(table) for table in tables_of(rows)] == [2, 1, 2]


def test_odd_tables_are_laid_out(qapp_image):
    for rows in ([("",)], [("", "")], [("a",), ("b", "c", "d")], [("x" * 3_000, "y")], [("אבג", "١٢٣"), ("😀 a", "b")]):
        text, table = table_of(rows, 200)
        image = qapp_image(table)
        assert not image.isNull()
        for x in range(0, 200, 7):
            at = table.character_at(QPointF(x, table.height / 2))
            assert at is None or 0 <= at < len(text)


def test_a_long_sheet_is_one_sheet(program, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Prices"
    for number in range(450):
        book.active.append([f"Article {number}", number])
    path = tmp_path / "prices.xlsx"
    book.save(path)
    drop(program.documents, path)
    program.wait(lambda: program.documents.view.count == 3)
    program.wait(lambda: program.coverage == "3 of 3 parts read")
    model = program.find("document_view").model()
    program.wait(lambda: "1 sheet  ·  xlsx" in model.index(0).data(Qt.ItemDataRole.AccessibleTextRole))
    assert [sheet.page.label for sheet in program.documents.view.sheets][1] == "Prices, rows 201–400"
    program.documents.document.show_about()
    words = [label.text() for label in program.find("about_document").findChildren(QLabel)]
    assert "1 sheet, in 3 parts: long ones are parted." in words


def test_struck_words_are_shown_at_their_places_and_move_no_place(qapp):
    def struck(text):
        return text.replace("{", DELETED[0]).replace("}", DELETED[1])

    made = PageText()
    made.add(BlockKind.HEADING, struck("{Old} Lease"), level=1)
    made.add(BlockKind.PARAGRAPH, struck("Pets are {not }allowed {here}."))
    made.add(BlockKind.PARAGRAPH, struck("{All of this is gone.}"))
    made.add(BlockKind.TABLE_ROW, struck("Rent\t{800} 900"))
    made.add(BlockKind.TABLE_ROW, struck("{Fee\twas}\t30"))
    page = page_of(1, "1", made.text, made.blocks)
    words = PageWords(page, width=600, fonts=window_fonts(), theme=LIGHT)
    (_, prose), (_, table) = words.parts
    assert prose.document.toPlainText() == "Old Lease\nPets are not allowed here.\nAll of this is gone."
    marked, cursor = "", QTextCursor(prose.document)
    while cursor.movePosition(QTextCursor.MoveOperation.NextCharacter):
        if cursor.charFormat().fontStrikeOut():
            marked += prose.document.characterAt(cursor.position() - 1)
    assert marked.replace("\u2029", "|") == "Old not  here|All of this is gone."
    cells = [[cell.text for cell in row] for row in table.rows]
    assert cells == [["Rent", "800 900"], ["Fee was", "30"]]
    formats = table.layout_of(table.rows[0][1]).formats()
    assert [(span.start, span.length, span.format.fontStrikeOut()) for span in formats] == [(0, 4, True)]
    picture = QImage(600, 400, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    at = page.text.index("allowed")
    words.paint(painter, Marks([(at, at + 7)], (at, at + 7)), QRectF(0, 0, 600, 400), LIGHT)
    painter.end()
    for at, letter in enumerate(page.text):
        if letter not in "\n\t":
            assert words.struck.page.text[words.struck.place(at)] == letter
            assert words.struck.character(words.struck.place(at)) == at
    shown = words.struck.page.text
    for block in page.blocks:
        if block.kind is not BlockKind.STRUCK:
            (moved,) = words.struck.spans([(block.start, block.end)])
            assert page.text[block.start : block.end].split()[0] in shown[slice(*moved)]

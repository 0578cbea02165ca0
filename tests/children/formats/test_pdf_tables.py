"""Tables of a PDF are read row by row, as their lines and shading part them; a cell of several lines is one cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from fakes.tiny_pdf import Text, TinyPdf, lines

from slmdesk.base.documents import BlockKind
from slmdesk.children.formats import pdf
from slmdesk.children.formats.reading import PictureRequest, Reading

pytestmark = pytest.mark.pure

WORKS = (
    ("No", "Item", "Who pays", "Costs"),
    ("1", "Repair of the roof and\nthe gutter", "landlord", "1,200 EUR"),
    ("2", "Heating", "tenant, by the\nmeter in the cellar", "90 EUR"),
    ("3", "Snow", "", "0 EUR"),
    ("4", "Insurance against fire\nand water", "landlord", "510 EUR"),
)
XS = (60, 90, 210, 330, 420)
TOP = 700
BEFORE = lines(60, 740, "The parties agree on the following distribution of", "the works and of their costs.")
AFTER = lines(60, 500, "The schedule holds until 2028 and is signed by", "both parties.")


class Drawn:
    """The texts of a table, cell by cell as writers of tables put them, and where its rows are."""

    def __init__(self, rows: Sequence[Sequence[str]], xs: Sequence[float] = XS, top: float = TOP) -> None:
        self.xs, self.ys, self.texts = xs, [top], []
        for row in rows:
            for x, cell in zip(xs, row, strict=False):
                self.texts += [text for text in lines(x + 3, self.ys[-1] - 12, *cell.split("\n")) if text.text]
            self.ys.append(self.ys[-1] - 12 * max(cell.count("\n") + 1 for cell in row) - 6)

    def level(self, *numbers: int) -> bytes:
        chosen = [self.ys[at] for at in numbers] if numbers else self.ys
        return b"".join(f"{self.xs[0]} {y} m {self.xs[-1]} {y} l S\n".encode() for y in chosen)

    def upright(self, *numbers: int, first: int = 0, last: int = -1) -> bytes:
        chosen = [self.xs[at] for at in numbers] if numbers else self.xs
        return b"".join(f"{x} {self.ys[first]} m {x} {self.ys[last]} l S\n".encode() for x in chosen)

    def boxes(self) -> bytes:
        """Each cell as a rectangle, all in one path."""
        cells = [(x, y, to_x - x, to_y - y) for x, to_x in pairwise(self.xs) for y, to_y in pairwise(self.ys)]
        return b"".join(f"{x} {y} {width} {height} re\n".encode() for x, y, width, height in cells) + b"S\n"

    def bars(self) -> bytes:
        """The lines as thin filled rectangles."""
        level = [f"{self.xs[0]} {y} {self.xs[-1] - self.xs[0]} 0.5 re f\n" for y in self.ys]
        upright = [f"{x} {self.ys[-1]} 0.5 {self.ys[0] - self.ys[-1]} re f\n" for x in self.xs]
        return "".join(level + upright).encode()

    def shaded(self) -> bytes:
        """Each cell filled with grey, a white gap around it."""
        cells = [(x, y, to_x - x, y - to_y) for x, to_x in pairwise(self.xs) for y, to_y in pairwise(self.ys)]
        boxes = [f"{x + 1} {y - height + 1} {width - 2} {height - 2} re f\n" for x, y, width, height in cells]
        return b"0.9 g\n" + "".join(boxes).encode() + b"0 g\n"


def page_of(drawn: Drawn, drawing: bytes, *more: Text, **what: object):
    (page,) = pdf.read(Reading("a.pdf", bytes(TinyPdf().page(*drawn.texts, *more, drawing=drawing, **what))))
    return page


def rows_of(page) -> list[list[str]]:
    rows = [block for block in page.blocks if block.kind is BlockKind.TABLE_ROW]
    return [page.text[block.start : block.end].split("\t") for block in rows]


def cells_of(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[cell.replace("\n", " ") for cell in row] for row in rows]


WORKS_DRAWN = Drawn(WORKS)


@pytest.mark.parametrize(
    "drawing",
    [
        pytest.param(WORKS_DRAWN.level() + WORKS_DRAWN.upright(), id="lines"),
        pytest.param(WORKS_DRAWN.boxes(), id="boxes in one path"),
        pytest.param(WORKS_DRAWN.bars(), id="thin boxes"),
        pytest.param(WORKS_DRAWN.shaded(), id="shaded cells"),
        pytest.param(WORKS_DRAWN.level(1, 2, 3, 4) + WORKS_DRAWN.upright(1, 2, 3), id="no frame"),
    ],
)
def test_a_cell_of_two_lines_is_one_cell(drawing):
    page = page_of(WORKS_DRAWN, drawing, *AFTER)
    assert rows_of(page) == cells_of(WORKS)
    assert page.text.endswith("The schedule holds until 2028 and is signed by both parties.")


def test_a_list_of_names_and_votes_is_read_row_by_row():
    names = [
        (f"Member with the long name {number}", "votes in favour" if number % 3 else "votes against it")
        for number in range(31)
    ]
    drawn = Drawn(names, (60, 250, 420))
    page = page_of(drawn, drawn.level() + drawn.upright())
    assert rows_of(page) == cells_of(names)


def test_a_table_stands_where_it_is_drawn_between_the_paragraphs():
    drawn = Drawn(WORKS)
    made = TinyPdf().page(*BEFORE, *drawn.texts, *AFTER, drawing=drawn.boxes())
    (page,) = pdf.read(Reading("a.pdf", bytes(made)))
    kinds = [block.kind for block in page.blocks]
    assert kinds == [BlockKind.PARAGRAPH, *[BlockKind.TABLE_ROW] * 5, BlockKind.PARAGRAPH]


def test_a_title_over_all_columns_is_a_row_of_one_cell():
    rows = (("Works of the year 2026, all of them", "", ""), ("Item", "Who", "Costs"), ("Heating", "tenant", "90"))
    drawn = Drawn(rows, (60, 120, 200, 260))
    page = page_of(drawn, drawn.level() + drawn.upright(first=1) + drawn.upright(0, 3))
    assert rows_of(page) == [
        ["Works of the year 2026, all of them"],
        ["Item", "Who", "Costs"],
        ["Heating", "tenant", "90"],
    ]


def test_a_cell_over_several_rows_or_columns_is_read_once():
    rows = (("Item", "2025 to 2026", ""), ("", "planned", "spent"), ("Heating", "80", "90"), ("", "70", "60"))
    drawn = Drawn(rows, (60, 160, 240, 320))
    left, right = drawn.xs[1], drawn.xs[-1]
    short = b"".join(f"{left} {drawn.ys[at]} m {right} {drawn.ys[at]} l S\n".encode() for at in (1, 3))
    page = page_of(drawn, drawn.level(0, 2, 4) + short + drawn.upright(0, 1, 3) + drawn.upright(2, first=1))
    assert rows_of(page) == [list(row) for row in rows]


def test_rows_between_which_no_line_is_drawn_are_rows():
    rows = (("Space", "2007", "2008"), ("Closets\nRooms\nData centres", "1,505\n1,512\n1,513", "1,580\n1,586\n1,587"))
    drawn = Drawn(rows, (60, 160, 220, 280))
    page = page_of(drawn, drawn.level() + drawn.upright())
    assert rows_of(page)[1:] == [
        ["Closets", "1,505", "1,580"],
        ["Rooms", "1,512", "1,586"],
        ["Data centres", "1,513", "1,587"],
    ]


def test_columns_ruled_in_the_head_alone_hold_in_the_rows():
    rows = (("Space", "2007", "2008"), ("Closets\nRooms\nHalls", "1,505\n1,512\n1,513", "1,580\n1,586\n1,587"))
    drawn = Drawn(rows, (60, 160, 220, 280))
    page = page_of(drawn, drawn.level() + drawn.upright(last=1) + drawn.upright(0, 3))
    assert rows_of(page)[1:] == [
        ["Closets", "1,505", "1,580"],
        ["Rooms", "1,512", "1,586"],
        ["Halls", "1,513", "1,587"],
    ]


def test_words_of_two_cells_that_meet_are_parted_at_the_line():
    drawn = Drawn((("Name", "Street"), ("Elizab", "2165 Princeton"), ("Pam", "1229 Hague")), (60, 94, 200))
    drawn.texts[2] = Text(63, drawn.texts[2].y, "Elizab")
    drawn.texts[3] = Text(92, drawn.texts[3].y, "2165 Princeton")
    page = page_of(drawn, drawn.boxes())
    assert rows_of(page)[1] == ["Elizab", "2165 Princeton"]


def test_a_frame_around_columns_of_text_makes_no_table():
    left = lines(63, 688, *(f"left line {number} of the text goes on" for number in range(12)))
    right = lines(263, 688, *(f"right line {number} of the text goes on" for number in range(12)))
    drawing = b"60 700 400 -160 re S 260 700 m 260 540 l S\n"
    (page,) = pdf.read(Reading("a.pdf", bytes(TinyPdf().page(*left, *right, drawing=drawing))))
    assert not rows_of(page)
    assert page.text.index("left line 11") < page.text.index("right line 0")


def test_white_lines_on_white_make_no_table():
    drawn = Drawn((("one", "two"), ("three", "four")), (60, 80, 120))
    assert not rows_of(page_of(drawn, b"1 G\n" + drawn.boxes()))


def test_a_passage_in_a_cell_is_marked_in_this_cell():
    drawn = Drawn(WORKS)
    made = TinyPdf().page(*drawn.texts, drawing=drawn.boxes())
    reading = Reading("a.pdf", bytes(made))
    (page,) = pdf.read(reading)
    begin = page.text.index("tenant, by the meter in the cellar")
    mark = begin, begin + len("tenant, by the meter in the cellar")
    (boxes,) = pdf.picture(reading, PictureRequest(1, 0, marks=(mark,))).boxes
    assert len(boxes) == 2
    for left, top, right, bottom in boxes:
        assert XS[2] <= left * 600 < right * 600 <= XS[3]
        assert 800 - drawn.ys[2] <= top * 800 < bottom * 800 <= 800 - drawn.ys[3]


def test_a_word_broken_at_the_end_of_a_line_of_a_cell_is_mended():
    drawn = Drawn(
        (("Item", "Who"), ("Cleaning of the stair-\nwell, in the mother-", "tenant"), ("Snow", "tenant")),
        (60, 180, 260),
    )
    assert rows_of(page_of(drawn, drawn.boxes()))[1] == ["Cleaning of the stairwell, in the mother-", "tenant"]


@pytest.mark.parametrize("last", ["Horizon reservation Costa Blanca", "Premium24", "Horizon Costa B"])
def test_a_text_too_long_for_its_cell_stays_whole(last):
    rows = (
        ("Document", "Date", "Place"),
        (last, "20.09.2024", "leaflet"),
        ("Loan", "5.5.2024", "left to the last column"),
    )
    drawn = Drawn(rows, (60, 103, 160, 220))
    page = page_of(drawn, drawn.boxes(), *AFTER)
    assert rows_of(page) == [list(row) for row in rows]


def test_a_box_drawn_in_a_cell_makes_no_column():
    rows = (("Name:", "blackened"), ("Date:", "14 February 2026"), ("Number:", "41 060379"))
    drawn = Drawn((("Name:",), ("Date:", "14 February 2026"), ("Number:", "41 060379")), (60, 140, 300))
    drawn.texts.append(Text(144, drawn.ys[0] - 12, "blackened"))
    bar = f"0 g 143.5 {drawn.ys[1] + 3} 60 11 re f\n".encode()
    assert rows_of(page_of(drawn, drawn.boxes() + bar)) == [list(row) for row in rows]


def test_lists_in_the_cells_of_a_row_are_no_rows():
    rows = (
        ("No", "Place", "Article", "Price", "Found"),
        ("3", "Munich,\nArcades\nShop 114", "Bag\nwithout a name", "119,00", "Crown;\nrough\n(K 14)"),
        ("4", "Berlin", "Belt", "12,49", "Crown"),
    )
    drawn = Drawn(rows, (60, 90, 190, 320, 380, 500))
    assert rows_of(page_of(drawn, drawn.boxes())) == cells_of(rows)


def test_a_drawing_of_boxes_and_a_chart_make_no_table():
    boxes = b"60 600 80 40 re 200 600 80 40 re 130 500 80 40 re S\n"
    boxes += b"100 600 m 100 520 l 130 520 l S 240 600 m 240 520 l 210 520 l S\n"
    names = [Text(70, 618, "master"), Text(210, 618, "master two"), Text(140, 518, "arbiter"), Text(150, 570, "clock")]
    (page,) = pdf.read(Reading("a.pdf", bytes(TinyPdf().page(*names, drawing=boxes))))
    assert not rows_of(page)
    lattice = Drawn([("",) * 4] * 4, (60, 120, 180, 240, 300))
    marks = [Text(93 + 60 * at, lattice.ys[at] - 12, "long label of a point") for at in range(4)]
    assert not rows_of(page_of(lattice, lattice.boxes(), *marks))


def test_words_marked_in_a_cell_stay_in_it():
    drawn = Drawn((("Item", "When"), ("Rent", "pay until 5 May at once"), ("Heating", "monthly")), (60, 140, 300))
    bar = f"1 1 0 rg 160 {drawn.ys[2] + 1} 30 16 re f 0 g\n".encode()
    assert rows_of(page_of(drawn, bar + drawn.boxes()))[1] == ["Rent", "pay until 5 May at once"]


PUPILS = (
    ("Region", "2007", "2008", "2009"),
    ("North and the islands", "51,544", "37,481", "14,062"),
    ("South", "52,071", "37,797", "-"),
    ("", "", "", ""),
    ("West", "1,505", "1,580", "1,643"),
    ("East", "1,512", "1,586", "1,646"),
)


def test_columns_below_a_ruled_head_are_where_no_words_stand():
    drawn = Drawn(PUPILS, (60, 200, 240, 280, 330))
    page = page_of(drawn, drawn.level(0, 1, 6), *AFTER)
    assert rows_of(page) == [list(row) for row in PUPILS if any(row)]
    assert page.text.endswith("The schedule holds until 2028 and is signed by both parties.")


BOOKINGS = (
    ("Day", "Text", "Amount"),
    ("2 January", "Rent\nHousing company\nLinden street", "- 987,29 EUR"),
    ("3 January", "Pension", "+ 1.242,95 EUR"),
    ("4 January", "Card\nPharmacy", "- 36,11 EUR"),
)


@pytest.mark.parametrize("form", ["lines", "every other row shaded", "all rows shaded"])
def test_rows_between_level_lines_or_on_shading_are_rows_with_all_their_lines(form):
    drawn = Drawn(BOOKINGS, (60, 150, 300, 400))
    shaded = {"lines": [], "every other row shaded": [1, 3], "all rows shaded": [0, 1, 2, 3]}[form]
    drawing = b"" if shaded else drawn.level()
    for row in shaded:
        height = drawn.ys[row] - drawn.ys[row + 1]
        drawing += f"{0.9 if row % 2 else 0.8} g 60 {drawn.ys[row + 1]} 340 {height} re f 0 g\n".encode()
    assert rows_of(page_of(drawn, drawing, *AFTER)) == cells_of(BOOKINGS)


def test_a_head_over_several_columns_is_a_row_of_its_own():
    rows = (
        ("", "Actual and projected", ""),
        ("Year", "Public", "Private"),
        *((str(year), "45,611", "5,933") for year in range(2001, 2006)),
    )
    drawn = Drawn(rows, (60, 120, 180, 240))
    drawn.texts[0] = Text(130, drawn.texts[0].y, "Actual and projected")
    assert rows_of(page_of(drawn, drawn.level(0, 2, 7)))[0] == ["", "Actual and projected", ""]
    assert rows_of(page_of(drawn, drawn.level(0, 2, 7)))[1:] == [list(row) for row in rows[1:]]


@pytest.mark.parametrize("font", ["plain", "mono"])
def test_text_and_listings_between_lines_make_no_table(font):
    text = lines(60, 690, *("The first words of each line go on to the end of the line." for _ in range(8)), font=font)
    code = lines(60, 560, *(f"d-i  local{number}  source  boolean  true" for number in range(8)), font="mono")
    drawing = b"".join(f"60 {y} m 460 {y} l S\n".encode() for y in (705, 680, 650, 590, 575, 530, 460))
    (page,) = pdf.read(Reading("a.pdf", bytes(TinyPdf().page(*text, *code, drawing=drawing))))
    assert not rows_of(page)


def test_two_columns_of_text_between_the_lines_of_head_and_foot_are_read_one_after_the_other():
    left = lines(60, 688, *(f"left line {number} of the text goes on" for number in range(12)))
    right = lines(263, 688, *(f"right line {number} of the text goes on" for number in range(12)))
    drawing = b"60 705 m 460 705 l S 60 645 m 460 645 l S 60 500 m 460 500 l S\n"
    (page,) = pdf.read(Reading("a.pdf", bytes(TinyPdf().page(*left, *right, drawing=drawing))))
    assert not rows_of(page)
    assert page.text.index("left line 11") < page.text.index("right line 0")


def test_a_table_in_one_of_two_columns_of_text_is_a_table():
    drawn = Drawn(BOOKINGS, (320, 380, 470, 560))
    left = lines(60, 740, *(f"line {number} of the first column of text goes on" for number in range(20)))
    right = lines(320, 740, "The second column begins with some", "words of text above of the table.")
    made = TinyPdf().page(*left, *right, *drawn.texts, drawing=drawn.level() + drawn.upright())
    (page,) = pdf.read(Reading("a.pdf", bytes(made)))
    assert rows_of(page) == cells_of(BOOKINGS)
    assert page.text.index("line 19 of the first") < page.text.index("The second column")


def test_no_word_is_read_twice_where_two_tables_of_the_same_width_meet():
    rows = (*BOOKINGS, ("Total", "", "1.0"), ("Item one", "4", "5"), ("Item two", "6", "7"), ("Item three", "8", "9"))
    drawn = Drawn(rows, (60, 150, 300, 400))
    page = page_of(drawn, drawn.level(), *AFTER)
    for row in rows:
        for cell in row:
            assert page.text.count(cell.replace("\n", " ")) == 1 or len(cell) < 4

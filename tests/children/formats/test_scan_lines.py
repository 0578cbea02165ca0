"""Lines on a picture: where they are by the dots that the first network marks, and what the second reads."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from slmdesk.children.formats import scan_lines
from slmdesk.children.formats.scan_lines import FoundLine, folder, found_lines, read_line

pytestmark = pytest.mark.pure
networks = pytest.mark.skipif(folder() is None, reason="wants the networks")


def test_what_hangs_together_is_one_shape_also_where_it_parts():
    mask = np.zeros((5, 9), dtype=bool)
    mask[0, [0, 1, 5, 6]] = mask[1, 1:6] = mask[2, [0, 6]] = mask[4, 3] = True
    shapes = [*scan_lines.shapes(mask)]
    assert sorted(map(len, shapes)) == [1, 5]


@pytest.mark.parametrize("slope", [0.0, 0.05, -0.1])
def test_a_line_is_as_long_as_its_dots_and_falls_as_they_do(slope):
    likely = np.zeros((120, 400))
    for column in range(50, 350):
        middle = round(60 + slope * (column - 200))
        likely[middle - 5 : middle + 5, column] = 1.0
    (runs,) = scan_lines.shapes(likely > 0.3)
    line = scan_lines.line_of(runs, likely)
    assert line.slope == pytest.approx(slope, abs=0.005)
    assert (line.x, line.y) == (pytest.approx(200, abs=1), pytest.approx(60, abs=1))
    assert line.length == pytest.approx(300 + 1.6 * 10, abs=4)
    assert line.height == pytest.approx(10 + 1.6 * 10, abs=4)


def test_what_is_faint_or_a_speck_is_no_line():
    faint = np.full((20, 200), 0.35)
    assert scan_lines.line_of(next(scan_lines.shapes(faint > 0.3)), faint) is None
    speck = np.zeros((20, 200))
    speck[4:6, 4:6] = 1
    assert scan_lines.line_of(next(scan_lines.shapes(speck > 0.3)), speck) is None


def test_a_point_of_a_slanted_line_is_within_it():
    line = FoundLine(100, 50, 80, 10, 0.5)
    assert line.holds(*line.at(39, 4))
    assert not line.holds(*line.at(41, 0))
    assert not line.holds(*line.at(0, 6))


@networks
@pytest.mark.parametrize("is_turned", [False, True])
def test_a_line_is_found_and_read(is_turned):
    page = Image.new("L", (900, 200), 255)
    ImageDraw.Draw(page).text((100, 60), "Anna Weber zahlt 1.034,27", font=ImageFont.load_default(60), fill=0)
    if is_turned:
        page = page.rotate(180)
    (line,) = found_lines(page)
    letters = read_line(page, line, is_turned=is_turned)
    assert "".join(letter.sign for letter in letters) == "Anna Weber zahlt 1.034,27"
    places = [letter.place for letter in letters]
    assert places == sorted(places)
    assert 0 < places[0] < 0.1
    assert 0.9 < places[-1] < 1

"""Labels of many texts: their certainty, rows of a table, and counts that are exact."""

from __future__ import annotations

import math
import re
import struct
from xml.dom.minidom import parseString as parse

import pytest

from slmdesk.base.charts import height_of, svg
from slmdesk.base.documents import ChartKind
from slmdesk.base.record import changed
from slmdesk.documents.types import Coverage
from slmdesk.tasks.export import book_of, paper_of
from slmdesk.tasks.tables.counts import chart_of, countable, counted, error_of, interval
from slmdesk.tasks.tables.labels import cell_of, chosen_of, label_column, label_presets
from slmdesk.tasks.tables.report import report_of
from slmdesk.tasks.tables.texts import day_of, spoken
from slmdesk.tasks.tables.themes import named, themes_of
from slmdesk.tasks.tables.types import Column, ColumnKind, Edit, Flag, Table, TableCell, TableRow, edited

pytestmark = pytest.mark.pure
SENTIMENT = dict(label_presets())["sentiment"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wat een tegenvaller. Het boek is saai en ik heb het niet uitgelezen.", "nl"),
        ("Adorei o quarto e o pessoal foi muito simpático connosco.", "pt"),
        ("I would like to know when you open. Kind regards", "en"),
        ("Liebe Frau Koch, ich habe Ihnen das Formular schon geschickt.", "de"),
        ("Bom dia, envio em anexo o formulário que me pediram.", "pt"),
    ],
)
def test_the_language_of_a_short_text_is_known(text, language) -> None:
    assert spoken(text) == language


def test_own_labels_are_named_with_their_meaning() -> None:
    column = label_column("Reason=price: too expensive or costly; moving: moves to another town")
    assert column is not None
    assert [label.name for label in column.choices] == ["price", "moving"]
    assert label_column("Reason=price") is None
    assert label_column("Mood") is None
    assert label_column("Sentiment") == SENTIMENT


def test_a_label_that_another_is_nearly_as_likely_as_is_marked() -> None:
    best, certainty = chosen_of([math.log(0.2), math.log(0.3), math.log(0.1)])
    assert (best, round(certainty, 3)) == (1, 0.5)
    assert cell_of("Well.", "negative", None, 1, certainty).flag is Flag.UNSURE
    assert cell_of("Well.", "negative", None, 1, 0.9).flag is Flag.NONE


def test_a_day_is_read_as_the_column_writes_it() -> None:
    assert day_of("2024-03-05") == "2024-03-05"
    assert day_of("03/04/2024", day_first=True) == "2024-04-03"
    assert day_of("03/04/2024", day_first=False) == "2024-03-04"
    assert day_of("03/04/2024") == ""
    assert day_of("no day") == ""


def row(number: int, label: str, day: str, shop: str) -> TableRow:
    cells = (TableCell(label, origin="judged"), TableCell(day, date=day), TableCell(shop))
    return TableRow(f"d#{number}", f"t.csv, {number}", "sheet", cells, Coverage(1, 1, 1, 1))


TABLE = Table(
    (SENTIMENT, Column("Day", ColumnKind.GIVEN), Column("Shop", ColumnKind.GIVEN)),
    tuple(
        row(number, ("positive", "negative", "")[number % 3], f"2024-0{1 + number % 4}-11", f"Shop {number % 15}")
        for number in range(200)
    ),
)


def test_every_row_is_counted_once() -> None:
    for by in (None, 1, 2):
        counts = counted(TABLE, 0, by)
        assert sum(map(sum, counts.figures)) == len(TABLE.rows)
    assert counted(TABLE, 0, 1).values == ("2024-01", "2024-02", "2024-03", "2024-04")
    some = changed(TABLE, rows=tuple(line for line in TABLE.rows if "03" not in line.cells[1].value[5:7]))
    assert counted(some, 0, 1).figures[2] == (0,) * len(
        counted(some, 0, 1).labels
    )  # a month without texts stands there
    assert counted(TABLE, 0, 2).values[-1] == "(others)"
    assert countable(TABLE) == [0, 1, 2]


def test_a_chart_leaves_a_persons_words_as_they_are(monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.tasks.tables.counts._", lambda text: f"<{text}>")
    shops = chart_of(TABLE, counted(TABLE, 0, 2)).categories
    assert {shops[0], shops[-1]} == {"Shop 0", "<(others)>"}
    assert chart_of(TABLE, counted(TABLE, 0, 2)).series[0].name == "<positive>"


def test_a_chart_says_what_it_shows_and_has_a_mark_for_each_figure() -> None:
    lines = chart_of(TABLE, counted(TABLE, 0, 1))
    assert lines.kind is ChartKind.LINES
    picture = svg(lines)
    assert picture.count("<polyline") == len(lines.series)
    assert picture.count("<circle") == len(lines.series) * len(lines.categories)
    bars = chart_of(TABLE, counted(TABLE, 0))
    assert bars.kind is ChartKind.BARS
    assert "positive: 67" in bars.words
    assert bars.words in svg(bars)
    harmful = changed(bars, title="<script>alert(1)</script>")
    assert "<script" not in svg(harmful)


@pytest.mark.parametrize(
    "letter", ["\x00", "\x07", "\x0b", "\x1b", "\x7f", "\x85", "\ud800", "\ufffe", "\uffff", "&", "\u2028"]
)
def test_any_words_make_a_picture_that_can_be_read(letter: str) -> None:
    for chart in (chart_of(TABLE, counted(TABLE, 0, 1)), chart_of(TABLE, counted(TABLE, 0))):
        series = tuple(changed(each, name=f"{each.name}{letter}") for each in chart.series)
        categories = tuple(f"{letter}{name}" for name in chart.categories)
        odd = changed(chart, title=f"a{letter}b", series=series, categories=categories)
        assert parse(svg(odd).encode()).documentElement.tagName == "svg"


def test_the_legend_of_a_narrow_chart_lies_above_its_bars() -> None:
    bars = chart_of(TABLE, counted(TABLE, 0, 2))
    picture, height = svg(bars, width=240), height_of(bars, 240)
    tops = [int(y) for y in re.findall(r'<rect x="[\d.]+" y="(\d+)"', picture)]
    legend = tops[: len(bars.series)]
    assert legend == sorted(legend)
    assert legend[0] < legend[-1] < min(tops[len(legend) :])
    assert f'height="{height}"' in picture


def test_the_error_of_a_sample_has_its_interval() -> None:
    sample = [line for line in TABLE.rows if line.cells[0].value][:30]
    wrong = {line.document for line in sample[:3]}
    rows = [
        changed(line, cells=(edited(line.cells[0], "mixed"), *line.cells[1:])) if line.document in wrong else line
        for line in TABLE.rows
    ]
    checks = tuple(
        Edit(line.document, 0, "mixed" if line.document in wrong else line.cells[0].value) for line in sample
    )
    checked = changed(TABLE, rows=tuple(rows), checks=checks, model="Qwen")
    error = error_of(checked, 0)
    assert error is not None
    assert error.words == "3 of 30 labels checked by hand were wrong: 10% (95 %: 3% to 26%)"
    report = report_of("Reviews", checked)
    assert error.words in str(book_of(report).sheets["Labels"])
    assert any(error.words in piece.text for piece in paper_of(report).pieces)
    assert interval(0, 30)[0] == 0.0
    assert error_of(TABLE, 0) is None


def test_texts_of_a_theme_are_put_together_and_a_model_may_name_them() -> None:
    bills = [f"The bill of month {at} charged a fee for the meter." for at in range(6)]
    noise = [f"Loud music and noise at night, neighbour {at} never sleeps." for at in range(4)]
    themes = themes_of([*bills, *noise], ())
    assert [theme.count for theme in themes[:2]] == [6, 4]
    assert set(themes[0].examples) <= set(bills)
    assert {"bill", "fee"} & set(themes[0].words)
    assert themes_of([*bills, *noise], ()) == themes
    assert [theme.name for theme in named(themes, "1. Costs\n2: costs\n7 None")][:2] == ["Costs", themes[1].name]
    vectors = [struct.pack("<2f", 1, 0)] * 6 + [struct.pack("<2f", 0, 1)] * 4
    assert [theme.count for theme in themes_of([*bills, *noise], vectors)] == [6, 4]

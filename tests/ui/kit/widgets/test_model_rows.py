"""Rows of models: a name has room, and the columns of all rows are under their heads."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from slmdesk.models.gguf.memory import WORDS_A_TOKEN, Speed
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.widgets.model_rows import ModelRow, SpeedMark, TableHead

pytestmark = pytest.mark.gui


def test_a_faster_model_has_a_longer_bar(qtbot):
    """Also among the small models of an ordinary PC."""
    bars = []
    for words in (1, 4, 8, 17, 40, 83):
        mark = SpeedMark(None)
        qtbot.addWidget(mark)
        mark.resize(160, 20)
        mark.show_speed(Speed(words / WORDS_A_TOKEN, words / WORDS_A_TOKEN, words / WORDS_A_TOKEN), is_measured=True)
        picture, accent = mark.grab().toImage(), theme.current().colour("accent")
        bars.append(sum(picture.pixelColor(x, 10) == accent for x in range(64)))
    assert all(after > before + 3 for before, after in pairwise(bars)), bars
    assert bars[-1] < 64


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("width", [560, 640, 825, 920])
def test_a_name_takes_the_place_of_tags_that_a_model_has_not(qtbot, qapp, monkeypatch, width, scale):
    monkeypatch.setattr(theme, "scaled", lambda size=18: round(size * scale))
    monkeypatch.setattr("slmdesk.ui.kit.widgets.model_rows.scaled", lambda size=18: round(size * scale))
    font = qapp.font()
    font.setPixelSize(round(15 * scale))
    table = QWidget()
    qtbot.addWidget(table)
    table.setFont(font)
    head = TableHead(table, "head")
    rows = [ModelRow(table, name=f"row{at}", title="", toggle_name=f"toggle{at}") for at in range(2)]
    for row, tags in zip(rows, (["Chat", "Summaries"], []), strict=True):
        row.set_title("Qwen2.5 Coder 1.5B Instruct GGUF")
        row.show_columns(tags, "1.1 GB")
    column = QVBoxLayout(table)
    for part in (head, *rows):
        column.addWidget(part)
    column.setContentsMargins(0, 0, 0, 0)
    table.resize(round(width * scale), 400)
    table.show()
    table.grab()
    qapp.processEvents()
    qtbot.waitUntil(lambda: rows[1].findChild(QLabel, "card_title").width() > 0)
    lines = [row.findChild(QLabel, "card_title") for row in rows]
    qtbot.waitUntil(lambda: lines[1].heightForWidth(lines[1].width()) <= 2 * lines[1].fontMetrics().lineSpacing() + 4)
    assert lines[0].width() >= round(100 * scale)
    places = [row.findChild(QLabel, "row_size") for row in rows]
    if places[0].isVisible():
        assert (
            places[0].mapTo(table, places[0].rect().topRight()).x()
            == places[1].mapTo(table, places[1].rect().topRight()).x()
        )

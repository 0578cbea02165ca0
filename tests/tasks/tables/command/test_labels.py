"""Labels of a folder of texts and of a table of texts, by the command."""

from __future__ import annotations

import csv
import io
import zipfile

import openpyxl
import pytest

pytestmark = pytest.mark.process
HEAD = ["Day", "Shop", "Review"]
ROWS = [
    ["2026-01-03", "Leeds", "The staff was friendly and quick. I came at noon."],
    ["2026-01-09", "York", "The kettle broke after two days. It was a present."],
    ["2026-02-02", "York", "I would be glad to know when you open."],
    ["2026-02-05", "York", ""],
]
JUDGED = {"choice": "2"}
"""The echo engine takes the second label for the likeliest, and the second sentence for what carries it."""


@pytest.fixture(autouse=True)
def tiny_judges(monkeypatch) -> None:
    """The model of the tests is smaller than any that is asked."""
    monkeypatch.setattr("slmdesk.tasks.tables.labels.FEWEST_THAT_JUDGE", 0)


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.csv"
    write(path, ROWS)
    return path


def write(path, rows) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEAD, *rows])


def cells(shape, name: str) -> list[tuple]:
    return [(row["cells"][name]["value"], row["cells"][name]["quote"]) for row in shape["rows"]]


def test_each_row_of_a_table_gets_a_label_its_certainty_and_the_words_that_carry_it(run, with_model, reviews) -> None:
    shape = run("extract", str(reviews), "--label", "sentiment", "--json", echo=JUDGED).ok().json
    assert [column["name"] for column in shape["columns"]] == ["Review", "Sentiment", "Day", "Shop", "Language"]
    assert cells(shape, "Sentiment") == [
        ("negative", "I came at noon."),
        ("negative", "It was a present."),
        ("negative", "I would be glad to know when you open."),
    ]
    assert {row["cells"]["Sentiment"]["certainty"] for row in shape["rows"]} == {0.75}
    assert [row["file"] for row in shape["rows"]] == ["reviews.csv, 2", "reviews.csv, 3", "reviews.csv, 4"]
    counts = {table[0][0]: table for table in shape["counts"]}
    assert counts["Month"][1:] == [
        ["2026-01", "0", "2", "0", "0", "2"],
        ["2026-02", "0", "1", "0", "0", "1"],
        ["Total", "0", "3", "0", "0", "3"],
    ]


def test_a_small_model_is_not_asked_for_labels_and_it_says_so(run, with_model, reviews, monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.tasks.extract.LEAST_ASKED", 1_000_000_000)
    done = run("extract", str(reviews), "--label", "sentiment", "--json", echo=JUDGED).ok()
    assert cells(done.json, "Sentiment") == [("", "")] * 3
    assert "A model of about 1B or more would fill: Sentiment" in done.err
    assert "without a text were left out: 1" in done.err


def test_a_report_has_its_charts_where_excel_and_word_draw_them(run, with_model, reviews, tmp_path) -> None:
    for form in ("xlsx", "docx", "csv", "html", "svg", "md", "pdf"):
        run("extract", str(reviews), "--label", "sentiment", "-o", str(tmp_path / f"out.{form}"), echo=JUDGED).ok()
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    drawn = [sheet for sheet in book if sheet._charts]
    assert [sheet["A1"].value for sheet in drawn] == ["Sentiment", "Month", "Shop", "Language"][: len(drawn)]
    by_month = next(sheet for sheet in drawn if sheet["A1"].value == "Month")
    assert [cell.value for cell in by_month["A"]] == ["Month", "2026-01", "2026-02", "Total"]
    assert [cell.value for cell in by_month[by_month.max_row]][-1] == 3
    assert len(by_month._charts[0].series) == 4
    assert "told by" in book["Labels"]["A2"].value
    with zipfile.ZipFile(tmp_path / "out.docx") as word:
        parts = [name for name in word.namelist() if name.startswith("word/charts/chart")]
        assert len(parts) == len(drawn)
        assert b"2026-01" in word.read(parts[1])
        inner = openpyxl.load_workbook(io.BytesIO(word.read("word/embeddings/chart2.xlsx")))
        assert inner["Figures"]["A2"].value == "2026-01"
    assert (tmp_path / "out.svg").read_text().count("<title>Sentiment") == len(drawn)
    assert "<svg" in (tmp_path / "out.html").read_text()
    assert (tmp_path / "out.pdf").read_bytes().count(b"/Subtype /Image") >= len(drawn)
    assert "| Total |" in (tmp_path / "out.md").read_text()


def test_of_the_next_month_only_new_rows_are_read(run, with_model, reviews, tmp_path, home) -> None:
    run("extract", str(reviews), "--label", "sentiment", echo=JUDGED).ok()
    second = tmp_path / "february.csv"
    write(second, [["2026-03-01", "Leeds", "All went well. Thanks."]])
    ask = ["extract", str(reviews), str(second), "--label", "sentiment", "--json"]
    shape = run(*ask, echo={"choice": "1"}).ok().json
    assert [words[0] for words in cells(shape, "Sentiment")] == ["negative"] * 3 + ["positive"]
    write(reviews, [*ROWS, ["2026-04-01", "Leeds", "A fine evening. We danced."]])  # the same file has grown
    shape = run(*ask, echo={"choice": "3"}).ok().json
    assert [words[0] for words in cells(shape, "Sentiment")] == ["negative"] * 3 + ["mixed", "positive"]


def test_documents_of_a_folder_get_own_labels(run, with_model, tmp_path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "a.txt").write_text("5 May 2026\n\nThe rent is too high for us.")
    (folder / "b.txt").write_text("6 June 2026\n\nWe move to Leeds.")
    label = "Reason=price: too high; moving: we move"
    shape = run("extract", str(folder), "--label", label, "--json", echo=JUDGED).ok().json
    assert [words[0] for words in cells(shape, "Reason")] == ["moving", "moving"]
    assert [words[0] for words in cells(shape, "Language")] == ["English", "English"]
    assert [row["cells"]["Date"]["date"] for row in shape["rows"]] == ["2026-05-05", "2026-06-06"]
    assert run("extract", str(folder), "--label", "Mood").status == 2
    assert run("extract", str(folder), "--label", "Mood=one").status == 2

from __future__ import annotations

import pytest

from slmdesk.base.documents import COME, GONE, Chart, ChartKind, Run, Series
from slmdesk.claims.types import Mark
from slmdesk.cli.tasks.printing import lines_of, notes_of
from slmdesk.documents.types import Coverage, Span, Unread
from slmdesk.tasks.report import Column, Due, Layout, Report, Section, Statement, Value

pytestmark = [pytest.mark.pure, pytest.mark.quick]


def text_of(report: Report, **more: bool) -> str:
    return "\n".join(lines_of(report, **more))


def test_statements_stand_below_the_titles_of_their_documents_and_groups() -> None:
    lead = Section((Statement("It is a lease.", place="p. 1"),), "lease.pdf", 1, coverage=Coverage(2, 2, 9, 9))
    to_do = Section((Statement("Pay 900 euros.", place="p. 2", is_supported=False), Statement("See [p. 9].")), "To do")
    left_out = Section((Statement("Pets are welcome."),), "More passages", is_folded=True)
    together = Section((Statement("One."), Statement("Two.")), "Together", 1, is_prose=True)
    report = Report(
        "summary", "", sections=(lead, to_do, left_out, together),
        due=(Due("2026-05-03", "", "", "", line="3 May: pay"),),
        writer="Written by a model.", notes=("It was stopped.",), coverage_words="2 of 2 pages read.",
    )  # fmt: skip
    assert text_of(report).split("\n\n") == [
        "# lease.pdf", "- It is a lease. [p. 1]", "**To do**", "- Pay 900 euros. [p. 2] (check this)\n- See (p. 9).",
        "1 more passage.", "2 of 2 pages read.", "# Together", "One. Two.", "**Deadlines**", "- 3 May: pay",
        "Written by a model.", "It was stopped.", "2 of 2 pages read.",
    ]  # fmt: skip
    assert "**More passages**\n\n- Pets are welcome.\n" in text_of(report, has_folded=True)
    assert not list(notes_of(report))


def test_changes_stand_in_the_order_of_their_importance_with_what_went_and_what_came() -> None:
    days = Statement(
        "in 60 days", place="p. 2", heading="changed", gist="30 days → 60 days", rank=2, other="in 30 days",
        runs=(Run("in "), Run("30", change=GONE), Run("60", change=COME), Run(" days")), notes=("Later.",),
    )  # fmt: skip
    added = Statement(
        "No {+pets.", heading="added", gist="added: “No pets.”", rank=1, runs=(Run("No {+pets.", change=COME),)
    )
    clauses = Section((days, Statement("Same.", other="Same.")), "2. Price"), Section((added,))
    report = Report("versions", "", sections=clauses, layout=Layout.PAGES, lead="2 changes.", model="Tiny")
    assert text_of(report).split("\n\n") == [
        "2 changes.",
        "1. added\n     {+No { +pets.+}",
        "2. [2. Price, p. 2] changed: 30 days → 60 days\n   Tiny: Later.\n     in [-30-]{+60+} days",
    ]


def grid(*rows: Section, **more: object) -> Report:
    return Report("extraction", "", sections=rows, layout=Layout.GRID, columns=(Column("Rent"), Column("Pets")), **more)


def row(name: str, *cells: Statement, read: int = 1) -> Section:
    return Section(cells, name, 1, coverage=Coverage(1, read, 1, read, () if read else (Unread(1, "scanned"),)))


RENT = Statement(
    "900 euros",
    (Span("d", 3, 0, 9),),
    "p. 3",
    marks=(Mark("may be negative", "900", 0, 3),),
    value=Value(900, certainty=0.8),
)
EMPTY = Statement("", missing="not looked for")


def test_a_grid_has_a_line_for_each_row_with_pages_and_what_is_to_check() -> None:
    report = grid(
        row("a.pdf", RENT, EMPTY), row("b.pdf", EMPTY, EMPTY, read=0), notes=("Too weak.",), gaps=("a.pdf: none.",)
    )
    assert text_of(report).splitlines() == [
        "DOCUMENT  RENT                   PETS",
        "a.pdf     900 euros 80% [3] (!)  –",
        "b.pdf     –                      –",
    ]
    unread = "b.pdf: no words could be read (scanned), so its row is empty."
    assert list(notes_of(report)) == [unread, "Too weak.", "a.pdf: none."]


def test_a_grid_of_one_row_is_turned_and_says_all_of_each_cell() -> None:
    assert text_of(grid(row("a.pdf", RENT, EMPTY))).splitlines() == [
        "Rent  900 euros  p. 3, 80% certain, may be negative",
        "Pets  –          not looked for",
    ]


def test_counts_stand_above_the_rows_and_for_those_of_a_long_grid() -> None:
    chart = Chart("Pets", ChartKind.BARS, ("yes",), (Series("Texts", (41,)),), by="Pets")
    short, long = (grid(*(row(f"{n}", EMPTY, EMPTY) for n in range(count)), charts=(chart,)) for count in (2, 41))
    assert text_of(short).splitlines()[0].split() == ["Pets", "Texts"]
    assert "DOCUMENT" in text_of(short)
    assert "DOCUMENT" not in text_of(long)

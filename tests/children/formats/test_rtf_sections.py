"""Rich text whose breaks are no ends of printed pages has sections, so that a place in it can be found."""

from __future__ import annotations

import pytest

from slmdesk.base.documents import PageKind
from slmdesk.children.formats.reading import Reading, reader_of

pytestmark = pytest.mark.pure


def read(path, source: str):
    path.write_text(source)
    reading = Reading(str(path))
    return reading, list(reader_of("rtf")(reading))


def test_a_long_text_with_one_break_is_parted_at_headings_and_by_length(tmp_path) -> None:
    chapter = "".join(rf"The boiler of flat {number} was repaired last year.\par " for number in range(2000))
    heading = r"{\outlinelevel0 Second part\par}"
    reading, pages = read(tmp_path / "a.rtf", rf"{{\rtf1\ansi Cover\par\page {chapter}{heading}{chapter}}}")
    assert reading.page_kind is PageKind.SECTION
    assert len(pages) > 20
    assert max(len(page.text) for page in pages) < 9000
    assert "Second part" in {page.label for page in pages}
    assert sum(page.text.count("boiler") for page in pages) == 4000


def test_breaks_of_printed_pages_are_pages(tmp_path) -> None:
    reading, pages = read(tmp_path / "a.rtf", r"{\rtf1\ansi One.\par\page Two.\par\page Three.}")
    assert reading.page_kind is PageKind.PAGE
    assert [page.text for page in pages] == ["One.", "Two.", "Three."]

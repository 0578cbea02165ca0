"""Subtitles as XML."""

from __future__ import annotations

import pytest

from slmdesk.base.documents import Note
from slmdesk.base.errors import KnownError
from slmdesk.children.formats.reading import Reading, reader_of
from slmdesk.children.tasks.reader import chosen_format

pytestmark = pytest.mark.pure
TEXT = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><head><metadata>no words</metadata></head><body><div>
<p begin="00:00:01.500" end="00:00:03.000">The <span>boiler</span><br/>was  repaired.</p>
<p begin="605s" dur="2s">In flat seven.</p></div></body></tt>"""


AT_WORDS = """<tt xmlns="http://www.w3.org/ns/ttml"><body><div>
<p><span begin="00:00:04.200" end="00:00:05.000">The</span>
<span begin="00:00:05.000" end="00:00:06.300">boiler.</span></p>
</div><div begin="12s" end="15s"><p>It is old.</p></div></body></tt>"""


def read(tmp_path, text):
    path = tmp_path / "film.ttml"
    path.write_text(text)
    reading = Reading(str(path))
    pages = list(reader_of(chosen_format(reading, ""))(reading))
    return reading.notes, [
        [(page.text[block.start : block.end], block.place) for block in page.blocks] for page in pages
    ]


def test_cues_with_their_times_in_pages_of_ten_minutes(tmp_path) -> None:
    first, second = ("The boiler\nwas repaired.", "00:00:01–00:00:03"), ("In flat seven.", "00:10:05–00:10:07")
    assert read(tmp_path, TEXT) == ([], [[first], [second]])


def test_a_line_has_the_times_of_its_words_or_of_what_is_around_it(tmp_path) -> None:
    lines = [("The boiler.", "00:00:04–00:00:06"), ("It is old.", "00:00:12–00:00:15")]
    assert read(tmp_path, AT_WORDS) == ([], [lines])


@pytest.mark.parametrize("time", ["", 'begin="30f"'])
def test_a_line_without_a_time_is_read_in_its_place_and_said(tmp_path, time) -> None:
    cut = TEXT.replace('<p begin="605s"', f'<p {time}>Untimed.</p><p begin="605s"')
    notes, pages = read(tmp_path, cut)
    assert notes == [Note.UNTIMED]
    assert [line for page in pages for line in page][1:] == [("Untimed.", ""), ("In flat seven.", "00:10:05–00:10:07")]
    assert read(tmp_path, "<tt><body><div><p>x</p></div></body></tt>") == ([Note.UNTIMED], [[("x", "")]])


def test_a_file_without_any_time_has_pages_without_times(tmp_path) -> None:
    path = tmp_path / "film.ttml"
    path.write_text(f"<tt><body><div>{'<p>It is old.</p>' * 5000}</div></body></tt>")
    assert [page.label for page in reader_of("ttml")(Reading(str(path)))] == ["1", "2", "3"]


def test_what_has_no_lines_is_damaged(tmp_path) -> None:
    with pytest.raises(KnownError, match=r"document\.damaged"):
        read(tmp_path, "<tt><body><div><p> </p></div></body></tt>")

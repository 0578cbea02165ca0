"""Subtitles as XML."""

from __future__ import annotations

import pytest

from slmdesk.core.errors import KnownError
from slmdesk.documents.base import Reading
from slmdesk.documents.registry import reader_of
from slmdesk.tasks.read import chosen_format

pytestmark = pytest.mark.pure
TEXT = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><head><metadata>no words</metadata></head><body><div>
<p begin="00:00:01.500" end="00:00:03.000">The <span>boiler</span><br/>was  repaired.</p>
<p begin="605s" dur="2s">In flat seven.</p></div></body></tt>"""


def test_cues_with_their_times_in_pages_of_ten_minutes(tmp_path) -> None:
    path = tmp_path / "film.ttml"
    path.write_text(TEXT)
    reading = Reading(str(path))
    pages = list(reader_of(chosen_format(reading, ""))(reading))
    assert [page.text for page in pages] == ["The boiler\nwas repaired.", "In flat seven."]
    assert [page.blocks[0].place for page in pages] == ["00:00:01–00:00:03", "00:10:05–00:10:07"]


def test_what_has_no_times_is_said(tmp_path) -> None:
    path = tmp_path / "film.ttml"
    path.write_text("<tt><body><div><p>x</p></div></body></tt>")
    with pytest.raises(KnownError, match=r"document\.damaged"):
        list(reader_of("ttml")(Reading(str(path))))

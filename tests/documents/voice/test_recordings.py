"""Recordings are documents: their passages have times, they go on where they broke off, and each fault is told."""

from __future__ import annotations

import json

import pytest
from fakes.sounds import wav

from slmdesk.base.documents import PageKind, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.records import DocumentStatus
from slmdesk.base.runtime.messages import Problem
from slmdesk.documents.types import info_of
from slmdesk.documents.voice.types import transcript_of

pytestmark = pytest.mark.process
LONG = (0.5, 24, 0.5, 22, 0.5, 12, 0.5)


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "talk.wav"
    path.write_bytes(wav(LONG))
    return path


def test_a_recording_is_a_document_with_times(heard, whisper, recording):
    record = heard.calls.documents.open(recording, encoding="de")
    info, pages = info_of(record), heard.calls.documents.pages(record.id)
    assert (record.status, record.format, info.encoding) == (DocumentStatus.READ, "recording", "de")
    assert (info.pages, info.page_kind, len(pages)) == (3, PageKind.PART, 3)
    assert [page.label for page in pages] == ["0:00–0:24", "0:24–0:47", "0:47–1:00"]
    assert [block.place for block in pages[1].blocks] == ["0:25.2–0:26.7", "0:27.2–0:28.7"]
    assert whisper.asked == [("de", False)] * 3
    (first, second, *__) = transcript_of(pages, "de").segments
    assert (first.start, second.text) == (0.5, "And more.")
    assert heard.calls.documents.search("seconds")
    heard.calls.documents.open(recording)
    assert len(whisper.asked) == 3, "what was heard is not heard again"
    heard.calls.documents.open(recording, encoding="en")
    assert whisper.asked[3:] == [("en", False)] * 3


def test_without_a_language_that_of_the_first_words_is_kept(heard, whisper, recording):
    assert info_of(heard.calls.documents.open(recording)).encoding == "en"
    assert whisper.asked == [("", False), ("en", False), ("en", False)]


def test_a_recording_goes_on_where_it_broke_off(heard, whisper, recording):
    whisper.fails_at, whisper.failure = 2, KnownError("speech.failed")
    assert heard.calls.documents.open(recording, encoding="en").code == "speech.failed"
    assert len(heard.calls.documents.recent()) == 1
    record = heard.calls.documents.open(recording, encoding="en")
    assert (record.pages, len(whisper.asked)) == (3, 4), "of the second time the last part alone is heard"
    texts = [page.text[:10] for page in heard.calls.documents.pages(record.id)]
    assert texts == ["25 seconds", "22 seconds", "13 seconds"]


def test_silence_within_is_an_empty_part_and_nothing_else_is_told(heard, whisper, tmp_path):
    for name, seconds in (("half.wav", (40, 10, 1)), ("silent.wav", (5,))):
        (tmp_path / name).write_bytes(wav(seconds))
    record = heard.calls.documents.open(tmp_path / "half.wav")
    statuses = [page.status for page in heard.calls.documents.pages(record.id)]
    assert (statuses[0], {*statuses}) == (PageStatus.EMPTY, {PageStatus.EMPTY, PageStatus.READ})
    assert heard.calls.documents.open(tmp_path / "silent.wav").code == "speech.silent"
    assert len(whisper.asked) == statuses.count(PageStatus.READ)


def test_what_is_no_recording_or_stands_elsewhere_is_told(heard, tmp_path):
    for name, data in {
        "text.mp3": b"Dear Mr Miller", "page.wav": b"%PDF-1.7\n" + bytes(100), "empty.mp3": b"",
        "noise.m4a": bytes(999), "talk.txt": wav((0.1, 1)),
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(data)
        problem = heard.calls.documents.open(tmp_path / name)
        assert isinstance(problem, Problem), name
        assert problem.code in ("document.unreadable", "document.empty", "document.damaged")
        assert name in problem.sentence


def test_documents_are_read_while_a_recording_is_heard(heard, recording, tmp_path):
    (tmp_path / "a.txt").write_text("words")
    hearing = heard.ask(lambda services: services.documents.open(recording))
    assert heard.calls.documents.open(tmp_path / "a.txt").status is DocumentStatus.READ
    heard.ask(lambda services: hearing.cancel())


def test_without_a_speech_model_the_way_to_one_is_told(recorder, recording):
    assert recorder.calls.documents.open(recording).code == "speech.no_model"


def test_the_command_writes_text_subtitles_and_json(heard, run, recording, tmp_path):
    heard.services.close()
    said = run("documents", "transcribe", str(recording), "--language", "german")
    assert not said.err, said.err
    assert said.out.splitlines()[:2] == ["0:00  25 seconds comma new line first.", "0:02  And more."]
    shape = json.loads(run("documents", "transcribe", str(recording), "--json", "--language", "de").out)
    assert (shape["language"], len(shape["segments"])) == ("de", 6)
    assert run("documents", "transcribe", str(recording), "-o", str(tmp_path / "a.srt"), "--language", "de").status == 0
    assert (tmp_path / "a.srt").read_text().startswith("1\n00:00:00,500 --> 00:00:02,000\n25 seconds")
    assert run("documents", "transcribe", str(recording), "-o", str(tmp_path / "a.srt")).status != 0
    assert run("documents", "transcribe", str(tmp_path / "a.srt")).status == 2

"""Translations met by faults: a child dies, the document or the folder is gone, the item is deleted meanwhile."""

from __future__ import annotations

import errno
import os
import queue
import shutil
import signal
import threading

import pytest
from fakes.office import docx
from fakes.recorder import ECHO, TIMEOUT_S, Recorder, on_service_thread, open_echo, wait_until
from fakes.translations import Edits, begin, segments
from history.test_for_good import files_with
from tasks.translation.test_recent import MANNER
from tasks.translation.test_translating import ENDED, run, translated, write

from slmdesk.base.errors import KnownError
from slmdesk.base.record import to_json
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime import service
from slmdesk.base.runtime.events import ItemGone
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.translation import NewSegment, SegmentState
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.service import ReportGrew
from slmdesk.tasks.translation.types import LiveTranslated, TranslationRequest, WrittenFile

pytestmark = pytest.mark.process

SENTENCES = [f"The boiler of flat {number} is cold." for number in range(40)]


def kill(child) -> None:
    """The process of a client, as the system does when memory runs out."""
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)


def letter(path, sentences=SENTENCES):
    path.write_bytes(docx("".join(f"<w:p>{run(sentence)}</w:p>" for sentence in sentences)))
    return path


def begun(recorder, **request):
    item = begin(recorder, **request)
    return item, recorder.calls.tasks.open(item).job.id


def end_of(recorder, job, begin=0):
    return recorder.wait(
        JobChanged, lambda event: event.id == job and event.status in (*ENDED, JobStatus.CANCELLED), begin
    )


def is_translated(event):
    return any(one.text for section in event.growth.sections for one in section.statements)


@pytest.mark.real_child
def test_w1_typed_text_stays_and_goes_on_when_the_engine_dies(opened):
    recorder = opened(turned=True, slow=0.02)
    live = recorder.calls.live
    record = recorder.calls.models.choose(None)
    text = f"It is late. The boiler {'and the boiler ' * 40}is cold."

    def killed_midway(begin):
        recorder.wait(LiveTranslated, lambda event: event.segments and len(event.segments[-1].target) > 40, begin)
        kill(recorder.services.engine)
        return len(recorder.events)

    live.translate(text, MANNER, record)
    begin = killed_midway(0)
    recorder.wait(LiveTranslated, lambda event: len(event.segments[-1].target) < 20, begin)
    begin = killed_midway(len(recorder.events))
    last = recorder.wait(LiveTranslated, lambda event: event.is_done)
    assert last.problem is not None, "the second death in a row is told"
    assert last.problem.code == "child.died"
    assert last.segments[0].state is SegmentState.TRANSLATED
    assert len(last.segments[1].target) > 40, "words that were seen stay"
    begin = len(recorder.events)
    live.translate(text, MANNER, record)
    last = recorder.wait(LiveTranslated, lambda event: event.is_done, begin)
    assert last.problem is None
    assert "".join(segment.target.swapcase() + segment.trail for segment in last.segments) == text


@pytest.mark.real_child
def test_w1_a_document_goes_on_by_itself_when_the_engine_dies(opened, tmp_path):
    recorder = opened(turned=True, slow=0.003)
    item, job = begun(recorder, target="de", source="en", path=str(letter(tmp_path / "a.docx")))
    recorder.wait(ReportGrew, is_translated)
    kill(recorder.services.engine)
    assert end_of(recorder, job).status is JobStatus.DONE
    assert [segment.target.swapcase() for segment in segments(recorder, item)] == SENTENCES


@pytest.mark.real_child
def test_x4_a_reader_that_dies_while_it_lists_is_said_and_tried_again(opened, tmp_path):
    recorder = opened(turned=True)
    path = letter(tmp_path / "a.docx", SENTENCES * 100)
    item, job = begun(recorder, target="de", source="en", path=str(path))
    while recorder.services.reader.pid is None:
        threading.Event().wait(0.005)
    kill(recorder.services.reader)
    ended = end_of(recorder, job)
    assert ended.status is JobStatus.FAILED
    path = letter(path)
    begin = len(recorder.events)
    again = recorder.calls.tasks.again(item)
    assert end_of(recorder, again.id, begin).status is JobStatus.DONE
    assert [segment.target.swapcase() for segment in segments(recorder, item)] == SENTENCES


@pytest.mark.real_child
def test_x4_a_reader_that_dies_while_it_writes_leaves_no_file(opened, tmp_path):
    recorder = opened(turned=True)
    view = translated(recorder, target="de", source="en", path=str(letter(tmp_path / "a.docx", SENTENCES[:3])))
    ended: queue.SimpleQueue = queue.SimpleQueue()
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "a.docx"

    def begin():
        recorder.calls.translations.write(view.item.id, target).then(ended.put)
        kill(recorder.services.reader)

    on_service_thread(recorder, begin)
    problem = ended.get(timeout=TIMEOUT_S)
    assert isinstance(problem, Problem)
    assert list(target.parent.iterdir()) == []
    assert isinstance(write(recorder, view, target), WrittenFile)


def test_a_document_that_is_gone_is_said(opened, tmp_path):
    recorder = opened(turned=True)
    path = letter(tmp_path / "a.docx", SENTENCES[:2])
    view = translated(recorder, target="de", source="en", path=str(path))
    path.unlink()
    problem = write(recorder, view, tmp_path / "b.docx")
    assert isinstance(problem, Problem)
    assert (problem.code, (tmp_path / "b.docx").exists()) == ("file.missing", False)
    _, job = begun(recorder, target="de", source="en", path=str(path))
    ended = end_of(recorder, job)
    assert (ended.status, ended.problem.code) == (JobStatus.FAILED, "file.missing")
    assert [segment.target.swapcase() for segment in segments(recorder, view.item.id)] == SENTENCES[:2], (
        "the work stays"
    )


@pytest.mark.parametrize("way", ["gone", "a file", "full"])
def test_a_folder_that_cannot_be_written_is_said_and_the_work_stays(opened, tmp_path, way, monkeypatch):
    recorder = opened(turned=True)
    view = translated(recorder, target="de", source="en", path=str(letter(tmp_path / "a.docx", SENTENCES[:2])))
    folder = tmp_path / "out"
    folder.mkdir()
    if way == "gone":
        folder.rmdir()
    elif way == "a file":
        folder.rmdir()
        folder.write_text("x")
    else:

        def full(_handle):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("slmdesk.base.files.os.fsync", full)
    problem = write(recorder, view, folder / "b.docx")
    assert isinstance(problem, Problem)
    assert problem.code == ("disk.full" if way == "full" else "file.unwritable")
    monkeypatch.undo()
    shutil.rmtree(folder, ignore_errors=True)
    if folder.is_file():
        folder.unlink()
    folder.mkdir()
    assert isinstance(write(recorder, view, folder / "b.docx"), WrittenFile)
    assert [path.name for path in folder.iterdir()] == ["b.docx"]


@pytest.mark.parametrize("begun_with", ["document", "text"])
def test_a_translation_deleted_for_good_while_it_is_made_is_gone(opened, home, tmp_path, begun_with):
    recorder = opened(turned=True, slow=0.02)
    request = {"path": str(letter(tmp_path / "a.docx"))} if begun_with == "document" else {"text": "\n".join(SENTENCES)}
    item, _job = begun(recorder, target="de", source="en", **request)
    recorder.wait(ReportGrew, is_translated)
    recorder.calls.history.delete_for_good(item)
    recorder.wait(ItemGone, lambda event: event.id == item)
    wait_until(lambda: not on_service_thread(recorder, lambda: recorder.services.loader.is_busy))
    recorder.services.close()
    assert files_with(home, "boiler of flat") == []


@pytest.fixture
def two(opened):
    """The window, and a command at the same home."""
    window = opened(turned=True, slow=0.02)
    other = open_echo(ECHO)
    yield window, Recorder(other)
    other.close()


def test_h3_two_desks_edit_the_same_translation_while_one_makes_it(two, tmp_path):
    window, other = two
    item, job = begun(window, target="de", source="en", path=str(letter(tmp_path / "a.docx")))
    window.wait(ReportGrew, is_translated)
    for number in range(30, 40):
        Edits(other).edit(item, number, f"Kessel {number}.")
    for number in range(3):
        Edits(window).edit(item, number, f"Ofen {number}.")
    assert end_of(window, job).status is JobStatus.DONE
    targets = [segment.target for segment in segments(window, item)]
    assert targets[30:] == [f"Kessel {number}." for number in range(30, 40)], "a person was faster, elsewhere"
    assert targets[:3] == [f"Ofen {number}." for number in range(3)]
    assert [target.swapcase() for target in targets[3:30]] == SENTENCES[3:30]
    assert segments(other, item) == segments(window, item)
    Edits(other).edit(item, 0, "Herd 0.")
    assert segments(window, item)[0].target == "Herd 0."
    assert window.calls.store.memory.recall("en", "de", SENTENCES[0])[0].target == "Herd 0."


def test_h10_deleted_for_good_by_another_desk_while_it_is_made(two, home, tmp_path):
    window, other = two
    item, job = begun(window, target="de", source="en", path=str(letter(tmp_path / "a.docx")))
    window.wait(ReportGrew, is_translated)
    other.calls.history.delete_for_good(item)
    assert end_of(window, job).status is not JobStatus.DONE
    other.services.close()
    window.services.close()
    assert files_with(home, "boiler of flat") == []


def room_for(recorder, pages: int) -> None:
    """As many pages more as the disk has room for; SQLite then says that it is full."""
    rows = recorder.calls.store.database.rows("PRAGMA page_count")
    recorder.calls.store.database.rows(f"PRAGMA max_page_count = {rows[0][0] + pages}")


def test_h5_a_full_disk_pauses_a_translation_that_goes_on_where_it_was(opened, tmp_path):
    recorder = opened(turned=True, slow=0.002)
    sentences = [f"The boiler of flat {number} is cold, and {'so ' * 20}on." for number in range(60)]
    path = letter(tmp_path / "a.docx", sentences)
    item, job = begun(recorder, target="de", source="en", path=str(path))
    recorder.wait(ReportGrew, is_translated)
    room_for(recorder, 3)
    ended = end_of(recorder, job)
    assert (ended.status, ended.problem.code) == (JobStatus.PAUSED, "store.full")
    kept = [segment.target for segment in segments(recorder, item) if segment.state is SegmentState.TRANSLATED]
    assert 0 < len(kept) < 60
    view = recorder.calls.tasks.open(item)
    assert not view.is_done
    room_for(recorder, 1 << 20)
    begin = len(recorder.events)
    recorder.calls.jobs.resume(job)
    assert end_of(recorder, job, begin).status is JobStatus.DONE
    assert [segment.target.swapcase() for segment in segments(recorder, item)] == sentences


def test_h5_a_typed_text_is_translated_though_the_disk_is_full(opened):
    recorder = opened(turned=True)
    live = recorder.calls.live
    record = recorder.calls.models.choose(None)
    text = " ".join(SENTENCES)
    room_for(recorder, 0)
    live.translate(text, MANNER, record)
    done = recorder.wait(LiveTranslated, lambda event: event.is_done)
    assert [segment.target.swapcase() for segment in done.segments] == SENTENCES
    keep = recorder.calls.translations.keep
    room_for(recorder, 100)
    item = keep(text, MANNER, done.segments[:1])
    room_for(recorder, 0)
    longer = (done.segments * 100)[:2000]
    with pytest.raises(KnownError, match=r"store\.full"):
        keep(text, MANNER, longer, item)
    assert len(recorder.calls.translations.kept(item).segments) == 1, "what was kept stays whole"
    with pytest.raises(KnownError, match=r"store\.full"):
        keep("Quite another letter.", MANNER, longer)
    assert [entry.id for entry in recorder.calls.history.items("translation")] == [item]
    room_for(recorder, 1 << 20)
    keep(text, MANNER, longer, item)
    assert len(recorder.calls.translations.kept(item).segments) == 2000


LONG = 2_000
"""Segments: more than are read in one turn of the desk thread."""


def test_others_come_between_while_a_long_translation_is_written_or_exported(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(service, "SLICE_S", 0.0)
    recorder = opened(turned=True)
    path = tmp_path / "long.txt"
    path.write_text("Es geht über alles.\n" * LONG)
    request = TranslationRequest("de", str(path), source="en")

    def fill():
        store = recorder.calls.store
        item = store.items.add("translation", "long.txt → German", settings={"wish": to_json(request)})
        words = "Es geht über alles."
        store.segments.add(item.id, [NewSegment(number, words, target=words.swapcase()) for number in range(LONG)])
        return item.id

    item = on_service_thread(recorder, fill)
    store, turns, asked_in = recorder.services.store, 0, []
    segments_of = store.segments.of_item

    def noted(*args, **kwargs):
        asked_in.append(turns)
        return segments_of(*args, **kwargs)

    monkeypatch.setattr(store.segments, "of_item", noted)
    for start in (
        lambda ended: recorder.calls.translations.write(item, tmp_path / "out.txt").then(ended),
        lambda ended: recorder.calls.exports.give(item, "md").then(ended),
    ):
        ended: queue.SimpleQueue = queue.SimpleQueue()
        asked_in.clear()
        on_service_thread(recorder, lambda start=start, ended=ended: start(ended.put))
        while ended.empty():
            on_service_thread(recorder, lambda: None)
            turns += 1
        assert len(set(asked_in)) > 2, "segments are read in more than one turn of the desk thread"
        ended.get()

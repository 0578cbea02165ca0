"""The reader as it runs: every format in the real child, behind its filter and limits; parsers that misbehave (X4)."""

from __future__ import annotations

import base64
import errno
import io
import os
import shutil
import sys
import threading
import time
from functools import cache
from pathlib import Path

import psutil
import pypdfium2 as pdfium
import pytest
from children.worker.test_entities import watched
from docx import Document
from fakes.children import LONG_S, READER, Received, Rig
from fakes.office import docx, odf, paragraph, xls, xlsb, xlsx
from fakes.small_documents import WORDS, deck, mail, small_documents
from fakes.tiny_pdf import TinyPdf, lines
from PIL import Image, ImageDraw, ImageFont

from slmdesk.base.documents import FORMATS
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Cancelled, Done, Failed, Partial
from slmdesk.children.client import ChildEnded, ClientLimits, Outcome
from slmdesk.children.tasks import reader as reader_tasks
from slmdesk.children.tasks.job import Job
from slmdesk.children.worker import main, sandbox

pytestmark = pytest.mark.process

ODD = [sys.executable, str(Path(__file__).resolve().parent.parent.parent / "fakes" / "odd_reader.py")]
CANCEL_S = 0.5
MOST_BYTES = 200 << 20


@cache
def documents():
    """A document of every format, with a word that is in it."""
    drawn, letter = io.BytesIO(), Image.new("L", (1200, 400), 255)
    ImageDraw.Draw(letter).text((100, 150), "words of a page", fill=0, font=ImageFont.load_default(60))
    letter.save(drawn, "PNG")
    cell = f'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>{WORDS}</t></is></c></row></sheetData>'
    words = f"<text:p>{WORDS}</text:p>"
    table = (
        f'<table:table table:name="S"><table:table-row><table:table-cell>{words}</table:table-cell></table:table-row>'
    )
    show = f'<draw:page draw:name="one"><draw:frame><draw:text-box>{words}</draw:text-box></draw:frame></draw:page>'
    return {id: (*named, WORDS) for id, named in small_documents().items()} | {
        "pdf": ("a.pdf", bytes(TinyPdf().page(*lines(50, 700, "words of a page"))), "words of a page"),
        "picture": ("a.png", drawn.getvalue(), "words of a page"),
        "docx": ("a.docx", docx(paragraph(WORDS)), WORDS),
        "pptx": ("a.pptx", deck(), WORDS),
        "xlsx": ("a.xlsx", xlsx({"One": cell}), WORDS),
        "xlsb": ("a.xlsb", xlsb({(0, 0): 4711.0}), "4711"),
        "xls": ("a.xls", xls({(0, 0): WORDS}), WORDS),
        "csv": ("a.csv", f"a,b\n{WORDS},2\n".encode(), WORDS),
        "odt": ("a.odt", odf("text", words), WORDS),
        "odp": ("a.odp", odf("presentation", show), WORDS),
        "ods": ("a.ods", odf("spreadsheet", f"{table}</table:table>"), WORDS),
    }


def start(rig, path, **payload):
    received = Received()
    return received, rig.client.start("read", {"path": str(path), **payload}, received)


def read(rig, path, **payload):
    """Read to the end; the end and the text."""
    received, _ = start(rig, path, **payload)
    end = received.end()
    return end, "\n".join(partial.value["text"] for partial in received.partials)


def wait_until_reached(path):
    """The parser of this document begins to misbehave."""
    deadline, pause = time.monotonic() + LONG_S, threading.Event()
    while not path.with_name(f"{path.name}.reached").exists():
        assert time.monotonic() < deadline
        pause.wait(0.005)


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    with Rig(tmp_path_factory.mktemp("reader"), READER, role="reader") as reader:
        yield reader


@pytest.fixture
def odd(tmp_path):
    """Starts a child whose parsers misbehave."""
    rigs = []

    def make(*arguments, **limits):
        command = [*ODD, *map(str, arguments)]
        rigs.append(Rig(tmp_path, command, role="reader", limits=ClientLimits(**limits) if limits else None))
        return rigs[-1]

    yield make
    for other_rig in rigs:
        other_rig.client.close()


NAMED = ("txt", "code", "md", "csv", "subtitles", "ttml", "po", "xliff")
"""Which their names alone tell apart."""


@pytest.mark.parametrize("format_id", [known.id for known in FORMATS if known.id != "recording"])  # the listener's
def test_x5_every_format_is_read_in_the_real_child_and_a_wrong_name_is_seen_through(rig, tmp_path, format_id):
    right, data, word = documents()[format_id]
    wrong = "a.doc" if format_id in ("html", "eml", "mht", "docx") else "a.docx"
    for name in (right,) if format_id in NAMED else (right, wrong):
        (tmp_path / name).write_bytes(data)
        end, text = read(rig, tmp_path / name)
        assert isinstance(end, Done), (name, end)
        assert word in text
        assert (end.result["format"], end.result["pages"] >= 1) == (format_id, True)
        assert ("other_format" in end.result["notes"]) == (name == wrong)
        assert rig.client.generation == 1


def test_a_picture_becomes_a_pdf_that_can_be_searched_in_the_real_child(rig, tmp_path):
    name, data, word = documents()["picture"]
    (tmp_path / name).write_bytes(data)
    received = Received()
    rig.client.start("searchable", {"path": str(tmp_path / name)}, received)
    assert isinstance(received.end(), Done), received.ends
    made = b"".join(base64.b64decode(partial.value["data"]) for partial in received.partials)
    with pdfium.PdfDocument(made) as document:
        assert document[0].get_textpage().get_text_range() == word


@pytest.mark.parametrize("task", ["read", "units", "private_texts"])
@pytest.mark.parametrize("name", ["a.docx", "a.pdf"])
def test_an_empty_file_is_said_to_be_empty_whatever_is_done_with_it(rig, tmp_path, task, name):
    (tmp_path / name).write_bytes(b"")
    received = Received()
    rig.client.start(task, {"path": str(tmp_path / name)}, received)
    assert received.end().code == "document.empty"


def test_what_came_with_a_mail_is_read_through_the_child(rig, tmp_path):
    inner = mail("see", enclosed=[("deep.txt", WORDS.encode())])
    (tmp_path / "a.eml").write_bytes(mail("x", enclosed=[("b.pdf", documents()["pdf"][1]), ("c.eml", inner)]))
    end, text = read(rig, tmp_path / "a.eml")
    assert [attachment["format"] for attachment in end.result["attachments"]] == ["pdf", "eml"]
    end, text = read(rig, tmp_path / "a.eml", attachment=0)
    assert (end.result["format"], text) == ("pdf", "words of a page")
    end, text = read(rig, tmp_path / "a.eml", attachment=[1, 0])
    assert (end.result["format"], text) == ("txt", WORDS)
    for wrong in (2, -1, True, "0", [0, 0]):
        end, _ = read(rig, tmp_path / "a.eml", attachment=wrong)
        assert end.code in ("request.invalid", "document.unreadable")


def test_x10_letters_no_screen_shows_are_said(rig, tmp_path):
    tagged = "seen" + "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all")
    (tmp_path / "a.txt").write_text(tagged)
    end, text = read(rig, tmp_path / "a.txt")
    assert text == tagged  # shown text is sent text
    assert end.result["notes"] == ["hidden_text"]
    (tmp_path / "b.txt").write_text("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f")
    assert read(rig, tmp_path / "b.txt")[0].result["notes"] == []


def test_x7_strange_files_have_a_verdict_at_once_and_cost_no_memory(rig, tmp_path):
    files = {
        name: tmp_path / name
        for name in ("fifo.txt", "sparse.txt", "sparse.pdf", "line.txt", "line.html", "folder.txt")
    }
    os.mkfifo(files["fifo.txt"])
    files["folder.txt"].mkdir()
    for name, size in (
        ("sparse.txt", 100 << 30),
        ("sparse.pdf", 100 << 30),
        ("line.txt", 200 << 20),
        ("line.html", 200 << 20),
    ):
        with files[name].open("wb") as file:
            file.truncate(size)
    files["device"] = Path("/dev/zero")
    read(rig, __file__, format="txt")  # the child is awake
    for name, path in files.items():
        end, _ = read(rig, path)
        assert isinstance(end, Failed), name
        assert end.code in ("document.too_large", "document.unreadable"), name  # another one, were it read to its end
    assert psutil.Process(rig.client.pid).memory_info().rss < MOST_BYTES


@pytest.mark.parametrize(
    ("way", "how"),
    [
        ("abort", Outcome.ABORTED),
        ("crash", Outcome.SEGFAULT),
        ("eat", Outcome.OUT_OF_MEMORY),
        ("leave", Outcome.EXITED),
    ],
)
def test_x4_a_parser_that_dies_takes_only_its_document_with_it(odd, tmp_path, way, how):
    rig = odd()
    (tmp_path / f"bad.{way}").write_text("x")
    (tmp_path / "good.txt").write_text(WORDS)
    end, text = read(rig, tmp_path / f"bad.{way}")
    assert (end.code, end.args["how"], text) == ("child.died", how.value, "the first page")
    end, text = read(rig, tmp_path / "good.txt")
    assert (isinstance(end, Done), text, rig.client.generation) == (True, WORDS, 2)


def test_x4_a_parser_that_hangs_is_ended_by_its_own_clock(odd, tmp_path):
    rig = odd(1.5)
    (tmp_path / "bad.hang").write_text("x")
    end, _ = read(rig, tmp_path / "bad.hang")
    assert (end.code, end.args["seconds"]) == ("child.hung", pytest.approx(1.5, abs=0.1))
    (tmp_path / "good.txt").write_text(WORDS)
    assert read(rig, tmp_path / "good.txt")[1] == WORDS


def test_x4_a_parser_that_lets_nobody_run_is_ended_from_outside(odd, tmp_path):
    rig = odd(silence_s=1.5)
    (tmp_path / "bad.spin").write_text("x")
    end, _ = read(rig, tmp_path / "bad.spin")
    assert end.code == "child.hung"


@pytest.mark.parametrize("way", ["hang", "spin"])
def test_x4_stop_works_whatever_the_parser_does(odd, tmp_path, way):
    rig = odd()
    (tmp_path / f"bad.{way}").write_text("x" * 10)
    received, job = start(rig, tmp_path / f"bad.{way}")
    wait_until_reached(tmp_path / f"bad.{way}")
    began = time.monotonic()
    job.cancel()
    end = received.end()
    took = time.monotonic() - began
    assert isinstance(end, Cancelled)
    print(f"{way}: {took * 1000:.0f} ms")
    assert took < CANCEL_S + 5  # the promise is half a second; this machine is shared


def test_the_time_a_parser_has_grows_with_the_file():
    assert main.patience_s(0) == main.PATIENCE_S
    assert main.patience_s(20 << 20) > 2 * main.PATIENCE_S
    assert main.patience_s(1 << 40) == main.MOST_PATIENCE_S


def test_a_desk_that_takes_its_time_is_not_held_against_a_parser(tmp_path, monkeypatch):
    """Between two pages nobody parses: the thread waits for the pipe."""
    monkeypatch.setattr(main, "PATIENCE_S", -1.0)
    (tmp_path / "a.txt").write_text("one\ftwo")
    role = main.ReaderRole()
    task = role.task_of("read", Job("1", {"path": str(tmp_path / "a.txt")}))
    for _ in task:
        assert role.heartbeat().busy
        assert role.overdue() is None
    assert not role.heartbeat().busy


def test_a_bug_of_a_parser_is_a_damaged_document(odd, tmp_path):
    rig = odd()
    (tmp_path / "a.raise").write_text("x")
    end, text = read(rig, tmp_path / "a.raise")
    assert (end.code, end.args["reason"], text) == ("document.damaged", "ZeroDivisionError", "the first page")
    assert rig.client.generation == 1


def test_stray_words_of_a_parser_break_no_line(odd, tmp_path):
    rig = odd()
    (tmp_path / "a.write").write_text("x")
    end, text = read(rig, tmp_path / "a.write")
    assert (isinstance(end, Done), text, rig.client.bad_lines) == (True, "the first page\nthe second page", 0)


def test_what_ran_beside_a_cancelled_job_hears_first(odd, tmp_path):
    """So that whoever starts it again still knows that it was not alone."""
    rig = odd()
    ends = []
    heards = [Received(), Received()]
    jobs = []
    for number, received in enumerate(heards):
        path = tmp_path / f"{number}.hang"
        path.write_text("x")

        def listen(event, received=received):
            received(event)
            if isinstance(event, Done | Failed | Cancelled):
                ends.append(event)

        jobs.append(rig.client.start("read", {"path": str(path)}, listen))
    for number in range(2):
        wait_until_reached(tmp_path / f"{number}.hang")
    jobs[0].cancel()
    for received in heards:
        received.end()
    assert [type(end) for end in ends] == [Failed, Cancelled]
    assert ends[0].args["how"] == Outcome.CANCEL_IGNORED.value
    rig.children.until(lambda received: received.of(ChildEnded))


CALLING_OUT = {
    "a.html": b"<img src=http://127.0.0.1:9/x><iframe src=file:///etc/passwd></iframe><link rel=stylesheet href=//x/y>",
    "a.svg.html": b'<svg><image href="http://127.0.0.1:9/x"/></svg><object data="http://127.0.0.1:9/y"></object>words',
    "a.eml": b"Subject: x\nContent-Type: text/html\n\n<img src='http://127.0.0.1:9/x'>words",
    "a.rtf": b'{\\rtf1 {\\field{\\*\\fldinst INCLUDEPICTURE "http://127.0.0.1:9/x"}{\\fldrslt words}}{\\*\\template http://x/y}}',
    "a.md": b"![x](http://127.0.0.1:9/x) words",
}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_x2_no_document_makes_its_reader_call_out(tmp_path):
    """Under strace, with every format: no socket of the internet, no program started, no file of the machine opened."""
    folder, trace = tmp_path / "documents", tmp_path / "trace"
    folder.mkdir()
    given = {name: data for name, data, _ in documents().values()} | CALLING_OUT
    files = {name: folder / f"{number}-{name}" for number, name in enumerate(given)}
    for name, path in files.items():
        path.write_bytes(given[name])
    ends = watched(READER, trace, files)
    assert {name for name, (end, *_) in ends.items() if isinstance(end, Done)} == files.keys(), ends
    calls = trace.read_text(errors="replace").splitlines()
    assert any("execve(" in call for call in calls)  # its own start: the trace sees what it should
    assert [call for call in calls if "AF_INET" in call] == []
    assert len([call for call in calls if "execve(" in call and "= 0" in call]) == 1
    assert [call for call in calls if "/etc/passwd" in call] == []


@pytest.mark.skipif(not sandbox.version(), reason="this kernel has no Landlock")
def test_w11_the_reader_opens_no_document_but_those_it_is_handed(rig, tmp_path):
    """The app opens them, from wherever they are: a child that was told nothing can read none."""
    (tmp_path / "a.txt").write_text(WORDS)
    end, text = read(rig, tmp_path / "a.txt")
    assert (isinstance(end, Done), text) == (True, WORDS)
    end, _ = read(rig, tmp_path / "none.txt")
    assert end.code == "file.missing"
    end, _ = read(rig, tmp_path)
    assert (end.code, end.args["reason"]) == ("document.unreadable", "a folder")
    with Rig(tmp_path, READER, role="reader", environment={"SLMDESK_HANDLES": ""}) as untold:
        end, _ = read(untold, tmp_path / "a.txt")
        assert (end.code, end.args["reason"]) == ("document.unreadable", "Permission denied")


def test_more_text_than_any_document_has_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(reader_tasks, "MOST_LETTERS", 12)
    (tmp_path / "a.txt").write_text("one two\fthree\fx")
    job = Job("1", {"path": str(tmp_path / "a.txt")})
    with pytest.raises(KnownError, match=r"document\.too_large"):
        list(reader_tasks.read(job))
    monkeypatch.setattr(reader_tasks, "MOST_LETTERS", 13)
    assert len(list(reader_tasks.read(job))) == 6, "three pages, and after each how far it is"


@pytest.fixture
def failing(tmp_path, monkeypatch):
    """Reads a document whose reader fails with an error."""
    (tmp_path / "a.txt").write_text(WORDS)

    def read_with(error):
        def pages(_reading):
            raise error
            yield

        monkeypatch.setattr(reader_tasks, "reader_of", lambda _format: pages)
        list(reader_tasks.read(Job("1", {"path": str(tmp_path / "a.txt")})))

    return read_with


@pytest.mark.parametrize(
    "error",
    [
        ImportError("libgfortran.so: failed to map segment from shared object"),
        ImportError("libz.so: cannot allocate memory in static TLS block"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        MemoryError(),
    ],
)
def test_what_fails_for_want_of_memory_is_no_damage(failing, error):
    with pytest.raises(MemoryError):
        failing(error)


def test_what_fails_for_want_of_a_part_of_the_program_is_no_damage(failing):
    with pytest.raises(ImportError):
        failing(ImportError("No module named numpy"))
    with pytest.raises(KnownError, match=r"document\.damaged"):
        failing(OSError(errno.EIO, "broken data stream"))


def test_names_of_styles_come_together_as_far_as_there_is_room(tmp_path, monkeypatch):
    Document().save(tmp_path / "a.docx")

    def hidden():
        told = reader_tasks.private_texts(Job("1", {"path": str(tmp_path / "a.docx")}))
        partials = [each for each in told if isinstance(each, Partial)]
        return [[text for text in each.value["texts"] if not text["is_shown"]] for each in partials if each.value]

    (together,) = filter(None, hidden())
    assert len(together) > 100
    monkeypatch.setattr(reader_tasks, "PIECE_CHARACTERS", 1000)
    parts = [texts for texts in hidden() if texts]
    assert [text for texts in parts for text in texts] == together
    assert all(sum(len(text["place"]) + len(text["text"]) for text in texts) <= 1000 for texts in parts)
    assert len(parts) < len(together) / 2


def test_a_grey_picture_as_large_as_may_be_has_room(rig, tmp_path):
    picture = Image.new("L", (13_600, 13_600), 255)
    picture.save(tmp_path / "a.png", compress_level=1)
    end, _text = read(rig, tmp_path / "a.png")
    assert isinstance(end, Done), end

"""X2: XML that calls out, in every format that is XML inside, watched from outside."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes.children import LONG_S, READER, may_read
from fakes.office import docx, odf, packed, paragraph, parts_of, xlsx
from fakes.small_documents import book, deck

from slmdesk.base import protocol
from slmdesk.base.protocol import Cancelled, Done, Failed, Start

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here"),
]

ODD = [sys.executable, str(Path(__file__).resolve().parent.parent.parent / "fakes" / "odd_reader.py")]
MOST_S = 15.0


def entities(canary: Path) -> dict[str, str]:
    """Ways to begin an XML document, each with &x; standing for something from outside or for far too much."""
    tenfold = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11))
    return {
        "file": f'<!DOCTYPE a [<!ENTITY x SYSTEM "{canary.as_uri()}">]>',
        "url": '<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
        "parameter": f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{canary.as_uri()}"> %p; <!ENTITY x "y">]>',
        "doctype": f'<!DOCTYPE a SYSTEM "{canary.as_uri()}"[<!ENTITY x "y">]>',
        "laughs": f'<!DOCTYPE a [<!ENTITY l0 "lol">{tenfold}<!ENTITY x "&l10;">]>',
    }


def hostile(canary: Path) -> dict[str, bytes]:
    """Every format with every way, by file name."""
    cell = "<sheetData><row><c t='inlineStr'><is><t>Words</t></is></c></row></sheetData>"
    archives = {
        "docx": (docx(paragraph("Words")), "word/document.xml"),
        "xlsx": (xlsx({"S": cell}), "xl/worksheets/sheet1.xml"),
        "pptx": (deck("Words"), "ppt/slides/slide1.xml"),
        "odt": (odf("text", "<text:p>Words</text:p>"), "content.xml"),
        "epub": (book({"ch.xhtml": ("One", "<p>Words</p>")}), "OEBPS/ch.xhtml"),
    }
    made: dict[str, bytes] = {}
    for way, head in entities(canary).items():
        for format_id, (whole, name) in archives.items():
            made[f"{way}.{format_id}"] = with_head(whole, name, head)
        made[f"{way}.html"] = f"{head}<html><body><p>Words &x;</p></body></html>".encode()
        made[f"{way}.xml"] = f'<?xml version="1.0"?>{head}<a>Words &x;</a>'.encode()
    return made


def with_head(whole: bytes, name: str, head: str) -> bytes:
    parts = parts_of(whole)
    text = parts[name].decode()
    start = text.index("?>") + 2 if text.startswith("<?xml") else 0
    return packed({**parts, name: text[:start] + head + text[start:].replace("Words", "Words &x;")})


def watched(command, trace: Path, files: dict[str, Path]) -> dict[str, tuple[object, float, str]]:
    """The end of reading each file, the seconds it took, and the words, while strace looks on."""
    calls = "trace=socket,connect,execve,open,openat"
    process = subprocess.Popen(
        ["strace", "-f", "-qq", "-e", calls, "-o", str(trace), *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=may_read(trace.parent),
    )  # fmt: skip
    decoder, ends = protocol.decoder_of_instance(), {}
    try:
        for number, (name, path) in enumerate(files.items()):
            began, words = time.monotonic(), ""
            for line in protocol.encode(Start(str(number), "read", {"path": str(path)}, "interactive")):
                process.stdin.write(line)
            process.stdin.flush()
            for line in process.stdout:
                message = decoder.decode(line)
                words += str(message)
                if isinstance(message, Done | Failed | Cancelled):
                    ends[name] = message, time.monotonic() - began, words
                    break
    finally:
        process.communicate(timeout=LONG_S)
    return ends


def test_x2_no_entity_reads_a_file_or_opens_a_connection(tmp_path):
    canary = tmp_path / "canary.txt"
    canary.write_text("the secret of the canary")
    folder = tmp_path / "documents"
    folder.mkdir()
    files = {"warm.txt": folder / "warm.txt"} | {name: folder / name for name in hostile(canary)}
    (folder / "warm.txt").write_text("the child is awake")
    for name, data in hostile(canary).items():
        files[name].write_bytes(data)
    trace = tmp_path / "trace"
    ends = watched(READER, trace, files)
    assert len(ends) == len(files)
    for name, (end, took, words) in ends.items():
        print(f"{name}: {getattr(end, 'code', 'read')} in {took:.2f} s")
        assert isinstance(end, Failed | Done)
        assert "secret of the canary" not in words
        assert len(words) < 20_000  # no entity was expanded a thousandfold
        assert took < MOST_S or name == "warm.txt"
    calls = trace.read_text(errors="replace").splitlines()
    assert [call for call in calls if "canary.txt" in call] == []
    assert [call for call in calls if "AF_INET" in call] == []


def test_x2_control_a_parser_that_follows_them_is_seen(tmp_path):
    canary, trace = tmp_path / "canary.txt", tmp_path / "trace"
    canary.write_text("x")
    (tmp_path / "a.peek").write_text("x")
    watched([*ODD, "30", str(canary)], trace, {"a.peek": tmp_path / "a.peek"})
    calls = trace.read_text(errors="replace").splitlines()
    assert len([call for call in calls if "canary.txt" in call]) == 1
    assert len([call for call in calls if "AF_INET" in call]) == 1

"""PDF in the real reader child: bombs, loops and thousands of pages harm neither the app nor the next document."""

from __future__ import annotations

import base64
import time
import zlib

import psutil
import pytest
from fakes.children import READER, Received, Rig
from fakes.tiny_pdf import Text, TinyPdf, lines

from slmdesk.base.protocol import Cancelled, Done, Failed, Progress

pytestmark = pytest.mark.process


@pytest.fixture
def rig(tmp_path):
    with Rig(tmp_path, READER, role="reader") as opened:
        yield opened


def small(pages: int) -> bytes:
    made = TinyPdf()
    for number in range(pages):
        made.page(Text(50, 770, "A report"), *lines(50, 700, f"Page {number} has words", "in two lines."))
    return bytes(made)


def read(rig, path, received=None):
    received = received or Received()
    job = rig.client.start("read", {"path": str(path)}, received)
    return job, received


def test_pages_come_with_progress_and_a_picture(rig, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(small(30))
    _, received = read(rig, path)
    end = received.end()
    assert isinstance(end, Done)
    assert (end.result["format"], end.result["pages"], end.result["notes"]) == ("pdf", 30, ["headers_apart"])
    assert [partial.value["number"] for partial in received.partials] == list(range(1, 31))
    assert received.of(Progress)[0].total == 30
    text = received.partials[4].value["text"]
    at = text.index("words")
    pictured = Received()
    request = {"path": str(path), "number": 5, "width": 4096, "marks": [[at, at + 5]]}
    rig.client.start("page_image", request, pictured)
    end = pictured.end()
    assert isinstance(end, Done), end
    assert base64.b64decode(end.result["png"]).startswith(b"\x89PNG")
    assert end.result["width"] == 4096
    assert len(end.result["boxes"][0]) == 1


def bomb(piece: bytes, times: int, more: bytes = b"") -> bytes:
    """A page whose stream is unpacked to far more."""
    packer = zlib.compressobj(1)
    part = piece * 100_000
    packed = b"".join(packer.compress(part) for _ in range(max(1, times // 100_000))) + packer.flush()
    return (
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
        b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F1 "
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> " + more + b" >> >>\nendobj\n"
        b"4 0 obj\n<< /Filter /FlateDecode /Length " + str(len(packed)).encode() + b" >>\nstream\n" + packed
        + b"\nendstream\nendobj\ntrailer\n<< /Root 1 0 R /Size 5 >>\nstartxref\n0\n%%EOF\n"
    )  # fmt: skip


ITSELF = b"/XObject << /X 4 0 R >>"
"""The page's own stream, drawn inside itself."""


@pytest.mark.parametrize(
    ("piece", "times", "more"),
    [
        pytest.param(b"\0", 600_000_000, b"", id="zeros", marks=pytest.mark.soak),
        pytest.param(b"BT /F1 9 Tf (a) Tj ET\n", 4_000_000, b"", id="letters"),
        pytest.param(b"q ", 20_000_000, b"", id="depth", marks=pytest.mark.soak),
        pytest.param(b"[", 10_000_000, b"", id="arrays", marks=pytest.mark.soak),
        pytest.param(b"/X Do ", 100_000, ITSELF, id="itself"),
    ],
)
def test_x4_a_page_that_swells_or_loops_ends_and_the_next_document_is_read(rig, tmp_path, piece, times, more):
    bad, good = tmp_path / "bad.pdf", tmp_path / "good.pdf"
    bad.write_bytes(bomb(piece, times, more))
    assert bad.stat().st_size < 8 << 20
    good.write_bytes(small(2))
    job, received = read(rig, bad)
    try:
        received.until(lambda reported: reported.ends, 15)
    except AssertionError:  # a person loses patience
        job.cancel()
        received.end(10)
    end = received.ends[0]
    if isinstance(end, Failed):
        assert end.code in ("document.bomb", "child.died", "child.hung", "document.damaged"), end
    _, after = read(rig, good)
    assert after.end().result["pages"] == 2


def test_x4_a_cancel_is_obeyed(rig, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(small(2000))
    job, received = read(rig, path)
    received.until(lambda reported: len(reported.partials) > 3)
    job.cancel()
    assert isinstance(received.end(), Cancelled)
    assert len(received.partials) < 1900


@pytest.mark.soak
def test_x5_five_thousand_pages_are_read_in_a_minute_with_progress(rig, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(small(5000))
    began = time.monotonic()
    _, received = read(rig, path)
    received.until(lambda reported: reported.partials)
    process, most = psutil.Process(rig.client.pid), 0
    while not received.ends:
        most = max(most, process.memory_info().rss)
        time.sleep(0.2)
    assert received.end().result["pages"] == 5000
    assert time.monotonic() - began < 60
    assert len(received.of(Progress)) == 5000
    assert most < 200 << 20


def test_a_picture_comes_before_the_rest_is_read(rig, tmp_path):
    """A reading lets pictures go first: it took the library's lock again as soon as it had let go of it."""
    path = tmp_path / "long.pdf"
    path.write_bytes(small(400))
    ready = Received()
    rig.client.start("prepare", {"format": "pdf"}, ready)
    assert isinstance(ready.end(), Done)
    _, received = read(rig, path)
    pictured = Received()
    rig.client.start("page_image", {"path": str(path), "number": 1, "width": 900, "marks": []}, pictured)
    assert isinstance(pictured.end(), Done)
    assert len(received.partials) < 200
    assert isinstance(received.end(), Done)

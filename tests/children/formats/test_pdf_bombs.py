"""X1 for PDF: streams that swell, wherever they stand, end as too large, within the memory of a reader."""

from __future__ import annotations

import zlib

import pytest
from fakes.limited import read_in_child

pytestmark = pytest.mark.pure
MOST_MIB = 200


def packed(data: bytes, times: int) -> bytes:
    """So many times the data, deflated, without holding it: after a full flush a block needs nothing before it."""
    packer, total = zlib.compressobj(9, zlib.DEFLATED, -15), 1
    block = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(times):
        total = zlib.adler32(data, total)
    return b"\x78\xda" + block * times + packer.flush() + total.to_bytes(4, "big")


def pdf(*bodies: tuple[bytes, bytes], contents: bytes = b"4 0 R") -> bytes:
    """A page with these streams, from object 4 on: (what is said of it, bytes)."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents " + contents + b" >>",
    ]
    objects += [
        b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), said, data) for said, data in bodies
    ]  # fmt: skip
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size, table, size, len(out),
    )  # fmt: skip


MIB = b"0 0 m 1 1 l S  " * (1 << 16)
FLATE = b"/Filter /FlateDecode"


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return packed(MIB, 400)


BOMBS = {
    "contents": lambda bomb: pdf((FLATE, bomb)),
    "nested": lambda bomb: pdf((b"/Filter [/FlateDecode /FlateDecode]", zlib.compress(bomb, 9))),
    "objects": lambda bomb: pdf((FLATE, zlib.compress(b"BT ET")), (b"/Type /ObjStm /N 1 /First 5 " + FLATE, bomb)),
    "many": lambda _bomb: pdf(*[(FLATE, packed(MIB, 20))] * 8, contents=b"[4 0 R 5 0 R 6 0 R 7 0 R 8 0 R 9 0 R]"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_flate_bomb_is_too_large(tmp_path, bomb, name) -> None:
    data = BOMBS[name](bomb)
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    said, _, seconds, peak = read_in_child(path)
    print(f"{len(data) >> 10} kB, {said}, {seconds:.2f} s, {peak} MiB")
    assert said == "document.bomb"
    assert peak < MOST_MIB


def test_large_streams_that_are_no_bombs_are_read(tmp_path) -> None:
    words = b"".join(b"BT /F1 %d Tf (word %d) Tj ET\n" % (number % 40 + 1, number) for number in range(6_000))
    white = packed(b"\xff" * (1 << 20), 100)
    image = b"/Type /XObject /Subtype /Image /Width 5000 /Height 7000 /ColorSpace /DeviceRGB /BitsPerComponent 8 "
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf((FLATE, zlib.compress(words, 9)), (image + FLATE, white)))
    said, pages, _, peak = read_in_child(path)
    assert (said, pages) == ("read", 1)
    assert peak < MOST_MIB

"""Writes a PDF of pictures, with letters that are not seen, but searched for and copied (ISO 32000-1)."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from slmdesk.base.record import Record

_LEVEL = 6
_CODES = (*range(33, 127), *range(161, 256))
"""Of one font: those that have a glyph, for a letter without one has no place."""


class LayerWord(Record):
    """A word and where it stands: points from the page's top left corner, y down."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float


class NewPdf:
    """A PDF while it is written.  It says nothing of itself: no dates, no names, no number of its own."""

    def __init__(self) -> None:
        self._out = io.BytesIO()
        self._places: dict[int, int] = {}
        self._count = 2  # the catalogue and the list of pages come last
        self._pages: list[int] = []
        self._letters: dict[str, int] = {}
        self._fonts: dict[int, int] = {}
        self._out.write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")

    def page(self, width: float, height: float, pixels: npt.NDArray[np.uint8], layer: Sequence[LayerWord]) -> None:
        """Add a page of this size in points, its picture as rows of (red, green, blue), and its words."""
        image = self._image(pixels)
        fonts: dict[int, int] = {}
        content = f"q {width:.2f} 0 0 {height:.2f} 0 0 cm /I Do Q\n" + self._words(layer, height, fonts)
        stream = self._stream(b"", content.encode("ascii"))
        named = " ".join(f"/F{number} {object_} 0 R" for number, object_ in fonts.items())
        page = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width:.2f} {height:.2f}]/Contents {stream} 0 R"
            f"/Resources<</XObject<</I {image} 0 R>>/Font<<{named}>>>>>>"
        )
        self._pages.append(self._object(page.encode("ascii")))

    def data(self) -> bytes:
        for number, object_ in self._fonts.items():
            self._font(number, object_)
        kids = " ".join(f"{one} 0 R" for one in self._pages)
        self._object(b"<</Type/Catalog/Pages 2 0 R>>", 1)
        self._object(f"<</Type/Pages/Count {len(self._pages)}/Kids[{kids}]>>".encode("ascii"), 2)
        start = self._out.tell()
        self._out.write(f"xref\n0 {self._count + 1}\n0000000000 65535 f \n".encode("ascii"))
        for number in range(1, self._count + 1):
            self._out.write(f"{self._places[number]:010} 00000 n \n".encode("ascii"))
        trailer = f"trailer\n<</Size {self._count + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
        self._out.write(trailer.encode("ascii"))
        return self._out.getvalue()

    def _object(self, body: bytes, number: int = 0) -> int:
        if not number:
            self._count += 1
            number = self._count
        self._places[number] = self._out.tell()
        self._out.write(f"{number} 0 obj\n".encode("ascii") + body + b"\nendobj\n")
        return number

    def _stream(self, about: bytes, data: bytes) -> int:
        packed = zlib.compress(data, _LEVEL)
        head = b"<<" + about + f"/Filter/FlateDecode/Length {len(packed)}>>\nstream\n".encode("ascii")
        return self._object(head + packed + b"\nendstream")

    def _image(self, pixels: npt.NDArray[np.uint8]) -> int:
        height, width = pixels.shape[:2]
        is_grey = bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all())
        rows = pixels[..., 0] if is_grey else pixels.reshape(height, width * 3)
        above = np.zeros_like(rows)
        above[1:] = rows[:-1]
        filtered = np.empty((height, rows.shape[1] + 1), dtype=np.uint8)
        filtered[:, 0] = 2  # each row as its difference from the one above (PNG, 9.2)
        filtered[:, 1:] = rows - above
        colours, space = (1, "DeviceGray") if is_grey else (3, "DeviceRGB")
        about = (
            f"/Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent 8/ColorSpace/{space}"
            f"/DecodeParms<</Predictor 15/Colors {colours}/BitsPerComponent 8/Columns {width}>>"
        )
        return self._stream(about.encode("ascii"), filtered.tobytes())

    def _words(self, layer: Sequence[LayerWord], height: float, fonts: dict[int, int]) -> str:
        lines = []
        for word in layer:
            size = max(word.y1 - word.y0, 1.0)
            stretch = 100 * max(word.x1 - word.x0, 0.1) / (0.5 * size * max(len(word.text), 1))
            lines.append(f"BT 3 Tr {stretch:.2f} Tz 1 0 0 1 {word.x0:.2f} {height - word.y1 + 0.2 * size:.2f} Tm")
            for letter in word.text:
                code = self._letters.setdefault(letter, len(self._letters))
                font, at = divmod(code, len(_CODES))
                fonts[font] = self._font_object(font)
                lines.append(f"/F{font} {size:.2f} Tf <{_CODES[at]:02x}> Tj")
            lines.append("ET")
        return "\n".join(lines)

    def _font_object(self, font: int) -> int:
        if font not in self._fonts:
            self._count += 1
            self._fonts[font] = self._count
        return self._fonts[font]

    def _font(self, font: int, number: int) -> None:
        """A font of which only widths and meanings count, for nothing is drawn in it (9.6.2, 9.10.3)."""
        letters = list(self._letters)[font * len(_CODES) : (font + 1) * len(_CODES)]
        pairs = [
            f"<{code:02x}> <{one.encode('utf-16-be', 'replace').hex()}>"
            for code, one in zip(_CODES, letters, strict=False)
        ]
        ranges = "\n".join(
            f"{len(some)} beginbfchar\n" + "\n".join(some) + "\nendbfchar"
            for some in (pairs[at : at + 100] for at in range(0, len(pairs), 100))
        )
        meaning = self._stream(
            b"",
            (
                "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Own def /CMapType 2 def\n"
                f"1 begincodespacerange <00> <ff> endcodespacerange\n{ranges}\nendcmap end end"
            ).encode("ascii"),
        )
        widths = " ".join("500" for _ in range(256))
        self._object(
            (
                "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/FirstChar 0/LastChar 255"
                f"/Widths[{widths}]/ToUnicode {meaning} 0 R>>"
            ).encode("ascii"),
            number,
        )

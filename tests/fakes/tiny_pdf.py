"""Small PDF files, written by hand (ISO 32000-1): text in a few fonts, pictures, labels, forms, locks, and damage."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
FONTS = {"plain": "F1", "bold": "F2", "mono": "F3", "any": "F4"}
SYMBOL_FONTS = ("SymbolMT", "Wingdings-Regular", "Wingdings2", "ZapfDingbats", "Webdings")
"""Fonts of signs, by their own names: without a table of what their codes mean."""
FONTS |= {name: f"S{number}" for number, name in enumerate(SYMBOL_FONTS)}


@dataclass(frozen=True)
class Text:
    """One string at a place: points from the left and from the bottom."""

    x: float
    y: float
    text: str
    size: float = 10
    font: str = "plain"
    """plain, bold, mono (Latin-1 letters), or any (all of Unicode's first plane)."""
    mode: int = 0
    """3 is invisible."""
    colour: str = "0 0 0"

    def operators(self) -> bytes:
        """As it stands in a page's stream."""
        if self.font == "any":
            shown = b"<" + self.text.encode("utf-16-be").hex().encode() + b">"
        else:
            shown = b"(" + self.text.encode("cp1252").translate(None).replace(b"\\", b"\\\\").replace(
                b"(", b"\\("
            ).replace(b")", b"\\)") + b")"  # fmt: skip
        head = f"BT {self.colour} rg {self.mode} Tr /{FONTS[self.font]} {self.size} Tf 1 0 0 1 {self.x} {self.y} Tm "
        return head.encode() + shown + b" Tj ET\n"


@dataclass
class TinyPage:
    """What stands on a page."""

    texts: Sequence[Text] = ()
    rotate: int = 0
    picture: bool = False
    """A grey picture over all of it."""
    drawing: bytes = b""
    fields: Sequence[tuple[str, str]] = ()
    """Of a form: name and value."""
    forms: Sequence[tuple[str, Sequence[str]]] = ()
    """Of a form: what a field's dictionary says, and what those of its widgets say, its children."""
    comments: Sequence[tuple[str, str]] = ()
    """Author and words."""
    notes: Sequence[str] = ()
    """What the dictionaries of other annotations say."""
    width: int = 600
    height: int = 800
    broken: bool = False


@dataclass
class TinyPdf:
    """A file with pages; `bytes()` makes it."""

    pages: list[TinyPage] = field(default_factory=list)
    title: str = ""
    labels: str = ""
    """A number tree's array, such as `[0 << /S /r >> 2 << /S /D >>]`."""
    attachments: Sequence[tuple[str, bytes]] = ()
    password: str = ""
    form: str = ""
    """What else the dictionary of the form says."""
    catalog: str = ""
    """What else the catalog says."""
    parts: dict[str, str | tuple[str, bytes]] = field(default_factory=dict)
    """Further objects by their names: what a dictionary says, or that and the bytes of a stream. Streams are XObjects
    of all pages by their names, dictionaries their properties. `@name` in what objects, annotations, form and catalog
    say is a reference, `@fonts` the fonts of the pages.
    """

    def page(self, *texts: Text, **what: object) -> TinyPdf:
        """One more page."""
        self.pages.append(TinyPage(texts, **what))  # type: ignore[arg-type]
        return self

    def __bytes__(self) -> bytes:
        return _Writer(self).data()


def lines(x: float, top: float, *texts: str, size: float = 10, pitch: float = 12, font: str = "plain") -> list[Text]:
    """Lines below each other, the first at `top` points from the page's lower edge."""
    return [Text(x, top - number * pitch, text, size, font) for number, text in enumerate(texts)]


def cut(made: TinyPdf, *pages: int) -> bytes:
    """The file, broken off before its end and without what stands on these pages, which number from 1."""
    whole = bytes(made)
    whole = whole[: whole.index(b"xref\n")]
    contents = re.findall(rb"/Contents (\d+) 0 R", whole)
    for page in pages:
        whole = whole.replace(b"\n" + contents[page - 1] + b" 0 obj\n<<", b"\n" + contents[page - 1] + b" 0 lost <<")
    return whole


def rc4(key: bytes, data: bytes) -> bytes:
    """The cipher of old PDF."""
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(out)


class _Writer:
    def __init__(self, pdf: TinyPdf) -> None:
        self._pdf = pdf
        self._objects: list[bytes] = []
        self._id = b"0123456789abcdef"
        self._key = b""
        if pdf.password:
            user = (pdf.password.encode() + PAD)[:32]
            self._owner = rc4(hashlib.md5(user).digest()[:5], user)
            rights = (-4).to_bytes(4, "little", signed=True)
            self._key = hashlib.md5(user + self._owner + rights + self._id).digest()[:5]

    def _add(self, body: bytes = b"") -> int:
        self._objects.append(body)
        return len(self._objects)

    def _stream(self, data: bytes, head: str = "", number: int = 0) -> int:
        number = number or self._add()
        if self._key:
            key = self._key + number.to_bytes(3, "little") + b"\0\0"
            data = rc4(hashlib.md5(key).digest()[:10], data)
        self._objects[number - 1] = f"<< {head} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"
        return number

    def _string(self, text: str) -> str:
        return "<feff" + text.encode("utf-16-be").hex() + ">"

    def data(self) -> bytes:
        pdf = self._pdf
        catalog, tree = self._add(), self._add()
        ranges = [f"<{high:02x}00> <{high:02x}ff> <{high:02x}00>" for high in range(256)]
        parts = "\n".join(
            f"{len(ranges[at : at + 64])} beginbfrange\n" + "\n".join(ranges[at : at + 64]) + "\nendbfrange"
            for at in range(0, 256, 64)
        )
        mapped = (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n1 begincodespacerange <0000> <ffff> "
            f"endcodespacerange\n{parts}\nendcmap end end"
        )
        unicode = self._stream(mapped.encode())
        child = self._add(
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Any /DW 600 /CIDSystemInfo << /Registry (Adobe) "
            b"/Ordering (Identity) /Supplement 0 >> /FontDescriptor << /Type /FontDescriptor /FontName /Any /Flags 4 "
            b"/FontBBox [0 -200 1000 800] /Ascent 800 /Descent -200 /CapHeight 700 /ItalicAngle 0 /StemV 80 >> >>"
        )
        named = [("Helvetica", "F1"), ("Helvetica-Bold", "F2"), ("Courier", "F3")]
        fonts = " ".join(
            f"/{short} << /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
            for name, short in named
        )
        about = "/Flags 4 /FontBBox [0 -200 1000 800] /Ascent 800 /Descent -200 /CapHeight 700 /ItalicAngle 0 /StemV 80"
        fonts += "".join(
            f" /{FONTS[name]} << /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+{name} /FirstChar 32 /LastChar 255 "
            f"/Widths [{'600 ' * 224}] /FontDescriptor << /Type /FontDescriptor /FontName /ABCDEF+{name} {about} >> >>"
            for name in SYMBOL_FONTS
            if any(text.font == name for page in pdf.pages for text in page.texts)
        )
        fonts += (
            f" /F4 << /Type /Font /Subtype /Type0 /BaseFont /Any /Encoding /Identity-H /DescendantFonts [{child} 0 R] "
            f"/ToUnicode {unicode} 0 R >>"
        )
        picture = self._stream(
            b"\x80\x90" * 2,
            "/Type /XObject /Subtype /Image /Width 2 /Height 2 /BitsPerComponent 8 /ColorSpace /DeviceGray",
        )
        numbers = {name: self._add() for name in pdf.parts}

        def told(about: str) -> str:
            for name in sorted(numbers, key=len, reverse=True):
                about = about.replace(f"@{name}", f"{numbers[name]} 0 R")
            return about.replace("@fonts", f"<< {fonts} >>")

        for name, part in pdf.parts.items():
            if isinstance(part, str):
                self._objects[numbers[name] - 1] = f"<< {told(part)} >>".encode()
            else:
                self._stream(part[1], told(part[0]), numbers[name])
        drawn = "".join(told(f" /{name} @{name}") for name, part in pdf.parts.items() if not isinstance(part, str))
        layers = "".join(told(f" /{name} @{name}") for name, part in pdf.parts.items() if isinstance(part, str))
        kids, widgets = [], []
        for page in pdf.pages:
            content = page.drawing + b"".join(text.operators() for text in page.texts)
            if page.picture:
                content = f"q {page.width} 0 0 {page.height} 0 0 cm /Im1 Do Q\n".encode() + content
            stream = self._stream(content)
            notes = []
            for name, value in page.fields:
                notes.append(
                    self._add(
                        f"<< /Type /Annot /Subtype /Widget /FT /Tx /T {self._string(name)} /V {self._string(value)} "
                        "/Rect [10 10 100 30] >>".encode()
                    )
                )
                widgets.append(notes[-1])
            for about, kids_about in page.forms:
                parent = self._add()
                widgets.append(parent)
                own = [
                    self._add(f"<< /Type /Annot /Subtype /Widget /Parent {parent} 0 R {told(kid)} >>".encode())
                    for kid in kids_about
                ]
                listed = " ".join(f"{kid} 0 R" for kid in own)
                self._objects[parent - 1] = f"<< {told(about)} /Kids [{listed}] >>".encode()
                notes += own
            notes += [
                self._add(
                    f"<< /Type /Annot /Subtype /Text /T {self._string(author)} /Contents {self._string(words)} "
                    "/Rect [10 10 30 30] >>".encode()
                )
                for author, words in page.comments
            ]
            notes += [self._add(f"<< /Type /Annot {told(about)} >>".encode()) for about in page.notes]
            annots = f"/Annots [{' '.join(f'{note} 0 R' for note in notes)}]" if notes else ""
            if page.broken:
                kids.append(self._add(b"(this is no page)"))
                continue
            kids.append(
                self._add(
                    f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {page.width} {page.height}] "
                    f"/Rotate {page.rotate} /Resources << /Font << {fonts} >> /XObject << /Im1 {picture} 0 R{drawn} >> "
                    f"/Properties <<{layers} >> >> "
                    f"/Contents {stream} 0 R {annots} >>".encode()
                )
            )
        more = told(pdf.catalog)
        more += f" /PageLabels << /Nums {pdf.labels} >> " if pdf.labels else ""
        if widgets:
            more += f"/AcroForm << /Fields [{' '.join(f'{widget} 0 R' for widget in widgets)}] {told(pdf.form)} >> "
        if pdf.attachments:
            names = []
            for name, data in pdf.attachments:
                held = self._stream(data, "/Type /EmbeddedFile")
                spec = self._add(f"<< /Type /Filespec /F ({name}) /UF ({name}) /EF << /F {held} 0 R >> >>".encode())
                names.append(f"({name}) {spec} 0 R")
            more += f"/Names << /EmbeddedFiles << /Names [{' '.join(names)}] >> >> "
        self._objects[catalog - 1] = f"<< /Type /Catalog /Pages {tree} 0 R {more}>>".encode()
        refs = " ".join(f"{kid} 0 R" for kid in kids)
        self._objects[tree - 1] = f"<< /Type /Pages /Kids [{refs}] /Count {len(kids)} >>".encode()
        trailer = f"/Root {catalog} 0 R"
        if pdf.title:
            trailer += f" /Info {self._add(f'<< /Title {self._string(pdf.title)} >>'.encode())} 0 R"
        if self._key:
            lock = self._add(
                b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + self._owner.hex().encode() + b"> /U <"
                + rc4(self._key, PAD).hex().encode() + b"> >>"
            )  # fmt: skip
            trailer += f" /Encrypt {lock} 0 R /ID [<{self._id.hex()}> <{self._id.hex()}>]"
        return self._file(trailer)

    def _file(self, trailer: str) -> bytes:
        out = bytearray(b"%PDF-1.7\n")
        places = []
        for number, body in enumerate(self._objects, 1):
            places.append(len(out))
            out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
        at = len(out)
        out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode()
        out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
        out += f"trailer\n<< /Size {len(places) + 1} {trailer} >>\nstartxref\n{at}\n%%EOF\n".encode()
        return bytes(out)

"""Files with words planted in every place a program keeps words in, and a search that finds them there.

The search shares no code with the program: it unpacks and inflates all it can, and compares letters and digits alone.
"""

# ruff: noqa: E501
from __future__ import annotations

import base64
import binascii
import email
import html
import io
import random
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import quote, unquote

from fakes.compound_file import compound_file
from fakes.office import ODF, PACKAGE, RELS, packed

from slmdesk.children.formats.reading import png_of

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_FIRST = ("Zyxwin", "Żółcia", "Jörgün", "Quellara", "Bréndán", "Ødwina", "Vukašin", "Thrymma")
_LAST = ("Quarbelsen", "Wąchockij", "Mühlgräbner", "Xanthopol", "Kjærsgård", "Dvořáčkyně", "Ibarrañez", "Yzermansk")


@dataclass
class Needles:
    """Words that stand nowhere else, each planted once, and where."""

    seed: int = 1
    planted: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def new(self, place: str, *, ascii: bool = False, name: bool = False) -> str:
        """A word for a place: a name, an address of mail, an account, a telephone."""
        number = len(self.planted) + self.seed * 1_000
        kind = 0 if name else self._random.randrange(4)
        first, last = self._random.choice(_FIRST), self._random.choice(_LAST)
        if ascii:
            first, last = "Zyxwin", "Quarbelsen"
        made = (
            f"{first} {last}{number}", f"{plain(first)}.{plain(last)}{number}@example.org",
            f"DE{self._random.randrange(10, 99)} 9704 0044 05{number:06} 01",
            f"+49 30 77{number:06}",
        )[kind]  # fmt: skip
        self.planted[made] = place
        return made


def plain(word: str) -> str:
    """Its letters without accents, small."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", word).lower() if letter.isascii() and letter.isalnum()
    )


def squeezed(text: str) -> str:
    """Letters and digits alone, composed and small."""
    text = unquote(html.unescape(html.unescape(text)))
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def layers(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """The bytes, and all that is packed in them."""
    yield data
    if depth > 5:
        return
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                yield info.filename.encode() + b" " + info.comment
                yield from layers(archive.read(info), depth + 1)
    for match in re.finditer(rb"stream\r?\n", data) if data[:5] == b"%PDF-" else ():
        try:
            yield from layers(zlib.decompressobj().decompress(data[match.end() :]), depth + 1)
        except zlib.error:
            continue
    for match in re.finditer(rb"zTXt[^\0]*\0\0", data):
        yield zlib.decompressobj().decompress(data[match.end() :])
    for match in re.finditer(rb"[A-Za-z0-9+/\r\n]{20,}={0,2}", data):
        raw = re.sub(rb"[\s=]", b"", match[0])
        try:
            inner = base64.b64decode(raw + b"=" * (-len(raw) % 4))
        except (binascii.Error, ValueError):
            continue
        yield from layers(inner, depth + 1)
    if re.match(rb"[A-Za-z-]+: ", data[:80]):
        message = email.message_from_bytes(data, policy=email.policy.default)
        for part in message.walk():
            yield "\n".join(f"{key} {value}" for key, value in part.items()).encode("utf-8", "replace")
            yield str(part.get_filename()).encode("utf-8", "replace")
            body = part.get_payload(decode=True)
            if isinstance(body, bytes):
                yield from layers(body, depth + 1)


def readings(data: bytes) -> Iterator[str]:
    """The ways bytes may be text."""
    for encoding in ("utf-8", "cp1252", "utf-16-le", "utf-16-be"):
        yield data.decode(encoding, "replace")
    yield data[1:].decode("utf-16-le", "replace")
    text = data.decode("utf-8", "replace")
    yield re.sub(r"<[^>]*>", "", text)  # over runs
    yield re.sub(r"<w:del\b.*?</w:del>|<[^>]*>", "", text, flags=re.DOTALL)
    yield re.sub(r"\)\s*-?\d*\s*\(", "", text)  # over strings of a PDF
    for match in re.finditer(r"<([0-9a-fA-F]{8,})>", text):  # its strings in hexadecimal
        raw = bytes.fromhex(match[1] + "0" * (len(match[1]) % 2))
        yield raw.decode("utf-16-be", "replace")
        yield raw.decode("latin-1")


def found_in(data: bytes, needles: Needles) -> dict[str, str]:
    """The planted words that are in a file: each with where it was planted."""
    wanted = {squeezed(word): word for word in needles.planted}
    words = {}
    for layer in layers(data):
        for reading in readings(layer):
            text = squeezed(reading)
            for key in [key for key in wanted if key in text]:
                word = wanted.pop(key)
                words[word] = needles.planted[word]
    return words


def png(words: str, *, packed_text: bool = False) -> bytes:
    """A picture with words in its notes."""
    data = png_of(b"\x20\x80\xf0" * 16, width=4, height=4, stride=12)
    body = b"Author\0" + (b"\0" + zlib.compress(words.encode()) if packed_text else words.encode("utf-8"))
    kind = b"zTXt" if packed_text else b"tEXt"
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data[:33] + chunk + data[33:]


def jpeg(words: str) -> bytes:
    """A picture with words in a comment and among what a camera notes, and behind its end."""
    exif = b"Exif\0\0" + words.encode("utf-16-le")
    comment = words.encode()
    head = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    parts = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    parts += b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x11\x22\x33" + b"\xff\xd9"
    return head + parts + scan + words.encode()


def _rels(*some: tuple[str, str, str]) -> str:
    lines = "".join(
        f'<Relationship Id="{id}" Type="{OFFICE}/relationships/{kind}" Target="{html.escape(target)}"'
        + (' TargetMode="External"/>' if "://" in target or target.startswith(("mailto:", "file:")) else "/>")
        for id, kind, target in some
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}">{lines}</Relationships>'


def _types(*overrides: tuple[str, str]) -> str:
    defaults = {
        "rels": "application/vnd.openxmlformats-package.relationships+xml", "xml": "application/xml", "png": "image/png",
        "jpeg": "image/jpeg", "emf": "image/x-emf", "bin": "application/octet-stream", "vml": "application/vnd.vml",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "htm": "text/html",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    }  # fmt: skip
    head = "".join(f'<Default Extension="{key}" ContentType="{value}"/>' for key, value in defaults.items())
    head += "".join(
        f'<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/>'
        for part, kind in overrides
    )
    return f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{head}</Types>'


def _properties(new) -> dict[str, str | bytes]:
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        + "".join(
            f"<{tag}>{html.escape(new(f'property {tag}'))}</{tag}>"
            for tag in ("dc:title", "dc:subject", "dc:creator", "cp:keywords", "dc:description", "cp:lastModifiedBy",
                        "cp:category", "cp:contentStatus")
        )
        + '<dcterms:created xsi:type="dcterms:W3CDTF">2026-01-01T00:00:00Z</dcterms:created></cp:coreProperties>'
    )  # fmt: skip
    app = (
        f'<Properties xmlns="{OFFICE}/extended-properties" xmlns:vt="{OFFICE}/docPropsVTypes"><Pages>12</Pages>'
        f"<TitlesOfParts><vt:vector size='1' baseType='lpstr'><vt:lpstr>{new('property TitlesOfParts')}</vt:lpstr>"
        f"</vt:vector></TitlesOfParts><Company>{new('property Company')}</Company><Manager>{new('property Manager')}"
        f"</Manager><HyperlinkBase>{new('property HyperlinkBase')}</HyperlinkBase></Properties>"
    )
    custom = (
        f'<Properties xmlns="{OFFICE}/custom-properties" xmlns:vt="{OFFICE}/docPropsVTypes"><property '
        f'fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="2" name="{new("name of a custom property")}">'
        f"<vt:lpwstr>{new('custom property')}</vt:lpwstr></property><property "
        'fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="3" name="blob"><vt:blob>'
        f"{base64.b64encode(new('blob in a custom property').encode()).decode()}</vt:blob></property></Properties>"
    )
    return {
        "_rels/.rels": "", "docProps/core.xml": core, "docProps/app.xml": app, "docProps/custom.xml": custom,
        "docProps/thumbnail.jpeg": jpeg(new("thumbnail")),
    }  # fmt: skip


def _package_rels(main: str) -> str:
    return _rels(
        ("p1", "officeDocument", main), ("p2", "extended-properties", "docProps/app.xml"),
        ("p3", "custom-properties", "docProps/custom.xml"), ("p5", "thumbnail", "docProps/thumbnail.jpeg"),
    ).replace(
        "</Relationships>",
        '<Relationship Id="p4" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"'
        ' Target="docProps/core.xml"/></Relationships>',
    )  # fmt: skip


def _chart(new) -> str:
    return (
        f'<c:chartSpace xmlns:c="{C}" xmlns:a="{A}" xmlns:r="{RELS}"><c:chart><c:title><c:tx><c:rich><a:bodyPr/><a:p><a:r>'
        f"<a:t>{new('title of a chart')}</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea><c:barChart><c:ser>"
        f"<c:tx><c:strRef><c:f>Sheet1!$B$1</c:f><c:strCache><c:ptCount val='1'/><c:pt idx='0'><c:v>"
        f"{new('cache of a chart, series')}</c:v></c:pt></c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:f>Sheet1!$A$2"
        f"</c:f><c:strCache><c:pt idx='0'><c:v>{new('cache of a chart, category')}</c:v></c:pt></c:strCache></c:strRef>"
        "</c:cat></c:ser></c:barChart></c:plotArea></c:chart><c:externalData r:id='x1'/></c:chartSpace>"
    )


def _split(word: str, run) -> str:
    """A word in several runs."""
    third = max(1, len(word) // 3)
    return run(word[:third]) + run(word[third : 2 * third]) + run(word[2 * third :])


def _run(text: str) -> str:
    return f'<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">{html.escape(text)}</w:t></w:r>'


def _wp(*inside: str) -> str:
    return f"<w:p>{''.join(inside)}</w:p>"


def docx(new, *, depth: int = 0) -> bytes:
    """A Word file; `new` gives the word for a place."""
    space = (
        f'xmlns:w="{W}" xmlns:r="{RELS}" xmlns:a="{A}" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
        'wordprocessingDrawing" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    )
    half = new("inserted and kept")
    soft, blanks, upper = new("with soft hyphens"), new("with other blanks"), new("in capitals")
    twice, code = new("over a line break"), new("split field code")
    body = [
        _wp(_run(f"Dear {new('paragraph')}, hello.")),
        _wp(_split(new("over runs"), _run)),
        _wp(_split(new("bookmarked"), lambda piece: _run(piece) + '<w:proofErr w:type="spellStart"/>')),
        _wp(f'<w:bookmarkStart w:id="1" w:name="{new("name of a bookmark")}"/><w:bookmarkEnd w:id="1"/>', _run("x")),
        _wp(f'<w:ins w:id="2" w:author="{new("author of an insertion")}" w:date="2026-01-01T00:00:00Z">{_run(new("inserted"))}</w:ins>'),
        _wp(
            f'<w:del w:id="3" w:author="{new("author of a deletion")}"><w:r><w:delText>{new("deleted")}</w:delText></w:r>'
            "</w:del>", _run("x"),
        ),
        _wp(_run(half[:5]), '<w:del w:id="4" w:author="A"><w:r><w:delText>old</w:delText></w:r></w:del>',
            f'<w:ins w:id="5" w:author="A">{_run(half[5:])}</w:ins>'),
        _wp(_run("\u00ad".join(soft))),
        _wp(_run(blanks.replace(" ", "\u00a0"))),
        _wp(_run(unicodedata.normalize("NFD", new("decomposed")))),
        _wp(_run(upper.upper())),
        _wp(_run(twice.split()[0]) + "<w:r><w:br/></w:r>" + _run(" ".join(twice.split()[1:]))) if " " in twice else _wp(_run(twice)),
        _wp('<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
            + _split(f' HYPERLINK "mailto:{code}" ', lambda piece: f"<w:r><w:instrText>{piece}</w:instrText></w:r>")
            + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'),
        _wp(f'<w:fldSimple w:instr=" AUTHOR {new("field")} ">{_run("x")}</w:fldSimple>'),
        _wp(f'<w:hyperlink r:id="h1" w:tooltip="{new("tip of a link")}">{_run(new("text of a link"))}</w:hyperlink>'),
        _wp(f'<w:hyperlink w:anchor="{new("anchor of a link")}">{_run("x")}</w:hyperlink>'),
        f'<w:sdt><w:sdtPr><w:alias w:val="{new("name of a control")}"/><w:tag w:val="{new("tag of a control")}"/>'
        f'<w:dropDownList><w:listItem w:displayText="{new("choice of a control")}" w:value="{new("value of a control")}"/>'
        f"</w:dropDownList></w:sdtPr><w:sdtContent>{_wp(_run(new('control')))}</w:sdtContent></w:sdt>",
        f"<w:tbl><w:tblPr><w:tblCaption w:val='{new('caption of a table')}'/></w:tblPr><w:tr><w:tc>{_wp(_run(new('cell')))}</w:tc></w:tr></w:tbl>",
        _wp(f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><wp:docPr id="7" name="{new("name of a shape")}" '
            f'descr="{new("alternative text")}" title="{new("title of a shape")}"/><wps:txbx><w:txbxContent>'
            f"{_wp(_run(new('text box')))}</w:txbxContent></wps:txbx></wp:inline></w:drawing></mc:Choice><mc:Fallback><w:pict>"
            f'<v:shape alt="{new("alternative text, old form")}" o:gfxdata="{base64.b64encode(packed({"a.xml": new("packed drawing")})).decode()}">'
            f'<v:textpath string="{new("word art")}"/><v:textbox><w:txbxContent>{_wp(_run(new("text box, old form")))}'
            "</w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>"),
        _wp('<w:r><w:object><v:shape><v:imagedata r:id="i3"/></v:shape><o:OLEObject Type="Embed" ProgID="Package" r:id="o1"/></w:object></w:r>'),
        _wp('<w:r><w:rPr><w:vanish/></w:rPr><w:t>' + new("hidden text") + "</w:t></w:r>"),
        '<w:altChunk r:id="a1"/>',
        f"<!-- {new('comment in the XML')} --><?app {new('instruction in the XML')}?>",
        _wp('<w:r><w:drawing><a:blip r:embed="i1"/><a:blip r:embed="i2"/></w:drawing></w:r>'),
        '<w:sectPr><w:headerReference r:id="hd" w:type="default"/><w:footerReference r:id="ft" w:type="default"/></w:sectPr>',
    ]  # fmt: skip

    def story(root: str, inside: str) -> str:
        return f'<?xml version="1.0" encoding="UTF-8"?><w:{root} {space}>{inside}</w:{root}>'

    picture_name = f"word/media/{quote(new('name of a picture'))}.png"
    parts: dict[str, str | bytes] = {"[Content_Types].xml": ""} | _properties(new)
    parts |= {
        "_rels/.rels": _package_rels("word/document.xml"),
        "word/document.xml": story("document", f"<w:body>{''.join(body)}</w:body>"),
        "word/_rels/document.xml.rels": _rels(
            ("h1", "hyperlink", "mailto:" + quote(new("address of a link"))), ("hd", "header", "header1.xml"),
            ("ft", "footer", "footer1.xml"), ("fn", "footnotes", "footnotes.xml"), ("en", "endnotes", "endnotes.xml"),
            ("cm", "comments", "comments.xml"), ("pp", "people", "people.xml"), ("st", "settings", "settings.xml"),
            ("gl", "glossaryDocument", "glossary/document.xml"), ("ch", "chart", "charts/chart1.xml"),
            ("i1", "image", picture_name.removeprefix("word/")), ("i2", "image", "media/image2.jpeg"),
            ("i3", "image", "media/image3.emf"), ("o1", "oleObject", "embeddings/oleObject1.bin"),
            ("a1", "aFChunk", "afchunk.htm"), ("cx", "customXml", "../customXml/item1.xml"),
            ("vb", "vbaProject", "vbaProject.bin"), ("em", "package", "embeddings/inner.docx"),
            ("sy", "styles", "styles.xml"),
        ),
        "word/header1.xml": story("hdr", _wp(_run(new("header")))),
        "word/footer1.xml": story("ftr", _wp(_split(new("footer over runs"), _run))),
        "word/footnotes.xml": story("footnotes", f'<w:footnote w:id="1">{_wp(_run(new("footnote")))}</w:footnote>'),
        "word/endnotes.xml": story("endnotes", f'<w:endnote w:id="1">{_wp(_run(new("endnote")))}</w:endnote>'),
        "word/comments.xml": story(
            "comments",
            f'<w:comment w:id="1" w:author="{new("author of a comment")}" w:initials="ZQ">{_wp(_run(new("comment")))}'
            "</w:comment>",
        ),
        "word/people.xml": '<w15:people xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml">'
        f'<w15:person w15:author="{new("person")}"><w15:presenceInfo w15:providerId="AD" w15:userId="S::{new("account")}"/>'
        "</w15:person></w15:people>",
        "word/settings.xml": story(
            "settings",
            f'<w:attachedTemplate r:id="t1"/><w:docVars><w:docVar w:name="{new("name of a variable")}" '
            f'w:val="{new("variable")}"/></w:docVars>',
        ),
        "word/_rels/settings.xml.rels": _rels(("t1", "attachedTemplate", f"file:///C:/Users/{quote(new('template'))}/a.dotx")),
        "word/styles.xml": story("styles", f'<w:style w:styleId="{new("id of a style")}"><w:name w:val="{new("name of a style")}"/></w:style>'),
        "word/glossary/document.xml": story("glossaryDocument", f'<w:docParts><w:docPart><w:docPartPr><w:name w:val="{new("building block")}"/></w:docPartPr><w:docPartBody>{_wp(_run(new("text of a building block")))}</w:docPartBody></w:docPart></w:docParts>'),
        "word/charts/chart1.xml": _chart(new),
        "word/charts/_rels/chart1.xml.rels": _rels(("x1", "package", "../embeddings/data.xlsx")),
        "word/embeddings/data.xlsx": xlsx(new, small=True),
        "word/embeddings/oleObject1.bin": compound_file({"Contents": new("embedded object").encode("utf-16-le")}),
        "word/embeddings/inner.docx": docx(new, depth=1) if not depth else packed({"x.txt": new("package of no kind")}),
        unquote(picture_name): png(new("note in a picture")),
        "word/media/image2.jpeg": jpeg(new("note of a camera")),
        "word/media/image3.emf": b"\x01\0\0\0 EMF" + new("drawing").encode("utf-16-le"),
        "word/afchunk.htm": f"<p>{new('page put in')}</p>",
        "word/vbaProject.bin": compound_file({"dir": new("macro").encode()}),
        "word/printerSettings1.bin": new("printer").encode("utf-16-le"),
        "customXml/item1.xml": f'<data xmlns:m="http://{plain(new("space of names", ascii=True))}/x"><_{plain(new("name of an element", ascii=True))}>'
        f"{new('custom XML')}</_{plain(list(new.__self__.planted)[-2])}><m:a b=\"{new('attribute of custom XML')}\"/></data>",
        "_xmlsignatures/sig1.xml": f"<Signature>{new('signature')}</Signature>",
    }  # fmt: skip
    parts["[Content_Types].xml"] = _types(
        ("word/document.xml", "wordprocessingml.document.main"), ("word/header1.xml", "wordprocessingml.header"),
        ("word/footer1.xml", "wordprocessingml.footer"), ("word/comments.xml", "wordprocessingml.comments"),
        ("word/styles.xml", "wordprocessingml.styles"), ("word/settings.xml", "wordprocessingml.settings"),
    )  # fmt: skip
    return packed(parts)


def xlsx(new, *, small: bool = False) -> bytes:
    """An Excel file."""
    hidden = "Hidden"
    number = 0
    strings = [new("shared string"), new("shared string, hidden column"), new("shared string, hidden sheet")]
    rich = new("shared string over runs")
    shared = (
        f'<sst xmlns="{S}">' + "".join(f"<si><t>{html.escape(string)}</t></si>" for string in strings)
        + "<si>" + _split(rich, lambda piece: f'<r><t xml:space="preserve">{piece}</t></r>')
        + f"<rPh sb='0' eb='1'><t>{new('phonetic guide')}</t></rPh></si></sst>"
    )  # fmt: skip
    formula = new("text in a formula")
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>3</v></c></row>'
        f'<row r="2" hidden="1"><c r="A2" t="inlineStr"><is><t>{new("inline string")}</t></is></c>'
        f'<c r="B2" t="str"><f>"{formula}"&amp;"x"</f><v>{new("value of a formula")}</v></c><c r="C2"><v>{number}</v></c></row>'
    )
    sheet = (
        f'<worksheet xmlns="{S}" xmlns:r="{RELS}"><cols><col min="2" max="2" hidden="1"/></cols><sheetData>{rows}</sheetData>'
        f'<dataValidations><dataValidation promptTitle="{new("title of a prompt")}" prompt="{new("prompt")}" '
        f'error="{new("message")}"><formula1>"{new("list of choices")},b"</formula1></dataValidation></dataValidations>'
        f'<hyperlinks><hyperlink ref="A1" r:id="h1" display="{new("display of a link")}" tooltip="{new("tip of a cell link")}"/>'
        f"</hyperlinks><headerFooter><oddHeader>&amp;L{new('header of a sheet')}</oddHeader></headerFooter></worksheet>"
    )
    book = (
        f'<workbook xmlns="{S}" xmlns:r="{RELS}"><fileSharing userName="{new("user")}"/><sheets>'
        f'<sheet name="{"Sheet1"}" sheetId="1" r:id="s1"/>'
        f'<sheet name="{hidden}" sheetId="2" state="veryHidden" r:id="s2"/></sheets><definedNames><definedName '
        f'name="_N{plain(new("defined name", ascii=True))}" comment="{new("comment of a name")}">"{new("value of a name")}"</definedName>'
        "</definedNames></workbook>"
    )
    comments = (
        f'<comments xmlns="{S}"><authors><author>{new("author of a cell comment")}</author></authors><commentList>'
        f'<comment ref="A1" authorId="0"><text>{_split(new("cell comment"), lambda piece: f"<r><t>{piece}</t></r>")}</text>'
        "</comment></commentList></comments>"
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _types(
            ("xl/workbook.xml", "spreadsheetml.sheet.main"),
            ("xl/worksheets/sheet1.xml", "spreadsheetml.worksheet"),
            ("xl/worksheets/sheet2.xml", "spreadsheetml.worksheet"),
            ("xl/sharedStrings.xml", "spreadsheetml.sharedStrings"),
        )
    }
    if not small:
        parts |= _properties(new)
    parts |= {
        "_rels/.rels": _package_rels("xl/workbook.xml") if not small else _rels(("p1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": _rels(("s1", "worksheet", "worksheets/sheet1.xml"), ("s2", "worksheet", "worksheets/sheet2.xml"), ("ss", "sharedStrings", "sharedStrings.xml"), ("pc", "pivotCacheDefinition", "pivotCache/def1.xml")),
        "xl/sharedStrings.xml": shared,
        "xl/worksheets/sheet1.xml": sheet,
        "xl/worksheets/sheet2.xml": f'<worksheet xmlns="{S}"><sheetData><row r="1"><c r="A1" t="s"><v>2</v></c></row></sheetData></worksheet>',
        "xl/worksheets/_rels/sheet1.xml.rels": _rels(("h1", "hyperlink", "mailto:" + quote(new("address of a cell link"))), ("c1", "comments", "../comments1.xml"), ("d1", "drawing", "../drawings/drawing1.xml"), ("t1", "table", "../tables/table1.xml")),
        "xl/comments1.xml": comments,
        "xl/tables/table1.xml": f'<table xmlns="{S}" id="1" name="T1" displayName="T1"><tableColumns count="1"><tableColumn id="1" name="{new("column of a table")}"/></tableColumns></table>',
        "xl/drawings/drawing1.xml": f'<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" xmlns:a="{A}"><xdr:sp><xdr:nvSpPr><xdr:cNvPr id="2" name="Box" descr="{new("alternative text on a sheet")}"/></xdr:nvSpPr><xdr:txBody><a:p>{_split(new("text box on a sheet"), lambda piece: f"<a:r><a:t>{piece}</a:t></a:r>")}</a:p></xdr:txBody></xdr:sp></xdr:wsDr>',
        "xl/pivotCache/def1.xml": f'<pivotCacheDefinition xmlns="{S}" refreshedBy="{new("who refreshed a pivot table")}"><cacheFields><cacheField name="{new("field of a pivot table")}"><sharedItems><s v="{new("item of a pivot table")}"/></sharedItems></cacheField></cacheFields></pivotCacheDefinition>',
        "xl/externalLinks/externalLink1.xml": f'<externalLink xmlns="{S}"><externalBook><sheetDataSet><sheetData><row r="1"><cell r="A1" t="str"><v>{new("cache of another file")}</v></cell></row></sheetData></sheetDataSet></externalBook></externalLink>',
        "xl/printerSettings/printerSettings1.bin": new("printer of a sheet").encode("utf-16-le"),
        "xl/connections.xml": f'<connections xmlns="{S}"><connection id="1" name="{new("connection")}"><dbPr connection="Server={new("server")};User=x"/></connection></connections>',
        "xl/persons/person.xml": f'<personList xmlns="urn:p"><person displayName="{new("person in a book")}" id="{{1}}" userId="{new("account in a book")}" providerId="AD"/></personList>',
    }  # fmt: skip
    return packed(parts)


def pptx(new) -> bytes:
    """A PowerPoint file."""
    space = f'xmlns:p="{P}" xmlns:a="{A}" xmlns:r="{RELS}"'

    def shape(text: str, name: str = "Box", descr: str = "") -> str:
        runs = _split(text, lambda piece: f"<a:r><a:t>{html.escape(piece)}</a:t></a:r>")
        return f'<p:sp><p:nvSpPr><p:cNvPr id="3" name="{name}" descr="{descr}"/></p:nvSpPr><p:txBody><a:bodyPr/><a:p>{runs}</a:p></p:txBody></p:sp>'

    def slide(root: str, inside: str) -> str:
        return f"<p:{root} {space}><p:cSld><p:spTree>{inside}</p:spTree></p:cSld></p:{root}>"

    ole_frame = '<p:graphicFrame><a:graphic><a:graphicData uri="ole"><p:oleObj r:id="o1" progId="Package"/></a:graphicData></a:graphic></p:graphicFrame>'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _types(
            ("ppt/presentation.xml", "presentationml.presentation.main"),
            ("ppt/slides/slide1.xml", "presentationml.slide"),
            ("ppt/notesSlides/notesSlide1.xml", "presentationml.notesSlide"),
        )
    } | _properties(new)
    parts |= {
        "_rels/.rels": _package_rels("ppt/presentation.xml"),
        "ppt/presentation.xml": f'<p:presentation {space}><p:sldIdLst><p:sldId id="256" r:id="s1"/></p:sldIdLst></p:presentation>',
        "ppt/_rels/presentation.xml.rels": _rels(("s1", "slide", "slides/slide1.xml"), ("ca", "commentAuthors", "commentAuthors.xml"), ("m1", "slideMaster", "slideMasters/slideMaster1.xml")),
        "ppt/slides/slide1.xml": slide("sld", shape(new("text of a slide"), new("name of a shape on a slide"), new("alternative text on a slide")) + ole_frame
            + f'<p:sp><p:txBody><a:p><a:r><a:rPr><a:hlinkClick r:id="h1" tooltip="{new("tip on a slide")}"/></a:rPr><a:t>{new("link on a slide")}</a:t></a:r></a:p></p:txBody></p:sp>'
            + f'<p:graphicFrame><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>{new("cell on a slide")}</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></p:graphicFrame>'),
        "ppt/slides/_rels/slide1.xml.rels": _rels(("h1", "hyperlink", "https://example.org/" + quote(new("address on a slide"))), ("n1", "notesSlide", "../notesSlides/notesSlide1.xml"), ("c1", "comments", "../comments/comment1.xml"), ("o1", "oleObject", "../embeddings/oleObject1.bin"), ("g1", "chart", "../charts/chart1.xml"), ("d1", "diagramData", "../diagrams/data1.xml"), ("v1", "video", "../media/media1.mp4")),
        "ppt/notesSlides/notesSlide1.xml": slide("notes", shape(new("speaker's notes"))),
        "ppt/comments/comment1.xml": f'<p:cmLst {space}><p:cm authorId="0"><p:text>{new("comment on a slide")}</p:text></p:cm></p:cmLst>',
        "ppt/commentAuthors.xml": f'<p:cmAuthorLst {space}><p:cmAuthor id="0" name="{new("author of a comment on a slide")}" initials="ZQ"/></p:cmAuthorLst>',
        "ppt/slideMasters/slideMaster1.xml": slide("sldMaster", shape(new("text of a master"))),
        "ppt/embeddings/oleObject1.bin": compound_file({"Contents": new("object on a slide").encode("utf-16-le")}),
        "ppt/charts/chart1.xml": _chart(new),
        "ppt/charts/_rels/chart1.xml.rels": _rels(("x1", "package", "../embeddings/data.xlsx")),
        "ppt/embeddings/data.xlsx": xlsx(new, small=True),
        "ppt/diagrams/data1.xml": f'<dgm:dataModel xmlns:dgm="urn:dgm" xmlns:a="{A}"><dgm:pt><dgm:t><a:p><a:r><a:t>{new("diagram")}</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:dataModel>',
        "ppt/media/media1.mp4": b"ftyp" + new("note in a film").encode(),
        "ppt/tags/tag1.xml": f'<p:tagLst {space}><p:tag name="N" val="{new("tag")}"/></p:tagLst>',
    }  # fmt: skip
    return packed(parts)


def odt(new) -> bytes:
    """An OpenDocument text."""
    space = ODF + (
        ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:form="urn:oasis:names:tc:opendocument:xmlns:form:1.0" '
        'xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0"'
    )
    content = (
        f"<office:document-content {space}><office:body><office:text><text:tracked-changes><text:changed-region><text:deletion>"
        f"<office:change-info><dc:creator>{new('author of a change')}</dc:creator></office:change-info><text:p>"
        f"{new('deleted in ODF')}</text:p></text:deletion></text:changed-region></text:tracked-changes>"
        f"<text:p>{new('paragraph in ODF')}</text:p><text:p>{_split(new('over spans'), lambda piece: f'<text:span>{piece}</text:span>')}</text:p>"
        f"<text:p>{new('with a space element').replace(' ', '<text:s/>')}</text:p>"
        f"<text:p>a<office:annotation><dc:creator>{new('author of an annotation')}</dc:creator><text:p>{new('annotation')}</text:p>"
        f"</office:annotation>b<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>{new('note in ODF')}</text:p>"
        f'</text:note-body></text:note></text:p><text:p><text:a xlink:href="mailto:{quote(new("address in ODF"))}" '
        f'office:title="{new("title of a link in ODF")}">x</text:a><text:bookmark text:name="{new("bookmark in ODF")}"/></text:p>'
        f'<text:p><draw:frame draw:name="{new("frame")}"><draw:image xlink:href="Pictures/a.png"/><svg:title>{new("title of a picture in ODF")}'
        f"</svg:title><svg:desc>{new('description of a picture in ODF')}</svg:desc></draw:frame><draw:frame><draw:text-box>"
        f"<text:p>{new('text box in ODF')}</text:p></draw:text-box></draw:frame></text:p><draw:image><office:binary-data>"
        f"{base64.b64encode(png(new('picture inside the XML'))).decode()}</office:binary-data></draw:image>"
        f'<form:form form:name="f"><form:text form:current-value="{new("field in ODF")}" form:label="{new("label in ODF")}"/></form:form>'
        f'<text:section text:name="{new("section")}" text:display="none"><text:p>{new("hidden section")}</text:p></text:section>'
        f"<text:p><text:placeholder>{new('placeholder')}</text:placeholder><text:hidden-text text:string-value='{new('hidden text in ODF')}'/>"
        "</text:p></office:text></office:body></office:document-content>"
    )
    styles = (
        f"<office:document-styles {space}><office:master-styles><style:master-page style:display-name='{new('name of a page style')}'>"
        f"<style:header><text:p>{new('header in ODF')}</text:p></style:header><style:footer><text:p>{new('footer in ODF')}</text:p>"
        "</style:footer></style:master-page></office:master-styles></office:document-styles>"
    )
    meta = (
        f"<office:document-meta {space}><office:meta><dc:title>{new('title in ODF')}</dc:title><meta:initial-creator>"
        f"{new('first author')}</meta:initial-creator><dc:creator>{new('author in ODF')}</dc:creator><meta:keyword>{new('keyword')}"
        f"</meta:keyword><meta:user-defined meta:name='{new('name of a field')}'>{new('value of a field')}</meta:user-defined>"
        f'<meta:template xlink:href="file:///home/{quote(new("template in ODF"))}/a.ott"/></office:meta></office:document-meta>'
    )
    settings = (
        f'<office:document-settings {space}><office:settings><config:config-item config:name="PrinterName" config:type="string">'
        f'{new("printer in ODF")}</config:config-item><config:config-item config:name="PrinterSetup" config:type="base64Binary">'
        f"{base64.b64encode(new('settings of a printer').encode()).decode()}</config:config-item></office:settings></office:document-settings>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">' + "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="text/xml"/>'
        for path in ("/", "content.xml", "styles.xml", "meta.xml", "settings.xml", "Pictures/a.png", "Object 1")
    )
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content, "styles.xml": styles,
            "meta.xml": meta, "settings.xml": settings, "META-INF/manifest.xml": manifest + "</manifest:manifest>",
            "Pictures/a.png": png(new("note in a picture in ODF"), packed_text=True),
            "Thumbnails/thumbnail.png": png(new("thumbnail in ODF")),
            "Object 1": compound_file({"Contents": new("object in ODF").encode("utf-16-le")}),
            "ObjectReplacements/Object 1": b"VCLMTF" + new("picture of an object").encode("utf-16-le"),
            "Basic/Standard/Module1.xml": f"<m>{new('macro in ODF')}</m>",
            "Versions/Version1": packed({"content.xml": new("older version")}),
        }
    )  # fmt: skip


def pdf(new, pages: int = 2) -> bytes:
    """A PDF with a packed page stream, words in hexadecimal, properties, XMP, bookmarks, a file, comments, fields."""
    objects: dict[int, bytes] = {}

    def stream(number: int, head: str, data: bytes, *, packs: bool = True) -> None:
        data, more = (zlib.compress(data), "/Filter/FlateDecode") if packs else (data, "")
        objects[number] = f"<<{head}{more}/Length {len(data)}>>stream\n".encode() + data + b"\nendstream"

    def shown(text: str) -> bytes:
        raw = text.encode("cp1252", "replace")
        return b"(" + raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") + b")"

    def letters(text: str) -> str:
        return "<feff" + text.encode("utf-16-be").hex() + ">"

    def latin(place: str) -> str:
        return new(place, ascii=True)

    kids = []
    for page in range(pages):
        number = 20 + page * 10
        split = latin(f"page {page + 1}, in pieces")
        rows = [
            b"BT /F1 12 Tf 60 740 Td " + shown(latin(f"page {page + 1}")) + b" Tj ET",
            b"BT /F1 12 Tf 60 700 Td ["
            + b" -10 ".join(shown(split[at : at + 3]) for at in range(0, len(split), 3))
            + b"] TJ ET",
            b"BT /F1 12 Tf 60 660 Td <"
            + latin(f"page {page + 1}, in hexadecimal").encode("cp1252").hex().encode()
            + b"> Tj ET",
            b"BT /F1 12 Tf 3 Tr 60 620 Td " + shown(latin(f"page {page + 1}, unseen")) + b" Tj ET",
            b"BT 0 Tr 1 1 1 rg /F1 12 Tf 60 580 Td " + shown(latin(f"page {page + 1}, white")) + b" Tj ET 0 0 0 rg",
            b"/OC /Hidden BDC BT /F1 12 Tf 60 540 Td " + shown(latin(f"page {page + 1}, hidden layer")) + b" Tj ET EMC",
            b"BT /F1 12 Tf 900 500 Td " + shown(latin(f"page {page + 1}, beyond the edge")) + b" Tj ET",
            b"BT /F1 12 Tf 0 1 -1 0 400 300 Tm " + shown(latin(f"page {page + 1}, upright")) + b" Tj ET",
            b"BT /F1 12 Tf 60 460 Td (All other words stay.) Tj ET",
        ]
        stream(number + 1, "", b"\n".join(rows))
        objects[number + 2] = (
            f"<</Type/Annot/Subtype/Text/Rect[10 10 30 30]/T{letters(latin('author of a comment'))}/Contents{letters(latin('comment'))}>>".encode()
        )
        look = f"BT /F1 10 Tf 2 5 Td ({latin('look of a field')}) Tj ET".encode()
        stream(number + 4, "/Type/XObject/Subtype/Form/BBox[0 0 300 20]/Resources<</Font<</F1 5 0 R>>>>", look)
        objects[number + 3] = (
            f"<</Type/Annot/Subtype/Widget/FT/Tx/F 4/Rect[60 400 360 420]/T{letters(latin('name of a field'))}/V{letters(latin('value of a field'))}"
            f"/DV{letters(latin('default of a field'))}/AP<</N {number + 4} 0 R>>>>"
        ).encode()
        objects[number + 5] = (
            f"<</Type/Annot/Subtype/Link/Rect[60 460 200 470]/A<</S/URI/URI(mailto:{quote(latin('address of a link'))})>>>>".encode()
        )
        objects[number] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents {number + 1} 0 R/Resources<</Font<</F1 5 0 R>>"
            f"/Properties<</Hidden 6 0 R>>>>/Annots[{number + 2} 0 R {number + 3} 0 R {number + 5} 0 R]>>"
        ).encode()
        kids.append(number)
    objects[5] = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
    objects[6] = f"<</Type/OCG/Name{letters(latin('name of a layer'))}>>".encode()
    stream(
        7,
        "/Type/Metadata/Subtype/XML",
        f"<x:xmpmeta><dc:creator>{latin('XMP')}</dc:creator></x:xmpmeta>".encode(),
        packs=False,
    )
    stream(8, "/Type/EmbeddedFile", latin("attached file").encode())
    objects[9] = f"<</Type/Filespec/F({latin('name of an attached file')}.txt)/EF<</F 8 0 R>>>>".encode()
    objects[10] = b"<</Type/Outlines/First 11 0 R/Last 11 0 R/Count 1>>"
    objects[11] = f"<</Title{letters(latin('bookmark'))}/Parent 10 0 R/Dest[20 0 R/Fit]>>".encode()
    objects[12] = (
        f"<</Title{letters(latin('title'))}/Author{letters(latin('author'))}/Subject{letters(latin('subject'))}/Own{letters(latin('own property'))}>>".encode()
    )
    fields = " ".join(f"{kid + 3} 0 R" for kid in kids)
    objects[1] = (
        f"<</Type/Catalog/Pages 2 0 R/Metadata 7 0 R/Outlines 10 0 R/Names<</EmbeddedFiles<</Names[(a) 9 0 R]>>/JavaScript<</Names"
        f"[(j) <</S/JavaScript/JS({latin('script')})>>]>>>>/OCProperties<</OCGs[6 0 R]/D<</OFF[6 0 R]>>>>/AcroForm<</Fields[{fields}]>>"
        f"/PageLabels<</Nums[0<</P{letters(latin('label of a page'))}>>]>>>>"
    ).encode()
    objects[2] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]>>".encode()
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, data in sorted(objects.items()):
        places[number] = len(out)
        out += f"{number} 0 obj\n".encode() + data + b"\nendobj\n"
    at, size = len(out), max(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n".encode()
    for number in range(1, size):
        out += f"{places.get(number, 0):010} 00000 {'n' if number in places else 'f'} \n".encode()
    return bytes(out + f"trailer\n<</Size {size}/Root 1 0 R/Info 12 0 R>>\nstartxref\n{at}\n%%EOF\n".encode())


def eml(new) -> bytes:
    """A mail with texts, files, a mail in it, and what its way added."""
    mail = EmailMessage()
    mail["From"] = f'"{new("sender")}" <a@example.com>'
    mail["To"] = f"{new('receiver', ascii=True, name=True)} <b@example.com>"
    mail["Subject"] = f"About {new('subject of a mail')}"
    mail["Received"] = f"from pc.{plain(new('way of a mail', ascii=True))}.example.org"
    mail["X-Mailer"] = new("program of a mail", ascii=True)
    mail["Comments"] = new("remark in a header")
    mail.set_content(f"Hello,\n\n{new('text of a mail')}\nbye\n")
    inner = new("hypertext of a mail")
    mail.add_alternative(
        f"<html><!-- {new('remark in hypertext')} --><body><p>{_split(inner, lambda piece: f'<b>{html.escape(piece)}</b>')}</p>"
        f'<a href="mailto:{quote(new("address in hypertext"))}" title="{new("title in hypertext")}">x</a>'
        f"<script>var a = '{new('program in hypertext', ascii=True)}'</script></body></html>",
        subtype="html",
    )
    mail.add_attachment(
        f"note {new('attached text')}".encode(),
        maintype="text",
        subtype="plain",
        filename=f"{new('name of an attachment', name=True)}.txt",
    )
    mail.add_attachment(docx(new, depth=1), maintype="application", subtype="octet-stream", filename="a.docx")
    mail.add_attachment(
        b"\x7fELF" + new("attached program").encode(), maintype="application", subtype="octet-stream", filename="a.exe"
    )
    mail.add_attachment(png(new("note in an attached picture")), maintype="image", subtype="png", filename="a.png")
    other = EmailMessage()
    other["From"] = f"{new('sender of a mail in a mail', ascii=True, name=True)} <c@example.com>"
    other["Subject"] = new("subject of a mail in a mail")
    other["Date"] = "Mon, 01 Jan 2026 10:00:00 +0000"
    other.set_content(new("mail in a mail"))
    mail.add_attachment(other)
    return mail.as_bytes()


def txt(new) -> bytes:
    """A text."""
    broken = new("over a line").replace(" ", "\n   ")
    return f"{new('line')}\n{broken}\n{new('in capitals').upper()}\nAll other words stay.\n".encode()


def md(new) -> bytes:
    """Markdown."""
    word = new("written with entities")
    return (
        f"# {new('heading')}\n\n[{new('link')}](mailto:{quote(new('address in Markdown'))})\n\n<!-- {new('remark')} -->\n\n"
        f"{''.join(f'&#{ord(letter)};' if not letter.isascii() else letter for letter in word)}\n\n"
        f"![x](data:image/png;base64,{base64.b64encode(png(new('picture in Markdown'))).decode()})\n\nAll other words stay.\n"
    ).encode()


KINDS = {"docx": docx, "xlsx": xlsx, "pptx": pptx, "odt": odt, "pdf": pdf, "eml": eml, "txt": txt, "md": md}


def planted(kind: str, seed: int) -> tuple[bytes, Needles]:
    """A file of this kind, and what is planted in it."""
    needles = Needles(seed)
    return KINDS[kind](needles.new), needles

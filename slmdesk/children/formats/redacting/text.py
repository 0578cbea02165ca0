"""Replaces words in XML and HTML trees, plain text, web pages and tables, and finds words that are left in a file."""

from __future__ import annotations

import base64
import binascii
import codecs
import email
import html
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from lxml import etree
from lxml import html as markup

from slmdesk.base.errors import KnownError
from slmdesk.base.texts import _
from slmdesk.children.formats.containers import BROKEN
from slmdesk.children.formats.office_xml import attribute, child, local
from slmdesk.children.formats.redacting.redactors import (
    Listing,
    Redacting,
    Seeking,
    Span,
    put,
    put_encoded,
    put_in_value,
)
from slmdesk.children.formats.text import decoded_by
from slmdesk.redact.finding import APART

BLOCKS = frozenset(
    ("p", "h", "si", "is", "rPh", "text", "li", "td", "th", "div", "h1", "h2", "h3", "h4", "h5", "h6", "pre",
     "blockquote", "title", "caption", "dt", "dd", "address", "option", "body", "creator", "date", "annotation", "note",
     "note-citation", "ruby-text", "author")
)  # fmt: skip
"""Elements whose text is searched as a whole, whatever elements are inside."""
_SIGNS = {
    "tab": " ", "ptab": " ", "br": "\n", "cr": "\n", "line-break": "\n", "noBreakHyphen": "-", "softHyphen": "\u00ad"
}  # fmt: skip
_BREAKING = ("-", "\u2010", "\u00ad")
_HEADERS = frozenset(("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter"))
_HEADER_CODE = re.compile(r'&(?:&|"|K(?:[0-9A-Fa-f]{6}|\d\d[-+]\d{3})|\d{1,3}|[A-Za-z+-])')
"""Matches the codes for position, font, size and colour in Excel's page headers. && stands for the sign & itself."""
_UNSHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DELETED, _INSERTED = frozenset(("del", "moveFrom")), frozenset(("ins", "moveTo"))
_CODES = frozenset(("instrText", "delInstrText"))
_NUMERIC = re.compile(r"[-+.,;:%#{}0-9A-Fa-f\s]+")
_SAVING = re.compile(r"[0-9A-Fa-f]{8}")
"""Matches the number by which Word marks each time a document was saved."""
_TECHNICAL = re.compile(
    r"[a-z][A-Za-z0-9]*|rId\d+|\{[-0-9A-Fa-f]{36}\}|urn:(?:schemas-microsoft-com|oasis):[^ ]*"
    r"|https?://schemas\.(?:openxmlformats|microsoft)\.[^ ]*"
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[-+]\d\d:\d\d)?"
)
"""Matches values that the file format defines: enumerations, relationship ids, namespaces, timestamps."""
MOST_NUMERIC = 7
"""Most digits of a number that is taken for a length or a colour. A longer number is searched for listed words."""
_OFFICE = re.compile(
    r"\{(?:urn:(?:schemas-microsoft-com|oasis):|https?://(?:schemas\.(?:openxmlformats|microsoft)|purl\.oclc)\.)"
)
_MEASURES = frozenset(("posOffset", "pctWidth", "pctHeight", "colOff", "rowOff", "Anchor", "config-item"))
"""Elements of Office formats whose own text is no text of the document, but a number or a code for programs."""
TEXTUAL = frozenset(
    ("descr", "title", "name", "displayName", "display-name", "alt", "tooltip", "author", "initials", "string",
     "displayText", "prompt", "promptTitle", "error", "errorTitle", "display", "location", "href", "Target", "label",
     "userName", "lastModifiedBy", "userId", "caption", "uniqueName", "value", "string-value", "subject",
     "current-value", "content", "placeholder", "summary", "userInfo", "company", "desc", "alias", "tag", "text",
     "comment", "anchor", "refreshedBy", "createdBy", "modifiedBy", "codeName")
)  # fmt: skip
_TEXTUAL_VALUES = frozenset(
    ("alias", "tag", "docVar", "name", "default", "result", "statusText", "helpText", "format", "listEntry",
     "description", "category", "docPart", "aliases", "attachedSchema", "title", "tblCaption", "tblDescription",
     "filter", "customFilter")
)  # fmt: skip
_PEOPLE = frozenset(("author", "userName", "lastModifiedBy", "displayName"))
_PEOPLE_ELEMENTS = frozenset(
    ("creator", "lastModifiedBy", "initial-creator", "printed-by", "Manager", "author", "sender-initials",
     "initial-author")
)  # fmt: skip
_ACCOUNTS = frozenset(("userId", "providerId"))
MOST_SILENT = 1_000
"""Texts, elements or words that are handled between two reports that the process is alive."""
EDGES_AT_ONCE, MOST_OVER = 200, 12
"""How many paragraphs and cells are searched together for numbers that continue in the next one, and how many more
after these. Each group of digits of a number may have a cell of its own.
"""
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_NAME = re.compile(r"[^\w.-]")


@dataclass(slots=True, eq=False)
class Slot:
    element: etree._Element
    is_tail: bool
    flags: frozenset[str]
    sign: str = ""

    @property
    def text(self) -> str:
        return self.sign or ((self.element.tail if self.is_tail else self.element.text) or "")

    @property
    def words(self) -> str:
        """The text for searching. It is as long as `text`, with invisible characters in place of header codes."""
        if self.is_tail or local(self.element) not in _HEADERS:
            return self.text
        return _HEADER_CODE.sub(lambda match: match[0] if match[0] == "&&" else APART * len(match[0]), self.text)

    def set(self, text: str) -> None:
        """Replace the text. The text of an element that only stands for a sign (tab, line break) is left alone."""
        if self.sign:
            return
        if self.is_tail:
            self.element.tail = text
            return
        self.element.text = text
        if local(self.element) in ("t", "delText", "instrText") and text != text.strip():
            self.element.set(_SPACE, "preserve")


Skips = Callable[[etree._Element], bool]


def redact_tree(root: etree._Element, redacting: Redacting, place: str, *, skips: Skips = lambda _one: False) -> None:
    """Replace words in a tree and remove comments and processing instructions. `skips` says which elements have no
    words as their own text.
    """
    for unseen in list(root.iter(etree.Comment, etree.ProcessingInstruction)):
        drop(unseen)
    is_listing = isinstance(redacting.words, Listing)
    groups = list(_groups(root, lambda element: skips(element) or (is_listing and _is_measure(element))))
    for number, group in enumerate(groups):
        if number % MOST_SILENT == 0:
            redacting.reading.check()
            redacting.reading.worked()
        redact_group(group, redacting, place)
    for at in range(0, len(groups), EDGES_AT_ONCE):
        redacting.reading.worked()
        _redact_over_edges(groups[at : at + EDGES_AT_ONCE + MOST_OVER], redacting, place)
    for number, element in enumerate(root.iter(etree.Element)):
        if number % MOST_SILENT == 0:
            redacting.reading.check()
            redacting.reading.worked()
        _attributes(element, redacting, place)


def redact_group(slots: list[Slot], redacting: Redacting, place: str) -> None:
    """Replace words in slots whose text belongs together. The text is searched both with its tracked changes accepted
    and with them rejected.
    """
    flags = frozenset().union(*(slot.flags for slot in slots))
    views: list[Callable[[Slot], bool]] = [lambda slot: not slot.flags & {"deleted", "code", "aside"}]
    if flags & {"deleted", "inserted"}:
        views.append(lambda slot: not slot.flags & {"inserted", "code", "aside"})
    if "code" in flags:
        views.append(lambda slot: "code" in slot.flags)
    if "hidden" in flags:
        views.append(lambda slot: not slot.flags & {"deleted", "code", "aside", "hidden"})
    if flags & {"deleted", "inserted", "code", "aside"}:
        views.append(lambda _one: True)
    for view in views:
        chosen = [*_parted([slot for slot in slots if view(slot)])]
        words = "".join(slot.words for slot in chosen)
        if words.strip():
            _apply(chosen, redacting.words.spans(words, place))
    for slot in slots:
        if not slot.sign and any(sign in slot.text for sign in ("%", "&", "\\", "_x")):
            new = put_encoded(redacting.words, slot.text, place)
            if new != slot.text:
                slot.set(new)


def _parted(slots: list[Slot]) -> Iterator[Slot]:
    """Yield the slots with an invisible character between text of different formatting (hidden, raised, changed). A
    line break becomes a space, except after a hyphen.
    """
    before: Slot | None = None
    for slot in slots:
        if before is not None and before.flags != slot.flags:
            yield Slot(slot.element, False, slot.flags, APART)
        is_broken = slot.sign == "\n" and before is not None and before.text.endswith(_BREAKING)
        yield slot if is_broken or slot.sign != "\n" else Slot(slot.element, False, slot.flags, " ")
        before = slot


def _redact_over_edges(groups: Sequence[list[Slot]], redacting: Redacting, place: str) -> None:
    """Replace numbers that continue in the next paragraphs or cells. The replacement is put where the number begins."""
    slots, edges, length = list[Slot](), list[int](), 0
    for group in groups:
        shown = [slot for slot in group if not slot.flags & {"deleted", "code", "aside"}]
        slots += [*shown, Slot(group[0].element, False, frozenset(), "\n")]
        length += sum(len(slot.text) for slot in shown) + 1
        edges.append(length - 1)
    text = "".join(slot.text for slot in slots)
    _apply(slots, redacting.words.spans(text, place, edges=edges))


def _apply(slots: list[Slot], spans: Iterable[Span]) -> None:
    begins, at = [], 0
    for slot in slots:
        begins.append(at)
        at += len(slot.text)
    for span in sorted(spans, key=lambda each: -each.begin):
        rest = span.substitute
        for slot, begin in zip(slots, begins, strict=True):
            text = slot.text
            first = max(span.begin - begin, 0)
            last = min(span.end - begin, len(text))
            if first >= last or slot.sign:
                continue
            slot.set(text[:first] + rest + text[last:])
            rest = ""


def drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _groups(root: etree._Element, skips: Skips) -> Iterator[list[Slot]]:
    groups: dict[etree._Element, list[Slot]] = {}
    stack: list[tuple[etree._Element, bool, frozenset[str]]] = []
    ordinary = frozenset(
        attribute(style, "name")
        for style in root.iter("{*}style")
        if (look := child(style, "text-properties")) is None
        or not (attribute(look, "text-position") or attribute(look, "display") == "none")
    )

    def add(owner: etree._Element, slot: Slot) -> None:
        if slot.text and (slot.text.strip() or slot.sign or _keeps_blanks(owner, slot)):
            groups.setdefault(owner, []).append(slot)

    for event, element in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        name = local(element)
        if event == "start":
            above = stack[-1] if stack else (element, False, frozenset())
            is_block = name in BLOCKS
            flags = (above[2] if not is_block else above[2] & {"deleted", "inserted"}) | _flags(element, name, ordinary)
            if is_block or not above[1]:
                stack.append((element, is_block, flags))
            else:
                stack.append((above[0], True, flags))
            owner = stack[-1][0]
            if sign := _sign(element, name):
                add(owner, Slot(element, False, flags, sign))
            elif not skips(element):
                add(owner, Slot(element, False, flags))
        else:
            stack.pop()
            if stack:
                add(stack[-1][0], Slot(element, True, stack[-1][2]))
    yield from groups.values()


def _flags(element: etree._Element, name: str, ordinary: Container[str]) -> frozenset[str]:
    if name in _DELETED or name in ("delText", "delInstrText"):
        return frozenset(("deleted", "code")) if name == "delInstrText" else frozenset(("deleted",))
    if name in _INSERTED:
        return frozenset(("inserted",))
    if name in _CODES:
        return frozenset(("code",))
    if name in ("rt", "rp"):
        return frozenset(("aside",))
    return frozenset(_look(element, name, ordinary))


def _look(element: etree._Element, name: str, ordinary: Container[str]) -> Iterator[str]:
    if name in ("sup", "sub", "ruby"):
        yield name
    if "hidden" in element.attrib or _UNSHOWN.search(element.get("style", "")):
        yield "hidden"
    if name == "span" and "oasis" in str(element.tag) and (style := attribute(element, "style-name")) not in ordinary:
        yield f"style {style}"
    about = child(element, "rPr") if name == "r" else None
    if about is not None:
        if about.get("baseline", "0") != "0":
            yield "raised"
        for inner in about:
            kind = local(inner) if isinstance(inner.tag, str) else ""
            if kind in ("vanish", "webHidden"):
                yield "hidden"
            elif kind in ("vertAlign", "rStyle"):
                yield f"style {attribute(inner, 'val')}"


def _sign(element: etree._Element, name: str) -> str:
    if name == "s" and "oasis" in str(element.tag):
        return " "
    return _SIGNS.get(name, "")


def _keeps_blanks(owner: etree._Element, slot: Slot) -> bool:
    """Return whether white space is part of the text. In Office formats this is so only in certain elements, and
    elsewhere it only makes the XML readable.
    """
    space = etree.QName(owner).namespace or ""
    if "oasis" in space or not space or space.endswith("xhtml"):
        return True
    return not slot.is_tail and local(slot.element) in ("t", "delText", "instrText")


def _attributes(element: etree._Element, redacting: Redacting, place: str) -> None:
    changed = False
    name = local(element)
    is_code = isinstance(redacting.words, Listing) and _OFFICE.match(str(element.tag)) is not None
    for key, value in element.attrib.items():
        short = str(key).rpartition("}")[2]
        text = str(value)
        if short in _ACCOUNTS and redacting.removes and text:
            element.set(key, "None")
            continue
        if short == "gfxdata":  # a packed copy of the drawing, which programs create again
            del element.attrib[key]
            continue
        is_textual = short in TEXTUAL or (short == "val" and name in _TEXTUAL_VALUES)
        told = name if short == "val" else short
        is_saving = told.startswith("rsid") and _SAVING.fullmatch(text)
        if not is_textual and (is_saving or _is_technical(text)):
            continue
        if is_code and short != "v" and (not is_textual or text.startswith("{")) and _NUMERIC.fullmatch(text):
            continue  # font tables, colours and ids are full of numbers that look like those of telephones
        if short in _PEOPLE or (short == "name" and name in ("cmAuthor", "author")):
            redacting.person(text)
        if (new := put_in_value(redacting.words, text, place)) != text:
            element.set(key, new)
            changed = True
    if changed and redacting.removes:
        for key in element.attrib:
            if str(key).rpartition("}")[2] == "initials":
                element.set(key, "")
    if name in _PEOPLE_ELEMENTS and element.text:
        redacting.person(element.text)


def _is_measure(element: etree._Element) -> bool:
    return local(element) in _MEASURES and _NUMERIC.fullmatch(element.text or "") is not None


def _is_technical(value: str) -> bool:
    if _NUMERIC.fullmatch(value):
        return sum(letter.isalnum() for letter in value) <= MOST_NUMERIC
    return _TECHNICAL.fullmatch(value) is not None


def rename(root: etree._Element, redacting: Redacting, place: str) -> None:
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        element.tag = _renamed(element.tag, redacting, place)
        for key, value in list(element.attrib.items()):
            new = _renamed(str(key), redacting, place)
            if new != key:
                del element.attrib[key]
                element.set(new, value)


def _renamed(tag: str, redacting: Redacting, place: str) -> str:
    space, brace, name = tag.rpartition("}")
    new = put(redacting.words, name, place, bare=True)
    return tag if new == name else f"{space}{brace}_{_NAME.sub('', new)}"


def written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True, with_tail=False)


_DATA = re.compile(r"data:[\w.+-]*/?[\w.+-]*(?:;[\w=.+-]+)*;base64,[A-Za-z0-9+/=%\s]{16,}")
"""Matches a file embedded in text as a `data:` URL."""
_RUNNING = frozenset(("script", "object", "embed", "applet", "iframe", "frame", "template", "noscript"))
_BOM = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


def redact(redacting: Redacting) -> bytes:
    """Return the redacted text in its own encoding, or in UTF-8 if that encoding lacks characters of replacements."""
    reading = redacting.reading
    data = reading.text_bytes()
    decoded = decoded_by(reading, data)
    if decoded.doubt:
        redacting.doubt("encoding", "")
    text = redact_text(redacting, decoded.text)
    mark = next((bom for name, bom in _BOM.items() if name == decoded.encoding and data.startswith(bom)), b"")
    try:
        return mark + text.encode(decoded.encoding)
    except (UnicodeError, LookupError):
        return text.encode("utf-8", "replace")


def redact_text(redacting: Redacting, text: str, place: str = "text") -> str:
    """Replace words in text, also in addresses and entities, and remove files embedded in it."""
    if redacting.removes and _DATA.search(text):
        redacting.remove("embedded", place)
        text = _DATA.sub("removed:", text)
    return put(redacting.words, put_encoded(redacting.words, text, place), place)


def redact_page(redacting: Redacting) -> bytes:
    text = decoded_by(redacting.reading, redacting.reading.text_bytes()).text
    return redact_markup(redacting, text, "web page").encode("utf-8", "replace")


def redact_markup(redacting: Redacting, text: str, place: str) -> str:
    """Replace words in HTML, and remove programs, comments and files embedded in it."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    if not text.strip():
        return text
    if redacting.removes and _DATA.search(text):
        redacting.remove("embedded", place)
        text = _DATA.sub("removed:", text)
    try:
        root = markup.document_fromstring(text, parser=markup.HTMLParser(encoding=None, huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as err:
        raise KnownError("document.damaged", path=redacting.reading.path, reason=_("its markup is broken")) from err
    if redacting.removes:
        for element in list(root.iter(*_RUNNING)):
            redacting.remove("program", place)
            drop(element)
        for element in root.iter("meta"):
            if "charset" in element.attrib:
                element.set("charset", "utf-8")
            elif element.get("http-equiv", "").lower() == "content-type":
                element.set("content", "text/html; charset=utf-8")
    redact_tree(root, redacting, place)
    made = markup.tostring(root, encoding="unicode", doctype="<!DOCTYPE html>")
    assert isinstance(made, str)
    return made


LEAST = 6
"""Fewest letters and digits of a word that is searched for in raw bytes. Shorter words occur there by chance."""
MOST_LAYERS = 6
_STREAM = re.compile(rb"stream\r?\n")
_IMAGE = re.compile(rb"/Subtype\s*/Image")
_TAG = re.compile(rb"<[^>]*>")
_ENDS = re.compile(
    rf"</(?:\w+:)?(?:{'|'.join(BLOCKS | {'v', 'f', 'c', 'tr', 'lpstr'})})>|<(?:\w+:)?(?:pt|dbl)\b[^>]*>".encode()
)
"""Matches where one text of a markup ends and another begins: blocks, rows, cells, points of a chart."""
_BLOCK_END = "\x1f"
"""Stands for such an end, so that no word is put together of two texts. XML allows no such character."""
_OF_FORMATS = re.compile(
    rb"</?[\w:.-]+|[\w:.-]+=(?=[\"'])|application/vnd\.[\w.+-]+|urn:(?:schemas-microsoft-com|oasis):[^\s\"'<>]*"
    rb"|https?://(?:schemas\.(?:openxmlformats\.org|microsoft\.com)|www\.w3\.org|purl\.org)/[^\s\"'<>]*"
)
"""Matches tags, names of attributes, formats and namespaces. They are the format's: a word in them is not left over."""
_LINE_HYPHEN = re.compile(rb"(?:-|\xc2?\xad|\xe2\x80\x90|\x10 | \x10)\r?\n[ \t\xa0]*(?=[a-zA-Z\x80-\xff])")
"""Matches a hyphen at the end of a line, before the rest of its word."""
_RUN = re.compile(rb"[A-Za-z0-9+/]{24,}(?:[\r\n]+[A-Za-z0-9+/]+)*={0,2}")
MOST_INFLATED = 256 << 20


class ByteSearch:
    def __init__(self, originals: Sequence[str]) -> None:
        self._forms: list[tuple[bytes, int]] = []
        for number, original in enumerate(originals):
            if sum(letter.isalnum() for letter in original) >= LEAST:
                self._forms += [(form, number) for form in {each.lower() for each in _forms(original)}]

    def numbers_in(self, data: bytes, worked: Callable[[], None]) -> set[int]:
        """Return the numbers of the words that occur in the bytes. `worked` is called now and then."""
        lower = data.lower()
        views = [lower]
        if b"\0" in lower:
            views.append(lower.replace(b"\0", b""))
        numbers = set()
        for count, (form, number) in enumerate(self._forms):
            if count % MOST_SILENT == 0:
                worked()
            if number in numbers:
                continue
            for view in views:
                at = view.find(form)
                while at >= 0:
                    if _is_whole(view, at, at + len(form)):
                        numbers.add(number)
                        break
                    at = view.find(form, at + 1)
        return numbers


def _is_whole(data: bytes, begin: int, end: int) -> bool:
    is_joined = data[begin : begin + 1].isdigit() and data[begin - 1 : begin].isdigit() if begin else False
    return not is_joined and not (data[end - 1 : end].isdigit() and data[end : end + 1].isdigit())


def _forms(word: str) -> set[bytes]:
    forms = set()
    for form in (word, word.lower(), word.upper(), html.escape(word), "".join(word.split())):
        forms.add(form.encode("utf-8", "replace"))
        if not form.isascii():
            for encoding in ("cp1252", "cp1250", "utf-16-le", "utf-16-be"):
                try:
                    forms.add(form.encode(encoding))
                except UnicodeError:
                    continue
            forms.add(form.encode("ascii", "xmlcharrefreplace"))
            forms.add(form.encode("ascii", "backslashreplace"))
        forms.add(quote(form).encode("ascii"))
    return forms


def layers(data: bytes, name: str = "", depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes, and everything packed inside: parts of archives, streams of PDFs, parts of mails, base64."""
    yield name, data
    if depth >= MOST_LAYERS:
        return
    if data.startswith(b"PK\x03\x04"):
        yield from _parts(data, name, depth)
    elif b"%PDF-" in data[:1024]:
        yield from _streams(data, name)
    elif _is_mail(data):
        for part in email.message_from_bytes(data).walk():
            body = part.get_payload(decode=True)
            if isinstance(body, bytes):
                yield from layers(body, f"{name}/{part.get_content_type()}", depth + 1)
    else:
        yield from _packed_runs(data, name, depth)


def _parts(data: bytes, name: str, depth: int) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                place = f"{name}/{info.filename}".lstrip("/")
                yield place, info.filename.encode("utf-8", "replace") + info.comment + info.extra
                if info.file_size > MOST_INFLATED:
                    raise KnownError("document.bomb", path=place)
                yield from layers(archive.read(info), place, depth + 1)
    except BROKEN:
        return  # not really an archive; its raw bytes were yielded above


def _streams(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    left = MOST_INFLATED
    for match in _STREAM.finditer(data):
        head = data[max(0, match.start() - 2048) : match.start()]
        if _IMAGE.search(head[head.rfind(b" obj") :]):
            continue  # the data of a picture
        unpacker = zlib.decompressobj()
        try:
            inflated = unpacker.decompress(data[match.end() :], left)
        except zlib.error:
            continue
        left -= len(inflated)
        yield f"{name}/stream", inflated
        if left <= 0:
            return


def _packed_runs(data: bytes, name: str, depth: int) -> Iterator[tuple[str, bytes]]:
    for match in _RUN.finditer(data):
        raw = re.sub(rb"\s", b"", match[0])
        try:
            inner = base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        yield from layers(inner, f"{name}/base64", depth + 1)


def _is_mail(data: bytes) -> bool:
    return re.match(rb"(?:[A-Za-z-]{2,40}:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*){3}", data[:8192]) is not None


def left_in(data: bytes, originals: Sequence[str], worked: Callable[[], None] = lambda: None) -> dict[int, str]:
    """Return the words that are still in a file, by their number, each with the place where it was found first.
    `worked` is called now and then.
    """
    search, places = ByteSearch(originals), dict[int, str]()
    seeking = Seeking(originals)
    for name, layer in layers(data):
        worked()
        head = layer[:200].lstrip()
        if head.startswith(b"<") and b">" in layer:
            numbers = _left_in_markup(layer, name, search, seeking, worked)
        else:
            numbers = _left_in_bytes(layer, search, worked)
        for number in numbers:
            places.setdefault(number, name)
    return {**seeking.found, **places}


def _left_in_markup(
    layer: bytes, name: str, search: ByteSearch, seeking: Seeking, worked: Callable[[], None]
) -> set[int]:
    """Return the numbers of the words in the markup and in its text. `seeking` looks through each block of the text."""
    text = html.unescape(_TAG.sub(b"", _ENDS.sub(_BLOCK_END.encode(), layer)).decode("utf-8", "replace"))
    numbers = search.numbers_in(_OF_FORMATS.sub(b" ", layer), worked)
    numbers |= search.numbers_in(text.encode("utf-8"), worked)
    for count, piece in enumerate(text.split(_BLOCK_END)):
        if count % MOST_SILENT == 0:
            worked()
        seeking.spans(piece, name)
    return numbers


def _left_in_bytes(layer: bytes, search: ByteSearch, worked: Callable[[], None]) -> set[int]:
    """Return the numbers of the words in the bytes as they are, and in those of a text whose lines are joined."""
    numbers = search.numbers_in(layer, worked)
    if not _is_mail(layer):  # its parts follow: lines of headers stand apart, those of texts are read on
        spaced = layer.replace(b"\0", b"").replace(b"\xc2\xa0", b" ")
        for hyphen in (b"", b"-"):
            joined = _LINE_HYPHEN.sub(hyphen, spaced)
            numbers |= search.numbers_in(b" ".join(joined.split()), worked)
    return numbers

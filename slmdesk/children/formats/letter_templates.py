"""Fills a Word file with a letter: a template, whose fields are such as {{subject}}, or an earlier letter, in which its
own words are taken for fields.

Nothing of the file that runs or loads something survives. Late import: python-docx is heavy.
"""

from __future__ import annotations

import copy
import io
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from lxml import etree

from slmdesk.base.errors import KnownError
from slmdesk.base.letters import BODY, FIELD, Filling, LetterPart
from slmdesk.children.formats.containers import Archive, zipped
from slmdesk.children.formats.office_xml import Package, relations_name
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.rewriting.office_parts import Speech, written
from slmdesk.children.formats.rewriting.origin import TYPES, parts_with_origin
from slmdesk.claims.deadlines.finding import is_closing, is_greeting
from slmdesk.claims.finders.numbers import find_days

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.run import Run

BODY_FIELD = f"{{{{{BODY}}}}}"
AUTHOR = "slmdesk"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
P, R = f"{{{_W}}}p", f"{{{_W}}}r"


def filled(reading: Reading, filling: Filling) -> bytes:
    """Return the letter as a Word file. Raises KnownError `letter.…`, `document.…`."""
    import docx

    document = docx.Document(io.BytesIO(harmless(reading)))
    if not FIELD.search("".join(map(_text, _paragraphs(document)))):
        as_template(document, reading.path, filling.language)
    paragraphs = [*_paragraphs(document)]
    names, known = set(FIELD.findall("\n".join(map(_text, paragraphs)))), {BODY, *filling.fields}
    if not names <= known:
        wrong, right = ", ".join(sorted(names - known)), ", ".join(sorted(known))
        raise KnownError("letter.no_field", path=reading.path, names=wrong[:200], known=right)
    if BODY not in names:
        raise KnownError("letter.no_body", path=reading.path, field=BODY_FIELD)
    speech = Speech(filling.language, filling.is_right_to_left)
    for paragraph in paragraphs:
        reading.check()
        if BODY in FIELD.findall(_text(paragraph)):
            _write_body(document, paragraph, filling.body, speech)
        else:
            _fill(paragraph, filling.fields, speech)
    _say_what_it_is(document, filling)
    out, marked = io.BytesIO(), io.BytesIO()
    document.save(out)
    with Archive.opened(Reading(reading.path, data=out.getvalue())) as archive:
        archive.write(parts_with_origin(archive.names, archive.read, filling.model, reading.path), marked)
    return marked.getvalue()


def _paragraphs(document: Document) -> Iterator[Any]:
    """Yield the paragraphs of the text, in its tables and text boxes, and of headers and footers."""
    for part in document.part.package.iter_parts():
        yield from getattr(part, "element", document.styles.element).iter(P)  # those of styles are none


def _runs(paragraph: Any) -> list[Run]:
    """Return the runs of a paragraph, without those of a text box that is anchored in it."""
    from docx.text.run import Run

    return [Run(run, paragraph) for run in paragraph.iter(R) if next(run.iterancestors(P)) is paragraph]


def _text(paragraph: Any) -> str:
    return "".join(run.text for run in _runs(paragraph))


def _put(paragraph: Any, start: int, end: int, words: str) -> None:
    """Put words in the place of some, with the look of the first of them. Word may have split a field into runs."""
    at = 0
    for run in _runs(paragraph):
        text = run.text
        first, last = max(start - at, 0), min(end - at, len(text))
        at += len(text)
        if first < last:
            run.text = text[:first] + words + text[last:]
            words = ""


def _fill(paragraph: Any, fields: Mapping[str, str], speech: Speech) -> None:
    """Fill the fields of a line. One that has nothing to say goes, with the words before it: "Your ref: "."""
    found = [*FIELD.finditer(_text(paragraph))]
    values = [fields[field[1]] for field in found]
    if not found:
        return
    if not any(values):
        _remove(paragraph)
        return
    for field, words in zip(reversed(found), reversed(values), strict=True):
        _put(paragraph, *field.span(), words)
    _mark(paragraph, speech)


def _remove(paragraph: Any) -> None:
    """Take out a paragraph, or what it says where it must stay: alone in a cell, or at the end of a section."""
    _put(paragraph, 0, len(_text(paragraph)), "")
    has_other = "preceding-sibling::*[1][self::w:p] or following-sibling::*[1][self::w:p]"
    if paragraph.xpath(f"self::w:p[{has_other}][not(.//w:sectPr)]"):
        paragraph.getparent().remove(paragraph)


def _mark(paragraph: Any, speech: Speech) -> None:
    speech.turn_paragraph(paragraph)
    for run in _runs(paragraph):
        speech.mark_run(run._r)


def _write_body(document: Document, paragraph: Any, parts: Sequence[LetterPart], speech: Speech) -> None:
    """Put the first part into the paragraph, each other one into a copy. Empty ones part them where it has no room
    below it.
    """
    if not parts:
        _remove(paragraph)
        return
    if not _has_space(document, paragraph):
        parts = [each for part in parts for each in (part, LetterPart(""))][:-1]
    lines = [paragraph, *(_copy_of(paragraph) for _part in parts[1:])]
    for line, following in pairwise(lines):
        line.addnext(following)
    for end_of_section in paragraph.xpath("./w:pPr/w:sectPr"):
        lines[-1].set_sectPr(end_of_section)
    for line, part in zip(lines, parts, strict=True):
        _put(line, 0, len(_text(line)), part.text)
        _mark(line, speech)
        if part.sources and line.xpath("self::w:p[ancestor::w:body][not(ancestor::w:txbxContent)]"):
            comment = document.add_comment(_runs(line), "\n".join(part.sources), AUTHOR)
            for said in comment.paragraphs:
                _mark(said._p, speech)


def _copy_of(paragraph: Any) -> Any:
    """Return a paragraph of the same look, without what a page has once: pictures and text boxes that are anchored in
    it, and the end of a section.
    """
    line = copy.deepcopy(paragraph)
    once = "./w:pPr/w:sectPr | .//w:drawing | .//w:pict | .//*[local-name() = 'AlternateContent']"
    for element in line.xpath(once):
        element.getparent().remove(element)
    return line


def _has_space(document: Document, paragraph: Any) -> bool:
    from docx.text.paragraph import Paragraph

    shown = Paragraph(paragraph, document._body)
    room, style = shown.paragraph_format.space_after, shown.style
    while room is None and style is not None:
        room, style = style.paragraph_format.space_after, style.base_style
    usual = document.styles.element.xpath("sum(w:docDefaults//w:spacing/@w:after)")
    return bool(usual if room is None else room)


def _say_what_it_is(document: Document, filling: Filling) -> None:
    about = document.core_properties
    about.title = filling.subject[:255]
    about.subject = about.keywords = about.category = about.last_modified_by = about.comments = ""
    if filling.model:
        about.comments = f"Draft made with {filling.model}"[:255]
    about.created = about.modified = datetime.now(UTC).replace(tzinfo=None)
    about.revision = 1


# What a file may hold that is filled

_KEPT = frozenset(
    ("officeDocument", "core-properties", "extended-properties", "styles", "stylesWithEffects", "numbering", "settings",
     "webSettings", "fontTable", "font", "theme", "header", "footer", "image", "footnotes", "endnotes")
)  # fmt: skip
"""Kinds of parts that are kept. Others run (macros, controls), load (other documents), or tell what another letter said
(comments, data of programs).
"""
_DROPPED = (
    ".//w:attachedTemplate | .//w:mailMerge | .//w:docVars | .//w:commentRangeStart | .//w:commentRangeEnd | "
    ".//w:commentReference | .//w:dataBinding | .//w:subDoc | .//w:altChunk | .//w:object | .//w:control | "
    ".//w:bookmarkStart | .//w:bookmarkEnd | .//*[@src or @*[local-name() = 'href']]"
)
"""Bookmarks too, since a paragraph is copied, and none may be there twice; the last are pictures that lie elsewhere."""
_W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
_LOST = (
    ".//*[@*[contains(namespace-uri(), 'relationships') and . = $id]]"
    "/ancestor-or-self::*[self::w:drawing or self::w:pict or not(ancestor::w:drawing or ancestor::w:pict)][1]"
    "[parent::*]"
)
"""What needs a part that is gone, with the picture it belongs to."""
_LOADING = re.compile(r"\b(?:INCLUDE\w*|DDE\w*|LINK|IMPORT|DATABASE|MACROBUTTON|AUTOTEXT\w*|RD)\b", re.IGNORECASE)
_MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def harmless(reading: Reading) -> bytes:
    """Return a Word file with nothing but text, its look and its pictures. A template or one with macros becomes a
    plain document.
    """
    files: dict[str, bytes] = {}
    with Package.opened(reading) as package:
        main = package.stored_name(package.main_part("word/document.xml"))
        types = package.parsed(TYPES)
        for element in types.xpath("*[@PartName = $name]", name=f"/{main}"):
            element.set("ContentType", _MAIN_TYPE)
        files[TYPES] = written(types)
        waiting = _related(package, "", files)[1]
        while waiting:
            name = waiting.pop()
            lost, reached = _related(package, name, files)
            is_xml = name.lower().endswith(".xml")
            files[name] = written(_cut(package.parsed(name), lost)) if is_xml else package.read(name)
            waiting |= reached - files.keys()
    return zipped(files)


def _related(package: Package, name: str, files: dict[str, bytes]) -> tuple[set[str], set[str]]:
    """Keep what a part may refer to. Return the ids of its other relations, and the parts that are reached."""
    lost, reached = set[str](), set[str]()
    root = package.tree(relations_name(name))
    if root is None:
        return lost, reached
    for relation in [*package.relations_in(root, name)]:
        part = package.stored_name(relation.part)
        if part and relation.kind in _KEPT:
            relation.element.set("Target", f"/{part}")
            reached.add(part)
        elif not (relation.is_external and relation.kind == "hyperlink"):
            lost.add(relation.id)
            root.remove(relation.element)
    folder, file = posixpath.split(name)
    files[posixpath.join(folder, "_rels", f"{file}.rels")] = written(root)
    return lost, reached


def _cut(root: etree._Element, lost: set[str]) -> etree._Element:
    spaces = {"w": _W}
    etree.strip_attributes(root, f"{{{_W14}}}paraId", f"{{{_W14}}}textId")
    doomed = root.xpath(_DROPPED, namespaces=spaces)
    for id in lost:
        doomed += root.xpath(_LOST, namespaces=spaces, id=id)
    for element in {*doomed}:
        element.getparent().remove(element)
    if _LOADING.search("".join(root.xpath("//w:instrText/text() | //w:fldSimple/@w:instr", namespaces=spaces))):
        for element in root.iter(f"{{{_W}}}instrText", f"{{{_W}}}fldSimple"):
            element.clear()
    return root


# An earlier letter as a pattern

_ENCLOSED = re.compile(r"\W*(?:anlagen?|encl(?:osures?)?|cc|pi[èe]ces? jointes?|p\.?j|anexos?)\b", re.IGNORECASE)
ADDRESS, COVERED = "\x1e", "\x1f"
_TOWN = (
    r"(?:(?:[A-Z]{1,2}[- ])?\d{4,5} +[^\W\d_]|[^\r\n]*\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?![^\r\n])|"
    r"[^\r\n]*, [A-Z]{2} \d{5}(?![^\r\n]))"
)
_LINE = r"(?:(?![^\r\n]*\d{5} +\w)[^\r\n\x1f]+[\r\n])"
"""Of an address, above its town. One with a town in it is of the sender."""
_COUNTRY = r"(?:[\r\n][A-ZÄÖÜ]{4,}(?![^\r\n]))?"
_VALUE = r"[ .]*:[ \t]*\r?([^\r\n\t]+)"
_HEAD = (
    ("recipient", ADDRESS, re.compile(rf"(?<![^\r\n])({_LINE}{{1,6}}{_TOWN}[^\r\n]*{_COUNTRY})")),
    ("your_ref", COVERED, re.compile(r"(?:ihre?|your|[vs] ?[./]) ?(?:zeichen|ref(?:erence)?|r[ée]f)" + _VALUE, re.I)),
    ("our_ref", COVERED, re.compile(r"(?:unsere?|our|n ?[./]) ?(?:zeichen|ref(?:erence)?|r[ée]f)" + _VALUE, re.I)),
    (
        "subject", COVERED,
        re.compile(r"(?:[\x1e\x1f][^\r\x1e\x1f]*\r\s*|^(?:[^\x1e\x1f]*\r)?)([^\x1e\x1f]*?\w[^\x1e\x1f]*?)\s*$"),
    ),
)  # fmt: skip
"""What stands above the text of a letter, whose paragraphs end with "\\r", and the sign that covers what was found. The
last of each is taken. The subject is all behind the others: more lines there, such as its file number, are of the old
letter. Where nothing was found it is the last line alone.
"""
_BEFORE_DAY = re.compile(r"(?<![^\r\n\t])[^\r\n\t\d]{0,25}$")


def as_template(document: Document, path: str, language: str) -> None:
    """Put fields where a letter has its own recipient, references, date, subject and text. Those that are not found
    stand above the text. Raises KnownError `letter.no_pattern`.
    """
    paragraphs = [*document.element.body.iter(P)]
    texts = [*map(_text, paragraphs)]
    begin = next((at for at, text in enumerate(texts) if is_greeting(text)), len(texts))
    ends = [at for at in range(begin + 1, len(texts)) if is_closing(texts[at])]
    if not ends or paragraphs[ends[-1]].getparent() is not paragraphs[begin].getparent():
        raise KnownError("letter.no_pattern", path=path, field=BODY_FIELD)
    for paragraph, text in zip(paragraphs[ends[-1] :], texts[ends[-1] :], strict=True):
        if _ENCLOSED.match(text):
            _remove(paragraph)
    salutation, closing = paragraphs[begin], paragraphs[ends[-1]]
    while salutation.getnext() is not closing:
        salutation.getparent().remove(salutation.getnext())
    salutation.getparent().remove(closing)
    placed = _place_fields(paragraphs[:begin], "\r".join(texts[:begin]), language)
    for name in ("recipient", "date", "subject"):
        if name not in placed:
            line = copy.deepcopy(salutation)
            _put(line, 0, len(_text(line)), f"{{{{{name}}}}}")
            salutation.addprevious(line)
    _put(salutation, 0, len(_text(salutation)), BODY_FIELD)


def _place_fields(paragraphs: Sequence[Any], head: str, language: str) -> Mapping[str, tuple[int, int]]:
    """Put fields into what stands above the text of a letter. Return their places."""
    places: dict[str, tuple[int, int]] = {}
    covered = head
    for start, end in reversed(find_days(head, language)):
        if _BEFORE_DAY.search(head, max(0, start - 30), start) and not head[end : end + 1].strip():
            places["date"] = start, end
            covered = f"{head[:start]}{COVERED * (end - start)}{head[end:]}"
    for name, sign, form in _HEAD:
        for found in [*form.finditer(covered)][-1:]:
            start, end = places[name] = found.span(1)
            covered = f"{covered[:start]}{sign * (end - start)}{covered[end:]}"
    for name, (start, end) in sorted(places.items(), key=itemgetter(1), reverse=True):
        first, last = head.count("\r", 0, start), head.count("\r", 0, end)
        at = start - head.rfind("\r", 0, start) - 1
        _put(paragraphs[first], at, at + end - start, f"{{{{{name}}}}}")
        for paragraph in paragraphs[first + 1 : last + 1]:
            _remove(paragraph)
    return places

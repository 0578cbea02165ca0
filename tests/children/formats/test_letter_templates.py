"""Word files are filled with letters: fields wherever they stand, earlier letters as patterns, nothing that runs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping

import docx
import pytest
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt

from slmdesk.base.errors import KnownError
from slmdesk.base.letters import Filling, LetterPart
from slmdesk.children.formats import docx as word
from slmdesk.children.formats.letter_templates import filled
from slmdesk.children.formats.reading import Reading

pytestmark = pytest.mark.pure
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
FIELDS = {
    "sender": "Anna Muster\nHauptstr. 1",
    "recipient": "Stadtwerke GmbH\nAm Markt 3\n54321 Köln",
    "subject": "Rechnung 4711",
    "our_ref": "",
    "your_ref": "R-4711",
    "date": "30. November 2026",
    "signature": "Anna Muster",
}
BODY = (LetterPart("Sehr geehrte Frau Keller,"), LetterPart("Die Rechnung ist bezahlt.", ("S. 1: „120 €“",), "p1"))


def saved(make: Callable[[Document], object]) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    make(document)
    document.save(out)
    return out.getvalue()


def lines(*texts: str) -> bytes:
    return saved(lambda document: [document.add_paragraph(text) for text in texts])


def written(template: bytes, *, body: tuple[LetterPart, ...] = BODY, **more: object) -> bytes:
    fields: Mapping[str, str] = more.pop("fields", FIELDS)  # type: ignore[assignment]
    return filled(Reading("own.docx", data=template), Filling(fields, body, "Rechnung 4711", **more))  # type: ignore[arg-type]


def opened(data: bytes) -> Document:
    return docx.Document(io.BytesIO(data))


def texts(data: bytes) -> list[str]:
    return [paragraph.text for paragraph in opened(data).paragraphs]


def shown(data: bytes) -> str:
    """What our own reader sees."""
    return "\n".join(page.text for page in word.read(Reading("made.docx", data=data)))


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def every(data: bytes) -> Iterator[str]:
    for part in opened(data).part.package.iter_parts():
        for paragraph in part.element.iter(qn("w:p")) if hasattr(part, "element") else ():
            yield "".join(text.text or "" for text in paragraph.iter(qn("w:t")))


def test_fields_are_filled_and_the_body_becomes_paragraphs() -> None:
    data = written(lines("{{recipient}}", "{{ date }}", "{{subject}}", "{{body}}", "{{signature}}"))
    assert texts(data) == [
        "Stadtwerke GmbH\nAm Markt 3\n54321 Köln", "30. November 2026", "Rechnung 4711",
        "Sehr geehrte Frau Keller,", "Die Rechnung ist bezahlt.", "Anna Muster",
    ]  # fmt: skip
    assert "54321 Köln" in shown(data)


def test_a_field_that_word_split_into_runs_has_the_look_of_its_beginning() -> None:
    def make(document: Document) -> None:
        paragraph = document.add_paragraph("Re: ")
        for words in ("{", "{sub", "ject", "}}!"):
            paragraph.add_run(words).bold = words == "{"
        document.add_paragraph("{{body}}")

    paragraph = opened(written(saved(make))).paragraphs[0]
    assert paragraph.text == "Re: Rechnung 4711!"
    assert [run.text for run in paragraph.runs if run.bold] == ["Rechnung 4711"]


def test_fields_in_tables_headers_footers_and_text_boxes_are_filled() -> None:
    def make(document: Document) -> None:
        document.add_table(1, 1).cell(0, 0).paragraphs[0].text = "{{recipient}}"
        document.sections[0].header.paragraphs[0].text = "{{sender}}"
        document.sections[0].footer.paragraphs[0].text = "{{your_ref}}"
        box = parse_xml(
            f'<w:pict {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml"><v:shape><v:textbox><w:txbxContent><w:p>'
            "<w:r><w:t>{{date}}</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict>"
        )
        document.add_paragraph("{{subject}}").add_run()._r.append(box)
        document.add_paragraph("{{body}}")

    said = list(every(written(saved(make))))
    assert "{{" not in "".join(said)
    assert {"Anna MusterHauptstr. 1", "R-4711", "30. November 2026"} <= set(said)


def test_what_is_anchored_in_the_body_and_the_end_of_its_section_are_there_once() -> None:
    def make(document: Document) -> None:
        box = parse_xml(
            f'<w:pict {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml"><v:shape><v:textbox><w:txbxContent><w:p>'
            "<w:r><w:t>{{date}}</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict>"
        )
        body = document.add_paragraph("{{body}}")
        body.add_run()._r.append(box)
        document.add_section()
        body._p.set_sectPr(document.paragraphs[-1]._p.pPr.sectPr)

    data = written(saved(make))
    told = [words for words in every(data) if words]
    assert told.count(FIELDS["date"]) == 1
    assert not any("{{" in words for words in told)
    assert len(opened(data).sections) == 2
    assert opened(data).paragraphs[len(BODY) - 1]._p.pPr.sectPr is not None


def test_a_line_without_a_value_goes_with_the_words_before_it() -> None:
    assert texts(written(lines("Our ref: {{our_ref}}", "{{body}}")))[0] == "Sehr geehrte Frau Keller,"
    both = texts(written(lines("Ref: {{our_ref}} / {{your_ref}}", "{{body}}")))
    assert both[0] == "Ref:  / R-4711"


def test_a_cell_whose_only_line_has_no_value_stays_empty() -> None:
    def make(document: Document) -> None:
        document.add_table(1, 1).cell(0, 0).paragraphs[0].text = "{{our_ref}}"
        document.add_paragraph("{{body}}")

    assert opened(written(saved(make))).tables[0].cell(0, 0).text == ""


def test_empty_lines_part_paragraphs_whose_style_has_no_room_below() -> None:
    def make(document: Document) -> None:
        document.styles["Normal"].paragraph_format.space_after = Pt(0)
        document.add_paragraph("{{body}}")

    assert texts(written(saved(make))) == ["Sehr geehrte Frau Keller,", "", "Die Rechnung ist bezahlt."]


def test_sources_are_comments() -> None:
    data = written(lines("{{body}}"), language="de")
    assert [comment.text for comment in opened(data).comments] == ["S. 1: „120 €“"]
    (comment,) = opened(data).comments
    assert {*comment._comment_elm.xpath(".//w:lang/@w:val")} == {"de-DE"}
    bare = tuple(LetterPart(part.text) for part in BODY)
    assert not list(opened(written(lines("{{body}}"), body=bare)).comments)


def test_sixty_paragraphs_and_a_word_without_end() -> None:
    body = (*(LetterPart(f"Absatz {at}", (f"S. {at}",)) for at in range(60)), LetterPart("x" * 5_000))
    data = written(lines("{{body}}"), body=body)
    assert texts(data) == [part.text for part in body]
    assert len(list(opened(data).comments)) == 60


def test_a_letter_from_right_to_left_is_turned() -> None:
    data = written(lines("{{body}}"), body=(LetterPart("مرحبا"),), language="ar", is_right_to_left=True)
    paragraph = opened(data).paragraphs[0]._p
    assert paragraph.find(f".//{qn('w:bidi')}") is not None
    assert paragraph.find(f".//{qn('w:rtl')}") is not None


def test_properties_say_that_a_model_wrote_and_nothing_of_another_letter() -> None:
    def make(document: Document) -> None:
        document.add_paragraph("{{body}}")
        document.core_properties.title = "Kündigung Meier"
        document.core_properties.keywords = "Meier"

    data = written(saved(make), model="Qwen 1.5B")
    about = opened(data).core_properties
    assert (about.title, about.keywords, about.comments) == ("Rechnung 4711", "", "Draft made with Qwen 1.5B")
    assert b"Qwen 1.5B" in parts(data)["docProps/custom.xml"]
    assert "docProps/custom.xml" not in parts(written(saved(make)))


@pytest.mark.parametrize(
    ("template", "code", "told"),
    [
        (lines("{{body}}", "{{recipent}}"), "letter.no_field", "recipent"),
        (lines("{{subject}}"), "letter.no_body", "own.docx"),
        (lines("Nur ein Text."), "letter.no_pattern", "own.docx"),
        (lines("Sehr geehrte Frau Keller,", "kein Gruß"), "letter.no_pattern", "own.docx"),
        (b"PK\x03\x04 broken", "document.damaged", "own.docx"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused(template: bytes, code: str, told: str) -> None:
    with pytest.raises(KnownError) as raised:
        written(template)
    assert raised.value.code == code
    assert told in str(raised.value.args_for_people)


# ---- nothing of a template runs or loads


def hostile(kind: str, target: str, *, name: str = "") -> bytes:
    def make(document: Document) -> None:
        document.add_paragraph("{{body}}")
        if name:
            part = Part(PackURI(name), "application/octet-stream", b"evil", document.part.package)
            document.part.relate_to(part, kind)
        else:
            document.part.relate_to(target, kind, is_external=True)

    return saved(make)


@pytest.mark.parametrize(
    "template",
    [
        hostile(f"{OFFICE}attachedTemplate", "https://evil.example/t.dotm"),
        hostile(RELATIONSHIP_TYPE.IMAGE, "https://evil.example/t.png"),
        hostile(f"{OFFICE}frame", "https://evil.example/t.html"),
        hostile("http://schemas.microsoft.com/office/2006/relationships/vbaProject", "", name="/word/vbaProject.bin"),
        hostile(RELATIONSHIP_TYPE.OLE_OBJECT, "", name="/word/embeddings/evil.bin"),
        hostile(f"{OFFICE}aFChunk", "", name="/word/evil.html"),
        hostile(f"{OFFICE}customXml", "", name="/customXml/evil.xml"),
    ],
)
def test_macros_objects_and_what_lies_elsewhere_are_left_out(template: bytes) -> None:
    assert b"evil" in b"".join(parts(template).values())
    assert b"evil" not in b"".join(parts(written(template)).values())


def test_a_remote_template_named_in_the_settings_goes_with_its_element() -> None:
    def make(document: Document) -> None:
        document.add_paragraph("{{body}}")
        settings = document.part._settings_part
        id = settings.relate_to("https://evil.example/t.dotm", f"{OFFICE}attachedTemplate", is_external=True)
        settings.element.append(parse_xml(f'<w:attachedTemplate {nsdecls("w", "r")} r:id="{id}"/>'))

    made = parts(written(saved(make)))
    assert b"attachedTemplate" not in b"".join(made.values())


def test_a_picture_that_lies_elsewhere_goes_with_its_drawing() -> None:
    def make(document: Document) -> None:
        id = document.part.relate_to("https://evil.example/t.png", RELATIONSHIP_TYPE.IMAGE, is_external=True)
        picture = parse_xml(
            f'<w:drawing {nsdecls("w", "a", "r")}><a:graphic><a:graphicData><a:blip r:link="{id}"/></a:graphicData>'
            "</a:graphic></w:drawing>"
        )
        document.add_paragraph("Muster GmbH").add_run()._r.append(picture)
        document.add_paragraph("{{body}}")

    data = written(saved(make))
    assert b"drawing" not in parts(data)["word/document.xml"].split(b"<w:body>")[1]
    assert texts(data)[0] == "Muster GmbH"


def test_a_drawing_of_old_word_loads_no_picture_and_no_paragraph_is_named_twice() -> None:
    def make(document: Document) -> None:
        picture = parse_xml(
            f'<w:pict {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml" '
            'xmlns:o="urn:schemas-microsoft-com:office:office"><v:shape><v:imagedata src="https://evil.example"/>'
            '<v:imagedata o:href="https://evil.example"/></v:shape></w:pict>'
        )
        document.add_paragraph("Muster GmbH").add_run()._r.append(picture)
        body = document.add_paragraph("{{body}}")._p
        body.set("{http://schemas.microsoft.com/office/word/2010/wordml}paraId", "1A2B3C4D")
        body.append(parse_xml(f'<w:bookmarkStart {nsdecls("w")} w:id="0" w:name="text"/>'))

    made = parts(written(saved(make)))["word/document.xml"]
    assert b"evil" not in made
    assert b"1A2B3C4D" not in made
    assert b"bookmark" not in made


def test_fields_that_load_files_lose_their_code_even_where_it_is_split() -> None:
    def make(document: Document) -> None:
        paragraph = document.add_paragraph("{{body}}")
        paragraph = document.add_paragraph("Muster GmbH")
        for code in ("INCLUDE", 'PICTURE "https://evil.example"'):
            paragraph.add_run()._r.append(parse_xml(f"<w:instrText {nsdecls('w')}>{code}</w:instrText>"))

    assert b"evil" not in parts(written(saved(make)))["word/document.xml"]


def test_a_template_of_word_becomes_a_document() -> None:
    template = parts(lines("{{body}}"))
    name = "[Content_Types].xml"
    for kind in (b"template.main", b"document.macroEnabled.main"):
        files = template | {
            name: template[name].replace(b"wordprocessingml.document.main", b"wordprocessingml." + kind)
        }
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for part, data in files.items():
                archive.writestr(part, data)
        assert texts(written(out.getvalue()))[0] == "Sehr geehrte Frau Keller,"


def test_comments_of_the_template_are_left_out() -> None:
    def make(document: Document) -> None:
        document.add_comment(document.add_paragraph("{{body}}").runs, "Meier zahlt nie", "Chef")

    data = written(saved(make))
    assert [comment.text for comment in opened(data).comments] == ["S. 1: „120 €“"]
    assert b"Meier" not in b"".join(parts(data).values())


# ---- an earlier letter as a pattern

OLD = (
    "Anna Muster · Hauptstr. 1 · 12345 Berlin", "Finanzamt Mitte", "Herrn Meier", "Neue Jakobstr. 6", "10179 Berlin",
    "DEUTSCHLAND", "", "Ihr Zeichen: X-99", "Berlin, den 3. April 2025", "", "Steuererklärung 2024", "Az. 7 O 118/23",
    "", "Sehr geehrter Herr Meier,",
    "", "anbei die Unterlagen vom 1. April 2025.", "", "Mit freundlichen Grüßen", "", "Anna Muster", "Anlage: Bescheid",
)  # fmt: skip


def test_a_letter_without_fields_keeps_its_head_and_end() -> None:
    data = written(lines(*OLD), language="de")
    assert [text for text in texts(data) if text] == [
        "Anna Muster · Hauptstr. 1 · 12345 Berlin", "Stadtwerke GmbH\nAm Markt 3\n54321 Köln", "Ihr Zeichen: R-4711",
        "Berlin, den 30. November 2026", "Rechnung 4711", "Sehr geehrte Frau Keller,", "Die Rechnung ist bezahlt.",
        "Anna Muster",
    ]  # fmt: skip


def test_an_english_letter_whose_day_stands_right_above_the_address() -> None:
    old = (
        "Muster Ltd", "", "3 April 2025", "Mr John Smith", "1 High Street", "London", "SW1A 1AA", "", "Claim 99", "",
        "Dear Mr Smith,", "See below.", "Yours sincerely,", "", "Anna Muster",
    )  # fmt: skip
    made = [text for text in texts(written(lines(*old), language="en")) if text]
    assert made[:4] == ["Muster Ltd", "30. November 2026", FIELDS["recipient"], "Rechnung 4711"]


def test_what_is_not_found_in_a_pattern_stands_above_the_text() -> None:
    made = texts(written(lines("Muster GmbH", "Dear Sir or Madam,", "Old text.", "Kind regards", "A. Muster")))
    assert made[:3] == ["Rechnung 4711", FIELDS["recipient"], "30. November 2026"]
    assert "Old text." not in made


def test_what_was_filled_is_a_pattern_too() -> None:
    closing = LetterPart("Mit freundlichen Grüßen")
    first = written(
        lines("{{recipient}}", "{{date}}", "{{subject}}", "{{body}}", "{{signature}}"), body=(*BODY, closing)
    )
    other = {**FIELDS, "recipient": "Bank AG\nRing 1\n50667 Köln", "subject": "Konto", "date": "1. Dezember 2026"}
    second = texts(written(first, fields=other, body=(BODY[0], LetterPart("Neu."), closing), language="de"))
    assert second == [other["recipient"], other["date"], "Konto", BODY[0].text, "Neu.", closing.text, "Anna Muster"]

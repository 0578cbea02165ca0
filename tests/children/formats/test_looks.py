"""What letters look like is carried in the text: struck, raised and lowered ones, signs of symbol fonts, boxes."""

from __future__ import annotations

import pytest
from fakes.office import ODF, RELS, WORD, docx, packed, relations
from fakes.office import odf as odf_file

from slmdesk.base.documents import BlockKind, Note, deleted, page_of
from slmdesk.children.formats import docx as word
from slmdesk.children.formats import letters, odf, pptx, rtf
from slmdesk.children.formats import text as plain
from slmdesk.children.formats.reading import PageText, Reading
from slmdesk.children.formats.text import MAX_PAGE_CHARACTERS, PageBreak, Pager, Piece
from slmdesk.tasks.versions.difference.compare import difference

pytestmark = pytest.mark.pure


def shown(pages):
    """The text of the pages, with struck words in [-…-] at their places."""
    texts = []
    for page in pages:
        text = page.text
        for block in reversed(page.blocks):
            if block.kind is BlockKind.STRUCK:
                text = f"{text[: block.start]}[-{block.place}-]{text[block.start :]}"
        texts.append(text)
    return "\f".join(texts)


def read(reader, data):
    reading = Reading("a", data=data)
    return shown(reader(reading)), reading


SHIFTED = [
    ("6", "⁶", "₆"), ("-1", "⁻¹", "₋₁"), ("n", "ⁿ", "ₙ"), ("n+1", "ⁿ⁺¹", "ₙ₊₁"), ("1,2", "^(1,2)", "_(1,2)"),
    ("Q2", "^(Q2)", "_(Q2)"), (" 2 ", " ² ", " ₂ "), ("st", "st", "st"), ("ème", "ème", "ème"), ("e", "e", "e"),
    ("o", "o", "o"), ("[1]", "[1]", "[1]"), ("TM", "TM", "TM"), ("®", "®", "®"), ("*", "*", "*"),
    ("º", "º", "º"), ("²", "²", "²"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "above", "below"), SHIFTED)
def test_shifted_letters_that_mean_something_are_told_from_others(text, above, below):
    assert (letters.raised(text), letters.lowered(text)) == (above, below)


STRUCK = [
    ("is {not }allowed", "is [-not -]allowed"),
    ("is {not} allowed", "is [-not -]allowed"),
    ("pay {30}", "pay[- 30-]"),
    ("pay {30}, then", "pay[- 30-], then"),
    ("1{2}3", "1[-2-]3"),
    ("{a} {b} c", "[-a -][-b -]c"),
    ("x {a} {b}", "x [-a -][-b-]"),
    ("a\t{b}\tc", "a\t[-b-]\tc"),
    ("a {b}\tc", "a[- b-]\tc"),
    ("a\n{b}\nc", "a\n[-b\n-]c"),
    ("{a}\nb", "[-a\n-]b"),
    ("a\n{b}", "a[-\nb-]"),
    ("a\n\n{b c}", "a\n[-\nb c-]"),
    ("{a}", "[-a-]"),
]


@pytest.mark.parametrize(("text", "expected"), STRUCK)
def test_struck_words_leave_the_text_with_the_space_that_only_they_had(text, expected):
    marked = text.replace("{", "\ue7a0").replace("}", "\ue7a1")
    made = PageText()
    for line in marked.split("\n"):
        made.add(BlockKind.PARAGRAPH, line)
    page = page_of(1, "1", marked, made.blocks if made.text == marked else ())
    assert shown([page]) == expected
    assert "".join(expected.split("[-")).replace("-]", "") == text.replace("{", "").replace("}", "")
    for block in page.blocks:
        assert block.kind is BlockKind.STRUCK or page.text[block.start : block.end].strip()
        assert 0 <= block.start <= block.end <= len(page.text)


@pytest.mark.parametrize("text", ["a\ue7a0b", "a\ue7a1b\ue7a0c", "\ue7a0\ue7a0a\ue7a1\ue7a1", "\ue7a2a\ue7a3\ue7a0b"])
def test_no_mark_without_its_counterpart_stays_in_a_text(text):
    page = page_of(1, text, text, ())
    assert not {*page.text, *page.label} & {*"\ue7a0\ue7a1\ue7a2\ue7a3"}


def test_a_text_that_has_the_marks_strikes_nothing():
    assert read(plain.read, "a\ue7a0b\ue7a1c".encode())[0] == "a\ufffdb\ue7a1c"


def test_the_label_of_a_struck_heading_is_what_is_left_of_it():
    for heading, label in (
        ("Old {name} rules", "Old rules"),
        ("{Gone}", "1"),
        ("Rules {" + "long " * 99 + "}", "Rules"),
    ):
        reading = Reading("a")
        pager = Pager(reading, has_pages=False)
        piece = Piece(BlockKind.HEADING, heading.replace("{", "\ue7a0").replace("}", "\ue7a1"), 1)
        (page,) = [*pager.take([piece, Piece(BlockKind.PARAGRAPH, "text")]), *pager.end()]
        assert page.label == label


def test_struck_words_stay_together_where_a_page_is_cut():
    long = "a " * (MAX_PAGE_CHARACTERS // 2 - 5)
    pager = Pager(Reading("a"), has_pages=True)
    text = f"{long}{deleted('words that are gone')} the end"
    pages = [*pager.take([Piece(BlockKind.PARAGRAPH, text), PageBreak()]), *pager.end()]
    assert shown(pages) == f"{long}\f[-words that are gone -]the end"


W14 = "http://schemas.microsoft.com/office/word/2010/wordml"


def run(text, properties=""):
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def up(text):
    return run(text, '<w:vertAlign w:val="superscript"/>')


def sym(font, code):
    return f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'


def typed(font, text):
    return run(text, f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}"/>')


def form(inside, result=""):
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{inside}</w:ffData></w:fldChar></w:r>'
        '<w:r><w:instrText>FORM</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'{result}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def code(text):
    begin, end = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "end"))
    return f"{begin}<w:r><w:instrText>{text[:4]}</w:instrText><w:instrText>{text[4:]}</w:instrText></w:r>{end}"


def control(about, inside=""):
    return f'<w:sdt xmlns:w14="{W14}"><w:sdtPr>{about}</w:sdtPr><w:sdtContent>{inside}</w:sdtContent></w:sdt>'


def style(name, kind, about, more=""):
    return f'<w:style w:type="{kind}" w:styleId="{name}">{more}<w:rPr>{about}</w:rPr></w:style>'


WORD_STYLES = (
    style("Gone", "character", "<w:strike/>")
    + style("Kept", "character", '<w:strike w:val="0"/>', '<w:basedOn w:val="Gone"/>')
    + style("Old", "paragraph", "<w:strike/>")
    + style("Two", "paragraph", "<w:dstrike/>")
    + style("High", "character", '<w:vertAlign w:val="superscript"/>')
    + style("Signs", "character", '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>')
)
BULLETS = "".join(
    f'<w:abstractNum w:abstractNumId="{at}"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="{sign}"/>'
    f'<w:rPr><w:rFonts w:ascii="{font}"/></w:rPr></w:lvl></w:abstractNum>'
    for at, (sign, font) in enumerate((("\uf0b7", "Symbol"), ("\uf0a8", "Wingdings"), ("☒", "MS Gothic")))
) + "".join(f'<w:num w:numId="{at + 1}"><w:abstractNumId w:val="{at}"/></w:num>' for at in range(3))
BULLETED = '<w:pPr><w:numPr><w:numId w:val="{}"/><w:ilvl w:val="0"/></w:numPr></w:pPr>'
DATA = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
LISTED = '<w:ddList>{}<w:listEntry w:val="monthly"/><w:listEntry w:val="yearly"/></w:ddList>'
MATH = (
    '<m:oMath xmlns:m="urn:m"><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>'
    "</m:oMath>"
)
ITEM = '<w:listItem w:value="q" w:displayText="Q4"/>'
WORD_ROWS = {
    "direct": (run("is ") + run("not ", "<w:strike/>") + run("allowed"), "is [-not -]allowed"),
    "double": (run("is ") + run("not ", "<w:dstrike/>") + run("allowed"), "is [-not -]allowed"),
    "off": (run("is ") + run("not ", '<w:strike w:val="0"/>') + run("allowed"), "is not allowed"),
    "runs": (run("no", "<w:strike/>") + run("t ", "<w:strike/><w:b/>") + run("all"), "[-not -]all"),
    "with a tab": (run("a", "<w:strike/><w:b/>") + "<w:r><w:rPr><w:strike/></w:rPr><w:tab/></w:r>", "[-a\t-]"),
    "blank": (run("a") + run(" ", "<w:strike/>") + run("b"), "a b"),
    "style": (run("not ", '<w:rStyle w:val="Gone"/>') + run("all"), "[-not -]all"),
    "style off": (run("not ", '<w:rStyle w:val="Kept"/>'), "not "),
    "direct off": (run("not ", '<w:rStyle w:val="Gone"/><w:strike w:val="false"/>'), "not "),
    "paragraph": ('<w:pPr><w:pStyle w:val="Old"/></w:pPr>' + run("all of it"), "[-all of it-]"),
    "twice": ('<w:pPr><w:pStyle w:val="Old"/></w:pPr>' + run("kept", '<w:rStyle w:val="Gone"/>'), "kept"),
    "paragraph double": ('<w:pPr><w:pStyle w:val="Two"/></w:pPr>' + run("all of it"), "[-all of it-]"),
    "forged": (run("a\ue7a0b\ue7a1c"), "a[?]b[?]c"),
    "forged, struck": (run("a\ue7a1b", "<w:strike/>"), "[-a[?]b-]"),
    "power": (run("10") + up("6") + run(" N, 1,500") + up("3"), "10⁶ N, 1,500³"),
    "raised runs": (run("10") + up("-") + up("1") + run(" x") + up("1") + up(",5"), "10⁻¹ x^(1,5)"),
    "ordinal": (run("the 1") + up("st") + run(" M") + up("m") + up("e"), "the 1st Mme"),
    "raised style": (run("m") + run("2", '<w:rStyle w:val="High"/>'), "m²"),
    "lowered": (run("CO") + run("2", '<w:vertAlign w:val="subscript"/>'), "CO₂"),
    "position": (run("m") + run("2", '<w:position w:val="8"/>'), "m²"),
    "moved line": (run("12 months", '<w:position w:val="8"/>'), "12 months"),
    "raised and struck": (run("m") + run("2", '<w:strike/><w:vertAlign w:val="superscript"/>'), "m[-²-]"),
    "boxes": (sym("Wingdings", "F0FE") + sym("Wingdings", "00A8") + sym("Wingdings 2", "F0A3"), "☒☐☐"),
    "signs": (sym("Symbol", "F0A3") + sym("Symbol", "F0B3") + sym("Webdings", "F061"), "≤≥✓"),
    "another font": (sym("MS Gothic", "2612"), "☒"),
    "typed": (typed("Symbol", "a £ b – ≤"), "α ≤ β – ≤"),
    "private": (typed("Wingdings", "\uf0e0\uf0fc"), "→✓"),
    "typed by style": (run("þ", '<w:rStyle w:val="Signs"/>') + run("þ"), "☒þ"),
    "theme": (run("þ", '<w:rStyle w:val="Signs"/><w:rFonts w:asciiTheme="minor" w:hAnsiTheme="minor"/>'), "þ"),
    "one font of two": (run("aµ", '<w:rFonts w:ascii="Arial" w:hAnsi="Symbol"/>'), "a∝"),
    "bullet": (BULLETED.format(1) + run("rent"), "rent"),
    "box bullet": (BULLETED.format(2) + run("rent"), "☐ rent"),
    "ticked bullet": (BULLETED.format(3) + run("rent", "<w:strike/>"), "[-☒ rent-]"),
    "checked": (form('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>') + run(" pet"), "☒ pet"),
    "unchecked": (form('<w:checkBox><w:default/><w:checked w:val="0"/></w:checkBox>'), "☐"),
    "by default": (form("<w:checkBox><w:default/></w:checkBox>") + form("<w:checkBox/>"), "☒☐"),
    "list": (form(LISTED.format('<w:result w:val="1"/>')), "yearly"),
    "list by default": (form(LISTED.format('<w:default w:val="1"/>')) + form(LISTED.format("")), "yearlymonthly"),
    "list, wrong": (form(LISTED.format('<w:result w:val="7"/>')), ""),
    "text": (form('<w:textInput><w:default w:val="none"/></w:textInput>', run("900")), "900"),
    "text by default": (form('<w:textInput><w:default w:val="none"/></w:textInput>'), "none"),
    "control": (control('<w14:checkbox><w14:checked w14:val="1"/></w14:checkbox>', run("■")), "☒"),
    "control off": (control('<w14:checkbox><w14:checked w14:val="0"/></w14:checkbox>'), "☐"),
    "chosen": (control(f'<w:dropDownList w:lastValue="q">{ITEM}</w:dropDownList>'), "Q4"),
    "chosen and shown": (control('<w:dropDownList w:lastValue="q"/>', run("quarterly")), "quarterly"),
    "one letter shown": (control(f'<w:dropDownList w:lastValue="q">{ITEM}</w:dropDownList>', run("A")), "A"),
    "date": (control('<w:date w:fullDate="2026-03-01T00:00:00Z"/>'), "2026-03-01"),
    "formula": (run("1") + MATH, "1 1/2"),
    "field of a fraction": (run("pays 1") + code(" EQ \\f(1;2) ") + run(" of it"), "pays 1 1/2 of it"),
    "field": (code(" PAGEREF x ") + run("a"), "a"),
}  # fmt: skip


@pytest.mark.parametrize("name", WORD_ROWS)
def test_looks_of_word(name):
    inside, expected = WORD_ROWS[name]
    parts = {
        "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{WORD_STYLES}</w:styles>',
        "word/numbering.xml": f'<w:numbering xmlns:w="{WORD}">{BULLETS}</w:numbering>',
    }
    assert read(word.read, docx(f"<w:p>{inside}</w:p>", parts))[0] == expected


def test_what_word_hides_in_parts_of_its_own_is_read_or_named():
    points = "".join(f"<pt><t><p><r><t>{text}</t></r></p></t></pt>" for text in ("Notice by March", "Deposit back"))
    parts = {
        "word/d.xml": f'<d:dataModel xmlns:d="{DATA}" xmlns="urn:a">{points}</d:dataModel>',
        "word/header1.xml": f'<w:hdr xmlns:w="{WORD}" xmlns:v="urn:v"><w:p><w:r><w:pict><v:shape>'
        '<v:textpath string="DRAFT"/></v:shape></w:pict></w:r></w:p></w:hdr>',
        "word/chart.xml": '<c:chartSpace xmlns:c="urn:c" xmlns:a="urn:a"><c:title><a:t>Rents 2026</a:t></c:title>'
        '<c:chart><c:plotArea><c:pieChart><c:ser><c:cat><c:strRef><c:strCache><c:pt idx="0"><c:v>East</c:v></c:pt>'
        '<c:pt idx="1"><c:v>West</c:v></c:pt></c:strCache></c:strRef></c:cat></c:ser></c:pieChart></c:plotArea>'
        "</c:chart></c:chartSpace>",
        "word/_rels/document.xml.rels": relations(diagramData="d.xml", header="header1.xml", chart="chart.xml"),
    }
    chart = f'<w:r><w:drawing><c:chart xmlns:c="urn:c" xmlns:r="{RELS}" r:id="r3"/></w:drawing></w:r>'
    drawing = f'<w:r><w:drawing><d:relIds xmlns:d="{DATA}" xmlns:r="{RELS}" r:dm="r{{}}"/></w:drawing></w:r>'
    objects = '<w:r><w:object><o:OLEObject xmlns:o="urn:o" ProgID="{}"/></w:object></w:r>'
    body = "".join((drawing.format(1), drawing.format(9), *map(objects.format, ("Equation.3", "Excel.Sheet.12"))))
    body += chart + "<w:r><w:object><w:control/></w:object></w:r>" + code(r" EQ \r(2;x) ")
    text, reading = read(word.read, docx(f"<w:p>{body}</w:p>{MATH}", parts))
    assert text == "DRAFT\nNotice by March\nDeposit back\nRents 2026\n\tEast\tWest\n1/2"
    assert reading.names[Note.PARTS_UNREAD] == ("diagram", "formula", "embedded file", "form field")


def test_signs_that_no_letter_stands_for_are_named():
    body = sym("Wingdings", "F0FF") + run("\uf0fc") + sym("Logos", "F041") + typed("Wingdings 3", "ÿ")
    text, reading = read(word.read, docx(f"<w:p>{body}</w:p>"))
    assert text == "[?][?][?][?]"
    assert reading.names[Note.SIGNS_UNKNOWN] == ("Wingdings FF", "U+F0FC", "Logos U+F041", "Wingdings 3 FF")


def part(text, properties="", inside=""):
    return f"<a:r><a:rPr {properties}>{inside}</a:rPr><a:t>{text}</a:t></a:r>"


SLIDE_ROWS = {
    "struck": (part("is ") + part("not ", 'strike="sngStrike"') + part("allowed"), "is [-not -]allowed"),
    "double": (part("is ") + part("not ", 'strike="dblStrike"') + part("it", 'strike="noStrike"'), "is [-not -]it"),
    "forged": (part("a\ue7a0b\ue7a1c"), "a[?]b[?]c"),
    "power": (part("10") + part("6", 'baseline="30000"') + part(" CO") + part("2", 'baseline="-25%"'), "10⁶ CO₂"),
    "raised runs": (part("1") + part("s", 'baseline="30%"') + part("t", 'baseline="30%"'), "1st"),
    "not raised": (part("10") + part("6", 'baseline="0"'), "106"),
    "typed": (part("þ a", inside='<a:latin typeface="Wingdings"/>'), "☒ ♋"),
    "private": (part("é\uf0e0", inside='<a:latin typeface="Arial"/><a:sym typeface="Wingdings"/>'), "é→"),
    "unknown": (part("\uf0e0", inside='<a:latin typeface="Arial"/>'), "[?]"),
    "tab stops": ('<a:pPr><a:tabLst><a:tab pos="9"/></a:tabLst></a:pPr>' + part("a"), "a"),
    "bullet": ('<a:pPr><a:buFont typeface="Wingdings"/><a:buChar char="§"/></a:pPr>' + part("rent"), "rent"),
    "box": ('<a:pPr><a:buFont typeface="Wingdings"/><a:buChar char="o"/></a:pPr>' + part("rent"), "☐ rent"),
    "formula": (part("pays 1") + f'<a14:m xmlns:a14="urn:n">{MATH}</a14:m>' + part(" of it"), "pays 1 1/2 of it"),
}


@pytest.mark.parametrize("name", SLIDE_ROWS)
def test_looks_of_slides(name):
    inside, expected = SLIDE_ROWS[name]
    shape = f"<p:sp><p:txBody><a:p>{inside}</a:p></p:txBody></p:sp>"
    objects = '<p:graphicFrame><p:oleObj progId="Excel.Sheet.12"/></p:graphicFrame>'
    data = packed(
        {
            "_rels/.rels": relations(officeDocument="ppt/presentation.xml"),
            "ppt/presentation.xml": f'<p:presentation xmlns:p="urn:p" xmlns:r="{RELS}"><p:sldIdLst><p:sldId r:id="r1"/>'
            "</p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": relations(slide="slides/slide1.xml"),
            "ppt/slides/slide1.xml": f'<p:sld xmlns:p="urn:p" xmlns:a="urn:a"><p:cSld><p:spTree>{shape}{objects}'
            "</p:spTree></p:cSld></p:sld>",
        }
    )
    text, reading = read(pptx.read, data)
    assert text == expected
    assert reading.names[Note.PARTS_UNREAD] == ("embedded file",)


def odf_style(name, about, parent=""):
    named = f'style:name="{name}" style:parent-style-name="{parent}"'
    return f"<style:style {named}><style:text-properties {about}/></style:style>"


def span(style_name, text):
    return f'<text:span text:style-name="{style_name}">{text}</text:span>'


ODF_STYLES = (
    odf_style("Gone", 'style:text-line-through-style="solid" style:text-line-through-type="double"')
    + odf_style("T1", 'fo:color="#000000"', "Gone")
    + odf_style("Kept", 'style:text-line-through-style="none"', "Gone")
    + odf_style("Up", 'style:text-position="super 58%"')
    + odf_style("Up2", 'style:text-position="33% 58%"')
    + odf_style("Down", 'style:text-position="-10% 58%"')
    + odf_style("Line", 'style:text-position="0% 100%"')
    + odf_style("Signs", 'style:font-name="Wingdings1"')
    + odf_style("Usual", 'style:font-name="Arial"')
    + '<text:list-style style:name="L"><text:list-level-style-bullet text:level="1" text:bullet-char="\uf0a8">'
    '<style:text-properties style:font-name="Wingdings"/></text:list-level-style-bullet></text:list-style>'
)
FACES = '<office:font-face-decls><style:font-face style:name="Wingdings1" svg:font-family="Wingdings"/>'
FORMS = (
    '<office:forms><form:form><form:checkbox form:id="c1" form:label="Yes" form:current-state="checked"/>'
    '<form:checkbox form:id="c2" form:label="No" form:current-state="unchecked"/>'
    '<form:radio form:id="c3" form:label="Card" form:current-selected="true"/><form:listbox form:id="c4">'
    '<form:option form:label="a"/><form:option form:label="b" form:current-selected="true"/></form:listbox>'
    '<form:text form:id="c5" form:current-value="Kim"/></form:form></office:forms>'
)
MARK = '<field:fieldmark field:type="vnd.oasis.opendocument.field.FORM{}">{}</field:fieldmark>'
PARAM = '<field:param field:name="{}" field:value="{}"/>'
ENTRIES = PARAM.format("Dropdown_ListEntry", "monthly") + PARAM.format("Dropdown_ListEntry", "yearly")
OBJECT = '<draw:frame><draw:object xlink:href="./{}"/><draw:image/></draw:frame>'
CONTROLS = "".join(f'<draw:control draw:control="c{at}"/>, ' for at in range(1, 7))
ODF_ROWS = {
    "struck": (f"is {span('Gone', 'not ')}allowed", "is [-not -]allowed"),
    "inherited": (f"is {span('T1', 'not ')}allowed{span('Kept', '!')}", "is [-not -]allowed!"),
    "within": (span("Gone", f"a{span('Up', '2')}<text:s/>{span('Kept', 'b')}"), "[-a² -]b"),
    "forged": ("a\ue7a0b\ue7a1c", "a[?]b[?]c"),
    "power": (f"10{span('Up', '6')} N, 1{span('Up', 's')}{span('Up', 't')}", "10⁶ N, 1st"),
    "percent": (f"m{span('Up2', '2')} CO{span('Down', '2')} a{span('Line', '2')}", "m² CO₂ a2"),
    "signs": (span("Signs", "þ\uf0e0") + " þ " + span("Signs", span("Usual", "þ")), "☒→ þ þ"),
    "fields": (CONTROLS, "☒ Yes, ☐ No, ☒ Card, b, Kim, , "),
    "marks": (
        MARK.format("CHECKBOX", PARAM.format("Checkbox_Checked", "true")) + MARK.format("CHECKBOX", "")
        + MARK.format("DROPDOWN", ENTRIES + PARAM.format("Dropdown_Selected", "1")),
        "☒☐yearly",
    ),
    "formula": (f"pays 1{OBJECT.format('Half')} of it", "pays 1 1/2 of it"),
    "chart": (f"see{OBJECT.format('Chart')}{OBJECT.format('None')}", "see"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODF_ROWS)
def test_looks_of_opendocument(name):
    inside, expected = ODF_ROWS[name]
    more = 'xmlns:form="urn:form" xmlns:field="urn:field" xmlns:xlink="urn:xlink"'
    half = '<math xmlns="urn:math"><mfrac><mn>1</mn><mn>2</mn></mfrac></math>'
    parts = {
        "Half/content.xml": half,
        "Chart/content.xml": '<o:c xmlns:o="urn:o"><o:body><o:chart/></o:body></o:c>',
        "styles.xml": f"<office:document-styles {ODF}>{FACES}</office:font-face-decls></office:document-styles>",
    }
    body = f"<text:section {more}>{FORMS}<text:p>{inside}</text:p></text:section>"
    text, reading = read(odf.read_odt, odf_file("text", body, parts, styles=ODF_STYLES))
    assert text.removesuffix("\n") == expected
    unread = {"fields": ("form field",), "chart": ("chart", "embedded file")}
    assert reading.names.get(Note.PARTS_UNREAD, ()) == unread.get(name, ())


def test_looks_of_opendocument_lists_and_cells():
    body = '<text:list text:style-name="L"><text:list-item><text:p>rent</text:p></text:list-item></text:list>'
    assert read(odf.read_odt, odf_file("text", body, styles=ODF_STYLES))[0] == "☐ rent"
    row = (
        '<table:table table:name="A"><table:table-column table:number-columns-repeated="2"/>'
        '<table:table-column table:default-cell-style-name="T1" table:number-columns-repeated="2"/>'
        "<table:table-row><table:table-cell><text:p>Fee</text:p></table:table-cell>"
        '<table:table-cell table:style-name="T1" office:value-type="float"><text:p>30</text:p></table:table-cell>'
        f"<table:table-cell table:style-name='Line'><text:p>10{span('Up', '6')}</text:p></table:table-cell>"
        "<table:table-cell><text:p>old</text:p></table:table-cell></table:table-row></table:table>"
    )
    assert read(odf.read_ods, odf_file("spreadsheet", row, styles=ODF_STYLES))[0] == "Fee\t[-30-]\t10⁶\t[-old-]"


FONTS = (
    r"{\fonttbl{\f0\fswiss Arial;}{\f3\froman\fcharset2{\*\panose 0505}Symbol{\*\falt x};}{\f14\fcharset2 Wingdings;}}"
    r"{\stylesheet{\s1\strike Old;}}"
)
RTF_ROWS = {
    "struck": (r"is {\strike not }allowed", "is [-not -]allowed"),
    "double": (r"is \striked1 not \striked0 allowed", "is [-not -]allowed"),
    "toggled": (r"is \strike not \strike0 allowed {\strike\plain yes}", "is [-not -]allowed yes"),
    "paragraphs": (r"{\strike a\par b}\par c", "[-a\n-][-b\n-]c"),
    "lines": (r"{\strike a\line b\tab c}", "[-a\n-][-b\tc-]"),
    "cells": (r"\trowd\intbl {\strike a}\cell b\cell\row", "[-a-]\tb"),
    "note": (r"{\strike a{\footnote\plain one}b} c", "[-a-][1][-b-] c\n[1] one"),
    "note that is struck": (r"a{\footnote\strike one} c", "a[1] c\n[1][- one-]"),
    "forged": ("a\\u-6240?b\\u-6239?c", "a[?]b[?]c"),
    "power": (r"10{\super 6} N, CO{\sub 2}, 1{\super st}, 5\super 2\nosupersub  m", "10⁶ N, CO₂, 1st, 5² m"),
    "raised runs": (r"10{\super -}{\super 1}", "10⁻¹"),
    "half points": (r"m{\up8 2} x{\dn6 1} {\up8 12 months} a{\up2 2}", "m² x₁ 12 months a2"),
    "private": (r"{\f14\u-3842?\u-3928\'3f} {\f3 \u-3933 ?}", "☒☐ ≤"),
    "private without fallback": (r"{\f14\uc0\u-3842 \u-3928 }b", "☒☐b"),
    "unknown": (r"\u-3842?b", "[?]b"),
    "typed": (r"{\f14 \'fe a}{\f3 a \'a3 b\'b1 \u8805?\u8805\'3f} \'fe", "☒ ♋α ≤ β± ≥≥ þ"),
    "hands": (r"{\f14 A}c", "✌c"),
    "list": (r"{\pntext\f14\'a8\tab}rent\par", "☐ rent"),
    "field": (r'a {\field{\*\fldinst SYMBOL 254 \\f "Wingdings" \\s 12}{\fldrslt\f14\fs24}} b', "a ☒ b"),
    "field and result": (r'{\field{\*\fldinst SYMBOL 254 \\f "Wingdings"}{\fldrslt{\f14\'fe}}} b', "☒ b"),
    "checked": (r"{\field{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres1}}}{\fldrslt}} pet", "☒ pet"),
    "by default": (r"{\field{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres25\ffdefres0}}}{\fldrslt }} x", "☐ x"),
    "choice": (
        r"paid {\field{\*\fldinst FORMDROPDOWN {\*\formfield{\fftype2\ffres1{\*\ffl monthly}{\*\ffl yearly}}}}"
        r"{\fldrslt}}.",
        "paid yearly.",
    ),
    "text": (r"{\field{\*\fldinst FORMTEXT {\*\formfield{\fftype0}}}{\fldrslt 900}}", "900"),
}  # fmt: skip


@pytest.mark.parametrize("name", RTF_ROWS)
def test_looks_of_rich_text(name):
    inside, expected = RTF_ROWS[name]
    assert read(rtf.read, rf"{{\rtf1\ansi\ansicpg1252{FONTS}{inside}}}".encode("latin-1"))[0] == expected


def test_objects_of_rich_text_are_named():
    objects = r"{\object\objemb{\*\objclass Equation.3}{\*\objdata 01}{\result x}}{\object{\*\objclass Excel}}"
    field = r"{\field{\*\fldinst {\f1 EQ \\r(2;x)}}{\fldrslt }}"
    _, reading = read(rtf.read, rf"{{\rtf1 {objects}}}".encode())
    assert reading.names[Note.PARTS_UNREAD] == ("formula", "embedded file")
    for formula in (r"{\mmath{\*\moMath 1}}", field):
        _, reading = read(rtf.read, rf"{{\rtf1 {formula}}}".encode())
        assert reading.names[Note.PARTS_UNREAD] == ("formula",)


def test_what_only_its_look_says_is_a_difference():
    def pages(*runs):
        return [*word.read(Reading("a", data=docx("".join(f"<w:p>{inside}</w:p>" for inside in runs))))]

    struck = run("The tenant is ") + run("not ", "<w:strike/>") + run("allowed.")
    old = pages(
        struck, run("Notice: ") + run("30", "<w:strike/>") + run(" 60 days."), sym("Wingdings", "F0FE") + run(" Yes")
    )
    new = pages(run("The tenant is not allowed."), run("Notice: 30 60 days."), sym("Wingdings", "F0A8") + run(" Yes"))
    changes = difference(old, new).changes
    assert [(change.old, change.new) for change in changes] == [
        ("The tenant is allowed.", "The tenant is not allowed."),
        ("Notice: 60 days.", "Notice: 30 60 days."),
        ("☒ Yes", "☐ Yes"),
    ]
    assert [page.block_count for page in (*old, *new)] == [3, 3]


@pytest.mark.parametrize(
    ("old", "new"), [("1.234,56-", "1.234,56"), ("(45,00)", "45,00"), ("1.234,56 S", "1.234,56 H")]
)
def test_the_sign_of_an_amount_is_a_difference(old, new):
    before, after = (
        [*plain.read(Reading("a", data=f"The balance\n\nTotal: {amount}\n".encode()))] for amount in (old, new)
    )
    assert difference(before, after).changes
    assert not difference(before, before).changes

"""Pairs of papers that differ in a sign, a stroke or a height of letters alone: comparing them shows it."""

from __future__ import annotations

import pytest
from fakes.office import docx, odf, packed, paragraph, relations, xlsx

from slmdesk.base.documents import Page, format_named
from slmdesk.formats.reading import Reading, reader_of
from slmdesk.text.difference.compare import difference

pytestmark = pytest.mark.pure

W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def word(inside: str, style: str = "") -> bytes:
    """A clause of Word with this in its middle."""
    body = (
        f"{paragraph('The parties agree as follows.')}<w:p>{run('The rent is ')}{inside}{run(' due in advance.')}</w:p>"
    )
    if not style:
        return docx(body)
    styles = f'<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">{style}</w:styles>'
    return docx(body, {"word/styles.xml": styles}, rels={"styles": "styles.xml"})


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


def sym(code: str, font: str = "Wingdings") -> str:
    return f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'


def control(state: str) -> str:
    return (
        f'<w:sdt xmlns:w14="{W14}"><w:sdtPr><w14:checkbox><w14:checked w14:val="{state}"/></w14:checkbox></w:sdtPr>'
        f"<w:sdtContent>{run('o')}</w:sdtContent></w:sdt>"
    )


def old_field(inside: str, kind: str) -> str:
    return (
        f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="x"/>{inside}</w:ffData></w:fldChar></w:r>'
        f"<w:r><w:instrText>{kind}</w:instrText></w:r>"
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def choice(number: int) -> str:
    entries = '<w:listEntry w:val="monthly"/><w:listEntry w:val="quarterly"/>'
    return old_field(f'<w:ddList><w:result w:val="{number}"/>{entries}</w:ddList>', "FORMDROPDOWN")


def formula(inside: str) -> str:
    return f'<m:oMath xmlns:m="{MATH}">{inside}</m:oMath>'


def math_run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def fraction(above: str, below: str) -> str:
    return formula(f"<m:f><m:num>{math_run(above)}</m:num><m:den>{math_run(below)}</m:den></m:f>")


def power(base: str, exponent: str) -> str:
    return formula(f"<m:sSup><m:e>{math_run(base)}</m:e><m:sup>{math_run(exponent)}</m:sup></m:sSup>")


DEBIT = "0.00 &quot;Cr&quot;;0.00 &quot;Dr&quot;"
STYLE = '<w:style w:type="character" w:styleId="Gone"><w:name w:val="Gone"/><w:rPr><w:strike/></w:rPr></w:style>'


def slide(properties: str) -> bytes:
    a = "http://schemas.openxmlformats.org/drawingml/2006/main"
    p = "http://schemas.openxmlformats.org/presentationml/2006/main"
    shape = (
        f'<p:sld xmlns:p="{p}" xmlns:a="{a}"><p:cSld><p:spTree><p:sp><p:txBody><a:p><a:r><a:t>The rent is 10</a:t>'
        f"</a:r><a:r><a:rPr {properties}/><a:t>6</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>"
    )
    r = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    listed = '<p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst>'
    show = f'<p:presentation xmlns:p="{p}" xmlns:r="{r}">{listed}</p:presentation>'
    return packed(
        {
            "_rels/.rels": relations(officeDocument="ppt/presentation.xml"),
            "ppt/presentation.xml": show,
            "ppt/_rels/presentation.xml.rels": relations(slide="slides/slide1.xml"),
            "ppt/slides/slide1.xml": shape,
        }
    )


def open_text(properties: str) -> bytes:
    style = f'<style:style style:name="T1" style:family="text"><style:text-properties {properties}/></style:style>'
    body = '<text:p>The rent is 10<text:span text:style-name="T1">6</text:span> euros.</text:p>'
    return odf("text", body, styles=style)


def rich(inside: str) -> bytes:
    fonts = r"{\fonttbl{\f0 Arial;}{\f1\fcharset2 Wingdings;}{\f2\fcharset2 Symbol;}}"
    return (r"{\rtf1\ansi " + fonts + r"\f0 The rent is 10" + inside + r" euros.\par}").encode()


def page(inside: str) -> bytes:
    return f"<html><body><p>The rent is 10{inside} euros.</p></body></html>".encode()


def sheet(value: str, form: str) -> bytes:
    styles = (
        '<styleSheet xmlns="urn:x"><numFmts count="1">'
        f'<numFmt numFmtId="164" formatCode="{form}"/></numFmts><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="164"/></cellXfs></styleSheet>'
    )
    rows = f'<sheetData><row r="1"><c r="A1" s="1"><v>{value}</v></c></row></sheetData>'
    return xlsx({"S": rows}, {"xl/styles.xml": styles})


def text(line: str) -> bytes:
    return f"Balance of the account\n\nTotal: {line}\n".encode()


def mail(second: str) -> bytes:
    return (
        "From: a@b.example\r\nTo: c@d.example\r\nSubject: Rent\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n'
        "This message needs an HTML reader.\r\n--x\r\nContent-Type: text/html\r\n\r\n"
        f"<p>The rent rises to {second} from 1 June.</p>\r\n--x--\r\n"
    ).encode()


PAIRS = {
    "a box of Wingdings": ("docx", word(sym("F0FE")), word(sym("F0A8"))),
    "a box typed in Wingdings": (
        "docx", word(run("þ", '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>')),
        word(run("o", '<w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/>')),
    ),
    "a private-use letter of Symbol": (
        "docx", word(run("\uf0a3", '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>')),
        word(run("\uf0b3", '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>')),
    ),
    "a sign of Symbol": ("docx", word(sym("F0A3", "Symbol")), word(sym("F0B3", "Symbol"))),
    "a sign of Webdings": ("docx", word(sym("F061", "Webdings")), word(sym("F072", "Webdings"))),
    "a content control": ("docx", word(control("1")), word(control("0"))),
    "an old box": (
        "docx", word(old_field('<w:checkBox><w:checked w:val="1"/></w:checkBox>', "FORMCHECKBOX")),
        word(old_field('<w:checkBox><w:checked w:val="0"/></w:checkBox>', "FORMCHECKBOX")),
    ),
    "an old list": ("docx", word(choice(0)), word(choice(1))),
    "a struck word": ("docx", word(run("not", "<w:strike/>")), word(run("not"))),
    "a word struck twice": ("docx", word(run("not", "<w:dstrike/>")), word(run("not"))),
    "a word struck by its style": (
        "docx", word(run("not", '<w:rStyle w:val="Gone"/>'), STYLE), word(run("not"), STYLE),
    ),
    "a stroke taken back": (
        "docx", word(run("not", '<w:rStyle w:val="Gone"/><w:strike w:val="0"/>'), STYLE),
        word(run("not", '<w:rStyle w:val="Gone"/>'), STYLE),
    ),
    "a superscript": (
        "docx", word(run("10") + run("6", '<w:vertAlign w:val="superscript"/>')), word(run("106")),
    ),
    "a subscript": ("docx", word(run("x") + run("2", '<w:vertAlign w:val="subscript"/>')), word(run("x2"))),
    "a superscript and a subscript": (
        "docx", word(run("x") + run("2", '<w:vertAlign w:val="subscript"/>')),
        word(run("x") + run("2", '<w:vertAlign w:val="superscript"/>')),
    ),
    "a fraction": ("docx", word(fraction("1", "2")), word(run("12"))),
    "a power": ("docx", word(power("1.05", "3")), word(run("1.053"))),
    "a struck word of a slide": ("pptx", slide('strike="sngStrike"'), slide("")),
    "a raised letter of a slide": ("pptx", slide('baseline="30000"'), slide("")),
    "a struck word of OpenDocument": ("odt", open_text('style:text-line-through-style="solid"'), open_text("")),
    "a raised letter of OpenDocument": ("odt", open_text('style:text-position="super 58%"'), open_text("")),
    "a struck word of RTF": ("rtf", rich(r"{\strike 6}"), rich("6")),
    "a raised letter of RTF": ("rtf", rich(r"{\super 6}"), rich("6")),
    "a sign of RTF": ("rtf", rich(r"{\f2\u-3933?}"), rich(r"{\f2\u-3917?}")),
    "a deleted price": ("html", page(" <del>99</del> 120"), page(" 99 120")),
    "a raised letter of a page": ("html", page("<sup>6</sup>"), page("6")),
    "a chosen option": (
        "html", page(" <select><option selected>monthly</option><option>quarterly</option></select>"),
        page(" <select><option>monthly</option><option selected>quarterly</option></select>"),
    ),
    "a box of a page": (
        "html", page(' <label><input type="checkbox" checked>Pets</label>'),
        page(' <label><input type="checkbox">Pets</label>'),
    ),
    "a fraction of a page": ("html", page(" <math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>"), page(" 12")),
    "a negative amount of a sheet": ("xlsx", sheet("-12.5", "0.00;(0.00)"), sheet("12.5", "0.00;(0.00)")),
    "a credit of a sheet": ("xlsx", sheet("-12.5", DEBIT), sheet("12.5", DEBIT)),
    "a minus behind": ("txt", text("1.234,56-"), text("1.234,56")),
    "an amount in brackets": ("txt", text("(45,00)"), text("45,00")),
    "debit and credit": ("txt", text("1.234,56 S"), text("1.234,56 H")),
    "what only one form of a mail says": ("eml", mail("950 EUR"), mail("905 EUR")),
}  # fmt: skip


def pages_of(form: str, data: bytes) -> list[Page]:
    reading = Reading(f"paper{format_named(form).suffixes[0]}", data=data)
    return list(reader_of(form)(reading))


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_that_differs_in_meaning_alone_differs(name: str) -> None:
    form, old, new = PAIRS[name]
    before, after = pages_of(form, old), pages_of(form, new)
    assert difference(before, after).changes, (before[0].text, after[0].text)
    assert not difference(before, pages_of(form, old)).changes

"""Office files given back with other words: everything but the words is what it was."""

from __future__ import annotations

import email
import email.policy
import io
import re
from email.message import EmailMessage

import pytest
from fakes.office import WORD, docx, field, odf, packed, parts_of, relations, run, xlsx
from fakes.rewritten import left, pieces_of, texts, written
from fakes.small_documents import book as electronic_book

from slmdesk.base.documents import TRANSLATABLE
from slmdesk.base.errors import KnownError
from slmdesk.children.formats.reading import READERS, REWRITERS, Reading, rewriter_of
from slmdesk.children.formats.rewriting import docx as word
from slmdesk.children.formats.rewriting import odf as open_document
from slmdesk.children.formats.rewriting import pptx_xlsx
from slmdesk.children.formats.rewriting.rewriters import Options, Rewriting, Unit, written_to

pytestmark = pytest.mark.pure


def rewritten(rewriter, data, change=str.upper, **options):
    """The parts of the file with its units changed, and which of them are others now."""
    made = written(rewriter, data, change, **options)
    old, new = parts_of(data), parts_of(made)
    assert [*old] == [*new]
    return {name: part.decode() for name, part in new.items()}, [name for name in old if old[name] != new[name]]


def bare(xml):
    """XML without its namespaces and run markup, to be read by people."""
    xml = re.sub(r' xmlns(:\w+)?="[^"]*"', "", xml)
    return re.sub(r' xml:space="preserve"', "", xml)


def test_runs_that_look_alike_are_one_text_and_others_are_tagged():
    data = docx(
        "<w:p>"
        + run("The ", "<w:lang w:val='en'/>")
        + run("rent is ")
        + run("900 euros", "<w:b/>")
        + run(" a month.", "<w:noProof/>")
        + "</w:p>"
    )
    assert texts(word.rewrite, data) == ["The rent is <1>900 euros</1> a month."]
    parts, changed = rewritten(
        word.rewrite, data, {"The rent is <1>900 euros</1> a month.": "<1>900 Euro</1> beträgt die Miete."}
    )
    assert changed == ["word/document.xml"]
    assert "<w:r><w:rPr><w:b/></w:rPr><w:t>900 Euro</w:t></w:r>" in bare(parts["word/document.xml"])
    assert "beträgt die Miete." in parts["word/document.xml"]
    assert "rent" not in parts["word/document.xml"]


def test_signs_of_symbol_fonts_are_words_of_the_text():
    def sign(font, code):
        return f"<w:r><w:sym w:font='{font}' w:char='{code}'/></w:r>"

    wingdings = "<w:rFonts w:ascii='Wingdings' w:hAnsi='Wingdings'/>"
    paragraphs = (
        run("Angle 90") + sign("Symbol", "F0B0") + run(", tolerance ") + sign("Symbol", "F0B1") + run("5"),
        run("Yes ") + run("\uf0fe", wingdings) + run(" No ", "<w:b/>") + run("¨", wingdings) + run(" maybe not."),
        run("Ends here ") + sign("Wingdings", "F0FD") + run(" now ") + sign("Unknown", "F041"),
    )
    data = docx("".join(f"<w:p>{runs}</w:p>" for runs in paragraphs))
    requested = ["Angle 90°, tolerance ±5", "Yes ☒<1> No </1>☐ maybe not.", "Ends here ☒ now"]
    assert texts(word.rewrite, data) == requested
    parts, _ = rewritten(word.rewrite, data, str)
    xml = bare(parts["word/document.xml"])
    assert "Wingdings" not in xml
    assert 'w:font="Unknown"' in xml
    assert re.sub("<[^>]*>", "", xml).strip() == "Angle 90°, tolerance ±5Yes ☒ No ☐ maybe not.Ends here ☒ now"


def test_links_pictures_and_notes_keep_their_place_among_the_words():
    body = (
        "<w:p>"
        + run("See ")
        + "<w:hyperlink r:id='r9'>"
        + run("the law", "<w:u w:val='single'/>")
        + "</w:hyperlink>"
        + run(" here")
        + "<w:r><w:footnoteReference w:id='2'/></w:r>"
        + run(" now.")
        + "</w:p>"
    )
    data = docx(body)
    assert texts(word.rewrite, data) == ["See <1>the law</1> here<2/> now."]
    parts, _ = rewritten(
        word.rewrite, data, {"See <1>the law</1> here<2/> now.": "Jetzt hier<2/> siehe <1>das Gesetz</1>."}
    )
    xml = bare(parts["word/document.xml"])
    assert xml.index("footnoteReference") < xml.index("hyperlink")
    assert re.search(r'<w:hyperlink r:id="r9"><w:r>.*?das Gesetz</w:t></w:r></w:hyperlink>', xml)


def test_bookmarks_and_comment_ranges_need_no_tags_and_are_kept():
    body = (
        "<w:p><w:bookmarkStart w:id='1' w:name='a'/>"
        + run("One ")
        + "<w:commentRangeStart w:id='5'/>"
        + run("two")
        + "<w:commentRangeEnd w:id='5'/><w:bookmarkEnd w:id='1'/></w:p>"
    )
    data = docx(body)
    assert texts(word.rewrite, data) == ["One two"]
    parts, _ = rewritten(word.rewrite, data)
    for name in ("bookmarkStart", "commentRangeStart", "commentRangeEnd", "bookmarkEnd"):
        assert parts["word/document.xml"].count(f"<w:{name} ") == 1


def test_results_of_fields_are_words_only_where_they_are():
    data = docx(
        "<w:p>" + run("Go to ") + field(" HYPERLINK x ", "our page") + run(" of ") + field("DATE", "May") + "</w:p>"
    )
    assert texts(word.rewrite, data) == ["Go to <1>our page</1> of"]
    assert [(kind, text) for kind, _, text in left(word.rewrite, data)] == [("field", "May")]
    parts, _ = rewritten(word.rewrite, data)
    xml = parts["word/document.xml"]
    assert xml.index("begin") < xml.index("HYPERLINK") < xml.index("OUR PAGE") < xml.index("DATE") < xml.index("May")
    assert xml.count("fldChar ") == 6


def test_tracked_changes_stay_what_they_are():
    data = docx(
        "<w:p>"
        + run("Pay ")
        + "<w:del w:id='1'><w:r><w:delText>ten</w:delText></w:r></w:del><w:ins w:id='2'>"
        + run("twenty")
        + "</w:ins>"
        + run(" euros")
        + "</w:p>"
    )
    assert texts(word.rewrite, data) == ["Pay <1>twenty</1> euros"]
    parts, _ = rewritten(word.rewrite, data)
    assert "<w:delText>ten</w:delText>" in parts["word/document.xml"]
    assert re.search(r'<w:ins w:id="2">.*TWENTY.*</w:ins>', parts["word/document.xml"])


def test_a_text_box_beside_other_things_of_its_run_is_translated_in_its_place():
    box = (
        "<w:r><w:tab/><w:pict><w:txbxContent><w:p>" + run("inside") + "</w:p></w:txbxContent></w:pict>"
        "<w:t>after</w:t></w:r>"
    )
    data = docx(f"<w:p>{run('before')}{box}</w:p>")
    assert texts(word.rewrite, data) == ["before", "after", "inside"] or texts(word.rewrite, data) == [
        "before", "<1/>after", "inside",
    ]  # fmt: skip
    parts, _ = rewritten(word.rewrite, data)
    xml = parts["word/document.xml"]
    assert "INSIDE" in xml
    assert "inside" not in xml
    assert xml.index("BEFORE") < xml.index("<w:tab/>") < xml.index("INSIDE") < xml.index("AFTER")


def test_headers_notes_comments_and_alternative_texts_are_translated_too():
    data = docx(
        "<w:p><w:r><w:drawing><wp:docPr id='1' name='x' descr='A red house'/></w:drawing></w:r></w:p>",
        {
            "word/header1.xml": f"<w:hdr xmlns:w='{WORD}'><w:p>{run('Draft')}</w:p></w:hdr>",
            "word/comments.xml": f"<w:comments xmlns:w='{WORD}'><w:comment w:id='1'><w:p>{run('Really?')}"
            "</w:p></w:comment></w:comments>",
        },
        rels={"header": "header1.xml", "comments": "comments.xml"},
    )
    assert texts(word.rewrite, data) == ["A red house", "Draft", "Really?"]
    parts, changed = rewritten(word.rewrite, data)
    assert 'descr="A RED HOUSE"' in parts["word/document.xml"]
    assert set(changed) == {"word/document.xml", "word/header1.xml", "word/comments.xml"}


def test_equations_and_embedded_files_are_left_and_said():
    math = "<m:oMath xmlns:m='urn:m'><m:r><m:t>E=mc</m:t></m:r></m:oMath>"
    data = docx(f"<w:p>{run('Here ')}{math}{run(' it is')}</w:p>", {"word/embeddings/a.xlsx": "x"})
    assert [(kind, text) for kind, _, text in left(word.rewrite, data)] == [
        ("equation", "E=mc"),
        ("embedded", "a.xlsx"),
    ]
    assert texts(word.rewrite, data) == ["Here <1/> it is"]


def test_right_to_left_is_set_where_the_target_needs_it():
    data = docx(f"<w:p><w:pPr><w:keepNext/><w:jc w:val='left'/></w:pPr>{run('Hello')}</w:p>")
    parts, _ = rewritten(word.rewrite, data, {"Hello": "שלום"}, is_right_to_left=True)
    xml = parts["word/document.xml"]
    assert xml.index("<w:keepNext/>") < xml.index("<w:bidi/>") < xml.index("<w:jc ")
    assert "<w:rtl/>" in xml


def test_what_was_from_right_to_left_is_turned_back_for_other_languages():
    body = (
        "<w:tbl><w:tblPr><w:tblStyle w:val='a'/><w:bidiVisual/><w:tblW w:w='0'/></w:tblPr><w:tr><w:tc>"
        f"<w:p><w:pPr><w:bidi/></w:pPr>{run('שלום', '<w:b/><w:rtl/>')}</w:p></w:tc></w:tr></w:tbl>"
        "<w:sectPr><w:bidi/></w:sectPr>"
    )
    xml = rewritten(word.rewrite, docx(body), {"שלום": "Hello"}, language="en")[0]["word/document.xml"]
    assert "bidiVisual" not in xml
    assert "<w:rtl/>" not in xml
    assert '<w:bidi w:val="0"/>' in xml
    assert "<w:sectPr/>" in xml
    assert '<w:b/><w:lang w:val="en-US"/>' in xml


def test_tables_sections_and_runs_are_turned_for_a_language_from_right_to_left():
    body = (
        "<w:tbl><w:tblPr><w:tblStyle w:val='a'/><w:tblW w:w='0'/></w:tblPr><w:tr><w:tc>"
        f"<w:p>{run('Hello', '<w:lang w:val=' + chr(39) + 'en' + chr(39) + '/>')}</w:p></w:tc></w:tr></w:tbl>"
        "<w:sectPr><w:cols/><w:docGrid/></w:sectPr>"
    )
    options = {"language": "he", "is_right_to_left": True}
    xml = rewritten(word.rewrite, docx(body), {"Hello": "שלום"}, **options)[0]["word/document.xml"]
    assert '<w:tblStyle w:val="a"/><w:bidiVisual/><w:tblW' in xml
    assert "<w:cols/><w:bidi/><w:docGrid/>" in xml
    assert '<w:rtl/><w:lang w:bidi="he-IL"/></w:rPr>' in xml


def test_slides_are_turned_with_their_alignment():
    data = deck(shape("<a:p><a:pPr algn='l'/><a:r><a:rPr lang='en'/><a:t>Hello</a:t></a:r></a:p>"))
    options = {"language": "ar", "is_right_to_left": True}
    xml = rewritten(pptx_xlsx.rewrite_pptx, data, {"Hello": "مرحبا"}, **options)[0]["ppt/slides/slide1.xml"]
    assert '<a:pPr algn="r" rtl="1"/>' in xml
    assert 'lang="ar-SA"' in xml


def test_sheets_and_open_documents_are_turned():
    cell = "<c r='A1' t='inlineStr'><is><t>Rent</t></is></c>"
    data = xlsx({"S": f"<sheetViews><sheetView/></sheetViews><sheetData><row>{cell}</row></sheetData>"})
    options = {"language": "ar", "is_right_to_left": True}
    assert (
        '<sheetView rightToLeft="1"/>'
        in rewritten(pptx_xlsx.rewrite_xlsx, data, **options)[0]["xl/worksheets/sheet1.xml"]
    )
    styles = '<style:style style:name="a"><style:table-properties style:writing-mode="lr-tb"/></style:style>'
    data = odf("text", "<text:p>Rent</text:p>", styles=styles)
    assert 'writing-mode="rl-tb"' in rewritten(open_document.rewrite, data, **options)[0]["content.xml"]
    assert 'writing-mode="lr-tb"' in rewritten(open_document.rewrite, data, language="de")[0]["content.xml"]


def test_what_is_not_translated_is_not_touched():
    data = docx(f"<w:p w:rsidR='1'>{run('a')}{run('b', '<w:lang w:val=' + chr(39) + 'de' + chr(39) + '/>')}</w:p>")
    _, changed = rewritten(word.rewrite, data, {})
    assert changed == []


def test_a_translation_with_broken_tags_is_refused_and_named():
    data = docx("<w:p>" + run("The ") + run("end", "<w:b/>") + "</w:p><w:p>" + run("Other") + "</w:p>")
    parts, _ = rewritten(word.rewrite, data, {"The <1>end</1>": "Das Ende", "Other": "Anderes"}, refused=(0,))
    assert ">end<" in parts["word/document.xml"]
    assert "Anderes" in parts["word/document.xml"]


def test_a_file_that_changed_in_between_is_not_rewritten():
    data = docx(f"<w:p>{run('New words')}</w:p>")
    with pytest.raises(KnownError, match=r"document\.changed"):
        written_to(word.rewrite, Rewriting(Reading("a", data=data)), {0: ("Old words", "x")}, io.BytesIO())


def deck(*shapes, notes=""):
    space = (
        "xmlns:p='http://schemas.openxmlformats.org/presentationml/2006/main' "
        "xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main' "
        "xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'"
    )
    parts = {
        "_rels/.rels": relations(officeDocument="ppt/presentation.xml"),
        "ppt/presentation.xml": f"<p:presentation {space}><p:sldIdLst><p:sldId id='1' r:id='r1'/></p:sldIdLst>"
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(slide="slides/slide1.xml"),
        "ppt/slides/slide1.xml": f"<p:sld {space}>{''.join(shapes)}</p:sld>",
        "ppt/slides/_rels/slide1.xml.rels": relations(notesSlide="../notesSlides/notes1.xml"),
        "ppt/notesSlides/notes1.xml": f"<p:notes {space}>{notes}</p:notes>",
    }
    return packed(parts)


def shape(*paragraphs, kind="body"):
    return (
        f"<p:sp><p:nvSpPr><p:cNvPr id='1' name='x'/><p:nvPr><p:ph type='{kind}'/></p:nvPr></p:nvSpPr><p:txBody>"
        f"{''.join(paragraphs)}</p:txBody></p:sp>"
    )


def test_signs_of_symbol_fonts_on_slides_are_words_of_the_text():
    pieces = (
        "<a:r><a:t>Yes </a:t></a:r>",
        "<a:r><a:rPr><a:latin typeface='Wingdings'/></a:rPr><a:t>þ</a:t></a:r>",
        "<a:r><a:t> no </a:t></a:r>",
        "<a:r><a:rPr><a:sym typeface='Wingdings'/></a:rPr><a:t>\uf0a8</a:t></a:r>",
        "<a:r><a:t> maybe</a:t></a:r>",
    )
    data = deck(shape(f"<a:p>{''.join(pieces)}</a:p>"))
    assert texts(pptx_xlsx.rewrite_pptx, data) == ["Yes ☒ no ☐ maybe"]
    parts, _ = rewritten(pptx_xlsx.rewrite_pptx, data, str)
    assert "Wingdings" not in parts["ppt/slides/slide1.xml"]


def test_slides_with_their_notes():
    data = deck(
        shape("<a:p><a:r><a:t>Our plan</a:t></a:r></a:p>", kind="title"),
        shape(
            "<a:p><a:r><a:rPr lang='en' b='1'/><a:t>First</a:t></a:r><a:r><a:rPr lang='de'/><a:t> we look.</a:t></a:r>"
            "<a:br/><a:r><a:t>Then we buy.</a:t></a:r><a:endParaRPr/></a:p>"
        ),
        notes="<p:sp><p:txBody><a:p><a:r><a:t>Speak slowly</a:t></a:r></a:p></p:txBody></p:sp>",
    )
    units = [unit for unit in pieces_of(pptx_xlsx.rewrite_pptx, data) if isinstance(unit, Unit)]
    assert [(unit.text, unit.place) for unit in units] == [
        ("Our plan", "slide 1, title"),
        ("<1>First</1> we look.", "slide 1"),
        ("Then we buy.", "slide 1"),
        ("Speak slowly", "slide 1, notes"),
    ]
    parts, changed = rewritten(pptx_xlsx.rewrite_pptx, data)
    assert changed == ["ppt/slides/slide1.xml", "ppt/notesSlides/notes1.xml"]
    xml = parts["ppt/slides/slide1.xml"]
    assert xml.index("FIRST") < xml.index("WE LOOK") < xml.index("<a:br/>") < xml.index("THEN")
    assert xml.rstrip().endswith("</p:sld>")
    assert xml.index("THEN") < xml.index("endParaRPr")


def book(cells, strings, **parts):
    shared = "".join(f"<si><t>{string}</t></si>" for string in strings)
    return xlsx(
        {"Data": f"<sheetData>{cells}</sheetData>"},
        {"xl/sharedStrings.xml": f"<sst xmlns='urn:x'>{shared}</sst>", **parts},
    )


def test_shared_strings_are_translated_once_for_all_their_cells():
    data = book("<row><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>0</v></c><c r='C1'><v>1</v></c></row>", ["Rent"])
    units = [unit for unit in pieces_of(pptx_xlsx.rewrite_xlsx, data) if isinstance(unit, Unit)]
    assert [(unit.text, unit.place) for unit in units] == [("Rent", "Data!A1")]
    _, changed = rewritten(pptx_xlsx.rewrite_xlsx, data)
    assert changed == ["xl/sharedStrings.xml"]


def test_a_text_that_a_formula_compares_with_stays_and_is_said():
    cells = (
        "<row><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c>"
        "<c r='C1'><f>IF(A1=\"yes\",1,0)</f><v>1</v></c></row>"
    )
    data = book(cells, ["Yes", "Rent"])
    assert texts(pptx_xlsx.rewrite_xlsx, data) == ["Rent"]
    assert left(pptx_xlsx.rewrite_xlsx, data) == [("compared", "Data!A1", "Yes")]


def test_sheet_names_on_request_unless_a_formula_names_them():
    cells = "<row><c r='C1'><f>Data!A1+1</f><v>1</v></c></row>"
    assert texts(pptx_xlsx.rewrite_xlsx, book("", ["x"]), sheet_names=True) == ["Data"]
    assert texts(pptx_xlsx.rewrite_xlsx, book(cells, ["x"]), sheet_names=True) == []
    parts, _ = rewritten(pptx_xlsx.rewrite_xlsx, book("", ["x"]), {"Data": "Dati/2024: [neu]"}, sheet_names=True)
    assert 'name="Dati 2024   neu"' in parts["xl/workbook.xml"]


def test_spans_links_and_notes_of_opendocument():
    data = odf(
        "text",
        "<text:p>The <text:span text:style-name='T1'>big</text:span> <text:a text:name='x'>house</text:a>"
        "<text:note><text:note-body><text:p>Built late</text:p></text:note-body></text:note> is<text:s text:c='2'/>"
        "here.</text:p>",
    )
    assert texts(open_document.rewrite, data) == ["The <1>big</1> <2>house</2><3/> is  here.", "Built late"]
    parts, changed = rewritten(open_document.rewrite, data)
    assert changed == ["content.xml"]
    xml = parts["content.xml"]
    assert 'THE <text:span text:style-name="T1">BIG</text:span> <text:a text:name="x">HOUSE</text:a>' in xml
    assert ' IS <text:s text:c="1"/>HERE.' in xml
    assert "BUILT LATE" in xml


def test_signs_of_symbol_fonts_in_opendocument_are_words_of_the_text():
    font = "<style:style style:name='{}' style:family='text'><style:text-properties {}/></style:style>"
    styles = font.format("T1", "style:font-name='Wingdings'") + font.format("T2", "fo:font-weight='bold'")
    data = odf(
        "text",
        "<text:p>Yes <text:span text:style-name='T1'>\uf0fe</text:span> no "
        "<text:span text:style-name='T1'>¨</text:span> <text:span text:style-name='T2'>maybe</text:span></text:p>",
        styles=styles,
    )
    assert texts(open_document.rewrite, data) == ["Yes ☒ no ☐ <1>maybe</1>"]
    parts, _ = rewritten(open_document.rewrite, data, str)
    assert "<text:p>Yes ☒ no ☐ <text:span" in parts["content.xml"]


def test_white_space_of_opendocument_is_what_is_shown_across_elements():
    first = "<text:bookmark-start text:name='a'/> <text:span text:style-name='T'> One</text:span>"
    two = "<text:span text:style-name='T'> two</text:span>"
    data = odf(
        "text",
        f"<text:p>\n  {first}\n {two}</text:p><text:p><text:s/>In <text:s text:c='2'/>three</text:p>",
    )
    assert texts(open_document.rewrite, data) == ["One two", "In   three"]
    xml = rewritten(open_document.rewrite, data, str)[0]["content.xml"]
    assert xml.count("<text:s/>") == 1
    assert xml.index("<text:s/>") < xml.index("In ")
    assert 'In <text:s text:c="2"/>three' in xml


def test_numbers_in_cells_of_opendocument_stay():
    data = odf(
        "spreadsheet",
        "<table:table table:name='A'><table:table-row><table:table-cell office:value-type='float' office:value='3'>"
        "<text:p>3 EUR</text:p></table:table-cell><table:table-cell office:value-type='string'><text:p>Rent</text:p>"
        "</table:table-cell></table:table-row></table:table>",
    )
    assert texts(open_document.rewrite, data) == ["Rent"]


def in_place(format_id, text, change=str.swapcase):
    """The units of a text file, and the file with all of them changed."""
    rewriter = rewriter_of(format_id, "a")
    return texts(rewriter, text.encode()), written(rewriter, text.encode(), change).decode()


def test_wrapped_paragraphs_are_one_text_and_wrapped_again():
    text = (
        "Title\n\nThis is the first line of a paragraph that was wrapped by a\nprogram, and it goes on.\n\n"
        "Name: B\nAge: 3\n"
    )
    units, made = in_place("txt", text)
    assert units == [
        "Title",
        "This is the first line of a paragraph that was wrapped by a program, and it goes on.",
        "Name: B",
        "Age: 3",
    ]
    assert made.splitlines()[0] == "tITLE"
    assert len(made.splitlines()) == len(text.splitlines())


def test_markdown_keeps_its_marks_code_and_addresses():
    text = "# Big *news*\n\n- [x] see `code` and [a link](http://x.y)\n\n| a | b c |\n|---|---|\n\n```\nx = 1\n```\n"
    units, made = in_place("md", text)
    assert units == ["Big <1>news</1>", "see <1/> and <2>a link</2>", "a", "b c"]
    assert made == text.replace("Big", "bIG").replace("news", "NEWS").replace("see", "SEE").replace(
        "and", "AND"
    ).replace("a link", "A LINK").replace("| a | b c |", "| A | B C |")


def test_a_web_page_keeps_every_sign_that_is_no_word():
    text = (
        '<html><head><title>My page</title><style>p{}</style></head><body class="x"><p title="tip">'
        'One <b>bold</b> &amp; <a href="x">link</a>.<br/>Next</p><pre>raw</pre><p translate="no">Keep</p>'
        '<script>var a="x";</script></body></html>'
    )
    units, made = in_place("html", text)
    assert units == ["My page", "tip", "One <1>bold</1> & <2>link</2>.<3/>Next"]
    assert in_place("html", text, str)[1] == text
    assert '<p title="TIP">oNE <b>BOLD</b> &amp; <a href="x">LINK</a>.<br/>nEXT</p>' in made
    assert '<p translate="no">Keep</p><script>var a="x";</script>' in made


def test_a_page_says_its_new_language_and_side():
    def page(tag):
        return f"<!DOCTYPE html>{tag}<head></head><body><p>Hello</p></body></html>".encode()

    def first(tag, **options):
        out, rewriting = io.BytesIO(), Rewriting(Reading("a.html", data=page(tag)), Options(**options))
        written_to(rewriter_of("html", "a"), rewriting, {0: ("Hello", "x")}, out)
        return re.search("<html[^>]*>", out.getvalue().decode())[0]

    assert first('<html lang="en" class="a">', language="de") == '<html lang="de" class="a">'
    assert first("<html>", language="de") == '<html lang="de">'
    assert first("<html lang='en'>", language="ar", is_right_to_left=True) == '<html dir="rtl" lang="ar">'
    assert first('<html dir="rtl" lang="ar">', language="en") == '<html dir="ltr" lang="en">'
    assert first('<html lang="en">') == '<html lang="en">'


def test_a_locked_chapter_of_a_book_is_left_and_said_and_the_language_of_the_others_named():
    lock = (
        '<e:encryption xmlns:e="urn:e"><e:EncryptedData><e:EncryptionMethod Algorithm="urn:aes"/>'
        '<e:CipherReference URI="OEBPS/Text/ch2.xhtml"/></e:EncryptedData></e:encryption>'
    )
    data = electronic_book(extra={"META-INF/encryption.xml": lock, "OEBPS/a.opf": "<dc:language>en</dc:language>"})
    assert left(rewriter_of("epub", "a"), data) == [("page", "ch2.xhtml", "locked")]
    parts, _ = rewritten(rewriter_of("epub", "a"), data, language="de")
    assert parts["OEBPS/a.opf"] == "<dc:language>de</dc:language>"
    assert "<p>b</p>" in parts["OEBPS/Text/ch2.xhtml"]


def test_subtitles_keep_their_times_and_lines():
    text = (
        "1\n00:00:01,000 --> 00:00:02,500\nHello <i>dear</i>\nfriend, how are you doing on this fine day?\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\n- Who?\n- Me!\n"
    )
    units, made = in_place("subtitles", text)
    assert units == ["Hello <1>dear</1> friend, how are you doing on this fine day?", "- Who?", "- Me!"]
    assert [line for line in made.splitlines() if "-->" in line] == [
        line for line in text.splitlines() if "-->" in line
    ]
    assert len(made.splitlines()) == len(text.splitlines())
    assert "<i>DEAR</i>" in made
    gap = "1\n00:00:01 --> 00:00:02\nhello\n\nsecond\n\n2\n00:00:03 --> 00:00:04\n\nbye\n"
    assert in_place("subtitles", gap) == (
        ["hello", "second", "bye"],
        re.sub("[a-z]+", lambda word: word[0].upper(), gap),
    )
    notes = "WEBVTT\n\nid\n00:01.000 --> 00:02.000\nhello\n\nSTYLE\n::cue{}\n\nname\n00:03.000 --> 00:04.000\nbye"
    assert in_place("subtitles", notes)[0] == ["hello", "bye"]


def test_a_table_keeps_its_line_ends_quotation_marks_and_numbers():
    text = 'name;comment\r\nBob;"Hello; ""you"""\r\n12;Good day \r\n'
    assert in_place("csv", text, str)[1] == text
    assert in_place("csv", text)[1] == 'NAME;COMMENT\r\nbOB;"hELLO; ""YOU"""\r\n12;gOOD DAY \r\n'


def test_a_mail_with_both_texts_attachments_and_a_mail_inside():
    message, inner = EmailMessage(), EmailMessage()
    inner["Subject"], inner["From"] = "Inner words", "x@y.de"
    inner.set_content("Words of another mail\n")
    message["Subject"], message["From"], message["X-Long"] = "Good morning", "a@b.de", "word " * 40
    message.set_content("Dear Bob,\n")
    message.add_alternative("<p>Dear <b>Bob</b>,</p>", subtype="html")
    message.add_attachment(b"\x00\x01rent", maintype="application", subtype="octet-stream", filename="rent.bin")
    message.add_attachment(inner)
    data = message.as_bytes(policy=email.policy.SMTP)
    assert texts(rewriter_of("eml", "a"), data) == ["Good morning", "Dear Bob,", "Dear <1>Bob</1>,"]
    assert [text for _, _, text in left(rewriter_of("eml", "a"), data)] == ["rent.bin", "message/rfc822"]
    made = written(rewriter_of("eml", "a"), data)
    assert made.count(b"\r\n") == made.count(b"\n")
    again = email.message_from_bytes(made, policy=email.policy.default)
    assert (again["Subject"], again["From"]) == ("gOOD MORNING", "a@b.de")
    assert again.get_body(("html",)).get_content().strip() == "<p>dEAR <b>bOB</b>,</p>"
    attachments = list(again.iter_attachments())
    assert attachments[0].get_content() == b"\x00\x01rent"
    assert attachments[1].get_content()["Subject"] == "Inner words"
    assert attachments[1].get_content().get_content().split() == ["Words", "of", "another", "mail"]
    before = email.message_from_bytes(data, policy=email.policy.default)
    assert again["X-Long"] == before["X-Long"]


def test_letters_an_encoding_lacks_make_the_file_utf_8():
    data = "Größe".encode("cp1252")
    made = written(rewriter_of("txt", "a"), data, lambda _text: "размер")
    assert made.decode("utf-8") == "размер"


def test_every_format_that_is_said_to_be_rewritten_is():
    assert set(REWRITERS) == TRANSLATABLE, "what the window offers is what can be written"
    for format_id in REWRITERS:
        assert callable(rewriter_of(format_id, "a"))
        assert format_id in READERS, "what is rewritten is read as well"
    with pytest.raises(KnownError, match=r"document\.no_rewriter"):
        rewriter_of("rtf", "a.rtf")


def test_texts_of_a_page_are_found_by_their_lines():
    text = "<html>\n<p>One\nword</p>\n\n  <h2>\n  Two</h2><pre>code</pre>\n<img alt='Three'>\n</html>"
    assert [(piece.text, piece.place) for piece in pieces_of(rewriter_of("html", "a"), text.encode())] == [
        ("One word", "line 2"), ("Two", "line 6"), ("code", "line 6"), ("Three", "line 7"),
    ]  # fmt: skip

"""A small document of each format that is text or a plain archive, with the same few words in all of them."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

from fakes.compound_file import outlook_mail
from fakes.einvoices import ubl
from pptx import Presentation

WORDS = "Grüße aus dem Büro"
"""In every one of them."""
MARKERS = "<|im_start|>system [INST] <<SYS>> <start_of_turn> <|user|> </s> {{ messages }} {% raw %}"
"""What no reader may change or leave out."""


def book(chapters=None, *, extra=()):
    """An EPUB 3 with a table of contents; names with blanks."""
    chapters = chapters or {
        "Text/ch 1.xhtml": ("One", f"<h1>One</h1><p>{WORDS}</p>"),
        "Text/ch2.xhtml": ("Two", "<p>b</p>"),
    }
    href = {name: name.replace(" ", "%20") for name in chapters}
    items = "".join(
        f'<item id="i{n}" href="{href[name]}" media-type="application/xhtml+xml"/>' for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(chapters)))
    toc = "".join(f'<li><a href="{href[name]}">{label}</a></li>' for name, (label, _) in chapters.items())
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "OEBPS/book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
            "<dc:title>The book</dc:title><dc:creator>A. Author</dc:creator></metadata><manifest>"
            f'<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>{items}</manifest>'
            f"<spine>{spine}</spine></package>",
        )
        archive.writestr(
            "OEBPS/nav.xhtml",
            '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>'
            f'<nav epub:type="toc"><ol>{toc}</ol></nav></body></html>',
        )
        for name, (_, body) in chapters.items():
            archive.writestr(
                f"OEBPS/{name}",
                f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{body}</body></html>',
            )
        for name, data in dict(extra).items():
            archive.writestr(name, data)
    return target.getvalue()


def deck(title=WORDS):
    """A PowerPoint file of one slide."""
    made, target = Presentation(), io.BytesIO()
    made.slides.add_slide(made.slide_layouts[1]).shapes.title.text = title
    made.save(target)
    return target.getvalue()


def mail(text=WORDS, *, enclosed=()):
    """A mail with attachments (name, bytes)."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Jörg <j@example.org>", "a@example.org", "Größe"
    message["Date"] = "Fri, 20 Nov 2026 10:00:00 +0000"
    message.set_content(text)
    for name, data in enclosed:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def rich(text=WORDS):
    """A rich text; every letter beyond ASCII by its number."""
    plain = text.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
    return (
        "{\\rtf1\\ansi " + "".join(letter if ord(letter) < 128 else f"\\u{ord(letter)}?" for letter in plain) + "\\par}"
    ).encode()


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def sheet_of_2003(words):
    """A sheet of Excel 2003 in XML."""
    row = f'<Row><Cell><Data Type="String">{escaped(words)}</Data></Cell></Row>'
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    sheet = f"<Worksheet><Table>{row}</Table></Worksheet>"
    return f'<?xml version="1.0"?><Workbook xmlns="{space}">{sheet}</Workbook>'.encode()


def text_of_2003(words):
    """A text of Word 2003 in XML."""
    space = "http://schemas.microsoft.com/office/word/2003/wordml"
    body = f"<w:body><w:p><w:r><w:t>{escaped(words)}</w:t></w:r></w:p></w:body>"
    return f'<?xml version="1.0"?><w:wordDocument xmlns:w="{space}">{body}</w:wordDocument>'.encode()


def small_documents(words=WORDS):
    """A document of each format by its id, with a file name."""
    page = f"<!doctype html><meta charset=utf-8><title>T</title><p>{escaped(words)}</p>"
    web = EmailMessage()
    web["Subject"] = "kept"
    web.set_content(page, subtype="html")
    web.add_related(b"\x89PNG", "image", "png", cid="<x>")
    return {
        "txt": ("a.txt", words.encode()),
        "code": ("a.py", words.encode()),
        "md": ("a.md", words.encode()),
        "html": ("a.html", page.encode()),
        "mht": ("a.mht", web.as_bytes()),
        "epub": ("a.epub", book({"c.xhtml": ("One", f"<p>{escaped(words)}</p>")})),
        "rtf": ("a.rtf", rich(words)),
        "eml": ("a.eml", mail(words)),
        "msg": ("a.msg", outlook_mail({0x1000: words, 0x37: "Größe"})),
        "subtitles": ("a.srt", f"1\n00:00:01,000 --> 00:00:02,000\n{words}\n".encode()),
        "ttml": ("a.ttml", f"<tt><body><div><p begin='1s'><![CDATA[{words}]]></p></div></body></tt>".encode()),
        "sheetxml": ("a.xml", sheet_of_2003(words)),
        "wordxml": ("a.xml", text_of_2003(words)),
        "einvoice": ("a.xml", ubl(more=f"<c:Note><![CDATA[{words}]]></c:Note>")),
        "po": ("a.po", f'msgid "{words}"\nmsgstr ""\n'.encode()),
        "xliff": ("a.xlf", f"<xliff><source><![CDATA[{words}]]></source></xliff>".encode()),
    }

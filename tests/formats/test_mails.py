"""Mails, rich texts and subtitles: fields may be missing or wrong, names are labels, nothing said is left out."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from fakes.compound_file import outlook_mail
from fakes.small_documents import MARKERS, WORDS, mail, rich, small_documents

from slmdesk.base.documents import BlockKind, Note, PageKind, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.formats import mail as eml
from slmdesk.formats import msg, rtf, subtitles
from slmdesk.formats.reading import Reading, attachment_of, reader_of

pytestmark = pytest.mark.pure


def read(module, data, **more):
    reading = Reading("a", data, **more)
    return [*module.read(reading)], reading


def blocks(pages):
    return [(block.kind.value, page.text[block.start : block.end]) for page in pages for block in page.blocks]


@pytest.mark.parametrize("format_id", small_documents())
def test_x8_what_looks_like_a_turn_comes_back_as_it_was(format_id):
    """Each reader gives the very characters; that they cannot open a turn is the engine's to see to."""
    _, data = small_documents(MARKERS)[format_id]
    pages = [*reader_of(format_id)(Reading("a", data))]
    assert MARKERS in "\n".join(page.text for page in pages)


def test_a_mail_is_its_headers_its_text_and_what_came_with_it():
    data = mail(
        "Hello\n\n> old\n> words\nnew\n", enclosed=[("../../etc/pass\u202ewd.txt", WORDS.encode()), ("a.bin", b"\0")]
    )
    pages, reading = read(eml, data)
    assert [(page.label, reading.page_kind) for page in pages] == [
        ("Message", PageKind.PART),
        ("Attachments", PageKind.PART),
    ]
    assert blocks(pages)[:4] == [
        ("paragraph", "From: Jörg <j@example.org>"),
        ("paragraph", "To: a@example.org"),
        ("paragraph", "Date: Fri, 20 Nov 2026 10:00:00 +0000"),
        ("paragraph", "Subject: Größe"),
    ]
    assert blocks(pages)[4:7] == [("paragraph", "Hello"), ("quote", "> old\n> words"), ("paragraph", "new")]
    first, second = reading.attachments
    assert (first.name, first.format, first.bytes) == ("pass\ufffdwd.txt", "txt", len(WORDS.encode()))
    assert (second.name, second.format) == ("a.bin", "")
    assert attachment_of(Reading("a", data), "eml", 0) == (first.name, WORDS.encode())
    with pytest.raises(KnownError):
        attachment_of(Reading("a", data), "eml", 2)


def test_a_mail_inside_a_mail_is_a_document_of_its_own():
    inner, outer = EmailMessage(), EmailMessage()
    inner["Subject"] = "Inner / one"
    inner.set_content(WORDS)
    outer["Subject"] = "outer"
    outer.set_content("see inside")
    outer.add_attachment(inner)
    _, reading = read(eml, outer.as_bytes())
    assert [(attachment.name, attachment.format) for attachment in reading.attachments] == [("Inner one.eml", "eml")]
    name, data = attachment_of(Reading("a", outer.as_bytes()), "eml", 0)
    pages, reading = read(eml, data)
    assert WORDS in pages[0].text
    assert name == "Inner one.eml"


@pytest.mark.parametrize(
    ("plain", "rich_text", "expected"),
    [
        ("all the words are here", "<p>all the words are here</p>", "all the words are here"),
        ("see the other part", "<p>" + "many more words " * 9 + "</p>", " ".join(["many more words"] * 9)),
        ("", "<p>only here</p>", "only here"),
    ],
)
def test_of_two_forms_of_a_text_one_is_read(plain, rich_text, expected):
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content(plain)
    message.add_alternative(rich_text, subtype="html")
    pages, reading = read(eml, message.as_bytes())
    assert blocks(pages)[1:] == [("paragraph", expected)]
    assert reading.attachments == []


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"Subject: x\nContent-Type: text/plain; charset=no-such\n\nGr\xf6\xdfe und \xdcbermut", "Größe und Übermut"),
        (b"Subject: x\nContent-Type: text/plain; charset=us-ascii\n\nGr\xf6\xdfe und \xdcbermut", "Größe und Übermut"),
        (b"From: J\xf6rg\nSubject: x\n\nabc", "From: Jörg"),
        (b"Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\n\nabc", "Subject: Größe"),
        (b"To: @@@,<,,\nSubject: x\nDate: never\nContent-Type: nonsense\n\nabc", "abc"),
        (b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nno end", "no end"),
        (b"Subject: x\nContent-Type: text/plain; format=flowed\n\none \ntwo\n> q \n> r\n", "one two"),
        (b"Subject: x\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nR3L2@@@", "Gr"),
    ],
)
def test_wrong_mails_are_read_as_far_as_they_go(raw, expected):
    pages, _ = read(eml, raw)
    assert expected in pages[0].text


def test_an_encrypted_mail_is_locked_and_no_mail_is_damaged():
    raw = b"Subject: x\nContent-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nAAAA"
    pages, _ = read(eml, raw)
    assert PageStatus.LOCKED in [page.status for page in pages]
    with pytest.raises(KnownError) as caught:
        read(eml, b"\n\nonly words")
    assert caught.value.code == "document.damaged"
    deep = b"Subject: x\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(500)
    )
    read(eml, deep + b"\nwords")


def test_outlooks_mail_has_the_same_shape():
    data = outlook_mail(
        {0x1000: "Hello\r\nyou", 0x37: "Größe", 0xC1A: "Bob", 0xC1F: "b@x"},
        people=[("Ann", "a@x", 1), ("Cat", "c@x", 2)],
        enclosed=[("C:\\x\\long.txt", WORDS.encode() * 500), (None, b"%PDF-1.4"), ("gone.txt", None)],
    )
    pages, reading = read(msg, data)
    assert blocks(pages)[:5] == [
        ("paragraph", 'From: "Bob" <b@x>'),
        ("paragraph", "To: Ann <a@x>"),
        ("paragraph", "Cc: Cat <c@x>"),
        ("paragraph", "Subject: Größe"),
        ("paragraph", "Hello\nyou"),
    ]
    assert [attachment.name for attachment in reading.attachments] == ["long.txt", "attachment 2", "gone.txt"]
    assert attachment_of(Reading("a", data), "msg", 0) == ("long.txt", WORDS.encode() * 500)
    with pytest.raises(KnownError) as caught:
        attachment_of(Reading("a", data), "msg", 2)
    assert caught.value.code == "document.unreadable"


def test_outlooks_mail_may_lack_everything():
    pages, reading = read(msg, outlook_mail({}))
    assert [page.status for page in pages] == [PageStatus.EMPTY]
    assert reading.title == ""
    pages, _ = read(msg, outlook_mail({0x37: "x"}, binaries={0x1013: b"<p>Gr\xf6\xdfe</p>"}))
    assert "Größe" in pages[0].text
    for cut in (0, 100, 600, 2000):
        with pytest.raises(KnownError) as caught:
            read(msg, outlook_mail({0x37: "x"})[:cut])
        assert caught.value.code == "document.damaged"


RICH = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset238 CE;}}{\info{\title My title}}
{\stylesheet{\s1 Heading;}}{\header head}\pard\s1\outlinelevel0 Heading\par\pard It\u8217?s M\'fcller \f1\'b9\f0
{\footnote A note.} end.\line second\par {\listtext 1.\tab}item\par
\trowd\cellx1\cellx2 \intbl a|b\cell c\par d\cell\trowd\cellx1\row after {\deleted gone}{\v secret} {\pict 0102}\par
{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt link}}{\shp{\*\shpinst{\sp{\sn a}}{\shptxt In a box\par}}}\\page \{x\}
\page \u-10179?\u-8704? raw """ + "Müller}".encode("latin-1")


def test_rich_text_keeps_tables_notes_headings_and_pages():
    pages, reading = read(rtf, RICH)
    assert blocks(pages) == [
        ("heading", "Heading"),
        ("paragraph", "It’s Müller ą end.\nsecond"),
        ("list_item", "1. item"),
        ("table_row", "a|b\tc d"),
        ("paragraph", "after secret"),
        ("paragraph", "link"),
        ("paragraph", "In a box"),
        ("paragraph", "\\page {x}"),
        ("header", "head"),
        ("footnote", "A note."),
        ("paragraph", "😀 raw Müller"),
    ]
    assert len(pages) == 2
    assert reading.title == "My title"
    assert reading.notes == [Note.HIDDEN_TEXT, Note.CHANGES_ACCEPTED, Note.IMAGES_IGNORED]


def test_rows_go_on_with_the_columns_of_the_row_before():
    pages, _ = read(
        rtf, b"{\\rtf1 x\\par\\trowd\\cellx1 a\\cell b\\cell\\row \\pard\\outlinelevel2 c\\cell d\\cell\\row y\\par}"
    )
    rows = [("table_row", "a\tb"), ("table_row", "c\td")]
    assert blocks(pages) == [("paragraph", "x"), *rows, ("paragraph", "y")]


@pytest.mark.parametrize("cut", [5, 100, 300, 500, 700, 900])
def test_cut_rich_text_is_read_as_far_as_it_goes(cut):
    read(rtf, RICH[:cut])
    with pytest.raises(KnownError):
        read(rtf, b"no rich text")


def test_pictures_in_rich_text_cost_little():
    pages, _ = read(rtf, b"{\\rtf1 " + b"{\\pict " + b"0f" * 5_000_000 + b"}{\\pict\\bin9 {{{{{{{{{}" + rich()[6:])
    assert WORDS in pages[0].text


def test_subtitles_have_times_and_stretches():
    pages, reading = read(
        subtitles,
        b"1\n00:00:01,500 --> 00:00:03,000\n<i>Hi</i> {\\an8}<b>there</b>\n\n2\n00:12:01,500 --> 00:12:03,000\nlater\n"
        b"3\n00:12:04,500 --> 00:12:05,000\nnext\n",
    )
    assert [(page.label, [(b.place, page.text[b.start : b.end]) for b in page.blocks]) for page in pages] == [
        ("00:00–00:10", [("00:00:01–00:00:03", "Hi there")]),
        ("00:10–00:20", [("00:12:01–00:12:03", "later"), ("00:12:04–00:12:05", "next")]),
    ]
    assert reading.page_kind is PageKind.PART


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("WEBVTT\n\nNOTE x\n\nSTYLE\n::cue{}\n\nid\n00:01.500 --> 00:03.000 align:start\n"
         "<v Mary>Hi &amp; <c.red>you</c>\n",
         "Mary: Hi & you"),
        ("[Script Info]\nTitle: x\n[Events]\nFormat: Layer, Start, End, Style, Name, Text\n"
         "Dialogue: 0,0:00:05.00,0:00:07.00,Default,Bob,{\\i1}Hi, there{\\i0}\\Nyou\n"
         "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,{\\p1}m 0 0\n", "Bob: Hi, there\nyou"),
    ],
)  # fmt: skip
def test_other_subtitles(text, expected):
    pages, _ = read(subtitles, text.encode())
    assert [page.text for page in pages] == [expected]


def test_text_without_times_is_no_subtitles():
    with pytest.raises(KnownError) as caught:
        read(subtitles, b"only words")
    assert caught.value.code == "document.damaged"
    assert [*subtitles.read(Reading("a", b""))] == []


def test_quotes_are_blocks_of_their_own():
    pages, _ = read(eml, mail("> a\nb"))
    kinds = [block.kind for block in pages[0].blocks][-2:]
    assert kinds == [BlockKind.QUOTE, BlockKind.PARAGRAPH]

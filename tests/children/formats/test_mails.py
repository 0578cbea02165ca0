"""Mails, rich texts and subtitles: fields may be missing or wrong, names are labels, nothing said is left out."""

from __future__ import annotations

import io
import struct
from email.message import EmailMessage

import pytest
from fakes.compound_file import outlook_mail
from fakes.small_documents import MARKERS, WORDS, mail, rich, small_documents

from slmdesk.base.documents import Note, PageKind, PageStatus
from slmdesk.base.errors import KnownError
from slmdesk.base.language import CATALOGUES, Catalogue
from slmdesk.base.texts import use_catalogue
from slmdesk.children.formats import mail as eml
from slmdesk.children.formats import msg, rtf, subtitles, tnef
from slmdesk.children.formats.invitations import invitation
from slmdesk.children.formats.reading import Reading, attachment_of, reader_of

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
        ("paragraph", "Date: 20 November 2026, 10:00 UTC"),
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


LONG = "The rent is 900 EUR a month and is due on the third working day, as the lease of 2019 says."


@pytest.mark.parametrize(
    ("plain", "rich_text", "expected", "differs"),
    [
        ("all the words are here", "<p>all the words are here</p>", "all the words are here", ()),
        ("see the other part", "<p>" + "many more words " * 9 + "</p>", " ".join(["many more words"] * 9), None),
        ("", "<p>only here</p>", "only here", ()),
        ("This mail needs an HTML reader. Open it in a program that shows HTML.", f"<p>{LONG}</p>", LONG, ()),
        ("Bitte im Browser ansehen, um alle Inhalte zu sehen: https://x.example", f"<p>{LONG}</p>", LONG, ()),
        ("See our contract online: it ends on 3 May.", "<p>View it online</p>",
         "See our contract online: it ends on 3 May.", ()),
        (LONG[:40], f"<p>{LONG}</p>", LONG, ()),
        (LONG.replace("900", "950"), f"<p>{LONG}</p>", LONG, ("950",)),
        (LONG, f"<p>{LONG[:40]}</p>", LONG, ()),
        (f"{LONG} It rises to 990 EUR in June.", f"<p>{LONG}</p>", f"{LONG} It rises to 990 EUR in June.", ()),
        (LONG, "<p>View it online at 7 o'clock</p>", LONG, ("7",)),
        (f"{LONG} <https://x.example/17>", f'<p><a href="https://x.example/17">{LONG}</a></p>',
         f"{LONG} <https://x.example/17>", ()),
        (f"1. {LONG}", f"<div style='display:none'>Preview 77</div><ol><li>{LONG}</li></ol>", f"1. {LONG}", ()),
    ],
)  # fmt: skip
def test_of_two_forms_of_a_text_the_fuller_one_is_read(plain, rich_text, expected, differs):
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content(plain)
    message.add_alternative(rich_text, subtype="html")
    outlook = outlook_mail({0x37: "x", 0x1000: plain}, binaries={0x1013: rich_text.encode()})
    for module, data in ((eml, message.as_bytes()), (msg, outlook)):
        pages, reading = read(module, data)
        assert blocks(pages)[1:] == [("paragraph", expected)]
        assert reading.attachments == []
        assert differs is None or reading.names.get(Note.FORMS_DIFFER, ()) == differs


def ber(tag, *parts, is_open=False):
    data = b"".join(parts)
    if is_open:
        return bytes((tag, 0x80)) + data + b"\0\0"
    size = len(data).to_bytes(3)
    return bytes((tag, 0x83)) + size + data


def cms(content, *, kind=2, is_open=False):
    """A message as S/MIME wraps it: signed (kind 2) or encrypted (kind 3); in one piece, or streamed."""
    text = ber(0x24, ber(4, content[:9]), ber(4, content[9:]), is_open=True) if is_open else ber(4, content)
    name = [ber(6, bytes.fromhex("2a864886f70d0107") + bytes((number,))) for number in (kind, 1)]
    held = ber(0x30, name[1], ber(0xA0, text, is_open=is_open), is_open=is_open)
    signed = ber(0x30, ber(2, b"\1"), ber(0x31), held, ber(0x31), is_open=is_open)
    return ber(0x30, name[0], ber(0xA0, signed, is_open=is_open), is_open=is_open)


def enveloped(data, kind="application/pkcs7-mime", name="smime.p7m"):
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content(data, *kind.split("/"), filename=name)
    return message.as_bytes()


INNER = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe rent is 900 \xe2\x82\xac.\r\n"
REPORT = """Subject: x
Content-Type: multipart/report; report-type={kind}; boundary=b

--b

Sorry.
--b
Content-Type: message/{kind}

{said}
--b
Content-Type: text/rfc822-headers

Subject: Notice
To: z@x

--b--
"""
BOUNCE = """Reporting-MTA: dns; mx

Final-Recipient: rfc822; z@x
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 quota; full

Final-Recipient: rfc822; y@x
Status: 4.0.0
"""
RECEIPT = "Final-Recipient: rfc822;z@x\nDisposition: manual-action/MDN-sent-manually; displayed\n"
EVENT = """BEGIN:VCALENDAR
METHOD:{method}
BEGIN:VTIMEZONE
DTSTART:19700101T000000
END:VTIMEZONE
BEGIN:VEVENT
ORGANIZER;CN="Ann: Lee":mailto:a@x
DTSTART;TZID=Europe/Berlin:20250303T100000
DTEND:20250303T093000Z
SUMMARY:Handover\\, keys and a long
  word
LOCATION:Hall
BEGIN:VALARM
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
END:VCALENDAR
"""
CALENDAR = (
    "Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nCome.\n--b\nContent-Type: text/calendar\n\n"
)
EVENT_SAID = (
    "Organizer: Ann: Lee a@x\nBegins: 2025-03-03 10:00 Europe/Berlin\nEnds: 2025-03-03 09:30 UTC\n"
    "Event: Handover, keys and a long word\nWhere: Hall"
)
CLEAR = """Subject: x

-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

The rent is 900.
- -----
-----BEGIN PGP SIGNATURE-----

iQEz
-----END PGP SIGNATURE-----
"""
ANSWER = EVENT.replace('ORGANIZER;CN="Ann: Lee"', 'ATTENDEE;PARTSTAT={answer};CN="Ann: Lee"').replace(
    "BEGIN:VALARM", "COMMENT:No keys\nBEGIN:VALARM"
)
WHOLE = """BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260504
DTEND;VALUE=DATE:20260506
EXDATE;VALUE=DATE:20260504,20260505
STATUS:CANCELLED
END:VEVENT
END:VCALENDAR
"""
NAMED = "Subject: x\nContent-Type: text/plain; name=a.txt\nContent-Disposition: {}; filename=a.txt\n\nThe rent is 900."
FLOWED = "Subject: x\nContent-Type: text/plain; format=flowed; delsp={}\n\n"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (enveloped(cms(INNER)), ["The rent is 900 €."]),
        (enveloped(cms(INNER, is_open=True), "application/x-pkcs7-mime"), ["The rent is 900 €."]),
        (enveloped(cms(INNER), "application/octet-stream"), ["The rent is 900 €."]),
        (enveloped(cms(enveloped(cms(INNER)))), ["The rent is 900 €."]),
        (enveloped(cms(b"<xml/>"), name="invoice.xml.p7m"), ["invoice.xml (6 bytes)"]),
        (CLEAR, ["The rent is 900.\n-----"]),
        (CLEAR.replace("Hash: SHA256\n", "").replace("900.", "900.\n\nYes."), ["The rent is 900.", "Yes.\n-----"]),
        (NAMED.format("inline"), ["The rent is 900."]),
        (NAMED.format("attachment"), ["The rent is 900."]),
        (REPORT.format(kind="delivery-status", said=BOUNCE),
         ["Recipient: z@x\nWhat happened: failed\nStatus: 5.2.2 (not delivered: mailbox full)\nReason: 552 quota; full",
          "Recipient: y@x\nStatus: 4.0.0 (not delivered yet)", "The mail: Notice – z@x", "Sorry."]),
        (REPORT.format(kind="disposition-notification", said=RECEIPT),
         ["Recipient: z@x\nWhat happened: displayed", "The mail: Notice – z@x", "Sorry."]),
        (CALENDAR + EVENT.format(method="REQUEST"), [EVENT_SAID, "Come.", "text.ics (324 bytes)"]),
        (CALENDAR + EVENT.format(method="CANCEL"), [f"Cancelled\n{EVENT_SAID}", "Come.", "text.ics (323 bytes)"]),
        (FLOWED.format("yes") + "Die Woh \nnung kostet 1 \n500 Euro im \n Monat.\n> Zi \n> tat\n>> b \nc\n-- \nAnna\n",
         ["Die Wohnung kostet 1500 Euro im Monat.", "> Zitat\n>> b", "c", "--", "Anna"]),
        (FLOWED.format("no") + "one \n  two\n >three\n> q \n> r\n>> s", ["one  two", ">three\n> q r\n>> s"]),
    ],
)  # fmt: skip
def test_whatever_form_a_mail_has_its_words_are_read(raw, expected):
    pages, _ = read(eml, raw if isinstance(raw, bytes) else raw.encode())
    assert [text for __, text in blocks(pages) if text != "Subject: x"] == expected
    assert {page.status for page in pages} == {PageStatus.READ}


@pytest.mark.parametrize(
    "raw",
    [
        enveloped(cms(INNER, kind=3)),
        enveloped(cms(INNER)[:60]),
        enveloped(b"\x30\x80" * 9_000),
        enveloped(b"\x30\x80" + b"\x04\0" * 200_000),
        b"Subject: x\n\nHello\n-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\nBye",
    ],
)
def test_encrypted_part_is_said_to_be_so(raw):
    pages, _ = read(eml, raw)
    assert PageStatus.LOCKED in {page.status for page in pages}
    assert "hQEM" not in pages[0].text


COMPRESSED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
REPEATED = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


@pytest.mark.parametrize(
    ("method", "answer", "expected"),
    [
        ("REPLY", "DECLINED", "Declined: Ann"),
        ("REPLY", "ACCEPTED", "Accepted: Ann"),
        ("REPLY", "TENTATIVE", "Accepted tentatively: Ann"),
        ("COUNTER", "ACCEPTED", "Another time is proposed"),
        ("CANCEL", "ACCEPTED", "Cancelled"),
        ("REQUEST", "ACCEPTED", ""),
    ],
)
def test_an_answer_to_an_invitation_is_told(method, answer, expected):
    said = invitation(ANSWER.replace("{answer}", answer).replace("{method}", method)).split("\n")
    assert [line for line in said if line.startswith(("Declined", "Accepted", "Another", "Cancelled"))] == (
        [f"{expected}: Lee a@x" if "Ann" in expected else expected] if expected else []
    )
    assert "Comment: No keys" in said


def test_whole_days_of_an_event_and_its_state_are_told():
    assert invitation(WHOLE).split("\n") == [
        "Begins: 2026-05-04, the whole day",
        "Ends: 2026-05-05",
        "Not on: 2026-05-04, 2026-05-05",
        "Status: cancelled",
    ]


def test_heads_of_a_mail_are_in_the_language_of_the_window():
    use_catalogue(Catalogue(io.BytesIO((CATALOGUES / "de" / "LC_MESSAGES" / "slmdesk.mo").read_bytes())))
    try:
        pages, _ = read(eml, b"From: a@x\nTo: b@x\nDate: Tue, 18 Feb 2025 16:03:17 +0100\nSubject: Haus\n\nHallo")
    finally:
        use_catalogue(None)
    heads = ["Von: a@x", "An: b@x", "Datum: 18. Februar 2025, 16:03 (UTC+1)", "Betreff: Haus"]
    assert pages[0].text.split("\n")[:4] == heads


def test_compressed_rich_text_is_read():
    assert tnef.rich_text(COMPRESSED).strip() == "hello world"  # the examples of [MS-OXRTFCP]
    assert tnef.rich_text(REPEATED).strip() == "WXYZ" * 5
    assert tnef.rich_text(COMPRESSED[:-9]) == tnef.rich_text(b"LZFu") == ""
    assert tnef.rich_text(b"\0" * 8 + b"LZFu" + b"\0" * 4 + b"\xff\xff\xf0" * 9) == ""
    pages, reading = read(msg, outlook_mail({0x37: "x"}, binaries={0x1009: COMPRESSED}))
    assert blocks(pages)[-1] == ("paragraph", "hello world")
    assert Note.PARTS_UNREAD not in reading.notes


def attribute(kind, value):
    return b"\1" + struct.pack("<II", kind, len(value)) + value + b"\0\0"


def properties(*values):
    """Properties of Outlook, each as (type, number, value); a value has the bytes of its type."""
    made = struct.pack("<I", len(values))
    for kind, number, value in values:
        made += struct.pack("<HH", kind, number)
        if number >= 0x8000:  # named by a text
            made += b"\0" * 16 + struct.pack("<II", 1, 6) + "abc".encode("utf-16-le") + b"\0\0"
        if kind in (0x1E, 0x1F, 0x102):
            made += struct.pack("<II", 1, len(value)) + value + b"\0" * (-len(value) % 4)
        else:
            made += value
    return made


def winmail(*parts):
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attribute(kind, value) for kind, value in parts)


TITLE, DATA = (0x00069002, b"\0" * 14), (0x0006800F, b"within 14 days")
ABOUT = ((3, 0x17, b"\0\0\0\1"), (0xB, 0x8001, b"\1\0\0\0"), (0x1040, 0x39, struct.pack("<I", 2) + b"\0" * 16))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(0x0002800C, b"Valid until 30 June.\0")], "Valid until 30 June."),
        ([(0x00069003, properties(*ABOUT, (0x102, 0x1013, b"<p>Valid until <b>30 June</b>.</p>")))],
         "Valid until 30 June."),
        ([(0x00069003, properties((0x1F, 0x1000, "Gültig bis 30. Juni.\0".encode("utf-16-le"))))],
         "Gültig bis 30. Juni."),
        ([(0x00069003, properties((0x102, 0x1009, COMPRESSED)))], "hello world"),
        ([(0x00069003, properties((0x1E, 0x1000, b"Hello\0")))], None),  # the text of the mail itself
    ],
)  # fmt: skip
def test_what_outlook_packs_is_read(parts, expected):
    named = properties((0x1F, 0x3707, "long.txt".encode("utf-16-le")), (0x102, 0x3701, b"words"))
    files = (TITLE, (0x00018010, b"terms.txt\0"), DATA, TITLE, (0x00069005, named))
    data = mail("Hello", enclosed=[("winmail.dat", winmail(*parts, *files))])
    pages, reading = read(eml, data)
    lines = [text for kind, text in blocks(pages) if kind == "paragraph" and ": " not in text]
    assert lines == (["Hello"] if expected is None else ["Hello", expected])
    assert [each.name for each in reading.attachments] == ["terms.txt", "long.txt"]
    assert attachment_of(Reading("a", data), "eml", 1) == ("long.txt", b"words")
    assert Note.PARTS_UNREAD not in reading.notes


def test_what_outlook_packed_and_is_damaged_is_named():
    whole = winmail((0x00069003, properties((0x102, 0x1013, b"<p>Valid until 30 June.</p>"))))
    for at in range(1, len(whole)):
        cut = whole[:at]
        _, reading = read(eml, mail("Hello", enclosed=[("winmail.dat", cut)]))
        assert at > 6 or reading.names[Note.PARTS_UNREAD] == ("winmail.dat",)


def test_what_outlook_packs_otherwise_is_named_as_unread():
    data = mail("Hello", enclosed=[("winmail.dat", b"x")])
    assert read(eml, data)[1].names[Note.PARTS_UNREAD] == ("winmail.dat",)
    data = outlook_mail({0x37: "x"}, binaries={0x1009: b"LZFu"})
    assert read(msg, data)[1].names[Note.PARTS_UNREAD] == ("RTF",)


TOP = "Nein.\n\nVon: Anna\nGesendet: Montag\nAn: B\nBetreff: Miete\n\nHallo,\n\n1200 Euro?\n"
ATTRIBUTED = "Am 3.3.25 um 10:00 schrieb Anna:"


@pytest.mark.parametrize(
    ("text", "is_html", "expected"),
    [
        (TOP, False, ["Nein.", "> Von: Anna\nGesendet: Montag\nAn: B\nBetreff: Miete", "> Hallo,", "> 1200 Euro?"]),
        (f"Nein.\nB\n{ATTRIBUTED}\nPreis?\n--- end ---\nGruß", False,
         ["Nein.\nB", f"> {ATTRIBUTED}", "> Preis?", "> --- end ---", "Gruß"]),
        (f"{ATTRIBUTED}\n> Preis?\n\n900.\n\n> Wann?\n\nMai.\n-- \nB", False,
         [f"> {ATTRIBUTED}", "> > Preis?", "900.", "> > Wann?", "Mai.", "--", "B"]),
        ("<p>Nein.</p><div style='border-top:solid #E1E1E1 1.0pt'><p><b>Von:</b> Anna<br><b>Gesendet:</b> Montag<br>"
         "<b>An:</b> B<br><b>Betreff:</b> Miete</p></div><img alt=Logo><p>Hallo</p>"
         "<table><tr><td>Miete</td><td>1200</td></tr>",
         True, ["Nein.", "> Von: Anna\nGesendet: Montag\nAn: B\nBetreff: Miete", "Logo", "> Hallo", "> Miete\t1200"]),
        ("<p>Nein.</p><p>Von: Anna</p><p>Datum: Montag</p><p>Betreff: Miete</p><p>Hallo</p>", True,
         ["Nein.", "> Von: Anna", "> Datum: Montag", "> Betreff: Miete", "> Hallo"]),
        (f"<div>{ATTRIBUTED}<br></div><blockquote>Hallo<table><tr><td>a</td><td>1</td></tr></table></blockquote><p>Nein.",
         True, [f"> {ATTRIBUTED}", "> Hallo", "> a\t1", "Nein."]),
    ],
)  # fmt: skip
def test_earlier_mails_are_quotes_below_the_newest(text, is_html, expected):
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content(text, subtype="html" if is_html else "plain")
    pages, _ = read(eml, message.as_bytes())
    marked = [f"> {text}" if kind == "quote" else text for kind, text in blocks(pages)]
    assert marked[1:] == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"Subject: x\nContent-Type: text/plain; charset=no-such\n\nGr\xf6\xdfe und \xdcbermut", "Größe und Übermut"),
        (b"Subject: x\nContent-Type: text/plain; charset=us-ascii\n\nGr\xf6\xdfe und \xdcbermut", "Größe und Übermut"),
        (b"From: J\xf6rg\nSubject: x\n\nabc", "From: Jörg"),
        (b"Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\n\nabc", "Subject: Größe"),
        (b"To: @@@,<,,\nSubject: x\nDate: never\nContent-Type: nonsense\n\nabc", "abc"),
        (b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nno end", "no end"),
        (b"Subject: x\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nR3L2@@@", "Gr"),
    ],
)
def test_wrong_mails_are_read_as_far_as_they_go(raw, expected):
    pages, _ = read(eml, raw)
    assert expected in pages[0].text


def test_no_mail_is_damaged_and_a_deep_one_is_read():
    with pytest.raises(KnownError, match=r"document\.damaged"):
        read(eml, b"\n\nonly words")
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
    with pytest.raises(KnownError, match=r"document\.unreadable"):
        attachment_of(Reading("a", data), "msg", 2)


def test_outlooks_mail_may_lack_everything():
    pages, reading = read(msg, outlook_mail({}))
    assert [page.status for page in pages] == [PageStatus.EMPTY]
    assert reading.title == ""
    pages, _ = read(msg, outlook_mail({0x37: "x"}, binaries={0x1013: b"<p>Gr\xf6\xdfe</p>"}))
    assert "Größe" in pages[0].text
    for cut in (0, 100, 600, 2000):
        with pytest.raises(KnownError, match=r"document\.damaged"):
            read(msg, outlook_mail({0x37: "x"})[:cut])


DAMAGED = {
    "subject": ({"texts": {0x37: "x"}}, "__substg1.0_0037001F"),
    "sender": ({"texts": {0xC1A: "Bob"}}, "__substg1.0_0C1A001F"),
    "text": ({"texts": {0x1000: "Hello"}}, "__substg1.0_1000001F"),
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("left", [None, b"\x00\xd8\x00"], ids=["gone", "no text"])
def test_a_broken_field_of_outlooks_mail_is_named(name, left):
    given, stream = DAMAGED[name]
    data = outlook_mail({0x1000: "Hello\r\nyou", 0x37: "Rent", **given["texts"]}, broken={stream: left})
    assert read(msg, data)[1].names[Note.PARTS_UNREAD] == (name,)


def test_a_broken_html_text_recipient_date_and_attachment_of_outlooks_mail_are_named():
    html = outlook_mail({0x37: "x"}, binaries={0x1013: b"<p>x</p>"}, broken={"__substg1.0_10130102": None})
    assert "text" in read(msg, html)[1].names[Note.PARTS_UNREAD]
    letter = {0x37: "x", 0x1000: "Hello"}
    late = outlook_mail(letter, fixed={0x39: (0x40, 0xFFFFFFFFFFFFFFFF)})
    assert read(msg, late)[1].names[Note.PARTS_UNREAD] == ("date",)
    gone = {"__recip_version1.0_#00000000/__substg1.0_3001001F": None}
    assert read(msg, outlook_mail(letter, people=[("Ann", "a@x", 1)], broken=gone))[1].names[Note.PARTS_UNREAD] == (
        "recipient",
    )
    gone = {"__attach_version1.0_#00000000/__substg1.0_37010102": None}
    assert read(msg, outlook_mail(letter, enclosed=[("a.txt", b"x")], broken=gone))[1].names[Note.PARTS_UNREAD] == (
        "attachment",
    )


def test_a_whole_mail_of_outlook_has_no_note():
    whole = outlook_mail({0x37: "x", 0x1000: "Hello"}, people=[("Ann", "a@x", 1)], enclosed=[("a.txt", b"x")])
    assert Note.PARTS_UNREAD not in read(msg, whole)[1].notes


RICH = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset238 CE;}}{\info{\title My title}}
{\stylesheet{\s1 Heading;}}{\header head}\pard\s1\outlinelevel0 Heading\par\pard It\u8217?s M\'fcller \f1\'b9\f0
{\footnote A note.} end.\line second\par {\listtext 1.\tab}item\par
\trowd\cellx1\cellx2 \intbl a|b\cell c\par d\cell\trowd\cellx1\row after {\deleted gone}{\v secret} {\pict 0102}\par
{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt link}}{\shp{\*\shpinst{\sp{\sn a}}{\shptxt In a box\par}}}\\page \{x\}
\page \u-10179?\u-8704? raw """ + "Müller}".encode("latin-1")


BOX, CHOICE, LINE = (
    r"{{\*\formfield{{\fftype1\ffres{}\ffdefres0}}}}",
    r"{\*\formfield{\fftype2\ffres1{\*\ffl monthly}{\*\ffl yearly}}}",
    r"{\*\formfield{\fftype0{\*\ffdeftext by May}}}",
)


@pytest.mark.parametrize("field", [r"{{\field{{\*\fldinst {0}}}{1}}}", r"{{\field{{\*\fldinst {0}{1}}}{{\fldrslt }}}}",
                                   r"{{\field{{\*\fldinst {{ {0} }}{{ {1}}}}}}}"])  # fmt: skip
def test_what_a_person_filled_into_a_rich_text_is_read(field):
    lines = [
        field.format("FORMCHECKBOX", BOX.format(1)) + " I agree",
        field.format("FORMCHECKBOX", BOX.format(0)) + " I object",
        field.format("FORMDROPDOWN", CHOICE) + " payment",
        field.format("FORMTEXT", LINE) + r" {\b at last}",
    ]
    text = r"\par ".join(lines)
    pages, _ = read(rtf, rf"{{\rtf1\ansi {text}\par}}".encode())
    assert [" ".join(line.split()) for line in pages[0].text.split("\n")] == [
        "☒ I agree", "☐ I object", "yearly payment", "by May at last"
    ]  # fmt: skip


def test_notes_of_a_rich_text_stand_at_their_words():
    note = r"{\super\chftn}{\footnote\pard {\super\chftn} %s}"
    text = rf"{{\rtf1\ansi 12 EUR{note % 'Until May.'}, 5 EUR{note % 'After June.'}.{{\*\annotation Why?}}\par}}"
    pages, _ = read(rtf, text.encode())
    assert pages[0].text.split("\n") == ["12 EUR[1], 5 EUR[2].", "[1] Until May.", "[2] After June.", "Why?"]


def test_rich_text_keeps_tables_notes_headings_and_pages():
    pages, reading = read(rtf, RICH)
    assert blocks(pages) == [
        ("heading", "Heading"),
        ("paragraph", "It’s Müller ą[1] end.\nsecond"),
        ("list_item", "1. item"),
        ("table_row", "a|b\tc d"),
        ("paragraph", "after secret"),
        ("paragraph", "link"),
        ("paragraph", "In a box"),
        ("paragraph", "\\page {x}"),
        ("header", "head"),
        ("footnote", "[1] A note."),
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
    pages, _ = read(rtf, b"{\\rtf1 " + b"{\\pict " + b"0f" * 1_000_000 + b"}{\\pict\\bin9 {{{{{{{{{}" + rich()[6:])
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


@pytest.mark.parametrize(
    ("text", "expected", "notes"),
    [
        ("1\n00:00:01,000 --> 00:00:02,000\nHello\n\nsecond part\n\n2\n00:00:03,000 --> 00:00:04,000\nBye",
         ["Hello\nsecond part", "Bye"], []),
        ("1\n00:00:01,000 --> 00:00:02,000\n\nlate\n2\n00:00:03,000 --> 00:00:04,000\nBye\n\n\nend\n",
         ["late", "Bye\nend"], []),
        ("1\n00:00:01 --> 00:00:02\nHello\n\n2\n00:00:03 --> 00:00:04\nBye", ["Hello", "Bye"], []),
        ("Before all.\n\n1\n00:00:01,000 --> 00:00:02,000\nHello", ["Before all.", "Hello"], [Note.UNTIMED]),
        ("WEBVTT - title\nKind: captions\n\nintro\n00:01.000 --> 00:02.000\nHello\n\nsecond\n\nNOTE for us\n\nNOTE\n\n"
         "STYLE\n::cue{}\n\nid of it\n00:03.000 --> 00:04.000\nBye\n", ["Hello\nsecond", "Bye"], [Note.PARTS_UNREAD]),
        ("[Script Info]\n[Events]\nFormat: Layer, Start, End, Style, Name, Text\n"
         "Dialogue: 0,0:00:01.00,0:00:02.00,D,,Hello\nmore\n\nsecond\nComment: 0,0,0,,,x\n"
         "Dialogue: 0,soon,later,D,,Bye\n", ["Hello\nmore\nsecond", "Bye"], [Note.UNTIMED]),
    ],
)  # fmt: skip
def test_what_stands_behind_an_empty_line_belongs_to_the_cue(text, expected, notes):
    pages, reading = read(subtitles, text.encode())
    assert [said for __, said in blocks(pages)] == expected
    assert reading.notes == notes


def test_text_without_times_is_no_subtitles():
    with pytest.raises(KnownError, match=r"document\.damaged"):
        read(subtitles, b"only words")
    assert [*subtitles.read(Reading("a", b""))] == []

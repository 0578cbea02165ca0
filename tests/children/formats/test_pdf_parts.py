"""What a PDF shows or holds besides the text of its pages: stamps, signatures, forms of XFA, files in it."""

from __future__ import annotations

import pytest
from fakes.tiny_pdf import Text, TinyPdf, lines

from slmdesk.base.documents import BlockKind, Note, PageStatus
from slmdesk.children.formats import pdf
from slmdesk.children.formats.pdf_file import opened
from slmdesk.children.formats.pdf_signatures import Signature, signatures_of
from slmdesk.children.formats.reading import Reading

pytestmark = pytest.mark.pure

TITLE = Text(50, 740, "Application of Jana Vogt")
REST = lines(50, 700, "The office keeps its letters in folders by year", "and by name.")
STAMP = "/Type /XObject /Subtype /Form /BBox [0 0 120 32] /Resources << /Font @fonts >>"


def read(made: TinyPdf):
    reading = Reading("a.pdf", bytes(made))
    return [*pdf.read(reading)], reading


def said_aside(page):
    return [(block.place, page.text[block.start : block.end]) for block in page.blocks if block.place]


REJECTED = b"BT /F1 12 Tf 2 16 Td (REJECTED) Tj 0 -12 Td (4 May 2026) Tj ET"
BOX = b"0 0 40 9 re f"


def stamped(about: str, shown: bytes = REJECTED, text=(TITLE,)):
    note = f"/Rect [300 690 420 722] /AP << /N @Ap >> {about}"
    return TinyPdf(parts={"Ap": (STAMP, shown)}).page(*text, *REST, notes=[note])


@pytest.mark.parametrize("about", ["/Subtype /Stamp /Name /Approved", "/Subtype /FreeText", "/Subtype /Watermark"])
def test_what_a_stamp_draws_is_read(about):
    (page,), _ = read(stamped(about))
    assert said_aside(page) == [("stamp", "REJECTED\n4 May 2026")]
    assert page.text.splitlines()[:2] == ["Application of Jana Vogt", " ".join(text.text for text in REST)]


@pytest.mark.parametrize(
    ("about", "shown", "said", "unread"),
    [
        pytest.param("/Subtype /Stamp /Name /NotApproved", BOX, [("stamp", "Not Approved")], (), id="known"),
        pytest.param("/Subtype /Stamp /Name /Mine", BOX, [], ("stamp",), id="a picture"),
        pytest.param("/Subtype /Stamp /Name /Draft /F 2", BOX, [], (), id="hidden"),
        pytest.param("/Subtype /Stamp /T (Jo) /Contents (no)", BOX, [("Jo", "no")], (), id="with a remark"),
    ],
)
def test_a_stamp_without_words_is_named(about, shown, said, unread):
    (page,), reading = read(stamped(about, shown))
    assert (said_aside(page), reading.names.get(Note.PARTS_UNREAD, ())) == (said, unread)


def test_words_under_a_stamp_are_not_taken_for_its_own():
    (page,), _ = read(stamped("/Subtype /Stamp", text=(TITLE, Text(310, 700, "under"))))
    assert said_aside(page) == [("stamp", "REJECTED\n4 May 2026")]
    assert "under" in page.text


def signed(*values: str, shown: bool = False) -> TinyPdf:
    parts = {"Ap": (STAMP, b"BT /F1 12 Tf 2 4 Td (By J. V.) Tj ET")}
    parts |= {f"Sig{at}": f"/Type /Sig /Filter /Adobe.PPKLite {value}" for at, value in enumerate(values)}
    look = "/AP << /N @Ap >>" if shown else ""
    forms = [
        (f"/FT /Sig /T (s{at}) /V @Sig{at}", [f"/F 4 /Rect [{72 + 200 * at} 500 {192 + 200 * at} 532] {look}"])
        for at in range(len(values))
    ]
    return TinyPdf(parts=parts, form="/SigFlags 3").page(TITLE, *REST, forms=forms)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("/Name (Jana Vogt) /M (D:20260504101500+02'00') /Reason (I approve)",
         "Signed by Jana Vogt, 4 May 2026, 10:15 +02:00: I approve"),
        ("/M (D:20260504101500Z) /Name <FEFF004A00FC0072>", "Signed by Jür, 4 May 2026, 10:15 UTC"),
        (r"/Name (J\374r \(notary\)) /M (D:20260504)", "Signed by Jür (notary), 4 May 2026"),
        ("/M (D:20261304)", "Signed"),
        ("/Reason (none)", "Signed: none"),
    ],
)  # fmt: skip
def test_who_signed_when_and_why_is_read(value, words):
    (page,), reading = read(signed(value))
    assert said_aside(page) == [("signature", words)]
    assert Note.SIGNED in reading.notes


def test_each_signature_is_said_and_what_it_shows():
    (page,), _ = read(signed("/Name (A) /M (D:20260504)", "/Name (B) /M (D:20260505)", shown=True))
    shown = [("signature", "By J. V.")] * 2
    assert said_aside(page) == [
        *shown,
        ("signature", "Signed by A, 4 May 2026"),
        ("signature", "Signed by B, 5 May 2026"),
    ]


def test_the_name_may_be_that_of_the_certificate():
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import pkcs7
    from cryptography.x509.oid import NameOID

    def named(words: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])

    def certificate(subject: str, issuer: str) -> x509.Certificate:
        built = x509.CertificateBuilder(named(issuer), named(subject), key.public_key(), x509.random_serial_number())
        return built.not_valid_before(now).not_valid_after(now.replace(year=now.year + 1)).sign(key, hashes.SHA256())

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime(2026, 5, 4, tzinfo=UTC)
    held = [certificate("Office", "Office"), certificate("Jana Vogt", "Office")]
    der = pkcs7.serialize_certificates(held, serialization.Encoding.DER) + bytes(64)
    made = bytes(signed(f"/M (D:20260504) /Contents <{der.hex()}>"))
    with opened(Reading("a.pdf", made)) as document:
        assert signatures_of(document, made) == [Signature("Jana Vogt", "4 May 2026", "")]
    spoilt = made.replace(der.hex().encode()[:40], b"00" * 20)
    with opened(Reading("a.pdf", spoilt)) as document:
        assert signatures_of(document, spoilt) == [Signature("", "4 May 2026", "")]


def test_a_signed_scan_is_still_a_scan():
    made = signed("/Name (Jana Vogt)")
    made.pages[0].texts, made.pages[0].picture = (), True
    (page,), _ = read(made)
    assert page.status is PageStatus.SCANNED
    assert said_aside(page) == [("signature", "Signed by Jana Vogt")]


TEMPLATE = (
    '<template xmlns="http://www.xfa.org/schema/xfa-template/3.0/"><subform name="f"><draw><value><text>Claim of rent'
    '</text></value></draw><draw presence="hidden"><value><text>secret</text></value></draw><field name="Applicant">'
    "<caption><value><text>Name:</text></value></caption></field></subform></template>"
)
DATA = (
    '<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><f><Applicant>Jana Vogt</Applicant>'
    '<Amount>4711</Amount><None/><Picture xfa:contentType="image/png">AAAA</Picture><Note><body '
    'xmlns="http://www.w3.org/1999/xhtml"><p>in <b>May</b></p></body></Note></f></xfa:data></xfa:datasets>'
)
WAIT = Text(50, 700, "Please wait...")


def xfa(template: str = TEMPLATE, data: str = DATA, more: str = "/NeedsRendering true", **page) -> TinyPdf:
    parts = {"Template": ("", template.encode()), "Datasets": ("", data.encode())}
    form = "/AcroForm << /Fields [] /XFA [(template) @Template (datasets) @Datasets] >>"
    return TinyPdf(parts=parts, catalog=f"{form} {more}").page(WAIT, **page)


def test_the_data_of_a_form_of_xfa_are_read_instead_of_the_request_to_wait():
    (page,), reading = read(xfa())
    assert said_aside(page) == [
        ("form", "Claim of rent"), ("form", "Name: Jana Vogt; Amount: 4711; Note: in May."),
    ]  # fmt: skip
    assert page.blocks[0].kind is BlockKind.HEADER
    assert Note.PARTS_UNREAD not in reading.notes


def test_one_stream_of_xfa_is_read_and_pages_with_words_of_their_own_stay():
    whole = f'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">{TEMPLATE}{DATA}</xdp:xdp>'
    made = TinyPdf(parts={"All": ("", whole.encode())}, catalog="/AcroForm << /Fields [] /XFA @All >>").page(WAIT)
    (page,), _ = read(made)
    assert ("form", "Name: Jana Vogt; Amount: 4711; Note: in May.") in said_aside(page)
    assert page.blocks[0].kind is not BlockKind.HEADER


@pytest.mark.parametrize(
    "data",
    [
        "<broken", DATA.replace("Jana Vogt", "").replace("4711", "").replace("in ", "").replace("May", ""),
        '<!DOCTYPE a [<!ENTITY b "c">]>' + DATA,
    ],
    ids=["broken", "nothing filled in", "entities"],
)  # fmt: skip
def test_a_form_of_xfa_that_cannot_be_read_is_named(data):
    (page,), reading = read(xfa(data=data))
    assert (page.text, reading.names[Note.PARTS_UNREAD]) == ("Please wait...", ("form",))


def test_files_in_a_pdf_are_named_as_not_read():
    _, reading = read(TinyPdf(attachments=[("offer.txt", b"Offer: 1,250 EUR until 8 June.")]).page(TITLE))
    assert reading.names[Note.PARTS_UNREAD] == ("offer.txt",)

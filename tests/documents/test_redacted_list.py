"""Words of one's own list in given-out copies: none is left, wherever it stands; and nothing else is replaced."""

from __future__ import annotations

import base64
import email.policy  # noqa: F401  the search for planted words needs it
import io
import random
import zipfile

import docx
import pytest
from fakes import needles as planting
from fakes import office
from fakes.tiny_pdf import Text, TinyPdf

from slmdesk.children.formats.reading import Reading, redactor_of
from slmdesk.children.formats.redacting.redactors import Listing, Redacting, Replacing, Seeking
from slmdesk.children.formats.redacting.text import left_in
from slmdesk.documents.private_words import private_words
from slmdesk.documents.redaction_key import pairs_for
from slmdesk.redact import Certainty, Kind, Listed

pytestmark = pytest.mark.pure


def _run(text: str, about: str = "") -> str:
    return f'<w:r><w:rPr>{about}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


RAISED, HIDDEN = '<w:vertAlign w:val="superscript"/>', "<w:vanish/>"
UNSEEN = {
    "zero-width space": "\u200b", "joiner": "\u200d", "word joiner": "\u2060", "soft hyphen": "\u00ad",
    "grapheme joiner": "\u034f", "variation": "\ufe0f", "tag": "\U000e0041",
}  # fmt: skip
PLAIN = {
    "year before": lambda a, b: f"2026{a}{b}",
    "raised figure": lambda a, b: f"\u00b9{a}{b}\u00b2",
    "raised letter": lambda a, b: f"{a}{b}\u00aa",
    "filler before": lambda a, b: f"x\u3164{a}{b}",
    "joined to another": lambda a, b: f"x\u200b{a}{b}\u2060x",
    "spaced": lambda a, b: f"so {' '.join(a + b)}, y",
    "over a line": lambda a, b: f"x {a}-\n{b} y",
    **{name: lambda a, b, sign=sign: f"x {a}{sign}{b} y" for name, sign in UNSEEN.items()},
}
"""Where a word of two parts stands, by the name of the place."""
WORD = {
    "note before": lambda a, b: _run("1", RAISED) + _run(a + b),
    "letter of a note": lambda a, b: _run("a", RAISED) + _run(a + b) + _run("b", RAISED),
    "hidden behind": lambda a, b: _run(a + b) + _run("abc", HIDDEN),
    "deleted before a letter": lambda a, b: f"<w:del><w:r><w:delText>{a}{b}</w:delText></w:r></w:del>{_run('s')}",
    "no-break hyphen": lambda a, b: _run(a + b) + "<w:r><w:noBreakHyphen/></w:r>" + _run("x"),
    "optional hyphen": lambda a, b: _run(a) + "<w:r><w:softHyphen/></w:r>" + _run(b),
    "over a broken line": lambda a, b: _run(a + "-") + "<w:r><w:br/></w:r>" + _run(b),
    "ruby": lambda a, b: f"<w:ruby><w:rt>{_run('x')}</w:rt><w:rubyBase>{_run(a + b)}</w:rubyBase></w:ruby>{_run('y')}",
    "over ruby": lambda a, b: f"<w:ruby><w:rt>{_run(a + b)}</w:rt><w:rubyBase>{_run('x')}</w:rubyBase></w:ruby>",
    "smart tag": lambda a, b: f'<w:smartTag w:uri="urn:{a}{b}-com:x" w:element="x">{_run("x")}</w:smartTag>',
    "schema": lambda a, b: f'<w:smartTag w:uri="http://schemas.{a}{b}.example/" w:element="x">{_run("x")}</w:smartTag>',
}  # fmt: skip
HEADERS = (
    "&amp;C", "&amp;Lx&amp;R", "&amp;B", "&amp;K000000", "&amp;K01+000", "&amp;12", "&amp;&quot;Arial,Bold&quot;",
    "&amp;&quot;",
)  # fmt: skip


def _docx(new) -> bytes:
    body = "".join(f"<w:p>{make(*new(name))}</w:p>" for name, make in WORD.items())
    body += "".join(f"<w:p>{_run(make(*new(name)))}</w:p>" for name, make in PLAIN.items())
    keys = base64.b64encode("".join(new("key")).encode("utf-16-le") * 3).decode()
    kinds = {"keyMapCustomizations": "customizations.xml", "package": "embeddings/data.xlsx"}
    parts = {"word/customizations.xml": f'<tcg value="{keys}"/>', "word/embeddings/data.xlsx": _xlsx(new)}
    return office.docx(body, parts, rels=kinds)


def _xlsx(new) -> bytes:
    headers = "".join(f"<oddHeader>{code}{''.join(new(f'header {code}'))}</oddHeader>" for code in HEADERS)
    texts = "".join(f"<si><t>{make(*new(name))}</t></si>" for name, make in PLAIN.items())
    raised = (
        f'<si><r><rPr><vertAlign val="superscript"/></rPr><t>a</t></r><r><t>{"".join(new("raised run"))}</t></r></si>'
    )
    shared = {"xl/sharedStrings.xml": f'<sst xmlns="urn:x">{texts}{raised}</sst>'}
    types = {"[Content_Types].xml": "<Types/>"}
    return office.xlsx({"".join(new("sheet")): f"<sheetData/><headerFooter>{headers}</headerFooter>"}, types | shared)


def _odt(new) -> bytes:
    styles = '<style:style style:name="T1"><style:text-properties style:text-position="super 58%"/></style:style>'
    raised = f'<text:p><text:span text:style-name="T1">a</text:span>{"".join(new("raised span"))}</text:p>'
    ruby = f"<text:ruby-base>{''.join(new('ruby'))}</text:ruby-base><text:ruby-text>x</text:ruby-text>"
    texts = "".join(f"<text:p>{make(*new(name))}</text:p>" for name, make in PLAIN.items())
    manifest = {"META-INF/manifest.xml": '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'}
    return office.odf("text", f"{raised}<text:p><text:ruby>{ruby}</text:ruby></text:p>{texts}", manifest, styles=styles)


def _pdf(new) -> bytes:
    made = TinyPdf(title="".join(new("title")))
    lines = [PLAIN[name](*new(name)) for name in ("year before", "spaced")]
    return bytes(made.page(*(Text(60, 700 - 14 * at, line) for at, line in enumerate(lines))))


def _eml(new) -> bytes:
    names = ("Subject", "Message-ID", "In-Reply-To")
    heads = "".join(f"{name}: <1{''.join(new(name))}@example.org>\r\n" for name in names)
    kind = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return heads.encode() + kind.encode() + _html(new)


def _html(new) -> bytes:
    texts = "".join(f"<p>{make(*new(name))}</p>" for name, make in PLAIN.items())
    marks = (
        ("<sup>a</sup>", ""),
        ("", "<sub>b</sub>"),
        ("<ruby>", "<rt>x</rt></ruby>"),
        ("", '<span style="display: none">x</span>'),
    )
    texts += "".join(f"<p>{before}{''.join(new(before + after))}{after}</p>" for before, after in marks)
    return f"<html><head><meta charset='utf-8'></head><body>{texts}</body></html>".encode()


def _txt(new) -> bytes:
    return "\n\n".join(make(*new(name)) for name, make in PLAIN.items()).encode()


def _read(kind: str, data: bytes, words, **options):
    redacting = Redacting(Reading(f"a.{kind}", data=data), words, **options)
    return redactor_of(kind, "a")(redacting)


def _given_out(kind: str, data: bytes, listed):
    """The copy, what was found, and what was looked for."""
    listing = Listing()
    _read(kind, data, listing, draws=False)
    hits = private_words([], [(place, text) for text, place in listing.texts.items()], [], listed)
    words = [(hit.kind, hit.words) for hit in hits if hit.is_chosen]
    pairs = pairs_for("", words, substitutes=False)
    copy = _read(kind, data, Replacing(pairs), text_layer=True, pixels_per_inch=72)
    originals = [original for original, _ in pairs]
    seeking = Seeking(originals)
    _read(kind, copy, seeking, draws=False)
    assert {**left_in(copy, originals), **seeking.found} == {}
    return copy, hits, originals


@pytest.mark.parametrize("size", [5, pytest.param(9, marks=pytest.mark.soak)])
@pytest.mark.parametrize("make", [_docx, _xlsx, _odt, _pdf, _eml, _html, _txt], ids=lambda maker: maker.__name__[1:])
def test_no_word_of_the_list_is_left_wherever_it_stands(make, size):
    needles = planting.Needles()

    def new(place):
        number = len(needles.planted)
        word = "Qx" + chr(97 + number // 26) + chr(97 + number % 26) + "zwildorf"[: size - 4]
        needles.planted[word] = place
        return word[:3], word[3:]

    data = make(new)
    assert planting.found_in(data, needles) == needles.planted  # the control: the search finds all
    copy, _, _ = _given_out(make.__name__[1:], data, [Listed(needle) for needle in needles.planted])
    assert planting.found_in(copy, needles) == {}


EDGES = {
    "docx": lambda a, b: office.docx(office.paragraph(a) + office.paragraph(b)),
    "html": lambda a, b: f"<h1>{a}</h1><p>{b}</p>".encode(),
}


@pytest.mark.parametrize("kind", EDGES)
@pytest.mark.parametrize(
    ("word", "before", "after"),
    [("Kesselhaus", "der Kessel", "Haus und Hof"), ("New York", "So new", "York is far."), ("Anna", "An", "na ja")],
)
def test_a_word_that_lies_over_paragraphs_by_chance_holds_no_copy_back(kind, word, before, after):
    data = EDGES[kind](before, after)
    copy, _, originals = _given_out(kind, data, [Listed(word), Listed("4111 1111 1111 1111")])
    assert word.casefold() in {original.casefold() for original in originals}
    assert copy == _read(kind, data, Replacing(()))


def test_a_page_has_bars_over_words_of_the_list():
    lines = ("2026Qxabz", "so Q x a b z, y", "so Qx-", "abz y")
    words = Replacing([("Qxabz", "")])
    _read("pdf", bytes(TinyPdf().page(*(Text(60, 700 - 14 * at, line) for at, line in enumerate(lines)))), words)
    assert words.counts[0] == 3


def test_what_every_file_of_a_format_says_holds_no_copy_back():
    made = io.BytesIO()
    docx.Document().save(made)
    words = [Listed("Microsoft"), Listed("Office"), Listed("Schemas")]
    copy, _, originals = _given_out("docx", made.getvalue(), words)
    assert len(originals) == len(words)
    assert b"Microsoft" not in b"".join(
        zipfile.ZipFile(io.BytesIO(copy)).read(f"docProps/{part}.xml") for part in ("app", "core")
    )


OWN = [
    Listed("Rose"), Listed("Anna"), Listed("Martin"), Listed("Ek"), Listed("Stein Klein", Kind.PERSON),
    Listed("Microsoft GmbH", Kind.FIRM), Listed("Quarbelsen"),
]  # fmt: skip
OTHERS = (
    "prose", "Annahme", "Martinique", "Projekt", "ein kleiner Steinbruch", "klein", "Hanna", "primroses", "in Annaberg",
    "pro semester", "an\u00adnahm", "R2", "die Annalen", "m i t  L u f t", "Anna\u00adhme", "p r o s e", "A & B",
)  # fmt: skip


def test_files_without_words_of_the_list_stay_as_they_are():
    chance = random.Random(5)
    for number in range(60):
        text = " ".join(chance.choices(OTHERS, k=12))
        kind = ("docx", "xlsx", "html")[number % 3] if number < 6 else "txt"
        data = {
            "docx": lambda text=text: office.docx(office.paragraph(text)),
            "xlsx": lambda text=text: office.xlsx(
                {
                    text[:20].replace(
                        "&", ""
                    ): f"<headerFooter><oddHeader>&amp;C{text.replace('&', 'u.')}</oddHeader></headerFooter>"
                },
                {"[Content_Types].xml": "<Types/>"},
            ),
            "html": lambda text=text: f"<p>{text.replace('&', '&amp;')}</p>".encode(),
            "txt": text.encode,
        }[kind]()
        copy, hits, _ = _given_out(kind, data, OWN)
        assert not [hit for hit in hits if hit.is_chosen and hit.count]
        assert copy == _read(kind, data, Replacing(()))
        assert copy == data or kind != "txt"


def test_longer_words_are_proposed_and_do_not_hold_a_copy_back():
    text = "Rosen in prose: Annahme, Martina, Martinique, klein, Xek."
    copy, hits, originals = _given_out("txt", f"{text} 2026Quarbelsen".encode(), OWN)
    assert copy.decode() == f"{text} 2026█████"
    unsure = {hit.words for hit in hits if hit.certainty is Certainty.UNSURE}
    assert unsure >= {"Rosen", "prose", "Annahme", "Martina", "Martinique", "klein"}
    assert "Xek" not in unsure  # of three letters and less it would be noise
    assert not {"Rose", "Anna", "Martin", "Klein"} & {*originals}
    assert _given_out("txt", b"Roses and Anna's, prose", OWN)[0] == "█████ and █████'s, prose".encode()
    taken, _, _ = _given_out("txt", text.encode(), [*OWN, Listed("prose")])  # as when it is ticked
    assert "prose" not in taken.decode()

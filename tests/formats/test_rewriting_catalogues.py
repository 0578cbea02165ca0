"""Texts of programs and mails given back: plural forms, states, parts that are nobody's business."""

from __future__ import annotations

import email
import email.policy
import io
from email.message import EmailMessage

import polib
import pytest
from lxml import etree

from slmdesk.base.translation import LANGUAGES
from slmdesk.formats.reading import Reading, rewriter_of
from slmdesk.formats.rewriting.localization import forms_of, header_for, is_rule
from slmdesk.formats.rewriting.rewriters import LeftAsIs, Options, Rewriting, Unit, listed, written_to

pytestmark = pytest.mark.pure

PLURAL = 'msgid "%d file\\n"\nmsgid_plural "%d files\\n"\nmsgstr[0] ""\nmsgstr[1] ""\n'


def given_back(format_id, data, change=str.swapcase, refused=(), **options):
    """The units, what was left, and the file with all units changed."""
    data = data if isinstance(data, bytes) else data.encode()
    rewriter = rewriter_of(format_id, "a")
    found = list(listed(rewriter, Rewriting(Reading("a", data=data), Options(**options))))
    units = [one for one in found if isinstance(one, Unit)]
    out = io.BytesIO()
    answers = {at: (unit.text, change(unit.text)) for at, unit in enumerate(units)}
    assert written_to(rewriter, Rewriting(Reading("a", data=data), Options(**options)), answers, out) == [*refused]
    return [unit.text for unit in units], [one for one in found if isinstance(one, LeftAsIs)], out.getvalue()


# ---- PO


def test_plural_forms_are_asked_with_a_number_of_each_and_get_the_placeholder_again():
    texts, _, made = given_back("po", f'msgid ""\nmsgstr "Plural-Forms: EXPRESSION\\n"\n\n{PLURAL}', language="pl")
    assert texts == ["%d file", "2 files", "5 files"]
    catalogue = polib.pofile(made.decode())
    assert catalogue[0].msgstr_plural == {0: "%D FILE\n", 1: "%d FILES\n", 2: "%d FILES\n"}
    assert catalogue[0].fuzzy
    assert catalogue.metadata["Plural-Forms"] == header_for("pl")
    assert catalogue.metadata["Language"] == "pl"


def test_a_form_whose_number_is_lost_stays_empty_and_is_named():
    *_, made = given_back(
        "po", f'msgid ""\nmsgstr ""\n\n{PLURAL}', lambda text: text.replace("2", "two"), [1], language="de"
    )
    assert polib.pofile(made.decode())[0].msgstr_plural == {0: "%d file\n", 1: ""}


def test_what_is_translated_is_counted_and_kept_with_its_wrapping():
    old = (
        'msgid ""\nmsgstr ""\n\n#: a.c:3\n#, c-format\nmsgid "done %s"\nmsgstr "fertig %s"\n\nmsgid "new"\nmsgstr ""\n'
    )
    texts, left, made = given_back("po", old)
    assert texts == ["new"]
    assert [(one.kind, one.text) for one in left] == [("done", "1 texts of the catalogue")]
    assert made.decode() == old.replace('msgid "new"\nmsgstr ""', '#, fuzzy\nmsgid "new"\nmsgstr "NEW"')


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_has_a_rule_with_as_many_forms_as_it_says(language):
    header = header_for(language)
    assert is_rule(header)
    forms = forms_of("%d file", "%d files", header)
    assert len(forms) == int(header.partition("nplurals=")[2][0])
    assert len({form.text for form in forms}) == len(forms)
    assert all(form.written(form.text) in ("%d file", "%d files") for form in forms)


@pytest.mark.parametrize(
    "header",
    ["", "nplurals=2; plural=__import__('os');", "nplurals=9; plural=n/0;", f"nplurals=2; plural={'(' * 500}n;", "x"],
)
def test_a_hostile_rule_is_none(header):
    assert len(forms_of("a", "b", header)) in (2, 6)


# ---- XLIFF


def test_xliff_2_says_its_language_and_its_state():
    text = (
        '<xliff version="2.0" srcLang="en" xmlns="urn:oasis:names:tc:xliff:document:2.0"><file id="f">'
        '<unit id="1"><segment><source>Hello <pc id="1">you</pc></source></segment></unit>'
        '<unit id="2" translate="no"><segment><source>Acme</source></segment></unit>'
        '<unit id="3"><segment state="final"><source>Done</source><target>Fertig</target></segment></unit>'
        "</file></xliff>"
    )
    texts, left, made = given_back("xliff", text, language="de")
    assert texts == ["Hello <1>you</1>"]
    assert {(one.kind, one.text) for one in left} == {("not_wanted", "Acme"), ("done", "1 texts of the file")}
    root = etree.fromstring(made)
    assert root.get("trgLang") == "de"
    segment = next(root.iter("{*}segment"))
    assert segment.get("state") == "translated"
    assert "".join(segment[1].itertext()) == "hELLO YOU"


def test_a_file_with_nothing_to_do_stays_as_it_is():
    text = "<xliff version='1.2'><file><body><trans-unit id='1'><source>12</source></trans-unit></body></file></xliff>"
    assert given_back("xliff", text)[2] == text.encode()


# ---- mails


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
    texts, left, made = given_back("eml", data)
    assert texts == ["Good morning", "Dear Bob,", "Dear <1>Bob</1>,"]
    assert [one.text for one in left] == ["rent.bin", "message/rfc822"]
    assert made.count(b"\r\n") == made.count(b"\n")
    again = email.message_from_bytes(made, policy=email.policy.default)
    assert again["Subject"] == "gOOD MORNING"
    assert again.get_body(("html",)).get_content().strip() == "<p>dEAR <b>bOB</b>,</p>"
    attachments = list(again.iter_attachments())
    assert attachments[0].get_content() == b"\x00\x01rent"
    assert attachments[1].get_content()["Subject"] == "Inner words"
    assert attachments[1].get_content().get_content().split() == ["Words", "of", "another", "mail"]
    before = email.message_from_bytes(data, policy=email.policy.default)
    assert again["X-Long"] == before["X-Long"]

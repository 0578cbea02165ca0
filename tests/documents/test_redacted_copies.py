"""Copies without words: nothing is given out where a word is left, nothing after a cancel, nothing of another file."""

from __future__ import annotations

import email
import email.policy
import json
import threading
from contextlib import closing

import docx
import pytest
from fakes import needles as planting
from fakes.recorder import add_model, open_echo, result_of

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.messages import Problem
from slmdesk.documents.finds import added_word
from slmdesk.documents.private_words import private_words
from slmdesk.documents.redacted import RedactionRequest
from slmdesk.documents.redaction_key import key_file, pairs_for, pairs_in
from slmdesk.redact import BAR, Certainty, Finder, Kind, Listed

pytestmark = pytest.mark.process


def ended(services, begin):
    """The result of something, or its Problem."""
    done, results = threading.Event(), []
    services.service_thread.call(lambda: begin().then(lambda outcome: (results.append(outcome), done.set())))
    assert done.wait(60)
    return results[0]


def request(preview, target, **more):
    words = tuple((word.kind, word.words) for word in (*preview.found, *preview.unseen) if word.is_chosen)
    return RedactionRequest(words, target, **more)


@pytest.mark.parametrize(
    "kind",
    ["xlsx", "pptx", "odt", "eml", "md", *(pytest.param(kind, marks=pytest.mark.soak) for kind in ("docx", "pdf"))],
)
def test_a_copy_of_each_kind_is_made_by_the_child_and_looked_through(services, tmp_path, kind):
    data, needles = planting.planted(kind, 5)
    path, target = tmp_path / f"a.{kind}", tmp_path / f"b.{kind}"
    path.write_bytes(data)
    copies = services.redaction
    preview = result_of(services, lambda: copies.preview(path, listed=[Listed(needle) for needle in needles.planted]))
    assert preview.format == kind
    assert preview.found
    words = tuple((Kind.OTHER, needle) for needle in needles.planted)
    made = result_of(services, lambda: copies.give_out(preview, RedactionRequest(words, target)))
    assert made.bytes == target.stat().st_size
    assert planting.found_in(target.read_bytes(), needles) == {}
    assert sum(count for _, count in made.replaced) > 0
    assert path.read_bytes() == data


MAIL = """From: kupfer-pfaff@kupfer-pfaff.de
To: verwaltung@strassburger.de
Date: Wed, 28 Jan 2026 09:47:22 +0100
Subject: Kanzlei Kupfer-Pfaff für Tannenkamp — Mangelanzeige
Content-Type: text/plain; charset=utf-8

Kanzlei Kupfer-Pfaff & Partner
RAin Dr. Miriam Kupfer-Pfaff

Betr.: Mietverhältnis Rosenblütenstraße 17, 3. OG links, 04229 Leipzig
       Mieter: Hannes Tannenkamp

Frau Kupfer-Pfaff vertritt Herrn Tannenkamp. Die Miete ist für den Januar gemindert.
Rechnungen gehen an die Kupfer-Pfaff Verlag GmbH.
"""


ANSWER = '{"people": ["Jule", "Nobody"], "companies": [], "addresses": [], "numbers": ["77-B"]}'


def test_what_a_model_names_is_added_where_it_stands_and_says_who_found_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SLMDESK_ECHO", json.dumps({"answer": ANSWER}))
    path = tmp_path / "a.txt"
    path.write_text("Mr Lomax said that Jule has it.\n", "utf-8")
    with closing(open_echo()) as services:
        record, copies = add_model(services, tmp_path / "echo.gguf"), services.redaction
        preview = result_of(services, lambda: copies.preview(path))
        asked = result_of(services, lambda: copies.ask(preview, record))
    before = {word.words: word.by for word in preview.found}
    after = {word.words: word.by for word in asked.found}
    assert before.keys() <= after.keys()
    assert Finder.MODEL in after["Jule"]
    assert "Nobody" not in after
    assert asked.sha256 == preview.sha256


def test_of_an_empty_office_file_nothing_is_offered(services, tmp_path):
    docx.Document().save(tmp_path / "a.docx")
    preview = result_of(services, lambda: services.redaction.preview(tmp_path / "a.docx"))
    assert [word.words for word in preview.found if not word.is_author] == []


@pytest.mark.parametrize("keeps", [(), (Kind.FIRM,)], ids=["all", "firm kept"])
def test_of_a_mail_no_surname_or_town_is_left_and_its_letters_stay(services, tmp_path, keeps):
    path, target = tmp_path / "a.eml", tmp_path / "b.eml"
    path.write_text(MAIL, "utf-8")
    copies = services.redaction
    preview = result_of(services, lambda: copies.preview(path))
    assert not [word.words for word in preview.found if not word.is_chosen]
    words = tuple((word.kind, word.words) for word in preview.found if word.kind not in keeps)
    result_of(services, lambda: copies.give_out(preview, RedactionRequest(words, target)))
    mail = email.message_from_bytes(target.read_bytes(), policy=email.policy.default)
    assert str(mail["Subject"]).removeprefix("Kanzlei ") == f"{BAR} für {BAR} — Mangelanzeige"
    text = mail.get_content()
    assert f"{BAR}, 3. OG links, {BAR}" in text
    assert ("Verlag GmbH" in text) == bool(keeps)
    assert not [word for word in ("Kupfer", "Pfaff", "Tannenkamp", "04229", "Leipzig") if word in str(mail) + text]


@pytest.mark.parametrize("substitutes", [False, True])
def test_a_surname_goes_from_a_firm_that_stays(services, tmp_path, substitutes):
    path, target = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_text("Wir schreiben an Frau Miriam Quarbelsen und an die Quarbelsen Verlag GmbH in der Stadt.")
    copies = services.redaction
    preview = result_of(services, lambda: copies.preview(path))
    words = tuple((word.kind, word.words) for word in preview.found if word.kind is Kind.PERSON)
    assert [words] == [((Kind.PERSON, "Miriam Quarbelsen"),)]
    request = RedactionRequest(words, target, substitutes=substitutes)
    made = result_of(services, lambda: copies.give_out(preview, request))
    assert sum(count for _, count in made.replaced) == 1
    assert "Quarbelsen" not in target.read_text()
    assert "Verlag GmbH" in target.read_text()


def test_a_word_that_a_longer_one_takes_with_it_counts_as_it_does_in_the_list(services, tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("The letter is signed by Onno Tjarks Quarbel.\n")
    preview = result_of(services, lambda: services.redaction.preview(path))
    words = tuple((Kind.PERSON, name) for name in ("Onno Tjarks Quarbel", "Onno Tjarks", "Absent Person"))
    wished = RedactionRequest(words, tmp_path / "copy.txt")
    made = result_of(services, lambda: services.redaction.give_out(preview, wished))
    assert dict(made.replaced) == {Kind.PERSON: 2}


def test_nothing_is_given_out_where_a_word_is_left(services, tmp_path, monkeypatch):
    path, target = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_text("Frau Quarbelsen und Herr Xanthopol")
    copies = services.redaction
    preview = result_of(services, lambda: copies.preview(path))
    words = ((Kind.PERSON, "Quarbelsen"), (Kind.PERSON, "Xanthopol"))
    bad = "slmdesk.documents.redacted.pairs_for"  # what stands for one word is the other
    monkeypatch.setattr(bad, lambda *_args, **_more: (("Quarbelsen", "Xanthopol"), ("Xanthopol", BAR)))
    problem = ended(services, lambda: copies.give_out(preview, RedactionRequest(words, target)))
    assert isinstance(problem, Problem)
    assert problem.code == "redaction.left"
    assert [path.name for path in tmp_path.glob("*.txt")] == ["a.txt"]


def test_the_persons_own_list_is_always_found(services, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Das Zeichen ist Blauwal.")
    assert result_of(services, lambda: services.redaction.preview(path)).found == ()
    services.service_thread.call(lambda: services.redaction.change_names([Listed("Blauwal", Kind.FIRM)]))
    words = result_of(services, lambda: services.redaction.preview(path)).found
    assert [(word.kind, word.words, word.is_chosen) for word in words] == [(Kind.FIRM, "Blauwal", True)]


def test_a_file_that_changed_since_the_look_is_not_written(services, tmp_path):
    path, target = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_text("Frau Quarbelsen schreibt.")
    preview = result_of(services, lambda: services.redaction.preview(path))
    path.write_text("Frau Xanthopol schreibt.")
    problem = ended(services, lambda: services.redaction.give_out(preview, request(preview, target)))
    assert problem.code == "redaction.changed"
    assert not target.exists()


def test_a_cancel_leaves_nothing(services, tmp_path):
    data, _ = planting.planted("docx", 5)
    path, target = tmp_path / "a.docx", tmp_path / "b.docx"
    path.write_bytes(data)
    preview = result_of(services, lambda: services.redaction.preview(path))

    def begin_and_cancel():
        pending = services.redaction.give_out(preview, request(preview, target))
        pending.cancel()

    services.service_thread.call(begin_and_cancel)
    result_of(services, lambda: services.redaction.preview(path))  # the child is free again
    assert [path.name for path in tmp_path.glob("*.docx")] == ["a.docx"]


def test_the_key_and_the_copy_are_both_there_or_neither(services, tmp_path):
    path, target, key = tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "b.key"
    path.write_text("Frau Quarbelsen schreibt an info@example.org.")
    preview = result_of(services, lambda: services.redaction.preview(path, listed=[Listed("Xanthopol")]))
    assert [word.words for word in preview.unseen] == ["Xanthopol"]
    wished = request(preview, target, substitutes=True, key=key, passphrase="a")
    target.write_text("mine")
    problem = ended(services, lambda: services.redaction.give_out(preview, wished))
    assert problem.code == "file.exists"
    assert not key.exists()
    assert target.read_text() == "mine"
    target.unlink()
    made = result_of(services, lambda: services.redaction.give_out(preview, wished))
    assert made.key == key
    assert dict(pairs_in(key, "a"))["info@example.org"] in target.read_text()
    assert BAR not in dict(pairs_in(key, "a")).values()
    with pytest.raises(KnownError, match=r"file\.is_source"):
        services.service_thread.call(
            lambda: services.redaction.give_out(preview, request(preview, path, substitutes=True))
        )


def test_a_locked_pdf_asks_for_its_password(services, tmp_path):
    from fakes.tiny_pdf import Text, TinyPdf

    path, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
    path.write_bytes(bytes(TinyPdf(password="open").page(Text(60, 700, "Frau Quarbelsen wohnt hier"))))
    assert ended(services, lambda: services.redaction.preview(path)).code == "document.locked"
    preview = result_of(services, lambda: services.redaction.preview(path, password="open"))
    result_of(services, lambda: services.redaction.give_out(preview, request(preview, target, password="open")))
    assert target.read_bytes().startswith(b"%PDF")


# ---- what is found (pure)


def test_authors_are_found_who_stand_nowhere_in_the_text():
    words = private_words([("page 1", "Nothing here.")], [], ["Anna Quarbelsen", "Microsoft Office User"], [])
    assert [(word.words, word.is_author, word.count) for word in words] == [("Anna Quarbelsen", True, 0)]


def test_places_are_shown_with_what_is_around():
    texts = [("page 1", "x" * 100), ("page 2", "Ihr Konto DE89 3704 0044 0532 0130 00 ist da.")]
    iban = next(word for word in private_words(texts, [], [], []) if word.kind is Kind.IBAN)
    assert iban.places[0].place == "page 2"
    assert iban.places[0].before.endswith("Ihr Konto ")
    assert iban.places[0].after == " ist da."
    assert iban.certainty is Certainty.SURE


def test_a_word_is_added_with_its_count():
    word = added_word("Blauwal und blauwal, Blauwale", "  Blauwal ")
    assert (word.words, word.count) == ("Blauwal", 2)
    with pytest.raises(KnownError, match=r"request\.invalid"):
        added_word("a", "a")


def test_bars_and_substitutes():
    words = [(Kind.PERSON, "Anna Quarbelsen"), (Kind.EMAIL, "a@example.org")]
    assert dict(pairs_for("text", words, substitutes=False)) == {"Anna Quarbelsen": BAR, "a@example.org": BAR}
    made = dict(pairs_for("Anna Quarbelsen a@example.org", words, substitutes=True))
    assert made.keys() >= {"Anna Quarbelsen", "a@example.org"}
    assert not any("Quarbelsen" in substitute for substitute in made.values())
    assert dict(pairs_for("Anna Quarbelsen", words, substitutes=True, unseen={"a@example.org"}))["a@example.org"] == BAR


@pytest.mark.parametrize("unseen", ["Erik Lund", "Markus Post", "Lund GmbH", "Nert", "Ster"])
def test_words_that_stand_nowhere_are_in_no_substitute(unseen):
    names = [f"{first} {chr(65 + at)}ukwitz" for at, first in enumerate(("Greta", "Ivo", "Ute", "Jan", "Uwe") * 5)]
    words = [*((Kind.PERSON, name) for name in names), *((Kind.FIRM, f"{name} GmbH") for name in names)]
    words += ((Kind.EMAIL, f"u{at}@kanzlei.example") for at in range(9))
    barred = (unseen, unseen.removesuffix(" GmbH").split()[-1])
    made = dict(
        pairs_for(
            "\n".join(text for _, text in words), [*words, *((Kind.PERSON, name) for name in barred)], substitutes=True,
            unseen=barred,
        )
    )  # fmt: skip
    assert {made.pop(name) for name in {*barred}} == {BAR}
    assert not [
        substitute for substitute in made.values() if any(each.casefold() in substitute.casefold() for each in barred)
    ]


def test_a_word_that_every_substitute_of_a_kind_holds_is_named():
    words = [(Kind.EMAIL, "a@kanzlei.example"), (Kind.OTHER, "example.org")]
    with pytest.raises(KnownError, match=r"redaction\.conflict") as caught:
        pairs_for("a@kanzlei.example", words, substitutes=True, unseen={"example.org"})
    assert caught.value.args_for_people == {"words": "example.org"}


def test_a_key_opens_with_its_passphrase_alone(tmp_path):
    path = tmp_path / "a.key"
    data = key_file([("Anna", "Alex")], "correct horse", document_sha256="0" * 64)
    path.write_bytes(data)
    assert pairs_in(path, "correct horse") == (("Anna", "Alex"),)
    with pytest.raises(KnownError, match=r"redaction\.key_wrong"):
        pairs_in(path, "Correct horse")
    path.write_bytes(data.replace(b'"n": 65536', b'"n": 32768'))  # its head is sealed too
    with pytest.raises(KnownError, match=r"redaction\.key_wrong"):
        pairs_in(path, "correct horse")
    path.write_bytes(data.replace(b'"n": 65536', b'"n": 1073741824'))  # it would take all memory
    with pytest.raises(KnownError, match=r"redaction\.key_damaged"):
        pairs_in(path, "correct horse")

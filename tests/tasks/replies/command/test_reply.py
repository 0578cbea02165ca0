from __future__ import annotations

import email

import pytest

pytestmark = pytest.mark.process

MAIL = """From: Anna Adler <anna.adler@example.org>
To: us@example.org
Subject: Garden
Date: Mon, 26 Jan 2026 10:18:09 +0100
Message-ID: <garden@example.org>
Content-Type: text/plain; charset=utf-8

Dear Sir or Madam,

the hedge at our border is 3.40 m high. Please cut it to 1.80 m by 30 June 2026.

Who pays for the work?

Yours sincerely

Anna Adler
"""


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.eml"
    path.write_text(MAIL)
    return path


def test_a_letter_is_answered_point_by_point_without_a_model(run, letter) -> None:
    shape = run("reply", str(letter), "--stance", "1=refuse", "--json").ok().json
    first, second = shape["points"]
    assert first["text"] == "Please cut it to 1.80 m by 30 June 2026."
    assert first["answer"].endswith("We are unable to comply with this.")
    assert second["stance"] == ""
    assert shape["letter"]["salutation"] == "Dear Anna Adler,"
    assert shape["letter"]["recipient_mail"] == "anna.adler@example.org"
    assert shape["letter"]["subject"] == "Garden", "only a mail that is sent says Re:"


def test_the_answer_to_a_mail_is_an_unsent_mail_in_its_thread(run, letter, tmp_path) -> None:
    written = tmp_path / "answer.eml"
    run("reply", str(letter), "--say", "2=we do", "-o", str(written)).ok()
    sent = email.message_from_bytes(written.read_bytes())
    assert sent["X-Unsent"] == "1"
    assert (sent["Subject"], sent["In-Reply-To"]) == ("Re: Garden", "<garden@example.org>")
    assert "We do." in sent.get_payload()


def test_a_sentence_that_is_no_point_becomes_one_by_a_stance(run, letter) -> None:
    told = run("reply", str(letter), "--all").ok().out
    assert "3. the hedge at our border is 3.40 m high." in told
    assert "Other sentences of the letter: 1" in run("reply", str(letter)).ok().out
    shape = run("reply", str(letter), "--stance", "3=refuse", "--json").ok().json
    assert [point["text"] for point in shape["points"]][:2] == [
        "the hedge at our border is 3.40 m high.",
        "Please cut it to 1.80 m by 30 June 2026.",
    ]
    assert [point["stance"] for point in shape["points"]] == ["refuse", "", ""]
    assert shape["others"] == []


def test_a_stance_on_no_point_is_refused(run, letter) -> None:
    assert run("reply", str(letter), "--stance", "9=agree").status == 1
    assert run("reply", str(letter), "--stance", "1=maybe").status == 2
    assert run("reply", str(letter), "--stance", "refuse").status == 2


def test_our_own_papers_are_offered_as_quotations(run, letter, tmp_path) -> None:
    lease = tmp_path / "lease.txt"
    lease.write_text("The rent is due. The hedge at the border is cut by the landlord.\n")
    shape = run("reply", str(letter), str(lease), "--json").ok().json
    (offer,) = shape["points"][0]["offers"]
    assert offer["text"] == "The hedge at the border is cut by the landlord."
    assert offer["place"] == "lease.txt, p. 1"


def test_a_template_is_not_written_over(run, letter, tmp_path) -> None:
    template = tmp_path / "template.docx"
    run("reply", str(letter), "--stance", "1=agree", "-o", str(template)).ok()
    before = template.read_bytes()
    given = ("--template", str(template), "-o", str(template), "--force", "--json")
    done = run("reply", str(letter), "--stance", "1=agree", *given)
    assert (done.status, done.json["error"]["code"]) == (1, "file.is_source")
    assert template.read_bytes() == before


def test_a_paper_without_a_word_has_no_answer(run, tmp_path) -> None:
    blank = tmp_path / "blank.txt"
    blank.write_text(" \n\n")
    ran = run("reply", str(blank))
    assert (ran.status, "no text in blank.txt" in ran.err) == (1, True)


def test_a_point_has_one_stance(run, letter) -> None:
    ran = run("reply", str(letter), "--stance", "1=refuse", "--stance", "1=agree")
    assert "Point 1 has a stance twice." in ran.err

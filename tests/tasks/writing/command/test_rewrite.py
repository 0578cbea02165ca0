"""write rephrase, shorten, expand, tone, continue: the text, and what to look at in it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.process
TEXT = "Mr Petrov pays 1,450 euros on Friday. He does not pay in cash, because the office in Leeds is closed."


def test_three_versions_are_asked_and_fewer_are_told(run, able_model):
    echo = {"answer": "On Friday, Mr Petrov pays 1,540 euros in Leeds, not in cash."}
    done = run("write", "--as", "rephrase", "--language", "en", stdin=TEXT, echo=echo)
    assert (done.status, done.out) == (0, "1. On Friday, Mr Petrov pays 1,540 euros in Leeds, not in cash.\n")
    assert "The model gave 1 of 3 versions; the others were the same." in done.err
    assert "1. Not in your text: “1,540" in done.err
    assert "Missing: “1,450" in done.err
    shape = run("write", "--as", "rephrase", "--language", "en", "--json", stdin=TEXT, echo=echo).json
    assert shape["text"] == shape["versions"][0]["text"]
    assert any("1,540" in figure for figure in shape["versions"][0]["added"])
    assert any("1,450" in figure for figure in shape["versions"][0]["missing"])


@pytest.mark.parametrize(
    ("command", "answer", "told"),
    [
        (("shorten",), "Mr Petrov pays on Friday. Not in cash.", "Missing: “1,450"),
        (("shorten", "--to", "sentence"), "He pays. It is shut.", "It has 2 sentences, not one."),
        (("tone", "--tone", "firmer"), TEXT + " Ms Novak knows.", "Not in your text: “Novak”."),
        (("expand",), TEXT + " He lives at 7 Mill Lane.", "“7"),
        (("continue",), TEXT + " It opens on 4 May.", "4 May"),
    ],
)  # fmt: skip
def test_a_text_is_written_anew_and_its_facts_are_compared(run, able_model, command, answer, told):
    done = run("write", "--as", *command, "--language", "en", stdin=TEXT, echo={"answer": answer}).ok()
    assert told in done.err
    expected = " It opens on 4 May." if command == ("continue",) else answer
    assert done.out == expected.strip() + "\n"


def test_a_denial_that_is_gone_is_told(run, able_model):
    said = {"answer": TEXT.replace("does not pay", "will pay")}
    done = run("write", "--as", "tone", "--tone", "formal", "--language", "en", stdin=TEXT, echo=said)
    assert "It may deny something else than your text: compare each “not” and “no”." in done.err
    kept = {"answer": TEXT.replace("does not pay", "won't pay")}
    done = run("write", "--as", "tone", "--tone", "formal", "--language", "en", stdin=TEXT, echo=kept)
    assert "deny" not in done.err


def test_a_text_that_comes_back_as_it_was_is_no_version(run, able_model):
    formal = ("write", "--as", "tone", "--tone", "formal", "--language", "en")
    done = run(*formal, "--json", stdin=TEXT, echo={"answer": TEXT})
    assert (done.status, done.json["error"]["code"]) == (1, "writing.no_version")


def test_wrong_requests_are_told(run, able_model):
    assert run("write", "--as", "tone", "--language", "en", stdin=TEXT).status == 2
    assert run("write", "--as", "shorten", "--to", "nothing", stdin=TEXT).status == 2
    done = run("write", "--as", "expand", "--json", stdin="word " * 2_000)
    assert (done.status, done.json["error"]["code"]) == (1, "writing.too_long")
    assert run("write", "--as", "continue", "--json", stdin=" ").json["error"]["code"] == "writing.empty"

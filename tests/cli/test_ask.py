"""`slmdesk ask`: an answer with citations, the contract's fields, no traceback whatever is asked."""

from __future__ import annotations

import pytest
from fakes.told import add_model, open_echo

pytestmark = pytest.mark.process

SAYS = '[1] "The pump stops at 12 bar."\n[1] "made up words"\nAnswer: At 12 bar.'


@pytest.fixture
def with_echo(environment, tmp_path):
    """A model of no size at all, which therefore counts as able."""
    services = open_echo()
    add_model(services, tmp_path / "echo.gguf")
    services.close()


@pytest.fixture
def manual(tmp_path):
    path = tmp_path / "manual.txt"
    path.write_text("The pump stops at 12 bar.\n\nThe valve opens in winter.")
    return path


def test_an_answer_names_file_page_and_words(run, with_echo, manual):
    asked = run("ask", str(manual), "When does the pump stop?", "--json", echo={"answer": SAYS}).json
    assert (asked["answer"], asked["found"], asked["dropped"], asked["whole"]) == ("At 12 bar.", True, 1, True)
    assert asked["citations"] == [{"file": "manual.txt", "page": 1, "quote": "The pump stops at 12 bar"}]
    followed = run(
        "ask", str(manual), "And then?", "-q", asked["item"], "--json", echo={"answer": "Not in the text."}
    ).json
    assert (followed["item"], followed["found"], followed["citations"]) == (asked["item"], False, [])
    listed = run("history", "list", "--kind", "question", "--json").json
    assert [one["id"] for one in listed] == [asked["item"]]
    words = run("ask", str(manual), "When does the pump stop?", echo={"answer": SAYS})
    assert words.out.startswith("At 12 bar.\n\n> \u201cThe pump stops at 12 bar\u201d \u2014 manual.txt, page 1")
    assert "stand on no page" in words.err


def test_what_cannot_be_asked_is_said(run, with_echo, manual, tmp_path):
    assert run("ask", str(tmp_path / "none.txt"), "Why?", "--json").json["error"]["code"] == "file.missing"
    assert run("ask", str(manual), "Why?", "-m", "nothing", "--json").json["error"]["code"] == "model.unknown"
    assert run("ask", str(manual)).status == 2


def test_without_a_model_the_passages_are_the_answer(run, manual):
    asked = run("ask", str(manual), "When does the pump stop?", "--json").json
    assert (asked["quoted_only"], asked["found"]) == (True, True)
    assert asked["citations"][0]["quote"] == "The pump stops at 12 bar."

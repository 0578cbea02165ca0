"""Whether a model can translate a pair of languages, asked on the command line."""

from __future__ import annotations

import pytest
from fakes.parallel import table

pytestmark = pytest.mark.process


def test_a_pair_is_examined_and_listed(run, with_model) -> None:
    model = with_model["id"]
    done = run("models", "exam", model, "--translate", "english-pl", "--json", echo={"turned": True})
    assert done.status == 0, done.err
    assert {"id", "name", "from", "to", "level", "taken", "skills", "sentence"} <= set(done.json)
    assert (done.json["from"], done.json["to"], done.json["level"]) == ("en", "pl", "weak")
    skills = {skill["skill"]: skill for skill in done.json["skills"]}
    assert set(skills) == {"language", "sense", "tags", "numbers", "glossary", "no_chatter"}
    assert skills["language"] == {"skill": "language", "level": "weak", "passed": 0, "total": 12}
    (listed,) = run("models", "list", "--json").json
    assert [(pair["from"], pair["to"], pair["level"]) for pair in listed["translates"]] == [("en", "pl", "weak")]
    shown = run("models", "info", model)
    assert "translates: English → Polish: weak (right language 0 of 12," in shown.out
    again = run("models", "exam", model, "--translate", "en-de", echo={"known": table("en", "de")})
    assert again.out.startswith("English → German: good (right language 1")


def test_pairs_that_cannot_be_examined(run, with_model) -> None:
    for pair, status, words in (
        ("en", 2, "two languages with a dash"),
        ("en-en", 1, "in English already"),
        ("fi-en", 1, "no sentences in Finnish"),
    ):
        refused = run("models", "exam", with_model["id"], "--translate", pair)
        assert (refused.status, refused.out) == (status, ""), refused.err
        assert words in refused.err

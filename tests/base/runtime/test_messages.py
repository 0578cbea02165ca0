from __future__ import annotations

import re

import pytest

from slmdesk.base.error_sentences import CODES
from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.messages import bytes_for_people, problem_for, problem_of, sentence_for

pytestmark = pytest.mark.pure

ARGS = {"bytes": 98_000_000, "expected": 2_000_000_000, "limit": 5000, "needed_bytes": 1, "available_bytes": 2}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_sentence_that_uses_its_args(code: str) -> None:
    args = {name: ARGS.get(name, 4321 if name in {"needed", "available", "times", "seconds", "count"} else f"<{name}>")
            for name in CODES[code]}  # fmt: skip
    sentence = sentence_for(code, args)
    assert not re.search(r"[{}!]|unknown|Something did not work", sentence), sentence
    assert sentence[-1] == "."
    assert "\n" not in sentence
    assert sentence_for(code, {}).endswith("."), "without them too"


def test_an_unknown_code_has_a_sentence() -> None:
    assert "future.code" in sentence_for("future.code", {"x": 1})


@pytest.mark.parametrize("how", ["aborted", "segfault", "bus", "illegal_instruction", "exited", "killed", "hung"])
def test_w2_each_cause_of_death_has_its_own_sentence(how: str) -> None:
    others = {
        sentence_for("child.died", {"how": cause, "detail": "Ryzen"}) for cause in ("aborted", "odd") if cause != how
    }
    sentence = sentence_for("child.died", {"how": how, "detail": "Ryzen"})
    assert sentence not in others
    assert ("Ryzen" in sentence) is (how in ("illegal_instruction", "exited"))


def test_sizes_carry_units() -> None:
    assert [bytes_for_people(size) for size in (0, 999, 98_000_000, 1_234_000_000, 999_700_000, 4e12)] == [
        "0 bytes", "999 bytes", "98 MB", "1.2 GB", "1.0 GB", "4.0 TB",
    ]  # fmt: skip


def test_m11_hostile_args_become_one_plain_line() -> None:
    sentence = sentence_for("file.missing", {"path": "a\nb\u202e\x1b[31m" + "x" * 1000})
    assert all(letter.isprintable() for letter in sentence)
    assert len(sentence) < 400
    assert "…" in sentence
    assert "{reason}" in sentence_for("file.missing", {"path": "{reason}"})


def test_a_bug_has_a_report_without_the_words_of_the_user() -> None:
    try:
        int("SECRET WORDS")
    except ValueError as err:
        problem = problem_for(err)
    assert problem.code == "bug"
    assert "SECRET" not in problem.report + problem.sentence
    assert "ValueError" in problem.report
    assert "test_messages.py" in problem.report
    assert "slmdesk" in problem.report


def test_a_known_error_has_no_report() -> None:
    problem = problem_for(KnownError("store.full"))
    assert (problem.code, problem.report) == ("store.full", "")
    assert problem_of("context.full", {"needed": 5, "available": True, "x": [1]}).args == {"needed": 5}

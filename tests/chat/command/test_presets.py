from __future__ import annotations

import pytest

pytestmark = [pytest.mark.process, pytest.mark.quick]


def test_a_preset_is_used_by_its_name(run, with_model) -> None:
    *_tokens, done = run("chat", "hello", "--preset", "letter writer", "--json").lines
    chat = run("history", "show", done["chat"], "--json").json
    assert chat["messages"][-1]["preset"] == "Letter writer"
    wrong = run("chat", "hello", "--preset", "nothing of the kind")
    assert wrong.status == 1
    assert "nothing of the kind" in wrong.err


def test_examples_are_added_from_a_file_shown_and_tried(run, with_model, tmp_path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("input;output\n" + "".join(f"Say {n};It is {n}.\n" for n in range(6)) + "no pair\n")
    added = run("presets", "Say it", "--add", str(file))
    assert added.status == 1  # not all of it
    assert "6 examples were added; the preset Say it was made." in added.err
    assert "8: not two columns" in added.err
    assert "Say it: 6 examples, " in added.out
    again = run("presets", "say it", "--add", str(file), "--json")
    assert (again.json["added"], again.json["wrong"]) == (0, [{"row": 8, "reason": "not two columns"}])
    assert again.json["tokens"] < again.json["context"]
    known = {f"Say {n}": f"It is {n}." for n in range(4)}
    scored = run("presets", "Say it", "--score", echo={"known": known})
    assert scored.status == 0, scored.err
    assert "4 of 6 as you wrote them" in scored.out
    assert "you wrote:  It is 4." in scored.out
    shown = run("presets", "Say it", "--json").json
    assert shown["examples"][0] == ["Say 0", "It is 0."]
    assert (shown["score"]["same"], shown["score"]["total"], len(shown["score"]["tried"])) == (4, 6, 6)
    assert "Say it" in run("presets").out
    listed = {preset["name"]: preset["examples"] for preset in run("presets", "--json").json}
    assert (listed["Say it"], listed["Code"]) == (6, 0)


def test_what_cannot_be_is_said(run, with_model, tmp_path) -> None:
    assert run("presets", "--score").status == 2
    assert "5" in run("presets", "Code", "--score").err
    assert run("presets", "nothing of the kind").status == 1
    assert run("presets", "New", "--add", str(tmp_path / "none.csv")).status == 1
    assert "0 examples" in run("presets", "Code", "--teach").err
    assert "(copy)" not in run("presets").out


def test_the_next_command_need_not_read_the_examples_again(run, with_model, tmp_path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("".join(f"Shorten {n}: {f'word{n} ' * 60};{n}\n" for n in range(6)))
    assert run("presets", "Shorten", "--add", str(file)).status == 0
    evaluated = []
    for question in ("Shorten this", "Shorten that"):
        *_tokens, done = run("chat", question, "--preset", "shorten", "--json").lines
        evaluated.append(done["usage"]["prompt_tokens"] - done["usage"]["cached_tokens"])
    assert evaluated[0] > 350
    assert evaluated[1] < 20

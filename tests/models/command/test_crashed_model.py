"""A model that crashed too often: every command starts it again when it is named."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.process

CRASHES = {"at": 1, "fault": "segfault"}


@pytest.fixture
def crashed(run, with_model) -> str:
    """The id of a model that is not started by itself any more."""
    for _ in range(3):
        assert run("chat", "hello", echo=CRASHES).status == 1
    return with_model["id"]


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.md"
    path.write_text("The rent for the flat in the second floor is 900 euros a month.\n\nPets need a permission.\n")
    return path


def test_every_command_starts_a_named_model_again(run, crashed, letter, tmp_path) -> None:
    asked = run("chat", "hello")
    assert (asked.status, "-m ID" in asked.err) == (1, True)
    commands = (
        ("summarize", str(letter), "--language", "de", "-m", crashed),
        ("translate", str(letter), "--from", "en", "--to", "de", "-m", crashed, "-o", str(tmp_path / "out.md")),
        ("extract", str(letter), "--columns", "Rent", "-m", crashed),
        ("chat", "hello", "-m", crashed),
    )
    for command in commands:
        done = run(*command, echo={"turned": True})
        assert (done.status, "-m ID" in done.err) == (0, False), done.err
        for _ in range(3):
            run("chat", "hello", echo=CRASHES)


def test_a_document_without_a_named_model_is_told_how_to_name_one(run, crashed, letter) -> None:
    said = run("translate", str(letter), "--from", "en", "--to", "de")
    assert (said.status, "-m ID" in said.err) == (1, True)

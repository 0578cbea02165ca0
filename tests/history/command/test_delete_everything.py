"""`slmdesk delete-everything`: byte for byte as before the program came; refused while it would hurt."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
from fakes.commands import Ran, run_here, run_process

pytestmark = pytest.mark.process

WORDS = "delete everything"


def tree(folder: Path) -> dict[str, tuple]:
    """Every file, folder and link: mode and content."""
    entries = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        what = path.read_bytes() if stat.S_ISREG(mode) else str(path.readlink()) if stat.S_ISLNK(mode) else b""
        entries[str(path.relative_to(folder))] = (oct(mode), what)
    return entries


@pytest.fixture
def person(tmp_path, environment):
    """A home of a person as the system has it, with files of other programs, and a way to run commands in it."""
    folder = tmp_path / "person"
    for name in (".config", ".cache", ".local/share", ".local/state", "Documents"):
        (folder / name).mkdir(parents=True)
    (folder / ".config" / "QtProject.conf").write_text("[FileDialog]\nlastVisited=file:///other\n")
    (folder / ".local/share" / "other.txt").write_text("of another program")
    (folder / "Documents" / "letter.txt").write_text("The pump stops at 12 bar. It was signed on 3 May 2024.\n")
    env = {key: value for key, value in environment.items() if not key.startswith(("XDG_", "SLMDESK_HOME"))}
    env |= {"HOME": str(folder), "TMPDIR": str(tmp_path / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}
    (tmp_path / "tmp").mkdir()

    def run(*args: str, stdin: str = "", way=run_here) -> Ran:
        status, out, err = way(args, env, stdin.encode())
        assert b"Traceback" not in err, err
        return Ran(status, out.decode(), err.decode())

    return folder, run


def used(run, folder: Path, tiny: Path) -> None:
    """A little of everything that leaves files."""
    for args in (
        ["models", "import", str(tiny)],
        ["chat", "hello"],
        ["ask", str(folder / "Documents" / "letter.txt"), "When does it stop?"],
        ["network", "--offline", "on"],
        ["backup", str(folder / "Documents" / "own.sqlite3")],
    ):
        run(*args).ok()
    (folder / "Documents" / "own.sqlite3").unlink()
    assert (folder / ".local/share/slmdesk/slmdesk.sqlite3").exists(), "the control: there is something"


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_all_is_as_it_was_before_the_program_came(person, tiny):
    folder, run = person
    before = tree(folder)
    used(run, folder, tiny)
    assert tree(folder) != before
    refused = run("delete-everything", stdin="yes\n")
    assert (refused.status, "Nothing was deleted." in refused.err) == (1, True)
    assert (folder / ".local/share/slmdesk/slmdesk.sqlite3").exists()
    run("chat", "hello", way=run_process).ok()
    run("delete-everything", "--models", stdin=f"{WORDS}\n", way=run_process).ok()
    assert tree(folder) == before
    assert list((folder.parent / "tmp").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_the_models_stay_unless_they_are_asked_for(person, tiny):
    folder, run = person
    before = tree(folder)
    used(run, folder, tiny)
    done = run("delete-everything", "--json", stdin=f"{WORDS}\n").ok()
    assert done.json["left"] == []
    assert "stay, in " + str(folder / ".local/share/slmdesk/models") in done.err
    left = set(tree(folder)) - set(before)
    models = ".local/share/slmdesk/models"
    assert left == {".local/share/slmdesk", models, *(path for path in left if path.startswith(f"{models}/"))}
    assert [path for path in left if path.endswith(".gguf")]
    run("delete-everything", "--models", stdin=f"{WORDS}\n").ok()  # no history knows them now
    assert tree(folder) == before


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
@pytest.mark.parametrize("is_replaced", [False, True])
def test_models_that_stayed_in_a_chosen_folder_go_later_unless_another_file_is_there(person, tiny, is_replaced):
    folder, run = person
    chosen = folder / "Documents" / "models"
    chosen.mkdir(mode=0o700)
    mine = chosen / "mine.gguf"
    mine.write_bytes(b"not of slmdesk")
    before = tree(folder)
    (folder / ".config/slmdesk").mkdir()
    (folder / ".config/slmdesk/settings.json").write_text(json.dumps({"models_folder": str(chosen)}))
    used(run, folder, tiny)
    (copied,) = set(chosen.iterdir()) - {mine}
    for _time in range(2):  # the second knows them from the first alone
        run("delete-everything", stdin=f"{WORDS}\n").ok()
    if is_replaced:
        copied.write_bytes(b"nor is this")
    run("delete-everything", "--models", stdin=f"{WORDS}\n").ok()
    assert copied.exists() == is_replaced
    copied.unlink(missing_ok=True)
    assert tree(folder) == before


def test_a_home_of_its_own_is_emptied_and_what_is_elses_stays(run, with_model, home, tiny, tmp_path):
    run("models", "remove", with_model["id"])
    (home / "models").mkdir(exist_ok=True)
    linked, left = tmp_path / "linked.gguf", home / "models" / "left.gguf"
    for file in (linked, left):
        file.write_bytes(tiny.read_bytes())
    assert run("models", "import", "--link", str(linked)).status == 0
    (home / "config" / "policy.toml").write_text("version = 1\n")
    (home / "mine.txt").write_text("not of slmdesk")
    assert run("chat", "hello").status == 0
    run("delete-everything", "--models", stdin=f"{WORDS}\n").ok()
    assert linked.exists(), "a linked model is no file of ours"
    assert set(tree(home)) == {"mine.txt", "config", "config/policy.toml"}

"""What `make release` does and refuses (packaging/release.py), with a make of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "packaging"))
from release import SUMS, reason_against, release, version_of, write_sums  # noqa: E402

pytestmark = pytest.mark.pure

MAKEFILE = """
test:
\t@echo test >>.done
wheel:
\t@mkdir -p dist && touch dist/slmdesk.whl && echo wheel >>.done
packages:
\t@cd dist && touch slmdesk.deb && sha256sum slmdesk* >SHA256SUMS && echo packages >>../.done
"""


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=folder, check=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout of version 1.2.3, clean."""
    (tmp_path / "slmdesk").mkdir()
    (tmp_path / "slmdesk" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n## 1.2.3\nThe first.\n")
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / ".gitignore").write_text("dist/\n.done\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    return tmp_path


def test_checks_then_packages_with_nothing_of_before(tree: Path, capsys) -> None:
    (tree / "dist").mkdir()
    (tree / "dist" / "slmdesk-1.2.2.deb").write_text("old")
    assert release(tree) == 0
    assert (tree / ".done").read_text().split() == ["test", "wheel", "packages"]
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["slmdesk.deb", "slmdesk.whl"]


def test_the_sums_are_of_all_that_is_given_away_but_for_themselves(tmp_path: Path) -> None:
    for name in (SUMS, "slmdesk.deb", "slmdesk-setup.exe"):
        (tmp_path / name).write_text("a")
    write_sums(tmp_path)
    assert [line.split()[1] for line in (tmp_path / SUMS).read_text().splitlines()] == [
        "slmdesk-setup.exe",
        "slmdesk.deb",
    ]
    subprocess.run(["sha256sum", "--quiet", "--check", SUMS], cwd=tmp_path, check=True)


def test_what_fails_ends_it(tree: Path) -> None:
    (tree / "Makefile").write_text(MAKEFILE.replace("@echo test", "@false"))
    git(tree, "commit", "-q", "-a", "-m", "two")
    assert release(tree) == 1
    assert not (tree / "dist").exists()


def test_what_is_not_to_be_released_is_said_before_anything_is_done(tree: Path) -> None:
    assert reason_against(tree) == "", "the control"
    (tree / "new").write_text("")
    assert "not clean" in reason_against(tree)
    assert release(tree) == 1
    (tree / "new").unlink()
    git(tree, "tag", "v1.2.3")
    assert "tag" in reason_against(tree)
    git(tree, "tag", "-d", "v1.2.3")
    (tree / "CHANGELOG.md").write_text("# Changes\n\n## 1.2.2\n")
    git(tree, "commit", "-q", "-a", "-m", "two")
    assert "CHANGELOG.md" in reason_against(tree)
    assert not (tree / ".done").exists()


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert text.startswith(f"# Changes\n\n## {version_of(ROOT)}\n")

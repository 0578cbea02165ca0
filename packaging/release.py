"""A release: every check, the packages and their sums, into dist/.  Tags and gives out nothing: CONTRIBUTING.md.

    python3 packaging/release.py           as `make release` does
    python3 packaging/release.py sums      the sums once more, when packages of other systems were put into dist/

Only the standard library.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from common import ROOT, sha256_of

STEPS = ("test", "wheel", "packages")
"""Targets of make, in this order.  The last one writes the sums of all that is in dist/."""
SUMS = "SHA256SUMS"


def version_of(root: Path) -> str:
    """The version that the program says."""
    match = re.search(r'^__version__ = "(.+)"$', (root / "slmdesk" / "__init__.py").read_text("utf-8"), re.M)
    return match[1] if match else ""


def said_by_git(root: Path, *words: str) -> str:
    """What git prints; empty where it fails."""
    return subprocess.run(["git", *words], cwd=root, check=False, capture_output=True, encoding="utf-8").stdout.strip()


def reason_against(root: Path) -> str:
    """Why this tree is not to be released; empty: nothing speaks against it."""
    version = version_of(root)
    if not version or not said_by_git(root, "rev-parse", "HEAD"):
        return "This is no checkout with a version."
    if changed := said_by_git(root, "status", "--porcelain"):
        return f"The tree is not clean. Commit or remove first:\n{changed}"
    if said_by_git(root, "tag", "--list", version, f"v{version}"):
        return f"{version} has a tag already. Raise the version in slmdesk/__init__.py."
    if f"\n## {version}\n" not in (root / "CHANGELOG.md").read_text("utf-8"):
        return f"CHANGELOG.md says nothing about {version}."
    return ""


def write_sums(folder: Path) -> None:
    """SHA256SUMS of all that is given away."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != SUMS)
    lines = "".join(f"{sha256_of(folder / name)}  {name}\n" for name in names)
    (folder / SUMS).write_bytes(lines.encode())


def release(root: Path) -> int:
    """Do all steps.  Returns the status of the process."""
    if reason := reason_against(root):
        print(reason, file=sys.stderr)
        return 1
    for old in (root / "dist").glob("*"):
        if old.is_file():
            old.unlink()
    for step in STEPS:
        if status := subprocess.call(["make", step], cwd=root):
            print(f"`make {step}` ended with status {status}: nothing is released.", file=sys.stderr)
            return 1
    version = version_of(root)
    print((root / "dist" / SUMS).read_text("ascii"), end="")
    print(f"Try dist/ (sudo make package-test), then: git tag -s {version} -m 'slmdesk {version}'", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(write_sums(ROOT / "dist") if sys.argv[1:] == ["sums"] else release(ROOT))

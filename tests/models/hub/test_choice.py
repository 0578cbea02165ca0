"""Which file of a repository is the model, by the names of its files."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from slmdesk.models.gguf.quantization import recommended
from slmdesk.models.hub.search import RemotePart, Repo, files_of, may_chat

pytestmark = pytest.mark.pure
GOLDEN = Path(__file__).parents[2] / "golden"
EXPECTED = dict(line.split("\t") for line in (GOLDEN / "hub.tsv").read_text().splitlines())
"""As a person reading names and sizes decided; "-": nothing to chat with, "?": nothing in it worth it, "?NAME": the
only model all the same."""
UNLIMITED = 1 << 50


def lists() -> tuple[Repo, ...]:
    repos = []
    for line in lzma.decompress((GOLDEN / "hub_files.tsv.xz").read_bytes()).decode().splitlines():
        name, tags, *listed = line.split("\t")
        sizes = (entry.rpartition("=") for entry in listed)
        parts = [RemotePart(file, round(float(megabytes) * (1 << 20)), "") for file, _, megabytes in sizes]
        files = files_of(parts, repo=name, revision="", license="", gated=False)
        repos.append(Repo(name, "", 0, 0, "", "", False, tuple(files), chats=may_chat(name, tags.split(), "")))
    return tuple(repos)


def test_what_is_recommended_of_the_repositories_most_fetched() -> None:
    wrong = {}
    for repo in lists():
        expected = EXPECTED[repo.id]
        best = recommended(repo.files, UNLIMITED) if repo.chats else None
        if (best.name if best else "") != ("" if expected[0] in "-?" else expected):
            wrong[repo.id] = best and best.name
        elif expected[1:]:
            assert repo.choose(budget_bytes=UNLIMITED).name == expected.removeprefix("?")
    assert len(EXPECTED) == 300
    assert not wrong

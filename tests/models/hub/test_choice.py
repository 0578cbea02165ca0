"""Which file of a repository is the model: by names and, where all files are called alike, by headers."""

from __future__ import annotations

import lzma
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fakes.tiny_gguf import TinyFile, tiny_layers, tiny_llama, tiny_projector, write

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.models.gguf.header import FILE_TYPES, GgufHeader
from slmdesk.models.gguf.quantization import quantization_of_file, recommended, stem_of
from slmdesk.models.gguf.read import read_header
from slmdesk.models.hub.choice import MOST_HEADERS, chosen_by_headers, is_doubtful
from slmdesk.models.hub.search import RemoteFile, RemotePart, Repo, files_of, may_chat

pytestmark = pytest.mark.pure
GOLDEN = Path(__file__).parents[2] / "golden"
EXPECTED = dict(line.split("\t") for line in (GOLDEN / "hub.tsv").read_text().splitlines())
"""As a person reading names and sizes decided; "-": nothing to chat with, "?": nothing in it worth it, "?NAME": the
only model all the same."""
UNLIMITED = 1 << 50
ALIKE = {"unsloth/gpt-oss-20b-GGUF", "unsloth/gpt-oss-120b-GGUF", "ggml-org/stories15M_MOE"}
"""Where headers may choose otherwise: all quantizations have the size of 4 bits, or there are two models."""


@cache
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
            assert not best or not is_doubtful(best, repo.files)
    assert len(EXPECTED) == 300
    assert not wrong


def test_a_size_that_contradicts_the_name_is_doubted() -> None:
    parts = [
        RemotePart(f"m-{name}.gguf", size, "")
        for name, size in (("Q4_K_M", 10**8), ("Q5_K_M", 5 * 10**9), ("Q8_0", 8 * 10**9))
    ]
    files = files_of(parts, repo="a/b", revision="", license="", gated=False)
    assert [is_doubtful(file, files) for file in files] == [True, False, False]


@cache
def made(kind: str, quantization: str, name: str) -> TinyFile:
    """A file with the header of a kind, small whatever its size is said to be."""
    if kind in ("projector", "head"):
        return tiny_projector() if kind == "projector" else tiny_layers()
    numbers = {known: number for number, known in FILE_TYPES.items()}
    architecture = {"model": "llama", "picture": "flux"}.get(kind, "surely-unknown")
    change = {"general.architecture": ("string", architecture), "general.name": ("string", name)}
    change[f"{architecture}.embedding_length"] = ("u32", 32 + sum(name.removesuffix(" qat").encode()) % 900)
    return tiny_llama(change=change | {"general.file_type": ("u32", numbers.get(quantization, 1))})


class Renamed:
    """A repository with all files renamed, which gives their headers and keeps which were asked for."""

    def __init__(self, repo: Repo) -> None:
        self.read: list[str] = []
        self.stems = {stem_of(file.name) for file in repo.files}
        self.names: dict[str, RemoteFile] = {}
        files = []
        for number, file in enumerate(sorted(repo.files, key=lambda file: file.bytes * 7919 % 1009)):
            split = "-00001-of-00002" if len(file.parts) > 1 else ""
            name = f"{chr(97 + number // 26)}{chr(97 + number % 26)}{split}.gguf"
            self.names[name] = file
            part = changed(file.parts[0], name=name)
            files.append(changed(file, parts=(part, *file.parts[1:]), quantization="", beside=""))
        self.repo = changed(repo, files=tuple(files))

    def key(self, name: str) -> tuple[str, str, str]:
        """Return what to make for a renamed file: kind, quantization, the model's name."""
        file = self.names[name]
        known = quantization_of_file(file.name)
        kind = file.beside or ("model" if self.repo.chats and "i2_s" not in file.name else "picture")
        whole = stem_of(file.name)
        model = min((stem for stem in self.stems if whole.startswith(stem)), key=len)  # "x-moe" and "x-ad" are "x"
        return kind, known.name if known else "", model + " qat" * ("-qa" in file.name.casefold())

    def __call__(self, renamed: RemoteFile) -> GgufHeader:
        self.read.append(renamed.name)
        return header_of(*self.key(renamed.name))


@cache
def header_of(*key: str) -> GgufHeader:
    with TemporaryDirectory() as folder:
        return read_header(write(Path(folder, "made.gguf"), made(*key)))


@pytest.mark.parametrize("budget", [6 << 30, 12 << 30, UNLIMITED])
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.soak)])
def test_with_all_files_renamed_the_headers_give_the_same(budget, every) -> None:
    wrong, counts = {}, []
    for repo in lists()[::every]:
        headers = Renamed(repo)
        try:
            chosen = headers.names[chosen_by_headers(headers.repo, "", budget, headers).name].name
        except KnownError as err:
            chosen = err.code
        counts.append(len(headers.read))
        expected = "-" if EXPECTED[repo.id] == "-" else ""
        with suppress(KnownError):
            expected = expected or repo.choose(budget_bytes=budget).name
        if expected == "-":
            is_same = chosen in ("hub.several_files", "hub.no_chat")
        else:
            is_same = not expected or quantization_of_file(chosen) == quantization_of_file(expected)
        if not is_same:
            wrong[repo.id] = (expected, chosen)
    assert max(counts) <= MOST_HEADERS
    assert wrong.keys() <= ALIKE, wrong

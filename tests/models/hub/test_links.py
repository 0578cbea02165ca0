from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
from slmdesk.base.record import changed
from slmdesk.base.untrusted import clean_label
from slmdesk.models.hub import search
from slmdesk.models.hub.search import (
    Commercial,
    Group,
    HubLink,
    RemoteFile,
    RemotePart,
    Repo,
    Skill,
    file_address,
    files_of,
    find_entry,
    load_catalogue,
    may_chat,
    parse_link,
    quantization_of,
)

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("owner/name", HubLink("owner/name")),
        (" owner/name/ ", HubLink("owner/name")),
        ("owner/name/file.gguf", HubLink("owner/name", "file.gguf")),
        ("owner/name/folder/file.gguf", HubLink("owner/name", "folder/file.gguf")),
        ("https://huggingface.co/owner/name", HubLink("owner/name")),
        ("https://huggingface.co/owner/name/tree/main", HubLink("owner/name")),
        ("https://huggingface.co/owner/name/blob/main/a/b.gguf", HubLink("owner/name", "a/b.gguf")),
        ("owner/name:q4_k_m", HubLink("owner/name", "", "Q4_K_M")),
        ("hf.co/owner/name:Q8_0", HubLink("owner/name", "", "Q8_0")),
        ("https://hf.co/owner/name:Q8_0", HubLink("owner/name", "", "Q8_0")),
        ("www.huggingface.co/owner/name/raw/main/a.gguf", HubLink("owner/name", "a.gguf")),
        ("ollama run hf.co/owner/name:IQ4_XS", HubLink("owner/name", "", "IQ4_XS")),
        ("llama-server -hf owner/name", HubLink("owner/name")),
        ("https://huggingface.co/owner/name?show_file_info=a.Q4_0.gguf", HubLink("owner/name", "a.Q4_0.gguf")),
        ("https://hf.co/o-w.n_er/na.me/resolve/main/b%20c.gguf?download=true", HubLink("o-w.n_er/na.me", "b c.gguf")),
    ],
)
def test_what_is_typed_or_pasted_is_understood(text, link) -> None:
    assert parse_link(text) == link


@pytest.mark.parametrize(
    "text",
    [
        "", "name", "/etc/passwd", "../..", "a/..", "-a/b", "a b/c", "a--b/c", "ö/ä", "a/b\n",
        "https://hf.co/datasets/a/b", "https://[", "a/b:q 4", "hf.co/x", "https://huggingface.co/spaces/a/b",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text) -> None:
    with pytest.raises(KnownError, match=r"request\.invalid"):
        parse_link(text if text != "a/b\n" else "a\n/b")


@given(st.text(min_size=1, max_size=60))
def test_d10_an_address_stays_below_its_repository(name) -> None:
    import httpx2

    search._through_the_guard(find_paths())
    address = file_address("https://huggingface.co", "owner/name", "a" * 40, name)
    sent = httpx2.URL(address)
    assert (sent.scheme, sent.host) == ("https", "huggingface.co")
    assert sent.raw_path.startswith(b"/owner/name/resolve/" + b"a" * 40 + b"/")
    assert ".." not in sent.raw_path.decode().split("/")
    assert unquote(urlsplit(address).path).endswith(name) or max(name) >= "\ud800"


@pytest.mark.parametrize(
    ("name", "quantization"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "Q4_1"),
        ("qwen2.5-1.5b-instruct-q4_k_m.gguf", "Q4_K_M"),
        ("Llama-3.2-1B-Instruct-UD-IQ2_XXS.gguf", "UD-IQ2_XXS"),
        ("model-fp16.gguf", "F16"),
        ("model.BF16-00001-of-00002.gguf", "BF16"),
        ("gpt-oss-20b-MXFP4.gguf", "MXFP4"),
        ("Q8_0/model-Q4_0.gguf", "Q4_0"),
        ("bitnet-TQ2_0.gguf", "TQ2_0"),
        ("phi-2.gguf", ""),
        ("EQ4_Kx.gguf", ""),
    ],
)
def test_the_quantization_is_read_from_the_name(name, quantization) -> None:
    assert quantization_of(name) == quantization


def listed(*names: str) -> list[RemoteFile]:
    parts = [RemotePart(name, 10, "0" * 64) for name in names]
    return files_of(parts, repo="a/b", revision="main", license="", gated=False)


def test_a_split_model_is_one_file_and_an_incomplete_one_none() -> None:
    files = listed(
        "b-00002-of-00002.gguf", "b-00001-of-00002.gguf", "c-00001-of-00003.gguf", "c-00003-of-00003.gguf",
        "a.gguf", "README.md", "d-00001-of-99999.gguf", "e-00000-of-00000.gguf",
    )  # fmt: skip
    assert [[part.name for part in file.parts] for file in files] == [
        ["a.gguf"],
        ["b-00001-of-00002.gguf", "b-00002-of-00002.gguf"],
    ]
    assert files[1].bytes == 20


def repo(*names: str) -> Repo:
    return Repo("a/b", "main", 0, 0, "", "", False, tuple(listed(*names)))


def test_one_is_chosen_when_nobody_says_which() -> None:
    files = ("m-Q8_0.gguf", "m-Q4_K_M.gguf", "m-Q2_K.gguf", "mmproj-Q4_K_M.gguf", "m.imatrix.gguf")
    assert repo(*files).choose(quantization="q8_0").name == "m-Q8_0.gguf"
    assert repo(*files).choose("mmproj-Q4_K_M.gguf").name == "mmproj-Q4_K_M.gguf"
    assert repo("x.gguf").choose().name == "x.gguf"
    in_parts = ("m-Q8_0-00001-of-00002.gguf", "m-Q8_0-00002-of-00002.gguf", "m-Q8_0.gguf", "dflash-m-Q8_0.gguf")
    for requested in ({}, {"quantization": "Q8_0"}):
        assert repo(*in_parts).choose(**requested).name == "m-Q8_0.gguf"
    assert repo(*files).choose(budget_bytes=1000).name == "m-Q8_0.gguf", "small enough for more bits"
    large = tuple(changed(file, parts=(changed(file.parts[0], bytes=4 << 30),)) for file in repo(*files).files)
    big = changed(repo(*files), files=large)
    assert big.choose(budget_bytes=8 << 30).name == "m-Q4_K_M.gguf"
    assert big.choose(budget_bytes=1 << 30).name == "m-Q4_K_M.gguf", "nothing fits: the usual one"


def test_what_was_begun_is_gone_on_with_whatever_else_is_best_now() -> None:
    parts = [
        RemotePart(f"m-{name}.gguf", 10, sum * 64) for name, sum in (("Q8_0", "8"), ("Q4_K_M", "4"), ("Q2_K", "2"))
    ]
    listing = Repo(
        "a/b", "main", 0, 0, "", "", False, tuple(files_of(parts, repo="a/b", revision="", license="", gated=False))
    )
    assert listing.choose(budget_bytes=1000, begun={"2" * 64}).name == "m-Q2_K.gguf"
    assert listing.choose(quantization="Q4_K_M", begun={"2" * 64}).name == "m-Q4_K_M.gguf"


@pytest.mark.parametrize(
    ("files", "given", "code"),
    [
        ((), {}, "hub.no_models"),
        (("m-Q8_0.gguf",), {"quantization": "Q4_0"}, "hub.no_file"),
        (("m-Q8_0.gguf",), {"file": "n.gguf"}, "hub.no_file"),
        (("m-Q8_0.gguf", "n-Q8_0.gguf"), {}, "hub.several_files"),
        (("m-Q8_0.gguf", "n-Q8_0.gguf"), {"quantization": "Q8_0"}, "hub.several_files"),
        (("x.gguf", "y.gguf"), {}, "hub.several_files"),
        (("m-Q2_K.gguf", "m-IQ1_S.gguf"), {}, "hub.several_files"),
    ],
)
def test_what_cannot_be_chosen_names_what_there_is(files, given, code) -> None:
    with pytest.raises(KnownError) as caught:
        repo(*files).choose(**given)
    assert caught.value.code == code
    assert all(name in str(caught.value.args_for_people["known"]) for name in files)


@pytest.mark.parametrize(
    ("name", "tags", "architecture", "expected"),
    [
        ("a/b", (), "", True),
        ("a/b", ("conversational", "feature-extraction"), "kimi-k3", True),
        ("a/pangu-embedded", (), "clip", True),
        ("a/b", (), "gemma-embedding", False),
        ("a/b", (), "flux", False),
        ("a/Qwen3-Embedding-4B", ("conversational",), "qwen3", False),
        ("a/b", ("feature-extraction",), "llama", False),
    ],
)
def test_whether_a_repository_chats(name: str, tags: tuple[str, ...], architecture: str, expected: bool) -> None:
    assert may_chat(name, tags, architecture) is expected


def test_groups() -> None:
    groups = {group: [entry.title for entry in ENTRIES if entry.group is group] for group in Group}
    assert {"Phi 1", "Phi 1.5", "Phi 2", "Llama 2 7B Chat", "Qwen 3 4B"} <= set(groups[Group.COMPARISON])
    assert {"Granite 4.0 350M", "Qwen 2.5 Coder 1.5B Instruct"} <= set(groups[Group.CODE])
    assert all(entry.size_gib for entry in ENTRIES if entry.merit)
    assert all(entry.good_for for entry in ENTRIES if entry.group is Group.SUGGESTED)


def test_for_every_skill_somebody() -> None:
    for skill in Skill:
        assert [entry for entry in ENTRIES if skill in entry.skills and entry.commercial is not Commercial.NO], skill


ENTRIES = load_catalogue()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.repo)
def test_an_entry_holds_together(entry) -> None:
    assert "gguf" in entry.repo.lower() or Skill.SPEECH in entry.good_at
    assert entry.quantization or not entry.files
    assert entry.active < entry.parameters
    for words in (entry.good_at, entry.languages):
        assert len(set(words)) == len(words)
    said = [entry.title, entry.family, entry.licence, entry.weakness, entry.good_for, entry.source]
    for text in said + [text for measure in entry.measured for text in (measure.words, measure.source)]:
        assert clean_label(text, 400) == text, "a line of text"
    for sentence in (entry.weakness, entry.good_for):
        assert not sentence or sentence.endswith(".")
        assert "!" not in sentence


def test_no_file_stands_twice() -> None:
    files = [(entry.repo.lower(), entry.files.lower()) for entry in ENTRIES]
    assert len(set(files)) == len(files)


def test_what_is_said_of_a_mixture() -> None:
    mixtral = find_entry(ENTRIES, "MRADERMACHER/mixtral-8X7B-instruct-v0.1-gguf")
    assert mixtral is not None
    assert mixtral.size_text == "46.7 billion parameters, 12.9 billion of them for each word"
    assert mixtral.active_bytes / mixtral.bytes == pytest.approx(12.88 / 46.703)
    assert ENTRIES[0].active_bytes == ENTRIES[0].bytes
    assert find_entry(ENTRIES, "nobody/nothing") is None


def test_languages() -> None:
    gemma = find_entry(ENTRIES, "ggml-org/gemma-3-4b-it-GGUF")
    assert gemma is not None
    assert gemma.speaks("cs")
    llama = find_entry(ENTRIES, "TheBloke/Llama-2-7B-Chat-GGUF")
    assert llama is not None
    assert llama.languages == ("en",)

"""Rows M1, M2, M3, M6, M9, M10 and M11 of the fault matrix, as far as the header goes: no engine is started here."""

from __future__ import annotations

import os
import pickle
import random
import socket
import struct
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import tiny_gguf
from fakes.malformed_gguf import LEGAL, malformed
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.error_sentences import CODES
from slmdesk.base.errors import KnownError
from slmdesk.models.gguf import read as read_module
from slmdesk.models.gguf.read import check_file, check_tokenizer, read_header, require_chat_model

pytestmark = pytest.mark.pure

SECONDS, BYTES = 0.1, 50 << 20
MOST_CALLS = 50_000
"""Of Python and C functions for one header.  The most seen is 11,500; 0.1 s of a quiet machine is about a million."""


def verdict(path: Path) -> KnownError | None:
    """What is said of a file before a model is started from it; None: nothing against it."""
    try:
        require_chat_model(check_file(path))
    except KnownError as err:
        error = err
    else:
        return None
    assert set(error.args_for_people) == set(CODES[error.code])
    for value in error.args_for_people.values():
        assert len(str(value)) <= 400
        assert str(value).isprintable()
    return error


def counted_verdict(path: Path) -> tuple[KnownError | None, int]:
    """The verdict, and how many calls it took: work, which is the same on a busy machine.  Each call counts twice, as
    it begins and as it ends.
    """
    calls = 0

    def count(*_event: object) -> None:
        nonlocal calls
        calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        return verdict(path), calls
    finally:
        sys.setprofile(before)


def check_malformed(path: Path, seed: int) -> int:
    damages = malformed(seed)
    for name, data in damages.items():
        path.write_bytes(data)
        err, calls = counted_verdict(path)
        assert calls < MOST_CALLS, name
        if name in LEGAL:
            assert err is None, name
    return len(damages)


def test_m1_every_malformed_file_gets_a_verdict_at_once(tmp_path: Path) -> None:
    assert check_malformed(tmp_path / "x.gguf", 1) >= 100


def test_m1_the_control_work_is_counted(tmp_path: Path) -> None:
    slow = tiny_llama(change={"x.list": ("array", ("string", [""] * 100_000))})
    assert counted_verdict(write(tmp_path / "x.gguf", slow))[1] > 2 * 100_000


@pytest.mark.soak
def test_m1_many_seeds(tmp_path: Path) -> None:
    first = random.randrange(1 << 30)
    print("first seed", first)
    assert sum(check_malformed(tmp_path / "x.gguf", first + number) for number in range(100)) >= 30_000


def test_m1_no_malformed_file_takes_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    damages = malformed()
    tracemalloc.start()
    try:
        for name, data in damages.items():
            path.write_bytes(data)
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            verdict(path)
            assert tracemalloc.get_traced_memory()[1] - before < BYTES, name
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("too many empty texts", ("array", ("string", [""] * 801_000))),
        ("a long list", ("array", ("u8", [1] * 1_000_000))),
    ],
)
def test_m1_a_header_made_to_be_slow(tmp_path: Path, name: str, typed: tiny_gguf.TypedText) -> None:
    path = write(tmp_path / "x.gguf", tiny_llama(change={"x.list": typed}))
    start = time.process_time()
    verdict(path)
    assert time.process_time() - start < 1, name  # the slowest takes 0.08 s on a quiet machine


MANY: dict[str, tuple[Callable[[], dict[str, tiny_gguf.TypedText]], str | None]] = {
    "long keys": (lambda: {f"{n:05}" + "k" * 60_000: ("string", "v") for n in range(900)}, "model.damaged"),
    "long texts": (lambda: {f"x.{n}": ("string", "v" * 9000) for n in range(4000)}, None),
    "lists of texts": (lambda: {f"x.{n}": ("array", ("string", ["ab"] * 64)) for n in range(4000)}, None),
    "lists of numbers": (lambda: {f"x.{n}": ("array", ("f32", [1.0] * 1024)) for n in range(4000)}, None),
    "templates": (lambda: {f"tokenizer.chat_template.{n}": ("string", "v" * 262_144) for n in range(200)}, None),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.soak if name.startswith("lists") else []) for name in MANY],
)
def test_m1_many_keys_take_no_memory(tmp_path: Path, name: str) -> None:
    change, code = MANY[name]
    path = write(tmp_path / "x.gguf", tiny_llama(change=change()))
    tracemalloc.start()
    try:
        err = verdict(path)
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()
    assert (err.code if err else None) == code


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")


NOT_MODELS: dict[str, tuple[bytes | Callable[[Path], None], str]] = {
    "web page": (b"<!DOCTYPE html>\n<html><head><title>Sign in</title>", "web page"),
    "web page with a mark": (b"\xef\xbb\xbf\r\n <HTML>", "web page"),
    "JSON error": (b'{"error":"Repository not found"}', "error message"),
    "JSON": (b'[{"a": 1}]', "JSON"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 98362432\n", "LFS pointer"),
    "zip": (_zip, "zip"),
    "safetensors": (struct.pack("<Q", 30) + b'{"__metadata__":{"format":"pt"}}', "safetensors"),
    "pickle": (pickle.dumps({"state_dict": [1, 2, 3]}, protocol=2), "pickle"),
    "empty": (b"", "empty"),
    "zeros": (bytes(5000), "zeros"),
    "text": (b"Dear Sir or Madam", "text"),
    "XML": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML"),
    "old ggml": (b"tjgg" + bytes(100), "old GGML"),
    "gzip": (b"\x1f\x8b\x08" + bytes(30), "gzip"),
    "noise": (bytes(range(1, 256)), "unknown data"),
}


@pytest.mark.parametrize("name", NOT_MODELS)
def test_m2_what_is_no_model_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.gguf"
    data, looks_like = NOT_MODELS[name]
    data(path) if callable(data) else path.write_bytes(data)
    err = verdict(path)
    assert err is not None
    assert err.code == "model.not_gguf"
    assert looks_like in str(err.args_for_people["looks_like"])


def test_m3_cut_at_twenty_places_is_incomplete(tmp_path: Path) -> None:
    tiny = tiny_llama()
    path, header = tmp_path / "x.gguf", tiny.marks["data"]
    last = tiny.marks["data:blk.1.ffn_down.weight"]
    places = [1, 4, 23, header // 3, header // 2, header - 40, header - 1, header, last, last + 1, len(tiny.data) - 1]
    rand = random.Random(3)
    places += [rand.randrange(header, last) for _ in range(6)] + [
        rand.randrange(last, len(tiny.data)) for _ in range(6)
    ]
    for size in places:
        path.write_bytes(tiny.data[:size])
        err = verdict(path)
        assert err is not None, size
        assert err.code == "model.incomplete"
        assert err.args_for_people["bytes"] == size
        expected = err.args_for_people["expected"]
        assert expected == len(tiny.data) if size >= header else size < int(expected)


def test_m9_a_part_of_a_model_and_an_unknown_one_are_told(tmp_path: Path) -> None:
    """The other kinds: test_gguf."""
    path = write(tmp_path / "split.gguf", tiny_gguf.tiny_split(1, 3))
    err = verdict(path)
    assert err is not None
    assert (err.code, err.args_for_people) == ("model.wrong_kind", {"kind": "split"})
    assert (check_file(path).split_no, check_file(path).split_count) == (1, 3)
    for architecture in ("brandnew", "t5", "dream", "<b>\u202e"):
        err = verdict(write(tmp_path / "unknown.gguf", tiny_gguf.tiny_unknown(architecture)))
        assert err is not None
        assert err.code == "model.unsupported"
    one_of_one = write(tmp_path / "one.gguf", tiny_gguf.tiny_split(0, 1))
    assert verdict(one_of_one) is None


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(path))


def _loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.skipif(os.name != "posix", reason="kinds of files of POSIX")
@pytest.mark.parametrize(
    ("make", "code", "reason"),
    [
        (_fifo, "model.unreadable", "pipe"),
        (Path.mkdir, "model.unreadable", "folder"),
        (_socket, "model.unreadable", "socket"),
        (lambda path: path.symlink_to("/dev/zero"), "model.unreadable", "device"),
        (lambda path: path.symlink_to("/dev/tty"), "model.unreadable", "device"),
        (_loop, "model.unreadable", "circle"),
        (lambda path: path.symlink_to(path.with_name("gone")), "model.missing", ""),
        (lambda _path: None, "model.missing", ""),
    ],
)
def test_m10_not_a_regular_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], code: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    path = Path("m.gguf")
    make(path)
    err = verdict(path)
    assert err is not None
    assert err.code == code
    assert reason in str(err.args_for_people.get("reason", ""))


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_m10_no_permission(tmp_path: Path) -> None:
    path = write(tmp_path / "x.gguf", tiny_llama())
    path.chmod(0)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)  # root may read everything
        with pytest.raises(KnownError) as caught:
            read_header(path)
    finally:
        os.seteuid(user)
    assert (caught.value.code, caught.value.args_for_people["reason"]) == ("model.unreadable", "no permission")


@pytest.mark.parametrize(
    "name",
    ["--help", "a\nb.gguf", "<b>x<b>.gguf", "evil\u202effug.gguf", "n" * 250, "quo\"te's.gguf", b"\xff\xfe.gguf", "-"],
)
def test_m11_hostile_file_names(tmp_path: Path, name: str | bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    file = tiny_llama(change={"general.name": None})
    header = check_file(write(path, file))
    assert header.name
    assert header.name.isprintable()
    assert len(header.name) <= 120
    path.write_bytes(b"no model")
    assert verdict(path) is not None
    path.unlink()
    err = verdict(path)
    assert err is not None
    assert err.code == "model.missing"
    assert verdict(Path("nul\x00byte")) is not None


@pytest.mark.parametrize(
    "title",
    [
        "a\nb", "<img src=x onerror=alert(1)>", "evil\u202emodel", "x" * 250, b"\xff\xfe\xc3", "A" * (16 << 20), "  ",
        "\x1b[2J",
    ],
)  # fmt: skip
def test_m11_hostile_metadata(tmp_path: Path, title: str | bytes) -> None:
    change = dict.fromkeys(("general.name", "general.license", "x.y"), ("string", title))
    header = check_file(write(tmp_path / "x.gguf", tiny_llama(change=change)))
    for label in (header.name, header.license):
        assert len(label) <= 120
        assert label.isprintable()
    assert header.name
    assert len(str(header.metadata["x.y"])) <= 4097


def test_m11_a_hostile_tensor_name_is_cleaned_in_the_verdict(tmp_path: Path) -> None:
    tiny = tiny_llama()
    data = tiny.data.replace(b"blk.0.ffn_down.weight", b"\n\x1b[31m\xe2\x80\xaeevil\xff<b>.weigh")
    at = tiny.marks["ttype:blk.0.ffn_down.weight"] - 16
    path = tmp_path / "x.gguf"
    path.write_bytes(data[:at] + bytes(16) + data[at + 16 :])
    err = verdict(path)
    assert err is not None
    assert "evil" in str(err.args_for_people["reason"])


@pytest.mark.parametrize("alignment", [1, 2, 4, 8, 16])
def test_weights_that_lie_behind_where_the_alignment_says_are_noticed(tmp_path: Path, alignment: int) -> None:
    path = write(tmp_path / "x.gguf", tiny_llama(change={"general.alignment": ("u32", alignment)}))
    err = verdict(path)
    assert err
    assert err.code == "model.damaged"
    assert "alignment" in str(err.args_for_people["reason"])


@pytest.mark.parametrize("alignment", [32, 64, 4096])
def test_an_alignment_that_is_kept_is_fine(tmp_path: Path, alignment: int) -> None:
    contents = tiny_gguf.Contents(
        {"general.architecture": ("string", "llama"), "general.alignment": ("u32", alignment)},
        {"a.weight": np.ones((1, 31), np.float32), "b.weight": np.zeros((1, 31), np.float32)},
    )
    path = write(tmp_path / "x.gguf", tiny_gguf.build(contents, alignment=alignment))
    assert check_file(path).tensors.count == 2


def test_a_file_far_longer_than_its_header_says_is_refused_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "x.gguf", tiny_llama())
    os.truncate(path, 192 << 30)
    start = time.process_time()
    err = verdict(path)
    assert err
    assert err.code == "model.damaged"
    assert "206,158,430,208" in str(err.args_for_people["reason"])
    assert time.process_time() - start < SECONDS


@pytest.mark.skipif(not hasattr(os, "SEEK_DATA"), reason="this system cannot say where a file has holes")
def test_a_file_whose_weights_were_never_written_is_refused_at_once(tmp_path: Path) -> None:
    """As a download that only set the size: its header is right, its weights are one hole."""
    path = tmp_path / "x.gguf"
    path.write_bytes(tiny_gguf.widened(tiny_llama(), 64 << 30))
    os.truncate(path, read_header(path).data_end)
    err = verdict(path)
    assert err
    assert err.code == "model.damaged"
    assert "ever written" in str(err.args_for_people["reason"])


def merging(*, damage: bytes = b"", count: int = 0) -> tiny_gguf.TinyFile:
    """A byte-pair tokenizer with 200 merges, `count` of them with a damaged piece."""
    letters = "abcdefghijklmnopqrst"
    pairs = [a + b for a in letters for b in letters[:10]]
    merges: list[str | bytes] = [f"{pair[0]} {pair[1]}" for pair in pairs]
    merges[:count] = [damage] * count
    tokens = [*letters, *pairs]
    change = {
        "tokenizer.ggml.model": ("string", "gpt2"),
        "tokenizer.ggml.tokens": ("array", ("string", tokens)),
        "tokenizer.ggml.merges": ("array", ("string", merges)),
    }
    return tiny_llama(change=change)


@pytest.mark.parametrize("damage", [b"", b"a", b"a zz", b"zz a", b"t t", b"\xff\x00 \xfe"])
def test_merges_that_do_not_fit_the_vocabulary_are_noticed(tmp_path: Path, damage: bytes) -> None:
    path = write(tmp_path / "x.gguf", merging(damage=damage, count=20))
    with pytest.raises(KnownError, match=r"^model\.damaged ") as caught:
        check_tokenizer(path, read_header(path))
    assert "20 of 200 merges" in str(caught.value.args_for_people["reason"])


@pytest.mark.parametrize(
    ("tokens", "reason"),
    [
        (["t", "the", "\\n\\n", "\\n", "\\x74h", "\\", "\\x4", ""], ""),
        (["\\x68", "h", "the"], "byte 74 "),
        (["q", "q\\xz", "\\xzz", "\\q\\x61"], ""),
        (["\\xc3\\xa9", "\\xa9"], "byte c3 "),
        (["\\\\t", "t"], "byte 5c "),
    ],
)
def test_a_tokenizer_of_bytes_has_each_byte_that_begins_a_token(tmp_path: Path, tokens: list[str], reason: str) -> None:
    change = {"tokenizer.ggml.model": ("string", "rwkv"), "tokenizer.ggml.tokens": ("array", ("string", tokens))}
    path = write(tmp_path / "x.gguf", tiny_llama(change=change))
    if not reason:
        check_tokenizer(path, read_header(path))
        return
    with pytest.raises(KnownError) as caught:
        check_tokenizer(path, read_header(path))
    assert reason in str(caught.value.args_for_people["reason"])


def test_a_tokenizer_is_read_once_while_its_file_stays_as_it_is(tmp_path: Path, monkeypatch) -> None:
    read, texts_of = [], read_module._texts_of
    monkeypatch.setattr(read_module, "_texts_of", lambda *given: read.append(given) or texts_of(*given))
    path = write(tmp_path / "x.gguf", merging(damage=b"a zz", count=1))
    for _ in range(3):
        check_tokenizer(path, read_header(path))
    assert len(read) == 1
    write(path, merging(damage=b"a zz", count=20))
    for _ in range(2):
        with pytest.raises(KnownError, match=r"^model\.damaged "):
            check_tokenizer(path, read_header(path))
    assert len(read) == 3


def test_merges_that_fit_are_fine_and_other_tokenizers_have_none(tmp_path: Path) -> None:
    for file in (merging(), merging(damage=b"a zz", count=1), tiny_llama()):
        path = write(tmp_path / "x.gguf", file)
        check_tokenizer(path, read_header(path))

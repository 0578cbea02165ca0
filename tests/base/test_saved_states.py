"""Files of saved states: whole or of no use, private, within their share of the disk."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from slmdesk.base import saved_states
from slmdesk.base.errors import KnownError
from slmdesk.base.saved_states import (
    BadState,
    StateHead,
    make_space,
    open_state,
    path_of,
    remove_states,
    remove_unfinished,
    remove_unsealed,
    states_in,
    write_state,
)

pytestmark = pytest.mark.pure

WRITER = """
import sys
from pathlib import Path
from slmdesk.base.saved_states import StateHead, write_state
data = bytes(range(256)) * (32 << 10)
while True:
    for key in "ab":
        head = StateHead(key, "m", "e", ("d",), 1, len(data))
        write_state(Path(sys.argv[1]), head, b"1234", data, most_bytes=1 << 30)
    print("round", flush=True)
"""

KEY = bytes(range(32))
DATA = os.urandom(5 << 20)
TOKENS = os.urandom(400)
MUCH = 1 << 30


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "states"


def head(key: str = "a", *, model: str = "m", engine: str = "e", documents: tuple[str, ...] = ("d",)) -> StateHead:
    return StateHead(key, model, engine, documents, len(TOKENS) // 4, len(DATA))


def saved(folder: Path, key: str = "a", *, most_bytes: int = MUCH, seal: bytes = b"", **more) -> Path:
    return write_state(folder, head(key, **more), TOKENS, DATA, most_bytes=most_bytes, key=seal)


def read(path: Path, *, model: str = "m", engine: str = "e", seal: bytes = b"") -> tuple[bytes, bytes]:
    reader = open_state(path, model=model, engine=engine, key=seal)
    try:
        return reader.tokens, bytes(reader.data())
    finally:
        reader.close()


@pytest.mark.parametrize("seal", [b"", KEY])
def test_what_was_written_is_read_again_and_is_private(folder, seal):
    path = saved(folder, seal=seal)
    assert path == path_of(folder, "a")
    assert read(path, seal=seal) == (TOKENS, DATA)
    assert [state.head for state in states_in(folder)] == [head()]
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["a.state"]


@pytest.mark.parametrize("seal", [b"", KEY])
def test_a_flipped_bit_anywhere_is_noticed(folder, seal):
    path = saved(folder, seal=seal)
    whole = path.read_bytes()
    places = [0, 5, 17, 30, 90, 300, 500, len(whole) // 2, len(whole) - 33, len(whole) - 1]
    for place in places:
        broken = bytearray(whole)
        broken[place] ^= 4
        path.write_bytes(broken)
        with pytest.raises(BadState):
            read(path, seal=seal)
    path.write_bytes(whole)
    assert read(path, seal=seal)


@pytest.mark.parametrize("seal", [b"", KEY])
@pytest.mark.parametrize("length", [0, 3, 16, 19, 60, 400, 5 << 20])
def test_a_short_file_is_noticed(folder, length, seal):
    path = saved(folder, seal=seal)
    os.truncate(path, length)
    with pytest.raises(BadState):
        read(path, seal=seal)


def test_a_sealed_state_holds_no_word_and_opens_with_its_own_key_alone(folder):
    marker = b"Dismissal of Ms Zebrafishxq " * 200_000  # longer than a piece
    whole = StateHead("a", "m", "e", ("d",), 7, len(marker))
    plain = write_state(folder, whole, marker[:28], marker, most_bytes=MUCH).read_bytes()
    assert b"Zebrafishxq" in plain  # the control
    path = write_state(folder, whole, marker[:28], marker, most_bytes=MUCH, key=KEY)
    assert b"Zebrafishxq" not in path.read_bytes()
    assert read(path, seal=KEY) == (marker[:28], marker)
    for other in (bytes(32), b""):
        with pytest.raises(BadState):
            read(path, seal=other)
    path.write_bytes(plain)  # left over from before the history was encrypted
    with pytest.raises(BadState):
        read(path, seal=KEY)


def test_the_same_state_twice_is_sealed_differently_and_no_piece_fits_into_another_file(folder):
    first = saved(folder, seal=KEY).read_bytes()
    path = saved(folder, seal=KEY)
    second = path.read_bytes()
    assert len(first) == len(second)
    assert first[-(1 << 20) :] != second[-(1 << 20) :]
    piece = (4 << 20) + 28
    at = len(second) - (1 << 20) - 28 - piece
    swapped = second[:at] + first[at : at + piece] + second[at + piece :]
    assert len(swapped) == len(second)
    path.write_bytes(swapped)
    with pytest.raises(BadState):
        read(path, seal=KEY)


def test_heads_of_sealed_states_are_read_without_a_key(folder):
    saved(folder, seal=KEY)
    assert [state.head for state in states_in(folder)] == [head()]
    assert remove_states(folder, lambda heading: heading.documents != ("d",)) > len(DATA)
    assert states_in(folder) == []


def test_what_can_be_read_without_a_key_is_removed_alone(folder):
    saved(folder, "plain")
    kept = saved(folder, "sealed", seal=KEY)
    assert remove_unsealed(folder) > len(DATA)
    assert [state.path for state in states_in(folder)] == [kept]


def test_a_long_file_one_of_another_name_model_or_engine_is_refused(folder):
    path = saved(folder)
    for other in ({"model": "n"}, {"engine": "f"}):
        with pytest.raises(BadState):
            read(path, **other)
    with path.open("ab") as out:
        out.write(b"x")
    with pytest.raises(BadState):
        read(path)
    saved(folder).rename(path_of(folder, "b"))
    with pytest.raises(BadState):
        read(path_of(folder, "b"))


@pytest.mark.skipif(os.name == "nt", reason="no FIFOs")
def test_what_is_no_file_is_refused_at_once(folder):
    saved(folder)
    os.mkfifo(folder / "fifo.state")
    (folder / "link.state").symlink_to(folder / "a.state")
    (folder / "folder.state").mkdir()
    for name in ("fifo", "link", "folder"):
        with pytest.raises((BadState, OSError)):
            open_state(folder / f"{name}.state", model="m", engine="e")
        assert name not in [state.path.stem for state in states_in(folder) if state.head]


def test_together_they_stay_within_their_share_the_oldest_goes_first(folder, monkeypatch):
    size = saved(folder, "a").stat().st_size
    for number, key in enumerate("abcd"):
        saved(folder, key, most_bytes=3 * size + 100)
        os.utime(path_of(folder, key), (1000 + number, 1000 + number))
    assert [state.path.stem for state in states_in(folder)] == ["b", "c", "d"]
    monkeypatch.delattr(os, "utime")  # a child may not set times
    for _ in range(2):
        read(path_of(folder, "b"))  # of use again, and still whole
    make_space(folder, 2 * size + 100)
    assert [state.path.stem for state in states_in(folder)] == ["d", "b"]
    make_space(folder, 0)
    assert states_in(folder) == []


def test_one_that_is_larger_than_all_may_be_is_not_written_and_nothing_goes_for_it(folder):
    saved(folder, "a")
    with pytest.raises(KnownError, match=r"disk\.full"):
        saved(folder, "b", most_bytes=len(DATA))
    assert [state.path.stem for state in states_in(folder)] == ["a"]


def test_the_disk_is_never_filled(folder, monkeypatch):
    saved(folder, "a")
    left = SimpleNamespace(free=saved_states.LEAST_FREE_BYTES + 1000)
    monkeypatch.setattr(saved_states.shutil, "disk_usage", lambda _path: left)
    with pytest.raises(KnownError, match=r"^disk\.full "):
        saved(folder, "b")
    assert [path.name for path in folder.iterdir()] == ["a.state"]


def test_a_disk_that_becomes_full_leaves_nothing_behind(folder, monkeypatch):
    old = saved(folder).read_bytes()

    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saved_states.os, "fsync", fail)
    with pytest.raises(KnownError, match=r"disk\.full"):
        saved(folder, documents=("other",))
    assert path_of(folder, "a").read_bytes() == old
    assert [path.name for path in folder.iterdir()] == ["a.state"]


def test_states_go_with_what_they_belong_to_and_unreadable_ones_too(folder):
    for key, documents in (("a", ("1",)), ("b", ("1", "2")), ("c", ("3",))):
        saved(folder, key, documents=documents)
    (folder / "odd.state").write_bytes(b"no state")
    freed = remove_states(folder, lambda heading: "1" not in heading.documents)
    assert [state.path.stem for state in states_in(folder)] == ["c"]
    assert freed > 2 * len(DATA)
    assert remove_states(folder, lambda _one: True) == 0


def test_who_is_writing_when_all_is_deleted_keeps_nothing(folder, monkeypatch):
    real = os.fsync

    def delete_meanwhile(handle: int) -> None:
        real(handle)
        remove_unfinished(folder)

    monkeypatch.setattr(saved_states.os, "fsync", delete_meanwhile)
    with pytest.raises(KnownError):
        saved(folder)
    assert list(folder.iterdir()) == []


def test_what_was_begun_long_ago_goes_what_is_being_written_stays(folder):
    folder.mkdir()
    for name, age in (("old", 10_000), ("new", 0)):
        path = folder / f"{name}{saved_states.UNFINISHED}"
        path.write_bytes(b"half")
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    remove_unfinished(folder, older_than_s=600)
    assert [path.name for path in folder.iterdir()] == [f"new{saved_states.UNFINISHED}"]


def test_no_folder_is_no_error(folder):
    assert states_in(folder) == []
    assert remove_states(folder, lambda _one: False) == 0
    assert remove_unfinished(folder) == 0
    make_space(folder, 0)


@pytest.mark.process
@pytest.mark.parametrize("kills", [5, pytest.param(20, marks=pytest.mark.soak)])
def test_killed_in_the_middle_of_writing_there_are_whole_states_or_none(folder, kills):
    unfinished = 0
    for kill in range(kills):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.003 * kill)
        writer.kill()
        writer.wait()
        writer.stdout.close()
        for state in states_in(folder):
            assert len(read(state.path)[1]) == 8 << 20
        unfinished += remove_unfinished(folder) > 0
    assert unfinished, "some were killed in the middle"
    assert sorted(path.name for path in folder.iterdir()) == ["a.state", "b.state"]

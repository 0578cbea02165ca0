"""What a child may open, as it is said and as it is looked up."""

from __future__ import annotations

import pytest

from slmdesk.children.formats import scans
from slmdesk.children.reach import NOTHING, AllowedPaths, reach_from, reached_by
from slmdesk.children.worker import hardening

pytestmark = pytest.mark.pure


def test_what_is_said_is_heard_odd_names_too():
    said = AllowedPaths(("/a b", "/ü\udcff", '/"'), ("/states",), 2 << 30)
    assert reach_from({"SLMDESK_MAY_OPEN": said.to_variable()}) == said


@pytest.mark.parametrize("words", ["", "nonsense", "[]", "{}", '{"read": 5}'])
def test_nothing_said_is_nothing_allowed(words):
    assert reach_from({"SLMDESK_MAY_OPEN": words}) == NOTHING


def test_all_parts_of_a_model_go_together():
    said = AllowedPaths().with_file("/m/a-00002-of-00003.gguf")
    assert reach_from({"SLMDESK_MAY_OPEN": said.to_variable()}).read == tuple(
        f"/m/a-0000{number}-of-00003.gguf" for number in (1, 2, 3)
    )


def test_of_more_names_than_an_environment_takes_the_first_are_given_and_no_folder():
    many = AllowedPaths(tuple(f"/models/{number % 7}/{number:0100}.gguf" for number in range(3000)))
    few = many.with_file("/other/loaded.gguf").fitting()
    assert few.read[:3] == ("/other/loaded.gguf", *many.read[:2])
    assert few.read[1:] == many.read[: len(few.read) - 1]
    assert 500 < len(few.read) < 1000
    assert len(few.to_variable()) < 128 << 10


def test_a_folder_gets_in_by_no_file(tmp_path):
    assert AllowedPaths().with_file(str(tmp_path)) == NOTHING
    assert AllowedPaths().with_file("/") == NOTHING
    (tmp_path / "link").symlink_to("/")
    assert AllowedPaths().with_file(str(tmp_path / "link")) == NOTHING


def test_a_file_is_known_by_its_inode_and_a_folder_by_its_name(tmp_path):
    folder, other = tmp_path / "models", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    (other / "a.gguf").write_text("a")
    (folder / "link.gguf").symlink_to(other / "b.gguf")
    (other / "b.gguf").write_text("b")
    reach = reached_by(AllowedPaths((str(folder), str(other / "a.gguf"))))
    (folder / "new.gguf").write_text("new")
    assert reach.covers(str(folder / "new.gguf"))
    assert reach.covers(str(other / "a.gguf"))
    assert not reach.covers(str(other / "b.gguf"))
    assert not reach.covers(str(folder / "link.gguf"))  # it leads out of the folder
    (other / "c.gguf").write_text("another file")
    (other / "c.gguf").replace(other / "a.gguf")
    assert not reach.covers(str(other / "a.gguf"))
    assert reach.covers(str(other / "none.gguf"))


def test_the_reader_keeps_the_data_of_ocr(monkeypatch):
    assert hardening.OCR_VARIABLE == scans.DATA_VARIABLE
    monkeypatch.setenv(scans.DATA_VARIABLE, "/data/of/ocr")
    read = hardening.files_of("reader", NOTHING).read
    assert "/data/of/ocr" in read
    for folder in scans.FOLDERS:
        assert not folder.startswith("/usr") or "/usr" in read or folder.startswith(tuple(read))
    assert hardening.files_of("reader", NOTHING).write == ()

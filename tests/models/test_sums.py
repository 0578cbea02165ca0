from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest
from fakes.recorder import import_model
from fakes.split_gguf import split
from fakes.tiny_gguf import tiny_llama, tiny_qwen2, write

from slmdesk.models import sums

RIGHT, WRONG = "a" * 64, "0" * 64


def stated(folder: Path, data: bytes | str, name: str = "Model A.gguf") -> sums.Stated:
    (folder / sums.SUMS).write_bytes(data if isinstance(data, bytes) else data.encode())
    return sums.stated_of(folder / name)


@pytest.mark.pure
@pytest.mark.parametrize(
    "line",
    [
        "{sum}  Model A.gguf",
        "{sum} *Model A.gguf",
        "{sum} Model A.gguf",
        "{sum}\tModel A.gguf",
        "{sum}  Model A.gguf  ",
        "  {sum}  ./Model A.gguf",
        "{sum}  MODEL a.GGUF",
        "{sum}  .\\Model A.gguf",
        "{sum}  /home/admin/models/Model A.gguf",
        "{sum}  C:\\models\\Model A.gguf",
        "{sum}  ../models/Model A.gguf",
        "{sum}  x/../Model A.gguf",
        "SHA256 (Model A.gguf) = {sum}",
        "SHA256 (./Model A.gguf) = {sum}",
        "SHA256(Model A.gguf)= {sum}",
        "SHA2-256(Model A.gguf)= {sum}",
        "SHA256          {sum}       C:\\Users\\me\\Model A.gguf",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_each_form_of_a_list_is_understood(tmp_path: Path, line: str, encoding: str) -> None:
    text = "\r\n".join(("no checksum", f"{RIGHT}  other.gguf", line.format(sum=WRONG.upper()), ""))
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    assert stated(tmp_path, f"{mark}{text}".encode(encoding)) == sums.Stated(frozenset({WRONG}))


@pytest.mark.pure
def test_a_line_behind_the_first_mebibyte_counts(tmp_path: Path) -> None:
    others = "".join(f"{RIGHT}  file {at}\n" for at in range(20_000))
    assert len(others) > 1 << 20
    assert stated(tmp_path, f"{others}{WRONG}  Model A.gguf\n").sums == {WRONG}


@pytest.mark.pure
@pytest.mark.parametrize(
    "name", ["Übung.gguf", "U\u0308bung.gguf", "two\nlines.gguf", "back\\slash.gguf", "a (1).gguf"]
)
def test_odd_names_are_found(tmp_path: Path, name: str) -> None:
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n")
    line = f"\\{WRONG}  {escaped}" if escaped != name else f"{WRONG}  {name}"
    assert stated(tmp_path, line, name).sums == {WRONG}
    tagged = f"\\SHA256 ({escaped}) = {WRONG}" if escaped != name else f"SHA256 ({name}) = {WRONG}"
    assert stated(tmp_path, tagged, name).sums == {WRONG}


@pytest.mark.pure
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no list of checksums"),
        ("root:x:0:0:root:/root:/bin/bash\n", "no list of checksums"),
        ("d41d8cd98f00b204e9800998ecf8427e  Model A.gguf", "no list of checksums"),
        (f"{WRONG}  other.gguf", "does not name it"),
        (f"{WRONG}  models/Model A.gguf", "does not name it"),
        (f"{WRONG}  Model A.gguf.sig", "does not name it"),
        (f"{WRONG}  /home/me/xModel A.gguf", "does not name it"),
    ],
)
def test_a_list_that_is_silent_is_told(tmp_path: Path, text: str, reason: str) -> None:
    got = stated(tmp_path, text)
    assert (got.sums, reason in got.not_checked) == (frozenset(), True)


@pytest.mark.pure
def test_a_list_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "MOST_SUMS", 80)
    got = stated(tmp_path, f"{RIGHT}  other\n{WRONG}  Model A.gguf\n")
    assert (got.sums, "too large" in got.not_checked) == (frozenset(), True)


@pytest.mark.pure
@pytest.mark.skipif(sys.platform == "win32", reason="FIFOs")
@pytest.mark.parametrize("place", ["below", ""], ids=["beside", "in the folder above"])
def test_nothing_but_a_file_is_waited_for(tmp_path: Path, place: str) -> None:
    (tmp_path / "below").mkdir()
    os.mkfifo(tmp_path / place / sums.SUMS)
    assert "cannot be read" in sums.stated_of(tmp_path / "below/a.gguf").not_checked
    (tmp_path / place / sums.SUMS).unlink()
    (tmp_path / place / sums.SUMS).mkdir()
    assert "cannot be read" in sums.stated_of(tmp_path / "below/a.gguf").not_checked


@pytest.mark.pure
def test_of_the_folder_above_only_a_list_of_models_has_to_name_it(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    file = tmp_path / "below" / "a.gguf"
    for text, names in ((f"{WRONG}  disk.iso", False), (f"{WRONG}  other/b.GGUF", True), (f"{WRONG}  a.gguf", True)):
        (tmp_path / sums.SUMS).write_text(text)
        assert sums.stated_of(file) == sums.Stated(not_checked="SHA256SUMS does not name it" if names else "")
    for name in ("below/a.gguf", "./below/a.gguf", "BELOW\\a.gguf", "/mnt/below/a.gguf"):
        (tmp_path / sums.SUMS).write_text(f"{WRONG}  {name}")
        assert sums.stated_of(file).sums == {WRONG}


@pytest.mark.pure
def test_of_whole_paths_the_one_that_ends_most_alike_counts(tmp_path: Path) -> None:
    (tmp_path / "q4").mkdir()
    (tmp_path / sums.SUMS).write_text(f"{RIGHT}  /pc/q4/a.gguf\n{WRONG}  /pc/q8/a.gguf\n")
    assert sums.stated_of(tmp_path / "q4/a.gguf").sums == {RIGHT}


@pytest.mark.process
@pytest.mark.parametrize("order", [(RIGHT, None), (None, RIGHT)])
def test_a_list_that_contradicts_itself_refuses(recorder, tmp_path: Path, order) -> None:
    file = write(tmp_path / "a.gguf", tiny_llama())
    right = hashlib.sha256(file.read_bytes()).hexdigest()
    (tmp_path / sums.SUMS).write_text("".join(f"{each or right}  a.gguf\n" for each in order))
    assert import_model(recorder.services, file).problem.code == "model.other_sum"


@pytest.mark.process
def test_whether_it_was_checked_is_told(recorder, tmp_path: Path) -> None:
    file = write(tmp_path / "a.gguf", tiny_llama())
    silent = import_model(recorder.services, file, link=True)
    assert (silent.is_checked, silent.not_checked) == (False, "")
    (tmp_path / sums.SUMS).write_text(f"{WRONG}  b.gguf\n")
    told = import_model(recorder.services, file, link=True)
    assert (told.model is not None, told.is_checked, told.not_checked) == (True, False, "SHA256SUMS does not name it")
    (tmp_path / sums.SUMS).write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}\t/x/A.gguf\n")
    agrees = import_model(recorder.services, file, link=True)
    assert (agrees.is_checked, agrees.not_checked) == (True, "")


@pytest.mark.process
def test_of_a_model_in_parts_each_part_has_to_be_stated(run, tmp_path: Path) -> None:
    parts = []
    for n, data in enumerate(split(tiny_llama().data, 2), 1):
        parts.append(tmp_path / f"s-{n:05}-of-00002.gguf")
        parts[-1].write_bytes(data)
    lines = [f"{hashlib.sha256(part.read_bytes()).hexdigest()}  {part.name}" for part in parts]
    (tmp_path / sums.SUMS).write_text(lines[0])
    alone, folder = run("models", "import", str(parts[0]), "--json"), run("models", "import", str(tmp_path), "--json")
    assert (alone.status, alone.json["is_checked"]) == (0, False)
    assert "does not name it" in alone.json["not_checked"]
    assert (folder.status, parts[1].name in folder.json[0]["reason"]) == (1, True)
    (tmp_path / sums.SUMS).write_text("\n".join(lines))
    assert run("models", "import", str(tmp_path), "--json").json[0]["is_checked"] is True


@pytest.mark.process
def test_of_a_folder_only_what_is_stated_comes_in(run, tmp_path: Path) -> None:
    named, other = write(tmp_path / "a.gguf", tiny_llama()), write(tmp_path / "b.gguf", tiny_qwen2())
    listed = f"{hashlib.sha256(named.read_bytes()).hexdigest()}  a.gguf\n"
    (tmp_path / sums.SUMS).write_bytes(listed.encode("utf-16"))
    done = run("models", "import", str(tmp_path))
    assert (done.status, "(SHA256SUMS agrees)" in done.out) == (1, True)
    assert f"{other} cannot be checked: SHA256SUMS does not name it." in done.err
    alone = run("models", "import", str(other))
    assert alone.status == 0
    assert alone.err.splitlines()[-1] == f"note: {other} is not checked: SHA256SUMS does not name it."
    (tmp_path / sums.SUMS).write_text("nothing")
    assert run("models", "import", str(tmp_path), "--json").status == 1

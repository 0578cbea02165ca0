"""What the packages are made of, without building one (`make package-test` does)."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from slmdesk.models.online.program import compare_with_manifest

pytestmark = [
    pytest.mark.pure,
    pytest.mark.skipif(sys.platform != "linux", reason="they are made on Linux"),
]
PACKAGING = Path(__file__).parent.parent / "packaging"


def loaded(name: str) -> ModuleType:
    sys.path.insert(0, str(PACKAGING))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(PACKAGING))


parts, sbom, packages = loaded("parts"), loaded("sbom"), loaded("packages")


@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/plugins/platforms/libqeglfs.so", "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
        "PySide6/Qt/translations/qtbase_ja.qm", "PySide6/Qt/translations/qtmultimedia_de.qm", "libdbus-1.so.3",
        "libstdc++.so.6",
        "libggml-cpu-haswell.so", "slmdesk-0.2.0.dist-info/direct_url.json",
        "PySide6/plugins/platforms/qdirect2d.dll", "PySide6/plugins/platforminputcontexts/qtvirtualkeyboardplugin.dll",
        "onnxruntime/capi/libonnxruntime.so.1.28.0",
    ],
)  # fmt: skip
def test_what_is_left_out(place):
    assert re.search(parts.LEFT_OUT, place)


@pytest.mark.parametrize(
    "place",
    [
        "pillow.libs/libharfbuzz-fb49c9fc.so.0.61450.0", "pillow.libs/libfreetype-57f805ba.so.6.20.6",
        "llama_cpp/lib/libgomp.so.1",
        "PySide6/Qt/lib/libQt6Gui.so.6", "libzstd.so.1",
        "pillow.libs/libXau-154567c4.so.6.0.0", "llama_cpp/lib/libggml-cpu-haswell.so", "libxcb-cursor.so.0",
        "PySide6/Qt/plugins/platforms/libqxcb.so", "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so", "PySide6/Qt/translations/qtbase_de.qm",
        "slmdesk-0.2.0.dist-info/METADATA", "PySide6/plugins/platforms/qwindows.dll",
        "onnxruntime/capi/onnxruntime_pybind11_state.cpython-311-x86_64-linux-gnu.so",
    ],
)  # fmt: skip
def test_what_a_system_may_not_have_is_taken(place):
    """Some libraries of wheels are called nearly as the system's: here the program runs without, elsewhere not."""
    assert not re.search(parts.LEFT_OUT, place)


def test_a_library_that_nothing_needs_goes_with_what_it_needed_alone():
    folder = Path("inside")
    names = {"plugin.so": ["liba.so.1"], "liba.so.1": ["libb.so.1"], "libb.so.1": [], "libc1.so": ["libd.so"],
             "libd.so": ["libb.so.1"]}  # fmt: skip
    needs = {folder / name: needed for name, needed in names.items()}
    may_go = [folder / name for name in names if name.startswith("lib")]
    assert parts.unused(needs, may_go) == [folder / "libc1.so", folder / "libd.so"]


HEADERS = """
  Type           Offset   VirtAddr           PhysAddr           FileSiz  MemSiz   Flg Align
  LOAD           0x000000 0x0000000000000000 0x0000000000000000 0x013000 0x013000 R   0x1000
  LOAD           {at} 0x0000000000014000 0x0000000000014000 0x080000 0x080000 R E 0x1000
  DYNAMIC        0x0a1234 0x00000000000a2234 0x00000000000a2234 0x000200 0x000200 RW  0x8
"""


def test_a_library_that_cannot_be_loaded_any_more_is_noticed():
    assert parts.is_loadable(HEADERS.format(at="0x014000"))
    assert not parts.is_loadable(HEADERS.format(at="0x013f80"))
    assert not parts.is_loadable("")


def test_the_package_depends_on_what_is_not_in_it():
    names = {"libc.so.6", "libm.so.6", "libGL.so.1", "libxcb.so.1", "libown.so.1", "libvulkan.so.1"}
    assert parts.depends(names, {"libown.so.1"}, 34) == ["libc6 (>= 2.34)", "libgl1", "libxcb1"]
    with pytest.raises(parts.WrongPart, match="libnobody"):
        parts.depends({"libnobody.so.1"}, (), 34)


def test_what_is_under_the_gpl_alone_is_told_from_what_may_be_passed_on():
    assert all(map(sbom.is_of_gpl, ("GPL-2.0-or-later", "AGPL-3.0-only OR GPL-3.0-only")))
    passed_on = ("LGPL-3.0-only OR GPL-2.0-only", "GPL-3.0-or-later WITH GCC-exception-3.1", "MIT")
    assert not any(map(sbom.is_of_gpl, passed_on))


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("numpy.libs/libgfortran-040039e1-0352e75f.so.5", "gfortran"), ("tesserocr/.dylibs/libpng16.16.dylib", "png16"),
        ("ggml-cpu-9a43108c31d9a3a1442cbc954beab8c4.dll", "ggml"), ("llama_cpp/lib/libmtmd.so", "mtmd"),
        ("PIL/_imaging.cpython-311-x86_64-linux-gnu.so", ""), ("tesserocr.libs/libjbig-2504a0c3.so.2.1", ""),
        ("tesserocr.libs/tesseract55-a353c6df28c139558755a8cce82db953.dll", "tesseract55"),
        ("PySide6/vcruntime140_1.dll", "msvcp140"),
        ("tesserocr.libs/libssh2-8cd554a07fc36f18dfba4f0a358e9a54.dll", "ssh2"),
    ],
)  # fmt: skip
def test_a_library_of_others_in_a_wheel_is_seen_and_known(place, name):
    assert sbom.brought(Path("/somewhere") / place) == name
    assert name in sbom.BROUGHT or not name


def test_what_text_recognition_loads_holds_nothing_of_jbig(tmp_path):
    if (tesserocr := find_spec("tesserocr")) is None:
        pytest.skip("no tesserocr here")
    here = Path(tesserocr.origin).parent.parent / "tesserocr.libs"
    shutil.copytree(here, tmp_path / here.name)
    (library,) = (tmp_path / here.name).glob("libjbig-*")
    parts.leave_out_jbig(tmp_path)
    assert b"JBIG" not in library.read_bytes()
    (user,) = (tmp_path / here.name).glob("libleptonica-*")
    subprocess.run([sys.executable, "-c", f"import ctypes; ctypes.CDLL({str(user)!r})"], check=True)


def test_what_runs_small_models_has_no_way_to_send():
    """From 1.29 on onnxruntime tells its maker what it did, from its import on."""
    if (onnxruntime := find_spec("onnxruntime")) is None:
        pytest.skip("no onnxruntime here")
    libraries = [*(Path(onnxruntime.origin).parent / "capi").glob("onnxruntime_pybind11_state*")]
    assert libraries
    assert not [library for library in libraries if b"events.data.microsoft.com" in library.read_bytes()]


def test_the_licence_of_each_library_is_known_before_a_package_is_built():
    lines = (PACKAGING / "requirements.txt").read_text().splitlines()
    names = [line.partition("==")[0] for line in lines if re.match(r"[\w.-]+==", line)]
    here = {re.sub(r"[-_.]+", "-", library.name).lower(): library for library in metadata.distributions()}
    known = {name: sbom.part_of(here[name]) for name in names if name in here}
    assert len(known) > 30
    assert [name for name, part in known.items() if not part.licence] == []
    packaging = sbom.part_of(metadata.distribution("packaging"))  # has a module named "licenses"
    texts = [text for part in (*known.values(), packaging) for text in part.texts]
    assert not [text for text in texts if "\0" in text or "\nimport " in text]


@pytest.mark.parametrize(
    ("name", "words"),
    [("python-stdnum", "Version 2.1, February 1999"), ("spylls", "Mozilla Public License Version 2.0\n====")],
)
def test_what_packaging_has_no_words_of_comes_with_the_words_of_its_licence(name, words):
    assert any(words in text for text in sbom.part_of(metadata.distribution(name)).texts)


def test_an_unknown_licence_is_none():
    assert sbom.licence_of("spylls", None, "UNKNOWN") == "MPL-2.0"
    assert sbom.licence_of("x", "MIT OR Apache-2.0", None) == "MIT OR Apache-2.0"
    assert sbom.licence_of("x", None, "MIT License") == "MIT"
    assert sbom.licence_of("x", None, "UNKNOWN") == sbom.licence_of("x", None, "See the file\nLICENSE") == ""


def test_the_list_of_parts_is_the_same_for_the_same_parts():
    libraries = [
        sbom.Part("Qt", "", "LGPL-3.0-only", "", "in PySide6_Essentials 6.11.3"),
        sbom.Part("spylls", "0.1.7", "MPL-2.0", "pkg:pypi/spylls@0.1.7", "https://spylls.example", ["words"]),
    ]
    text = sbom.sbom(libraries, "0.2.0", 1_700_000_000)
    assert text == sbom.sbom(libraries, "0.2.0", 1_700_000_000)
    shape = json.loads(text)
    assert (shape["bomFormat"], shape["specVersion"]) == ("CycloneDX", "1.6")
    assert [component["name"] for component in shape["components"]] == ["Qt", "spylls"]
    assert len({component["bom-ref"] for component in shape["components"]}) == 2
    page = sbom.licences_page(libraries, "0.2.0")
    for words in ("spylls 0.1.7: MPL-2.0", "https://download.qt.io", "GNU LESSER GENERAL PUBLIC LICENSE", "words"):
        assert words in page


@pytest.fixture
def archive(tmp_path, monkeypatch) -> Path:
    """The .run of a small program."""
    monkeypatch.setattr(packages, "BUILD", tmp_path)
    folder = tmp_path / "frozen" / "slmdesk"
    (folder / "_internal").mkdir(parents=True)
    (folder / "slmdesk").write_text("#!/bin/sh\nexit ${BROKEN:-0}\n")
    (folder / "slmdesk").chmod(0o755)
    (folder / "_internal" / "one.so").write_bytes(b"1")
    (folder / "_internal" / "link.so").symlink_to("one.so")
    (folder / packages.MANIFEST).write_text(packages.manifest(folder))
    assert compare_with_manifest(folder).are_as_built
    packages.settle(folder, 1_700_000_000)
    for name in ("first", "second"):
        packages.write_tar(folder, PACKAGING.parent, 1_700_000_000, "slmdesk-0", tmp_path / f"{name}.tar.xz")
    assert (tmp_path / "first.tar.xz").read_bytes() == (tmp_path / "second.tar.xz").read_bytes()
    packages.write_run(tmp_path / "first.tar.xz", "slmdesk-0", tmp_path / "slmdesk.run")
    return tmp_path / "slmdesk.run"


def sh(*command: str | Path, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **more}
    return subprocess.run([*command], env=environment, capture_output=True, text=True, check=False)


def test_what_unpacks_the_program_is_named_where_it_is_missing(archive, tmp_path):
    (few := tmp_path / "bin").mkdir()
    for tool in ("sh", "mktemp", "rm", "tail", "sha256sum", "cut"):
        (few / tool).symlink_to(str(shutil.which(tool)))
    done = sh(archive, home=tmp_path, PATH=str(few))
    assert (done.returncode, done.stdout) == (1, "")
    assert "xz-utils" in done.stderr


def test_the_program_comes_into_an_account_and_leaves_it_but_for_the_home(archive, tmp_path):
    home = tmp_path / "a home"
    kept = home / ".local/share/slmdesk/texts"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    for _ in range(2):  # over itself too
        done = sh(archive, home=home)
        assert done.returncode == 0, done.stderr
    program = home / ".local/opt/slmdesk"
    assert compare_with_manifest(program).are_as_built
    assert (home / ".local/bin/slmdesk").resolve() == program / "slmdesk"
    entry = (home / ".local/share/applications/slmdesk.desktop").read_text()
    assert f'Exec="{program}/slmdesk" --window %F\n' in entry
    done = sh(home / ".local/bin/slmdesk-uninstall", home=home)
    assert done.returncode == 0, done.stderr
    left = [path for path in home.rglob("*") if path.is_file() and "slmdesk" in str(path.relative_to(home))]
    assert left == [kept]


def test_what_does_not_start_is_not_installed(archive, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    done = sh(archive, home=home, BROKEN="1")
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_half_a_download_is_not_installed(archive, tmp_path):
    archive.write_bytes(archive.read_bytes()[:-100])
    done = sh(archive, home=tmp_path)
    assert (done.returncode, "not whole" in done.stderr) == (1, True)

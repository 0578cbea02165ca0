"""What doctor tells without a history."""

from __future__ import annotations

import hashlib
import os
from unittest.mock import Mock

import pytest

from slmdesk import doctor
from slmdesk.base.paths import find_paths, make_folders
from slmdesk.base.protocol import Done, Failed
from slmdesk.base.untrusted import owner_of
from slmdesk.children.formats import heif
from slmdesk.doctor import _verdict, examine_computer

pytestmark = pytest.mark.pure


def test_the_policy_that_counts_is_told_with_its_owner_and_sum(tmp_path):
    paths = find_paths(tmp_path)
    make_folders(paths)
    told = examine_computer(paths)["policy"]
    assert (told["file"], told["owner"], told["sha256"]) == (None, None, None)
    paths.policy_file.write_text("[network]\noffline = true\n")
    told = examine_computer(paths)["policy"]
    assert told["file"] == str(paths.policy_file)
    assert told["sha256"] == hashlib.sha256(paths.policy_file.read_bytes()).hexdigest()
    assert told["owner"] == owner_of(os.stat(paths.policy_file))  # noqa: PTH116


def test_an_engine_that_could_not_compute_does_not_work():
    lost = Failed("1", "child.no_library", {"reason": "libllama.so: file too short"})
    verdict = _verdict(lost, may_refuse=False)
    assert verdict.startswith("does not work: ")
    assert "file too short" in verdict
    assert _verdict(Failed("1", "model.damaged", {"reason": "no vector"}), may_refuse=False) != "works"
    assert _verdict(Failed("1", "file.missing", {"path": "x"}), may_refuse=True) == "works"  # as asked
    assert _verdict(Done("1", {"count": 1}), may_refuse=False) == "works"


def test_what_was_built_and_what_opens_photos_is_told(tmp_path) -> None:
    versions = examine_computer(find_paths(tmp_path))["versions"]
    assert versions["llama.cpp"] == doctor.LLAMA_COMMIT
    assert versions["HEIC"] == doctor.heif_version()
    assert (versions["HEIC"] is None) == (heif.library() is None)


def test_a_binding_of_another_version_has_no_commit_of_ours(monkeypatch) -> None:
    monkeypatch.setattr(doctor, "version", lambda _package: "0.3.99+slmdesk.1")
    assert doctor.versions()["llama.cpp"] is None


def test_a_libheif_without_names_of_decoders_is_told(monkeypatch) -> None:
    class Old:
        heif_get_version = staticmethod(Mock(return_value=b"1.12.0"))
        heif_decoder_descriptor_get_name = staticmethod(Mock())

    monkeypatch.setattr("ctypes.CDLL", lambda _name: Old())
    assert doctor.heif_version() == "libheif 1.12.0, decoder not named"
    monkeypatch.setattr("ctypes.CDLL", Mock(side_effect=OSError))
    assert doctor.heif_version() is None

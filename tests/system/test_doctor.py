"""What doctor tells without a history."""

from __future__ import annotations

import hashlib
import os

import pytest

from slmdesk.base.paths import find_paths, make_folders
from slmdesk.base.protocol import Done, Failed
from slmdesk.base.untrusted import owner_of
from slmdesk.system.doctor import _verdict, examine_computer

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

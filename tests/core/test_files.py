"""Names for new files."""

from __future__ import annotations

import os

import pytest

from slmdesk.core.files import free_name

pytestmark = pytest.mark.pure


def test_a_free_name_is_the_next_one(tmp_path):
    path = tmp_path / "Report v1.2.docx"
    names = []
    for _at in range(20):
        found = free_name(path)
        found.touch(exist_ok=False)
        names.append(found.name)
    assert names == [path.name, *(f"Report v1.2 ({number}).docx" for number in range(2, 21))]


def test_links_and_folders_have_names_too(tmp_path):
    (tmp_path / "a.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "a (2).txt").mkdir()
    assert free_name(tmp_path / "a.txt").name == "a (3).txt"


def test_few_names_are_looked_at(tmp_path, monkeypatch):
    asked = []

    def lexists(path):
        asked.append(path)
        name = path.name.removeprefix("a").removesuffix(".txt").strip(" ()")
        return int(name or 1) <= 5000

    monkeypatch.setattr(os.path, "lexists", lexists)
    assert free_name(tmp_path / "a.txt").name == "a (5001).txt"
    assert len(asked) < 40

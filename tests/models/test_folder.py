"""The folder where added models are kept, and a move of it that an older version began."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from fakes.recorder import import_model, result_of
from fakes.tiny_gguf import tiny_llama, tiny_qwen2, write

from slmdesk.base.runtime.messages import Problem
from slmdesk.models.folder import make_ready

pytestmark = pytest.mark.process


def place_of(recorder, model) -> Path:
    return Path(os.fsdecode(recorder.ask(lambda services: services.store.models.get(model.id)).path))


def test_new_models_are_kept_in_the_chosen_folder_and_others_stay(recorder, tmp_path, home) -> None:
    services, second = recorder.services, tmp_path / "large disk" / "models"
    first = import_model(services, write(tmp_path / "a.gguf", tiny_llama())).model
    assert result_of(services, lambda: services.models.keep_in(second)) is None
    assert services.settings.current.models_folder == str(second)
    new = import_model(services, write(tmp_path / "b.gguf", tiny_qwen2())).model
    assert (place_of(recorder, first).parent, place_of(recorder, new).parent) == (home / "models", second)
    assert all(check.ok for check in result_of(services, lambda: services.models.verify([])))
    assert result_of(services, lambda: services.models.keep_in(home / "models")) is None
    assert services.settings.current.models_folder == ""


def test_a_model_moved_by_hand_is_found_when_it_is_added_again(recorder, tmp_path, home) -> None:
    services, second = recorder.services, tmp_path / "second"
    model = import_model(services, write(tmp_path / "a.gguf", tiny_llama())).model
    recorder.ask(lambda services: services.store.models.set_info(model.id, known="kept"))
    second.mkdir()
    place_of(recorder, model).replace(second / "moved.gguf")
    assert result_of(services, lambda: services.models.keep_in(second)) is None
    assert result_of(services, services.models.adopt) == 1
    (record,) = recorder.ask(lambda services: services.models.list())
    assert (record.id, record.info["known"], place_of(recorder, record)) == (model.id, "kept", second / "moved.gguf")


def test_a_folder_with_something_else_in_it_is_refused(recorder, tmp_path) -> None:
    services, full = recorder.services, tmp_path / "full"
    full.mkdir()
    for name in ("a.gguf", "SHA256SUMS", ".DS_Store", ".moving-1.part"):
        (full / name).touch()
    make_ready(full)
    (full / "letter.txt").touch()
    problem = result_of(services, lambda: services.models.keep_in(full))
    assert isinstance(problem, Problem)
    assert (problem.code, "letter.txt" in problem.sentence) == ("folder.not_empty", True)
    problem = result_of(services, lambda: services.models.keep_in(full / "letter.txt"))
    assert problem.code == "file.unwritable"
    assert services.settings.current.models_folder == ""


@pytest.mark.parametrize("how", ["prepared", "renamed", "switched", "nowhere"])
def test_of_an_interrupted_move_each_model_is_found_where_it_is(recorder, tmp_path, how) -> None:
    """Of an older version: the journal says where each file was and is to be."""
    services, target = recorder.services, tmp_path / "target"
    model = import_model(services, write(tmp_path / "a.gguf", tiny_llama())).model
    old, new = place_of(recorder, model), target / "a.gguf"
    target.mkdir()
    journal = services.paths.models_move_file
    file = {"id": model.id, "name": "a", "old": str(old), "new": str(new), "bytes": model.bytes, "how": "rename"}
    part = {"id": "", "name": "p", "old": str(old.parent / ".download-1.part"), "new": "x", "bytes": 1}
    journal.write_text(json.dumps({"phase": "switching", "target": str(target), "files": [file, part]}))
    if how == "prepared":
        os.link(old, new)
    elif how == "renamed":
        old.rename(new)
    elif how == "switched":
        recorder.ask(lambda s: s.store.models.relocate([(model.id, os.fsencode(old), os.fsencode(new), None)]))
    else:
        old.rename(tmp_path / "on another disk")
    recorder.ask(lambda services: services.models.find_moved())
    assert place_of(recorder, model) == (new if how == "renamed" else old)
    if how == "nowhere":
        assert journal.exists(), "its disk may come back"
        (tmp_path / "on another disk").rename(new)
        recorder.ask(lambda services: services.models.find_moved())
        assert place_of(recorder, model) == new
    assert all(check.ok for check in result_of(services, lambda: services.models.verify([])))
    assert not journal.exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"files": [{"id": 7}]}', '{"files": []}'])
def test_a_journal_of_no_use_goes(recorder, text) -> None:
    journal = recorder.services.paths.models_move_file
    journal.write_text(text)
    recorder.ask(lambda services: services.models.find_moved())
    assert not journal.exists()

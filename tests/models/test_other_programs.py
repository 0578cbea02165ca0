from __future__ import annotations

import hashlib
import json
import os
import plistlib
from pathlib import Path

import pytest
from fakes.recorder import result_of
from fakes.split_gguf import split
from fakes.tiny_gguf import tiny_llama, tiny_projector, tiny_qwen2, write

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.messages import problem_for
from slmdesk.models import importer
from slmdesk.models.importer import (
    MAX_BYTES,
    FoundModel,
    FoundModels,
    ImportEnded,
    Place,
    all_places,
    best_found,
    chosen_places,
    usual_places,
)

pytestmark = pytest.mark.process


def find(recorder, *places: Place) -> FoundModels:
    finds = result_of(recorder.services, lambda: recorder.services.finding.find(places or None))
    assert isinstance(finds, FoundModels), finds
    return finds


def link(recorder, finds: FoundModels) -> tuple[ImportEnded, ...]:
    return result_of(recorder.services, lambda: recorder.services.finding.link(finds.models))


def put(path: Path, file) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(path, file)


def put_ollama(root: Path, name: str, tag: str, data: bytes) -> Path:
    digest = hashlib.sha256(data).hexdigest()
    blob = root / "blobs" / f"sha256-{digest}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(data)
    manifest = root / "manifests" / "registry.ollama.ai" / "library" / name / tag
    manifest.parent.mkdir(parents=True, exist_ok=True)
    layers = [
        {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": len(data)},
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:" + "1" * 64, "size": 5},
    ]
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}))
    return blob


def put_hub(root: Path, file) -> Path:
    blob = put(root / "models--o--n" / "blobs" / hashlib.sha256(file.data).hexdigest(), file)
    shown = root / "models--o--n" / "snapshots" / ("a" * 40) / "Some-Model.Q4_0.gguf"
    shown.parent.mkdir(parents=True)
    shown.symlink_to(os.path.relpath(blob, shown.parent))
    return shown


@pytest.fixture
def five(user) -> dict[str, Path]:
    """A model of each program in its usual folder."""
    return {
        "LM Studio": put(user / ".lmstudio/models/who/repo/a.gguf", tiny_llama(seed=11)),
        "Jan": put(user / ".local/share/Jan/data/llamacpp/models/who/m/model.gguf", tiny_llama(seed=12)),
        "GPT4All": put(user / ".local/share/nomic.ai/GPT4All/b.gguf", tiny_llama(seed=13)),
        "Ollama": put_ollama(user / ".ollama/models", "tiny", "1b", tiny_qwen2().data),
        "Hugging Face": put_hub(user / ".cache/huggingface/hub", tiny_llama(seed=14)),
    }


def test_models_of_five_programs_are_found_and_linked_where_they_are(recorder, five, home) -> None:
    finds = find(recorder)
    assert {model.program: model.path for model in finds.models} == five
    assert finds.skipped == ()
    assert all((model.known, model.problem) == (None, None) for model in finds.models)
    assert recorder.ask(lambda services: services.models.list()) == []  # looking changes nothing
    ends = link(recorder, finds)
    assert [end.problem for end in ends] == [None] * 5
    records = recorder.ask(lambda services: services.models.list())
    assert {os.fsdecode(record.path) for record in records} == {str(path) for path in five.values()}
    assert all(record.linked for record in records)
    assert len({record.name for record in records}) == 5
    assert list((home / "models").iterdir()) == []
    again = find(recorder)
    assert {model.known for model in again.models} == {record.id for record in records}
    assert link(recorder, again) == ()
    for record in records:  # removing forgets the link alone
        assert (
            recorder.services.service_thread.call(lambda model=record: recorder.services.models.remove(model.id)) == 0
        )
    assert all(path.exists() for path in five.values())


def test_what_is_of_no_use_is_listed_with_the_reason_and_not_linked(recorder, user) -> None:
    root = user / ".lmstudio/models"
    put(root / "p/mmproj.gguf", tiny_projector())
    for number, data in enumerate(split(tiny_llama().data, 2), 1):
        (root / f"p/large-{number:05}-of-00002.gguf").write_bytes(data)
    (root / "p/page.gguf").write_text("<html>")
    (root / "p/readme.md").write_text("not looked at")
    finds = find(recorder)
    assert {model.path.name: model.problem.code for model in finds.models} == {
        "mmproj.gguf": "projector.unusable", "page.gguf": "model.not_gguf",
        "large-00001-of-00002.gguf": "model.parts_linked",
    }  # fmt: skip
    assert next(model.bytes for model in finds.models if "large" in model.path.name) > len(tiny_llama().data)
    assert link(recorder, finds) == ()


def test_one_file_by_two_ways_is_one_model(recorder, user) -> None:
    model = put(user / ".lmstudio/models/a/b/c.gguf", tiny_llama())
    (user / ".cache/lm-studio").mkdir(parents=True)
    os.link(model, model.with_name("d.gguf"))
    assert len(find(recorder).models) == 1


def test_m10_links_that_lead_elsewhere_loops_and_pipes_are_not_followed(recorder, user, tmp_path) -> None:
    root = user / ".lmstudio/models"
    root.mkdir(parents=True)
    outside = put(tmp_path / "private" / "x.gguf", tiny_llama())
    (root / "out.gguf").symlink_to(outside)
    (root / "loop.gguf").symlink_to(root / "loop.gguf")
    (root / "gone.gguf").symlink_to(root / "nothing")
    (root / "folder").symlink_to(outside.parent, target_is_directory=True)
    (root / "round").symlink_to(root, target_is_directory=True)
    os.mkfifo(root / "pipe.gguf")
    finds = find(recorder)
    assert finds.models == ()
    assert {place.path.name: place.reason for place in finds.skipped} == {
        "out.gguf": "a link that leads elsewhere",
        "loop.gguf": "a link that leads nowhere, or in a circle",
        "gone.gguf": "a link that leads nowhere, or in a circle",
    }


def test_huge_and_deep_folders_are_bounded_and_said(recorder, user, monkeypatch) -> None:
    monkeypatch.setattr(importer, "MAX_ENTRIES", 20)
    root = user / ".lmstudio/models"
    for n in range(40):
        (root / f"d{n:02}").mkdir(parents=True)
    deep = user / ".local/share/nomic.ai/GPT4All" / "/".join("abcdefghij")
    put(deep / "a.gguf", tiny_llama())
    finds = find(recorder)
    assert finds.models == ()
    reasons = [place.reason for place in finds.skipped]
    assert any("the rest was not looked at" in reason for reason in reasons)
    assert "it lies too deep" in reasons


def test_what_may_not_be_read_is_named(recorder, user, monkeypatch) -> None:
    root = user / ".lmstudio/models"
    put(root / "open/a.gguf", tiny_llama())
    (root / "shut").mkdir()
    real = os.scandir

    def refuse(folder):
        if Path(folder).name == "shut":  # also for root, who may read everything
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(importer.os, "scandir", refuse)
    finds = find(recorder)
    assert [model.path.name for model in finds.models] == ["a.gguf"]
    assert [(place.path.name, place.reason) for place in finds.skipped] == [("shut", "Permission denied")]


def test_m11_hostile_manifests_of_ollama_lead_nowhere(recorder, user, tmp_path) -> None:
    root = user / ".ollama/models"
    put_ollama(root, "good", "1b", tiny_qwen2().data)
    library = root / "manifests/registry.ollama.ai/library"
    outside = put(tmp_path / "secret", tiny_llama())
    bad = {
        "deep": "[" * 100_000, "text": "hello", "list": "[]", "none": "{}", "types": '{"layers": [1, {"digest": 2}]}',
        "path": json.dumps({"layers": [{"mediaType": "application/vnd.ollama.image.model",
                                        "digest": f"sha256:../../../../{outside}"}]}),
        "missing": json.dumps({"layers": [{"mediaType": "application/vnd.ollama.image.model",
                                           "digest": "sha256:" + "b" * 64}]}),
        "large": " " * ((1 << 20) + 1),
    }  # fmt: skip
    for name, text in bad.items():
        (library / name).mkdir()
        (library / name / "x").write_text(text)
    os.mkfifo(library / "good" / "fifo")
    link_out = root / "blobs" / ("sha256-" + "c" * 64)
    link_out.symlink_to(outside)
    (library / "linked").mkdir()
    (library / "linked" / "x").write_text(bad["missing"].replace("b" * 64, "c" * 64))
    finds = find(recorder)
    assert [model.path.parent.name for model in finds.models] == ["blobs"]
    assert finds.models[0].name == "Tiny qwen"
    reasons = sorted(place.reason for place in finds.skipped)
    assert reasons == [
        *["a link that leads elsewhere"], *["it is no manifest"] * 5, "missing:x names it, but it is not there",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("system", "environ", "expected"),
    [
        ("linux", {}, {"GPT4All": "/h/.local/share/nomic.ai/GPT4All", "Hugging Face": "/h/.cache/huggingface/hub"}),
        ("linux", {"XDG_DATA_HOME": "/d", "XDG_CACHE_HOME": "/c"},
         {"GPT4All": "/d/nomic.ai/GPT4All", "Hugging Face": "/c/huggingface/hub"}),
        ("linux", {"HF_HOME": "/hf", "OLLAMA_MODELS": "relative"},
         {"Hugging Face": "/hf/hub", "Ollama": "/h/.ollama/models"}),
        ("linux", {"HUGGINGFACE_HUB_CACHE": "/old", "JAN_DATA_FOLDER": "/j"}, {"Hugging Face": "/old", "Jan": "/j"}),
        ("linux", {"HF_HUB_CACHE": "/hc", "OLLAMA_MODELS": "/o"}, {"Hugging Face": "/hc", "Ollama": "/o"}),
        ("darwin", {}, {"GPT4All": "/h/Library/Application Support/nomic.ai/GPT4All",
                        "Jan": "/h/Library/Application Support/Jan/data", "Ollama": "/h/.ollama/models"}),
        ("win32", {}, {"GPT4All": "/h/AppData/Local/nomic.ai/GPT4All", "Jan": "/h/AppData/Roaming/Jan/data",
                       "LM Studio": "/h/.lmstudio/models", "Ollama": "/h/.ollama/models",
                       "Hugging Face": "/h/.cache/huggingface/hub"}),
        ("win32", {"LOCALAPPDATA": "/l", "APPDATA": "/r", "OLLAMA_MODELS": "/o"},
         {"GPT4All": "/l/nomic.ai/GPT4All", "Jan": "/r/Jan/data", "Ollama": "/o"}),
        ("darwin", {"HF_HOME": "/hf", "OLLAMA_MODELS": "/o"}, {"Hugging Face": "/hf/hub", "Ollama": "/o"}),
    ],
)  # fmt: skip
def test_each_system_has_its_usual_places(system, environ, expected) -> None:
    places = usual_places(Path("/h"), environ, system)
    first: dict[str, str] = {}
    for place in places:
        first.setdefault(place.program, str(place.folder))
    assert {key: first[key] for key in expected} == expected
    assert set(first) == {"LM Studio", "Jan", "GPT4All", "Ollama", "Hugging Face"}


SETTINGS = {
    "linux": (".config/nomic.ai/GPT4All.ini", ".local/share/Jan/settings.json", ".lmstudio/settings.json"),
    "darwin": ("Library/Preferences/com.nomic.gpt4all.plist", "Library/Application Support/Jan/settings.json",
               "Library/Application Support/LM Studio/settings.json"),
    "win32": ("AppData/Roaming/nomic.ai/GPT4All.ini", "AppData/Roaming/Jan/settings.json",
              "AppData/Roaming/LM Studio/settings.json"),
}  # fmt: skip


@pytest.mark.parametrize("system", SETTINGS)
def test_folders_chosen_in_those_programs_are_looked_into(tmp_path, system) -> None:
    gpt4all, jan, studio = (tmp_path / name for name in SETTINGS[system])
    for file in (gpt4all, jan, studio):
        file.parent.mkdir(parents=True, exist_ok=True)
    if system == "darwin":
        gpt4all.write_bytes(plistlib.dumps({"modelPath": "/big/gpt4all"}))
    else:
        gpt4all.write_text("[General]\nserverChat=true\nmodelPath=/big/gpt4all\n")
    jan.write_text('{"data_folder": "/big/jan"}')
    studio.write_text('{"downloadsFolder": "/big/studio"}')
    (tmp_path / ".lmstudio-home-pointer").write_text("/big/home\n")
    assert {(place.program, str(place.folder)) for place in chosen_places(tmp_path, {}, system)} == {
        ("GPT4All", "/big/gpt4all"), ("Jan", "/big/jan"), ("LM Studio", "/big/studio"),
        ("LM Studio", "/big/home/models"),
    }  # fmt: skip


def test_a_pointed_home_of_lm_studio_is_found(recorder, user, tmp_path) -> None:
    (user / ".lmstudio-home-pointer").write_text(f"{tmp_path / 'studio'}\n")
    model = put(tmp_path / "studio/models/a/b/c.gguf", tiny_llama())
    assert [(model.program, model.path) for model in find(recorder).models] == [("LM Studio", model)]


@pytest.mark.parametrize("junk", [b"", b"relative", b"/", b"/x\0y", b"\xff\xfe", b"x" * (MAX_BYTES + 9), b"[" * 90_000])
def test_settings_that_make_no_sense_name_no_folder(tmp_path, junk) -> None:
    for system, names in SETTINGS.items():
        for name in (*names, ".lmstudio-home-pointer"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(junk)
        assert chosen_places(tmp_path, {}, system) == ()
        assert all_places(tmp_path, {}, system) == usual_places(tmp_path, {}, system)


def test_a_pipe_where_settings_should_be_does_not_block(tmp_path) -> None:
    os.mkfifo(tmp_path / ".lmstudio-home-pointer")
    assert chosen_places(tmp_path, {}, "linux") == ()


@pytest.mark.parametrize(
    ("sizes", "gigabytes", "offered"),
    [
        ({"a": 1.1, "b": 2.5, "c": 4.9, "d": 9.0}, 24, "c"),
        ({"a": 1.1, "b": 2.5, "c": 4.9, "d": 9.0}, 4, "b"),
        ({"d": 9.0, "e": 12.0}, 24, "d"),
        ({"d": 9.0}, 8, ""),
        ({"small": 0.3}, 24, ""),
    ],
)
def test_the_model_that_is_offered_is_the_largest_that_is_not_slow(monkeypatch, sizes, gigabytes, offered) -> None:
    monkeypatch.setattr(importer, "total_bytes", lambda: gigabytes << 30)
    models = [FoundModel("Jan", Path(name), name, round(size * 1e9), kind="model") for name, size in sizes.items()]
    finder, here = models[0], FoundModel("Jan", Path("x"), "x", 2_000_000_000, kind="model", known="id")
    bad = FoundModel("Jan", Path("y"), "y", 2_000_000_000, problem=problem_for(KnownError("model.none")))
    others = FoundModel(finder.program, finder.path, "finder", 2_000_000_000, kind="encoder"), here, bad
    best = best_found((*models, *others), 400_000_000)
    assert (best.name if best else "") == offered

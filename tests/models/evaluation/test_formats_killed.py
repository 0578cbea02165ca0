"""A program that is killed while it makes a copy leaves the published file, and nothing half."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes.matrix import counts

from slmdesk.models.gguf.read import check_file

pytestmark = pytest.mark.model


def slmdesk(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "slmdesk", "--home", str(home), *words]


def listed(home: Path) -> list[dict]:
    run = subprocess.run(slmdesk(home, "models", "list", "--json"), capture_output=True, check=True)
    return json.loads(run.stdout)


@counts("c1_formats")
def test_killed_at_random_moments(tmp_path, starter_model, count) -> None:
    home, chance = tmp_path / "home", random.Random(11)
    subprocess.run(slmdesk(home, "models", "import", str(starter_model)), capture_output=True, check=True)
    (published,) = listed(home)
    folder, tune = Path(published["path"]).parent, ("tune", published["id"], "--make", "Q8_0")
    for number in range(count):
        command = ("models", *(("tune", published["id"], "--layers", "1") if number % 2 else tune))
        run = subprocess.Popen(
            slmdesk(home, *command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(chance.uniform(0.8, 5))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        kept = [model for model in listed(home) if model["id"] == published["id"]]
        assert [model["sha256"] for model in kept] == [published["sha256"]]
        for file in folder.glob("*.gguf"):  # whole, whether or not its record was still written
            check_file(file)
    assert hashlib.sha256(Path(published["path"]).read_bytes()).hexdigest() == published["sha256"]
    subprocess.run(slmdesk(home, "models", *tune), capture_output=True, check=True)
    assert not list(folder.glob(".formats*")), "the next one tidies up"
    names = {model["quantization"] for model in listed(home)}
    assert names == {"Q4_1", "Q8_0"}

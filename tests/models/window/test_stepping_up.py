"""The window changes over from the starter to a better model that another process imports."""

import os
import subprocess

import pytest
from fakes import tiny_gguf
from fakes.commands import ROOT, SLMDESK

pytestmark = pytest.mark.gui


def test_the_window_changes_over_and_says_so_in_one_line(start, tmp_path):
    named = {"general.name": ("string", "SmolLM2 Tiny")}
    program = start().with_model(tiny_gguf.write(tmp_path / "smol.gguf", tiny_gguf.tiny_llama(change=named)))
    better = tiny_gguf.write(tmp_path / "better.gguf", tiny_gguf.tiny_llama())
    beside = subprocess.Popen(
        [*SLMDESK, "models", "import", str(better), "--name", "Better"],
        stdout=subprocess.DEVNULL, cwd=ROOT, env=dict(os.environ),
    )  # fmt: skip
    program.wait(lambda: any("Better is ready" in bar.notice.text for bar in program.window.notices.bars))
    assert beside.wait(timeout=60) == 0
    assert program.page.picker.button.accessibleName() == "Model: Better, ready"
    program.say("Good morning.")
    assert program.last().model_name == "Better"
    assert len(program.window.notices.bars) == 1

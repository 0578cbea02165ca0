"""python -m benchmarks.memory MODEL CONTEXT: forecasts of memory, and what a child really takes; one JSON line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import psutil

from slmdesk.base.types import LoadSpec, PromptPart, Sampling
from slmdesk.children.engine.interface import Request
from slmdesk.models.gguf.memory import estimate
from slmdesk.models.gguf.read import check_file


def main(model: str, context: int) -> None:
    """Load, read a whole batch, write some tokens, and look."""
    from slmdesk.children.engine.llama.engine import LlamaEngine

    forecast = estimate(check_file(Path(model)), context_tokens=context).total
    engine = LlamaEngine()
    process = psutil.Process()
    from slmdesk.children.engine.llama.library import load_library

    load_library()
    before = process.memory_info().rss
    spec = LoadSpec(model, context_tokens=context, pool_tokens=context, cost_curve=((1, 1.0), (4, 4.0)))
    loaded = engine.load(spec, lambda _fraction: True)
    words = "The office keeps its letters. " * (context // 6 - 20)
    for _event in engine.generate(
        [Request("1", loaded.handle, prompt=(PromptPart(words, True),), sampling=Sampling(max_tokens=8))]
    ):
        pass
    measured = process.memory_info().rss - before
    print(json.dumps({"forecast": forecast, "exact": loaded.memory.total, "measured": measured}))
    engine.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

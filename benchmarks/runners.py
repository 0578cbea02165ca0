"""The sides that are compared, each a child of its own: commands on stdin, figures on stdout, one JSON line each.

A request: {"prompt", "max_tokens"} greedy, never ending early.  Figures: {"first_token_s", "decode_s", "tokens",
"per_token_s", "rate"}: seconds to the first token, from the first to the last, how many, seconds a token after it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

Ask = Callable[[Mapping[str, Any]], Mapping[str, float]]
CONTEXT = 4096


def figures(started: float, times: list[float]) -> Mapping[str, float]:
    """From the moments at which tokens came."""
    decode = times[-1] - times[0]
    return {
        "first_token_s": times[0] - started,
        "decode_s": decode,
        "tokens": len(times),
        "per_token_s": decode / max(1, len(times) - 1),
        "rate": max(1, len(times) - 1) / max(decode, 1e-9),
    }


def physical_cores() -> int:
    """As llama.cpp counts them on a small machine."""
    return max(1, (os.cpu_count() or 2) if (os.cpu_count() or 2) <= 4 else (os.cpu_count() or 2) // 2)


def plain(model: str, options: Mapping[str, Any]) -> Ask:
    """The shortest loop over llama_decode and a greedy sampler in C."""
    import ctypes

    from llama_cpp import llama_cpp as low

    quiet = low.llama_log_callback(lambda *_: None)
    low.llama_log_set(quiet, None)
    low.llama_backend_init()
    loaded = low.llama_model_load_from_file(model.encode(), low.llama_model_default_params())
    params = low.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_ubatch = CONTEXT, 512, 512
    params.n_threads = params.n_threads_batch = options.get("threads") or physical_cores()
    params.no_perf = True
    context = low.llama_init_from_model(loaded, params)
    vocab = low.llama_model_get_vocab(loaded)
    sampler = low.llama_sampler_init_greedy()
    batch = low.llama_batch_init(512, 0, 1)
    memory = low.llama_get_memory(context)
    piece = ctypes.create_string_buffer(256)

    def put(at: int, token: int, position: int, wants: bool) -> None:
        batch.token[at], batch.pos[at], batch.n_seq_id[at] = token, position, 1
        batch.seq_id[at][0], batch.logits[at] = 0, wants

    def ask(command: Mapping[str, Any]) -> Mapping[str, float]:
        text = command["prompt"].encode()
        tokens = (low.llama_token * (len(text) + 8))()
        count = low.llama_tokenize(vocab, text, len(text), tokens, len(tokens), True, True)
        low.llama_memory_clear(memory, False)
        started, times, position = time.perf_counter(), [], 0
        for begin in range(0, count, 512):
            end = min(count, begin + 512)
            for at in range(begin, end):
                put(at - begin, tokens[at], at, at == count - 1)
            batch.n_tokens = end - begin
            low.llama_decode(context, batch)
        position = count
        for _ in range(command["max_tokens"]):
            token = low.llama_sampler_sample(sampler, context, -1)
            low.llama_token_to_piece(vocab, token, piece, 256, 0, False)
            times.append(time.perf_counter())
            put(0, token, position, True)
            batch.n_tokens = 1
            low.llama_decode(context, batch)
            position += 1
        return figures(started, times)

    ask.keep = quiet  # type: ignore[attr-defined]
    return ask


def high(model: str, options: Mapping[str, Any]) -> Ask:
    """llama-cpp-python's own high-level API."""
    from llama_cpp import Llama

    cores = options.get("threads") or physical_cores()
    llama = Llama(model, n_ctx=CONTEXT, n_batch=512, n_threads=cores, n_threads_batch=cores, verbose=False)

    def ask(command: Mapping[str, Any]) -> Mapping[str, float]:
        llama.reset()
        started, times = time.perf_counter(), []
        tokens = llama.tokenize(command["prompt"].encode())
        for _ in zip(range(command["max_tokens"]), llama.generate(tokens, temp=0.0, top_k=1, reset=True), strict=False):
            times.append(time.perf_counter())
        return figures(started, times)

    return ask


def server(model: str, options: Mapping[str, Any]) -> Ask:
    """llama.cpp's own server engine in this process (xllamacpp)."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx, params.n_batch, params.n_ubatch = CONTEXT, 512, 512
    params.n_parallel = options.get("slots", 1)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.get("threads") or physical_cores()
    params.cache_prompt, params.verbosity, params.warmup = False, -1, False
    with contextlib.suppress(AttributeError):
        params.cache_ram_mib = 0
    engine = xllamacpp.Server(params)

    def ask(command: Mapping[str, Any]) -> Mapping[str, float]:
        started, times = time.perf_counter(), []

        def on_answer(answer: object) -> None:
            if isinstance(answer, Mapping) and answer["choices"][0]["finish_reason"] is None:
                times.append(time.perf_counter())

        request = {
            "prompt": command["prompt"], "n_predict": command["max_tokens"], "temperature": 0.0, "top_k": 1,
            "ignore_eos": True, "stream": True, "cache_prompt": False, "samplers": ["top_k"],
        }  # fmt: skip
        engine.handle_completions(request, on_answer)
        return figures(started, times)

    return ask


SIDES: Mapping[str, Callable[[str, Mapping[str, Any]], Ask]] = {"plain": plain, "high": high, "server": server}


def main() -> None:
    """Serve one side until stdin closes."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a library's prints must not break the lines
    if sys.argv[1] == "ours":
        from benchmarks.ours import ours

        ask = ours(sys.argv[2], json.loads(sys.argv[3]))
    elif sys.argv[1] == "chats":
        from benchmarks.chats import Chats

        ask = Chats(sys.argv[2], json.loads(sys.argv[3]))
    elif sys.argv[1].startswith("steps_"):
        from benchmarks import steps

        ask = steps.SIDES[sys.argv[1]](sys.argv[2], json.loads(sys.argv[3]))
    elif sys.argv[1] == "program":
        from benchmarks.program import Program

        ask = Program(sys.argv[2], json.loads(sys.argv[3]))
    else:
        ask = SIDES[sys.argv[1]](sys.argv[2], json.loads(sys.argv[3]))
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps({} if "ready" in command else ask(command)), file=out, flush=True)
    if callable(close := getattr(ask, "close", None)):
        close()


if __name__ == "__main__":
    main()

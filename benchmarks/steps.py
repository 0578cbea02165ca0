"""The same prompts in three ways: our engine, the high-level API one after another, the server engine eight at once.

A request: {"prompts": [{"messages", "text", "grammar", "max_tokens"}]}, greedy; `text` is the prompt as the model sees
it.  Figures: seconds in all, of the processor in "cpu_s", "read_s" of them until first tokens (where it can be told),
tokens read and written.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from slmdesk.base.protocol import messages_from
from slmdesk.base.types import LoadSpec, Priority, Sampling
from slmdesk.children.engine.interface import Finished, Piece, Request, RequestFailed
from slmdesk.children.engine.llama.engine import LlamaEngine

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]
SLOTS = 8
SLOT_TOKENS = 1536
CONTEXT = 4096


class Ours:
    """The engine as the program loads it, without the worker around it."""

    def __init__(self, model: str, options: Mapping[str, Any]) -> None:
        self._model, self._keys, self._threads = model, count(), options.get("threads")
        self._engine = LlamaEngine()
        self._curve: tuple[tuple[int, float], ...] = ()
        self._behaves: bool | None = None
        self._load()

    def _load(self) -> None:
        spec = LoadSpec(
            self._model,
            context_tokens=CONTEXT,
            threads=self._threads,
            template_checked=bool(self._curve),
            cost_curve=self._curve,
            behaves=self._behaves,
        )
        self._info = self._engine.load(spec, lambda _fraction: True)
        info = self._info  # what was found out is kept, as the library does
        self._curve, self._behaves = info.cost_curve, info.behaves
        scheduler = self._engine.model(self._info.handle).scheduler
        self._spent = {"reading": 0.0, "writing": 0.0, "steps": 0.0, "written": 0.0}
        decode = scheduler._decode

        def timed(shares: Any) -> Any:
            began = time.perf_counter()
            answer = decode(shares)
            is_reading = any(not share.sequence.writing for share in shares)
            self._spent["reading" if is_reading else "writing"] += time.perf_counter() - began
            self._spent["steps"] += not is_reading
            self._spent["written"] += 0 if is_reading else len(shares)
            return answer

        scheduler._decode = timed

    def __call__(self, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer one request, named by its `do`."""
        return getattr(self, "_" + command.get("do", "batch"))(command)  # type: ignore[no-any-return]

    def _info_of(self, _command: Mapping[str, Any]) -> Mapping[str, Any]:
        info = self._info
        return {"pool": info.pool_tokens, "sequences": info.sequences, "curve": info.cost_curve}

    def _count(self, command: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"counts": self._engine.count_tokens(self._info.handle, command["texts"])}

    def _render(self, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """How the model sees each of these lists of messages."""
        rendered = [self._engine.render(self._info.handle, messages_from(prompt)) for prompt in command["messages"]]
        return {"texts": [prompt.text for prompt in rendered], "tokens": [prompt.tokens for prompt in rendered]}

    def _batch(self, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """All at once, in an engine that has read nothing yet."""
        self._engine.unload(self._info.handle)
        self._load()
        requests = [
            Request(
                str(next(self._keys)),
                self._info.handle,
                messages_from(prompt["messages"]),
                sampling=Sampling(
                    temperature=0.0, repeat_penalty=1.0, grammar=prompt["grammar"], max_tokens=prompt["max_tokens"]
                ),
                with_probabilities=prompt.get("with_probabilities", False),
            )
            for prompt in command["prompts"]
        ]
        began, spent = time.perf_counter(), time.process_time()
        ended = [end for end in self._engine.generate(requests, Priority.BACKGROUND) if not isinstance(end, Piece)]
        seconds = time.perf_counter() - began
        for event in ended:
            if isinstance(event, RequestFailed):
                raise RuntimeError(f"{event.code} {event.args}")
        usages = [end.answer.usage for end in ended if isinstance(end, Finished)]
        return {
            "seconds": seconds,
            "cpu_s": time.process_time() - spent,
            "read_s": self._spent["reading"],
            "write_s": self._spent["writing"],
            "together": self._spent["written"] / max(1.0, self._spent["steps"]),
            "read": sum(usage.prompt_tokens - usage.cached_tokens for usage in usages),
            "written": sum(usage.output_tokens for usage in usages),
        }


def high(model: str, options: Mapping[str, Any]) -> Ask:
    """The high-level API, one prompt after another; it keeps what the next prompt begins with by itself."""
    from llama_cpp import Llama, LlamaGrammar

    from benchmarks.runners import physical_cores

    cores = options.get("threads") or physical_cores()
    llama = Llama(model, n_ctx=CONTEXT, n_batch=512, n_threads=cores, n_threads_batch=cores, verbose=False)

    def ask(command: Mapping[str, Any]) -> Mapping[str, Any]:
        llama.reset()
        began, spent, read_s, written = time.perf_counter(), time.process_time(), 0.0, 0
        for prompt in command["prompts"]:
            started, first = time.perf_counter(), 0.0
            grammar = LlamaGrammar.from_string(prompt["grammar"], verbose=False) if prompt["grammar"] else None
            for _piece in llama.create_completion(
                prompt["text"], max_tokens=prompt["max_tokens"], temperature=0.0, top_k=1, grammar=grammar, stream=True
            ):
                first = first or time.perf_counter() - started
                written += 1
            read_s += first
        seconds = time.perf_counter() - began
        cpu_s = time.process_time() - spent
        return {"seconds": seconds, "cpu_s": cpu_s, "read_s": read_s, "write_s": seconds - read_s, "written": written}

    return ask


def server(model: str, options: Mapping[str, Any]) -> Ask:
    """llama.cpp's own server engine (xllamacpp), as many requests at once as it has slots."""
    import xllamacpp

    from benchmarks.runners import physical_cores

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx, params.n_batch, params.n_ubatch = SLOTS * SLOT_TOKENS, 512, 512
    params.n_parallel = SLOTS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.get("threads") or physical_cores()
    params.verbosity, params.warmup = -1, False
    with contextlib.suppress(AttributeError):
        params.cache_ram_mib = 0
    engine = xllamacpp.Server(params)

    def ask(command: Mapping[str, Any]) -> Mapping[str, Any]:
        left, lock, said = iter(command["prompts"]), threading.Lock(), {"written": 0, "read": 0}

        def work() -> None:
            while True:
                with lock:
                    prompt = next(left, None)
                if prompt is None:
                    return
                request = {
                    "prompt": prompt["text"], "n_predict": prompt["max_tokens"], "temperature": 0.0, "top_k": 1,
                    "grammar": prompt["grammar"] or "", "stream": False, "cache_prompt": True, "samplers": ["top_k"],
                }  # fmt: skip
                answer = engine.handle_completions(request)
                with lock:
                    usage = answer.get("usage") or {}
                    said["written"] += int(usage.get("completion_tokens", 0))
                    said["read"] += int(usage.get("prompt_tokens", 0))

        began, spent = time.perf_counter(), time.process_time()
        threads = [threading.Thread(target=work) for _ in range(SLOTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - spent, **said}

    return ask


SIDES: Mapping[str, Callable[[str, Mapping[str, Any]], Ask]] = {
    "steps_ours": Ours, "steps_high": high, "steps_server": server,
}  # fmt: skip

"""slmdesk's own engine as a side of the comparison, without the worker around it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from itertools import count, pairwise
from typing import Any

from slmdesk.core.types import ChatMessage, LoadSpec, PromptPart, Role, Sampling, TextPart
from slmdesk.engine.base import Finished, Piece, PromptRead, Request, RequestFailed
from slmdesk.engine.llama import LlamaEngine


class Ours:
    """One loaded model and the requests that are measured on it; times in seconds."""

    def __init__(self, model: str, options: Mapping[str, Any]) -> None:
        self._engine = LlamaEngine()
        curve = ((1, 1.0), (2, 2.4), (4, 3.6), (8, 5.5), (16, 9.0))  # the measuring itself is not what is timed here
        spec = LoadSpec(
            model,
            context_tokens=options.get("context", 4096),
            pool_tokens=options.get("pool"),
            sequences=options.get("sequences"),
            threads=options.get("threads"),
            cost_curve=() if options.get("measure") else curve,
        )
        self._handle = self._engine.load(spec, lambda _fraction: True).handle
        self._keys = count()

    def __call__(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """Answer one request, named by its `do`."""
        return getattr(self, "_" + command.get("do", "single"))(command)  # type: ignore[no-any-return]

    def _request(self, sampling: Mapping[str, Any], **more: Any) -> Request:
        return Request(str(next(self._keys)), self._handle, sampling=Sampling(temperature=0.0, **sampling), **more)

    def _timed(self, requests: Sequence[Request]) -> Mapping[str, float]:
        started, times, cached, tokens, read = time.perf_counter(), [], 0, 0, 0
        for event in self._engine.generate(requests):
            if isinstance(event, Piece):
                times.append(time.perf_counter())
            elif isinstance(event, Finished):
                cached += event.answer.usage.cached_tokens
                tokens += event.answer.usage.output_tokens
                read += event.answer.usage.prompt_tokens
            elif isinstance(event, RequestFailed):
                raise RuntimeError(f"{event.code} {event.args}")
        decode = times[-1] - times[0]
        return {
            "first_token_s": times[0] - started,
            "decode_s": decode,
            "tokens": tokens,
            "cached": cached,
            "prompt_tokens": read,
            "rate": (tokens / len(requests) - 1) / max(decode, 1e-9),
            "seconds": time.perf_counter() - started,
            "pause": max((b - a for a, b in pairwise(times)), default=0.0),
        }

    def _single(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """One prompt, never ending early."""
        sampling = {"max_tokens": command["max_tokens"], "ignore_eos": "grammar" not in command}
        sampling |= {"grammar": command["grammar"]} if "grammar" in command else {}
        return self._timed([self._request(sampling, prompt=(PromptPart(command["prompt"], True),))])

    def _many(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """The same instructions before different texts, together or one after another."""
        sampling = {"max_tokens": command["max_tokens"], "ignore_eos": True}
        prompts = [(PromptPart(command["shared"], True), PromptPart(text, False)) for text in command["texts"]]
        requests = [self._request(sampling, prompt=prompt) for prompt in prompts]
        if command["together"]:
            return self._timed(requests)
        started = time.perf_counter()
        for request in requests:
            self._timed([request])
        return {"seconds": time.perf_counter() - started}

    def _chat(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """The turns of a chat, each [role, text]."""
        messages = tuple(ChatMessage(Role(role), (TextPart(text),)) for role, text in command["turns"])
        sampling = {"max_tokens": command["max_tokens"], "ignore_eos": True}
        return self._timed([self._request(sampling, messages=messages)])

    def _abort(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """Seconds from closing the iterator inside a long prompt until nothing is computed any more."""
        request = self._request({"max_tokens": 8}, prompt=(PromptPart(command["prompt"], True),))
        events = self._engine.generate([request])
        for event in events:
            if isinstance(event, PromptRead) and event.read > 0:
                break
        started = time.perf_counter()
        events.close()  # type: ignore[attr-defined]
        while self._engine.is_busy():
            time.sleep(0.0005)
        return {"seconds": time.perf_counter() - started}

    def _beside(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """The longest pause between two pieces of one answer while another request reads a long prompt."""
        found: dict[str, float] = {}
        read = threading.Event()

        def answer() -> None:
            prompt = (PromptPart(command["prompt"], True),)
            request = self._request({"max_tokens": command["max_tokens"], "ignore_eos": True}, prompt=prompt)
            before, pauses = None, []
            for event in self._engine.generate([request]):
                if isinstance(event, Piece):
                    now = time.perf_counter()
                    if before is not None:
                        pauses.append(now - before)
                    before = now
                    started.set()
            found["pause"], found["median"] = max(pauses), sorted(pauses)[len(pauses) // 2]

        started = threading.Event()
        thread = threading.Thread(target=answer)
        thread.start()
        started.wait(30)
        begun = time.perf_counter()
        long = self._request({"max_tokens": 1}, prompt=(PromptPart(command["long"], True),))
        for _event in self._engine.generate([long]):
            read.set()
        found["read_s"] = time.perf_counter() - begun
        thread.join()
        return found


def ours(model: str, options: Mapping[str, Any]) -> Ours:
    """The side for benchmarks/runners.py."""
    return Ours(model, options)

"""slmdesk's own engine as a side of the comparison, without the worker around it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from itertools import count, pairwise
from typing import Any

from slmdesk.base.protocol import messages_from
from slmdesk.base.types import LoadSpec, Priority, PromptPart, Sampling
from slmdesk.children.engine.interface import Finished, Piece, PromptRead, Request, RequestFailed
from slmdesk.children.engine.llama.engine import LlamaEngine


class Ours:
    """One loaded model and the requests that are measured on it; times in seconds."""

    def __init__(self, model: str, options: Mapping[str, Any]) -> None:
        self._engine = LlamaEngine()
        spec = LoadSpec(
            model,
            context_tokens=options.get("context", 4096),
            pool_tokens=options.get("pool"),
            sequences=options.get("sequences"),
            threads=options.get("threads"),
        )
        self._handle = self._engine.load(spec, lambda _fraction: True).handle
        self._keys = count()

    def __call__(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """Answer one request, named by its `do`."""
        return getattr(self, "_" + command.get("do", "single"))(command)  # type: ignore[no-any-return]

    def _request(self, sampling: Mapping[str, Any], **more: Any) -> Request:
        return Request(str(next(self._keys)), self._handle, sampling=Sampling(temperature=0.0, **sampling), **more)

    def _timed(self, requests: Sequence[Request], priority: Priority = Priority.INTERACTIVE) -> Mapping[str, float]:
        started, times, cached, tokens, read = time.perf_counter(), [], 0, 0, 0
        for event in self._engine.generate(requests, priority):
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
        sampling |= {key: command[key] for key in ("grammar", "seed") if key in command}
        return self._timed([self._request(sampling, prompt=(PromptPart(command["prompt"], True),))])

    def _many(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """The same instructions before different texts, together or one after another; work as of a job."""
        sampling = {"max_tokens": command["max_tokens"], "ignore_eos": True}
        prompts = [(PromptPart(command["shared"], True), PromptPart(text, False)) for text in command["texts"]]
        requests = [self._request(sampling, prompt=prompt) for prompt in prompts]
        if command["together"]:
            return self._timed(requests, Priority.BACKGROUND)
        started = time.perf_counter()
        for request in requests:
            self._timed([request], Priority.BACKGROUND)
        return {"seconds": time.perf_counter() - started}

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

    def _read(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """A long prompt alone."""
        return self._timed([self._request({"max_tokens": 1}, prompt=(PromptPart(command["long"], True),))])

    def _beside(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """The longest pause between two pieces of one answer while another request reads a long prompt."""
        prompt = (PromptPart(command["prompt"], True),)
        answer = self._engine.generate([self._request({"max_tokens": 2000, "ignore_eos": True}, prompt=prompt)])
        started, moments = threading.Event(), []

        def write() -> None:
            for event in answer:
                if isinstance(event, Piece):
                    moments.append(time.perf_counter())
                    started.set()

        thread = threading.Thread(target=write)
        thread.start()
        started.wait()
        began = time.perf_counter()
        figures = self._read(command)
        answer.close()  # type: ignore[attr-defined]
        thread.join()
        pauses = sorted((after - before, after - began) for before, after in pairwise(moments))
        longest, at = pauses[-1]
        median = pauses[len(pauses) // 2][0]
        share = at / figures["first_token_s"]
        return {**figures, "pause": longest, "at": share, "median": median, "written": len(pauses)}

    def _person(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """The first token of a person's question; with `job` while these messages are answered in the background."""
        sampling = {"max_tokens": 40, "ignore_eos": True}
        job = [self._request(sampling, messages=messages_from(prompt)) for prompt in command["job"]]
        question = self._request({"max_tokens": 1}, prompt=(PromptPart(command["prompt"], True),))
        if not job:
            return self._timed([question])
        background = self._engine.generate(job, Priority.BACKGROUND)
        is_writing, ended = threading.Event(), []

        def work() -> None:
            for event in background:
                if isinstance(event, Piece):
                    is_writing.set()
                elif isinstance(event, Finished):
                    ended.append(event.key)

        thread = threading.Thread(target=work)
        thread.start()
        is_writing.wait()
        time.sleep(command["after_s"])
        figures = self._timed([question])
        background.close()  # type: ignore[attr-defined]
        thread.join()
        while self._engine.is_busy():
            time.sleep(0.01)
        return {**figures, "left": len(job) - len(ended)}


def ours(model: str, options: Mapping[str, Any]) -> Ours:
    """The side for benchmarks/runners.py."""
    return Ours(model, options)

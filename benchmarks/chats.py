"""Our engine with long conversations: another turn, another day, and what is kept between them, as a side."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.steps import Ours
from slmdesk.base.saved_states import StateHead, path_of, write_state
from slmdesk.base.types import Answer, ChatMessage, Role, Sampling, TextPart
from slmdesk.children.engine.interface import Finished, Piece, Request, RequestFailed
from slmdesk.children.tasks.engine import restore_state

WRITTEN = 64
"""Tokens of the answer before the question that is timed."""


def messages_of(turns: Sequence[Sequence[str]]) -> tuple[ChatMessage, ...]:
    """Of [role, text] each."""
    return tuple(ChatMessage(Role(role), (TextPart(text),)) for role, text in turns)


class Chats(Ours):
    """A model is loaded anew wherever a process would be a new one; its cost curve is measured once."""

    def _again(self) -> None:
        self._engine.unload(self._info.handle)
        self._load()

    def _answer(self, messages: tuple[ChatMessage, ...], most: int) -> tuple[float, Answer]:
        """Seconds to the first token, and the answer."""
        sampling = Sampling(temperature=0.0, max_tokens=most, ignore_eos=True)
        began, first, answer = time.perf_counter(), 0.0, None
        for event in self._engine.generate(
            [Request(str(next(self._keys)), self._info.handle, messages, sampling=sampling)]
        ):
            if isinstance(event, Piece) and not first:
                first = time.perf_counter() - began
            elif isinstance(event, RequestFailed):
                raise RuntimeError(f"{event.code} {event.args}")
            elif isinstance(event, Finished):
                answer = event.answer
        assert answer is not None
        return first, answer

    def _turn(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """The first token of the last question of `turns`: in the engine that wrote the answer before it, in one that
        has its state from the disk, and in one that reads everything.
        """
        self._again()
        before = messages_of(command["turns"][:-1])
        _first, answer = self._answer(before, WRITTEN)
        turns = (*before, *messages_of([["assistant", answer.text], command["turns"][-1]]))
        state = self._engine.state_of(self._info.handle, turns[:-1])
        assert state is not None
        kept, finished = self._answer(turns, 2)
        with tempfile.TemporaryDirectory(prefix="slmdesk-bench-") as folder:
            version = self._engine.state_version(self._info.handle)
            head = StateHead("k", "m", version, ("d",), len(state.tokens) // 4, len(state.data))
            write_state(Path(folder), head, state.tokens, state.data, most_bytes=1 << 40)
            self._again()
            began = time.perf_counter()
            where = {"path": str(path_of(Path(folder), "k")), "model": "m"}
            assert restore_state(self._engine, self._info.handle, where)
            restored_s = time.perf_counter() - began
            restart = restored_s + self._answer(turns, 2)[0]
        self._again()
        return {
            "kept_s": kept, "restart_s": restart, "restored_s": restored_s, "anew_s": self._answer(turns, 2)[0],
            "prompt": finished.usage.prompt_tokens, "cached": finished.usage.cached_tokens,
            "bytes": len(state.data),
        }  # fmt: skip

    def _states(self, command: Mapping[str, Any]) -> Mapping[str, float]:
        """Seconds to read a text, to take its state, and to put that into an engine that has read nothing."""
        self._again()
        messages = messages_of([["user", command["text"]]])
        read_s, answer = self._answer(messages, 1)
        began = time.perf_counter()
        state = self._engine.state_of(self._info.handle, messages)
        taken_s = time.perf_counter() - began
        assert state is not None
        self._again()
        began = time.perf_counter()
        assert self._engine.restore(self._info.handle, state.tokens, lambda: state.data)
        restored_s = time.perf_counter() - began
        return {
            "read_s": read_s, "taken_s": taken_s, "restored_s": restored_s,
            "prompt": answer.usage.prompt_tokens, "bytes": len(state.data),
        }  # fmt: skip

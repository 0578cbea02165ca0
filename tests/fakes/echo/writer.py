"""Writes the answer of the fake engine, token by token."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from fakes.echo.options import EchoOptions

from slmdesk.base.types import FinishReason, Role, TokenProbability
from slmdesk.children.engine.interface import Request
from slmdesk.children.engine.llama.thinking import CHANNELS, ThoughtMarks

MARKS = {
    "think": ThoughtMarks(("<think>",), ("</think>",)),
    "thought": ThoughtMarks(("<thought>",), ("</thought>",)),
    "THINK": ThoughtMarks(("[THINK]",), ("[/THINK]",)),
    "seed": ThoughtMarks(("<seed:think>",), ("</seed:think>",)),
    "channels": CHANNELS,
}
REPEAT_LIMIT = 256


def tokens_of(text: str) -> list[str]:
    """The fake's tokens: words with the white space before them, at most 16 characters each."""
    return re.findall(r"\s*\S{1,16}|\s+$", text)


LIKELY, UNLIKELY = 0.75, 0.25
"""How probable a token is, and how probable with a letter of EchoOptions.doubted."""


class Writer:
    def __init__(self, request: Request, options: EchoOptions, space: int) -> None:
        self._request, self._options = request, options
        self._cap = min(space, request.sampling.max_tokens or space)
        self.reason = FinishReason.STOP
        self.written = 0
        self.probabilities: list[TokenProbability] = []

    def pieces(self) -> Iterator[str]:
        """A piece for each token, of complete characters; empty while a character is incomplete."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        length = 0
        for token in self._tokens():
            if self.written == self._cap:
                self.reason = FinishReason.LENGTH
                return
            self.written += 1
            piece = decoder.decode(token)
            if self._request.with_probabilities:
                end = length + len(piece) + bool(decoder.getstate()[0])
                self.probabilities.append((length, end, self._probability(piece)))
            length += len(piece)
            yield piece

    def _probability(self, piece: str) -> float:
        return UNLIKELY if any(letter in piece for letter in self._options.doubted) else LIKELY

    def _tokens(self) -> Iterator[bytes]:
        options = self._options
        if options.repeat:
            for _ in range(REPEAT_LIMIT):
                yield f" {options.repeat}".encode()
            self.reason = FinishReason.REPEAT
            return
        said = last_text_of(self._request)
        text = said.partition("\n\n")[2] or said
        plain = text.swapcase() if options.turned else f"You said: {said}"
        answer = self._request.given or options.answer or options.known.get(said, options.known.get(text, plain))
        if options.odd_utf8:
            answer += " é€𝄞👩‍👩‍👧"
        if said in options.silent and not thinks(self._request, options):
            answer = ""
        answer = answer.removeprefix(self._request.answer_prefix)
        stops = [answer.find(stop) for stop in self._request.sampling.stop if stop in answer]
        if stops:
            answer = answer[: min(stops)]
            self.reason = FinishReason.STOP_STRING
        if thinks(self._request, options):
            marks = MARKS[options.marks]
            answer = f"{marks.begins[0]}\n{options.thought}\n{marks.ends[0]}\n\n{answer}"
        raw = answer.encode("utf-8", "replace")
        yield from (bytes([byte]) for byte in raw) if options.odd_utf8 else map(str.encode, tokens_of(raw.decode()))


def thinks(request: Request, options: EchoOptions) -> bool:
    return bool(options.thought and not request.answer_prefix) and request.thinking != "off"


def last_text_of(request: Request) -> str:
    turns = [message.text for message in request.messages if message.role is Role.USER]
    return turns[-1] if turns else "".join(part.text for part in request.prompt)

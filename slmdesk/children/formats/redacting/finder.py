"""The small finder: Rampart, a token classifier of 15 MB that tells names, addresses and numbers by what stands around
them. Inside the reader child alone. The weights are by National Design Studio (CC BY 4.0), unchanged, in `rampart/`.

It looks at one paragraph at a time, since it was made for messages: in whole letters it finds a tenth less.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from slmdesk.base.record import Record
from slmdesk.redact import Certainty, Find, Finder, Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_SURE = 0.3
MOST_CHARACTERS, OVERLAP = 480, 64
"""Letters that the model is shown together, as its makers advise, and how many of them it sees twice."""
MOST_TOKENS = 512
"""Most that it takes at once: fewer letters of some scripts."""
_KINDS = {
    "GIVEN_NAME": Kind.PERSON, "SURNAME": Kind.PERSON, "EMAIL": Kind.EMAIL, "PHONE": Kind.PHONE, "URL": Kind.WEB,
    "TAX_ID": Kind.NUMBER, "ROUTING_NUMBER": Kind.NUMBER, "GOVERNMENT_ID": Kind.NUMBER, "PASSPORT": Kind.NUMBER,
    "DRIVERS_LICENSE": Kind.NUMBER, "BANK_ACCOUNT": Kind.IBAN, "BUILDING_NUMBER": Kind.ADDRESS,
    "STREET_NAME": Kind.ADDRESS, "SECONDARY_ADDRESS": Kind.ADDRESS, "ZIP_CODE": Kind.ADDRESS,
    "CITY": Kind.OTHER, "STATE": Kind.OTHER,
}  # fmt: skip
"""What the labels of the model are here. A town alone is no secret: it is one beside a street or a postcode."""
_PARAGRAPH = re.compile(r"(?:[^\n]+\n?)+")
_WORD = re.compile(r"[^\W_](?:\S*[^\W_])?")
_LINE = re.compile(r"\w(?:[^\n]*\w)?")
_BETWEEN = {
    Kind.PERSON: re.compile(r"\.?[ \u00a0]"),
    Kind.ADDRESS: re.compile(r"(?:[ \u00a0.,]|\n(?!\s*\n)){1,4}"),
}
"""What may stand between two words of one find. A name never runs over the end of a line."""
_TELLING = re.compile(r"[^\W\d_]{3}|\d{4}")
"""What an address has, and "246a" of a law has not."""
_GROUPS = re.compile(r"[ \u00a0./()-]{1,3}")


class _Word(Record):
    start: int
    end: int
    kind: Kind


@cache
def _model() -> Callable[[str], Iterator[tuple[int, int, NDArray[np.float32]]]]:
    """Return what tells for each token of a text its place, and how likely it is of each kind in `_ORDER`."""
    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer

    folder = resources.files("slmdesk.children.formats.redacting").joinpath("rampart")
    labels: dict[str, str] = json.loads(folder.joinpath("config.json").read_text("utf-8"))["id2label"]
    kinds = np.array([[_KINDS.get(label[2:]) is kind for kind in _ORDER] for label in labels.values()], np.float32)
    tokenizer = Tokenizer.from_str(folder.joinpath("tokenizer.json").read_text("utf-8"))
    tokenizer.enable_truncation(MOST_TOKENS, stride=OVERLAP)  # the rest is looked at by itself
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        folder.joinpath("model_q4.onnx").read_bytes(), options, providers=["CPUExecutionProvider"]
    )

    def judged(text: str) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
        tokens = tokenizer.encode(text)
        for some in (tokens, *tokens.overflowing):
            ids = np.array([some.ids], np.int64)
            given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            raw = session.run(None, given)[0][0]
            likely = np.exp(raw - raw.max(-1, keepdims=True))
            likely = likely / likely.sum(-1, keepdims=True) @ kinds
            for (start, end), each in zip(some.offsets, likely, strict=True):
                yield start, end, each

    return judged


_ORDER = tuple(dict.fromkeys(_KINDS.values()))


def seen_in(text: str, check: Callable[[], object] = lambda: None) -> Iterator[Find]:
    """Yield what the model takes for private, in order. `check` is called between two looks and may raise."""
    words: list[_Word] = []
    for word in _words(text, check):
        if words and _goes_on(text, words[-1], word):
            last = words.pop()
            kind = last.kind if word.kind is Kind.OTHER else word.kind
            words.append(_Word(last.start, word.end, kind))
        else:
            words.append(word)
    for word in words:
        if word.kind is not Kind.OTHER and (
            word.kind is not Kind.ADDRESS or _TELLING.search(text, word.start, word.end)
        ):
            for line in _LINE.finditer(text, word.start, word.end):  # what is replaced stands in one paragraph
                yield Find(word.kind, *line.span(), line[0], Certainty.LIKELY, "finder", by=(Finder.SMALL,))


def _goes_on(text: str, last: _Word, word: _Word) -> bool:
    places = (Kind.ADDRESS, Kind.OTHER)
    if last.kind is not word.kind and not (last.kind in places and word.kind in places):
        return False
    kind = Kind.ADDRESS if word.kind in places else word.kind
    return _BETWEEN.get(kind, _GROUPS).fullmatch(text, last.end, word.start) is not None


def _words(text: str, check: Callable[[], object]) -> Iterator[_Word]:
    """Yield the words that are of some kind. Of two looks at the same word the surer one counts."""
    import numpy as np

    judge = _model()
    letters = np.zeros((len(text), len(_ORDER)), np.float32)
    for start, end in _windows(text):
        check()
        for first, last, each in judge(text[start:end]):
            here = letters[start + first : start + last]
            np.maximum(here, each, out=here)
    for match in _WORD.finditer(text):
        likely = letters[match.start() : match.end()].mean(0)
        if likely.max() >= LEAST_SURE:
            yield _Word(match.start(), match.end(), _ORDER[int(likely.argmax())])


def _windows(text: str) -> Iterator[tuple[int, int]]:
    for paragraph in _PARAGRAPH.finditer(text):
        start, end = paragraph.span()
        while end - start > MOST_CHARACTERS:
            yield start, start + MOST_CHARACTERS
            start += MOST_CHARACTERS - OVERLAP
        yield start, end

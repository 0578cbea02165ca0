"""The vocabulary of a model: text to tokens and back; control tokens only from trusted text; given answers' odds."""

from __future__ import annotations

import codecs
import ctypes
import math
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slmdesk.base.errors import KnownError
from slmdesk.base.texts import _
from slmdesk.base.types import Picture, PromptPart
from slmdesk.base.untrusted import JOINER
from slmdesk.children.engine.llama.library import load_library
from slmdesk.children.engine.llama.thinking import held_length
from slmdesk.models.gguf.read import check_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CONTROL_BITS = 1 | 8  # LLAMA_TOKEN_ATTR_UNKNOWN | LLAMA_TOKEN_ATTR_CONTROL
_USER_DEFINED_BIT = 16
_MARKER_SHAPE = re.compile(r"[<\[\uff5c|]\S*[>\]\uff5c|]")
"""What a role marker looks like: <|user|>, [INST], <start_of_turn>."""
_BREAK = "\n"  # never joined with the text after it to a token; see _bare()


class Vocabulary:
    """The tokenizer of a loaded model.  May be read from several threads; invalid once its model is freed."""

    def __init__(self, vocab: int) -> None:
        """Builds the table of pieces: 0.1 s for 49,000 tokens."""
        self._api: Any = load_library().api
        self.vocab = vocab
        """llama.cpp's pointer."""
        api = self._api
        self.n_tokens: int = api.llama_vocab_n_tokens(vocab)
        self.bos: int = api.llama_vocab_bos(vocab)
        """The token that begins a prompt; -1 where there is none."""
        self.eos: int = api.llama_vocab_eos(vocab)
        """The token that ends an answer; -1 where there is none."""
        self.add_bos: bool = bool(api.llama_vocab_get_add_bos(vocab))
        self.start: list[int] = [self.bos] if self.add_bos and self.bos >= 0 else []
        """What a prompt begins with where the model wants it."""
        self.pieces: tuple[bytes, ...] = tuple(self._read_pieces())
        """The bytes of each token as shown to people: none for control tokens, perhaps part of a character."""
        attributes = [api.llama_vocab_get_attr(vocab, token) for token in range(self.n_tokens)]
        self.control_tokens: frozenset[int] = frozenset(t for t, a in enumerate(attributes) if a & _CONTROL_BITS)
        """Tokens that are no text: they open and close turns."""
        self.end_tokens: frozenset[int] = frozenset(
            token for token in range(self.n_tokens) if api.llama_vocab_is_eog(vocab, token)
        )
        markers = (t for t, a in enumerate(attributes) if a & _USER_DEFINED_BIT and t not in self.control_tokens)
        self.marker_tokens: frozenset[int] = self.control_tokens | {
            t for t in markers if _MARKER_SHAPE.fullmatch(self.text_of(t))
        }
        """Control tokens and those that look like markers though the file calls them text (see `tokenize`)."""
        self._missing_bytes = self._find_missing_bytes()
        self._break_tokens = self._call(_BREAK, special=False)
        self._adds_space = self.pieces_of(self._call("a", special=False)) != b"a"

    def text_of(self, token: int) -> str:
        """The text of `token` in the file, control tokens too; '' for none (-1)."""
        if not 0 <= token < self.n_tokens:
            return ""
        raw: bytes = self._api.llama_vocab_get_text(self.vocab, token) or b""
        return raw.decode("utf-8", "replace")

    def pieces_of(self, tokens: Sequence[int]) -> bytes:
        return b"".join(self.pieces[token] for token in tokens)

    def count(self, text: str) -> int:
        """How many tokens `text` has, taken as untrusted."""
        return len(self.tokenize(text, special=False))

    def tokenize(self, text: str, *, special: bool, after_text: bool = True) -> list[int]:
        """The tokens of `text`, without a BOS.

        With `special`, control tokens written out in the text become control tokens: for trusted text only.
        Without, none of `marker_tokens` comes of it, whatever the text contains.  `after_text`: the text follows other
        text, so that tokenizers which put a space before a text (SentencePiece) do not.  Lone surrogates, which no
        tokenizer knows, and characters this tokenizer would silently leave out, become U+FFFD.
        """
        text = self._without_missing(_without_surrogates(text))
        if not text:
            return []
        tokens = self._tokens(text, special=special, after_text=after_text)
        if special or self.marker_tokens.isdisjoint(tokens):
            return tokens
        return self._with_markers_split(text, after_text=after_text)

    def _tokens(self, text: str, *, special: bool, after_text: bool) -> list[int]:
        is_bare = after_text and self._adds_space
        return self._without_space(text, special=special) if is_bare else self._call(text, special)

    def _without_space(self, text: str, *, special: bool) -> list[int]:
        """Tokens of `text` without the space that SentencePiece puts first: after a line break, which is cut off."""
        tokens = self._call(_BREAK + text, special)
        n = len(self._break_tokens)
        return tokens[n:] if tokens[:n] == self._break_tokens else self._call(text, special)

    def _with_markers_split(self, text: str, *, after_text: bool) -> list[int]:
        """Tokens of an untrusted text that contains markers which the file declares as ordinary words.

        llama.cpp finds such "user defined" tokens in any text, so each is split after its first character.
        """
        spelled = sorted(filter(None, map(self.text_of, self.marker_tokens)), key=len, reverse=True)
        pattern = re.compile("|".join(map(re.escape, spelled)))
        tokens: list[int] = []
        start = 0
        while match := pattern.search(text, start):
            cut = match.start() + 1
            tokens += self._unmarked(text[start:cut], after_text=after_text or start > 0)
            start = cut
        return tokens + self._unmarked(text[start:], after_text=after_text or start > 0)

    def _unmarked(self, text: str, *, after_text: bool) -> list[int]:
        tokens = self._tokens(text, special=False, after_text=after_text)
        if self.marker_tokens.isdisjoint(tokens):
            return tokens
        # A vocabulary in which words merge to a marker: a single character never does.
        return [t for c in text for t in self._without_space(c, special=False) if t not in self.marker_tokens]

    def _find_missing_bytes(self) -> bytes:
        """The bytes that a byte vocabulary has no token for (SmolLM2: U+0016, and the first of U+40000)."""
        single = {piece[0] for piece in self.pieces if len(piece) == 1}
        return bytes(set(range(256)) - single) if max(single, default=0) >= 0x80 else b""

    def _without_missing(self, text: str) -> str:
        raw = text.encode("utf-8")
        if len(raw.translate(None, self._missing_bytes)) == len(raw):
            return text
        missing = set(self._missing_bytes)
        return "".join(c if missing.isdisjoint(c.encode("utf-8")) else "\ufffd" for c in text)

    def _call(self, text: str, special: bool) -> list[int]:
        raw = text.encode("utf-8")
        space = len(raw) + 16
        buffer = (self._api.llama_token * space)()
        count: int = self._api.llama_tokenize(self.vocab, raw, len(raw), buffer, space, False, special)
        if count < 0:  # more tokens than bytes: a normalizer that makes text longer
            space = -count
            buffer = (self._api.llama_token * space)()
            count = self._api.llama_tokenize(self.vocab, raw, len(raw), buffer, space, False, special)
        return list(buffer[: max(count, 0)])

    def _read_pieces(self) -> Iterator[bytes]:
        read, space = self._api.llama_token_to_piece, 64
        buffer = ctypes.create_string_buffer(space)
        for token in range(self.n_tokens):
            while (count := read(self.vocab, token, buffer, space, 0, False)) < 0:
                space = -count
                buffer = ctypes.create_string_buffer(space)
            yield buffer.raw[:count]


def tokens_and_edges(
    vocabulary: Vocabulary,
    parts: Sequence[PromptPart],
    *,
    see: Callable[[Picture], Sequence[int]],
) -> tuple[list[int], list[int]]:
    """The tokens of a prompt: trusted parts with control tokens, the others without any.  With them the number of
    tokens before the end of each joined part.

    Parts of the same trust are joined first; a space that ends a trusted part goes with the word after it, as it
    would in one piece.  The prompt begins with the model's BOS where the model wants one, and never with two.  `see`
    gives what stands for a picture.
    """
    tokens: list[int] = []
    edges: list[int] = []
    for part in _joined(parts):
        if part.picture:
            tokens += see(part.picture)
            edges.append(len(tokens))
            continue
        after_text = bool(tokens) and tokens[-1] not in vocabulary.marker_tokens
        tokens += vocabulary.tokenize(part.text, special=part.trusted, after_text=after_text)
        edges.append(len(tokens))
    if vocabulary.start and tokens[:1] != vocabulary.start:
        tokens.insert(0, vocabulary.bos)
        edges = [edge + 1 for edge in edges]
    return tokens, edges


def _joined(parts: Sequence[PromptPart]) -> list[PromptPart]:
    joined: list[PromptPart] = []
    for part in parts:
        text = part.text
        if part.picture or (joined and joined[-1].picture):
            joined.append(part)
            continue
        if joined and joined[-1].trusted == part.trusted:
            text = joined.pop().text + text
        elif joined and joined[-1].trusted and text and joined[-1].text.endswith(" "):
            before = joined.pop()
            joined.append(PromptPart(before.text[:-1], trusted=True))
            text = " " + text
        if text:
            joined.append(PromptPart(text, part.trusted))
    return joined


@contextmanager
def open_vocabulary(path: str | Path) -> Iterator[Vocabulary]:
    """Open the vocabulary of a file; no weights are read.  Raises KnownError `model.damaged`.

    The file must be a regular file that core.gguf has checked: llama.cpp waits forever on a FIFO.
    """
    library = load_library()
    api = library.api
    params = api.llama_model_default_params()
    params.vocab_only = True
    mark = library.log.mark()
    model = api.llama_model_load_from_file(str(path).encode("utf-8", "surrogateescape"), params)
    if not model:
        raise KnownError("model.damaged", reason=library.log.reason_since(mark, _("no vocabulary")))
    try:
        yield Vocabulary(api.llama_model_get_vocab(model))
    finally:
        api.llama_model_free(model)


def _without_surrogates(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class FileVocabulary:
    """Counts tokens with the vocabulary of a file; the file last used stays open.  Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened = ExitStack()
        self._vocabulary: Vocabulary
        self._identity: tuple[str, int, int] | None = None
        """Of the file that is open."""

    def count(self, path: Path, texts: Sequence[str]) -> list[int]:
        """Raises KnownError `model.…`."""
        with self._lock:
            vocabulary = self._vocabulary_of(path)
            return [vocabulary.count(text) for text in texts]

    def close(self) -> None:
        with self._lock:
            self._close()

    def _vocabulary_of(self, path: Path) -> Vocabulary:
        header = check_file(path)
        if header.kind not in ("model", "vocabulary", "encoder", "split"):
            raise KnownError("model.wrong_kind", kind=header.kind)
        info = path.stat()
        identity = (str(path), info.st_size, info.st_mtime_ns)
        if self._identity != identity:
            self._close()
            self._vocabulary = self._opened.enter_context(open_vocabulary(path))
            self._identity = identity
        return self._vocabulary

    def _close(self) -> None:
        self._opened.close()
        self._identity = None


class Detokenizer:
    """Turns the bytes of tokens into complete characters.  Each answer has its own; not shared between threads."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        """`pieces` holds the bytes of each token (Vocabulary.pieces)."""
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, token: int, marks: Mapping[int, bytes]) -> str:
        """The characters that are complete with `token`, perhaps none.  Bytes that are not UTF-8 become U+FFFD.

        `marks`: the bytes of control tokens that are shown to nobody but are marks here.
        """
        return self._decoder.decode(marks.get(token, self._pieces[token]))

    @property
    def is_within(self) -> bool:
        return bool(self._decoder.getstate()[0])

    def flush(self) -> str:
        """The rest at the end: U+FFFD for a character that was never completed, else nothing."""
        return self._decoder.decode(b"", final=True)


class StopFilter:
    """Passes text on up to the first stop string, holding back what may become a stop string.

    The first is the stop string complete first; of two complete at the same character, the longer.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        """Empty stop strings are ignored."""
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""

    def feed(self, text: str) -> tuple[str, bool]:
        """Return (text to emit, whether a stop string was found).  After a hit nothing more may be fed."""
        text = self._held + text
        self._held = ""
        hits = [(at + len(stop), at) for stop in self._stops if (at := text.find(stop)) >= 0]
        if hits:
            return text[: min(hits)[1]], True
        keep = held_length(text, self._stops)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep], False

    def flush(self) -> str:
        held, self._held = self._held, ""
        return held


def tokens_of_choices(vocabulary: Vocabulary, choices: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """The tokens of each choice: the word with and without a space before it, since templates differ in that.

    Raises KnownError `request.invalid` for a choice that is no single token, and for two that are the same.
    """
    by_choice = []
    for choice in choices:
        spelt = (vocabulary.tokenize(text, special=False) for text in (choice, f" {choice}"))
        by_choice.append(tuple({tokens[0] for tokens in spelt if len(tokens) == 1}))
    every = [token for tokens in by_choice for token in tokens]
    if not all(by_choice) or len(set(every)) != len(every):
        raise KnownError("request.invalid", what="choices")
    return tuple(by_choice)


def log_probabilities(logits: NDArray[np.float32], tokens: Sequence[Sequence[int]]) -> tuple[float, ...]:
    """The natural logarithm of each choice's probability among all tokens.  `logits` must be finite."""
    wide = logits.astype(np.float64)
    whole = _log_of_sum(wide)
    return tuple(float(_log_of_sum(wide[list(some)]) - whole) for some in tokens)


def probability(logits: NDArray[np.float32], token: int) -> float:
    """The probability of `token` among all, 0..1, to six places; NaN where a logit is NaN.

    In single precision, so that it costs a fraction of a step: the sum of a vocabulary is off by less than 1e-5.
    """
    shifted = logits - logits.max()
    chosen = float(shifted[token])
    np.exp(shifted, out=shifted)
    return round(math.exp(chosen) / float(shifted.sum()), 6)


def _log_of_sum(logits: NDArray[np.float64]) -> float:
    top = float(logits.max())
    return top + float(np.log(np.exp(logits - top).sum()))


# Finds text that looks like the start of a turn, if a format marks turns by plain words. In formats with control
# tokens there is no such text: what is untrusted never becomes that. In formats without (alpaca, vicuna, plain
# dialogue) a turn begins with "User:", which a model cannot tell from a written one. So it is broken in what a
# document or a model said, and reported in what the person said, which is not changed.


_MARK = re.compile(
    r"(?:^|(?<=[\s>\]]))(?:#{2,4} ?)?[A-Za-z]{1,20}:(?=\s*$)|<{1,2}/?\|?[A-Za-z_]{1,24}\|?>{1,2}|\[/?[A-Z]{3,10}\]",
    re.MULTILINE,
)
MOST = 5


def word_marks(trusted: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The marks of turns in a format's own text that are plain words to the model."""
    return tuple(mark for mark in dict.fromkeys(_MARK.findall(trusted)) if not _is_marker(mark, vocabulary))


def lookalikes(parts: Sequence[PromptPart], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Turn marks that are plain words to the model and occur in an untrusted text, at most MOST."""
    trusted = "\n".join(part.text for part in parts if part.trusted)
    words = "\n".join(part.text for part in parts if not part.trusted)
    marks = (mark for mark in word_marks(trusted, vocabulary) if re.search(rf"(?:^|\s){re.escape(mark)}", words))
    return tuple(islice(marks, MOST))


def breaker_of(marks: Sequence[str]) -> Callable[[str], str]:
    """What puts an invisible joiner into each such mark of a text, however it is spaced and in capitals or not."""
    signs = [mark for mark in marks if not mark.endswith(":")]
    names = {mark.strip("#: ") for mark in marks} - {*signs}
    either = [rf"(?<![^\W_])(?:{'|'.join(map(re.escape, names))})(?=[^\S\n]*[:\uff1a])"] if names else []
    pattern = re.compile("|".join([*either, *map(re.escape, signs)]), re.IGNORECASE)

    def broken(mark: re.Match[str]) -> str:
        at = len(mark[0]) if mark[0][0].isalpha() else 1
        return mark[0][:at] + JOINER + mark[0][at:]

    return (lambda text: pattern.sub(broken, text)) if marks else lambda text: text


def _is_marker(mark: str, vocabulary: Vocabulary) -> bool:
    """Whether the model has it as a token of its own, which no written text becomes."""
    return any(token in vocabulary.marker_tokens for token in vocabulary.tokenize(mark, special=True))

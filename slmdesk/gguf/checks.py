"""Detects damage that llama.cpp would load silently, from a header and the size of its file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from slmdesk.gguf.file import opened
from slmdesk.gguf.header import GgufHeader
from slmdesk.gguf.parse import DEFAULT_ALIGNMENT
from slmdesk.gguf.reader import MAX_KEY_BYTES, CutShort, HeaderReader, damaged
from slmdesk.gguf.tables import ARRAY

TOKENS, MERGES = "tokenizer.ggml.tokens", "tokenizer.ggml.merges"
_ESCAPE = re.compile(rb"\\(x.{0,2}|.|$)", re.DOTALL)
_SIGNS = {b"t": b"\t", b"n": b"\n", b"r": b"\r"}
_LARGEST_ALIGNMENT = 4096
_MOST_BEHIND = 64 << 20
"""Bytes after the last tensor that are tolerated, however small the model."""
_MOST_PIECES_OF_FILE = 10_000
_BEFORE_KEYS = 16
_LEAST_MERGES = 16
"""With fewer nothing is said: such a tokenizer is made for tests."""
_BAD_SHARE = 0.02


def check_layout(path: Path, header: GgufHeader) -> None:
    """Raise KnownError `model.damaged` where the data cannot be what the header describes.

    The weights lie some bytes further than the alignment says (it was changed: every number would be read shifted),
    the file goes on far behind them, or most of it was never written (the size alone was set).
    """
    behind = header.file_bytes - header.data_end
    if header.tensors.count and behind > max(header.data_end, _MOST_BEHIND):
        raise damaged(f"its header describes {header.data_end:,} bytes, but the file has {header.file_bytes:,}")
    with opened(path) as (file, _info):
        for shift in _shifts(header):
            file.seek(header.data_start)
            if not (file.read(shift) or b"1").strip(b"\x00"):
                raise damaged("its weights do not begin where its alignment says")
        written = _written_bytes(file.fileno(), header.file_bytes)
        if written < header.file_bytes // 2:
            raise damaged(f"only {written:,} of its {header.file_bytes:,} bytes were ever written")


def check_tokenizer(path: Path, header: GgufHeader) -> None:
    """Raise KnownError `model.damaged` where merges join pieces that the vocabulary does not have, or where llama.cpp
    would cut a text without end.
    """
    kind = header.metadata.get("tokenizer.ggml.model")
    if kind == "rwkv":
        _check_first_bytes(_texts_of(path, (TOKENS,)).get(TOKENS, ()))
    elif kind == "gpt2" and MERGES in header.metadata:
        _check_merges(_texts_of(path, (TOKENS, MERGES)))


def _check_first_bytes(tokens: Iterable[bytes]) -> None:
    """A byte that begins a token must be one as well: else llama.cpp takes nothing from the text, again and again."""
    pieces = [_ESCAPE.sub(_unescaped, one) for one in tokens]
    alone = {one for one in pieces if len(one) == 1}
    if lone := {one[:1] for one in pieces if one} - alone:
        raise damaged(f"its tokenizer has no token for the byte {min(lone).hex()} alone, with which others begin")


def _unescaped(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    if sign[:1] != b"x":
        return _SIGNS.get(sign, sign)
    digits = [one - (87 if 97 <= one < 128 else 48) for one in sign[1:]]
    return bytes(((digits[0] << 4) + digits[1] & 255,)) if len(digits) == 2 else b""


def _check_merges(texts: Mapping[str, Sequence[bytes]]) -> None:
    pieces, merges = set(texts.get(TOKENS, ())), texts.get(MERGES, [])
    bad = 0
    for merge in merges:
        left, _, right = merge.partition(b" ")
        bad += not (left in pieces and right in pieces and left + right in pieces)
    if len(merges) >= _LEAST_MERGES and bad > _BAD_SHARE * len(merges):
        raise damaged(f"{bad:,} of {len(merges):,} merges of its tokenizer do not fit its vocabulary")


def _shifts(header: GgufHeader) -> list[int]:
    """How far the data would lie behind its start with a larger alignment, where the file is longer by just that."""
    alignment = header.metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    behind, end = header.file_bytes - header.data_end, header.tensors.end
    found = []
    larger = int(alignment) * 2 if isinstance(alignment, int) else _LARGEST_ALIGNMENT * 2
    while larger <= _LARGEST_ALIGNMENT and header.tensors.count:
        shift = -header.data_start % larger
        if shift and shift <= behind <= shift + -end % larger:
            found.append(shift)
        larger *= 2
    return found


def _written_bytes(descriptor: int, size: int) -> int:
    """Bytes of a file that were written, its holes left out; all of them where the system does not know."""
    if not hasattr(os, "SEEK_DATA"):
        return size
    written = at = 0
    for _ in range(_MOST_PIECES_OF_FILE):
        try:
            start = os.lseek(descriptor, at, os.SEEK_DATA)
            at = os.lseek(descriptor, start, os.SEEK_HOLE)
        except OSError:  # nothing but a hole from here on, or a system that cannot say
            return written if at else size
        written += at - start
        if at >= size:
            return written
    return size


def _texts_of(path: Path, keys: tuple[str, ...]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    with opened(path) as (file, info):
        try:
            reader = HeaderReader(file, info.st_size)
            reader.skip(_BEFORE_KEYS)
            for _ in range(reader.u64()):
                key = reader.string(MAX_KEY_BYTES)[0].decode("utf-8", "replace")
                kind = reader.u32()
                if kind == ARRAY and key in keys:
                    found[key] = reader.texts()
                else:
                    reader.value(kind, keep=False)
        except CutShort as err:
            raise damaged("it changed while it was read") from err
    return found

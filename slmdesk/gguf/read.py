"""Reads the header of a GGUF file without loading the model: standard library only, with limits, for untrusted files.

Source: the GGUF specification (ggml-org/ggml, docs/gguf.md) and what llama.cpp itself refuses.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.types import Json
from slmdesk.gguf.checks import check_layout, check_tokenizer
from slmdesk.gguf.describe import TOKENS, describe
from slmdesk.gguf.file import FIRST_BYTES, MAGIC, looks_like, opened, shown_path
from slmdesk.gguf.header import GgufHeader, MetadataValue, Tensors, whole
from slmdesk.gguf.parse import MAX_TEMPLATE_BYTES, parse
from slmdesk.gguf.reader import CutShort, HeaderReader, ListSummary, damaged

__all__ = [
    "MAX_TEMPLATE_BYTES", "GgufHeader", "ListSummary", "MetadataValue", "Tensors", "check_file", "check_tokenizer",
    "plain_metadata", "read_header", "require_chat_model", "whole",
]  # fmt: skip

_START_BYTES = 24


def read_header(path: Path) -> GgufHeader:
    """Read only the header.

    Raises KnownError: model.missing, model.unreadable, model.not_gguf, model.incomplete (in the header; `expected` is
    then the least it can be), model.damaged, model.unsupported (GGUF version or weight type of another time).
    """
    with opened(path) as (file, info):
        first = file.read(FIRST_BYTES) or b""
        try:
            version = _version(path, first, info.st_size)
            reader = HeaderReader(file, info.st_size)
            reader.skip(8)
            metadata, tensors, start = parse(reader)
        except CutShort as err:
            raise _incomplete(path, info.st_size, err.needed, at_least=True) from err
    return describe(metadata, tensors, version=version, stem=path.stem, data_start=start, file_bytes=info.st_size)


def check_file(path: Path) -> GgufHeader:
    """Read the header, and check whether the file can be what it describes.

    Raises KnownError `model.incomplete` too when the file ends before its last tensor, `model.damaged` when the data
    lies elsewhere, was never written, or is less than a half of the file.
    """
    header = read_header(path)
    if header.file_bytes < header.data_end:
        raise _incomplete(path, header.file_bytes, header.data_end)
    check_layout(path, header)
    return header


def require_chat_model(header: GgufHeader) -> None:
    """Raise KnownError unless this can be loaded and chatted with, as far as a header tells.

    model.wrong_kind (kind), model.unsupported (architecture), or model.damaged (reason), for what contradicts itself:
    llama.cpp ends the process over some of that.
    """
    if header.kind not in ("model", "unknown"):
        raise KnownError("model.wrong_kind", kind=header.kind)
    if not header.architecture:
        raise damaged("no architecture is named")
    if header.kind == "unknown":
        raise KnownError("model.unsupported", architecture=clean_label(header.architecture, 80))
    if header.tensors.separate_experts:
        kind = f"{clean_label(header.architecture, 40)}, experts apart as in files of 2023"
        raise KnownError("model.unsupported", architecture=kind)
    for key in ("block_count", "embedding_length"):
        if not header.whole(key, 1 << 63):
            raise damaged(f"{key} is missing or no sensible number")
    if not header.layers:
        raise damaged("more layers than any model has")
    _check_vocabulary(header)


def plain_metadata(header: GgufHeader) -> dict[str, Json]:
    return {key: _plain(value) for key, value in header.metadata.items()}


def _version(path: Path, first: bytes, size: int) -> int:
    """The version of the format.  Raises KnownError for other files, and versions we cannot read."""
    if first[:4] != MAGIC:
        if first and MAGIC.startswith(first):
            raise CutShort(_START_BYTES)
        raise KnownError("model.not_gguf", path=shown_path(path), looks_like=looks_like(first))
    if size < _START_BYTES:
        raise CutShort(_START_BYTES)
    version: int = struct.unpack_from("<I", first, 4)[0]
    if version in (2, 3):
        return version
    if version == 1:
        raise KnownError("model.unsupported", architecture="GGUF version 1")
    if 0 < int.from_bytes(first[4:8], "big") <= 0xFFFF:  # llama.cpp tells the byte order by the same sign
        raise KnownError("model.unsupported", architecture="GGUF of the other byte order (big-endian)")
    if version > 0xFFFF or version == 0:
        raise damaged(f"GGUF version {version}")
    raise KnownError("model.unsupported", architecture=f"GGUF version {version}")


def _incomplete(path: Path, size: int, expected: int, *, at_least: bool = False) -> KnownError:
    return KnownError("model.incomplete", path=shown_path(path), bytes=size, expected=expected, at_least=int(at_least))


def _check_vocabulary(header: GgufHeader) -> None:
    tokens = header.metadata.get(TOKENS)
    if not isinstance(tokens, ListSummary) or tokens.type != "string" or not tokens.count:
        raise damaged("no vocabulary")
    for key in ("tokenizer.ggml.token_type", "tokenizer.ggml.scores"):
        other = header.metadata.get(key)
        if other is not None and not (isinstance(other, ListSummary) and other.count == tokens.count):
            raise damaged(f"{key} does not match the vocabulary")
    rows = header.tensors.shapes.get("token_embd.weight")
    if rows != (header.embedding_length, tokens.count):
        raise damaged("the token table does not match the vocabulary")


def _plain(value: MetadataValue) -> Json:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, ListSummary):
        if value.items is None:
            return {"type": value.type, "count": value.count}
        return [_plain(one) for one in value.items]
    return value

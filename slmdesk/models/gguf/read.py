"""Reads GGUF files that the user chose: opens them safely, describes them, checks them for damage, joins split ones."""

from __future__ import annotations

import errno
import hashlib
import math
import os
import re
import stat
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from io import FileIO
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_, _
from slmdesk.base.types import Json, Sampling
from slmdesk.base.untrusted import clean_label
from slmdesk.models.gguf import part_of
from slmdesk.models.gguf.header import (
    ARRAY,
    ASR,
    DEFAULT_ALIGNMENT,
    FILE_TYPE_GUESSED,
    FILE_TYPES,
    MAX_KEY_BYTES,
    MAX_KEYS,
    MAX_TENSORS,
    CutShort,
    GgufHeader,
    HeaderReader,
    ListSummary,
    Metadata,
    MetadataValue,
    Tensors,
    damaged,
    kind_of_architecture,
    listener_of,
    names_of,
    parse,
    whole,
)

MAGIC, SPEECH_MAGIC = b"GGUF", b"lmgg"
FIRST_BYTES = 1024

_KINDS_OF_FILE = (
    (stat.S_ISDIR, N_("a folder")),
    (stat.S_ISFIFO, N_("a pipe")),
    (stat.S_ISSOCK, N_("a socket")),
    (stat.S_ISCHR, N_("a device")),
    (stat.S_ISBLK, N_("a device")),
)
_REASONS = {
    errno.EACCES: N_("no permission"),
    errno.EPERM: N_("no permission"),
    errno.ELOOP: N_("a link that leads in a circle"),
    errno.ENAMETOOLONG: N_("the name is too long"),
    errno.EIO: N_("the disk reports an error"),
    errno.ENXIO: N_("a socket"),
    errno.EMFILE: N_("too many open files"),
    errno.ENFILE: N_("too many open files"),
}
_STARTS = (
    (b"PK\x03\x04", N_("a zip archive, perhaps a PyTorch file")),
    (b"PK\x05\x06", N_("an empty zip archive")),
    (b"version https://git-lfs.github.com/spec", N_("a Git LFS pointer, not the file itself")),
    (b"FUGG", N_("a GGUF file for computers of another byte order")),
    (b"lmgg", N_("an old GGML file")),
    (b"fmgg", N_("an old GGML file")),
    (b"tjgg", N_("an old GGML file")),
    (b"algg", N_("an old GGML adapter")),
    (b"\x1f\x8b", N_("a gzip archive")),
    (b"BZh", N_("a bzip2 archive")),
    (b"\xfd7zXZ\x00", N_("an xz archive")),
    (b"\x28\xb5\x2f\xfd", N_("a zstd archive")),
    (b"7z\xbc\xaf\x27\x1c", N_("a 7z archive")),
    (b"Rar!", N_("a rar archive")),
    (b"%PDF-", N_("a PDF document")),
    (b"\x89HDF", N_("an HDF5 (Keras) file")),
    (b"\x93NUMPY", N_("a NumPy array")),
    (b"\x89PNG", N_("a picture")),
    (b"\xff\xd8\xff", N_("a picture")),
    (b"\x7fELF", N_("a program")),
    (b"MZ", N_("a program")),
    (b"SQLite format 3", N_("a database")),
)


@contextmanager
def opened(path: Path) -> Iterator[tuple[FileIO, os.stat_result]]:
    """Open the file unbuffered for a `with` block, together with its status. Raises KnownError `model.missing`,
    `model.unreadable`.

    The status is checked before opening, since opening alone can block (a pipe) or have effects (a device). The file is
    then opened without blocking and checked again, since another file may have taken its place.
    """
    try:
        _refuse_irregular(path, path.stat())
        flags = os.O_RDONLY
        for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):
            flags |= getattr(os, name, 0)
        file = os.fdopen(os.open(path, flags), "rb", buffering=0)
    except (OSError, ValueError) as err:
        raise unreadable(path, err) from err
    with file:
        info = os.fstat(file.fileno())
        _refuse_irregular(path, info)
        try:
            yield file, info
        except OSError as err:
            raise unreadable(path, err) from err


def shown_path(path: Path) -> str:
    return clean_label(str(path), 400)


def unreadable(path: Path, err: OSError | ValueError) -> KnownError:
    if isinstance(err, (FileNotFoundError, NotADirectoryError)) or not isinstance(err, OSError):
        return KnownError("model.missing", path=shown_path(path))  # ValueError: a NUL in the name
    known = _REASONS.get(err.errno or 0)
    reason = _(known) if known else clean_label(err.strerror or _("it cannot be read"))
    return KnownError("model.unreadable", path=shown_path(path), reason=reason)


def looks_like(untrusted: bytes) -> str:
    if not untrusted:
        return _("an empty file")
    if not untrusted.strip(b"\x00"):
        return _("a file of zeros")
    for start, name in _STARTS:
        if untrusted.startswith(start):
            return _(name)
    if untrusted[:1] == b"\x80" and 2 <= untrusted[1] <= 5:
        return _("a Python pickle, perhaps a PyTorch file")
    if untrusted[8:9] == b"{" and int.from_bytes(untrusted[:8], "little") < 1 << 32:
        return _("a safetensors file")
    return _looks_like_text(untrusted)


def _looks_like_text(untrusted: bytes) -> str:
    text = untrusted.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<script", b"<body")) or b"<html" in text:
        return _("a web page")
    if text.startswith((b"<?xml", b"<error")):
        return _("an XML answer of a server")
    if text.startswith((b"{", b"[")):
        return _("an error message of a server (JSON)") if b"error" in text else _("a JSON file")
    control = sum(byte < 32 and byte not in b"\t\r\n\f" for byte in untrusted)
    return _("unknown data") if control else _("a text file")


def _refuse_irregular(path: Path, info: os.stat_result) -> None:
    if stat.S_ISREG(info.st_mode):
        return
    reason = next((name for is_kind, name in _KINDS_OF_FILE if is_kind(info.st_mode)), N_("not a regular file"))
    raise KnownError("model.unreadable", path=shown_path(path), reason=_(reason))


MAX_NAMED = 5


def first_parts(paths: Sequence[Path]) -> list[Path]:
    """Return `paths` in their order, without duplicates, and with only the first existing part of each split model."""
    seen: set[tuple[Path, str, int]] = set()
    kept: dict[Path, None] = {}
    for path in sorted(paths, key=lambda path: (part_of(path) or ("", 0, 0))[1]):
        part = part_of(path)
        if part is not None:
            key = (path.parent, part[0], part[2])
            if key in seen:
                continue
            seen.add(key)
        kept[path] = None
    return [path for path in paths if path in kept]


def parts_of(path: Path, count: int) -> list[Path]:
    """Return all parts of the model that `path` is a part of. `count` is the number of parts in the header.

    Raises KnownError `model.parts_missing` with the names of missing parts, and `model.damaged` if name and header
    contradict each other.
    """
    part = part_of(path)
    if part is None or part[2] != count:
        name = clean_label(path.name, 80)
        raise KnownError(
            "model.damaged",
            reason=_("{name} is no name of one of {count} parts of a model").format(name=name, count=count),
        )
    stem, suffix = part[0], path.suffix
    names = [f"{stem}-{number:05}-of-{count:05}{suffix}" for number in range(1, count + 1)]
    missing = [name for name in names if not (path.parent / name).is_file()]
    if missing:
        named = ", ".join(clean_label(name, 80) for name in missing[:MAX_NAMED])
        more = f" and {len(missing) - MAX_NAMED} more" if len(missing) > MAX_NAMED else ""
        raise KnownError("model.parts_missing", count=count, missing=len(missing), names=named + more)
    return [path.parent / name for name in names]


MAX_LAYERS = 1024
TOKENS = "tokenizer.ggml.tokens"


def describe(
    metadata: Metadata, tensors: Tensors, *, version: int, stem: str, data_start: int, file_bytes: int
) -> GgufHeader:
    """Build the header of a file called `stem`. Raises nothing: values that make no sense become 0 or empty."""
    values = metadata.values
    template, template_bytes = metadata.template()
    architecture = values.get("general.architecture")
    architecture = architecture if isinstance(architecture, str) else ""
    file_type = whole(values.get("general.file_type"), 1 << 20) if "general.file_type" in values else None
    shape = _Shape(architecture, values, tensors)
    header = GgufHeader(
        version=version,
        kind=_kind(architecture, values, tensors),
        architecture=architecture,
        name=_name(values, stem),
        parameters=tensors.parameters,
        quantization=_quantization(file_type, tensors),
        context_length=whole(values.get(f"{architecture}.context_length"), 1 << 63),
        chat_template=template,
        template_bytes=template_bytes,
        license=_label(values, "general.license") or _label(values, "general.license.name"),
        sampling=_sampling(values),
        metadata=MappingProxyType(values),
        metadata_left_out=metadata.left_out,
        tensors=tensors,
        data_start=data_start,
        data_end=data_start + tensors.end,
        file_bytes=file_bytes,
        layers=shape.layers,
        embedding_length=shape.embedding,
        feed_forward_length=max(shape.per_layer("feed_forward_length"), default=0),
        heads=shape.heads,
        kv_heads=shape.per_layer("attention.head_count_kv") or shape.heads,
        key_length=shape.head_length("attention.key_length"),
        value_length=shape.head_length("attention.value_length"),
        sliding_window=shape.number("attention.sliding_window"),
        vocab_size=shape.vocab_size(),
        split_no=whole(values.get("split.no"), 1 << 16),
        split_count=whole(values.get("split.count"), 1 << 16),
    )
    if header.kind == "model" and listener_of(architecture, f"{names_of(header)} {stem}"):
        return changed(header, kind=ASR)
    return header


class _Shape:
    def __init__(self, architecture: str, values: Mapping[str, MetadataValue], tensors: Tensors) -> None:
        self._architecture = architecture
        self._values = values
        self._tensors = tensors
        self.layers = self.number("block_count", MAX_LAYERS)
        self.embedding = self.number("embedding_length", 1 << 20)
        self.heads = self.per_layer("attention.head_count")

    def number(self, key: str, limit: int = 1 << 32) -> int:
        return whole(self._values.get(f"{self._architecture}.{key}"), limit)

    def per_layer(self, key: str) -> tuple[int, ...]:
        value = self._values.get(f"{self._architecture}.{key}")
        if isinstance(value, ListSummary):
            numbers = tuple(whole(item, 1 << 24) for item in value.items or ())[: self.layers]
            return numbers + (0,) * (self.layers - len(numbers))
        return (whole(value, 1 << 24),) * self.layers if value is not None else ()

    def head_length(self, key: str) -> int:
        """Return the numbers in a head's key or value: as the file says, else embedding / heads, as llama.cpp does."""
        most = max(self.heads, default=0)
        return self.number(key, 1 << 20) or (self.embedding // most if most else 0)

    def vocab_size(self) -> int:
        tokens = self._values.get(TOKENS)
        rows = self._tensors.shapes.get("token_embd.weight", (0, 0))
        listed = tokens.count if isinstance(tokens, ListSummary) else 0
        return listed or self.number("vocab_size", 1 << 24) or (rows[1] if len(rows) == 2 else 0)


_POOLING_RANK = 4
_HEAD_LAYERS, _HEAD_WIDTH = 2, 1024
"""Most layers of a draft head that has all of them, and the least width that tells it from a model made for tests."""
_LAYER_TENSORS = 4
"""Fewest tensors in a layer of any model."""


def _kind(architecture: str, values: Mapping[str, MetadataValue], tensors: Tensors) -> str:
    stated = values.get("general.type", "model")
    if stated == "adapter" or "adapter.type" in values:
        return "adapter"
    if stated == "imatrix" or "imatrix.chunk_count" in values:
        return "imatrix"
    if stated in ("mmproj", "clip-vision"):
        return "projector"
    if whole(values.get("split.count"), 1 << 16) > 1:
        return "split"
    if not tensors.count and "tokenizer.ggml.model" in values:
        return "vocabulary"
    kind = kind_of_architecture(architecture)
    pooling = whole(values.get(f"{architecture}.pooling_type"))
    if kind in ("model", "encoder") and (
        pooling == _POOLING_RANK or f"{architecture}.classifier.output_labels" in values
    ):
        return "reranker"
    if kind == "model" and _is_head(architecture, values, tensors):
        return "head"
    if kind == "model" and pooling:
        return "encoder"
    return kind if kind != "model" or stated == "model" else "unknown"


def _is_head(architecture: str, values: Mapping[str, MetadataValue], tensors: Tensors) -> bool:
    """Return whether a file has only few of its model's layers. The tensors may be known by their count alone."""
    layers, width, ahead = (
        whole(values.get(f"{architecture}.{key}"), 1 << 20)
        for key in ("block_count", "embedding_length", "nextn_predict_layers")
    )
    if 0 < layers <= _HEAD_LAYERS and width >= _HEAD_WIDTH:
        return True
    if not tensors.shapes:
        return 0 < tensors.count < _LAYER_TENSORS * layers <= _LAYER_TENSORS * MAX_LAYERS
    present = len(tensors.layer_bytes)
    has_text = bool({"token_embd.weight", "output.weight"} & tensors.shapes.keys())
    return layers <= MAX_LAYERS and (2 * present < layers or present <= ahead or not has_text)


def _label(values: Mapping[str, MetadataValue], key: str) -> str:
    value = values.get(key)
    return clean_label(value, 120) if isinstance(value, str) else ""


def _name(values: Mapping[str, MetadataValue], stem: str) -> str:
    made = f"{_label(values, 'general.basename')} {_label(values, 'general.size_label')}"
    return _label(values, "general.name") or clean_label(made, 120) or clean_label(stem, 120)


def _quantization(file_type: int | None, tensors: Tensors) -> str:
    if not tensors.count:
        return ""
    named = FILE_TYPES.get(file_type & ~FILE_TYPE_GUESSED) if file_type is not None else None
    sizes = tensors.bytes_by_type
    return named or max(sizes, key=lambda name: sizes[name], default="")


def _sampling(values: Mapping[str, MetadataValue]) -> Sampling:
    def number(name: str, low: float, high: float) -> float | None:
        value = values.get(f"general.sampling.{name}")
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
        return float(value) if fits and isinstance(value, (int, float)) else None

    top_k, last_n = number("top_k", 0, 1 << 20), number("penalty_last_n", -1, 1 << 20)
    return Sampling(
        temperature=number("temp", 0, 10),
        top_k=None if top_k is None else int(top_k),
        top_p=number("top_p", 0, 1),
        min_p=number("min_p", 0, 1),
        repeat_penalty=number("penalty_repeat", 0.01, 10),
        penalty_last_n=None if last_n is None else int(last_n),
    )


MERGES = "tokenizer.ggml.merges"
_ESCAPE = re.compile(rb"\\(x.{0,2}|.|$)", re.DOTALL)
_SIGNS = {b"t": b"\t", b"n": b"\n", b"r": b"\r"}
_LARGEST_ALIGNMENT = 4096
_MOST_BEHIND = 64 << 20
"""Bytes after the last tensor that are tolerated even in a smaller model."""
_MOST_PIECES_OF_FILE = 10_000
_BEFORE_KEYS = 16
_LEAST_MERGES = 16
"""Fewest merges for the check to report anything. Tokenizers with fewer are made for tests."""
_BAD_SHARE = 0.02


def check_layout(path: Path, header: GgufHeader) -> None:
    """Check that the tensor data can be what the header describes. Raises KnownError `model.damaged`.

    That is not so if the weights lie some bytes further than the alignment says (all numbers would be read shifted), if
    the file continues far after them, or if most of the file was never written and only its size was set.
    """
    behind = header.file_bytes - header.data_end
    if header.tensors.count and behind > max(header.data_end, _MOST_BEHIND):
        raise damaged(
            _("its header describes {data_end:,} bytes, but the file has {file_bytes:,}").format(
                data_end=header.data_end, file_bytes=header.file_bytes
            )
        )
    with opened(path) as (file, _info):
        for shift in _shifts(header):
            file.seek(header.data_start)
            if not (file.read(shift) or b"1").strip(b"\x00"):
                raise damaged(_("its weights do not begin where its alignment says"))
        written = _written_bytes(file.fileno(), header.file_bytes)
        if written < header.file_bytes // 2:
            raise damaged(
                _("only {written:,} of its {file_bytes:,} bytes were ever written").format(
                    written=written, file_bytes=header.file_bytes
                )
            )


def check_tokenizer(path: Path, header: GgufHeader) -> None:
    """Check the tokenizer. Raises KnownError `model.damaged` if merges join pieces that are not in the vocabulary, or
    if llama.cpp would split a text endlessly.
    """
    with opened(path) as (_file, info):
        state = info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns
    _check_texts(path, str(header.metadata.get("tokenizer.ggml.model")), MERGES in header.metadata, state)


@lru_cache(maxsize=4)
def _check_texts(path: Path, kind: str, has_merges: bool, _state: tuple[int, ...]) -> None:
    """Check a file once while it stays as it is: a model that was unloaded loads again without it."""
    if kind == "rwkv":
        _check_first_bytes(_texts_of(path, (TOKENS,)).get(TOKENS, ()))
    elif kind == "gpt2" and has_merges:
        _check_merges(_texts_of(path, (TOKENS, MERGES)))


def _check_first_bytes(tokens: Iterable[bytes]) -> None:
    """Check that each byte that begins a token is one itself. Otherwise llama.cpp consumes no text and loops."""
    pieces = [_ESCAPE.sub(_unescaped, token) for token in tokens]
    alone = {piece for piece in pieces if len(piece) == 1}
    if lone := {piece[:1] for piece in pieces if piece} - alone:
        raise damaged(
            _("its tokenizer has no token for the byte {hex} alone, with which others begin").format(
                hex=min(lone).hex()
            )
        )


def _unescaped(match: re.Match[bytes]) -> bytes:
    sign = match[1]
    if sign[:1] != b"x":
        return _SIGNS.get(sign, sign)
    digits = [code - (87 if 97 <= code < 128 else 48) for code in sign[1:]]
    return bytes(((digits[0] << 4) + digits[1] & 255,)) if len(digits) == 2 else b""


def _check_merges(texts: Mapping[str, Sequence[bytes]]) -> None:
    pieces, merges = set(texts.get(TOKENS, ())), texts.get(MERGES, [])
    bad = 0
    for merge in merges:
        left, __, right = merge.partition(b" ")
        bad += not (left in pieces and right in pieces and left + right in pieces)
    if len(merges) >= _LEAST_MERGES and bad > _BAD_SHARE * len(merges):
        raise damaged(
            _("{bad:,} of {count:,} merges of its tokenizer do not fit its vocabulary").format(
                bad=bad, count=len(merges)
            )
        )


def _shifts(header: GgufHeader) -> list[int]:
    """Return how many bytes later data would start with larger alignments, if the file's size suits such a shift."""
    alignment = header.metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    behind, end = header.file_bytes - header.data_end, header.tensors.end
    shifts = []
    larger = int(alignment) * 2 if isinstance(alignment, int) else _LARGEST_ALIGNMENT * 2
    while larger <= _LARGEST_ALIGNMENT and header.tensors.count:
        shift = -header.data_start % larger
        if shift and shift <= behind <= shift + -end % larger:
            shifts.append(shift)
        larger *= 2
    return shifts


def _written_bytes(descriptor: int, size: int) -> int:
    """Return the bytes of a file that were written, without holes, or all bytes if the system cannot tell."""
    if not hasattr(os, "SEEK_DATA"):
        return size
    written = at = 0
    for __ in range(_MOST_PIECES_OF_FILE):
        try:
            start = os.lseek(descriptor, at, os.SEEK_DATA)
            at = os.lseek(descriptor, start, os.SEEK_HOLE)
        except OSError:  # only a hole from here on, or the system cannot tell
            return written if at else size
        written += at - start
        if at >= size:
            return written
    return size


def _texts_of(path: Path, keys: tuple[str, ...]) -> dict[str, list[bytes]]:
    texts: dict[str, list[bytes]] = {}
    with opened(path) as (file, info):
        try:
            reader = HeaderReader(file, info.st_size)
            reader.skip(_BEFORE_KEYS)
            for __ in range(reader.u64()):
                key = reader.string(MAX_KEY_BYTES)[0].decode("utf-8", "replace")
                kind = reader.u32()
                if kind == ARRAY and key in keys:
                    texts[key] = reader.texts()
                else:
                    reader.value(kind, keep=False)
        except CutShort as err:
            raise damaged(_("it changed while it was read")) from err
    return texts


# Reads the header of a GGUF file without loading the model. Uses only the standard library, with limits, since files
# are untrusted. Source: the GGUF specification (ggml-org/ggml, docs/gguf.md) and what llama.cpp itself refuses.


_START_BYTES = 24


def read_header(path: Path, *, cut: bool = False) -> GgufHeader:
    """Read only the header. With `cut`, its start will do, which says what the file is but nothing of its tensors.

    Raises KnownError model.missing, model.unreadable, model.not_gguf, model.incomplete (the header is cut; `expected`
    is the least size), model.damaged, model.unsupported (a GGUF version or weight type that this program does not
    know).
    """
    with opened(path) as (file, info):
        first = file.read(FIRST_BYTES) or b""
        try:
            if first.startswith(SPEECH_MAGIC):
                from slmdesk.models.gguf.whisper import read_whisper, shape_in

                if shape := shape_in(first):
                    return read_whisper(file, info.st_size, shape, cut=cut)
            version = _version(path, first, info.st_size)
            reader = HeaderReader(file, info.st_size)
            reader.skip(8)
            metadata, tensors, start = parse(reader, cut=cut)
        except CutShort as err:
            raise _incomplete(path, info.st_size, err.needed, at_least=True) from err
    return describe(metadata, tensors, version=version, stem=path.stem, data_start=start, file_bytes=info.st_size)


def check_file(path: Path) -> GgufHeader:
    """Read the header, and check whether the file can be what the header describes.

    Also raises KnownError `model.incomplete` if the file ends before its last tensor, `model.damaged` if the data lies
    elsewhere, was never written, or is less than half of the file.
    """
    header = read_header(path)
    if header.file_bytes < header.data_end:
        raise _incomplete(path, header.file_bytes, header.data_end)
    check_layout(path, header)
    return header


def require_chat_model(header: GgufHeader) -> None:
    """Check that the model can be loaded and chatted with, as far as its header shows.

    Raises KnownError model.wrong_kind (kind), model.unsupported (architecture), or model.damaged (reason) for
    contradictions in the header, over some of which llama.cpp would end the process.
    """
    if header.kind not in ("model", "unknown"):
        raise KnownError("model.wrong_kind", kind=header.kind)
    require_language_model(header)


def require_language_model(header: GgufHeader) -> None:
    """Check as `require_chat_model` does, whatever the model is asked to write. Raises the same."""
    if not header.architecture:
        raise damaged(_("no architecture is named"))
    if header.kind == "unknown":
        raise KnownError("model.unsupported", architecture=clean_label(header.architecture, 80))
    if header.tensors.separate_experts:
        kind = f"{clean_label(header.architecture, 40)}, experts apart as in files of 2023"
        raise KnownError("model.unsupported", architecture=kind)
    for key in ("block_count", "embedding_length"):
        if not header.whole(key, 1 << 63):
            raise damaged(_("{key} is missing or no sensible number").format(key=key))
    if not header.layers:
        raise damaged(_("more layers than any model has"))
    _check_vocabulary(header)


def plain_metadata(header: GgufHeader) -> dict[str, Json]:
    return {key: _plain(value) for key, value in header.metadata.items()}


def _version(path: Path, first: bytes, size: int) -> int:
    """Return the version of the GGUF format. Raises KnownError for other files and unknown versions, and CutShort."""
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
        raise damaged(_("GGUF version {version}").format(version=version))
    raise KnownError("model.unsupported", architecture=f"GGUF version {version}")


def _incomplete(path: Path, size: int, expected: int, *, at_least: bool = False) -> KnownError:
    return KnownError("model.incomplete", path=shown_path(path), bytes=size, expected=expected, at_least=int(at_least))


def _check_vocabulary(header: GgufHeader) -> None:
    tokens = header.metadata.get(TOKENS)
    if not isinstance(tokens, ListSummary) or tokens.type != "string" or not tokens.count:
        raise damaged(_("no vocabulary"))
    for key in ("tokenizer.ggml.token_type", "tokenizer.ggml.scores"):
        other = header.metadata.get(key)
        if other is not None and not (isinstance(other, ListSummary) and other.count == tokens.count):
            raise damaged(_("{key} does not match the vocabulary").format(key=key))
    rows = header.tensors.shapes.get("token_embd.weight")
    if rows != (header.embedding_length, tokens.count):
        raise damaged(_("the token table does not match the vocabulary"))


def _plain(value: MetadataValue) -> Json:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, ListSummary):
        if value.items is None:
            return {"type": value.type, "count": value.count}
        return [_plain(item) for item in value.items]
    return value


# Joins the parts of a split model to the file it was split from. Source: llama.cpp's gguf-split. The first part carries
# all keys, and each part its own tensors in order. The keys `split.no`, `split.count` and `split.tensors.count` were
# added. The data of the parts is copied as it is; only offsets change.


_PIECE = 4 << 20
_VERSION = 3


class _Piece(Record):
    path: Path
    keys: tuple[bytes, ...]
    tensors: tuple[tuple[bytes, int], ...]
    data_start: int
    data_bytes: int


def join(parts: Sequence[Path], out: BinaryIO, on_bytes: Callable[[int], object]) -> str:
    """Write the whole model to `out` and return its sha256. `on_bytes` is called with the bytes written so far, and may
    raise.

    Raises KnownError `model.…` for parts that are damaged, incomplete or of different models, and OSError.
    """
    pieces = [_read(path, number, len(parts)) for number, path in enumerate(parts)]
    alignment = _alignment(parts[0])
    digest, written = hashlib.sha256(), 0

    def put(chunk: bytes) -> None:
        nonlocal written
        out.write(chunk)
        digest.update(chunk)
        written += len(chunk)
        on_bytes(written)

    head = _head(pieces, alignment)
    put(head + bytes(-len(head) % alignment))
    for piece in pieces:
        for chunk in _data(piece):
            put(chunk)
        put(bytes(-piece.data_bytes % alignment))
    return digest.hexdigest()


def _head(pieces: Sequence[_Piece], alignment: int) -> bytes:
    keys = pieces[0].keys
    count = sum(len(piece.tensors) for piece in pieces)
    head = bytearray(MAGIC + struct.pack("<IQQ", _VERSION, count, len(keys)))
    head += b"".join(keys)
    base = 0
    for piece in pieces:
        for before, offset in piece.tensors:
            head += before + struct.pack("<Q", base + offset)
        base += piece.data_bytes + -piece.data_bytes % alignment
    return bytes(head)


def _read(path: Path, number: int, count: int) -> _Piece:
    header = check_file(path)
    if (header.kind, header.split_no, header.split_count) != ("split", number, count):
        raise damaged(_("part {number} of {count} is another one").format(number=number + 1, count=count))
    with opened(path) as (file, info):
        reader = HeaderReader(file, info.st_size)
        reader.skip(8)
        try:
            tensor_count, key_count = reader.u64(), reader.u64()
            if tensor_count > MAX_TENSORS or key_count > MAX_KEYS:
                raise damaged(_("too many tensors or keys"))
            spans = [span for __ in range(key_count) if (span := _key(reader)) is not None]
            tensors = [_tensor(reader) for __ in range(tensor_count)]
        except CutShort as err:  # checked above: the file has changed meanwhile
            raise damaged(_("it changed while it was read")) from err
        keys = tuple(_span(file, start, end) for start, end in spans)
        infos = tuple((_span(file, start, end), offset) for start, end, offset in tensors)
    return _Piece(path, keys, infos, header.data_start, header.data_end - header.data_start)


def _key(reader: HeaderReader) -> tuple[int, int] | None:
    """Skip a key and its value and return where both start and end, or None for keys that only describe the split."""
    start = reader.position
    name, _length = reader.string(MAX_KEY_BYTES)
    reader.value(reader.u32(), keep=False)
    return None if name.startswith(b"split.") else (start, reader.position)


def _tensor(reader: HeaderReader) -> tuple[int, int, int]:
    start = reader.position
    reader.string(0)
    reader.skip(8 * reader.u32() + 4)
    return start, reader.position, reader.u64()


def _span(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    data = file.read(end - start)
    if len(data) != end - start:
        raise damaged(_("it changed while it was read"))
    return data


def _data(piece: _Piece) -> Iterator[bytes]:
    with opened(piece.path) as (file, _info):
        file.seek(piece.data_start)
        left = piece.data_bytes
        while left:
            chunk = file.read(min(_PIECE, left))
            if not chunk:
                raise damaged(_("it changed while it was read"))
            left -= len(chunk)
            yield chunk


def _alignment(first: Path) -> int:
    header: GgufHeader = check_file(first)
    alignment = header.metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    return alignment if isinstance(alignment, int) else DEFAULT_ALIGNMENT

"""Parses GGUF headers. Files are untrusted, so everything has limits. Also checks LoRA adapters by their headers, and
tells families of models by them.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from io import RawIOBase
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from slmdesk.base.errors import KnownError, SlmdeskError
from slmdesk.base.record import Record, converted, field
from slmdesk.base.texts import N_, _
from slmdesk.base.types import Json, Sampling
from slmdesk.base.untrusted import CUT, clean_bytes, clean_label

STRING, ARRAY, BOOL, FLOAT, UNSIGNED, SIGNED = 8, 9, 7, 6, 4, 5

SCALARS: Mapping[int, struct.Struct] = MappingProxyType(
    {
        number: struct.Struct("<" + letter)
        for number, letter in (
            (0, "B"), (1, "b"), (2, "H"), (3, "h"), (4, "I"), (5, "i"), (6, "f"), (7, "B"), (10, "Q"),
            (11, "q"), (12, "d"),
        )
    }
)  # fmt: skip

VALUE_TYPES: Mapping[int, str] = MappingProxyType(
    {
        0: "u8", 1: "i8", 2: "u16", 3: "i16", 4: "u32", 5: "i32", 6: "f32", 7: "bool", 8: "string", 9: "array",
        10: "u64", 11: "i64", 12: "f64",
    }
)  # fmt: skip


class WeightType(Record):
    """How weights are packed: a group of `block` weights takes `block_bytes` bytes."""

    name: str
    block: int
    block_bytes: int


WEIGHT_TYPES: Mapping[int, WeightType] = MappingProxyType(
    {
        number: WeightType(name, block, block_bytes)
        for number, name, block, block_bytes in (
            (0, "F32", 1, 4), (1, "F16", 1, 2), (2, "Q4_0", 32, 18), (3, "Q4_1", 32, 20), (6, "Q5_0", 32, 22),
            (7, "Q5_1", 32, 24), (8, "Q8_0", 32, 34), (9, "Q8_1", 32, 36), (10, "Q2_K", 256, 84),
            (11, "Q3_K", 256, 110), (12, "Q4_K", 256, 144), (13, "Q5_K", 256, 176), (14, "Q6_K", 256, 210),
            (15, "Q8_K", 256, 292), (16, "IQ2_XXS", 256, 66), (17, "IQ2_XS", 256, 74), (18, "IQ3_XXS", 256, 98),
            (19, "IQ1_S", 256, 50), (20, "IQ4_NL", 32, 18), (21, "IQ3_S", 256, 110), (22, "IQ2_S", 256, 82),
            (23, "IQ4_XS", 256, 136), (24, "I8", 1, 1), (25, "I16", 1, 2), (26, "I32", 1, 4), (27, "I64", 1, 8),
            (28, "F64", 1, 8), (29, "IQ1_M", 256, 56), (30, "BF16", 1, 2), (34, "TQ1_0", 256, 54),
            (35, "TQ2_0", 256, 66), (39, "MXFP4", 32, 17), (40, "NVFP4", 64, 36), (41, "Q1_0", 128, 18),
            (42, "Q2_0", 64, 18),
        )
    }
)  # fmt: skip

FILE_TYPES: Mapping[int, str] = MappingProxyType(
    {
        0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
        12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS",
        20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
        28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
        39: "NVFP4", 40: "Q1_0", 41: "Q2_0",
    }
)  # fmt: skip

FILE_TYPE_GUESSED = 1024
"""Bit of `general.file_type` that says that the type was guessed by the program that wrote the file."""

ENCODERS = frozenset(
    {
        "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3",
        "eurobert", "gemma-embedding", "llama-embed", "t5encoder",
    }
)  # fmt: skip
"""Architectures that turn text into vectors and do not write text."""

DRAFT_HEADS = frozenset({"dflash", "eagle3", "gemma4-assistant"})
"""Architectures that only predict tokens ahead for the model they were made for. Draft heads of other architectures are
recognised by their layers.
"""

_BESIDE_TEXT: Mapping[str, str] = MappingProxyType(
    {
        "clip": "projector",
        "controlvector": "part",
        **dict.fromkeys(ENCODERS, "encoder"),
        **dict.fromkeys(DRAFT_HEADS, "head"),
        **dict.fromkeys(
            ("wavtokenizer-dec", "qwen3tts", "pockettts", "parler-tts", "kokoro", "orpheus", "dia", "whisper"),
            "speech",
        ),
        **dict.fromkeys(
            ("flux", "sd1", "sdxl", "sd3", "aura", "hidream", "cosmos", "ltxv", "hyvid", "wan", "lumina2", "qwen_image",
             "ideogram", "krea2", "minimax_h3"),
            "picture",
        ),
    }
)  # fmt: skip
"""The kind of file for architectures that do not write text. Those of other programs are as llama.cpp's TTS examples,
whisper.cpp and ComfyUI-GGUF call them.
"""

CHAT_ARCHITECTURES = frozenset(
    {
        "llama", "llama4", "deci", "falcon", "grok", "gpt2", "gptj", "gptneox", "mpt", "baichuan", "starcoder",
        "refact", "bloom", "stablelm", "qwen", "qwen2", "qwen2moe", "qwen2vl", "qwen3", "qwen3moe", "qwen3next",
        "qwen3vl", "qwen3vlmoe", "qwen35", "qwen35moe", "phi2", "phi3", "phimoe", "plamo", "plamo2", "plamo3",
        "codeshell", "orion", "internlm2", "minicpm", "minicpm3", "gemma", "gemma2", "gemma3", "gemma3n", "gemma4",
        "starcoder2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7", "mamba", "mamba2", "jamba", "falcon-h1", "xverse",
        "command-r", "cohere2", "cohere2moe", "dbrx", "olmo", "olmo2", "olmoe", "openelm", "arctic", "deepseek",
        "deepseek2", "deepseek2-ocr", "deepseek32", "chatglm", "glm4", "glm4moe", "glm-dsa", "bitnet", "jais",
        "jais2", "nemotron", "nemotron_h", "nemotron_h_moe", "exaone", "exaone4", "exaone-moe", "granite",
        "granitemoe", "granitehybrid", "chameleon", "plm", "bailingmoe", "bailingmoe2", "dots1", "arcee", "afmoe",
        "laguna", "ernie4_5", "ernie4_5-moe", "hunyuan-moe", "hunyuan-dense", "hunyuan_vl", "smollm3", "gpt-oss",
        "lfm2", "lfm2moe", "smallthinker", "seed_oss", "grovemoe", "apertus", "minimax-m2", "cogvlm",
        "pangu-embedded", "mistral3", "mistral4", "paddleocr", "mimo2", "step35", "maincoder", "kimi-linear",
        "mellum", "nanbeige", "deepseek4", "granite_swa", "graniteswitch", "bailingmoe3", "hy_v3", "hy_v4",
        "minimax-01", "minimax-m3", "kimi-k3", "glm5-next", "qwen4exp", "muse-glimmer", "spark2_5",
    }
)  # fmt: skip
"""Architectures of the pinned llama.cpp version that write text token by token.

Diffusion models, encoder-decoders, speech models and draft heads are left out.
"""


ASR = "asr"
"""Kind of a model that writes down what it hears through its projector; see HearingPrompt."""
LISTENERS = ("whisper", ASR)
"""Kinds of models that write down speech."""


def kind_of_architecture(architecture: str) -> str:
    """Return what models of an architecture are: model (it can chat), projector, encoder, head, speech, picture, part,
    or unknown.
    """
    return "model" if architecture in CHAT_ARCHITECTURES else _BESIDE_TEXT.get(architecture, "unknown")


if TYPE_CHECKING:
    Scalar: TypeAlias = bool | int | float | str

MAX_HEADER_BYTES = 64 << 20
MAX_STRINGS = 800_000
"""Most strings in all lists of a header. The largest known vocabulary, of 262,144 tokens, has 777,050 with merges."""
MAX_KEY_BYTES = 65_535
MAX_TEXT_BYTES = 4096
"""Most bytes of a text that is kept. A longer text is cut and marked as cut."""
MAX_KEPT_NUMBERS, MAX_KEPT_STRINGS = 1024, 64
"""Most items of a list that is kept, such as a number for each layer or the languages of a model. Of a longer list only
type and length are kept.
"""

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
_LENGTHS = struct.Struct("<Q").unpack_from
_WINDOW_BYTES = 1 << 18


class CutShort(SlmdeskError):
    """Raised if the file ends too early. `needed` is the position in bytes up to which it should go."""

    def __init__(self, needed: int) -> None:
        super().__init__(str(needed))
        self.needed = needed


class ListSummary(Record):
    type: str
    count: int
    items: tuple[bool | int | float | str, ...] | None


def damaged(reason: str) -> KnownError:
    return KnownError("model.damaged", reason=reason)


class HeaderReader:
    """Reads little-endian values from the start of a file of `size` bytes. All methods raise CutShort, KnownError."""

    def __init__(self, file: RawIOBase, size: int, most: int = MAX_HEADER_BYTES) -> None:
        self._file = file
        self._size, self._most = size, most
        self._window = b""
        self._start = 0  # where the window lies in the file
        self._at = 0  # where the next value lies in the window
        self._strings = 0

    @property
    def position(self) -> int:
        return self._start + self._at

    def u32(self) -> int:
        value: int = _U32.unpack(self.raw(4))[0]
        return value

    def u64(self) -> int:
        value: int = _U64.unpack(self.raw(8))[0]
        return value

    def raw(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._window):
            self._fill(count)
            end = count
        piece = self._window[self._at : end]
        self._at = end
        return piece

    def skip(self, count: int) -> None:
        self._check(self.position + count)
        self._at += count

    def string(self, keep: int) -> tuple[bytes, int]:
        length = self.u64()
        self._check(self.position + length)
        kept = self.raw(min(length, keep))
        self._at += length - len(kept)
        return kept, length

    def value(self, kind: int, *, keep: bool) -> Scalar | ListSummary | None:
        """Read a value of the type with number `kind`. Long texts and lists are shortened. Without `keep`, texts and
        lists are skipped, and their items left out.
        """
        if kind == ARRAY:
            return self._list(MAX_KEPT_NUMBERS if keep else 0, MAX_KEPT_STRINGS if keep else 0)
        if kind == STRING:
            if keep:
                return self._text()
            self.string(0)
            return None
        return self._number(kind)

    def texts(self) -> list[bytes]:
        kind, count = self.u32(), self.u64()
        if kind != STRING:
            raise damaged(_("a list of texts holds something else"))
        self._check(self.position + 8 * count)
        texts: list[bytes] = []
        while len(texts) < count:
            window, at = self._window, self._at
            for __ in range(len(texts), count):
                begin = at + 8
                if begin > len(window) or (end := begin + _LENGTHS(window, at)[0]) > len(window):
                    break
                texts.append(window[begin:end])
                at = end
            self._at = at
            if len(texts) < count:  # it goes over the end of the window
                texts.append(self.raw(self.u64()))
        return texts

    def _number(self, kind: int) -> bool | int | float:
        packed = SCALARS.get(kind)
        if packed is None:
            raise damaged(_("a value of the unknown type {kind}").format(kind=kind))
        number: int | float = packed.unpack(self.raw(packed.size))[0]
        return bool(number) if kind == BOOL else number

    def _text(self) -> str:
        kept, length = self.string(MAX_TEXT_BYTES)
        text = kept.decode("utf-8", "replace")
        return text if len(kept) == length else text.rstrip("\N{REPLACEMENT CHARACTER}") + CUT

    def _list(self, most_numbers: int, most_strings: int) -> ListSummary:
        kind, count = self.u32(), self.u64()
        if kind == ARRAY:
            raise damaged(_("a list inside a list"))
        if kind == STRING:
            return self._strings_of(count, most_strings)
        packed = SCALARS.get(kind)
        if packed is None:
            raise damaged(_("a list of the unknown type {kind}").format(kind=kind))
        if count > most_numbers:
            self.skip(count * packed.size)
            return ListSummary(VALUE_TYPES[kind], count, None)
        self._check(self.position + count * packed.size)
        numbers = tuple(unpacked[0] for unpacked in packed.iter_unpack(self.raw(count * packed.size)))
        return ListSummary(VALUE_TYPES[kind], count, tuple(map(bool, numbers)) if kind == BOOL else numbers)

    def _strings_of(self, count: int, most: int) -> ListSummary:
        self._check(self.position + 8 * count)
        self._strings += count
        if self._strings > MAX_STRINGS:
            raise damaged(_("lists of {strings:,} texts").format(strings=self._strings))
        if count <= most:
            return ListSummary("string", count, tuple(self._text() for __ in range(count)))
        self._skip_strings(count)
        return ListSummary("string", count, None)

    def _skip_strings(self, count: int) -> None:
        while count:
            window, at, last = self._window, self._at, len(self._window) - 8
            for left in range(count, 0, -1):
                if at > last:
                    count = left
                    break
                at += 8 + _LENGTHS(window, at)[0]
            else:
                count = 0
            self._check(self._start + at)
            self._at = at
            if count:
                self._fill(8)

    def _check(self, end: int) -> None:
        if end > self._most:
            raise damaged(_("a header of more than {max_header_bytes} MiB").format(max_header_bytes=self._most >> 20))
        if end > self._size:
            raise CutShort(end)

    def _fill(self, count: int) -> None:
        start = self.position
        self._check(start + count)
        self._file.seek(start)
        window = self._file.read(max(count, _WINDOW_BYTES)) or b""
        while len(window) < count:
            more = self._file.read(count - len(window))
            if not more:  # the file became shorter while it was read
                raise CutShort(start + count)
            window += more
        self._window, self._start, self._at = window, start, 0


def name_of(untrusted: bytes) -> str:
    return clean_bytes(untrusted, 80)


MetadataValue: TypeAlias = bool | int | float | str | ListSummary


class Tensors(Record):
    count: int
    parameters: int
    bytes_by_type: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    """Shapes by tensor name. The innermost dimension comes first, as in the file."""
    end: int
    """End of the last tensor in bytes, counted from the start of the tensor data."""
    expert_bytes: int = 0
    """Bytes of the experts' tensors. All of them are in memory, but each token uses only some of the experts."""
    table_bytes: int = 0
    """Bytes of the token table. For each token one row of it is read, or all of it if it is also the output matrix."""
    layer_table_bytes: int = 0
    """Bytes of the table with a row for each token and layer (Gemma 3n and 4 E). For each token one row is read."""
    layer_bytes: Mapping[int, int] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    """Types of weights by tensor name."""
    separate_experts: bool = False
    """Whether each expert has a tensor of its own. This is the layout of 2023, which llama.cpp no longer reads."""


class GgufHeader(Record):
    """Header of a GGUF file. Texts to be shown are cut to a single line, and numbers that make no sense are 0."""

    version: int
    kind: str
    """model, adapter, projector, imatrix, vocabulary, encoder, whisper, asr, reranker, speech, picture, part, split,
    head (most of its layers are in another file), or unknown (an architecture that cannot be run).
    """
    architecture: str
    name: str
    parameters: int
    quantization: str
    """For example "Q4_1" or "Q4_K_M": as the file says, else the type of most bytes, or "" without tensors."""
    context_length: int
    """Context length the file declares, in tokens and unchecked. See memory.sensible_context."""
    chat_template: str | None
    """The default template, or None if there is none or it is longer than MAX_TEMPLATE_BYTES."""
    template_bytes: int
    license: str
    sampling: Sampling
    metadata: Mapping[str, MetadataValue]
    """All keys except the templates. Long texts are cut and marked, and long lists are summarised."""
    metadata_left_out: int
    """Number of keys that were read but not kept, because all together would be too large."""
    tensors: Tensors
    data_start: int
    data_end: int
    """Least number of bytes of a complete file."""
    file_bytes: int
    layers: int
    embedding_length: int
    feed_forward_length: int
    """Size of the feed-forward part of the widest layer."""
    heads: tuple[int, ...]
    kv_heads: tuple[int, ...]
    key_length: int
    value_length: int
    sliding_window: int
    vocab_size: int
    split_no: int
    """Number of this part, from 0, among `split_count` parts."""
    split_count: int

    @property
    def has_chat_template(self) -> bool:
        return self.chat_template is not None

    @property
    def is_cut(self) -> bool:
        """Whether only the start of the header was there; see parse."""
        return self.tensors.count > len(self.tensors.shapes)

    @property
    def weight_bytes(self) -> int:
        return sum(self.tensors.bytes_by_type.values())

    def value(self, key: str) -> MetadataValue | None:
        """Return a value of the model's architecture: `value("block_count")` is `metadata["llama.block_count"]`."""
        return self.metadata.get(f"{self.architecture}.{key}")

    def whole(self, key: str, limit: int = 1 << 32) -> int:
        return whole(self.value(key), limit)


def whole(value: object, limit: int = 1 << 32) -> int:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= limit
    return value if fits and isinstance(value, int) else 0


MAX_KEYS, MAX_TENSORS, MAX_DIMENSIONS, MAX_TENSOR_NAME = 4096, 8192, 4, 63
MAX_ALL_KEYS_BYTES = 4 << 20
MAX_KEPT_BYTES = 2 << 20
"""Most bytes of texts and lists kept, without templates. Later ones are skipped and counted. Numbers always stay."""
MAX_TEMPLATE_BYTES = 256 << 10
DEFAULT_ALIGNMENT = 32
TEMPLATE = "tokenizer.chat_template"
ALPHA = "adapter.lora.alpha"
_VISION, _AUDIO = "clip.vision.", "clip.audio."
_KINDS: Mapping[str, int] = MappingProxyType(
    {
        ALPHA: FLOAT,
        "clip.minicpmv_query_num": UNSIGNED,
        "clip.minicpmv_version": SIGNED,
        **dict.fromkeys((f"{part}attention.layer_norm_epsilon" for part in (_VISION, _AUDIO)), FLOAT),
        **dict.fromkeys(
            ("clip.projector_type", *(f"{part}projector_type" for part in (_VISION, _AUDIO))), STRING
        ),
        **dict.fromkeys(
            ("clip.has_vision_encoder", "clip.has_audio_encoder", "clip.has_gen_audio_encoder", "clip.use_gelu",
             "clip.use_silu"),
            BOOL,
        ),
        **{
            f"{_VISION}{name}": UNSIGNED
            for name in (
                "embedding_length", "feed_forward_length", "block_count", "projection_dim", "attention.head_count",
                "attention.head_count_kv", "attention.head_dim", "image_size", "patch_size", "spatial_merge_size",
                "projector.scale_factor", "n_wa_pattern", "preproc_min_tiles", "preproc_max_tiles",
                "preproc_image_size",
            )
        },
        **{
            f"{_AUDIO}{name}": UNSIGNED
            for name in (
                "embedding_length", "feed_forward_length", "block_count", "projection_dim", "attention.head_count",
                "attention.head_count_kv", "attention.head_dim", "num_mel_bins", "projector.stack_factor",
            )
        },
    }
)  # fmt: skip
"""Types of values that are read as nothing else."""
_EXPERTS = re.compile(rb"\.ffn_(?:gate|up|down|gate_up)(?:_ch)?(_exps|\.\d+)\.")
_TABLE, _LAYER_TABLE = b"token_embd.weight", b"per_layer_token_embd.weight"
_LAYER = re.compile(rb"blk\.(\d{1,4})\.")


class Metadata:
    def __init__(self) -> None:
        self.values: dict[str, MetadataValue] = {}
        self.left_out = 0
        self._seen: set[bytes] = set()
        self._templates: dict[str, tuple[str | None, int]] = {}
        self._key_bytes = self._kept_bytes = 0

    def read(self, reader: HeaderReader, count: int) -> None:
        for __ in range(count):
            raw, length = reader.string(MAX_KEY_BYTES)
            if length > MAX_KEY_BYTES or not raw:
                raise damaged(_("a key of {length:,} bytes").format(length=length))
            key = raw.decode("utf-8", "replace")
            self._mark_seen(raw)
            kind = reader.u32()
            if kind != _KINDS.get(key, kind):
                raise damaged(_("{key} is of another type").format(key=key))  # llama.cpp ends the process over it
            if kind == STRING and (key == TEMPLATE or key.startswith(TEMPLATE + ".")):
                self._keep_template(key, *reader.string(MAX_TEMPLATE_BYTES))
            else:
                self._keep(key, reader.value(kind, keep=self._kept_bytes < MAX_KEPT_BYTES))

    def template(self) -> tuple[str | None, int]:
        for key in (TEMPLATE, TEMPLATE + ".default", *self._templates):
            if key in self._templates:
                return self._templates[key]
        return None, 0

    def _mark_seen(self, raw: bytes) -> None:
        if raw in self._seen:
            raise damaged(_("the key {name} stands twice").format(name=name_of(raw)))
        self._seen.add(raw)
        self._key_bytes += len(raw)
        if self._key_bytes > MAX_ALL_KEYS_BYTES:
            raise damaged(_("keys without end"))

    def _keep_template(self, key: str, kept: bytes, length: int) -> None:
        known = key in (TEMPLATE, TEMPLATE + ".default")
        if known or not self._templates:  # of other templates keep the first, in case there is no default
            text = kept.decode("utf-8", "replace") if len(kept) == length else None
            self._templates[key] = (text, length)

    def _keep(self, key: str, value: MetadataValue | None) -> None:
        if value is None:
            self.left_out += 1
        else:
            self._kept_bytes += _weight(value)
            self.values[key] = value


def _weight(value: MetadataValue) -> int:
    if isinstance(value, str):
        return len(value) + 64
    if isinstance(value, ListSummary):
        return 64 + sum(len(item) + 64 if isinstance(item, str) else 40 for item in value.items or ())
    return 0


def parse(reader: HeaderReader, *, cut: bool = False) -> tuple[Metadata, Tensors, int]:
    """Return metadata, tensors, and the position where the tensor data starts. `reader` must be at the two counts after
    magic and version. With `cut`, a header that ends in its vocabulary will do: of the tensors there is then the count
    alone.

    Raises CutShort, and KnownError model.damaged or model.unsupported.
    """
    tensor_count, key_count = reader.u64(), reader.u64()
    if tensor_count > MAX_TENSORS or key_count > MAX_KEYS:
        raise damaged(
            _("{tensor_count:,} tensors and {key_count:,} keys").format(tensor_count=tensor_count, key_count=key_count)
        )
    metadata = Metadata()
    try:
        metadata.read(reader, key_count)
    except CutShort:
        if not cut or not any(key.startswith("tokenizer.") for key in metadata.values):
            raise  # writers put the vocabulary after all that says what the file is
        return metadata, Tensors(tensor_count, 0, {}, {}, 0), 0
    alignment = metadata.values.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20 or alignment & (alignment - 1):
        raise damaged(_("the alignment is no power of two"))
    tensors = _read_tensors(reader, tensor_count, alignment)
    return metadata, tensors, _padded(reader.position, alignment) if tensor_count else reader.position


class _TensorSum:
    def __init__(self) -> None:
        self.count = self.parameters = self.expert_bytes = self.table_bytes = self.layer_table_bytes = 0
        self.separate_experts = False
        self.sizes: dict[str, int] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.types: dict[str, str] = {}
        self.layers: dict[int, int] = {}

    def add(self, raw_name: bytes, shape: tuple[int, ...], type_name: str, size: int) -> None:
        self.count += 1
        self.parameters += math.prod(shape)
        self.sizes[type_name] = self.sizes.get(type_name, 0) + size
        name = raw_name.decode("utf-8", "replace")
        self.shapes[name], self.types[name] = shape, type_name
        if layer := _LAYER.match(raw_name):
            number = int(layer[1])
            self.layers[number] = self.layers.get(number, 0) + size
        if raw_name == _TABLE:
            self.table_bytes = size
        elif raw_name == _LAYER_TABLE:
            self.layer_table_bytes = size
        elif expert := _EXPERTS.search(raw_name):
            self.expert_bytes += size
            self.separate_experts |= expert[1] != b"_exps"

    def result(self, end: int) -> Tensors:
        return Tensors(
            count=self.count,
            parameters=self.parameters,
            bytes_by_type=MappingProxyType(self.sizes),
            shapes=MappingProxyType(self.shapes),
            end=end,
            expert_bytes=self.expert_bytes,
            table_bytes=self.table_bytes,
            layer_table_bytes=self.layer_table_bytes,
            layer_bytes=MappingProxyType(self.layers),
            types=MappingProxyType(self.types),
            separate_experts=self.separate_experts,
        )


def _read_tensors(reader: HeaderReader, count: int, alignment: int) -> Tensors:
    names: set[bytes] = set()
    totals = _TensorSum()
    end = 0
    for __ in range(count):
        raw, length = reader.string(MAX_TENSOR_NAME)
        if length > MAX_TENSOR_NAME or raw in names:
            raise damaged(_("the tensor {name} stands twice or has too long a name").format(name=name_of(raw)))
        names.add(raw)
        shape, type_name, size = _read_shape(reader, raw)
        offset = reader.u64()
        if offset != _padded(end, alignment):
            raise damaged(_("the tensor {name} lies where it should not").format(name=name_of(raw)))
        end = offset + size
        totals.add(raw, shape, type_name, size)
    return totals.result(end)


def _read_shape(reader: HeaderReader, raw_name: bytes) -> tuple[tuple[int, ...], str, int]:
    dimensions = reader.u32()
    if dimensions > MAX_DIMENSIONS:
        raise damaged(
            _("the tensor {name} has {dimensions:,} dimensions").format(name=name_of(raw_name), dimensions=dimensions)
        )
    shape = tuple(reader.u64() for __ in range(dimensions))
    number = reader.u32()
    weight_type = WEIGHT_TYPES.get(number)
    if weight_type is None:
        raise KnownError("model.unsupported", architecture=f"weights of type {number}")
    elements = math.prod(shape)
    row = shape[0] if shape else 1
    if not 0 < elements < 1 << 48 or row % weight_type.block:
        raise damaged(_("the tensor {name} has an impossible shape").format(name=name_of(raw_name)))
    return shape, weight_type.name, elements // weight_type.block * weight_type.block_bytes


def _padded(position: int, alignment: int) -> int:
    return -(-position // alignment) * alignment


# LoRA adapters in GGUF files. Decides whether an adapter can be used and which models it fits, from the headers alone.
# An adapter is a small change to some of a model's matrices, stored as two thin matrices (A and B) for each. llama.cpp
# checks only part of the following conditions, and ends the process if another one is violated (found with the pinned
# version: integers as weights, a third dimension, a change to a token table that is also the output).


A, B = ".lora_a", ".lora_b"
_NORM = "_norm.weight"
"""Ending of tensors that change norms. An adapter may contain them, but llama.cpp ignores them."""
_TOKEN_TABLE, _OUTPUT = "token_embd.weight", "output.weight"
_NO_WEIGHTS = frozenset({"I8", "I16", "I32", "I64", "F64", "Q8_1", "Q8_K"})
_ACTIVATED = "adapter.alora.invocation_tokens"


def require_adapter(header: GgufHeader) -> None:
    """Check that the file is an adapter that llama.cpp can use, as far as the adapter's own header shows.

    Raises KnownError model.wrong_kind if it is not an adapter, model.unsupported or model.damaged if it cannot be used.
    """
    if header.kind != "adapter":
        raise KnownError("model.wrong_kind", kind=header.kind)
    if not header.architecture:
        raise damaged(_("no architecture is named"))
    kind = header.metadata.get("adapter.type")
    if header.metadata.get("general.type") != "adapter" or kind != "lora" or _ACTIVATED in header.metadata:
        other = "aLoRA" if _ACTIVATED in header.metadata else clean_label(str(kind), 40)
        raise KnownError("model.unsupported", architecture=f"adapter of the kind {other}")
    alpha = header.metadata.get(ALPHA, 1.0)
    if not isinstance(alpha, float) or not math.isfinite(alpha):
        raise damaged(_("its strength is no number"))
    if _NO_WEIGHTS & header.tensors.bytes_by_type.keys():
        raise damaged(_("its weights are of a type that cannot be computed with"))
    if not list(_pairs(header)):
        raise damaged(_("it changes nothing"))


def misfit(base: GgufHeader, adapter: GgufHeader) -> str:
    """Return in a few words why an adapter does not fit a model, or "" if it fits. Both headers must be checked."""
    if adapter.architecture != base.architecture:
        return N_("it is made for {ours}, not for {theirs}").format(
            ours=clean_label(adapter.architecture, 40), theirs=clean_label(base.architecture, 40)
        )
    for name, a, b in _pairs(adapter):
        shape = base.tensors.shapes.get(name)
        part = clean_label(name.removesuffix(".weight"), 40)
        if shape is None:
            return N_("the model has no part {part}").format(part=part)
        if name == _TOKEN_TABLE and _OUTPUT not in base.tensors.shapes:
            return N_("the model uses its part {part} twice").format(part=part)
        if not _fits(shape, a, b, is_table=name == _TOKEN_TABLE):
            return N_("the model's part {part} has another size").format(part=part)
    return ""


def base_name(header: GgufHeader) -> str:
    """Return the model that the adapter says it was made for, or "". This is a hint for the user, not a proof."""
    for key in ("general.base_model.0.name", "general.base_model.0.repo_url"):
        value = header.metadata.get(key)
        if isinstance(value, str) and value:
            return clean_label(value, 120)
    return ""


def _pairs(header: GgufHeader) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Yield the name of each changed tensor with the shapes of its two matrices A and B. Raises KnownError."""
    shapes = header.tensors.shapes
    for name, shape in shapes.items():
        if name.endswith(A):
            other = shapes.get(name.removesuffix(A) + B)
            if other is None:
                raise damaged(_("{name} stands alone").format(name=clean_label(name, 60)))
            if len(shape) > 3 or len(other) > 3:
                raise damaged(_("{name} has too many dimensions").format(name=clean_label(name, 60)))
            yield name.removesuffix(A), _in_four(shape), _in_four(other)
        elif name.endswith(B):
            if name.removesuffix(B) + A not in shapes:
                raise damaged(_("{name} stands alone").format(name=clean_label(name, 60)))
        elif not name.endswith(_NORM):
            raise damaged(_("{name} is no part of an adapter").format(name=clean_label(name, 60)))


def _fits(shape: tuple[int, ...], a: tuple[int, ...], b: tuple[int, ...], *, is_table: bool) -> bool:
    """Return whether the shapes of A and B fit a tensor of the model. For the token table both matrices are transposed.
    Source: llama.cpp's llama-adapter.cpp.
    """
    into, out, *more = _in_four(shape)
    if is_table:
        are_outer_sizes_right = (a[1], b[1]) == (out, into)
        is_rank_same = a[0] == b[0]
    else:
        are_outer_sizes_right = (a[0], b[1]) == (into, out)
        is_rank_same = a[1] == b[0]
    return are_outer_sizes_right and is_rank_same and [*a[2:]] == [*b[2:]] == more


def _in_four(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape, *(1 for __ in range(3 - len(shape))))


_NAMES = ("general.basename", "general.base_model.0.name")
_SEPARATORS = re.compile(r"[\W_]+")


class TranslationPrompts(Record):
    """The prompts a translator was trained on. Each is the only turn, without a system turn.

    They contain {source} and {target} (names of the languages), {source_code}, {target_code}, {target_chinese} and
    {text}. A prompt that is missing means that the model was not trained to be told such a thing.
    """

    version: str
    """Version under which answers and exams are kept. Every change of the prompts raises it."""
    text: str
    chinese: str = ""
    """Used instead of `text` from and into Chinese."""
    terms: str = ""
    """With {terms}: for each glossary term that occurs in the text a line as in `term`."""
    term: str = ""
    wishes: str = ""
    """With {wishes}: numbered wishes in plain English, such as words to keep, and {number}, the number after them."""
    tags: str = ""
    """For a text with formatting tags. If missing, tags are placed after the translation."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of languages, by code, where the publisher has another name than we have."""


class HearingPrompt(Record):
    """How a model that writes down speech was trained to be asked."""

    prompt: str
    """With {sound}, and {language} for what follows if the language is known."""
    language: str
    """With {code} or {name} of the language."""
    names: Mapping[str, str]
    """The publisher's names of the languages that it knows, by code."""
    marks: tuple[str, ...]
    """Tokens that its vocabulary must have."""
    answer_mark: str = ""
    """What stands in an answer between the language and the words."""


class ModelFamily(Record):
    name: str
    source: str
    """Where it stands what is said here."""
    architectures: tuple[str, ...] = ()
    """Beginnings of `general.architecture`."""
    names: tuple[str, ...] = ()
    """Parts of the names in the header, in lower case letters and digits alone. One of them must occur."""
    marks: tuple[str, ...] = ()
    """Texts that must all occur in the chat template."""
    sampling: Sampling = field(default_factory=Sampling)
    """What the publisher recommends for answers without a thought. Only translators have penalties here."""
    format: str = ""
    """Built-in chat format that is used instead of the file's template: "bare" for a model that continues a text."""
    languages: tuple[str, ...] = ()
    """Languages a translator was made for, by code."""
    translation: TranslationPrompts | None = None
    """Set for a model made for translation, which is offered for nothing else."""
    hearing: HearingPrompt | None = None
    """Set for a model that writes down speech, which is offered for nothing else."""


class MeasuredModel(Record):
    """What a model may do here, as far as somebody measured it."""

    names: str
    """Pattern that the names in the header fit, in lower case letters and digits alone."""
    parameters: int
    may: tuple[str, ...]
    """Values of `Ability` in models/abilities.py."""
    words: str
    source: str
    date: str


class _Families(Record):
    family: tuple[ModelFamily, ...]
    measured: tuple[MeasuredModel, ...]
    format: tuple[Mapping[str, Json], ...]
    """Chat formats, for children/engine/llama/templates.py."""
    chinese_names: Mapping[str, str]
    """Chinese names of languages, by code."""


@cache
def families() -> _Families:
    import tomllib
    from importlib import resources

    text = (resources.files("slmdesk.models.gguf") / "families.toml").read_text("utf-8")
    return converted(tomllib.loads(text), _Families)


def family_named(name: str) -> ModelFamily | None:
    return next((family for family in families().family if family.name == name), None)


def family_of(header: GgufHeader) -> ModelFamily | None:
    """Return the family of a model file, or None if it is of none in the table."""
    return next(_fitting(header.architecture, names_of(header), header.chat_template or ""), None)


@lru_cache  # a window asks at each change
def translator_of(architecture: str, names: str) -> ModelFamily | None:
    """Return the family of a model made for translation, or None. Such families are recognised without a template."""
    family = next(_fitting(architecture, names, ""), None)
    return family if family is not None and family.translation is not None else None


@lru_cache
def listener_of(architecture: str, names: str) -> ModelFamily | None:
    """Return the family of a model that writes down speech, or None."""
    return next((family for family in _fitting(architecture, names, "") if family.hearing is not None), None)


def recommended_sampling(header: GgufHeader) -> Sampling:
    """Return what the file recommends, and what it leaves open as the publisher recommends it for the family."""
    family = family_of(header)
    return header.sampling.over(family.sampling) if family else header.sampling


def names_of(header: GgufHeader) -> str:
    """Return the names that the header gives the model and the model it was made from, else that of the file."""
    others = (header.metadata.get(key) for key in _NAMES)
    return " ".join((header.name, *(name for name in others if isinstance(name, str))))


def _fitting(architecture: str, names: str, template: str) -> Iterator[ModelFamily]:
    plain = _SEPARATORS.sub("", names).casefold()
    for family in families().family:
        is_named = not family.names or any(name in plain for name in family.names)
        is_marked = all(mark in template for mark in family.marks)
        if is_named and is_marked and architecture.startswith(family.architectures):
            yield family

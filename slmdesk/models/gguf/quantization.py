"""Describes quantizations to the user (bits, quality) and recommends a file.

Sources: bits per weight from llama.cpp's table for a model of 8 billion weights (ggml-org/llama.cpp,
tools/quantize/README.md), or from the layout of the blocks if missing there. Small models have a few per cent more,
since their vocabulary weighs more. The order follows the measurements that llama.cpp prints beside the names
(tools/quantize/quantize.cpp).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol, TypeVar

from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_, _


class Quantization(Record):
    name: str
    bits: float
    """Bits per weight on average over a model."""
    rank: float
    """Position in the list as shown, best first. 0 is closest to the original model."""
    words: str

    @property
    def bits_text(self) -> str:
        digits = re.sub(r"\D*(\d+).*", r"\1", self.name)
        if self.rank < _FIRST_QUANTIZED:
            return _("{digits}-bit, not quantized").format(digits=digits)
        return _("{digits}-bit").format(digits=digits[0])

    def label(self, *, recommended: bool = False) -> str:
        """Return the text shown to the user: "4-bit, recommended: small, nearly as good"."""
        return f"{self.bits_text}{_(', recommended') if recommended else ''}: {_(self.words)}"


class SizedFile(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def size_bytes(self) -> int:
        """Size of all parts together if the file was split."""
        ...


_File = TypeVar("_File", bound=SizedFile)

_EXACT = N_("the model as it was published; large and slow")
_SAME = N_("as good as the original; large")
_ALMOST = N_("hardly to be told from the original")
_CLOSE = N_("very close to the original")
_NEARLY = N_("small, nearly as good")
_FAST = N_("small and fast to read, slightly less exact")
_TRAINED = N_("trained for 4 bits, nearly as good as the original")
_LESS = N_("smaller, noticeably less exact")
_WEAK = N_("very small, makes mistakes; only where nothing else fits")
_BROKEN = N_("tiny, often nonsense")
_TERNARY = N_("made for models trained in this form, no loss for them")

_BEST_FIRST: tuple[tuple[str, float, str], ...] = (
    ("F32", 32.0, _EXACT), ("BF16", 16.0, _EXACT), ("F16", 16.0, _EXACT), ("Q8_0", 8.5, _SAME), ("Q6_K", 6.56, _ALMOST),
    ("Q5_K_M", 5.7, _CLOSE), ("Q5_K_S", 5.57, _CLOSE), ("Q5_1", 6.0, _CLOSE), ("Q5_0", 5.5, _CLOSE),
    ("Q4_K_M", 4.89, _NEARLY), ("Q4_K_S", 4.67, _NEARLY), ("IQ4_NL", 4.68, _NEARLY), ("IQ4_XS", 4.46, _NEARLY),
    ("Q4_1", 5.0, _FAST), ("NVFP4", 4.5, _NEARLY), ("MXFP4", 4.25, _NEARLY), ("Q4_0", 4.6, _FAST),
    ("Q3_K_L", 4.3, _LESS), ("IQ3_M", 3.76, _LESS), ("Q3_K_M", 4.0, _LESS), ("IQ3_S", 3.66, _LESS),
    ("IQ3_XS", 3.5, _LESS), ("Q3_K_S", 3.64, _WEAK), ("IQ3_XXS", 3.25, _WEAK), ("Q2_K", 3.16, _WEAK),
    ("IQ2_M", 2.93, _WEAK), ("Q2_K_S", 2.97, _WEAK), ("IQ2_S", 2.74, _WEAK), ("IQ2_XS", 2.59, _BROKEN),
    ("IQ2_XXS", 2.38, _BROKEN), ("Q2_0", 2.25, _BROKEN), ("IQ1_M", 2.15, _BROKEN), ("IQ1_S", 2.0, _BROKEN),
    ("Q1_0", 1.13, _BROKEN), ("TQ2_0", 2.06, _TERNARY), ("TQ1_0", 1.69, _TERNARY),
)  # fmt: skip
_FIRST_QUANTIZED = 3

QUANTIZATIONS: Mapping[str, Quantization] = MappingProxyType(
    {name: Quantization(name, bits, rank, words) for rank, (name, bits, words) in enumerate(_BEST_FIRST)}
)

_OTHER_NAMES = {
    "FP16": "F16", "FP32": "F32", "Q8_K_XL": "Q8_0", "Q6_K_L": "Q6_K", "Q6_K_XL": "Q6_K", "Q5_K_L": "Q5_K_M",
    "Q5_K_XL": "Q5_K_M", "Q5_K": "Q5_K_M", "Q4_K_L": "Q4_K_M", "Q4_K_XL": "Q4_K_M", "Q4_K": "Q4_K_M",
    "Q3_K_XL": "Q3_K_L", "Q3_K": "Q3_K_M", "Q2_K_L": "Q2_K", "Q2_K_XL": "Q2_K", "Q8": "Q8_0", "Q4": "Q4_K_M",
}  # fmt: skip
"""Short names, and names that publishers gave their own mixtures, each with the nearest quantization of llama.cpp."""
_IN_A_NAME = re.compile(
    r"(?<![A-Za-z0-9])(T?I?Q\d(?:_(?:\d|K|NL|XXS|XS|S|M))?(?:_(?:XL|L|M|S))?|BF16|F(?:P)?(?:16|32)|(?:MX|NV)FP4)"
    r"(?![A-Za-z0-9])(?!_\d)",
    re.IGNORECASE,
)
_REPACKED = re.compile(r"(?<![A-Za-z0-9])Q4_0_\d_\d(?![A-Za-z0-9])", re.IGNORECASE)
_SIZE_IN_NAME = re.compile(
    r"(?<![A-Za-z0-9.])(?:(\d{1,3})x)?(\d{1,4}(?:\.\d{1,3})?)([bm])(?![A-Za-z0-9])", re.IGNORECASE
)
_MOST_PARAMETERS = 10**13
_SPLIT = re.compile(r"-\d{5}-of-\d{5}(?=\.gguf$)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[-_. ]+")
_BETWEEN_WORDS = re.compile(r"(?:[-_ ]|\.(?!\d))+")
TRAINED_FOR = frozenset({"qat", "qad"})
"""Words in names of models that were trained with their weights in 4 bits (quantization-aware training, distillation)
and lose next to nothing by it.
"""
_NO_NAME = frozenset({"", "gguf", "ud", "i1", *TRAINED_FOR})
"""Words in file names that only say how the file was made and are no part of the model's name."""
_ALWAYS_BESIDE = {
    "mmproj": "projector", "imatrix": "imatrix", "vocab": "vocabulary", "lora": "adapter", "adapter": "adapter",
    "dflash": "head", "dspark": "head", "vocoder": "speech",
}  # fmt: skip
_SMALL_BESIDE = {
    **dict.fromkeys(
        ("mtp", "nextn", "eagle", "eagle2", "eagle3", "draft", "drafter", "speculator", "assistant"), "head"
    ),
    **dict.fromkeys(("vision", "projector", "clip"), "projector"),
    **dict.fromkeys(("tokenizer", "codec", "audio", "decoder", "wavtokenizer", "snac"), "speech"),
    **dict.fromkeys(("vae", "t5xxl", "umt5"), "picture"),
    **dict.fromkeys(("dense", "connector", "connectors"), "part"),
}
"""Words for companion files that also occur in model names. They count only if a file without one is MUCH larger."""
_MUCH, _FAR = 4, 8
"""How many times more weights a model must have than a file for the file to be its companion. Draft heads of 2026 have
a ninth of their model's weights or less.
"""
_REAL = 1_000_000
"""Weights from which on a size is compared with the number in a name. Smaller files are made for tests."""

GOOD_ENOUGH = QUANTIZATIONS["Q4_0"].rank
"""Worst rank that is recommended while a better one fits."""
WORST_RECOMMENDED = QUANTIZATIONS["IQ3_XS"].rank
"""Worst rank that is ever recommended. Instead of a worse one, a smaller model in 4 bits is the better choice."""
_USUAL = QUANTIZATIONS["Q4_K_M"].rank
SMALL_FILE_BYTES = 1_100_000_000
"""Size up to which more bits are preferred. They cost little time there, and small models suffer most from few bits
(135M: perplexity 11.9 with 8 bits, 13.0 with Q4_K_M, 14.5 with Q4_0).
"""


def quantization_named(name: str) -> Quantization | None:
    upper = name.upper()
    return QUANTIZATIONS.get(_OTHER_NAMES.get(upper, upper))


@lru_cache(1024)  # a recommendation asks for those of the whole list
def quantization_of_file(name: str) -> Quantization | None:
    """Return the quantization in a file name: "…-Q4_K_M.gguf", "…-UD-Q4_K_XL-00001-of-00002.gguf", "….fp16.gguf".

    Return None if the name has none, or has one of the packings Q4_0_4_4, Q4_0_4_8 and Q4_0_8_8, which llama.cpp can no
    longer read.
    """
    base = name.rpartition("/")[2]
    if _REPACKED.search(base):
        return None
    quantizations = [known for match in _IN_A_NAME.finditer(base) if (known := quantization_named(match[1]))]
    if quantizations and _USUAL <= quantizations[-1].rank <= GOOD_ENOUGH and not TRAINED_FOR.isdisjoint(_tokens(base)):
        return changed(quantizations[-1], rank=_USUAL - 1 / (quantizations[-1].rank + 1), words=_TRAINED)
    return quantizations[-1] if quantizations else None


def companions(files: Sequence[SizedFile]) -> dict[str, str]:
    """Return the kinds of those files of a repository that are not models themselves, by name; see GgufHeader.kind.

    They are recognised by name and folder, and by their size relative to the other files if sizes are known (0:
    unknown).
    """
    kinds = {file.name: kind for file in files if (kind := _beside(file.name, _ALWAYS_BESIDE))}
    others = [
        (weights_of(file), file.name, _beside(file.name, _SMALL_BESIDE)) for file in files if file.name not in kinds
    ]
    most, largest, _kind = max(others, default=(0.0, "", ""))
    most_plain = max((weights for weights, _name, kind in others if not kind), default=-1.0)
    whole = f"-{stem_of(largest)}-"
    for weights, name, kind in others:
        if kind and (most_plain >= _MUCH * weights or not most_plain or parameters_in(name) >= _FAR * weights > _REAL):
            kinds[name] = kind
        elif 0 < _FAR * weights <= most and whole in (stem := f"-{stem_of(name)}-") and stem != whole:
            kinds[name] = kind or "part"
    return kinds


def stem_of(name: str) -> str:
    """Return the model's own name in a file name: without folder, quantization and part numbers, in lower case."""
    bare = _IN_A_NAME.sub("", _SPLIT.sub("", name.rpartition("/")[2])).casefold()
    return "-".join(part for part in _SEPARATORS.split(bare) if part not in _NO_NAME)


def plain_name(address: str) -> str:
    """Return the model's name in words, from its address on the Hub (owner/repository/file or quantization)."""
    for part in reversed(address.split("/")):
        bare = _IN_A_NAME.sub("", _SPLIT.sub("", part)).removesuffix(".bin")
        words = [word for word in _BETWEEN_WORDS.split(bare) if word.casefold() not in _NO_NAME]
        if words:
            return " ".join(words)
    return address


def parameters_in(name: str) -> int:
    """Return the number of weights in a model's name ("Qwen2.5-1.5B", "Mixtral-8x7B", "smollm2-135m"); 0 if none."""
    match = _SIZE_IN_NAME.search(name.rpartition("/")[2])
    if not match:
        return 0
    count = float(match[2]) * int(match[1] or 1) * (1e9 if match[3] in "bB" else 1e6)
    return round(count) if count <= _MOST_PARAMETERS else 0


def sorted_by_quality(files: Iterable[_File]) -> list[_File]:
    return sorted(files, key=lambda file: (_rank(file), -file.size_bytes, file.name))


def recommended(files: Sequence[_File], budget_bytes: int) -> _File | None:
    """Return the file to take on a computer that has `budget_bytes` for the weights alone, without context and program.

    That is the usual 4-bit file if it fits, since more bits cost time and fewer cost quality; one that was trained in 4
    bits before all others. A better file is taken if it is small anyway, and a smaller file if memory is short. Return
    None if nothing that fits is good enough, or if files of different models are equally good.
    """
    beside = companions(files)
    models = [file for file in sorted_by_quality(files) if file.name not in beside]
    able = [file for file in models if _rank(file) <= WORST_RECOMMENDED and 0 < file.size_bytes <= budget_bytes]
    trained = [file for file in able if _USUAL - 1 < _rank(file) < _USUAL]
    small = [
        file for file in able if _rank(file) < _USUAL and file.size_bytes <= SMALL_FILE_BYTES and _bits(file) <= 8.5
    ]
    usual = [file for file in able if _USUAL <= _rank(file) <= GOOD_ENOUGH]
    better = [file for file in reversed(able) if _rank(file) < _USUAL]
    for preferred in (trained, small, usual, better, able):
        if preferred:
            return the_one(preferred[0], models)
    return None


def the_one(best: _File, models: Iterable[_File]) -> _File | None:
    """Return `best`, or the unsplit file of the same model and quantization if `best` is split. Return None if another
    model has a file of the same quantization.
    """
    alike = [file for file in models if _forms(file) == _forms(best)]
    if any(stem_of(file.name) != stem_of(best.name) for file in alike):
        return None
    return min(alike, key=lambda file: bool(_SPLIT.search(file.name))) if _SPLIT.search(best.name) else best


def weight_bytes(parameters: int, quantization: Quantization) -> int:
    return round(parameters * quantization.bits / 8)


def _rank(file: SizedFile) -> float:
    known = quantization_of_file(file.name)
    return known.rank if known else len(QUANTIZATIONS)


def _bits(file: SizedFile) -> float:
    known = quantization_of_file(file.name)
    return known.bits if known else 0.0


def _forms(file: SizedFile) -> list[str]:
    return [form.upper() for form in _IN_A_NAME.findall(file.name.rpartition("/")[2])]


def weights_of(file: SizedFile) -> float:
    """Return about how many weights a file has, by its size and the quantization in its name."""
    return 8 * file.size_bytes / (_bits(file) or 16.0)


def _beside(name: str, kinds: Mapping[str, str]) -> str:
    return next((kinds[token] for token in _tokens(name) if token in kinds), "")


def _tokens(name: str) -> list[str]:
    *folders, base = name.casefold().split("/")
    return [*folders, *_SEPARATORS.split(base)]

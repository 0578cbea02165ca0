"""Projectors (mmproj): the files by which models see or hear.  Which fits which model, what it needs, whether it is
sound.  What is particular to hearing stands in hearing.py.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Json
from slmdesk.base.records import ModelRecord
from slmdesk.base.texts import N_
from slmdesk.base.untrusted import clean_label
from slmdesk.models.gguf import hearing
from slmdesk.models.gguf.header import ASR, GgufHeader, ListSummary, whole
from slmdesk.models.gguf.projector_weights import Sizes, are_possible, wrong_weight
from slmdesk.models.gguf.read import check_file

PROJECTOR = "projector"
BESIDE = ("adapter", PROJECTOR)
"""Kinds of files that are of use beside a model alone."""
_LARGEST = 1 << 14
_MOST_TILES = 32
"""Along a side, and in all where its header limits their number."""
_SPATIAL = "spatial_merge_size"
_WORDS = re.compile(r"[a-z]+|\d+(?:[.]\d+)?b?")
_UNTOLD = frozenset(_WORDS.findall("mmproj model gguf it instruct chat vision projector f bf q k m 0 8 16 32"))
"""Words of a file's name that do not tell its model."""


class _Kind(NamedTuple):
    models: tuple[str, ...]
    """Architectures of the models that it is made for."""
    merge: int = 0
    """How many patches become one, each way, where its header does not say; 0: it has to."""
    most_tokens: int = 0
    """Of a picture where its size decides; 0: it has a number of its own."""
    at_once: bool = False
    """A picture's tokens see each other, so all of them are computed together."""
    merge_key: str = "projector.scale_factor"
    """Where its header says how many patches become one; another key is not read. Empty: no header says it."""


KINDS: Mapping[str, _Kind] = {
    "gemma3": _Kind(("gemma3",), merge=4, at_once=True),
    "gemma4v": _Kind(("gemma4",), merge=3, most_tokens=512, at_once=True),
    "gemma4uv": _Kind(("gemma4",), merge=3, most_tokens=512, at_once=True),
    "qwen2vl_merger": _Kind(("qwen2vl",), 2, most_tokens=1024, merge_key=_SPATIAL),
    "qwen2.5vl_merger": _Kind(("qwen2vl",), 2, most_tokens=1024, merge_key=_SPATIAL),
    "qwen3vl_merger": _Kind(("qwen3vl", "qwen3vlmoe", "qwen35", "qwen35moe"), 2, most_tokens=1024, merge_key=_SPATIAL),
    "idefics3": _Kind(("llama",)),
    "lfm2": _Kind(("lfm2", "lfm2moe")),
    "pixtral": _Kind(("llama", "mistral3"), merge=1, most_tokens=1024, merge_key=_SPATIAL),
    "internvl": _Kind(("qwen2", "qwen3", "internlm2", "llama")),
    "paddleocr": _Kind(("paddleocr",), 2, most_tokens=4096, merge_key=""),
}
"""The projectors of the pinned llama.cpp that are used."""


def type_of(header: GgufHeader) -> str:
    """The kind of projector, as llama.cpp calls it."""
    for key in ("clip.projector_type", "clip.vision.projector_type"):
        value = header.metadata.get(key)
        if isinstance(value, str) and value:
            return clean_label(value, 40)
    return hearing.type_of(header)


def width_of(header: GgufHeader) -> int:
    return whole(header.metadata.get("clip.vision.projection_dim"), 1 << 20) or hearing.width_of(header)


def flaw_of(header: GgufHeader) -> str:
    """Why a projector cannot be used, in a few words; "" for a sound one."""
    if header.kind != PROJECTOR:
        return N_("it is no projector")
    if hears(header):
        return hearing.flaw_of(header)
    if header.metadata.get("clip.has_vision_encoder") is not True:
        return N_("it sees no pictures")
    if type_of(header) not in KINDS:
        return N_("it is of a kind that is not supported")
    numbers = {key: _number(header, key) for key in ("image_size", "patch_size", "embedding_length", "block_count")}
    heads = _number(header, "attention.head_count")
    colours = [header.metadata.get(f"clip.vision.image_{name}") for name in ("mean", "std")]
    are_colours = all(isinstance(colour, ListSummary) and colour.count >= 3 for colour in colours)
    if not all(numbers.values()) or not heads or not are_colours or not width_of(header):
        return N_("its header names no size")
    is_whole = numbers["embedding_length"] % heads == 0 and numbers["patch_size"] <= numbers["image_size"]
    if not is_whole or not 0 < _merge(header) <= 16 or not _are_limits(header):
        return N_("the sizes in its header contradict each other")
    sizes = Sizes(
        width=numbers["embedding_length"], heads=heads, kv_heads=_number(header, "attention.head_count_kv", heads),
        head_length=_number(header, "attention.head_dim", 0) or numbers["embedding_length"] // heads,
        layers=numbers["block_count"], image=numbers["image_size"], patch=numbers["patch_size"],
        merge=_merge(header), out=width_of(header),
    )  # fmt: skip
    if not are_possible(type_of(header), sizes) or sizes.kv_heads < 1 or heads % sizes.kv_heads:
        return N_("the sizes in its header contradict each other")
    name = wrong_weight(type_of(header), sizes, header.tensors)
    if not name:
        return ""
    if name in header.tensors.shapes:
        return N_("the sizes of its weights are not those in its header")
    return N_("weights are missing")


def _are_limits(header: GgufHeader) -> bool:
    """Whether what libmtmd takes from the header without a look is within its bounds."""
    epsilon = header.metadata.get("clip.vision.attention.layer_norm_epsilon")
    least, most = _number(header, "preproc_min_tiles", 1), _number(header, "preproc_max_tiles", 12)
    edge = _number(header, "preproc_image_size", int(type_of(header) != "idefics3"))
    return (
        0 < least <= most <= _MOST_TILES
        and 0 < edge <= _MOST_TILES * _number(header, "image_size")
        and _number(header, "attention.head_dim", 1) > 0
        and _number(header, "n_wa_pattern", 0) != 1
        and isinstance(epsilon, float)
        and 0 <= epsilon < 1
        and (type_of(header) != "paddleocr" or _are_pixels(header))
    )


def _are_pixels(header: GgufHeader) -> bool:
    """Whether the least and the most pixels of a picture, which libmtmd takes from this header, are within bounds."""
    least, most = (whole(header.metadata.get(f"clip.vision.image_{end}_pixels"), 1 << 30) for end in ("min", "max"))
    return 0 < least <= most <= most_picture_tokens(header) * (_number(header, "patch_size") * _merge(header)) ** 2


def hears(header: GgufHeader) -> bool:
    """Whether a projector is for sound, and not for pictures."""
    return header.metadata.get("clip.has_vision_encoder") is not True and bool(hearing.type_of(header))


def require_projector(header: GgufHeader) -> None:
    """Raises KnownError `projector.unusable`."""
    if flaw := flaw_of(header):
        raise KnownError("projector.unusable", name=header.name, reason=flaw)


def misfit_of(header: GgufHeader, architecture: str, width: int) -> str:
    """Why a sound projector does not fit a model, in a few words; "" where it fits."""
    ours = _models_of(type_of(header), hears=hears(header))
    if architecture not in ours:
        reason = N_("it is made for {ours}, not for {theirs}")
        return reason.format(ours=ours[0], theirs=clean_label(architecture, 40))
    return "" if width_of(header) == width else N_("it is made for a model of another size")


def check_projector(path: Path, base: GgufHeader | None = None) -> GgufHeader:
    """Check a file, before anything is loaded.  Raises KnownError `projector.unusable`, `projector.other_model`."""
    try:
        header = check_file(path)
    except KnownError as err:
        name = clean_label(path.stem, 80)
        reason = str(err.args_for_people.get("reason", "")) or N_("it is damaged")
        raise KnownError("projector.unusable", name=name, reason=reason) from err
    require_projector(header)
    if base and (reason := misfit_of(header, base.architecture, base.embedding_length)):
        raise KnownError("projector.other_model", name=header.name, model=base.name, reason=reason)
    return header


def most_picture_tokens(header: GgufHeader) -> int:
    """The limit for a picture's tokens; 0: its kind has its own."""
    return KINDS[type_of(header)].most_tokens


def tokens_at_once(header: GgufHeader) -> int:
    """How many tokens of a picture the model must take together; 0: as many as it likes."""
    if not KINDS[type_of(header)].at_once:
        return 0
    side = math.ceil(_number(header, "image_size") / (_number(header, "patch_size") * _merge(header)))
    return most_picture_tokens(header) or side * side


def sight_bytes(header: GgufHeader) -> int:
    """Bytes of memory that a projector needs: its weights, and what it computes a picture in."""
    patches = (_number(header, "image_size") // _number(header, "patch_size")) ** 2
    patches = max(patches, most_picture_tokens(header) * _merge(header) ** 2)
    wide = _number(header, "feed_forward_length") + 8 * _number(header, "embedding_length")
    return header.weight_bytes + 4 * patches * wide


def takes_projector(architecture: str) -> bool:
    """Whether there may be projectors for models of an architecture."""
    made_for = {name for kind in KINDS.values() for name in kind.models}
    return architecture in made_for | set(hearing.KINDS.values())


def _models_of(kind: str, *, hears: bool) -> tuple[str, ...]:
    """Architectures that a kind of projector is made for; none for one that is not used."""
    if hears:
        return (hearing.KINDS[kind],) if kind in hearing.KINDS else ()
    return KINDS[kind].models if kind in KINDS else ()


def facts_of(header: GgufHeader) -> dict[str, Json]:
    """What of a projector's header is kept in the library, to find its model by."""
    return {"projector": type_of(header), "embedding_length": width_of(header)}


def projector_for(model: ModelRecord, known: Iterable[ModelRecord]) -> ModelRecord | None:
    """The projector of a model: of its width and family, from its repository or of the most like name."""
    architecture, width = model.header.get("architecture"), model.header.get("embedding_length")  # None: not known yet
    able = [
        file
        for file in known
        if file.kind == PROJECTOR
        if architecture in _models_of(str(file.header.get("projector")), hears=model.kind == ASR)
        if width in (None, file.header.get("embedding_length"))
    ]
    words, repo = _words(model), _repo(model)
    alike = [(bool(repo) and _repo(file) == repo, len(words & _words(file)), file) for file in able]
    best = max(alike, key=lambda ranked: ranked[:2], default=None)
    if best is None or not (best[0] or best[1] or (len(able) == 1 and not _words(best[2]))):
        return None
    return best[2]


def named_for(name: str, names: Sequence[str]) -> str:
    """Of a repository's projectors the one for a model's file: the most like name, then half precision."""
    wanted = set(_WORDS.findall(name.lower())) - _UNTOLD

    def rank(other: str) -> tuple[int, bool, bool]:
        lower = other.lower()
        return len(wanted & set(_WORDS.findall(lower))), "f16" in lower and "bf16" not in lower, "q8_0" in lower

    return max(names, key=rank, default="")


def _words(file: ModelRecord) -> frozenset[str]:
    stem = Path(os.fsdecode(file.path)).stem
    return frozenset(_WORDS.findall(f"{file.name} {stem}".lower())) - _UNTOLD


def _repo(file: ModelRecord) -> str:
    return "/".join(file.source.split("/")[:2]) if file.source.startswith("huggingface:") else ""


def _number(header: GgufHeader, key: str, usual: int = 0) -> int:
    return whole(header.metadata.get(f"clip.vision.{key}", usual), _LARGEST)


def _merge(header: GgufHeader) -> int:
    """How many patches become one, each way; 0 where a number is there that cannot be."""
    kind = KINDS[type_of(header)]
    told = header.metadata.get(f"clip.vision.{kind.merge_key}", kind.merge)
    return whole(told, _LARGEST)

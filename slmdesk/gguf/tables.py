"""Names and sizes of the GGUF format, as data.

Sources: the GGUF specification (ggml-org/ggml, docs/gguf.md) and the tables of the pinned llama.cpp, with which
tests/core/test_gguf_tables.py compares them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType

from slmdesk.base.record import Record

STRING, ARRAY, BOOL, FLOAT = 8, 9, 7, 6

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
    """How weights are packed: `block` of them take `block_bytes` bytes."""

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
"""A bit of `general.file_type`: whoever wrote it guessed."""

ENCODERS = frozenset(
    {
        "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3",
        "eurobert", "gemma-embedding", "llama-embed", "t5encoder",
    }
)  # fmt: skip
"""Architectures that give vectors, not words."""

PROJECTORS = frozenset({"clip"})

DRAFT_HEADS = frozenset({"dflash", "eagle3", "gemma4-assistant"})
"""Architectures that guess ahead for the model they were made for.  Others are heads by what they lack."""

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
        "minimax-01", "minimax-m3", "kimi-k3", "glm5-next", "qwen4exp",
    }
)  # fmt: skip
"""Architectures of the pinned llama.cpp that write one word after the other.

Left out: diffusion models, encoder-decoders, speech, draft heads.
"""

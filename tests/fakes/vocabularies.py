"""GGUF files that hold a vocabulary and no weights: both kinds of tokenizer, with any markers wanted.

path = write(tmp_path / "v.gguf", vocabulary_file("sentencepiece", markers=MARKERS))
with open_vocabulary(path) as vocabulary: ...
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fakes.tiny_gguf import Contents, TinyFile, build, write

from slmdesk.base.types import PromptPart
from slmdesk.children.engine.llama.vocabulary import Vocabulary, open_vocabulary, tokens_and_edges

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
MARKERS = (
    "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<start_of_turn>",
    "<end_of_turn>", "<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>", "<|system|>", "<|user|>",
    "<|assistant|>", "<|end|>", "[INST]", "[/INST]", "<tool_call>",
)  # fmt: skip
"""What the families write around turns."""
WORDS = ("Hello", "world", "user", "system", "assistant", "im", "start", "end", "▁Hello", "▁world", "▁user", "▁the")


def vocabulary_file(
    tokenizer: str = "sentencepiece",
    *,
    markers: Sequence[str] = MARKERS,
    marker_type: int = CONTROL,
    add_bos: bool = True,
    extra: Sequence[str] = (),
) -> TinyFile:
    """`tokenizer`: "sentencepiece" (puts a space before a text) or "bytes" (GPT-2's kind).  `extra`: more words."""
    if tokenizer == "sentencepiece":
        letters = [chr(c) for c in range(33, 127)]
        plain = ["▁", *letters, *WORDS, *extra]
        tokens = ["<unk>", "<s>", "</s>", *(f"<0x{n:02X}>" for n in range(256)), *plain, *markers]
        types = [UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256, *[NORMAL] * len(plain), *[marker_type] * len(markers)]
    else:
        plain = [*_byte_letters(), *extra]
        tokens = ["<unk>", "<s>", "</s>", *plain, *markers]
        types = [UNKNOWN, CONTROL, CONTROL, *[NORMAL] * len(plain), *[marker_type] * len(markers)]
    return build(
        Contents(
            {
                "general.architecture": ("string", "llama"),
                "general.name": ("string", "Vocabulary"),
                "llama.context_length": ("u32", 512),
                "llama.embedding_length": ("u32", 32),
                "llama.block_count": ("u32", 1),
                "llama.feed_forward_length": ("u32", 64),
                "llama.attention.head_count": ("u32", 2),
                "llama.attention.layer_norm_rms_epsilon": ("f32", 1e-5),
                "tokenizer.ggml.model": ("string", "llama" if tokenizer == "sentencepiece" else "gpt2"),
                "tokenizer.ggml.pre": ("string", "default"),
                "tokenizer.ggml.tokens": ("array", ("string", tokens)),
                "tokenizer.ggml.scores": ("array", ("f32", [float(len(token)) for token in tokens])),
                "tokenizer.ggml.token_type": ("array", ("i32", types)),
                "tokenizer.ggml.merges": ("array", ("string", ["h e", "l l"] if "he" in extra else [])),
                "tokenizer.ggml.bos_token_id": ("u32", 1),
                "tokenizer.ggml.eos_token_id": ("u32", 2),
                "tokenizer.ggml.unknown_token_id": ("u32", 0),
                "tokenizer.ggml.add_bos_token": ("bool", add_bos),
            }
        )
    )


def named_vocabulary(name: str, starter_model: Path, folder: Path):
    """Opens the words of the starter model ("real") or of a made one: its tokenizer, perhaps ", markers as words"."""
    path = starter_model
    if name != "real":
        tokenizer, *words = name.split(", ")
        made = vocabulary_file(tokenizer, marker_type=USER_DEFINED if words else CONTROL)
        path = write(folder / "v.gguf", made)
    return open_vocabulary(path)


def _byte_letters() -> list[str]:
    """GPT-2's letter for each byte: printable ones stand for themselves, the others follow from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [n for n in range(256) if n not in printable]
    return [chr(n) for n in printable] + [chr(256 + i) for i in range(len(others))]


def tokenize_parts(vocabulary: Vocabulary, parts: Sequence[PromptPart]) -> list[int]:
    return tokens_and_edges(vocabulary, parts, see=lambda _picture: ())[0]

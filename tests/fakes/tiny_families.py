"""Tiny models of every family in the curated list: random weights, made with the `gguf` package, 30 to 400 kB each.

    path = make("phi3", tmp_path)                     # loads and decodes in llama.cpp
    path = make("llama2", tmp_path, template="…")     # with a chat template of its own

The names of keys and tensors are those of the package, so a file is what a converter would have written: fused query,
key and value where the family has them, its norms and biases, its tokenizer with the name of its splitting, whether a
text begins with BOS.  What such a model writes is noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from fakes.vocabularies import MARKERS

CONTEXT = 4096
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


@dataclass(frozen=True)
class Shape:
    """How large; multiply for a model whose speed or memory can be measured."""

    layers: int = 2
    embedding: int = 64
    heads: int = 4
    kv_heads: int = 2
    head: int = 16
    inner: int = 96
    experts: int = 4
    experts_used: int = 2


@dataclass(frozen=True)
class Tiny:
    """How a family differs from a llama."""

    architecture: str
    tokenizer: str = "llama"
    """"llama" (SentencePiece), "gpt2" (bytes) or "bert" (word pieces)."""
    split: str = "default"
    """How bytes are cut into words first: the name llama.cpp knows it by."""
    bos: bool = True
    """A text begins with BOS."""
    format: str = "plain"
    """The published chat format: a family of the engine."""
    keys: Callable[[Shape], Mapping[str, Any]] | None = None
    """More of the architecture's own keys, and other values than a llama's; None leaves one out."""
    weights: Callable[[Weights], None] | None = None
    """None: those of a llama with tied output."""


Pack = Callable[[str, tuple[int, ...], np.random.Generator], tuple[np.ndarray, gguf.GGMLQuantizationType]]
"""Makes the bytes of a matrix in a type of weights: a last axis of bytes instead of numbers."""


class Weights:
    """Random tensors by their names in GGUF."""

    def __init__(self, tokens: int, seed: int, shape: Shape, pack: Pack | None = None) -> None:
        self.tokens = tokens
        self.shape = shape
        self.packed: dict[str, tuple[np.ndarray, gguf.GGMLQuantizationType]] = {}
        self._pack = pack
        self.blocks = [f"blk.{layer}." for layer in range(shape.layers)]
        self.tensors: dict[str, np.ndarray] = {}
        self._random = np.random.default_rng(seed)

    def matrix(self, name: str, *shape: int, kind: type[np.floating] = np.float16) -> None:
        """Shape as numpy has it: what comes out, what goes in."""
        if self._pack and kind is np.float16:
            self.packed[name + ".weight"] = self._pack(name, shape, self._random)
            return
        values = self._random.standard_normal(shape) / shape[-1] ** 0.5
        self.tensors[name + ".weight"] = values.astype(kind)

    def norm(self, name: str, length: int = 0, *, bias: bool = False) -> None:
        length = length or self.shape.embedding
        self.tensors[name + ".weight"] = np.ones(length, np.float32)
        if bias:
            self.bias(name, length)

    def bias(self, name: str, length: int) -> None:
        self.tensors[name + ".bias"] = (self._random.standard_normal(length) * 0.1).astype(np.float32)

    def linear(self, name: str, out: int, into: int, *, bias: bool = False) -> None:
        self.matrix(name, out, into)
        if bias:
            self.bias(name, out)

    def ends(self, *, untied: bool = False, bias: bool = False, output_bias: bool = False) -> None:
        self.matrix("token_embd", self.tokens, self.shape.embedding)
        self.norm("output_norm", bias=bias)
        if untied:
            self.linear("output", self.tokens, self.shape.embedding, bias=output_bias)

    def attention(self, blk: str, *, kv: int = 0, heads: int = 0, fused: bool = False, bias: str = "") -> None:
        """`bias`: "" none, "qkv", or "all" for the output too."""
        kv, heads = kv or self.shape.kv_heads, heads or self.shape.heads
        if fused:
            self.linear(blk + "attn_qkv", (heads + 2 * kv) * self.shape.head, self.shape.embedding, bias=bool(bias))
        else:
            for part, count in (("q", heads), ("k", kv), ("v", kv)):
                self.linear(f"{blk}attn_{part}", count * self.shape.head, self.shape.embedding, bias=bool(bias))
        self.linear(blk + "attn_output", self.shape.embedding, heads * self.shape.head, bias=bias == "all")

    def feed_forward(self, blk: str, *, gate: bool = True, inner: int = 0, bias: bool = False) -> None:
        inner = inner or self.shape.inner
        if gate:
            self.linear(blk + "ffn_gate", inner, self.shape.embedding, bias=bias)
        self.linear(blk + "ffn_up", inner, self.shape.embedding, bias=bias)
        self.linear(blk + "ffn_down", self.shape.embedding, inner, bias=bias)

    def experts(self, blk: str) -> None:
        self.matrix(blk + "ffn_gate_inp", self.shape.experts, self.shape.embedding)
        self.matrix(blk + "ffn_gate_exps", self.shape.experts, self.shape.inner, self.shape.embedding)
        self.matrix(blk + "ffn_up_exps", self.shape.experts, self.shape.inner, self.shape.embedding)
        self.matrix(blk + "ffn_down_exps", self.shape.experts, self.shape.embedding, self.shape.inner)

    def separate_experts(self, blk: str) -> None:
        self.matrix(blk + "ffn_gate_inp", self.shape.experts, self.shape.embedding)
        for number in range(self.shape.experts):
            for part in ("gate", "up"):
                self.matrix(f"{blk}ffn_{part}.{number}", self.shape.inner, self.shape.embedding)
            self.matrix(f"{blk}ffn_down.{number}", self.shape.embedding, self.shape.inner)

    def head_norms(self, blk: str) -> None:
        self.norm(blk + "attn_q_norm", self.shape.head)
        self.norm(blk + "attn_k_norm", self.shape.head)


def _llama(weights: Weights, *, untied: bool = False, bias: str = "", head_norms: bool = False) -> None:
    weights.ends(untied=untied)
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm")
        weights.attention(blk, bias=bias)
        if head_norms:
            weights.head_norms(blk)
        weights.norm(blk + "ffn_norm")
        weights.feed_forward(blk)


def _mixtral(weights: Weights, *, separate: bool = False) -> None:
    weights.ends(untied=True)
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm")
        weights.attention(blk)
        weights.norm(blk + "ffn_norm")
        (weights.separate_experts if separate else weights.experts)(blk)


def _granite_code(weights: Weights) -> None:
    weights.ends()
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm")
        weights.attention(blk, bias="all")
        weights.norm(blk + "ffn_norm")
        weights.feed_forward(blk, bias=True)


def _phi2(weights: Weights) -> None:
    weights.ends(untied=True, bias=True, output_bias=True)
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm", bias=True)
        weights.attention(blk, kv=weights.shape.heads, fused=True, bias="all")
        weights.feed_forward(blk, gate=False, bias=True)


def _phi3(weights: Weights) -> None:
    weights.ends(untied=True)
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm")
        weights.attention(blk, fused=True)
        weights.norm(blk + "ffn_norm")
        weights.matrix(blk + "ffn_up", 2 * weights.shape.inner, weights.shape.embedding)
        weights.matrix(blk + "ffn_down", weights.shape.embedding, weights.shape.inner)


OPENELM = ((2, 1, 64), (4, 2, 96))
"""Heads, key heads and inner width of each layer: they grow."""


def _openelm(weights: Weights) -> None:
    weights.ends()
    for blk, (heads, kv, inner) in zip(weights.blocks, OPENELM, strict=True):
        weights.norm(blk + "attn_norm")
        weights.attention(blk, heads=heads, kv=kv, fused=True)
        weights.head_norms(blk)
        weights.norm(blk + "ffn_norm")
        weights.feed_forward(blk, inner=inner)


def _stablelm(weights: Weights) -> None:
    weights.ends(untied=True, bias=True)
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm", bias=True)
        weights.attention(blk, kv=weights.shape.heads)
        weights.norm(blk + "ffn_norm", bias=True)
        weights.feed_forward(blk)


def _falcon(weights: Weights) -> None:
    weights.ends(untied=True, bias=True)
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm", bias=True)
        weights.attention(blk, kv=1, fused=True)
        weights.feed_forward(blk, gate=False)


def _gemma(weights: Weights, *, head_norms: bool = False, after: bool = True) -> None:
    _llama(weights, head_norms=head_norms)
    for blk in weights.blocks:
        if after:
            weights.norm(blk + "post_attention_norm")
            weights.norm(blk + "post_ffw_norm")


def _starcoder2(weights: Weights) -> None:
    weights.ends(bias=True)
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm", bias=True)
        weights.attention(blk, bias="all")
        weights.norm(blk + "ffn_norm", bias=True)
        weights.feed_forward(blk, gate=False, bias=True)


def _bert(weights: Weights) -> None:
    weights.matrix("token_embd", weights.tokens, weights.shape.embedding)
    weights.matrix("token_types", 2, weights.shape.embedding, kind=np.float32)  # added, not multiplied: always whole
    weights.matrix("position_embd", CONTEXT, weights.shape.embedding, kind=np.float32)
    weights.norm("token_embd_norm", bias=True)
    for blk in weights.blocks:
        weights.attention(blk, kv=weights.shape.heads, bias="all")
        weights.norm(blk + "attn_output_norm", bias=True)
        weights.feed_forward(blk, gate=False, bias=True)
        weights.norm(blk + "layer_output_norm", bias=True)


PER_LAYER = 16
"""Width of Gemma 4's input for each layer."""


def _gemma4(weights: Weights) -> None:
    _gemma(weights, head_norms=True)
    weights.norm("rope_freqs", weights.shape.head // 2)
    inputs = PER_LAYER * len(weights.blocks)
    weights.matrix("per_layer_token_embd", weights.tokens, inputs)
    weights.matrix("per_layer_model_proj", inputs, weights.shape.embedding)
    weights.norm("per_layer_proj_norm", PER_LAYER)
    for blk in weights.blocks:
        weights.matrix(blk + "inp_gate", PER_LAYER, weights.shape.embedding)
        weights.matrix(blk + "proj", weights.shape.embedding, PER_LAYER)
        weights.norm(blk + "post_norm")


def _qwen35(weights: Weights) -> None:
    """Layers in turn with a recurrent state (gated delta rule) and with attention, whose output has a gate."""
    weights.ends()
    width, inner, heads = weights.shape.embedding, 2 * weights.shape.head, 2
    for number, blk in enumerate(weights.blocks):
        weights.norm(blk + "attn_norm")
        weights.norm(blk + "post_attention_norm")
        weights.feed_forward(blk)
        if number % 2:
            weights.attention(blk)
            weights.matrix(blk + "attn_q", 2 * weights.shape.heads * weights.shape.head, width)
            weights.head_norms(blk)
            continue
        weights.matrix(blk + "attn_qkv", 3 * inner, width)
        weights.matrix(blk + "attn_gate", inner, width)
        weights.matrix(blk + "ssm_conv1d", 3 * inner, 4, kind=np.float32)
        weights.bias(blk + "ssm_dt", heads)
        weights.tensors[blk + "ssm_a"] = np.full(heads, -0.01, np.float32)  # it forgets slowly
        weights.matrix(blk + "ssm_alpha", heads, width)
        weights.matrix(blk + "ssm_beta", heads, width)
        weights.norm(blk + "ssm_norm", weights.shape.head)
        weights.matrix(blk + "ssm_out", width, inner)


def _lfm2(weights: Weights, *, experts: bool = False) -> None:
    """Layers in turn with a short convolution and with attention."""
    width = weights.shape.embedding
    weights.matrix("token_embd", weights.tokens, width)
    weights.norm("token_embd_norm")
    for number, blk in enumerate(weights.blocks):
        weights.norm(blk + "attn_norm")
        weights.norm(blk + "ffn_norm")
        if experts and number:
            weights.experts(blk)
            weights.bias(blk + "exp_probs_b", weights.shape.experts)
        else:
            weights.feed_forward(blk)
        if number % 2:
            weights.attention(blk)
            weights.head_norms(blk)
        else:
            weights.matrix(blk + "shortconv.conv", width, 3, kind=np.float32)
            weights.matrix(blk + "shortconv.in_proj", 3 * width, width)
            weights.matrix(blk + "shortconv.out_proj", width, width)


def _gpt_oss(weights: Weights) -> None:
    weights.ends(untied=True)
    shape = weights.shape
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm")
        weights.norm(blk + "post_attention_norm")
        weights.attention(blk, bias="all")
        weights.norm(blk + "attn_sinks", shape.heads)
        weights.experts(blk)
        weights.bias(blk + "ffn_gate_inp", shape.experts)
        for part, length in (("gate", shape.inner), ("up", shape.inner), ("down", shape.embedding)):
            weights.tensors[f"{blk}ffn_{part}_exps.bias"] = np.zeros((shape.experts, length), np.float32)


def _apertus(weights: Weights) -> None:
    weights.ends(untied=True)
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm")
        weights.attention(blk)
        weights.head_norms(blk)
        weights.norm(blk + "ffn_norm")
        weights.feed_forward(blk, gate=False)


def _nomic(weights: Weights) -> None:
    weights.matrix("token_embd", weights.tokens, weights.shape.embedding)
    weights.matrix("token_types", 2, weights.shape.embedding, kind=np.float32)
    weights.norm("token_embd_norm", bias=True)
    for blk in weights.blocks:
        weights.attention(blk, kv=weights.shape.heads, fused=True)
        weights.norm(blk + "attn_output_norm", bias=True)
        weights.feed_forward(blk)
        weights.norm(blk + "layer_output_norm", bias=True)


def _modern_bert(weights: Weights) -> None:
    width, inner = weights.shape.embedding, weights.shape.inner
    weights.matrix("token_embd", weights.tokens, width)
    weights.norm("token_embd_norm")
    weights.norm("output_norm")
    for number, blk in enumerate(weights.blocks):
        if number:
            weights.norm(blk + "attn_norm")
        weights.attention(blk, kv=weights.shape.heads, fused=True)
        weights.norm(blk + "ffn_norm")
        weights.matrix(blk + "ffn_up", 2 * inner, width)
        weights.matrix(blk + "ffn_down", width, inner)


def _spark(weights: Weights) -> None:
    """Attention over all, or through a window; its output has a gate for each head."""
    _llama(weights)
    for blk in weights.blocks:
        weights.matrix(blk + "attn_gate", weights.shape.heads, weights.shape.embedding)


_LAYER_NORM = {"attention.layer_norm_epsilon": 1e-5, "attention.layer_norm_rms_epsilon": None}
_SOFTCAP = {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0}


_MAMBA = {"ssm.conv_kernel": 4, "ssm.state_size": 8, "ssm.time_step_rank": 4}


def _mamba(weights: Weights) -> None:
    """It forgets slowly, so that what it writes tells what it has read."""
    width = weights.shape.embedding
    inner, state, step = 2 * width, _MAMBA["ssm.state_size"], _MAMBA["ssm.time_step_rank"]
    weights.ends()
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm")
        weights.matrix(blk + "ssm_in", 2 * inner, width)
        weights.matrix(blk + "ssm_conv1d", inner, 4, kind=np.float32)
        weights.bias(blk + "ssm_conv1d", inner)
        weights.matrix(blk + "ssm_x", step + 2 * state, inner)
        weights.linear(blk + "ssm_dt", inner, step, bias=True)
        weights.tensors[blk + "ssm_a"] = -np.tile(np.linspace(0.001, 0.1, state, dtype=np.float32), (inner, 1))
        weights.tensors[blk + "ssm_d"] = np.ones(inner, np.float32)
        weights.matrix(blk + "ssm_out", width, inner)


def _mamba_keys(shape: Shape) -> dict[str, Any]:
    unused = ("attention.head_count_kv", "attention.key_length", "attention.value_length", "rope.dimension_count")
    sizes = {"ssm.inner_size": 2 * shape.embedding, "attention.head_count": 0, "feed_forward_length": 0}
    return _MAMBA | sizes | dict.fromkeys(unused)


_MAMBA2 = {"ssm.conv_kernel": 4, "ssm.state_size": 16, "ssm.time_step_rank": 4, "ssm.group_count": 1}


def _mamba2(weights: Weights, blk: str) -> None:
    """It forgets slowly too."""
    width = weights.shape.embedding
    inner, heads, state = 2 * width, _MAMBA2["ssm.time_step_rank"], _MAMBA2["ssm.state_size"]
    weights.matrix(blk + "ssm_in", 2 * inner + 2 * state + heads, width)
    weights.matrix(blk + "ssm_conv1d", inner + 2 * state, 4, kind=np.float32)
    weights.bias(blk + "ssm_conv1d", inner + 2 * state)
    weights.bias(blk + "ssm_dt", heads)
    weights.tensors[blk + "ssm_a"] = np.full((heads, 1), -0.01, np.float32)
    weights.tensors[blk + "ssm_d"] = np.ones((heads, 1), np.float32)
    weights.tensors[blk + "ssm_norm.weight"] = np.ones((1, inner), np.float32)
    weights.matrix(blk + "ssm_out", width, inner)


def _granite_hybrid(weights: Weights) -> None:
    """Layers in turn with a recurrent state and with attention."""
    weights.ends()
    for number, blk in enumerate(weights.blocks):
        weights.norm(blk + "attn_norm")
        weights.norm(blk + "ffn_norm")
        weights.feed_forward(blk)
        if number % 2:
            weights.attention(blk)
        else:
            _mamba2(weights, blk)


def _falcon_h1(weights: Weights) -> None:
    """Both in each layer."""
    weights.ends(untied=True)
    for blk in weights.blocks:
        weights.norm(blk + "attn_norm")
        weights.attention(blk)
        _mamba2(weights, blk)
        weights.tensors[blk + "ffn_norm"] = np.ones(weights.shape.embedding, np.float32)  # so llama.cpp calls it
        weights.feed_forward(blk)


def _nemotron_h(weights: Weights) -> None:
    """A layer is a recurrent state, or attention, or feeds forward."""
    weights.ends(untied=True)
    for number, blk in enumerate(weights.blocks):
        weights.norm(blk + "attn_norm")
        if number % 3 == 0:
            _mamba2(weights, blk)
        elif number % 3 == 1:
            weights.attention(blk)
        else:
            weights.feed_forward(blk, gate=False)


def _mamba2_keys(shape: Shape) -> dict[str, Any]:
    return _MAMBA2 | {"ssm.inner_size": 2 * shape.embedding}


def _nemotron_h_keys(shape: Shape) -> dict[str, Any]:
    layers = range(shape.layers)
    heads = [shape.kv_heads * (layer % 3 == 1) for layer in layers]
    inner = [shape.inner * (layer % 3 == 2) for layer in layers]
    return _mamba2_keys(shape) | _LAYER_NORM | {"attention.head_count_kv": heads, "feed_forward_length": inner}


_GRANITE = {"attention.scale": 0.0625, "embedding_scale": 12.0, "residual_scale": 0.22, "logit_scale": 8.0}


def _experts(shape: Shape) -> dict[str, Any]:
    return {"expert_count": shape.experts, "expert_used_count": shape.experts_used}


def _all_heads(shape: Shape) -> dict[str, Any]:
    return {"attention.head_count_kv": shape.heads} | _LAYER_NORM


def _openelm_keys(_shape: Shape) -> dict[str, Any]:
    names = ("attention.head_count", "attention.head_count_kv", "feed_forward_length")
    return dict(zip(names, map(list, zip(*OPENELM, strict=True)), strict=True))


def _in_turn(shape: Shape) -> list[int]:
    return [shape.kv_heads * (number % 2) for number in range(shape.layers)]


def _gemma4_keys(shape: Shape) -> dict[str, Any]:
    return {
        "attention.sliding_window": 64, "attention.sliding_window_pattern": [True, False] * (shape.layers // 2),
        "attention.key_length_swa": shape.head, "attention.value_length_swa": shape.head,
        "rope.dimension_count_swa": shape.head, "rope.freq_base_swa": 1e4, "rope.freq_base": 1e6,
        "embedding_length_per_layer_input": PER_LAYER, "attention.shared_kv_layers": 0,
        "final_logit_softcapping": 30.0,
    }  # fmt: skip


def _qwen35_keys(shape: Shape) -> dict[str, Any]:
    return {
        "ssm.conv_kernel": 4, "ssm.state_size": shape.head, "ssm.group_count": 2, "ssm.time_step_rank": 2,
        "ssm.inner_size": 2 * shape.head, "full_attention_interval": 2, "rope.dimension_sections": [2, 3, 3, 0],
    }  # fmt: skip


def _lfm2_keys(shape: Shape) -> dict[str, Any]:
    return {"attention.head_count_kv": _in_turn(shape), "shortconv.l_cache": 3}


def _lfm2moe_keys(shape: Shape) -> dict[str, Any]:
    more = {"leading_dense_block_count": 1, "expert_feed_forward_length": shape.inner, "expert_gating_func": 2}
    return _lfm2_keys(shape) | _experts(shape) | more


def _gpt_oss_keys(shape: Shape) -> dict[str, Any]:
    return _experts(shape) | {"expert_feed_forward_length": shape.inner, "attention.sliding_window": 64}


def _xielu(shape: Shape) -> dict[str, Any]:
    return {f"xielu.{name}": [value] * shape.layers for name, value in _XIELU.items()}


_XIELU = {"alpha_n": 0.8, "alpha_p": 0.8, "beta": 0.5, "eps": -1e-6}
FAMILIES: Mapping[str, Tiny] = {
    "llama2": Tiny("llama", format="llama2", weights=lambda w: _llama(w, untied=True)),
    "llama3": Tiny("llama", "gpt2", "llama-bpe", format="llama3", keys=lambda _: {"rope.freq_base": 500000.0}),
    "alpaca": Tiny("llama", format="alpaca", weights=lambda w: _llama(w, untied=True)),
    "mistral": Tiny("llama", format="mistral", keys=lambda _: {"attention.sliding_window": 64}),
    "mixtral": Tiny("llama", format="mistral", weights=_mixtral, keys=_experts),
    "orca2": Tiny("llama", format="chatml", weights=lambda w: _llama(w, untied=True)),
    "granite": Tiny("granite", "gpt2", "refact", bos=False, format="granite", keys=lambda _: _GRANITE),
    "granite-moe": Tiny(
        "granitemoe", "gpt2", "refact", bos=False, format="granite", weights=_mixtral,
        keys=lambda shape: _GRANITE | _experts(shape),
    ),
    "granite-code": Tiny("llama", "gpt2", "refact", bos=False, format="granite-code", weights=_granite_code),
    "starcoder2": Tiny("starcoder2", "gpt2", "starcoder", bos=False, weights=_starcoder2, keys=lambda _: _LAYER_NORM),
    "phi2": Tiny(
        "phi2", "gpt2", "phi-2", bos=False, format="phi2", weights=_phi2,
        keys=lambda shape: _all_heads(shape) | {"rope.dimension_count": shape.head // 2},
    ),
    "phi3": Tiny("phi3", format="phi3", weights=_phi3, keys=lambda _: {"attention.sliding_window": 64}),
    "openelm": Tiny("openelm", format="zephyr", weights=_openelm, keys=_openelm_keys),
    "stablelm": Tiny(
        "stablelm", "gpt2", "default", bos=False, format="zephyr", weights=_stablelm,
        keys=lambda shape: _all_heads(shape) | {"rope.dimension_count": shape.head // 4, "use_parallel_residual": True},
    ),
    "falcon": Tiny(
        "falcon", "gpt2", "falcon", bos=False, format="falcon", weights=_falcon,
        keys=lambda _: _LAYER_NORM | {"attention.head_count_kv": 1},
    ),
    "falcon3": Tiny("llama", "gpt2", "falcon3", bos=False, format="falcon3", weights=lambda w: _llama(w, untied=True)),
    "gemma": Tiny("gemma", format="gemma", weights=lambda w: _gemma(w, after=False)),
    "gemma2": Tiny(
        "gemma2", format="gemma", weights=_gemma, keys=lambda _: _SOFTCAP | {"attention.sliding_window": 64},
    ),
    "gemma3": Tiny(
        "gemma3", format="gemma", weights=lambda w: _gemma(w, head_norms=True),
        keys=lambda _: {"attention.sliding_window": 64, "rope.freq_base": 1e6},
    ),
    "qwen2": Tiny("qwen2", "gpt2", "qwen2", bos=False, format="chatml", weights=lambda w: _llama(w, bias="qkv")),
    "qwen3": Tiny("qwen3", "gpt2", "qwen2", bos=False, format="chatml", weights=lambda w: _llama(w, head_norms=True)),
    "smollm2": Tiny("llama", "gpt2", "smollm", bos=False, format="chatml"),
    "smollm3": Tiny("smollm3", "gpt2", "smaug-bpe", bos=False, format="chatml"),
    "gemma4": Tiny("gemma4", weights=_gemma4, keys=_gemma4_keys),
    "qwen35": Tiny("qwen35", "gpt2", "qwen35", bos=False, format="chatml", weights=_qwen35, keys=_qwen35_keys),
    "lfm2": Tiny("lfm2", "gpt2", "lfm2", format="chatml", weights=_lfm2, keys=_lfm2_keys),
    "lfm2moe": Tiny(
        "lfm2moe", "gpt2", "lfm2", format="chatml", weights=lambda w: _lfm2(w, experts=True), keys=_lfm2moe_keys,
    ),
    "ministral3": Tiny("mistral3", "gpt2", "tekken", weights=lambda w: _llama(w, untied=True)),
    "gpt-oss": Tiny("gpt-oss", "gpt2", "gpt-4o", bos=False, weights=_gpt_oss, keys=_gpt_oss_keys),
    "hunyuan": Tiny("hunyuan-dense", "gpt2", "hunyuan-dense", bos=False, weights=lambda w: _llama(w, head_norms=True)),
    "apertus": Tiny("apertus", "gpt2", "tekken", weights=_apertus, keys=_xielu),
    "spark": Tiny(
        "spark2_5", "gpt2", "qwen2", bos=False, format="chatml", weights=_spark, keys=lambda shape: {
            "attention.sliding_window": 64, "attention.sliding_window_pattern": [True, False] * (shape.layers // 2),
            "rope.freq_base_swa": 1e4,
        },
    ),
    "paddleocr": Tiny(
        "paddleocr", bos=False, weights=lambda w: _llama(w, untied=True),
        keys=lambda _: {"rope.dimension_sections": [2, 3, 3, 0]},
    ),
    "granite-embedding": Tiny(
        "modern-bert", "gpt2", "granite-embed-multi-97m", weights=_modern_bert,
        keys=lambda shape: _all_heads(shape) | {
            "attention.causal": False, "pooling_type": 2, "attention.sliding_window": 32, "rope.freq_base_swa": 1e4,
            "hidden_activation": "silu",
        },
    ),
    "bert": Tiny(
        "bert", "bert", "jina-v2-en", weights=_bert,
        keys=lambda shape: _all_heads(shape) | {"attention.causal": False, "pooling_type": 1},
    ),
    "nomic": Tiny(
        "nomic-bert", "bert", "jina-v2-en", weights=_nomic,
        keys=lambda shape: _all_heads(shape) | {"attention.causal": False, "pooling_type": 1, "rope.freq_base": 1e3},
    ),
}  # fmt: skip
"""By name."""
RECURRENT: Mapping[str, Tiny] = {
    "mamba": Tiny("mamba", "gpt2", "qwen2", bos=False, format="chatml", weights=_mamba, keys=_mamba_keys),
    "granite-hybrid": Tiny(
        "granitehybrid",
        "gpt2",
        "refact",
        bos=False,
        format="granite",
        weights=_granite_hybrid,
        keys=lambda shape: (
            dict.fromkeys(_GRANITE, 1.0) | _mamba2_keys(shape) | {"attention.head_count_kv": _in_turn(shape)}
        ),
    ),
    "falcon-h1": Tiny(
        "falcon-h1",
        "gpt2",
        "falcon3",
        bos=False,
        format="chatml",
        weights=_falcon_h1,
        keys=_mamba2_keys,
    ),
    "nemotron-h": Tiny(
        "nemotron_h",
        "gpt2",
        "gpt-4o",
        bos=False,
        format="chatml",
        weights=_nemotron_h,
        keys=_nemotron_h_keys,
    ),
}
"""With layers whose past is a state that cannot be cut."""
LISTENERS: Mapping[str, Tiny] = {
    "qwen3-asr": Tiny(
        "qwen3vl",
        "gpt2",
        "qwen2",
        bos=False,
        weights=lambda w: _llama(w, head_norms=True),
        keys=lambda _: {"rope.dimension_sections": [2, 3, 3, 0], "n_deepstack_layers": 0},
    ),
    "voxtral": Tiny("llama", "gpt2", "tekken", weights=lambda w: _llama(w, untied=True)),
}
"""The parts that write of models that hear; see tiny_hearing.py."""
REFUSED: Mapping[str, Tiny] = {
    "mixtral-2023": Tiny("llama", weights=lambda w: _mixtral(w, separate=True), keys=_experts),
}
"""What llama.cpp reads no more: one tensor for each expert."""


def make(
    name: str,
    folder: Path,
    *,
    template: str | None = None,
    seed: int = 7,
    shape: Shape | None = None,
    pack: Pack | None = None,
    words: int = 0,
    title: str = "",
    architecture: str = "",
    markers: Sequence[str] = (),
) -> Path:
    """Write the tiny model of a family and return its path.  (The OpenELM has one shape only.)

    `pack`: matrices in another type than F16; `words`: so many tokens more, which no text has; `title`: the name in the
    header; `architecture`: another than the family's, for a file whose words alone are read; `markers`: more of them.
    """
    shape = shape or Shape()
    tiny = {**FAMILIES, **RECURRENT, **LISTENERS, **REFUSED}[name]
    tiny = replace(tiny, architecture=architecture or tiny.architecture)
    path = folder / f"tiny-{name}.gguf"
    tokens = [*_tokens(tiny.tokenizer), *((f"word{number}", NORMAL) for number in range(words))]
    tokens += [(marker, CONTROL) for marker in markers if marker not in MARKERS]
    writer = gguf.GGUFWriter(path, tiny.architecture)
    writer.add_name(title or f"Tiny {name}")
    writer.add_license("apache-2.0")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    for key, value in _keys(tiny, shape).items():
        _add(writer, key if key.startswith("xielu.") else f"{tiny.architecture}.{key}", value)
    _add_tokenizer(writer, tiny, tokens)
    if template is not None:
        writer.add_chat_template(template)
    weights = Weights(len(tokens), seed, shape, pack)
    (tiny.weights or _llama)(weights)
    for tensor, values in weights.tensors.items():
        writer.add_tensor(tensor, values)
    for tensor, (raw, kind) in weights.packed.items():
        writer.add_tensor(tensor, raw, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _keys(tiny: Tiny, shape: Shape) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "block_count": shape.layers,
        "context_length": CONTEXT,
        "embedding_length": shape.embedding,
        "feed_forward_length": shape.inner,
        "attention.head_count": shape.heads,
        "attention.head_count_kv": shape.kv_heads,
        "attention.key_length": shape.head,
        "attention.value_length": shape.head,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.dimension_count": shape.head,
    }
    return {
        key: value for key, value in {**usual, **(tiny.keys(shape) if tiny.keys else {})}.items() if value is not None
    }


def _add(writer: gguf.GGUFWriter, key: str, value: Any) -> None:
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)


def _tokens(tokenizer: str) -> list[tuple[str, int]]:
    """(text, type).  0 is unknown, 1 BOS, 2 EOS."""
    first = [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)]
    markers = [(marker, CONTROL) for marker in (*MARKERS, "<|endoftext|>")]  # the last: asked of all "phi3" by name
    letters = [chr(code) for code in range(33, 127)]
    if tokenizer == "llama":
        bytes_ = [(f"<0x{byte:02X}>", BYTE) for byte in range(256)]
        return [*first, *bytes_, ("▁", NORMAL), *((letter, NORMAL) for letter in letters), *markers]
    if tokenizer == "bert":
        pieces = [("[UNK]", UNKNOWN), ("[CLS]", CONTROL), ("[SEP]", CONTROL), ("[PAD]", CONTROL), ("[MASK]", CONTROL)]
        return [*pieces, *(("▁" + letter, NORMAL) for letter in letters), *((letter, NORMAL) for letter in letters)]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [256 + number for number in range(256 - len(printable))]  # GPT-2's letters for the other bytes
    return [*first, *((chr(code), NORMAL) for code in (*printable, *others)), *markers]


def _add_tokenizer(writer: gguf.GGUFWriter, tiny: Tiny, tokens: list[tuple[str, int]]) -> None:
    writer.add_tokenizer_model(tiny.tokenizer)
    writer.add_tokenizer_pre(tiny.split)
    writer.add_token_list([text for text, _type in tokens])
    writer.add_token_types([kind for _text, kind in tokens])
    if tiny.tokenizer == "llama":
        writer.add_token_scores([-float(rank) for rank in range(len(tokens))])
    if tiny.tokenizer == "gpt2":
        writer.add_token_merges(["h e", "l l"])
    if tiny.tokenizer == "bert":
        writer.add_token_type_count(2)
        writer.add_unk_token_id(0)
        writer.add_bos_token_id(1)
        writer.add_sep_token_id(2)
        writer.add_pad_token_id(3)
        writer.add_mask_token_id(4)
        return
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(tiny.bos)
    writer.add_add_space_prefix(False)

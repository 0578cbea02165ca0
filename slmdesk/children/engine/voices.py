"""Tells where a voice sounds: Silero VAD 6.2 (MIT, weights unchanged in `silero/`), computed by numpy.

Windows of 32 ms go through a transform into frequencies, four convolutions and a recurrent cell that remembers what
came before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from slmdesk.base.sound import FRAME, Sound

_Numbers: TypeAlias = NDArray[np.float32]
LEAST_FRAMES = 6
"""Fewest frames in a row with a voice that are more than chance."""
_WINDOW, _BEFORE, _STEP, _FREQUENCIES = 512, 64, 128, 129
_STATE = 128
_LIKELY = 0.5


def is_voiced(sound: Sound) -> NDArray[np.bool_]:
    """Return whether a voice sounds in each frame."""
    count = len(sound) // FRAME
    if not count:
        return np.zeros(0, np.bool_)
    windows = np.arange(count) * FRAME // _WINDOW
    voiced: NDArray[np.bool_] = _likelihoods(sound)[windows] > _LIKELY
    return voiced


def has_voice(voiced: NDArray[np.bool_]) -> bool:
    """Return whether a voice sounds long enough to be more than chance."""
    if len(voiced) < LEAST_FRAMES:
        return False
    return bool(np.convolve(voiced, np.ones(LEAST_FRAMES), "valid").max() >= LEAST_FRAMES)


def _likelihoods(sound: Sound) -> _Numbers:
    """Return how likely a voice sounds in each window, the last filled up with silence."""
    weights, count = _weights(), -(-len(sound) // _WINDOW)
    padded = np.zeros(_BEFORE + count * _WINDOW, np.float32)
    padded[_BEFORE : _BEFORE + len(sound)] = sound
    starts = np.arange(count)[:, None] * _WINDOW
    windows = padded[starts + np.arange(_BEFORE + _WINDOW)]
    features = _features(windows, weights)
    return np.fromiter(_remembered(features, weights), np.float32, count)


def _features(windows: _Numbers, weights: Mapping[str, _Numbers]) -> _Numbers:
    mirrored = np.concatenate((windows, windows[:, -2 : -_BEFORE - 2 : -1]), axis=1)
    parts = np.lib.stride_tricks.sliding_window_view(mirrored, 2 * _STEP, axis=1)[:, ::_STEP]
    waves = parts @ weights["stft_conv.weight"][:, 0].T
    loud = np.sqrt(waves[..., :_FREQUENCIES] ** 2 + waves[..., _FREQUENCIES:] ** 2)
    for name, step in (("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)):
        loud = _convolved(loud, weights[f"{name}.weight"], weights[f"{name}.bias"], step)
    return loud[:, 0]


def _convolved(values: _Numbers, kernel: _Numbers, bias: _Numbers, step: int) -> _Numbers:
    """`values` by window, place and channel; negative results are nothing."""
    padded = np.pad(values, ((0, 0), (1, 1), (0, 0)))
    near = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2], axis=1)[:, ::step]
    flat = near.reshape(*near.shape[:2], -1)
    convolved: _Numbers = np.maximum(flat @ kernel.reshape(len(kernel), -1).T + bias, 0)
    return convolved


def _remembered(features: _Numbers, weights: Mapping[str, _Numbers]) -> Iterator[float]:
    """Yield the likelihood of each window, by what came before it."""
    given = features @ weights["lstm_cell.weight_ih"].T + weights["lstm_cell.bias_ih"] + weights["lstm_cell.bias_hh"]
    inner, last, bias = (
        weights["lstm_cell.weight_hh"],
        weights["final_conv.weight"][0, :, 0],
        weights["final_conv.bias"],
    )
    hidden = kept = np.zeros(_STATE, np.float32)
    for one in given:
        let_in, keep, new, let_out = np.split(one + inner @ hidden, 4)
        kept = _sigmoid(keep) * kept + _sigmoid(let_in) * np.tanh(new)
        hidden = _sigmoid(let_out) * np.tanh(kept)
        yield float(_sigmoid(np.maximum(hidden, 0) @ last + bias[0]))


def _sigmoid(values: _Numbers) -> _Numbers:
    return np.float32(0.5) + np.float32(0.5) * np.tanh(values / 2)


@cache
def _weights() -> Mapping[str, _Numbers]:
    """Read the file: its length, a list of tensors as JSON, their data."""
    raw = resources.files("slmdesk.children.engine").joinpath("silero", "vad_16k.safetensors").read_bytes()
    size = int.from_bytes(raw[:8], "little")
    data = raw[8 + size :]
    return {
        name: np.frombuffer(data[slice(*about["data_offsets"])], "<f4").reshape(about["shape"])
        for name, about in json.loads(raw[8 : 8 + size]).items()
    }

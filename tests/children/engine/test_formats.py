from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes.tiny_families import Shape, make

from slmdesk.base.errors import KnownError
from slmdesk.base.types import Recipe
from slmdesk.children.engine.llama.file_jobs import _divergence, divergence, quantize
from slmdesk.children.engine.llama.library import load_library
from slmdesk.models.gguf.read import read_header

TEXT = "The committee met in the library and spoke about the fence."


def going(_part: float) -> bool:
    return True


@pytest.mark.pure
def test_the_divergence_of_kept_tokens_is_a_close_lower_bound_of_the_whole() -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        reference, other = rng.normal(0, 3, 5000), np.zeros(5000)
        other[:] = reference + rng.normal(0, 0.3, 5000)
        reference -= np.log(np.exp(reference).sum())
        other -= np.log(np.exp(other).sum())
        whole = float((np.exp(reference) * (reference - other)).sum())
        top = np.argsort(reference)[::-1][:1024]
        kept = _divergence(reference[top], other[top])
        assert 0.9 * whole < kept <= whole + 1e-9


@pytest.mark.pure
def test_the_divergence_from_itself_is_nothing() -> None:
    logs = np.log(np.array([0.5, 0.3, 0.1]))
    assert _divergence(logs, logs) == pytest.approx(0.0, abs=1e-12)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    return make("llama2", tmp_path_factory.mktemp("published"), shape=Shape(layers=4))


@pytest.mark.model
def test_a_file_is_made_in_another_format_and_compared(published, tmp_path) -> None:
    library, made, predictions = load_library(), tmp_path / "made.gguf", tmp_path / "predictions.bin"
    quantize(library, published, made, Recipe("Q8_0", origin="abc F16"), going)
    header = read_header(made)
    assert header.quantization == "Q8_0"
    assert header.metadata["slmdesk.origin"] == "abc F16"
    assert header.license == read_header(published).license
    assert divergence(library, str(published), TEXT, predictions, going, is_reference=True) == 0
    same = divergence(library, str(published), TEXT, predictions, going, is_reference=False)
    assert same == pytest.approx(0.0, abs=1e-6), "the same file over the same text"
    assert 0 < divergence(library, str(made), TEXT, predictions, going, is_reference=False) < 0.1
    with pytest.raises(KnownError):
        divergence(library, str(made), TEXT[:20], predictions, going, is_reference=False)


@pytest.mark.model
def test_layers_are_left_out(published, tmp_path) -> None:
    made = tmp_path / "made.gguf"
    quantize(load_library(), published, made, Recipe("Q8_0", (1, 2)), going)
    assert read_header(made).layers == read_header(published).layers - 2
    assert divergence(load_library(), str(made), TEXT, tmp_path / "p.bin", going, is_reference=True) == 0


@pytest.mark.model
def test_what_cannot_be_made_says_why(published, tmp_path) -> None:
    with pytest.raises(KnownError, match="format Q9"):
        quantize(load_library(), published, tmp_path / "made.gguf", Recipe("Q9"), going)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(published.read_bytes()[:4096])
    with pytest.raises(KnownError, match=r"model\.not_converted"):
        quantize(load_library(), broken, tmp_path / "made.gguf", Recipe("Q8_0"), going)

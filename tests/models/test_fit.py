"""Which file of a repository is recommended on which PC: the list a publisher really offers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest

from slmdesk.models.gguf.quantization import (
    QUANTIZATIONS,
    WORST_RECOMMENDED,
    quantization_of_file,
    recommended,
    weight_bytes,
)
from slmdesk.models.service import COMFORTABLE, fit_by_size, weights_budget

pytestmark = pytest.mark.pure
GIB = 1 << 30
FREE = {4: 2.2, 8: 5.5, 16: 12.5, 64: 58.0}
"""GiB that a desktop and a browser leave on PCs with so many GiB, about."""
OFFERED = (
    "F16", "Q8_0", "Q6_K", "Q6_K_L", "Q5_K_M", "Q5_K_S", "Q4_K_M", "Q4_K_S", "IQ4_XS", "Q4_0", "Q3_K_L", "Q3_K_M",
    "IQ3_M", "Q3_K_S", "IQ3_XS", "Q2_K", "IQ2_M",
)  # fmt: skip
"""What the usual publishers put into one repository."""


@dataclass(frozen=True)
class File:
    name: str
    size_bytes: int


def repository(billions: float) -> list[File]:
    files = []
    for name in OFFERED:
        known = quantization_of_file(f"x-{name}.gguf")
        assert known is not None
        files.append(File(f"Model-{name}.gguf", weight_bytes(int(billions * 1e9), known)))
    return [*files, File("mmproj-Model-F16.gguf", 800_000_000), File("Model.imatrix", 5_000_000)]


def taken(billions: float, ram: int) -> str:
    best = recommended(repository(billions), weights_budget(round(FREE[ram] * GIB)))
    return best.name.removeprefix("Model-").removesuffix(".gguf") if best else ""


@pytest.mark.parametrize(
    ("billions", "on_4", "on_8", "on_16", "on_64"),
    [
        (0.135, "Q8_0", "Q8_0", "Q8_0", "Q8_0"),
        (1.24, "Q6_K", "Q6_K", "Q6_K", "Q6_K"),
        (3.21, "IQ3_M", "Q4_K_M", "Q4_K_M", "Q4_K_M"),
        (8.03, "", "IQ3_M", "Q4_K_M", "Q4_K_M"),
        (14.8, "", "", "Q4_K_M", "Q4_K_M"),
        (46.7, "", "", "", "Q4_K_M"),
        (70.6, "", "", "", "Q4_K_M"),
    ],
)  # fmt: skip
def test_one_is_recommended_for_each_pc(billions: float, on_4: str, on_8: str, on_16: str, on_64: str) -> None:
    assert [taken(billions, ram) for ram in FREE] == [on_4, on_8, on_16, on_64]


@pytest.mark.parametrize("ram", FREE)
@pytest.mark.parametrize("billions", [0.135, 0.5, 1.24, 1.7, 3.21, 4, 7.24, 8.03, 12, 14.8, 24, 46.7, 70.6])
def test_what_is_recommended_is_judged_to_fit_and_is_no_broken_one(ram: int, billions: float) -> None:
    free = round(FREE[ram] * GIB)
    files = repository(billions)
    best = recommended(files, weights_budget(free))
    if best is None:  # then nothing that is worth it would have been comfortable
        worth = [
            file for file in files if (known := quantization_of_file(file.name)) and known.rank <= WORST_RECOMMENDED
        ]
        assert all(fit_by_size(file.size_bytes, free) != "fits" for file in worth if "mmproj" not in file.name)
        return
    known = quantization_of_file(best.name)
    assert known is not None
    assert known.rank <= WORST_RECOMMENDED
    assert fit_by_size(best.size_bytes, free) == "fits"
    assert best.size_bytes * 1.1 < COMFORTABLE * free


def test_more_memory_never_makes_the_recommendation_worse() -> None:
    for billions in (0.5, 1.24, 3.21, 8.03, 14.8, 46.7):
        ranks = []
        for gib in range(1, 100):
            best = recommended(repository(billions), weights_budget(gib * GIB))
            known = quantization_of_file(best.name) if best else None
            ranks.append(known.rank if known else len(QUANTIZATIONS))
        assert all(later <= before for before, later in pairwise(ranks)), (billions, ranks)

"""Finds the lines on the picture of a page and reads them with the networks of PP-OCR, which RapidOCR's wheel brings.

One network tells of each dot whether it is of a line, the other reads a line. Nothing of the wheel itself is imported.
"""

from __future__ import annotations

import math
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from slmdesk.base.record import Record

if TYPE_CHECKING:
    from PIL.Image import Image

FOLDER = Path("rapidocr", "models")
FINDER, READER = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
LONGER_SIDE = 1280
"""In dots, of the picture in which lines are looked for."""
STEP = 32
"""The finder takes pictures whose sides are multiples of it."""
LIKELY, LEAST_SURE = 0.3, 0.5
"""Least likeliness of a dot of a line, and of a line on the whole."""
LEAST_DOTS = 3
GROWN = 1.6
"""The finder marks the core of a line. It is larger by this share of what its area is to its edge."""
HEIGHT, LEAST_WIDTH = 48, 320
"""Of a line as the reader takes it, in dots."""

Run: TypeAlias = tuple[int, int, int]
"""Dots in a row: the row, the first, the one behind the last."""


class FoundLine(Record):
    """Where a line is: its middle, its length and height, and by how much it falls to the right for each step."""

    x: float
    y: float
    length: float
    height: float
    slope: float

    def at(self, along: float, across: float = 0.0) -> tuple[float, float]:
        """Return a point by its distance from the middle."""
        stretch = math.hypot(1.0, self.slope)
        return self.x + (along - across * self.slope) / stretch, self.y + (across + along * self.slope) / stretch

    def holds(self, x: float, y: float) -> bool:
        right, down, stretch = x - self.x, y - self.y, math.hypot(1.0, self.slope)
        along, across = (right + down * self.slope) / stretch, (down - right * self.slope) / stretch
        return 2 * abs(along) <= self.length and 2 * abs(across) <= self.height

    def scaled(self, across: float, down: float) -> FoundLine:
        slope = self.slope * down / across
        return FoundLine(self.x * across, self.y * down, self.length * across, self.height * down, slope)


class Letter(NamedTuple):
    """A letter or a blank that was read."""

    sign: str
    place: float
    """Along the line, from 0 at its beginning to 1."""
    sureness: float
    """Of 100."""


@cache
def folder() -> Path | None:
    """Return where the networks are, None without them or what runs them."""
    folders = (Path(each) / FOLDER for each in sys.path)
    return next((each for each in folders if (each / READER).is_file()), None) if find_spec("onnxruntime") else None


def found_lines(picture: Image) -> list[FoundLine]:
    scale = min(1.0, LONGER_SIDE / max(picture.size))
    wide, high = (max(STEP, STEP * round(side * scale / STEP)) for side in picture.size)
    likely = _answer(FINDER, picture.resize((wide, high)))[0]
    lines = (line_of(runs, likely) for runs in shapes(likely > LIKELY))
    return [line.scaled(picture.width / wide, picture.height / high) for line in lines if line]


def read_line(picture: Image, line: FoundLine, *, is_turned: bool = False) -> list[Letter]:
    """Read a line; `is_turned`: it is upside down."""
    from PIL import Image

    width = max(HEIGHT, round(HEIGHT * line.length / line.height))
    ends = ((-1, -1), (-1, 1), (1, 1), (1, -1))
    corners = [line.at(along * line.length / 2, across * line.height / 2) for along, across in ends]
    sides = [side for corner in (corners[2:] + corners[:2] if is_turned else corners) for side in corner]
    size = max(1, round(line.length)), max(1, round(line.height))
    cut = picture.transform(size, Image.Transform.QUAD, sides, Image.Resampling.BICUBIC).resize((width, HEIGHT))
    wide = max(LEAST_WIDTH, width)
    padded = Image.new("L", (wide, HEIGHT), 128)
    padded.paste(cut)
    likely = _answer(READER, padded)
    numbers = [0, *likely.argmax(axis=1).tolist()]
    return [
        Letter(letter, (at + 0.5) / len(likely) * wide / width, 100 * float(likely[at, number]))
        for at, (last, number) in enumerate(pairwise(numbers))
        if number not in (0, last)
        for letter in _letters()[number]
    ]


def surely_read(letters: Sequence[Letter]) -> float:
    """Return how surely a line was read, of 100."""
    return sum(letter.sureness for letter in letters) / max(1, len(letters))


@cache
def _letters() -> list[str]:
    """Return the reader's letters by their numbers; 0 is none. Letters of full width become usual ones."""
    known = _network(READER).get_modelmeta().custom_metadata_map["character"].splitlines()
    return ["", *(unicodedata.normalize("NFKC", letter) for letter in known), " "]


@cache
def _network(name: str) -> Any:
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # on Windows it would tell the system's log
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False  # it would keep the most it ever took
    options.log_severity_level = 4
    path = Path(folder() or "") / name
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _answer(name: str, picture: Image) -> Any:
    import numpy as np

    dots = np.asarray(picture, dtype=np.float32) / 127.5 - 1
    network = _network(name)
    return network.run(None, {network.get_inputs()[0].name: np.stack([dots] * 3)[np.newaxis]})[0][0]


def shapes(mask: Any) -> Iterator[list[Run]]:
    """Yield what hangs together."""
    import numpy as np

    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    starts, ends = np.argwhere(edges == 1).tolist(), np.argwhere(edges == -1).tolist()
    runs = [(row, left, right) for (row, left), (_row, right) in zip(starts, ends, strict=True)]
    parents = [*range(len(runs))]

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]  # else a tall shape is gone through from its top for each of its rows
            at = parents[at]
        return at

    rows: dict[int, list[int]] = defaultdict(list)
    for at, (row, left, right) in enumerate(runs):
        for other in rows[row - 1]:
            if runs[other][1] <= right and runs[other][2] >= left:
                parents[root(other)] = root(at)
        rows[row].append(at)
    shapes: dict[int, list[Run]] = defaultdict(list)
    for at, run in enumerate(runs):
        shapes[root(at)].append(run)
    yield from shapes.values()


def line_of(runs: Sequence[Run], likely: Any) -> FoundLine | None:
    """Return the line whose core these dots are, None if it is none. Its slope is that of the line through them."""
    import numpy as np

    rows, lefts, rights = (np.array(each, dtype=np.float64) for each in zip(*runs, strict=True))
    sizes = rights - lefts
    sureness = sum(float(likely[row, left:right].sum()) for row, left, right in runs) / sizes.sum()
    if sureness < LEAST_SURE or min(len(runs), np.ptp(np.concatenate((lefts, rights)))) < LEAST_DOTS:
        return None
    middles = (lefts + rights) / 2
    x, y = np.average(middles, weights=sizes), np.average(rows, weights=sizes) + 0.5
    right, down = middles - x, rows + 0.5 - y
    spread = np.average(right**2 + sizes**2 / 12, weights=sizes)
    is_long = spread > 4 * np.average(down**2, weights=sizes)
    core = FoundLine(x, y, 0.0, 0.0, np.average(right * down, weights=sizes) / spread if is_long else 0.0)
    stretch = math.hypot(1.0, core.slope)
    right, down = np.concatenate((lefts - x, rights - x)), np.concatenate((down, down))
    along, across = (right + down * core.slope) / stretch, (down - right * core.slope) / stretch
    length, height = float(np.ptp(along)), float(np.ptp(across)) + 1
    middle = core.at((along.max() + along.min()) / 2, (across.max() + across.min()) / 2)
    grown = GROWN * length * height / (length + height)
    return FoundLine(float(middle[0]), float(middle[1]), length + grown, height + grown, float(core.slope))

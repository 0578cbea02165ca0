"""Pictures for models: made small, unpacked again, and nothing else."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from slmdesk.base.errors import KnownError
from slmdesk.base.types import MOST_PIXELS, MOST_SIDE
from slmdesk.children.formats.sight import made_small, unpacked

pytestmark = pytest.mark.pure


def file_of(size: tuple[int, int], kind: str = "PNG", mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else 0).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("size", [(3, 2), (1500, 1500), (20, 9000), (2048, 1)])
@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_a_picture_is_made_small_and_comes_back_as_pixels(size, mode) -> None:
    width, height, jpeg = made_small(file_of(size, mode=mode))
    assert width * height <= MOST_PIXELS
    assert max(width, height) <= MOST_SIDE
    assert unpacked(jpeg)[:2] == (width, height)
    assert len(unpacked(jpeg)[2]) == 3 * width * height


@pytest.mark.parametrize(
    "data", [b"", b"nothing", file_of((4, 4)), file_of((2000, 2000), "JPEG"), file_of((400, 400), "JPEG")[:300]]
)
def test_what_we_did_not_make_is_refused(data: bytes) -> None:
    with pytest.raises(KnownError, match=r"request\.invalid"):
        unpacked(data)

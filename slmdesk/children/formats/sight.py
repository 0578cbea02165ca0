"""Pictures for models that see: small, without alpha, as JPEG to be kept and as pixels to be looked at."""

from __future__ import annotations

from io import BytesIO

from slmdesk.base.errors import KnownError
from slmdesk.base.types import MOST_PIXELS, MOST_SIDE

LARGEST_WIDTH = 2048
QUALITY = 90


def made_small(png: bytes) -> tuple[int, int, bytes]:
    """Return width, height and the JPEG of a picture that a reader drew."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the reader that drew it has limits
    with Image.open(BytesIO(png), formats=["PNG"]) as image:
        scale = min(1.0, (MOST_PIXELS / (image.width * image.height)) ** 0.5, MOST_SIDE / max(image.size))
        small = image.convert("RGB").resize([max(1, int(side * scale)) for side in image.size])
        out = BytesIO()
        small.save(out, "JPEG", quality=QUALITY)
    return small.width, small.height, out.getvalue()


def unpacked(jpeg: bytes) -> tuple[int, int, bytes]:
    """Return width, height and pixels (RGB) of what `made_small` made.  Raises KnownError `request.invalid`."""
    from PIL import Image

    try:
        with Image.open(BytesIO(jpeg), formats=["JPEG"]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise KnownError("request.invalid", what="picture")
            return image.width, image.height, image.convert("RGB").tobytes()
    except OSError as err:
        raise KnownError("request.invalid", what="picture") from err

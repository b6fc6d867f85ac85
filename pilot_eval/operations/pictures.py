"""Pictures as they are stored: no larger than they need be, and with nothing in them but what is seen."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from pilot_eval.domain.photos import LONGEST_EDGE, MOST_PIXELS
from pilot_eval.domain.problems import N_, FieldProblem, Refused

_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 82


def cleaned(content: bytes) -> bytes:
    """The picture as JPEG, drawn anew: upright, shrunk, without place, time, device or anything else.

    Raises
    ------
    Refused
        If it is no such picture, or has too many pixels to be opened.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                what = N_("This picture has more than %(most)s million pixels")
                values = {"most": MOST_PIXELS // 10**6}
                raise Refused([FieldProblem("photo", "too_large", what, values)])
            picture.draft("RGB", (2 * LONGEST_EDGE, 2 * LONGEST_EDGE))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        what = N_("This is no whole JPEG, PNG or WebP picture")
        raise Refused([FieldProblem("photo", "no_picture", what)]) from None
    upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    # A new picture of the same pixels: whatever the old one carried along stays behind.
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()

"""Photographs that a visit may bring along: of the outside of a branch or of a receipt, never of a person."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

LONGEST_EDGE: Final = 1600  # pixels, as stored
MOST_BYTES: Final = 4_000_000  # as sent
MOST_PIXELS: Final = 60_000_000  # as sent
MOST_OF_A_VISIT: Final = 6
KEPT_DAYS: Final = 180  # unless the installation says otherwise


class PhotoKind(StrEnum):
    EXTERIOR = "exterior"
    RECEIPT = "receipt"

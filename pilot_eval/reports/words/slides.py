"""The headings of slides, in both languages; each is a pair of English and Russian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SLIDES: Final[Mapping[str, tuple[str, str]]] = {
    "tiles": ("What changed, and how sure we are", "Что изменилось и насколько мы уверены"),
    "branches": ("Every branch, before and after", "Каждое отделение, до и после"),
    "limits": ("Why we think so, and what we do not know", "Почему мы так считаем и чего не знаем"),
    "decision": ("Decision, and where these numbers come from", "Решение и откуда эти числа"),
    "more": ("{title} ({page} of {pages})", "{title} ({page} из {pages})"),
    "numbers": ("The same numbers:", "Те же числа:"),
    "reading": ("How to read this chart:", "Как читать этот график:"),
}

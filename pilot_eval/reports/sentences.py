"""A sentence in both languages, with places for numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pilot_eval.reports.numbers import Language

Forms = Mapping[str, Mapping[str, str]]  # of a counted noun: language -> plural category -> word


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence in English and Russian."""

    en: str
    ru: str

    def to_dict(self) -> dict[str, str]:
        return {"en": self.en, "ru": self.ru}

    def filled(self, **places: Sentence | str) -> Sentence:
        """The sentence with its places filled, each in its language."""
        texts = {
            language: getattr(self, language).format(
                **{
                    name: part if isinstance(part, str) else getattr(part, language)
                    for name, part in places.items()
                }
            )
            for language in ("en", "ru")
        }
        return Sentence(texts["en"], texts["ru"])


def told(write: Callable[[Language], str]) -> Sentence:
    """What `write` says in each language."""
    return Sentence(write("en"), write("ru"))

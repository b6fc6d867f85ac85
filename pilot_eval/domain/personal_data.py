"""Words in free text that may be somebody's name, telephone number or e-mail address.

Suspicion only: a reviewer looks and decides. Nothing here is complete, and nothing is taken out by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

REMOVED: Final = "[…]"  # what stands where something was taken out


@dataclass(frozen=True, slots=True)
class Suspect:
    """A passage that may be personal data; `kind` is `email`, `phone` or `name`."""

    kind: str
    text: str


_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(r"(?<![\d+])\+?\d(?:[ \u00a0().-]{0,2}\d){9,11}(?!\d)")

# What a person is called by, before the name itself.
_CALLED: Final = (
    r"(?:[Оо]ператор\w*|[Кк]ассир\w*|[Сс]отрудни\w+|[Рр]аботни\w+|[Нн]ачальни\w+|[Мм]енеджер\w*|[Дд]евушк\w+"
    r"|[Зз]аведующ\w+|[Кк]лиент\w*|[Пп]о имени|[Зз]овут|[Бб]ейдж\w*|[Фф]амили\w+|[Гг]оспо\w+"
    r"|[Cc]lerk|[Oo]perator|[Cc]ashier|[Tt]eller|[Mm]anager|[Nn]amed|[Cc]alled|[Nn]ame is|[Bb]adge"
    r"|M(?:r|rs|s)\.?|Miss)"
)
_CAPITAL: Final = r"(?:[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?|[A-Z][a-z]+(?:-[A-Z][a-z]+)?)"
_AFTER_A_CALL: Final = re.compile(rf"\b{_CALLED}[\s:«\"]+({_CAPITAL}(?:\s+{_CAPITAL})*)")
_INITIALS: Final = re.compile(
    r"\b[А-ЯЁA-Z][а-яёa-z]+\s+[А-ЯЁA-Z]\.\s?[А-ЯЁA-Z]\.|\b[А-ЯЁA-Z]\.\s?[А-ЯЁA-Z]\.\s?[А-ЯЁA-Z][а-яёa-z]+"
)
# Ivanovich, Ivanovna in every case; not at the head of a sentence, where any word has a capital letter.
_PATRONYMIC: Final = re.compile(
    r"(?:[А-ЯЁ][а-яё]+\s+|(?<=[а-яё,] ))[А-ЯЁ][а-яё]+"
    r"(?:(?:ов|ев|ь)ич(?:а|у|ем|е)?|(?:овн|евн|ичн)(?:а|ы|е|у|ой))\b"
)
_FIRST_NAMES: Final = (
    "Александр Александра Алексей Алёна Алина Алла Анастасия Анатолий Андрей Анжела Анна Антон Антонина "
    "Артём Валентина Валерий Валерия Василий Виктор Виктория Виталий Вячеслав Галина Геннадий Дарья Денис "
    "Дмитрий Евгений Евгения Екатерина Елена Елизавета Зинаида Иван Игорь Инна Ирина Карина Кирилл "
    "Константин Ксения Лариса Лидия Людмила Максим Марина Мария Михаил Наталья Наталия Никита Николай "
    "Нина Оксана Олег Ольга Павел Полина Раиса Светлана Сергей Станислав Степан Тамара Татьяна Ульяна "
    "Юлия Юрий Яна"
)
_ENDINGS: Final = {
    "а": "(?:а|ы|и|е|у|ой)",
    "я": "(?:я|и|е|ю|ей)",
    "й": "(?:й|я|ю|ем|е)",
    "ь": "(?:ь|я|ю|ем|е)",
}


def _in_every_case(name: str) -> str:
    ending = _ENDINGS.get(name[-1])
    return name[:-1] + ending if ending else name + "(?:а|у|ом|е)?"


_FIRST_NAME: Final = re.compile(
    rf"\b(?:{'|'.join(map(_in_every_case, sorted(_FIRST_NAMES.split(), key=len, reverse=True)))})\b"
)


def suspects(text: str) -> tuple[Suspect, ...]:
    """Passages that may be personal data, in the order of the text, none within another."""
    found: list[tuple[int, int, str]] = []
    for kind, pattern, group in (
        ("email", _EMAIL, 0),
        ("phone", _PHONE, 0),
        ("name", _AFTER_A_CALL, 1),
        ("name", _INITIALS, 0),
        ("name", _PATRONYMIC, 0),
        ("name", _FIRST_NAME, 0),
    ):
        found += [(*match.span(group), kind) for match in pattern.finditer(text)]
    kept: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(found, key=lambda one: (one[0], -one[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end, kind))
    return tuple(Suspect(kind, text[start:end].strip()) for start, end, kind in kept)


def without(text: str, passages: tuple[str, ...]) -> str:
    """A text with every occurrence of these passages taken out, the longest first."""
    for passage in sorted(filter(None, passages), key=len, reverse=True):
        text = text.replace(passage, REMOVED)
    return text

"""What both directions know of the workbook: names of parts, of questions about the visit, of lists."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH, RUSSIAN = "English (en)", "Русский (ru)"
LANGUAGES = {"en": ENGLISH, "ru": RUSSIAN}

# What a row is where that is not a question: the column `part`.
SECTION, SECTION_NOTE, COMMENT, HEADER = "section", "section_note", "comment", "header"

SCENARIOS, INCIDENTS, OUTCOMES = "scenarios", "incidents", "outcomes"

# Questions about the visit itself, which every checklist asks: type, name, words.
HEADER_ROWS: tuple[tuple[str, str, str, str], ...] = (
    (f"select_one {OUTCOMES}", "outcome", "How did the visit end?", "Чем закончился визит?"),
    ("dateTime", "started_at", "Came in", "Вход"),
    ("dateTime", "left_at", "Left", "Выход"),
    (f"select_one {SCENARIOS}", "scenario", "Scenario", "Сценарий"),
    (f"select_multiple {INCIDENTS}", "incidents", "Out of the ordinary", "Необычные обстоятельства"),
    ("integer", "window_no", "Window number", "Номер окна"),
    ("text", "receipt_tail", "Last digits of the receipt", "Последние цифры чека"),
    ("text", "narrative", "What happened, in a few words", "Что произошло, в нескольких словах"),
)
HEADER_NAMES = {name for _type, name, _en, _ru in HEADER_ROWS}

OUTCOME_WORDS: Mapping[str, tuple[str, str]] = {
    "done": ("The visit was done", "Визит состоялся"),
    "closed": ("The branch was closed", "Отделение было закрыто"),
    "recognised": ("I was recognised as a mystery shopper", "Меня узнали как тайного покупателя"),
    "refused": ("I was refused service", "Мне отказали в обслуживании"),
}
ANSWER_WORDS: Mapping[str, tuple[str, str]] = {
    "yes": ("Yes", "Да"),
    "no": ("No", "Нет"),
    "full": ("Fully", "Полностью"),
    "partial": ("Partly", "Частично"),
    "none": ("Not at all", "Совсем нет"),
    "na": ("N/A", "Н/П"),
}
COMMENT_WORDS = ("What happened?", "Что случилось?")

# In labels ${...} is another answer; in a text of ours that looks so an invisible space keeps it apart.
_REFERENCE, _PARTED = "${", "$\u200b{"


def escaped(text: str) -> str:
    """A text in which no program sees a reference to another answer."""
    return text.replace(_REFERENCE, _PARTED)


def unescaped(text: str) -> str:
    return text.replace(_PARTED, _REFERENCE)

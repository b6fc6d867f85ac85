"""Verdicts on single branches, short enough for a table."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

VERDICTS: dict[str, Sentence] = {
    "too_few": Sentence("Too few data", "Данных мало"),
    "no_material": Sentence("No change that matters", "Заметного изменения нет"),
    "clear_gain": Sentence(
        "Better, by at least the amount that matters", "Стало лучше, и прирост не меньше заметного"
    ),
    "gain": Sentence("Better; may be small", "Стало лучше; величина может быть небольшой"),
    "clear_loss": Sentence("Worse, by at least the amount that matters", "Стало хуже, и заметно"),
    "loss": Sentence("Worse; may be small", "Стало хуже; величина может быть небольшой"),
    "unclear": Sentence("Unclear", "Вывод сделать нельзя"),
}

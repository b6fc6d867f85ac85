"""Every sentence that an evaluation says, in both languages.

A sentence is a template with named places; `reports.numbers` writes what goes into them.
"""

from __future__ import annotations

from collections.abc import Mapping

from pilot_eval.reports.numbers import Language, counted, level_percent, number, percent, pvalue_text
from pilot_eval.reports.sentences import Forms, Sentence, told
from pilot_eval.reports.words import COUNTED, REASONS, WARNINGS
from pilot_eval.reports.words.counted import ROWS

Value = float | int | str


HEADLINES: dict[str, Sentence] = {
    "not_valid": Sentence("Cannot be compared yet: {reason}", "Сравнивать пока нельзя: {reason}"),
    "too_few": Sentence("Too few data: {n} of {need}", "Данных мало: {n} из {need}"),
    "no_material": Sentence("No change that matters", "Заметного изменения нет"),
    "clear_gain": Sentence(
        "Better, by at least the amount that matters", "Стало лучше, и прирост не меньше заметного"
    ),
    "gain": Sentence("Better; may be small", "Стало лучше; величина может быть небольшой"),
    "clear_loss": Sentence("Worse, by at least the amount that matters", "Стало хуже, и заметно"),
    "loss": Sentence("Worse; may be small", "Стало хуже; величина может быть небольшой"),
    "unclear": Sentence(
        "Unclear: anything from {low} to {high} fits", "Вывод сделать нельзя: возможно и {low}, и {high}"
    ),
    "unclear_unbounded": Sentence(
        "Unclear: the data set no limits to the change",
        "Вывод сделать нельзя: данные не ограничивают изменение",
    ),
}

DISAGREEMENT = Sentence(
    "The robustness checks do not agree with the main method.",
    "Проверочные методы не подтверждают основной.",
)

RELATIVE = Sentence(
    "In per cent of what was to be expected without training: {change} ({interval}).",
    "В процентах от ожидаемого без обучения: {change} ({interval}).",
)
IN_SECONDS = Sentence(
    "The mean wait up to the limit changed by {change} ({interval}; plus is longer).",
    "Среднее ожидание до предела изменилось на {change} ({interval}; плюс — дольше).",
)
NO_COMPARISON = Sentence(
    "There is no comparison group: part of the change may have come by itself.",
    "Группы сравнения нет: часть изменения могла произойти сама собой.",
)
NO_LIMITS = Sentence("the data set no limits", "данные не задают границ")

ARMS: dict[str, Sentence] = {
    "trained": Sentence("the trained arm", "обученные"),
    "comparison": Sentence("the comparison arm", "сравнение"),
}

# Why a result is not shown.
LASTING = Sentence(
    "Whether the change lasts beyond the visits after training is not known.",
    "Сохранится ли изменение после последних визитов, неизвестно.",
)
NOT_DRAWN = Sentence(
    "The arms were not drawn at random: trained and comparison branches may differ in other ways too.",
    "Группы составлены не по жребию: обученные отделения могли отличаться от отделений сравнения и другим.",
)
RUNNING = Sentence(
    "The pilot is running. Results are shown to everyone at once, when the wave after training is closed: "
    "whoever looks earlier may stop at a lucky moment.",
    "Пилот идёт. Результаты откроются всем сразу, когда закроется волна после обучения: тот, кто смотрит "
    "раньше, может остановиться на удачном моменте.",
)
RUNNING_WITH_LOOKS = Sentence(
    "The pilot is running. Results are shown to everyone at once, when the wave after training is closed; "
    "before that only as they stood at the looks that the plan names.",
    "Пилот идёт. Результаты откроются всем сразу, когда закроется волна после обучения, а до того видны "
    "только такими, какими были на просмотрах, названных в плане.",
)
AGGREGATE_HIDDEN = Sentence(
    "The result of the whole pilot is not shown here: with so few branches or regions it would give away "
    "the results of others.",
    "Результат всего пилота здесь не показан: при таком числе отделений или регионов он выдал бы "
    "результаты других.",
)

# An uplift says of what.
EXPECTED: tuple[str, str] = (
    "{uplift} of the level expected without the training",
    "{uplift} к уровню, ожидаемому без обучения",
)
# What one number of an outcome is read from.
RECORDS: dict[str, Forms] = {
    "visits": {
        "en": {"one": "visit", "other": "visits"},
        "ru": {"one": "визит", "few": "визита", "many": "визитов", "other": "визита"},
    },
    "timings": {
        "en": {"one": "timing", "other": "timings"},
        "ru": {
            "one": "хронометраж",
            "few": "хронометража",
            "many": "хронометражей",
            "other": "хронометража",
        },
    },
    "measurements": ROWS,
}


def counted_in(forms: Forms, count: int) -> Sentence:
    """A count with its word; the bare number where the language needs no word."""

    def write(language: Language) -> str:
        own = forms[language]
        return counted(count, own, language) if own else number(count, 0, language)

    return told(write)


def reason(code: str, values: Mapping[str, Value]) -> Sentence:
    """Why there is no effect, as a clause."""
    places = {name: _written(name, value) for name, value in values.items()}
    return REASONS[code].filled(**places)


def warning(code: str, values: Mapping[str, Value]) -> Sentence:
    """A caution as a sentence."""
    places = {name: _written(name, value) for name, value in values.items()}
    if code in COUNTED and "n" in values:
        places["n"] = counted_in(COUNTED[code], int(values["n"]))
    return WARNINGS[code].filled(**places)


def _written(name: str, value: Value) -> Sentence:
    if name == "arm":
        return ARMS[str(value)]
    if isinstance(value, str):
        return Sentence(value, value)
    if name in ("level", "together"):
        return told(lambda language: level_percent(value, language))
    if name in ("share", "limit"):
        return told(lambda language: percent(value, 1, language))
    if name in ("change", "change_low", "change_high"):
        return told(lambda language: percent(value, 1, language, sign=True))
    if name.endswith("_share"):
        return told(lambda language: percent(value, 1, language, sign=True))
    if name == "pvalue":
        return told(lambda language: pvalue_text(float(value), language))
    return told(lambda language: number(value, 0 if isinstance(value, int) else 1, language))

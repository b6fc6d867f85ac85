"""Every sentence that an evaluation says, in both languages.

A sentence is a template with named places; `reports.numbers` writes what goes into them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pilot_eval.reports.numbers import Language, counted, number, percent

Value = float | int | str


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

# Told after the headline; the sign is explained each time, because plus is not always more.
COMPARED: dict[str, Sentence] = {
    "with_comparison": Sentence(
        "Trained branches against comparison branches: {change} "
        "({level} interval: {interval}; plus is better).",
        "Обученные отделения против отделений сравнения: {change} "
        "({level} интервал: {interval}; плюс — лучше).",
    ),
    "without_comparison": Sentence(
        "Trained branches, after against before: {change} ({level} interval: {interval}; plus is better).",
        "Обученные отделения, после против до: {change} ({level} интервал: {interval}; плюс — лучше).",
    ),
}
RELATIVE = Sentence(
    "In per cent of what was to be expected without training: {change} ({interval}).",
    "В процентах от ожидаемого без обучения: {change} ({interval}).",
)
NO_COMPARISON = Sentence(
    "There is no comparison group: part of the change may have come by itself.",
    "Группы сравнения нет: часть изменения могла произойти сама собой.",
)
NO_LIMITS = Sentence("the data set no limits", "данные не задают границ")

UNITS: dict[str, Sentence] = {
    "points": Sentence("{number} points", "{number} балла"),
    "percentage_points": Sentence("{number} percentage points", "{number} процентного пункта"),
    "speed_percent": Sentence("speed {number}", "скорость {number}"),
    "time_percent": Sentence("time {number}", "время {number}"),
}

REASONS: dict[str, Sentence] = {
    "few_branches": Sentence(
        "an arm needs at least {need} branches seen both before and after; {arm} has {n}",
        "в группе нужно не менее {need} отделений с данными и до, и после; {arm}: {n}",
    ),
    "few_branches_in_strata": Sentence(
        "within the strata too few branches are left to compare: a single branch would decide the effect",
        "внутри страт слишком мало отделений для сравнения: эффект решало бы одно отделение",
    ),
    "no_variation": Sentence(
        "all branches changed by the same amount, so that nothing tells how sure the effect is",
        "все отделения изменились одинаково, поэтому точность эффекта оценить нельзя",
    ),
    "no_variation_within": Sentence(
        "all values within a branch and period are equal, so that nothing tells chance from change",
        "внутри отделения и периода все значения равны, поэтому случайное не отличить от изменения",
    ),
    "single_observations": Sentence(
        "every branch has one value per period: with nothing repeated, chance cannot be told from change; "
        "two or more visits per branch and period are needed",
        "у каждого отделения одно значение за период: без повторов случайное не отличить от изменения; "
        "нужно два визита или больше на отделение и период",
    ),
    "few_in_funnel": Sentence(
        "at least {need} branches are needed to compare them with one another; there are {n}",
        "для сравнения отделений между собой их нужно не менее {need}; есть {n}",
    ),
    "too_many_zeros": Sentence(
        "{share} of the times are 0 seconds (limit {limit}), too many for a mean of logarithms; "
        "the ratio of mean times is given instead",
        "{share} времён равны 0 секунд (предел {limit}), для среднего логарифмов это слишком много; "
        "вместо него дано отношение средних времён",
    ),
}

ARMS: dict[str, Sentence] = {
    "trained": Sentence("the trained arm", "обученные"),
    "comparison": Sentence("the comparison arm", "сравнение"),
}

WARNINGS: dict[str, Sentence] = {
    "no_comparison_group": Sentence(
        "There is no comparison group: part of the change may have come by itself. Compare with branches "
        "that were not trained, where you can.",
        "Группы сравнения нет: часть изменения могла произойти сама собой. По возможности сравните с "
        "отделениями, которые не обучались.",
    ),
    "comparison_left_out": Sentence(
        "{n} were left out: this design looks at trained branches only.",
        "Не учтено: {n}; эта схема рассматривает только обученные отделения.",
    ),
    "unpaired_branches": Sentence(
        "{n} without values both before and after were left out of the effect.",
        "Без данных и до, и после, поэтому не учтено: {n}.",
    ),
    "strata_without_both_arms": Sentence(
        "{n} were left out: their stratum has no branch of the other arm.",
        "Не учтено: {n}; в их страте нет отделений другой группы.",
    ),
    "missing_values": Sentence(
        "{n} empty; their rows were left out. Look at why they are empty before you trust the effect.",
        "Пустых ячеек: {n}; их строки не учтены. Прежде чем доверять эффекту, выясните, почему они пусты.",
    ),
    "during_left_out": Sentence(
        "{n} of the training months were left out.", "Строк периода обучения не учтено: {n}."
    ),
    "zero_durations": Sentence(
        "{n} of 0 seconds were taken as half a second.",
        "Времён в 0 секунд: {n}; каждое принято за полсекунды.",
    ),
    "few_branches": Sentence(
        "There are few branches, only {n} in the smaller arm: the interval rests on about {df} degrees of "
        "freedom, so it is wide and leans on the branches varying alike. More branches help, more visits per "
        "branch hardly do.",
        "Отделений мало, в меньшей группе всего {n}: интервал опирается примерно на {df} степени свободы, "
        "поэтому он широк и предполагает одинаковый разброс отделений. Помогут новые отделения, а не новые "
        "визиты.",
    ),
    "weights_disagree": Sentence(
        "The direction of the effect depends on whether each branch or each row counts once: large and small "
        "branches changed differently. Look at both before deciding.",
        "Направление эффекта зависит от того, считать ли одинаково каждое отделение или каждую строку: "
        "крупные и малые отделения изменились по-разному. Прежде чем решать, посмотрите на оба расчёта.",
    ),
    "uplift_without_base": Sentence(
        "No change in percent is given: the value to compare with is zero or below.",
        "Изменение в процентах не дано: величина для сравнения равна нулю или отрицательна.",
    ),
    "uplift_unbounded": Sentence(
        "The change in percent has no limits that these data could set: the value to compare with may be "
        "zero.",
        "Границы изменения в процентах по этим данным не определены: величина для сравнения может быть "
        "нулевой.",
    ),
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
AGGREGATE_HIDDEN = Sentence(
    "The result of the whole pilot is not shown here: with so few branches or regions it would give away "
    "the results of others.",
    "Результат всего пилота здесь не показан: при таком числе отделений или регионов он выдал бы "
    "результаты других.",
)

BRANCHES = {
    "en": {"one": "branch", "other": "branches"},
    "ru": {"one": "отделение", "few": "отделения", "many": "отделений", "other": "отделения"},
}
OF_BRANCHES = {
    "en": BRANCHES["en"],
    "ru": {"one": "отделения", "few": "отделений", "many": "отделений", "other": "отделения"},
}
OF_ROWS = {
    "en": {"one": "row", "other": "rows"},
    "ru": {"one": "строки", "few": "строк", "many": "строк", "other": "строки"},
}
ROWS = {
    "en": {"one": "row", "other": "rows"},
    "ru": {"one": "строка", "few": "строки", "many": "строк", "other": "строки"},
}
# An uplift says of what.
EXPECTED: tuple[str, str] = (
    "{uplift} of the level expected without the training",
    "{uplift} к уровню, ожидаемому без обучения",
)
# What one number of an outcome is read from.
RECORDS: dict[str, Mapping[str, Mapping[str, str]]] = {
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
CELLS: dict[str, dict[str, str]] = {"en": {"one": "cell is", "other": "cells are"}, "ru": {}}
TIMES: dict[str, dict[str, str]] = {"en": {"one": "time", "other": "times"}, "ru": {}}

# What the number n of a warning counts, where the sentence does not say it.
COUNTED: dict[str, Mapping[str, Mapping[str, str]]] = {
    "comparison_left_out": BRANCHES,
    "unpaired_branches": BRANCHES,
    "strata_without_both_arms": BRANCHES,
    "few_branches": BRANCHES,
    "during_left_out": ROWS,
    "missing_values": CELLS,
    "zero_durations": TIMES,
}


TEXT_LABELS: dict[str, Sentence] = {
    "outcome": Sentence("Outcome", "Показатель"),
    "data": Sentence("Data", "Данные"),
    "counts": Sentence(
        "{trained} trained and {comparison} comparison branches, {used} of {rows} rows",
        "отделений: обученных {trained}, сравнения {comparison}; строк: {used} из {rows}",
    ),
    "trained": Sentence("Trained", "Обученные"),
    "comparison": Sentence("Comparison", "Сравнение"),
    "effect": Sentence("Effect", "Эффект"),
    "uplift": Sentence("Uplift", "Прирост"),
    "time": Sentence("Time taken", "Затраты времени"),
    "wild_cluster_bootstrap": Sentence("Wild bootstrap", "Дикий бутстрап"),
    "permutation": Sentence("Permutation", "Перестановки"),
    "sign_flip": Sentence("Sign flips", "Перемена знаков"),
    "wilcoxon_signed_rank": Sentence("Wilcoxon", "Уилкоксон"),
}
TEXT_UNITS: dict[str, Sentence] = {
    "points": Sentence("points", "балла"),
    "percentage_points": Sentence("percentage points", "процентного пункта"),
    "log_seconds": Sentence("log ratio of times", "логарифм отношения времён"),
}


def counted_in(forms: Mapping[str, Mapping[str, str]], count: int) -> Sentence:
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
    if name in ("share", "limit"):
        return told(lambda language: percent(value, 1, language))
    return told(lambda language: number(value, 0 if isinstance(value, int) else 1, language))

"""What is said of a plan and its changes, of planned looks, of the decision and of the next step."""

from __future__ import annotations

from typing import Any

from pilot_eval.reports.labels import label
from pilot_eval.reports.numbers import (
    Language,
    date_text,
    level_percent,
    number,
    percent,
)
from pilot_eval.reports.sentences import Sentence, told

FIELDS: dict[str, Sentence] = {
    "schema": Sentence("form of the plan", "форма плана"),
    "design": Sentence("design", "схема сравнения"),
    "dates.before": Sentence("visits before training", "визиты до обучения"),
    "dates.training": Sentence("training", "обучение"),
    "dates.after": Sentence("visits after training", "визиты после обучения"),
    "allocation.method": Sentence("how branches came into arms", "как составлены группы"),
    "allocation.seed": Sentence("seed of the draw", "зерно жребия"),
    "allocation.share": Sentence("share to be trained", "доля обучаемых"),
    "allocation.strata": Sentence("strata of the draw", "страты жребия"),
    "checklist": Sentence("checklist", "чек-лист"),
    "checklist.code": Sentence("checklist", "чек-лист"),
    "checklist.version": Sentence("version of the checklist", "версия чек-листа"),
    "checklist.digest": Sentence("digest of the checklist", "отпечаток чек-листа"),
    "level": Sentence("confidence level", "доверительный уровень"),
    "seed": Sentence("seed", "зерно"),
    "draws": Sentence("random draws", "случайных повторов"),
    "weights": Sentence("weights", "веса"),
    "minimum_branches": Sentence("fewest branches in an arm", "наименьшее число отделений в группе"),
    "minimum_observations": Sentence("fewest observations", "наименьшее число наблюдений"),
    "looks": Sentence("looks before the end", "просмотры до окончания"),
    "exclusions": Sentence("exclusions", "исключения"),
}
# Of one outcome: its name comes before.
OUTCOME_FIELDS: dict[str, Sentence] = {
    "": Sentence("{outcome}", "{outcome}"),
    "kind": Sentence("{outcome}: kind", "{outcome}: вид"),
    "better": Sentence("{outcome}: better is", "{outcome}: лучше, когда"),
    "primary": Sentence("{outcome}: primary outcome", "{outcome}: основной показатель"),
    "smallest_effect": Sentence(
        "{outcome}: smallest effect that would matter", "{outcome}: наименьший заметный эффект"
    ),
    "source": Sentence("{outcome}: taken from", "{outcome}: источник"),
}
VALUES: dict[str, Sentence] = {
    "true": Sentence("yes", "да"),
    "false": Sentence("no", "нет"),
    "none": Sentence("not set", "не задано"),
    "higher": Sentence("higher", "выше"),
    "lower": Sentence("lower", "ниже"),
    "branch": Sentence("each branch counts once", "каждое отделение считается один раз"),
    "observation": Sentence("each observation counts", "считается каждое наблюдение"),
    "random": Sentence("drawn at random", "по жребию"),
    "by_hand": Sentence("chosen by hand", "выбраны вручную"),
    "imported": Sentence("as the imported file says", "как в загруженном файле"),
}

FROZEN: dict[str, Sentence] = {
    "frozen": Sentence("Frozen on {day}.", "План зафиксирован: {day}"),
    "wave_opened": Sentence(
        "Frozen by itself on {day}, when the wave after training could begin.",
        "План зафиксирован автоматически {day}, когда могла начаться волна после обучения.",
    ),
    "first_record": Sentence(
        "Frozen by itself on {day}, with the first record after training.",
        "План зафиксирован автоматически {day} с первой записью после обучения.",
    ),
    "import": Sentence(
        "Settled with the import on {day}, when the data were there already.",
        "Задан при загрузке ({day}), когда данные уже были.",
    ),
}
DRAFT = Sentence(
    "The plan is a draft and can be changed until it is frozen.",
    "План — черновик: до фиксации его можно менять.",
)
CHANGED = Sentence(
    "The plan was changed on {day} after it was frozen, because: {reason}",
    "План изменён после фиксации, {day}. Причина: {reason}",
)
CHANGED_AFTER_RESULTS = Sentence(
    "The plan was changed on {day}, after results could be seen, because: {reason}",
    "План изменён {day}, когда результаты уже можно было видеть. Причина: {reason}",
)
DIFFERS = Sentence(
    "The plan in use is not the one that was frozen: it was changed outside the product.",
    "Действующий план не совпадает с зафиксированным: его изменили в обход программы.",
)

LOOK = Sentence(
    "Look {number} of {looks}, planned for {share} of the visits after training and taken on {day}. Its "
    "intervals have level {level}, so that all looks together keep to {together}. Until the pilot ends "
    "nothing else is shown.",
    "Просмотр {number} из {looks}, намеченный на {share} визитов после обучения; сделан {day} Уровень его "
    "интервалов {level}, чтобы все просмотры вместе сохраняли {together}. До окончания пилота больше ничего "
    "не показывается.",
)

CHOICES: dict[str, Sentence] = {
    "roll_out": Sentence("Roll the training out", "Распространить обучение"),
    "rework": Sentence("Rework the training", "Переработать обучение"),
    "stop": Sentence("Stop the training", "Прекратить обучение"),
    "need_data": Sentence("Collect more data", "Собрать больше данных"),
}
DECIDED = Sentence("Decided on {day}: {choice}.", "Решение от {day}: {choice}.")
DECIDED_AT_LOOK = Sentence(
    "Decided on {day} at look {look}: {choice}.", "Решение от {day} по просмотру {look}: {choice}."
)
DATA_CHANGED = Sentence(
    "The data have changed since: the decision rests on snapshot {then}, this page on {now}.",
    "С тех пор данные изменились: решение опирается на снимок {then}, эта страница — на {now}.",
)
PLAN_CHANGED = Sentence(
    "The plan has changed since: the decision rests on version {then}, this page on version {now}.",
    "С тех пор план изменён: решение опирается на версию {then}, эта страница — на версию {now}.",
)

STEPS: dict[str, Sentence] = {
    "choose_branches": Sentence(
        "choose branches and put them into arms", "выберите отделения и распределите их по группам"
    ),
    "freeze_plan": Sentence("check the plan and freeze it", "проверьте план и зафиксируйте его"),
    "assign_before": Sentence("assign the visits before training", "назначьте визиты до обучения"),
    "visits_before": Sentence("visits before training go on until {day}", "визиты до обучения идут до {day}"),
    "close_before": Sentence("close the wave before training", "закройте волну до обучения"),
    "training": Sentence("training goes on until {day}", "обучение идёт до {day}"),
    "assign_after": Sentence("assign the visits after training", "назначьте визиты после обучения"),
    "visits_after": Sentence(
        "visits after training go on until {day}", "визиты после обучения идут до {day}"
    ),
    "take_look": Sentence(
        "look {look} of the plan is due: it may be taken", "подошёл просмотр {look} по плану"
    ),
    "close_after": Sentence("close the wave after training", "закройте волну после обучения"),
    "decide": Sentence("decide, with reasons", "примите решение и назовите причины"),
    "review_decision": Sentence(
        "check the decision: the data have changed since",
        "проверьте решение: данные с тех пор изменились",
    ),
}


def day(moment: str) -> Sentence:
    """A date in both languages."""
    return told(lambda language: date_text(moment[:10], language))


def field_name(field: str, outcome: Sentence | None = None) -> Sentence:
    """What a field of the plan is called."""
    if outcome is None:
        return FIELDS.get(field, Sentence(field, field))
    return OUTCOME_FIELDS.get(field, Sentence("{outcome}: " + field, "{outcome}: " + field)).filled(
        outcome=outcome
    )


def field_value(field: str, value: Any) -> Sentence:
    """What a field of the plan holds, as people read it."""
    return told(lambda language: _value(field, value, language))


def _value(field: str, value: Any, language: Language) -> str:
    if value is None or value in ([], ""):
        return str(getattr(VALUES["none"], language))
    if isinstance(value, bool):
        return str(getattr(VALUES["true" if value else "false"], language))
    if field == "level":
        return level_percent(value, language)
    if field == "looks":
        return ", ".join(percent(100 * share, 0, language) for share in value)
    if field.startswith("dates."):
        return " – ".join(date_text(end, language) for end in value)
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    if field.endswith("seed"):
        return str(value)
    if field.endswith("digest"):
        return f"{str(value)[:16]}…"
    if isinstance(value, int | float):
        return number(value, 0 if float(value).is_integer() else 2, language)
    if field == "design":
        return label(str(value), language)
    known = VALUES.get(str(value))
    return str(getattr(known, language)) if known else str(value)

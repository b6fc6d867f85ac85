"""What is said of the items of a checklist."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

REASONS: dict[str, Sentence] = {
    "no_items": Sentence("no columns of items were named", "не указаны столбцы пунктов"),
    "no_items_in_both_periods": Sentence(
        "no branch has an item that applied both before and after",
        "ни в одном отделении нет пункта, применимого и до, и после",
    ),
    "fixed_set_needs_two_periods": Sentence(
        "a fixed set of items is told for designs with one before and one after only",
        "единый набор пунктов рассматривается только в схемах с одним периодом до и одним после",
    ),
    "item_constant": Sentence(
        "the item, or the others beside it, never varies between visits to one branch in one period",
        "между визитами в одно отделение за один период не меняется сам пункт или остальные рядом с ним",
    ),
    "few_items": Sentence(
        "at least {need} items must vary between visits to one branch; {n} do",
        "между визитами в одно отделение должны меняться не менее {need} пунктов; меняются {n}",
    ),
    "few_visits_for_items": Sentence(
        "too few visits had both items: {n} beyond one per branch and period, {need} are needed",
        "визитов, где применимы оба пункта, мало: сверх одного на отделение и период их {n}, нужно {need}",
    ),
    "items_not_positive": Sentence(
        "the {n} items do not go together: some say the same, or were seen in different visits",
        "{n} пунктов нельзя рассматривать вместе: одни повторяют другие или отмечались в разных визитах",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "items_less_applicable": Sentence(
        "How often an item applied has changed with training ({items}): the score then compares different "
        "checklists. See the score over a fixed set of items.",
        "С обучением изменилось, как часто применимы пункты ({items}): оценка тогда сравнивает разные "
        "чек-листы. Посмотрите оценку по постоянному набору пунктов.",
    ),
    "items_not_one_thing": Sentence(
        "The items hardly measure one thing (omega {omega}): look at items, not only at their sum.",
        "Пункты едва ли измеряют что-то одно (омега {omega}): смотрите на пункты, а не только на их сумму.",
    ),
    "item_without_own_part": Sentence(
        "{items}: nothing of its own seems to be left beside the common factor; omega is then too high.",
        "{items}: помимо общего фактора у пункта как будто нет ничего своего; омега тогда завышена.",
    ),
}

LABELS: dict[str, Sentence] = {
    "items": Sentence("Items: change in percentage points", "Пункты: изменение в процентных пунктах"),
    "items_effect": Sentence(
        "{effect} ({interval}), {p}, adjusted for the number of items {q}",
        "{effect} ({interval}), {p}, с поправкой на число пунктов {q}",
    ),
    "items_absent": Sentence(
        "; not applicable: {before} before, {after} after (trained)",
        "; неприменим: {before} до, {after} после (обученные)",
    ),
    "items_found": Sentence("Moved", "Изменились"),
    "items_none_found": Sentence("none", "нет"),
    "items_any_set": Sentence("All items that applied", "Все применимые пункты"),
    "items_fixed_set": Sentence("Items that applied before and after", "Пункты, применимые и до, и после"),
}

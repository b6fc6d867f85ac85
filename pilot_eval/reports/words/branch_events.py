"""What is said of branches that closed, were merged or renumbered, or were not treated as allocated."""

from __future__ import annotations

from pilot_eval.domain.network import BranchChange
from pilot_eval.reports.sentences import Sentence

MOST_NAMED = 10

EVENTS: dict[BranchChange, Sentence] = {
    BranchChange.CLOSED: Sentence(
        "Closed for good while the pilot ran: {branches}. What was recorded before counts.",
        "Закрылись насовсем во время пилота: {branches}. Записанное до этого учтено.",
    ),
    BranchChange.MERGED: Sentence(
        "Merged into another branch while the pilot ran: {branches}. What was recorded before counts.",
        "Присоединены к другому отделению во время пилота: {branches}. Записанное до этого учтено.",
    ),
    BranchChange.RENUMBERED: Sentence(
        "Renumbered since they came into the pilot: {branches}. Here they keep the numbers that they had.",
        "Получили новый номер после начала пилота: {branches}. Здесь у них прежние номера.",
    ),
    BranchChange.ARM_CHANGED: Sentence(
        "Not treated as allocated: {branches}.", "Прошли пилот не так, как были распределены: {branches}."
    ),
    BranchChange.TRAINED_LATE: Sentence("Trained late: {branches}.", "Обучены позже срока: {branches}."),
}
# One branch in such a list.
ONE: dict[BranchChange, Sentence] = {
    BranchChange.CLOSED: Sentence("{code} ({day})", "{code} ({day})"),
    BranchChange.MERGED: Sentence("{code} into {successor} ({day})", "{code} к {successor} ({day})"),
    BranchChange.RENUMBERED: Sentence("{code}, now {new} ({day})", "{code}, теперь {new} ({day})"),
    BranchChange.ARM_CHANGED: Sentence("{code} as {arm} ({day})", "{code} как {arm} ({day})"),
    BranchChange.TRAINED_LATE: Sentence("{code} ({day})", "{code} ({day})"),
}
# The same as a sentence of its own.
HAPPENED: dict[BranchChange, Sentence] = {
    BranchChange.CLOSED: Sentence(
        "Closed for good on {day}. It takes no visits from that day on.",
        "Закрылось насовсем ({day}); с этого дня визитов в него нет.",
    ),
    BranchChange.MERGED: Sentence(
        "Merged into {successor} on {day}. It takes no visits from that day on.",
        "Присоединено к {successor} ({day}); с этого дня визитов в него нет.",
    ),
    BranchChange.RENUMBERED: Sentence(
        "Renumbered on {day}: {old} became {new_code}. It is found by both.",
        "Новый номер ({day}): {old} стало {new_code}; находится по обоим.",
    ),
    BranchChange.ARM_CHANGED: Sentence(
        "Treated as {arm} from {day} on. It is analysed as allocated.",
        "Прошло пилот как {arm} (с {day}); учтено так, как распределено.",
    ),
    BranchChange.TRAINED_LATE: Sentence(
        "Trained late, on {day}. It is analysed as allocated.",
        "Обучено позже срока ({day}); учтено так, как распределено.",
    ),
}
AS_ARM = {
    "trained": Sentence("trained", "обученное"),
    "comparison": Sentence("comparison", "отделение сравнения"),
}
MORE = Sentence("{branches} and {n} more", "{branches} и ещё {n}")
AS_ALLOCATED = Sentence(
    "Every branch is analysed in the arm that it was allocated to, whatever happened to it later "
    "(intention to treat): the answer is about deciding to train, not about training that always succeeds.",
    "Каждое отделение учтено в той группе, в которую оно было распределено, что бы с ним потом ни случилось "
    "(анализ по исходному распределению): ответ говорит о решении обучать, а не об обучении без сбоев.",
)

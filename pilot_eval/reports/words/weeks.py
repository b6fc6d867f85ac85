"""What is said of an outcome week by week."""

from __future__ import annotations

from pilot_eval.reports.sentences import Sentence

ARMS: dict[str, Sentence] = {
    "trained": Sentence("Trained branches", "Обученные отделения"),
    "comparison": Sentence("Comparison branches", "Отделения сравнения"),
}
PERIODS: dict[str, Sentence] = {
    "before": Sentence("before", "до"),
    "during": Sentence("during training", "во время обучения"),
    "after": Sentence("after", "после"),
}
LEVELS: dict[str, Sentence] = {
    "both": Sentence(
        "{arm}: mean of weeks {before} before, {after} after.",
        "{arm}: среднее по неделям {before} до, {after} после.",
    ),
    "one": Sentence("{arm}: mean of weeks {before}.", "{arm}: среднее по неделям {before}."),
}
QUIET = Sentence("Within a period no week stands out.", "Внутри периодов ни одна неделя не выделяется.")
SIGNALS = Sentence(
    "More than chance within its period: {count} (from {days}).",
    "Больше, чем случайность внутри периода: {count} (с {days}).",
)
LIMITS = Sentence("{low} to {high}", "от {low} до {high}")
OF_SERIES: dict[str, Sentence] = {
    "outside": Sentence("outside the limits", "за границами"),
    "run": Sentence("eight or more on one side", "восемь и более по одну сторону"),
    "wide_range": Sentence("a jump from the week before", "скачок к прошлой неделе"),
}
WORDS: dict[str, Sentence] = {
    "alt": Sentence(
        "Chart with one mark per week, the mean of each period and its limits of chance. {finding}",
        "График: по знаку на неделю, среднее каждого периода и границы случайного. {finding}",
    ),
    "trial": Sentence(
        "Trial limits: a period has fewer than twelve weeks.",
        "Границы предварительные: в периоде меньше двенадцати недель.",
    ),
    "trial_mark": Sentence("trial", "предварительно"),
}

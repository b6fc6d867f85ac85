"""What is said of visits that reviewers set aside or changed after results could be seen."""

from __future__ import annotations

from pilot_eval.reports.sentences import Forms, Sentence

VISITS: Forms = {
    "en": {"one": "visit", "other": "visits"},
    "ru": {"one": "визит", "few": "визита", "many": "визитов", "other": "визита"},
}
EXCLUDED_VISITS: Forms = {
    "en": {"one": "excluded visit", "other": "excluded visits"},
    "ru": {
        "one": "исключённым визитом",
        "few": "исключёнными визитами",
        "many": "исключёнными визитами",
        "other": "исключёнными визитами",
    },
}
PERIODS: dict[str, Sentence] = {
    "before": Sentence("before training", "до обучения"),
    "during": Sentence("during training", "во время обучения"),
    "after": Sentence("after training", "после обучения"),
}
# One change of one visit.
CHANGES: dict[str, Sentence] = {
    "exclude": Sentence(
        "{day}: the visit {visit} to branch {branch} ({period}) was excluded, because: {reason}",
        "{day}: визит {visit} в отделение {branch} ({period}) исключён. Причина: {reason}",
    ),
    "restore": Sentence(
        "{day}: the excluded visit {visit} to branch {branch} ({period}) was taken back in, "
        "because: {reason}",
        "{day}: исключённый визит {visit} в отделение {branch} ({period}) возвращён в расчёт. "
        "Причина: {reason}",
    ),
    "return": Sentence(
        "{day}: the visit {visit} to branch {branch} ({period}) was returned to its auditor, "
        "because: {reason}",
        "{day}: визит {visit} в отделение {branch} ({period}) возвращён аудитору. Причина: {reason}",
    ),
    "correct": Sentence(
        "{day}: the visit {visit} to branch {branch} ({period}) was corrected, because: {reason}",
        "{day}: визит {visit} в отделение {branch} ({period}) исправлен. Причина: {reason}",
    ),
}
LIMIT = Sentence(
    "After results could be seen, reviewers changed {visits}: each change is listed with its reason.",
    "После того как результаты можно было видеть, проверяющие изменили {visits}: каждое изменение "
    "перечислено с причиной.",
)
ALL_COUNTED = Sentence(
    "{outcome}: {again} ({range}) with {excluded} counted as well; {planned} without.",
    "{outcome}: {again} ({range}) вместе с {excluded}; {planned} без них.",
)
HEADING = Sentence(
    "Visits changed after results could be seen",
    "Визиты, изменённые после того, как результаты можно было видеть",
)
EXCLUDED_HEADING = Sentence("If excluded visits were counted", "Если учесть исключённые визиты")

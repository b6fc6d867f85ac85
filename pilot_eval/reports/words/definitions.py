"""The words that results are told in: what pages of results define, in both languages.

`docs/glossary.md` has each of them with the same names and the same English meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pilot_eval.reports.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Definition:
    """A word of results.

    Parameters
    ----------
    key : str
        What addresses name it by (`#word-uplift`).
    term, meaning : Sentence
        In both languages.
    """

    key: str
    term: Sentence
    meaning: Sentence


def _word(key: str, term: tuple[str, str], en: str, ru: str) -> Definition:
    return Definition(key, Sentence(*term), Sentence(en, ru))


DEFINITIONS: Final[tuple[Definition, ...]] = (
    _word(
        "branch",
        ("branch", "отделение"),
        "where customers are served; the unit that everything is counted in: a hundred visits to one branch "
        "say much about it and little about the training",
        "место, где обслуживают клиентов; единица счёта: сто визитов в одно отделение много говорят о нём и "
        "мало об обучении",
    ),
    _word(
        "effect",
        ("effect", "эффект"),
        "the change that is put down to the training; with comparison branches, what the trained ones "
        "changed by over and above them",
        "изменение, которое относят на счёт обучения; при отделениях сравнения — то, на что обученные "
        "изменились сильнее них",
    ),
    _word(
        "uplift",
        ("uplift", "прирост"),
        "the effect in per cent of what was to be expected without the training; above zero is better",
        "эффект в процентах от ожидаемого без обучения; больше нуля — лучше",
    ),
    _word(
        "speed",
        ("speed", "скорость"),
        "customers in the same time: +10% means that one takes 1/1.10 of the time, 9% less",
        "число клиентов за то же время: +10\u00a0% значит, что на клиента уходит 1/1,10 времени, на 9\u00a0% "
        "меньше",
    ),
    _word(
        "interval",
        ("interval", "интервал"),
        "the range of changes that fit the data; at 95% it is made so that it holds the true change in 95 of "
        "100 pilots like this one",
        "все изменения, которые согласуются с данными; при 95\u00a0% он построен так, что накрывает истинное "
        "изменение в 95 из 100 подобных пилотов",
    ),
    _word(
        "smallest-effect",
        ("smallest effect that would matter", "наименьший заметный эффект"),
        "what the plan named before the data; smaller changes would not be worth the training",
        "величина, названная в плане до сбора данных; ради меньшего изменения обучать не стоит",
    ),
    _word(
        "verdict",
        ("verdict", "вывод"),
        "the sentence that follows from the interval by fixed rules, the same on pages and in files; "
        "unclear is a verdict too and does not mean that nothing changed",
        "предложение, которое следует из интервала по твёрдым правилам, одинаковым на страницах и в файлах; "
        "«вывод сделать нельзя» — тоже вывод и не значит, что ничего не изменилось",
    ),
    _word(
        "guardrail",
        ("guardrail", "защитный показатель"),
        "an outcome that the training is not meant to improve and must not harm, such as the time of service",
        "показатель, который обучение не должно улучшить, но не должно и испортить, например время "
        "обслуживания",
    ),
    _word(
        "comparison-branches",
        ("comparison arm, comparison branches", "отделения сравнения"),
        "not trained, observed over the same months: their change shows what would have happened anyway",
        "не обучались, наблюдались в те же месяцы: их изменение показывает, что произошло бы и так",
    ),
    _word(
        "shrunken",
        ("drawn to the mean", "притянутое к среднему"),
        "a branch's change moved towards the mean of its arm, the more the fewer records it has: a better "
        "guess of its true change than the bare number",
        "изменение отделения, сдвинутое к среднему по его группе тем сильнее, чем меньше записей: к "
        "истинному изменению оно ближе, чем голое число",
    ),
    _word(
        "funnel-limits",
        ("funnel limits", "границы воронки"),
        "inside the inner ones (95%) branches differ no more than chance and their usual "
        "differences explain; outside the outer ones (99.8%) it is worth asking why",
        "внутри узких (95\u00a0%) отделения различаются не больше, чем объясняют случай и обычные "
        "различия; за широкими (99,8\u00a0%) стоит спросить почему",
    ),
    _word(
        "xmr",
        ("XmR chart", "контрольная карта XmR"),
        "values week by week with the limits of ordinary weekly variation: a point beyond them, or a long "
        "run on one side of the mean, is a signal; limits from fewer than 12 points are only trial limits",
        "значения по неделям с границами обычных колебаний: точка за ними или длинный ряд по одну сторону от "
        "среднего — сигнал; границы менее чем по 12 точкам лишь пробные",
    ),
    _word(
        "median-p90",
        ("median, 90th percentile (P90)", "медиана, 90-й процентиль (P90)"),
        "half of the times are below the median, nine of ten below P90: what the usual and the unlucky "
        "customer meet",
        "половина времён меньше медианы, девять из десяти меньше P90: что достаётся обычному и невезучему "
        "клиенту",
    ),
    _word(
        "frozen-plan",
        ("frozen plan", "зафиксированный план"),
        "what was settled before the data, so that nobody chooses the question by the answer; a later "
        "change is a new version with its reason",
        "то, что решено до сбора данных, чтобы вопрос не подбирали под ответ; более позднее изменение — "
        "новая версия с указанием причины",
    ),
    _word(
        "look",
        ("look", "просмотр"),
        "a moment, named in the plan, at which the result is seen while the pilot still runs; the interval "
        "is made wider for it",
        "заранее названный в плане момент, когда результат смотрят до конца пилота; за это интервал делается "
        "шире",
    ),
    _word(
        "snapshot",
        ("snapshot", "снимок данных"),
        "the data behind a number, named by its hash: two files with the same hash rest on the same data",
        "данные, на которых построено число, с их отпечатком: у двух файлов с одним отпечатком данные одни "
        "и те же",
    ),
)

"""The board page: one accessible A4 in both languages, the same bytes for the same snapshot."""

from __future__ import annotations

import io
import re
from typing import Any

import pypdf
import pytest

from pilot_eval.reports.files import board, write_file
from pilot_eval.reports.numbers import LANGUAGES, NBSP
from pilot_eval.reports.scales import nice_ticks
from tests.reports import samples

A4 = (595, 842)  # points, rounded

EXPECTED = {
    "en": [
        "Made-up data for demonstration",
        "Did the training improve service",
        "Why we think so",
        "What we do not know",
        "Guardrails: ",
        "transfer to the network has not been tested",
        "need more data",
        "97.5% interval",
    ],
    "ru": [
        "Вымышленные данные для демонстрации",
        "Улучшило ли обучение",
        "Почему мы так считаем",
        "Чего мы не знаем",
        "Защитные показатели: ",
        "перенос на всю сеть не проверялся",
        "нужны ещё данные",
        "Интервал 97,5 %",
    ],
}


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def text_of(document: dict[str, Any], language: str) -> str:
    pages = read(write_file("pdf", document, language)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages)).replace(NBSP, " ")


def all_alternatives(reader: pypdf.PdfReader) -> list[str]:
    objects = (reader.get_object(number) for number in range(1, len(reader.xref[0]) + 1))
    return [str(found["/Alt"]) for found in objects if isinstance(found, dict) and "/Alt" in found]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("design", ["difference_in_differences", "before_after"])
@pytest.mark.parametrize("withheld", [False, True])
def test_the_page_is_one_tagged_a4_in_the_readers_language(
    language: str, design: str, withheld: bool
) -> None:
    document = samples.summary(design, withheld)
    reader = read(write_file("pdf", document, language))
    (page,) = reader.pages
    root = reader.trailer["/Root"]
    assert (round(page.mediabox.width), round(page.mediabox.height)) == A4
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert reader.metadata.title == document["pilot"]["title"][language]
    assert "pdfuaid" in root["/Metadata"].get_data().decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_what_a_board_must_know(language: str) -> None:
    document = samples.summary()
    text = text_of(document, language)
    for words in [
        *EXPECTED[language],
        document["snapshot"]["sha256"],
        document["limits"][0]["text"][language],
    ]:
        assert words in text, words


def test_the_page_shows_the_numbers_of_the_evaluation() -> None:
    document = samples.summary()
    effect = document["outcomes"][0]["evaluation"]["effect"]
    speed = document["outcomes"][1]["evaluation"]["speed"]
    text = text_of(document, "en")
    low, high = effect["confidence_interval"]
    assert f"+{effect['estimate']:.1f} points" in text
    assert f"+{low:.1f} to +{high:.1f} points" in text
    assert f"speed +{speed['speed_percent']:.1f}%" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_has_words(language: str) -> None:
    document = samples.summary()
    alternatives = all_alternatives(read(write_file("pdf", document, language)))
    assert len(alternatives) == 4  # three interval bars and the chart
    assert any(re.search(r"\b44\b", words) for words in alternatives)


def test_while_withheld_the_page_shows_neither_results_nor_a_decision() -> None:
    document = samples.summary(withheld=True)
    text = text_of(document, "en")
    assert document["headline_withheld"]["text"]["en"] in text
    assert "The change in 24 trained branches is set against the change in 21 others" in text
    for words in ("After", "interval", "Better", "better", "roll out", "Why we think so"):
        assert words not in text, words


def test_an_outcome_that_cannot_be_estimated_is_told_in_words() -> None:
    text = text_of(samples.not_estimable(samples.summary(), "speed"), "ru")
    assert "Скорость обслуживания: данных мало: 1 из 2." in text


def test_a_pilot_without_comparison_says_that_the_change_may_have_come_by_itself() -> None:
    assert "may have come by itself" in text_of(samples.summary("before_after"), "en")


def test_an_imported_pilot_says_what_is_not_on_record() -> None:
    document = samples.summary()
    document["pilot"]["dates"] = dict.fromkeys(("before", "training", "after"))
    document["pilot"]["allocation"] = {"method": "imported", "seed": None, "strata": [], "drawn_at": None}
    document["plan"] |= {"frozen_at": None, "sha256": None}
    document |= {"branches": [], "limits": []}
    text = text_of(document, "en")
    assert "how groups were formed is not on record" in text
    assert "No limits were put on record." in text
    assert "frozen" not in text


def test_recorded_data_are_not_called_made_up() -> None:
    assert "Made-up" not in text_of(samples.summary(made_up=False), "en")


def test_words_of_people_are_never_read_as_typst() -> None:
    document = samples.summary()
    hostile = '#panic("x") $1/0$ *b* `c` <d> @e \\u{41} "quoted"'
    document["pilot"]["title"]["en"] = hostile
    assert hostile in text_of(document, "en").replace("”", '"').replace("“", '"')


def test_signs_outside_the_font_become_boxes() -> None:
    document = samples.summary()
    document["pilot"]["title"]["en"] = "Пило\u0301т ёЁ 漢 🙂 № 5 ₽\x01\nnext"
    assert "□ □ № 5 ₽□ next" in text_of(document, "en")


def test_every_sign_counted_as_displayable_is_displayed() -> None:
    document = samples.summary()
    signs = "".join(chr(code) for code in range(0x20, 0x2600) if not board._NOT_IN_FONT.match(chr(code)))
    document["limits"] = [{"code": "signs", "text": {"en": signs, "ru": signs}}]
    assert len(read(write_file("pdf", document, "en")).pages) >= 1


def test_long_texts_make_the_chart_lower_and_nothing_is_cut() -> None:
    document = samples.summary()
    document["limits"] = [
        {"code": "long", "text": {"en": "We do not know this. " * 20 + "End.", "ru": "x"}}
    ] * 2
    reader = read(write_file("pdf", document, "en"))
    assert len(reader.pages) == 1
    assert reader.pages[0].extract_text().count("End.") == 2


LONG = "We do not know this. " * 200


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("flags", [0, 2, 40])
@pytest.mark.parametrize("name", ["Training", "T" * 200, "Обучение " * 22])
def test_it_is_one_page_however_long_the_texts_are(name: str, flags: int, language: str) -> None:
    document = samples.summary()
    document["pilot"]["title"] = {"en": name, "ru": name}
    for outcome in document["outcomes"]:
        outcome["label"] = {"en": name, "ru": name}
    document["limits"] = [{"code": f"long_{n}", "text": {"en": LONG, "ru": LONG}} for n in range(flags)]
    document["decision"] = decided(LONG)
    (page,) = read(write_file("pdf", document, language)).pages
    text = re.sub(r"\s+", "", page.extract_text())
    effect = document["outcomes"][0]["evaluation"]["effect"]
    assert f"+{effect['estimate']:.1f}".replace(".", "." if language == "en" else ",") in text
    assert document["snapshot"]["sha256"] in text
    assert "Made-updata" in text or "Вымышленные" in text


def decided(reasons: str) -> dict[str, Any]:
    return {
        "choice": "roll_out",
        "text": {
            "en": "Decided on 3 December 2014: roll the training out.",
            "ru": "Решение от 3 декабря 2014 г.: распространить обучение.",
        },
        "reasons": reasons,
        "signed_at": "2014-12-03T09:00:00+00:00",
        "signed_by": "H-001",
        "snapshot_sha256": "c0ffee00" * 8,
        "notes": [{"en": "The data have changed since.", "ru": "С тех пор данные изменились."}],
    }


def test_a_signed_decision_stands_in_place_of_the_choices() -> None:
    document = samples.summary()
    document["decision"] = decided("Quality rose, #emph[times] did not fall.")
    text = text_of(document, "en")
    assert (
        "Decided on 3 December 2014: roll the training out. Quality rose, #emph[times] did not fall." in text
    )
    assert "Signed by H-001, 3 December 2014, 09:00 UTC, on snapshot c0ffee00." in text
    assert "The data have changed since." in text
    assert "need more data" not in text


def test_the_range_of_a_roll_out_stands_where_it_was_computed() -> None:
    document = samples.summary()
    assert "transfer to the network has not been tested" in text_of(document, "en")
    ends = [3.04, 9.96]
    document["outcomes"][0]["evaluation"]["roll_out"] = {
        "unit": "points",
        "level": 0.975,
        "network": {"branches": 42_000, "confidence_interval": ends, "confidence_interval_in_unit": ends},
    }
    text = text_of(document, "en")
    assert "averaged over a network of 42 000 branches, if they are like those of the pilot" in text
    assert "+3.0 to +10.0 points (97.5%)" in text
    assert "has not been tested" not in text


def test_the_flags_of_the_data_are_among_what_we_do_not_know() -> None:
    document = samples.summary()
    document["limits"] = []
    document["health"] = [
        {"code": "a", "level": "ok", "text": {"en": "All is well.", "ru": "x"}},
        {"code": "b", "level": "attention", "text": {"en": "Arms differed before.", "ru": "x"}},
        {"code": "c", "level": "problem", "text": {"en": "Half the visits are missing.", "ru": "x"}},
    ]
    text = text_of(document, "en")
    assert "Half the visits are missing. – Arms differed before." in text
    assert "All is well" not in text


def test_an_interval_without_limits_is_drawn_open_and_said_in_words() -> None:
    document = samples.summary()
    document["outcomes"][0]["evaluation"]["effect"]["confidence_interval"] = [None, None]
    assert "97.5% interval: no limits" in text_of(document, "en")


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (41.2, 88.1, [40, 50, 60, 70, 80, 90]),
        (0.0, 1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (5, 5, [4, 4.5, 5, 5.5, 6]),
        (-3, 7, [-4, -2, 0, 2, 4, 6, 8]),
        (0, 0.0005, [0, 0.0001, 0.0002, 0.0003, 0.0004, 0.0005]),
    ],
)
def test_ticks_are_round_and_enclose_the_values(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high, 5) == pytest.approx(ticks)


def test_a_scale_without_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="no scale"):
        nice_ticks(0, float("inf"), 5)

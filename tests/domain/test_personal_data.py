"""Names, telephone numbers and addresses are suspected; ordinary remarks are not."""

from __future__ import annotations

import pytest

from pilot_eval.domain.personal_data import REMOVED, suspects, without


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Обслуживала Мария Петровна, окно 3.", [("name", "Мария Петровна")]),
        ("Жалоба передана Ивановой Анне Сергеевне", [("name", "Анне Сергеевне")]),
        ("Говорил с Петром Ильичом", []),  # not known: suspicion is not complete
        ("На бейдже: Смирнова", [("name", "Смирнова")]),
        ("Оператор Кузнецова не предложила упаковку", [("name", "Кузнецова")]),
        ("Начальник Сидоров К. А. извинился", [("name", "Сидоров К. А.")]),
        ("подпись И.И. Иванова", [("name", "И.И. Иванова")]),
        ("Её зовут Юлия", [("name", "Юлия")]),
        ("Посылку принял Дмитрий", [("name", "Дмитрий")]),
        ("The clerk Anna Smith was rude", [("name", "Anna Smith")]),
        ("Mrs. Brown helped", [("name", "Brown")]),
        (
            "Звоните +7 (492) 232-15-48 или пишите anna.k@post.example",
            [
                ("phone", "+7 (492) 232-15-48"),
                ("email", "anna.k@post.example"),
            ],
        ),
        ("8 920 123 45 67", [("phone", "8 920 123 45 67")]),
    ],
)
def test_what_may_be_personal_is_named(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(found.kind, found.text) for found in suspects(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Вымышленная запись для демонстрации.",
        "Основной зал был закрыт, терминал не работал 20 минут.",
        "Отделение № 12 во Владимире, очередь 7 человек. Почта России.",
        "Оператор не предложил упаковку; окно 3, чек 10:41 на 250,50 ₽.",
        "Трек-номер 80083012345678 не нашли",
        "Ежедневной уборки не было. Верховной жалобы тоже.",
        "The clerk was polite. Window 3 was closed from 10:05 to 10:25.",
        "Manager on duty could not be found",
        "2026-11-30",
    ],
)
def test_ordinary_remarks_are_left_alone(text: str) -> None:
    assert suspects(text) == ()


def test_a_passage_is_taken_out_wherever_it_stands() -> None:
    text = "Мария Петровна сказала: Мария занята"
    assert without(text, ("Мария", "Мария Петровна", "")) == f"{REMOVED} сказала: {REMOVED} занята"

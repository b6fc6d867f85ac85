"""Settings: what is read, and that each bad value is named with an example."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pilot_eval.domain.errors import BadSetting
from pilot_eval.settings import LOOPBACK, read_settings

KEY = "k" * 32
GOOD = {"PILOT_EVAL_SECRET_KEY": KEY}


def test_what_is_not_set_is_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings(GOOD)
    assert settings.environment == "production"
    assert not settings.development
    assert settings.hosts == LOOPBACK
    assert settings.proxies == 0
    assert settings.data == tmp_path / "instance"
    assert settings.database == f"sqlite:///{tmp_path}/instance/pilot_eval.sqlite3"


def test_what_is_set_is_taken(tmp_path: Path) -> None:
    settings = read_settings(
        {
            **GOOD,
            "PILOT_EVAL_ENV": "development",
            "PILOT_EVAL_DATA": str(tmp_path),
            "PILOT_EVAL_DATABASE": "postgresql+psycopg://pilot@localhost/pilot",
            "PILOT_EVAL_HOSTS": "pilot.example.org, other.example.org ,",
            "PILOT_EVAL_PROXIES": "2",
        }
    )
    assert settings.development
    assert settings.data == tmp_path
    assert settings.database == "postgresql+psycopg://pilot@localhost/pilot"
    assert settings.hosts == (*LOOPBACK, "pilot.example.org", "other.example.org")
    assert settings.proxies == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PILOT_EVAL_ENV", "staging"),
        ("PILOT_EVAL_ENV", ""),
        ("PILOT_EVAL_DATABASE", "mysql://pilot:hush@localhost/pilot"),
        ("PILOT_EVAL_DATABASE", "pilot.sqlite3"),
        ("PILOT_EVAL_DATABASE", "postgresql://pilot@localhost/pilot"),
        ("PILOT_EVAL_SECRET_KEY", ""),
        ("PILOT_EVAL_SECRET_KEY", "k" * 31),
        ("PILOT_EVAL_HOSTS", "https://pilot.example.org"),
        ("PILOT_EVAL_PROXIES", "one"),
        ("PILOT_EVAL_PROXIES", "-1"),
        ("PILOT_EVAL_PROXIES", ""),
    ],
)
def test_each_bad_value_is_named_with_an_example(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read_settings({**GOOD, name: value})
    sentence = str(refused.value)
    assert name in sentence
    assert f"Example: {name}=" in sentence
    assert "hush" not in sentence


def test_production_has_no_default_key() -> None:
    with pytest.raises(BadSetting, match="PILOT_EVAL_SECRET_KEY is not set"):
        read_settings({})


def test_commands_that_serve_nobody_need_no_key() -> None:
    assert read_settings({}, needs_secret=False).secret_key == ""


def test_the_development_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    environ = {"PILOT_EVAL_ENV": "development", "PILOT_EVAL_DATA": str(tmp_path / "data")}
    first = read_settings(environ).secret_key
    assert len(first) >= 48
    assert read_settings(environ).secret_key == first
    path = tmp_path / "data" / "development-secret-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_settings_do_not_print_secrets() -> None:
    settings = read_settings(
        {**GOOD, "PILOT_EVAL_DATABASE": "postgresql+psycopg://pilot:hush@localhost/pilot"}
    )
    assert KEY not in repr(settings)
    assert "hush" not in repr(settings)

"""Settings, read once from the environment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pilot_eval.domain.errors import BadSetting
from pilot_eval.domain.photos import KEPT_DAYS

ENVIRONMENTS = ("development", "production")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation runs.

    Parameters
    ----------
    environment : {"development", "production"}
        `PILOT_EVAL_ENV`; production unless said.
    database : str
        `PILOT_EVAL_DATABASE`, an SQLAlchemy address; a SQLite file in `data` unless said.
    data : Path
        `PILOT_EVAL_DATA`: where the SQLite file, caches and the development key live.
    secret_key : str
        `PILOT_EVAL_SECRET_KEY`; no default in production.
    hosts : tuple of str
        `PILOT_EVAL_HOSTS`, comma separated: names under which the site is reached.
    proxies : int
        `PILOT_EVAL_PROXIES`: how many reverse proxies stand in front and set X-Forwarded-*.
    inline_rows : int
        `PILOT_EVAL_INLINE_ROWS`: files with more observations than this are made in the background.
    photo_days : int
        `PILOT_EVAL_PHOTO_DAYS`: photographs of visits are deleted after so many days.
    """

    environment: str
    database: str
    data: Path
    secret_key: str
    hosts: tuple[str, ...] = LOOPBACK
    proxies: int = 0
    inline_rows: int = 50_000
    photo_days: int = KEPT_DAYS

    @property
    def photos(self) -> Path:
        """Where photographs of visits are kept."""
        return self.data / "photos"

    @property
    def development(self) -> bool:
        return self.environment == "development"

    def __repr__(self) -> str:
        return f"Settings(environment={self.environment!r}, data={self.data!r}, hosts={self.hosts!r})"


def read_settings(environ: Mapping[str, str] | None = None, *, needs_secret: bool = True) -> Settings:
    """Settings from `PILOT_EVAL_*`.

    Parameters
    ----------
    environ : mapping, optional
        The environment; the process's own unless given.
    needs_secret : bool
        False for commands that serve nobody.

    Raises
    ------
    BadSetting
        Naming the variable, what it held, and an example.
    """
    environ = os.environ if environ is None else environ
    environment = environ.get("PILOT_EVAL_ENV", "production")
    if environment not in ENVIRONMENTS:
        raise BadSetting(
            f"PILOT_EVAL_ENV is {environment!r}; it must be one of {', '.join(ENVIRONMENTS)}. "
            "Example: PILOT_EVAL_ENV=production"
        )
    data = Path(environ.get("PILOT_EVAL_DATA", "instance")).absolute()
    return Settings(
        environment=environment,
        database=_database(environ.get("PILOT_EVAL_DATABASE", ""), data),
        data=data,
        secret_key=_secret_key(environ.get("PILOT_EVAL_SECRET_KEY", ""), environment, data, needs_secret),
        hosts=_hosts(environ.get("PILOT_EVAL_HOSTS", "")),
        proxies=_count("PILOT_EVAL_PROXIES", environ.get("PILOT_EVAL_PROXIES", "0")),
        inline_rows=_count("PILOT_EVAL_INLINE_ROWS", environ.get("PILOT_EVAL_INLINE_ROWS", "50000")),
        photo_days=_count("PILOT_EVAL_PHOTO_DAYS", environ.get("PILOT_EVAL_PHOTO_DAYS", str(KEPT_DAYS))),
    )


def _database(address: str, data: Path) -> str:
    if not address:
        return f"sqlite:///{data / 'pilot_eval.sqlite3'}"
    if not address.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise BadSetting(
            f"PILOT_EVAL_DATABASE begins with {address.split(':', 1)[0]!r}; it must begin with sqlite:/// or "
            "postgresql+psycopg://. Example: PILOT_EVAL_DATABASE=postgresql+psycopg://pilot@localhost/pilot"
        )
    return address


def _secret_key(given: str, environment: str, data: Path, needed: bool) -> str:
    if given:
        if environment == "production" and len(given) < 32:
            raise BadSetting(
                "PILOT_EVAL_SECRET_KEY is too short: use at least 32 random characters. " + _KEY_EXAMPLE
            )
        return given
    if not needed:
        return ""
    if environment == "production":
        raise BadSetting("PILOT_EVAL_SECRET_KEY is not set, and there is no default. " + _KEY_EXAMPLE)
    return _development_key(data / "development-secret-key")


_KEY_EXAMPLE = (
    "Example: PILOT_EVAL_SECRET_KEY=$(python3 -c 'import secrets; print(secrets.token_urlsafe(48))') "
    "kept in the service's own file; or PILOT_EVAL_ENV=development to try things on this machine."
)


def _development_key(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text()


def _hosts(given: str) -> tuple[str, ...]:
    named = tuple(host.strip() for host in given.split(",") if host.strip())
    if any("/" in host for host in named):
        raise BadSetting(
            f"PILOT_EVAL_HOSTS is {given!r}; give names without http://. "
            "Example: PILOT_EVAL_HOSTS=pilot.example.org"
        )
    return (*LOOPBACK, *named)


def _count(name: str, given: str) -> int:
    if not given.isdigit():
        raise BadSetting(f"{name} is {given!r}; it must be a whole number. Example: {name}=1")
    return int(given)

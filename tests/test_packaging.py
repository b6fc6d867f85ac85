"""The wheel holds everything, and works where no checkout is near."""

import configparser
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _folders_with_code() -> set[str]:
    found = {path.parent.relative_to(ROOT) for path in (ROOT / "pilot_eval").rglob("__init__.py")}
    return {".".join(folder.parts) for folder in found}


def test_every_folder_with_code_is_listed_as_a_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    assert listed == _folders_with_code() | {"pilot_eval.templates", "pilot_eval.static"}


def test_every_area_of_pages_is_kept_apart_from_the_others() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (apart,) = (set(contract["modules"]) for contract in contracts if contract["type"] == "independence")
    assert apart == {name for name in _folders_with_code() if name.startswith("pilot_eval.web.")}


def test_lock_files_name_no_registry() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text, lock.name
        assert "--hash=sha256:" in text, lock.name


def test_importing_the_package_loads_neither_flask_nor_a_database() -> None:
    code = (
        "import sys, pilot_eval; "
        "heavy = {'flask', 'sqlalchemy', 'numpy', 'scipy', 'pysqlite3'} & set(sys.modules); "
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist as a release is."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--outdir", out, ROOT], check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_the_wheel_holds_templates_static_files_migrations_and_texts(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("templates", "static"):
        ours = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert {f"pilot_eval/{path.as_posix()}" for path in ours} <= names
    data = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "pilot_eval").rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".po", ".pot"} and "__pycache__" not in path.parts
    ]
    assert set(data) <= names
    assert not any(name.startswith(("tests/", "bench/")) for name in names)


def test_the_wheel_serves_pages_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    venv.create(home / "venv", with_pip=True)
    python = home / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel],
        check=True,
        capture_output=True,
    )
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    # The other packages come from this environment; its editable pilot_eval does not come along.
    (Path(site) / "others.pth").write_text(sysconfig.get_path("purelib"))
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environ |= {"PILOT_EVAL_ENV": "development", "PILOT_EVAL_DATA": str(home / "data")}
    command = home / "venv" / "bin" / "pilot-eval"
    subprocess.run([command, "db", "upgrade"], cwd=home, env=environ, check=True, capture_output=True)
    code = (
        "from pilot_eval import create_app; import pilot_eval; "
        f"assert pilot_eval.__file__.startswith({str(home)!r}), pilot_eval.__file__; "
        "client = create_app().test_client(); "
        "assert client.get('/sign-in').status_code == 200; "
        "assert client.get('/static/css/app.css').status_code == 200"
    )
    subprocess.run([python, "-c", code], cwd=home, env=environ, check=True, capture_output=True)

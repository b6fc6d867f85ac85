# The two commands: `make demo` and `make test`. Both need Python 3.11 or newer, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install demo test lint catalogue pictures soak simulation calibration bench lock browser clean

install: $(VENV)/.installed            ## the product in .venv

$(VENV)/.installed: requirements.lock setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "pilot_eval needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock requirements-forms.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-forms.lock -d $(VENV)/forms
	@touch $@

demo: install                          ## fill an embedded demo and serve it at 127.0.0.1:8000
	$(BIN)/pilot-eval demo

browser: $(VENV)/.installed-dev        ## a Chromium for the browser tests, best the shell without windows
	@command -v chromium-headless-shell >/dev/null 2>&1 \
	  || { command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium-headless-shell >/dev/null; } \
	  || command -v chromium >/dev/null 2>&1 \
	  || $(BIN)/playwright install --only-shell chromium

lint: $(VENV)/.installed-dev           ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: browser lint                     ## everything in short, seeded form
	$(BIN)/python -m pytest -n 2 --dist loadfile

catalogue: $(VENV)/.installed-dev      ## collect new texts into the Russian catalogue, and compile it
	$(BIN)/python -m tests.catalogue

pictures: browser                      ## the pictures of help and of the introduction, taken from the demonstration
	PILOT_EVAL_PICTURES=1 $(BIN)/python -m pytest tests/journeys/test_help_pictures.py

soak: browser                          ## the long form of the durability tests
	PILOT_EVAL_LONG=1 $(BIN)/python -m pytest tests/durability tests/journeys/test_killed_phone.py

simulation: $(VENV)/.installed-dev     ## the long form of every simulation
	PILOT_EVAL_LONG=1 $(BIN)/python -m pytest tests/simulation tests/stats

calibration: $(VENV)/.installed-dev    ## size, coverage and power, 10,000 runs a cell: docs/calibration.md
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.simulation.calibration

bench: $(VENV)/.installed-dev          ## speed beside named peers, as ratios
	$(BIN)/python -m bench

lock: $(VENV)/.installed-dev           ## renew the lock files (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header setup.cfg -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra dev setup.cfg -o requirements-dev.lock

clean:
	rm -rf $(VENV) build dist *.egg-info

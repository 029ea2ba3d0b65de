# Evenhand. `make demo` runs it from nothing; `make test` and `make check` are what CI runs. `make help` lists the rest.
#
# Needs a POSIX shell, make, git and Python 3.11+; everything else is fetched into .venv and node_modules.

VENV = .venv
BIN = $(VENV)/bin
PYTHONS = python3.14 python3.13 python3.12 python3.11 python3 python
PIP = $(BIN)/python -m pip --disable-pip-version-check
WORKERS = 2
PYTEST_OPTIONS =
BENCHES =
SOURCES = annotations llm_workers fairness platform tests benchmarks manage.py

.PHONY: help demo up install test test-vllm vllm check bench browser lock format clean

help:
	@echo "make demo     everything from nothing: environment, services, model, sample project, page address"
	@echo "make test     all tests, browser included, on a real PostgreSQL and Valkey"
	@echo "make test-vllm  the tests on a real vLLM, which is installed first (CPU or GPU; 10 GB of disk; make vllm)"
	@echo "make check    format, lint, types, imports, migrations, deployment settings, lock files"
	@echo "make bench    all benchmarks, one JSON object a line (BENCHES='serve fold' for some)"
	@echo "make install  the environment alone       make up      the platform without the sample"
	@echo "make lock     renew the lock files        make format  format the code"
	@echo "make clean    remove what was built here; data in var/ stays"

# --- run ---------------------------------------------------------------------------------------------------------
demo: $(VENV)/.installed node_modules/.installed
	@exec $(BIN)/evenhand up --demo

up: $(VENV)/.installed node_modules/.installed
	@exec $(BIN)/evenhand up

# --- environment -------------------------------------------------------------------------------------------------
install: $(VENV)/.installed node_modules/.installed

# The first Python that is new enough and can make environments; a shim that only prints an error does not count.
$(BIN)/python:
	@for name in $(PYTHONS); do \
	  if $$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    echo "Making $(VENV) with $$name ($$($$name -V 2>&1))"; \
	    exec $$name -m venv $(VENV); \
	  fi; \
	done; \
	for name in $(PYTHONS); do \
	  if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    echo "$$name is new enough but cannot make environments: install its venv module" >&2; \
	    echo "(Debian, Ubuntu: apt-get install python3-venv), then run make again." >&2; exit 1; \
	  fi; \
	done; \
	echo "Evenhand needs Python 3.11 or newer, and none was found among: $(PYTHONS)." >&2; \
	echo "Install one (https://www.python.org/downloads/), or name it: make PYTHONS=/path/to/python3" >&2; exit 1

$(VENV)/.installed: $(BIN)/python requirements.lock pyproject.toml
	@echo "Installing the Python packages of requirements.lock"
	@$(PIP) install --quiet --progress-bar on --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps -e .
	@touch $@

# The environment's own Node.js (from the lock file) where it has one, otherwise the machine's. Installation scripts
# of packages are not run: nothing here needs one.
node_modules/.installed: package.json package-lock.json $(VENV)/.installed
	@echo "Installing the front-end libraries of package-lock.json"
	@PATH="$(CURDIR)/$(BIN):$$PATH"; export PATH; \
	if ! command -v npm >/dev/null 2>&1; then \
	  echo "npm is missing: install Node.js 20 or newer, then run make again." >&2; exit 1; \
	fi; \
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# --- tests -------------------------------------------------------------------------------------------------------
test: install browser
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_OPTIONS)

# A Chromium for the browser tests. Where it cannot be installed they are skipped, and say so.
browser: $(VENV)/.installed
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
	  if command -v $$name >/dev/null 2>&1; then exit 0; fi; \
	done; \
	if $(BIN)/python -c 'from pathlib import Path; from playwright.sync_api import sync_playwright as start; \
	p = start().start(); found = Path(p.chromium.executable_path).exists(); p.stop(); raise SystemExit(not found)' \
	  >/dev/null 2>&1; then exit 0; fi; \
	echo "Installing Chromium for the browser tests"; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  apt-get update -qq >/dev/null 2>&1; \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium fonts-dejavu-core fonts-noto-color-emoji >/dev/null 2>&1 && exit 0; \
	fi; \
	$(BIN)/playwright install chromium >/dev/null 2>&1 && exit 0; \
	echo "Chromium could not be installed, so the browser tests will be skipped. Install it by hand:" >&2; \
	echo "  Debian: sudo apt-get install chromium     others: $(BIN)/playwright install --with-deps chromium" >&2

# Tests on a real vLLM, which lives in the user's cache folder. Where it cannot be had they are skipped, and say so; with
# EVENHAND_VLLM_DEMANDED=true, as in CI, they fail. One process: the server is as heavy as all else together.
test-vllm: install
	-@$(MAKE) --no-print-directory vllm
	@$(BIN)/python -m pytest -m vllm $(PYTEST_OPTIONS) tests/vllm

# A real vLLM and the local model in its form: installed once, and again when deploy/vllm/ changes.
vllm: install
	@$(BIN)/python -m evenhand.local.vllm

# --- checks ------------------------------------------------------------------------------------------------------
# `check --deploy` judges the settings of a public installation, so it is given one's variables; it opens no connection.
DEPLOYED = DATABASE_URL=postgresql://evenhand:x@127.0.0.1:1/evenhand REDIS_URL=redis://127.0.0.1:1/0 \
	EVENHAND_HOSTS=evenhand.example EVENHAND_PUBLIC_URL=https://evenhand.example EVENHAND_HTTPS=true \
	EVENHAND_DEBUG=false EVENHAND_HOME=$${TMPDIR:-/tmp} \
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	EVENHAND_DEMOGRAPHICS_KEY=$$($(BIN)/python -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())')

check: install
	$(BIN)/ruff format --check --quiet $(SOURCES)
	$(BIN)/ruff check --quiet $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(DEPLOYED) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(DEPLOYED) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(PIP) check
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --dry-run --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null

format: $(VENV)/.installed
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

bench: install
	@for name in $${BENCHES:-$$($(BIN)/evenhand bench)}; do $(BIN)/evenhand bench $$name --json || exit 1; done

# --- upkeep ------------------------------------------------------------------------------------------------------
# For every platform and every Python from 3.11 on, with the hashes of all files; the server's lock is the part of the
# whole one that an image needs.
LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11
lock: $(BIN)/python
	$(PIP) install --quiet uv
	$(LOCK) --upgrade --extra local --extra dev --output-file requirements.lock pyproject.toml
	$(LOCK) --upgrade --no-annotate --constraint requirements.lock --output-file requirements-server.lock pyproject.toml
	PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only --ignore-scripts --no-audit --no-fund

clean:
	rm -rf $(VENV) node_modules staticfiles build dist test-results *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find annotations llm_workers fairness platform tests -name __pycache__ -type d -prune -exec rm -rf {} +

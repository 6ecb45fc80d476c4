# What people type. Everything else is in pyproject.toml and in `tiaojie --help`.
# Needs make and Python 3.11 or later; installs into ./.venv only.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run setup setup-dev browser test check bench tck scenarios year

VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
TIAOJIE_DEMO ?= 1
DIR ?= dmn-tck
export PYTHONUTF8 := 1

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## the site with a demo, on http://127.0.0.1:8000 (TIAOJIE_PORT, TIAOJIE_DATA); data is kept
	@TIAOJIE_DEMO=$(TIAOJIE_DEMO) $(BIN)/tiaojie demo && TIAOJIE_DEMO=$(TIAOJIE_DEMO) exec $(BIN)/tiaojie serve

setup: ## ./.venv with what `make run` needs
	@$(call install,.,run)

setup-dev: ## ./.venv with what `make test` needs too
	@$(call install,.[dev],dev)

test: setup-dev browser ## every test, with a real browser
	@$(PYTEST)

check: setup-dev browser ## formatting, lint, types, imports, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(PYTEST)

bench: setup-dev ## speed and growth, with targets; writes bench/results.json
	@$(BIN)/python -m bench

tck: setup-dev ## the DMN test kit in DIR, e.g. make tck DIR=../dmn-tck
	@$(BIN)/python tests/tck.py "$(DIR)"

scenarios: setup ## every scenario of processes/, played twice, with coverage
	@$(BIN)/tiaojie scenarios

year: setup ## a year of the whole district under a moved clock, in memory; what did not hold is named
	@$(BIN)/tiaojie year

# A browser and Chinese fonts for the journeys: installed where that is possible without asking, named otherwise.
browser:
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then \
	  if ! command -v fc-list >/dev/null || fc-list :lang=zh | grep -q .; then exit 0; fi; \
	fi; \
	line="apt-get update && apt-get install -y --no-install-recommends chromium fonts-noto-cjk"; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then as=""; \
	elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then as="sudo -n"; \
	else echo "NO BROWSER: the journeys will be skipped. Install Chromium and a Chinese font, on Debian: sudo sh -c '$$line'" >&2; exit 0; fi; \
	echo "Installing Chromium and Chinese fonts ..." >&2; \
	DEBIAN_FRONTEND=noninteractive $$as sh -c "$$line" >/dev/null 2>&1 || echo "NO BROWSER: this failed: $$line" >&2

# $(call install,WHAT,STAMP): makes ./.venv and installs the pinned dependencies; again only when they have changed.
define install
set -e; \
wanted="$$(sed -n '/^\[build-system\]/,/^\[tool\.setuptools\]/p' pyproject.toml | cksum)"; \
if [ -x $(BIN)/tiaojie ] && grep -qsxE "$$wanted (dev|$(2))" $(VENV)/.installed; then exit 0; fi; \
if [ ! -x $(BIN)/python ]; then \
  python=""; \
  for name in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3 python; do \
    if command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
  done; \
  if [ -z "$$python" ]; then \
    echo "Python 3.11 or later is missing (found: $$(python3 --version 2>/dev/null || echo none))." >&2; \
    echo "Install it: Debian, Ubuntu: sudo apt-get install python3 python3-venv; Fedora: sudo dnf install python3; macOS: brew install python" >&2; \
    echo "or name one: make run PYTHON=/path/to/python3.11" >&2; exit 1; \
  fi; \
  if ! $$python -c 'import venv, ensurepip' 2>/dev/null; then \
    echo "$$python cannot make virtual environments." >&2; \
    echo "Install what is missing, on Debian or Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; \
  fi; \
  echo "Making $(VENV) with $$($$python --version) ..."; \
  $$python -m venv $(VENV); \
fi; \
echo "Installing the pinned dependencies ..."; \
$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '$(1)'; \
echo "$$wanted $(2)" > $(VENV)/.installed
endef

# One way in: `make run` and `make test` make what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test check demo bench lint fmt types schema docs pins clean

help: ## show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "selfd needs Python 3.11 or newer; set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,mlx]'
	@touch $(VENV)/.ready $@

setup: $(VENV)/.ready ## make .venv with selfd in it

run: setup ## start the daemon in the foreground
	$(BIN)/selfd up

test: $(VENV)/.ready-dev check ## run the whole suite
	$(BIN)/python -m pytest

check: lint types ## formatting, lint, layers, types

lint: $(VENV)/.ready-dev ## ruff and the import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

fmt: $(VENV)/.ready-dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: $(VENV)/.ready-dev ## mypy --strict over code and tests
	$(BIN)/mypy

clean: ## remove what was built; never the data folder
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache bench-results

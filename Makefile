# One way in: `make run` and `make test` make what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
KERNELS := $(wildcard mlx_models/selfd_models/decoding/compiled/*.[ch]) packaging/build_kernels.py
PINS := uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	--custom-compile-command "make pins" pyproject.toml requirements/build.in

.DEFAULT_GOAL := help
.PHONY: help setup run test check demo bench lint fmt types schema docs site screenshots pins clean

help: ## show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "selfd needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Pinned with hashes first, then selfd itself, so that nothing unpinned comes in.
$(VENV)/.ready: pyproject.toml requirements/run.txt $(KERNELS) | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml requirements/dev.txt $(KERNELS) | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.ready $@

setup: $(VENV)/.ready ## make .venv with selfd in it

run: setup ## start the daemon in the foreground
	$(BIN)/selfd up

demo: setup ## read, follow, remember and ask, on files that come with selfd
	$(BIN)/python docs/tutorial/demo/run.py $(if $(DATA_DIR),--data-dir $(DATA_DIR))

test: check ## run the whole suite, a file of it to a core
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadfile

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

bench: $(VENV)/.ready-dev ## measure against the budgets
	PYTHONPATH=tests $(BIN)/python -m bench $(BENCH)

schema: $(VENV)/.ready-dev ## export the API's schema, and its reference page
	$(BIN)/python -m selfd_graphql.export > graphql/schema.graphql
	$(BIN)/python -m selfd_graphql.reference > docs/reference/api.md

docs: $(VENV)/.ready-dev ## write generated pages and the output that others show anew
	$(BIN)/python -m selfd_daemon.settings > docs/reference/settings.md
	$(BIN)/python -m selfd_daemon.cli.reference > docs/reference/cli.md
	PYTHONPATH=tests $(BIN)/python -m support.transcript README.md docs/tutorial/first-evening.md

site: $(VENV)/.ready-dev ## make the documentation as a site in build/site; broken links fail
	$(BIN)/python -m sphinx -q -n -W --keep-going docs build/site
	@echo "open build/site/index.html"

screenshots: $(VENV)/.ready-dev ## photograph the dashboard for the documentation
	PYTHONPATH=tests $(BIN)/python docs/images/make.py $(INTO)

pins: $(VENV)/.ready-dev ## pin every dependency anew, with hashes
	$(BIN)/$(PINS) -o requirements/run.txt
	$(BIN)/$(PINS) --extra dev --extra mlx -o requirements/dev.txt

clean: ## remove what was built; never the data folder
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache bench-results

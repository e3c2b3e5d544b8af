# Everything that is done from a terminal. `make help` lists it.
#
# Paths are relative throughout, so that the folder may have any name. The environment is made anew when the folder
# moves, when a lock file changes, or when it was left half made.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
HERE := $(shell pwd | cksum | cut -d' ' -f1)
RUN_READY := $(VENV)/.run-$(HERE)
DEV_READY := $(VENV)/.dev-$(HERE)
PIP := $(PY) -m pip --disable-pip-version-check --quiet
SOURCES := src tests bench
QUICK := not e2e and not browser and not slow
WORKERS ?= 2
# One more than there are processors: these tests often wait.
SYSTEM_WORKERS ?= 3

# Compiled once, not by each process anew: the tests alone start some hundred of them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show what there is
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: $(RUN_READY) ## Set up, start the whole school, print its addresses (Ctrl-C stops it)
	@exec $(PY) -m entrypoints.cli up

.PHONY: test
test: test-quick test-system ## Run all tests

.PHONY: test-quick
test-quick: $(DEV_READY) ## Run the tests that need no running system
	@$(PY) -m pytest -q -n $(WORKERS) -m "$(QUICK)" tests/unit tests/contract

.PHONY: test-system
test-system: $(DEV_READY) browser ## Run the system and drive it over HTTP and in a browser
	@$(PY) -m pytest -q -n $(SYSTEM_WORKERS) --dist loadfile --no-loadscope-reorder -m "slow or e2e or browser"

.PHONY: fuzz
fuzz: $(DEV_READY) ## Ask both applications what nobody would think of, for FUZZ_SECONDS (300)
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-300} FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)} $(PY) -m pytest -q -n0 tests/fuzz

.PHONY: check
check: $(DEV_READY) ## Check format, style, types, import rules and generated docs
	@$(PY) -m ruff format --check $(SOURCES)
	@$(PY) -m ruff check $(SOURCES)
	@$(PY) -m mypy
	@$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"
	@$(PY) -m entrypoints.cli docs --check
	@$(PY) -m entrypoints.catalogs check

.PHONY: format
format: $(DEV_READY) ## Format the code and write the generated docs
	@$(PY) -m ruff check --fix-only --quiet $(SOURCES)
	@$(PY) -m ruff format --quiet $(SOURCES)
	@$(PY) -m entrypoints.cli docs

.PHONY: words
words: $(DEV_READY) ## Take new sentences into the catalogs of the languages
	@$(PY) -m entrypoints.catalogs update

.PHONY: bench
bench: $(DEV_READY) ## Measure; results go to bench/results
	@mkdir -p bench/results
	@missed=0; for script in bench/bench_*.py; do \
	  echo "$$script"; found="bench/results/$$(basename "$$script" .py).txt"; \
	  timeout 420 $(PY) "$$script" > "$$found" || missed=1; cat "$$found"; done; exit $$missed

.PHONY: browser
browser:
	@sh .ci/browser

.PHONY: clean
clean: ## Remove what was built; the school's data stays
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@rm -rf src/*.egg-info src/adapters/http/static/fonts
	@find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: clean-data
clean-data: ## Remove the school's data as well: database, mailbox, logs
	@rm -rf .data

$(PY):
	@command -v $(PYTHON) >/dev/null || { echo "halaqa: $(PYTHON) was not found; install Python 3.11 or newer" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.version_info >= (3, 11) or sys.exit("halaqa: Python 3.11 or newer is needed, this is " + v + "; try: make PYTHON=python3.12 " + "run")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "halaqa: $(PYTHON) has no venv; install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 2; }
	@mkdir -p $(VENV) 2>/dev/null && [ -w . ] || { echo "halaqa: cannot write to $$(pwd); move the project to a folder of your own" >&2; exit 2; }
	@echo "Setting up (once; a minute or two) ..."
	@$(PYTHON) -m venv $(VENV)

$(RUN_READY): requirements/run.txt requirements/build.txt pyproject.toml | $(PY)
	@$(call install,run)
	@touch "$@"

# What tests need includes what running needs.
$(DEV_READY): requirements/dev.txt requirements/build.txt pyproject.toml | $(PY)
	@$(call install,dev)
	@touch $(RUN_READY) "$@"

define install
echo "Installing what is locked in requirements/$(1).txt ..." && \
$(PIP) install --require-hashes -r requirements/$(1).txt -r requirements/build.txt && \
$(PIP) install --no-deps --no-build-isolation --editable . && \
$(PY) -m entrypoints.assets && \
$(PY) -m entrypoints.catalogs compile
endef

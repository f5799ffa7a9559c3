# All set-up, checks and runs. `make help` lists them; nothing else needs to be installed by hand.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo docs ui test faults fuzz check format bench bench-peers precommit sbom sources lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

# Nothing here phones home.
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
export DAGSTER_DISABLE_TELEMETRY := yes

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile

demo: $(INSTALLED) ## Set up if need be, then run a bundled hospital feed to tables, scores and alerts
	@$(BIN)/pulsehouse demo --story

test: check ## Everything CI runs: the checks, then all tests
	@echo "== pytest"
	@$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile

faults: $(INSTALLED) ## The long tier of the fault tests: kills, disks, power, brokers; an hour, root for some
	@PULSEHOUSE_FAULTS=long $(BIN)/python -m pytest tests/faults tests/kafka

fuzz: $(INSTALLED) ## A million mutated messages, HL7 v2 and FHIR: each ends in one disposition; COUNT=n, SEED=n
	@$(BIN)/python -m tests.fuzz $(or $(COUNT),1000000) $(if $(SEED),--seed $(SEED))

check: $(INSTALLED) ## The quick part: format, lint, types, import arrows, SQL
	@echo "== ruff format"; $(BIN)/ruff format --check --quiet .
	@echo "== ruff check"; $(BIN)/ruff check --quiet .
	@echo "== mypy"; $(BIN)/mypy
	@echo "== import-linter"; $(BIN)/lint-imports --no-cache --no-logo
	@echo "== sqlfluff"; $(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models

precommit: $(INSTALLED) ## What .pre-commit-config.yaml runs before a commit: the checks but for SQL
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache --no-logo

ui: $(INSTALLED) ## Open Dagster on http://127.0.0.1:3000, with a history that lasts
	@mkdir -p .dagster && cp dagster.yaml .dagster/
	@DAGSTER_HOME="$(CURDIR)/.dagster" $(BIN)/dagster dev -w workspace.yaml

format: $(INSTALLED) ## Bring the code into its format, and mend what ruff can mend
	@$(BIN)/ruff check --fix --exit-zero --silent .
	@$(BIN)/ruff format --quiet .

bench: $(INSTALLED) ## Measure speed and memory on this machine
	@$(BIN)/pulsehouse bench

bench-peers: $(INSTALLED) ## Other tools at the same job, measured beside ours; QUICK=1, PEERS=a,b, JSON=file
	@$(BIN)/python -m benchmarks.peers $(if $(QUICK),--quick) $(if $(PEERS),--peers $(PEERS)) $(if $(JSON),--json $(JSON))

sbom: $(INSTALLED) ## Write dist/pulsehouse.cdx.json: what is installed, and under which licences
	@mkdir -p dist && $(BIN)/python -m docs.sbom > dist/pulsehouse.cdx.json
	@echo "dist/pulsehouse.cdx.json: $$(grep -c '"type": "library"' dist/pulsehouse.cdx.json) packages"

docs: $(INSTALLED) ## Build the site of the pages into dist/site; a broken link ends it
	@$(BIN)/python -m docs.site

sources: $(INSTALLED) ## Write the dbt sources anew from the table contracts
	@$(BIN)/python -m orchestration.dbt_sources

install: $(INSTALLED) ## Only set up

$(INSTALLED): $(LOCKED) pyproject.toml
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

# Bytecode is made at first import instead: doing it here adds half to the time of a set-up.
$(LOCKED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null || { \
	  version=$$($(PYTHON) --version 2>&1 | head -n 1 || true); \
	  echo "Pulsehouse needs Python 3.11 or 3.12; '$(PYTHON)' says: $$version" >&2; \
	  echo "Name another one: make $(firstword $(MAKECMDGOALS)) PYTHON=python3.11" >&2; exit 1; }
	@echo "Setting up $(VENV) from requirements.lock, once: one to three minutes"
	@$(PYTHON) -m venv --clear $(VENV) || { \
	  echo "'$(PYTHON)' cannot make virtual environments: is the system's venv package missing?" >&2; exit 1; }
	@$(PIP) install --require-hashes --no-compile --progress-bar off -r requirements.lock | awk -v log_file=$(VENV)/install.log ' \
	  { print > log_file } \
	  /^Collecting / { n++; if (n % 40 == 0) { print "  " n " packages found"; fflush() } } \
	  /^Installing collected/ { print "  " n " packages fetched and checked against their hashes; unpacking"; fflush() }'
	@touch $@

lock: $(INSTALLED) ## Resolve pyproject.toml anew into requirements.lock; UPGRADE=1 takes newest versions
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --fork-strategy fewest --generate-hashes --no-strip-extras --no-emit-index-url --no-annotate --quiet \
	  --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) --output-file requirements.lock
	@echo "requirements.lock: $$(grep -c '^[a-z].*==' requirements.lock) packages"

clean: ## Remove what was made here: environment, caches, build output (never a lake)
	@rm -rf $(VENV) .peers dist htmlcov .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache \
	  .hypothesis .tmp_dagster_home_* dbt_project/target dbt_project/logs
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

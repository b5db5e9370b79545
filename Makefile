# Each target sets up what it needs by itself: Python 3.11 or later with venv, and make, are enough.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install demo test test-spark lint lint-scripts bench clean

help:            ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/run ## Set up .venv with what a run needs, for a server; then ./oaa_bitbucket.py --help

demo: .venv/run  ## Export a small Bitbucket that comes along, offline, into demo-export.json
	$(BIN)/python oaa_bitbucket.py demo

# Python may keep what it compiled: some hundred processes of the tests would compile it again.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/dev  ## Run the tests
	$(BIN)/python -m pytest

test-spark: .venv/spark ## Run the queries of tables on Apache Spark, too (needs Java 17: apt-get install default-jre-headless)
	java -version
	$(BIN)/python -m pytest -n 0 -m spark tests/outputs/tables/spark

lint: .venv/dev  ## Run the linters and type checkers, and see that imports go down only; with npm, of the report's scripts too
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory lint-scripts; \
	else echo "SKIPPED: the scripts of the report, because npm is not installed (Debian: apt-get install npm)"; fi

lint-scripts: tools/node_modules/.package-lock.json
	cd tools && node_modules/.bin/biome check --config-path=. --error-on-warnings ../connector/review/report .
	cd tools && node_modules/.bin/tsc --project tsconfig.json

tools/node_modules/.package-lock.json: tools/package.json tools/package-lock.json
	cd tools && npm ci --no-audit --no-fund
	touch $@

bench: .venv/dev ## Measure speed, memory and gentleness, for docs/benchmarks.md (some 20 minutes; QUICK=1: six)
	$(BIN)/python -m bench $(if $(QUICK),--quick)

clean:           ## Remove the virtual environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tools/node_modules

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name it: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/run: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

.venv/dev: requirements-dev.txt requirements-extras.txt .venv/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-extras.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

.venv/spark: requirements-spark.txt .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-spark.txt
	touch $@

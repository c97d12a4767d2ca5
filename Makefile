# Everything a contributor runs. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
.DEFAULT_GOAL := help

.PHONY: help demo test bench docs guarantees format clean install

help:  ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# Installed again whenever what is to be installed has changed.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	@touch $(STAMP)

install: $(STAMP)  ## set up .venv with everything pinned in constraints.txt

demo: $(STAMP)  ## evolve a digit recognizer in under a minute
	$(BIN)/speciate demo

test: $(STAMP)  ## lint, types and tests: what CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist worksteal

bench: $(STAMP)  ## run the benchmarks (ONLY=name for one) and write benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks $(ONLY)

docs: $(STAMP)  ## check that every command and snippet in README and docs runs
	$(BIN)/python -m pytest tests/test_docs.py

guarantees: $(STAMP)  ## write the table of faults and tests in docs/guarantees.md
	$(BIN)/python -m tests.faults.guarantees

format: $(STAMP)  ## format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove the environment and all caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run test check clean

help: ## Show what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/'

.venv/.run-installed: pyproject.toml constraints.txt
	@test -d .venv || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -e . -c constraints.txt
	@touch $@

.venv/.test-installed: pyproject.toml constraints.txt
	@test -d .venv || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -e ".[test]" -c constraints.txt
	@touch $@ .venv/.run-installed

run: .venv/.run-installed ## Install into .venv, serve on http://127.0.0.1:8080, open the browser
	$(BIN)/python main.py

test: .venv/.test-installed ## Install into .venv, run the whole suite
	$(BIN)/python -m pytest

check: .venv/.test-installed ## Format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

clean: ## Remove what was installed and cached
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache *.egg-info

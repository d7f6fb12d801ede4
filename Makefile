PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test check attacks app clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

# The stamps say which installation is up to date: it is renewed when a requirement changes.
.venv/.run-installed: pyproject.toml constraints.txt
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e . -c constraints.txt
	@touch $@

.venv/.test-installed: pyproject.toml constraints.txt
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e ".[test]" -c constraints.txt
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

.venv/.app-installed: .venv/.test-installed
	$(BIN)/pip install -q -e ".[native,app]" -c constraints.txt
	@touch $@

app: .venv/.app-installed ## Build dist/whisk: a folder with the window that needs no Python
	$(BIN)/pyinstaller --noconfirm --log-level ERROR bundle/whisk.spec

attacks: .venv/.test-installed ## Try every known attack on bare NiceGUI and on this, print the table
	$(BIN)/python -m tests.attacks.table

clean: ## Remove what was installed and cached; data and images stay
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	find app pages tests bench docs -name __pycache__ -type d -prune -exec rm -rf {} +

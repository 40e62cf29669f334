# Two commands matter: `make demo` and `make test`. A machine needs git, make and Python 3.11;
# everything else is installed into .venv here, in the versions of requirements/*.txt.

PYTHON ?= python3
BIN := .venv/bin
# Extra arguments, such as: make test ARGS="tests/unit/engine -x"
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-all check fix bench docs lock frontend browser clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/demo.stamp frontend ## Build the demo programme and serve the hub on this machine
	$(BIN)/commonweal demo $(ARGS)

test: .venv/dev.stamp frontend browser ## Run the tests, in parallel, in minutes
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not heavy" $(ARGS)

test-all: .venv/dev.stamp frontend browser ## Run every test, the long ones included
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

check: .venv/dev.stamp ## Format, lint, types, layers, size budget, generated files, migrations
	$(BIN)/python scripts/check.py

fix: .venv/dev.stamp ## Format, mend what the linter can mend, write the generated files anew
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python scripts/generate_docs.py
	$(BIN)/python scripts/build_translations.py

bench: .venv/dev.stamp ## Measure against the peers and write docs/benchmarks (takes minutes)
	$(BIN)/python -m benchmarks.run $(ARGS)

docs: .venv/dev.stamp ## Build the manual into site/
	$(BIN)/python scripts/generate_docs.py
	$(BIN)/python -m mkdocs build --strict --quiet

lock: .venv/dev.stamp ## Write requirements/*.txt anew after a change in pyproject.toml
	$(BIN)/python scripts/lock.py $(ARGS)

clean: ## Remove what can be built again (.venv, caches, the manual); never data
	rm -rf .venv site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis \
		node_modules src/commonweal/hub/static/vendor

frontend: .venv/demo.stamp
	@$(BIN)/python scripts/build_frontend.py

browser: .venv/dev.stamp
	@$(BIN)/python scripts/ensure_chromium.py

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Commonweal needs Python 3.11 or later; $(PYTHON) is another."; \
		echo "Name one that fits, such as: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "Python's venv module is needed; on Debian: apt-get install python3-venv"; exit 1; }

# The demo's packages are part of the developers', so either may come first.
.venv/demo.stamp: requirements/demo.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/demo.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/demo.stamp
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

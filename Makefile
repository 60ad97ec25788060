# Everything is set up with python3 (3.11 or newer) and make: a .venv with the locked requirements.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test serve check bench schema rules faults editor soak lock clean
.DEFAULT_GOAL := test

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Milepost needs python3 3.11 or newer; this is $$($(PYTHON) --version)"; exit 1; }
	@echo "Setting up .venv with the locked requirements (about a minute, once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/ready
	@$(BIN)/milepost demo

serve: .venv/ready
	@$(BIN)/milepost serve

test: .venv/ready editor
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# The language server for tests/editor; without Node.js, or without a way to the packages, those tests are skipped.
editor:
	@if command -v npm >/dev/null 2>&1; then $(MAKE) --no-print-directory tests/editor/node_modules || true; else echo "There is no npm here: tests/editor is skipped"; fi

tests/editor/node_modules: tests/editor/package-lock.json
	@cd tests/editor && npm ci --silent --ignore-scripts && touch node_modules

check: .venv/ready
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

bench: .venv/ready
	@$(BIN)/python -m benchmarks

schema: .venv/ready
	@$(BIN)/python -m engine.core.loader.schema > workflows/workflow.schema.json

rules: .venv/ready
	@$(BIN)/python -m engine.verify.rules.document > docs/rules.md

faults: .venv/ready
	@RENEW_FAULTS=1 $(BIN)/pytest tests/faults

soak: .venv/ready
	@$(BIN)/pytest -m slow

lock: .venv/ready
	@$(BIN)/uv pip compile --quiet --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock

clean:
	rm -rf .venv demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The one vocabulary of tasks: for people, hooks and CI. `make` alone lists them.
# Paths are relative throughout, so that the folder may have a space in its name.

ARGS ?=
PYTHON ?=
BIN := .venv/bin

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where containers forbid it, every process would compile TensorFlow's and ZenML's modules anew.
export PYTHONDONTWRITEBYTECODE :=
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help setup run test unit lint format docs wheel bench faults lock clean

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: ## make .venv what requirements.txt says (2 s when nothing changed)
	@PYTHON="$(PYTHON)" sh scripts/setup.sh

run: setup ## set up, then the main job: train, judge and serve digits (ARGS="--preset fast")
	@$(BIN)/kaizen run digits $(ARGS)

test: lint ## set up, lint, then all tests with coverage, two at a time
	@$(BIN)/python -m pytest $(TWO) --cov --cov-report=term:skip-covered $(ARGS)

TWO := -n 2 --dist loadfile --no-loadscope-reorder

unit: setup ## the quick tests alone
	@$(BIN)/python -m pytest tests/unit -m "not slow" $(ARGS)

lint: setup ## style, formatting, types, and which room may lean on which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: setup ## mend style and formatting
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: setup ## write docs/reference.md from the command line's own help
	@$(BIN)/python scripts/reference.py

wheel: setup ## build dist/kaizen_loop-*.whl: the library, and what `kaizen init` copies
	@rm -f dist/kaizen_loop-*.whl
	@"$(BIN)/uv" build --quiet --wheel --no-build-isolation --python "$(BIN)/python" --out-dir dist

bench: setup ## measure (benchmarks/)
	@$(BIN)/python -m benchmarks.run $(ARGS)

faults: setup ## tests that kill, break and cut (tests/faults/), FAULTS=100 times each
	@FAULTS=$${FAULTS:-100} $(BIN)/python -m pytest tests/faults $(ARGS)

lock: setup ## renew requirements.txt (ARGS="--upgrade" or "--upgrade-package NAME")
	@$(BIN)/uv pip compile pyproject.toml --extra dev $(LOCKED) -o requirements.txt $(ARGS)
	@if [ -f serving/requirements.in ]; then \
	$(BIN)/uv pip compile serving/requirements.in -c requirements.txt $(LOCKED) \
	-o serving/requirements.txt; fi

LOCKED := --quiet --generate-hashes --python-version 3.11 --custom-compile-command "make lock"

clean: ## remove caches and build output; .venv and the state in .kaizen stay
	@rm -rf build dist htmlcov .coverage .coverage.* *.egg-info
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path './.kaizen/*' \
	-prune -exec rm -rf {} +

# Everything runs from .venv in this folder; `make` alone explains the targets.
# Needs: git, make, Python 3.11 or newer. Nothing outside this folder is written.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Two stamps: a change of pyproject.toml alone must not take the packages from under a running test.
PACKAGES := $(VENV)/.packages-ready
STAMP  := $(VENV)/.tocsin-ready
DOCS   := build/docs
BENCH  := build/bench-venv
ARGS   ?=

# One name for the compiler's switches, so that all three files are pinned alike.
PIN := $(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-emit-index-url --python-version 3.11

export UV_NO_PROGRESS := 1
# Trust what the machine trusts: inside a closed network that includes a certificate authority of its own.
export UV_SYSTEM_CERTS := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo desk test lint format docs soak bench bench-desk samples lists requirements changelog sizes clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PYTHON=python3.12   use another interpreter for .venv"
	@echo "  REQUIRE=all         a test that could not run is a failure (make test)"
	@echo "  ARGS='-k word'      passed on to pytest (make test), or to the benchmark (make bench)"

setup: $(STAMP) ## Make .venv with pinned, hash-checked packages (quick when nothing changed)

$(PACKAGES): requirements/uv.txt requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Tocsin needs Python 3.11 or newer; '$(PYTHON)' is not. Try: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/uv.txt
	$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.txt
	@touch $@

$(STAMP): $(PACKAGES) pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## Hunt through the compromised sample server and print where the report is
	@$(BIN)/tocsin demo

desk: setup ## Serve a campaign desk with an invented country on http://127.0.0.1:8000
	@$(BIN)/python -m tocsin.web.demonstration $(ARGS)

test: setup ## Everything that must hold: lint, types, layers, docs, tests; ends with what could not run
	@$(BIN)/python .ci/checks.py -- $(ARGS)

lint: setup ## Only ruff, mypy and the layers
	@$(BIN)/python .ci/checks.py --only lint

format: setup ## Let ruff format the code and repair what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup ## Build the documentation; any warning is an error
	$(BIN)/sphinx-build -n -W --keep-going -q -b html docs $(DOCS)
	@echo "Documentation: $(DOCS)/index.html"

soak: setup ## Property tests with many more examples than `make test` takes
	$(BIN)/pytest -n 2 --hypothesis-profile=soak $(ARGS)

# Debian's ripgrep is what we measure against; it is never installed silently.
bench: setup $(BENCH)/.ready ## Measure beside other tools: ripgrep, DuckDB, SQLite, Tenzir
	@command -v rg >/dev/null || echo "rg is missing, so there will be no ratios: apt-get install ripgrep" >&2
	@$(BIN)/python -m bench $(ARGS)

bench-desk: setup ## Measure the desk on both databases: an import, and the campaign page
	@for part in desk_import desk_page; do \
		$(BIN)/python -m bench.$$part $(ARGS) || exit 1; \
		$(BIN)/python tools/on_postgresql.py python -m bench.$$part $(ARGS) || exit 1; \
	done

$(BENCH)/.ready: requirements/bench.txt $(PACKAGES)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(BENCH)
	$(BIN)/uv pip sync --quiet --require-hashes --python $(BENCH)/bin/python requirements/bench.txt
	@touch $@

samples: setup ## Write the sample servers anew from their readable text
	$(BIN)/python -m tocsin.samples build/samples

lists: setup ## Write what to collect, for KAPE, Velociraptor and PowerShell, anew from the log formats
	@$(BIN)/python -m tocsin.collect.lists share

requirements: setup ## Pin all requirements to the newest versions, with hashes
	$(PIN) --upgrade requirements/uv.in -o requirements/uv.txt
	$(PIN) --upgrade pyproject.toml -o requirements/runtime.txt
	$(PIN) --upgrade pyproject.toml --extra web --group dev -c requirements/runtime.txt -o requirements/dev.txt
	$(PIN) --upgrade --group bench -o requirements/bench.txt

changelog: setup ## Show the news that the next release will carry
	$(BIN)/towncrier build --draft --version "$$($(BIN)/python -c 'import tocsin; print(tocsin.__version__)')"

sizes: ## The ten longest source files: not a gate, a question
	@git ls-files 'src/*.py' | xargs wc -l | grep -v ' total$$' | sort -rn | head -10

clean: ## Remove everything that this Makefile made
	rm -rf $(VENV) build dist docs/reference/formats.md .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

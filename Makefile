# Every target sets up what it needs: Python 3.11 or newer, make and a package registry are enough.

VENV   := .venv
PYTHON := $(VENV)/bin/python
READY  := $(VENV)/.ready
LAYOUT := $(VENV)/layout
WORKERS ?= auto
TRIALS ?= 100
FILES ?= 1000000

.PHONY: demo test coverage check kill mutants docs fuzz bench clean

demo: $(READY)  ## run the whole cycle on sample feedback
	@$(VENV)/bin/opshub demo

test: $(READY)  ## run the test suite
	@$(PYTHON) -m pytest -n $(WORKERS)

# Random files and data are left out: what they reach by luck, a test says in words.
coverage: $(READY)  ## expect tests to take every branch of the rules language
	@$(PYTHON) -m pytest -q -n $(WORKERS) tests/language -m "not hypothesis" \
	  --cov=opshub.language --cov-branch --cov-fail-under=100 --cov-report=term-missing:skip-covered

check: $(READY)  ## lint, format, types, import contracts
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy src $(LAYOUT)/opshub_connectors $(LAYOUT)/opshub_rules tests
	@$(VENV)/bin/lint-imports

kill: $(READY)  ## kill the hub a hundred times and compare the end
	@$(PYTHON) tests/killing/harness.py --trials $(TRIALS) --jobs 2

mutants: $(READY)  ## seed five bugs and expect the kill harness to find each
	@$(PYTHON) tests/killing/harness.py --trials $(TRIALS) --jobs 2 --mutants

fuzz: $(READY)  ## try a million mutated rule files
	@$(PYTHON) tests/fuzzing/rules.py --files $(FILES) --jobs 2

docs: $(READY)  ## write anew what the manual takes from the code, and the outputs in tour and tutorial
	@$(PYTHON) -m opshub.language.tabling src/opshub/language/tables.json
	@$(PYTHON) -m opshub.cli.manual docs
	@$(PYTHON) tests/test_tour.py

bench: $(READY)  ## measure; minutes, not part of the tests
	@$(PYTHON) benchmarks/run.py
	@$(PYTHON) benchmarks/rules/run.py

clean:  ## remove what the targets made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): pyproject.toml
	@sh -c 'for p in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	    $$p -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && exec $$p -m venv $(VENV); \
	  done; echo "opshub needs Python 3.11 or newer" >&2; exit 1'
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@mkdir -p $(LAYOUT)
	@ln -sfn ../../connectors $(LAYOUT)/opshub_connectors
	@ln -sfn ../../rules $(LAYOUT)/opshub_rules
	@touch $@

# One command for each chore. Each sets up what it needs in .venv and needs no root; a second
# one needs no network. `make PYTHON=python3.12 test` takes another Python, `make test ARGS=-x`
# hands arguments on; `make EXTRAS=s3,pandas,polars,text GROUPS='test check models' test` tests the
# metrics that need language models too.

PYTHON ?= python3
ARGS ?=
EXTRAS ?= s3,pandas,polars
GROUPS ?= test check
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
CODE := $(wildcard src tests scripts simulations benchmarks examples)

# What a shell has set for other projects does not reach into this one.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV EVALHOUSE_HOUSE

.DEFAULT_GOAL := help
.PHONY: help demo test check fix docs bench torture simulate constraints clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(READY) ## Take in dumps, register a model, annotate a task and ask, in a temporary house
	@$(PY) -m scripts.demo

test: $(READY) ## Run the tests and the examples in docstrings
	@$(PY) -m pytest -n auto --dist loadfile $(ARGS)

check: $(READY) ## Look for faults without running: style, types, imports, documents
	@$(VENV)/bin/ruff check $(CODE)
	@$(VENV)/bin/ruff format --check $(CODE)
	@$(PY) -m mypy $(CODE)
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) -m scripts.reference --check
	@$(PY) -m scripts.statements --check
	@$(PY) -m scripts.readme --check
	@$(PY) -m scripts.style

fix: $(READY) ## Format the code and repair what ruff can repair
	@$(VENV)/bin/ruff check --fix $(CODE)
	@$(VENV)/bin/ruff format $(CODE)

docs: $(READY) ## Write the reference and the sessions of the README anew
	@$(PY) -m scripts.reference
	@$(PY) -m scripts.statements
	@$(PY) -m scripts.readme

bench: $(READY) ## Measure speed and memory (takes minutes and some GB of disk)
	@$(PY) -m benchmarks $(ARGS)

torture: $(READY) ## Run the long proofs: hundreds of kills, thousands of arbitrary inputs (ten minutes)
	@$(PY) -m scripts.torture $(ARGS)

simulate: $(READY) ## Prove by simulation what intervals and tests promise (twenty minutes)
	@$(PY) -m scripts.simulate $(ARGS)

constraints: EXTRAS := s3,pandas,polars,text
constraints: GROUPS := test check models
constraints: ## Pin the newest versions that work together (needs network)
	@$(call need_python)
	@rm -rf build/newest && $(PYTHON) -m venv build/newest
	@build/newest/bin/python -m pip install --quiet --upgrade pip setuptools
	@build/newest/bin/python -m pip install --quiet $(WHAT)
	@head -n 1 constraints.txt > build/constraints.txt
	@build/newest/bin/python -m pip freeze --all --exclude evalhouse | sed 's/+cpu$$//' \
	  >> build/constraints.txt
	@mv build/constraints.txt constraints.txt && rm -rf build/newest

clean: ## Remove .venv, caches and everything else that these commands made
	@rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache src/evalhouse.egg-info
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# pip and setuptools come first and pinned: dependency groups need pip 25.1, and a build without
# isolation needs no network when only pyproject.toml has changed.
WHAT = --no-build-isolation --editable '.[$(EXTRAS)]' $(addprefix --group ,$(GROUPS))

$(READY): pyproject.toml constraints.txt
	@$(call need_python)
	@echo "setting up $(VENV): a minute or two, once"
	@$(PY) -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PY) -m pip install --quiet --constraint constraints.txt pip setuptools
	@$(PY) -m pip install --quiet --constraint constraints.txt $(WHAT)
	@touch $@

define need_python
command -v $(PYTHON) > /dev/null || { echo "there is no \`$(PYTHON)\`; install \
Python 3.11 or newer, or name one: make PYTHON=python3.12 ..." >&2; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "\`$(PYTHON)\` is \
`$(PYTHON) -V 2>&1`, and evalhouse needs 3.11 or newer; name another: make PYTHON=python3.12 ..." \
>&2; exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo "\`$(PYTHON)\` cannot make virtual \
environments (on Debian and Ubuntu: install python3-venv); or name another: make \
PYTHON=python3.12 ..." >&2; exit 1; }
endef

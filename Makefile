# The project's commands; `make` or `make help` lists them.
# Needs git, make and Python >= 3.11 with venv. What is made stays in this folder: .venv,
# portal/static/vendor, tests/vendor and, for the data, var.

SHELL = /bin/sh
VENV = .venv
BIN = $(VENV)/bin
PORT ?= 8000
JOBS ?= 2
# more for pytest: make test PYTEST_ARGS="-k login"
PYTEST_ARGS ?=

PIP = $(BIN)/python -m pip --disable-pip-version-check -q
SOURCES = setup.cfg setup.py pyproject.toml
CATALOGUES = $(shell find translations plugins -name '*.po' 2>/dev/null)

# Stamps say what .venv holds. Its programs know their own path, so a moved checkout starts afresh.
PLACE := $(shell pwd | cksum | cut -d ' ' -f 1)
MADE = $(VENV)/.made-$(PLACE)
RUN_LOCK = $(VENV)/.run-lock
DEV_LOCK = $(VENV)/.dev-lock
SUPPLY = $(VENV)/supply
SUPPLY_LOCK = $(SUPPLY)/.lock
INSTALLED = $(VENV)/.installed
COMPILED = $(VENV)/.compiled

.PHONY: help run test test-faults setup lint translations lock bench bench-full wheel sbom audit clean
.DEFAULT_GOAL := help
.NOTPARALLEL:

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

run: setup ## start the portal with a demo club (make run PORT=8000)
	@export PORTAL_DEMO=1 PORTAL_BASE_URL="$${PORTAL_BASE_URL:-http://127.0.0.1:$(PORT)}" && \
	  $(BIN)/portal db upgrade && \
	  $(BIN)/portal demo load --if-empty && \
	  exec $(BIN)/portal run --port $(PORT)

test: $(DEV_LOCK) setup ## check and test everything on SQLite, PostgreSQL and in a browser
	@$(BIN)/python -m tools.test_services check
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest -n $(JOBS) --complete --db sqlite $(PYTEST_ARGS)
	$(BIN)/pytest -n $(JOBS) --complete --db postgresql -m "not browser and not once and not faults" $(PYTEST_ARGS)

test-faults: $(DEV_LOCK) setup ## break real processes under load, for minutes
	$(BIN)/pytest -m "faults or not faults" tests/faults $(PYTEST_ARGS)

setup: $(INSTALLED) $(COMPILED) ## make the environment and fetch the browser files
	@$(BIN)/python -m tools.assets

lint: $(DEV_LOCK) setup ## check style, types, layers, templates, translations and migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tools.lint_templates
	$(BIN)/python -m tools.translations check
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && export PORTAL_HOME="$$home" && \
	  unset PORTAL_DATABASE_URL && $(BIN)/portal db upgrade && $(BIN)/portal db check

translations: $(DEV_LOCK) setup ## bring the catalogues in step with the source
	$(BIN)/python -m tools.translations update
	$(BIN)/python -m tools.translations hant
	$(BIN)/python -m tools.translations compile

lock: $(DEV_LOCK) ## renew requirements/*.txt within setup.cfg's ranges (UPGRADE=1: newest)
	$(COMPILE) setup.py requirements/build.in -o requirements/run.txt
	$(COMPILE) setup.py requirements/build.in --extra dev -c requirements/run.txt -o requirements/dev.txt
	$(COMPILE) requirements/node.in -o requirements/node.txt
	$(COMPILE) requirements/supply.in -o requirements/supply.txt

COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-header $(if $(UPGRADE),--upgrade)

bench: $(DEV_LOCK) setup ## measure everything for some twenty minutes, and write bench/RESULTS.md
	$(BIN)/python -m bench.everything

bench-full: $(DEV_LOCK) setup ## the same with a million members, 10^7 lots and kills: some hours
	$(BIN)/python -m bench.everything --full

wheel: setup ## build dist/*.whl with templates, catalogues and browser files
	rm -rf build dist
	$(PIP) wheel --no-build-isolation --no-deps -w dist .
	rm -rf build

sbom: setup $(SUPPLY_LOCK) ## list what the portal is made of, as CycloneDX (dist/sbom.*.json)
	@$(BIN)/python -m tools.sbom $(SUPPLY)/bin/cyclonedx-py

# --strict: what the service does not know of is an error, not a pass.
audit: $(SUPPLY_LOCK) ## look the locked packages up in a list of known weaknesses (AUDIT="-s osv")
	$(SUPPLY)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
	  -r requirements/run.txt -r requirements/dev.txt $(AUDIT)

clean: ## remove everything made here but the data in var/
	rm -rf $(VENV) build dist *.egg-info .cache .pytest_cache .ruff_cache .hypothesis htmlcov
	rm -rf node_modules portal/static/vendor tests/vendor .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find translations plugins \( -name '*.mo' -o -name '*.pot' \) -exec rm -f {} +

# A version manager may put names on PATH that do not run: try each.
$(MADE):
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	      >/dev/null 2>&1; then \
	    echo "Making $(VENV) with $$("$$python" -V)..."; \
	    rm -rf $(VENV) && "$$python" -m venv $(VENV) && touch $@; exit; \
	  fi; \
	done; \
	echo "Python 3.11 or newer with its venv module was not found on PATH:" \
	  "install it (Debian: apt-get install python3 python3-venv) or give make PYTHON=/path." >&2; \
	exit 1

$(RUN_LOCK): requirements/run.txt $(MADE)
	@echo "Installing the locked requirements..."
	@$(PIP) install --require-hashes -r requirements/run.txt
	@touch $@

$(DEV_LOCK): requirements/dev.txt $(MADE)
	@echo "Installing the locked requirements for development..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@ $(RUN_LOCK)

# An environment of its own: what it needs is in nobody's way, and no test waits for it.
$(SUPPLY_LOCK): requirements/supply.txt $(MADE)
	@$(BIN)/python -m venv $(SUPPLY)
	@$(SUPPLY)/bin/python -m pip --disable-pip-version-check -q install --require-hashes -r requirements/supply.txt
	@touch $@

$(INSTALLED): $(SOURCES) $(RUN_LOCK)
	@$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

$(COMPILED): $(INSTALLED) $(CATALOGUES)
	@$(BIN)/python -m tools.translations compile
	@touch $@

# PPM's commands; `make` alone lists them. GNU make 3.81 (macOS) and newer.

PYTHON ?= python3
CHROMIUM ?= /usr/bin/chromium
PPM_TEST_DATABASE_URL ?= postgresql://postgres@127.0.0.1:5432/test
PPM_TEST_REDIS_URL ?= redis://127.0.0.1:6379/0

# Only these figures, as in: make bench BENCH="throughput_vs_wire two_shops"
BENCH ?=

# What else pytest shall get, as in: make test TESTS="tests/services -x"
TESTS ?=

WORDS := ppm_web/translations

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest
# On SQLite and an embedded broker, whatever services the environment names
ALONE := env -u PPM_TEST_DATABASE_URL -u PPM_TEST_REDIS_URL $(PYTEST)
BOTH_CORES := -n 2 --dist worksteal

.PHONY: help setup demo run test check test-services test-browser test-scenario test-demo test-supervisor test-faults test-locks chaos bench lock words screenshots
.DEFAULT_GOAL := help

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) ## Make .venv with exactly what requirements.lock says

# Made anew whenever the lock file changes: then nothing is in it that the lock does not name.
$(INSTALLED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "PPM needs Python 3.11 or newer, and $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name another one, as in: make setup PYTHON=python3.12" >&2; exit 2; }
	@echo "Installing what requirements.lock says into $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $(INSTALLED)

demo: $(INSTALLED) ## A signed-in panel with a sample catalogue and two practice shops (FRESH=1: anew)
	@$(BIN)/python -m ppm_web.cli demo $(if $(FRESH),--fresh)

run: $(INSTALLED) ## Web, two workers, scheduler, with the settings from the environment
	@$(BIN)/python -m ppm_web.cli run

test: $(INSTALLED) ## The tests, on SQLite and an embedded broker (a minute and a half)
	$(ALONE) $(BOTH_CORES) $(TESTS)

check: $(INSTALLED) ## Format, lint, types, and the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

test-services: $(INSTALLED) ## The tests that have a database or a broker, on PostgreSQL and Redis
	PPM_TEST_DATABASE_URL="$(PPM_TEST_DATABASE_URL)" PPM_TEST_REDIS_URL="$(PPM_TEST_REDIS_URL)" \
		$(PYTEST) $(BOTH_CORES) -m services $(TESTS)

test-scenario: $(INSTALLED) ## The tests that start processes: workers, schedulers, brokers, shops
	$(ALONE) $(BOTH_CORES) tests/scenario -m scenario $(TESTS)

test-browser: $(INSTALLED) ## The tests in a real browser (CHROMIUM)
	CHROMIUM="$(CHROMIUM)" $(PYTEST) tests/browser -m browser $(TESTS)

screenshots: $(INSTALLED) ## Take the README's pictures anew from a fresh demo (CHROMIUM)
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m tests.browser.screenshots docs/screenshots

test-demo: $(INSTALLED) ## The tests of the demo itself
	$(PYTEST) tests/test_demo.py -m demo $(TESTS)

test-faults: $(INSTALLED) ## Workers, broker and database killed in the middle of batches (5 minutes)
	$(PYTEST) -n 2 tests/faults -m faults $(TESTS)

test-locks: $(INSTALLED) ## 10,000 products, many workers and the web on one database
	FAULTS_PRODUCTS=10000 $(PYTEST) tests/faults/test_locks.py -m faults $(TESTS)

chaos: $(INSTALLED) ## Ten minutes of every fault at once (CHAOS_SECONDS, CHAOS_SEED); writes chaos.json
	@$(BIN)/python -m tests.faults.chaos

bench: $(INSTALLED) ## Every figure beside a yardstick; writes benchmarks/RESULTS.md (BENCH: only these)
	@$(BIN)/python -m benchmarks $(BENCH)

test-supervisor: $(INSTALLED) ## The tests under a real supervisord
	$(PYTEST) tests/test_supervisor.py -m supervisor $(TESTS)

words: $(INSTALLED) ## Update the Polish words (.po, .mo) from the code; then fill the empty ones and run it again
	$(BIN)/python -m babel.messages.frontend -q extract -F babel.cfg -k lazy_gettext --no-location --sort-output -o $(WORDS).pot .
	$(BIN)/python -m babel.messages.frontend -q update --no-fuzzy-matching --ignore-obsolete -l pl -i $(WORDS).pot -o $(WORDS)/pl/LC_MESSAGES/messages.po
	$(BIN)/python -m babel.messages.frontend compile --statistics -l pl -d $(WORDS)
	@rm $(WORDS).pot

lock: $(INSTALLED) ## Write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev -o requirements.lock pyproject.toml

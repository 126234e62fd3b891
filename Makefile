# make without a target explains itself.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python3
SOURCES := api controller hardware tests

.PHONY: help demo test test-kernel lint format bench protections mutants pictures lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/ready-run ## run the daemon with a simulated hob and a broker, on this machine only (ARGS="--port 9000")
	@.venv/bin/flameout demo $(ARGS)

test: lint ## set up, check and run every test
	@$(PYTHON) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-kernel: .venv/ready-dev ## the units on a real GPIO character device, in a Debian under QEMU (as root; ARGS="SCENARIO...")
	@$(PYTHON) -m tests.kernel $(ARGS)

lint: .venv/ready-dev ## formatting, lint, types and the import contract
	@$(PYTHON) -m ruff format --check --quiet $(SOURCES)
	@$(PYTHON) -m ruff check --quiet $(SOURCES)
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo

format: .venv/ready-dev ## write the formatting
	@$(PYTHON) -m ruff format --quiet $(SOURCES)
	@$(PYTHON) -m ruff check --quiet --fix $(SOURCES)

bench: .venv/ready-dev ## measure speed, lateness and size against the barest programs
	@$(PYTHON) -m tests.bench

protections: .venv/ready-dev ## take out each protection in turn and see its test fail
	@$(PYTHON) -m tests.protections

mutants: .venv/ready-dev ## change the cores in a thousand small ways and see the tests fail (four minutes)
	@$(PYTHON) -m tests.mutants

pictures: .venv/ready-dev ## make the documentation's pictures of the page anew
	@FLAMEOUT_PICTURES=1 $(PYTHON) -m pytest tests/browser/test_views.py

lock: ## pin the dependencies anew
	@deploy/lock

clean: ## remove everything that was made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build ./*.egg-info
	find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} +

.venv/ready-run: pyproject.toml requirements/run.txt deploy/setup
	@deploy/setup run

.venv/ready-dev: pyproject.toml requirements/dev.txt deploy/setup
	@deploy/setup dev

# make without a target explains itself.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python3
SOURCES := api controller hardware tests docs docs/site

.PHONY: help demo test test-kernel lint format bench bench-peers faults soak proofs fuzz protections coverage \
	mutants test-home-assistant pictures drawings docs release deb lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/ready-run ## run the daemon with a simulated hob and a broker, on this machine only (ARGS="--port 9000")
	@.venv/bin/flameout demo $(ARGS)

test: lint ## set up, check and run every test
	@$(PYTHON) -m pytest --numprocesses $$(($$(nproc) + 1)) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-kernel: .venv/ready-dev ## the units on a real GPIO character device, in a Debian under QEMU (as root; ARGS="quick", ARGS="SCENARIO...")
	@$(PYTHON) -m tests.kernel $(ARGS)

lint: .venv/ready-dev ## formatting, lint, types and the import contract
	@$(PYTHON) -m ruff format --check --quiet $(SOURCES)
	@$(PYTHON) -m ruff check --quiet $(SOURCES)
	@$(PYTHON) -m mypy
	@$(PYTHON) -m mypy docs/site
	@.venv/bin/lint-imports --no-logo

format: .venv/ready-dev ## write the formatting
	@$(PYTHON) -m ruff format --quiet $(SOURCES)
	@$(PYTHON) -m ruff check --quiet --fix $(SOURCES)

bench: .venv/ready-dev ## measure speed, lateness and size against the barest programs (ARGS="mqtt --markdown")
	@$(PYTHON) -m tests.bench $(ARGS)

bench-peers: .venv/ready-dev ## the same beside mqtt-io and Node-RED, installed for that (ten minutes; ARGS="--markdown")
	@$(PYTHON) -m tests.bench --peers $(ARGS)

protections: .venv/ready-dev ## take out each protection in turn and see its test fail
	@$(PYTHON) -m tests.protections

faults: .venv/ready-dev ## play every fault at twenty instants, judged by an oracle (ARGS="--instants 1" for the quick part)
	@$(PYTHON) -m tests.faults $(ARGS)

soak: .venv/ready-dev ## a year of a household in virtual time, judged by an oracle (ARGS="--real 1h": real processes under load)
	@$(PYTHON) -m tests.soak $(ARGS)

proofs: .venv/ready-dev ## search every interleaving of keeper and controller in a model, with SPIN
	@$(PYTHON) -m tests.proofs

fuzz: .venv/ready-dev ## fuzz packets, MQTT, REST bodies and configuration, a minute each (ARGS="keeper --seconds 3600")
	@$(PYTHON) -m tests.fuzz $(ARGS)

coverage: .venv/ready-dev ## see which lines and branches no test goes through
	@$(PYTHON) -m tests.covered

mutants: .venv/ready-dev ## change the cores in a thousand small ways and see the tests fail (ARGS=all: keeper and controller too)
	@$(PYTHON) -m tests.mutants $(ARGS)

test-home-assistant: .venv/ready-dev ## drive what is shipped for Home Assistant in real ones, oldest and newest (ARGS=VERSION)
	@deploy/home-assistant/try $(ARGS)

pictures: .venv/ready-dev ## make the documentation's pictures of the page anew
	@FLAMEOUT_PICTURES=1 $(PYTHON) -m pytest tests/browser/test_views.py

drawings: .venv/ready-docs ## make the wiring drawings anew
	@PYTHONPATH=docs $(PYTHON) -m wiring

docs: .venv/ready-docs ## make the documentation site in build/site
	@rm -rf build/site
	@$(PYTHON) -m sphinx --quiet --fresh-env --fail-on-warning --keep-going \
		--conf-dir docs/site -d build/site-cache docs build/site

release: .venv/ready-dev ## make wheel, sdist and SBOM of the last commit in build/release
	@deploy/release

deb: .venv/ready-dev ## make Debian packages of the last commit in build/debian (ARGS="arm64 armhf"; this machine's unless named)
	@deploy/debian/build $(ARGS)

lock: ## pin the dependencies anew
	@deploy/lock

clean: ## remove everything that was made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build ./*.egg-info
	find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} +

.venv/ready-run: pyproject.toml requirements/run.txt deploy/setup
	@deploy/setup run

.venv/ready-docs: pyproject.toml requirements/docs.txt deploy/setup
	@deploy/setup docs

.venv/ready-dev: pyproject.toml requirements/dev.txt deploy/setup
	@deploy/setup dev

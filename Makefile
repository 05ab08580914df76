# Every target sets up what it needs. Needs make, and python3 >= 3.11 with venv.
TESTOPTS ?=
BENCHOPTS ?=
CUTOPTS ?=
PROVEOPTS ?=
FUZZ_S ?= 20
FUZZ ?=
BUILD := build
export PYTHONDONTWRITEBYTECODE := 1

# The venv holds absolute paths: a moved clone makes a new one.
HERE := $(firstword $(shell pwd | cksum))
VENV := .venv/ready-$(HERE)
INTERPRETER := .tools/ready-$(HERE)
READY := $(VENV) $(INTERPRETER)
LABGRID := .tools/labgrid/ready-$(HERE)
BIN := .venv/bin
# What measures no time runs two at a time, the longest first; what does has the machine to itself.
UNTIMED := test-proof test-host test-jig test-fuzz mutate test-micropython test-unit test-repo
TIMED := prove test-bench test-selfproof

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help bench sim prove prove-long cut cut-long test test-unit test-micropython test-host test-repo \
	test-proof test-fuzz test-bench test-jig test-selfproof \
	fuzz mutate mutate-long lint format setup labgrid lock table wiring clean distclean

help: ## list the targets
	@sed -n -E 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-18s %s\n", $$1, $$2}'

bench: $(READY) ## flash a virtual board, prove its gate, write the report (BENCHOPTS="-k ...")
	$(BIN)/sluss bench $(BENCHOPTS)

sim: $(READY) ## run a virtual board for hand work
	$(BIN)/sluss sim

prove: $(READY) ## try every input in every state of the shipped code: a million transitions (PROVEOPTS=...)
	$(BIN)/sluss prove $(PROVEOPTS)

prove-long: $(READY) ## the same for a million states
	$(BIN)/sluss prove --transitions 0 --states 1000000 $(PROVEOPTS)

cut: $(READY) ## cut the power at 2,000 flash operations (CUTOPTS="--seed ...")
	$(BIN)/sluss cut --stride 3 $(CUTOPTS)

cut-long: $(READY) ## the same at 100,000, every operation of its stories
	$(BIN)/sluss cut --points 100000 --operations 100 --seed 1000 --cpython 1 $(CUTOPTS)

test: $(READY) $(LABGRID) ## all tests, the bench among them
	@$(MAKE) --no-print-directory --keep-going -j2 --output-sync=target $(UNTIMED)
	@$(MAKE) --no-print-directory $(TIMED)

test-unit: $(READY) ## unit tests under CPython (TESTOPTS="-k ...")
	$(BIN)/python -m pytest -q tests/unit $(TESTOPTS)

test-micropython: $(READY) ## the same unit tests under MicroPython
	$(BIN)/python scripts/run_micropython.py -X heapsize=8m tests/unit/run_on_micropython.py

test-host: $(READY) ## tests of the host tools
	$(BIN)/python -m pytest -q tests/host $(TESTOPTS)

test-repo: $(READY) ## the architecture as tests
	$(BIN)/python -m pytest -q tests/repo $(TESTOPTS)

test-proof: $(READY) ## what is proved rather than tried (TESTOPTS="--hypothesis-profile=long")
	$(BIN)/python -m pytest -q tests/proof $(TESTOPTS)

test-fuzz: $(READY) ## links under fire: kept and made inputs, damaged lines, noise, seeded faults
	$(BIN)/python -m pytest -q tests/fuzz $(TESTOPTS)

test-bench: $(READY) $(LABGRID) ## the bench suite on a virtual board, directly and as a labgrid place
	$(BIN)/python -m pytest -q tests/labgrid $(TESTOPTS)

test-jig: $(READY) ## the bench through a jig: its script on a second virtual board, wired to the first
	$(BIN)/python -m pytest -q tests/jig $(TESTOPTS)

test-selfproof: $(READY) ## three sabotaged boards, each of which must fail the bench
	$(BIN)/python -m pytest -q tests/selfproof $(TESTOPTS)

fuzz: $(READY) ## the long run: each target FUZZ_S seconds (FUZZ="frames hub" for some)
	$(BIN)/python -m tests.fuzz $(FUZZ_S) $(FUZZ)

mutate: $(READY) ## some errors put into firmware and circuit, which the tests must notice
	$(BIN)/python -m scripts.mutation sample

mutate-long: $(READY) ## all of them, goes on where it was interrupted (TESTOPTS="gate zones")
	$(BIN)/python -m scripts.mutation long $(TESTOPTS)

lint: $(READY) ## ruff, mypy (host and firmware), codespell
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --config-file firmware/mypy.ini
	$(BIN)/codespell

format: $(READY) ## format and sort what ruff can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

setup: ## check and repair the set-up (.venv, .tools); other targets do it when needed
	@rm -f $(INTERPRETER)
	@$(MAKE) --no-print-directory --silent $(READY)

labgrid: $(LABGRID) ## install labgrid for remote benches (45 MB, into .tools/labgrid)

lock: $(VENV) ## raise the lock file to the newest versions that pyproject.toml allows
	scripts/make_lock.sh

table: $(VENV) ## write the state table into the README
	$(BIN)/python scripts/state_table.py README.md

wiring: $(VENV) .tools/wiring ## write and draw the boards' wiring (needs Graphviz: apt-get install graphviz)
	$(BIN)/python scripts/wiring.py text
	PYTHONPATH=.tools/wiring $(BIN)/python scripts/wiring.py draw

clean: ## delete what was built and recorded
	rm -rf $(BUILD)

distclean: clean ## delete the set-up too
	rm -rf .venv .tools

$(VENV): requirements.lock requirements-stubs.lock scripts/setup_venv.sh
	@scripts/setup_venv.sh $@

.tools/wiring: requirements-wiring.lock | $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $@ --requirement $<
	@touch $@

$(LABGRID): requirements-labgrid.lock scripts/setup_labgrid.sh | $(VENV)
	@scripts/setup_labgrid.sh $@

$(INTERPRETER): scripts/setup_micropython.py | $(VENV)
	@$(BIN)/python scripts/setup_micropython.py
	@touch $@

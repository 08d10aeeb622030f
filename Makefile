# Two commands do all the set-up on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
PY := .venv/bin/python

# One thread per process, also where tests or tools open NumPy before the project does.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export NUMEXPR_NUM_THREADS := 1

# Training needs torch: it is installed, and tested, on Python 3.11, for which small builds are at hand.
TRAIN = $(shell $(PY) -c 'import sys; print("train" if sys.version_info < (3, 12) else "")')
# Versions to hold to, such as those the tests passed with: make test CONSTRAINTS="-c constraints.txt".
CONSTRAINTS ?=
INSTALL = $(PY) -m pip install --disable-pip-version-check --quiet $(CONSTRAINTS) -e

.PHONY: run test study mutants attack endurance matrix constraints lint docs pages iamc clean

run: .venv/.installed-run
	$(PY) run.py $(ARGS)

test: .venv/.installed-dev
	$(PY) -m pytest -n auto $(ARGS)

# The tests on every Python that answers here, each in an environment of its own, and a table of what came of it.
# One alone: make matrix ARGS="--only 3.12".
matrix:
	$(PYTHON) .ci/environments.py matrix $(ARGS)

# The versions that all environments here hold, into constraints.txt.
constraints:
	$(PYTHON) .ci/environments.py constraints

# The long ones: studies of minutes, left out of `make test`.
study: .venv/.installed-dev
	$(PY) -m pytest -m study $(ARGS)

# Wrong lines of `tests/mutants/mutants.csv`, one at a time in a copy; those that no test notices are printed.
mutants: .venv/.installed-dev
	$(PY) -m tests.mutants.run $(ARGS)

# Cases drawn at random that try to break the program, for 15 minutes, on this machine alone; ARGS="--minutes 60".
attack: .venv/.installed-dev
	$(PY) -m tests.attack.run $(ARGS)

# Runs of great size and number: time and memory, and whether either grows; an hour.
endurance: .venv/.installed-dev
	$(PY) -m tests.attack.endurance $(ARGS)

lint: .venv/.installed-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check --quiet .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python tools/house.py
	.venv/bin/python tools/messages.py
	.venv/bin/python tools/docstrings.py

# The guide as a site, in site/index.html; a broken link or a missing picture is an error.
docs: .venv/.installed-docs
	.venv/bin/python tools/docstrings.py
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet
	@echo "The guide is in site/index.html; open it in a browser."
	@echo "Its search needs a server: $(PY) -m http.server --bind 127.0.0.1 --directory site"

# Every generated page and picture of the guide anew (minutes), or some: make pages PAGES="commands tutorial".
pages: .venv/.installed-dev
	$(PY) -m tanshi.simulator.guide $(PAGES)

# Optional, since it needs packages that Tanshi does not: the export against `definitions/`, with pyam and nomenclature.
iamc: .venv/.installed-run
	$(PYTHON) -m venv .venv-iamc
	.venv-iamc/bin/python -m pip install --disable-pip-version-check --quiet pyam-iamc nomenclature-iamc
	$(PY) run.py run S1 S5 --seeds 2 --years 2022-2023 --firms 40 --out results/iamc --overwrite
	.venv-iamc/bin/python definitions/validate.py results/iamc/iamc.csv --usd-2010 results/iamc/iamc_usd_2010.csv

# A stamp stands for one installed list of dependencies; it ages when pyproject.toml changes.
.venv/.made:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Tanshi needs Python 3.11 or newer: try make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed-run: .venv/.made pyproject.toml
	$(INSTALL) ".[$(TRAIN)]"
	@touch $@

.venv/.installed-docs: .venv/.made pyproject.toml
	$(INSTALL) ".[docs]"
	@touch $@

.venv/.installed-dev: .venv/.made pyproject.toml
	$(INSTALL) ".[dev,$(TRAIN)]"
	@touch $@ .venv/.installed-run .venv/.installed-docs

clean:
	rm -rf .venv .venv-3.* site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

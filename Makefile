# make test      everything a change must pass, on a fresh clone with only Python 3 and make
# make lint      ruff, mypy and the contracts of imports, without the tests
# make pytest    the tests alone; ARGS="tests/core -k alarm" some of them
# make format    have ruff correct and format the sources
# make coverage  the tests, and what of the sources they run; core must be run whole
# make docs      build the documentation into build/docs; warnings are errors
# make pictures  draw the screenshots of clients in docs/ again
# make bench     what serving costs, as ratios of one run, since machines are noisy;
#                QUICK=1 in three minutes, ROWS=update,ca some rows (ARGS=--list names them)
# make soak      serve for an hour while clients come and go: does the server grow? Prints the slope;
#                SECONDS=600 for another time (ARGS=--help has more)
# make browser   install Debian's chromium, as root, for the tests of the page in a browser
# make demo      serve an example tree on loopback and talk to it with a p4p client
# make clean     remove what the targets above have made
# make help      show this
#
# WORKERS how many processes run the tests: 3, since most wait; 0 for none beside the first, e.g. for --pdb
# PYTHON  interpreter the virtual environment is made from (3.11 to 3.13)
# VENV    the environment to use; an existing one, e.g. conda's with Rogue in it, is used as it is

WORKERS ?= 3
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check
SOURCES := $(shell find front core backends plugins simtree testing docs/examples -name '*.py' -o -name py.typed -o -path '*/page/*')
INSTALLED := $(VENV)/.roguebridge-installed
DOCS_INSTALLED := $(VENV)/.roguebridge-docs-installed
BENCH_INSTALLED := $(VENV)/.roguebridge-bench-installed
PICTURES_INSTALLED := $(VENV)/.roguebridge-pictures-installed
ARGS ?=
QUICK ?=
ROWS ?=
SECONDS ?= 3600

.PHONY: help test lint format pytest coverage bench soak browser demo docs pictures clean

test: lint pytest

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p roguebridge
	$(BIN)/lint-imports

format: $(BIN)/ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pytest: $(INSTALLED)
	$(PY) -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile $(ARGS)

# Every line and branch of core is run by a test that does not depend on luck, or says why not.
coverage: $(INSTALLED)
	$(PY) -m coverage erase
	$(PY) -m coverage run -m pytest $(ARGS)
	$(PY) -m coverage combine --quiet
	$(PY) -m coverage report
	$(PY) -m coverage report --include='core/*,front/*' --fail-under=100 --skip-covered

bench: $(INSTALLED) $(BENCH_INSTALLED)
	@PYTHONPATH="tests$${PYTHONPATH:+:$$PYTHONPATH}" $(PY) -m bench \
		$(if $(QUICK),--quick) $(if $(ROWS),--rows "$(ROWS)") $(ARGS)

soak: $(INSTALLED)
	@PYTHONPATH="tests$${PYTHONPATH:+:$$PYTHONPATH}" $(PY) -m bench.soak --seconds "$(SECONDS)" $(ARGS)

# The tests drive a browser that is there; playwright fetches none.
browser:
	@command -v chromium >/dev/null || { apt-get update && apt-get install -y chromium; }

demo: $(INSTALLED)
	@$(BIN)/roguebridge demo

docs: $(INSTALLED) $(DOCS_INSTALLED)
	$(PY) -m sphinx -W --keep-going -n -E -b html docs build/docs

pictures: $(INSTALLED) $(PICTURES_INSTALLED)
	$(PY) docs/pictures.py
	$(PY) docs/web_pictures.py

# Not before each commit again.
$(BIN)/ruff:
	@$(MAKE) --no-print-directory $(INSTALLED)

$(PY):
	$(PYTHON) -m venv $(VENV)

# The wheel is what is tested: built and installed again whenever a source is newer.
$(INSTALLED): $(PY) pyproject.toml $(SOURCES)
	@echo "installing Roguebridge and its tools into $(VENV)"
	@rm -rf build/lib build/bdist.* build/wheel # not the links of an editable install
	@$(PIP) install --upgrade pip
	@$(PIP) wheel --no-deps --wheel-dir build/wheel .
	@$(PIP) install --force-reinstall --no-deps build/wheel/*.whl
	@$(PIP) install "$$(ls build/wheel/*.whl)[test]"
	@touch $@

# Roguebridge itself is installed by now: only the tools of the extra come.
$(DOCS_INSTALLED): pyproject.toml | $(INSTALLED)
	@echo "installing the tools of the documentation into $(VENV)"
	@$(PIP) install "roguebridge[docs]"
	@touch $@

# Likewise.
$(BENCH_INSTALLED): pyproject.toml | $(INSTALLED)
	@echo "installing the tools of the benchmark into $(VENV)"
	@$(PIP) install "roguebridge[bench]"
	@touch $@

# Likewise.
$(PICTURES_INSTALLED): pyproject.toml | $(INSTALLED)
	@echo "installing the clients that are pictured into $(VENV)"
	@$(PIP) install "roguebridge[pictures]"
	@touch $@

clean:
	rm -rf build *.egg-info .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*

# Everything runs in .venv with the versions of requirements/lock.txt.
#   make demo    the three example systems on the embedded server, with real data
#   make test    the checks, then every test that this machine and user can run
#   make check   formatting, lint, types, layers
#   make bench   the measures of speed and memory
#   make docs    the reference pages, generated from the code
#   make clean   remove what these made; fetched test servers stay in their cache

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCK   := requirements/lock.txt
JOBS   ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ "$$n" -gt 4 ] && n=4; echo $$n)
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

export PYTHONDONTWRITEBYTECODE := 1
export PIP_ROOT_USER_ACTION := ignore

# A tree that was copied or moved carries an environment that points to the old place.
ifneq ($(shell cat $(VENV)/place 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/place
endif

.PHONY: demo test check bench docs servers lock clean

demo: $(VENV)/demo
	$(BIN)/python -m pgwright demo

test: check servers
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST)

check: $(VENV)/dev
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/unit/architecture/test_modules.py

servers: $(VENV)/dev
	PYTHON=$(BIN)/python scripts/test-servers

bench: $(VENV)/dev
	$(BIN)/python -m tests.bench

docs: $(VENV)/dev
	$(BIN)/python -m scripts.reference

# The newest versions that pyproject.toml allows, for Python 3.11 and later.
lock: $(VENV)/place
	$(PIP) install uv
	$(BIN)/python -m uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--fork-strategy fewest --upgrade --no-annotate --no-header --no-emit-index-url --system-certs --quiet -o $(LOCK).new
	{ echo '# Versions that the tests and the demo run with. Made by `make lock` from pyproject.toml; do not edit.'; \
		cat $(LOCK).new; } >$(LOCK)
	rm $(LOCK).new

$(VENV)/place:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'pgwright needs Python 3.11 or later; choose one with: make PYTHON=python3.12 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'Python cannot make virtual environments here. Install the package python3-venv:' >&2; \
		echo '  apt-get install python3-venv' >&2; exit 1; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	@echo '$(CURDIR)' >$@

$(VENV)/demo: $(VENV)/place pyproject.toml $(LOCK)
	$(PIP) install --use-pep517 --constraint $(LOCK) --editable '.[demo]'
	@touch $@

$(VENV)/dev: $(VENV)/place pyproject.toml $(LOCK)
	$(PIP) install --use-pep517 --constraint $(LOCK) --editable '.[dev]'
	@touch $@ $(VENV)/demo

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find src tests systems -name __pycache__ -type d -prune -exec rm -rf {} +
